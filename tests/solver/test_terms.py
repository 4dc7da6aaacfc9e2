"""The laws of terms: folding never changes a meaning, and equal terms are one object."""

import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver import (
    FALSE,
    TRUE,
    Term,
    all_of,
    and_,
    any_of,
    between,
    concat,
    const,
    eq,
    extract,
    has_prefix,
    implies,
    interpret,
    interpret_all,
    ite,
    not_,
    or_,
    symbol,
    symbols,
    ule,
    ult,
)
from solver.interpret import Interpreter
from solver.terms import postorder
from tests.solver.random_terms import Told, all_assignments, told_terms

p, q, r = (symbol(name, 0) for name in "pqr")
a, b = symbol("a", 8), symbol("b", 8)
wide = symbol("wide", 129)

ALL_ZERO = next(all_assignments())

quick = settings(derandomize=True, deadline=None, max_examples=200)
numbers_of_129_bits = st.integers(0, 2**129 - 1)


@quick
@given(told_terms())
def test_every_constructor_means_what_it_says(pool: list[Told]) -> None:
    """interpret(f(x...)) = f(meaning(x)...) for every constructor f and every assignment."""
    terms = [told.term for told in pool]
    interpreter = Interpreter()
    for assignment in all_assignments():
        values = interpreter.interpret_all(terms, assignment)
        assert values == tuple(told.meaning(assignment) for told in pool)


@quick
@given(told_terms())
def test_interpreting_anew_and_again_agree(pool: list[Told]) -> None:
    """An interpreter that has read other terms before gives the values that a fresh one gives."""
    terms = [told.term for told in pool]
    interpreter = Interpreter()
    assignment = {"a": 2, "q": 1}
    for term in terms:
        assert interpreter.interpret_all((term,), assignment)[0] == interpret(term, assignment)
    assert interpret_all(terms, assignment) == interpreter.interpret_all(terms, assignment)


@quick
@given(told_terms())
def test_constants_fold_away(pool: list[Told]) -> None:
    """A term without symbols is a constant."""
    for told in pool:
        if not symbols(told.term):
            assert told.term is const(told.meaning(ALL_ZERO), told.term.width)


FOLDED = [
    (and_(), TRUE),
    (or_(), FALSE),
    (and_(p), p),
    (and_(p, TRUE, p), p),
    (and_(p, FALSE), FALSE),
    (or_(p, TRUE), TRUE),
    (and_(p, q, not_(p)), FALSE),
    (or_(not_(and_(p, q)), and_(p, q)), TRUE),
    (and_(and_(p, q), r), and_(p, q, r)),
    (and_(p, and_(q, not_(p))), FALSE),
    (all_of(x for x in (p, q)), and_(p, q)),
    (any_of([p, q]), or_(p, q)),
    (not_(not_(p)), p),
    (implies(FALSE, p), TRUE),
    (implies(p, p), TRUE),
    (ite(TRUE, a, b), a),
    (ite(not_(p), a, b), ite(p, b, a)),
    (ite(p, a, a), a),
    (ite(p, TRUE, FALSE), p),
    (ite(p, FALSE, TRUE), not_(p)),
    (ite(p, q, FALSE), and_(p, q)),
    (ite(p, p, q), or_(p, q)),
    (eq(a, a), TRUE),
    (eq(p, TRUE), p),
    (eq(FALSE, p), not_(p)),
    (eq(const(1, 8), a), eq(a, const(1, 8))),
    (eq(ite(p, const(1, 8), const(2, 8)), const(2, 8)), not_(p)),
    (eq(ite(p, const(1, 8), const(2, 8)), const(3, 8)), FALSE),
    (ule(const(0, 8), a), TRUE),
    (ule(a, const(255, 8)), TRUE),
    (ule(a, const(0, 8)), eq(a, const(0, 8))),
    (ule(const(255, 8), a), eq(a, const(255, 8))),
    (ult(a, const(0, 8)), FALSE),
    (ult(a, a), FALSE),
    (and_(ult(a, b), ule(b, a)), FALSE),
    (extract(7, 0, a), a),
    (extract(2, 1, extract(6, 3, a)), extract(5, 4, a)),
    (extract(7, 0, concat(a, b)), b),
    (extract(15, 8, concat(a, b)), a),
    (extract(9, 9, concat(a, b)), extract(1, 1, a)),
    (extract(1, 0, extract(9, 4, concat(a, b))), extract(5, 4, b)),
    (concat(extract(7, 4, a), extract(3, 0, a)), a),
    (has_prefix(a, 0xFF, 0), TRUE),
    (has_prefix(a, 0xA5, 8), eq(a, const(0xA5, 8))),
    (has_prefix(a, 0xAF, 4), has_prefix(a, 0xA0, 4)),
    (between(a, 0, 255), TRUE),
    (between(a, 7, 7), eq(a, const(7, 8))),
    (between(a, 9, 8), FALSE),
    (between(a, 0x40, 0x4F), has_prefix(a, 0x40, 4)),
    (between(a, 0, 9), ule(a, const(9, 8))),
    (between(a, 9, 255), ule(const(9, 8), a)),
    (const(1, 0), TRUE),
]


@pytest.mark.parametrize(("folded", "expected"), FOLDED)
def test_folding(folded: Term, expected: Term) -> None:
    """Units, absorbers, duplicates, complements, constants and slices leave no trace."""
    assert folded is expected


