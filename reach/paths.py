"""More than one path: the shortest distinct ones, or all there are.

    paths(network, aim, backend, most) -> Paths

Two paths are distinct if one of them does not come by all the nodes of the other, there and back.
Found one after the other, each the shortest that does not come by all nodes of an earlier one; when
there is none left, these are all.  Every path is replayed like any witness.  Must not know AWS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import solver
from reach.aim import Aim
from reach.canonical import Pinned
from reach.compile import compile
from reach.constraints import Constraints, Walk
from reach.decide import BUDGET, Proof, gets_through, witness
from reach.errors import Defect
from reach.network.node import Network
from solver import Backend, Budget, Sat, Term

Node = tuple[bool, str]  # whether of the reply, and its name


@dataclass(frozen=True)
class Paths:
    """Proofs, the shortest first; ``exhausted`` iff there are no others."""

    proofs: tuple[Proof, ...]
    exhausted: bool


def paths(
    network: Network, aim: Aim, backend: Backend, most: int, budget: Budget = BUDGET
) -> Paths:
    """Up to ``most`` distinct paths of an aim that is reachable."""
    found: list[Proof] = []
    for proof in _each(network, aim, backend, budget):
        if len(found) == most:
            return Paths(tuple(found), exhausted=False)
        found.append(proof)
    return Paths(tuple(found), exhausted=True)


def _each(network: Network, aim: Aim, backend: Backend, budget: Budget) -> Iterator[Proof]:
    constraints = compile(network, aim)
    visited = _visited(constraints)
    others: list[Term] = []
    earlier: list[frozenset[Node]] = []
    while True:
        session = backend.open()
        session.add(*constraints.assertions, *others)
        kept = [solver.not_(term) for term in visited.values()]
        outcome = session.minimise(kept, [constraints.arrives], budget=budget)
        if not isinstance(outcome, Sat):
            return
        length = sum(bool(solver.interpret(t, outcome.assignment)) for t in visited.values())
        held = [constraints.arrives, solver.at_most(length, list(visited.values()))]
        pinned = Pinned(session, held, outcome.assignment, budget)

        def serves(proof: Proof, length: int = length) -> bool:
            nodes = _nodes(proof)
            new = not any(path <= nodes for path in earlier)
            return new and len(nodes) == length and gets_through(aim, proof)

        proof = witness(network, constraints, pinned, serves)
        if not gets_through(aim, proof):
            raise Defect(f"the path of {proof.packet} does not survive its replay")
        yield proof
        earlier.append(_nodes(proof))
        others.append(solver.not_(solver.all_of(visited[node] for node in _nodes(proof))))


def _visited(constraints: Constraints) -> dict[Node, Term]:
    """For each node whether the flow comes by, there or back."""
    found: dict[Node, list[Term]] = {}
    for back, walk in ((False, constraints.forward), (True, constraints.reply)):
        for name, reached in _reached(walk):
            found.setdefault((back, name), []).append(reached)
    return {node: solver.any_of(terms) for node, terms in found.items()}


def _reached(walk: Walk) -> Iterator[tuple[str, Term]]:
    for place in walk.places.values():
        yield place.node, place.reached


def _nodes(proof: Proof) -> frozenset[Node]:
    there = {(False, hop.node) for hop in proof.forward.hops}
    back = {(True, hop.node) for hop in proof.reply.hops} if proof.reply is not None else set()
    return frozenset(there | back)
