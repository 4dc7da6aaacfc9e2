"""Elastic IPs: on an interface they are that interface, on none they are nobody."""

from __future__ import annotations

import pytest

from reach.network.address import parse_address
from reach.network.header_space import Ranges
from tests.aws.ground import (
    INTERNET,
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

HOST = "8.8.8.8"
EIP = "198.51.100.7"


def allocation(e: Pair, public: str) -> str:
    """The allocation id of an Elastic IP."""
    addresses = e.scope(e.home)["Addresses"]
    return next(a["AllocationId"] for a in addresses if a["PublicIp"] == public)


def spare(e: Pair, public: str = "198.51.100.99") -> Id:
    """An Elastic IP on no interface, as describe-addresses prints it."""
    made = e.make("eipalloc", e.home, "spare")
    made.record.update(
        AllocationId=str(made),
        Domain="vpc",
        NetworkBorderGroup="us-east-1",
        PublicIp=public,
        PublicIpv4Pool="amazon",
    )
    return e.put("Addresses", made)


# ------------------------------ decoding


def test_an_address_without_an_allocation() -> None:
    """An address of the old platform has no allocation id: it is called by itself."""
    e = Pair()
    e.add("Addresses", {"Domain": "standard", "PublicIp": "198.51.100.98"})
    g = ground(e)
    assert dropped(came(g, packet(HOST, "198.51.100.98")))[1] == "NO_PATH"
    assert arrived(came(g, packet(HOST, "198.51.100.97")), "198.51.100.97")


def test_a_carrier_address_is_not_public() -> None:
    """An address record with a carrier IP and no public one is for a carrier gateway to announce:
    it is nobody's on the internet (R-CGW-1)."""
    e = Pair()
    carrier = {"AllocationId": "eipalloc-0c0ffee", "CarrierIp": "155.146.10.111", "Domain": "vpc"}
    e.add("Addresses", carrier)
    announced, *_ = plain(stages(ground(e), INTERNET))
    assert announced == ["destination 155.146.10.111 -> drop NO_PATH (carrier IP inbound)"]


# ------------------------------ what leads nowhere


def test_announcements() -> None:
    """Each holder of addresses that lead nowhere is one route that drops, with its reason."""
    e = Pair(ipv6=True)
    free = spare(e)
    nat = e.nat(e.sb, "10.0.1.9", public="198.51.100.20", state="deleted")
    e.public(e.a, EIP, elastic=False)
    announced, *_ = plain(stages(ground(e), INTERNET))
    assert sorted(announced) == sorted(
        [
            f"destination {e.SIX} -> drop NO_PATH ({e.v1})",
            f"destination 198.51.100.99 -> drop NO_PATH ({free})",
            f"destination 198.51.100.20 -> drop NO_PATH ({nat})",
            f"destination {EIP} -> drop NO_PATH ({e.a.eni})",
        ]
    )


def test_on_no_interface() -> None:
    """R-OBS-3: nobody answers at an unassociated Elastic IP; next to it there may be a host."""
    e = Pair()
    free = spare(e)
    e.online(e.ta)
    e.public(e.a, EIP)
    g = ground(e)
    assert dropped(came(g, packet(HOST, "198.51.100.99"))) == (free, "NO_PATH")
    assert dropped(sent(g, e.a, packet(e.a.ip, "198.51.100.99"))) == (free, "NO_PATH")
    assert answered(g, sent(g, e.a, packet(e.a.ip, "198.51.100.98")), "198.51.100.98")


def test_the_address_of_a_deleted_nat_gateway() -> None:
    """R-OBS-3: it is nobody's, until somebody of the snapshot has it."""
    e = Pair()
    nat = e.nat(e.sb, "10.0.1.9", public="198.51.100.20", state="deleted")
    g = ground(e)
    assert dropped(came(g, packet(HOST, "198.51.100.20"))) == (nat, "NO_PATH")
    e.online(e.ta)
    e.public(e.a, "198.51.100.20")
    g = ground(e)
    assert answered(g, came(g, packet(HOST, "198.51.100.20")), e.a.ip)


@pytest.mark.parametrize("elastic", [True, False])
def test_in_a_vpc_without_an_internet_gateway(elastic: bool) -> None:
    """R-IGW-12, R-OBS-3: a public address works by an attached gateway only, and that is the reason
    which is given, whoever owns the address."""
    e = Pair()
    e.public(e.a, EIP, elastic=elastic)
    there = came(ground(e), packet(HOST, EIP))
    assert dropped(there) == (e.a.eni, "NO_PATH")
    assert "no attached internet gateway" in there.origin.words
    e.online(e.ta)
    g = ground(e)
    assert answered(g, came(g, packet(HOST, EIP)), e.a.ip)


def test_an_ipv6_block_that_no_gateway_announces() -> None:
    """R-IGW-5: a VPC's IPv6 addresses are not hosts of the internet, gateway or not."""
    e = Pair(ipv6=True)
    free = "2600:1f18:1a00:1ff::9"
    assert dropped(came(ground(e), packet("2606:4700:4700::1111", e.a.ip6))) == (e.v1, "NO_PATH")
    assert dropped(came(ground(e), packet("2606:4700:4700::1111", free))) == (e.v1, "NO_PATH")
    outside = "2600:1f18:1a00:200::5"
    assert arrived(came(ground(e), packet("2606:4700:4700::1111", outside)), outside)


def test_an_ipv6_block_that_is_no_longer_there() -> None:
    """R-OBS-3: a block in state `disassociated` is no longer the VPC's to announce, nor to be
    nobody's: its addresses are hosts of the internet."""
    e = Pair(ipv6=True)
    state = e.v1.record["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlockState"]
    state["State"] = "disassociated"
    free = "2600:1f18:1a00:1ff::9"
    assert arrived(came(ground(e), packet("2606:4700:4700::1111", free)), free)
    state["State"] = "associated"
    assert dropped(came(ground(e), packet("2606:4700:4700::1111", free))) == (e.v1, "NO_PATH")


def test_on_an_interface_that_is_attached_to_nothing() -> None:
    """R-ENI-8: the gateway translates, and the interface is not attached."""
    e = Pair()
    e.online(e.ta)
    eni = e.interface(e.sa, "10.0.0.77", public=EIP)
    g = ground(e)
    assert dropped(came(g, packet(HOST, EIP))) == (eni, "BAD_STATE")


# ------------------------------ as an end


def test_as_an_end() -> None:
    """An allocation means its interface, narrowed to the one private address it maps to."""
    e = Pair()
    e.online(e.ta)
    c = e.instance("c", e.sa, "10.0.0.9", public=EIP, secondary={"10.0.0.10": "198.51.100.10"})
    g = ground(e)
    end = g.end(allocation(e, "198.51.100.10"))
    assert end is not None
    assert end.addresses == Ranges.of(parse_address("10.0.0.10"))
    assert [start.node for start in end.starts] == [f"network_interface/{c.eni}/send"]
    assert [packet("10.0.0.9", HOST) in start.space for start in end.starts] == [False]
    assert end.nobody is None


def test_an_unassociated_address_as_an_end() -> None:
    """On no interface nothing starts and nothing arrives, and the code says why."""
    e = Pair()
    free = spare(e)
    g = ground(e)
    end = g.end(free)
    assert end is not None
    assert end.nobody is not None
    assert (end.starts, end.goals) == ((), {})
    assert (end.nobody.resource, end.nobody.code) == (free, "UNASSOCIATED_COMPONENT")
    assert g.end("eipalloc-0000000000000dead") is None
