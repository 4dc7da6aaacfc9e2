"""PrivateLink, resources and VPC Lattice, as the AWS CLI prints them.

service = endpoint_service(e, [balancer(e, {s2: "10.2.0.30"}, {b2: 443})])
vpce = endpoint_to(e, {sb: "10.0.1.60"}, service)
rcfg = resource(e, gateway(e, [s2], [group]), ip="10.2.0.5", ports=["5432"])
vpce = resource_endpoint(e, {sb: "10.0.1.70"}, rcfg)
network = service_network(e)
associate(e, network, v1, [group])
service = lattice_service(e, network, {443: [target_group(e, v2, {b2: 8080})]})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.estate import Estate, Id, Record
from tests.estates.balancers import Balancer, balancer, listen
from tests.estates.balancers import target_group as balanced


def _home(e: Estate, near: Id | None) -> tuple[str, str]:
    return near.scope if near is not None else e.home


def _arn(scope: tuple[str, str], service: str, rest: str) -> str:
    return f"arn:aws:{service}:{scope[1]}:{scope[0]}:{rest}"


# ------------------------------ endpoint services


def front(
    e: Estate,
    places: Mapping[Id, str],
    targets: Mapping[Id, int],
    *,
    port: int = 443,
    groups: Sequence[Id] = (),
    enforced: bool = True,
    cross_zone: bool = False,
    name: str = "provider",
    ipv6: Mapping[Id, str] | None = None,
) -> Balancer:
    """A Network Load Balancer, its node in each of these subnets, with one TCP listener.

    The targets are instances, at a port each, that see client addresses.
    """
    made = balancer(
        e,
        "network",
        name,
        places,
        groups,
        ipv6=ipv6,
        cross_zone=cross_zone,
        enforce=("on" if enforced else "off") if groups else None,
    )
    made.eni = made.nodes[0]
    group = balanced(e, made.vpc, name, "TCP", port, list(targets.items()), preserve=True)
    listen(e, made, "TCP", port, group)
    return made


def endpoint_service(
    e: Estate,
    balancers: Sequence[Balancer],
    *,
    allowed: Sequence[str] = ("*",),
    zones: Sequence[str] | None = None,
    regions: Sequence[str] = (),
    name: str | None = None,
) -> Id:
    """An endpoint service; `zones` are zone ids, those of the balancers' nodes unless told."""
    scope = balancers[0].scope
    service = e.make("vpce-svc", scope, name)
    known = {s["SubnetId"]: s["AvailabilityZoneId"] for s in e.scope(scope)["Subnets"]}
    own = sorted({known[node.record["SubnetId"]] for each in balancers for node in each.nodes})
    service.record.update(
        AcceptanceRequired=True,
        AvailabilityZoneIds=list(own if zones is None else zones),
        BaseEndpointDnsNames=[f"{service}.{scope[1]}.vpce.amazonaws.com"],
        ManagesVpcEndpoints=False,
        NetworkLoadBalancerArns=[str(each) for each in balancers],
        ServiceId=str(service),
        ServiceName=f"com.amazonaws.vpce.{scope[1]}.{service}",
        ServiceState="Available",
        ServiceType=[{"ServiceType": "Interface"}],
        SupportedIpAddressTypes=["ipv4"],
    )
    if regions:
        service.record["RemoteAccessEnabled"] = True
        service.record["SupportedRegions"] = [
            {"Region": region, "ServiceState": "Available"} for region in regions
        ]
    principals = [
        {
            "Principal": principal,
            "PrincipalType": "All" if principal == "*" else "Account",
            "ServiceId": str(service),
            "ServicePermissionId": e.fresh("vpce-svc-perm"),
        }
        for principal in allowed
    ]
    record = {"ServiceId": str(service), "AllowedPrincipals": principals}
    e.add("VpcEndpointServicePermissions", record, scope)
    return e.put("ServiceConfigurations", service)


def endpoint_to(
    e: Estate,
    places: Mapping[Id, str],
    service: Id | str,
    *,
    groups: Sequence[Id] | None = None,
    state: str = "available",
) -> Id:
    """An interface endpoint to a service: of this estate, with its connection, or by its name."""
    vpce = e.endpoint_interface(places, groups=groups, state=state, private_dns=False)
    if not isinstance(service, Id):
        vpce.record["ServiceName"] = service
        return vpce
    vpce.record["ServiceName"] = service.record["ServiceName"]
    if service.scope[1] != vpce.scope[1]:
        vpce.record["ServiceRegion"] = service.scope[1]
    connection: Record = {
        "CreationTimestamp": "2024-05-01T09:00:00+00:00",
        "NetworkLoadBalancerArns": service.record["NetworkLoadBalancerArns"],
        "ServiceId": str(service),
        "VpcEndpointConnectionId": e.fresh("vpce-con"),
        "VpcEndpointId": str(vpce),
        "VpcEndpointOwner": vpce.scope[0],
        "VpcEndpointState": state,
    }
    e.add("VpcEndpointConnections", connection, service.scope)
    return vpce


