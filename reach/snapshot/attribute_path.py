"""Attribute paths through records, such as ``routes[].gateway_id``: in bulk, and one by one.

Takes records and a path (names joined by dots, ``[]`` after lists).  Gives the values it leads to:
``Values`` for many records at the speed of C, ``trace`` for one, with the JSON pointer of each
value; an empty path leads to the records themselves.  What is None leads nowhere.  Must not
know what the values mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import chain
from operator import attrgetter, is_not
from typing import Any, NamedTuple

import msgspec

_Steps = tuple[tuple[str, bool], ...]
_given = partial(is_not, None)


class Place(NamedTuple):
    """A value, the object that holds it, and where it stands inside the record."""

    pointer: str
    value: Any
    holder: Any


@cache
def _steps(path: str) -> _Steps:
    steps = path.split(".") if path else ()
    return tuple((step.removesuffix("[]"), step.endswith("[]")) for step in steps)


def printed_names(kind: type[msgspec.Struct]) -> dict[str, str]:
    """The names of a record's fields as AWS prints them."""
    return dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))


class Values:
    """Every value that a path leads to from any of some records.

    What two paths have in common is walked once.
    """

    def __init__(self, records: Sequence[Any]) -> None:
        self.records = records
        self._reached: dict[_Steps, Sequence[Any]] = {(): records}

    def at(self, path: str) -> Sequence[Any]:
        steps = _steps(path)
        known = self._reached.get(steps)
        return self._walk(steps) if known is None else known

    def _walk(self, steps: _Steps) -> Sequence[Any]:
        reached = self._reached
        for depth, (name, is_list) in enumerate(steps):
            if steps[: depth + 1] not in reached:
                values = map(attrgetter(name), reached[steps[:depth]])
                found = (
                    chain.from_iterable(filter(None, values)) if is_list else filter(_given, values)
                )
                reached[steps[: depth + 1]] = tuple(found)
        return reached[steps]


def trace(record: msgspec.Struct, path: str) -> Iterator[Place]:
    """The values that ``path`` leads to from one record, in order, each with its place."""
    places = [Place("", record, None)]
    for name, is_list in _steps(path):
        places = [inner for outer in places for inner in _step(outer, name, is_list)]
    return iter(places)


def _step(outer: Place, name: str, is_list: bool) -> Iterator[Place]:
    holder = outer.value
    value = getattr(holder, name)
    pointer = f"{outer.pointer}/{printed_names(type(holder)).get(name, name)}"
    if is_list:
        for number, item in enumerate(value or ()):
            yield Place(f"{pointer}/{number}", item, holder)
    elif value is not None:
        yield Place(pointer, value, holder)
