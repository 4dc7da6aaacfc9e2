"""Virtual private gateways: own addresses, known prefixes, and nothing beyond the VPC."""

from __future__ import annotations

import pytest

import reach
from reach.trace import Fate
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
    sent,
    stages,
    tell,
)
from tests.estate import Id, Pair, Record
from tests.estates.private import (
    associate,
    connection,
    customer_gateway,
    dx_gateway,
    gateway,
    learn,
    virtual_interface,
)
from tests.traps.rows import allow, deny, may, unknown
from tests.traps.test_unmodelled import DIRECT_CONNECT

HOST = "192.168.1.1"
EGRESS = "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS"
INGRESS = "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"
SPOOFED = "GATEWAY_REJECTS_SPOOFED_TRAFFIC"


def private(*static: str) -> tuple[Pair, Id, Id]:
    """V1 with a gateway and a static VPN connection; both tables send everything to it."""
    e = Pair()
    vgw = gateway(e, e.v1)
    vpn = connection(e, vgw, static=static or ["192.168.0.0/16"])
    for table in (e.ta, e.tb):
        e.route(table, "0.0.0.0/0", vgw)
    return e, vgw, vpn


# ------------------------------ nodes


def test_stages() -> None:
    """Own sources, known prefixes, no group identity; in: no spoofing, own destinations, local."""
    e, vgw, vpn = private()
    g = ground(e)
    own = "10.0.0.5, 10.0.1.5"
    assert plain(stages(g, f"vpn_gateway/{vgw}/out {e.v1}")) == [
        [f"permit source {own}", f"else deny {EGRESS} ({vgw} source)"],
        ["any packet: identity 0"],
        [f"destination 192.168.0.0/16 -> vpn_connection/{vpn}/out"],
        [f"else deny NO_POSSIBLE_DESTINATION ({vgw} prefixes)"],
        [f"else drop NO_POSSIBLE_DESTINATION ({vgw} prefixes)"],
    ]
    assert plain(stages(g, f"vpn_gateway/{vgw}/in")) == [
        [f"deny source 10.0.0.0/16 ({vgw} source)", "else permit"],
        [f"permit destination {own}", f"else deny {INGRESS} ({vgw} destination)"],
        ["any packet: identity 0"],
        [f"any packet -> vpc/{e.v1}/local", "else drop"],
    ]


@pytest.mark.parametrize(
    ("attachment", "state", "code"),
    [
        ("attaching", "available", "BAD_STATE_ATTACHMENT"),
        ("detaching", "available", "BAD_STATE_ATTACHMENT"),
        ("detached", "available", "BAD_STATE_ATTACHMENT"),
        ("attached", "pending", "BAD_STATE"),
        ("attached", "deleting", "BAD_STATE"),
    ],
)
def test_states(attachment: str, state: str, code: str) -> None:
    """R-VGW-1: usable while it is there and attached; otherwise that is the reason."""
    e, vgw, vpn = private()
    assert arrived(sent(ground(e), e.a, packet(e.a.ip, HOST)), HOST)
    vgw.record["State"] = state
    vgw.record["VpcAttachments"][0]["State"] = attachment
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, HOST))) == (vgw, code)
    assert dropped(at(g, f"vpn_connection/{vpn}/in", packet(HOST, e.a.ip))) == (vgw, code)


def test_of_another_vpc() -> None:
    """R-VGW-1: a route of V2's to V1's gateway leads nowhere."""
    e, vgw, _ = private()
    e.second()
    e.route(e.t2, "192.168.0.0/16", vgw)
    there = sent(ground(e), e.b2, packet(e.b2.ip, HOST))
    assert dropped(there) == (vgw, "BAD_STATE_ATTACHMENT")


# ------------------------------ out


@pytest.mark.parametrize(
    ("source", "passes"), [("10.0.0.5", True), ("10.0.0.77", False), ("10.2.0.5", False)]
)
def test_sources(source: str, passes: bool) -> None:
    """R-VGW-6: addresses of the VPC's interfaces, not of others, not of peers."""
    e, vgw, _ = private()
    there = at(ground(e), f"vpn_gateway/{vgw}/out {e.v1}", packet(source, HOST))
    if passes:
        assert arrived(there, HOST)
    else:
        assert dropped(there) == (vgw, EGRESS)


