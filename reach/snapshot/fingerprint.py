"""What files hold, and what program reads them, each as a hash.

    contents(files) -> (name, size, hash) of each        making(sections) -> bytes
    begun(files) -> Begun, whose ``end()`` gives the same later        hash_of(text) -> bytes

Takes paths; gives hashes of bytes that were read, never of what a file system says of them.  Must
not know what they are compared with.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple, NoReturn

import msgspec
from blake3 import blake3

from reach.snapshot.processors import processors
from reach.snapshot.section import Section

_PACKAGE = Path(__file__).parent.parent
_SMALL = 1 << 18  # bytes that are hashed in less time than it takes to hand them to a thread
_AT_ONCE = 1 << 20  # bytes: what stays in the processor's cache until it is hashed
_BESIDE = 1 << 23  # the same for a thread that waits for another one at each read: see `begun`


class Content(NamedTuple):
    """One file: its name in the snapshot, and what it holds."""

    name: str
    size: int
    hash: bytes


def sizes(files: Mapping[str, Path]) -> list[tuple[str, int]]:
    """The names and sizes alone, which tell cheaply that something is another.  Raises OSError."""
    return [(name, files[name].stat().st_size) for name in sorted(files)]


def contents(files: Mapping[str, Path]) -> tuple[Content, ...]:
    """Every byte of every file is read, by as many threads as there are processors.

    Raises OSError.
    """
    return begun(files, processors()).end()


def begun(files: Mapping[str, Path], threads: int = 1) -> Begun:
    """The same while this thread does something else: large files are read by others.

    Small ones are read at once.  A thread that hashes works beside one that runs Python, but each
    time that it asks the system for something it has to wait until that one lets go.  Raises
    OSError.
    """
    sizes = {name: path.stat().st_size for name, path in files.items()}
    large = sorted((n for n, size in sizes.items() if size > _SMALL), key=sizes.__getitem__)
    workers = ThreadPoolExecutor(threads) if large else None
    most = _AT_ONCE if threads > 1 else _BESIDE
    later = [workers.submit(_large, n, files[n], most) for n in reversed(large)] if workers else []
    some = bytearray(_AT_ONCE)
    try:
        small = (name for name, size in sizes.items() if size <= _SMALL)
        known = [_content(name, files[name], some) for name in small]
    except OSError:
        Begun(workers, [], later).give_up()
        raise
    return Begun(workers, known, later)


@dataclass(frozen=True)
class Begun:
    """Files that are being hashed.  It has to be ended, or given up."""

    workers: ThreadPoolExecutor | None
    known: list[Content]
    later: list[Future[Content]]

    def end(self) -> tuple[Content, ...]:
        """Every file, when all are done.  Raises OSError."""
        try:
            return tuple(sorted([*self.known, *(each.result() for each in self.later)]))
        finally:
            self.give_up()

    def give_up(self) -> None:
        """Hash no further file."""
        if self.workers is not None:
            self.workers.shutdown(cancel_futures=True)


def making(sections: Mapping[str, Section]) -> bytes:
    """Of this program: its own text, Python, what decodes, and what it reads.

    All of its text, as no part of it is known to matter to no record.  Empty where there is none to
    be read: then nothing is known to be of the same making.
    """
    text = _program()
    records = [
        [key, f"{s.record.__module__}.{s.record.__qualname__}"] for key, s in sections.items()
    ]
    told = [text, sys.version, sys.byteorder, msgspec.__version__, records]
    return hash_of(msgspec.json.encode(told)) if text else b""


def hash_of(text: bytes) -> bytes:
    """As ``contents`` makes it of a file."""
    return hasher(text).digest()


def hasher(text: bytes = b"") -> blake3:
    """The same of what is told it bit by bit."""
    return blake3(text)


@cache
def _program() -> str:
    """The hash of the package's modules; the file system is asked for them once."""
    found, count = blake3(), 0
    try:
        for name, path in _modules():
            with open(path, "rb", buffering=0) as file:
                text = file.read()
            told = os.fsencode(name)
            found.update(b"%d %s %d " % (len(told), told, len(text)) + text)
            count += 1
    except OSError:
        return ""
    return found.hexdigest() if count else ""


def _modules() -> list[tuple[str, str]]:
    """Every module by its place in the package.  Raises OSError for a folder that hides some."""
    found = []
    for folder, _, files in os.walk(_PACKAGE, onerror=_refuse):
        place = folder.removeprefix(str(_PACKAGE))
        found += [(f"{place}/{n}", os.path.join(folder, n)) for n in files if n.endswith(".py")]
    return sorted(found)


def _refuse(failure: OSError) -> NoReturn:
    raise failure


def _large(name: str, path: Path, most: int) -> Content:
    return _content(name, path, bytearray(most))


def _content(name: str, path: Path, some: bytearray) -> Content:
    """Read into ``some``, again and again."""
    found, size = blake3(), 0
    with open(path, "rb", buffering=0) as file, memoryview(some) as view:
        while count := file.readinto(some):
            found.update(view[:count])
            size += count
    return Content(name, size, found.digest())
