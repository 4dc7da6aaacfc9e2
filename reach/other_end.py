"""The other end's own flow, as a question: what was asked about may pass as a reply to it.

    own_flow(question) -> Question, or None

Protocols other than TCP, UDP and ICMP are tracked by address and protocol only: for 600 s after an
interface sent to a host, that host may begin towards it with the same protocol, whatever the
inbound rules say (R-SG-27).  What is asked of a packet as it leaves is asked of the other as it
arrives, its ends exchanged; what it has to pass is for the way back, and no part of the question.
Must not know snapshots, nor who answers or checks.

Implements: R-SG-27
"""

from __future__ import annotations

from dataclasses import replace

from reach.demand import Pairs, demand
from reach.network.field import ICMP, ICMPV6, TCP, UDP
from reach.question import Packet, Question

_TRACKED_EXACTLY = (TCP, UDP, ICMP, ICMPV6)
_OTHER = {"source": "destination", "destination": "source"}


def tracked_by_address(question: Question) -> int | None:
    """The protocol that a question names and that is tracked so; None if it names no such one.

    Of "any packet" nobody would expect that it is the reply to another.
    """
    protocol = question.packet.protocol
    if question.packet == Packet():
        asked = demand((*question.at_source, *question.at_destination)).by_name.get("protocol")
        protocol = None if asked is None else asked.single
    return None if protocol in _TRACKED_EXACTLY else protocol


def own_flow(question: Question) -> Question | None:
    """The question about the flow of the other end; None where such flows do not matter."""
    protocol = tracked_by_address(question)
    if protocol is None:
        return None
    return replace(
        question,
        source=question.destination,
        destination=question.source,
        packet=Packet(protocol=protocol),
        one_way=False,
        through=(),
        at_source=_exchanged(question.at_destination),
        at_destination=_exchanged(question.at_source),
    )


def _exchanged(pairs: Pairs) -> Pairs:
    """What is asked of a packet, of the reply to it."""
    found = []
    for name, value in pairs:
        field, dash, port = name.partition("-")
        found.append((f"{_OTHER.get(field, field)}{dash}{port}", value))
    return tuple(found)
