"""The smallest set of rules and routes to remove that makes a destination unreachable.

    find_cut(wish) -> Proposal

An implicit hitting set.  Each flow that gets through names what let it pass; every cut has to take
away at least one of these.  Z3's Optimize gives the cheapest set that does so for all flows found
so far (MaxSAT); flows that still pass it are found by walking the known ones again and, when they
are all stopped, by asking the question without what was removed.  When that is unreachable the set
is a smallest one.  It is then removed from a copy of the snapshot and the question asked again.

Of a protocol that is tracked by address the other end's own flow counts as well: what was asked
about may be the reply to it (R-SG-27), so a cut has to stop both.

Must not know any AWS thing by name, nor rendering.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import solver
from reach.aim import Aim
from reach.amend import Amendment, amend
from reach.answer import Verdict
from reach.changes import Removal, apply
from reach.decide import Decision, Proof, decide, gets_through, replay
from reach.difference import difference
from reach.mending import Wish, edits, mending_of, needless, none
from reach.network.node import Network, Node
from reach.network.stage import Action, Filter, Forward, Origin, Stage
from reach.proposal import Proposal, Standing
from reach.resolve import other_end, resolve
from solver import Problem, Sat, Soft

MOST_ROUNDS = 400
MOST_TRIES = 12
# One removal outweighs how much it is for, that its kind, that the order in which they were found.
_CHANGE, _BREADTH, _RANK = 1 << 40, 1 << 20, 1 << 16


def find_cut(wish: Wish) -> Proposal:
    """What to remove so that the question of a reachable answer is unreachable."""
    if wish.answer.verdict is Verdict.UNREACHABLE:
        return needless("it is unreachable as it is; a fix shows how to open it")
    if wish.answer.verdict is Verdict.UNDECIDED:
        words = wish.answer.reason or "what the answer hangs on is not in the snapshot"
        return none(f"no cut can be proved while the answer is undecided: {words}")
    return _Search(wish).proposal()


@dataclass(frozen=True)
class _Demand:
    """What every cut has to do for one flow: take away one of these, or give back one of those.

    A route that was removed may have led the flow elsewhere, so giving it back may stop it too.
    """

    take: frozenset[Removal]
    give_back: frozenset[Removal]


@dataclass(frozen=True, eq=False)
class _Way:
    """Flows that a cut has to stop: those that were asked about, or the other end's own."""

    aim: Aim
    amendment: Amendment


