"""A table is the mapping of ids to records that it was packed from; each record is made once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import zstandard

from reach.snapshot import table
from reach.snapshot.record import NOWHERE, Page, content
from reach.snapshot.records import Vpc
from reach.snapshot.table import Part, Table, pack

HERE, THERE = Page("a.json", section="Vpcs", base="/Vpcs"), Page("b.json", section="Vpcs")


def vpcs(names: Sequence[str], page: Page = HERE) -> list[Vpc]:
    return [
        Vpc(page=page, place=place, vpc_id=name, cidr_block=f"10.{place}.0.0/16")
        for place, name in enumerate(names)
    ]


def packed(*parts: Sequence[Vpc]) -> Table:
    return Table(Vpc, [pack(each, [vpc.vpc_id for vpc in each]) for each in parts])


@pytest.fixture
def two() -> Table:
    return packed(vpcs(["c", "a", "e"]), vpcs(["d", "b"], THERE))


def test_ids_are_in_order_whatever_the_files(two: Table) -> None:
    """By id, and not by file: of keys, values and items alike."""
    assert (list(two), len(two)) == (["a", "b", "c", "d", "e"], 5)
    assert [each.vpc_id for each in two.values() if isinstance(each, Vpc)] == list(two)
    assert [name for name, _ in two.items()] == list(two)


def test_a_record_says_what_it_said_and_where_it_stood(two: Table) -> None:
    """One by one, and all at once."""
    expected = [
        (name, f"10.{place}.0.0/16", page, place)
        for name, page, place in (
            ("a", HERE, 1),
            ("b", THERE, 1),
            ("c", HERE, 0),
            ("d", THERE, 0),
            ("e", HERE, 2),
        )
    ]
    for records in ([two[name] for name in two], list(two.values())):
        assert [
            (each.vpc_id, each.cidr_block, each.page, each.place)
            for each in records
            if isinstance(each, Vpc)
        ] == expected


def test_a_record_stays_the_same_one(two: Table) -> None:
    """Records are equal only to themselves: asked for alone or among all, it is that one."""
    first = two["d"]
    assert two["d"] is first
    every = dict(two.items())
    assert every["d"] is first
    assert all(two[name] is record for name, record in every.items())
    assert all(one is other for one, other in zip(two.values(), every.values(), strict=True))


def test_what_is_not_there_is_not_there(two: Table) -> None:
    """Before and after all of them were made; whatever it is that is asked for."""
    for _ in range(2):
        assert "f" not in two
        assert two.get("") is None
        assert two.get("z") is None
        with pytest.raises(KeyError):
            two["aa"]
        list(two.values())


def test_many_rows_are_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row is found in its block, also where few of them stay open."""
    monkeypatch.setattr(table, "_BLOCK", 200)
    monkeypatch.setattr(table, "_KEPT", 2)
    names = [f"vpc-{number * 7919 % 1000:03}" for number in range(1000)]
    many = packed(vpcs(names[:700]), vpcs(names[700:], THERE))
    assert sum(len(part.blocks) for part in many.parts) > 100
    assert {name: many[name].place for name in names[::13]} == {
        name: place if place < 700 else place - 700 for place, name in list(enumerate(names))[::13]
    }
    assert list(many) == sorted(names)


def test_who_asks_for_one_after_the_other_gets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks are not opened again and again: after as many as there are, all records are made."""
    monkeypatch.setattr(table, "_BLOCK", 200)
    monkeypatch.setattr(table, "_KEPT", 1)
    opened: list[object] = []
    real = zstandard.decompress

    def counted(text: bytes) -> bytes:
        opened.append(text)
        return real(text)

    monkeypatch.setattr(zstandard, "decompress", counted)
    names = [f"vpc-{number * 7919 % 1000:03}" for number in range(1000)]
    many = packed(vpcs(names))
    first = many["vpc-500"]
    made = {name: many[name] for name in sorted(names)}
    assert made["vpc-500"] is first
    assert all(many[name] is record for name, record in made.items())
    assert [made[name].place for name in names] == list(range(1000))
    assert len(opened) < 2 * len(many.parts[0].blocks) + 5


def test_packing_takes_the_pages_of_one_file_together() -> None:
    """A file may have several pages; a row knows its own."""
    part = pack([*vpcs(["a", "b"]), *vpcs(["c"], THERE)], ["a", "b", "c"])
    assert (part.pages, part.numbers) == ((HERE, THERE), (0, 0, 1))
    assert [each.page for each in part.records(Vpc)] == [HERE, HERE, THERE]


def test_nothing_is_a_part() -> None:
    """A call that answered with an empty list."""
    part = pack([], [])
    assert (part, list(part.records(Vpc)), part.ids()) == (
        Part(0, (), (), part.names, 1, ()),
        [],
        [],
    )
    assert list(packed([], vpcs(["a"])).keys()) == ["a"]


def test_packed_records_are_packed_without_their_page() -> None:
    """It stands once in the part; so whoever packs records gives them away."""
    (one,) = vpcs(["a"])
    (again,) = pack([one], ["a"]).records(Vpc)
    assert one.page is NOWHERE
    assert content(again) == content(one)
    assert again.page is HERE
