"""Subnets: the layer-2 switch between interfaces, and the border that network ACLs guard.

A packet for an address of its own subnet goes straight to the interface, with no route and no
network ACL (R-PIPE-2, R-RT-2, R-NACL-8); any other leaves by the subnet's route table.  Entering
and leaving a subnet passes its network ACL (R-PIPE-3).  An address that no interface has, the
reserved ones among them, is nobody's (R-PIPE-7).  A subnet is public when its route table has an
active route to an internet gateway (R-DEF-1), in the address family asked about.  In a subnet whose
owner is not in the snapshot there may be interfaces that nobody else is shown: what no known one
has is then undecided (R-SHARE-3).

Implements: R-PIPE-2 R-PIPE-3 R-PIPE-7 R-RT-2 R-NACL-8 R-DEF-1 R-DEF-2 R-DEF-3 R-DEF-4 R-DEF-5
R-SHARE-1 R-SHARE-3 R-AZ-2
Not modelled: interfaces of participants that the owner of a subnet is not shown.
"""

from __future__ import annotations

from dataclasses import replace

from reach.component import Component, End, Lowering, node_name
from reach.interfaces.ends import unheld_in
from reach.interfaces.members import end_of_members
from reach.interfaces.strays import stray_in
from reach.network.address import ANY_IPV4, ANY_IPV6, Prefix
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges, shared
from reach.network.stage import Forward, Origin, Route, Stage, Unmodelled
from reach.routing.tables import table_of
from reach.snapshot.index import subnet_blocks
from reach.snapshot.records import NetworkInterface, RouteTable, Subnet, Vpc

QUIET = Origin("", "")


def cidrs(subnet: Subnet) -> tuple[Prefix, ...]:
    """The subnet's IPv4 block and its associated IPv6 blocks."""
    return tuple(map(Prefix.parse, subnet_blocks(subnet)))


def _emit(lowering: Lowering, subnet_id: str, by: str) -> tuple[Stage, ...]:
    """A packet that an interface of the subnet has put on the wire.

    ``by`` names interfaces whose packets are routed otherwise than a host's: a transit gateway's
    ``attachment``, an ``endpoint`` in the way of packets.  Replies that find their way back by a
    flow's own state need neither switch nor route.
    """
    subnet = lowering.snapshot.get(Subnet, subnet_id)
    if subnet is None:
        words = "what lies in this subnet and what leaves it is not known"
        unknown = Unmodelled(lowering.missing(Subnet, subnet_id, words))
        return (*lowering.slot("subnet.return", subnet_id), unknown)
    own = Ranges.prefixes(cidrs(subnet))
    inside = Route(
        HeaderSpace.where(destination=own), node_name("subnet", subnet_id, "switch"), QUIET
    )
    outside = Route(ANYTHING, node_name("subnet", subnet_id, "route", by), QUIET)
    return (
        *lowering.slot("subnet.return", subnet_id),
        Forward((inside,)),
        Forward((outside,), _nowhere(subnet_id)),
    )


def _nowhere(subnet_id: str) -> Origin:
    return Origin(subnet_id, "has nowhere to send this", code="NO_POSSIBLE_DESTINATION")


def _route(lowering: Lowering, subnet_id: str, by: str) -> tuple[Stage, ...]:
    return lowering.slot(f"subnet.route {by}".strip(), subnet_id)


def _leave(lowering: Lowering, subnet_id: str, target: str) -> tuple[Stage, ...]:
    onward = Forward((Route(ANYTHING, target, QUIET),), _nowhere(subnet_id))
    return (*lowering.slot("subnet.leave", subnet_id), onward)


def _arrive(lowering: Lowering, subnet_id: str, target: str) -> tuple[Stage, ...]:
    onward = Forward((Route(ANYTHING, target, QUIET),), _nowhere(subnet_id))
    return (*lowering.slot("subnet.enter", subnet_id), onward)


