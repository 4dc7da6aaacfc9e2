"""Section 23: the rows about a VPC's core."""

from __future__ import annotations

import json
import re

from reach.network.address import format_address
from tests.estate import Estate, Pair, dump, said, tell
from tests.traps.rows import (
    ACL,
    BAD_STATE,
    CHECKED,
    EIP_A,
    EIP_B,
    GROUP,
    IN_S3,
    NET,
    NET6,
    NO_ENTRY,
    NO_EXIT,
    NO_ROUTE,
    REFERENCE_LOST,
    allow,
    deny,
    may,
    nat_over_peering,
    row,
    transit_gateway,
    unknown,
    verdict,
    virtual_gateway,
)

# ------------------------------ 23.1 security groups


@row("T-1")
def group_reference_by_public_address() -> None:
    """A,B with EIPs; SG(B) ingress only from group SG(A): A→EIP(B):22 DENY (A→private B ALLOW)."""
    e = Pair()
    e.online(e.ta, e.tb)
    ga = e.group(e.v1)
    e.wear(e.a, ga)
    e.wear(e.b, e.group(e.v1, ingress=[f"all {ga}"]))
    e.public(e.a, EIP_A)
    e.public(e.b, EIP_B)
    deny(e, f"can {e.a} reach {EIP_B} port 22", *REFERENCE_LOST)
    allow(e, f"can {e.a} reach 10.0.1.5 port 22")


@row("T-2")
def same_group_grants_nothing() -> None:
    """A,B both in group G; G has no ingress rule: A→B:80 DENY; with self-reference ALLOW."""
    e = Pair()
    g = e.group(e.v1, ingress=[])
    e.wear(e.a, g)
    e.wear(e.b, g)
    deny(e, f"can {e.a} reach {e.b} port 80", *GROUP)
    e.permit(g, "tcp/80 self")
    allow(e, f"can {e.a} reach {e.b} port 80")


@row("T-10")
def icmp_is_not_icmpv6() -> None:
    """SG(B) ingress `icmp` all from 0.0.0.0/0 and ::/0: A→B ping6 DENY; needs `icmpv6` type 128."""
    e = Pair(ipv6=True)
    g = e.group(e.v1, ingress=["icmp any"])
    e.wear(e.b, g)
    deny(e, f"can {e.a} reach {e.b.ip6} icmp", *GROUP)
    allow(e, f"can {e.a} reach {e.b.ip} icmp")
    e.permit(g, "icmpv6/128 ::/0")
    allow(e, f"can {e.a} reach {e.b.ip6} icmp")


@row("T-11")
def ports_of_other_protocols_mean_nothing() -> None:
    """SG(B) ingress IpProtocol "50" FromPort 500 ToPort 500: A→B ESP fwd ALLOW."""
    e = Pair()
    e.wear(e.b, e.group(e.v1, ingress=["50/500 0.0.0.0/0"], egress=["tcp any"]))
    allow(e, f"can {e.a} reach {e.b} protocol 50", one_way=True)
    deny(e, f"can {e.a} reach {e.b} protocol 51", *GROUP, one_way=True)


@row("T-13")
def both_groups_must_permit() -> None:
    """SG(A) egress only tcp/443; SG(B) ingress all: A→B:22 DENY."""
    e = Pair()
    e.wear(e.a, e.group(e.v1, egress=["tcp/443 0.0.0.0/0"]))
    deny(e, f"can {e.a} reach {e.b} port 22", *GROUP)
    allow(e, f"can {e.a} reach {e.b} port 443")


@row("T-14")
def echo_reply_needs_no_rule() -> None:
    """SG(B) ingress icmp FromPort=8 ToPort=-1: A ping B ALLOW without echo-reply rule."""
    e = Pair()
    e.wear(e.a, e.group(e.v1, ingress=[], egress=["icmp/8 10.0.0.0/16"]))
    e.wear(e.b, e.group(e.v1, ingress=["icmp/8 0.0.0.0/0"], egress=[]))
    allow(e, f"can {e.a} reach {e.b} icmp")
    deny(e, f"can {e.b} reach {e.a} icmp", *GROUP)


@row("T-16")
def group_reference_behind_nat() -> None:
    """A behind public NAT; B has EIP; SG(B) ingress from SG(A): A→EIP(B):443 DENY; ALLOW only if
    SG(B) lists the NAT's EIP."""
    e = Pair()
    e.natted(e.ta, public="198.51.100.20")
    e.online(e.tb)
    e.public(e.b, EIP_B)
    ga = e.group(e.v1)
    gb = e.group(e.v1, ingress=[f"tcp/443 {ga}"])
    e.wear(e.a, ga)
    e.wear(e.b, gb)
    deny(e, f"can {e.a} reach {EIP_B} port 443", *REFERENCE_LOST)
    e.permit(gb, "tcp/443 198.51.100.20/32")
    allow(e, f"can {e.a} reach {EIP_B} port 443")


