"""Services of the host: what is answered on the spot, and for whom."""

from __future__ import annotations

import pytest

from reach.lower import Ground
from reach.trace import Fate, Trace
from tests.aws.ground import (
    answered,
    arrived,
    came,
    dropped,
    ground,
    nodes,
    packet,
    plain,
    sent,
    stages,
)
from tests.estate import Pair


def shut() -> Pair:
    """A whose group has no rule, in a subnet whose ACL has none, with nothing but local routes."""
    e = Pair(ipv6=True)
    e.wear(e.a, e.group(e.v1, [], []))
    e.acl(e.v1, [e.sa], ingress=[], egress=[])
    return e


def asked(e: Pair, address: str, what: str) -> tuple[Ground, Trace]:
    """A packet of A's."""
    g = ground(e)
    return g, sent(g, e.a, packet(e.a.ip6 if ":" in address else e.a.ip, address, what))


# ------------------------------ decoding


def test_the_resolver_of_the_primary_block() -> None:
    """R-EXM-1: base plus two of the VPC's primary block, not of a secondary one or of the
    subnet."""
    e = Pair()
    vpc = e.vpc("10.4.0.0/16", "10.5.0.0/16")
    c = e.instance("c", e.subnet(vpc, "10.5.1.0/24"), "10.5.1.5")
    g = ground(e)
    owners = [
        sent(g, c, packet(c.ip, address, "udp/53")).owner
        for address in ("10.4.0.2", "10.5.0.2", "10.5.1.2")
    ]
    assert owners == ["host_services/dns", "", ""]


def test_dns_support() -> None:
    """R-EXM-2: the attribute decides; where it was not read the answer stays open."""
    e = Pair()
    attribute = e.scope(e.home)["VpcAttributes"][0]
    attribute["EnableDnsSupport"]["Value"] = False
    assert dropped(asked(e, "10.0.0.2", "udp/53")[1]) == (e.v1, "NO_PATH")
    assert dropped(asked(e, "169.254.169.253", "udp/53")[1]) == (e.v1, "NO_PATH")
    del attribute["EnableDnsSupport"]
    assert [o.resource for o in asked(e, "10.0.0.2", "udp/53")[1].doubts] == [e.v1]
    e.drop("VpcAttributes")
    assert [o.resource for o in asked(e, "10.0.0.2", "udp/53")[1].doubts] == [e.v1]
    assert asked(e, "169.254.169.123", "udp/123")[1].doubts == ()


def test_metadata_switched_off() -> None:
    """R-EXM-5: HttpEndpoint of the instance decides for metadata, and for nothing else."""
    e = Pair()
    c = e.instance("c", e.sa, "10.0.0.9", metadata=False)
    g = ground(e)
    assert dropped(sent(g, c, packet(c.ip, "169.254.169.254", "tcp/80"))) == (c, "NO_PATH")
    assert arrived(sent(g, c, packet(c.ip, "169.254.169.123", "udp/123")), "169.254.169.123")
    assert answered(g, sent(g, e.a, packet(e.a.ip, "169.254.169.254", "tcp/80")), "169.254.169.254")


def test_metadata_over_ipv6_switched_off() -> None:
    """R-EXM-5: HttpProtocolIpv6 decides for metadata over IPv6, and for nothing else."""
    e = Pair(ipv6=True)
    options = e.b.record["MetadataOptions"]
    for shown, works in (("disabled", False), ("enabled", True)):
        options["HttpProtocolIpv6"] = shown
        g = ground(e)
        six = sent(g, e.b, packet(e.b.ip6, "fd00:ec2::254", "tcp/80"))
        assert answered(g, six, "fd00:ec2::254") is works
        if not works:
            assert dropped(six) == (e.b, "NO_PATH")
        four = sent(g, e.b, packet(e.b.ip, "169.254.169.254", "tcp/80"))
        assert answered(g, four, "169.254.169.254")
        assert arrived(sent(g, e.b, packet(e.b.ip6, "fd00:ec2::123", "udp/123")), "fd00:ec2::123")
    options |= {"HttpProtocolIpv6": "enabled", "HttpEndpoint": "disabled"}
    six = sent(ground(e), e.b, packet(e.b.ip6, "fd00:ec2::254", "tcp/80"))
    assert dropped(six) == (e.b, "NO_PATH")


# ------------------------------ nodes


def test_stages_before_the_group() -> None:
    """R-EXM-1: taken out before the sender's group is asked."""
    e = Pair()
    found = [
        lines
        for lines in plain(stages(ground(e), f"network_interface/{e.a.eni}/send"))
        if any("host_services" in line for line in lines)
    ]
    mine = f"host_services/{e.a.eni}"
    assert found == [
        [
            f"destination fd00:ec2::253, 10.0.0.2, 169.254.169.253 -> {mine}/dns",
            f"destination fd00:ec2::254, 169.254.169.254 -> {mine}/metadata",
            f"destination 169.254.170.2 -> {mine}/tasks",
            f"destination fd00:ec2::123, 169.254.169.123 -> {mine}/time",
            f"destination fd00:ec2::250/127, 169.254.169.250/31 -> {mine}/activation",
            f"destination 10.0.0.1 -> host_services/{e.sa}/router",
        ]
    ]


