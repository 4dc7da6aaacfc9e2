"""Z3 as a backend: incremental SAT with bit-vectors, driven through the C functions of Z3.

Takes terms; gives outcomes. Every assignment is interpreted on all that was asserted before anyone
sees it; one that fails is a SolverError.

The solver is QF_FD. Checked with z3 5.4 at widths 8 to 256: extract, concat, bvule, ite and
equality of bit-vectors work, cores over assumptions are right, push-free incremental use too.

A context costs 0.7 to 9 ms, according to what the allocator has at hand, a solver in it 0.3 ms; so
sessions of one backend share a context until it has grown old, and then a new one is made. It is
one without reference counts: what was built in it stays to its end. Which of several assignments
Z3 finds may therefore depend on what was asked before; whether there is one does not.

Reading an assignment takes Z3 one pass over the symbols for every time that something new came up
between checks (2 ms after 400 of them): assert in bulk where it can be had.

A call of the C function takes 0.2 us, the checked wrapper of `z3core` around it 0.7 to 0.9 us; so
the functions are bound again here, with pointers as plain integers, and a null result is the error.

Must not know: what its users describe with terms.
"""

import ctypes
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from z3 import z3core

from solver.interning import Op, Term, postorder
from solver.interpret import Interpreter
from solver.minimise import fewest_falsified
from solver.problems import (
    UNLIMITED,
    Budget,
    Outcome,
    Problem,
    Sat,
    Soft,
    SolverError,
    Unknown,
    Unsat,
)
from solver.terms import FALSE, TRUE

_POINTER: Final = ctypes.c_void_p
_UINT: Final = ctypes.c_uint
_INT: Final = ctypes.c_int
_TEXT: Final = ctypes.c_char_p


