"""Carrier gateways: the carrier's network in and out, the internet out only."""

from __future__ import annotations

import pytest

from reach.evaluate import evaluate
from reach.network.address import parse_address
from reach.network.field import reply_to
from reach.trace import Fate, Trace
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
from tests.estates.access import carrier_gateway, carrier_ip
from tests.traps.rows import allow, deny, unknown

CARRIER_A, CARRIER_B = "155.146.10.7", "155.146.10.8"
PHONE = "203.0.113.9"


def wavelength(state: str = "available") -> tuple[Pair, Id]:
    """A with a carrier IP and a way out by the carrier gateway; B with a carrier IP only."""
    e = Pair()
    gateway = carrier_gateway(e, e.v1, state)
    carrier_ip(e, e.a, CARRIER_A)
    carrier_ip(e, e.b, CARRIER_B)
    e.route(e.ta, "0.0.0.0/0", gateway)
    return e, gateway


def called(e: Pair, gateway: Id, destination: str, source: str = PHONE) -> Trace:
    """A packet of a host in the carrier's network."""
    return at(ground(e), f"carrier_gateway/{gateway}/in", packet(source, destination))


# ------------------------------ nodes


def test_outwards() -> None:
    """R-CGW-1: the carrier IP takes the source's place; answers to the carrier's hosts go home."""
    e, gateway = wavelength()
    pairs = f"10.0.0.5 = {CARRIER_A}, 10.0.1.5 = {CARRIER_B}"
    assert plain(stages(ground(e), f"carrier_gateway/{gateway}/out")) == [
        [
            f"source 10.0.0.5, 10.0.1.5: source by {pairs}, identity 0",
            f"else drop NO_PATH ({gateway} source)",
        ],
        [f"reply any packet -> carrier_gateway/{gateway}/home"],
        [f"session carrier_gateway {gateway} out", "else permit"],
        [
            "destination 10.0.0.0/8, 100.64.0.0/10, 155.146.10.7/32, 155.146.10.8/32, "
            f"172.16.0.0/12, ... -> carrier_gateway/{gateway}/beyond"
        ],
        ["any packet -> internet/world/routes", "else drop"],
    ]


def test_inwards() -> None:
    """R-CGW-1: a carrier IP becomes the private address; then the VPC's own routing."""
    e, gateway = wavelength()
    pairs = f"{CARRIER_A} = 10.0.0.5, {CARRIER_B} = 10.0.1.5"
    translated = [
        f"destination 155.146.10.7/32, 155.146.10.8/32: destination by {pairs}",
        f"else drop NO_PATH ({gateway} destination)",
    ]
    local = [f"any packet -> vpc/{e.v1}/local", "else drop"]
    assert plain(stages(ground(e), f"carrier_gateway/{gateway}/back")) == [translated, local]
    assert plain(stages(ground(e), f"carrier_gateway/{gateway}/in")) == [
        [
            "doubt source 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16 "
            f"({gateway} source)",
            "else permit",
        ],
        [f"session carrier_gateway {gateway} in", "else permit"],
        translated,
        local,
    ]


# ------------------------------ there and back


def test_from_the_carrier_and_back() -> None:
    """R-CGW-1: a phone reaches the carrier IP, and its answer leaves by the gateway, for it."""
    e, gateway = wavelength()
    g = ground(e)
    there = called(e, gateway, CARRIER_A)
    assert arrived(there, e.a.ip)
    back = replied(g, there)
    assert (back.fate, back.owner) == (Fate.DELIVERED, f"carrier_gateway/{gateway}")
    assert back.final == reply_to(packet(PHONE, CARRIER_A))


def test_to_the_internet_and_back() -> None:
    """R-CGW-1: out with the carrier IP as source; the answer comes back in, and nothing else."""
    e, gateway = wavelength()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, "8.8.8.8"))
    assert (there.owner, there.final.source) == ("internet", parse_address(CARRIER_A))
    assert answered(g, there, "8.8.8.8")
    assert f"carrier_gateway/{gateway}/back" in nodes(replied(g, there))
    # An answer to a connection that the instance never made.
    stray = evaluate(g.network, INTERNET, reply_to(there.final)._replace(source_port=80))
    assert dropped(stray) == ("carrier IP", "NO_PATH")


def test_nothing_begins_on_the_internet() -> None:
    """R-CGW-1, R-OBS-3: on the internet a carrier IP is nobody's."""
    e, _ = wavelength()
    assert dropped(came(ground(e), packet("8.8.8.8", CARRIER_A))) == ("carrier IP", "NO_PATH")


def test_without_a_way_back() -> None:
    """R-IGW-7 for this gateway: what comes in needs no route, its answer does."""
    e, gateway = wavelength()
    there = called(e, gateway, CARRIER_B)
    assert arrived(there, e.b.ip)
    assert dropped(replied(ground(e), there)) == (e.tb, "NO_ROUTE_TO_DESTINATION")
    e.route(e.tb, "0.0.0.0/0", gateway)
    assert called(e, gateway, CARRIER_B).fate is Fate.DELIVERED
    assert replied(ground(e), called(e, gateway, CARRIER_B)).fate is Fate.DELIVERED


def test_filters_see_private_addresses() -> None:
    """R-PIPE-4: the group sees the phone's address and the instance's own; it keeps no identity."""
    e, gateway = wavelength()
    e.wear(e.a, e.group(e.v1, ["tcp/443 203.0.113.0/24"]))
    assert arrived(called(e, gateway, CARRIER_A), e.a.ip)
    assert dropped(called(e, gateway, CARRIER_A, "198.51.100.9"))[1] == "ENI_SG_RULES_MISMATCH"


