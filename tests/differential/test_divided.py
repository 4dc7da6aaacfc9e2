"""A problem that is too much at once is decided piece by piece, with one verdict.

Oracle: the solver, of the whole problem at once, that does not give up; of the ends that get
through, the solver asked again and again for others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import solver
from reach import decide as deciding
from reach import dividing
from reach.aim import Aim
from reach.answer import Verdict
from reach.certificate import Part
from reach.check import check_certificate
from reach.closest import closest
from reach.compile import compile
from reach.conditions import conditions
from reach.decide import Decision, decide, decide_compiled
from reach.dividing import divided
from reach.ends import end_points, ends_of
from reach.errors import Defect
from reach.flood import covers
from reach.network.field import INDEX
from reach.network.header_space import Ranges
from reach.network.node import Network
from reach.symbolic import Symbolic
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


def shapes(narrow: bool = True, seeds: int = SEEDS) -> Iterator[Shape]:
    return (generate(seed, narrow=narrow) for seed in range(FIRST, FIRST + seeds))


def whole(shape: Shape) -> Decision:
    constraints = compile(shape.network, shape.aim)
    return decide_compiled(shape.network, shape.aim, constraints, Z3Backend())


@pytest.fixture
def nothing_foreseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "at_once", lambda network, aim: None)


@pytest.fixture
def always_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Into pieces as small as they can be, whatever the size of the whole."""
    monkeypatch.setattr(deciding, "_MOST_STARTS", 0)
    monkeypatch.setattr(dividing, "_MOST_PLACES", 2)
    monkeypatch.setattr(dividing, "_MOST_TIMES", 2)


@pytest.mark.usefixtures("nothing_foreseen", "always_divided")
@pytest.mark.parametrize("in_a_row", [64, 1], ids=["one by one", "neighbours"])
@pytest.mark.parametrize("narrow", [True, False])
def test_the_verdict_is_that_of_the_whole(
    narrow: bool, in_a_row: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What gets through starts at a start of the aim; what does not is certified, or refuted."""
    monkeypatch.setattr(dividing, "_IN_A_ROW", in_a_row)
    found: Counter[str] = Counter()
    for shape in shapes(narrow):
        told, expected = decide(shape.network, shape.aim, Z3Backend()), whole(shape)
        # Of what is rewritten round after round a flood can tell that it never arrives.
        if expected.verdict is not Verdict.UNDECIDED or told.verdict is not Verdict.UNREACHABLE:
            assert told.verdict is expected.verdict, shape
            assert (told.proof is None) == (expected.proof is None), shape
        assert told.proof is None or told.proof.start in shape.aim.starts
        found[told.verdict.value] += 1
        if told.certificate is not None:
            found["certified"] += 1
            found["together"] += any(len(part.starts) > 1 for part in told.certificate.parts)
            assert check_certificate(shape.network, shape.aim, told.certificate).holds, shape
        else:
            assert not told.certified
    print(found)
    assert min(found[each.value] for each in Verdict) >= 5, found
    assert found["certified"] * 2 > found["unreachable"]
    assert found["together"] >= 5 or in_a_row > 1, found


@pytest.mark.usefixtures("always_divided")
@pytest.mark.parametrize("in_a_row", [64, 1], ids=["one by one", "neighbours"])
def test_a_witness_of_pieces_is_one_of_the_whole(
    in_a_row: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first start that works, with or without what is foreseen, whoever is beside it."""
    monkeypatch.setattr(dividing, "_IN_A_ROW", in_a_row)
    for shape in shapes(seeds=100):
        told, expected = decide(shape.network, shape.aim, Z3Backend()), whole(shape)
        if told.proof is not None and expected.proof is not None:
            assert told.proof.start == expected.proof.start, shape


@pytest.mark.usefixtures("nothing_foreseen")
def test_what_the_solver_gives_up_on_is_divided() -> None:
    found: Counter[str] = Counter()
    for shape in shapes():
        if len(shape.aim.starts) > 1:
            told, expected = decide(shape.network, shape.aim, weary()), whole(shape)
            assert told.unknown == ""
            found[told.verdict.value] += told.verdict is expected.verdict
    assert min(found[each.value] for each in Verdict) >= 5, found


@pytest.mark.usefixtures("nothing_foreseen")
def test_what_is_too_much_in_pieces_is_undecided() -> None:
    """The first piece that is too much ends it, with the reason of the solver."""
    shape = next(
        s for s in shapes() if len(s.aim.starts) > 1 and whole(s).verdict is Verdict.REACHABLE
    )
    decision = decide(shape.network, shape.aim, weary(2))
    assert (decision.verdict, decision.unknown) == (Verdict.UNDECIDED, "timeout")


@pytest.mark.usefixtures("nothing_foreseen")
def test_one_start_is_not_asked_again() -> None:
    shape = next(shapes())
    alone = replace(shape.aim, starts=shape.aim.starts[:1])
    decision = decide(shape.network, alone, weary())
    assert (decision.verdict, decision.unknown) == (Verdict.UNDECIDED, "timeout")


@pytest.mark.usefixtures("nothing_foreseen", "always_divided")
def test_more_than_can_be_followed_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "_MOST_CELLS", 0)
    shape = next(s for s in shapes() if whole(s).verdict is Verdict.UNREACHABLE)
    decision = decide(shape.network, shape.aim, Z3Backend())
    assert (decision.verdict, decision.proof) == (Verdict.UNDECIDED, None)
    assert decision.unknown.startswith("too many flows")


