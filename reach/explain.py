"""Unreachable: the blockers of the path that comes closest.

Asks the same question with every denial lifted at a price, and takes a flow that needs the fewest
lifted; walked heedlessly by the concrete twin, it shows each rule that denies it, forward and reply.
Where not even that gets through, the flow that ends somewhere with the fewest denials shows what is
in the way: a missing route, a blackhole, an address that nobody has.  Certificates and the set of
all minimal reasons come later.  Must not know AWS or rendering.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import solver
from reach.aim import Aim
from reach.compile import Constraints, compile
from reach.decide import BUDGET, Proof, arrives, replay
from reach.network.field import Header
from reach.network.node import Network
from reach.network.stage import Origin
from reach.trace import Fate, Trace
from solver import Backend, Budget, Sat, Session, Term

MOST_STARTS = 6
NO_PATH = Origin("", "no path leads there at all", code="NO_PATH")


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


def explain(network: Network, aim: Aim, backend: Backend, budget: Budget = BUDGET) -> Blocked:
    """What is in the way of the flows of an aim that is unreachable."""
    constraints = compile(network, aim, explain=True)
    session = backend.open()
    session.add(*constraints.assertions, solver.not_(constraints.doubt))
    dear = [solver.not_(term) for term in constraints.relaxations]
    outcome = session.minimise(dear, [constraints.arrives], budget=budget)
    if isinstance(outcome, Sat):
        proof = replay(network, constraints, outcome.assignment, heedless=True)
        return Blocked(tuple(dict.fromkeys(_blockers(proof))), proof)
    found: dict[tuple[str, Origin], Blocker] = {}
    for proof in _stuck(network, session, constraints, dear, budget):
        for blocker in _blockers(proof):
            found.setdefault((blocker.direction, blocker.origin), blocker)
        if not found:
            reason = arrives(aim, proof)
            origin = Origin(NO_PATH.resource, reason or NO_PATH.words, code=NO_PATH.code)
            found["forward", origin] = Blocker("forward", origin, proof.packet)
    return Blocked(tuple(found.values()))


def _stuck(
    network: Network,
    session: Session,
    constraints: Constraints,
    dear: list[Term],
    budget: Budget,
) -> Iterator[Proof]:
    """For each start, a flow that ends where it should not, past the fewest denials."""
    for chosen, _, _ in constraints.starts[:MOST_STARTS]:
        outcome = session.minimise(dear, [chosen, constraints.stuck], budget=budget)
        if isinstance(outcome, Sat):
            yield replay(network, constraints, outcome.assignment, heedless=True)


def _blockers(proof: Proof) -> Iterator[Blocker]:
    for direction, trace in (("forward", proof.forward), ("reply", proof.reply)):
        if trace is not None:
            yield from _of_trace(direction, trace)


def _of_trace(direction: str, trace: Trace) -> Iterator[Blocker]:
    for header, origin in trace.denials:
        yield Blocker(direction, origin, header)
    if trace.fate in (Fate.DROPPED, Fate.LOOPED):
        yield Blocker(direction, trace.origin, trace.final)
