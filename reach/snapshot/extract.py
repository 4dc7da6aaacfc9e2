"""What one file comes to, small enough to be handed from process to process.

    extract(name, text, sections) -> Extract        document_of(extract, sections) -> Document

The records are read and looked at one file at a time, as ``decode`` and ``check`` do, and packed;
with them goes what only the whole snapshot can judge: their ids and the ids that they name.  Where
anything is wrong with a file, that is all that is said, as whoever says it well looks at
everything in order.  Must not know other files, nor who asks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from operator import attrgetter
from typing import NamedTuple

import msgspec

from reach.snapshot import manifest as captured
from reach.snapshot.attribute_path import Values
from reach.snapshot.check import check_records
from reach.snapshot.decode import Document, decode
from reach.snapshot.errors import Diagnostic, SnapshotError
from reach.snapshot.fingerprint import hash_of
from reach.snapshot.record import Record, Scope
from reach.snapshot.section import Section
from reach.snapshot.table import Packer, Part

_AT_ONCE = 2000  # records: some megabytes


class Hashed(NamedTuple):
    """Which hashes of a file somebody will ask for: whoever keeps it in a cache, and whoever
    compares it with the manifest of a capture."""

    kept: bool = True
    captured: bool = True


BOTH = Hashed()


class Rows(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The records of one section in one file, their ids, and for each reference of the section the
    ids that any of them names."""

    key: str
    part: Part
    ids: list[str]
    named: list[list[str]]


class Extract(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file.  Of a manifest there is its text alone; of a file that is ``wrong``, nothing."""

    file: str
    size: int = 0
    hash: bytes = b""
    sha256: str = ""
    wrong: bool = False
    manifest: bytes = b""
    scope: Scope = Scope()
    sections: tuple[Rows, ...] = ()
    unread: tuple[str, ...] = ()
    more: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()


def extract(
    name: str, text: bytes, sections: Mapping[str, Section], hashed: Hashed = BOTH
) -> Extract:
    """Read one file."""
    size = len(text)
    own = hash_of(text) if hashed.kept else b""
    sha256 = captured.sha256(text) if hashed.captured else ""
    if captured.is_manifest(text):
        return Extract(name, size, own, sha256, manifest=text)
    try:
        document = decode(name, text, sections)
        rows = tuple(_rows(sections[key], found) for key, found in document.records.items())
    except (SnapshotError, OverflowError, UnicodeEncodeError):
        return Extract(name, size, own, sha256, wrong=True)
    return Extract(
        file=name,
        size=size,
        hash=own,
        sha256=sha256,
        scope=document.scope,
        sections=rows,
        unread=tuple(document.unread),
        more=document.more,
        diagnostics=tuple(document.diagnostics),
    )


def document_of(told: Extract, sections: Mapping[str, Section]) -> Document:
    """The file as ``decode`` gives it, but that sections which need no look have no records."""
    return Document(
        file=told.file,
        scope=told.scope,
        records={
            each.key: [] if is_plain(sections[each.key]) else records_of(sections[each.key], each)
            for each in told.sections
        },
        unread=list(told.unread),
        more=told.more,
        diagnostics=list(told.diagnostics),
    )


def is_plain(section: Section) -> bool:
    """Whether the ids of its records tell all that loading has to know of them."""
    return section.merge == "equal" and not section.more and not section.also


def records_of(section: Section, rows: Rows) -> list[Record]:
    """The records, in the order in which the file had them."""
    return list(rows.part.records(section.record))


def _rows(section: Section, records: list[Record]) -> Rows:
    """Raises SnapshotError for a malformed address, and as a packer does.

    Some records at a time, all that is done with them: so they are looked at while they are in the
    processor's cache, which takes two thirds of the time for a hundred thousand.
    """
    packer, columns = Packer(), section.columns() if section.columns else None
    own = attrgetter(section.id)
    named: list[set[str]] = [set() for _ in section.references]
    for start in range(0, len(records), _AT_ONCE):
        values = Values(records[start : start + _AT_ONCE])
        check_records(section, values)
        for found, reference in zip(named, section.references, strict=True):
            found.update(values.at(reference.path))
        if columns is not None:
            columns.add(values.records)
        packer.add(values.records, map(own, values.records))
    told = [_beginning(e.prefix, found) for e, found in zip(section.references, named, strict=True)]
    return Rows(section.key, packer.part(columns.told() if columns else b""), packer.ids, told)


def _beginning(prefix: str, texts: Collection[str]) -> list[str]:
    return [text for text in texts if text.startswith(prefix)] if prefix else list(texts)
