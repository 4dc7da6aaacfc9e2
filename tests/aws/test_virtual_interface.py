"""Virtual interfaces: BGP sessions, what lies beyond them, and where they end."""

from __future__ import annotations

import pytest

from tests.aws.ground import arrived, at, dropped, ground, packet, plain, sent, stages
from tests.estate import Id, Pair
from tests.estates.private import (
    associate,
    connection,
    dx_gateway,
    gateway,
    learn,
    virtual_interface,
)
from tests.traps.rows import allow, deny, may, unknown

HOST, SIX = "192.168.1.1", "2001:db8:9::1"


def direct(ipv6: bool = False, learned: bool = True, **how: object) -> tuple[Pair, Id, Id]:
    """A virtual interface on V1's gateway itself, which has learned 192.168.0.0/16."""
    e = Pair(ipv6=ipv6)
    vgw = gateway(e, e.v1)
    vif = virtual_interface(e, vgw, **how)  # type: ignore[arg-type]
    e.route(e.ta, "192.168.0.0/16", vgw)
    if learned:
        learn(e, vgw, e.tb, "192.168.0.0/16", *([f"{SIX}/128"] if ipv6 else []))
    if ipv6:
        e.route(e.ta, f"{SIX}/128", vgw)
    return e, vgw, vif


# ------------------------------ nodes


def test_stages() -> None:
    """The IP versions of its sessions, then on-premises or its gateway."""
    e, vgw, vif = direct()
    g = ground(e)
    sessions = ["permit destination 0.0.0.0/0", f"else deny BAD_STATE ({vif} state)"]
    assert plain(stages(g, f"virtual_interface/{vif}/out")) == [
        sessions,
        [f"any packet -> on_premises/{vif}/hosts", "else drop"],
    ]
    assert plain(stages(g, f"virtual_interface/{vif}/in")) == [
        sessions,
        [f"any packet -> vpn_gateway/{vgw}/in", "else drop"],
    ]
    dx = dx_gateway(e)
    other = virtual_interface(e, dx)
    assert plain(stages(ground(e), f"virtual_interface/{other}/in"))[-1] == [
        f"any packet -> direct_connect_gateway/{dx}/announced",
        "else drop",
    ]


# ------------------------------ sessions


@pytest.mark.parametrize(
    ("families", "four", "six"),
    [(("ipv4",), True, False), (("ipv6",), False, True), (("ipv4", "ipv6"), True, True)],
)
def test_versions(families: tuple[str, ...], four: bool, six: bool) -> None:
    """R-VGW-8: Direct Connect carries IPv6 as well, each version by a session of its own."""
    e, _, vif = direct(ipv6=True, families=families)
    g = ground(e)
    for there, expected in (
        (sent(g, e.a, packet(e.a.ip, HOST)), four),
        (sent(g, e.a, packet(e.a.ip6, SIX)), six),
    ):
        if expected:
            assert arrived(there, HOST if there.final.destination >> 128 else SIX)
        else:
            assert dropped(there) == (vif, "BAD_STATE")
    (allow if six else deny)(e, f"can {SIX} reach {e.a} port 22")


@pytest.mark.parametrize(
    ("state", "status", "verdict"),
    [
        ("available", "up", "reachable"),
        ("available", "down", "unreachable"),
        ("available", "unknown", "undecided"),
        ("down", "up", "unreachable"),
        ("pending", "up", "unreachable"),
        ("deleting", "up", "unreachable"),
        ("unknown", "up", "undecided"),
    ],
)
def test_states(state: str, status: str, verdict: str) -> None:
    """It works while it is available and its BGP session is up."""
    e, _, vif = direct(state=state)
    vif.record["bgpPeers"][0]["bgpStatus"] = status
    for question in (f"can {e.a} reach {HOST} port 22", f"can {HOST} reach {e.a} port 22"):
        answer = e.ask(question)
        assert answer.verdict == verdict, question
        if verdict == "unreachable":
            assert {(x.resource, x.code) for x in answer.explanations} == {(vif, "BAD_STATE")}


def test_without_peers() -> None:
    """An answer without its peers does not tell."""
    e, _, vif = direct()
    vif.record["bgpPeers"] = []
    unknown(e, f"can {e.a} reach {HOST} port 22", vif)


def test_at_no_gateway() -> None:
    """An interface that ends nowhere brings nothing in."""
    e, _, vif = direct()
    vif.record["virtualGatewayId"] = ""
    there = at(ground(e), f"virtual_interface/{vif}/in", packet(HOST, e.a.ip))
    assert dropped(there) == (vif, "BAD_STATE_ATTACHMENT")


# ------------------------------ what lies beyond


def test_beyond() -> None:
    """R-VGW-3: what its gateway propagates, for certain if nobody else can have told it."""
    e, vgw, vif = direct()
    (link,) = ground(e).links()
    assert (link.resource, bool(link.beyond), bool(link.perhaps)) == (vif, True, False)
    assert not allow(e, f"can {HOST} reach {e.a} port 22").assumptions
    connection(e, vgw)
    found = {link.resource: link for link in ground(e).links()}
    assert (bool(found[vif].beyond), bool(found[vif].perhaps)) == (False, True)
    may(e, f"can {HOST} reach {e.a} port 22")


def test_nothing_shows() -> None:
    """R-VGW-3: with no propagation, what it has told is not known."""
    e, _, vif = direct(learned=False)
    unknown(e, f"can {e.a} reach {HOST} port 22", vif)
    unknown(e, f"can {HOST} reach {e.a} port 22", vif)


def test_several_on_one_gateway() -> None:
    """Which of two interfaces told a prefix does not show; one that is down has told nothing."""
    e, _, _ = direct(learned=False)
    e.scopes[e.home]["virtualInterfaces"].clear()
    vgw = e.ids[str(e.scopes[e.home]["VpnGateways"][0]["VpnGatewayId"])]
    dx = dx_gateway(e)
    one = virtual_interface(e, dx)
    two = virtual_interface(e, dx)
    associate(e, dx, vgw, "10.0.0.0/16")
    learn(e, vgw, e.tb, "192.168.0.0/16")
    may(e, f"can {HOST} reach {e.a} port 22")
    may(e, f"can {two} reach {e.a} port 22")
    one.record["bgpPeers"][0]["bgpStatus"] = "down"
    assert not allow(e, f"can {HOST} reach {e.a} port 22").assumptions
    deny(e, f"can {one} reach {e.a} port 22", "BAD_STATE")


def test_a_public_one_is_no_line() -> None:
    """R-DX-3: what comes by a public interface is the internet's."""
    e, _, vif = direct(kind="public")
    assert vif not in [link.resource for link in ground(e).links()]
    unknown(e, f"can {vif} reach {e.a} port 22", "public")


# ------------------------------ as an end


def test_as_an_end() -> None:
    """By its id, its name or its ARN."""
    e, _, vif = direct(name="to-headquarters")
    arn = f"arn:aws:directconnect:us-east-1:{e.home[0]}:dxvif/{vif}"
    for text in (vif, "to-headquarters", arn):
        allow(e, f"can {text} reach {e.a} port 22")
        allow(e, f"can {e.a} reach {text} port 22")
    assert ground(e).end("dxvif-dead") is None
