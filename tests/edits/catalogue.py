"""Edits of a lab whose effect on a recorded probe AWS's rules leave no doubt about.

    EDITS    name -> Edit; each makes the change in a draft and says what it must come to

An edit that does not apply to a way says None and changes nothing.  What it expects is written down
from the rule that it names, from the recording and from the JSON: nothing here asks reach.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from tests.edits.lab import Draft, Interface, Item, routes_towards
from tests.edits.way import Way

EPHEMERAL = (1024, 65535)


@dataclass(frozen=True)
class Expect:
    """What must come of the probe: its verdict and, of a "no", the blocker.

    ``code`` is one of ``codes`` and ``resource`` is named by the same explanation, where they are
    said.  ``asked`` stands for the probe's own question.
    """

    verdict: str
    codes: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    asked: str = ""


OPEN = Expect("reachable")


def shut(code: str = "", *resources: str) -> Expect:
    return Expect("unreachable", (code,) if code else (), resources)


@dataclass(frozen=True)
class Edit:
    """One kind of edit: the rules that its effect follows from, and whether it is of probes that
    were seen to arrive or of those that were seen to be lost."""

    name: str
    rules: str
    make: Callable[[Draft, Way], Expect | None]
    of_lost: bool = False
    mended: bool = field(default=False)


EDITS: dict[str, Edit] = {}
Make = Callable[[Draft, Way], Expect | None]


def edit(rules: str, of_lost: bool = False, mended: bool = False) -> Callable[[Make], Make]:
    """Add a function to the catalogue.  ``mended``: what it does, one change undoes."""

    def add(make: Make) -> Make:
        name = make.__name__
        EDITS[name] = Edit(name, rules, make, of_lost, mended)
        return make

    return add


# Security groups.


def permission(way: Way, peer: str, shift: int = 0) -> Item:
    """A rule for the probe's own packet and one peer; with a ``shift`` for its neighbour."""
    ranges = {"IpRanges": [{"CidrIp": peer}]}
    empty: Item = {"Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
    if way.probe.protocol == "icmp":
        return {"IpProtocol": "icmp", "FromPort": 8 + shift, "ToPort": -1, **ranges, **empty}
    port = (way.probe.port or 0) + shift
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **ranges, **empty}


def next_to(address: str) -> str:
    return f"{ip_address(int(ip_address(address)) ^ 1)}/32"


def set_rules(draft: Draft, interface: Interface, key: str, rules: list[Item]) -> None:
    for group in interface.groups:
        for each in draft.of("SecurityGroups", "GroupId", group):
            each[key] = rules


def set_groups(draft: Draft, interface: Interface, groups: Iterable[str]) -> None:
    named = [{"GroupId": each, "GroupName": "as-edited"} for each in groups]
    draft.one("NetworkInterfaces", "NetworkInterfaceId", interface.id)["Groups"] = named
    for reservation in draft.all("Reservations"):
        for instance in reservation["Instances"]:
            if instance["InstanceId"] == interface.instance:
                instance["SecurityGroups"] = named
                for each in instance["NetworkInterfaces"]:
                    each["Groups"] = named


SG = ("ENI_SG_RULES_MISMATCH", "SG_HAS_NO_RULES", "SG_REFERENCES_NOT_PRESERVED")


def shut_by_groups(groups: Iterable[str]) -> Expect:
    return Expect("unreachable", SG, tuple(groups))


@edit("R-SG-3", mended=True)
def source_may_send_nothing(draft: Draft, way: Way) -> Expect | None:
    if way.source is None:
        return None
    set_rules(draft, way.source, "IpPermissionsEgress", [])
    return shut_by_groups(way.source.groups)


@edit("R-SG-8, R-SG-22")
def source_may_send_just_this(draft: Draft, way: Way) -> Expect | None:
    if way.source is None:
        return None
    rule = permission(way, f"{way.probe.destination}/32")
    set_rules(draft, way.source, "IpPermissionsEgress", [rule])
    return OPEN


@edit("R-SG-8, R-SG-9", mended=True)
def source_may_send_to_the_next_port(draft: Draft, way: Way) -> Expect | None:
    if way.source is None:
        return None
    rule = permission(way, "0.0.0.0/0", shift=1)
    set_rules(draft, way.source, "IpPermissionsEgress", [rule])
    return shut_by_groups(way.source.groups)


@edit("R-SG-1")
def source_may_send_to_the_next_address(draft: Draft, way: Way) -> Expect | None:
    if way.source is None:
        return None
    rule = permission(way, next_to(way.probe.destination))
    set_rules(draft, way.source, "IpPermissionsEgress", [rule])
    return shut_by_groups(way.source.groups)


