"""VPC Block Public Access: where it is switched on, what crosses a gateway is left open."""

from __future__ import annotations

import pytest

from reach.answer import Verdict
from reach.network.stage import Origin
from reach.trace import Trace
from tests.aws.ground import (
    answered,
    arrived,
    at,
    came,
    dropped,
    ground,
    packet,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Id, Pair

HOST = "8.8.8.8"
HOST6 = "2606:4700:4700::1111"
EIP = "198.51.100.7"
MODES = ["block-bidirectional", "block-ingress"]


def public_pair(ipv6: bool = False) -> tuple[Pair, Id]:
    """A is public, B has the same route but no public address."""
    e = Pair(ipv6)
    gateway = e.online(e.ta, e.tb)
    e.public(e.a, EIP)
    return e, gateway


def block(holder: Id, mode: str = "block-bidirectional") -> None:
    """What describe-vpcs or describe-subnets shows of a VPC or subnet."""
    holder.record["BlockPublicAccessStates"] = {"InternetGatewayBlockMode": mode}


def doubted(trace: Trace) -> list[str]:
    """Whose mode leaves the packet's way open."""
    return [origin.resource for origin in trace.doubts]


def verdict(e: Pair, question: str) -> Verdict:
    return Verdict(e.ask(question).verdict)


# ------------------------------ decoding


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_of_the_vpc(mode: str) -> None:
    """R-BPA-10: any mode other than off is seen, and the explanation says which one."""
    e, _ = public_pair()
    block(e.v1, mode)
    (doubt,) = sent(ground(e), e.a, packet(e.a.ip, HOST)).doubts
    words = f"has Block Public Access mode {mode}, which is not modelled yet"
    assert doubt == Origin(e.v1, words, name="v1")


@pytest.mark.parametrize("states", [{"InternetGatewayBlockMode": "off"}, {}, None])
def test_off(states: dict[str, str] | None) -> None:
    """R-BPA-10: off, and not shown at all, are no doubt."""
    e, _ = public_pair()
    for holder in (e.v1, e.sa, e.sb):
        del holder.record["BlockPublicAccessStates"]
        if states is not None:
            holder.record["BlockPublicAccessStates"] = states
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, HOST))
    assert doubted(there) == []
    assert answered(g, there, HOST)
    assert verdict(e, f"can {e.a} reach {HOST} port 443") is Verdict.REACHABLE


def test_a_mode_of_a_subnet() -> None:
    """R-BPA-10: one subnet is enough, and it is the one that is named; the VPC comes first."""
    e, _ = public_pair()
    block(e.sb)
    assert doubted(sent(ground(e), e.a, packet(e.a.ip, HOST))) == [e.sb]
    block(e.v1)
    assert doubted(sent(ground(e), e.a, packet(e.a.ip, HOST))) == [e.v1]


# ------------------------------ nodes


def test_stages() -> None:
    """An internet gateway has one stage more in each direction, an egress-only one outwards: all
    that it says is that it does not know."""
    e, gateway = public_pair(ipv6=True)
    eigw = e.eigw(e.v1)
    names = [
        f"internet_gateway/{gateway}/out",
        f"internet_gateway/{gateway}/in",
        f"egress_only_internet_gateway/{eigw}/out",
        f"egress_only_internet_gateway/{eigw}/in",
    ]
    before = [plain(stages(ground(e), name)) for name in names]
    block(e.v1)
    after = [plain(stages(ground(e), name)) for name in names]
    for old, new in zip(before[:3], after[:3], strict=True):
        assert new == [[f"else doubt ({e.v1})"], *old]
    assert after[3] == before[3]


# ------------------------------ across a gateway


@pytest.mark.parametrize("mode", MODES)
def test_across_an_internet_gateway(mode: str) -> None:
    """R-BPA-1: in and out, a connection may be dropped: undecided."""
    e, _ = public_pair()
    block(e.v1, mode)
    g = ground(e)
    assert doubted(came(g, packet(HOST, EIP))) == [e.v1]
    there = sent(g, e.a, packet(e.a.ip, HOST))
    assert (doubted(there), doubted(replied(g, there))) == ([e.v1], [e.v1])
    assert verdict(e, f"can internet reach {e.a} port 443") is Verdict.UNDECIDED
    assert verdict(e, f"can {e.a} reach internet port 443") is Verdict.UNDECIDED


