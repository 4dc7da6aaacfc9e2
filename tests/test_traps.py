"""Section 23 of the reference, row by row, and rules that no row covers: from JSON to the verdict.

Each row is a function whose docstring is the row; its number is the test's id. A row that gives two
polarities is asked both ways, and where a row says DENY for one reason a control without that
reason is asked as well, so that no test passes because of something else. Verdicts come from the
rules, codes from the table under R-RA-5.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.estate import CALLS, Estate, Id, Pair, city, codes, dump, load_files, said, tell

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "aws-semantics.md"

# Rows that need what is not modelled yet.
LATER = {
    "T-4": "transit gateway",
    "T-5": "transit gateway",
    "T-7": "transit gateway",
    "T-8": "transit gateway",
    "T-32": "transit gateway",
    "T-34": "transit gateway",
    "T-35": "transit gateway",
    "T-40": "gateway load balancer endpoint",
    "T-41": "network load balancer",
    "T-47": "virtual private gateway (until then undecided, below)",
    "T-53": "gateway load balancer endpoint (R-RT-22 with an appliance is below)",
    "T-73": "virtual private gateway",
    "T-74": "transit gateway",
    "T-88": "carrier gateway",
    "T-91": "virtual private gateway",
    "T-92": "virtual private gateway (until then undecided, below)",
    "T-94": "virtual private gateway",
    "T-103": "transit gateway",
    "T-104": "transit gateway",
    "T-106": "transit gateway",
    "T-107": "transit gateway",
    "T-109": "transit gateway",
    "T-110": "transit gateway",
    "T-112": "transit gateway",
    "T-113": "transit gateway",
    "T-115": "Cloud WAN",
    "T-116": "Cloud WAN",
    "T-121": "endpoint service",
    "T-122": "endpoint service",
    "T-131": "network load balancer",
    "T-133": "network load balancer",
    "T-134": "network load balancer",
    "T-136": "application load balancer",
    "T-137": "application load balancer",
    "T-139": "load balancer",
    "T-140": "load balancer",
    "T-142": "network load balancer",
    "T-143": "gateway load balancer",
    "T-145": "Global Accelerator",
    "T-146": "network load balancer",
    "T-148": "VPC Lattice",
    "T-149": "VPC Lattice",
    "T-151": "Network Firewall",
    "T-152": "Network Firewall",
    "T-154": "Network Firewall",
    "T-155": "Network Firewall",
    "T-157": "Block Public Access",
    "T-158": "Block Public Access",
    "T-163": "Block Public Access",
    "T-164": "Block Public Access, Instance Connect Endpoint",
    "T-166": "Block Public Access, Network Firewall",
    "T-167": "encryption controls",
    "T-169": "Instance Connect Endpoint",
    "T-170": "Instance Connect Endpoint",
    "T-175": "Client VPN",
    "T-176": "Client VPN",
    "T-179": "transit gateway",
    "T-181": "flow logs",
    "T-182": "BYOIP pool on an edge table, Block Public Access",
}

# Codes that stand for one thing, seen from two sides.
GROUP = {"ENI_SG_RULES_MISMATCH", "SG_HAS_NO_RULES"}
REFERENCE_LOST = {"ENI_SG_RULES_MISMATCH", "SG_REFERENCES_NOT_PRESERVED"}
ACL = {"SUBNET_ACL_RESTRICTION"}
NO_ROUTE = {"NO_ROUTE_TO_DESTINATION", "CANNOT_ROUTE"}
BAD_STATE = {"BAD_STATE", "BAD_STATE_ROUTE", "BAD_STATE_ATTACHMENT"}
CHECKED = {"ENI_SOURCE_DEST_CHECK_RESTRICTION", "ENI_ADDRESS_RESTRICTION"}
NO_ENTRY = {"IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"}
NO_EXIT = {"IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"}

EIP_A, EIP_B = "198.51.100.7", "198.51.100.8"
NET, NET6 = "8.8.8.8", "2606:4700:4700::1111"
IN_S3 = "52.216.1.10"


# ------------------------------ how a row is said


def verdict(e: Estate, question: str, expected: str, one_way: bool = False) -> Any:
    answer = e.ask(question, one_way=one_way)
    assert answer.verdict == expected, (
        f"{question}{' (one way)' if one_way else ''}: {expected} expected\n  {tell(answer)}"
    )
    return answer


def allow(e: Estate, question: str, one_way: bool = False) -> Any:
    return verdict(e, question, "reachable", one_way)


def deny(e: Estate, question: str, *any_code: str, one_way: bool = False) -> Any:
    """Unreachable, and one of these codes is among the explanations."""
    answer = verdict(e, question, "unreachable", one_way)
    assert answer.explanations, f"{question}: an unreachable answer names no blocker"
    assert not any_code or codes(answer) & set(any_code), (
        f"{question}: {any_code} expected\n  {tell(answer)}"
    )
    return answer


def may(e: Estate, question: str, one_way: bool = False) -> Any:
    """Possible, not guaranteed: reachable, and the answer says on what assumption."""
    answer = verdict(e, question, "reachable", one_way)
    assert answer.assumptions, f"{question}: a may without its assumption"
    assert all(assumption.text for assumption in answer.assumptions)
    return answer


def unknown(e: Estate, question: str, *names: str, one_way: bool = False) -> Any:
    answer = verdict(e, question, "undecided", one_way)
    assert answer.reason, f"{question}: undecided without a reason"
    for name in names:
        assert name in str(answer.reason), (
            f"{question}: the reason does not name {name}\n  {tell(answer)}"
        )
    return answer


Row = Callable[[], None]
ROWS: dict[str, Row] = {}


def row(number: str) -> Callable[[Row], Row]:
    def add(function: Row) -> Row:
        assert number not in ROWS
        assert number not in LATER
        ROWS[number] = function
        return function

    return add


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


# ------------------------------ the rows as tests


@pytest.mark.parametrize("number", ROWS)
def test_row(number: str) -> None:
    ROWS[number]()


def reference_rows() -> list[str]:
    text = REFERENCE.read_text()
    section = text[text.index("## 23. ") : text.index("## 23b.")]
    return re.findall(r"^\| (T-\d+) \|", section, re.M)


@pytest.mark.skipif(not REFERENCE.exists(), reason=f"the reference is absent: {REFERENCE}")
def test_no_row_is_forgotten() -> None:
    """Every row of section 23 is tested or waits in LATER, and nothing else is."""
    rows = reference_rows()
    assert len(rows) > 100
    assert sorted(rows) == sorted([*ROWS, *LATER])


# ------------------------------ parts of topologies


def virtual_gateway(e: Pair) -> Id:
    """A virtual private gateway on V1, with a static VPN."""
    vgw = e.make("vgw", e.home, None)
    vgw.record.update(AmazonSideAsn=64512, State="available", Type="ipsec.1", VpnGatewayId=str(vgw))
    vgw.record["VpcAttachments"] = [{"State": "attached", "VpcId": str(e.v1)}]
    return e.put("VpnGateways", vgw)


def transit_gateway(e: Pair) -> Id:
    tgw = e.make("tgw", e.home, None)
    arn = f"arn:aws:ec2:us-east-1:{e.home[0]}:transit-gateway/{tgw}"
    tgw.record.update(
        OwnerId=e.home[0],
        State="available",
        TransitGatewayArn=arn,
        TransitGatewayId=str(tgw),
        Options={},
    )
    return e.put("TransitGateways", tgw)


def nat_over_peering(rule: str) -> tuple[Pair, Id]:
    """A behind a NAT gateway whose subnet routes V2 to the peering; V2 has no way back; SG(B2) has
    one rule."""
    e = Pair()
    e.peered(back=False)
    nat = e.natted()
    e.route(e.tn, "10.2.0.0/16", e.pcx)
    e.route(e.ta, "10.2.0.0/16", nat)
    group = e.group(e.v2, ingress=[rule])
    e.wear(e.b2, group)
    return e, group


def bastion(
    check: bool = False,
    public: str | None = "198.51.100.30",
    state: str = "running",
    through: bool = True,
) -> tuple[Pair, Id]:
    """V1 with an edge table that sends SB's inbound internet traffic to an appliance in SP.

    SB's own way out is the appliance too, unless `through` is false: then it is the gateway.
    """
    e = Pair()
    e.public(e.b, EIP_B)
    sp = e.subnet(e.v1, "10.0.5.0/24", name="sp")
    gateway = e.online(e.table(e.v1, [sp], name="tp"))
    appliance = e.instance("appliance", sp, "10.0.5.9", public=public, check=check, state=state)
    e.route(e.table(e.v1, edge=gateway, name="edge"), "10.0.1.0/24", appliance.eni)
    e.route(e.tb, "0.0.0.0/0", appliance.eni if through else gateway)
    return e, appliance


# ------------------------------ 22b: what real networks showed


class TestObserved:
    def test_to_itself(self) -> None:
        """R-OBS-1: to an own private address, of any of its interfaces, no route, ACL or group
        counts."""
        e = Pair()
        shut = e.group(e.v1, ingress=[], egress=[])
        e.wear(e.a, shut)
        e.acl(e.v1, [e.sa, e.sb], ingress=[], egress=[])
        other = e.interface(e.sb, "10.0.1.6", [shut], on=e.a)
        allow(e, f"can {e.a} reach 10.0.0.5 port 22")
        allow(e, f"can 10.0.0.5 reach {other} port 22")
        allow(e, "can 10.0.1.6 reach 10.0.0.5 icmp")

    def test_to_its_own_public_address(self) -> None:
        """R-OBS-2: a real trip out and back in, with its own public address as the source."""
        e = Pair()
        e.online(e.ta)
        e.public(e.a, EIP_A)
        g = e.group(e.v1, ingress=["tcp/22 10.0.0.0/16"])
        e.wear(e.a, g)
        deny(e, f"can {e.a} reach {EIP_A} port 22", *GROUP)
        e.permit(g, f"tcp/22 {EIP_A}/32")
        allow(e, f"can {e.a} reach {EIP_A} port 22")
        e.acl(e.v1, [e.sa], ingress=["100 allow all 10.0.0.0/16"])
        deny(e, f"can {e.a} reach {EIP_A} port 22", *ACL)

    def test_an_address_of_nobody(self) -> None:
        """R-OBS-3: what only a deleted resource names answers nothing and is not a host on the
        internet."""
        e = Pair()
        e.online(e.ta)
        e.public(e.a, EIP_A)
        e.nat(e.sb, "10.0.1.9", public="203.0.113.99", state="deleted")
        deny(e, f"can {e.a} reach 203.0.113.99 port 443")
        allow(e, f"can {e.a} reach 203.0.113.98 port 443")
        deny(e, f"can 203.0.113.99 reach {e.a} port 443")

    def test_in_by_the_igw_out_by_the_nat(self) -> None:
        """R-OBS-4: a reply that arrives at a NAT gateway without a connection for it is dropped."""
        e = Pair()
        e.natted(e.ta)
        e.public(e.a, EIP_A)
        deny(e, f"can 0.0.0.0/0 reach {EIP_A} port 22")
        allow(e, f"can 0.0.0.0/0 reach {EIP_A} port 22", one_way=True)
        allow(e, f"can {e.a} reach {NET} port 22")

    def test_several_interfaces(self) -> None:
        """R-OBS-5: an instance answers and sends by the interface that owns the address."""
        e = Pair()
        e.online(e.tb)
        e.interface(e.sb, "10.0.1.6", on=e.a, public=EIP_A)
        allow(e, f"can 0.0.0.0/0 reach {EIP_A} port 22")
        allow(e, f"can {e.a} reach {NET} port 443")
        allow(e, f"can 10.0.1.6 reach {NET} port 443")
        deny(e, f"can 10.0.0.5 reach {NET} port 443", *NO_ROUTE)

    @pytest.mark.parametrize("packet", ["port 443", "port 53/udp", "icmp"])
    def test_nat_addresses_answer_nothing(self, packet: str) -> None:
        """R-OBS-7: private or public, a NAT gateway's own addresses answer nothing that is not a
        reply."""
        e = Pair()
        e.natted(e.ta, public="198.51.100.20")
        deny(e, f"can 0.0.0.0/0 reach 198.51.100.20 {packet}")
        deny(e, f"can {e.a} reach 198.51.100.20 {packet}")
        deny(e, f"can {e.a} reach 10.0.9.9 {packet}")

    def test_a_service_answers_its_ports(self) -> None:
        """R-OBS-8, R-VPCE-5: S3 and an interface endpoint answer their ports; S3 answers ping, the
        endpoint does not."""
        e = Pair()
        e.endpoint_gateway(e.v1, [e.ta])
        e.endpoint_interface({e.sb: "10.0.1.40"})
        allow(e, f"can {e.a} reach {IN_S3} port 443")
        allow(e, f"can {e.a} reach {IN_S3} icmp")
        deny(e, f"can {e.a} reach {IN_S3} port 22")
        allow(e, f"can {e.a} reach 10.0.1.40 port 443")
        deny(e, f"can {e.a} reach 10.0.1.40 port 22")
        deny(e, f"can {e.a} reach 10.0.1.40 icmp")

    def test_s3_over_the_internet_answers_the_same(self) -> None:
        """R-OBS-8: the ports are the service's whatever the way to it."""
        e = Pair()
        e.service_list("s3")
        e.natted(e.ta)
        allow(e, f"can {e.a} reach {IN_S3} port 443")
        deny(e, f"can {e.a} reach {IN_S3} port 22")
        allow(e, f"can {e.a} reach {NET} port 22")

    def test_echo_reply_is_type_0(self) -> None:
        """R-OBS-9: an ACL that names types must see the reply as type 0."""
        e = Pair()
        e.acl(
            e.v1,
            [e.sa],
            ingress=["100 allow icmp/0 0.0.0.0/0"],
            egress=["100 allow icmp/8 0.0.0.0/0"],
        )
        allow(e, f"can {e.a} reach {e.b} icmp")
        deny(e, f"can {e.b} reach {e.a} icmp", *ACL)
        e.acl(
            e.v1,
            [e.sa],
            ingress=["100 allow icmp/8 0.0.0.0/0"],
            egress=["100 allow icmp/8 0.0.0.0/0"],
        )
        deny(e, f"can {e.a} reach {e.b} icmp", *ACL)

    def test_two_views_of_a_shared_subnet(self) -> None:
        """R-OBS-10, R-SHARE-1: the participant sees subnet and tables, the owner's view completes
        them."""
        guest = "222233334444"
        e = Pair()
        e.peered()
        e.online(e.ta, e.tb)
        e.share(e.sa, guest)
        p = e.instance(
            "p",
            e.sa,
            "10.0.0.77",
            [e.group(e.v1, account=guest)],
            public="198.51.100.77",
            account=guest,
        )
        for destination in (e.a, e.b, e.b2, NET):
            allow(e, f"can {p} reach {destination} port 443")
        for source in (e.a, e.b, e.b2, "0.0.0.0/0"):
            allow(e, f"can {source} reach {p} port 22")
        e.acl(e.v1, [e.sa], ingress=[], egress=[])
        deny(e, f"can {p} reach {e.b} port 443", *ACL)
        allow(e, f"can {p} reach {e.a} port 443")


