"""Endpoint services: what is behind an endpoint, in somebody else's VPC."""

from __future__ import annotations

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
from tests.estates.balancers import Balancer, balancer, listen, target_group
from tests.estates.privatelink import endpoint_service, endpoint_to, front, offered
from tests.traps.rows import allow, deny, unknown

HERE = "10.0.0.60"  # the endpoint, in SA
NODE = "10.2.0.30"  # the balancer, in S2
PROVIDER = "444455556666"
ELSEWHERE = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"


@dataclass
class Linked:
    """A in V1 has an endpoint to a service whose balancer hands on to B2 in V2, of others."""

    e: Pair
    lb: Balancer
    service: Id
    vpce: Id

    def trace(self, what: str = "tcp/443") -> Trace:
        """What becomes of A's packet to the endpoint."""
        return sent(ground(self.e), self.e.a, packet(self.e.a.ip, HERE, what))


@dataclass
class Always:
    """The same option at every choice between nodes."""

    option: int

    def get(self, site: Site, default: int, /) -> int:
        return default if site.within else self.option


def linked(
    *,
    zone: str = "a",
    cross_zone: bool = False,
    region: str | None = None,
    regions: tuple[str, ...] = (),
    account: str = PROVIDER,
    allowed: tuple[str, ...] = ("*",),
    groups: bool = False,
) -> Linked:
    e = Pair()
    e.second(region=region, account=account)
    where = e.s2 if zone == "a" else e.subnet(e.v2, "10.2.5.0/24", zone)
    node = NODE if zone == "a" else "10.2.5.30"
    worn = [e.group(e.v2, name="balancer")] if groups else []
    lb = front(e, {where: node}, {e.b2: 8443}, groups=worn, cross_zone=cross_zone)
    service = endpoint_service(e, [lb], allowed=allowed, regions=regions)
    return Linked(e, lb, service, endpoint_to(e, {e.sa: HERE}, service))


# ------------------------------ nodes


def test_stages() -> None:
    """R-VPCES-1, R-SG-20: TCP and UDP; the node's address for the endpoint's, and no group."""
    at = linked()
    g = ground(at.e)
    own = f"vpc_endpoint_service/{at.vpce.eni}"
    assert plain(stages(g, f"{own}/consumer")) == [
        ["permit protocol tcp, udp", f"else deny PROTOCOL_RESTRICTION ({at.vpce} protocol)"],
        [f"any packet -> {own}/to {at.lb.eni}", "else drop"],
    ]
    assert plain(stages(g, f"{own}/to {at.lb.eni}")) == [
        [f"source 0.0.0.0/0: destination {NODE}, identity 0", f"else drop NO_PATH ({at.vpce})"],
        [f"any packet -> network_load_balancer/{at.lb.eni}/service", "else drop"],
    ]
    answer = f"vpc_endpoint/{at.vpce.eni}/answer"
    nobody = f"else drop NO_PATH ({at.lb.eni})"
    assert plain(stages(g, f"vpc_endpoint_service/{at.lb.eni}/reply")) == [
        [f"restore vpc_endpoint_service {at.lb.eni}", nobody],
        [f"reply any packet -> {answer}", nobody],
    ]


# ------------------------------ there and back


def test_there_and_back() -> None:
    """R-VPCES-1: B2 gets a packet of the balancer's, and A an answer of the endpoint's."""
    at = linked()
    there = at.trace()
    assert there.final.source == parse_address(NODE)
    assert there.final.destination == parse_address(at.e.b2.ip)
    assert there.final.destination_port == 8443
    back = replied(ground(at.e), there)
    assert back.final._replace(identity=0) == packet(HERE, at.e.a.ip, "tcp/40000", client=443)


def test_the_reply_leaves_by_the_endpoint() -> None:
    """R-VPCE-3: the consumer's network ACL sees the endpoint's address, out of its subnet."""
    at = linked()
    b = at.e.b
    g = ground(at.e)
    there = sent(g, b, packet(b.ip, HERE))
    assert f"vpc_endpoint/{at.vpce.eni}/answer" in nodes(replied(g, there))
    acl = at.e.acl(at.e.v1, [at.e.sa], egress=["100 deny all 10.0.1.0/24"])
    g = ground(at.e)
    back = replied(g, sent(g, b, packet(b.ip, HERE)))
    assert dropped(back) == (acl, "SUBNET_ACL_RESTRICTION")


