"""Whom a rule of a security group means: blocks, prefix lists, and groups by their members.

    meant_by(lowering, permission, worn, place) -> Peer, ...
    lost_to(lowering, group, vpc, subnet) -> Lost        vpcs_with(lowering) -> group -> VPCs

On the way in a group means whoever sends with it, on the way out the private addresses of who wears
it, in the same VPC and in those that are joined to it (R-SG-12, R-SG-15, R-SG-16), of which those
count to whom the way keeps group identity (R-SG-19).  Must not know nodes, nor other rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from reach.component import Lowering
from reach.interfaces.permissions import flaw, lacks
from reach.network.address import ANY_IPV4, ANY_IPV6, Prefix
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Action
from reach.routing.keeping import NOTHING, Lost, lost_from, lost_within
from reach.snapshot.record import is_associated
from reach.snapshot.records import (
    IpPermission,
    NetworkInterface,
    SecurityGroup,
    SecurityGroupVpcAssociation,
    UserIdGroupPair,
    VpcPeeringConnection,
)
from reach.states import PEERING, may_work
from reach.unprinted import lacking, left_out

_ASSOCIATED = "associated-group"
_IPV6 = "group-reference-ipv6"
_FOUR = Ranges.prefixes((ANY_IPV4,))
_SIX = Ranges.prefixes((ANY_IPV6,))


@dataclass(frozen=True, slots=True)
class Peer:
    """One of the alternatives of a permission: what to call it, whom it matches, and what becomes
    of them; a denial is one that another reading of AWS would let pass."""

    shown: str
    space: HeaderSpace
    action: Action = Action.PERMIT
    words: str = ""
    option: str = ""


@dataclass(frozen=True, slots=True)
class Worn:
    """The rules of a group as they are worn in a VPC, of one way; ``lost`` are the destinations to
    which no group references are kept from there."""

    group: SecurityGroup
    vpc: str
    egress: bool
    lost: Lost = NOTHING

    @property
    def permissions(self) -> tuple[IpPermission, ...]:
        return self.group.ip_permissions_egress if self.egress else self.group.ip_permissions


def meant_by(
    lowering: Lowering, permission: IpPermission, worn: Worn, place: str
) -> Iterator[Peer]:
    """The alternatives of a permission as it stands; in doubt where AWS would not have it so.

    ``place`` is where it stands: the file and JSON pointer.
    """
    wrong, untold = flaw(permission), lacks(permission)
    peers = _peers(lowering, permission, worn)
    if wrong:
        words = f"{wrong} ({place}): what it lets pass is not known"
        yield from (replace(peer, action=Action.DOUBT, words=words) for peer in peers)
    else:
        yield from peers
    if untold:
        words = f"{untold} ({place}): whom it lets pass is not known"
        yield Peer("others", ANYTHING, Action.DOUBT, words)


def _peers(lowering: Lowering, permission: IpPermission, worn: Worn) -> Iterator[Peer]:
    """The alternatives of one permission (R-SG-2).

    In doubt: a prefix list whose entries are not known, a group whose members may be beyond a
    peering that is not known.
    """
    for block in (
        *(r.cidr_ip for r in permission.ip_ranges),
        *(r.cidr_ipv6 for r in permission.ipv6_ranges),
    ):
        if block:
            yield Peer(block, _side((Prefix.parse(block),), worn.egress))
    for listed in permission.prefix_list_ids:
        name = listed.prefix_list_id or ""
        entries = lowering.index.prefix_list_entries(name)
        if entries is None:
            yield _in_doubt(name)
        else:
            yield Peer(name, _side(map(Prefix.parse, entries), worn.egress))
    for pair in permission.user_id_group_pairs:
        if pair.group_id and _is_doubtful(lowering, pair, worn.vpc):
            yield _in_doubt(pair.group_id)
        elif pair.group_id:
            yield from _group(lowering, pair, worn)


def _on_the_way(peer: Peer, lost: Lost) -> Iterator[Peer]:
    """R-SG-12, R-SG-19: of the members of a group those to whom the way keeps group identity.

    In doubt: those to whom it may be kept, or not.
    """
    members = peer.space.by_name.get("destination")
    if not lost or members is None:
        yield peer
        return
    kept = HeaderSpace.where(destination=members - lost.at_all)
    yield replace(peer, space=peer.space & kept)
    perhaps = members & lost.perhaps
    if perhaps and peer.action is Action.PERMIT:
        words = f"whether {peer.shown} is matched hangs on the route that a packet takes"
        space = HeaderSpace.where(destination=perhaps)
        yield Peer(peer.shown, space, Action.DOUBT, words, peer.option)


def _in_doubt(shown: str) -> Peer:
    words = f"whom {shown} means is not in the snapshot"
    return Peer(shown, ANYTHING, Action.DOUBT, words)


def _side(prefixes: Iterable[Prefix], egress: bool) -> HeaderSpace:
    peers = Ranges.prefixes(prefixes)
    return HeaderSpace.where(**{"destination" if egress else "source": peers})


def _group(lowering: Lowering, pair: UserIdGroupPair, worn: Worn) -> Iterator[Peer]:
    """R-SG-12: whom a reference matches, and whom it may not, as AWS is read (U-10, U-11)."""
    name = pair.group_id or ""
    status = pair.peering_status or "active"
    if may_work(status, PEERING) and status != "active":
        yield _in_doubt(name)
        return
    if status != "active":
        yield Peer(name, HeaderSpace.where(identity=Ranges(())))
        return
    scope = lowering.joined(worn.vpc, outbound=worn.egress)
    for peer in _by_family(lowering, name, scope, worn.egress):
        yield from _on_the_way(peer, worn.lost)
    tied = _tied(lowering, pair, worn) - scope
    beyond = _members(lowering, name, tied, worn.egress) if tied else None
    if beyond is not None:
        passes = lowering.option(_ASSOCIATED) == "any"
        words = "a group of both VPCs is all that joins them"
        action = Action.PERMIT if passes else Action.DENY
        yield Peer(name, beyond, action, f"{name}: {words}", _ASSOCIATED)
    if worn.egress:
        for peer in _perhaps(lowering, name, scope | tied):
            yield from _on_the_way(peer, worn.lost)


def _perhaps(lowering: Lowering, name: str, vpcs: frozenset[str]) -> Iterator[Peer]:
    """Interfaces that may be members: nobody knows their groups.  Those that send are doubted as
    they do."""
    found = (lacking(lowering, NetworkInterface, "vpc_id", vpc, "groups") for vpc in sorted(vpcs))
    for each in dict.fromkeys(each for some in found for each in some):
        unsaid = left_out(lowering, each, "groups")
        if unsaid is not None:
            space = HeaderSpace.where(destination=lowering.index.addresses_of((each,)))
            yield Peer(name, space, Action.DOUBT, f"{unsaid.resource}: {unsaid.words}")


def _by_family(
    lowering: Lowering, name: str, scope: frozenset[str], egress: bool
) -> Iterator[Peer]:
    """The members, those with IPv6 addresses apart: whether they count for IPv6 is open (U-11)."""
    space = _members(lowering, name, scope, egress)
    if space is None:
        yield Peer(name, HeaderSpace.where(identity=Ranges(())))
        return
    if not lowering.index.have_ipv6(lowering.index.wearing(name)):
        yield Peer(name, space)
        return
    side = "destination" if egress else "source"
    yield Peer(name, space & HeaderSpace.where(**{side: _FOUR}))
    six = space & HeaderSpace.where(**{side: _SIX})
    if lowering.option(_IPV6) == "match":
        yield Peer(name, six, option=_IPV6)
    else:
        words = f"{name} is not matched by IPv6 packets"
        yield Peer(name, six, Action.DENY, words, _IPV6)


def _tied(lowering: Lowering, pair: UserIdGroupPair, worn: Worn) -> frozenset[str]:
    """The VPCs that share a group with this one, the rule's own or the one that it names."""
    tied: set[str] = set()
    for name in (worn.group.group_id, pair.group_id or ""):
        vpcs = vpcs_with(lowering).get(name, frozenset())
        if worn.vpc in vpcs:
            tied |= vpcs
    return frozenset(tied)


