"""The last stage: which flows get further in one network than in another one, one by one.

    Search(before, after, starts, known, wanted, ...).found() -> Found

Only flows count that come by a place that differs, or that nobody could send before.  One is
proved and replayed in the network after; the very packet is asked of the network before.  Those
that take the same decisions in both are put aside with it, and no others: of nobody is anything
said that was not proved.  Flows of one kind that meet the same difference make a block; who else
sends such, and to whom, is tried with the same packet, pair by pair.  That goes on until nothing is
left: the last "no" is one problem over all paths, and says that there are no others.  A flow is a
packet with whom it is delivered to: one that goes to somebody else than before is another one.

Must not know AWS, rendering, nor why the networks differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import solver
from reach.aim import Aim, Start
from reach.answer import Verdict
from reach.comparing.backwards import Spaces
from reach.comparing.became import Became, all_alike, is_settled, verdict
from reach.comparing.coming import ways
from reach.comparing.sweeping import Gained
from reach.comparing.told import Told, Way
from reach.compile import compile
from reach.conditions import Conditions
from reach.decide import (
    Proof,
    decide,
    decide_compiled,
    gets_through,
    replay,
)
from reach.errors import Defect
from reach.flood import uncovered, whole
from reach.foreseen import liking
from reach.network.address import FAMILY_BIT, is_ipv4
from reach.network.field import ICMP_ANSWERS, Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Network
from reach.symbolic import Symbolic
from reach.trace import Fate
from solver import Backend, Term

_TRIED = 64
_HIGHEST = whole("source").intervals[-1][1]
_TOGETHER, _PORTION = 64, 16  # so many starts are one problem; of more so many are
_ASKED_FOR_EACH = 4  # what gets through both networks has to be put aside as well
_AT_LEAST = 3  # so many problems are gone into, whatever the effort
_LITTLE = 1 / 16  # so much counts what is of a kind that is told apart already

Liked = tuple[tuple[int, bool, int], ...]  # by which packets are in the order that people like
Senders = Mapping[tuple[str, str], Spaces]  # a start's node and owner, with what it sends


@dataclass(frozen=True, eq=False)
class Further:
    """Packets that get further than before: to ``owner``, unless they meet what is not known first.

    ``ways`` are they, as they start and as they leave the ``last`` node.  ``proof`` is of one of
    them, the ``packet`` that people would like best to see, and ``before`` what became of it in the
    other network (None: nobody sent it there).
    """

    was: Verdict
    now: Verdict
    owner: str
    ways: tuple[Way, ...]
    start: Start
    last: str
    some: tuple[Header, Header]  # one of them, as it starts and as it is delivered
    block: int
    packet: Header
    liked: Liked
    prove: Callable[[], tuple[Proof, Proof | None]]

    @cached_property
    def _proofs(self) -> tuple[Proof, Proof | None]:
        return self.prove()

    @property
    def proof(self) -> Proof:
        return self._proofs[0]

    @property
    def before(self) -> Proof | None:
        return self._proofs[1]

    @property
    def packets(self) -> Spaces:
        return tuple(dict.fromkeys(sent for sent, _ in self.ways))


@dataclass
class _Grid:
    """Who sends a packet and to which addresses it may be sent, and which pairs were tried."""

    senders: dict[tuple[Start, int], None] = field(default_factory=dict)
    ends: dict[int, None] = field(default_factory=dict)
    tried: dict[tuple[Start, int, int], bool] = field(default_factory=dict)


@dataclass
class _Block:
    """Flows of one kind that meet the same difference; what was tried, packet by packet."""

    number: int
    grids: dict[Header, _Grid] = field(default_factory=dict)


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

    ``known`` is what each sender could send before.  ``effort`` is how many places, of all problems
    together, may be gone through: what one costs grows with them.
    """

    before: Network
    after: Network
    starts: Sequence[Start]
    known: Senders
    wanted: Wanted
    backend: Backend
    two_way: bool
    most: int
    effort: int | None = None
    _told: Told = field(default_factory=Told)
    _flows: list[Further] = field(default_factory=list)
    _blocks: dict[object, _Block] = field(default_factory=dict)

    def found(self) -> Found:
        """One problem; one after the other for portions of the starts if these are many."""
        self._aim = Aim(tuple(self.starts), goals=None, two_way=self.two_way)
        self._became = Became(self.before, self._aim, self.backend)
        self._symbolic = Symbolic()
        self._asked, self._spent, self._problems = 0.0, 0, 0
        for starts in self._portions():
            reason = self._exhausted(replace(self._aim, starts=starts))
            if reason:
                return Found(tuple(self._flows), False, reason)
        return Found(tuple(self._flows), True)

    def given_up(self, reason: str) -> Found:
        """What was told alone: no others are looked for."""
        return Found(tuple(self._flows), False, reason)

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
        counts = self._counts()
        places = len(self._constraints.forward.places) + len(self._constraints.reply.places)
        while self._asked < _ASKED_FOR_EACH * self.most:
            if self._is_spent(places):
                return f"it was given up after {self._problems} problems, this of {places:,} places"
            self._spent, self._problems = self._spent + places, self._problems + 1
            besides = (counts, *self._told.others(self._constraints))
            decision = decide_compiled(
                self.after,
                aim,
                self._constraints,
                self.backend,
                besides=besides,
                fits=self._is_another,
            )
            if decision.verdict is Verdict.UNREACHABLE:
                return ""
            if decision.proof is None:
                return f"the solver gave up: {decision.unknown}"
            known = len(self._blocks)
            flow = self._judged(decision.proof, decision.verdict)
            if flow is not None:
                self._try_others(flow)
            # What only fills a block counts little.
            self._asked += 1 if flow is None or len(self._blocks) > known else _LITTLE
            if len(self._blocks) > self.most:
                break
        return f"{len(self._blocks)} kinds of flows were told apart, and there may be more"

    def _is_another(self, proof: Proof) -> bool:
        """Whether a flow is not told yet: by which options it got there makes it no other one."""
        return not self._told.holds(proof.start.node, proof.packet)

    def _is_spent(self, places: int) -> bool:
        """Whether another problem is too much; a few are gone into, however large."""
        if self.effort is None or self._problems < _AT_LEAST:
            return False
        return self._spent + places > self.effort

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
        owner = proof.forward.owner if proof.forward.fate is Fate.DELIVERED else ""
        took = all_alike(self.after, proof, self._counted_with(proof.packet))
        packets, before, was = took.start, None, Verdict.UNREACHABLE
        if self._is_new(proof.start, proof.packet):
            sent = self._sent(proof.start)
            packets = tuple(p for each in packets for p in uncovered(each, sent))
        else:
            before = replay(self.before, proof.start, proof.packet, self.two_way)
            was, packets = self._became.told(proof, before, owner, took)
        ways = self._ways(proof, took, packets) if owner else tuple((p, p) for p in packets)
        self._told.add(proof.start.node, ways, owner)
        if was is Verdict.REACHABLE or was is now:
            return None
        block = self._block(proof, was, now, packets)
        packet, last = proof.packet, proof.forward.hops[-1].node
        shown = (proof, before)
        flow = Further(
            was,
            now,
            owner,
            ways,
            proof.start,
            last,
            (packet, proof.forward.final),
            block.number,
            packet,
            liking(packet),
            lambda: shown,
        )
        self._flows.append(flow)
        return flow

    def _sent(self, start: Start) -> Spaces:
        return self.known.get((start.node, start.owner), ())

    def _is_new(self, start: Start, packet: Header) -> bool:
        """Whether its sender sent no such packet before."""
        return not any(packet in space for space in self._sent(start))

    def _counted_with(self, packet: Header) -> Spaces:
        """The packets of which one says anything: with a reply, of ICMP those of the same message.

        Others are answered by another message or by none, and then they do not count.
        """
        if self.two_way and packet.protocol in ICMP_ANSWERS:
            return (HeaderSpace.where(icmp_type=Ranges.of(packet.icmp_type)),)
        return (ANYTHING,)

    def tell(self, gained: Iterable[Gained]) -> None:
        """Put flows aside that are known to get further; one of each kind is walked at once."""
        kinds: dict[object, list[tuple[Gained, Header, Liked]]] = {}
        for each in gained:
            who = "" if each.start.node in self.wanted.inside else each.start.node
            four = each.space.by_name["source"].meets(FAMILY_BIT, _HIGHEST)
            straight = each.ending is None
            key = (_kind(each.space), four, who, straight, each.was, each.now)
            packet = each.some_packet(self.two_way)
            kinds.setdefault(key, []).append((each, packet, liking(packet)))
        for alike in kinds.values():
            first, packet, _ = min(alike, key=_most_liked)
            proof, _ = self._walked(first, packet)
            was, now = first.was, first.now
            block = self._block(proof, was, now, (first.space,))
            for each, packet, liked in alike:
                ways = ((each.space, each.arriving),)
                self._told.add(each.start.node, ways, each.owner)
                sent = _one_of(proof.packet, each.space)
                flow = Further(
                    was,
                    now,
                    each.owner,
                    ways,
                    each.start,
                    each.last,
                    (sent, _one_of(sent, each.arriving)),
                    block.number,
                    packet,
                    liked,
                    partial(self._walked, each, packet),
                )
                self._flows.append(flow)

    def _walked(self, gained: Gained, packet: Header) -> tuple[Proof, Proof | None]:
        """A packet that sets say gets further, in both networks; in one, if nobody sent it."""
        proof = replay(self.after, gained.start, packet, self.two_way)
        ends = HeaderSpace.where(destination=gained.arriving.by_name.get("destination"))
        goals = {gained.owner: ends} if gained.owner else None
        aim = Aim((gained.start.of_one(packet),), goals, two_way=self.two_way)
        now = verdict(aim, proof)
        if now is not gained.now and not is_settled(self.after, proof):
            decision = decide(self.after, aim, self.backend)  # another way
            now, proof = decision.verdict, decision.proof or proof
        if now is not gained.now:
            raise Defect(f"{packet} from {gained.start.node} does not get there as sets say")
        if self._is_new(gained.start, packet):
            return proof, None
        before = replay(self.before, gained.start, packet, self.two_way)
        was = verdict(aim, before)
        differs = was is Verdict.REACHABLE or was is not gained.was
        if differs and is_settled(self.before, before):
            raise Defect(f"{packet} from {gained.start.node} does not get further as sets say")
        return proof, before

    def _ways(self, proof: Proof, took: Conditions, packets: Spaces) -> tuple[Way, ...]:
        """Packets as they start, each space with what is delivered of it."""
        known: dict[HeaderSpace, list[Way]] = {}
        for way in took.ways:
            known.setdefault(way[0], []).append(way)
        return tuple(
            dict.fromkeys(
                way
                for space in packets
                for way in known.get(space) or all_alike(self.after, proof, (space,)).ways
            )
        )

    def _block(self, proof: Proof, was: Verdict, now: Verdict, packets: Spaces) -> _Block:
        kinds = tuple(dict.fromkeys(map(_kind, packets)))
        four = is_ipv4(proof.packet.source)
        who = "" if proof.start.node in self.wanted.inside else proof.start.node
        key = (kinds, was, now, four, who, frozenset(self._met(proof)))
        return self._blocks.setdefault(key, _Block(len(self._blocks)))

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
        if self._is_new(proof.start, proof.packet):
            yield "new"

    def _try_others(self, flow: Further) -> None:
        """The same packet from others, and to others: whoever sends it to whomever it may be sent.

        Where it began beyond, it is tried from there alone.
        """
        if flow.now is not Verdict.REACHABLE:
            return
        packet, begun = flow.packet, flow.proof.start.node
        block = list(self._blocks.values())[flow.block]
        grid = block.grids.setdefault(packet._replace(source=0, destination=0), _Grid())
        own = [start for start in self.starts if start.node == begun]
        starts = self.starts if begun in self.wanted.inside else own
        four = is_ipv4(packet.source)
        for sender in (each for start in starts for each in _senders(start, packet)):
            if self._try(grid, packet, *sender, packet.destination):
                grid.senders[sender] = None
        for end in (each for each in self.wanted.ends if is_ipv4(each) is four):
            tried = [self._try(grid, packet, start, packet.source, end) for start in own]
            if any(tried):
                grid.ends[end] = None
        for start, source in grid.senders:
            for end in grid.ends:
                self._try(grid, packet, start, source, end)

    def _try(self, grid: _Grid, packet: Header, start: Start, source: int, end: int) -> bool:
        """Whether a packet with other ends gets further as well; if so, it is told of."""
        key = (start, source, end)
        if key not in grid.tried:
            grid.tried[key] = self._gets_further(
                start, packet._replace(source=source, destination=end)
            )
        return grid.tried[key]

    def _gets_further(self, start: Start, packet: Header) -> bool:
        if packet not in start.space or packet.source == packet.destination:
            return False
        if self._told.holds(start.node, packet):
            return True
        proof = replay(self.after, start, packet, self.two_way)
        if not gets_through(self._aim, proof) or not any(self._met(proof)):
            return False
        return self._judged(proof, Verdict.REACHABLE) is not None


def _most_liked(told: tuple[Gained, Header, Liked]) -> tuple[Liked, str]:
    """By which flows of a kind are in one order, into whatever pieces these fell."""
    return told[2], told[0].start.node


def _one_of(packet: Header, space: HeaderSpace) -> Header:
    """A packet with other ends."""
    sides = (space.by_name.get(side, whole(side)) for side in ("source", "destination"))
    source, destination = (values.intervals[0][0] for values in sides)
    return packet._replace(source=source, destination=destination)


def _senders(start: Start, packet: Header) -> Iterator[tuple[Start, int]]:
    """A start with the addresses from which a packet may be sent there: its own, or a few."""
    sources = start.space.by_name.get("source")
    if sources is None or packet.source in sources:
        yield start, packet.source
    else:
        yield from ((start, low) for low, _ in sources.intervals[:_TRIED])


def _kind(space: HeaderSpace) -> HeaderSpace:
    return space.without("source", "destination")


def senders(starts: Iterable[Start]) -> Senders:
    """What each sender can send, by its node and owner."""
    found: dict[tuple[str, str], list[HeaderSpace]] = {}
    for start in starts:
        found.setdefault((start.node, start.owner), []).append(start.space)
    return {key: tuple(spaces) for key, spaces in found.items()}
