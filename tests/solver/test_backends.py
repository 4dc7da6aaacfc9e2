"""The contract of backends: one class of tests, run against each of them by a short subclass.

Beyond it, Z3 is held against brute force on random problems, and must keep to its budget, be
deterministic, and never hand out an assignment that does not satisfy.
"""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from solver import (
    FALSE,
    TRUE,
    Backend,
    Budget,
    Outcome,
    Problem,
    Sat,
    Soft,
    SolverError,
    Term,
    Unknown,
    Unsat,
    and_,
    any_of,
    between,
    concat,
    const,
    eq,
    extract,
    has_prefix,
    implies,
    interpret_all,
    ite,
    not_,
    or_,
    symbol,
    ule,
    ult,
)
from solver.backends.brute_force import BruteForceBackend
from solver.backends.z3 import Z3Backend, Z3Session
from solver.minimise import at_most, fewest_falsified
from tests.solver.random_terms import Told, all_assignments, told_formulas

p, q, r = (symbol(name, 0) for name in "pqr")
x, y = symbol("x", 4), symbol("y", 4)
wide, wide_too = symbol("wide", 129), symbol("wide_too", 129)

quick = settings(derandomize=True, deadline=None, max_examples=150)


def assignment_of(outcome: Outcome) -> dict[str, int | bool]:
    """The assignment of an outcome that must be Sat."""
    assert isinstance(outcome, Sat)
    return dict(outcome.assignment)


def core_of(outcome: Outcome) -> tuple[Term, ...]:
    """The core of an outcome that must be Unsat."""
    assert isinstance(outcome, Unsat)
    return outcome.core


def falsified(soft: Sequence[Term], outcome: Outcome) -> int:
    """How many of the soft terms the assignment falsifies."""
    return sum(not holds for holds in interpret_all(list(soft), assignment_of(outcome)))


