"""What only a missing call could tell: gaps in what a snapshot says of the ends of a question.

Takes a lowered snapshot and gives the origin of a gap, or None where the snapshot tells enough.  A
missing call may leave an answer open, it never flips one.  Must not know questions or the engines.
"""

from __future__ import annotations

from collections.abc import Iterable

from reach.lower import Ground
from reach.network.address import Prefix, format_address, is_ipv4, is_public
from reach.network.header_space import Ranges
from reach.network.stage import Origin
from reach.snapshot.records import (
    Address,
    Instance,
    InternetGateway,
    NatGateway,
    NetworkInterface,
    Record,
    Vpc,
    VpcPeeringConnection,
)

# What lies beyond a boundary towards other networks; none of it is modelled yet.
_ELSEWHERE = {
    "VpnGateways": "virtual private gateways",
    "VpnConnections": "VPN connections",
    "DirectConnectGateways": "Direct Connect gateways",
    "directConnectGateways": "Direct Connect gateways",
    "CoreNetworks": "core networks",
    "ClientVpnEndpoints": "Client VPN endpoints",
    "LocalGateways": "local gateways",
    "CarrierGateways": "carrier gateways",
}


def missing(ground: Ground, kinds: Iterable[type[Record]], words: str) -> Origin | None:
    """A gap if any of the calls that could name something was not made, or not to its end."""
    for kind in kinds:
        for scope in ground.snapshot.scopes:
            where = " ".join(filter(None, scope)) or "the snapshot"
            call = ground.operation(kind)
            if not ground.snapshot.has(kind, scope.account, scope.region):
                return Origin(call, f"{words}: {call} is not in {where}")
            if ground.snapshot.is_cut_short(kind, scope):
                return Origin(call, f"{words}: {call} was cut short in {where}")
    return None


def openings(ground: Ground) -> tuple[Origin, ...]:
    """What stands against every "unreachable": calls that could have opened another way.

    A gateway, a VPC or an interface that was never listed announces nothing anywhere; of an answer
    that was cut short nobody knows what the rest says.  Other missing calls are met on the path.
    """
    words = "another way may exist"
    absent = missing(ground, (Vpc, NetworkInterface, InternetGateway), words)
    if absent is not None:
        return (absent,)
    for gap in ground.snapshot.gaps:
        if gap.reason == "cut short":
            return (Origin(gap.operation, f"{words}: the answer of {gap.operation} was cut short"),)
    return ()


def interfaces_missing(ground: Ground) -> Origin | None:
    words = "what sends and receives here is not fully known"
    return missing(ground, (NetworkInterface, Instance), words)


def unnamed(ground: Ground, address: int) -> Origin | None:
    """An address that nothing names, when a call that could name it is missing."""
    if ground.index.owner_of_address(address) or ground.index.interface_of_public_address(address):
        return None
    kinds: list[type[Record]] = [NetworkInterface]
    if is_public(address) and is_ipv4(address):
        kinds += [NatGateway, Address]
    elif is_public(address):
        kinds += [Vpc]
    return missing(ground, kinds, f"whose address {format_address(address)} is, is not known")


def elsewhere(ground: Ground) -> Origin | None:
    """Other networks that the snapshot touches and that are not modelled yet."""
    for key, words in _ELSEWHERE.items():
        if key in ground.snapshot.ignored:
            return Origin(key, f"a host may lie beyond the {words}, which are not modelled yet")
    return None


def unseen(ground: Ground, addresses: Ranges) -> Origin | None:
    """R-SHARE-4: where some of these private addresses may be that nothing names."""
    for component in ground.components().values():
        if component.unseen is not None:
            found = component.unseen(ground, addresses)
            if found is not None:
                return found
    return None


def behind_a_peering(ground: Ground, address: int) -> Origin | None:
    """R-SHARE-4: a host of a peered VPC that is not in the snapshot."""
    for peering in ground.snapshot.records(VpcPeeringConnection):
        for side in (peering.requester_vpc_info, peering.accepter_vpc_info):
            blocks = [*(block.cidr_block for block in side.cidr_block_set), side.cidr_block]
            blocks += [block.ipv6_cidr_block for block in side.ipv6_cidr_block_set]
            unseen = ground.snapshot.get(Vpc, side.vpc_id or "") is None
            if unseen and any(address in Prefix.parse(block) for block in blocks if block):
                words = (
                    f"is not in the snapshot; it is peered by {peering.vpc_peering_connection_id}"
                )
                return Origin(side.vpc_id or "", f"{side.vpc_id} {words}")
    return None
