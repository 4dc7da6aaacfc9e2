"""Security groups: stateful, allow-only, order-free filters of an interface.

A packet passes when any rule of any group of the interface allows it (R-SG-1, R-SG-2, R-SG-5); the
reply of an admitted flow passes whatever the other direction's rules say (R-SG-22, R-SG-24).  An
interface without groups is not filtered (R-SG-6).  A rule that names a group matches by identity:
on the way in the packet still carries the group set of the interface that sent it, on the way out
its destination is a private address of a member, and its way there keeps group identity (R-SG-12,
R-SG-19); public addresses never match (R-SG-13).
Members count in the same VPC and in VPCs that are joined to it, by an active peering of the same
Region both ways or by a transit gateway on the way in (R-SG-15, R-SG-16, R-SG-17); an associated
group joins no VPCs by itself (R-SG-31, U-10).  A stale reference or one to an unseen account
matches nobody (R-SG-18).  A group of another account in a shared VPC counts as any other
(R-SHARE-2).  References are of IPv6 packets as well (U-11).

Implements: R-SG-1 R-SG-2 R-SG-3 R-SG-4 R-SG-5 R-SG-6 R-SG-7 R-SG-8 R-SG-9 R-SG-10 R-SG-11 R-SG-12
R-SG-13 R-SG-14 R-SG-15 R-SG-16 R-SG-17 R-SG-18 R-SG-19 R-SG-22 R-SG-23 R-SG-24 R-SG-25 R-SG-28
R-SG-30 R-SG-31 R-SG-32 R-SG-33 R-SHARE-2 R-PIPE-5 R-PIPE-6
Not modelled: connections already open (R-SG-26, R-SG-27).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from reach.component import Component, Denial, Denied, End, Lowering, Mending
from reach.interfaces.ends import unheld_in
from reach.interfaces.members import end_of_members
from reach.interfaces.peers import Worn, lost_to, meant_by, vpcs_with
from reach.interfaces.permissions import permission_space
from reach.interfaces.telling import sees_both_directions, telling
from reach.interfaces.together import wears
from reach.network.address import format_address
from reach.network.field import (
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Header,
    format_protocol,
    parse_protocol,
)
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Action, Filter, Origin, Rule, Stage, Unmodelled, unknown_filter
from reach.routing.keeping import NOTHING, Lost, lost_from, route_to
from reach.snapshot.record import where
from reach.snapshot.records import (
    GroupRule,
    IpPermission,
    IpRange,
    Ipv6Range,
    NetworkInterface,
    SecurityGroup,
    SecurityGroupVpcAssociation,
    UserIdGroupPair,
)
from reach.trace import Hop
from reach.unprinted import left_out, left_out_in

if TYPE_CHECKING:
    from reach.changes import Change, Removal


_MISMATCH = "ENI_SG_RULES_MISMATCH"


def _stages(
    lowering: Lowering, interface_id: str, egress: bool, *, whole: bool = False
) -> tuple[Stage, ...]:
    """The filter of an interface; ``whole`` if it is about more than the network is."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    if interface is None:
        return ()
    unsaid = left_out(lowering, interface, "groups")
    if unsaid is not None:
        # On the way out nobody knows either whose reference the sender meets later (R-SG-12).
        return (unknown_filter(unsaid), *((Unmodelled(unsaid),) if egress else ()))
    if not interface.groups:
        return ()
    groups = wears(lowering, interface)
    is_sliced = not whole and sees_both_directions(interface)
    told, only = _told(lowering, groups, is_sliced=is_sliced)
    place = _Place(interface.vpc_id or "", interface.subnet_id or "", egress, only)
    return _filter(lowering, told, place, interface_id)


