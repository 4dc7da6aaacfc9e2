"""What a reviewer broke: one test for each wrong verdict that was found by reading the rules.

Black box, on small networks of :mod:`tests.estate`; each docstring is the rule that was broken.
"""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest

import reach
from tests.estate import Estate, Pair
from tests.estates.public_access import pool_on


def verdict(e: Estate, question: str, **how: str) -> str:
    return reach.ask(e.load(), question, **how).verdict.value  # type: ignore[arg-type]


@pytest.mark.parametrize("end", ["10.0.1.5", "10.0.1.0/24", "b"])
def test_the_port_that_arrives(end: str) -> None:
    """Contract: --port-at destination means the port that arrives, whatever the end is."""
    e = Pair()
    e.wear(e.b, e.group(e.v1, ingress=["tcp/100-200 any"]))
    assert verdict(e, f"can {e.a} reach {end} port 250", port_at="destination") == "unreachable"
    assert verdict(e, f"can {e.a} reach {end} port 150", port_at="destination") == "reachable"


def test_an_edge_table_redirects_one_ip_version() -> None:
    """R-RT-22: a redirection of IPv4 leaves the IPv6 route to the gateway alone."""
    e = Pair(ipv6=True)
    e.online(e.tb)
    sx = e.subnet(e.v1, "10.0.5.0/24", "b", ipv6="2600:1f18:1a00:105::/64")
    e.online(e.table(e.v1, [sx]))
    ap = e.instance(
        "ap", sx, "10.0.5.5", public="198.51.100.30", ipv6="2600:1f18:1a00:105::5", check=False
    )
    e.public(e.b, "198.51.100.8")
    e.route(e.table(e.v1, edge=e.gateway), "10.0.1.0/24", ap.eni)
    assert verdict(e, f"can 2a00::9 reach {e.b} port 22") == "reachable"
    assert verdict(e, f"can {e.b} reach ::/0 port 22") == "reachable"


def test_a_name_behind_nat64() -> None:
    """R-NAT-10: a destination by name counts by its IPv6 translation as well."""
    e = Estate()
    v = e.vpc("10.0.0.0/16", ipv6=Pair.SIX)
    s6 = e.subnet(v, None, ipv6="2600:1f18:1a00:100::/64")
    sb, sn = e.subnet(v, "10.0.1.0/24"), e.subnet(v, "10.0.9.0/24")
    a = e.instance("a6", s6, None, ipv6="2600:1f18:1a00:100::5")
    b = e.instance("b4", sb, "10.0.1.5")
    e.route(e.table(v, [sn]), "0.0.0.0/0", e.igw(v))
    nat = e.nat(sn, "10.0.9.9", public="198.51.100.20")
    e.route(e.table(v, [s6]), "64:ff9b::/96", nat)
    for end in ("64:ff9b::a00:105", b, "b4"):
        assert verdict(e, f"can {a} reach {end} port 80") == "reachable"


def test_a_guest_that_translates_between_two_interfaces() -> None:
    """R-ENI-6: the outer interface has its own address as destination; its check may be on."""
    e = Pair()
    sx, si = e.subnet(e.v1, "10.0.5.0/24"), e.subnet(e.v1, "10.0.6.0/24")
    e.online(e.table(e.v1, [sx]))
    n = e.instance("nat", sx, "10.0.5.5", public="198.51.100.30")
    inside = e.interface(si, "10.0.6.5", check=False, on=n)
    e.route(e.ta, "0.0.0.0/0", inside)
    assert verdict(e, f"can {e.a} reach 8.8.8.8 port 443") == "reachable"


def test_a_guest_that_translates_to_a_secondary_address() -> None:
    """R-ENI-6: to any of its own addresses."""
    e = Pair()
    sx = e.subnet(e.v1, "10.0.5.0/24")
    e.online(e.table(e.v1, [sx]))
    n = e.instance("nat", sx, "10.0.5.5", secondary={"10.0.5.6": "198.51.100.30"}, check=False)
    e.route(e.ta, "0.0.0.0/0", n.eni)
    assert verdict(e, f"can {e.a} reach 8.8.8.8 port 443") == "reachable"


