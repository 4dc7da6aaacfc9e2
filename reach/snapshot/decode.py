"""From the bytes of one JSON file to typed records, or to one clear error.

Takes a file's name and bytes and the sections; gives a :class:`Document`: the records of every
section it holds, the keys nobody reads, and whether it was cut short.  Only declared fields are
decoded.  Must not know other files, nor what an address or a reference is.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from reach.snapshot.attribute_path import Values, printed_names, trace
from reach.snapshot.errors import About, Diagnostic, SnapshotError
from reach.snapshot.files import scope_of_file
from reach.snapshot.record import Page, Record, Scope, may_lack, stamp, unprinted
from reach.snapshot.section import Nested, Section
from reach.snapshot.words import ALWAYS, WORDS

# How the services spell "there is more".  A token leads to a further page; the flag leads nowhere.
MORE_FLAG = "AdditionalRoutesAvailable"
MORE = (MORE_FLAG, "NextToken", "nextToken", "NextMarker", "Marker", "PaginationToken")
# What network-firewall prints beside an answer, for a later update.
_ENVELOPE = frozenset({"ResponseMetadata", "UpdateToken", *MORE})
_TOO_DEEP = "is nested too deeply to be the answer of a call"
_BYTE = re.compile(r"^(?:JSON is malformed: )?(.*?) \(byte (\d+)\)$")
_AT = re.compile(r"^(.*?)(?: - at `\$(.*)`)?$", re.DOTALL)
_FIRST = re.compile(rb'\s*\{\s*"(\w+)"\s*:')
_STEP = re.compile(r"\[(\d+|\.\.\.)\]|\.([^.\[]+)")

_split = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(slots=True)
class Document:
    """One file, read.  ``more`` is the key that said that the answer was cut short, if any did."""

    file: str
    scope: Scope
    records: dict[str, list[Record]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    more: str = ""
    diagnostics: list[Diagnostic] = field(default_factory=list)


def decode(name: str, text: bytes, sections: Mapping[str, Section]) -> Document:
    """Read one file."""
    document = Document(name, scope_of_file(name))
    text = _as_utf8(name, text)
    if not _is_one_list(document, text, sections):
        _by_part(document, text, sections)
    for key, records in document.records.items():
        document.diagnostics += remarks(sections[key], records)
    return document


def remarks(section: Section, records: Sequence[Record]) -> Iterator[Diagnostic]:
    """What is to be said of records by themselves."""
    yield from _lacking(section, records)
    yield from _strange(section, records)
    yield from _silent(section, records)


def _lacking(section: Section, records: Sequence[Record]) -> Iterator[Diagnostic]:
    """A warning for each list that AWS always prints, and a record lacks."""
    for record in records if may_lack(records) else ():
        for key in unprinted(record):
            yield _warned(section, record, f"/{key}", _lacks(section, key), "unprinted")


def _strange(section: Section, records: Sequence[Record]) -> Iterator[Diagnostic]:
    """A warning for each word that AWS does not have there."""
    values = Values(records)
    for path, known in WORDS.get(section.key, {}).items():
        found = {word for word in values.at(path) if word and word.lower() not in known}
        for record in records if found else ():
            for place in trace(record, path):
                if place.value in found:
                    words = f"says {place.value!r}, which is no word of AWS's there"
                    yield _warned(section, record, place.pointer, words, "word")


def _silent(section: Section, records: Sequence[Record]) -> Iterator[Diagnostic]:
    """A warning for each thing that does not say what AWS always prints."""
    values = Values(records)
    for path in ALWAYS.get(section.key, ()):
        holder, _, name = path.rpartition(".")
        parts = values.at(holder)
        for record in () if all(map(attrgetter(name), parts)) else records:
            for place in trace(record, holder):
                if not getattr(place.value, name):
                    key = printed_names(type(place.value))[name]
                    at = f"{place.pointer}/{key}"
                    yield _warned(section, record, at, _lacks(section, key), "word")


def _lacks(section: Section, key: str) -> str:
    return f"lacks {key}, which {section.call} always prints"


def _warned(section: Section, record: Record, at: str, words: str, about: About) -> Diagnostic:
    """What is wrong at a place in a record."""
    resource = str(getattr(record, section.id))
    words, place = f"{resource} {words}", f"{record.pointer}{at}"
    return Diagnostic("warning", words, record.page.file, place, resource, about)


def _by_part(document: Document, text: bytes, sections: Mapping[str, Section]) -> None:
    name = document.file
    parts = _top_level(name, text, sections)
    document.more = next((key for key in MORE if _says_more(parts, key)), "")
    bare = _bare(parts, sections)
    if bare is not None:
        document.records[bare.key] = _whole(document, text, bare)
    orphans = {section.orphan: section for section in sections.values() if section.orphan}
    for key, raw in parts.items():
        if bare and _is_of(bare, key):
            continue
        if key in sections:
            document.records.setdefault(key, []).extend(_section(document, sections[key], raw))
        elif key in orphans:
            document.diagnostics.append(_orphan(name, orphans[key]))
        elif key not in _ENVELOPE and _holds(raw):
            document.unread.append(key)


def _is_one_list(document: Document, text: bytes, sections: Mapping[str, Section]) -> bool:
    """Read a file that is one list of one section, as nearly all are, in a single pass.

    False, and nothing is read, where it is anything else, or where there is anything wrong with it:
    then it is read again part by part, and what is said of it does not depend on this.
    """
    match = _FIRST.match(text)
    section = sections.get(match[1].decode()) if match else None
    if section is None or text.count(f'"{section.key}"'.encode()) > 1:
        return False
    decoder = of_one_list(section, sections)
    if decoder is None:
        return False
    try:
        whole = decoder.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    document.more = said_to_be_more(whole)
    document.records[section.key] = stamped(document, section, whole.items)
    return True


def of_one_list(
    section: Section, sections: Mapping[str, Section]
) -> msgspec.json.Decoder[Any] | None:
    """What decodes a file that is one list of a section; None where it may be another's answer."""
    if _bare(dict.fromkeys((section.key, *MORE)), sections) is not None:
        return None
    return _alone(section.key, item_of(section))


