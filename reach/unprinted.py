"""What a describe answer lacks that AWS always prints: then what it would say is not known.

    left_out(lowering, record, "routes") -> Origin, or None
    left_out_in(lowering, RouteTable, vpc, "associations") -> the same, of any of a VPC

AWS prints a list that is empty; one that is not there was taken out, by a hand or by a query, and
may have held anything (law 2).  Must not know what hangs on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TypeVar

from reach.component import Lowering
from reach.network.stage import Origin
from reach.snapshot.record import Record, unprinted, where
from reach.snapshot.records import NetworkAcl, NetworkInterface, RouteTable, SecurityGroup
from reach.snapshot.snapshot import Snapshot

# Of which it is told, where they are met, what hangs on what they lack.
_BY_PLACE = (NetworkAcl, NetworkInterface, RouteTable, SecurityGroup)
_BY_PLACE_TOO = "/AssociationState/State"  # of a route table's association with a subnet
AnyRecord = TypeVar("AnyRecord", bound=Record)
_Lacking = Mapping[type[Record], tuple[Record, ...]]


def left_out(lowering: Lowering, record: Record, *names: str) -> Origin | None:
    """Why it is not known what a record says in some of its fields, if it is not."""
    key = next(unprinted(record, *names), None)
    if key is None:
        return None
    section = lowering.snapshot.section_of(type(record))
    words = f"what it says is not known: {section.call} always prints {where(record)}/{key}"
    return Origin(
        lowering.snapshot.id_of(record),
        f"{words}, which is not there",
        code="UNKNOWN_RESOURCE",
        name=getattr(record, "name", ""),
        collect=section.command,
    )


def lacking(
    lowering: Lowering, kind: type[AnyRecord], place: str, at: str | None, *names: str
) -> tuple[AnyRecord, ...]:
    """The records of a kind of which it is not known what they say in some fields: those whose
    ``place`` (an attribute) is the one that is meant, or is not printed."""

    def make() -> Mapping[str, tuple[AnyRecord, ...]]:
        found: dict[str, list[AnyRecord]] = {}
        for record in _all(lowering).get(kind, ()):
            if isinstance(record, kind) and next(unprinted(record, *names), None):
                found.setdefault(getattr(record, place) or "", []).append(record)
        return {where: tuple(records) for where, records in found.items()}

    known = lowering.memo(f"unprinted {kind.__name__} {place} {names}", make)
    return (*known.get("", ()), *(known.get(at, ()) if at else ()))


def untold_of(lowering: Lowering, kind: type[Record], name: str) -> Iterator[Record]:
    """All records of a kind of which it is not known what they say in a field, wherever."""
    for record in _all(lowering).get(kind, ()):
        if next(unprinted(record, name), None):
            yield record


def left_out_in(
    lowering: Lowering, kind: type[Record], vpc_id: str | None, *names: str
) -> Origin | None:
    """The same of the first record of a kind that says that it is of a VPC, or of none."""
    found = lacking(lowering, kind, "vpc_id", vpc_id, *names)
    return left_out(lowering, found[0], *names) if found else None


def strange(lowering: Lowering, kind: type[AnyRecord]) -> tuple[AnyRecord, ...]:
    """The records of a kind with a word that AWS does not have."""

    def make() -> tuple[AnyRecord, ...]:
        remarks = (each for each in lowering.snapshot.diagnostics if each.about == "word")
        found = (lowering.snapshot.get(kind, each.resource or "") for each in remarks)
        return tuple(dict.fromkeys(each for each in found if each is not None))

    return lowering.memo(f"strange {kind.__name__}", make)


def elsewhere(lowering: Lowering) -> Iterator[Origin]:
    """What is left out of records of which nobody tells, where they are met, what hangs on it; and
    words that nobody knows."""
    for remark in lowering.snapshot.diagnostics:
        if remark.about == "word" and remark.resource is not None:
            if (remark.pointer or "").endswith(_BY_PLACE_TOO):
                continue
            words = f"another way may exist: {remark.message} ({remark.file}: {remark.pointer})"
            yield Origin(remark.resource, words, code="UNKNOWN_RESOURCE")
    for kind, records in _all(lowering).items():
        for each in records:
            # What is deleted is shown for a while, and leads nowhere.
            gone = str(getattr(each, "state", "")).lower() == "deleted"
            unsaid = None if gone or kind in _BY_PLACE else left_out(lowering, each)
            if unsaid is not None:
                yield unsaid


def _all(lowering: Lowering) -> _Lacking:
    return lowering.memo("unprinted", partial(_found, lowering.snapshot))


def _found(snapshot: Snapshot) -> _Lacking:
    """Told by what was remarked when loading, so that a whole snapshot costs nothing."""
    found: dict[type[Record], dict[str, Record]] = {}
    for remark in snapshot.diagnostics:
        if remark.about == "unprinted" and remark.resource is not None:
            for kind in snapshot.contents:
                record = snapshot.get(kind, remark.resource)
                if record is not None and next(unprinted(record), None):
                    found.setdefault(kind, {})[remark.resource] = record
    return {kind: tuple(records.values()) for kind, records in found.items()}
