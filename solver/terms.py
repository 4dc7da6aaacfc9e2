"""Constructors of terms, which fold as they build: the vocabulary in which problems are written.

Takes Python integers, names and terms; gives interned terms (equal terms are one object). Widths:
0 is Bool, n > 0 is BitVec(n); BitVec values are unsigned.

Constructors are total: well-sorted input never raises, so whoever builds terms has no error path;
ill-sorted input is a defect of the caller and trips an assert. They look a bounded number of levels
down, so a term of n operators is built in O(n).

Must not know: any backend, and anything of what its users describe with terms.
"""

from collections.abc import Iterable
from typing import Final

from solver.interning import Op, Term, Value, intern, postorder
from solver.interpret import interpret, interpret_all, symbols, symbols_of

__all__ = [
    "FALSE",
    "TRUE",
    "Op",
    "Term",
    "Value",
    "all_of",
    "and_",
    "any_of",
    "between",
    "concat",
    "const",
    "eq",
    "extract",
    "has_prefix",
    "implies",
    "interpret",
    "interpret_all",
    "ite",
    "not_",
    "or_",
    "postorder",
    "symbol",
    "symbols",
    "symbols_of",
    "ule",
    "ult",
]

# Module constants, since a look-up on the enum class costs as much as the comparison after it.
_CONST: Final = Op.CONST
_NOT: Final = Op.NOT
_AND: Final = Op.AND
_OR: Final = Op.OR
_EQ: Final = Op.EQ
_ITE: Final = Op.ITE
_ULE: Final = Op.ULE
_EXTRACT: Final = Op.EXTRACT
_CONCAT: Final = Op.CONCAT

# A nested and/or of at most so many arguments is merged into its parent. Without the bound, adding
# one argument after another to an accumulated term would copy it every time.
_MERGED_ARGS: Final = 8

FALSE: Final = intern(_CONST, (), 0, 0)
TRUE: Final = intern(_CONST, (), 0, 1)


# --- leaves ---------------------------------------------------------------------------------------


def symbol(name: str, width: int) -> Term:
    """The free constant of that name; one name must keep one width within a problem."""
    assert width >= 0
    return intern(Op.SYMBOL, (), width, name)


def const(value: int, width: int) -> Term:
    """The constant `value`; at width 0, FALSE or TRUE."""
    assert 0 <= value < max(2, 1 << width)
    return intern(_CONST, (), width, int(value))


# --- connectives ----------------------------------------------------------------------------------


def not_(a: Term) -> Term:
    """True iff `a` is false."""
    assert a.width == 0
    if a.op is _NOT:
        return a.args[0]
    if a.op is _CONST:
        return FALSE if a is TRUE else TRUE
    return intern(_NOT, (a,), 0)


def and_(*xs: Term) -> Term:
    """True iff every argument is; TRUE without arguments."""
    return _junction(_AND, xs, TRUE, FALSE)


def all_of(xs: Iterable[Term]) -> Term:
    """True iff every term of `xs` is; TRUE if there is none."""
    return _junction(_AND, xs, TRUE, FALSE)


def or_(*xs: Term) -> Term:
    """True iff some argument is; FALSE without arguments."""
    return _junction(_OR, xs, FALSE, TRUE)


def any_of(xs: Iterable[Term]) -> Term:
    """True iff some term of `xs` is; FALSE if there is none."""
    return _junction(_OR, xs, FALSE, TRUE)


def _junction(op: Op, xs: Iterable[Term], unit: Term, absorber: Term) -> Term:
    """And/or without units, duplicates and small nested ones; the absorber if it is certain."""
    parts: dict[Term, None] = {}
    negations: list[Term] = []
    for x in xs:
        assert x.width == 0
        if x is absorber:
            return absorber
        if x is unit:
            continue
        for part in x.args if x.op is op and len(x.args) <= _MERGED_ARGS else (x,):
            parts[part] = None
            if part.op is _NOT:
                negations.append(part.args[0])
    for negated in negations:
        if negated in parts:
            return absorber
    if len(parts) > 1:
        return intern(op, tuple(parts), 0)
    return next(iter(parts), unit)


def implies(a: Term, b: Term) -> Term:
    """True iff `a` is false or `b` is true."""
    return or_(not_(a), b)


def ite(c: Term, a: Term, b: Term) -> Term:
    """`a` where `c` holds, else `b`; both of one sort."""
    assert c.width == 0
    assert a.width == b.width
    if c.op is _NOT:
        c, a, b = c.args[0], b, a
    if c is TRUE or a is b:
        return a
    if c is FALSE:
        return b
    return intern(_ITE, (c, a, b), a.width) if a.width else _bool_ite(c, a, b)


