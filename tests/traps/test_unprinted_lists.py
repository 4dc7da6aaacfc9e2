"""Law 2, of lists: an empty one says that there is nothing, one that is not there says nothing.

AWS always prints these lists.  An answer that lacks one was cut down by a hand or by a query, so
what the list may have held is not known: the answer is undecided where it hangs on it, and tells in
which file and where.  With the list empty it is as decided as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.estate import Id, Pair
from tests.estates import private
from tests.estates.balancers import balancer, listen, target_group
from tests.estates.transit import joined
from tests.traps.rows import EIP_A, EIP_B, NET, allow, deny, unknown


class Case(NamedTuple):
    """A question that is decided, and the list of a record that it hangs on."""

    estate: Pair
    question: str
    record: Any
    key: str
    at: str  # where the record stands


def _of(e: Pair, owner: Id) -> Any:
    return next(
        each
        for each in e.scopes[e.home]["NetworkInterfaces"]
        if each["NetworkInterfaceId"] == owner.eni
    )


def _place(e: Pair, key: str, record: Any) -> str:
    return f"{key}.json: /{key}/{e.scopes[e.home][key].index(record)}"


def _case(e: Pair, question: str, key: str, record: Any, lost: str) -> Case:
    return Case(e, question, record, lost, f"/{key}/")


def _routes() -> Case:
    e = Pair()
    e.peered()
    return _case(e, f"can {e.a} reach {e.b2} port 22", "RouteTables", e.ta.record, "Routes")


def _associations_of_a_table() -> Case:
    """SA would fall back to its VPC's main table, which leads nowhere."""
    e = Pair()
    e.peered()
    question = f"can {e.a} reach {e.b2} port 22"
    return _case(e, question, "RouteTables", e.ta.record, "Associations")


def _routes_of_an_edge_table() -> Case:
    e = Pair()
    e.public(e.a, EIP_A)
    gateway = e.online(e.ta)
    edge = e.table(e.v1, edge=gateway, name="edge")
    return _case(e, f"can internet reach {e.a} port 22", "RouteTables", edge.record, "Routes")


def _associations_of_an_edge_table() -> Case:
    """B would be reached directly; the edge table leads it to an appliance that is stopped."""
    e = Pair()
    e.public(e.a, EIP_A)
    gateway = e.online(e.ta)
    edge = e.table(e.v1, edge=gateway, name="edge")
    question = f"can internet reach {e.a} port 22"
    return _case(e, question, "RouteTables", edge.record, "Associations")


def _entries() -> Case:
    e = Pair()
    acl = e.acl(e.v1, [e.sb], ingress=["1 allow all 0.0.0.0/0"], egress=["1 allow all 0.0.0.0/0"])
    return _case(e, f"can {e.a} reach {e.b} port 22", "NetworkAcls", acl.record, "Entries")


def _associations_of_an_acl() -> Case:
    """SB would fall back to its VPC's default ACL, which lets everything pass."""
    e = Pair()
    acl = e.acl(e.v1, [e.sb], ingress=[], egress=[])
    return _case(e, f"can {e.a} reach {e.b} port 22", "NetworkAcls", acl.record, "Associations")


def _inbound_rules() -> Case:
    e = Pair()
    group = e.group(e.v1, ingress=["tcp/22 any"])
    e.wear(e.b, group)
    question = f"can {e.a} reach {e.b} port 22"
    return _case(e, question, "SecurityGroups", group.record, "IpPermissions")


def _outbound_rules() -> Case:
    e = Pair()
    group = e.group(e.v1, ingress=[], egress=["tcp/22 any"])
    e.wear(e.a, group)
    question = f"can {e.a} reach {e.b} port 22"
    return _case(e, question, "SecurityGroups", group.record, "IpPermissionsEgress")


def _groups() -> Case:
    """Without groups nothing would be filtered (R-SG-6)."""
    e = Pair()
    e.wear(e.b, e.group(e.v1, ingress=[]))
    question = f"can {e.a} reach {e.b} port 22"
    return _case(e, question, "NetworkInterfaces", _of(e, e.b), "Groups")


