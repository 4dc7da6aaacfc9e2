"""Who reaches, or what is reached: the end points of a question that names many, proved complete.

    end_points(network, aim, backend, side) -> EndPoints

One flow is proven, and the set of packets that take its path tells which other addresses do as
well; these are a group.  They are left out and the question asked again, piece by piece, until
nothing gets through any more: that last "no" says that nobody is missing, and a certificate can be
made of it.  Must not know AWS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from reach.aim import Aim, Start
from reach.answer import Verdict
from reach.certificate import Certificate, Part
from reach.conditions import conditions
from reach.decide import Proof, at_once, decide_compiled
from reach.dividing import Ends, Shown, Small, divided
from reach.network.header_space import EVERYWHERE, HeaderSpace, Ranges
from reach.network.node import Network
from reach.shut import Shut
from solver import Backend

NOBODY = Ranges(())
# Packets to so many addresses are tried before it is looked for one.
_MOST_TRIED = 8


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
    search = _Search(network, backend, side, Shut(network))
    for _ in search.groups(aim):
        if len(search.found) == most:
            return EndPoints(tuple(search.found), complete=False)
    return EndPoints(tuple(search.found), search.complete, search.certificate(aim))


@dataclass
class _Search:
    """Groups that were ``found``, with all their addresses ``told``, and what is ``shut`` but for
    them."""

    network: Network
    backend: Backend
    side: str
    shut: Shut
    found: list[Group] = field(default_factory=list)
    told: Ranges = NOBODY
    complete: bool = True

    def groups(self, aim: Aim) -> Iterator[Group]:
        """Group by group, each among those found before the next is looked for."""
        goals = Ends(aim)
        proof = partial(self._likely, goals)
        left = [divided(self.network, aim, proof, self._others, goals)]
        while left:
            piece = next(left[-1], None)
            match piece:
                case None:
                    left.pop()
                case Part():
                    self.shut.parts.append(piece)
                case Shown() | Small():
                    shown = piece.proof if isinstance(piece, Shown) else self._proof(piece)
                    if shown is not None:
                        yield self._take(self._group(aim, shown))
                        left.append(divided(self.network, piece.aim, proof, self._others, goals))

    def _likely(self, goals: Ends, aim: Aim) -> Proof | None:
        """Of a packet to one of the first addresses of goals, if it gets through."""
        (start,) = aim.starts
        ends = start.space.by_name.get("destination", EVERYWHERE)
        for low in goals.within(ends)[:_MOST_TRIED]:
            sent_to = start.space & HeaderSpace.where(destination=Ranges.of(low))
            proof = at_once(self.network, replace(aim, starts=(replace(start, space=sent_to),)))
            if proof is not None:
                return proof
        return None

    def _proof(self, piece: Small) -> Proof | None:
        """Of a flow of a piece that gets through; None if none does for certain."""
        decision = decide_compiled(self.network, piece.aim, piece.constraints, self.backend)
        match decision.verdict:
            case Verdict.REACHABLE:
                return decision.proof
            case Verdict.UNDECIDED:
                self.complete = False
            case Verdict.UNREACHABLE:
                self.shut.refute(piece.aim)
        return None

    def certificate(self, aim: Aim) -> Certificate | None:
        """That nobody else gets through.  Raises Defect if what was found does not show it."""
        if not self.complete:
            return None
        left = map(self._others, aim.starts)
        others = replace(aim, starts=tuple(start for start in left if not start.space.is_empty))
        self.shut.check(others)
        return self.shut.certificate

    def _others(self, start: Start) -> Start:
        """A start without the ends that were found."""
        if not self.told:
            return start
        rest = start.space.by_name.get(self.side, EVERYWHERE) - self.told
        return replace(start, space=start.space.narrowed(self.side, rest))

    def _take(self, group: Group) -> Group:
        self.found.append(group)
        self.told |= group.addresses
        return group

    def _group(self, aim: Aim, proof: Proof) -> Group:
        packets = conditions(self.network, proof)
        addresses = Ranges.any_of(ends_of(aim, space, self.side) for space in packets.start)
        return Group(addresses, packets.start, packets.forward[-1], proof)


def ends_of(aim: Aim, space: HeaderSpace, side: str) -> Ranges:
    """The addresses at a side of some flows, without one that would be sent to itself."""
    told = space.by_name
    ends = told.get(side, EVERYWHERE)
    other = told.get("source" if side == "destination" else "destination", EVERYWHERE).single
    return ends if aim.to_itself or other is None else ends - Ranges.of(other)
