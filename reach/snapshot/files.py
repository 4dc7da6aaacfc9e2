"""The files of a snapshot: which there are, where each belongs, and their bytes.

Takes a path; gives each JSON file, of a folder or of one ``.tar.zst``, under its name relative to
the snapshot, in sorted order.  With ``archive`` the only part of loading that touches the file
system.  Nothing but a regular file is ever opened, and nothing outside the folder.  Must not know
what the files say.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from reach.snapshot.archive import is_archive, unpack
from reach.snapshot.errors import Diagnostic, SnapshotError
from reach.snapshot.record import Scope

MANIFEST = "manifest.json"
_ACCOUNT = re.compile(r"\d{12}")
_COMPASS = "north|south|east|west|central|northeast|northwest|southeast|southwest"
_REGION = re.compile(rf"[a-z]{{2,4}}(-[a-z]+)?-({_COMPASS})-\d{{1,2}}")


@dataclass
class Listing:
    """The JSON files of one snapshot, by name, and what was passed over.

    ``found`` is what lies on the disk: of an archive itself, which is unpacked when its files are
    asked for.  Those are their bytes.
    """

    root: str
    found: dict[str, Path] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    is_archive: bool = False

    @cached_property
    def files(self) -> Mapping[str, Path | bytes]:
        """Raises SnapshotError for an archive that cannot be unpacked."""
        if not self.is_archive:
            return self.found
        return {k: v for name, path in self.found.items() for k, v in unpack(path, name).items()}

    @property
    def size(self) -> int:
        """The bytes on the disk.  Raises SnapshotError for a file that is there no more."""
        try:
            return sum(path.stat().st_size for path in self.found.values())
        except OSError as failure:
            raise SnapshotError(_reason(failure), _printable(str(failure.filename))) from None

    @property
    def is_captured(self) -> bool:
        """Whether a capture may have written it, and said of each file how it was."""
        return any(name.rpartition("/")[2] == MANIFEST for name in self.files)

    def documents(self) -> Iterator[tuple[str, bytes]]:
        """Each file's name and bytes, one at a time."""
        for name in sorted(self.files):
            file = self.files[name]
            yield name, file if isinstance(file, bytes) else read(file, name)


def find(path: str | os.PathLike[str]) -> Listing:
    """The JSON files of a folder or of an archive, or the one file that ``path`` is."""
    if not os.fspath(path):
        raise SnapshotError("no path was given; a folder of JSON files is expected")
    start = Path(path)
    listing = Listing(os.fspath(path))
    mode = _mode(start, str(start))
    if stat.S_ISREG(mode):
        listing.found[_printable(start.name)] = start
        listing.is_archive = _is_archive(start)
        return listing
    if not stat.S_ISDIR(mode):
        raise SnapshotError(
            f"is {_kind(mode)}; a folder of JSON files, a .tar.zst or one JSON file is expected",
            str(start),
        )
    _walk(start, listing)
    if not listing.found:
        raise SnapshotError(
            "the folder holds no *.json file; it should hold what the describe calls printed",
            str(start),
        )
    return listing


def scope_of_file(name: str) -> Scope:
    """The account and Region of a file: those of the nearest folders that look like one."""
    folders = name.split("/")[-2::-1]
    account = next((folder for folder in folders if _ACCOUNT.fullmatch(folder)), "")
    region = next((folder for folder in folders if _REGION.fullmatch(folder)), "")
    return Scope(account, region)


def _walk(start: Path, listing: Listing) -> None:
    """Collect the files below ``start``, without following links to folders."""
    root = os.path.realpath(start)
    waiting = [(start, "")]
    while waiting:
        folder, prefix = waiting.pop()
        for entry in _entries(folder, prefix):
            name = prefix + _printable(entry.name)
            is_json = entry.name.lower().endswith(".json")
            if entry.is_symlink() and (is_json or _leads_to_folder(entry)):
                _refuse_outside(entry, root, name)
            if entry.is_dir(follow_symlinks=False):
                waiting.append((folder / entry.name, f"{name}/"))
            elif _leads_to_folder(entry):
                words = "is a link to a folder, which is read where it stands"
                listing.diagnostics.append(Diagnostic("note", words, name))
            elif is_json:
                path = folder / entry.name
                is_plain = entry.is_file(follow_symlinks=False)  # asks the system nothing more
                listing.found[name] = path if is_plain else _regular(path, name)


def _refuse_outside(entry: os.DirEntry[str], root: str, name: str) -> None:
    target = os.path.realpath(entry.path)
    if os.path.commonpath((root, target)) != root:
        raise SnapshotError(
            "is a link that leads out of the snapshot's folder; put the file itself there", name
        )


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_archive(path: Path) -> bool:
    try:
        return is_archive(path)
    except OSError as failure:
        raise SnapshotError(_reason(failure), _printable(path.name)) from None


def _regular(path: Path, name: str) -> Path:
    mode = _mode(path, name)
    if not stat.S_ISREG(mode):
        raise SnapshotError(f"is {_kind(mode)}; a regular file is expected", name)
    return path


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _entries(folder: Path, prefix: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted((e for e in entries if not e.name.startswith(".")), key=_name)
    except OSError as failure:
        raise SnapshotError(_reason(failure), prefix or str(folder)) from None


def _mode(path: Path, name: str) -> int:
    try:
        return path.stat().st_mode
    except (OSError, ValueError) as failure:
        raise SnapshotError(_reason(failure), name) from None


def read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise SnapshotError(_reason(failure), name) from None


def _reason(failure: OSError | ValueError) -> str:
    words = getattr(failure, "strerror", None) or str(failure)
    return f"cannot be read: {words}"


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
        (stat.S_ISDIR, "a folder"),
    )
    return next((words for test, words in kinds if test(mode)), "no regular file")


def _printable(name: str) -> str:
    """A file name that can be printed, whatever bytes it is made of."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