def _bool_ite(c: Term, a: Term, b: Term) -> Term:
    """A choice between Bools, as and/or where one of them is a constant or the condition."""
    if a is TRUE or a is c:
        return or_(c, b)
    if a is FALSE:
        return and_(not_(c), b)
    if b is TRUE:
        return or_(not_(c), a)
    if b is FALSE or b is c:
        return and_(c, a)
    return intern(_ITE, (c, a, b), 0)


# --- relations ------------------------------------------------------------------------------------


def eq(a: Term, b: Term) -> Term:
    """True iff both have the same value; a constant ends up on the right."""
    assert a.width == b.width
    if a is b:
        return TRUE
    if a.op is _CONST:
        a, b = b, a
    if b.op is not _CONST:
        return intern(_EQ, (a, b), 0)
    if a.op is _CONST:
        return TRUE if a.value == b.value else FALSE
    if a.width == 0:
        return a if b is TRUE else not_(a)
    if a.op is _ITE and a.args[1].op is _CONST and a.args[2].op is _CONST:
        condition, first, second = a.args
        return ite(condition, eq(first, b), eq(second, b))
    return intern(_EQ, (a, b), 0)


def ult(a: Term, b: Term) -> Term:
    """True iff a < b, unsigned; written as the negation of b <= a, so that the two cancel out."""
    return not_(ule(b, a))


def ule(a: Term, b: Term) -> Term:
    """True iff a <= b, unsigned."""
    assert a.width == b.width > 0
    if a is b:
        return TRUE
    if a.op is _CONST:
        if a.value == 0:
            return TRUE
        if a.value == (1 << a.width) - 1:
            return eq(b, a)
        if b.op is _CONST:
            return TRUE if _number(a) <= _number(b) else FALSE
    elif b.op is _CONST:
        if b.value == 0:
            return eq(a, b)
        if b.value == (1 << a.width) - 1:
            return TRUE
    return intern(_ULE, (a, b), 0)


def has_prefix(a: Term, value: int, length: int) -> Term:
    """True iff the top `length` bits of `a` are those of `value`, a number of the width of `a`.

    The bits of `value` below the prefix do not matter; length 0 is TRUE.
    """
    rest = a.width - length
    assert 0 <= rest <= a.width
    assert 0 <= value < 1 << a.width
    if length == 0:
        return TRUE
    return eq(extract(a.width - 1, rest, a), const(value >> rest, length))


def between(a: Term, low: int, high: int) -> Term:
    """True iff low <= a <= high; FALSE if low > high, a prefix if the range is an aligned block."""
    assert 0 <= low < 1 << a.width
    assert 0 <= high < 1 << a.width
    if low > high:
        return FALSE
    size = high - low + 1
    if size & (size - 1) == 0 and low & (size - 1) == 0:
        return has_prefix(a, low, a.width - size.bit_length() + 1)
    return and_(ule(const(low, a.width), a), ule(a, const(high, a.width)))


# --- slices ---------------------------------------------------------------------------------------


def extract(high: int, low: int, a: Term) -> Term:
    """The bits high..low of `a`, both included, bit 0 the least significant."""
    assert 0 <= low <= high < a.width
    while True:
        if high - low + 1 == a.width:
            return a
        if a.op is _EXTRACT:
            shift = _bounds(a)[1]
            a, high, low = a.args[0], high + shift, low + shift
        elif a.op is _CONCAT and high < a.args[1].width:
            a = a.args[1]
        elif a.op is _CONCAT and low >= a.args[1].width:
            shift = a.args[1].width
            a, high, low = a.args[0], high - shift, low - shift
        else:
            break
    width = high - low + 1
    if a.op is _CONST:
        return const(_number(a) >> low & (1 << width) - 1, width)
    return intern(_EXTRACT, (a,), width, (high, low))


def concat(a: Term, b: Term) -> Term:
    """The bits of `a` above the bits of `b`; neighbouring slices of one term join again."""
    assert a.width > 0
    assert b.width > 0
    width = a.width + b.width
    if a.op is _CONST and b.op is _CONST:
        return const(_number(a) << b.width | _number(b), width)
    if a.op is _EXTRACT and b.op is _EXTRACT and a.args[0] is b.args[0]:
        (high, above), (below, low) = _bounds(a), _bounds(b)
        if above == below + 1:
            return extract(high, low, a.args[0])
    return intern(_CONCAT, (a, b), width)


def _number(constant: Term) -> int:
    """The value of a constant."""
    assert isinstance(constant.value, int)
    return constant.value


def _bounds(slice_: Term) -> tuple[int, int]:
    """The (high, low) of an extract."""
    assert isinstance(slice_.value, tuple)
    return slice_.value
