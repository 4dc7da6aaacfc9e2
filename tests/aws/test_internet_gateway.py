"""Internet gateways: attached or not, the public address for the private one, and back."""

from __future__ import annotations

import pytest

from reach.answer import Verdict
from reach.trace import Fate
from tests.aws.ground import (
    INTERNET,
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

HOST = "8.8.8.8"
HOST6 = "2606:4700:4700::1111"
EIP = "198.51.100.7"


def public_pair(ipv6: bool = False) -> tuple[Pair, Id]:
    """A is public, B has the same route but no public address."""
    e = Pair(ipv6)
    gateway = e.online(e.ta, e.tb)
    e.public(e.a, EIP)
    return e, gateway


def out(gateway: Id) -> str:
    return f"internet_gateway/{gateway}/out"


def into(gateway: Id) -> str:
    return f"internet_gateway/{gateway}/in"


# ------------------------------ decoding


@pytest.mark.parametrize(
    ("state", "works"),
    [("available", True), ("attached", True), ("attaching", False), ("detached", False)],
)
def test_attachment(state: str, works: bool) -> None:
    """R-IGW-1: the API writes `available` where the console writes `attached`; nothing else
    works, and nothing is announced either."""
    e, gateway = public_pair()
    gateway.record["Attachments"][0]["State"] = state
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, HOST)), HOST) is works
    assert arrived(came(g, packet(HOST, EIP)), e.a.ip) is works
    if not works:
        trace = at(g, out(gateway), packet(e.a.ip, HOST))
        assert dropped(trace) == (gateway, "BAD_STATE_ATTACHMENT")


def test_attached_to_nothing() -> None:
    """R-IGW-1: a gateway without attachments has its own code, not a missing route."""
    e = Pair()
    gateway = e.igw(None)
    e.route(e.ta, "0.0.0.0/0", gateway)
    e.public(e.a, EIP)
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, HOST))) == (gateway, "BAD_STATE_ATTACHMENT")
    assert dropped(came(g, packet(HOST, EIP)))[1] == "NO_PATH"


def test_one_public_address_per_private_one() -> None:
    """R-ENI-3: the primary and a secondary private address each have their own."""
    e, _ = public_pair()
    c = e.instance(
        "c", e.sa, "10.0.0.9", public="198.51.100.9", secondary={"10.0.0.10": "198.51.100.10"}
    )
    g = ground(e)
    assert sent(g, c, packet("10.0.0.9", HOST)).final == packet("198.51.100.9", HOST)
    assert sent(g, c, packet("10.0.0.10", HOST)).final == packet("198.51.100.10", HOST)
    assert answered(g, came(g, packet(HOST, "198.51.100.10")), "10.0.0.10")


