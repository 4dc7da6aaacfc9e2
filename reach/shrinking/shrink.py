"""How much smaller the passes of :mod:`reach.reduce` make the network of a snapshot.

    shrink(snapshot) -> Shrunk

Interfaces that every rule treats alike are told as a class, with all its members by id and Name;
nodes are counted by going wherever a packet of anybody's, or its reply, might, with every pass and
with each one off.  Asks nothing.  Must not know rendering or the command line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from reach.lower import Ground, lower
from reach.network.field import TCP
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.stage import Choose, Deliver, Forward, Stage
from reach.reduce import ALL, CLASSES, PASSES, SLICES, Reductions
from reach.resolve import everybody
from reach.snapshot.records import Instance, NetworkInterface, SecurityGroup, Subnet
from reach.snapshot.snapshot import Snapshot

FORMAT = 1
MOST_COUNTED = 2_000
_EXAMPLE = HeaderSpace.where(protocol=Ranges.of(TCP), destination_port=Ranges.of(22))


@dataclass(frozen=True, slots=True)
class Member:
    """An interface of a class; ``instance`` and ``name`` are empty if it has none."""

    interface: str
    instance: str
    name: str


@dataclass(frozen=True, slots=True)
class Class:
    """Interfaces of one subnet that every rule treats alike, at least two."""

    subnet: str
    subnet_name: str
    groups: tuple[str, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many nodes the network has with a pass and without it, the others on.

    Of slices, which depend on what is asked: those of a survey of port 22.
    """

    name: str
    words: str
    without: int
    nodes: int


@dataclass(frozen=True)
class Shrunk:
    """``alone`` are the interfaces that are like no other; ``classes`` the largest first.

    ``interfaces`` divided by ``nodes_of_interfaces`` is the ``factor``.  ``passes`` is None where
    there are more than ``MOST_COUNTED`` interfaces: to count their nodes takes minutes.
    """

    path: str
    interfaces: int
    alone: int
    classes: tuple[Class, ...]
    passes: tuple[Count, ...] | None

    @property
    def nodes_of_interfaces(self) -> int:
        return self.alone + len(self.classes)

    @property
    def factor(self) -> float:
        return self.interfaces / self.nodes_of_interfaces if self.interfaces else 1.0

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """How many classes there are of each size, those of one member among them."""
        counts = Counter(len(each.members) for each in self.classes)
        counts[1] = self.alone
        return tuple(sorted((size, count) for size, count in counts.items() if count))

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON form."""
        return {
            "format": FORMAT,
            "path": self.path,
            "interfaces": self.interfaces,
            "alone": self.alone,
            "factor": round(self.factor, 2),
            "classes": [asdict(each) for each in self.classes],
            "passes": None if self.passes is None else [asdict(each) for each in self.passes],
        }


def shrink(snapshot: Snapshot) -> Shrunk:
    """All classes of a snapshot, and what each pass does to its nodes."""
    ground = lower(snapshot)
    interfaces = snapshot.records(NetworkInterface)
    classes = _classes(ground)
    shared = [members for members in classes if len(members) > 1]
    few = len(interfaces) <= MOST_COUNTED
    return Shrunk(
        path=snapshot.path,
        interfaces=len(interfaces),
        alone=len(classes) - len(shared),
        classes=tuple(_class(ground, members) for members in shared),
        passes=tuple(_counts(ground)) if few else None,
    )


def classes_of(snapshot: Snapshot) -> list[tuple[NetworkInterface, ...]]:
    """Interfaces that every rule treats alike, together; the largest class first."""
    return _classes(lower(snapshot))


def _classes(ground: Ground) -> list[tuple[NetworkInterface, ...]]:
    found = {}
    for interface in ground.snapshot.records(NetworkInterface):
        members = tuple(ground.alike(interface.network_interface_id))
        found[members[0].network_interface_id] = members
    return sorted(found.values(), key=lambda members: -len(members))


def _class(ground: Ground, members: tuple[NetworkInterface, ...]) -> Class:
    first = members[0]
    subnet = first.subnet_id or ""
    groups = (_group(ground, each.group_id) for each in first.groups)
    told = tuple(_member(ground, each) for each in members)
    place = ground.snapshot.get(Subnet, subnet)
    return Class(subnet, place.name if place else "", tuple(sorted(groups)), told)


def _group(ground: Ground, group_id: str) -> str:
    group = ground.snapshot.get(SecurityGroup, group_id)
    return f"{group_id} {group.group_name}" if group else group_id


def _member(ground: Ground, interface: NetworkInterface) -> Member:
    instance_id = (interface.attachment.instance_id if interface.attachment else None) or ""
    instance = ground.snapshot.get(Instance, instance_id) if instance_id else None
    name = (instance.name if instance else "") or interface.name or interface.description
    return Member(interface.network_interface_id, instance_id, name)


def _counts(ground: Ground) -> Iterator[Count]:
    nodes = nodes_of(ground)
    off = Reductions(ALL.passes - {CLASSES})
    without = nodes_of(lower(ground.snapshot, ground.options, off))
    yield Count(CLASSES, PASSES[CLASSES], without, nodes)
    words = f"{PASSES[SLICES]} (here: of port 22)"
    yield Count(SLICES, words, nodes, nodes_of(ground.slice(_EXAMPLE)))


def nodes_of(ground: Ground) -> int:
    """How many nodes packets of anybody and their replies might visit."""
    network, seen = ground.network, dict.fromkeys(start.node for start in everybody(ground))
    todo = list(seen)
    while todo:
        for name in _onward(network, todo.pop()):
            if name not in seen:
                seen[name] = None
                todo.append(name)
    return len(seen)


def _onward(network: Network, name: str) -> Iterator[str]:
    for stage in network.node(name).stages:
        yield from _next(stage)


def _next(stage: Stage) -> Iterator[str]:
    match stage:
        case Forward():
            yield from (route.next for route in stage.routes if route.next)
        case Choose():
            yield from (option.next for option in stage.options)
        case Deliver():
            yield stage.reply
        case _:
            pass
