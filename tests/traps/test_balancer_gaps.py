"""Law 2 about load balancers: a call that was not made leaves an answer or makes it undecided."""

from __future__ import annotations

import pytest

from tests.estate import Pair, load_files, tell
from tests.estates.balancers import (
    accelerator,
    accelerator_interface,
    balancer,
    classic,
    listen,
    path,
    rule,
    target_group,
)
from tests.traps.rows import allow, deny, unknown

HOST = "8.8.8.8"
# AWS's documented defaults hold where these are absent, and the answer says so (R-NLB-2, R-LB-4).
DEFAULTED = ("TargetGroupAttributes", "ListenerRules")
CORE = (
    "Vpcs",
    "Subnets",
    "RouteTables",
    "NetworkAcls",
    "SecurityGroups",
    "NetworkInterfaces",
    "Reservations",
    "InternetGateways",
    "VpcPeeringConnections",
    "AvailabilityZones",
)
BALANCED = (
    "LoadBalancers",
    "LoadBalancerListeners",
    "LoadBalancerAttributes",
    "LoadBalancerTargetHealth",
    "TargetGroups",
    "LoadBalancerDescriptions",
    "ClassicLoadBalancerAttributes",
    "Accelerators",
    "EndpointGroups",
    "Listeners",
)


def market() -> tuple[Pair, list[str]]:
    """Balancers of every kind before A, B and C, and questions on them."""
    e = Pair()
    e.online(e.ta, e.tb)
    c = e.instance("c", e.sb, "10.0.1.6")
    kept = target_group(e, e.v1, "kept", "TCP", 80, [e.b], preserve=True)
    nlb = balancer(
        e,
        "network",
        "front",
        {e.sa: "10.0.0.40", e.sb: "10.0.1.40"},
        public={e.sa: "198.51.100.40", e.sb: "198.51.100.41"},
    )
    listen(e, nlb, "TCP", 443, kept)
    api = target_group(e, e.v1, "api", "HTTP", 8080, [c])
    site = target_group(e, e.v1, "site", "HTTP", 8080, [e.a])
    alb = balancer(e, "application", "web", {e.sa: "10.0.0.50", e.sb: "10.0.1.50"})
    listen(e, alb, "HTTP", 80, site, rules=[rule(e, None, "10", [path("/api/*")], api)])
    classic(e, "old", {e.sa: "10.0.0.60", e.sb: "10.0.1.60"}, [("TCP", 25, 2525)], [c])
    accelerator(e, "world", ["75.2.60.5"], [("TCP", 22, 22)], [(c, True)])
    accelerator_interface(e, e.sb, "10.0.1.77", e.group(e.v1, name="GlobalAccelerator"))
    return e, [
        f"can {HOST} reach {e.b} port 443",
        f"can {HOST} reach {e.b} port 444",
        f"can {HOST} reach {nlb.nodes[0]} port 443",
        f"can {HOST} reach {nlb.nodes[1]} port 443",
        f"can {e.a} reach {e.b} port 443",
        f"can {e.b} reach {e.a} port 80",
        f"can {e.b} reach {c} port 80",
        f"can {e.b} reach {alb.nodes[0]} port 81",
        f"can {e.a} reach 10.0.1.60 port 25",
        f"can {e.a} reach 10.0.0.60 port 25",
        f"can {e.a} reach 10.0.1.60 port 26",
        f"can {HOST} reach {c} port 22",
        f"can {HOST} reach {c} port 23",
        f"can {nlb.nodes[1]} reach {e.b} port 80",
        f"can {alb.nodes[0]} reach {e.b} port 80",
        f"can {e.b} reach {alb.nodes[0]} port 80",
    ]


@pytest.fixture(scope="module")
def whole() -> tuple[Pair, dict[str, str]]:
    e, questions = market()
    return e, {question: str(e.ask(question).verdict.value) for question in questions}


def test_the_whole_is_decided(whole: tuple[Pair, dict[str, str]]) -> None:
    """With every call there is no gap, so every question has an answer."""
    _, verdicts = whole
    yes, no = "reachable", "unreachable"
    expected = [yes, no, no, yes, yes, yes, yes, no, yes, no, no, yes, no, yes, no, yes]
    assert list(verdicts.values()) == expected


