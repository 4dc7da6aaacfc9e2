"""Who carries which tag: the records, or of very many their ids alone.

    Tags(snapshot).records("Name", "web-1") -> records    .ids(Instance, "Stage", "prod") -> ids
    Tags(snapshot).values("Name") -> every value of a tag    .told(Instance, "Stage") -> id -> value

Of a table, whose records are many and mostly never made, only ids and tags are read, and of these
only the blocks in which the words of the tag stand.  Of a key that has few values they are read for
all of these at once, as who asks about production asks about test as well.  Who asks again and
again is served from a dictionary, which is then made.  Must not know what a tag is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from reach.snapshot.record import Record, Tag
from reach.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from reach.snapshot.table import Table

_Pair = tuple[str, str]
# So often a table is read for one tag before a dictionary of all of them is worth its while.
_PATIENCE = 3
_FEW = 64  # values of a key, like stages or owners; a Name is another one of each


class Tags:
    """The tags of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._known: dict[type[Record], _Held | _Table] = {}

    def records(self, key: str, value: str) -> tuple[Record, ...]:
        """Those that carry a tag, kind by kind, each in the order of ids."""
        some = (self._of(kind).records((key, value)) for kind in self._snapshot.contents)
        return tuple(record for each in some for record in each)

    def ids(self, kind: type[Record], key: str, value: str) -> Sequence[str]:
        """The ids of one kind, in order."""
        return self._of(kind).ids((key, value))

    def told(self, kind: type[Record], key: str) -> Mapping[str, str]:
        """The value that each of one kind has under a key, by id; without those that have none."""
        return self._of(kind).told(key)

    def values(self, key: str) -> frozenset[str]:
        """Every value that a tag has anywhere."""
        every = (self._of(kind).every for kind in self._snapshot.contents)
        return frozenset(value for each in every for own, value in each if own == key)

    def _of(self, kind: type[Record]) -> _Held | _Table:
        known = self._known.get(kind)
        if known is None:
            known = self._known[kind] = _tags_of(self._snapshot, kind)
        return known


def _tags_of(snapshot: Snapshot, kind: type[Record]) -> _Held | _Table:
    held = snapshot.contents.get(kind, {})
    own = "" if isinstance(held, dict) else snapshot.section_of(kind).id
    fields = {each.name: each.encode_name for each in msgspec.structs.fields(kind)}
    tags = fields.get("tags") or fields.get("tag_set")
    if own in fields and tags is not None:
        from reach.snapshot.table import Table  # here, as what it is packed with takes long

        if isinstance(held, Table):
            return _Table(held, _row(fields[own], tags))
    return _Held(snapshot, kind)


def _row(own: str, tags: str) -> Any:
    """What is read of a row, by the names that its id and its tags have there."""
    fields: list[Any] = [("id", str, ""), ("tags", tuple[Tag, ...], ())]
    return msgspec.defstruct("Row", fields, rename={"id": own, "tags": tags}, gc=False)


class _Held:
    """The records of a kind by their tags, where all of them are there."""

    def __init__(self, snapshot: Snapshot, kind: type[Record]) -> None:
        self._snapshot = snapshot
        self.every: dict[_Pair, list[Record]] = defaultdict(list)
        for record in snapshot.records(kind):
            tags: tuple[Tag, ...] = getattr(record, "tags", ())
            for tag in tags:
                self.every[tag.key, tag.value].append(record)

    def records(self, tag: _Pair) -> Sequence[Record]:
        return self.every.get(tag, ())

    def ids(self, tag: _Pair) -> Sequence[str]:
        return [self._snapshot.id_of(each) for each in self.records(tag)]

    def told(self, key: str) -> Mapping[str, str]:
        under = ((tag[1], records) for tag, records in self.every.items() if tag[0] == key)
        found = {self._snapshot.id_of(each): value for value, some in under for each in some}
        return dict(sorted(found.items()))


class _Table:
    """The rows of a table by their tags."""

    def __init__(self, table: Table, row: Any) -> None:
        self._table, self._row = table, row
        self._read: dict[_Pair, Sequence[str]] = {}
        self._few: dict[str, Mapping[str, Sequence[str]] | None] = {}
        self._made: Mapping[_Pair, Sequence[str]] | None = None

    def records(self, tag: _Pair) -> Sequence[Record]:
        return [self._table[each] for each in self.ids(tag)]

    def ids(self, tag: _Pair) -> Sequence[str]:
        if tag not in self._read and len(self._read) < _PATIENCE:
            self._read[tag] = self._read_of(*tag)
        return self._read[tag] if tag in self._read else self.every.get(tag, ())

    def _read_of(self, key: str, value: str) -> Sequence[str]:
        if key not in self._few:
            self._few[key] = self._of_few(key)
        few = self._few[key]
        if few is not None:
            return sorted(few.get(value, ()))
        tag = (key, value)
        return sorted(own for own, each in self._pairs(*tag) if each == tag)

    def _of_few(self, key: str) -> Mapping[str, Sequence[str]] | None:
        """The ids by each value of a key; None if these are many."""
        found: dict[str, list[str]] = {}
        for row in self._table.read(self._row, [_written(key)]):
            for tag in row.tags:
                if tag.key == key:
                    found.setdefault(tag.value, []).append(row.id)
            if len(found) > _FEW:
                return None
        return found

    def told(self, key: str) -> Mapping[str, str]:
        return dict(sorted((own, tag[1]) for own, tag in self._pairs(key) if tag[0] == key))

    @property
    def every(self) -> Mapping[_Pair, Sequence[str]]:
        if self._made is None:
            found: dict[_Pair, list[str]] = defaultdict(list)
            for own, tag in self._pairs():
                found[tag].append(own)
            self._made = {tag: sorted(each) for tag, each in found.items()}
        return self._made

    def _pairs(self, *words: str) -> Iterator[tuple[str, _Pair]]:
        """Each id with each of its tags, where blocks have these words."""
        for row in self._table.read(self._row, list(map(_written, words))):
            for tag in row.tags:
                yield row.id, (tag.key, tag.value)


def _written(word: str) -> bytes:
    """As it stands in a block."""
    return word.encode("utf-8", "surrogatepass")