def offered(
    e: Estate, service_name: str, *, owner: str, zones: Sequence[str], region: str | None = None
) -> None:
    """What describe-vpc-endpoint-services tells the consumer of a service; zones by name."""
    detail = {
        "AcceptanceRequired": True,
        "AvailabilityZones": list(zones),
        "BaseEndpointDnsNames": [],
        "ManagesVpcEndpoints": False,
        "Owner": owner,
        "ServiceId": service_name.rpartition(".")[2],
        "ServiceName": service_name,
        "ServiceRegion": region or e.home[1],
        "ServiceType": [{"ServiceType": "Interface"}],
        "VpcEndpointPolicySupported": False,
    }
    e.add("ServiceDetails", detail)


# ------------------------------ resources


def gateway(
    e: Estate,
    places: Mapping[Id, str | None],
    groups: Sequence[Id] = (),
    status: str = "ACTIVE",
) -> Id:
    """A resource gateway with an interface in each subnet that has an address here."""
    subnets = list(places)
    rgw = e.make("rgw", subnets[0].scope, None)
    rgw.vpc = subnets[0].vpc
    rgw.arn = _arn(rgw.scope, "vpc-lattice", f"resourcegateway/{rgw}")
    rgw.record = {
        "arn": rgw.arn,
        "id": str(rgw),
        "ipAddressType": "IPV4",
        "name": "gateway",
        "securityGroupIds": [str(group) for group in groups],
        "status": status,
        "subnetIds": [str(subnet) for subnet in subnets],
        "vpcId": str(rgw.vpc),
    }
    for subnet, ip in places.items():
        if ip:
            about = f"VPC Lattice Resource Gateway {rgw}"
            rgw.eni = e.interface(
                subnet, ip, groups=groups, requester="vpc-lattice", description=about
            )
    return e.put("ResourceGateways", rgw)


def resource(
    e: Estate,
    at: Id | None,
    *,
    ip: str | None = None,
    dns: str | None = None,
    arn: str | None = None,
    ports: Sequence[str] = ("443",),
    kind: str = "SINGLE",
    group: Id | None = None,
    status: str = "ACTIVE",
    name: str = "resource",
) -> Id:
    """A resource configuration: by address, by domain name, by ARN; or a group, or its member."""
    near = at or group
    rcfg = e.make("rcfg", _home(e, near), None)
    rcfg.arn = _arn(rcfg.scope, "vpc-lattice", f"resourceconfiguration/{rcfg}")
    rcfg.record = {
        "arn": rcfg.arn,
        "id": str(rcfg),
        "name": name,
        "portRanges": list(ports),
        "protocol": "TCP",
        "status": status,
        "type": kind,
    }
    if at is not None:
        rcfg.record["resourceGatewayId"] = str(at)
    if group is not None:
        rcfg.record["resourceConfigurationGroupId"] = str(group)
    definition: Record = {}
    if ip:
        definition["ipResource"] = {"ipAddress": ip}
    if dns:
        definition["dnsResource"] = {"domainName": dns, "ipAddressType": "IPV4"}
    if arn:
        definition["arnResource"] = {"arn": arn}
    if definition:
        rcfg.record["resourceConfigurationDefinition"] = definition
    return e.put("ResourceConfigurations", rcfg)


def resource_endpoint(
    e: Estate, places: Mapping[Id, str], leads_to: str, groups: Sequence[Id] | None = None
) -> Id:
    """An endpoint of type Resource; `leads_to` is a configuration of the estate, or an ARN."""
    vpce = e.endpoint_interface(places, groups=groups, kind="Resource", private_dns=False)
    arn = leads_to.arn if isinstance(leads_to, Id) else leads_to
    vpce.record["ResourceConfigurationArn"] = arn
    vpce.record["ServiceName"] = ""
    return vpce


# ------------------------------ service networks and services


def service_network(e: Estate, account: str | None = None) -> Id:
    """The id and ARN of a service network; what is in it says so itself."""
    network = e.make("sn", (account or e.home[0], e.home[1]), None)
    network.arn = _arn(network.scope, "vpc-lattice", f"servicenetwork/{network}")
    return network


def associate(
    e: Estate,
    network: Id,
    vpc: Id,
    groups: Sequence[Id] = (),
    *,
    status: str = "ACTIVE",
    routed: bool = True,
) -> Id:
    """Associate a VPC with a network; AWS then writes routes to Lattice into its tables."""
    snva = e.make("snva", vpc.scope, None)
    snva.arn = _arn(vpc.scope, "vpc-lattice", f"servicenetworkvpcassociation/{snva}")
    snva.record = {
        "arn": snva.arn,
        "id": str(snva),
        "securityGroupIds": [str(group) for group in groups],
        "serviceNetworkArn": network.arn,
        "serviceNetworkId": str(network),
        "serviceNetworkName": "network",
        "status": status,
        "vpcId": str(vpc),
    }
    for table in e.scope(vpc.scope)["RouteTables"] if routed else ():
        if table["VpcId"] == vpc:
            table["Routes"].append(
                {
                    "DestinationCidrBlock": "169.254.171.0/24",
                    "GatewayId": "VpcLattice",
                    "Origin": "CreateRoute",
                    "State": "active",
                }
            )
    return e.put("ServiceNetworkVpcAssociations", snva)


