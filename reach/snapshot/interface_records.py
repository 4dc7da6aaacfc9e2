"""Security groups, interfaces, instances and Elastic IPs as the describe calls print them.

Only the fields that something reads; ids are required, a default means "not printed".  Takes
nothing, gives types.  Must not know what a field does to a packet: that is for the components.
"""

from __future__ import annotations

from typing import NamedTuple

from reach.snapshot.record import (
    LEFT_OUT,
    UNPRINTED,
    Id,
    Part,
    Port,
    Record,
    Tag,
    Tagged,
    name_among,
)

# Security groups (R-SG-1 to 16, R-SG-30)


class IpRange(Part, frozen=True):
    cidr_ip: str
    description: str | None = None


class Ipv6Range(Part, frozen=True):
    cidr_ipv6: str
    description: str | None = None


class PrefixListId(Part, frozen=True):
    prefix_list_id: str
    description: str | None = None


class UserIdGroupPair(Part, frozen=True):
    group_id: str
    user_id: str | None = None
    vpc_id: str | None = None
    vpc_peering_connection_id: str | None = None
    peering_status: str | None = None
    description: str | None = None


class IpPermission(Part, frozen=True):
    ip_protocol: str
    from_port: Port | None = None
    to_port: Port | None = None
    ip_ranges: tuple[IpRange, ...] = LEFT_OUT
    ipv6_ranges: tuple[Ipv6Range, ...] = LEFT_OUT
    prefix_list_ids: tuple[PrefixListId, ...] = LEFT_OUT
    user_id_group_pairs: tuple[UserIdGroupPair, ...] = LEFT_OUT


class GroupRule(NamedTuple):
    """One alternative of a permission of a group: a block, a prefix list or a group."""

    permission: IpPermission
    peer: str
    egress: bool


class SecurityGroup(Tagged, frozen=True):
    group_id: Id
    group_name: str = ""
    vpc_id: str | None = None
    owner_id: str = ""
    ip_permissions: tuple[IpPermission, ...] = UNPRINTED
    ip_permissions_egress: tuple[IpPermission, ...] = UNPRINTED


class ReferencedGroup(Part, frozen=True):
    group_id: str | None = None
    user_id: str | None = None
    vpc_id: str | None = None
    vpc_peering_connection_id: str | None = None
    peering_status: str | None = None


class SecurityGroupRule(Tagged, frozen=True):
    security_group_rule_id: Id
    group_id: str
    is_egress: bool
    ip_protocol: str
    from_port: Port | None = None
    to_port: Port | None = None
    cidr_ipv4: str | None = None
    cidr_ipv6: str | None = None
    prefix_list_id: str | None = None
    referenced_group_info: ReferencedGroup | None = None
    description: str | None = None
    group_owner_id: str = ""

    @property
    def owner_id(self) -> str:
        return self.group_owner_id


class SecurityGroupVpcAssociation(Record, frozen=True):
    group_id: Id
    vpc_id: Id
    state: str = ""

    @property
    def key(self) -> str:
        return f"{self.group_id}/{self.vpc_id}"


# Interfaces, instances, Elastic IPs (R-ENI-1 to 10)


class GroupIdentifier(Part, frozen=True):
    group_id: str
    group_name: str | None = None


class InterfaceAssociation(Part, frozen=True):
    public_ip: str | None = None
    carrier_ip: str | None = None
    customer_owned_ip: str | None = None
    allocation_id: str | None = None


class PrivateIpAddress(Part, frozen=True):
    private_ip_address: str
    primary: bool = False
    association: InterfaceAssociation | None = None


class Ipv4Prefix(Part, frozen=True):
    ipv4_prefix: str


class Ipv6Address(Part, frozen=True):
    ipv6_address: str


class Ipv6Prefix(Part, frozen=True):
    ipv6_prefix: str


class InterfaceAttachment(Part, frozen=True):
    instance_id: str | None = None
    instance_owner_id: str | None = None
    status: str | None = None
    device_index: int | None = None


# R-ENI-9: the EC2 API reference lists the second, the call prints the first.
NAT_TYPES = ("nat_gateway", "natGateway")


class NetworkInterface(Record, frozen=True):
    network_interface_id: Id
    subnet_id: str | None = None
    vpc_id: str | None = None
    owner_id: str = ""
    status: str = ""
    interface_type: str = "interface"
    requester_managed: bool = False
    requester_id: str | None = None
    description: str = ""
    source_dest_check: bool = True
    groups: tuple[GroupIdentifier, ...] = UNPRINTED
    private_ip_address: str | None = None
    private_ip_addresses: tuple[PrivateIpAddress, ...] = UNPRINTED
    association: InterfaceAssociation | None = None
    ipv4_prefixes: tuple[Ipv4Prefix, ...] = ()
    ipv6_addresses: tuple[Ipv6Address, ...] = ()
    ipv6_prefixes: tuple[Ipv6Prefix, ...] = ()
    attachment: InterfaceAttachment | None = None
    deny_all_igw_traffic: bool = False
    availability_zone: str | None = None
    tag_set: tuple[Tag, ...] = ()

    @property
    def tags(self) -> tuple[Tag, ...]:
        return self.tag_set

    @property
    def name(self) -> str:
        return name_among(self.tag_set)


class InstanceState(Part, frozen=True):
    name: str = ""

    @property
    def is_running(self) -> bool:
        return self.name in ("running", "")


class MetadataOptions(Part, frozen=True):
    state: str | None = None
    http_endpoint: str | None = None
    http_protocol_ipv6: str | None = None


class InstanceInterface(Part, frozen=True):
    network_interface_id: str | None = None


class Instance(Tagged, frozen=True):
    """``owner_id`` is the reservation's."""

    instance_id: Id
    state: InstanceState = InstanceState()
    vpc_id: str | None = None
    subnet_id: str | None = None
    private_ip_address: str | None = None
    public_ip_address: str | None = None
    metadata_options: MetadataOptions | None = None
    network_interfaces: tuple[InstanceInterface, ...] = ()
    owner_id: str = ""


class Reservation(Part, frozen=True):
    owner_id: str = ""
    instances: tuple[Instance, ...] = ()


class Address(Tagged, frozen=True):
    """An Elastic IP; ``key`` is its allocation id, or the address itself where it has none."""

    public_ip: str | None = None
    carrier_ip: str | None = None
    allocation_id: str | None = None
    association_id: str | None = None
    network_interface_id: str | None = None
    private_ip_address: str | None = None
    instance_id: str | None = None

    @property
    def key(self) -> str:
        return self.allocation_id or self.public_ip or self.carrier_ip or ""
