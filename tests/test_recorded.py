"""What AWS was asked, asked again: the questions are the same, and differences are seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import reach
from reach.analysis.analyse import analyse
from reach.cli import cli
from reach.recorded import Comparison, Outcome, compare, read
from reach.render import render
from reach.suite import load_suite
from tests.estate import Pair

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
LABS = Path(__file__).resolve().parents[2] / "shared" / "labs"
PATH = "nip-0123456789abcdef0"


def printed(snapshot: Any, question: str, **how: Any) -> Any:
    """The document that is printed of a question."""
    answer = reach.ask(snapshot, question, packets=True, **how)
    return json.loads(render(analyse(snapshot, answer), "aws"))


def again(snapshot: Any, document: Any) -> Comparison:
    (one,) = read([document])
    return compare(snapshot, one)


def path(**members: Any) -> Any:
    return {"NetworkInsightsPaths": [{"NetworkInsightsPathId": PATH, **members}]}


def asked(**members: Any) -> Any:
    """The question of a path."""
    (one,) = read([path(**members)])
    return one


# ------------------------------ the round trip


@pytest.mark.parametrize("name", ["nat_gateway", "network_load_balancer", "transit_gateway"])
def test_the_round_trip(name: str) -> None:
    """What is printed of a question and asked again of the same snapshot agrees, to the letter."""
    for case in load_suite(str(SAMPLES / name / "cases.reach.yaml")).cases:
        snapshot = reach.load(case.snapshot)
        document = printed(snapshot, case.ask, one_way=case.one_way, port_at=case.port_at)
        told = again(snapshot, document)
        assert (told.outcome, told.differences) == (Outcome.AGREES, ()), case.name
        assert told.answer is not None
        assert told.answer.verdict == case.expect


def test_the_round_trip_with_conditions() -> None:
    """Conditions at both ends, things to pass and to avoid, options: all are asked again."""
    e = Pair()
    nat = e.natted(e.ta)
    how: dict[str, Any] = {
        "at_source": {"source-port": "2000-3000"},
        "at_destination": {"source": "198.51.100.20"},
        "through": [nat],
        "avoid": [e.b],
        "options": {"target-health": "observe"},
        "one_way": True,
    }
    document = printed(e.load(), f"can {e.a} reach 8.8.8.8 port 443", **how)
    (one,) = read([document])
    assert one.question is not None
    assert one.question.at_source == (("source-port", "2000-3000"),)
    assert one.question.at_destination == (("source", "198.51.100.20"),)
    assert (one.question.through, one.question.avoid) == ((str(nat),), (str(e.b),))
    assert one.question.one_way
    assert one.options == {"target-health": "observe"}
    assert compare(e.load(), one).outcome is Outcome.AGREES


def test_undecided_again() -> None:
    """A failed analysis of ours is the third verdict, and is compared as such."""
    e = Pair()
    e.drop("NetworkAcls")
    document = printed(e.load(), f"can {e.a} reach {e.b} port 22")
    assert again(e.load(), document).outcome is Outcome.AGREES
    whole = Pair()
    told = again(whole.load(), document)
    assert told.differences == ("AWS says undecided, the snapshot reachable",)


# ------------------------------ AWS's questions


def test_a_path_is_a_question() -> None:
    """Source, destination, protocol and port; an ARN means its id."""
    one = asked(
        Source="i-1",
        SourceArn="arn:aws:ec2:us-east-1:111122223333:instance/i-1",
        Destination="eni-2",
        Protocol="TCP",
        DestinationPort=443,
    )
    assert str(one.question) == "can i-1 reach eni-2 port 443"
    assert one.verdict is None
    assert str(asked(Source="i-1", DestinationIp="8.8.8.8", Protocol="udp").question) == (
        "can i-1 reach 8.8.8.8 protocol udp"
    )


def test_filters_are_conditions() -> None:
    """SourceIp and DestinationPort leave, DestinationIp arrives; a range of all ports is none."""
    one = asked(
        Source="igw-1",
        Destination="i-2",
        SourceIp="8.8.8.8",
        DestinationIp="10.0.0.5",
        Protocol="tcp",
    )
    assert one.question.at_source == (("source", "8.8.8.8"),)
    assert one.question.at_destination == (("destination", "10.0.0.5"),)
    one = asked(
        Source="igw-1",
        Destination="i-2",
        Protocol="tcp",
        FilterAtSource={
            "SourceAddress": "8.8.8.8",
            "SourcePortRange": {"FromPort": 0, "ToPort": 65535},
            "DestinationAddress": "198.51.100.8",
            "DestinationPortRange": {"FromPort": 80, "ToPort": 90},
        },
        FilterAtDestination={"DestinationAddress": "10.0.0.5"},
    )
    assert one.question.at_source == (
        ("destination", "198.51.100.8"),
        ("destination-port", "80-90"),
        ("source", "8.8.8.8"),
    )
    assert one.question.at_destination == (("destination", "10.0.0.5"),)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"Protocol": "tcp", "Destination": "i-2"}, "names no source or no destination"),
        ({"Protocol": "icmp", "Source": "i-1", "Destination": "i-2"}, "AWS has tcp and udp"),
    ],
)
def test_what_cannot_be_asked_says_why(members: Any, words: str) -> None:
    one = asked(**members)
    assert one.question is None
    assert words in one.refused


def test_a_path_alone_is_only_asked() -> None:
    e = Pair()
    document = path(Source=str(e.a), Destination=str(e.b), Protocol="tcp", DestinationPort=22)
    told = again(e.load(), document)
    assert told.outcome is Outcome.ASKED
    assert told.answer is not None
    assert told.answer.verdict == "reachable"


# ------------------------------ AWS's answers


def analysis(e: Pair, **members: Any) -> Any:
    """One analysis of A to B port 22, with its path."""
    asked_for = path(Source=str(e.a), Destination=str(e.b), Protocol="tcp", DestinationPort=22)
    made = {"NetworkInsightsAnalysisId": "nia-1", "NetworkInsightsPathId": PATH, **members}
    return {**asked_for, "NetworkInsightsAnalyses": [made]}


def test_another_verdict_differs() -> None:
    e = Pair()
    told = again(e.load(), analysis(e, Status="succeeded", NetworkPathFound=False))
    assert told.outcome is Outcome.DIFFERS
    assert told.differences == ("AWS says unreachable, the snapshot reachable",)


def test_another_path_differs() -> None:
    """The ids of the components, in order; a path that is one of several agrees."""
    e = Pair()
    components = [{"Component": {"Id": each}} for each in (str(e.a), "eni-0aaaaaaaaaaaaaaaa")]
    members = {"ForwardPathComponents": components, "ReturnPathComponents": components}
    told = again(e.load(), analysis(e, Status="succeeded", NetworkPathFound=True, **members))
    assert told.outcome is Outcome.DIFFERS
    first, second = told.differences
    assert first.startswith("the way there is another:\n")
    assert f"! eni-0aaaaaaaaaaaaaaaa  {e.a.eni}" in first
    assert second.startswith("the way back is another:\n")


def test_a_path_without_a_way_back_was_asked_one_way() -> None:
    """TCP over a transit gateway is analysed one way only (R-RA-2)."""
    e = Pair()
    e.acl(e.v1, [e.sa], ingress=[])
    components = printed(e.load(), f"can {e.a} reach {e.b} port 22", one_way=True)
    there = components["NetworkInsightsAnalyses"][0]["ForwardPathComponents"]
    members = {"Status": "succeeded", "NetworkPathFound": True, "ForwardPathComponents": there}
    assert again(e.load(), analysis(e, **members)).outcome is Outcome.AGREES


def test_aws_promises_one_reason_only() -> None:
    """Its codes have to be among ours; others of ours are no difference."""
    e = Pair()
    e.wear(e.b, e.group(e.v1, ingress=["tcp/80 any"]))
    e.acl(e.v1, [e.sb], ingress=[])
    for code, outcome in (
        ("ENI_SG_RULES_MISMATCH", Outcome.AGREES),
        ("SUBNET_ACL_RESTRICTION", Outcome.AGREES),
        ("NO_ROUTE_TO_DESTINATION", Outcome.DIFFERS),
    ):
        why = [{"ExplanationCode": code}]
        members = {"Status": "succeeded", "NetworkPathFound": False, "Explanations": why}
        assert again(e.load(), analysis(e, **members)).outcome is outcome, code


def test_a_failed_analysis_answers_nothing() -> None:
    """AWS's own failure is no verdict: the question is only asked."""
    e = Pair()
    told = again(e.load(), analysis(e, Status="failed", StatusMessage="throttled"))
    assert told.outcome is Outcome.ASKED
    assert told.recorded.said == "the analysis is failed: throttled"


