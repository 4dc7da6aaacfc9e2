"""The routes of a VPC's route table, one by one, and which of them wins.

    ranking_of(lowering, table) -> [[Candidate, ...], ...]      best first

Takes a table as AWS prints it, and spreads prefix lists over their entries.  The longest prefix
wins, then static over prefix list over learned (R-RT-4, R-RT-5, U-8, U-14), but the local route
beats propagated ones inside it, its target replaced or not (R-RT-6, R-RT-7).  Must not know where a
route leads, nor who is routed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from reach.component import Lowering
from reach.network.address import Prefix, parse_address
from reach.snapshot.index import vpc_blocks
from reach.snapshot.records import Route as RouteRecord
from reach.snapshot.records import RouteTable, Vpc

_TARGETS = (
    "nat_gateway_id",
    "network_interface_id",
    "egress_only_internet_gateway_id",
    "vpc_peering_connection_id",
    "transit_gateway_id",
    "local_gateway_id",
    "carrier_gateway_id",
    "core_network_arn",
    "odb_network_arn",
    "gateway_id",
    "instance_id",
)
STATIC, LISTED, ADVERTISED, PROPAGATED = "static", "listed", "advertised", "propagated"
_ORIGINS = {"EnableVgwRoutePropagation": PROPAGATED, "Advertisement": ADVERTISED}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One destination of one route of a table, ready to be ranked.

    ``option`` names the reading of AWS that it won by, if it won by one.
    """

    prefix: Prefix
    kind: str
    record: RouteRecord
    field: str
    target: str
    locator: str
    option: str = ""


def candidates_of(lowering: Lowering, table: RouteTable) -> Iterator[Candidate]:
    """Every destination of every route; a prefix list has as many as it has entries."""
    for record in table.routes:
        field, target = target_of(lowering, table, record)
        if record.destination_prefix_list_id:
            shown = record.destination_prefix_list_id
            blocks = lowering.index.prefix_list_entries(shown) or ()
            kind = LISTED
        else:
            shown = record.destination_cidr_block or record.destination_ipv6_cidr_block or ""
            blocks = (shown,) if shown else ()
            kind = STATIC
        kind = _ORIGINS.get(record.origin or "", kind)
        for block in blocks:
            yield Candidate(Prefix.parse(block), kind, record, field, target, f"route {shown}")


def target_of(lowering: Lowering, table: RouteTable, record: RouteRecord) -> tuple[str, str]:
    """The field that names where a route leads, and what it names; both empty if nothing known."""
    for field in _TARGETS:
        value = getattr(record, field)
        if value:
            return field, value
    if record.ip_address:
        # R-RT-25: a Route Server's next hop is the address of an interface in the VPC.
        for interface in lowering.index.owner_of_address(parse_address(record.ip_address)):
            if interface.vpc_id == table.vpc_id:
                return "network_interface_id", interface.network_interface_id
    return "", ""


def _ranks(lowering: Lowering) -> dict[str, int]:
    """Of equal prefixes the lowest wins (R-RT-5, U-8, U-14)."""
    listed_first = lowering.option("equal-prefix") == "prefix-list"
    advertised = {"first": 2, "may": 3, "last": 4}[lowering.option("advertised-route")]
    return {
        STATIC: int(listed_first),
        LISTED: int(not listed_first),
        ADVERTISED: advertised,
        PROPAGATED: 3,
    }


def ranking_of(lowering: Lowering, table: RouteTable) -> list[list[Candidate]]:
    """Best first; routes of equal prefix and rank stand together."""
    found = list(candidates_of(lowering, table))
    ranks = _ranks(lowering)
    own = _own(lowering, table)
    found += _always_there(own - {each.prefix for each in found})
    local = [
        c.prefix for c in found if c.kind == STATIC and (c.target == "local" or c.prefix in own)
    ]
    kept = [
        c
        for c in found
        if c.kind != PROPAGATED or not any(block.covers(c.prefix) for block in local)
    ]
    kept.sort(key=lambda c: (-c.prefix.length, c.prefix.value, ranks[c.kind], c.locator))
    best = []
    for _, group in groupby(kept, key=lambda c: c.prefix):
        members = list(group)
        option = _hangs_on(members)
        first = [c for c in members if ranks[c.kind] == ranks[members[0].kind]]
        best.append([replace(c, option=option) for c in first] if option else first)
    return best


def _own(lowering: Lowering, table: RouteTable) -> frozenset[Prefix]:
    """The blocks of its VPC: a route for one is the local one, whatever its target is replaced by
    (R-RT-7)."""
    vpc = lowering.snapshot.get(Vpc, table.vpc_id or "")
    return frozenset(map(Prefix.parse, vpc_blocks(vpc))) if vpc is not None else frozenset()


def _always_there(blocks: Iterable[Prefix]) -> Iterator[Candidate]:
    """R-RT-7: local routes that a table does not show.  Nobody can delete one, and whoever makes it
    lead elsewhere is shown with its destination."""
    for block in blocks:
        record = RouteRecord(gateway_id="local", state="active")
        yield Candidate(block, STATIC, record, "gateway_id", "local", f"route {block}")


def _hangs_on(members: list[Candidate]) -> str:
    """The option that decides between routes of equal prefix to different targets, if one does."""
    kinds = {each.kind for each in members if each.kind in (STATIC, LISTED)}
    if len({each.target for each in members}) < 2:
        return ""
    if kinds:
        return "equal-prefix" if len(kinds) == 2 else ""
    return "advertised-route" if len({each.kind for each in members}) == 2 else ""


def is_dead(candidate: Candidate) -> bool:
    """Whether a route drops what it wins (R-RT-11, R-RT-12)."""
    return candidate.record.is_dead
