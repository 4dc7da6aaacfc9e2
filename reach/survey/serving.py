"""What a replayed packet shows: a candidate, and the services for which its path is open.

    serving = Serving(network, aim)
    serving.shown(candidate, piece, proof) -> Shown, or None

A service is told by the packet as it is delivered, or as it comes by the node that counts.  Knows
the neutral network only; must not know which packets are tried, nor a solver.
"""

from __future__ import annotations

from dataclasses import replace

from reach.aim import Aim
from reach.conditions import conditions
from reach.decide import Proof, gets_through
from reach.flood import minus, whole
from reach.network.field import Header
from reach.network.header_space import HeaderSpace
from reach.network.node import Network
from reach.survey.candidates import Candidate, service, service_of
from reach.survey.confirmed import Shown
from reach.trace import Fate


class Serving:
    """The network and the question that packets are replayed for."""

    def __init__(self, network: Network, aim: Aim) -> None:
        self._network = network
        self._aim = aim

    def shown(self, candidate: Candidate, piece: HeaderSpace, proof: Proof) -> Shown | None:
        """What of some services of a candidate a packet shows; None if it shows nothing of them."""
        header = _counted(candidate, proof)
        if header is None or header not in piece:
            return None
        if not gets_through(_narrowed(self._aim, candidate), proof):
            return None
        return self.found(candidate, piece, proof)

    def found(self, candidate: Candidate, piece: HeaderSpace, proof: Proof) -> Shown:
        """The same of a packet that is known to fit."""
        return Shown(self._services(candidate, piece, proof), proof, candidate.owner)

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


def fits(aim: Aim, candidate: Candidate, piece: HeaderSpace, proof: Proof) -> bool:
    """Whether a packet gets where a candidate has it, as a piece of it says.

    What comes back to the address that sent it has reached nobody but whom it came by.
    """
    header = _counted(candidate, proof)
    at_it = bool(candidate.node) or candidate.owner == proof.forward.owner
    if not candidate.node and not aim.to_itself:
        at_it = at_it and proof.forward.final.destination != proof.packet.source
    return at_it and header is not None and header in piece


def gets_beyond(candidate: Candidate, proof: Proof) -> bool:
    """Whether a packet gets as far as what a candidate has, on its way to the group."""
    forward = proof.forward
    at_it = forward.fate is Fate.UNMODELLED and forward.origin == candidate.beyond
    return at_it and forward.final in candidate.space


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