def naming(lowering: Lowering) -> Mapping[str, frozenset[str]]:
    """The groups whose rules name a group, by that one."""

    def make() -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for group in lowering.snapshot.records(SecurityGroup):
            for rule in (*group.ip_permissions, *group.ip_permissions_egress):
                for pair in rule.user_id_group_pairs:
                    found.setdefault(pair.group_id or "", set()).add(group.group_id)
        return {name: frozenset(groups) for name, groups in found.items()}

    return lowering.memo("security_group naming", make)


def vpcs_with(lowering: Lowering) -> Mapping[str, frozenset[str]]:
    """R-SG-30: the VPCs of each group that is in use in several."""

    def make() -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for each in lowering.snapshot.records(SecurityGroupVpcAssociation):
            home = lowering.index.group_but_rules(each.group_id)
            if is_associated(each.state):
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


def lost_to(lowering: Lowering, group_id: str, vpc: str, subnet: str) -> Lost:
    """Of all whom a group's outbound rules name those on whose way group identity is lost."""
    if not _names(lowering, group_id):
        return NOTHING

    def make() -> Lost:
        key = f"security_group {group_id} {vpc} names"
        named = lowering.memo(key, partial(_named, lowering, group_id, vpc))
        if subnet:
            return lost_from(lowering, subnet, named)
        return lost_within(lowering, vpc, named)

    return lowering.memo(f"security_group {group_id} {vpc} {subnet} lost", make)


def _names(lowering: Lowering, group_id: str) -> tuple[str, ...]:
    """The groups that a group's outbound rules name."""
    group = lowering.snapshot.get(SecurityGroup, group_id)
    return tuple(
        pair.group_id or ""
        for permission in (group.ip_permissions_egress if group is not None else ())
        for pair in permission.user_id_group_pairs
    )


def _named(lowering: Lowering, group_id: str, vpc: str) -> Ranges:
    """The addresses of their members in the VPCs where they count."""
    scope = lowering.joined(vpc, outbound=True)
    names = dict.fromkeys(_names(lowering, group_id))
    found = [lowering.index.addresses_of(lowering.index.in_group(name, scope)) for name in names]
    return Ranges.any_of(found)


def _is_doubtful(lowering: Lowering, pair: UserIdGroupPair, vpc: str) -> bool:
    """A group of another VPC, when the peering that it is named over is not in the snapshot, or the
    call that lists peerings was not made."""
    group = lowering.index.group_but_rules(pair.group_id or "")
    if group is None or group.vpc_id == vpc:
        return False
    over = pair.vpc_peering_connection_id
    if over and pair.peering_status == "active":
        return lowering.snapshot.get(VpcPeeringConnection, over) is None
    return not lowering.has(VpcPeeringConnection, group)
