"""Ids as AWS writes them: without a slash and without a space.

    check_ids(section, values)

Nodes are named by ids, and so are places in them; an id with a slash in it is somebody's mistake
(a block where a subnet belongs).  An ARN may stand for an id and has slashes.  Which attributes are
ids is read off the record types: those whose name ends in ``id`` or ``ids``; ARNs, and the names of
segments and their like, have no spaces either.  Must not know any
record type.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from reach.snapshot.attribute_path import Values, trace
from reach.snapshot.errors import SnapshotError
from reach.snapshot.record import Record
from reach.snapshot.section import Section

_ODD = "/ \t\r\n"
_ENDS = ("_id", "_ids", "_arn", "_arns")
# AWS: CreateCoreNetwork's policy, "segments": letters and digits; an edge location is a Region.
_NAMES = ("segment_name", "edge_location", "network_function_group_name")
# Accounts, and who else acts in one.
_NO_IDS = ("owner_id", "user_id", "requester_id", "instance_owner_id", "owner_account_id")


def check_ids(section: Section, values: Values) -> None:
    """Raise for the first id that is none."""
    if section.id.endswith("_arn"):
        _check_arns(section.id, values.records)
    for path in id_paths(section.record):
        # All at once: there are very many, and hardly ever one that is wrong.
        texts = values.at(path)
        everything = "".join(texts)
        if any(each in everything for each in _ODD) and any(map(_is_odd, texts)):
            _raise_first(values.records, path)


def _check_arns(name: str, records: Sequence[Record]) -> None:
    for record in records:
        (place,) = trace(record, name)
        if not place.value.startswith("arn:"):
            words = f"{place.value!r} is no ARN"
            raise SnapshotError(words, record.page.file, record.pointer + place.pointer)


def _is_odd(text: str) -> bool:
    if text.startswith("arn:"):
        return any(each in text for each in _ODD[1:])
    return any(each in text for each in _ODD)


def _raise_first(records: Sequence[Record], path: str) -> None:
    for record in records:
        for place in trace(record, path):
            if _is_odd(place.value):
                words = f"{place.value!r} is no id: it has a slash or a space in it"
                raise SnapshotError(words, record.page.file, record.pointer + place.pointer)


@cache
def id_paths(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The paths of a record type's ids."""
    return tuple(_paths(kind, "", ()))


def _paths(kind: type[Any], at: str, above: tuple[type[Any], ...]) -> Iterator[str]:
    if kind in above:
        return
    for field in msgspec.structs.fields(kind):
        path = f"{at}{field.name}"
        kinds = set(_flat(field.type))
        inner = [each for each in kinds if issubclass(each, msgspec.Struct)]
        many = "[]" if tuple in kinds else ""
        is_id = field.name.endswith(_ENDS) or path == "id" or field.name in _NAMES
        if str in kinds and is_id and field.name not in _NO_IDS:
            yield f"{path}{many}"
        for each in inner:
            yield from _paths(each, f"{path}{many}.", (*above, kind))


def _flat(annotation: Any) -> Iterator[type[Any]]:
    """Every class in a type, ``tuple`` for what holds many."""

    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _flat(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for each in get_args(annotation):
            yield from _flat(each)
    elif origin is tuple:
        yield tuple
        yield from _flat(get_args(annotation)[0])
    elif isinstance(annotation, type):
        yield annotation