@row("T-17")
def current_version_of_a_prefix_list() -> None:
    """SG(B) ingress via customer prefix list whose current version dropped 10.0.0.0/24: A→B:22
    DENY."""
    e = Pair()
    e.wear(e.b, e.group(e.v1, ingress=[f"tcp/22 {e.prefix_list('10.7.0.0/16', '10.0.8.0/21')}"]))
    deny(e, f"can {e.a} reach {e.b} port 22", *GROUP)
    e.wear(e.b, e.group(e.v1, ingress=[f"tcp/22 {e.prefix_list('10.7.0.0/16', '10.0.0.0/24')}"]))
    allow(e, f"can {e.a} reach {e.b} port 22")


@row("T-19")
def other_protocols_are_tracked_by_address() -> None:
    """SG(A): no ingress, egress all; A sent GRE to B seconds ago: B→A GRE new fwd ALLOW for up to
    600 s; static engine: MAY."""
    e = Pair()
    e.wear(e.a, e.group(e.v1, ingress=[]))
    may(e, f"can {e.b} reach {e.a} protocol 47", one_way=True)
    e.wear(e.a, e.group(e.v1, ingress=[], egress=["tcp any", "udp any"]))
    deny(e, f"can {e.b} reach {e.a} protocol 47", *GROUP, one_way=True)


@row("T-20")
def groups_are_a_union() -> None:
    """B has two groups: G1 (ingress none) and G2 (ingress tcp/22 any): A→B:22 ALLOW."""
    e = Pair()
    none, ssh = e.group(e.v1, ingress=[]), e.group(e.v1, ingress=["tcp/22 any"])
    e.wear(e.b, none, ssh)
    allow(e, f"can {e.a} reach {e.b} port 22")
    e.wear(e.b, none)
    deny(e, f"can {e.a} reach {e.b} port 22", *GROUP)


@row("T-22")
def group_of_an_absent_account() -> None:
    """SG(B) ingress from a group of an account not in the snapshot: A→B:22 no match, DENY from A;
    UNKNOWN from that account."""
    e = Pair()
    e.peered(account="999988887777")
    del e.scopes[
        "999988887777", "us-east-1"
    ]  # V2's account was never described: of it only the peering is known
    foreign = "sg-0fedcba9876543210"
    g = e.group(e.v1, ingress=[f"tcp/22 999988887777/{foreign}"])
    pair = g.record["IpPermissions"][0]["UserIdGroupPairs"][0]
    pair |= {"VpcId": str(e.v2), "VpcPeeringConnectionId": str(e.pcx), "PeeringStatus": "active"}
    e.wear(e.b, g)
    deny(e, f"can {e.a} reach {e.b} port 22", "UNKNOWN_PEERED_SGS", *GROUP)
    unknown(e, f"can 10.2.0.5 reach {e.b} port 22")


@row("T-23")
def an_associated_group_is_no_path() -> None:
    """Group of V1 associated to V2, self-referencing; A in V1, B2 in V2, no peering: A→B2 DENY."""
    e = Pair()
    e.second()
    g = e.group(e.v1, ingress=["all self"])
    e.associate_group(g, e.v2)
    e.wear(e.a, g)
    e.wear(e.b2, g)
    deny(e, f"can {e.a} reach {e.b2}", *NO_ROUTE, "DISCONNECTED_VPCS")


# ------------------------------ 23.2 network ACLs


@row("T-25")
def acl_forgets_the_reply() -> None:
    """NACL(SB) in: allow tcp 22; out: allow tcp 22 only: A→B:22 DENY (reply goes to ephemeral
    port); fwd ALLOW."""
    e = Pair()
    e.acl(
        e.v1, [e.sb], ingress=["100 allow tcp/22 0.0.0.0/0"], egress=["100 allow tcp/22 0.0.0.0/0"]
    )
    deny(e, f"can {e.a} reach {e.b} port 22", *ACL)
    allow(e, f"can {e.a} reach {e.b} port 22", one_way=True)


@row("T-26")
def first_match_by_number() -> None:
    """NACL(SB) in: 100 deny tcp 22 10.0.0.0/16, 200 allow all: A→B:22 DENY; with numbers exchanged
    ALLOW."""
    e = Pair()
    e.acl(e.v1, [e.sb], ingress=["100 deny tcp/22 10.0.0.0/16", "200 allow all 0.0.0.0/0"])
    deny(e, f"can {e.a} reach {e.b} port 22", *ACL)
    allow(e, f"can {e.a} reach {e.b} port 23")
    e.acl(e.v1, [e.sb], ingress=["200 deny tcp/22 10.0.0.0/16", "100 allow all 0.0.0.0/0"])
    allow(e, f"can {e.a} reach {e.b} port 22")


