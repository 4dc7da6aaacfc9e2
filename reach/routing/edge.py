"""The edge table of a gateway: what comes in by the gateway is routed by it (R-RT-19).

    edge_of(lowering, gateway_id) -> RouteTable, or None, or why that is not known
    unsettled(lowering, place) -> why it is not known which is the table of a subnet or a gateway

A gateway has one or none.  Of two that are said to be it none is believed.  Must not know where a
route leads.
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.component import Lowering
from reach.network.stage import Origin
from reach.snapshot.private_records import VpnGateway
from reach.snapshot.record import where
from reach.snapshot.records import InternetGateway, RouteTable
from reach.unprinted import left_out, left_out_in, strange


def edge_of(lowering: Lowering, gateway_id: str) -> RouteTable | Origin | None:
    """The table that what comes in is routed by, if there is one, or why nobody knows."""
    doubt = unsettled(lowering, gateway_id)
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


def unsettled(lowering: Lowering, place: str) -> Origin | None:
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
