"""Virtual private gateways, VPN connections and Direct Connect as their describe calls print them.

Only the fields that something reads; ids are required, a default means "not printed".  The calls of
Direct Connect print their keys in camelCase.  Takes nothing, gives types.  Must not know what a
field does to a packet: that is for the components.
"""

from __future__ import annotations

from reach.snapshot.record import UNPRINTED, Id, Part, Record, Tagged

# Virtual private gateways (R-VGW-1)


class VpnGatewayAttachment(Part, frozen=True):
    vpc_id: str | None = None
    state: str = ""

    @property
    def is_attached(self) -> bool:
        """Unless it says that it is not: a word that is none of AWS's may mean either."""
        return self.state.lower() not in ("attaching", "detaching", "detached")

    @property
    def is_settled(self) -> bool:
        return self.state in ("attached", "")


class VpnGateway(Tagged, frozen=True):
    vpn_gateway_id: Id
    state: str = ""
    vpc_attachments: tuple[VpnGatewayAttachment, ...] = UNPRINTED


# VPN connections (R-VGW-3, R-VGW-4)


class VpnTunnelOptions(Part, frozen=True):
    outside_ip_address: str | None = None


class VpnConnectionOptions(Part, frozen=True):
    static_routes_only: bool | None = None
    local_ipv4_network_cidr: str | None = None
    remote_ipv4_network_cidr: str | None = None
    local_ipv6_network_cidr: str | None = None
    remote_ipv6_network_cidr: str | None = None
    tunnel_inside_ip_version: str | None = None
    tunnel_options: tuple[VpnTunnelOptions, ...] = ()


class VpnStaticRoute(Part, frozen=True):
    destination_cidr_block: str | None = None
    state: str = ""


class VgwTelemetry(Part, frozen=True):
    """One of the two tunnels, whatever gateway the connection ends at."""

    outside_ip_address: str | None = None
    status: str = ""
    accepted_route_count: int | None = None


class VpnConnection(Tagged, frozen=True):
    vpn_connection_id: Id
    state: str = ""
    customer_gateway_id: str | None = None
    vpn_gateway_id: str | None = None
    transit_gateway_id: str | None = None
    core_network_arn: str | None = None
    options: VpnConnectionOptions = VpnConnectionOptions()
    routes: tuple[VpnStaticRoute, ...] = UNPRINTED
    vgw_telemetry: tuple[VgwTelemetry, ...] = UNPRINTED


# Direct Connect (R-DX-1, R-DX-2)


class CamelPart(Part, frozen=True, rename="camel"):
    """A part as Direct Connect prints it."""


class DirectConnectGateway(Record, frozen=True, rename="camel"):
    direct_connect_gateway_id: Id
    direct_connect_gateway_name: str = ""
    owner_account: str = ""
    direct_connect_gateway_state: str = ""

    @property
    def name(self) -> str:
        return self.direct_connect_gateway_name

    @property
    def owner_id(self) -> str:
        return self.owner_account


class AllowedPrefix(CamelPart, frozen=True, rename="camel"):
    cidr: str | None = None


class AssociatedGateway(CamelPart, frozen=True, rename="camel"):
    id: str | None = None
    type: str = ""
    owner_account: str = ""
    region: str = ""


class DirectConnectGatewayAssociation(Record, frozen=True, rename="camel"):
    """A virtual private or transit gateway on a Direct Connect gateway."""

    direct_connect_gateway_id: Id
    association_id: str = ""
    association_state: str = ""
    associated_gateway: AssociatedGateway = AssociatedGateway()
    virtual_gateway_id: str | None = None
    allowed_prefixes_to_direct_connect_gateway: tuple[AllowedPrefix, ...] = UNPRINTED

    @property
    def gateway_id(self) -> str:
        return self.associated_gateway.id or self.virtual_gateway_id or ""

    @property
    def key(self) -> str:
        return f"{self.direct_connect_gateway_id} {self.gateway_id or self.association_id}"


class DirectConnectGatewayAttachment(Record, frozen=True, rename="camel"):
    """A virtual interface on a Direct Connect gateway."""

    direct_connect_gateway_id: Id
    virtual_interface_id: Id
    attachment_state: str = ""

    @property
    def key(self) -> str:
        return f"{self.direct_connect_gateway_id} {self.virtual_interface_id}"


class BgpPeer(CamelPart, frozen=True, rename="camel"):
    address_family: str = ""
    bgp_peer_state: str = ""
    bgp_status: str = ""


class VirtualInterface(Record, frozen=True, rename="camel"):
    virtual_interface_id: Id
    virtual_interface_name: str = ""
    virtual_interface_type: str = ""
    virtual_interface_state: str = ""
    owner_account: str = ""
    virtual_gateway_id: str | None = None
    direct_connect_gateway_id: str | None = None
    bgp_peers: tuple[BgpPeer, ...] = UNPRINTED
    address_family: str = ""

    @property
    def name(self) -> str:
        return self.virtual_interface_name

    @property
    def owner_id(self) -> str:
        return self.owner_account
