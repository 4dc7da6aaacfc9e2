"""Other addresses: what they have in common stays, and what is special stays what it is."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from random import Random

import pytest

from reach.anonymising.addresses import Addresses
from reach.network.address import Prefix, format_address, is_public, parse_address

KEY = b"a key of sixteen"
PLAIN = Addresses(KEY, (), ())


def moved(text: str, by: Addresses = PLAIN) -> str:
    return format_address(by.address(parse_address(text)))


def common(one: str, other: str) -> int:
    """How many leading bits two addresses share."""
    a, b = ip_address(one), ip_address(other)
    return a.max_prefixlen - (int(a) ^ int(b)).bit_length()


def random_addresses(rng: Random) -> list[str]:
    """Some that are near each other, of both families."""
    fours = [
        f"{rng.choice([10, 100, 172, 192, 8, 52])}.{rng.randrange(256)}.0.9" for _ in range(20)
    ]
    fours += [f"10.0.{rng.randrange(4)}.{rng.randrange(256)}" for _ in range(20)]
    sixes = [f"2600:1f18:{rng.randrange(1 << 16):x}::{rng.randrange(1 << 16):x}" for _ in range(20)]
    return [*fours, *sixes, *(f"fd00:{rng.randrange(1 << 16):x}::1" for _ in range(5))]


@pytest.mark.parametrize("seed", range(5))
def test_common_prefixes_stay(seed: int) -> None:
    """Any two addresses of a family share as many leading bits as before, whatever the key is."""
    rng = Random(seed)
    blocks = [Prefix.parse("10.0.0.0/16"), Prefix.parse("10.0.1.0/24")]
    by = Addresses(rng.randbytes(16), [Prefix.parse("52.94.0.0/16")], blocks)
    known = random_addresses(rng)
    for one in known:
        for other in known:
            if (":" in one) == (":" in other):
                assert common(moved(one, by), moved(other, by)) == common(one, other)


@pytest.mark.parametrize(
    "block",
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "2000::/3"],
)
def test_special_ranges_are_mapped_onto_themselves(block: str) -> None:
    """And inside them addresses do move."""
    net = ip_network(block)
    inside = [str(net[number]) for number in (77, 1000, 54321)]
    assert all(ip_address(moved(each)) in net for each in inside)
    assert any(moved(each) != each for each in inside)
    assert str(PLAIN.prefix(Prefix.parse(block))) == block


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "127.0.0.1",
        "169.254.169.254",
        "169.254.9.1",
        "224.0.0.5",
        "255.255.255.255",
        "::1",
        "fe80::7",
        "ff02::1",
        "fd00:ec2::253",
    ],
)
def test_what_does_not_move(text: str) -> None:
    """Loopback, link-local, multicast, and the addresses of a VPC's own services."""
    assert moved(text) == text


def test_everything_stays_everything() -> None:
    """All addresses of a family, and each half of them."""
    for text in ("0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1"):
        assert str(PLAIN.prefix(Prefix.parse(text))) == text


def test_public_stays_public() -> None:
    rng = Random(1)
    for _ in range(500):
        address = Prefix.parse(str(ip_address(rng.randrange(1 << 32)))).value
        assert is_public(PLAIN.address(address)) == is_public(address)


def test_what_aws_keeps_of_a_block_keeps_its_place() -> None:
    """The first four and the last of a subnet, the second after the first of a VPC (R-HOST-1)."""
    vpc, subnet = "10.20.0.0/16", "10.20.7.0/26"
    by = Addresses(KEY, (), [Prefix.parse(vpc), Prefix.parse(subnet)])
    for block in (vpc, subnet):
        new, old = ip_network(str(by.prefix(Prefix.parse(block)))), ip_network(block)
        for number in (0, 1, 2, 3, -1):
            assert moved(str(old[number]), by) == str(new[number])


def test_an_address_of_a_service_does_not_move() -> None:
    by = Addresses(KEY, [Prefix.parse("52.216.0.0/15")], ())
    assert moved("52.217.3.4", by) == "52.217.3.4"
    assert moved("52.220.3.4", by) != "52.220.3.4"


def test_an_ipv4_address_inside_an_ipv6_one() -> None:
    """RFC 6052: 64:ff9b::/96 and 32 bits that move as they do alone."""
    assert moved("64:ff9b::8.8.4.4") == str(ip_address(f"64:ff9b::{moved('8.8.4.4')}"))


def test_no_two_become_one() -> None:
    """It can be undone: every /24 of a /16 is some /24 of another one."""
    new = {str(PLAIN.prefix(Prefix.parse(f"10.3.{n}.0/24"))) for n in range(256)}
    assert len(new) == 256