def test_an_analysis_without_its_path_is_refused() -> None:
    e = Pair()
    document = analysis(e, Status="succeeded", NetworkPathFound=True)
    del document["NetworkInsightsPaths"]
    told = again(e.load(), document)
    assert told.outcome is Outcome.REFUSED
    assert f"its path {PATH} is not among what was saved" in told.differences[0]


def test_anything_else_is_bad_input() -> None:
    with pytest.raises(reach.QuestionError, match="it is no such answer of AWS"):
        read([{"Vpcs": []}])
    with pytest.raises(reach.QuestionError, match="a list of objects"):
        read([{"NetworkInsightsPaths": "all"}])


# ------------------------------ the command line


@pytest.mark.parametrize(
    ("found", "status", "line"),
    [
        (True, 0, "1 recorded question: 1 agree"),
        (False, 1, "1 recorded question: 1 differ"),
        (None, 0, "1 recorded question: 1 only asked"),
    ],
)
def test_the_status_says_it(found: bool | None, status: int, line: str, tmp_path: Path) -> None:
    """0 nothing differs, 1 something does."""
    e = Pair()
    e.write(tmp_path / "snapshot")
    members = {"Status": "failed"} if found is None else {"Status": "succeeded"}
    document = analysis(e, **members, NetworkPathFound=bool(found))
    file = tmp_path / "saved.json"
    file.write_text(json.dumps(document))
    arguments = ["can", "--from-aws", str(file), "--snapshot", str(tmp_path / "snapshot")]
    result = CliRunner().invoke(cli, arguments)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (status, line)
    told = json.loads(CliRunner().invoke(cli, [*arguments, "--format", "json"]).stdout)
    (one,) = told["comparisons"]
    assert one["verdict"] == "reachable"


