"""Aim -> decision: check, decode, replay.  The only place that says a verdict.

One problem covers every path; Z3 decides it.  A satisfying assignment is believed only after the
packet and its reply have been walked, hop by hop, by the concrete twin; anything else is a defect of
ours and raised.  What is satisfiable only by settling a doubt is undecided.  Must not know AWS,
question texts or rendering.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import solver
from reach.aim import Aim, Start
from reach.answer import Verdict
from reach.compile import Constraints, compile
from reach.errors import Defect
from reach.evaluate import evaluate
from reach.network.address import WIDTH, parse_address
from reach.network.field import FIELD, INDEX, TCP, Header, reply_to
from reach.network.node import Network
from reach.network.stage import Origin
from reach.symbolic import Version
from reach.trace import Fate, Site, Trace
from solver import Backend, Budget, Sat, Session, Term, Unknown, Unsat

BUDGET = Budget(milliseconds=60_000)

# What a person would rather read in a witness, where the question leaves it open.
_LIKED = (
    ("protocol", TCP),
    ("source", parse_address("203.0.113.7")),
    ("source", parse_address("2001:db8::7")),
    ("destination_port", 443),
    ("source_port", 50000),
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
    if it gave up.
    """

    verdict: Verdict
    proof: Proof | None = None
    open: tuple[Origin, ...] = ()
    unknown: str = ""
    size: Mapping[str, int] = field(default_factory=dict)


def decide(
    network: Network, aim: Aim, backend: Backend, budget: Budget = BUDGET
) -> Decision:
    """Reachable iff a flow of the aim gets through; unreachable iff the whole problem is unsat."""
    constraints = compile(network, aim)
    session = backend.open()
    session.add(*constraints.assertions)
    outcome = session.check([constraints.arrives], budget=budget)
    match outcome:
        case Sat():
            assignment = _liked(session, constraints, constraints.arrives, outcome, budget)
            proof = replay(network, constraints, assignment)
            _accept(aim, proof)
            return Decision(Verdict.REACHABLE, proof)
        case Unknown(reason):
            return Decision(Verdict.UNDECIDED, unknown=reason)
        case Unsat():
            pass
    outcome = session.check([constraints.may_arrive], budget=budget)
    match outcome:
        case Sat():
            assignment = _liked(session, constraints, constraints.may_arrive, outcome, budget)
            proof = replay(network, constraints, assignment)
            return Decision(Verdict.UNDECIDED, proof, _left_open(aim, proof))
        case Unknown(reason):
            return Decision(Verdict.UNDECIDED, unknown=reason)
        case Unsat():
            return Decision(Verdict.UNREACHABLE)


def _liked(
    session: Session, constraints: Constraints, goal: Term, found: Sat, budget: Budget
) -> Mapping[str, int | bool]:
    """An assignment with the values that people like to read, as far as they go together."""
    assignment, kept = found.assignment, [goal]
    for wish in _wishes(constraints, assignment):
        if solver.interpret(wish, assignment):
            kept.append(wish)
            continue
        outcome = session.check([*kept, wish], budget=budget)
        if isinstance(outcome, Sat):
            assignment = outcome.assignment
            kept.append(wish)
    return assignment


def _wishes(constraints: Constraints, assignment: Mapping[str, int | bool]) -> Sequence[Term]:
    """The start that was found, with the liked values of the fields that it leaves open."""
    chosen, version = _chosen(constraints, assignment)
    wishes = [chosen]
    for name, value in _LIKED:
        term = version[INDEX[name]]
        if term.width == WIDTH:
            length = 33 if value >> 128 else WIDTH
            wishes.append(solver.has_prefix(term, value, length))
        else:
            wishes.append(solver.eq(term, solver.const(value, FIELD[name].width)))
    return [wish for wish in wishes if wish is not solver.FALSE and wish is not solver.TRUE]


def _chosen(
    constraints: Constraints, assignment: Mapping[str, int | bool]
) -> tuple[Term, Version]:
    for chosen, _, version in constraints.starts:
        if solver.interpret(chosen, assignment):
            return chosen, version
    raise Defect("the assignment chooses no start")


def replay(
    network: Network,
    constraints: Constraints,
    assignment: Mapping[str, int | bool],
    *,
    heedless: bool = False,
) -> Proof:
    """Walk the decoded packet, and the reply if it is delivered, through the concrete twin."""
    start, packet = constraints.started(assignment)
    there = constraints.choices(assignment, constraints.forward)
    back = constraints.choices(assignment, constraints.reply)
    forward = evaluate(network, start.node, packet, choices=there, heedless=heedless)
    reply = None
    if forward.fate is Fate.DELIVERED and constraints.reply.places:
        reply = evaluate(
            network,
            forward.reply,
            reply_to(forward.final),
            sessions=forward.sessions,
            choices=back,
            heedless=heedless,
        )
    return Proof(start, packet, forward, reply, there, back)


def _accept(aim: Aim, proof: Proof) -> None:
    """Raise a defect unless the replay shows what the solver claimed."""
    if proof.packet not in proof.start.space:
        raise Defect(f"the witness {proof.packet} is not one that was asked for")
    failure = arrives(aim, proof)
    if failure:
        raise Defect(f"the witness {proof.packet} does not survive its replay: {failure}")
    if proof.forward.doubts or (proof.reply and proof.reply.doubts):
        raise Defect(f"the witness {proof.packet} rests on a doubt")


def arrives(aim: Aim, proof: Proof) -> str:
    """Why the replayed flow does not answer the aim; empty if it does."""
    forward = proof.forward
    if forward.fate is not Fate.DELIVERED:
        return f"forward it is {forward.fate.value}: {forward.origin}"
    if aim.goals is not None:
        space = aim.goals.get(forward.owner)
        if space is None or forward.final not in space:
            return f"it is delivered to {forward.owner}, which was not asked for"
    if aim.through and not {hop.node for hop in forward.hops} & set(aim.through):
        return "it does not take the way that was asked for"
    if not aim.two_way:
        return ""
    reply = proof.reply
    if reply is None or reply.fate is not Fate.DELIVERED:
        return f"the reply is {reply.fate.value if reply else 'missing'}"
    home = reply_to(proof.packet)._replace(identity=0)
    if reply.owner != proof.start.owner or reply.final._replace(identity=0) != home:
        return f"the reply comes home to {reply.owner} as {reply.final}"
    return ""


def _left_open(aim: Aim, proof: Proof) -> tuple[Origin, ...]:
    """What the flow met that the snapshot does not settle."""
    found: list[Origin] = []
    for trace in (proof.forward, proof.reply):
        if trace is not None:
            found += trace.doubts
            if trace.fate is Fate.UNMODELLED:
                found.append(trace.origin)
    if not found:
        raise Defect(f"{proof.packet} was said to meet something open, but {arrives(aim, proof)}")
    return tuple(dict.fromkeys(found))
