"""What became of a packet in another network, and of which packets beside it.

    Became(network, aim, backend).told(proof, before, owner, took) -> verdict, packets

A packet was proved to get further somewhere; in this network it did something else, of itself or by
what was chosen on its way.  Of as many of those that are like it there as can be told together it
is said what they got here: what is chosen, and a port that is made up, the solver tells.

Must not know AWS, rendering, nor why networks differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from reach.aim import Aim, Start
from reach.answer import Verdict
from reach.comparing.backwards import Spaces
from reach.comparing.passing import delivers
from reach.conditions import Conditions, conditions
from reach.decide import Decision, Proof, arrives, decide, gets_through, left_open
from reach.flood import uncovered, whole
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.stage import Assign, Translate
from reach.trace import Fate
from solver import Backend

_NARROWED = 16  # so often those that get further are left out of what became of a packet


@dataclass(frozen=True)
class Became:
    """What becomes of packets in one network; ``aim`` says whether with their reply."""

    network: Network
    aim: Aim
    backend: Backend

    def told(
        self, proof: Proof, before: Proof, owner: str, took: Conditions
    ) -> tuple[Verdict, Spaces]:
        """What became of a packet that walked as ``before``, and of which packets beside it."""
        final = Ranges.of(proof.forward.final.destination)
        aim = self._towards(owner, final)
        if is_settled(self.network, before):
            alike = all_alike(self.network, before, took.start)
            return verdict(aim, before), alike.start
        if gets_through(aim, before):
            return Verdict.REACHABLE, all_alike(self.network, before, took.start).start
        every = tuple(replace(proof.start, space=space) for space in took.start)
        if owner and delivers(self.network, every, owner) is False:
            return Verdict.UNREACHABLE, took.start
        return self._of_many(proof, owner, took)

    def _of_many(self, proof: Proof, owner: str, took: Conditions) -> tuple[Verdict, Spaces]:
        """The same where a packet's one walk does not tell: not of it alone, but of as many of
        those that are said to be new as can be told together."""
        aim = self._towards(owner, Ranges.of(proof.forward.final.destination))
        anywhere = self._towards(owner, _ends(took.forward[-1]))
        alone = proof.start.of_one(proof.packet)
        told, some = decide(self.network, replace(aim, starts=(alone,)), self.backend), took.start
        for _ in range(_NARROWED):
            every = tuple(replace(proof.start, space=space) for space in some)
            best = decide(self.network, replace(anywhere, starts=every), self.backend)
            if best.verdict is Verdict.UNREACHABLE:
                return best.verdict, some
            shown = _shown(told) if told.verdict in (best.verdict, Verdict.REACHABLE) else None
            if shown is not None:
                # Those that do as this one get as far, and none of all gets further.
                alike = self._alike(shown, proof.start, some)
                if not owner or _comes_alike(shown, alike, proof, took):
                    return told.verdict, alike.start
            if best.proof is None:
                break
            others = self._alike(best.proof, proof.start, some).start
            some = tuple(rest for space in some for rest in uncovered(space, others))
            if not any(proof.packet in space for space in some):
                break
        return told.verdict, (alone.space,)

    def _alike(self, proof: Proof, start: Start, within: Spaces) -> Conditions:
        """The packets that did as that of a proof, of any that were sent."""
        return all_alike(self.network, replace(proof, start=start), within)

    def _towards(self, owner: str, ends: Ranges) -> Aim:
        """The same end: where the packets are delivered now."""
        if not owner:
            return self.aim
        return replace(self.aim, goals={owner: HeaderSpace.where(destination=ends)})


def all_alike(network: Network, proof: Proof, within: Spaces | None = None) -> Conditions:
    if within is None:
        return conditions(network, proof, every_protocol=True)
    return conditions(network, proof, within, every_protocol=True)


def is_settled(network: Network, proof: Proof) -> bool:
    """Whether the packet and its reply can do nothing else: no choice, no port made up."""
    return not any(
        trace.choices or any(_makes_up(network, hop.node) for hop in trace.hops)
        for trace in (proof.forward, proof.reply)
        if trace is not None
    )


def verdict(aim: Aim, proof: Proof) -> Verdict:
    """What a packet's only walk says."""
    opened = left_open(proof)
    failure = arrives(aim, proof)
    if not failure:
        return Verdict.UNDECIDED if opened else Verdict.REACHABLE
    if proof.forward.fate is Fate.DELIVERED and aim.goals is not None:
        ends = aim.goals.get(proof.forward.owner)
        if ends is None or proof.forward.final not in ends:
            return Verdict.UNREACHABLE
    last = proof.reply if proof.reply is not None else proof.forward
    return Verdict.UNDECIDED if last.fate is Fate.UNMODELLED else Verdict.UNREACHABLE


def _shown(told: Decision) -> Proof | None:
    """The walk that shows a verdict: that a packet gets through, or what it meets."""
    proof = told.proof
    if proof is None or told.verdict is Verdict.REACHABLE or left_open(proof):
        return proof
    return None


def _comes_alike(before: Proof, alike: Conditions, after: Proof, took: Conditions) -> bool:
    """Whether all packets that do as one did before come as far as it does: to what is not
    modelled, or to whom they come after, at the address that they are sent to, or at one."""
    if before.forward.fate is Fate.UNMODELLED:
        return True
    if before.forward.fate is not Fate.DELIVERED or before.forward.owner != after.forward.owner:
        return False
    if all(p.forward.final.destination == p.packet.destination for p in (before, after)):
        return True
    ends, others = _ends(alike.forward[-1]), _ends(took.forward[-1])
    return ends.single is not None and ends == others


def _makes_up(network: Network, node: str) -> bool:
    return any(
        isinstance(rewrite, Assign) and rewrite.values.single is None
        for stage in network.node(node).stages
        if isinstance(stage, Translate)
        for case in stage.cases
        for rewrite in case.rewrites
    )


def _ends(spaces: Spaces) -> Ranges:
    """All addresses that some headers are sent to."""
    sets = (space.by_name.get("destination", whole("destination")) for space in spaces)
    return Ranges.any_of(sets)
