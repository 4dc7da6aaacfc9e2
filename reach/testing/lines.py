"""The lines of a snapshot: every rule of a group, entry of an ACL and route of a VPC's table.

    lines_of(snapshot) -> Line, ...        line_of(origin) -> Line | None

What comes with a thing and cannot be changed is no line: local routes, and the last entry of an
ACL.  A line of a snapshot and one that an origin tells of are equal if they are the same.  Must not
know what a line does to a packet.
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
from reach.testing.case import Line

RULE, ENTRY, ROUTE = "rule", "entry", "route"
LAST_ENTRY = 32766


def lines_of(snapshot: Snapshot) -> tuple[Line, ...]:
    """All lines, groups first, each thing's together."""
    return tuple(dict.fromkeys([*_rules(snapshot), *_entries(snapshot), *_routes(snapshot)]))


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
        case _:
            return None
