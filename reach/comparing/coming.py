"""Who can come by: from places back to the starts, with the headers that can get there.

    Graph(network, entries)    graph.coming(wanted) -> node -> header spaces

The reading of a network backwards, as sets: filters let everything pass, a translation can have
come from all that it takes.  So what comes out holds every header with which a flow, or the reply
to one, can come by a wanted place, and perhaps more.  Knows the neutral network only; must not know
AWS, terms or a solver.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from reach.comparing.nodes import Spot, bounded, preimage
from reach.flood import covers
from reach.network.header_space import ANYTHING, HeaderSpace
from reach.network.node import Network
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
Reached = Mapping[str, Spaces]


@dataclass(frozen=True, slots=True)
class Edge:
    """A way out of a node: from which stage, for which headers; of replies only with a session."""

    node: str
    stage: int
    match: HeaderSpace
    replies: bool


class Graph:
    """All nodes that can be come to from some entries, and from where each can be."""

    def __init__(self, network: Network, entries: Iterable[str]) -> None:
        self.network = network
        self.nodes: dict[str, None] = {}
        self._into: dict[str, list[Edge]] = {}
        self._answers: dict[str, list[Edge]] = {}
        queue = deque(entries)
        while queue:
            name = queue.popleft()
            if name not in self.nodes:
                self.nodes[name] = None
                queue.extend(self._out_of(name))

    def _out_of(self, name: str) -> list[str]:
        onward: list[str] = []
        for number, stage in enumerate(self.network.node(name).stages):
            for target, match, replies in _ways(stage):
                self._into.setdefault(target, []).append(Edge(name, number, match, replies))
                onward.append(target)
            if isinstance(stage, Deliver):
                edge = Edge(name, number, ANYTHING, False)
                self._answers.setdefault(stage.reply, []).append(edge)
                onward.append(stage.reply)
        return onward

    def coming(self, wanted: Mapping[str, Iterable[Spot]], two_way: bool) -> Reached:
        """By node the headers with which a flow there, or its reply, may come by what is wanted."""
        begun = self.entering(wanted, reply=False)
        back = self._back(self.entering(wanted, reply=True), reply=True) if two_way else {}
        for entry, spaces in back.items():
            answered = bounded(each for space in spaces for each in _answered(space))
            for edge in self._answers.get(entry, ()) if answered else ():
                node = self.network.node(edge.node)
                for space in answered:
                    found = preimage(node, Spot(edge.stage, space), reply=False)
                    begun[edge.node] = bounded((*begun.get(edge.node, ()), *found))
        return self._back(begun, reply=False)

    def entering(self, wanted: Mapping[str, Iterable[Spot]], *, reply: bool) -> dict[str, Spaces]:
        """By node the headers that may come to a wanted spot of it."""
        return {
            name: bounded(
                space
                for spot in spots
                for space in preimage(self.network.node(name), spot, reply=reply)
            )
            for name, spots in wanted.items()
        }

    def _back(self, seeds: Mapping[str, Spaces], *, reply: bool) -> Reached:
        known: dict[str, Spaces] = dict(seeds)
        queue = deque((name, space) for name, spaces in seeds.items() for space in spaces)
        while queue:
            name, space = queue.popleft()
            for edge in self._into.get(name, ()):
                if edge.replies and not reply:
                    continue
                met = space & edge.match
                if met.is_empty:
                    continue
                node = self.network.node(edge.node)
                for found in preimage(node, Spot(edge.stage, met), reply=reply):
                    here = known.get(edge.node, ())
                    if any(covers(other, found) for other in here):
                        continue
                    kept = known[edge.node] = bounded((*here, found))
                    queue.append((edge.node, found if found in kept else kept[0]))
        return known


def _ways(stage: Stage) -> Iterable[tuple[str, HeaderSpace, bool]]:
    """The nodes that a stage sends to, with the headers that it does."""
    match stage:
        case Forward():
            return [(r.next, r.match, bool(r.session)) for r in stage.routes if r.next]
        case Choose():
            return [(option.next, ANYTHING, False) for option in stage.options]
        case Filter() | Translate() | Restore() | Deliver() | Unmodelled():
            return ()
        case _:
            assert_never(stage)


def _answered(reply: HeaderSpace) -> Iterable[HeaderSpace]:
    """The flows whose replies begin in a space: ends exchanged; nobody's identity yet."""
    by = reply.by_name
    if "identity" in by and 0 not in by["identity"]:
        return
    yield HeaderSpace.where(
        source=by.get("destination"),
        destination=by.get("source"),
        protocol=by.get("protocol"),
        source_port=by.get("destination_port"),
        destination_port=by.get("source_port"),
    )