# ------------------------------ 1: interfaces


class TestInterfaces:
    def test_delegated_prefixes(self) -> None:
        """R-ENI-2: a delegated prefix is the interface's own, as destination and as source, IPv4
        and IPv6."""
        e = Pair(ipv6=True)
        e.instance("node", e.sb, "10.0.1.9", prefixes=["10.0.1.16/28", "2600:1f18:1a00:101:7::/80"])
        allow(e, f"can {e.a} reach 10.0.1.21 port 22")
        allow(e, f"can 10.0.1.31 reach {e.a} port 22")
        allow(e, f"can {e.a} reach 2600:1f18:1a00:101:7::1 port 22")
        deny(e, f"can {e.a} reach 10.0.1.32 port 22")

    def test_secondary_addresses(self) -> None:
        """R-ENI-3: one public address per private one; each maps to its own."""
        e = Pair()
        e.online(e.tb)
        e.instance(
            "two", e.sb, "10.0.1.9", secondary={"10.0.1.10": "198.51.100.10", "10.0.1.11": None}
        )
        allow(e, "can 0.0.0.0/0 reach 198.51.100.10 port 22")
        allow(e, f"can {e.a} reach 10.0.1.11 port 22")
        allow(e, f"can 10.0.1.10 reach {NET} port 443")
        deny(e, f"can 10.0.1.11 reach {NET} port 443", *NO_EXIT)
        deny(e, f"can 10.0.1.9 reach {NET} port 443", *NO_EXIT)

    @pytest.mark.parametrize("state", ["stopped", "stopping", "pending", "shutting-down"])
    def test_an_instance_that_does_not_run(self, state: str) -> None:
        """R-ENI-8: it neither sends nor receives."""
        e = Pair()
        off = e.instance("off", e.sb, "10.0.1.9", state=state)
        deny(e, f"can {e.a} reach {off} port 22", *BAD_STATE)
        deny(e, f"can {off} reach {e.a} port 22", *BAD_STATE)

    def test_an_interface_on_nothing(self) -> None:
        """R-ENI-8: an interface that is attached to nothing neither sends nor receives, in the same
        subnet or another."""
        e = Pair()
        loose = e.interface(e.sb, "10.0.1.9")
        for other in (e.a, e.b):
            deny(e, f"can {other} reach {loose} port 22", *BAD_STATE)
            deny(e, f"can {loose} reach {other} port 22", *BAD_STATE)

    def test_shielded_from_the_internet(self) -> None:
        """R-ENI-10: DenyAllIgwTraffic keeps out the gateway, not the peer."""
        e = Pair(ipv6=True)
        e.peered()
        e.online(e.tb)
        allow(e, f"can ::/0 reach {e.b} port 443")
        e.b.eni.record["DenyAllIgwTraffic"] = True
        deny(e, f"can ::/0 reach {e.b} port 443")
        allow(e, f"can {e.b2} reach {e.b.ip6} port 443")

    def test_private_ipv6_inside(self) -> None:
        """R-ENI-11: a private IPv6 block is not advertised, but it works inside the VPC."""
        e = Estate()
        v1 = e.vpc("10.0.0.0/16", ipv6="fd00:1a00:1:100::/56", ipv6_private=True)
        sa = e.subnet(v1, "10.0.0.0/24", ipv6="fd00:1a00:1:100::/64", ipv6_private=True)
        sb = e.subnet(v1, "10.0.1.0/24", ipv6="fd00:1a00:1:101::/64", ipv6_private=True)
        e.route(v1.table, "::/0", e.igw(v1))
        a = e.instance("a", sa, "10.0.0.5", ipv6="fd00:1a00:1:100::5")
        b = e.instance("b", sb, "10.0.1.5", ipv6="fd00:1a00:1:101::5")
        allow(e, f"can {a} reach {b.ip6} port 443")
        deny(e, f"can {a} reach {NET6} port 443")

    def test_private_ipv6_and_egress_only(self) -> None:
        """R-ENI-11: nor through an egress-only gateway."""
        e = Estate()
        v1 = e.vpc("10.0.0.0/16", ipv6="2600:1f18:1a00:100::/56", ipv6_private=True)
        sa = e.subnet(v1, "10.0.0.0/24", ipv6="2600:1f18:1a00:100::/64", ipv6_private=True)
        e.route(v1.table, "::/0", e.eigw(v1))
        a = e.instance("a", sa, "10.0.0.5", ipv6="2600:1f18:1a00:100::5")
        deny(e, f"can {a} reach {NET6} port 443")

    def test_reserved_addresses(self) -> None:
        """R-PIPE-7: a subnet's reserved addresses belong to no resource."""
        e = Pair()
        for reserved in ("10.0.1.0", "10.0.1.3", "10.0.1.255"):
            deny(e, f"can {e.a} reach {reserved} port 22")


