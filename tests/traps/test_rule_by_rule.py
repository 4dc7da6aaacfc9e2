"""Rules that no other test names, one by one: each with a control.

Rules about what no packet meets (flow logs, AWS's analyzers, names, permissions, capacity) have no
test; ``reach/catalogue.py`` says why of each.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import reach
from tests.estate import Estate, Id, Pair
from tests.estates.access import connect_endpoint
from tests.estates.balancers import Balancer, balancer, listen, target_group
from tests.estates.firewall import Guarded, firewall, policy, stateful, stateless
from tests.estates.private import connection, gateway, learn
from tests.estates.public_access import block, exclude
from tests.estates.transit import joined
from tests.traps.rows import EIP_A, EIP_B, GROUP, NET, NET6, NO_ROUTE, allow, deny, verdict

PUBLIC = {"sa": "198.51.100.40", "sb": "198.51.100.41"}
NODE = "10.0.0.40"
GUEST = "222233334444"
PASS = "pass ip any any -> any any (sid:1;)"


def enabled_in_b(made: Balancer, e: Pair) -> Balancer:
    """Zone b, with no node that matters."""
    zone = e.sb.record["AvailabilityZone"]
    made.record["AvailabilityZones"].append({"SubnetId": str(e.sb), "ZoneName": zone})
    return made


def network_balancer(
    e: Pair,
    targets: Sequence[object] = (),
    *,
    kind: str = "instance",
    protocol: str = "TCP",
    preserve: bool = True,
    groups: Sequence[Id] = (),
    public: bool = True,
) -> Balancer:
    """One node in SA, on port 80, before B or other targets."""
    e.online(e.ta)
    shown = {e.sa: PUBLIC["sa"]} if public else None
    of = target_group(e, e.v1, "g", protocol, 80, targets or [e.b], kind, preserve)
    made = balancer(e, "network", "front", {e.sa: NODE}, groups, public=shown, cross_zone=True)
    listen(e, made, protocol, 80, of)
    return enabled_in_b(made, e)


# ------------------------------ interfaces, mail


MAIL = "R-ENI-13"


def says_mail(e: Estate, question: str) -> bool:
    return any(MAIL in note.text for note in allow(e, question).notes)


def test_mail_to_public_addresses() -> None:
    """R-ENI-13: outbound tcp 25 to what is public, in either IP version and in one's own network;
    to private addresses not, nor what comes in."""
    e = Pair(ipv6=True)
    e.online(e.ta, e.tb)
    e.public(e.a, EIP_A)
    e.public(e.b, EIP_B)
    for end in (NET, NET6, EIP_B, e.b.ip6):
        assert says_mail(e, f"can {e.a} reach {end} port 25")
        assert not says_mail(e, f"can {e.a} reach {end} port 587")
    assert not says_mail(e, f"can {e.a} reach 10.0.1.5 port 25")
    assert not says_mail(e, f"can 0.0.0.0/0 reach {e.a} port 25")
    assert not says_mail(e, f"can ::/0 reach {e.a} port 25")


def test_mail_by_a_nat_gateway() -> None:
    """R-ENI-13: behind a NAT gateway as without."""
    e = Pair()
    e.natted(e.ta)
    assert says_mail(e, f"can {e.a} reach {NET} port 25")


def test_mail_inside_an_ipv6_address() -> None:
    """R-ENI-13, R-NAT-10."""
    e = Estate()
    v = e.vpc("10.0.0.0/16", ipv6=Pair.SIX)
    s6, sn = e.subnet(v, None, ipv6="2600:1f18:1a00:100::/64"), e.subnet(v, "10.0.9.0/24")
    a = e.instance("a6", s6, None, ipv6="2600:1f18:1a00:100::5")
    e.route(e.table(v, [sn]), "0.0.0.0/0", e.igw(v))
    e.route(e.table(v, [s6]), "64:ff9b::/96", e.nat(sn, "10.0.9.9", public="198.51.100.20"))
    assert says_mail(e, f"can {a} reach 64:ff9b::808:808 port 25")


def test_mail_inside_a_vpc_of_public_space() -> None:
    """R-ENI-13: the VPC's primary block is exempt, another one of public space is not."""
    e = Estate()
    v = e.vpc("9.1.0.0/16", "9.2.0.0/16")
    a = e.instance("a", e.subnet(v, "9.1.0.0/24"), "9.1.0.5")
    b = e.instance("b", e.subnet(v, "9.1.1.0/24"), "9.1.1.5")
    c = e.instance("c", e.subnet(v, "9.2.0.0/24"), "9.2.0.5")
    assert not says_mail(e, f"can {a} reach {b} port 25")
    assert says_mail(e, f"can {a} reach {c} port 25")


