"""What only all files of a snapshot together tell: who was asked, what is unread, what is missing.

Takes what was read of each file, in whichever way; gives the parts of a :class:`Snapshot`.  Must
not know how files are read, nor any record type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from types import MappingProxyType

from reach.snapshot.calls import Calls
from reach.snapshot.check import dangling
from reach.snapshot.decode import Document
from reach.snapshot.errors import Diagnostic
from reach.snapshot.manifest import Manifest
from reach.snapshot.record import Record, Scope
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot

Contents = dict[type[Record], Mapping[str, Record]]


def whole(
    path: str,
    documents: Iterable[Document],
    calls: Calls,
    remarks: Iterable[Diagnostic],
    contents: Contents,
) -> Snapshot:
    """The snapshot, in an order that depends on nothing but what the files say."""
    documents = sorted(documents, key=_file)
    return Snapshot(
        path=path,
        files=tuple(document.file for document in documents),
        sections=MappingProxyType(dict(calls.sections)),
        calls=calls,
        diagnostics=tuple(sorted(remarks, key=_by_place)),
        ignored=MappingProxyType(_ignored(documents)),
        contents=MappingProxyType(contents),
    )


def asked(manifests: Mapping[str, Manifest]) -> Mapping[Scope, str]:
    """The accounts and Regions that were asked, whether or not they answered."""
    folders: dict[Scope, str] = {}
    for name in sorted(manifests):
        folders |= manifests[name].folders(name.rpartition("/")[0])
    return folders


class Named:
    """Which ids a snapshot holds, and where the calls that would print them were made.

    ``ids`` are those of some record types, where they are known already.
    """

    def __init__(
        self,
        contents: Contents,
        calls: Calls,
        ids: Mapping[type[Record], frozenset[str]] = MappingProxyType({}),
    ) -> None:
        self._contents, self._calls = contents, calls
        self._keys = {section.record: section.key for section in calls.sections.values()}
        self._ids = dict(ids)

    def ids(self, kind: type[Record]) -> frozenset[str]:
        if kind not in self._ids:
            self._ids[kind] = frozenset(self._contents.get(kind, ()))
        return self._ids[kind]

    def called(self, kind: type[Record]) -> Set[Scope]:
        key = self._keys.get(kind, "")
        return {scope for scope in self._calls.folders if self._calls.has(key, scope)}

    def dangling(self, section: Section) -> Iterator[Diagnostic]:
        """A warning for each reference of a section's records to nothing."""
        records = tuple(self._contents[section.record].values())
        yield from dangling(section, records, self.ids, self.called)


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
