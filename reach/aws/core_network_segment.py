"""Segments and network function groups of core networks: one route table at each edge location.

The longest prefix wins; of equal ones static routes, then VPCs of the same Region, then the rest;
what is equal even then is a *may* (R-CWAN-4).  What get-network-routes lists is believed.  Where it
is not there the table is worked out from the policy in force and the attachments: those of one
segment reach each other unless it isolates them (R-CWAN-2); a share exchanges routes to attachments
of two segments, not of a third, and each segment's filters decide what it takes (R-CWAN-3); static
routes stand in their own segment only.  ``send-to`` makes a default route to a function group,
``send-via`` puts one between segments: in one Region it is the group's attachment there; between
two, dual-hop goes by both, single-hop by the edge that an override names (R-CWAN-5).  A group with
no attachment there drops.  What the documentation leaves open is undecided: single-hop without an
override, segments both shared and sent via a group, routing policies.

Implements: R-CWAN-2 R-CWAN-3 R-CWAN-4 R-CWAN-5
Not modelled: path lengths of learned routes; what attachments other than of VPCs announce, where no
table is listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

from reach.component import Component, Lowering, node_name
from reach.gone import first, held
from reach.network.address import Prefix, is_ipv4
from reach.network.header_space import ANYTHING, to_prefix
from reach.network.stage import (
    FORGET,
    Choose,
    Forward,
    Option,
    Origin,
    Route,
    Stage,
    Unmodelled,
)
from reach.routing.core_attachments import attached, standing
from reach.snapshot.core_network_calls import ROUTES
from reach.snapshot.core_network_policy import (
    PolicyDocument,
    SegmentAction,
    override,
    read_policy,
    relation,
    segment_of,
    serves,
    takes,
)
from reach.snapshot.core_network_records import (
    CoreAttachment,
    CoreNetworkAttachment,
    CoreNetworkDestination,
    CoreNetworkPolicy,
    CoreNetworkRoute,
    CoreNetworkRoutes,
    group_domain,
    is_seen_whole,
    live_policy,
    segment_domain,
    table_key,
)
from reach.snapshot.index import vpc_blocks
from reach.snapshot.records import Vpc
from reach.snapshot.section import Section
from reach.states import CORE_ROUTE, may_work

_NAME = "core_network_segment"
_QUIET = Origin("", "")
_STATIC, _NEAR, _FAR = 0, 1, 2
_DEFAULTS = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class _Way:
    """Where a route may lead: an attachment, or the table of a domain at another edge."""

    attachment: str = ""
    domain: str = ""
    edge: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One route: several ways are a may, none drops it.  ``open`` says why nobody knows."""

    prefix: Prefix
    rank: int
    ways: tuple[_Way, ...]
    locator: str
    open: Origin | None = None
    state: str = "BLACKHOLE"


@dataclass(frozen=True, slots=True)
class _Contents:
    """The best candidates of each prefix, the longest first.

    ``more`` says what else the table may hold, ``nothing`` that it is not known at all.
    """

    best: tuple[_Candidate, ...] = ()
    more: Origin | None = None
    nothing: Origin | None = None


@dataclass(frozen=True)
class _Plan:
    """A core network: its policy, and its attachments that may pass packets, by domain."""

    id: str
    document: PolicyDocument
    attachments: Mapping[str, tuple[CoreAttachment, ...]]
    whole: bool

    @property
    def translated(self) -> Origin | None:
        """Where attachments translate addresses, the core network has routes for what they become
        (API, NetworkRoute: SYSTEM)."""
        words = "translates addresses (NatGatewaySupport), for which there may be routes"
        every = (each for of in self.attachments.values() for each in of if each.translates)
        return next((Origin(each.id, words, code="UNSUPPORTED_COMPONENT") for each in every), None)

    def of(self, domain: str, edge: str) -> tuple[CoreAttachment, ...]:
        there = self.attachments.get(domain, ())
        return tuple(each for each in there if each.about.edge_location == edge)


def _contents(lowering: Lowering, core_network_id: str, domain: str, edge: str) -> _Contents:
    key = table_key(core_network_id, domain, edge)
    make = partial(_read, lowering, core_network_id, domain, edge)
    return lowering.memo(f"{_NAME} {key}", make)


