"""What one file comes to, small enough to be handed from process to process.

    extract(name, text, sections) -> Extract        extract_file(name, path, sections) -> Extract
    document_of(extract, sections) -> Document

The records are read and looked at one file at a time, as ``decode`` and ``check`` do, and packed;
with them goes what only the whole snapshot can judge: their ids and the ids that they name.  Where
anything is wrong with a file, that is all that is said, as whoever says it well looks at
everything in order.  Must not know other files, nor who asks.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import msgspec

from reach.snapshot import manifest as captured
from reach.snapshot.attribute_path import Values
from reach.snapshot.check import check_records
from reach.snapshot.decode import Document, decode
from reach.snapshot.errors import Diagnostic, SnapshotError
from reach.snapshot.files import read, scope_of_file
from reach.snapshot.fingerprint import hasher
from reach.snapshot.pieces import NotInPiecesError, Source, in_pieces
from reach.snapshot.record import Record, Scope
from reach.snapshot.section import Section
from reach.snapshot.table import Packer, Part

LARGE = 1 << 20  # bytes of a file that is worth to be read in pieces
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
    if len(text) >= LARGE:
        with suppress(NotInPiecesError):
            return _in_pieces(name, io.BytesIO(text), sections, hashed)
    return _as_a_whole(name, text, sections, hashed)


def extract_file(
    name: str, path: Path, sections: Mapping[str, Section], hashed: Hashed = BOTH
) -> Extract:
    """The same of a file that is not read yet.  Raises SnapshotError where it cannot be."""
    with suppress(NotInPiecesError, OSError), open(path, "rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size >= LARGE:
            return _in_pieces(name, file, sections, hashed)
    return _as_a_whole(name, read(path, name), sections, hashed)


def _as_a_whole(name: str, text: bytes, sections: Mapping[str, Section], hashed: Hashed) -> Extract:
    told = _Hashes(hashed)
    told.add(text)
    if captured.is_manifest(text):
        return told.extract(Document(name, Scope()), manifest=text)
    try:
        document = decode(name, text, sections)
        rows = tuple(_rows(sections[key], found) for key, found in document.records.items())
    except (SnapshotError, OverflowError, UnicodeEncodeError):
        return told.extract(Document(name, Scope()), wrong=True)
    return told.extract(document, rows)


def _in_pieces(name: str, file: Source, sections: Mapping[str, Section], hashed: Hashed) -> Extract:
    """Raises NotInPiecesError where the file is not such a one, or anything is wrong with it."""
    told, document = _Hashes(hashed), Document(name, scope_of_file(name))
    gathered: _Gathered | None = None
    try:
        for section, records in in_pieces(document, file, sections, told.add):
            gathered = gathered or _Gathered(section)
            gathered.add(records)
        return told.extract(document, (gathered.rows(),) if gathered else ())
    except (SnapshotError, OverflowError, UnicodeEncodeError):
        raise NotInPiecesError from None


class _Hashes:
    """Of a file, and how large it is."""

    def __init__(self, hashed: Hashed) -> None:
        self._size = 0
        self._kept = hasher() if hashed.kept else None
        self._captured = hashlib.sha256() if hashed.captured else None

    def add(self, text: bytes | memoryview) -> None:
        self._size += len(text)
        for each in (self._kept, self._captured):
            if each is not None:
                each.update(text)

    def extract(
        self,
        document: Document,
        rows: tuple[Rows, ...] = (),
        wrong: bool = False,
        manifest: bytes = b"",
    ) -> Extract:
        return Extract(
            file=document.file,
            size=self._size,
            hash=self._kept.digest() if self._kept else b"",
            sha256=self._captured.hexdigest() if self._captured else "",
            wrong=wrong,
            manifest=manifest,
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
    gathered = _Gathered(section)
    gathered.add(records)
    return gathered.rows()


class _Gathered:
    """The rows of one section in one file, some records at a time."""

    def __init__(self, section: Section) -> None:
        self._section, self._own = section, attrgetter(section.id)
        self._packer = Packer()
        self._columns = section.columns() if section.columns else None
        self._named: list[set[str]] = [set() for _ in section.references]

    def add(self, records: Sequence[Record]) -> None:
        """Raises SnapshotError for a malformed address, and as a packer does.

        Few enough at once, all that is done with them: so they are looked at while they are in the
        processor's cache, which takes two thirds of the time for a hundred thousand.
        """
        for start in range(0, len(records), _AT_ONCE):
            self._add(Values(records[start : start + _AT_ONCE]))

    def _add(self, values: Values) -> None:
        check_records(self._section, values)
        for found, reference in zip(self._named, self._section.references, strict=True):
            found.update(values.at(reference.path))
        if self._columns is not None:
            self._columns.add(values.records)
        self._packer.add(values.records, map(self._own, values.records))

    def rows(self) -> Rows:
        references = zip(self._section.references, self._named, strict=True)
        told = [_beginning(reference.prefix, found) for reference, found in references]
        part = self._packer.part(self._columns.told() if self._columns else b"")
        return Rows(self._section.key, part, self._packer.ids, told)


def _beginning(prefix: str, texts: Collection[str]) -> list[str]:
    return [text for text in texts if text.startswith(prefix)] if prefix else list(texts)
