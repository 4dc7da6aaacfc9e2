"""Interfaces that may come, go or change addresses, without anything else in the snapshot meaning
something else.

    comes_alone(lowering, interface, instance) -> bool
    goes_alone(lowering, interface, all that go) -> bool
    alters(interface, now) -> bool     moves_alone(lowering, interface, now) -> bool
    named_in(records) -> ids and addresses

Who is a plain host of an instance that has no other interface, stands beside others of its kind,
has private addresses that nobody else has, and is named by nothing: then all that it bears on are
its own nodes, where its addresses are delivered, and whom rules that name its groups mean.  So it
is with an address that such a host puts on or off.  Of whoever is not certainly such a one nothing
is said.  Must not know how networks are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from reach.component import Lowering, node_name
from reach.editable import differs_in
from reach.interfaces.kinds import addresses_of, is_host
from reach.interfaces.loners import LISTS
from reach.interfaces.plain import stands_for_itself
from reach.interfaces.unserved import behind_others
from reach.network.address import Prefix, is_ipv4, is_public, parse_address
from reach.network.header_space import Ranges
from reach.snapshot.index import (
    carrier_mapping,
    customer_mapping,
    instance_of,
    subnet_blocks,
)
from reach.snapshot.record import UNPRINTED, Record, unprinted
from reach.snapshot.records import Instance, NetworkInterface, SecurityGroup, Subnet, Vpc

_MAY_ALTER = frozenset({"groups", "association", *LISTS})
_PEERS = 64  # among so many one is looked for that is like it
_ORDINARY = "interface"
# What may name an interface, an instance, or an address of one.
_NAMES = re.compile(
    rb'(?<![\w-])(?:eni|i|eipalloc)-[0-9a-zA-Z]+|"[0-9]+(?:\.[0-9]+){3}"|"[0-9a-fA-F]*(?::[0-9a-fA-F.]*){2,8}"'
)
Name = str | int  # an id, or an address


def comes_alone(
    lowering: Lowering,
    interface: NetworkInterface,
    instance: Instance,
    new: frozenset[str] = frozenset(),
) -> bool:
    """Whether an interface that is not in the snapshot may stand apart as one that has come, with
    groups that are ``new`` as well."""
    return (
        _is_plain(lowering, interface, instance, new)
        and _stands_beside(lowering, interface, instance, frozenset())
        and not lowering.index.interfaces_by_instance.get(instance.instance_id, ())
        and not _owners(lowering, addresses_of(interface))
    )


def goes_alone(lowering: Lowering, interface: NetworkInterface, gone: frozenset[str]) -> bool:
    """Whether one that is in the snapshot may go, with all of ``gone``."""
    instance = lowering.snapshot.get(Instance, instance_of(interface) or "")
    return (
        instance is not None
        and _is_plain(lowering, interface, instance)
        and _stands_beside(lowering, interface, instance, gone)
        and len(lowering.index.interfaces_by_instance[instance.instance_id]) == 1
        and _owners(lowering, addresses_of(interface)) == {interface.network_interface_id}
    )


def alters(was: NetworkInterface | None, now: NetworkInterface | None) -> bool:
    """Whether an interface of an instance differs in its groups and its further addresses alone,
    and all of these are told."""
    if was is None or now is None or differs_in(was, now, _MAY_ALTER):
        return False
    both = (was, now)
    told = all(each.groups and each.groups is not UNPRINTED for each in both)
    if was.private_ip_addresses != now.private_ip_addresses:
        told &= all(each.private_ip_addresses is not UNPRINTED for each in both)
    return told and bool(instance_of(was)) and not was.requester_managed and _keeps(was, now)


def _keeps(was: NetworkInterface, now: NetworkInterface) -> bool:
    """Whether of an address that it has not before and after none is outside, and others are as
    they were but for their public ones."""
    one, other = ({a.private_ip_address: a for a in e.private_ip_addresses} for e in (was, now))
    beyond = ((carrier_mapping(each), customer_mapping(each)) for each in (was, now))
    return len(set(beyond)) == 1 and all(
        one[each].primary is other[each].primary
        if each in one and each in other
        else not (one.get(each) or other[each]).association
        for each in {*one, *other}
    )


def moved(was: NetworkInterface, now: NetworkInterface) -> Ranges:
    """The addresses that an interface puts on or off."""
    one, other = addresses_of(was), addresses_of(now)
    return (one - other) | (other - one)


def _owners(lowering: Lowering, addresses: Ranges) -> set[str]:
    """The interfaces that have some of these, or a prefix with one end of them in it."""
    index = lowering.index
    ends = (end for span in addresses.intervals for end in span)
    every = (*index.addresses_within(addresses), *ends)
    return {i.network_interface_id for each in every for i in index.owner_of_address(each)}


def moves_alone(lowering: Lowering, was: NetworkInterface, now: NetworkInterface) -> bool:
    """Whether an interface that is there may put on addresses, or off."""
    name = was.network_interface_id
    instance = lowering.snapshot.get(Instance, instance_of(was) or "")
    if instance is None:
        return False
    beside = lowering.index.interfaces_by_instance[instance.instance_id]
    ids = {each.network_interface_id for each in beside}
    held = {each.network_interface_id for each in instance.network_interfaces} <= ids
    ordinary = all(_is_ordinary(lowering, each, instance) for each in (was, now))
    return held and ordinary and _owners(lowering, moved(was, now)) <= {name}


def stands_idle(lowering: Lowering, instance: Instance) -> bool:
    """Whether an instance without interfaces says nothing that others do not."""
    places = ((Subnet, instance.subnet_id), (Vpc, instance.vpc_id))
    held = all(not name or lowering.snapshot.get(kind, name) is not None for kind, name in places)
    beside = lowering.index.interfaces[:_PEERS]
    left = frozenset(_absent(lowering))
    others = (
        lowering.snapshot.get(Instance, instance_of(each) or "")
        for each in beside
        if each.network_interface_id not in left
    )
    is_shown = (instance.owner_id, instance.page.scope)
    return (
        held
        and not instance.network_interfaces
        and not instance.public_ip_address
        and any(e is not None and (e.owner_id, e.page.scope) == is_shown for e in others)
    )


def names_of(interface: NetworkInterface) -> frozenset[str]:
    """What others may name an interface by, beside its addresses."""
    ids = (interface.network_interface_id, instance_of(interface) or "")
    return frozenset(filter(None, ids))


def named_in(records: Iterable[Record]) -> frozenset[Name]:
    """All ids of interfaces and instances, and all addresses by themselves, that records name."""
    encode = msgspec.json.Encoder().encode
    found = (name for each in records for name in _NAMES.findall(encode(each)))
    return frozenset(_read(name.decode().strip('"')) for name in set(found))


def _read(name: str) -> Name:
    try:
        return parse_address(name)
    except ValueError:  # an id; or what is written like an address
        return name


def _is_plain(
    lowering: Lowering,
    interface: NetworkInterface,
    instance: Instance,
    new: frozenset[str] = frozenset(),
) -> bool:
    """Whether it is a host of an instance that has it alone and shows all that it has."""
    named = {each.network_interface_id for each in instance.network_interfaces}
    return (
        named <= {interface.network_interface_id}
        and not carrier_mapping(interface)
        and not customer_mapping(interface)
        and _is_ordinary(lowering, interface, instance, new)
    )


def _is_ordinary(
    lowering: Lowering,
    interface: NetworkInterface,
    instance: Instance,
    new: frozenset[str] = frozenset(),
) -> bool:
    """The same, with whatever outside."""
    groups = interface.groups
    told = groups and interface.private_ip_addresses is not UNPRINTED and groups is not UNPRINTED
    return (
        bool(told)
        and interface.interface_type == _ORDINARY
        and is_host(interface)
        and stands_for_itself(interface)
        and not interface.requester_managed
        and not interface.deny_all_igw_traffic
        and _is_of(interface, instance)
        and all(_is_held(lowering, g.group_id) or g.group_id in new for g in groups)
        and _is_in_its_subnet(lowering, interface)
    )


def _is_held(lowering: Lowering, group: str) -> bool:
    return lowering.snapshot.get(SecurityGroup, group) is not None


def _is_of(interface: NetworkInterface, instance: Instance) -> bool:
    """Whether both say so."""
    attached = interface.attachment
    further = attached is not None and bool(attached.device_index)
    return (
        instance_of(interface) == instance.instance_id
        and instance.vpc_id in (None, interface.vpc_id)
        and (further or instance.subnet_id in (None, interface.subnet_id))
    )


def _is_in_its_subnet(lowering: Lowering, interface: NetworkInterface) -> bool:
    subnet = lowering.snapshot.get(Subnet, interface.subnet_id or "")
    if subnet is None or not interface.vpc_id or subnet.vpc_id != interface.vpc_id:
        return False
    if lowering.snapshot.get(Vpc, interface.vpc_id) is None:
        return False
    blocks = Ranges.prefixes(Prefix.parse(block) for block in subnet_blocks(subnet))
    own = addresses_of(interface)
    return bool(own) and own.lies_in(blocks) and _is_led_to(lowering, interface)


def _is_led_to(lowering: Lowering, interface: NetworkInterface) -> bool:
    """Whether blocks alone tell how its addresses are led to: a public IPv4 address that is an own
    one is told by itself, and one behind a gateway of which nothing tells."""
    ends = (end for span in addresses_of(interface).intervals for end in span)
    public = [each for each in ends if is_public(each)]
    if any(map(is_ipv4, public)):
        return False
    return not public or not behind_others(lowering, interface.vpc_id or "")


def _stands_beside(
    lowering: Lowering, interface: NetworkInterface, instance: Instance, gone: frozenset[str]
) -> bool:
    """Whether another host stays in its subnet, shown to the same account alike, as its instance
    is: then there is nothing of which it is the only one."""
    beside = lowering.index.interfaces_by_subnet.get(interface.subnet_id or "", ())
    lacks = set(unprinted(interface))
    left = gone | {interface.network_interface_id, *_absent(lowering)}
    for each in islice(beside, _PEERS):
        own = lowering.snapshot.get(Instance, instance_of(each) or "")
        if (
            each.network_interface_id not in left
            and own is not None
            and (own.owner_id, own.page.scope) == (instance.owner_id, instance.page.scope)
            and _shown(each) == _shown(interface)
            and lacks <= set(unprinted(each))
            and is_host(each)
            and stands_for_itself(each)
        ):
            return True
    return False


def _absent(lowering: Lowering) -> Iterator[str]:
    return (name for name, each in lowering.loners.items() if not each.is_there)


def _shown(interface: NetworkInterface) -> object:
    return (
        interface.vpc_id,
        interface.subnet_id,
        interface.owner_id,
        interface.availability_zone,
        interface.page.scope,
    )


def delivers(subnet_id: str) -> str:
    """The node that delivers what is sent within a subnet."""
    return node_name("subnet", subnet_id, "switch")
