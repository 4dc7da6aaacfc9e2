"""Services of VPC Lattice: listeners, rules, targets, and what these see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from reach.network.address import parse_address
from reach.network.header_space import Ranges
from reach.trace import Fate, Site, Trace
from tests.aws.ground import (
    answered,
    arrived,
    dropped,
    ground,
    nodes,
    packet,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Id, Pair
from tests.estates.privatelink import (
    associate,
    join,
    lattice_service,
    rule,
    service_network,
    target_group,
)
from tests.traps.rows import allow, unknown

LATTICE = "169.254.171.33"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:receipts"


@dataclass
class Served:
    """V1 is associated with a network; its one service has targets in V2, B2 among them."""

    e: Pair
    network: Id
    group: Id
    service: Id

    def trace(self, what: str = "tcp/443", option: int = 0) -> Trace:
        return sent(ground(self.e), self.e.a, packet(self.e.a.ip, LATTICE, what), Picks(option))


@dataclass
class Picks:
    """At a choice between nodes, this option of the second one on; the first is the service."""

    option: int

    def get(self, site: Site, default: int, /) -> int:
        first = site.node.startswith("service_network/")
        return default if site.within or first else self.option


def served(targets: Mapping[str, int] | None = None, kind: str = "INSTANCE") -> Served:
    e = Pair()
    e.second()
    network = service_network(e)
    associate(e, network, e.v1)
    group = target_group(e, e.v2, {e.b2: 8080} if targets is None else targets, kind=kind)
    return Served(e, network, group, lattice_service(e, network, {443: [group]}))


def listener_of(at: Served) -> dict[str, object]:
    (listener,) = at.e.scope(at.e.home)["LatticeListeners"]
    return listener


# ------------------------------ nodes


def test_stages() -> None:
    """R-LAT-3, R-EPH-4: from an address of Lattice's and a fresh port, without a group."""
    at = served()
    g = ground(at.e)
    listener = listener_of(at)["id"]
    assert plain(stages(g, f"lattice_service/{at.service}/service")) == [
        [
            f"protocol tcp; destination port 443 -> lattice_service/{listener}/listener",
            f"else drop NO_PATH ({at.service} listeners)",
        ]
    ]
    assert plain(stages(g, f"lattice_service/{listener}/listener")) == [
        [f"any packet -> lattice_service/{at.group}/targets", "else drop"]
    ]
    assert plain(stages(g, f"lattice_service/{at.group}/targets")) == [
        [f"any packet -> lattice_service/{at.group}/target 0", "else drop"]
    ]
    assert plain(stages(g, f"lattice_service/{at.group}/target 0")) == [
        [
            "any packet: source 169.254.171.0/24, source port 1024-65535, "
            f"destination {at.e.b2.ip}, identity 0, destination port 8080"
        ],
        [f"any packet -> vpc/{at.e.v2}/local", "else drop"],
    ]


# ------------------------------ there and back


def test_there_and_back() -> None:
    """R-LAT-3: the target answers to Lattice, without a route, past its subnet's network ACL."""
    at = served()
    there = at.trace()
    assert there.final.source in Ranges.span(
        parse_address("169.254.171.0"), parse_address("169.254.171.255")
    )
    back = replied(ground(at.e), there)
    assert f"subnet/{at.e.s2}/leave lattice_service/{at.group}/back" in nodes(back)
    assert back.final.destination == parse_address(at.e.a.ip)


def test_what_targets_must_admit() -> None:
    """R-LAT-3, R-SG-20: Lattice's addresses, by block or by its list; no client's group."""
    at = served()
    e = at.e
    worn = e.group(e.v1)
    e.wear(e.a, worn)
    e.wear(e.b2, own := e.group(e.v2, [f"tcp {worn}", "tcp 10.0.0.0/8"]))
    assert dropped(at.trace()) == (own, "ENI_SG_RULES_MISMATCH")
    listed = e.service_list("vpc-lattice", "169.254.171.0/24")
    for peer in ("169.254.171.0/24", listed):
        e.wear(e.b2, e.group(e.v2, [f"tcp/8080 {peer}"]))
        assert answered(ground(e), at.trace(), e.b2.ip)


def test_acls_of_targets() -> None:
    """R-LAT-3: their subnet's network ACL, in both directions."""
    at = served()
    inward = at.e.acl(at.e.v2, [at.e.s2], ingress=["100 allow all 10.0.0.0/8"])
    assert dropped(at.trace()) == (inward, "SUBNET_ACL_RESTRICTION")
    outward = at.e.acl(at.e.v2, [at.e.s2], egress=["100 allow all 10.0.0.0/8"])
    assert dropped(replied(ground(at.e), at.trace())) == (outward, "SUBNET_ACL_RESTRICTION")


def test_a_target_in_the_clients_vpc() -> None:
    """A target whose own VPC is a client answers as a target, not as a client."""
    e = Pair()
    network = service_network(e)
    associate(e, network, e.v1)
    group = target_group(e, e.v1, {e.b: 8080})
    lattice_service(e, network, {443: [group]})
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, LATTICE))
    assert f"lattice_service/{group}/back" in nodes(replied(g, there))
    assert answered(g, there, e.b.ip)


