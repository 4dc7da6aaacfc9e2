"""Section 23: the rows about virtual private gateways."""

from __future__ import annotations

from tests.estate import Pair, dump
from tests.estates.private import connection, gateway, learn
from tests.traps.rows import IN_S3, NET, allow, deny, row

BEYOND = "192.168.1.1"
NOT_OF_THE_VPC = "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"


def with_vpn() -> tuple[Pair, str]:
    """V1 with a virtual private gateway and a static VPN connection to 192.168.0.0/16."""
    e = Pair()
    vgw = gateway(e, e.v1)
    connection(e, vgw, static=["192.168.0.0/16"])
    for table in (e.ta, e.tb):
        e.route(table, "192.168.0.0/16", vgw)
    return e, vgw


@row("T-47")
def longer_propagated_prefix_beats_static() -> None:
    """static 172.31.0.0/20→pcx, propagated 172.31.1.0/24→vgw: A→172.31.1.1 by vgw."""
    e = Pair()
    e.peered("172.31.0.0/16", "172.31.1.1", within="172.31.0.0/20")
    vgw = gateway(e, e.v1)
    connection(e, vgw)
    learn(e, vgw, e.ta, "172.31.1.0/24")
    answer = allow(e, f"can {e.a} reach 172.31.1.1 port 80")
    assert vgw in dump(answer)
    assert e.pcx not in dump(answer)
    deny(e, f"can {e.a} reach {e.b2} port 80")
    e.ta.record["Routes"].pop()
    answer = allow(e, f"can {e.a} reach {e.b2} port 80")
    assert e.pcx in dump(answer)


@row("T-73")
def no_nat_for_on_premises() -> None:
    """on-prem-VGW-V1 with NAT: onprem→net through NAT DENY."""
    e, vgw = with_vpn()
    nat = e.natted(e.ta)
    e.route(e.tn, "192.168.0.0/16", vgw)
    deny(e, f"can {BEYOND} reach {NET} port 443", NOT_OF_THE_VPC)
    deny(e, f"can {BEYOND} reach internet port 443", NOT_OF_THE_VPC, one_way=True)
    assert nat in dump(allow(e, f"can {e.a} reach {NET} port 443"))
    allow(e, f"can {BEYOND} reach {e.a} port 443")


@row("T-91")
def no_gateway_endpoint_for_on_premises() -> None:
    """on-prem-VGW-V1 with S3 gateway endpoint: onprem→S3 via endpoint DENY; S3 interface endpoint
    ALLOW."""
    e, _ = with_vpn()
    e.endpoint_gateway(e.v1, [e.ta, e.tb])
    deny(e, f"can {BEYOND} reach {IN_S3} port 443", NOT_OF_THE_VPC)
    allow(e, f"can {e.a} reach {IN_S3} port 443")
    e.endpoint_interface({e.sb: "10.0.1.40"}, service="s3")
    allow(e, f"can {BEYOND} reach 10.0.1.40 port 443")
    deny(e, f"can {BEYOND} reach 10.0.1.40 icmp")


@row("T-92")
def a_gateway_sends_only_what_it_knows() -> None:
    """VPN static route 192.168.0.0/16 only; SA 0/0→vgw: A→8.8.8.8 DENY at VGW."""
    e, vgw = with_vpn()
    e.route(e.ta, "0.0.0.0/0", vgw)
    answer = deny(e, f"can {e.a} reach {NET} port 443")
    assert [one.resource for one in answer.explanations] == [vgw]
    deny(e, f"can {e.a} reach {NET} port 443", one_way=True)
    allow(e, f"can {e.a} reach {BEYOND} port 443")


@row("T-94")
def a_gateway_leads_into_its_own_vpc_only() -> None:
    """on-prem → VGW → destination outside V1 (V2 peered to V1): onprem→B2 DENY."""
    e, _ = with_vpn()
    e.peered()
    e.route(e.t2, "192.168.0.0/16", e.pcx)
    deny(e, f"can {BEYOND} reach {e.b2} port 80", NOT_OF_THE_VPC)
    deny(e, f"can on-premises reach {e.b2} port 80", NOT_OF_THE_VPC, one_way=True)
    deny(e, f"can {e.b2} reach {BEYOND} port 80", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR")
    allow(e, f"can {e.a} reach {e.b2} port 80")
    allow(e, f"can {BEYOND} reach {e.a} port 80")
