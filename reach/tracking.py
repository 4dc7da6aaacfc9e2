"""What connection tracking and AWS's mail policy leave to say beside a verdict.

Who asks about everybody does not look for flows of the other end's own (``reach.other_end``).
Outbound tcp 25 to public addresses is restricted by default, account by account, and shown by no
call (R-ENI-13).  Must not know rendering.

Implements: R-SG-27 R-ENI-13
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.decide import Proof
from reach.network.address import Prefix, is_public
from reach.network.field import TCP
from reach.network.stage import Origin
from reach.other_end import tracked_by_address
from reach.question import Question
from reach.snapshot.records import NetworkInterface, Vpc
from reach.snapshot.snapshot import Snapshot

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


def smtp_note(snapshot: Snapshot, proof: Proof) -> str:
    """What to say of a mail packet that an interface sends to a public address.

    IPv6 is restricted as well, and a public address of somebody in the same network is public; the
    primary block of the sender's own VPC is not restricted, whatever its space.
    """
    packet = proof.packet
    component, _, interface_id = proof.start.owner.partition("/")
    mail = packet.protocol == TCP and packet.destination_port == _SMTP
    if not mail or component != "network_interface":
        return ""
    # NAT64 has the public address inside another one, and only behind it that itself.
    ends = (packet.destination, proof.forward.final.destination)
    if not any(map(is_public, ends)) or _is_at_home(snapshot, interface_id, packet.destination):
        return ""
    return (
        "AWS restricts outbound tcp 25 by default; whether it is lifted is not visible (R-ENI-13)"
    )


def _is_at_home(snapshot: Snapshot, interface_id: str, address: int) -> bool:
    interface = snapshot.get(NetworkInterface, interface_id)
    vpc = snapshot.get(Vpc, (interface.vpc_id if interface else None) or "")
    block = vpc.cidr_block if vpc is not None else None
    return bool(block) and address in Prefix.parse(block or "")
