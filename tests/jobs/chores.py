"""Jobs for workers to do, and to die of: importable by processes of their own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reach.errors import Defect, RefusedError
from reach.jobs.job import MIB, Bench

_LEFT: list[bytes] = []


@dataclass(frozen=True)
class Chore:
    """``what``: give back its name, or one of several ways not to."""

    what: str
    snapshot: str = "s"
    where: str = ""

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
            case "refused":
                raise RefusedError("not here")
            case "who":
                return os.getpid()
            case "asks for much":
                return len(bytearray(1 << 33))
            case "holds much":
                # Less than a process may ask for, and more than it may hold.
                held = b"x" * (200 * MIB)
                signal.pause()
                return len(held)
            case "leaves much":
                # For all that are done by the same process.
                _LEFT.append(b"x" * (40 * MIB))
            case "reads long":
                bench.snapshot(self.where)
            case "dies once":
                return self._second_time(lambda: os.kill(os.getpid(), signal.SIGKILL))
            case "prints":
                print("this is no message", flush=True)
                os.system("echo nor is this")
            case "tells much":
                return "x" * (40 * MIB)
        return self.what

    def _second_time(self, first: Callable[[], object]) -> str:
        """Done the second time only: the file at ``where`` tells which it is."""
        marker = Path(self.where)
        if not marker.exists():
            marker.touch()
            first()
        return self.what
