"""Edits of gateways and load balancers; like ``tests.edits.catalogue``, and added to it."""

from __future__ import annotations

from typing import Any

from tests.edits.catalogue import (
    EDITS,
    OPEN,
    SG,
    Expect,
    add_entry,
    edit,
    entry,
    set_instance,
    set_rules,
    set_state,
    shut,
)
from tests.edits.lab import Draft, Item, routes_towards, target
from tests.edits.way import Way

__all__ = ["EDITS"]


# Internet gateways.


@edit("R-IGW-1, R-NAT-6")
def internet_gateway_is_detached(draft: Draft, way: Way) -> Expect | None:
    end = way.destination if way.kind == "inbound" else way.source
    if way.kind not in ("inbound", "outbound", "nat") or end is None:
        return None
    for each in draft.all("InternetGateways"):
        each["Attachments"] = [a for a in each["Attachments"] if a["VpcId"] != end.vpc]
    return shut()


@edit("R-IGW-1")
def internet_gateway_is_detaching(draft: Draft, way: Way) -> Expect | None:
    end = way.destination if way.kind == "inbound" else way.source
    if way.kind not in ("inbound", "outbound", "nat") or end is None:
        return None
    for each in draft.all("InternetGateways"):
        for attachment in each["Attachments"]:
            if attachment["VpcId"] == end.vpc:
                attachment["State"] = "detached"
    return shut()


# NAT gateways.


def _nat(draft: Draft, way: Way) -> Item | None:
    if way.kind != "nat" or way.route is None:
        return None
    return draft.one("NatGateways", "NatGatewayId", target(way.route))


@edit("R-NAT-1")
def nat_gateway_is_deleted(draft: Draft, way: Way) -> Expect | None:
    nat = _nat(draft, way)
    if nat is None:
        return None
    nat["State"] = "deleted"
    return shut("", nat["NatGatewayId"])


@edit("R-NAT-1")
def nat_gateway_has_failed(draft: Draft, way: Way) -> Expect | None:
    nat = _nat(draft, way)
    if nat is None:
        return None
    nat["State"] = "failed"
    return shut("", nat["NatGatewayId"])


@edit("R-NAT-6, R-RT-11")
def route_of_nat_gateway_is_a_blackhole(draft: Draft, way: Way) -> Expect | None:
    nat = _nat(draft, way)
    if nat is None:
        return None
    table = way.lab.table(nat["SubnetId"])
    set_state(
        draft, table["RouteTableId"], routes_towards(table, way.probe.destination)[0], "blackhole"
    )
    return shut("BAD_STATE_ROUTE", table["RouteTableId"])


@edit("R-NACL-16", mended=True)
def acl_of_nat_gateway_denies_the_packet_in(draft: Draft, way: Way) -> Expect | None:
    nat = _nat(draft, way)
    if nat is None or way.source is None or nat["SubnetId"] == way.source.subnet:
        return None
    return add_entry(
        draft, nat["SubnetId"], entry(way, 1, False, f"{way.probe.source}/32", "there")
    )


@edit("R-NACL-16", mended=True)
def acl_of_nat_gateway_denies_the_packet_out(draft: Draft, way: Way) -> Expect | None:
    nat = _nat(draft, way)
    if nat is None:
        return None
    cidr = f"{way.probe.destination}/32"
    return add_entry(draft, nat["SubnetId"], entry(way, 1, True, cidr, "there"))


@edit("R-NACL-16", mended=True)
def acl_of_nat_gateway_denies_the_reply_in(draft: Draft, way: Way) -> Expect | None:
    nat = _nat(draft, way)
    if nat is None:
        return None
    cidr = f"{way.probe.destination}/32"
    return add_entry(draft, nat["SubnetId"], entry(way, 1, False, cidr, "back"))


@edit("R-NACL-16, R-NAT-2")
def acl_of_nat_gateway_denies_the_sender_out(draft: Draft, way: Way) -> Expect | None:
    """Beyond the gateway nobody has the client's address any more."""
    nat = _nat(draft, way)
    if nat is None or way.source is None or nat["SubnetId"] == way.source.subnet:
        return None
    add_entry(draft, nat["SubnetId"], entry(way, 1, True, f"{way.probe.source}/32", "there"))
    return OPEN


