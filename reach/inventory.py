"""What a snapshot holds, and what it lacks.

    take(snapshot) -> Inventory      list_kind(snapshot, kind) -> Item, Item, ...

A kind is named by the call that lists it, as the AWS CLI spells it without its verb: ``instances``
for ``describe-instances``.  Reads the snapshot's own account of itself, no record's meaning.  Must
not know rendering or the command line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any

from reach.errors import QuestionError
from reach.snapshot.errors import Diagnostic
from reach.snapshot.record import Record
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Kind:
    """How many objects of one kind there are; ``asked`` iff the call was made anywhere."""

    kind: str
    key: str
    command: str
    count: int
    asked: bool


@dataclass(frozen=True, slots=True)
class Place:
    """An account and Region (empty: not said) with the number of objects seen there."""

    account: str
    region: str
    count: int


@dataclass(frozen=True, slots=True)
class Lack:
    """A call that was not made, or whose answer was cut short, for an account and Region."""

    command: str
    account: str
    region: str
    reason: str
    where: str


@dataclass(frozen=True, slots=True)
class Item:
    """One object: who it is, whose, and where it stands in the files."""

    id: str
    name: str
    account: str
    region: str
    file: str
    pointer: str


@dataclass(frozen=True)
class Inventory:
    """``unread`` are top-level keys that nothing reads, with their files."""

    path: str
    files: int
    places: tuple[Place, ...]
    kinds: tuple[Kind, ...]
    lacks: tuple[Lack, ...]
    unread: Mapping[str, tuple[str, ...]]
    diagnostics: tuple[Diagnostic, ...]

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON form."""
        return {
            "format": FORMAT,
            "path": self.path,
            "files": self.files,
            "places": [asdict(place) for place in self.places],
            "kinds": [asdict(kind) for kind in self.kinds],
            "lacks": [asdict(lack) for lack in self.lacks],
            "unread": [{"key": key, "files": files} for key, files in self.unread.items()],
            "diagnostics": [asdict(remark) for remark in self.diagnostics],
        }


def take(snapshot: Snapshot) -> Inventory:
    """Everything that ``reach show`` tells."""
    sections = {section.operation: section for section in snapshot.sections.values()}
    return Inventory(
        path=snapshot.path,
        files=len(snapshot.files),
        places=tuple(_places(snapshot)),
        kinds=tuple(_kind(snapshot, together) for together in _by_name(snapshot).values()),
        lacks=tuple(
            Lack(sections[gap.operation].command, gap.account, gap.region, gap.reason, gap.where)
            for gap in snapshot.gaps
        ),
        unread=dict(snapshot.ignored),
        diagnostics=snapshot.diagnostics,
    )


def list_kind(snapshot: Snapshot, kind: str) -> tuple[Item, ...]:
    """Every object of a kind, by id.  Raises QuestionError if there is no such kind."""
    named = _by_name(snapshot)
    keys = {section.key.lower(): [section] for section in snapshot.sections.values()}
    sections = (keys | named).get(kind.lower())
    if sections is None:
        near = get_close_matches(kind.lower(), named, n=3)
        raise QuestionError(f"{kind!r} is no kind of thing that is read", near or sorted(named))
    records = (record for section in sections for record in snapshot.records(section.record))
    items = (_item(snapshot, record) for record in records)
    return tuple(sorted(items, key=lambda item: (item.id, item.file, item.pointer)))


def _name(section: Section) -> str:
    return section.call.partition("-")[2]


def _by_name(snapshot: Snapshot) -> dict[str, list[Section]]:
    """The sections of each kind: one call may be kept in two forms."""
    found: dict[str, list[Section]] = {}
    for section in sorted(snapshot.sections.values(), key=lambda each: (_name(each), each.key)):
        found.setdefault(_name(section), []).append(section)
    return found


def _kind(snapshot: Snapshot, together: list[Section]) -> Kind:
    first, keys = together[0], {section.key for section in together}
    asked = any(key in keys for key, _ in snapshot.calls.made)
    count = sum(len(snapshot.records(section.record)) for section in together)
    return Kind(_name(first), first.key, first.command, count, asked)


def _places(snapshot: Snapshot) -> Iterator[Place]:
    counts: Counter[tuple[str, str]] = Counter()
    for section in snapshot.sections.values():
        for record in snapshot.records(section.record):
            counts[snapshot.account_of(record), snapshot.region_of(record)] += 1
    for (account, region), count in sorted(counts.items()):
        yield Place(account, region, count)


def _item(snapshot: Snapshot, record: Record) -> Item:
    # What AWS lets people name differs by kind: a tag, or a name of its own.
    names = ("name", "group_name", "prefix_list_name")
    name = next((str(n) for n in (getattr(record, each, "") for each in names) if n), "")
    return Item(
        id=snapshot.id_of(record),
        name=name,
        account=snapshot.account_of(record),
        region=snapshot.region_of(record),
        file=record.page.file,
        pointer=record.pointer,
    )
