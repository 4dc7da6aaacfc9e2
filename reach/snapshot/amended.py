"""Records by id as an edit left them: what they were, and a few changed, added, or left out.

    amended(records, id, record) -> records        without(records, id) -> records
    apart(one, other) -> ids, or None

An edit of one record among very many neither copies nor makes the others.  The order is that of the
records before, and then what was added.  Must not know what a record means.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, ValuesView

from reach.snapshot.record import Record


class Amended(Mapping[str, Record]):
    """``known`` with those of ``changed`` in the place of what it has under the same ids, or behind
    it; and without what is None there."""

    __slots__ = ("changed", "known")

    def __init__(self, known: Mapping[str, Record], changed: dict[str, Record | None]) -> None:
        self.known, self.changed = known, changed

    def __len__(self) -> int:
        more = sum((self.changed[n] is not None) - (n in self.known) for n in self.changed)
        return len(self.known) + more

    def __iter__(self) -> Iterator[str]:
        if all(name in self.known for name in self._there()) and len(self) == len(self.known):
            return iter(self.known)
        return iter(self._every())

    def _there(self) -> Iterator[str]:
        return (name for name, record in self.changed.items() if record is not None)

    def __contains__(self, name: object) -> bool:
        if name in self.changed:
            return self.changed[str(name)] is not None
        return name in self.known

    def __getitem__(self, name: str) -> Record:
        if name not in self.changed:
            return self.known[name]
        changed = self.changed[name]
        if changed is None:
            raise KeyError(name)
        return changed

    def values(self) -> ValuesView[Record]:
        return self._every().values()

    def items(self) -> ItemsView[str, Record]:
        return self._every().items()

    def _every(self) -> dict[str, Record]:
        every = {**dict(self.known.items()), **self.changed}  # of packed records all at once
        return {name: record for name, record in every.items() if record is not None}


def amended(records: Mapping[str, Record], name: str, record: Record) -> Mapping[str, Record]:
    """Records with this one under its id."""
    if isinstance(records, dict):
        return {**records, name: record}
    return _changed(records, name, record)


def without(records: Mapping[str, Record], name: str) -> Mapping[str, Record]:
    """Records without the one of that id."""
    if isinstance(records, dict):
        return {known: record for known, record in records.items() if known != name}
    return _changed(records, name, None)


def _changed(
    records: Mapping[str, Record], name: str, record: Record | None
) -> Mapping[str, Record]:
    if isinstance(records, Amended):
        known = {n: each for n, each in records.changed.items() if n != name or n in records.known}
        return Amended(records.known, {**known, name: record})
    return Amended(records, {name: record})


def apart(one: Mapping[str, Record], other: Mapping[str, Record]) -> frozenset[str] | None:
    """The ids under which alone two may have other records, and all else in one order; None:
    any."""
    known = [each.known if isinstance(each, Amended) else each for each in (one, other)]
    if known[0] is not known[1]:
        return None
    return frozenset(n for each in (one, other) if isinstance(each, Amended) for n in each.changed)
