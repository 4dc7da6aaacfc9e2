"""One snapshot read twice: record by record, and packed with its columns, as very large ones are.

two = Twice(path)          two.plain, two.rolled: grounds of the same files
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from reach.components import sections
from reach.lower import Ground, lower
from reach.reduce import ALL, Reductions
from reach.snapshot import large, load
from reach.snapshot.files import find
from reach.snapshot.records import NetworkInterface
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.table import Table


def packed(path: Path) -> Snapshot:
    found = large.load(find(path), sections(), cache=False, crew=None)
    assert found is not None
    return found


def kept(snapshot: Snapshot) -> Snapshot:
    """The same as a cache gives it back: what was written of each file is joined."""
    found = {
        kind: records.with_columns_joined() if isinstance(records, Table) else records
        for kind, records in snapshot.contents.items()
    }
    assert any(isinstance(each, Table) and each.columns for each in found.values())
    return replace(snapshot, contents=MappingProxyType(found))


@dataclass(frozen=True)
class Twice:
    plain: Ground
    rolled: Ground

    @staticmethod
    def of(path: Path, reductions: Reductions = ALL, joined: bool = False) -> Twice:
        """The second is known to have a roll: else the two would be compared with themselves."""
        plain = lower(load.load(path, sections()), reductions=reductions)
        rolled = lower(kept(packed(path)) if joined else packed(path), reductions=reductions)
        assert plain.index.roll is None
        assert rolled.index.roll is not None
        return Twice(plain, rolled)


def ids(interfaces: Iterable[NetworkInterface]) -> list[str]:
    return [each.network_interface_id for each in interfaces]


def listed(lots: Mapping[str, Iterable[NetworkInterface]]) -> dict[str, list[str]]:
    return {name: ids(lots[name]) for name in lots}
