"""VPCs, subnets, route tables and network ACLs as the describe calls print them.

Only the fields that something reads; ids are required, a default means "not printed".  Takes
nothing, gives types.  Must not know what a field does to a packet: that is for the components.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from reach.snapshot.record import UNPRINTED, Icmp, Id, Part, Port, Record, Tagged, is_associated

# VPCs and subnets (R-ENI-11 for the IPv6 attributes, R-AZ-1 for the zone id)


class BlockState(Part, frozen=True):
    state: str = ""


class CidrBlockAssociation(Part, frozen=True):
    cidr_block: str | None = None
    cidr_block_state: BlockState | None = None


class Ipv6CidrBlockAssociation(Part, frozen=True):
    ipv6_cidr_block: str | None = None
    ipv6_cidr_block_state: BlockState | None = None
    ip_source: str | None = None
    ipv6_address_attribute: str | None = None


class BlockPublicAccessStates(Part, frozen=True):
    internet_gateway_block_mode: str | None = None


class NetworkFirewallAssociation(Part, frozen=True):
    """A firewall that inspects what crosses the VPC's internet gateways (EC2 API reference)."""

    firewall_arn: str = ""
    firewall_onboarding_status: str | None = None
    firewall_mode: str | None = None


class Vpc(Tagged, frozen=True):
    vpc_id: Id
    cidr_block: str | None = None
    cidr_block_association_set: tuple[CidrBlockAssociation, ...] = ()
    ipv6_cidr_block_association_set: tuple[Ipv6CidrBlockAssociation, ...] = ()
    owner_id: str = ""
    is_default: bool = False
    block_public_access_states: BlockPublicAccessStates | None = None
    network_firewall_associations: tuple[NetworkFirewallAssociation, ...] = ()


class Switch(Part, frozen=True):
    value: bool = False


class VpcAttribute(Record, frozen=True):
    """Two calls, one attribute each, make one record."""

    vpc_id: Id
    enable_dns_support: Switch | None = None
    enable_dns_hostnames: Switch | None = None


class Subnet(Tagged, frozen=True):
    subnet_id: Id
    vpc_id: str | None = None
    cidr_block: str | None = None
    ipv6_cidr_block_association_set: tuple[Ipv6CidrBlockAssociation, ...] = ()
    availability_zone: str | None = None
    availability_zone_id: str | None = None
    subnet_arn: str | None = None
    owner_id: str = ""
    default_for_az: bool = False
    block_public_access_states: BlockPublicAccessStates | None = None
    network_firewall_connectivity_type: str | None = None


class AvailabilityZone(Record, frozen=True):
    """Each account gives the zone names its own meaning (R-AZ-1): hence ``key``."""

    zone_name: Id
    zone_id: str | None = None
    zone_type: str | None = None
    parent_zone_name: str | None = None
    parent_zone_id: str | None = None

    @property
    def key(self) -> str:
        account = self.page.account
        return f"{account}/{self.zone_name}" if account else self.zone_name


# Route tables (R-RT-16)


class AssociationState(Part, frozen=True):
    state: str = ""


_NOT_IN_FORCE = ("associating", "disassociating", "disassociated", "failed")


class RouteTableAssociation(Part, frozen=True):
    main: bool = False
    subnet_id: str | None = None
    gateway_id: str | None = None
    association_state: AssociationState | None = None
    public_ipv4_pool: str | None = None

    @property
    def is_settled(self) -> bool:
        """Whether it is in force: its state is printed as associated, or not at all (R-RT-1)."""
        told = self.association_state
        return told is None or is_associated(told.state)

    @property
    def strange(self) -> str:
        """The word that it has for its state, if AWS has none such."""
        state = self.association_state.state if self.association_state else ""
        return "" if self.is_settled or state in _NOT_IN_FORCE else state


_ORIGINS = ("CreateRouteTable", "CreateRoute", "EnableVgwRoutePropagation", "Advertisement")


class Route(Part, frozen=True):
    destination_cidr_block: str | None = None
    destination_ipv6_cidr_block: str | None = None
    destination_prefix_list_id: str | None = None
    gateway_id: str | None = None
    nat_gateway_id: str | None = None
    network_interface_id: str | None = None
    instance_id: str | None = None
    egress_only_internet_gateway_id: str | None = None
    vpc_peering_connection_id: str | None = None
    transit_gateway_id: str | None = None
    local_gateway_id: str | None = None
    carrier_gateway_id: str | None = None
    core_network_arn: str | None = None
    odb_network_arn: str | None = None
    ip_address: str | None = None
    origin: str | None = None
    state: str | None = None

    @property
    def is_dead(self) -> bool:
        """Whether it drops what it wins (R-RT-11, R-RT-12)."""
        return self.state in ("blackhole", "filtered")

    @property
    def strange(self) -> str:
        """What it says of its state or origin that none of AWS's does (R-RT-5, 11, 12); or ''."""
        if not (self.is_dead or self.state in ("active", "", None)):
            return self.state or ""
        return "" if self.origin in (None, "", *_ORIGINS) else self.origin


class PropagatingVgw(Part, frozen=True):
    gateway_id: str | None = None


class RouteTable(Tagged, frozen=True):
    route_table_id: Id
    vpc_id: str | None = None
    associations: tuple[RouteTableAssociation, ...] = UNPRINTED
    routes: tuple[Route, ...] = UNPRINTED
    propagating_vgws: tuple[PropagatingVgw, ...] = UNPRINTED
    owner_id: str = ""


# Network ACLs (R-NACL-1 to 5)


class NetworkAclAssociation(Part, frozen=True):
    subnet_id: str


class PortRange(Part, frozen=True):
    from_port: Port = msgspec.field(name="From")
    to_port: Port = msgspec.field(name="To")


class IcmpTypeCode(Part, frozen=True):
    type: Icmp
    code: Icmp = -1


class NetworkAclEntry(Part, frozen=True):
    rule_number: int
    protocol: str
    rule_action: Literal["allow", "deny"]
    egress: bool
    cidr_block: str | None = None
    ipv6_cidr_block: str | None = None
    port_range: PortRange | None = None
    icmp_type_code: IcmpTypeCode | None = None


class NetworkAcl(Tagged, frozen=True):
    network_acl_id: Id
    vpc_id: str | None = None
    associations: tuple[NetworkAclAssociation, ...] = UNPRINTED
    entries: tuple[NetworkAclEntry, ...] = UNPRINTED
    is_default: bool = False
    owner_id: str = ""
