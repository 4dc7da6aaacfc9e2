"""Snapshots with one record changed; the given one stays as it is.

Must not know what a record means.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from reach.snapshot.record import Record
from reach.snapshot.snapshot import Snapshot

AnyRecord = TypeVar("AnyRecord", bound=Record)


def the(snapshot: Snapshot, kind: type[AnyRecord], name: str) -> AnyRecord:
    """The record of that id, which is there: a change is made of what was seen."""
    record = snapshot.get(kind, name)
    assert record is not None, f"{name} is not in the snapshot"
    return record


def with_record(snapshot: Snapshot, name: str, record: Record) -> Snapshot:
    """The snapshot with this record under its id, and nothing worked out from it yet."""
    kind = type(record)
    contents = {**snapshot.contents, kind: {**snapshot.contents[kind], name: record}}
    return replace(snapshot, contents=contents, derived={})
