"""Pairs of which the likeliest packets did not show everything: refuted, shown or open.

    settling = Settling(network, aim, senders, aliases, packets, serving, backend)
    settling.every(works, told)                       settling.hang(work)

What exact sets say gets through is replayed first.  What the solver refutes of many pairs at once
is done with; what it does not is looked for with many more packets; and what none of these shows is
a question of its own, for which the solver finds a packet, refutes it, or says what it hangs on.
Must not know AWS, nor where candidates come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from reach.aim import Aim
from reach.answer import Verdict
from reach.compile import compile
from reach.decide import Decision, Proof, decide_compiled, left_open, replay
from reach.errors import Defect
from reach.flood import uncovered
from reach.network.header_space import Ranges
from reach.network.node import Network
from reach.network.stage import Origin
from reach.survey.candidates import Pair, Piece
from reach.survey.confirmed import Shown, Work, rest, without
from reach.survey.homing import homing
from reach.survey.packets import Packet, Packets
from reach.survey.replays import replays
from reach.survey.senders import Senders
from reach.survey.serving import Serving, fits, gets_beyond
from reach.survey.together import Asked, Happening, Together
from solver import Backend

_MOST_ASKED = 200
_MOST_TOGETHER = 32
_MOST_TRIED = 256


@dataclass(frozen=True)
class Settling:
    """The network and the question that pairs are about."""

    network: Network
    aim: Aim
    senders: Senders
    aliases: Callable[[Ranges], Ranges]
    packets: Packets
    serving: Serving
    backend: Backend

    def every(self, works: Mapping[Pair, Work], told: Callable[[int], None]) -> None:
        """Settle these pairs; ``told`` is told of how many that is done."""
        done = 0
        for some in _together(works):
            told(done)
            self._settle(some)
            done += len(some)

    def hang(self, work: Work) -> None:
        """That a pair is open: a likely packet of it gets as far as what nothing is known of.

        Only where nothing more of it can be shown, or all that can be was looked for.
        """
        for candidate in work.beyond:
            for start, packet in self.packets.likely(candidate, candidate.service):
                proof = replay(self.network, start, packet, self.aim.two_way)
                if gets_beyond(candidate, proof):
                    work.found.open += left_open(proof)
                    return

    def _settle(self, works: Sequence[Work]) -> None:
        """What the likeliest packets did not show of some pairs.

        What the solver refutes of all of them together is done with; what it does not is looked for
        with many more packets, and only what these do not show is a question of its own.
        """
        for work in works:
            self._show_what_gets_home(work)
        left = [each for work in works for each, _ in work.left]
        beyond = [each for work in works for each in work.beyond]
        asked = Asked.of(self.aim, self.senders, self.aliases, left, beyond)
        if not asked.aim.starts:
            return
        together = Together(self.network, asked, self.senders, self.backend)
        stuck = self._found_further(works, together)
        calm = [work for work in works if id(work) not in stuck]
        for work in calm:
            self.hang(work)
        calm = [work for work in calm if work.waits]
        pairs = [(work.senders, work.rest()) for work in calm]
        unsettled = {id(calm[number]) for number in together.unsettled(pairs)}
        for work in works:
            if id(work) in stuck or id(work) in unsettled:
                self._ask(work, together if len(works) == 1 else None)
            elif not work.found.open:
                work.found.refuted += 1

    def _show_what_gets_home(self, work: Work) -> None:
        """What packets show that get home as exact sets have it, of a pair by itself: so it does
        not hang on which others it is settled with."""
        candidates = [each for each, _ in work.left]
        if not candidates or work.senders.bit_count() > _MOST_TOGETHER:
            return
        asked = Asked.of(self.aim, self.senders, self.aliases, candidates, ())
        packets = homing(self.network, asked.aim.starts, self.aim.two_way)
        for packet in islice(packets, _MOST_TRIED):
            if self._shows_more(work, work.left, packet):
                work.left = work.rest()
                if not work.left:
                    return

    def _found_further(self, works: Sequence[Work], together: Together) -> set[int]:
        """Look for what is possible; the pairs of which something is that no packet showed."""
        some = [work for work in works if work.left]
        numbers = together.possible([(work.senders, work.left) for work in some])
        return {id(work) for work in (some[n] for n in numbers) if self._is_stuck(work, together)}

    def _is_stuck(self, work: Work, together: Together) -> bool:
        """Whether many packets do not show all that is possible of a pair."""
        pieces, senders = work.left, work.senders
        for packet in islice(self.packets.further(pieces), _MOST_TRIED):
            if self._shows_more(work, pieces, packet):
                pieces = rest(pieces, work.covered)
                if not pieces or not together.possible([(senders, pieces)]):
                    return False
        return True

    def _shows_more(self, work: Work, pieces: list[Piece], packet: Packet) -> bool:
        """Whether a packet, by some choice on its way, shows more of some pieces."""
        before = len(work.covered)
        for proof in replays(self.network, *packet, self.aim.two_way):
            self._show(work, pieces, proof)
            if len(work.covered) > before:
                return True
        return False

    def _show(self, work: Work, pieces: list[Piece], proof: Proof) -> None:
        """What a replay shows of some pieces."""
        for candidate, piece in pieces:
            for left in uncovered(piece, work.covered):
                shown = self.serving.shown(candidate, left, proof)
                if shown is not None:
                    work.show(shown)

    def _ask(self, work: Work, alone: Together | None) -> None:
        """What no packet showed, as one question, until the solver finds nothing more.

        ``alone`` is the problem of this pair, if it was one of its own.
        """
        found, left = work.found, work.rest()
        if alone is None:
            candidates = [each for each, _ in left]
            asked = Asked.of(self.aim, self.senders, self.aliases, candidates, work.beyond)
            constraints = compile(self.network, asked.aim)
        else:
            asked, constraints = alone.asked, alone.constraints
        aim, happening = asked.aim, Happening(constraints, asked.aim)
        for _ in range(_MOST_ASKED):
            decision = decide_compiled(
                self.network,
                aim,
                constraints,
                self.backend,
                besides=[happening.any_of(left)],
                fits=partial(_has_it, aim, left),
            )
            if decision.verdict is not Verdict.REACHABLE:
                break
            shown = self._by_solver(aim, left, decision)
            found.shown.append(shown)
            left = [(each, some) for each, p in left for some in without([p], shown.services)]
        match decision.verdict:
            case Verdict.UNREACHABLE:
                found.refuted += 1
            case Verdict.UNDECIDED:
                found.open += decision.open or (Origin("", decision.unknown),)
            case Verdict.REACHABLE:
                found.open.append(Origin("", "more services than are asked for of one pair"))

    def _by_solver(self, aim: Aim, left: list[Piece], decision: Decision) -> Shown:
        """What the solver found, as a candidate that it fits."""
        proof = decision.proof
        assert proof is not None
        for candidate, piece in left:
            if fits(aim, candidate, piece, proof):
                return self.serving.found(candidate, piece, proof)
        raise Defect(f"{proof.packet} gets through, but not as anything that was asked about")


def _has_it(aim: Aim, left: Iterable[Piece], proof: Proof) -> bool:
    """Whether a packet is what any of these pieces says."""
    return any(fits(aim, candidate, piece, proof) for candidate, piece in left)


def _together(works: Mapping[Pair, Work]) -> Iterator[list[Work]]:
    """The pairs that are one problem: some to one group, while few send.

    What many send takes longer to compile for many pairs at once than for each alone.
    """
    by_end: dict[str, list[Work]] = {}
    for (_, end), work in works.items():
        by_end.setdefault(end, []).append(work)
    for each in by_end.values():
        some: list[Work] = []
        for work in each:
            bits = work.senders
            for other in some:
                bits |= other.senders
            if some and bits.bit_count() > _MOST_TOGETHER:
                yield some
                some = []
            some.append(work)
        yield some