def _read(lowering: Lowering, core_network_id: str, domain: str, edge: str) -> _Contents:
    table = lowering.snapshot.get(CoreNetworkRoutes, table_key(core_network_id, domain, edge))
    if table is not None and table.next_token:
        words = f"{_of(domain)} at {edge} has more routes than the snapshot holds"
        return _Contents(nothing=Origin(core_network_id, words))
    if table is not None:
        return _as_listed(lowering, core_network_id, edge, table)
    document = _document(lowering, core_network_id)
    if document is None:
        words = f"the routes of {_of(domain)} at {edge} are not known"
        return _Contents(nothing=lowering.missing(CoreNetworkPolicy, core_network_id, words))
    if document.strange_word:
        words = f"what its policy does is not known: {document.strange_word}"
        return _Contents(nothing=Origin(core_network_id, words, code="UNKNOWN_RESOURCE"))
    if document.filters_routes:
        words = "routing policies filter its routes; only get-network-routes tells what they leave"
        return _Contents(nothing=Origin(core_network_id, words))
    plan = _plan(lowering, core_network_id)
    kind, _, name = domain.partition(":")
    make = _of_group if kind == "group" else _of_segment
    found, more = make(lowering, plan, name, edge)
    if more is None and not plan.whole:
        words = "what is attached to it is not fully known"
        more = lowering.missing(CoreNetworkAttachment, core_network_id, words)
    return _Contents(tuple(_best(found)), more or plan.translated)


def _of(domain: str) -> str:
    kind, _, name = domain.partition(":")
    return f"{'function group' if kind == 'group' else 'segment'} {name}"


def _document(lowering: Lowering, core_network_id: str) -> PolicyDocument | None:
    """The policy in force, as far as it is known and can be read."""

    def make() -> PolicyDocument | None:
        text = live_policy(lowering.snapshot, core_network_id)
        return None if text is None else read_policy(text)

    return lowering.memo(f"{_NAME} policy {core_network_id}", make)


def _plan(lowering: Lowering, core_network_id: str) -> _Plan:
    def make() -> _Plan:
        document = held(_document(lowering, core_network_id))
        found: dict[str, list[CoreAttachment]] = {}
        for each in attached(lowering).values():
            if each.core_network_id == core_network_id and standing(each.about.state):
                found.setdefault(each.domain, []).append(each)
        attachments = {domain: tuple(each) for domain, each in found.items()}
        whole = is_seen_whole(lowering.snapshot, core_network_id)
        return _Plan(core_network_id, document, attachments, whole)

    return lowering.memo(f"{_NAME} plan {core_network_id}", make)


# ------------------------------------------------------------------- as AWS lists them


def _as_listed(
    lowering: Lowering, core_network_id: str, edge: str, table: CoreNetworkRoutes
) -> _Contents:
    more = None
    found = []
    for route in table.network_routes:
        listed = route.prefix_list_id
        entries = lowering.index.prefix_list_entries(listed) if listed else ()
        if entries is None:
            words = f"routes {listed}, whose entries are not in the snapshot"
            more = more or Origin(core_network_id, words)
            continue
        shown = route.destination_cidr_block
        for block in (shown,) if shown else entries:
            found.append(_listed(lowering, core_network_id, edge, route, block))
    return _Contents(tuple(_best(found)), more)


def _listed(
    lowering: Lowering, core_network_id: str, edge: str, route: CoreNetworkRoute, block: str
) -> _Candidate:
    rank = _STATIC if route.type == "STATIC" else _NEAR
    locator = f"route {block}"
    prefix = Prefix.parse(block)
    if not may_work(route.state, CORE_ROUTE):
        return _Candidate(prefix, rank, (), locator, state=route.state)
    if route.state not in ("ACTIVE", "") or not route.destinations:
        odd = f"is in state {route.state!r}, which is none of AWS's"
        words = odd if route.destinations else "is active and has no destination"
        open_ = Origin(core_network_id, words, locator, "UNKNOWN_RESOURCE")
        return _Candidate(prefix, rank, (), locator, open_)
    ways: list[_Way] = []
    for each in route.destinations:
        led = _led(lowering, core_network_id, edge, each)
        if led is None:
            words = f"leads to {each.resource_id or 'a destination'}, which is not modelled"
            return _Candidate(prefix, rank, (), locator, Origin(core_network_id, words, locator))
        ways += led
    return _Candidate(prefix, rank, tuple(ways), locator)


def _led(
    lowering: Lowering, core_network_id: str, edge: str, each: CoreNetworkDestination
) -> list[_Way] | None:
    """Where one destination of a listed route leads; None: nobody knows."""
    if each.core_network_attachment_id:
        return [_Way(each.core_network_attachment_id, words=each.resource_id)]
    there = each.edge_location
    if each.network_function_group_name and there:
        domain = group_domain(each.network_function_group_name)
        members = [
            attachment
            for attachment in attached(lowering).values()
            if attachment.core_network_id == core_network_id
            and attachment.domain == domain
            and attachment.about.edge_location == there
        ]
        return [_Way(member.id, words=member.resource_id) for member in members] or None
    if each.segment_name and there and there != edge:
        return [_Way(domain=segment_domain(each.segment_name), edge=there)]
    return None


