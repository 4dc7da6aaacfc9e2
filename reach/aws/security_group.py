"""Security groups: stateful, allow-only, order-free filters of an interface.

A packet passes when any rule of any group of the interface allows it (R-SG-1, R-SG-2, R-SG-5); the
reply of an admitted flow passes whatever the other direction's rules say (R-SG-22, R-SG-24).  An
interface without groups is not filtered (R-SG-6).  A rule that names a group matches by identity:
on the way in the packet still carries the group set of the interface that sent it, on the way out
its destination is a private address of a member; public addresses never match (R-SG-12, R-SG-13).
Members count in the same VPC and in VPCs joined by an active peering of the same Region (R-SG-15,
R-SG-16, R-SG-31); a stale reference or one to an unseen account matches nobody (R-SG-18).

Implements: R-SG-1 R-SG-2 R-SG-3 R-SG-4 R-SG-5 R-SG-6 R-SG-7 R-SG-8 R-SG-9 R-SG-10 R-SG-11 R-SG-12
R-SG-13 R-SG-14 R-SG-15 R-SG-16 R-SG-18 R-SG-22 R-SG-23 R-SG-24 R-SG-25 R-SG-28 R-SG-30 R-SG-31
R-SG-32 R-SG-33 R-PIPE-5 R-PIPE-6
Not modelled: connections already open (R-SG-26, R-SG-27), references over a transit gateway
(R-SG-17).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from reach.component import Component, End, Lowering
from reach.network.address import Prefix
from reach.network.field import ICMP, ICMPV6, TCP, UDP, format_protocol, parse_protocol
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Action, Filter, Origin, Rule, Stage
from reach.snapshot.index import delegated_prefixes, private_addresses
from reach.snapshot.records import (
    IpPermission,
    NetworkInterface,
    SecurityGroup,
    SecurityGroupVpcAssociation,
    UserIdGroupPair,
    VpcPeeringConnection,
)

_MISMATCH = "ENI_SG_RULES_MISMATCH"


def _stages(lowering: Lowering, interface_id: str, egress: bool) -> tuple[Stage, ...]:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    if interface is None or not interface.groups:
        return ()
    ids = tuple(sorted({group.group_id for group in interface.groups}))
    vpc = interface.vpc_id or ""
    rules: list[Rule] = []
    unknown: list[str] = []
    for group_id in ids:
        if lowering.snapshot.get(SecurityGroup, group_id) is None:
            unknown.append(group_id)
        else:
            key = f"security_group {group_id} {vpc} {egress}"
            rules += lowering.memo(key, partial(_rules, lowering, group_id, vpc, egress))
    names = _names(lowering, ids)
    otherwise = _otherwise(lowering, ids, unknown, rules, egress)
    replies = Origin(", ".join(ids), "lets the reply of an admitted flow pass", name=names)
    session = f"security_group {interface_id}"
    return (Filter(tuple(rules), otherwise, session, replies),)


def _otherwise(
    lowering: Lowering, ids: tuple[str, ...], unknown: list[str], rules: list[Rule], egress: bool
) -> Rule:
    if unknown:
        words = "the rules of this group are not known"
        return Rule(ANYTHING, Action.DOUBT, lowering.missing(SecurityGroup, unknown[0], words))
    direction = "outbound" if egress else "inbound"
    if rules:
        words, code = f"no {direction} rule allows this", _MISMATCH
    else:
        words, code = f"has no {direction} rules", "SG_HAS_NO_RULES"
    origin = Origin(", ".join(ids), words, direction, code, _names(lowering, ids))
    return Rule(ANYTHING, Action.DENY, origin)


def _names(lowering: Lowering, ids: Iterable[str]) -> str:
    groups = (lowering.snapshot.get(SecurityGroup, group_id) for group_id in ids)
    return ", ".join(group.group_name for group in groups if group)


def _rules(lowering: Lowering, group_id: str, vpc: str, egress: bool) -> tuple[Rule, ...]:
    group = lowering.snapshot.get(SecurityGroup, group_id)
    assert group is not None
    direction, way = ("outbound", "to") if egress else ("inbound", "from")
    found = []
    for permission in group.ip_permissions_egress if egress else group.ip_permissions:
        protocol = _protocol_space(permission)
        for shown, peers in _peers(lowering, permission, vpc, egress):
            what = f"{_words(permission)} {way} {shown}"
            words, action = f"allows {direction} {what}", Action.PERMIT
            if peers is None:
                words, action = f"whom {shown} means is not in the snapshot", Action.DOUBT
            locator = f"{direction} rule {what}"
            origin = Origin(group_id, words, locator, "", group.group_name)
            found.append(Rule(protocol & (peers or ANYTHING), action, origin))
    # A permit must be found before a doubt decides; else AWS's order means nothing (R-SG-1).
    return tuple(sorted(found, key=lambda rule: (rule.action is Action.DOUBT, rule.origin.locator)))


def _peers(
    lowering: Lowering, permission: IpPermission, vpc: str, egress: bool
) -> Iterator[tuple[str, HeaderSpace | None]]:
    """The alternatives of one permission (R-SG-2): what to call them, whom they match.

    None: a prefix list whose entries are not known, a group whose members may be beyond a peering
    that is not known.
    """
    for block in (
        *(r.cidr_ip for r in permission.ip_ranges),
        *(r.cidr_ipv6 for r in permission.ipv6_ranges),
    ):
        if block:
            yield block, _side((Prefix.parse(block),), egress)
    for listed in permission.prefix_list_ids:
        name = listed.prefix_list_id or ""
        entries = lowering.index.prefix_list_entries(name)
        yield name, None if entries is None else _side(map(Prefix.parse, entries), egress)
    for pair in permission.user_id_group_pairs:
        if pair.group_id:
            doubtful = _is_doubtful(lowering, pair, vpc)
            known = None if doubtful else _members(lowering, pair, vpc, egress)
            yield pair.group_id, known


def _side(prefixes: Iterable[Prefix], egress: bool) -> HeaderSpace:
    peers = Ranges.prefixes(prefixes)
    return HeaderSpace.where(**{"destination" if egress else "source": peers})


def _members(lowering: Lowering, pair: UserIdGroupPair, vpc: str, egress: bool) -> HeaderSpace:
    if pair.peering_status not in (None, "", "active"):
        return HeaderSpace.where(identity=Ranges(()))
    scope = lowering.joined(vpc, outbound=egress)
    if not egress:
        numbers = (
            number for number, home in lowering.senders_with(pair.group_id or "") if home in scope
        )
        return HeaderSpace.where(identity=Ranges.of(*numbers))
    members = [
        interface
        for interface in lowering.index.interfaces_by_group.get(pair.group_id or "", ())
        if interface.vpc_id in scope
    ]
    own = Ranges.of(*(a for interface in members for a in private_addresses(interface)))
    blocks = [block for interface in members for block in delegated_prefixes(interface)]
    return HeaderSpace.where(destination=own | Ranges.prefixes(map(Prefix.parse, blocks)))


def _is_doubtful(lowering: Lowering, pair: UserIdGroupPair, vpc: str) -> bool:
    """A group of another VPC, when the call that lists peerings was not made."""
    group = lowering.snapshot.get(SecurityGroup, pair.group_id or "")
    if group is None or group.vpc_id == vpc:
        return False
    return not lowering.has(VpcPeeringConnection, group)


def _protocol_space(permission: IpPermission) -> HeaderSpace:
    if permission.ip_protocol == "-1":
        return ANYTHING
    protocol = parse_protocol(permission.ip_protocol)
    low, high = permission.from_port, permission.to_port
    ports = kind = code = None
    if protocol in (TCP, UDP) and low is not None and high is not None and low != -1:
        ports = Ranges.span(low, high)
    if protocol in (ICMP, ICMPV6) and low is not None and low != -1:
        kind = Ranges.of(low)
        if high is not None and high != -1:
            code = Ranges.of(high)
    return HeaderSpace.where(
        protocol=Ranges.of(protocol), destination_port=ports, icmp_type=kind, icmp_code=code
    )


def _words(permission: IpPermission) -> str:
    if permission.ip_protocol == "-1":
        return "all traffic"
    protocol = parse_protocol(permission.ip_protocol)
    shown = format_protocol(protocol)
    if protocol not in (TCP, UDP, ICMP, ICMPV6):
        return f"protocol {shown}"
    low, high = permission.from_port, permission.to_port
    if low is None or low == -1:
        return shown
    if protocol in (ICMP, ICMPV6):
        return f"{shown} type {low}" + ("" if high in (None, -1) else f" code {high}")
    return f"{shown} {low}" if low == high else f"{shown} {low}-{high}"


def _end(lowering: Lowering, group_id: str) -> End | None:
    if lowering.snapshot.get(SecurityGroup, group_id) is None:
        return None
    return lowering.hosts(lowering.index.interfaces_by_group.get(group_id, ()), group_id)


COMPONENT = Component(
    name="security_group",
    reads=(SecurityGroup, SecurityGroupVpcAssociation),
    slots={
        "network_interface.egress": lambda lowering, eni: _stages(lowering, eni, True),
        "network_interface.ingress": lambda lowering, eni: _stages(lowering, eni, False),
    },
    ends={"sg-": _end},
)
