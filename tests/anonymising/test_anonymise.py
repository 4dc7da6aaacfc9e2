"""reach anonymise: every answer is the same up to renaming, and no name is left."""

from __future__ import annotations

import json
import re
import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

import reach
from reach.anonymising.anonymise import Anonymous, anonymise, write
from reach.cli import cli
from reach.verifying.verify import verify
from tests.estate import Estate, city, write_files

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted(path.parent.name for path in ROOT.glob("samples/*/cases.reach.yaml"))
KEY = b"a key of sixteen"


def loaded(renamed: Anonymous) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        write(renamed, Path(folder) / "out")
        return reach.load(Path(folder) / "out")


@cache
def sample(name: str, key: bytes = KEY) -> tuple[Any, Any, Anonymous, tuple[str, ...]]:
    """A sample before and after, and the questions that it asks."""
    cases = YAML(typ="safe").load(ROOT / "samples" / name / "cases.reach.yaml")
    path = ROOT / "samples" / name / cases["snapshot"]
    renamed = anonymise(path, key)
    asked = tuple(each["ask"] for each in cases["cases"] if each["ask"].startswith("can "))
    return reach.load(path), loaded(renamed), renamed, asked


def shape(snapshot: Any, question: str) -> tuple[Any, ...]:
    """An answer without its names: the verdict, the kinds of the hops there and back, the codes."""
    answer = reach.ask(snapshot, question)
    told = answer.to_dict()
    witness = told.get("witness") or {}
    ways = [[hop["kind"] for hop in witness.get(way) or ()] for way in ("forward", "reply")]
    codes = sorted(str(each.code) for each in answer.explanations if not each.aside)
    return answer.verdict.value, ways, codes


# ------------------------------ every answer is the same


def different(name: str, *, every: int = 1) -> dict[str, Any]:
    """Verdict, hops and codes of each question that they are others of under the new names."""
    before, after, renamed, asked = sample(name)
    pairs = {
        question: (shape(before, question), shape(after, renamed.question(question)))
        for question in asked[::every]
    }
    return {question: pair for question, pair in pairs.items() if pair[0] != pair[1]}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_answers_of_a_sample(name: str) -> None:
    """They stay: all of a small sample, every third of the estate."""
    assert different(name, every=3 if name == "estate" else 1) == {}


@pytest.mark.deep
def test_all_answers_of_the_estate() -> None:
    """The others too."""
    assert different("estate") == {}


def random_estate(rng: Random) -> tuple[Estate, list[str]]:
    """Two VPCs, peered, with random rules, routes and addresses, and questions between all."""
    e = Estate()
    ends: list[str] = []
    nets = rng.sample(["10.0.0.0/16", "10.1.0.0/16", "172.20.0.0/16", "100.70.0.0/16"], 2)
    vpcs = [e.vpc(net) for net in nets]
    peering = e.peering(*vpcs)
    gateway = e.igw(vpcs[0])
    for vpc, net in zip(vpcs, nets, strict=True):
        head = net.rsplit(".", 2)[0]
        for third in rng.sample(range(200), 2):
            subnet = e.subnet(vpc, f"{head}.{third}.0/24")
            peers = [f"{head}.0.0/16", "8.8.0.0/16", "0.0.0.0/0", f"{head}.{third}.0/25"]
            rules = [
                f"tcp/{rng.choice(['22', '80-90'])} {rng.choice([*peers, *nets])}" for _ in "ab"
            ]
            public = f"198.51.100.{rng.randrange(1, 250)}" if vpc is vpcs[0] else None
            host = f"{head}.{third}.{rng.randrange(4, 250)}"
            ends.append(
                e.instance(f"h{third}", subnet, host, groups=[e.group(vpc, rules)], public=public)
            )
            lines = [
                f"{100 + at} {rng.choice(['allow', 'deny'])} tcp/{rng.choice(['22', '85'])} "
                f"{rng.choice([*nets, '8.8.8.0/24', '0.0.0.0/1'])}"
                for at in range(3)
            ]
            e.acl(vpc, [subnet], ingress=[*lines, "200 allow all 0.0.0.0/0"])
            ends.append(host)
    e.route(vpcs[0].table, "0.0.0.0/0" if rng.random() < 0.7 else "8.0.0.0/7", gateway)
    for one, other in ((0, 1), (1, 0)):
        if rng.random() < 0.8:
            e.route(vpcs[one].table, nets[other], peering)
    pairs = [(a, b) for a in [*ends, "8.8.8.8"] for b in [*ends, "8.8.4.4"] if a != b]
    return e, [f"can {a} reach {b} port {rng.choice([22, 85])}" for a, b in rng.sample(pairs, 12)]


@pytest.mark.parametrize("seed", range(8))
def test_the_answers_of_a_random_network(seed: int, tmp_path: Path) -> None:
    """Whatever the network and the key are."""
    rng = Random(seed)
    e, asked = random_estate(rng)
    renamed = anonymise(write_files(e.files(), tmp_path), rng.randbytes(32))
    before, after = e.load(), loaded(renamed)
    for question in asked:
        assert shape(after, renamed.question(question)) == shape(before, question), question


def test_random_networks_say_yes_and_no() -> None:
    """Else the law above would hold of anything."""
    said = {
        shape(e.load(), question)[0]
        for seed in range(4)
        for e, asked in [random_estate(Random(seed))]
        for question in asked
    }
    assert {"reachable", "unreachable"} <= said


