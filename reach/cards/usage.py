"""Which lines of a watched thing any flow of an aim comes to: shown by packets, or refuted.

    usage(watched, aim, asked, backend, allowance) -> Usage

One compile serves all lines.  Flows are asked for that come to any line not yet seen; each is
replayed by the concrete twin before it counts.  Then doubts and what is not modelled are let in:
what comes to a line now leaves it open.  The last "no" is one proof for all lines that are left.
Must not know AWS or rendering.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

import solver
from reach.aim import Aim, Start
from reach.cards.guesses import EPHEMERAL, WEB, guesses, packet_in
from reach.cards.watch import Decisions, Watched
from reach.compile import compile
from reach.conditions import conditions
from reach.constraints import Constraints, Point
from reach.decide import Proof, arrives, left_open, replay
from reach.errors import Defect
from reach.network.field import ICMP, ICMPV6, INDEX, TCP, UDP, Header
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import Origin
from reach.symbolic import Symbolic
from reach.trace import Fate, Hop
from solver import FALSE, TRUE, Allowance, Backend, Sat, Term, Unknown, Unsat

_MOST_TRIES = 4
_WEB = {
    "protocol": TCP,
    "source_port": EPHEMERAL,
    "destination_port": WEB,
    "icmp_type": 0,
    "icmp_code": 0,
}
_TYPED = Ranges.of(ICMP, ICMPV6)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A replayed flow that comes to a line: the header there, and whether as a reply."""

    proof: Proof
    hop: Hop
    header: Header
    reply: bool


@dataclass(frozen=True)
class Usage:
    """What is known of each line that was asked about.

    ``seen`` with a flow, ``open`` with what it hangs on, ``dead``: proved that none comes.
    ``unproved`` are the others: the allowance was spent.
    """

    seen: Mapping[str, Sighting] = field(default_factory=dict)
    open: Mapping[str, Origin] = field(default_factory=dict)
    dead: frozenset[str] = frozenset()
    unproved: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Asked:
    """What is asked of an aim.

    ``lines`` by name with the headers that they are for.  Flows that begin at one of ``perhaps``
    (numbers of the aim's starts) may not be there at all.  ``delivered``: only those flows count
    that arrive somewhere.  ``hints`` say for some lines which packets to try first, ``places``
    where there is somebody to send them to.
    """

    lines: Mapping[str, tuple[HeaderSpace, ...]]
    perhaps: Mapping[int, Origin] = field(default_factory=dict)
    delivered: bool = False
    hints: Mapping[str, tuple[HeaderSpace, ...]] = field(default_factory=dict)
    places: tuple[int, ...] = ()


def usage(
    watched: Watched, aim: Aim, asked: Asked, backend: Backend, allowance: Allowance
) -> Usage:
    """usage(W, A, L)  =  for each line of L: is there a flow of A that it decides on in W?"""
    if not aim.starts:
        return Usage(dead=frozenset(asked.lines))
    walker = _Walker(watched, aim, asked)
    guessed = walker.guessed(allowance)
    left = {key: spaces for key, spaces in asked.lines.items() if key not in guessed}
    if not left:
        return Usage(guessed)
    walker = _Walker(watched, aim, replace(asked, lines=left))
    proved = _Query(walker, compile(watched.network, aim), backend, allowance).usage()
    return replace(proved, seen={**guessed, **proved.seen})


