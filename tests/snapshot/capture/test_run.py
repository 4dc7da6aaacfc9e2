"""A capture as a whole: what is filed, what is a gap, what is noticed; killed and resumed."""

from __future__ import annotations

import json
import os
import random
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import reach
from reach.components import sections
from reach.snapshot.capture import folder as filesystem
from reach.snapshot.capture.accounts import Absent
from reach.snapshot.capture.answers import Reason
from reach.snapshot.capture.run import Outcome, capture
from reach.snapshot.capture.targets import CaptureError, Targets
from reach.snapshot.records import NetworkInterface, Vpc
from tests.snapshot.capture.estate import ACCOUNT, estate
from tests.snapshot.capture.world import Quiet, World, refused

EU = f"{ACCOUNT}/eu-west-1"


@pytest.fixture(autouse=True)
def disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flushing is for power cuts, which no test has; it would be most of the time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def take(path: Path, world: World, *, resume: bool = False, **asked: Any) -> Outcome:
    return capture(
        path,
        sections(),
        Targets(**{"recheck": "none", **asked}),
        tool="reach test",
        now=lambda: "2026-01-01T00:00:00+00:00",
        watch=Quiet(),
        resume=resume,
        connect=world.connect,
    )


def contents(path: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(path)): each.read_bytes() for each in path.rglob("*") if each.is_file()
    }


def told(path: Path, name: str) -> Any:
    return json.loads((path / name).read_text())


def manifest(path: Path) -> Any:
    return told(path, "manifest.json")["ReachCapture"]


def call_of(path: Path, operation: str, region: str = "eu-west-1") -> Any:
    calls = manifest(path)["calls"]
    return next(c for c in calls if (c["operation"], c["region"]) == (operation, region))


# --- what is filed --------------------------------------------------------------------------------


def test_a_capture_is_a_snapshot(tmp_path: Path) -> None:
    """What was captured loads without a warning, whole, and answers questions."""
    outcome = take(tmp_path / "s", estate(20))
    assert outcome.gaps == outcome.changed == ()
    snapshot = reach.load(tmp_path / "s")
    assert [d for d in snapshot.diagnostics if d.severity != "note"] == []
    assert snapshot.gaps == ()
    assert len(snapshot.records(NetworkInterface)) == 20
    assert snapshot.get(Vpc, "vpc-us-east-1") is not None
    source, destination = "eni-eu-west-1-0001", "eni-us-east-1-0001"
    assert reach.ask(snapshot, f"can {source} reach {destination}").verdict == "unreachable"


def test_answers_about_one_parent_stand_under_its_id(tmp_path: Path) -> None:
    """Each item says whose it is, in a fixed order."""
    take(tmp_path / "s", estate(2))
    health = told(tmp_path / "s", f"{EU}/elbv2.DescribeTargetHealth.json")
    items = health["LoadBalancerTargetHealth"]
    assert [each["TargetGroupArn"][-1] for each in items] == list("012345678")
    assert items[3]["TargetHealthDescriptions"] == [{"Target": {"Id": "i-1", "Port": 3}}]
    attributes = told(tmp_path / "s", f"{EU}/ec2.DescribeVpcAttribute.json")["VpcAttributes"]
    assert [sorted(each) for each in attributes] == [
        ["EnableDnsHostnames", "VpcId"],
        ["EnableDnsSupport", "VpcId"],
    ]


def test_what_nothing_reads_is_not_kept(tmp_path: Path) -> None:
    """Lists that are asked for their ids alone have no file."""
    take(tmp_path / "s", estate(2))
    assert not (tmp_path / "s" / EU / "network-firewall.ListFirewalls.json").exists()
    policies = told(tmp_path / "s", f"{EU}/network-firewall.DescribeFirewallPolicy.json")
    assert len(policies["NetworkFirewallPolicies"]) == 1


def test_names_that_are_known_in_part_are_a_gap_without_a_file(tmp_path: Path) -> None:
    """One of two lists that lead to a third is refused: what hangs on it is not whole."""
    world = estate(2)
    world.answers["vpc-lattice.ListServiceNetworks"] = refused("InternalServerError")
    take(tmp_path / "s", world)
    names = call_of(tmp_path / "s", "vpc-lattice.ListServiceNetworkVpcAssociations")
    assert (names["status"], names.get("file")) == ("partial", None)
    assert [gap["reason"] for gap in names["gaps"]] == ["parent"]
    theirs = call_of(tmp_path / "s", "vpc-lattice.GetServiceNetworkVpcAssociation")
    assert theirs["status"] != "complete"
    assert any("ListServiceNetworks" in str(d) for d in reach.load(tmp_path / "s").diagnostics)


