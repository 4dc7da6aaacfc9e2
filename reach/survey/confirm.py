"""Turns candidates into what is so: each is shown by a packet that is replayed, or refuted by Z3.

    confirming = Confirming(network, aim, packets, onward, homeward, serving, settling, backend)
    confirming.every(proposed, pairs, told) -> {pair: Confirmed}

A packet is made up for each candidate and walked there and back by the concrete twin; the path's
own conditions say for which other services the same path is open.  What comes by a node that lets
nothing of it on is refuted once for all senders, and pairs whose replies are lost are together.
What is left then is for :mod:`reach.survey.settling`.  Must not know AWS, nor where candidates come
from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from reach.aim import Aim
from reach.decide import Proof
from reach.flood import uncovered
from reach.foreseen import LIKED
from reach.network.header_space import HeaderSpace
from reach.network.node import Network
from reach.survey.candidates import Candidate, Pair
from reach.survey.confirmed import Confirmed, Shown, Work, without
from reach.survey.homeward import Homeward
from reach.survey.onward import Onward
from reach.survey.packets import Packets
from reach.survey.proposals import Proposals
from reach.survey.refined import Refined
from reach.survey.serving import Serving
from reach.survey.settling import Settling
from reach.survey.steered import steered
from reach.trace import Fate
from solver import Backend


@dataclass(frozen=True)
class Confirming:
    """The network and the question that candidates are about, and who settles what is left."""

    network: Network
    aim: Aim
    packets: Packets
    onward: Onward
    homeward: Homeward
    serving: Serving
    settling: Settling
    backend: Backend

    def every(
        self, proposed: Proposals | Refined, pairs: Sequence[Pair], told: Callable[[int], None]
    ) -> dict[Pair, Confirmed]:
        """All services between the groups of some pairs, each shown, refuted or open.

        ``told`` is told of how many pairs that is known.
        """
        works: dict[Pair, Work] = {}
        for pair in pairs:
            told(len(works))
            works[pair] = self._first(proposed, pair)
        again = [pair for pair, work in works.items() if work.suspect]
        suspects = [pair for pair in again if self.aim.two_way and not works[pair].covered]
        lost = self._lost(proposed, suspects)
        for pair in again:
            is_lost = lost.get(pair, False)
            if isinstance(proposed, Refined):
                works[pair] = self._left(proposed, pair, works[pair], only_by_nodes=is_lost)
            else:
                works[pair] = self._begun(proposed, pair, Work(), only_by_nodes=is_lost)
        for work in works.values():
            if not work.left:
                self.settling.hang(work)
        waiting = {pair: work for pair, work in works.items() if work.waits}
        done = len(works) - len(waiting)
        self.settling.every(waiting, lambda more: told(done + more))
        return {pair: work.found for pair, work in works.items()}

    def _first(self, proposed: Proposals | Refined, pair: Pair) -> Work:
        """A pair with what is tried first; suspect if not all of it is shown by that."""
        work = Work(wary=self.aim.two_way)
        if isinstance(proposed, Proposals):
            return self._begun(proposed, pair, work)
        for asked_for, some in proposed.likely(pair):
            self._try_all(work, asked_for, some)
            if work.suspect or any(True for _ in uncovered(asked_for, work.covered)):
                return replace(work, suspect=True)
        work.found.shown.sort(key=_by_somebody)
        work.left, work.beyond = [], list(proposed.beyond(pair))
        return work

    def _begun(
        self, proposed: Proposals, pair: Pair, work: Work, *, only_by_nodes: bool = False
    ) -> Work:
        """A pair with what the likeliest packets show; of one whose replies are lost, only what
        comes by a node is left."""
        work.beyond = list(proposed.beyond(pair))
        for asked_for, some in proposed.of(pair):
            by_nodes = (each for each in some if each.node)
            self._try_all(work, asked_for, by_nodes if only_by_nodes else some)
            if work.suspect:
                return work
        return self._tried(work, only_by_nodes)

    def _left(self, proposed: Refined, pair: Pair, tried: Work, *, only_by_nodes: bool) -> Work:
        """The same of a pair of which what is likely was tried: all else of it is left."""
        work = Work(tried.found, tried.covered, beyond=list(proposed.beyond(pair)))
        for asked_for, every in proposed.of(pair):
            pieces = [*uncovered(asked_for, work.covered)]
            some = (each for each in every if each.node or not only_by_nodes)
            work.left += [(candidate, piece) for candidate in some for piece in pieces]
        return self._tried(work, only_by_nodes)

    def _tried(self, work: Work, only_by_nodes: bool) -> Work:
        work.found.shown.sort(key=_by_somebody)
        self._drop_what_leads_nowhere(work)
        if only_by_nodes and not work.left and not work.beyond:
            work.found.refuted += 1
        return work

    def _try_all(self, work: Work, asked_for: HeaderSpace, some: Iterable[Candidate]) -> None:
        """What the likeliest packets of candidates show of some services, until all is shown."""
        for candidate in some:
            todo = list(uncovered(asked_for, work.covered))
            if not todo:
                return
            self._try(work, candidate, todo)
            if work.suspect:
                return

    def _lost(self, proposed: Proposals | Refined, suspects: Sequence[Pair]) -> dict[Pair, bool]:
        """Of pairs of which a reply was lost, whether all are: those to one group at once."""
        by_end: dict[str, list[Pair]] = {}
        for pair in suspects:
            by_end.setdefault(pair[1], []).append(pair)
        found: dict[Pair, bool] = {}
        for some in by_end.values():
            ends = [list(proposed.delivered(pair)) for pair in some]
            found |= zip(some, self.homeward.lost(ends, self.backend), strict=True)
        return found

    def _drop_what_leads_nowhere(self, work: Work) -> None:
        """Refute what comes by a node that lets nothing of it on, whoever sent it."""
        left = work.rest()
        work.left = [
            (each, piece)
            for each, piece in left
            if not each.node or not self.onward.leads_nowhere(each.node, piece, self.backend)
        ]
        if left and not work.left and not work.beyond:
            work.found.refuted += 1

    def _try(self, work: Work, candidate: Candidate, todo: list[HeaderSpace]) -> None:
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
            todo = without([*todo, piece], shown.services)

    def _shown(self, work: Work, candidate: Candidate, piece: HeaderSpace) -> Shown | None:
        """What the first likely packet shows that serves."""
        for start, packet in self.packets.likely(candidate, piece):
            for proof in steered(self.network, start, packet, self.aim.two_way, candidate):
                shown = self.serving.shown(candidate, piece, proof)
                if shown is not None:
                    return shown
                if work.wary and not work.covered and _loses_its_reply(candidate, proof):
                    work.suspect = True
                    return None
            if candidate.node and self.onward.leads_nowhere(candidate.node, piece, self.backend):
                return None
        return None


def _loses_its_reply(candidate: Candidate, proof: Proof) -> bool:
    """Whether a packet gets where a candidate has it, and its reply is dropped."""
    at_it = not candidate.node and proof.forward.owner == candidate.owner
    return at_it and proof.reply is not None and proof.reply.fate is Fate.DROPPED


def _by_somebody(shown: Shown) -> bool:
    """Whether only some may send a packet that nobody stands out for: told after what all may."""
    return shown.proof.packet.source not in LIKED["source"]
