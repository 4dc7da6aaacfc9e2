"""Packets made up for a candidate, the likeliest to serve first.

    Packets(senders, aliases, listening(network, nodes)).likely(candidate, piece)  .further(pieces)
        -> (start, packet), ...

The same are made up whatever was looked at before, here or in another process.  Nothing is known
of whether one gets through: a replay says.  Must not know AWS, nor where candidates come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from reach.aim import Start
from reach.foreseen import LIKED
from reach.network.address import is_ipv4, to_next
from reach.network.field import ICMP, ICMPV6, TCP, UDP, Header
from reach.network.header_space import HeaderSpace, Interval, Ranges
from reach.network.node import Network
from reach.network.stage import Forward
from reach.survey.candidates import Candidate, Piece
from reach.survey.senders import Senders

Packet = tuple[Start, Header]
_ECHO = {ICMP: (8,), ICMPV6: (128,)}
_TRIES = 3
_FIRST = _TRIES * 4
_MOST_SENDERS = 24
_MOST_EACH = 12
_MOST_NEIGHBOURS = 8


class Packets:
    """Makes packets up for candidates of some senders, where something listens at some ports."""

    def __init__(
        self, senders: Senders, aliases: Callable[[Ranges], Ranges], ports: Sequence[int]
    ) -> None:
        self._senders = senders
        self._find_aliases = aliases
        self._ports = ports
        self._aliases: dict[int, Ranges] = {}

    def likely(self, candidate: Candidate, piece: HeaderSpace) -> Iterator[Packet]:
        """A few packets of the first senders."""
        numbers = islice(self._senders.numbers(candidate.senders), _TRIES)
        packets = (each for number in numbers for each in self._of(number, candidate, piece))
        return islice(packets, _FIRST)

    def further(self, pieces: Iterable[Piece]) -> Iterator[Packet]:
        """Packets for any of some pieces, each in turn and none twice."""
        made: set[Packet] = set()
        for packet in _in_turn([self._further(*each) for each in pieces]):
            if packet not in made:
                made.add(packet)
                yield packet

    def _further(self, candidate: Candidate, piece: HeaderSpace) -> Iterator[Packet]:
        """Packets of many senders: the first of each, then the second of each, and so on.

        They may be sent to other ports as well, at which something listens on the way.
        """
        numbers = list(self._senders.numbers(candidate.senders))
        some = numbers[:: -(-len(numbers) // _MOST_SENDERS)]
        asked = [piece]
        for port in self._ports:
            elsewhere = piece.narrowed("destination_port", Ranges.of(port))
            if (elsewhere & piece).is_empty:
                asked.append(elsewhere)
        for each in asked:
            yield from _in_turn(
                [islice(self._of(n, candidate, each, nearest=True), _MOST_EACH) for n in some]
            )

    def _of(
        self, number: int, candidate: Candidate, piece: HeaderSpace, *, nearest: bool = False
    ) -> Iterator[Packet]:
        """What one sender may send that may be what a candidate means."""
        for start in self._senders.each[number].starts:
            for sent_to, source in self._ends(candidate, start, nearest):
                packet = _packet(start, candidate, piece, source, sent_to)
                if packet is not None:
                    yield start, packet

    def _ends(self, candidate: Candidate, start: Start, nearest: bool) -> Iterator[tuple[int, int]]:
        sources = _sources(candidate, start)
        for low, _ in candidate.space.by_name["destination"].intervals[:_TRIES]:
            others = [
                each
                for span in reversed(self._sent_to(low).intervals)
                for each in _side_by_side(span)
            ]
            if nearest:
                others = _nearest(others, low, sources.intervals[0][0])
            for sent_to in dict.fromkeys((low, *others)):
                same = [s for s in _first(sources, 2) if is_ipv4(s) is is_ipv4(sent_to)]
                for source in same:
                    if source != sent_to:
                        yield sent_to, source
                        break

    def _sent_to(self, address: int) -> Ranges:
        known = self._aliases.get(address)
        if known is None:
            known = self._aliases[address] = self._find_aliases(Ranges.of(address))
        return known


def listening(network: Network, nodes: Iterable[str]) -> tuple[int, ...]:
    """The ports by which any of some nodes tells where to send on."""
    stages = (stage for node in nodes for stage in network.node(node).stages)
    routes = (r for stage in stages if isinstance(stage, Forward) for r in stage.routes)
    ports = (route.match.by_name.get("destination_port") for route in routes)
    singles = {each.single for each in ports if each is not None}
    return tuple(sorted(port for port in singles if port is not None))


def _in_turn(each: Sequence[Iterator[Packet]]) -> Iterator[Packet]:
    """The first of each, then the second of each, and so on."""
    while each:
        left = []
        for packets in each:
            packet = next(packets, None)
            if packet is not None:
                yield packet
                left.append(packets)
        each = left


def _nearest(addresses: list[int], *ends: int) -> list[int]:
    """Addresses, the nearest to each end and the public ones first: a balancer is near its targets,
    an end point of a service near whoever uses it."""
    ordered = [sorted(addresses, key=lambda each: abs(each - end)) for end in ends]
    ordered.append(addresses)
    return list(dict.fromkeys(each for some in zip(*ordered, strict=True) for each in some))


def _side_by_side(span: Interval) -> Iterable[int]:
    """The first addresses of an interval: those of a balancer may be neighbours."""
    low, high = span
    return islice(range(low, high + 1, to_next(low)), _MOST_NEIGHBOURS)


def _sources(candidate: Candidate, start: Start) -> Ranges:
    """Where a start may send from: what a candidate still has as its source, if any of it does."""
    mine = start.space.by_name["source"]
    held = candidate.space.by_name.get("source")
    met = mine if held is None else mine & held
    return met or mine


def _packet(
    start: Start, candidate: Candidate, piece: HeaderSpace, source: int, sent_to: int
) -> Header | None:
    wanted = (
        start.space
        & piece
        & HeaderSpace.where(
            source=Ranges.of(source),
            destination=Ranges.of(sent_to),
            source_port=candidate.space.by_name.get("source_port"),
        )
    )
    if wanted.is_empty:
        return None
    by = wanted.by_name
    protocols = by.get("protocol")
    protocol = _usual(LIKED["protocol"], protocols)
    ported = protocol in (TCP, UDP)
    messages = protocol in (ICMP, ICMPV6)
    return Header(
        source,
        sent_to,
        protocol,
        _usual(LIKED["source_port"], by.get("source_port")) if ported else 0,
        _usual(LIKED["destination_port"], by.get("destination_port")) if ported else 0,
        _usual(_ECHO[protocol], by.get("icmp_type")) if messages else 0,
        _usual((0,), by.get("icmp_code")) if messages else 0,
    )


def _usual(liked: Sequence[int], values: Ranges | None) -> int:
    """A value that people expect, if it is one of these; else the lowest."""
    for value in liked:
        if values is None or value in values:
            return value
    assert values is not None
    return values.intervals[0][0]


def _first(values: Ranges, count: int) -> Iterator[int]:
    """A few addresses of each family."""
    for four in (True, False):
        some = [low for low, _ in values.intervals if is_ipv4(low) is four]
        yield from (host for host in LIKED["source"] if host in values and is_ipv4(host) is four)
        yield from some[:count]
