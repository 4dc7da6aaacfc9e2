"""A typed snapshot beside the files that it was read from, for the next time.

    recall(place, listing, sections) -> Snapshot or None        keep(place, ..., contents)
    likely(place, listing, sections) -> Likely or None, of which it is not known yet

It lies in ``.reach-cache`` in the snapshot's folder, or in that of the one file.  It is believed if
this user wrote it, with this very program, of files that hold the same bytes under the same names;
else it is as if it were not there, and is written anew.  Nothing that goes wrong with it is ever
the asker's concern.  Must not know any section by name.

    magic  seal  one msgpack value
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from reach.snapshot import fingerprint, seal
from reach.snapshot.calls import Calls
from reach.snapshot.errors import Diagnostic
from reach.snapshot.files import Listing
from reach.snapshot.fingerprint import Begun, Content
from reach.snapshot.processors import processors
from reach.snapshot.record import Record, Scope
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.table import Part, Table, pack

FOLDER = ".reach-cache"
_MAGIC = b"reach snapshot 2\n"
_MOST, _LEAST = 4, 1 << 20  # it is smaller than what it is made from, but for what is very small
# As other tools mark theirs: nobody commits it, and no back-up needs it (bford.info/cachedir).
_MARKS = {
    ".gitignore": b"*\n",
    "CACHEDIR.TAG": b"Signature: 8a477f597d28d172789f06886806bc55\n# Delete it freely.\n",
}


class _Kept(msgspec.Struct, array_like=True, gc=False):
    made: bytes
    contents: tuple[Content, ...]
    passed_over: tuple[Diagnostic, ...]
    files: tuple[str, ...]
    folders: tuple[tuple[Scope, str], ...]
    answers: tuple[tuple[str, Scope], ...]
    cut: tuple[tuple[str, Scope, str], ...]
    diagnostics: tuple[Diagnostic, ...]
    ignored: tuple[tuple[str, tuple[str, ...]], ...]
    tables: tuple[tuple[str, tuple[Part, ...], bytes], ...]


class Place(NamedTuple):
    """Where the cache of a snapshot lies, and with which key it is sealed."""

    path: Path
    key: bytes


def place_of(listing: Listing) -> Place | None:
    """None where this user has no key."""
    key = seal.own_key()
    root = Path(listing.root)
    path = root / FOLDER / "snapshot" if root.is_dir() else root.parent / FOLDER / root.name
    return Place(path, key) if key is not None else None


class Likely(NamedTuple):
    """What was kept of files of the same names and sizes, which are being hashed meanwhile."""

    snapshot: Snapshot
    contents: tuple[Content, ...]
    begun: Begun

    def is_so(self) -> bool:
        """Whether it is of these very files; waits until they are hashed."""
        try:
            return self.contents == self.begun.end()
        except OSError:
            return False


def recall(place: Place, listing: Listing, sections: Mapping[str, Section]) -> Snapshot | None:
    """What was kept, if it is of these very files."""
    found = likely(place, listing, sections, processors())
    return found.snapshot if found is not None and found.is_so() else None


def likely(
    place: Place, listing: Listing, sections: Mapping[str, Section], threads: int = 1
) -> Likely | None:
    """What was kept, if it may be of these files: nothing may be said before ``is_so`` says so.

    The files are being hashed while the cache is read.
    """
    told, begun = None, None
    try:
        begun = fingerprint.begun(listing.found, threads) if place.path.exists() else None
        told = _kept(place, listing, sections) if begun else None
    except OSError:
        return None
    finally:
        if begun is not None and told is None:
            begun.give_up()
    if begun is None or told is None:
        return None
    return Likely(_snapshot(told, listing.root, sections), told.contents, begun)


def keep(
    place: Place,
    listing: Listing,
    sections: Mapping[str, Section],
    snapshot: Snapshot,
    contents: Sequence[Content],
) -> None:
    """Write it, all at once; where it cannot be written there is none."""
    told = msgspec.msgpack.encode(_told(listing, sections, snapshot, contents))
    with contextlib.suppress(OSError):
        _write(place.path, (_MAGIC, seal.seal(place.key, told), told))


def _read(path: Path, most: int) -> bytes | None:
    """Nothing but a plain file of a likely size is opened, and its folder is no link."""
    state = path.lstat()
    if not stat.S_ISDIR(path.parent.lstat().st_mode) or not stat.S_ISREG(state.st_mode):
        return None
    return path.read_bytes() if state.st_size <= most else None


def _opened(text: bytes, key: bytes) -> _Kept | None:
    """None unless this user wrote every byte of it.  Raises MsgspecError."""
    start = len(_MAGIC) + seal.SIZE
    sealed, told = text[len(_MAGIC) : start], memoryview(text)[start:]
    if not text.startswith(_MAGIC) or not seal.is_sealed(key, sealed, told):
        return None
    return msgspec.msgpack.decode(told, type=_Kept)


def _kept(place: Place, listing: Listing, sections: Mapping[str, Section]) -> _Kept | None:
    """What was kept, but for the bytes of the files: the questions that cost little.

    Raises OSError.
    """
    try:
        text = _read(place.path, _MOST * listing.size + _LEAST)
        told = _opened(text, place.key) if text is not None else None
    except msgspec.MsgspecError:
        return None
    return told if told is not None and _may_be_of(told, listing, sections) else None


def _may_be_of(told: _Kept, listing: Listing, sections: Mapping[str, Section]) -> bool:
    """Whether it is of this making, and of files of these names and sizes."""
    made = fingerprint.making(sections)
    return (
        told.made == made != b""
        and told.passed_over == tuple(listing.diagnostics)
        and [(each.name, each.size) for each in told.contents] == fingerprint.sizes(listing.found)
    )


def _snapshot(told: _Kept, root: str, sections: Mapping[str, Section]) -> Snapshot:
    tables = {
        key: Table(sections[key].record, parts, columns) for key, parts, columns in told.tables
    }
    calls = Calls(
        sections,
        dict(told.folders),
        frozenset(told.answers),
        {(key, scope): place for key, scope, place in told.cut},
    )
    return Snapshot(
        path=root,
        files=told.files,
        sections=MappingProxyType(dict(sections)),
        calls=calls,
        diagnostics=told.diagnostics,
        ignored=MappingProxyType(dict(told.ignored)),
        contents=MappingProxyType(
            {section.record: tables.get(key, {}) for key, section in sections.items()}
        ),
    )


def _table(section: Section, records: Mapping[str, Record]) -> tuple[tuple[Part, ...], bytes]:
    """Records that are packed already, or are packed now and stay as they are; their columns."""
    if not isinstance(records, Table):
        copies = [msgspec.structs.replace(each) for each in records.values()]
        records = Table(section.record, (pack(copies, list(records), section.columns_of(copies)),))
    found = records.with_columns_joined()
    return found.parts, found.columns


def _told(
    listing: Listing,
    sections: Mapping[str, Section],
    snapshot: Snapshot,
    contents: Sequence[Content],
) -> _Kept:
    calls = snapshot.calls
    return _Kept(
        made=fingerprint.making(sections),
        contents=tuple(sorted(contents)),
        passed_over=tuple(listing.diagnostics),
        files=snapshot.files,
        folders=tuple(calls.folders.items()),
        answers=tuple(sorted(calls.made)),
        cut=tuple((key, scope, place) for (key, scope), place in calls.cut.items()),
        diagnostics=snapshot.diagnostics,
        ignored=tuple(snapshot.ignored.items()),
        tables=tuple(
            (key, *_table(section, snapshot.contents[section.record]))
            for key, section in sections.items()
            if snapshot.contents[section.record]
        ),
    )


def _write(path: Path, parts: Sequence[bytes | memoryview]) -> None:
    """Into a file of another name, which then takes the place of the old one."""
    folder = path.parent
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        for name, text in _MARKS.items():
            (folder / name).write_bytes(text)
    if not stat.S_ISDIR(folder.lstat().st_mode):
        return
    with _draft(folder) as draft:
        with draft.open("wb") as file:
            file.writelines(parts)
        draft.replace(path)


@contextlib.contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(dir=folder, prefix="draft-")
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