@pytest.mark.parametrize("call", [*CORE, *BALANCED, *DEFAULTED])
def test_a_missing_call_flips_nothing(whole: tuple[Pair, dict[str, str]], call: str) -> None:
    """Each question has the verdict that it had, or none; a default is said as an assumption."""
    import reach

    e, verdicts = whole
    kept = {name: text for name, text in e.files().items() if f"/{call}.json" not in name}
    snapshot = load_files(kept)
    for question, was in verdicts.items():
        try:
            answer = reach.ask(snapshot, question)
        except reach.QuestionError:
            if call not in ("NetworkInterfaces", "Reservations"):
                raise
            continue
        why = f"{call} is not there; {question} was {was}\n  {tell(answer)}"
        assert answer.verdict in (was, "undecided"), why


@pytest.mark.parametrize("call", BALANCED)
def test_some_answer_hangs_on_each_call(whole: tuple[Pair, dict[str, str]], call: str) -> None:
    """None of the calls is dead weight: without it some question is open."""
    import reach

    e, verdicts = whole
    kept = {name: text for name, text in e.files().items() if f"/{call}.json" not in name}
    snapshot = load_files(kept)
    found = [str(reach.ask(snapshot, question).verdict.value) for question in verdicts]
    assert found != list(verdicts.values()), call


@pytest.mark.parametrize("call", DEFAULTED)
def test_a_default_is_said(whole: tuple[Pair, dict[str, str]], call: str) -> None:
    """Where AWS's default is taken for what no call says, the answer assumes it aloud."""
    import reach

    e, verdicts = whole
    kept = {name: text for name, text in e.files().items() if f"/{call}.json" not in name}
    snapshot = load_files(kept)
    said = [
        assumption.text
        for question, was in verdicts.items()
        if was == "reachable"
        for assumption in reach.ask(snapshot, question).assumptions
    ]
    assert any("default" in text for text in said), said


@pytest.mark.parametrize("call", BALANCED)
def test_what_lacks_a_call_can_be_compared(call: str) -> None:
    """Where replies to what a balancer opens itself go on is a place, its targets known or not."""
    import reach

    before, after = market()[0], market()[0]
    after.permit(after.group(after.v1, [], name="more"), "tcp/22 10.0.0.0/16")
    answers = [each.drop(call).load() for each in (before, after)]
    assert reach.diff(*answers).is_nothing


# ------------------------------ what an answer does not print


def _front(kind: str) -> tuple[Pair, str]:
    """B behind a node in SB, by one listener and one target group."""
    e = Pair()
    nodes = {e.sb: "10.0.1.30"} | ({e.sa: "10.0.0.30"} if kind == "application" else {})
    protocol = "HTTP" if kind == "application" else "TCP"
    made = balancer(e, kind, "front", nodes)
    listen(e, made, protocol, 80, target_group(e, e.v1, "web", protocol, 8080, [e.b]))
    e.wear(e.b, e.group(e.v1, ["tcp/8080 any"]))
    return e, f"can {e.a} reach 10.0.1.30 port 80"


KINDS = pytest.mark.parametrize("kind", ["network", "application"])


@KINDS
@pytest.mark.parametrize(
    "action",
    [
        {"Type": "forward"},
        {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"Weight": 1}]}},
        {"Type": "half-working"},
        {},
    ],
)
def test_an_action_that_names_no_group(kind: str, action: dict[str, object]) -> None:
    """R-LB-3: it forwards to one, and which one is not told; other ports stay decided."""
    e, question = _front(kind)
    allow(e, question)
    (answer,) = e.scopes[e.home]["LoadBalancerListeners"]
    answer["Listeners"][0]["DefaultActions"] = [action]
    unknown(e, question)
    deny(e, question.replace("80", "81"), "ELBV2_LISTENERS_MISMATCH")


@KINDS
def test_an_action_whose_type_is_not_printed(kind: str) -> None:
    e, question = _front(kind)
    (answer,) = e.scopes[e.home]["LoadBalancerListeners"]
    del answer["Listeners"][0]["DefaultActions"][0]["Type"]
    allow(e, question)


@KINDS
def test_a_target_whose_port_is_not_printed(kind: str) -> None:
    """R-LB-2: that of its registration, else the group's."""
    e, question = _front(kind)
    (health,) = e.scopes[e.home]["LoadBalancerTargetHealth"]
    (group,) = e.scopes[e.home]["TargetGroups"]
    del health["TargetHealthDescriptions"][0]["Target"]["Port"]
    allow(e, question)
    del group["Port"]
    unknown(e, question, e.b)


@KINDS
def test_a_node_that_does_not_say_whose_it_is(kind: str) -> None:
    """R-ENI-9: its requester tells that it is a balancer's."""
    e, question = _front(kind)
    for each in e.scopes[e.home]["NetworkInterfaces"]:
        if "front" in each["Description"]:
            each["Description"] = ""
    unknown(e, question)
