"""Local gateways of Outposts: the way on-premises, by private or customer-owned addresses.

A VPC uses one through the local gateway route table that is associated with it.  With direct VPC
routing addresses stay, and only interfaces that are attached to instances get through; in CoIP mode
each private address has a customer-owned one, which stands in its place outside (R-LGW-1).  The
longest prefix of the local gateway's own table says where a packet goes, static before propagated
(outposts/latest/userguide/manage-lgw-routes).  From on-premises a packet comes in for the subnets
that have a route to the gateway, for nothing else is advertised there, or to an interface that a
route of the table names; then local routing takes it on.  On-premises hosts may pass packets on to
another local gateway, the way between two Outposts of one VPC (R-LGW-2).  Group references end
here (R-SG-20).

Implements: R-LGW-1 R-LGW-2 R-SG-17 R-SG-20
Not modelled: what is learned by BGP beyond the table; traffic of two VPCs by one local gateway.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

from reach.component import Component, End, Entry, Link, Lowering, Target, node_name
from reach.gone import first
from reach.interfaces.ends import unheld_in
from reach.network.address import ANY_IPV4, ANY_IPV6, RFC1918, RFC6598, Prefix
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges, to_prefix
from reach.network.stage import (
    FORGET,
    Action,
    Case,
    Choose,
    Filter,
    Forward,
    Lookup,
    Option,
    Origin,
    Route,
    Rule,
    Stage,
    Table,
    Translate,
    Unmodelled,
    deny_all,
)
from reach.routing.overall import local_gateways
from reach.routing.tables import table_of
from reach.snapshot.call import per_id
from reach.snapshot.index import customer_mapping, private_addresses, subnet_blocks, vpc_blocks
from reach.snapshot.local_gateway_records import (
    LocalGateway,
    LocalGatewayRoute,
    LocalGatewayRoutes,
    LocalGatewayRouteTable,
    LocalGatewayRouteTableVpcAssociation,
)
from reach.snapshot.record import is_associated
from reach.snapshot.records import NetworkInterface, RouteTable, Subnet, Vpc
from reach.snapshot.section import Section

_NAME = "local_gateway"
_QUIET = Origin("", "")
_COIP, _DIRECT = "coip", "direct-vpc-routing"
_EXACT = -(10**6)  # the rank of routes to single addresses
# What a default route may lead to: networks number their hosts privately (R-IGW-4, RFC 4193).
_PRIVATE = Ranges.prefixes((*RFC1918, *RFC6598, Prefix.parse("fc00::/7")))


# ------------------------------------------------------------------- what there is


@dataclass(frozen=True)
class _Side:
    """A VPC at a local gateway: the table by which it uses it."""

    vpc: str
    gateway: str
    table: str
    mode: str


def _sides(lowering: Lowering) -> tuple[_Side, ...]:
    """Every VPC with the local gateway that it is associated with."""

    def make() -> tuple[_Side, ...]:
        found = []
        for each in lowering.snapshot.records(LocalGatewayRouteTableVpcAssociation):
            table = lowering.snapshot.get(LocalGatewayRouteTable, each.local_gateway_route_table_id)
            gateway = each.local_gateway_id or (table.local_gateway_id if table else "")
            if is_associated(each.state) and each.vpc_id and gateway:
                mode = table.mode if table else ""
                found.append(_Side(each.vpc_id, gateway, each.local_gateway_route_table_id, mode))
        return tuple(found)

    return lowering.memo(f"{_NAME} sides", make)


def _at(lowering: Lowering, gateway_id: str) -> tuple[_Side, ...]:
    return tuple(each for each in _sides(lowering) if each.gateway == gateway_id)


def _name_of(lowering: Lowering, gateway_id: str) -> str:
    gateway = lowering.snapshot.get(LocalGateway, gateway_id)
    return gateway.name if gateway else ""


def _works(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    gateway = lowering.snapshot.get(LocalGateway, gateway_id)
    if gateway is None or gateway.state in ("available", ""):
        return ()
    origin = Origin(gateway_id, f"is {gateway.state}", "state", "BAD_STATE", gateway.name)
    return (deny_all(origin),)


def _instances(lowering: Lowering, vpc_id: str) -> Ranges:
    """ "Only network interfaces that are attached to Outpost instances can communicate"."""

    def make() -> Ranges:
        return Ranges.of(
            *(
                address
                for interface in lowering.index.interfaces_by_vpc.get(vpc_id, ())
                if interface.attachment is not None and interface.attachment.instance_id
                for address in private_addresses(interface)
            )
        )

    return lowering.memo(f"{_NAME} instances {vpc_id}", make)


def _pairs(lowering: Lowering, vpc_id: str) -> Table:
    """R-ENI-3: the customer-owned address of each private one, in one VPC."""

    def make() -> Table:
        interfaces = lowering.index.mapped_by_vpc.get(vpc_id, ())
        return Table(tuple(sorted({pair for i in interfaces for pair in customer_mapping(i)})))

    return lowering.memo(f"{_NAME} pairs {vpc_id}", make)


@dataclass(frozen=True)
class _Subnets:
    """R-LGW-1: the blocks of a VPC's subnets that have a route to a gateway, so are advertised.

    ``unsure`` are those whose route table is not known, ``gap`` that subnets are not.
    """

    advertised: tuple[Prefix, ...] = ()
    unsure: tuple[tuple[str, Prefix], ...] = ()
    gap: Origin | None = None


def _subnets(lowering: Lowering, side: _Side) -> _Subnets:
    key = f"{_NAME} subnets {side.vpc} {side.gateway}"
    return lowering.memo(key, partial(_divided, lowering, side))


def _divided(lowering: Lowering, side: _Side) -> _Subnets:
    advertised: list[Prefix] = []
    unsure: list[tuple[str, Prefix]] = []
    for subnet in lowering.index.subnets_by_vpc.get(side.vpc, ()):
        blocks = [Prefix.parse(block) for block in subnet_blocks(subnet)]
        leads = _leads(lowering, subnet.subnet_id, side.gateway)
        if leads is None:
            unsure += [(subnet.subnet_id, block) for block in blocks]
        elif leads:
            advertised += blocks
    vpc = lowering.snapshot.get(Vpc, side.vpc)
    gap = None
    if vpc is None or not lowering.has(Subnet, vpc):
        words = "which subnets it advertises is not known"
        gap = lowering.missing(Subnet, side.gateway, words)
    named = lowering.index.unheld.subnets.get(side.vpc)
    if named is not None:
        words = f"whether {side.gateway} advertises it is not known"
        gap = lowering.missing(Subnet, named[0], words)
    return _Subnets(tuple(advertised), tuple(unsure), gap)


def _leads(lowering: Lowering, subnet_id: str, gateway_id: str) -> bool | None:
    """Whether a subnet has a route to the gateway; None: its route table is not known."""
    table = table_of(lowering, subnet_id)
    if isinstance(table, Origin):
        return None
    live = (each for each in table.routes if each.state not in ("blackhole", "filtered"))
    return any(each.local_gateway_id == gateway_id for each in live)


# ------------------------------------------------------------------- out of a VPC


def _enter(lowering: Lowering, gateway_id: str, subnet: str, vpc_id: str) -> Entry:
    return Entry(node_name(_NAME, gateway_id, "out", vpc_id))


def _out(lowering: Lowering, gateway_id: str, vpc_id: str) -> tuple[Stage, ...]:
    """What a VPC sends to the gateway: made known outside, then looked up in its table."""
    side = next((each for each in _at(lowering, gateway_id) if each.vpc == vpc_id), None)
    if side is None:
        return _unassociated(lowering, gateway_id, vpc_id)
    works = _works(lowering, gateway_id)
    if side.mode not in (_COIP, _DIRECT):
        return (*works, Unmodelled(_modeless(lowering, side)))
    shown = _as_customer(lowering, side) if side.mode == _COIP else _only_instances(lowering, side)
    onward = node_name(_NAME, gateway_id, "lookup", side.table)
    return (*works, FORGET, shown, Forward((Route(ANYTHING, onward, _QUIET),), _QUIET))


def _unassociated(lowering: Lowering, gateway_id: str, vpc_id: str) -> tuple[Stage, ...]:
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if vpc is None or not lowering.has(LocalGatewayRouteTableVpcAssociation, vpc):
        words = f"whether {vpc_id} is associated with a route table of it is not known"
        kind = LocalGatewayRouteTableVpcAssociation
        return (Unmodelled(lowering.missing(kind, gateway_id, words)),)
    words = f"{vpc_id} is associated with no route table of it"
    name = _name_of(lowering, gateway_id)
    refused = Origin(gateway_id, words, "association", "BAD_STATE_ATTACHMENT", name)
    return (deny_all(refused), Forward((), refused))


def _modeless(lowering: Lowering, side: _Side) -> Origin:
    words = "whether it uses private or customer-owned addresses is not known"
    return lowering.missing(LocalGatewayRouteTable, side.table, words)


def _as_customer(lowering: Lowering, side: _Side) -> Translate:
    """CoIP mode: the customer-owned address in the place of the source, or nothing gets out."""
    table, name = _pairs(lowering, side.vpc), _name_of(lowering, side.gateway)
    words = "the source has no customer-owned address"
    unpaired = Origin(side.gateway, words, "source", "NO_PATH", name)
    translated = Origin(side.gateway, "puts the customer-owned address in the source", name=name)
    match = HeaderSpace.where(source=table.keys)
    return Translate((Case(match, (Lookup("source", table),), translated),), unpaired)


def _only_instances(lowering: Lowering, side: _Side, end: str = "source") -> Filter:
    permit = HeaderSpace.where(**{end: _instances(lowering, side.vpc)})
    words = f"with direct VPC routing the {end} must be an interface of an instance"
    name = _name_of(lowering, side.gateway)
    refused = Origin(side.gateway, words, end, "NO_PATH", name)
    return Filter((Rule(permit, Action.PERMIT, _QUIET),), Rule(ANYTHING, Action.DENY, refused))


# ------------------------------------------------------------------- the gateway's own table


@dataclass(frozen=True, slots=True)
class _Candidate:
    prefix: Prefix
    route: LocalGatewayRoute
    locator: str


def _routes(lowering: Lowering, table_id: str) -> tuple[_Candidate, ...] | None:
    """The best route of each prefix, the longest first; None: the table is not known."""

    def make() -> tuple[_Candidate, ...] | None:
        answer = lowering.snapshot.get(LocalGatewayRoutes, table_id)
        if answer is None or answer.next_token:
            return None
        found = []
        for route in answer.routes:
            listed = route.destination_prefix_list_id
            entries = lowering.index.prefix_list_entries(listed) if listed else ()
            if entries is None:
                return None
            shown = route.destination_cidr_block or listed or ""
            blocks = (shown,) if route.destination_cidr_block else entries
            found += [_Candidate(Prefix.parse(b), route, f"route {shown}") for b in blocks]
        live = (each for each in found if each.route.state not in ("deleted", "deleting"))
        ordered = sorted(live, key=_best_first)
        return tuple(next(group) for _, group in groupby(ordered, key=lambda c: c.prefix))

    return lowering.memo(f"{_NAME} routes {table_id}", make)


def _best_first(candidate: _Candidate) -> tuple[int, int, bool, str]:
    """ "AWS prioritizes the most specific route", then static over propagated ones."""
    prefix, route = candidate.prefix, candidate.route
    return -prefix.length, prefix.value, route.type != "static", candidate.locator


def _lookup(lowering: Lowering, gateway_id: str, table_id: str) -> tuple[Stage, ...]:
    routes = _routes(lowering, table_id)
    if routes is None:
        words = "the routes of this table are not known"
        return (Unmodelled(lowering.missing(LocalGatewayRoutes, table_id, words)),)
    words = "has no route to the destination"
    lost = Origin(table_id, words, "", "NO_ROUTE_TO_DESTINATION")
    make = partial(_route, gateway_id, table_id)
    return (Forward(tuple(map(make, routes)), lost),)


def _route(gateway_id: str, table_id: str, candidate: _Candidate) -> Route:
    match, route = to_prefix(candidate.prefix), candidate.route
    if route.state not in ("active", ""):
        words = f"is in state {route.state}"
        origin = Origin(table_id, words, candidate.locator, "BAD_STATE_ROUTE")
        return Route(match, "", origin)
    group = route.local_gateway_virtual_interface_group_id
    if group:
        origin = Origin(table_id, f"routes to {group}", candidate.locator)
        return Route(match, node_name(_NAME, gateway_id, "line"), origin)
    node = node_name(_NAME, gateway_id, "inward", f"{table_id} {candidate.prefix}")
    return Route(match, node, Origin(table_id, "", candidate.locator))


def _inward(lowering: Lowering, gateway_id: str, argument: str) -> tuple[Stage, ...]:
    """A route back to a subnet or an interface: no page says whether VPCs get there by it."""
    table_id = argument.split(" ")[0]
    words = "whether it leads from one VPC back into a VPC is not documented"
    return (Unmodelled(Origin(gateway_id, words, table_id)),)


# ------------------------------------------------------------------- beyond, and in from there


def _line(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    """What leaves the Outpost: to hosts on-premises, or by them to a local gateway."""
    hosts = node_name("on_premises", gateway_id, "hosts")
    relayed = []
    for other in dict.fromkeys(each.gateway for each in _sides(lowering)):
        ends = _reached(lowering, other)
        if ends:
            node = node_name(_NAME, gateway_id, "relay", other)
            relayed.append(Route(HeaderSpace.where(destination=ends), node, _QUIET))
    return (Forward((*relayed, Route(ANYTHING, hosts, _QUIET)), _QUIET),)


def _relay(lowering: Lowering, gateway_id: str, other: str) -> tuple[Stage, ...]:
    """R-LGW-2: the network on-premises lies between two Outposts."""
    words = f"assumed: the network on-premises passes packets on to {other}"
    onward = node_name(_NAME, other, "in")
    return (Choose((Option(onward, Origin(gateway_id, words)),)),)


def _reached(lowering: Lowering, gateway_id: str) -> Ranges:
    """What the networks on-premises may send to a gateway."""

    def make() -> Ranges:
        found = Ranges(())
        for side in _at(lowering, gateway_id):
            for _, route in _inbound(lowering, side):
                found |= route.match.by_name["destination"]
        return found

    return lowering.memo(f"{_NAME} reached {gateway_id}", make)


def _in(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    """What comes from on-premises, the longest prefix first, by the VPC that it is for."""
    sides = _at(lowering, gateway_id)
    found = sorted((pair for side in sides for pair in _inbound(lowering, side)), key=_rank)
    routes = tuple(route for _, route in found)
    gaps = [gap for side in sides for gap in _inbound_gaps(lowering, side)]
    words = "advertises no subnet or customer-owned address that holds this destination"
    name = _name_of(lowering, gateway_id)
    nobody = Origin(gateway_id, words, "", "NO_ROUTE_TO_DESTINATION", name)
    last: tuple[Stage, ...] = (Forward(routes, nobody),)
    if gaps:
        last = (Forward(routes), Unmodelled(gaps[0]))
    return (*_works(lowering, gateway_id), FORGET, *last)


def _rank(found: tuple[int, Route]) -> int:
    return found[0]


def _inbound(lowering: Lowering, side: _Side) -> tuple[tuple[int, Route], ...]:
    """Routes into a VPC, each with its rank: minus its length, a static one half a step before."""
    return lowering.memo(f"{_NAME} inbound {side}", lambda: tuple(_inbound_routes(lowering, side)))


def _inbound_routes(lowering: Lowering, side: _Side) -> Iterator[tuple[int, Route]]:
    yield from _to_interfaces(lowering, side)
    node = node_name(_NAME, side.gateway, "into", side.vpc)
    if side.mode == _COIP:
        outer = _pairs(lowering, side.vpc).values
        if outer:
            yield _EXACT, Route(HeaderSpace.where(destination=outer), node, _QUIET)
    elif side.mode == _DIRECT:
        subnets = _subnets(lowering, side)
        for block in subnets.advertised:
            yield -2 * block.length, Route(to_prefix(block), node, _QUIET)
        for subnet_id, block in subnets.unsure:
            unsure = node_name(_NAME, side.gateway, "unsure", subnet_id)
            yield -2 * block.length, Route(to_prefix(block), unsure, _QUIET)


def _to_interfaces(lowering: Lowering, side: _Side) -> Iterator[tuple[int, Route]]:
    """Routes of the table that name an interface: to it, whatever the destination (as R-ENI-7)."""
    for candidate in _routes(lowering, side.table) or ():
        interface_id = candidate.route.network_interface_id
        interface = lowering.snapshot.get(NetworkInterface, interface_id or "")
        if interface_id is None or interface is None or interface.vpc_id != side.vpc:
            continue
        rank, match = -2 * candidate.prefix.length - 1, to_prefix(candidate.prefix)
        if candidate.route.state not in ("active", ""):
            words = f"is in state {candidate.route.state}"
            origin = Origin(side.table, words, candidate.locator, "BAD_STATE_ROUTE")
            yield rank, Route(match, "", origin)
            continue
        entry = lowering.entry("network_interface_id", interface_id, "", side.vpc)
        node = entry.node
        if entry.subnet:
            node = node_name("subnet", entry.subnet, "arrive", node)
        origin = Origin(side.table, f"routes to {interface_id}", candidate.locator)
        yield rank, Route(match, node, origin)


def _inbound_gaps(lowering: Lowering, side: _Side) -> Iterator[Origin]:
    """What may lead in besides, as far as nothing tells."""
    if side.mode not in (_COIP, _DIRECT):
        yield _modeless(lowering, side)
    if _routes(lowering, side.table) is None:
        words = "the routes of this table are not known"
        yield lowering.missing(LocalGatewayRoutes, side.table, words)
    gap = _subnets(lowering, side).gap or unheld_in(lowering, (side.vpc,))
    if gap is not None:
        yield gap


def _unsure(lowering: Lowering, gateway_id: str, subnet_id: str) -> tuple[Stage, ...]:
    words = f"whether {gateway_id} advertises this subnet is not known"
    return (Unmodelled(lowering.missing(RouteTable, subnet_id, words)),)


def _into(lowering: Lowering, gateway_id: str, vpc_id: str) -> tuple[Stage, ...]:
    """Into a VPC: to its private addresses, by local routing."""
    side = first(each for each in _at(lowering, gateway_id) if each.vpc == vpc_id)
    local = Forward((Route(ANYTHING, node_name("vpc", vpc_id, "local"), _QUIET),), _QUIET)
    if side.mode == _DIRECT:
        return (_only_instances(lowering, side, "destination"), local)
    table, name = _pairs(lowering, vpc_id).inverse, _name_of(lowering, gateway_id)
    words = "puts the private address in the destination"
    match = HeaderSpace.where(destination=table.keys)
    case = Case(match, (Lookup("destination", table),), Origin(gateway_id, words, name=name))
    unpaired = Origin(gateway_id, "the destination is no customer-owned address", code="NO_PATH")
    return (Translate((case,), unpaired), local)


# ------------------------------------------------------------------- lines, aliases, ends


def _links(lowering: Lowering) -> Iterator[Link]:
    """R-LGW-1: beyond lies what the tables route to the virtual interfaces."""
    gateways = {each.local_gateway_id for each in lowering.snapshot.records(LocalGateway)}
    gateways |= local_gateways(lowering)
    gateways |= {each.gateway for each in _sides(lowering)}
    for gateway_id in sorted(gateways - {""}):
        yield _link(lowering, gateway_id)


def _link(lowering: Lowering, gateway_id: str) -> Link:
    node = node_name(_NAME, gateway_id, "in")
    sides = _at(lowering, gateway_id)
    if not sides and not _was_listed(lowering, gateway_id):
        unused = _unlisted(lowering, gateway_id)
        return Link(gateway_id, node_name(_NAME, gateway_id, "unknown"), _PRIVATE, gap=unused)
    outward: list[Prefix] = []
    gap: Origin | None = None
    for side in sides:
        routes = _routes(lowering, side.table)
        if routes is None:
            words = "what lies beyond it is not known"
            gap = lowering.missing(LocalGatewayRoutes, side.table, words)
        outward += [c.prefix for c in routes or () if _leads_out(c.route)]
    default = any(prefix in (ANY_IPV4, ANY_IPV6) for prefix in outward)
    beyond = Ranges.prefixes(each for each in outward if each not in (ANY_IPV4, ANY_IPV6))
    beyond |= _PRIVATE if default else Ranges(())
    return Link(gateway_id, node, beyond - _own(lowering, sides), gap, to_internet=default)


def _leads_out(route: LocalGatewayRoute) -> bool:
    return bool(route.local_gateway_virtual_interface_group_id) and route.state in ("active", "")


def _own(lowering: Lowering, sides: tuple[_Side, ...]) -> Ranges:
    """What belongs to the VPCs at a gateway: nobody beyond it has these addresses."""
    own = Ranges(())
    for side in sides:
        vpc = lowering.snapshot.get(Vpc, side.vpc)
        blocks = vpc_blocks(vpc) if vpc else ()
        own |= Ranges.prefixes(map(Prefix.parse, blocks)) | _pairs(lowering, side.vpc).values
    return own


def _was_listed(lowering: Lowering, gateway_id: str) -> bool:
    gateway = lowering.snapshot.get(LocalGateway, gateway_id)
    near = gateway or next(iter(lowering.snapshot.records(Vpc)), None)
    return near is not None and lowering.has(LocalGatewayRouteTableVpcAssociation, near)


def _unlisted(lowering: Lowering, gateway_id: str) -> Origin:
    words = "which VPCs use it is not known"
    return lowering.missing(LocalGatewayRouteTableVpcAssociation, gateway_id, words)


def _unknown(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    return (Unmodelled(_unlisted(lowering, gateway_id)),)


def _aliases(lowering: Lowering, addresses: Ranges) -> Ranges:
    """The customer-owned addresses of private ones."""
    vpcs = dict.fromkeys(each.vpc for each in _sides(lowering) if each.mode == _COIP)
    pairs = (pair for vpc in vpcs for pair in _pairs(lowering, vpc).pairs)
    return Ranges.of(*(outer for private, outer in pairs if private in addresses))


def _end(lowering: Lowering, gateway_id: str) -> End | None:
    """As a source or a destination: the networks on-premises, by way of it."""
    if lowering.snapshot.get(LocalGateway, gateway_id) is None:
        return None
    beyond = lowering.end("on-premises")
    assert beyond is not None
    ways = tuple(node_name(_NAME, gateway_id, part) for part in ("in", "line"))
    return replace(beyond, words=gateway_id, through=ways)


COMPONENT = Component(
    name=_NAME,
    reads=(LocalGateway, NetworkInterface, Subnet),
    sections=(
        Section("LocalGateways", LocalGateway, "local_gateway_id", "ec2.DescribeLocalGateways"),
        Section(
            "LocalGatewayRouteTables",
            LocalGatewayRouteTable,
            "local_gateway_route_table_id",
            "ec2.DescribeLocalGatewayRouteTables",
            covered_by="LocalGateways",
        ),
        Section(
            "LocalGatewayRouteTableVpcAssociations",
            LocalGatewayRouteTableVpcAssociation,
            "local_gateway_route_table_vpc_association_id",
            "ec2.DescribeLocalGatewayRouteTableVpcAssociations",
            covered_by="LocalGateways",
        ),
        Section(
            "LocalGatewayRoutes",
            LocalGatewayRoutes,
            "local_gateway_route_table_id",
            "ec2.SearchLocalGatewayRoutes",
            addresses={"routes[].destination_cidr_block": "CIDR"},
            merge="extend",
            more=("next_token",),
            bare=(("LocalGatewayRouteTableId", "Routes"),),
            covered_by="LocalGateways",
            asked=(
                per_id(
                    "ec2.SearchLocalGatewayRoutes",
                    "ec2.DescribeLocalGatewayRouteTables",
                    "LocalGatewayRouteTableId",
                    hold="Routes",
                    unless=("State", "deleted"),
                ),
            ),
        ),
    ),
    nodes={
        "out": _out,
        "lookup": _lookup,
        "inward": _inward,
        "line": _line,
        "relay": _relay,
        "in": _in,
        "into": _into,
        "unsure": _unsure,
        "unknown": _unknown,
    },
    targets=(Target("local_gateway_id", "lgw-", _enter),),
    links=_links,
    aliases=_aliases,
    ends={"lgw-": _end},
)
