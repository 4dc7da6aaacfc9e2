"""Messages arrive whole, however little a stream takes at a time; half of one is none."""

from __future__ import annotations

import io
from typing import IO, Any, cast

import pytest

from reach import console
from reach.frames import put, take, write

MESSAGES = [b"a", b"what is longer than the stream takes", bytes(range(256)) * 100]


class Stingy(io.RawIOBase):
    """As a pipe whose writer is interrupted: it takes a few bytes, and says how many."""

    def __init__(self) -> None:
        self.taken = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        some = bytes(memoryview(data)[:7])
        self.taken += some
        return len(some)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_written_whole(message: bytes) -> None:
    """Python's standard output is such a stream where PYTHONUNBUFFERED is set."""
    stream = Stingy()
    put(cast(IO[bytes], stream), message)
    assert take(io.BytesIO(bytes(stream.taken))) == message


def test_half_a_message_is_none() -> None:
    """Nor is what ends before it begins."""
    whole = io.BytesIO()
    put(whole, b"message")
    for size in range(len(whole.getvalue())):
        assert take(io.BytesIO(whole.getvalue()[:size])) is None


def test_what_is_said_is_said_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer, too."""
    stream = Stingy()

    class Out:
        buffer = stream

        def flush(self) -> None:
            """Nothing waits."""

    monkeypatch.setattr("sys.stdout", Out())
    console.put("it is REACHABLE, ünd so on " * 10)
    assert stream.taken.decode() == "it is REACHABLE, ünd so on " * 10


def test_nothing_is_written_at_once() -> None:
    """Without a word to say there is no end to wait for."""
    stream = Stingy()
    write(cast(IO[bytes], stream), b"")
    assert stream.taken == b""
