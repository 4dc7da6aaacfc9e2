"""What a node is named after may be gone: an edit took it, and nobody is led to the node any more.

    nth(things, number) -> thing        held(thing or None) -> thing

Both raise :class:`GoneError` where there is none; who makes nodes anew after an edit makes nothing
of such a node (:mod:`reach.resident`).  Must not know what is looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


class GoneError(LookupError):
    """What a node is named after is not there."""


def nth(things: Sequence[T], number: int) -> T:
    """One of several, by its place."""
    if number >= len(things):
        raise GoneError(f"there are {len(things)}, of which this is number {number}")
    return things[number]


def held(thing: T | None) -> T:
    if thing is None:
        raise GoneError("it is not held")
    return thing


def first(things: Iterable[T]) -> T:
    """The first of those that are named so."""
    return held(next(iter(things), None))