def _of_groups(lowering: Lowering, holder: str, egress: bool) -> tuple[Stage, ...]:
    """Groups of what has no interface in a VPC.  ``holder``: its id, the VPC, then the groups.

    Behind the VPC stands the subnet, after a slash, if it is a certain one.
    """
    holder_id, where, *ids = holder.split(" ")
    vpc, _, subnet = where.partition("/")
    told, only = _told(lowering, ids, is_sliced=False)
    return _filter(lowering, told, _Place(vpc, subnet, egress, only), holder_id) if told else ()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the groups of a filter are worn, which way it filters, and which packets it is about.

    Without a ``subnet`` it may be any of the VPC.
    """

    vpc: str
    subnet: str
    egress: bool
    only: HeaderSpace


def _told(
    lowering: Lowering, groups: Iterable[str], *, is_sliced: bool
) -> tuple[tuple[str, ...], HeaderSpace]:
    """The groups of a filter and the packets that it is about: in a slice, fewer of both."""
    if is_sliced:
        return lowering.telling(groups), lowering.only
    return tuple(sorted(set(groups))), ANYTHING


def _filter(
    lowering: Lowering, ids: tuple[str, ...], place: _Place, holder: str
) -> tuple[Stage, ...]:
    rules: list[Rule] = []
    unknown: list[Origin] = []
    for group_id in ids:
        doubt = _unknown(lowering, group_id, place.egress)
        if doubt is not None:
            unknown.append(doubt)
        else:
            rules += _rules(lowering, group_id, place)
    # A permit must be found before a doubt decides; else AWS's order means nothing (R-SG-1).
    rules.sort(key=_weight)
    names = _names(lowering, ids)
    otherwise = _otherwise(lowering, ids, unknown, rules, place.egress)
    replies = Origin(", ".join(ids), "lets the reply of an admitted flow pass", name=names)
    return (Filter(tuple(rules), otherwise, f"security_group {holder}", replies),)


def _unknown(lowering: Lowering, group_id: str, egress: bool) -> Origin | None:
    """Why the rules of a group are not known, if they are not."""
    group = lowering.snapshot.get(SecurityGroup, group_id)
    if group is None:
        words = "the rules of this group are not known"
        return lowering.missing(SecurityGroup, group_id, words)
    return left_out(lowering, group, "ip_permissions_egress" if egress else "ip_permissions")


def _otherwise(
    lowering: Lowering,
    ids: tuple[str, ...],
    unknown: list[Origin],
    rules: list[Rule],
    egress: bool,
) -> Rule:
    if unknown:
        return Rule(ANYTHING, Action.DOUBT, unknown[0])
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


def _rules(lowering: Lowering, group_id: str, place: _Place) -> tuple[Rule, ...]:
    """The rules of a group: the same for all in a VPC, but for what is lost on the way out."""
    vpc, egress, only = place.vpc, place.egress, place.only
    lost = lost_to(lowering, group_id, vpc, place.subnet) if egress else NOTHING
    key = f"security_group {group_id} {vpc} {egress} {only}"
    if lost:
        key += f" {lost.certainly.intervals} {lost.perhaps.intervals}"
    return lowering.memo(key, partial(_rules_of, lowering, group_id, place, lost))


def _rules_of(lowering: Lowering, group_id: str, at: _Place, lost: Lost) -> tuple[Rule, ...]:
    group = lowering.snapshot.get(SecurityGroup, group_id)
    assert group is not None
    egress, worn = at.egress, Worn(group, at.vpc, at.egress, lost)
    direction = "outbound" if egress else "inbound"
    found = []
    for number, permission in enumerate(worn.permissions):
        protocol = permission_space(permission) & at.only
        if protocol.is_empty:
            continue
        place = f"{where(group)}/IpPermissions{'Egress' if egress else ''}/{number}"
        for peer in meant_by(lowering, permission, worn, place):
            locator = rule_locator(permission, peer.shown, egress)
            code = _MISMATCH if peer.action is Action.DENY else ""
            words = peer.words or locator.replace(f"{direction} rule", f"allows {direction}", 1)
            origin = Origin(
                group_id,
                words,
                locator,
                code,
                group.group_name,
                peer.option,
                record=GroupRule(permission, peer.shown, egress),
            )
            found.append(Rule(protocol & peer.space, peer.action, origin))
    return tuple(sorted(found, key=lambda rule: rule.origin.locator))


def rule_locator(permission: IpPermission, peer: str, egress: bool) -> str:
    """The place of a rule in its group, as an origin tells it: one for each peer."""
    direction, way = ("outbound", "to") if egress else ("inbound", "from")
    return f"{direction} rule {_words(permission)} {way} {peer}"


def _weight(rule: Rule) -> tuple[int, str, str]:
    order = (Action.PERMIT, Action.DOUBT, Action.DENY)
    return order.index(rule.action), rule.origin.resource, rule.origin.locator


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


def _admit(lowering: Lowering, denied: Denied) -> tuple[Change, ...]:
    """A rule for it, in the group that the fewest interfaces have (R-SG-2: any group's will do)."""
    from reach.changes import AllowRule
    from reach.changes.group_rule import RuleOfGroup

    groups = [
        group
        for group_id in denied.origin.resource.split(", ")
        if (group := lowering.snapshot.get(SecurityGroup, group_id)) is not None
    ]
    if not groups:
        return ()
    users = {each.group_id: len(lowering.index.wearing(each.group_id)) for each in groups}
    group = min(groups, key=lambda each: (users[each.group_id], each.group_id))
    egress = denied.origin.locator.startswith("outbound")
    permission, peer = _permission(denied.wanted, egress)
    shown = f"{_words(permission)} {'to' if egress else 'from'} {peer}"
    rule = RuleOfGroup(group.group_id, group.group_name, egress, permission, shown)
    return (AllowRule(rule),)


def _permission(wanted: HeaderSpace, egress: bool) -> tuple[IpPermission, str]:
    """The permission for these packets (R-SG-7, R-SG-9), and its peer."""
    (protocol,) = (low for low, _ in wanted.by_name["protocol"].intervals)
    low, high = None, None
    if protocol in (TCP, UDP):
        ((low, high),) = wanted.by_name["destination_port"].intervals
    elif protocol in (ICMP, ICMPV6):
        low = wanted.by_name["icmp_type"].single
        high = wanted.by_name["icmp_code"].single
        high = -1 if high is None else high
    (peer,) = map(str, wanted.by_name["destination" if egress else "source"].cover())
    named = format_protocol(protocol)
    permission = IpPermission(
        ip_protocol=named,
        from_port=low,
        to_port=high,
        ip_ranges=() if ":" in peer else (IpRange(cidr_ip=peer),),
        ipv6_ranges=(Ipv6Range(cidr_ipv6=peer),) if ":" in peer else (),
    )
    return permission, peer


def _remove(lowering: Lowering, origin: Origin) -> tuple[Removal, ...]:
    """The rule that an origin speaks of."""
    from reach.changes import RevokeRule
    from reach.changes.group_rule import RuleOfGroup, single_peers

    group = lowering.snapshot.get(SecurityGroup, origin.resource)
    egress = origin.locator.startswith("outbound")
    if group is None or " rule " not in origin.locator:
        return ()
    for permission in group.ip_permissions_egress if egress else group.ip_permissions:
        for peer, alone in single_peers(permission):
            if rule_locator(permission, peer, egress) == origin.locator:
                shown = f"{_words(permission)} {'to' if egress else 'from'} {peer}"
                rule = RuleOfGroup(group.group_id, group.group_name, egress, alone, shown)
                return (RevokeRule(rule),)
    return ()


def _end(lowering: Lowering, group_id: str) -> End | None:
    group = lowering.snapshot.get(SecurityGroup, group_id)
    if group is None:
        return None
    members = lowering.index.wearing(group_id)
    vpcs = sorted(vpcs_with(lowering).get(group_id, frozenset((group.vpc_id or "",))))
    unsaid = (left_out_in(lowering, NetworkInterface, vpc, "groups") for vpc in vpcs)
    gap = unheld_in(lowering, vpcs) or next(filter(None, unsaid), None)
    return end_of_members(lowering, group_id, group.group_name, members, gap)


# ------------------------------------------------------------------- what bears on a denial


def _besides(lowering: Lowering, denial: Denial) -> Iterator[Origin]:
    """Rules that name a group of the sender, which cannot tell the sender any more; and rules that
    name groups of a peered VPC that is not in the snapshot (R-SG-18)."""
    if denial.origin.code not in (_MISMATCH, "SG_HAS_NO_RULES"):
        return
    lost = _lost_at(denial.hops)
    sent = next((hop.after.identity for hop in denial.hops if hop.after.identity), 0)
    _, groups = lowering.identities().get(sent, ("", frozenset()))
    for group_id in denial.origin.resource.split(", "):
        group = lowering.snapshot.get(SecurityGroup, group_id)
        egress = denial.origin.locator.startswith("outbound")
        for permission, pair in _references(group, egress, denial.header):
            origin = Origin(
                group_id,
                "",
                f"{denial.origin.locator} rule of {pair.group_id}",
                name=group.group_name if group else "",
                record=GroupRule(permission, pair.group_id or "", egress),
            )
            if lost is not None and not egress and pair.group_id in groups:
                yield _reference_lost(origin, lost, pair.group_id or "")
            if egress and _means(lowering, pair, denial.header.destination):
                yield from _lost_on_the_way(lowering, origin, pair.group_id or "", denial)
            if _is_unseen(lowering, pair):
                words = f"whom {pair.group_id} of an account that is not in the snapshot means"
                said = f"{words} is not known: it is taken to mean nobody"
                yield replace(origin, words=said, code="UNKNOWN_PEERED_SGS")


def _references(
    group: SecurityGroup | None, egress: bool, header: Header
) -> Iterator[tuple[IpPermission, UserIdGroupPair]]:
    """The references of a group's rules for packets of this protocol and port."""
    if group is None:
        return
    for permission in group.ip_permissions_egress if egress else group.ip_permissions:
        if header in permission_space(permission):
            yield from ((permission, pair) for pair in permission.user_id_group_pairs)


def _lost_at(hops: Sequence[Hop]) -> Hop | None:
    """The hop after which nobody can tell the sender's groups."""
    known = 0
    for hop in hops:
        if known and hop.after.identity != known:
            return hop
        known = hop.after.identity or known
    return None


def _reference_lost(origin: Origin, lost: Hop, group_id: str) -> Origin:
    """R-SG-17 of a transit gateway, R-SG-19 to 21 of all else."""
    component, resource, _ = lost.node.split("/", 2)
    if component == "transit_gateway_vpc_attachment":
        words = f"{resource} does not keep group references, so {group_id} cannot match behind it"
        code = "SG_REFERENCING_SUPPORT"
    else:
        words = f"the sender is in {group_id}, but behind {resource} nobody can tell"
        code = "SG_REFERENCES_NOT_PRESERVED"
    return replace(origin, words=words, code=code)


def _means(lowering: Lowering, pair: UserIdGroupPair, address: int) -> bool:
    """Whether who has an address is in the group of a pair."""
    owners = lowering.index.owner_of_address(address)
    return any(pair.group_id == group.group_id for each in owners for group in each.groups)


def _lost_on_the_way(
    lowering: Lowering, origin: Origin, group_id: str, denial: Denial
) -> Iterator[Origin]:
    """R-SG-19: the destination is a member, but not by the route that leads there."""
    subnet, destination = _sent_from(lowering, denial), denial.header.destination
    if lost_from(lowering, subnet, Ranges.of(destination)):
        routes = route_to(lowering, subnet, destination)
        ways = " or ".join(f"{each.locator} to {each.target}" for each in routes)
        words = f"{format_address(destination)} is in {group_id}, but not as one gets there by"
        said = f"{words} {ways}, which keeps no group references"
        yield replace(origin, words=said, code="SG_REFERENCES_NOT_PRESERVED")


def _sent_from(lowering: Lowering, denial: Denial) -> str:
    """The subnet of the interface whose outbound rules deny."""
    resource = denial.hops[-1].node.split("/", 2)[1] if denial.hops else ""
    interface = lowering.snapshot.get(NetworkInterface, resource)
    return (interface.subnet_id or "") if interface is not None else ""


def _may_pass_otherwise(lowering: Lowering, denied: Denied) -> bool:
    """R-SG-12: an outbound rule that names the destination's group may match by another route."""
    if not denied.origin.locator.startswith("outbound"):
        return False
    groups = (
        lowering.snapshot.get(SecurityGroup, group_id)
        for group_id in denied.origin.resource.split(", ")
    )
    return any(
        _means(lowering, pair, denied.header.destination)
        for group in groups
        for _, pair in _references(group, True, denied.header)
    )


def _is_unseen(lowering: Lowering, pair: UserIdGroupPair) -> bool:
    """Whether a pair names a group over an active peering whose other side is not there."""
    active = pair.peering_status == "active" and pair.vpc_peering_connection_id
    return bool(active) and lowering.snapshot.get(SecurityGroup, pair.group_id or "") is None


COMPONENT = Component(
    name="security_group",
    reads=(SecurityGroup, SecurityGroupVpcAssociation),
    slots={
        "network_interface.egress": lambda lowering, eni: _stages(lowering, eni, True),
        "network_interface.ingress": lambda lowering, eni: _stages(lowering, eni, False),
        "network_interface.takes": lambda lowering, eni: _stages(lowering, eni, False, whole=True),
        "groups.egress": lambda lowering, holder: _of_groups(lowering, holder, True),
        "groups.ingress": lambda lowering, holder: _of_groups(lowering, holder, False),
    },
    ends={"sg-": _end},
    telling=telling,
    besides=_besides,
    mending=Mending("sg-", 0, _admit, _remove, _may_pass_otherwise),
)
