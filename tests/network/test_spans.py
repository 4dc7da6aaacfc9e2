"""What meets some values is what asking each gives."""

from __future__ import annotations

from random import Random

import pytest

from reach.network.header_space import Ranges
from reach.network.spans import Spans, beside


def drawn(rng: Random, top: int) -> Ranges:
    spans = [(low := rng.randrange(top), low + rng.choice((0, 1, 9))) for _ in range(3)]
    return Ranges.union(spans[: rng.randrange(4)])


@pytest.mark.parametrize("seed", range(40))
def test_all_that_is_in_front_of_any_of_some_values(seed: int) -> None:
    """Sets that overlap, one that holds nearly everything, and empty ones among them."""
    rng = Random(seed)
    pairs = [(drawn(rng, 80), drawn(rng, 1000)) for _ in range(rng.randrange(12))]
    if seed % 2:
        pairs.insert(len(pairs) // 2, (Ranges.span(5, 75), Ranges.span(2000, 2001)))
    spans = Spans(pairs)
    for _ in range(20):
        wanted = drawn(rng, 90)
        met = [front for behind, front in pairs if behind & wanted]
        expected = Ranges.union(span for front in met for span in front.intervals)
        fronts = list(spans.meeting(wanted))
        assert Ranges.union(span for front in fronts for span in front.intervals) == expected


@pytest.mark.parametrize("seed", range(40))
def test_what_stands_beside_some_keys(seed: int) -> None:
    """Whether there are more keys than pairs, or fewer."""
    rng = Random(seed)
    pairs = sorted((rng.randrange(40), rng.randrange(9)) for _ in range(rng.choice((0, 1, 2, 30))))
    for _ in range(20):
        keys = drawn(rng, 40)
        assert list(beside(pairs, keys)) == [value for key, value in pairs if key in keys]
