"""A survey begun in this process, and handed over to others if it turns out to take long.

    begun_here(asked, snapshot, path, Workers(4)) -> Found

What a survey takes is not to be seen from a snapshot: of two as large one is done before a process
has started, and the other takes minutes.  So whatever is small enough to be read twice is begun
here, portion by portion, and what is left after a while goes to processes of its own.  All of it is
the same survey.  Must not know the command line.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from reach.asking import backend_of_thread
from reach.jobs.crew import Workers
from reach.snapshot.snapshot import Snapshot
from reach.survey.asked import Asked
from reach.survey.fan_out import PORTIONS, Found, fan_out
from reach.survey.job import Piece, PortionJob, proposal_of
from reach.survey.portion import Portion
from reach.survey.survey import Prepared, Progress, fulfil, silent

# Seconds after which it is asked whether others would help, and what they take to begin.
_A_WHILE = 2.0
_TO_BEGIN = 1.0
# Of so many pairs, or places, a portion is not worth dividing.
_PAIRS, _PLACES = 4, 200


def begun_here(
    asked: Asked,
    snapshot: Snapshot,
    path: str,
    workers: Workers,
    cached: bool = True,
    progress: Progress = silent,
) -> Found:
    """All of a survey; of ``path`` the others read the same snapshot again."""
    work = _Here(asked, snapshot, workers.number, progress)
    left = [
        PortionJob(asked, path, way, portion, cached)
        for way in range(asked.ways)
        for portion in work.left_of(way)
    ]
    rest = fan_out(left, workers, progress) if left else Found()
    return Found([*work.pieces(bool(left)), *rest.pieces], rest.lapses)


@dataclass
class _Here:
    asked: Asked
    snapshot: Snapshot
    helpers: int
    progress: Progress
    began: float = field(default_factory=time.monotonic)
    done: list[tuple[Prepared, list[Piece]]] = field(default_factory=list)
    is_over: bool = False

    def left_of(self, way: int) -> list[Portion]:
        """The portions of one way that are left to others."""
        if self.is_over:
            return [Portion(number, PORTIONS) for number in range(PORTIONS)]
        began = time.monotonic()
        ready = self.asked.prepare(self.snapshot, way, self.progress)
        prepared = time.monotonic() - began
        pieces: list[Piece] = []
        self.done.append((ready, pieces))
        portions = [Portion(number, _count(ready)) for number in range(_count(ready))]
        for number, portion in enumerate(portions):
            told = fulfil(
                ready,
                backend_of_thread(),
                prove=self.asked.prove,
                portion=portion,
                progress=self.progress,
            )
            whole = len(ready.places), len(ready.pairs)
            pieces.append(Piece(way, portion, told, *whole, ""))
            taken = time.monotonic() - began - prepared
            left = taken / len(pieces) * (len(portions) - len(pieces))
            if self._is_worth(left, prepared):
                self.is_over = True
                return portions[number + 1 :]
        return []

    def _is_worth(self, left: float, prepared: float) -> bool:
        """Whether so many helpers, who have to prepare it first, would be done sooner."""
        if self.helpers < 2 or time.monotonic() - self.began < _A_WHILE:
            return False
        return left > prepared + _TO_BEGIN + left / self.helpers

    def pieces(self, others: bool) -> list[Piece]:
        """What was done here; with what others did it has to be of one proposal."""
        found: list[Piece] = []
        for ready, pieces in self.done:
            proposal = proposal_of(ready) if others else ""
            found += (replace(each, proposal=proposal) for each in pieces)
        return found


def _count(ready: Prepared) -> int:
    """How many portions: one where there is little to do, as each costs something."""
    return max(1, min(PORTIONS, len(ready.pairs) // _PAIRS + len(ready.places) // _PLACES))
