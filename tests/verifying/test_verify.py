"""reach verify: every kind of damage is found, told with its place, and ends in its status."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reach.cli import cli
from reach.verifying.verdict import Finding, Gap, Kind, Standing
from reach.verifying.verify import verify
from tests.estate import Estate, Pair, write_files

ROOT = Path(__file__).resolve().parents[2]
PLACE = {"account": "111122223333", "region": "eu-west-1"}
FOLDER = "111122223333/eu-west-1"
VPCS: dict[str, Any] = {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}


def estate() -> Estate:
    """A VPC with two subnets and an instance, and every call answered."""
    e = Estate()
    vpc = e.vpc("10.0.0.0/16")
    subnet = e.subnet(vpc, "10.0.0.0/24")
    e.subnet(vpc, "10.0.1.0/24")
    e.instance("a", subnet, "10.0.0.5")
    return e


def whole(e: Estate) -> dict[str, str]:
    """Its files, and the answers of the two calls that an estate leaves out."""
    folder = next(iter(e.files())).rpartition("/")[0]
    others: dict[str, Any] = {"VpcBlockPublicAccessOptions": {}, "ServiceDetails": []}
    return e.files() | {f"{folder}/{key}.json": json.dumps({key: o}) for key, o in others.items()}


def capture(
    folder: Path, files: dict[str, Any], calls: Iterable[dict[str, Any]] = (), **told: Any
) -> Path:
    """A capture that holds ``files``, by operation, and says so."""
    entries = list(calls)
    (folder / FOLDER).mkdir(parents=True)
    for operation, content in files.items():
        text = json.dumps(content).encode()
        name = f"{FOLDER}/{operation}.json"
        (folder / name).write_bytes(text)
        digest = hashlib.sha256(text).hexdigest()
        known = {"operation": operation, **PLACE, "status": "complete", "gaps": []}
        entries.append({**known, "file": name, "sha256": digest})
    whole = {"format": 1, "status": "complete", "scopes": [PLACE], "calls": entries, **told}
    (folder / "manifest.json").write_text(json.dumps({"ReachCapture": whole}))
    return folder


def wrong(path: Path) -> list[tuple[str, str, str]]:
    """What counts: kind, file and words."""
    return [(each.kind.value, each.file, each.message) for each in verify(path).findings]


# ------------------------------ how a snapshot stands


def test_a_whole_one_is_sound(tmp_path: Path) -> None:
    """Nothing wrong, nothing missing."""
    told = verify(write_files(whole(estate()), tmp_path))
    assert [each for each in told.findings if each.counts] == []
    assert (told.gaps, told.standing, told.manifests) == ((), Standing.SOUND, ())


def test_only_gaps(tmp_path: Path) -> None:
    """A call that was not made is a gap: nothing is wrong, and it is no sound snapshot either."""
    files = {n: t for n, t in whole(estate()).items() if "NatGateways" not in json.loads(t)}
    told = verify(write_files(files, tmp_path))
    assert [(each.call, each.reason) for each in told.gaps] == [
        ("aws ec2 describe-nat-gateways", "not made")
    ]
    assert told.standing is Standing.GAPS


def test_the_samples_stand_as_they_should() -> None:
    """The one sample that names what it does not hold does so on purpose, and is told."""
    standings = {
        path.parent.name: verify(path).standing for path in ROOT.glob("samples/*/snapshot")
    }
    assert [n for n, each in standings.items() if each is Standing.WRONG] == ["instance"]
    assert standings["estate"] is Standing.SOUND


# ------------------------------ the manifest and the hashes


def test_a_capture_as_it_was_made(tmp_path: Path) -> None:
    """Only the calls that it did not make are told."""
    told = verify(capture(tmp_path, {"ec2.DescribeVpcs": VPCS}))
    assert (told.findings, told.manifests, told.hashed) == ((), ("manifest.json",), 1)
    assert told.standing is Standing.GAPS


def test_a_file_that_was_edited(tmp_path: Path) -> None:
    """One space is enough."""
    path = capture(tmp_path, {"ec2.DescribeVpcs": VPCS})
    name = f"{FOLDER}/ec2.DescribeVpcs.json"
    (path / name).write_text((path / name).read_text() + " ")
    assert wrong(path) == [("hash", "manifest.json", f"{name} is not as it was captured")]


def test_a_file_that_was_taken_away(tmp_path: Path) -> None:
    path = capture(tmp_path, {"ec2.DescribeVpcs": VPCS, "ec2.DescribeSubnets": {"Subnets": []}})
    name = f"{FOLDER}/ec2.DescribeSubnets.json"
    (path / name).unlink()
    assert wrong(path) == [("hash", "manifest.json", f"{name} is captured, but not here")]


def test_a_file_that_was_put_there(tmp_path: Path) -> None:
    """It would be believed like all others."""
    path = capture(tmp_path, {"ec2.DescribeVpcs": VPCS})
    (path / FOLDER / "more.json").write_text('{"Subnets": []}')
    words = "is not of the capture that manifest.json tells of"
    assert wrong(path) == [("manifest", f"{FOLDER}/more.json", words)]


def test_an_unfinished_capture(tmp_path: Path) -> None:
    """It cannot be loaded, and that is what is wrong."""
    path = capture(tmp_path, {"ec2.DescribeVpcs": VPCS}, status="begun")
    ((kind, file, words),) = wrong(path)
    assert (kind, file) == ("unreadable", "manifest.json")
    assert words.startswith("the capture was not finished; go on with it: reach capture")


def test_a_network_that_changed(tmp_path: Path) -> None:
    """What it was before and after does not make one network."""
    changed = [{"operation": "ec2.DescribeVpcs", **PLACE, "ids": ["vpc-1"]}]
    path = capture(tmp_path, {"ec2.DescribeVpcs": VPCS}, changed=changed)
    assert [kind for kind, _, _ in wrong(path)] == ["change"]


def test_gaps_have_the_reasons_of_the_manifest(tmp_path: Path) -> None:
    """What AWS refused, what follows from it, and an account that let nobody in."""
    denied = {"reason": "denied", "code": "UnauthorizedOperation", "message": "not you"}
    follows = {"reason": "parent", "code": "ec2.DescribeManagedPrefixLists"}
    lost = {"account": "444455556666", "region": "", "reason": "denied", "code": "AccessDenied"}
    absent = {**PLACE, "status": "absent"}
    calls = [
        {"operation": "ec2.DescribeSubnets", **absent, "gaps": [denied]},
        {"operation": "ec2.GetManagedPrefixListEntries", **absent, "gaps": [follows]},
    ]
    told = verify(capture(tmp_path, {"ec2.DescribeVpcs": VPCS}, calls, gaps=[lost]))
    account, region = PLACE.values()
    assert told.gaps[-1] == Gap(
        "", "444455556666", "", "not read", "denied (AccessDenied)", "manifest.json"
    )
    whys = {
        gap.call: gap.why for gap in told.gaps if (gap.account, gap.region) == (account, region)
    }
    assert whys["aws ec2 describe-subnets"] == "denied (UnauthorizedOperation, not you)"
    entries = whys["aws ec2 get-managed-prefix-list-entries"]
    assert entries == "ec2.DescribeManagedPrefixLists is a gap itself"
    assert whys["aws ec2 describe-nat-gateways"] == ""
    assert told.findings == ()


# ------------------------------ what cannot be read


def test_all_broken_files_at_once(tmp_path: Path) -> None:
    """Loading stops at the first; here each is told, and what is left does not seem to lack it."""
    files = estate().files()
    names = sorted(files)[:2]
    files |= {names[0]: '{"Vpcs": [', names[1]: "[]"}
    told = verify(write_files(files, tmp_path))
    assert [(each.kind, each.file) for each in told.findings] == [
        (Kind.UNREADABLE, name) for name in names
    ]
    assert (told.standing, told.gaps) == (Standing.WRONG, ())


def test_a_broken_file_hides_no_bad_address(tmp_path: Path) -> None:
    """What shows only when files are put together is told beside it."""
    a = {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.5/16"}]}
    b = {"Subnets": [{"SubnetId": "subnet-1", "CidrBlock": "10.0.0.0/99"}]}
    texts = {"a.json": json.dumps(a), "b.json": json.dumps(b), "c.json": "{"}
    told = verify(write_files(texts, tmp_path))
    assert [(each.file, each.pointer) for each in told.findings] == [
        ("a.json", "/Vpcs/0/CidrBlock"),
        ("b.json", "/Subnets/0/CidrBlock"),
        ("c.json", ""),
    ]


# ------------------------------ what cannot be true


def found(e: Estate, tmp_path: Path) -> list[Finding]:
    return [each for each in verify(write_files(e.files(), tmp_path)).findings if each.counts]


def test_what_tells_nothing(tmp_path: Path) -> None:
    """A list that AWS always prints and is not there, and a word that it does not have."""
    e = estate()
    (table,) = e.scopes[e.home]["RouteTables"]
    del table["Routes"]
    table["Associations"][0]["AssociationState"]["State"] = "half-working"
    write_files(whole(e), tmp_path)
    found = [each for each in verify(tmp_path).findings if each.kind is Kind.FORM]
    ends = sorted(each.pointer.partition("/RouteTables/0")[2] for each in found)
    assert ends == ["/Associations/0/AssociationState/State", "/Routes"]


def test_a_dangling_reference(tmp_path: Path) -> None:
    """Told with the resource that names it and where."""
    e = Pair()
    e.route(e.ta, "0.0.0.0/0", "igw-0aaaaaaaaaaaaaaaa")
    (one,) = found(e, tmp_path)
    assert (one.kind, one.severity, one.resource) == (Kind.REFERENCE, "warning", e.ta)
    assert one.message == (f"{e.ta} names igw-0aaaaaaaaaaaaaaaa, which the snapshot does not hold")
    assert one.pointer.endswith("/GatewayId")


def outside(e: Pair) -> str:
    e.subnet(e.v1, "10.1.0.0/24")
    return "is in no block of"


def overlapping(e: Pair) -> str:
    e.subnet(e.v1, "10.0.0.128/25")
    return "overlaps"


def of_another_subnet(e: Pair) -> str:
    e.instance("c", e.sa, "10.0.1.77")
    return "has 10.0.1.77, which is not of"


def taken(e: Pair) -> str:
    e.instance("c", e.sa, "10.0.0.77")
    e.instance("d", e.sa, "10.0.0.77")
    return "has 10.0.0.77, as eni-"


def two_main_tables(e: Pair) -> str:
    e.ta.record["Associations"].append({"Main": True})
    return "as its main table, and so does"


@pytest.mark.parametrize("edit", [outside, overlapping, of_another_subnet, taken, two_main_tables])
def test_a_contradiction(edit: Callable[[Pair], str], tmp_path: Path) -> None:
    """What AWS would have refused to create."""
    e = Pair()
    words = edit(e)
    (one,) = found(e, tmp_path)
    assert one.kind is Kind.CONTRADICTION
    assert words in one.message


def test_a_lint_does_not_count(tmp_path: Path) -> None:
    """A route that forwards nothing is the network's fault: the snapshot tells it as it is."""
    e = Pair()
    e.route(e.ta, "10.77.0.0/16", e.igw(e.v1), state="filtered")
    told = verify(write_files(whole(e), tmp_path))
    (one,) = [each for each in told.findings if each.severity != "note"]
    assert (one.kind, one.counts, told.standing) == (Kind.LINT, False, Standing.SOUND)


