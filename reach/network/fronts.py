"""What stands in front of sets of numbers: which of very many sets meet one, without asking each.

    Fronts(pairs).of(values) -> Ranges

Takes pairs of a set and what stands in front of it; gives all that is in front of any set that
shares a value with the one asked for.  Knows no AWS word.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from reach.network.header_space import Interval, Ranges


class Fronts:
    """Intervals by where they begin; ``_tops`` is how far those up to a place reach at most."""

    def __init__(self, pairs: Iterable[tuple[Ranges, Ranges]]) -> None:
        spans = [(low, high, front) for behind, front in pairs for low, high in behind.intervals]
        spans.sort(key=lambda span: span[:2])
        self._lows = [low for low, _, _ in spans]
        self._highs = [high for _, high, _ in spans]
        self._fronts = [front for _, _, front in spans]
        self._tops = list(accumulate(self._highs, max))

    def of(self, values: Ranges) -> Ranges:
        """All that is in front of any of the values."""
        found: list[Interval] = []
        for low, high in values.intervals:
            at = bisect_right(self._lows, high) - 1
            while at >= 0 and self._tops[at] >= low:
                if self._highs[at] >= low:
                    found += self._fronts[at].intervals
                at -= 1
        return Ranges.union(found)
