"""What AWS puts into a VPC on request: the NAT gateway and the VPC endpoints."""

from __future__ import annotations

from typing import Any

from bench.estate.filters import SHARED, name_group
from bench.estate.interfaces import (
    mac,
    private_address,
    private_name,
    public_name,
    service_attachment,
)
from bench.estate.network import Pairs
from bench.estate.plan import RESERVED, Subnet, Vpc, dotted
from bench.estate.transit import attachment_id

POLICY = (
    '{"Version":"2008-10-17","Statement":'
    '[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
)


def endpoints(vpc: Vpc) -> Pairs:
    """The NAT gateway, the gateway endpoint to S3 and the interface endpoints."""
    if vpc.has_nat:
        yield from nat_gateway(vpc)
    if vpc.has_storage_endpoint:
        yield "VpcEndpoints", storage_endpoint(vpc)
    for number, service in enumerate(vpc.services):
        yield from interface_endpoint(vpc, number, service)
    if vpc.transit:
        yield from attachment_interfaces(vpc)


def attachment_interfaces(vpc: Vpc) -> Pairs:
    """The interfaces of the attachment to a transit gateway, one in every zone."""
    about = f"Network Interface for Transit Gateway Attachment {attachment_id(vpc)}"
    for subnet in vpc.subnets:
        if subnet.tier == "app":
            eni = vpc.identify("eni", "transit", subnet.zone)
            record = service_interface(vpc, subnet, eni, subnet.address + RESERVED - 1)
            kind = {"Description": about, "InterfaceType": "transit_gateway"}
            yield "NetworkInterfaces", record | kind


def nat_gateway(vpc: Vpc) -> Pairs:
    """A zonal public NAT gateway in the first public subnet, with its interface and Elastic IP."""
    subnet = vpc.subnets[0]
    ident, public, address = vpc.identify("nat"), vpc.public_address(0), subnet.address + 5
    allocation, association = vpc.identify("eipalloc", "nat"), vpc.identify("eipassoc", "nat")
    eni = vpc.identify("eni", "nat")
    joined = {
        "Association": {
            "AllocationId": allocation,
            "AssociationId": association,
            "IpOwnerId": vpc.account,
            "PublicDnsName": public_name(vpc, public),
            "PublicIp": public,
        }
    }
    record = service_interface(vpc, subnet, eni, address) | {
        "Description": f"Interface for NAT Gateway {ident}",
        "InterfaceType": "nat_gateway",
        "PrivateIpAddresses": [private_address(vpc, address, True) | joined],
        "SourceDestCheck": False,
    }
    yield "NetworkInterfaces", joined | record
    yield (
        "NatGateways",
        {
            "CreateTime": vpc.created,
            "NatGatewayAddresses": [
                {
                    "AllocationId": allocation,
                    "NetworkInterfaceId": eni,
                    "PrivateIp": dotted(address),
                    "PublicIp": public,
                    "AssociationId": association,
                    "IsPrimary": True,
                    "Status": "succeeded",
                }
            ],
            "NatGatewayId": ident,
            "State": "available",
            "SubnetId": subnet.id,
            "VpcId": vpc.id,
            "Tags": vpc.tags("nat"),
            "ConnectivityType": "public",
            "AvailabilityMode": "zonal",
        },
    )
    yield "Addresses", nat_address(vpc, joined["Association"], record)


def nat_address(vpc: Vpc, association: dict[str, str], interface: dict[str, Any]) -> dict[str, Any]:
    """The Elastic IP of the NAT gateway."""
    return {
        "AllocationId": association["AllocationId"],
        "AssociationId": association["AssociationId"],
        "Domain": "vpc",
        "NetworkInterfaceId": interface["NetworkInterfaceId"],
        "NetworkInterfaceOwnerId": vpc.account,
        "PrivateIpAddress": interface["PrivateIpAddress"],
        "Tags": vpc.tags("eip-nat"),
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": vpc.region,
        "PublicIp": association["PublicIp"],
    }


