"""Aim -> decision: check, decode, replay.  The only place that says a verdict.

One problem covers every path, and Z3 decides it; what is too much at once is decided piece by
piece, many pieces by floods that the checker of certificates accepts.  A satisfying assignment is
believed only after the packet and its reply have been walked, hop by hop, by the concrete twin;
anything else is a defect of ours and raised.  Where the packet that would be shown in the end can
be foreseen, that walk alone is the proof, and nothing is left to decide.  What is satisfiable only
by settling a doubt is undecided.  Must not know AWS, question texts or rendering.

Implements: R-PIPE-1
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

import solver
from reach import foreseen
from reach.aim import Aim, Start, makes_all
from reach.answer import Verdict, header_words
from reach.arriving import arriving
from reach.canonical import Pinned, pin_choices, pin_header
from reach.certificate import Certificate, Part
from reach.certify import certify
from reach.check import possible
from reach.compile import compile
from reach.constraints import Constraints
from reach.dividing import Shown, Small, divided
from reach.errors import Defect
from reach.evaluate import there_and_back
from reach.exploration import MOST_REWRITES, TooWide
from reach.network.field import Header, reply_to
from reach.network.header_space import HeaderSpace
from reach.network.node import Network
from reach.network.stage import Origin
from reach.shut import Shut
from reach.trace import Fate, Site, Trace
from solver import FALSE, Backend, Budget, Sat, Term, Unknown, Unsat

BUDGET = Budget(milliseconds=60_000)
NO_CHOICES: Mapping[Site, int] = {}
_FEW, _FEW_STEPS = 8, 500
# More starts or places than these are too much at once; so many pieces are decided together.
_MOST_STARTS, _MOST_PLACES = 16, 1000
_MOST_TOGETHER = 16
# Floods that fill so many cells take a minute or two and some gigabytes; then it ends.
_MOST_CELLS = 500_000
_TOO_MANY = (
    "too many flows to be followed one by one; `reach isolated` and `reach matrix` follow "
    "everybody's at once"
)


@dataclass(frozen=True)
class Proof:
    """A flow that gets through: its start, its traces, and what was chosen on the way."""

    start: Start
    packet: Header
    forward: Trace
    reply: Trace | None
    forward_choices: Mapping[Site, int]
    reply_choices: Mapping[Site, int]


@dataclass(frozen=True)
class Decision:
    """The verdict; a proof goes with reachable and, where there is one, with undecided.

    ``open`` are the origins that an undecided verdict hangs on; ``unknown`` is the backend's reason
    if it gave up.  Of an unreachable aim that was divided ``parts`` are shown to be shut;
    they are a certificate if ``certified``.
    """

    verdict: Verdict
    proof: Proof | None = None
    open: tuple[Origin, ...] = ()
    unknown: str = ""
    parts: tuple[Part, ...] = field(default=(), compare=False)
    certified: bool = field(default=False, compare=False)

    @property
    def certificate(self) -> Certificate | None:
        """That an aim is unreachable, as far as it was found when it was decided."""
        return Certificate(self.parts) if self.certified else None


def decide(network: Network, aim: Aim, backend: Backend, budget: Budget = BUDGET) -> Decision:
    """Reachable iff a flow of the aim gets through; unreachable iff the whole problem is unsat."""
    proof = at_once(network, aim)
    if proof is not None:
        return Decision(Verdict.REACHABLE, proof)
    if len(aim.starts) <= _MOST_STARTS:
        try:
            constraints = compile(network, aim, most=_MOST_PLACES)
        except TooWide:
            pass
        else:
            proof = None if constraints.arrives is FALSE else by_sets(network, aim)
            if proof is not None:
                return Decision(Verdict.REACHABLE, proof)
            decision = decide_compiled(network, aim, constraints, backend, budget)
            if not decision.unknown or len(aim.starts) == 1:
                return decision
    return _Pieces(network, aim, backend, budget, Shut(network)).decision()


@dataclass
class _Pieces:
    """An aim that is too much at once, piece by piece.

    Some that are small wait to be decided together, more and more as long as none of them gets
    through: what seems open and is not is seldom so alone.
    """

    network: Network
    aim: Aim
    backend: Backend
    budget: Budget
    shut: Shut
    waiting: list[Small] = field(default_factory=list)
    together: int = 1
    undecided: Decision | None = None
    cells: int = 0

    def decision(self) -> Decision:
        """Ends at the first pieces that get through, and at the first that are too much, too."""
        for piece in divided(self.network, self.aim, partial(at_once, self.network)):
            told: Decision | None = None
            match piece:
                case Part():
                    self.shut.parts.append(piece)
                    self.cells += len(piece.forward) + len(piece.reply)
                    if self.cells > _MOST_CELLS:
                        told = Decision(Verdict.UNDECIDED, unknown=_TOO_MANY)
                case Shown(proof=proof):
                    told = self._settled() or Decision(Verdict.REACHABLE, proof)
                case Small():
                    self.waiting.append(piece)
                    if len(self.waiting) == self.together:
                        told = self._settled()
            if told is not None:
                return _of_whole(self.aim, told)
        told = self._settled() or self.undecided
        return self._unreachable() if told is None else _of_whole(self.aim, told)

    def _settled(self) -> Decision | None:
        """The decision of those that wait, if it ends it; None if it is left to others."""
        if not self.waiting:
            return None
        part, constraints = self.waiting[0].aim, self.waiting[0].constraints
        if len(self.waiting) > 1:
            starts = (start for each in self.waiting for start in each.aim.starts)
            part = replace(self.aim, starts=tuple(starts))
            constraints = compile(self.network, part)
        self.waiting.clear()
        self.together = min(2 * self.together, _MOST_TOGETHER)
        decision = decide_compiled(self.network, part, constraints, self.backend, self.budget)
        if decision.unknown or decision.verdict is Verdict.REACHABLE:
            return decision
        if decision.verdict is Verdict.UNDECIDED:
            self.undecided = self.undecided or decision
            return None
        self.shut.refute(part)
        return None

    def _unreachable(self) -> Decision:
        self.shut.check(self.aim)
        certified = self.shut.certificate is not None
        return Decision(Verdict.UNREACHABLE, parts=tuple(self.shut.parts), certified=certified)


def _of_whole(aim: Aim, decision: Decision) -> Decision:
    """A decision about a piece, with the start of the aim that it is a piece of."""
    proof = decision.proof
    if proof is None:
        return decision
    ends = proof.start.node, proof.start.owner
    whole = (s for s in aim.starts if (s.node, s.owner) == ends and proof.packet in s.space)
    return replace(decision, proof=replace(proof, start=next(whole, proof.start)))


def at_once(network: Network, aim: Aim) -> Proof | None:
    """The proof that deciding would end with, if it can be told without the solver.

    The packet that would be pinned of the first start that has any: what gets through from a start
    before it, or to a destination that would be pinned rather, would be shown instead, so nothing
    may.
    """
    parts = (
        (start, replace(start, space=space))
        for start in aim.starts[:_FEW]
        for space in foreseen.by_destination(start.space)
    )
    before: tuple[Start, ...] = ()
    for start, part in islice(parts, _FEW):
        proof = _foreseen(network, aim, part)
        if proof is None:
            before = (*before, part)
        elif before and certify(network, replace(aim, starts=before), _FEW_STEPS) is None:
            return None
        else:
            return replace(proof, start=start)
    return None


def by_sets(network: Network, aim: Aim) -> Proof | None:
    """The same where what is liked best of all does not arrive, and sets tell what may.

    Of the first start of which anything may arrive the packet that would be pinned of that: nothing
    else arrives, so if it gets through, it is the one.
    """
    for start in aim.starts[:_FEW]:
        found: list[HeaderSpace] = []
        for space in foreseen.by_destination(start.space):
            some = arriving(network, aim, replace(start, space=space), _FEW_STEPS)
            if some is None:
                return None
            found += (piece for each in some for piece in possible(aim, each))
        packets = [foreseen.packet(space, aim.two_way) for space in found]
        known = [packet for packet in packets if packet is not None]
        if len(known) < len(packets):
            return None
        if known:
            return _shown(network, aim, start, min(known, key=foreseen.liking))
    return None


def _foreseen(network: Network, aim: Aim, start: Start) -> Proof | None:
    """The walk of the packet that is liked best of a start, if it gets through."""
    packet = foreseen.packet(start.space, aim.two_way)
    return None if packet is None else _shown(network, aim, start, packet)


def _shown(network: Network, aim: Aim, start: Start, packet: Header) -> Proof | None:
    """The walk of a packet of a start, if it gets through."""
    if packet not in start.space:
        return None
    if packet.source == packet.destination and not aim.to_itself:
        return None
    proof = replay(network, start, packet, aim.two_way)
    return proof if gets_through(aim, proof) and _is_followed(proof) else None


def _is_followed(proof: Proof) -> bool:
    """Whether the symbolic twin follows so many rewrites for certain.

    A way to the internet by the hub of a transit gateway has four in twenty-two hops.
    """
    traces = [trace for trace in (proof.forward, proof.reply) if trace is not None]
    few = MOST_REWRITES // 2
    return all(len(trace.hops) <= MOST_REWRITES or _rewrites(trace) <= few for trace in traces)


def _rewrites(trace: Trace) -> int:
    return sum(hop.before != hop.after for hop in trace.hops)


def decide_compiled(
    network: Network,
    aim: Aim,
    constraints: Constraints,
    backend: Backend,
    budget: Budget = BUDGET,
    *,
    besides: Iterable[Term] = (),
    fits: Callable[[Proof], bool] = lambda _: False,
) -> Decision:
    """The same for constraints that are there already, and only for flows ``besides`` others.

    What takes the first options may be one of the others, or get through otherwise than was asked:
    then it counts only if it ``fits``, and else the options that were found are taken.
    """
    others = tuple(besides)
    if constraints.arrives is FALSE and constraints.may_arrive is FALSE:
        return Decision(Verdict.UNREACHABLE)  # folded away: what any solver would say
    session = backend.open()
    session.add(*constraints.assertions, *others)
    outcome = session.check([constraints.arrives], budget=budget, core=False)
    match outcome:
        case Sat(assignment):
            pinned = Pinned(session, [constraints.arrives], assignment, budget)
            serves = _any_options(others, lambda p: gets_through(aim, p), fits)
            proof = witness(network, constraints, pinned, serves)
            _accept(aim, proof)
            return Decision(Verdict.REACHABLE, proof)
        case Unknown(reason):
            return Decision(Verdict.UNDECIDED, unknown=reason)
        case Unsat():
            pass
    outcome = session.check([constraints.may_arrive], budget=budget, core=False)
    match outcome:
        case Sat(assignment):
            pinned = Pinned(session, [constraints.may_arrive], assignment, budget)
            serves = _any_options(others, lambda p: bool(left_open(p)))
            proof = witness(network, constraints, pinned, serves)
            opened = left_open(proof) or _too_far(constraints, pinned)
            if not opened:
                raise Defect(f"{proof.packet} meets nothing open, but {arrives(aim, proof)}")
            return Decision(Verdict.UNDECIDED, proof, opened)
        case Unknown(reason):
            return Decision(Verdict.UNDECIDED, unknown=reason)
        case Unsat():
            return Decision(Verdict.UNREACHABLE)


def _any_options(
    others: Sequence[Term],
    serves: Callable[[Proof], bool],
    fits: Callable[[Proof], bool] = lambda _: False,
) -> Callable[[Proof], bool]:
    """Whether a flow serves by whatever options: if it can be no other one, or if it fits."""
    return (lambda proof: serves(proof) and fits(proof)) if others else serves


def witness(
    network: Network,
    constraints: Constraints,
    pinned: Pinned,
    serves: Callable[[Proof], bool],
    *,
    heedless: bool = False,
) -> Proof:
    """The replay that every run agrees on: with the first options if that ``serves``."""
    pin_header(pinned, constraints)
    start, packet = constraints.started(pinned.assignment)
    two_way = bool(constraints.reply.places)
    proof = replay(network, start, packet, two_way, heedless=heedless)
    if serves(proof):
        return proof
    pin_choices(pinned, constraints)
    there = constraints.choices(pinned.assignment, constraints.forward)
    back = constraints.choices(pinned.assignment, constraints.reply)
    return replay(network, start, packet, two_way, there, back, heedless=heedless)


def replay(
    network: Network,
    start: Start,
    packet: Header,
    two_way: bool,
    there: Mapping[Site, int] = NO_CHOICES,
    back: Mapping[Site, int] = NO_CHOICES,
    *,
    heedless: bool = False,
) -> Proof:
    """Walk a packet, and its reply if it is delivered, through the concrete twin."""
    forward, reply = there_and_back(
        network, start.node, packet, two_way, there=there, back=back, heedless=heedless
    )
    return Proof(start, packet, forward, reply, there, back)


def _accept(aim: Aim, proof: Proof) -> None:
    """Raise a defect unless the replay shows what the solver claimed."""
    if proof.packet not in proof.start.space:
        raise Defect(f"the witness {proof.packet} is not one that was asked for")
    failure = arrives(aim, proof)
    if failure:
        raise Defect(f"the witness {proof.packet} does not survive its replay: {failure}")
    if left_open(proof):
        raise Defect(f"the witness {proof.packet} rests on a doubt")


def gets_through(aim: Aim, proof: Proof) -> bool:
    """Whether the replayed flow answers the aim and rests on no doubt."""
    return not arrives(aim, proof) and not left_open(proof)


def arrives(aim: Aim, proof: Proof) -> str:
    """Why the replayed flow does not answer the aim; empty if it does."""
    forward = proof.forward
    if forward.fate is not Fate.DELIVERED:
        return f"forward it is {forward.fate.value}: {forward.origin}"
    if forward.owner in aim.but or forward.final not in aim.arriving:
        return f"it is delivered to {forward.origin.resource} in another form than was asked for"
    passed = not {hop.node for hop in forward.hops}.isdisjoint(aim.passing)
    if aim.goals is not None and not passed:
        space = aim.goals.get(forward.owner)
        if space is None or forward.final not in space:
            return f"it is delivered to {forward.origin.resource}, which was not asked for"
    if not aim.to_itself:
        if forward.inside:
            return "it never leaves its sender"
        if forward.final.destination == proof.packet.source and not passed:
            return "it comes back to the address that sent it"
    if not takes_the_way(aim, forward):
        return "it does not take the way that was asked for"
    if not aim.two_way:
        return ""
    reply = proof.reply
    if reply is None or reply.fate is not Fate.DELIVERED:
        return f"the reply is {reply.fate.value if reply else 'missing'}"
    home = reply_to(proof.packet)._replace(identity=0)
    if reply.owner != proof.start.owner or reply.final._replace(identity=0) != home:
        return f"the reply arrives at {reply.origin.resource} as {header_words(reply.final)}"
    if not makes_all(aim.back, [hop.node for hop in reply.hops]):
        return "the reply does not take the way that was asked for"
    unseen = missed(proof)
    return f"the reply is not seen by {unseen[0].resource}" if unseen else ""


def takes_the_way(aim: Aim, forward: Trace) -> bool:
    """Whether a flow makes every visit that the aim asks for."""
    return makes_all(aim.through, [hop.node for hop in forward.hops])


def missed(proof: Proof) -> tuple[Origin, ...]:
    """What had to see both directions of the flow and did not see its reply."""
    kept = proof.reply.kept if proof.reply else frozenset()
    return tuple(origin for session, origin in proof.forward.bound.items() if session not in kept)


def _too_far(constraints: Constraints, pinned: Pinned) -> tuple[Origin, ...]:
    """A flow that was followed only so far: rewritten round after round."""
    ends = [*constraints.forward.loose_ends, *constraints.reply.loose_ends]
    met = solver.interpret_all([point.met for point, _ in ends], pinned.assignment)
    return tuple(origin for is_met, (_, origin) in zip(met, ends, strict=True) if is_met)


def left_open(proof: Proof) -> tuple[Origin, ...]:
    """What the flow met that the snapshot does not settle."""
    found: list[Origin] = []
    for trace in (proof.forward, proof.reply):
        if trace is not None:
            found += trace.doubts
            if trace.fate is Fate.UNMODELLED:
                found.append(trace.origin)
    return tuple(dict.fromkeys(found))
