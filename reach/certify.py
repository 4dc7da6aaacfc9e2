"""Makes certificates: floods a network from a question's starts until nothing new comes up.

    certify(network, aim) -> Certificate | None

The sets are exact where a stage is, so most questions need one part.  Where the sets of all starts
together cannot tell that nothing gets home, each start is taken alone, then each address and each
kind of packet.  None if the budget of steps is spent first, or if even single flows cannot be told
apart: then there is no certificate, and the answer says so.  Not trusted: what it makes is for
:mod:`reach.check`.  Must not know AWS, terms or a solver.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reach.aim import Aim, Start
from reach.certificate import Cell, Certificate, Part
from reach.check import gets_home, possible, wanted
from reach.flood import Arrival, Memory, Outcome, Reading, Tag, covers, hull, merged, replied
from reach.network.address import to_next
from reach.network.field import ICMP, ICMPV6, TCP, UDP
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network

MOST_STEPS = 20_000
_MOST_PIECES = 64
_MOST_VALUES = 16
_SPLIT = (
    "destination",
    "source",
    "protocol",
    "destination_port",
    "source_port",
    "icmp_type",
    "identity",
)
_FEW_ALIKE = 3
_KINDS = (Ranges.of(TCP), Ranges.of(UDP), Ranges.of(ICMP), Ranges.of(ICMPV6))

_Place = tuple[str, Tag]


class _Spent(Exception):  # noqa: N818 - no error: the search ends here
    """The budget is spent."""


@dataclass
class _Budget:
    steps: int

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise _Spent


def certify(network: Network, aim: Aim, steps: int = MOST_STEPS) -> Certificate | None:
    """A certificate that nothing of ``aim`` gets through, if there is one within the budget."""
    budget = _Budget(steps)
    try:
        parts = _parts(network, aim, tuple(aim.starts), budget)
    except _Spent:
        return None
    return None if parts is None else Certificate(tuple(parts))


def closed(network: Network, aim: Aim, steps: int) -> Part | None:
    """The flood of all starts at once; None if something seems to get through, or it is too far."""
    try:
        return _part(network, aim, tuple(aim.starts), _Budget(steps))
    except _Spent:
        return None


def _parts(
    network: Network, aim: Aim, starts: tuple[Start, ...], budget: _Budget
) -> list[Part] | None:
    part = _part(network, aim, starts, budget)
    if part is not None:
        return [part]
    smaller = _split(aim, starts)
    if smaller is None:
        return None
    made: list[Part] = []
    for some in smaller:
        parts = _parts(network, aim, some, budget)
        if parts is None:
            return None
        made += parts
    return made


def _split(aim: Aim, starts: tuple[Start, ...]) -> Iterator[tuple[Start, ...]] | None:
    """The starts one by one; one start by what its headers can be, then field by field.

    None if there is nothing left to split.
    """
    if len(starts) > 1:
        return ((start,) for start in starts)
    (start,) = starts
    pieces = list(possible(aim, start.space))
    if pieces != [start.space]:
        return ((replace(start, space=piece),) for piece in pieces)
    for name in _SPLIT:
        values = start.space.by_name.get(name)
        if values is None:
            continue
        parts = _by_kind(values) if name == "protocol" else _by_interval(values)
        if 1 < len(parts) <= _MOST_PIECES:
            return ((_narrowed(start, name, part),) for part in parts)
    return None


def _by_kind(protocols: Ranges) -> list[Ranges]:
    rest = protocols - Ranges.of(TCP, UDP, ICMP, ICMPV6)
    return [kind for kind in (*(each & protocols for each in _KINDS), rest) if kind]


def _by_interval(values: Ranges) -> list[Ranges]:
    """Interval by interval; a short one value by value, an IPv4 address being one value."""
    if len(values.intervals) > 1:
        return [Ranges((span,)) for span in values.intervals]
    ((low, high),) = values.intervals
    step = to_next(low)
    if not 1 < (high - low + 1) // step <= _MOST_VALUES:
        return [values]
    return [Ranges.span(at, at + step - 1) for at in range(low, high + 1, step)]


def _narrowed(start: Start, name: str, values: Ranges) -> Start:
    return replace(start, space=start.space.narrowed(name, values))


def _part(network: Network, aim: Aim, starts: tuple[Start, ...], budget: _Budget) -> Part | None:
    """The flood of some starts; None if something seems to get through or is not modelled."""
    there = _Flood(Reading(network, visits=aim.visits), budget, ("source", "identity"))
    for start in starts:
        there.enter(start.node, Tag(), start.space)
    goals: list[tuple[Arrival, HeaderSpace]] = []
    looked_at = 0
    for outcome in there.run():
        if outcome.unmodelled:
            return None
        goals += [
            (arrival, space)
            for arrival in outcome.arrivals
            for space in wanted(aim, starts, arrival)
        ]
        # Where many arrive it is looked at early whether the reply to one of them gets home.
        if len(goals) > 2 * looked_at:
            looked_at = len(goals)
            if _back(network, aim, starts, there.memory.so_far(), goals[-1:], budget) is None:
                return None
    back = _back(network, aim, starts, there.memory, goals, budget)
    return None if back is None else Part(starts, there.cells(), back.cells())


def _back(
    network: Network,
    aim: Aim,
    starts: tuple[Start, ...],
    before: Memory,
    goals: Sequence[tuple[Arrival, HeaderSpace]],
    budget: _Budget,
) -> _Flood | None:
    """The flood of the replies to what arrives; None if one seems to get home."""
    if goals and not aim.two_way:
        return None
    back = _Flood(Reading(network, visits=aim.back, before=before), budget, ("destination",))
    for arrival, space in goals:
        reply = replied(space)
        if reply is not None:
            back.enter(arrival.stage.reply, Tag(owed=arrival.tag.owed), reply)
    for outcome in back.run():
        if outcome.unmodelled or any(gets_home(aim, starts, each) for each in outcome.arrivals):
            return None
    return back


class _Flood:
    """One direction's sets, grown until they are closed.

    Sets that differ in nothing but ``who`` sends, as those of neighbours do, become one.
    """

    def __init__(self, reading: Reading, budget: _Budget, who: tuple[str, ...]) -> None:
        self._reading = reading
        self._budget = budget
        self._who = who
        self._known: dict[_Place, dict[HeaderSpace, None]] = {}
        self._alike: dict[tuple[_Place, HeaderSpace], list[HeaderSpace]] = {}
        self._queue: deque[tuple[_Place, HeaderSpace]] = deque()

    @property
    def memory(self) -> Memory:
        return self._reading.memory

    def enter(self, node: str, tag: Tag, space: HeaderSpace) -> None:
        place = node, tag
        known = self._known.setdefault(place, {})
        if space in known or any(covers(other, space) for other in known):
            return
        if self._who[0] in space.by_name:
            space = self._joined(place, known, space)
        known[space] = None
        self._queue.append((place, space))

    def _joined(
        self, place: _Place, known: dict[HeaderSpace, None], space: HeaderSpace
    ) -> HeaderSpace:
        """With those of a place that are alike, once they are several."""
        alike = self._alike.setdefault((place, space.without(*self._who)), [])
        alike.append(space)
        if len(alike) <= _FEW_ALIKE:
            return space
        for each in alike:
            known.pop(each, None)
        alike[:] = [hull(alike)]
        return alike[0]

    def run(self) -> Iterator[Outcome]:
        """Push what is new until nothing is; every outcome on the way."""
        while self._queue:
            place, space = self._queue.popleft()
            if space not in self._known[place]:
                continue  # by now it is part of a wider one, which has its own turn
            self._budget.step()
            outcome = self._reading.push(*place, space)
            for onward in outcome.onward:
                self.enter(*onward)
            yield outcome

    def cells(self) -> tuple[Cell, ...]:
        return tuple(Cell(*place, merged(spaces)) for place, spaces in self._known.items())
