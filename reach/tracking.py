"""What connection tracking and AWS's mail policy add to a plain verdict.

What was asked about may pass as the reply of the other end's own flow, where that is tracked by
address and protocol only (``reach.other_end``): that flow is asked about, on the same network, and
counts as a *may*.  Outbound tcp 25 to public addresses is
restricted by default, account by account, and shown by no call (R-ENI-13).  Must not know
rendering.

Implements: R-SG-27 R-ENI-13
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reach.aim import Aim, Visit
from reach.amend import amend
from reach.answer import Verdict
from reach.compile import compile, takes_all
from reach.decide import Decision, Proof, decide, decide_compiled, takes_the_way
from reach.lower import Ground
from reach.network.address import is_public
from reach.network.field import TCP
from reach.network.node import Network
from reach.network.stage import Origin
from reach.other_end import own_flow, tracked_by_address
from reach.question import Question
from reach.resolve import resolve
from solver import Backend

_SMTP = 25


def tracked_answer(
    ground: Ground, question: Question, visits: Sequence[Visit], backend: Backend
) -> Decision | None:
    """What is known of a flow of the other end whose reply is what was asked about.

    The reply has to make the ``visits``.  None if there is no such flow.
    """
    own = own_flow(question)
    if own is None:
        return None
    resolved = resolve(ground, own)
    if resolved.nobody is not None:
        return None
    network = amend(ground.network, resolved.amendment)
    decision = _decided(network, resolved.aim, visits, backend)
    return None if decision.verdict is Verdict.UNREACHABLE else decision


def _decided(network: Network, aim: Aim, visits: Sequence[Visit], backend: Backend) -> Decision:
    if not visits:
        return decide(network, aim, backend)
    constraints = compile(network, aim)
    return decide_compiled(
        network,
        aim,
        constraints,
        backend,
        besides=[takes_all(constraints.reply, visits)],
        fits=lambda proof: (
            proof.reply is not None
            and takes_the_way(replace(aim, through=tuple(visits)), proof.reply)
        ),
    )


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
