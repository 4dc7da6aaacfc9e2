"""VPC peering connections: two VPCs, addresses unchanged, nobody else.

Forwards while active (R-PCX-1).  The source must belong to the sending VPC and the destination to
the receiving one, so nothing passes through a peer to a third (R-PCX-3, R-PCX-4); whether the
source is looked at is an option (U-7).  What enters is delivered by local routing (R-PCX-7).  Group
identity survives within a Region only (R-SG-20, R-PCX-8).  The other VPC may be in an account or
Region that is not in the snapshot: undecided (R-SHARE-4).

Implements: R-PCX-1 R-PCX-2 R-PCX-3 R-PCX-4 R-PCX-5 R-PCX-6 R-PCX-7 R-PCX-8 R-PCX-10 R-SG-16
R-SG-20 R-SHARE-4
Not modelled: names that resolve differently over a peering (R-PCX-9).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reach.component import (
    Component,
    End,
    Entry,
    Join,
    Lowering,
    Target,
    node_name,
)
from reach.gone import held
from reach.interfaces.ends import unheld_in
from reach.network.address import Prefix
from reach.network.header_space import ANYTHING, EVERYWHERE, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Filter,
    Forward,
    Origin,
    Route,
    Rule,
    Stage,
    Translate,
    Unmodelled,
)
from reach.snapshot.index import vpc_blocks
from reach.snapshot.records import NetworkInterface, PeeringVpcInfo, Vpc, VpcPeeringConnection
from reach.states import PEERING, may_work, refused

_NAME = "vpc_peering"
_QUIET = Origin("", "")
_CODE = "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"
_SOURCE = "peering-source"


def _get(lowering: Lowering, peering_id: str) -> VpcPeeringConnection:
    return held(lowering.snapshot.get(VpcPeeringConnection, peering_id))


def _blocks(lowering: Lowering, side: PeeringVpcInfo) -> Ranges:
    """The VPC's blocks as the peering shows them, else as the VPC itself does."""
    blocks: list[str | None] = [block.cidr_block for block in side.cidr_block_set]
    blocks = blocks or [side.cidr_block]
    blocks += [block.ipv6_cidr_block for block in side.ipv6_cidr_block_set]
    vpc = lowering.snapshot.get(Vpc, side.vpc_id or "")
    if vpc is not None:
        blocks += vpc_blocks(vpc)
    return Ranges.prefixes(Prefix.parse(block) for block in blocks if block)


def _region(lowering: Lowering, side: PeeringVpcInfo) -> str:
    """That of the VPC itself where the peering does not print it."""
    vpc = lowering.snapshot.get(Vpc, side.vpc_id or "")
    return side.region or (lowering.snapshot.region_of(vpc) if vpc is not None else "")


def _from(lowering: Lowering, peering_id: str, vpc_id: str) -> tuple[Stage, ...]:
    """A packet that a VPC sends over the peering."""
    return _over(lowering, peering_id, vpc_id, checked=True)


def _carried(lowering: Lowering, peering_id: str, vpc_id: str) -> tuple[Stage, ...]:
    """R-NLB-3: what a balancer of a VPC sends with its client's address, whoever that is."""
    return _over(lowering, peering_id, vpc_id, checked=False)


def _over(lowering: Lowering, peering_id: str, vpc_id: str, *, checked: bool) -> tuple[Stage, ...]:
    peering = _get(lowering, peering_id)
    here, there = peering.requester_vpc_info, peering.accepter_vpc_info
    if here.vpc_id != vpc_id:
        here, there = there, here
    if here.vpc_id != vpc_id or not there.vpc_id:
        words = "does not show which VPCs it joins"
        return (*_active(peering), Unmodelled(Origin(peering_id, words, name=peering.name)))
    beyond = Origin(
        peering_id, f"carries only packets to {there.vpc_id}", "destination", _CODE, peering.name
    )
    forget = Case(ANYTHING, (Assign("identity", Ranges.of(0)),), _QUIET)
    blocks = _blocks(lowering, there)
    crosses = _region(lowering, here) != _region(lowering, there)
    return (
        *_active(peering),
        *lowering.slot("vpc_peering.from", peering_id),
        *((_of_sender(lowering, peering, here),) if checked else ()),
        # Of no active peering AWS prints a side without blocks (R-PCX-1).
        *((_only("destination", blocks, beyond),) if blocks else ()),
        *((Translate((forget,)),) if crosses else ()),
        *_into(lowering, peering, there),
    )


def _active(peering: VpcPeeringConnection) -> tuple[Stage, ...]:
    if peering.is_active:
        return ()
    words = f"is {peering.status.code}"
    origin = Origin(peering.vpc_peering_connection_id, words, "status", "BAD_STATE", peering.name)
    return (refused(peering.status.code, PEERING, origin),)


