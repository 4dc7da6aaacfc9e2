"""Things by the values that they are for: those that meet some others, without looking at all.

    spans = Spans([(values, thing), ...])        spans.meeting(values) -> things
    beside([(key, number), ...], keys) -> numbers

Whichever is less is looked up in the other, as a question may be about very many.  Neutral; knows
sets of numbers only.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from reach.network.header_space import Ranges

T = TypeVar("T")
# On the line of addresses an IPv4 address is 96 bits wide: 64 of them.
_NARROW = 1 << 102


class Spans(Generic[T]):
    """Narrow intervals in order, to be found by bisection; wide ones, which are few, by looking.

    Things for any value at all (``values`` None) meet everything.
    """

    def __init__(self, things: Iterable[tuple[Ranges | None, T]]) -> None:
        narrow: list[tuple[int, int, T]] = []
        self._wide: list[tuple[int, int, T]] = []
        self._always: list[T] = []
        for values, thing in things:
            if values is None:
                self._always.append(thing)
                continue
            for low, high in values.intervals:
                (narrow if high - low < _NARROW else self._wide).append((low, high, thing))
        narrow.sort(key=lambda each: each[0])
        self._lows = [low for low, _, _ in narrow]
        self._highs = [high for _, high, _ in narrow]
        self._things = [thing for _, _, thing in narrow]
        self._widest = max((high - low for low, high, _ in narrow), default=0)

    def meeting(self, values: Ranges | None) -> Iterator[T]:
        """Each thing that has a value among these (None: any), some of them more than once."""
        yield from self._always
        if values is None:
            yield from self._things
            yield from (thing for _, _, thing in self._wide)
            return
        yield from (thing for low, high, thing in self._wide if values.meets(low, high))
        if len(self._lows) < len(values.intervals):
            narrow = zip(self._lows, self._highs, self._things, strict=True)
            yield from (thing for low, high, thing in narrow if values.meets(low, high))
            return
        for low, high in values.intervals:
            first = bisect_left(self._lows, low - self._widest)
            for place in range(first, bisect_right(self._lows, high)):
                if self._highs[place] >= low:
                    yield self._things[place]


def beside(pairs: Sequence[tuple[int, int]], keys: Ranges) -> Iterator[int]:
    """What stands beside each of the keys in a set; ``pairs`` are in order."""
    if len(pairs) < len(keys.intervals):
        yield from (value for key, value in pairs if key in keys)
        return
    for low, high in keys.intervals:
        first, last = bisect_left(pairs, (low, 0)), bisect_left(pairs, (high + 1, 0))
        yield from (value for _, value in pairs[first:last])
