"""Pools of public addresses that a VPC takes in as they are, by its gateway's edge table.

Takes a snapshot; gives what each internet gateway accepts untranslated, and what of it is routed to
which interface: ``describe-route-tables`` names the pools, ``describe-public-ipv4-pools`` their
addresses and ``describe-byoip-cidrs`` what of them is advertised (R-IGW-9).  Where the addresses
are not told, the table's routes to outside the VPC are: AWS takes none there that is not the
pool's (igw-ingress-routing).  Says what names what; must not know what it does to a packet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reach.network.address import Prefix, cover
from reach.snapshot.index import ipv4_blocks
from reach.snapshot.record import UNPRINTED, Id, Part, Record, Tagged
from reach.snapshot.records import InternetGateway, RouteTable, Vpc
from reach.snapshot.snapshot import Snapshot


class PoolAddressRange(Part, frozen=True):
    first_address: str
    last_address: str


class PublicIpv4Pool(Tagged, frozen=True):
    pool_id: Id
    pool_address_ranges: tuple[PoolAddressRange, ...] = UNPRINTED


class ByoipCidr(Record, frozen=True):
    cidr: Id
    state: str = ""


@dataclass(frozen=True)
class IngressPools:
    """By gateway what it accepts as it is, by interface what of it is routed there; the pools
    whose addresses are not told are ``unlisted``.
    """

    accepted: Mapping[str, tuple[Prefix, ...]]
    routed: Mapping[str, tuple[Prefix, ...]]
    unlisted: tuple[str, ...]


def ingress_pools(snapshot: Snapshot) -> IngressPools:
    accepted: dict[str, tuple[Prefix, ...]] = {}
    routed: dict[str, list[Prefix]] = {}
    unlisted: dict[str, None] = {}
    for table in snapshot.records(RouteTable):
        unlisted |= dict.fromkeys(_perhaps(snapshot, table))
        pools = [a.public_ipv4_pool for a in table.associations if a.is_settled]
        named = [pool for pool in pools if pool]
        if not named:
            continue
        outside = dict(_outside(snapshot, table))
        known: list[Prefix] = []
        for pool in named:
            listed = snapshot.get(PublicIpv4Pool, pool)
            if listed is not None and listed.pool_address_ranges is not UNPRINTED:
                known += blocks_of(listed)
                continue
            unlisted[pool] = None
            if snapshot.get(Vpc, table.vpc_id or "") is not None:
                known += outside
        for block, interface in outside.items():
            if any(pool.covers(block) for pool in known):
                routed.setdefault(interface, []).append(block)
        for gateway in _gateways(snapshot, table):
            accepted[gateway] = (*accepted.get(gateway, ()), *dict.fromkeys(known))
    return IngressPools(
        accepted, {i: tuple(blocks) for i, blocks in routed.items()}, tuple(unlisted)
    )


def _perhaps(snapshot: Snapshot, table: RouteTable) -> Iterator[str]:
    """The pools of which it is not known whether a gateway accepts them by this table."""
    if table.associations is UNPRINTED:
        yield from (each.pool_id for each in snapshot.records(PublicIpv4Pool))
    gateways = [snapshot.get(InternetGateway, e.gateway_id or "") for e in table.associations]
    untold = any(each is not None and each.attachments is UNPRINTED for each in gateways)
    strange = any(each.strange for each in table.associations)
    for each in table.associations:
        if each.public_ipv4_pool and (untold or strange or table.routes is UNPRINTED):
            yield each.public_ipv4_pool


def _gateways(snapshot: Snapshot, table: RouteTable) -> Iterator[str]:
    for association in table.associations:
        name = association.gateway_id or ""
        gateway = snapshot.get(InternetGateway, name)
        untold = gateway is not None and gateway.attachments is UNPRINTED
        if association.is_settled and name.startswith("igw-") and not untold:
            yield name


def _outside(snapshot: Snapshot, table: RouteTable) -> Iterator[tuple[Prefix, str]]:
    """The table's routes to an interface for what is not the VPC's own."""
    vpc = snapshot.get(Vpc, table.vpc_id or "")
    own = [Prefix.parse(block) for block in ipv4_blocks(vpc)] if vpc is not None else []
    for route in table.routes:
        if route.destination_cidr_block and route.network_interface_id:
            block = Prefix.parse(route.destination_cidr_block)
            if not any(block.overlaps(each) for each in own):
                yield block, route.network_interface_id


def blocks_of(pool: PublicIpv4Pool) -> Iterator[Prefix]:
    """The addresses of a pool."""
    for each in pool.pool_address_ranges:
        first, last = Prefix.parse(each.first_address), Prefix.parse(each.last_address)
        yield from cover(first.low, last.high)
