"""The witness that pinning would end with, made up without a solver.

    packet(space, two_way) -> Header | None        liking(header) -> key

:mod:`reach.canonical` pins a header field by field: a liked value if that can work, else the
lowest.  Where a packet that has the best of each field gets through, every one of those wishes can
be met, so it is the very packet that pinning ends with.  Whether it gets through is for others to
say.  Takes the headers of a start; must not know AWS, networks or a solver.
"""

from __future__ import annotations

from functools import lru_cache, partial

from reach.network.address import FAMILY_BIT, is_ipv4, parse_address, to_next
from reach.network.field import FIELDS, ICMP, ICMP_ANSWERS, ICMPV6, TCP, UDP, Header
from reach.network.header_space import HeaderSpace, Ranges

# 203.0.113.0/24 and 2001:db8::/32 are for documentation (RFC 5737, RFC 3849).
LIKED = {
    "source": (parse_address("203.0.113.7"), parse_address("2001:db8::7")),
    "destination": (parse_address("203.0.113.9"), parse_address("2001:db8::9")),
    "protocol": (TCP,),
    "source_port": (50000,),
    "destination_port": (443,),
}
_ZERO = Ranges.of(0)
_BEYOND = (1 << 96) - 1  # of an IPv4 address these bits are 0
MANY = 8
_BESIDES = ("protocol", "source_port", "destination_port", "icmp_type", "icmp_code", "identity")
_ANSWERED = {number: Ranges.of(*kinds) for number, kinds in ICMP_ANSWERS.items()}


def packet(space: HeaderSpace, two_way: bool) -> Header | None:
    """What pinning would like best of a space; None where the fields do not go together."""
    told = space.by_name
    ends = [_best(name, told.get(name)) for name in ("source", "destination")]
    besides = _besides_ends(*map(told.get, _BESIDES), two_way)
    if besides is None or ends[0] is None or ends[1] is None:
        return None
    header = besides._replace(source=ends[0], destination=ends[1])
    return header if _is_possible(header) else None


@lru_cache(maxsize=1024)
def _besides_ends(
    protocols: Ranges | None,
    source_ports: Ranges | None,
    destination_ports: Ranges | None,
    types: Ranges | None,
    codes: Ranges | None,
    identities: Ranges | None,
    two_way: bool,
) -> Header | None:
    """The best of all fields but who it is between: many differ in that alone."""
    protocol = _best("protocol", protocols)
    has_ports, has_type = protocol in (TCP, UDP), protocol in (ICMP, ICMPV6)
    answered = _ANSWERED[protocol or 0] if has_type and two_way else None if has_type else _ZERO
    held = {
        "source_port": source_ports if has_ports else _both(_ZERO, source_ports),
        "destination_port": destination_ports if has_ports else _both(_ZERO, destination_ports),
        "icmp_type": _both(answered, types),
        "icmp_code": _both(None if has_type else _ZERO, codes),
        "identity": identities,
    }
    values = {"protocol": protocol} | {name: _best(name, each) for name, each in held.items()}
    if any(value is None for value in values.values()):
        return None
    return Header(0, 0, **{name: value or 0 for name, value in values.items()})


def _both(some: Ranges | None, others: Ranges | None) -> Ranges | None:
    """What is in both; None is anything."""
    if some is None or others is None:
        return some if others is None else others
    return some & others


def _best(name: str, values: Ranges | None) -> int | None:
    """A liked value if there is one among them, else the lowest."""
    liked = LIKED.get(name, ())
    if values is None:
        return liked[0] if liked else 0
    found = (value for value in liked if value in values)
    return next(found, None) or least(values, is_address=name in ("source", "destination"))


def least(values: Ranges, *, is_address: bool) -> int | None:
    """The lowest of some values, of addresses the lowest IPv4 one if there is any."""
    for low, high in values.intervals:
        if is_address and high >= FAMILY_BIT:
            first = max(low, FAMILY_BIT)
            return None if first & _BEYOND else first
        if not is_address or values.intervals[-1][1] < FAMILY_BIT:
            return low
    return None


def few(name: str, values: Ranges | None) -> tuple[int, ...]:
    """Some values in the order in which pinning would like them; nothing if they are many."""
    if values is None or len(values.intervals) > MANY:
        return ()
    found: list[int] = []
    for low, high in values.intervals:
        step = to_next(low)
        if (high - low) // step >= MANY or (step > 1 and low & _BEYOND):
            return ()
        found += range(low, high + 1, step)
    return tuple(sorted(found, key=partial(_rank, name))) if len(found) <= MANY else ()


def _rank(name: str, value: int) -> tuple[int, bool, int]:
    liked = LIKED.get(name, ())
    place = liked.index(value) if value in liked else len(liked)
    return place, name in ("source", "destination") and not is_ipv4(value), value


def liking(header: Header) -> tuple[tuple[int, bool, int], ...]:
    """Of several headers pinning ends with the one of which this is least."""
    return tuple(_rank(each.name, value) for each, value in zip(FIELDS, header, strict=True))


def by_destination(space: HeaderSpace) -> tuple[HeaderSpace, ...]:
    """A space by its destinations, if they are few, as pinning would like them."""
    values = few("destination", space.by_name.get("destination"))
    if len(values) < 2:
        return (space,)
    return tuple(space.narrowed("destination", Ranges.of(value)) for value in values)


def _is_possible(header: Header) -> bool:
    """Whether both ends are of one family, and of the one that the protocol needs."""
    four = is_ipv4(header.source)
    if is_ipv4(header.destination) is not four:
        return False
    return header.protocol != (ICMPV6 if four else ICMP)
