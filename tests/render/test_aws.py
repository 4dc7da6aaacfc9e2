"""AWS's shape: it is botocore's, and written as real analyses are."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import reach
from reach.analysis.analyse import analyse
from reach.answer import Answer
from reach.options import Options
from reach.render import render
from reach.suite import load_suite
from tests.analysis.shapes import misfits, model
from tests.estate import Id, Pair
from tests.estates.firewall import Guarded, policy, stateless
from tests.estates.transit import joined
from tests.productions import PRODUCTIONS
from tests.render import specimens

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
QUICK = (
    "gateway_load_balancer",
    "network_firewall",
    "network_load_balancer",
    "transit_gateway",
    "vpc_endpoint_service",
    "vpc_peering",
)


def analysis(answer: Answer) -> Any:
    """The one analysis of the document."""
    document = json.loads(render(answer, "aws"))
    assert list(document) == ["NetworkInsightsAnalyses"]
    (made,) = document["NetworkInsightsAnalyses"]
    return made


def told(e: Any, question: str, **how: Any) -> Any:
    """What is printed of a question, with all packets that take the path."""
    snapshot = e.load()
    return analysis(analyse(snapshot, reach.ask(snapshot, question, packets=True, **how)))


@cache
def loaded(folder: str) -> Any:
    return reach.load(folder)


def of_sample(name: str) -> list[tuple[str, Any]]:
    """Each case of a sample, as it is printed."""
    made = []
    for case in load_suite(str(SAMPLES / name / "cases.reach.yaml")).cases:
        snapshot = loaded(case.snapshot)
        answer = reach.ask(
            snapshot,
            case.ask,
            one_way=case.one_way,
            port_at=case.port_at,
            options=dict(Options.parse(case.options)),
            packets=True,
        )
        made.append((case.name, analysis(analyse(snapshot, answer))))
    return made


def ids(components: list[Any]) -> list[str]:
    return [each["Component"]["Id"] for each in components]


# ------------------------------ the shape


@pytest.mark.parametrize("name", QUICK)
def test_samples_fit_the_shape(name: str) -> None:
    """Reachable or not, whatever is on the way."""
    for case, made in of_sample(name):
        assert misfits(made, "NetworkInsightsAnalysis") == [], case


@pytest.mark.deep
@pytest.mark.parametrize("name", sorted(p.name for p in SAMPLES.iterdir() if p.is_dir()))
def test_all_samples_fit_the_shape(name: str) -> None:
    """The same for every sample there is."""
    for case, made in of_sample(name):
        assert misfits(made, "NetworkInsightsAnalysis") == [], case


@pytest.mark.parametrize("code", PRODUCTIONS)
def test_every_explanation_fits_the_shape(code: str) -> None:
    """The members that come with a code are those of the shape, in its order."""
    made = analysis(PRODUCTIONS[code]())
    assert misfits(made, "NetworkInsightsAnalysis") == []
    assert code in [each["ExplanationCode"] for each in made["Explanations"]]
    order = list(model().shape_for("Explanation").members)
    for each in made["Explanations"]:
        assert list(each) == sorted(each, key=order.index)


def test_the_walk_sees_what_does_not_fit() -> None:
    """The test's own walk over the shape: unknown members, wrong types, enumerations, emptiness."""
    wrong = {
        "Status": "undecided",
        "NetworkPathFound": "yes",
        "Explanations": [{"Direction": 1, "Code": "BAD_STATE", "Acl": {}}],
    }
    assert misfits(wrong, "NetworkInsightsAnalysis") == [
        "NetworkInsightsAnalysis.Status: 'undecided' is none of ['running', 'succeeded', 'failed']",
        "NetworkInsightsAnalysis.NetworkPathFound: 'yes' is neither true nor false",
        "NetworkInsightsAnalysis.Explanations[0]: there is no ['Code']",
        "NetworkInsightsAnalysis.Explanations[0].Acl: empty members are left out",
        "NetworkInsightsAnalysis.Explanations[0].Direction: 1 is no text",
    ]


# ------------------------------ the facts of real analyses


def online() -> tuple[Pair, Id]:
    """B with a public address, behind an internet gateway."""
    e = Pair()
    e.public(e.b, "198.51.100.8")
    gate = e.online(e.tb)
    return e, gate


