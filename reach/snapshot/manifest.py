"""What a capture says of itself: what it asked, what it did not get, and whether it is finished.

Takes the bytes of ``manifest.json``; gives a :class:`Manifest`.  The loader reads it for accounts
and Regions that gave nothing, and for what has to be said with every answer.  Must not know boto3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from reach.snapshot.errors import Diagnostic, SnapshotError
from reach.snapshot.files import MANIFEST
from reach.snapshot.record import Scope

NAME = MANIFEST
KEY = "ReachCapture"
FORMAT = 1
BEGUN, COMPLETE = "begun", "complete"
PARENT = "parent"  # the reason of a gap that follows from another one
_MOST_NAMES = 5


class Lost(msgspec.Struct, frozen=True):
    """A request that gave nothing, or a whole account or Region."""

    operation: str = ""
    account: str = ""
    region: str = ""
    reason: str = ""
    code: str = ""
    message: str = ""
    parameters: dict[str, Any] = {}


class Asked(msgspec.Struct, frozen=True):
    """One call in one account and Region."""

    operation: str
    account: str
    region: str
    status: str
    file: str = ""
    sha256: str = ""
    gaps: tuple[Lost, ...] = ()


class Changed(msgspec.Struct, frozen=True):
    """What was another thing when it was read again."""

    operation: str
    account: str
    region: str
    ids: tuple[str, ...] = ()
    message: str = ""


class Place(msgspec.Struct, frozen=True):
    account: str
    region: str


class Manifest(msgspec.Struct, frozen=True):
    status: str
    format: int = FORMAT
    tool: str = ""
    scopes: tuple[Place, ...] = ()
    calls: tuple[Asked, ...] = ()
    gaps: tuple[Lost, ...] = ()
    changed: tuple[Changed, ...] = ()

    def folders(self, prefix: str) -> Mapping[Scope, str]:
        """Every account and Region that was asked, whether or not it answered."""
        return {Scope(each.account, each.region): prefix or "." for each in self.scopes}


class _File(msgspec.Struct, frozen=True):
    manifest: Manifest = msgspec.field(name=KEY)


def is_manifest(text: bytes) -> bool:
    """Whether a file is a manifest.  Told by its key, as every file is."""
    head = text[:200].lstrip()
    return head.startswith(b"{") and head[1:].lstrip().startswith(f'"{KEY}"'.encode())


def read(name: str, text: bytes) -> Manifest:
    """Raises SnapshotError where it is none, or where the capture was not finished."""
    try:
        manifest = msgspec.json.decode(text, type=_File).manifest
    except msgspec.DecodeError as failure:
        raise SnapshotError(f"is no manifest of a capture: {failure}", name) from None
    if manifest.format != FORMAT:
        raise SnapshotError(f"has format {manifest.format}; this version reads {FORMAT}", name)
    if manifest.status != COMPLETE:
        raise SnapshotError(
            "the capture was not finished; go on with it: reach capture <folder> --resume", name
        )
    return manifest


def remarks(
    name: str, manifest: Manifest, hashes: Mapping[str, str] | None
) -> Iterator[Diagnostic]:
    """What is to be said: gaps, changes, and files that are not as they were captured.

    ``hashes`` are the sha256 of the snapshot's files, by name; None: not looked at.
    """
    prefix = name.rpartition("/")[0]
    prefix = f"{prefix}/" if prefix else ""
    for lost in manifest.gaps:
        yield Diagnostic("warning", f"{_where(lost)} was not read: {_why(lost)}", name, about="gap")
    for asked in manifest.calls:
        file = prefix + asked.file if asked.file else name
        gaps = [each for each in asked.gaps if each.reason != PARENT]
        for lost in gaps[:_MOST_NAMES]:
            words = f"{asked.operation}{_of(lost.parameters)} gave nothing: {_why(lost)}"
            yield Diagnostic("warning", f"{_where(asked)}: {words}", name, about="gap")
        if len(gaps) > _MOST_NAMES:
            more = len(gaps) - _MOST_NAMES
            words = f"{asked.operation} gave nothing {more} more times"
            yield Diagnostic("warning", f"{_where(asked)}: {words}", name, about="gap")
        if asked.file and hashes is not None and hashes.get(file) != asked.sha256:
            state = "is not as it was captured" if file in hashes else "is captured, but not here"
            yield Diagnostic("warning", f"{file} {state}", name, about="hash")
    for changed in manifest.changed:
        yield Diagnostic("warning", f"{_where(changed)}: {_changed(changed)}", name, about="change")


def sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _where(lost: Lost | Asked | Changed) -> str:
    return " ".join(filter(None, (lost.account, lost.region))) or "the snapshot"


def _why(lost: Lost) -> str:
    return f"{lost.code}, {lost.message}" if lost.message else lost.code


def _of(parameters: Mapping[str, Any]) -> str:
    texts = [str(value) for value in parameters.values() if isinstance(value, str)]
    return f" of {' '.join(texts)}" if texts else ""


def _changed(changed: Changed) -> str:
    if changed.message:
        return f"{changed.operation}: {changed.message}"
    more = len(changed.ids) - _MOST_NAMES
    names = ", ".join(changed.ids[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    return f"the network changed while it was read: {changed.operation} tells otherwise of {names}"
