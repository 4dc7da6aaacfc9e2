"""Brute force as a backend: tries every assignment. The oracle that others are tested against.

Takes terms over few and narrow symbols; gives outcomes, the assignments in ascending order with the
first symbol as the highest digit. Refuses, by Unknown, whatever has more than 2**20 candidates. A
core is what remains of the assumptions when each that can be spared has been dropped. Takes a
budget and pays it no heed: the number of candidates is what limits it.

Must not know: other backends, nor the search for optima that they may share.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from solver.interpret import interpret_all, symbols_of
from solver.problems import (
    UNLIMITED,
    Budget,
    Outcome,
    Problem,
    Sat,
    Soft,
    Unknown,
    Unsat,
)
from solver.terms import Term

_MOST_BITS: Final = 20


class BruteForceBackend:
    """Opens sessions; holds nothing."""

    __slots__ = ()

    def open(self) -> "BruteForceSession":
        """A session of its own."""
        return BruteForceSession()

    def optimise(self, problem: Problem, soft: Sequence[Soft]) -> Outcome:
        """The first of the assignments whose falsified soft terms cost the least."""
        required = (*problem.assertions, *problem.assumptions)
        terms = [each.term for each in soft]
        candidates = _candidates((*required, *terms))
        if candidates is None:
            return Unknown(f"more than 2**{_MOST_BITS} candidates")
        satisfying = [each for each in candidates if all(interpret_all(required, each))]
        if not satisfying:
            return Unsat()

        def cost(candidate: Mapping[str, int | bool]) -> int:
            holding = interpret_all(terms, candidate)
            return sum(s.weight for s, holds in zip(soft, holding, strict=True) if not holds)

        return Sat(min(satisfying, key=cost))


class BruteForceSession:
    """The assertions so far."""

    def __init__(self) -> None:
        self._assertions: Final[list[Term]] = []

    def add(self, *assertions: Term) -> None:
        """Require these Bool terms from now on."""
        assert all(term.width == 0 for term in assertions)
        self._assertions.extend(assertions)

    def check(
        self, assumptions: Sequence[Term] = (), *, budget: Budget = UNLIMITED, core: bool = True
    ) -> Outcome:
        """Sat iff some assignment satisfies all assertions and assumptions."""
        return self.minimise((), assumptions, budget=budget, core=core)

    def minimise(
        self,
        soft: Sequence[Term],
        assumptions: Sequence[Term] = (),
        *,
        budget: Budget = UNLIMITED,
        core: bool = True,
    ) -> Outcome:
        """The first of the assignments that falsify the fewest soft terms."""
        wanted, assumed = tuple(dict.fromkeys(soft)), tuple(dict.fromkeys(assumptions))
        candidates = _candidates((*self._assertions, *assumed, *wanted))
        if candidates is None:
            return Unknown(f"more than 2**{_MOST_BITS} candidates")
        # Per candidate that satisfies the assertions: which assumptions hold, which soft terms.
        admitted = []
        for candidate in candidates:
            if all(interpret_all(self._assertions, candidate)):
                holding = interpret_all(assumed, candidate)
                admitted.append((holding, sum(interpret_all(wanted, candidate)), candidate))
        satisfying = [entry for entry in admitted if all(entry[0])]
        if not satisfying:
            if not core:
                return Unsat(())
            held = {holding for holding, _, _ in admitted}
            return Unsat(tuple(assumed[i] for i in _core(held, len(assumed))))
        return Sat(max(satisfying, key=lambda entry: entry[1])[2])


def _core(held: set[tuple[int | bool, ...]], count: int) -> list[int]:
    """A minimal set of assumptions, by number, that no admitted candidate satisfies together."""
    core = list(range(count))
    for spared in range(count):
        rest = [i for i in core if i != spared]
        if not any(all(holding[i] for i in rest) for holding in held):
            core = rest
    return core


def _candidates(terms: Sequence[Term]) -> Iterator[dict[str, int | bool]] | None:
    """Every assignment to the symbols of `terms`; None if there are too many."""
    found = symbols_of(terms)
    if sum(max(1, symbol.width) for symbol in found) > _MOST_BITS:
        return None
    names = [str(symbol.value) for symbol in found]
    ranges = [range(1 << symbol.width) if symbol.width else (False, True) for symbol in found]
    return (dict(zip(names, values, strict=True)) for values in itertools.product(*ranges))
