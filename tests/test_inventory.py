"""Inventories: what a snapshot holds and lacks, as data and as people read it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import reach
from reach import inventory, report
from reach.errors import QuestionError
from reach.render.paper import Paper
from reach.snapshot.errors import Diagnostic
from reach.snapshot.snapshot import Snapshot

VPC = {"VpcId": "vpc-1", "OwnerId": "111122223333", "CidrBlock": "10.0.0.0/16"}
NAMED = {**VPC, "VpcId": "vpc-2", "Tags": [{"Key": "Name", "Value": "prod\x1b[2J"}]}
GROUP = {"GroupId": "sg-1", "GroupName": "web", "VpcId": "vpc-1", "OwnerId": "111122223333"}


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    folder = tmp_path / "us-east-1"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps({"Vpcs": [VPC, NAMED], "SecurityGroups": [GROUP]}))
    (folder / "b.json").write_text(json.dumps({"Subnets": [], "NextToken": "more"}))
    (folder / "c.json").write_text(json.dumps({"NotReadByAnything": [1], "Empty": []}))
    return reach.load(tmp_path)


def test_what_is_held(snapshot: Snapshot) -> None:
    """A call that answered with nothing is told from one that was not made."""
    held = inventory.take(snapshot)
    kinds = {kind.kind: kind for kind in held.kinds}
    assert (kinds["vpcs"].count, kinds["vpcs"].asked) == (2, True)
    assert (kinds["subnets"].count, kinds["subnets"].asked) == (0, True)
    assert (kinds["instances"].count, kinds["instances"].asked) == (0, False)
    assert kinds["instances"].command == "aws ec2 describe-instances"
    assert [k.kind for k in held.kinds] == sorted(kinds)
    assert held.places == (inventory.Place("111122223333", "us-east-1", 3),)
    assert held.files == 3


def test_what_is_lacking(snapshot: Snapshot) -> None:
    held = inventory.take(snapshot)
    lacks = {lack.command: lack for lack in held.lacks}
    assert lacks["aws ec2 describe-instances"].reason == "absent"
    cut = lacks["aws ec2 describe-subnets"]
    assert (cut.reason, cut.region, cut.where) == (
        "cut short",
        "us-east-1",
        "us-east-1/b.json: /NextToken",
    )
    assert "aws ec2 describe-vpcs" not in lacks
    assert held.unread == {"NotReadByAnything": ("us-east-1/c.json",)}


def test_the_json_form(snapshot: Snapshot) -> None:
    read = json.loads(json.dumps(inventory.take(snapshot).to_dict()))
    assert list(read) == [
        "format", "path", "files", "places", "kinds", "lacks", "unread", "diagnostics",
    ]  # fmt: skip
    assert read["format"] == 1
    assert read["unread"] == [{"key": "NotReadByAnything", "files": ["us-east-1/c.json"]}]


@pytest.mark.parametrize("kind", ["vpcs", "Vpcs", "VPCS"])
def test_a_kind(snapshot: Snapshot, kind: str) -> None:
    first, second = inventory.list_kind(snapshot, kind)
    assert first == inventory.Item(
        "vpc-1", "", "111122223333", "us-east-1", "us-east-1/a.json", "/Vpcs/0"
    )
    assert (second.id, second.name) == ("vpc-2", "prod\x1b[2J")


def test_names_that_are_no_tags(snapshot: Snapshot) -> None:
    (group,) = inventory.list_kind(snapshot, "security-groups")
    assert group.name == "web"


def test_an_unknown_kind_names_the_nearest(snapshot: Snapshot) -> None:
    with pytest.raises(QuestionError) as caught:
        inventory.list_kind(snapshot, "securitygroup")
    assert "security-groups" in caught.value.candidates
    with pytest.raises(QuestionError) as caught:
        inventory.list_kind(snapshot, "zzz")
    assert {"vpcs", "subnets"} <= set(caught.value.candidates)


def test_the_text(snapshot: Snapshot) -> None:
    remark = Diagnostic("warning", "says \x1b[2J", "a.json", "/Vpcs/0")
    paper = Paper(colour=False, width=140)
    report.inventory(paper, inventory.take(replace(snapshot, diagnostics=(remark,))))
    for line in (
        r"  111122223333  us-east-1  3 objects",
        r"  vpcs +2",
        r"  subnets +0",
        r"  \d+ other kinds not asked for",
        r"  aws ec2 describe-instances +not made +us-east-1",
        r"  aws ec2 describe-subnets +cut short +us-east-1 \(us-east-1/b.json: /NextToken\)",
        r"  NotReadByAnything  1 file",
        r"  warning a\.json: /Vpcs/0: says \\x1b\[2J",
    ):
        assert re.search(f"^{line}$", paper.text, re.M), line
    assert "  instances" not in paper.text.replace("describe-instances", "")


def test_a_call_that_lacks_in_one_place_in_several_ways_is_named_once(snapshot: Snapshot) -> None:
    """And an account that nothing names is said to be none."""
    held = inventory.take(snapshot)
    twice = replace(held, lacks=held.lacks * 2, places=(inventory.Place("", "us-east-1", 2),))
    papers = [Paper(colour=False, width=140) for _ in range(2)]
    for paper, each in zip(papers, (held, twice), strict=True):
        report.inventory(paper, each)
    lacks = [paper.text.partition("Lacks")[2] for paper in papers]
    assert lacks[0] == lacks[1]
    assert "  account not said  us-east-1  2 objects\n" in papers[1].text


def test_the_text_of_a_whole_snapshot_says_so(snapshot: Snapshot) -> None:
    held = replace(inventory.take(snapshot), lacks=(), unread={}, diagnostics=())
    paper = Paper(colour=False, width=100)
    report.inventory(paper, held)
    assert paper.text.endswith("every call that is read was made\n")
    assert "Remarks" not in paper.text


def test_the_text_of_a_kind(snapshot: Snapshot) -> None:
    paper = Paper(colour=False, width=100)
    report.items(paper, inventory.list_kind(snapshot, "vpcs"))
    assert paper.text == (
        "vpc-1  111122223333  us-east-1\nvpc-2  111122223333  us-east-1  prod\\x1b[2J\n"
    )
