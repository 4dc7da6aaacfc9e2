"""Local gateways of Outposts and their route tables as the describe and search calls print them.

Only the fields that something reads; ids are required, a default means "not printed".  Takes
nothing, gives types.  Must not know what a field does to a packet: that is for the components.
"""

from __future__ import annotations

from reach.snapshot.record import UNPRINTED, Id, Part, Record, Tagged


class LocalGateway(Tagged, frozen=True):
    local_gateway_id: Id
    outpost_arn: str | None = None
    owner_id: str = ""
    state: str = ""


class LocalGatewayRouteTable(Tagged, frozen=True):
    local_gateway_route_table_id: Id
    local_gateway_id: str = ""
    owner_id: str = ""
    mode: str = ""
    state: str = ""


class LocalGatewayRouteTableVpcAssociation(Tagged, frozen=True):
    local_gateway_route_table_vpc_association_id: Id
    local_gateway_route_table_id: str = ""
    local_gateway_id: str = ""
    vpc_id: str | None = None
    owner_id: str = ""
    state: str = ""


class LocalGatewayRoute(Part, frozen=True):
    destination_cidr_block: str | None = None
    destination_prefix_list_id: str | None = None
    local_gateway_virtual_interface_group_id: str | None = None
    network_interface_id: str | None = None
    subnet_id: str | None = None
    coip_pool_id: str | None = None
    type: str = ""
    state: str = ""


class LocalGatewayRoutes(Record, frozen=True):
    """One search-local-gateway-routes answer under its table's id."""

    local_gateway_route_table_id: Id
    routes: tuple[LocalGatewayRoute, ...] = UNPRINTED
    next_token: str | None = None
