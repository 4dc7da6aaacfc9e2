"""Turns candidates into what is so: each is shown by a packet that is replayed, or refuted by Z3.

    confirming = Confirming(network, aim, senders, aliases, packets, onward, backend)
    confirming.every(proposed, pairs, told) -> {pair: Confirmed}

A packet is made up for each candidate and walked there and back by the concrete twin; the path's
own conditions say for which other services the same path is open.  What comes by a node that lets
nothing of it on is refuted once for all senders.  What is left then is put to the solver as a
question of its own: it finds a packet, refutes it, or says what it hangs on.
Must not know AWS, nor where candidates come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

from reach.aim import Aim
from reach.answer import Verdict
from reach.compile import compile
from reach.conditions import conditions
from reach.decide import Decision, Proof, decide_compiled, gets_through, left_open, replay
from reach.errors import Defect
from reach.flood import minus, uncovered, whole
from reach.foreseen import LIKED
from reach.network.field import Header
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.stage import Origin
from reach.survey.candidates import Candidate, Pair, Piece, service, service_of
from reach.survey.homeward import Homeward
from reach.survey.onward import Onward
from reach.survey.packets import Packets
from reach.survey.proposals import Proposals
from reach.survey.replays import replays
from reach.survey.senders import Senders
from reach.survey.steered import steered
from reach.survey.together import Asked, Happening, Together
from reach.trace import Fate
from solver import Backend

_MOST_ASKED = 200
_MOST_TOGETHER = 32
_MOST_TRIED = 256


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


@dataclass(slots=True)
class _Work:
    """A pair under way: what was found of it, and what is left to be shown or refuted.

    If it is ``wary``, the first reply that is lost makes it ``suspect``, and nothing more is tried.
    """

    found: Confirmed = field(default_factory=Confirmed)
    covered: list[HeaderSpace] = field(default_factory=list)
    left: list[Piece] = field(default_factory=list)
    beyond: list[Candidate] = field(default_factory=list)
    wary: bool = False
    suspect: bool = False

    def show(self, shown: Shown) -> None:
        self.found.shown.append(shown)
        self.covered += shown.services

    def rest(self) -> list[Piece]:
        """What is left of the pieces that nothing showed."""
        return _rest(self.left, self.covered)

    @property
    def waits(self) -> bool:
        """Whether something of it is neither shown nor known to hang on something."""
        return bool(self.left or self.beyond) and not self.found.open

    @property
    def senders(self) -> int:
        bits = 0
        for candidate in (*(each for each, _ in self.left), *self.beyond):
            bits |= candidate.senders
        return bits


class Confirming:
    """The network and the question that candidates are about."""

    def __init__(
        self,
        network: Network,
        aim: Aim,
        senders: Senders,
        aliases: Callable[[Ranges], Ranges],
        packets: Packets,
        onward: Onward,
        homeward: Homeward,
        backend: Backend,
    ) -> None:
        self._network = network
        self._aim = aim
        self._senders = senders
        self._aliases = aliases
        self._packets = packets
        self._onward = onward
        self._homeward = homeward
        self._backend = backend

    def every(
        self, proposed: Proposals, pairs: Sequence[Pair], told: Callable[[int], None]
    ) -> dict[Pair, Confirmed]:
        """All services between the groups of some pairs, each shown, refuted or open.

        ``told`` is told of how many pairs that is known.
        """
        works: dict[Pair, _Work] = {}
        for pair in pairs:
            told(len(works))
            works[pair] = self._begun(proposed, pair, _Work(wary=self._aim.two_way))
        suspects = [pair for pair, work in works.items() if work.suspect]
        for pair, is_lost in self._lost(proposed, suspects).items():
            works[pair] = self._begun(proposed, pair, _Work(), only_by_nodes=is_lost)
        for work in works.values():
            if not work.left:
                self._hang(work)
        waiting = {pair: work for pair, work in works.items() if work.waits}
        done = len(works) - len(waiting)
        for some in _together(waiting):
            told(done)
            self._settle(some)
            done += len(some)
        return {pair: work.found for pair, work in works.items()}

    def _begun(
        self, proposed: Proposals, pair: Pair, work: _Work, *, only_by_nodes: bool = False
    ) -> _Work:
        """A pair with what the likeliest packets show; of one whose replies are lost, only what
        comes by a node is left."""
        work.beyond = list(proposed.beyond(pair))
        for asked_for, some in proposed.of(pair):
            for candidate in some:
                if only_by_nodes and not candidate.node:
                    continue
                todo = list(uncovered(asked_for, work.covered))
                if not todo:
                    break
                self._try(work, candidate, todo)
                if work.suspect:
                    return work
        work.found.shown.sort(key=_by_somebody)
        self._drop_what_leads_nowhere(work)
        if only_by_nodes and not work.left and not work.beyond:
            work.found.refuted += 1
        return work

    def _lost(self, proposed: Proposals, suspects: Sequence[Pair]) -> dict[Pair, bool]:
        """Of pairs of which a reply was lost, whether all are: those to one group at once."""
        by_end: dict[str, list[Pair]] = {}
        for pair in suspects:
            by_end.setdefault(pair[1], []).append(pair)
        found: dict[Pair, bool] = {}
        for some in by_end.values():
            ends = [
                [each for _, cs in proposed.of(pair) for each in cs if not each.node]
                for pair in some
            ]
            found |= zip(some, self._homeward.lost(ends, self._backend), strict=True)
        return found

    def _drop_what_leads_nowhere(self, work: _Work) -> None:
        """Refute what comes by a node that lets nothing of it on, whoever sent it."""
        left = work.rest()
        work.left = [
            (each, piece)
            for each, piece in left
            if not each.node or not self._onward.leads_nowhere(each.node, piece, self._backend)
        ]
        if left and not work.left and not work.beyond:
            work.found.refuted += 1

    def _try(self, work: _Work, candidate: Candidate, todo: list[HeaderSpace]) -> None:
        """What the likeliest packets show of some services of a candidate."""
        while todo:
            piece = todo.pop()
            shown = self._shown(work, candidate, piece)
            if work.suspect:
                return
            if shown is None:
                work.left.append((candidate, piece))
                continue
            work.show(shown)
            todo = _without([*todo, piece], shown.services)

    def _settle(self, works: Sequence[_Work]) -> None:
        """What the likeliest packets did not show of some pairs.

        What the solver refutes of all of them together is done with; what it does not is looked for
        with many more packets, and only what these do not show is a question of its own.
        """
        left = [each for work in works for each, _ in work.left]
        beyond = [each for work in works for each in work.beyond]
        asked = Asked.of(self._aim, self._senders, self._aliases, left, beyond)
        if not asked.aim.starts:
            return
        together = Together(self._network, asked, self._senders, self._backend)
        stuck = self._found_further(works, together)
        calm = [work for work in works if id(work) not in stuck]
        for work in calm:
            self._hang(work)
        calm = [work for work in calm if work.waits]
        pairs = [(work.senders, work.rest()) for work in calm]
        unsettled = {id(calm[number]) for number in together.unsettled(pairs)}
        for work in works:
            if id(work) in stuck or id(work) in unsettled:
                self._ask(work, together if len(works) == 1 else None)
            elif not work.found.open:
                work.found.refuted += 1

    def _found_further(self, works: Sequence[_Work], together: Together) -> set[int]:
        """Look for what is possible; the pairs of which something is that no packet showed."""
        some = [work for work in works if work.left]
        numbers = together.possible([(work.senders, work.left) for work in some])
        return {id(work) for work in (some[n] for n in numbers) if self._is_stuck(work, together)}

    def _is_stuck(self, work: _Work, together: Together) -> bool:
        """Whether many packets do not show all that is possible of a pair."""
        pieces, senders = work.left, work.senders
        for packet in islice(self._packets.further(pieces), _MOST_TRIED):
            before = len(work.covered)
            for proof in replays(self._network, *packet, self._aim.two_way):
                self._show(work, pieces, proof)
                if len(work.covered) > before:
                    break
            if len(work.covered) > before:
                pieces = _rest(pieces, work.covered)
                if not pieces or not together.possible([(senders, pieces)]):
                    return False
        return True

    def _show(self, work: _Work, pieces: list[Piece], proof: Proof) -> None:
        """What a replay shows of some pieces."""
        for candidate, piece in pieces:
            if self._serves(candidate, piece, proof):
                for rest in uncovered(piece, work.covered):
                    if self._serves(candidate, rest, proof):
                        work.show(
                            Shown(self._services(candidate, rest, proof), proof, candidate.owner)
                        )

    # ---------------------------------------------------------------- by a packet made up

    def _shown(self, work: _Work, candidate: Candidate, piece: HeaderSpace) -> Shown | None:
        """What the first likely packet shows that serves."""
        for start, packet in self._packets.likely(candidate, piece):
            for proof in steered(self._network, start, packet, self._aim.two_way, candidate):
                if self._serves(candidate, piece, proof):
                    return Shown(self._services(candidate, piece, proof), proof, candidate.owner)
                if work.wary and not work.covered and _loses_its_reply(candidate, proof):
                    work.suspect = True
                    return None
            if candidate.node and self._onward.leads_nowhere(candidate.node, piece, self._backend):
                return None
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

    def _hang(self, work: _Work) -> None:
        """That a pair is open: a likely packet of it gets as far as what nothing is known of.

        Only where nothing more of it can be shown, or all that can be was looked for.
        """
        for candidate in work.beyond:
            for start, packet in self._packets.likely(candidate, candidate.service):
                proof = replay(self._network, start, packet, self._aim.two_way)
                if _gets_beyond(candidate, proof):
                    work.found.open += left_open(proof)
                    return

    # ---------------------------------------------------------------- by the solver

    def _ask(self, work: _Work, alone: Together | None) -> None:
        """What no packet showed, as one question, until the solver finds nothing more.

        ``alone`` is the problem of this pair, if it was one of its own.
        """
        found, left = work.found, work.rest()
        if alone is None:
            candidates = [each for each, _ in left]
            asked = Asked.of(self._aim, self._senders, self._aliases, candidates, work.beyond)
            constraints = compile(self._network, asked.aim)
        else:
            asked, constraints = alone.asked, alone.constraints
        aim, happening = asked.aim, Happening(constraints)
        for _ in range(_MOST_ASKED):
            decision = decide_compiled(
                self._network,
                aim,
                constraints,
                self._backend,
                besides=[happening.any_of(left)],
                fits=partial(_has_it, left),
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
            if _fits(candidate, piece, proof):
                return Shown(self._services(candidate, piece, proof), proof, candidate.owner)
        raise Defect(f"{proof.packet} gets through, but not as anything that was asked about")


def _loses_its_reply(candidate: Candidate, proof: Proof) -> bool:
    """Whether a packet gets where a candidate has it, and its reply is dropped."""
    at_it = not candidate.node and proof.forward.owner == candidate.owner
    return at_it and proof.reply is not None and proof.reply.fate is Fate.DROPPED


def _by_somebody(shown: Shown) -> bool:
    """Whether only some may send a packet that nobody stands out for: told after what all may."""
    return shown.proof.packet.source not in LIKED["source"]


def _fits(candidate: Candidate, piece: HeaderSpace, proof: Proof) -> bool:
    """Whether a packet gets where a candidate has it, as a piece of it says."""
    header = _counted(candidate, proof)
    at_it = bool(candidate.node) or candidate.owner == proof.forward.owner
    return at_it and header is not None and header in piece


def _has_it(left: Iterable[Piece], proof: Proof) -> bool:
    """Whether a packet is what any of these pieces says."""
    return any(_fits(candidate, piece, proof) for candidate, piece in left)


def _rest(pieces: Iterable[Piece], covered: Sequence[HeaderSpace]) -> list[Piece]:
    return [(each, some) for each, piece in pieces for some in uncovered(piece, covered)]


def _without(pieces: list[HeaderSpace], services: Sequence[HeaderSpace]) -> list[HeaderSpace]:
    return [rest for piece in pieces for rest in uncovered(piece, services)]


def _narrowed(aim: Aim, candidate: Candidate) -> Aim:
    """The same question about one owner, or one node to come by."""
    if candidate.node:
        return replace(aim, goals={}, passing=(candidate.node,))
    ends = HeaderSpace.where(destination=candidate.space.by_name.get("destination"))
    return replace(aim, goals={candidate.owner: ends}, passing=())


def _gets_beyond(candidate: Candidate, proof: Proof) -> bool:
    """Whether a packet gets as far as what a candidate has, on its way to the group."""
    forward = proof.forward
    at_it = forward.fate is Fate.UNMODELLED and forward.origin == candidate.beyond
    return at_it and forward.final in candidate.space


def _counted(candidate: Candidate, proof: Proof) -> Header | None:
    """The header that the services are told by: as delivered, or as it comes by the node."""
    if not candidate.node:
        return proof.forward.final
    return next((h.before for h in proof.forward.hops if h.node == candidate.node), None)


def _together(works: Mapping[Pair, _Work]) -> Iterator[list[_Work]]:
    """The pairs that are one problem: some to one group, while few send.

    What many send takes longer to compile for many pairs at once than for each alone.
    """
    by_end: dict[str, list[_Work]] = {}
    for (_, end), work in works.items():
        by_end.setdefault(end, []).append(work)
    for each in by_end.values():
        some: list[_Work] = []
        for work in each:
            bits = work.senders
            for other in some:
                bits |= other.senders
            if some and bits.bit_count() > _MOST_TOGETHER:
                yield some
                some = []
            some.append(work)
        yield some
