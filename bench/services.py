"""What serves and comes or goes with its interfaces, or wears other groups.

    SERVICES[kind](snapshot, rng) -> what is put in and what is taken out, or None

Each is one change as somebody makes it in one call: all records that say so afterwards differ.
Must not know how anything is measured.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_network
from typing import Any

from bench.gateways import Change

_TRIES = 1000


def _number(rng: random.Random) -> str:
    return f"{rng.getrandbits(68):017x}"


def _held(snapshot: Any, kind: Any, names: Iterable[str]) -> tuple[Any, ...]:
    found = (snapshot.get(kind, name) for name in names)
    return tuple(each for each in found if each is not None)


def _like(
    snapshot: Any, interfaces: Iterable[Any], described: str, rng: random.Random
) -> tuple[Any, ...] | None:
    """Interfaces like others, each at an address of its subnet that nobody has, and with another
    public one where they have such."""
    from msgspec.structs import replace

    from reach.snapshot.records import NetworkInterface, Subnet

    taken = {
        each.private_ip_address
        for known in snapshot.records(NetworkInterface)
        for each in known.private_ip_addresses
    }
    found = []
    for one in interfaces:
        subnet = snapshot.get(Subnet, one.subnet_id)
        if subnet is None or subnet.cidr_block is None or not one.private_ip_addresses:
            return None
        block = ip_network(subnet.cidr_block)
        some = (str(block[rng.randrange(4, block.num_addresses - 1)]) for _ in range(_TRIES))
        free = next((address for address in some if address not in taken), None)
        if free is None:
            return None
        taken.add(free)
        shown = one.association and replace(
            one.association,
            public_ip=f"3.{rng.randrange(4, 250)}.{rng.randrange(256)}.{rng.randrange(1, 255)}",
            allocation_id=None,
        )
        own = replace(one.private_ip_addresses[0], private_ip_address=free, association=shown)
        blocks = (each.ipv6_cidr_block for each in subnet.ipv6_cidr_block_association_set)
        sixes = (str(ip_network(each)[rng.getrandbits(60)]) for each in blocks if each)
        found.append(
            replace(
                one,
                network_interface_id=f"eni-{_number(rng)}",
                private_ip_address=free,
                private_ip_addresses=(own,),
                ipv6_addresses=tuple(
                    replace(each, ipv6_address=six)
                    for each, six in zip(one.ipv6_addresses, sixes, strict=False)
                ),
                association=shown,
                description=described,
            )
        )
    return tuple(found)


# --- endpoints ------------------------------------------------------------------------------------


def endpoint(snapshot: Any, rng: random.Random) -> tuple[Any, tuple[Any, ...]] | None:
    """An endpoint with its interfaces, if all are held."""
    from reach.snapshot.records import NetworkInterface, VpcEndpoint

    every = [e for e in snapshot.records(VpcEndpoint) if e.network_interface_ids]
    if not every:
        return None
    one = rng.choice(every)
    own = _held(snapshot, NetworkInterface, one.network_interface_ids)
    return (one, own) if len(own) == len(one.network_interface_ids) else None


def _connections(snapshot: Any, endpoint: Any) -> tuple[Any, ...]:
    from reach.snapshot.endpoint_service_records import VpcEndpointConnection

    return tuple(
        each
        for each in snapshot.records(VpcEndpointConnection)
        if each.vpc_endpoint_id == endpoint.vpc_endpoint_id
    )


def _endpoint_less(snapshot: Any, rng: random.Random) -> Change | None:
    """An endpoint that is gone; that of a gateway alone, routes to it stay."""
    from reach.snapshot.records import VpcEndpoint

    alone = [e for e in snapshot.records(VpcEndpoint) if not e.network_interface_ids]
    if alone and rng.random() < 0.3:
        return (), (rng.choice(alone),)
    found = endpoint(snapshot, rng)
    if found is None:
        return None
    one, own = found
    return (), (one, *own, *_connections(snapshot, one))


def _endpoint_more(snapshot: Any, rng: random.Random) -> Change | None:
    """An endpoint like another one, beside it."""
    from msgspec.structs import replace

    found = endpoint(snapshot, rng)
    if found is None:
        return None
    one, own = found
    name = f"vpce-{_number(rng)}"
    more = _like(snapshot, own, f"VPC Endpoint Interface {name}", rng)
    if more is None:
        return None
    ids = tuple(each.network_interface_id for each in more)
    put = replace(one, vpc_endpoint_id=name, network_interface_ids=ids)
    joined = (replace(each, vpc_endpoint_id=name) for each in _connections(snapshot, one))
    return (put, *more, *joined), ()


# --- load balancers -------------------------------------------------------------------------------


def balancer(snapshot: Any, rng: random.Random) -> tuple[Any, tuple[Any, ...]] | None:
    """A load balancer with the interfaces of its nodes."""
    from reach.snapshot.balancer_records import LoadBalancer
    from reach.snapshot.records import NetworkInterface

    every = [e for e in snapshot.records(LoadBalancer) if e.type in ("network", "application")]
    if not every:
        return None
    one = rng.choice(every)
    described = _described(one.load_balancer_arn)
    interfaces = snapshot.records(NetworkInterface)
    return one, tuple(each for each in interfaces if each.description == described)


def _described(arn: str) -> str:
    return f"ELB {arn.partition(':loadbalancer/')[2]}"


def _parts(snapshot: Any, balancer: Any) -> tuple[Any, ...]:
    """What is answered of a load balancer beside itself."""
    from reach.snapshot.balancer_records import (
        ListenerRules,
        LoadBalancerAttributes,
        LoadBalancerListeners,
    )

    arn = balancer.load_balancer_arn
    listening = snapshot.get(LoadBalancerListeners, arn)
    heard = [each.listener_arn for each in listening.listeners] if listening is not None else []
    return (
        *_held(snapshot, LoadBalancerListeners, (arn,)),
        *_held(snapshot, LoadBalancerAttributes, (arn,)),
        *_held(snapshot, ListenerRules, heard),
    )


def _groups(snapshot: Any, balancer: Any) -> tuple[Any, ...]:
    from reach.snapshot.balancer_records import TargetGroup

    arn = balancer.load_balancer_arn
    return tuple(e for e in snapshot.records(TargetGroup) if arn in e.load_balancer_arns)


def _group_with_parts(snapshot: Any, group: Any) -> tuple[Any, ...]:
    from reach.snapshot.balancer_records import LoadBalancerTargetHealth, TargetGroupAttributes

    names = (group.target_group_arn,)
    return (
        group,
        *_held(snapshot, TargetGroupAttributes, names),
        *_held(snapshot, LoadBalancerTargetHealth, names),
    )


def _balancer_less(snapshot: Any, rng: random.Random) -> Change | None:
    """A load balancer that is deleted; its target groups stay, or go with it."""
    from msgspec.structs import replace

    found = balancer(snapshot, rng)
    if found is None:
        return None
    one, own = found
    used = _groups(snapshot, one)
    gone = (one, *own, *_parts(snapshot, one))
    if rng.random() < 0.5:
        return (), (*gone, *(part for each in used for part in _group_with_parts(snapshot, each)))
    arn = one.load_balancer_arn
    left = (
        replace(e, load_balancer_arns=tuple(a for a in e.load_balancer_arns if a != arn))
        for e in used
    )
    return tuple(left), gone


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A record in which some names stand for others."""
    import msgspec
    from msgspec.structs import replace

    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, tuple):
        return tuple(_renamed(each, names) for each in value)
    if isinstance(value, msgspec.Struct):
        own = {name: getattr(value, name) for name in value.__struct_fields__ if name != "page"}
        return replace(value, **{name: _renamed(each, names) for name, each in own.items()})
    return value