# Peerings.


def _peerings(draft: Draft, way: Way) -> list[Item]:
    if way.kind != "peering" or way.route is None:
        return []
    return draft.of("VpcPeeringConnections", "VpcPeeringConnectionId", target(way.route))


def _peering_is(draft: Draft, way: Way, code: str) -> Expect | None:
    told = _peerings(draft, way)
    for each in told:
        each["Status"] = {"Code": code, "Message": code}
    return shut("", told[0]["VpcPeeringConnectionId"]) if told else None


@edit("R-PCX-1")
def peering_is_deleted(draft: Draft, way: Way) -> Expect | None:
    return _peering_is(draft, way, "deleted")


@edit("R-PCX-1, R-RT-17")
def peering_waits_to_be_accepted(draft: Draft, way: Way) -> Expect | None:
    return _peering_is(draft, way, "pending-acceptance")


@edit("R-PCX-1")
def peering_has_expired(draft: Draft, way: Way) -> Expect | None:
    return _peering_is(draft, way, "expired")


# Transit gateways.


def _attachment(draft: Draft, way: Way, vpc: str) -> list[Item]:
    if way.kind != "transit" or way.route is None:
        return []
    gateway = target(way.route)
    return [
        each
        for each in draft.all("TransitGatewayAttachments")
        if (each["ResourceId"], each["TransitGatewayId"]) == (vpc, gateway)
    ]


def _attachment_is(draft: Draft, way: Way, vpc: str, state: str) -> Expect | None:
    found = _attachment(draft, way, vpc)
    if not found:
        return None
    name = found[0]["TransitGatewayAttachmentId"]
    for kind in ("TransitGatewayAttachments", "TransitGatewayVpcAttachments"):
        for each in draft.of(kind, "TransitGatewayAttachmentId", name):
            each["State"] = state
    return shut()


@edit("R-TGW-1")
def attachment_of_source_is_deleted(draft: Draft, way: Way) -> Expect | None:
    return _attachment_is(draft, way, way.source.vpc, "deleted") if way.source else None


@edit("R-TGW-1")
def attachment_of_destination_is_deleted(draft: Draft, way: Way) -> Expect | None:
    return _attachment_is(draft, way, way.destination.vpc, "deleted") if way.destination else None


@edit("R-TGW-1")
def attachment_waits_to_be_accepted(draft: Draft, way: Way) -> Expect | None:
    return _attachment_is(draft, way, way.source.vpc, "pendingAcceptance") if way.source else None


@edit("R-TGW-3")
def attachment_of_source_has_no_table(draft: Draft, way: Way) -> Expect | None:
    """Of its own: what comes from the source's VPC has nowhere to be looked up."""
    found = _attachment(draft, way, way.source.vpc) if way.source else []
    for each in found:
        each.pop("Association", None)
    return shut("TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION") if found else None


def _table(draft: Draft, way: Way, vpc: str) -> str:
    """The transit gateway route table that the VPC's attachment is associated with."""
    found = _attachment(draft, way, vpc)
    return str(found[0]["Association"]["TransitGatewayRouteTableId"]) if found else ""


@edit("R-TGW-6, R-TGW-5")
def destination_is_not_propagated(draft: Draft, way: Way) -> Expect | None:
    if way.source is None or way.destination is None:
        return None
    table = _table(draft, way, way.source.vpc)
    return _not_propagated(draft, table, way.destination.vpc)


@edit("R-TGW-6, R-PIPE-1")
def source_is_not_propagated(draft: Draft, way: Way) -> Expect | None:
    if way.source is None or way.destination is None:
        return None
    table = _table(draft, way, way.destination.vpc)
    return _not_propagated(draft, table, way.source.vpc)


def _not_propagated(draft: Draft, table: str, vpc: str) -> Expect | None:
    gone = False
    for each in draft.all("TransitGatewayPropagations"):
        if table and each["TransitGatewayRouteTableId"] == table:
            told = each["TransitGatewayRouteTablePropagations"]
            left = [p for p in told if p["ResourceId"] != vpc]
            gone = gone or left != told
            each["TransitGatewayRouteTablePropagations"] = left
    return shut("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT") if gone else None


