"""Egress-only internet gateways: IPv6 out, its replies in, nothing else."""

from __future__ import annotations

import pytest

from reach.trace import Fate
from tests.aws.ground import (
    INTERNET,
    answered,
    arrived,
    at,
    came,
    dropped,
    ground,
    nodes,
    packet,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Id, Pair

HOST = "8.8.8.8"
HOST6 = "2606:4700:4700::1111"


def outward() -> tuple[Pair, Id]:
    """Both subnets send IPv6 to an egress-only gateway and have no other way out."""
    e = Pair(ipv6=True)
    eigw = e.eigw(e.v1)
    for table in (e.ta, e.tb):
        e.route(table, "::/0", eigw)
    return e, eigw


def part(eigw: Id, name: str) -> str:
    return f"egress_only_internet_gateway/{eigw}/{name}"


# ------------------------------ decoding


@pytest.mark.parametrize(
    ("state", "works"),
    [("attached", True), ("available", True), ("attaching", False), ("detached", False)],
)
def test_attachment(state: str, works: bool) -> None:
    """R-EIGW-1: it works while attached; otherwise its state is the reason."""
    e, eigw = outward()
    eigw.record["Attachments"][0]["State"] = state
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip6, HOST6))
    if works:
        assert answered(g, there, HOST6)
    else:
        assert dropped(there) == (eigw, "BAD_STATE_ATTACHMENT")


def test_attached_to_nothing() -> None:
    """R-EIGW-1: without any attachment as well."""
    e, eigw = outward()
    eigw.record["Attachments"] = []
    assert dropped(sent(ground(e), e.a, packet(e.a.ip6, HOST6))) == (eigw, "BAD_STATE_ATTACHMENT")


@pytest.mark.parametrize("field", ["EgressOnlyInternetGatewayId", "GatewayId"])
def test_either_field_of_a_route(field: str) -> None:
    """A route may name it in the field of its own or in the one of gateways."""
    e, eigw = outward()
    route = e.ta.record["Routes"][-1]
    del route["EgressOnlyInternetGatewayId"]
    route[field] = str(eigw)
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip6, HOST6)), HOST6)


# ------------------------------ nodes


def test_stages() -> None:
    """One session: what it let out it lets back in, and nothing more; no address changes."""
    e, eigw = outward()
    g = ground(e)
    session = f"session egress_only_internet_gateway {eigw}"
    assert plain(stages(g, part(eigw, "out"))) == [
        [
            session,
            f"permit source {e.SIX} ({eigw})",
            f"else deny GATEWAY_REJECTS_SPOOFED_TRAFFIC ({eigw} source)",
        ],
        ["any packet: identity 0"],
        [f"any packet -> {INTERNET}", "else drop"],
    ]
    assert plain(stages(g, part(eigw, "in"))) == [
        [session, f"else deny NO_PATH ({eigw} inbound)"],
        [f"any packet -> vpc/{e.v1}/local", "else drop"],
    ]
    announced, *_ = plain(stages(g, INTERNET))
    assert announced[0] == f"reply destination {e.SIX} -> {part(eigw, 'in')}"


# ------------------------------ traces


@pytest.mark.parametrize("what", ["tcp/443", "udp/53", "icmpv6/128", "50"])
def test_out_and_back(what: str) -> None:
    """R-EIGW-1, R-EIGW-2: any protocol, the address unchanged, the reply by the same gateway."""
    e, eigw = outward()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip6, HOST6, what))
    assert there.final == packet(e.a.ip6, HOST6, what)
    assert answered(g, there, HOST6)
    assert part(eigw, "in") in nodes(replied(g, there))


def test_nothing_comes_in() -> None:
    """R-EIGW-1, R-DEF-4: an IPv6 address behind it is not reached from outside."""
    e, eigw = outward()
    g = ground(e)
    assert came(g, packet(HOST6, e.a.ip6)).fate is Fate.DROPPED
    assert dropped(at(g, part(eigw, "in"), packet(HOST6, e.a.ip6))) == (eigw, "NO_PATH")


def test_another_host_does_not_answer() -> None:
    """R-EIGW-1: only the reply of the host that was called."""
    e, eigw = outward()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip6, HOST6))
    assert arrived(replied(g, there), e.a.ip6)
    other = packet("2001:4860:4860::8888", e.a.ip6, "tcp/40000", client=443)
    assert dropped(at(g, part(eigw, "in"), other)) == (eigw, "NO_PATH")


