"""The frame of a VPC: its subnets, gateways, peerings and route tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.estate.plan import Subnet, Vpc, block6, coloned, identify, vpc_id
from bench.estate.transit import routes_to_gateway

Pairs = Iterator[tuple[str, Any]]


def frame(vpc: Vpc) -> Pairs:
    """The VPC, its subnets, gateways, peerings and route tables."""
    yield "Vpcs", describe(vpc)
    yield (
        "VpcAttributes",
        {
            "VpcId": vpc.id,
            "EnableDnsSupport": {"Value": True},
            "EnableDnsHostnames": {"Value": vpc.index % 5 != 3},
        },
    )
    for subnet in vpc.subnets:
        yield "Subnets", describe_subnet(vpc, subnet)
    if vpc.has_internet:
        gateway = {
            "Attachments": [{"State": "available", "VpcId": vpc.id}],
            "InternetGatewayId": vpc.identify("igw"),
            "OwnerId": vpc.account,
            "Tags": vpc.tags("igw"),
        }
        yield "InternetGateways", gateway
    if vpc.has_egress6:
        gateway = {
            "Attachments": [{"State": "attached", "VpcId": vpc.id}],
            "EgressOnlyInternetGatewayId": vpc.identify("eigw"),
            "Tags": vpc.tags("eigw"),
        }
        yield "EgressOnlyInternetGateways", gateway
    here = (vpc.account, vpc.region)
    for peer in vpc.peers:
        # Both sides see a peering; in a folder of its own each, or once in one that they share.
        if vpc.index < peer or (vpc.account_of(peer), vpc.region_of(peer)) != here:
            yield "VpcPeeringConnections", peering(vpc, peer)
    if forgotten(vpc):
        yield "VpcPeeringConnections", deleted_peering(vpc)
    yield from route_tables(vpc)


def describe(vpc: Vpc) -> dict[str, Any]:
    """The VPC as describe-vpcs has it."""
    record = {
        "OwnerId": vpc.account,
        "InstanceTenancy": "default",
        "CidrBlockAssociationSet": [
            {
                "AssociationId": vpc.identify("vpc-cidr-assoc"),
                "CidrBlock": vpc.cidr,
                "CidrBlockState": {"State": "associated"},
            }
        ],
        "IsDefault": False,
        "Tags": [
            {"Key": "Name", "Value": vpc.name},
            {"Key": "Stage", "Value": vpc.stage},
        ],
        "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
        "VpcId": vpc.id,
        "State": "available",
        "CidrBlock": vpc.cidr,
        "DhcpOptionsId": identify("dopt", vpc.seed, vpc.folder),
    }
    if vpc.six is not None:
        record["Ipv6CidrBlockAssociationSet"] = [
            {
                "AssociationId": vpc.identify("vpc-cidr-assoc", 6),
                "Ipv6CidrBlock": f"{coloned(vpc.six)}/56",
                "Ipv6CidrBlockState": {"State": "associated"},
                "NetworkBorderGroup": vpc.region,
                "Ipv6Pool": "Amazon",
                "Ipv6AddressAttribute": "public",
                "IpSource": "amazon",
            }
        ]
    return record


def describe_subnet(vpc: Vpc, subnet: Subnet) -> dict[str, Any]:
    """The subnet as describe-subnets has it."""
    six = []
    if subnet.address6 is not None:
        six.append(
            {
                "AssociationId": vpc.identify("subnet-cidr-assoc", subnet.tier, subnet.zone),
                "Ipv6CidrBlock": f"{coloned(subnet.address6)}/64",
                "Ipv6CidrBlockState": {"State": "associated"},
                "Ipv6AddressAttribute": "public",
                "IpSource": "amazon",
            }
        )
    return {
        "AvailabilityZoneId": vpc.zone_id(subnet.zone),
        "MapCustomerOwnedIpOnLaunch": False,
        "OwnerId": vpc.account,
        "AssignIpv6AddressOnCreation": bool(six),
        "Ipv6CidrBlockAssociationSet": six,
        "Tags": vpc.tags(f"{subnet.tier}-{subnet.zone}"),
        "SubnetArn": vpc.arn(f"subnet/{subnet.id}"),
        "EnableDns64": False,
        "Ipv6Native": False,
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": "ip-name",
            "EnableResourceNameDnsARecord": False,
            "EnableResourceNameDnsAAAARecord": False,
        },
        "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
        "SubnetId": subnet.id,
        "State": "available",
        "VpcId": vpc.id,
        "CidrBlock": subnet.cidr,
        "AvailableIpAddressCount": subnet.size - 5 - subnet.hosts,
        "AvailabilityZone": vpc.zone(subnet.zone),
        "DefaultForAz": False,
        "MapPublicIpOnLaunch": subnet.tier == "public",
    }


def peering(vpc: Vpc, peer: int) -> dict[str, Any]:
    """The peering with VPC ``peer``, which the lower index has asked for."""
    requester, accepter = sorted((vpc.index, peer))
    return {
        "AccepterVpcInfo": side(vpc, accepter),
        "RequesterVpcInfo": side(vpc, requester),
        "Status": {"Code": "active", "Message": "Active"},
        "Tags": [{"Key": "Name", "Value": f"peering-{requester}-{accepter}"}],
        "VpcPeeringConnectionId": vpc.peering(peer),
    }


def side(vpc: Vpc, index: int) -> dict[str, Any]:
    """One side of an active peering of a VPC, its own or the other."""
    six, cidr = block6(index), vpc.cidr_of(index)
    return {
        "CidrBlock": cidr,
        "Ipv6CidrBlockSet": [] if six is None else [{"Ipv6CidrBlock": f"{coloned(six)}/56"}],
        "CidrBlockSet": [{"CidrBlock": cidr}],
        "OwnerId": vpc.account_of(index),
        "PeeringOptions": {
            "AllowDnsResolutionFromRemoteVpc": False,
            "AllowEgressFromLocalClassicLinkToRemoteVpc": False,
            "AllowEgressFromLocalVpcToRemoteClassicLink": False,
        },
        "VpcId": vpc_id(vpc.seed, index),
        "Region": vpc.region_of(index),
    }


def forgotten(vpc: Vpc) -> bool:
    """True iff routes still point at a peering that has been deleted."""
    return vpc.index % 10 == 4


def deleted_peering(vpc: Vpc) -> dict[str, Any]:
    """A peering that is gone; AWS lists it for a while, without its blocks."""
    gone = {"OwnerId": "999988887777", "VpcId": vpc.identify("vpc", "gone"), "Region": vpc.region}
    return {
        "AccepterVpcInfo": gone,
        "RequesterVpcInfo": {"OwnerId": vpc.account, "VpcId": vpc.id, "Region": vpc.region},
        "Status": {"Code": "deleted", "Message": "Deleted by 999988887777"},
        "Tags": [],
        "VpcPeeringConnectionId": vpc.identify("pcx", "gone"),
    }


def route_tables(vpc: Vpc) -> Pairs:
    """A main table that knows the VPC only, which isolated subnets fall back on; one per tier."""
    yield "RouteTables", table(vpc, "main", [])
    for tier in ("public", "app", "data"):
        yield "RouteTables", table(vpc, tier, default_routes(vpc, tier) + other_routes(vpc, tier))


def table(vpc: Vpc, role: str, routes: list[dict[str, Any]]) -> dict[str, Any]:
    """One route table, associated with every subnet of the tier that it is for."""
    ident = vpc.identify("rtb", role)
    associations: list[dict[str, Any]] = [
        {
            "Main": False,
            "RouteTableAssociationId": vpc.identify("rtbassoc", subnet.id),
            "RouteTableId": ident,
            "SubnetId": subnet.id,
            "AssociationState": {"State": "associated"},
        }
        for subnet in vpc.subnets
        if subnet.tier == role
    ]
    if role == "main":
        associations = [
            {
                "Main": True,
                "RouteTableAssociationId": vpc.identify("rtbassoc", "main"),
                "RouteTableId": ident,
                "AssociationState": {"State": "associated"},
            }
        ]
    local = [route("DestinationCidrBlock", vpc.cidr, "GatewayId", "local")]
    if vpc.six is not None:
        block6 = f"{coloned(vpc.six)}/56"
        local.append(route("DestinationIpv6CidrBlock", block6, "GatewayId", "local"))
    for one in local:
        one["Origin"] = "CreateRouteTable"
    return {
        "Associations": associations,
        "PropagatingVgws": [],
        "RouteTableId": ident,
        "Routes": local + routes,
        "Tags": vpc.tags(role),
        "VpcId": vpc.id,
        "OwnerId": vpc.account,
    }


def default_routes(vpc: Vpc, tier: str) -> list[dict[str, Any]]:
    """The way out to the internet: by the gateway, by the NAT gateway, or none."""
    routes = []
    if tier == "public" and vpc.has_internet:
        gateway = vpc.identify("igw")
        routes.append(route("DestinationCidrBlock", "0.0.0.0/0", "GatewayId", gateway))
        if vpc.six is not None:
            routes.append(route("DestinationIpv6CidrBlock", "::/0", "GatewayId", gateway))
    if tier == "app" and vpc.has_nat:
        nat = vpc.identify("nat")
        routes.append(route("DestinationCidrBlock", "0.0.0.0/0", "NatGatewayId", nat))
    if tier in vpc.site.exposed6:
        gateway = vpc.identify("igw")
        routes.append(route("DestinationIpv6CidrBlock", "::/0", "GatewayId", gateway))
    elif tier == "app" and vpc.has_egress6:
        gateway = vpc.identify("eigw")
        key = "EgressOnlyInternetGatewayId"
        routes.append(route("DestinationIpv6CidrBlock", "::/0", key, gateway))
    return routes


def other_routes(vpc: Vpc, tier: str) -> list[dict[str, Any]]:
    """Routes to peers, one of them by prefix list in a spoke; to S3; and one that is forgotten."""
    routes = []
    key = "VpcPeeringConnectionId"
    for peer in vpc.peers:
        if (tier, peer) in vpc.site.kept_from:
            continue
        six = block6(peer)
        if len(vpc.peers) == 1 and vpc.index % 3 == 2:
            listed = vpc.identify("pl", "peers")
            routes.append(route("DestinationPrefixListId", listed, key, vpc.peering(peer)))
        else:
            routes.append(route("DestinationCidrBlock", vpc.cidr_of(peer), key, vpc.peering(peer)))
        if six is not None and vpc.six is not None:
            cidr = f"{coloned(six)}/56"
            routes.append(route("DestinationIpv6CidrBlock", cidr, key, vpc.peering(peer)))
    if tier != "public" and vpc.has_storage_endpoint:
        endpoint = vpc.identify("vpce", "s3")
        listed = storage_list(vpc.region)
        routes.append(route("DestinationPrefixListId", listed, "GatewayId", endpoint))
    if forgotten(vpc):
        gone = route("DestinationCidrBlock", "192.168.0.0/20", key, vpc.identify("pcx", "gone"))
        routes.append(gone | {"State": "blackhole"})
    return routes + (routes_to_gateway(vpc, tier) if vpc.transit else [])


def route(key: str, destination: str, target: str, ident: str) -> dict[str, Any]:
    """One active route, in the order in which AWS prints it."""
    return {key: destination, target: ident, "Origin": "CreateRoute", "State": "active"}


def storage_list(region: str) -> str:
    """The id of the prefix list of S3 in a Region, which is everybody's."""
    return {
        "us-east-1": "pl-63a5400a",
        "us-west-2": "pl-68a54001",
        "eu-west-1": "pl-6da54004",
    }[region]
