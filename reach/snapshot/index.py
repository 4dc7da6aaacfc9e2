"""Joins over a snapshot's records: who is in which subnet, whose address is this.

Takes a snapshot; gives lookups, each built when first asked for and kept.  They say what names
what; what that means to a packet is for the components.  Addresses are the integers of
``reach.network.address``.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from reach.network.address import (
    ANY_IPV4,
    NOT_PUBLIC_IPV4,
    RFC1918,
    RFC6598,
    WIDTH,
    Prefix,
    is_ipv4,
    is_public,
    parse_address,
)
from reach.network.header_space import Ranges
from reach.snapshot.crowd import Crowd, Mixed
from reach.snapshot.lines import Lines
from reach.snapshot.record import UNPRINTED, Record, is_associated
from reach.snapshot.records import (
    AvailabilityZone,
    CidrBlockAssociation,
    Instance,
    Ipv6CidrBlockAssociation,
    ManagedPrefixListEntries,
    NetworkAcl,
    NetworkInterface,
    PrefixList,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.tags import Tags
from reach.snapshot.unheld import Unheld, unheld

if TYPE_CHECKING:
    from reach.snapshot.roll import Roll

_PUBLIC_IPV4 = Ranges.prefixes((ANY_IPV4,)) - Ranges.prefixes(NOT_PUBLIC_IPV4)
Interfaces = Sequence[NetworkInterface]
AnyRecord = TypeVar("AnyRecord", bound=Record)
# The ids and names of Availability Zones: use1-az1, us-east-1a.  Those of Local Zones are longer.
_ORDINARY_ZONE = re.compile(r"(?:[a-z]+\d+-az\d+|[a-z]{2,4}(?:-[a-z]+)+-\d+[a-z])(?: of |$)")


def private_addresses(interface: NetworkInterface) -> tuple[int, ...]:
    """Its own addresses, the primary first: private IPv4, then IPv6 (R-ENI-2, without prefixes)."""
    texts = [each.private_ip_address for each in interface.private_ip_addresses]
    if texts == [interface.private_ip_address] and not interface.ipv6_addresses:  # most of them
        return (parse_address(texts[0]),)
    if interface.private_ip_address:
        texts.insert(0, interface.private_ip_address)
    texts += [each.ipv6_address for each in interface.ipv6_addresses if each.ipv6_address]
    return tuple(dict.fromkeys(map(parse_address, texts)))


def delegated_prefixes(interface: NetworkInterface) -> tuple[str, ...]:
    """The prefixes that count as its own addresses too (R-ENI-2)."""
    ipv4 = (each.ipv4_prefix for each in interface.ipv4_prefixes)
    ipv6 = (each.ipv6_prefix for each in interface.ipv6_prefixes)
    return tuple(filter(None, (*ipv4, *ipv6)))


def public_mapping(interface: NetworkInterface) -> tuple[tuple[int, int], ...]:
    """Pairs of a private and the public address mapped to it (R-ENI-3)."""
    return _mapping(interface, "public_ip")


def carrier_mapping(interface: NetworkInterface) -> tuple[tuple[int, int], ...]:
    """Pairs of a private and the carrier address mapped to it (R-CGW-1)."""
    return _mapping(interface, "carrier_ip")


def customer_mapping(interface: NetworkInterface) -> tuple[tuple[int, int], ...]:
    """Pairs of a private and the customer-owned address mapped to it (R-LGW-1)."""
    return _mapping(interface, "customer_owned_ip")


def _mapping(interface: NetworkInterface, outer: str) -> tuple[tuple[int, int], ...]:
    each = interface.private_ip_addresses
    own = (*(one.private_ip_address for one in each), interface.private_ip_address)
    found = (*(one.association for one in each), interface.association)
    pairs = (
        (parse_address(address), parse_address(getattr(association, outer)))
        for address, association in zip(own, found, strict=True)
        if address and association and getattr(association, outer)
    )
    return tuple(dict.fromkeys(pairs))


def outer_mapping(interface: NetworkInterface) -> tuple[tuple[int, int], ...]:
    """Pairs of a private and an address that it has outside, at whatever gateway (R-ENI-3)."""
    return (
        *public_mapping(interface),
        *carrier_mapping(interface),
        *customer_mapping(interface),
    )


def ipv4_blocks(vpc: Vpc) -> tuple[str, ...]:
    """The IPv4 blocks that a VPC has now, the primary first."""
    blocks = [vpc.cidr_block]
    blocks += [each.cidr_block for each in vpc.cidr_block_association_set if _is_there(each)]
    return tuple(dict.fromkeys(filter(None, blocks)))


def ipv6_blocks(holder: Vpc | Subnet, *, private: bool | None = None) -> tuple[str, ...]:
    """The IPv6 blocks that a VPC or subnet has now: all, or those that are private or are not.

    A private block is never advertised (R-ENI-11).
    """
    return tuple(
        each.ipv6_cidr_block
        for each in holder.ipv6_cidr_block_association_set
        if each.ipv6_cidr_block
        and _is_there(each)
        and private in (None, each.ipv6_address_attribute == "private" or each.ip_source == "none")
    )


def vpc_blocks(vpc: Vpc) -> tuple[str, ...]:
    """All blocks that a VPC has now."""
    return (*ipv4_blocks(vpc), *ipv6_blocks(vpc))


def subnet_blocks(subnet: Subnet) -> tuple[str, ...]:
    """All blocks that a subnet has now."""
    own = (subnet.cidr_block,) if subnet.cidr_block else ()
    return (*own, *ipv6_blocks(subnet))


def _is_there(block: CidrBlockAssociation | Ipv6CidrBlockAssociation) -> bool:
    state = (
        block.cidr_block_state
        if isinstance(block, CidrBlockAssociation)
        else block.ipv6_cidr_block_state
    )
    return state is None or is_associated(state.state)


def _passing(some: Interfaces, test: Callable[[NetworkInterface], bool]) -> Interfaces:
    return some.where(test) if isinstance(some, Crowd | Mixed) else tuple(filter(test, some))


def instance_of(interface: NetworkInterface) -> str | None:
    return interface.attachment.instance_id if interface.attachment else None


class Index:
    """Lookups over one snapshot.  A name that nothing has is simply not in a mapping."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    # Interfaces.  Of very many there is a roll; it says what the records say, and is asked instead.

    @cached_property
    def roll(self) -> Roll | None:
        """The interfaces as columns, where there are so many that they were written as such."""
        records = self.snapshot.contents.get(NetworkInterface)
        if records is None or isinstance(records, dict):
            return None
        from reach.snapshot.roll import roll_of  # here, as numpy takes long to import

        return roll_of(records)

    @cached_property
    def interfaces(self) -> Interfaces:
        return self.roll.everyone if self.roll else self.snapshot.records(NetworkInterface)

    @cached_property
    def interfaces_by_subnet(self) -> Mapping[str, Interfaces]:
        if self.roll:
            return self.roll.by_subnet
        return grouped(self.interfaces, lambda each: (each.subnet_id,))

    @cached_property
    def interfaces_by_vpc(self) -> Mapping[str, Interfaces]:
        if self.roll:
            return self.roll.by_vpc
        return grouped(self.interfaces, lambda each: (each.vpc_id,))

    @cached_property
    def interfaces_by_instance(self) -> Mapping[str, Interfaces]:
        if self.roll:
            return self.roll.by_instance
        return grouped(self.interfaces, lambda each: (instance_of(each),))

    @cached_property
    def interfaces_by_group(self) -> Mapping[str, Interfaces]:
        if self.roll:
            return self.roll.by_group
        return grouped(self.interfaces, lambda each: (group.group_id for group in each.groups))

    def interfaces_where(self, test: Callable[[NetworkInterface], bool]) -> Interfaces:
        """The interfaces that pass a test of what many share.

        It must not ask for an interface's id, addresses, groups, instance, name or place.
        """
        if self.roll:
            return self.roll.crowd(self.roll.where(test))
        return tuple(filter(test, self.interfaces))

    def interfaces_in(self, vpc: str, test: Callable[[NetworkInterface], bool]) -> Interfaces:
        """The interfaces in a VPC that pass a test of what many share."""
        return _passing(self.interfaces_by_vpc.get(vpc, ()), test)

    @property
    def but_gone(self) -> Interfaces:
        """All of them, without whoever is told of by no table."""
        return self.interfaces

    @property
    def mapped(self) -> Interfaces:
        """The interfaces of which an address has another one outside (``outer_mapping``)."""
        return self.mapped_at_first

    @cached_property
    def mapped_at_first(self) -> Interfaces:
        """The same, without whoever is told of beside tables."""
        if self.roll:
            return self.roll.crowd(self.roll.mapped)
        return tuple(each for each in self.interfaces if outer_mapping(each))

    @cached_property
    def mapped_by_vpc(self) -> Mapping[str, Interfaces]:
        return grouped(self.mapped_at_first, lambda each: (each.vpc_id,))

    @cached_property
    def mapped_by_subnet(self) -> Mapping[str, Interfaces]:
        return grouped(self.mapped_at_first, lambda each: (each.subnet_id,))

    @cached_property
    def owners_of_interfaces(self) -> frozenset[str]:
        every = self.roll.profiles if self.roll else self.interfaces
        return frozenset(each.owner_id for each in every)

    @cached_property
    def group_sets(self) -> frozenset[tuple[str, frozenset[str]]]:
        """The VPC and the groups of each interface that has any."""
        if self.roll:
            return self.roll.group_sets
        return frozenset(
            (each.vpc_id or "", frozenset(group.group_id for group in each.groups))
            for each in self.interfaces
            if each.groups
        )

    def in_group(self, group_id: str, vpcs: Set[str]) -> Interfaces:
        """The interfaces of a group that are in some VPCs."""
        return _passing(self.wearing(group_id), lambda i: i.vpc_id in vpcs)

    def wearing(self, group_id: str) -> Interfaces:
        """The interfaces of a group."""
        return self.interfaces_by_group.get(group_id, ())

    def group_but_rules(self, group_id: str) -> SecurityGroup | None:
        """A group, for whoever looks at anything but its rules."""
        return self.snapshot.get(SecurityGroup, group_id)

    def public_ipv4_of(self, interfaces: Interfaces) -> Ranges:
        """Those of their own IPv4 addresses that are public ones, prefixes not counted."""
        if isinstance(interfaces, Mixed):
            return self.public_ipv4_of(interfaces.crowd) | self.public_ipv4_of(interfaces.others)
        if isinstance(interfaces, Crowd):
            return Ranges(tuple(interfaces.roll.spans(interfaces.rows, _PUBLIC_IPV4)))
        own = (a for each in interfaces for a in private_addresses(each))
        return Ranges.of(*(a for a in own if is_public(a) and is_ipv4(a)))

    def public_ipv4_in(self, vpc_id: str) -> Ranges:
        """Those of the interfaces of a VPC."""
        return self.public_ipv4_of(self.interfaces_by_vpc.get(vpc_id, ()))

    def addresses_of(self, interfaces: Interfaces) -> Ranges:
        """All their own addresses, and the prefixes that count as such (R-ENI-2)."""
        if isinstance(interfaces, Mixed):
            return self.addresses_of(interfaces.crowd) | self.addresses_of(interfaces.others)
        if isinstance(interfaces, Crowd):
            own = Ranges(tuple(interfaces.roll.spans(interfaces.rows)))
            interfaces = interfaces.roll.crowd(interfaces.roll.delegated_of(interfaces.rows))
        else:
            own = Ranges.of(*(a for each in interfaces for a in private_addresses(each)))
        blocks = [block for each in interfaces for block in delegated_prefixes(each)]
        return own | Ranges.prefixes(map(Prefix.parse, blocks)) if blocks else own

    def have_ipv6(self, interfaces: Interfaces) -> bool:
        """Whether any of them has an IPv6 address, or a prefix of such."""
        if isinstance(interfaces, Mixed):
            return self.have_ipv6(interfaces.crowd) or self.have_ipv6(interfaces.others)
        if isinstance(interfaces, Crowd):
            if interfaces.roll.have_six(interfaces.rows):
                return True
            interfaces = interfaces.roll.crowd(interfaces.roll.delegated_of(interfaces.rows))
        return any(each.ipv6_addresses or each.ipv6_prefixes for each in interfaces)

    @cached_property
    def subnets_by_vpc(self) -> Mapping[str, tuple[Subnet, ...]]:
        return grouped(self.snapshot.records(Subnet), lambda each: (each.vpc_id,))

    def ipv6_blocks_in(self, vpc_id: str, *, private: bool) -> tuple[str, ...]:
        """The IPv6 blocks of a VPC and of its subnets that are private, or that are not."""
        vpc = self.snapshot.get(Vpc, vpc_id)
        if vpc is None:
            return ()
        holders: tuple[Vpc | Subnet, ...] = (vpc, *self.subnets_by_vpc.get(vpc_id, ()))
        return tuple(block for each in holders for block in ipv6_blocks(each, private=private))

    # Addresses

    def owner_of_address(self, address: int) -> tuple[NetworkInterface, ...]:
        """The interfaces whose own address it is, delegated prefixes included (R-ENI-2).

        More than one where VPCs overlap.
        """
        found = list(self.roll.owning(address) if self.roll else self._by_address.get(address, ()))
        for length in self._delegated_lengths:
            found += self._by_delegation.get(Prefix(_top(address, length), length), ())
        return tuple(found if len(found) < 2 else dict.fromkeys(found))

    def addresses_within(self, spans: Ranges) -> Iterator[int]:
        """The interfaces' own addresses that lie in a set, in order."""
        if self.roll:
            yield from self.roll.within(spans.intervals)
            return
        addresses = self._sorted_addresses
        for low, high in spans.intervals:
            yield from addresses[bisect_left(addresses, low) : bisect_right(addresses, high)]

    @cached_property
    def _sorted_addresses(self) -> list[int]:
        return sorted(self._by_address)

    def interface_of_public_address(self, address: int) -> tuple[NetworkInterface, int] | None:
        """The interface that an outer address maps to, and the private address behind it."""
        return self._by_public_address.get(address)

    @cached_property
    def _by_address(self) -> Mapping[int, tuple[NetworkInterface, ...]]:
        return grouped(self.interfaces, private_addresses)

    @cached_property
    def _by_delegation(self) -> Mapping[Prefix, tuple[NetworkInterface, ...]]:
        return grouped(self.delegated, lambda each: map(Prefix.parse, delegated_prefixes(each)))

    @cached_property
    def delegated(self) -> Interfaces:
        """The interfaces that have prefixes."""
        if self.roll:
            return self.roll.crowd(self.roll.delegated)
        return tuple(each for each in self.interfaces if delegated_prefixes(each))

    @cached_property
    def _delegated_lengths(self) -> tuple[int, ...]:
        return tuple(sorted({prefix.length for prefix in self._by_delegation}))

    @cached_property
    def _by_public_address(self) -> Mapping[int, tuple[NetworkInterface, int]]:
        return {
            public: (interface, private)
            for interface in reversed(tuple(self.mapped_at_first))
            for private, public in outer_mapping(interface)
        }

    # Accounts

    def covers(self, account: str, region: str) -> bool:
        """Whether calls were made in an account and Region; an empty one means any.

        A folder that does not say its account is that of its VPCs.
        """
        return any(
            region in ("", scope.region) or not scope.region
            for scope in self.snapshot.scopes
            if account in ("", scope.account)
            or (not scope.account and (account in self._owners or not self._owners))
        )

    @cached_property
    def _owners(self) -> frozenset[str]:
        return frozenset(filter(None, map(self.snapshot.account_of, self.snapshot.records(Vpc))))

    @cached_property
    def inside(self) -> Ranges:
        """Where anything may stand that is no host on the internet: private space, and the VPCs."""
        blocks = (block for vpc in self.snapshot.records(Vpc) for block in vpc_blocks(vpc))
        private = (*RFC1918, *RFC6598, Prefix.parse("fc00::/7"))
        return Ranges.prefixes((*private, *map(Prefix.parse, blocks)))

    # Owners

    def told_by_owner(self, kind: type[Record], record: Record) -> bool:
        """Whether the call that lists ``kind`` was made by the owner of a record (R-SHARE-3).

        A participant of a shared VPC is shown only what is shared.  True where no owner is printed,
        and where nothing tells whose calls these are.
        """
        owner = getattr(record, "owner_id", "")
        if not owner or not self._callers:
            return True
        if owner not in self._callers:
            return False
        return self.snapshot.has(kind, owner, self.snapshot.region_of(record))

    @cached_property
    def _callers(self) -> frozenset[str]:
        """Whose calls these are: the folders say so, else what only an account itself is shown."""
        named = {scope.account for scope in self.snapshot.scopes}
        if "" not in named:
            return frozenset(named)
        instances = self.snapshot.records(Instance)
        own = {each.owner_id for each in instances if not each.page.account and each.owner_id}
        return frozenset(named - {""} | own) if own else frozenset()

    # Zones

    def zone_of(self, subnet_id: str) -> str:
        """The zone of a subnet, by its id where that is known (R-AZ-1); '' if nothing tells.

        Names mean nothing across accounts, so where there are several a name says whose it is.
        """
        subnet = self.snapshot.get(Subnet, subnet_id)
        if subnet is None:
            return ""
        if subnet.availability_zone_id:
            return subnet.availability_zone_id
        name, account = subnet.availability_zone or "", self.snapshot.account_of(subnet)
        known = self._zone_ids.get((account, name)) or self._zone_ids.get(("", name))
        several = len({scope.account for scope in self.snapshot.scopes}) > 1
        return known or (f"{name} of {account}" if several and name else name)

    def parent_zone_of(self, subnet_id: str) -> str:
        """The zone that a subnet's packets come in by; '' if nothing tells."""
        return self.parent_zone(self.zone_of(subnet_id)) or ""

    def parent_zone(self, zone: str) -> str | None:
        """The zone that a Local or Wavelength Zone hangs on (R-TGW-21); any other is its own.

        None where the snapshot does not tell: such a zone shows by its id or name.
        """
        if zone in self._parents:
            return self._parents[zone]
        return zone if not zone or _ORDINARY_ZONE.match(zone) else None

    def are_comparable(self, zone: str, subnet_ids: Iterable[str]) -> bool:
        """Whether it is known of each of these subnets that it is in a zone or is not.

        It is not where a subnet is not in the snapshot, nor between the zone names of two accounts.
        """
        zones = [zone, *map(self.zone_of, subnet_ids)]
        return all(zones) and len({each.partition(" of ")[2] for each in zones}) == 1

    @cached_property
    def _zone_ids(self) -> Mapping[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        for each in self.snapshot.records(AvailabilityZone):
            if each.zone_id:
                found[each.page.account, each.zone_name] = each.zone_id
        for subnet in self.snapshot.records(Subnet):
            if subnet.availability_zone_id and subnet.availability_zone:
                key = self.snapshot.account_of(subnet), subnet.availability_zone
                found.setdefault(key, subnet.availability_zone_id)
        return found

    @cached_property
    def _parents(self) -> Mapping[str, str]:
        found = {}
        for each in self.snapshot.records(AvailabilityZone):
            parent = each.parent_zone_id or (
                each.zone_id if each.zone_type in (None, "availability-zone") else None
            )
            if each.zone_id and parent:
                found[each.zone_id] = parent
        return found

    @cached_property
    def unheld(self) -> Unheld:
        return unheld(self.snapshot)

    # Tables of subnets and gateways

    def route_table_of(self, subnet_id: str) -> RouteTable | None:
        """The table associated with the subnet, else the main one of its VPC (R-RT-1)."""
        explicit = self._explicit_tables.get(subnet_id)
        return _only(explicit or self._main_tables.get(self._vpc_of(subnet_id), ()))

    def gateway_route_tables(self, gateway_id: str) -> tuple[RouteTable, ...]:
        """What is said to be the edge table of an internet or virtual private gateway (R-RT-19)."""
        return tuple(dict.fromkeys(self._edge_tables.get(gateway_id, ())))

    def network_acl_of(self, subnet_id: str) -> NetworkAcl | None:
        """The ACL associated with the subnet, else the default one of its VPC (R-NACL-1)."""
        explicit = self._explicit_acls.get(subnet_id)
        return _only(explicit or self._default_acls.get(self._vpc_of(subnet_id), ()))

    def _vpc_of(self, subnet_id: str) -> str:
        subnet = self.snapshot.get(Subnet, subnet_id)
        return (subnet and subnet.vpc_id) or ""

    @cached_property
    def _explicit_tables(self) -> Mapping[str, tuple[RouteTable, ...]]:
        return grouped(
            self.snapshot.records(RouteTable),
            lambda table: (each.subnet_id for each in table.associations if each.is_settled),
        )

    @cached_property
    def _edge_tables(self) -> Mapping[str, tuple[RouteTable, ...]]:
        return grouped(
            self.snapshot.records(RouteTable),
            lambda table: (each.gateway_id for each in table.associations if each.is_settled),
        )

    @cached_property
    def _main_tables(self) -> Mapping[str, tuple[RouteTable, ...]]:
        return grouped(
            (t for t in self.snapshot.records(RouteTable) if any(a.main for a in t.associations)),
            lambda table: (table.vpc_id,),
        )

    @cached_property
    def _explicit_acls(self) -> Mapping[str, tuple[NetworkAcl, ...]]:
        return grouped(
            self.snapshot.records(NetworkAcl),
            lambda acl: (each.subnet_id for each in acl.associations),
        )

    @cached_property
    def _default_acls(self) -> Mapping[str, tuple[NetworkAcl, ...]]:
        return grouped(
            (acl for acl in self.snapshot.records(NetworkAcl) if acl.is_default),
            lambda acl: (acl.vpc_id,),
        )

    # Prefix lists

    def prefix_list_entries(self, prefix_list_id: str) -> tuple[str, ...] | None:
        """The CIDRs of a list's current version (R-SG-11, R-RT-9); None where nothing tells all.

        describe-prefix-lists prints those of AWS's own lists; the others need a call of their own.
        """
        answer = self.snapshot.get(ManagedPrefixListEntries, prefix_list_id)
        if answer is not None:
            whole = not answer.next_token and answer.entries is not UNPRINTED
            return tuple(dict.fromkeys(entry.cidr for entry in answer.entries)) if whole else None
        known = self.snapshot.get(PrefixList, prefix_list_id)
        return known.cidrs if known is not None and known.cidrs else None

    # Private lines

    @cached_property
    def lines(self) -> Lines:
        """What hangs on virtual private, transit and Direct Connect gateways."""
        return Lines(self.snapshot, self.prefix_list_entries)

    # Tags

    @cached_property
    def tags(self) -> Tags:
        return Tags(self.snapshot)


Key = TypeVar("Key")


def _only(found: Sequence[AnyRecord]) -> AnyRecord | None:
    """None of several: which of them counts, no order tells."""
    return found[0] if len({id(each) for each in found}) == 1 else None


def grouped(
    records: Iterable[AnyRecord], keys: Callable[[AnyRecord], Iterable[Key | None]]
) -> Mapping[Key, tuple[AnyRecord, ...]]:
    """The records under each of their keys, in their own order."""
    found: dict[Key, list[AnyRecord]] = defaultdict(list)
    for record in records:
        for key in keys(record):
            if key is not None:
                found[key].append(record)
    return {key: tuple(each) for key, each in found.items()}


def _top(address: int, length: int) -> int:
    """The address with all but its top ``length`` bits cleared."""
    lost = WIDTH - length
    return address >> lost << lost
