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
        self._known: dict[str, Mapping[str, str]] = {}

    def label(self, interface: NetworkInterface) -> str:
        """What it is told by: the owner of its packets, or of the first of its part."""
        owner = self._ground.interface_node(interface).rpartition("/")[0]
        first = self._first(interface.network_interface_id)
        return f"{owner.partition('/')[0]}/{first}" if first else owner

    def members(self, label: str) -> Sequence[NetworkInterface]:
        """The hosts of a part; nothing where the label is of no host."""
        alike = self._ground.alike(label.partition("/")[2])
        return tuple(each for each in alike if self.label(each) == label)

    def _first(self, name: str) -> str:
        """The first of an interface's part; '' for what shares no node with others."""
        alike = self._ground.alike(name)
        if len(alike) < 2:
            return ""
        of_class = alike[0].network_interface_id
        known = self._known.get(of_class)
        if known is None:
            known = self._known[of_class] = self._parted(alike)
        return known[name]

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
