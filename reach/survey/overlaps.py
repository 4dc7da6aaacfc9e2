"""Which of some sets of numbers have a value in common that is in none of the others.

    Overlaps(sets).of(numbers) -> {bits, ...}

One sweep over the ends of all sets finds it.  Nodes by the thousand ask it of a few sets of their
own beside the same large ones, such as all that a side of the question has: those are swept once,
and what they do between two ends of the small ones is looked up.  Part of what proves a survey;
knows sets alone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reach.network.header_space import Ranges

# From so many intervals on a set is swept but once.
_LARGE = 16


class Overlaps:
    """Of ``sets``, each of a field and known by its number; more of them may come."""

    def __init__(self, sets: Sequence[tuple[str, Ranges]]) -> None:
        self._sets = sets
        self._swept: dict[tuple[int, ...], _Sweep] = {}

    def of(self, numbers: Sequence[int]) -> set[int]:
        """For each value which of these sets hold it, by their places among them as bits."""
        values = [self._sets[number][1] for number in numbers]
        large = [at for at, each in enumerate(values) if len(each.intervals) >= _LARGE]
        own = _sweep((1 << at, each) for at, each in enumerate(values) if at not in large)
        if not large:
            return set(own.held)
        shared = self._shared(tuple(numbers[at] for at in large))
        found: set[int] = set()
        told: dict[int, int] = {}
        for held, beside in own.beside(shared):
            for bits in beside:
                if bits not in told:
                    told[bits] = sum(1 << at for n, at in enumerate(large) if bits >> n & 1)
                found.add(held | told[bits])
        return found

    def _shared(self, numbers: tuple[int, ...]) -> _Sweep:
        known = self._swept.get(numbers)
        if known is None:
            sets = (self._sets[number][1] for number in numbers)
            known = _sweep((1 << at, each) for at, each in enumerate(sets))
            self._swept[numbers] = known
        return known


@dataclass(frozen=True, slots=True)
class _Sweep:
    """Which sets hold the values from a turn to the next, as bits; the last one has no end."""

    turns: list[int]
    held: list[int]

    def beside(self, other: _Sweep) -> Iterator[tuple[int, set[int]]]:
        """For each stretch between turns all that another sweep holds in it."""
        for at, held in enumerate(self.held):
            first = bisect_right(other.turns, self.turns[at]) - 1
            is_last = at + 1 == len(self.turns)
            end = len(other.turns) if is_last else bisect_left(other.turns, self.turns[at + 1])
            yield held, set(other.held[first:end])


def _sweep(sets: Iterable[tuple[int, Ranges]]) -> _Sweep:
    """Over sets of non-negative numbers, each with the bit that stands for it."""
    changes: dict[int, int] = {0: 0}
    for bit, values in sets:
        for low, high in values.intervals:
            changes[low] = changes.get(low, 0) ^ bit
            changes[high + 1] = changes.get(high + 1, 0) ^ bit
    turns = sorted(changes)
    held, now = [], 0
    for turn in turns:
        now ^= changes[turn]
        held.append(now)
    return _Sweep(turns, held)