def test_no_carrier_ip() -> None:
    """R-CGW-1: without a carrier IP nothing leaves, and no other address lets anything in."""
    e, gateway = wavelength()
    c = e.instance("c", e.sa, "10.0.0.9")
    trace = sent(ground(e), c, packet(c.ip, "8.8.8.8"))
    assert (*dropped(trace), trace.origin.locator) == (gateway, "NO_PATH", "source")
    trace = called(e, gateway, "155.146.10.99")
    assert (*dropped(trace), trace.origin.locator) == (gateway, "NO_PATH", "destination")


def test_ipv4_only() -> None:
    """R-CGW-1."""
    e = Pair(ipv6=True)
    gateway = carrier_gateway(e, e.v1)
    carrier_ip(e, e.a, CARRIER_A)
    e.route(e.ta, "::/0", gateway)
    e.route(e.ta, "0.0.0.0/0", gateway)
    assert dropped(sent(ground(e), e.a, packet(e.a.ip6, "2606:4700:4700::1111")))[0] == gateway
    allow(e, f"can {e.a} reach 8.8.8.8 port 443")


@pytest.mark.parametrize("state", ["pending", "deleting", "deleted"])
def test_state(state: str) -> None:
    """It works while available."""
    e, gateway = wavelength(state)
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, "8.8.8.8"))) == (gateway, "BAD_STATE")
    assert dropped(called(e, gateway, CARRIER_A)) == (gateway, "BAD_STATE")


# ------------------------------ what is not known


def test_carrier_ips_among_themselves() -> None:
    """No page says whether two carrier IPs meet in the carrier's network."""
    e, gateway = wavelength()
    e.route(e.tb, "0.0.0.0/0", gateway)
    unknown(e, f"can {e.a} reach {CARRIER_B} port 443", gateway)
    allow(e, f"can {e.a} reach 10.0.1.5 port 443")


def test_private_hosts_of_the_carrier() -> None:
    """Whether phones have private addresses is not known: neither a yes nor a no rests on it."""
    e, gateway = wavelength()
    e.wear(e.a, e.group(e.v1, ["tcp/443 192.168.0.0/16"]))
    unknown(e, f"can {gateway} reach {e.a} port 443", gateway)
    unknown(e, f"can {e.a} reach 192.168.1.1 port 443", gateway)
    e.wear(e.a, e.group(e.v1, ["tcp/80 any"]))
    deny(e, f"can {gateway} reach {e.a} port 443", "ENI_SG_RULES_MISMATCH")


def test_a_missing_call() -> None:
    """Law 2: a route to a gateway that was never listed leads nobody knows where."""
    e, gateway = wavelength()
    e.drop("CarrierGateways")
    unknown(e, f"can {e.a} reach 8.8.8.8 port 443", gateway)
    unknown(e, f"can {gateway} reach {e.a} port 443")
    deny(e, f"can internet reach {CARRIER_A} port 443", "NO_PATH")


# ------------------------------ as an end


def test_as_a_source_and_a_destination() -> None:
    """The carrier's network; and what lies beyond the gateway, by way of it."""
    e, gateway = wavelength()
    end = ground(e).end(gateway)
    assert end is not None
    ((start,), ways) = end.starts, end.through
    assert (start.owner, start.node) == (f"carrier_gateway/{gateway}", ways[0])
    sources = start.space.by_name["source"]
    told = {PHONE: True, "192.168.1.1": True, e.a.ip: False, CARRIER_A: False, "8.8.8.8": True}
    assert {text: parse_address(text) in sources for text in told} == told
    allow(e, f"can {e.a} reach {gateway} port 443")
    deny(e, f"can {e.b} reach {gateway} port 443", "NO_ROUTE_TO_DESTINATION")
    assert ground(e).end("cagw-0000000000000dead") is None


def test_a_carrier_ip_names_its_interface() -> None:
    """As a source it is the interface that has it, like a public address."""
    e, gateway = wavelength()
    allow(e, f"can {CARRIER_A} reach 8.8.8.8 port 443")
    deny(e, f"can {CARRIER_B} reach 8.8.8.8 port 443", "NO_ROUTE_TO_DESTINATION")
    allow(e, "can 155.146.10.0/29 reach 8.8.8.8 port 443")
    assert gateway in str(e.ask(f"can {CARRIER_A} reach 8.8.8.8 port 443").to_dict())


def test_an_allocation_of_a_carrier_ip() -> None:
    """One on an interface means the interface, one on none means nobody."""
    e, gateway = wavelength()
    (first, second) = e.scopes[e.home]["Addresses"]
    allow(e, f"can {gateway} reach {first['AllocationId']} port 443")
    for key in ("NetworkInterfaceId", "PrivateIpAddress", "AssociationId"):
        del second[key]
    for holder in (e.b.eni.record, e.b.eni.record["PrivateIpAddresses"][0]):
        del holder["Association"]
    deny(e, f"can {gateway} reach {second['AllocationId']} port 443", "UNASSOCIATED_COMPONENT")
    deny(e, f"can internet reach {CARRIER_B} port 443", "NO_PATH")


def test_the_internet_gateway_beside_it() -> None:
    """A VPC may have both: each table's own way out, each address its own way in."""
    e, gateway = wavelength()
    e.public(e.instance("w", e.sb, "10.0.1.9"), "198.51.100.7")
    e.online(e.tb)
    allow(e, "can internet reach 198.51.100.7 port 443")
    deny(e, f"can internet reach {CARRIER_A} port 443", "NO_PATH")
    allow(e, f"can {gateway} reach {CARRIER_A} port 443")
    # Out by the one and in by the other: a host with a public address is on the internet.
    allow(e, f"can {e.a} reach 198.51.100.7 port 443")
    deny(e, f"can 198.51.100.7 reach {CARRIER_A} port 443", "NO_PATH")