def test_a_secondary_address_without_a_public_one() -> None:
    """R-ENI-3, R-IGW-2: the primary's public address is not the secondary's."""
    e, gateway = public_pair()
    c = e.instance("c", e.sa, "10.0.0.9", public="198.51.100.9", secondary={"10.0.0.10": None})
    trace = sent(ground(e), c, packet("10.0.0.10", HOST))
    assert dropped(trace) == (gateway, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")


def test_an_address_that_only_describe_addresses_tells() -> None:
    """R-ENI-3: describe-addresses places an Elastic IP on an interface that does not show it."""
    e, _ = public_pair()
    e.public(e.b, "198.51.100.8")
    del e.b.eni.record["Association"]
    del e.b.eni.record["PrivateIpAddresses"][0]["Association"]
    g = ground(e)
    assert answered(g, sent(g, e.b, packet(e.b.ip, HOST)), HOST)


def test_an_address_that_only_the_nat_gateway_tells() -> None:
    """R-ENI-3: a NAT gateway shows its own pair, also where its interface is not listed."""
    e = Pair()
    nat = e.natted(e.tb)
    e.scope(e.home)["NetworkInterfaces"].remove(nat.eni.record)
    e.scope(e.home)["Addresses"].clear()
    g = ground(e)
    there = sent(g, e.b, packet(e.b.ip, HOST))
    assert there.final.source == packet("198.51.100.20", HOST).source
    assert answered(g, there, HOST)


# ------------------------------ nodes


def test_stages_outwards() -> None:
    """Private destinations are refused, then (IPv4) the public address takes the source's
    place."""
    e, gateway = public_pair()
    refusals, (translated, *_, last), onward = plain(stages(ground(e), out(gateway)))
    assert [refusals, [translated, last], onward] == [
        [
            f"deny destination 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 ({gateway} RFC1918)",
            f"deny destination 100.64.0.0/10 ({gateway} RFC6598)",
            "else permit",
        ],
        [
            f"source 10.0.0.5: source by 10.0.0.5 = {EIP}, identity 0",
            f"else drop IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS ({gateway} source)",
        ],
        [f"any packet -> {INTERNET}", "else drop"],
    ]


def test_stages_inwards() -> None:
    """The reverse, and then local routing."""
    e, gateway = public_pair()
    refusals, (translated, *_, last), onward = plain(stages(ground(e), into(gateway)))
    assert [refusals, [translated, last], onward] == [
        [
            f"deny source 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 ({gateway} RFC1918)",
            f"deny source 100.64.0.0/10 ({gateway} RFC6598)",
            "else permit",
        ],
        [
            f"destination {EIP}: destination by {EIP} = 10.0.0.5, identity 0",
            f"else drop IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS ({gateway} destination)",
        ],
        [f"any packet -> vpc/{e.v1}/local", "else drop"],
    ]


def test_an_edge_table_comes_before_local_routing() -> None:
    """R-RT-19: with an edge table what comes in follows its routes."""
    e, gateway = public_pair()
    before = len(stages(ground(e), into(gateway)))
    edge = e.table(e.v1, edge=gateway)
    *_, looked_up, _ = plain(stages(ground(e), into(gateway)))
    assert len(stages(ground(e), into(gateway))) == before + 1
    assert f"destination 10.0.0.0/16 -> vpc/{e.v1}/local" in looked_up
    assert looked_up[-1] == f"else drop NO_ROUTE_TO_DESTINATION ({edge})"


# ------------------------------ IPv4, both ways


def test_out_and_back() -> None:
    """R-IGW-2, R-IGW-3, R-IGW-6: out with the public address, the reply back to the private one."""
    e, gateway = public_pair()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, HOST))
    assert there.final == packet(EIP, HOST)
    back = replied(g, there)
    assert into(gateway) in nodes(back)
    assert answered(g, there, HOST)


def test_no_public_address_no_way_out() -> None:
    """R-IGW-2: B has the route and no public address, A both."""
    e, gateway = public_pair()
    g = ground(e)
    trace = sent(g, e.b, packet(e.b.ip, HOST))
    assert dropped(trace) == (gateway, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")
    assert (e.tb, "route 0.0.0.0/0") in passed(trace)


def test_private_addresses_stay_inside() -> None:
    """R-IGW-3: what comes in for a private address of the VPC is dropped at the gateway."""
    e, gateway = public_pair()
    trace = came(ground(e), packet(HOST, e.b.ip))
    assert dropped(trace) == (gateway, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("10.99.0.1", "RFC1918"),
        ("172.16.0.1", "RFC1918"),
        ("192.168.1.1", "RFC1918"),
        ("100.64.0.1", "RFC6598"),
    ],
)
def test_private_outer_addresses_are_refused(address: str, code: str) -> None:
    """R-IGW-4: as the destination outwards, as the source inwards, each with its own code."""
    e, gateway = public_pair()
    g = ground(e)
    outwards = at(g, out(gateway), packet(e.a.ip, address))
    assert dropped(outwards) == (gateway, f"IGW_DESTINATION_ADDRESS_NOT_IN_{code}_EGRESS")
    inwards = at(g, into(gateway), packet(address, EIP))
    assert dropped(inwards) == (gateway, f"IGW_SOURCE_ADDRESS_NOT_IN_{code}_INGRESS")


