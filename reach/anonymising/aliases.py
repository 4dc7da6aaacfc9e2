"""Other names, dealt out so that they sort as the old ones did.

    aliases.see(kind, name) for all, then aliases.of(kind, name)

The new names of a kind are drawn with a key and handed out in order: who sorted first sorts first.
So whatever an answer settles by order (which of two equal ways is shown) it settles as before, and
nothing but that order is left of the old names.  Must not know what is named.
"""

from __future__ import annotations

from hashlib import blake2b

NAME, VARIABLE, ACCOUNT = "name", "variable", "account"
_ACCOUNT_DIGITS = 12
_NAME_DIGITS = 10
_LONG = 17  # AWS's long ids begin with 0


class Aliases:
    """The names of one snapshot.  An id's kind is what stands before its digits."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._seen: dict[tuple[str, int], set[str]] = {}
        self._given: dict[tuple[str, int], dict[str, str]] = {}

    def see(self, kind: str, name: str) -> None:
        self._seen.setdefault(_drawer(kind, name), set()).add(name)

    def of(self, kind: str, name: str) -> str:
        """Raises KeyError for a name that was never seen."""
        drawer = _drawer(kind, name)
        if drawer not in self._given:
            self._given[drawer] = self._deal(*drawer)
        return self._given[drawer][name]

    def table(self) -> dict[str, dict[str, str]]:
        """Every name with its alias, by kind."""
        found: dict[str, dict[str, str]] = {}
        for drawer in sorted(self._seen):
            for name in sorted(self._seen[drawer]):
                found.setdefault(drawer[0], {})[name] = self.of(drawer[0], name)
        return found

    def _deal(self, kind: str, size: int) -> dict[str, str]:
        old = sorted(self._seen[kind, size])
        drawn: set[str] = set()
        turn = 0
        while len(drawn) < len(old):
            drawn.add(self._draw(kind, size, turn))
            turn += 1
        return dict(zip(old, sorted(drawn), strict=True))

    def _draw(self, kind: str, size: int, turn: int) -> str:
        told = f"{kind} {size} {turn}".encode()
        digits = blake2b(told, key=self._key, digest_size=16, person=b"aliases").hexdigest()
        if kind == ACCOUNT:
            return f"{int(digits, 16) % 10**_ACCOUNT_DIGITS:0{_ACCOUNT_DIGITS}}"
        if kind == NAME:
            # With a hyphen it would read as an id.
            return f"name{digits[:_NAME_DIGITS]}"
        if kind == VARIABLE:
            return f"VARIABLE_{digits[:_NAME_DIGITS].upper()}"
        return f"{kind}-0{digits[: _LONG - 1]}" if size == _LONG else f"{kind}-{digits[:size]}"


def _drawer(kind: str, name: str) -> tuple[str, int]:
    """Where a name is kept: ids of one length together."""
    if kind in (NAME, VARIABLE, ACCOUNT):
        return kind, 0
    digits = len(name) - len(kind) - 1
    return kind, digits if digits in (8, _LONG) else _LONG