# ------------------------------ 2: security groups


class TestGroups:
    def test_all_protocols(self) -> None:
        """R-SG-7: -1 is every protocol and port."""
        e = Pair()
        e.wear(e.b, e.group(e.v1, ingress=["-1 10.0.0.0/24"]))
        for packet in ("port 1", "port 65535/udp", "icmp", "protocol 47", "protocol 132", ""):
            allow(e, f"can {e.a} reach {e.b} {packet}".rstrip())

    def test_numbers_as_strings(self) -> None:
        """R-SG-7: a number that is none of the four ignores ports; the four as numbers mean the
        four."""
        e = Pair()
        e.wear(e.b, e.group(e.v1, ingress=["132 0.0.0.0/0"]))
        allow(e, f"can {e.a} reach {e.b} protocol 132", one_way=True)
        deny(e, f"can {e.a} reach {e.b} port 22", *GROUP)
        e.wear(e.b, e.group(e.v1, ingress=["6/22 0.0.0.0/0"]))
        allow(e, f"can {e.a} reach {e.b} port 22")
        deny(e, f"can {e.a} reach {e.b} port 23", *GROUP)

    def test_ports_are_destination_ports(self) -> None:
        """R-SG-8: the range constrains the first packet's destination port, on both sides."""
        e = Pair()
        e.wear(e.a, e.group(e.v1, ingress=[], egress=["tcp/20-25 10.0.1.0/24"]))
        e.wear(e.b, e.group(e.v1, ingress=["tcp/22-90 10.0.0.0/24"], egress=[]))
        for port, expected in (
            (19, "unreachable"),
            (21, "unreachable"),
            (22, "reachable"),
            (25, "reachable"),
            (26, "unreachable"),
        ):
            verdict(e, f"can {e.a} reach {e.b} port {port}", expected)

    def test_icmp_types_and_codes(self) -> None:
        """R-SG-9: FromPort is the type, ToPort the code, -1 any."""
        e = Pair()
        e.wear(e.b, e.group(e.v1, ingress=["icmp/3/4 0.0.0.0/0", "icmp/11 0.0.0.0/0"]))
        allow(e, f"can {e.a} reach {e.b} icmp 3/4", one_way=True)
        allow(e, f"can {e.a} reach {e.b} icmp 3", one_way=True)
        allow(e, f"can {e.a} reach {e.b} icmp 11/1", one_way=True)
        deny(e, f"can {e.a} reach {e.b} icmp 3/3", *GROUP, one_way=True)
        deny(e, f"can {e.a} reach {e.b} icmp", *GROUP)

    def test_families_are_apart(self) -> None:
        """R-SG-10: 0.0.0.0/0 never covers IPv6, ::/0 never IPv4."""
        e = Pair(ipv6=True)
        e.wear(e.b, e.group(e.v1, ingress=["tcp/22 0.0.0.0/0", "tcp/80 ::/0"]))
        allow(e, f"can {e.a} reach {e.b.ip} port 22")
        deny(e, f"can {e.a} reach {e.b.ip6} port 22", *GROUP)
        deny(e, f"can {e.a} reach {e.b.ip} port 80", *GROUP)
        allow(e, f"can {e.a} reach {e.b.ip6} port 80")

    def test_prefix_lists_of_each_family(self) -> None:
        """R-SG-11: a list is of one family; its entries stand as if written out."""
        e = Pair(ipv6=True)
        six = e.prefix_list("2600:1f18:1a00:100::/64", name="six")
        e.wear(e.b, e.group(e.v1, ingress=[f"tcp/22 {six}"]))
        allow(e, f"can {e.a} reach {e.b.ip6} port 22")
        deny(e, f"can {e.a} reach {e.b.ip} port 22", *GROUP)

    @pytest.mark.parametrize("six", [False, True], ids=["IPv4", "IPv6"])
    def test_references_across_a_peering(self, six: bool) -> None:
        """R-SG-12, R-SG-15, U-11: a reference matches, in and out, over an active peering of one
        Region."""
        e = Pair(ipv6=six)
        e.peered()
        ga, g2 = e.group(e.v1), e.group(e.v2)
        e.wear(e.a, ga)
        e.wear(e.b2, g2)
        e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {ga}"]))
        destination = e.b2.ip6 if six else e.b2.ip
        allow(e, f"can {e.a} reach {destination} port 80")
        deny(e, f"can {e.b} reach {destination} port 80", *GROUP)
        e.wear(e.b2, g2)
        e.wear(e.b, e.group(e.v1, egress=[f"tcp/80 {g2}"]))
        allow(e, f"can {e.b} reach {destination} port 80")

    def test_references_stay_in_their_region(self) -> None:
        """R-SG-16, R-PCX-8: packets cross Regions, group references do not."""
        e = Pair()
        e.peered(region="us-west-2")
        allow(e, f"can {e.a} reach {e.b2} port 80")
        ga = e.group(e.v1)
        e.wear(e.a, ga)
        e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {ga}"]))
        deny(e, f"can {e.a} reach {e.b2} port 80", *REFERENCE_LOST)

    def test_references_across_accounts(self) -> None:
        """R-SG-16: a reference names the other account's group."""
        e = Pair()
        e.peered(account="444455556666")
        ga = e.group(e.v1)
        e.wear(e.a, ga)
        e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {ga}"]))
        allow(e, f"can {e.a} reach {e.b2} port 80")
        deny(e, f"can {e.b} reach {e.b2} port 80", *GROUP)

    def test_a_middlebox_takes_the_identity(self) -> None:
        """R-SG-19: routed through a NAT gateway, the client's group is no longer known."""
        e = Pair()
        e.route(e.ta, "10.0.1.0/24", e.natted())
        ga = e.group(e.v1)
        e.wear(e.a, ga)
        e.wear(e.b, e.group(e.v1, ingress=[f"tcp/22 {ga}"]))
        deny(e, f"can {e.a} reach {e.b} port 22", *REFERENCE_LOST)

    def test_a_group_used_in_another_vpc(self) -> None:
        """R-SG-30, R-SG-31: an associated group's CIDR rules hold for members in the other VPC."""
        e = Pair()
        e.peered()
        g = e.group(e.v1, ingress=["tcp/22 10.0.0.0/24"])
        e.associate_group(g, e.v2)
        e.wear(e.b2, g)
        allow(e, f"can {e.a} reach {e.b2} port 22")
        deny(e, f"can {e.b} reach {e.b2} port 22", *GROUP)

    def test_no_rules_at_all(self) -> None:
        """R-SG-3: no egress rules, nothing can be initiated; the replies still pass."""
        e = Pair()
        e.wear(e.b, e.group(e.v1, egress=[]))
        deny(e, f"can {e.b} reach {e.a} port 22", *GROUP)
        allow(e, f"can {e.a} reach {e.b} port 22")


