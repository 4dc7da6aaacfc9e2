"""On-premises: what lies beyond lines, what hosts there may send, and how replies come back."""

from __future__ import annotations

import pytest

from reach.network.address import parse_address
from reach.trace import Fate
from tests.aws.ground import (
    answered,
    arrived,
    at,
    ground,
    nodes,
    packet,
    plain,
    replied,
    sent,
    stages,
    tell,
)
from tests.estate import Id, Pair
from tests.estates.private import connection, gateway, learn
from tests.traps.rows import EIP_B, NET, allow, deny, may, unknown

HOST, STRANGER = "192.168.1.1", "172.31.1.1"


def lined(*prefixes: str, **how: object) -> tuple[Pair, Id, Id]:
    """V1 with one static VPN connection to these prefixes, which both tables route to it."""
    e = Pair()
    vgw = gateway(e, e.v1)
    vpn = connection(e, vgw, static=prefixes or ["192.168.0.0/16"], **how)  # type: ignore[arg-type]
    for table in (e.ta, e.tb):
        for prefix in prefixes or ["192.168.0.0/16"]:
            e.route(table, prefix, vgw)
    return e, vgw, vpn


def learned(*prefixes: str, lines: int = 1, accepted: int | None = None) -> tuple[Pair, Id]:
    """V1 with VPN connections that speak BGP; SB's table shows what they told."""
    e = Pair()
    vgw = gateway(e, e.v1)
    for n in range(lines):
        told = len(prefixes) if accepted is None else accepted
        connection(e, vgw, accepted=told, outside=(f"203.0.113.{20 + n}", f"203.0.113.{40 + n}"))
    if prefixes:
        learn(e, vgw, e.tb, *prefixes)
        learn(e, vgw, e.ta, *prefixes)
    return e, vgw


# ------------------------------ nodes


def test_stages() -> None:
    """What a line delivers, what comes in by it, and how a reply starts."""
    e, vgw, vpn = lined()
    g = ground(e)
    assert plain(stages(g, f"on_premises/{vpn}/hosts")) == [
        [f"destination 10.0.0.0/16 -> on_premises/{vpn}/across"],
        ["permit destination 192.168.0.0/16", f"else doubt ({vpn} destination)"],
        [f"deliver to on_premises, reply from on_premises/{vpn}/reply"],
    ]
    assert plain(stages(g, f"on_premises/{vpn}/send")) == [
        ["permit source 192.168.0.0/16", f"else doubt ({vpn} source)"],
        [f"any packet -> vpn_connection/{vpn}/in", "else drop"],
    ]
    assert plain(stages(g, f"on_premises/{vpn}/reply")) == [
        [f"any packet -> on_premises/{vpn}/send", "else drop"]
    ]
    assert vgw in nodes(sent(g, e.a, packet(e.a.ip, HOST)))[-3]


def test_stages_of_a_default_route() -> None:
    """R-DEF-7: everything is sent there: the internet and any private address may lie beyond."""
    e, _, vpn = lined("0.0.0.0/0", "192.168.0.0/16")
    found = plain(stages(ground(e), f"on_premises/{vpn}/hosts"))
    assert [line[0].rpartition(" -> ")[2] for line in found[:3]] == [
        f"on_premises/{vpn}/across",
        f"on_premises/{vpn}/internet",
        f"on_premises/{vpn}/somewhere",
    ]
    inside = found[2][0].rpartition(" -> ")[0]
    assert "10.0.0.0/8" in inside
    assert "192.168" not in inside


def test_stages_of_several_lines() -> None:
    """Which of two lines told a prefix does not show: it is assumed of each."""
    e, _ = learned("192.168.0.0/16", lines=2)
    one, other = (str(each["VpnConnectionId"]) for each in e.scopes[e.home]["VpnConnections"])
    g = ground(e)
    assert plain(stages(g, f"on_premises/{one}/send"))[0] == [
        f"source 192.168.0.0/16 -> on_premises/{one}/one_of_several"
    ]
    assert plain(stages(g, f"on_premises/{one}/one_of_several")) == [
        [f"may -> vpn_connection/{one}/in"]
    ]
    assert plain(stages(g, f"on_premises/{one}/reply")) == [
        [f"may -> on_premises/{one}/send", f"may -> on_premises/{other}/send"]
    ]


# ------------------------------ there and back


def test_there_and_back() -> None:
    """A host that is known to be beyond answers by the line that the flow took."""
    e, _, vpn = lined()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, HOST))
    assert answered(g, there, HOST)
    assert there.owner == "on_premises"
    assert f"on_premises/{vpn}/send" in nodes(replied(g, there))
    back = at(g, f"on_premises/{vpn}/send", packet(HOST, e.a.ip))
    assert answered(g, back, e.a.ip)
    assert not there.choices
    assert not there.doubts


