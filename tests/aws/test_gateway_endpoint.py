"""Gateway endpoints: routes that lead to S3 and DynamoDB."""

from __future__ import annotations

import pytest

from tests.aws.ground import (
    answered,
    arrived,
    at,
    dropped,
    ground,
    nodes,
    packet,
    passed,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Id, Pair

S3 = "52.216.1.10"


def gateway(service: str = "s3") -> tuple[Pair, Id]:
    """A gateway endpoint that SA's table leads to, SB's does not."""
    e = Pair()
    return e, e.endpoint_gateway(e.v1, [e.ta], service)


# ------------------------------ decoding


@pytest.mark.parametrize("state", ["available", "Available", ""])
def test_a_state_that_works(state: str) -> None:
    """R-VPCE-2: the API writes states in either case."""
    e, vpce = gateway()
    vpce.record["State"] = state
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, S3)), S3)


@pytest.mark.parametrize("state", ["pending", "Deleting", "failed", "Expired"])
def test_a_state_that_does_not(state: str) -> None:
    """R-VPCE-2: the endpoint's state is the reason."""
    e, vpce = gateway()
    vpce.record["State"] = state
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, S3))) == (vpce, "BAD_STATE")


def test_a_route_to_another_kind_of_endpoint() -> None:
    """A route to a Gateway Load Balancer endpoint is not one to a gateway endpoint."""
    e = Pair()
    balancer = e.endpoint_balancer(e.sb, "10.0.1.40")
    e.route(e.ta, "0.0.0.0/0", balancer)
    trace = sent(ground(e), e.a, packet(e.a.ip, "8.8.8.8"))
    assert f"gateway_load_balancer_endpoint/{balancer}/in" in nodes(trace)
    assert dropped(trace) == (e.tb, "NO_ROUTE_TO_DESTINATION")


@pytest.mark.parametrize(("service", "port"), [("s3", "80"), ("dynamodb", "80")])
def test_ports_of_a_service(service: str, port: str) -> None:
    """R-OBS-8: S3 and DynamoDB answer on 80 and 443."""
    e, vpce = gateway(service)
    address = {"s3": S3, "dynamodb": "52.94.0.9"}[service]
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, address, f"tcp/{port}")), address)
    assert dropped(sent(g, e.a, packet(e.a.ip, address, "tcp/8080"))) == (vpce, "NO_PATH")


# ------------------------------ nodes


def test_gateway_stages() -> None:
    """TCP and ping, of these the service's ports; what comes back enters by local routing."""
    e, vpce = gateway()
    g = ground(e)
    *_, protocols, ports, deliver = plain(stages(g, f"gateway_endpoint/{vpce}/service"))
    assert protocols == [
        "permit protocol tcp",
        "permit protocol icmp; icmp type 8",
        f"else deny VPCE_GATEWAY_PROTOCOL_RESTRICTION ({vpce} protocol)",
    ]
    assert ports == [
        "permit protocol tcp; destination port 80, 443",
        "permit protocol icmp; icmp type 8",
        f"else deny NO_PATH ({vpce} service)",
    ]
    assert deliver == [
        f"deliver to gateway_endpoint/{vpce}, reply from gateway_endpoint/{vpce}/return"
    ]
    assert plain(stages(g, f"gateway_endpoint/{vpce}/return")) == [
        [f"any packet -> vpc/{e.v1}/local", "else drop"]
    ]


@pytest.mark.parametrize("what", ["tcp/443", "tcp/80", "icmp/8"])
def test_there_and_back(what: str) -> None:
    """R-GWEP-1, R-GWEP-2: by the route that stands in the table, with the private source."""
    e, vpce = gateway()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, S3, what))
    assert there.owner == f"gateway_endpoint/{vpce}"
    assert there.final._replace(identity=0) == packet(e.a.ip, S3, what)
    assert answered(g, there, S3)


@pytest.mark.parametrize("what", ["udp/443", "icmp/13", "50"])
def test_tcp_and_ping_only(what: str) -> None:
    """R-GWEP-4: nothing else passes."""
    e, vpce = gateway()
    trace = sent(ground(e), e.a, packet(e.a.ip, S3, what))
    assert dropped(trace) == (vpce, "VPCE_GATEWAY_PROTOCOL_RESTRICTION")


