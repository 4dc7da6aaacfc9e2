"""Plain hosts: of whose own nodes it is known, without making them, where they lead and what they
are made of.

    plain(lowering) -> Plain
    .family(node) -> class    .reading(groups) -> nodes    .identity(class) -> number

A host is plain that stands in for nobody else: its check is on (R-ENI-4), as that of all interfaces
of its instance, and of all of them it is told which groups they wear.  Its own nodes lead to each
other, to those of its instance's other interfaces and to what all hosts of its subnet lead to; they
rewrite nothing but who sent a packet, and of all rules that can be edited alone they are made of
those of the host's own groups (R-SG-1), of the prefix lists in these, and where a group names
others on the way out of the routes of the subnet: what that changes takes one of the routes that
are edited (R-SG-12).
Whoever counts on that checks it of each node that is made in the end
(``reach.comparing.skeleton``).  Must not know questions or the engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from reach.aim import Start
from reach.component import Loner, Lowering, node_name
from reach.interfaces import together
from reach.interfaces.classes import classes
from reach.interfaces.gathered import Gathered, Hosts, families_of, gathered
from reach.interfaces.kinds import is_host, worn
from reach.network.header_space import Ranges
from reach.network.stage import Filter
from reach.snapshot.index import instance_of
from reach.snapshot.record import UNPRINTED
from reach.snapshot.records import NetworkInterface

NAME = "network_interface"
OWN = "own"  # of nodes of one that stands apart since its class was made out
_PARTS = {
    NAME: frozenset({"emit", "send", "admit", "itself"}),
    "host_services": frozenset({"dns", "metadata", "tasks", "time", "activation", "back"}),
}


class Plain(Protocol):
    def family(self, node: str) -> str:
        """The hosts whose own node it is, by one of them: a class, or all of an instance's
        interfaces; '' of any other node."""
        ...

    def place(self, node: str) -> object:
        """The nodes of hosts of one place lead on alike."""
        ...

    def identity(self, node: str) -> int:
        """Who sent a packet, as a host's own node says it."""
        ...

    def gathered(self, starts: Sequence[Start]) -> Gathered:
        """Those of some starts that are plain hosts', by place, and the others."""
        ...

    def receiving(self, owners: Iterable[str]) -> frozenset[str]:
        """The families of those among some owners of packets that are plain hosts."""
        ...

    def reading(self, groups: Iterable[str]) -> Iterator[str]:
        """The nodes of plain hosts that are made of the rules of some groups."""
        ...

    def sending_as(self, identities: Ranges) -> Iterator[str]:
        """Nodes of plain hosts, those among them that say that one of these sends."""
        ...

    def wearing(self, group: str) -> tuple[frozenset[str], Ranges]:
        """The VPCs and the addresses of the plain hosts in a group."""
        ...


def plain(lowering: Lowering) -> Plain:
    def make() -> Plain:
        if lowering.index.roll is None:
            return _OneByOne(lowering)
        from reach.interfaces.plain_roll import PlainRoll  # here, as numpy takes long to import

        return PlainRoll(lowering, lowering.index.roll)

    known = lowering.memo("plain hosts", make)
    changed = lowering.loners
    return _WithLoners(lowering, known, changed) if changed else known


def host_of(node: str) -> str:
    """The interface that a node is named after, if it is one that a plain host has."""
    kind, resource, rest = node.split("/", 2)
    parts = _PARTS.get(kind)
    return resource if parts is not None and rest.partition(" ")[0] in parts else ""


def stands_for_itself(interface: NetworkInterface) -> bool:
    """Of hosts: whether it passes nothing on."""
    return interface.source_dest_check


def _is_plain(interface: NetworkInterface) -> bool:
    """What one of whose groups nobody knows sends ends in something unknown.  (A roll has none.)"""
    told = interface.groups is not UNPRINTED
    return told and is_host(interface) and stands_for_itself(interface)


def nodes_of(class_id: str, only_member: str) -> Iterator[str]:
    """The nodes of a class that its groups stand in; of one host alone there is one more."""
    yield node_name(NAME, class_id, "emit")
    yield node_name(NAME, class_id, "admit")
    if only_member:
        yield node_name(NAME, only_member, "send")


class _StartByStart:
    """Who starts and who receives, of those whose columns do not tell."""

    def gathered(self: Hosts, starts: Sequence[Start]) -> Gathered:
        return gathered(self, starts)

    def receiving(self: Hosts, owners: Iterable[str]) -> frozenset[str]:
        return families_of(self, owners)


