"""A security group's card: its rules with their standing, who is in it, what names it.

    group_card(ground, group, proving) -> Card

What a rule's standing means and how it is proved is in :mod:`reach.cards.group_rules`.  Must not
know rendering.

Implements: R-SG-30
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.aws.security_group import rule_locator
from reach.cards.card import Card, Line, Thing
from reach.cards.group_rules import Group, removable, standing
from reach.cards.proving import Proving
from reach.cards.things import interface, referrers
from reach.cards.words import ports_of, protocol_of
from reach.lower import Ground
from reach.snapshot.lattice_records import ResourceGateway, ServiceNetworkVpcAssociation
from reach.snapshot.records import (
    Instance,
    IpPermission,
    NetworkInterface,
    SecurityGroup,
    SecurityGroupRule,
    SecurityGroupVpcAssociation,
)

_OWN = (NetworkInterface, Instance, SecurityGroupRule, SecurityGroupVpcAssociation)


def group_card(ground: Ground, record: SecurityGroup, proving: Proving) -> Card:
    """The card of a security group."""
    group = _group(ground, record)
    lines = {line.key: line for line in _lines(ground, record)}
    for direction in ("inbound", "outbound"):
        lines |= standing(group, direction, lines, proving)
    worn = [interface(ground, each) for each in group.members]
    worn += [Thing(each.id, "", "has it without an interface") for each in group.holders]
    return Card(
        id=record.group_id,
        kind="security group",
        name=record.group_name,
        facts={"VPC": record.vpc_id or "-", **_other_vpcs(group)},
        attached=tuple(worn),
        referrers=tuple(referrers(ground, record.group_id, _OWN)),
        lines=tuple(lines.values()),
        removable=removable(group, lines, proving),
        notes=tuple(_notes(group)),
    )


def _group(ground: Ground, record: SecurityGroup) -> Group:
    name = record.group_id
    holders: list[ServiceNetworkVpcAssociation | ResourceGateway] = []
    holders += ground.snapshot.records(ServiceNetworkVpcAssociation)
    holders += ground.snapshot.records(ResourceGateway)
    return Group(
        ground,
        record,
        tuple(ground.index.interfaces_by_group.get(name, ())),
        tuple(each for each in holders if name in each.security_group_ids),
    )


def _other_vpcs(group: Group) -> dict[str, str]:
    others = [vpc for vpc in group.vpcs if vpc != group.record.vpc_id]
    return {"also in": ", ".join(others)} if others else {}


def _notes(group: Group) -> Iterator[str]:
    for permissions, direction in (
        (group.record.ip_permissions, "inbound"),
        (group.record.ip_permissions_egress, "outbound"),
    ):
        if not permissions:
            yield f"has no {direction} rules: it lets nothing {direction} but replies"


# ------------------------------------------------------------------- the rules as written


def _lines(ground: Ground, record: SecurityGroup) -> Iterator[Line]:
    ids = _rule_ids(ground, record)
    for egress, permissions in (
        (False, record.ip_permissions),
        (True, record.ip_permissions_egress),
    ):
        for permission in permissions:
            for peer, description in _peers(permission):
                key = rule_locator(permission, peer, egress)
                yield Line(
                    key=key,
                    direction="outbound" if egress else "inbound",
                    protocol=protocol_of(permission.ip_protocol),
                    ports=ports_of(
                        permission.ip_protocol, permission.from_port, permission.to_port
                    ),
                    peer=peer,
                    id=ids.get(_identity(permission, peer, egress), ""),
                    description=description,
                )


def _peers(permission: IpPermission) -> Iterator[tuple[str, str]]:
    for four in permission.ip_ranges:
        yield four.cidr_ip or "", four.description or ""
    for six in permission.ipv6_ranges:
        yield six.cidr_ipv6 or "", six.description or ""
    for listed in permission.prefix_list_ids:
        yield listed.prefix_list_id or "", listed.description or ""
    for pair in permission.user_id_group_pairs:
        yield pair.group_id or "", pair.description or ""


def _identity(permission: IpPermission, peer: str, egress: bool) -> tuple[object, ...]:
    low, high = permission.from_port, permission.to_port
    return egress, permission.ip_protocol, _port(low), _port(high), peer


def _port(port: int | None) -> int | None:
    return None if port == -1 else port


def _rule_ids(ground: Ground, record: SecurityGroup) -> dict[tuple[object, ...], str]:
    """The ids of the rules, if the call that tells them was made."""
    found: dict[tuple[object, ...], str] = {}
    for rule in ground.snapshot.records(SecurityGroupRule):
        if rule.group_id == record.group_id:
            named = rule.referenced_group_info.group_id if rule.referenced_group_info else None
            peer = rule.cidr_ipv4 or rule.cidr_ipv6 or rule.prefix_list_id or named or ""
            low, high = _port(rule.from_port), _port(rule.to_port)
            key = (rule.is_egress, rule.ip_protocol, low, high, peer)
            found[key] = rule.security_group_rule_id
    return found
