"""A question in the network's own words: where flows start, where they should arrive.

What :mod:`reach.resolve` makes of a question's text and a snapshot, and all that the engines see of
it.  Knows the neutral network only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from reach.network.field import FIELDS, Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges


@dataclass(frozen=True, slots=True)
class Start:
    """Flows in ``space`` may start at ``node``; replies come home to ``owner``."""

    node: str
    space: HeaderSpace
    owner: str

    def of_one(self, packet: Header) -> Start:
        """The start of one packet and no other."""
        exact = {f.name: Ranges.of(value) for f, value in zip(FIELDS, packet, strict=True)}
        return replace(self, space=HeaderSpace.where(**exact))


@dataclass(frozen=True, slots=True)
class Visit:
    """A flow must visit one of these nodes, or any node of one of these resources."""

    nodes: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()

    def is_at(self, node: str) -> bool:
        """Whether a node (``component/resource/part``) is one of them."""
        return node in self.nodes or (bool(self.resources) and resource_of(node) in self.resources)


def makes_all(visits: Iterable[Visit], nodes: Collection[str]) -> bool:
    """Whether whoever comes by these nodes makes every visit."""
    return all(any(map(visit.is_at, nodes)) for visit in visits)


def resource_of(node: str) -> str:
    """Whose node it is."""
    parts = node.split("/", 2)
    return unquote(parts[1]) if len(parts) == 3 else ""


@dataclass(frozen=True)
class Aim:
    """From any of ``starts`` to any of ``goals`` (owners with what may be delivered there).

    ``goals`` None means delivered to anybody.  The flow must make each visit of ``through`` on its
    way there.  ``two_way`` asks for the reply as well.  What is delivered must lie in ``arriving``,
    and not be delivered to one of the owners in ``but``.  What visits a node of ``passing`` and is
    delivered to anybody counts as delivered to a goal.  Flows from an address to itself count only
    if ``to_itself``; so do those that come back to it, unless by a node of ``passing``.  Of a flow
    that is ``two_way`` the reply must make each visit of ``back``.
    """

    starts: Sequence[Start]
    goals: Mapping[str, HeaderSpace] | None
    two_way: bool = True
    through: tuple[Visit, ...] = ()
    to_itself: bool = False
    arriving: HeaderSpace = ANYTHING
    but: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()
    back: tuple[Visit, ...] = ()

    @property
    def visits(self) -> tuple[Visit, ...]:
        """All that a flow may have to visit: ``through``, then one of ``passing``."""
        if not self.passing:
            return self.through
        return (*self.through, Visit(frozenset(self.passing)))
