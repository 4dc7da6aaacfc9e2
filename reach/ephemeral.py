"""For some source port, or for all of them (R-EPH-5).

A reachable answer has one source port; a network ACL may let only some of the range back in.  The
ports that rules on the way tell apart are tried one by one with the concrete twin, which is exact:
between two bounds that no rule mentions nothing changes.  Takes a proof, gives the ports for which
the same flow fails.  Must not know AWS.

Implements: R-EPH-1 R-EPH-5
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reach.aim import Aim
from reach.decide import Proof, gets_through
from reach.evaluate import there_and_back
from reach.network.field import INDEX, TCP, UDP, Header
from reach.network.header_space import Ranges
from reach.network.node import Network
from reach.network.stage import Filter, Rule
from reach.trace import Site

EPHEMERAL = (1024, 65535)
_PORTS = ("source_port", "destination_port")


def failing_source_ports(network: Network, aim: Aim, proof: Proof) -> Ranges:
    """The source ports of 1024-65535 with which the proven flow would not get through.

    Counts the ports that a translation on the way might choose as well.
    """
    if proof.packet.protocol not in (TCP, UDP):
        return Ranges(())
    bounds = sorted({EPHEMERAL[0], *_bounds(network, proof)})
    failing = []
    for low, above in zip(bounds, [*bounds[1:], EPHEMERAL[1] + 1], strict=True):
        if not _gets_through(network, aim, proof, low):
            failing.append((low, above - 1))
    return Ranges.union(failing)


def _bounds(network: Network, proof: Proof) -> Iterator[int]:
    """Where any filter on the way begins to treat the flow differently for its source port.

    A rule that says no to the rest of the header says nothing of the port.
    """
    free = {proof.packet.source_port, *_made_up(proof)}
    hops = [*proof.forward.hops, *(proof.reply.hops if proof.reply else ())]
    seen: set[tuple[str, Header, Header]] = set()
    for hop in hops:
        if (hop.node, hop.before, hop.after) in seen:
            continue
        seen.add((hop.node, hop.before, hop.after))
        headers = {hop.before, hop.after}
        asked = [(name, h) for h in headers for name in _PORTS if h[INDEX[name]] in free]
        for stage in network.node(hop.node).stages if asked else ():
            if isinstance(stage, Filter):
                for rule in stage.decisions:
                    for name, header in asked:
                        if _meets(rule, name, header):
                            yield from _edges(rule, name)


def _made_up(proof: Proof) -> Iterator[int]:
    """The source ports that translations chose."""
    for hop in proof.forward.hops:
        if hop.before.source_port != hop.after.source_port:
            yield hop.after.source_port


def _meets(rule: Rule, name: str, header: Header) -> bool:
    """Whether a rule looks at a port, and matches in all else."""
    fields = rule.match.by_name
    return name in fields and all(
        header[INDEX[other]] in values for other, values in fields.items() if other != name
    )


def _edges(rule: Rule, name: str) -> Iterator[int]:
    for low, high in rule.match.by_name[name].intervals:
        yield from (b for b in (low, high + 1) if EPHEMERAL[0] < b <= EPHEMERAL[1])


class _SamePlaces:
    """The proof's choices by place, whatever the header; translated ports all become ``port``."""

    def __init__(self, choices: Mapping[Site, int], port: int) -> None:
        self._by_place = {(s.node, s.stage, s.within): value for s, value in choices.items()}
        self._port = port

    def get(self, site: Site, default: int, /) -> int:
        """As in the proof, except for a source port that a translation makes up."""
        if site.within.endswith("source_port"):
            return self._port
        return self._by_place.get((site.node, site.stage, site.within), default)


def _gets_through(network: Network, aim: Aim, proof: Proof, port: int) -> bool:
    packet = proof.packet._replace(source_port=port)
    there, back = (
        _SamePlaces(choices, port) for choices in (proof.forward_choices, proof.reply_choices)
    )
    start, two_way = proof.start.node, aim.two_way
    forward, reply = there_and_back(network, start, packet, two_way, there=there, back=back)
    tried = Proof(proof.start, packet, forward, reply, {}, {})
    return gets_through(aim, tried)