def test_overlapping_blocks() -> None:
    """R-VPCES-4: the provider numbers its hosts as the consumer does; it does not matter."""
    e = Pair()
    e.second("10.0.0.0/16", e.a.ip)
    lb = front(e, {e.s2: "10.0.0.30"}, {e.b2: 443})
    endpoint_to(e, {e.sa: HERE}, endpoint_service(e, [lb]))
    g = ground(e)
    there = sent(g, e.b, packet(e.b.ip, HERE))
    assert e.b2.eni in there.owner
    assert there.final.destination == parse_address(e.a.ip)
    assert replied(g, there).final.destination == parse_address(e.b.ip)


def test_two_consumers_of_one_address() -> None:
    """R-VPCES-4: replies go to the endpoint that the flow came by, not to its namesake."""
    at = linked()
    e = at.e
    v3 = e.vpc("10.0.0.0/16", name="v3")
    s3 = e.subnet(v3, "10.0.0.0/24", "a")
    a3 = e.instance("a3", s3, e.a.ip)
    other = endpoint_to(e, {s3: HERE}, at.service)
    g = ground(e)
    for sender, vpce in ((e.a, at.vpce), (a3, other)):
        there = sent(g, sender, packet(sender.ip, HERE))
        back = replied(g, there)
        assert f"vpc_endpoint/{vpce.eni}/answer" in nodes(back)
        assert sender.eni in back.owner


@pytest.mark.parametrize("what", ["icmp/8", "50"])
def test_tcp_and_udp_only(what: str) -> None:
    """R-VPCE-5."""
    at = linked()
    assert dropped(at.trace(what)) == (at.vpce, "PROTOCOL_RESTRICTION")


def test_the_target_never_sees_the_consumer() -> None:
    """R-VPCES-1: preserved client addresses make no difference by this way."""
    at = linked()
    e = at.e
    e.wear(e.b2, group := e.group(e.v2, ["tcp 10.0.0.0/16"]))
    assert dropped(at.trace()) == (group, "ENI_SG_RULES_MISMATCH")
    e.permit(group, f"tcp/8443 {NODE}/32")
    assert arrived(at.trace(), e.b2.ip)


def test_an_application_load_balancer_behind() -> None:
    """R-VPCES-6: it is reached as a target of the Network Load Balancer."""
    e = Pair()
    e.second()
    web = balancer(e, "application", "web", {e.s2: "10.2.0.40"})
    listen(e, web, "HTTP", 80, target_group(e, e.v2, "web", "HTTP", 8080, [e.b2]))
    lb = balancer(e, "network", "provider", {e.s2: NODE})
    listen(e, lb, "TCP", 80, target_group(e, e.v2, "alb", "TCP", 80, [web], kind="alb"))
    endpoint_to(e, {e.sa: HERE}, endpoint_service(e, [lb]))
    there = sent(ground(e), e.a, packet(e.a.ip, HERE, "tcp/80"))
    assert answered(ground(e), there, e.b2.ip)
    assert there.final.source == parse_address("10.2.0.40")


def test_ipv6() -> None:
    """Each IP version needs an address of the balancer's node."""
    e = Pair(ipv6=True)
    e.second()
    six = "2600:1f18:2b00:200::30"
    lb = front(e, {e.s2: NODE}, {e.b2: 443}, ipv6={e.s2: six})
    vpce = endpoint_to(e, {e.sa: HERE}, endpoint_service(e, [lb]))
    own = "2600:1f18:1a00:100::60"
    vpce.eni.record["Ipv6Addresses"] = [{"Ipv6Address": own}]
    header = packet(e.a.ip6, own)
    assert answered(ground(e), sent(ground(e), e.a, header), e.b2.ip)
    lb.nodes[0].record["Ipv6Addresses"] = []
    assert dropped(sent(ground(e), e.a, header)) == (vpce, "NO_PATH")


# ------------------------------ what must hold


@pytest.mark.parametrize("state", ["pendingAcceptance", "rejected", "Expired", "failed"])
def test_a_connection_that_is_not_accepted(state: str) -> None:
    """R-VPCES-2: what the provider says of the connection counts, whatever the endpoint says."""
    at = linked()
    (connection,) = at.e.scope((PROVIDER, "us-east-1"))["VpcEndpointConnections"]
    connection["VpcEndpointState"] = state
    trace = at.trace()
    assert dropped(trace) == (at.service, "BAD_STATE")
    assert trace.origin.locator == "connection"


