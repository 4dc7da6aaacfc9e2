"""The folder of a capture: files that appear whole or not at all, and what is done already.

    with Folder.open(path, asked, tool, resume=True, now=...) as folder:
        folder.write(scope, "ec2.DescribeVpcs.json", content) -> sha256

A file is written beside its place, flushed to the disk and renamed into it.  A line of the journal
follows each; a line that is torn, or whose file is another, counts for nothing.  While a capture is
not finished its manifest says so, and the loader refuses the folder.  Folders are 0700, files 0600.
Must not know what is in a file.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from reach.snapshot.capture.targets import CaptureError
from reach.snapshot.manifest import BEGUN, FORMAT, KEY, NAME
from reach.snapshot.record import Scope

_WORK, _JOURNAL, _LOCK = ".capture", "journal", "lock"
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE

Entry = dict[str, Any]


def dumps(value: Any) -> bytes:
    """JSON in the one form that captures are written in."""
    return orjson.dumps(value, option=_OPTIONS)


def folder_of(scope: Scope) -> str:
    """Where the files of an account and Region stand; of an account alone, above its Regions."""
    return "/".join(filter(None, scope))


@dataclass(eq=False)
class Folder:
    """An open capture.  ``begun`` is when it was, ``done`` what the journal tells, by file."""

    path: Path
    begun: str
    head: Entry
    done: dict[str, Entry] = field(default_factory=dict)
    _journal: int = -1
    _lock: int = -1

    @classmethod
    def open(cls, path: Path, head: Entry, *, resume: bool, now: str) -> Folder:
        """Begin a capture, or go on with one.  ``head`` is what makes it the same capture."""
        _make(path)
        told = _manifest_of(path)
        if told is None and any(each.name != _WORK for each in path.iterdir()):
            raise CaptureError(f"{path} is not empty, and no capture; name a new folder")
        if told is not None and not resume:
            raise CaptureError(f"{path} holds a capture; --resume goes on with it")
        if told is not None:
            _same(path, told, head)
        folder = cls(path, told["window"]["from"] if told else now, head)
        folder._start(told)
        return folder

    def _start(self, told: Entry | None) -> None:
        _make(self.path / _WORK)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._lock = os.open(self.path / _WORK / _LOCK, flags, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CaptureError(f"{self.path} is being captured by another process") from None
        known = told["calls"] if told else []
        entries = {each["file"]: each for each in known if each.get("file")}
        entries.update(self._journalled())
        self.done = {name: each for name, each in entries.items() if self._holds(each)}
        state = {"status": BEGUN, "window": {"from": self.begun}, "calls": self._in_order()}
        self.manifest({**self.head, **state})
        self._journal = os.open(self.path / _WORK / _JOURNAL, flags | os.O_APPEND, 0o600)
        os.write(self._journal, b"\n")  # whatever tore the last line ends here

    def _in_order(self) -> list[Entry]:
        return [self.done[name] for name in sorted(self.done)]

    def _journalled(self) -> dict[str, Entry]:
        try:
            lines = (self.path / _WORK / _JOURNAL).read_bytes().split(b"\n")
        except FileNotFoundError:
            return {}
        found = {}
        for line in filter(None, lines):
            try:
                entry = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue  # torn: the file it spoke of is asked for again
            found[entry["file"]] = entry
        return found

    def _holds(self, entry: Mapping[str, Any]) -> bool:
        """Whether the file is there as it was written."""
        try:
            found = _sha256((self.path / entry["file"]).read_bytes())
            return bool(found == entry["sha256"])
        except OSError:
            return False

    # ---------------------------------------------------------------- reading and writing

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def write(self, name: str, content: bytes) -> str:
        """Write a file whole; its sha256."""
        place = self.path / name
        _make_down(self.path, place.parent)
        rough = self.path / _WORK / "writing"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        number = os.open(rough, flags, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(number)
        os.replace(rough, place)
        _sync(place.parent)
        return _sha256(content)

    def record(self, entry: Entry) -> None:
        """Say that a file is done.  Only after it is."""
        self.done[entry["file"]] = entry
        os.write(self._journal, orjson.dumps(entry) + b"\n")
        os.fsync(self._journal)

    def discard(self, name: str) -> None:
        """Take away a file that an earlier run left and that this one has no answer for."""
        (self.path / name).unlink(missing_ok=True)
        self.done.pop(name, None)

    def manifest(self, told: Mapping[str, Any]) -> None:
        self.write(NAME, dumps({KEY: {"format": FORMAT, **told}}))

    def finish(self, told: Mapping[str, Any]) -> None:
        """The manifest, and nothing of the work any more."""
        self.manifest({**self.head, **told})
        self.close()
        shutil.rmtree(self.path / _WORK)
        _sync(self.path)

    def close(self) -> None:
        for number in (self._journal, self._lock):
            if number >= 0:
                os.close(number)
        self._journal = self._lock = -1

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.close()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _make(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.is_dir() or path.stat().st_uid != os.getuid():
        raise CaptureError(f"{path} is no folder of yours")
    path.chmod(0o700)


def _make_down(top: Path, path: Path) -> None:
    """Each folder between, with the rights of the first."""
    for part in reversed([path, *path.parents]):
        if part.is_relative_to(top) and not part.is_dir():
            part.mkdir(mode=0o700)
            part.chmod(0o700)
            _sync(part.parent)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _manifest_of(path: Path) -> Entry | None:
    try:
        told = orjson.loads((path / NAME).read_bytes())[KEY]
        known = told["format"] == FORMAT and isinstance(told["window"]["from"], str)
    except FileNotFoundError:
        return None
    except (orjson.JSONDecodeError, KeyError, TypeError):
        known = False
    if not known:
        raise CaptureError(f"{path}/{NAME} is no manifest of a capture; name a new folder")
    manifest: Entry = told
    return manifest


def _same(path: Path, told: Mapping[str, Any], head: Mapping[str, Any]) -> None:
    """A capture goes on as it was begun, or the folder would hold two halves."""
    before, now = _flat(told, head), _flat(head, head)
    other = [name for name in now if before.get(name) != now[name]]
    if other:
        words = "; ".join(f"{n}: {_words(before.get(n))}, now {_words(now[n])}" for n in other)
        raise CaptureError(
            f"{path} was begun otherwise ({words}); go on as it was begun, or name a new folder"
        )


def _flat(told: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """What makes a capture the same, an option for each line."""
    flat: dict[str, Any] = {}
    for name in names:
        value = told.get(name)
        flat.update(value if isinstance(value, dict) else {name: value})
    return flat


def _words(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return str(value)