# ------------------------------ network ACLs, peerings, transit gateways


def test_blocks_of_acls_are_canonical() -> None:
    """R-NACL-6: AWS makes 100.68.0.0/18 of 100.68.0.18/18, so that a block with host bits set is no
    answer of AWS's."""
    e = Pair()
    e.peered("100.68.0.0/16", "100.68.1.5")
    question = f"can {e.a} reach {e.b2} port 22"
    for listed, expected in (("100.68.0.0/18", "reachable"), ("100.68.64.0/18", "unreachable")):
        lines = [f"100 allow all {listed}", "200 deny all 0.0.0.0/0"]
        e.acl(e.v1, [e.sa], ingress=lines, egress=lines)
        verdict(e, question, expected)
    e.acl(e.v1, [e.sa], ingress=["100 allow all 100.68.0.18/18"])
    with pytest.raises(reach.SnapshotError, match=r"100\.68\.0\.18/18.*100\.68\.0\.0/18"):
        e.ask(question)


def test_acls_name_blocks_only() -> None:
    """R-NACL-10: an entry of a prefix list, or of a group, is no answer of AWS's."""
    e = Pair()
    acl = e.acl(e.v1, [e.sa], egress=["100 allow all 0.0.0.0/0"])
    question = f"can {e.a} reach {e.b} port 22"
    allow(e, question)
    entry = next(each for each in acl.record["Entries"] if each["Egress"])
    del entry["CidrBlock"]
    entry["PrefixListId"] = str(e.prefix_list("10.0.0.0/8"))
    with pytest.raises(reach.SnapshotError, match="lacks CidrBlock or Ipv6CidrBlock"):
        e.ask(question)


def test_two_peerings_of_two_vpcs() -> None:
    """R-PCX-10: AWS has one; if two are shown, each carries what is routed to it and is active."""
    e = Pair()
    e.peered()
    other = e.peering(e.v2, e.v1)
    allow(e, f"can {e.a} reach {e.b2} port 22")
    e.pcx.record["Status"]["Code"] = "deleted"
    deny(e, f"can {e.a} reach {e.b2} port 22")
    e.route(e.ta, "10.2.0.0/16", other)
    e.route(e.t2, "10.0.0.0/16", other)
    allow(e, f"can {e.a} reach {e.b2} port 22")


def test_a_reply_that_no_route_takes_back_over_a_transit_gateway() -> None:
    """R-TGW-22: AWS's analyzer looks at the packet only, reach at its reply as well."""
    e = Pair()
    joined(e, back=False)
    question = f"can {e.a} reach {e.b2} port 80"
    deny(e, question, *NO_ROUTE)
    allow(e, question, one_way=True)
    e = Pair()
    joined(e)
    allow(e, question)


@pytest.mark.parametrize("replaced", [True, False])
def test_a_propagated_route_inside_the_local_one(replaced: bool) -> None:
    """R-RT-6, R-RT-7: the local route wins though it is wider, and though its target is replaced by
    an appliance; outside of it what is propagated counts."""
    e = Pair()
    vgw = gateway(e, e.v1)
    connection(e, vgw)
    learn(e, vgw, e.ta, "10.0.1.0/24", "10.7.0.0/16")
    ap = e.instance("ap", e.subnet(e.v1, "10.0.5.0/24"), "10.0.5.5", check=False)
    for table in (e.ta, e.tb) if replaced else ():
        route = next(each for each in table.record["Routes"] if each.get("GatewayId") == "local")
        del route["GatewayId"]
        route["NetworkInterfaceId"] = str(ap.eni)
    answer = allow(e, f"can {e.a} reach 10.0.1.5 port 80")
    assert bool(answer.assumptions) is replaced
    allow(e, f"can {e.a} reach 10.7.0.1 port 80")
    deny(e, f"can {e.a} reach 10.8.0.1 port 80", *NO_ROUTE)


