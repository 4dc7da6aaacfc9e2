"""VPCs and their local routing: every subnet of a VPC is one hop away from every other.

Local routing delivers to the subnet that holds the destination, whoever brought the packet into the
VPC (R-RT-3, R-PCX-7); what lies in none of its subnets is dropped.  Of a VPC whose owner is not in
the snapshot a participant is shown only the subnets that are shared: what lies in none of them is
undecided (R-SHARE-3).

Implements: R-RT-3 R-RT-7 R-PCX-7 R-SHARE-1 R-SHARE-3
Not modelled: multicast and broadcast (R-PIPE-7: there is none).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reach.component import Component, Denial, End, Lowering, node_name
from reach.interfaces.ends import unheld_in
from reach.interfaces.members import end_of_members
from reach.interfaces.strays import torn_from
from reach.network.address import Prefix
from reach.network.header_space import HeaderSpace, Ranges, shared
from reach.network.stage import Forward, Origin, Route, Stage, Unmodelled
from reach.snapshot.core_network_records import core_attachments
from reach.snapshot.index import subnet_blocks
from reach.snapshot.records import RouteTable, Subnet, Vpc, VpcPeeringConnection
from reach.snapshot.transit_records import (
    TransitGatewayAttachment,
    TransitGatewayPeeringAttachment,
    TransitGatewayVpcAttachment,
)


def _blocks(subnet: Subnet) -> Ranges:
    return Ranges.prefixes(map(Prefix.parse, subnet_blocks(subnet)))


def _local(lowering: Lowering, vpc_id: str, _: str) -> tuple[Stage, ...]:
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    subnets = lowering.index.subnets_by_vpc.get(vpc_id, ())
    blocks = [_blocks(subnet) for subnet in subnets]
    disputed = shared(blocks)
    routes = []
    if disputed:
        match = HeaderSpace.where(destination=disputed)
        routes.append(Route(match, node_name("vpc", vpc_id, "disputed"), Origin(vpc_id, "")))
    for subnet, ends in zip(subnets, blocks, strict=True):
        switch = node_name("subnet", subnet.subnet_id, "switch")
        match = HeaderSpace.where(destination=ends)
        words = f"routes locally to {subnet.subnet_id}"
        origin = Origin(vpc_id, words, "local", name=vpc.name if vpc else "")
        routes.append(Route(match, node_name("subnet", subnet.subnet_id, "arrive", switch), origin))
    if vpc is None or not lowering.has(Subnet, vpc):
        words = "the subnets of this VPC are not known"
        return (Forward(tuple(routes)), Unmodelled(lowering.missing(Subnet, vpc_id, words)))
    unseen = _unseen(lowering, vpc)
    if unseen is not None:
        return (Forward(tuple(routes)), Unmodelled(unseen))
    nobody = Origin(
        vpc_id,
        "no subnet holds this address",
        code="NO_POSSIBLE_DESTINATION",
        name=vpc.name,
    )
    return (Forward(tuple(routes), nobody),)


def _disputed(lowering: Lowering, vpc_id: str, _: str) -> tuple[Stage, ...]:
    """Blocks of subnets overlap nowhere (AWS, "Subnet sizing"): one of two is there no more."""
    words = "several of its subnets are said to have this address, and nothing tells which has it"
    return (Unmodelled(Origin(vpc_id, words, code="UNKNOWN_RESOURCE")),)


def _unseen(lowering: Lowering, vpc: Vpc) -> Origin | None:
    """Why not all of its subnets are in the snapshot, if they are not."""
    named = lowering.index.unheld.subnets.get(vpc.vpc_id)
    if named is not None:
        words = f"has the subnet {named[0]}, as other answers say"
        return lowering.missing(Subnet, vpc.vpc_id, words)
    blockless = _blockless(lowering).get(vpc.vpc_id)
    if blockless is not None:
        return Origin(blockless, f"is a subnet of {vpc.vpc_id} of which no block is shown")
    torn = torn_from(lowering, vpc.vpc_id)
    if torn is not None:
        return torn
    if lowering.index.told_by_owner(Subnet, vpc):
        return None
    words = f"is shared by {vpc.owner_id}; what it does not share is not in the snapshot"
    return Origin(vpc.vpc_id, words, code="UNKNOWN_RESOURCE", name=vpc.name)


def _blockless(lowering: Lowering) -> Mapping[str, str]:
    """Subnets that show no block, by VPC: each has one of either family (R-PIPE-7)."""

    def make() -> dict[str, str]:
        every = lowering.snapshot.records(Subnet)
        return {each.vpc_id or "": each.subnet_id for each in every if not subnet_blocks(each)}

    return lowering.memo("subnets without a block", make)


def _end(lowering: Lowering, vpc_id: str) -> End | None:
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if vpc is None:
        return None
    members = lowering.index.interfaces_by_vpc.get(vpc_id, ())
    gap = _unseen(lowering, vpc) or unheld_in(lowering, (vpc_id,))
    return end_of_members(lowering, vpc_id, vpc.name, members, gap)


# ------------------------------------------------------------------- what bears on a denial


def _besides(lowering: Lowering, denial: Denial) -> Iterator[Origin]:
    """No route leads to another VPC, and nothing at all joins the two."""
    table = lowering.snapshot.get(RouteTable, denial.origin.resource)
    if table is None or not table.vpc_id:
        return
    own = table.vpc_id
    owners = lowering.index.owner_of_address(denial.header.destination)
    others = {each.vpc_id for each in owners if each.vpc_id}
    if own in others:
        return
    for other in sorted(others - _joined(lowering, own)):
        words = f"nothing joins it to {other}: no peering, transit gateway or core network"
        yield Origin(own, words, other, "DISCONNECTED_VPCS", record=other)


def _joined(lowering: Lowering, vpc_id: str) -> set[str]:
    """All that hangs together with a VPC, over one joint or several."""
    joints = lowering.memo("vpc joints", lambda: tuple(_joints(lowering)))
    found, new = {vpc_id}, {vpc_id}
    while new:
        new = {end for joint in joints if not found.isdisjoint(joint) for end in joint} - found
        found |= new
    return found


def _joints(lowering: Lowering) -> Iterator[tuple[str, ...]]:
    """What joins VPCs, transit gateways and core networks, working or not."""
    snapshot = lowering.snapshot
    for peering in snapshot.records(VpcPeeringConnection):
        ends = peering.requester_vpc_info, peering.accepter_vpc_info
        yield tuple(end.vpc_id for end in ends if end.vpc_id)
    for attached in snapshot.records(TransitGatewayVpcAttachment):
        yield attached.vpc_id or "", attached.transit_gateway_id
    for each in snapshot.records(TransitGatewayAttachment):
        yield each.resource_id, each.transit_gateway_id
    for between in snapshot.records(TransitGatewayPeeringAttachment):
        sides = between.requester_tgw_info, between.accepter_tgw_info
        yield tuple(filter(None, (s.transit_gateway_id or s.core_network_id for s in sides)))
    for attachment in core_attachments(snapshot).values():
        resource = attachment.resource_id
        yield resource.rpartition("/")[2], attachment.core_network_id


COMPONENT = Component(
    name="vpc",
    reads=(Vpc, Subnet),
    nodes={"local": _local, "disputed": _disputed},
    ends={"vpc-": _end},
    besides=_besides,
)
