"""A Network Load Balancer whose targets stand in a peered VPC and see its clients' addresses."""

from __future__ import annotations

import pytest

from tests.estate import Id, Pair
from tests.estates.balancers import balancer, listen, target_group
from tests.estates.public_access import encrypt
from tests.estates.transit import joined
from tests.traps.rows import allow, deny, verdict


def front(e: Pair, group: Id) -> None:
    """An internet-facing balancer with nodes in SA and SB, listening on 443."""
    e.online(e.ta)
    nodes = {e.sa: "10.0.0.40", e.sb: "10.0.1.40"}
    public = {e.sa: "198.51.100.40"}
    made = balancer(e, "network", "front", nodes, public=public, cross_zone=True)
    listen(e, made, "TCP", 443, group)


def over_peering(preserve: bool) -> Pair:
    """Such a balancer before B2, in the peered VPC."""
    e = Pair()
    e.peered()
    front(e, target_group(e, e.v1, "far", "TCP", 80, [(e.b2.ip, 80, "all")], "ip", preserve))
    return e


@pytest.mark.parametrize("dead", ["10.2.0.5", "10.2.0.6"])
def test_targets_of_one_subnet_beyond_different_routes(dead: str) -> None:
    """R-RT-4: of two targets the one counts whose route works, whichever is registered first."""
    e = Pair()
    e.peered()
    ends = {e.b2.ip: e.b2, "10.2.0.6": e.instance("c2", e.s2, "10.2.0.6")}
    far = target_group(e, e.v1, "far", "TCP", 80, [(ip, 80, "all") for ip in ends], "ip", True)
    front(e, far)
    e.route(e.ta, f"{dead}/32", e.pcx, state="blackhole")
    for ip, end in ends.items():
        expected = "unreachable" if ip == dead else "reachable"
        verdict(e, f"can internet reach {end} port 443", expected)


@pytest.mark.parametrize(
    ("preserve", "by", "expected"),
    [(True, "tgw", "unreachable"), (False, "tgw", "reachable"), (True, "pcx", "reachable")],
)
def test_a_peering_that_is_not_the_way(preserve: bool, by: str, expected: str) -> None:
    """R-NLB-3: not by a transit gateway, though a peering stands beside it."""
    e = Pair()
    e.peered()
    hub = joined(e)
    target = {"tgw": hub.tgw, "pcx": e.pcx}[by]
    e.route(e.ta, "10.2.0.0/24", target)
    e.route(e.t2, "10.0.0.0/24", target)
    far = target_group(e, e.v1, "far", "TCP", 80, [(e.b2.ip, 80, "all")], "ip", preserve)
    front(e, far)
    verdict(e, "can internet reach front port 443", expected)


@pytest.mark.parametrize("preserve", [True, False])
def test_a_peering_that_is_not_encrypted(preserve: bool) -> None:
    """R-ENC-3: what holds of a peering holds of what a balancer sends over it."""
    e = over_peering(preserve)
    question = f"can {e.b} reach front port 443"
    allow(e, question)
    encrypt(e, e.v1)
    deny(e, question)
    e.scope(e.home)["VpcEncryptionControls"].clear()
    encrypt(e, e.v1, "enforce", "VpcPeering")
    allow(e, question)


def test_a_peering_by_a_balancer_is_a_way_over_it() -> None:
    """A peering as an end: what a balancer sends over it with its client's address counts."""
    e = over_peering(preserve=True)
    question = f"can internet reach {e.pcx} port 443"
    allow(e, question)
    e.route(e.ta, "10.2.0.0/24", e.pcx, state="blackhole")
    deny(e, question)