class _Search:
    """Sets of removals, the cheapest first, until one leaves no flow."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        resolved = resolve(wish.ground, wish.question)
        other = other_end(wish.ground, wish.question, resolved)
        both = (resolved, other)
        self._ways = tuple(
            _Way(each.aim, each.amendment) for each in both if each and each.nobody is None
        )
        self._numbers: dict[Removal, int] = {}
        self._origins: dict[Removal, set[Origin]] = {}
        self._change_of: dict[Origin, Removal | None] = {}
        self._demands: dict[_Demand, None] = {}
        self._flows: list[tuple[_Way, Proof]] = []
        self._stuck: Origin | None = None
        self._failures: dict[str, None] = {}

    def proposal(self) -> Proposal:
        for _ in range(MOST_TRIES):
            cut = self._cut()
            if cut is None:
                return self._nothing()
            found = self._verified(self._in_order(cut))
            if found is not None:
                return found
        return self._nothing()

    def _cut(self) -> frozenset[Removal] | None:
        """The cheapest set that stops every flow of the network as it was lowered."""
        cut = frozenset[Removal]()
        for _ in range(MOST_ROUNDS):
            flow = self._flow_past(cut)
            if flow is None:
                return cut
            if not self._demand(flow, cut):
                return None
            cheapest = self._cheapest()
            if cheapest is None:
                return None
            cut = cheapest
        self._failures[f"the search was given up after {MOST_ROUNDS} rounds"] = None
        return None

    def _flow_past(self, cut: frozenset[Removal]) -> Proof | None:
        """A flow that gets through all the same: a known one, else one that is found."""
        left = self._less(cut)
        networks = {way: amend(left, way.amendment) for way in self._ways}
        for way, known in self._flows:
            flow = replay(
                networks[way],
                known.start,
                known.packet,
                way.aim.two_way,
                known.forward_choices,
                known.reply_choices,
            )
            if gets_through(way.aim, flow):
                return flow
        for way in self._ways:
            decision = decide(networks[way], way.aim, self._wish.backend)
            if decision.verdict is Verdict.REACHABLE and decision.proof is not None:
                self._flows.append((way, decision.proof))
                return decision.proof
        return None

    def _less(self, cut: frozenset[Removal]) -> Network:
        """The network after a cut.  Where routes are gone others may come into force."""
        ground = self._wish.ground
        if not any(each.redirects for each in cut):
            return _without(ground.network, {o for each in cut for o in self._origins[each]})
        return ground.of(apply(ground.snapshot, self._in_order(cut))).network

    def _in_order(self, cut: Iterable[Removal]) -> tuple[Removal, ...]:
        return tuple(sorted(cut, key=self._numbers.__getitem__))

    def _demand(self, flow: Proof, cut: frozenset[Removal]) -> bool:
        """Remember what a flow demands of every cut; whether there is anything to take away."""
        used = self._removals(flow)
        if not used:
            self._stuck = next(_used(flow), None)
            return False
        routes = frozenset(each for each in cut if each.redirects)
        self._demands[_Demand(used, routes - used)] = None
        return True

    def _removals(self, flow: Proof) -> frozenset[Removal]:
        """What could be taken away of all that lets a flow and its reply pass."""
        removals = (self._removal(origin) for origin in _used(flow))
        return frozenset(each for each in removals if each is not None)

    def _removal(self, origin: Origin) -> Removal | None:
        """The one change that takes away what an origin speaks of."""
        if origin not in self._change_of:
            mending = mending_of(origin.resource)
            changes = mending.remove(self._wish.ground, origin) if mending is not None else ()
            change = changes[0] if len(changes) == 1 else None
            self._change_of[origin] = change
            if change is not None:
                self._numbers.setdefault(change, len(self._numbers))
                self._origins.setdefault(change, set()).add(origin)
        return self._change_of[origin]

    def _cheapest(self) -> frozenset[Removal] | None:
        """The cheapest set of removals that meets all demands."""
        gone = {each: solver.symbol(f"gone {n}", 0) for each, n in self._numbers.items()}
        hard = [
            solver.or_(
                *(gone[each] for each in demand.take),
                *(solver.not_(gone[each]) for each in demand.give_back),
            )
            for demand in self._demands
        ]
        soft = [Soft(solver.not_(term), self._cost(each)) for each, term in gone.items()]
        outcome = self._wish.backend.optimise(Problem(tuple(hard)), soft)
        if not isinstance(outcome, Sat):
            return None
        return frozenset(each for each, t in gone.items() if outcome.assignment.get(str(t.value)))

    def _cost(self, change: Removal) -> int:
        mending = mending_of(change.resource)
        rank = mending.rank if mending is not None else 0
        return _CHANGE + _BREADTH * change.breadth + _RANK * rank + self._numbers[change]

    def _verified(self, changes: tuple[Removal, ...]) -> Proposal | None:
        """The proposal if the question is unreachable on the changed snapshot."""
        wish = self._wish
        after = wish.ground.of(apply(wish.ground.snapshot, changes))
        answer = wish.again(after, wish.question)
        if answer.verdict is not Verdict.UNREACHABLE:
            self._learn(after.network, changes, answer.verdict)
            return None
        found = Proposal(
            Standing.VERIFIED,
            edits=edits(changes),
            smallest=not self._failures,
            verdict=answer.verdict.value,
            notes=tuple(self._only_replies(after.network)),
            certificate=answer.certificate,
        )
        if not wish.effects:
            return found
        closes = difference(after, wish.ground, wish.question, wish.backend)
        if any(change.redirects for change in changes):
            opens = difference(wish.ground, after, wish.question, wish.backend)
            found = replace(found, opens=opens)
        return replace(found, closes=closes)

    def _learn(self, network: Network, changes: tuple[Removal, ...], verdict: Verdict) -> None:
        """What the flow demands that still gets through where the changes were really made."""
        known = frozenset(changes)
        decided = (self._decided(network, way) for way in self._ways)
        proof = next((each.proof for each in decided if each.proof is not None), None)
        take = self._removals(proof) if proof is not None else known
        self._demands[_Demand(take - known, known)] = None
        shown = "; ".join(change.words for change in changes)
        self._failures[f"asked again with this changed, it is {verdict}: {shown}"] = None

    def _only_replies(self, network: Network) -> Iterator[str]:
        """A word if the packets themselves still arrive."""
        asked = self._ways[0]
        if asked.aim.two_way:
            one_way = replace(asked, aim=replace(asked.aim, two_way=False))
            if self._decided(network, one_way).verdict is not Verdict.UNREACHABLE:
                yield (
                    "it is the replies that this stops: the packets themselves still arrive; "
                    "--one-way asks for a cut that stops these"
                )

    def _decided(self, network: Network, way: _Way) -> Decision:
        return decide(amend(network, way.amendment), way.aim, self._wish.backend)

    def _nothing(self) -> Proposal:
        words = "no set of rules and routes to remove makes it unreachable"
        if self._stuck is not None:
            words += f"; nothing that can be removed lets this flow pass: {self._stuck}"
        return none(words, *self._failures)


def _used(flow: Proof) -> Iterator[Origin]:
    """All that let a flow and its reply pass."""
    for trace in (flow.forward, flow.reply):
        for hop in trace.hops if trace is not None else ():
            yield from hop.passed


def _without(network: Network, gone: Iterable[Origin]) -> Network:
    """The network without the permits and routes of these origins."""
    removed = frozenset(gone)
    resources = frozenset(origin.resource for origin in removed)
    if not removed:
        return network

    @cache
    def make(name: str) -> Node:
        node = network.node(name)
        return replace(node, stages=tuple(_less(each, removed, resources) for each in node.stages))

    return Network(make)


def _less(stage: Stage, removed: frozenset[Origin], resources: frozenset[str]) -> Stage:
    match stage:
        case Filter() if any(rule.origin.resource in resources for rule in stage.rules):
            rules = (
                r for r in stage.rules if r.action is not Action.PERMIT or r.origin not in removed
            )
            return replace(stage, rules=tuple(rules))
        case Forward() if any(route.origin.resource in resources for route in stage.routes):
            routes = tuple(route for route in stage.routes if route.origin not in removed)
            return replace(stage, routes=routes)
        case _:
            return stage
