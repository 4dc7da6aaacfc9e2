"""The addresses of an interface that stands apart, in one record of all that it has had.

    joined(one, other) -> interface    beyond(interface, known) -> interface, or None
    loner(known, now, number) -> Loner

Takes records; must not know why an interface stands apart, nor what its nodes do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from msgspec.structs import replace as changed

from reach.component import Loner
from reach.interfaces.kinds import addresses_of
from reach.network.header_space import Ranges
from reach.snapshot.index import public_mapping
from reach.snapshot.record import Part
from reach.snapshot.records import NetworkInterface

NOBODY = Ranges(())
# The fields that list addresses; the first thing that each entry says is the address, or the block.
LISTS = ("private_ip_addresses", "ipv4_prefixes", "ipv6_addresses", "ipv6_prefixes")


def held(interface: NetworkInterface | None) -> Ranges:
    """The addresses of an interface that is there."""
    return NOBODY if interface is None else addresses_of(interface)


def joined(one: NetworkInterface, other: NetworkInterface) -> NetworkInterface:
    """An interface with the addresses of another record of it besides its own."""
    more = {name: _further(getattr(other, name), getattr(one, name)) for name in LISTS}
    if not any(more.values()):
        return one
    return changed(one, **{name: (*getattr(one, name), *each) for name, each in more.items()})


def beyond(interface: NetworkInterface, known: NetworkInterface) -> NetworkInterface | None:
    """A record of the addresses that another record of an interface does not tell of, if any."""
    more = {name: _further(getattr(interface, name), getattr(known, name)) for name in LISTS}
    if not any(more.values()):
        return None
    return changed(interface, private_ip_address=None, association=None, **more)


def _further(some: tuple[Part, ...], known: tuple[Part, ...]) -> tuple[Part, ...]:
    """Those whose address, or prefix, is not among the known ones."""
    told = {_said(each) for each in known}
    return tuple(each for each in some if _said(each) not in told)


def _said(each: Part) -> object:
    return getattr(each, each.__struct_fields__[0])


def first(known: NetworkInterface | None, now: NetworkInterface, number: int) -> Loner:
    """One that has not stood apart so far, as it was ``known``; None: it is yet to come."""
    if known is None:
        return Loner(now, number, NOBODY, came=True, beside=now)
    return Loner(known, number, held(known))


def with_addresses(loner: Loner, now: NetworkInterface, known: NetworkInterface | None) -> Loner:
    """The same that may hold these addresses as well; ``known`` is what tables tell of it."""
    every = joined(loner.interface, now)
    if every is loner.interface:
        return loner
    return replace(
        loner,
        interface=every,
        beside=every if loner.came or known is None else beyond(every, known),
    )


def paired(
    loner: Loner, known: NetworkInterface | None, now: NetworkInterface, holds: Ranges
) -> tuple[Loner, Loner]:
    """The same, and as it becomes: either with all pairs that it puts on or off, told of which
    count."""
    own = frozenset(public_mapping(known)) if known is not None else frozenset()
    counted = loner.paired | (own - loner.pairs)
    counts = frozenset(public_mapping(now)) if holds else frozenset()
    every = loner.pairs | (counted ^ counts)
    before = replace(loner, pairs=every, paired=counted & every)
    return before, replace(_become(before, now, holds), paired=counts & every)


def freed(both: tuple[Loner, Loner], free: Mapping[int, tuple[bool, bool]]) -> tuple[Loner, Loner]:
    """Both with those of their public addresses that are hosts' on the internet."""
    publics = {public for _, public in both[0].pairs}
    kept = {each for each in both[0].free if each not in free}
    one, other = (
        frozenset(kept | {each for each in publics & free.keys() if free[each][side]})
        for side in (0, 1)
    )
    return replace(both[0], free=one), replace(both[1], free=other)


def _become(loner: Loner, now: NetworkInterface, holds: Ranges) -> Loner:
    """The same with the groups of another record, holding these addresses."""
    every = joined(now, loner.interface)
    return replace(
        loner, interface=every, holds=holds, beside=every if loner.came else loner.beside
    )