# ------------------------------ listeners and rules


def test_a_port_without_a_listener() -> None:
    at = served()
    assert dropped(at.trace("tcp/22")) == (at.service, "NO_PATH")


def test_a_fixed_response() -> None:
    """Lattice itself answers."""
    at = served()
    listener_of(at)["defaultAction"] = {"fixedResponse": {"statusCode": 404}}
    there = at.trace()
    assert there.owner == f"lattice_service/{at.service}"
    assert replied(ground(at.e), there).final.destination == parse_address(at.e.a.ip)


def test_rules() -> None:
    """R-LAT-4: which rule a request meets is in the request: any of their groups, a may."""
    at = served()
    b3 = at.e.instance("b3", at.e.s2, "10.2.0.6")
    other = target_group(at.e, at.e.v2, {b3: 9000})
    rule(at.e, at.service, 443, [other])
    found = [at.trace(option=n) for n in (0, 1)]
    assert [trace.final.destination for trace in found] == [
        parse_address(at.e.b2.ip),
        parse_address(b3.ip),
    ]
    assert [trace.choices[1].words for trace in found] == [
        f"assumed: the request is for {group}" for group in (at.group, other)
    ]
    assert at.e.ask(f"can {at.e.a} reach {b3} port 443").verdict == "reachable"


def test_weights() -> None:
    """A group of weight nought gets nothing."""
    at = served()
    b3 = at.e.instance("b3", at.e.s2, "10.2.0.6")
    idle = target_group(at.e, at.e.v2, {b3: 9000})
    weighted = [
        {"targetGroupIdentifier": str(at.group), "weight": 100},
        {"targetGroupIdentifier": str(idle), "weight": 0},
    ]
    listener_of(at)["defaultAction"] = {"forward": {"targetGroups": weighted}}
    assert at.e.ask(f"can {at.e.a} reach {at.e.b2} port 443").verdict == "reachable"
    assert at.e.ask(f"can {at.e.a} reach {b3} port 443").verdict == "unreachable"


@pytest.mark.parametrize("kind", ["service", "group"])
@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "CREATE_FAILED", "DELETE_IN_PROGRESS"])
def test_a_status_that_does_not_work(kind: str, status: str) -> None:
    at = served()
    bad = at.service if kind == "service" else at.group
    bad.record["status"] = status
    assert dropped(at.trace()) == (bad, "BAD_STATE")


# ------------------------------ targets


def test_several_targets() -> None:
    """Any one may be picked; one that drains takes no new flow."""
    at = served()
    b3 = at.e.instance("b3", at.e.s2, "10.2.0.6")
    (answer,) = at.e.scope(at.e.home)["LatticeTargets"]
    answer["items"].append({"id": str(b3), "port": 8080, "status": "UNHEALTHY"})
    found = {at.trace(option=n).final.destination for n in (0, 1)}
    assert found == {parse_address(at.e.b2.ip), parse_address(b3.ip)}
    answer["items"][0]["status"] = "DRAINING"
    there = at.trace()
    assert (there.final.destination, len(there.choices)) == (parse_address(b3.ip), 1)
    answer["items"][1]["status"] = "DRAINING"
    assert dropped(at.trace()) == (at.group, "NO_PATH")


def test_addresses_as_targets() -> None:
    at = served({"10.2.0.5": 8443}, kind="IP")
    there = at.trace()
    assert arrived(there, at.e.b2.ip)
    assert there.final.destination_port == 8443
    at = served({"10.2.9.9": 8443}, kind="IP")
    assert dropped(at.trace()) == (at.e.v2, "NO_POSSIBLE_DESTINATION")


def test_functions_as_targets() -> None:
    """They are called by Lattice, on no wire."""
    at = served({FUNCTION: 443}, kind="LAMBDA")
    there = at.trace()
    assert there.owner == f"lattice_service/{at.group}"
    assert replied(ground(at.e), there).final.destination == parse_address(at.e.a.ip)


def test_a_balancer_as_target() -> None:
    """An Application Load Balancer gets the packet at its nodes' addresses."""
    path = "app/front/0123456789abcdef"
    arn = f"arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/{path}"
    at = served({arn: 80}, kind="ALB")
    node = at.e.interface(
        at.e.s2, "10.2.0.40", requester="amazon-elb", description=f"ELB {path}", kind="interface"
    )
    there = at.trace()
    assert there.hops[-1].before.destination == parse_address("10.2.0.40")
    assert node in there.hops[-1].node


# ------------------------------ what is not in the snapshot


@pytest.mark.parametrize(
    "call", ["LatticeListeners", "LatticeTargetGroups", "LatticeTargets", "Reservations"]
)
def test_a_missing_call(call: str) -> None:
    """Law 2: open, also for whoever may be a target."""
    at = served()
    at.e.drop(call)
    assert at.e.ask(f"can {at.e.a} reach {LATTICE} port 443").verdict == "undecided"
    assert at.e.ask(f"can {at.e.a} reach {at.e.b2} port 443").verdict == "undecided"


