"""Who leads where: the nodes of a network, from which others each is come to, and what remembers.

    Graph(network, entries)    graph.into[node] -> edges

What :mod:`reach.comparing.backwards` follows, and which spots matter to replies.  Knows the neutral
network only; must not know AWS, terms or a solver.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import assert_never

from reach.comparing.nodes import Spot, bounded, only_says_who, preimage, rewritten
from reach.network.field import ICMP_ANSWERS
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
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

_FEW, _TRIED = 32, 64
_FEW_NODES = 4
_MESSAGE = ("protocol", "icmp_type")
Spaces = tuple[HeaderSpace, ...]
Reached = Mapping[str, Spaces]


@dataclass(frozen=True, slots=True)
class Edge:
    """A way out of a node: from which stage, for which headers; of its replies with a session."""

    node: str
    stage: int
    match: HeaderSpace
    session: str


class Graph:
    """All nodes that can be come to from some entries, and from where each can be."""

    def __init__(self, network: Network, entries: Iterable[str]) -> None:
        self.network = network
        self.nodes: dict[str, int] = {}
        self.into: dict[str, list[Edge]] = {}
        self.answered_from: dict[str, list[Edge]] = {}
        self.translating: dict[str, list[tuple[str, int]]] = {}
        self._put_back: dict[str, frozenset[str]] = {}
        self._rewritten: set[str] = set()
        self.grow(entries)

    def grow(self, entries: Iterable[str]) -> None:
        """Add all that can be come to from some more nodes."""
        queue = deque(entries)
        while queue:
            name = queue.popleft()
            if name not in self.nodes and not self.leaves_out(name):
                self.nodes[name] = len(self.nodes)
                queue.extend(self._out_of(name))

    def leaves_out(self, name: str) -> bool:
        """Whether a node is not looked at, only told of as where others lead."""
        return False

    def on(self, network: Network, names: Iterable[str] = (), entries: Iterable[str] = ()) -> Graph:
        """The ways of a network that does not differ from this graph's but in some nodes, and
        begins at these entries, too."""
        other = copy(self)
        other.network = network
        changed = [name for name in names if not self.leads_alike(name, network)]
        new = [e for e in entries if e not in self.nodes and not self.leaves_out(e)]
        if changed or new:
            other._lead_anew(self, changed, new)
        return other

    def _lead_anew(self, before: Graph, changed: Sequence[str], new: Iterable[str]) -> None:
        """Take nodes' ways out for what they are in this network, and add all that is new there.

        What nothing leads to any more stays: nothing comes there.
        """
        self.nodes, self.into = dict(before.nodes), dict(before.into)
        self.answered_from, self.translating = dict(before.answered_from), dict(before.translating)
        self._put_back, self._rewritten = dict(before._put_back), set(before._rewritten)
        gone, own = frozenset(changed), set[int]()
        for name in changed:
            self._own_lists(before.network, name, own, gone)
        queue = deque((*changed, *new))
        for name in new:
            self.nodes[name] = len(self.nodes)
        while queue:
            name = queue.popleft()
            self._own_lists(self.network, name, own, gone)
            for each in self._out_of(name):
                if each not in self.nodes and not self.leaves_out(each):
                    self.nodes[each] = len(self.nodes)
                    queue.append(each)

    def _own_lists(self, network: Network, name: str, own: set[int], gone: frozenset[str]) -> None:
        """Lists that a node's ways are told in, without those of nodes that are told anew, and no
        longer another graph's."""
        edges: list[tuple[dict[str, list[Edge]], str]] = []
        for stage in network.node(name).stages:
            edges += ((self.into, target) for target, _, _ in ways(stage))
            if isinstance(stage, Deliver):
                edges.append((self.answered_from, stage.reply))
            if isinstance(stage, Translate) and stage.session in self.translating:
                told = self.translating[stage.session]
                if id(told) not in own:
                    left = self.translating[stage.session] = [t for t in told if t[0] not in gone]
                    own.add(id(left))
        for lists, target in edges:
            told_edges = lists.get(target)
            if told_edges is not None and id(told_edges) not in own:
                fresh = lists[target] = [edge for edge in told_edges if edge.node not in gone]
                own.add(id(fresh))

    def ordered(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of some nodes that are in the graph, in an order that does not depend on it."""
        return tuple(sorted({name for name in names if name in self.nodes}))

    def answers(self, name: str) -> Iterable[Edge]:
        """From where a flow is delivered whose reply begins at a node."""
        return self.answered_from.get(name, ())

    def leads_alike(self, name: str, network: Network) -> bool:
        """Whether a node of another network leads on as the one of this graph does."""
        one, other = self.network.node(name).stages, network.node(name).stages
        return [_leads(stage) for stage in one] == [_leads(stage) for stage in other]

    def _out_of(self, name: str) -> list[str]:
        onward: list[str] = []
        for number, stage in enumerate(self.network.node(name).stages):
            for target, match, session in ways(stage):
                self.into.setdefault(target, []).append(Edge(name, number, match, session))
                onward.append(target)
            if isinstance(stage, Deliver):
                edge = Edge(name, number, ANYTHING, "")
                self.answered_from.setdefault(stage.reply, []).append(edge)
                onward.append(stage.reply)
            if isinstance(stage, Translate):
                self._rewritten |= {r.field for case in stage.cases for r in case.rewrites}
            if isinstance(stage, Translate) and stage.session:
                self.translating.setdefault(stage.session, []).append((name, number))
                fields = self._put_back.get(stage.session, frozenset())
                self._put_back[stage.session] = fields | rewritten(stage)
        return onward

    def matter_to_replies(
        self, spots: Mapping[str, Iterable[Spot]], senders: Mapping[str, Iterable[str]]
    ) -> dict[str, tuple[Spot, ...]]:
        """The spots without those of filters that remember every flow whose reply comes by.

        ``senders`` are the nodes where the flows of each owner start.
        """
        found = {}
        for name, each in spots.items():
            left = tuple(
                spot
                for spot in each
                if self._may_answer(spot.space) and not self._remembers(name, spot, senders)
            )
            if left:
                found[name] = left
        return found

    def _may_answer(self, space: HeaderSpace) -> bool:
        """Whether a reply can be so: of ICMP only some messages are answers, and stay what they
        are, as nothing rewrites that."""
        protocols, kinds = space.by_name.get("protocol"), space.by_name.get("icmp_type")
        if protocols is None or kinds is None or not self._rewritten.isdisjoint(_MESSAGE):
            return True
        if protocols - Ranges.of(*ICMP_ANSWERS):
            return True
        asked = (table for number, table in ICMP_ANSWERS.items() if number in protocols)
        return any(answer in kinds for table in asked for answer in table.values())

    def _remembers(self, name: str, spot: Spot, senders: Mapping[str, Iterable[str]]) -> bool:
        """Whether a reply that comes to a filter is of a flow that passed one of its session.

        A reply that begins at this node is, if the flow was delivered behind such a filter.  One
        that ends here is home, so its flow began at the owner's, and left by such a filter.  One
        that a session takes from here is of a flow that was translated, and went by such a filter.
        """
        stages = self.network.node(name).stages
        stage = stages[spot.stage]
        if not isinstance(stage, Filter) or not stage.session:
            return False
        if not self.into.get(name):
            ends = (self.network.node(edge.node) for edge in self.answered_from.get(name, ()))
            return all(_filtered(end.stages, stage.session) for end in ends)
        last = stages[-1]
        ends_here = isinstance(last, Deliver) and all(
            isinstance(each, Filter) or self._is_of_flows_by(each, stage.session)
            for each in stages[spot.stage : -1]
        )
        if not isinstance(last, Deliver) or not ends_here:
            return False
        begun = tuple(senders.get(last.owner, ()))
        return all(self._leaves_by(each, stage.session, name) for each in begun)

    def _is_of_flows_by(self, stage: Stage, session: str) -> bool:
        """Whether a stage leads on nothing but replies of flows that passed a filter of a session,
        as they were when they did: nothing rewrites them between the translation and the filter."""
        if not isinstance(stage, Forward) or stage.otherwise is not None:
            return False
        return all(
            self._goes_by(name, number + 1, session, _FEW_NODES)
            for route in stage.routes
            for name, number in self.translating.get(route.session, ())
        ) and all(route.session for route in stage.routes)

    def _goes_by(self, name: str, first: int, session: str, most: int) -> bool:
        """Whether all that goes on from a stage passes a filter of a session unchanged."""
        for stage in self.network.node(name).stages[first:] if most else ():
            match stage:
                case Filter():
                    if stage.session == session:
                        return True
                case Translate() if only_says_who(stage):
                    pass
                case Forward() if stage.otherwise is not None:
                    return all(
                        self._goes_by(target, 0, session, most - 1) for target, _, _ in ways(stage)
                    )
                case _:
                    return False
        return False

    def _leaves_by(self, start: str, session: str, home: str) -> bool:
        """Whether all that starts somewhere passes a filter of a session, or is answered by a way
        that does not come to ``home``."""
        for stage in self.network.node(start).stages:
            if isinstance(stage, Filter) and stage.session == session:
                return True
            for target, _, _ in ways(stage):
                if self._may_come_back(target, home):
                    return False
        return False

    def _may_come_back(self, target: str, home: str) -> bool:
        there = self._onward(target)
        if there is None:
            return True
        for name in there:
            for stage in self.network.node(name).stages:
                if isinstance(stage, Deliver) and not stage.inside:
                    back = self._onward(stage.reply)
                    if back is None or home in back:
                        return True
        return False

    def _onward(self, name: str) -> dict[str, None] | None:
        """All nodes that something can go on to; None if they are many."""
        found: dict[str, None] = {}
        queue = deque((name,))
        while queue:
            at = queue.popleft()
            if at not in found:
                if len(found) == _FEW:
                    return None
                found[at] = None
                onward = (w for stage in self.network.node(at).stages for w in ways(stage))
                queue.extend(target for target, _, _ in onward)
        return found

    def entering(self, wanted: Mapping[str, Iterable[Spot]], *, reply: bool) -> dict[str, Spaces]:
        """By node the headers that may come to a wanted spot of it."""
        return {
            name: bounded(
                space for spot in spots for space in self._preimage(name, spot, reply=reply)
            )
            for name, spots in wanted.items()
        }

    def _preimage(self, name: str, spot: Spot, *, reply: bool) -> Spaces:
        return preimage(self.network.node(name), spot, reply=reply, put_back=self._put_back)

    def destinations(self, nodes: Iterable[str]) -> Iterator[int]:
        """Addresses for which the ways into some nodes are, the first of each block of them."""
        found: set[int] = set()
        for name in nodes:
            for edge in self.into.get(name, ()):
                ends = edge.match.by_name.get("destination")
                if ends is not None:
                    found.update(low for low, _ in ends.intervals[:_TRIED])
        yield from sorted(found)


def _filtered(stages: tuple[Stage, ...], session: str) -> bool:
    """Whether all that a node delivers passed a filter of a session, or never left its sender."""
    last = stages[-1]
    if isinstance(last, Deliver) and last.inside:
        return True
    return isinstance(last, Deliver) and any(
        isinstance(each, Filter) and each.session == session for each in stages
    )


def ways(stage: Stage) -> Iterable[tuple[str, HeaderSpace, str]]:
    """The nodes that a stage sends to, with the headers that it does."""
    match stage:
        case Forward():
            return [(r.next, r.match, r.session) for r in stage.routes if r.next]
        case Choose():
            return [(option.next, ANYTHING, "") for option in stage.options]
        case Filter() | Translate() | Restore() | Deliver() | Unmodelled():
            return ()
        case _:
            assert_never(stage)


def _leads(stage: Stage) -> tuple[object, ...]:
    """How a stage leads on, there and by the reply, and what it rewrites."""
    if isinstance(stage, Translate):
        return stage.session, rewritten(stage)
    return (*ways(stage), stage.reply if isinstance(stage, Deliver) else "")
