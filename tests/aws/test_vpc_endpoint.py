"""VPC endpoints to AWS services: interfaces that answer, and gateways that routes lead to."""

from __future__ import annotations

import pytest

from reach.trace import Fate
from tests.aws.ground import (
    answered,
    arrived,
    at,
    came,
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
HERE = "10.0.1.40"


def interface(service: str = "ssm", groups: list[Id] | None = None) -> tuple[Pair, Id]:
    """An interface endpoint in SB."""
    e = Pair()
    return e, e.endpoint_interface({e.sb: HERE}, service, groups)


def gateway(service: str = "s3") -> tuple[Pair, Id]:
    """A gateway endpoint that SA's table leads to, SB's does not."""
    e = Pair()
    return e, e.endpoint_gateway(e.v1, [e.ta], service)


# ------------------------------ decoding


@pytest.mark.parametrize("state", ["available", "Available", "Partial", "partial"])
def test_a_state_that_works(state: str) -> None:
    """R-VPCE-2: the API writes states in either case."""
    e, vpce = interface()
    vpce.record["State"] = state
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, HERE)), HERE)


@pytest.mark.parametrize(
    "state",
    ["PendingAcceptance", "pendingAcceptance", "pending", "Rejected", "Expired", "failed"],
)
def test_a_state_that_does_not(state: str) -> None:
    """R-VPCE-2: the endpoint's state is the reason, for both kinds."""
    e, vpce = interface()
    s3 = e.endpoint_gateway(e.v1, [e.ta])
    vpce.record["State"] = s3.record["State"] = state
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, HERE))) == (vpce, "BAD_STATE")
    assert dropped(sent(g, e.a, packet(e.a.ip, S3))) == (s3, "BAD_STATE")


@pytest.mark.parametrize(
    ("service", "ports"),
    [
        ("com.amazonaws.us-east-1.ssm", "443"),
        ("com.amazonaws.us-east-1.s3", "80, 443"),
        ("com.amazonaws.us-east-1.dynamodb", "80, 443"),
        ("com.amazonaws.us-east-1.email-smtp", "25, 465, 587, 2465, 2587"),
        ("com.amazonaws.us-east-1.ecr.dkr", "443"),
        ("com.amazonaws.iam", "443"),
        ("cn.com.amazonaws.cn-north-1.s3", "80, 443"),
        ("aws.sagemaker.us-east-1.notebook", "443"),
    ],
)
def test_ports_of_a_service(service: str, ports: str) -> None:
    """R-OBS-8: what a service answers on is read off its name, tcp 443 where nothing is known."""
    e, vpce = interface()
    vpce.record["ServiceName"] = service
    answers = plain(stages(ground(e), f"vpc_endpoint/{vpce.eni}/admit"))[1]
    assert answers[1] == f"else deny PROTOCOL_RESTRICTION ({vpce} service)"
    reached = [
        str(port)
        for port in (22, 25, 80, 443, 465, 587, 2465, 2587)
        if arrived_at(e, packet(e.a.ip, HERE, f"tcp/{port}"))
    ]
    assert ", ".join(reached) == ports


def arrived_at(e: Pair, header: object) -> bool:
    """Whether A's packet gets to the endpoint."""
    return sent(ground(e), e.a, header).fate is Fate.DELIVERED  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "service"),
    [
        ("Interface", "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"),
        ("Tunnel", "com.amazonaws.us-east-1.ssm"),
        ("Resource", "com.amazonaws.us-east-1.ssm"),
    ],
)
def test_what_is_not_modelled(kind: str, service: str) -> None:
    """U-17: a service of somebody else's and a type that is not known leave the answer open."""
    e, vpce = interface()
    vpce.record |= {"VpcEndpointType": kind, "ServiceName": service}
    trace = sent(ground(e), e.a, packet(e.a.ip, HERE))
    assert trace.fate is Fate.UNMODELLED
    assert trace.origin.resource in (vpce, vpce.eni)