def test_connections_that_are_not_listed() -> None:
    """R-VPCES-2: the endpoint's own state says as much; the call's absence is no gap."""
    at = linked()
    at.e.drop("VpcEndpointConnections")
    assert arrived(at.trace(), at.e.b2.ip)
    at.vpce.record["State"] = "pendingAcceptance"
    assert dropped(at.trace()) == (at.vpce, "BAD_STATE")


@pytest.mark.parametrize("state", ["Pending", "Deleting", "Deleted", "Failed"])
def test_a_service_that_is_not_there(state: str) -> None:
    """R-VPCES-2: the service's state is the reason."""
    at = linked()
    at.service.record["ServiceState"] = state
    assert dropped(at.trace()) == (at.service, "BAD_STATE")


@pytest.mark.parametrize(
    ("allowed", "assumed"),
    [
        (("*",), False),
        (("arn:aws:iam::111122223333:root",), False),
        (("arn:aws:iam::111122223333:role/buyer",), False),
        (("arn:aws:iam::999988887777:root",), True),
        ((), True),
    ],
)
def test_permissions(allowed: tuple[str, ...], assumed: bool) -> None:
    """R-VPCES-2: taking a permission away leaves accepted connections in place, so that an
    available one without is a may."""
    at = linked(allowed=allowed)
    trace = at.trace()
    assert arrived(trace, at.e.b2.ip)
    words = [origin.words for origin in trace.choices]
    assert [word.startswith("assumed: the connection was accepted") for word in words] == (
        [True] if assumed else []
    )


def test_permissions_that_are_not_known() -> None:
    """R-VPCES-2: a missing call about permissions changes nothing; one's own account needs none."""
    at = linked(allowed=())
    at.e.drop("VpcEndpointServicePermissions")
    assert at.trace().choices == ()
    assert linked(account="111122223333", allowed=()).trace().choices == ()


# ------------------------------ zones


def test_the_node_of_the_same_zone() -> None:
    """R-VPCES-1: with a node in each zone, the endpoint's own is the one that is used."""
    e = Pair()
    e.second()
    other = e.subnet(e.v2, "10.2.5.0/24", "b")
    b3 = e.instance("b3", other, "10.2.5.5")
    lb = front(e, {other: "10.2.5.30", e.s2: NODE}, {e.b2: 443, b3: 443})
    endpoint_to(e, {e.sa: HERE, e.sb: "10.0.1.60"}, endpoint_service(e, [lb]))
    g = ground(e)
    found = [sent(g, e.a, packet(e.a.ip, ip)) for ip in (HERE, "10.0.1.60")]
    assert [trace.final.source for trace in found] == [
        parse_address(NODE),
        parse_address("10.2.5.30"),
    ]
    assert [trace.choices for trace in found] == [(), ()]


def test_no_node_in_the_zone() -> None:
    """R-VPCES-2, R-AZ-1: the service is not installed in the endpoint's zone."""
    at = linked(zone="b")
    assert dropped(at.trace()) == (at.vpce, "VPCE_SERVICE_NOT_INSTALLED_IN_AZ")


def test_zones_are_told_by_their_id() -> None:
    """R-AZ-1: the provider's us-east-1a may be another zone than the consumer's."""
    at = linked()
    at.e.s2.record["AvailabilityZoneId"] = "use1-az4"
    at.service.record["AvailabilityZoneIds"] = ["use1-az4"]
    assert dropped(at.trace()) == (at.vpce, "VPCE_SERVICE_NOT_INSTALLED_IN_AZ")


def test_across_zones() -> None:
    """R-VPCES-1: where the balancer has zones crossed, any of its nodes serves."""
    at = linked(zone="b", cross_zone=True)
    at.e.instance("b3", at.e.s2, "10.2.0.6")
    there = at.trace()
    assert f"vpc_endpoint_service/{at.vpce.eni}/to {at.lb.eni}" in nodes(there)


def test_whether_zones_are_crossed_is_not_known() -> None:
    """Law 2: without the attributes the zone decides nothing; in the own zone it need not."""
    at = linked(zone="b")
    at.e.drop("LoadBalancerAttributes")
    assert at.trace().fate is Fate.UNMODELLED
    at = linked()
    at.e.drop("LoadBalancerAttributes")
    assert arrived(at.trace(), at.e.b2.ip)


def test_several_nodes() -> None:
    """R-VPCES-1: of several that may be used, any: a may."""
    e = Pair()
    e.second()
    lbs = [front(e, {e.s2: f"10.2.0.3{n}"}, {e.b2: 443}, name=f"lb{n}") for n in (0, 1)]
    endpoint_to(e, {e.sa: HERE}, endpoint_service(e, lbs))
    g = ground(e)
    sources = {sent(g, e.a, packet(e.a.ip, HERE), Always(option)).final.source for option in (0, 1)}
    assert sources == {parse_address("10.2.0.30"), parse_address("10.2.0.31")}