def test_a_port_that_the_service_does_not_have() -> None:
    """R-OBS-8: tcp 22 passes the endpoint, but S3 is silent on it."""
    e, vpce = gateway()
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, S3, "tcp/22"))) == (vpce, "NO_PATH")


def test_only_tables_that_have_the_route() -> None:
    """R-GWEP-1: SB's table is not associated; a longer route of SA's own wins."""
    e, vpce = gateway()
    g = ground(e)
    assert dropped(sent(g, e.b, packet(e.b.ip, S3))) == (e.tb, "NO_ROUTE_TO_DESTINATION")
    e.route(e.ta, f"{S3}/32", e.online())
    e.public(e.a, "198.51.100.7")
    there = sent(ground(e), e.a, packet(e.a.ip, S3))
    assert f"gateway_endpoint/{vpce}/service" not in nodes(there)
    assert (e.ta, f"route {S3}/32") in passed(there)


def test_other_addresses_do_not_use_it() -> None:
    """R-GWEP-1, R-GWEP-5: neither another Region's addresses nor IPv6."""
    e, _ = gateway()
    g = ground(e)
    elsewhere = sent(g, e.a, packet(e.a.ip, "52.92.16.1"))
    assert dropped(elsewhere) == (e.ta, "NO_ROUTE_TO_DESTINATION")
    e = Pair(ipv6=True)
    e.endpoint_gateway(e.v1, [e.ta])
    six = sent(ground(e), e.a, packet(e.a.ip6, "2600:1fa0:8000::1"))
    assert dropped(six) == (e.ta, "NO_ROUTE_TO_DESTINATION")


def test_filters_see_the_services_public_addresses() -> None:
    """R-GWEP-3: the group may name the service's list; the ACL must admit its blocks, both ways."""
    e, _ = gateway()
    e.wear(e.a, group := e.group(e.v1, [], [f"tcp/443 {e.service_list('s3')}"]))
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, S3)), S3)
    assert dropped(sent(g, e.a, packet(e.a.ip, S3, "tcp/80"))) == (group, "ENI_SG_RULES_MISMATCH")
    acl = e.acl(e.v1, [e.sa], ingress=["100 allow tcp 10.0.0.0/8"])
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, S3))
    assert arrived(there, S3)
    assert dropped(replied(g, there)) == (acl, "SUBNET_ACL_RESTRICTION")


def test_only_sources_of_its_own_vpc() -> None:
    """R-GWEP-2: what an appliance of the VPC passes on for a peer is not taken."""
    e, vpce = gateway()
    e.second()
    g = ground(e)
    node = f"gateway_endpoint/{vpce}/service"
    assert arrived(at(g, node, packet(e.b.ip, S3)), S3)
    assert dropped(at(g, node, packet(e.b2.ip, S3)))[0] == vpce


def test_the_sender_is_not_known_beyond() -> None:
    """R-SG-20: the service's reply carries no group."""
    e, _ = gateway()
    g = ground(e)
    back = replied(g, sent(g, e.a, packet(e.a.ip, S3)))
    assert back.final == packet(S3, e.a.ip, "tcp/40000", client=443)


# ------------------------------ as an end


def test_as_an_end() -> None:
    """R-VPCE-4: a goal by the service's addresses, a source never."""
    e, vpce = gateway()
    g = ground(e)
    end = g.end(vpce)
    assert end is not None
    assert end.goals is not None
    assert end.nobody is not None
    owner = f"gateway_endpoint/{vpce}"
    assert list(end.goals) == [owner]
    assert packet(e.a.ip, S3) in end.goals[owner]
    assert packet(e.a.ip, "8.8.8.8") not in end.goals[owner]
    assert (end.starts, end.nobody.code) == ((), "VPCE_INTRA_VPC_TRAFFIC")
    assert g.end("vpce-0000000000000dead") is None


def test_a_service_whose_list_is_not_known_as_an_end() -> None:
    """Without describe-prefix-lists nobody knows where a gateway endpoint leads: a gap."""
    e, vpce = gateway()
    e.drop("PrefixLists", "ManagedPrefixListEntries")
    end = ground(e).end(vpce)
    assert end is not None
    assert end.gap is not None
