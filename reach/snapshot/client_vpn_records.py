"""Client VPN endpoints as the describe calls print them.

Only the fields that something reads; ids are required, a default means "not printed".  Takes
nothing, gives types.  Must not know what a field does to a packet: that is for the components.
"""

from __future__ import annotations

import msgspec

from reach.snapshot.record import UNPRINTED, Id, Part, Record, Tagged


class ClientVpnStatus(Part, frozen=True):
    code: str = ""


class ClientVpnTransit(Part, frozen=True):
    transit_gateway_id: str | None = None
    transit_gateway_attachment_id: str | None = None


class ClientVpnEndpoint(Tagged, frozen=True):
    client_vpn_endpoint_id: Id
    status: ClientVpnStatus = ClientVpnStatus()
    client_cidr_block: str | None = None
    traffic_ip_address_type: str | None = None
    vpc_id: str | None = None
    transit_gateway_configuration: ClientVpnTransit | None = None


class ClientVpnTargetNetwork(Record, frozen=True):
    """An association with a subnet."""

    association_id: Id
    client_vpn_endpoint_id: Id
    target_network_id: str | None = None
    vpc_id: str | None = None
    security_groups: tuple[str, ...] = ()
    status: ClientVpnStatus = ClientVpnStatus()


class ClientVpnRoute(Part, frozen=True):
    destination_cidr: str
    target_subnet: str | None = None
    transit_gateway_attachment_id: str | None = None
    status: ClientVpnStatus = ClientVpnStatus()


class ClientVpnRoutes(Record, frozen=True):
    """One describe-client-vpn-routes answer under its endpoint's id."""

    client_vpn_endpoint_id: Id
    routes: tuple[ClientVpnRoute, ...] = UNPRINTED
    next_token: str | None = None


class ClientVpnRule(Part, frozen=True):
    destination_cidr: str
    # A group of the directory: whatever it is called.
    access_group: str | None = msgspec.field(default=None, name="GroupId")
    access_all: bool = False
    status: ClientVpnStatus = ClientVpnStatus()


class ClientVpnAuthorizationRules(Record, frozen=True):
    """One describe-client-vpn-authorization-rules answer under its endpoint's id."""

    client_vpn_endpoint_id: Id
    authorization_rules: tuple[ClientVpnRule, ...] = UNPRINTED
    next_token: str | None = None


class ClientVpnAuthorizationRule(Record, frozen=True):
    """One rule of that answer as it is printed; it names its endpoint itself."""

    client_vpn_endpoint_id: Id
    destination_cidr: str
    # A group of the directory: whatever it is called.
    access_group: str | None = msgspec.field(default=None, name="GroupId")
    access_all: bool = False
    status: ClientVpnStatus = ClientVpnStatus()

    @property
    def key(self) -> str:
        who = "all" if self.access_all else self.access_group
        return f"{self.client_vpn_endpoint_id} {self.destination_cidr} {who} {self.status.code}"
