"""The columns of all files of a section as one, in the order of ids: what a roll is made of.

    interfaces(table) -> Interfaces        instances(table) -> Instances
    packed(columns) -> bytes, of which the next time the same is made

``reach.snapshot.columns`` writes columns file by file, where the files are read.  To join them
takes longer than what a question asks of them, so a cache keeps them joined.  They are the same,
whichever way they were made.  Must not know what a column is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard

from reach.snapshot import columns, ordering
from reach.snapshot.interface_records import Instance, NetworkInterface
from reach.snapshot.table import Table

Rows = npt.NDArray[np.int64]
Names = npt.NDArray[np.bytes_]
_LEVEL = 1
_SIX = ">u8"  # as they stand in packets, and in the columns of a file


class Interfaces(msgspec.Struct, frozen=True, eq=False):
    """Of all interfaces; ``places`` are their rows in the table.

    ``profile`` and ``group`` are numbers of profiles and of sets of groups.  ``beside`` is how
    many interfaces the instance of each row has (0 of none), and ``instance_order`` the rows in
    the order of their instances.  Addresses go with the row that has them; ``mapped`` and
    ``delegated`` are the rows that have outer addresses or prefixes.
    """

    ids: Names
    places: Rows
    profiles: list[NetworkInterface]
    profile: Rows
    groups: list[tuple[str, ...]]
    group: Rows
    instances: Names
    instance_order: Rows
    beside: Rows
    four: npt.NDArray[np.int64]
    four_row: Rows
    six: npt.NDArray[Any]
    six_row: Rows
    mapped: Rows
    delegated: Rows


class Instances(msgspec.Struct, frozen=True, eq=False):
    """Of all instances: the number of the kind of each."""

    ids: Names
    places: Rows
    kinds: list[Instance]
    kind: Rows


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """Each column by its place among the fields: numbers of four bytes, texts with their width."""

    numbers: dict[str, bytes]
    texts: dict[str, tuple[int, bytes]]
    six: bytes = b""
    profiles: list[NetworkInterface] = []
    groups: list[tuple[str, ...]] = []
    kinds: list[Instance] = []


def interfaces(table: Table) -> Interfaces:
    """As they were packed, or from the columns of each part."""
    if not table.columns:
        return _interfaces(table)
    told = _unpacked(table.columns)
    return Interfaces(
        profiles=told.profiles, groups=told.groups, six=_pairs(told.six), **_columns(told)
    )


def instances(table: Table) -> Instances:
    if not table.columns:
        return _instances(table)
    told = _unpacked(table.columns)
    return Instances(kinds=told.kinds, **_columns(told))


# -------------------------------------------------------------------------------------- packing


def packed(told: Interfaces | Instances) -> bytes:
    found = _Packed({}, {})
    for name in told.__struct_fields__:
        column = getattr(told, name)
        if isinstance(column, list):
            setattr(found, name, column)
        elif name == "six":
            found.six = column.astype(_SIX).tobytes()
        elif column.dtype.kind == "S":
            found.texts[name] = column.dtype.itemsize, column.tobytes()
        else:
            found.numbers[name] = column.astype(np.uint32).tobytes()
    return zstandard.ZstdCompressor(level=_LEVEL).compress(msgspec.msgpack.encode(found))


def _unpacked(text: bytes) -> _Packed:
    return msgspec.msgpack.decode(zstandard.decompress(text), type=_Packed)


def _columns(told: _Packed) -> dict[str, Any]:
    texts = {name: np.frombuffer(text, f"S{width}") for name, (width, text) in told.texts.items()}
    return {**texts, **{name: _numbers(column) for name, column in told.numbers.items()}}


# -------------------------------------------------------------------------------------- joining


def _instances(table: Table) -> Instances:
    parts = [columns.instances(part.columns) for part in table.parts]
    ids = _texts((each.width, each.ids) for each in parts)
    kinds: list[Instance] = []
    kind = np.concatenate([_renumbered(each.kind, each.kinds, kinds) for each in parts])
    places = ordering.order(ids)
    return Instances(ids[places], places, kinds, kind[places])


def _interfaces(table: Table) -> Interfaces:
    parts = [columns.interfaces(part.columns) for part in table.parts]
    ids = _texts((each.width, each.ids) for each in parts)
    places = ordering.order(ids)
    profiles: list[NetworkInterface] = []
    groups: list[tuple[str, ...]] = []
    profile = [_renumbered(each.profile, each.profiles, profiles) for each in parts]
    group = [*_distinct(((e.group, e.groups) for e in parts), groups)]
    attached = _texts((each.instance_width, each.instances) for each in parts)[places]
    turn = ordering.order(attached)
    rank = np.empty(len(ids), np.int64)
    rank[places] = np.arange(len(ids))
    starts = np.cumsum([0, *(part.count for part in table.parts)])
    own = [(_numbers(e.four), _numbers(e.four_row)) for e in parts]
    wide = [(_pairs(e.six), _numbers(e.six_row)) for e in parts]
    four, four_row = _by_row(own, starts, rank)
    six, six_row = _by_row(wide, starts, rank)
    return Interfaces(
        ids=ids[places],
        places=places,
        profiles=profiles,
        profile=np.concatenate(profile)[places],
        groups=groups,
        group=np.concatenate(group)[places],
        instances=attached,
        instance_order=turn,
        beside=np.where(attached == b"", 0, ordering.repeats(attached, turn)),
        four=four,
        four_row=four_row,
        six=six,
        six_row=six_row,
        mapped=_ranked((_numbers(each.mapped) for each in parts), starts, rank),
        delegated=_ranked((_numbers(each.delegated) for each in parts), starts, rank),
    )


def _ranked(parts: Iterable[Rows], starts: Rows, rank: Rows) -> Rows:
    found = [part + start for part, start in zip(parts, starts, strict=False)]
    return np.sort(rank[np.concatenate(found)])


def _by_row(
    parts: Sequence[tuple[npt.NDArray[Any], Rows]], starts: Rows, rank: Rows
) -> tuple[npt.NDArray[Any], Rows]:
    """Values and whose they are, those of one row in their own order."""
    values = np.concatenate([value for value, _ in parts])
    whose = [row + start for (_, row), start in zip(parts, starts, strict=False)]
    rows = rank[np.concatenate(whose)]
    order = np.argsort(rows, kind="stable")
    return values[order], rows[order]


def _numbers(column: bytes) -> Rows:
    return np.frombuffer(column, np.uint32).astype(np.int64)


def _pairs(column: bytes) -> npt.NDArray[Any]:
    """The two halves of each IPv6 address."""
    return np.frombuffer(column, _SIX).astype(np.uint64).reshape(-1, 2)


def _texts(parts: Iterable[tuple[int, bytes]]) -> Names:
    return np.concatenate([np.frombuffer(text, f"S{width}") for width, text in parts])


def _renumbered(column: bytes, own: list[Any], every: list[Any]) -> Rows:
    """The numbers of one file's things, as those of all files are numbered."""
    first = len(every)
    every += own
    return _numbers(column) + first


def _distinct(
    parts: Iterable[tuple[bytes, list[tuple[str, ...]]]], every: list[tuple[str, ...]]
) -> Iterator[Rows]:
    """The same of things that several files may have: each gets one number."""
    known: dict[tuple[str, ...], int] = {}
    for column, own in parts:
        new = np.array([known.setdefault(each, len(known)) for each in own], np.int64)
        yield new[_numbers(column)]
    every += known
