"""Hosts that a survey by end point tells together: those that others treat alike as well.

    Parts(ground).label(interface) -> label        .members(label) -> interfaces

Hosts of one class have the same groups in the same subnet.  Others may still tell them apart: by a
block that only some of them are in, or because only some have an address outside.  What reaches
one of a part, or what it reaches, is so of all.  Takes a lowered snapshot; must not know how a
survey is made.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cached_property

from reach.lower import Ground
from reach.network.address import WIDTH, Prefix
from reach.snapshot.gateway_records import ManagedPrefixListEntries
from reach.snapshot.index import outer_mapping, private_addresses
from reach.snapshot.records import (
    NetworkAcl,
    NetworkInterface,
    RouteTable,
    SecurityGroup,
)
from reach.snapshot.snapshot import Snapshot


class Parts:
    """The parts of each class, named by the first of each as a class is."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._known: dict[str, Mapping[str, str]] = {}

    def label(self, interface: NetworkInterface) -> str:
        """What it is told by: the owner of its packets, or of the first of its part."""
        owner = self._ground.interface_node(interface).rpartition("/")[0]
        first = self._first(interface.network_interface_id)
        return f"{owner.partition('/')[0]}/{first}" if first else owner

    def members(self, label: str) -> Sequence[NetworkInterface]:
        """The hosts of a part; nothing where the label is of no host."""
        alike = self._ground.alike(label.partition("/")[2])
        return tuple(each for each in alike if self.label(each) == label)

    def _first(self, name: str) -> str:
        """The first of an interface's part; '' for what shares no node with others."""
        alike = self._ground.alike(name)
        if len(alike) < 2:
            return ""
        of_class = alike[0].network_interface_id
        known = self._known.get(of_class)
        if known is None:
            known = self._known[of_class] = self._parted(alike)
        return known[name]

    def _parted(self, alike: Sequence[NetworkInterface]) -> Mapping[str, str]:
        firsts: dict[Hashable, str] = {}
        return {
            each.network_interface_id: firsts.setdefault(
                self._told_by(each), each.network_interface_id
            )
            for each in alike
        }

    def _told_by(self, interface: NetworkInterface) -> Hashable:
        """What others can tell a host by, beside what it shares with its class."""
        blocks = (
            (length, address >> (WIDTH - length))
            for address in private_addresses(interface)
            for length, held in self._blocks.items()
            if address >> (WIDTH - length) in held
        )
        families = frozenset(address >> (WIDTH - 1) for address, _ in outer_mapping(interface))
        return families, tuple(blocks)

    @cached_property
    def _blocks(self) -> Mapping[int, frozenset[int]]:
        """The blocks that anything in the snapshot names, by length."""
        found: dict[int, set[int]] = {}
        for text in set(filter(None, _named(self._ground.snapshot))):
            prefix = Prefix.parse(text)
            found.setdefault(prefix.length, set()).add(prefix.value >> (WIDTH - prefix.length))
        return {length: frozenset(found[length]) for length in sorted(found)}


def _named(snapshot: Snapshot) -> Iterator[str | None]:
    for group in snapshot.records(SecurityGroup):
        for permission in (*group.ip_permissions, *group.ip_permissions_egress):
            yield from (each.cidr_ip for each in permission.ip_ranges)
            yield from (each.cidr_ipv6 for each in permission.ipv6_ranges)
    for listed in snapshot.records(ManagedPrefixListEntries):
        yield from (each.cidr for each in listed.entries)
    for acl in snapshot.records(NetworkAcl):
        for entry in acl.entries:
            yield from (entry.cidr_block, entry.ipv6_cidr_block)
    for table in snapshot.records(RouteTable):
        for route in table.routes:
            yield from (route.destination_cidr_block, route.destination_ipv6_cidr_block)
