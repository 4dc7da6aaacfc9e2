"""One number for the content of a snapshot: the same for the same files, wherever they lie.

    digest_of(path) -> 64 hexadecimal digits

Of the names and the bytes of the files that loading reads, so a folder and its ``.tar.zst`` have
the same.  Raises SnapshotError where there is nothing to read.  Must not know what files say.
"""

from __future__ import annotations

import hashlib
import os

from reach.snapshot.files import find


def digest_of(path: str | os.PathLike[str]) -> str:
    whole = hashlib.sha256()
    for name, text in find(path).documents():
        # Digests have one length, so no name can be taken for content.
        whole.update(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest())
        whole.update(hashlib.sha256(text).digest())
    return whole.hexdigest()
