"""Turns candidates into what is so: each is shown by a packet that is replayed, or refuted by Z3.

    Confirming(network, aim, senders, aliases, backend).pair(candidates) -> Confirmed

A packet is made up for each candidate and walked there and back by the concrete twin; the path's
own conditions say for which other services the same path is open.  What no packet made up shows is
put to the solver as a question of its own: it finds a packet, refutes it, or says what it hangs on.
Must not know AWS, nor where candidates come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import solver
from reach.aim import Aim, Start
from reach.answer import Verdict
from reach.canonical import LIKED
from reach.compile import compile
from reach.conditions import conditions
from reach.constraints import Constraints
from reach.decide import Decision, Proof, decide_compiled, gets_through, replay
from reach.errors import Defect
from reach.flood import minus, uncovered, whole
from reach.network.address import is_ipv4
from reach.network.field import ICMP, ICMPV6, TCP, UDP, Header
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.stage import Origin
from reach.survey.candidates import Candidate, service, service_of
from reach.survey.senders import Senders
from reach.symbolic import Symbolic
from solver import Backend, Term

_ECHO = {ICMP: (8,), ICMPV6: (128,)}
_TRIES = 3
_MOST_ASKED = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """Services for which a path is open, and a packet that took it, there and back."""

    services: tuple[HeaderSpace, ...]
    proof: Proof
    owner: str


@dataclass(slots=True)
class Confirmed:
    """What became of the candidates of a pair.

    ``open`` is what the snapshot does not settle, on which everything else hangs; ``refuted``
    counts the times that the solver found nothing more.
    """

    shown: list[Shown] = field(default_factory=list)
    open: list[Origin] = field(default_factory=list)
    refuted: int = 0


Piece = tuple[Candidate, HeaderSpace]


class Confirming:
    """The network and the question that candidates are about."""

    def __init__(
        self,
        network: Network,
        aim: Aim,
        senders: Senders,
        aliases: Callable[[Ranges], Ranges],
        backend: Backend,
    ) -> None:
        self._network = network
        self._aim = aim
        self._senders = senders
        self._find_aliases = aliases
        self._aliases: dict[int, Ranges] = {}
        self._backend = backend

    def pair(self, candidates: Sequence[Candidate]) -> Confirmed:
        """All services between two groups, each shown, refuted or open."""
        found = Confirmed()
        covered: list[HeaderSpace] = []
        left: list[Piece] = []
        for candidate in candidates:
            todo = [] if candidate.beyond else list(uncovered(candidate.service, covered))
            while todo:
                piece = todo.pop()
                shown = self._shown(candidate, piece)
                if shown is None:
                    left.append((candidate, piece))
                    continue
                found.shown.append(shown)
                covered += shown.services
                todo = _without([*todo, piece], shown.services)
        rest = [(each, some) for each, piece in left for some in uncovered(piece, covered)]
        self._ask(found, rest, [each for each in candidates if each.beyond])
        return found

    # ---------------------------------------------------------------- by a packet made up

    def _shown(self, candidate: Candidate, piece: HeaderSpace) -> Shown | None:
        for start, packet in islice(self._packets(candidate, piece), _TRIES * 4):
            proof = replay(self._network, start, packet, self._aim.two_way)
            if self._serves(candidate, piece, proof):
                return Shown(self._services(candidate, piece, proof), proof, candidate.owner)
        return None

    def _serves(self, candidate: Candidate, piece: HeaderSpace, proof: Proof) -> bool:
        if not gets_through(_narrowed(self._aim, candidate), proof):
            return False
        header = _counted(candidate, proof)
        return header is not None and header in piece

    def _services(
        self, candidate: Candidate, piece: HeaderSpace, proof: Proof
    ) -> tuple[HeaderSpace, ...]:
        """The services asked for that the same path is open for, the proof's among them."""
        header = _counted(candidate, proof)
        assert header is not None
        own = service_of(header)
        if not minus(piece, own):
            return (piece,)
        # Of protocols that nothing on the way tells apart one stands for all.
        known = conditions(self._network, proof, every_protocol=True)
        hops = [hop.node for hop in proof.forward.hops]
        at = hops.index(candidate.node) - 1 if candidate.node else len(hops) - 1
        spaces = known.forward[at] if at >= 0 else known.start
        ends = {"source": header.source, "destination": header.destination}
        met = [
            service(space) & piece
            for space in spaces
            if all(value in space.by_name.get(name, whole(name)) for name, value in ends.items())
        ]
        return tuple(each for each in met if not each.is_empty) or (own & piece,)

    def _packets(self, candidate: Candidate, piece: HeaderSpace) -> Iterator[tuple[Start, Header]]:
        """Packets that may be what a candidate means, the likeliest first."""
        for number in islice(self._senders.numbers(candidate.senders), _TRIES):
            for start in self._senders.each[number].starts:
                for sent_to, source in self._ends(candidate, start):
                    packet = _packet(start, candidate, piece, source, sent_to)
                    if packet is not None:
                        yield start, packet

    def _ends(self, candidate: Candidate, start: Start) -> Iterator[tuple[int, int]]:
        sources = start.space.by_name["source"]
        for low, _ in candidate.space.by_name["destination"].intervals[:_TRIES]:
            others = (sent_to for sent_to, _ in reversed(self._sent_to(low).intervals))
            for sent_to in dict.fromkeys((low, *others)):
                same = [s for s in _first(sources, 2) if is_ipv4(s) is is_ipv4(sent_to)]
                for source in same:
                    if source != sent_to:
                        yield sent_to, source
                        break

    def _sent_to(self, address: int) -> Ranges:
        known = self._aliases.get(address)
        if known is None:
            known = self._aliases[address] = self._find_aliases(Ranges.of(address))
        return known

    # ---------------------------------------------------------------- by the solver

    def _ask(self, found: Confirmed, left: list[Piece], beyond: list[Candidate]) -> None:
        """What no packet showed, as one question, until the solver finds nothing more."""
        aim = self._question([each for each, _ in left], beyond)
        if not aim.starts:
            return
        constraints = compile(self._network, aim)
        for _ in range(_MOST_ASKED):
            decision = decide_compiled(
                self._network, aim, constraints, self._backend, besides=[_any(constraints, left)]
            )
            if decision.verdict is not Verdict.REACHABLE:
                break
            shown = self._by_solver(left, decision)
            found.shown.append(shown)
            left = [(each, some) for each, p in left for some in _without([p], shown.services)]
        match decision.verdict:
            case Verdict.UNREACHABLE:
                found.refuted += 1
            case Verdict.UNDECIDED:
                found.open += decision.open or (Origin("", decision.unknown),)
            case Verdict.REACHABLE:
                found.open.append(Origin("", "more services than are asked for of one pair"))

    def _by_solver(self, left: list[Piece], decision: Decision) -> Shown:
        """What the solver found, as a candidate that it fits."""
        proof = decision.proof
        assert proof is not None
        for candidate, piece in left:
            header = _counted(candidate, proof)
            fits = candidate.node or candidate.owner == proof.forward.owner
            if fits and header is not None and header in piece:
                return Shown(self._services(candidate, piece, proof), proof, candidate.owner)
        raise Defect(f"{proof.packet} gets through, but not as anything that was asked about")

    def _question(self, left: list[Candidate], beyond: list[Candidate]) -> Aim:
        """From any of their senders to any of their ends."""
        bits, ends = 0, Ranges(())
        goals: dict[str, Ranges] = {}
        for each in (*left, *beyond):
            bits |= each.senders
            to = each.space.by_name["destination"]
            ends |= to
            if not each.node and each.owner:
                goals[each.owner] = goals.get(each.owner, Ranges(())) | to
        sent_to = HeaderSpace.where(destination=self._find_aliases(ends))
        starts = [
            replace(start, space=start.space & sent_to)
            for number in self._senders.numbers(bits)
            for start in self._senders.each[number].starts
        ]
        return replace(
            self._aim,
            starts=tuple(start for start in starts if not start.space.is_empty),
            goals={owner: HeaderSpace.where(destination=to) for owner, to in goals.items()},
            passing=tuple(dict.fromkeys(each.node for each in left if each.node)),
        )


