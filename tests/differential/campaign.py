"""Pinned flows of a seed: the unit that tests and campaigns count.

    for runs in pinned(seed): ...

Yields the number of runs of each flow that was compared, and raises a disagreement at the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.differential import domain
from tests.differential.agreement import TWINS, Agreement, Twins
from tests.differential.shapes import MANY, generate

FLOWS = 8


def pinned(
    seed: int, twins: Twins = TWINS, *, flows: int = FLOWS, gadgets: tuple[str, ...] = ()
) -> Iterator[int]:
    """Compare the twins on some flows of the seed's network; some seeds heed no denial.

    ``gadgets`` fixes the chain that the network is.
    """
    shape = generate(seed, gadgets=gadgets)
    agreement = Agreement(shape, twins, explain=seed % 4 == 1, heedless=seed % 8 == 3)
    rng = Random(seed)
    starts = shape.aim.starts
    for _ in range(min(flows, 2) if len(starts) == MANY or agreement.large else flows):
        number = rng.randrange(len(starts))
        yield agreement.check(number, domain.flow(rng, starts[number].space))
