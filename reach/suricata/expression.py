"""Addresses and ports as Suricata rules write them.

    10.0.0.0/8   [10.0.0.0/8, !10.1.0.0/16]   !$HOME_NET   @reference   any
    80   [80, 443, 1024:65535]   !53   :1023   $HTTP_PORTS

A list holds what any of its members holds, but for those with a ``!``; of nothing but ``!`` it
holds all the rest.  Addresses of both families are one line (``reach.network.address``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reach.network.address import WIDTH, Prefix, is_ipv4, parse_address
from reach.network.header_space import Ranges

ALL_ADDRESSES = Ranges.span(0, (1 << WIDTH) - 1)
ALL_PORTS = Ranges.span(0, 65535)
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Extent:
    """What an expression holds; with ``unknown``, what it could hold at most, and why.

    ``missing`` says that it is something that a call would have told.
    """

    values: Ranges
    unknown: str = ""
    missing: bool = False


Lookup = Callable[[str], Extent]


def nothing_known(name: str) -> Extent:
    """The lookup of whoever has no variables."""
    return Extent(ALL_ADDRESSES, f"{name} is not defined")


def addresses(text: str, lookup: Lookup = nothing_known) -> Extent:
    """The addresses of an expression.  Raises ValueError if it is none."""
    _shallow(text)
    return _expression(text, ALL_ADDRESSES, _address, lookup)


def ports(text: str, lookup: Lookup = nothing_known) -> Extent:
    """The ports of an expression.  Raises ValueError if it is none."""
    _shallow(text)
    return _expression(text, ALL_PORTS, _port, lookup)


def _shallow(text: str) -> None:
    """Refuse what is nested deeper than anybody writes."""
    deepest, depth = 0, 0
    for letter in text:
        depth = depth + 1 if letter in "[!" else depth - 1 if letter in "],)" else depth
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise ValueError("an expression is nested too deeply")


def members(text: str) -> Iterator[str]:
    """The parts of a list, commas inside brackets left alone."""
    depth, part = 0, ""
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += letter
    if depth:
        raise ValueError(f"{text!r} has brackets that do not match")
    yield part.strip()


def _expression(text: str, all_of: Ranges, one: Callable[[str], Ranges], lookup: Lookup) -> Extent:
    text = text.strip()
    if text.lower() == "any":
        return Extent(all_of)
    if text.startswith("!"):
        return _but(Extent(all_of), _expression(text[1:], all_of, one, lookup), all_of)
    if text.startswith("[") and text.endswith("]"):
        return _list(text[1:-1], all_of, one, lookup)
    if text[:1] in ("$", "@"):
        known = lookup(text)
        return Extent(known.values & all_of, known.unknown, known.missing)
    return Extent(one(text))


def _list(text: str, all_of: Ranges, one: Callable[[str], Ranges], lookup: Lookup) -> Extent:
    parts = [part for part in members(text) if part]
    wanted = [part for part in parts if not part.startswith("!")]
    refused = [part[1:] for part in parts if part.startswith("!")]
    if not parts:
        raise ValueError("an empty list")
    held = Extent(Ranges(()) if wanted else all_of)
    for part in wanted:
        more = _expression(part, all_of, one, lookup)
        held = Extent(held.values | more.values, *_doubts(held, more))
    for part in refused:
        held = _but(held, _expression(part, all_of, one, lookup), all_of)
    return held


def _but(held: Extent, refused: Extent, all_of: Ranges) -> Extent:
    """All of one but the other; of an unknown one perhaps nothing is refused."""
    gone = Ranges(()) if refused.unknown else refused.values
    return Extent((held.values - gone) & all_of, *_doubts(held, refused))


def _doubts(one: Extent, other: Extent) -> tuple[str, bool]:
    return one.unknown or other.unknown, one.missing or other.missing


def _address(text: str) -> Ranges:
    """An address, a block (host bits are cleared), or a range of addresses."""
    first, dash, last = text.partition("-")
    if dash:
        low, high = parse_address(first.strip()), parse_address(last.strip())
        return Ranges.span(low, Ranges.of(high).intervals[0][1])
    host, slash, bits = text.partition("/")
    value = parse_address(host)
    width = 32 if is_ipv4(value) else 128
    if slash and not (bits.isascii() and bits.isdigit() and int(bits) <= width):
        raise ValueError(f"{text!r} is not a block of addresses")
    length = (int(bits) if slash else width) + 1
    clear = value >> (WIDTH - length) << (WIDTH - length)
    return Ranges.prefixes((Prefix(clear, length),))


def _port(text: str) -> Ranges:
    first, colon, last = text.partition(":")
    if not colon and not first.strip():
        raise ValueError("no port")
    low = _number(first) if first.strip() else 0
    high = low if not colon else _number(last) if last.strip() else ALL_PORTS.intervals[0][1]
    return Ranges.span(low, high)


def _number(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and int(text) <= ALL_PORTS.intervals[0][1]):
        raise ValueError(f"{text!r} is not a port")
    return int(text)
