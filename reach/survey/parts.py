"""Hosts that a survey by end point tells together: those that others treat alike as well.

    Parts(ground).label(interface) -> label        .members(label) -> interfaces

Hosts of one class have the same groups in the same subnet.  Others may still tell them apart: by a
block that only some of them are in, as targets of a balancer, or because only some have an address
outside.  What reaches one of a part, or what it reaches, is so of all.  Takes a lowered snapshot;
must not know how a survey is made.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property

from reach.lower import Ground
from reach.snapshot.records import NetworkInterface
from reach.survey.mentions import Mentions


class Parts:
    """The parts of each class, named by the first of each as a class is."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._firsts: dict[str, str] = {}

    def label(self, interface: NetworkInterface) -> str:
        """What it is told by: the owner of its packets, or of the first of its part."""
        owner = self._ground.interface_node(interface).rpartition("/")[0]
        first = self._first(interface.network_interface_id)
        return f"{owner.partition('/')[0]}/{first}" if first else owner

    def split(
        self, owner: str, behind: Sequence[NetworkInterface]
    ) -> Mapping[str, Sequence[NetworkInterface]]:
        """All interfaces behind an owner by their labels: of this network, or of a slice of it.

        Who shares an owner with nobody in a slice does so nowhere, and is not looked at.
        """
        if len(behind) == 1:
            return {owner: behind}
        kind = owner.partition("/")[0]
        found: dict[str, list[NetworkInterface]] = {}
        for each in behind:
            first = self._first(each.network_interface_id)
            label = f"{kind}/{first}" if first else self.label(each)
            found.setdefault(label, []).append(each)
        return found

    def members(self, label: str) -> Sequence[NetworkInterface]:
        """The hosts of a part; nothing where the label is of no host."""
        alike = self._ground.alike(label.partition("/")[2])
        return tuple(each for each in alike if self.label(each) == label)

    def _first(self, name: str) -> str:
        """The first of an interface's part; '' for what shares no node with others."""
        known = self._firsts.get(name)
        if known is None:
            alike = self._ground.alike(name)
            self._firsts.update(self._parted(alike) if len(alike) > 1 else {name: ""})
            known = self._firsts[name]
        return known

    def _parted(self, alike: Sequence[NetworkInterface]) -> Mapping[str, str]:
        firsts: dict[Hashable, str] = {}
        return {
            each.network_interface_id: firsts.setdefault(
                self._mentions.of(each), each.network_interface_id
            )
            for each in alike
        }

    @cached_property
    def _mentions(self) -> Mentions:
        return Mentions(self._ground)
