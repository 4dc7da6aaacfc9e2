"""Whether a snapshot speaks of something that it may not hold: an id in whatever it says.

    is_mentioned(snapshot, "pcx-0123456789abcdef0") -> bool

Every record of every kind is read as text, whatever it means.  Takes a snapshot; must not know what
any field is.
"""

from __future__ import annotations

import re

import msgspec

from reach.snapshot.snapshot import Snapshot


def is_mentioned(snapshot: Snapshot, text: str) -> bool:
    """Whether any string of any record is this, or holds it as a word of its own."""
    if not text:
        return False
    word = msgspec.json.encode(text)[1:-1]
    whole = re.compile(rb"(?<![\w-])" + re.escape(word) + rb"(?![\w-])")
    encode = msgspec.json.Encoder().encode
    return any(
        whole.search(encode(record)) is not None
        for kind in snapshot.contents
        for record in snapshot.records(kind)
    )
