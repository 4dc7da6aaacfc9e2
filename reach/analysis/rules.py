"""Rules and routes as AWS's analyser prints them.

    rule_of(origin) -> {"AclRule": {...}}        the member of a path component or an explanation

Takes the record that an origin was read from; gives plain data.  Values are as real analyses have
them: protocols by name or ``all``, a port range only where the rule has one, ``createroute`` for
CreateRoute.  The shapes hold no IPv6: of an IPv6 rule the block stands in the same member.
"""

from __future__ import annotations

from typing import Any

from reach.network.field import format_protocol, parse_protocol
from reach.network.stage import Origin
from reach.snapshot.balancer_records import BalancerListener, ClassicListener, Listener
from reach.snapshot.firewall_records import (
    FirewallPorts,
    MatchAttributes,
    StatefulRule,
    StatelessRule,
)
from reach.snapshot.records import GroupRule, NetworkAclEntry, Route
from reach.snapshot.transit_records import TransitGatewayRoute

Fields = dict[str, Any]
# Which members a route's target stands in; AnalysisRouteTableRoute has no others.
_TARGETS = {
    "egress_only_internet_gateway_id": "EgressOnlyInternetGatewayId",
    "gateway_id": "GatewayId",
    "instance_id": "InstanceId",
    "nat_gateway_id": "NatGatewayId",
    "network_interface_id": "NetworkInterfaceId",
    "transit_gateway_id": "TransitGatewayId",
    "vpc_peering_connection_id": "VpcPeeringConnectionId",
    "carrier_gateway_id": "CarrierGatewayId",
    "core_network_arn": "CoreNetworkArn",
    "local_gateway_id": "LocalGatewayId",
}
_STATELESS = {"aws:pass": "pass", "aws:drop": "drop", "aws:forward_to_sfe": "forward_to_sfe"}


def rule_of(origin: Origin) -> Fields:
    """The rule, route or listener that an origin was read from; nothing for anything else."""
    match origin.record:
        case NetworkAclEntry() as entry:
            return {"AclRule": _acl_rule(entry)}
        case GroupRule() as rule:
            return {"SecurityGroupRule": _group_rule(rule)}
        case Route() as route:
            return {"RouteTableRoute": _route(route)}
        case TransitGatewayRoute() as route:
            return {"TransitGatewayRouteTableRoute": _transit_route(route)}
        case StatelessRule() as rule:
            return {"FirewallStatelessRule": _stateless(origin, rule)}
        case StatefulRule() as rule:
            return {"FirewallStatefulRule": _stateful(origin, rule)}
        case BalancerListener() | Listener() as listener:
            arn = listener.listener_arn
            return {"ElasticLoadBalancerListener": {"Id": arn.rpartition("/")[2], "Arn": arn}}
        case ClassicListener() as listener:
            return {"ClassicLoadBalancerListener": _classic(listener)}
        case _:
            return {}


def _protocol(text: str) -> str:
    return "all" if text == "-1" else format_protocol(parse_protocol(text))


def _acl_rule(entry: NetworkAclEntry) -> Fields:
    made: Fields = {}
    block = entry.cidr_block or entry.ipv6_cidr_block
    if block:
        made["Cidr"] = block
    made["Egress"] = entry.egress
    if entry.port_range is not None:
        made["PortRange"] = _range(entry.port_range.from_port, entry.port_range.to_port)
    made["Protocol"] = _protocol(entry.protocol)
    return {**made, "RuleAction": entry.rule_action, "RuleNumber": entry.rule_number}


def _group_rule(rule: GroupRule) -> Fields:
    made: Fields = {}
    if not rule.peer.startswith(("sg-", "pl-")):
        made["Cidr"] = rule.peer
    made["Direction"] = "egress" if rule.egress else "ingress"
    if rule.peer.startswith("sg-"):
        made["SecurityGroupId"] = rule.peer
    permission = rule.permission
    protocol = _protocol(permission.ip_protocol)
    low, high = permission.from_port, permission.to_port
    ported = protocol in ("tcp", "udp") and low is not None and high is not None and low >= 0
    if ported and (low, high) != (0, 65535):
        made["PortRange"] = _range(low or 0, high or 0)
    if rule.peer.startswith("pl-"):
        made["PrefixListId"] = rule.peer
    return {**made, "Protocol": protocol}


def _route(route: Route) -> Fields:
    made: Fields = {}
    block = route.destination_cidr_block or route.destination_ipv6_cidr_block
    if block:
        made["DestinationCidr"] = block
    elif route.destination_prefix_list_id:
        made["DestinationPrefixListId"] = route.destination_prefix_list_id
    for field, member in _TARGETS.items():
        value = getattr(route, field)
        if value:
            made[member] = value
    if route.origin:
        made["Origin"] = route.origin.lower()
    if route.state:
        made["State"] = route.state
    return made


def _transit_route(route: TransitGatewayRoute) -> Fields:
    made: Fields = {}
    if route.destination_cidr_block:
        made["DestinationCidr"] = route.destination_cidr_block
    made |= {"State": route.state or "active", "RouteOrigin": route.type or "static"}
    if route.prefix_list_id:
        made["PrefixListId"] = route.prefix_list_id
    for through in route.transit_gateway_attachments[:1]:
        members = {
            "AttachmentId": through.transit_gateway_attachment_id,
            "ResourceId": through.resource_id,
            "ResourceType": through.resource_type,
        }
        made |= {member: value for member, value in members.items() if value}
    return made


def _stateless(origin: Origin, rule: StatelessRule) -> Fields:
    match = rule.rule_definition.match_attributes or MatchAttributes()
    made: Fields = {"RuleGroupArn": origin.resource}
    lists = {
        "Sources": [each.address_definition for each in match.sources],
        "Destinations": [each.address_definition for each in match.destinations],
        "SourcePorts": [_ports(each) for each in match.source_ports],
        "DestinationPorts": [_ports(each) for each in match.destination_ports],
        "Protocols": list(match.protocols),
    }
    made |= {member: values for member, values in lists.items() if values}
    actions = (_STATELESS[a] for a in rule.rule_definition.actions if a in _STATELESS)
    return {**made, "RuleAction": next(actions, "forward_to_sfe"), "Priority": rule.priority or 0}


def _stateful(origin: Origin, rule: StatefulRule) -> Fields:
    header = rule.header
    made: Fields = {"RuleGroupArn": origin.resource}
    sides = {"Sources": header.source, "Destinations": header.destination}
    made |= {member: [text] for member, text in sides.items()}
    ports = {"SourcePorts": header.source_port, "DestinationPorts": header.destination_port}
    for member, text in ports.items():
        low, _, high = text.partition(":")
        if low.isdigit() and (not high or high.isdigit()):
            made[member] = [_range(int(low), int(high or low))]
    made["Protocol"] = header.protocol.upper()
    action = "drop" if rule.action.lower() == "reject" else rule.action.lower()
    return {**made, "RuleAction": action, "Direction": header.direction.upper()}


def _classic(listener: ClassicListener) -> Fields:
    ports = {
        "LoadBalancerPort": listener.load_balancer_port,
        "InstancePort": listener.instance_port,
    }
    return {member: port for member, port in ports.items() if port is not None}


def _ports(ports: FirewallPorts) -> Fields:
    return _range(ports.from_port, ports.to_port)


def _range(low: int, high: int) -> Fields:
    return {"From": low, "To": high}
