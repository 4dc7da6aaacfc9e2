"""Security groups: stateful, allow-only, order-free filters of an interface.

A packet passes when any rule of any group of the interface allows it (R-SG-1, R-SG-2, R-SG-5); the
reply of an admitted flow passes whatever the other direction's rules say (R-SG-22, R-SG-24).  An
interface without groups is not filtered (R-SG-6).  A rule that names a group matches by identity:
on the way in the packet still carries the group set of the interface that sent it, on the way out
its destination is a private address of a member; public addresses never match (R-SG-12, R-SG-13).
Members count in the same VPC and in VPCs that are joined to it, by an active peering of the same
Region both ways or by a transit gateway on the way in (R-SG-15, R-SG-16, R-SG-17); an associated
group joins no VPCs by itself (R-SG-31, U-10).  A stale reference or one to an unseen account
matches nobody (R-SG-18).  A group of another account in a shared VPC counts as any other
(R-SHARE-2).  References are of IPv6 packets as well (U-11).

Implements: R-SG-1 R-SG-2 R-SG-3 R-SG-4 R-SG-5 R-SG-6 R-SG-7 R-SG-8 R-SG-9 R-SG-10 R-SG-11 R-SG-12
R-SG-13 R-SG-14 R-SG-15 R-SG-16 R-SG-17 R-SG-18 R-SG-22 R-SG-23 R-SG-24 R-SG-25 R-SG-28 R-SG-30
R-SG-31 R-SG-32 R-SG-33 R-SHARE-2 R-PIPE-5 R-PIPE-6
Not modelled: connections already open (R-SG-26, R-SG-27).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from reach.component import Component, Denial, Denied, End, Lowering, Mending
from reach.interfaces.ends import unheld_in
from reach.interfaces.permissions import flaw, lacks, permission_space
from reach.interfaces.telling import sees_both_directions, telling
from reach.network.address import ANY_IPV4, ANY_IPV6, Prefix
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
    VpcPeeringConnection,
)
from reach.states import PEERING, may_work
from reach.trace import Hop
from reach.unprinted import lacking, left_out, left_out_in

if TYPE_CHECKING:
    from reach.changes import Change, Removal


_MISMATCH = "ENI_SG_RULES_MISMATCH"
_ASSOCIATED = "associated-group"
_IPV6 = "group-reference-ipv6"
_FOUR = Ranges.prefixes((ANY_IPV4,))
_SIX = Ranges.prefixes((ANY_IPV6,))


def _stages(lowering: Lowering, interface_id: str, egress: bool) -> tuple[Stage, ...]:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    if interface is None:
        return ()
    unsaid = left_out(lowering, interface, "groups")
    if unsaid is not None:
        # On the way out nobody knows either whose reference the sender meets later (R-SG-12).
        return (unknown_filter(unsaid), *((Unmodelled(unsaid),) if egress else ()))
    if not interface.groups:
        return ()
    groups = (group.group_id for group in interface.groups)
    told, only = _told(lowering, groups, is_sliced=sees_both_directions(interface))
    return _filter(lowering, told, interface.vpc_id or "", egress, interface_id, only)


def _of_groups(lowering: Lowering, holder: str, egress: bool) -> tuple[Stage, ...]:
    """Groups of what has no interface in a VPC.  ``holder``: its id, the VPC, then the groups."""
    holder_id, vpc, *ids = holder.split(" ")
    told, only = _told(lowering, ids, is_sliced=False)
    return _filter(lowering, told, vpc, egress, holder_id, only) if told else ()


def _told(
    lowering: Lowering, groups: Iterable[str], *, is_sliced: bool
) -> tuple[tuple[str, ...], HeaderSpace]:
    """The groups of a filter and the packets that it is about: in a slice, fewer of both."""
    if is_sliced:
        return lowering.telling(groups), lowering.only
    return tuple(sorted(set(groups))), ANYTHING


def _filter(
    lowering: Lowering,
    ids: tuple[str, ...],
    vpc: str,
    egress: bool,
    holder: str,
    only: HeaderSpace,
) -> tuple[Stage, ...]:
    rules: list[Rule] = []
    unknown: list[Origin] = []
    for group_id in ids:
        doubt = _unknown(lowering, group_id, egress)
        if doubt is not None:
            unknown.append(doubt)
        else:
            key = f"security_group {group_id} {vpc} {egress} {only}"
            rules += lowering.memo(key, partial(_rules, lowering, group_id, vpc, egress, only))
    # A permit must be found before a doubt decides; else AWS's order means nothing (R-SG-1).
    rules.sort(key=_weight)
    names = _names(lowering, ids)
    otherwise = _otherwise(lowering, ids, unknown, rules, egress)
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


def _rules(
    lowering: Lowering, group_id: str, vpc: str, egress: bool, only: HeaderSpace
) -> tuple[Rule, ...]:
    group = lowering.snapshot.get(SecurityGroup, group_id)
    assert group is not None
    direction = "outbound" if egress else "inbound"
    found = []
    listed = group.ip_permissions_egress if egress else group.ip_permissions
    for number, permission in enumerate(listed):
        protocol = permission_space(permission) & only
        if protocol.is_empty:
            continue
        place = f"{where(group)}/IpPermissions{'Egress' if egress else ''}/{number}"
        for peer in _meant(permission, _peers(lowering, permission, group, vpc, egress), place):
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


@dataclass(frozen=True, slots=True)
class _Peer:
    """One of the alternatives of a permission: what to call it, whom it matches, and what becomes
    of them; a denial is one that another reading of AWS would let pass."""

    shown: str
    space: HeaderSpace
    action: Action = Action.PERMIT
    words: str = ""
    option: str = ""


def _peers(
    lowering: Lowering, permission: IpPermission, group: SecurityGroup, vpc: str, egress: bool
) -> Iterator[_Peer]:
    """The alternatives of one permission (R-SG-2).

    In doubt: a prefix list whose entries are not known, a group whose members may be beyond a
    peering that is not known.
    """
    for block in (
        *(r.cidr_ip for r in permission.ip_ranges),
        *(r.cidr_ipv6 for r in permission.ipv6_ranges),
    ):
        if block:
            yield _Peer(block, _side((Prefix.parse(block),), egress))
    for listed in permission.prefix_list_ids:
        name = listed.prefix_list_id or ""
        entries = lowering.index.prefix_list_entries(name)
        if entries is None:
            yield _in_doubt(name)
        else:
            yield _Peer(name, _side(map(Prefix.parse, entries), egress))
    for pair in permission.user_id_group_pairs:
        if pair.group_id and _is_doubtful(lowering, pair, vpc):
            yield _in_doubt(pair.group_id)
        elif pair.group_id:
            yield from _group(lowering, pair, group, vpc, egress)


def _meant(permission: IpPermission, peers: Iterable[_Peer], place: str) -> Iterator[_Peer]:
    """The alternatives of a permission as it stands; in doubt where AWS would not have it so."""
    wrong, untold = flaw(permission), lacks(permission)
    for peer in peers:
        words = f"{wrong} ({place}): what it lets pass is not known"
        yield replace(peer, action=Action.DOUBT, words=words) if wrong else peer
    if untold:
        words = f"{untold} ({place}): whom it lets pass is not known"
        yield _Peer("others", ANYTHING, Action.DOUBT, words)


def _in_doubt(shown: str) -> _Peer:
    words = f"whom {shown} means is not in the snapshot"
    return _Peer(shown, ANYTHING, Action.DOUBT, words)


def _side(prefixes: Iterable[Prefix], egress: bool) -> HeaderSpace:
    peers = Ranges.prefixes(prefixes)
    return HeaderSpace.where(**{"destination" if egress else "source": peers})


def _group(
    lowering: Lowering, pair: UserIdGroupPair, group: SecurityGroup, vpc: str, egress: bool
) -> Iterator[_Peer]:
    """R-SG-12: whom a reference matches, and whom it may not, as AWS is read (U-10, U-11)."""
    name = pair.group_id or ""
    status = pair.peering_status or "active"
    if may_work(status, PEERING) and status != "active":
        yield _in_doubt(name)
        return
    if status != "active":
        yield _Peer(name, HeaderSpace.where(identity=Ranges(())))
        return
    scope = lowering.joined(vpc, outbound=egress)
    yield from _by_family(lowering, name, scope, egress)
    tied = _tied(lowering, pair, group, vpc) - scope
    beyond = _members(lowering, name, tied, egress) if tied else None
    if beyond is not None:
        passes = lowering.option(_ASSOCIATED) == "any"
        words = "a group of both VPCs is all that joins them"
        action = Action.PERMIT if passes else Action.DENY
        yield _Peer(name, beyond, action, f"{name}: {words}", _ASSOCIATED)
    if egress:
        yield from _perhaps(lowering, name, scope | tied)


def _perhaps(lowering: Lowering, name: str, vpcs: frozenset[str]) -> Iterator[_Peer]:
    """Interfaces that may be members: nobody knows their groups.  Those that send are doubted as
    they do."""
    found = (lacking(lowering, NetworkInterface, "vpc_id", vpc, "groups") for vpc in sorted(vpcs))
    for each in dict.fromkeys(each for some in found for each in some):
        unsaid = left_out(lowering, each, "groups")
        if unsaid is not None:
            space = HeaderSpace.where(destination=lowering.index.addresses_of((each,)))
            yield _Peer(name, space, Action.DOUBT, f"{unsaid.resource}: {unsaid.words}")


def _by_family(
    lowering: Lowering, name: str, scope: frozenset[str], egress: bool
) -> Iterator[_Peer]:
    """The members, those with IPv6 addresses apart: whether they count for IPv6 is open (U-11)."""
    space = _members(lowering, name, scope, egress)
    if space is None:
        yield _Peer(name, HeaderSpace.where(identity=Ranges(())))
        return
    if not lowering.index.have_ipv6(lowering.index.interfaces_by_group.get(name, ())):
        yield _Peer(name, space)
        return
    side = "destination" if egress else "source"
    yield _Peer(name, space & HeaderSpace.where(**{side: _FOUR}))
    six = space & HeaderSpace.where(**{side: _SIX})
    if lowering.option(_IPV6) == "match":
        yield _Peer(name, six, option=_IPV6)
    else:
        words = f"{name} is not matched by IPv6 packets"
        yield _Peer(name, six, Action.DENY, words, _IPV6)


def _tied(
    lowering: Lowering, pair: UserIdGroupPair, group: SecurityGroup, vpc: str
) -> frozenset[str]:
    """The VPCs that share a group with this one, the rule's own or the one that it names."""
    tied: set[str] = set()
    for name in (group.group_id, pair.group_id or ""):
        vpcs = _vpcs(lowering).get(name, frozenset())
        if vpc in vpcs:
            tied |= vpcs
    return frozenset(tied)


