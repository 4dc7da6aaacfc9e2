"""The third reading, for sets of flows, against the other two and against trying every flow.

A certificate is only ever made of what is unreachable, the checker accepts every one that is made,
and the sets hold each flow that the concrete twin walks.  How many unreachable networks get one is
kept: a set forgets which of its flows chose what, so a few do not.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from reach.answer import Verdict
from reach.certificate import Certificate
from reach.certify import certify
from reach.check import check_certificate
from reach.decide import decide
from reach.flood import Reading, Tag
from reach.network.field import Header
from reach.network.header_space import HeaderSpace, Ranges
from solver.backends.z3 import Z3Backend
from tests.differential import domain
from tests.differential.runs import TooManyRunsError, can_start, runs
from tests.differential.shapes import Shape, generate
from tests.differential.test_unpinned import goes_round

CHUNK = 25
SEEDS, MORE_SEEDS = 100, 200
FIRSTS = [
    *range(0, SEEDS, CHUNK),
    *(pytest.param(first, marks=pytest.mark.deep) for first in range(SEEDS, MORE_SEEDS, CHUNK)),
]
SHARE = 0.9  # of the unreachable networks that get a certificate
FLOWS = 6


def certified(first: int, count: int, *, narrow: bool) -> Counter[str]:
    """Certify each seed's network and check what comes of it."""
    backend, counts = Z3Backend(), Counter[str]()
    for seed in range(first, first + count):
        shape = generate(seed, narrow=narrow)
        decision = decide(shape.network, shape.aim, backend)
        certificate = certify(shape.network, shape.aim)
        counts[decision.verdict.value] += 1
        if certificate is None:
            continue
        counts["certified"] += 1
        assert decision.verdict is Verdict.UNREACHABLE or goes_round(decision), shape
        checked = check_certificate(shape.network, shape.aim, certificate)
        assert checked.holds, f"{shape}: {checked.wrong[:3]}"
        assert Certificate.from_dict(certificate.to_dict()) == certificate, shape
    return counts


@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize("first", FIRSTS)
def test_only_the_unreachable_is_certified(first: int, narrow: bool) -> None:
    counts = certified(first, CHUNK, narrow=narrow)
    print(f"\n{dict(counts)}")
    assert counts["certified"] >= SHARE * counts["unreachable"] - 2


@pytest.mark.parametrize("seeds", [30, pytest.param(60, marks=pytest.mark.deep)])
def test_most_of_the_unreachable_is_certified(seeds: int) -> None:
    """Over all seeds nine in ten, of networks that are shaped to be hard."""
    counts = certified(1_000, seeds, narrow=True) + certified(1_000, seeds, narrow=False)
    assert counts["certified"] >= SHARE * counts["unreachable"]


@pytest.mark.deep
@pytest.mark.parametrize("first", range(300_000, 305_000, 100))
def test_ten_thousand_networks(first: int) -> None:
    """5,000 networks with few flows and 5,000 with many."""
    for narrow in (True, False):
        counts = certified(first, 100, narrow=narrow)
        assert counts["certified"] >= 0.8 * counts["unreachable"]


def held(shape: Shape, header: Header, node: str) -> dict[str, list[HeaderSpace]]:
    """Everything that a single flow can be on its way there, by node."""
    exact = HeaderSpace.where(
        **{name: Ranges.of(value) for name, value in header._asdict().items()}
    )
    reading = Reading(shape.network)
    found: dict[str, list[HeaderSpace]] = {}
    queue = [(node, Tag(), exact)]
    for at, tag, space in queue:
        if space not in found.setdefault(at, []):
            found[at].append(space)
            queue += reading.push(at, tag, space).onward
    return found


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_the_sets_hold_every_flow(first: int) -> None:
    """Wherever the concrete twin sees a flow, with whatever header, the flood has it too."""
    walked = 0
    for seed in range(first, first + 20):
        shape, rng = generate(seed), Random(seed)
        for _ in range(FLOWS):
            start = rng.choice(shape.aim.starts)
            header = domain.flow(rng, start.space)
            if not can_start(shape.aim, start, header):
                continue
            spaces = held(shape, header, start.node)
            try:
                found = runs(shape.network, shape.aim, start, header)
            except TooManyRunsError:
                continue
            for run in found:
                for hop in run.forward.hops:
                    assert any(hop.before in space for space in spaces[hop.node]), f"{shape} {hop}"
                    walked += 1
    assert walked > 100