def test_a_number_that_nothing_tells() -> None:
    """No line looks at sources, and nothing tells what else hosts there are numbered with: a doubt
    one way, and no way back for the reply (R-VGW-3)."""
    e, vgw, vpn = lined()
    g = ground(e)
    there = at(g, f"on_premises/{vpn}/send", packet(STRANGER, e.a.ip))
    assert arrived(there, e.a.ip)
    assert [doubt.resource for doubt in there.doubts] == [vpn]
    unknown(e, f"can {STRANGER} reach {e.a} port 22", vpn, one_way=True)
    deny(e, f"can {STRANGER} reach {e.a} port 22")
    e.route(e.ta, "172.16.0.0/12", vgw)
    answer = deny(e, f"can {STRANGER} reach {e.a} port 22")
    assert vgw in {one.resource for one in answer.explanations}
    deny(e, f"can {STRANGER} reach 10.9.9.9 port 22", one_way=True)


def test_prefixes_that_do_not_show() -> None:
    """R-VGW-3: learned by BGP and propagated nowhere, anything may lie beyond: undecided both ways,
    but what a filter refuses is refused all the same."""
    e, vgw = learned(accepted=3)
    e.route(e.ta, "0.0.0.0/0", vgw)
    unknown(e, f"can {e.a} reach {STRANGER} port 22", "BGP")
    unknown(e, f"can {STRANGER} reach {e.a} port 22", "BGP")
    unknown(e, f"can on-premises reach {e.a} port 22")
    e.wear(e.a, e.group(e.v1, ingress=["tcp/80 any"]))
    deny(e, f"can on-premises reach {e.a} port 22")
    e.wear(e.a, e.group(e.v1, ingress=["tcp/22 203.0.113.0/24"]))
    unknown(e, f"can on-premises reach {e.a} port 22")  # a public block of its own
    known, _ = learned("192.168.0.0/16")
    known.wear(known.a, known.group(known.v1, ingress=["tcp/22 203.0.113.0/24"]))
    deny(known, f"can on-premises reach {known.a} port 22")


@pytest.mark.parametrize(("accepted", "expected"), [(1, "reachable"), (2, "undecided")])
def test_fewer_prefixes_than_were_taken(accepted: int, expected: str) -> None:
    """R-VGW-3: the tunnel took more than the tables show: there is something else beyond."""
    e, vgw = learned("192.168.0.0/16", accepted=accepted)
    e.route(e.ta, "0.0.0.0/0", vgw)
    allow(e, f"can {e.a} reach {HOST} port 22")
    assert e.ask(f"can {e.a} reach {STRANGER} port 22").verdict == (
        "unreachable" if expected == "reachable" else "undecided"
    )


def test_which_line_is_assumed() -> None:
    """Of two lines either may have told the prefix: reachable, on that assumption."""
    e, _ = learned("192.168.0.0/16", lines=2)
    may(e, f"can {e.a} reach {HOST} port 22")
    may(e, f"can {HOST} reach {e.a} port 22")
    single, _ = learned("192.168.0.0/16")
    assert not allow(single, f"can {HOST} reach {single.a} port 22").assumptions


def test_the_reply_by_another_line() -> None:
    """Where the line of the flow brings no reply, another one that leads there may."""
    e, vgw, vpn = lined()
    back = connection(e, vgw, static=["192.168.0.0/16"], outside=("203.0.113.30", "203.0.113.31"))
    only_out = e.ids[vpn].record["Options"]
    only_out["RemoteIpv4NetworkCidr"] = "10.0.1.0/24"
    answer = may(e, f"can {e.a} reach {HOST} port 22")
    assert back in str(answer.to_dict())
    quiet = lined()[0]
    assert not allow(quiet, f"can {quiet.a} reach {HOST} port 22").assumptions


# ------------------------------ the internet, and other networks, by way of on-premises


def test_the_internet_by_way_of_on_premises() -> None:
    """R-DEF-7: where a line takes everything, it may be reached; where it does not, not."""
    e, vgw, _ = lined("0.0.0.0/0")
    answer = may(e, f"can {e.a} reach internet port 443")
    assert "internet" in answer.assumptions[0].text
    may(e, f"can {e.a} reach {NET} port 443")
    deny(e, f"can internet reach {e.a} port 443")
    narrow, vgw, _ = lined("192.168.0.0/16")
    narrow.route(narrow.ta, "0.0.0.0/0", vgw)
    deny(narrow, f"can {narrow.a} reach internet port 443")


def test_round_by_the_internet() -> None:
    """To a public address of these networks by way of on-premises: nobody knows with what source
    it comes in."""
    e, _, vpn = lined("0.0.0.0/0")
    e.public(e.b, EIP_B)
    e.online(e.tb)
    unknown(e, f"can {e.a} reach {EIP_B} port 443", vpn)
    unknown(e, f"can {e.a} reach {EIP_B} port 443", vpn, one_way=True)


