"""Which route table a subnet uses, and how much of it the snapshot shows.

    table_of(lowering, subnet) -> RouteTable, or the Origin of a gap
    unknown_list(lowering, table) -> Origin | None      certain_of(lowering, table) -> [[Candidate]]

Must not know where a route leads, nor who is routed.
"""

from __future__ import annotations

from reach.component import Lowering
from reach.network.stage import Origin
from reach.routing.ranking import Candidate, ranking_of
from reach.snapshot.records import RouteTable


def table_of(lowering: Lowering, subnet_id: str) -> RouteTable | Origin:
    """The table of a subnet: its own, else the main one of its VPC (R-RT-1)."""
    table = lowering.index.route_table_of(subnet_id)
    if table is None:
        words = "the route table of this subnet is not known, or two are said to be it"
        return lowering.missing(RouteTable, subnet_id, words)
    explicit = any(a.subnet_id == subnet_id for a in table.associations)
    told = lowering.has(RouteTable, table) and lowering.index.told_by_owner(RouteTable, table)
    told = told and table.vpc_id not in lowering.index.unheld.tables
    if not explicit and not told:
        words = "whether this subnet has a table of its own is not known"
        return lowering.missing(RouteTable, subnet_id, words)
    return table


def unknown_list(lowering: Lowering, table: RouteTable) -> Origin | None:
    """A route whose prefix list has no known entries; those to VPC Lattice go before all routes."""
    for record in table.routes:
        listed = record.destination_prefix_list_id
        if (
            record.gateway_id != "VpcLattice"
            and listed
            and lowering.index.prefix_list_entries(listed) is None
        ):
            words = f"routes {listed}, whose entries are not in the snapshot"
            return Origin(table.route_table_id, words, name=table.name)
    return None


def certain_of(lowering: Lowering, table: RouteTable) -> list[list[Candidate]]:
    """The routes that are in force for certain, best first.

    Next to an unknown list these are those inside the VPC: the list may hold any other destination
    (R-RT-8).
    """
    ranked = ranking_of(lowering, table)
    if unknown_list(lowering, table) is None:
        return ranked
    local = [c.prefix for group in ranked for c in group if c.target == "local"]
    return [group for group in ranked if any(block.covers(group[0].prefix) for block in local)]
