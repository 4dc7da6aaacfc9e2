"""Direct Connect gateways: what is announced by them, and which way packets take."""

from __future__ import annotations

import pytest

from reach.trace import Fate
from tests.aws.ground import arrived, at, dropped, ground, nodes, packet, plain, sent, stages
from tests.estate import Id, Pair
from tests.estates.private import (
    associate,
    attach,
    attach_vpc,
    dx_gateway,
    gateway,
    learn,
    tgw_route,
    transit_gateway,
    virtual_interface,
)
from tests.traps.rows import allow, deny, may, unknown
from tests.traps.test_unmodelled import DIRECT_CONNECT

HOST = "192.168.1.1"
SILENT = "NO_ROUTE_TO_DESTINATION"


def private(
    *allowed: str, state: str = "associated", learned: tuple[str, ...] = ("192.168.0.0/16",)
) -> tuple[Pair, Id, Id, Id]:
    """V1's gateway on a Direct Connect gateway with one private virtual interface."""
    e = Pair()
    vgw = gateway(e, e.v1)
    dx = dx_gateway(e)
    vif = virtual_interface(e, dx)
    associate(e, dx, vgw, *allowed, state=state)
    e.route(e.ta, "192.168.0.0/16", vgw)
    learn(e, vgw, e.tb, *learned)
    return e, vgw, dx, vif


def transit(*allowed: str, state: str = "associated") -> tuple[Pair, Id, Id, Id]:
    """A transit gateway, with V1, on a Direct Connect gateway with a transit interface."""
    e = Pair()
    tgw = transit_gateway(e)
    attach_vpc(e, tgw, e.v1, e.sa)
    dx = dx_gateway(e)
    vif = virtual_interface(e, dx, kind="transit")
    made = attach(e, tgw, "direct-connect-gateway", dx)
    associate(e, dx, tgw, *allowed, state=state)
    tgw_route(e, tgw, "192.168.0.0/16", made, kind="propagated")
    e.route(e.ta, "192.168.0.0/16", tgw)
    return e, tgw, dx, vif


# ------------------------------ nodes


def test_stages() -> None:
    """Out by the only interface; in what is announced, and nothing else."""
    e, vgw, dx, vif = private("10.0.0.0/16")
    g = ground(e)
    assert plain(stages(g, f"direct_connect_gateway/{dx}/spread {vgw}")) == [
        [f"any packet -> virtual_interface/{vif}/out", "else drop"]
    ]
    assert plain(stages(g, f"direct_connect_gateway/{dx}/announced")) == [
        [f"destination 10.0.0.0/16 -> vpn_gateway/{vgw}/in"],
        [f"else deny {SILENT} ({dx} allowed prefixes)"],
        [f"else drop {SILENT} ({dx} allowed prefixes)"],
    ]


@pytest.mark.parametrize(("state", "works"), [("available", True), ("deleting", False)])
def test_state(state: str, works: bool) -> None:
    """A gateway that is going carries nothing."""
    e, _, dx, _ = private("10.0.0.0/16")
    dx.record["directConnectGatewayState"] = state
    for question in (f"can {e.a} reach {HOST} port 22", f"can {HOST} reach {e.a} port 22"):
        if works:
            allow(e, question)
        else:
            deny(e, question, "BAD_STATE")


@pytest.mark.parametrize("state", ["associating", "disassociating"])
def test_association(state: str) -> None:
    """An association that is not made, or no longer, leads nowhere; one being updated goes on."""
    e, _, dx, _ = private("10.0.0.0/16", state=state)
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, HOST))) == (dx, "BAD_STATE_ATTACHMENT")
    there = at(g, f"direct_connect_gateway/{dx}/announced", packet(HOST, e.a.ip))
    assert dropped(there) == (dx, "BAD_STATE_ATTACHMENT")
    updated, _, _, _ = private("10.0.0.0/16", state="updating")
    allow(updated, f"can {HOST} reach {updated.a} port 22")


# ------------------------------ allowed prefixes


@pytest.mark.parametrize(
    ("allowed", "announced"),
    [("10.0.0.0/16", True), ("10.0.0.0/15", True), ("10.0.0.0/24", False), ("22.0.0.0/24", False)],
)
def test_a_filter_for_a_virtual_private_gateway(allowed: str, announced: bool) -> None:
    """R-DX-1: the VPC's block is announced if an allowed prefix is as wide or wider.  The cases are
    those of the Direct Connect guide, "Allowed prefixes interactions"."""
    e, _, dx, _ = private(allowed)
    if announced:
        allow(e, f"can {HOST} reach {e.a} port 22")
        allow(e, f"can {e.a} reach {HOST} port 22")
    else:
        answer = deny(e, f"can {HOST} reach {e.a} port 22", SILENT)
        assert answer.explanations[0].resource == dx
        deny(e, f"can {e.a} reach {HOST} port 22", SILENT)
        allow(e, f"can {e.a} reach {HOST} port 22", one_way=True)