def _balancer_more(snapshot: Any, rng: random.Random) -> Change | None:
    """A load balancer like another one, with target groups of its own."""
    from reach.snapshot.balancer_records import LoadBalancerListeners

    found = balancer(snapshot, rng)
    if found is None:
        return None
    one, own = found
    number = f"{rng.getrandbits(64):016x}"
    arn = f"{one.load_balancer_arn.rpartition('/')[0]}/{number}"
    more = _like(snapshot, own, _described(arn), rng)
    if more is None:
        return None
    names = {one.load_balancer_arn: arn}
    used = _groups(snapshot, one)
    for each in used:
        group = each.target_group_arn
        names[group] = f"{group.rpartition('/')[0]}/{rng.getrandbits(64):016x}"
    listening = snapshot.get(LoadBalancerListeners, one.load_balancer_arn)
    for listener in listening.listeners if listening is not None else ():
        own_arn = listener.listener_arn
        begun = own_arn.rsplit("/", 2)
        names[own_arn] = f"{begun[0]}/{number}/{begun[2]}"
    groups = (part for each in used for part in _group_with_parts(snapshot, each))
    known = (one, *_parts(snapshot, one), *groups)
    return (*(_renamed(each, names) for each in known), *more), ()


def _target_group_more(snapshot: Any, rng: random.Random) -> Change | None:
    """A target group like another one; a listener that led there leads to it, or nothing does."""
    from reach.snapshot.balancer_records import LoadBalancerListeners, TargetGroup

    every = snapshot.records(TargetGroup)
    if not every:
        return None
    one = rng.choice(every)
    arn = f"{one.target_group_arn.rpartition('/')[0]}/{rng.getrandbits(64):016x}"
    names = {one.target_group_arn: arn}
    put = tuple(_renamed(each, names) for each in _group_with_parts(snapshot, one))
    led = (snapshot.get(LoadBalancerListeners, each) for each in one.load_balancer_arns)
    if rng.random() < 0.7:
        return (*put, *(_renamed(each, names) for each in led if each is not None)), ()
    return put, ()