class BackendContract:
    """What any backend does, on problems small enough for all of them."""

    backend: Backend

    def test_nothing_asserted_is_sat(self) -> None:
        """The empty conjunction holds, under no assignment in particular."""
        assert isinstance(self.backend.open().check(), Sat)

    def test_sat_satisfies(self) -> None:
        """An assignment names the values that make all assertions true, Bools as bool."""
        session = self.backend.open()
        session.add(ult(x, y), has_prefix(x, 0b1101, 3), or_(ule(y, x), p), ule(y, const(13, 4)))
        assert assignment_of(session.check()) == {"x": 12, "y": 13, "p": True}

    def test_symbols_of_any_name(self) -> None:
        """A name is any text."""
        session = self.backend.open()
        odd = symbol("größe of |x|\\", 3)
        session.add(eq(odd, const(5, 3)))
        assert assignment_of(session.check()) == {"größe of |x|\\": 5}

    def test_unsat_without_assumptions_has_an_empty_core(self) -> None:
        """The assertions alone are to blame."""
        session = self.backend.open()
        session.add(ult(x, y), ult(y, x))
        assert core_of(session.check([p, q])) == ()

    def test_false_asserted_or_assumed(self) -> None:
        """The constants are terms like others."""
        session = self.backend.open()
        session.add(TRUE)
        assert core_of(session.check([p, FALSE, TRUE])) == (FALSE,)
        assert isinstance(session.check([TRUE]), Sat)
        session.add(FALSE)
        assert core_of(session.check([p])) == ()

    def test_assumptions_hold_for_one_check(self) -> None:
        """What was assumed is forgotten, literals and compound terms alike."""
        session = self.backend.open()
        session.add(implies(p, eq(x, const(3, 4))))
        assert assignment_of(session.check([p]))["x"] == 3
        assert assignment_of(session.check([eq(x, const(4, 4))])).get("p", False) is False
        assert isinstance(session.check([eq(x, const(4, 4)), p]), Unsat)
        assert isinstance(session.check([not_(p)]), Sat)
        assert isinstance(session.check(), Sat)

    def test_core_leaves_out_what_cannot_be_to_blame(self) -> None:
        """Over unrelated symbols no term is in a core."""
        session = self.backend.open()
        session.add(implies(p, ult(x, y)))
        assumed = [q, eq(y, const(0, 4)), r, p]
        assert core_of(session.check(assumed)) == (eq(y, const(0, 4)), p)

    def test_core_of_opposites(self) -> None:
        """A symbol and its negation make a core; assumed twice, a term is in it once."""
        core = core_of(self.backend.open().check([p, q, not_(p), p]))
        assert core == (p, not_(p))

    def test_assertions_add_up(self) -> None:
        """Each check sees all that was added before it."""
        session = self.backend.open()
        for value in range(15):
            session.add(not_(eq(x, const(value, 4))))
            assert isinstance(session.check(), Sat)
        assert assignment_of(session.check()) == {"x": 15}
        session.add(not_(eq(x, const(15, 4))))
        assert core_of(session.check()) == ()

    def test_sessions_do_not_share(self) -> None:
        """What one session asserts is nothing to another."""
        one, other = self.backend.open(), self.backend.open()
        one.add(p)
        other.add(not_(p))
        assert assignment_of(one.check()) == {"p": True}
        assert isinstance(other.check(), Sat)

    def test_minimise_gives_up_the_fewest(self) -> None:
        """One soft term is given up rather than three."""
        session = self.backend.open()
        session.add(implies(p, not_(q)), implies(p, not_(r)), implies(p, eq(x, const(1, 4))))
        soft = [p, q, r, not_(eq(x, const(1, 4)))]
        assert falsified(soft, session.minimise(soft)) == 1
        assert falsified(soft, session.minimise(soft, [p])) == 3

    def test_minimise_of_conflicts_that_do_not_overlap(self) -> None:
        """k disjoint conflicts cost k."""
        session = self.backend.open()
        switches = [symbol(f"s{number}", 0) for number in range(8)]
        for one, other in zip(switches[::2], switches[1::2], strict=True):
            session.add(not_(and_(one, other)))
        assert falsified(switches, session.minimise(switches)) == 4

    def test_minimise_without_need_or_way(self) -> None:
        """No soft term is given up where none need be; Unsat has the core that check gives."""
        session = self.backend.open()
        session.add(implies(p, q))
        assert falsified([p, q], session.minimise([p, q, TRUE])) == 0
        assert falsified([], session.minimise([])) == 0
        assert core_of(session.minimise([r], [p, not_(q)])) == (p, not_(q))

    def test_minimise_counts_a_term_once(self) -> None:
        """Listing a soft term twice does not make it heavier; FALSE is lost in any case."""
        session = self.backend.open()
        session.add(implies(p, and_(not_(q), not_(r))))
        soft = [p, p, p, q, r, FALSE]
        assert assignment_of(session.minimise(soft)).get("p", False) is False

    def test_minimise_leaves_the_session_as_it_was(self) -> None:
        """A search for an optimum asserts nothing that later checks could notice."""
        session = self.backend.open()
        session.add(implies(p, not_(q)))
        session.minimise([p, q, r])
        assert isinstance(session.check([not_(p), not_(q), not_(r)]), Sat)
        assert assignment_of(session.check([p, r])).get("q", False) is False

    def test_optimise_gives_up_the_least_weight(self) -> None:
        """Two light terms rather than one heavy one; the sum counts, not the number."""
        problem = Problem((implies(p, and_(not_(q), not_(r))), or_(p, and_(not_(q), r))))
        light = [Soft(p, 5), Soft(q, 2), Soft(r, 2)]
        assert assignment_of(self.backend.optimise(problem, light)).get("p") is True
        heavy = [Soft(p, 5), Soft(q, 2), Soft(r, 9)]
        assert assignment_of(self.backend.optimise(problem, heavy)).get("p", False) is False

    def test_optimise_adds_up_what_is_listed_twice(self) -> None:
        """Twice 3 outweighs 5."""
        problem = Problem((not_(and_(p, q)),))
        soft = [Soft(p, 3), Soft(q, 5), Soft(p, 3)]
        assert assignment_of(self.backend.optimise(problem, soft)).get("p") is True

    def test_optimise_needs_what_is_required(self) -> None:
        """Unsat where the problem is, assumptions counted; Sat where no soft term can be kept."""
        soft = [Soft(p), Soft(not_(q))]
        assert isinstance(self.backend.optimise(Problem((p,), (not_(p),)), soft), Unsat)
        assert isinstance(self.backend.optimise(Problem((FALSE,)), soft), Unsat)
        assert assignment_of(self.backend.optimise(Problem((not_(p), q)), soft))["q"] is True
        assert isinstance(self.backend.optimise(Problem((p,)), []), Sat)


class TestBruteForce(BackendContract):
    """The oracle."""

    backend = BruteForceBackend()

    def test_refuses_what_is_too_large(self) -> None:
        """21 bits are Unknown, without a try."""
        session = self.backend.open()
        session.add(eq(symbol("large", 21), const(0, 21)))
        assert session.check() == Unknown("more than 2**20 candidates")

    def test_cores_are_minimal(self) -> None:
        """No assumption of a core can be spared."""
        session = self.backend.open()
        session.add(ult(x, y))
        assert core_of(session.check([eq(x, const(3, 4)), ult(y, x)])) == (ult(y, x),)


