"""Customer gateways: an address and an ASN, with the connections that name them."""

from __future__ import annotations

import pytest

from tests.aws.ground import dropped, ground, packet, sent
from tests.estate import Id, Pair
from tests.estates.private import (
    attach,
    attach_vpc,
    connection,
    customer_gateway,
    gateway,
    tgw_route,
    transit_gateway,
)
from tests.traps.rows import allow, deny, unknown

HOST = "192.168.1.1"


def two() -> tuple[Pair, Id, Id]:
    """Two customer gateways with a connection each on V1's gateway."""
    e = Pair()
    vgw = gateway(e, e.v1)
    one, other = customer_gateway(e, "203.0.113.98"), customer_gateway(e, "203.0.113.99")
    connection(e, vgw, static=["192.168.0.0/16"], customer=one)
    connection(
        e,
        vgw,
        static=["172.16.0.0/12"],
        customer=other,
        outside=("203.0.113.30", "203.0.113.31"),
    )
    e.route(e.ta, "192.168.0.0/16", vgw)
    return e, one, other


@pytest.mark.parametrize("state", ["pending", "deleting", "deleted"])
def test_state(state: str) -> None:
    """R-CGWY-1: a connection whose customer gateway is not available carries nothing."""
    e, one, _ = two()
    allow(e, f"can {e.a} reach {HOST} port 22")
    one.record["State"] = state
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, HOST))) == (one, "BAD_STATE_VPN")


def test_state_on_a_transit_gateway() -> None:
    """The code says on which kind of gateway the connection is."""
    e = Pair()
    tgw = transit_gateway(e)
    attach_vpc(e, tgw, e.v1, e.sa)
    one = customer_gateway(e)
    made = attach(e, tgw, "vpn", connection(e, tgw, static=[], customer=one))
    tgw_route(e, tgw, "192.168.0.0/16", made)
    e.route(e.ta, "192.168.0.0/16", tgw)
    allow(e, f"can {e.a} reach {HOST} port 22")
    one.record["State"] = "deleted"
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, HOST))) == (one, "TGW_BAD_STATE_VPN")


def test_not_asked_for() -> None:
    """Nothing hangs on the call: a connection that is up has a gateway that is there."""
    e, one, _ = two()
    e.drop("CustomerGateways")
    allow(e, f"can {e.a} reach {HOST} port 22")
    allow(e, f"can {one} reach {e.a} port 22")


def test_as_an_end() -> None:
    """On-premises by way of its connections, and of no others."""
    e, one, other = two()
    allow(e, f"can {one} reach {e.a} port 22")
    allow(e, f"can {e.a} reach {one} port 22")
    deny(e, f"can {e.a} reach {other} port 22", "NO_ROUTE_TO_DESTINATION")
    allow(e, f"can {other} reach {e.a} protocol 50", one_way=True)
    # A host that is known beyond the one may send by the other: only its reply's way is certain.
    unknown(e, f"can {other} reach {e.a} port 22")
    e.ta.record["Routes"].pop()
    deny(e, f"can {other} reach {e.a} port 22", "NO_ROUTE_TO_DESTINATION")
    assert ground(e).end("cgw-0000000000000dead") is None


def test_as_an_end_without_connections() -> None:
    """Nobody is behind it, unless the connections were not asked for."""
    e = Pair()
    alone = customer_gateway(e)
    deny(e, f"can {alone} reach {e.a} port 22", "UNASSOCIATED_COMPONENT")
    e.drop("VpnConnections")
    unknown(e, f"can {alone} reach {e.a} port 22")


def test_its_address_is_a_host_on_the_internet() -> None:
    """R-CGWY-1: the device itself is beyond the model, an address like any other."""
    e, _, _ = two()
    e.online(e.tb)
    e.public(e.b, "198.51.100.8")
    allow(e, f"can {e.b} reach 203.0.113.98 port 443")
    allow(e, f"can 203.0.113.98 reach {e.b} port 443")
