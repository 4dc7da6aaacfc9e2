"""Who sends from the addresses of some blocks: by an own address, a public one, or a block held.

    senders_in(lowering, blocks) -> (interfaces, which of their own addresses are meant)
    both_addresses(interface, placed) -> pairs of an own address and the public one, or itself

An interface is meant by its own addresses and by those that it has outside (R-ENI-3), by prefixes
that are delegated to it (R-ENI-2) and by pools that are routed to it (R-IGW-9).  Where interfaces
are very many, records are made of those alone that have more than own addresses.  Must not know
what is asked of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from reach.component import Lowering
from reach.interfaces.claims import Elastic, elastic
from reach.network.address import Prefix
from reach.network.header_space import Ranges
from reach.routing import overall
from reach.snapshot.index import (
    Interfaces,
    delegated_prefixes,
    outer_mapping,
    private_addresses,
)
from reach.snapshot.records import NetworkInterface

_Sent = Sequence[tuple[int, int]]


def senders_in(lowering: Lowering, blocks: Sequence[Prefix]) -> tuple[Interfaces, Ranges]:
    """The interfaces that send from an address in any of the blocks, in the order of ids, and these
    addresses."""
    inside = Ranges.prefixes(blocks)
    held = [(each, some & inside) for each, some in _held(lowering) if some & inside]
    beside = Ranges.any_of(some for _, some in held)
    roll = lowering.index.roll
    if roll is None:
        members = _with_address_in(lowering, blocks)
        own = Ranges.of(*_meant(lowering, members, inside))
        every = {i.network_interface_id: i for i in (*members, *(each for each, _ in held))}
        return tuple(every[each] for each in sorted(every)), own | beside
    rows = roll.having(inside)
    outside = _outside_in(lowering, blocks)
    own = Ranges(tuple(roll.spans(rows, inside))) | Ranges.of(*_meant(lowering, outside, inside))
    ids = [each.network_interface_id for each in (*outside, *(each for each, _ in held))]
    return roll.joined(ids, (), (rows,)), own | beside


def _meant(
    lowering: Lowering, members: Iterable[NetworkInterface], inside: Ranges
) -> Iterator[int]:
    """The own addresses that are meant by themselves, or by the public ones that stand for them."""
    for interface in members:
        for own, public in both_addresses(interface, elastic(lowering)):
            if own in inside or public in inside:
                yield own


def _held(lowering: Lowering) -> Iterator[tuple[NetworkInterface, Ranges]]:
    """Blocks that interfaces may send from as from their own addresses: delegated ones (R-ENI-2),
    and those of pools that are routed to them (R-IGW-9)."""

    def make() -> tuple[tuple[NetworkInterface, Ranges], ...]:
        delegated = ((each, delegated_prefixes(each)) for each in lowering.index.delegated)
        found = [(each, Ranges.prefixes(map(Prefix.parse, blocks))) for each, blocks in delegated]
        pools = overall.pools(lowering)
        for interface_id, blocks in pools.routed.items():
            interface = lowering.snapshot.get(NetworkInterface, interface_id)
            if interface is not None:
                found.append((interface, Ranges.prefixes(blocks)))
        return tuple(found)

    yield from lowering.memo("blocks that interfaces hold", make)


def _with_address_in(lowering: Lowering, blocks: Iterable[Prefix]) -> tuple[NetworkInterface, ...]:
    """The interfaces that have an address in one of some blocks, in their order."""
    interfaces = lowering.snapshot.records(NetworkInterface)
    sent = lowering.memo(
        "addresses that interfaces send from", lambda: sent_by(interfaces, elastic(lowering))
    )
    return _in_any(interfaces, sent, blocks)


def _outside_in(lowering: Lowering, blocks: Iterable[Prefix]) -> tuple[NetworkInterface, ...]:
    """Those of them that have addresses outside, which no column tells."""

    def make() -> tuple[Sequence[NetworkInterface], _Sent]:
        placed = elastic(lowering)
        records = (lowering.snapshot.get(NetworkInterface, each) for each in placed)
        every = (*lowering.index.mapped, *(each for each in records if each is not None))
        interfaces = list({each.network_interface_id: each for each in every}.values())
        return interfaces, sent_by(interfaces, placed)

    return _in_any(*lowering.memo("addresses outside of interfaces", make), blocks)


def _in_any(
    interfaces: Sequence[NetworkInterface], sent: _Sent, blocks: Iterable[Prefix]
) -> tuple[NetworkInterface, ...]:
    places = {place for block in blocks for place in places_in(sent, block)}
    return tuple(interfaces[place] for place in sorted(places))


def sent_by(interfaces: Iterable[NetworkInterface], placed: Elastic) -> list[tuple[int, int]]:
    """Each address that some interfaces send from, with the place of the interface among them."""
    return sorted(
        (address, place)
        for place, interface in enumerate(interfaces)
        for pair in both_addresses(interface, placed)
        for address in pair
    )


def places_in(sent: _Sent, prefix: Prefix) -> list[int]:
    """The places of those that send from a block."""
    first, end = bisect_left(sent, (prefix.low, 0)), bisect_left(sent, (prefix.high + 1, 0))
    return sorted({place for _, place in sent[first:end]})


def both_addresses(interface: NetworkInterface, placed: Elastic) -> Iterator[tuple[int, int]]:
    """Each of an interface's addresses with its public one, or with itself."""
    mapping = dict(placed.get(interface.network_interface_id, ()))
    mapping.update(outer_mapping(interface))
    for address in private_addresses(interface):
        yield address, mapping.get(address, address)