# ------------------------------ Block Public Access


def public_balancer(kind: str, mode: str, **excluded: str) -> tuple[Pair, Id]:
    """Nodes in SA and SB before C, which stands in a subnet of its own."""
    e = Pair()
    e.online(e.ta, e.tb)
    sc = e.subnet(e.v1, "10.0.3.0/24", "b")
    c = e.instance("c", sc, "10.0.3.5")
    protocol = {"network": "TCP", "application": "HTTP"}[kind]
    of = target_group(e, e.v1, "g", protocol, 80, [c], preserve=False)
    nodes = {e.sa: NODE, e.sb: "10.0.1.40"}
    public = {e.sa: PUBLIC["sa"], e.sb: PUBLIC["sb"]}
    listen(e, balancer(e, kind, "front", nodes, public=public, cross_zone=True), protocol, 80, of)
    block(e, mode)
    for name, how in excluded.items():
        exclude(e, getattr(e, name), how)
    return e, c


@pytest.mark.parametrize("kind", ["network", "application"])
@pytest.mark.parametrize("mode", ["block-bidirectional", "block-ingress"])
def test_a_balancer_of_which_one_subnet_is_excluded(kind: str, mode: str) -> None:
    """R-BPA-7, R-BPA-9: it keeps serving by that subnet's node, targets anywhere."""
    e, c = public_balancer(kind, mode, sa="allow-bidirectional")
    allow(e, "can 0.0.0.0/0 reach front port 80")
    allow(e, f"can 0.0.0.0/0 reach {c} port 80")
    allow(e, f"can 0.0.0.0/0 reach {PUBLIC['sa']} port 80")
    deny(e, f"can 0.0.0.0/0 reach {PUBLIC['sb']} port 80", "VPC_BLOCK_PUBLIC_ACCESS_ENABLED")


@pytest.mark.parametrize("kind", ["network", "application"])
@pytest.mark.parametrize("mode", ["block-bidirectional", "block-ingress"])
def test_a_balancer_of_which_no_subnet_is_excluded(kind: str, mode: str) -> None:
    """R-BPA-7, R-BPA-9: not even one way, and an exclusion for egress does not help."""
    e, c = public_balancer(kind, mode)
    for one_way in (False, True):
        question = f"can 0.0.0.0/0 reach {c} port 80"
        deny(e, question, "VPC_BLOCK_PUBLIC_ACCESS_ENABLED", one_way=one_way)
    e, c = public_balancer(kind, mode, sa="allow-egress")
    deny(e, f"can 0.0.0.0/0 reach {c} port 80", "VPC_BLOCK_PUBLIC_ACCESS_ENABLED")


# ------------------------------ firewalls


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ("10 drop tcp any any -> any 443", "pass tcp any any -> any 443 (sid:1;)", "unreachable"),
        ("10 pass tcp any any -> any any", "drop tcp any any -> any 443 (sid:1;)", "reachable"),
        ("10 forward tcp any any -> any any", "drop ip any any -> any any (sid:1;)", "unreachable"),
        ("10 forward tcp any any -> any any", PASS, "reachable"),
    ],
)
def test_the_stateless_engine_is_first(first: str, then: str, expected: str) -> None:
    """R-NFW-2: what it passes or drops the stateful one never sees."""
    e = Guarded()
    e.fire(policy(e, stateful=[stateful(e, then)], stateless=[stateless(e, first)]))
    verdict(e, f"can {e.a} reach {NET} port 443", expected)


