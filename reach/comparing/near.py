"""The same as :mod:`reach.comparing.differing` where little was edited: at a cost of its own size.

    near(pair) -> Near or None        near.further(pair, ...) -> Found or None

For whatever can be edited alone (:mod:`reach.editable`): rules of security groups, entries of
network ACLs and of prefix lists, routes, peerings, gateways, lines and what is attached to them,
what serves.  What starts may differ, but for what plain hosts send.  The nodes made of them are
told without making all others, who can come by is looked up instead of walked to, and of what
starts there sets rule out most; what is left is for the solver, as ever.  Wherever that is not
certain, or would not be little, there is None, and everything is compared.

Must not know rendering, nor why the networks differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from reach.aim import Start
from reach.comparing.aligned import Pair
from reach.comparing.arriving import arriving, of_flows
from reach.comparing.backwards import Coming, coming, told_briefly
from reach.comparing.coming import Spaces
from reach.comparing.differing import (
    beginning,
    inside,
    known,
    more_of,
    new_starts,
    sent_in_both,
    starts_of,
)
from reach.comparing.flows import Found, Search, Wanted
from reach.comparing.leaping import Come, Starts, by_many, is_of_few, leap
from reach.comparing.nodes import Spot, alike, bounded, permitted_more, same
from reach.comparing.passing import Effort, TooWideError, passes
from reach.comparing.receiving import Differing, receivers
from reach.comparing.skeleton import NotPlainError, Skeleton, skeleton
from reach.comparing.spots import Spots
from reach.comparing.sweeping import swept, swept_new
from reach.component import Loner
from reach.editable import MAPPED, SERVICES, Reads, edited_groups, home, joined_otherwise
from reach.interfaces.kinds import worn
from reach.interfaces.peers import naming
from reach.interfaces.plain import Plain, loner_nodes, own_filters, plain, standing_in
from reach.lower import Ground
from reach.network.address import ANY_IPV4, ANY_IPV6
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Action, Filter, Origin, Rule
from reach.resident import OUTSIDE
from reach.resolve import every_packet, everywhere
from reach.sets.through import Counted
from reach.snapshot.records import (
    ManagedPrefixListEntries,
    NetworkInterface,
    SecurityGroup,
    VpcPeeringConnection,
)
from solver import Backend

_MANY = 100  # of what starts at more nodes it is looked which ways it can come
_MANY_BY = 1000  # and at more than that even of what is between few addresses
_TOO_MANY = 1000  # where nobody looked, and much may be sent elsewhere, that much is not pushed on
_MOST, _EACH = 30_000, 20  # so many sets are pushed on at least, and for each node told of
# Of what hosts' own rules are made.
_OF_HOSTS = (SecurityGroup, ManagedPrefixListEntries, NetworkInterface)
_FEW_ADDRESSES = 64 << 96  # of what is to or from that few it is looked up who sends it
_ENDS = frozenset({"source", "destination"})
_FEW_ENDS = 16  # addresses to which it is walked back, for who has a way there
_LETS_NONE = Filter((), Rule(ANYTHING, Action.DENY, Origin("", "")))
_LETS_ALL = Filter((), Rule(ANYTHING, Action.PERMIT, Origin("", "")))
# What is read of interfaces on the way: by gateways, and by what serves.
_ON_THE_WAY: Reads = frozenset({OUTSIDE, (NetworkInterface, SERVICES), (NetworkInterface, MAPPED)})
_ITSELF = "itself"
_TO = ("admit", _ITSELF)  # parts of a node to which what is sent is for the interface
_FAMILIES = tuple(
    HeaderSpace.where(source=Ranges.prefixes((ends,)), destination=Ranges.prefixes((ends,)))
    for ends in (ANY_IPV4, ANY_IPV6)
)


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
    """Two networks' skeletons, and where the second may do more than the first, and the reverse.

    ``made`` are nodes made of what was edited, ``told`` those of plain hosts of which it is only
    known that they are; ``opened`` and ``shut`` is what comes to these.  ``between``: what was
    edited is on the way, and not only hosts' rules.
    """

    skeletons: tuple[Skeleton, Skeleton]
    made: tuple[str, ...]
    told: frozenset[str]
    opened: tuple[Come, ...]
    shut: tuple[Come, ...]
    starts: Starts
    between: bool

    @property
    def turned(self) -> Near:
        skeletons = (self.skeletons[1], self.skeletons[0])
        return replace(self, skeletons=skeletons, opened=self.shut, shut=self.opened)

    def further(self, pair: Pair, *, two_way: bool, backend: Backend, most: int) -> Found | None:
        """The flows that get further after than before; None if too many could."""
        try:
            return self._further(pair, two_way, backend, most)
        except (NotPlainError, TooWideError):
            return None

    def _further(self, pair: Pair, two_way: bool, backend: Backend, most: int) -> Found | None:
        before, graph = self.skeletons
        differ = more_of(before, graph, self.made)
        back = graph.matter_to_replies(differ, beginning(pair.after)) if two_way else {}
        more = arriving(graph, of_flows(differ), reply=False)
        back = arriving(graph, back, reply=True)
        new = tuple(every_packet(new_starts(pair)))
        if not more and not back and not self.opened and not new:
            return Found((), True)
        by, within = None, None
        # To or from few it is looked up who sends, were they many: walked back all ways meet.
        few = bool(more or back) and not self.opened and _are_of_few(more) and _are_of_few(back)
        if not (self.between and _says_nothing_of_ends(more)):
            nodes = _MANY_BY if self.between and not few else None
            by = self._come_from(pair.after, more, back, nodes)
        if by is None or (not few and len(by) > _MANY and not _are_between_few(by)):
            if self.between:
                come = _walked(graph, more, back)
                own = leap(graph, self.starts, {}, {}, self.opened) if self.opened else {}
                if own is None:
                    return None
                by = _joined(_begun_by(graph, come.by), own)
                within = None if self.opened else _Within.both(graph, come)
            elif by is None or (len(by) > _TOO_MANY and _reroutes(graph, more)):
                return None
        forward = Spots(self.skeletons, more, self.told)
        reply = graph.entering(back, reply=True)
        network = pair.after.network
        effort = Effort(max(_MOST, len(self.starts.all), _EACH * len(self.told)))
        anew = swept_new(network, new, two_way)
        starts = [*anew.rest]
        begun = tuple(dict.fromkeys(every_packet(sent_in_both(pair, self._begun(by)))))
        networks = pair.before.network, network
        counted = Counted(forward, reply, within)
        what = Differing(self.told, self.made, more, back, self.between)
        alike = receivers(pair, what) if within is None else (None, None)
        told = swept(networks, begun, known(pair.before), counted, two_way, alike)
        for start in told.rest:
            found = passes(network, start, forward, reply, effort, two_way=two_way)
            if found is None:
                forward.look_at_all()
            if found is not False:
                starts.append(start)
        ends = tuple(graph.destinations(forward.found)) if starts else ()
        been = None if anew.rest else effort.region  # what is new may be anywhere
        region = (
            None if been is None else {n: bounded(map(told_briefly, s)) for n, s in been.items()}
        )
        fresh = frozenset(anew.rest)
        wanted = Wanted(forward, reply, fresh, ends, inside(pair.after), region)
        search = Search(*networks, starts, known(pair.before), wanted, backend, two_way, most)
        search.tell((*anew.gained, *told.gained))
        return search.given_up(anew.reason) if anew.reason else search.found()

    def _come_from(
        self,
        ground: Ground,
        more: Mapping[str, tuple[Spot, ...]],
        back: Mapping[str, tuple[Spot, ...]],
        nodes: int | None,
    ) -> Mapping[str, Spaces] | None:
        """Where flows start that come so; what many may send to very few is walked back from these:
        from most of the many no way leads there."""
        graph = self.skeletons[1]
        spots: dict[str, list[Spot]] = {}
        others: list[Come] = []
        for come in self.opened:
            many = by_many(graph, self.starts, come, _MANY)
            ends = _ends(ground, come) if many else ()
            for node in ends:
                spots.setdefault(node, []).append(Spot(0, come.space.without("identity")))
            if not ends:
                others.append(come)
        # Of what many do on the way it is walked back anyway: who they all are is not looked up.
        by = leap(graph, self.starts, more, back, others, nodes)
        if by is None or not spots:
            return by
        walked = _begun_by(graph, coming(graph, spots, {}).by)
        return _joined(by, walked)

    def _begun(self, by: Mapping[str, Spaces]) -> Iterable[Start]:
        """The starts at some nodes, in their order, each with the headers that can come by."""
        numbers = sorted(number for node in by for number in self.starts.at.get(node, ()))
        begun = (self.starts.all[number] for number in numbers)
        return dict.fromkeys(
            replace(start, space=met)
            for start in begun
            for space in by[start.node]
            if not (met := start.space & space.without("identity")).is_empty
        )


def _ends(ground: Ground, come: Come) -> tuple[str, ...]:
    """The nodes that receive what comes from anywhere, if it is for very few."""
    wanted, index = come.space.by_name.get("destination"), ground.index
    if come.nodes is not None or wanted is None:
        return ()
    few = tuple(islice(index.addresses_within(wanted), _FEW_ENDS + 1))
    owners = tuple(dict.fromkeys(one for each in few for one in index.owner_of_address(each)))
    if len(few) > _FEW_ENDS or not wanted.lies_in(index.addresses_of(owners)):
        return ()
    return tuple(dict.fromkeys(map(ground.interface_node, owners)))


def _says_nothing_of_ends(spots: Mapping[str, Iterable[Spot]]) -> bool:
    """Whether something is let pass or sent elsewhere from whomever to whomever."""
    return any(
        spot.space.by_name.keys().isdisjoint(_ENDS) for each in spots.values() for spot in each
    )


def _are_of_few(spots: Mapping[str, Iterable[Spot]]) -> bool:
    """Whether all that differs is to or from some addresses, and these are few."""
    return all(
        any(own.count <= _FEW_ADDRESSES for side in _ENDS if (own := spot.space.by_name.get(side)))
        for each in spots.values()
        for spot in each
    )


def _are_between_few(by: Mapping[str, Spaces]) -> bool:
    """Whether all that comes by is from few addresses to few: it does not go far."""
    return all(is_of_few(space) for spaces in by.values() for space in spaces)


def _reroutes(graph: Skeleton, spots: Mapping[str, Iterable[Spot]]) -> bool:
    """Whether anything may be sent elsewhere, and not only let pass."""
    return any(
        not isinstance(graph.network.node(name).stages[spot.stage], Filter)
        for name, each in spots.items()
        for spot in each
    )


def _begun_by(graph: Skeleton, by: Mapping[str, Spaces]) -> Mapping[str, Spaces]:
    """Where flows start that come so to nodes of a skeleton."""
    found: dict[str, Spaces] = {}
    for name, spaces in by.items():
        for node in graph.beginning_by(name):
            found[node] = bounded((*found[node], *spaces)) if node in found else spaces
    return found


def _walked(
    graph: Skeleton, more: Mapping[str, tuple[Spot, ...]], back: Mapping[str, tuple[Spot, ...]]
) -> Coming:
    """Who comes by.  Where some places say who sends and others to whom, those that say the same
    are walked back from by themselves, of flows and of replies: together they would say nothing of
    either."""
    sides = {name: _sides(each) for name, each in {**back, **more}.items()}
    pieces = dict.fromkeys(sides.values())
    if len(pieces) < 2:
        return coming(graph, more, back)
    found = []
    for piece in pieces:
        flows, replies = (
            {name: each for name, each in some.items() if sides[name] == piece}
            for some in (more, back)
        )
        found += [coming(graph, flows, {}), coming(graph, {}, replies)]
    return Coming(
        _joined(*(each.by for each in found)),
        _joined(*(each.answering for each in found)),
        graph,
        tuple(seeds for each in found for seeds in each.seeds),
    )


def _sides(spots: Iterable[Spot]) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(_ENDS & spot.space.by_name.keys()) for spot in spots)


def _joined(*some: Mapping[str, Spaces]) -> Mapping[str, Spaces]:
    names = dict.fromkeys(name for each in some for name in each)
    return {name: bounded(space for each in some for space in each.get(name, ())) for name in names}


class _Within(Mapping[str, Spaces]):
    """The headers with which something can come, by node: any, to what is a plain host's own."""

    def __init__(self, graph: Skeleton, by: Mapping[str, Spaces]) -> None:
        self._graph, self._by = graph, by

    @staticmethod
    def both(graph: Skeleton, come: Coming) -> tuple[_Within, _Within]:
        """Of flows, and of replies."""
        return _Within(graph, come.by), _Within(graph, come.answering)

    def __getitem__(self, name: str) -> Spaces:
        if name not in self._by and self._graph.is_own(name):
            return (ANYTHING,)
        return self._by[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by)

    def __len__(self) -> int:
        return len(self._by)