# ------------------------------------------------------------------- worked out: segments


def _of_segment(
    lowering: Lowering, plan: _Plan, name: str, edge: str
) -> tuple[list[_Candidate], Origin | None]:
    found, more = _static(plan, name, edge)
    found += _default(plan, name, edge)
    for domain, attachments in plan.attachments.items():
        kind, _, other = domain.partition(":")
        if kind != "segment":
            continue
        direct, vias = relation(plan.document, name, other)
        if not direct and not vias:
            continue
        for each in attachments:
            prefixes, unknown = _announced(lowering, each)
            more = more or unknown
            make = partial(_towards, plan, name, edge, each, direct, vias)
            found += [make(prefix) for prefix in prefixes]
    return found, more


def _static(plan: _Plan, name: str, edge: str) -> tuple[list[_Candidate], Origin | None]:
    """``create-route``: by the attachment of this edge, else by another's."""
    found: list[_Candidate] = []
    more: Origin | None = None
    attachments = {each.id: each for all_of in plan.attachments.values() for each in all_of}
    for action in plan.document.segment_actions:
        if action.action != "create-route" or action.segment != name:
            continue
        given = action.destinations
        named = (given,) if isinstance(given, str) else given
        ids = [each for each in named if each != "blackhole"]
        here = [i for i in ids if i in attachments and attachments[i].about.edge_location == edge]
        ways = tuple(_Way(each, words="a static route") for each in here or ids)
        for block in action.destination_cidr_blocks:
            try:
                prefix = Prefix.parse(block)
            except ValueError as error:
                words = f"a static route of its policy cannot be read ({error})"
                more = Origin(plan.id, words, "create-route", "UNKNOWN_RESOURCE")
            else:
                found.append(_Candidate(prefix, _STATIC, ways, f"create-route {block}"))
    return found, more


def _default(plan: _Plan, name: str, edge: str) -> Iterator[_Candidate]:
    """``send-to``: a default route to the function group (R-CWAN-5)."""
    for action in plan.document.segment_actions:
        if action.action == "send-to" and action.segment == name:
            at = override(action, edge, edge) or edge
            ways, opened = _members(plan, action, at)
            for block in _DEFAULTS:
                locator = f"send-to {block}"
                yield _Candidate(Prefix.parse(block), _STATIC, ways, locator, opened)


def _members(
    plan: _Plan, action: SegmentAction, edge: str
) -> tuple[tuple[_Way, ...], Origin | None]:
    """The attachments of an action's function group at an edge; none: what is sent there drops."""
    groups = action.via.network_function_groups
    if len(groups) != 1:
        words = f"{action.action} of segment {action.segment} names {len(groups)} function groups"
        return (), Origin(plan.id, words, action.action)
    members = plan.of(group_domain(groups[0]), edge)
    if not members and not plan.whole:
        words = f"what is attached to function group {groups[0]} at {edge} is not known"
        return (), Origin(plan.id, words, action.action)
    return tuple(_Way(each.id, words=f"function group {groups[0]}") for each in members), None


def _towards(
    plan: _Plan,
    name: str,
    edge: str,
    attachment: CoreAttachment,
    direct: bool,
    vias: tuple[SegmentAction, ...],
    prefix: Prefix,
) -> _Candidate:
    """A segment's route to an attachment of its own or of another segment."""
    there = attachment.about.edge_location
    rank = _NEAR if there == edge else _FAR
    locator = f"route {prefix}"
    if not vias:
        return _Candidate(prefix, rank, (_to(attachment),), locator)
    other = attachment.about.segment_name
    if len({(each.mode, each.via) for each in vias}) > 1:
        words = f"several actions send what goes to segment {other} by way of function groups"
        return _Candidate(prefix, rank, (), locator, Origin(plan.id, words, "send-via"))
    if direct or (name != other and not takes(segment_of(plan.document, name), other)):
        what = "reached directly" if direct else "kept out by a filter"
        words = f"segment {other} is both {what} and sent to by way of a function group"
        return _Candidate(prefix, rank, (), locator, Origin(plan.id, words, "send-via"))
    at, opened = _inspected_at(plan, vias[0], edge, there)
    ways, unknown = ((), opened) if opened else _members(plan, vias[0], at)
    return _Candidate(prefix, rank, ways, locator, unknown)


def _to(attachment: CoreAttachment) -> _Way:
    return _Way(attachment.id, words=attachment.resource_id)


