"""Who reaches, or what is reached: the end points of a question that names many, proved complete.

    end_points(network, aim, backend, side) -> EndPoints

One flow is proven, and the set of packets that take its path tells which other addresses do as
well; these are a group.  They are left out and the question asked again, until nothing gets through
any more: that last "no" says that nobody is missing, and a certificate can be made of it.  Must not
know AWS.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import solver
from reach.aim import Aim
from reach.answer import Verdict
from reach.certificate import Certificate
from reach.certify import certify
from reach.compile import compile
from reach.conditions import conditions
from reach.decide import Proof, decide_compiled
from reach.network.field import INDEX
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.symbolic import Symbolic
from solver import Backend, Term

EVERY = Ranges.span(0, (1 << 129) - 1)


@dataclass(frozen=True)
class Group:
    """Addresses that reach, or are sent to, by the same path as one proven packet.

    ``packets`` are all that take it, as they start and as they ``arrive``.
    """

    addresses: Ranges
    packets: tuple[HeaderSpace, ...]
    arrive: tuple[HeaderSpace, ...]
    proof: Proof


@dataclass(frozen=True)
class EndPoints:
    """All groups.  ``complete`` iff the rest was proved unreachable, ``certificate`` shows it."""

    groups: tuple[Group, ...]
    complete: bool
    certificate: Certificate | None = None


def end_points(network: Network, aim: Aim, backend: Backend, side: str, most: int) -> EndPoints:
    """The sources (``side`` "source") or destinations of an aim that get through, ``most`` groups.

    A destination is told by what packets to it are sent to.
    """
    constraints = compile(network, aim)
    symbolic, position = Symbolic(), INDEX[side]
    found: list[Group] = []
    others: list[Term] = []
    while len(found) < most:
        decision = decide_compiled(network, aim, constraints, backend, besides=others)
        if decision.verdict is not Verdict.REACHABLE or decision.proof is None:
            complete = decision.verdict is Verdict.UNREACHABLE
            left = _without(aim, side, [group.addresses for group in found])
            return EndPoints(tuple(found), complete, certify(network, left) if complete else None)
        group = _group(network, decision.proof, side)
        found.append(group)
        others += [
            solver.not_(solver.and_(chosen, symbolic.member(version[position], group.addresses)))
            for chosen, _, version in constraints.starts
        ]
    return EndPoints(tuple(found), complete=False)


def _group(network: Network, proof: Proof, side: str) -> Group:
    packets = conditions(network, proof)
    ends = [space.by_name.get(side, EVERY) for space in packets.start]
    addresses = Ranges.any_of(ends)
    return Group(addresses, packets.start, packets.forward[-1], proof)


def _without(aim: Aim, side: str, groups: Iterable[Ranges]) -> Aim:
    """The same question about everybody else."""
    told = Ranges.any_of(groups)
    kept = (
        replace(s, space=s.space.narrowed(side, s.space.by_name.get(side, EVERY) - told))
        for s in aim.starts
    )
    return replace(aim, starts=tuple(start for start in kept if not start.space.is_empty))
