"""Whether a text is the kind of address its field should hold, and if not, what would be right.

So of protocols, which rules print beside their addresses.  Takes a text and a kind; gives the
complaint, or nothing.  Must not know records or files.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import repeat
from operator import contains
from socket import AF_INET, inet_pton

from reach.network.address import Prefix, is_ipv4, parse_address
from reach.network.field import parse_protocol
from reach.snapshot.section import Kind

_FAMILY = {"IPv4": True, "IPv6": False}


def complaint(text: str, kind: Kind) -> str | None:
    """What is wrong with ``text`` as a ``kind``, or None.

    >>> complaint("10.0.0.5/16", "IPv4 CIDR")
    "'10.0.0.5/16' has host bits set: the network is 10.0.0.0/16"
    """
    if kind == "protocol":
        return _no_protocol(text)
    try:
        address = _value(text, kind)
    except ValueError as wrong:
        return str(wrong)
    family = _FAMILY.get(kind.partition(" ")[0])
    if family is not None and is_ipv4(address) is not family:
        other = "IPv4" if is_ipv4(address) else "IPv6"
        return f"{text!r} is {other}; an {kind} is expected here"
    return None


def complaints(texts: Collection[str], kind: Kind) -> dict[str, str]:
    """The texts that are no ``kind``, with what is wrong with each."""
    if _all_right(texts, kind):
        return {}
    found = ((text, complaint(text, kind)) for text in texts)
    return {text: wrong for text, wrong in found if wrong is not None}


def _all_right(texts: Collection[str], kind: Kind) -> bool:
    """The usual answer, in a few passes that stay out of Python code and remember nothing."""
    try:
        if kind == "IPv4 address":
            return all(map(inet_pton, repeat(AF_INET), texts))
        elif kind.endswith("address"):
            values = list(map(parse_address, texts))
        elif kind.endswith("CIDR") and all(map(contains, texts, repeat("/"))):
            values = [prefix.value for prefix in map(Prefix.parse, texts)]
        else:
            return False
    except (OSError, ValueError):
        return False
    family = _FAMILY.get(kind.partition(" ")[0])
    return family is None or not values or is_ipv4(min(values)) is family is is_ipv4(max(values))


def _no_protocol(text: str) -> str | None:
    """R-SG-7, R-NACL-5."""
    try:
        if text != "-1":
            parse_protocol(text)
    except ValueError as wrong:
        return f"{wrong}, or -1 for all"
    return None


def _value(text: str, kind: Kind) -> int:
    if kind.endswith("address"):
        return parse_address(text)
    prefix = Prefix.parse(text)
    if "/" not in text:
        raise ValueError(f"{text!r} is not a CIDR: one address alone is written {prefix}")
    return prefix.value
