"""Who stands at a side of a question or a flow, as plain frozen data, and in words.

Must not know what is asked or answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class EndPoint:
    """Somebody at one side of a question, with the address that counts."""

    resource: str
    name: str
    addresses: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "resource": self.resource,
            "name": self.name,
            "addresses": list(self.addresses),
        }


def members(ends: Sequence[EndPoint]) -> str:
    """Who is at one side, in short: some by name, the others by their number."""
    shown = [member(each) for each in ends[:MOST_NAMED]]
    if len(ends) > MOST_NAMED:
        shown.append(f"{len(ends) - MOST_NAMED} more")
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def member(end: EndPoint) -> str:
    """One of them: its name and its id; where it is no interface, with its addresses."""
    if end.resource.startswith("eni-"):
        return end.name or end.resource
    addresses = f" ({', '.join(end.addresses)})" if end.addresses else ""
    name = end.name if end.name != end.resource else ""
    return f"{end.resource}{f' {name}' if name else ''}{addresses}"