def test_global_services_are_asked_once(tmp_path: Path) -> None:
    """What has no Region is asked once for an account, and filed above its Regions."""
    world = estate(2)
    take(tmp_path / "s", world)
    assert len(world.asked("networkmanager.ListCoreNetworks")) == 1
    assert (tmp_path / "s" / ACCOUNT / "networkmanager.ListCoreNetworks.json").is_file()


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """Folders are 0700 and files 0600, whatever the umask and whatever the folder was."""
    (tmp_path / "s").mkdir(mode=0o777)
    before = os.umask(0)
    try:
        take(tmp_path / "s", estate(2))
    finally:
        os.umask(before)
    for each in (tmp_path / "s", *(tmp_path / "s").rglob("*")):
        assert stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600), each


def test_the_manifest_tells_it_all(tmp_path: Path) -> None:
    """Tool, window, status and sha256 of each call."""
    take(tmp_path / "s", estate(2))
    found = manifest(tmp_path / "s")
    assert found["tool"] == "reach test"
    assert found["window"] == dict.fromkeys(("from", "to"), "2026-01-01T00:00:00+00:00")
    assert call_of(tmp_path / "s", "ec2.DescribeVpcs") == {
        "account": ACCOUNT,
        "region": "eu-west-1",
        "operation": "ec2.DescribeVpcs",
        "status": "complete",
        "requests": 1,
        "items": 1,
        "gaps": [],
        "file": f"{EU}/ec2.DescribeVpcs.json",
        "sha256": filesystem._sha256((tmp_path / "s" / EU / "ec2.DescribeVpcs.json").read_bytes()),
    }


def test_the_order_of_answers_changes_nothing(tmp_path: Path) -> None:
    """One call at a time or many, the bytes are the same."""
    take(tmp_path / "one", estate(250), workers=1, in_flight=1)
    take(tmp_path / "many", estate(250), workers=32, in_flight=8)
    assert contents(tmp_path / "one") == contents(tmp_path / "many")


# --- gaps -----------------------------------------------------------------------------------------


def test_a_denied_call_is_a_gap(tmp_path: Path) -> None:
    """There is no file, the manifest says why, and the snapshot knows it was not asked."""
    world = estate(2)
    world.answers["ec2.DescribeVpcs"] = refused("UnauthorizedOperation", "not you")
    outcome = take(tmp_path / "s", world)
    assert not (tmp_path / "s" / EU / "ec2.DescribeVpcs.json").exists()
    call = call_of(tmp_path / "s", "ec2.DescribeVpcs")
    assert call["status"] == "absent"
    assert call["gaps"] == [
        {"reason": "denied", "code": "UnauthorizedOperation", "message": "not you"}
    ]
    snapshot = reach.load(tmp_path / "s")
    assert not snapshot.has(Vpc, ACCOUNT, "eu-west-1")
    assert any("UnauthorizedOperation" in str(each) for each in snapshot.diagnostics)
    assert {gap["code"] for gap in outcome.gaps} == {
        "UnauthorizedOperation",
        "ec2.DescribeVpcs",
        "vpc-lattice.ListServiceNetworkVpcAssociations",
    }


def test_children_of_a_gap_are_gaps(tmp_path: Path) -> None:
    """Whose parents are not known is not empty: it is not known."""
    world = estate(2)
    world.answers["ec2.DescribeVpcs"] = refused("UnauthorizedOperation")
    take(tmp_path / "s", world)
    call = call_of(tmp_path / "s", "ec2.DescribeVpcAttribute")
    assert (call["status"], call["gaps"][0]["code"]) == ("absent", "ec2.DescribeVpcs")
    assert not (tmp_path / "s" / EU / "ec2.DescribeVpcAttribute.json").exists()


