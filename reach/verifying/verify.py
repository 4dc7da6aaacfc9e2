"""From a path to everything that is wrong with a snapshot, and what it lacks.

    verify(path) -> Verified

Loads it as any command does, and where that fails looks at each file by itself, so that all that
is broken is told at once.  Must not know questions, nor the command line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Set

from reach.components import sections
from reach.lower import lower
from reach.snapshot import manifest as captured
from reach.snapshot.decode import decode
from reach.snapshot.errors import Diagnostic, SnapshotError
from reach.snapshot.files import Listing, find
from reach.snapshot.load import assemble
from reach.snapshot.manifest import Manifest
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot
from reach.verifying.contradictions import contradictions
from reach.verifying.lacking import gaps_of
from reach.verifying.verdict import Finding, Gap, Kind, Verified

_KINDS = {
    "": Kind.FORM,
    "change": Kind.CHANGE,
    "hash": Kind.HASH,
    "reference": Kind.REFERENCE,
    "unprinted": Kind.FORM,
    "word": Kind.FORM,
}


def verify(path: str | os.PathLike[str]) -> Verified:
    """Raises SnapshotError only where there is nothing to look at."""
    listing = find(path)
    manifests: dict[str, Manifest] = {}
    broken: tuple[Finding, ...] = ()
    try:
        snapshot = _assembled(listing, manifests)
    except SnapshotError as failure:
        broken = tuple(_broken(listing, sections())) or (_unreadable(failure),)
        snapshot, broken = _remaining(listing, manifests, broken)
    return _told(listing, snapshot, manifests, broken)


def _remaining(
    listing: Listing, manifests: dict[str, Manifest], broken: tuple[Finding, ...]
) -> tuple[Snapshot, tuple[Finding, ...]]:
    """The snapshot of the files that agree with each other, and why the others were left out."""
    while True:
        manifests.clear()
        readable = listing.files.keys() - {each.file for each in broken}
        try:
            return _assembled(listing, manifests, readable), broken
        except SnapshotError as further:
            found = _unreadable(further)
            if found.file not in readable:
                raise
            broken = (*broken, found)


def _assembled(
    listing: Listing, manifests: dict[str, Manifest], only: Set[str] | None = None
) -> Snapshot:
    """The snapshot of the files that are named, or of all; its manifests are noted down."""

    def texts() -> Iterator[tuple[str, bytes]]:
        for name, text in listing.documents():
            if only is None or name in only:
                if captured.is_manifest(text):
                    manifests[name] = captured.read(name, text)
                yield name, text

    return assemble(texts(), sections(), listing.root, listing.diagnostics, hashed=True)


def _broken(listing: Listing, known: Mapping[str, Section]) -> Iterator[Finding]:
    """Each file that cannot be read by itself."""
    for name, text in listing.documents():
        try:
            if captured.is_manifest(text):
                captured.read(name, text)
            else:
                decode(name, text, known)
        except SnapshotError as failure:
            yield _unreadable(failure)


def _unreadable(failure: SnapshotError) -> Finding:
    where = failure.file or "", failure.pointer or ""
    return Finding(Kind.UNREADABLE, "error", failure.message, *where)


def _told(
    listing: Listing,
    snapshot: Snapshot,
    manifests: Mapping[str, Manifest],
    broken: tuple[Finding, ...],
) -> Verified:
    findings = [*broken, *_strangers(listing, manifests)]
    gaps: tuple[Gap, ...] = ()
    # What broken files would have held looks as if it were missing, and is not.
    if not broken:
        gaps = gaps_of(snapshot, manifests)
        findings += _remarks(snapshot)
        findings += contradictions(snapshot)
        findings += (_finding(Kind.LINT, each) for each in lower(snapshot).lint())
    return Verified(
        path=listing.root,
        files=len(listing.files),
        objects=sum(len(records) for records in snapshot.contents.values()),
        hashed=sum(bool(call.file) for each in manifests.values() for call in each.calls),
        manifests=tuple(sorted(manifests)),
        findings=tuple(sorted(findings, key=_by_kind)),
        gaps=gaps,
    )


def _remarks(snapshot: Snapshot) -> Iterator[Finding]:
    """What was noticed when it was loaded; gaps are told by themselves, with their reasons."""
    for remark in snapshot.diagnostics:
        if remark.about != "gap":
            yield _finding(_KINDS[remark.about], remark)
    for key, files in snapshot.ignored.items():
        yield Finding(Kind.FORM, "note", f"{key} is read by nothing", files[0], f"/{key}")


def _strangers(listing: Listing, manifests: Mapping[str, Manifest]) -> Iterator[Finding]:
    """Files that stand in a capture and that the capture did not write."""
    for name, manifest in manifests.items():
        prefix = name.removesuffix(name.rpartition("/")[2])
        written = {prefix + call.file for call in manifest.calls if call.file} | set(manifests)
        for file in sorted(listing.files):
            if file.startswith(prefix) and file not in written:
                words = f"is not of the capture that {name} tells of"
                yield Finding(Kind.MANIFEST, "warning", words, file)


def _finding(kind: Kind, remark: Diagnostic) -> Finding:
    where = remark.file or "", remark.pointer or "", remark.resource or ""
    return Finding(kind, remark.severity, remark.message, *where)


def _by_kind(finding: Finding) -> tuple[object, ...]:
    kinds = list(Kind)
    return kinds.index(finding.kind), finding.file, finding.pointer, finding.message
