"""VPCs: local routing between subnets, and what no subnet holds."""

from __future__ import annotations

import pytest

from reach.trace import Fate
from tests.aws.ground import answered, dropped, ground, nodes, packet, plain, sent, stages
from tests.estate import Estate, Pair


def test_local_routes() -> None:
    """R-RT-3, R-RT-7: one local route to each subnet, through that subnet's door; nothing else."""
    e = Pair(ipv6=True)
    (local,) = plain(stages(ground(e), f"vpc/{e.v1}/local"))
    assert sorted(local) == sorted(
        [
            "destination 2600:1f18:1a00:100::/64, 10.0.0.0/24 -> "
            f"subnet/{e.sa}/arrive subnet/{e.sa}/switch",
            "destination 2600:1f18:1a00:101::/64, 10.0.1.0/24 -> "
            f"subnet/{e.sb}/arrive subnet/{e.sb}/switch",
            f"else drop NO_POSSIBLE_DESTINATION ({e.v1})",
        ]
    )


def test_a_secondary_block_is_local_as_well() -> None:
    """R-RT-7: a subnet of a secondary CIDR is reached like any other, both ways."""
    e = Estate()
    vpc = e.vpc("10.0.0.0/24", "100.64.0.0/16")
    a = e.instance("a", e.subnet(vpc, "10.0.0.0/25"), "10.0.0.5")
    b = e.instance("b", e.subnet(vpc, "100.64.1.0/24"), "100.64.1.5")
    g = ground(e)
    assert answered(g, sent(g, a, packet(a.ip, b.ip)), b.ip)
    assert answered(g, sent(g, b, packet(b.ip, a.ip)), a.ip)


@pytest.mark.parametrize("destination", ["10.0.200.1", "10.0.2.0"])
def test_what_no_subnet_holds(destination: str) -> None:
    """An address inside the VPC's block and outside its subnets is nobody's."""
    e = Pair()
    e.online(e.ta)
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, destination))) == (
        e.v1,
        "NO_POSSIBLE_DESTINATION",
    )


def test_what_comes_by_peering_is_delivered_locally() -> None:
    """R-PCX-7: whoever brought the packet, the receiving subnet's door is next, then its ACL."""
    e = Pair()
    e.peered()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b2.ip))
    assert answered(g, there, e.b2.ip)
    trail = nodes(there)
    at = trail.index(f"vpc/{e.v2}/local")
    assert trail[at + 1] == f"subnet/{e.s2}/arrive subnet/{e.s2}/switch"
    acl = e.acl(e.v2, [e.s2], ingress=[])
    there = sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))
    assert dropped(there) == (acl, "SUBNET_ACL_RESTRICTION")


def test_no_vpc_is_local_to_another() -> None:
    """Local routing ends at the VPC: without a peering the other VPC's addresses are not there."""
    e = Pair()
    e.second()
    there = sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))
    assert dropped(there) == (e.ta, "NO_ROUTE_TO_DESTINATION")


def test_two_vpcs_of_one_block() -> None:
    """Equal blocks in two VPCs do not mix: each VPC delivers to its own."""
    e = Pair()
    e.second("10.0.0.0/16", "10.0.1.5")
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, "10.0.1.5"))
    assert there.owner == f"network_interface/{e.b.eni}"
    assert answered(g, there, "10.0.1.5")


def test_unknown_subnets() -> None:
    """A VPC whose subnets nobody asked for may have one for any address: not a denial."""
    e = Pair()
    e.drop("Subnets", "RouteTables", "NetworkAcls", "NetworkInterfaces", "Reservations")
    *_, last = plain(stages(ground(e), f"vpc/{e.v1}/local"))
    assert last == [f"unmodelled {e.v1}"]


def test_as_an_end() -> None:
    """A VPC stands for its interfaces, and only for its own."""
    e = Pair()
    e.second()
    g = ground(e)
    end = g.end(e.v1)
    assert end is not None
    assert {start.node for start in end.starts} == {
        f"network_interface/{one.eni}/send" for one in (e.a, e.b)
    }
    assert g.end("vpc-0000000000000dead") is None


def test_ipv6_is_local_too() -> None:
    """R-RT-7: an IPv6 block has its local route; an address outside the VPC's blocks has none."""
    e = Pair(ipv6=True)
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip6, e.b.ip6)), e.b.ip6)
    there = sent(g, e.a, packet(e.a.ip6, "2600:1f18:2b00:200::5"))
    assert there.fate is Fate.DROPPED
    assert dropped(there) == (e.ta, "NO_ROUTE_TO_DESTINATION")
