"""A problem that is too much for the solver at once is decided start by start, with one verdict.

Oracle: the solver that does not give up.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from reach import decide as deciding
from reach.answer import Verdict
from reach.compile import compile
from reach.decide import decide, decide_compiled
from solver import Backend, Unknown
from solver.backends.z3 import Z3Backend
from tests.differential.shapes import Shape, generate

FIRST, SEEDS = 410_000, 150


class Weary:
    """Gives up on its first problems, and is Z3 after that."""

    def __init__(self, times: int = 1) -> None:
        self._left = times
        self._others = Z3Backend()

    def open(self) -> Any:
        if not self._left:
            return self._others.open()
        self._left -= 1
        return Silent()


class Silent:
    """A session that says nothing."""

    def add(self, *_: object) -> None: ...

    def check(self, *_: object, **__: object) -> Unknown:
        return Unknown("timeout")


def weary(times: int = 1) -> Backend:
    backend: Any = Weary(times)
    return backend


def shapes() -> list[Shape]:
    return [generate(seed, narrow=True) for seed in range(FIRST, FIRST + SEEDS)]


@pytest.fixture(autouse=True)
def nothing_foreseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "at_once", lambda network, aim: None)


def test_the_verdict_is_that_of_the_whole() -> None:
    """Of networks with several starts; what gets through starts where the part did."""
    found: Counter[str] = Counter()
    for shape in shapes():
        if len({start.node for start in shape.aim.starts}) < 2:
            continue
        whole = decide_compiled(
            shape.network, shape.aim, compile(shape.network, shape.aim), Z3Backend()
        )
        parts = decide(shape.network, shape.aim, weary())
        assert parts.verdict is whole.verdict, shape
        assert parts.unknown == ""
        assert (parts.proof is None) == (whole.proof is None)
        assert parts.proof is None or parts.proof.start in shape.aim.starts
        found[parts.verdict.value] += 1
    assert min(found[each.value] for each in Verdict) >= 5, found


def test_what_is_too_much_in_parts_is_undecided() -> None:
    """The first part that is too much ends it, with the reason of the solver."""
    shape = next(s for s in shapes() if len({start.node for start in s.aim.starts}) > 1)
    decision = decide(shape.network, shape.aim, weary(2))
    assert (decision.verdict, decision.unknown) == (Verdict.UNDECIDED, "timeout")


def test_one_start_is_no_parts() -> None:
    """It is undecided at once, and not asked again."""
    shape = shapes()[0]
    alone = replace(shape.aim, starts=shape.aim.starts[:1])
    decision = decide(shape.network, alone, weary())
    assert (decision.verdict, decision.unknown) == (Verdict.UNDECIDED, "timeout")
