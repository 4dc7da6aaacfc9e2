"""Pairs -> products that hold no other pair: who at one side goes with whom at the other one.

    products(rectangles) -> products

Of a rectangle any source goes with any destination.  Sources that go with the same destinations are
told together, or destinations with the same sources, whichever makes fewer products: every pair of
a rectangle is in a product, and every pair of a product in a rectangle.  Nobody makes a pair with
itself, so "each of them with every other one" is a product.

Knows no network, and not what a pair does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from reach.network.header_space import Ranges


class Member(NamedTuple):
    """One at a side: an interface at one address of its own (``alone``), or somebody beyond at all
    addresses that go together."""

    who: str
    at: Ranges
    alone: bool = True


Side = frozenset[Member]
Product = tuple[Side, Side]


def products(rectangles: Iterable[Product]) -> list[Product]:
    """The fewest of two readings."""
    every = list(dict.fromkeys(rectangles))
    by_source = _alike(every)
    if len(by_source) == 1:
        return by_source
    turned = [(ends, sources) for sources, ends in every]
    by_end = [(sources, ends) for ends, sources in _alike(turned)]
    return by_source if len(by_source) <= len(by_end) else by_end


def _alike(rectangles: Sequence[Product]) -> list[Product]:
    """Sources with the same destinations together."""
    rows = _rows(rectangles)
    own = _by_who(member for _, ends in rectangles for member in ends)
    chosen: dict[Member, Side] = {}
    plain: Counter[Side] = Counter()
    for source, ends in rows.items():
        for each in {ends, ends | own.get(source.who, frozenset())}:
            plain[each] += 1
    for source, ends in rows.items():
        full = ends | own.get(source.who, frozenset())
        chosen[source] = full if plain[full] > plain[ends] else ends
    groups: dict[Side, list[Member]] = {}
    for source, ends in chosen.items():
        groups.setdefault(ends, []).append(source)
    found = (_without_itself(frozenset(each), ends) for ends, each in groups.items())
    return [each for each in found if each is not None]


def _rows(rectangles: Sequence[Product]) -> dict[Member, Side]:
    """The destinations of each source."""
    places: dict[Member, list[int]] = {}
    for number, (sources, _) in enumerate(rectangles):
        for source in sources:
            places.setdefault(source, []).append(number)
    known: dict[tuple[int, ...], Side] = {}
    for at in {tuple(each) for each in places.values()}:
        known[at] = frozenset().union(*(rectangles[number][1] for number in at))
    return {source: known[tuple(at)] for source, at in places.items()}


def _by_who(members: Iterable[Member]) -> dict[str, Side]:
    found: dict[str, set[Member]] = {}
    for member in members:
        found.setdefault(member.who, set()).add(member)
    return {who: frozenset(each) for who, each in found.items()}


def _without_itself(sources: Side, ends: Side) -> Product | None:
    """A product without those of either side that only go with themselves."""
    begun, ended = {each.who for each in sources}, {each.who for each in ends}
    if len(begun) == 1:
        ends = frozenset(each for each in ends if each.who not in begun)
    if len(ended) == 1:
        sources = frozenset(each for each in sources if each.who not in ended)
    return (sources, ends) if sources and ends else None