def test_nothing_passes_through_the_vpc() -> None:
    """R-VGW-6: an appliance may send with its own address, not pass on another VPC's."""
    e, vgw, _ = private()
    e.peered()
    middle = e.instance("m", e.subnet(e.v1, "10.0.7.0/24"), "10.0.7.9", check=False)
    e.route(e.table(e.v1, [e.subnet(e.v1, "10.0.8.0/24")]), "0.0.0.0/0", vgw)
    e.route(e.v1.table, "0.0.0.0/0", vgw)
    passed_on = at(
        ground(e), f"network_interface/{middle.eni}/resend", packet(e.b2.ip, HOST, "tcp/22")
    )
    assert dropped(passed_on) == (vgw, EGRESS)
    own = at(ground(e), f"network_interface/{middle.eni}/resend", packet(middle.ip, HOST, "tcp/22"))
    assert arrived(own, HOST)


def test_a_nat_gateway_sends_with_its_own_address() -> None:
    """R-NAT-2: towards a virtual private gateway the source is the NAT gateway's private address,
    also where its interface is not listed."""
    e, vgw, _ = private()
    nat = e.natted(public=None)
    e.route(e.tn, "192.168.0.0/16", vgw)
    e.route(e.ta, "192.168.0.0/16", nat)
    answer = allow(e, f"can {e.a} reach {HOST} port 443")
    assert nat in str(answer.to_dict())
    enis = e.scopes[e.home]["NetworkInterfaces"]
    enis.remove(nat.eni.record)
    allow(e, f"can {e.a} reach {HOST} port 443")


def test_delegated_prefixes_are_its_own() -> None:
    """R-ENI-2, R-VGW-6: an interface's prefix counts as its address."""
    e, vgw, _ = private()
    e.instance("p", e.sa, "10.0.0.9", prefixes=["10.0.0.32/28"])
    g = ground(e)
    assert arrived(at(g, f"vpn_gateway/{vgw}/out {e.v1}", packet("10.0.0.40", HOST)), HOST)
    assert dropped(at(g, f"vpn_gateway/{vgw}/out {e.v1}", packet("10.0.0.60", HOST)))[1] == EGRESS


def test_groups_end_here() -> None:
    """R-SG-20: what comes in by it carries no groups."""
    e, _vgw, _ = private()
    there = sent(ground(e), e.a, packet(e.a.ip, HOST))
    assert there.final.identity == 0


# ------------------------------ which prefixes, over which line


def test_the_longest_prefix_first() -> None:
    """R-VGW-3: of two lines the one with the longer prefix."""
    e, vgw, wide = private("192.168.0.0/16")
    narrow = connection(e, vgw, static=["192.168.1.0/24"], outside=("203.0.113.30", "203.0.113.31"))
    g = ground(e)
    assert f"vpn_connection/{narrow}/out" in nodes(sent(g, e.a, packet(e.a.ip, HOST)))
    assert f"vpn_connection/{wide}/out" in nodes(sent(g, e.a, packet(e.a.ip, "192.168.2.1")))


def test_health_before_prefixes() -> None:
    """R-VGW-9: a line that is down is passed over, however long its prefix."""
    e, vgw, wide = private("192.168.0.0/16")
    connection(e, vgw, static=["192.168.1.0/24"], up=(False, False))
    assert f"vpn_connection/{wide}/out" in nodes(sent(ground(e), e.a, packet(e.a.ip, HOST)))
    wide.record["VgwTelemetry"] = [{**t, "Status": "DOWN"} for t in wide.record["VgwTelemetry"]]
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, HOST)))[1] == "BAD_STATE_VPN"