def test_a_route_to_another_kind_of_endpoint() -> None:
    """A route to an interface endpoint is not one to a gateway endpoint: open."""
    e = Pair()
    other = e.endpoint_interface({e.sb: HERE})
    e.route(e.ta, "0.0.0.0/0", other)
    trace = sent(ground(e), e.a, packet(e.a.ip, "8.8.8.8"))
    assert (trace.fate, trace.origin.resource) == (Fate.UNMODELLED, other)


# ------------------------------ interface endpoints


def test_interface_stages() -> None:
    """Its group, its service's ports; the reply past the same group, from its own subnet."""
    e, vpce = interface()
    only = e.group(e.v1, ["tcp/443 10.0.0.0/24"], ["udp/53 10.0.0.2/32"])
    e.wear(vpce, only)
    g = ground(e)
    session = f"session security_group {vpce.eni}"
    assert plain(stages(g, f"vpc_endpoint/{vpce.eni}/admit")) == [
        [
            session,
            "permit source 10.0.0.0/24; protocol tcp; destination port 443 "
            f"({only} inbound rule tcp 443 from 10.0.0.0/24)",
            f"else deny ENI_SG_RULES_MISMATCH ({only} inbound)",
        ],
        [
            "permit protocol tcp; destination port 443",
            f"else deny PROTOCOL_RESTRICTION ({vpce} service)",
        ],
        [f"deliver to vpc_endpoint/{vpce.eni}, reply from vpc_endpoint/{vpce.eni}/answer"],
    ]
    answer = plain(stages(g, f"vpc_endpoint/{vpce.eni}/answer"))
    assert (answer[1][0], answer[1][-1]) == (
        session,
        f"else deny ENI_SG_RULES_MISMATCH ({only} outbound)",
    )
    assert answer[2] == [f"any packet -> subnet/{e.sb}/emit", "else drop"]


def test_from_another_subnet_and_zone() -> None:
    """R-VPCE-1: wherever its subnet can be reached from; the reply passes a group without rules
    (R-SG-22)."""
    e, vpce = interface()
    e.wear(vpce, e.group(e.v1, ["tcp/443 10.0.0.0/16"], []))
    g = ground(e)
    for client in (e.a, e.b):
        there = sent(g, client, packet(client.ip, HERE))
        assert there.owner == f"vpc_endpoint/{vpce.eni}"
        assert answered(g, there, HERE)


def test_one_interface_per_subnet() -> None:
    """R-VPCE-1: each of its interfaces answers at its own address, and from it."""
    e = Pair()
    vpce = e.endpoint_interface({e.sa: "10.0.0.40", e.sb: HERE})
    g = ground(e)
    owners = [sent(g, e.a, packet(e.a.ip, ip)).owner for ip in ("10.0.0.40", HERE)]
    assert owners == [f"vpc_endpoint/{eni}" for eni in vpce.record["NetworkInterfaceIds"]]
    assert answered(g, sent(g, e.a, packet(e.a.ip, HERE)), HERE)


def test_its_group_and_its_subnets_acl() -> None:
    """R-VPCE-3: each of both filters clients, under its own code."""
    e, vpce = interface()
    group = e.group(e.v1, ["tcp/443 10.0.0.0/24"])
    e.wear(vpce, group)
    c = e.instance("c", e.subnet(e.v1, "10.0.5.0/24"), "10.0.5.5")
    g = ground(e)
    assert dropped(sent(g, c, packet(c.ip, HERE))) == (group, "ENI_SG_RULES_MISMATCH")
    assert answered(g, sent(g, e.a, packet(e.a.ip, HERE)), HERE)
    acl = e.acl(e.v1, [e.sb], ingress=[])
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, HERE))) == (acl, "SUBNET_ACL_RESTRICTION")


