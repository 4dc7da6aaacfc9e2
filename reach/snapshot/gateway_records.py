"""Gateways, peerings, endpoints and prefix lists as the describe and get calls print them.

Only the fields that something reads; ids are required, a default means "not printed".  What prints
no state works: who cut an answer down to what matters left out what goes without saying.  Takes
nothing, gives types.  Must not know what a field does to a packet: that is for the components.
"""

from __future__ import annotations

from msgspec.structs import replace

from reach.snapshot.record import UNPRINTED, Id, Part, Record, Tagged

_OR = " or "

# Internet and egress-only internet gateways (R-IGW-1)


class GatewayAttachment(Part, frozen=True):
    vpc_id: str | None = None
    state: str = ""

    @property
    def is_attached(self) -> bool:
        """Unless it says that it is not: a word that is none of AWS's may mean either."""
        return self.state.lower() not in ("attaching", "detaching", "detached")

    @property
    def is_settled(self) -> bool:
        """The EC2 API says "available" of internet gateways, "attached" of egress-only ones."""
        return self.state in ("available", "attached", "")


class InternetGateway(Tagged, frozen=True):
    internet_gateway_id: Id
    attachments: tuple[GatewayAttachment, ...] = UNPRINTED
    owner_id: str = ""


class EgressOnlyInternetGateway(Tagged, frozen=True):
    egress_only_internet_gateway_id: Id
    attachments: tuple[GatewayAttachment, ...] = UNPRINTED


# Carrier gateways (R-CGW-1)


class CarrierGateway(Tagged, frozen=True):
    carrier_gateway_id: Id
    vpc_id: str | None = None
    state: str = ""
    owner_id: str = ""


# NAT gateways (R-NAT-1, R-NAT-12)


class NatGatewayAddress(Part, frozen=True):
    private_ip: str | None = None
    public_ip: str | None = None
    allocation_id: str | None = None
    network_interface_id: str | None = None
    status: str | None = None
    is_primary: bool | None = None
    availability_zone: str | None = None
    availability_zone_id: str | None = None


class NatGateway(Tagged, frozen=True):
    nat_gateway_id: Id
    state: str = ""
    connectivity_type: str = "public"
    availability_mode: str = "zonal"
    subnet_id: str | None = None
    vpc_id: str | None = None
    nat_gateway_addresses: tuple[NatGatewayAddress, ...] = UNPRINTED
    route_table_id: str | None = None
    auto_provision_zones: str | None = None
    auto_scaling_ips: str | None = None

    @property
    def is_available(self) -> bool:
        return self.state in ("available", "")


# VPC peering (R-PCX-1)


class CidrBlock(Part, frozen=True):
    cidr_block: str


class Ipv6CidrBlock(Part, frozen=True):
    ipv6_cidr_block: str


class PeeringVpcInfo(Part, frozen=True):
    vpc_id: str | None = None
    owner_id: str = ""
    region: str = ""
    cidr_block: str | None = None
    cidr_block_set: tuple[CidrBlock, ...] = ()
    ipv6_cidr_block_set: tuple[Ipv6CidrBlock, ...] = ()


class PeeringStatus(Part, frozen=True):
    code: str = ""


class VpcPeeringConnection(Tagged, frozen=True):
    vpc_peering_connection_id: Id
    requester_vpc_info: PeeringVpcInfo = PeeringVpcInfo()
    accepter_vpc_info: PeeringVpcInfo = PeeringVpcInfo()
    status: PeeringStatus = PeeringStatus()

    @property
    def is_active(self) -> bool:
        return self.status.code in ("active", "")


def peering_of_both(
    peering: VpcPeeringConnection, view: VpcPeeringConnection
) -> VpcPeeringConnection:
    """Its two sides were asked at different moments: where it is active in the one alone, which was
    the later nothing tells, and its status is a word of neither."""
    said = {*peering.status.code.split(_OR), view.status.code}
    if "" in said or ("active" in said) is (said == {"active"}):
        return peering
    return replace(peering, status=PeeringStatus(_OR.join(sorted(said))))


# VPC endpoints (R-VPCE-1, R-GWEP-1, R-GWLBE-1)


class EndpointGroup(Part, frozen=True):
    group_id: str


class VpcEndpoint(Tagged, frozen=True):
    vpc_endpoint_id: Id
    vpc_endpoint_type: str = ""
    service_name: str = ""
    state: str = ""
    vpc_id: str | None = None
    subnet_ids: tuple[str, ...] = UNPRINTED
    route_table_ids: tuple[str, ...] = UNPRINTED
    network_interface_ids: tuple[str, ...] = UNPRINTED
    groups: tuple[EndpointGroup, ...] = UNPRINTED
    private_dns_enabled: bool | None = None
    ip_address_type: str | None = None
    service_region: str | None = None
    service_network_arn: str | None = None
    resource_configuration_arn: str | None = None
    requester_managed: bool | None = None
    owner_id: str = ""


# Prefix lists (R-SG-11, R-RT-9)


class PrefixList(Tagged, frozen=True):
    """Both calls, describe-prefix-lists and describe-managed-prefix-lists, make one record."""

    prefix_list_id: Id
    prefix_list_name: str | None = None
    prefix_list_arn: str | None = None
    cidrs: tuple[str, ...] = ()
    address_family: str | None = None
    state: str | None = None
    version: int | None = None
    owner_id: str = ""


class PrefixListEntry(Part, frozen=True):
    cidr: str
    description: str | None = None


class ManagedPrefixListEntries(Record, frozen=True):
    """One get-managed-prefix-list-entries answer under its parent's id."""

    prefix_list_id: Id
    entries: tuple[PrefixListEntry, ...] = UNPRINTED
    next_token: str | None = None
