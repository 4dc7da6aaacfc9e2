"""Columns that were kept joined are those that are joined when somebody asks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reach.snapshot import joined
from reach.snapshot.record import Record, content
from reach.snapshot.records import Instance, NetworkInterface
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.table import Table
from tests.crowds import Crowd
from tests.rolls import kept, packed
from tests.snapshot.test_labs import lab as lab

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SOME = ("estate", "network_interface", "carrier_gateway", "egress_only_internet_gateway")


def table(snapshot: Snapshot, kind: type[NetworkInterface] | type[Instance]) -> Table:
    found = snapshot.contents[kind]
    assert isinstance(found, Table)
    return found


def plain(thing: Record | tuple[str, ...]) -> object:
    return content(thing) if isinstance(thing, Record) else thing


def as_one(
    own: joined.Interfaces | joined.Instances, other: joined.Interfaces | joined.Instances
) -> None:
    assert type(own) is type(other)
    for name in own.__struct_fields__:
        one, two = getattr(own, name), getattr(other, name)
        if isinstance(one, list):
            assert [*map(plain, one)] == [*map(plain, two)], name
        else:
            assert (one.dtype, one.shape) == (two.dtype, two.shape), name
            assert np.array_equal(one, two), name


def compare(path: Path) -> None:
    snapshot = packed(path)
    again = kept(snapshot)
    as_one(
        joined.interfaces(table(snapshot, NetworkInterface)),
        joined.interfaces(table(again, NetworkInterface)),
    )
    if isinstance(snapshot.contents[Instance], Table):
        one, two = table(snapshot, Instance), table(again, Instance)
        as_one(joined.instances(one), joined.instances(two))


@pytest.mark.parametrize("name", SOME)
def test_samples(name: str) -> None:
    """Every column, to the type of its numbers."""
    compare(SAMPLES / name / "snapshot")


def test_labs(lab: Path) -> None:
    compare(lab)


@pytest.mark.parametrize("seed", range(3))
def test_crowds(seed: int, tmp_path: Path) -> None:
    compare(Crowd(seed).write(tmp_path))


def test_what_is_joined_is_not_kept_twice(tmp_path: Path) -> None:
    """The parts of a table that is kept have no columns of their own, and their rows as before."""
    snapshot = packed(Crowd(1).write(tmp_path))
    before, after = table(snapshot, NetworkInterface), table(kept(snapshot), NetworkInterface)
    assert all(part.columns for part in before.parts)
    assert not any(part.columns for part in after.parts)
    told = [[(name, content(each)) for name, each in found.items()] for found in (before, after)]
    assert told[0] == told[1]
    assert after.with_columns_joined() is after


def test_without_columns_of_every_file_there_are_none(tmp_path: Path) -> None:
    """What one file has none of would be missing."""
    found = table(packed(Crowd(1).write(tmp_path)), NetworkInterface)
    (part, *_) = found.parts
    bare = type(part)(part.count, part.pages, part.numbers, part.names, part.rows, part.blocks)
    several = Table(NetworkInterface, [*found.parts, bare])
    assert not several.has_columns
    assert several.with_columns_joined() is several
