"""What is said beside a denial, and that it is said only where it bears on it."""

from __future__ import annotations

from typing import Any

import pytest

import reach
from tests.estate import Id, Pair
from tests.estates.balancers import classic
from tests.estates.transit import joined, static


def codes(e: Any, question: str, **how: Any) -> list[str]:
    """The codes of an unreachable answer, in order."""
    answer = reach.ask(e.load(), question, **how)
    assert answer.verdict == "unreachable"
    return [each.code for each in answer.explanations]


def peered(*blocks: str) -> Pair:
    """V1 and V2 joined by a peering, which SA's table routes these blocks to."""
    e = Pair()
    e.second()
    pcx = e.peering(e.v1, e.v2)
    for block in blocks:
        e.route(e.ta, block, pcx)
    return e


def test_a_route_beside_the_destination() -> None:
    """It is named, with what it leads to; without one there is nothing to name."""
    e = peered("10.2.9.0/24")
    answer = reach.ask(e.load(), f"can {e.a} reach {e.b2} port 80", one_way=True)
    codes_of = [each.code for each in answer.explanations]
    assert codes_of == ["NO_ROUTE_TO_DESTINATION", "CANNOT_ROUTE"]
    missing, beside = answer.explanations
    pcx = e.scope(e.home)["VpcPeeringConnections"][0]["VpcPeeringConnectionId"]
    assert missing.fields["Destination"]["Id"] == pcx
    assert beside.fields["RouteTableRoute"]["DestinationCidr"] == "10.2.9.0/24"
    bare = peered()
    assert codes(bare, f"can {bare.a} reach {bare.b2} port 80", one_way=True) == [
        "NO_ROUTE_TO_DESTINATION",
        "VPC_LOCAL_ROUTE_CIDR_RESTRICTION",
    ]


def test_a_longer_route_that_is_dead() -> None:
    """The shorter one behind it is named; alone, a dead route stands for itself."""
    e = peered("10.2.0.0/16")
    gone = e.peering(e.v1, e.v2, status="deleted")
    e.route(e.ta, "10.2.0.0/24", gone, state="blackhole")
    question = f"can {e.a} reach {e.b2} port 80"
    assert codes(e, question, one_way=True) == ["BAD_STATE_ROUTE", "MORE_SPECIFIC_ROUTE"]
    alone = peered()
    alone.route(alone.ta, "10.2.0.0/24", gone, state="blackhole")
    found = codes(alone, f"can {alone.a} reach {alone.b2} port 80", one_way=True)
    assert "MORE_SPECIFIC_ROUTE" not in found


def test_vpcs_that_nothing_joins() -> None:
    """Not those that a peering joins, or a transit gateway, routed or not."""
    e = Pair()
    e.second()
    assert "DISCONNECTED_VPCS" in codes(e, f"can {e.a} reach {e.b2} port 80")
    by_peering = peered()
    assert "DISCONNECTED_VPCS" not in codes(
        by_peering, f"can {by_peering.a} reach {by_peering.b2} port 80"
    )
    by_gateway = Pair()
    hub = joined(by_gateway)
    static(by_gateway, hub.tgw.table, "10.2.0.0/16")
    found = codes(by_gateway, f"can {by_gateway.a} reach {by_gateway.b2} port 80")
    assert "DISCONNECTED_VPCS" not in found


@pytest.mark.parametrize("kept", [True, False])
def test_references_that_are_kept_are_not_lost(kept: bool) -> None:
    """A rule that names the sender's group for another port does not bear on the denial."""
    e = Pair()
    joined(e, references=kept)
    own = e.group(e.v1)
    e.wear(e.a, own)
    e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {own}"]))
    found = codes(e, f"can {e.a} reach {e.b2} port 81")
    assert "SG_REFERENCING_SUPPORT" not in found
    if not kept:
        assert "SG_REFERENCING_SUPPORT" in codes(e, f"can {e.a} reach {e.b2} port 80")


@pytest.mark.parametrize(("protocol", "told"), [("tcp", True), ("udp", False)])
def test_a_listener_of_another_port(protocol: str, told: bool) -> None:
    """Only one that takes the packet's protocol is said to take another port."""
    e = Pair()
    classic(e, "old", {e.sa: "10.0.0.99"}, [("HTTP", 80, 8080)], [e.a])
    found = codes(e, f"can {e.b} reach 10.0.0.99 port 81/{protocol}")
    assert ("ELB_LISTENER_PORT_RESTRICTION" in found) is told


def test_arns_are_told_where_they_are_known() -> None:
    """Of another partition as of this one; without an account there is none."""
    for region, start in (("us-east-1", "arn:aws:"), ("cn-north-1", "arn:aws-cn:")):
        e = Pair(region=region)
        e.wear(e.b, e.group(e.v1, ingress=[]))
        answer = reach.ask(e.load(), f"can {e.a} reach {e.b} port 22")
        (why,) = answer.explanations
        interface: Id = e.b.eni
        arn = why.fields["NetworkInterface"]["Arn"]
        assert arn == f"{start}ec2:{region}:111122223333:network-interface/{interface}"


def test_equal_blockers_are_told_with_what_they_lack() -> None:
    """A missing route is one blocker, and names what it would lead to."""
    e = peered()
    answer = reach.ask(e.load(), f"can {e.a} reach {e.b2} port 80", one_way=True)
    missing = [x for x in answer.explanations if x.code == "NO_ROUTE_TO_DESTINATION"]
    assert len(missing) == 1
    assert missing[0].fields["Destination"]["Id"].startswith("pcx-")