def test_nothing_more_is_wrong_or_missing() -> None:
    """The same objects, gaps and dangling names."""
    for name in ("estate", "instance", "network_firewall"):
        before, after, _, _ = sample(name)
        assert {k.__name__: len(v) for k, v in after.contents.items()} == {
            k.__name__: len(v) for k, v in before.contents.items()
        }
        assert [gap.operation for gap in after.gaps] == [gap.operation for gap in before.gaps]
        dangling = [
            len([each for each in one.diagnostics if each.about == "reference"])
            for one in (before, after)
        ]
        assert dangling[0] == dangling[1]


# ------------------------------ no name is left

_AWS_ID = re.compile(r"(?<![a-z0-9-])[a-z]+(?:-[a-z]+)*-[0-9a-f]{17}(?![0-9a-f])")


@pytest.mark.parametrize("name", SAMPLES)
def test_no_name_is_left(name: str) -> None:
    """Neither an id, nor an account, a tag, a name or a description of the old files is in them."""
    cases = YAML(typ="safe").load(ROOT / "samples" / name / "cases.reach.yaml")
    files = sorted((ROOT / "samples" / name / cases["snapshot"]).rglob("*.json"))
    old = "".join(path.read_text() for path in files)
    new = "".join(
        [*sample(name)[2].files, *(text.decode() for text in sample(name)[2].files.values())]
    )
    secrets = set(_AWS_ID.findall(old)) | set(re.findall(r"(?<!\d)\d{12}(?!\d)", old))
    members = (
        r'"(?:Name|GroupName|LoadBalancerName|TargetGroupName|DNSName|DnsName|Value)": "(.*?)"'
    )
    plain = {each for each in re.findall(members, old) if len(each) > 5 and not each.isdigit()}
    states = {
        "network",
        "default",
        "running",
        "pending",
        "stopped",
        "terminated",
        "subnetId",
        "networkInterfaceId",
    }
    kept = {
        each
        for each in plain
        if re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_.]+|\w+IPv4Address|[a-z]+-[a-z]+-\d[a-z]?", each)
    }
    left = sorted(each for each in secrets | (plain - states - kept) if f'"{each}"' in new)
    assert left == []


def test_what_is_made_up_does_not_stay(tmp_path: Path) -> None:
    """Members that nothing reads, descriptions, tags, messages and file names are gone."""
    e, _ = city()
    files = {}
    for number, (path, text) in enumerate(e.files().items()):
        content = json.loads(text)
        for records in content.values():
            for each in records if isinstance(records, list) else ():
                each |= {"Hush": "hush-1", "Description": "hush-2"}
                tags = each.setdefault("Tags", [])
                tags += [{"Key": "hush-3", "Value": v} for v in ("hush-4", "40417", "4041 7")]
        folder = path.rpartition("/")[0]
        files[f"{folder}/hush-{number}.json"] = json.dumps({**content, "Hush": ["hush-5"]})
    renamed = anonymise(write_files(files, tmp_path), KEY)
    assert renamed.unread == ("Hush",)
    assert re.findall("hush|40417|4041 7", str(renamed.files).lower()) == []


def test_a_capture_stays_one(tmp_path: Path) -> None:
    """Its manifest has the new names and hashes, and its gaps without AWS's messages."""
    account, region = "111122223333", "eu-west-1"
    file = f"{account}/{region}/ec2.DescribeVpcs.json"
    place = {"account": account, "region": region}
    gap = {"reason": "denied", "code": "Denied", "message": "user/jane is not allowed"}
    calls = [
        {"operation": "ec2.DescribeVpcs", **place, "status": "complete", "file": file},
        {"operation": "ec2.DescribeSubnets", **place, "status": "absent", "gaps": [gap]},
    ]
    told = {"status": "complete", "scopes": [place], "calls": calls}
    texts = {
        "manifest.json": json.dumps({"ReachCapture": told}),
        file: json.dumps({"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}),
    }
    renamed = anonymise(write_files(texts, tmp_path / "in"), KEY)
    write(renamed, tmp_path / "out")
    found = verify(tmp_path / "out")
    assert (found.findings, found.hashed) == ((), 1)
    assert [each.why for each in found.gaps if "subnets" in each.call] == ["denied (Denied)"]
    assert "jane" not in str(renamed.files)
    assert account not in str(renamed.files)


# ------------------------------ the key, and the command


def test_the_key_decides(tmp_path: Path) -> None:
    """The same key gives the same bytes, another key other ones."""
    path = ROOT / "samples" / "nat_gateway" / "snapshot"
    one, same, other = (anonymise(path, key).files for key in (KEY, KEY, KEY[::-1]))
    assert one == same
    assert one != other


def test_the_command(tmp_path: Path) -> None:
    """A new folder, the names for the owner alone; never into a folder that holds something."""
    path, out, names = ROOT / "samples/nat_gateway/snapshot", tmp_path / "o", tmp_path / "names"
    words = ["anonymise", str(path), str(out), "--names", str(names)]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    assert reach.load(out).gaps
    assert names.stat().st_mode & 0o777 == 0o600
    assert "oven" in json.loads(names.read_text())["name"]
    assert CliRunner().invoke(cli, words).exit_code == 2


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    words = ["anonymise", "x", str(tmp_path / "o"), "--key-file", str(tmp_path / "key")]
    assert CliRunner().invoke(cli, words).exit_code == 2
