"""From what each file comes to, to the snapshot: the same one as by reading them one by one.

    join(extracts, listing, sections) -> Snapshot, or None where something is wrong with a file

Takes what ``extract`` made of each file.  Records stay packed where their ids tell that nothing is
to be merged and that they name only what is there; the others are made and looked at as ever.
Must not know where the extracts come from, nor any record type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reach.snapshot import manifest as captured
from reach.snapshot.calls import calls_of
from reach.snapshot.decode import Document
from reach.snapshot.errors import Diagnostic
from reach.snapshot.extract import Extract, Rows, document_of, is_plain, records_of
from reach.snapshot.merge import merge
from reach.snapshot.record import Record
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.table import Table
from reach.snapshot.whole import Contents, Named, asked, whole


def join(
    extracts: Iterable[Extract],
    sections: Mapping[str, Section],
    path: str,
    diagnostics: Iterable[Diagnostic],
    hashed: bool = False,
) -> Snapshot | None:
    """Raises SnapshotError for what is wrong with the whole and not with a file."""
    told = sorted(extracts, key=_file)
    if any(each.wrong for each in told):
        return None
    manifests = {e.file: captured.read(e.file, e.manifest) for e in told if e.manifest}
    files = [each for each in told if not each.manifest]
    documents = [document_of(each, sections) for each in files]
    remarks = [*diagnostics, *(remark for each in files for remark in each.diagnostics)]
    hashes = {each.file: each.sha256 for each in files} if hashed else None
    for name, manifest in manifests.items():
        remarks += captured.remarks(name, manifest, hashes)
    calls = calls_of(documents, sections, asked(manifests))
    contents: Contents = {}
    ids: dict[type[Record], frozenset[str]] = {}
    found = _by_section(files)
    for key, section in sections.items():
        parts = found.get(key, [])
        known = frozenset().union(*(rows.ids for rows in parts))
        if is_plain(section) and known and len(known) == sum(rows.part.count for rows in parts):
            contents[section.record] = Table(section.record, [rows.part for rows in parts])
            ids[section.record] = known
        else:
            records = _records(section, parts, documents)
            contents[section.record], notes = merge(section, records)
            remarks += notes
    remarks += _dangling(Named(contents, calls, ids), sections, found)
    return whole(path, documents, calls, remarks, contents)


def _file(told: Extract) -> str:
    return told.file


def _by_section(files: Iterable[Extract]) -> dict[str, list[Rows]]:
    found: dict[str, list[Rows]] = {}
    for told in files:
        for rows in told.sections:
            found.setdefault(rows.key, []).append(rows)
    return found


def _records(
    section: Section, parts: Sequence[Rows], documents: Sequence[Document]
) -> list[Record]:
    """All records, in the order of their files."""
    if is_plain(section):
        return [record for rows in parts for record in records_of(section, rows)]
    return [r for document in documents for r in document.records.get(section.key, ())]


def _dangling(
    named: Named, sections: Mapping[str, Section], found: Mapping[str, Sequence[Rows]]
) -> Iterator[Diagnostic]:
    """Whose rows name nothing that lacks is not looked at record by record."""
    for key, section in sections.items():
        for number, reference in enumerate(section.references):
            known = named.ids(reference.target) if named.called(reference.target) else None
            parts = found.get(key, ())
            if known is not None and not all(
                known.issuperset(part.named[number]) for part in parts
            ):
                yield from named.dangling(section)
                break