def test_one_refusal_among_many_is_a_gap(tmp_path: Path) -> None:
    """The rest is kept, and marked as not being all, in the file itself as well."""
    world = estate(2)

    def some(region: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if parameters["TargetGroupArn"].endswith("4"):
            raise refused("AccessDenied")
        return {"TargetHealthDescriptions": []}

    world.answers["elbv2.DescribeTargetHealth"] = some
    take(tmp_path / "s", world)
    call = call_of(tmp_path / "s", "elbv2.DescribeTargetHealth")
    assert (call["status"], call["items"], len(call["gaps"])) == ("partial", 8, 1)
    assert call["gaps"][0]["parameters"]["TargetGroupArn"].endswith("4")
    health = told(tmp_path / "s", f"{EU}/elbv2.DescribeTargetHealth.json")
    assert health["NextToken"].startswith("not everything was read")
    gaps = {(gap.operation, gap.region, gap.reason) for gap in reach.load(tmp_path / "s").gaps}
    assert ("elbv2.DescribeTargetHealth", "eu-west-1", "cut short") in gaps


def test_what_would_not_load_is_a_gap(tmp_path: Path) -> None:
    """One malformed answer does not spoil the snapshot: it is left out, and said."""
    world = estate(2)
    world.answers["ec2.DescribeSubnets"] = {
        "Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/99"}]
    }
    take(tmp_path / "s", world)
    call = call_of(tmp_path / "s", "ec2.DescribeSubnets")
    assert (call["status"], call["gaps"][0]["reason"]) == ("absent", "unreadable")
    assert len(reach.load(tmp_path / "s").records(NetworkInterface)) == 2


def test_a_region_that_is_off_is_a_gap(tmp_path: Path) -> None:
    """Named or not it is in the manifest; named, its absence counts in every answer."""
    world = estate(2)
    world.off = ("us-east-1",)
    take(tmp_path / "all", world)
    take(tmp_path / "named", world, regions=("eu-west-1", "us-east-1"))
    for name in ("all", "named"):
        gap = manifest(tmp_path / name)["gaps"][0]
        assert (gap["region"], gap["code"]) == ("us-east-1", "OptInRequired")
        assert not (tmp_path / name / ACCOUNT / "us-east-1").exists()
    assert reach.load(tmp_path / "all").has(NetworkInterface)
    assert not reach.load(tmp_path / "named").has(NetworkInterface)


def test_an_account_that_lets_nobody_in_is_a_gap(tmp_path: Path) -> None:
    """Its networks are not known, and no answer may take them for empty."""
    world = estate(2)
    reason = Reason("denied", "AccessDenied", "not you")
    world.absent = [Absent("444455556666", "", "sts.AssumeRole", reason)]
    outcome = take(tmp_path / "s", world)
    assert [gap["account"] for gap in outcome.gaps] == ["444455556666"]
    snapshot = reach.load(tmp_path / "s")
    assert snapshot.has(NetworkInterface, ACCOUNT)
    assert not snapshot.has(NetworkInterface)
    question = "can eni-eu-west-1-0000 reach eni-us-east-1-0000"
    assert reach.ask(snapshot, question).verdict == "undecided"


def test_no_account_at_all_is_an_error(tmp_path: Path) -> None:
    """Nothing was captured, and there is no folder that looks as if something were."""
    world = World(accounts=())
    reason = Reason("denied", "AccessDenied")
    world.absent = [Absent("444455556666", "", "sts.AssumeRole", reason)]
    with pytest.raises(CaptureError, match="444455556666: AccessDenied"):
        take(tmp_path / "s", world)
    assert not (tmp_path / "s").exists()


# --- changes --------------------------------------------------------------------------------------


def changing(operation: str, first: dict[str, Any], then: dict[str, Any]) -> World:
    """An estate in which a call answers otherwise the second time."""
    world = estate(2)
    seen: set[str] = set()

    def answer(region: str, _: dict[str, Any]) -> dict[str, Any]:
        again = region in seen
        seen.add(region)
        return then if again and region == "eu-west-1" else first

    world.answers[operation] = answer
    return world


def gateway(state: str, since: str = "2026") -> dict[str, Any]:
    known = {"TransitGatewayId": "tgw-1", "State": state, "Description": since}
    return {"TransitGateways": [{**known, "OwnerId": "999"}]}


def test_a_network_that_changes_is_noticed(tmp_path: Path) -> None:
    """What is another thing the second time is named, in the manifest and when it is loaded."""
    world = changing("ec2.DescribeTransitGateways", gateway("pending"), gateway("available"))
    outcome = take(tmp_path / "s", world, recheck="lists")
    assert list(outcome.changed) == [
        {
            "account": ACCOUNT,
            "region": "eu-west-1",
            "operation": "ec2.DescribeTransitGateways",
            "ids": ["tgw-1"],
        }
    ]
    said = [str(each) for each in reach.load(tmp_path / "s").diagnostics]
    assert any("the network changed while it was read" in text and "tgw-1" in text for text in said)