class _Walker:
    """Walks flows through the concrete twin, and sees which lines they come to."""

    def __init__(self, watched: Watched, aim: Aim, asked: Asked) -> None:
        self.watched = watched
        self.aim = aim
        self.asked = asked

    def guessed(self, allowance: Allowance) -> dict[str, Sighting]:
        """The lines that a guess comes to."""
        seen: dict[str, Sighting] = {}
        real = [s for number, s in enumerate(self.aim.starts) if number not in self.asked.perhaps]
        for key, spaces in self.asked.lines.items():
            tried = self.asked.hints.get(key, spaces)
            for start, packet in guesses(real, tried, self.asked.places, self.aim.two_way):
                if key in seen or allowance.is_spent:
                    break
                seen |= self._lines_on(start, packet, seen)
        return seen

    def _lines_on(
        self, start: Start, packet: Header, seen: Mapping[str, Sighting]
    ) -> dict[str, Sighting]:
        """The lines not seen yet that a packet comes to, with nothing left open."""
        if packet not in start.space or packet.source == packet.destination:
            return {}
        proof = replay(self.watched.network, start, packet, self.aim.two_way)
        if _is_doubtful(proof):
            return {}
        return {key: each for key, each in self.sightings(proof).items() if key not in seen}

    def sightings(self, proof: Proof) -> dict[str, Sighting]:
        """The lines that a walked flow comes to, each where it first does."""
        if self.asked.delivered and (arrives(self.aim, proof) or left_open(proof)):
            return {}
        found: dict[str, Sighting] = {}
        for trace in (proof.forward, proof.reply):
            for hop in trace.hops if trace is not None else ():
                for key, header in self._decided(hop):
                    if key in self.asked.lines:
                        is_reply = trace is proof.reply
                        found.setdefault(key, Sighting(proof, hop, header, is_reply))
        return found

    def _decided(self, hop: Hop) -> Iterator[tuple[str, Header]]:
        """The lines that decide at a hop, on the header as it enters or as a translation in the
        same node made it."""
        for origin in hop.passed:
            decisions = self.watched.at.get(origin.resource)
            if decisions is not None:
                for header in dict.fromkeys((hop.before, hop.after)):
                    deciding = (keys for keys, space in decisions.made if header in space)
                    for keys in islice(deciding, 1 if decisions.ordered else None):
                        yield from ((key, header) for key in keys)