def test_undecided_and_refused_have_statuses_of_their_own(tmp_path: Path) -> None:
    """3 undecided, 2 what cannot be asked; and a question beside --from-aws is one too many."""
    e = Pair()
    document = analysis(e, Status="succeeded", NetworkPathFound=True)
    e.drop("NetworkAcls")
    e.write(tmp_path / "snapshot")
    file = tmp_path / "saved.json"
    file.write_text(json.dumps(document))
    arguments = ["can", "--from-aws", str(file), "--snapshot", str(tmp_path / "snapshot")]
    assert CliRunner().invoke(cli, arguments).exit_code == 3
    del document["NetworkInsightsPaths"]
    file.write_text(json.dumps(document))
    assert CliRunner().invoke(cli, arguments).exit_code == 2
    assert CliRunner().invoke(cli, [*arguments, "a", "reach", "b"]).exit_code == 2
    assert CliRunner().invoke(cli, ["can", "--snapshot", str(tmp_path)]).exit_code == 2


# ------------------------------ recorded reality


RECORDINGS = sorted(LABS.rglob("*network-insights-analyses*.json")) if LABS.is_dir() else []


@pytest.mark.skipif(not RECORDINGS, reason="no recorded analyses of AWS's are at hand")
@pytest.mark.parametrize("file", RECORDINGS, ids=str)
def test_recorded_analyses_agree(file: Path) -> None:
    """What AWS's own analyser said of a lab."""
    snapshot = reach.load(str(file.parent))
    told = [compare(snapshot, each) for each in read([json.loads(file.read_text())])]
    assert [each.differences for each in told if each.outcome is Outcome.DIFFERS] == []
