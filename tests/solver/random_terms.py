"""Random terms, each with its meaning told a second time by a plain Python function.

The meaning shares nothing with `solver`: it is what the constructors' folding, `interpret` and the
backends are held against. Symbols are few and narrow, so that all assignments can be tried.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from hypothesis import strategies as st

from solver import (
    Term,
    and_,
    between,
    concat,
    const,
    eq,
    extract,
    has_prefix,
    implies,
    ite,
    not_,
    or_,
    symbol,
    ule,
    ult,
)

WIDTHS = {"p": 0, "q": 0, "a": 2, "b": 2, "c": 1}
WIDEST = 6

Assignment = Mapping[str, int]
Meaning = Callable[[Assignment], int]


class Told(NamedTuple):
    """A term, and what it means."""

    term: Term
    meaning: Meaning


def all_assignments() -> Iterator[dict[str, int]]:
    """Every assignment to the symbols."""
    ranges = [range(1 << max(1, width)) for width in WIDTHS.values()]
    for values in itertools.product(*ranges):
        yield dict(zip(WIDTHS, values, strict=True))


def _named(name: str, width: int) -> Told:
    return Told(symbol(name, width), lambda assignment: assignment[name])


def _constant(value: int, width: int) -> Told:
    return Told(const(value, width), lambda assignment: value)


def _leaves() -> list[Told]:
    constants = [_constant(value, width) for width in (1, 2) for value in range(1 << width)]
    return [
        *(_named(name, width) for name, width in WIDTHS.items()),
        *constants,
        _constant(0, 0),
        _constant(1, 0),
    ]


def _pick(draw: st.DrawFn, pool: list[Told], fits: Callable[[int], bool]) -> Told:
    return draw(st.sampled_from([told for told in pool if fits(told.term.width)]))


def _is_bool(width: int) -> bool:
    return width == 0


def _is_bits(width: int) -> bool:
    return width > 0


def _connective(draw: st.DrawFn, pool: list[Told]) -> Told:
    xs = [_pick(draw, pool, _is_bool) for _ in range(draw(st.integers(0, 4)))]
    terms = [x.term for x in xs]
    match draw(st.sampled_from(["and", "or", "not", "implies"])):
        case "and":
            return Told(and_(*terms), lambda s: int(all(x.meaning(s) for x in xs)))
        case "or":
            return Told(or_(*terms), lambda s: int(any(x.meaning(s) for x in xs)))
        case "not":
            a = _pick(draw, pool, _is_bool)
            return Told(not_(a.term), lambda s: 1 - a.meaning(s))
    a, b = _pick(draw, pool, _is_bool), _pick(draw, pool, _is_bool)
    return Told(implies(a.term, b.term), lambda s: int(not a.meaning(s) or bool(b.meaning(s))))


def _choice(draw: st.DrawFn, pool: list[Told]) -> Told:
    c = _pick(draw, pool, _is_bool)
    a = draw(st.sampled_from(pool))
    b = _pick(draw, pool, lambda width: width == a.term.width)
    return Told(
        ite(c.term, a.term, b.term), lambda s: a.meaning(s) if c.meaning(s) else b.meaning(s)
    )


def _relation(draw: st.DrawFn, pool: list[Told]) -> Told:
    name = draw(st.sampled_from(["eq", "ult", "ule"]))
    a = _pick(draw, pool, (lambda width: True) if name == "eq" else _is_bits)
    b = _pick(draw, pool, lambda width: width == a.term.width)
    match name:
        case "eq":
            return Told(eq(a.term, b.term), lambda s: int(a.meaning(s) == b.meaning(s)))
        case "ult":
            return Told(ult(a.term, b.term), lambda s: int(a.meaning(s) < b.meaning(s)))
    return Told(ule(a.term, b.term), lambda s: int(a.meaning(s) <= b.meaning(s)))


def _range(draw: st.DrawFn, pool: list[Told]) -> Told:
    a = _pick(draw, pool, _is_bits)
    width = a.term.width
    value = st.integers(0, (1 << width) - 1)
    low, high = draw(value), draw(value)
    if draw(st.booleans()):
        return Told(between(a.term, low, high), lambda s: int(low <= a.meaning(s) <= high))
    length = draw(st.integers(0, width))
    rest = width - length
    return Told(has_prefix(a.term, low, length), lambda s: int(a.meaning(s) >> rest == low >> rest))


def _slice(draw: st.DrawFn, pool: list[Told]) -> Told:
    a = _pick(draw, pool, _is_bits)
    if draw(st.booleans()):
        b = _pick(draw, pool, _is_bits)
        if a.term.width + b.term.width <= WIDEST:
            width = b.term.width
            return Told(concat(a.term, b.term), lambda s: a.meaning(s) << width | b.meaning(s))
    low = draw(st.integers(0, a.term.width - 1))
    high = draw(st.integers(low, a.term.width - 1))
    return Told(
        extract(high, low, a.term), lambda s: a.meaning(s) >> low & (1 << high - low + 1) - 1
    )


_STEPS = [_connective, _choice, _relation, _range, _slice]


@st.composite
def told_terms(draw: st.DrawFn, steps: int = 12) -> list[Told]:
    """Terms that build on each other, of all sorts, the leaves among them."""
    pool = _leaves()
    for _ in range(draw(st.integers(1, steps))):
        pool.append(draw(st.sampled_from(_STEPS))(draw, pool))
    return pool


@st.composite
def told_formulas(draw: st.DrawFn, steps: int = 12) -> list[Told]:
    """Bool terms among such, none of them a leaf's constant; possibly none at all."""
    pool = draw(told_terms(steps))
    return [told for told in pool[len(_leaves()) :] if told.term.width == 0]
