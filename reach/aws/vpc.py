"""VPCs and their local routing: every subnet of a VPC is one hop away from every other.

Local routing delivers to the subnet that holds the destination, whoever brought the packet into the
VPC (R-RT-3, R-PCX-7); what lies in none of its subnets is dropped.  Of a VPC whose owner is not in
the snapshot a participant is shown only the subnets that are shared: what lies in none of them is
undecided (R-SHARE-3).

Implements: R-RT-3 R-RT-7 R-PCX-7 R-SHARE-1 R-SHARE-3
Not modelled: multicast and broadcast (R-PIPE-7: there is none).
"""

from __future__ import annotations

from dataclasses import replace

from reach.component import Component, End, Lowering, node_name
from reach.network.address import Prefix
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import Forward, Origin, Route, Stage, Unmodelled
from reach.snapshot.index import subnet_blocks
from reach.snapshot.records import Subnet, Vpc


def _blocks(subnet: Subnet) -> Ranges:
    return Ranges.prefixes(map(Prefix.parse, subnet_blocks(subnet)))


def _local(lowering: Lowering, vpc_id: str, _: str) -> tuple[Stage, ...]:
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    routes = []
    for subnet in lowering.index.subnets_by_vpc.get(vpc_id, ()):
        switch = node_name("subnet", subnet.subnet_id, "switch")
        match = HeaderSpace.where(destination=_blocks(subnet))
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


def _unseen(lowering: Lowering, vpc: Vpc) -> Origin | None:
    if lowering.index.told_by_owner(Subnet, vpc):
        return None
    words = f"is shared by {vpc.owner_id}; what it does not share is not in the snapshot"
    return Origin(vpc.vpc_id, words, code="UNKNOWN_RESOURCE", name=vpc.name)


def _end(lowering: Lowering, vpc_id: str) -> End | None:
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if vpc is None:
        return None
    members = lowering.index.interfaces_by_vpc.get(vpc_id, ())
    return replace(lowering.hosts(members, vpc_id), gap=_unseen(lowering, vpc))


COMPONENT = Component(
    name="vpc",
    reads=(Vpc, Subnet),
    nodes={"local": _local},
    ends={"vpc-": _end},
)
