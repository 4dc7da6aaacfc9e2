"""From a folder of describe JSON to a :class:`Snapshot`.

Takes a path; gives the snapshot, or raises :class:`SnapshotError` for what is wrong with it.  Four
steps: read each file, merge what was said twice, check addresses, look for references to nothing.
The result does not depend on the order or the names of the files, only on their folders.  Must
not know any section by name, nor what a record means.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Set
from types import MappingProxyType

from reach.snapshot import manifest as captured
from reach.snapshot.calls import Calls, calls_of
from reach.snapshot.check import check_addresses, dangling
from reach.snapshot.core import SECTIONS
from reach.snapshot.decode import Document, decode
from reach.snapshot.errors import Diagnostic, SnapshotError
from reach.snapshot.files import find
from reach.snapshot.manifest import Manifest
from reach.snapshot.merge import merge
from reach.snapshot.record import Record, Scope
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot

__all__ = ["SnapshotError", "assemble", "load"]

Contents = dict[type[Record], dict[str, Record]]


def load(path: str | os.PathLike[str], sections: Mapping[str, Section] = SECTIONS) -> Snapshot:
    """Read a folder of JSON files, or one file."""
    listing = find(path)
    hashed = any(name.rpartition("/")[2] == captured.NAME for name in listing.files)
    return assemble(listing.documents(), sections, listing.root, listing.diagnostics, hashed)


def assemble(
    texts: Iterable[tuple[str, bytes]],
    sections: Mapping[str, Section] = SECTIONS,
    path: str = "",
    diagnostics: Iterable[Diagnostic] = (),
    hashed: bool = False,
) -> Snapshot:
    """The snapshot of some files, given by relative name and bytes.  Touches no disk.

    ``hashed``: compare the files with what the manifest of a capture says of them.
    """
    _consistent(sections)
    documents: list[Document] = []
    manifests: dict[str, Manifest] = {}
    hashes: dict[str, str] = {}
    for name, text in texts:
        if captured.is_manifest(text):
            manifests[name] = captured.read(name, text)
            continue
        documents.append(decode(name, text, sections))
        if hashed:
            hashes[name] = captured.sha256(text)
    documents.sort(key=_file)
    remarks = [*diagnostics, *(remark for each in documents for remark in each.diagnostics)]
    for name, told in manifests.items():
        remarks += captured.remarks(name, told, hashes if hashed else None)
    calls = calls_of(documents, sections, _asked(manifests))
    contents = _contents(documents, sections, remarks)
    remarks += _references(contents, sections, calls)
    return Snapshot(
        path=path,
        files=tuple(document.file for document in documents),
        sections=MappingProxyType(dict(sections)),
        calls=calls,
        diagnostics=tuple(sorted(remarks, key=_by_place)),
        ignored=MappingProxyType(_ignored(documents)),
        contents=MappingProxyType(contents),
    )


def _asked(manifests: Mapping[str, Manifest]) -> Mapping[Scope, str]:
    """The accounts and Regions that were asked, whether or not they answered."""
    folders: dict[Scope, str] = {}
    for name in sorted(manifests):
        folders |= manifests[name].folders(name.rpartition("/")[0])
    return folders


def _consistent(sections: Mapping[str, Section]) -> None:
    """Raise where a key or a record type would be read by two sections, and one of them lost."""
    if len({section.record for section in sections.values()}) < len(sections):
        raise ValueError("two sections have one record type")
    for key, section in sections.items():
        if key != section.key:
            raise ValueError(f"the section of {section.key} is declared as {key}")


def _contents(
    documents: Iterable[Document], sections: Mapping[str, Section], remarks: list[Diagnostic]
) -> Contents:
    """Every record by type and id, checked."""
    found: dict[str, list[Record]] = {}
    for document in documents:
        for key, records in document.records.items():
            found.setdefault(key, []).extend(records)
    contents: Contents = {}
    for key, section in sections.items():
        records = found.get(key, [])
        check_addresses(section, records)
        merged, notes = merge(section, records)
        remarks += notes
        contents[section.record] = merged
    return contents


def _references(
    contents: Contents, sections: Mapping[str, Section], calls: Calls
) -> Iterable[Diagnostic]:
    keys = {section.record: section.key for section in sections.values()}

    def ids(kind: type[Record]) -> Set[str]:
        return contents.get(kind, {}).keys()

    def called(kind: type[Record]) -> Set[Scope]:
        return {scope for scope in calls.folders if calls.has(keys.get(kind, ""), scope)}

    for section in sections.values():
        records = tuple(contents[section.record].values())
        yield from dangling(section, records, ids, called)


def _ignored(documents: Iterable[Document]) -> dict[str, tuple[str, ...]]:
    files: dict[str, list[str]] = {}
    for document in documents:
        for key in document.unread:
            files.setdefault(key, []).append(document.file)
    return {key: tuple(files[key]) for key in sorted(files)}


def _file(document: Document) -> str:
    return document.file


def _by_place(remark: Diagnostic) -> tuple[str, ...]:
    return remark.file or "", remark.pointer or "", remark.severity, remark.message
