"""Portions of which a process dies: importable by processes of their own."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reach.jobs.job import Bench
from reach.survey.job import PortionJob
from reach.survey.portion import Portion, What


def looks_at(portion: Portion, pair: int, pairs: int) -> bool:
    """Whether one of all pairs is looked at in a portion."""
    return portion.what is not What.NAMES and pair in portion.of_pairs(range(pairs))


@dataclass(frozen=True, slots=True)
class Deadly(PortionJob):
    """A portion of which its process dies, if it looks at ``pair``: if ``once``, the first time."""

    pair: int = -1
    pairs: int = 0
    once: str = ""

    def run(self, bench: Bench) -> Any:
        if looks_at(self.portion, self.pair, self.pairs) and not self._is_over():
            os.kill(os.getpid(), signal.SIGKILL)
        return PortionJob.run(self, bench)

    def _is_over(self) -> bool:
        if not self.once:
            return False
        over = Path(self.once).exists()
        Path(self.once).touch()
        return over
