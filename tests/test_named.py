"""Things with names of their own as ends of a question."""

from __future__ import annotations

import pytest

import reach
from tests.estate import Estate, Pair
from tests.estates.services import eks, function, task
from tests.traps.rows import allow, deny, unknown


def elsewhere(e: Pair, name: str) -> str:
    """A function of the same name in another Region; its ARN."""
    e.second(region="eu-west-1")
    there = Estate(region="eu-west-1")
    arn = f"arn:aws:lambda:eu-west-1:{e.home[0]}:function:{name}"
    record = {
        "FunctionArn": arn,
        "FunctionName": name,
        "State": "Active",
        "Version": "$LATEST",
        "VpcConfig": {
            "SecurityGroupIds": [str(e.open_group(e.v2))],
            "SubnetIds": [str(e.s2)],
            "VpcId": str(e.v2),
        },
    }
    e.add("Functions", record, there.home)
    e.interface(e.s2, "10.2.0.30", kind="lambda", requester="amazon-aws")
    return arn


def test_one_name_in_two_regions() -> None:
    """The name is ambiguous, the ARNs tell, and the ids are the ARNs."""
    e = Pair()
    work = function(e, "work", {e.sa: "10.0.0.30"})
    other = elsewhere(e, "work")
    for name in ("work", "lambda:work"):
        with pytest.raises(reach.QuestionError) as refused:
            e.ask(f"can {name} reach {e.b} port 443")
        assert f"lambda:{work.arn}" in str(refused.value)
        assert f"lambda:{other}" in str(refused.value)
    for name in (work.arn, f"lambda:{work.arn}"):
        allow(e, f"can {name} reach {e.b} port 443")
        deny(e, f"can {name} reach {e.b2} port 443")
    allow(e, f"can {other} reach {e.b2} port 443")


def test_a_name_and_a_name_tag() -> None:
    """What is called the same by its Name tag is another thing: name one by its id."""
    e = Pair()
    function(e, "a", {e.sa: "10.0.0.30"})
    with pytest.raises(reach.QuestionError) as refused:
        e.ask(f"can a reach {e.b} port 443")
    assert str(e.a) in str(refused.value)
    assert "lambda:a" in str(refused.value)
    allow(e, f"can lambda:a reach {e.b} port 443")


def test_an_arn_is_looked_up_before_it_is_cut() -> None:
    """A cluster may be called as a keyword is."""
    e = Pair()
    cluster = eks(e, "internet", {e.sa: "10.0.0.60"})
    answer = allow(e, f"can {e.b} reach {cluster.arn} port 443")
    assert answer.destination == f"eks:internet {cluster.arn}"


def test_an_arn_that_is_not_there() -> None:
    """Of a kind that the snapshot has: the nearest are named.  Of no kind it has: undecided."""
    e = Pair()
    function(e, "work", {e.sa: "10.0.0.30"})
    arn = f"arn:aws:lambda:us-east-1:{e.home[0]}:function:wrok"
    with pytest.raises(reach.QuestionError, match="function:work"):
        e.ask(f"can {arn} reach {e.b} port 443")
    unknown(e, f"can arn:aws:sqs:us-east-1:1:queue reach {e.b} port 443")


def test_unknown_names_suggest_known_ones() -> None:
    """A name that nothing has lists the nearest, those of services among them."""
    e = Pair()
    task(e, "prod", e.sa, "10.0.0.50", service="checkout")
    with pytest.raises(reach.QuestionError, match="checkout"):
        e.ask(f"can chekcout reach {e.b} port 443")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("aa", "nothing in the snapshot is called 'aa'; the nearest are:"),
        ("zzzzzzzz", "nothing in the snapshot is called 'zzzzzzzz'"),
    ],
)
def test_what_is_nearest_is_said_only_where_there_is_something(name: str, said: str) -> None:
    e = Pair()
    with pytest.raises(reach.QuestionError) as refused:
        e.ask(f"can {name} reach {e.b} port 443")
    assert str(refused.value).splitlines()[0] == said
