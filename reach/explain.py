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
from dataclasses import dataclass, field, replace

import solver
from reach.aim import Aim, resource_of
from reach.canonical import Pinned
from reach.compile import compile
from reach.decide import BUDGET, Proof, arrives, missed, takes_the_way, witness
from reach.exploration import FEW
from reach.network.field import FIELD, INDEX, Header
from reach.network.node import Network
from reach.network.stage import Origin
from reach.trace import Fate, Hop, Trace
from solver import Backend, Budget, Sat, Session, Term

MOST_STARTS = 6
NO_PATH = Origin("", "no path leads there at all", code="NO_PATH")
NOTHING = Header(0, 0, 0)
FILTER = "COMPONENT_FILTER_RESTRICTION"
AT_DESTINATION = {
    "source": "FILTER_AT_DESTINATION_SOURCE_ADDRESS",
    "destination": "FILTER_AT_DESTINATION_DESTINATION_ADDRESS",
    "protocol": "FILTER_AT_DESTINATION_PROTOCOL",
    "source_port": "FILTER_AT_DESTINATION_SOURCE_PORT_RANGE",
    "destination_port": "FILTER_AT_DESTINATION_DESTINATION_PORT_RANGE",
}


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stops a flow, on which way, and the header it stops.

    ``lacking`` is what a missing route was supposed to lead to, ``hops`` the way as far as here:
    they tell more about it, and do not make it another blocker.  One that is ``aside`` blocks
    nothing itself.
    """

    direction: str
    origin: Origin
    header: Header
    lacking: str = field(default="", compare=False)
    hops: tuple[Hop, ...] = field(default=(), compare=False)
    aside: bool = False


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

    For one way of a question with many ends the flow that comes closest on its way there is taken,
    and then all that is in its way, there and back; several ways are those of any of its flows.
    Where no denials lifted let a flow through, routes that could be there are supposed as well, for
    the flow that gets furthest without.
    """
    if aim.two_way and most == 1 and _is_wide(aim):
        # What is at least translated comes close enough, and is quicker to find among many.
        there = replace(aim, two_way=False)
        proof = _Lifted(network, there, backend, budget, filters_only=True).fewest()
        proof = proof or _Lifted(network, there, backend, budget).fewest()
        if proof is not None:
            aim = replace(aim, starts=(proof.start.of_one(proof.packet),))
    lifted = _Lifted(network, aim, backend, budget)
    proof = lifted.fewest()
    if proof is not None and most == 1:
        return Explained((_complete(proof),))
    if proof is not None:
        return _ways(_Lifted(network, aim, backend, budget, suppose=True), most)
    unseen = lifted.unseen()
    if unseen is not None:
        # A reply that gets home by another way is a complete path; the routes may be no fault.
        met = (*_blockers(unseen), *_astray(aim, unseen))
        return Explained((Blocked(tuple(_each_once(met)), unseen),))
    stuck = lifted.stuck() or lifted.round()
    if not stuck:
        # What becomes of the reply is not known; the way there may be blocked all the same.
        there = replace(aim, two_way=False)
        forward = explain(network, there, backend, budget, most=most) if aim.two_way else NOWHERE
        return forward if forward.ways[0].blockers else NOWHERE
    closest = max(stuck, key=_got_how_far)
    met = _distinct((*_blockers(closest), *_astray(aim, closest)))
    if most == 1 and any(_unlike(aim, closest.forward)) and _is_delivered(closest):
        # It is only what is asked of the packet as it arrives: no route would change that.
        return Explained((Blocked(met),))
    narrow = replace(aim, starts=(closest.start.of_one(closest.packet),))
    supposing = _ways(_Lifted(network, narrow, backend, budget, suppose=True), most)
    if not supposing.ways:
        return Explained((Blocked(met),), exhausted=True)
    first, *others = supposing.ways
    whole = Blocked(_distinct((*met, *first.blockers)), first.path)
    return Explained((whole, *others), supposing.exhausted)


def _ways(lifted: _Lifted, most: int) -> Explained:
    """Ways past denials, the fewest first, none of which needs all that another one does."""
    found: list[Blocked] = []
    for proof in lifted.ways():
        if most == 1:  # whether there are others was not asked, and takes as long again
            return Explained((_complete(proof),))
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
    return Blocked(_distinct(_blockers(proof)), proof)