def _vpcs(lowering: Lowering) -> Mapping[str, frozenset[str]]:
    """R-SG-30: the VPCs of each group that is in use in several."""

    def make() -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for each in lowering.snapshot.records(SecurityGroupVpcAssociation):
            home = lowering.index.group_but_rules(each.group_id)
            if each.state in ("associated", ""):
                found.setdefault(each.group_id, set()).add(each.vpc_id)
                if home is not None and home.vpc_id:
                    found[each.group_id].add(home.vpc_id)
        return {name: frozenset(vpcs) for name, vpcs in found.items()}

    return lowering.memo("security_group vpcs", make)


def _members(
    lowering: Lowering, name: str, scope: frozenset[str], egress: bool
) -> HeaderSpace | None:
    """The members of a group in some VPCs; None if it has none there."""
    if not egress:
        numbers = [number for number, home in lowering.senders_with(name) if home in scope]
        return HeaderSpace.where(identity=Ranges.of(*numbers)) if numbers else None
    members = lowering.index.in_group(name, scope)
    if not members:
        return None
    return HeaderSpace.where(destination=lowering.index.addresses_of(members))


def _is_doubtful(lowering: Lowering, pair: UserIdGroupPair, vpc: str) -> bool:
    """A group of another VPC, when the call that lists peerings was not made."""
    group = lowering.index.group_but_rules(pair.group_id or "")
    if group is None or group.vpc_id == vpc:
        return False
    return not lowering.has(VpcPeeringConnection, group)


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

    users = lowering.index.interfaces_by_group
    groups = [
        group
        for group_id in denied.origin.resource.split(", ")
        if (group := lowering.snapshot.get(SecurityGroup, group_id)) is not None
    ]
    if not groups:
        return ()
    group = min(groups, key=lambda each: (len(users.get(each.group_id, ())), each.group_id))
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
    members = lowering.hosts(lowering.index.interfaces_by_group.get(group_id, ()), group_id)
    vpcs = _vpcs(lowering).get(group_id, frozenset((group.vpc_id or "",)))
    unsaid = (left_out_in(lowering, NetworkInterface, vpc, "groups") for vpc in sorted(vpcs))
    gap = unheld_in(lowering, sorted(vpcs)) or next(filter(None, unsaid), None)
    return replace(members, gap=gap)


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
        "groups.egress": lambda lowering, holder: _of_groups(lowering, holder, True),
        "groups.ingress": lambda lowering, holder: _of_groups(lowering, holder, False),
    },
    ends={"sg-": _end},
    telling=telling,
    besides=_besides,
    mending=Mending("sg-", 0, _admit, _remove),
)
