"""What an account has in a Region before it has a VPC, and the calls that return nothing.

Every call of a full capture has its answer, because an absent one would be a gap: a reason for
the library to say "undecided".
"""

from __future__ import annotations

from typing import Any

from bench.estate.network import Pairs, storage_list
from bench.estate.plan import REGIONS, ZONES, Vpc, identify

STORAGE = {
    "us-east-1": ("52.216.0.0/15", "54.231.0.0/16", "3.5.0.0/19", "16.182.0.0/16"),
    "us-west-2": ("52.218.128.0/17", "52.92.128.0/17", "3.5.76.0/22", "35.80.36.208/28"),
    "eu-west-1": ("52.218.0.0/17", "52.92.0.0/17", "3.5.64.0/21", "18.34.240.0/22"),
}
TABLES = {
    "us-east-1": ("pl-02cd2c6b", ("52.94.0.0/22", "52.119.224.0/20")),
    "us-west-2": ("pl-00a54069", ("52.94.10.0/24", "52.94.28.0/23")),
    "eu-west-1": ("pl-6fa54006", ("52.94.5.0/24", "52.119.240.0/21")),
}

# Calls whose answer is a list, which stays empty where nothing of the kind has been grown.
LISTS = (
    "Addresses",
    "AvailabilityZones",
    "CarrierGateways",
    "ClientVpnEndpoints",
    "CustomerGateways",
    "DBInstances",
    "DhcpOptions",
    "EgressOnlyInternetGateways",
    "Firewalls",
    "InstanceConnectEndpoints",
    "InternetGateways",
    "LoadBalancerAttributes",
    "LoadBalancerDescriptions",
    "LoadBalancerListeners",
    "LoadBalancerTargetHealth",
    "LoadBalancers",
    "LocalGatewayRouteTables",
    "LocalGateways",
    "ManagedPrefixListEntries",
    "ManagedPrefixLists",
    "NatGateways",
    "NetworkAcls",
    "NetworkInterfaces",
    "PrefixLists",
    "Reservations",
    "RouteServerEndpoints",
    "RouteServerPeers",
    "RouteServers",
    "RouteTables",
    "SecurityGroupRules",
    "SecurityGroupVpcAssociations",
    "SecurityGroups",
    "ServiceConfigurations",
    "Subnets",
    "TargetGroupAttributes",
    "TargetGroups",
    "TransitGatewayAttachments",
    "TransitGatewayConnects",
    "TransitGatewayPeeringAttachments",
    "TransitGatewayPropagations",
    "TransitGatewayRouteTableAssociations",
    "TransitGatewayRouteTables",
    "TransitGatewayStaticRoutes",
    "TransitGatewayVpcAttachments",
    "TransitGateways",
    "VerifiedAccessEndpoints",
    "VpcAttributes",
    "VpcBlockPublicAccessExclusions",
    "VpcEncryptionControls",
    "VpcEndpointConnections",
    "VpcEndpoints",
    "VpcPeeringConnections",
    "Vpcs",
    "VpnConnections",
    "VpnGateways",
)

# The calls about services that no estate uses.  A mixed one has their answers as well, since what
# is asked of all of it hangs on every call that a capture makes.
UNUSED = (
    "Accelerators",
    "AcceleratorListeners",
    "Attachments",
    "ByoipCidrs",
    "CacheClusters",
    "ClassicLoadBalancerAttributes",
    "ClientVpnAuthorizationRules",
    "ClientVpnRoutes",
    "ClientVpnTargetNetworks",
    "CoreNetworkDetails",
    "CoreNetworkPolicies",
    "CoreNetworkRoutes",
    "CoreNetworkVpcAttachments",
    "CoreNetworks",
    "EksClusters",
    "EndpointGroups",
    "Functions",
    "LatticeListeners",
    "LatticeRules",
    "LatticeServices",
    "LatticeTargetGroups",
    "LatticeTargets",
    "NetworkFirewallEndpointAssociations",
    "NetworkFirewallPolicies",
    "NetworkFirewallRuleGroups",
    "NetworkFirewalls",
    "Peerings",
    "PublicIpv4Pools",
    "ReplicationGroups",
    "ResourceConfigurations",
    "ResourceGateways",
    "ServiceNetworkResourceAssociations",
    "ServiceNetworkServiceAssociations",
    "ServiceNetworkVpcAssociations",
    "VpcEndpointAssociations",
    "directConnectGatewayAssociations",
    "directConnectGatewayAttachments",
    "directConnectGateways",
    "tasks",
    "virtualInterfaces",
)


def place(vpc: Vpc) -> Pairs:
    """What the account and Region of a VPC have whether or not it is there."""
    number = dict(REGIONS)[vpc.region]
    for index, zone in enumerate(ZONES, start=1):
        yield (
            "AvailabilityZones",
            {
                "OptInStatus": "opt-in-not-required",
                "Messages": [],
                "RegionName": vpc.region,
                "ZoneName": f"{vpc.region}{zone}",
                "ZoneId": f"{number}-az{index}",
                "GroupName": vpc.region,
                "NetworkBorderGroup": vpc.region,
                "ZoneType": "availability-zone",
                "State": "available",
            },
        )
    yield from service_list(vpc.region, "s3", storage_list(vpc.region), STORAGE[vpc.region])
    yield from service_list(vpc.region, "dynamodb", *TABLES[vpc.region])
    yield (
        "DhcpOptions",
        {
            "OwnerId": vpc.account,
            "Tags": [],
            "DhcpOptionsId": identify("dopt", vpc.seed, vpc.folder),
            "DhcpConfigurations": [
                {"Key": "domain-name", "Values": [{"Value": f"{vpc.region}.compute.internal"}]},
                {"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]},
            ],
        },
    )


def service_list(region: str, service: str, ident: str, cidrs: tuple[str, ...]) -> Pairs:
    """The prefix list of an AWS service, which three calls know about."""
    name = f"com.amazonaws.{region}.{service}"
    yield "PrefixLists", {"PrefixListId": ident, "PrefixListName": name, "Cidrs": list(cidrs)}
    yield (
        "ManagedPrefixLists",
        {
            "PrefixListId": ident,
            "AddressFamily": "IPv4",
            "State": "create-complete",
            "PrefixListArn": f"arn:aws:ec2:{region}:aws:prefix-list/{ident}",
            "PrefixListName": name,
            "Tags": [],
            "OwnerId": "AWS",
        },
    )
    entries = [{"Cidr": cidr} for cidr in cidrs]
    yield "ManagedPrefixListEntries", {"PrefixListId": ident, "Entries": entries}


def public_access(vpc: Vpc) -> dict[str, Any]:
    """The answer of describe-vpc-block-public-access-options, the one call that is no list."""
    return {
        "AwsAccountId": vpc.account,
        "AwsRegion": vpc.region,
        "State": "default-state",
        "InternetGatewayBlockMode": "off",
        "ManagedBy": "account",
        "ExclusionsAllowed": "allowed",
    }
