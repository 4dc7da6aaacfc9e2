"""Unreachable: the blockers of the path that comes closest.

Asks the same question with every denial lifted at a price, and takes a flow that needs the fewest
lifted; walked heedlessly by the concrete twin, it shows each rule that denies it, forward and
reply.  Where that gets through but for what has to see both directions (a firewall that cuts the
flow off), it is the answer still.  Else the flow that ends somewhere with the fewest denials shows
what is in the way: a missing route, a blackhole, an address that nobody has; then routes that could
be there are supposed, at a price as well.  Further ways past other denials are found by forbidding
all that an earlier one took, until none is left.  Must not know AWS or rendering.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import solver
from reach.aim import Aim, Start
from reach.canonical import Pinned
from reach.compile import FEW, compile
from reach.decide import BUDGET, Proof, arrives, missed, takes_the_way, witness
from reach.network.field import FIELDS, Header
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.stage import Origin
from reach.trace import Fate, Trace
from solver import Backend, Budget, Sat, Term

MOST_STARTS = 6
NO_PATH = Origin("", "no path leads there at all", code="NO_PATH")
NOTHING = Header(0, 0, 0)
FILTER = "COMPONENT_FILTER_RESTRICTION"


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stops a flow, on which way, and the header it stops."""

    direction: str
    origin: Origin
    header: Header


@dataclass(frozen=True)
class Blocked:
    """The blockers, and the path they stand on if there is a complete one."""

    blockers: tuple[Blocker, ...]
    path: Proof | None = None


@dataclass(frozen=True)
class Explained:
    """Blocked ways, the closest first; ``exhausted`` iff there are no others.

    What blocks one of them is minimal: no other way needs only a part of it.
    """

    ways: tuple[Blocked, ...]
    exhausted: bool = False


NOWHERE = Explained((Blocked((Blocker("forward", NO_PATH, NOTHING),)),), exhausted=True)


def explain(
    network: Network, aim: Aim, backend: Backend, budget: Budget = BUDGET, *, most: int = 1
) -> Explained:
    """What is in the way of the flows of an aim that is unreachable, in up to ``most`` ways.

    Of a question with many ends the flow that comes closest on its way there is taken, and then all
    that is in its way, there and back.  Where no denials lifted let a flow through, routes that
    could be there are supposed as well, for the flow that gets furthest without.
    """
    if aim.two_way and _is_wide(aim):
        proof = _Lifted(network, replace(aim, two_way=False), backend, budget).fewest()
        if proof is not None:
            aim = replace(aim, starts=(_exactly(proof),))
    lifted = _Lifted(network, aim, backend, budget)
    proof = lifted.fewest()
    if proof is not None and most == 1:
        return Explained((_complete(proof),))
    if proof is not None:
        exact = replace(aim, starts=(_exactly(proof),))
        return _ways(_Lifted(network, exact, backend, budget, suppose=True), most)
    unseen = lifted.unseen()
    if unseen is not None:
        met = (*_blockers(unseen), *_astray(aim, unseen))
        return Explained((Blocked(tuple(_each_once(met)), unseen),), exhausted=True)
    stuck = lifted.stuck() or lifted.round()
    if not stuck:
        # What becomes of the reply is not known; the way there may be blocked all the same.
        there = replace(aim, two_way=False)
        forward = explain(network, there, backend, budget, most=most) if aim.two_way else NOWHERE
        return forward if forward.ways[0].blockers else NOWHERE
    closest = max(stuck, key=_got_how_far)
    met = (*_blockers(closest), *_astray(aim, closest))
    narrow = replace(aim, starts=(_exactly(closest),))
    supposing = _ways(_Lifted(network, narrow, backend, budget, suppose=True), most)
    if not supposing.ways:
        return Explained((Blocked(tuple(dict.fromkeys(met))),), exhausted=True)
    first, *others = supposing.ways
    whole = Blocked(tuple(dict.fromkeys((*met, *first.blockers))), first.path)
    return Explained((whole, *others), supposing.exhausted)


def _ways(lifted: _Lifted, most: int) -> Explained:
    """Ways past denials, the fewest first, none of which needs all that another one does."""
    found: list[Blocked] = []
    for proof in lifted.ways():
        if len(found) == most:
            return Explained(tuple(found))
        blocked = _complete(proof)
        needs = _settings(blocked)
        if not any(_settings(other) <= needs for other in found):
            found.append(blocked)
    return Explained(tuple(found), exhausted=True)


def _settings(blocked: Blocked) -> frozenset[tuple[str, str, str]]:
    """What would have to be changed, whatever the flow."""
    return frozenset(
        (each.origin.resource, each.origin.locator, each.origin.words) for each in blocked.blockers
    )


def _complete(proof: Proof) -> Blocked:
    return Blocked(tuple(dict.fromkeys(_blockers(proof))), proof)


def _each_once(blockers: Iterable[Blocker]) -> Iterator[Blocker]:
    """One for each setting: a rule that drops the flow need not be said to drop its reply."""
    known = set()
    for each in blockers:
        setting = (each.origin.resource, each.origin.locator, each.origin.words)
        if setting not in known:
            known.add(setting)
            yield each


def _is_wide(aim: Aim) -> bool:
    """Whether several interfaces or hosts are asked about at either end."""
    ends = (s.space.by_name.get(name) for s in aim.starts for name in ("source", "destination"))
    return len(aim.starts) > FEW or any(end is None or end.single is None for end in ends)


