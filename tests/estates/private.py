"""Private connectivity on an Estate: gateways and lines to on-premises, as the AWS CLI prints them.

    vgw = gateway(e, e.v1)                                       # attached
    vpn = connection(e, vgw, static=["192.168.0.0/16"])          # a static one, both tunnels up
    learn(e, vgw, e.ta, "172.16.0.0/12")                         # propagated into a route table
    dx = dx_gateway(e)
    vif = virtual_interface(e, dx)
    associate(e, dx, vgw, "10.0.0.0/16")

The calls of Direct Connect print their keys in camelCase, and the ids of its gateways are UUIDs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tests.estate import Estate, Id, Record

OUTSIDE = ("203.0.113.20", "203.0.113.21")
CHANGED = "2024-05-01T09:00:00+00:00"


# ------------------------------ virtual private gateways and VPN connections


def gateway(e: Estate, vpc: Id | None, *, state: str = "attached", name: str | None = None) -> Id:
    """A virtual private gateway, attached to this VPC (to none)."""
    vgw = e.make("vgw", vpc.scope if vpc is not None else e.home, name)
    vgw.record.update(
        AmazonSideAsn=64512,
        State="available",
        Type="ipsec.1",
        VpcAttachments=[{"State": state, "VpcId": str(vpc)}] if vpc is not None else [],
        VpnGatewayId=str(vgw),
    )
    return e.put("VpnGateways", vgw)


def customer_gateway(e: Estate, ip: str = "203.0.113.99", name: str | None = None) -> Id:
    """What AWS knows of the device at the other end."""
    cgw = e.make("cgw", e.home, name)
    cgw.record.update(
        BgpAsn="65010",
        CustomerGatewayId=str(cgw),
        IpAddress=ip,
        State="available",
        Type="ipsec.1",
    )
    return e.put("CustomerGateways", cgw)


def connection(
    e: Estate,
    on: Id | None,
    *,
    static: Sequence[str] | None = None,
    up: Sequence[bool] | None = (True, True),
    accepted: int = 1,
    state: str = "available",
    customer: Id | None = None,
    outside: Sequence[str] = OUTSIDE,
    name: str | None = None,
) -> Id:
    """A VPN connection on a virtual private or transit gateway; BGP unless it has static routes.

    ``up`` says which tunnels are (None: there is no telemetry), ``accepted`` how many prefixes each
    of those has taken.
    """
    scope = on.scope if on is not None else e.home
    vpn = e.make("vpn", scope, name)
    ends_at = {"vgw": "VpnGatewayId", "tgw": "TransitGatewayId"}
    vpn.record.update(
        Category="VPN",
        CustomerGatewayConfiguration="",
        CustomerGatewayId=str(customer if customer is not None else customer_gateway(e)),
        GatewayAssociationState="associated",
        Options={
            "EnableAcceleration": False,
            "LocalIpv4NetworkCidr": "0.0.0.0/0",
            "OutsideIpAddressType": "PublicIpv4",
            "RemoteIpv4NetworkCidr": "0.0.0.0/0",
            "StaticRoutesOnly": static is not None,
            "TunnelInsideIpVersion": "ipv4",
            "TunnelOptions": [
                {"OutsideIpAddress": ip, "TunnelInsideCidr": f"169.254.10.{4 * n}/30"}
                for n, ip in enumerate(outside)
            ],
        },
        Routes=[
            {"DestinationCidrBlock": block, "Source": "Static", "State": "available"}
            for block in static or ()
        ],
        State=state,
        Type="ipsec.1",
        VgwTelemetry=[
            {
                "AcceptedRouteCount": (len(static) if static is not None else accepted) * is_up,
                "LastStatusChange": CHANGED,
                "OutsideIpAddress": ip,
                "Status": "UP" if is_up else "DOWN",
                "StatusMessage": "" if is_up else "IPSEC IS DOWN",
            }
            for ip, is_up in zip(outside, up or (), strict=False)
        ],
        VpnConnectionId=str(vpn),
    )
    if on is not None:
        vpn.record[ends_at[on.partition("-")[0]]] = str(on)
    return e.put("VpnConnections", vpn)


def learn(e: Estate, vgw: Id, table: Id, *blocks: str) -> None:
    """Let a gateway propagate to a table, which then shows what it has learned."""
    if {"GatewayId": str(vgw)} not in table.record["PropagatingVgws"]:
        table.record["PropagatingVgws"].append({"GatewayId": str(vgw)})
    for block in blocks:
        e.route(table, block, vgw, origin="EnableVgwRoutePropagation")


# ------------------------------ transit gateways


def transit_gateway(e: Estate, name: str | None = None) -> Id:
    """A transit gateway; its ``table`` is the route table that attachments are put into."""
    tgw = e.make("tgw", e.home, name)
    arn = f"arn:aws:ec2:{tgw.scope[1]}:{tgw.scope[0]}:transit-gateway/{tgw}"
    tgw.record.update(
        OwnerId=e.home[0],
        State="available",
        TransitGatewayArn=arn,
        TransitGatewayId=str(tgw),
        Options={"AmazonSideAsn": 64600, "VpnEcmpSupport": "enable"},
    )
    tgw.arn = arn
    tgw.table = e.make("tgw-rtb", e.home, None)
    tgw.table.record.update(
        State="available", TransitGatewayId=str(tgw), TransitGatewayRouteTableId=str(tgw.table)
    )
    e.put("TransitGatewayRouteTables", tgw.table)
    e.scope(e.home).setdefault("TransitGatewayRoutes", []).append(
        {
            "TransitGatewayRouteTableId": str(tgw.table),
            "Routes": [],
            "AdditionalRoutesAvailable": False,
        }
    )
    return e.put("TransitGateways", tgw)


def attach(
    e: Estate, tgw: Id, kind: str, resource: str, *, state: str = "available", account: str = ""
) -> Id:
    """An attachment of any kind, associated with the gateway's table."""
    made = e.make("tgw-attach", tgw.scope, None)
    made.record.update(
        Association={"State": "associated", "TransitGatewayRouteTableId": str(tgw.table)},
        CreationTime=CHANGED,
        ResourceId=str(resource),
        ResourceOwnerId=account or tgw.scope[0],
        ResourceType=kind,
        State=state,
        TransitGatewayAttachmentId=str(made),
        TransitGatewayId=str(tgw),
        TransitGatewayOwnerId=tgw.scope[0],
    )
    return e.put("TransitGatewayAttachments", made)


