"""Whether anything that starts somewhere can come by a place, and be answered: sets say no quickly.

    passes(network, start, forward, reply, effort, two_way=...) -> bool, or None

What starts is pushed through the nodes as header spaces, there and back.  A set forgets which of
its flows did what, so what comes out holds more than what happens: "no" is certain, "yes" is not,
and is for the solver.  Knows the neutral network only; must not know AWS, terms or a solver.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reach.aim import Start
from reach.comparing.coming import Spaces
from reach.flood import Arrival, Reading, Tag, covers, replied
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.order import strongly_connected

_MOST = 600  # so many sets are pushed on from starts that are alike
_PLAIN = Tag()
_NOBODY = Ranges.of(0)
_Wanted = Mapping[str, Spaces]


class TooWideError(Exception):
    """What starts spreads so far that to walk back from the places is quicker."""


@dataclass
class Effort:
    """How many sets were pushed on so far, of so many at ``most``; and by node where flows of the
    starts that may come by can be on their way there: None if sets do not say."""

    most: int
    pushed: int = 0
    region: dict[str, list[HeaderSpace]] | None = field(default_factory=dict)

    def spend(self) -> None:
        self.pushed += 1
        if self.pushed > self.most:
            raise TooWideError

    def keep(self, spread: _Spread) -> None:
        if self.region is not None:
            for node, space in spread.been():
                self.region.setdefault(node, []).append(space)


def passes(
    network: Network,
    start: Start,
    forward: _Wanted,
    reply: _Wanted,
    effort: Effort,
    *,
    two_way: bool,
) -> bool | None:
    """Whether flows of a start may come by one of ``forward``, or their replies by one of
    ``reply`` (by node, headers on entry), be delivered, and answered if ``two_way``; None where
    sets do not say.  Raises TooWideError."""
    there = _Spread(Reading(network), forward, effort)
    found = _comes_back(network, start, there, reply, effort, two_way=two_way)
    if found is None:
        effort.region = None
    elif found:
        effort.keep(there)
    return found


def _comes_back(
    network: Network,
    start: Start,
    there: _Spread,
    reply: _Wanted,
    effort: Effort,
    *,
    two_way: bool,
) -> bool | None:
    if not there.run([(start.node, _sent(start), False)]):
        return None
    arrived = [
        (arrival, came_by)
        for arrival, came_by in there.arrivals
        if not arrival.stage.inside and (came_by or (two_way and reply))
    ]
    if not two_way:
        return bool(arrived)
    back = _Spread(Reading(network, before=there.reading.memory), reply, effort)
    for arrival, came_by in arrived:
        answer = replied(arrival.space)
        if answer is not None and not answer.is_empty:
            if not back.run([(arrival.stage.reply, answer, came_by)]):
                return None
            if any(came and at.stage.owner == start.owner for at, came in back.arrivals):
                return True
    return False


def delivers(network: Network, starts: Iterable[Start], owner: str) -> bool | None:
    """Whether anything of some starts may be delivered to an owner; None where sets do not say."""
    for start in starts:
        there = _Spread(Reading(network), {}, Effort(_MOST))
        try:
            if not there.run([(start.node, _sent(start), False)]):
                return None
        except TooWideError:
            return None
        if any(at.stage.owner == owner and not at.stage.inside for at, _ in there.arrivals):
            return True
    return False


def _sent(start: Start) -> HeaderSpace:
    """What starts, before anybody has said who sends it."""
    space = start.space
    return space if "identity" in space.by_name else space.narrowed("identity", _NOBODY)


class _Spread:
    """One direction: what is delivered, and whether it has come by a wanted place."""

    def __init__(self, reading: Reading, wanted: _Wanted, effort: Effort) -> None:
        self.reading = reading
        self.arrivals: list[tuple[Arrival, bool]] = []
        self._wanted, self._effort = wanted, effort
        self._seen: dict[tuple[str, bool], list[HeaderSpace]] = {}
        self._led: dict[str, dict[str, None]] = {}

    def run(self, begun: Sequence[tuple[str, HeaderSpace, bool]]) -> bool:
        """Push on until nothing is new; False where that meets something unknown, or comes round
        again: how often a flow may is not for sets to say.  Raises TooWideError."""
        queue = deque(begun)
        while queue:
            node, space, came_by = queue.popleft()
            if not came_by:
                queue.extend((node, met, True) for met in self._met(node, space))
            known = self._seen.setdefault((node, came_by), [])
            if any(covers(each, space) for each in known):
                continue
            known.append(space)
            self._effort.spend()
            outcome = self.reading.push(node, _PLAIN, space)
            if outcome.unmodelled:
                return False
            self._led.setdefault(node, {}).update((to, None) for to, _, _ in outcome.onward)
            self.arrivals += ((arrival, came_by) for arrival in outcome.arrivals)
            queue.extend((onward, met, came_by) for onward, _, met in outcome.onward)
        return not self._comes_round()

    def been(self) -> Iterator[tuple[str, HeaderSpace]]:
        """Where anything was, whoever is said to have sent it."""
        for (node, _), spaces in self._seen.items():
            yield from ((node, space.without("identity")) for space in spaces)

    def _comes_round(self) -> bool:
        parts = strongly_connected(self._led, lambda node: self._led.get(node, ()))
        return any(len(part) > 1 for part in parts) or any(n in to for n, to in self._led.items())

    def _met(self, node: str, space: HeaderSpace) -> list[HeaderSpace]:
        found = (space & each for each in self._wanted.get(node, ()))
        return [met for met in found if not met.is_empty]
