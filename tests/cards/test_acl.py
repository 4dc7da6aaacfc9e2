"""A network ACL's card: which entries earlier ones shadow, and which any packet comes to."""

from __future__ import annotations

import ipaddress
from random import Random
from typing import NamedTuple

import pytest

import reach
from reach.cards.card import Line
from tests.estate import Id, Pair

PROTOCOLS = ("tcp/22", "tcp/20-30", "tcp/0-65535", "udp/53", "icmp/8", "all", "50")
BLOCKS = ("10.0.0.0/24", "10.0.0.0/25", "10.0.0.128/25", "10.0.0.5/32", "0.0.0.0/0", "8.8.8.0/24")
SOURCES = ("10.0.0.5", "10.0.0.6", "10.0.0.129", "8.8.8.8", "192.0.2.1")
PORTS = (0, 19, 20, 21, 22, 23, 30, 31, 52, 53, 54, 65535)


class Packet(NamedTuple):
    source: str
    protocol: str
    number: int  # the port, or the ICMP type


PACKETS = [
    *(Packet(s, p, n) for s in SOURCES for p in ("tcp", "udp") for n in PORTS),
    *(Packet(s, "icmp", n) for s in SOURCES for n in (0, 8)),
    *(Packet(s, p, 0) for s in SOURCES for p in ("50", "51")),
]


def matches(entry: str, packet: Packet) -> bool:
    """Whether an entry as it is written here is for a packet."""
    _, _, protocol, block = entry.split()
    name, _, numbers = protocol.partition("/")
    low, _, high = numbers.partition("-")
    inside = ipaddress.ip_address(packet.source) in ipaddress.ip_network(block)
    if not inside or name not in ("all", packet.protocol):
        return False
    return not numbers or int(low) <= packet.number <= int(high or low)


def lines(e: Pair, acl: Id) -> list[Line]:
    return list(reach.describe(e.load(), acl).lines)


@pytest.mark.parametrize("seed", range(12))
def test_an_entry_is_shadowed_iff_no_packet_is_its_own(seed: int) -> None:
    """Of random entries: those that are the first to match no packet at all, counted."""
    random = Random(seed)
    entries = [
        f"{100 + n} {random.choice(('allow', 'deny'))} {random.choice(PROTOCOLS)} "
        f"{random.choice(BLOCKS)}"
        for n in range(8)
    ]
    e = Pair()
    acl = e.acl(e.v1, [e.sb], ingress=entries)
    last = "32767 deny all 0.0.0.0/0"
    first = {
        next((n for n, entry in enumerate([*entries, last]) if matches(entry, packet)), None)
        for packet in PACKETS
    }
    told = [line for line in lines(e, acl) if line.direction == "inbound"]
    shadowed = [n for n, line in enumerate(told) if line.standing == "shadowed"]
    assert shadowed == [n for n in range(9) if n not in first], entries
    for number in shadowed:
        earlier = {line.key for line in told[:number]}
        assert set(told[number].by) <= earlier


def test_every_standing_of_entries() -> None:
    """Usable by a packet and by a reply only, shadowed by two together, dead; denials too."""
    e = Pair()
    acl = e.acl(
        e.v1,
        [e.sb],
        ingress=[
            "100 allow tcp/22 10.0.0.0/24",
            "110 deny tcp/0-21 10.0.0.0/24",
            "120 allow tcp/23-65535 10.0.0.0/24",
            "130 deny tcp/1000 10.0.0.0/25",
            "140 allow tcp/0-65535 10.0.0.0/24",
            "150 allow udp/53 192.0.2.0/24",
            "160 allow icmp/0 10.0.0.0/24",
        ],
        egress=["100 allow all 10.0.0.0/24"],
    )
    told = {line.key: line for line in lines(e, acl)}
    assert {key: str(line.standing) for key, line in told.items()} == {
        "inbound 100": "usable",
        "inbound 110": "usable",
        "inbound 120": "usable",
        "inbound 130": "shadowed",
        "inbound 140": "shadowed",
        "inbound 150": "dead",
        "inbound 160": "usable",
        "inbound *": "usable",
        "outbound 100": "usable",
        "outbound *": "usable",
    }
    assert told["inbound 130"].by == ("inbound 120",)
    assert told["inbound 140"].by == ("inbound 100", "inbound 110", "inbound 120")


def test_an_entry_that_only_replies_come_to() -> None:
    """R-NACL-7: B takes no connections, and asks out by a NAT gateway: its ephemeral entry is
    usable, by a reply; with its way out closed it is dead."""
    for asks, standing in ((True, "usable"), (False, "dead")):
        e = Pair()
        e.natted(e.tb)
        e.wear(e.b, e.group(e.v1, ingress=[], egress=["tcp/443 0.0.0.0/0"] if asks else []))
        acl = e.acl(e.v1, [e.sb], ingress=["100 allow tcp/1024-65535 8.8.8.0/24"])
        told = {line.key: line for line in lines(e, acl)}
        assert str(told["inbound 100"].standing) == standing
        if asks:
            passage = told["inbound 100"].passage
            assert passage is not None
            assert passage.reply


def test_packets_that_only_pass_a_subnet_count() -> None:
    """The subnet of a NAT gateway: what B sends to the internet comes to its ACL both ways."""
    e = Pair()
    e.natted(e.tb)
    acl = e.acl(
        e.v1,
        [e.sn],
        ingress=["100 allow tcp/443 10.0.1.0/24", "110 allow tcp/1024-65535 0.0.0.0/0"],
        egress=["100 allow tcp/443 0.0.0.0/0", "110 allow tcp/1024-65535 10.0.1.0/24"],
    )
    told = {line.key: str(line.standing) for line in lines(e, acl)}
    assert told == {
        "inbound 100": "usable",
        "inbound 110": "usable",
        "inbound *": "usable",
        "outbound 100": "usable",
        "outbound 110": "usable",
        "outbound *": "usable",
    }


def test_an_acl_that_nothing_uses() -> None:
    """All entries are dead, but for those that are shadowed whatever comes."""
    e = Pair()
    acl = e.acl(e.v1, [], ingress=["100 allow all 0.0.0.0/0", "110 deny tcp/22 10.0.0.0/8"])
    told = {line.key: line for line in lines(e, acl) if line.direction == "inbound"}
    assert {key: str(line.standing) for key, line in told.items()} == {
        "inbound 100": "dead",
        "inbound 110": "shadowed",
        "inbound *": "shadowed",
    }
    assert told["inbound 100"].reason == "no subnet uses it"


@pytest.mark.parametrize("call", ["NetworkInterfaces", "Subnets", "VpnGateways"])
def test_a_call_that_is_missing_kills_no_entry(call: str) -> None:
    """Without a call that could show who comes to it, an entry is not dead but undecided."""
    e = Pair()
    acl = e.acl(e.v1, [e.sb], ingress=["100 allow udp/53 192.0.2.0/24"])
    by_key = {line.key: line for line in lines(e, acl)}
    assert str(by_key["inbound 100"].standing) == "dead"
    e.drop(call)
    by_key = {line.key: line for line in lines(e, acl)}
    assert str(by_key["inbound 100"].standing) == "undecided"


def test_both_ip_versions_have_their_own_last_entry() -> None:
    """The two entries "*" are two lines."""
    e = Pair(ipv6=True)
    acl = e.acl(e.v1, [e.sb], ingress=["100 allow tcp/22 10.0.0.0/24"])
    keys = [line.key for line in lines(e, acl) if line.direction == "inbound"]
    assert keys == ["inbound 100", "inbound *", "inbound * (IPv6)"]