@row("T-28")
def acl_does_not_filter_the_resolver() -> None:
    """NACL(SA) contains only `*`: A→B DENY, A→resolver 53 ALLOW."""
    e = Pair()
    e.acl(e.v1, [e.sa], ingress=[], egress=[])
    deny(e, f"can {e.a} reach {e.b}", *ACL)
    allow(e, f"can {e.a} reach 10.0.0.2 port 53/udp")
    allow(e, f"can {e.a} reach 169.254.169.253 port 53/udp")


@row("T-29")
def acl_ports_of_other_protocols() -> None:
    """NACL entry Protocol 47 with PortRange 22-22 allow: GRE A→B fwd ALLOW."""
    e = Pair()
    e.acl(e.v1, [e.sb], ingress=["100 allow 47/22-22 0.0.0.0/0"])
    allow(e, f"can {e.a} reach {e.b} protocol 47", one_way=True)
    deny(e, f"can {e.a} reach {e.b} port 22", *ACL, one_way=True)


@row("T-31")
def acl_sees_the_public_source() -> None:
    """NACL(SB) in allows only A's private /32; A and B have EIPs: A→EIP(B):443 DENY (source seen is
    EIP(A))."""
    e = Pair()
    e.online(e.ta, e.tb)
    e.public(e.a, EIP_A)
    e.public(e.b, EIP_B)
    e.acl(e.v1, [e.sb], ingress=["100 allow all 10.0.0.5/32"])
    deny(e, f"can {e.a} reach {EIP_B} port 443", *ACL)
    allow(e, f"can {e.a} reach 10.0.1.5 port 443")
    e.acl(e.v1, [e.sb], ingress=[f"100 allow all {EIP_A}/32"])
    allow(e, f"can {e.a} reach {EIP_B} port 443")


@row("T-37")
def nat_subnet_acl_towards_the_client() -> None:
    """NAT subnet NACL out lacks client subnet's ephemeral range: A→net:443 DENY."""
    e = Pair()
    e.natted(e.ta)
    e.acl(e.v1, [e.sn], egress=["100 allow tcp/443 0.0.0.0/0"])
    deny(e, f"can {e.a} reach {NET} port 443", *ACL)
    e.acl(
        e.v1, [e.sn], egress=["100 allow tcp/443 0.0.0.0/0", "110 allow tcp/1024-65535 10.0.0.0/24"]
    )
    allow(e, f"can {e.a} reach {NET} port 443")


@row("T-38")
def s3_has_public_addresses() -> None:
    """S3 gateway endpoint; NACL(SA) allows only 10.0.0.0/16 both ways: A→S3:443 DENY."""
    e = Pair()
    e.endpoint_gateway(e.v1, [e.ta])
    allow(e, f"can {e.a} reach {IN_S3} port 443")
    e.acl(e.v1, [e.sa], ingress=["100 allow all 10.0.0.0/16"], egress=["100 allow all 10.0.0.0/16"])
    deny(e, f"can {e.a} reach {IN_S3} port 443", *ACL)


# ------------------------------ 23.3 interfaces and route tables


@row("T-43")
def implicit_main_table() -> None:
    """SA not in any association; main table has 0/0→igw; A has EIP: net→A:22 ALLOW."""
    e = Estate()
    v1 = e.vpc("10.0.0.0/16")
    sa = e.subnet(v1, "10.0.0.0/24")
    e.route(v1.table, "0.0.0.0/0", e.igw(v1))
    a = e.instance("a", sa, "10.0.0.5", public=EIP_A)
    allow(e, f"can 0.0.0.0/0 reach {a} port 22")
    e.table(v1, [sa])
    deny(e, f"can 0.0.0.0/0 reach {a} port 22", *NO_ROUTE)


@row("T-44")
def one_subnet_is_layer_2() -> None:
    """SA table: 10.0.0.0/24→appliance ENI; A, A' both in SA: direct; appliance never sees it."""
    e = Pair()
    appliance = e.instance("appliance", e.sb, "10.0.1.99")
    e.route(e.ta, "10.0.0.0/24", appliance.eni)
    twin = e.instance("a2", e.sa, "10.0.0.6")
    answer = allow(e, f"can {e.a} reach {twin} port 22")
    assert appliance.eni not in dump(answer)


@row("T-46")
def static_beats_propagated() -> None:
    """static 172.31.0.0/20→pcx and propagated 172.31.0.0/20→vgw: A→172.31.1.1 by pcx."""
    e = Pair()
    e.peered("172.31.0.0/16", "172.31.1.1", within="172.31.0.0/20")
    vgw = virtual_gateway(e)
    e.route(e.ta, "172.31.0.0/20", vgw, origin="EnableVgwRoutePropagation")
    e.route(e.ta, "172.31.0.0/20", e.pcx)
    answer = allow(e, f"can {e.a} reach 172.31.1.1 port 80")
    assert e.pcx in dump(answer)