def _exactly(proof: Proof) -> Start:
    """The start of one flow and no other."""
    exact = {
        field.name: Ranges.of(value) for field, value in zip(FIELDS, proof.packet, strict=True)
    }
    return replace(proof.start, space=HeaderSpace.where(**exact))


def _got_how_far(proof: Proof) -> tuple[bool, int, int]:
    """Better the more of the way is clear."""
    hops = len(proof.forward.hops) + (len(proof.reply.hops) if proof.reply else 0)
    return proof.reply is not None, -len(proof.forward.denials), hops


class _Lifted:
    """Flows that pass denials, as few as possible."""

    def __init__(
        self,
        network: Network,
        aim: Aim,
        backend: Backend,
        budget: Budget,
        *,
        suppose: bool = False,
    ) -> None:
        self._network = network
        self._aim = aim
        self._backend = backend
        self._budget = budget
        self._constraints = compile(network, aim, explain=True, suppose=suppose)

    def fewest(self) -> Proof | None:
        """The flow that gets through past the fewest denials."""
        return next(self.ways(), None)

    def ways(self) -> Iterator[Proof]:
        """Flows that get through, past ever more denials; none past all that an earlier one is."""
        others: list[Term] = []
        while True:
            proof, lifted = self._to(self._constraints.arrives, others)
            if proof is None:
                return
            # A replay can go round where the solver's ports differ from lap to lap: no way at all.
            if not arrives(self._aim, proof):
                yield proof
            others.append(solver.not_(solver.and_(*lifted)))

    def unseen(self) -> Proof | None:
        """The flow that gets through, and its reply, but for what has to see both directions."""
        if self._constraints.unseen is solver.FALSE:
            return None
        return self._to(self._constraints.unseen)[0]

    def stuck(self) -> list[Proof]:
        """For each of the first starts, the flow that gets nowhere past the fewest denials."""
        constraints = self._constraints
        goals = [
            solver.and_(chosen, constraints.stuck)
            for chosen, _, _ in constraints.starts[:MOST_STARTS]
        ]
        return [proof for goal in goals if (proof := self._to(goal)[0]) is not None]

    def round(self) -> list[Proof]:
        """Some flow of the aim, if there is any, wherever it goes past all denials."""
        proof, _ = self._to(solver.TRUE)
        return [] if proof is None else [proof]

    def _to(self, goal: Term, others: Sequence[Term] = ()) -> tuple[Proof | None, list[Term]]:
        """The flow to ``goal`` past the fewest denials, of several the same in every run.

        With the relaxations that it takes, which must be ``others`` than those of earlier ones.
        """
        constraints = self._constraints
        lifted = constraints.relaxations
        session = self._backend.open()
        session.add(*constraints.assertions, solver.not_(constraints.doubt), *others)
        kept = [solver.not_(term) for term in lifted]
        outcome = session.minimise(kept, [goal], budget=self._budget)
        if not isinstance(outcome, Sat):
            return None, []
        price = sum(bool(solver.interpret(term, outcome.assignment)) for term in lifted)
        held = [goal, solver.at_most(price, lifted)]
        pinned = Pinned(session, held, outcome.assignment, self._budget)
        through = goal is constraints.arrives
        proof = witness(
            self._network,
            constraints,
            pinned,
            lambda proof: _denials(proof) == price and (not arrives(self._aim, proof)) is through,
            heedless=True,
        )
        return proof, [term for term in lifted if solver.interpret(term, pinned.assignment)]


def _denials(proof: Proof) -> int:
    """What the path would need: denials lifted, and doubts settled."""
    traces = [trace for trace in (proof.forward, proof.reply) if trace]
    return sum(len(trace.denials) + len(trace.doubts) for trace in traces)


def _astray(aim: Aim, proof: Proof) -> Iterator[Blocker]:
    """A flow that is delivered, but not where or not as the question asks."""
    if (proof.reply or proof.forward).fate is not Fate.DELIVERED:
        return
    if proof.reply is not None:
        for origin in missed(proof):
            yield Blocker("reply", origin, proof.reply.final)
            return
    for direction, trace in (("reply", proof.reply), ("forward", proof.forward)):
        if trace is not None and trace.fate is Fate.DELIVERED:
            changed = [hop for hop in trace.hops if hop.before != hop.after]
            coded = [origin for hop in changed for origin in hop.passed if origin.code]
            words = arrives(aim, proof) or NO_PATH.words
            past = not takes_the_way(aim, proof.forward)
            astray = Origin(trace.origin.resource, words, code=FILTER if past else NO_PATH.code)
            origin = coded[-1] if coded and not past else astray
            yield Blocker("forward" if past else direction, origin, trace.final)
            return


def _blockers(proof: Proof) -> Iterator[Blocker]:
    for direction, trace in (("forward", proof.forward), ("reply", proof.reply)):
        if trace is not None:
            yield from _of_trace(direction, trace)


def _of_trace(direction: str, trace: Trace) -> Iterator[Blocker]:
    for header, origin in trace.denials:
        yield Blocker(direction, origin, header)
    if trace.fate in (Fate.DROPPED, Fate.LOOPED):
        yield Blocker(direction, trace.origin, trace.final)
