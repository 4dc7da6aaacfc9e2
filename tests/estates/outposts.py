"""Outposts and their local gateways for the estates of tests, as the AWS CLI prints them.

lgw = local_gateway(e)                             # with its route table, lgw.table
associate(e, lgw, e.v1)
leads(e, lgw, "0.0.0.0/0")                         # to the network on-premises
leads(e, lgw, "203.0.113.0/28", e.a.eni)           # inwards, to an interface
e.route(e.ta, "192.168.0.0/16", lgw)
customer(e, e.a, "10.50.0.5")                      # a customer-owned address
"""

from __future__ import annotations

from tests.estate import Estate, Id, Record


def local_gateway(
    e: Estate,
    coip: bool = False,
    name: str | None = None,
    state: str = "available",
) -> Id:
    """A local gateway and its route table: direct VPC routing, or (``coip``) CoIP mode."""
    account, region = e.home
    outpost = f"arn:aws:outposts:{region}:{account}:outpost/{e.fresh('op')}"
    lgw, table = e.make("lgw", e.home, name), e.make("lgw-rtb", e.home, None)
    lgw.record.update(LocalGatewayId=str(lgw), OutpostArn=outpost, OwnerId=account, State=state)
    table.record.update(
        LocalGatewayId=str(lgw),
        LocalGatewayRouteTableArn=f"arn:aws:ec2:{region}:{account}:local-gateway-route-table/{table}",
        LocalGatewayRouteTableId=str(table),
        Mode="coip" if coip else "direct-vpc-routing",
        OutpostArn=outpost,
        OwnerId=account,
        State="available",
    )
    lgw.table = table
    e.put("LocalGateways", lgw)
    e.put("LocalGatewayRouteTables", table)
    answer: Record = {"LocalGatewayRouteTableId": str(table), "Routes": []}
    e.scope(e.home)["LocalGatewayRoutes"].append(answer)
    return lgw


def associate(e: Estate, lgw: Id, vpc: Id, state: str = "associated") -> Record:
    """A VPC uses the gateway by its route table."""
    association = {
        "LocalGatewayId": str(lgw),
        "LocalGatewayRouteTableId": str(lgw.table),
        "LocalGatewayRouteTableVpcAssociationId": e.fresh("lgw-vpc-assoc"),
        "OwnerId": vpc.scope[0],
        "State": state,
        "VpcId": str(vpc),
    }
    e.add("LocalGatewayRouteTableVpcAssociations", association)
    return association


def leads(
    e: Estate, lgw: Id, cidr: str, to: Id | None = None, state: str = "active", kind: str = "static"
) -> Record:
    """A route of the gateway's table: to its virtual interfaces, to an interface, to a subnet."""
    route: Record = {
        "DestinationCidrBlock": cidr,
        "LocalGatewayRouteTableId": str(lgw.table),
        "OwnerId": lgw.scope[0],
        "State": state,
        "Type": kind,
    }
    if to is None:
        route["LocalGatewayVirtualInterfaceGroupId"] = "lgw-vif-grp-0123456789abcdef0"
    elif to.startswith("subnet-"):
        route["SubnetId"] = str(to)
    else:
        route["NetworkInterfaceId"] = str(to)
    answers = e.scope(lgw.scope)["LocalGatewayRoutes"]
    mine = next(each for each in answers if each["LocalGatewayRouteTableId"] == lgw.table)
    mine["Routes"].append(route)
    return route


def customer(e: Estate, owner: Id, address: str) -> None:
    """Map a customer-owned address to an interface's primary one."""
    association = {
        "AllocationId": e.fresh("ipv4pool-coip"),
        "AssociationId": e.fresh("eipassoc"),
        "CustomerOwnedIp": address,
        "IpOwnerId": owner.eni.scope[0],
    }
    owner.eni.record["Association"] = association
    owner.eni.record["PrivateIpAddresses"][0]["Association"] = association
