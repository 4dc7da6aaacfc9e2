"""What a survey finds, as plain frozen data: who reaches whom with which services, and the proof.

A :class:`Survey` is what ``reach exposure``, ``matrix`` and ``isolated`` give and all that
renderers see.  ``to_dict`` is its stable JSON form, ``to_rows`` a row for each access, ``to_frame``
the same as a data frame of whatever library there is.  Knows the neutral network only; must not
know how anything was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from typing import Any

from reach.answer import EndPoint, Remark, Witness
from reach.network.field import ICMP, ICMPV6, TCP, UDP, format_protocol
from reach.network.header_space import HeaderSpace, Ranges, space_told, values_told
from reach.network.header_text import header_words

FORMAT = 1
COLUMNS = [
    "source",
    "destination",
    "destination_private",
    "services",
    "by_way_of",
    "packet",
    "sources",
    "destinations",
]
_TOLD = Ranges.of(TCP, UDP, ICMP, ICMPV6)
_PORTED = Ranges.of(TCP, UDP)


class Standing(StrEnum):
    """What a survey says of the whole: a part that is open makes it undecided, never a pass."""

    NOTHING = "nothing"  # nobody reaches anybody: proved
    SOMETHING = "something"  # the accesses listed, and proved: no others
    UNDECIDED = "undecided"  # something hangs on what the snapshot does not settle


@dataclass(frozen=True, slots=True)
class Group:
    """End points that are told together: by what, and who they are."""

    key: str
    name: str
    members: tuple[EndPoint, ...]
    private: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": self.name,
            "private": self.private,
            "members": [each.to_dict() for each in self.members],
        }


@dataclass(frozen=True, slots=True)
class Access:
    """A group that reaches another: with which services, and one packet that did, there and back.

    ``ways`` are the things by which that packet comes in, ``assumptions`` what it rests on.
    """

    source: str
    destination: str
    services: tuple[HeaderSpace, ...]
    witness: Witness
    ways: tuple[str, ...] = ()
    assumptions: tuple[Remark, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "destination": self.destination,
            "services": [space_told(space) for space in self.services],
            "words": services_words(self.services),
            "ways": list(self.ways),
            "assumptions": [each.to_dict() for each in self.assumptions],
            "witness": self.witness.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Open:
    """A pair of groups for which something is not settled, and on what it hangs."""

    source: str
    destination: str
    gaps: tuple[Remark, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "destination": self.destination,
            "gaps": [each.to_dict() for each in self.gaps],
        }


def pair_of(each: Access | Open) -> tuple[str, str]:
    """The groups between which it is, by which a survey has them in order."""
    return each.source, each.destination


@dataclass(frozen=True)
class Survey:
    """Every access between two sides, and the proof that there are no others.

    ``proof`` says what was proved and how, ``complete`` whether nothing was left out (what is
    ``open`` aside).  ``gaps`` are what could add to it all, ``seconds`` the time of each stage.
    """

    kind: str
    question: str
    packet: str
    source: str
    destination: str
    by: str
    one_way: bool
    complete: bool
    proof: str
    sources: Mapping[str, Group] = field(default_factory=dict)
    destinations: Mapping[str, Group] = field(default_factory=dict)
    accesses: tuple[Access, ...] = ()
    open: tuple[Open, ...] = ()
    gaps: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def standing(self) -> Standing:
        """Something that was shown is something, whatever else is open."""
        if self.accesses:
            return Standing.SOMETHING
        if self.open or self.gaps or not self.complete:
            return Standing.UNDECIDED
        return Standing.NOTHING

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The pairs of groups of which something is said, those with an access first."""
        return [*map(pair_of, self.accesses), *map(pair_of, self.open)]

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON form."""
        told = self.parts().items()
        return {name: list(part) if isinstance(part, Iterator) else part for name, part in told}

    def parts(self) -> dict[str, Any]:
        """The same with iterators in the place of lists, each made when it is written: of very many
        all at once are larger than all else that a survey takes."""
        return {
            "format": FORMAT,
            "kind": self.kind,
            "standing": self.standing.value,
            "question": self.question,
            "packet": self.packet,
            "source": self.source,
            "destination": self.destination,
            "by": self.by,
            "one_way": self.one_way,
            "sources": (each.to_dict() for each in self.sources.values()),
            "destinations": (each.to_dict() for each in self.destinations.values()),
            "accesses": (each.to_dict() for each in self.accesses),
            "open": (each.to_dict() for each in self.open),
            "complete": self.complete,
            "proof": self.proof,
            "gaps": [each.to_dict() for each in self.gaps],
            "notes": [each.to_dict() for each in self.notes],
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """A row for each access: its ends, services, one packet, and the members in words."""
        return [
            {
                "source": self.sources[each.source].name,
                "destination": self.destinations[each.destination].name,
                "destination_private": self.destinations[each.destination].private,
                "services": services_words(each.services),
                "by_way_of": " ".join(each.ways),
                "packet": header_words(each.witness.packet),
                "sources": _ids(self.sources[each.source]),
                "destinations": _ids(self.destinations[each.destination]),
            }
            for each in self.accesses
        ]

    def to_frame(self) -> Any:
        """The rows as a data frame of pandas, or else of polars.  Raises ImportError."""
        return framed(self.to_rows())


@dataclass(frozen=True)
class Isolation:
    """Whether two sides are kept apart, each direction with its survey."""

    one: str
    other: str
    there: Survey
    back: Survey

    @property
    def standing(self) -> Standing:
        """Nothing gets through only if nothing does in both directions, proved."""
        standings = {self.there.standing, self.back.standing}
        for standing in (Standing.SOMETHING, Standing.UNDECIDED):
            if standing in standings:
                return standing
        return Standing.NOTHING

    def to_dict(self) -> dict[str, Any]:
        return self.parts() | {"there": self.there.to_dict(), "back": self.back.to_dict()}

    def parts(self) -> dict[str, Any]:
        """The same with iterators in the place of lists (``Survey.parts``)."""
        return {
            "format": FORMAT,
            "kind": "isolated",
            "isolated": {
                Standing.NOTHING: "yes",
                Standing.SOMETHING: "no",
                Standing.UNDECIDED: "undecided",
            }[self.standing],
            "one": self.one,
            "other": self.other,
            "there": self.there.parts(),
            "back": self.back.parts(),
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """The rows of both directions."""
        return [*self.there.to_rows(), *self.back.to_rows()]

    def to_frame(self) -> Any:
        """The rows as a data frame of pandas, or else of polars.  Raises ImportError."""
        return framed(self.to_rows())


def framed(rows: list[dict[str, Any]]) -> Any:
    """A data frame of pandas, or else of polars.

    Raises ImportError, saying what would do, where neither is installed.
    """
    for library, columns in (("pandas", "columns"), ("polars", "schema")):
        try:
            return import_module(library).DataFrame(rows, **{columns: COLUMNS})
        except ModuleNotFoundError as error:
            if error.name != library:
                raise
    raise ImportError("a data frame needs pandas or polars: pip install pandas")


def _ids(group: Group) -> str:
    return " ".join(each.resource for each in group.members)


def services_words(services: tuple[HeaderSpace, ...]) -> str:
    """Services as people say them: "tcp 22, 443; udp 53; icmp 8"."""
    ports: dict[str, Ranges] = {}
    for space in services:
        protocols = space.by_name.get("protocol", Ranges.span(0, 255))
        for name, kind in (("tcp", TCP), ("udp", UDP), ("icmp", ICMP), ("icmpv6", ICMPV6)):
            if kind in protocols:
                at = "destination_port" if kind in _PORTED else "icmp_type"
                whole = Ranges.span(0, 0xFFFF if kind in _PORTED else 0xFF)
                values = space.by_name.get(at, whole) & whole
                ports[name] = ports.get(name, Ranges(())) | values
        rest = protocols - _TOLD
        if rest:
            ports["protocol"] = ports.get("protocol", Ranges(())) | rest
    order = ("tcp", "udp", "icmp", "icmpv6", "protocol")
    return "; ".join(_said(name, ports[name]) for name in order if name in ports)


def _said(name: str, values: Ranges) -> str:
    if name == "protocol":
        if values == Ranges.span(0, 255) - _TOLD:
            return "every other protocol"
        told = ", ".join(
            format_protocol(low) if low == high else f"{low}-{high}"
            for low, high in values.intervals
        )
        return f"protocol {told}"
    whole = Ranges.span(0, 0xFFFF if name in ("tcp", "udp") else 0xFF)
    if values == whole:
        return f"{name} any port" if name in ("tcp", "udp") else f"{name} any type"
    at = "destination_port" if name in ("tcp", "udp") else "icmp_type"
    return f"{name} {', '.join(values_told(at, values))}"