# ------------------------------ the command


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["verify", *words])
    return result.exit_code, result.output


def test_statuses(tmp_path: Path) -> None:
    """0 sound, 1 wrong, 2 nothing to look at, 3 only gaps."""
    sound = write_files(whole(Pair()), tmp_path / "sound")
    broken = write_files({"a.json": "{"}, tmp_path / "broken")
    gaps = write_files({"a.json": json.dumps(VPCS)}, tmp_path / "gaps")
    statuses = [run(str(path))[0] for path in (sound, broken, tmp_path / "nowhere", gaps)]
    assert statuses == [0, 1, 2, 3]


def test_what_is_printed(tmp_path: Path) -> None:
    """How it stands, then each kind under a title of its own, then the gaps by their reason."""
    path = capture(tmp_path, {"ec2.DescribeVpcs": VPCS})
    (path / FOLDER / "more.json").write_text('{"Subnets": []}')
    status, text = run(str(path))
    assert status == 1
    words = " ".join(text.split())
    assert words.startswith(f"WRONG {path}: 1 object in 3 files, one thing is wrong, ")
    assert "\n  manifest.json: 1 file compared with it\n\nManifest\n" in text
    assert f"\n  warning {FOLDER}/more.json: is not of the capture that" in text
    assert "\n  not made, in 111122223333/eu-west-1\n" in text


def test_as_json(tmp_path: Path) -> None:
    """One object, with everything in it."""
    path = capture(tmp_path, {"ec2.DescribeVpcs": VPCS})
    status, text = run(str(path), "--format", "json")
    told = json.loads(text)
    assert (status, told["standing"], told["format"], told["findings"]) == (3, "gaps", 1, [])
    assert told["gaps"][0].keys() == {"call", "account", "region", "reason", "why", "where"}
