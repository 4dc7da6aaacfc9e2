"""Private connectivity told as questions: no answer is turned round by what was not asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

import reach
from tests.estate import Pair, load_files
from tests.estates.private import (
    OUTSIDE,
    associate,
    attach,
    attach_vpc,
    connect,
    connection,
    dx_gateway,
    gateway,
    learn,
    tgw_route,
    transit_gateway,
    virtual_interface,
)
from tests.traps.rows import allow, deny, may
from tests.traps.test_gaps import never_flips, without

HOST, OTHER, STRANGER = "192.168.1.1", "172.31.1.1", "10.77.0.1"
CALLS = (
    "CustomerGateways",
    "NetworkInterfaces",
    "RouteTables",
    "Subnets",
    "TransitGatewayAttachments",
    "TransitGatewayConnectPeers",
    "TransitGatewayConnects",
    "TransitGatewayRouteTables",
    "TransitGatewayRoutes",
    "TransitGatewayVpcAttachments",
    "TransitGateways",
    "Vpcs",
    "VpnConnections",
    "VpnGateways",
    "directConnectGatewayAssociations",
    "directConnectGatewayAttachments",
    "directConnectGateways",
    "virtualInterfaces",
)


def by_virtual_private_gateway() -> Pair:
    """V1 with a static connection that is down, Direct Connect, and a table that shows it all."""
    e = Pair()
    vgw = gateway(e, e.v1)
    connection(e, vgw, static=["192.168.0.0/16"], up=(False, False))
    dx = dx_gateway(e)
    virtual_interface(e, dx)
    associate(e, dx, vgw, "10.0.0.0/16")
    e.route(e.ta, "0.0.0.0/0", vgw)
    learn(e, vgw, e.tb, "172.16.0.0/12")
    return e


def by_transit_gateway() -> Pair:
    """V1 on a transit gateway with a VPN connection, Direct Connect and a Connect attachment."""
    e = Pair()
    tgw = transit_gateway(e)
    transport = attach_vpc(e, tgw, e.v1, e.sa)
    e.route(e.ta, "0.0.0.0/0", tgw)
    vpn = attach(e, tgw, "vpn", connection(e, tgw))
    dx = dx_gateway(e)
    virtual_interface(e, dx, kind="transit")
    associate(e, dx, tgw, "10.9.0.0/16")
    lines = [vpn, attach(e, tgw, "direct-connect-gateway", dx), connect(e, tgw, transport)]
    for made, block in zip(lines, ("192.168.0.0/16", "172.16.0.0/12", "10.64.0.0/16"), strict=True):
        tgw_route(e, tgw, block, made, kind="propagated")
    return e


def questions(e: Pair) -> list[str]:
    there = [f"can {e.a} reach {host} port 22" for host in (HOST, OTHER, "10.64.0.1", "8.8.8.8")]
    back = [f"can {host} reach {e.a} port 22" for host in (HOST, OTHER, STRANGER, "on-premises")]
    return [*there, *back, f"can {e.b} reach on-premises port 22"]


ESTATES = {
    "virtual private gateway": by_virtual_private_gateway,
    "transit gateway": by_transit_gateway,
}


@cache
def whole(estate: str) -> tuple[Pair, dict[str, str]]:
    """An estate, and what is answered where nothing is left out."""
    e = ESTATES[estate]()
    verdicts = {question: str(e.ask(question).verdict.value) for question in questions(e)}
    assert {"reachable", "unreachable"} <= set(verdicts.values())
    return e, verdicts


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("estate", ESTATES)
def test_a_missing_call_flips_nothing(estate: str, call: str) -> None:
    """Law 2: a call that is not there leaves an answer or makes it undecided; it never flips it."""
    e, verdicts = whole(estate)
    never_flips(dict(without(e.files(), call)), verdicts, call)


@pytest.mark.parametrize("allowed", ["10.0.0.0/16", "10.0.1.0/24"])
@pytest.mark.parametrize("static", [["192.168.0.0/16"], None])
def test_without_connections_any_line_may_have_told_a_prefix(
    static: list[str] | None, allowed: str
) -> None:
    """What a gateway has learned need not be of a connection that nobody sees: Direct Connect may
    have told it, and what is asked of that is not refuted."""
    e = Pair()
    vgw, dx = gateway(e, e.v1), dx_gateway(e)
    connection(e, vgw, static=static)
    line = virtual_interface(e, dx)
    associate(e, dx, vgw, allowed)
    learn(e, vgw, e.ta, "192.168.0.0/16")
    asked = [f"can {e.a} reach {end} port 22" for end in (line, dx, HOST)]
    asked.append(f"can {line} reach {e.a} port 22")
    verdicts = {text: e.ask(text).verdict.value for text in asked}
    assert set(verdicts.values()) <= {"reachable", "unreachable"}
    never_flips(dict(without(e.files(), "VpnConnections")), verdicts, "VpnConnections")


@pytest.mark.parametrize("call", ["VpnConnections", "VpnGateways", "TransitGatewayAttachments"])
@pytest.mark.parametrize("estate", ESTATES)
def test_an_answer_that_was_cut_short(estate: str, call: str) -> None:
    """A page with a NextToken has lost its tail: nothing flips when the tail is gone."""
    e, verdicts = whole(estate)
    files = {}
    for path, text in e.files().items():
        content = json.loads(text)
        if call in content:
            half = content[call][: len(content[call]) // 2]
            text = json.dumps({call: half, "NextToken": "eyJ2IjoiMSJ9"})
        files[path] = text
    never_flips(files, verdicts, call)


def test_accounts_and_regions() -> None:
    """Direct Connect gateways are global: asked for in one Region they serve another's gateway."""
    e = Pair(region="eu-west-1")
    vgw = gateway(e, e.v1)
    e.route(e.ta, "192.168.0.0/16", vgw)
    learn(e, vgw, e.tb, "192.168.0.0/16")
    elsewhere = Pair(region="us-east-1")
    dx = dx_gateway(elsewhere)
    virtual_interface(elsewhere, dx)
    associate(elsewhere, dx, vgw, "10.0.0.0/16", region="eu-west-1")
    for key in (
        "directConnectGateways",
        "directConnectGatewayAssociations",
        "directConnectGatewayAttachments",
        "virtualInterfaces",
    ):
        e.scope((e.home[0], "us-east-1"))[key] = elsewhere.scopes[elsewhere.home][key]
        e.scopes[e.home].pop(key)
    allow(e, f"can {e.a} reach {HOST} port 22")
    allow(e, f"can {HOST} reach {e.a} port 22")
    deny(e, f"can {e.a} reach {OTHER} port 22")