def near(pair: Pair) -> Near | None:
    """Both skeletons, and the nodes made of what was edited."""
    edits = pair.edits
    if edits is None:
        return None
    begun = _begun_otherwise(pair)
    if any(plain(pair.before).family(node) for node in begun):
        return None
    try:
        return _compared(pair, edits, begun)
    except NotPlainError:
        return None


def _begun_otherwise(pair: Pair) -> frozenset[str]:
    """The nodes where something else starts."""
    one, other = everywhere(pair.before), everywhere(pair.after)
    if one is other or one == other:
        return frozenset()
    return frozenset(start.node for start in frozenset(one) ^ frozenset(other))


def _compared(pair: Pair, edits: Reads, begun: frozenset[str]) -> Near | None:
    """``begun``: the nodes where something else starts."""
    before, network = skeleton(pair.before), pair.after.network
    hosts = plain(pair.before)
    apart = [*_loners(pair)]
    groups = _edited(pair, hosts, edits)
    nodes = (node for each, _ in apart for node in loner_nodes(pair.before, each))
    told = frozenset((*hosts.reading(groups), *nodes))
    made: list[str] = []
    own: list[str] = []
    for name in pair.made_of_edits or ():
        (own if hosts.family(name) else made).append(name)
    known = _families(hosts, told, own)
    strays = (name for name in own if name not in told and hosts.family(name) not in known)
    # What earlier edits have taken from a host's rules its node was still made of at first.
    if not all(same(pair.before.network.node(n), network.node(n)) for n in strays):
        raise NotPlainError("a host's node is made of rules that it was not told to be")
    differing = _opened(pair, hosts, groups, told, apart)
    if differing is None:
        before.expand(told)
        made, told = [*made, *told], frozenset()
        differing = ((), ())
    names = before.ordered(made)
    later = before.on(network, names, sorted(begun))
    # Who comes there in one network alone has been led there by another node that differs.
    names = tuple(name for name in names if before.is_come_to(name) and later.is_come_to(name))
    after = pair.after.own("skeleton", lambda: later)
    between = (
        not (groups or apart)
        or not edits.isdisjoint(_ON_THE_WAY)
        or any(isinstance(kind, type) and kind not in _OF_HOSTS for kind, _ in edits)
    )
    return Near((before, after), names, told, *differing, starts_of(pair.before), between)


