"""Bit-vector problems in; sat, unsat or unknown out.

A problem is made of terms (`solver.terms`), asked as a `Problem` or through a `Session`
(`solver.problems`), decided by a backend (`solver.backends`), and written down for people and for
other solvers by `encode`. Nothing here imports a backend, so importing this package is cheap.

Must not know: what its users describe with bit-vectors.
"""

from solver.allowance import Allowance
from solver.encode import encode
from solver.minimise import at_most
from solver.problems import (
    UNLIMITED,
    Backend,
    Budget,
    Outcome,
    Problem,
    Sat,
    Session,
    Soft,
    SolverError,
    Unknown,
    Unsat,
)
from solver.terms import (
    FALSE,
    TRUE,
    Op,
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

__all__ = [
    "FALSE",
    "TRUE",
    "UNLIMITED",
    "Allowance",
    "Backend",
    "Budget",
    "Op",
    "Outcome",
    "Problem",
    "Sat",
    "Session",
    "Soft",
    "SolverError",
    "Term",
    "Unknown",
    "Unsat",
    "all_of",
    "and_",
    "any_of",
    "at_most",
    "between",
    "concat",
    "const",
    "encode",
    "eq",
    "extract",
    "has_prefix",
    "implies",
    "interpret",
    "interpret_all",
    "ite",
    "not_",
    "or_",
    "symbol",
    "symbols",
    "ule",
    "ult",
]
