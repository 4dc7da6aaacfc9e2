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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import solver
from reach.amend import amend
from reach.answer import Verdict
from reach.canonical import Pinned
from reach.changes import Change, apply
from reach.compile import compile
from reach.component import Denied
from reach.constraints import Constraints
from reach.decide import Proof, arrives, replay, witness
from reach.difference import difference
from reach.lower import Ground
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


@dataclass(frozen=True)
class _Choice:
    """Settings to change, with the solver's assignment of a flow that they stop.

    ``fewest`` iff fewer were refuted.
    """

    settings: tuple[_Setting, ...]
    pinned: Pinned
    fewest: bool


class _Search:
    """Choices of settings, the cheapest first, until one is verified."""

    def __init__(self, wish: Wish, resolved: Resolved) -> None:
        self._wish = wish
        self._aim = resolved.aim
        self._amendment = resolved.amendment
        self._network = amend(wish.ground.network, self._amendment)
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
            choice = self._cheapest()
            if choice is None:
                break
            proof = self._flow(choice)
            changes = None if proof is None else self._changes(proof)
            found = None if proof is None or not changes else self._verified(proof, changes)
            if proof is not None and found is not None:
                return replace(found, smallest=self._is_smallest(choice, proof, found))
            terms = [self._chosen[each] for each in choice.settings]
            self._ruled_out.append(solver.not_(solver.all_of(terms)))
        return self._nothing()

    def _is_smallest(self, choice: _Choice, proof: Proof, found: Proposal) -> bool:
        """Whether nothing smaller does: of several changes, none that another thing's setting may
        have spared."""
        few = choice.fewest and len(found.edits) <= len(choice.settings)
        spared = len(found.edits) > 1 and any(map(self._may_pass_otherwise, _denials(proof)))
        return few and not spared

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

    def _cheapest(self) -> _Choice | None:
        """The settings of a flow for which they cost the least, the same in every run."""
        ranks = {each: _rank(each) for each in self._chosen}
        soft = [
            Soft(solver.not_(term), _CHANGE + 3 ** ranks[each])
            for each, term in self._chosen.items()
        ]
        rules, budget = self._rules(), self._wish.budget
        outcome = self._wish.backend.optimise(Problem(tuple(rules), budget=budget), soft)
        if not isinstance(outcome, Sat):
            return None
        best = [e for e, t in self._chosen.items() if outcome.assignment.get(str(t.value))]
        session = self._wish.backend.open()
        session.add(*rules)
        fewer = solver.at_most(len(best) - 1, list(self._chosen.values()))
        is_fewest = bool(best) and isinstance(session.check([fewer], budget=budget), Unsat)
        # Of several that cost the same the ones that come first are taken.
        session.add(*self._no_dearer(best, ranks))
        found = session.check(budget=budget)
        if not isinstance(found, Sat):
            return None
        pinned = Pinned(session, (), found.assignment, budget)
        for term in reversed(self._chosen.values()):
            pinned.wish(solver.not_(term))
        settings = tuple(e for e, t in self._chosen.items() if pinned.assignment.get(str(t.value)))
        return _Choice(settings, pinned, is_fewest)

    def _no_dearer(self, best: Sequence[_Setting], ranks: Mapping[_Setting, int]) -> Iterator[Term]:
        """That no more settings change than of these, of no rank more."""
        for rank in sorted(set(ranks.values())):
            alike = [term for each, term in self._chosen.items() if ranks[each] >= rank]
            yield solver.at_most(sum(ranks[each] >= rank for each in best), alike)

    def _flow(self, choice: _Choice) -> Proof | None:
        """The flow that these settings stop and no others, the same in every run."""

        def serves(proof: Proof) -> bool:
            return not arrives(self._aim, proof) and all(
                any(setting.denies(denied) for setting in choice.settings)
                for denied in _denials(proof)
            )

        proof = witness(self._network, self._constraints, choice.pinned, serves, heedless=True)
        return proof if serves(proof) else None

    def _changes(self, proof: Proof) -> tuple[Change, ...]:
        """The changes for all that denies a flow; none if one of them cannot be made.

        One after the other, each on what the earlier ones have left: two entries of one ACL need
        two numbers, and what an earlier change lets through as well needs none.
        """
        found: tuple[Change, ...] = ()
        changed = self._wish.ground
        places: set[tuple[str, str]] = set()
        for denied in sorted(_denials(proof), key=self._may_pass_otherwise):
            told = denied.lacking or denied.origin
            place = (told.resource, _first(told.locator))
            spared = place in places or (bool(found) and self._may_pass_otherwise(denied))
            if spared and not self._denies(changed, proof, denied):
                continue
            places.add(place)
            mending = mending_of(told.resource)
            more = mending.admit(changed, denied) if mending is not None else ()
            if not more:
                self._failures[f"no change is known for {denied.origin}"] = None
                self._rule_out(denied)
                return ()
            found = (*found, *more)
            changed = self._wish.ground.of(apply(self._wish.ground.snapshot, found))
        return found

    def _may_pass_otherwise(self, denied: Denied) -> bool:
        """Whether a denial may go away by a change of something else."""
        mending = mending_of(denied.origin.resource)
        return (
            mending is not None
            and mending.otherwise is not None
            and mending.otherwise(self._wish.ground, denied)
        )

    def _denies(self, changed: Ground, proof: Proof, denied: Denied) -> bool:
        """Whether a denial of a flow is still there on a changed snapshot."""
        network = amend(changed.network, self._amendment)
        choices = proof.forward_choices, proof.reply_choices
        again = replay(
            network, proof.start, proof.packet, self._aim.two_way, *choices, heedless=True
        )
        resource = denied.origin.resource
        return any(
            each.header == denied.header and each.origin.resource == resource
            for each in _denials(again)
        )

    def _rule_out(self, denied: Denied) -> None:
        for setting, term in self._chosen.items():
            if setting.denies(denied):
                self._ruled_out.append(solver.not_(term))

    def _verified(self, proof: Proof, changes: tuple[Change, ...]) -> Proposal | None:
        """The proposal if the question is reachable on the changed snapshot."""
        wish = self._wish
        after = wish.ground.of(apply(wish.ground.snapshot, changes))
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
            notes=(
                f"for packets with {space}",
                *(remark.text for remark in (*answer.assumptions, *answer.notes)),
            ),
        )
        if not wish.effects:
            return found
        opens = difference(wish.ground, after, wish.question, wish.backend)
        if any(change.redirects for change in changes):
            closes = difference(after, wish.ground, wish.question, wish.backend)
            found = replace(found, closes=closes)
        return replace(found, opens=opens)

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


def _rank(setting: _Setting) -> int:
    mending = mending_of(setting.resource)
    assert mending is not None
    return mending.rank


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
