"""Several processes that read the files of one snapshot.

    read_all(listing, crew, made) -> extracts, or None        serve(made, sections, in, out)

A process is told names of files and answers with extracts, until nobody asks it any more.  Where
one cannot be started, dies, or is not of the same making, there is no answer, and whoever asked
reads the files itself.  Must not know what an extract says, nor how the program is started.
"""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, NamedTuple

import msgspec

from reach.frames import put, take, write
from reach.snapshot.errors import SnapshotError
from reach.snapshot.extract import BOTH, Extract, Hashed, extract_file
from reach.snapshot.files import Listing
from reach.snapshot.section import Section

_encode = msgspec.msgpack.encode
_extract = msgspec.msgpack.Decoder(Extract)


class Crew(NamedTuple):
    """How a process is started that calls ``serve``, and how many of them there may be."""

    command: tuple[str, ...]
    most: int


class _Job(msgspec.Struct, array_like=True, gc=False):
    name: str
    path: bytes
    hashed: Hashed = BOTH


_job = msgspec.msgpack.Decoder(_Job)


def serve(made: bytes, sections: Mapping[str, Section], asked: IO[bytes], told: IO[bytes]) -> None:
    """Say of what making this is, then read one file after the other."""
    gc.disable()
    write(told, made)
    while (message := take(asked)) is not None:
        job = _job.decode(message)
        put(told, _encode(_extracted(job, sections)))


def read_all(
    listing: Listing, crew: Crew, made: bytes, hashed: Hashed = BOTH
) -> list[Extract] | None:
    """What all files come to, in any order."""
    try:
        jobs = _jobs(listing, hashed)
        count = min(crew.most, jobs.qsize())
        with contextlib.ExitStack() as stack, ThreadPoolExecutor(count) as threads:
            readers = [stack.enter_context(_started(crew.command)) for _ in range(count)]
            parts = threads.map(lambda reader: list(_asked(reader, jobs, made)), readers)
            return [each for part in parts for each in part]
    except (OSError, EOFError, msgspec.MsgspecError):
        return None


def _jobs(listing: Listing, hashed: Hashed) -> SimpleQueue[_Job]:
    """The largest first, so that nobody waits long for the last."""
    jobs: SimpleQueue[_Job] = SimpleQueue()
    sizes = {name: path.stat().st_size for name, path in listing.found.items()}
    for name in sorted(sizes, key=sizes.__getitem__, reverse=True):
        jobs.put(_Job(name, bytes(listing.found[name]), hashed))
    return jobs


@contextlib.contextmanager
def _started(command: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is there no more when this ends, however it ends."""
    quiet = subprocess.DEVNULL
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=quiet)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _asked(
    reader: subprocess.Popen[bytes], jobs: SimpleQueue[_Job], made: bytes
) -> Iterator[Extract]:
    """Raises EOFError where the process does not answer, or is of another making."""
    assert reader.stdin is not None
    assert reader.stdout is not None
    if not _says(reader.stdout, made):
        raise EOFError("of another making")
    with contextlib.suppress(Empty):
        while True:
            put(reader.stdin, _encode(jobs.get_nowait()))
            message = take(reader.stdout)
            if message is None:
                raise EOFError("it went away")
            yield _extract.decode(message)


def _says(source: IO[bytes], expected: bytes) -> bool:
    """Whether this and nothing else is said first; no more is waited for than that takes."""
    told = b""
    while len(told) < len(expected) and expected.startswith(told):
        part = source.read(1)
        if not part:
            break
        told += part
    return told == expected


def _extracted(job: _Job, sections: Mapping[str, Section]) -> Extract:
    try:
        path = Path(os.fsdecode(job.path))
        return extract_file(job.name, path, sections, job.hashed)
    except SnapshotError:
        return Extract(job.name, wrong=True)
