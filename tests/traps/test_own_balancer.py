"""Whoever calls a service that sends it back to the caller has reached the service (R-NLB-5).

B is the only target of a balancer, and the only one that the balancer lets in.  Such connections
fail if client addresses are kept, as source and destination are the same then, and work if they are
not (User Guide for Network Load Balancers, "Troubleshoot your Network Load Balancer", "Connections
time out for requests from a target to its load balancer").  It has to make no difference whether B
is asked about alone or among others.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
import pytest

import reach
from reach.checking import check_answer
from tests.estate import Id, Pair
from tests.estates import balancers, privatelink

NODES = ("10.0.0.41", "10.0.1.41")
WAYS = pytest.mark.parametrize("one_way", [False, True])
KINDS = pytest.mark.parametrize("kind", ["network", "application"])


@cache
def behind(kind: str, preserve: bool = False, enters: str = "b") -> Pair:
    """A balancer in front of B, that lets in one of the two, on 443 for its 80."""
    e = Pair()
    let_in = {"a": e.a, "b": e.b}[enters]
    groups = [e.group(e.v1, [f"tcp/443 {let_in.ip}/32"], name="front")]
    nodes = dict(zip((e.sa, e.sb), NODES, strict=True))
    front = balancers.balancer(e, kind, "front", nodes, groups, cross_zone=True)
    protocol = "HTTP" if kind == "application" else "TCP"
    kept = preserve if kind == "network" else None
    to = balancers.target_group(e, e.v1, "to", protocol, 80, [e.b], preserve=kept)
    balancers.listen(e, front, protocol, 443, to)
    e.wear(e.a, e.group(e.v1, [], name="a"))
    e.wear(e.b, e.group(e.v1, ["tcp/80 any"], name="b"))
    return e


def verdict(e: Pair, source: str, destination: str, one_way: bool) -> str:
    """With its evidence, which has to hold."""
    answer = reach.ask(e.load(), f"can {source} reach {destination} port 443", one_way=one_way)
    checked = check_answer(e.load(), orjson.loads(orjson.dumps(answer.to_dict())))
    assert checked.holds, checked.wrong
    return answer.verdict.value


def callers(e: Pair) -> tuple[str, ...]:
    """B alone and among others."""
    return e.b, e.b.ip, e.sb, "10.0.0.0/16", "any"


def called(e: Pair) -> tuple[str, ...]:
    """The balancer, by itself and among others."""
    node = e.scope(e.home)["NetworkInterfaces"][-1]["NetworkInterfaceId"]
    return "front", node, NODES[0], "10.0.1.40/30", e.v1, "any"


@KINDS
@WAYS
def test_a_target_reaches_its_balancer(kind: str, one_way: bool) -> None:
    """Whoever is asked about beside the two."""
    e = behind(kind)
    for source in callers(e):
        for destination in called(e):
            assert verdict(e, source, destination, one_way) == "reachable", (source, destination)


@WAYS
def test_not_if_its_address_is_kept(one_way: bool) -> None:
    """It would get its own packets then, from itself."""
    e = behind("network", preserve=True)
    for source in callers(e):
        for destination in called(e):
            assert verdict(e, source, destination, one_way) == "unreachable", (source, destination)


@KINDS
def test_nobody_reaches_itself_by_it(kind: str) -> None:
    """Somebody who is asked about among others is not reached by its own packets, nor by those of
    whom the balancer keeps out."""
    e = behind(kind)
    for source in (e.sb, "any", e.a):
        assert verdict(e, source, e.b, one_way=False) == "unreachable"
    assert verdict(e, e.a, "front", one_way=False) == "unreachable"
    assert verdict(behind(kind, enters="a"), "any", e.b, one_way=False) == "reachable"


def pairs(survey: Any) -> set[tuple[str, str]]:
    assert survey.complete
    assert not survey.open
    return {(each.source, each.destination) for each in survey.accesses}


@KINDS
@WAYS
def test_a_survey_has_it(kind: str, one_way: bool) -> None:
    """Of everybody and of the two sides; and that B reached itself is in none of many."""
    e = behind(kind)
    b = f"network_interface/{e.b.eni}"
    nodes = {
        f"{kind}_load_balancer/{each['NetworkInterfaceId']}"
        for each in e.scope(e.home)["NetworkInterfaces"]
        if each["PrivateIpAddress"] in NODES
    }
    expected = {(b, node) for node in nodes}
    assert len(expected) == 2
    how: dict[str, Any] = {"packet": "port 443", "one_way": one_way}
    for source, destination in (("any", "any"), (e.sb, "front"), (e.b, "front"), ("any", e.v1)):
        told = reach.matrix(e.load(), source, destination, by="endpoint", **how)
        assert pairs(told) == expected, (source, destination)
    plain = reach.matrix(e.load(), by="endpoint", reductions=(), **how)
    assert pairs(plain) == expected
    assert pairs(reach.matrix(e.load(), "any", e.b, by="endpoint", **how)) == set()
    assert pairs(reach.matrix(e.load(), by="subnet", **how)) == {
        (str(e.sb), str(subnet)) for subnet in (e.sa, e.sb)
    }
    assert reach.exposure(e.load(), "any", "front", **how).standing == "something"
    assert reach.isolated(e.load(), e.sb, "front", **how).standing == "something"


@WAYS
def test_no_survey_has_it_if_its_address_is_kept(one_way: bool) -> None:
    e = behind("network", preserve=True)
    told = reach.matrix(e.load(), packet="port 443", by="endpoint", one_way=one_way)
    assert pairs(told) == set()


def test_a_cut_and_a_fix_see_it() -> None:
    """What lets it in is the way of everybody, and what can be opened for B is."""
    e = behind("application")
    answer = reach.ask(e.load(), "can any reach front port 443", cut=True)
    assert answer.cut is not None
    assert answer.cut.standing == "verified"
    shut = behind("application", enters="a")
    answer = reach.ask(shut.load(), f"can {shut.b} reach front port 443", fix=True)
    assert answer.verdict == "unreachable"
    assert answer.fix is not None
    assert answer.fix.standing == "verified"


# ------------------------------ the same by PrivateLink


def provider() -> tuple[Pair, Id]:
    """B2 is behind a service, and beside it is an endpoint that leads to it."""
    e = Pair()
    e.second()
    front = privatelink.front(e, {e.s2: "10.2.0.60"}, {e.b2: 80}, cross_zone=True)
    service = privatelink.endpoint_service(e, [front])
    own = [e.group(e.v2, [f"tcp/443 {e.b2.ip}/32"], name="endpoint")]
    made = privatelink.endpoint_to(e, {e.s2: "10.2.0.61"}, service, groups=own)
    e.wear(e.b2, e.group(e.v2, ["tcp/80 10.2.0.60/32"], name="b2"))
    return e, made


def test_a_provider_reaches_its_own_service() -> None:
    """By an endpoint, which shows the balancer's address to whoever answers."""
    e, made = provider()
    for source in (e.b2, e.s2, "any"):
        for destination in (made, "10.2.0.61", e.v2):
            assert verdict(e, source, destination, one_way=False) == "reachable", (source, made)
    told = reach.matrix(e.load(), "any", made, packet="port 443", by="endpoint")
    assert pairs(told) == {(f"network_interface/{e.b2.eni}", f"vpc_endpoint/{made.eni}")}