def target_group(
    e: Estate,
    vpc: Id,
    targets: Mapping[str, int],
    *,
    kind: str = "INSTANCE",
    status: str = "HEALTHY",
) -> Id:
    """A target group of VPC Lattice: instances, addresses, ALB ARNs or functions, at ports."""
    tg = e.make("tg", vpc.scope, None)
    tg.arn = _arn(vpc.scope, "vpc-lattice", f"targetgroup/{tg}")
    tg.record = {
        "arn": tg.arn,
        "config": {
            "ipAddressType": "IPV4",
            "port": 80,
            "protocol": "HTTP",
            "vpcIdentifier": str(vpc),
        },
        "id": str(tg),
        "name": "targets",
        "serviceArns": [],
        "status": "ACTIVE",
        "type": kind,
    }
    items = [{"id": str(each), "port": at, "status": status} for each, at in targets.items()]
    e.add("LatticeTargets", {"targetGroupId": str(tg), "items": items}, vpc.scope)
    return e.put("LatticeTargetGroups", tg)


def lattice_service(
    e: Estate,
    network: Id,
    listeners: Mapping[int, Sequence[Id]],
    *,
    scope: tuple[str, str] | None = None,
    name: str = "parking",
    status: str = "ACTIVE",
) -> Id:
    """A service in a network: by listener port its target groups; none means a fixed response."""
    svc = e.make("svc", scope or network.scope, None)
    svc.arn = _arn(svc.scope, "vpc-lattice", f"service/{svc}")
    svc.record = {
        "arn": svc.arn,
        "authType": "NONE",
        "dnsEntry": {"domainName": f"{name}.vpc-lattice-svcs.{svc.scope[1]}.on.aws"},
        "id": str(svc),
        "name": name,
        "status": status,
    }
    for port, groups in listeners.items():
        listener = e.make("listener", svc.scope, None)
        listener.record = {
            "arn": f"{svc.arn}/listener/{listener}",
            "defaultAction": _action(groups),
            "id": str(listener),
            "name": f"port-{port}",
            "port": port,
            "protocol": "HTTPS",
            "serviceArn": svc.arn,
            "serviceId": str(svc),
        }
        e.put("LatticeListeners", listener)
    join(e, network, svc)
    return e.put("LatticeServices", svc)


def _action(groups: Sequence[Id]) -> Record:
    if not groups:
        return {"fixedResponse": {"statusCode": 404}}
    weighted = [{"targetGroupIdentifier": str(group), "weight": 100} for group in groups]
    return {"forward": {"targetGroups": weighted}}


def rule(e: Estate, service: Id, port: int, groups: Sequence[Id]) -> Id:
    """One more rule of a listener: requests that look like something go to other groups."""
    listener = next(
        each
        for each in e.scope(service.scope)["LatticeListeners"]
        if each["serviceId"] == service and each["port"] == port
    )
    made = e.make("rule", service.scope, None)
    made.record = {
        "action": _action(groups),
        "arn": f"{listener['arn']}/rule/{made}",
        "id": str(made),
        "isDefault": False,
        "match": {"httpMatch": {"pathMatch": {"match": {"prefix": "/pay"}}}},
        "priority": 10,
    }
    return e.put("LatticeRules", made)


def join(e: Estate, network: Id, member: Id, status: str = "ACTIVE") -> Id:
    """Put a service or a resource configuration into a network."""
    of_service = member.startswith("svc-")
    made = e.make("snsa" if of_service else "snra", network.scope, None)
    what = "service" if of_service else "resourceConfiguration"
    made.record = {
        "id": str(made),
        f"{what}Arn": member.arn,
        f"{what}Id": str(member),
        "serviceNetworkArn": network.arn,
        "serviceNetworkId": str(network),
        "status": status,
    }
    kind = "Service" if of_service else "Resource"
    return e.put(f"ServiceNetwork{kind}Associations", made)


def network_endpoint(
    e: Estate, places: Mapping[Id, str], network: Id, groups: Sequence[Id] | None = None
) -> Id:
    """An endpoint of type ServiceNetwork."""
    vpce = e.endpoint_interface(places, groups=groups, kind="ServiceNetwork", private_dns=False)
    vpce.record["ServiceNetworkArn"] = network.arn
    vpce.record["ServiceName"] = ""
    return vpce
