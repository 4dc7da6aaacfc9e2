"""Firewalls, and Gateway Load Balancers with their services, as the AWS CLI prints them.

rules = stateful(e, "pass tcp any any -> any 443 (sid:1;)")      # Suricata's words
plain = five_tuples(e, "drop tcp 10.0.0.0/8 any -> any 22")      # or as structured rules
first = stateless(e, "10 pass tcp 10.0.0.0/24 any -> any 443")
listed = domains(e, "ALLOWLIST", "example.org", home=["10.0.0.0/8"])
fw = firewall(e, {e.sf: "10.0.7.9"}, policy(e, stateful=[rules], stateless=[first]))

gwlb = appliances(e, {subnet: "10.9.0.40"}, [target])             # with its service
e.endpoint_balancer(subnet, ip, gwlb.service)

e = Guarded()                                 # A, a subnet SF for an endpoint, and the net
e.fire(policy(e, stateful=[rules]))           # a firewall between A and the net
e.behind(e.endpoint_balancer(e.sf, "10.0.7.9"))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.estate import Estate, Id, Pair, Record
from tests.estates.balancers import CREATED, ELB, Balancer, listen, pairs, target_group
from tests.estates.transit import attach, attachment, static, transit_gateway
from tests.estates.transit import table as transit_table

UNNAMED = ("stateless", "stateful", "tuples", "domains")  # groups that a test has no name for
PROTOCOLS = {"tcp": [6], "udp": [17], "icmp": [1], "ip": []}


class Firewall(Id):
    """The ARN of a firewall; `endpoints` are its endpoints, or its attachment to a gateway."""

    endpoints: list[Id]
    name: str


class Service(Balancer):
    """The ARN of a Gateway Load Balancer; `service` is the id of its endpoint service."""

    service: str


def arn(e: Estate, kind: str, name: str, scope: tuple[str, str] | None = None) -> str:
    account, region = scope or e.home
    return f"arn:aws:network-firewall:{region}:{account}:{kind}/{name}"


# ------------------------------ rule groups


def groups_of(e: Estate) -> list[Record]:
    return e.scope(e.home)["NetworkFirewallRuleGroups"]


def rule_group(
    e: Estate,
    kind: str,
    name: str,
    source: Record,
    rules: Record | None = None,
    strict: bool = False,
) -> Id:
    """A rule group of some source; a name that is taken is made unique."""
    taken = {str(each["RuleGroupResponse"]["RuleGroupName"]) for each in groups_of(e)}
    unique = name if name not in (*taken, *UNNAMED) else f"{name}-{len(groups_of(e))}"
    made = Id(arn(e, f"{kind.lower()}-rulegroup", unique))
    made.scope = e.home
    body: Record = {"RulesSource": source, **(rules or {})}
    if kind == "STATEFUL":
        order = "STRICT_ORDER" if strict else "DEFAULT_ACTION_ORDER"
        body["StatefulRuleOptions"] = {"RuleOrder": order}
    made.record = {
        "UpdateToken": "3f8a5e2c-1b7d-4c9e-8a6f-0d2b4c6e8f10",
        "RuleGroup": body,
        "RuleGroupResponse": {
            "Capacity": 100,
            "RuleGroupArn": str(made),
            "RuleGroupId": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
            "RuleGroupName": unique,
            "RuleGroupStatus": "ACTIVE",
            "Tags": [],
            "Type": kind,
        },
    }
    return e.put("NetworkFirewallRuleGroups", made)


def stateless(e: Estate, *lines: str) -> Id:
    """Lines such as ``10 drop tcp 10.0.0.0/8 any -> any 22-23 SYN/SYN,ACK``."""
    rules = [stateless_rule(line) for line in lines]
    source = {"StatelessRulesAndCustomActions": {"CustomActions": [], "StatelessRules": rules}}
    return rule_group(e, "STATELESS", "stateless", source)


def stateless_rule(line: str) -> Record:
    priority, action, protocol, source, source_port, _, target, port, *flags = line.split()
    match: Record = {
        "Sources": [] if source == "any" else [{"AddressDefinition": source}],
        "Destinations": [] if target == "any" else [{"AddressDefinition": target}],
        "SourcePorts": [] if source_port == "any" else [span(source_port)],
        "DestinationPorts": [] if port == "any" else [span(port)],
        "Protocols": PROTOCOLS[protocol],
    }
    if flags:
        wanted, _, masks = flags[0].partition("/")
        match["TCPFlags"] = [{"Flags": wanted.split(","), "Masks": masks.split(",")}]
    names = {"forward": "aws:forward_to_sfe"}
    actions = [names.get(action, f"aws:{action}")]
    return {
        "Priority": int(priority),
        "RuleDefinition": {"Actions": actions, "MatchAttributes": match},
    }


def span(text: str) -> Record:
    first, _, last = text.partition("-")
    return {"FromPort": int(first), "ToPort": int(last or first)}


def stateful(
    e: Estate,
    *lines: str,
    strict: bool = False,
    variables: Mapping[str, Sequence[str]] | None = None,
    ports: Mapping[str, Sequence[str]] | None = None,
    references: Mapping[str, str] | None = None,
    name: str = "stateful",
) -> Id:
    """Suricata's rules, one a line."""
    source = {"RulesString": "\n".join(lines)}
    return rule_group(e, "STATEFUL", name, source, named(variables, ports, references), strict)