def _static(draft: Draft, table: str, cidr: str, **more: Any) -> bool:
    told = draft.all("TransitGatewayStaticRoutes")
    found = [each for each in told if each["TransitGatewayRouteTableId"] == table]
    for each in found:
        each["Routes"].append({"DestinationCidrBlock": cidr, "Type": "static", **more})
    return bool(found)


@edit("R-TGW-5")
def destination_is_a_static_blackhole(draft: Draft, way: Way) -> Expect | None:
    table = _table(draft, way, way.source.vpc) if way.source else ""
    cidr = f"{way.probe.destination}/32"
    if not _static(draft, table, cidr, State="blackhole"):
        return None
    return shut("TGW_RTB_BAD_STATE_ROUTE", table)


@edit("R-TGW-4, R-TGW-5")
def neighbour_of_destination_is_a_static_blackhole(draft: Draft, way: Way) -> Expect | None:
    table = _table(draft, way, way.source.vpc) if way.source else ""
    block = int.from_bytes(bytes(map(int, way.probe.destination.split(".")))) ^ 1
    cidr = ".".join(map(str, block.to_bytes(4))) + "/32"
    return OPEN if _static(draft, table, cidr, State="blackhole") else None


@edit("R-TGW-2, R-TGW-10")
def attachment_is_not_in_the_sources_zone(draft: Draft, way: Way) -> Expect | None:
    """Others are left, so that the VPC is still attached."""
    return _leave_zone(draft, way, way.source.vpc, way.source.subnet) if way.source else None


@edit("R-TGW-2, R-TGW-10")
def attachment_is_not_in_the_destinations_zone(draft: Draft, way: Way) -> Expect | None:
    """The packet arrives by another zone; its reply has no way to leave."""
    host = way.destination
    return _leave_zone(draft, way, host.vpc, host.subnet) if host else None


def _leave_zone(draft: Draft, way: Way, vpc: str, subnet: str) -> Expect | None:
    found = _attachment(draft, way, vpc)
    if not found:
        return None
    zone = way.lab.zone_of(subnet)
    name = found[0]["TransitGatewayAttachmentId"]
    done = False
    for each in draft.of("TransitGatewayVpcAttachments", "TransitGatewayAttachmentId", name):
        left = [s for s in each["SubnetIds"] if way.lab.zone_of(s) != zone]
        gone = {*each["SubnetIds"]} - {*left}
        if not left or not gone:
            return None
        each["SubnetIds"] = left
        for owner in draft.lists("NetworkInterfaces"):
            owner[:] = [
                e
                for e in owner
                if e["InterfaceType"] != "transit_gateway" or e["SubnetId"] not in gone
            ]
        done = True
    return shut("TGW_ROUTE_AZ_RESTRICTION") if done else None


# Network load balancers, which stand with their targets' addresses kept.


def _balancer(draft: Draft, way: Way) -> str:
    """The balancer's ARN, if the probe is of a listener of one."""
    if not way.to_balancer or way.destination is None or way.probe.protocol == "icmp":
        return ""
    told = draft.one("NetworkInterfaces", "NetworkInterfaceId", way.destination.id)
    name = told["Description"].removeprefix("ELB ")
    arns = [b["LoadBalancerArn"] for b in way.lab.all("LoadBalancers")]
    return next((arn for arn in arns if arn.endswith(name)), "")


def _listeners(draft: Draft, arn: str) -> list[Item]:
    return [each for each in draft.all("LoadBalancerListeners") if each["LoadBalancerArn"] == arn]


def _groups(draft: Draft, way: Way, arn: str) -> list[Item]:
    """The health of the targets behind the probe's own listener."""
    port = way.probe.port
    actions = [
        action["TargetGroupArn"]
        for each in _listeners(draft, arn)
        for listener in each["Listeners"]
        if listener["Port"] == port
        for action in listener["DefaultActions"]
    ]
    told = draft.all("LoadBalancerTargetHealth")
    return [each for each in told if each["TargetGroupArn"] in actions]