def test_no_more_than_the_vpc_is_announced() -> None:
    """R-DX-1: a wider allowed prefix adds nothing to the VPC's own blocks."""
    e, _, dx, _ = private("10.0.0.0/8")
    there = at(ground(e), f"direct_connect_gateway/{dx}/announced", packet(HOST, "10.1.0.5"))
    assert dropped(there) == (dx, SILENT)


@pytest.mark.parametrize(
    ("allowed", "announced"), [("10.0.0.0/16", True), ("10.0.0.0/25", True), ("10.9.0.0/16", False)]
)
def test_what_is_announced_for_a_transit_gateway(allowed: str, announced: bool) -> None:
    """R-DX-1: the allowed prefixes are announced as they are, whatever the VPCs' blocks."""
    e, _, dx, _ = transit(allowed)
    if announced:
        allow(e, f"can {HOST} reach {e.a} port 22")
        allow(e, f"can {e.a} reach {HOST} port 22")
    else:
        answer = deny(e, f"can {HOST} reach {e.a} port 22", SILENT)
        assert answer.explanations[0].resource == dx
        deny(e, f"can {e.a} reach {HOST} port 22", SILENT)


def test_the_longest_announced_prefix() -> None:
    """Two gateways announce overlapping prefixes: the longer one wins."""
    e, vgw, dx, _ = private("10.0.0.0/16")
    e.second("10.0.0.0/24", ip="10.0.0.200")
    other = gateway(e, e.v2)
    associate(e, dx, other, "10.0.0.0/24")
    routes = plain(stages(ground(e), f"direct_connect_gateway/{dx}/announced"))[0]
    assert routes == [
        f"destination 10.0.0.0/24 -> vpn_gateway/{other}/in",
        f"destination 10.0.0.0/16 -> vpn_gateway/{vgw}/in",
    ]


# ------------------------------ over which interface


def test_over_one_of_several() -> None:
    """Which interface a packet takes does not show."""
    e, vgw, dx, one = private("10.0.0.0/16")
    other = virtual_interface(e, dx)
    assert plain(stages(ground(e), f"direct_connect_gateway/{dx}/spread {vgw}")) == [
        [f"may -> virtual_interface/{vif}/out" for vif in (one, other)]
    ]
    may(e, f"can {e.a} reach {HOST} port 22")


def test_over_none() -> None:
    """With no interface attached, or none up, nothing goes out."""
    e, vgw, dx, vif = private("10.0.0.0/16")
    vif.record["bgpPeers"][0]["bgpStatus"] = "down"
    there = at(ground(e), f"direct_connect_gateway/{dx}/spread {vgw}", packet(e.a.ip, HOST))
    assert dropped(there) == (vif, "BAD_STATE")
    e.scopes[e.home]["virtualInterfaces"].clear()
    e.scopes[e.home]["directConnectGatewayAttachments"].clear()
    there = at(ground(e), f"direct_connect_gateway/{dx}/spread {vgw}", packet(e.a.ip, HOST))
    assert dropped(there) == (dx, "BAD_STATE_ATTACHMENT")


# ------------------------------ from one VPC to another


def both(*learned: str) -> Pair:
    """V1 and V2 on one Direct Connect gateway, each routed to the other by its gateway."""
    e, vgw, dx, _ = private("10.0.0.0/16", learned=learned)
    e.second()
    other = gateway(e, e.v2)
    associate(e, dx, other, "10.2.0.0/16")
    learn(e, other, e.t2, *learned)
    e.route(e.ta, "10.2.0.0/16", vgw)
    e.route(e.t2, "10.0.0.0/16", other)
    return e


@pytest.mark.parametrize(
    ("prefix", "turns"),
    [("10.0.0.0/8", True), ("10.0.0.0/14", True), ("192.168.0.0/16", False)],
)
def test_vpcs_do_not_meet_here(prefix: str, turns: bool) -> None:
    """R-DX-2: unless a prefix from on-premises holds both: then packets may turn round."""
    e = both(prefix)
    if turns:
        answer = may(e, f"can {e.a} reach {e.b2} port 80")
        assert "turns round" in answer.assumptions[0].text
    else:
        deny(e, f"can {e.a} reach {e.b2} port 80", "NO_POSSIBLE_DESTINATION")
        deny(e, f"can {e.a} reach {e.b2} port 80", one_way=True)