@pytest.mark.parametrize("address", ["172.32.0.1", "100.128.0.1", "192.169.0.1", "11.0.0.1"])
def test_what_is_just_beside_private_passes(address: str) -> None:
    """R-IGW-4: the neighbours of the private ranges are public."""
    e, _ = public_pair()
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, address)), address)


def test_inwards_no_route_is_needed() -> None:
    """R-IGW-7, R-IGW-6: it is the reply that needs the route to the gateway."""
    e = Pair()
    e.online(e.ta)
    e.public(e.b, "198.51.100.8")
    g = ground(e)
    there = came(g, packet(HOST, "198.51.100.8"))
    assert arrived(there, e.b.ip)
    assert dropped(replied(g, there)) == (e.tb, "NO_ROUTE_TO_DESTINATION")


def test_sources_of_other_vpcs_have_no_public_address_here() -> None:
    """R-IGW-8: a packet of a peer's that stood before the gateway would be dropped."""
    e, gateway = public_pair()
    e.peered()
    e.igw(e.v2)
    e.public(e.b2, "198.51.100.22")
    trace = at(ground(e), out(gateway), packet(e.b2.ip, HOST))
    assert dropped(trace) == (gateway, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")


def test_each_vpc_has_its_own_pairs() -> None:
    """R-IGW-8: what comes in for the address of one VPC goes in by that VPC's gateway."""
    e, gateway = public_pair()
    e.second()
    other = e.igw(e.v2)
    e.route(e.t2, "0.0.0.0/0", other)
    e.public(e.b2, "198.51.100.22")
    g = ground(e)
    assert into(other) in nodes(came(g, packet(HOST, "198.51.100.22")))
    assert into(gateway) in nodes(came(g, packet(HOST, EIP)))
    astray = at(g, into(gateway), packet(HOST, "198.51.100.22"))
    assert dropped(astray) == (gateway, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS")


def test_public_space_inside_a_vpc_is_not_public() -> None:
    """R-IGW-12: an address of public space that a VPC uses as its own needs a mapping like any
    other; what it does not use is a host on the internet."""
    e = Pair()
    vpc = e.vpc("203.0.113.0/24")
    gateway = e.igw(vpc)
    subnet = e.subnet(vpc, "203.0.113.0/25")
    e.route(vpc.table, "0.0.0.0/0", gateway)
    c = e.instance("c", subnet, "203.0.113.5")
    g = ground(e)
    assert dropped(sent(g, c, packet(c.ip, HOST)))[1] == "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
    assert dropped(came(g, packet(HOST, c.ip)))[1] == "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"
    assert came(g, packet(HOST, "203.0.113.200")).owner == "internet"


# ------------------------------ what is seen where


def test_inside_only_the_private_address_is_seen() -> None:
    """R-PIPE-4, R-NACL-17: the ACL between meets A's private address and the remote's public one,
    in both directions."""
    e, _ = public_pair()
    back, out_ = [f"100 allow tcp/1024-65535 {HOST}/32"], [f"100 allow tcp/443 {HOST}/32"]
    acl = e.acl(e.v1, [e.sa], ingress=back, egress=out_)
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, HOST)), HOST)
    assert dropped(sent(g, e.a, packet(e.a.ip, "1.1.1.1"))) == (acl, "SUBNET_ACL_RESTRICTION")


def test_the_groups_of_the_sender_end_here() -> None:
    """R-SG-13, R-SG-20: through the gateway no group identity is left, in neither direction."""
    e, gateway = public_pair()
    group = e.group(e.v1, [], name="empty")
    b_group = e.group(e.v1, [f"tcp/22 {group}"])
    e.wear(e.a, group)
    e.wear(e.b, b_group)
    e.public(e.b, "198.51.100.8")
    g = ground(e)
    assert sent(g, e.a, packet(e.a.ip, HOST)).final.identity == 0
    assert at(g, into(gateway), packet(HOST, EIP, identity=1)).hops[0].after.identity == 0
    assert arrived(sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22")), e.b.ip)
    through = sent(g, e.a, packet(e.a.ip, "198.51.100.8", "tcp/22"))
    assert dropped(through) == (b_group, "ENI_SG_RULES_MISMATCH")


def test_out_and_in_again() -> None:
    """R-IGW-10: to a public address of the same VPC by the gateway twice, with public addresses at
    both ends."""
    e, gateway = public_pair()
    e.public(e.b, "198.51.100.8")
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, "198.51.100.8"))
    crossed = [node for node in nodes(there) if gateway in node or node == INTERNET]
    assert crossed[-3:] == [out(gateway), INTERNET, into(gateway)]
    assert there.final._replace(identity=0) == packet(EIP, e.b.ip)
    assert answered(g, there, e.b.ip)