def named(
    variables: Mapping[str, Sequence[str]] | None = None,
    ports: Mapping[str, Sequence[str]] | None = None,
    references: Mapping[str, str] | None = None,
) -> Record:
    made: Record = {}
    if variables or ports:
        made["RuleVariables"] = {
            "IPSets": {k: {"Definition": list(v)} for k, v in (variables or {}).items()},
            "PortSets": {k: {"Definition": list(v)} for k, v in (ports or {}).items()},
        }
    if references:
        sets = {name: {"ReferenceArn": of} for name, of in references.items()}
        made["ReferenceSets"] = {"IPSetReferences": sets}
    return made


def five_tuples(
    e: Estate,
    *lines: str,
    strict: bool = False,
    options: Sequence[tuple[str, str]] = (),
    variables: Mapping[str, Sequence[str]] | None = None,
    name: str = "tuples",
    first: int = 1,
) -> Id:
    """The same rules as structured ones, numbered from `first`; `options` are added to each."""
    rules = []
    for number, line in enumerate(lines, first):
        action, protocol, source, source_port, way, target, port = line.split()
        keywords = [("sid", str(number)), *options]
        rules.append(
            {
                "Action": action.upper(),
                "Header": {
                    "Destination": target.upper() if target == "any" else target,
                    "DestinationPort": port.upper() if port == "any" else port,
                    "Direction": "ANY" if way == "<>" else "FORWARD",
                    "Protocol": protocol.upper(),
                    "Source": source.upper() if source == "any" else source,
                    "SourcePort": source_port.upper() if source_port == "any" else source_port,
                },
                "RuleOptions": [
                    {"Keyword": word, **({"Settings": said.split(",")} if said else {})}
                    for word, said in keywords
                ],
            }
        )
    return rule_group(e, "STATEFUL", name, {"StatefulRules": rules}, named(variables), strict)


def domains(
    e: Estate,
    action: str,
    *targets: str,
    kinds: Sequence[str] = ("TLS_SNI", "HTTP_HOST"),
    home: Sequence[str] = (),
    strict: bool = False,
) -> Id:
    """A domain list: ALLOWLIST, DENYLIST, REJECTLIST or ALERTLIST."""
    source = {
        "RulesSourceList": {
            "GeneratedRulesType": action,
            "TargetTypes": list(kinds),
            "Targets": list(targets),
        }
    }
    variables = named({"HOME_NET": home}) if home else None
    return rule_group(e, "STATEFUL", "domains", source, variables, strict)


# ------------------------------ policies and firewalls