def test_over_ipv6() -> None:
    """R-BPA-1: IPv6 crosses the same gateways."""
    e, _ = public_pair(ipv6=True)
    block(e.sa, "block-ingress")
    assert verdict(e, f"can ::/0 reach {e.a} port 443") is Verdict.UNDECIDED
    assert verdict(e, f"can {e.a} reach {HOST6} port 443") is Verdict.UNDECIDED


def test_across_an_egress_only_gateway() -> None:
    """R-BPA-1: outwards by an egress-only gateway as well; nothing comes in by it anyhow."""
    e = Pair(ipv6=True)
    eigw = e.eigw(e.v1)
    e.route(e.ta, "::/0", eigw)
    block(e.v1)
    assert doubted(sent(ground(e), e.a, packet(e.a.ip6, HOST6))) == [e.v1]
    assert verdict(e, f"can {e.a} reach {HOST6} port 443") is Verdict.UNDECIDED
    assert verdict(e, f"can ::/0 reach {e.a} port 443") is Verdict.UNREACHABLE


def test_behind_a_nat_gateway() -> None:
    """R-BPA-1: what a NAT gateway passes on crosses the internet gateway too."""
    e = Pair()
    e.natted(e.tb)
    block(e.sb)
    assert doubted(sent(ground(e), e.b, packet(e.b.ip, HOST))) == [e.sb]
    assert verdict(e, f"can {e.b} reach {HOST} port 443") is Verdict.UNDECIDED


# ------------------------------ what it does not touch


def test_inside_the_vpc() -> None:
    """R-BPA-1: it looks at gateways to the internet, not at what stays inside or goes to a peer."""
    e, _ = public_pair()
    e.peered()
    for holder in (e.v1, e.sa, e.sb):
        block(holder)
    g = ground(e)
    for goal in (e.b, e.b2):
        there = sent(g, e.a, packet(e.a.ip, goal.ip))
        assert answered(g, there, goal.ip)
        assert doubted(there) == doubted(replied(g, there)) == []
        assert verdict(e, f"can {e.a} reach {goal} port 443") is Verdict.REACHABLE


def test_the_other_vpc() -> None:
    """A mode of one VPC says nothing about another one's gateway."""
    e, _ = public_pair()
    e.second()
    block(e.v2)
    block(e.s2)
    g = ground(e)
    assert answered(g, came(g, packet(HOST, EIP)), e.a.ip)
    assert verdict(e, f"can internet reach {e.a} port 443") is Verdict.REACHABLE


def test_what_is_refused_anyhow_is_refused() -> None:
    """An unknown mode only takes away: what a group, a missing public address or a detached gateway
    stops is unreachable and not undecided."""
    e, gateway = public_pair()
    e.wear(e.a, shut := e.group(e.v1, ["tcp/443 any"]))
    block(e.v1)
    g = ground(e)
    assert dropped(came(g, packet(HOST, EIP, "tcp/22"))) == (shut, "ENI_SG_RULES_MISMATCH")
    assert verdict(e, f"can internet reach {e.a} port 22") is Verdict.UNREACHABLE
    assert verdict(e, f"can internet reach {e.a} port 443") is Verdict.UNDECIDED
    assert verdict(e, f"can {e.b} reach internet port 443") is Verdict.UNREACHABLE
    gateway.record["Attachments"][0]["State"] = "detached"
    trace = at(ground(e), f"internet_gateway/{gateway}/out", packet(e.a.ip, HOST))
    assert dropped(trace) == (gateway, "BAD_STATE_ATTACHMENT")


def test_one_way_it_is_undecided_too() -> None:
    """Also where no reply is asked for the packet itself may be dropped."""
    e, _ = public_pair()
    assert e.ask(f"can internet reach {e.a} port 443", one_way=True).verdict is Verdict.REACHABLE
    block(e.v1, "block-ingress")
    assert arrived(came(ground(e), packet(HOST, EIP)), e.a.ip)
    assert e.ask(f"can internet reach {e.a} port 443", one_way=True).verdict is Verdict.UNDECIDED