def _inspected_at(
    plan: _Plan, action: SegmentAction, here: str, there: str
) -> tuple[str, Origin | None]:
    """R-CWAN-5: the edge whose function group a packet between two edges passes first."""
    named = override(action, here, there)
    if here == there:
        return named or here, None
    if action.mode == "dual-hop" and not action.via.with_edge_overrides:
        return here, None
    if action.mode == "single-hop" and named:
        return named, None
    words = f"by which edge {action.mode or 'send-via'} leads from {here} to {there} is not told"
    return "", Origin(plan.id, words, f"send-via of segment {action.segment}")


# ------------------------------------------------------------------- worked out: groups


def _of_group(
    lowering: Lowering, plan: _Plan, name: str, edge: str
) -> tuple[list[_Candidate], Origin | None]:
    """What comes out of a function group goes on to the segments that it serves."""
    actions = [
        each
        for each in plan.document.segment_actions
        if name in each.via.network_function_groups and each.action in ("send-via", "send-to")
    ]
    found: list[_Candidate] = []
    more: Origin | None = None
    for domain, attachments in plan.attachments.items():
        kind, _, segment = domain.partition(":")
        serving = [each for each in actions if kind == "segment" and serves(each, segment)]
        for each in attachments if serving else ():
            prefixes, unknown = _announced(lowering, each)
            more = more or unknown
            found += [_onward(plan, serving, edge, each, prefix) for prefix in prefixes]
    return found, more


def _onward(
    plan: _Plan,
    serving: list[SegmentAction],
    edge: str,
    attachment: CoreAttachment,
    prefix: Prefix,
) -> _Candidate:
    """A function group's route to an attachment: by the group at its edge as well in dual-hop."""
    there = attachment.about.edge_location
    rank = _NEAR if there == edge else _FAR
    locator = f"route {prefix}"
    vias = [each for each in serving if each.action == "send-via"]
    modes = {each.mode for each in vias}
    if there == edge or modes <= {"single-hop"}:
        return _Candidate(prefix, rank, (_to(attachment),), locator)
    if modes == {"dual-hop"} and not any(each.via.with_edge_overrides for each in serving):
        ways, opened = _members(plan, vias[0], there)
        return _Candidate(prefix, rank, ways, locator, opened)
    words = f"several actions say how the function group sends on to {there}"
    return _Candidate(prefix, rank, (), locator, Origin(plan.id, words, "send-via"))


# ------------------------------------------------------------------- worked out: prefixes


def _announced(
    lowering: Lowering, attachment: CoreAttachment
) -> tuple[tuple[Prefix, ...], Origin | None]:
    """The blocks of an attached VPC, and what is not known of them."""
    vpc = lowering.snapshot.get(Vpc, attachment.resource_id)
    if attachment.about.attachment_type != "VPC" or vpc is None:
        words = f"what {attachment.resource_id} announces is not in the snapshot"
        return (), Origin(attachment.id, words, code="UNKNOWN_RESOURCE")
    blocks = [Prefix.parse(block) for block in vpc_blocks(vpc)]
    four = tuple(block for block in blocks if is_ipv4(block.value))
    if len(four) == len(blocks):
        return four, None
    if attachment.vpc is None:
        words = "whether it announces IPv6 is not in the snapshot"
        return four, Origin(attachment.id, words, code="UNKNOWN_RESOURCE")
    return tuple(blocks) if attachment.vpc.options.ipv6_support else four, None


def _best(found: Iterable[_Candidate]) -> Iterator[_Candidate]:
    """The best of each prefix; what is equally good is one route with all their ways."""
    ordered = sorted(found, key=lambda c: (-c.prefix.length, c.prefix.value, c.rank, c.locator))
    for _, group in groupby(ordered, key=lambda c: c.prefix):
        best, *others = group
        for other in others:
            if other.rank == best.rank:
                best = _merged(best, other)
        yield best


def _merged(one: _Candidate, other: _Candidate) -> _Candidate:
    """R-CWAN-4: the final tie is settled by AWS; nobody knows how."""
    opened = one.open or other.open
    if opened is None and bool(one.ways) is not bool(other.ways):
        words = f"has two equal routes for {one.prefix}, one of which drops"
        opened = Origin("", words, one.locator)
    ways = tuple(dict.fromkeys((*one.ways, *other.ways)))
    return replace(one, ways=ways, open=opened)


# ------------------------------------------------------------------- nodes


