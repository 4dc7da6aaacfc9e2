"""Small networks that each produce one explanation code, where no sample does.

    @produces("REMAP_EPHEMERAL_PORT")
    def a_port_of_its_own() -> Any:
        '''What is asked, in words.'''
        ...
        return answer

The catalogue of codes (`reach/codes.py`) names them; `test_codes` asks every one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reach
from tests.aws.test_gateway_load_balancer import Served
from tests.estate import Pair
from tests.estates.balancers import classic
from tests.estates.private import attach as attach_line
from tests.estates.private import connection, gateway
from tests.estates.transit import attach, joined, static, transit_gateway
from tests.traps.rows import bastion

NET, NODE = "8.8.8.8", "10.0.1.99"
Production = Callable[[], Any]
PRODUCTIONS: dict[str, Production] = {}


def produces(code: str) -> Callable[[Production], Production]:
    """Keep a function under the code that its answer shows."""

    def keep(made: Production) -> Production:
        assert code not in PRODUCTIONS, code
        PRODUCTIONS[code] = made
        return made

    return keep


def asked(e: Any, question: str, **how: Any) -> Any:
    return reach.ask(e.load(), question, **how)


# ------------------------------ conditions on the packet at its ends


def between(**how: Any) -> Any:
    """A reaches B, were it not for what is asked of the packet."""
    e = Pair()
    return asked(e, f"can {e.a} reach {e.b} port 22", **how)


@produces("FILTER_AT_SOURCE_SOURCE_ADDRESS")
def not_its_address() -> Any:
    """A does not send from another's address."""
    return between(at_source={"source": "10.0.1.5"})


@produces("ENI_ADDRESS_RESTRICTION")
def only_its_own_address() -> Any:
    """A sends from its own address only."""
    return between(at_source={"source": "10.0.0.99"})


@produces("FILTER_AT_SOURCE_DESTINATION_ADDRESS")
def not_to_b() -> Any:
    """What is sent to C is not sent to B."""
    return between(at_source={"destination": "10.0.1.99"})


@produces("FILTER_AT_SOURCE_PROTOCOL")
def port_22_is_tcp() -> Any:
    """Port 22 was asked for, of TCP."""
    return between(at_source={"protocol": "udp"})


@produces("FILTER_AT_SOURCE_DESTINATION_PORT_RANGE")
def not_port_22() -> Any:
    """Port 22 was asked for."""
    return between(at_source={"destination-port": "80"})


@produces("FILTER_AT_SOURCE_SOURCE_PORT_RANGE")
def a_ping_has_no_ports() -> Any:
    """No ping leaves from a port."""
    e = Pair()
    return asked(e, f"can {e.a} reach {e.b} icmp", at_source={"source-port": "1024-65535"})


@produces("FILTER_AT_DESTINATION_PROTOCOL")
def tcp_arrives_as_tcp() -> Any:
    """Nothing on the way makes UDP of TCP."""
    return between(at_destination={"protocol": "udp"})


@produces("FILTER_AT_DESTINATION_SOURCE_ADDRESS")
def the_source_is_a() -> Any:
    """What A sends to B arrives with A's address."""
    return between(at_destination={"source": "10.0.0.99"})


@produces("FILTER_AT_DESTINATION_DESTINATION_ADDRESS")
def the_destination_is_b() -> Any:
    """What A sends to B arrives with B's address."""
    return between(at_destination={"destination": "10.0.1.99"})


@produces("FILTER_AT_DESTINATION_DESTINATION_PORT_RANGE")
def the_port_is_22() -> Any:
    """What is sent to port 22 arrives at port 22."""
    return between(at_destination={"destination-port": "80"})


@produces("FILTER_AT_DESTINATION_SOURCE_PORT_RANGE")
def a_clients_port() -> Any:
    """A client's own port is 1024 or more, and stays what it is."""
    return between(at_destination={"source-port": "1-1023"})


@produces("REMAP_EPHEMERAL_PORT")
def a_port_of_its_own() -> Any:
    """A NAT gateway picks a port from 1024 up, whatever the client's was."""
    e = Pair()
    e.natted(e.ta)
    question = f"can {e.a} reach {NET} port 443"
    return asked(e, question, at_destination={"source-port": "500"})


@produces("IGW_EXPECTS_PUBLIC_ADDRESS")
def nobody_outside_is_private() -> Any:
    """No host on the internet has a private address."""
    e = Pair()
    e.public(e.b, "198.51.100.8")
    gate = e.online(e.tb)
    return asked(e, f"can {gate} reach {e.b} port 22", at_source={"source": "10.9.9.9"})


