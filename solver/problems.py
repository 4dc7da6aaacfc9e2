"""What is asked of a solver and what it says: problems, budgets, outcomes, and the two protocols.

Takes terms; gives frozen values that every backend understands alike. An outcome belongs to the
solver: Sat with an assignment, Unsat with a core, or Unknown with a reason, which never counts as
either of the others.

    SolverError    the backend's fault: it failed in a way that is none of the three outcomes,
                   or returned an assignment that does not satisfy what was asserted

Must not know: which backends there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from solver.terms import Term


class SolverError(Exception):
    """A backend failed; nothing is known about the problem."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Time, memory and seed granted to one check; None is without limit."""

    milliseconds: int | None = None
    memory_mb: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        assert self.milliseconds is None or self.milliseconds >= 0
        assert self.memory_mb is None or self.memory_mb >= 0
        assert self.seed >= 0


@dataclass(frozen=True, slots=True)
class Sat:
    """There is an assignment; symbols that it does not name are 0 or False."""

    assignment: Mapping[str, int | bool]


@dataclass(frozen=True, slots=True)
class Unsat:
    """There is none: the assertions and these of the assumptions already contradict each other.

    A core is correct but need not be minimal; it is empty if the assertions alone contradict.
    """

    core: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """The backend could not tell; the reason is "timeout", "memory" or in its own words."""

    reason: str


Outcome: TypeAlias = Sat | Unsat | Unknown


@dataclass(frozen=True, slots=True)
class Soft:
    """A Bool term that should hold, and what it costs if it does not."""

    term: Term
    weight: int = 1

    def __post_init__(self) -> None:
        assert self.term.width == 0
        assert self.weight > 0


UNLIMITED = Budget()


@dataclass(frozen=True, slots=True)
class Problem:
    """Bool terms that must hold, Bool terms assumed for one check, and what it may cost."""

    assertions: tuple[Term, ...]
    assumptions: tuple[Term, ...] = ()
    budget: Budget = UNLIMITED


class Session(Protocol):
    """A growing set of assertions, checked as often as one likes."""

    def add(self, *assertions: Term) -> None:
        """Require these Bool terms from now on."""
        ...

    def check(
        self, assumptions: Sequence[Term] = (), *, budget: Budget = UNLIMITED, core: bool = True
    ) -> Outcome:
        """Sat iff some assignment satisfies all assertions and assumptions.

        Unsat has no core if none is wanted, which may take a backend as long again.
        """
        ...

    def minimise(
        self,
        soft: Sequence[Term],
        assumptions: Sequence[Term] = (),
        *,
        budget: Budget = UNLIMITED,
        core: bool = True,
    ) -> Outcome:
        """As `check`, with an assignment that falsifies as few of the soft terms as possible.

        A soft term counts once, however often it is listed. Unsat has the core that `check` gives,
        if one is wanted.
        Unknown if the budget ran out before the optimum was certain.
        """
        ...


class Backend(Protocol):
    """A way to decide problems."""

    def open(self) -> Session:
        """A session of its own, without assertions."""
        ...

    def optimise(self, problem: Problem, soft: Sequence[Soft]) -> Outcome:
        """Sat iff the problem is, with an assignment whose falsified soft terms cost the least.

        A term that is listed twice costs the sum.  Unsat comes without a core.  Unknown if the
        budget ran out before the optimum was certain.
        """
        ...
