"""Records as an edit left them: as a copy of all with the edited ones in their places."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from reach.snapshot.amended import Amended, amended, apart, without
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


@pytest.mark.parametrize("seed", range(4))
def test_some_are_added_and_others_left_out(seed: int) -> None:
    """In any order, and the same again: behind all that were there comes what was added."""
    rng = Random(f"added/{seed}")
    packed: Mapping[str, Record] = table(subnets(6))
    copied, told = dict(packed.items()), packed
    for number in range(12):
        name = f"subnet-{rng.randrange(9):03}"
        if rng.random() < 0.5 and name in copied:
            del copied[name]
            told = without(told, name)
            with pytest.raises(KeyError):
                told[name]
        else:
            copied[name] = Subnet(subnet_id=name, vpc_id=f"vpc-{number}")
            told = amended(told, name, copied[name])
            assert told[name] is copied[name]
        assert dict(told.items()) == copied
        assert {*told} == {*copied}
        assert len(told) == len(copied)
        assert all(each in told for each in copied)
        assert (name in told) is (name in copied)
        few = apart(packed, told)
        assert few is not None
        assert {n for n in {*copied, *packed} if packed.get(n) != told.get(n)} <= few
    assert [n for n in told if n in packed] == [n for n in packed if n in told]


def test_a_record_more_is_behind_the_others() -> None:
    """None of the others is made, or copied."""
    records = table(subnets(3))
    more = Subnet(subnet_id="subnet-aaa")
    told = amended(records, "subnet-aaa", more)
    assert [*told] == [*records, "subnet-aaa"]
    assert apart(records, told) == frozenset({"subnet-aaa"})
    assert apart(records, table(subnets(3))) is None
