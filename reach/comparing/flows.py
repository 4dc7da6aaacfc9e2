"""The last stage: which flows get further in one network than in another one, one by one.

    Search(before, after, starts, known, wanted, ...).found() -> Found

Only flows count that come by a place that differs, or that nobody could send before.  One is
proved and replayed in the network after; the very packet is asked of the network before; then all
packets that meet the same decisions in both are put aside, until nothing is left: that last "no"
is one problem over all paths, and says that there are no others.  A flow is a packet with whom it
is delivered to: one that goes to somebody else than before is another one.

Must not know AWS, rendering, nor why the networks differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import solver
from reach.aim import Aim, Start
from reach.answer import Verdict
from reach.comparing.coming import Spaces
from reach.compile import compile
from reach.conditions import Conditions, conditions
from reach.decide import (
    Decision,
    Proof,
    arrives,
    decide,
    decide_compiled,
    gets_through,
    left_open,
    replay,
)
from reach.flood import uncovered
from reach.network.field import FIELDS
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.stage import Assign, Translate
from reach.symbolic import Symbolic
from reach.trace import Fate
from solver import Backend, Term

_ASKED_FOR_EACH = 4  # what gets through both networks has to be put aside as well

Senders = Mapping[tuple[str, str], Spaces]  # a start's node and owner, with what it sends


@dataclass(frozen=True)
class Further:
    """Packets that get further than before: to ``owner``, unless they are only not stopped.

    ``packets`` are as they start, ``arriving`` as they are delivered.  ``proof`` is of one of them,
    ``before`` what became of it in the other network (None: nobody sent it there).
    """

    was: Verdict
    now: Verdict
    owner: str
    packets: Spaces
    arriving: Spaces
    proof: Proof
    before: Proof | None


@dataclass(frozen=True)
class Found:
    """All flows that get further iff ``complete``; else why there may be others."""

    flows: tuple[Further, ...]
    complete: bool
    reason: str = ""


@dataclass(frozen=True)
class Wanted:
    """Which flows count: those from starts that are new, and those that come by ``forward`` or
    whose reply comes by ``reply`` (by node, headers on entry)."""

    forward: Mapping[str, Spaces]
    reply: Mapping[str, Spaces]
    new: frozenset[Start] = frozenset()


@dataclass
class Search:
    """Flows of ``starts`` that get further in ``after`` than in ``before``.

    ``known`` is what each sender could send before.
    """

    before: Network
    after: Network
    starts: Sequence[Start]
    known: Senders
    wanted: Wanted
    backend: Backend
    two_way: bool
    most: int
    _others: list[Term] = field(default_factory=list)

    def found(self) -> Found:
        aim = Aim(tuple(self.starts), goals=None, two_way=self.two_way)
        if not aim.starts:
            return Found((), True)
        self._aim = aim
        self._symbolic = Symbolic()
        self._constraints = compile(self.after, aim)
        self._others.append(self._counts())
        found: list[Further] = []
        for _ in range(_ASKED_FOR_EACH * self.most):
            decision = decide_compiled(
                self.after, aim, self._constraints, self.backend, besides=self._others
            )
            if decision.verdict is Verdict.UNREACHABLE:
                return Found(tuple(found), True)
            if decision.proof is None:
                return Found(tuple(found), False, f"the solver gave up: {decision.unknown}")
            if len(found) == self.most:
                break
            flow = self._flow(decision)
            if flow is not None:
                found.append(flow)
        return Found(tuple(found), False, f"{len(found)} flows were told apart, and there are more")

    def _counts(self) -> Term:
        """That a flow is of a new start, or comes by a place that differs, or its reply does."""
        terms = [chosen for chosen, start, _ in self._constraints.starts if start in self._new]
        for walk, wanted in (
            (self._constraints.forward, self.wanted.forward),
            (self._constraints.reply, self.wanted.reply),
        ):
            for place in walk.places.values():
                for space in wanted.get(place.node, ()):
                    met = self._symbolic.matches(space, place.version)
                    terms.append(solver.and_(place.reached, met))
        return solver.any_of(terms)

    @property
    def _new(self) -> frozenset[Start]:
        return self.wanted.new

    # ---------------------------------------------------------------- one flow

    def _flow(self, decision: Decision) -> Further | None:
        """The flow that was proved with all that are alike; None if it got as far before."""
        proof, now = decision.proof, decision.verdict
        assert proof is not None
        owner = proof.forward.owner if now is Verdict.REACHABLE else ""
        took = _all_alike(self.after, proof)
        sent = self.known.get((proof.start.node, proof.start.owner), ())
        packets, before, was = took.start, None, Verdict.UNREACHABLE
        if not any(proof.packet in space for space in sent):
            packets = tuple(p for each in packets for p in uncovered(each, sent))
        else:
            before = replay(self.before, proof.start, proof.packet, self.two_way)
            was, packets = self._before(proof, before, owner, took)
        arriving = took.forward[-1] if owner else ()
        self._others.append(self._none_of(proof.start.node, packets, owner, arriving))
        if was is Verdict.REACHABLE or was is now:
            return None
        return Further(was, now, owner, packets, arriving, proof, before)

    def _before(
        self, proof: Proof, before: Proof, owner: str, took: Conditions
    ) -> tuple[Verdict, Spaces]:
        """What became of the packet before, and of which packets beside it."""
        aim = self._towards(proof, owner)
        if _is_settled(self.before, before):
            alike = _all_alike(self.before, before, took.start)
            return _verdict(aim, before), alike.start
        if gets_through(aim, before):
            return Verdict.REACHABLE, _all_alike(self.before, before, took.start).start
        every = tuple(replace(proof.start, space=space) for space in took.start)
        if decide(self.before, replace(aim, starts=every), self.backend).verdict is (
            Verdict.UNREACHABLE
        ):
            return Verdict.UNREACHABLE, took.start
        exact = {f.name: Ranges.of(v) for f, v in zip(FIELDS, proof.packet, strict=True)}
        alone = HeaderSpace.where(**exact)
        asked = replace(aim, starts=(replace(proof.start, space=alone),))
        return decide(self.before, asked, self.backend).verdict, (alone,)

    def _towards(self, proof: Proof, owner: str) -> Aim:
        """The same end: where the packet is delivered now."""
        if not owner:
            return self._aim
        final = HeaderSpace.where(destination=Ranges.of(proof.forward.final.destination))
        return replace(self._aim, goals={owner: final})

    def _none_of(self, node: str, packets: Spaces, owner: str, arriving: Spaces) -> Term:
        """That a flow is none of these packets from a node, delivered to their end."""
        sent = solver.any_of(
            solver.and_(chosen, self._symbolic.matches(space, version))
            for chosen, start, version in self._constraints.starts
            if start.node == node
            for space in packets
        )
        if not owner:
            return solver.not_(sent)
        ends = [space.by_name.get("destination") for space in arriving]
        delivered = solver.any_of(
            solver.and_(point.met, self._symbolic.matches(_to(end), point.version))
            for point, delivery in self._constraints.forward.deliveries
            if delivery.owner == owner
            for end in ends
        )
        return solver.not_(solver.and_(sent, delivered))


def _to(end: Ranges | None) -> HeaderSpace:
    return HeaderSpace.where(destination=end)


def _all_alike(network: Network, proof: Proof, within: Spaces | None = None) -> Conditions:
    if within is None:
        return conditions(network, proof, every_protocol=True)
    return conditions(network, proof, within, every_protocol=True)


def _is_settled(network: Network, proof: Proof) -> bool:
    """Whether the packet and its reply can do nothing else: no choice, no port made up."""
    return not any(
        trace.choices or any(_makes_up(network, hop.node) for hop in trace.hops)
        for trace in (proof.forward, proof.reply)
        if trace is not None
    )


def _makes_up(network: Network, node: str) -> bool:
    return any(
        isinstance(rewrite, Assign) and rewrite.values.single is None
        for stage in network.node(node).stages
        if isinstance(stage, Translate)
        for case in stage.cases
        for rewrite in case.rewrites
    )


def _verdict(aim: Aim, proof: Proof) -> Verdict:
    """What a packet's only walk says."""
    opened = left_open(proof)
    failure = arrives(aim, proof)
    if not failure:
        return Verdict.UNDECIDED if opened else Verdict.REACHABLE
    elsewhere = aim.goals is not None and proof.forward.owner not in aim.goals
    if proof.forward.fate is Fate.DELIVERED and elsewhere:
        return Verdict.UNREACHABLE
    last = proof.reply if proof.reply is not None else proof.forward
    return Verdict.UNDECIDED if last.fate is Fate.UNMODELLED else Verdict.UNREACHABLE


def senders(starts: Iterable[Start]) -> Senders:
    """What each sender can send, by its node and owner."""
    found: dict[tuple[str, str], list[HeaderSpace]] = {}
    for start in starts:
        found.setdefault((start.node, start.owner), []).append(start.space)
    return {key: tuple(spaces) for key, spaces in found.items()}