def _switch(lowering: Lowering, subnet_id: str, _: str) -> tuple[Stage, ...]:
    """To the interface that owns the destination; interfaces of one node share a route."""
    members = lowering.index.interfaces_by_subnet.get(subnet_id, ())
    receivers = lowering.receivers(members)
    disputed = shared(receivers.values())
    routes = tuple(
        Route(HeaderSpace((("destination", own),)), node, QUIET)
        for node, own in (
            *(((node_name("subnet", subnet_id, "disputed"), disputed),) if disputed else ()),
            *receivers.items(),
        )
    )
    extra = lowering.slot("subnet.switch", subnet_id)
    subnet = lowering.snapshot.get(Subnet, subnet_id)
    if subnet is None or not lowering.has(NetworkInterface, subnet):
        words = "the interfaces of this subnet are not known"
        unknown = Unmodelled(lowering.missing(NetworkInterface, subnet_id, words))
        return (*extra, Forward(routes), unknown)
    unseen = _unseen(lowering, subnet)
    if unseen is not None:
        return (*extra, Forward(routes), Unmodelled(unseen))
    nobody = Origin(
        subnet_id,
        "no interface has this address",
        code="NO_POSSIBLE_DESTINATION",
        name=subnet.name,
    )
    return (*extra, Forward(routes, nobody))


def _disputed(lowering: Lowering, subnet_id: str, _: str) -> tuple[Stage, ...]:
    words = "several interfaces are said to have this address, and nothing tells which has it"
    return (Unmodelled(Origin(subnet_id, words, code="UNKNOWN_RESOURCE")),)


def _unseen(lowering: Lowering, subnet: Subnet) -> Origin | None:
    """Why not all interfaces in it are in the snapshot, if they are not.

    R-SHARE-3: the owner was not asked; a participant is shown its own interfaces only.
    """
    named = unheld_in(lowering, (subnet.subnet_id,))
    if named is not None:
        return named
    stray = stray_in(lowering, subnet)
    if stray is not None:
        return stray
    if subnet.vpc_id and lowering.snapshot.get(Vpc, subnet.vpc_id) is None:
        words = f"what answers in it is not fully known without its VPC {subnet.vpc_id}"
        return lowering.missing(Vpc, subnet.subnet_id, words)
    if lowering.index.told_by_owner(NetworkInterface, subnet):
        return None
    words = f"is shared by {subnet.owner_id}, whose interfaces in it are not in the snapshot"
    return Origin(subnet.subnet_id, words, code="UNKNOWN_RESOURCE", name=subnet.name)


def _end(lowering: Lowering, subnet_id: str) -> End | None:
    subnet = lowering.snapshot.get(Subnet, subnet_id)
    if subnet is None:
        return None
    members = lowering.index.interfaces_by_subnet.get(subnet_id, ())
    return end_of_members(lowering, subnet_id, subnet.name, members, _unseen(lowering, subnet))


def is_public(lowering: Lowering, subnet_id: str, family: int | None) -> bool | Origin:
    """R-DEF-1: an active route to an internet gateway, of this family (None: of any)."""
    table = table_of(lowering, subnet_id)
    if isinstance(table, Origin):
        return table
    for route in table.routes:
        if not (route.gateway_id or "").startswith("igw-") or route.is_dead:
            continue
        block = route.destination_cidr_block or route.destination_ipv6_cidr_block
        if family is None or block is None:
            return True
        if Prefix.parse(block).overlaps(ANY_IPV4 if family == 4 else ANY_IPV6):
            return True
    return False


def _kind(lowering: Lowering, word: str, family: int | None) -> End:
    subnets = (subnet.subnet_id for subnet in lowering.snapshot.records(Subnet))
    wanted = word == "public"
    said = {each: is_public(lowering, each, family) for each in subnets}
    chosen = {each for each, public in said.items() if public is wanted}
    members = lowering.index.interfaces_where(lambda each: each.subnet_id in chosen)
    gap = next((each for each in said.values() if isinstance(each, Origin)), None)
    return replace(lowering.hosts(members, f"{word} subnets"), gap=gap, sender="")


COMPONENT = Component(
    name="subnet",
    reads=(Subnet, RouteTable, NetworkInterface),
    nodes={
        "emit": _emit,
        "route": _route,
        "leave": _leave,
        "arrive": _arrive,
        "switch": _switch,
        "disputed": _disputed,
    },
    ends={
        "subnet-": _end,
        "public": lambda lowering, word: _kind(lowering, word, None),
        "private": lambda lowering, word: _kind(lowering, word, None),
    },
)
