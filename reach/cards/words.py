"""The columns of a rule as people read them: protocol and ports, of groups and ACLs alike.

Must not know what a rule does.
"""

from __future__ import annotations

from reach.network.field import ICMP, ICMPV6, TCP, UDP, format_protocol, parse_protocol


def protocol_of(text: str) -> str:
    """``all``, ``tcp``, ``icmp``, or ``protocol 50``."""
    if text == "-1":
        return "all"
    shown = format_protocol(parse_protocol(text))
    return shown if shown.isalpha() or shown == "icmpv6" else f"protocol {shown}"


def ports_of(protocol: str, low: int | None, high: int | None) -> str:
    """``22``, ``1024-65535``, ``type 8``, ``type 3 code 4``; ``all`` if it has any, else empty.

    Of ICMP the first number is the type and the second the code (R-SG-9).
    """
    number = None if protocol == "-1" else parse_protocol(protocol)
    if number in (ICMP, ICMPV6):
        if low in (None, -1):
            return "all"
        return f"type {low}" if high in (None, -1) else f"type {low} code {high}"
    if number not in (TCP, UDP):
        return ""
    if low in (None, -1) or high is None or (low, high) == (0, 65535):
        return "all"
    return f"{low}" if low == high else f"{low}-{high}"
