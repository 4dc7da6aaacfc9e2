"""Messages over pipes: each with its length before it, so that half of one is known for what it is.

    put(stream, message)        take(stream) -> bytes, or None

Must not know what a message says.
"""

from __future__ import annotations

from typing import IO

_LENGTH = 8  # bytes that say how long a message is


def put(stream: IO[bytes], message: bytes) -> None:
    """Raises OSError where nobody reads any more."""
    stream.write(len(message).to_bytes(_LENGTH, "big") + message)
    stream.flush()


def take(stream: IO[bytes]) -> bytes | None:
    """The next message; None where there is none, or no whole one."""
    length = int.from_bytes(stream.read(_LENGTH), "big")
    message = stream.read(length)
    return message if length and len(message) == length else None
