"""Changes of one line, made to a copy of a snapshot: would any case notice?

    mutations_of(lines) -> Mutation, ...      mutation.apply(snapshot) -> snapshot | None
    MutantJob(...).run(bench) -> the title of a case that notices, or ''

A rule is removed, or widened to all ports of its protocol; an entry of an ACL is flipped from allow
to deny or back; a route is removed.  A case notices a change if it does not hold any more.  Nothing
is ever changed on AWS.  Must not know how cases are chosen nor how anything is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from msgspec.structs import replace as changed

from reach.answer import Answer
from reach.aws.security_group import rule_locator
from reach.changes.acl_entry import AclEntry, ReplaceEntry
from reach.changes.edit import with_record
from reach.changes.group_rule import AllowRule, RevokeRule, RuleOfGroup, single_peers
from reach.changes.transit_route import RemoveTransitRoute, TransitRoute
from reach.jobs.job import Bench
from reach.network.field import ICMP, ICMPV6, TCP, UDP, parse_protocol
from reach.snapshot.records import IpPermission, NetworkAcl, RouteTable, SecurityGroup
from reach.snapshot.snapshot import Snapshot
from reach.testing.case import Case, Line
from reach.testing.judging import put
from reach.testing.lines import ENTRY, ROUTE, RULE, TRANSIT, entry_locator, route_locator


class Kind(StrEnum):
    """What is done to a line."""

    REMOVED = "removed"
    WIDENED = "widened to all ports"
    FLIPPED = "flipped"


_KINDS: Mapping[str, tuple[Kind, ...]] = {
    RULE: (Kind.REMOVED, Kind.WIDENED),
    ENTRY: (Kind.FLIPPED,),
    ROUTE: (Kind.REMOVED,),
    TRANSIT: (Kind.REMOVED,),
}


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of one line."""

    kind: Kind
    line: Line

    def apply(self, snapshot: Snapshot) -> Snapshot | None:
        """The changed copy; None if the line is so already."""
        match self.line.kind:
            case "rule":
                return _rule(snapshot, self)
            case "entry":
                return _flipped(snapshot, self.line)
            case "transit route":
                return _without_transit_route(snapshot, self.line)
            case _:
                return _without_route(snapshot, self.line)

    def to_dict(self) -> dict[str, Any]:
        return {"change": self.kind.value, **self.line.to_dict()}


def mutations_of(lines: Iterable[Line]) -> Iterator[Mutation]:
    for line in lines:
        for kind in _KINDS[line.kind]:
            yield Mutation(kind, line)


# ------------------------------------------------------------------- changes


def _rule(snapshot: Snapshot, mutation: Mutation) -> Snapshot | None:
    line = mutation.line
    group = snapshot.get(SecurityGroup, line.resource)
    assert group is not None
    for egress in (False, True):
        for permission in group.ip_permissions_egress if egress else group.ip_permissions:
            for peer, single in single_peers(permission):
                if rule_locator(permission, peer, egress) != line.locator:
                    continue
                rule = RuleOfGroup(group.group_id, group.group_name, egress, single, line.locator)
                return _changed_rule(snapshot, mutation.kind, rule)
    raise AssertionError(f"{line} is not in the snapshot")


def _changed_rule(snapshot: Snapshot, kind: Kind, rule: RuleOfGroup) -> Snapshot | None:
    without = RevokeRule(rule).apply(snapshot)
    if kind is Kind.REMOVED:
        return without
    wide = _widened(rule.permission)
    if wide is None:
        return None
    name, shown = rule.name, rule.shown
    return AllowRule(RuleOfGroup(rule.resource, name, rule.egress, wide, shown)).apply(without)


def _widened(permission: IpPermission) -> IpPermission | None:
    """The same for all ports, or all types, of its protocol; None if it is for all (R-SG-7)."""
    if permission.ip_protocol == "-1":
        return None
    protocol = parse_protocol(permission.ip_protocol)
    low, high = permission.from_port, permission.to_port
    if low is None or low == -1:
        return None
    if protocol in (TCP, UDP) and (low, high) != (0, 65535):
        return changed(permission, from_port=0, to_port=65535)
    if protocol in (ICMP, ICMPV6):
        return changed(permission, from_port=-1, to_port=-1)
    return None


def _flipped(snapshot: Snapshot, line: Line) -> Snapshot:
    acl = snapshot.get(NetworkAcl, line.resource)
    assert acl is not None
    entry = next(each for each in acl.entries if entry_locator(each) == line.locator)
    action = "deny" if entry.rule_action == "allow" else "allow"
    told = AclEntry(acl.network_acl_id, acl.name, changed(entry, rule_action=action), line.locator)
    return ReplaceEntry(told).apply(snapshot)


def _without_route(snapshot: Snapshot, line: Line) -> Snapshot:
    table = snapshot.get(RouteTable, line.resource)
    assert table is not None
    left = tuple(each for each in table.routes if route_locator(each) != line.locator)
    return with_record(snapshot, table.route_table_id, changed(table, routes=left))


def _without_transit_route(snapshot: Snapshot, line: Line) -> Snapshot:
    destination = line.locator.removeprefix("route ")
    told = TransitRoute(line.resource, line.name, destination, attachment="")
    return RemoveTransitRoute(told).apply(snapshot)


# ------------------------------------------------------------------- who notices


@dataclass(frozen=True, slots=True)
class MutantJob:
    """One change, and the cases that hold without it, the likeliest to notice first."""

    snapshot: str
    mutation: Mutation
    cases: tuple[Case, ...]
    today: date

    def run(self, bench: Bench) -> str | None:
        """The title of the first case that notices; '' if none does, None if nothing changes."""
        snapshot = bench.snapshot(self.snapshot)
        assert isinstance(snapshot, Snapshot), "its cases were asked"
        mutant = self.mutation.apply(snapshot)
        if mutant is None:
            return None
        for case in self.cases:
            ask = _verdict if not (case.codes or case.through) else _whole
            if not put(case, mutant, ask, self.today).passes:
                return case.title
        return ""


def _whole(snapshot: Snapshot, text: str, **how: Any) -> Answer:
    import reach

    return reach.ask(snapshot, text, **how)


def _verdict(snapshot: Snapshot, text: str, *, one_way: bool, port_at: str, options: Any) -> Answer:
    """The verdict alone: nobody looks at the evidence of most cases."""
    from reach.asking import verdict

    return verdict(snapshot, text, one_way=one_way, port_at=port_at, options=options)