@pytest.mark.parametrize("source", ["2600:1f18:2b00:200::5", "10.0.0.5"])
def test_only_ipv6_sources_of_its_vpc(source: str) -> None:
    """R-EIGW-2: neither IPv4 nor somebody else's IPv6."""
    e, eigw = outward()
    destination = HOST6 if ":" in source else HOST
    assert dropped(at(ground(e), part(eigw, "out"), packet(source, destination))) == (
        eigw,
        "GATEWAY_REJECTS_SPOOFED_TRAFFIC",
    )


def test_a_private_block_stays_inside() -> None:
    """R-ENI-11: addresses of a private block do not leave by it, those of the next subnet do."""
    e, eigw = outward()
    e.sb.record["Ipv6CidrBlockAssociationSet"][0] |= {
        "Ipv6AddressAttribute": "private",
        "IpSource": "none",
    }
    g = ground(e)
    assert dropped(sent(g, e.b, packet(e.b.ip6, HOST6))) == (
        eigw,
        "GATEWAY_REJECTS_SPOOFED_TRAFFIC",
    )
    assert answered(g, sent(g, e.a, packet(e.a.ip6, HOST6)), HOST6)


def test_a_block_that_is_no_longer_there() -> None:
    """R-EIGW-2: a block in state `disassociated` is no address of the VPC, in it or in a subnet."""
    e, eigw = outward()
    for holder in (e.v1, e.sa, e.sb):
        block = holder.record["Ipv6CidrBlockAssociationSet"][0]
        block["Ipv6CidrBlockState"]["State"] = "disassociated"
    g = ground(e)
    trace = at(g, part(eigw, "out"), packet(e.a.ip6, HOST6))
    assert dropped(trace) == (eigw, "GATEWAY_REJECTS_SPOOFED_TRAFFIC")
    announced, *_ = plain(stages(g, INTERNET))
    assert not [line for line in announced if "2600:" in line]


def test_no_group_of_its_own_and_none_beyond() -> None:
    """R-EIGW-2, R-SG-20: the sender's group filters what leaves and is forgotten at the gateway."""
    e, _ = outward()
    group = e.group(e.v1, [], ["tcp/443 ::/0"])
    e.wear(e.a, group)
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip6, HOST6))
    assert there.final.identity == 0
    assert answered(g, there, HOST6)
    assert dropped(sent(g, e.a, packet(e.a.ip6, HOST6, "tcp/80"))) == (
        group,
        "ENI_SG_RULES_MISMATCH",
    )


def test_a_deleted_gateway() -> None:
    """R-EIGW-2: its routes are blackholes."""
    e, eigw = outward()
    e.route(e.ta, "::/0", eigw, state="blackhole")
    e.scope(e.home)["EgressOnlyInternetGateways"].clear()
    del e.tb.record["Routes"][-1]
    assert dropped(sent(ground(e), e.a, packet(e.a.ip6, HOST6))) == (e.ta, "BAD_STATE_ROUTE")


def test_beside_an_internet_gateway() -> None:
    """R-DEF-4: with both in a VPC each subnet is as its own route says."""
    e, _ = outward()
    gateway = e.igw(e.v1)
    e.route(e.ta, "::/0", gateway)
    g = ground(e)
    assert answered(g, came(g, packet(HOST6, e.a.ip6)), e.a.ip6)
    assert answered(g, sent(g, e.a, packet(e.a.ip6, HOST6)), HOST6)
    assert answered(g, sent(g, e.b, packet(e.b.ip6, HOST6)), HOST6)


# ------------------------------ as an end


def test_as_an_end() -> None:
    """It means the internet by way of it; an unknown one means nothing."""
    e, eigw = outward()
    g = ground(e)
    end = g.end(eigw)
    assert end is not None
    assert end.through == (part(eigw, "in"), part(eigw, "out"))
    assert g.end("eigw-0000000000000dead") is None


def test_it_answers_nothing_that_it_did_not_start() -> None:
    """R-DEF-4, R-PIPE-6: B's way out is the egress-only gateway, so B is not called from outside,
    though the VPC has an internet gateway for others: the reply is no session of this one."""
    e, eigw = outward()
    e.route(e.ta, "::/0", e.igw(e.v1))
    g = ground(e)
    assert answered(g, came(g, packet(HOST6, e.a.ip6)), e.a.ip6)
    there = came(g, packet(HOST6, e.b.ip6))
    assert arrived(there, e.b.ip6)
    assert dropped(replied(g, there)) == (eigw, "GATEWAY_REJECTS_SPOOFED_TRAFFIC")
    assert answered(g, sent(g, e.b, packet(e.b.ip6, HOST6)), HOST6)
