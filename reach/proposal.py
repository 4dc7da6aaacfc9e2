"""Proposals: what could be changed so that a verdict becomes another one, as plain frozen data.

A :class:`Proposal` is what ``--fix`` and ``--cut`` add to an answer and all that renderers see of
it.  Nothing here changes anything: the commands are to be read.  Knows the neutral network only;
must not know how a proposal was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reach.certificate import Certificate
from reach.end_point import EndPoint, members
from reach.network.field import Header
from reach.network.header_space import HeaderSpace, space_told
from reach.network.header_text import header_dict


class Standing(StrEnum):
    """What becomes of the wish for a proposal."""

    VERIFIED = "verified"  # the question was asked again on the changed snapshot
    NEEDLESS = "needless"  # the answer is as wished already
    NONE = "none"  # none is offered, for the reason that is given


@dataclass(frozen=True, slots=True)
class Edit:
    """One setting that changes: which, how in words, and the command that would make it so."""

    resource: str
    name: str
    text: str
    command: str
    service: str
    operation: str
    parameters: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return {
            "resource": self.resource,
            "name": self.name,
            "text": self.text,
            "command": self.command,
            "service": self.service,
            "operation": self.operation,
            "parameters": dict(self.parameters),
        }


@dataclass(frozen=True, slots=True)
class Flow:
    """Packets by one path: what they are, from whom and to whom, and one of them as it starts.

    ``source`` and ``destination`` are the ends of that one; ``sources`` and ``destinations`` are
    all between whom such packets go, each with its addresses.
    """

    source: str
    source_name: str
    destination: str
    destination_name: str
    packet: Header
    packets: tuple[HeaderSpace, ...]
    sources: tuple[EndPoint, ...]
    destinations: tuple[EndPoint, ...]

    @property
    def between(self) -> tuple[str, str]:
        """Who is at either side, in words."""
        return members(self.sources), members(self.destinations)

    def to_dict(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "source_name": self.source_name,
            "destination": self.destination,
            "destination_name": self.destination_name,
            "packet": header_dict(self.packet),
            "packets": [space_told(space) for space in self.packets],
            "sources": [each.to_dict() for each in self.sources],
            "destinations": [each.to_dict() for each in self.destinations],
        }


@dataclass(frozen=True, slots=True)
class Others:
    """Flows that were not asked about and get through on one of two snapshots only.

    ``complete`` iff it was proved that there are no others among what was ``compared``, else there
    is a ``reason`` why not.
    """

    flows: tuple[Flow, ...]
    complete: bool
    compared: str
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "flows": [flow.to_dict() for flow in self.flows],
            "complete": self.complete,
            "compared": self.compared,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Proposal:
    """Changes after which the same question has the other verdict.

    ``smallest`` iff it was proved that fewer changes of the kinds that are known do not do.
    ``opens`` and ``closes`` are what else the changes let through and stop; None where the changes
    cannot do such a thing.  ``certificate`` shows "unreachable" on the changed snapshot.
    """

    standing: Standing
    reason: str = ""
    edits: tuple[Edit, ...] = ()
    smallest: bool = False
    verdict: str = ""
    opens: Others | None = None
    closes: Others | None = None
    notes: tuple[str, ...] = ()
    certificate: Certificate | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        return {
            "standing": self.standing.value,
            "reason": self.reason,
            "changes": [edit.to_dict() for edit in self.edits],
            "smallest": self.smallest,
            "verdict": self.verdict,
            "opens": self.opens.to_dict() if self.opens else None,
            "closes": self.closes.to_dict() if self.closes else None,
            "notes": list(self.notes),
            "certificate": self.certificate.to_dict() if self.certificate else None,
        }
