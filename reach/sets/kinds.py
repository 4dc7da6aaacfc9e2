"""The kinds of packets that are told apart: what a wire carries, with the fields that it has.

    carried(space, two_way) -> spaces        kinds(space, two_way) -> (space, absent fields)
    shown(kinds, sent) -> spaces

With a reply, messages of ICMP are told one by one, and only those that are answered.  Knows header
spaces only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reach.flood import whole
from reach.network.address import ANY_IPV4, ANY_IPV6
from reach.network.field import ICMP, ICMP_ANSWERS, ICMPV6, TCP, UDP
from reach.network.header_space import HeaderSpace, Ranges

_ZERO = Ranges.of(0)
_PORTS, _ICMP = ("source_port", "destination_port"), ("icmp_type", "icmp_code")
_ALIKE = Ranges.span(0, 255) - Ranges.of(TCP, UDP, ICMP, ICMPV6)


def carried(space: HeaderSpace, two_way: bool) -> Iterator[HeaderSpace]:
    """The packets of a space with the fields that they have; if they have to be answered, of ICMP
    those that are."""
    yield from (met for kind in _PACKETS[two_way] if not (met := space & kind).is_empty)


def kinds(space: HeaderSpace, two_way: bool) -> Iterator[tuple[HeaderSpace, frozenset[str]]]:
    """What a wire carries, protocol by protocol and message by message where these are told apart;
    with the fields that such a packet does not have."""
    for protocol, kind in _KINDS[two_way]:
        met = space & HeaderSpace.where(protocol=protocol, icmp_type=kind)
        if not met.is_empty:
            absent = {"identity"}
            absent |= set() if protocol.single in (TCP, UDP) else {*_PORTS}
            absent |= set() if protocol.single in (ICMP, ICMPV6) else {*_ICMP}
            yield met, frozenset(absent)


def shown(
    kinds: Iterable[tuple[HeaderSpace, frozenset[str]]], sent: HeaderSpace
) -> Iterator[HeaderSpace]:
    """What of some kinds is sent: only fields of which anything is said."""
    for kind, absent in kinds:
        met = kind & sent
        if not met.is_empty:
            told = (pair for pair in met.fields if pair[0] not in absent)
            yield HeaderSpace(tuple((n, values) for n, values in told if values != whole(n)))


def _packets(two_way: bool) -> Iterator[HeaderSpace]:
    no_ports, no_icmp = dict.fromkeys(_PORTS, _ZERO), dict.fromkeys(_ICMP, _ZERO)
    yield HeaderSpace.where(protocol=Ranges.of(TCP, UDP), **no_icmp)
    for protocol, family in ((ICMP, ANY_IPV4), (ICMPV6, ANY_IPV6)):
        yield HeaderSpace.where(
            source=Ranges.prefixes((family,)),
            protocol=Ranges.of(protocol),
            icmp_type=Ranges.of(*ICMP_ANSWERS[protocol]) if two_way else None,
            **no_ports,
        )
    yield HeaderSpace.where(protocol=_ALIKE, **no_ports, **no_icmp)


def _told_apart(two_way: bool) -> Iterator[tuple[Ranges, Ranges | None]]:
    yield from ((Ranges.of(protocol), None) for protocol in (TCP, UDP))
    for protocol in (ICMP, ICMPV6):
        every = map(Ranges.of, ICMP_ANSWERS[protocol]) if two_way else (None,)
        yield from ((Ranges.of(protocol), kind) for kind in every)
    yield _ALIKE, None


_PACKETS = {two_way: tuple(_packets(two_way)) for two_way in (False, True)}
_KINDS = {two_way: tuple(_told_apart(two_way)) for two_way in (False, True)}