# ------------------------------ what is not in the snapshot


@pytest.mark.parametrize("call", DIRECT_CONNECT)
def test_a_missing_call(call: str) -> None:
    """Law 2: no call can be left out and an answer be turned round."""
    for allowed, was in (("10.0.0.0/16", "reachable"), ("22.0.0.0/8", "unreachable")):
        e, _, _, _ = private(allowed)
        question = f"can {HOST} reach {e.a} port 22"
        assert e.ask(question).verdict == was
        e.drop(call)
        assert e.ask(question).verdict in (was, "undecided")


def test_allowed_prefixes_that_do_not_show() -> None:
    """A virtual private gateway's association without a list: what is announced is not known."""
    e, _, dx, _ = private()
    unknown(e, f"can {HOST} reach {e.a} port 22", dx)
    e, _, dx, _ = transit()
    unknown(e, f"can {HOST} reach {e.a} port 22", dx)


def test_a_gateway_elsewhere() -> None:
    """A virtual private gateway of another Region or account: its VPC is not in the snapshot."""
    e, vgw, dx, _ = private("10.0.0.0/16")
    e.scopes[e.home]["VpnGateways"].clear()
    there = at(ground(e), f"direct_connect_gateway/{dx}/announced", packet(HOST, e.a.ip))
    assert there.fate is Fate.UNMODELLED
    assert there.origin.resource == vgw


def test_a_transit_gateway_elsewhere() -> None:
    """An association with another account's transit gateway, whose attachment does not show."""
    e, _, dx, _ = transit("10.0.0.0/16")
    e.scopes[e.home]["TransitGatewayAttachments"].pop()
    there = at(ground(e), f"direct_connect_gateway/{dx}/announced", packet(HOST, e.a.ip))
    assert (there.fate, there.origin.resource) == (Fate.UNMODELLED, dx)
    (link,) = ground(e).links()
    assert link.gap is not None


def test_associations_with_core_networks() -> None:
    """They name no gateway; several are told apart by their own ids."""
    e, _, dx, _ = private("10.0.0.0/16")
    for number in range(2):
        record = associate(e, dx, gateway(e, None), "10.9.0.0/16")
        record.pop("virtualGatewayId")
        record["associatedGateway"] = {}
        record["associatedCoreNetwork"] = {"id": f"core-network-{number}", "ownerAccount": "1"}
    allow(e, f"can {HOST} reach {e.a} port 22")


def test_a_transit_attachment_without_direct_connect() -> None:
    """Law 2: the attachment says that there is a gateway; nothing says what is behind it."""
    e, _, dx, _ = transit("10.0.0.0/16")
    e.drop(*DIRECT_CONNECT)
    for question in (f"can {e.a} reach {HOST} port 22", f"can {HOST} reach {e.a} port 22"):
        unknown(e, question, dx)
    deny(e, f"can {e.a} reach 172.31.1.1 port 22")


# ------------------------------ attachments and ends


def test_two_transit_gateways() -> None:
    """Each announced prefix leads to its own transit gateway."""
    e, tgw, dx, _ = transit("10.0.0.0/16")
    other = transit_gateway(e)
    made = attach(e, other, "direct-connect-gateway", dx)
    associate(e, dx, other, "10.64.0.0/16")
    g = ground(e)
    there = at(g, f"direct_connect_gateway/{dx}/announced", packet(HOST, "10.64.0.5"))
    assert f"transit_gateway/{made}/in {other} -" in nodes(there)
    here = at(g, f"direct_connect_gateway/{dx}/announced", packet(HOST, e.a.ip))
    assert [node for node in nodes(here) if f"in {tgw} -" in node]
    assert arrived(here, e.a.ip)


def test_as_an_end() -> None:
    """Its id is a bare UUID; its name and its ARN will do as well."""
    e, _, dx, _ = private("10.0.0.0/16")
    arn = f"arn:aws:directconnect::{e.home[0]}:dx-gateway/{dx}"
    for text in (dx, "dx", arn):
        allow(e, f"can {text} reach {e.a} port 22")
        allow(e, f"can {e.a} reach {text} port 22")
    other = dx_gateway(e, name="other")
    deny(e, f"can {other} reach {e.a} port 22", "NO_SOURCE_OR_DESTINATION")
