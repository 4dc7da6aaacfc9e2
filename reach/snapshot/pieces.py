"""A large file that is one list of one section, some of its items at a time.

    in_pieces(document, file, sections, heard) -> (section, records), again and again

What is read, decoded and looked at some hundred kilobytes at a time stays in the processor's cache,
which takes a fifth of the time of a file that is read and decoded as a whole; and less is held.  A
file is cut between two items, where they seem to end; that they do is known when what is before the
cut is a list by itself, as then nothing of it is open: no text, no object.  Where a file is
anything else, or anything is wrong with it, :class:`NotInPiecesError` is raised, and whoever asked
reads it as ``decode`` does, which says what there is to say.  Must not know what is done with
records.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from reach.snapshot.decode import (
    Document,
    item_of,
    list_of,
    of_one_list,
    remarks,
    said_to_be_more,
    stamped,
)
from reach.snapshot.record import Record
from reach.snapshot.section import Section

AT_ONCE = 1 << 18  # bytes: with the records that they come to, some megabytes
_SPACE = rb"[ \t\r\n]*"  # that of JSON; other space is an error
_HEAD = re.compile(rb'S\{S"(\w+)"S:S\[S(?=\{)'.replace(b"S", _SPACE))
_BETWEEN = re.compile(rb"S,S\{".replace(b"S", _SPACE))
# A key may be written so that it is not found by its name; `decode` says what becomes of that.
_ESCAPED_KEY = re.compile(rb'\\u[^"]*"S:'.replace(b"S", _SPACE))
_item = json.JSONDecoder(strict=False)

Source = io.RawIOBase | io.BufferedIOBase


class NotInPiecesError(Exception):
    """A file is not to be read in pieces."""


def in_pieces(
    document: Document,
    file: Source,
    sections: Mapping[str, Section],
    heard: Callable[[memoryview], object],
) -> Iterator[tuple[Section, list[Record]]]:
    """The records of a file, of which none is kept; the rest is noted in its ``document``.

    ``heard`` is called with all that is read, in order.
    """
    text = _Text(file, heard)
    text.fill()
    key = text.take_head()
    section = sections.get(key)
    if section is None:
        raise NotInPiecesError
    try:
        yield from _pieces(document, section, sections, text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotInPiecesError from None


def _pieces(
    document: Document, section: Section, sections: Mapping[str, Section], text: _Text
) -> Iterator[tuple[Section, list[Record]]]:
    last, number = of_one_list(section, sections), 0
    if last is None:
        raise NotInPiecesError
    for piece in text.pieces():
        items = list_of(item_of(section)).decode(_checked(piece))
        yield section, _read(document, section, items, number)
        number += len(items)
    rest = b'{"%s":[%s' % (section.key.encode(), text.rest())
    if rest.count(b'"%s"' % section.key.encode()) > 1 or _ESCAPED_KEY.search(rest):
        raise NotInPiecesError
    whole = last.decode(_checked(rest))
    document.more = said_to_be_more(whole)
    yield section, _read(document, section, whole.items, number)


def _read(document: Document, section: Section, items: list[Any], first: int) -> list[Record]:
    records = stamped(document, section, items, first)
    document.diagnostics += remarks(section, records)
    return records


def _checked(text: bytes) -> bytes:
    """Raises UnicodeDecodeError: also what nobody decodes has to be UTF-8."""
    if not text.isascii():
        text.decode("utf-8")
    return text


class _Text:
    """What was read of a file and not yet given away: from the second piece on, from an item's
    beginning."""

    def __init__(self, file: Source, heard: Callable[[memoryview], object]) -> None:
        self._file, self._heard = file, heard
        self._bytes, self._used = bytearray(2 * AT_ONCE), 0
        self._between = b""
        self._is_all = False

    def fill(self) -> None:
        """Read as much as there is room for, and more room where that is none."""
        if self._used == len(self._bytes):
            self._bytes.extend(bytes(self._used))
        with memoryview(self._bytes) as room:
            while self._used < len(room) and not self._is_all:
                with room[self._used :] as free:
                    count = self._file.readinto(free) or 0
                    self._heard(free[:count])
                self._used += count
                self._is_all = count == 0

    def take_head(self) -> str:
        """The key of the list, after which the first item begins."""
        head = _HEAD.match(self._bytes, 0, self._used)
        if head is None or self._is_all:  # what has been read already is quicker read as a whole
            raise NotInPiecesError
        key = head[1].decode()
        self._between = self._what_is_between(head.end())
        self._drop(head.end())
        return key

    def _what_is_between(self, first: int) -> bytes:
        """What stands from the end of an item to the next one's beginning, told from the first."""
        text = self._bytes[: self._used].decode("latin-1")  # a character for each byte
        try:
            _, end = _item.raw_decode(text, first)
        except (ValueError, RecursionError):
            raise NotInPiecesError from None
        between = _BETWEEN.match(self._bytes, end, self._used)
        if between is None:
            raise NotInPiecesError
        return b"}" + between[0]

    def pieces(self) -> Iterator[bytes]:
        """Whole items as a list of JSON, until what has not been given away is the ``rest``."""
        while not self._is_all:
            at = self._end_of_items()
            if at > 0:
                with memoryview(self._bytes) as text:
                    piece = b"".join((b"[", text[:at], b"]"))
                self._drop(at + len(self._between) - 2)
                yield piece
            self.fill()

    def rest(self) -> bytes:
        return bytes(memoryview(self._bytes)[: self._used])

    def _end_of_items(self) -> int:
        """Where the last item ends that seems to be there as a whole; 0 where none is.

        Items that begin on lines of their own are told by that; others, by the braces before.
        """
        text, between = self._bytes, self._between
        at = text.rfind(between, 0, self._used)
        if at >= 0 and b"\n" not in between:
            depth = text.count(b"{", 0, at) - text.count(b"}", 0, at)
            while at >= 0 and depth != 1:
                after, at = at, text.rfind(between, 0, at)
                depth -= text.count(b"{", at, after) - text.count(b"}", at, after)
        return at + 1

    def _drop(self, count: int) -> None:
        """Give away some bytes at the beginning."""
        left = self._bytes[count : self._used]
        self._bytes[: len(left)] = left
        self._used = len(left)
