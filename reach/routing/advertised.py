"""Which IPv6 addresses of a VPC may be seen outside (R-ENI-11).

    advertised(lowering, vpc_id) -> the blocks that are not private
    in_doubt(lowering, vpc_id, "source") -> a doubt of those of which nobody knows

Takes the snapshot's VPCs and subnets, gives ranges and stages.  Must not know by which gateway a
packet goes out or in.
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.component import Lowering
from reach.network.address import Prefix
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Action, Filter, Origin, Rule, Stage
from reach.snapshot.record import where
from reach.snapshot.records import Subnet, Vpc

# What the API says of a block: Ipv6AddressAttribute and IpSource.
_ATTRIBUTES = (None, "", "public", "private")
_SOURCES = (None, "", "amazon", "byoip", "none")


def advertised(lowering: Lowering, vpc_id: str) -> Ranges:
    """The IPv6 blocks of a VPC and its subnets that are not private."""
    shown = lowering.index.ipv6_blocks_in(vpc_id, private=False)
    hidden = lowering.index.ipv6_blocks_in(vpc_id, private=True)
    return Ranges.prefixes(map(Prefix.parse, shown)) - Ranges.prefixes(map(Prefix.parse, hidden))


def in_doubt(lowering: Lowering, vpc_id: str, side: str) -> tuple[Stage, ...]:
    """U-17: of a block in a word that AWS does not have nobody knows whether it is private."""
    rules = tuple(_strange(lowering, vpc_id, side))
    return (Filter(rules, Rule(ANYTHING, Action.PERMIT, Origin("", ""))),) if rules else ()


def _strange(lowering: Lowering, vpc_id: str, side: str) -> Iterator[Rule]:
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if vpc is None:
        return
    holders: tuple[Vpc | Subnet, ...] = (vpc, *lowering.index.subnets_by_vpc.get(vpc_id, ()))
    for holder in holders:
        for number, each in enumerate(holder.ipv6_cidr_block_association_set):
            word = each.ipv6_address_attribute if _knows_source(each.ip_source) else each.ip_source
            if not each.ipv6_cidr_block or word in _ATTRIBUTES:
                continue
            at = f"{where(holder)}/Ipv6CidrBlockAssociationSet/{number}"
            words = f"whether {each.ipv6_cidr_block} is advertised is not known: {word!r} ({at})"
            match = HeaderSpace.where(
                **{side: Ranges.prefixes((Prefix.parse(each.ipv6_cidr_block),))}
            )
            resource = holder.subnet_id if isinstance(holder, Subnet) else holder.vpc_id
            yield Rule(match, Action.DOUBT, Origin(resource, words, code="UNKNOWN_RESOURCE"))


def _knows_source(word: str | None) -> bool:
    return word in _SOURCES