@edit("R-SG-22")
def source_admits_nothing(draft: Draft, way: Way) -> Expect | None:
    """Replies need no rule."""
    if way.source is None or (way.destination and {*way.source.groups} & {*way.destination.groups}):
        return None
    if way.to_balancer:
        return None  # the target may share a group with the source
    set_rules(draft, way.source, "IpPermissions", [])
    return OPEN


@edit("R-SG-1", mended=True)
def destination_admits_nothing(draft: Draft, way: Way) -> Expect | None:
    host = _admitting(way)
    if host is None:
        return None
    set_rules(draft, host, "IpPermissions", [])
    return shut_by_groups(host.groups)


@edit("R-SG-8, R-SG-9")
def destination_admits_just_this(draft: Draft, way: Way) -> Expect | None:
    host = _admitting(way)
    if host is None:
        return None
    set_rules(draft, host, "IpPermissions", [permission(way, f"{way.probe.source}/32")])
    return OPEN


@edit("R-SG-8, R-SG-9", mended=True)
def destination_admits_the_next_port(draft: Draft, way: Way) -> Expect | None:
    host = _admitting(way)
    if host is None:
        return None
    set_rules(draft, host, "IpPermissions", [permission(way, "0.0.0.0/0", shift=1)])
    return shut_by_groups(host.groups)


@edit("R-SG-1")
def destination_admits_the_next_address(draft: Draft, way: Way) -> Expect | None:
    host = _admitting(way)
    if host is None:
        return None
    set_rules(draft, host, "IpPermissions", [permission(way, next_to(way.probe.source))])
    return shut_by_groups(host.groups)