@pytest.mark.usefixtures("always_divided")
def test_neighbours_are_looked_at_together_and_explained_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twice as many each time; of what is shown to be in the way each start is one of the aim's."""
    monkeypatch.setattr(dividing, "_IN_A_ROW", 1)
    together = 0
    for shape in shapes():
        decision = decide(shape.network, shape.aim, Z3Backend())
        if any(len(part.starts) > 1 for part in decision.parts):
            together += 1
            aim = closest(shape.network, shape.aim, decision.parts)
            ends = {(start.node, start.owner) for start in shape.aim.starts}
            assert 0 < len(aim.starts) <= 4
            assert ends.issuperset((start.node, start.owner) for start in aim.starts)
            assert all(
                any(covers(s.space, start.space) for s in shape.aim.starts) for start in aim.starts
            )
    assert together >= 5


# --------------------------------------------------------------------- a faulty division is found


def test_a_piece_that_is_left_out_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the pieces show: the checker asks for every start."""
    monkeypatch.setattr(deciding, "_MOST_STARTS", 0)
    monkeypatch.setattr(deciding, "at_once", lambda network, aim: None)

    def forgetful(network: Network, aim: Aim, proof: Any) -> Iterator[Any]:
        return iter(list(divided(network, aim, proof))[:-1])

    monkeypatch.setattr(deciding, "divided", forgetful)
    missed = 0
    for shape in shapes(seeds=60):
        if whole(shape).verdict is Verdict.REACHABLE:
            try:
                told = decide(shape.network, shape.aim, Z3Backend())
            except Defect:
                missed += 1
            else:
                assert told.verdict is not Verdict.UNREACHABLE, shape
    assert missed >= 5


def test_a_part_that_is_not_closed_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a flood that stopped too early."""
    monkeypatch.setattr(deciding, "_MOST_STARTS", 0)
    monkeypatch.setattr(deciding, "at_once", lambda network, aim: None)

    def rash(network: Network, aim: Aim, steps: int) -> Part:
        return Part(tuple(aim.starts), (), ())

    monkeypatch.setattr(dividing, "closed", rash)
    for shape in shapes(seeds=20):
        with pytest.raises(Defect, match="pieces do not show"):
            decide(shape.network, shape.aim, Z3Backend())


# --------------------------------------------------------------------- ends


def ends_by_solver(shape: Shape, side: str, most: int) -> tuple[Ranges, bool]:
    """All that get through at a side: asked again without those that were found."""
    network, aim = shape.network, shape.aim
    constraints = compile(network, aim)
    told, others = Ranges(()), list[solver.Term]()
    for _ in range(most):
        decision = decide_compiled(network, aim, constraints, Z3Backend(), besides=others)
        if decision.verdict is not Verdict.REACHABLE or decision.proof is None:
            return told, decision.verdict is Verdict.UNREACHABLE
        packets = conditions(network, decision.proof)
        group = Ranges.any_of(ends_of(aim, space, side) for space in packets.start)
        told |= group
        others += [
            solver.not_(solver.and_(chosen, Symbolic().member(version[INDEX[side]], group)))
            for chosen, _, version in constraints.starts
        ]
    return told, False


@pytest.mark.parametrize("small", [2, 200])
@pytest.mark.parametrize("side", ["source", "destination"])
def test_ends_are_those_that_the_solver_finds(
    side: str, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same addresses get through, and nobody else either time."""
    monkeypatch.setattr(dividing, "_MOST_PLACES", small)
    monkeypatch.setattr(dividing, "_MOST_TIMES", 2)
    compared = 0
    for shape in shapes(narrow=False, seeds=60):
        expected, is_all = ends_by_solver(shape, side, 12)
        told = end_points(shape.network, shape.aim, Z3Backend(), side, 30)
        if not is_all or not told.complete:
            continue
        assert Ranges.any_of(group.addresses for group in told.groups) == expected, shape
        compared += bool(expected)
    print(f"\n{compared} compared")
    assert compared >= 5
