"""Messages over pipes: each with its length before it, so that half of one is known for what it is.

    put(stream, message)        take(stream) -> bytes, or None        write(stream, data)

Must not know what a message says.
"""

from __future__ import annotations

from typing import IO

_LENGTH = 8  # bytes that say how long a message is


def put(stream: IO[bytes], message: bytes) -> None:
    """Raises OSError where nobody reads any more."""
    write(stream, len(message).to_bytes(_LENGTH, "big") + message)


def write(stream: IO[bytes], data: bytes) -> None:
    """All of it, at once.

    Python's standard output takes but a part, without a word, where PYTHONUNBUFFERED is set and a
    signal comes, or the data are more than 2 GiB (write(2)).
    """
    left = memoryview(data)
    while left:
        left = left[stream.write(left) :]
    stream.flush()


def take(stream: IO[bytes]) -> bytes | None:
    """The next message; None where there is none, or no whole one."""
    length = int.from_bytes(stream.read(_LENGTH), "big")
    message = stream.read(length)
    return message if length and len(message) == length else None
