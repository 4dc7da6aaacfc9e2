"""Gateway Load Balancer endpoints: entered by routes, left by the same endpoint, both ways."""

from __future__ import annotations

import pytest

from reach.lower import lower
from reach.trace import Fate
from tests.aws.ground import (
    came,
    dropped,
    ground,
    nodes,
    packet,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Id, Pair, codes
from tests.estates.firewall import Guarded, appliances

NET = "8.8.8.8"
NAME = "gateway_load_balancer_endpoint"


def behind(ipv6: bool = False) -> tuple[Guarded, Id]:
    e = Guarded(ipv6=ipv6)
    return e, e.behind(e.endpoint_balancer(e.sf, "10.0.7.9"))


# ------------------------------ nodes


def test_stages() -> None:
    """R-GWLBE-1, R-GWLBE-3, R-GWLBE-4: who sent it is forgotten, both ways are to cross, and the
    appliance is assumed to pass it."""
    e, own = behind()
    g = ground(e)
    assert plain(stages(g, f"{NAME}/{own}/in")) == [
        ["any packet: identity 0"],
        [f"session {NAME} {own}", "permit any packet", f"else deny NO_PATH ({own} reply)"],
        [f"may -> {NAME}/{own}/out"],
    ]
    assert plain(stages(g, f"{NAME}/{own}/out")) == [
        [f"any packet -> subnet/{e.sf}/emit endpoint", "else drop"]
    ]


@pytest.mark.parametrize(
    "state", ["pendingAcceptance", "pending", "deleting", "rejected", "Failed"]
)
def test_state(state: str) -> None:
    """R-VPCE-2: it works while available, in whatever letters."""
    e, own = behind()
    for works in ("available", "Available"):
        own.record["State"] = works
        assert sent(ground(e), e.a, packet(e.a.ip, NET)).owner == "internet"
    own.record["State"] = state
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, NET))) == (str(own), "BAD_STATE")


# ------------------------------ there and back


def test_there_and_back() -> None:
    """R-GWLBE-1: headers unchanged, out at the same endpoint, on by its subnet's table; so back."""
    e, own = behind()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, NET))
    places = [
        f"subnet/{e.sa}/leave subnet/{e.sf}/arrive {NAME}/{own}/in",
        f"subnet/{e.sf}/arrive {NAME}/{own}/in",
        f"{NAME}/{own}/in",
        f"{NAME}/{own}/out",
        f"subnet/{e.sf}/emit endpoint",
        f"subnet/{e.sf}/route endpoint",
    ]
    start = nodes(there).index(places[0])
    assert nodes(there)[start : start + len(places)] == places
    inside = next(hop for hop in there.hops if hop.node == f"{NAME}/{own}/out")
    assert inside.before == packet(e.a.ip, NET)
    back = replied(g, there)
    assert back.owner == "network_interface/" + str(e.a.eni)
    assert f"{NAME}/{own}/in" in nodes(back)


def test_from_outside() -> None:
    """R-RT-19: by the edge table, with the private address; the reply leaves the same way."""
    e, own = behind()
    there = came(ground(e), packet("203.0.113.9", e.PUBLIC))
    assert f"{NAME}/{own}/in" in nodes(there)
    assert f"{NAME}/{own}/in" in nodes(replied(ground(e), there))


def test_ipv6() -> None:
    """R-GWLBE-1: of IPv6 as well."""
    e, _ = behind(ipv6=True)
    assert e.ask(f"can {e.a} reach 2606:4700:4700::1111 port 443").verdict == "reachable"
    assert e.ask(f"can ::/0 reach {e.a} port 443").verdict == "reachable"


def test_not_with_an_egress_only_gateway() -> None:
    """R-EIGW-3: what comes out of the endpoint is of no use to it; a host's own packets are."""
    e, _ = behind(ipv6=True)
    eigw = e.eigw(e.v1)
    e.route(e.tf, "::/0", eigw)
    question = f"can {e.a} reach 2606:4700:4700::1111 port 443"
    for one_way in (False, True):
        found = e.ask(question, one_way=one_way)
        assert (found.verdict, codes(found)) == ("unreachable", {"CANNOT_ROUTE"})
    e.route(e.ta, "::/0", eigw)
    assert e.ask(question).verdict == "reachable"


