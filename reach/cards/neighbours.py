"""Whose packets may come by a subnet: what to ask about an ACL or a route table of subnets.

    questions(ground, subnets, edges) -> Question, ...

What its interfaces send, what is sent to them, and the replies of both.  Where something stands in
a subnet that passes on what others send (a gateway, an endpoint, a host that forwards), or the
table is one of a gateway's edge, everything that anybody sends is asked for as well.  Must not know
what is asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reach.cards.proving import Question
from reach.cards.senders import everybody, of_interfaces
from reach.lower import Ground
from reach.network.header_space import Ranges
from reach.snapshot.records import NetworkInterface


def members(ground: Ground, subnets: Sequence[str]) -> tuple[NetworkInterface, ...]:
    """The interfaces that stand in some subnets."""
    by = ground.index.interfaces_by_subnet
    return tuple(each for subnet in subnets for each in by.get(subnet, ()))


def questions(ground: Ground, subnets: Sequence[str], edges: Sequence[str]) -> Iterator[Question]:
    """The nearest first; those of one way only are for what nobody answers (some ICMP)."""
    own = members(ground, subnets)
    if own:
        end = ground.hosts(own, "these interfaces")
        to_them = ground.aliases(end.addresses) if end.addresses else Ranges(())
        for two_way in (True, False):
            yield Question(of_interfaces(ground, own), None, two_way=two_way)
            yield Question(everybody(ground), to_them, two_way=two_way)
    if edges or any(_passes_on(ground, each) for each in own):
        for two_way in (True, False):
            yield Question(everybody(ground), None, two_way=two_way, anywhere=True)


def _passes_on(ground: Ground, interface: NetworkInterface) -> bool:
    """Whether packets of others may go by an interface: a service's, or with its check off."""
    if not interface.source_dest_check:
        return True
    return bool(ground.hosts((interface,), interface.network_interface_id).passing)