class _Query:
    """One compiled aim, and what of its lines is still to be shown."""

    def __init__(
        self,
        walker: _Walker,
        constraints: Constraints,
        backend: Backend,
        allowance: Allowance,
    ) -> None:
        self._walker = walker
        self._watched = walker.watched
        self._aim = walker.aim
        self._asked = walker.asked
        self._constraints = constraints
        self._allowance = allowance
        self._symbolic = Symbolic()
        self._session = backend.open()
        self._session.add(*constraints.assertions)
        self._comes = self._coming()
        self._unlikely = solver.any_of(
            chosen
            for number, (chosen, _, _) in enumerate(constraints.starts)
            if number in self._asked.perhaps
        )

    def usage(self) -> Usage:
        seen: dict[str, Sighting] = {}
        opened: dict[str, Origin] = {}
        unproved: frozenset[str] = frozenset()
        left = dict(self._comes)
        certain = [solver.not_(self._constraints.doubt), solver.not_(self._unlikely)]
        if self._asked.delivered:
            certain.append(self._constraints.arrives)
        for assignment, hits in self._found(left, certain):
            seen |= {key: self._shown(key, assignment) for key in hits}
        if not left:
            return Usage(seen)
        possible = self._possible(left)
        for assignment, hits in self._found(possible, []):
            opened |= dict.fromkeys(hits, self._doubt(assignment))
        unproved = frozenset(possible) if self._gave_up else frozenset()
        dead = frozenset() if self._gave_up else frozenset(possible)
        return Usage(seen, opened, dead, unproved)

    _gave_up = False

    def _found(
        self, left: dict[str, Term], held: list[Term]
    ) -> Iterator[tuple[Mapping[str, int | bool], list[str]]]:
        """Assignments under which some of the terms that are ``left`` hold; these leave it."""
        while left and not self._gave_up:
            goal = solver.any_of(left.values())
            outcome = self._session.check([goal, *held], budget=self._allowance.budget())
            match outcome:
                case Unsat():
                    return
                case Unknown():
                    self._gave_up = True
                case Sat(assignment):
                    values = solver.interpret_all(list(left.values()), assignment)
                    hits = [key for key, value in zip(left, values, strict=True) if value]
                    for key in hits:
                        del left[key]
                    yield assignment, hits
        self._gave_up = self._gave_up or (bool(left) and self._allowance.is_spent)

    def _coming(self) -> dict[str, Term]:
        """For each line when a flow, or its reply, comes to it."""
        found: dict[str, list[Term]] = {key: [] for key in self._asked.lines}
        for walk in (self._constraints.forward, self._constraints.reply):
            for session, points in walk.admitted.items():
                if self._watched.is_watched(session):
                    for point in points:
                        self._at(self._watched.at[session], point, found)
        return {key: solver.any_of(terms) for key, terms in found.items()}

    def _at(self, decisions: Decisions, point: Point, found: Mapping[str, list[Term]]) -> None:
        rest = TRUE
        for keys, space in decisions.made:
            matched = self._symbolic.matches(space, point.version)
            if matched is FALSE:
                continue
            for key in keys:
                if key in found:
                    found[key].append(solver.and_(point.met, rest, matched))
            if decisions.ordered:
                rest = solver.and_(rest, solver.not_(matched))

    def _possible(self, left: Mapping[str, Term]) -> dict[str, Term]:
        """The same with doubts let in, and beyond what is not modelled anything."""
        constraints = self._constraints
        if self._asked.delivered:
            reached = solver.or_(constraints.arrives, constraints.may_arrive)
            return {key: solver.and_(term, reached) for key, term in left.items()}
        walks = (constraints.forward, constraints.reply)
        loose = [point for walk in walks for point, _ in walk.loose_ends]
        return {key: solver.or_(term, self._beyond(key, loose)) for key, term in left.items()}

    def _beyond(self, key: str, loose: Iterable[Point]) -> Term:
        """When a packet of a line's protocol meets something unmodelled: no way on changes it."""
        spans = [
            span
            for space in self._asked.lines[key]
            for span in space.by_name.get("protocol", Ranges.span(0, 255)).intervals
        ]
        protocols = Ranges.union(spans)
        if protocols & _TYPED:
            protocols |= _TYPED
        at = INDEX["protocol"]
        return solver.any_of(
            solver.and_(point.met, self._symbolic.member(point.version[at], protocols))
            for point in loose
        )

    # ---------------------------------------------------------------- replays

    def _shown(self, key: str, assignment: Mapping[str, int | bool]) -> Sighting:
        """A flow that comes to the line, walked: one that people like to read if there is one."""
        proof = self._replayed(assignment)
        raw = self._walker.sightings(proof).get(key)
        if raw is None:
            raise Defect(f"{proof.packet} was said to come to {key}, and does not")
        for packet in self._liked(key, proof):
            if packet in proof.start.space:
                other = replay(
                    self._watched.network,
                    proof.start,
                    packet,
                    self._aim.two_way,
                )
                better = self._walker.sightings(other).get(key)
                if better is not None and not _is_doubtful(other):
                    return better
        return raw

    def _replayed(self, assignment: Mapping[str, int | bool]) -> Proof:
        constraints = self._constraints
        start, packet = constraints.started(assignment)
        there = constraints.choices(assignment, constraints.forward)
        back = constraints.choices(assignment, constraints.reply)
        return replay(self._watched.network, start, packet, self._aim.two_way, there, back)

    def _liked(self, key: str, proof: Proof) -> Iterator[Header]:
        """Packets to try instead of the solver's: of those that take the same path."""
        yield proof.packet._replace(**_WEB)
        if proof.forward.fate is Fate.DELIVERED:
            starts = conditions(self._watched.network, proof).start
            wanted = [space.without("identity") for space in self._asked.lines[key]]
            spaces = [start & space for start in starts for space in (*wanted, HeaderSpace())]
            for space in [space for space in spaces if not space.is_empty][:_MOST_TRIES]:
                packet = packet_in(space)
                if packet is not None:
                    yield packet
        if proof.packet.protocol in (TCP, UDP):
            yield proof.packet._replace(source_port=EPHEMERAL)

    def _doubt(self, assignment: Mapping[str, int | bool]) -> Origin:
        """What a flow hangs on that may come to a line."""
        for number, (chosen, _, _) in enumerate(self._constraints.starts):
            if number in self._asked.perhaps and solver.interpret(chosen, assignment):
                return self._asked.perhaps[number]
        met = left_open(self._replayed(assignment))
        return met[0] if met else Origin("", "the path is too long to follow")


def _is_doubtful(proof: Proof) -> bool:
    """Whether a flow met a rule of unknown effect, perhaps before it came to a line."""
    return any(trace.doubts for trace in (proof.forward, proof.reply) if trace is not None)
