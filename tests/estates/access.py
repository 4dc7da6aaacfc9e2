"""Ways for people into a network: Instance Connect Endpoints, Client VPN, carrier gateways.

    eice = connect_endpoint(e, e.sb, "10.0.1.40")
    vpn = client_vpn(e, {e.sb: "10.0.1.50"})            # with its interface and the VPC's route
    vpn_rule(e, vpn, "10.0.0.0/16", "D")                # group D; everybody without it
    vpn_route(e, vpn, "10.2.0.0/16", e.sb)
    cagw = carrier_gateway(e, e.v1)
    carrier_ip(e, e.a, "155.146.10.7")

Each is written as the calls print it, in the scope of its VPC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.estate import Estate, Id, Record

CLIENTS = "172.20.0.0/22"


# ------------------------------ EC2 Instance Connect Endpoints


def connect_endpoint(
    e: Estate,
    subnet: Id,
    ip: str | None,
    groups: Sequence[Id] | None = None,
    preserve: bool = False,
    state: str = "create-complete",
    ipv6: str | None = None,
    name: str | None = None,
) -> Id:
    """An endpoint with its interface; its groups, left out, are open."""
    eice = e.make("eice", subnet.scope, name)
    account, region = subnet.scope
    eice.vpc = subnet.vpc
    worn = [e.open_group(subnet.vpc)] if groups is None else list(groups)
    eice.eni = e.interface(
        subnet,
        ip,
        groups=worn,
        ipv6=ipv6,
        kind="ec2_instance_connect_endpoint",
        requester="AIDAJ5KWZVT2VGB4FLIG2",
        description=f"EC2 Instance Connect Endpoint {eice}",
    )
    eice.record.update(
        AvailabilityZone=subnet.record["AvailabilityZone"],
        CreatedAt="2024-05-01T09:00:00.000Z",
        DnsName=f"{eice}.0123abcd.ec2-instance-connect-endpoint.{region}.amazonaws.com",
        InstanceConnectEndpointArn=(
            f"arn:aws:ec2:{region}:{account}:instance-connect-endpoint/{eice}"
        ),
        InstanceConnectEndpointId=str(eice),
        IpAddressType="ipv4" if not ipv6 else "dualstack" if ip else "ipv6",
        NetworkInterfaceIds=[str(eice.eni)],
        OwnerId=account,
        PreserveClientIp=preserve,
        SecurityGroupIds=[str(group) for group in worn],
        State=state,
        StateMessage="",
        SubnetId=str(subnet),
        VpcId=str(subnet.vpc),
    )
    eice.arn = eice.record["InstanceConnectEndpointArn"]
    return e.put("InstanceConnectEndpoints", eice)


# ------------------------------ Client VPN


def client_vpn(
    e: Estate,
    places: Mapping[Id, str],
    clients: str | None = CLIENTS,
    groups: Sequence[Id] | None = None,
    status: str = "available",
    traffic: str = "ipv4",
    routed: bool = True,
    public: Mapping[Id, str] | None = None,
    name: str | None = None,
) -> Id:
    """An endpoint associated with subnets (subnet: address of its interface there).

    Each association brings the route for the VPC with it, unless `routed` is false.  `public` maps
    subnets to the public address of the interface.
    """
    vpc = next(iter(places)).vpc
    vpn = _endpoint(e, vpc.scope, clients, status, traffic, name)
    vpn.vpc = vpc
    worn = [e.open_group(vpc)] if groups is None else list(groups)
    vpn.record.update(SecurityGroupIds=[str(group) for group in worn], VpcId=str(vpc))
    for subnet, ip in places.items():
        vpn.eni = e.interface(
            subnet,
            ip,
            groups=worn,
            public=(public or {}).get(subnet),
            elastic=False,
            check=False,
            requester="AROA0123456789ABCDEFG:AWSServiceRoleForClientVPN",
            description="ClientVPN Endpoint resource",
        )
        e.scope(vpc.scope)["ClientVpnTargetNetworks"].append(
            {
                "AssociationId": e.fresh("cvpn-assoc"),
                "ClientVpnEndpointId": str(vpn),
                "SecurityGroups": [str(group) for group in worn],
                "Status": {"Code": "associated"},
                "TargetNetworkId": str(subnet),
                "VpcId": str(vpc),
            }
        )
        if routed:
            vpn_route(e, vpn, vpc.record["CidrBlock"], subnet, origin="associate")
    return vpn


def transit_vpn(e: Estate, gateway: Id, clients: str = CLIENTS, name: str | None = None) -> Id:
    """An endpoint of a transit gateway, with its attachment (`.eni`) and no subnet."""
    vpn = _endpoint(e, gateway.scope, clients, "available", "ipv4", name)
    attachment = e.make("tgw-attach", gateway.scope, None)
    account = gateway.scope[0]
    attachment.record.update(
        ResourceId=str(vpn),
        ResourceOwnerId=account,
        ResourceType="client-vpn",
        State="available",
        TransitGatewayAttachmentId=str(attachment),
        TransitGatewayId=str(gateway),
        TransitGatewayOwnerId=account,
    )
    e.put("TransitGatewayAttachments", attachment)
    vpn.record["TransitGatewayConfiguration"] = {
        "AvailabilityZoneIds": ["use1-az1"],
        "TransitGatewayAttachmentId": str(attachment),
        "TransitGatewayId": str(gateway),
    }
    vpn.eni = attachment
    return vpn


def _endpoint(
    e: Estate,
    scope: tuple[str, str],
    clients: str | None,
    status: str,
    traffic: str,
    name: str | None,
) -> Id:
    vpn = e.make("cvpn-endpoint", scope, name)
    region = scope[1]
    vpn.record.update(
        AuthenticationOptions=[
            {
                "ActiveDirectory": {"DirectoryId": "d-9067012345"},
                "Type": "directory-service-authentication",
            }
        ],
        ClientVpnEndpointId=str(vpn),
        CreationTime="2024-05-01T09:00:00",
        Description="",
        DnsName=f"*.{vpn}.prod.clientvpn.{region}.amazonaws.com",
        EndpointIpAddressType="ipv4",
        SplitTunnel=True,
        Status={"Code": status},
        TrafficIpAddressType=traffic,
        TransportProtocol="udp",
        VpnPort=443,
        VpnProtocol="openvpn",
    )
    if clients:
        vpn.record["ClientCidrBlock"] = clients
    e.put("ClientVpnEndpoints", vpn)
    e.scope(scope)["ClientVpnRoutes"].append({"ClientVpnEndpointId": str(vpn), "Routes": []})
    e.scope(scope)["ClientVpnAuthorizationRules"].append(
        {"ClientVpnEndpointId": str(vpn), "AuthorizationRules": []}
    )
    return vpn


def vpn_rule(
    e: Estate, vpn: Id, block: str, group: str | None = None, status: str = "active"
) -> Record:
    """An authorization rule, for everybody or for a group."""
    rule: Record = {
        "AccessAll": group is None,
        "ClientVpnEndpointId": str(vpn),
        "Description": "",
        "DestinationCidr": block,
        "GroupId": group or "",
        "Status": {"Code": status},
    }
    _answer(e, vpn, "ClientVpnAuthorizationRules")["AuthorizationRules"].append(rule)
    return rule


def vpn_route(
    e: Estate,
    vpn: Id,
    block: str,
    target: str,
    status: str = "active",
    origin: str = "add-route",
) -> Record:
    """A route of an endpoint by a subnet, by its attachment, or among its clients (`local`)."""
    field = "TransitGatewayAttachmentId" if target.startswith("tgw-") else "TargetSubnet"
    route: Record = {
        "ClientVpnEndpointId": str(vpn),
        "Description": "",
        "DestinationCidr": block,
        "Origin": origin,
        "Status": {"Code": status},
        "Type": "Nat",
        field: str(target),
    }
    _answer(e, vpn, "ClientVpnRoutes")["Routes"].append(route)
    return route


def _answer(e: Estate, vpn: Id, key: str) -> Record:
    answers = e.scope(vpn.scope)[key]
    return next(each for each in answers if each["ClientVpnEndpointId"] == vpn)


# ------------------------------ carrier gateways


def carrier_gateway(e: Estate, vpc: Id, state: str = "available", name: str | None = None) -> Id:
    cagw = e.make("cagw", vpc.scope, name)
    cagw.record.update(CarrierGatewayId=str(cagw), VpcId=str(vpc))
    cagw.record.update(OwnerId=vpc.scope[0], State=state)
    return e.put("CarrierGateways", cagw)


def carrier_ip(e: Estate, owner: Id, address: str) -> None:
    """Map a carrier IP to an interface's primary private address."""
    eni = owner.eni
    host = address.replace(".", "-")
    association: Record = {
        "AllocationId": e.fresh("eipalloc"),
        "AssociationId": e.fresh("eipassoc"),
        "CarrierIp": address,
        "IpOwnerId": eni.scope[0],
        "PublicDnsName": f"ec2-{host}.compute-1.amazonaws.com",
    }
    row = next(row for row in eni.record["PrivateIpAddresses"] if row["Primary"])
    row["Association"] = eni.record["Association"] = association
    e.scope(eni.scope)["Addresses"].append(
        {
            "AllocationId": association["AllocationId"],
            "AssociationId": association["AssociationId"],
            "CarrierIp": address,
            "Domain": "vpc",
            "NetworkBorderGroup": "us-east-1-wl1-bos-wlz-1",
            "NetworkInterfaceId": str(eni),
            "NetworkInterfaceOwnerId": eni.scope[0],
            "PrivateIpAddress": row["PrivateIpAddress"],
        }
    )
