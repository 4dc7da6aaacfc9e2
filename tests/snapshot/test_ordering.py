"""Columns of ids are ordered, found and counted as texts are, whatever way it is done."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from reach.snapshot import ordering

KINDS = ("eni-0{:016x}", "i-{:08x}", "i-0{:x}", "lambda.{}", "{}", "eni-same")


@pytest.fixture(autouse=True, params=[0, 10**9], ids=["as numbers", "as texts"])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "_FEW", request.param)


def drawn(seed: int, count: int) -> np.ndarray:
    """Ids of one kind, most of them several times, some empty."""
    rng = Random(seed)
    kind = KINDS[seed % len(KINDS)]
    names = [kind.format(rng.choice((rng.getrandbits(64), rng.randrange(9)))) for _ in range(count)]
    if seed % 3 == 0:
        names = [name if rng.random() < 0.8 else "" for name in names]
    return np.array([name.encode() for name in names], "S24")


@pytest.mark.parametrize("seed", range(24))
def test_the_order_of_names(seed: int) -> None:
    """The same as sorting texts, equal ones in the order in which they come."""
    for count in (0, 1, 2, 50):
        names = drawn(seed, count)
        expected = sorted(range(count), key=lambda place: bytes(names[place]))
        assert ordering.order(names).tolist() == expected


@pytest.mark.parametrize("seed", range(24))
def test_where_names_are(seed: int) -> None:
    """The place of each that is there, and -1."""
    known = np.array(sorted({bytes(name) for name in drawn(seed, 30)}), "S24")
    places = {bytes(name): place for place, name in enumerate(known)}
    for wanted in (drawn(seed, 40), drawn(seed + 1, 40), drawn(seed, 0)):
        expected = [places.get(bytes(name), -1) for name in wanted]
        assert ordering.find(known, wanted).tolist() == expected
        assert ordering.find(known[:0], wanted).tolist() == [-1] * len(wanted)


@pytest.mark.parametrize("seed", range(12))
def test_how_often_names_are_there(seed: int) -> None:
    """Each with all that equal it."""
    for count in (0, 1, 40):
        names = drawn(seed, count)
        told = ordering.repeats(names, ordering.order(names)).tolist()
        assert told == [sum(bytes(one) == bytes(each) for one in names) for each in names]


@pytest.mark.parametrize("most", [0, 1 << 24])
@pytest.mark.parametrize("seed", range(12))
def test_numbers(seed: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Distinct ones in order, and which of them each is and where it comes first."""
    monkeypatch.setattr(ordering, "_MOST", most)
    rng = Random(seed)
    for count in (0, 1, 60):
        numbers = np.array([rng.randrange(-20, 20) for _ in range(count)], np.int64)
        expected = sorted(set(numbers.tolist()))
        assert ordering.distinct(numbers).tolist() == expected
        which, first = ordering.ranks(numbers)
        assert which.tolist() == [expected.index(each) for each in numbers.tolist()]
        assert first.tolist() == [numbers.tolist().index(each) for each in expected]