def _loners(pair: Pair) -> Iterator[tuple[Loner, Loner]]:
    """The interfaces that stand apart and differ, as they were and as they are."""
    for name in pair.loners:
        yield pair.before.loners[name], pair.after.loners[name]


def _edited(pair: Pair, hosts: Plain, edits: Reads) -> list[str]:
    """The groups whose rules say something else: they were edited, or name a list that was, or a
    group that somebody has put on or off, that has come or gone, or that is now meant elsewhere."""
    before = pair.before
    lists = {name for kind, name in edits if kind is ManagedPrefixListEntries and name}
    found = {
        group.group_id
        for group in (before.snapshot.records(SecurityGroup) if lists else ())
        for rule in (*group.ip_permissions, *group.ip_permissions_egress)
        if any(each.prefix_list_id in lists for each in rule.prefix_list_ids)
    }
    found.update(edited_groups(edits))
    worn = [name for kind, name in edits if kind is NetworkInterface]
    meant = [*worn, *(name for name in found if (SecurityGroup, home(name)) in edits)]
    named = naming(before) if meant else {}
    found.update(_meant_otherwise(pair, hosts, edits))
    return sorted(found.union(*(named.get(name, ()) for name in meant)))


def _meant_otherwise(pair: Pair, hosts: Plain, edits: Reads) -> Iterator[str]:
    """The groups that name others, and let others pass where VPCs are joined otherwise."""
    joined = joined_otherwise(edits)
    gone_by = {name for kind, name in edits if kind is VpcPeeringConnection and name}
    if not joined and not gone_by:
        return
    for group in pair.before.snapshot.records(SecurityGroup):
        over = {
            each.vpc_peering_connection_id
            for rule in (*group.ip_permissions, *group.ip_permissions_egress)
            for each in rule.user_id_group_pairs
        }
        if not over:
            continue
        vpcs, _ = hosts.wearing(group.group_id)
        places = vpcs if over & gone_by else vpcs & joined
        if not all(map(partial(_mean_the_same, pair, group.group_id), sorted(places))):
            yield group.group_id


