"""Load balancers and accelerators for the estates of tests, as the AWS CLI prints them.

    web = target_group(e, e.v1, "web", "TCP", 80, [e.b], preserve=True)
    nlb = balancer(e, "network", "front", {e.sa: "10.0.0.40"}, public={e.sa: "198.51.100.40"})
    listen(e, nlb, "TCP", 443, web)                        # a group, several, or actions
    nlb.nodes[0].ip                                        # its interfaces, one for each subnet

    old = classic(e, "old", {e.sa: "10.0.0.60"}, [("HTTP", 80, 8080)], [e.b], cross_zone=True)
    ga = accelerator(e, "world", ["75.2.60.5"], [("TCP", 443, 443)], [(nlb, True)])

A network load balancer has no groups unless some are given, the others are open to everything.
Every per-parent call is made; `e.drop` takes one away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.estate import Estate, Id, Record

ELB = "amazon-elb"
CREATED = "2024-05-01T09:00:00+00:00"
PREFIXES = {"network": "net", "application": "app", "gateway": "gwy"}
Nodes = Mapping[Id, str]


class Balancer(Id):
    """The ARN of a balancer; `nodes` are its interfaces, `name` is its name."""

    nodes: list[Id]
    name: str


def balancer(
    e: Estate,
    kind: str,
    name: str,
    nodes: Nodes,
    groups: Sequence[Id] | None = None,
    public: Mapping[Id, str] | None = None,
    ipv6: Mapping[Id, str] | None = None,
    cross_zone: bool = False,
    state: str = "active",
    attributes: bool = True,
    enforce: str | None = None,
) -> Balancer:
    """A balancer with a node of that address in each subnet, internet-facing if any is public."""
    vpc = next(iter(nodes)).vpc
    scope = vpc.scope
    suffix = e.fresh("lb").removeprefix("lb-0")
    short = f"{PREFIXES[kind]}/{name}/{suffix}"
    arn = f"arn:aws:elasticloadbalancing:{scope[1]}:{scope[0]}:loadbalancer/{short}"
    made = Balancer(arn)
    made.scope, made.vpc, made.name, made.arn = scope, vpc, name, arn
    worn = groups if groups is not None else () if kind == "network" else [e.open_group(vpc)]
    made.nodes = [
        e.interface(
            subnet,
            ip,
            groups=worn,
            public=(public or {}).get(subnet),
            ipv6=(ipv6 or {}).get(subnet),
            kind="network_load_balancer" if kind == "network" else "interface",
            requester=ELB,
            description=f"ELB {short}",
            elastic=kind == "network",
        )
        for subnet, ip in nodes.items()
    ]
    made.record = {
        "AvailabilityZones": [
            {
                "LoadBalancerAddresses": [],
                "SubnetId": str(subnet),
                "ZoneName": subnet.record["AvailabilityZone"],
            }
            for subnet in nodes
        ],
        "CanonicalHostedZoneId": "Z26RNL4JYFTOTI",
        "CreatedTime": CREATED,
        "DNSName": f"{name}-{suffix}.elb.{scope[1]}.amazonaws.com",
        "IpAddressType": "dualstack" if ipv6 else "ipv4",
        "LoadBalancerArn": arn,
        "LoadBalancerName": name,
        "Scheme": "internet-facing" if public else "internal",
        "State": {"Code": state},
        "Type": kind,
        "VpcId": str(vpc),
    }
    if worn:
        made.record["SecurityGroups"] = [str(group) for group in worn]
    if enforce:
        key = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
        made.record[key] = enforce
    e.scope(scope)["LoadBalancers"].append(made.record)
    e.scope(scope)["LoadBalancerListeners"].append({"LoadBalancerArn": arn, "Listeners": []})
    if attributes:
        said = {
            "deletion_protection.enabled": "false",
            "load_balancing.cross_zone.enabled": str(cross_zone or kind == "application").lower(),
        }
        e.scope(scope)["LoadBalancerAttributes"].append(
            {"LoadBalancerArn": arn, "Attributes": pairs(said)}
        )
    return made


def target_group(
    e: Estate,
    vpc: Id,
    name: str,
    protocol: str,
    port: int,
    targets: Sequence[Any] = (),
    kind: str = "instance",
    preserve: bool | None = None,
    cross_zone: str | None = None,
    health: str = "healthy",
    attributes: bool = True,
    family: str = "ipv4",
) -> Id:
    """A target group with registered targets: an id or address, or (it, its port), or
    (it, its port, its zone, its state)."""
    scope = vpc.scope
    suffix = e.fresh("tg").removeprefix("tg-0")
    arn = f"arn:aws:elasticloadbalancing:{scope[1]}:{scope[0]}:targetgroup/{name}/{suffix}"
    made = Id(arn)
    made.scope, made.vpc, made.arn = scope, vpc, arn
    made.record = {
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckPort": "traffic-port",
        "HealthCheckProtocol": "TCP" if protocol in ("TCP", "TLS", "UDP", "TCP_UDP") else protocol,
        "HealthCheckTimeoutSeconds": 10,
        "HealthyThresholdCount": 5,
        "IpAddressType": family,
        "LoadBalancerArns": [],
        "Port": port,
        "Protocol": protocol,
        "TargetGroupArn": arn,
        "TargetGroupName": name,
        "TargetType": kind,
        "UnhealthyThresholdCount": 2,
        "VpcId": str(vpc),
    }
    e.scope(scope)["TargetGroups"].append(made.record)
    described = [described_target(each, port, kind, health) for each in targets]
    e.scope(scope)["LoadBalancerTargetHealth"].append(
        {"TargetGroupArn": arn, "TargetHealthDescriptions": described}
    )
    if attributes:
        said = {"deregistration_delay.timeout_seconds": "300", "stickiness.enabled": "false"}
        if preserve is not None:
            said["preserve_client_ip.enabled"] = str(preserve).lower()
        said["load_balancing.cross_zone.enabled"] = cross_zone or "use_load_balancer_configuration"
        e.scope(scope)["TargetGroupAttributes"].append(
            {"TargetGroupArn": arn, "Attributes": pairs(said)}
        )
    e.ids[made] = made
    return made


def described_target(target: Any, port: int, kind: str, health: str) -> Record:
    name, own, zone, state = (
        (*target, *(None,) * (4 - len(target)))
        if isinstance(target, tuple)
        else (target, None, None, None)
    )
    said: Record = {"Id": str(name)}
    if kind != "lambda":
        said["Port"] = own or port
    if zone:
        said["AvailabilityZone"] = zone
    return {
        "HealthCheckPort": str(own or port),
        "Target": said,
        "TargetHealth": {"State": state or health},
    }


def forward(*groups: Any) -> Record:
    """A forward action: groups, or (group, weight)."""
    weighted = [each if isinstance(each, tuple) else (each, 1) for each in groups]
    action: Record = {
        "ForwardConfig": {
            "TargetGroups": [
                {"TargetGroupArn": str(group), "Weight": weight} for group, weight in weighted
            ]
        },
        "Type": "forward",
    }
    if len(weighted) == 1:
        action["TargetGroupArn"] = str(weighted[0][0])
    return action


def listen(
    e: Estate, of: Balancer, protocol: str, port: int, *to: Any, rules: Sequence[Record] | None = ()
) -> Id:
    """A listener that forwards to groups, or takes actions; `rules` None: the call was not made."""
    actions = [each for each in to if isinstance(each, dict)] or [forward(*to)]
    suffix = e.fresh("listener").removeprefix("listener-0")
    made = Id(of.replace(":loadbalancer/", ":listener/") + f"/{suffix}")
    made.scope, made.arn = of.scope, str(made)
    listener = {
        "DefaultActions": ordered(actions),
        "ListenerArn": str(made),
        "LoadBalancerArn": str(of),
        "Port": port,
        "Protocol": protocol,
    }
    made.record = listener
    calls = e.scope(of.scope)
    found = calls["LoadBalancerListeners"]
    next(each for each in found if each["LoadBalancerArn"] == of)["Listeners"].append(listener)
    if of.record["Type"] == "application" and rules is not None:
        default = rule(e, made, "default", [], *actions)
        own = [{**each, "RuleArn": rule_arn(e, made)} for each in rules]
        calls["ListenerRules"].append({"ListenerArn": str(made), "Rules": [*own, default]})
    for action in [*actions, *(action for each in rules or () for action in each["Actions"])]:
        for group in action.get("ForwardConfig", {}).get("TargetGroups", []):
            known = e.ids[group["TargetGroupArn"]].record["LoadBalancerArns"]
            if str(of) not in known:
                known.append(str(of))
    return made


def ordered(actions: Sequence[Record]) -> list[Record]:
    return [{"Order": number, **action} for number, action in enumerate(actions, start=1)]


def rule_arn(e: Estate, listener: Id) -> str:
    suffix = e.fresh("rule").removeprefix("rule-0")
    return str(listener).replace(":listener/", ":listener-rule/") + f"/{suffix}"


def rule(
    e: Estate, listener: Id | None, priority: str, conditions: Sequence[Record], *to: Any
) -> Record:
    """A rule with its conditions; groups are forwarded to, anything else is an action."""
    actions = [each if isinstance(each, dict) else forward(each) for each in to]
    made: Record = {
        "Actions": ordered(actions),
        "Conditions": list(conditions),
        "IsDefault": priority == "default",
        "Priority": priority,
    }
    if listener is not None:
        made["RuleArn"] = rule_arn(e, listener)
    return made


def path(*values: str) -> Record:
    return {
        "Field": "path-pattern",
        "PathPatternConfig": {"Values": list(values)},
        "Values": list(values),
    }


def source(*blocks: str) -> Record:
    return {"Field": "source-ip", "SourceIpConfig": {"Values": list(blocks)}}


def pairs(attributes: Mapping[str, str]) -> list[Record]:
    return [{"Key": key, "Value": value} for key, value in attributes.items()]


# ------------------------------ classic


def classic(
    e: Estate,
    name: str,
    nodes: Nodes,
    listeners: Sequence[tuple[str, int, int]],
    instances: Sequence[Id],
    groups: Sequence[Id] | None = None,
    public: Mapping[Id, str] | None = None,
    cross_zone: bool | None = False,
) -> Balancer:
    """A classic balancer; `cross_zone` None: the call that tells was not made."""
    vpc = next(iter(nodes)).vpc
    scope = vpc.scope
    arn = f"arn:aws:elasticloadbalancing:{scope[1]}:{scope[0]}:loadbalancer/{name}"
    made = Balancer(arn)
    made.scope, made.vpc, made.name, made.arn = scope, vpc, name, arn
    worn = groups if groups is not None else [e.open_group(vpc)]
    made.nodes = [
        e.interface(
            subnet,
            ip,
            groups=worn,
            public=(public or {}).get(subnet),
            requester=ELB,
            description=f"ELB {name}",
            elastic=False,
        )
        for subnet, ip in nodes.items()
    ]
    made.record = {
        "AvailabilityZones": [subnet.record["AvailabilityZone"] for subnet in nodes],
        "BackendServerDescriptions": [],
        "CanonicalHostedZoneNameID": "Z35SXDOTRQ7X7K",
        "CreatedTime": CREATED,
        "DNSName": f"{name}-1234567890.{scope[1]}.elb.amazonaws.com",
        "HealthCheck": {
            "HealthyThreshold": 10,
            "Interval": 30,
            "Target": f"TCP:{listeners[0][2]}" if listeners else "TCP:80",
            "Timeout": 5,
            "UnhealthyThreshold": 2,
        },
        "Instances": [{"InstanceId": str(each)} for each in instances],
        "ListenerDescriptions": [
            {
                "Listener": {
                    "InstancePort": inner,
                    "InstanceProtocol": protocol,
                    "LoadBalancerPort": outer,
                    "Protocol": protocol,
                },
                "PolicyNames": [],
            }
            for protocol, outer, inner in listeners
        ],
        "LoadBalancerName": name,
        "Policies": {
            "AppCookieStickinessPolicies": [],
            "LBCookieStickinessPolicies": [],
            "OtherPolicies": [],
        },
        "Scheme": "internet-facing" if public else "internal",
        "SecurityGroups": [str(group) for group in worn],
        "Subnets": [str(subnet) for subnet in nodes],
        "VPCId": str(vpc),
    }
    e.scope(scope)["LoadBalancerDescriptions"].append(made.record)
    if cross_zone is not None:
        said = {"CrossZoneLoadBalancing": {"Enabled": cross_zone}}
        e.scope(scope)["ClassicLoadBalancerAttributes"].append(
            {"LoadBalancerName": name, "LoadBalancerAttributes": said}
        )
    return made


# ------------------------------ Global Accelerator


def accelerator(
    e: Estate,
    name: str,
    addresses: Sequence[str],
    listeners: Sequence[tuple[str, int, int]],
    endpoints: Sequence[tuple[str, bool]],
    overrides: Mapping[int, int] | None = None,
    region: str | None = None,
    enabled: bool = True,
    dial: float = 100.0,
) -> Id:
    """An accelerator: (protocol, first port, last port) listeners, each with one group of
    endpoints (an id or ARN, whether client addresses are preserved)."""
    account = e.home[0]
    scope = (account, "us-west-2")
    arn = f"arn:aws:globalaccelerator::{account}:accelerator/{e.fresh('ga')}"
    made = Id(arn)
    made.scope, made.arn = scope, arn
    made.record = {
        "AcceleratorArn": arn,
        "CreatedTime": CREATED,
        "DnsName": f"{name}.awsglobalaccelerator.com",
        "Enabled": enabled,
        "Events": [],
        "IpAddressType": "IPV4",
        "IpSets": [
            {
                "IpAddressFamily": "IPv4",
                "IpAddresses": list(addresses),
                "IpFamily": "IPv4",
            }
        ],
        "LastModifiedTime": CREATED,
        "Name": name,
        "Status": "DEPLOYED",
    }
    calls = e.scope(scope)
    calls["Accelerators"].append(made.record)
    for protocol, first, last in listeners:
        listener = f"{arn}/listener/{e.fresh('galistener').removeprefix('galistener-')}"
        calls["Listeners"].append(
            {
                "ClientAffinity": "NONE",
                "ListenerArn": listener,
                "PortRanges": [{"FromPort": first, "ToPort": last}],
                "Protocol": protocol,
            }
        )
        calls["EndpointGroups"].append(
            {
                "EndpointDescriptions": [
                    {
                        "ClientIPPreservationEnabled": preserved,
                        "EndpointId": str(endpoint),
                        "HealthState": "HEALTHY",
                        "Weight": 128,
                    }
                    for endpoint, preserved in endpoints
                ],
                "EndpointGroupArn": f"{listener}/endpoint-group/{e.fresh('gagroup')}",
                "EndpointGroupRegion": region or e.home[1],
                "HealthCheckIntervalSeconds": 30,
                "HealthCheckPath": "/",
                "HealthCheckPort": 80,
                "HealthCheckProtocol": "TCP",
                "PortOverrides": [
                    {"EndpointPort": inner, "ListenerPort": outer}
                    for outer, inner in (overrides or {}).items()
                ],
                "ThresholdCount": 3,
                "TrafficDialPercentage": dial,
            }
        )
    return made


def accelerator_interface(e: Estate, subnet: Id, ip: str, group: Id) -> Id:
    """What an accelerator places in the subnet of an endpoint whose clients keep their address."""
    return e.interface(
        subnet,
        ip,
        groups=[group],
        kind="global_accelerator_managed",
        requester="amazon-aws",
        description="Global Accelerator managed interface",
    )