# ------------------------------ Regions


def test_another_region() -> None:
    """R-VPCES-5: no zone needs to match; the service must be open to the consumer's Region."""
    at = linked(region="eu-west-1", regions=("us-east-1",), zone="b")
    at.e.instance("b3", at.e.s2, "10.2.0.6")
    own = f"vpc_endpoint_service/{at.vpce.eni}"
    assert f"{own}/to {at.lb.eni}" in nodes(at.trace())
    changes: tuple[dict[str, object], ...] = (
        {"SupportedRegions": []},
        {"RemoteAccessEnabled": False},
    )
    for change in changes:
        shut = linked(region="eu-west-1", regions=("us-east-1",))
        shut.service.record |= change
        assert dropped(shut.trace()) == (shut.service, "NO_PATH")


# ------------------------------ what is not in the snapshot


def test_a_provider_that_is_not_in_the_snapshot() -> None:
    """It ends at the service, assumed to answer, and the reply comes back."""
    at = linked()
    del at.e.scopes[(PROVIDER, "us-east-1")]
    there = at.trace("udp/53")
    assert there.owner == f"vpc_endpoint_service/{at.vpce.eni}"
    (assumed,) = there.choices
    assert assumed.words.startswith("assumed: the service com.amazonaws.vpce.us-east-1.vpce-svc-")
    back = replied(ground(at.e), there)
    assert back.final._replace(identity=0) == packet(HERE, at.e.a.ip, "udp/40000", client=53)
    assert dropped(at.trace("icmp/8")) == (at.vpce, "PROTOCOL_RESTRICTION")


@pytest.mark.parametrize(
    ("owner", "fate"),
    [("", Fate.UNMODELLED), ("111122223333", Fate.UNMODELLED), ("999988887777", Fate.DELIVERED)],
)
def test_whether_the_provider_is_in_the_snapshot(owner: str, fate: Fate) -> None:
    """Law 2: without describe-vpc-endpoint-service-configurations the provider may be one of the
    snapshot's accounts, unless describe-vpc-endpoint-services names another."""
    e = Pair()
    endpoint_to(e, {e.sa: HERE}, ELSEWHERE)
    e.drop("ServiceConfigurations")
    if owner:
        offered(e, ELSEWHERE, owner=owner, zones=["us-east-1a"])
    assert sent(ground(e), e.a, packet(e.a.ip, HERE)).fate is fate


def test_what_an_unknown_provider_may_hide() -> None:
    """Law 2: any balancer of the snapshot may stand behind it; where there is none, nothing."""
    at = linked()
    at.e.drop("ServiceConfigurations")
    assert at.e.ask(f"can {at.e.a} reach {at.e.b2} port 443").verdict == "undecided"
    e = Pair()
    e.second()
    endpoint_to(e, {e.sa: HERE}, ELSEWHERE)
    e.drop("ServiceConfigurations")
    assert e.ask(f"can {e.a} reach {e.b2} port 443").verdict == "unreachable"


def test_a_service_of_an_account_that_does_not_list_it() -> None:
    """An account of the snapshot owns it and lists others only: nothing is assumed."""
    e = Pair()
    endpoint_to(e, {e.sa: HERE}, ELSEWHERE)
    offered(e, ELSEWHERE, owner="111122223333", zones=["us-east-1a"])
    trace = sent(ground(e), e.a, packet(e.a.ip, HERE))
    assert (trace.fate, trace.origin.code) == (Fate.UNMODELLED, "UNKNOWN_RESOURCE")


@pytest.mark.parametrize(("zones", "fate"), [("ab", Fate.DELIVERED), ("bc", Fate.DROPPED)])
def test_zones_of_an_unseen_service(zones: str, fate: Fate) -> None:
    """R-VPCES-2: the consumer's account is told in which of its zones a service is offered."""
    e = Pair()
    vpce = endpoint_to(e, {e.sa: HERE}, ELSEWHERE)
    offered(e, ELSEWHERE, owner="999988887777", zones=[f"us-east-1{zone}" for zone in zones])
    trace = sent(ground(e), e.a, packet(e.a.ip, HERE))
    assert trace.fate is fate
    if fate is Fate.DROPPED:
        assert dropped(trace) == (vpce, "VPCE_SERVICE_NOT_INSTALLED_IN_AZ")