OTHERS = "ip_proto:!TCP; ip_proto:!UDP; ip_proto:!ICMP; flow:to_server;"


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        ("protocol 50", "unreachable"),
        ("port 443", "reachable"),
        ("port 53/udp", "reachable"),
        ("icmp", "reachable"),
    ],
)
def test_a_rule_for_all_other_protocols(packet: str, expected: str) -> None:
    """R-NFW-9: AWS's own rules of last resort name protocols by what they are not (AWS Network
    Firewall best practices, "Custom default block rules"); no assumption is left."""
    e = Guarded()
    lines = (
        f"drop ip $HOME_NET any -> any any ({OTHERS} sid:1;)",
        f"drop ip any any -> $HOME_NET any ({OTHERS} sid:2;)",
    )
    e.fire(policy(e, stateful=[stateful(e, *lines, strict=True)], strict=True))
    assert not verdict(e, f"can {e.a} reach {NET} {packet}", expected).assumptions


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("aws:drop_established", "unreachable"),
        ("aws:alert_established_app_layer_to_server", "reachable"),
        ("aws:drop_established_to_server", "undecided"),
        ("aws:drop_quickly", "undecided"),
    ],
)
def test_a_default_action_of_which_nobody_knows_what_it_does(word: str, expected: str) -> None:
    """R-NFW-7: of the API's FirewallPolicy; one that it does not have may drop anything."""
    e = Guarded()
    lines = "pass tcp any any -> any 80 (sid:1;)"
    rules = policy(e, stateful=[stateful(e, lines, strict=True)], strict=True, otherwise=[word])
    e.fire(rules)
    answer = verdict(e, f"can {e.a} reach {NET} port 443", expected)
    assert (word in answer.reason) is (expected == "undecided")


@pytest.mark.parametrize(("preserve", "expected"), [(True, "unreachable"), (False, "reachable")])
def test_a_balancer_whose_targets_are_behind_an_endpoint(preserve: bool, expected: str) -> None:
    """R-GWLBE-5: the client's address cannot be kept through one, whatever the targets' routes."""
    e = Pair()
    sf = e.subnet(e.v1, "10.0.7.0/24", "a")
    e.table(e.v1, [sf])
    own = firewall(e, {sf: "10.0.7.9"}, policy(e, stateful=[stateful(e, PASS)])).endpoints[0]
    e.route(e.ta, "10.0.1.0/24", own)
    e.route(e.tb, "10.0.0.0/24", own)
    network_balancer(e, preserve=preserve)
    question = f"can 0.0.0.0/0 reach {e.b} port 80"
    verdict(e, question, expected)
    e.route(e.tb, "0.0.0.0/0", own)
    verdict(e, question, expected)


# ------------------------------ load balancers


@pytest.mark.parametrize("kind", ["network", "application"])
def test_internet_facing_balancers_need_the_way_out(kind: str) -> None:
    """R-LB-7: their own subnets' route to the gateway; without it the reply is lost."""
    for has_route in (True, False):
        e = Pair()
        if has_route:
            e.online(e.ta)
        else:
            e.igw(e.v1)
        protocol = {"network": "TCP", "application": "HTTP"}[kind]
        of = target_group(e, e.v1, "g", protocol, 80, [e.b], preserve=False)
        made = balancer(
            e, kind, "front", {e.sa: NODE}, public={e.sa: PUBLIC["sa"]}, cross_zone=True
        )
        listen(e, enabled_in_b(made, e), protocol, 80, of)
        question = f"can 0.0.0.0/0 reach {e.b} port 80"
        verdict(e, question, "reachable" if has_route else "unreachable")
        allow(e, question, one_way=True)


@pytest.mark.parametrize("kind", ["network", "application"])
def test_ipv6_of_internal_balancers_is_shielded(kind: str) -> None:
    """R-LB-7: `ipv6.deny_all_igw_traffic` keeps the internet out, and no peer."""
    for shielded in (True, False):
        e = Pair(ipv6=True)
        e.peered()
        e.online(e.ta, e.tb)
        protocol = {"network": "TCP", "application": "HTTP"}[kind]
        six = target_group(
            e, e.v1, "six", protocol, 80, [e.b.ip6], "ip", preserve=False, family="ipv6"
        )
        own = {e.sa: "2600:1f18:1a00:100::40", e.sb: "2600:1f18:1a00:101::40"}
        nodes = {e.sa: NODE, e.sb: "10.0.1.40"}
        made = balancer(e, kind, "front", nodes, ipv6=own, cross_zone=True)
        listen(e, made, protocol, 80, six)
        for node in made.nodes:
            node.record["DenyAllIgwTraffic"] = shielded
        verdict(e, "can ::/0 reach front port 80", "unreachable" if shielded else "reachable")
        allow(e, f"can {e.b2} reach {own[e.sa]} port 80")