@edit("R-LB-3")
def listener_is_deleted(draft: Draft, way: Way) -> Expect | None:
    arn = _balancer(draft, way)
    for each in _listeners(draft, arn) if arn else ():
        each["Listeners"] = [e for e in each["Listeners"] if e["Port"] != way.probe.port]
    return shut() if arn else None


@edit("R-LB-3")
def listener_has_another_port(draft: Draft, way: Way) -> Expect | None:
    arn = _balancer(draft, way)
    for each in _listeners(draft, arn) if arn else ():
        for listener in each["Listeners"]:
            if listener["Port"] == way.probe.port:
                listener["Port"] = 8181
    return shut() if arn else None


@edit("R-LB-2, R-LB-3")
def listener_is_asked_by_its_new_port(draft: Draft, way: Way) -> Expect | None:
    if listener_has_another_port(draft, way) is None:
        return None
    ends = f"can {way.probe.source} reach {way.probe.destination}"
    return Expect("reachable", asked=f"{ends} port 8181/tcp")


@edit("R-LB-3")
def targets_are_deregistered(draft: Draft, way: Way) -> Expect | None:
    arn = _balancer(draft, way)
    for each in _groups(draft, way, arn) if arn else ():
        each["TargetHealthDescriptions"] = []
    return shut() if arn else None


@edit("R-LB-6")
def targets_are_unhealthy(draft: Draft, way: Way) -> Expect | None:
    """Reachability is of the configuration, unless asked otherwise."""
    arn = _balancer(draft, way)
    for each in _groups(draft, way, arn) if arn else ():
        for target_ in each["TargetHealthDescriptions"]:
            target_["TargetHealth"] = {"State": "unhealthy", "Reason": "Target.Timeout"}
    return OPEN if arn else None


def _targets(draft: Draft, way: Way) -> list[str]:
    arn = _balancer(draft, way)
    health = _groups(draft, way, arn) if arn else []
    return [t["Target"]["Id"] for each in health for t in each["TargetHealthDescriptions"]]


@edit("R-LB-2, R-SG-8")
def targets_listen_at_a_closed_port(draft: Draft, way: Way) -> Expect | None:
    """8181 is in no group's rules."""
    targets = _targets(draft, way)
    for each in _groups(draft, way, _balancer(draft, way)) if targets else ():
        for described in each["TargetHealthDescriptions"]:
            described["Target"]["Port"] = 8181
    groups = {g for i in way.lab.interfaces if i.instance in targets for g in i.groups}
    return Expect("unreachable", SG, tuple(groups)) if targets else None


@edit("R-NLB-1, R-NLB-2")
def targets_admit_nothing(draft: Draft, way: Way) -> Expect | None:
    targets = _targets(draft, way)
    hosts = [i for i in way.lab.interfaces if i.instance in targets]
    for host in hosts:
        set_rules(draft, host, "IpPermissions", [])
    groups = {group for host in hosts for group in host.groups}
    return Expect("unreachable", SG, tuple(groups)) if targets else None


@edit("R-ENI-8")
def targets_are_stopped(draft: Draft, way: Way) -> Expect | None:
    targets = _targets(draft, way)
    for each in targets:
        set_instance(draft, each, "stopped", 80)
    return shut() if targets else None


@edit("R-NLB-2, R-SG-8")
def targets_admit_the_client_alone(draft: Draft, way: Way) -> Expect | None:
    """Its address is kept, whichever port the balancer has."""
    targets = _targets(draft, way) if way.kind in ("local", "peering", "inbound") else []
    health = _groups(draft, way, _balancer(draft, way)) if targets else []
    if any(t["Target"]["Port"] != way.probe.port for h in health for t in _told(h)):
        return None
    rule: Item = {"IpProtocol": "tcp", "FromPort": way.probe.port, "ToPort": way.probe.port}
    rule |= {"IpRanges": [{"CidrIp": f"{way.probe.source}/32"}], "Ipv6Ranges": []}
    rule |= {"PrefixListIds": [], "UserIdGroupPairs": []}
    for host in (i for i in way.lab.interfaces if i.instance in targets):
        set_rules(draft, host, "IpPermissions", [rule])
    return OPEN if targets else None


def _told(health: Item) -> list[Item]:
    return list(health["TargetHealthDescriptions"])
