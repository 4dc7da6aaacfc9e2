"""The few values that generated networks are made of: small enough that everything collides.

Gives addresses, prefixes, ports and header spaces drawn from a seeded generator, and all flows of
a space.  Knows no shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

from reach.network.address import WIDTH, Prefix, is_ipv4, parse_address
from reach.network.field import FIELDS, ICMP, ICMPV6, TCP, UDP, Header
from reach.network.header_space import HeaderSpace, Ranges

CLIENTS = tuple(map(parse_address, ("10.0.0.1", "10.0.0.2", "2001:db8::1")))
SERVERS = tuple(map(parse_address, ("10.0.1.1", "10.0.1.2", "10.1.0.1", "2001:db8:1::1")))
GATEWAYS = tuple(map(parse_address, ("192.0.2.1", "192.0.2.2", "2001:db8:2::1")))
INSIDE_SIX = parse_address("64:ff9b::a00:101")  # 10.0.1.1, carried in an IPv6 address
SIX_BASE = parse_address("64:ff9b::")
ADDRESSES = (*CLIENTS, *SERVERS, *GATEWAYS, INSIDE_SIX)
FOURS = tuple(filter(is_ipv4, ADDRESSES))
SIXES = tuple(a for a in ADDRESSES if not is_ipv4(a))

PREFIXES = tuple(
    map(
        Prefix.parse,
        (
            *("10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/24", "10.0.1.0/31"),
            *("0.0.0.0/0", "192.0.2.0/24", "10.0.1.1/32", "10.0.0.1/32", "10.0.1.2/32"),
            *("::/0", "2001:db8::/32", "2001:db8:1::/48", "64:ff9b::/96", "2001:db8::1/128"),
        ),
    )
)
PROTOCOLS = (TCP, UDP, ICMP, ICMPV6, 50)
PORTS = (80, 443, 1024, 1025)
PORT_SPANS = ((80, 80), (80, 443), (443, 443), (0, 1023), (1024, 1024), (1024, 65535))
KINDS = (0, 8, 128, 129)
IDENTITIES = (0, 1, 2)


def values(name: str, ranges: Ranges) -> Iterator[int]:
    """The values of a small set; an IPv4 address is one value, though it fills its place."""
    for low, high in ranges.intervals:
        wide = name in ("source", "destination") and is_ipv4(low)
        yield from range(low, high + 1, 1 << 96 if wide else 1)


def prefixes(rng: Random) -> Ranges:
    return Ranges.prefixes(rng.sample(PREFIXES, rng.choice((1, 1, 2))))


def space(rng: Random, *, addresses: float = 0.6, others: float = 0.25) -> HeaderSpace:
    """A header space that some of the flows are in."""
    given: dict[str, Ranges] = {}
    for name in ("source", "destination"):
        if rng.random() < addresses:
            given[name] = prefixes(rng)
    if rng.random() < others:
        given["protocol"] = Ranges.of(*rng.sample(PROTOCOLS, rng.choice((1, 2, 3))))
    for name in ("source_port", "destination_port"):
        if rng.random() < others:
            given[name] = Ranges.union([rng.choice(PORT_SPANS)])
    if rng.random() < others / 2:
        given["icmp_type"] = Ranges.of(*rng.sample(KINDS, 2))
    if rng.random() < others / 2:
        given["identity"] = Ranges.of(*rng.sample(IDENTITIES, rng.choice((1, 2))))
    return HeaderSpace.where(**given)


def sources(rng: Random, owned: int) -> Ranges:
    """Where one start sends from: its own address, and perhaps another."""
    return Ranges.of(owned, *rng.sample(CLIENTS, rng.choice((0, 0, 1))))


def start_space(rng: Random, owned: int, narrow: bool) -> HeaderSpace:
    """What one start may send.  A narrow one leaves no field open, so that one can try it all."""
    given: dict[str, Ranges] = {"source": sources(rng, owned)}
    if rng.random() < 0.5:
        given["identity"] = Ranges.of(rng.choice(IDENTITIES))
    if narrow or rng.random() < 0.5:
        given["destination"] = Ranges.of(*rng.sample(ADDRESSES, 5))
    if narrow or rng.random() < 0.3:
        given["protocol"] = Ranges.of(*rng.sample(PROTOCOLS, 3))
    if narrow or rng.random() < 0.3:
        given["source_port"] = Ranges.of(0, *rng.sample(PORTS, 1))
        given["destination_port"] = Ranges.of(0, *rng.sample(PORTS, 2))
    if narrow:
        given["icmp_type"] = Ranges.of(*KINDS)
        given["icmp_code"] = Ranges.of(0)
    return HeaderSpace.where(**given)


def well_formed(header: Header) -> bool:
    """One family at both ends, its own ICMP, and 0 in the fields that the protocol has not."""
    four = is_ipv4(header.source)
    ports = header.protocol in (TCP, UDP) or header.source_port == header.destination_port == 0
    kind = header.protocol in (ICMP, ICMPV6) or header.icmp_type == header.icmp_code == 0
    other = ICMPV6 if four else ICMP
    same = four == is_ipv4(header.destination)
    return same and ports and kind and header.protocol != other


def flows(narrow: HeaderSpace) -> Iterator[Header]:
    """Every well-formed header of a narrow space."""
    sets = [tuple(values(f.name, narrow.by_name.get(f.name, Ranges.of(0)))) for f in FIELDS]
    for given in product(*sets):
        header = Header(*given)
        if well_formed(header):
            yield header


def flow(rng: Random, within: HeaderSpace) -> Header:
    """A flow to pin: mostly one of the space and well-formed, now and then not."""
    picked: dict[str, int] = {}
    for name, choices in (
        ("source", CLIENTS),
        ("destination", ADDRESSES),
        ("protocol", PROTOCOLS),
        ("source_port", PORTS),
        ("destination_port", PORTS),
        ("icmp_type", (8, 8, 8, 8, 0)),
        ("identity", (0,)),
    ):
        ranges = within.by_name.get(name)
        own = () if ranges is None else tuple(values(name, ranges))
        picked[name] = rng.choice(own if own and len(own) < WIDTH else choices)
    header = Header(**picked)
    return header if rng.random() < 0.03 else _repaired(rng, within, header)


def _repaired(rng: Random, within: HeaderSpace, header: Header) -> Header:
    """The nearest well-formed header of the space."""
    four = is_ipv4(header.source)
    changes: dict[str, int] = {}
    if is_ipv4(header.destination) != four or header.destination == header.source:
        asked = within.by_name.get("destination")
        family = FOURS if four else SIXES
        near = [a for a in family if asked is None or a in asked]
        changes["destination"] = rng.choice(near or family)
    if header.protocol in (ICMP, ICMPV6):
        changes |= {"protocol": ICMP if four else ICMPV6, "source_port": 0, "destination_port": 0}
        if not four:
            changes["icmp_type"] = rng.choice((128, 128, 128, 129))
    else:
        changes["icmp_type"] = 0
        if header.protocol not in (TCP, UDP):
            changes |= {"source_port": 0, "destination_port": 0}
    return header._replace(**changes)
