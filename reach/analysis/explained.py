"""The members of AWS's ``Explanation`` that go with a blocker.

    fields_of(ground, blocker) -> {"RouteTable": {...}, "Destination": {...}, "Vpc": {...}}

AWS documents no list of members for each code.  These are told of: what denies, the rule or route
that it was read from, where it stands, and what of the packet it looks at.  Takes a lowered
snapshot and a blocker; gives plain data in AWS's words, without the code itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from reach.analysis.rules import rule_of
from reach.analysis.things import kind_of, record_of, thing
from reach.explain import Blocker
from reach.lower import Ground
from reach.network.address import format_address
from reach.network.field import TCP, UDP, Header, format_protocol
from reach.network.header_space import Ranges
from reach.network.stage import Origin
from reach.snapshot.balancer_records import BalancerListener, Listener
from reach.snapshot.index import ipv4_blocks
from reach.snapshot.records import InternetGateway, NetworkInterface, RouteTable, Subnet, Vpc

Fields = dict[str, Any]

# The member that names a thing of a kind; of any other kind it is ``Component``.
_MEMBERS = {
    "customer-gateway": "CustomerGateway",
    "internet-gateway": "InternetGateway",
    "natgateway": "NatGateway",
    "network-acl": "Acl",
    "network-interface": "NetworkInterface",
    "prefix-list": "PrefixList",
    "route-table": "RouteTable",
    "security-group": "SecurityGroup",
    "subnet": "Subnet",
    "targetgroup": "LoadBalancerTargetGroup",
    "transit-gateway": "TransitGateway",
    "transit-gateway-attachment": "TransitGatewayAttachment",
    "transit-gateway-route-table": "TransitGatewayRouteTable",
    "vpc": "Vpc",
    "vpc-endpoint": "VpcEndpoint",
    "vpc-peering-connection": "VpcPeeringConnection",
    "vpn-connection": "VpnConnection",
    "vpn-gateway": "VpnGateway",
}
_EDGE = {"INGRESS_RTB_NO_PUBLIC_IP": "IngressRouteTable"}
_OF_SUBNET = {"INGRESS_RTB_TRAFFIC_REDIRECTION": "SubnetRouteTable"}
_MISSING = ("NO_SOURCE_OR_DESTINATION", "UNKNOWN_DESTINATION", "UNKNOWN_RESOURCE")
_GROUPS = ("ENI_SG_RULES_MISMATCH",)
_ZONED = (
    "ELB_INSTALLED_AZ_RESTRICTION",
    "ELB_NOT_CROSSZONE",
    "ELBV2_NO_TARGETS_IN_AZ",
    "REGIONAL_NGW_ROUTE_AZ_RESTRICTION",
    "TGW_ATTACH_VPC_AZ_RESTRICTION",
    "TGW_ROUTE_AZ_RESTRICTION",
    "VPCE_SERVICE_NOT_INSTALLED_IN_AZ",
)
_RANGES = {
    "RFC1918": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
    "RFC6598": ("100.64.0.0/10",),
}


def fields_of(ground: Ground, blocker: Blocker) -> Fields:
    """All that is known of a blocker, by the members of the shape."""
    made: Fields = {}
    for tell in _TELLERS:
        made |= tell(ground, blocker)
    return made


def _itself(ground: Ground, blocker: Blocker) -> Fields:
    origin = blocker.origin
    if origin.code in _MISSING:
        return {"MissingComponent": origin.resource} if origin.resource else {}
    ids = [each for each in origin.resource.split(", ") if kind_of(each)]
    if not ids:
        return {}
    things = [thing(ground, each) for each in ids]
    kind = kind_of(ids[0])
    if kind == "loadbalancer":
        return {"LoadBalancerArn": ids[0]}
    if kind == "security-group" and (origin.code in _GROUPS or len(ids) > 1):
        return {"SecurityGroups": things}
    member = _EDGE.get(origin.code) or _OF_SUBNET.get(origin.code)
    return {member or _MEMBERS.get(kind, "Component"): things[0]}


def _rule(ground: Ground, blocker: Blocker) -> Fields:
    made = rule_of(blocker.origin)
    record = blocker.origin.record
    if isinstance(record, BalancerListener | Listener) and record.port is not None:
        made["LoadBalancerListenerPort"] = record.port
    return made


def _lacking(ground: Ground, blocker: Blocker) -> Fields:
    """What a missing route was to lead to."""
    if not blocker.lacking or blocker.origin.code != "NO_ROUTE_TO_DESTINATION":
        return {}
    return {"Destination": thing(ground, blocker.lacking)}


def _place(ground: Ground, blocker: Blocker) -> Fields:
    """Whose groups and whose subnet's network ACL deny, and on which way."""
    origin, made = blocker.origin, Fields()
    kind = kind_of(origin.resource.partition(", ")[0])
    if kind not in ("security-group", "network-acl"):
        return made
    for word, direction in (("outbound", "egress"), ("inbound", "ingress")):
        if origin.locator.startswith(word):
            made["Direction"] = direction
    at = _interface(ground, blocker) if kind == "security-group" else None
    if at is not None:
        made["NetworkInterface"] = thing(ground, at.network_interface_id)
    subnet = at.subnet_id if at is not None else _subnet(blocker)
    if subnet:
        made["Subnet"] = thing(ground, subnet)
    return made


def _interface(ground: Ground, blocker: Blocker) -> NetworkInterface | None:
    """The interface at which a group denies: of several alike the one with the address."""
    node = blocker.hops[-1].node if blocker.hops else ""
    resource = node.split("/", 2)[1] if node else ""
    found = ground.snapshot.get(NetworkInterface, resource)
    if found is None:
        return None
    sends = blocker.origin.locator.startswith("outbound")
    address = blocker.header.source if sends else blocker.header.destination
    owners = ground.index.owner_of_address(address)
    return next((each for each in owners if each.vpc_id == found.vpc_id), found)


