"""What connection tracking and AWS's mail policy leave to say beside a verdict.

Who asks about everybody does not look for flows of the other end's own (``reach.other_end``).
Outbound tcp 25 to public addresses is restricted by default, account by account, and shown by no
call (R-ENI-13).  Must not know rendering.

Implements: R-SG-27 R-ENI-13
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.decide import Proof
from reach.network.address import is_public
from reach.network.field import TCP
from reach.network.stage import Origin
from reach.other_end import tracked_by_address
from reach.question import Question

_SMTP = 25


def untold(question: Question) -> Iterator[Origin]:
    """What a question about everybody leaves open: such flows are looked for pair by pair only."""
    protocol = tracked_by_address(question)
    if protocol is not None:
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
