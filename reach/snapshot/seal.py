"""A seal on what this user wrote, so that nothing that somebody else wrote is taken for it.

    seal(key, text) -> bytes        own_key() -> bytes, or None where none can be kept

What lies beside a snapshot may have come with it, from a repository or an archive; a hash in a file
only shows that the file is whole.  The key lies in the user's own folder of state, readable by
nobody else.  Must not know what is sealed.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from blake3 import blake3

SIZE = 32
_NAME = "cache-key"


def seal(key: bytes, text: bytes | memoryview) -> bytes:
    return blake3(text, key=key).digest()


def is_sealed(key: bytes, told: bytes, text: bytes | memoryview) -> bool:
    return hmac.compare_digest(seal(key, text), told)


def own_key() -> bytes | None:
    """The user's key, made when there is none yet."""
    if not hasattr(os, "getuid"):  # where nobody can be told to own a file
        return None
    try:
        folder = _folder()
        path = folder / _NAME
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make(path)
        return _read(path)
    except (OSError, RuntimeError):
        return None


def _folder() -> Path:
    """Raises RuntimeError where the user has no home."""
    given = os.environ.get("XDG_STATE_HOME", "")
    state = Path(given) if os.path.isabs(given) else Path.home() / ".local" / "state"
    return state / "reach"


def _make(path: Path) -> None:
    """Written whole or not at all; of two at once one stays."""
    draft = path.with_name(f"{_NAME}.{secrets.token_hex(8)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(SIZE))
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _read(path: Path) -> bytes | None:
    """None for a key that somebody else could know."""
    state = path.lstat()
    if not stat.S_ISREG(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
        return None
    key = path.read_bytes()
    return key if len(key) == SIZE else None
