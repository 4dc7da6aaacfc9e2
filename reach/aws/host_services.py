"""Services of the host: DNS resolver, instance metadata, time.  No filter and no route sees them.

The Amazon resolver (169.254.169.253, fd00:ec2::253, the VPC's base address plus two), instance and
ECS task metadata, time, Windows activation and the subnet's default router are answered on the spot
for an instance of the VPC, whatever security groups, network ACLs and route tables say (R-EXM-1,
R-SG-29, R-NACL-11).  They are nobody else's (R-EXM-4).  The resolver answers while the VPC's
enableDnsSupport is on (R-EXM-2), metadata while the instance has it enabled (R-EXM-5).  Any other
name server is ordinary traffic (R-EXM-3).

Implements: R-EXM-1 R-EXM-2 R-EXM-3 R-EXM-4 R-EXM-5 R-SG-29 R-NACL-11
Not modelled: DHCP; DNS Firewall, which sees names and not packets (R-DNSFW-1).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from socket import inet_aton

from reach.component import Component, Lowering, node_name
from reach.network.address import Prefix, ipv4, parse_address
from reach.network.field import TCP, UDP, Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Deliver,
    Filter,
    Forward,
    Origin,
    Route,
    Rule,
    Stage,
    Unmodelled,
    deny_all,
    unknown_filter,
)
from reach.snapshot.records import Instance, NetworkInterface, Subnet, Vpc, VpcAttribute

_NAME = "host_services"
_QUIET = Origin("", "")
_BOTH = (TCP, UDP)

# What each service listens on (AWS: VPC guide, "Rules to reference for security groups").
_SERVICES: dict[str, tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...], str]] = {
    "dns": (("169.254.169.253", "fd00:ec2::253"), _BOTH, (53,), "the Amazon DNS resolver"),
    "metadata": (("169.254.169.254", "fd00:ec2::254"), (TCP,), (80,), "instance metadata"),
    "tasks": (("169.254.170.2",), (TCP,), (80,), "ECS task metadata"),
    "time": (("169.254.169.123", "fd00:ec2::123"), (UDP,), (123,), "Amazon Time Sync"),
    "activation": (
        ("169.254.169.250", "169.254.169.251", "fd00:ec2::250", "fd00:ec2::251"),
        (TCP,),
        (1688,),
        "Windows activation",
    ),
}


def _resolver(lowering: Lowering, vpc_id: str) -> Iterator[int]:
    """The base address plus two of the VPC's primary block."""
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if vpc is not None and vpc.cidr_block:
        yield Prefix.parse(vpc.cidr_block).value + (ipv4(2) - ipv4(0))


def _perhaps_resolvers(lowering: Lowering, vpc_id: str) -> Iterator[int]:
    """Where the resolver may be in a VPC that is named and not held: a block of one has 16 to 28
    bits (VPC guide, "VPC CIDR blocks"), and is as wide as its subnets or wider.  No host has
    these addresses: they are the third of a subnet as well (R-PIPE-7), or of none."""
    if lowering.snapshot.get(Vpc, vpc_id) is not None:
        return
    for subnet in lowering.index.subnets_by_vpc.get(vpc_id, ()):
        if subnet.cidr_block:
            address, _, bits = subnet.cidr_block.partition("/")
            for length in range(16, int(bits) + 1):
                host = (1 << (32 - length)) - 1
                base = int.from_bytes(inet_aton(address), "big") & ~host
                yield ipv4(base + 2)


