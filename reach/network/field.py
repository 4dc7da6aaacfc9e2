"""The fields of a flow's header, in one table: name, width in bits, how to read and how to print.

The table drives symbols, decoding, evaluation, the question language and rendering.  Besides the
5-tuple and the ICMP type and code there is a ghost field, ``identity``: a number for the set of
groups whose interface sent the packet, 0 when nobody can tell any more.  No wire carries it.

A header is a tuple of integers in the order of the table (:data:`Header`).  Knows no AWS word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from reach.network.address import WIDTH, format_address, parse_address

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
_PROTOCOL_NAMES = {ICMP: "icmp", TCP: "tcp", UDP: "udp", ICMPV6: "icmpv6"}
_PROTOCOL_NUMBERS = {name: number for number, name in _PROTOCOL_NAMES.items()}


def format_protocol(number: int) -> str:
    return _PROTOCOL_NAMES.get(number, str(number))


def parse_protocol(text: str) -> int:
    """Read a protocol name (tcp, udp, icmp, icmpv6) or number 0-255.  Raises ValueError."""
    number = _PROTOCOL_NUMBERS.get(text.lower())
    if number is None:
        if not (text.isascii() and text.isdigit() and int(text) <= 255):
            raise ValueError(f"{text!r} is not a protocol: a number 0-255, tcp, udp, icmp, icmpv6")
        number = int(text)
    return number


@dataclass(frozen=True, slots=True)
class Field:
    """One fixed-width part of a header."""

    name: str
    width: int
    parse: Callable[[str], int] = int
    show: Callable[[int], str] = str


FIELDS: tuple[Field, ...] = (
    Field("source", WIDTH, parse_address, format_address),
    Field("destination", WIDTH, parse_address, format_address),
    Field("protocol", 8, parse_protocol, format_protocol),
    Field("source_port", 16),
    Field("destination_port", 16),
    Field("icmp_type", 8),
    Field("icmp_code", 8),
    Field("identity", 24),
)
FIELD = {field.name: field for field in FIELDS}
INDEX = {field.name: position for position, field in enumerate(FIELDS)}
ON_THE_WIRE = tuple(field.name for field in FIELDS if field.name != "identity")


class Header(NamedTuple):
    """One concrete header.  Fields that its protocol does not have are 0."""

    source: int
    destination: int
    protocol: int
    source_port: int = 0
    destination_port: int = 0
    icmp_type: int = 0
    icmp_code: int = 0
    identity: int = 0


# Which ICMP message answers which (RFC 792, RFC 950, RFC 4443).  Other types are answered by none.
ICMP_ANSWERS = {ICMP: {8: 0, 13: 14, 15: 16, 17: 18}, ICMPV6: {128: 129}}


def answers(header: Header) -> bool:
    """Whether a receiver of this header sends anything back."""
    kinds = ICMP_ANSWERS.get(header.protocol)
    return kinds is None or header.icmp_type in kinds


def reply_to(header: Header) -> Header:
    """The reply of a flow: ends exchanged, ICMP request turned into its answer (R-OBS-9).

    Defined where :func:`answers` holds; the identity is cleared, the replying end sets its own.
    """
    kinds = ICMP_ANSWERS.get(header.protocol)
    return Header(
        source=header.destination,
        destination=header.source,
        protocol=header.protocol,
        source_port=header.destination_port,
        destination_port=header.source_port,
        icmp_type=0 if kinds is None else kinds[header.icmp_type],
        icmp_code=0,
    )
