"""--through, --avoid, --assume: what a packet passes, passes not, and what is taken as given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import reach
from reach.checking import check_answer
from tests.estate import Pair, city

TWO_WAYS = Path(__file__).resolve().parents[1] / "samples" / "two_ways" / "snapshot"
QUESTION = "can internet reach till port 443"
FRONT = "eni-034cf1f27f6adf627"
GATEWAY = "igw-05c48312ab687a0bc"


def resources(answer: Any) -> set[str]:
    return {step.resource for step in (*answer.witness.forward, *answer.witness.reply)}


def checked(where: Any, answer: Any) -> bool:
    """What `reach check` says of it as printed."""
    return check_answer(where, json.loads(json.dumps(answer.to_dict()))).holds


def test_what_is_avoided_is_on_no_path() -> None:
    """Each way out leaves the other; without both there is none, and that is certified."""
    where = reach.load(TWO_WAYS)
    plain = reach.ask(where, QUESTION)
    assert FRONT not in resources(plain)
    other = reach.ask(where, QUESTION, avoid=["i-0cad38c8cc221350c"])
    assert other.verdict == "unreachable"
    none = reach.ask(where, "can internet reach 198.51.100.151 port 443", avoid=[FRONT])
    assert none.verdict == "unreachable"
    assert none.explanations[0].code == "COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT"
    assert none.avoid == (FRONT,)
    for answer in (plain, other, none):
        assert checked(where, answer)


def test_what_it_has_to_pass_is_on_the_path() -> None:
    """The witness comes by it; what leads there by no path is unreachable."""
    where = reach.load(TWO_WAYS)
    by_front = reach.ask(where, QUESTION, through=[FRONT])
    assert by_front.verdict == "reachable"
    assert FRONT in resources(by_front)
    both = reach.ask(where, QUESTION, through=[FRONT, GATEWAY])
    assert both.verdict == "reachable"
    neither = reach.ask(where, QUESTION, through=[FRONT], avoid=[GATEWAY])
    assert neither.verdict == "unreachable"
    for answer in (by_front, both, neither):
        assert checked(where, answer)


def test_a_way_that_the_destination_does_not_take() -> None:
    where = reach.load(TWO_WAYS)
    answer = reach.ask(where, "can internet reach 198.51.100.150 port 443", through=[FRONT])
    assert answer.verdict == "unreachable"
    assert checked(where, answer)


def test_what_is_not_in_the_snapshot_is_refused() -> None:
    """Law 10: a typing error is no empty set."""
    where, unknown = reach.load(TWO_WAYS), "igw-00000000000000000"
    with pytest.raises(reach.QuestionError, match=unknown):
        reach.ask(where, QUESTION, through=[unknown])
    with pytest.raises(reach.QuestionError, match=unknown):
        reach.ask(where, QUESTION, avoid=[unknown])


def test_avoiding_narrows_and_passing_narrows() -> None:
    """Law: neither makes anything reachable that was not, and one of the two keeps what was."""
    estate, questions = city()
    where = estate.load()
    for question in questions:
        plain = reach.ask(where, question)
        if plain.verdict == "undecided":
            continue
        for thing in (estate.sa, estate.sb, estate.pcx):
            through = reach.ask(where, question, through=[str(thing)])
            avoid = reach.ask(where, question, avoid=[str(thing)])
            found = {through.verdict.value, avoid.verdict.value}
            assert ("reachable" in found) == (plain.verdict == "reachable"), (question, thing)


# ------------------------------ what is assumed


def hidden() -> tuple[Pair, str]:
    """What an ACL lets pass is not known."""
    e = Pair()
    e.drop("NetworkAcls")
    return e, f"can {e.a} reach {e.b} port 22"


def test_an_assumption_settles_what_the_snapshot_does_not() -> None:
    """Either way, and the answer repeats it."""
    e, question = hidden()
    where = e.load()
    left = reach.ask(where, question)
    assert left.verdict == "undecided"
    named = sorted({gap.resource for gap in left.gaps})
    assert named
    for value in ("reachable", "unreachable"):
        settled = left
        assume: dict[str, str] = {}
        while settled.verdict == "undecided":
            new = {gap.resource: value for gap in settled.gaps if gap.resource not in assume}
            assert new, settled.reason
            assume |= new
            settled = reach.ask(where, question, assume=assume)
        assert settled.verdict == value
        assert dict(settled.assume) == assume
        words = [each.text for each in (*settled.assumptions, *settled.notes)]
        words += [each.text for each in settled.explanations]
        assert any("assumed" in text for text in words)
        assert checked(where, settled)


def test_what_is_known_is_not_assumed_away() -> None:
    """An assumption is about what is left open: a denial that the snapshot shows stays."""
    e = Pair()
    acl = e.acl(e.v1, [e.sb], ingress=["100 deny all 0.0.0.0/0"])
    question = f"can {e.a} reach {e.b} port 22"
    answer = reach.ask(e.load(), question, assume={str(acl): "reachable"})
    assert answer.verdict == "unreachable"
    assert answer.explanations[0].code == "SUBNET_ACL_RESTRICTION"


def test_only_two_things_can_be_assumed() -> None:
    e, question = hidden()
    with pytest.raises(reach.QuestionError, match="reachable"):
        reach.ask(e.load(), question, assume={str(e.sb): "perhaps"})


# ------------------------------ undecided


def test_undecided_says_what_to_collect() -> None:
    """The call that is missing, as one would type it."""
    e, question = hidden()
    answer = reach.ask(e.load(), question)
    assert {gap.collect for gap in answer.gaps} == {"aws ec2 describe-network-acls"}
    assert answer.tips in ("open", "close")


@pytest.mark.parametrize("dropped", ["NetworkAcls", "SecurityGroups", "RouteTables", "Subnets"])
def test_which_way_it_can_tip_is_kept(dropped: str) -> None:
    """If it can only open, the whole snapshot may say yes where assuming "no" everywhere says no;
    with the call there, nothing is undecided any more."""
    estate, questions = city()
    whole = {question: reach.ask(estate.load(), question).verdict for question in questions}
    estate.drop(dropped)
    where = estate.load()
    for question in questions:
        answer = reach.ask(where, question)
        if answer.verdict != "undecided":
            assert answer.verdict == whole[question]
            continue
        assert answer.tips in ("open", "close"), question
        assert any(gap.collect for gap in answer.gaps), question
        if answer.tips == "open":
            shut = reach.ask(
                where, question, assume={gap.resource: "unreachable" for gap in answer.gaps}
            )
            assert shut.verdict != "reachable", question


# ------------------------------ what it is to pass a thing

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
BY_WHAT = [
    ("internet", "can beacon reach 1.1.1.1 port 853", "vpc-02eeaaf90d69380eb"),
    ("transit_gateway", "can bench reach till icmp", "tgw-0c45aff0cef8638ce"),
    ("vpn_gateway", "can vpn-0da2cbf435a0bd1d8 reach wheel-1 port 22", "cgw-07ef107c961f29d30"),
    ("core_network", "can crane reach ledger port 22", "core-network-003e764575fc98b25"),
    ("db_instance", "can checkout reach orders port 5432", "orders"),
    ("application_load_balancer", "can internet reach opera port 443", "box-office"),
    ("network_load_balancer", "can internet reach parcels port 26", "window"),
    ("classic_load_balancer", "can desk reach 10.130.1.10 port 80", "hatch"),
    ("vpc_endpoint", "can camera reach 10.90.0.50 port 443", "vpce-0e700ae73f4810d2e"),
    ("vpc_endpoint_service", "can baker reach clerk port 25", "vpce-svc-0dd98666686c87cc4"),
    ("instance_connect_endpoint", "can night-door reach porter port 22", "night-door"),
]


@pytest.mark.parametrize(("sample", "question", "thing"), BY_WHAT, ids=lambda each: str(each)[:24])
def test_a_thing_is_all_that_is_of_it(sample: str, question: str, thing: str) -> None:
    """A VPC its subnets, a transit gateway its attachments, a balancer its nodes, whatever it is
    called by: the only way leads there, so that it can be asked for, and nothing avoids it."""
    where = reach.load(SAMPLES / sample / "snapshot")
    assert reach.ask(where, question).verdict == "reachable"
    through = reach.ask(where, question, through=[thing])
    avoid = reach.ask(where, question, avoid=[thing])
    assert (through.verdict, avoid.verdict) == ("reachable", "unreachable")
    assert checked(where, through)
    assert checked(where, avoid)


def test_a_vpc_from_which_it_comes() -> None:
    """It is passed by what leaves it, and by no other's packets."""
    e = Pair()
    e.peered()
    question = f"can {e.a} reach {e.b2} port 22"
    for vpc in (e.v1, e.v2):
        assert reach.ask(e.load(), question, through=[str(vpc)]).verdict == "reachable"
        assert reach.ask(e.load(), question, avoid=[str(vpc)]).verdict == "unreachable"
    within = f"can {e.a} reach {e.b} port 22"
    assert reach.ask(e.load(), within, through=[str(e.v2)]).verdict == "unreachable"
    assert reach.ask(e.load(), within, avoid=[str(e.v2)]).verdict == "reachable"


def test_what_holds_rules_is_no_place() -> None:
    """To be told so is better than a "no" that is about the name alone."""
    e = Pair()
    for rules in (e.ta, e.v1.acl, e.open_group(e.v1)):
        for way in ("through", "avoid"):
            asked: dict[str, Any] = {way: [str(rules)]}
            with pytest.raises(reach.QuestionError, match="holds rules, and is no place"):
                reach.ask(e.load(), f"can {e.a} reach {e.b} port 22", **asked)
