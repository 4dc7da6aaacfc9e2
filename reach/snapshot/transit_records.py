"""Transit gateways as the describe, get and search calls print them.

Only the fields that something reads; ids are required, a default means "not printed".  Takes
nothing, gives types.  Must not know what a field does to a packet: that is for the components.
"""

from __future__ import annotations

from reach.snapshot.record import UNPRINTED, Id, Part, Record, Tagged


class TransitGatewayOptions(Part, frozen=True):
    association_default_route_table_id: str | None = None
    propagation_default_route_table_id: str | None = None
    vpn_ecmp_support: str | None = None
    security_group_referencing_support: str | None = None
    transit_gateway_cidr_blocks: tuple[str, ...] = ()


class TransitGateway(Tagged, frozen=True):
    transit_gateway_id: Id
    transit_gateway_arn: str | None = None
    state: str = ""
    owner_id: str = ""
    options: TransitGatewayOptions = TransitGatewayOptions()


# Attachments (R-TGW-1).  Both ends of a peering have one of the same id, hence ``key``.


class TransitGatewayAssociation(Part, frozen=True):
    transit_gateway_route_table_id: str | None = None
    transit_gateway_policy_table_id: str | None = None
    state: str = ""


class TransitGatewayAttachment(Tagged, frozen=True):
    transit_gateway_attachment_id: Id
    transit_gateway_id: Id
    transit_gateway_owner_id: str = ""
    resource_type: str = ""
    resource_id: str = ""
    resource_owner_id: str = ""
    state: str = ""
    creation_time: str = ""
    association: TransitGatewayAssociation | None = None
    nat_gateway_support: str | None = None

    @property
    def key(self) -> str:
        return f"{self.transit_gateway_attachment_id} {self.transit_gateway_id}"

    @property
    def owner_id(self) -> str:
        """Whose view tells most: the gateway's owner sees the association."""
        return self.transit_gateway_owner_id


class TransitGatewayVpcAttachmentOptions(Part, frozen=True):
    ipv6_support: str | None = None
    appliance_mode_support: str | None = None
    security_group_referencing_support: str | None = None


class TransitGatewayVpcAttachment(Record, frozen=True):
    """What the general call says of an attachment is not read again here, its Name above all."""

    transit_gateway_attachment_id: Id
    transit_gateway_id: Id
    vpc_id: str | None = None
    vpc_owner_id: str = ""
    state: str = ""
    subnet_ids: tuple[str, ...] = UNPRINTED
    creation_time: str = ""
    options: TransitGatewayVpcAttachmentOptions = TransitGatewayVpcAttachmentOptions()

    @property
    def owner_id(self) -> str:
        return self.vpc_owner_id


class TransitGatewayPeeringEnd(Part, frozen=True):
    transit_gateway_id: str | None = None
    core_network_id: str | None = None
    owner_id: str = ""
    region: str = ""


class TransitGatewayPeeringAttachment(Record, frozen=True):
    """Between Regions both ends show one id; within a Region the accepter's end has its own."""

    transit_gateway_attachment_id: Id
    accepter_transit_gateway_attachment_id: str | None = None
    requester_tgw_info: TransitGatewayPeeringEnd = TransitGatewayPeeringEnd()
    accepter_tgw_info: TransitGatewayPeeringEnd = TransitGatewayPeeringEnd()
    state: str = ""


# GRE tunnels over another attachment (R-TGW-14)


class TransitGatewayConnect(Tagged, frozen=True):
    transit_gateway_attachment_id: Id
    transport_transit_gateway_attachment_id: str | None = None
    transit_gateway_id: str | None = None
    state: str = ""


class ConnectPeerBgp(Part, frozen=True):
    bgp_status: str = ""


class ConnectPeerConfiguration(Part, frozen=True):
    bgp_configurations: tuple[ConnectPeerBgp, ...] = ()


class TransitGatewayConnectPeer(Tagged, frozen=True):
    transit_gateway_connect_peer_id: Id
    transit_gateway_attachment_id: str | None = None
    state: str = ""
    connect_peer_configuration: ConnectPeerConfiguration = ConnectPeerConfiguration()


# Route tables (R-TGW-3 to R-TGW-7)


class TransitGatewayRouteTable(Tagged, frozen=True):
    transit_gateway_route_table_id: Id
    transit_gateway_id: str = ""
    state: str = ""


class TransitGatewayRouteAttachment(Part, frozen=True):
    transit_gateway_attachment_id: str | None = None
    resource_id: str | None = None
    resource_type: str | None = None


class TransitGatewayRoute(Part, frozen=True):
    destination_cidr_block: str | None = None
    prefix_list_id: str | None = None
    transit_gateway_attachments: tuple[TransitGatewayRouteAttachment, ...] = ()
    type: str = ""
    state: str = ""


class TransitGatewayRoutes(Record, frozen=True):
    """One search-transit-gateway-routes answer for all types, under its table's id."""

    transit_gateway_route_table_id: Id
    routes: tuple[TransitGatewayRoute, ...] = UNPRINTED
    additional_routes_available: bool | None = None
    next_token: str | None = None


class TransitGatewayStaticRoutes(Record, frozen=True):
    """The same, asked for static routes only."""

    transit_gateway_route_table_id: Id
    routes: tuple[TransitGatewayRoute, ...] = UNPRINTED
    additional_routes_available: bool | None = None
    next_token: str | None = None


class TransitGatewayPropagation(Part, frozen=True):
    transit_gateway_attachment_id: str | None = None
    resource_id: str | None = None
    resource_type: str | None = None
    state: str = ""


class TransitGatewayPropagations(Record, frozen=True):
    """One get-transit-gateway-route-table-propagations answer under its table's id."""

    transit_gateway_route_table_id: Id
    transit_gateway_route_table_propagations: tuple[TransitGatewayPropagation, ...] = UNPRINTED
    next_token: str | None = None


class TransitGatewayTableAssociation(Part, frozen=True):
    transit_gateway_attachment_id: str | None = None
    resource_id: str | None = None
    resource_type: str | None = None
    state: str = ""


class TransitGatewayTableAssociations(Record, frozen=True):
    """One get-transit-gateway-route-table-associations answer under its table's id."""

    transit_gateway_route_table_id: Id
    associations: tuple[TransitGatewayTableAssociation, ...] = UNPRINTED
    next_token: str | None = None


class TransitGatewayPolicyTable(Tagged, frozen=True):
    """A table that picks a route table by attributes (R-TGW-20)."""

    transit_gateway_policy_table_id: Id
    transit_gateway_id: str = ""


class TransitGatewayPolicyAssociations(Record, frozen=True):
    """One get-transit-gateway-policy-table-associations answer under its table's id."""

    transit_gateway_policy_table_id: Id
    associations: tuple[TransitGatewayTableAssociation, ...] = UNPRINTED
    next_token: str | None = None


class TransitGatewayPrefixListReference(Record, frozen=True):
    """A prefix list in a table (R-TGW-7)."""

    transit_gateway_route_table_id: Id
    prefix_list_id: Id
    state: str = ""
    blackhole: bool = False
    transit_gateway_attachment: TransitGatewayRouteAttachment | None = None

    @property
    def key(self) -> str:
        return f"{self.transit_gateway_route_table_id} {self.prefix_list_id}"
