"""A node: a load balancer at one of its interfaces, in one subnet.

Gives :class:`Node` and the balancer as an end of a question.  Must not know any component by name,
nor the engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reach.component import End, Lowering, node_name
from reach.interfaces.ends import unheld_in
from reach.network.address import is_ipv4
from reach.network.field import TCP, UDP
from reach.network.header_space import Ranges
from reach.network.stage import (
    Origin,
)
from reach.snapshot.balancers import ALL_ZONES
from reach.snapshot.index import private_addresses
from reach.snapshot.records import NetworkInterface, Record

QUIET = Origin("", "")
EPHEMERAL = Ranges.span(1024, 65535)  # R-EPH-1, R-EPH-3
# A listener's or target group's protocol, as what the packets are (R-LB-3).
PROTOCOLS = {
    "HTTP": (TCP,),
    "HTTPS": (TCP,),
    "TCP": (TCP,),
    "SSL": (TCP,),
    "TLS": (TCP,),
    "UDP": (UDP,),
    "TCP_UDP": (TCP, UDP),
    "QUIC": (UDP,),
    "TCP_QUIC": (TCP, UDP),
}


@dataclass(frozen=True)
class Node:
    """A balancer at one of its interfaces.

    ``balancer`` is its ARN or name, ``zones`` the zones that are enabled for it; ``untold`` says
    why these are not known, where they are not.
    """

    component: str
    interface: NetworkInterface
    balancer: str
    name: str
    identity: int
    zone: str
    zones: frozenset[str]
    untold: Origin | None = None

    @property
    def id(self) -> str:
        return self.interface.network_interface_id

    @property
    def session(self) -> str:
        return f"{self.component} {self.id}"

    @property
    def opened(self) -> str:
        return f"{self.session} opened"

    def part(self, part: str, argument: str = "") -> str:
        return node_name(self.component, self.id, part, argument)

    def enables(self, zone: str) -> bool:
        """Whether targets in a zone are used by any node (R-LB-4)."""
        return not self.zones or zone in (ALL_ZONES, "", self.zone) or zone in self.zones

    def own(self, *, four: bool) -> Ranges:
        """Its addresses of one IP version."""
        found = [a for a in private_addresses(self.interface) if is_ipv4(a) is four]
        return Ranges.of(*found) if found else Ranges(())

    def says(self, words: str, locator: str = "", code: str = "", option: str = "") -> Origin:
        return Origin(self.balancer, words, locator, code, self.name, option)


def node(
    lowering: Lowering,
    component: str,
    interface: NetworkInterface,
    balancer: str,
    name: str,
    subnets: Iterable[str],
) -> Node:
    groups = (group.group_id for group in interface.groups)
    return Node(
        component,
        interface,
        balancer,
        name,
        lowering.identity(interface.vpc_id or "", groups),
        lowering.index.zone_of(interface.subnet_id or ""),
        frozenset(filter(None, map(lowering.index.zone_of, subnets))),
    )


# ------------------------------------------------------------------- as ends of a question


def end(
    lowering: Lowering,
    words: str,
    record: Record,
    balancer: str,
    interfaces: Sequence[NetworkInterface],
    subnets: Iterable[str | None],
) -> End:
    """A balancer: packets to the addresses of its nodes, that it passes on or answers.

    It has nodes; that none is seen, or that they were not asked for, is a gap.
    """
    found = lowering.hosts(tuple(interfaces), words)
    if interfaces and lowering.has(NetworkInterface, record):
        return replace(found, gap=found.gap or unseen_node(lowering, interfaces, subnets))
    gap = f"the interfaces of {words} are not in the snapshot"
    return replace(found, gap=lowering.missing(NetworkInterface, balancer, gap))


def unseen_node(
    lowering: Lowering, interfaces: Iterable[NetworkInterface], subnets: Iterable[str | None]
) -> Origin | None:
    """Why a balancer may have a node that is not held: in a subnet of its that shows none, other
    answers name an interface (law 2).  Without that a zone is one that is just being enabled."""
    seen = {each.subnet_id for each in interfaces}
    return unheld_in(lowering, (each for each in subnets if each and each not in seen))
