"""PrivateLink: endpoint services in front of balancers, and the endpoints of others to them.

Each side is told of the other by its index: the provider of its consumers, the consumer of its
provider.  What the two calls print agrees because both follow from the same plan.
"""

from __future__ import annotations

from typing import Any

from bench.estate.balancers import arn
from bench.estate.endpoints import POLICY, service_interface
from bench.estate.filters import name_group
from bench.estate.network import Pairs
from bench.estate.plan import Vpc, identify
from bench.estate.site import Consumer, Endpoint, Service

LISTS = ("ServiceDetails", "VpcEndpointServicePermissions")
FIRST = 40  # addresses of a subnet that are given to hosts and nodes, before those of endpoints


def privatelink(vpc: Vpc) -> Pairs:
    """The services that a VPC offers, and its endpoints to those of other VPCs."""
    for service in vpc.site.services:
        yield from offered(vpc, service)
    for place, endpoint in enumerate(vpc.site.endpoints):
        yield from used(vpc, endpoint, place)


def service_id(seed: int, provider: int, name: str) -> str:
    """The id of a service that VPC ``provider`` offers."""
    return identify("vpce-svc", seed, provider, name)


def endpoint_id(seed: int, consumer: int, name: str) -> str:
    """The id of the endpoint of VPC ``consumer`` to a service of that name."""
    return identify("vpce", seed, consumer, "privatelink", name)


def service_name(vpc: Vpc, ident: str) -> str:
    """What endpoints call the service."""
    return f"com.amazonaws.vpce.{vpc.region}.{ident}"


def state(side: Consumer | Endpoint) -> str:
    """What either side says of the connection."""
    return "available" if side.is_accepted else "pendingAcceptance"


# --- the provider's side --------------------------------------------------------------------------


def offered(vpc: Vpc, service: Service) -> Pairs:
    """A service, who may ask for it and who has."""
    ident = service_id(vpc.seed, vpc.index, service.name)
    balancer = next(one for one in vpc.site.balancers if one.name == service.balancer)
    yield (
        "ServiceConfigurations",
        {
            "ServiceType": [{"ServiceType": "Interface"}],
            "ServiceId": ident,
            "ServiceName": service_name(vpc, ident),
            "ServiceState": "Available",
            "AvailabilityZoneIds": [vpc.zone_id(zone) for zone in range(3)],
            "AvailabilityZones": [vpc.zone(zone) for zone in range(3)],
            "AcceptanceRequired": service.needs_acceptance,
            "ManagesVpcEndpoints": False,
            "NetworkLoadBalancerArns": [arn(vpc, balancer)],
            "SupportedIpAddressTypes": ["ipv4"],
            "BaseEndpointDnsNames": [f"{ident}.{vpc.region}.vpce.amazonaws.com"],
            "Tags": vpc.tags(service.name),
        },
    )
    principals = [permission(vpc, ident, one) for one in service.principals]
    yield "VpcEndpointServicePermissions", {"ServiceId": ident, "AllowedPrincipals": principals}
    for consumer in service.consumers:
        connection = identify("vpce-con", vpc.seed, consumer.vpc, service.name)
        yield (
            "VpcEndpointConnections",
            {
                "ServiceId": ident,
                "VpcEndpointId": endpoint_id(vpc.seed, consumer.vpc, service.name),
                "VpcEndpointOwner": consumer.account,
                "VpcEndpointState": state(consumer),
                "CreationTimestamp": vpc.created,
                "NetworkLoadBalancerArns": [arn(vpc, balancer)],
                "IpAddressType": "ipv4",
                "VpcEndpointConnectionId": connection,
                "Tags": [],
            },
        )


def permission(vpc: Vpc, ident: str, principal: str) -> dict[str, Any]:
    """One principal that may ask for a service."""
    return {
        "PrincipalType": "All" if principal == "*" else "Account",
        "Principal": principal,
        "ServicePermissionId": vpc.identify("vpce-svc-perm", ident, principal),
        "ServiceId": ident,
        "Tags": [],
    }


# --- the consumer's side --------------------------------------------------------------------------


def used(vpc: Vpc, endpoint: Endpoint, place: int) -> Pairs:
    """An endpoint with its interfaces, and what the account is told of the service."""
    ident = endpoint_id(vpc.seed, vpc.index, endpoint.name)
    service = service_id(vpc.seed, endpoint.provider, endpoint.name)
    subnets = [vpc.subnet("app", zone) for zone in endpoint.zones]
    enis = [vpc.identify("eni", "privatelink", endpoint.name, one.zone) for one in subnets]
    group = {
        "GroupId": vpc.group(endpoint.group),
        "GroupName": name_group(vpc, endpoint.group),
    }
    for subnet, eni in zip(subnets, enis, strict=True):
        record = service_interface(vpc, subnet, eni, vpc.given_address(subnet, FIRST + place)) | {
            "Description": f"VPC Endpoint Interface {ident}",
            "Groups": [group],
            "InterfaceType": "vpc_endpoint",
            "DenyAllIgwTraffic": True,
        }
        yield "NetworkInterfaces", record
    yield (
        "VpcEndpoints",
        {
            "VpcEndpointId": ident,
            "VpcEndpointType": "Interface",
            "VpcId": vpc.id,
            "ServiceName": service_name(vpc, service),
            "State": state(endpoint),
            "PolicyDocument": POLICY,
            "RouteTableIds": [],
            "SubnetIds": [one.id for one in subnets],
            "Groups": [group],
            "IpAddressType": "ipv4",
            "DnsOptions": {"DnsRecordIpType": "ipv4"},
            "PrivateDnsEnabled": False,
            "RequesterManaged": False,
            "NetworkInterfaceIds": enis,
            "DnsEntries": [
                {
                    "DnsName": f"{ident}.{service}.{vpc.region}.vpce.amazonaws.com",
                    "HostedZoneId": "Z7HUB22UULQXV",
                }
            ],
            "CreationTimestamp": vpc.created,
            "Tags": vpc.tags(endpoint.name),
            "OwnerId": vpc.account,
            "ServiceRegion": vpc.region,
        },
    )
    # An account is told of services that it may ask for only.
    if endpoint.is_accepted:
        yield "ServiceDetails", detail(vpc, endpoint, service)


def detail(vpc: Vpc, endpoint: Endpoint, service: str) -> dict[str, Any]:
    """What describe-vpc-endpoint-services tells the consumer's account."""
    return {
        "ServiceName": service_name(vpc, service),
        "ServiceId": service,
        "ServiceType": [{"ServiceType": "Interface"}],
        "ServiceRegion": vpc.region,
        "AvailabilityZoneIds": [vpc.zone_id(zone) for zone in range(3)],
        "AvailabilityZones": [vpc.zone(zone) for zone in range(3)],
        "Owner": vpc.account_of(endpoint.provider),
        "BaseEndpointDnsNames": [f"{service}.{vpc.region}.vpce.amazonaws.com"],
        "VpcEndpointPolicySupported": False,
        "AcceptanceRequired": endpoint.needs_acceptance,
        "ManagesVpcEndpoints": False,
        "Tags": [],
        "SupportedIpAddressTypes": ["ipv4"],
    }