def _groups_of_a_member() -> Case:
    """Whom a rule on the way out means (R-SG-12): B may be a member."""
    e = Pair()
    members = e.group(e.v1, ingress=["all any"])
    e.wear(e.b, members)
    e.wear(e.a, e.group(e.v1, ingress=[], egress=[f"tcp/22 {members}"]))
    question = f"can {e.a} reach {e.b} port 22"
    return _case(e, question, "NetworkInterfaces", _of(e, e.b), "Groups")


def _addresses() -> Case:
    """A second address of B's."""
    e = Pair()
    own = _of(e, e.b)
    own["PrivateIpAddresses"].append({"Primary": False, "PrivateIpAddress": "10.0.1.77"})
    question = f"can {e.a} reach 10.0.1.77 port 22"
    return _case(e, question, "NetworkInterfaces", own, "PrivateIpAddresses")


def _attachments() -> Case:
    return _online("can internet reach {a} port 22")


def _attachments_on_the_way_out() -> Case:
    return _online(f"can {{a}} reach {NET} port 22")


def _online(question: str) -> Case:
    e = Pair()
    e.public(e.a, EIP_A)
    igw = e.online(e.ta)
    return _case(e, question.format(a=e.a), "InternetGateways", igw.record, "Attachments")


def _addresses_of_a_nat_gateway() -> Case:
    e = Pair()
    nat = e.natted(e.ta)
    question = f"can {e.a} reach {NET} port 443"
    return _case(e, question, "NatGateways", nat.record, "NatGatewayAddresses")


def _subnets_of_an_attachment() -> Case:
    e = Pair()
    hub = joined(e)
    record = next(
        each
        for each in e.scopes[e.home]["TransitGatewayVpcAttachments"]
        if each["TransitGatewayAttachmentId"] == hub.one
    )
    question = f"can {e.a} reach {e.b2} port 22"
    return _case(e, question, "TransitGatewayVpcAttachments", record, "SubnetIds")


def _attachments_of_a_vpn_gateway() -> Case:
    e = Pair()
    vgw = private.gateway(e, e.v1)
    private.connection(e, vgw, static=["192.168.0.0/16"])
    e.route(e.ta, "192.168.0.0/16", vgw)
    question = f"can {e.a} reach 192.168.1.1 port 22"
    return _case(e, question, "VpnGateways", vgw.record, "VpcAttachments")


def _routes_of_a_vpn() -> Case:
    e = Pair()
    vgw = private.gateway(e, e.v1)
    private.connection(e, vgw, static=["192.168.0.0/16"])
    e.route(e.ta, "192.168.0.0/16", vgw)
    (made,) = e.scopes[e.home]["VpnConnections"]
    return _case(e, f"can {e.a} reach 192.168.1.1 port 22", "VpnConnections", made, "Routes")


def _balanced() -> tuple[Pair, str]:
    e = Pair()
    made = balancer(e, "network", "front", {e.sb: "10.0.1.30"})
    listen(e, made, "TCP", 80, target_group(e, e.v1, "web", "TCP", 80, [e.b]))
    return e, f"can {e.a} reach 10.0.1.30 port 80"


def _listeners() -> Case:
    e, question = _balanced()
    (answer,) = e.scopes[e.home]["LoadBalancerListeners"]
    return _case(e, question, "LoadBalancerListeners", answer, "Listeners")


def _actions() -> Case:
    e, question = _balanced()
    (answer,) = e.scopes[e.home]["LoadBalancerListeners"]
    where = answer["Listeners"][0]
    return _case(e, question, "LoadBalancerListeners", where, "DefaultActions")


def _targets() -> Case:
    e, question = _balanced()
    (answer,) = e.scopes[e.home]["LoadBalancerTargetHealth"]
    key = "TargetHealthDescriptions"
    return _case(e, question, "LoadBalancerTargetHealth", answer, key)


def _attributes() -> Case:
    """Whether the target sees the client, whom alone it lets in (R-NLB-2)."""
    e, question = _balanced()
    e.wear(e.b, e.group(e.v1, ingress=[f"tcp/80 {e.a.ip}/32"]))
    (answer,) = e.scopes[e.home]["TargetGroupAttributes"]
    return _case(e, question, "TargetGroupAttributes", answer, "Attributes")