def test_a_network_balancer_without_groups() -> None:
    """R-NLB-1: whoever reaches a listener passes, and the target filters; with groups they do."""
    e = Pair()
    network_balancer(e)
    e.wear(e.b, e.group(e.v1, ingress=["tcp/80 10.0.0.0/8"]))
    deny(e, f"can 0.0.0.0/0 reach {e.b} port 80", *GROUP)
    e.wear(e.b, e.group(e.v1, ingress=["tcp/80 any"]))
    allow(e, f"can 0.0.0.0/0 reach {e.b} port 80")
    e = Pair()
    network_balancer(e, groups=[e.group(e.v1, ingress=["tcp/80 203.0.113.0/24"])])
    allow(e, f"can 203.0.113.9 reach {e.b} port 80")
    deny(e, f"can 8.8.8.8 reach {e.b} port 80", *GROUP)


@pytest.mark.parametrize(
    ("protocol", "packet", "expected"),
    [("TCP", "80", "reachable"), ("UDP", "80/udp", "unreachable")],
)
def test_targets_beyond_the_vpc(protocol: str, packet: str, expected: str) -> None:
    """R-NLB-7: by UDP they may receive and cannot answer."""
    e = Pair()
    e.peered()
    network_balancer(e, [("10.2.0.5", 80, "all", None)], kind="ip", protocol=protocol)
    verdict(e, f"can 0.0.0.0/0 reach {e.b2} port {packet}", expected)
    allow(e, f"can 0.0.0.0/0 reach {e.b2} port {packet}", one_way=True)
    e = Pair()
    network_balancer(e, [("10.0.1.5", 80)], kind="ip", protocol=protocol)
    allow(e, f"can 0.0.0.0/0 reach {e.b} port {packet}")


def test_targets_on_premises() -> None:
    """R-NLB-7: by UDP from there no answer comes; from the node's own address one does."""
    for protocol, packet in (("UDP", "80/udp"), ("TCP", "80")):
        e = Pair()
        vgw = gateway(e, e.v1)
        connection(e, vgw, static=["192.168.0.0/16"])
        e.route(e.ta, "192.168.0.0/16", vgw)
        far = [("192.168.1.5", 80, "all", None)]
        network_balancer(e, far, kind="ip", protocol=protocol, preserve=False)
        expected = "unreachable" if protocol == "UDP" else "reachable"
        verdict(e, f"can {e.b} reach front port {packet}", expected)


def before_another(groups: Sequence[str] | None, port: int = 80) -> Pair:
    """A Network Load Balancer on 443, before an Application Load Balancer's 80, before B's 8080."""
    e = Pair()
    e.online(e.ta)
    site = target_group(e, e.v1, "site", "HTTP", 8080, [e.b])
    worn = None if groups is None else [e.group(e.v1, ingress=groups)]
    inner = balancer(e, "application", "inner", {e.sa: "10.0.0.50", e.sb: "10.0.1.50"}, worn)
    listen(e, inner, "HTTP", port, site)
    to_it = target_group(e, e.v1, "alb", "TCP", 80, [(inner, 80)], "alb")
    nodes = {e.sa: NODE, e.sb: "10.0.1.40"}
    public = {e.sa: PUBLIC["sa"]}
    outer = balancer(e, "network", "front", nodes, public=public, cross_zone=True)
    listen(e, outer, "TCP", 443, to_it)
    return e


def test_an_application_balancer_as_target() -> None:
    """R-NLB-8: it sees the clients' addresses, and has to listen on the port."""
    e = before_another(["tcp/80 203.0.113.0/24"])
    allow(e, f"can 203.0.113.9 reach {e.b} port 443")
    deny(e, f"can 8.8.8.8 reach {e.b} port 443", *GROUP)
    e = before_another(["tcp/80 10.0.0.0/16"])
    deny(e, f"can 203.0.113.9 reach {e.b} port 443", *GROUP)
    e = before_another(None, port=81)
    deny(e, f"can 203.0.113.9 reach {e.b} port 443")


