"""Sets of headers: per-field ranges, and products of them.

:class:`Ranges` is a set of integers as sorted, disjoint, non-adjacent inclusive intervals.
:class:`HeaderSpace` is a product: one :class:`Ranges` for each constrained field, any value for the
others.  Unions are written as several rules or several origins, never as a cross product.
Immutable, hashable, deterministic.  Knows no AWS word.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from reach.network.address import WIDTH, Prefix, cover, format_address, is_ipv4
from reach.network.field import FIELD, INDEX, Header
from reach.network.once import once

Interval = tuple[int, int]
_IPV4_PLACE = (1 << 96) - 1
# Where one set has so many times fewer intervals than another, it is looked for in it by bisection.
_FEWER = 8
# So many blocks are few.  Near is a /20 of IPv4, whose addresses have a /96 each, or a /56 of IPv6.
_FEW_BLOCKS = 32
_NEAR_IPV4, _NEAR_IPV6 = 1 << 108, 1 << 72


def _last(value: int) -> int:
    """The last number that means the same: an IPv4 address has 96 bits of its place unused."""
    return value | _IPV4_PLACE if is_ipv4(value) and not value & _IPV4_PLACE else value


@dataclass(frozen=True)
class Ranges:
    """A set of non-negative integers: sorted, disjoint, non-adjacent inclusive intervals."""

    intervals: tuple[Interval, ...]

    @staticmethod
    def of(*values: int) -> Ranges:
        """These values; an IPv4 address stands for its whole place on the number line."""
        if len(values) == 1:
            return Ranges(((values[0], _last(values[0])),))
        if not values:
            return NOTHING
        return Ranges.union((value, _last(value)) for value in values)

    @staticmethod
    def span(low: int, high: int) -> Ranges:
        return Ranges(((low, high),) if low <= high else ())

    @staticmethod
    def prefixes(prefixes: Iterable[Prefix]) -> Ranges:
        return Ranges.union((prefix.low, prefix.high) for prefix in prefixes)

    @staticmethod
    def union(intervals: Iterable[Interval]) -> Ranges:
        """The set of all integers in any of the intervals, in normal form."""
        spans = sorted(intervals)
        if len(spans) < 2:
            return Ranges(tuple(spans)) if spans else NOTHING
        merged: list[Interval] = []
        for low, high in spans:
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return Ranges(tuple(merged))

    @staticmethod
    def any_of(sets: Iterable[Ranges]) -> Ranges:
        """What is in any of some sets."""
        some = [*sets]
        if len(some) == 1:
            return some[0]
        return Ranges.union([span for each in some for span in each.intervals])

    @once
    def _lows(self) -> tuple[int, ...]:
        return tuple(low for low, _ in self.intervals)

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int):
            return False
        spans = self.intervals
        if len(spans) == 1:
            return spans[0][0] <= value <= spans[0][1]
        place = bisect_right(self._lows, value) - 1
        return place >= 0 and value <= spans[place][1]

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def __or__(self, other: Ranges) -> Ranges:
        if not other.intervals:
            return self
        if not self.intervals:
            return other
        return Ranges.union((*self.intervals, *other.intervals))

    def __hash__(self) -> int:
        return self._hash

    @once
    def _hash(self) -> int:
        return hash(self.intervals)

    def __reduce__(self) -> tuple[type[Ranges], tuple[tuple[Interval, ...]]]:
        """To another process without what was worked out."""
        return Ranges, (self.intervals,)

    def __and__(self, other: Ranges) -> Ranges:
        if len(other.intervals) == 1:
            return self._within(*other.intervals[0])
        if len(self.intervals) == 1:
            return other._within(*self.intervals[0])
        few, many = self, other
        if len(few.intervals) > len(many.intervals):
            few, many = many, few
        lows, spans = many._lows, many.intervals
        met: list[Interval] = []
        for low, high in few.intervals:
            at = bisect_right(lows, low) - 1
            if at >= 0 and spans[at][1] >= low:
                met.append((low, min(high, spans[at][1])))
            at += 1
            while at < len(spans) and lows[at] <= high:
                met.append((lows[at], min(high, spans[at][1])))
                at += 1
        return Ranges(tuple(met))

    def _within(self, low: int, high: int) -> Ranges:
        """The values in low..high."""
        if len(self.intervals) == 1:
            ((mine_low, mine_high),) = self.intervals
            if low <= mine_low and mine_high <= high:
                return self
            return Ranges.span(max(low, mine_low), min(high, mine_high))
        spans = self.intervals
        first, last = bisect_right(self._lows, low) - 1, bisect_right(self._lows, high)
        if first < 0 or spans[first][1] < low:
            first += 1
        if first >= last:
            return Ranges(())
        met = spans[first:last]
        if met[0][0] < low:
            met = ((low, met[0][1]), *met[1:])
        if met[-1][1] > high:
            met = (*met[:-1], (met[-1][0], high))
        return self if met is spans else Ranges(met)

    def __sub__(self, other: Ranges) -> Ranges:
        if not self.intervals or not other.intervals:
            return self
        if len(other.intervals) * _FEWER <= len(self.intervals):
            return self._with_holes(other.intervals)
        left: list[Interval] = []
        cuts = other.intervals
        place = max(bisect_right(other._lows, self.intervals[0][0]) - 1, 0)
        for low, high in self.intervals:
            while place < len(cuts) and cuts[place][1] < low:
                place += 1
            at = place
            while at < len(cuts) and cuts[at][0] <= high:
                if cuts[at][0] > low:
                    left.append((low, cuts[at][0] - 1))
                low = cuts[at][1] + 1
                at += 1
            if low <= high:
                left.append((low, high))
        return Ranges(tuple(left))

    def _with_holes(self, cuts: tuple[Interval, ...]) -> Ranges:
        """The same for few cuts: what lies between two of them is taken over as it is."""
        lows, spans = self._lows, self.intervals
        left: list[Interval] = []
        taken, rest = 0, None
        for low, high in cuts:
            if rest is not None:
                # What the last cut left of an interval may be cut again.
                if rest[0] < low:
                    left.append((rest[0], min(rest[1], low - 1)))
                rest = (max(rest[0], high + 1), rest[1]) if rest[1] > high else None
                if rest is not None:
                    continue
            first = max(bisect_right(lows, low, taken) - 1, taken)
            if first < len(spans) and spans[first][1] < low:
                first += 1
            last = bisect_right(lows, high, first)
            left += spans[taken:first]
            taken = max(first, last)
            if first < last:
                if spans[first][0] < low:
                    left.append((spans[first][0], low - 1))
                if spans[last - 1][1] > high:
                    rest = (high + 1, spans[last - 1][1])
        if rest is not None:
            left.append(rest)
        return self if not taken else Ranges((*left, *spans[taken:]))

    def overlaps(self, other: Ranges) -> bool:
        """Whether any value is in both."""
        few, many = self, other
        if len(few.intervals) > len(many.intervals):
            few, many = many, few
        return any(many.meets(low, high) for low, high in few.intervals)

    def lies_in(self, other: Ranges) -> bool:
        """Whether every value is in the other as well."""
        lows, spans = other._lows, other.intervals
        if len(spans) == 1 and self.intervals:
            return lows[0] <= self.intervals[0][0] and self.intervals[-1][1] <= spans[0][1]
        for low, high in self.intervals:
            at = bisect_right(lows, low) - 1
            if at < 0 or spans[at][1] < high:
                return False
        return True

    def meets(self, low: int, high: int) -> bool:
        """Whether any value of the set lies in low..high."""
        if len(self.intervals) == 1:
            return self.intervals[0][0] <= high and low <= self.intervals[0][1]
        place = bisect_right(self._lows, high) - 1
        return place >= 0 and self.intervals[place][1] >= low

    def has_more_than(self, most: int) -> bool:
        """Whether it takes more intervals to say it."""
        return len(self.intervals) > most

    @property
    def single(self) -> int | None:
        """The only value, or None when there are none or several."""
        if len(self.intervals) == 1 and self.intervals[0][1] == _last(self.intervals[0][0]):
            return self.intervals[0][0]
        return None

    @property
    def is_scattered(self) -> bool:
        """Whether most of the intervals are single values."""
        alone = sum(high == _last(low) for low, high in self.intervals)
        return alone * 2 > len(self.intervals)

    @once
    def count(self) -> int:
        return sum(high - low + 1 for low, high in self.intervals)

    def roughly(self) -> Ranges:
        """A set of addresses that holds this one, of few blocks: of many, those that are near each
        other are joined, with what lies between them."""
        if len(self.intervals) <= _FEW_BLOCKS:
            return self
        blocks = [self.intervals[0]]
        for low, high in self.intervals[1:]:
            near = low - blocks[-1][1] <= (_NEAR_IPV4 if is_ipv4(low) else _NEAR_IPV6)
            if near and is_ipv4(low) is is_ipv4(blocks[-1][0]):
                blocks[-1] = (blocks[-1][0], high)
            else:
                blocks.append((low, high))
        return Ranges(tuple(blocks))

    def cover(self) -> Iterator[Prefix]:
        """The set as address prefixes (for the address fields only)."""
        for low, high in self.intervals:
            yield from cover(low, high)


NOTHING = Ranges(())
EVERYWHERE = Ranges.span(0, (1 << WIDTH) - 1)  # all addresses


class LaterRanges(Ranges):
    """The same, whose intervals are worked out when somebody first looks at them.

    There are ``at_least`` so many of them.
    """

    _make: Callable[[], Ranges]
    _at_least: int

    def __init__(self, make: Callable[[], Ranges], at_least: int = 0) -> None:
        object.__setattr__(self, "_make", make)
        object.__setattr__(self, "_at_least", at_least)

    def has_more_than(self, most: int) -> bool:
        return self._at_least > most or super().has_more_than(most)

    @cached_property
    def intervals(self) -> tuple[Interval, ...]:
        return self._make().intervals

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranges) and self.intervals == other.intervals

    def __hash__(self) -> int:
        return self._hash


def shared(sets: Iterable[Ranges]) -> Ranges:
    """What is in more than one of some sets."""
    spans = sorted(span for each in sets for span in each.intervals)
    found: list[Interval] = []
    top = -1
    for low, high in spans:
        if low <= top:
            found.append((low, min(high, top)))
        if high > top:
            top = high
    return Ranges.union(found)


def _show_interval(name: str, low: int, high: int) -> str:
    show = FIELD[name].show
    if high == _last(low):
        return show(low)
    if name in ("source", "destination"):
        prefixes = [str(prefix) for prefix in cover(low, high)]
        if len(prefixes) <= 2:
            return ", ".join(prefixes)
        return f"{format_address(low)}-{format_address(high)}"
    return f"{show(low)}-{show(high)}"


@dataclass(frozen=True)
class HeaderSpace:
    """The headers whose constrained fields lie in the given sets.

    ``fields`` is sorted by the field table's order; a field that is absent may have any value.
    """

    fields: tuple[tuple[str, Ranges], ...] = ()

    @staticmethod
    def where(**ranges: Ranges | None) -> HeaderSpace:
        """A product from keyword arguments; None means any value."""
        given = [(name, values) for name, values in ranges.items() if values is not None]
        if len(given) < 2:
            return HeaderSpace(tuple(given)) if given else ANYTHING
        return HeaderSpace(tuple(sorted(given, key=_place)))

    @once
    def by_name(self) -> Mapping[str, Ranges]:
        return dict(self.fields)

    def __contains__(self, header: Header) -> bool:
        for name, values in self.fields:
            value, spans = header[INDEX[name]], values.intervals
            if len(spans) == 1:  # as nearly always: written out, as nothing is asked more often
                if not spans[0][0] <= value <= spans[0][1]:
                    return False
            elif value not in values:
                return False
        return True

    def __hash__(self) -> int:
        return self._hash

    @once
    def _hash(self) -> int:
        return hash(self.fields)

    def __reduce__(self) -> tuple[type[HeaderSpace], tuple[tuple[tuple[str, Ranges], ...]]]:
        """To another process without what was worked out: a text has another hash there."""
        return HeaderSpace, (self.fields,)

    def __and__(self, other: HeaderSpace) -> HeaderSpace:
        if not other.fields or other is self:
            return self
        if not self.fields:
            return other
        both, same = dict(self.fields), True
        for name, values in other.fields:
            mine = both.get(name)
            met = values if mine is None else mine if mine is values else mine & values
            if met is not mine:
                both[name], same = met, False
        if same:
            return self
        return _sorted(both) if len(both) > len(self.fields) else _in_order(both)

    def overlaps(self, other: HeaderSpace) -> bool:
        """Whether any header lies in both."""
        mine = self.by_name
        for name, values in other.fields:
            own = mine.get(name)
            if own is not None and own is not values and not own.overlaps(values):
                return False
        return not (self.is_empty or other.is_empty)

    def is_within(self, other: HeaderSpace) -> bool:
        """Whether the other one has all of its headers."""
        mine = self.by_name
        return all(name in mine and not mine[name] - values for name, values in other.fields)

    def narrowed(self, name: str, values: Ranges) -> HeaderSpace:
        """The same with ``name`` in ``values`` and nothing else said of it."""
        told = {**self.by_name, name: values}
        return _sorted(told) if len(told) > len(self.fields) else _in_order(told)

    def without(self, *names: str) -> HeaderSpace:
        """The same with nothing said of the fields of these names."""
        return HeaderSpace(tuple(pair for pair in self.fields if pair[0] not in names))

    def about(self, names: Container[str]) -> HeaderSpace:
        """The same with nothing said of any other field than these."""
        return HeaderSpace(tuple(pair for pair in self.fields if pair[0] in names))

    @property
    def is_empty(self) -> bool:
        for _, values in self.fields:  # noqa: SIM110 - asked so often that a generator costs
            if not values.intervals:
                return True
        return False

    def __str__(self) -> str:
        parts = []
        for name, values in self.fields:
            shown = [_show_interval(name, low, high) for low, high in values.intervals[:4]]
            more = ", ..." if len(values.intervals) > 4 else ""
            parts.append(f"{name.replace('_', ' ')} {', '.join(shown)}{more}")
        return "; ".join(parts) or "any packet"


def _place(field: tuple[str, Ranges]) -> int:
    return INDEX[field[0]]


def _sorted(told: dict[str, Ranges]) -> HeaderSpace:
    return HeaderSpace(tuple(sorted(told.items(), key=_place)))


def _in_order(told: dict[str, Ranges]) -> HeaderSpace:
    """A product whose fields are told in the order of the field table."""
    return HeaderSpace(tuple(told.items()))


ANYTHING = HeaderSpace()


def to_prefix(prefix: Prefix) -> HeaderSpace:
    return HeaderSpace((("destination", Ranges.span(prefix.low, prefix.high)),))


def values_told(name: str, values: Ranges) -> list[str]:
    """The values of a field as texts: addresses as prefixes, numbers as "22" or "1024-65535"."""
    return [text for low, high in values.intervals for text in _texts(name, low, high)]


def space_told(space: HeaderSpace) -> dict[str, list[str]]:
    """A header space as plain data: each field that is constrained, with its values."""
    return {name: values_told(name, values) for name, values in space.fields}


def _texts(name: str, low: int, high: int) -> Iterable[str]:
    if name not in ("source", "destination"):
        return (str(low) if low == high else f"{low}-{high}",)
    if _is_exact(low, high):
        return [str(prefix) for prefix in Ranges.span(low, high).cover()]
    return (f"{low:#x}-{high:#x}",)


def _is_exact(low: int, high: int) -> bool:
    """Whether whole addresses of one family say it (a rewrite can leave odd edges)."""
    if is_ipv4(low) is not is_ipv4(high):
        return False
    edge = (1 << 96) - 1
    return not is_ipv4(low) or (not low & edge and high & edge == edge)
