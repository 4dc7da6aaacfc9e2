"""Joins over accelerators: their listeners, and the addresses of the endpoints behind each.

Takes a snapshot, its index, the joins over its balancers and the groups of each listener; gives
lookups.  It keeps nothing of what may be edited alone: who asks is known to have read it.  What
that means to a packet is for the component.  Addresses are the integers of
``reach.network.address``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from reach.network.address import is_ipv4, parse_address
from reach.snapshot.balancer_records import (
    Accelerator,
    AcceleratorEndpointGroup,
    AcceleratorListener,
    EndpointDescription,
    Listener,
    LoadBalancer,
)
from reach.snapshot.balancers import Balancers
from reach.snapshot.index import Index, private_addresses, public_mapping
from reach.snapshot.record import Record
from reach.snapshot.records import Address, NetworkInterface
from reach.snapshot.snapshot import Snapshot


@dataclass(frozen=True)
class Way:
    """From a listener to one address of an endpoint.

    ``ports`` are overrides: the listener's port, the endpoint's.  ``unknown`` is what would tell
    more of the endpoint; without that and without addresses it is of an unknown kind.
    """

    endpoint: str
    ports: tuple[tuple[int, int], ...]
    preserved: bool
    interface: NetworkInterface | None = None
    private: int = 0
    public: int = 0
    unknown: type[Record] | None = None


def listener_of(group_arn: str) -> str:
    """The ARN of an endpoint group begins with that of its listener."""
    return group_arn.partition("/endpoint-group/")[0]


Groups = Mapping[str, tuple[AcceleratorEndpointGroup, ...]]


def groups_by_listener(snapshot: Snapshot) -> Groups:
    found: dict[str, list[AcceleratorEndpointGroup]] = {}
    for group in snapshot.records(AcceleratorEndpointGroup):
        found.setdefault(listener_of(group.endpoint_group_arn), []).append(group)
    return {listener: tuple(groups) for listener, groups in found.items()}


class Accelerators:
    """Lookups over one snapshot."""

    def __init__(
        self, snapshot: Snapshot, index: Index, balancers: Balancers, groups: Callable[[], Groups]
    ) -> None:
        self.snapshot = snapshot
        self.index = index
        self.balancers = balancers
        self._groups = groups

    def listeners(self, accelerator: Accelerator) -> tuple[Listener, ...]:
        """Those that the snapshot holds; an accelerator of use has some."""
        inside = f"{accelerator.accelerator_arn}/listener/"
        known: tuple[Listener, ...] = self.snapshot.records(Listener)
        known += self.snapshot.records(AcceleratorListener)
        own = {each.listener_arn: each for each in known if each.listener_arn.startswith(inside)}
        return tuple(own.values())

    def unlisted(self, accelerator: Accelerator) -> str:
        """A listener of it that an endpoint group names and the snapshot does not hold, or ''."""
        inside = f"{accelerator.accelerator_arn}/listener/"
        known = {each.listener_arn for each in self.listeners(accelerator)}
        named = (arn for arn in self._groups() if arn.startswith(inside))
        return next((arn for arn in named if arn not in known), "")

    def unheld(self) -> tuple[str, ...]:
        """Accelerators that listeners or endpoint groups name and the snapshot does not hold."""
        arns = [each.listener_arn for each in self.snapshot.records(AcceleratorListener)]
        arns += [each.listener_arn for each in self.snapshot.records(Listener)]
        named = (arn.partition("/listener/")[0] for arn in (*arns, *self._groups()))
        found = (each for each in dict.fromkeys(named) if ":accelerator/" in each)
        return tuple(each for each in found if self.snapshot.get(Accelerator, each) is None)

    def ways(self, listener_arn: str) -> tuple[Way, ...] | None:
        """Every address that a listener's flows may go to; None if no group of it is known.

        An endpoint of weight 0, or in a group whose dial is at 0, gets nothing.
        """
        groups = self._groups().get(listener_arn)
        if groups is None:
            return None
        return tuple(way for group in groups for way in self._of_group(group))

    def numbers(self, group_arn: str) -> tuple[int, ...]:
        """Which of its listener's ways are those of a group."""
        found: list[int] = []
        before = 0
        for group in self._groups().get(listener_of(group_arn), ()):
            count = sum(1 for _ in self._of_group(group))
            if group.endpoint_group_arn == group_arn:
                found += range(before, before + count)
            before += count
        return tuple(found)

    def _of_group(self, group: AcceleratorEndpointGroup) -> Iterator[Way]:
        if group.traffic_dial_percentage == 0:
            return
        for endpoint in group.endpoint_descriptions:
            if endpoint.weight != 0:
                yield from self._of_endpoint(group, endpoint)

    def _of_endpoint(
        self, group: AcceleratorEndpointGroup, endpoint: EndpointDescription
    ) -> Iterator[Way]:
        name = endpoint.endpoint_id or ""
        overrides = tuple(
            (each.listener_port, each.endpoint_port)
            for each in group.port_overrides
            if each.listener_port is not None and each.endpoint_port is not None
        )
        way = Way(name, overrides, endpoint.client_ip_preservation_enabled is not False)
        if name.startswith("i-"):
            yield self._instance(way)
        elif name.startswith("eipalloc-"):
            yield self._elastic(way)
        elif ":loadbalancer/" in name:
            yield from self._balancer(way)
        else:
            yield way

    def _instance(self, way: Way) -> Way:
        target = self.balancers.instance_target(way.endpoint, 0, 0)
        for interface in self.index.interfaces_by_instance.get(way.endpoint, ()):
            if target.addresses and target.addresses[0] in private_addresses(interface):
                return _at(way, interface, target.addresses[0])
        return replace(way, unknown=NetworkInterface)

    def _elastic(self, way: Way) -> Way:
        """R-GA-3: an Elastic IP never sees the client."""
        address = self.snapshot.get(Address, way.endpoint)
        if address is None or not address.public_ip:
            return replace(way, unknown=Address)
        private = parse_address(address.private_ip_address) if address.private_ip_address else 0
        public = parse_address(address.public_ip)
        return replace(way, private=private, public=public, preserved=False)

    def _balancer(self, way: Way) -> Iterator[Way]:
        """Any node of a balancer; R-GA-3: a Network one without groups sees no client."""
        balancer = self.snapshot.get(LoadBalancer, way.endpoint)
        nodes = () if balancer is None else self.balancers.interfaces_of(balancer)
        if balancer is None or not nodes:
            yield replace(way, unknown=LoadBalancer if balancer is None else NetworkInterface)
        for node in nodes:
            own = next((a for a in private_addresses(node) if is_ipv4(a)), None)
            if balancer is not None and own is not None:
                blind = balancer.type == "network" and not node.groups
                yield _at(replace(way, preserved=way.preserved and not blind), node, own)


def _at(way: Way, interface: NetworkInterface, private: int) -> Way:
    public = dict(public_mapping(interface)).get(private, 0)
    return replace(way, interface=interface, private=private, public=public)
