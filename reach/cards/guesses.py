"""Packets to try before a solver is asked: for a line, from senders who may send such a packet.

    guesses(starts, spaces, places, both_ways) -> (start, header), ...

A guess shows something only when it has been walked, so nothing here need be right; it has to be
quick, and the same in every run.  Must not know what the lines are of, nor the engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from reach.aim import Start
from reach.network.address import ANY_IPV4, ANY_IPV6, is_ipv4, parse_address
from reach.network.field import ICMP, ICMP_ANSWERS, ICMPV6, TCP, UDP, Header
from reach.network.header_space import HeaderSpace, Ranges

T = TypeVar("T")
EPHEMERAL, WEB = 50000, 443
MOST_STARTS = 24
MOST_SPACES = 4
# 203.0.113.0/24 and 2001:db8::/32 are for documentation (RFC 5737, RFC 3849).
_SOURCES = (parse_address("203.0.113.7"), parse_address("2001:db8::7"))
_DESTINATIONS = (parse_address("203.0.113.9"), parse_address("2001:db8::9"))
_TURNED = {
    "source": "destination",
    "destination": "source",
    "source_port": "destination_port",
    "destination_port": "source_port",
}
_ANY = Ranges.prefixes((ANY_IPV4, ANY_IPV6))
_PORTS, _OCTET = Ranges.span(0, 65535), Ranges.span(0, 255)


def guesses(
    starts: Sequence[Start],
    spaces: Sequence[HeaderSpace],
    places: Sequence[int],
    both_ways: bool,
) -> Iterator[tuple[Start, Header]]:
    """Packets in the spaces; if replies count, also some whose reply may lie there.

    ``places`` are addresses at which there is somebody, to send them to.
    """
    for space in spaces[:MOST_SPACES]:
        sent = space.without("identity")
        for turned in (sent, _mirrored(sent)) if both_ways else (sent,):
            able = [start for start in starts if start.space.overlaps(turned)]
            for number, start in enumerate(spread(able)):
                met = start.space & turned
                packet = packet_in(met)
                if packet is not None:
                    yield start, packet
                    yield from ((start, other) for other in _sent_to(places, met, packet, number))


def _sent_to(
    places: Sequence[int], space: HeaderSpace, packet: Header, number: int
) -> Iterator[Header]:
    """The packet, sent to one of the places that it may be sent to."""
    ends = space.by_name.get("destination", _ANY)
    family = is_ipv4(packet.source)
    able = [each for each in places if each in ends and is_ipv4(each) is family]
    if able:
        yield packet._replace(destination=able[number % len(able)])


def _mirrored(space: HeaderSpace) -> HeaderSpace:
    """What a flow is like whose reply is in the space; of ICMP an echo."""
    told = {
        _TURNED.get(name, name): values
        for name, values in space.fields
        if not name.startswith("icmp")
    }
    return HeaderSpace.where(**told)


def spread(items: Sequence[T], most: int = MOST_STARTS) -> Sequence[T]:
    """Some of many, from all over."""
    return items[:: max(1, len(items) // most)][:most]


def packet_in(space: HeaderSpace) -> Header | None:
    """One packet of a space, such as people like to read; None if none is found at once."""
    at = space.by_name
    protocol = _pick(at.get("protocol", _OCTET), (TCP,))
    source = _pick(at.get("source", _ANY), _SOURCES)
    family = Ranges.prefixes((ANY_IPV4 if is_ipv4(source) else ANY_IPV6,))
    ends = at.get("destination", _ANY) & family
    if not ends or protocol == (ICMPV6 if is_ipv4(source) else ICMP):
        return None
    packet = Header(source, _pick(ends, _DESTINATIONS), protocol)
    if protocol in (TCP, UDP):
        ports = (at.get(f"{end}_port", _PORTS) for end in ("source", "destination"))
        first, second = ports
        return packet._replace(
            source_port=_pick(first, (EPHEMERAL,)), destination_port=_pick(second, (WEB,))
        )
    if protocol in (ICMP, ICMPV6):
        kinds = at.get("icmp_type", _OCTET)
        kind = _pick(kinds, tuple(ICMP_ANSWERS[protocol]))
        return packet._replace(icmp_type=kind, icmp_code=_pick(at.get("icmp_code", _OCTET), (0,)))
    return packet


def _pick(values: Ranges, liked: Iterable[int]) -> int:
    return next((value for value in liked if value in values), values.intervals[0][0])