def _any(constraints: Constraints, left: list[Piece]) -> Term:
    """That one of these is what happens, or that something unknown is met."""
    symbolic, walk = Symbolic(), constraints.forward
    owners: dict[str, list[HeaderSpace]] = {}
    nodes: dict[str, list[HeaderSpace]] = {}
    for candidate, piece in left:
        held = nodes if candidate.node else owners
        held.setdefault(candidate.node or candidate.owner, []).append(piece)
    loose = [point.met for each in (walk, constraints.reply) for point, _ in each.loose_ends]
    return solver.any_of(
        [
            *loose,
            *(
                solver.and_(point.met, symbolic.matches(piece, point.version))
                for point, delivery in walk.deliveries
                for piece in owners.get(delivery.owner, ())
            ),
            *(
                solver.and_(place.reached, symbolic.matches(piece, place.version))
                for place in walk.places.values()
                for piece in nodes.get(place.node, ())
            ),
        ]
    )


def _without(pieces: list[HeaderSpace], services: Sequence[HeaderSpace]) -> list[HeaderSpace]:
    return [rest for piece in pieces for rest in uncovered(piece, services)]


def _narrowed(aim: Aim, candidate: Candidate) -> Aim:
    """The same question about one owner, or one node to come by."""
    if candidate.node:
        return replace(aim, goals={}, passing=(candidate.node,))
    ends = HeaderSpace.where(destination=candidate.space.by_name.get("destination"))
    return replace(aim, goals={candidate.owner: ends}, passing=())


def _counted(candidate: Candidate, proof: Proof) -> Header | None:
    """The header that the services are told by: as delivered, or as it comes by the node."""
    if not candidate.node:
        return proof.forward.final
    return next((h.before for h in proof.forward.hops if h.node == candidate.node), None)


def _packet(
    start: Start, candidate: Candidate, piece: HeaderSpace, source: int, sent_to: int
) -> Header | None:
    wanted = (
        start.space
        & piece
        & HeaderSpace.where(
            source=Ranges.of(source),
            destination=Ranges.of(sent_to),
            source_port=candidate.space.by_name.get("source_port"),
        )
    )
    if wanted.is_empty:
        return None
    by = wanted.by_name
    protocols = by.get("protocol")
    protocol = _usual(LIKED["protocol"], protocols)
    ported = protocol in (TCP, UDP)
    messages = protocol in (ICMP, ICMPV6)
    return Header(
        source,
        sent_to,
        protocol,
        _usual(LIKED["source_port"], by.get("source_port")) if ported else 0,
        _usual(LIKED["destination_port"], by.get("destination_port")) if ported else 0,
        _usual(_ECHO[protocol], by.get("icmp_type")) if messages else 0,
        _usual((0,), by.get("icmp_code")) if messages else 0,
    )


def _usual(liked: Sequence[int], values: Ranges | None) -> int:
    """A value that people expect, if it is one of these; else the lowest."""
    for value in liked:
        if values is None or value in values:
            return value
    assert values is not None
    return values.intervals[0][0]


def _first(values: Ranges, count: int) -> Iterator[int]:
    """A few addresses of each family."""
    for four in (True, False):
        some = [low for low, _ in values.intervals if is_ipv4(low) is four]
        yield from (host for host in LIKED["source"] if host in values and is_ipv4(host) is four)
        yield from some[:count]
