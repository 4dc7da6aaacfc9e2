"""What it means that the twins agree on one pinned flow.

    Agreement(shape).check(start, header)

Every run of the flow by the concrete twin is held against the constraints, with the flow and what
the run chose pinned: all that the run does can be, at once; and nothing else can be at any node, be
it reached, delivered, unmodelled or dropped, on the way there or back.  With the choices free again
nothing can be that no run does.  All checks of one network go through one session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import solver
from reach.compile import compile
from reach.constraints import Constraints, Point, Walk
from reach.evaluate import evaluate
from reach.network.field import FIELDS, Header
from reach.network.stage import Action, Filter, Origin
from reach.symbolic import Version
from reach.trace import Fate, Site, Trace
from solver import FALSE, TRUE, Sat, Term, Unsat
from solver.backends.z3 import Z3Backend
from tests.differential.runs import (
    End,
    Evaluate,
    Run,
    TooManyRunsError,
    Visit,
    can_start,
    ends,
    runs,
    visits,
)
from tests.differential.shapes import Shape

Compile = Callable[..., Constraints]


class DisagreementError(AssertionError):
    """The twins say different things about a flow."""


@dataclass(frozen=True)
class Twins:
    """The two readings that are compared."""

    evaluate: Evaluate = evaluate
    compile: Compile = compile


TWINS = Twins()
LARGE = 60


class Agreement:
    """One network, compiled once, and as many flows of it as one likes.

    Explained constraints know where flows are dropped, and what would be were no filter to deny;
    that is what a ``heedless`` agreement compares.
    """

    def __init__(
        self, shape: Shape, twins: Twins = TWINS, *, explain: bool = False, heedless: bool = False
    ) -> None:
        self._shape = shape
        self._twins = twins
        self._explain = explain or heedless
        self._heedless = heedless
        self._made = twins.compile(shape.network, shape.aim, explain=self._explain)
        self._session = Z3Backend().open()
        lifts = self._made.relaxations if heedless else map(solver.not_, self._made.relaxations)
        self._session.add(*self._made.assertions, *lifts)
        self._denials = _denials(shape)
        walks = (self._made.forward, self._made.reply)
        self._cut = any(_is_cut(*loose) for walk in walks for loose in walk.loose_ends)

    @property
    def large(self) -> bool:
        """Whether a check takes long."""
        return len(self._made.forward.places) + len(self._made.reply.places) > LARGE

    def check(self, number: int, header: Header) -> int:
        """Raise a disagreement if there is one; otherwise the number of runs."""
        aim, made = self._shape.aim, self._made
        chosen, _, version = made.starts[number]
        pin = solver.and_(chosen, _equal(version, header))
        start = aim.starts[number]
        if not can_start(aim, start, header):
            self._expect(False, [pin], "it is no flow of the question", header)
            return 0
        network = self._shape.network
        try:
            found = runs(
                network, aim, start, header, walk=self._twins.evaluate, heedless=self._heedless
            )
        except TooManyRunsError:
            return 0
        for run in found:
            self._check_run(pin, run, header)
        if len(found) == 1:
            return 1
        # With choices free, and doubts settled either way: nothing but what some run does.
        there = _Seen.of([run.forward for run in found], True)
        back = _Seen.of([run.reply for run in found if run.reply is not None], True)
        free = solver.or_(self._elsewhere(made.forward, there), self._elsewhere(made.reply, back))
        self._expect(False, [pin, free], "nothing else, whatever is chosen", header)
        return len(found)

    def _check_run(self, pin: Term, run: Run, header: Header) -> None:
        made = self._made
        same = solver.and_(*_chosen(made.forward, run.there), *_chosen(made.reply, run.back))
        for settles in (False, True):
            if settles and not (run.doubtful or run.open):
                continue
            settled = made.doubt if settles else solver.not_(made.doubt)
            # Who heeds no denial heeds no doubt either.
            doubt = settles or self._heedless
            there = _Seen.of([run.forward], doubt)
            replied = run.reply is not None and (doubt or not run.forward.doubts)
            back = _Seen.of([run.reply] if replied and run.reply else [], doubt)
            goals, others = self._goals(run, settles)
            positive = [
                *self._here(made.forward, there),
                *self._here(made.reply, back),
                *goals,
            ]
            self._expect(
                True, [pin, same, settled, *positive], f"all of it happens, {doubt=}", header, run
            )
            negative = [
                self._elsewhere(made.forward, there),
                self._elsewhere(made.reply, back),
                *others,
            ]
            # Where there is no doubt it must not matter how doubts are settled.
            held = [settled] if run.doubtful or run.open else []
            self._expect(
                False,
                [pin, same, *held, solver.or_(*negative)],
                f"nothing else happens, {doubt=}",
                header,
                run,
            )

    def _goals(self, run: Run, settles: bool) -> tuple[list[Term], list[Term]]:
        """Whether the question is answered: what must be and what must not."""
        made = self._made
        if settles:
            happens = run.arrives or run.open
            if happens:
                return [made.may_arrive], []
            return [], [] if self._cut else [made.may_arrive]
        happens = run.arrives and (self._heedless or not run.doubtful)
        return ([made.arrives], []) if happens else ([], [made.arrives])

    # ---------------------------------------------------------------- terms

    def _here(self, walk: Walk, seen: _Seen) -> list[Term]:
        """What the trace does, as terms that must hold."""
        terms = [
            solver.any_of(
                solver.and_(place.reached, _equal(place.version, header))
                for place in walk.places.values()
                if place.node == node
            )
            for node, header in seen.visits
        ]
        for fate, resource, header in seen.ends:
            points = self._ends(walk).get(fate)
            if points is None or (fate is Fate.DROPPED and resource in self._denials):
                continue
            terms.append(
                solver.any_of(
                    solver.and_(met, _equal(version, header))
                    for met, version, origin in points
                    if origin.resource == resource
                )
            )
        return terms

    def _elsewhere(self, walk: Walk, seen: _Seen) -> Term:
        """Whether anything happens that the traces do not do."""
        terms = []
        for place in walk.places.values():
            known = [header for node, header in seen.visits if node == place.node]
            terms.append(_but(place.reached, place.version, known))
        for fate, points in self._ends(walk).items():
            for met, version, origin in points:
                known = [h for f, r, h in seen.ends if f is fate and r == origin.resource]
                terms.append(_but(met, version, known))
        return solver.any_of(terms)

    def _ends(self, walk: Walk) -> Mapping[Fate, Sequence[tuple[Term, Version, Origin]]]:
        """Where flows end; drops are kept in explained constraints only."""
        found = {
            Fate.DELIVERED: [(p.met, p.version, stage.origin) for p, stage in walk.deliveries],
            Fate.UNMODELLED: [
                (p.met, p.version, origin)
                for p, origin in walk.loose_ends
                if not _is_cut(p, origin)
            ],
        }
        if self._explain:
            found[Fate.DROPPED] = [(p.met, p.version, origin) for p, origin in walk.dead_ends]
        return found

    def _expect(
        self,
        possible: bool,
        assumed: Sequence[Term],
        what: str,
        header: Header,
        run: Run | None = None,
    ) -> None:
        outcome = self._session.check(assumed)
        assert isinstance(outcome, Sat | Unsat), outcome
        if isinstance(outcome, Sat) is not possible:
            shown = "" if run is None else "\n" + "\n".join(map(_tell, run.traces))
            raise DisagreementError(f"{self._shape}\n{show(header)}: {what} (by evaluate){shown}")


@dataclass(frozen=True)
class _Seen:
    """What some traces do."""

    visits: frozenset[Visit]
    ends: frozenset[End]

    @staticmethod
    def of(traces: Iterable[Trace], doubt: bool) -> _Seen:
        listed = list(traces)
        return _Seen(
            frozenset().union(*(visits(trace, doubt) for trace in listed)),
            frozenset().union(*(ends(trace, doubt) for trace in listed)),
        )


def _equal(version: Version, header: Header) -> Term:
    return solver.and_(
        *(
            solver.eq(term, solver.const(value, term.width))
            for term, value in zip(version, header, strict=True)
        )
    )


def _but(met: Term, version: Version, known: Iterable[Header]) -> Term:
    """Whether it is met with another header than these."""
    if met is FALSE:
        return FALSE
    others = (solver.not_(_equal(version, header)) for header in known)
    return solver.and_(met, *others)


def _chosen(walk: Walk, taken: Mapping[Site, int]) -> list[Term]:
    """That where the flow is, what was chosen is chosen."""
    terms = []
    for point, number, within, term in walk.choices:
        for site, value in taken.items():
            if (site.node, site.stage, site.within) == (point.place.node, number, within):
                here = solver.and_(point.met, _equal(point.place.version, site.header))
                chosen = solver.eq(term, solver.const(value, term.width))
                terms.append(solver.implies(here, chosen) if here is not TRUE else chosen)
    return terms


def _is_cut(point: Point, origin: Origin) -> bool:
    """Whether exploration gave up there; such a network may be undecided where a run is not."""
    return origin.resource == point.place.node


def _denials(shape: Shape) -> frozenset[str]:
    """The rules of filters that deny or may: a drop by them is no dead end of its own."""
    return frozenset(
        rule.origin.resource
        for node in shape.nodes.values()
        for stage in node.stages
        if isinstance(stage, Filter)
        for rule in stage.decisions
        if rule.action is not Action.PERMIT
    )


def show(header: Header) -> str:
    """A header as people write it."""
    parts = (
        f"{field.name}={field.show(value)}" for field, value in zip(FIELDS, header, strict=True)
    )
    return " ".join(parts)


def _tell(trace: Trace) -> str:
    way = "\n".join(f"    {hop.node}: {show(hop.before)}" for hop in trace.hops)
    return f"{way}\n    {trace.fate.value} by {trace.origin.resource}: {show(trace.final)}"
