"""Who can come by: from places back to the starts, with the headers that can get there.

    coming(graph, there, back) -> Coming: node -> header spaces, and where such flows can be at all

The reading of a network backwards, as sets: filters let everything pass, a translation can have
come from all that it takes.  So what comes out holds every header with which a flow, or the reply
to one, can come by a wanted place, and perhaps more.

A reply is followed back to where it begins, and from there its flow to where that begins; where a
session has put a reply back, its flow came by the session's translation, and is followed from
there.  While nothing has been rewritten a reply that a session remembers is told apart: a place
that it passes in any case, or never comes to, is not a place that matters to it.

Knows the neutral network only; must not know AWS, terms or a solver.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from reach.comparing.coming import Graph, ways
from reach.comparing.nodes import Spot, bounded, only_says_who, untranslated
from reach.flood import covers, hull, image
from reach.network.header_space import HeaderSpace
from reach.network.node import Node
from reach.network.stage import (
    Choose,
    Deliver,
    Filter,
    Forward,
    Restore,
    Stage,
    Translate,
    Unmodelled,
)

Spaces = tuple[HeaderSpace, ...]
_NOTHING: frozenset[str] = frozenset()
_FEW = 64


@dataclass(frozen=True, slots=True)
class _Course:
    """What comes by: a reply or a flow, or one whose reply does, and how it is known there.

    ``settled`` are the sessions whose replies the place does not matter to; they are known as long
    as the header is, turned round, the one that the reply has there.
    """

    reply: bool
    replied: bool
    settled: frozenset[str] = _NOTHING


_FLOW = _Course(reply=False, replied=False)
_Seen = tuple[HeaderSpace, _Course]
_At = tuple[str, Spot, _Course]  # in front of a stage of a node


@dataclass(frozen=True)
class Coming:
    """By node the headers with which a flow there may come by a place, or its reply; and those with
    which a reply there may.

    ``seeds`` are what flows go on from: the places, and translations whose replies come by one.
    """

    by: Mapping[str, Spaces]
    answering: Mapping[str, Spaces]
    graph: Graph
    seeds: tuple[Sequence[tuple[str, Spot]], ...]

    def region(self) -> Mapping[str, Spaces]:
        """All nodes at which such a flow can be, before and behind the place, each with products
        that hold its headers there."""
        found: dict[str, list[HeaderSpace]] = {name: list(each) for name, each in self.by.items()}
        for begun in self.seeds:
            for name, space in _behind(self.graph, begun).items():
                found.setdefault(name, []).append(space)
        return {name: bounded(map(told_briefly, spaces)) for name, spaces in found.items()}


def coming(
    graph: Graph, there: Mapping[str, Iterable[Spot]], back: Mapping[str, Iterable[Spot]]
) -> Coming:
    """The flows that come by one of some spots, or whose reply does by one of some others."""
    walk = _Walk(graph)
    for name, spots in there.items():
        for spot in spots:
            walk.follow((name, spot, _FLOW))
    for name, spots in back.items():
        for spot in spots:
            settled = _settled(graph.network.node(name), spot)
            walk.follow((name, spot, _Course(True, True, settled)))
    by, answering = walk.reached()
    begun = [(name, spot) for name, spots in there.items() for spot in spots]
    return Coming(by, answering, graph, (begun, list(walk.sessions)))


def told_briefly(space: HeaderSpace) -> HeaderSpace:
    """A product that holds another one, and is quickly compared; whoever sent it."""
    long = (name for name, values in space.fields if len(values.intervals) > _FEW)
    return space.without("identity", *long)


def _settled(node: Node, spot: Spot) -> frozenset[str]:
    """The sessions whose replies a spot lets pass anyway, or that have left before it."""
    left = (
        route.session
        for stage in node.stages[: spot.stage]
        if isinstance(stage, Forward)
        for route in stage.routes
        if route.session and covers(route.match, spot.space)
    )
    before = node.stages[: spot.stage]
    rewritten = any(isinstance(s, Translate | Restore) for s in before)
    return frozenset(filter(None, (spot.session, *(() if rewritten else left))))


class _Walk:
    """One reading backwards: one product that holds all, for each node and course."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[tuple[str, _Course], HeaderSpace] = {}
        self._queue: deque[tuple[str, _Course]] = deque()
        self._waiting: set[tuple[str, _Course]] = set()
        self.sessions: dict[tuple[str, Spot], None] = {}  # translations whose replies come by

    def reached(self) -> tuple[Mapping[str, Spaces], Mapping[str, Spaces]]:
        """Where flows can be, and replies, once there is nothing new."""
        while self._queue:
            key = self._queue.popleft()
            self._waiting.discard(key)
            name, course = key
            for at in self._before(name, course, self._known[key]):
                self.follow(at)
        found: tuple[dict[str, list[HeaderSpace]], ...] = ({}, {})
        for (name, course), space in self._known.items():
            found[course.reply].setdefault(name, []).append(space)
        flows, replies = ({n: bounded(each) for n, each in every.items()} for every in found)
        return flows, replies

    def follow(self, at: _At) -> None:
        """From a stage back to its node's entry, and to wherever sessions lead."""
        todo = [at]
        while todo:
            name, spot, course = todo.pop()
            seen: list[_Seen] = [(spot.space, course)]
            for stage in reversed(self._graph.network.node(name).stages[: spot.stage]):
                if isinstance(stage, Restore):
                    todo += (put for each in seen for put in self._put_back(stage, each))
                seen = [before for each in seen for before in _through(stage, each)]
            for space, entered in seen:
                self._enter(name, entered, space)

    def _enter(self, name: str, course: _Course, space: HeaderSpace) -> None:
        key = (name, course)
        known = self._known.get(key)
        if space.is_empty or (known is not None and covers(known, space)):
            return
        self._known[key] = space if known is None else hull((known, space))
        if key not in self._waiting:
            self._waiting.add(key)
            self._queue.append(key)

    def _before(self, name: str, course: _Course, space: HeaderSpace) -> Iterator[_At]:
        """All from where something can come to a node in a course."""
        for edge in self._graph.into.get(name, ()):
            if edge.session and (not course.reply or edge.session in course.settled):
                continue
            met = space & edge.match
            if not met.is_empty:
                yield edge.node, Spot(edge.stage, met), course
        flow = answered(space) if course.reply else None
        for edge in self._graph.answers(name) if flow is not None else ():
            assert flow is not None
            yield (
                edge.node,
                Spot(edge.stage, flow & edge.match),
                _Course(False, True, course.settled),
            )

    def _put_back(self, stage: Restore, seen: _Seen) -> Iterator[_At]:
        """The flows whose replies a session has put back: in front of its translations."""
        space, course = seen
        flow = answered(space) if course.reply else None
        for name, number in self._graph.translating.get(stage.session, ()):
            if flow is not None:
                at = Spot(number, flow)
                self.sessions[name, at] = None
                yield name, at, _Course(False, True, course.settled)