def _of_sender(lowering: Lowering, peering: VpcPeeringConnection, here: PeeringVpcInfo) -> Filter:
    """U-7: what is not of the sending VPC itself is refused, or not looked at."""
    own = Rule(HeaderSpace.where(source=_blocks(lowering, here)), Action.PERMIT, _QUIET)
    name, peering_id = peering.name, peering.vpc_peering_connection_id
    if lowering.option(_SOURCE) == "any":
        words = f"carries a source that is not of {here.vpc_id}"
        carried = Origin(peering_id, words, "source", name=name, option=_SOURCE)
        return Filter((own,), Rule(ANYTHING, Action.PERMIT, carried))
    words = f"carries only sources of {here.vpc_id}"
    foreign = Origin(peering_id, words, "source", _CODE, name, _SOURCE)
    return Filter((own,), Rule(ANYTHING, Action.DENY, foreign))


def _only(side: str, blocks: Ranges, otherwise: Origin) -> Filter:
    permit = Rule(HeaderSpace.where(**{side: blocks}), Action.PERMIT, _QUIET)
    return Filter((permit,), Rule(ANYTHING, Action.DENY, otherwise))


def _into(
    lowering: Lowering, peering: VpcPeeringConnection, there: PeeringVpcInfo
) -> tuple[Stage, ...]:
    peering_id, vpc_id = peering.vpc_peering_connection_id, there.vpc_id or ""
    if lowering.snapshot.get(Vpc, vpc_id) is None:
        account, region = there.owner_id or "its account", there.region or "its Region"
        words = f"is the far end of {peering_id}; {account} in {region} is not in the snapshot"
        return (Unmodelled(Origin(vpc_id, words, code="UNKNOWN_RESOURCE")),)
    words = f"carries packets to {vpc_id}"
    origin = Origin(peering_id, words, name=peering.name)
    return (Forward((Route(ANYTHING, node_name("vpc", vpc_id, "local"), origin),), _QUIET),)


def _could(lowering: Lowering, vpc_id: str) -> Iterator[tuple[str, HeaderSpace]]:
    """A peering of the VPC, for the other side's blocks."""
    for peering in lowering.table(f"{_NAME} by VPC", _by_vpc).get(vpc_id, ()):
        ends = (peering.requester_vpc_info, peering.accepter_vpc_info)
        other = next((end for end in ends if end.vpc_id != vpc_id), ends[0])
        match = HeaderSpace.where(destination=_blocks(lowering, other))
        yield peering.vpc_peering_connection_id, match


def _by_vpc(lowering: Lowering) -> Mapping[str, list[VpcPeeringConnection]]:
    found: dict[str, list[VpcPeeringConnection]] = {}
    for peering in lowering.snapshot.records(VpcPeeringConnection):
        for end in (peering.requester_vpc_info, peering.accepter_vpc_info):
            if may_work(peering.status.code, PEERING) and end.vpc_id:
                found.setdefault(end.vpc_id, []).append(peering)
    return found


def _enter(lowering: Lowering, peering_id: str, subnet: str, vpc: str) -> Entry | None:
    peering = lowering.snapshot.get(VpcPeeringConnection, peering_id)
    if peering is None:
        return None
    keeps = Ranges(()) if _crosses(lowering, peering) else EVERYWHERE
    return Entry(node_name(_NAME, peering_id, "from", vpc), keeps=keeps)


def _crosses(lowering: Lowering, peering: VpcPeeringConnection) -> bool:
    """Whether it is known to join two Regions (R-SG-20)."""
    ends = peering.requester_vpc_info, peering.accepter_vpc_info
    regions = {_region(lowering, end) for end in ends}
    return len(regions - {""}) == 2


def _joins(lowering: Lowering) -> Iterator[Join]:
    """R-SG-16: groups of both sides may name each other, within a Region."""
    for peering in lowering.snapshot.records(VpcPeeringConnection):
        one, other = peering.requester_vpc_info, peering.accepter_vpc_info
        works = may_work(peering.status.code, PEERING)
        joined = works and _region(lowering, one) == _region(lowering, other)
        if joined and one.vpc_id and other.vpc_id:
            yield Join(one.vpc_id, other.vpc_id, outbound=True)


def _end(lowering: Lowering, peering_id: str) -> End | None:
    """As a source or a destination: either VPC's interfaces, over this peering."""
    peering = lowering.snapshot.get(VpcPeeringConnection, peering_id)
    if peering is None:
        return None
    vpcs = [peering.requester_vpc_info.vpc_id or "", peering.accepter_vpc_info.vpc_id or ""]
    interfaces: list[NetworkInterface] = []
    for vpc in vpcs:
        interfaces += lowering.index.interfaces_by_vpc.get(vpc, ())
    ends = lowering.hosts(tuple(interfaces), peering_id)
    parts = ("from", "carried")
    ways = tuple(node_name(_NAME, peering_id, part, vpc) for part in parts for vpc in vpcs)
    unseen = [vpc for vpc in vpcs if lowering.snapshot.get(Vpc, vpc) is None]
    gap = unheld_in(lowering, vpcs)
    if unseen:
        words = f"is an end of {peering_id} and not in the snapshot"
        gap = Origin(unseen[0], f"{unseen[0]} {words}")
    return replace(ends, through=ways, gap=gap, sender="")


COMPONENT = Component(
    name=_NAME,
    reads=(VpcPeeringConnection, Vpc),
    nodes={"from": _from, "carried": _carried},
    targets=(Target("vpc_peering_connection_id", "pcx-", _enter, _could),),
    joins=_joins,
    ends={"pcx-": _end},
)