def test_rules_that_are_not_known() -> None:
    """Law 2: the default action is one of those that may be taken; others may be as well."""
    at = served()
    at.e.drop("LatticeRules")
    assert arrived(at.trace(), at.e.b2.ip)
    at.e.wear(at.e.b2, at.e.group(at.e.v2, []))
    assert at.e.ask(f"can {at.e.a} reach {LATTICE} port 443").verdict == "undecided"


def test_a_listener_from_the_list() -> None:
    """list-listeners leaves out the default action: open."""
    at = served()
    del listener_of(at)["defaultAction"]
    assert at.trace().fate is Fate.UNMODELLED


def test_targets_that_are_cut_short() -> None:
    at = served()
    (answer,) = at.e.scope(at.e.home)["LatticeTargets"]
    answer["nextToken"] = "eyJ2IjoiMSJ9"
    assert at.trace().fate is Fate.UNMODELLED


def test_a_service_of_another_account() -> None:
    """R-SHARE-4: its owner is not in the snapshot: it ends there, assumed to answer."""
    e = Pair()
    network = service_network(e)
    associate(e, network, e.v1)
    service = lattice_service(e, network, {}, scope=("999988887777", "us-east-1"))
    del e.scopes[service.scope]
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, LATTICE))
    assert there.owner == f"lattice_service/{service}"
    assert "999988887777" in there.choices[1].words
    assert replied(g, there).final.destination == parse_address(e.a.ip)


# ------------------------------ as an end


def test_as_an_end() -> None:
    """By its id and by its name, on its listeners' ports; nothing comes from it."""
    at = served()
    e = at.e
    for name in (at.service, "parking"):
        assert e.ask(f"can {e.a} reach {name} port 443").verdict == "reachable"
        assert e.ask(f"can {e.a} reach {name} port 8080").verdict == "unreachable"
    assert e.ask(f"can {e.b2} reach {at.service} port 443").verdict == "unreachable"
    answer = e.ask(f"can {at.service} reach {e.a} port 443")
    assert (answer.verdict, answer.explanations[0].code) == ("unreachable", "NO_PATH")


def test_one_of_two_services_as_an_end() -> None:
    """The other's listener does not answer for it."""
    at = served()
    other: Sequence[Id] = [at.group]
    lattice_service(at.e, at.network, {444: other}, name="tickets")
    assert at.e.ask(f"can {at.e.a} reach tickets port 444").verdict == "reachable"
    assert at.e.ask(f"can {at.e.a} reach tickets port 443").verdict == "unreachable"


def test_aliases() -> None:
    """What is sent to Lattice may end up at a target."""
    at = served()
    g = ground(at.e)
    assert parse_address(LATTICE) in g.aliases(Ranges.of(parse_address(at.e.b2.ip)))
    assert parse_address(LATTICE) not in g.aliases(Ranges.of(parse_address(at.e.b.ip)))


# ------------------------------ what nobody can tell


def test_a_listener_whose_port_is_not_printed() -> None:
    """R-LB-3 of Lattice: it may listen on any; those of the others stay decided."""
    at = served()
    question = f"can {at.e.a} reach {at.e.b2} port 443"
    allow(at.e, question)
    del listener_of(at)["port"]
    unknown(at.e, question, at.service)


def test_a_target_in_a_state_that_is_none_of_awss() -> None:
    at = served()
    question = f"can {at.e.a} reach {at.e.b2} port 443"
    (answer,) = at.e.scope(at.e.home)["LatticeTargets"]
    answer["items"][0]["status"] = "half-working"
    unknown(at.e, question, at.group, "half-working")
    answer["items"][0]["status"] = "UNHEALTHY"
    allow(at.e, question)


def test_a_group_of_no_ip_version_of_awss() -> None:
    at = served()
    question = f"can {at.e.a} reach {at.e.b2} port 443"
    at.group.record["config"]["ipAddressType"] = "half-working"
    unknown(at.e, question, at.group, "half-working")
    del at.group.record["config"]["ipAddressType"]
    allow(at.e, question)


def test_a_service_that_is_in_its_network_once_more() -> None:
    """Whatever the order of the two: one of its associations is in force."""
    for states in (("ACTIVE", "DELETE_IN_PROGRESS"), ("CREATE_FAILED", "ACTIVE")):
        at = served()
        question = f"can {at.e.a} reach {at.e.b2} port 443"
        (own,) = at.e.scope(at.e.home)["ServiceNetworkServiceAssociations"]
        own["status"] = states[0]
        again = join(at.e, at.network, at.service, status=states[1])
        allow(at.e, question)
        for each in (own, again.record):
            each["status"] = "half-working" if each["status"] == "ACTIVE" else each["status"]
        unknown(at.e, question, at.service)