def _lookup(lowering: Lowering, core_network_id: str, argument: str) -> tuple[Stage, ...]:
    """``argument``: the segment or function group, the edge, and the packet's zone ("-": any)."""
    domain, edge, _ = argument.split(" ")
    contents = _contents(lowering, core_network_id, domain, edge)
    if contents.nothing is not None:
        return (Unmodelled(contents.nothing),)
    uncertain = contents.more is not None
    routes = tuple(_route(core_network_id, argument, each, uncertain) for each in contents.best)
    if contents.more is not None:
        return (Forward(routes), Unmodelled(contents.more))
    words = f"{_of(domain)} at {edge} has no route to the destination"
    return (Forward(routes, Origin(core_network_id, words, "", "NO_ROUTE_TO_DESTINATION")),)


def _route(core_network_id: str, argument: str, candidate: _Candidate, uncertain: bool) -> Route:
    domain, edge, _ = argument.split(" ")
    match = to_prefix(candidate.prefix)
    locator = f"{_of(domain)} at {edge} {candidate.locator}"
    origin = Origin(core_network_id, "", locator)
    if candidate.open is not None:
        node = node_name(_NAME, core_network_id, "open", f"{argument} {candidate.prefix}")
        return Route(match, node, origin)
    if not candidate.ways:
        words = f"is in state {candidate.state}"
        return Route(match, "", replace(origin, words=words, code="BAD_STATE_ROUTE"))
    if uncertain or len(candidate.ways) > 1:
        node = node_name(_NAME, core_network_id, "may", f"{argument} {candidate.prefix}")
        return Route(match, node, origin)
    (way,) = candidate.ways
    node = _node(core_network_id, argument, way)
    return Route(match, node, replace(origin, words=_words(way)))


def _node(core_network_id: str, argument: str, way: _Way) -> str:
    _, edge, zone = argument.split(" ")
    if way.attachment:
        return node_name("core_network", way.attachment, "out", f"{edge} {zone}")
    return node_name(_NAME, core_network_id, "cross", f"{way.domain} {way.edge} {zone}")


def _words(way: _Way) -> str:
    if not way.attachment:
        return f"routes to {_of(way.domain)} at {way.edge}"
    return f"routes to {way.attachment}" + (f" ({way.words})" if way.words else "")


def _candidate(lowering: Lowering, core_network_id: str, argument: str) -> _Candidate:
    domain, edge, _, prefix = argument.split(" ")
    best = _contents(lowering, core_network_id, domain, edge).best
    return first(each for each in best if str(each.prefix) == prefix)


def _may(lowering: Lowering, core_network_id: str, argument: str) -> tuple[Stage, ...]:
    """A route that is not certain: several ways, or longer prefixes that are not known."""
    candidate = _candidate(lowering, core_network_id, argument)
    leaving = argument.rpartition(" ")[0]
    domain, edge, _ = leaving.split(" ")
    more = _contents(lowering, core_network_id, domain, edge).more
    options = []
    for way in candidate.ways:
        said = []
        if len(candidate.ways) > 1:
            said.append("of several equal routes this one is taken")
        if more is not None:
            said.append(f"no longer prefix takes the packet, for {more.words}")
        words = f"assumed: {'; '.join(said)} ({_words(way)})"
        origin = Origin(core_network_id, words, candidate.locator)
        options.append(Option(_node(core_network_id, leaving, way), origin))
    return (Choose(tuple(options)),)


def _open(lowering: Lowering, core_network_id: str, argument: str) -> tuple[Stage, ...]:
    """A route that leads nobody knows where."""
    opened = held(_candidate(lowering, core_network_id, argument).open)
    return (Unmodelled(replace(opened, resource=core_network_id)),)


def _cross(lowering: Lowering, core_network_id: str, argument: str) -> tuple[Stage, ...]:
    """To the table at another edge; group references do not reach there (R-CWAN-6)."""
    onward = node_name(_NAME, core_network_id, "lookup", argument)
    return (FORGET, Forward((Route(ANYTHING, onward, _QUIET),), _QUIET))


COMPONENT = Component(
    name=_NAME,
    reads=(CoreNetworkRoutes, CoreNetworkPolicy, CoreNetworkAttachment),
    sections=(
        Section(
            "CoreNetworkRoutes",
            CoreNetworkRoutes,
            "key",
            "networkmanager.GetNetworkRoutes",
            addresses={"network_routes[].destination_cidr_block": "CIDR"},
            merge="extend",
            more=("next_token",),
            bare=(
                ("CoreNetworkSegmentEdge", "NetworkRoutes"),
                ("CoreNetworkNetworkFunctionGroup", "NetworkRoutes"),
            ),
            covered_by="CoreNetworks",
            asked=(ROUTES,),
        ),
    ),
    nodes={"lookup": _lookup, "may": _may, "open": _open, "cross": _cross},
)
