"""A survey begun in this process, and handed over to others if it turns out to take long.

    begun_here(asked, load, path, Workers(4)) -> Found

What a survey takes is not to be seen from a snapshot: of two as large one is done before another
process has read it, and the other takes minutes.  So it is begun here, portion by portion, and if
what is left after a while takes longer than others take to begin, they do it.  All of it is the
same survey.  Must not know the command line.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from reach.asking import backend_of_thread
from reach.jobs.crew import Workers
from reach.snapshot.snapshot import Snapshot
from reach.survey.asked import Asked
from reach.survey.fan_out import PORTIONS, Found, fan_out
from reach.survey.job import Piece, PortionJob, proposal_of
from reach.survey.portion import Portion
from reach.survey.survey import Prepared, Progress, fulfil, silent
from reach.uncollected import uncollected

# Seconds after which it is asked whether others would help, and what they take to begin.
_A_WHILE = 2.0
_TO_BEGIN = 1.0
# Beside each other processes are slower than one alone; on two cores by about so much.
_BESIDE = 1.5
# Of so many pairs, or places, a portion is not worth dividing.
_PAIRS, _PLACES = 4, 1000


def begun_here(
    asked: Asked,
    load: Callable[[], Snapshot],
    path: str,
    workers: Workers,
    cached: bool = True,
    progress: Progress = silent,
) -> Found:
    """All of a survey of what is loaded; of ``path`` the others read the same snapshot again."""
    work = _Here(asked, workers.number, progress)
    left = [
        PortionJob(asked, path, way, portion, cached) for way, portion in work.left_of_all(load)
    ]
    # Nothing is held here any more that others hold now.
    pieces = work.pieces(bool(left))
    rest = fan_out(left, workers, progress) if left else Found()
    return Found([*pieces, *rest.pieces], rest.lapses)


@dataclass
class _Here:
    asked: Asked
    others: int
    progress: Progress
    began: float = field(default_factory=time.monotonic)
    done: list[tuple[Prepared, list[Piece]]] = field(default_factory=list)
    is_over: bool = False

    @uncollected()
    def left_of_all(self, load: Callable[[], Snapshot]) -> list[tuple[int, Portion]]:
        """The portions of all ways that are left to others."""
        snapshot = load()
        read = time.monotonic() - self.began
        ways = range(self.asked.ways)
        return [(way, each) for way in ways for each in self._left_of(way, snapshot, read)]

    def _left_of(self, way: int, snapshot: Snapshot, read: float) -> list[Portion]:
        if self.is_over:
            return [Portion(number, PORTIONS) for number in range(PORTIONS)]
        began = time.monotonic()
        ready = self.asked.prepare(snapshot, way, self.progress)
        prepared = time.monotonic() - began
        pieces: list[Piece] = []
        self.done.append((ready, pieces))
        portions = [Portion(number, _count(ready)) for number in range(_count(ready))]
        taken: list[float] = []
        for number, portion in enumerate(portions):
            started = time.monotonic()
            told = fulfil(
                ready,
                backend_of_thread(),
                prove=self.asked.prove,
                portion=portion,
                progress=self.progress,
            )
            whole = len(ready.places), len(ready.pairs)
            pieces.append(Piece(way, portion, told, *whole, ""))
            taken.append(time.monotonic() - started)
            left = _expected(taken) * (len(portions) - len(pieces))
            if self._is_worth(left, read + prepared):
                self.is_over = True
                return portions[number + 1 :]
        return []

    def _is_worth(self, left: float, prepared: float) -> bool:
        """Whether so many others, who have to prepare it first, would be done sooner."""
        if self.others < 2 or time.monotonic() - self.began < _A_WHILE:
            return False
        return left > _BESIDE * (prepared + left / self.others) + _TO_BEGIN

    def pieces(self, is_shared: bool) -> list[Piece]:
        """What was done here; with what others did it has to be of one proposal."""
        found: list[Piece] = []
        while self.done:
            ready, pieces = self.done.pop()
            proposal = proposal_of(ready) if is_shared else ""
            found += (replace(each, proposal=proposal) for each in pieces)
        return found


def _expected(taken: list[float]) -> float:
    """What one more portion takes, of what those so far took.

    The first one takes longer than the others: what it finds out is known to them, and what is
    proved of a kind of places once is so of all.
    """
    return min(taken[-2:]) if len(taken) > 1 else 0.0


def _count(ready: Prepared) -> int:
    """How many portions: one where there is little to do, as each costs something."""
    return max(1, min(PORTIONS, len(ready.pairs) // _PAIRS + len(ready.places) // _PLACES))