def slices(term: Term) -> list[tuple[int, int]]:
    """Every (high, low) of a term."""
    return [(high, low) for high in range(term.width) for low in range(high + 1)]


def test_every_slice_of_joined_terms() -> None:
    """extract(h, l, concat(x, y)) is those bits of x << |y| | y, on either side and across."""
    x, y = symbol("x", 2), symbol("y", 3)
    for high, low in slices(concat(x, y)):
        part = extract(high, low, concat(x, y))
        assert part.width == high - low + 1
        for number in range(32):
            expected = number >> low & (1 << part.width) - 1
            assert interpret(part, {"x": number >> 3, "y": number & 7}) == expected


def test_every_join_of_slices() -> None:
    """concat of two slices of one term is their bits, neighbours or not."""
    x = symbol("x", 4)
    for high, above in slices(x):
        for below, low in slices(x):
            top, bottom = extract(high, above, x), extract(below, low, x)
            for number in range(16):
                upper, lower = interpret_all((top, bottom), {"x": number})
                expected = upper << bottom.width | lower
                assert interpret(concat(top, bottom), {"x": number}) == expected


@quick
@given(numbers_of_129_bits, numbers_of_129_bits, st.integers(0, 129), st.booleans())
def test_prefix_of_wide_numbers(value: int, prefix: int, length: int, near: bool) -> None:
    """has_prefix(x, value, n) iff x and value agree after a shift by 129 - n."""
    if near:  # else a common prefix would hardly ever be long
        value = prefix ^ (value & 0xFFFF)
    expected = value >> 129 - length == prefix >> 129 - length
    assert interpret(has_prefix(wide, prefix, length), {"wide": value}) is expected
    assert has_prefix(const(value, 129), prefix, length) is (TRUE if expected else FALSE)


@quick
@given(numbers_of_129_bits, numbers_of_129_bits, st.integers(0, 129), st.data())
def test_between_of_wide_numbers(low: int, high: int, aligned: int, data: st.DataObject) -> None:
    """between(x, l, h) iff l <= x <= h, aligned blocks among them, at their edges too."""
    if aligned < 129:
        low = low >> aligned << aligned
        high = low + (1 << aligned) - 1
    edges = st.sampled_from([low, high, max(0, low - 1), min(2**129 - 1, high + 1)])
    value = data.draw(edges | numbers_of_129_bits)
    assert interpret(between(wide, low, high), {"wide": value}) is (low <= value <= high)


def test_an_aligned_block_of_wide_numbers_is_a_prefix() -> None:
    """Inequalities are for what is no block."""
    assert between(wide, 1 << 128, (1 << 129) - 1) is has_prefix(wide, 1 << 128, 1)


def test_equal_terms_are_one_object() -> None:
    """Built from equal parts, in whatever way, a term is the same object."""
    assert symbol("x", 4) is symbol("x", 4)
    assert symbol("x", 4) is not symbol("x", 5)
    assert const(3, 4) is not const(3, 5)
    assert and_(p, eq(a, b)) is and_(p, eq(symbol("a", 8), symbol("b", 8)))


def test_a_term_that_nobody_holds_is_forgotten() -> None:
    """The intern table keeps no term alive, nor its arguments; later it is built anew."""
    term = eq(symbol("passing", 8), const(77, 8))
    remembered = [weakref.ref(part) for part in (term, *term.args)]
    del term
    assert [part() for part in remembered] == [None, None, None]
    assert symbols(eq(symbol("passing", 8), const(77, 8))) == (symbol("passing", 8),)


def test_terms_may_be_deeper_than_the_stack() -> None:
    """Building, interpreting and forgetting a chain of 50,000 operators recurses nowhere."""
    term = FALSE
    for number in range(50_000):
        term = ite(eq(a, const(number % 256, 8)), not_(term), term)
    assert isinstance(interpret(term, {"a": 5}), bool)
    assert symbols(term) == (a,)
    del term


def test_adding_one_by_one_stays_linear() -> None:
    """n conjuncts added one after another make O(n) arguments, not O(n * n)."""
    together = TRUE
    for number in range(2000):
        together = and_(together, symbol(f"s{number}", 0))
    assert sum(len(term.args) for term in postorder((together,))) < 3 * 2000


def test_symbols_are_in_the_order_of_reading() -> None:
    """Each symbol once, left to right."""
    assert symbols(and_(eq(b, a), q, or_(p, eq(a, b)))) == (b, a, q, p)
    assert symbols(TRUE) == ()


def test_symbols_without_a_value_are_zero() -> None:
    """An assignment need not name every symbol."""
    assert interpret(eq(a, const(0, 8)), {}) is True
    assert interpret(p, {}) is False
    assert interpret(a, {"a": 9}) == 9


@pytest.mark.parametrize(
    "build",
    [
        lambda: eq(a, wide),
        lambda: and_(a),
        lambda: not_(a),
        lambda: ite(a, p, q),
        lambda: ite(p, a, q),
        lambda: ule(p, q),
        lambda: extract(8, 0, a),
        lambda: concat(p, a),
        lambda: const(256, 8),
        lambda: has_prefix(a, 0, 9),
        lambda: between(a, 0, 256),
    ],
)
def test_ill_sorted_terms_trip_an_assert(build: object) -> None:
    """A sort error is a defect of whoever builds the term."""
    assert callable(build)
    with pytest.raises(AssertionError):
        build()
