"""The internet: who is out there, what it sends in and where, and what nobody has."""

from __future__ import annotations

import pytest

from reach.network.stage import Deliver, Filter, Forward
from tests.aws.ground import (
    INTERNET,
    answered,
    arrived,
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
from tests.estate import Pair

HOST = "8.8.8.8"
HOST6 = "2606:4700:4700::1111"
EIP = "198.51.100.7"


def public_pair() -> Pair:
    """A has a public address and a way out, B has neither."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, EIP)
    return e


# ------------------------------ nodes


def test_empty() -> None:
    """Without anything public the internet still has hosts: public addresses, and no others."""
    e = Pair()
    announced, private, deliver = plain(stages(ground(e), INTERNET))
    assert announced == []
    assert private[0].startswith("permit destination 2000::/3, 1.0.0.0-9.255.255.255, 11.0.0.0-")
    assert private[1:] == ["else deny NO_PATH (internet)"]
    assert deliver == [f"deliver to internet, reply from {INTERNET}"]


def test_stages() -> None:
    """What gateways announce is sent in by them, best first, before any host is looked for."""
    e = public_pair()
    announced, private, deliver = stages(ground(e), INTERNET)
    assert isinstance(announced, Forward)
    assert isinstance(private, Filter)
    assert isinstance(deliver, Deliver)
    first, *_ = [route for route in plain([announced])[0] if EIP in route]
    assert first == f"destination {EIP} -> internet_gateway/{e.gateway}/in"


# ------------------------------ hosts out there


@pytest.mark.parametrize("address", [HOST, "1.0.0.1", "9.255.255.255", "223.255.255.255", HOST6])
def test_a_public_address_is_a_host(address: str) -> None:
    """Any public address that nothing in the snapshot has answers, by the way it was asked."""
    e = Pair()
    g = ground(e)
    source = "2001:4860:4860::8888" if ":" in address else "1.1.1.1"
    there = came(g, packet(source, address))
    assert (there.owner, there.reply) == ("internet", INTERNET)
    assert answered(g, there, address)


@pytest.mark.parametrize(
    "address",
    [
        "0.1.2.3",
        "10.99.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "169.254.169.253",
        "172.31.0.1",
        "192.168.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "fd00::1",
        "fe80::1",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_public_is_nobodys(address: str) -> None:
    """R-IGW-4: no host on the internet has a private, shared, link-local or multicast address."""
    source = HOST6 if ":" in address else HOST
    assert dropped(came(ground(Pair()), packet(source, address))) == ("internet", "NO_PATH")


def test_who_sends() -> None:
    """As a source: every public address but those that the snapshot itself has."""
    e = public_pair()
    e.nat(e.sb, "10.0.1.9", public="198.51.100.20", state="deleted")
    end = ground(e).end("internet")
    assert end is not None
    (start,) = end.starts
    assert (start.node, start.owner) == (INTERNET, "internet")
    asked = (HOST, HOST6, EIP, "198.51.100.20", "10.0.0.5", "10.99.0.1", "198.51.100.8")
    sends = [
        one for one in asked if packet(one, "2600::1" if ":" in one else "1.1.1.1") in start.space
    ]
    assert sends == [HOST, HOST6, "198.51.100.8"]


def test_who_receives() -> None:
    """As a destination: the same hosts, whatever way a packet takes to them."""
    end = ground(public_pair()).end("internet")
    assert end is not None
    assert end.goals is not None
    assert list(end.goals) == ["internet"]
    receives = [
        one for one in (HOST, EIP, "10.0.0.5") if packet("1.1.1.1", one) in end.goals["internet"]
    ]
    assert receives == [HOST]


# ------------------------------ what comes in


def test_what_is_announced_comes_in() -> None:
    """R-IGW-10: it goes to whoever announces it, also when somebody in the snapshot sends it."""
    e = public_pair()
    e.online(e.tb)
    e.public(e.b, "198.51.100.8")
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, "198.51.100.8"))
    assert arrived(there, e.b.ip)
    assert nodes(there).count(INTERNET) == 1
    assert answered(g, there, e.b.ip)


def test_the_own_public_address() -> None:
    """R-OBS-2: a packet to one's own public address goes out and comes back in from it."""
    e = public_pair()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, EIP))
    assert INTERNET in nodes(there)
    assert there.final._replace(identity=0) == packet(EIP, e.a.ip)
    assert answered(g, there, e.a.ip)


def test_nobody_has_what_only_a_deleted_resource_names() -> None:
    """R-OBS-3: the address of a deleted NAT gateway answers nothing, a neighbour's does."""
    e = Pair()
    nat = e.nat(e.sb, "10.0.1.9", public="198.51.100.20", state="deleted")
    g = ground(e)
    assert dropped(came(g, packet(HOST, "198.51.100.20"))) == (nat, "NO_PATH")
    assert arrived(came(g, packet(HOST, "198.51.100.21")), "198.51.100.21")


def test_without_a_way_out_nothing_gets_there() -> None:
    """The internet is behind a gateway: with none, an instance does not come to it."""
    e = Pair()
    there = sent(ground(e), e.a, packet(e.a.ip, HOST))
    assert dropped(there) == (e.ta, "NO_ROUTE_TO_DESTINATION")
    assert INTERNET not in nodes(there)


def test_a_host_answers_to_the_address_it_saw() -> None:
    """The reply of a host starts at the internet, to the public address of the sender."""
    e = public_pair()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, HOST, "udp/53"))
    back = replied(g, there)
    assert nodes(back)[0] == INTERNET
    assert back.hops[0].before == packet(HOST, EIP, "udp/40000", client=53)
    assert answered(g, there, HOST)