def test_static_before_bgp_and_direct_connect_before_both() -> None:
    """R-VGW-9: of equal prefixes Direct Connect, then static, then BGP routes of a VPN."""
    e, vgw, static = private("192.168.0.0/16")
    bgp = connection(e, vgw, outside=("203.0.113.30", "203.0.113.31"))
    learn(e, vgw, e.tb, "192.168.0.0/16", "172.16.0.0/12")
    g = ground(e)
    assert f"vpn_connection/{static}/out" in nodes(sent(g, e.a, packet(e.a.ip, HOST)))
    assert f"vpn_connection/{bgp}/out" in nodes(sent(g, e.a, packet(e.a.ip, "172.31.1.1")))
    dx = dx_gateway(e)
    virtual_interface(e, dx)
    associate(e, dx, vgw, "10.0.0.0/16")
    chosen = sent(ground(e), e.a, packet(e.a.ip, "172.31.1.1"))
    assert [each for each in nodes(chosen) if "/either" in each], tell(chosen)


def test_one_of_several_lines_is_assumed() -> None:
    """R-VGW-9: two lines with one prefix: AWS uses one of them."""
    e, vgw, one = private("192.168.0.0/16")
    other = connection(e, vgw, static=["192.168.0.0/16"], outside=("203.0.113.30", "203.0.113.31"))
    assert plain(stages(ground(e), f"vpn_gateway/{vgw}/either 0")) == [
        [f"may -> vpn_connection/{vpn}/out" for vpn in sorted((one, other))]
    ]
    may(e, f"can {e.a} reach {HOST} port 22")


def test_propagated_prefixes_are_known() -> None:
    """R-VGW-2, R-VGW-3: what stands in any of its tables it knows, whatever table led here."""
    e = Pair()
    vgw = gateway(e, e.v1)
    connection(e, vgw, accepted=2)
    e.route(e.ta, "0.0.0.0/0", vgw)
    learn(e, vgw, e.tb, "192.168.0.0/16", "172.16.0.0/12")
    allow(e, f"can {e.a} reach 172.31.1.1 port 22")
    deny(e, f"can {e.a} reach 10.99.1.1 port 22", "NO_POSSIBLE_DESTINATION")


# ------------------------------ in


@pytest.mark.parametrize(
    "destination",
    ["10.0.0.2", "10.0.0.77", "10.2.0.5", "8.8.8.8", "169.254.169.254", "52.216.1.10"],
)
def test_destinations(destination: str) -> None:
    """R-VGW-5, R-VGW-7: no resolver, no peer, no gateway, no endpoint of the VPC's."""
    e, vgw, _ = private()
    e.peered()
    e.online(e.ta)
    e.endpoint_gateway(e.v1, [e.tb])
    there = at(ground(e), f"vpn_gateway/{vgw}/in", packet(HOST, destination, "udp/53"))
    assert dropped(there) == (vgw, INGRESS)


def test_from_one_line_to_another() -> None:
    """R-VGW-10: whether sites on one gateway reach each other does not show in any call."""
    e, vgw, vpn = private("192.168.0.0/16")
    other = connection(e, vgw, static=["172.16.0.0/12"], outside=("203.0.113.30", "203.0.113.31"))
    unknown(e, f"can {HOST} reach 172.31.1.1 port 22", vgw)
    unknown(e, f"can {vpn} reach {other} port 22", vgw)
    deny(e, f"can {HOST} reach 10.99.0.1 port 22", INGRESS)
    alone, _, _ = private("192.168.0.0/16")
    deny(alone, f"can {HOST} reach 192.168.9.9 port 22", INGRESS)


def test_spoofed_sources() -> None:
    """R-VGW-6: nobody outside sends from the VPC's own addresses."""
    e, vgw, _ = private()
    there = at(ground(e), f"vpn_gateway/{vgw}/in", packet("10.0.1.5", e.a.ip))
    assert dropped(there) == (vgw, SPOOFED)


def test_interface_endpoints_are_reached() -> None:
    """R-VGW-7: whatever has an address in the VPC is reached."""
    e, _, _ = private()
    vpce = e.endpoint_interface({e.sb: "10.0.1.40"})
    allow(e, f"can {HOST} reach {vpce} port 443")
    deny(e, f"can {HOST} reach 10.0.1.40 port 22")