@pytest.mark.parametrize("what", ["icmp/8", "udp/443", "tcp/22", "50"])
def test_it_answers_its_port_only(what: str) -> None:
    """R-VPCE-5, R-OBS-8: no ping, no other port, whatever its group admits."""
    e, vpce = interface()
    trace = sent(ground(e), e.a, packet(e.a.ip, HERE, what))
    assert dropped(trace) == (vpce, "PROTOCOL_RESTRICTION")


def test_names_and_policies_move_no_packet() -> None:
    """R-VPCE-6, R-VPCE-7: private DNS off, a policy that denies all: the packets are the same."""
    e = Pair()
    closed = '{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*"}]}'
    e.endpoint_interface({e.sb: HERE}, private_dns=False, policy=closed)
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, HERE)), HERE)


def test_not_from_the_internet() -> None:
    """R-VPCE-8: an endpoint's IPv6 address stays inside; B's beside it does not."""
    e = Pair(ipv6=True)
    e.online(e.ta, e.tb)
    vpce = e.endpoint_interface({e.sb: HERE})
    six = "2600:1f18:1a00:101::40"
    vpce.eni.record |= {"Ipv6Addresses": [{"Ipv6Address": six}], "DenyAllIgwTraffic": True}
    g = ground(e)
    assert came(g, packet("2606:4700:4700::1111", six)).fate is Fate.DROPPED
    assert arrived(came(g, packet("2606:4700:4700::1111", e.b.ip6)), e.b.ip6)
    assert answered(g, sent(g, e.a, packet(e.a.ip6, six)), six)


# ------------------------------ gateway endpoints


def test_gateway_stages() -> None:
    """TCP and ping, of these the service's ports; what comes back enters by local routing."""
    e, vpce = gateway()
    g = ground(e)
    *_, protocols, ports, deliver = plain(stages(g, f"vpc_endpoint/{vpce}/service"))
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
    assert deliver == [f"deliver to vpc_endpoint/{vpce}, reply from vpc_endpoint/{vpce}/return"]
    assert plain(stages(g, f"vpc_endpoint/{vpce}/return")) == [
        [f"any packet -> vpc/{e.v1}/local", "else drop"]
    ]


@pytest.mark.parametrize("what", ["tcp/443", "tcp/80", "icmp/8"])
def test_there_and_back(what: str) -> None:
    """R-GWEP-1, R-GWEP-2: by the route that stands in the table, with the private source."""
    e, vpce = gateway()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, S3, what))
    assert there.owner == f"vpc_endpoint/{vpce}"
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
    assert f"vpc_endpoint/{vpce}/service" not in nodes(there)
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
    node = f"vpc_endpoint/{vpce}/service"
    assert arrived(at(g, node, packet(e.b.ip, S3)), S3)
    assert dropped(at(g, node, packet(e.b2.ip, S3)))[0] == vpce


def test_the_sender_is_not_known_beyond() -> None:
    """R-SG-20: the service's reply carries no group."""
    e, _ = gateway()
    g = ground(e)
    back = replied(g, sent(g, e.a, packet(e.a.ip, S3)))
    assert back.final == packet(S3, e.a.ip, "tcp/40000", client=443)


# ------------------------------ as ends


def test_as_ends() -> None:
    """R-VPCE-4: goals by their addresses, sources never."""
    e, inside = interface()
    outside = e.endpoint_gateway(e.v1, [e.ta])
    g = ground(e)
    for vpce, owner, address in (
        (inside, f"vpc_endpoint/{inside.eni}", HERE),
        (outside, f"vpc_endpoint/{outside}", S3),
    ):
        end = g.end(vpce)
        assert end is not None
        assert end.goals is not None
        assert end.nobody is not None
        assert list(end.goals) == [owner]
        assert packet(e.a.ip, address) in end.goals[owner]
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


def test_an_interface_that_is_not_listed_as_an_end() -> None:
    """An endpoint whose interface the snapshot does not show is no nobody: a gap."""
    e, vpce = interface()
    e.scope(e.home)["NetworkInterfaces"].remove(vpce.eni.record)
    end = ground(e).end(vpce)
    assert end is not None
    assert end.gap is not None
