"""The sections of a VPC's core: what the EC2 calls print that every network has.

Gives ``SECTIONS``, by key.  It is a table: must not know how files are read, nor what a field does
to a packet.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reach.snapshot import columns
from reach.snapshot.call import Call, Per, per_id
from reach.snapshot.gateway_records import peering_of_both
from reach.snapshot.records import (
    Address,
    AvailabilityZone,
    EgressOnlyInternetGateway,
    Instance,
    InternetGateway,
    ManagedPrefixListEntries,
    NatGateway,
    NetworkAcl,
    NetworkInterface,
    PrefixList,
    Record,
    Reservation,
    RouteTable,
    SecurityGroup,
    SecurityGroupRule,
    SecurityGroupVpcAssociation,
    Subnet,
    Vpc,
    VpcAttribute,
    VpcEndpoint,
    VpcPeeringConnection,
)
from reach.snapshot.section import Nested, Reference, Section

_VPC = Reference("vpc_id", Vpc)
_SUBNET = Reference("subnet_id", Subnet)
_ATTACHED_VPC = Reference("attachments[].vpc_id", Vpc)
# What is gone may name what is gone (R-RT-11, R-OBS-3).
_BLACKHOLE = ("state", "blackhole")
_DELETED = ("state", "deleted")


def _route(attribute: str, target: type[Record], prefix: str = "") -> Reference:
    return Reference(f"routes[].{attribute}", target, prefix, unless=_BLACKHOLE)


_VPCS = (
    Section(
        "Vpcs",
        Vpc,
        "vpc_id",
        "ec2.DescribeVpcs",
        addresses={
            "cidr_block": "IPv4 CIDR",
            "cidr_block_association_set[].cidr_block": "IPv4 CIDR",
            "ipv6_cidr_block_association_set[].ipv6_cidr_block": "IPv6 CIDR",
        },
    ),
    Section(
        "VpcAttributes",
        VpcAttribute,
        "vpc_id",
        "ec2.DescribeVpcAttribute",
        references=(_VPC,),
        merge="fill",
        bare=(
            ("EnableDnsSupport",),
            ("EnableDnsHostnames",),
            ("EnableNetworkAddressUsageMetrics",),
        ),
        asked=(
            Call(
                "ec2.DescribeVpcAttribute",
                hold="VpcId",
                given=({"Attribute": "enableDnsSupport"}, {"Attribute": "enableDnsHostnames"}),
                per=(Per("ec2.DescribeVpcs", {"VpcId": "VpcId"}),),
            ),
        ),
    ),
    Section(
        "Subnets",
        Subnet,
        "subnet_id",
        "ec2.DescribeSubnets",
        addresses={
            "cidr_block": "IPv4 CIDR",
            "ipv6_cidr_block_association_set[].ipv6_cidr_block": "IPv6 CIDR",
        },
        references=(_VPC,),
    ),
    Section("AvailabilityZones", AvailabilityZone, "key", "ec2.DescribeAvailabilityZones"),
    Section(
        "RouteTables",
        RouteTable,
        "route_table_id",
        "ec2.DescribeRouteTables",
        addresses={
            "routes[].destination_cidr_block": "IPv4 CIDR",
            "routes[].destination_ipv6_cidr_block": "IPv6 CIDR",
            "routes[].ip_address": "IP address",
        },
        references=(
            _VPC,
            Reference("associations[].subnet_id", Subnet),
            Reference("associations[].gateway_id", InternetGateway, "igw-"),
            _route("destination_prefix_list_id", PrefixList),
            _route("gateway_id", InternetGateway, "igw-"),
            _route("gateway_id", VpcEndpoint, "vpce-"),
            _route("nat_gateway_id", NatGateway),
            _route("network_interface_id", NetworkInterface),
            _route("egress_only_internet_gateway_id", EgressOnlyInternetGateway),
            _route("vpc_peering_connection_id", VpcPeeringConnection),
        ),
        some_of={
            "associations[]": ("main", "subnet_id", "gateway_id", "public_ipv4_pool"),
            "routes[]": (
                "destination_cidr_block",
                "destination_ipv6_cidr_block",
                "destination_prefix_list_id",
            ),
        },
    ),
    Section(
        "NetworkAcls",
        NetworkAcl,
        "network_acl_id",
        "ec2.DescribeNetworkAcls",
        addresses={
            "entries[].cidr_block": "IPv4 CIDR",
            "entries[].ipv6_cidr_block": "IPv6 CIDR",
            "entries[].protocol": "protocol",
        },
        references=(_VPC, Reference("associations[].subnet_id", Subnet)),
        some_of={"entries[]": ("cidr_block", "ipv6_cidr_block")},
    ),
)

_GROUPS = (
    Section(
        "SecurityGroups",
        SecurityGroup,
        "group_id",
        "ec2.DescribeSecurityGroups",
        addresses={
            "ip_permissions[].ip_ranges[].cidr_ip": "IPv4 CIDR",
            "ip_permissions[].ipv6_ranges[].cidr_ipv6": "IPv6 CIDR",
            "ip_permissions_egress[].ip_ranges[].cidr_ip": "IPv4 CIDR",
            "ip_permissions_egress[].ipv6_ranges[].cidr_ipv6": "IPv6 CIDR",
            "ip_permissions[].ip_protocol": "protocol",
            "ip_permissions_egress[].ip_protocol": "protocol",
        },
        references=(
            _VPC,
            Reference("ip_permissions[].prefix_list_ids[].prefix_list_id", PrefixList),
            Reference("ip_permissions_egress[].prefix_list_ids[].prefix_list_id", PrefixList),
        ),
        together={
            "ip_permissions[]": ("from_port", "to_port"),
            "ip_permissions_egress[]": ("from_port", "to_port"),
        },
    ),
    Section(
        "SecurityGroupRules",
        SecurityGroupRule,
        "security_group_rule_id",
        "ec2.DescribeSecurityGroupRules",
        addresses={
            "cidr_ipv4": "IPv4 CIDR",
            "cidr_ipv6": "IPv6 CIDR",
            "ip_protocol": "protocol",
        },
        references=(
            Reference("group_id", SecurityGroup),
            Reference("prefix_list_id", PrefixList),
        ),
        covered_by="SecurityGroups",
    ),
    Section(
        "SecurityGroupVpcAssociations",
        SecurityGroupVpcAssociation,
        "key",
        "ec2.DescribeSecurityGroupVpcAssociations",
        references=(_VPC, Reference("group_id", SecurityGroup)),
    ),
    Section(
        "PrefixLists",
        PrefixList,
        "prefix_list_id",
        "ec2.DescribePrefixLists",
        also=("ec2.DescribeManagedPrefixLists",),
        apart=("cidrs", "prefix_list_arn"),
        addresses={"cidrs[]": "CIDR"},
        merge="fill",
    ),
    Section(
        "ManagedPrefixListEntries",
        ManagedPrefixListEntries,
        "prefix_list_id",
        "ec2.GetManagedPrefixListEntries",
        addresses={"entries[].cidr": "CIDR"},
        references=(Reference("prefix_list_id", PrefixList),),
        merge="extend",
        more=("next_token",),
        orphan="Entries",
        asked=(
            per_id(
                "ec2.GetManagedPrefixListEntries",
                "ec2.DescribeManagedPrefixLists",
                "PrefixListId",
                hold="Entries",
                unless=("State", "delete-complete"),
            ),
        ),
    ),
)

_INTERFACES = (
    Section(
        "NetworkInterfaces",
        NetworkInterface,
        "network_interface_id",
        "ec2.DescribeNetworkInterfaces",
        addresses={
            "private_ip_address": "IPv4 address",
            "private_ip_addresses[].private_ip_address": "IPv4 address",
            "private_ip_addresses[].association.public_ip": "IPv4 address",
            "private_ip_addresses[].association.carrier_ip": "IPv4 address",
            "private_ip_addresses[].association.customer_owned_ip": "IPv4 address",
            "association.public_ip": "IPv4 address",
            "association.carrier_ip": "IPv4 address",
            "association.customer_owned_ip": "IPv4 address",
            "ipv4_prefixes[].ipv4_prefix": "IPv4 CIDR",
            "ipv6_addresses[].ipv6_address": "IPv6 address",
            "ipv6_prefixes[].ipv6_prefix": "IPv6 CIDR",
        },
        references=(
            _VPC,
            _SUBNET,
            Reference("groups[].group_id", SecurityGroup),
            Reference("attachment.instance_id", Instance),
        ),
        columns=columns.InterfaceColumns,
    ),
    Section(
        "Reservations",
        Instance,
        "instance_id",
        "ec2.DescribeInstances",
        nested=Nested(Reservation, "instances", inherit=("owner_id",)),
        addresses={"private_ip_address": "IPv4 address", "public_ip_address": "IPv4 address"},
        references=(
            _VPC,
            _SUBNET,
            Reference("network_interfaces[].network_interface_id", NetworkInterface),
        ),
        columns=columns.InstanceColumns,
    ),
    Section(
        "Addresses",
        Address,
        "key",
        "ec2.DescribeAddresses",
        addresses={
            "public_ip": "IPv4 address",
            "carrier_ip": "IPv4 address",
            "private_ip_address": "IPv4 address",
        },
        references=(
            Reference("network_interface_id", NetworkInterface),
            Reference("instance_id", Instance, "i-"),
        ),
    ),
)

_GATEWAYS = (
    Section(
        "InternetGateways",
        InternetGateway,
        "internet_gateway_id",
        "ec2.DescribeInternetGateways",
        references=(_ATTACHED_VPC,),
    ),
    Section(
        "EgressOnlyInternetGateways",
        EgressOnlyInternetGateway,
        "egress_only_internet_gateway_id",
        "ec2.DescribeEgressOnlyInternetGateways",
        references=(_ATTACHED_VPC,),
    ),
    Section(
        "NatGateways",
        NatGateway,
        "nat_gateway_id",
        "ec2.DescribeNatGateways",
        addresses={
            "nat_gateway_addresses[].private_ip": "IPv4 address",
            "nat_gateway_addresses[].public_ip": "IPv4 address",
        },
        references=(
            Reference("vpc_id", Vpc, unless=_DELETED),
            Reference("subnet_id", Subnet, unless=_DELETED),
            Reference("route_table_id", RouteTable, unless=_DELETED),
        ),
    ),
    Section(
        "VpcPeeringConnections",
        VpcPeeringConnection,
        "vpc_peering_connection_id",
        "ec2.DescribeVpcPeeringConnections",
        addresses={
            "requester_vpc_info.cidr_block": "IPv4 CIDR",
            "requester_vpc_info.cidr_block_set[].cidr_block": "IPv4 CIDR",
            "requester_vpc_info.ipv6_cidr_block_set[].ipv6_cidr_block": "IPv6 CIDR",
            "accepter_vpc_info.cidr_block": "IPv4 CIDR",
            "accepter_vpc_info.cidr_block_set[].cidr_block": "IPv4 CIDR",
            "accepter_vpc_info.ipv6_cidr_block_set[].ipv6_cidr_block": "IPv6 CIDR",
        },
        settle=peering_of_both,
    ),
    Section(
        "VpcEndpoints",
        VpcEndpoint,
        "vpc_endpoint_id",
        "ec2.DescribeVpcEndpoints",
        references=(
            _VPC,
            Reference("subnet_ids[]", Subnet),
            Reference("route_table_ids[]", RouteTable),
            Reference("network_interface_ids[]", NetworkInterface),
            Reference("groups[].group_id", SecurityGroup),
        ),
    ),
)

SECTIONS: Mapping[str, Section] = MappingProxyType(
    {section.key: section for section in (*_VPCS, *_GROUPS, *_INTERFACES, *_GATEWAYS)}
)