def policy(
    e: Estate,
    stateful: Sequence[Any] = (),
    stateless: Sequence[Id] = (),
    default: str = "aws:forward_to_sfe",
    strict: bool = False,
    otherwise: Sequence[str] = (),
    home: Sequence[str] = (),
    name: str | None = None,
    **more: Any,
) -> Id:
    """A policy; groups have the priorities 10, 20, ... in the order given, or (group, priority)."""
    unique = name or f"policy-{len(e.scope(e.home)['NetworkFirewallPolicies'])}"
    made = Id(arn(e, "firewall-policy", unique))
    made.scope = e.home
    body: Record = {
        "StatelessDefaultActions": [default],
        "StatelessFragmentDefaultActions": [default],
        "StatelessRuleGroupReferences": [
            {"Priority": 10 * place, "ResourceArn": str(group)}
            for place, group in enumerate(stateless, 1)
        ],
        "StatefulRuleGroupReferences": [
            reference(each, place, strict) for place, each in enumerate(stateful, 1)
        ],
        **more,
    }
    if strict:
        body["StatefulEngineOptions"] = {"RuleOrder": "STRICT_ORDER"}
        body["StatefulDefaultActions"] = list(otherwise)
    if home:
        body["PolicyVariables"] = {"RuleVariables": {"HOME_NET": {"Definition": list(home)}}}
    made.record = {
        "UpdateToken": "9b2f7c1e-5a3d-4f8b-b6c4-1e7d9a0c2f53",
        "FirewallPolicy": body,
        "FirewallPolicyResponse": {
            "FirewallPolicyArn": str(made),
            "FirewallPolicyId": "1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b",
            "FirewallPolicyName": unique,
            "FirewallPolicyStatus": "ACTIVE",
            "NumberOfAssociations": 1,
            "Tags": [],
        },
    }
    return e.put("NetworkFirewallPolicies", made)


def reference(each: Any, place: int, strict: bool) -> Record:
    if isinstance(each, dict):
        return each
    group, priority = each if isinstance(each, tuple) else (each, 10 * place)
    return {"ResourceArn": str(group), **({"Priority": priority} if strict else {})}


def firewall(
    e: Estate, places: Mapping[Id, str], rules: Id, name: str = "fw", status: str = "READY"
) -> Firewall:
    """A firewall with an endpoint of that address in each of these subnets."""
    vpc = next(iter(places)).vpc
    made = described(e, rules, name, vpc.scope)
    made.endpoints = [endpoint(e, made, subnet, ip) for subnet, ip in places.items()]
    made.record["Firewall"] |= {
        "SubnetChangeProtection": False,
        "SubnetMappings": [{"IPAddressType": "IPV4", "SubnetId": str(s)} for s in places],
        "VpcId": str(vpc),
    }
    made.record["FirewallStatus"]["SyncStates"] = {
        subnet.record["AvailabilityZone"]: sync_state(subnet, own, status, rules)
        for subnet, own in zip(places, made.endpoints, strict=True)
    }
    e.put("NetworkFirewalls", made)
    return made


def described(e: Estate, rules: Id, name: str, scope: tuple[str, str]) -> Firewall:
    made = Firewall(arn(e, "firewall", name, scope))
    made.scope, made.name, made.arn = scope, name, str(made)
    made.record = {
        "UpdateToken": "0d8f4a6b-7c2e-4b1d-9e5f-3a7c1b9d8e24",
        "Firewall": {
            "DeleteProtection": False,
            "FirewallArn": str(made),
            "FirewallId": "f47ac10b-58cc-4372-a567-0e02b2c3d479",
            "FirewallName": name,
            "FirewallPolicyArn": str(rules),
            "FirewallPolicyChangeProtection": False,
            "Tags": [],
        },
        "FirewallStatus": {
            "ConfigurationSyncStateSummary": "IN_SYNC",
            "Status": "READY",
            "SyncStates": {},
        },
    }
    return made