@row("T-49")
def static_beats_prefix_list() -> None:
    """prefix-list route 10.2.0.0/16→tgw and static 10.2.0.0/16→pcx: A→B2 by pcx."""
    e = Pair()
    e.peered()
    e.route(e.ta, e.prefix_list("10.2.0.0/16"), transit_gateway(e))
    answer = allow(e, f"can {e.a} reach {e.b2} port 80")
    assert e.pcx in dump(answer)


@row("T-50")
def overlapping_prefix_lists() -> None:
    """two prefix lists covering 10.2.0.0/16, targets pcx-x (good) and eni-y (drops): A→B2 MAY;
    guaranteed=false."""
    e = Pair()
    e.peered()
    e.ta.record["Routes"] = [r for r in e.ta.record["Routes"] if r.get("GatewayId") == "local"]
    e.route(e.ta, e.prefix_list("10.2.0.0/16", name="good"), e.pcx)
    e.route(e.ta, e.prefix_list("10.2.0.0/16", name="bad"), e.instance("y", e.sb, "10.0.1.77").eni)
    may(e, f"can {e.a} reach {e.b2} port 80")


@row("T-52")
def never_forwarded_link_local() -> None:
    """0/0→tgw: A→169.254.168.10 DENY (never forwarded)."""
    e = Pair()
    e.route(e.ta, "0.0.0.0/0", transit_gateway(e))
    verdict(e, f"can {e.a} reach 169.254.168.10 port 80", "unreachable")


@row("T-55")
def edge_table_does_not_see_peering() -> None:
    """V1 has IGW edge table redirecting SB; B2 in peered V2: B2→B direct, not redirected."""
    e = Pair()
    e.peered()
    appliance = e.instance("appliance", e.sa, "10.0.0.99", public=EIP_A)
    edge = e.table(e.v1, edge=e.online(e.ta, e.tb))
    e.route(edge, "10.0.1.0/24", appliance.eni)
    answer = allow(e, f"can {e.b2} reach {e.b} port 80")
    assert appliance.eni not in dump(answer)


@row("T-56")
def appliance_with_the_check_on() -> None:
    """SA route 0/0→ENI of appliance with source/dest check on: A→net DENY at the appliance."""
    e = Pair()
    sp = e.subnet(e.v1, "10.0.5.0/24")
    e.online(e.table(e.v1, [sp]))
    appliance = e.instance("appliance", sp, "10.0.5.9", public=EIP_A)
    e.route(e.ta, "0.0.0.0/0", appliance.eni)
    deny(e, f"can {e.a} reach {NET} port 443", *CHECKED)
    appliance.eni.record["SourceDestCheck"] = appliance.record["SourceDestCheck"] = False
    may(e, f"can {e.a} reach {NET} port 443")


@row("T-58")
def foreign_sources_are_dropped() -> None:
    """A runs containers on 192.168.5.0/24 un-NATed, check on: 192.168.5.2→B DENY."""
    e = Pair()
    e.route(e.tb, "192.168.5.0/24", e.a.eni)
    verdict(e, f"can 192.168.5.2 reach {e.b} port 80", "unreachable")
    deny(e, f"can {e.b} reach 192.168.5.2 port 80", *CHECKED)


@row("T-59")
def route_to_a_stopped_instance() -> None:
    """route→ENI of a stopped instance: A→net DENY, whether the API calls the route active or
    blackhole (U-16)."""
    for state in ("active", "blackhole"):
        e = Pair()
        sp = e.subnet(e.v1, "10.0.5.0/24")
        e.online(e.table(e.v1, [sp]))
        appliance = e.instance(
            "appliance", sp, "10.0.5.9", public=EIP_A, check=False, state="stopped"
        )
        e.route(e.ta, "0.0.0.0/0", appliance.eni, state=state)
        deny(e, f"can {e.a} reach {NET} port 443", *BAD_STATE)


@row("T-61")
def route_inside_the_vpc_to_a_peering() -> None:
    """V1's SB route 10.0.0.0/24→pcx (inside own CIDR): malformed input, reject/flag."""
    import reach

    e = Pair()
    e.peered()
    e.route(e.tb, "10.0.0.0/24", e.pcx)
    route = "10.0.0.0/24"
    try:
        snapshot = e.load()
    except reach.SnapshotError as error:
        told = [str(error)]
    else:
        answer = reach.ask(snapshot, f"can {e.b} reach {e.a} port 22")
        told = [str(d) for d in getattr(snapshot, "diagnostics", ())]
        told += [*said(answer), str(answer.reason), dump(answer)]
        assert answer.verdict != "reachable" or any(route in text for text in told), tell(answer)
    assert any(route in text for text in told), "the route is flagged nowhere"