def _mean_the_same(pair: Pair, group: str, vpc: str) -> bool:
    both = (own_filters(ground, (group,), vpc) for ground in (pair.before, pair.after))
    return all(alike(one, other) for (_, one), (_, other) in zip(*both, strict=True))


def _opened(
    pair: Pair,
    hosts: Plain,
    groups: Iterable[str],
    told: frozenset[str],
    apart: Iterable[tuple[Loner, Loner]],
) -> tuple[tuple[Come, ...], tuple[Come, ...]] | None:
    """What comes to plain hosts that the rules of their edited groups, or of the other groups that
    they wear, let pass in one network only: after, and before.  None where rules do not say it by
    themselves."""
    found: list[list[Come]] = [[], []]
    for part, nodes, own, both in (
        *_by_groups(pair, hosts, groups, told),
        *_by_interfaces(pair, apart),
    ):
        for (one, other), come in zip((both, both[::-1]), found, strict=True):
            spaces = permitted_more(one, other)
            if spaces is None:
                return None
            side = HeaderSpace.where(**{"destination" if part in _TO else "source": own})
            if part == "admit":
                come += (Come(s & side & f) for s in spaces for f in _FAMILIES)
            else:
                come += (Come(s & side, nodes) for s in spaces)
    opened, shut = (tuple(come for come in each if not come.space.is_empty) for each in found)
    return opened, shut


