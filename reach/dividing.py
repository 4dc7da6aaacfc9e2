"""An aim that is too much at once, divided until each part is easily decided.

    divided(network, aim, proof) -> Iterator[Part | Shown | Small]

Start by start, and of a start that leads to too many places by where its packets are sent to, in
the order in which a witness would be pinned; where none gets through for long, neighbours
together, whatever their order.  Of each piece it is looked at first whether a flood
shows that nothing gets through (a part of a certificate, for :mod:`reach.check` to accept), then
whether there is a proof at once that something does; else it is divided further, or small.  Must
not know AWS nor a solver.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Generic, TypeVar

from reach.aim import Aim, Start
from reach.certificate import Part
from reach.certify import closed
from reach.compile import compile
from reach.constraints import Constraints
from reach.exploration import TooWide
from reach.network.address import ANY_IPV4, to_next
from reach.network.header_space import EVERYWHERE, Ranges
from reach.network.node import Network

# What leads to so many places, there and back, is decided at once; so is what is left of a start
# that was divided so many times, however many there are.
_MOST_PLACES, _MOST_TIMES = 200, 100
_MOST_GOALS = 20_000
# A flood of so many steps tells whether a piece is worth dividing.
_MOST_STEPS = 5000
_PIECES = 8
# After so many starts in a row that are shut others are looked at together, so many at most, until
# so many times that shows nothing.
_IN_A_ROW, _MOST_TOGETHER, _MOST_FAILURES = 64, 64, 16
_FOUR = Ranges.prefixes((ANY_IPV4,))

T = TypeVar("T")


@dataclass(frozen=True)
class Shown(Generic[T]):
    """Flows of one start, of which there is a proof at once that one gets through."""

    aim: Aim
    proof: T


@dataclass(frozen=True)
class Small:
    """Flows of one start of which some seem to get through; they have few places to be."""

    aim: Aim
    constraints: Constraints


def divided(
    network: Network,
    aim: Aim,
    proof: Callable[[Aim], T | None],
    asked: Callable[[Start], Start] = lambda start: start,
    ends: Ends | None = None,
) -> Iterator[Part | Shown[T] | Small]:
    """Every start of an aim, as pieces: shut, shown to be open, or small enough to be decided.

    What is not ``asked`` of a piece, when its turn comes, is left out.
    """
    ends = ends or Ends(aim)
    left, in_a_row = deque(aim.starts), 0
    while left:
        start, in_a_row = left.popleft(), in_a_row + 1
        for piece in _Division(network, aim, proof, asked, ends).of(start):
            if not isinstance(piece, Part):
                in_a_row = 0
            yield piece
        if in_a_row == _IN_A_ROW:
            in_a_row, left = 0, (yield from _together(network, aim, asked, left))


def _together(
    network: Network, aim: Aim, asked: Callable[[Start], Start], starts: Iterable[Start]
) -> Generator[Part, None, deque[Start]]:
    """Of many starts those that are shut, neighbours by one flood; what is left, in their order.

    Twice as many each time as long as they are, then two again; where too often not, it ends.
    """
    starts = tuple(starts)
    neighbours = sorted(starts, key=_lowest)
    shut: set[Start] = set()
    at, most, failures = 0, 2, 0
    while at < len(neighbours) and failures < _MOST_FAILURES:
        some = neighbours[at : at + most]
        at += most
        left = tuple(start for start in map(asked, some) if not start.space.is_empty)
        part = closed(network, replace(aim, starts=left), _MOST_STEPS)
        if part is None:
            most, failures = 2, failures + 1
            continue
        most = min(2 * most, _MOST_TOGETHER)
        shut.update(some)
        yield part
    return deque(start for start in starts if start not in shut)


def _lowest(start: Start) -> int:
    """The lowest address from which is sent."""
    return start.space.by_name.get("source", EVERYWHERE).intervals[0][0]


@dataclass
class _Division(Generic[T]):
    """Of one start; ``times`` it was divided."""

    network: Network
    aim: Aim
    proof: Callable[[Aim], T | None]
    asked: Callable[[Start], Start]
    ends: Ends
    times: int = 0

    def of(self, whole: Start) -> Iterator[Part | Shown[T] | Small]:
        start = self.asked(whole)
        if start.space.is_empty:
            return
        piece = replace(self.aim, starts=(start,))
        part = closed(self.network, piece, _MOST_STEPS)
        if part is not None:
            yield part
            return
        proof = self.proof(piece)
        if proof is not None:
            yield Shown(piece, proof)
            return
        further = self._sent_to(start) if self.times < _MOST_TIMES else []
        try:
            most = _MOST_PLACES if len(further) > 1 else None
            yield Small(piece, compile(self.network, piece, most=most))
        except TooWide:
            self.times += 1
            for some in further:
                yield from self.of(replace(start, space=start.space.narrowed("destination", some)))

    def _sent_to(self, start: Start) -> list[Ranges]:
        """What packets of a start are sent to in a few pieces, IPv4 first, then the lowest."""
        values = start.space.by_name.get("destination", EVERYWHERE)
        pieces = _between(values, _spread_out(self.ends.within(values)))
        if len(pieces) < 2:
            pieces = _between(values, _evenly(values))
        return sorted(pieces, key=lambda piece: not piece.overlaps(_FOUR))


class Ends:
    """Where addresses of the goals of an aim begin; of very many goals that is not worth it."""

    def __init__(self, aim: Aim) -> None:
        self._goals = aim.goals or {}

    def within(self, values: Ranges) -> Sequence[int]:
        """Those after the lowest of some values and up to the highest, in order."""
        low, high = values.intervals[0][0], values.intervals[-1][1]
        return self._lows[bisect_left(self._lows, low + 1) : bisect_right(self._lows, high)]

    @cached_property
    def _lows(self) -> Sequence[int]:
        if len(self._goals) > _MOST_GOALS:
            return ()
        told = (goal.by_name.get("destination") for goal in self._goals.values())
        return sorted({low for ends in told if ends is not None for low, _ in ends.intervals})


def _spread_out(values: Sequence[int]) -> list[int]:
    """A few of some values, about as many between each two."""
    step = max(1, len(values) // _PIECES)
    return list(values[step - 1 :: step])


def _evenly(values: Ranges) -> list[int]:
    """A few values at which to cut some: where an interval begins, or within the only one."""
    if len(values.intervals) > 1:
        return _spread_out([low for low, _ in values.intervals[1:]])
    ((low, high),) = values.intervals
    unit = to_next(low)
    step = max(1, (high - low + 1) // unit // _PIECES) * unit
    return list(range(low + step, high + 1, step))


def _between(values: Ranges, cuts: Sequence[int]) -> list[Ranges]:
    """The values before, between and from each of some at which to cut."""
    lows = [0, *cuts]
    highs = [*(cut - 1 for cut in cuts), EVERYWHERE.intervals[0][1]]
    pieces = (values & Ranges.span(*pair) for pair in zip(lows, highs, strict=True))
    return [piece for piece in pieces if piece]
