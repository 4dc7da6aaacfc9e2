"""VPC endpoints with interfaces: AWS services that answer, and what else they lead to."""

from __future__ import annotations

import pytest

from reach.network.address import parse_address
from reach.network.header_space import Ranges
from reach.trace import Fate
from tests.aws.ground import (
    answered,
    arrived,
    came,
    dropped,
    ground,
    packet,
    plain,
    sent,
    stages,
)
from tests.estate import Id, Pair

HERE = "10.0.1.40"


def interface(service: str = "ssm", groups: list[Id] | None = None) -> tuple[Pair, Id]:
    """An interface endpoint in SB."""
    e = Pair()
    return e, e.endpoint_interface({e.sb: HERE}, service, groups)


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
    """R-VPCE-2: the endpoint's state is the reason."""
    e, vpce = interface()
    vpce.record["State"] = state
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, HERE))) == (vpce, "BAD_STATE")


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


# ------------------------------ what an endpoint leads to


@pytest.mark.parametrize("kind", ["Tunnel", "Resource", "ServiceNetwork", "Sidecar"])
def test_what_is_not_modelled(kind: str) -> None:
    """U-17, R-RES-4: a type that is not known, or that does not say where it leads, is named."""
    e, vpce = interface()
    vpce.record["VpcEndpointType"] = kind
    trace = sent(ground(e), e.a, packet(e.a.ip, HERE))
    assert (trace.fate, trace.origin.resource) == (Fate.UNMODELLED, vpce)
    assert kind in trace.origin.words


@pytest.mark.parametrize(
    ("changed", "onward"),
    [
        (
            {"ServiceName": "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"},
            "vpc_endpoint_service/{eni}/consumer",
        ),
        (
            {
                "VpcEndpointType": "Resource",
                "ResourceConfigurationArn": "arn:aws:vpc-lattice:us-east-1:999988887777:"
                "resourceconfiguration/rcfg-0123456789abcdef0",
            },
            "resource_gateway/rcfg-0123456789abcdef0/enter use1-az2,use1-az1",
        ),
        (
            {
                "VpcEndpointType": "ServiceNetwork",
                "ServiceNetworkArn": "arn:aws:vpc-lattice:us-east-1:999988887777:"
                "servicenetwork/sn-0123456789abcdef0",
            },
            "service_network/sn-0123456789abcdef0/enter use1-az2,use1-az1",
        ),
    ],
)
def test_what_it_leads_to(changed: dict[str, str], onward: str) -> None:
    """What is let in goes on, remembered under the node that answers; the own zone comes first."""
    e = Pair()
    vpce = e.endpoint_interface({e.sb: HERE, e.sa: "10.0.0.40"})
    vpce.record |= changed
    *_, remembered, forward = plain(stages(ground(e), f"vpc_endpoint/{vpce.eni}/admit"))
    assert remembered == [f"session vpc_endpoint/{vpce.eni}/answer", "else permit"]
    assert forward == [f"any packet -> {onward.format(eni=vpce.eni)}", "else drop"]


def test_a_partial_endpoint_may_work() -> None:
    """R-VPCE-2: which zones of a Partial endpoint work no call tells; its filters come first."""
    e, vpce = interface(groups=None)
    vpce.record["State"] = "Partial"
    *_, last = plain(stages(ground(e), f"vpc_endpoint/{vpce.eni}/admit"))
    assert last == [f"may -> vpc_endpoint/{vpce.eni}/inside"]
    trace = sent(ground(e), e.a, packet(e.a.ip, HERE))
    assert [origin.resource for origin in trace.choices] == [vpce]


def test_an_interface_of_no_known_endpoint() -> None:
    """Without describe-vpc-endpoints nobody knows what an endpoint's interface leads to: open, and
    anything may stand behind it."""
    e, _ = interface()
    e.drop("VpcEndpoints")
    g = ground(e)
    assert sent(g, e.a, packet(e.a.ip, HERE)).fate is Fate.UNMODELLED
    assert parse_address(HERE) in g.aliases(Ranges.of(parse_address("10.9.9.9")))


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


# ------------------------------ as an end


def test_as_an_end() -> None:
    """R-VPCE-4: a goal by its addresses, a source never."""
    e, vpce = interface()
    g = ground(e)
    end = g.end(vpce)
    assert end is not None
    assert end.goals is not None
    assert end.nobody is not None
    owner = f"vpc_endpoint/{vpce.eni}"
    assert list(end.goals) == [owner]
    assert packet(e.a.ip, HERE) in end.goals[owner]
    assert packet(e.a.ip, "8.8.8.8") not in end.goals[owner]
    assert end.passing == (f"vpc_endpoint/{vpce.eni}/admit",)
    assert (end.starts, end.nobody.code) == ((), "VPCE_INTRA_VPC_TRAFFIC")
    assert g.end("vpce-0000000000000dead") is None


def test_an_interface_that_is_not_listed_as_an_end() -> None:
    """An endpoint whose interface the snapshot does not show is no nobody: a gap."""
    e, vpce = interface()
    e.scope(e.home)["NetworkInterfaces"].remove(vpce.eni.record)
    end = ground(e).end(vpce)
    assert end is not None
    assert end.gap is not None