@pytest.mark.parametrize("one_way", [True, False])
def test_both_ways_cross_it(one_way: bool) -> None:
    """R-GWLBE-4: a reply that comes past the endpoint is none."""
    e, own = behind()
    e.te.record["Routes"] = [r for r in e.te.record["Routes"] if r.get("GatewayId") != str(own)]
    found = e.ask(f"can {e.a} reach {NET} port 443", one_way=one_way)
    assert found.verdict == ("reachable" if one_way else "unreachable")
    if not one_way:
        assert [(x.resource, x.direction) for x in found.explanations] == [(str(own), "reply")]


def test_not_by_another_endpoint() -> None:
    """R-GWLBE-4, R-RT-24: nor one that comes by another endpoint of the same service."""
    e, own = behind()
    other = e.endpoint_balancer(e.sf, "10.0.7.10")
    e.route(e.te, "10.0.0.0/24", other)
    assert e.ask(f"can {e.a} reach {NET} port 443").verdict == "unreachable"
    e.route(e.ta, "0.0.0.0/0", other)
    assert e.ask(f"can {e.a} reach {NET} port 443").verdict == "reachable"
    assert own != other


def test_a_reply_that_crosses_it_alone() -> None:
    """R-GWLBE-4: the flow went past it."""
    e, own = behind()
    e.route(e.ta, "0.0.0.0/0", e.gateway or "")
    e.te.record["Routes"] = [r for r in e.te.record["Routes"] if r.get("GatewayId") != str(own)]
    assert e.ask(f"can {e.a} reach {NET} port 443").verdict == "reachable"
    e.route(e.te, "10.0.0.0/24", own)
    assert e.ask(f"can {e.a} reach {NET} port 443").verdict == "unreachable"


def test_two_in_a_row() -> None:
    """Each has to see both ways, and each is assumed to pass it."""
    e, own = behind()
    second = e.subnet(e.v1, "10.0.8.0/24", name="second")
    inner = e.table(e.v1, [second])
    e.route(inner, "0.0.0.0/0", e.gateway or "")
    further = e.endpoint_balancer(second, "10.0.8.9", "vpce-svc-0aaaaaaaaaaaaaaaa")
    e.route(e.tf, "0.0.0.0/0", further)
    assert e.ask(f"can {e.a} reach {NET} port 443").verdict == "unreachable"
    e.route(e.te, "10.0.0.0/24", further)
    e.route(inner, "10.0.0.0/24", own)
    found = e.ask(f"can {e.a} reach {NET} port 443")
    assert found.verdict == "reachable"
    assert {a.resource for a in found.assumptions} == {str(own), str(further)}


# ------------------------------ network ACLs and groups


def test_the_acl_of_its_subnet() -> None:
    """R-NACL-9, R-NACL-14: it counts, for senders in the same subnet as well."""
    e, own = behind()
    acl = e.acl(e.v1, [], ["100 deny tcp/443 0.0.0.0/0", "200 allow all 0.0.0.0/0"])
    e.put_in_acl(acl, e.sf)
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, NET))) == (
        str(acl),
        "SUBNET_ACL_RESTRICTION",
    )
    inside = e.instance("inside", e.sf, "10.0.7.20")
    e.route(e.tf, "8.8.8.0/24", own)
    assert dropped(sent(ground(e), inside, packet(inside.ip, NET))) == (
        str(acl),
        "SUBNET_ACL_RESTRICTION",
    )


def test_in_the_senders_own_subnet_it_leads_nowhere() -> None:
    """R-GWLBE-1, R-RT-3: the table of the subnet leads back to it, again and again."""
    e = Guarded()
    own = e.endpoint_balancer(e.sa, "10.0.0.9")
    e.route(e.ta, "0.0.0.0/0", own)
    assert sent(ground(e), e.a, packet(e.a.ip, NET)).fate is Fate.LOOPED
    found = e.ask(f"can {e.a} reach {NET} port 443")
    assert found.verdict == "unreachable"
    assert [x.code for x in found.explanations] == ["NO_PATH", "NO_ROUTE_TO_DESTINATION"]


def test_groups_do_not_survive() -> None:
    """R-SG-19, R-SG-20"""
    e = Guarded()
    own = e.endpoint_balancer(e.sf, "10.0.7.9")
    e.route(e.ta, "10.0.1.0/24", own)
    e.route(e.tb, "10.0.0.0/24", own)
    ga = e.group(e.v1)
    gb = e.group(e.v1, ingress=[f"tcp/443 {ga}"])
    e.wear(e.a, ga)
    e.wear(e.b, gb)
    found = e.ask(f"can {e.a} reach {e.b} port 443")
    assert (found.verdict, codes(found)) == ("unreachable", {"ENI_SG_RULES_MISMATCH"})
    e.permit(gb, "tcp/443 10.0.0.0/24")
    assert e.ask(f"can {e.a} reach {e.b} port 443").verdict == "reachable"


