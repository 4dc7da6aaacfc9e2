"""A kind of load balancer: what every component that balances says of its interfaces.

Whose interfaces are its own, what a node opens by itself (to its targets, and for health checks),
and which addresses of nodes lead to which targets.  Built by a component from two functions of its
own; must not know any of them by name, nor the engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from reach.aim import Start
from reach.balancing.joins import balancers
from reach.balancing.node import Node
from reach.balancing.sending import answer, home, opens, start
from reach.component import Lowering, node_name
from reach.network.header_space import Ranges
from reach.network.spans import beside
from reach.network.stage import Stage, Unmodelled
from reach.snapshot.balancers import Target, named
from reach.snapshot.index import private_addresses
from reach.snapshot.records import NetworkInterface

Known = tuple[tuple[str, Target], ...]  # targets, each with the protocol it is called by


@dataclass(frozen=True)
class Kind:
    """``at`` gives the node at an interface, ``targets`` all that it may send to (None: not known).

    ``by_name`` is how its interfaces name it.
    """

    component: str
    by_name: str
    at: Callable[[Lowering, str], Node]
    targets: Callable[[Lowering, NetworkInterface], Known | None]

    def owns(self, interface: NetworkInterface) -> bool:
        whose = named(interface)
        return whose is not None and whose.kind == self.by_name

    def interface_node(self, lowering: Lowering, interface: NetworkInterface) -> str | None:
        if not self.owns(interface):
            return None
        return node_name(self.component, interface.network_interface_id, "admit")

    def senders(self, lowering: Lowering, interface: NetworkInterface) -> tuple[Start, ...] | None:
        """It opens connections to its targets only; None where those are not known."""
        if not self.owns(interface):
            return None
        known = lowering.table(f"{self.component} that send", self._sending)
        own = known.get(interface.network_interface_id)
        return None if own is None else (own,)

    def _sending(self, lowering: Lowering) -> Mapping[str, Start]:
        """What is opened by those whose targets are known, by interface."""
        return {
            each.network_interface_id: start(self.at(lowering, each.network_interface_id))
            for each in balancers(lowering).of_kind(self.by_name)
            if self.targets(lowering, each) is not None
        }

    def open(self, lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
        """Nothing starts there if its targets are not known, but its replies would go on there."""
        at = self.at(lowering, interface_id)
        known = self.targets(lowering, at.interface)
        if known is None:
            return (Unmodelled(at.says("opens connections to targets that are not known")),)
        return opens(lowering, at, known)

    def home(self, lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
        return home(lowering, self.at(lowering, interface_id))

    def answer(self, lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
        return answer(lowering, self.at(lowering, interface_id))

    def label(
        self, lowering: Lowering, interface_id: str, _: str, __: object
    ) -> tuple[str, str] | None:
        return interface_id, self.at(lowering, interface_id).name

    def aliases(self, lowering: Lowering, addresses: Ranges) -> Ranges:
        """The addresses of nodes that may lead to one of these; of unknown ones, always."""
        pairs, anywhere = lowering.memo(
            f"{self.component} aliases", lambda: self._alias_pairs(lowering)
        )
        led = tuple(beside(pairs, addresses))
        return anywhere | Ranges.of(*led) if led else anywhere

    def _alias_pairs(self, lowering: Lowering) -> tuple[list[tuple[int, int]], Ranges]:
        pairs: set[tuple[int, int]] = set()
        anywhere: list[int] = []
        for interface in balancers(lowering).of_kind(self.by_name):
            own = private_addresses(interface)
            known = self.targets(lowering, interface)
            if known is None:
                anywhere += own
            pairs |= {(to, node) for to in _addresses(known or ()) for node in own}
        return sorted(pairs), Ranges.of(*anywhere)


def _addresses(known: Known) -> Iterator[int]:
    for _, target in known:
        yield from target.addresses
