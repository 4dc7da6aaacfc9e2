"""Interfaces that are said to have an address that another one of their VPC has as well.

    sharing(lowering) -> ids

AWS gives an address of a VPC to one interface; of a snapshot whose calls were made while one moved
both may say that they have it, and which of them is meant then hangs on their order.  Takes records
and, of very many, a roll; must not know what an address does.
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.component import Lowering
from reach.network.address import Prefix
from reach.network.header_space import Ranges
from reach.snapshot.index import delegated_prefixes, private_addresses
from reach.snapshot.records import NetworkInterface


def sharing(lowering: Lowering) -> frozenset[str]:
    return lowering.memo("sharing an address", lambda: frozenset(_sharing(lowering)))


def _sharing(lowering: Lowering) -> Iterator[str]:
    for address in (*_doubled(lowering), *_delegated(lowering)):
        by_vpc: dict[str | None, list[str]] = {}
        for owner in lowering.index.owner_of_address(address):
            by_vpc.setdefault(owner.vpc_id, []).append(owner.network_interface_id)
        for owners in by_vpc.values():
            if len(owners) > 1:
                yield from owners


def _doubled(lowering: Lowering) -> Iterator[int]:
    """The addresses that several of a VPC have for their own."""
    roll = lowering.index.roll
    if roll is not None:
        yield from roll.doubled
        return
    seen: dict[tuple[str | None, int], NetworkInterface] = {}
    for each in lowering.index.interfaces:
        for address in private_addresses(each):
            if seen.setdefault((each.vpc_id, address), each) is not each:
                yield address


def _delegated(lowering: Lowering) -> Iterator[int]:
    """The addresses that somebody has and that lie in a prefix of somebody's, and one of each."""
    for each in lowering.index.delegated:
        for block in map(Prefix.parse, delegated_prefixes(each)):
            yield block.value
            yield from lowering.index.addresses_within(Ranges.prefixes((block,)))
