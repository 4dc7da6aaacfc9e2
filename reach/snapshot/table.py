"""The records of one section, packed, and each made when it is first asked for.

    pack(records, ids, columns) -> Part          Table(kind, parts)["eni-0abc"] -> Record
    Packer().add(records, ids)    .part(columns) -> Part

A table is a mapping like any other, of ids in their order to records; a record that was made stays
the same one.  Its parts are what one file each had: msgpack, some dozens of rows compressed as one
block, which is a tenth of what their records take; beside them may lie what somebody else wrote of
the records, column by column, and reads again.  Must not know what a record means, nor where parts
are kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from functools import cache, cached_property
from itertools import accumulate, chain
from threading import local
from typing import Any

import msgspec
import zstandard
from msgspec.structs import force_setattr

from reach.snapshot.record import NOWHERE, Page, Record

_BLOCK = 1 << 14  # bytes of rows before compression: larger ones are smaller, and slower to open
_SAMPLE = 100  # records that tell how many go into a block
_LEVEL = 1
_KEPT = 64  # blocks of a table that stay open
_MANY = 50_000  # rows that take long to put into a dictionary

_encode = msgspec.msgpack.Encoder().encode


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The rows of one file, as they stood in it.

    ``names`` are their ids, compressed; ``numbers`` say the page of each, if there are several;
    each of ``blocks`` has ``rows`` rows, but the last.  ``columns`` are for whoever wrote them.
    """

    count: int
    pages: tuple[Page, ...]
    numbers: tuple[int, ...]
    names: bytes
    rows: int
    blocks: tuple[bytes, ...]
    columns: bytes = b""

    def ids(self) -> list[str]:
        found: list[str] = _decoder(list[str]).decode(_opener.decompress(self.names))
        return found

    def page(self, row: int) -> Page:
        return self.pages[self.numbers[row] if self.numbers else 0]

    def read(self, shape: Any, words: Sequence[bytes] = ()) -> Iterator[Any]:
        """All rows as records of a shape, in the order in which the file had them.

        Of blocks that lack one of these words nothing is read.
        """
        many = _decoder(_many(shape))
        for packed in self.blocks:
            block = _opener.decompress(packed)
            if all(word in block for word in words):
                yield from many.decode(block)

    def records(self, kind: type[Record]) -> Iterator[Record]:
        """All of them, each with the page that it stood on."""
        for row, record in enumerate(self.read(kind)):
            force_setattr(record, "page", self.page(row))
            yield record


class _Opener(local):
    """This thread's own, made once: that takes as long as to open a block."""

    def __init__(self) -> None:
        self.decompress = zstandard.ZstdDecompressor().decompress


_opener = _Opener()


@cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)


@cache
def _many(kind: Any) -> Any:
    return tuple[kind, ...]


def _raw(part: Part, number: int) -> list[msgspec.Raw]:
    """The rows of a block, each to be decoded by itself."""
    block: list[msgspec.Raw] = _decoder(list[msgspec.Raw]).decode(
        _opener.decompress(part.blocks[number])
    )
    return block


