"""Pools of one's own public addresses, routed as they are to an interface."""

from __future__ import annotations

from typing import Any

import pytest

from reach.network.address import parse_address
from tests.aws.ground import at, came, dropped, ground, packet, passed, plain, replied, stages
from tests.estate import Estate, Id, Pair, codes, said
from tests.estates.public_access import pool_on
from tests.traps.rows import allow, deny, may, unknown

HOST = "8.8.8.8"
POOL = "203.0.113.16/28"
IN_POOL, UNROUTED = "203.0.113.20", "203.0.113.27"
HOLDS = "assumed: the guest has this address of the pool"


class Telco(Pair):
    """An appliance in SA takes half of a pool that the gateway's edge table routes to it."""

    def __init__(self, check: bool = False, advertised: bool = True, routed: bool = True) -> None:
        super().__init__()
        self.net = self.online(self.ta)
        self.guest = self.instance("appliance", self.sa, "10.0.0.9", check=check)
        self.edge = self.table(self.v1, edge=self.net, name="edge")
        self.pool = pool_on(self, self.edge, POOL, advertised=advertised)
        if routed:
            self.route(self.edge, "203.0.113.16/29", self.guest.eni)


def records(e: Estate, key: str) -> Any:
    snapshot = e.load()
    return snapshot.records(snapshot.sections[key].record)


# ------------------------------ decoding and nodes


def test_what_is_read() -> None:
    """Pools with their ranges, what was brought with its state."""
    e = Telco()
    (pool,) = records(e, "PublicIpv4Pools")
    (block,) = pool.pool_address_ranges
    assert (pool.pool_id, block.first_address, block.last_address) == (
        e.pool,
        "203.0.113.16",
        "203.0.113.31",
    )
    (brought,) = records(e, "ByoipCidrs")
    assert (brought.cidr, brought.state) == ("203.0.113.0/24", "advertised")


def test_stages() -> None:
    """The gateway leaves the pool's addresses as they are; what an interface is routed goes to
    its guest after its groups."""
    e = Telco()
    g = ground(e)
    assert f"destination {POOL}: identity 0" in str(
        plain(stages(g, f"internet_gateway/{e.net}/in"))
    )
    assert f"source {POOL}: identity 0" in str(plain(stages(g, f"internet_gateway/{e.net}/out")))
    routed = plain(stages(g, f"network_interface/{e.guest.eni}/routed"))
    held = f"public_ipv4_pool/{e.guest.eni}/held"
    assert routed[-2:] == [
        [f"destination 203.0.113.16/29 -> {held}"],
        [
            f"may -> network_interface/{e.guest.eni}/resend",
            f"may -> network_interface/{e.guest.eni}/masquerade",
        ],
    ]
    assert plain(stages(g, held)) == [
        [
            f"may -> public_ipv4_pool/{e.guest.eni}/keep",
            f"may -> network_interface/{e.guest.eni}/resend",
        ]
    ]


# ------------------------------ in and out


def test_in_untranslated_and_back() -> None:
    """R-IGW-9: the packet arrives with the pool's address, and its reply leaves with it."""
    e = Telco()
    g = ground(e)
    there = came(g, packet(HOST, IN_POOL))
    assert there.final.destination == parse_address(IN_POOL)
    back = replied(g, there)
    assert back.final.source == parse_address(IN_POOL)
    for question in (f"can internet reach {IN_POOL} port 443", f"can {HOST} reach {IN_POOL} icmp"):
        assert HOLDS in str(said(may(e, question)))


def test_by_the_name_of_the_guest() -> None:
    """Asked by id, the pool's addresses are ways to reach it."""
    e = Telco()
    may(e, f"can internet reach {e.guest} port 443")
    assert e.guest.eni.record.get("Association") is None
    e.edge.record["Routes"].pop()
    deny(e, f"can internet reach {e.guest} port 443")


