"""A path as AWS's analyser tells it: interfaces, groups, network ACLs, route tables, gateways.

    path(ground, steps, ends) -> PathComponent, ...

A step of ours is a node of the network; one step may be several of AWS's components (an interface
and its group), and some are none (the wiring inside a VPC).  Order within a VPC is AWS's:
interface, group, network ACL, route table, network ACL, group, interface.  Takes a lowered snapshot
and a witness's steps; gives the frozen parts of an analysis.  Must not know how a path was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from reach.analysis.rules import rule_of
from reach.analysis.things import kind_of, record_of, thing
from reach.answer import PathComponent, Step
from reach.balancing.joins import balancers
from reach.lower import Ground
from reach.network.header_space import HeaderSpace
from reach.network.stage import Origin
from reach.snapshot.firewall_records import Firewall
from reach.snapshot.records import (
    InternetGateway,
    NetworkInterface,
    VpcEndpoint,
    VpcPeeringConnection,
)
from reach.snapshot.transit_records import TransitGatewayAttachment, TransitGatewayVpcAttachment

Members = dict[str, Any]
Told = tuple[dict[str, str], Members]

_SENDS = ("send", "emit", "resend", "masquerade", "pose", "keep")
_RULED = ("network-acl", "route-table", "security-group", "transit-gateway-route-table")
_BALANCERS = ("application_load_balancer", "classic_load_balancer", "network_load_balancer")
_ENDPOINTS = ("gateway_endpoint", "gateway_load_balancer_endpoint", "network_firewall")
_WIRING = ("subnet", "vpc", "internet", "on_premises", "prefix_list", "host_services")


def path(
    ground: Ground,
    steps: Sequence[Step],
    start: str,
    end: str,
    packets: tuple[HeaderSpace, ...] = (),
) -> tuple[PathComponent, ...]:
    """The components of one direction; ``start`` and ``end`` are the ids that were asked about.

    ``packets`` are all that set out, if that is known.
    """
    found: list[PathComponent] = []
    entering = packets
    for step in _visits(steps):
        for each in _of_step(ground, step, entering):
            _append(found, each)
        entering = step.packets
    found = _with_instances(ground, _in_order(found), start, end)
    return tuple(found)


def _visits(steps: Sequence[Step]) -> Iterator[Step]:
    """Steps in a row at one node's thing, such as the parts of a load balancer, as one."""
    visit: Step | None = None
    for step in steps:
        if visit is None or step.node.split("/")[:2] != visit.node.split("/")[:2]:
            if visit is not None:
                yield visit
            visit = step
        else:
            passed = (*visit.passed, *step.passed)
            visit = replace(visit, after=step.after, passed=passed, packets=step.packets)
    if visit is not None:
        yield visit


def _append(found: list[PathComponent], each: PathComponent) -> None:
    """The same thing met again at once is one component."""
    last = found[-1] if found else None
    if last is None or last.component["Id"] != each.component["Id"] or _differs(last, each):
        found.append(each)
        return
    members = {**last.members, **each.members}
    found[-1] = replace(last, members=members, after=each.after, after_all=each.after_all)


def _differs(one: PathComponent, other: PathComponent) -> bool:
    """Whether two rules of one thing let the packet pass: two crossings of it."""
    return any(one.members[key] != other.members[key] for key in one.members.keys() & other.members)


def _in_order(found: list[PathComponent]) -> list[PathComponent]:
    """AWS shows the network ACL on the way out of a subnet before the route table."""
    for place in range(1, len(found)):
        one, other = found[place - 1], found[place]
        out = other.members.get("AclRule", {}).get("Egress", False)
        if "RouteTableRoute" in one.members and out:
            found[place - 1], found[place] = other, one
    return found


def _with_instances(
    ground: Ground, found: list[PathComponent], start: str, end: str
) -> list[PathComponent]:
    """An instance is a component of its own only where it was asked about."""
    for place, asked in ((0, start), (-1, end)):
        attached = found[place].members.get("AttachedTo", {}) if found else {}
        if not asked.startswith("i-") or attached.get("Id") != asked:
            continue
        bare = {key: value for key, value in found[place].members.items() if key != "AttachedTo"}
        own = found[place]
        found[place] = replace(own, members=bare)
        instance = replace(own, component=thing(ground, asked), members={})
        if place == 0:
            found.insert(0, replace(instance, before=own.after, before_all=own.after_all))
        else:
            found.append(replace(instance, before=own.after, before_all=own.after_all))
    return found


# ------------------------------------------------------------------- one step


