"""Customer gateways: what AWS knows of the device at the other end of a VPN connection.

A customer gateway is an address and an ASN (R-CGWY-1); packets meet the VPN connections that name
it.  Those need it to be available.  As an end of a question it means the networks on-premises that
lie beyond its connections.

Implements: R-CGWY-1
Not modelled: the device itself, its own filters and routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reach.component import Component, End, Lowering, node_name
from reach.network.stage import Origin, Stage
from reach.snapshot.private_records import VpnConnection
from reach.snapshot.record import Id, Tagged
from reach.snapshot.section import Section
from reach.states import VPN_GATEWAY, refused

_NAME = "customer_gateway"


class CustomerGateway(Tagged, frozen=True):
    customer_gateway_id: Id
    state: str = ""


def _connections(lowering: Lowering) -> Mapping[str, tuple[str, ...]]:
    """The VPN connections of each customer gateway that have not been deleted."""

    def make() -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for each in lowering.snapshot.records(VpnConnection):
            if each.customer_gateway_id and each.state != "deleted":
                known = found.get(each.customer_gateway_id, ())
                found[each.customer_gateway_id] = (*known, each.vpn_connection_id)
        return found

    return lowering.memo(f"{_NAME} connections", make)


def _state(lowering: Lowering, connection_id: str) -> tuple[Stage, ...]:
    """A connection whose customer gateway is not available carries nothing."""
    connection = lowering.snapshot.get(VpnConnection, connection_id)
    named = (connection.customer_gateway_id or "") if connection is not None else ""
    gateway = lowering.snapshot.get(CustomerGateway, named)
    if connection is None or gateway is None or gateway.state in ("available", ""):
        return ()
    code = "BAD_STATE_VPN" if connection.vpn_gateway_id else "TGW_BAD_STATE_VPN"
    words = f"the customer gateway of {connection_id} is {gateway.state}"
    return (refused(gateway.state, VPN_GATEWAY, Origin(named, words, "state", code, gateway.name)),)


def _end(lowering: Lowering, gateway_id: str) -> End | None:
    """As a source or a destination: on-premises, by way of its connections."""
    connections = _connections(lowering).get(gateway_id, ())
    gateway = lowering.snapshot.get(CustomerGateway, gateway_id)
    if gateway is None and not connections:
        return None
    if not connections:
        words = "no VPN connection in the snapshot names it"
        gap = None
        if gateway is not None and not lowering.has(VpnConnection, gateway):
            gap = lowering.missing(VpnConnection, gateway_id, words)
        nobody = Origin(gateway_id, words, code="UNASSOCIATED_COMPONENT")
        return End(gateway_id, nobody=nobody, gap=gap)
    beyond = lowering.end(f"on-premises-by-{' '.join(connections)}")
    assert beyond is not None
    ways = tuple(
        node_name("vpn_connection", c, part) for c in connections for part in ("in", "out")
    )
    return replace(beyond, words=gateway_id, through=ways)


COMPONENT = Component(
    name=_NAME,
    reads=(CustomerGateway, VpnConnection),
    sections=(
        Section(
            "CustomerGateways",
            CustomerGateway,
            "customer_gateway_id",
            "ec2.DescribeCustomerGateways",
        ),
    ),
    slots={"vpn_connection.state": _state},
    ends={"cgw-": _end},
)