class Packer:
    """Records of one file, packed some at a time, with their ``ids``; each loses its page.

    Raises OverflowError or UnicodeEncodeError for what JSON can hold and msgpack cannot.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._pages: dict[Page, int] = {}
        self._numbers: list[int] = []
        self._rows = 0
        self._rest: Sequence[Record] = ()
        self._blocks: list[bytes] = []
        self._compress = zstandard.ZstdCompressor(level=_LEVEL).compress

    def add(self, records: Sequence[Record], ids: Iterable[str]) -> None:
        self.ids += ids
        self._number(records)
        for record in records:
            force_setattr(record, "page", NOWHERE)
        if not self._rows and records:
            some = records[:_SAMPLE]
            self._rows = max(1, _BLOCK * len(some) // len(_encode(some)))
        rest = [*self._rest, *records]
        whole = len(rest) - len(rest) % (self._rows or 1)
        for start in range(0, whole, self._rows or 1):
            self._put(rest[start : start + self._rows])
        self._rest = rest[whole:]

    def part(self, columns: bytes = b"") -> Part:
        if self._rest:
            self._put(self._rest)
            self._rest = ()
        return Part(
            count=len(self.ids),
            pages=tuple(self._pages),
            numbers=tuple(self._numbers) if len(self._pages) > 1 else (),
            names=self._compress(_encode(self.ids)),
            rows=self._rows or 1,
            blocks=tuple(self._blocks),
            columns=columns,
        )

    def _put(self, records: Sequence[Record]) -> None:
        self._blocks.append(self._compress(_encode(records)))

    def _number(self, records: Sequence[Record]) -> None:
        """Each page has a number.  Nearly always all records share one, which is hashed once."""
        own = {id(record.page): record.page for record in records}
        numbers = {each: self._pages.setdefault(p, len(self._pages)) for each, p in own.items()}
        self._numbers += [numbers[id(record.page)] for record in records]


def pack(records: Sequence[Record], ids: Sequence[str], columns: bytes = b"") -> Part:
    """All of them at once, as a packer does."""
    packer = Packer()
    packer.add(records, ids)
    return packer.part(columns)


class Table(Mapping[str, Record]):
    """Records by id.  Of the rows of all parts no two have one id.

    ``columns`` are those of all parts joined, which then have none of their own.
    """

    def __init__(self, kind: type[Record], parts: Sequence[Part], columns: bytes = b"") -> None:
        self.kind, self.parts, self.columns = kind, tuple(parts), columns
        self._starts = [0, *accumulate(part.count for part in self.parts)]
        self._made: dict[str, Record] = {}
        self._opened: dict[bytes, list[msgspec.Raw]] = {}
        self.derived: dict[str, object] = {}  # what others worked out from it
        self._patience = sum(len(part.blocks) for part in self.parts)

    def __len__(self) -> int:
        return self._starts[-1]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._rows))

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __getitem__(self, name: str) -> Record:
        made = self._made.get(name)
        if made is not None:
            return made
        if self._patience < 0:  # one by one it has taken as long by now as all of them do
            return self._every[name]
        return self._make(name, self._rows[name])

    def take(self, names: Sequence[str], rows: Sequence[int]) -> list[Record]:
        """The records of these ids, which stand in these rows, counted through all parts.

        No block is opened twice, however the rows lie.
        """
        missing = [each for each in zip(rows, names, strict=True) if each[1] not in self._made]
        decode, at = _decoder(self.kind).decode, -1
        block: list[msgspec.Raw] = []
        for row, name in sorted(missing):
            part, place = self._place(row)
            first = row - place % part.rows
            if first != at:
                at, block = first, _raw(part, place // part.rows)
            record: Record = decode(block[place % part.rows])
            force_setattr(record, "page", part.page(place))
            self._made[name] = record
        return [self._made[name] for name in names]

    @property
    def has_columns(self) -> bool:
        return bool(self.columns) or all(part.columns for part in self.parts)

    def with_columns_joined(self) -> Table:
        """The same records; what was written beside them is told in one piece, if there is any."""
        if self.columns or not self.parts or not self.has_columns:
            return self
        from reach.snapshot.roll import columns_of  # here, as numpy takes long to import

        parts = [msgspec.structs.replace(part, columns=b"") for part in self.parts]
        return Table(self.kind, parts, columns_of(self))

    def values(self) -> ValuesView[Record]:
        return self._every.values()

    def items(self) -> ItemsView[str, Record]:
        return self._every.items()

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        """Which row has an id, counted through all parts."""
        if len(self) >= _MANY and self.has_columns:
            from reach.snapshot.roll import rows_of  # here, as numpy takes long to import

            rows = rows_of(self)
            if rows is not None:
                return rows
        return {name: row for row, name in enumerate(chain(*(p.ids() for p in self.parts)))}

    @cached_property
    def _every(self) -> dict[str, Record]:
        """All records, made part by part; those made before stay what they are."""
        for part in self.parts:
            for name, record in zip(part.ids(), part.records(self.kind), strict=True):
                self._made.setdefault(name, record)
        return {name: self._made[name] for name in sorted(self._made)}

    def read(self, shape: Any, words: Sequence[bytes] = ()) -> Iterator[Any]:
        """All rows as something smaller than a record, file by file, of which none is kept.

        Of blocks that lack one of these words nothing is read.
        """
        for part in self.parts:
            yield from part.read(shape, words)

    def _make(self, name: str, row: int) -> Record:
        part, row = self._place(row)
        block = self._open(part, row // part.rows)
        record: Record = _decoder(self.kind).decode(block[row % part.rows])
        force_setattr(record, "page", part.page(row))
        return self._made.setdefault(name, record)

    def _place(self, row: int) -> tuple[Part, int]:
        number = bisect_right(self._starts, row) - 1
        return self.parts[number], row - self._starts[number]

    def _open(self, part: Part, number: int) -> list[msgspec.Raw]:
        packed = part.blocks[number]
        block = self._opened.get(packed)
        if block is None:
            self._patience -= 1
            if len(self._opened) >= _KEPT:
                self._opened.clear()
            block = self._opened[packed] = _raw(part, number)
        return block
