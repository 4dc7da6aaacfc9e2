"""Who carries a tag is the same whether the records are there or rows are read for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reach.snapshot import tags
from reach.snapshot.record import Record, Tag
from reach.snapshot.records import Instance, NetworkInterface
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.tags import Tags
from tests.estate import Estate
from tests.rolls import Twice

NAMES = ("web", "we", "web-1", "", "Stage", "snow \N{SNOWMAN}", 'a"b\\c', "x" * 300)
PAIRS = [("Stage", each) for each in (*NAMES, "none", "\ud800")]
PAIRS += [(each, "web") for each in (*NAMES, "Name", "none")]


@pytest.fixture
def two(tmp_path: Path) -> Twice:
    """Instances and interfaces of which some have a word of one tag in another."""
    e = Estate()
    subnet = e.subnet(e.vpc("10.0.0.0/16"), "10.0.0.0/24")
    subnet.record["Tags"] = [{"Key": "Stage", "Value": "web"}]
    for number, name in enumerate(NAMES):
        told = {"Stage": name, name or "k": "web"}
        e.instance("web", subnet, f"10.0.0.{number + 10}", tags=told)
    for number, each in enumerate(e.scopes[subnet.scope]["NetworkInterfaces"]):
        each["TagSet"] = [{"Key": "Stage", "Value": NAMES[-1 - number]}]
    return Twice.of(e.write(tmp_path))


def called(snapshot: Snapshot, records: tuple[Record, ...]) -> list[str]:
    return [snapshot.id_of(each) for each in records]


@pytest.mark.parametrize("few", [0, 3, 64])
@pytest.mark.parametrize("patience", [0, 2, 1000])
def test_rows_say_what_records_say(
    two: Twice, patience: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One tag after the other, before and after a dictionary of all is made, and whether a key has
    many values or few."""
    monkeypatch.setattr(tags, "_PATIENCE", patience)
    monkeypatch.setattr(tags, "_FEW", few)
    plain, rolled = (Tags(each.snapshot) for each in (two.plain, two.rolled))
    for pair in PAIRS:
        expected = called(two.plain.snapshot, plain.records(*pair))
        assert called(two.rolled.snapshot, rolled.records(*pair)) == expected, pair
        for kind in (Instance, NetworkInterface):
            assert list(rolled.ids(kind, *pair)) == list(plain.ids(kind, *pair)), pair
    assert len(plain.records("Stage", "web")) == 4
    for key in ("Stage", "Name", "web", "", "none"):
        assert rolled.values(key) == plain.values(key)
        for kind in (Instance, NetworkInterface):
            assert list(rolled.told(kind, key).items()) == list(plain.told(kind, key).items())
    assert rolled.values("Stage") == frozenset(NAMES)
    assert list(rolled.told(Instance, "Stage").values()).count("web") == 2


def test_of_a_table_no_record_is_made_for_others(two: Twice) -> None:
    """Those that carry the tag are the snapshot's own; of the others only rows are read."""
    snapshot = two.rolled.snapshot
    (found,) = (r for r in Tags(snapshot).records("Stage", "web-1") if isinstance(r, Instance))
    assert Tag("Stage", "web-1") in found.tags
    assert found is snapshot.get(Instance, found.instance_id)
    table = snapshot.contents[Instance]
    assert list(getattr(table, "_made")) == [found.instance_id]  # noqa: B009
