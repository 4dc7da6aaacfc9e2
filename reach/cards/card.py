"""A card: all that is told of one thing of a snapshot, as plain frozen data.

:class:`Card` is what :func:`reach.cards.describe.describe` gives and what is printed; a
:class:`Line` is one rule, entry or route with its *standing*.  Must not know how anything was
found, nor how it is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from reach.answer import header_words
from reach.network.field import Header

FORMAT = 1


class Standing(StrEnum):
    """What a rule, an entry or a route can still do.

    USABLE: some packet is decided by it, shown by one.  SHADOWED: others decide all its packets,
    proved.  DEAD: no packet comes to it, proved.  BLACKHOLE: a route that takes packets and drops
    them.  UNDECIDED: neither could be proved.
    """

    USABLE = "usable"
    SHADOWED = "shadowed"
    DEAD = "dead"
    BLACKHOLE = "blackhole"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Passage:
    """One packet that is decided by a line: as it is there, who sent it and who was to get it.

    ``reply`` says that it is the reply of a flow.
    """

    packet: Header
    source: str
    destination: str
    reply: bool = False

    def to_dict(self) -> dict[str, Any]:
        told = {"packet": header_words(self.packet), "from": self.source, "to": self.destination}
        return {**told, "reply": self.reply}


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, entry or route.

    ``key`` names it within its thing, ``id`` is AWS's id of it if it has one.  ``peer`` is the
    source or the destination; ``target`` where a route leads.  ``by`` are the keys of the lines
    that shadow it, ``reason`` says why it stands as it does.  What decides nothing by itself has no
    standing.
    """

    key: str
    direction: str = ""
    action: str = ""
    protocol: str = ""
    ports: str = ""
    peer: str = ""
    target: str = ""
    id: str = ""
    description: str = ""
    standing: Standing | None = None
    reason: str = ""
    by: tuple[str, ...] = ()
    passage: Passage | None = None

    def stands(self, standing: Standing, reason: str = "") -> Line:
        return replace(self, standing=standing, reason=reason)

    def to_dict(self) -> dict[str, Any]:
        told = {
            name: getattr(self, name)
            for name in ("key", "id", "direction", "action", "protocol", "ports", "peer", "target")
        }
        told |= {
            "description": self.description,
            "standing": self.standing.value if self.standing else "",
        }
        told |= {"reason": self.reason, "by": list(self.by)}
        if self.passage is not None:
            told["witness"] = self.passage.to_dict()
        return {name: value for name, value in told.items() if value not in ("", [])}


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a card is connected with: its id, its name, and how."""

    id: str
    name: str = ""
    words: str = ""


@dataclass(frozen=True)
class Card:
    """One thing: what it is, where it stands in the files, who it is for, its lines.

    ``facts`` are labels with values.  ``attached`` are who is in it or uses it, ``referrers`` what
    names it beside them.  ``removable`` are the keys of lines that can all go at once and nothing
    changes, ``notes`` what has to be said besides.
    """

    id: str
    kind: str
    name: str = ""
    account: str = ""
    region: str = ""
    file: str = ""
    pointer: str = ""
    facts: Mapping[str, str] | None = None
    attached: tuple[Thing, ...] = ()
    referrers: tuple[Thing, ...] = ()
    lines: tuple[Line, ...] = ()
    removable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON form."""
        names = ("id", "kind", "name", "account", "region", "file", "pointer")
        return {
            "format": FORMAT,
            **{name: getattr(self, name) for name in names},
            "facts": dict(self.facts or {}),
            "attached": [asdict(each) for each in self.attached],
            "referrers": [asdict(each) for each in self.referrers],
            "lines": [line.to_dict() for line in self.lines],
            "removable": list(self.removable),
            "notes": list(self.notes),
        }
