"""The flows that were shown, as sets: which packets from where, delivered to whom.

    told.add(node, ways, owner)    told.holds(node, packet)    told.others(constraints) -> terms

What is left to be found is everything else: a set holds what was proved of each of its flows, and
nothing that only looks like one of them.  Must not know AWS, rendering, nor why networks differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import solver
from reach.constraints import Constraints, Point
from reach.network.field import INDEX, Header
from reach.network.header_space import HeaderSpace, Ranges
from reach.symbolic import Symbolic, Version
from solver import TRUE, Term

_DESTINATION = INDEX["destination"]
Way = tuple[HeaderSpace, HeaderSpace]  # packets as they start, and as they are delivered


@dataclass
class _From:
    """What was told of one node's flows.

    Of packets that are delivered to where they were sent, those alike but for that are together,
    with the addresses by who has them.
    """

    sent: list[HeaderSpace] = field(default_factory=list)
    straight: dict[HeaderSpace, dict[str, Ranges]] = field(default_factory=dict)
    others: dict[tuple[HeaderSpace, str, HeaderSpace], None] = field(default_factory=dict)


class Told:
    """Flows by the node where they start."""

    def __init__(self) -> None:
        self._from: dict[str, _From] = {}
        self._symbolic = Symbolic()

    def add(self, node: str, ways: Iterable[Way], owner: str) -> None:
        """Packets that are delivered to an owner; without one, whatever becomes of them."""
        known = self._from.setdefault(node, _From())
        for sent, arriving in ways:
            known.sent.append(sent)
            ends = arriving.by_name.get("destination")
            if owner and ends is not None and ends == sent.by_name.get("destination"):
                of_owner = known.straight.setdefault(sent.without("destination"), {})
                of_owner[owner] = of_owner[owner] | ends if owner in of_owner else ends
            else:
                known.others[sent, owner, HeaderSpace.where(destination=ends)] = None

    def holds(self, node: str, packet: Header) -> bool:
        """Whether a packet from a node was told of, to whomever it is delivered."""
        known = self._from.get(node)
        return known is not None and any(packet in space for space in known.sent)

    def others(self, constraints: Constraints) -> Iterator[Term]:
        """That a flow is none of those told, start by start."""
        arrivals = _Arrivals(constraints, self._symbolic)
        for chosen, start, version in constraints.starts:
            known = self._from.get(start.node)
            if known is not None:
                these = solver.any_of(self._these(known, version, arrivals))
                yield solver.not_(solver.and_(chosen, these))

    def _these(self, known: _From, version: Version, arrivals: _Arrivals) -> Iterator[Term]:
        matches = self._symbolic.matches
        for sent, ends in known.straight.items():
            yield solver.and_(matches(sent, version), arrivals.as_sent(ends, version))
        for sent, owner, arriving in known.others:
            there = arrivals.at(owner, arriving) if owner else TRUE
            yield solver.and_(matches(sent, version), there)


class _Arrivals:
    """When a flow of some constraints is delivered to somebody; each term is made once."""

    def __init__(self, constraints: Constraints, symbolic: Symbolic) -> None:
        self._symbolic = symbolic
        self._points: dict[str, list[Point]] = {}
        for point, delivery in constraints.forward.deliveries:
            self._points.setdefault(delivery.owner, []).append(point)
        self._known: dict[object, Term] = {}

    def at(self, owner: str, arriving: HeaderSpace) -> Term:
        """It is delivered to an owner, at one of these addresses."""
        key = (owner, arriving)
        if key not in self._known:
            self._known[key] = solver.any_of(
                solver.and_(point.met, self._symbolic.matches(arriving, point.version))
                for point in self._points.get(owner, ())
            )
        return self._known[key]

    def as_sent(self, ends: Mapping[str, Ranges], version: Version) -> Term:
        """It is delivered to one of some owners, at the address that it was sent to."""
        key = (tuple(ends.items()), version[_DESTINATION])
        if key not in self._known:
            self._known[key] = solver.any_of(
                solver.and_(
                    point.met,
                    self._symbolic.matches(HeaderSpace.where(destination=values), point.version),
                    solver.eq(point.version[_DESTINATION], version[_DESTINATION]),
                )
                for owner, values in ends.items()
                for point in self._points.get(owner, ())
            )
        return self._known[key]