def _perhaps(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    vpc_id = interface.vpc_id or ""
    words = f"whether this is the resolver of {vpc_id} is not known"
    return (Unmodelled(lowering.missing(Vpc, vpc_id, words)),)


def _routers(lowering: Lowering, subnet_id: str) -> Iterator[int]:
    """The default router: the base address plus one of the subnet."""
    subnet = lowering.snapshot.get(Subnet, subnet_id)
    if subnet is not None and subnet.cidr_block:
        yield Prefix.parse(subnet.cidr_block).value + (ipv4(1) - ipv4(0))


def _unfiltered(lowering: Lowering, interface_id: str) -> tuple[Stage, ...]:
    """Stands before the security group of every interface that sends."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    vpc_id, subnet_id = interface.vpc_id or "", interface.subnet_id
    routes = [
        Route(match, node_name(_NAME, interface_id, service), _QUIET)
        for service, match in lowering.memo(
            f"host_services ends {vpc_id}", lambda: tuple(_ends(lowering, vpc_id))
        )
    ]
    if subnet_id:
        routers = lowering.memo(
            f"host_services routers {subnet_id}",
            lambda: HeaderSpace.where(destination=Ranges.of(*_routers(lowering, subnet_id))),
        )
        routes.append(Route(routers, node_name(_NAME, subnet_id, "router"), _QUIET))
    return (Forward(tuple(routes)),)


def _ends(lowering: Lowering, vpc_id: str) -> Iterator[tuple[str, HeaderSpace]]:
    """Each service, and what is sent to it from a VPC."""
    for service, (addresses, _, _, _) in _SERVICES.items():
        ends = [parse_address(address) for address in addresses]
        if service == "dns":
            ends += _resolver(lowering, vpc_id)
        yield service, HeaderSpace.where(destination=Ranges.of(*ends))
    perhaps = tuple(_perhaps_resolvers(lowering, vpc_id))
    if perhaps:
        match = HeaderSpace.where(
            destination=Ranges.of(*perhaps),
            protocol=Ranges.of(*_BOTH),
            destination_port=Ranges.of(53),
        )
        yield "perhaps", match


def _answer(lowering: Lowering, interface_id: str, _: str, *, service: str) -> tuple[Stage, ...]:
    protocols, ports, words = _SERVICES[service][1:]
    served = HeaderSpace.where(protocol=Ranges.of(*protocols), destination_port=Ranges.of(*ports))
    deaf = Origin(service, f"{words} does not answer this", code="NO_PATH")
    return (
        *_switched_on(lowering, interface_id, service),
        Filter((Rule(served, Action.PERMIT, _QUIET),), Rule(ANYTHING, Action.DENY, deaf)),
        Deliver(
            f"{_NAME}/{service}",
            node_name(_NAME, interface_id, "back"),
            Origin(service, f"{words} receives the packet, past all filters"),
        ),
    )


def _switched_on(lowering: Lowering, interface_id: str, service: str) -> tuple[Stage, ...]:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    if service == "dns":
        return _dns_support(lowering, interface.vpc_id or "")
    if service == "metadata":
        return _metadata(lowering, interface)
    return ()


def _dns_support(lowering: Lowering, vpc_id: str) -> tuple[Stage, ...]:
    attribute = lowering.snapshot.get(VpcAttribute, vpc_id)
    if attribute is None or attribute.enable_dns_support is None:
        words = "whether enableDnsSupport is on is not known"
        return (unknown_filter(lowering.missing(VpcAttribute, vpc_id, words)),)
    if attribute.enable_dns_support.value:
        return ()
    return (deny_all(Origin(vpc_id, "enableDnsSupport is off", "attribute", "NO_PATH")),)


def _metadata(lowering: Lowering, interface: NetworkInterface) -> tuple[Stage, ...]:
    """R-EXM-5: an instance may have its metadata switched off."""
    instance_id = interface.attachment.instance_id if interface.attachment else None
    instance = lowering.snapshot.get(Instance, instance_id) if instance_id else None
    options = instance.metadata_options if instance else None
    if instance is not None and options is not None and options.http_endpoint == "disabled":
        words = "has instance metadata switched off"
        return (deny_all(Origin(instance.instance_id, words, "metadata", "NO_PATH")),)
    if options is not None and options.http_endpoint not in (None, "", "enabled"):
        words = f"its metadata endpoint is {options.http_endpoint!r}, which is no word of AWS's"
        return (unknown_filter(Origin(instance_id or "", words, "metadata")),)
    if instance is None or (options is not None and options.http_protocol_ipv6 == "enabled"):
        return ()
    # Off unless switched on; an answer without the field does not tell.
    six = HeaderSpace.where(destination=Ranges.of(parse_address("fd00:ec2::254")))
    off = Origin(
        instance.instance_id, "has instance metadata over IPv6 switched off", "metadata", "NO_PATH"
    )
    rule = Rule(six, Action.DENY, off)
    if options is None or options.http_protocol_ipv6 is None:
        words = "whether it has instance metadata over IPv6 is not in the snapshot"
        rule = Rule(six, Action.DOUBT, Origin(instance.instance_id, words, "metadata"))
    return (Filter((rule,), Rule(ANYTHING, Action.PERMIT, _QUIET)),)


def _router(lowering: Lowering, subnet_id: str, _: str) -> tuple[Stage, ...]:
    """R-PIPE-7: the subnet's router has an address, but nothing there is a host."""
    nobody = Origin(subnet_id, "the subnet's router answers nothing", code="NO_PATH")
    return (deny_all(nobody), Forward((), nobody))


def _back(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """The answer goes straight to the interface that asked."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    owner = lowering.interface_node(interface).rpartition("/")[0]
    received = Origin(interface_id, "receives the answer")
    return (Deliver(owner, node_name(_NAME, interface_id, "back"), received),)


def _label(lowering: Lowering, resource: str, part: str, header: Header) -> tuple[str, str] | None:
    return part, "service of the host"


COMPONENT = Component(
    name=_NAME,
    reads=(VpcAttribute, Vpc, Instance),
    nodes={
        **{service: partial(_answer, service=service) for service in _SERVICES},
        "perhaps": _perhaps,
        "router": _router,
        "back": _back,
    },
    slots={"network_interface.unfiltered": _unfiltered},
    by_address_only=tuple(f"{_NAME}/{service}" for service in _SERVICES),
    label=_label,
    faces={**dict.fromkeys(_SERVICES, "source"), "back": "destination"},
)