# ------------------------------ 3: network ACLs


class TestAcls:
    def test_families_are_apart(self) -> None:
        """R-NACL-3: IPv4 entries never match IPv6 packets."""
        e = Pair(ipv6=True)
        e.acl(e.v1, [e.sb], ingress=["100 allow all 0.0.0.0/0"])
        allow(e, f"can {e.a} reach {e.b.ip} port 22")
        deny(e, f"can {e.a} reach {e.b.ip6} port 22", *ACL)

    def test_icmpv6_types(self) -> None:
        """R-NACL-5: with an IPv6 CIDR the type counts; the echo reply is 129."""
        e = Pair(ipv6=True)
        e.acl(
            e.v1,
            [e.sb],
            ingress=["100 allow icmpv6/128 ::/0"],
            egress=["100 allow icmpv6/129 ::/0"],
        )
        allow(e, f"can {e.a} reach {e.b.ip6} icmp")
        e.acl(e.v1, [e.sb], ingress=["100 allow icmpv6/129 ::/0"])
        deny(e, f"can {e.a} reach {e.b.ip6} icmp", *ACL)

    def test_icmp_types_and_codes(self) -> None:
        """R-NACL-5: IcmpTypeCode -1 is any."""
        e = Pair()
        e.acl(e.v1, [e.sb], ingress=["90 deny icmp/3/4 0.0.0.0/0", "100 allow icmp/3 0.0.0.0/0"])
        allow(e, f"can {e.a} reach {e.b} icmp 3/1", one_way=True)
        deny(e, f"can {e.a} reach {e.b} icmp 3/4", *ACL, one_way=True)
        deny(e, f"can {e.a} reach {e.b} icmp", *ACL, one_way=True)

    def test_direction_and_sides(self) -> None:
        """R-NACL-4: in matches the source, out the destination; the port is always the
        destination's."""
        e = Pair()
        e.acl(
            e.v1,
            [e.sa],
            ingress=["1 allow tcp/1024-65535 10.0.1.5/32"],
            egress=["1 allow tcp/22 10.0.1.5/32"],
        )
        allow(e, f"can {e.a} reach {e.b} port 22")
        deny(e, f"can {e.a} reach {e.b} port 23", *ACL)
        e.acl(
            e.v1,
            [e.sa],
            ingress=["1 allow tcp/22 10.0.1.5/32"],
            egress=["1 allow tcp/1024-65535 10.0.1.5/32"],
        )
        allow(e, f"can {e.b} reach {e.a} port 22")
        deny(e, f"can {e.a} reach {e.b} port 22", *ACL)

    def test_not_inside_a_subnet(self) -> None:
        """R-NACL-8: between two interfaces of one subnet the ACL is never evaluated."""
        e = Pair()
        twin = e.instance("a2", e.sa, "10.0.0.6")
        e.acl(e.v1, [e.sa], ingress=[], egress=[])
        allow(e, f"can {e.a} reach {twin} port 22")

    def test_some_source_ports(self) -> None:
        """R-EPH-5: reachable means for some source port, and the answer says when it is not for
        all."""
        e = Pair()
        assert not any(
            "source port" in text.lower()
            for text in said(allow(e, f"can {e.a} reach {e.b} port 22"))
        )
        e.acl(e.v1, [e.sb], egress=["100 allow tcp/32768-61000 0.0.0.0/0"])
        answer = allow(e, f"can {e.a} reach {e.b} port 22")
        assert any("source port" in text.lower() for text in said(answer)), tell(answer)
        e.acl(e.v1, [e.sb], egress=["100 allow tcp/1-1023 0.0.0.0/0"])
        deny(e, f"can {e.a} reach {e.b} port 22", *ACL)

    def test_fresh_source_ports_after_nat(self) -> None:
        """R-EPH-5, R-NAT-2: the far side of a NAT gateway has a source port of its own."""
        e = Pair()
        e.natted(e.ta)
        e.acl(
            e.v1, [e.sn], ingress=["90 allow all 10.0.0.0/16", "100 allow tcp/2000-2999 0.0.0.0/0"]
        )
        e.acl(e.v1, [e.sa], ingress=["100 allow tcp/40000-40999 0.0.0.0/0"])
        allow(e, f"can {e.a} reach {NET} port 443")


# ------------------------------ 4: route tables


class TestRoutes:
    def test_only_associated_counts(self) -> None:
        """R-RT-1: an association that is not `associated` leaves the subnet in the main table."""
        e = Pair()
        e.route(e.v1.table, "0.0.0.0/0", e.online())
        e.public(e.a, EIP_A)
        deny(e, f"can {e.a} reach {NET} port 443", *NO_ROUTE)
        e.ta.record["Associations"][0]["AssociationState"]["State"] = "disassociated"
        allow(e, f"can {e.a} reach {NET} port 443")

    def test_prefix_list_beats_propagated(self) -> None:
        """R-RT-5: a prefix-list route beats a propagated one of equal prefix."""
        e = Pair()
        e.peered()
        e.ta.record["Routes"] = [r for r in e.ta.record["Routes"] if r.get("GatewayId") == "local"]
        e.route(e.ta, "10.2.0.0/16", virtual_gateway(e), origin="EnableVgwRoutePropagation")
        e.route(e.ta, e.prefix_list("10.2.0.0/16"), e.pcx)
        allow(e, f"can {e.a} reach {e.b2} port 80")

    def test_longest_prefix(self) -> None:
        """R-RT-4: the longest prefix wins, whatever its target."""
        e = Pair()
        nat = e.natted(e.ta)
        e.public(e.a, EIP_A)
        gateway = e.online()
        e.route(e.ta, "8.8.0.0/16", gateway)
        answer = allow(e, f"can {e.a} reach {NET} port 443")
        assert gateway in dump(answer)
        assert nat not in dump(answer)

    def test_local_beats_propagated(self) -> None:
        """R-RT-6: a propagated route inside the VPC loses to local."""
        e = Pair()
        e.route(e.ta, "10.0.1.0/24", virtual_gateway(e), origin="EnableVgwRoutePropagation")
        allow(e, f"can {e.a} reach {e.b} port 22")

    def test_a_blackhole_wins(self) -> None:
        """R-RT-11: a blackhole wins by its prefix and drops; there is no fallback."""
        e = Pair()
        e.online(e.ta)
        e.public(e.a, EIP_A)
        e.route(
            e.ta,
            "8.8.8.0/24",
            e.nat(e.sb, "10.0.1.9", public="198.51.100.21", state="deleted"),
            state="blackhole",
        )
        deny(e, f"can {e.a} reach {NET} port 443", "BAD_STATE_ROUTE")
        allow(e, "can " + e.a + " reach 1.1.1.1 port 443")

    def test_secondary_cidrs_are_local(self) -> None:
        """R-RT-7: every CIDR of the VPC is local."""
        e = Estate()
        v1 = e.vpc("10.0.0.0/16", "100.64.0.0/16")
        a = e.instance("a", e.subnet(v1, "10.0.0.0/24"), "10.0.0.5")
        b = e.instance("b", e.subnet(v1, "100.64.1.0/24"), "100.64.1.5")
        allow(e, f"can {a} reach {b} port 22")
        allow(e, f"can {b} reach {a} port 22")

    def test_prefix_list_routes(self) -> None:
        """R-RT-9: one route per current entry."""
        e = Pair()
        e.public(e.a, EIP_A)
        e.route(e.ta, e.prefix_list("8.8.8.0/24", "1.1.1.0/24"), e.online())
        allow(e, f"can {e.a} reach {NET} port 443")
        deny(e, f"can {e.a} reach 9.9.9.9 port 443", *NO_ROUTE)

    def test_edge_table_with_local_only(self) -> None:
        """R-RT-19: an edge table that redirects nothing changes nothing."""
        e = Pair()
        e.public(e.b, EIP_B)
        e.table(e.v1, edge=e.online(e.tb))
        allow(e, f"can 0.0.0.0/0 reach {e.b} port 443")

    def test_edge_table_to_an_appliance(self) -> None:
        """R-RT-20, R-ENI-6: looked up by the private destination; through the appliance and back by
        it, a may."""
        e, appliance = bastion()
        answer = may(e, f"can 0.0.0.0/0 reach {EIP_B} port 443")
        assert appliance.eni in dump(answer)

    def test_edge_target_needs_a_public_address(self) -> None:
        """R-RT-21: coming from an internet gateway the target interface needs a public address."""
        e, _ = bastion(public=None)
        deny(e, f"can 0.0.0.0/0 reach {EIP_B} port 443", "INGRESS_RTB_NO_PUBLIC_IP")

    def test_edge_target_must_run(self) -> None:
        """R-RT-21: and a running instance."""
        e, _ = bastion(state="stopped")
        deny(e, f"can 0.0.0.0/0 reach {EIP_B} port 443", *BAD_STATE)

    def test_edge_target_with_the_check_on(self) -> None:
        """R-ENI-7: and the source/destination check off."""
        e, _ = bastion(check=True)
        deny(e, f"can 0.0.0.0/0 reach {EIP_B} port 443", *CHECKED)

    def test_redirected_in_direct_out(self) -> None:
        """R-RT-22: a subnet whose inbound traffic is redirected may not answer straight out.

        SG(B) admits the client only: an appliance that hid it behind its own address (R-ENI-6)
        would get its answers by the local route.
        """
        e, _ = bastion(through=False)
        e.wear(e.b, e.group(e.v1, ingress=[f"tcp/443 {NET}/32"]))
        deny(e, f"can {NET} reach {EIP_B} port 443", "INGRESS_RTB_TRAFFIC_REDIRECTION", *GROUP)
        deny(e, f"can {e.b} reach {NET} port 443", "INGRESS_RTB_TRAFFIC_REDIRECTION")
        e, _ = bastion()
        e.wear(e.b, e.group(e.v1, ingress=[f"tcp/443 {NET}/32"]))
        may(e, f"can {NET} reach {EIP_B} port 443")

    def test_edge_table_leaves_other_subnets_alone(self) -> None:
        """R-RT-20: only the destinations that its routes name are redirected."""
        e, appliance = bastion()
        e.online(e.ta)
        e.public(e.a, EIP_A)
        answer = allow(e, f"can 0.0.0.0/0 reach {EIP_A} port 443")
        assert appliance.eni not in dump(answer)