def _bind(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    """The C function of that name, without the conversions and the check that z3core adds."""
    # z3core keeps the C function in the only default argument of its wrapper.
    wrapped = getattr(z3core, name).__defaults__[0].f
    address = ctypes.cast(wrapped, _POINTER).value
    assert address is not None
    return ctypes.CFUNCTYPE(result, *arguments)(address)


def _maker(name: str, *arguments: Any) -> Callable[..., int | None]:
    """The C function of that name, which gives a pointer."""
    return _bind(name, _POINTER, *arguments)


_mk_config = _maker("Z3_mk_config")
_del_config = _bind("Z3_del_config", None, _POINTER)
_mk_context = _maker("Z3_mk_context", _POINTER)
_del_context = _bind("Z3_del_context", None, _POINTER)
_get_error_code = _bind("Z3_get_error_code", _UINT, _POINTER)
_get_error_msg = _bind("Z3_get_error_msg", _TEXT, _POINTER, _UINT)

_mk_string_symbol = _maker("Z3_mk_string_symbol", _POINTER, _TEXT)
_mk_bool_sort = _maker("Z3_mk_bool_sort", _POINTER)
_mk_bv_sort = _maker("Z3_mk_bv_sort", _POINTER, _UINT)

_mk_const = _maker("Z3_mk_const", _POINTER, _POINTER, _POINTER)
_mk_fresh_const = _maker("Z3_mk_fresh_const", _POINTER, _TEXT, _POINTER)
_mk_true = _maker("Z3_mk_true", _POINTER)
_mk_false = _maker("Z3_mk_false", _POINTER)
_mk_uint64 = _maker("Z3_mk_unsigned_int64", _POINTER, ctypes.c_uint64, _POINTER)
_mk_numeral = _maker("Z3_mk_numeral", _POINTER, _TEXT, _POINTER)
_mk_not = _maker("Z3_mk_not", _POINTER, _POINTER)
_mk_and = _maker("Z3_mk_and", _POINTER, _UINT, _POINTER)
_mk_or = _maker("Z3_mk_or", _POINTER, _UINT, _POINTER)
_mk_implies = _maker("Z3_mk_implies", _POINTER, _POINTER, _POINTER)
_mk_eq = _maker("Z3_mk_eq", _POINTER, _POINTER, _POINTER)
_mk_ite = _maker("Z3_mk_ite", _POINTER, _POINTER, _POINTER, _POINTER)
_mk_bvule = _maker("Z3_mk_bvule", _POINTER, _POINTER, _POINTER)
_mk_extract = _maker("Z3_mk_extract", _POINTER, _UINT, _UINT, _POINTER)
_mk_concat = _maker("Z3_mk_concat", _POINTER, _POINTER, _POINTER)

_BINARY: Final = {Op.EQ: _mk_eq, Op.ULE: _mk_bvule, Op.CONCAT: _mk_concat}
_VARIADIC: Final = {Op.AND: _mk_and, Op.OR: _mk_or}

_mk_params = _maker("Z3_mk_params", _POINTER)
_params_inc_ref = _bind("Z3_params_inc_ref", None, _POINTER, _POINTER)
_params_dec_ref = _bind("Z3_params_dec_ref", None, _POINTER, _POINTER)
_params_set_uint = _bind("Z3_params_set_uint", None, _POINTER, _POINTER, _POINTER, _UINT)

_mk_solver = _maker("Z3_mk_solver_for_logic", _POINTER, _POINTER)
_solver_inc_ref = _bind("Z3_solver_inc_ref", None, _POINTER, _POINTER)
_solver_dec_ref = _bind("Z3_solver_dec_ref", None, _POINTER, _POINTER)
_solver_set_params = _bind("Z3_solver_set_params", None, _POINTER, _POINTER, _POINTER)
_solver_assert = _bind("Z3_solver_assert", None, _POINTER, _POINTER, _POINTER)
_solver_check = _bind("Z3_solver_check_assumptions", _INT, _POINTER, _POINTER, _UINT, _POINTER)
_solver_reason = _bind("Z3_solver_get_reason_unknown", _TEXT, _POINTER, _POINTER)
_solver_core = _maker("Z3_solver_get_unsat_core", _POINTER, _POINTER)
_solver_model = _maker("Z3_solver_get_model", _POINTER, _POINTER)

_mk_optimize = _maker("Z3_mk_optimize", _POINTER)
_optimize_inc_ref = _bind("Z3_optimize_inc_ref", None, _POINTER, _POINTER)
_optimize_dec_ref = _bind("Z3_optimize_dec_ref", None, _POINTER, _POINTER)
_optimize_set_params = _bind("Z3_optimize_set_params", None, _POINTER, _POINTER, _POINTER)
_optimize_assert = _bind("Z3_optimize_assert", None, _POINTER, _POINTER, _POINTER)
_optimize_assert_soft = _bind(
    "Z3_optimize_assert_soft", _UINT, _POINTER, _POINTER, _POINTER, _TEXT, _POINTER
)
_optimize_check = _bind("Z3_optimize_check", _INT, _POINTER, _POINTER, _UINT, _POINTER)
_optimize_reason = _bind("Z3_optimize_get_reason_unknown", _TEXT, _POINTER, _POINTER)
_optimize_model = _maker("Z3_optimize_get_model", _POINTER, _POINTER)

_vector_inc_ref = _bind("Z3_ast_vector_inc_ref", None, _POINTER, _POINTER)
_vector_dec_ref = _bind("Z3_ast_vector_dec_ref", None, _POINTER, _POINTER)
_vector_size = _bind("Z3_ast_vector_size", _UINT, _POINTER, _POINTER)
_vector_get = _maker("Z3_ast_vector_get", _POINTER, _POINTER, _UINT)

_model_inc_ref = _bind("Z3_model_inc_ref", None, _POINTER, _POINTER)
_model_dec_ref = _bind("Z3_model_dec_ref", None, _POINTER, _POINTER)
_model_value = _maker("Z3_model_get_const_interp", _POINTER, _POINTER, _POINTER)
_get_app_decl = _maker("Z3_get_app_decl", _POINTER, _POINTER)
_get_bool_value = _bind("Z3_get_bool_value", _INT, _POINTER, _POINTER)
_get_numeral = _bind("Z3_get_numeral_string", _TEXT, _POINTER, _POINTER)

_NO_LIMIT: Final = 2**32 - 1
_L_TRUE: Final = 1
_L_FALSE: Final = -1


# A context that has built so many terms (some 50 MB) is not given to further sessions.
_OLD: Final = 400_000


class _Context:
    """A Z3 context that goes when nobody holds it any more."""

    __slots__ = ("__weakref__", "built", "handle")

    def __init__(self) -> None:
        self.handle = _new_context()
        self.built = 0
        # At exit the process returns its memory faster than Z3 would.
        weakref.finalize(self, _del_context, self.handle).atexit = False


class Z3Backend:
    """Opens sessions, which share a context while it is young; for one thread at a time."""

    __slots__ = ("_context",)

    def __init__(self) -> None:
        self._context: _Context | None = None

    def open(self) -> "Z3Session":
        """A session with a solver of its own."""
        return Z3Session(self._shared())

    def optimise(self, problem: Problem, soft: Sequence[Soft]) -> Outcome:
        """Z3's Optimize (MaxSAT): the least weight of soft terms to give up."""
        required = (*problem.assertions, *problem.assumptions)
        if FALSE in required:
            return Unsat()
        if problem.budget.milliseconds == 0:  # Z3 would read it as no limit
            return Unknown("timeout")
        with _optimizer(self._shared()) as (shared, optimizer):
            context = shared.handle
            translation = _Translation(shared)
            for term in required:
                _optimize_assert(context, optimizer, translation.ast(term))
            group = _mk_string_symbol(context, b"soft")
            for each in soft:
                ast, weight = translation.ast(each.term), b"%d" % each.weight
                _optimize_assert_soft(context, optimizer, ast, weight, group)
            params = _parameters(context, {b"timeout": problem.budget.milliseconds})
            _optimize_set_params(context, optimizer, params)
            _params_dec_ref(context, params)
            status = _optimize_check(context, optimizer, 0, None)
            if status == _L_FALSE:
                return Unsat()
            if status != _L_TRUE:
                return _gave_up(context, _optimize_reason(context, optimizer).decode())
            found = _valid(context, _optimize_model(context, optimizer))
            assignment = _values(context, found, translation)
        _refuse_a_lie(Interpreter(), required, assignment)
        return Sat(assignment)

    def _shared(self) -> _Context:
        if self._context is None or self._context.built > _OLD:
            self._context = _Context()
        return self._context


@contextmanager
def _optimizer(shared: _Context) -> Iterator[tuple[_Context, int]]:
    """An optimizer in a context, given back at the end."""
    context = shared.handle
    optimizer = _valid(context, _mk_optimize(context))
    _optimize_inc_ref(context, optimizer)
    try:
        yield shared, optimizer
    finally:
        _optimize_dec_ref(context, optimizer)


class Z3Session:
    """One solver in a context; to be used from one thread at a time."""

    def __init__(self, shared: _Context | None = None) -> None:
        shared = shared or _Context()
        context = shared.handle
        solver = _valid(context, _mk_solver(context, _mk_string_symbol(context, b"QF_FD")))
        _solver_inc_ref(context, solver)
        self._context: Final = context
        self._solver: Final = solver
        self._translation: Final = _Translation(shared)
        self._assertions: Final[list[Term]] = []
        self._interpreter: Final = Interpreter()
        self._literals: Final[dict[Term, int]] = {}
        self._budget = UNLIMITED
        self._release: Final = weakref.finalize(self, _close, shared, solver)
        self._release.atexit = False

    def close(self) -> None:
        """Give the memory back now rather than with the last reference; nothing may follow."""
        self._release()

    def add(self, *assertions: Term) -> None:
        """Require these Bool terms from now on."""
        for term in assertions:
            assert term.width == 0
            if term is not TRUE:
                self._assertions.append(term)
                _solver_assert(self._context, self._solver, self._translation.ast(term))

    def check(
        self, assumptions: Sequence[Term] = (), *, budget: Budget = UNLIMITED, core: bool = True
    ) -> Outcome:
        """Sat iff some assignment satisfies all assertions and assumptions."""
        if FALSE in assumptions:
            return Unsat((FALSE,) if core else ())
        if budget.milliseconds == 0:  # Z3 would read it as no limit
            return Unknown("timeout")
        assumed = {self._literal(term): term for term in assumptions if term is not TRUE}
        self._grant(budget)
        array = _array(assumed)
        status = _solver_check(self._context, self._solver, len(assumed), array)
        if status == _L_TRUE:
            return Sat(self._verified_assignment(assumptions))
        if status == _L_FALSE:
            found = self._core() if core else set()
            return Unsat(tuple(term for literal, term in assumed.items() if literal in found))
        return self._unknown()

    def minimise(
        self,
        soft: Sequence[Term],
        assumptions: Sequence[Term] = (),
        *,
        budget: Budget = UNLIMITED,
        core: bool = True,
    ) -> Outcome:
        """As `check`, with an assignment that falsifies as few of the soft terms as possible."""
        required = len(set(assumptions))
        limit = budget.milliseconds
        end = None if limit is None else time.monotonic() + limit / 1000

        def check(assumed: Sequence[Term]) -> Outcome:
            granted = budget
            if end is not None:
                left = max(0, int((end - time.monotonic()) * 1000))
                granted = Budget(left, budget.memory_mb, budget.seed)
            # Where nothing soft is assumed any more, a core can only be for whoever asked.
            return self.check(assumed, budget=granted, core=core or len(assumed) > required)

        return fewest_falsified(check, soft, assumptions)

    def _literal(self, term: Term) -> int:
        """What stands for `term` among assumptions: itself if a literal, else a new constant."""
        if term.op is Op.SYMBOL or (term.op is Op.NOT and term.args[0].op is Op.SYMBOL):
            return self._translation.ast(term)
        literal = self._literals.get(term)
        if literal is None:
            ast = self._translation.ast(term)
            context, sort = self._context, _mk_bool_sort(self._context)
            literal = _valid(context, _mk_fresh_const(context, b"assumed", sort))
            implication = _valid(context, _mk_implies(context, literal, ast))
            _solver_assert(self._context, self._solver, implication)
            self._literals[term] = literal
        return literal

    def _grant(self, budget: Budget) -> None:
        """Set what the next check may cost."""
        if budget == self._budget:
            return
        # Z3 counts the memory of all sessions of the process together.
        limits = {b"timeout": budget.milliseconds, b"max_memory": budget.memory_mb}
        params = _parameters(self._context, {**limits, b"random_seed": budget.seed})
        _solver_set_params(self._context, self._solver, params)
        _params_dec_ref(self._context, params)
        self._budget = budget

    def _verified_assignment(self, assumptions: Sequence[Term]) -> dict[str, int | bool]:
        """Z3's values for the symbols, after they were seen to satisfy all that they should."""
        assignment = self._assignment()
        _refuse_a_lie(self._interpreter, [*self._assertions, *assumptions], assignment)
        return assignment

    def _assignment(self) -> dict[str, int | bool]:
        """Z3's values for the symbols; those that it left open are not in it."""
        found = _valid(self._context, _solver_model(self._context, self._solver))
        return _values(self._context, found, self._translation)

    def _core(self) -> set[int | None]:
        """The literals of Z3's core."""
        context = self._context
        core = _valid(context, _solver_core(context, self._solver))
        _vector_inc_ref(context, core)
        literals = {_vector_get(context, core, i) for i in range(_vector_size(context, core))}
        _vector_dec_ref(context, core)
        return literals

    def _unknown(self) -> Unknown:
        """Why Z3 could not tell; its failures and interrupts are raised."""
        return _gave_up(self._context, _solver_reason(self._context, self._solver).decode())


class _Translation:
    """Terms and what they became in one context."""

    def __init__(self, shared: _Context) -> None:
        context = shared.handle
        self._shared: Final = shared
        self._context: Final = context
        self._asts: Final[dict[Term, int]] = {}
        self._sorts: Final = {0: _valid(context, _mk_bool_sort(context))}
        self._widths: Final[dict[str, int]] = {}
        self.symbols: Final[list[tuple[str, int, int]]] = []  # name, width, declaration

    def ast(self, term: Term) -> int:
        """The Z3 term of that meaning."""
        ast = self._asts.get(term)
        if ast is None:
            for part in postorder((term,), self._asts):
                ast = self._asts[part] = _valid(self._context, self._build(part))
                self._shared.built += 1
            assert ast is not None
        return ast

    def _build(self, term: Term) -> int | None:
        """`term`, of arguments that are there already; None if Z3 failed."""
        context, asts, args = self._context, self._asts, term.args
        binary = _BINARY.get(term.op)
        if binary is not None:
            return binary(context, asts[args[0]], asts[args[1]])
        variadic = _VARIADIC.get(term.op)
        if variadic is not None:
            return variadic(context, len(args), _array([asts[arg] for arg in args]))
        value = term.value
        if isinstance(value, int):
            return self._constant(value, term.width)
        if isinstance(value, tuple):
            return _mk_extract(context, value[0], value[1], asts[args[0]])
        if isinstance(value, str):
            return self._symbol(value, term.width)
        if term.op is Op.NOT:
            return _mk_not(context, asts[args[0]])
        return _mk_ite(context, asts[args[0]], asts[args[1]], asts[args[2]])

    def _symbol(self, name: str, width: int) -> int | None:
        assert self._widths.setdefault(name, width) == width
        key = _mk_string_symbol(self._context, name.encode())
        ast = _valid(self._context, _mk_const(self._context, key, self._sort(width)))
        declaration = _valid(self._context, _get_app_decl(self._context, ast))
        self.symbols.append((name, width, declaration))
        return ast

    def _constant(self, value: int, width: int) -> int | None:
        if width == 0:
            return _mk_true(self._context) if value else _mk_false(self._context)
        if width <= 64:
            return _mk_uint64(self._context, value, self._sort(width))
        return _mk_numeral(self._context, b"%d" % value, self._sort(width))

    def _sort(self, width: int) -> int:
        sort = self._sorts.get(width)
        if sort is None:
            sort = _valid(self._context, _mk_bv_sort(self._context, width))
            self._sorts[width] = sort
        return sort


def _values(context: int, found: int, translation: _Translation) -> dict[str, int | bool]:
    """Z3's values for the symbols; those that it left open are not in it."""
    _model_inc_ref(context, found)
    assignment: dict[str, int | bool] = {}
    for name, width, declaration in translation.symbols:
        value = _model_value(context, found, declaration)
        if value is None:
            continue
        if width:
            assignment[name] = int(_get_numeral(context, value))
        else:
            assignment[name] = _get_bool_value(context, value) == _L_TRUE
    _model_dec_ref(context, found)
    return assignment


def _refuse_a_lie(
    interpreter: Interpreter, required: Sequence[Term], assignment: dict[str, int | bool]
) -> None:
    """Z3 is not believed: what it found has to satisfy all that it should."""
    if not all(interpreter.interpret_all(required, assignment)):
        raise SolverError("Z3 returned an assignment that falsifies an assertion")


def _gave_up(context: int, reason: str) -> Unknown:
    """Why Z3 could not tell; its failures and interrupts are raised."""
    if "interrupted" in reason:
        raise KeyboardInterrupt
    if reason == "timeout" or reason.endswith("canceled"):
        return Unknown("timeout")
    if "memory" in reason:
        return Unknown("memory")
    if _get_error_code(context):
        raise SolverError(_error(context))
    return Unknown(reason)


def _parameters(context: int, limits: Mapping[bytes, int | None]) -> int:
    """What a check may cost, by Z3's names; to be given back by whoever takes it."""
    params = _valid(context, _mk_params(context))
    _params_inc_ref(context, params)
    for name, limit in limits.items():
        key = _mk_string_symbol(context, name)
        value = _NO_LIMIT if limit is None else min(limit, _NO_LIMIT)
        _params_set_uint(context, params, key, value)
    return params


def _array(asts: Collection[int]) -> ctypes.Array[ctypes.c_void_p]:
    """A C array of Z3 terms."""
    return (_POINTER * len(asts))(*asts)


def _new_context() -> int:
    """A context that keeps whatever it makes; raises if Z3 cannot give one."""
    config = _mk_config()
    context = _mk_context(config)
    _del_config(config)
    if context is None:
        raise SolverError("Z3 gives no context")
    return int(context)


def _close(context: _Context, solver: int) -> None:
    _solver_dec_ref(context.handle, solver)


def _valid(context: int, pointer: int | None) -> int:
    """The pointer, unless it is null: then Z3 failed."""
    if pointer is None:
        raise SolverError(_error(context))
    return pointer


def _error(context: int) -> str:
    code = _get_error_code(context)
    return f"Z3: {_get_error_msg(context, code).decode()}"
