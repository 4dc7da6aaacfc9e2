"""Addresses as integers and prefixes over them: one number line for IPv4 and IPv6.

An address is a 129-bit integer.  The top bit is the family (1 = IPv4, 0 = IPv6) and the address
itself follows it, left-aligned; an IPv4 address leaves its 96 low bits zero.  So a prefix of either
family is "the top n bits", longest-prefix match compares plain lengths, ``0.0.0.0/0`` and ``::/0``
are disjoint halves of the line (R-SG-10), and no engine ever asks for the family.

Gives parsing, printing and :class:`Prefix`.  Must not know what an address is used for.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

WIDTH = 129
FAMILY_BIT = 1 << 128
_IPV4_SHIFT = 96
_IPV6_MASK = FAMILY_BIT - 1


def ipv4(value: int) -> int:
    """The address of a 32-bit IPv4 number."""
    return FAMILY_BIT | value << _IPV4_SHIFT


def is_ipv4(address: int) -> bool:
    return address >= FAMILY_BIT


def to_next(value: int) -> int:
    """How far it is to the next address, or to the next value of another field."""
    return 1 << _IPV4_SHIFT if is_ipv4(value) else 1


@lru_cache(maxsize=1 << 17)
def parse_address(text: str) -> int:
    """Read an IPv4 or IPv6 address.  Raises ValueError with what was wrong."""
    try:
        if ":" in text:
            return int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")
        return ipv4(int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big"))
    except (OSError, UnicodeError, ValueError):
        raise ValueError(f"{text!r} is not an IP address") from None


def format_address(address: int) -> str:
    """Print an address as people write it."""
    if is_ipv4(address):
        packed = (address >> _IPV4_SHIFT & 0xFFFFFFFF).to_bytes(4, "big")
        return socket.inet_ntop(socket.AF_INET, packed)
    return socket.inet_ntop(socket.AF_INET6, (address & _IPV6_MASK).to_bytes(16, "big"))


@dataclass(frozen=True, slots=True, order=True)
class Prefix:
    """All addresses whose top ``length`` bits (family bit included) equal those of ``value``."""

    value: int
    length: int

    def __post_init__(self) -> None:
        if self.value & ((1 << (WIDTH - self.length)) - 1):
            raise ValueError(f"{format_address(self.value)} has bits set beyond its prefix")

    @staticmethod
    def parse(text: str) -> Prefix:
        """Read a CIDR (or a bare address).  Raises ValueError; host bits must be clear."""
        return _parse_prefix(text)

    @property
    def low(self) -> int:
        return self.value

    @property
    def high(self) -> int:
        """The highest address of the prefix, as an integer of the number line."""
        return self.value | ((1 << (WIDTH - self.length)) - 1)

    def __contains__(self, address: object) -> bool:
        return isinstance(address, int) and self.low <= address <= self.high

    def covers(self, other: Prefix) -> bool:
        return self.length <= other.length and other.value in self

    def overlaps(self, other: Prefix) -> bool:
        return self.covers(other) or other.covers(self)

    def __str__(self) -> str:
        bits = self.length - 1
        if bits < 0:
            return "any"
        return f"{format_address(self.value)}/{bits}"


@lru_cache(maxsize=1 << 17)
def _parse_prefix(text: str) -> Prefix:
    host, slash, bits = text.partition("/")
    value = parse_address(host)
    width = 32 if is_ipv4(value) else 128
    if slash and not (bits.isascii() and bits.isdigit() and int(bits) <= width):
        raise ValueError(f"{text!r} is not a CIDR: the length must be a number from 0 to {width}")
    length = (int(bits) if slash else width) + 1
    clear = value & ~((1 << (WIDTH - length)) - 1)
    if clear != value:
        right = Prefix(clear, length)
        raise ValueError(f"{text!r} has host bits set: the network is {right}")
    return Prefix(value, length)


ANY_IPV4 = Prefix(FAMILY_BIT, 1)
ANY_IPV6 = Prefix(0, 1)

# Ranges that are nobody's public address: RFC 1918, RFC 6598 (R-IGW-4) and what no host on the
# internet can send from (RFC 6890: this network, loopback, link-local, multicast and reserved).
RFC1918 = tuple(map(Prefix.parse, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
RFC6598 = (Prefix.parse("100.64.0.0/10"),)
_SPECIAL = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
NOT_PUBLIC_IPV4 = (*RFC1918, *RFC6598, *map(Prefix.parse, _SPECIAL))
GLOBAL_UNICAST_IPV6 = (Prefix.parse("2000::/3"),)


def is_public(address: int) -> bool:
    """Whether a host on the internet may own this address."""
    if is_ipv4(address):
        return not any(address in prefix for prefix in NOT_PUBLIC_IPV4)
    return any(address in prefix for prefix in GLOBAL_UNICAST_IPV6)


def cover(low: int, high: int) -> Iterable[Prefix]:
    """The shortest list of prefixes whose union is exactly the addresses low..high."""
    while low <= high:
        size = low & -low if low else 1 << WIDTH
        while size > high - low + 1:
            size >>= 1
        yield Prefix(low, WIDTH - size.bit_length() + 1)
        low += size
