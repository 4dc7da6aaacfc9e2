"""The SMT-LIB text: read by Z3 as an independent reader, it asks what the problem asked."""

import pytest
import z3
from hypothesis import given, settings

from solver import (
    TRUE,
    Problem,
    Sat,
    Term,
    and_,
    between,
    concat,
    const,
    encode,
    eq,
    extract,
    ite,
    not_,
    or_,
    symbol,
    ule,
)
from solver.backends.brute_force import BruteForceBackend
from tests.solver.random_terms import Told, told_formulas

p, q = symbol("p", 0), symbol("q", 0)
x = symbol("x", 8)

quick = settings(derandomize=True, deadline=None, max_examples=100)


def run(script: str) -> str:
    """What Z3 answers to a script."""
    context = z3.Context()
    return str(z3.Z3_eval_smtlib2_string(context.ref(), script)).strip()


@quick
@given(told_formulas(), told_formulas())
def test_script_is_equisatisfiable(asserted: list[Told], assumed: list[Told]) -> None:
    """Z3 says of the script what brute force says of the problem."""
    assertions = tuple(told.term for told in asserted)
    assumptions = tuple(told.term for told in assumed)
    session = BruteForceBackend().open()
    session.add(*assertions)
    expected = "sat" if isinstance(session.check(assumptions), Sat) else "unsat"
    assert run(encode(Problem(assertions, assumptions))) == expected


def test_script_as_people_see_it() -> None:
    """Shared terms and assumptions have names, the rest stands where it is used."""
    shared = eq(extract(7, 4, x), const(10, 4))
    problem = Problem((or_(p, shared), or_(q, not_(shared), ule(x, const(9, 8)))), (p, shared))
    assert encode(problem) == (
        "(set-logic QF_BV)\n"
        "(declare-const p Bool)\n"
        "(declare-const x (_ BitVec 8))\n"
        "(define-fun $t4 () Bool (= ((_ extract 7 4) x) (_ bv10 4)))\n"
        "(declare-const q Bool)\n"
        "(assert (or p $t4))\n"
        "(assert (or q (not $t4) (bvule x (_ bv9 8))))\n"
        "(declare-const $a0 Bool)\n"
        "(assert (=> $a0 p))\n"
        "(declare-const $a1 Bool)\n"
        "(assert (=> $a1 $t4))\n"
        "(check-sat-assuming ($a0 $a1))\n"
    )


def test_script_parses_elsewhere() -> None:
    """Every operator is accepted by a parser that only collects assertions."""
    term = and_(eq(concat(x, x), const(0x0505, 16)), between(x, 3, 9), ite(p, q, not_(q)))
    assert len(z3.parse_smt2_string(encode(Problem((term, TRUE))), ctx=z3.Context())) == 2


NAMES = [
    "", "x y", "a|b", "a\\b", "a%7Cb", "größe", "true", "%74rue", "let", "bvule", "and", "a-b",
    "check-sat", "1st", ".hidden", "@hidden", "$t1", "$$a0", "eni-1/port", "in?", "_", "!", "\n",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_are_kept_apart(name: str) -> None:
    """Any name can be written, and no two are confused: all symbols can be set independently."""
    others = [symbol(other, 0) for other in NAMES if other != name]
    apart = (symbol(name, 0), *(not_(other) for other in others))
    script = encode(Problem(apart, (or_(*others, symbol(name, 0)), symbol(name, 0))))
    assert script.isascii()
    assert run(script) == "sat"


def test_script_stays_linear() -> None:
    """A term of 2**200 paths, and one of 5,000 levels without sharing, are written in short."""
    shared: Term = p
    deep: Term = p
    for number in range(200):
        shared = ite(symbol(f"s{number}", 0), not_(shared), shared)
    for number in range(5000):
        deep = ite(symbol(f"s{number}", 0), symbol(f"d{number}", 0), not_(deep))
    assert len(encode(Problem((shared,)))) < 200 * 150
    assert len(encode(Problem((deep,)))) < 5000 * 200
    assert max(len(line) for line in encode(Problem((deep,))).splitlines()) < 500
    assert run(encode(Problem((shared,)))) == "sat"


def test_script_depends_on_the_problem_alone() -> None:
    """What else was built before, and in which order, does not show."""

    def build() -> str:
        return encode(Problem((or_(eq(symbol("late", 3), symbol("early", 3)), p), ule(x, x))))

    once = build()
    _ = [symbol("early", 3), eq(symbol("early", 3), symbol("late", 3))]
    assert build() == once
