"""A route table's card: its routes with their standing, and the subnets and gateways that use it.

    table_card(ground, table, proving) -> Card

A route is *usable* if some packet, or some reply, is routed by it, a *blackhole* if it drops what
it takes, *shadowed* if more specific routes or better ones of the same prefix take everything
(R-RT-4, R-RT-5, R-RT-6), *dead* if no packet comes to it.  Must not know rendering.

Implements: R-RT-1 R-RT-4 R-RT-5 R-RT-6 R-RT-10 R-RT-11 R-RT-19
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from reach.cards.card import Card, Line, Standing, Thing
from reach.cards.hidden import hidden_from_subnets
from reach.cards.neighbours import members, questions
from reach.cards.proving import Proving, refused, shadowed, unmet, used
from reach.cards.things import referrers
from reach.cards.watch import Decisions, watch
from reach.component import node_name
from reach.lower import Ground
from reach.network.address import Prefix
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import Forward, Origin, Stage
from reach.network.stage import Route as Hop
from reach.snapshot.records import NatGateway, Route, RouteTable, Subnet

_TARGETS = (
    "gateway_id",
    "nat_gateway_id",
    "network_interface_id",
    "instance_id",
    "egress_only_internet_gateway_id",
    "vpc_peering_connection_id",
    "transit_gateway_id",
    "local_gateway_id",
    "carrier_gateway_id",
    "core_network_arn",
    "odb_network_arn",
    "ip_address",
)
_LEARNED = {"EnableVgwRoutePropagation": "propagated", "Advertisement": "advertised"}


@dataclass(frozen=True)
class _Table:
    """A table with its routes by key, their prefixes, and the hops that they became, in order."""

    record: RouteTable
    routes: Mapping[str, Route]
    prefixes: Mapping[str, tuple[Prefix, ...] | None]
    hops: tuple[Hop, ...]

    def keys(self, hop: Hop) -> tuple[str, ...]:
        """The routes that a hop came from: several where it is not known which is in force."""
        listed = self._listed.get(_span(hop.match), ())
        if "/either " in hop.next:
            return listed
        locator = hop.origin.locator
        named = [key for key in listed if locator == f"route {_destination(self.routes[key])}"]
        told = [key for key in named if _target(self.routes[key]) in hop.origin.words]
        return tuple((told or named)[:1])

    @cached_property
    def _listed(self) -> Mapping[tuple[int, int], tuple[str, ...]]:
        """The routes that are for exactly these destinations."""
        found: dict[tuple[int, int], tuple[str, ...]] = {}
        for key, prefixes in self.prefixes.items():
            for prefix in prefixes or ():
                span = prefix.low, prefix.high
                found[span] = (*found.get(span, ()), key)
        return found


def table_card(ground: Ground, record: RouteTable, proving: Proving) -> Card:
    """The card of a route table."""
    table = _table(ground, record)
    subnets = tuple(
        subnet.subnet_id
        for subnet in ground.snapshot.records(Subnet)
        if ground.index.route_table_of(subnet.subnet_id) is record
    )
    edges = tuple(_edges(ground, record))
    lines = {key: _line(key, route) for key, route in table.routes.items()}
    told = _standing(ground, table, subnets, edges, lines, proving)
    is_main = any(each.main for each in record.associations)
    return Card(
        id=record.route_table_id,
        kind="route table",
        name=record.name,
        facts={"VPC": record.vpc_id or "-", "main": "yes" if is_main else "no"},
        attached=(
            *(_used_by(ground, each) for each in subnets),
            *(Thing(each, ground.name_of(each), "a gateway routes by it") for each in edges),
        ),
        referrers=tuple(referrers(ground, record.route_table_id)),
        lines=tuple(told[key] for key in lines),
    )


def _edges(ground: Ground, record: RouteTable) -> Iterator[str]:
    """The gateways that route by a table: at their edge, or (R-NAT-12) a NAT gateway's own."""
    for each in record.associations:
        if each.gateway_id and each.is_settled:
            yield each.gateway_id
    for gateway in ground.snapshot.records(NatGateway):
        if gateway.route_table_id == record.route_table_id:
            yield gateway.nat_gateway_id


def _used_by(ground: Ground, subnet_id: str) -> Thing:
    subnet = ground.snapshot.get(Subnet, subnet_id)
    assert subnet is not None
    count = len(members(ground, (subnet_id,)))
    held = f"{count} interface{'' if count == 1 else 's'}"
    return Thing(subnet_id, subnet.name, f"subnet {subnet.cidr_block or ''}, {held}")


# ------------------------------------------------------------------- the routes as written


def _table(ground: Ground, record: RouteTable) -> _Table:
    routes: dict[str, Route] = {}
    for route in record.routes:
        key = f"{_destination(route)} -> {_target(route) or 'nothing'}"
        routes[f"{key} ({_origin(route)})" if key in routes else key] = route
    node = ground.network.node(node_name("route_table", record.route_table_id, "alone"))
    forward = next((stage for stage in node.stages if isinstance(stage, Forward)), None)
    hops = tuple(hop for hop in forward.routes if hop.origin.locator) if forward else ()
    return _Table(record, routes, {key: _prefixes(ground, r) for key, r in routes.items()}, hops)


def _destination(route: Route) -> str:
    return (
        route.destination_prefix_list_id
        or route.destination_cidr_block
        or route.destination_ipv6_cidr_block
        or ""
    )


