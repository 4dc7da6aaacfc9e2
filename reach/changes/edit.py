"""Snapshots with one record changed, the given one as it is; and how much a rule lets pass.

Must not know what a record means.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from reach.snapshot.amended import amended, without
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
    told = amended(snapshot.contents.get(kind, {}), name, record)
    contents = {**snapshot.contents, kind: told}
    return replace(snapshot, contents=contents, derived={})


def without_record(snapshot: Snapshot, name: str, kind: type[Record]) -> Snapshot:
    """The snapshot without the record of a kind that has this id, and nothing worked out yet."""
    told = without(snapshot.contents.get(kind, {}), name)
    return replace(snapshot, contents={**snapshot.contents, kind: told}, derived={})


def breadth(protocol: str, ports: tuple[int | None, int | None] | None, block: str | None) -> int:
    """How much a rule is for, as a power of two: its addresses (none named: few), its ports."""
    address, _, length = (block or "").partition("/")
    width = 128 if ":" in address else 32
    bits = width - int(length) if length else 0
    if protocol == "-1":
        return bits + 24
    low, high = ports or (None, None)
    spanned = 65535 if low is None or high is None or low < 0 else max(0, high - low)
    return bits + spanned.bit_length()