@produces("COMPONENT_FILTER_RESTRICTION")
def not_by_that_gateway() -> Any:
    """What stays in the VPC does not pass its internet gateway."""
    e = Pair()
    gate = e.online(e.tb)
    return asked(e, f"can {e.a} reach {e.b} port 22", through=[gate])


@produces("COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT")
def not_without_that_gateway() -> Any:
    """Nothing gets out without the NAT gateway."""
    e = Pair()
    nat = e.natted(e.ta)
    return asked(e, f"can {e.a} reach {NET} port 443", avoid=[nat])


# ------------------------------ internet gateways


@produces("IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS")
def shared_addresses_do_not_go_out() -> Any:
    """100.64.0.0/10 does not cross as a destination."""
    e = Pair()
    e.public(e.a, "198.51.100.7")
    e.online(e.ta)
    return asked(e, f"can {e.a} reach 100.64.0.9 port 443")


@produces("IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS")
def shared_addresses_do_not_come_in() -> Any:
    """Nor as the source of a packet that goes out of one gateway and in at another."""
    e = Pair()
    inner = e.subnet(e.vpc("100.64.0.0/16"), "100.64.1.0/24")
    client = e.instance("client", inner, "100.64.1.5")
    e.route(inner.vpc.table, "0.0.0.0/0", e.igw(inner.vpc))
    e.public(e.b, "198.51.100.8")
    e.online(e.tb)
    return asked(e, f"can {client} reach 198.51.100.8 port 443")


@produces("INGRESS_RTB_NO_PUBLIC_IP")
def an_appliance_without_a_public_address() -> Any:
    """An edge table redirects to an interface without a public address."""
    e, _ = bastion(public=None)
    return asked(e, "can 0.0.0.0/0 reach 198.51.100.8 port 443")


@produces("NGW_REQUIRES_SOURCE_IN_VPC")
def transit_clients_are_not_served() -> Any:
    """U-4, read narrowly: a NAT gateway serves nobody who comes by a transit gateway."""
    e = Pair()
    hub = joined(e)
    e.natted()
    for table in (e.ta, e.tb):
        e.route(table, "0.0.0.0/0", e.scope(e.home)["NatGateways"][0]["NatGatewayId"])
    e.route(e.t2, "0.0.0.0/0", hub.tgw)
    static(e, hub.tgw.table, "0.0.0.0/0", hub.one)
    question = f"can {e.b2} reach {NET} port 443"
    return asked(e, question, options={"nat-from-transit": "deny"})


@produces("REGIONAL_NGW_ROUTE_AZ_RESTRICTION")
def a_zone_without_the_gateway() -> Any:
    """A regional NAT gateway in manual mode, from a zone where it is not registered."""
    e = Pair()
    nat = e.regional_nat(e.v1, {"a": "198.51.100.60"}, e.online())
    e.route(e.tb, "0.0.0.0/0", nat)
    return asked(e, f"can {e.b} reach {NET} port 443")


# ------------------------------ routes


@produces("HIGHER_PRIORITY_ROUTE")
def a_static_blackhole_before_a_learned_route() -> Any:
    """Of equal prefixes the static route wins, although it leads nowhere."""
    e = Pair()
    vgw = gateway(e, e.v1)
    connection(e, vgw, static=["192.168.0.0/16"])
    e.route(e.ta, "192.168.0.0/16", e.natted(), state="blackhole")
    e.route(e.ta, "192.168.0.0/16", vgw, origin="EnableVgwRoutePropagation")
    return asked(e, f"can {e.a} reach 192.168.1.1 port 22")


@produces("UNKNOWN_DESTINATION")
def a_route_to_a_thing_that_nobody_saw() -> Any:
    """A route names a peering that no call shows."""
    e = Pair()
    e.route(e.ta, "10.2.0.0/16", "pcx-0abcdef0123456789")
    e.drop("VpcPeeringConnections")
    return asked(e, f"can {e.a} reach 10.2.0.5 port 22")


@produces("UNSUPPORTED_COMPONENT")
def a_thing_of_another_kind() -> Any:
    """A destination of a kind that is not modelled."""
    e = Pair()
    return asked(e, f"can {e.a} reach abc-0123456789abcdef0 port 22")


# ------------------------------ transit gateways


@produces("TGW_RTB_CANNOT_ROUTE")
def a_transit_route_beside_the_destination() -> Any:
    """The table knows the attachment, for other destinations."""
    e = Pair()
    hub = joined(e)
    e.scope(e.home)["TransitGatewayPropagations"][0]["TransitGatewayRouteTablePropagations"] = []
    static(e, hub.tgw.table, "10.2.7.0/24", hub.two)
    static(e, hub.tgw.table, "10.0.0.0/16", hub.one)
    return asked(e, f"can {e.a} reach {e.b2} port 80")


