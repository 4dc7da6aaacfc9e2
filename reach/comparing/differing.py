"""Nodes that differ, the starts that can come by one of them, and the flows that get further.

    Differing.of(pair)    differing.further(pair, ...) -> Found

Composes the last three stages for one direction.  Must not know AWS, rendering, nor why the
networks differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from reach.aim import Start
from reach.comparing.aligned import Pair
from reach.comparing.backwards import coming
from reach.comparing.coming import Graph
from reach.comparing.flows import Found, Search, Senders, Wanted, senders
from reach.comparing.leaping import Starts
from reach.comparing.nodes import Apart, Spot, anything, bounded, more, same
from reach.comparing.sweeping import swept, swept_new, was_sent
from reach.flood import minus, uncovered
from reach.lower import Ground
from reach.network.header_space import ANYTHING, HeaderSpace
from reach.network.node import Network
from reach.network.stage import Restore, Translate
from reach.resolve import every_packet, everyone, everywhere, of_newcomers
from reach.sets.through import Counted
from solver import Backend

_DEPTH = 3  # so far it is looked whether nodes that are called otherwise do the same


@dataclass(frozen=True)
class Differing:
    """The nodes of two networks, and where the second does more than the first, and the reverse."""

    graphs: tuple[Graph, Graph]
    more: Mapping[str, tuple[Spot, ...]]
    less: Mapping[str, tuple[Spot, ...]]

    @staticmethod
    def of(pair: Pair) -> Differing:
        """The nodes of both, compared: all of them, or those made of what was edited."""
        before, names = _graph(pair.before), pair.made_of_edits
        if names is None:
            after = _graph(pair.after)
        else:
            # Where others are come to, one of these has led there: it differs itself.
            names = known = before.ordered(names)
            begun = (start.node for start in everywhere(pair.after))
            after = pair.after.own("graph", lambda: before.on(pair.after.network, known, begun))
        more, less = more_of(before, after, names), more_of(after, before, names)
        return Differing((before, after), more, less)

    @property
    def turned(self) -> Differing:
        return Differing((self.graphs[1], self.graphs[0]), self.less, self.more)

    def further(
        self,
        pair: Pair,
        *,
        two_way: bool,
        backend: Backend,
        most: int,
        besides: Iterable[Start] = (),
        effort: int | None = None,
    ) -> Found:
        """The flows that get further after than before, ``besides`` those of some starts."""
        graph = self.graphs[1]
        sent = known(pair.before)
        back = graph.matter_to_replies(self.more, beginning(pair.after)) if two_way else {}
        begun = coming(graph, self.more, back)
        new = new_starts(pair)
        others = [
            replace(start, space=met)
            for start in _begun_at(pair.after, begun.by)
            for space in begun.by[start.node]
            if not (met := start.space & space.without("identity")).is_empty
        ]
        fresh = tuple(_without(every_packet(dict.fromkeys(new)), besides))
        passing = _without(every_packet(dict.fromkeys(_sent_before(others, sent))), besides)
        networks = pair.before.network, pair.after.network
        counted = Counted(
            graph.entering(self.more, reply=False),
            graph.entering(back, reply=True),
            (begun.by, begun.answering),
        )
        told = swept(networks, tuple(dict.fromkeys(passing)), sent, counted, two_way)
        anew = swept_new(pair.after.network, fresh, two_way)
        starts = dict.fromkeys((*anew.rest, *told.rest))
        wanted = Wanted(
            counted.forward,
            counted.reply,
            frozenset(anew.rest),
            tuple(graph.destinations(self.more)),
            inside(pair.after),
            # What is new may be anywhere, and without starts nobody asks.
            begun.region() if starts and not anew.rest else None,
        )
        search = Search(*networks, tuple(starts), sent, wanted, backend, two_way, most, effort)
        search.tell((*anew.gained, *told.gained))
        return search.given_up(anew.reason) if anew.reason else search.found()


def known(ground: Ground) -> Senders:
    """What each sender sends."""
    return ground.memo("what senders send", lambda: senders(everywhere(ground)))


def beginning(ground: Ground) -> Mapping[str, Sequence[str]]:
    """The nodes where the flows of each owner start."""

    def make() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for start in everywhere(ground):
            found.setdefault(start.owner, []).append(start.node)
        return found

    return ground.memo("where owners start", make)


def _begun_at(ground: Ground, nodes: Iterable[str]) -> list[Start]:
    """The starts at some nodes, in the order of all."""
    starts = starts_of(ground)
    return [starts.all[n] for n in sorted(n for node in nodes for n in starts.at.get(node, ()))]


def starts_of(ground: Ground) -> Starts:
    """All starts, to be found by where they are and what they send."""
    return ground.memo("starts to be found", lambda: Starts(everywhere(ground)))


def inside(ground: Ground) -> frozenset[str]:
    """Where interfaces start."""

    def make() -> frozenset[str]:
        come = of_newcomers(ground, ground.newcomers)
        return frozenset(start.node for start in (*everyone(ground)[0].starts, *come))

    return ground.memo("starts inside", make)


def new_starts(pair: Pair) -> list[Start]:
    """What starts after, and did not before."""
    if everywhere(pair.before) is everywhere(pair.after):
        return []
    same, sent = frozenset(everywhere(pair.before)), known(pair.before)
    return [
        replace(start, space=rest)
        for start in everywhere(pair.after)
        if start not in same
        for rest in uncovered(start.space, sent.get((start.node, start.owner), ()))
    ]


def sent_in_both(pair: Pair, starts: Iterable[Start]) -> Iterable[Start]:
    """What is sent in both networks of some starts of either."""
    if everywhere(pair.before) is everywhere(pair.after):
        return starts
    return _sent_before(_sent_before(starts, known(pair.after)), known(pair.before))


def _sent_before(starts: Iterable[Start], sent: Senders) -> Iterator[Start]:
    """What was sent before of some starts: all else is new."""
    for start in starts:
        if was_sent(start, sent):
            yield start
            continue
        met = (start.space & each for each in sent.get((start.node, start.owner), ()))
        yield from (replace(start, space=both) for both in met if not both.is_empty)


def _graph(ground: Ground) -> Graph:
    def make() -> Graph:
        return Graph(ground.network, dict.fromkeys(start.node for start in everywhere(ground)))

    return ground.own("graph", make)


def more_of(
    before: Graph, after: Graph, names: Iterable[str] | None = None
) -> dict[str, tuple[Spot, ...]]:
    found = {}
    apart = _apart(before.network, after.network)
    for name in after.nodes if names is None else names:
        there = before.network.node(name) if name in before.nodes else None
        spots = more(there, after.network.node(name), apart)
        if spots:
            found[name] = spots
    return found


def _apart(one: Network, other: Network) -> Apart:
    """What two nodes may do otherwise with of which one network leads to the first where the other
    one leads to the second: as far as they only filter and forward, and what these lead to."""
    apart: Apart = anything
    for _ in range(_DEPTH):
        apart = _one_deeper(one, other, apart)
    return apart


def _one_deeper(one: Network, other: Network, beyond: Apart) -> Apart:
    @cache
    def apart(mine: str, others: str) -> Iterable[HeaderSpace]:
        if not others:
            return ()  # dropped in the second network: no more than in the first
        if not mine:
            return (ANYTHING,)
        nodes = one.node(mine), other.node(others)
        if any(isinstance(stage, Translate | Restore) for node in nodes for stage in node.stages):
            return () if same(*nodes) else (ANYTHING,)
        return bounded(spot.space for spot in more(*nodes, beyond))

    return apart


def _without(starts: Iterable[Start], asked: Iterable[Start]) -> Iterator[Start]:
    """The starts without what was asked about."""
    left_out = tuple(asked)
    for start in starts:
        left = [start.space]
        for each in left_out:
            if each.node == start.node:
                left = [rest for space in left for rest in minus(space, each.space)]
        yield from (replace(start, space=space) for space in left)
