"""Cards by id: of anything in a snapshot, as text and as JSON, and what is said of other ids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import reach
from reach.cards import report
from reach.cli import cli
from reach.render.paper import Paper
from tests.estate import Id, Pair, city

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
HOSTILE = (
    "",
    " ",
    "sg-",
    "sg-" + "f" * 4000,
    "sg-0\x1b[31m\u202e",
    "../../etc/passwd",
    "arn:aws:ec2:::",
    "$(id)",
    "sg-0123456789abcdef0\n",
    "\ud800",
)


def filtered() -> tuple[Pair, Id]:
    e = Pair()
    group = e.group(e.v1, ["tcp/22 10.0.0.0/24", "tcp/22 10.0.0.0/25"], ["all any"], name="app")
    e.group(e.v1, [f"tcp/22 {group}"], name="db")
    e.wear(e.b, group)
    return e, group


def shown(card: reach.Card, width: int = 100) -> str:
    paper = Paper(colour=False, width=width)
    report.card(paper, card)
    return paper.text


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["explain", *words])
    return result.exit_code, result.stdout, result.stderr


# ------------------------------ what a card tells


def test_the_card_of_a_group_as_text(tmp_path: Path) -> None:
    """Who is in it with its owner, what names it, and each rule with its standing and why."""
    e, group = filtered()
    e.ids["db"] = e.group(e.v1, [], name="unused")
    lines = shown(reach.describe(e.load(), group)).splitlines()
    assert lines[0] == f"{group}  app  security group"
    assert lines[2:] == [
        f"  VPC  {e.v1}",
        "",
        "In it (1)",
        f"  {e.b.eni}  -  {e.b} b, 10.0.1.5",
        "",
        "Named by (1)",
        f"  {e.scopes[e.home]['SecurityGroups'][-2]['GroupId']}  db  security group, "
        "IpPermissions.UserIdGroupPairs.GroupId",
        "",
        "Inbound (1 usable, 1 shadowed)",
        "  usable     tcp  22  from 10.0.0.0/24",
        f"             10.0.0.5:50000 -> 10.0.1.5:22 tcp, {e.a.eni} ({e.a} a) to",
        f"               {e.b.eni} ({e.b} b)",
        "  shadowed   tcp  22  from 10.0.0.0/25",
        "             by inbound rule tcp 22 from 10.0.0.0/24",
        "",
        "Outbound (1 usable, 1 dead)",
        "  usable     all  to 0.0.0.0/0",
        f"             10.0.1.5:50000 -> 10.0.0.5:443 tcp, {e.b.eni} ({e.b} b) to",
        f"               {e.a.eni} ({e.a} a)",
        "  dead       all  to ::/0",
        "             no sender and receiver of it have an address of one IP version",
        "",
        "  Can all go at once, and nothing changes: inbound rule tcp 22 from 10.0.0.0/25",
    ]


def test_the_card_of_a_group_as_json() -> None:
    """The stable form: each line with its standing, what shadows it, its packet."""
    e, group = filtered()
    told = reach.describe(e.load(), group).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert (told["format"], told["kind"], told["account"]) == (
        1,
        "security group",
        "111122223333",
    )
    first, second, *_ = told["lines"]
    assert first == {
        "key": "inbound rule tcp 22 from 10.0.0.0/24",
        "direction": "inbound",
        "protocol": "tcp",
        "ports": "22",
        "peer": "10.0.0.0/24",
        "standing": "usable",
        "witness": {
            "packet": "10.0.0.5:50000 -> 10.0.1.5:22 tcp",
            "from": f"{e.a.eni} ({e.a} a)",
            "to": f"{e.b.eni} ({e.b} b)",
            "reply": False,
        },
    }
    assert (second["standing"], second["by"]) == ("shadowed", [first["key"]])
    assert told["removable"] == [second["key"]]


def test_rules_have_their_ids_and_descriptions() -> None:
    """From describe-security-group-rules, if that call was made."""
    e, group = filtered()
    permission = group.record["IpPermissions"][0]
    permission["IpRanges"][0]["Description"] = "from the front"
    rule = {
        "SecurityGroupRuleId": "sgr-0123456789abcdef0",
        "GroupId": str(group),
        "GroupOwnerId": e.home[0],
        "IsEgress": False,
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "CidrIpv4": "10.0.0.0/24",
    }
    e.add("SecurityGroupRules", rule)
    first, second, *_ = reach.describe(e.load(), group).lines
    assert (first.id, first.description) == ("sgr-0123456789abcdef0", "from the front")
    assert (second.id, second.description) == ("", "")


def test_a_prefix_list_and_what_names_it() -> None:
    """An entry inside another is shadowed, two halves shadow their whole; groups and tables name
    the list."""
    e = Pair()
    listed = e.prefix_list("10.1.0.0/16", "10.1.7.0/24", "10.2.0.0/17", "10.2.128.0/17")
    group = e.group(e.v1, [f"tcp/22 {listed}"])
    e.route(e.ta, listed, e.online())
    told = reach.describe(e.load(), listed)
    assert {line.key: line.by for line in told.lines} == {
        "10.1.0.0/16": (),
        "10.1.7.0/24": ("10.1.0.0/16",),
        "10.2.0.0/17": (),
        "10.2.128.0/17": (),
    }
    assert {thing.id for thing in told.referrers} == {group, e.ta}
    e.drop("ManagedPrefixListEntries")
    e.loaded = None
    (note,) = reach.describe(e.load(), listed).notes
    assert "not in the snapshot" in note


def test_everything_in_a_snapshot_has_a_card() -> None:
    """Every id of an estate with something of everything is explained, as text of any width."""
    e, _ = city()
    snapshot = e.load()
    from reach.asking import ground_of
    from reach.options import DEFAULTS

    for resource in dict.fromkeys(ground_of(snapshot, DEFAULTS).ids()):
        card = reach.describe(snapshot, resource)
        assert resource in (card.id, *(thing.id for thing in card.attached))
        for width in (60, 100):
            assert shown(card, width).startswith(card.id)


def test_an_instance_a_subnet_and_a_name() -> None:
    """What a thing names and what names it; a Name does for an id; a subnet's table and ACL."""
    e = Pair()
    e.online(e.ta)
    told = reach.describe(e.load(), "a")
    assert (told.id, told.kind) == (e.a, "instance")
    assert {thing.id for thing in told.attached} >= {e.a.eni, e.sa, e.v1}
    assert told.facts is not None
    assert told.facts["State"] == "running"
    assert e.a.eni in {thing.id for thing in told.referrers}
    subnet = reach.describe(e.load(), e.sa)
    assert subnet.facts is not None
    assert subnet.facts["route table in force"] == e.ta
    assert subnet.facts["network ACL in force"] == e.v1.acl