def test_filters_of_the_subnet() -> None:
    """What comes in passes the subnet's ACL and the receiver's group, and no group reference."""
    e, _, _ = private()
    worn = e.group(e.v1, [])
    e.wear(e.a, e.group(e.v1, ["tcp/443 192.168.0.0/16", f"tcp/22 {worn}"]))
    e.acl(e.v1, [e.sb], ingress=["100 deny tcp/80 192.168.0.0/16", "200 allow all 0.0.0.0/0"])
    allow(e, f"can {HOST} reach {e.a} port 443")
    deny(
        e, f"can {HOST} reach {e.a} port 22", "ENI_SG_RULES_MISMATCH", "SG_REFERENCES_NOT_PRESERVED"
    )
    deny(e, f"can {HOST} reach {e.b} port 80", "SUBNET_ACL_RESTRICTION")


# ------------------------------ edge tables


def edged() -> tuple[Pair, Id, Id]:
    """What comes in for SB is redirected to an appliance, which passes on the way out too."""
    e, vgw, _ = private()
    middle = e.instance("m", e.subnet(e.v1, "10.0.7.0/24"), "10.0.7.9", check=False)
    e.route(e.v1.table, "0.0.0.0/0", vgw)
    e.route(e.table(e.v1, edge=vgw, name="edge"), "10.0.1.0/24", middle.eni)
    e.route(e.tb, "192.168.0.0/16", middle.eni)
    return e, vgw, middle


def named(record: Record) -> str:
    return next((tag["Value"] for tag in record["Tags"] if tag["Key"] == "Name"), "")


def test_edge_table() -> None:
    """R-RT-19, R-RT-20: what comes in follows the edge table, for the subnets that it names."""
    e, vgw, middle = edged()
    g = ground(e)
    there = at(g, f"vpn_gateway/{vgw}/in", packet(HOST, e.b.ip))
    assert f"network_interface/{middle.eni}/routed" in nodes(there)
    (edge,) = (t["RouteTableId"] for t in e.scopes[e.home]["RouteTables"] if named(t) == "edge")
    assert (edge, "route 10.0.1.0/24") in passed(there)
    straight = at(g, f"vpn_gateway/{vgw}/in", packet(HOST, e.a.ip))
    assert f"network_interface/{middle.eni}/routed" not in nodes(straight)
    assert answered(g, straight, e.a.ip)
    may(e, f"can {HOST} reach {e.b} port 22")


def test_the_appliance_may_refuse() -> None:
    """R-RT-19: with the source/destination check on, the redirection leads nowhere."""
    e, _vgw, middle = edged()
    middle.eni.record["SourceDestCheck"] = middle.record["SourceDestCheck"] = True
    deny(e, f"can {HOST} reach {e.b} port 22", "ENI_SOURCE_DEST_CHECK_RESTRICTION", one_way=True)
    allow(e, f"can {HOST} reach {e.a} port 22")


@pytest.mark.parametrize(("choice", "verdict"), [("allow", "reachable"), ("deny", "unreachable")])
def test_edge_table_to_an_endpoint(choice: str, verdict: str) -> None:
    """U-5: whether it may lead to a Gateway Load Balancer endpoint is an option."""
    e, vgw, _ = private()
    vpce = e.endpoint_balancer(e.subnet(e.v1, "10.0.7.0/24"), "10.0.7.60")
    e.route(e.table(e.v1, edge=vgw, name="edge"), "10.0.1.0/24", vpce)
    answer = reach.ask(
        e.load(),
        f"can {HOST} reach {e.b} port 22",
        one_way=True,
        options={"vgw-edge-to-endpoint": choice},
    )
    assert answer.verdict == verdict
    if choice == "deny":
        assert [note.resource for note in answer.notes] == ["vgw-edge-to-endpoint"]


def test_edge_tables_that_were_not_asked_for() -> None:
    """Law 2: without the route tables a redirection may exist."""
    e, vgw, _ = private()
    e.drop("RouteTables")
    there = at(ground(e), f"vpn_gateway/{vgw}/in", packet(HOST, e.a.ip))
    assert (there.fate, there.origin.resource) == (Fate.UNMODELLED, vgw)


def test_a_gateway_without_a_vpc_whose_lines_were_not_asked_for() -> None:
    """R-VGW-1: a route that still names it leads nowhere, whatever may hang on it."""
    e, vgw, _ = private()
    vgw.record["VpcAttachments"] = []
    e.drop("VpnConnections")
    for question in (f"can {e.a} reach {HOST} port 443", f"can {HOST} reach {e.a} port 443"):
        assert e.ask(question).verdict == "unreachable"