def test_a_path_out_in_full() -> None:
    """An interface, its group, the network ACL, the route table, the gateway; and back."""
    e, gate = online()
    made = told(e, f"can {e.b.eni} reach 8.8.8.8 port 443")
    group = e.b.eni.record["Groups"][0]["GroupId"]
    assert (made["Status"], made["NetworkPathFound"]) == ("succeeded", True)
    assert "Explanations" not in made
    there, back = made["ForwardPathComponents"], made["ReturnPathComponents"]
    assert ids(there) == [e.b.eni, group, e.v1.acl, e.tb, gate]
    assert ids(back) == [gate, e.v1.acl, group, e.b.eni]
    assert [each["SequenceNumber"] for each in there] == [1, 2, 3, 4, 5]
    scope = "arn:aws:ec2:us-east-1:111122223333"
    assert there[0] == {
        "SequenceNumber": 1,
        "AttachedTo": {"Id": e.b, "Arn": f"{scope}:instance/{e.b}", "Name": "b"},
        "Component": {"Id": e.b.eni, "Arn": f"{scope}:network-interface/{e.b.eni}"},
        "OutboundHeader": {
            "DestinationAddresses": ["8.8.8.8/32"],
            "DestinationPortRanges": [{"From": 443, "To": 443}],
            "Protocol": "6",
            "SourceAddresses": ["10.0.1.5/32"],
            "SourcePortRanges": [{"From": 1024, "To": 65535}],
        },
        "Subnet": {"Id": e.sb, "Arn": f"{scope}:subnet/{e.sb}", "Name": "sb"},
        "Vpc": {"Id": e.v1, "Arn": f"{scope}:vpc/{e.v1}", "Name": "v1"},
    }
    rule = {"Cidr": "0.0.0.0/0", "Direction": "egress", "Protocol": "all"}
    assert there[1]["SecurityGroupRule"] == rule
    assert there[2]["AclRule"] == {
        "Cidr": "0.0.0.0/0",
        "Egress": True,
        "Protocol": "all",
        "RuleAction": "allow",
        "RuleNumber": 100,
    }
    assert there[3]["RouteTableRoute"] == {
        "DestinationCidr": "0.0.0.0/0",
        "GatewayId": gate,
        "Origin": "createroute",
        "State": "active",
    }
    assert there[4]["OutboundHeader"]["SourceAddresses"] == ["198.51.100.8/32"]
    assert set(there[4]["OutboundHeader"]) == set(there[0]["OutboundHeader"])


def test_the_way_back() -> None:
    """A gateway has the whole header and what it changes; a group lets replies pass by no rule."""
    e, _ = online()
    back = told(e, f"can {e.b.eni} reach 8.8.8.8 port 443")["ReturnPathComponents"]
    assert back[0]["InboundHeader"]["DestinationAddresses"] == ["198.51.100.8/32"]
    assert back[0]["OutboundHeader"] == {"DestinationAddresses": ["10.0.1.5/32"]}
    assert set(back[2]) == {"SequenceNumber", "Component"}
    assert back[3]["InboundHeader"]["SourceAddresses"] == ["8.8.8.8/32"]
    assert [key for each in back[1:3] for key in each if key.endswith("Header")] == []


def test_an_instance_that_was_asked_about_is_a_component() -> None:
    """At the very end, and its interface then does not say what it is attached to."""
    e = Pair()
    there = told(e, f"can {e.a} reach {e.b.eni} port 22")["ForwardPathComponents"]
    assert ids(there)[:2] == [e.a, e.a.eni]
    assert "OutboundHeader" in there[0]
    assert "AttachedTo" not in there[1]
    assert ids(there)[-1] == e.b.eni
    assert there[-1]["AttachedTo"]["Id"] == e.b


def test_every_subnet_that_is_crossed_shows_both_acls() -> None:
    """Out of one and into the other; none within a subnet."""
    e = Pair()
    there = told(e, f"can {e.a.eni} reach {e.b.eni} port 22")["ForwardPathComponents"]
    acls = [each["AclRule"]["Egress"] for each in there if "AclRule" in each]
    assert acls == [True, False]
    beside = e.instance("c", e.sa, "10.0.0.6")
    there = told(e, f"can {e.a.eni} reach {beside.eni} port 22")["ForwardPathComponents"]
    assert [each for each in there if "AclRule" in each] == []


def test_a_nat_gateway_between_its_own_interface() -> None:
    """Interface, gateway, interface; the gateway tells what it changes."""
    e = Pair()
    nat = e.natted(e.ta)
    there = told(e, f"can {e.a.eni} reach 8.8.8.8 port 443")["ForwardPathComponents"]
    place = ids(there).index(nat)
    assert ids(there)[place - 1] == ids(there)[place + 1]
    assert there[place]["OutboundHeader"] == {
        "SourceAddresses": ["10.0.9.9/32"],
        "SourcePortRanges": [{"From": 1024, "To": 65535}],
    }


