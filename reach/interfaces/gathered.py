"""Who starts, plain hosts of a place together: of each place one start that stands for all of them.

    gathered(hosts, starts) -> Gathered        families_of(hosts, owners) -> families

One start after the other; where very many are told by columns, ``plain_roll`` gives the same.  Who
is plain, and what a place is, is told by :mod:`reach.interfaces.plain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from reach.aim import Start
from reach.flood import whole
from reach.network.header_space import HeaderSpace, Ranges


@dataclass(frozen=True, slots=True)
class Together:
    """Plain hosts of a place: they start at the node of the first of them, from any address that
    any of them starts from."""

    place: object
    start: Start


@dataclass(frozen=True, slots=True)
class Gathered:
    """``families`` are those of the hosts; ``others`` start by themselves, in their order."""

    hosts: Sequence[Together]
    families: frozenset[str]
    others: Sequence[Start]


class Hosts(Protocol):
    """What has to be known of them (:class:`reach.interfaces.plain.Plain`)."""

    def family(self, node: str) -> str: ...

    def place(self, node: str) -> object: ...


def gathered(hosts: Hosts, starts: Iterable[Start]) -> Gathered:
    """In the order in which the first of each place comes."""
    first: dict[tuple[object, HeaderSpace], Start] = {}
    sources: dict[tuple[object, HeaderSpace], list[Ranges]] = {}
    families: set[str] = set()
    others: list[Start] = []
    for start in starts:
        family = hosts.family(start.node)
        if not family:
            others.append(start)
            continue
        families.add(family)
        key = hosts.place(start.node), start.space.without("source")
        first.setdefault(key, start)
        own = start.space.by_name.get("source", whole("source"))
        sources.setdefault(key, []).append(own)
    together = (
        Together(place, Start(begun.node, rest.narrowed("source", own), begun.owner))
        for (place, rest), begun in first.items()
        for own in (Ranges.any_of(sources[place, rest]),)
    )
    return Gathered(tuple(together), frozenset(families), tuple(others))


def families_of(hosts: Hosts, owners: Iterable[str]) -> frozenset[str]:
    """The families of the plain hosts among some owners of packets."""
    nodes = (f"{owner}/admit" for owner in owners if "/" in owner)
    return frozenset(map(hosts.family, nodes)) - {""}