CASES = {
    make.__name__.lstrip("_"): make
    for make in (
        _routes,
        _associations_of_a_table,
        _routes_of_an_edge_table,
        _associations_of_an_edge_table,
        _entries,
        _associations_of_an_acl,
        _inbound_rules,
        _outbound_rules,
        _groups,
        _groups_of_a_member,
        _addresses,
        _attachments,
        _attachments_on_the_way_out,
        _addresses_of_a_nat_gateway,
        _subnets_of_an_attachment,
        _attachments_of_a_vpn_gateway,
        _routes_of_a_vpn,
        _listeners,
        _actions,
        _targets,
        _attributes,
    )
}


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_a_list_that_is_not_there(make: Callable[[], Case]) -> None:
    case = make()
    assert case.estate.ask(case.question).verdict != "undecided"
    del case.record[case.key]
    unknown(case.estate, case.question, case.at, case.key)


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_a_list_that_is_empty(make: Callable[[], Case]) -> None:
    case = make()
    case.record[case.key] = []
    assert case.estate.ask(case.question).verdict in ("reachable", "unreachable")


def test_what_does_not_hang_on_it() -> None:
    """By place: in another subnet, or another VPC, everything is as it was."""
    e = Pair()
    e.peered()
    closed = e.group(e.v1, ingress=[], egress=[])
    c = e.instance("c", e.sb, "10.0.1.9", groups=[closed])
    del e.ta.record["Routes"]
    allow(e, f"can {e.b} reach {e.b2} port 22", one_way=True)
    deny(e, f"can {c} reach {e.b2} port 22")
    e = Pair()
    e.peered()
    del e.t2.record["Associations"]
    allow(e, f"can {e.a} reach {e.b} port 22")
    deny(e, f"can {e.a} reach 10.0.1.99 port 22")
    e = Pair()
    e.wear(e.a, e.group(e.v1, ingress=[], egress=[]))
    del _of(e, e.b)["Groups"]
    deny(e, f"can {e.a} reach {e.b} port 22")


def test_both_ways_out_of_a_gateway_whose_edge_table_is_not_known() -> None:
    """R-RT-22: whether the subnet's own route to it is usable hangs on it, too."""
    e = Pair()
    e.public(e.a, EIP_A)
    edge = e.table(e.v1, edge=e.online(e.ta), name="edge")
    del edge.record["Routes"]
    unknown(e, f"can {e.a} reach {NET} port 443", "/Routes", one_way=True)


@pytest.mark.parametrize("turned", [False, True])
def test_two_edge_tables_of_one_gateway(turned: bool) -> None:
    """R-RT-19: it has one; which of two that is nothing tells."""
    e = Pair()
    e.public(e.b, EIP_B)
    gateway = e.online(e.tb)
    one = e.table(e.v1, edge=gateway, name="one")
    other = e.table(e.v1, edge=gateway, name="other")
    stopped = e.instance("stopped", e.sa, "10.0.0.9", public=EIP_A, check=False, state="stopped")
    e.route(other, "10.0.1.0/24", stopped.eni)
    if turned:
        e.scopes[e.home]["RouteTables"].reverse()
    names = gateway, one, other
    unknown(e, f"can internet reach {e.b} port 22", *names)
    unknown(e, f"can internet reach {e.b} port 22", *names, one_way=True)
    unknown(e, f"can {e.b} reach {NET} port 443", *names)
    allow(e, f"can {e.a} reach {e.b} port 22")
    other.record["Associations"][0]["AssociationState"]["State"] = "disassociated"
    allow(e, f"can internet reach {e.b} port 22")


def test_subnets_of_which_nobody_knows_whether_they_are_public() -> None:
    """R-DEF-1: they are neither."""
    e = Pair()
    e.public(e.a, EIP_A)
    e.online(e.ta)
    question = "can internet reach public port 443"
    allow(e, question)
    deny(e, "can internet reach private port 443")
    del e.ta.record["Routes"]
    unknown(e, question, "/Routes")
    unknown(e, "can internet reach private port 443", "/Routes")
