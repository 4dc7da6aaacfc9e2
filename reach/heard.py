"""Evidence as plain data, read back: what a witness told of itself is a witness again.

    witness_from(told) -> Witness        space_from(told) -> HeaderSpace

Of a witness its packet and its hops are read; sets of packets that take the same path, which were
told if they were asked for, are not.  Raises LookupError, TypeError or ValueError for what is none.
Must not know who told it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reach.answer import Step, Witness
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.header_text import header_from
from reach.network.stage import Origin


def witness_from(told: Mapping[str, Any] | None) -> Witness | None:
    if told is None:
        return None
    return Witness(header_from(told["packet"]), _steps(told["forward"]), _steps(told["reply"]))


def _steps(told: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    return tuple(
        Step(
            each["node"],
            each["resource"],
            each["kind"],
            each["name"],
            header_from(each["header_in"]),
            header_from(each["header_out"]),
            tuple(map(_origin, each["passed"])),
            tuple(map(_origin, each["denied"])),
        )
        for each in told
    )


def _origin(told: Mapping[str, str]) -> Origin:
    return Origin(told["resource"], told["text"], told["locator"], name=told.get("name", ""))


def space_from(told: Mapping[str, Sequence[str]]) -> HeaderSpace:
    """A set of headers of which only numbers are told: protocols, ports and messages."""
    return HeaderSpace.where(
        **{name: Ranges.union(map(_span, texts)) for name, texts in told.items()}
    )


def _span(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    return int(low), int(high or low)
