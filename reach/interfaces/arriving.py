"""Interfaces that may come, or go, without anything else in the snapshot meaning something else.

    comes_alone(lowering, interface, instance) -> bool
    goes_alone(lowering, interface, all that go) -> bool
    named_in(records) -> ids and addresses

Who is a plain host of an instance that has no other interface, stands beside others of its kind,
has private addresses that nobody else has, and is named by nothing: then all that it bears on are
its own nodes, where its addresses are delivered, and whom rules that name its groups mean.  Of
whoever is not certainly such a one nothing is said.  Must not know how networks are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from reach.component import Lowering, node_name
from reach.interfaces.kinds import is_host
from reach.interfaces.plain import stands_for_itself
from reach.interfaces.unserved import behind_others
from reach.network.address import Prefix, is_ipv4, is_public, parse_address
from reach.snapshot.index import (
    delegated_prefixes,
    instance_of,
    outer_mapping,
    private_addresses,
    subnet_blocks,
)
from reach.snapshot.record import UNPRINTED, Record, unprinted
from reach.snapshot.records import Instance, NetworkInterface, SecurityGroup, Subnet, Vpc

_PEERS = 64  # among so many one is looked for that is like it
_ORDINARY = "interface"
# What may name an interface, an instance, or an address of one.
_NAMES = re.compile(
    rb'(?<![\w-])(?:eni|i)-[0-9a-zA-Z]+|"[0-9]+(?:\.[0-9]+){3}"|"[0-9a-fA-F]*(?::[0-9a-fA-F.]*){2,8}"'
)
Name = str | int  # an id, or an address


def comes_alone(lowering: Lowering, interface: NetworkInterface, instance: Instance) -> bool:
    """Whether an interface that is not in the snapshot may stand apart as one that has come."""
    own = private_addresses(interface)
    return (
        _is_plain(lowering, interface, instance)
        and _stands_beside(lowering, interface, instance, frozenset())
        and not lowering.index.interfaces_by_instance.get(instance.instance_id, ())
        and not any(lowering.index.owner_of_address(each) for each in own)
    )


def goes_alone(lowering: Lowering, interface: NetworkInterface, gone: frozenset[str]) -> bool:
    """Whether one that is in the snapshot may go, with all of ``gone``."""
    instance = lowering.snapshot.get(Instance, instance_of(interface) or "")
    return (
        instance is not None
        and _is_plain(lowering, interface, instance)
        and _stands_beside(lowering, interface, instance, gone)
        and len(lowering.index.interfaces_by_instance[instance.instance_id]) == 1
        and all(len(lowering.index.owner_of_address(a)) == 1 for a in private_addresses(interface))
    )


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


def names_of(interface: NetworkInterface) -> frozenset[Name]:
    """What others may name an interface by."""
    ids = (interface.network_interface_id, instance_of(interface) or "")
    return frozenset((*filter(None, ids), *private_addresses(interface)))


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


def _is_plain(lowering: Lowering, interface: NetworkInterface, instance: Instance) -> bool:
    """Whether it is a host of an instance that shows all that it has, and has nothing outside."""
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
        and not instance.public_ip_address
        and not outer_mapping(interface)
        and not delegated_prefixes(interface)
        and all(lowering.snapshot.get(SecurityGroup, g.group_id) is not None for g in groups)
        and _is_in_its_subnet(lowering, interface)
    )


def _is_of(interface: NetworkInterface, instance: Instance) -> bool:
    """Whether both say so, and the instance names nothing else that may not be held."""
    named = {each.network_interface_id for each in instance.network_interfaces}
    return (
        instance_of(interface) == instance.instance_id
        and instance.vpc_id in (None, interface.vpc_id)
        and instance.subnet_id in (None, interface.subnet_id)
        and named <= {interface.network_interface_id}
    )


def _is_in_its_subnet(lowering: Lowering, interface: NetworkInterface) -> bool:
    subnet = lowering.snapshot.get(Subnet, interface.subnet_id or "")
    if subnet is None or not interface.vpc_id or subnet.vpc_id != interface.vpc_id:
        return False
    if lowering.snapshot.get(Vpc, interface.vpc_id) is None:
        return False
    blocks = [Prefix.parse(block) for block in subnet_blocks(subnet)]
    own = private_addresses(interface)
    return bool(own) and all(
        any(each in block for block in blocks) and _is_led_to(lowering, interface, each)
        for each in own
    )


def _is_led_to(lowering: Lowering, interface: NetworkInterface, address: int) -> bool:
    """Whether blocks alone tell how an address is led to: a public IPv4 address that is an own one
    is told by itself, and one behind a gateway of which nothing tells."""
    if not is_public(address):
        return True
    return not is_ipv4(address) and not behind_others(lowering, interface.vpc_id or "")


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
    return (name for name, each in lowering.all_regrouped.items() if not each.there)


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
