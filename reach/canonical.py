"""One witness of all there are: the same in every run, and one that people like to read.

A solver may return any assignment, and which one depends on what it did before.  So the fields that
a question leaves open are pinned one by one, by checks whose outcome is a fact about the problem:
the first start that works, then for each field a liked value if that works, else the lowest, and
the first option wherever something may happen.  What is best of several is tried for all of them at
once: if that works, each of them one by one would have.  Must not know AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import solver
from reach import foreseen
from reach.aim import Start
from reach.constraints import Constraints, Walk
from reach.foreseen import LIKED
from reach.network.address import FAMILY_BIT, WIDTH, is_ipv4
from reach.network.field import FIELDS, INDEX
from reach.symbolic import Version
from solver import Budget, Op, Sat, Session, Term

Assignment = Mapping[str, int | bool]


class Pinned:
    """An assignment under which more and more terms are pinned; ``held`` already are.

    What is pinned is added to the session, which is of no use for anything else afterwards.
    """

    def __init__(
        self, session: Session, held: Iterable[Term], assignment: Assignment, budget: Budget
    ) -> None:
        self.assignment = assignment
        self._session = session
        self._budget = budget
        session.add(*held)

    def wish(self, term: Term) -> bool:
        """Pin ``term`` if that is possible, and say whether it is."""
        if not solver.interpret(term, self.assignment):
            if term is solver.FALSE:
                return False
            outcome = self._session.check([term], budget=self._budget, core=False)
            if not isinstance(outcome, Sat):
                return False
            self.assignment = outcome.assignment
        self._session.add(term)
        return True

    def lowest(self, term: Term, bits: int) -> None:
        """Pin the top ``bits`` bits of ``term``, each to 0 where that is possible."""
        for position in range(term.width - 1, term.width - 1 - bits, -1):
            bit = solver.extract(position, position, term)
            if not self.wish(solver.eq(bit, solver.const(0, 1))):
                self.wish(solver.eq(bit, solver.const(1, 1)))


def pin_header(pinned: Pinned, constraints: Constraints) -> None:
    """Pin where the flow starts and its header there."""
    start, version = _start(pinned, constraints)
    best = foreseen.packet(start.space, bool(constraints.reply.places))
    wishes = [] if best is None else [_is(t, v) for t, v in zip(version, best, strict=True)]
    if wishes and pinned.wish(solver.and_(*wishes)):
        return
    ports = INDEX["destination_port"]
    met = bool(wishes) and pinned.wish(solver.and_(*wishes[:ports]))
    for field in FIELDS[ports if met else 0 :]:
        name, term = field.name, version[INDEX[field.name]]
        values = foreseen.few(name, start.space.by_name.get(name))
        _pin(pinned, term, values or LIKED.get(name, ()))


def pin_choices(pinned: Pinned, constraints: Constraints) -> None:
    """Pin what was left open on the way: options, and what translations made up."""
    for walk in (constraints.forward, constraints.reply):
        terms = dict.fromkeys(term for _, _, _, term in walk.choices if term.op is Op.SYMBOL)
        _pin_lowest(pinned, walk, list(terms))
        for _, _, _, lifted in walk.supposed:
            pinned.wish(solver.not_(lifted))


def _pin_lowest(pinned: Pinned, walk: Walk, terms: Sequence[Term]) -> None:
    """Pin each of some terms to the lowest that it can be: most can be what is lowest anywhere."""
    if not terms or pinned.wish(solver.all_of(_is(t, _least(walk, t)) for t in terms)):
        return
    if len(terms) == 1:
        _pin(pinned, terms[0], ())
        return
    half = len(terms) // 2
    _pin_lowest(pinned, walk, terms[:half])
    _pin_lowest(pinned, walk, terms[half:])


def _least(walk: Walk, term: Term) -> int:
    """What pinning would like best of a choice."""
    known = walk.least.get(term)
    if known is None:
        return FAMILY_BIT if term.width == WIDTH else 0
    return known


def _start(pinned: Pinned, constraints: Constraints) -> tuple[Start, Version]:
    """Pin the first start that works: halve the range of its number."""
    starts = constraints.starts
    low, high = 0, len(starts) - 1
    while low < high:
        middle = (low + high) // 2
        if pinned.wish(solver.any_of(chosen for chosen, _, _ in starts[low : middle + 1])):
            high = middle
        else:
            low = middle + 1
    pinned.wish(starts[low][0])
    return starts[low][1], starts[low][2]


def _pin(pinned: Pinned, term: Term, liked: Iterable[int]) -> None:
    if term.op is Op.CONST:
        return
    if any(pinned.wish(_is(term, value)) for value in liked):
        return
    if term.width != WIDTH:
        pinned.lowest(term, term.width)
    elif pinned.wish(solver.has_prefix(term, 1 << (WIDTH - 1), 1)):
        pinned.lowest(term, 33)
    else:
        pinned.lowest(term, WIDTH)


def _is(term: Term, value: int) -> Term:
    if term.width == WIDTH:
        return solver.has_prefix(term, value, 33 if is_ipv4(value) else WIDTH)
    return solver.eq(term, solver.const(value, term.width))