def test_any_private_address_behind_a_default_route() -> None:
    """A default route says that everything is there: any private address is assumed to be."""
    e, _, _ = lined("0.0.0.0/0")
    for question in (f"can {e.a} reach 10.99.0.1 port 22", f"can 10.99.0.1 reach {e.a} port 22"):
        assert "everything" in may(e, question).assumptions[0].text


def test_an_address_that_a_vpc_has_as_well() -> None:
    """V2's block is sent on-premises: a host of that number there, or back by another line."""
    e, vgw, _ = lined("10.2.0.0/16")
    e.second()
    deny(e, f"can {e.a} reach {e.b2} port 80")
    answer = may(e, f"can {e.a} reach 10.2.0.5 port 80")
    assert "a VPC has as well" in answer.assumptions[0].text
    other = gateway(e, e.v2)
    back = connection(e, other, static=["10.0.0.0/16"], outside=("203.0.113.30", "203.0.113.31"))
    e.route(e.t2, "10.0.0.0/16", other)
    answer = may(e, f"can {e.a} reach {e.b2} port 80")
    assert back in answer.assumptions[0].text
    assert vgw in str(answer.to_dict())


def test_a_public_block_of_its_own() -> None:
    """A public address that a line is known to lead to may send from there as well."""
    e, _, vpn = lined("198.18.0.0/15", "203.0.113.128/25")
    answer = allow(e, f"can 203.0.113.200 reach {e.a} port 22")
    assert vpn in str(answer.to_dict())
    deny(e, f"can 203.0.113.1 reach {e.a} port 22", one_way=True)


# ------------------------------ as an end


def test_as_an_end() -> None:
    """One start a line, from what is known and, for doubt, every private address; sent to is what
    is known, or anything where prefixes do not show."""
    e, _, vpn = lined()
    end = ground(e).end("on-premises")
    assert end is not None
    (start,) = end.starts
    assert start.node == f"on_premises/{vpn}/send"
    sends = start.space.by_name["source"]
    shown = (HOST, STRANGER, "8.8.8.8")
    assert [parse_address(each) in sends for each in shown] == [True, True, False]
    assert end.addresses is not None
    assert [parse_address(each) in end.addresses for each in shown] == [True, False, False]
    assert end.gap is None
    hidden = ground(learned(accepted=1)[0]).end("on-premises")
    assert hidden is not None
    assert hidden.addresses is not None
    assert [parse_address(each) in hidden.addresses for each in shown] == [True, True, True]
    allow(e, f"can on-premises reach {e.a} port 22")
    allow(e, f"can {e.a} reach on-premises port 22")
    allow(e, f"can 192.168.0.0/16 reach {e.a} port 22")
    allow(e, f"can {e.a} reach 192.168.7.0/24 port 22")


def test_by_some_lines_only() -> None:
    """Components make an end of their own ids: on-premises by way of these lines."""
    e, vgw, vpn = lined()
    other = connection(e, vgw, static=["172.16.0.0/12"], outside=("203.0.113.30", "203.0.113.31"))
    end = ground(e).end(f"on-premises-by-{other} {vgw}")
    assert end is not None
    assert [start.node for start in end.starts] == [f"on_premises/{other}/send"]
    assert end.addresses is not None
    assert parse_address(HOST) not in end.addresses
    nobody = ground(e).end("on-premises-by-vpn-0dead")
    assert nobody is not None
    assert nobody.nobody is not None
    assert vpn != other


def test_without_a_line() -> None:
    """There is nobody, unless a call that would show a line was not made (law 2)."""
    e = Pair()
    deny(e, f"can on-premises reach {e.a} port 22", "NO_SOURCE_OR_DESTINATION")
    deny(e, f"can {HOST} reach {e.a} port 22", "NO_SOURCE_OR_DESTINATION")
    for call in ("VpnGateways", "TransitGatewayAttachments"):
        less = Pair()
        less.drop(call)
        unknown(less, f"can on-premises reach {less.a} port 22", "on-premises")
        unknown(less, f"can {HOST} reach {less.a} port 22", one_way=True)


def test_a_line_that_is_down_is_no_way() -> None:
    """R-VGW-4: nothing comes in, nothing goes out, and it says why."""
    e, _, _ = lined(up=(False, False))
    g = ground(e)
    (link,) = g.links()
    assert link.up is False
    deny(e, f"can on-premises reach {e.a} port 22", "BAD_STATE_VPN", one_way=True)
    there = sent(g, e.a, packet(e.a.ip, HOST))
    assert there.fate is Fate.DROPPED, tell(there)
