"""Nodes that differ, the starts that can come by one of them, and the flows that get further.

    Differing.of(pair)    differing.further(pair, ...) -> Found

Composes the last three stages for one direction.  Must not know AWS, rendering, nor why the
networks differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reach.aim import Start
from reach.comparing.aligned import Pair
from reach.comparing.coming import Graph
from reach.comparing.flows import Found, Search, Wanted, senders
from reach.comparing.nodes import Spot, more
from reach.flood import minus, uncovered
from reach.lower import Ground
from reach.resolve import every_packet, everyone, everywhere
from solver import Backend


@dataclass(frozen=True)
class Differing:
    """The nodes of two networks, and where the second does more than the first, and the reverse."""

    graphs: tuple[Graph, Graph]
    more: Mapping[str, tuple[Spot, ...]]
    less: Mapping[str, tuple[Spot, ...]]

    @staticmethod
    def of(pair: Pair) -> Differing:
        """Every node of both, compared."""
        graphs = _graph(pair.before), _graph(pair.after)
        return Differing(graphs, _more(*graphs), _more(*reversed(graphs)))

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
    ) -> Found:
        """The flows that get further after than before, ``besides`` those of some starts."""
        graph = self.graphs[1]
        known = senders(everywhere(pair.before))
        beginning: dict[str, list[str]] = {}
        for start in everywhere(pair.after):
            beginning.setdefault(start.owner, []).append(start.node)
        back = graph.matter_to_replies(self.more, beginning) if two_way else {}
        coming = graph.coming(self.more, back)
        new: list[Start] = []
        others: list[Start] = []
        for start in everywhere(pair.after):
            sent = known.get((start.node, start.owner), ())
            new += [replace(start, space=rest) for rest in uncovered(start.space, sent)]
            for space in coming.get(start.node, ()):
                others.append(replace(start, space=start.space & space.without("identity")))
        fresh = tuple(_without(every_packet(dict.fromkeys(new)), besides))
        passing = _without(every_packet(dict.fromkeys(others)), besides)
        starts = dict.fromkeys((*fresh, *passing))
        wanted = Wanted(
            graph.entering(self.more, reply=False),
            graph.entering(back, reply=True),
            frozenset(fresh),
            tuple(graph.destinations(self.more)),
            frozenset(start.node for start in everyone(pair.after)[0].starts),
        )
        networks = pair.before.network, pair.after.network
        search = Search(*networks, tuple(starts), known, wanted, backend, two_way, most)
        return search.found()


def _graph(ground: Ground) -> Graph:
    def make() -> Graph:
        return Graph(ground.network, dict.fromkeys(start.node for start in everywhere(ground)))

    return ground.memo("graph", make)


def _more(before: Graph, after: Graph) -> dict[str, tuple[Spot, ...]]:
    found = {}
    for name in after.nodes:
        known = before.network.node(name) if name in before.nodes else None
        spots = more(known, after.network.node(name))
        if spots:
            found[name] = spots
    return found


def _without(starts: Iterable[Start], asked: Iterable[Start]) -> Iterator[Start]:
    """The starts without what was asked about."""
    left_out = tuple(asked)
    for start in starts:
        left = [start.space]
        for each in left_out:
            if each.node == start.node:
                left = [rest for space in left for rest in minus(space, each.space)]
        yield from (replace(start, space=space) for space in left)
