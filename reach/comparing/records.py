"""The first stage: which records of two snapshots differ, and whether that can matter to a packet.

    changed(before, after) -> Changed

Records are compared by what was said, not by where it stood: the order and the names of files do
not count, the account and the Region of the folder do.  What only people read, tags and most
descriptions, is counted apart.  Calls that one snapshot has the answer of and the other lacks are
told as well.  Takes two snapshots; must not know what a record means to a packet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from reach.snapshot.amended import apart
from reach.snapshot.private_records import VpnConnection, VpnGateway
from reach.snapshot.record import LEFT_OUT, PROVENANCE, Record, Scope, content, unprinted
from reach.snapshot.records import (
    Address,
    EgressOnlyInternetGateway,
    Instance,
    InternetGateway,
    ManagedPrefixListEntries,
    NatGateway,
    NetworkAcl,
    NetworkInterface,
    PrefixList,
    RouteTable,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
    Vpc,
    VpcPeeringConnection,
)
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.transit_records import (
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayRouteTable,
)

# Kinds whose tags nothing reads but people, and questions that name an end by one.  Those of
# endpoints and of attachments to a core network say what they are.
_TAGGED: tuple[type[Record], ...] = (
    Address,
    Instance,
    EgressOnlyInternetGateway,
    InternetGateway,
    NatGateway,
    NetworkAcl,
    NetworkInterface,
    PrefixList,
    RouteTable,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayRouteTable,
    Vpc,
    VpcPeeringConnection,
    VpnConnection,
    VpnGateway,
)
# Kinds whose lists are sets to AWS (R-SG-1, R-NACL-2: entries have numbers, R-RT-1: the longest
# prefix wins), and whose descriptions nothing reads but people.
_SETS: tuple[type[Record], ...] = (
    ManagedPrefixListEntries,
    NetworkAcl,
    RouteTable,
    SecurityGroup,
    SecurityGroupRule,
)
_READ_BY_PEOPLE = frozenset({"tags", "tag_set", "description"})
# Services describe the interfaces that they make, and components read that (R-ENI-9).
_TELLING = (
    *("ELB ", "Interface for NAT Gateway ", "rgw-", "ClientVPN", "cvpn-"),
    *("DBProxy", "RDS", "EFS", "EKS", "ElastiCache"),
)


@dataclass(frozen=True)
class Altered:
    """The ids of one kind of record that only one snapshot has, or that say something else."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    other: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        return (*self.added, *self.removed, *self.other)


@dataclass(frozen=True)
class Missing:
    """A call whose answer, or the whole of it, is in one of two snapshots only.

    ``whole_before`` iff it is the snapshot before that has it.
    """

    operation: str
    scope: Scope
    whole_before: bool


@dataclass(frozen=True)
class Changed:
    """All that differs: records by kind, ``told`` of which only what people read, and calls."""

    records: Mapping[type[Record], Altered]
    told: int
    missing: tuple[Missing, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether nothing differs that could matter to a packet."""
        return not self.records and not self.missing


def changed(before: Snapshot, after: Snapshot) -> Changed:
    """What differs between two snapshots."""
    records: dict[type[Record], Altered] = {}
    told = 0
    for kind in dict.fromkeys((*before.contents, *after.contents)):
        altered, only_told = _compared(before, after, kind)
        told += only_told
        if altered.ids:
            records[kind] = altered
    return Changed(records, told, tuple(_missing(before, after)))


def _compared(before: Snapshot, after: Snapshot, kind: type[Record]) -> tuple[Altered, int]:
    old, new = before.contents.get(kind, {}), after.contents.get(kind, {})
    if old is new:
        return Altered(), 0
    few = apart(old, new)
    if few is None:
        old, new = dict(old.items()), dict(new.items())  # of packed records all at once
    else:
        old, new = ({name: each[name] for name in few if name in each} for each in (old, new))
    other: list[str] = []
    only_told = 0
    for key, record in new.items():
        known = old.get(key)
        if known is None or known is record or _same(known, record):
            continue
        if _is_told(known, record):
            only_told += 1
        else:
            other.append(key)
    added, removed = sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys())
    return Altered(tuple(added), tuple(removed), tuple(sorted(other))), only_told


def _same(one: Record, other: Record) -> bool:
    return one.page.scope == other.page.scope and content(one) == content(other)


def _is_told(one: Record, other: Record) -> bool:
    """Whether two records say the same to a packet."""
    if one.page.scope != other.page.scope:
        return False
    return _heard(one, other) == _heard(other, one)


def _heard(record: Record, other: Record) -> dict[str, object]:
    """What a record says to a packet, beside one that it is compared with."""
    kind = type(record)
    silent = set(PROVENANCE)
    if kind in _TAGGED:
        silent |= {"tags", "tag_set"}
    if isinstance(record, NetworkInterface) and not (_tells(record) or _tells(other)):
        silent.add("description")
    names = (name for name in kind.__struct_fields__ if name not in silent)
    if kind not in _SETS:
        return {name: getattr(record, name) for name in names}
    said = {name: _set(msgspec.to_builtins(getattr(record, name))) for name in names}
    return {**said, "what it lacks": [*sorted(unprinted(record)), *_left_out(record)]}


def _left_out(record: Record) -> list[tuple[bool, ...]]:
    """Of each permission of a group, which lists of peers are not there."""
    if not isinstance(record, SecurityGroup):
        return []
    every = (*record.ip_permissions, *record.ip_permissions_egress)
    lists = ((e.ip_ranges, e.ipv6_ranges, e.prefix_list_ids, e.user_id_group_pairs) for e in every)
    return sorted(tuple(each is LEFT_OUT for each in some) for some in lists)


def _set(value: object) -> object:
    """Plain data without descriptions, its lists in one order."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k.lower() not in _READ_BY_PEOPLE}
        return {name: _set(each) for name, each in kept.items()}
    if isinstance(value, list | tuple):
        return sorted((_set(each) for each in value), key=repr)
    return value


def _tells(record: Record) -> bool:
    """Whether anything but a person may read an interface's description."""
    if not isinstance(record, NetworkInterface):
        return True
    attached = record.attachment is not None and bool(record.attachment.instance_id)
    return record.requester_managed or is_described(record) or not attached


def is_described(interface: NetworkInterface) -> bool:
    """Whether its description is as those are that services write."""
    return any(words in interface.description for words in _TELLING)


def _missing(before: Snapshot, after: Snapshot) -> Iterator[Missing]:
    """Calls that are whole in one snapshot only, of the scopes that both speak of."""
    if before.calls is after.calls:
        return
    scopes = sorted({*before.scopes, *after.scopes})
    for scope in scopes:
        for section in after.sections.values():
            whole = [_is_whole(snapshot, section, scope) for snapshot in (before, after)]
            if whole[0] is not whole[1]:
                yield Missing(section.call, scope, whole[0])


def _is_whole(snapshot: Snapshot, section: Section, scope: Scope) -> bool:
    """Whether the section's call, or one that covers it, was answered to its end."""
    covering = snapshot.sections.get(section.covered_by)
    kinds = [each.record for each in (section, covering) if each is not None]
    return any(
        snapshot.has(kind, *scope) and not snapshot.is_cut_short(kind, scope) for kind in kinds
    )