def test_the_addresses_of_a_network_balancer() -> None:
    """R-NLB-9: each node has a public address, and its private one works inside the VPC."""
    e = Pair()
    network_balancer(e)
    c = e.instance("c", e.sa, "10.0.0.77")
    for end in (NODE, PUBLIC["sa"]):
        sender = c if end == NODE else "0.0.0.0/0"
        allow(e, f"can {sender} reach {end} port 80")
        deny(e, f"can {sender} reach {end} port 81")
    deny(e, f"can {c} reach {PUBLIC['sa']} port 80", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")
    e.public(c, EIP_A)
    allow(e, f"can {c} reach {PUBLIC['sa']} port 80")
    e = Pair()
    network_balancer(e, public=False)
    deny(e, f"can 0.0.0.0/0 reach {e.b} port 80")


@pytest.mark.parametrize("preserve", [True, False])
def test_the_source_behind_a_network_balancer(preserve: bool) -> None:
    """R-NLB-10, R-EPH-1: the client's own, or the node's with a fresh port of 1024-65535."""
    e = Pair()
    network_balancer(e, preserve=preserve)
    c = e.instance("c", e.sa, "10.0.0.77")
    question = f"can {c} reach front port 80"
    seen, unseen = ("10.0.0.77", NODE) if preserve else (NODE, "10.0.0.77")
    e.wear(e.b, e.group(e.v1, ingress=[f"tcp/80 {seen}/32"]))
    allow(e, question)
    e.wear(e.b, e.group(e.v1, ingress=[f"tcp/80 {unseen}/32"]))
    deny(e, question, *GROUP)
    e.wear(e.b, e.open_group(e.v1))
    e.acl(e.v1, [e.sb], egress=["100 allow tcp/1024 0.0.0.0/0"])
    allow(e, question)
    e.acl(e.v1, [e.sb], egress=["100 allow tcp/1-1023 0.0.0.0/0"])
    deny(e, question, "SUBNET_ACL_RESTRICTION")


# ------------------------------ who may use what of a shared VPC


def test_a_participant_and_the_owners_endpoints() -> None:
    """R-EICE-6, R-VPCE-9, R-BPA-6: who may make or use an endpoint is no matter of packets; what
    the owner has made serves shared subnets, and Block Public Access does not stop it."""
    e = Pair()
    e.share(e.sa, GUEST)
    p = e.instance("p", e.sa, "10.0.0.77", account=GUEST)
    eice = connect_endpoint(e, e.sb, "10.0.1.40")
    vpce = e.endpoint_interface({e.sb: "10.0.1.41"})
    for mode in ("off", "block-bidirectional"):
        block(e, mode)
        allow(e, f"can {eice} reach {p} port 22")
        deny(e, f"can {eice} reach {p} port 23")
        allow(e, f"can {p} reach {vpce} port 443")


# ------------------------------ what a gateway, or a snapshot, does not look at


@pytest.mark.parametrize("packet", ["port 1", "port 443", "port 65535/udp", "icmp", "protocol 50"])
def test_an_internet_gateway_looks_at_no_port(packet: str) -> None:
    """R-IGW-11."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, EIP_A)
    allow(e, f"can 0.0.0.0/0 reach {e.a} {packet}")
    allow(e, f"can {e.a} reach {NET} {packet}")
    e.wear(e.a, e.group(e.v1, ingress=[], egress=[]))
    deny(e, f"can 0.0.0.0/0 reach {e.a} {packet}", *GROUP)


def test_an_error_of_an_open_connection() -> None:
    """R-SG-26: a snapshot holds no connections, so such a message needs a rule of its own."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, EIP_A)
    shut = e.group(e.v1, ingress=["tcp/443 any"])
    e.wear(e.a, shut)
    question = f"can 0.0.0.0/0 reach {e.a} icmp 3/4"
    deny(e, question, *GROUP, one_way=True)
    e.permit(shut, "icmp/3/4 0.0.0.0/0")
    allow(e, question, one_way=True)


def test_timeouts_move_no_packet() -> None:
    """R-SG-28."""
    e = Pair()
    e.wear(e.b, e.group(e.v1, ingress=["tcp/22 10.0.0.0/24"], egress=[]))
    timeouts = {"TcpEstablishedTimeout": 60, "UdpStreamTimeout": 60, "UdpTimeout": 30}
    e.b.eni.record["ConnectionTrackingConfiguration"] = timeouts
    allow(e, f"can {e.a} reach {e.b} port 22")
    deny(e, f"can {e.a} reach {e.b} port 23", *GROUP)