def _behind(graph: Graph, begun: Iterable[tuple[str, Spot]]) -> Mapping[str, HeaderSpace]:
    """The nodes to which flows can go on from some spots, with the headers that they may have."""
    known: dict[str, HeaderSpace] = {}
    queue: dict[str, None] = {}

    def go_on(name: str, spot: Spot) -> None:
        for target, space in _onward(graph.network.node(name), spot):
            here = known.get(target)
            if here is None or not covers(here, space):
                known[target] = space if here is None else hull((here, space))
                queue[target] = None

    for name, spot in begun:
        go_on(name, spot)
    while queue:
        name = next(iter(queue))
        del queue[name]
        go_on(name, Spot(0, known[name]))
    return known


def _onward(node: Node, spot: Spot) -> Iterator[tuple[str, HeaderSpace]]:
    """Where a flow may go on to that is in front of a stage, and with which headers."""
    spaces: Sequence[HeaderSpace] = (spot.space,)
    for stage in node.stages[spot.stage :]:
        for target, match, session in ways(stage):
            for space in spaces if not session else ():
                met = space & match
                if not met.is_empty:
                    yield target, met
        if isinstance(stage, Translate):
            spaces = bounded(each for space in spaces for each in _given(stage, space))
        elif not isinstance(stage, Filter | Forward):
            return


def _given(stage: Translate, space: HeaderSpace) -> Iterator[HeaderSpace]:
    """What a translation may make of headers, or leave."""
    for case in stage.cases:
        met = space & case.match
        if not met.is_empty:
            for rewrite in case.rewrites:
                met = met.narrowed(rewrite.field, image(rewrite))
            yield met
    yield space


def _through(stage: Stage, seen: _Seen) -> Iterator[_Seen]:
    """What may have been in front of a stage, of what is behind it."""
    space, course = seen
    match stage:
        case Filter():
            # A flow that passed it is remembered, as it is.
            if course.reply or not stage.session or stage.session not in course.settled:
                yield seen
        case Translate():
            remembered = not course.reply and stage.session and stage.session in course.settled
            kept = course if only_says_who(stage) else _Course(course.reply, course.replied)
            if not remembered:
                yield from ((each, kept) for each in untranslated(stage, space))
            elif stage.otherwise is None:
                yield seen
        case Forward():
            yield seen
        case Restore() | Choose() | Deliver() | Unmodelled():
            return
        case _:
            assert_never(stage)


def answered(reply: HeaderSpace) -> HeaderSpace | None:
    """The flows whose replies begin in a space: ends exchanged; nobody's identity yet."""
    by = reply.by_name
    if "identity" in by and 0 not in by["identity"]:
        return None
    return HeaderSpace.where(
        source=by.get("destination"),
        destination=by.get("source"),
        protocol=by.get("protocol"),
        source_port=by.get("destination_port"),
        destination_port=by.get("source_port"),
    )