def storage_endpoint(vpc: Vpc) -> dict[str, Any]:
    """The gateway endpoint to S3, in the tables that have its route."""
    return {
        "VpcEndpointId": vpc.identify("vpce", "s3"),
        "VpcEndpointType": "Gateway",
        "VpcId": vpc.id,
        "ServiceName": f"com.amazonaws.{vpc.region}.s3",
        "State": "available",
        "PolicyDocument": POLICY,
        "RouteTableIds": [vpc.identify("rtb", tier) for tier in ("app", "data")],
        "SubnetIds": [],
        "Groups": [],
        "IpAddressType": "ipv4",
        "PrivateDnsEnabled": False,
        "RequesterManaged": False,
        "NetworkInterfaceIds": [],
        "DnsEntries": [],
        "CreationTimestamp": vpc.created,
        "Tags": vpc.tags("s3"),
        "OwnerId": vpc.account,
        "ServiceRegion": vpc.region,
    }


def interface_endpoint(vpc: Vpc, number: int, service: str) -> Pairs:
    """An interface endpoint to an AWS service, with an interface in the app tier of every zone."""
    ident = vpc.identify("vpce", service)
    group = {"GroupId": vpc.group(SHARED), "GroupName": name_group(vpc, SHARED)}
    subnets = [subnet for subnet in vpc.subnets if subnet.tier == "app"]
    enis = [vpc.identify("eni", service, subnet.zone) for subnet in subnets]
    for subnet, eni in zip(subnets, enis, strict=True):
        address = subnet.address + 6 + number
        record = service_interface(vpc, subnet, eni, address) | {
            "Description": f"VPC Endpoint Interface {ident}",
            "Groups": [group],
            "InterfaceType": "vpc_endpoint",
            "DenyAllIgwTraffic": True,
        }
        yield "NetworkInterfaces", record
    name = f"{service}.{vpc.region}.amazonaws.com"
    yield (
        "VpcEndpoints",
        {
            "VpcEndpointId": ident,
            "VpcEndpointType": "Interface",
            "VpcId": vpc.id,
            "ServiceName": f"com.amazonaws.{vpc.region}.{service}",
            "State": "available",
            "PolicyDocument": POLICY,
            "RouteTableIds": [],
            "SubnetIds": [subnet.id for subnet in subnets],
            "Groups": [group],
            "IpAddressType": "ipv4",
            "DnsOptions": {"DnsRecordIpType": "ipv4"},
            "PrivateDnsEnabled": True,
            "RequesterManaged": False,
            "NetworkInterfaceIds": enis,
            "DnsEntries": [{"DnsName": name, "HostedZoneId": "ZONEIDPENDING"}],
            "CreationTimestamp": vpc.created,
            "Tags": vpc.tags(service),
            "OwnerId": vpc.account,
            "ServiceRegion": vpc.region,
        },
    )


def service_interface(vpc: Vpc, subnet: Subnet, eni: str, address: int) -> dict[str, Any]:
    """An interface that an AWS service owns; what it is for is added to it."""
    return {
        "Attachment": service_attachment(vpc, eni),
        "AvailabilityZone": vpc.zone(subnet.zone),
        "Description": "",
        "Groups": [],
        "InterfaceType": "interface",
        "Ipv6Addresses": [],
        "MacAddress": mac(address),
        "NetworkInterfaceId": eni,
        "OwnerId": vpc.account,
        "PrivateDnsName": private_name(vpc, address),
        "PrivateIpAddress": dotted(address),
        "PrivateIpAddresses": [private_address(vpc, address, True)],
        "RequesterId": "amazon-aws",
        "RequesterManaged": True,
        "SourceDestCheck": True,
        "Status": "in-use",
        "SubnetId": subnet.id,
        "TagSet": [],
        "VpcId": vpc.id,
        "DenyAllIgwTraffic": False,
        "Operator": {"Managed": False},
    }