def endpoint(e: Estate, of: Firewall, subnet: Id, ip: str) -> Id:
    """An endpoint that a firewall has made: it is tagged, and managed by its requester."""
    made = e.endpoint_balancer(subnet, ip, "vpce-svc-0fedcba9876543210")
    made.record["RequesterManaged"] = True
    tags = {"AWSNetworkFirewallManaged": "true", "Firewall": str(of)}
    made.record["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    return made


def sync_state(subnet: Id, own: Id, status: str, rules: Id) -> Record:
    return {
        "Attachment": {"EndpointId": str(own), "Status": status, "SubnetId": str(subnet)},
        "Config": {str(rules): {"SyncStatus": "IN_SYNC", "UpdateToken": "9b2f7c1e"}},
    }


def associate(e: Estate, of: Firewall, subnet: Id, ip: str, status: str = "READY") -> Id:
    """One more endpoint of a firewall, by a VPC endpoint association."""
    own = endpoint(e, of, subnet, ip)
    association = Id(arn(e, "vpc-endpoint-association", f"{of.name}/{own}"))
    association.scope = subnet.scope
    association.record = {
        "VpcEndpointAssociation": {
            "FirewallArn": str(of),
            "SubnetMapping": {"IPAddressType": "IPV4", "SubnetId": str(subnet)},
            "Tags": [],
            "VpcEndpointAssociationArn": str(association),
            "VpcEndpointAssociationId": "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
            "VpcId": str(subnet.vpc),
        },
        "VpcEndpointAssociationStatus": {
            "AssociationSyncState": {
                subnet.record["AvailabilityZone"]: {
                    "Attachment": {
                        "EndpointId": str(own),
                        "Status": status,
                        "SubnetId": str(subnet),
                    }
                }
            },
            "Status": status,
        },
    }
    e.put("NetworkFirewallEndpointAssociations", association)
    return own


def on_gateway(
    e: Estate, tgw: Id, rules: Id, name: str = "hub", status: str = "READY", into: Any = ()
) -> Firewall:
    """A firewall that is attached to a transit gateway; `endpoints` holds its attachment."""
    made = described(e, rules, name, tgw.scope)
    own = attachment(e, tgw, "network-function", str(made), into=into)
    made.endpoints = [own]
    made.record["Firewall"] |= {
        "AvailabilityZoneMappings": [{"AvailabilityZone": f"{tgw.scope[1]}a"}],
        "TransitGatewayId": str(tgw),
        "TransitGatewayOwnerAccountId": tgw.scope[0],
    }
    made.record["FirewallStatus"]["TransitGatewayAttachmentSyncState"] = {
        "AttachmentId": str(own),
        "TransitGatewayAttachmentStatus": status,
    }
    e.put("NetworkFirewalls", made)
    return made


# ------------------------------ Gateway Load Balancers


def appliances(
    e: Estate,
    nodes: Mapping[Id, str],
    targets: Sequence[Any],
    name: str = "gwlb",
    kind: str = "instance",
    cross_zone: bool = False,
    state: str = "active",
    health: str = "healthy",
    listener: bool = True,
) -> Service:
    """A Gateway Load Balancer with its nodes, its appliances, and an endpoint service."""
    vpc = next(iter(nodes)).vpc
    account, region = vpc.scope
    suffix = e.fresh("lb").removeprefix("lb-0")
    short = f"gwy/{name}/{suffix}"
    made = Service(f"arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/{short}")
    made.scope, made.vpc, made.name, made.arn = vpc.scope, vpc, name, str(made)
    made.nodes = [
        e.interface(
            subnet,
            ip,
            groups=(),
            check=False,
            kind="gateway_load_balancer",
            requester=ELB,
            description=f"ELB {short}",
        )
        for subnet, ip in nodes.items()
    ]
    made.record = {
        "AvailabilityZones": [
            {"SubnetId": str(subnet), "ZoneName": subnet.record["AvailabilityZone"]}
            for subnet in nodes
        ],
        "CreatedTime": CREATED,
        "IpAddressType": "ipv4",
        "LoadBalancerArn": str(made),
        "LoadBalancerName": name,
        "State": {"Code": state},
        "Type": "gateway",
        "VpcId": str(vpc),
    }
    calls = e.scope(vpc.scope)
    calls["LoadBalancers"].append(made.record)
    calls["LoadBalancerListeners"].append({"LoadBalancerArn": str(made), "Listeners": []})
    said = {"load_balancing.cross_zone.enabled": str(cross_zone).lower()}
    calls["LoadBalancerAttributes"].append(
        {"LoadBalancerArn": str(made), "Attributes": pairs(said)}
    )
    group = target_group(e, vpc, f"{name}-tg", "GENEVE", 6081, targets, kind=kind, health=health)
    if listener:
        listen(e, made, "GENEVE", 6081, group)
        only = calls["LoadBalancerListeners"][-1]["Listeners"][0]
        for key in ("Port", "Protocol"):  # a gateway's listener prints neither
            only.pop(key, None)
    made.service = service(e, made)
    return made


def service(e: Estate, of: Balancer) -> str:
    """The endpoint service of a Gateway Load Balancer."""
    region = of.scope[1]
    made = e.make("vpce-svc", of.scope, None)
    made.record.update(
        AcceptanceRequired=False,
        GatewayLoadBalancerArns=[str(of)],
        ManagesVpcEndpoints=False,
        ServiceId=str(made),
        ServiceName=f"com.amazonaws.vpce.{region}.{made}",
        ServiceState="Available",
        ServiceType=[{"ServiceType": "GatewayLoadBalancer"}],
    )
    e.put("ServiceConfigurations", made)
    return str(made)


# ------------------------------ where they usually are


class Guarded(Pair):
    """A behind an endpoint in SF (10.0.7.0/24), for what it sends to the net and what comes back.

    A has a public address; SF's table `tf` leads to the internet, the gateway's edge table is `te`.
    """

    PUBLIC = "198.51.100.7"

    def __init__(self, ipv6: bool = False, zone: str = "a") -> None:
        super().__init__(ipv6=ipv6)
        six = "2600:1f18:1a00:107::/64" if ipv6 else None
        self.sf = self.subnet(self.v1, "10.0.7.0/24", zone, six, name="sf")
        self.tf = self.table(self.v1, [self.sf], name="tf")
        self.te = self.table(self.v1, edge=self.online(self.tf), name="te")
        self.public(self.a, self.PUBLIC)

    def behind(self, own: Id) -> Id:
        """Lead what A sends, and what is sent to SA from outside, into an endpoint."""
        self.route(self.ta, "0.0.0.0/0", own)
        self.route(self.te, "10.0.0.0/24", own)
        if self.six:
            self.route(self.ta, "::/0", own)
            self.route(self.te, "2600:1f18:1a00:100::/64", own)
        return own

    def fire(self, rules: Id, ip: str = "10.0.7.9", status: str = "READY") -> Firewall:
        """A firewall of these rules in the way."""
        made = firewall(self, {self.sf: ip}, rules, status=status)
        self.behind(made.endpoints[0])
        return made


class Inspected(Pair):
    """A in zone a of V1, B2 in zone a and C2 in zone b of V2, on a gateway by way of a hub VPC.

    The hub has an attachment subnet and a place for an endpoint in zones a and b; what comes in by
    a zone is led to what stands there (`inspect`), and what comes out goes back to the gateway.
    """

    def __init__(self, appliance: bool = False) -> None:
        super().__init__()
        self.second()
        other = self.subnet(self.v2, "10.2.9.0/24", "b", name="other")
        self.t2b = self.table(self.v2, [other])
        self.c2 = self.instance("c2", other, "10.2.9.5")
        self.hub = self.vpc("10.9.0.0/16", name="hub")
        zones = {"a": 0, "b": 1}
        self.doors = {z: self.subnet(self.hub, f"10.9.{n}.0/24", z) for z, n in zones.items()}
        self.rooms = {z: self.subnet(self.hub, f"10.9.1{n}.0/24", z) for z, n in zones.items()}
        self.entries = {z: self.table(self.hub, [door]) for z, door in self.doors.items()}
        self.exits = {z: self.table(self.hub, [room]) for z, room in self.rooms.items()}
        self.tgw = transit_gateway(self)
        spokes, inspected = transit_table(self, self.tgw), transit_table(self, self.tgw)
        for vpc, subnets in ((self.v1, [self.sa, self.sb]), (self.v2, [self.s2, other])):
            attach(self, self.tgw, vpc, subnets, table=spokes, into=[inspected])
        doors = list(self.doors.values())
        mode = attach(
            self, self.tgw, self.hub, doors, table=inspected, into=[], appliance=appliance
        )
        static(self, spokes, "0.0.0.0/0", mode)
        for table in (self.ta, self.tb, self.t2, self.t2b):
            self.route(table, "0.0.0.0/0", self.tgw)
        for table in self.exits.values():
            self.route(table, "10.0.0.0/8", self.tgw)

    def inspect(self, zone: str, target: Id) -> None:
        """Lead what comes in by a zone to an endpoint or an interface."""
        self.route(self.entries[zone], "0.0.0.0/0", target)

    def fire(self, rules: Id) -> Firewall:
        """A firewall of these rules in both zones."""
        places = {room: f"10.9.1{n}.9" for n, room in enumerate(self.rooms.values())}
        made = firewall(self, places, rules)
        for zone, own in zip(self.rooms, made.endpoints, strict=True):
            self.inspect(zone, own)
        return made
