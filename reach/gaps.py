"""What only a missing call could tell: gaps in what a snapshot says of the ends of a question.

Takes a lowered snapshot and gives the origin of a gap, or None where the snapshot tells enough.  A
missing call may leave an answer open, it never flips one.  Must not know questions or the engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reach.lower import Ground
from reach.network.address import Prefix, format_address, is_ipv4, is_public, parse_address
from reach.network.header_space import Ranges
from reach.network.stage import Origin
from reach.routing import overall
from reach.snapshot.index import vpc_blocks
from reach.snapshot.ingress_pools import ByoipCidr, PublicIpv4Pool, blocks_of
from reach.snapshot.private_records import VpnConnection, VpnGateway
from reach.snapshot.records import (
    Address,
    Instance,
    InternetGateway,
    NatGateway,
    NetworkInterface,
    Record,
    RouteTable,
    Subnet,
    Vpc,
    VpcPeeringConnection,
)
from reach.snapshot.unheld import Ids
from reach.unprinted import elsewhere, left_out, untold_of


def missing(ground: Ground, kinds: Iterable[type[Record]], words: str) -> Origin | None:
    """A gap if any of the calls that could name something was not made, or not to its end."""
    for kind in kinds:
        for scope in ground.snapshot.scopes:
            made = ground.snapshot.has(kind, scope.account, scope.region)
            if made and not ground.snapshot.is_cut_short(kind, scope):
                continue
            what = "was cut short in" if made else "is not in"
            where = " ".join(filter(None, scope)) or "the snapshot"
            section = ground.snapshot.section_of(kind)
            told = f"{words}: {section.call} {what} {where}"
            return Origin(section.call, told, collect=section.command)
    return None


def subnets_missing(ground: Ground) -> Origin | None:
    """Why it is not known which subnets there are, and which of them are public, if it is not."""
    words = "which subnets are public is not known"
    absent = missing(ground, (Subnet, RouteTable), words)
    return absent or _unheld(ground, Subnet, ground.index.unheld.subnets, words)


def _unheld(ground: Ground, kind: type[Record], ids: Ids, words: str) -> Origin | None:
    """The first thing of a kind that other answers name and its own call does not show."""
    named = next(iter(ids.values()), None)
    return None if named is None else _not_shown(ground, kind, named[0], words)


def _not_shown(
    ground: Ground, kind: type[Record], named: str, words: str, about: str = ""
) -> Origin:
    """The gap of one thing that other answers name: about the call, if about nothing else."""
    section = ground.snapshot.section_of(kind)
    told = f"{words}: {section.call} does not show {named}, which other answers name"
    return Origin(about or section.call, told, collect=section.command)


def openings(ground: Ground) -> tuple[Origin, ...]:
    """What stands against every "unreachable": calls that could have opened another way.

    A gateway, a VPC or an interface that was never listed announces nothing anywhere; of an answer
    that was cut short nobody knows what the rest says.  Other missing calls are met on the path.
    """
    return ground.memo("against every unreachable", lambda: _openings(ground))


def _openings(ground: Ground) -> tuple[Origin, ...]:
    words = "another way may exist"
    announced: list[type[Record]] = [Vpc, NetworkInterface, InternetGateway]
    # Where there are pools of addresses, route tables say who announces them (R-IGW-9).
    announced += [RouteTable] if _pools(ground) else []
    absent = missing(ground, announced, words)
    if absent is not None:
        return (absent,)
    for gap in ground.snapshot.gaps:
        if gap.reason == "cut short":
            return (Origin(gap.operation, f"{words}: the answer of {gap.operation} was cut short"),)
    return (*ground.openings(), *elsewhere(ground))[:1]


def interfaces_missing(ground: Ground) -> Origin | None:
    words = "what sends and receives here is not fully known"
    absent = missing(ground, (NetworkInterface, Instance), words)
    return absent or _unheld(ground, NetworkInterface, ground.index.unheld.interfaces, words)


def tags_missing(ground: Ground) -> Origin | None:
    """Why it is not known all that carries a tag: a thing that is not held may."""
    words = "what carries the tag is not fully known"
    held = ground.index.unheld
    return (
        missing(ground, (NetworkInterface, Instance, Subnet, Vpc), words)
        or _unheld(ground, NetworkInterface, held.interfaces, words)
        or _unheld(ground, Instance, held.instances, words)
        or _unheld(ground, Subnet, held.subnets, words)
    )


def unnamed(ground: Ground, address: int) -> Origin | None:
    """An address that nothing names, when a call that could name it is missing.

    It may be a VPN tunnel's outside address where there are tunnels (R-OBS-8).
    """
    if ground.index.owner_of_address(address) or ground.index.interface_of_public_address(address):
        return None
    kinds: list[type[Record]] = [NetworkInterface]
    untold = _of_some_untold(ground) if is_public(address) and is_ipv4(address) else None
    if untold is not None:
        return untold
    if is_public(address) and is_ipv4(address):
        kinds += [NatGateway, Address, *_of_a_pool(ground, address)]
    elif is_public(address):
        kinds += [Vpc]
    words = f"whose address {format_address(address)} is, is not known"
    if is_public(address) and is_ipv4(address):
        hidden = _of_a_hidden_pool(ground, address)
        if hidden:
            return _not_shown(ground, PublicIpv4Pool, hidden, words, about=hidden)
    if is_public(address) and _has_tunnels(ground):
        kinds += [VpnConnection]
    return missing(ground, kinds, words)


def elastic_on_unheld(ground: Ground, address: int) -> Origin | None:
    """Why it is not known who sends from an Elastic IP: it is on an interface that is not held."""

    def make() -> Mapping[int, str]:
        return {
            parse_address(each.public_ip): each.network_interface_id
            for each in ground.snapshot.records(Address)
            if each.public_ip
            and each.network_interface_id
            and ground.snapshot.get(NetworkInterface, each.network_interface_id) is None
        }

    named = ground.memo("Elastic IPs on what is not held", make).get(address)
    words = f"who sends from {format_address(address)} is not known"
    return None if named is None else _not_shown(ground, NetworkInterface, named, words)


def _of_some_untold(ground: Ground) -> Origin | None:
    """The first thing that may have any public address, as the answer lacks the list of its own."""
    for kind, name in (
        (NetworkInterface, "private_ip_addresses"),
        (NatGateway, "nat_gateway_addresses"),
    ):
        for record in untold_of(ground, kind, name):
            return left_out(ground, record, name)
    return None


def _has_tunnels(ground: Ground) -> bool:
    """Whether what VPN connections hang on is in the snapshot."""
    attached = ground.index.lines.attachments("vpn")
    return bool(attached or ground.snapshot.records(VpnGateway))


def _of_a_pool(ground: Ground, address: int) -> Iterator[type[Record]]:
    """The calls of which one could tell that it is of a pool that a VPC takes in (R-IGW-9)."""
    pools = overall.pools(ground)
    if any(address in block for blocks in pools.accepted.values() for block in blocks):
        return
    if pools.unlisted:
        yield PublicIpv4Pool
    if any(address in block for pool in _pools(ground) for block in blocks_of(pool)):
        yield RouteTable


def _of_a_hidden_pool(ground: Ground, address: int) -> str:
    """A pool that a VPC takes in, of which it is not told whether it has the address (R-IGW-9).

    Where the account's own blocks are listed, it is one of theirs (byoip: DescribeByoipCidrs).
    """
    pools = overall.pools(ground)
    hidden = next((each for each in pools.unlisted if _may_hold(ground, each, address)), "")
    if any(address in block for blocks in pools.accepted.values() for block in blocks):
        return ""
    if not hidden or not ground.snapshot.has(ByoipCidr):
        return hidden
    own = ground.snapshot.records(ByoipCidr)
    return hidden if any(address in Prefix.parse(each.cidr) for each in own) else ""


def _may_hold(ground: Ground, pool_id: str, address: int) -> bool:
    """Whether a pool has an address, as far as it tells its addresses."""
    pool = ground.snapshot.get(PublicIpv4Pool, pool_id)
    if pool is None or not pool.pool_address_ranges:
        return True
    return any(address in block for block in blocks_of(pool))


def _pools(ground: Ground) -> tuple[PublicIpv4Pool, ...]:
    return ground.snapshot.records(PublicIpv4Pool)


def shared_by_others(ground: Ground, addresses: Ranges) -> Origin | None:
    """R-SHARE-3: some of them are of a shared VPC whose owner is not in the snapshot."""
    for vpc in ground.snapshot.records(Vpc):
        blocks = Ranges.prefixes(map(Prefix.parse, vpc_blocks(vpc)))
        if not ground.index.told_by_owner(NetworkInterface, vpc) and blocks & addresses:
            words = f"{vpc.vpc_id} is shared by {vpc.owner_id}, who is not in the snapshot"
            return Origin(vpc.vpc_id, words)
    return None


def unseen(ground: Ground, addresses: Ranges) -> Origin | None:
    """R-SHARE-4: where some of these private addresses may be that nothing names."""
    for component in ground.components().values():
        if component.unseen is not None:
            found = component.unseen(ground, addresses)
            if found is not None:
                return found
    return None


def held_in_part(ground: Ground, address: int) -> Origin | None:
    """A VPC has the address in a block of its own, and an interface that is not held (law 2)."""
    for vpc_id, named in ground.index.unheld.interfaces.items():
        vpc = ground.snapshot.get(Vpc, vpc_id)
        blocks = vpc_blocks(vpc) if vpc is not None else ()
        if any(address in Prefix.parse(block) for block in blocks):
            words = f"whether it has the address {format_address(address)} is not known"
            return _not_shown(ground, NetworkInterface, named[0], words, about=named[0])
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
