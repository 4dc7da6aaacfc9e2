"""Headers as people and programs read them: one line, or plain data.

Takes a header; gives only the fields that its protocol has, and no ghost field.  Knows no AWS word.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from reach.network.field import FIELDS, ICMP, ICMPV6, TCP, UDP, Header, format_protocol


def header_dict(header: Header) -> dict[str, Any]:
    """A header as JSON: addresses and protocol as people write them, only fields it has."""
    return dict(_told(header))


@lru_cache(maxsize=256)  # a path tells the same header at nearly every step, twice
def _told(header: Header) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    ported = header.protocol in (TCP, UDP)
    typed = header.protocol in (ICMP, ICMPV6)
    for each, value in zip(FIELDS, header, strict=True):
        if each.name.endswith("_port"):
            if ported:
                shown[each.name] = value
        elif each.name.startswith("icmp_"):
            if typed:
                shown[each.name] = value
        elif each.name != "identity":
            shown[each.name] = each.show(value)
    return shown


def header_from(told: Mapping[str, Any]) -> Header:
    """The header that JSON tells; fields that its protocol does not have are 0."""
    return Header(
        *(each.parse(str(told[each.name])) if each.name in told else 0 for each in FIELDS)
    )


def header_words(header: Header) -> str:
    """A header in one line: ``10.0.0.5:49152 -> 10.0.1.7:22 tcp``."""
    at = header_dict(header)
    protocol = format_protocol(header.protocol)
    ends = [str(at["source"]), str(at["destination"])]
    if "source_port" in at:
        ports = (at["source_port"], at["destination_port"])
        ends = [
            f"[{end}]:{port}" if ":" in end else f"{end}:{port}"
            for end, port in zip(ends, ports, strict=True)
        ]
    if "icmp_type" in at:
        protocol += f" type {at['icmp_type']} code {at['icmp_code']}"
    elif not protocol.isalpha():
        protocol = f"protocol {protocol}"
    return f"{ends[0]} -> {ends[1]} {protocol}"