# ------------------------------ what is not in the snapshot


def test_without_the_interfaces() -> None:
    """Law 2: whose addresses are in the VPC is not known."""
    e, vgw, _ = private()
    e.drop("NetworkInterfaces")
    g = ground(e)
    for node, header in (
        (f"vpn_gateway/{vgw}/in", packet(HOST, e.a.ip)),
        (f"vpn_gateway/{vgw}/out {e.v1}", packet(e.a.ip, HOST)),
    ):
        assert vgw in [doubt.resource for doubt in at(g, node, header).doubts]


def test_a_gateway_that_is_not_there() -> None:
    """R-SHARE-3: a participant sees the route and not the gateway."""
    e, vgw, _ = private()
    e.scopes[e.home]["VpnGateways"].clear()
    there = sent(ground(e), e.a, packet(e.a.ip, HOST))
    assert (there.fate, there.origin.resource) == (Fate.UNMODELLED, vgw)


def test_without_the_connections() -> None:
    """Law 2: which prefixes it knows, and by what line, is not known."""
    e, vgw, _ = private()
    e.drop("VpnConnections")
    for question in (f"can {e.a} reach {HOST} port 22", f"can {HOST} reach {e.a} port 22"):
        unknown(e, question, vgw)
    deny(e, f"can {HOST} reach 10.9.9.9 port 22", INGRESS)


def test_prefixes_that_direct_connect_may_have_told() -> None:
    """A prefix that no connection told is Direct Connect's, which was not asked for."""
    e, vgw, _ = private()
    learn(e, vgw, e.tb, "172.16.0.0/12")
    e.drop(*DIRECT_CONNECT)
    unknown(e, f"can {e.a} reach 172.31.1.1 port 22", vgw)
    unknown(e, f"can 172.31.1.1 reach {e.a} port 22", vgw)
    allow(e, f"can {e.a} reach {HOST} port 22")
    deny(e, f"can {e.a} reach 10.99.1.1 port 22")


@pytest.mark.parametrize("call", DIRECT_CONNECT)
def test_direct_connect_half_asked_for(call: str) -> None:
    """Law 2: where Direct Connect shows, each of its calls counts."""
    e, _, _ = private()
    virtual_interface(e, dx_gateway(e))
    deny(e, f"can 172.31.1.1 reach {e.a} port 22")
    e.drop(call)
    unknown(e, f"can 172.31.1.1 reach {e.a} port 22", one_way=True)


def test_more_than_the_connections_took() -> None:
    """More prefixes show than the only BGP connection has taken: there is another line."""
    e = Pair()
    vgw = gateway(e, e.v1)
    connection(e, vgw, accepted=1)
    learn(e, vgw, e.ta, "192.168.0.0/16", "172.16.0.0/12")
    e.drop(*DIRECT_CONNECT)
    may(e, f"can {e.a} reach {HOST} port 22")
    whole = Pair()
    vgw = gateway(whole, whole.v1)
    connection(whole, vgw, accepted=2)
    learn(whole, vgw, whole.ta, "192.168.0.0/16", "172.16.0.0/12")
    whole.drop(*DIRECT_CONNECT)
    assert not allow(whole, f"can {whole.a} reach {HOST} port 22").assumptions


# ------------------------------ as an end


def test_as_an_end() -> None:
    """On-premises by way of it; other lines do not count."""
    e, vgw, _ = private()
    e.second()
    other = gateway(e, e.v2)
    connection(
        e,
        other,
        static=["172.16.0.0/12"],
        customer=customer_gateway(e, "203.0.113.98"),
        outside=("203.0.113.30", "203.0.113.31"),
    )
    e.route(e.t2, "172.16.0.0/12", other)
    allow(e, f"can {vgw} reach {e.a} port 22")
    allow(e, f"can {e.b} reach {vgw} port 22")
    deny(e, f"can {other} reach {e.a} port 22")
    allow(e, f"can {other} reach {e.b2} port 22")
    assert ground(e).end("vgw-0000000000000dead") is None
