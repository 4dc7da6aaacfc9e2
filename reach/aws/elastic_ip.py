"""Public addresses that lead nowhere: Elastic IPs on no interface, addresses of deleted things.

An address that the snapshot knows but that no attached gateway serves is nobody's: nothing answers
there, and no host on the internet has it (R-OBS-3).  This holds for unassociated Elastic IPs, for
the addresses of deleted NAT gateways, and for public addresses in a VPC without internet gateway.
Where the VPC, its gateway or the interface is not in the snapshot, another account's perhaps, who
answers there is undecided (R-SHARE-3).

Implements: R-OBS-3 R-IGW-12 R-SHARE-3
Not modelled: when a released address is handed to somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reach.component import Component, End, Lowering, node_name
from reach.interfaces.unserved import behind_others
from reach.network.address import GLOBAL_UNICAST_IPV6, Prefix, is_public, parse_address
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import Origin, Route, Stage, Unmodelled
from reach.snapshot.index import ipv6_blocks, private_addresses, public_mapping
from reach.snapshot.record import UNPRINTED
from reach.snapshot.records import Address, NatGateway, NetworkInterface, Vpc
from reach.unprinted import left_out


def _known(lowering: Lowering) -> Iterator[tuple[int, str, str]]:
    """Every public address that anything in the snapshot names: address, id, words."""
    for interface in lowering.index.mapped:
        for _, public in public_mapping(interface):
            words = "has this address, but its VPC has no attached internet gateway"
            yield public, interface.network_interface_id, words
    for address in lowering.snapshot.records(Address):
        if address.public_ip and not _is_on_unseen(lowering, address):
            words = "is an Elastic IP that no working interface has"
            yield parse_address(address.public_ip), address.allocation_id or "", words
    for gateway in lowering.snapshot.records(NatGateway):
        for place in gateway.nat_gateway_addresses:
            if place.public_ip:
                words = f"had this address; it is {gateway.state}"
                yield parse_address(place.public_ip), gateway.nat_gateway_id, words


def _unseen(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    words = behind_others(lowering, interface.vpc_id or "")
    return (Unmodelled(Origin(interface_id, words, code="UNKNOWN_RESOURCE")),)


def _unserved(lowering: Lowering) -> frozenset[str]:
    """The VPCs whose gateways nothing tells of; '' is where interfaces name none."""

    def make() -> frozenset[str]:
        vpcs = ("", *lowering.index.interfaces_by_vpc)
        return frozenset(vpc for vpc in vpcs if behind_others(lowering, vpc))

    return lowering.memo("elastic_ip unserved", make)


def _is_on_unseen(lowering: Lowering, address: Address) -> bool:
    """Whether it says that it is on an interface that the snapshot does not hold, or of which it
    does not hold the addresses (law 2).

    A NAT gateway says itself which addresses are its own.
    """
    on = address.network_interface_id
    interface = lowering.snapshot.get(NetworkInterface, on or "")
    held = not on or interface is not None
    if interface is not None and address.private_ip_address:
        own = private_addresses(interface)
        told = interface.private_ip_addresses is not UNPRINTED
        held = told or parse_address(address.private_ip_address) in own
    return not held and address.public_ip not in _of_translators(lowering)


def _of_translators(lowering: Lowering) -> frozenset[str | None]:
    def make(own: Lowering) -> Mapping[str, frozenset[str | None]]:
        gateways = own.snapshot.records(NatGateway)
        every = (place for each in gateways for place in each.nat_gateway_addresses)
        return {"all": frozenset(each.public_ip for each in every)}

    return lowering.table("elastic_ip of NAT gateways", make)["all"]


def _unheld(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    untold = None if interface is None else left_out(lowering, interface, "private_ip_addresses")
    if untold is not None:
        return (Unmodelled(untold),)
    words = "has this address, and is not in the snapshot"
    return (Unmodelled(lowering.missing(NetworkInterface, interface_id, words)),)


def _announce_unseen(lowering: Lowering) -> Iterator[Route]:
    """What leads to an interface that is not there, or by a gateway that nothing tells of."""
    for address in lowering.snapshot.records(Address):
        if address.public_ip and _is_on_unseen(lowering, address):
            match = HeaderSpace.where(destination=Ranges.of(parse_address(address.public_ip)))
            node = node_name("elastic_ip", address.network_interface_id or "", "unheld")
            yield Route(match, node, Origin("", ""))
    unserved = _unserved(lowering)
    for interface in lowering.index.interfaces_where(lambda each: (each.vpc_id or "") in unserved):
        ends = [public for _, public in public_mapping(interface)]
        ends += private_addresses(interface)
        public = Ranges.of(*filter(is_public, ends)) if any(map(is_public, ends)) else None
        if public is not None:
            node = node_name("elastic_ip", interface.network_interface_id, "unseen")
            yield Route(HeaderSpace.where(destination=public), node, Origin("", ""))


def _aliases(lowering: Lowering, addresses: Ranges) -> Ranges:
    """The public addresses of private ones, where nothing tells who translates them.

    Who has an address on an interface that is not held may lead to anything (a load balancer).
    """

    def make() -> tuple[tuple[int, int], ...]:
        unserved = _unserved(lowering)
        unseen = (each for each in lowering.index.mapped if (each.vpc_id or "") in unserved)
        return tuple(pair for each in unseen for pair in public_mapping(each))

    def on_unseen() -> Ranges:
        unseen = (e for e in lowering.snapshot.records(Address) if _is_on_unseen(lowering, e))
        texts = (text for each in unseen for text in (each.public_ip, each.private_ip_address))
        return Ranges.of(*(parse_address(text) for text in texts if text))

    inside = addresses & lowering.index.inside
    hidden = lowering.memo("elastic_ip on unseen", on_unseen) if inside else Ranges(())
    pairs = lowering.memo("elastic_ip aliases", make)
    return hidden | Ranges.union(
        span
        for private, public in pairs
        if private in addresses
        for span in Ranges.of(public).intervals
    )


def _announce(lowering: Lowering) -> Iterator[Route]:
    yield from _announce_unseen(lowering)
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
    if address.network_interface_id and not _is_on_unseen(lowering, address):
        interface = lowering.snapshot.get(NetworkInterface, address.network_interface_id)
        if interface is not None and address.private_ip_address:
            own = Ranges.of(parse_address(address.private_ip_address))
            return lowering.hosts((interface,), allocation_id, own)
    if _is_on_unseen(lowering, address):
        words = f"{address.network_interface_id} is not in the snapshot, or not all of it"
        return End(allocation_id, gap=lowering.missing(NetworkInterface, allocation_id, words))
    words = "is on no interface"
    return End(allocation_id, nobody=Origin(allocation_id, words, code="UNASSOCIATED_COMPONENT"))


COMPONENT = Component(
    name="elastic_ip",
    reads=(Address, NatGateway, NetworkInterface, Vpc),
    nodes={"unseen": _unseen, "unheld": _unheld},
    announce=_announce,
    aliases=_aliases,
    ends={"eipalloc-": _end},
)