def test_the_guest_sends() -> None:
    """By address and by id: it may send from what is routed to it."""
    e = Telco()
    assert "sends from an address of the pool" in str(
        said(may(e, f"can {e.guest} reach {HOST} port 443"))
    )
    may(e, f"can {IN_POOL} reach {HOST} port 443")
    e = Telco(check=True)
    deny(e, f"can {e.guest} reach {HOST} port 443", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")


def test_the_check_has_to_be_off() -> None:
    """R-ENI-4: else the interface takes only what is its own."""
    e = Telco(check=True)
    g = ground(e)
    assert dropped(came(g, packet(HOST, IN_POOL))) == (
        e.guest.eni,
        "ENI_SOURCE_DEST_CHECK_RESTRICTION",
    )
    deny(e, f"can internet reach {IN_POOL} port 443", "ENI_SOURCE_DEST_CHECK_RESTRICTION")


def test_groups_and_acls_count() -> None:
    """Its groups and its subnet's ACL see the pool's address and the world's."""
    e = Telco()
    e.wear(e.guest, group := e.group(e.v1, ["tcp/443 any"], egress=[]))
    may(e, f"can internet reach {IN_POOL} port 443")
    assert (group, "inbound rule tcp 443 from 0.0.0.0/0") in passed(
        came(ground(e), packet(HOST, IN_POOL))
    )
    deny(e, f"can internet reach {IN_POOL} port 22", "ENI_SG_RULES_MISMATCH")
    e.acl(e.v1, [e.sa], egress=["100 allow all 10.0.0.0/8"])
    deny(e, f"can internet reach {IN_POOL} port 443", "SUBNET_ACL_RESTRICTION")


def test_the_reply_needs_a_route() -> None:
    """R-IGW-7: what comes in needs none, the reply does."""
    e = Telco()
    e.ta.record["Routes"] = [r for r in e.ta.record["Routes"] if r["GatewayId"] == "local"]
    may(e, f"can internet reach {IN_POOL} port 443", one_way=True)
    deny(e, f"can internet reach {IN_POOL} port 443", "NO_ROUTE_TO_DESTINATION")


def test_what_is_routed_nowhere() -> None:
    """The gateway takes it in and its edge table has no route for it; it is no host elsewhere."""
    e = Telco()
    deny(e, f"can internet reach {UNROUTED} port 443", "NO_ROUTE_TO_DESTINATION")
    e.online(e.tb)
    e.public(e.b, "198.51.100.8")
    deny(e, f"can {e.b} reach {UNROUTED} port 443")
    allow(e, f"can {e.b} reach 203.0.113.99 port 443")


def test_only_by_the_gateway_with_the_pool() -> None:
    """Without the association the gateway refuses it, and it is a host on the internet."""
    e = Telco()
    e.edge.record["Associations"].pop()
    trace = at(ground(e), f"internet_gateway/{e.net}/in", packet(HOST, IN_POOL))
    assert dropped(trace) == (e.net, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS")
    assert came(ground(e), packet(HOST, IN_POOL)).owner == "internet"


@pytest.mark.parametrize("state", ["disassociated", "disassociating", "associating", "failed"])
def test_an_association_that_is_not_in_force(state: str) -> None:
    e = Telco()
    e.edge.record["Associations"][-1]["AssociationState"] = {"State": state}
    assert came(ground(e), packet(HOST, IN_POOL)).owner == "internet"


def test_an_interface_needs_no_public_address() -> None:
    """R-RT-21 is about the VPC's own addresses; a pool's come as they are."""
    e = Telco()
    e.route(e.edge, "10.0.1.0/24", e.guest.eni)
    e.public(e.b, "198.51.100.8")
    may(e, f"can internet reach {IN_POOL} port 443")
    deny(e, f"can internet reach {e.b} port 443", "INGRESS_RTB_NO_PUBLIC_IP")


def test_a_stopped_guest() -> None:
    """R-RT-21: the interface has to be on a running instance."""
    e = Telco()
    e.guest.record["State"] = {"Code": 80, "Name": "stopped"}
    deny(e, f"can internet reach {IN_POOL} port 443", "BAD_STATE")


# ------------------------------ advertised or not


def test_not_advertised() -> None:
    """What is only provisioned comes in from nowhere, and is nobody's out there."""
    e = Telco(advertised=False)
    answer = deny(e, f"can internet reach {IN_POOL} port 443", "NO_PATH")
    assert "not advertised" in str(answer.explanations)


@pytest.mark.parametrize("state", ["pending-advertising", "pending-withdrawal", ""])
def test_whether_it_is_advertised_is_not_told(state: str) -> None:
    """Without the call, or on the way to or from it, it is assumed."""
    e = Telco()
    (brought,) = e.scope(e.home)["ByoipCidrs"]
    brought["State"] = state
    if not state:
        e.drop("ByoipCidrs")
    answer = may(e, f"can internet reach {IN_POOL} port 443")
    assert "is advertised to the internet" in str(said(answer))


# ------------------------------ gaps


def test_the_pool_is_not_listed() -> None:
    """Then the table's routes outside the VPC tell what it holds; what else it may hold is open."""
    e = Telco()
    e.drop("PublicIpv4Pools")
    may(e, f"can internet reach {IN_POOL} port 443")
    e.online(e.tb)
    e.public(e.b, "198.51.100.8")
    unknown(e, f"can {e.b} reach {UNROUTED} port 443", "describe-public-ipv4-pools")


def flips(e: Pair, call: str, questions: list[str]) -> list[str]:
    before = {question: e.ask(question).verdict for question in questions}
    e.drop(call)
    after = {question: e.ask(question).verdict for question in questions}
    return [q for q in questions if after[q] not in (before[q], "undecided")]


@pytest.mark.parametrize("call", ["PublicIpv4Pools", "ByoipCidrs", "Vpcs", "RouteTables"])
def test_a_missing_call_flips_nothing(call: str) -> None:
    e = Telco()
    e.online(e.tb)
    e.public(e.b, "198.51.100.8")
    e.route(e.edge, "10.0.1.0/24", e.guest.eni)
    questions = [f"can internet reach {x} port 443" for x in (IN_POOL, UNROUTED, e.guest, e.b)]
    assert flips(e, call, [*questions, f"can {e.b} reach {IN_POOL} port 443"]) == []


def test_an_end_that_is_not_the_guest() -> None:
    """Others of the VPC reach the pool's address over the gateway, as the world does."""
    e = Telco()
    e.online(e.tb)
    e.public(e.b, "198.51.100.8")
    may(e, f"can {e.b} reach {IN_POOL} port 443")
    b: Id = e.instance("private", e.sb, "10.0.1.77")
    answer = deny(e, f"can {b} reach {IN_POOL} port 443")
    # The closest path goes on with the private address, which the way in refuses as well.
    assert codes(answer) == {
        "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
        "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS",
    }
