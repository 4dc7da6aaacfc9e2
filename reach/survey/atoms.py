"""Headers told by atoms: which of the sets that somebody asks about a field lies in.

    Atomic() is a Symbolic, whose memberships are of atoms

Single steps compare fields with sets and with nothing else, so values that lie in the same sets are
one *atom*, and a field is the number of its atom: a few bits, where its own would have to be tried
one by one.  The sets are known once everything has been asked; ``atoms`` then says what each
membership means.  Equality of two fields is not known here.  Must not know nodes or AWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import solver
from reach.network.header_space import Ranges
from reach.network.stage import Embed
from reach.symbolic import Symbolic
from solver import FALSE, TRUE, Op, Term


class Atomic(Symbolic):
    """A workshop of versions for one problem, whose fields are compared with sets only."""

    def __init__(self) -> None:
        super().__init__()
        self._sets: dict[Term, dict[Ranges, Term]] = {}
        self._least: dict[Term, list[int]] = {}

    def atoms(self) -> Iterator[Term]:
        """What the memberships mean that were asked for so far."""
        for term, sets in self._sets.items():
            numbers, self._least[term] = _numbered(list(sets), term.width)
            atom = _atom(term, len(self._least[term]))
            yield solver.ule(atom, solver.const(len(self._least[term]) - 1, atom.width))
            for held, member in zip(numbers, sets.values(), strict=True):
                meant = solver.any_of(
                    solver.between(atom, low, high) for low, high in held.intervals
                )
                yield solver.implies(member, meant)
                yield solver.implies(meant, member)

    def value(self, term: Term, assignment: Mapping[str, int | bool]) -> int:
        """The least value of the atom that an assignment gives a field."""
        if isinstance(term.value, int):
            return term.value
        least = self._least.get(term, [0])
        return least[int(solver.interpret(_atom(term, len(least)), assignment))]

    def symbol(self, name: str, width: int, domain: Ranges | None = None) -> Term:
        """A symbol, made once per name, that lies in ``domain`` (any value if None)."""
        term = self._fresh.get((name, width))
        if term is None:
            term = self._fresh[name, width] = solver.symbol(name, width)
            if domain is not None:
                self.conditions.append(self._in(term, domain))
                self._domains[term] = domain
        return term

    def _membership(self, term: Term, values: Ranges) -> Term:
        assert term.op is Op.SYMBOL
        domain = self._domains.get(term)
        if domain is not None and not domain.overlaps(values):
            return FALSE
        if domain is not None and not domain - values:
            return TRUE
        return self._in(term, values)

    def _in(self, term: Term, values: Ranges) -> Term:
        sets = self._sets.setdefault(term, {})
        known = sets.get(values)
        if known is None:
            known = sets[values] = solver.symbol(f"{term.value} in {len(sets)}", 0)
        return known

    def _equals(self, term: Term, value: int) -> Term:
        return self.member(term, Ranges.of(value))

    def _embed(self, rewrite: Embed, old: Term, site: str) -> Term:
        """Anything that could be carried over: which bits of the old value are is not known."""
        return self.symbol(f"{rewrite.field}@{site}", old.width, rewrite.reach)


def _atom(term: Term, count: int) -> Term:
    return solver.symbol(f"atom of {term.value}", max(1, (count - 1).bit_length()))


def _numbered(sets: list[Ranges], width: int) -> tuple[list[Ranges], list[int]]:
    """For each set the numbers of its atoms; for each atom its least value."""
    turns: dict[int, int] = {0: 0}
    for place, values in enumerate(sets):
        for low, high in values.intervals:
            turns[low] = turns.get(low, 0) ^ 1 << place
            turns[high + 1] = turns.get(high + 1, 0) ^ 1 << place
    held = 0
    least: dict[int, int] = {}
    for value in sorted(turns):
        held ^= turns[value]
        if not value >> width:
            least.setdefault(held, value)
    members: list[list[tuple[int, int]]] = [[] for _ in sets]
    # Atoms in the order of their values, so that a set is few runs of numbers.
    for number, inside in enumerate(least):
        while inside:
            bit = inside & -inside
            members[bit.bit_length() - 1].append((number, number))
            inside ^= bit
    return [Ranges.union(spans) for spans in members], list(least.values())