def test_delegated_prefixes_in_an_outbound_reference() -> None:
    """R-ENI-2, R-SG-12: a member's delegated prefix is an address of the group."""
    e = Pair()
    gb = e.group(e.v1)
    e.instance("c", e.sb, "10.0.1.7", groups=[gb], prefixes=["10.0.1.32/28"])
    e.wear(e.a, e.group(e.v1, egress=[f"all {gb}"]))
    assert verdict(e, f"can {e.a} reach 10.0.1.33 port 22") == "reachable"


def test_a_block_does_not_mean_the_resolver() -> None:
    """Contract: a CIDR means interfaces and outside hosts, not the services of the host."""
    e = Pair()
    e.wear(e.a, e.group(e.v1, ingress=[], egress=[]))
    e.wear(e.b, e.group(e.v1, ingress=[]))
    assert verdict(e, "can any reach 10.0.0.0/16 port 53/udp") == "unreachable"


@pytest.mark.parametrize("call", ["RouteTables", "Subnets"])
def test_public_without_the_calls_that_tell(call: str) -> None:
    """Law 2: which subnets are public is not known without them."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    assert verdict(e, "can internet reach public port 22") == "reachable"
    assert verdict(e.drop(call), "can internet reach public port 22") == "undecided"


def test_a_list_that_routes_without_entries() -> None:
    """Law 2: what a list without entries routes is not known."""
    e = Pair()
    e.peered()
    e.ta.record["Routes"] = [r for r in e.ta.record["Routes"] if r.get("GatewayId") == "local"]
    e.route(e.ta, e.prefix_list("10.2.0.0/16"), e.pcx)
    assert verdict(e, f"can {e.a} reach {e.b2} port 22") == "reachable"
    e.drop("ManagedPrefixListEntries")
    assert verdict(e, f"can {e.a} reach {e.b2} port 22") == "undecided"


def test_a_peers_group_without_the_peerings() -> None:
    """Law 2: whether a group of another VPC is a peer's is not known."""
    e = Pair()
    e.peered()
    g2 = e.group(e.v2)
    e.wear(e.b2, g2)
    e.wear(e.a, e.group(e.v1, egress=[f"all {g2}"]))
    assert verdict(e, f"can {e.a} reach {e.b2} port 22") == "reachable"
    e.drop("VpcPeeringConnections")
    assert verdict(e, f"can {e.a} reach {e.b2} port 22") == "undecided"


@pytest.mark.parametrize("call", ["NetworkAcls", "Reservations"])
def test_what_is_tracked_by_address_with_a_gap(call: str) -> None:
    """Law 2, R-SG-27: a flow of the other end that is in doubt leaves the answer open."""
    e = Pair()
    e.wear(e.a, e.group(e.v1, ingress=[]))
    assert verdict(e, f"can {e.b} reach {e.a} protocol 47") == "reachable"
    assert verdict(e.drop(call), f"can {e.b} reach {e.a} protocol 47") == "undecided"


def test_an_ipv6_address_without_its_vpc() -> None:
    """Law 2: an address of an interface is never a host on the internet."""
    e = Pair(ipv6=True)
    e.online(e.ta)
    e.wear(e.a, e.group(e.v1, ingress=[]))
    assert verdict(e, f"can internet reach {e.a.ip6} port 22") == "unreachable"
    e.drop("Vpcs")
    assert verdict(e, f"can internet reach {e.a.ip6} port 22") == "undecided"


def test_an_id_of_a_call_that_was_not_made() -> None:
    """Law 2: whether there is such a thing is not known, which is no fault of the asker."""
    e = Pair()
    e.drop("SecurityGroups")
    assert verdict(e, f"can sg-0123456789abcdef0 reach {e.b} port 22") == "undecided"


def test_a_snapshot_goes_with_what_was_worked_out_from_it(tmp_path: Path) -> None:
    """What is kept for later questions does not keep the snapshot alive."""
    e = Pair()
    snapshot = reach.load(e.write(tmp_path))
    assert reach.ask(snapshot, f"can {e.a} reach {e.b} port 22").verdict == "reachable"
    gone = weakref.ref(snapshot)
    del snapshot
    gc.collect()
    assert gone() is None