def _distinct(blockers: Iterable[Blocker]) -> tuple[Blocker, ...]:
    """Each blocker once, as it is told with what it lacks."""
    found: dict[Blocker, Blocker] = {}
    for each in blockers:
        if each not in found or (each.lacking and not found[each].lacking):
            found[each] = each
    return tuple(found.values())


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
        filters_only: bool = False,
    ) -> None:
        self._network = network
        self._aim = aim
        self._backend = backend
        self._budget = budget
        self._constraints = compile(
            network, aim, explain=True, suppose=suppose, filters_only=filters_only
        )
        self._spare: Session | None = None

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

    def _session(self) -> Session:
        """One that holds what is the case; what held no flow to one goal serves for the next."""
        session, self._spare = self._spare, None
        if session is None:
            session = self._backend.open()
            session.add(*self._constraints.assertions, solver.not_(self._constraints.doubt))
        return session

    def _to(self, goal: Term, others: Sequence[Term] = ()) -> tuple[Proof | None, list[Term]]:
        """The flow to ``goal`` past the fewest denials, of several the same in every run.

        With the relaxations that it takes, which must be ``others`` than those of earlier ones.
        """
        constraints = self._constraints
        lifted = constraints.relaxations
        session = self._session()
        session.add(*others)
        kept = [solver.not_(term) for term in lifted]
        outcome = session.minimise(kept, [goal], budget=self._budget, core=False)
        if not isinstance(outcome, Sat):
            self._spare = None if others else session
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


def _is_delivered(proof: Proof) -> bool:
    """Whether it gets to somebody, and its reply as well, past no denial."""
    traces = [trace for trace in (proof.forward, proof.reply) if trace is not None]
    return all(trace.fate is Fate.DELIVERED and not trace.denials for trace in traces)


def _astray(aim: Aim, proof: Proof) -> Iterator[Blocker]:
    """A flow that is delivered, but not where or not as the question asks."""
    forward, reply = proof.forward, proof.reply
    if (reply or forward).fate is not Fate.DELIVERED:
        return
    if reply is not None:
        unseen = missed(proof)
        if unseen:
            yield Blocker("reply", unseen[0], reply.final)
            return
    unlike = tuple(_unlike(aim, forward))
    past = not takes_the_way(aim, forward)
    if past or unlike or reply is None:
        direction, trace = "forward", forward
    else:
        direction, trace = "reply", reply
    if past:
        words = "the packet does not pass it, and was to"
        origins = tuple(Origin(each, words, code=FILTER) for each in _passed_by(aim, forward))
    else:
        changed = [hop for hop in trace.hops if hop.before != hop.after]
        coded = [origin for hop in changed for origin in hop.passed if origin.code]
        words = arrives(aim, proof) or NO_PATH.words
        astray = Origin(trace.origin.resource, words, code=NO_PATH.code)
        origins = (*coded[-1:], *unlike) or (astray,)
    for origin in origins:
        yield Blocker(direction, origin, trace.final, hops=trace.hops)


def _passed_by(aim: Aim, forward: Trace) -> Iterator[str]:
    """What was to be passed and was not: one name of each thing."""
    for visit in aim.through:
        if not any(visit.is_at(hop.node) for hop in forward.hops):
            yield min(visit.resources or map(resource_of, visit.nodes))


def _unlike(aim: Aim, forward: Trace) -> Iterator[Origin]:
    """What was asked of the packet as it arrives, and is not so."""
    for name, asked in aim.arriving.fields:
        value = forward.final[INDEX[name]]
        if value not in asked and name in AT_DESTINATION:
            words = f"arrives with {name.replace('_', ' ')} {FIELD[name].show(value)}"
            code = AT_DESTINATION[name]
            yield Origin(forward.origin.resource, words, name, code, record=asked)


def _blockers(proof: Proof) -> Iterator[Blocker]:
    for direction, trace in (("forward", proof.forward), ("reply", proof.reply)):
        if trace is not None:
            yield from _of_trace(direction, trace)


def _of_trace(direction: str, trace: Trace) -> Iterator[Blocker]:
    for header, origin in trace.denials:
        lacking = _lacking(trace, header, origin)
        yield Blocker(direction, origin, header, lacking, _way_to(trace, origin))
    if trace.fate in (Fate.DROPPED, Fate.LOOPED):
        yield Blocker(direction, trace.origin, trace.final, hops=trace.hops)


def _lacking(trace: Trace, header: Header, origin: Origin) -> str:
    """What the route would lead to that was supposed where this denied it."""
    supposed = (
        f"{each.record}"
        for at, each in trace.lacking
        if at == header and each.resource == origin.resource
    )
    return next(supposed, "")


def _way_to(trace: Trace, origin: Origin) -> tuple[Hop, ...]:
    """The hops as far as the one that denies it."""
    for number, hop in enumerate(trace.hops):
        if origin in hop.denied:
            return trace.hops[: number + 1]
    return trace.hops
