"""What the loader takes from the manifest of a capture."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from reach.snapshot.errors import SnapshotError
from reach.snapshot.load import assemble, load
from reach.snapshot.records import Vpc

VPCS = json.dumps({"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}).encode()
FILE = "111122223333/eu-west-1/ec2.DescribeVpcs.json"
PLACE = {"account": "111122223333", "region": "eu-west-1"}


def manifest(**told: Any) -> bytes:
    whole = {"format": 1, "status": "complete", "scopes": [PLACE], "calls": [], **told}
    return json.dumps({"ReachCapture": whole}).encode()


def call(**told: Any) -> dict[str, Any]:
    known = {"operation": "ec2.DescribeVpcs", **PLACE, "status": "complete", "gaps": []}
    return {**known, "file": FILE, "sha256": hashlib.sha256(VPCS).hexdigest(), **told}


def said(told: bytes, *, prefix: str = "", vpcs: bytes = VPCS) -> list[str]:
    files = [(f"{prefix}manifest.json", told), (f"{prefix}{FILE}", vpcs)]
    return [str(each) for each in assemble(files, hashed=True).diagnostics]


def test_a_whole_capture_says_nothing() -> None:
    """A complete one, with its files as they were, has no remarks and is no file of its own."""
    snapshot = assemble([("manifest.json", manifest(calls=[call()])), (FILE, VPCS)], hashed=True)
    assert (snapshot.diagnostics, snapshot.files, dict(snapshot.ignored)) == ((), (FILE,), {})


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (manifest(status="begun"), "was not finished; go on with it: reach capture"),
        (manifest(format=2), "has format 2; this version reads 1"),
        (b'{"ReachCapture": {"format": 1}}', "is no manifest of a capture"),
        (b'{"ReachCapture": [', "is no manifest of a capture"),
    ],
)
def test_what_is_refused(told: bytes, words: str) -> None:
    """An unfinished capture, another format, or none: the file is named, and what is right."""
    with pytest.raises(SnapshotError, match=words) as caught:
        assemble([("manifest.json", told), (FILE, VPCS)])
    assert caught.value.file == "manifest.json"


def test_who_gave_nothing_is_absent() -> None:
    """An account or Region of the manifest without a file was not asked, and is not empty."""
    other = {"account": "111122223333", "region": "us-east-1"}
    files = [("manifest.json", manifest(scopes=[PLACE, other])), (FILE, VPCS)]
    snapshot = assemble(files)
    assert snapshot.has(Vpc, "111122223333", "eu-west-1")
    assert not snapshot.has(Vpc, "111122223333", "us-east-1")
    assert not snapshot.has(Vpc)
    assert assemble([(FILE, VPCS)]).has(Vpc)


def test_gaps_are_told_with_their_reasons() -> None:
    """What AWS refused, in its words; what only follows from it is not told again."""
    denied = {"reason": "denied", "code": "UnauthorizedOperation", "message": "not you"}
    follows = {"reason": "parent", "code": "ec2.DescribeVpcs"}
    calls = [
        call(operation="ec2.DescribeSubnets", status="absent", file="", gaps=[denied]),
        call(operation="ec2.DescribeVpcAttribute", status="absent", file="", gaps=[follows]),
    ]
    assert said(manifest(calls=calls)) == [
        "warning: manifest.json: 111122223333 eu-west-1: ec2.DescribeSubnets gave nothing: "
        "UnauthorizedOperation, not you"
    ]


def test_many_gaps_of_one_call_are_counted() -> None:
    """A thousand refusals of one call are told as a few and a number."""
    gaps = [
        {"reason": "denied", "code": "AccessDenied", "parameters": {"Arn": f"arn-{number}"}}
        for number in range(12)
    ]
    told = said(manifest(calls=[call(gaps=gaps)]))
    assert len(told) == 6
    assert "ec2.DescribeVpcs of arn-0 gave nothing: AccessDenied" in told[1]
    assert "ec2.DescribeVpcs gave nothing 7 more times" in told[0]


def test_an_account_that_was_not_read() -> None:
    """An account or a Region as a whole is told as such."""
    gap = {"operation": "sts.AssumeRole", "account": "444455556666", "region": ""}
    gap |= {"reason": "denied", "code": "AccessDenied"}
    assert said(manifest(gaps=[gap])) == [
        "warning: manifest.json: 444455556666 was not read: AccessDenied"
    ]


def test_changes_are_told() -> None:
    """A network that changed while it was read is said whenever the snapshot is loaded."""
    about = {"operation": "ec2.DescribeVpcs", **PLACE}
    changed = [
        {**about, "ids": [f"vpc-{number}" for number in range(7)]},
        {**about, "message": "vpc-9 was gone"},
    ]
    assert said(manifest(changed=changed)) == [
        "warning: manifest.json: 111122223333 eu-west-1: ec2.DescribeVpcs: vpc-9 was gone",
        "warning: manifest.json: 111122223333 eu-west-1: the network changed while it was read: "
        "ec2.DescribeVpcs tells otherwise of vpc-0, vpc-1, vpc-2, vpc-3, vpc-4 and 2 more",
    ]


@pytest.mark.parametrize("prefix", ["", "aws_configs/"])
def test_a_file_that_is_not_as_it_was(prefix: str) -> None:
    """Edited or taken away after the capture: it is read as it is, and said."""
    told = manifest(calls=[call(), call(file="111122223333/eu-west-1/gone.json")])
    edited = VPCS.replace(b"10.0", b"10.9")
    assert said(told, prefix=prefix, vpcs=edited) == [
        f"warning: {prefix}manifest.json: {prefix}111122223333/eu-west-1/ec2.DescribeVpcs.json "
        "is not as it was captured",
        f"warning: {prefix}manifest.json: {prefix}111122223333/eu-west-1/gone.json "
        "is captured, but not here",
    ]


def test_a_folder_is_compared_with_its_manifest(tmp_path: Path) -> None:
    """Loading a folder looks at the hashes where there is a manifest."""
    file = tmp_path / FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(VPCS.replace(b"10.0", b"10.9"))
    (tmp_path / "manifest.json").write_bytes(manifest(calls=[call()]))
    assert any("is not as it was captured" in str(each) for each in load(tmp_path).diagnostics)


def test_a_manifest_is_told_by_its_key() -> None:
    """Its name means nothing: another file of that name is read as any other."""
    snapshot = assemble([("manifest.json", VPCS), ("x.json", manifest())])
    assert snapshot.get(Vpc, "vpc-1") is not None
