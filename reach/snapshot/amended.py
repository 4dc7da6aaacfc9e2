"""Records by id as an edit left them: what they were, and a few in the place of others.

    amended(records, id, record) -> records        apart(one, other) -> ids, or None

An edit of one record among very many neither copies nor makes the others.  The order is that of the
records before.  Must not know what a record means.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, ValuesView

from reach.snapshot.record import Record


class Amended(Mapping[str, Record]):
    """``known`` with those of ``changed`` in the place of what it has under the same ids."""

    __slots__ = ("changed", "known")

    def __init__(self, known: Mapping[str, Record], changed: dict[str, Record]) -> None:
        self.known, self.changed = known, changed

    def __len__(self) -> int:
        return len(self.known)

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __contains__(self, name: object) -> bool:
        return name in self.known

    def __getitem__(self, name: str) -> Record:
        changed = self.changed.get(name)
        return self.known[name] if changed is None else changed

    def values(self) -> ValuesView[Record]:
        return self._every().values()

    def items(self) -> ItemsView[str, Record]:
        return self._every().items()

    def _every(self) -> dict[str, Record]:
        return {**dict(self.known.items()), **self.changed}  # of packed records all at once


def amended(records: Mapping[str, Record], name: str, record: Record) -> Mapping[str, Record]:
    """Records with this one under its id."""
    if isinstance(records, dict) or name not in records:
        return {**dict(records.items()), name: record}
    if isinstance(records, Amended):
        return Amended(records.known, {**records.changed, name: record})
    return Amended(records, {name: record})


def apart(one: Mapping[str, Record], other: Mapping[str, Record]) -> frozenset[str] | None:
    """The ids under which alone two may have other records, and in one order; None: any."""
    known = [each.known if isinstance(each, Amended) else each for each in (one, other)]
    if known[0] is not known[1]:
        return None
    return frozenset(n for each in (one, other) if isinstance(each, Amended) for n in each.changed)
