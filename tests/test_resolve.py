"""Where a question starts and should arrive: very many ends are told roughly, with one answer."""

from __future__ import annotations

from collections import Counter

import pytest

import reach
from reach import resolve as resolving
from reach.network import header_space
from tests.crowds import Crowd, questions
from tests.medley import PACKETS, Medley

EACH = 12


@pytest.fixture
def always_roughly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is more than one address is told as blocks, and neighbours are one."""
    monkeypatch.setattr(resolving, "_FEW", 0)
    monkeypatch.setattr(resolving, "_MANY", 1)
    monkeypatch.setattr(header_space, "_FEW_BLOCKS", 1)


@pytest.mark.parametrize(
    "seed", [0, 1, 2, *(pytest.param(s, marks=pytest.mark.deep) for s in range(3, 40))]
)
def test_ends_of_a_crowd_are_told_roughly(seed: int, request: pytest.FixtureRequest) -> None:
    crowd = Crowd(seed)
    snapshot, asked = crowd.load(), list(questions(crowd, EACH))
    exact = [reach.ask(snapshot, each.text, **each.how) for each in asked]
    request.getfixturevalue("always_roughly")
    snapshot.derived.clear()
    found: Counter[str] = Counter()
    for each, before in zip(asked, exact, strict=True):
        roughly = reach.ask(snapshot, each.text, **each.how)
        assert roughly.verdict is before.verdict, (seed, each)
        found[before.verdict.value] += 1
    print(f"\nseed {seed}: {dict(found)}")


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(s, marks=pytest.mark.deep) for s in range(2, 40))]
)
def test_ends_of_a_medley_are_told_roughly(seed: int, request: pytest.FixtureRequest) -> None:
    """Of everything there is; IPv6, balancers and endpoints among it."""
    medley = Medley(seed)
    snapshot = medley.load()
    wide = [*(str(vpc) for vpc in medley.vpcs), *(str(subnet) for subnet in medley.subnets)]
    asked = [
        f"can {medley.rng.choice(medley.ends)} reach {medley.rng.choice(wide)} "
        f"{medley.rng.choice(PACKETS)}".strip()
        for _ in range(EACH)
    ]
    exact = [reach.ask(snapshot, each) for each in asked]
    request.getfixturevalue("always_roughly")
    snapshot.derived.clear()
    for each, before in zip(asked, exact, strict=True):
        roughly = reach.ask(snapshot, each)
        assert roughly.verdict is before.verdict, (seed, each)