def test_two_prefix_lists_that_lead_nowhere() -> None:
    """R-RT-10, R-RT-11: whichever is in force, the route is a blackhole; that is no assumption."""
    e = Pair()
    e.peered()
    nat = e.natted()
    one = e.prefix_list("10.9.0.0/16", name="one")
    other = e.prefix_list("10.9.0.0/16", "10.8.0.0/16", name="other")
    e.route(e.ta, one, e.pcx, state="blackhole")
    e.route(e.ta, other, nat, state="blackhole")
    answer = e.ask(f"can {e.a} reach 10.9.1.1 port 80")
    assert answer.verdict == "unreachable"
    assert answer.explanations[0].code == "BAD_STATE_ROUTE"


def test_ipv6_is_redirected_without_a_public_ipv4_address() -> None:
    """R-RT-21: the appliance's public address is one of IPv4; IPv6 has no such mapping."""
    e = Pair(ipv6=True)
    between = e.subnet(e.v1, "10.0.5.0/24", ipv6="2600:1f18:1a00:105::/64")
    gateway = e.online(e.table(e.v1, [between]))
    address = "2600:1f18:1a00:105::9"
    appliance = e.instance("appliance", between, "10.0.5.9", ipv6=address, check=False)
    e.route(e.table(e.v1, edge=gateway), "2600:1f18:1a00:101::/64", appliance.eni)
    e.route(e.tb, "::/0", appliance.eni)
    assert verdict(e, f"can ::/0 reach {e.b} port 443") == "reachable"
    assert verdict(e, f"can {e.b} reach 2606:4700:4700::1111 port 443") == "reachable"


def test_another_vpc_has_the_address_of_a_nat_gateway() -> None:
    """R-NAT-2: an interface of another VPC does not make the gateway's own a listed one."""
    e = Pair()
    nat = e.natted(e.ta)
    assert verdict(e, f"can {e.a} reach 8.8.8.8 port 443") == "reachable"
    interfaces = e.scope(e.home)["NetworkInterfaces"]
    interfaces[:] = [i for i in interfaces if i["NetworkInterfaceId"] != nat.eni]
    assert verdict(e, f"can {e.a} reach 8.8.8.8 port 443") == "reachable"
    twin = e.vpc("10.0.0.0/16", name="twin")
    e.instance("same", e.subnet(twin, "10.0.9.0/24"), "10.0.9.9")
    assert verdict(e, f"can {e.a} reach 8.8.8.8 port 443") == "reachable"


def test_a_vpc_that_is_not_listed_may_have_a_gateway() -> None:
    """R-SHARE-3: an interface in a VPC that no call shows is not cut off for that."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    e.scope(e.home)["Vpcs"].clear()
    assert verdict(e, f"can internet reach {e.a} port 443") == "undecided"


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("10.0.1.32/28", "reachable"),
        ("10.0.1.40/30", "reachable"),
        ("10.0.1.0/24", "reachable"),
        ("10.0.1.40/32", "reachable"),
        ("10.0.1.0/27", "unreachable"),
        ("10.0.1.48/28", "unreachable"),
    ],
)
def test_a_block_holds_delegated_prefixes(block: str, expected: str) -> None:
    """R-ENI-2: who has a prefix sends from its addresses, by a block's name as by their own."""
    e = Pair()
    node = e.instance("node", e.sb, "10.0.1.20", prefixes=["10.0.1.32/28"])
    e.wear(e.a, e.group(e.v1, ingress=["tcp/80 10.0.1.32/28"]))
    e.wear(e.b, e.group(e.v1, ingress=[]))
    question = f"can {block} reach {e.a} port 80"
    assert verdict(e, question) == expected
    parted = reach.isolated(e.load(), block, str(e.a), "port 80").there
    assert (bool(parted.accesses), parted.complete) == (expected == "reachable", True)
    e.wear(e.a, e.group(e.v1, ingress=[f"tcp/80 {e.prefix_list('10.0.1.40/31')}"]))
    assert verdict(e, question) == expected
    assert verdict(e, f"can {node} reach {e.a} port 80") == "reachable"


@pytest.mark.parametrize(
    ("block", "expected"),
    [("2600:1f18:1a00:101:7::/80", "reachable"), ("2600:1f18:1a00:101:8::/80", "unreachable")],
)
def test_an_ipv6_block_holds_delegated_prefixes(block: str, expected: str) -> None:
    """R-ENI-2: both ways."""
    e = Pair(ipv6=True)
    e.instance("node", e.sb, "10.0.1.20", prefixes=["2600:1f18:1a00:101:7::/80"])
    assert verdict(e, f"can {block} reach {e.a.ip6} port 80") == expected
    assert verdict(e, f"can {e.a.ip6} reach {block} port 80") == expected


