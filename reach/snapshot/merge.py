"""One record for each id, whatever the number of pages, files, accounts and Regions that told it.

Takes all records of a section; gives them sorted by id, one each, with a note for every repetition.
Two contradicting answers of one account and Region are an error; two accounts' views of one thing
are not (R-OBS-10): the owner's counts, else the fuller, and where nobody owns it the section says
what cannot be told.  Where a folder does not say whose answers are in it, two that differ in tags
alone are such views.  Must not know any record type.

Implements: R-OBS-10
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec
from msgspec.structs import replace

from reach.snapshot.errors import Diagnostic, SnapshotError
from reach.snapshot.record import PROVENANCE, Record, Scope, Tagged, content, same_content, where
from reach.snapshot.section import Section


def merge(
    section: Section, records: Sequence[Record]
) -> tuple[dict[str, Record], list[Diagnostic]]:
    """The records by id, in the order of their ids, each id once."""
    id_of = attrgetter(section.id)
    ordered = sorted(records, key=id_of)
    merged: dict[str, Record] = dict(zip(map(id_of, ordered), ordered, strict=True))
    notes: list[Diagnostic] = []
    if len(merged) < len(ordered):
        for name, views in groupby(ordered, key=id_of):
            merged[name] = _one(section, name, list(views), notes)
    return merged, notes


def _one(section: Section, name: str, views: list[Record], notes: list[Diagnostic]) -> Record:
    scopes: dict[Scope, list[Record]] = {}
    for view in views:
        scopes.setdefault(view.page.scope, []).append(view)
    settled = [_within(section, name, scopes[scope], notes) for scope in sorted(scopes)]
    best, *others = sorted(settled, key=_rank)
    if section.merge != "equal":
        best = reduce(_complete, others, best)
    return best if section.settle is None else reduce(section.settle, others, best)


def _within(section: Section, name: str, answers: list[Record], notes: list[Diagnostic]) -> Record:
    """What one account and Region said of one id."""
    first, *others = answers
    for other in others:
        if same_content(first, other):
            words = f"{name} is described again, in the same words as in {where(first)}"
            notes.append(Diagnostic("note", words, other.page.file, other.pointer, name))
        elif section.merge == "extend":
            first = _extend(section, first, other)
        elif _may_be_elsewhere(first) and _differ_in_tags_alone(first, other):
            words = f"{name} is described again, and but for its tags as in {where(first)}"
            notes.append(Diagnostic("note", words, other.page.file, other.pointer, name))
            first = _with_tags_of_both(first, other)
        elif section.merge == "fill" and _agree(first, other):
            first = _complete(first, other)
        else:
            raise SnapshotError(_contradiction(name, first, other), *_place(other))
    return first


def _may_be_elsewhere(record: Record) -> bool:
    """Whether the next file may be of another account or Region."""
    return "" in record.page.scope


def _differ_in_tags_alone(first: Record, other: Record) -> bool:
    """Whether the rest is the same: each account and Region gives a thing tags of its own."""
    return (
        isinstance(first, Tagged)
        and isinstance(other, Tagged)
        and same_content(replace(first, tags=other.tags), other)
    )


def _with_tags_of_both(first: Record, other: Record) -> Record:
    told = {*getattr(first, "tags", ()), *getattr(other, "tags", ())}
    return replace(first, tags=tuple(sorted(told, key=lambda tag: (tag.key, tag.value))))


def _contradiction(name: str, first: Record, other: Record) -> str:
    fields = ", ".join(_differences(first, other))
    words = (
        f"{name} is described twice in one account and Region, and differently ({fields}):"
        f" also in {where(first)}; one of the two should go"
    )
    if _may_be_elsewhere(first):
        words += ", or each into a folder of its account and Region, if these are two"
    return words


def _differences(first: Record, other: Record) -> list[str]:
    names = zip(first.__struct_fields__, first.__struct_encode_fields__, strict=True)
    return [
        printed
        for name, printed in names
        if name not in PROVENANCE and getattr(first, name) != getattr(other, name)
    ]


def _place(record: Record) -> tuple[str, str]:
    return record.page.file, record.pointer


def _defaults(record: Record) -> Iterable[tuple[str, Any]]:
    for info in msgspec.structs.fields(record):
        if info.name not in PROVENANCE:
            yield info.name, info.default


def _agree(first: Record, other: Record) -> bool:
    """Whether they differ only where one of them said nothing."""
    return all(
        default in (getattr(first, name), getattr(other, name))
        or getattr(first, name) == getattr(other, name)
        for name, default in _defaults(first)
    )


def _complete(first: Record, other: Record) -> Record:
    """``first``, with what it left out taken from ``other``."""
    gained = {
        name: getattr(other, name)
        for name, default in _defaults(first)
        if getattr(first, name) == default != getattr(other, name)
    }
    return replace(first, **gained) if gained else first


def _extend(section: Section, first: Record, other: Record) -> Record:
    """Two pages of one per-parent answer: the lists joined, the rest from the first page.

    A token leads to a further page, which one without a token may be; a flag leads nowhere.
    """
    joined: dict[str, Any] = {}
    for name, _ in _defaults(first):
        one, two = getattr(first, name), getattr(other, name)
        if isinstance(one, tuple) and (one or two):
            joined[name] = tuple(sorted({*one, *two}, key=msgspec.json.encode))
    whole = _complete(replace(first, **joined), other)
    for name in section.more:
        one, two = getattr(first, name), getattr(other, name)
        further = one or two if isinstance(one, bool) else one and two
        whole = replace(whole, **{name: further})
    return whole


def _rank(record: Record) -> tuple[bool, int, Scope]:
    """The owner's view first, then the fuller one, then a fixed order."""
    account = record.page.account
    owned = account != "" and getattr(record, "owner_id", "") == account
    return not owned, -sum(map(_fullness, content(record))), record.page.scope


def _fullness(value: object) -> int:
    """How many things were said."""
    if isinstance(value, tuple):
        return sum(map(_fullness, value))
    if isinstance(value, msgspec.Struct):
        return sum(_fullness(getattr(value, name)) for name in value.__struct_fields__)
    return value is not None and value != ""
