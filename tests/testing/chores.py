"""Jobs for workers to do, and to die of: importable by processes of their own."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import Any

from reach.errors import Defect
from reach.testing.workers import Bench


@dataclass(frozen=True)
class Chore:
    """``what``: give back its name, or one of several ways not to."""

    what: str
    snapshot: str = "s"

    def run(self, bench: Bench) -> Any:
        match self.what:
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "exits":
                os._exit(9)
            case "breaks":
                raise RuntimeError("nobody foresaw this")
            case "defect":
                raise Defect("twins disagree")
            case "hangs":
                signal.pause()
            case "who":
                return os.getpid()
        return self.what