def test_a_transit_gateway() -> None:
    """Attachment, table with its route, attachment; TCP comes back by it as well."""
    e = Pair()
    hub = joined(e)
    there = told(e, f"can {e.a.eni} reach {e.b2.eni} port 80")["ForwardPathComponents"]
    place = ids(there).index(hub.tgw.table)
    assert ids(there)[place - 1 : place + 2] == [hub.one, hub.tgw.table, hub.two]
    assert there[place - 1]["TransitGateway"]["Id"] == hub.tgw
    assert there[place]["TransitGatewayRouteTableRoute"] == {
        "DestinationCidr": "10.2.0.0/16",
        "State": "active",
        "RouteOrigin": "propagated",
        "AttachmentId": hub.two,
        "ResourceId": e.v2,
        "ResourceType": "vpc",
    }


def test_a_firewall_between_its_endpoint() -> None:
    """Endpoint, firewall by name with its rule, endpoint."""
    e = Guarded()
    rules = stateless(e, "1 pass tcp any any -> any any")
    e.fire(policy(e, [], [rules]))
    made = told(e, f"can {e.a.eni} reach 8.8.8.8 port 443")
    there = made["ForwardPathComponents"]
    (firewall,) = (each for each in there if "FirewallStatelessRule" in each)
    place = there.index(firewall)
    assert there[place - 1]["Component"]["Id"] == there[place + 1]["Component"]["Id"]
    assert firewall["Component"]["Arn"].startswith("arn:aws:network-firewall:")
    assert firewall["FirewallStatelessRule"]["RuleAction"] == "pass"


# ------------------------------ verdicts


def test_unreachable() -> None:
    """It succeeded, found no path, and says why; there are no components."""
    e = Pair()
    shut = e.group(e.v1, ingress=["tcp/80 any"])
    e.wear(e.b, shut)
    made = told(e, f"can {e.a} reach {e.b} port 22")
    assert (made["Status"], made["NetworkPathFound"]) == ("succeeded", False)
    assert "ForwardPathComponents" not in made
    (why,) = made["Explanations"]
    assert list(why) == [
        "Direction",
        "ExplanationCode",
        "NetworkInterface",
        "SecurityGroups",
        "Subnet",
        "Vpc",
    ]
    assert why["Direction"] == "ingress"
    assert why["ExplanationCode"] == "ENI_SG_RULES_MISMATCH"
    assert why["NetworkInterface"]["Id"] == e.b.eni
    assert [group["Id"] for group in why["SecurityGroups"]] == [shut]


def test_undecided_is_a_failed_analysis() -> None:
    """It found nothing, neither a path nor that there is none."""
    e = Pair()
    e.drop("NetworkAcls")
    made = told(e, f"can {e.a} reach {e.b} port 22")
    assert made["Status"] == "failed"
    assert made["StatusMessage"].startswith("undecided: ")
    assert "NetworkPathFound" not in made
    assert {each["ExplanationCode"] for each in made["Explanations"]} == {"UNKNOWN_RESOURCE"}


def test_what_is_assumed_is_a_warning() -> None:
    """A reachable answer that rests on a may says so."""
    made = analysis(specimens.reachable())
    assert made["NetworkPathFound"] is True
    assert ("WarningMessage" in made) is bool(specimens.reachable().assumptions)


def test_other_paths_are_hints() -> None:
    """What further paths pass and this one does not: of two NAT gateways the other one."""
    e = Pair()
    one = e.natted()
    other = e.nat(e.sn, "10.0.9.8", public="198.51.100.21", name="other")
    for nat in (one, other):
        e.route(e.ta, e.prefix_list("8.8.8.0/24", name=f"to-{nat}"), nat)
    question = f"can {e.a} reach 8.8.8.8 port 443"
    made = told(e, question, paths=4)
    assert misfits(made, "NetworkInsightsAnalysis") == []
    passed = {*ids(made["ForwardPathComponents"])}
    (hint,) = made["AlternatePathHints"]
    assert {hint["ComponentId"]} == {str(one), str(other)} - passed
    assert hint["ComponentArn"].endswith(f":natgateway/{hint['ComponentId']}")
    assert "AlternatePathHints" not in told(e, question)


def test_the_same_question_prints_the_same() -> None:
    """No clock and no chance: ids are made from the question."""
    e, _ = online()
    question = f"can {e.b} reach 8.8.8.8 port 443"
    assert told(e, question) == told(e, question)
    other = told(e, question, one_way=True)
    assert other["NetworkInsightsAnalysisId"] != told(e, question)["NetworkInsightsAnalysisId"]
    assert "StartDate" not in other
