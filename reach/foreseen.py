"""The witness that pinning would end with, made up without a solver.

    packet(aim, start) -> Header | None

:mod:`reach.canonical` pins a header field by field: a liked value if that can work, else the
lowest.  Where a packet that has the best of each field gets through, every one of those wishes can
be met, so it is the very packet that pinning ends with.  Whether it gets through is for the
concrete twin to say.  Takes a start of a question; must not know AWS, networks or a solver.
"""

from __future__ import annotations

from reach.aim import Aim, Start
from reach.canonical import LIKED
from reach.network.address import FAMILY_BIT, is_ipv4
from reach.network.field import ICMP, ICMP_ANSWERS, ICMPV6, TCP, UDP, Header
from reach.network.header_space import Ranges

_ZERO = Ranges.of(0)
_BEYOND = (1 << 96) - 1  # of an IPv4 address these bits are 0
_PORTS = ("source_port", "destination_port")
_ANSWERED = {number: Ranges.of(*kinds) for number, kinds in ICMP_ANSWERS.items()}


def packet(aim: Aim, start: Start) -> Header | None:
    """What pinning would like best of a start; None where the fields do not go together."""
    told = start.space.by_name
    values: dict[str, int | None] = {
        name: _best(name, told.get(name)) for name in ("source", "destination", "protocol")
    }
    protocol = values["protocol"]
    for name in _PORTS:
        held = told.get(name) if protocol in (TCP, UDP) else _both(_ZERO, told.get(name))
        values[name] = _best(name, held)
    has_type = protocol in (ICMP, ICMPV6)
    kinds = _ANSWERED[protocol or 0] if has_type and aim.two_way else None if has_type else _ZERO
    values["icmp_type"] = _best("icmp_type", _both(kinds, told.get("icmp_type")))
    codes = None if has_type else _ZERO
    values["icmp_code"] = _best("icmp_code", _both(codes, told.get("icmp_code")))
    values["identity"] = _best("identity", told.get("identity"))
    if any(value is None for value in values.values()):
        return None
    header = Header(**{name: value or 0 for name, value in values.items()})
    return header if _is_possible(aim, header) else None


def _both(some: Ranges | None, others: Ranges | None) -> Ranges | None:
    """What is in both; None is anything."""
    if some is None or others is None:
        return some if others is None else others
    return some & others


def _best(name: str, values: Ranges | None) -> int | None:
    """A liked value if there is one among them, else the lowest, of addresses an IPv4 one."""
    liked = LIKED.get(name, ())
    if values is None:
        return liked[0] if liked else 0
    for value in liked:
        if value in values:
            return value
    lows = [low for low, _ in values.intervals]
    if not lows:
        return None
    if name not in ("source", "destination"):
        return lows[0]
    if values.intervals[-1][1] >= FAMILY_BIT:
        lowest = next(max(low, FAMILY_BIT) for low, high in values.intervals if high >= FAMILY_BIT)
        return None if lowest & _BEYOND else lowest
    return lows[0]


def _is_possible(aim: Aim, header: Header) -> bool:
    """Whether both ends are of the family that the protocol needs, and not one and the same."""
    four = is_ipv4(header.source)
    if is_ipv4(header.destination) is not four:
        return False
    if header.protocol == (ICMPV6 if four else ICMP):
        return False
    return aim.to_itself or header.source != header.destination
