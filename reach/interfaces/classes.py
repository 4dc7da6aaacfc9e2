"""Interfaces that every rule treats alike, and so share a node: it is named by the first of them.

    classes(lowering) -> Classes

Takes a snapshot with its joins.  There are two readings of it, of records one by one and of a roll
of very many; both give the same.  Must not know what a class is used for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from reach.component import Lowering
from reach.interfaces.kinds import is_host, kind, owned, worn
from reach.network.header_space import Ranges
from reach.snapshot.crowd import Crowd
from reach.snapshot.records import NetworkInterface


class Classes(Protocol):
    def of(self, interface_id: str) -> str:
        """The class of an interface of the snapshot."""
        ...

    def members(self, class_id: str) -> Sequence[NetworkInterface]:
        """All of a class, in order; nothing where no class has that name."""
        ...

    def alike(self, interface_id: str) -> Sequence[NetworkInterface]:
        """All of the interface's class; nothing where there is no such interface."""
        ...

    def own(self, members: Sequence[NetworkInterface]) -> Ranges:
        """R-ENI-2: what any of some interfaces owns."""
        ...

    def split(
        self, members: Sequence[NetworkInterface]
    ) -> Iterator[tuple[str, Sequence[NetworkInterface]]]:
        """Some hosts by their classes, each in the order in which its first one comes."""
        ...

    def wearing(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Each class of hosts with each set of groups that any of it has."""
        ...

    def services(self) -> Sequence[NetworkInterface]:
        """All interfaces that are no hosts, in order."""
        ...


def classes(lowering: Lowering) -> Classes:
    known = made_out(lowering)
    come = lowering.loners
    return lowering.own("classes and others", lambda: _with(lowering, known)) if come else known


def made_out(lowering: Lowering) -> Classes:
    """The classes without who has come since."""

    def make() -> Classes:
        if lowering.index.roll is None:
            return OneByOne(lowering)
        from reach.interfaces.rolled import Rolled  # here, as numpy takes long to import

        return Rolled(lowering, lowering.index.roll)

    return lowering.memo("network_interface classes", make)


class OneByOne:
    """Read off the records."""

    def __init__(self, lowering: Lowering) -> None:
        found: dict[object, list[NetworkInterface]] = {}
        for interface in lowering.index.interfaces:
            found.setdefault(kind(lowering, interface), []).append(interface)
        self._lowering = lowering
        self._members = {lot[0].network_interface_id: tuple(lot) for lot in found.values()}
        self._of: Mapping[str, str] = {
            each.network_interface_id: first for first, lot in self._members.items() for each in lot
        }

    def of(self, interface_id: str) -> str:
        return self._of[interface_id]

    def members(self, class_id: str) -> tuple[NetworkInterface, ...]:
        return self._members.get(class_id, ())

    def alike(self, interface_id: str) -> tuple[NetworkInterface, ...]:
        return self.members(self._of[interface_id]) if interface_id in self._of else ()

    def own(self, members: Sequence[NetworkInterface]) -> Ranges:
        return union(self._lowering, members)

    def split(
        self, members: Sequence[NetworkInterface]
    ) -> Iterator[tuple[str, Sequence[NetworkInterface]]]:
        found: dict[str, list[NetworkInterface]] = {}
        for each in members:
            found.setdefault(self._of[each.network_interface_id], []).append(each)
        yield from found.items()

    def wearing(self) -> Iterator[tuple[str, frozenset[str]]]:
        for class_id, members in self._members.items():
            for each in members if is_host(members[0]) else ():
                yield class_id, worn(each)

    def services(self) -> tuple[NetworkInterface, ...]:
        return tuple(each for each in self._lowering.index.interfaces if not is_host(each))


def _with(lowering: Lowering, known: Classes) -> Classes:
    every = lowering.loners.items()
    come = {name: (each.interface,) for name, each in every if each.came}
    return _With(known, come) if come else known


class _With:
    """The classes that were made out, and one for each that has come since."""

    def __init__(self, known: Classes, come: Mapping[str, tuple[NetworkInterface]]) -> None:
        self._known, self._come = known, come

    def of(self, interface_id: str) -> str:
        return interface_id if interface_id in self._come else self._known.of(interface_id)

    def members(self, class_id: str) -> Sequence[NetworkInterface]:
        return self._come.get(class_id) or self._known.members(class_id)

    def alike(self, interface_id: str) -> Sequence[NetworkInterface]:
        return self._come.get(interface_id) or self._known.alike(interface_id)

    def own(self, members: Sequence[NetworkInterface]) -> Ranges:
        return self._known.own(members)

    def split(
        self, members: Sequence[NetworkInterface]
    ) -> Iterator[tuple[str, Sequence[NetworkInterface]]]:
        return self._known.split(members)

    def wearing(self) -> Iterator[tuple[str, frozenset[str]]]:
        yield from self._known.wearing()
        for class_id, (one,) in self._come.items():
            yield class_id, worn(one)

    def services(self) -> Sequence[NetworkInterface]:
        return self._known.services()


def union(lowering: Lowering, interfaces: Sequence[NetworkInterface]) -> Ranges:
    if len(interfaces) == 1:
        return owned(lowering, interfaces[0])
    return Ranges.any_of(owned(lowering, each) for each in interfaces)


def member_with(lowering: Lowering, class_id: str, address: int) -> NetworkInterface | None:
    """The first of a class that has an address."""
    for loner in lowering.loners_of(class_id):
        if address in owned(lowering, loner.interface):
            return loner.interface
    known = classes(lowering)
    for owner in lowering.index.owner_of_address(address):
        if known.of(owner.network_interface_id) == class_id:
            return owner
    members = known.members(class_id)
    if isinstance(members, Crowd) and len(members) > 1:  # none of them has prefixes
        return None
    return next((each for each in members if address in owned(lowering, each)), None)