def _subnet(blocker: Blocker) -> str:
    """The subnet that the last hop is in, if it is a subnet's."""
    node = blocker.hops[-1].node if blocker.hops else ""
    return node.split("/", 2)[1] if node.startswith("subnet/") else ""


def _redirected(ground: Ground, blocker: Blocker) -> Fields:
    """The subnet whose inbound traffic is redirected, and the gateway that does it."""
    record = blocker.origin.record
    if blocker.origin.code not in (*_EDGE, *_OF_SUBNET):
        return {}
    made = Fields()
    gateway = getattr(record, "gateway_id", None)
    if gateway:
        made["InternetGateway"] = thing(ground, gateway)
    interface = getattr(record, "network_interface_id", None)
    if interface:
        made["NetworkInterface"] = thing(ground, interface)
    subnet = _subnet(blocker)
    if subnet and blocker.origin.code in _OF_SUBNET:
        made["Subnet"] = thing(ground, subnet)
    return made


def _vpc(ground: Ground, blocker: Blocker) -> Fields:
    """The VPC in which what denies stands."""
    code, record = blocker.origin.code, blocker.origin.record
    if code == "DISCONNECTED_VPCS":
        ends = {"SourceVpc": blocker.origin.resource, "DestinationVpc": str(record)}
        return {member: thing(ground, vpc) for member, vpc in ends.items()}
    found = record_of(ground, blocker.origin.resource.partition(", ")[0])
    vpc = getattr(found, "vpc_id", None)
    if isinstance(found, InternetGateway):
        vpc = next((each.vpc_id for each in found.attachments if each.vpc_id), None)
    if not vpc or isinstance(found, Vpc):
        return {}
    made: Fields = {"Vpc": thing(ground, vpc)}
    known = ground.snapshot.get(Vpc, vpc)
    if code == "VPC_LOCAL_ROUTE_CIDR_RESTRICTION" and known is not None:
        made["Cidrs"] = list(ipv4_blocks(known))
    return made


def _state(ground: Ground, blocker: Blocker) -> Fields:
    """The state that a thing is in which does not work."""
    if not blocker.origin.code.startswith(("BAD_", "TGW_BAD_")):
        return {}
    if isinstance(record_of(ground, blocker.origin.resource), RouteTable):
        return {}
    found = record_of(ground, blocker.origin.resource.partition(", ")[0])
    state = getattr(found, "state", None) or getattr(found, "status", None)
    name = getattr(state, "name", None) or getattr(state, "code", None) or state
    return {"State": name} if isinstance(name, str) and name else {}


def _header(ground: Ground, blocker: Blocker) -> Fields:
    """What of the packet is looked at: its locator names the field."""
    at, locator = blocker.header, blocker.origin.locator
    if blocker.origin.code.startswith("FILTER_AT_"):
        return _asked(blocker.origin)
    if locator in _RANGES:
        return {"Cidrs": list(_RANGES[locator])}
    if not at.protocol:
        return {}
    if locator == "protocol":
        return {"Protocols": [format_protocol(at.protocol)]}
    if locator in ("listeners", "listener"):
        return {"Protocols": [format_protocol(at.protocol)], **_port(at)}
    side, _, port = locator.partition("_")
    if side not in ("source", "destination"):
        return {}
    value = at.source if side == "source" else at.destination
    if not port:
        return {"Address": format_address(value), "PacketField": f"{side}-address"}
    number = at.source_port if side == "source" else at.destination_port
    return {"Port": number, "PacketField": f"{side}-port"}


def _asked(origin: Origin) -> Fields:
    """What was asked for and is not so.

    Of ``PacketField`` the guide shows ``destination-port`` only; the others are called alike.
    """
    values, (side, _, port) = origin.record, origin.locator.partition("_")
    if not isinstance(values, Ranges):
        return {}
    if side == "protocol":
        return {"Protocols": [format_protocol(low) for low, _ in values.intervals]}
    if port:
        ranges = [{"From": low, "To": high} for low, high in values.intervals]
        return {"PacketField": f"{side}-port", "PortRanges": ranges}
    blocks = sorted(str(prefix) for prefix in values.cover())
    return {"Addresses": blocks, "PacketField": f"{side}-address"}


def _port(header: Header) -> Fields:
    """The range of the one port that the packet is sent to."""
    if header.protocol not in (TCP, UDP):
        return {}
    return {"PortRanges": [{"From": header.destination_port, "To": header.destination_port}]}


def _zones(ground: Ground, blocker: Blocker) -> Fields:
    """The zone of the subnet that the packet was last in."""
    if blocker.origin.code not in _ZONED:
        return {}
    subnet_id = next(_subnets_back(blocker), "")
    subnet = ground.snapshot.get(Subnet, subnet_id)
    if subnet is None:
        return {}
    made = Fields()
    if subnet.availability_zone:
        made["AvailabilityZones"] = [subnet.availability_zone]
    if subnet.availability_zone_id:
        made["AvailabilityZoneIds"] = [subnet.availability_zone_id]
    return made


def _subnets_back(blocker: Blocker) -> Iterator[str]:
    for hop in reversed(blocker.hops):
        if hop.node.startswith("subnet/"):
            yield hop.node.split("/", 2)[1]


_TELLERS: tuple[Callable[[Ground, Blocker], Fields], ...] = (
    _itself,
    _rule,
    _lacking,
    _place,
    _redirected,
    _vpc,
    _state,
    _header,
    _zones,
)


def code_of(origin: Origin) -> str:
    """The explanation code of a denial; AWS's catch-all for one that has none."""
    return origin.code or "NO_PATH"
