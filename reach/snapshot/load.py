"""From a folder of describe JSON to a :class:`Snapshot`.

Takes a path; gives the snapshot, or raises :class:`SnapshotError` for what is wrong with it.  Four
steps: read each file, merge what was said twice, check addresses, look for references to nothing.
The result does not depend on the order or the names of the files, only on their folders; nor on
whether they are read here one by one, by several processes, or are in a cache.  Must not know any
section by name, nor what a record means.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from reach.snapshot import manifest as captured
from reach.snapshot.attribute_path import Values
from reach.snapshot.calls import calls_of
from reach.snapshot.check import check_records
from reach.snapshot.core import SECTIONS
from reach.snapshot.decode import Document, decode
from reach.snapshot.errors import Diagnostic, SnapshotError
from reach.snapshot.files import find
from reach.snapshot.manifest import Manifest
from reach.snapshot.merge import merge
from reach.snapshot.record import Record
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.whole import Contents, Named, asked, whole

if TYPE_CHECKING:
    from reach.snapshot.cache import Likely
    from reach.snapshot.crew import Crew

__all__ = ["SnapshotError", "assemble", "load"]

# Bytes of JSON.  What is smaller is read about as fast as it would be found in a cache, or before
# another process has started.
SOME = 16 << 20
MANY = 128 << 20


def load(
    path: str | os.PathLike[str],
    sections: Mapping[str, Section] = SECTIONS,
    cache: bool = False,
    crew: Crew | None = None,
) -> Snapshot:
    """Read a folder of JSON files, or one file.

    A ``cache`` and a ``crew`` are for what is large; what they give is the same.
    """
    listing = find(path)
    _consistent(sections)
    size = listing.size if cache or crew else 0
    crew = crew if size >= MANY else None
    if crew or (cache and size >= SOME):
        from reach.snapshot import large  # here, as it costs time that small ones do not take

        found = large.load(listing, sections, cache, crew)
        if found is not None:
            return found
    return assemble(
        listing.documents(), sections, listing.root, listing.diagnostics, listing.is_captured
    )


def ahead(
    path: str | os.PathLike[str], sections: Mapping[str, Section] = SECTIONS
) -> Likely | None:
    """What the cache of a large snapshot says; nobody may hear of it before it is known to be so.

    None if there is none, or it is of other files at first sight.
    """
    listing = find(path)
    if listing.size < SOME:
        return None
    from reach.snapshot import large

    return large.ahead(listing, sections)


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
    calls = calls_of(documents, sections, asked(manifests))
    contents = _contents(documents, sections, remarks)
    named = Named(contents, calls)
    remarks += (remark for each in sections.values() for remark in named.dangling(each))
    return whole(path, documents, calls, remarks, contents)


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
        check_records(section, Values(records))
        merged, notes = merge(section, records)
        remarks += notes
        contents[section.record] = merged
    return contents


def _file(document: Document) -> str:
    return document.file
