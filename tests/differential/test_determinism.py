"""The same question has the same answer, to the byte, whatever was asked before it."""

from __future__ import annotations

import pytest

from reach.answer import Verdict
from reach.decide import decide
from reach.explain import explain
from solver import Backend
from solver.backends.z3 import Z3Backend
from tests.differential.shapes import Shape, generate

CHUNK = 15


def told(shape: Shape, backend: Backend) -> str:
    """All there is to a decision, and to its explanation if it is a no."""
    decision = decide(shape.network, shape.aim, backend)
    if decision.verdict is Verdict.UNREACHABLE:
        return f"{decision}\n{explain(shape.network, shape.aim, backend)}"
    return str(decision)


@pytest.mark.parametrize("first", [4000, 4015, pytest.param(4030, marks=pytest.mark.deep)])
def test_asked_in_any_order(first: int) -> None:
    """On one shared backend, forwards and backwards, and each on its own: the same bytes."""
    shapes = [generate(seed) for seed in range(first, first + CHUNK)]
    shared = Z3Backend()
    forwards = [told(shape, shared) for shape in shapes]
    backwards = [told(shape, shared) for shape in reversed(shapes)]
    for shape, one, other in zip(shapes, forwards, reversed(backwards), strict=True):
        assert one == other, shape
        assert one == told(generate(shape.seed), Z3Backend()), shape