def test_security_groups_decide_as_ever() -> None:
    """What a line brings in is judged by its own address, and by no group."""
    e = by_virtual_private_gateway()
    e.wear(e.a, e.group(e.v1, ingress=["tcp/22 172.31.0.0/16"]))
    allow(e, f"can {OTHER} reach {e.a} port 22")
    deny(e, f"can {OTHER} reach {e.a} port 23", "ENI_SG_RULES_MISMATCH")
    deny(e, f"can 172.16.0.1 reach {e.a} port 22", "ENI_SG_RULES_MISMATCH")
    deny(e, f"can on-premises reach {e.a} port 23", "ENI_SG_RULES_MISMATCH")


def test_a_transit_gateway_means_what_is_behind_its_lines() -> None:
    """As an end: the VPCs on it and the networks on-premises, by way of it or of one attachment."""
    e = by_transit_gateway()
    attachments = e.scopes[e.home]["TransitGatewayAttachments"]
    tgw = attachments[0]["TransitGatewayId"]
    of = {each["ResourceType"]: each["TransitGatewayAttachmentId"] for each in attachments}
    for text in (tgw, of["vpn"], of["connect"]):
        allow(e, f"can {text} reach {e.a} port 22")
        allow(e, f"can {e.a} reach {text} port 22")
    deny(e, f"can {of['direct-connect-gateway']} reach {e.a} port 22", "NO_ROUTE_TO_DESTINATION")
    deny(e, f"can {e.b} reach {of['vpn']} port 22", "NO_ROUTE_TO_DESTINATION")


