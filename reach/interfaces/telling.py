"""Which of an interface's groups say all that they say of the packets that a network is about.

    telling(lowering, groups) -> groups        sees_both_directions(interface) -> bool

What groups let pass adds up (R-SG-2), so a group that lets nothing of these packets pass says
nothing, nor does one whose rules others have as well, and of groups with the same rules one stands
for all.  A group that a rule names is somebody by itself (R-SG-12), as is one that is in use in
several VPCs (R-SG-30) and one of whose rules something is not known.  An interface keeps at least
one group: without any it would not be filtered (R-SG-6).

What a network is about are packets on their way there.  Their replies have other ports, and are let
pass because the way there was (R-SG-22); not so by an interface that passes on what others send,
which may see a reply and nothing else, and there all that groups say counts.  Must not know nodes
or stages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from reach.component import Lowering
from reach.interfaces.kinds import is_host
from reach.interfaces.permissions import flaw, lacks, permission_space
from reach.network.header_space import HeaderSpace
from reach.snapshot.record import unprinted
from reach.snapshot.records import (
    IpPermission,
    NetworkInterface,
    SecurityGroup,
    SecurityGroupVpcAssociation,
)

# One alternative of a permission: whether outbound, which packets, and the peer as it is written.
_Saying = tuple[bool, HeaderSpace, str]


def telling(lowering: Lowering, groups: frozenset[str]) -> frozenset[str]:
    """Those of some groups that stand for all of them."""
    return lowering.memo("group telling", partial(_Telling, lowering)).of(groups)


def sees_both_directions(interface: NetworkInterface) -> bool:
    """Whether whoever gets a packet by it answers by it, and nobody else's reply comes by: a host
    that has nothing but its own (R-ENI-4, R-ENI-12)."""
    return interface.source_dest_check and is_host(interface)


@dataclass(frozen=True, slots=True)
class _Group:
    """What a group says, and where: rules of one VPC of one owner mean the same in each group."""

    home: tuple[object, ...]
    says: frozenset[_Saying]


class _Telling:
    """All groups of a snapshot; ``alone`` are those that nothing else stands for."""

    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering
        records = lowering.snapshot.records(SecurityGroup)
        self._groups = {each.group_id: self._read(each) for each in records}
        self._alone = set(self._set_apart(records))
        self._first: dict[_Group, str] = {}
        for name in sorted(self._groups.keys() - self._alone):
            self._first.setdefault(self._groups[name], name)

    def of(self, groups: frozenset[str]) -> frozenset[str]:
        kept = {each for each in groups if each in self._alone or each not in self._groups}
        said = {saying for each in kept for saying in self._sayings(each)}
        others = {self._first[self._groups[each]] for each in groups - kept}
        for each in sorted(others, key=self._most_first):
            if not self._sayings(each) <= said:
                said |= self._sayings(each)
                kept.add(each)
        return frozenset(kept) or frozenset(sorted(others)[:1])

    def _most_first(self, name: str) -> tuple[int, str]:
        return -len(self._groups[name].says), name

    def _sayings(self, name: str) -> frozenset[tuple[tuple[object, ...], _Saying]]:
        group = self._groups.get(name)
        if group is None:
            return frozenset()
        return frozenset((group.home, saying) for saying in group.says)

    # ---------------------------------------------------------------- reading

    def _read(self, group: SecurityGroup) -> _Group:
        scope = self._lowering.snapshot.scope_of(group)
        says = (
            (egress, space, peer)
            for egress, each, space in self._kept(group)
            for peer in _peers(each)
        )
        return _Group((group.vpc_id, scope), frozenset(says))

    def _kept(self, group: SecurityGroup) -> Iterator[tuple[bool, IpPermission, HeaderSpace]]:
        """The permissions for packets that the network is about, and for which of them."""
        both = ((False, group.ip_permissions), (True, group.ip_permissions_egress))
        for egress, permissions in both:
            for each in permissions:
                space = permission_space(each) & self._lowering.only
                if not space.is_empty:
                    yield egress, each, space

    def _set_apart(self, records: tuple[SecurityGroup, ...]) -> Iterator[str]:
        yield from (
            each.group_id for each in self._lowering.snapshot.records(SecurityGroupVpcAssociation)
        )
        read_whole = frozenset(_worn_by_others(self._lowering))
        for group in records:
            if next(unprinted(group), None):
                yield group.group_id
            if group.group_id in read_whole:
                for permission in (*group.ip_permissions, *group.ip_permissions_egress):
                    yield from (pair.group_id or "" for pair in permission.user_id_group_pairs)
            for _, permission, _ in self._kept(group):
                yield from (pair.group_id or "" for pair in permission.user_id_group_pairs)
                if not self._is_plain(permission, group):
                    yield group.group_id

    def _is_plain(self, permission: IpPermission, group: SecurityGroup) -> bool:
        """Whether it is known what a permission means, and nobody of another VPC is meant."""
        if flaw(permission) or lacks(permission):
            return False
        lists = (each.prefix_list_id or "" for each in permission.prefix_list_ids)
        if any(self._lowering.index.prefix_list_entries(name) is None for name in lists):
            return False
        named = (pair.group_id or "" for pair in permission.user_id_group_pairs)
        homes = (self._lowering.index.group_but_rules(name) for name in named)
        return all(each is not None and each.vpc_id == group.vpc_id for each in homes)


def _worn_by_others(lowering: Lowering) -> Iterator[str]:
    """The groups of those interfaces that do not see both directions."""
    roll = lowering.index.roll
    if roll is not None:
        rows = roll.where(lambda each: not sees_both_directions(each))
        for number in set(roll.group[rows].tolist()):
            yield from roll.groups[number]
        return
    for each in lowering.index.interfaces:
        if not sees_both_directions(each):
            yield from (group.group_id for group in each.groups)


def _peers(permission: IpPermission) -> Iterator[str]:
    """Whom a permission is for, as it is written."""
    yield from (each.cidr_ip or "" for each in permission.ip_ranges)
    yield from (each.cidr_ipv6 or "" for each in permission.ipv6_ranges)
    yield from (each.prefix_list_id or "" for each in permission.prefix_list_ids)
    yield from (
        f"{each.group_id} {each.peering_status or ''}" for each in permission.user_id_group_pairs
    )