def said_to_be_more(whole: Any) -> str:
    """Which key of such a file says that there is more, if any does."""
    said = {key: getattr(whole, key) for key in MORE}
    return next((key for key in MORE if _says_more(said, key)), "")


def item_of(section: Section) -> Any:
    """What a section's list is of."""
    return section.nested.item if section.nested else section.record


@cache
def _alone(key: str, item: type[Any]) -> msgspec.json.Decoder[Any]:
    """Of a file that has one list, and at most says besides that there is more."""
    nothing = msgspec.Raw(b"null")
    more = [(each, msgspec.Raw, msgspec.field(name=each, default=nothing)) for each in MORE]
    fields = [("items", list[item], msgspec.field(name=key)), *more]  # type: ignore[valid-type]
    return msgspec.json.Decoder(msgspec.defstruct("Alone", fields, forbid_unknown_fields=True))


def _holds(raw: msgspec.Raw) -> bool:
    """Whether there is anything in a value that nothing reads."""
    return bytes(raw).strip() not in (b"[]", b"{}", b"null", b'""')


_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


def _as_utf8(name: str, text: bytes) -> bytes:
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SnapshotError("is UTF-16 text; JSON has to be saved as UTF-8", name)
    packed = next((kind for magic, kind in _PACKED.items() if text.startswith(magic)), "")
    if packed:
        raise SnapshotError(f"is packed ({packed}): unpack it, or pack it with reach pack", name)
    text = text.removeprefix(b"\xef\xbb\xbf")
    if not text or text.isspace():
        raise SnapshotError("is empty; what a describe call printed is expected", name)
    try:
        if not text.isascii():
            text.decode("utf-8")
    except UnicodeDecodeError as failure:
        place = _line_and_column(text, failure.start)
        raise SnapshotError(f"is not UTF-8 at {place}; JSON has to be UTF-8", name) from None
    return text


def _top_level(name: str, text: bytes, sections: Mapping[str, Section]) -> dict[str, msgspec.Raw]:
    try:
        parts = _split.decode(text)
    except RecursionError:
        raise SnapshotError(_TOO_DEEP, name, "") from None
    except msgspec.ValidationError as failure:
        raise SnapshotError(f"{_words(str(failure))} at the top of the file", name, "") from None
    except msgspec.DecodeError as failure:
        raise SnapshotError(_malformed(text, str(failure)), name) from None
    for key in parts:
        if key in sections and text.count(f'"{key}"'.encode()) > 1:
            _refuse_twice(name, text, key)
    return parts


def _refuse_twice(name: str, text: bytes, key: str) -> None:
    """JSON keeps the last of two equal keys; the first one's objects would be lost silently."""
    outermost: list[tuple[str, Any]] = []

    def keep(pairs: list[tuple[str, Any]]) -> None:
        outermost[:] = pairs

    try:
        json.loads(text, object_pairs_hook=keep, parse_int=str)
    except RecursionError:
        raise SnapshotError(_TOO_DEEP, name, "") from None
    if Counter(found for found, _ in outermost)[key] > 1:
        raise SnapshotError("the key stands twice; one list is expected", name, f"/{key}")


def _says_more(parts: Mapping[str, msgspec.Raw], key: str) -> bool:
    raw = parts.get(key)
    return raw is not None and bytes(raw).strip() not in (b"null", b'""', b"false")


def _bare(parts: Mapping[str, object], sections: Mapping[str, Section]) -> Section | None:
    """The section whose per-parent answer this file is, without a list around it."""
    found = (
        section
        for section in sections.values()
        for keys in section.bare
        if keys[0] in parts and parts.keys() >= set(keys)  # asked of every file: the first is soon
    )
    return next(found, None)