def test_what_comes_and_goes_is_noticed(tmp_path: Path) -> None:
    """A thing that is there only once is a change."""
    world = changing("ec2.DescribeTransitGateways", gateway("available"), {"TransitGateways": []})
    assert take(tmp_path / "s", world, recheck="all").changed[0]["ids"] == ["tgw-1"]


@pytest.mark.parametrize("recheck", ["lists", "none"])
def test_what_nothing_reads_is_no_change(tmp_path: Path, recheck: str) -> None:
    """Counters and descriptions may change; without a second look nothing is noticed at all."""
    then = gateway("available", "2027") if recheck == "lists" else gateway("pending")
    world = changing("ec2.DescribeTransitGateways", gateway("available"), then)
    assert take(tmp_path / "s", world, recheck=recheck).changed == ()


def test_a_parent_that_is_gone_is_a_change(tmp_path: Path) -> None:
    """A thing that was listed and then cannot be found was deleted in between."""
    world = estate(2)

    def gone(_: str, parameters: dict[str, Any]) -> dict[str, Any]:
        raise refused("TargetGroupNotFound")

    world.answers["elbv2.DescribeTargetGroupAttributes"] = gone
    outcome = take(tmp_path / "s", world)
    assert {each["operation"] for each in outcome.changed} == {
        "elbv2.DescribeTargetGroupAttributes"
    }


# --- killed and resumed ---------------------------------------------------------------------------


class Killed(BaseException):
    """As if by SIGKILL: nothing runs after it but what the kernel does itself."""


