"""The smallest change that makes an unreachable destination reachable.

    find_fix(wish) -> Proposal

Every denial can be lifted, at the price of the setting that denies: the rule, the entry or the
route that is lacking.  Z3's Optimize finds a flow whose settings cost the least (MaxSAT over all
paths at once, one soft clause a setting); the flow is walked by the concrete twin, what denies it
there becomes changes of records, and the question is asked again on the changed snapshot.  Only
what gets the other verdict there is proposed; else that choice is ruled out and the next is tried.
That fewer settings do not do is one more unsat, of the solver that decides questions.

Must not know any AWS thing by name, nor rendering.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import solver
from reach.amend import amend
from reach.answer import Verdict
from reach.canonical import Pinned
from reach.changes import Change, apply
from reach.compile import compile
from reach.component import Denied
from reach.constraints import Constraints
from reach.decide import Proof, arrives, witness
from reach.difference import difference
from reach.lower import lower
from reach.mending import Wish, edits, mending_of, needless, none, wanted
from reach.network.node import Network
from reach.network.stage import Filter, Forward, Origin, Translate
from reach.proposal import Proposal, Standing
from reach.resolve import Resolved, resolve
from solver import Problem, Sat, Soft, Term, Unsat

MOST_TRIES = 12
# One change outweighs every preference among kinds of changes.
_CHANGE = 1 << 10


def find_fix(wish: Wish) -> Proposal:
    """What to change so that the question of an unreachable answer is reachable."""
    if wish.answer.verdict is Verdict.REACHABLE:
        return needless("it is reachable as it is; a cut shows how to close it")
    if wish.answer.verdict is Verdict.UNDECIDED:
        words = wish.answer.reason or "what the answer hangs on is not in the snapshot"
        return none(f"no fix can be proved while the answer is undecided: {words}")
    resolved = resolve(wish.ground, wish.question)
    if resolved.nobody is not None:
        return none(f"there is nobody to let through: {resolved.nobody}")
    return _Search(wish, resolved).proposal()


@dataclass(frozen=True, slots=True)
class _Setting:
    """What one change would alter: the rules or routes of a thing, for one form of the packet."""

    resource: str
    place: str  # "inbound", or the route that is lacking
    form: tuple[Term, ...]

    def denies(self, denied: Denied) -> bool:
        told = denied.lacking or denied.origin
        place = told.locator if denied.lacking else _first(told.locator)
        return (self.resource, self.place) == (told.resource, place)


class _Search:
    """Choices of settings, the cheapest first, until one is verified."""

    def __init__(self, wish: Wish, resolved: Resolved) -> None:
        self._wish = wish
        self._aim = resolved.aim
        self._network = amend(wish.ground.network, resolved.amendment)
        self._constraints = compile(self._network, self._aim, explain=True, suppose=True)
        self._settings = _settings(self._network, self._constraints)
        self._chosen = {each: solver.symbol(f"change {n}", 0) for n, each in self._numbered()}
        self._ruled_out: list[Term] = []
        self._failures: dict[str, None] = {}

    def _numbered(self) -> Iterator[tuple[int, _Setting]]:
        known = dict.fromkeys(each for each in self._settings.values() if each is not None)
        return enumerate(known)

    def proposal(self) -> Proposal:
        for _ in range(MOST_TRIES):
            chosen = self._cheapest()
            if chosen is None:
                break
            proof = self._flow(chosen)
            changes = None if proof is None else self._changes(proof)
            found = None if proof is None or not changes else self._verified(proof, changes)
            if found is not None:
                return replace(found, smallest=len(found.edits) <= self._fewest(len(chosen)))
            self._ruled_out.append(solver.not_(solver.all_of(self._chosen[c] for c in chosen)))
        return self._nothing()

    def _rules(self) -> list[Term]:
        """All that holds of a flow that gets through past what is changed."""
        constraints = self._constraints
        lifts = [
            solver.not_(lifted)
            if setting is None
            else solver.implies(lifted, self._chosen[setting])
            for lifted, setting in self._settings.items()
        ]
        settled = solver.not_(constraints.doubt)
        return [*constraints.assertions, constraints.arrives, settled, *lifts, *self._ruled_out]

    def _cheapest(self) -> list[_Setting] | None:
        """The settings of a flow for which they cost the least."""
        soft = []
        for setting, term in self._chosen.items():
            mending = mending_of(setting.resource)
            assert mending is not None
            soft.append(Soft(solver.not_(term), _CHANGE + mending.rank))
        problem = Problem(tuple(self._rules()), budget=self._wish.budget)
        outcome = self._wish.backend.optimise(problem, soft)
        if not isinstance(outcome, Sat):
            return None
        return [
            each for each, term in self._chosen.items() if outcome.assignment.get(str(term.value))
        ]

    def _flow(self, chosen: Sequence[_Setting]) -> Proof | None:
        """The flow that these settings stop and no others, the same in every run."""
        session = self._wish.backend.open()
        kept = [term for each, term in self._chosen.items() if each not in chosen]
        session.add(*self._rules(), *(solver.not_(term) for term in kept))
        outcome = session.check(budget=self._wish.budget)
        if not isinstance(outcome, Sat):
            return None
        pinned = Pinned(session, (), outcome.assignment, self._wish.budget)

        def serves(proof: Proof) -> bool:
            met = list(_denials(proof))
            return not arrives(self._aim, proof) and all(
                any(setting.denies(denied) for setting in chosen) for denied in met
            )

        proof = witness(self._network, self._constraints, pinned, serves, heedless=True)
        return proof if serves(proof) else None

    def _changes(self, proof: Proof) -> tuple[Change, ...]:
        """The changes for all that denies a flow; none if one of them cannot be made."""
        found: list[Change] = []
        for denied in _denials(proof):
            mending = mending_of((denied.lacking or denied.origin).resource)
            changes = mending.admit(self._wish.ground, denied) if mending is not None else ()
            if not changes:
                self._failures[f"no change is known for {denied.origin}"] = None
                self._rule_out(denied)
                return ()
            found += changes
        return tuple(dict.fromkeys(found))

    def _rule_out(self, denied: Denied) -> None:
        for setting, term in self._chosen.items():
            if setting.denies(denied):
                self._ruled_out.append(solver.not_(term))

    def _verified(self, proof: Proof, changes: tuple[Change, ...]) -> Proposal | None:
        """The proposal if the question is reachable on the changed snapshot."""
        wish = self._wish
        after = lower(apply(wish.ground.snapshot, changes), wish.ground.options)
        answer = wish.again(after, wish.question)
        if answer.verdict is not Verdict.REACHABLE:
            shown = "; ".join(change.words for change in changes)
            self._failures[f"asked again with this changed, it is {answer.verdict}: {shown}"] = None
            return None
        space = wanted(proof, proof.packet, reply=False)
        found = Proposal(
            Standing.VERIFIED,
            edits=edits(changes),
            verdict=answer.verdict.value,
            notes=(f"for packets with {space}", *(r.text for r in answer.assumptions)),
        )
        opens = difference(wish.ground, after, wish.question, wish.backend)
        closes = difference(after, wish.ground, wish.question, wish.backend)
        return replace(found, opens=opens, closes=closes)

    def _fewest(self, found: int) -> int:
        """How many changes it takes at least: ``found``, if fewer were refuted."""
        session = self._wish.backend.open()
        fewer = solver.at_most(found - 1, list(self._chosen.values()))
        session.add(*self._rules(), fewer)
        return found if isinstance(session.check(budget=self._wish.budget), Unsat) else 0

    def _nothing(self) -> Proposal:
        blockers = dict.fromkeys(
            f"{each.resource or each.code}: {each.text} ({each.code})"
            for each in self._wish.answer.explanations
            if mending_of(each.resource) is None
        )
        words = "no change that is known makes it reachable"
        if blockers:
            words += "; what stands in the way is " + "; ".join(blockers)
        return none(words, *self._failures)


def _first(locator: str) -> str:
    return locator.partition(" ")[0]


def _settings(network: Network, constraints: Constraints) -> dict[Term, _Setting | None]:
    """For each denial that can be lifted what would have to be changed; None: nothing can be."""
    found: dict[Term, _Setting | None] = {}
    for walk in (constraints.forward, constraints.reply):
        routes = {lifted: (number, position) for _, number, position, lifted in walk.supposed}
        for place, number, lifted in walk.relaxed:
            stage = network.node(place.node).stages[number]
            match stage:
                case Filter():
                    origin = stage.otherwise.origin
                    told = (origin.resource, _first(origin.locator))
                case Forward() if lifted in routes:
                    origin = stage.supposed[routes[lifted][1]].origin
                    told = (origin.resource, origin.locator)
                case Translate() if stage.otherwise is not None:
                    told = (stage.otherwise.resource, _first(stage.otherwise.locator))
                case _:
                    continue
            mendable = mending_of(told[0]) is not None
            found[lifted] = _Setting(*told, place.version) if mendable else None
    return found


def _denials(proof: Proof) -> Iterator[Denied]:
    """All that denies a flow and its reply, with what should be let through there."""
    for trace, reply in ((proof.forward, False), (proof.reply, True)):
        if trace is None:
            continue
        for header, origin in trace.denials:
            route = next((o for h, o in trace.lacking if h == header and _same(o, origin)), None)
            yield Denied(origin, header, wanted(proof, header, reply=reply), route)


def _same(route: Origin, refusal: Origin) -> bool:
    """Whether a refusal is of the table that lacks the route."""
    return route.resource == refusal.resource
