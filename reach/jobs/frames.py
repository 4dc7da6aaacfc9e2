"""Messages over pipes: each with its length before it, so that half of one is known for what it is.

    send(stream, message)        frames(stream) -> bytes, bytes, ...

Between a process of ours and its child only, for messages are pickled.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import IO, Any

_LENGTH = 8


def send(stream: IO[bytes], message: Any) -> None:
    """Raises OSError where nobody reads any more."""
    text = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    stream.write(len(text).to_bytes(_LENGTH, "big") + text)
    stream.flush()


def frames(stream: IO[bytes]) -> Iterator[bytes]:
    """Each message as it was pickled, until the other side has ended."""
    while True:
        head = stream.read(_LENGTH)
        if len(head) < _LENGTH:
            return
        text = stream.read(int.from_bytes(head, "big"))
        if len(text) < int.from_bytes(head, "big"):
            return
        yield text
