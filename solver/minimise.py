"""The least number of soft terms to give up, found with nothing but checks under assumptions.

Takes a way to check, soft terms and assumptions; gives what `Session.minimise` promises.

Core-guided search: assume every soft term; each core shows that one more must be falsified, so
its soft terms join the relaxed ones, of which at most `bound` may be falsified from then on. The
bound is a lower one throughout, hence the first assignment found is optimal. Only soft terms that
meet in a core are ever counted, which keeps the counter small where few of many must go.

Must not know: which backend answers the checks.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from solver.problems import Outcome, Unsat
from solver.terms import FALSE, TRUE, Term, and_, any_of, not_

Check: TypeAlias = Callable[[Sequence[Term]], Outcome]


def fewest_falsified(check: Check, soft: Sequence[Term], assumptions: Sequence[Term]) -> Outcome:
    """Sat iff `check(assumptions)` is, with an assignment that falsifies the fewest soft terms."""
    required = dict.fromkeys(assumptions)
    kept = {term: None for term in soft if term not in required and term is not FALSE}
    relaxed: list[Term] = []
    bound = 0
    while True:
        limit = at_most(bound, [not_(term) for term in relaxed])
        limits = {limit} - {TRUE}
        outcome = check([*required, *kept, *limits])
        if not isinstance(outcome, Unsat):
            return outcome
        given_up = [term for term in outcome.core if term in kept]
        if not given_up and limits.isdisjoint(outcome.core):
            return outcome
        relaxed += given_up
        for term in given_up:
            del kept[term]
        bound += 1


def at_most(bound: int, terms: Sequence[Term]) -> Term:
    """True iff at most `bound` of the Bool terms are true."""
    if bound >= len(terms):
        return TRUE
    # counters[i][k] says that more than k of the i-th group of terms are true.
    counters = [[term] for term in terms]
    while len(counters) > 1:
        pairs = zip(counters[::2], counters[1::2], strict=False)
        odd_one = counters[len(counters) & ~1 :]
        counters = [_merged(a, b, bound + 1) for a, b in pairs] + odd_one
    return not_(counters[0][bound])


def _merged(a: list[Term], b: list[Term], length: int) -> list[Term]:
    """The first `length` counts over two groups together (a totalizer's node)."""
    merged = []
    for total in range(1, min(length, len(a) + len(b)) + 1):
        ways = []
        for of_a in range(max(0, total - len(b)), min(total, len(a)) + 1):
            enough_a = a[of_a - 1] if of_a else TRUE
            enough_b = b[total - of_a - 1] if total - of_a else TRUE
            ways.append(and_(enough_a, enough_b))
        merged.append(any_of(ways))
    return merged
