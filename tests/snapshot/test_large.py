"""Large snapshots are read in parts, packed and joined; what comes out is what is always read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import reach
from reach.components import crew, sections
from reach.snapshot import large, load
from reach.snapshot.errors import SnapshotError
from reach.snapshot.files import find
from reach.snapshot.records import NetworkInterface, PrefixList, Vpc
from reach.snapshot.table import Table
from tests.snapshot.telling import everything
from tests.snapshot.test_labs import lab as lab
from tests.snapshot.test_manifest import FILE, VPCS, call, manifest
from tests.snapshot.writing import subnet, vpc, write

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SNAPSHOTS = sorted(path for path in SAMPLES.glob("*/snapshot*") if path.is_dir())


def one_by_one(path: Path) -> dict[str, Any] | str:
    try:
        return everything(load.load(path, sections()))
    except SnapshotError as error:
        return str(error)


def in_parts(path: Path) -> dict[str, Any] | str:
    """Nothing stands for "read it one by one", which then says what is wrong."""
    try:
        found = large.load(find(path), sections(), cache=False, crew=None)
    except SnapshotError as error:
        return str(error)
    return one_by_one(path) if found is None else everything(found)


@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: str(path.relative_to(SAMPLES)))
def test_samples_are_the_same_in_parts(path: Path) -> None:
    """The same records in the same order, each with its file and pointer, and the same remarks."""
    assert in_parts(path) == one_by_one(path)


def test_labs_are_the_same_in_parts(lab: Path) -> None:
    """What AWS really printed, too."""
    assert in_parts(lab) == one_by_one(lab)


def test_samples_are_packed() -> None:
    """The other tests are about packed records: most sections of a sample are."""
    found = large.load(find(SAMPLES / "nat_gateway" / "snapshot"), sections(), False, None)
    assert found is not None
    assert isinstance(found.contents[NetworkInterface], Table)
    assert isinstance(found.contents[Vpc], Table)


TWICE = {"a.json": {"Vpcs": [vpc()]}, "b.json": {"Vpcs": [vpc("vpc-2"), vpc()]}}
CASES: Mapping[str, Mapping[str, Any]] = {
    "said twice in the same words": TWICE,
    "seen by two accounts": {
        "111122223333/eu-west-1/v.json": {"Vpcs": [vpc(OwnerId="111122223333")]},
        "444455556666/eu-west-1/v.json": {"Vpcs": [vpc(OwnerId="111122223333", IsDefault=True)]},
    },
    "two contradicting answers": {
        "a.json": {"Vpcs": [vpc()]},
        "b.json": {"Vpcs": [vpc(cidr="10.1.0.0/16")]},
    },
    "a reference to nothing": {
        "a.json": {"Vpcs": [vpc()]},
        "b.json": {"Subnets": [subnet(vpc="vpc-9")]},
    },
    "a reference in another scope": {
        "eu-west-1/v.json": {"Vpcs": [vpc()]},
        "us-east-1/s.json": {"Subnets": [subnet(vpc="vpc-9")]},
    },
    "a malformed address": {"a.json": {"Vpcs": [vpc(), vpc("vpc-2", "10.0.0.1/16")]}},
    "two malformed files": {"a.json": {"Vpcs": [vpc()]}, "b.json": b"{", "c.json": b"[]"},
    "a wrong address before a wrong file": {"a.json": {"Vpcs": [vpc("v", "x/1")]}, "b.json": b"{"},
    "more pages than there are": {"a.json": {"Vpcs": [vpc()], "NextToken": "more"}},
    "a last page beside it": {
        "a.json": {"Vpcs": [vpc()], "NextToken": "more"},
        "b.json": {"Vpcs": [vpc("vpc-2")]},
    },
    "a token that is null": {"a.json": {"Vpcs": [vpc()], "NextToken": None}},
    "keys that nobody reads": {"a.json": {"Vpcs": [vpc()], "Aliens": [1], "Empty": []}},
    "one key twice": {"a.json": b'{"Vpcs": [], "Vpcs": [{"VpcId": "vpc-1"}]}'},
    "a key inside": {"a.json": b'{"Vpcs": [{"VpcId": "vpc-1", "Vpcs": [{"VpcId": "vpc-2"}]}]}'},
    "entries without their list": {"a.json": {"Entries": [{"Cidr": "10.0.0.0/8"}]}},
    "an answer without a list, and one with it": {
        "a.json": {"VpcId": "vpc-1", "EnableDnsSupport": {"Value": True}},
        "b.json": {"VpcAttributes": [{"VpcId": "vpc-1", "EnableDnsHostnames": {"Value": True}}]},
    },
    "pages under their parents' ids": {
        "a.json": {
            "ManagedPrefixListEntries": [
                {"PrefixListId": "pl-1", "Entries": [{"Cidr": "10.0.0.0/8"}], "NextToken": "x"},
                {"PrefixListId": "pl-2", "Entries": [], "NextToken": "x"},
            ]
        },
        "b.json": {"ManagedPrefixListEntries": [{"PrefixListId": "pl-1", "Entries": []}]},
    },
    "two calls, one key": {
        "a.json": {"PrefixLists": [{"PrefixListId": "pl-1", "Cidrs": ["10.0.0.0/8"]}]},
        "b.json": {"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "mine"}]},
    },
    "a number that no packed row can hold": {
        "a.json": b'{"NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": [{"RuleNumber": '
        b'123456789012345678901234567890, "Protocol": "6", "RuleAction": "allow", '
        b'"Egress": false}]}]}',
    },
    "half a character": {"a.json": b'{"Vpcs": [{"VpcId": "vpc-\\ud800"}]}'},
    "a byte order mark": {"a.json": b'\xef\xbb\xbf{"Vpcs": [{"VpcId": "vpc-1"}]}'},
    "a capture": {"manifest.json": manifest(calls=[call()]), FILE: VPCS},
    "a capture that was changed": {"manifest.json": manifest(calls=[call()]), FILE: VPCS + b"\n"},
    "a capture that is not finished": {"manifest.json": manifest(status="begun"), FILE: VPCS},
    "a manifest of another name": {"m.json": manifest(calls=[call()]), FILE: VPCS + b"\n"},
    "nothing but a manifest": {"manifest.json": manifest()},
}


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_what_is_unusual_is_the_same_in_parts(files: Mapping[str, Any], tmp_path: Path) -> None:
    """Repetitions, gaps, captures, and whatever is wrong, in the same words."""
    write(tmp_path, files)
    assert in_parts(tmp_path) == one_by_one(tmp_path)


IDS = st.sampled_from(["a", "b", "c", "d"])
VPCS_OF = st.builds(
    lambda name, cidr, tag: vpc(f"vpc-{name}", cidr, Tags=[{"Key": "Name", "Value": tag}]),
    IDS,
    st.sampled_from(["10.0.0.0/16", "10.0.0.0/16", "10.0.0.0/16", "10.1.0.0/16", "10.0.0.1/16"]),
    st.sampled_from(["", "é", "x"]),
)
SUBNETS_OF = st.builds(lambda name, of: subnet(f"subnet-{name}", f"vpc-{of}"), IDS, IDS)
FILES = st.fixed_dictionaries(
    {},
    optional={
        "Vpcs": st.lists(VPCS_OF, max_size=3),
        "Subnets": st.lists(SUBNETS_OF, max_size=3),
        "NextToken": st.sampled_from([None, "", "more"]),
        "Unread": st.sampled_from([[], [1]]),
    },
)
FOLDERS = st.sampled_from(["", "eu-west-1/", "111122223333/eu-west-1/", "444455556666/eu-west-1/"])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=st.dictionaries(st.tuples(FOLDERS, IDS), FILES, min_size=1, max_size=4))
def test_whatever_is_written_is_the_same_in_parts(
    files: Mapping[tuple[str, str], Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any few files in any few folders: one snapshot, or one complaint."""
    folder = tmp_path_factory.mktemp("any")
    write(folder, {f"{place}{name}.json": value for (place, name), value in files.items()})
    assert in_parts(folder) == one_by_one(folder)


def test_several_processes_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are dealt out to processes that read them; the snapshot is the same."""
    monkeypatch.setattr(load, "MANY", 0)
    monkeypatch.setattr("reach.snapshot.processors.processors", lambda: 2)
    folder = SAMPLES / "transit_gateway" / "snapshot"
    found = reach.load(folder)
    assert isinstance(found.contents[Vpc], Table)
    assert everything(found) == one_by_one(folder)


def test_several_processes_complain_in_the_same_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of several wrong files the first is named, whoever read it first."""
    monkeypatch.setattr(load, "MANY", 0)
    write(tmp_path, {"a.json": {"Vpcs": [vpc()]}, "b.json": b"{", "c.json": b"[]"})
    helpers = crew()
    if helpers is None:
        pytest.skip("one processor: nobody helps")
    with pytest.raises(SnapshotError) as caught:
        reach.load(tmp_path)
    assert str(caught.value) == one_by_one(tmp_path)


def test_small_snapshots_are_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is started for what is read before one has started."""

    def never(*_: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr("subprocess.Popen", never)
    assert isinstance(reach.load(SAMPLES / "nat_gateway" / "snapshot").contents[PrefixList], dict)