def attach_vpc(e: Estate, tgw: Id, vpc: Id, *subnets: Id) -> Id:
    """A VPC's attachment; its blocks are propagated."""
    made = attach(e, tgw, "vpc", vpc)
    e.add(
        "TransitGatewayVpcAttachments",
        {
            "CreationTime": CHANGED,
            "Options": {
                "ApplianceModeSupport": "disable",
                "DnsSupport": "enable",
                "Ipv6Support": "disable",
                "SecurityGroupReferencingSupport": "enable",
            },
            "State": "available",
            "SubnetIds": [str(subnet) for subnet in subnets],
            "Tags": [],
            "TransitGatewayAttachmentId": str(made),
            "TransitGatewayId": str(tgw),
            "VpcId": str(vpc),
            "VpcOwnerId": vpc.scope[0],
        },
    )
    tgw_route(e, tgw, vpc.record["CidrBlock"], made, kind="propagated")
    return made


def tgw_route(e: Estate, tgw: Id, block: str, attachment: Id, *, kind: str = "static") -> None:
    """A route of the gateway's table."""
    answer = next(
        each
        for each in e.scope(e.home)["TransitGatewayRoutes"]
        if each["TransitGatewayRouteTableId"] == tgw.table
    )
    answer["Routes"].append(
        {
            "DestinationCidrBlock": block,
            "State": "active",
            "TransitGatewayAttachments": [
                {
                    "ResourceId": attachment.record["ResourceId"],
                    "ResourceType": attachment.record["ResourceType"],
                    "TransitGatewayAttachmentId": str(attachment),
                }
            ],
            "Type": kind,
        }
    )