def _of_step(
    ground: Ground, step: Step, entering: tuple[HeaderSpace, ...]
) -> Iterator[PathComponent]:
    """What a step is, and the rules that let the packet pass: before an interface that receives,
    behind everything else."""
    kind, quoted, rest = step.node.split("/", 2)
    resource, part = unquote(quoted), rest.partition(" ")[0]
    things = list(_things(ground, step, kind, resource, part))
    own = list(_changing(step, entering, things))
    receives = kind == "network_interface" and part not in _SENDS
    at = (step.before, entering) if receives else (step.after, step.packets)
    rules = [
        PathComponent(*_ruled(ground, each), at[0], at[0], at[1], at[1])
        for each in step.passed
        if _has_rule(each)
    ]
    yield from (*rules, *own) if receives else (*own, *rules)


def _changing(
    step: Step, entering: tuple[HeaderSpace, ...], things: list[Told]
) -> Iterator[PathComponent]:
    """One of several things changes the packet: the one that is no interface."""
    kinds = [kind_of(component["Id"]) for component, _ in things]
    main = next((n for n, kind in enumerate(kinds) if kind != "network-interface"), 0)
    before, after = (step.before, entering), (step.after, step.packets)
    for place, (component, members) in enumerate(things):
        into = before if place <= main else after
        out = before if place < main else after
        yield PathComponent(component, members, into[0], out[0], into[1], out[1])


def _has_rule(origin: Origin) -> bool:
    return kind_of(origin.resource.partition(", ")[0]) in _RULED


def _ruled(ground: Ground, origin: Origin) -> Told:
    """A group, a network ACL or a route table, with the rule that let the packet pass.

    Of a group that lets a reply pass no rule is told: it was not looked at.
    """
    resource = origin.resource.partition(", ")[0]
    members: Members = rule_of(origin)
    record = record_of(ground, resource)
    vpc = getattr(record, "vpc_id", None)
    if vpc and kind_of(resource) == "route-table":
        members["Vpc"] = thing(ground, vpc)
    gateway = getattr(record, "transit_gateway_id", None)
    if gateway:
        members["TransitGateway"] = thing(ground, gateway)
    return thing(ground, resource), members


def _things(ground: Ground, step: Step, kind: str, resource: str, part: str) -> Iterator[Told]:
    """What a node is, in the order in which a packet meets it."""
    if kind in _WIRING:
        return
    if kind == "network_interface":
        interface = _interface(ground, step, resource, part)
        if interface is not None:
            yield _told_interface(ground, interface)
        return
    interface = ground.snapshot.get(NetworkInterface, resource)
    if interface is not None:
        yield _told_interface(ground, interface)
        yield from _behind(ground, kind, interface)
    elif kind == "nat_gateway":
        yield from _around(ground, resource)
    elif kind == "network_firewall":
        endpoint, interfaces = _told_endpoint(ground, resource), _interfaces_of(ground, resource)
        yield from (*interfaces, endpoint)
        yield from _firewall(ground, step, resource)
        yield from (endpoint, *interfaces)
    elif kind in _ENDPOINTS:
        endpoint, interfaces = _told_endpoint(ground, resource), _interfaces_of(ground, resource)
        yield from (endpoint, *interfaces) if part == "out" else (*interfaces, endpoint)
    elif kind == "transit_gateway_vpc_attachment":
        yield from _at_attachment(ground, resource, part, step.node.partition(" ")[2])
    elif kind_of(resource):
        yield thing(ground, resource), _about(ground, resource)


def _interface(ground: Ground, step: Step, resource: str, part: str) -> NetworkInterface | None:
    """The interface of a class whose address the packet has."""
    known = ground.snapshot.get(NetworkInterface, resource)
    address = step.after.source if part in ("send", "emit") else step.before.destination
    owners = ground.index.owner_of_address(address)
    if known is None or part not in ("send", "emit", "admit"):
        return known
    return next((each for each in owners if each.vpc_id == known.vpc_id), known)


def _told_interface(ground: Ground, interface: NetworkInterface) -> Told:
    members: Members = {}
    attachment = interface.attachment
    if attachment is not None and attachment.instance_id:
        members["AttachedTo"] = thing(ground, attachment.instance_id)
    if interface.subnet_id:
        members["Subnet"] = thing(ground, interface.subnet_id)
    if interface.vpc_id:
        members["Vpc"] = thing(ground, interface.vpc_id)
    return thing(ground, interface.network_interface_id), members


def _behind(ground: Ground, kind: str, interface: NetworkInterface) -> Iterator[Told]:
    """The balancer or the endpoint whose interface it is."""
    own = interface.network_interface_id
    if kind in _BALANCERS:
        balancer = balancers(ground).balancer_of(interface)
        if balancer is not None:
            yield thing(ground, balancer.load_balancer_arn), {}
        return
    for endpoint in ground.snapshot.records(VpcEndpoint):
        if own in endpoint.network_interface_ids:
            yield _told_endpoint(ground, endpoint.vpc_endpoint_id)