@row("T-62")
def launch_default_says_nothing() -> None:
    """MapPublicIpOnLaunch=true on SA, A launched with none: net→A DENY."""
    e = Pair()
    e.online(e.ta)
    e.sa.record["MapPublicIpOnLaunch"] = True
    deny(e, f"can 0.0.0.0/0 reach {e.a} port 22", *NO_ENTRY)
    e.public(e.a, EIP_A, elastic=False)
    allow(e, f"can 0.0.0.0/0 reach {e.a} port 22")


# ------------------------------ 23.4 internet, NAT and egress-only gateways


@row("T-64")
def no_public_address_no_way_out() -> None:
    """SA 0/0→igw; A without public IP: A→net:443 DENY."""
    e = Pair()
    e.online(e.ta)
    deny(e, f"can {e.a} reach 0.0.0.0/0 port 443", *NO_EXIT)
    e.public(e.a, EIP_A)
    allow(e, f"can {e.a} reach 0.0.0.0/0 port 443")


@row("T-65")
def no_route_back() -> None:
    """A has EIP; SA has no IGW route: net→A:443 TCP DENY; UDP fwd ALLOW."""
    e = Pair()
    e.online()
    e.public(e.a, EIP_A)
    deny(e, f"can 0.0.0.0/0 reach {e.a} port 443", *NO_ROUTE)
    allow(e, f"can 0.0.0.0/0 reach {e.a} port 443/udp", one_way=True)


@row("T-67")
def private_destination_at_the_igw() -> None:
    """A has EIP, 0/0→igw: A→10.99.0.1 DENY (private destination at IGW); RFC6598 likewise."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, EIP_A)
    deny(e, f"can {e.a} reach 10.99.0.1 port 443", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS")
    deny(e, f"can {e.a} reach 100.64.0.9 port 443", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS")


@row("T-68")
def internet_to_a_private_address() -> None:
    """net sends to A's private address: net→10.0.0.5 DENY."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, EIP_A)
    deny(e, "can 0.0.0.0/0 reach 10.0.0.5 port 22", *NO_ENTRY)
    allow(e, f"can 0.0.0.0/0 reach {EIP_A} port 22")


@row("T-70")
def nat_does_not_answer_ping() -> None:
    """A in same VPC pings NAT's private IP: DENY."""
    e = Pair()
    e.natted(e.ta)
    deny(e, f"can {e.a} reach 10.0.9.9 icmp")
    allow(e, f"can {e.a} reach {NET} icmp")


@row("T-71")
def nat_knows_three_protocols() -> None:
    """A behind NAT: A→net ESP(50) DENY, A→net ping ALLOW."""
    e = Pair()
    e.natted(e.ta)
    deny(e, f"can {e.a} reach {NET} protocol 50", "PROTOCOL_RESTRICTION")
    allow(e, f"can {e.a} reach {NET} icmp")
    allow(e, f"can {e.a} reach {NET} port 53/udp")


@row("T-76")
def private_nat_before_an_igw() -> None:
    """private NAT in a subnet with 0/0→igw: A→net DENY."""
    e = Pair()
    e.natted(e.ta, public=None)
    deny(e, f"can {e.a} reach {NET} port 443", *NO_EXIT)


@row("T-77")
def public_nat_without_an_igw_route() -> None:
    """public NAT placed in a subnet with no IGW route: A→net DENY."""
    e = Pair()
    e.natted(e.ta)
    e.tn.record["Routes"] = [r for r in e.tn.record["Routes"] if r.get("GatewayId") == "local"]
    deny(e, f"can {e.a} reach {NET} port 443", *NO_ROUTE)


@row("T-79")
def peering_needs_a_way_back() -> None:
    """NAT→peering without a return route, but without NAT: A→B2:80 DENY (fwd ALLOW)."""
    e = Pair()
    e.peered(back=False)
    deny(e, f"can {e.a} reach {e.b2} port 80", *NO_ROUTE)
    allow(e, f"can {e.a} reach {e.b2} port 80", one_way=True)


@row("T-80")
def behind_nat_the_source_is_the_nat() -> None:
    """NAT→peering without a return route, SG(B2) allows A's private /32 only: A→B2:80 DENY (source
    is NAT private IP)."""
    e, group = nat_over_peering("tcp/80 10.0.0.5/32")
    deny(e, f"can {e.a} reach {e.b2} port 80", "NGW_SOURCE_ADDRESS_REASSIGN", *GROUP)
    e.permit(group, "tcp/80 10.0.9.9/32")
    allow(e, f"can {e.a} reach {e.b2} port 80")


