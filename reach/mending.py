"""From what denies a flow, or lets it pass, to the changes that would make it otherwise.

    mending_of(resource) -> Mending | None
    wanted(proof, header, reply) -> HeaderSpace       edits(changes) -> Edit, ...

Finds the component that changes a thing, says which packets a change should admit, and tells
changes in a proposal's own words.  Knows no AWS thing by name; must not know any search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reach.answer import Answer
from reach.changes import Change
from reach.component import Mending
from reach.components import components
from reach.decide import BUDGET, Proof
from reach.ephemeral import EPHEMERAL
from reach.lower import Ground
from reach.network.address import ANY_IPV4, ANY_IPV6, WIDTH, Prefix, is_ipv4
from reach.network.field import ICMP, ICMPV6, INDEX, TCP, UDP, Header
from reach.network.header_space import HeaderSpace, Ranges
from reach.proposal import Edit, Proposal, Standing
from reach.question import Question
from solver import Backend, Budget

# More addresses than that are asked about as a block, not as hosts.
_HOSTS = 256
_TURNED = {
    "source": "destination",
    "destination": "source",
    "source_port": "destination_port",
    "destination_port": "source_port",
}


@dataclass(frozen=True)
class Wish:
    """An answer that should be another one: what was asked of what, and how to ask it again.

    ``effects``: whether to tell what else the changes open and close.
    """

    ground: Ground
    question: Question
    answer: Answer
    backend: Backend
    again: Callable[[Ground, Question], Answer]
    budget: Budget = BUDGET
    effects: bool = True


def mending_of(resource: str) -> Mending | None:
    """How a thing is changed, if any component can."""
    for component in components().values():
        mending = component.mending
        if mending is not None and resource.startswith(mending.prefix):
            return mending
    return None


def wanted(proof: Proof, header: Header, *, reply: bool) -> HeaderSpace:
    """What a change should admit where a proven flow has this header: what was asked, no more.

    Each field as it was asked about: the question's ports, a client's own ports as a whole
    (R-EPH-5), and of addresses the block that was asked about, else the one of the flow.  What a
    translation has made of a field, and what the question leaves open, is the flow's own value.
    """
    told: dict[str, Ranges | None] = {"protocol": Ranges.of(header.protocol)}
    for name in ("source", "destination"):
        told[name] = _block(_asked(proof, header, name, reply), header[INDEX[name]])
    if header.protocol in (TCP, UDP):
        for name in ("source_port", "destination_port"):
            told[name] = _span(_asked(proof, header, name, reply), header[INDEX[name]])
    if header.protocol in (ICMP, ICMPV6):
        told |= {
            "icmp_type": Ranges.of(header.icmp_type),
            "icmp_code": Ranges.of(header.icmp_code),
        }
    return HeaderSpace.where(**told)


def _asked(proof: Proof, header: Header, name: str, reply: bool) -> Ranges | None:
    """What the question says of the field that this one was at the start; None: nothing."""
    origin = _TURNED[name] if reply else name
    if origin == "source_port":
        return Ranges.span(*EPHEMERAL)
    if header[INDEX[name]] != proof.packet[INDEX[origin]]:
        return None
    return proof.start.space.by_name.get(origin)


def _span(asked: Ranges | None, port: int) -> Ranges:
    """The ports around a port that were asked about, in one piece."""
    for low, high in asked.intervals if asked is not None else ():
        if low <= port <= high:
            return Ranges.span(low, high)
    return Ranges.of(port)


def _block(asked: Ranges | None, address: int) -> Ranges:
    """The smallest prefix that holds the addresses that were asked about, if they are many."""
    family = ANY_IPV4 if is_ipv4(address) else ANY_IPV6
    own = Ranges.prefixes((Prefix(address, 33 if is_ipv4(address) else WIDTH),))
    mine = asked & Ranges.prefixes((family,)) if asked is not None else own
    hosts = mine.count >> 96 if is_ipv4(address) else mine.count
    if not mine or (hosts <= _HOSTS and len(list(mine.cover())) > 1):
        return own
    low, high = mine.intervals[0][0], mine.intervals[-1][1]
    length = WIDTH - (low ^ high).bit_length()
    prefix = Prefix(low >> (WIDTH - length) << (WIDTH - length), length)
    return Ranges.span(prefix.low, prefix.high)


def edits(changes: Iterable[Change]) -> tuple[Edit, ...]:
    """Changes in words and as commands."""
    return tuple(
        Edit(
            change.resource,
            change.name,
            change.words,
            change.call.command,
            change.call.service,
            change.call.operation,
            change.call.parameters,
        )
        for change in changes
    )


def needless(reason: str) -> Proposal:
    return Proposal(Standing.NEEDLESS, reason)


def none(reason: str, *notes: str) -> Proposal:
    return Proposal(Standing.NONE, reason, notes=notes)
