"""A proof without the solver is the very one that deciding with it ends with, or there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

import pytest

from reach import canonical, foreseen
from reach.answer import Verdict
from reach.canonical import Pinned
from reach.compile import compile
from reach.constraints import Walk
from reach.decide import Decision, Proof, at_once, by_sets, decide, decide_compiled
from solver import Term
from solver.backends.z3 import Z3Backend
from tests.differential.shapes import Shape, generate

SEEDS, CHUNK = 100, 25


def solved(shape: Shape) -> Decision:
    """The slow way: the whole problem, by the solver."""
    constraints = compile(shape.network, shape.aim)
    return decide_compiled(shape.network, shape.aim, constraints, Z3Backend())


@cache
def tried(first: int, narrow: bool) -> tuple[tuple[Shape, Proof | None, Decision], ...]:
    shapes = [generate(seed, narrow=narrow) for seed in range(first, first + CHUNK)]
    return tuple((each, at_once(each.network, each.aim), solved(each)) for each in shapes)


CASES = [(first, narrow) for first in range(0, SEEDS, CHUNK) for narrow in (False, True)]


@pytest.mark.parametrize(("first", "narrow"), CASES)
def test_what_is_foreseen_is_what_is_found(first: int, narrow: bool) -> None:
    """The same start, packet, traces and choices."""
    for shape, proof, decision in tried(first, narrow):
        if proof is not None:
            assert decision.verdict is Verdict.REACHABLE, str(shape)
            assert proof == decision.proof, str(shape)


@pytest.mark.parametrize(("first", "narrow"), CASES)
def test_what_sets_tell_is_what_is_found(first: int, narrow: bool) -> None:
    """The same start, packet, traces and choices, whether what is liked best gets there or not."""
    for shape, _, decision in tried(first, narrow):
        proof = by_sets(shape.network, shape.aim)
        if proof is not None:
            assert decision.verdict is Verdict.REACHABLE, str(shape)
            assert proof == decision.proof, str(shape)


def test_sets_tell_of_some_of_which_the_best_does_not_arrive() -> None:
    """So both ways are tried by the tests above."""
    told = Counter(
        by_sets(shape.network, shape.aim) is not None
        for first, narrow in CASES
        for shape, proof, decision in tried(first, narrow)
        if proof is None and decision.verdict is Verdict.REACHABLE
    )
    assert told[True] > 10
    assert told[False] > 10


@pytest.mark.parametrize(("first", "narrow"), CASES[:4])
def test_deciding_says_the_same_as_the_solver(first: int, narrow: bool) -> None:
    """The whole decision, whichever way it was come by."""
    for shape, _, decision in tried(first, narrow):
        assert decide(shape.network, shape.aim, Z3Backend()) == decision, str(shape)


def test_many_are_foreseen_and_some_are_not() -> None:
    """Both ways are tried by the tests above."""
    told = Counter(
        proof is not None
        for first, narrow in CASES
        for _, proof, decision in tried(first, narrow)
        if decision.verdict is Verdict.REACHABLE
    )
    assert told[True] > 30
    assert told[False] > 30


def one_by_one(pinned: Pinned, walk: Walk, terms: Sequence[Term]) -> None:
    """The slow way: each as low as it can be, in turn."""
    for term in terms:
        canonical._pin(pinned, term, ())


@pytest.mark.parametrize(("first", "narrow"), CASES[:4])
def test_pinning_at_once_is_pinning_one_by_one(
    first: int, narrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fields, values of them, and choices."""
    decided = tried(first, narrow)
    monkeypatch.setattr(canonical, "_pin_lowest", one_by_one)
    monkeypatch.setattr(foreseen, "packet", lambda space, two_way: None)
    monkeypatch.setattr(foreseen, "few", lambda name, values: ())
    for shape, _, decision in decided:
        assert solved(shape) == decision, str(shape)
