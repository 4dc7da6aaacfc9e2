"""The twins say the same of a pinned flow: at every node, on the way there and back.

Each case is a range of seeds, and prints the seed of a disagreement; `generate(seed)` gives the
network again.  The long campaign is the same over more seeds.
"""

from __future__ import annotations

import pytest

from tests.differential.campaign import pinned
from tests.differential.gadgets import CHAINS

CHUNK = 20
SEEDS, MORE_SEEDS = 240, 400
LEAST = 1_200
PER_CHAIN, MORE_PER_CHAIN = 15, 25  # a thousand flows and more over all chains
DEEP_SEEDS = 8_000
FIRSTS = [
    *range(0, SEEDS, CHUNK),
    *(pytest.param(first, marks=pytest.mark.deep) for first in range(SEEDS, MORE_SEEDS, CHUNK)),
]


def compared(first: int, count: int) -> list[int]:
    """The runs of every flow of these seeds."""
    return [runs for seed in range(first, first + count) for runs in pinned(seed)]


@pytest.mark.parametrize("first", FIRSTS)
def test_the_twins_agree(first: int) -> None:
    """Whatever a flow does by `evaluate`, and nothing else, it can do by `compile`."""
    flows = compared(first, CHUNK)
    print(f"\n{len(flows)} flows, {sum(flows)} runs")
    # A share that keeps the sum above LEAST, and most of it flows that the question is about.
    assert len(flows) >= LEAST * CHUNK / SEEDS
    assert sum(runs > 0 for runs in flows) > len(flows) / 2


@pytest.mark.parametrize("chain", CHAINS, ids="-".join)
def test_the_twins_agree_on_chains(chain: tuple[str, ...]) -> None:
    """The same of shapes that a chain at random seldom is."""
    flows = [runs for seed in range(PER_CHAIN) for runs in pinned(seed, gadgets=chain)]
    assert len(flows) >= 60
    assert sum(runs > 0 for runs in flows) > len(flows) / 2


@pytest.mark.deep
@pytest.mark.parametrize("chain", CHAINS, ids="-".join)
def test_the_twins_agree_on_chains_for_long(chain: tuple[str, ...]) -> None:
    """The same over a thousand networks of each."""
    for seed in (*range(PER_CHAIN, MORE_PER_CHAIN), *range(100_000, 101_000)):
        assert list(pinned(seed, gadgets=chain))


@pytest.mark.deep
@pytest.mark.parametrize("first", range(100_000, 100_000 + DEEP_SEEDS, 200))
def test_the_twins_agree_for_long(first: int) -> None:
    """The same over 50,000 flows and more."""
    assert len(compared(first, 200)) >= 50_000 * 200 / DEEP_SEEDS
