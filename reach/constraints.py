"""What compiling gives: places and points, and the constraints with the way back to hops.

A *place* is a node together with a version of the header; a *point* is a spot within it, behind
some of its stages.  :class:`Constraints` hold the assertions and goals of a question and decode an
assignment into a start, a header, and what was chosen on the way.  Must not know AWS or a backend.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import solver
from reach.aim import Start
from reach.network.field import INDEX, Header
from reach.network.stage import Deliver, Origin
from reach.symbolic import Version
from reach.trace import SUPPOSED, Site
from solver import FALSE, Term

Begin = tuple[Term, Start, Version]
_SOURCE, _DESTINATION = INDEX["source"], INDEX["destination"]


@dataclass(eq=False, slots=True)
class Place:
    """A node with a version of the header; ``reached`` is set when all edges are known.

    An ``entry`` is where a direction begins; what comes back to the same node is another place.
    """

    node: str
    version: Version
    depth: int
    entry: bool
    edges: list[tuple[Place | None, Term]] = field(default_factory=list)
    reached: Term = FALSE


@dataclass(frozen=True, slots=True)
class Point:
    """A point within a place: it is met when the place is reached and ``guard`` holds."""

    place: Place
    guard: Term
    version: Version

    @property
    def met(self) -> Term:
        return solver.and_(self.place.reached, self.guard)


@dataclass(slots=True)
class Walk:
    """All that one direction's exploration found; ``least`` is what a choice is at least."""

    places: dict[tuple[str, Version, bool], Place] = field(default_factory=dict)
    deliveries: list[tuple[Point, Deliver]] = field(default_factory=list)
    loose_ends: list[tuple[Point, Origin]] = field(default_factory=list)
    dead_ends: list[tuple[Point, Origin]] = field(default_factory=list)
    admitted: dict[str, list[Point]] = field(default_factory=dict)
    bound: dict[str, list[Point]] = field(default_factory=dict)
    kept: dict[str, list[Point]] = field(default_factory=dict)
    translated: dict[str, list[tuple[Point, Version]]] = field(default_factory=dict)
    choices: list[tuple[Point, int, str, Term]] = field(default_factory=list)
    least: dict[Term, int] = field(default_factory=dict)
    relaxed: list[tuple[Place, int, Term]] = field(default_factory=list)
    supposed: list[tuple[Point, int, int, Term]] = field(default_factory=list)


@dataclass(frozen=True)
class Constraints:
    """The compiled question: assertions, its goals, and the way back from symbols to hops.

    ``arrives``: the flow, and its reply if asked for, get through with nothing left open.
    ``may_arrive``: the same when every doubt is settled in its favour, or the flow or its reply
    meets something unmodelled.  ``stuck``: it is dropped or goes astray, ``unseen``: it and its
    reply get through, but not past what has to see both (each only when asked to explain).
    ``doubt`` allows passing rules of unknown effect, ``relaxations`` lift denials.
    """

    assertions: Sequence[Term]
    arrives: Term
    may_arrive: Term
    stuck: Term
    unseen: Term
    doubt: Term
    relaxations: tuple[Term, ...]
    starts: tuple[Begin, ...]
    forward: Walk
    reply: Walk

    def started(self, assignment: Mapping[str, int | bool]) -> tuple[Start, Header]:
        """Decode: where the flow starts, and its header there."""
        for chosen, start, version in self.starts:
            if solver.interpret(chosen, assignment):
                return start, _header(version, assignment)
        raise AssertionError("no start is chosen")

    def choices(self, assignment: Mapping[str, int | bool], walk: Walk) -> dict[Site, int]:
        """Decode: what was chosen where the flow is and several things may happen."""
        met = solver.interpret_all([point.met for point, _, _, _ in walk.choices], assignment)
        chosen = {
            Site(point.place.node, _header(point.place.version, assignment), stage, name): int(
                solver.interpret(term, assignment)
            )
            for is_met, (point, stage, name, term) in zip(met, walk.choices, strict=True)
            if is_met
        }
        for point, stage, route, _ in walk.supposed:
            if solver.interpret(point.met, assignment):
                header = _header(point.place.version, assignment)
                chosen[Site(point.place.node, header, stage, SUPPOSED)] = route
        return chosen


def by_source(starts: Iterable[Begin]) -> dict[Term, list[Term]]:
    """The choices of starts by the source that their packets have."""
    found: dict[Term, list[Term]] = {}
    for chosen, _, version in starts:
        found.setdefault(version[_SOURCE], []).append(chosen)
    return found


def to_sender(chosen: Mapping[Term, Sequence[Term]], version: Version) -> Term:
    """When a header goes to the address that sent it, of choices of starts by their source."""
    return solver.any_of(
        solver.and_(solver.eq(source, version[_DESTINATION]), solver.any_of(some))
        for source, some in chosen.items()
    )


def _header(version: Version, assignment: Mapping[str, int | bool]) -> Header:
    return Header(*(int(solver.interpret(term, assignment)) for term in version))
