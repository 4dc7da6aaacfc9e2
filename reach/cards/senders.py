"""Everybody who may send a packet in a snapshot's network, with what is not known of them.

    everybody(ground) -> Senders      of_interfaces(ground, interfaces) -> Senders

The interfaces of hosts, of services that open connections, hosts on the internet, on-premises and
beyond other boundaries.  An interface of a service of which nobody knows whether it opens
connections is among those that *perhaps* send: what is refuted for it too is refuted.  Must not
know the engines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reach.aim import Aim, Start
from reach.component import End, node_name
from reach.gaps import interfaces_missing, openings
from reach.lower import Ground
from reach.network.address import ANY_IPV4, ANY_IPV6
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import Origin
from reach.snapshot.index import private_addresses
from reach.snapshot.records import NetworkInterface

_FAMILIES = tuple(
    HeaderSpace.where(source=Ranges.prefixes((family,)), destination=Ranges.prefixes((family,)))
    for family in (ANY_IPV4, ANY_IPV6)
)
_BOUNDARIES = ("internet", "on-premises")


@dataclass(frozen=True)
class Senders:
    """Starts of flows; those that perhaps are; what stands against a plain "nobody".

    ``gaps`` may hide any sender, those ``beyond`` only one that is no interface of the snapshot.
    """

    starts: tuple[Start, ...]
    perhaps: tuple[tuple[Start, Origin], ...] = ()
    gaps: tuple[Origin, ...] = ()
    beyond: tuple[Origin, ...] = ()

    def aim(self, towards: Ranges | None, *, two_way: bool) -> tuple[Aim, Mapping[int, Origin]]:
        """Flows of these to some addresses (None: to anywhere), delivered to anybody.

        With the numbers of the starts that perhaps are none.
        """
        sent_to = HeaderSpace.where(destination=towards)
        starts: list[Start] = []
        perhaps: dict[int, Origin] = {}
        for start, origin in (*((start, None) for start in self.starts), *self.perhaps):
            for family in _FAMILIES:
                space = start.space & family & sent_to
                if not space.is_empty:
                    if origin is not None:
                        perhaps[len(starts)] = origin
                    starts.append(replace(start, space=space))
        return Aim(tuple(starts), goals=None, two_way=two_way), perhaps

    @property
    def sources(self) -> Ranges:
        """All addresses that any of them sends from."""
        everyone = (*self.starts, *(start for start, _ in self.perhaps))
        ends = (start.space.by_name.get("source") for start in everyone)
        return Ranges.any_of(end for end in ends if end is not None)


def everybody(ground: Ground) -> Senders:
    """All that send, from wherever."""
    return ground.memo("all senders", lambda: _everybody(ground))


def _everybody(ground: Ground) -> Senders:
    inside = of_interfaces(ground, ground.snapshot.records(NetworkInterface))
    known = [end for name in _BOUNDARIES if (end := ground.end(name)) is not None]
    ends: list[End] = [*known, *ground.outside()]
    outside = (start for end in ends for start in end.starts)
    hidden = (end.gap for end in ends if end.gap is not None)
    return Senders(
        (*inside.starts, *outside), inside.perhaps, inside.gaps, tuple(dict.fromkeys(hidden))
    )


def of_interfaces(ground: Ground, interfaces: Sequence[NetworkInterface]) -> Senders:
    """All that some interfaces send."""
    missing = interfaces_missing(ground)
    gaps = (*(() if missing is None else (missing,)), *openings(ground))
    starts = ground.hosts(interfaces, "these interfaces").starts if interfaces else ()
    return Senders(tuple(starts), tuple(_perhaps(ground, interfaces)), tuple(dict.fromkeys(gaps)))


def _perhaps(
    ground: Ground, interfaces: Sequence[NetworkInterface]
) -> Iterator[tuple[Start, Origin]]:
    """What services may send of which nothing tells: by their interface, from its addresses."""
    if not ground.hosts(interfaces, "these interfaces").may_send:
        return
    for interface in interfaces:
        name, own = interface.network_interface_id, private_addresses(interface)
        for origin in ground.hosts((interface,), name).may_send if own else ():
            space = HeaderSpace.where(source=Ranges.of(*own))
            yield Start(node_name("network_interface", name, "send"), space, name), origin