def _target(route: Route) -> str:
    return next((value for name in _TARGETS if (value := getattr(route, name))), "")


def _origin(route: Route) -> str:
    return _LEARNED.get(route.origin or "", "static")


def _prefixes(ground: Ground, route: Route) -> tuple[Prefix, ...] | None:
    """The prefixes of a route; None if its list's entries are not known."""
    if route.destination_prefix_list_id:
        entries = ground.index.prefix_list_entries(route.destination_prefix_list_id)
        return None if entries is None else tuple(map(Prefix.parse, entries))
    return tuple(map(Prefix.parse, filter(None, [_destination(route)])))


def _span(match: HeaderSpace) -> tuple[int, int]:
    """The destinations of a hop: one prefix."""
    (span,) = match.by_name["destination"].intervals
    return span


def _line(key: str, route: Route) -> Line:
    return Line(
        key=key,
        peer=_destination(route),
        target=_target(route),
        description=", ".join(filter(None, (_origin(route), route.state))),
    )


# ------------------------------------------------------------------- their standing


def _standing(
    ground: Ground,
    table: _Table,
    subnets: Sequence[str],
    edges: Sequence[str],
    lines: Mapping[str, Line],
    proving: Proving,
) -> dict[str, Line]:
    spaces: dict[str, tuple[HeaderSpace, ...]] = {}
    drops: dict[str, Origin] = {}
    for hop in table.hops:
        for key in table.keys(hop):
            spaces[key] = (*spaces.get(key, ()), hop.match)
            if not hop.next:
                drops[key] = hop.origin
    covers = {key: by for key in lines if (by := _covers(table, key, proving))}
    told = {key: shadowed(line, covers[key]) for key, line in lines.items() if key in covers}
    told |= {
        key: _unlisted(table, line)
        for key, line in lines.items()
        if key not in covers and key not in spaces
    }
    asked = {key: line for key, line in lines.items() if key not in told}
    if not members(ground, subnets) and not edges:
        words = "nothing uses it" if not subnets else "no interface is in a subnet that uses it"
        told |= {key: line.stands(Standing.DEAD, words) for key, line in asked.items()}
    else:
        watched = watch(ground.network, lambda stage: _decisions(stage, table))
        wanted = {key: spaces[key] for key in asked}
        told |= used(asked, wanted, watched, questions(ground, subnets, edges), proving)
    settled = {
        key: _checked(ground, table, subnets, line, spaces.get(key, ()))
        for key, line in told.items()
    }
    return {key: _dropping(line, drops.get(key)) for key, line in settled.items()}


def _checked(
    ground: Ground,
    table: _Table,
    subnets: Sequence[str],
    line: Line,
    spaces: tuple[HeaderSpace, ...],
) -> Line:
    """A dead line, unless something may be hidden."""
    if line.standing is not Standing.DEAD or not spaces:
        return line
    peers = Ranges.union(_span(space) for space in spaces)
    return unmet(refused(line, hidden_from_subnets(ground, table.record, subnets, peers)))


def _dropping(line: Line, origin: Origin | None) -> Line:
    """A route that drops what it takes."""
    if origin is None or line.standing is Standing.SHADOWED:
        return line
    comes = "packets come to it" if line.standing is Standing.USABLE else line.reason
    words = f"{origin.words}; {comes}" if comes else origin.words
    return replace(line, standing=Standing.BLACKHOLE, reason=words)


def _unlisted(table: _Table, line: Line) -> Line:
    if table.prefixes[line.key] is None:
        words = f"the entries of {line.peer} are not in the snapshot"
        return line.stands(Standing.UNDECIDED, words)
    if not table.prefixes[line.key]:
        return line.stands(Standing.DEAD, f"{line.peer} has no entries")
    words = "another route of this table has entries that are not in the snapshot"
    return line.stands(Standing.UNDECIDED, words)


def _covers(table: _Table, key: str, proving: Proving) -> tuple[str, ...]:
    """The routes that take all that a route is for, if others do."""
    prefixes = table.prefixes[key]
    if not prefixes or any(known is None for known in table.prefixes.values()):
        return ()
    by: dict[str, None] = {}
    for prefix in prefixes:
        better = _better(table, key, prefix, proving)
        if not better:
            return ()
        by |= dict.fromkeys(better)
    return tuple(by)


def _better(table: _Table, key: str, prefix: Prefix, proving: Proving) -> tuple[str, ...]:
    """The routes that take a prefix of a route: in force instead, or more specific."""
    earlier: dict[str, tuple[HeaderSpace, ...]] = {}
    for hop in table.hops:
        keys = table.keys(hop)
        if _span(hop.match) == (prefix.low, prefix.high):
            if key not in keys:
                return keys
            return proving.covered((hop.match,), earlier) or ()
        for each in keys:
            earlier[each] = (*earlier.get(each, ()), hop.match)
    own = (HeaderSpace.where(destination=Ranges.prefixes((prefix,))),)
    return proving.covered(own, earlier) or ()


def _decisions(stage: Stage, table: _Table) -> Decisions | None:
    """What the table's routes decide wherever it routes."""
    if not isinstance(stage, Forward) or not any(
        hop.origin.resource == table.record.route_table_id for hop in stage.routes
    ):
        return None
    made = tuple((table.keys(hop) if hop.origin.locator else (), hop.match) for hop in stage.routes)
    return Decisions(made, ordered=True)