def _told_endpoint(ground: Ground, endpoint_id: str) -> Told:
    endpoint = ground.snapshot.get(VpcEndpoint, endpoint_id)
    members: Members = {}
    if endpoint is not None and endpoint.vpc_id:
        members["Vpc"] = thing(ground, endpoint.vpc_id)
    if endpoint is not None and endpoint.service_name:
        members["ServiceName"] = endpoint.service_name
    return thing(ground, endpoint_id), members


def _interfaces_of(ground: Ground, endpoint_id: str) -> list[Told]:
    """The interface of an endpoint in the way of packets, attached to it."""
    endpoint = ground.snapshot.get(VpcEndpoint, endpoint_id)
    ids = endpoint.network_interface_ids if endpoint is not None else ()
    found = (ground.snapshot.get(NetworkInterface, each) for each in ids[:1])
    told = (_told_interface(ground, each) for each in found if each is not None)
    attached = {"AttachedTo": thing(ground, endpoint_id)}
    return [(component, {**attached, **members}) for component, members in told]


def _around(ground: Ground, gateway_id: str) -> Iterator[Told]:
    """A NAT gateway between its own interface and itself again."""
    record = record_of(ground, gateway_id)
    places = getattr(record, "nat_gateway_addresses", ())
    ids = [place.network_interface_id for place in places if place.network_interface_id]
    own = [ground.snapshot.get(NetworkInterface, each) for each in ids[:1]]
    told = [_told_interface(ground, each) for each in own if each is not None]
    yield from told
    yield thing(ground, gateway_id), _about(ground, gateway_id)
    yield from told


def _at_attachment(ground: Ground, attachment_id: str, part: str, place: str) -> Iterator[Told]:
    """An attachment, behind its interface on the way in and before it on the way out.

    ``place`` is the zone by which a packet comes in, or the subnet by which it goes out.
    """
    told = thing(ground, attachment_id), _about(ground, attachment_id)
    attachment = ground.snapshot.get(TransitGatewayVpcAttachment, attachment_id)
    subnets = attachment.subnet_ids if attachment is not None else ()
    own = [each for each in subnets if place in (each, ground.index.zone_of(each))]
    interfaces = [
        (component, {**members, "AttachedTo": told[0]})
        for subnet in own
        for each in ground.index.interfaces_by_subnet.get(subnet, ())
        if each.interface_type == "transit_gateway"
        for component, members in [_told_interface(ground, each)]
    ]
    leaves = part in ("leave", "exit")
    yield from (told, *interfaces) if leaves else (*interfaces, told)


def _firewall(ground: Ground, step: Step, endpoint_id: str) -> Iterator[Told]:
    """The firewall behind an endpoint, with the rules that let the packet pass."""
    for firewall in ground.snapshot.records(Firewall):
        states = firewall.firewall_status.sync_states.values()
        attached = [each.attachment for each in states if each.attachment is not None]
        if not any(each.endpoint_id == endpoint_id for each in attached):
            continue
        members: Members = {}
        for origin in step.passed:
            members |= rule_of(origin)
            if origin.locator == "stateless default":
                action = "pass" if origin.words.startswith("passes") else "forward_to_sfe"
                rule = {"RuleGroupArn": origin.resource, "RuleAction": action, "Priority": -1}
                members["FirewallStatelessRule"] = rule
        named = {"Id": firewall.name, "Arn": firewall.firewall_arn, "Name": firewall.name}
        yield named, members


def _about(ground: Ground, resource: str) -> Members:
    """The VPC that a gateway serves, what a peering joins, the gateway of an attachment."""
    match record_of(ground, resource):
        case InternetGateway() as gateway:
            vpcs = [each.vpc_id for each in gateway.attachments if each.vpc_id]
            return {"Vpc": thing(ground, vpcs[0])} if vpcs else {}
        case VpcPeeringConnection() as peering:
            one, other = peering.requester_vpc_info.vpc_id, peering.accepter_vpc_info.vpc_id
            ends = {"SourceVpc": one, "DestinationVpc": other}
            return {key: thing(ground, vpc) for key, vpc in ends.items() if vpc}
        case TransitGatewayVpcAttachment() | TransitGatewayAttachment() as attachment:
            return {"TransitGateway": thing(ground, attachment.transit_gateway_id)}
        case record:
            vpc = getattr(record, "vpc_id", None)
            return {"Vpc": thing(ground, vpc)} if vpc else {}
