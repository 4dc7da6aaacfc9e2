"""What connection tracking and AWS's mail policy add to a plain verdict.

Protocols other than TCP, UDP and ICMP are tracked by address and protocol only: for 600 s after an
interface sent to a host, that host may begin towards it with the same protocol, whatever the
inbound rules say (R-SG-27).  So what was asked about may pass as the reply of the other end's own
flow: that flow is asked about, and it counts as a *may*.  Outbound tcp 25 to public addresses is
restricted by default, account by account, and shown by no call (R-ENI-13).  Must not know
rendering.

Implements: R-SG-27 R-ENI-13
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reach.answer import Verdict
from reach.decide import Decision, Proof, decide
from reach.lower import Ground
from reach.network.address import is_public
from reach.network.field import ICMP, ICMPV6, TCP, UDP
from reach.network.stage import Origin
from reach.question import Question
from reach.resolve import resolve
from solver import Backend

_TRACKED_EXACTLY = (TCP, UDP, ICMP, ICMPV6)
_SMTP = 25


def tracked_answer(ground: Ground, question: Question, backend: Backend) -> Decision | None:
    """What is known of a flow of the other end whose reply is what was asked about.

    None if there is no such flow.

    Only for a question that names such a protocol: of "any packet" nobody would expect it.
    """
    protocol = question.packet.protocol
    if protocol is None or protocol in _TRACKED_EXACTLY:
        return None
    swapped = replace(
        question, source=question.destination, destination=question.source, one_way=False
    )
    resolved = resolve(ground, swapped)
    if resolved.nobody is not None:
        return None
    decision = decide(ground.network, resolved.aim, backend)
    return None if decision.verdict is Verdict.UNREACHABLE else decision


def untold(question: Question) -> Iterator[Origin]:
    """What a question about everybody leaves open: such flows are looked for pair by pair only."""
    protocol = question.packet.protocol
    if protocol is not None and protocol not in _TRACKED_EXACTLY:
        words = (
            "a flow of the other end's own may open the way for 600 s, as such protocols are "
            "tracked by address only (R-SG-27); ask that of each pair"
        )
        yield Origin(f"protocol {protocol}", words)


def smtp_note(proof: Proof) -> str:
    """What to say of a mail packet that leaves for a public address."""
    packet = proof.packet
    mail = packet.protocol == TCP and packet.destination_port == _SMTP
    if not mail or not is_public(proof.forward.final.destination) or is_public(packet.source):
        return ""
    return (
        "AWS restricts outbound tcp 25 by default; whether it is lifted is not visible (R-ENI-13)"
    )
