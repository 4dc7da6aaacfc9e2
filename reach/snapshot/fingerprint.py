"""What files hold, and what program reads them, each as a hash.

    contents(files) -> (name, size, sha256) of each        making(sections) -> bytes

Takes paths; gives hashes of bytes that were read, never of what a file system says of them.  Must
not know what they are compared with.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from reach.snapshot.processors import processors
from reach.snapshot.section import Section

_PACKAGE = Path(__file__).parent.parent


class Content(NamedTuple):
    """One file: its name in the snapshot, and what it holds."""

    name: str
    size: int
    sha256: str


def sizes(files: Mapping[str, Path]) -> list[tuple[str, int]]:
    """The names and sizes alone, which tell cheaply that something is another.  Raises OSError."""
    return [(name, files[name].stat().st_size) for name in sorted(files)]


def contents(files: Mapping[str, Path]) -> tuple[Content, ...]:
    """Every byte of every file is read, by as many threads as there are processors.

    Raises OSError.
    """
    by_size = sorted(files, key=lambda name: files[name].stat().st_size, reverse=True)
    with ThreadPoolExecutor(processors()) as threads:
        found = threads.map(lambda name: _content(name, files[name]), by_size)
        return tuple(sorted(found))


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
    return hashlib.sha256(msgspec.json.encode(told)).digest() if text else b""


@cache
def _program() -> str:
    """The hash of the package's modules; the file system is asked for them once."""
    found = hashlib.sha256()
    modules = sorted(_PACKAGE.rglob("*.py"))
    try:
        for module in modules:
            text = module.read_bytes()
            name = module.relative_to(_PACKAGE).as_posix().encode()
            found.update(b"%d %s %d " % (len(name), name, len(text)) + text)
    except OSError:
        return ""
    return found.hexdigest() if modules else ""


def _content(name: str, path: Path) -> Content:
    with path.open("rb", buffering=0) as file:
        found = hashlib.file_digest(file, "sha256")
        return Content(name, file.tell(), found.hexdigest())
