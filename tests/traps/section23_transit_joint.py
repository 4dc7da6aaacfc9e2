"""Section 23: transit gateways together with NAT gateways and lines to on-premises."""

from __future__ import annotations

import reach
from tests.estate import Id, Pair
from tests.estates.private import connection
from tests.estates.transit import attach, attachment, static, transit_gateway
from tests.traps.rows import allow, deny, row


@row("T-74")
def on_premises_uses_a_nat_gateway_by_way_of_a_transit_gateway() -> None:
    """on-prem-TGW-V1; attachment subnet 0/0→NAT; NAT subnet has on-prem CIDR→tgw: onprem→net:443
    ALLOW (U-4). Controls: read the other way it is refused; without the route back only the packet
    itself arrives (R-NAT-9)."""
    e, tgw = egress()
    question = "can 192.168.1.5 reach 8.8.8.8 port 443"
    answer = allow(e, question)
    assert "nat-from-transit" in {note.resource for note in answer.notes}
    refused = reach.ask(e.load(), question, options={"nat-from-transit": "deny"})
    assert refused.verdict == "unreachable"
    assert refused.explanations[0].code == "NGW_REQUIRES_SOURCE_IN_VPC"
    routes = e.tn.record["Routes"]
    routes[:] = [route for route in routes if route.get("TransitGatewayId") != tgw]
    deny(e, question, "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS")
    allow(e, question, one_way=True)


def egress() -> tuple[Pair, Id]:
    """V1 as the way out for 192.168.0.0/16, which lies beyond a VPN on the gateway."""
    e = Pair()
    st = e.subnet(e.v1, "10.0.8.0/28", "a", name="st")
    e.natted(e.table(e.v1, [st]))
    tgw = transit_gateway(e)
    vpn = connection(e, tgw, static=[])
    static(e, tgw.table, "0.0.0.0/0", attach(e, tgw, e.v1, [st]))
    static(e, tgw.table, "192.168.0.0/16", attachment(e, tgw, "vpn", vpn))
    e.route(e.tn, "192.168.0.0/16", tgw)
    return e, tgw