def _target_group_less(snapshot: Any, rng: random.Random) -> Change | None:
    """A target group that is gone, whatever led to it."""
    from reach.snapshot.balancer_records import TargetGroup

    every = snapshot.records(TargetGroup)
    return ((), _group_with_parts(snapshot, rng.choice(every))) if every else None


# --- NAT gateways ---------------------------------------------------------------------------------


def _translator(snapshot: Any, rng: random.Random) -> tuple[Any, tuple[Any, ...]] | None:
    from reach.snapshot.records import NatGateway, NetworkInterface

    every = [
        each
        for each in snapshot.records(NatGateway)
        if any(place.network_interface_id for place in each.nat_gateway_addresses)
    ]
    if not every:
        return None
    one = rng.choice(every)
    names = (place.network_interface_id or "" for place in one.nat_gateway_addresses)
    return one, _held(snapshot, NetworkInterface, names)


def _translator_less(snapshot: Any, rng: random.Random) -> Change | None:
    """A NAT gateway that is deleted: its Elastic IPs are on nothing, or released."""
    from msgspec.structs import replace

    from reach.snapshot.records import Address

    found = _translator(snapshot, rng)
    if found is None:
        return None
    one, own = found
    names = {each.network_interface_id for each in own}
    held = tuple(e for e in snapshot.records(Address) if e.network_interface_id in names)
    if rng.random() < 0.4:
        return (), (one, *own, *held)
    nothing = {"network_interface_id": None, "private_ip_address": None, "association_id": None}
    return tuple(replace(each, **nothing) for each in held), (one, *own)


def _translator_more(snapshot: Any, rng: random.Random) -> Change | None:
    """A NAT gateway beside another one, with an interface and an Elastic IP of its own."""
    from msgspec.structs import replace

    from reach.snapshot.records import Address

    found = _translator(snapshot, rng)
    if found is None or len(found[1]) != 1 or len(found[0].nat_gateway_addresses) != 1:
        return None
    one, own = found
    name = f"nat-{_number(rng)}"
    more = _like(snapshot, own, f"Interface for NAT Gateway {name}", rng)
    if more is None:
        return None
    held = [
        each
        for each in snapshot.records(Address)
        if each.network_interface_id == own[0].network_interface_id
    ]
    public = more[0].association.public_ip if more[0].association else None
    place = replace(
        one.nat_gateway_addresses[0],
        network_interface_id=more[0].network_interface_id,
        private_ip=more[0].private_ip_address,
        public_ip=public,
        allocation_id=f"eipalloc-{_number(rng)}" if held else None,
    )
    listed = tuple(
        replace(
            each,
            public_ip=public,
            allocation_id=place.allocation_id,
            association_id=f"eipassoc-{_number(rng)}",
            network_interface_id=place.network_interface_id,
            private_ip_address=place.private_ip,
        )
        for each in held[:1]
    )
    put = replace(one, nat_gateway_id=name, nat_gateway_addresses=(place,))
    return (put, *more, *listed), ()


# --- their groups ---------------------------------------------------------------------------------


def _other_groups(snapshot: Any, rng: random.Random) -> Change | None:
    """The interfaces of a load balancer or an endpoint with a group more, or one less; of one group
    another one."""
    from msgspec.structs import replace

    from reach.snapshot.interface_records import GroupIdentifier
    from reach.snapshot.records import SecurityGroup

    serving = endpoint(snapshot, rng)
    found = serving if rng.random() < 0.5 else balancer(snapshot, rng)
    if found is None or not found[1] or not found[1][0].groups:
        return None
    one, own = found
    worn = own[0].groups
    vpc = own[0].vpc_id
    others = [
        each
        for each in snapshot.records(SecurityGroup)
        if each.vpc_id == vpc and each.group_id not in {group.group_id for group in worn}
    ]
    if not others:
        return None
    other = rng.choice(others)
    more = GroupIdentifier(other.group_id, other.group_name)
    how = rng.random()
    groups = (*worn, more) if how < 0.4 else (*worn[1:], more)
    if len(worn) > 1 and how > 0.7:
        groups = worn[1:]
    put = tuple(replace(each, groups=groups) for each in own)
    if found is serving:
        from reach.snapshot.gateway_records import EndpointGroup

        put = (*put, replace(one, groups=tuple(EndpointGroup(g.group_id) for g in groups)))
    return put, ()


SERVICES: Mapping[str, Callable[[Any, random.Random], Change | None]] = {
    "endpoint more": _endpoint_more,
    "endpoint less": _endpoint_less,
    "load balancer more": _balancer_more,
    "load balancer less": _balancer_less,
    "target group more": _target_group_more,
    "target group less": _target_group_less,
    "NAT gateway more": _translator_more,
    "NAT gateway less": _translator_less,
    "groups of a service": _other_groups,
}