@row("T-82")
def egress_only_is_ipv6_only() -> None:
    """::/0→eigw and no IPv4 default: A→8.8.8.8 DENY."""
    e = Pair(ipv6=True)
    e.route(e.ta, "::/0", e.eigw(e.v1))
    deny(e, f"can {e.a} reach 8.8.8.8 port 443", *NO_ROUTE)
    allow(e, f"can {e.a} reach {NET6} port 443")


@row("T-83")
def nat64() -> None:
    """IPv6-only A; 64:ff9b::/96→public NAT: A→64:ff9b::808:808 ALLOW."""
    e = Pair(ipv6=True)
    nat = e.natted()
    six = e.subnet(e.v1, None, ipv6="2600:1f18:1a00:106::/64")
    table = e.table(e.v1, [six])
    a = e.instance("six", six, None, ipv6="2600:1f18:1a00:106::5")
    deny(e, f"can {a} reach 64:ff9b::808:808 port 443", *NO_ROUTE)
    e.route(table, "64:ff9b::/96", nat)
    allow(e, f"can {a} reach 64:ff9b::808:808 port 443")


@row("T-85")
def publicly_routable_vpc() -> None:
    """V1 CIDR is 198.51.100.0/24 (publicly routable), no EIP: net→198.51.100.5 DENY."""
    e = Estate()
    v1 = e.vpc("198.51.100.0/24")
    sa = e.subnet(v1, "198.51.100.0/25")
    e.route(v1.table, "0.0.0.0/0", e.igw(v1))
    a = e.instance("a", sa, "198.51.100.5")
    deny(e, "can 0.0.0.0/0 reach 198.51.100.5 port 22", *NO_ENTRY)
    deny(e, f"can {a} reach {NET} port 443", *NO_EXIT)


@row("T-86")
def private_ipv6_is_not_advertised() -> None:
    """subnet IPv6 block attribute private, ::/0→igw: A→net6 DENY."""
    for private in (True, False):
        e = Estate()
        v1 = e.vpc("10.0.0.0/16", ipv6="2600:1f18:1a00:100::/56", ipv6_private=private)
        sa = e.subnet(v1, "10.0.0.0/24", ipv6="2600:1f18:1a00:100::/64", ipv6_private=private)
        e.route(v1.table, "::/0", e.igw(v1))
        a = e.instance("a", sa, "10.0.0.5", ipv6="2600:1f18:1a00:100::5")
        for question in (f"can {a} reach ::/0 port 443", f"can ::/0 reach {a} port 443"):
            (deny if private else allow)(e, question)


@row("T-89")
def port_25_is_throttled() -> None:
    """A with EIP, all open: A→net:25 flagged as throttled by default; A→10.2.0.9:25 not."""
    e = Pair()
    e.peered(ip="10.2.0.9")
    e.online(e.ta)
    e.public(e.a, EIP_A)
    about_25 = re.compile(r"\b25\b")
    assert any(about_25.search(text) for text in said(allow(e, f"can {e.a} reach {NET} port 25")))
    assert not any(
        about_25.search(text) for text in said(allow(e, f"can {e.a} reach 10.2.0.9 port 25"))
    )
    assert not any(
        about_25.search(text) for text in said(allow(e, f"can {e.a} reach {NET} port 443"))
    )


# ------------------------------ 23.5 peering


