"""A snapshot as one file, ``.tar.zst``: its JSON files out of the archive, and into one.

    unpack(path) -> {name: bytes}       pack(documents, out)

Nothing is ever written where an archive says: members are read into memory, and one with a name
that would lead out of the snapshot, or that is no plain file, is refused.  Equal files give equal
archives.  Must not know what the files say.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from reach.snapshot.errors import SnapshotError

if TYPE_CHECKING:
    from zstandard import ZstdDecompressionObj

SUFFIX = ".tar.zst"
MAGIC = b"\x28\xb5\x2f\xfd"  # RFC 8878, 3.1.1
LARGEST = 4 << 30  # bytes unpacked; what is beyond is no snapshot, or is meant to do harm
MOST = 200_000  # members
# A block of 4 bytes can stand for 128 KiB (RFC 8878, 3.1.1.2): little is read at a time, so that
# no more than 64 MiB are unpacked before they are counted.
_CHUNK = 2048
_WINDOW = 1 << 27
_LEVEL = 10


def is_archive(path: Path) -> bool:
    """Told by its first bytes, as no JSON begins so."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def unpack(path: Path, name: str, largest: int = LARGEST, most: int = MOST) -> dict[str, bytes]:
    """The JSON files of an archive, by name.  Raises SnapshotError for whatever is wrong."""
    import zstandard

    found: dict[str, bytes] = {}
    try:
        with path.open("rb") as file:
            unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
            stream = _Stream(file, unpacker, name, largest)
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for number, member in enumerate(archive):
                    if number >= most:
                        raise SnapshotError(f"has more than {most:,} members", name)
                    if _is_wanted(member, found, name):
                        found[member.name.removeprefix("./")] = _content(archive, member)
            stream.drain()
    except (zstandard.ZstdError, tarfile.TarError, EOFError) as failure:
        raise SnapshotError(f"is no whole {SUFFIX}: {failure}", name) from None
    if not found:
        raise SnapshotError("holds no *.json file", name)
    return found


def pack(documents: Iterable[tuple[str, bytes]], out: Path) -> int:
    """Write an archive that is not there yet; gives how many files it holds.

    The bytes depend on the files' names and bytes alone, and on the version of zstd.
    """
    import zstandard

    packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    count = 0
    with out.open("xb") as file:
        try:
            with (
                packer.stream_writer(file, closefd=False) as stream,
                tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive,
            ):
                for name, text in sorted(documents):
                    archive.addfile(_member(name, text), io.BytesIO(text))
                    count += 1
        except BaseException:
            out.unlink()
            raise
    return count


def _member(name: str, text: bytes) -> tarfile.TarInfo:
    """The same for everybody and at any time."""
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(text), 0o600, 0
    return member


def _is_wanted(member: tarfile.TarInfo, found: dict[str, bytes], archive: str) -> bool:
    """Whether it is a JSON file; the same are passed over as in a folder."""
    name = member.name.removeprefix("./")
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "\\" in name or "\0" in name:
        raise SnapshotError(f"holds {name!r}, which leads out of the snapshot", archive)
    if any(part.startswith(".") for part in parts) or not name.lower().endswith(".json"):
        return False
    if member.isdir():
        return False
    if not member.isreg():
        raise SnapshotError(f"holds {name!r}, which is no plain file", archive)
    if name in found:
        raise SnapshotError(f"holds {name!r} twice; one of them would be lost", archive)
    return True


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    text = file.read() if file is not None else b""
    if len(text) < member.size:
        raise EOFError(f"{member.name} ends too early")
    return text


class _Stream(io.RawIOBase):
    """What an archive unpacks to, counted as it comes."""

    def __init__(
        self, file: IO[bytes], unpacker: ZstdDecompressionObj, name: str, largest: int
    ) -> None:
        self._parts = self._unpacked(file, unpacker)
        self._name, self._largest, self._count = name, largest, 0
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """As many bytes as were asked for, but at the end."""
        parts = [self._rest]
        held = len(self._rest)
        while size < 0 or held < size:
            part = next(self._parts, b"")
            if not part:
                break
            parts.append(part)
            held += len(part)
        whole = b"".join(parts)
        size = len(whole) if size < 0 else size
        self._rest = whole[size:]
        return whole[:size]

    def drain(self) -> None:
        """Whatever stands after the last member: the archive must be whole to its end."""
        while self.read(1 << 20):
            pass

    def _unpacked(self, file: IO[bytes], unpacker: ZstdDecompressionObj) -> Iterator[bytes]:
        while chunk := file.read(_CHUNK):
            if unpacker.eof:
                raise EOFError("something stands after its end")
            part = unpacker.decompress(chunk)
            self._count += len(part)
            if self._count > self._largest:
                words = f"unpacks to more than {self._largest:,} bytes"
                raise SnapshotError(words, self._name)
            if part:
                yield part
        if unpacker.unused_data:
            raise EOFError("something stands after its end")
        if not unpacker.eof:
            raise EOFError("it ends too early")