# ------------------------------ what is no id


@pytest.mark.parametrize("resource", HOSTILE)
def test_what_is_no_id_is_refused_in_a_sentence(resource: str) -> None:
    """Bad input is the asker's error, with no traceback and nothing that moves a cursor."""
    e, _ = filtered()
    with pytest.raises(reach.QuestionError):
        reach.describe(e.load(), resource)


def test_a_near_miss_names_the_nearest(tmp_path: Path) -> None:
    """One letter off: the id that was meant is listed, and the status is 2."""
    e, group = filtered()
    folder = str(e.write(tmp_path))
    wrong = group[:-1] + ("0" if group[-1] != "0" else "1")
    status, out, err = run(wrong, "--snapshot", folder)
    assert (status, out) == (2, "")
    assert "is not in the snapshot; the nearest are:" in err
    assert f"  {group}" in err


def test_what_is_only_named_says_by_whom() -> None:
    """An id that a record names but that was not listed itself."""
    e = Pair()
    group = e.group(e.v1, ["tcp/22 444455556666/sg-0123456789abcdef0"])
    with pytest.raises(reach.QuestionError) as error:
        reach.describe(e.load(), "sg-0123456789abcdef0")
    assert "it is named by" in str(error.value)
    assert error.value.candidates == (group,)


def test_a_name_of_several_things_is_refused() -> None:
    """The ids of all that have the Name are listed."""
    e = Pair()
    other = e.instance("a", e.sb, "10.0.1.9")
    with pytest.raises(reach.QuestionError) as error:
        reach.describe(e.load(), "a")
    assert {f"{e.a} Instance, 10.0.0.5", f"{other} Instance, 10.0.1.9"} <= {*error.value.candidates}


def test_the_command(tmp_path: Path) -> None:
    """JSON is one object; the allowance has to be more than nothing."""
    e, group = filtered()
    folder = str(e.write(tmp_path))
    status, out, _ = run(group, "--snapshot", folder, "--format", "json")
    assert (status, json.loads(out)["id"]) == (0, group)
    assert run(group, "--snapshot", folder, "--seconds", "0")[0] == 2
    assert run(group, "--snapshot", str(tmp_path / "none"))[0] == 2
    status, out, _ = run(group, "--snapshot", folder, "--option", "group-reference-ipv6=match")
    assert (status, out.startswith(group)) == (0, True)


@pytest.mark.parametrize(
    "sample", ["two_tier", "security_group", "network_acl", "route_table", "prefix_list"]
)
def test_every_filter_of_a_sample_is_explained(sample: str) -> None:
    """Every group, ACL, table and list of a reviewed sample: each rule has a standing, and what is
    usable shows its packet."""
    snapshot = reach.load(SAMPLES / sample / "snapshot")
    from reach.snapshot.records import NetworkAcl, RouteTable, SecurityGroup

    found = [
        snapshot.id_of(r)
        for k in (NetworkAcl, RouteTable, SecurityGroup)
        for r in snapshot.records(k)
    ]
    assert found
    for resource in found:
        for line in reach.describe(snapshot, resource).lines:
            assert line.standing is not None
            assert (line.standing == "shadowed") is bool(line.by)
            if line.standing == "usable":
                assert line.passage is not None
            if line.standing in ("dead", "undecided", "blackhole"):
                assert line.reason, line