def connect(
    e: Estate,
    tgw: Id,
    transport: Id,
    *,
    up: Sequence[str] = ("up", "down"),
    state: str = "available",
) -> Id:
    """A Connect attachment over another one, with one peer of two BGP sessions."""
    made = attach(e, tgw, "connect", transport, state=state)
    e.add(
        "TransitGatewayConnects",
        {
            "CreationTime": CHANGED,
            "Options": {"Protocol": "gre"},
            "State": state,
            "Tags": [],
            "TransitGatewayAttachmentId": str(made),
            "TransitGatewayId": str(tgw),
            "TransportTransitGatewayAttachmentId": str(transport),
        },
    )
    peer = e.make("tgw-connect-peer", tgw.scope, None)
    peer.record.update(
        ConnectPeerConfiguration={
            "BgpConfigurations": [
                {
                    "BgpStatus": status,
                    "PeerAddress": "169.254.200.1",
                    "PeerAsn": 65020,
                    "TransitGatewayAddress": f"169.254.200.{2 + n}",
                    "TransitGatewayAsn": 64600,
                }
                for n, status in enumerate(up)
            ],
            "InsideCidrBlocks": ["169.254.200.0/29"],
            "PeerAddress": "10.0.1.200",
            "Protocol": "gre",
            "TransitGatewayAddress": "192.0.2.10",
        },
        CreationTime=CHANGED,
        State="available",
        TransitGatewayAttachmentId=str(made),
        TransitGatewayConnectPeerId=str(peer),
    )
    e.put("TransitGatewayConnectPeers", peer)
    return made


# ------------------------------ Direct Connect


