"""What is wrong with a route of a VPC's route table, though a snapshot holds it.

    malformed(lowering, table, candidate) -> why AWS refuses it, or ""      lint_routes(lowering)

Takes routes one by one, and gives words about each for an answer, or for whoever keeps the table
(R-RT-8, R-RT-12, R-RT-18).  Must not know which route wins, nor who is routed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reach.component import Lowering
from reach.network.address import Prefix
from reach.routing.ranking import LISTED, PROPAGATED, Candidate, candidates_of
from reach.snapshot.errors import Diagnostic
from reach.snapshot.firewalls import is_balanced
from reach.snapshot.index import ipv4_blocks
from reach.snapshot.records import RouteTable, Vpc, VpcEndpoint

# R-RT-8: what a route inside the VPC's own block may point to.
_INSIDE = ("nat_gateway_id", "network_interface_id", "local_gateway_id", "instance_id")


def malformed(lowering: Lowering, table: RouteTable, candidate: Candidate) -> str:
    """What is wrong with a route that AWS would not accept; empty if nothing is."""
    if candidate.kind == PROPAGATED:
        return ""
    if candidate.target.startswith("vpce-"):
        endpoint = lowering.snapshot.get(VpcEndpoint, candidate.target)
        in_the_way = endpoint is not None and is_balanced(endpoint)
        # R-RT-18
        return "by a prefix list" if in_the_way and candidate.kind == LISTED else ""
    if candidate.field in _INSIDE:
        return ""
    # R-RT-8: a route inside the VPC's own block to something that cannot stand there.
    blocks = _vpc_blocks(lowering, table.vpc_id or "")
    inside = any(block.covers(candidate.prefix) for block in blocks)
    return "inside the VPC's own block" if inside else ""


def _vpc_blocks(lowering: Lowering, vpc_id: str) -> Iterable[Prefix]:
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if vpc is None:
        return ()
    return [Prefix.parse(block) for block in ipv4_blocks(vpc)]


def lint_routes(lowering: Lowering) -> Iterator[Diagnostic]:
    """Every route that its table's keeper should know of."""
    for table in lowering.snapshot.records(RouteTable):
        for candidate in candidates_of(lowering, table):
            words = _flaw(lowering, table, candidate)
            if words:
                yield Diagnostic(
                    "warning", words, table.page.file, table.pointer, table.route_table_id
                )


def _flaw(lowering: Lowering, table: RouteTable, candidate: Candidate) -> str:
    """What to tell whoever keeps the table about one of its routes; empty if nothing."""
    if candidate.record.state == "filtered":
        return f"{candidate.locator} is in state filtered: it forwards nothing (R-RT-12)"
    if candidate.target == "local" or not malformed(lowering, table, candidate):
        return ""
    if candidate.target.startswith("vpce-"):
        return (
            f"{candidate.locator} is a prefix list that points to {candidate.target}; AWS "
            "allows none to a Gateway Load Balancer endpoint"
        )
    return (
        f"{candidate.locator} lies inside the VPC's own block but points to "
        f"{candidate.target}; AWS allows only a NAT gateway, an interface or a "
        "Gateway Load Balancer endpoint there"
    )
