"""The same as :mod:`reach.comparing.differing` where little was edited: at a cost of its own size.

    near(pair) -> Near or None        near.further(pair, ...) -> Found or None

For rules of security groups and entries of network ACLs.  The nodes made of them are told without
making all others, who can come by is looked up instead of walked to, and of what starts there sets
rule out most; what is left is for the solver, as ever.  Wherever that is not certain, or would not
be little, there is None, and everything is compared.

Must not know rendering, nor why the networks differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reach.comparing.aligned import Pair
from reach.comparing.differing import beginning, inside, known, more_of, starts_of
from reach.comparing.flows import Found, Search, Wanted
from reach.comparing.leaping import Starts, leap
from reach.comparing.nodes import Spot, differ_in_filters
from reach.comparing.passing import passes
from reach.comparing.skeleton import NotPlain, Skeleton, skeleton
from reach.interfaces.plain import plain
from reach.lower import Ground
from reach.resident import Reads
from reach.resolve import every_packet, everywhere
from reach.snapshot.records import NetworkAcl, SecurityGroup
from solver import Backend

_KINDS = frozenset({SecurityGroup, NetworkAcl})


def warmed(ground: Ground) -> Ground:
    """A ground with what every comparison reads off it: its skeleton, and who sends what."""
    skeleton(ground)
    starts_of(ground)
    known(ground)
    beginning(ground)
    inside(ground)
    return ground


@dataclass(frozen=True)
class Near:
    """The skeletons of two networks, and where the second does more than the first, and the
    reverse."""

    skeletons: tuple[Skeleton, Skeleton]
    more: Mapping[str, tuple[Spot, ...]]
    less: Mapping[str, tuple[Spot, ...]]
    starts: Starts

    @property
    def turned(self) -> Near:
        skeletons = (self.skeletons[1], self.skeletons[0])
        return replace(self, skeletons=skeletons, more=self.less, less=self.more)

    def further(self, pair: Pair, *, two_way: bool, backend: Backend, most: int) -> Found | None:
        """The flows that get further after than before; None if too many could."""
        if not self.more:
            return Found((), True)
        graph = self.skeletons[1]
        back = graph.matter_to_replies(self.more, beginning(pair.after)) if two_way else {}
        by = leap(graph, self.starts, self.more, back)
        if by is None:
            return None
        numbers = sorted(number for node in by for number in self.starts.at.get(node, ()))
        begun = (self.starts.all[number] for number in numbers)
        coming = dict.fromkeys(
            replace(start, space=met)
            for start in begun
            for space in by[start.node]
            if not (met := start.space & space.without("identity")).is_empty
        )
        forward = graph.entering(self.more, reply=False)
        reply = graph.entering(back, reply=True)
        networks = pair.before.network, pair.after.network
        starts = tuple(
            start
            for start in dict.fromkeys(every_packet(coming))
            if passes(networks[1], start, forward, reply, two_way=two_way)
        )
        ends = tuple(graph.destinations(self.more))
        wanted = Wanted(forward, reply, ends=ends, inside=inside(pair.after))
        search = Search(*networks, starts, known(pair.before), wanted, backend, two_way, most)
        return search.found()


def near(pair: Pair) -> Near | None:
    """Both skeletons, and the nodes made of what was edited."""
    edits = pair.edits
    if edits is None or any(kind not in _KINDS for kind, _ in edits):
        return None
    if everywhere(pair.before) is not everywhere(pair.after):
        return None
    try:
        return _compared(pair, edits)
    except NotPlain:
        return None


def _compared(pair: Pair, edits: Reads) -> Near | None:
    before = skeleton(pair.before)
    names = _made_of(pair, edits, before)
    network = pair.after.network
    alike = (
        before.leads_alike(name, network)
        and differ_in_filters(before.network.node(name), network.node(name))
        for name in names
    )
    if not all(alike):
        return None
    after = pair.after.own("skeleton", lambda: before.on(network))
    more, less = more_of(before, after, names), more_of(after, before, names)
    return Near((before, after), more, less, starts_of(pair.before))


def _made_of(pair: Pair, edits: Reads, known: Skeleton) -> tuple[str, ...]:
    """The nodes made of what was edited: those that were made so far, and plain hosts' own."""
    hosts = plain(pair.before)
    groups = sorted(name for kind, name in edits if kind is SecurityGroup and name)
    told = dict.fromkeys(hosts.reading(groups))
    made = pair.made_of_edits or ()
    families = {hosts.family(name) for name in told}
    if any(_is_other(hosts.family(name), families) for name in made):
        raise NotPlain("a host's node is made of rules that it was not told to be")
    known.expand(told)
    return known.ordered((*told, *made))


def _is_other(family: str, families: Iterable[str]) -> bool:
    return bool(family) and family not in families