def test_stages_of_a_service() -> None:
    """A service answers its port; the answer goes straight back to who asked."""
    e = Pair()
    g = ground(e)
    mine = f"host_services/{e.a.eni}"
    assert plain(stages(g, f"{mine}/time")) == [
        ["permit protocol udp; destination port 123", "else deny NO_PATH (time)"],
        [f"deliver to host_services/time, reply from {mine}/back"],
    ]
    assert plain(stages(g, f"{mine}/back")) == [
        [f"deliver to network_interface/{e.a.eni}, reply from {mine}/back"]
    ]


# ------------------------------ traces


@pytest.mark.parametrize(
    ("address", "what", "service"),
    [
        ("10.0.0.2", "udp/53", "dns"),
        ("10.0.0.2", "tcp/53", "dns"),
        ("169.254.169.253", "udp/53", "dns"),
        ("fd00:ec2::253", "udp/53", "dns"),
        ("169.254.169.254", "tcp/80", "metadata"),
        ("169.254.170.2", "tcp/80", "tasks"),
        ("169.254.169.123", "udp/123", "time"),
        ("fd00:ec2::123", "udp/123", "time"),
        ("169.254.169.250", "tcp/1688", "activation"),
        ("169.254.169.251", "tcp/1688", "activation"),
    ],
)
def test_no_filter_and_no_route_counts(address: str, what: str, service: str) -> None:
    """R-EXM-1, R-SG-29, R-NACL-11: whatever groups, ACLs and tables say."""
    g, there = asked(shut(), address, what)
    assert there.owner == f"host_services/{service}"
    assert len(nodes(there)) == 2
    assert answered(g, there, address)


@pytest.mark.parametrize(
    ("address", "what", "service"),
    [
        ("10.0.0.2", "tcp/443", "dns"),
        ("10.0.0.2", "icmp/8", "dns"),
        ("169.254.169.254", "tcp/443", "metadata"),
        ("169.254.169.254", "udp/80", "metadata"),
        ("169.254.169.123", "tcp/123", "time"),
    ],
)
def test_a_service_answers_its_port_only(address: str, what: str, service: str) -> None:
    """R-EXM-1: the exemption is no way round the filters for anything else."""
    assert dropped(asked(Pair(), address, what)[1]) == (service, "NO_PATH")


def test_the_router_is_no_host() -> None:
    """R-PIPE-7: the subnet's first address is the router's, and nothing answers there."""
    e = Pair()
    for what in ("icmp/8", "tcp/22"):
        assert dropped(asked(e, "10.0.0.1", what)[1]) == (e.sa, "NO_PATH")
    assert arrived(asked(e, e.b.ip, "tcp/22")[1], e.b.ip)


@pytest.mark.parametrize("address", ["169.254.169.1", "169.254.0.1"])
def test_other_link_local_addresses(address: str) -> None:
    """R-EXM-6, R-RT-15: link-local as such is not exempt, and nobody routes it."""
    e = Pair()
    e.online(e.ta)
    assert asked(e, address, "tcp/80")[1].fate is Fate.DROPPED


def test_other_name_servers_are_filtered() -> None:
    """R-EXM-3: one on an instance, and a public one, are ordinary traffic on port 53."""
    e = Pair()
    e.wear(e.a, group := e.group(e.v1, [], ["tcp/443 any"]))
    for address in (e.b.ip, "8.8.8.8"):
        assert dropped(asked(e, address, "udp/53")[1]) == (group, "ENI_SG_RULES_MISMATCH")
    e.wear(e.a, e.group(e.v1, [], ["udp/53 10.0.0.0/16"]))
    g, there = asked(e, e.b.ip, "udp/53")
    assert answered(g, there, e.b.ip)


@pytest.mark.parametrize(
    ("address", "what"), [("10.0.0.2", "udp/53"), ("169.254.169.254", "tcp/80")]
)
def test_nobody_elses(address: str, what: str) -> None:
    """R-EXM-4: a peer does not reach the resolver of V1, nor does anybody from the internet; what
    it sends to a link-local address is answered by its own host."""
    e = Pair()
    e.peered()
    e.online(e.ta)
    g = ground(e)
    from_peer = sent(g, e.b2, packet(e.b2.ip, address, what))
    assert (from_peer.fate is Fate.DELIVERED) is (address != "10.0.0.2")
    assert not [node for node in nodes(from_peer) if e.a.eni in node or e.v1 in from_peer.owner]
    assert came(g, packet("8.8.8.8", address, what)).fate is Fate.DROPPED


def test_of_the_own_vpc_in_any_subnet() -> None:
    """R-EXM-1: the resolver's address lies in one subnet, and answers in all of the VPC."""
    e = Pair()
    g = ground(e)
    there = sent(g, e.b, packet(e.b.ip, "10.0.0.2", "udp/53"))
    assert nodes(there)[-1] == f"host_services/{e.b.eni}/dns"
    assert answered(g, there, "10.0.0.2")