def test_a_block_holds_addresses_of_pools() -> None:
    """R-IGW-9: to whom a pool is routed may send from it, by a block's name as by an address."""
    e = Pair()
    e.online(e.tb)
    router = e.instance("router", e.sb, "10.0.1.20", check=False)
    edge = e.table(e.v1, edge=e.gateway)
    pool_on(e, edge, "203.0.113.0/28")
    e.route(edge, "203.0.113.0/28", router.eni)
    e.wear(e.a, e.group(e.v1, ingress=["tcp/80 203.0.113.0/24"]))
    for sender, expected in (
        ("203.0.113.5", "reachable"),
        ("203.0.113.0/28", "reachable"),
        ("203.0.113.64/28", "unreachable"),
    ):
        answer = e.ask(f"can {sender} reach {e.a} port 80", one_way=True)
        assert answer.verdict == expected


def test_who_reaches_by_a_delegated_prefix_is_named() -> None:
    """R-ENI-2: in the list of everybody, with the block that it holds."""
    e = Pair()
    node = e.instance("node", e.sb, "10.0.1.20", prefixes=["10.0.1.32/28"])
    e.wear(e.a, e.group(e.v1, ingress=["tcp/80 10.0.1.32/28 10.0.1.5/32"]))
    answer = reach.ask(e.load(), f"can any reach {e.a} port 80", ends=9)
    (ends,) = answer.ends
    found = {each.resource: each.addresses for group in ends.groups for each in group.members}
    assert found == {str(e.b): ("10.0.1.5",), str(node): ("10.0.1.32/28",)}
    assert ends.complete


def told_by_its_allocation_only() -> Pair:
    """A has a public address of which only describe-addresses tells."""
    e = Pair()
    e.online(e.ta, e.tb)
    e.public(e.a, "198.51.100.7")
    for record in (e.a.eni.record, *e.a.eni.record["PrivateIpAddresses"]):
        record.pop("Association", None)
    return e


@pytest.mark.parametrize("end", ["198.51.100.7", "198.51.100.0/24"])
def test_an_elastic_ip_of_which_its_interface_says_nothing(end: str) -> None:
    """R-ENI-3: it names its interface as a sender too, alone or in a block."""
    e = told_by_its_allocation_only()
    assert verdict(e, f"can internet reach {end} port 22") == "reachable"
    assert verdict(e, f"can {end} reach 10.0.1.5 port 22") == "reachable"
    e.wear(e.b, e.group(e.v1, ingress=["tcp/22 10.9.0.0/16"]))
    assert verdict(e, f"can {end} reach 10.0.1.5 port 22") == "unreachable"


def test_a_redirection_to_an_elastic_ip_of_which_its_interface_says_nothing() -> None:
    """R-RT-21: the appliance has a public address, whichever call tells."""
    e = told_by_its_allocation_only()
    e.a.eni.record["SourceDestCheck"] = False
    e.public(e.b, "198.51.100.8")
    e.route(e.table(e.v1, edge=e.gateway), "10.0.1.0/24", e.a.eni)
    e.route(e.tb, "0.0.0.0/0", e.a.eni)
    assert verdict(e, f"can internet reach {e.b} port 22") == "reachable"
    e.scope(e.home)["Addresses"] = [
        each for each in e.scope(e.home)["Addresses"] if each["PublicIp"] != "198.51.100.7"
    ]
    assert verdict(e, f"can internet reach {e.b} port 22") == "unreachable"


def test_what_refuses_the_internet_refuses_ipv4() -> None:
    """R-ENI-10: inbound from an internet gateway is dropped, whatever it is addressed by."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    assert verdict(e, f"can internet reach {e.a} port 22") == "reachable"
    e.a.eni.record["DenyAllIgwTraffic"] = True
    assert verdict(e, f"can internet reach {e.a} port 22") == "unreachable"
    assert verdict(e, f"can {e.b} reach {e.a} port 22") == "reachable"
