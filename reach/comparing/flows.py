"""The last stage: which flows get further in one network than in another one, one by one.

    Search(before, after, starts, known, wanted, ...).found() -> Found

Only flows count that come by a place that differs, or that nobody could send before.  One is
proved and replayed in the network after; the very packet is asked of the network before.  Flows of
one kind that meet the same difference make a block: senders, receivers, and the packets between
them; who else belongs to it is tried with the same packet.  Blocks are put aside, until nothing is
left: that last "no" is one problem over all paths, and says that there are no others.  A flow is a
packet with whom it is delivered to: one that goes to somebody else than before is another one.

Must not know AWS, rendering, nor why the networks differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import solver
from reach.aim import Aim, Start
from reach.answer import Verdict
from reach.comparing.backwards import Spaces
from reach.comparing.coming import ways
from reach.comparing.passing import delivers
from reach.compile import compile
from reach.conditions import Conditions, conditions
from reach.decide import (
    Proof,
    arrives,
    decide,
    decide_compiled,
    gets_through,
    left_open,
    replay,
)
from reach.flood import uncovered
from reach.network.address import is_ipv4
from reach.network.field import FIELDS, Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.stage import Assign, Translate
from reach.symbolic import Symbolic
from reach.trace import Fate
from solver import Backend, Term

_TRIED = 64
_TOGETHER, _PORTION = 64, 16  # so many starts are one problem; of more so many are
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
    block: int


@dataclass
class _Block:
    """Flows of one kind that meet the same difference, by who sends and who receives."""

    number: int
    kinds: Spaces
    sources: dict[tuple[str, HeaderSpace], None] = field(default_factory=dict)
    ends: dict[tuple[str, HeaderSpace], None] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """All flows that get further iff ``complete``; else why there may be others."""

    flows: tuple[Further, ...]
    complete: bool
    reason: str = ""


@dataclass(frozen=True)
class Wanted:
    """Which flows count: those from starts that are new, and those that come by ``forward`` or
    whose reply comes by ``reply`` (by node, headers on entry).  ``ends`` are addresses that are
    worth a try as destinations; starts ``inside`` are many of a sort, others are told alone.
    Those that come by are, on their way there, at the nodes of ``region`` only, with headers that
    it tells; None: anywhere."""

    forward: Mapping[str, Spaces]
    reply: Mapping[str, Spaces]
    new: frozenset[Start] = frozenset()
    ends: tuple[int, ...] = ()
    inside: frozenset[str] = frozenset()
    region: Mapping[str, Spaces] | None = None


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
    _flows: list[Further] = field(default_factory=list)
    _blocks: dict[object, _Block] = field(default_factory=dict)

    def found(self) -> Found:
        """One problem; one after the other for portions of the starts if these are many."""
        self._aim = Aim(tuple(self.starts), goals=None, two_way=self.two_way)
        self._symbolic = Symbolic()
        self._asked = 0
        for starts in self._portions():
            reason = self._exhausted(replace(self._aim, starts=starts))
            if reason:
                return Found(tuple(self._flows), False, reason)
        return Found(tuple(self._flows), True)

    def _portions(self) -> Iterator[tuple[Start, ...]]:
        """Starts that lead to the same places together: behind them each is explored apart."""
        if len(self.starts) <= _TOGETHER:
            yield from [tuple(self.starts)] if self.starts else []
            return
        near: dict[object, list[Start]] = {}
        for start in self.starts:
            onward = (ways(stage) for stage in self.after.node(start.node).stages)
            last = tuple(target for each in onward for target, _, session in each if not session)
            near.setdefault(last[-1:], []).append(start)
        for some in near.values():
            for first in range(0, len(some), _PORTION):
                yield tuple(some[first : first + _PORTION])

    def _exhausted(self, aim: Aim) -> str:
        """All that gets further from some starts; why there may be more, if that is not all."""
        self._constraints = compile(self.after, aim, region=self.wanted.region)
        self._others = [self._counts()]
        while self._asked < _ASKED_FOR_EACH * self.most:
            self._asked += 1
            besides = (*self._others, *(self._none_of(block) for block in self._blocks.values()))
            decision = decide_compiled(
                self.after, aim, self._constraints, self.backend, besides=besides
            )
            if decision.verdict is Verdict.UNREACHABLE:
                self._asked -= 1
                return ""
            if decision.proof is None:
                return f"the solver gave up: {decision.unknown}"
            flow = self._judged(decision.proof, decision.verdict)
            if flow is not None:
                self._try_others(flow)
            if len(self._blocks) > self.most:
                break
        return f"{len(self._blocks)} kinds of flows were told apart, and there may be more"

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

    def _judged(self, proof: Proof, now: Verdict) -> Further | None:
        """The flow that was proved with all that are alike; None if it got as far before."""
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
        if was is Verdict.REACHABLE or was is now:
            self._others.append(self._not_these(proof.start.node, packets, owner, arriving))
            return None
        block = self._block(proof, was, now, packets)
        _add(block, proof.start.node, packets, owner, arriving)
        flow = Further(was, now, owner, packets, arriving, proof, before, block.number)
        self._flows.append(flow)
        return flow

    def _block(self, proof: Proof, was: Verdict, now: Verdict, packets: Spaces) -> _Block:
        kinds = tuple(dict.fromkeys(map(_kind, packets)))
        four = is_ipv4(proof.packet.source)
        who = "" if proof.start.node in self.wanted.inside else proof.start.node
        key = (kinds, was, now, four, who, frozenset(self._met(proof)))
        return self._blocks.setdefault(key, _Block(len(self._blocks), kinds))

    def _met(self, proof: Proof) -> Iterator[object]:
        """What differs of all that a flow and its reply come by."""
        for trace, wanted in (
            (proof.forward, self.wanted.forward),
            (proof.reply, self.wanted.reply),
        ):
            for hop in trace.hops if trace is not None else ():
                spaces = [each for each in wanted.get(hop.node, ()) if hop.before in each]
                if spaces:
                    rules = tuple((o.resource, o.locator) for o in hop.passed if o.locator)
                    yield rules or tuple(spaces)
        if any(start.node == proof.start.node for start in self._new):
            yield "new"

    def _try_others(self, flow: Further) -> None:
        """The same packet from others, and to others."""
        if flow.now is not Verdict.REACHABLE:
            return
        packet = flow.proof.packet
        own = [start for start in self.starts if start.node == flow.proof.start.node]
        for start in self.starts if flow.proof.start.node in self.wanted.inside else ():
            self._try(start, packet, flow.block)
        for end in self.wanted.ends:
            if is_ipv4(end) is is_ipv4(packet.source):
                for start in own:
                    self._try(start, packet._replace(destination=end), flow.block)

    def _try(self, start: Start, packet: Header, number: int) -> None:
        """Whether a packet from another source belongs to a block as well; if so, it is added."""
        sources = start.space.by_name.get("source")
        tried = [packet.source]
        if sources is not None and packet.source not in sources:
            tried = [low for low, _ in sources.intervals[:_TRIED]]
        block = list(self._blocks.values())[number]
        for source in tried:
            other = packet._replace(source=source)
            if other not in start.space or source == packet.destination:
                continue
            proof = replay(self.after, start, other, self.two_way)
            if not gets_through(self._aim, proof) or not any(self._met(proof)):
                continue
            if not _holds(block, proof):
                self._judged(proof, Verdict.REACHABLE)

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
        if owner and delivers(self.before, every, owner) is False:
            return Verdict.UNREACHABLE, took.start
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

    def _not_these(self, node: str, packets: Spaces, owner: str, arriving: Spaces) -> Term:
        """That a flow is none of these very packets from a node, delivered to their end."""
        sent = solver.any_of(
            solver.and_(chosen, self._symbolic.matches(space, version))
            for chosen, start, version in self._constraints.starts
            if start.node == node
            for space in packets
        )
        if not owner:
            return solver.not_(sent)
        return solver.not_(solver.and_(sent, self._delivered({owner: [*map(_to, arriving)]})))

    def _delivered(self, ends: Mapping[str, Sequence[HeaderSpace]]) -> Term:
        """That a flow is delivered to one of these owners, at one of their addresses."""
        return solver.any_of(
            solver.and_(point.met, self._symbolic.matches(space, point.version))
            for point, delivery in self._constraints.forward.deliveries
            for space in ends.get(delivery.owner, ())
        )

    def _none_of(self, block: _Block) -> Term:
        """That a flow is none of a block."""
        symbolic = self._symbolic
        sources: dict[str, list[HeaderSpace]] = {}
        for node, space in block.sources:
            sources.setdefault(node, []).append(space)
        sent = solver.any_of(
            solver.and_(
                chosen,
                solver.any_of(symbolic.matches(space, version) for space in sources[start.node]),
                solver.any_of(symbolic.matches(kind, version) for kind in block.kinds),
            )
            for chosen, start, version in self._constraints.starts
            if start.node in sources
        )
        ends: dict[str, list[HeaderSpace]] = {}
        for owner, space in block.ends:
            ends.setdefault(owner, []).append(space)
        if "" in ends:
            return solver.not_(sent)
        return solver.not_(solver.and_(sent, self._delivered(ends)))


def _holds(block: _Block, proof: Proof) -> bool:
    """Whether a proven flow is one of a block."""
    forward, node = proof.forward, proof.start.node
    return any(
        forward.owner == owner and forward.final in space for owner, space in block.ends
    ) and any(node == begun and proof.packet in space for begun, space in block.sources)


def _add(block: _Block, node: str, packets: Spaces, owner: str, arriving: Spaces) -> None:
    for space in packets:
        block.sources[node, HeaderSpace.where(source=space.by_name.get("source"))] = None
    if not owner:
        block.ends["", ANYTHING] = None
    for space in arriving:
        block.ends[owner, _to(space)] = None


def _to(space: HeaderSpace) -> HeaderSpace:
    """Whatever is delivered to the same addresses."""
    return HeaderSpace.where(destination=space.by_name.get("destination"))


def _kind(space: HeaderSpace) -> HeaderSpace:
    return space.without("source", "destination")


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