# A part of a node, the nodes that have it, whose addresses these are, and the filters there.
_Filters = tuple[str, tuple[str, ...], Ranges | None, tuple[Filter, Filter]]


def _by_groups(
    pair: Pair, hosts: Plain, groups: Iterable[str], told: frozenset[str]
) -> Iterator[_Filters]:
    for group in groups:
        if not all(
            ground.snapshot.get(SecurityGroup, group) for ground in (pair.before, pair.after)
        ):
            continue  # who wears it there is told of as one that stands apart
        vpcs, own = hosts.wearing(group)
        for vpc in sorted(vpcs):
            one, other = (dict(own_filters(g, (group,), vpc)) for g in (pair.before, pair.after))
            for part in one:
                nodes = tuple(sorted(n for n in told if n.endswith(f"/{part}")))
                yield part, nodes, own if part == "admit" else None, (one[part], other[part])


def _by_interfaces(pair: Pair, apart: Iterable[tuple[Loner, Loner]]) -> Iterator[_Filters]:
    for was, now in apart:
        nodes = loner_nodes(pair.before, was)
        one, other = (
            dict(own_filters(ground, worn(each.interface), standing_in(each.interface)))
            for ground, each in ((pair.before, was), (pair.after, now))
        )
        for part in one:
            yield from ((part, nodes, *each) for each in _held(was, now, one[part], other[part]))
        # Past its groups it reaches its host, and itself.
        for own, both in _held(was, now, _LETS_ALL, _LETS_ALL):
            yield from ((part, nodes, own, both) for part in ("send", _ITSELF))


def _held(
    was: Loner, now: Loner, one: Filter, other: Filter
) -> Iterator[tuple[Ranges, tuple[Filter, Filter]]]:
    """By the addresses that an interface had, or has, what two filters let pass where it has
    them."""
    for own, both in (
        (was.holds & now.holds, (one, other)),
        (was.holds - now.holds, (one, _shut(one))),
        (now.holds - was.holds, (_shut(other), other)),
    ):
        if own and both[0] is not both[1]:
            yield own, both


def _shut(own: Filter) -> Filter:
    """A filter that remembers the same, and lets nothing pass: then what the other one lets pass
    is told by its rules."""
    return replace(own, rules=(), otherwise=_LETS_NONE.otherwise)


def _families(hosts: Plain, told: frozenset[str], own: Iterable[str]) -> set[str]:
    """The families of the nodes that were told of, if anybody is not among these nodes."""
    return set() if told.issuperset(own) else {hosts.family(name) for name in told}
