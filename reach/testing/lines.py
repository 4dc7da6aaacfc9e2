"""The lines of a snapshot: every rule of a group, entry of an ACL and route of a table.

    lines_of(snapshot) -> Line, ...        line_of(origin) -> Line | None

What comes with a thing and cannot be changed is no line: local routes, the last entry of an ACL,
and what is propagated to a transit gateway's table.  A line of a snapshot and one that an origin
tells of are equal if they are the same.  Must not know what a line does to a packet.
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.aws.security_group import rule_locator
from reach.changes.group_rule import single_peers
from reach.changes.route import destination_of
from reach.network.stage import Origin
from reach.snapshot.records import (
    GroupRule,
    NetworkAcl,
    NetworkAclEntry,
    Route,
    RouteTable,
    SecurityGroup,
)
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.transit_records import (
    TransitGatewayRoute,
    TransitGatewayRoutes,
    TransitGatewayRouteTable,
    TransitGatewayStaticRoutes,
)
from reach.testing.case import Line

RULE, ENTRY, ROUTE, TRANSIT = "rule", "entry", "route", "transit route"
LAST_ENTRY = 32766


def lines_of(snapshot: Snapshot) -> tuple[Line, ...]:
    """All lines, groups first, each thing's together."""
    found = (_rules(snapshot), _entries(snapshot), _routes(snapshot), _transit_routes(snapshot))
    return tuple(dict.fromkeys(line for lines in found for line in lines))


def _rules(snapshot: Snapshot) -> Iterator[Line]:
    for group in snapshot.records(SecurityGroup):
        for egress in (False, True):
            for permission in group.ip_permissions_egress if egress else group.ip_permissions:
                for peer, _ in single_peers(permission):
                    locator = rule_locator(permission, peer, egress)
                    yield Line(RULE, group.group_id, locator, group.group_name)


def _entries(snapshot: Snapshot) -> Iterator[Line]:
    for acl in snapshot.records(NetworkAcl):
        for entry in sorted(acl.entries, key=lambda each: (each.egress, each.rule_number)):
            if entry.rule_number <= LAST_ENTRY:
                yield Line(ENTRY, acl.network_acl_id, entry_locator(entry), acl.name)


def entry_locator(entry: NetworkAclEntry) -> str:
    return f"{'outbound' if entry.egress else 'inbound'} rule {entry.rule_number}"


def _routes(snapshot: Snapshot) -> Iterator[Line]:
    for table in snapshot.records(RouteTable):
        for route in table.routes:
            if not _is_local(route):
                yield Line(ROUTE, table.route_table_id, route_locator(route), table.name)


def _transit_routes(snapshot: Snapshot) -> Iterator[Line]:
    """Static routes, in whichever of two calls lists them."""
    answers: tuple[TransitGatewayRoutes | TransitGatewayStaticRoutes, ...] = (
        *snapshot.records(TransitGatewayRoutes),
        *snapshot.records(TransitGatewayStaticRoutes),
    )
    for answer in answers:
        table_id = answer.transit_gateway_route_table_id
        table = snapshot.get(TransitGatewayRouteTable, table_id)
        for route in answer.routes:
            if _is_static(route):
                locator = f"route {route.destination_cidr_block}"
                yield Line(TRANSIT, table_id, locator, table.name if table else "")


def _is_static(route: TransitGatewayRoute) -> bool:
    return route.type == "static" and not route.prefix_list_id


def route_locator(route: Route) -> str:
    return f"route {destination_of(route)}"


def _is_local(route: Route) -> bool:
    return route.gateway_id == "local"


def line_of(origin: Origin) -> Line | None:
    """The line that an origin is about, if it is about one."""
    match origin.record:
        case GroupRule():
            return Line(RULE, origin.resource, origin.locator, origin.name)
        case NetworkAclEntry() if origin.record.rule_number <= LAST_ENTRY:
            return Line(ENTRY, origin.resource, origin.locator, origin.name)
        case Route() if not _is_local(origin.record):
            return Line(ROUTE, origin.resource, origin.locator, origin.name)
        case TransitGatewayRoute() if _is_static(origin.record):
            return Line(TRANSIT, origin.resource, origin.locator, origin.name)
        case _:
            return None