# ------------------------------ IPv6


def test_ipv6_is_not_translated() -> None:
    """R-IGW-5: out and in with the address it has."""
    e, _ = public_pair(ipv6=True)
    g = ground(e)
    there = sent(g, e.b, packet(e.b.ip6, HOST6))
    assert there.final == packet(e.b.ip6, HOST6)
    assert answered(g, there, HOST6)
    assert answered(g, came(g, packet(HOST6, e.b.ip6)), e.b.ip6)


def test_a_private_ipv6_block_stays_inside() -> None:
    """R-ENI-11: in a subnet whose block is private, nothing goes out and nothing comes in."""
    e, gateway = public_pair(ipv6=True)
    block = e.sb.record["Ipv6CidrBlockAssociationSet"][0]
    block |= {"Ipv6AddressAttribute": "private", "IpSource": "none"}
    g = ground(e)
    trace = sent(g, e.b, packet(e.b.ip6, HOST6))
    assert dropped(trace) == (gateway, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")
    assert came(g, packet(HOST6, e.b.ip6)).fate is Fate.DROPPED
    assert answered(g, came(g, packet(HOST6, e.a.ip6)), e.a.ip6)


def test_a_block_that_is_no_longer_there() -> None:
    """R-IGW-5: a block in state `disassociated` goes neither out nor in, in VPC or subnet."""
    e, gateway = public_pair(ipv6=True)
    for holder in (e.v1, e.sa, e.sb):
        block = holder.record["Ipv6CidrBlockAssociationSet"][0]
        block["Ipv6CidrBlockState"]["State"] = "disassociated"
    g = ground(e)
    outwards = at(g, out(gateway), packet(e.a.ip6, HOST6))
    assert dropped(outwards) == (gateway, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")
    inwards = at(g, into(gateway), packet(HOST6, e.a.ip6))
    assert dropped(inwards) == (gateway, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS")
    announced, *_ = plain(stages(g, INTERNET))
    assert not [line for line in announced if "2600:" in line]


def test_an_interface_that_refuses_the_gateway() -> None:
    """R-ENI-10: with DenyAllIgwTraffic nothing comes in, replies neither; what it sends leaves; the
    neighbour without it is reached."""
    e, _ = public_pair(ipv6=True)
    e.b.eni.record["DenyAllIgwTraffic"] = True
    g = ground(e)
    assert came(g, packet(HOST6, e.b.ip6)).fate is Fate.DROPPED
    outwards = sent(g, e.b, packet(e.b.ip6, HOST6))
    assert arrived(outwards, HOST6)
    assert replied(g, outwards).fate is Fate.DROPPED
    assert e.ask(f"can {e.b} reach {HOST6} port 443", one_way=True).verdict is Verdict.REACHABLE
    assert arrived(came(g, packet(HOST6, e.a.ip6)), e.a.ip6)
    assert answered(g, sent(g, e.a, packet(e.a.ip6, e.b.ip6)), e.b.ip6)


# ------------------------------ as ends


def test_as_an_end() -> None:
    """A gateway means the internet by way of it; an unknown one means nothing."""
    e, gateway = public_pair()
    g = ground(e)
    end = g.end(gateway)
    assert end is not None
    assert end.through == (into(gateway), out(gateway))
    assert [start.node for start in end.starts] == [INTERNET]
    assert g.end("igw-0000000000000dead") is None
