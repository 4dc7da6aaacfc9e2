"""Public addresses that two interfaces are said to have: of two moments, or of a move while asked.

    disputed(lowering) -> public address -> the private ones that it is said to stand for, by VPC
    elastic(lowering) -> interface -> pairs of a private address and the Elastic IP on it
    unplaced(lowering, interfaces) -> why one may have a public address that it does not show

A public address stands for one private address (R-ENI-3): an interface says so itself, as does
describe-addresses, or a NAT gateway.  Where they do not say the same, nothing tells which of them
is right, least of all the order of files (law 2).  An instance shows one as well: where neither its
interfaces nor describe-addresses do, it got it or lost it between the calls.  Must not know what a
gateway does with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reach.component import Lowering
from reach.network.address import parse_address
from reach.network.stage import Origin
from reach.snapshot.index import instance_of, public_mapping
from reach.snapshot.records import Address, Instance, NatGateway, NetworkInterface
from reach.states import INSTANCE, NAT_GATEWAY, may_work

Claim = tuple[str, int]  # a VPC, and a private address of it
Elastic = Mapping[str, Sequence[tuple[int, int]]]


def disputed(lowering: Lowering) -> Mapping[int, frozenset[Claim]]:
    """The public addresses of which it is said that they stand for several private ones."""

    return lowering.table("disputed public addresses", _disputed)["all"]


def _disputed(lowering: Lowering) -> Mapping[str, Mapping[int, frozenset[Claim]]]:
    found: dict[int, set[Claim]] = {}
    for public, claim in _claims(lowering):
        found.setdefault(public, set()).add(claim)
    several = {public: frozenset(all_of) for public, all_of in found.items() if len(all_of) > 1}
    return {"all": several}


def elastic(lowering: Lowering) -> Elastic:
    """Elastic IPs that describe-addresses places on interfaces, whatever these say themselves."""

    return lowering.table("elastic addresses", _elastic)


def _elastic(lowering: Lowering) -> Mapping[str, Sequence[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for address in lowering.snapshot.records(Address):
        if address.network_interface_id and address.private_ip_address and address.public_ip:
            pair = parse_address(address.private_ip_address), parse_address(address.public_ip)
            found.setdefault(address.network_interface_id, []).append(pair)
    return found


def dispute(public: str, claims: frozenset[Claim]) -> Origin:
    words = f"is said to be that of {len(claims)} private addresses, and nothing tells of which"
    return Origin(public, words, code="UNKNOWN_RESOURCE")


def unplaced(lowering: Lowering, interfaces: Iterable[NetworkInterface]) -> Origin | None:
    """The first instance that works and shows a public address which stands for nothing of its."""
    for interface in interfaces:
        instance = lowering.snapshot.get(Instance, instance_of(interface) or "")
        shown = instance.public_ip_address if instance is not None else None
        if instance is None or not shown or not may_work(instance.state.name, INSTANCE):
            continue
        if parse_address(shown) not in _standing_for(lowering, instance.instance_id):
            told = "which none of its interfaces does: whether it has it is not known"
            words = f"{instance.instance_id} shows {shown}, {told}"
            return Origin(instance.instance_id, words, code="UNKNOWN_RESOURCE", name=instance.name)
    return None


def _standing_for(lowering: Lowering, instance_id: str) -> Iterator[int]:
    """All addresses that stand for private ones of an instance, of whatever kind."""
    for interface in lowering.index.interfaces_by_instance.get(instance_id, ()):
        said = [interface.association, *(p.association for p in interface.private_ip_addresses)]
        for each in filter(None, said):
            texts = (each.public_ip, each.carrier_ip, each.customer_owned_ip)
            yield from (parse_address(text) for text in texts if text)
        placed = elastic(lowering).get(interface.network_interface_id, ())
        yield from (public for _, public in placed)


def _claims(lowering: Lowering) -> Iterator[tuple[int, Claim]]:
    for interface in lowering.index.mapped:
        for private, public in public_mapping(interface):
            yield public, (interface.vpc_id or "", private)
    for each in lowering.snapshot.records(Address):
        held = lowering.snapshot.get(NetworkInterface, each.network_interface_id or "")
        if held is not None and each.private_ip_address and each.public_ip:
            private = parse_address(each.private_ip_address)
            yield parse_address(each.public_ip), (held.vpc_id or "", private)
    for gateway in lowering.snapshot.records(NatGateway):
        for place in gateway.nat_gateway_addresses:
            works = may_work(gateway.state, NAT_GATEWAY)
            if works and place.public_ip and place.private_ip:
                claim = gateway.vpc_id or "", parse_address(place.private_ip)
                yield parse_address(place.public_ip), claim