def _is_of(section: Section, key: str) -> bool:
    printed = section.record.__struct_encode_fields__
    return key in printed or any(key in keys for keys in section.bare)


def _whole(document: Document, text: bytes, section: Section) -> list[Record]:
    page = Page(document.file, *document.scope, section.key, "")
    record = _typed(document.file, "", text, section.record)
    stamp(record, page, "")
    return [record]


def _section(document: Document, section: Section, raw: msgspec.Raw) -> list[Record]:
    held = _held(section)
    if held and f'"{held}"'.encode() in bytes(raw):
        return _of_answers(document, section, raw, held)
    items = _typed(document.file, f"/{section.key}", raw, item_of(section), many=True)
    return stamped(document, section, items)


def _held(section: Section) -> str:
    """The list that a per-parent answer holds, where its items say themselves whose they are."""
    if section.nested:
        return ""
    lists = (call.take for call in section.calls if call.per)
    printed = section.record.__struct_encode_fields__
    return next((each for each in lists if each and each not in printed), "")


def _of_answers(document: Document, section: Section, raw: msgspec.Raw, held: str) -> list[Record]:
    """Whole answers, each wrapped with its parent's id as other per-parent answers have to be."""
    name, base = document.file, f"/{section.key}"
    records: list[Record] = []
    for number, each in enumerate(_typed(name, base, raw, msgspec.Raw, many=True)):
        answer = _typed(name, f"{base}/{number}", each, dict[str, msgspec.Raw])
        if held in answer:
            inner = f"{base}/{number}/{held}"
            found = _typed(name, inner, answer[held], section.record, many=True)
            more = (key for key in MORE if _says_more(answer, key))
            document.more = document.more or next(more, "")
            places = [f"{number}/{held}/{position}" for position in range(len(found))]
        else:
            found = [_typed(name, f"{base}/{number}", each, section.record)]
            places = [str(number)]
        page = Page(name, *document.scope, section.key, base)
        for record, place in zip(found, places, strict=True):
            stamp(record, page, place)
        records += found
    return records


def stamped(document: Document, section: Section, items: list[Any], first: int = 0) -> list[Record]:
    """The records that a section's list holds from ``first`` on, each with where it stood."""
    page = Page(document.file, *document.scope, section.key, f"/{section.key}")
    if section.nested:
        return _unwrap(items, section.nested, page, first)
    for number, record in enumerate(items, first):
        stamp(record, page, number)
    return items


def _unwrap(items: list[Any], nested: Nested, page: Page, first: int) -> list[Record]:
    printed = printed_names(nested.item)[nested.field]
    records: list[Record] = []
    for number, item in enumerate(items, first):
        inner: Sequence[Record] = getattr(item, nested.field)
        for position, record in enumerate(inner):
            stamp(record, page, f"{number}/{printed}/{position}")
            for name in nested.inherit:
                force_setattr(record, name, getattr(item, name))
        records += inner
    return records


def list_of(kind: Any) -> msgspec.json.Decoder[Any]:
    return _decoder(kind, True)


@cache
def _decoder(kind: type[Any], many: bool) -> msgspec.json.Decoder[Any]:
    wanted: Any = list[kind] if many else kind  # type: ignore[valid-type]
    return msgspec.json.Decoder(wanted)


def _typed(name: str, base: str, text: bytes | msgspec.Raw, kind: Any, many: bool = False) -> Any:
    try:
        return _decoder(kind, many).decode(text)
    except msgspec.DecodeError as failure:
        match = _AT.match(str(failure))
        what, path = match.groups() if match else (str(failure), None)
        raise SnapshotError(_words(what), name, base + _pointer(path or "")) from None


def _pointer(path: str) -> str:
    """msgspec's ``[0].Groups[1]`` as the JSON pointer ``/0/Groups/1``."""
    return "".join(f"/{number or key}" for number, key in _STEP.findall(path))


def _words(message: str) -> str:
    text = message.replace("`", "").replace("Object missing required field", "lacks the field")
    return f"{text[:1].lower()}{text[1:]}"


def _malformed(text: bytes, message: str) -> str:
    match = _BYTE.match(message)
    if match is None:
        return f"is not JSON: it ends too early, at {_line_and_column(text, len(text))}"
    what, byte = match.groups()
    return f"is not JSON: {what} at {_line_and_column(text, int(byte))}"


def _line_and_column(text: bytes, byte: int) -> str:
    line = text.count(b"\n", 0, byte) + 1
    column = len(text[text.rfind(b"\n", 0, byte) + 1 : byte].decode("utf-8", "replace")) + 1
    return f"line {line} column {column}"


def _orphan(name: str, section: Section) -> Diagnostic:
    return Diagnostic(
        "error",
        f"{section.orphan} without their parent's id cannot be used; wrap the answer as"
        f' {{"{section.key}": [{{"<the parent\'s id field>": ..., "{section.orphan}": [...]}}]}}',
        name,
        f"/{section.orphan}",
    )
