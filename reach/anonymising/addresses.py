"""Other addresses with the same prefixes in common, special ranges staying what they are.

As Crypto-PAn (Xu, Fan, Ammar, Moon: Prefix-Preserving IP Address Anonymization, 2002): a bit is
turned or not by a keyed function of the bits above it, so two addresses share as many leading bits
afterwards as before.  Where a turned bit would move what has a meaning of its own it is left.
Must not know records.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

from reach.network.address import (
    FAMILY_BIT,
    NOT_PUBLIC_IPV4,
    RFC1918,
    RFC6598,
    WIDTH,
    Prefix,
    ipv4,
)

# Each is mapped onto itself, and inside it addresses move.
_MOVED = (*RFC1918, *RFC6598, *map(Prefix.parse, ("fc00::/7", "2000::/3")))
# Nothing in these moves (RFC 6890), nor in the addresses of a VPC's own services
# (https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html).
_FIXED = (
    *(each for each in NOT_PUBLIC_IPV4 if each not in _MOVED),
    *map(Prefix.parse, ("::/8", "fe80::/10", "ff00::/8", "fd00:ec2::/32", "64:ff9b::/96")),
)
_NAT64 = Prefix.parse("64:ff9b::/96")
_IPV4_BITS = 32


class Addresses:
    """One permutation of all addresses.

    ``fixed`` are further ranges that do not move: those of AWS's services.  Of each of ``blocks``
    (of VPCs and subnets) the first four addresses and the last keep their place in it, for AWS
    keeps them to itself (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html).
    """

    def __init__(self, key: bytes, fixed: Iterable[Prefix], blocks: Iterable[Prefix]) -> None:
        self._key = key
        still = (*_FIXED, *fixed)
        self._fixed = {(each.length, _top(each.value, each.length)) for each in still}
        self._kept: set[tuple[int, int]] = set()
        for each in (*_MOVED, *still):
            self._keep(each.value, 1, each.length)
        for block in blocks:
            last = WIDTH if block.value < FAMILY_BIT else 1 + _IPV4_BITS
            self._keep(block.value, block.length, last - 2)
            self._keep(block.high, block.length, last)
            for low in range(4):
                self._keep(block.value | low << (WIDTH - last), last - 2, last)
        self._moved = lru_cache(maxsize=None)(self._move)

    def address(self, value: int) -> int:
        return self.prefix(Prefix(value, WIDTH)).value

    def prefix(self, prefix: Prefix) -> Prefix:
        if _NAT64.covers(prefix) and prefix.length > _NAT64.length:
            # The last 32 bits are an IPv4 address (RFC 6052).
            inner = Prefix(ipv4(prefix.value & 0xFFFFFFFF), prefix.length - _NAT64.length + 1)
            low = self.prefix(inner).value >> (WIDTH - 1 - _IPV4_BITS) & 0xFFFFFFFF
            return Prefix(_NAT64.value | low, prefix.length)
        last = prefix.length if prefix.value < FAMILY_BIT else min(prefix.length, 1 + _IPV4_BITS)
        top = self._moved(last, _top(prefix.value, last))
        return Prefix(top << (WIDTH - last), prefix.length)

    def _move(self, length: int, top: int) -> int:
        """The first bits of an address, moved."""
        value, depth = 1 & top >> (length - 1), 1
        while depth < length:
            known = top >> (length - depth)
            if (depth, known) in self._fixed:
                rest = length - depth
                return value << rest | top & ((1 << rest) - 1)
            bit = top >> (length - depth - 1) & 1
            value = value << 1 | bit ^ self._turned(depth, known)
            depth += 1
        return value

    def _turned(self, depth: int, known: int) -> int:
        if (depth, known) in self._kept:
            return 0
        text = depth.to_bytes(2, "big") + known.to_bytes(17, "big")
        return blake2b(text, key=self._key, digest_size=1, person=b"addresses").digest()[0] & 1

    def _keep(self, value: int, start: int, end: int) -> None:
        """Turn no bit of a value from one length to another."""
        for depth in range(start, end):
            self._kept.add((depth, _top(value, depth)))


def _top(value: int, length: int) -> int:
    return value >> (WIDTH - length)
