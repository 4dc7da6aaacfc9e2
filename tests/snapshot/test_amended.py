"""Records as an edit left them: as a copy of all with the edited ones in their places."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from reach.snapshot.amended import Amended, amended, apart
from reach.snapshot.record import Record
from reach.snapshot.records import Subnet
from reach.snapshot.table import Table, pack


def subnets(count: int) -> dict[str, Any]:
    return {f"subnet-{n:03}": Subnet(subnet_id=f"subnet-{n:03}") for n in range(count)}


def table(records: dict[str, Any]) -> Table:
    return Table(Subnet, [pack([*records.values()], [*records])])


@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_a_copy_with_the_same_edits_is(seed: int) -> None:
    """Any edits, one after the other, and again of the same."""
    rng = Random(f"amended/{seed}")
    packed: Mapping[str, Record] = table(subnets(20))
    copied, told = dict(packed.items()), packed
    for number in range(8):
        name = rng.choice([*copied])
        record = Subnet(subnet_id=name, vpc_id=f"vpc-{number}")
        copied[name] = record
        told = amended(told, name, record)
        assert isinstance(told, Amended)
        assert dict(told.items()) == copied
        assert [*told] == [*copied]
        assert [*told.values()] == [*copied.values()]
        assert told[name] is record
        few = apart(packed, told)
        assert few is not None
        assert {n for n in copied if packed[n] != told[n]} <= few


def test_a_record_more_makes_all_of_them() -> None:
    """Where it belongs among the others only the order of all tells."""
    records = table(subnets(3))
    more = Subnet(subnet_id="subnet-new")
    assert amended(records, "subnet-new", more) == {**dict(records.items()), "subnet-new": more}
    assert apart(records, table(subnets(3))) is None
