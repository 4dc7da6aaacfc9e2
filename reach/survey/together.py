"""Many candidates as one problem: what of it can be, for all of them at once.

    Together(network, aim, senders, numbers, backend)
    .possible(pairs) -> those of which the solver does not refute all
    .unsettled(pairs) -> those that may hang on something

The pairs share where packets go, or where they come from, so most of what lies between is compiled
once; each check asks for any of them, and what a solution shows is left out of the next, until
there is no more.  Nothing is shown by this: what is possible is for a replay, or for a question of
its own, to find.  Must not know AWS, nor where candidates come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import solver
from reach.aim import Aim
from reach.compile import compile
from reach.constraints import Constraints, Place, Point, by_source, to_sender
from reach.decide import BUDGET
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.survey.candidates import Candidate, Piece
from reach.survey.senders import Senders
from reach.symbolic import Symbolic
from solver import Backend, Term, Unknown, Unsat


@dataclass(frozen=True)
class Asked:
    """A question from any of the senders of some candidates to any of their ends.

    ``numbers`` are the senders of its starts.
    """

    aim: Aim
    numbers: tuple[int, ...]

    @staticmethod
    def of(
        aim: Aim,
        senders: Senders,
        aliases: Callable[[Ranges], Ranges],
        left: Iterable[Candidate],
        beyond: Iterable[Candidate],
    ) -> Asked:
        bits, spans = 0, list[tuple[int, int]]()
        goals: dict[str, list[tuple[int, int]]] = {}
        left = list(left)
        for each in (*left, *beyond):
            bits |= each.senders
            to = each.space.by_name["destination"]
            spans += to.intervals
            if not each.node and each.owner:
                goals.setdefault(each.owner, []).extend(to.intervals)
        sent_to = HeaderSpace.where(destination=aliases(Ranges.union(spans)))
        starts = [
            (number, replace(start, space=start.space & sent_to))
            for number in senders.numbers(bits)
            for start in senders.each[number].starts
        ]
        starts = [(number, start) for number, start in starts if not start.space.is_empty]
        asked = replace(
            aim,
            starts=tuple(start for _, start in starts),
            goals={
                owner: HeaderSpace.where(destination=Ranges.union(to))
                for owner, to in goals.items()
            },
            passing=tuple(dict.fromkeys(each.node for each in left if each.node)),
        )
        return Asked(asked, tuple(number for number, _ in starts))


class Happening:
    """When pieces of candidates happen, in the terms of a compiled question."""

    def __init__(self, constraints: Constraints, aim: Aim) -> None:
        self._symbolic = Symbolic()
        self._senders = {} if aim.to_itself else by_source(constraints.starts)
        walk = constraints.forward
        self.loose = [p.met for each in (walk, constraints.reply) for p, _ in each.loose_ends]
        self._delivered: dict[str, list[Point]] = {}
        for point, delivery in walk.deliveries:
            self._delivered.setdefault(delivery.owner, []).append(point)
        self._passed: dict[str, list[Place]] = {}
        for place in walk.places.values():
            self._passed.setdefault(place.node, []).append(place)

    def of(self, candidate: Candidate, piece: HeaderSpace) -> Term:
        """That a packet is delivered to the owner, or comes by the node, as the piece has it.

        What comes back to the address that sent it has reached nobody but whom it came by.
        """
        matches = self._symbolic.matches
        if candidate.node:
            return solver.any_of(
                solver.and_(place.reached, matches(piece, place.version))
                for place in self._passed.get(candidate.node, ())
            )
        return solver.any_of(
            solver.all_of(
                (
                    point.met,
                    matches(piece, point.version),
                    solver.not_(to_sender(self._senders, point.version)),
                )
            )
            for point in self._delivered.get(candidate.owner, ())
        )

    def any_of(self, pieces: Iterable[Piece]) -> Term:
        """That one of these is what happens, or that something unknown is met."""
        return solver.any_of([*self.loose, *(self.of(*each) for each in pieces)])


class Together:
    """One compiled problem for the candidates of many pairs."""

    def __init__(self, network: Network, asked: Asked, senders: Senders, backend: Backend) -> None:
        self.asked = asked
        self._senders = senders
        self.constraints = compile(network, asked.aim)
        self._happening = Happening(self.constraints, asked.aim)
        self._session = backend.open()
        self._session.add(*self.constraints.assertions)
        self._started: dict[int, list[Term]] = {}
        for number, (chosen, _, _) in zip(asked.numbers, self.constraints.starts, strict=True):
            self._started.setdefault(number, []).append(chosen)
        self._begun: dict[int, Term] = {}

    def possible(self, pairs: Sequence[tuple[int, Sequence[Piece]]]) -> list[int]:
        """Of pairs, each its senders and what is left of it, those of which not all is refuted."""
        terms = [
            solver.and_(
                self._from(bits),
                solver.any_of(self._happening.of(*piece) for piece in pieces),
            )
            for bits, pieces in pairs
        ]
        return self._not_refuted(self.constraints.arrives, terms)

    def unsettled(self, pairs: Sequence[tuple[int, Sequence[Piece]]]) -> list[int]:
        """Of pairs, each its senders and what is left of it, those that may hang on something."""
        terms = [
            solver.and_(self._from(bits), self._happening.any_of(pieces)) for bits, pieces in pairs
        ]
        return self._not_refuted(self.constraints.may_arrive, terms)

    def _from(self, bits: int) -> Term:
        """That any of these senders begins."""
        known = self._begun.get(bits)
        if known is None:
            known = self._begun[bits] = solver.any_of(
                chosen
                for number in self._senders.numbers(bits)
                for chosen in self._started.get(number, ())
            )
        return known

    def _not_refuted(self, goal: Term, terms: Sequence[Term]) -> list[int]:
        """The numbers of the terms that a solution shows, or of all if the solver gives up."""
        left: Mapping[int, Term] = dict(enumerate(terms))
        found: list[int] = []
        while left:
            any_left = solver.any_of(left.values())
            outcome = self._session.check([goal, any_left], budget=BUDGET, core=False)
            if isinstance(outcome, Unsat):
                break
            if isinstance(outcome, Unknown):
                return list(range(len(terms)))
            shown = solver.interpret_all(list(left.values()), outcome.assignment)
            found += [number for number, is_shown in zip(left, shown, strict=True) if is_shown]
            left = {n: t for (n, t), s in zip(left.items(), shown, strict=True) if not s}
        return sorted(found)