# ------------------------------ 5 to 7: gateways


class TestGateways:
    def test_a_detached_igw(self) -> None:
        """R-IGW-1: a gateway on another VPC, or on none, serves nobody here."""
        e = Pair()
        e.public(e.a, EIP_A)
        e.route(e.ta, "0.0.0.0/0", e.igw(None))
        deny(
            e,
            f"can {e.a} reach {NET} port 443",
            *BAD_STATE,
            *NO_ROUTE,
            *NO_EXIT,
            "GATEWAY_REJECTS_SPOOFED_TRAFFIC",
        )
        deny(e, f"can 0.0.0.0/0 reach {e.a} port 443")

    def test_ipv6_needs_no_mapping(self) -> None:
        """R-IGW-5: an IPv6 address, a route and open filters are enough, both ways."""
        e = Pair(ipv6=True)
        e.online(e.ta)
        allow(e, f"can ::/0 reach {e.a} port 443")
        allow(e, f"can {e.a} reach ::/0 port 443")
        deny(e, f"can ::/0 reach {e.b} port 443", *NO_ROUTE)

    def test_spoofed_private_sources_stay_out(self) -> None:
        """R-IGW-4: nobody on the internet sends from a private address."""
        e = Pair()
        e.online(e.ta)
        e.public(e.a, EIP_A)
        private = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
        e.wear(e.a, e.group(e.v1, ingress=[f"all {cidr}" for cidr in private]))
        refused = [f"IGW_SOURCE_ADDRESS_NOT_IN_RFC{number}_INGRESS" for number in (1918, 6598)]
        deny(e, f"can 0.0.0.0/0 reach {e.a} port 22", *GROUP, *refused)

    def test_the_peer_cannot_use_the_igw(self) -> None:
        """R-IGW-8, R-PCX-3: a default route into a peering gives no internet."""
        e = Pair()
        e.peered()
        e.online(e.ta, e.tb)
        e.public(e.b2, EIP_B)
        e.route(e.t2, "0.0.0.0/0", e.pcx)
        deny(e, f"can {e.b2} reach {NET} port 443", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR")

    def test_hairpin(self) -> None:
        """R-IGW-10: between two public addresses of one VPC the packet goes out and back in."""
        e = Pair()
        e.online(e.ta, e.tb)
        e.public(e.a, EIP_A)
        e.public(e.b, EIP_B)
        e.wear(e.b, e.group(e.v1, ingress=[f"tcp/22 {EIP_A}/32"]))
        allow(e, f"can {e.a} reach {EIP_B} port 22")
        deny(e, f"can {e.a} reach 10.0.1.5 port 22", *GROUP)

    def test_nat_is_egress_only(self) -> None:
        """R-NAT-4: nothing comes in by a NAT gateway."""
        e = Pair()
        e.natted(e.ta)
        deny(e, f"can 0.0.0.0/0 reach {e.a} port 443")
        allow(e, f"can {e.a} reach 0.0.0.0/0 port 443")

    @pytest.mark.parametrize("state", ["pending", "failed", "deleting", "deleted"])
    def test_nat_must_be_available(self, state: str) -> None:
        """R-NAT-1."""
        e = Pair()
        nat = e.natted(e.ta)
        nat.record["State"] = state
        deny(e, f"can {e.a} reach {NET} port 443", *BAD_STATE)

    def test_nat_serves_its_own_vpc(self) -> None:
        """R-NAT-7: not a peer."""
        e = Pair()
        e.peered()
        e.natted(e.ta, e.tb)
        e.route(e.t2, "0.0.0.0/0", e.pcx)
        deny(
            e,
            f"can {e.b2} reach {NET} port 443",
            "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
            "NGW_REQUIRES_SOURCE_IN_VPC",
        )

    def test_nat_over_a_peering_returns_to_sender(self) -> None:
        """R-NAT-8: the peer answers a NAT gateway without a return route; only ACLs can stop it."""
        e, _ = nat_over_peering("tcp/80 10.0.9.9/32")
        allow(e, f"can {e.a} reach {e.b2} port 80")
        deny(e, f"can {e.b2} reach {e.a} port 80")
        e.acl(e.v2, [e.s2], egress=[])
        deny(e, f"can {e.a} reach {e.b2} port 80", *ACL)

    def test_nat_inside_the_vpc(self) -> None:
        """R-NAT-11: a subnet's CIDR routed to a NAT gateway, more specific than local: B sees the
        NAT's address."""
        e = Pair()
        nat = e.natted()
        e.route(e.ta, "10.0.1.0/24", nat)
        e.wear(e.b, e.group(e.v1, ingress=["tcp/22 10.0.9.9/32"]))
        answer = allow(e, f"can {e.a} reach {e.b} port 22")
        assert nat in dump(answer)
        e.wear(e.b, e.group(e.v1, ingress=["tcp/22 10.0.0.5/32"]))
        deny(e, f"can {e.a} reach {e.b} port 22", *GROUP)

    def regional(self, automatic: bool) -> Pair:
        """A in zone a, which the regional NAT gateway covers; B in zone b, which it does not."""
        e = Pair()
        nat = e.regional_nat(e.v1, {"a": "198.51.100.60"}, e.online(), automatic)
        e.route(e.ta, "0.0.0.0/0", nat)
        e.route(e.tb, "0.0.0.0/0", nat)
        return e

    @pytest.mark.parametrize("automatic", [False, True], ids=["manual", "automatic"])
    def test_regional_nat(self, automatic: bool) -> None:
        """R-NAT-12: no subnet, no ACL of its own, its own table; from a zone that it covers."""
        e = self.regional(automatic)
        allow(e, f"can {e.a} reach {NET} port 443")
        deny(e, f"can 0.0.0.0/0 reach {e.a} port 443")
        deny(e, "can 0.0.0.0/0 reach 198.51.100.60 port 443")

    def test_regional_nat_by_hand_in_another_zone(self) -> None:
        """R-NAT-13, U-1: in manual mode a zone that is not covered is unreachable."""
        e = self.regional(automatic=False)
        deny(e, f"can {e.b} reach {NET} port 443", "REGIONAL_NGW_ROUTE_AZ_RESTRICTION")

    def test_regional_nat_by_itself_in_another_zone(self) -> None:
        """R-NAT-13, U-1: in automatic mode it is a may."""
        e = self.regional(automatic=True)
        may(e, f"can {e.b} reach {NET} port 443")

    def test_egress_only(self) -> None:
        """R-EIGW-1: out and the replies back, nothing in."""
        e = Pair(ipv6=True)
        e.route(e.ta, "::/0", e.eigw(e.v1))
        allow(e, f"can {e.a} reach {NET6} port 443")
        allow(e, f"can {e.a} reach {NET6} icmp")
        deny(e, f"can ::/0 reach {e.a} port 443")
        deny(e, f"can {NET6} reach {e.a.ip6} port 443")

    @pytest.mark.parametrize("state", ["detached", "blackhole"])
    def test_egress_only_out_of_order(self, state: str) -> None:
        """R-EIGW-2: detached or deleted, it carries nothing."""
        e = Pair(ipv6=True)
        eigw = e.eigw(e.v1, state="detached" if state == "detached" else "attached")
        e.route(e.ta, "::/0", eigw, state="blackhole" if state == "blackhole" else "active")
        deny(e, f"can {e.a} reach {NET6} port 443", *BAD_STATE)


# ------------------------------ 9: peering


class TestPeering:
    def test_across_accounts_and_regions(self) -> None:
        """R-PCX-8: the same in one account, in two, and between Regions."""
        for account, region in ((None, None), ("444455556666", None), (None, "eu-west-1")):
            e = Pair(ipv6=True)
            e.peered(account=account, region=region)
            allow(e, f"can {e.a} reach {e.b2.ip} port 80")
            allow(e, f"can {e.b2} reach {e.a.ip6} port 80")

    def test_a_narrow_route_back(self) -> None:
        """R-PCX-2: routes may be narrower than the peer's CIDR."""
        e = Pair()
        e.peered(back=False)
        e.route(e.t2, "10.0.0.0/24", e.pcx)
        allow(e, f"can {e.a} reach {e.b2} port 80")
        deny(e, f"can {e.b} reach {e.b2} port 80", *NO_ROUTE)

    @pytest.mark.parametrize("status", ["deleted", "rejected", "expired", "failed", "provisioning"])
    def test_only_active_forwards(self, status: str) -> None:
        """R-PCX-1: whatever the route's state says."""
        e = Pair()
        e.second()
        pcx = e.peering(e.v1, e.v2, status=status)
        e.route(e.ta, "10.2.0.0/16", pcx)
        e.route(e.t2, "10.0.0.0/16", pcx)
        deny(e, f"can {e.a} reach {e.b2} port 80", *BAD_STATE)

    def test_the_other_side_is_not_in_the_snapshot(self) -> None:
        """R-SHARE-4: beyond a peering into an account that was not described nothing is known."""
        e = Pair()
        e.peered(account="999988887777")
        del e.scopes["999988887777", "us-east-1"]
        unknown(e, f"can {e.a} reach 10.2.0.5 port 80")
        allow(e, f"can {e.a} reach {e.b} port 80")

    def test_endpoints_of_the_peer(self) -> None:
        """R-PCX-4, R-PCX-5, R-GWEP-2: a peer's interface endpoint yes, its gateway endpoint no."""
        e = Pair()
        e.peered()
        e.endpoint_interface({e.sb: "10.0.1.40"})
        e.endpoint_gateway(e.v1, [e.ta, e.tb])
        e.route(e.t2, e.service_list("s3"), e.pcx)
        allow(e, f"can {e.b2} reach 10.0.1.40 port 443")
        deny(e, f"can {e.b2} reach {IN_S3} port 443", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR")


# ------------------------------ 12: endpoints to AWS services


class TestEndpoints:
    def test_gateway_only_in_its_tables(self) -> None:
        """R-GWEP-1: a table that is not associated knows nothing of it."""
        e = Pair()
        e.endpoint_gateway(e.v1, [e.ta])
        allow(e, f"can {e.a} reach {IN_S3} port 443")
        deny(e, f"can {e.b} reach {IN_S3} port 443", *NO_ROUTE)

    def test_gateway_protocols(self) -> None:
        """R-GWEP-4: TCP and echo pass, nothing else."""
        e = Pair()
        e.endpoint_gateway(e.v1, [e.ta])
        allow(e, f"can {e.a} reach {IN_S3} icmp")
        deny(
            e,
            f"can {e.a} reach {IN_S3} port 443/udp",
            "VPCE_GATEWAY_PROTOCOL_RESTRICTION",
            one_way=True,
        )
        deny(
            e,
            f"can {e.a} reach {IN_S3} protocol 47",
            "VPCE_GATEWAY_PROTOCOL_RESTRICTION",
            one_way=True,
        )

    def test_gateway_of_another_service(self) -> None:
        """R-GWEP-1: each service has its own list."""
        e = Pair()
        e.service_list("s3")
        e.endpoint_gateway(e.v1, [e.ta], service="dynamodb")
        allow(e, f"can {e.a} reach 52.94.0.10 port 443")
        deny(e, f"can {e.a} reach {IN_S3} port 443", *NO_ROUTE)

    def test_gateway_never_initiates(self) -> None:
        """R-GWEP-2: the service does not call into the VPC by it."""
        e = Pair()
        e.endpoint_gateway(e.v1, [e.ta])
        deny(e, f"can {IN_S3} reach {e.a} port 443")

    def test_an_aws_list_that_two_calls_show(self) -> None:
        """describe-managed-prefix-lists shows the AWS lists too, with entries of their own: one
        list, no clash."""
        e = Pair()
        e.endpoint_gateway(e.v1, [e.ta])
        listed = e.service_list("s3")
        shown = {
            "AddressFamily": "IPv4",
            "OwnerId": "AWS",
            "PrefixListId": str(listed),
            "State": "create-complete",
        }
        shown |= {
            "PrefixListName": "com.amazonaws.us-east-1.s3",
            "PrefixListArn": f"arn:aws:ec2:us-east-1:aws:prefix-list/{listed}",
        }
        e.add("PrefixLists (managed)", shown)
        entries = [{"Cidr": cidr} for cidr in listed.record["Cidrs"]]
        e.add("ManagedPrefixListEntries", {"PrefixListId": str(listed), "Entries": entries})
        allow(e, f"can {e.a} reach {IN_S3} port 443")

    @pytest.mark.parametrize(
        "state", ["pendingAcceptance", "rejected", "failed", "deleting", "expired"]
    )
    def test_endpoint_must_be_available(self, state: str) -> None:
        """R-VPCE-2."""
        e = Pair()
        e.endpoint_interface({e.sb: "10.0.1.40"}, state=state)
        deny(e, f"can {e.a} reach 10.0.1.40 port 443", *BAD_STATE)

    def test_endpoint_group_and_acl(self) -> None:
        """R-VPCE-3, R-NACL-9: its groups and its subnet's ACL filter clients."""
        e = Pair()
        gate = e.group(e.v1, ingress=["tcp/443 10.0.0.0/24"])
        e.endpoint_interface({e.sb: "10.0.1.40"}, groups=[gate])
        allow(e, f"can {e.a} reach 10.0.1.40 port 443")
        deny(e, f"can {e.b} reach 10.0.1.40 port 443", *GROUP)
        e.acl(e.v1, [e.sb], ingress=["100 deny tcp/443 10.0.0.0/24", "200 allow all 0.0.0.0/0"])
        deny(e, f"can {e.a} reach 10.0.1.40 port 443", *ACL)

    def test_endpoint_never_initiates(self) -> None:
        """R-VPCE-4: the service can never call into the consumer's VPC."""
        e = Pair()
        vpce = e.endpoint_interface({e.sb: "10.0.1.40"})
        deny(e, f"can {vpce} reach {e.a} port 443", "VPCE_INTRA_VPC_TRAFFIC")


# ------------------------------ 17: what no filter sees


class TestServiceTraffic:
    def test_ipv6_forms(self) -> None:
        """R-EXM-1: the IPv6 addresses of the resolver, metadata and time."""
        e = Pair(ipv6=True)
        e.wear(e.a, e.group(e.v1, ingress=[], egress=[]))
        e.acl(e.v1, [e.sa], ingress=[], egress=[])
        allow(e, f"can {e.a} reach fd00:ec2::253 port 53/udp")
        allow(e, f"can {e.a} reach fd00:ec2::123 port 123/udp")

    def test_a_public_resolver_is_filtered(self) -> None:
        """R-EXM-3: the exemption is for the Amazon resolver only."""
        e = Pair()
        e.natted(e.ta)
        allow(e, f"can {e.a} reach {NET} port 53/udp")
        e.wear(e.a, e.group(e.v1, ingress=[], egress=[]))
        deny(e, f"can {e.a} reach {NET} port 53/udp", *GROUP)

    def test_not_from_a_peer(self) -> None:
        """R-EXM-4: a VPC's resolver answers nobody outside it."""
        e = Pair()
        e.peered()
        deny(e, f"can {e.b2} reach 10.0.0.2 port 53/udp")
        allow(e, f"can {e.b2} reach 10.2.0.2 port 53/udp")

    def test_metadata_switched_off(self) -> None:
        """R-EXM-5: HttpEndpoint=disabled."""
        e = Pair()
        off = e.instance("off", e.sa, "10.0.0.9", metadata=False)
        allow(e, f"can {e.a} reach 169.254.169.254 port 80")
        deny(e, f"can {off} reach 169.254.169.254 port 80")


# ------------------------------ what is not modelled: undecided, with its id


def test_a_route_to_a_transit_gateway() -> None:
    e = Pair()
    e.second()
    tgw = transit_gateway(e)
    e.route(e.ta, "10.2.0.0/16", tgw)
    e.route(e.t2, "10.0.0.0/16", tgw)
    unknown(e, f"can {e.a} reach {e.b2} port 80", tgw)
    unknown(e, f"can {e.a} reach {e.b2} port 80", tgw, one_way=True)


def test_a_route_to_a_virtual_private_gateway() -> None:
    """T-92 and T-47 until the gateway is modelled; the longer propagated prefix wins over the
    static one (R-RT-5)."""
    e = Pair()
    e.peered("172.31.0.0/16", "172.31.1.1", within="172.31.0.0/20")
    vgw = virtual_gateway(e)
    e.route(e.ta, "192.168.0.0/16", vgw)
    unknown(e, f"can {e.a} reach 192.168.1.1 port 80", vgw)
    e.route(e.ta, "172.31.1.0/24", vgw, origin="EnableVgwRoutePropagation")
    unknown(e, f"can {e.a} reach 172.31.1.1 port 80", vgw)


@pytest.mark.parametrize(
    "kind", ["lgw", "cagw", "core network", "gateway load balancer", "firewall"]
)
def test_a_route_to_something_unmodelled(kind: str) -> None:
    e = Pair()
    e.online()
    target: str
    if kind in ("lgw", "cagw"):
        target = e.fresh(kind)
    elif kind == "core network":
        target = "arn:aws:networkmanager::111122223333:core-network/core-network-0123456789abcdef0"
    else:
        vpce = target = e.endpoint_balancer(e.sb, "10.0.1.60")
        if kind == "firewall":
            vpce.record["RequesterManaged"] = True
            vpce.record["Tags"] = [{"Key": "AWSNetworkFirewallManaged", "Value": "true"}]
    e.public(e.a, EIP_A)
    e.route(e.ta, "0.0.0.0/0", target)
    unknown(e, f"can {e.a} reach {NET} port 443", target)


def test_block_public_access_is_not_passed_over() -> None:
    """R-BPA-3: a VPC that says it is blocked is never called reachable from the internet."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, EIP_A)
    e.v1.record["BlockPublicAccessStates"]["InternetGatewayBlockMode"] = "block-bidirectional"
    e.sa.record["BlockPublicAccessStates"]["InternetGatewayBlockMode"] = "block-bidirectional"
    assert e.ask(f"can 0.0.0.0/0 reach {e.a} port 22").verdict != "reachable"
    allow(e, f"can {e.a} reach {e.b} port 22")


def test_what_is_not_on_the_way_does_not_disturb() -> None:
    """An unmodelled gateway makes no question undecided that it cannot touch."""
    e = Pair()
    e.route(e.ta, "0.0.0.0/0", transit_gateway(e))
    allow(e, f"can {e.a} reach {e.b} port 22")
    e.wear(e.b, e.group(e.v1, ingress=["tcp/80 any"]))
    deny(e, f"can {e.a} reach {e.b} port 22", *GROUP)


# ------------------------------ the forms of a question


class Town(Pair):
    """A is public and tagged web, B private and tagged db, B2 in the peered V2.

    SG(web) lets in tcp/443 from everywhere and tcp/22 from 10/8; SG(db) lets in SA only, and echo
    from all of V1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peered()
        self.online(self.ta)
        self.public(self.a, EIP_A)
        self.a.record["Tags"].append({"Key": "Role", "Value": "web"})
        self.b.record["Tags"].append({"Key": "Role", "Value": "db"})
        inside = ("tcp/22", "tcp/3306", "udp/5000-5010", "47")
        rules = [f"{protocol} 10.0.0.0/24" for protocol in inside]
        out = ["tcp any", "udp any", "icmp any"]  # nothing that R-SG-27 would let back in
        self.web = self.group(self.v1, ["tcp/443 0.0.0.0/0", "tcp/22 10.0.0.0/8"], name="web")
        self.db = self.group(self.v1, [*rules, "icmp/8 10.0.0.0/16"], out, name="db")
        self.wear(self.a, self.web)
        self.wear(self.b, self.db)


@pytest.fixture(scope="module")
def town() -> Town:
    return Town()


ENDS = [
    ("{a} reach {b} port 3306", "reachable"),
    ("{a.eni} reach {b.eni} port 3306", "reachable"),
    ("10.0.0.5 reach 10.0.1.5 port 3306", "reachable"),
    ("10.0.0.0/24 reach 10.0.1.0/24 port 3306", "reachable"),
    ("10.0.1.0/24 reach 10.0.0.0/24 port 3306", "unreachable"),
    ("10.2.0.0/24 reach 10.0.1.0/24 port 3306", "unreachable"),
    ("{a.arn} reach {b.arn} port 3306", "reachable"),
    ("{a.eni.arn} reach {b.eni.arn} port 3306", "reachable"),
    ("a reach b port 3306", "reachable"),
    ("tag:Role=web reach tag:Role=db port 3306", "reachable"),
    ("{web} reach {db} port 3306", "reachable"),
    ("{db} reach {web} port 3306", "unreachable"),
    ("{sa} reach {sb} port 3306", "reachable"),
    ("{sa.arn} reach {sb} port 3306", "reachable"),
    ("{v1} reach {v2} port 80", "reachable"),
    ("{v2} reach {b} port 80", "unreachable"),
    ("any reach {b} port 3306", "reachable"),
    ("{a} reach {b} port 3307", "unreachable"),
    ("{b2} reach any port 443", "reachable"),
    ("0.0.0.0/0 reach port 443", "reachable"),
    ("0.0.0.0/0 reach port 22", "unreachable"),
    ("internet reach port 443", "reachable"),
    ("::/0 reach port 443", "unreachable"),
    ("internet reach {b} port 443", "unreachable"),
    ("8.8.8.8 reach {a} port 443", "reachable"),
    ("8.8.0.0/16 reach {a} port 443", "reachable"),
    ("8.8.8.8 reach 198.51.100.7 port 443", "reachable"),
    ("{gateway} reach {a} port 443", "reachable"),
    ("{gateway} reach {a} port 22", "unreachable"),
    ("{a} reach {gateway} port 443", "reachable"),
    ("{b} reach {gateway} port 443", "unreachable"),
    ("{a} reach internet port 443", "reachable"),
    ("{a} reach 8.8.8.8 port 443", "reachable"),
    ("{b} reach internet port 443", "unreachable"),
    ("198.51.100.7 reach {b} port 3306", "reachable"),  # a public address names its interface
    ("public reach private port 3306", "reachable"),
    ("private reach public port 22", "reachable"),
    ("private reach internet port 443", "unreachable"),
    ("public reach internet port 443", "reachable"),
    ("internet reach private port 22", "unreachable"),
    ("internet reach public port 443", "reachable"),
    ("{a} reach {b} port 20-25", "reachable"),
    ("{a} reach {b} port 23-25", "unreachable"),
    ("{a} reach {b} port 5005/udp", "reachable"),
    ("{a} reach {b} port 4990-5000/udp", "reachable"),
    ("{a} reach {b} port 5005/tcp", "unreachable"),
    ("{a} reach {b} port 5011/udp", "unreachable"),
    ("{a} reach {b} icmp", "reachable"),
    ("{a} reach {b} icmp 8", "reachable"),
    ("{a} reach {b} icmp 8/0", "reachable"),
    ("{a} reach {b} icmp 13", "unreachable"),
    ("{a} reach {b} protocol 47", "reachable"),
    ("{a} reach {b} protocol 50", "unreachable"),
    ("{a} reach {b}", "reachable"),
    ("{b2} reach {b} icmp", "unreachable"),
]


@pytest.mark.parametrize(("question", "expected"), ENDS, ids=[question for question, _ in ENDS])
def test_forms_of_a_question(town: Town, question: str, expected: str) -> None:
    """The contract's forms of ends and of packets."""
    verdict(town, f"can {question.format_map(vars(town))}", expected)


def test_public_and_private_by_routes() -> None:
    """R-DEF-1: a subnet is public by an active route to an internet gateway, whatever its other
    settings."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, EIP_A)
    e.public(e.b, EIP_B)
    e.sb.record["MapPublicIpOnLaunch"] = True
    allow(e, "can internet reach public port 22")
    deny(e, "can internet reach private port 22")
    e.route(e.tb, "8.0.0.0/7", e.gateway or "")
    allow(e, "can public reach 8.8.8.8 port 22")
    e.ta.record["Routes"][-1]["State"] = "blackhole"
    allow(e, f"can private reach {e.b} port 22")  # SA is private now, SB public
    deny(e, "can private reach internet port 22")


def test_one_way_is_a_question_of_its_own() -> None:
    """R-PIPE-1: one way asks for the forward packet only."""
    e = Pair()
    e.acl(e.v1, [e.sb], egress=[])
    allow(e, f"can {e.a} reach {e.b} port 22", one_way=True)
    deny(e, f"can {e.a} reach {e.b} port 22", *ACL)


def test_a_destination_by_id_means_any_way() -> None:
    """By address the packet goes to that address; by id it is the thing that counts."""
    e = Pair()
    e.online(e.ta, e.tb)
    e.public(e.a, EIP_A)
    e.public(e.b, EIP_B)
    e.wear(e.b, e.group(e.v1, ingress=[f"tcp/22 {EIP_A}/32"]))
    allow(e, f"can {e.a} reach {e.b} port 22")
    deny(e, f"can {e.a} reach 10.0.1.5 port 22", *GROUP)


def test_a_name_that_several_things_have() -> None:
    """An ambiguous name is refused with its candidates, an unknown one with the nearest."""
    import reach

    e = Pair()
    twin = e.instance("b", e.sb, "10.0.1.6")
    with pytest.raises(reach.QuestionError) as refused:
        e.ask(f"can {e.a} reach b port 22")
    assert e.b in str(refused.value)
    assert twin in str(refused.value)
    e.instance("database", e.sb, "10.0.1.7")
    with pytest.raises(reach.QuestionError, match="database"):
        e.ask(f"can {e.a} reach databse port 22")


# ------------------------------ gaps (law 2)


@pytest.fixture(scope="module")
def whole() -> tuple[Pair, dict[str, str]]:
    e, questions = city()
    return e, {question: str(e.ask(question).verdict.value) for question in questions}


def without(files: dict[str, str], call: str) -> Iterator[tuple[str, str]]:
    for path, text in files.items():
        if next(iter(json.loads(text))) != call:
            yield path, text


def test_the_whole_is_decided(whole: tuple[Pair, dict[str, str]]) -> None:
    """With every call there is no gap, so every question has an answer."""
    _, verdicts = whole
    yes, no = "reachable", "unreachable"
    expected = [yes, yes, no, yes, no, yes, yes, yes, no, yes, no, yes, yes, no, yes]
    assert list(verdicts.values()) == expected


def never_flips(files: dict[str, str], verdicts: dict[str, str], call: str) -> None:
    """Each question on these files, which lack something of one call, has its verdict or none.

    Where the ends themselves stood in that call the question may be refused, if it says so.
    """
    import reach

    snapshot = load_files(files)
    for question, was in verdicts.items():
        try:
            answer = reach.ask(snapshot, question)
        except reach.QuestionError as error:
            refused = str(error)
            if call == "NetworkInterfaces" and call in refused:
                continue
            raise
        why = f"{call} is not whole; {question} was {was}\n  {tell(answer)}"
        assert answer.verdict in (was, "undecided"), why


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_call_flips_nothing(whole: tuple[Pair, dict[str, str]], call: str) -> None:
    """Law 2: a call that is not there leaves an answer or makes it undecided; it never flips it."""
    e, verdicts = whole
    never_flips(dict(without(e.files(), call)), verdicts, call)


@pytest.mark.parametrize("call", ["RouteTables", "NetworkAcls", "SecurityGroups"])
def test_what_filters_must_be_known(call: str) -> None:
    """R-SHARE-3: a missing table, ACL or group is never an allow, and never a deny."""
    e = Pair()
    allow(e, f"can {e.a} reach {e.b} port 22")
    unknown(e.drop(call), f"can {e.a} reach {e.b} port 22")


CUT = ["RouteTables", "NetworkAcls", "SecurityGroups", "VpcPeeringConnections", "NetworkInterfaces"]


@pytest.mark.parametrize("call", CUT)
def test_an_answer_that_was_cut_short(whole: tuple[Pair, dict[str, str]], call: str) -> None:
    """A page with a NextToken has lost its tail: nothing flips when the tail is gone."""
    e, verdicts = whole
    files = {}
    for path, text in e.files().items():
        content = json.loads(text)
        if next(iter(content)) == call:
            half = content[call][: len(content[call]) // 2]
            files[path] = json.dumps({call: half, "NextToken": "eyJ2IjoiMSJ9"})
        else:
            files[path] = text
    never_flips(files, verdicts, call)


# ------------------------------ the estates are what AWS prints


WRAPPERS = {
    "ManagedPrefixListEntries": "GetManagedPrefixListEntriesResult",
    "VpcAttributes": "DescribeVpcAttributeResult",
}
EXTRA = {"ManagedPrefixListEntries": {"PrefixListId"}}  # the parent's id, which the contract adds
RESULTS = {
    "Vpcs": "DescribeVpcsResult",
    "Subnets": "DescribeSubnetsResult",
    "RouteTables": "DescribeRouteTablesResult",
    "NetworkAcls": "DescribeNetworkAclsResult",
    "SecurityGroups": "DescribeSecurityGroupsResult",
    "NetworkInterfaces": "DescribeNetworkInterfacesResult",
    "Reservations": "DescribeInstancesResult",
    "Addresses": "DescribeAddressesResult",
    "InternetGateways": "DescribeInternetGatewaysResult",
    "EgressOnlyInternetGateways": "DescribeEgressOnlyInternetGatewaysResult",
    "NatGateways": "DescribeNatGatewaysResult",
    "VpcPeeringConnections": "DescribeVpcPeeringConnectionsResult",
    "VpcEndpoints": "DescribeVpcEndpointsResult",
    "PrefixLists": "DescribePrefixListsResult",
    "SecurityGroupVpcAssociations": "DescribeSecurityGroupVpcAssociationsResult",
    "AvailabilityZones": "DescribeAvailabilityZonesResult",
}


def misfits(value: Any, shape: Any, at: str) -> Iterator[str]:
    """Where a value is not what the API's model says."""
    if shape.type_name == "structure":
        for key, member in value.items():
            if key not in shape.members:
                yield f"{at}/{key} is no member"
            else:
                yield from misfits(member, shape.members[key], f"{at}/{key}")
    elif shape.type_name == "list":
        for index, member in enumerate(value):
            yield from misfits(member, shape.member, f"{at}/{index}")
    else:
        kinds = {"boolean": bool, "integer": int, "long": int}
        if not isinstance(value, kinds.get(shape.type_name, str)):
            yield f"{at} is a {type(value).__name__}, not a {shape.type_name}"


def test_the_builder_writes_what_aws_prints() -> None:
    """Every field that the builder writes is a member of the call's answer in botocore's model, of
    its type."""
    session = pytest.importorskip("botocore.session").get_session()
    model = session.get_service_model("ec2")
    e, _ = city()
    e.regional_nat(e.v1, {"a": "198.51.100.60"}, e.gateway or Id())
    e.endpoint_balancer(e.sb, "10.0.1.60")
    e.instance(
        "node",
        e.sb,
        "10.0.1.9",
        prefixes=["10.0.1.16/28", "2600:1f18:1a00:101:7::/80"],
        secondary={"10.0.1.10": EIP_B},
    )
    e.associate_group(e.open_group(e.v1), e.v2)
    found: list[str] = []
    for path, text in e.files().items():
        ((key, records),) = json.loads(text).items()
        if path.endswith("/ManagedPrefixLists.json"):
            shape = model.shape_for("DescribeManagedPrefixListsResult")
        elif key in WRAPPERS:
            bare = [
                {k: v for k, v in record.items() if k not in EXTRA.get(key, ())}
                for record in records
            ]
            for record in bare:
                found += misfits(record, model.shape_for(WRAPPERS[key]), path)
            continue
        elif key in RESULTS:
            shape = model.shape_for(RESULTS[key])
        else:
            assert records == [], f"{path} is written and not checked"
            continue
        found += misfits({key: records}, shape, path)
    assert found == []