@edit("R-SG-10")
def destination_admits_ipv6_alone(draft: Draft, way: Way) -> Expect | None:
    host = _admitting(way)
    if host is None:
        return None
    rule = permission(way, "0.0.0.0/0") | {"IpRanges": [], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    set_rules(draft, host, "IpPermissions", [rule])
    return shut_by_groups(host.groups)


@edit("R-SG-22")
def destination_may_send_nothing(draft: Draft, way: Way) -> Expect | None:
    """Replies need no rule."""
    host = _admitting(way)
    if host is None or (way.source and {*way.source.groups} & {*host.groups}):
        return None
    set_rules(draft, host, "IpPermissionsEgress", [])
    return OPEN


@edit("R-SG-4, R-SG-14")
def destination_has_the_default_group(draft: Draft, way: Way) -> Expect | None:
    host = _admitting(way)
    if host is None:
        return None
    default = way.lab.default_group(host.vpc)
    if way.source and default in way.source.groups:
        return None
    set_groups(draft, host, [default])
    return shut_by_groups([default])


@edit("R-SG-12, R-SG-15, R-SG-20")
def destination_admits_the_sources_group(draft: Draft, way: Way) -> Expect | None:
    """By reference: within the VPC and over a peering of one Region, not by a transit gateway that
    does not keep references, and nobody from the internet has a group."""
    host = _admitting(way)
    if host is None or (way.source is None and way.kind != "inbound"):
        return None
    group = way.source.groups[0] if way.source else host.groups[0]
    pair: Item = {"GroupId": group, "UserId": _owner(way, group)}
    if way.kind == "peering":
        if _is_inter_region(way):
            return None
        pair |= {"PeeringStatus": "active", "VpcPeeringConnectionId": _peering(way)}
        pair["VpcId"] = way.source.vpc if way.source else ""
    rule = permission(way, "0.0.0.0/0") | {"IpRanges": [], "UserIdGroupPairs": [pair]}
    set_rules(draft, host, "IpPermissions", [rule])
    if way.kind in ("neighbour", "local", "peering"):
        return OPEN
    return shut_by_groups(host.groups)


def _owner(way: Way, group: str) -> str:
    return next(g["OwnerId"] for g in way.lab.all("SecurityGroups") if g["GroupId"] == group)


def _admitting(way: Way) -> Interface | None:
    """The instance whose groups see the packet as it left its source, if one does."""
    host = way.destination
    if host is None or host.kind != "interface":
        return None
    return host if way.is_direct or way.kind == "inbound" else None


# Network ACLs.


def entry(way: Way, number: int, egress: bool, cidr: str, what: str, action: str = "deny") -> Item:
    """An entry for the packet ("there"), its reply ("back") or a part of the replies ("half")."""
    made: Item = {"RuleNumber": number, "Egress": egress, "RuleAction": action, "CidrBlock": cidr}
    if way.probe.protocol == "icmp":
        kind = 8 if what == "there" else 0
        return made | {"Protocol": "1", "IcmpTypeCode": {"Type": kind, "Code": 0}}
    low = high = way.probe.port or 0
    if what != "there":
        low, high = EPHEMERAL if what == "back" else (1024, 40000)
    return made | {"Protocol": "6", "PortRange": {"From": low, "To": high}}


def add_entry(draft: Draft, subnet: str, made: Item) -> Expect:
    acl = draft.lab.acl(subnet)["NetworkAclId"]
    draft.one("NetworkAcls", "NetworkAclId", acl)["Entries"].insert(0, made)
    return shut("SUBNET_ACL_RESTRICTION", acl)


def _attachment_subnets(way: Way) -> set[str]:
    attached = way.lab.all("TransitGatewayVpcAttachments")
    return {subnet for each in attached for subnet in each["SubnetIds"]}


@edit("R-NACL-2, R-NACL-4, R-NACL-8", mended=True)
def acl_of_source_denies_the_packet(draft: Draft, way: Way) -> Expect | None:
    if way.source is None:
        return None
    cidr = f"{way.probe.destination}/32"
    shutting = add_entry(draft, way.source.subnet, entry(way, 1, True, cidr, "there"))
    return shutting if way.leaves_a_subnet else OPEN


@edit("R-NACL-4, R-NACL-7", mended=True)
def acl_of_source_denies_the_reply(draft: Draft, way: Way) -> Expect | None:
    if way.source is None or way.source.subnet in _attachment_subnets(way):
        return None
    cidr = f"{way.probe.destination}/32"
    shutting = add_entry(draft, way.source.subnet, entry(way, 1, False, cidr, "back"))
    return shutting if way.leaves_a_subnet else OPEN


@edit("R-NACL-2")
def acl_of_source_denies_too_late(draft: Draft, way: Way) -> Expect | None:
    if way.source is None:
        return None
    add_entry(draft, way.source.subnet, entry(way, 32766, True, "0.0.0.0/0", "there"))
    return OPEN


@edit("R-NACL-4, R-EPH-5")
def acl_of_source_denies_some_replies(draft: Draft, way: Way) -> Expect | None:
    if way.source is None or way.probe.protocol == "icmp":
        return None
    cidr = f"{way.probe.destination}/32"
    add_entry(draft, way.source.subnet, entry(way, 1, False, cidr, "half"))
    return OPEN


@edit("R-NACL-5")
def acl_of_source_denies_another_protocol(draft: Draft, way: Way) -> Expect | None:
    if way.source is None:
        return None
    for egress in (True, False):
        made = entry(way, 1, egress, "0.0.0.0/0", "there")
        made.pop("IcmpTypeCode", None)
        add_entry(
            draft,
            way.source.subnet,
            made | {"Protocol": "17", "PortRange": {"From": 0, "To": 65535}},
        )
    return OPEN


@edit("R-NACL-3")
def acl_of_source_denies_ipv6(draft: Draft, way: Way) -> Expect | None:
    if way.source is None:
        return None
    for egress in (True, False):
        made: Item = {"RuleNumber": 1, "Egress": egress, "RuleAction": "deny", "Protocol": "-1"}
        add_entry(draft, way.source.subnet, made | {"Ipv6CidrBlock": "::/0"})
    return OPEN


@edit("R-NACL-4, R-NACL-8, R-NACL-12", mended=True)
def acl_of_destination_denies_the_packet(draft: Draft, way: Way) -> Expect | None:
    host = _admitting(way)
    if host is None or host.subnet in _attachment_subnets(way):
        return None
    cidr = f"{way.probe.source}/32"
    shutting = add_entry(draft, host.subnet, entry(way, 1, False, cidr, "there"))
    return shutting if way.leaves_a_subnet else OPEN


@edit("R-NACL-7, R-NACL-12", mended=True)
def acl_of_destination_denies_the_reply(draft: Draft, way: Way) -> Expect | None:
    host = _admitting(way)
    if host is None:
        return None
    cidr = f"{way.probe.source}/32"
    shutting = add_entry(draft, host.subnet, entry(way, 1, True, cidr, "back"))
    return shutting if way.leaves_a_subnet else OPEN


@edit("R-NACL-4, R-EPH-5")
def acl_of_destination_denies_some_replies(draft: Draft, way: Way) -> Expect | None:
    host = _admitting(way)
    if host is None or way.probe.protocol == "icmp":
        return None
    add_entry(draft, host.subnet, entry(way, 1, True, f"{way.probe.source}/32", "half"))
    return OPEN


@edit("R-NACL-4")
def acl_of_destination_denies_the_next_address(draft: Draft, way: Way) -> Expect | None:
    host = _admitting(way)
    if host is None:
        return None
    add_entry(draft, host.subnet, entry(way, 1, False, next_to(way.probe.source), "there"))
    return OPEN


@edit("R-NACL-1, R-NACL-2")
def subnet_of_source_has_a_new_acl(draft: Draft, way: Way) -> Expect | None:
    """One that has nothing but the two entries that deny all, as it is made."""
    if way.source is None:
        return None
    return _new_acl(draft, way, way.source.subnet)


@edit("R-NACL-1, R-NACL-2")
def subnet_of_destination_has_a_new_acl(draft: Draft, way: Way) -> Expect | None:
    host = _admitting(way)
    return None if host is None else _new_acl(draft, way, host.subnet)


def _new_acl(draft: Draft, way: Way, subnet: str) -> Expect:
    new = "acl-00000000000000bad"
    for owner in draft.lists("NetworkAcls"):
        for acl in list(owner):
            moved = [each for each in acl["Associations"] if each["SubnetId"] == subnet]
            if moved:
                acl["Associations"] = [e for e in acl["Associations"] if e not in moved]
                made = json.loads(json.dumps(acl)) | {"NetworkAclId": new, "IsDefault": False}
                made["Associations"] = [each | {"NetworkAclId": new} for each in moved]
                made["Entries"] = [e for e in made["Entries"] if e["RuleNumber"] >= 32767]
                owner.append(made)
    return shut("SUBNET_ACL_RESTRICTION", new) if way.leaves_a_subnet else OPEN


# Route tables.


def set_state(draft: Draft, table: str, route: Item, state: str) -> None:
    for each in draft.one("RouteTables", "RouteTableId", table)["Routes"]:
        if each.get("DestinationCidrBlock") == route["DestinationCidrBlock"]:
            each["State"] = state


@edit("R-RT-11")
def route_of_source_is_a_blackhole(draft: Draft, way: Way) -> Expect | None:
    if way.source is None or way.route is None:
        return None
    table = way.lab.table(way.source.subnet)["RouteTableId"]
    set_state(draft, table, way.route, "blackhole")
    return shut("BAD_STATE_ROUTE", table)


@edit("R-RT-13", mended=True)
def route_of_source_is_gone(draft: Draft, way: Way) -> Expect | None:
    if way.source is None or way.route is None:
        return None
    table = way.lab.table(way.source.subnet)
    if len(routes_towards(table, way.probe.destination)) > 1:
        return None  # a default route takes over
    _drop_route(draft, table["RouteTableId"], way.route)
    return shut("NO_ROUTE_TO_DESTINATION", table["RouteTableId"])


def _drop_route(draft: Draft, table: str, route: Item) -> None:
    edited = draft.one("RouteTables", "RouteTableId", table)
    cidr = route["DestinationCidrBlock"]
    edited["Routes"] = [r for r in edited["Routes"] if r.get("DestinationCidrBlock") != cidr]


@edit("R-RT-11, R-PCX-2, R-IGW-6")
def route_back_is_a_blackhole(draft: Draft, way: Way) -> Expect | None:
    host = _admitting(way)
    if host is None or way.kind not in ("peering", "transit", "inbound"):
        return None
    table = way.lab.table(host.subnet)
    back = routes_towards(table, way.probe.source)
    if not back:
        return None
    set_state(draft, table["RouteTableId"], back[0], "blackhole")
    return shut("BAD_STATE_ROUTE", table["RouteTableId"])


@edit("R-RT-4")
def route_of_source_has_a_blackhole_beside(draft: Draft, way: Way) -> Expect | None:
    """A longer prefix that does not hold the destination."""
    if way.source is None or way.route is None:
        return None
    table = way.lab.table(way.source.subnet)["RouteTableId"]
    beside = way.route | {
        "DestinationCidrBlock": next_to(way.probe.destination),
        "State": "blackhole",
    }
    draft.one("RouteTables", "RouteTableId", table)["Routes"].append(beside)
    return OPEN


@edit("R-RT-4, R-RT-11")
def route_of_source_has_a_longer_blackhole(draft: Draft, way: Way) -> Expect | None:
    if way.source is None or way.route is None:
        return None
    table = way.lab.table(way.source.subnet)["RouteTableId"]
    longer = {"DestinationCidrBlock": f"{way.probe.destination}/32", "State": "blackhole"}
    draft.one("RouteTables", "RouteTableId", table)["Routes"].append(way.route | longer)
    return shut("BAD_STATE_ROUTE", table)


@edit("R-RT-1, R-RT-13")
def subnet_of_source_goes_by_the_main_table(draft: Draft, way: Way) -> Expect | None:
    """The association is gone; a main table has local routes alone in most labs."""
    if way.source is None:
        return None
    main = way.lab.main_table(way.source.vpc)
    own = way.lab.table(way.source.subnet)
    if main is own or routes_towards(main, way.probe.destination)[1:]:
        return None
    left = routes_towards(main, way.probe.destination)
    if left and left[0].get("GatewayId") != "local":
        return None
    table = draft.one("RouteTables", "RouteTableId", own["RouteTableId"])
    subnet = way.source.subnet
    table["Associations"] = [a for a in table["Associations"] if a.get("SubnetId") != subnet]
    return shut("NO_ROUTE_TO_DESTINATION", main["RouteTableId"]) if way.route else OPEN


# Interfaces and instances.


def set_instance(draft: Draft, instance: str, state: str, code: int) -> None:
    for reservation in draft.all("Reservations"):
        for each in reservation["Instances"]:
            if each["InstanceId"] == instance:
                each["State"] = {"Name": state, "Code": code}


@edit("R-ENI-8")
def source_is_stopped(draft: Draft, way: Way) -> Expect | None:
    if way.source is None:
        return None
    set_instance(draft, way.source.instance, "stopped", 80)
    return shut()


@edit("R-ENI-8")
def destination_is_stopped(draft: Draft, way: Way) -> Expect | None:
    host = _admitting(way)
    if host is None or way.kind == "inbound":
        return None
    set_instance(draft, host.instance, "stopped", 80)
    return shut()


@edit("R-ENI-4")
def ends_do_not_check_addresses(draft: Draft, way: Way) -> Expect | None:
    """Who sends from an address of its own, to its owner, is not touched by the check."""
    for host in (way.source, way.destination):
        if host is not None and host.kind == "interface":
            edited = draft.one("NetworkInterfaces", "NetworkInterfaceId", host.id)
            edited["SourceDestCheck"] = False
            for reservation in draft.all("Reservations"):
                for instance in reservation["Instances"]:
                    if instance["InstanceId"] == host.instance:
                        instance["SourceDestCheck"] = False
                        for each in instance["NetworkInterfaces"]:
                            each["SourceDestCheck"] = False
    return OPEN


# What was lost comes through once everything on its way allows it.


@edit("R-SG-1, R-NACL-2", of_lost=True)
def all_is_opened(draft: Draft, way: Way) -> Expect | None:
    if not way.is_direct or way.source is None or way.destination is None:
        return None
    every: Item = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    every |= {"Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
    set_rules(draft, way.source, "IpPermissionsEgress", [every])
    set_rules(draft, way.destination, "IpPermissions", [every])
    for subnet in {way.source.subnet, way.destination.subnet}:
        for egress in (True, False):
            made: Item = {"RuleNumber": 1, "Egress": egress, "RuleAction": "allow"}
            add_entry(draft, subnet, made | {"Protocol": "-1", "CidrBlock": "0.0.0.0/0"})
    return OPEN


@edit("R-SG-8, R-NACL-4", of_lost=True)
def just_this_is_opened(draft: Draft, way: Way) -> Expect | None:
    if not way.is_direct or way.source is None or way.destination is None:
        return None
    ends = way.probe.source, way.probe.destination
    there, home = (f"{each}/32" for each in ends)
    set_rules(draft, way.source, "IpPermissionsEgress", [permission(way, home)])
    set_rules(draft, way.destination, "IpPermissions", [permission(way, there)])
    for subnet, cidr, outwards in (
        (way.source.subnet, home, True),
        (way.destination.subnet, there, False),
    ):
        add_entry(draft, subnet, entry(way, 1, outwards, cidr, "there", "allow"))
        add_entry(draft, subnet, entry(way, 2, not outwards, cidr, "back", "allow"))
    return OPEN


@edit("R-SG-33", of_lost=True)
def all_but_the_destinations_group_is_opened(draft: Draft, way: Way) -> Expect | None:
    if all_is_opened(draft, way) is None or way.destination is None:
        return None
    set_rules(draft, way.destination, "IpPermissions", [])
    return shut_by_groups(way.destination.groups)


def _peering(way: Way) -> str:
    return str((way.route or {})["VpcPeeringConnectionId"])


def _is_inter_region(way: Way) -> bool:
    found = (p for p in way.lab.all("VpcPeeringConnections") if _is(p, _peering(way)))
    told: Any = next(found)
    return bool(told["AccepterVpcInfo"]["Region"] != told["RequesterVpcInfo"]["Region"])


def _is(peering: Item, name: str) -> bool:
    return bool(peering["VpcPeeringConnectionId"] == name)