# ------------------------------ routes


def test_prefix_lists_do_not_lead_there() -> None:
    """R-RT-18: AWS refuses such a route: the snapshot is wrong about something."""
    e, own = behind()
    e.route(e.ta, e.prefix_list("8.8.8.0/24"), own)
    found = e.ask(f"can {e.a} reach {NET} port 443")
    assert found.verdict == "undecided"
    (warning,) = lower(e.load()).lint()
    assert str(own) in warning.message
    assert "prefix list" in warning.message


def test_the_whole_vpc_may_be_redirected() -> None:
    """R-RT-19, R-RT-22: the endpoint's own subnet, which the block covers, keeps its way out."""
    e, own = behind()
    e.te.record["Routes"] = []
    e.route(e.te, "10.0.0.0/16", own)
    assert e.ask(f"can internet reach {e.a} port 443").verdict == "reachable"
    e.route(e.ta, "0.0.0.0/0", e.gateway or "")
    found = e.ask(f"can internet reach {e.a} port 443")
    assert found.verdict == "unreachable"
    assert "INGRESS_RTB_TRAFFIC_REDIRECTION" in codes(found)


# ------------------------------ ends


def test_as_an_end() -> None:
    """R-GWLBE-2: it is a way to others and sends nothing; its own address takes nothing."""
    e, own = behind()
    assert e.ask(f"can {e.a} reach {own} port 443").verdict == "reachable"
    assert e.ask(f"can {e.b} reach {own} port 443").verdict == "unreachable"
    assert codes(e.ask(f"can {own} reach {e.a} port 443")) == {"VPCE_INTRA_VPC_TRAFFIC"}
    found = e.ask(f"can {e.b} reach 10.0.7.9 port 6081/udp")
    assert (found.verdict, codes(found)) == ("unreachable", {"NO_PATH"})
    assert codes(e.ask(f"can {e.sf} reach {e.a} port 22")) == {"NO_PATH"}


# ------------------------------ the service behind it


def served() -> tuple[Guarded, Id]:
    e = Guarded()
    provider = e.vpc("10.50.0.0/16", name="provider")
    subnet = e.subnet(provider, "10.50.0.0/24", name="provider")
    appliance = e.instance("appliance", subnet, "10.50.0.5")
    gwlb = appliances(e, {subnet: "10.50.0.40"}, [appliance])
    return e, e.behind(e.endpoint_balancer(e.sf, "10.0.7.9", gwlb.service))


def test_a_service_of_the_snapshot() -> None:
    """R-GWLB-1: its balancer is asked; without the call that ties them, undecided (law 2)."""
    e, own = served()
    found = e.ask(f"can {e.a} reach {NET} port 443")
    assert found.verdict == "reachable"
    assert all(":loadbalancer/gwy/gwlb/" in each.resource for each in found.assumptions)
    e.drop("ServiceConfigurations")
    found = e.ask(f"can {e.a} reach {NET} port 443")
    assert found.verdict == "undecided"
    assert str(own) in str(found.reason)


def test_a_service_of_somebody_else() -> None:
    """R-GWLBE-3: without a balancer in the snapshot a missing call tells nothing: a may."""
    e, own = behind()
    e.drop("ServiceConfigurations", "LoadBalancers")
    found = e.ask(f"can {e.a} reach {NET} port 443")
    assert found.verdict == "reachable"
    assert [a.resource for a in found.assumptions] == [str(own)]


def test_no_endpoint_of_another_type() -> None:
    """An interface endpoint is no route target, nor is one that the snapshot does not hold."""
    e = Pair()
    other = e.endpoint_interface({e.sb: "10.0.1.40"})
    e.route(e.ta, "0.0.0.0/0", other)
    assert e.ask(f"can {e.a} reach {NET} port 443").verdict == "undecided"
    e.route(e.ta, "0.0.0.0/0", "vpce-0123456789abcdef0")
    found = e.ask(f"can {e.a} reach {NET} port 443")
    assert found.verdict == "undecided"
    assert "vpce-0123456789abcdef0" in str(found.reason)
