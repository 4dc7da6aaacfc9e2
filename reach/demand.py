"""What a question asks of the packet at its ends: as it leaves the source, and as it arrives.

    demand({"source-port": "1024-2047"}) -> HeaderSpace

Takes pairs of a field and a value as people write them: an address or a block, a port or a range
of ports, a protocol.  Raises QuestionError that says what is wrong.  Must not know snapshots.
"""

from __future__ import annotations

from collections.abc import Iterable

from reach.errors import QuestionError
from reach.network.address import Prefix, parse_address
from reach.network.field import TCP, UDP, parse_protocol
from reach.network.header_space import HeaderSpace, Ranges

FIELDS = ("source", "source-port", "destination", "destination-port", "protocol")
_PORTED = HeaderSpace.where(protocol=Ranges.of(TCP, UDP))
Pairs = tuple[tuple[str, str], ...]


def demand(pairs: Iterable[tuple[str, str]]) -> HeaderSpace:
    """The packets that meet all of the conditions."""
    space = HeaderSpace()
    for name, text in pairs:
        if name not in FIELDS:
            shown = ", ".join(FIELDS)
            raise QuestionError(f"{name!r} is no field of a packet at an end: {shown}")
        try:
            values = _values(name, text)
        except ValueError as error:
            raise QuestionError(f"{name}={text}: {error}") from None
        space &= HeaderSpace.where(**{name.replace("-", "_"): values})
        if name.endswith("port"):
            space &= _PORTED
    return space


def _values(name: str, text: str) -> Ranges:
    if name == "protocol":
        return Ranges.of(parse_protocol(text))
    if name.endswith("port"):
        return _ports(text)
    if "/" in text:
        return Ranges.prefixes((Prefix.parse(text),))
    return Ranges.of(parse_address(text))


def _ports(text: str) -> Ranges:
    first, dash, last = text.partition("-")
    ends = first, last if dash else first
    if not all(each.isascii() and each.isdigit() and int(each) <= 65535 for each in ends):
        raise ValueError(f"{text!r} is not a port or a range of ports from 0 to 65535")
    low, high = map(int, ends)
    if low > high:
        raise ValueError(f"{text} is empty: did you mean {high}-{low}?")
    return Ranges.span(low, high)


def read_pairs(texts: Iterable[str]) -> Pairs:
    """``FIELD=VALUE`` texts as pairs.  Raises QuestionError for another form."""
    pairs = tuple(text.partition("=") for text in texts)
    for name, equals, _ in pairs:
        if not equals:
            raise QuestionError(f"{name!r} asks nothing of the packet: write FIELD=VALUE")
    return tuple((name, value) for name, _, value in pairs)
