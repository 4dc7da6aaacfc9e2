"""Public addresses that lead nowhere: Elastic IPs on no interface, addresses of deleted things.

An address that the snapshot knows but that no attached gateway serves is nobody's: nothing answers
there, and no host on the internet has it (R-OBS-3).  This holds for unassociated Elastic IPs, for
the addresses of deleted NAT gateways, and for public addresses in a VPC without internet gateway.

Implements: R-OBS-3 R-IGW-12
Not modelled: when a released address is handed to somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.component import Component, End, Lowering
from reach.network.address import GLOBAL_UNICAST_IPV6, Prefix, is_public, parse_address
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import Origin, Route
from reach.snapshot.index import ipv6_blocks, private_addresses, public_mapping
from reach.snapshot.records import Address, NatGateway, NetworkInterface, Vpc


def _known(lowering: Lowering) -> Iterator[tuple[int, str, str]]:
    """Every public address that anything in the snapshot names: address, id, words."""
    for interface in lowering.snapshot.records(NetworkInterface):
        if lowering.snapshot.get(Vpc, interface.vpc_id or "") is None:
            words = "has this address, but its VPC is not in the snapshot"
            for own in private_addresses(interface):
                yield own, interface.network_interface_id, words
        for _, public in public_mapping(interface):
            words = "has this address, but its VPC has no attached internet gateway"
            yield public, interface.network_interface_id, words
    for address in lowering.snapshot.records(Address):
        if address.public_ip:
            words = "is an Elastic IP that no working interface has"
            yield parse_address(address.public_ip), address.allocation_id or "", words
    for gateway in lowering.snapshot.records(NatGateway):
        for place in gateway.nat_gateway_addresses:
            if place.public_ip:
                words = f"had this address; it is {gateway.state}"
                yield parse_address(place.public_ip), gateway.nat_gateway_id, words


def _announce(lowering: Lowering) -> Iterator[Route]:
    grouped: dict[tuple[str, str], list[int]] = {}
    for address, resource, words in _known(lowering):
        if is_public(address):
            grouped.setdefault((resource, words), []).append(address)
    for (resource, words), addresses in grouped.items():
        origin = Origin(resource, words, code="NO_PATH")
        yield Route(HeaderSpace.where(destination=Ranges.of(*addresses)), "", origin)
    public = Ranges.prefixes(GLOBAL_UNICAST_IPV6)
    for vpc in lowering.snapshot.records(Vpc):
        ends = Ranges.prefixes(map(Prefix.parse, ipv6_blocks(vpc))) & public
        if ends:
            words = "no attached internet gateway announces this IPv6 block"
            origin = Origin(vpc.vpc_id, words, code="NO_PATH", name=vpc.name)
            yield Route(HeaderSpace.where(destination=ends), "", origin)


def _end(lowering: Lowering, allocation_id: str) -> End | None:
    address = lowering.snapshot.get(Address, allocation_id)
    if address is None or not (address.public_ip or address.carrier_ip):
        return None
    if address.network_interface_id:
        interface = lowering.snapshot.get(NetworkInterface, address.network_interface_id)
        if interface is not None and address.private_ip_address:
            own = Ranges.of(parse_address(address.private_ip_address))
            return lowering.hosts((interface,), allocation_id, own)
    words = "is on no interface"
    return End(allocation_id, nobody=Origin(allocation_id, words, code="UNASSOCIATED_COMPONENT"))


COMPONENT = Component(
    name="elastic_ip",
    reads=(Address, NatGateway, NetworkInterface, Vpc),
    announce=_announce,
    ends={"eipalloc-": _end},
)