def _uuid(e: Estate) -> Id:
    text = hashlib.sha256(e.fresh("dxgw").encode()).hexdigest()
    made = Id("-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:32])))
    made.record, made.scope = {}, e.home
    return made


def dx_gateway(e: Estate, *, state: str = "available", name: str = "dx") -> Id:
    """A Direct Connect gateway."""
    made = _uuid(e)
    made.record.update(
        amazonSideAsn=64700,
        directConnectGatewayId=str(made),
        directConnectGatewayName=name,
        directConnectGatewayState=state,
        ownerAccount=e.home[0],
    )
    return e.put("directConnectGateways", made)


def virtual_interface(
    e: Estate,
    on: Id,
    *,
    kind: str = "private",
    state: str = "available",
    families: Sequence[str] = ("ipv4",),
    up: bool = True,
    name: str = "",
) -> Id:
    """A virtual interface on a Direct Connect gateway or on a virtual private gateway itself."""
    made = Id(f"dxvif-{e.fresh('dxvif')[-8:]}")
    made.record, made.scope = {}, e.home
    direct = on.startswith("vgw-")
    made.record.update(
        addressFamily=families[0] if families else "ipv4",
        amazonAddress="169.254.100.1/30",
        asn=65030,
        bgpPeers=[
            {
                "addressFamily": family,
                "amazonAddress": "169.254.100.1/30",
                "asn": 65030,
                "bgpPeerId": f"dxpeer-{made[-6:]}{n}",
                "bgpPeerState": "available",
                "bgpStatus": "up" if up else "down",
                "customerAddress": "169.254.100.2/30",
            }
            for n, family in enumerate(families)
        ],
        connectionId="dxcon-fg1example",
        customerAddress="169.254.100.2/30",
        directConnectGatewayId="" if direct else str(on),
        location="EqDC2",
        ownerAccount=e.home[0],
        region=e.home[1],
        routeFilterPrefixes=[],
        virtualGatewayId=str(on) if direct else "",
        virtualInterfaceId=str(made),
        virtualInterfaceName=name or f"vif-{made[-4:]}",
        virtualInterfaceState=state,
        virtualInterfaceType=kind,
        vlan=101,
    )
    if not direct:
        attachment = "TransitVirtualInterface" if kind == "transit" else "PrivateVirtualInterface"
        e.add(
            "directConnectGatewayAttachments",
            {
                "attachmentState": "attached",
                "attachmentType": attachment,
                "directConnectGatewayId": str(on),
                "virtualInterfaceId": str(made),
                "virtualInterfaceOwnerAccount": e.home[0],
                "virtualInterfaceRegion": e.home[1],
            },
        )
    return e.put("virtualInterfaces", made)


def associate(
    e: Estate, dx: Id, on: Id, *allowed: str, state: str = "associated", region: str = ""
) -> Record:
    """A virtual private or transit gateway on a Direct Connect gateway, with allowed prefixes."""
    private = on.startswith("vgw-")
    record: Record = {
        "allowedPrefixesToDirectConnectGateway": [{"cidr": block} for block in allowed],
        "associatedGateway": {
            "id": str(on),
            "ownerAccount": on.scope[0],
            "region": region or on.scope[1],
            "type": "virtualPrivateGateway" if private else "transitGateway",
        },
        "associationId": e.fresh("dxgw-assoc"),
        "associationState": state,
        "directConnectGatewayId": str(dx),
        "directConnectGatewayOwnerAccount": dx.scope[0],
    }
    if private:
        record |= {
            "virtualGatewayId": str(on),
            "virtualGatewayOwnerAccount": on.scope[0],
            "virtualGatewayRegion": region or on.scope[1],
        }
    e.add("directConnectGatewayAssociations", record)
    return record


# ------------------------------ Route Servers


def route_server(e: Estate, subnet: Id, peer: Id, *tables: Id, ip: str = "10.0.1.200") -> Id:
    """A route server with one endpoint in a subnet, one peer, and the tables it propagates to."""
    server = e.make("rs", subnet.scope, None)
    server.record.update(
        AmazonSideAsn=65000,
        PersistRoutesState="disabled",
        RouteServerId=str(server),
        SnsNotificationsEnabled=False,
        State="available",
    )
    e.put("RouteServers", server)
    eni = e.interface(subnet, ip, requester="111122223333", description="Route Server Endpoint")
    endpoint = e.make("rse", subnet.scope, None)
    endpoint.record.update(
        EniAddress=ip,
        EniId=str(eni),
        RouteServerEndpointId=str(endpoint),
        RouteServerId=str(server),
        State="available",
        SubnetId=str(subnet),
        VpcId=str(subnet.vpc),
    )
    endpoint.eni = server.eni = eni
    e.put("RouteServerEndpoints", endpoint)
    talks = e.make("rsp", subnet.scope, None)
    talks.record.update(
        BgpOptions={"PeerAsn": 65010, "PeerLivenessDetection": "bgp-keepalive"},
        BgpStatus={"Status": "up"},
        EndpointEniAddress=ip,
        EndpointEniId=str(eni),
        PeerAddress=peer.ip,
        RouteServerEndpointId=str(endpoint),
        RouteServerId=str(server),
        RouteServerPeerId=str(talks),
        State="available",
        SubnetId=str(subnet),
        VpcId=str(subnet.vpc),
    )
    e.put("RouteServerPeers", talks)
    for table in tables:
        e.add(
            "RouteServerPropagations",
            {"RouteServerId": str(server), "RouteTableId": str(table), "State": "available"},
        )
    return server


def advertise(e: Estate, table: Id, block: str, hop: Id) -> None:
    """A route that a route server has installed: its next hop is an interface's address."""
    route = e.route(table, block, hop.eni, origin="Advertisement")
    route["IpAddress"] = hop.ip