@row("T-95")
def peering_is_not_transitive() -> None:
    """V1-V2-V3 peering chain, all tables route through V2: V1→V3 DENY."""
    e = Pair()
    first = e.peered()
    v3 = e.vpc("10.3.0.0/16", name="v3")
    s3 = e.subnet(v3, "10.3.0.0/24")
    b3 = e.instance("b3", s3, "10.3.0.5")
    second = e.peering(e.v2, v3)
    e.route(e.ta, "10.3.0.0/16", first)
    e.route(e.t2, "10.3.0.0/16", second)
    e.route(v3.table, "10.0.0.0/16", second)
    e.route(v3.table, "10.2.0.0/16", second)
    deny(e, f"can {e.a} reach {b3} port 80", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR")
    allow(e, f"can {e.b2} reach {b3} port 80")


@row("T-97")
def only_one_side_routes() -> None:
    """only V1 routes to pcx: A→B2:80 DENY; fwd ALLOW."""
    e = Pair()
    e.peered(back=False)
    deny(e, f"can {e.a} reach {e.b2} port 80", *NO_ROUTE)
    allow(e, f"can {e.a} reach {e.b2} port 80", one_way=True)
    deny(e, f"can {e.b2} reach {e.a} port 80", *NO_ROUTE, one_way=True)


@row("T-98")
def two_peers_with_one_cidr() -> None:
    """V1 peered to V2 and V3, both 10.2.0.0/16; V1 routes it to pcx-V2: V3 host→A:80 fwd ALLOW, TCP
    DENY (reply to V2)."""
    for twin in (False, True):  # whether V2 has a host of that very address
        e = Pair()
        e.peered(ip="10.2.0.5" if twin else "10.2.0.6")
        v3 = e.vpc("10.2.0.0/16", name="v3")
        s3 = e.subnet(v3, "10.2.0.0/24")
        b3 = e.instance("b3", s3, "10.2.0.5")
        e.route(v3.table, "10.0.0.0/16", e.peering(e.v1, v3))
        allow(e, f"can {b3} reach {e.a} port 80", one_way=True)
        deny(e, f"can {b3} reach {e.a} port 80")
        allow(e, f"can {e.b2} reach {e.a} port 80")


@row("T-100")
def peering_not_accepted() -> None:
    """pcx pending-acceptance: A→B2 DENY."""
    e = Pair()
    e.second()
    pcx = e.peering(e.v1, e.v2, status="pending-acceptance")
    e.route(e.ta, "10.2.0.0/16", pcx, state="blackhole")
    e.route(e.t2, "10.0.0.0/16", pcx, state="blackhole")
    deny(e, f"can {e.a} reach {e.b2} port 80", *BAD_STATE)


@row("T-101")
def public_name_means_internet_path() -> None:
    """pcx active; DNS option off; client uses B2's public hostname: resolves public, so internet
    path, not pcx."""
    e = Pair()
    e.peered()
    e.route(e.t2, "0.0.0.0/0", e.igw(e.v2))
    e.public(e.b2, EIP_B)
    deny(e, f"can {e.a} reach {EIP_B} port 80", *NO_ROUTE)
    allow(e, f"can {e.a} reach 10.2.0.5 port 80")
    gateway = e.online(e.ta)
    e.public(e.a, EIP_A)
    answer = allow(e, f"can {e.a} reach {EIP_B} port 80")
    assert gateway in dump(answer)
    assert e.pcx not in dump(answer)


# ------------------------------ 23.6 endpoints


@row("T-118")
def endpoint_does_not_answer_ping() -> None:
    """interface endpoint, SG open: A ping endpoint IP DENY."""
    e = Pair()
    e.endpoint_interface({e.sb: "10.0.1.40"})
    deny(e, f"can {e.a} reach 10.0.1.40 icmp")
    allow(e, f"can {e.a} reach 10.0.1.40 port 443")


@row("T-119")
def endpoint_in_another_zone() -> None:
    """endpoint ENI only in AZ-a, A in AZ-b: A→endpoint:443 ALLOW."""
    e = Pair()
    vpce = e.endpoint_interface({e.sa: "10.0.0.40"})
    allow(e, f"can {e.b} reach 10.0.0.40 port 443")
    allow(e, f"can {e.b} reach {vpce} port 443")


@row("T-124")
def private_dns_is_names_only() -> None:
    """PrivateDnsEnabled=false: A→endpoint ENI IP:443 ALLOW (name-only setting)."""
    e = Pair()
    e.endpoint_interface({e.sb: "10.0.1.40"}, private_dns=False)
    allow(e, f"can {e.a} reach 10.0.1.40 port 443")


@row("T-125")
def endpoint_policy_is_no_packet_filter() -> None:
    """endpoint policy denies everything: A→endpoint:443 packets ALLOW at packet level."""
    e = Pair()
    denies = {
        "Version": "2008-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
    e.endpoint_interface({e.sb: "10.0.1.40"}, policy=json.dumps(denies))
    s3 = e.endpoint_gateway(e.v1, [e.ta])
    s3.record["PolicyDocument"] = json.dumps(denies)
    allow(e, f"can {e.a} reach 10.0.1.40 port 443")
    allow(e, f"can {e.a} reach {IN_S3} port 443")


@row("T-127")
def gateway_endpoint_of_one_region() -> None:
    """S3 gateway endpoint in Region r, no NAT/IGW: A→S3 of another Region DENY."""
    e = Pair()
    e.endpoint_gateway(e.v1, [e.ta])
    allow(e, f"can {e.a} reach {IN_S3} port 443")
    deny(e, f"can {e.a} reach 52.218.128.9 port 443", *NO_ROUTE)  # us-west-2's


@row("T-128")
def gateway_endpoint_beats_the_default_route() -> None:
    """S3 gateway endpoint + 0/0→NAT: A→S3 same Region via endpoint, source stays private."""
    e = Pair()
    nat = e.natted(e.ta)
    vpce = e.endpoint_gateway(e.v1, [e.ta])
    answer = allow(e, f"can {e.a} reach {IN_S3} port 443")
    assert vpce in dump(answer)
    assert nat not in dump(answer)
    answer = allow(e, f"can {e.a} reach {NET} port 443")
    assert nat in dump(answer)
    assert vpce not in dump(answer)


@row("T-130")
def group_must_allow_the_service() -> None:
    """SG(A) egress only to VPC CIDR; gateway endpoint associated: A→S3 DENY; with the service's
    prefix list ALLOW."""
    e = Pair()
    e.endpoint_gateway(e.v1, [e.ta])
    g = e.group(e.v1, egress=["all 10.0.0.0/16"])
    e.wear(e.a, g)
    deny(e, f"can {e.a} reach {IN_S3} port 443", *GROUP)
    e.permit(g, f"tcp/443 {e.service_list('s3')}", egress=True)
    allow(e, f"can {e.a} reach {IN_S3} port 443")


# ------------------------------ 23.7 service traffic, accounts


@row("T-160")
def what_no_filter_sees() -> None:
    """SG(A) no egress, NACL deny all: A→VPC+2:53, 169.254.169.254:80, 169.254.169.123:123 ALLOW;
    A→own DNS 10.0.5.5:53 DENY."""
    e = Pair()
    own = e.instance("dns", e.subnet(e.v1, "10.0.5.0/24"), "10.0.5.5")
    allow(e, f"can {e.a} reach {own} port 53/udp")
    e.wear(e.a, e.group(e.v1, ingress=[], egress=[]))
    e.acl(e.v1, [e.sa], ingress=[], egress=[])
    allow(e, f"can {e.a} reach 10.0.0.2 port 53/udp")
    allow(e, f"can {e.a} reach 169.254.169.254 port 80")
    allow(e, f"can {e.a} reach 169.254.169.123 port 123/udp")
    deny(e, f"can {e.a} reach 10.0.5.5 port 53/udp", *GROUP, *ACL)


@row("T-161")
def resolver_switched_off() -> None:
    """enableDnsSupport=false: A→VPC+2:53 no answer."""
    e = Estate()
    v1 = e.vpc("10.0.0.0/16", dns=False)
    a = e.instance("a", e.subnet(v1, "10.0.0.0/24"), "10.0.0.5")
    deny(e, f"can {a} reach 10.0.0.2 port 53/udp")
    deny(e, f"can {a} reach 169.254.169.253 port 53/udp")
    allow(e, f"can {a} reach 169.254.169.123 port 123/udp")


SSM = ("ssm", "ssmmessages", "ec2messages")


@row("T-172")
def session_manager_dials_out() -> None:
    """no ingress rules on A; ssm+ssmmessages+ec2messages endpoints with SG admitting A on 443:
    Session Manager to A ALLOW."""
    e = Pair()
    ga = e.group(e.v1, ingress=[])
    e.wear(e.a, ga)
    gate = e.group(e.v1, ingress=[f"tcp/443 {ga}"])
    endpoints = [
        e.endpoint_interface({e.sb: f"10.0.1.{40 + n}"}, service, [gate])
        for n, service in enumerate(SSM)
    ]
    for endpoint in endpoints:
        allow(e, f"can {e.a} reach {endpoint} port 443")
        deny(e, f"can {e.b} reach {endpoint} port 443", *GROUP)


@row("T-173")
def session_manager_shut_out() -> None:
    """as T-172 but endpoint SG admits nothing: Session Manager DENY."""
    e = Pair()
    gate = e.group(e.v1, ingress=[])
    for n, service in enumerate(SSM):
        endpoint = e.endpoint_interface({e.sb: f"10.0.1.{40 + n}"}, service, [gate])
        deny(e, f"can {e.a} reach {endpoint} port 443", *GROUP)


@row("T-178")
def participant_without_the_acl() -> None:
    """shared subnet, snapshot taken by participant lacks NACL: A→B UNKNOWN."""
    e = Pair(account="222233334444")
    calls = e.scopes[e.home]
    for key in ("Vpcs", "Subnets", "RouteTables"):
        for record in calls[key]:
            record["OwnerId"] = "111122223333"
    for subnet in calls["Subnets"]:
        subnet["SubnetArn"] = subnet["SubnetArn"].replace("222233334444", "111122223333")
    allow(e, f"can {e.a} reach {e.b} port 22")
    calls["NetworkAcls"].clear()
    unknown(e, f"can {e.a} reach {e.b} port 22")


@row("T-181")
def what_a_flow_log_of_a_nat_gateway_would_show() -> None:
    """NAT flow log: srcaddr = NAT ENI; the real source is in pkt-srcaddr (R-FL-5): it is what comes
    in, and only what goes out carries the address of the gateway's own interface. So back."""
    e = Pair()
    nat = e.natted(e.ta)
    witness = allow(e, f"can {e.a} reach {NET} port 443").witness
    (there,) = (step for step in witness.forward if step.resource == nat)
    (back,) = (step for step in witness.reply if step.resource == nat)
    sources = [format_address(header.source) for header in (there.before, there.after)]
    assert sources == ["10.0.0.5", "10.0.9.9"]
    destinations = [format_address(header.destination) for header in (back.before, back.after)]
    assert destinations == ["10.0.9.9", "10.0.0.5"]