@contextmanager
def killed_after(events: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Stop at that touch of the disk, before or in the middle of it; 0: never.  Counts them."""
    count = 0
    whole = {name: getattr(os, name) for name in ("open", "write", "fsync", "replace", "unlink")}

    def touch(name: str) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == events:
                if name == "write":  # half of a line is on the disk
                    whole["write"](given[0], given[1][: len(given[1]) // 2])
                raise Killed
            return whole[name](*given, **named)

        return call

    with monkeypatch.context() as patch:
        for name in whole:
            patch.setattr(os, name, touch(name))
        yield lambda: count


def undisturbed(path: Path, monkeypatch: pytest.MonkeyPatch, world: World) -> tuple[Any, int]:
    with killed_after(0, monkeypatch) as touches:
        take(path, world)
        return contents(path), touches()


def spoilt() -> World:
    """An estate with something denied at every level."""
    world = estate(500)

    def some(region: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if parameters["TargetGroupArn"].endswith("4"):
            raise refused("AccessDenied")
        return {"TargetHealthDescriptions": []}

    world.answers["elbv2.DescribeTargetHealth"] = some
    world.answers["elb.DescribeLoadBalancers"] = refused("AccessDenied")
    world.answers["ecs.ListClusters"] = refused("AccessDenied")
    return world


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_point_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """2 Regions, 500 interfaces: killed up to three times, then resumed, the bytes are the same."""
    whole, touches = undisturbed(tmp_path / "whole", monkeypatch, spoilt())
    assert touches > 500
    chance = random.Random(seed)
    for kills in (1, 2, 3):
        path = tmp_path / f"killed-{kills}"
        points = [chance.randrange(1, touches // kills) for _ in range(kills)]
        print(f"seed {seed}: killed at {points} of {touches}")
        for point in points:
            with killed_after(point, monkeypatch), pytest.raises(Killed):
                take(path, spoilt(), resume=True)
        take(path, spoilt(), resume=True)
        assert contents(path) == whole


def test_what_is_done_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resumed capture asks for what is missing only, and for the gaps."""
    with killed_after(600, monkeypatch), pytest.raises(Killed):
        take(tmp_path / "s", estate(2))
    done = (tmp_path / "s" / ".capture" / "journal").read_text().count('"complete"')
    assert done > 50
    world = estate(2)
    take(tmp_path / "s", world, resume=True)
    again = estate(2)
    take(tmp_path / "s", again, resume=True)
    assert len(world.log) < 2 * 115 - done + 20
    assert again.log == []


def test_a_gap_is_asked_for_again(tmp_path: Path) -> None:
    """Once the right is given, resuming fills the gap and what hung on it."""
    world = estate(2)
    world.answers["ec2.DescribeVpcs"] = refused("UnauthorizedOperation")
    assert take(tmp_path / "s", world).gaps
    assert take(tmp_path / "s", estate(2), resume=True).gaps == ()
    take(tmp_path / "whole", estate(2))
    assert contents(tmp_path / "s") == contents(tmp_path / "whole")


def test_half_an_answer_is_asked_for_again(tmp_path: Path) -> None:
    """What was read in part is read whole, once it can be."""
    assert take(tmp_path / "s", spoilt()).gaps
    assert take(tmp_path / "s", estate(500), resume=True).gaps == ()
    take(tmp_path / "whole", estate(500))
    assert contents(tmp_path / "s") == contents(tmp_path / "whole")


def test_a_torn_line_costs_one_call(tmp_path: Path) -> None:
    """The line that a kill tore does not take the next one with it."""
    head = {"tool": "t", "asked": {}}
    with filesystem.Folder.open(tmp_path / "s", head, resume=False, now="now") as begun:
        sha256 = begun.write("a.json", b"{}")
        begun.record({"file": "a.json", "sha256": sha256})
    with (tmp_path / "s" / ".capture" / "journal").open("ab") as journal:
        journal.write(b'{"file": "b.js')
    with filesystem.Folder.open(tmp_path / "s", head, resume=True, now="now") as again:
        again.record({"file": "c.json", "sha256": again.write("c.json", b"{}")})
    with filesystem.Folder.open(tmp_path / "s", head, resume=True, now="now") as last:
        assert set(last.done) == {"a.json", "c.json"}


def test_an_unfinished_capture_is_no_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the estate would answer "unreachable" too easily: it is refused, with what to do."""
    with killed_after(300, monkeypatch), pytest.raises(Killed):
        take(tmp_path / "s", estate(2))
    with pytest.raises(reach.SnapshotError, match="was not finished; go on with it"):
        reach.load(tmp_path / "s")


def test_files_appear_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it was killed, each JSON file that is there is what it will be."""
    whole, touches = undisturbed(tmp_path / "whole", monkeypatch, estate(2))
    for point in range(1, touches, 37):
        path = tmp_path / str(point)
        with killed_after(point, monkeypatch), pytest.raises(Killed):
            take(path, estate(2))
        for name, text in contents(path).items():
            if name.endswith(".json") and name != "manifest.json":
                assert text == whole[name]


@pytest.mark.parametrize("spoil", ["truncated", "changed", "deleted"])
def test_a_file_that_was_spoilt_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    """What the disk lost or somebody changed does not count as done."""
    take(tmp_path / "whole", estate(2))
    take(tmp_path / "s", estate(2))
    file = tmp_path / "s" / EU / "ec2.DescribeVpcs.json"
    text = file.read_bytes()
    if spoil == "deleted":
        file.unlink()
    else:
        file.write_bytes(text[:40] if spoil == "truncated" else text.replace(b"10.0", b"10.9"))
    take(tmp_path / "s", estate(2), resume=True)
    assert contents(tmp_path / "s") == contents(tmp_path / "whole")


def test_a_capture_is_not_written_over(tmp_path: Path) -> None:
    """A folder that holds something is left as it is, unless it is resumed as it was begun."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(CaptureError, match="is not empty, and no capture"):
        take(tmp_path / "full", estate(2), resume=True)
    take(tmp_path / "s", estate(2))
    before = contents(tmp_path / "s")
    with pytest.raises(CaptureError, match="--resume goes on with it"):
        take(tmp_path / "s", estate(2))
    words = r"was begun otherwise \(regions: none, now eu-west-1\); go on as it was begun"
    with pytest.raises(CaptureError, match=words):
        take(tmp_path / "s", estate(2), resume=True, regions=("eu-west-1",))
    assert contents(tmp_path / "s") == before


def test_two_at_a_time_are_refused(tmp_path: Path) -> None:
    """A second process would write between the lines of the first."""
    head = {"tool": "t", "asked": {}}
    opened = filesystem.Folder.open(tmp_path / "s", head, resume=False, now="now")
    with opened, pytest.raises(CaptureError, match="by another process"):
        filesystem.Folder.open(tmp_path / "s", head, resume=True, now="now")
