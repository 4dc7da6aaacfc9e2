"""Which route table a subnet or a gateway uses, and how much of it the snapshot shows.

    table_of(lowering, subnet_id) -> RouteTable, or why it is not known (R-RT-1)
    edge_of(lowering, gateway_id) -> the same, or None, as a gateway has one or none (R-RT-19)
    unknown_list(lowering, table) -> Origin | None      certain_of(lowering, table) -> [[Candidate]]

Of two that are said to be it none is believed, and a table without its routes tells nothing.  Must
not know where a route leads, nor who is routed.
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.component import Lowering
from reach.network.stage import Origin
from reach.routing.ranking import Candidate, ranking_of
from reach.snapshot.firewalls import is_balanced
from reach.snapshot.private_records import VpnGateway
from reach.snapshot.record import where
from reach.snapshot.records import (
    InternetGateway,
    RouteTable,
    Subnet,
    VpcEndpoint,
)
from reach.snapshot.records import Route as RouteRecord
from reach.unprinted import left_out, left_out_in, strange


def table_of(lowering: Lowering, subnet_id: str) -> RouteTable | Origin:
    """The table of a subnet: that which is associated with it, else its VPC's main one."""
    table = lowering.index.route_table_of(subnet_id)
    explicit = table is not None and any(a.subnet_id == subnet_id for a in table.associations)
    subnet = lowering.snapshot.get(Subnet, subnet_id)
    vpc = subnet.vpc_id if subnet is not None else ""
    untold = None if explicit else left_out_in(lowering, RouteTable, vpc, "associations")
    doubt = untold or _unsettled(lowering, subnet_id)
    if doubt is not None:
        return doubt
    if table is None:
        words = "the route table of this subnet is not known, or two are said to be it"
        return lowering.missing(RouteTable, subnet_id, words)
    told = lowering.has(RouteTable, table) and lowering.index.told_by_owner(RouteTable, table)
    told = told and table.vpc_id not in lowering.index.unheld.tables
    if not explicit and not told:
        words = "whether this subnet has a table of its own is not known"
        return lowering.missing(RouteTable, subnet_id, words)
    if explicit and table.vpc_id and vpc and table.vpc_id != vpc:
        words = f"is of {table.vpc_id}, and associated with {subnet_id} of {vpc}: it cannot be both"
        return Origin(table.route_table_id, words, code="UNKNOWN_RESOURCE", name=table.name)
    return left_out(lowering, table, "routes") or table


def edge_of(lowering: Lowering, gateway_id: str) -> RouteTable | Origin | None:
    """The table that what comes in is routed by, if there is one, or why nobody knows."""
    doubt = _unsettled(lowering, gateway_id)
    if doubt is not None:
        return doubt
    tables = lowering.index.gateway_route_tables(gateway_id)
    if len(tables) > 1:
        names = " and ".join(each.route_table_id for each in tables)
        words = f"{names} are both said to be its edge table, and nothing tells which of them is"
        return Origin(gateway_id, words, code="UNKNOWN_RESOURCE")
    for table in tables:
        return left_out(lowering, table, "routes") or table
    gateway = lowering.snapshot.get(InternetGateway, gateway_id) or lowering.snapshot.get(
        VpnGateway, gateway_id
    )
    if gateway is None:
        return None
    if not lowering.has(RouteTable, gateway):
        words = "whether this gateway has a route table of its own is not known"
        return lowering.missing(RouteTable, gateway_id, words)
    doubts = (left_out_in(lowering, RouteTable, vpc, "associations") for vpc in _vpcs(gateway))
    return next(filter(None, doubts), None)


def unknown_list(lowering: Lowering, table: RouteTable) -> Origin | None:
    """A route whose prefix list has no known entries; those to VPC Lattice go before all routes."""
    for record in _unlisted(lowering, table):
        words = f"routes {record.destination_prefix_list_id}, whose entries are not in the snapshot"
        return Origin(table.route_table_id, words, name=table.name)
    return None


def _unlisted(lowering: Lowering, table: RouteTable) -> Iterator[RouteRecord]:
    for record in table.routes:
        listed = record.destination_prefix_list_id
        if (
            record.gateway_id != "VpcLattice"
            and listed
            and lowering.index.prefix_list_entries(listed) is None
        ):
            yield record


def certain_of(lowering: Lowering, table: RouteTable) -> list[list[Candidate]]:
    """The routes that are in force for certain, best first.

    Next to an unknown list these are those inside the VPC: the list may hold any other destination,
    and those as well if it leads to what may stand between subnets (R-RT-8).
    """
    ranked = ranking_of(lowering, table)
    unlisted = tuple(_unlisted(lowering, table))
    if not unlisted:
        return ranked
    if any(_may_part_subnets(lowering, record) for record in unlisted):
        return []
    local = [c.prefix for group in ranked for c in group if c.target == "local"]
    return [group for group in ranked if any(block.covers(group[0].prefix) for block in local)]


def _may_part_subnets(lowering: Lowering, record: RouteRecord) -> bool:
    endpoint = lowering.snapshot.get(VpcEndpoint, record.gateway_id or "")
    if endpoint is not None and is_balanced(endpoint):
        return True
    others = (record.network_interface_id, record.instance_id, record.nat_gateway_id)
    return any((*others, record.local_gateway_id))


def _unsettled(lowering: Lowering, place: str) -> Origin | None:
    """An association whose state is none of AWS's may be in force or not (R-RT-1)."""
    for table in strange(lowering, RouteTable):
        for number, each in enumerate(table.associations):
            if each.strange and place in (each.subnet_id, each.gateway_id):
                at = f"{where(table)}/Associations/{number}/AssociationState/State"
                words = f"whether {table.route_table_id} is its route table is not known"
                words = f"{words}: {each.strange!r} is no state of AWS's ({at})"
                return Origin(place, words, code="UNKNOWN_RESOURCE")
    return None


def _vpcs(gateway: InternetGateway | VpnGateway) -> Iterator[str]:
    attached = (
        gateway.attachments if isinstance(gateway, InternetGateway) else gateway.vpc_attachments
    )
    return (each.vpc_id or "" for each in attached)
