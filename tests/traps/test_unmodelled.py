"""What is not modelled is undecided, with its id."""

from __future__ import annotations

import pytest

from tests.estate import Pair
from tests.traps.rows import (
    EIP_A,
    GROUP,
    NET,
    allow,
    deny,
    transit_gateway,
    unknown,
    virtual_gateway,
)

# ------------------------------ what is not modelled: undecided, with its id


def test_a_route_to_a_transit_gateway_of_nobody() -> None:
    e = Pair()
    e.second()
    tgw = e.fresh("tgw")
    e.route(e.ta, "10.2.0.0/16", tgw)
    e.route(e.t2, "10.0.0.0/16", tgw)
    unknown(e, f"can {e.a} reach {e.b2} port 80", tgw)
    unknown(e, f"can {e.a} reach {e.b2} port 80", tgw, one_way=True)


DIRECT_CONNECT = (
    "directConnectGatewayAssociations",
    "directConnectGatewayAttachments",
    "directConnectGateways",
    "virtualInterfaces",
)


def test_a_virtual_private_gateway_with_nothing_on_it() -> None:
    """R-VGW-3: it knows no prefix, unless the calls of Direct Connect were not made; a propagated
    prefix that no line in the snapshot can have told is nobody's to judge."""
    e = Pair()
    e.peered("172.31.0.0/16", "172.31.1.1", within="172.31.0.0/20")
    vgw = virtual_gateway(e)
    e.route(e.ta, "192.168.0.0/16", vgw)
    deny(e, f"can {e.a} reach 192.168.1.1 port 80")
    e.drop(*DIRECT_CONNECT)
    unknown(e, f"can {e.a} reach 192.168.1.1 port 80", vgw)
    e.route(e.ta, "172.31.1.0/24", vgw, origin="EnableVgwRoutePropagation")
    unknown(e, f"can {e.a} reach 172.31.1.1 port 80", vgw)
    deny(e, f"can {e.a} reach 192.168.1.1 port 80")


@pytest.mark.parametrize("kind", ["cagw", "endpoint"])
def test_a_route_to_something_unmodelled(kind: str) -> None:
    e = Pair()
    e.online()
    target: str
    if kind == "cagw":
        target = e.fresh(kind)
    else:
        target = e.endpoint_interface({e.sb: "10.0.1.60"})
    e.public(e.a, EIP_A)
    e.route(e.ta, "0.0.0.0/0", target)
    unknown(e, f"can {e.a} reach {NET} port 443", target)


def test_what_is_not_on_the_way_does_not_disturb() -> None:
    """An unmodelled gateway makes no question undecided that it cannot touch."""
    e = Pair()
    e.route(e.ta, "0.0.0.0/0", transit_gateway(e))
    allow(e, f"can {e.a} reach {e.b} port 22")
    e.wear(e.b, e.group(e.v1, ingress=["tcp/80 any"]))
    deny(e, f"can {e.a} reach {e.b} port 22", *GROUP)