class TestZ3(BackendContract):
    """The prover."""

    backend = Z3Backend()

    @pytest.mark.parametrize("width", [1, 8, 63, 64, 65, 128, 129, 256])
    def test_any_width(self, width: int) -> None:
        """Constants, slices, order and choice of wide vectors, with values read back in full."""
        session = self.backend.open()
        big, other = symbol("big", width), symbol("other", width)
        top = (1 << width) - 1
        session.add(ule(const(top, width), big), eq(other, ite(p, big, const(0, width))))
        assert assignment_of(session.check([p])) == {"big": top, "other": top, "p": True}
        assert isinstance(session.check([not_(p), eq(big, other)]), Unsat)
        session.add(eq(symbol("both", 2 * width), concat(big, other)))
        assert assignment_of(session.check([p]))["both"] == (1 << 2 * width) - 1

    def test_wide_ranges(self) -> None:
        """Bounds of 129 bits are exact at both edges."""
        low, high = 2**100 - 1, 2**128 + 5
        session = self.backend.open()
        session.add(between(wide, low, high), eq(extract(128, 1, wide), extract(128, 1, wide_too)))
        for value, sort in ((low - 1, Unsat), (low, Sat), (high, Sat), (high + 1, Unsat)):
            assert isinstance(session.check([eq(wide, const(value, 129))]), sort)

    def test_minimise_among_many(self) -> None:
        """A few of 300 soft terms are found."""
        session = self.backend.open()
        switches = [symbol(f"s{number}", 0) for number in range(300)]
        for first in (0, 100, 200):
            session.add(any_of(not_(switch) for switch in switches[first : first + 60]))
        assert falsified(switches, session.minimise(switches)) == 3

    def test_no_time_is_unknown(self) -> None:
        """A budget of nothing buys nothing; the session can be asked again."""
        session = self.backend.open()
        session.add(p)
        assert session.check(budget=Budget(milliseconds=0)) == Unknown("timeout")
        assert session.minimise([q], budget=Budget(milliseconds=0)) == Unknown("timeout")
        assert isinstance(session.check(), Sat)

    def test_little_time_is_unknown(self) -> None:
        """A problem far beyond the budget is Unknown, in good time and with the session intact."""
        session = self.backend.open()
        pigeons = pigeon_hole(13)
        session.add(*(implies(p, term) for term in pigeons))
        assert session.check([p], budget=Budget(milliseconds=30)) == Unknown("timeout")
        assert session.minimise([q], [p], budget=Budget(milliseconds=30)) == Unknown("timeout")
        assert isinstance(session.check([not_(p)]), Sat)

    def test_little_memory_is_unknown(self) -> None:
        """Memory is granted like time, for one check."""
        session = self.backend.open()
        session.add(ult(x, y))
        assert session.check(budget=Budget(memory_mb=1)) == Unknown("memory")
        assert isinstance(session.check(), Sat)

    def test_optimise_in_no_or_little_time_is_unknown(self) -> None:
        """An optimum that is not certain is none."""
        soft = [Soft(p)]
        nothing = Problem((q,), budget=Budget(milliseconds=0))
        assert self.backend.optimise(nothing, soft) == Unknown("timeout")
        hard = Problem(tuple(pigeon_hole(13)), budget=Budget(milliseconds=30))
        assert self.backend.optimise(hard, soft) == Unknown("timeout")

    def test_optimise_over_wide_vectors(self) -> None:
        """Addresses of 129 bits: the cheapest way to be in two prefixes at once."""
        in_low, in_high = has_prefix(wide, 0, 1), has_prefix(wide, 2**128, 1)
        problem = Problem((implies(p, in_low), implies(q, in_high), or_(p, r)))
        soft = [Soft(p, 7), Soft(q, 4), Soft(not_(r), 2)]
        found = assignment_of(self.backend.optimise(problem, soft))
        assert found["p"] is True
        assert found.get("q", False) is False

    def test_the_seed_changes_no_outcome(self) -> None:
        """Any seed, the largest among them, decides alike."""
        for seed in (0, 1, 2**32 - 1):
            session = self.backend.open()
            session.add(*pigeon_hole(4))
            assert isinstance(session.check(budget=Budget(seed=seed)), Unsat)

    def test_the_past_changes_no_assignment(self) -> None:
        """The same problem has the same outcome, whatever other sessions did before or do now."""

        def ask() -> tuple[Outcome, Outcome]:
            session = Z3Backend().open()
            session.add(ult(wide, wide_too), or_(p, has_prefix(wide, 2**127, 3)))
            return session.check(), session.minimise([p, q, eq(wide, const(9, 129)), not_(q)])

        first = ask()
        busy = self.backend.open()
        for number in range(40):
            busy.add(not_(has_prefix(symbol(f"v{number}", 64), number << 40, 40)))
            busy.check([symbol(f"a{number}", 0)])
            if number % 10 == 9:
                assert ask() == first

    def test_a_lie_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An assignment is interpreted before it is believed, assumptions included."""
        session = Z3Session()
        session.add(p)
        monkeypatch.setattr(Z3Session, "_assignment", lambda self: {"p": True, "q": False})
        assert isinstance(session.check(), Sat)
        with pytest.raises(SolverError):
            session.check([q])

    def test_closing_is_idempotent(self) -> None:
        """A session may be closed early, and more than once."""
        session = Z3Backend().open()
        session.add(p)
        session.close()
        session.close()


def pigeon_hole(pigeons: int) -> list[Term]:
    """That many pigeons in one hole less: unsatisfiable, and hard for resolution."""
    nests = [symbol(f"nest{number}", 4) for number in range(pigeons)]
    apart = [not_(eq(a, b)) for i, a in enumerate(nests) for b in nests[:i]]
    return [between(nest, 0, pigeons - 2) for nest in nests] + apart


formulas = told_formulas(steps=16).map(lambda told: [t.term for t in told])


@quick
@given(formulas, formulas, formulas, formulas)
def test_z3_agrees_with_brute_force(
    first: list[Term], second: list[Term], assumed: list[Term], soft: list[Term]
) -> None:
    """Outcomes, optima and cores agree, before and after more is asserted."""
    prover, oracle = Z3Backend().open(), BruteForceBackend().open()
    for added in (first, second):
        prover.add(*added)
        oracle.add(*added)
        for assumptions in (assumed, assumed[:1], ()):
            found, truth = prover.check(assumptions), oracle.check(assumptions)
            assert type(found) is type(truth)
            if isinstance(found, Unsat):
                assert set(found.core) <= set(assumptions)
                assert isinstance(oracle.check(found.core), Unsat)
        best, optimum = prover.minimise(soft, assumed), oracle.minimise(soft, assumed)
        assert type(best) is type(optimum)
        if isinstance(best, Sat):
            wanted = tuple(dict.fromkeys(soft))
            assert falsified(wanted, best) == falsified(wanted, optimum)


@quick
@given(formulas, formulas, formulas)
def test_z3_optimises_as_brute_force_does(
    required: list[Term], assumed: list[Term], soft: list[Term]
) -> None:
    """The least weight is the same, whichever assignment has it."""
    weighed = [Soft(term, 1 + 3 * number % 7) for number, term in enumerate(soft)]
    problem = Problem(tuple(required), tuple(assumed))
    found = Z3Backend().optimise(problem, weighed)
    truth = BruteForceBackend().optimise(problem, weighed)
    assert type(found) is type(truth)
    if isinstance(found, Sat):
        assert given_up(weighed, found) == given_up(weighed, truth)


def given_up(soft: Sequence[Soft], outcome: Outcome) -> int:
    """What the falsified soft terms cost."""
    holding = interpret_all([each.term for each in soft], assignment_of(outcome))
    return sum(each.weight for each, holds in zip(soft, holding, strict=True) if not holds)


@quick
@given(told_formulas())
def test_brute_force_agrees_with_the_meaning(pool: list[Told]) -> None:
    """Sat iff the meanings are true together somewhere; the oracle itself is held to that."""
    session = BruteForceBackend().open()
    session.add(*(told.term for told in pool))
    expected = any(all(told.meaning(s) for told in pool) for s in all_assignments())
    assert isinstance(session.check(), Sat if expected else Unsat)


@quick
@given(formulas, formulas, formulas)
def test_any_correct_core_leads_to_the_optimum(
    asserted: list[Term], assumed: list[Term], soft: list[Term]
) -> None:
    """The search for an optimum does not depend on cores being small."""
    oracle = BruteForceBackend().open()
    oracle.add(*asserted)

    def check(assumptions: Sequence[Term]) -> Outcome:
        outcome = oracle.check(assumptions)
        return Unsat(tuple(assumptions)) if isinstance(outcome, Unsat) else outcome

    best, optimum = fewest_falsified(check, soft, assumed), oracle.minimise(soft, assumed)
    assert type(best) is type(optimum)
    if isinstance(best, Sat):
        wanted = tuple(dict.fromkeys(soft))
        assert falsified(wanted, best) == falsified(wanted, optimum)


@pytest.mark.parametrize("count", range(7))
@pytest.mark.parametrize("bound", range(7))
def test_at_most(bound: int, count: int) -> None:
    """at_most(k, xs) iff the number of true xs is at most k."""
    switches = [symbol(f"s{number}", 0) for number in range(count)]
    limit = at_most(bound, switches)
    for bits in range(1 << count):
        assignment = {f"s{number}": bool(bits >> number & 1) for number in range(count)}
        assert interpret_all([limit], assignment)[0] is (bits.bit_count() <= bound)
