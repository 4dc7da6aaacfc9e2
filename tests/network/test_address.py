"""One number line for both IP versions, with netaddr as the oracle."""

from __future__ import annotations

import random

import netaddr
import pytest

from reach.network.address import (
    ANY_IPV4,
    ANY_IPV6,
    Prefix,
    cover,
    format_address,
    is_ipv4,
    is_public,
    parse_address,
)

SEEDS = range(40)


def some_address(rng: random.Random) -> netaddr.IPAddress:
    if rng.random() < 0.5:
        return netaddr.IPAddress(rng.getrandbits(32), 4)
    return netaddr.IPAddress(rng.getrandbits(128), 6)


@pytest.mark.parametrize("seed", SEEDS)
def test_reading_and_printing(seed: int) -> None:
    """An address survives being read and printed; its family is its top bit."""
    address = some_address(random.Random(seed))
    value = parse_address(str(address))
    assert netaddr.IPAddress(format_address(value)) == address
    assert is_ipv4(value) is (address.version == 4)


@pytest.mark.parametrize("seed", SEEDS)
def test_prefixes(seed: int) -> None:
    """A prefix holds exactly what its CIDR holds, and covers what its CIDR covers."""
    rng = random.Random(seed)
    address = some_address(rng)
    network = netaddr.IPNetwork(f"{address}/{rng.randint(0, address.netmask_bits())}").cidr
    prefix = Prefix.parse(str(network))
    assert str(prefix) == str(network)
    for _ in range(20):
        inside = network.first + rng.randrange(network.size)
        other = rng.choice([some_address(rng), netaddr.IPAddress(inside, network.version)])
        assert (parse_address(str(other)) in prefix) is (other in network)
    wider = network.supernet(max(0, network.prefixlen - 1))
    assert all(Prefix.parse(str(each)).covers(prefix) for each in wider)


@pytest.mark.parametrize("seed", SEEDS)
def test_covers(seed: int) -> None:
    """A span is covered by the same prefixes that netaddr finds, in order."""
    rng = random.Random(seed)
    first, last = sorted(rng.getrandbits(32) for _ in range(2))
    expected = netaddr.iprange_to_cidrs(netaddr.IPAddress(first, 4), netaddr.IPAddress(last, 4))
    low = parse_address(str(netaddr.IPAddress(first, 4)))
    high = Prefix.parse(str(netaddr.IPAddress(last, 4))).high
    assert [str(prefix) for prefix in cover(low, high)] == [str(each) for each in expected]


def test_the_families_are_disjoint() -> None:
    """R-SG-10: 0.0.0.0/0 and ::/0 have nothing in common."""
    assert not ANY_IPV4.overlaps(ANY_IPV6)
    assert Prefix.parse("0.0.0.0/0") == ANY_IPV4
    assert Prefix.parse("::/0") == ANY_IPV6


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10.0.0.1/8", "the network is 10.0.0.0/8"),
        ("10.0.0.0/33", "from 0 to 32"),
        ("::1/129", "from 0 to 128"),
        ("10.0.0", "not an IP address"),
        ("10.0.0.0/-1", "from 0 to 32"),
    ],
)
def test_what_is_no_cidr(text: str, words: str) -> None:
    """What is wrong is said, and what would be right."""
    with pytest.raises(ValueError, match=words):
        Prefix.parse(text)


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("8.8.8.8", True),
        ("10.1.2.3", False),
        ("172.31.0.1", False),
        ("172.32.0.1", True),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("2600::1", True),
        ("fd00::1", False),
        ("fe80::1", False),
    ],
)
def test_what_the_internet_may_own(text: str, public: bool) -> None:
    """R-IGW-4: private, shared and special ranges are nobody's on the internet."""
    assert is_public(parse_address(text)) is public
