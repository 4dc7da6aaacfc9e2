"""Which sets have a value in common: the same by sweeping as by looking at each value."""

from __future__ import annotations

import random

import pytest

from reach.network.header_space import Ranges
from reach.survey.overlaps import Overlaps

END = 400


def some(draw: random.Random, most: int) -> Ranges:
    """A set of up to so many intervals; now and then one that goes to the end, or is empty."""
    lows = draw.sample(range(END), draw.randrange(most))
    return Ranges.union((low, min(END, low + draw.choice((0, 1, 3, END)))) for low in lows)


@pytest.mark.parametrize("seed", range(40))
def test_each_combination_is_that_of_a_value(seed: int) -> None:
    """Small sets, large ones, and both beside each other; asked again in another order."""
    draw = random.Random(seed)
    sets = [("destination", some(draw, most)) for most in (4, 4, 4, 80, 80, 60, 4)]
    overlaps = Overlaps(sets)
    for _ in range(4):
        numbers = draw.sample(range(len(sets)), draw.randrange(1, len(sets) + 1))
        each = [sets[number][1] for number in numbers]
        wanted = {
            sum(1 << at for at, values in enumerate(each) if value in values)
            for value in range(END + 2)
        }
        assert overlaps.of(numbers) == wanted, f"seed {seed}, sets {numbers}"


def test_sets_may_be_told_later() -> None:
    """The same list may grow while it is asked about."""
    sets = [("source", Ranges.span(1, 5))]
    overlaps = Overlaps(sets)
    assert overlaps.of((0,)) == {0, 1}
    sets.append(("source", Ranges.union((n, n) for n in range(0, 100, 3))))
    assert overlaps.of((0, 1)) == {0b00, 0b01, 0b10, 0b11}