# ------------------------------ one prefix, told twice


def told_twice(up: tuple[bool, bool], *, direct_connect: bool = True) -> Pair:
    """192.168.0.0/16 by a static VPN connection and, where there is one, by Direct Connect."""
    e = Pair()
    vgw = gateway(e, e.v1)
    connection(e, vgw, static=["192.168.0.0/16"], up=up)
    dx = dx_gateway(e)
    virtual_interface(e, dx)
    if direct_connect:
        associate(e, dx, vgw, "10.0.0.0/16")
    learn(e, vgw, e.ta, "192.168.0.0/16")
    return e


@pytest.mark.parametrize("up", [(True, True), (False, False)])
def test_a_backup_of_direct_connect(up: tuple[bool, bool]) -> None:
    """R-VGW-9: the routes of Direct Connect come before a static VPN connection's. A table shows a
    prefix once, so that a static route does not say that nothing else has told it."""
    e = told_twice(up)
    dx, vpn = (e.scopes[e.home][f"{key}s"] for key in ("virtualInterface", "VpnConnection"))
    line, backup = dx[0]["virtualInterfaceId"], vpn[0]["VpnConnectionId"]
    for question in (f"can {e.a} reach {HOST} port 22", f"can {HOST} reach {e.a} port 22"):
        may(e, question)
        by_line, by_backup = (reach.ask(e.load(), question, through=(by,)) for by in (line, backup))
        assert by_line.verdict == "reachable"
        assert by_line.assumptions
        assert by_backup.verdict == ("reachable" if all(up) else "unreachable")


def test_no_backup() -> None:
    """The control: what is down, and alone, carries nothing; and what is up, everything."""
    e = told_twice((False, False), direct_connect=False)
    deny(e, f"can {e.a} reach {HOST} port 22")
    deny(e, f"can {HOST} reach {e.a} port 22")
    e = told_twice((True, True), direct_connect=False)
    assert not allow(e, f"can {e.a} reach {HOST} port 22").assumptions
    assert not allow(e, f"can {HOST} reach {e.a} port 22").assumptions


@pytest.mark.parametrize(("accepted", "ask"), [(1, deny), (2, may)])
def test_a_connection_that_counts_its_routes(accepted: int, ask: Callable[..., Any]) -> None:
    """One by BGP has told as many prefixes as it says, and no static one besides."""
    e = Pair()
    vgw = gateway(e, e.v1)
    connection(e, vgw, static=["192.168.0.0/16"], up=(False, False))
    connection(e, vgw, up=(True, True), accepted=accepted, outside=OUTSIDE)
    learn(e, vgw, e.ta, "192.168.0.0/16", "172.16.0.0/12")
    allow(e, f"can {e.a} reach {OTHER} port 22")
    ask(e, f"can {e.a} reach {HOST} port 22")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("up", [(True, True), (False, False)])
def test_a_backup_and_a_missing_call(up: tuple[bool, bool], call: str) -> None:
    """Law 2, as above."""
    e = told_twice(up)
    asked = [f"can {e.a} reach {HOST} port 22", f"can {HOST} reach {e.a} port 22"]
    verdicts = {question: str(e.ask(question).verdict.value) for question in asked}
    never_flips(dict(without(e.files(), call)), verdicts, call)


def test_a_backup_where_nobody_asked_for_direct_connect() -> None:
    """What is down may not be all that there is; what is up is."""
    for up, verdict in ((False, "undecided"), (True, "reachable")):
        e = told_twice((up, up))
        files = e.files()
        for call in (each for each in CALLS if each[0].islower()):
            files = dict(without(files, call))
        answer = reach.ask(load_files(files), f"can {e.a} reach {HOST} port 22")
        assert answer.verdict == verdict
        assert not answer.assumptions
