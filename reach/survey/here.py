"""A survey begun in this process, and done by it and its copies, or handed over to others.

    begun_here(asked, load, path, Workers(4)) -> (asked, Found)

What a survey takes is not to be seen from a snapshot: of two as large one is done before another
process has read it, and the other takes minutes.  So it is begun here.  Where this process can be
copied, all copies then do portions of what it has prepared; else it does one after the other, and
if what is left after a while takes longer than others take to begin, they do it, as they do what a
copy did not survive.  All of it is the same survey.  If memory is too small for what has to be
prepared, nothing of it is found out, and it says so.  Must not know the command line.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from reach.asking import backend_of_thread
from reach.jobs.copies import can_copy, in_copies, in_turn
from reach.jobs.crew import Workers
from reach.jobs.memory import NoRoom, ensure_room, free, held
from reach.snapshot.snapshot import Snapshot
from reach.survey.asked import Asked
from reach.survey.fan_out import PORTIONS, Found, fan_out
from reach.survey.job import Fault, Piece, PortionJob, proposal_of, safely
from reach.survey.joining import Lapse
from reach.survey.portion import WHOLE, Portion
from reach.survey.survey import Prepared, Progress, fulfil, silent, with_groups
from reach.uncollected import uncollected

T = TypeVar("T")
# Seconds after which it is asked whether others would help, and what they take to begin.
_A_WHILE = 2.0
_TO_BEGIN = 1.0
# Beside each other processes are slower than one alone; on two cores by about so much.
_BESIDE = 1.5
_LESS = "ask of less at once, as of an account, a VPC or a tag, or of one port"
# Of so many pairs, or places, a portion is not worth dividing.
_PAIRS, _PLACES = 4, 1000


def begun_here(
    asked: Asked,
    load: Callable[[], Snapshot],
    path: str,
    workers: Workers,
    cached: bool = True,
    progress: Progress = silent,
    *,
    copies: int,
) -> tuple[Asked, Found]:
    """All of a survey of what is loaded; of ``path`` the others read the same snapshot again.

    This process and its copies are at most ``copies``, and no more than fit in memory.  With what
    was found it is told as what it was asked in the end: without shares, where it did not take
    them.
    """
    here = _Here(asked, workers.number, _of_this_process(progress), copies)
    snapshot, read = here.loaded(load)
    asked.look_up(snapshot)
    apart = here.apart(snapshot)
    if apart:
        return asked.undivided(), Found(apart)
    ways = here.ways(snapshot, read)
    pieces = [piece for way in ways for piece in way.pieces]
    lapses = [each.lapse for each in ways if each.lapse is not None]
    left = [
        PortionJob(asked, path, way, portion, cached)
        for way, begun in enumerate(ways)
        for portion in begun.left
    ]
    rest = fan_out(left, workers, progress) if left else Found()
    return asked, Found([*pieces, *rest.pieces], [*lapses, *rest.lapses])


@dataclass(frozen=True)
class _Begun:
    """What was done here of a way, and the portions that are left to others; or why nobody could
    do any of it."""

    pieces: Sequence[Piece] = ()
    left: Sequence[Portion] = tuple(Portion(number, PORTIONS) for number in range(PORTIONS))
    lapse: Lapse | None = None


@dataclass
class _Here:
    """A survey under way; ``others`` is how many processes may do it that read it again, this one
    among them, and ``copies`` how many that need not."""

    asked: Asked
    others: int
    progress: Progress
    copies: int
    began: float = field(default_factory=time.monotonic)
    is_over: bool = False

    def loaded(self, load: Callable[[], Snapshot]) -> tuple[Snapshot, float]:
        """What is asked, and how long it took to read."""
        snapshot = load()
        return snapshot, time.monotonic() - self.began

    @uncollected()
    def apart(self, snapshot: Snapshot) -> list[Piece]:
        """All of a survey that would be made in shares, if that nobody is reached shows without
        them; else nothing."""
        if self.asked.shares == 1 or not can_copy():
            return []
        tasks = [partial(self._apart, way, snapshot) for way in range(self.asked.directions)]
        told = _told(in_copies(_safe(tasks), self._fitting(), _nobody))
        every = [told.get(way) for way in range(len(tasks))]
        found = [each for each in every if each is not None]
        return found if len(found) == len(tasks) else []

    def _apart(self, way: int, snapshot: Snapshot) -> Piece | None:
        try:
            ready = self.asked.undivided().apart(snapshot, way, self._with_room)
        except NoRoom:
            return None  # each share needs less
        return None if ready is None else _with_groups(self._piece(way, ready, WHOLE), ready)

    @uncollected()
    def ways(self, snapshot: Snapshot, read: float) -> list[_Begun]:
        """All ways, beside each other where that can be."""
        ways = range(self.asked.ways)
        if self.asked.shares > 1 and can_copy():
            return self._in_shares(snapshot, read)
        if len(ways) < 2 or not self._are_several:
            return [self._begun(way, snapshot, read) for way in ways]
        share = max(1, self.others // len(ways)), max(1, self.copies // len(ways))
        own = replace(self, others=share[0], copies=share[1])
        tasks = [partial(own._begun, way, snapshot, read) for way in ways]
        told = _told(in_copies(_safe(tasks), self._fitting(), _nobody))
        return [told.get(way, _Begun()) for way in ways]

    def _in_shares(self, snapshot: Snapshot, read: float) -> list[_Begun]:
        """All directions beside each other, and of each one share after the other."""
        count, fitting = self.asked.directions, self._fitting()
        own = replace(self, others=max(1, self.others // count), copies=max(1, fitting // count))
        tasks = [partial(own._turns, direction, snapshot, read) for direction in range(count)]
        told = _told(in_copies(_safe(tasks), fitting, _nobody))
        return [begun for which in sorted(told) for begun in told[which]]

    def _turns(self, direction: int, snapshot: Snapshot, read: float) -> list[_Begun]:
        """All shares of a direction, each by a copy of the process that found out who sends."""
        first = direction * self.asked.shares
        ways = range(first, first + self.asked.shares)
        try:
            self.asked.begin(snapshot, first, self._with_room)
        except NoRoom as error:
            return [_no_room(way, error) for way in ways]
        own = replace(self, copies=1)
        tasks = [partial(own._begun, way, snapshot, read) for way in ways]
        told = _told(in_turn(_safe(tasks), self.copies, self._telling(len(tasks), "share")))
        return [told.get(which, _Begun()) for which in range(len(tasks))]

    @property
    def _are_several(self) -> bool:
        """Whether copies of this process can help."""
        return self._fitting() > 1 and can_copy()

    def _fitting(self) -> int:
        """How many fit if each comes to hold as much again as this one does now."""
        return min(self.copies, 1 + free() // max(1, held()))

    def _begun(self, way: int, snapshot: Snapshot, read: float) -> _Begun:
        """One way; what is done here has to be of one proposal with what others do."""
        if self.is_over:
            return _Begun()
        began = time.monotonic()
        try:
            ready = self.asked.prepare(snapshot, way, self._with_room)
        except NoRoom as error:
            return _no_room(way, error)
        prepared = time.monotonic() - began
        portions = [Portion(number, _count(ready)) for number in range(_count(ready))]
        if self._are_several:
            pieces = self._in_copies(way, ready, portions)
        else:
            pieces = self._one_by_one(way, ready, portions, read + prepared)
        done = {each.portion for each in pieces}
        left = [portion for portion in portions if portion not in done]
        proposal = proposal_of(ready) if left else ""
        return _Begun([replace(each, proposal=proposal) for each in pieces], left)

    def _with_room(self, stage: str, done: int, total: int) -> None:
        """Whoever runs out of memory is ended by the system and says nothing at all."""
        ensure_room()
        self.progress(stage, done, total)

    def _in_copies(self, way: int, ready: Prepared, portions: Sequence[Portion]) -> list[Piece]:
        """All portions, by copies of this process; those of one that dies are not among them."""
        # Who the groups are is known here, and much to hand over.
        tasks = [partial(self._piece, way, ready, portion) for portion in portions]
        telling = self._telling(len(tasks), "portion")
        told = _told(in_copies(_safe(tasks), self._fitting(), telling))
        return [_with_groups(told[which], ready) for which in sorted(told)]

    def _telling(self, count: int, what: str) -> Callable[[int], None]:
        return lambda which: self.progress(f"{what}s of the survey", which, count)

    def _one_by_one(
        self, way: int, ready: Prepared, portions: Sequence[Portion], prepared: float
    ) -> list[Piece]:
        """Portions in order, until it is worth it to have others do the rest."""
        pieces: list[Piece] = []
        taken: list[float] = []
        for portion in portions:
            started = time.monotonic()
            pieces.append(_with_groups(self._piece(way, ready, portion), ready))
            taken.append(time.monotonic() - started)
            left = _expected(taken) * (len(portions) - len(pieces))
            if self._is_worth(left, prepared):
                self.is_over = True
                break
        return pieces

    def _piece(self, way: int, ready: Prepared, portion: Portion) -> Piece:
        """A portion of which it is not told who its groups are."""
        told = fulfil(
            ready,
            backend_of_thread(),
            prove=self.asked.prove,
            portion=portion,
            progress=self.progress,
        )
        return Piece(way, portion, told, len(ready.places), len(ready.pairs), "")

    def _is_worth(self, left: float, prepared: float) -> bool:
        """Whether so many others, who have to prepare it first, would be done sooner."""
        if self.others < 2 or time.monotonic() - self.began < _A_WHILE:
            return False
        return left > _BESIDE * (prepared + left / self.others) + _TO_BEGIN


def _with_groups(piece: Piece, ready: Prepared) -> Piece:
    return replace(piece, survey=with_groups(piece.survey, ready))


def _of_this_process(progress: Progress) -> Progress:
    """Told by the process that was asked, and by none of its copies."""
    own = os.getpid()

    def tell(stage: str, done: int, total: int) -> None:
        if os.getpid() == own:
            progress(stage, done, total)

    return tell


def _nobody(which: int) -> None:
    """Is told nothing."""


def _no_room(way: int, error: NoRoom) -> _Begun:
    return _Begun(left=(), lapse=Lapse(way, WHOLE, f"{error}; {_LESS}"))


def _safe(tasks: Sequence[Callable[[], T]]) -> list[Callable[[], T | Fault]]:
    return [partial(safely, task) for task in tasks]


def _told(results: Mapping[int, T | Fault]) -> Mapping[int, T]:
    """What tasks gave.  Raises as a survey does, whichever process found it out."""
    done: dict[int, T] = {}
    for which, result in results.items():
        if isinstance(result, Fault):
            raise result.error()
        done[which] = result
    return done


def _expected(taken: list[float]) -> float:
    """What one more portion takes, of what those so far took.

    The first one takes longer than the others: what it finds out is known to them, and what is
    proved of a kind of places once is so of all.
    """
    return min(taken[-2:]) if len(taken) > 1 else 0.0


def _count(ready: Prepared) -> int:
    """How many portions: one where there is little to do, as each costs something."""
    return max(1, min(PORTIONS, len(ready.pairs) // _PAIRS + len(ready.places) // _PLACES))