@pytest.mark.parametrize("call", ["LoadBalancers", "the record", "the interfaces"])
def test_a_balancer_that_is_not_in_the_snapshot(call: str) -> None:
    """Law 2: the provider is in the snapshot, its balancer should be: open, and named."""
    at = linked()
    scope = at.e.scope((PROVIDER, "us-east-1"))
    if call == "the record":
        scope["LoadBalancers"].clear()
    elif call == "the interfaces":
        scope["NetworkInterfaces"].remove(at.lb.eni.record)
    else:
        at.e.drop(call)
    trace = at.trace()
    assert (trace.fate, trace.origin.code) == (Fate.UNMODELLED, "UNKNOWN_RESOURCE")
    assert at.lb in trace.origin.words
    if call != "the interfaces":
        assert at.e.ask(f"can {at.e.a} reach {at.e.b2} port 443").verdict == "undecided"


# ------------------------------ as an end


def test_as_an_end() -> None:
    """R-VPCE-4: a destination from all its endpoints, never a source."""
    at = linked()
    second = endpoint_to(at.e, {at.e.sb: "10.0.1.60"}, at.service)
    end = ground(at.e).end(at.service)
    assert end is not None
    assert end.nobody is not None
    assert set(end.passing) == {f"vpc_endpoint/{each.eni}/admit" for each in (at.vpce, second)}
    assert (end.starts, end.nobody.code) == ((), "VPCE_INTRA_VPC_TRAFFIC")


def test_a_service_without_endpoints_as_an_end() -> None:
    """Nobody is behind it, unless an endpoint may be missing."""
    e = Pair()
    e.second()
    service = endpoint_service(e, [front(e, {e.s2: NODE}, {e.b2: 443})])
    end = ground(e).end(service)
    assert end is not None
    assert (end.goals, end.gap) == ({}, None)
    end = ground(e.drop("VpcEndpoints")).end(service)
    assert end is not None
    assert end.gap is not None
    assert ground(e).end("vpce-svc-0000000000000dead") is None


def test_aliases() -> None:
    """What is sent to the endpoint may end up at the balancer's node, and at its targets."""
    at = linked()
    g = ground(at.e)
    for behind in (NODE, at.e.b2.ip):
        assert parse_address(HERE) in g.aliases(Ranges.of(parse_address(behind)))
    assert parse_address(HERE) not in g.aliases(Ranges.of(parse_address("10.2.0.99")))


def test_a_hop_is_called_by_its_service() -> None:
    """A path names the service, not the consumer's interface again."""
    at = linked()
    answer = at.e.ask(f"can {at.e.a} reach {at.vpce} port 443")
    kinds = {step.kind: step.resource for step in answer.witness.forward}
    assert kinds["vpc endpoint service"] == at.service
    assert kinds["vpc endpoint"] == at.vpce.eni


# ------------------------------ what a service does not print


def test_regions_that_are_not_printed() -> None:
    """R-VPCES-5: it is open to some Regions, and which ones is not told."""
    e = Pair()
    e.second(region="eu-west-1")
    lb = front(e, {e.s2: "10.2.0.30"}, {e.b2: 443})
    service = endpoint_service(e, [lb], regions=["us-east-1"])
    vpce = endpoint_to(e, {e.sa: "10.0.0.60"}, service)
    question = f"can {e.a} reach {vpce} port 443"
    allow(e, question)
    (open_to,) = service.record["SupportedRegions"]
    open_to["ServiceState"] = "Closed"
    deny(e, question)
    open_to["ServiceState"] = "half-working"
    unknown(e, question, service, "half-working")
    del service.record["SupportedRegions"]
    unknown(e, question, service)
    service.record["RemoteAccessEnabled"] = False
    deny(e, question)


def test_balancers_that_are_not_printed() -> None:
    """R-VPCES-1: those of its connection, where the service prints none."""
    e = Pair()
    e.second()
    lb = front(e, {e.s2: "10.2.0.30"}, {e.b2: 443})
    service = endpoint_service(e, [lb])
    vpce = endpoint_to(e, {e.sa: "10.0.0.60"}, service)
    question = f"can {e.a} reach {vpce} port 443"
    del service.record["NetworkLoadBalancerArns"]
    allow(e, question)
    (connection,) = e.scopes[e.home]["VpcEndpointConnections"]
    del connection["NetworkLoadBalancerArns"]
    unknown(e, question, service)