class _OneByOne(_StartByStart):
    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering
        self._families: dict[str, str] = {}

    def family(self, node: str) -> str:
        resource = host_of(node)
        if not resource:
            return ""
        known = self._families.get(resource)
        if known is None:
            known = self._families[resource] = self._family(resource)
        return known

    def _family(self, resource: str) -> str:
        interface = self._lowering.snapshot.get(NetworkInterface, resource)
        if interface is None:
            return ""
        instance = instance_of(interface)
        beside = self._lowering.index.interfaces_by_instance[instance] if instance else ()
        every = beside or (interface,)
        if not all(map(_is_plain, every)):
            return ""
        first = every[0] if len(every) > 1 else interface
        return classes(self._lowering).of(first.network_interface_id)

    def _interface(self, node: str) -> NetworkInterface:
        interface = self._lowering.snapshot.get(NetworkInterface, host_of(node))
        assert interface is not None
        return interface

    def place(self, node: str) -> object:
        return self._interface(node).subnet_id

    def identity(self, node: str) -> int:
        return identity_of(self._lowering, self._interface(node))

    def reading(self, groups: Iterable[str]) -> Iterator[str]:
        for group in groups:
            for each in self._lowering.index.interfaces_by_group.get(group, ()):
                name = each.network_interface_id
                if self.family(node_name(NAME, name, "send")):
                    yield from nodes_of(classes(self._lowering).of(name), name)

    def sending_as(self, identities: Ranges) -> Iterator[str]:
        yield from sending_as(self, self._lowering, identities)

    def wearing(self, group: str) -> tuple[frozenset[str], Ranges]:
        worn = self._lowering.index.interfaces_by_group.get(group, ())
        own = [e for e in worn if self.family(node_name(NAME, e.network_interface_id, "send"))]
        vpcs = frozenset(each.vpc_id or "" for each in own)
        return vpcs, self._lowering.index.addresses_of(own)


class _WithLoners(_StartByStart):
    """The same where some stand apart: each has nodes of its own beside its class's, which lead
    there."""

    def __init__(self, lowering: Lowering, known: Plain, changed: Mapping[str, Loner]) -> None:
        self._lowering, self._known, self._changed = lowering, known, changed

    def family(self, node: str) -> str:
        host = host_of(node)
        return host if self._has_come(host) else self._known.family(node)

    def _has_come(self, host: str) -> bool:
        changed = self._changed.get(host)
        return changed is not None and changed.came

    def place(self, node: str) -> object:
        changed = self._changed.get(host_of(node))
        if changed is not None and changed.came:
            return changed.interface.subnet_id
        return self._known.place(node)

    def identity(self, node: str) -> int:
        changed = self._changed.get(host_of(node))
        if changed is not None and (changed.came or node.endswith((f" {OWN}", "/send"))):
            return changed.number
        return self._known.identity(node)

    def reading(self, groups: Iterable[str]) -> Iterator[str]:
        asked = frozenset(groups)
        yield from self._known.reading(sorted(asked))
        for each in self._changed.values():
            if asked & worn(each.interface):
                yield from self.nodes(each)

    def nodes(self, changed: Loner) -> Iterator[str]:
        """The nodes that what one of them wears and holds stands in, and those that lead there."""
        name = changed.interface.network_interface_id
        yield from nodes_of(classes(self._lowering).of(name), name)
        yield node_name(NAME, name, "itself")
        yield node_name(NAME, name, "emit", OWN)
        yield node_name(NAME, name, "admit", OWN)

    def sending_as(self, identities: Ranges) -> Iterator[str]:
        yield from self._known.sending_as(identities)
        for each in self._changed.values():
            if each.number in identities:
                yield from self.nodes(each)

    def wearing(self, group: str) -> tuple[frozenset[str], Ranges]:
        vpcs, own = self._known.wearing(group)
        every = [e.interface for e in self._changed.values() if group in worn(e.interface)]
        more = frozenset(each.vpc_id or "" for each in every)
        return vpcs | more, own | self._lowering.index.addresses_of(every)


def loner_nodes(lowering: Lowering, changed: Loner) -> tuple[str, ...]:
    """The nodes of one that stands apart, and of its instance's others, which lead there."""
    known = plain(lowering)
    assert isinstance(known, _WithLoners)
    instance = instance_of(changed.interface) or ""
    beside = lowering.index.interfaces_by_instance.get(instance, ())
    names = dict.fromkeys(each.network_interface_id for each in beside)
    others = (node for name in names for node in nodes_of(classes(lowering).of(name), name))
    return tuple(dict.fromkeys((*known.nodes(changed), *others)))


def standing_in(interface: NetworkInterface) -> str:
    """The VPC and the subnet of an interface, as a slot of its groups is told them."""
    return f"{interface.vpc_id or ''}/{interface.subnet_id or ''}"


def own_filters(
    lowering: Lowering, groups: Iterable[str], where: str
) -> Iterator[tuple[str, Filter]]:
    """What the rules of some groups by themselves let in and out, by part of a host's node.

    Of a host in several groups what these rules let pass more, it lets pass more at most (R-SG-2).
    """
    holder = " ".join((OWN, where, *sorted(groups)))
    for way, parts in (("ingress", ("admit",)), ("egress", ("emit", "send"))):
        for stage in lowering.slot(f"groups.{way}", holder):
            assert isinstance(stage, Filter)
            yield from ((part, stage) for part in parts)


def sending_as(known: Plain, lowering: Lowering, identities: Ranges) -> Iterator[str]:
    """The nodes of those in a group of one of these, where they are said to be it."""
    told = lowering.identities()
    # Whichever is less to look through: those who are asked for, or all that there are.
    asked = (number for low, high in identities.intervals for number in range(low, high + 1))
    some = asked if identities.count < len(told) else (n for n in told if n in identities)
    for number in some:
        _, groups = told.get(number, ("", frozenset[str]()))
        for node in known.reading(sorted(groups)[:1]):
            if known.identity(node) == number:
                yield node


def identity_of(lowering: Lowering, interface: NetworkInterface) -> int:
    """R-PIPE-5: the number of the groups of the interface that sends."""
    return lowering.identity(interface.vpc_id or "", together.wears(lowering, interface))