@produces("TGW_RTB_HIGHER_PRIORITY_ROUTE")
def a_transit_blackhole_before_a_propagated_route() -> Any:
    """Of equal prefixes the static one wins, although it drops."""
    e = Pair()
    hub = joined(e)
    static(e, hub.tgw.table, "10.2.0.0/16")
    return asked(e, f"can {e.a} reach {e.b2} port 80")


@produces("TGW_RTB_ROUTES_ARE_UNKNOWN")
def a_table_that_was_cut_short() -> Any:
    """There are more routes than the answer holds."""
    e = Pair()
    joined(e)
    e.scope(e.home)["TransitGatewayStaticRoutes"][0]["AdditionalRoutesAvailable"] = True
    return asked(e, f"can {e.a} reach {e.b2} port 80")


@produces("TGW_BAD_STATE_VPN")
def tunnels_that_are_down() -> Any:
    """Neither tunnel of a transit gateway's connection is up."""
    e = Pair()
    tgw = transit_gateway(e)
    attach(e, tgw, e.v1, [e.sa, e.sb])
    vpn = connection(e, tgw, static=[], up=(False, False))
    line = attach_line(e, tgw, "vpn", vpn)
    static(e, tgw.table, "192.168.0.0/16", line)
    e.route(e.ta, "192.168.0.0/16", tgw)
    return asked(e, f"can {e.a} reach 192.168.1.1 port 22")


@produces("VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS")
def only_the_vpcs_own_addresses() -> Any:
    """What another VPC sends by a transit gateway does not go on by a virtual private one."""
    e = Pair()
    hub = joined(e)
    vgw = gateway(e, e.v1)
    connection(e, vgw, static=["192.168.0.0/16"])
    for table, target in ((e.ta, vgw), (e.tb, vgw), (e.t2, hub.tgw)):
        e.route(table, "192.168.0.0/16", target)
    static(e, hub.tgw.table, "192.168.0.0/16", hub.one)
    return asked(e, f"can {e.b2} reach 192.168.1.1 port 22")


# ------------------------------ groups


@produces("SG_REFERENCING_SUPPORT")
def references_end_at_an_attachment() -> Any:
    """A transit gateway that does not keep references."""
    e = Pair()
    joined(e, references=False)
    own = e.group(e.v1)
    e.wear(e.a, own)
    e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {own}"]))
    return asked(e, f"can {e.a} reach {e.b2} port 80")


@produces("UNKNOWN_PEERED_SGS")
def a_group_of_an_account_that_nobody_saw() -> Any:
    """A rule names a group over a peering whose other side is not in the snapshot."""
    e = Pair()
    e.peered(account="999988887777")
    del e.scopes["999988887777", "us-east-1"]
    own = e.group(e.v1, ingress=["tcp/22 999988887777/sg-0fedcba9876543210"])
    pair = own.record["IpPermissions"][0]["UserIdGroupPairs"][0]
    pair |= {"VpcId": str(e.v2), "VpcPeeringConnectionId": str(e.pcx), "PeeringStatus": "active"}
    e.wear(e.b, own)
    return asked(e, f"can {e.a} reach {e.b} port 22")


# ------------------------------ load balancers


@produces("ELB_INSTALLED_AZ_RESTRICTION")
def an_instance_in_a_zone_that_is_not_enabled() -> Any:
    """Whatever crosses zones, an instance of another zone is never used."""
    e = Pair()
    classic(e, "old", {e.sa: "10.0.0.99"}, [("HTTP", 80, 8080)], [e.b], cross_zone=True)
    return asked(e, f"can {e.a} reach old port 80")


@produces("ELB_NOT_CROSSZONE")
def an_instance_in_another_zone() -> Any:
    """A node does not use the instance of another zone."""
    e = Pair()
    nodes = {e.sa: "10.0.0.99", e.sb: NODE}
    classic(e, "old", nodes, [("HTTP", 80, 8080)], [e.b], cross_zone=False)
    return asked(e, f"can {e.a} reach 10.0.0.99 port 80")


@produces("ELBV2_LISTENER_REQUIRES_TG_ACCEPT")
def no_appliance_is_healthy() -> Any:
    """U-19: read narrowly, a new flow to appliances that are all unhealthy is dropped."""
    return Served(health="unhealthy").answer(appliance_unhealthy="deny")
