"""Certificates: a header space per node that shows that nothing gets through.

A part is about some of a question's starts.  Its cells hold, for each node, every header that flows
of these starts can have there: the way there contains the starts and is closed under every stage,
the way back contains the replies of what arrives and is closed as well, and no reply gets home (of
a one-way question: nothing arrives).  The parts together are about all the starts.

Gives the frozen types with their JSON form, written and read.  Knows the neutral network only; must
not know how a certificate is found or checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reach.aim import Start
from reach.flood import Tag
from reach.network.address import Prefix, parse_address
from reach.network.field import FIELD
from reach.network.header_space import HeaderSpace, Interval, Ranges, values_told

_ADDRESSES = ("source", "destination")
_SHORT = 3


class CertificateError(Exception):
    """A certificate that cannot be read: what was wrong, and where in it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Every header that flows with this tag can have at a node."""

    node: str
    tag: Tag
    spaces: tuple[HeaderSpace, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Some starts, and where their flows and the replies can get."""

    starts: tuple[Start, ...]
    forward: tuple[Cell, ...]
    reply: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """Parts that together are about all the starts of a question."""

    parts: tuple[Part, ...]

    def to_dict(self) -> dict[str, Any]:
        sets = _Sets()
        parts = [_part_dict(part, sets) for part in self.parts]
        return {"sets": sets.told, "parts": parts}

    @staticmethod
    def from_dict(data: Any) -> Certificate:
        """Raises CertificateError for what is no certificate."""
        try:
            sets, known = data["sets"], dict[tuple[str, int], Ranges]()
            return Certificate(tuple(_read_part(part, sets, known) for part in data["parts"]))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise CertificateError(f"the certificate cannot be read: {error!r}") from None


# ------------------------------------------------------------------- writing


def _part_dict(part: Part, sets: _Sets) -> dict[str, Any]:
    return {
        "starts": [
            {"node": start.node, "owner": start.owner, "space": _space_dict(start.space, sets)}
            for start in part.starts
        ],
        "forward": [_cell_dict(cell, sets) for cell in part.forward],
        "reply": [_cell_dict(cell, sets) for cell in part.reply],
    }


def _cell_dict(cell: Cell, sets: _Sets) -> dict[str, Any]:
    told: dict[str, Any] = {"node": cell.node}
    if cell.tag.seen:
        told["seen"] = sorted(cell.tag.seen)
    if cell.tag.owed:
        told["owed"] = sorted(cell.tag.owed)
    return {**told, "spaces": [_space_dict(space, sets) for space in cell.spaces]}


class _Sets:
    """The value sets of a certificate, each told once; short ones stand where they are used."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []
        self._places: dict[tuple[str, Ranges], int | list[str]] = {}

    def place(self, name: str, values: Ranges) -> int | list[str]:
        """The values themselves, or the place in the table where they stand."""
        key = (name if name in _ADDRESSES else "", values)
        known = self._places.get(key)
        if known is None:
            texts = values_told(name, values)
            known = texts if len(texts) <= _SHORT else len(self.told)
            if not isinstance(known, list):
                self.told.append(texts)
            self._places[key] = known
        return known


def _space_dict(space: HeaderSpace, sets: _Sets) -> dict[str, Any]:
    """Each constrained field with its values as people write them, or where these stand."""
    return {name: sets.place(name, values) for name, values in space.fields}


# ------------------------------------------------------------------- reading


def _read_part(
    data: Mapping[str, Any], sets: Sequence[Sequence[str]], known: dict[tuple[str, int], Ranges]
) -> Part:
    def space(told: Mapping[str, Any]) -> HeaderSpace:
        return _read_space(told, sets, known)

    return Part(
        tuple(
            Start(str(each["node"]), space(each["space"]), str(each["owner"]))
            for each in data["starts"]
        ),
        tuple(_read_cell(cell, space) for cell in data["forward"]),
        tuple(_read_cell(cell, space) for cell in data["reply"]),
    )


def _read_cell(data: Mapping[str, Any], space: Callable[[Any], HeaderSpace]) -> Cell:
    tag = Tag(frozenset(map(int, data.get("seen", ()))), frozenset(map(str, data.get("owed", ()))))
    return Cell(str(data["node"]), tag, tuple(space(each) for each in data["spaces"]))


def _read_space(
    data: Mapping[str, Any], sets: Sequence[Sequence[str]], known: dict[tuple[str, int], Ranges]
) -> HeaderSpace:
    found = {}
    for name, told in data.items():
        if name not in FIELD:
            raise ValueError(f"{name!r} is no field of a header")
        key = (name, told) if isinstance(told, int) else None
        values = known.get(key) if key is not None else None
        if values is None:
            texts = sets[told] if isinstance(told, int) else told
            values = Ranges.union(_interval(name, str(text)) for text in texts)
            if key is not None:
                known[key] = values
        found[name] = values
    return HeaderSpace.where(**found)


def _interval(name: str, text: str) -> Interval:
    low, dash, high = text.partition("-")
    if name in _ADDRESSES and not text.startswith("0x"):
        if "/" in text:
            prefix = Prefix.parse(text)
            return prefix.low, prefix.high
        (span,) = Ranges.of(parse_address(text)).intervals
        return span
    first = int(low, 0)
    return first, int(high, 0) if dash else first
