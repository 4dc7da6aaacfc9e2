"""The load balancers of a VPC: their nodes, listeners, rules, target groups and targets.

What balancers there are is said by the VPC's site; where a target group names no targets it has the
instances that are handed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.estate.endpoints import service_interface
from bench.estate.filters import name_group
from bench.estate.interfaces import private_address, public_name
from bench.estate.network import Pairs
from bench.estate.plan import Subnet, Vpc
from bench.estate.site import Balancer, Listener, Pool

LISTS = ("ListenerRules",)
FIRST = 24  # addresses of a subnet that are given to hosts, before those of nodes
PREFIX = {"application": "app", "network": "net"}
MOST = 6  # targets of a pool that names none
HOSTED_ZONES = {  # (application, network), as AWS publishes them for each Region
    "us-east-1": ("Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"),
    "us-west-2": ("Z1H1FL5HABSF5", "Z18D5FSROUN65G"),
    "eu-west-1": ("Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"),
}


def balancers(vpc: Vpc, instances: Sequence[dict[str, Any]]) -> Pairs:
    """Every load balancer of the VPC, with all that belongs to it."""
    for place, balancer in enumerate(vpc.site.balancers):
        nodes = [subnet for subnet in vpc.subnets if subnet.tier == balancer.tier]
        yield "LoadBalancers", describe(vpc, balancer, nodes)
        attributes = {
            "deletion_protection.enabled": "true",
            "load_balancing.cross_zone.enabled": str(balancer.kind == "application").lower(),
        }
        parent = {"LoadBalancerArn": arn(vpc, balancer)}
        yield "LoadBalancerAttributes", {**parent, "Attributes": listed(attributes)}
        made = [listener(vpc, balancer, one) for one in balancer.listeners]
        yield "LoadBalancerListeners", {**parent, "Listeners": made}
        if balancer.kind == "application":
            for one in made:
                yield "ListenerRules", rules(one)
        for pool in balancer.pools:
            yield from target_group(vpc, balancer, pool, instances)
        for subnet in nodes:
            yield "NetworkInterfaces", node(vpc, balancer, subnet, place)


def digits(vpc: Vpc, *numbers: object) -> str:
    """The sixteen digits at the end of an ARN."""
    return vpc.identify("elb", *numbers)[-16:]


def full_name(vpc: Vpc, balancer: Balancer) -> str:
    """The kind, name and digits, by which ARNs and interfaces know a balancer."""
    name = f"{balancer.name}-{vpc.index}"
    return f"{PREFIX[balancer.kind]}/{name}/{digits(vpc, balancer.name)}"


def elb_arn(vpc: Vpc, resource: str) -> str:
    """The ARN of something of Elastic Load Balancing."""
    return f"arn:aws:elasticloadbalancing:{vpc.region}:{vpc.account}:{resource}"


def arn(vpc: Vpc, balancer: Balancer) -> str:
    """The ARN of a balancer."""
    return elb_arn(vpc, f"loadbalancer/{full_name(vpc, balancer)}")


def pool_arn(vpc: Vpc, pool: str) -> str:
    """The ARN of a target group."""
    return elb_arn(vpc, f"targetgroup/{pool}-{vpc.index}/{digits(vpc, 'pool', pool)}")


def describe(vpc: Vpc, balancer: Balancer, nodes: Sequence[Subnet]) -> dict[str, Any]:
    """The balancer as describe-load-balancers has it."""
    name = f"{balancer.name}-{vpc.index}"
    if balancer.is_public:
        host = f"{name}-{digits(vpc, balancer.name)}.elb.{vpc.region}.amazonaws.com"
    else:
        host = f"internal-{name}-{digits(vpc, balancer.name)}.{vpc.region}.elb.amazonaws.com"
    record: dict[str, Any] = {
        "LoadBalancerArn": arn(vpc, balancer),
        "DNSName": host,
        "CanonicalHostedZoneId": HOSTED_ZONES[vpc.region][balancer.kind == "network"],
        "CreatedTime": vpc.created,
        "LoadBalancerName": name,
        "Scheme": "internet-facing" if balancer.is_public else "internal",
        "VpcId": vpc.id,
        "State": {"Code": "active"},
        "Type": balancer.kind,
        "AvailabilityZones": [
            {"ZoneName": vpc.zone(one.zone), "SubnetId": one.id, "LoadBalancerAddresses": []}
            for one in nodes
        ],
        "IpAddressType": "ipv4",
    }
    if balancer.groups:
        record["SecurityGroups"] = [vpc.group(number) for number in balancer.groups]
        if balancer.kind == "network":
            record["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = "on"
    return record


def listed(attributes: dict[str, str]) -> list[dict[str, str]]:
    """Attributes as the calls on them print them."""
    return [{"Key": key, "Value": value} for key, value in attributes.items()]


# --- listeners and their rules --------------------------------------------------------------------


def listener(vpc: Vpc, balancer: Balancer, listener: Listener) -> dict[str, Any]:
    """A listener, as describe-listeners has it."""
    own = f"{full_name(vpc, balancer)}/{digits(vpc, balancer.name, listener.port)}"
    record: dict[str, Any] = {
        "ListenerArn": elb_arn(vpc, f"listener/{own}"),
        "LoadBalancerArn": arn(vpc, balancer),
        "Port": listener.port,
        "Protocol": listener.protocol,
        "DefaultActions": [action(vpc, listener)],
    }
    if listener.protocol == "HTTPS":
        certificate = f"arn:aws:acm:{vpc.region}:{vpc.account}:certificate/{digits(vpc, 'acm')}"
        record["Certificates"] = [{"CertificateArn": certificate}]
        record["SslPolicy"] = "ELBSecurityPolicy-TLS13-1-2-2021-06"
    return record


def action(vpc: Vpc, listener: Listener) -> dict[str, Any]:
    """What a listener does with what comes."""
    if not listener.pool:
        redirect = {"Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}"}
        return {
            "Type": "redirect",
            "Order": 1,
            "RedirectConfig": {**redirect, "Query": "#{query}", "StatusCode": "HTTP_301"},
        }
    group = pool_arn(vpc, listener.pool)
    return {
        "Type": "forward",
        "Order": 1,
        "TargetGroupArn": group,
        "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group, "Weight": 1}]},
    }


def rules(listener: dict[str, Any]) -> dict[str, Any]:
    """The rules of a listener: the default one."""
    ident = listener["ListenerArn"].replace(":listener/", ":listener-rule/")
    rule = {
        "RuleArn": f"{ident}/{ident[-16:]}",
        "Priority": "default",
        "Conditions": [],
        "Actions": listener["DefaultActions"],
        "IsDefault": True,
    }
    return {"ListenerArn": listener["ListenerArn"], "Rules": [rule]}


# --- target groups --------------------------------------------------------------------------------


def target_group(
    vpc: Vpc, balancer: Balancer, pool: Pool, instances: Sequence[dict[str, Any]]
) -> Pairs:
    """A target group, its attributes and its targets; one that no listener names is unused."""
    parent = {"TargetGroupArn": pool_arn(vpc, pool.name)}
    is_used = pool.name in [one.pool for one in balancer.listeners]
    yield (
        "TargetGroups",
        {
            **parent,
            "TargetGroupName": f"{pool.name}-{vpc.index}",
            "Protocol": pool.protocol,
            "Port": pool.port,
            "VpcId": vpc.id,
            "HealthCheckProtocol": pool.protocol,
            "HealthCheckPort": "traffic-port",
            "HealthCheckEnabled": True,
            "HealthCheckIntervalSeconds": 30,
            "HealthCheckTimeoutSeconds": 10,
            "HealthyThresholdCount": 5,
            "UnhealthyThresholdCount": 2,
            "LoadBalancerArns": [arn(vpc, balancer)] if is_used else [],
            "TargetType": pool.kind,
            "IpAddressType": "ipv4",
        },
    )
    attributes = {
        "deregistration_delay.timeout_seconds": "300",
        "stickiness.enabled": "false",
        "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    }
    if balancer.kind == "network":
        attributes["preserve_client_ip.enabled"] = str(pool.kind == "instance").lower()
    yield "TargetGroupAttributes", {**parent, "Attributes": listed(attributes)}
    found = [health(pool, target, is_used) for target in targets(vpc, pool, instances)]
    yield "LoadBalancerTargetHealth", {**parent, "TargetHealthDescriptions": found}


def targets(
    vpc: Vpc, pool: Pool, instances: Sequence[dict[str, Any]]
) -> list[tuple[str, str | None]]:
    """The targets as (id or address, zone); an instance is registered without its zone."""
    if pool.targets:
        return [(vpc.fixture("i", name), None) for name in pool.targets]
    if pool.kind == "instance":
        return [(one["InstanceId"], None) for one in instances[:MOST]]
    return [
        (one["PrivateIpAddress"], one["Placement"]["AvailabilityZone"]) for one in instances[:MOST]
    ]


def health(pool: Pool, target: tuple[str, str | None], is_used: bool) -> dict[str, Any]:
    """A target and how it does."""
    ident, zone = target
    unused = {
        "State": "unused",
        "Reason": "Target.NotInUse",
        "Description": "Target group is not configured to receive traffic from the load balancer",
    }
    return {
        "Target": {
            "Id": ident,
            "Port": pool.port,
            **({} if zone is None else {"AvailabilityZone": zone}),
        },
        "HealthCheckPort": str(pool.port),
        "TargetHealth": {"State": "healthy"} if is_used else unused,
    }


# --- nodes ----------------------------------------------------------------------------------------


def node(vpc: Vpc, balancer: Balancer, subnet: Subnet, place: int) -> dict[str, Any]:
    """A balancer's interface in one of its subnets."""
    eni = vpc.identify("eni", "balancer", balancer.name, subnet.zone)
    address = vpc.given_address(subnet, FIRST + place)
    joined: dict[str, Any] = {}
    if balancer.is_public:
        public = vpc.given_public_address(FIRST + 3 * place + subnet.zone)
        name = public_name(vpc, public)
        joined["Association"] = {
            "IpOwnerId": "amazon-elb",
            "PublicDnsName": name,
            "PublicIp": public,
        }
    is_network = balancer.kind == "network"
    record = service_interface(vpc, subnet, eni, address) | {
        "Description": f"ELB {full_name(vpc, balancer)}",
        "Groups": [
            {"GroupId": vpc.group(number), "GroupName": name_group(vpc, number)}
            for number in balancer.groups
        ],
        "InterfaceType": "network_load_balancer" if is_network else "interface",
        "PrivateIpAddresses": [private_address(vpc, address, True) | joined],
        "RequesterId": "amazon-elb",
    }
    return joined | record
