"""A builder of snapshots for tests: an Estate is written as `aws ec2 describe-*` prints it.

Black-box on purpose: it knows AWS's records and the public contract (`reach.load`, `reach.ask`),
nothing else of ours (but that texts can be loaded without being written to files first).

    e = Estate()
    v1 = e.vpc("10.0.0.0/16")                  # has its main table, default ACL, default group
    sa = e.subnet(v1, "10.0.0.0/24", az="a")   # in the default ACL, implicitly in the main table
    web = e.group(v1, ingress=["tcp/443 any", "icmp/8 10.0.0.0/8", "tcp/22 self"], egress=[])
    e.acl(v1, [sa], ingress=["100 allow tcp/443 0.0.0.0/0", "200 deny all 0.0.0.0/0"])
    a = e.instance("a", sa, "10.0.0.5", groups=[web], public="198.51.100.7")
    e.route(v1.table, "0.0.0.0/0", e.igw(v1))
    e.ask(f"can internet reach {a} port 443").verdict

Without words to the contrary everything is as in the baseline of the reference's section 23:
attached, available, running, source/destination check on, groups and ACLs open to IPv4 and IPv6.
Every call that the components read is in every scope, an empty list where there is nothing (a
missing call is a gap); `drop` takes one away.

Every method returns an `Id`: the AWS id as a string, with its JSON `record` for the odd case.

Rules of a group are written "PROTOCOL PEER...", with the protocols
    all | tcp | tcp/22 | udp/1000-2000 | icmp | icmp/8 | icmp/3/4 | icmpv6/128 | 50 | 50/500
and the peers CIDR, sg-..., ACCOUNT/sg-..., pl-..., self, any (0.0.0.0/0 and ::/0).
Entries of an ACL are written "NUMBER allow|deny PROTOCOL CIDR", with the same protocols.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Record = dict[str, Any]

# What the components that exist read: always written, else the snapshot has a gap.
CALLS = (
    "Vpcs",
    "Subnets",
    "RouteTables",
    "NetworkAcls",
    "SecurityGroups",
    "NetworkInterfaces",
    "Reservations",
    "Addresses",
    "InternetGateways",
    "EgressOnlyInternetGateways",
    "NatGateways",
    "VpcPeeringConnections",
    "VpcEndpoints",
    "PrefixLists",
    "ManagedPrefixListEntries",
    "VpcAttributes",
    "SecurityGroupVpcAssociations",
    "AvailabilityZones",
)
# What a full capture also holds. Written empty, so that a component which is modelled later finds
# an answered call.
OTHER_CALLS = (
    "ByoipCidrs",
    "CustomerGateways",
    "LatticeListeners",
    "LatticeRules",
    "LatticeServices",
    "LatticeTargetGroups",
    "LatticeTargets",
    "directConnectGatewayAssociations",
    "directConnectGatewayAttachments",
    "directConnectGateways",
    "LoadBalancerAttributes",
    "LoadBalancerListeners",
    "LoadBalancerTargetHealth",
    "LoadBalancers",
    "ResourceConfigurations",
    "ResourceGateways",
    "ServiceConfigurations",
    "ServiceNetworkResourceAssociations",
    "ServiceNetworkServiceAssociations",
    "ServiceNetworkVpcAssociations",
    "PublicIpv4Pools",
    "RouteServerEndpoints",
    "RouteServerPeers",
    "RouteServerPropagations",
    "RouteServerRoutingDatabases",
    "RouteServers",
    "TargetGroups",
    "TransitGatewayAttachments",
    "TransitGatewayConnectPeers",
    "TransitGatewayConnects",
    "NetworkFirewallEndpointAssociations",
    "NetworkFirewallPolicies",
    "NetworkFirewallRuleGroups",
    "NetworkFirewalls",
    "ServiceConfigurations",
    "TargetGroupAttributes",
    "TargetGroups",
    "TransitGatewayAttachments",
    "TransitGatewayPeeringAttachments",
    "TransitGatewayPolicyTableAssociations",
    "TransitGatewayPolicyTables",
    "TransitGatewayPrefixListReferences",
    "TransitGatewayPropagations",
    "TransitGatewayRouteTableAssociations",
    "TransitGatewayRouteTables",
    "TransitGatewayStaticRoutes",
    "TransitGatewayVpcAttachments",
    "TransitGateways",
    "VpcEndpointAssociations",
    "VpcEndpointConnections",
    "VpcEndpointServicePermissions",
    "VpcBlockPublicAccessExclusions",
    "VpcEncryptionControls",
    "virtualInterfaces",
    "VpcEndpointServices",
    "VpnConnections",
    "VpnGateways",
    "CarrierGateways",
    "ClientVpnAuthorizationRules",
    "ClientVpnEndpoints",
    "ClientVpnRoutes",
    "ClientVpnTargetNetworks",
    "InstanceConnectEndpoints",
    "Attachments",
    "CacheClusters",
    "CoreNetworkPolicies",
    "CoreNetworkRoutes",
    "CoreNetworkVpcAttachments",
    "CoreNetworks",
    "DBClusters",
    "DBInstances",
    "DBProxies",
    "DBSubnetGroups",
    "EksClusters",
    "Functions",
    "LocalGatewayRouteTableVpcAssociations",
    "LocalGatewayRouteTables",
    "LocalGatewayRoutes",
    "LocalGateways",
    "Peerings",
    "ReplicationGroups",
    "tasks",
    "Accelerators",
    "ClassicLoadBalancerAttributes",
    "EndpointGroups",
    "ListenerRules",
    "Listeners",
    "LoadBalancerDescriptions",
    "TargetGroupAttributes",
)
# Answers that are one object: a file for each.
OBJECTS = ("VpcBlockPublicAccessOptions",)
# Customer-managed lists come from describe-managed-prefix-lists, whose answer has the same key as
# describe-prefix-lists.
MANAGED = "PrefixLists (managed)"

PROTOCOLS = {"all": "-1", "tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}
TARGETS = {
    "igw-": "GatewayId",
    "vgw-": "GatewayId",
    "vpce-": "GatewayId",
    "nat-": "NatGatewayId",
    "eni-": "NetworkInterfaceId",
    "eigw-": "EgressOnlyInternetGatewayId",
    "pcx-": "VpcPeeringConnectionId",
    "tgw-": "TransitGatewayId",
    "lgw-": "LocalGatewayId",
    "cagw-": "CarrierGatewayId",
    "arn:aws:networkmanager": "CoreNetworkArn",
}
ABBREVIATED = {
    "us-east-1": "use1",
    "us-east-2": "use2",
    "us-west-1": "usw1",
    "us-west-2": "usw2",
    "eu-west-1": "euw1",
}
S3 = ("52.216.0.0/15", "54.231.0.0/16", "3.5.0.0/19")  # what the AWS list of S3 in us-east-1 covers
DYNAMODB = ("52.94.0.0/22", "52.119.224.0/20")


class Id(str):
    """An AWS id; `record` is its JSON, `scope` the (account, region) whose calls show it."""

    record: Record
    scope: tuple[str, str]
    vpc: Id  # of what lives in a VPC
    table: Id  # of a VPC: its main route table; of a regional NAT gateway: its own
    acl: Id  # of a VPC: its default ACL
    default: Id  # of a VPC: its default group
    eni: Id  # of what has one interface
    arn: str

    @property
    def ip(self) -> str:
        return str(self.eni.record["PrivateIpAddress"])

    @property
    def ip6(self) -> str:
        return str(self.eni.record["Ipv6Addresses"][0]["Ipv6Address"])


class Estate:
    def __init__(
        self, region: str = "us-east-1", account: str = "111122223333", salt: str = ""
    ) -> None:
        self.home = (account, region)
        self.salt = salt  # estates of different salts share no id
        self.scopes: dict[tuple[str, str], dict[str, list[Record]]] = {}
        self.dropped: set[str] = set()
        self.counts: dict[str, int] = {}
        self.ids: dict[str, Id] = {}
        self.open_groups: dict[tuple[str, str], Id] = {}
        self.loaded: tuple[str, Any] | None = None
        self.scope(self.home)

    # ------------------------------ VPCs, subnets, tables, filters

    def vpc(
        self,
        cidr: str,
        *secondary: str,
        ipv6: str | None = None,
        name: str | None = None,
        region: str | None = None,
        account: str | None = None,
        dns: bool = True,
        ipv6_private: bool = False,
    ) -> Id:
        """A VPC with its main route table, default ACL (open) and default group."""
        scope = (account or self.home[0], region or self.home[1])
        vpc = self.make("vpc", scope, name)
        vpc.vpc = vpc
        vpc.record.update(
            CidrBlock=cidr,
            CidrBlockAssociationSet=[
                {
                    "AssociationId": self.fresh("vpc-cidr-assoc"),
                    "CidrBlock": c,
                    "CidrBlockState": {"State": "associated"},
                }
                for c in (cidr, *secondary)
            ],
            DhcpOptionsId=self.fresh("dopt"),
            InstanceTenancy="default",
            IsDefault=False,
            OwnerId=scope[0],
            State="available",
            BlockPublicAccessStates={"InternetGatewayBlockMode": "off"},
            VpcId=str(vpc),
        )
        if ipv6:
            vpc.record["Ipv6CidrBlockAssociationSet"] = [
                self.ipv6_block("vpc-cidr-assoc", ipv6, ipv6_private)
            ]
            vpc.record["Ipv6CidrBlockAssociationSet"][0] |= {
                "Ipv6Pool": "Amazon",
                "NetworkBorderGroup": scope[1],
            }
        self.put("Vpcs", vpc)
        switches = {"EnableDnsSupport": {"Value": dns}, "EnableDnsHostnames": {"Value": True}}
        self.scope(scope)["VpcAttributes"].append({"VpcId": str(vpc), **switches})
        vpc.table = self.table(vpc, name=f"{name or 'vpc'}-main")
        vpc.table.record["Associations"].append(self.association("rtbassoc", vpc.table, main=True))
        vpc.acl = self.acl(vpc, default=True)
        vpc.default = self.group(
            vpc,
            ingress=["all self"],
            egress=["all any" if ipv6 else "all 0.0.0.0/0"],
            name="default",
        )
        return vpc

    def subnet(
        self,
        vpc: Id,
        cidr: str | None,
        az: str = "a",
        ipv6: str | None = None,
        name: str | None = None,
        ipv6_private: bool = False,
        public_on_launch: bool = False,
    ) -> Id:
        """A subnet in the default ACL and, with no association, in the main table; no IPv4 CIDR
        makes it IPv6-only."""
        account, region = vpc.scope
        subnet = self.make("subnet", vpc.scope, name)
        subnet.vpc = vpc
        subnet.record.update(
            AssignIpv6AddressOnCreation=False,
            AvailabilityZone=region + az,
            AvailabilityZoneId=zone_id(region, az),
            AvailableIpAddressCount=250,
            DefaultForAz=False,
            EnableDns64=cidr is None,
            Ipv6CidrBlockAssociationSet=[self.ipv6_block("subnet-cidr-assoc", ipv6, ipv6_private)]
            if ipv6
            else [],
            Ipv6Native=cidr is None,
            MapPublicIpOnLaunch=public_on_launch,
            OwnerId=account,
            State="available",
            BlockPublicAccessStates={"InternetGatewayBlockMode": "off"},
            SubnetArn=f"arn:aws:ec2:{region}:{account}:subnet/{subnet}",
            SubnetId=str(subnet),
            VpcId=str(vpc),
        )
        if cidr:
            subnet.record["CidrBlock"] = cidr
        subnet.arn = subnet.record["SubnetArn"]
        self.put("Subnets", subnet)
        self.put_in_acl(vpc.acl, subnet)
        return subnet

    def table(
        self, vpc: Id, subnets: Iterable[Id] = (), edge: Id | None = None, name: str | None = None
    ) -> Id:
        """A route table with its local routes, associated with subnets or (an edge table) with a
        gateway."""
        table = self.make("rtb", vpc.scope, name)
        table.vpc = vpc
        blocks = [a["CidrBlock"] for a in vpc.record["CidrBlockAssociationSet"]]
        blocks += [a["Ipv6CidrBlock"] for a in vpc.record.get("Ipv6CidrBlockAssociationSet", [])]
        local = {"GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}
        table.record.update(
            Associations=[self.association("rtbassoc", table, SubnetId=str(s)) for s in subnets],
            OwnerId=vpc.scope[0],
            PropagatingVgws=[],
            RouteTableId=str(table),
            Routes=[{destination_key(b): b, **local} for b in blocks],
            VpcId=str(vpc),
        )
        if edge:
            table.record["Associations"].append(
                self.association("rtbassoc", table, GatewayId=str(edge))
            )
        return self.put("RouteTables", table)

    def route(
        self,
        table: Id,
        destination: str,
        target: str,
        state: str = "active",
        origin: str = "CreateRoute",
    ) -> Record:
        """A route to whatever the target's id says; replaces the one that has this destination and
        origin."""
        field = next(field for prefix, field in TARGETS.items() if target.startswith(prefix))
        route = {
            destination_key(destination): str(destination),
            field: str(target),
            "Origin": origin,
            "State": state,
        }
        if field == "NetworkInterfaceId" and (
            attached := self.ids[target].record.get("Attachment", {})
        ).get("InstanceId"):
            route |= {
                "InstanceId": attached["InstanceId"],
                "InstanceOwnerId": attached["InstanceOwnerId"],
            }
        same = [
            r
            for r in table.record["Routes"]
            if route_of(r) == destination and r["Origin"] == origin
        ]
        for old in same:
            table.record["Routes"].remove(old)
        table.record["Routes"].append(route)
        if (
            origin == "EnableVgwRoutePropagation"
            and {"GatewayId": str(target)} not in table.record["PropagatingVgws"]
        ):
            table.record["PropagatingVgws"].append({"GatewayId": str(target)})
        return route

    def acl(
        self,
        vpc: Id,
        subnets: Iterable[Id] = (),
        ingress: Sequence[str] | None = None,
        egress: Sequence[str] | None = None,
        default: bool = False,
    ) -> Id:
        """A network ACL for these subnets, open where no entries are given; the `*` denials come by
        themselves."""
        acl = self.make("acl", vpc.scope, None)
        ipv6 = bool(vpc.record.get("Ipv6CidrBlockAssociationSet"))
        entries = []
        for is_egress, given in ((True, egress), (False, ingress)):
            open_to_all = ["100 allow all 0.0.0.0/0"] + ["101 allow all ::/0"] * ipv6
            last = ["32767 deny all 0.0.0.0/0"] + ["32768 deny all ::/0"] * ipv6
            lines = [*(open_to_all if given is None else given), *last]
            entries += sorted(
                (acl_entry(line, is_egress) for line in lines),
                key=lambda entry: entry["RuleNumber"],
            )
        acl.record.update(
            Associations=[],
            Entries=entries,
            IsDefault=default,
            NetworkAclId=str(acl),
            OwnerId=vpc.scope[0],
            VpcId=str(vpc),
        )
        self.put("NetworkAcls", acl)
        for subnet in subnets:
            self.put_in_acl(acl, subnet)
        return acl

    def put_in_acl(self, acl: Id, subnet: Id) -> None:
        """A subnet has exactly one ACL: it leaves the one it was in."""
        for other in self.scope(acl.scope)["NetworkAcls"]:
            other["Associations"] = [a for a in other["Associations"] if a["SubnetId"] != subnet]
        association = {
            "NetworkAclAssociationId": self.fresh("aclassoc"),
            "NetworkAclId": str(acl),
            "SubnetId": str(subnet),
        }
        acl.record["Associations"].append(association)

    def group(
        self,
        vpc: Id,
        ingress: Sequence[str] | None = None,
        egress: Sequence[str] | None = None,
        name: str | None = None,
        account: str | None = None,
    ) -> Id:
        """A security group; a direction that is not given is open to all IPv4 and IPv6."""
        scope = (account or vpc.scope[0], vpc.scope[1])
        group = self.make("sg", scope, name)
        group.vpc = vpc
        group.record.update(
            Description=f"{name or group} of a test",
            GroupId=str(group),
            GroupName=name or f"group-{group[-6:]}",
            IpPermissions=[
                self.permission(rule, group)
                for rule in (["all any"] if ingress is None else ingress)
            ],
            IpPermissionsEgress=[
                self.permission(rule, group) for rule in (["all any"] if egress is None else egress)
            ],
            OwnerId=scope[0],
            SecurityGroupArn=f"arn:aws:ec2:{scope[1]}:{scope[0]}:security-group/{group}",
            VpcId=str(vpc),
        )
        group.arn = group.record["SecurityGroupArn"]
        return self.put("SecurityGroups", group)

    def permit(self, group: Id, rule: str, egress: bool = False) -> None:
        """One more rule for a group."""
        group.record["IpPermissionsEgress" if egress else "IpPermissions"].append(
            self.permission(rule, group)
        )

    def permission(self, rule: str, group: Id) -> Record:
        protocol, *peers = rule.split()
        name, _, ports = protocol.partition("/")
        permission: Record = {"IpProtocol": "-1" if name == "all" else name}
        first, last = port_range(name, ports)
        if first is not None:
            permission |= {"FromPort": first, "ToPort": last}
        permission |= {
            "IpRanges": [],
            "Ipv6Ranges": [],
            "PrefixListIds": [],
            "UserIdGroupPairs": [],
        }
        if "any" in peers:
            peers += ["0.0.0.0/0", "::/0"]
            peers.remove("any")
        for peer in peers:
            if peer == "self" or "sg-" in peer:
                account, _, identity = peer.rpartition("/")
                identity = str(group) if peer == "self" else identity
                owner = account or (
                    self.ids[identity].scope[0] if identity in self.ids else group.scope[0]
                )
                permission["UserIdGroupPairs"].append({"GroupId": identity, "UserId": owner})
            elif peer.startswith("pl-"):
                permission["PrefixListIds"].append({"PrefixListId": peer})
            elif ":" in peer:
                permission["Ipv6Ranges"].append({"CidrIpv6": peer})
            else:
                permission["IpRanges"].append({"CidrIp": peer})
        return permission

    def associate_group(self, group: Id, vpc: Id, state: str = "associated") -> None:
        """Let a group be used in another VPC of its Region as well."""
        association = {
            "GroupId": str(group),
            "VpcId": str(vpc),
            "VpcOwnerId": vpc.scope[0],
            "State": state,
        }
        self.scope(group.scope)["SecurityGroupVpcAssociations"].append(
            {**association, "GroupOwnerId": group.scope[0]}
        )

    def prefix_list(self, *cidrs: str, name: str = "customer-list", vpc: Id | None = None) -> Id:
        """A customer-managed prefix list and its current entries."""
        scope = vpc.scope if vpc else self.home
        listed = self.make("pl", scope, name)
        listed.record.update(
            AddressFamily="IPv6" if ":" in "".join(cidrs) else "IPv4",
            MaxEntries=max(10, len(cidrs)),
            OwnerId=scope[0],
            PrefixListArn=f"arn:aws:ec2:{scope[1]}:{scope[0]}:prefix-list/{listed}",
            PrefixListId=str(listed),
            PrefixListName=name,
            State="modify-complete",
            Version=3,
        )
        entries = [{"Cidr": cidr, "Description": ""} for cidr in cidrs]
        self.scope(scope)["ManagedPrefixListEntries"].append(
            {"PrefixListId": str(listed), "Entries": entries}
        )
        return self.put(MANAGED, listed)

    def service_list(self, service: str, *cidrs: str, scope: tuple[str, str] | None = None) -> Id:
        """The AWS list of a service with a gateway endpoint, as describe-prefix-lists gives it."""
        scope = scope or self.home
        name = f"com.amazonaws.{scope[1]}.{service}"
        for known in self.scope(scope)["PrefixLists"]:
            if known["PrefixListName"] == name:
                return self.ids[known["PrefixListId"]]
        listed = self.make("pl", scope, None)
        del listed.record["Tags"]
        cidrs = cidrs or {"s3": S3, "dynamodb": DYNAMODB}[service]
        listed.record.update(Cidrs=list(cidrs), PrefixListId=str(listed), PrefixListName=name)
        return self.put("PrefixLists", listed)

    # ------------------------------ instances and interfaces

    def instance(
        self,
        name: str,
        subnet: Id,
        ip: str | None,
        groups: Sequence[Id] | None = None,
        public: str | None = None,
        ipv6: str | None = None,
        state: str = "running",
        check: bool = True,
        tags: Mapping[str, str] | None = None,
        secondary: Mapping[str, str | None] | None = None,
        prefixes: Sequence[str] = (),
        account: str | None = None,
        elastic: bool = True,
        metadata: bool = True,
    ) -> Id:
        """An instance with one interface; its groups, left out, are open. `secondary` maps
        addresses to public ones."""
        scope = (account or subnet.scope[0], subnet.scope[1])
        instance = self.make("i", scope, name, tags)
        instance.vpc = subnet.vpc
        codes = {
            "pending": 0,
            "running": 16,
            "shutting-down": 32,
            "terminated": 48,
            "stopping": 64,
            "stopped": 80,
        }
        instance.record.update(
            AmiLaunchIndex=0,
            Architecture="x86_64",
            BlockDeviceMappings=[],
            ImageId="ami-0a887e401f7654935",
            InstanceId=str(instance),
            InstanceType="t3.micro",
            MetadataOptions={
                "HttpEndpoint": "enabled" if metadata else "disabled",
                "HttpPutResponseHopLimit": 1,
                "HttpTokens": "required",
                "State": "applied",
            },
            Monitoring={"State": "disabled"},
            Placement={
                "AvailabilityZone": subnet.record["AvailabilityZone"],
                "GroupName": "",
                "Tenancy": "default",
            },
            SourceDestCheck=check,
            State={"Code": codes[state], "Name": state},
            SubnetId=str(subnet),
            VpcId=str(subnet.vpc),
        )
        if ip:
            instance.record["PrivateIpAddress"] = ip
        instance.arn = f"arn:aws:ec2:{scope[1]}:{scope[0]}:instance/{instance}"
        instance.eni = self.interface(
            subnet,
            ip,
            groups,
            public,
            ipv6,
            check,
            secondary,
            prefixes,
            on=instance,
            elastic=elastic,
            account=account,
        )
        self.ids[instance] = instance
        reservation = {
            "Groups": [],
            "Instances": [instance.record],
            "OwnerId": scope[0],
            "ReservationId": self.fresh("r"),
        }
        self.scope(scope)["Reservations"].append(reservation)
        return instance

    def interface(
        self,
        subnet: Id,
        ip: str | None,
        groups: Sequence[Id] | None = None,
        public: str | None = None,
        ipv6: str | None = None,
        check: bool = True,
        secondary: Mapping[str, str | None] | None = None,
        prefixes: Sequence[str] = (),
        on: Id | None = None,
        kind: str = "interface",
        requester: str | None = None,
        description: str = "",
        elastic: bool = True,
        account: str | None = None,
    ) -> Id:
        """A network interface: on an instance, a service's own (`requester`), or attached to
        nothing."""
        scope = (account or subnet.scope[0], subnet.scope[1])
        eni = self.make("eni", scope, None)
        del eni.record["Tags"]
        eni.vpc, eni.eni = subnet.vpc, eni
        eni.arn = f"arn:aws:ec2:{scope[1]}:{scope[0]}:network-interface/{eni}"
        worn = [self.open_group(subnet.vpc, scope[0])] if groups is None else groups
        eni.record.update(
            AvailabilityZone=subnet.record["AvailabilityZone"],
            Description=description,
            Groups=[{"GroupId": str(g), "GroupName": g.record["GroupName"]} for g in worn],
            InterfaceType=kind,
            Ipv6Addresses=[{"Ipv6Address": ipv6}] if ipv6 else [],
            MacAddress="0a:" + ":".join(eni[-10:][i : i + 2] for i in range(0, 10, 2)),
            NetworkInterfaceId=str(eni),
            OwnerId=scope[0],
            PrivateIpAddresses=[],
            RequesterManaged=requester is not None,
            SourceDestCheck=check,
            Status="available",
            SubnetId=str(subnet),
            TagSet=[],
            VpcId=str(subnet.vpc),
        )
        if requester:
            eni.record["RequesterId"] = requester
        if ip:
            eni.record["PrivateIpAddress"] = ip
            eni.record["PrivateIpAddresses"].append({"Primary": True, "PrivateIpAddress": ip})
        for more in secondary or {}:
            eni.record["PrivateIpAddresses"].append({"Primary": False, "PrivateIpAddress": more})
        for prefix in prefixes:
            four = ":" not in prefix
            eni.record.setdefault("Ipv4Prefixes" if four else "Ipv6Prefixes", []).append(
                {"Ipv4Prefix" if four else "Ipv6Prefix": prefix}
            )
        if on is not None or requester:
            eni.record["Status"] = "in-use"
            index = sum(
                1
                for e in self.scope(scope)["NetworkInterfaces"]
                if e.get("Attachment", {}).get("InstanceId") == on
            )
            eni.record["Attachment"] = {
                "AttachTime": "2024-05-01T09:00:00+00:00",
                "AttachmentId": self.fresh("eni-attach" if on is not None else "ela-attach"),
                "DeleteOnTermination": on is not None,
                "DeviceIndex": index if on is not None else 1,
                "InstanceOwnerId": on.scope[0] if on is not None else "amazon-aws",
                "Status": "attached",
            }
            if on is not None:
                eni.record["Attachment"]["InstanceId"] = str(on)
        self.put("NetworkInterfaces", eni)
        if public:
            self.public(eni, public, elastic=elastic)
        for address, mapped in (secondary or {}).items():
            if mapped:
                self.public(eni, mapped, address)
        return eni

    def public(self, owner: Id, public: str, ip: str | None = None, elastic: bool = True) -> None:
        """Map a public address to an interface's private one (its primary); an Elastic IP unless
        said otherwise."""
        eni = owner.eni
        host = public.replace(".", "-")
        association: Record = {
            "IpOwnerId": eni.scope[0] if elastic else "amazon",
            "PublicDnsName": f"ec2-{host}.compute-1.amazonaws.com",
            "PublicIp": public,
        }
        row = next(
            r for r in eni.record["PrivateIpAddresses"] if ip in (None, r["PrivateIpAddress"])
        )
        if elastic:
            association |= {
                "AllocationId": self.fresh("eipalloc"),
                "AssociationId": self.fresh("eipassoc"),
            }
            address = {
                "AllocationId": association["AllocationId"],
                "AssociationId": association["AssociationId"],
                "Domain": "vpc",
                "NetworkBorderGroup": eni.scope[1],
                "NetworkInterfaceId": str(eni),
                "NetworkInterfaceOwnerId": eni.scope[0],
                "PrivateIpAddress": row["PrivateIpAddress"],
                "PublicIp": public,
                "PublicIpv4Pool": "amazon",
            }
            if "InstanceId" in eni.record.get("Attachment", {}):
                address["InstanceId"] = eni.record["Attachment"]["InstanceId"]
            self.scope(eni.scope)["Addresses"].append(address)
        row["Association"] = association
        if row["Primary"]:
            eni.record["Association"] = association

    def wear(self, owner: Id, *groups: Id) -> None:
        """Put these groups, and no others, on an interface."""
        owner.eni.record["Groups"] = [
            {"GroupId": str(g), "GroupName": g.record["GroupName"]} for g in groups
        ]

    def open_group(self, vpc: Id, account: str | None = None) -> Id:
        """The group that lets everything in and out, made when first asked for."""
        key = (str(vpc), account or vpc.scope[0])
        if key not in self.open_groups:
            self.open_groups[key] = self.group(vpc, name="open", account=account)
        return self.open_groups[key]

    # ------------------------------ gateways

    def igw(self, vpc: Id | None, name: str | None = None, state: str = "available") -> Id:
        """An internet gateway, attached to this VPC (to none)."""
        igw = self.make("igw", vpc.scope if vpc else self.home, name)
        attachments = [{"State": state, "VpcId": str(vpc)}] if vpc else []
        igw.record.update(Attachments=attachments, InternetGatewayId=str(igw), OwnerId=igw.scope[0])
        return self.put("InternetGateways", igw)

    def eigw(self, vpc: Id, state: str = "attached") -> Id:
        """An egress-only internet gateway."""
        eigw = self.make("eigw", vpc.scope, None)
        eigw.record.update(
            Attachments=[{"State": state, "VpcId": str(vpc)}], EgressOnlyInternetGatewayId=str(eigw)
        )
        return self.put("EgressOnlyInternetGateways", eigw)

    def nat(
        self,
        subnet: Id,
        ip: str,
        public: str | None = None,
        state: str = "available",
        name: str | None = None,
    ) -> Id:
        """A zonal NAT gateway with its interface: public if it has a public address."""
        nat = self.make("nat", subnet.scope, name)
        nat.vpc = subnet.vpc
        address: Record = {
            "PrivateIp": ip,
            "IsPrimary": True,
            "Status": "succeeded",
            "AvailabilityZone": subnet.record["AvailabilityZone"],
        }
        if state not in ("deleted", "failed"):
            nat.eni = self.interface(
                subnet,
                ip,
                groups=(),
                public=public,
                check=False,
                kind="nat_gateway",
                requester="583328430953",
                description=f"Interface for NAT Gateway {nat}",
            )
            address["NetworkInterfaceId"] = str(nat.eni)
        if public:
            association = (
                nat.eni.record["Association"]
                if state not in ("deleted", "failed")
                else {"AllocationId": self.fresh("eipalloc")}
            )
            address |= {"PublicIp": public, "AllocationId": association["AllocationId"]}
        nat.record.update(
            AvailabilityMode="zonal",
            ConnectivityType="public" if public else "private",
            CreateTime="2024-05-01T09:00:00+00:00",
            NatGatewayAddresses=[address],
            NatGatewayId=str(nat),
            State=state,
            SubnetId=str(subnet),
            VpcId=str(subnet.vpc),
        )
        return self.put("NatGateways", nat)

    def regional_nat(
        self, vpc: Id, zones: Mapping[str, str], igw: Id, automatic: bool = False
    ) -> Id:
        """A regional NAT gateway: public addresses by zone, no subnet, a route table of its own
        with the way out."""
        nat = self.make("nat", vpc.scope, None)
        nat.vpc = vpc
        region = vpc.scope[1]
        nat.table = self.table(vpc, name="regional-nat")
        self.route(nat.table, "0.0.0.0/0", igw)
        nat.record.update(
            AutoProvisionZones="enabled" if automatic else "disabled",
            AutoScalingIps="enabled" if automatic else "disabled",
            AvailabilityMode="regional",
            ConnectivityType="public",
            CreateTime="2025-12-01T09:00:00+00:00",
            NatGatewayAddresses=[
                {
                    "AllocationId": self.fresh("eipalloc"),
                    "AssociationId": self.fresh("eipassoc"),
                    "AvailabilityZone": region + zone,
                    "AvailabilityZoneId": zone_id(region, zone),
                    "IsPrimary": False,
                    "PublicIp": public,
                    "Status": "succeeded",
                }
                for zone, public in zones.items()
            ],
            NatGatewayId=str(nat),
            RouteTableId=str(nat.table),
            State="available",
            VpcId=str(vpc),
        )
        return self.put("NatGateways", nat)

    def peering(
        self, requester: Id, accepter: Id, status: str = "active", name: str | None = None
    ) -> Id:
        """A peering connection, shown in the scopes of both sides; CIDRs are listed while it is
        active."""
        pcx = self.make("pcx", requester.scope, name)

        def side(vpc: Id) -> Record:
            info: Record = {"OwnerId": vpc.scope[0], "Region": vpc.scope[1], "VpcId": str(vpc)}
            if status == "active":
                info["CidrBlock"] = vpc.record["CidrBlock"]
                info["CidrBlockSet"] = [
                    {"CidrBlock": a["CidrBlock"]} for a in vpc.record["CidrBlockAssociationSet"]
                ]
                six = vpc.record.get("Ipv6CidrBlockAssociationSet", [])
                if six:
                    info["Ipv6CidrBlockSet"] = [{"Ipv6CidrBlock": a["Ipv6CidrBlock"]} for a in six]
                info["PeeringOptions"] = {"AllowDnsResolutionFromRemoteVpc": False}
            return info

        pcx.record.update(
            AccepterVpcInfo=side(accepter),
            RequesterVpcInfo=side(requester),
            Status={"Code": status, "Message": status.capitalize()},
            VpcPeeringConnectionId=str(pcx),
        )
        self.put("VpcPeeringConnections", pcx)
        if accepter.scope != requester.scope:
            self.scope(accepter.scope)["VpcPeeringConnections"].append(pcx.record)
        return pcx

    # ------------------------------ endpoints

    def endpoint_gateway(
        self, vpc: Id, tables: Iterable[Id], service: str = "s3", state: str = "available"
    ) -> Id:
        """A gateway endpoint; its routes stand in the associated tables."""
        listed = self.service_list(service, scope=vpc.scope)
        vpce = self.make("vpce", vpc.scope, None)
        vpce.vpc = vpc
        vpce.record.update(self.endpoint(vpc, service, "Gateway", state), VpcEndpointId=str(vpce))
        vpce.record.update(RouteTableIds=[str(t) for t in tables])
        for table in tables:
            self.route(table, listed, vpce)
        return self.put("VpcEndpoints", vpce)

    def endpoint_interface(
        self,
        places: Mapping[Id, str],
        service: str = "ssm",
        groups: Sequence[Id] | None = None,
        state: str = "available",
        private_dns: bool = True,
        policy: str | None = None,
        kind: str = "Interface",
    ) -> Id:
        """An interface endpoint to an AWS service with one interface in each of these subnets
        (subnet: address)."""
        vpc = next(iter(places)).vpc
        vpce = self.make("vpce", vpc.scope, None)
        vpce.vpc = vpc
        worn = [self.open_group(vpc)] if groups is None else list(groups)
        enis = [
            self.interface(
                subnet,
                ip,
                groups=worn,
                kind="vpc_endpoint",
                requester="727180483921",
                description=f"VPC Endpoint Interface {vpce}",
            )
            for subnet, ip in places.items()
        ]
        vpce.eni = enis[0]
        vpce.record.update(self.endpoint(vpc, service, kind, state), VpcEndpointId=str(vpce))
        vpce.record.update(
            Groups=[{"GroupId": str(g), "GroupName": g.record["GroupName"]} for g in worn],
            NetworkInterfaceIds=[str(eni) for eni in enis],
            PrivateDnsEnabled=private_dns,
            SubnetIds=[str(subnet) for subnet in places],
        )
        if policy:
            vpce.record["PolicyDocument"] = policy
        return self.put("VpcEndpoints", vpce)

    def endpoint_balancer(
        self, subnet: Id, ip: str, service: str = "vpce-svc-0123456789abcdef0"
    ) -> Id:
        """A Gateway Load Balancer endpoint (a firewall's endpoint looks the same): only a route
        leads into it."""
        vpce = self.make("vpce", subnet.scope, None)
        vpce.vpc = subnet.vpc
        kind = "gateway_load_balancer_endpoint"
        about = f"VPC Endpoint Interface {vpce}"
        vpce.eni = self.interface(
            subnet,
            ip,
            groups=(),
            check=False,
            kind=kind,
            requester="727180483921",
            description=about,
        )
        vpce.record.update(
            self.endpoint(subnet.vpc, service, "GatewayLoadBalancer", "available"),
            VpcEndpointId=str(vpce),
        )
        vpce.record.update(NetworkInterfaceIds=[str(vpce.eni)], SubnetIds=[str(subnet)])
        vpce.record["ServiceName"] = f"com.amazonaws.vpce.{subnet.scope[1]}.{service}"
        return self.put("VpcEndpoints", vpce)

    def endpoint(self, vpc: Id, service: str, kind: str, state: str) -> Record:
        everything = {
            "Version": "2008-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
        }
        return {
            "CreationTimestamp": "2024-05-01T09:00:00+00:00",
            "DnsEntries": [],
            "Groups": [],
            "IpAddressType": "ipv4",
            "NetworkInterfaceIds": [],
            "OwnerId": vpc.scope[0],
            "PolicyDocument": json.dumps(everything),
            "PrivateDnsEnabled": False,
            "RequesterManaged": False,
            "RouteTableIds": [],
            "ServiceName": f"com.amazonaws.{vpc.scope[1]}.{service}",
            "State": state,
            "SubnetIds": [],
            "VpcEndpointType": kind,
            "VpcId": str(vpc),
        }

    # ------------------------------ several accounts, gaps, anything else

    def share(self, subnet: Id, account: str) -> None:
        """Show a subnet to a participant account as its own calls would: VPC, subnet and tables,
        still the owner's."""
        theirs, ours = self.scope((account, subnet.scope[1])), self.scope(subnet.scope)
        for key, record in (("Vpcs", subnet.vpc.record), ("Subnets", subnet.record)):
            if record not in theirs[key]:
                theirs[key].append(record)
        for table in ours["RouteTables"]:
            if table["VpcId"] == subnet.vpc and table not in theirs["RouteTables"]:
                theirs["RouteTables"].append(table)

    def drop(self, *calls: str) -> Estate:
        """Take calls away, as if nobody had made them (or, with their name given again, as if they
        had been refused)."""
        self.dropped |= set(calls)
        return self

    def add(self, key: str, record: Record, scope: tuple[str, str] | None = None) -> None:
        """Any other object, as it stands."""
        self.scope(scope or self.home).setdefault(key, []).append(record)

    # ------------------------------ writing, loading, asking

    def files(self) -> dict[str, str]:
        """Relative path -> JSON text of every file of the snapshot."""
        several = len({account for account, _ in self.scopes}) > 1
        written = {}
        for (account, region), calls in self.scopes.items():
            folder = f"accounts/{account}/{region}" if several else region
            for key, records in calls.items():
                top = "PrefixLists" if key == MANAGED else key
                if top in self.dropped:
                    continue
                shown = [self.as_printed(key, record) for record in records]
                if key in OBJECTS:
                    for number, one in enumerate(shown):
                        written[f"{folder}/{key}-{number}.json"] = json.dumps({top: one})
                    continue
                name = "ManagedPrefixLists" if key == MANAGED else key
                written[f"{folder}/{name}.json"] = json.dumps({top: shown})
        return written

    def as_printed(self, key: str, record: Record) -> Record:
        """What one call says of things that belong to others: filled in when written, so that no
        test can forget it."""
        if key == "Reservations":
            return {
                **record,
                "Instances": [self.instance_as_printed(i) for i in record["Instances"]],
            }
        if key == "SecurityGroups":
            pairs = [
                pair
                for key in ("IpPermissions", "IpPermissionsEgress")
                for permission in record.get(key, ())
                for pair in permission.get("UserIdGroupPairs", ())
            ]
            for pair in pairs:
                self.name_peering(record, pair)
        return record

    def instance_as_printed(self, instance: Record) -> Record:
        fields = "Attachment Association Description Groups InterfaceType Ipv6Addresses MacAddress "
        fields += "NetworkInterfaceId OwnerId PrivateIpAddress PrivateIpAddresses SourceDestCheck "
        fields += "Status SubnetId VpcId Ipv4Prefixes Ipv6Prefixes"
        copied = fields.split()
        enis = [e for calls in self.scopes.values() for e in calls["NetworkInterfaces"]]
        mine = [
            e for e in enis if e.get("Attachment", {}).get("InstanceId") == instance["InstanceId"]
        ]
        shown = [{key: e[key] for key in copied if key in e} for e in mine]
        for eni in shown:
            eni["Attachment"] = {
                k: v for k, v in eni["Attachment"].items() if not k.startswith("Instance")
            }
            if "Association" in eni:
                eni["Association"] = {
                    k: v
                    for k, v in eni["Association"].items()
                    if k in ("CarrierIp", "IpOwnerId", "PublicDnsName", "PublicIp")
                    if k in ("CustomerOwnedIp", "IpOwnerId", "PublicDnsName", "PublicIp")
                }
            rows = [dict(row) for row in eni.get("PrivateIpAddresses", ())]
            for row in rows:
                if "Association" in row:
                    row["Association"] = (
                        eni["Association"]
                        if row["Primary"]
                        else {"PublicIp": row["Association"]["PublicIp"]}
                    )
            eni["PrivateIpAddresses"] = rows
        mapped = [e["Association"] for e in shown if "Association" in e]
        public = next((each["PublicIp"] for each in mapped if "PublicIp" in each), None)
        groups = [g for e in mine for g in e.get("Groups", ())]
        return {**instance, "NetworkInterfaces": shown, "SecurityGroups": groups} | (
            {"PublicIpAddress": public} if public else {}
        )

    def name_peering(self, group: Record, pair: Record) -> None:
        """describe-security-groups names the peering of a reference into a peered VPC."""
        other = self.ids.get(pair["GroupId"])
        if other is None or "VpcId" in pair or other.vpc == group["VpcId"]:
            return
        for calls in self.scopes.values():
            for pcx in calls["VpcPeeringConnections"]:
                ends = {pcx["AccepterVpcInfo"]["VpcId"], pcx["RequesterVpcInfo"]["VpcId"]}
                if ends == {str(other.vpc), group["VpcId"]}:
                    pair["VpcId"], pair["PeeringStatus"] = str(other.vpc), pcx["Status"]["Code"]
                    pair["VpcPeeringConnectionId"] = pcx["VpcPeeringConnectionId"]

    def write(self, folder: Path) -> Path:
        """Write the snapshot into a folder."""
        return write_files(self.files(), folder)

    def load(self) -> Any:
        """The loaded snapshot; loaded anew only when the estate has changed."""
        files = self.files()
        text = json.dumps(files)
        if self.loaded is None or self.loaded[0] != text:
            self.loaded = (text, load_files(files))
        return self.loaded[1]

    def ask(self, question: str, one_way: bool = False) -> Any:
        """Load the estate and ask."""
        import reach

        return reach.ask(self.load(), question, one_way=one_way)

    # ------------------------------ bookkeeping

    def scope(self, scope: tuple[str, str]) -> dict[str, list[Record]]:
        """The calls of an account and Region, all there from the start, with the Region's zones."""
        if scope not in self.scopes:
            self.scopes[scope] = {key: [] for key in (*CALLS, MANAGED, *OTHER_CALLS)}
            region = scope[1]
            self.scopes[scope]["AvailabilityZones"] = [
                {
                    "GroupName": region,
                    "Messages": [],
                    "NetworkBorderGroup": region,
                    "OptInStatus": "opt-in-not-required",
                    "RegionName": region,
                    "State": "available",
                    "ZoneId": zone_id(region, zone),
                    "ZoneName": region + zone,
                    "ZoneType": "availability-zone",
                }
                for zone in "abc"
            ]
        return self.scopes[scope]

    def fresh(self, prefix: str) -> str:
        """A new id with 17 hex digits, the same in every run."""
        count = self.counts[prefix] = self.counts.get(prefix, 0) + 1
        seed = f"{self.salt}{prefix}:{count}"
        return f"{prefix}-0{hashlib.sha256(seed.encode()).hexdigest()[:16]}"

    def make(
        self,
        prefix: str,
        scope: tuple[str, str],
        name: str | None,
        tags: Mapping[str, str] | None = None,
    ) -> Id:
        made = Id(self.fresh(prefix))
        named = ({"Name": name} if name else {}) | dict(tags or {})
        made.record = {"Tags": [{"Key": key, "Value": value} for key, value in named.items()]}
        made.scope = scope
        return made

    def put(self, key: str, made: Id) -> Id:
        self.scope(made.scope)[key].append(made.record)
        self.ids[made] = made
        return made

    def association(self, prefix: str, table: Id, main: bool = False, **of: str) -> Record:
        state = {"AssociationState": {"State": "associated"}, "Main": main}
        return {
            **state,
            "RouteTableAssociationId": self.fresh(prefix),
            "RouteTableId": str(table),
            **of,
        }

    def ipv6_block(self, prefix: str, cidr: str, private: bool) -> Record:
        return {
            "AssociationId": self.fresh(prefix),
            "Ipv6AddressAttribute": "private" if private else "public",
            "Ipv6CidrBlock": cidr,
            "Ipv6CidrBlockState": {"State": "associated"},
            "IpSource": "none" if private else "amazon",
        }


class Pair(Estate):
    """Section 23's baseline: instances A and B in the subnets SA and SB of VPC V1, all open.

    SA (zone a) and SB (zone b) have a route table each (`ta`, `tb`) with local routes only;
    `online` adds the internet gateway, `natted` a NAT gateway in a public subnet of its own,
    `peered` VPC V2 with instance B2.
    """

    SIX = "2600:1f18:1a00:100::/56"

    def __init__(
        self,
        ipv6: bool = False,
        region: str = "us-east-1",
        account: str = "111122223333",
        salt: str = "",
    ) -> None:
        super().__init__(region, account, salt)
        self.six = ipv6
        self.v1 = self.vpc("10.0.0.0/16", ipv6=self.SIX if ipv6 else None, name="v1")
        self.sa = self.subnet(
            self.v1, "10.0.0.0/24", "a", "2600:1f18:1a00:100::/64" if ipv6 else None, name="sa"
        )
        self.sb = self.subnet(
            self.v1, "10.0.1.0/24", "b", "2600:1f18:1a00:101::/64" if ipv6 else None, name="sb"
        )
        self.ta = self.table(self.v1, [self.sa], name="ta")
        self.tb = self.table(self.v1, [self.sb], name="tb")
        self.a = self.instance(
            "a", self.sa, "10.0.0.5", ipv6="2600:1f18:1a00:100::5" if ipv6 else None
        )
        self.b = self.instance(
            "b", self.sb, "10.0.1.5", ipv6="2600:1f18:1a00:101::5" if ipv6 else None
        )
        self.gateway: Id | None = None

    def online(self, *tables: Id) -> Id:
        """Attach an internet gateway to V1; from these tables the world is routed to it."""
        self.gateway = self.gateway or self.igw(self.v1, name="igw")
        for table in tables:
            self.route(table, "0.0.0.0/0", self.gateway)
            if self.six:
                self.route(table, "::/0", self.gateway)
        return self.gateway

    def natted(self, *tables: Id, public: str | None = "198.51.100.20") -> Id:
        """A NAT gateway in SN (10.0.9.0/24), whose table `tn` leads to the internet; the tables'
        default is the NAT."""
        self.sn = self.subnet(self.v1, "10.0.9.0/24", "a", name="sn")
        self.tn = self.table(self.v1, [self.sn], name="tn")
        self.online(self.tn)
        nat = self.nat(self.sn, "10.0.9.9", public=public, name="nat")
        for table in tables:
            self.route(table, "0.0.0.0/0", nat)
        return nat

    def second(
        self,
        cidr: str = "10.2.0.0/16",
        ip: str = "10.2.0.5",
        within: str | None = None,
        region: str | None = None,
        account: str | None = None,
    ) -> Id:
        """VPC V2 with subnet S2 (a /24 unless told), table T2 and instance B2; tied to nothing."""
        six = "2600:1f18:2b00:200::/56" if self.six else None
        around = str(ipaddress.ip_interface(f"{ip}/24").network)
        self.v2 = self.vpc(cidr, ipv6=six, name="v2", region=region, account=account)
        self.s2 = self.subnet(
            self.v2, within or around, "a", "2600:1f18:2b00:200::/64" if six else None, name="s2"
        )
        self.t2 = self.table(self.v2, [self.s2], name="t2")
        self.b2 = self.instance("b2", self.s2, ip, ipv6="2600:1f18:2b00:200::5" if six else None)
        return self.v2

    def peered(
        self,
        cidr: str = "10.2.0.0/16",
        ip: str = "10.2.0.5",
        within: str | None = None,
        back: bool = True,
        region: str | None = None,
        account: str | None = None,
    ) -> Id:
        """V2 and a peering with it, routed from SA and SB and (unless `back` is false) from S2."""
        self.second(cidr, ip, within, region, account)
        pcx = self.pcx = self.peering(self.v1, self.v2, name="pcx")
        for table in (self.ta, self.tb):
            self.route(table, cidr, pcx)
            if self.six:
                self.route(table, "2600:1f18:2b00:200::/56", pcx)
        if back:
            self.route(self.t2, "10.0.0.0/16", pcx)
            if self.six:
                self.route(self.t2, self.SIX, pcx)
        return pcx


def city() -> tuple[Pair, list[str]]:
    """Something of everything, and questions on it, some reachable and some not.

    A is public, B behind a NAT gateway, B2 in the peered V2 with a way out for IPv6 only; A has
    endpoints for S3 and for ssm; SG(B) admits by prefix list, by group and by CIDR.
    """
    e = Pair(ipv6=True)
    e.peered()
    e.natted(e.tb)
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    e.route(e.t2, "::/0", e.eigw(e.v2))
    e.endpoint_gateway(e.v1, [e.ta])
    e.endpoint_interface({e.sb: "10.0.1.40"})
    ga = e.group(e.v1, name="ga")
    rules = [f"tcp/22 {e.prefix_list('10.0.0.0/24')}", f"tcp/80 {ga}", "tcp/443 10.2.0.0/16"]
    e.wear(e.a, ga)
    e.wear(e.b, e.group(e.v1, rules, name="gb"))
    a, b, b2 = e.a, e.b, e.b2
    return e, [
        f"can {a} reach {b} port 22",
        f"can {a} reach {b} port 80",
        f"can {a} reach {b} port 23",
        f"can {b2} reach {b} port 443",
        f"can {b2} reach {b} port 22",
        f"can {a} reach {b2} port 22",
        f"can {b} reach 8.8.8.8 port 443",
        f"can 0.0.0.0/0 reach {a} port 22",
        f"can 0.0.0.0/0 reach {b} port 22",
        f"can {b2} reach 2606:4700:4700::1111 port 443",
        f"can ::/0 reach {b2} port 443",
        f"can {a} reach 52.216.1.10 port 443",
        f"can {a} reach 10.0.1.40 port 443",
        f"can {a} reach 10.0.1.40 port 22",
        f"can {a} reach 10.0.0.2 port 53/udp",
    ]


# ------------------------------ helpers of the tests


def zone_id(region: str, zone: str) -> str:
    return f"{ABBREVIATED.get(region, region)}-az{'abcdef'.index(zone) + 1}"


def destination_key(destination: str) -> str:
    if destination.startswith("pl-"):
        return "DestinationPrefixListId"
    return "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"


def route_of(route: Record) -> str:
    keys = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    return next(str(route[key]) for key in keys if key in route)


def port_range(protocol: str, text: str) -> tuple[int | None, int | None]:
    """(FromPort, ToPort) of a notation: ports, or ICMP type and code; (None, None) where the API
    prints none."""
    if protocol in ("icmp", "icmpv6"):
        kind, _, code = text.partition("/")
        return int(kind or -1), int(code or -1)
    if text:
        first, _, last = text.partition("-")
        return int(first), int(last or first)
    return (0, 65535) if protocol in ("tcp", "udp") else (None, None)


def acl_entry(line: str, egress: bool) -> Record:
    number, action, protocol, cidr = line.split()
    name, _, ports = protocol.partition("/")
    entry: Record = {"Ipv6CidrBlock" if ":" in cidr else "CidrBlock": cidr, "Egress": egress}
    if name in ("icmp", "icmpv6"):
        kind, code = port_range(name, ports)
        entry["IcmpTypeCode"] = {"Code": code, "Type": kind}
    elif ports or name in ("tcp", "udp"):
        first, last = port_range(name, ports)
        entry["PortRange"] = {"From": first, "To": last}
    return {
        **entry,
        "Protocol": PROTOCOLS.get(name, name),
        "RuleAction": action,
        "RuleNumber": int(number),
    }


def write_files(files: Mapping[str, str], folder: Path) -> Path:
    """Relative path -> text, written under a folder in the order given."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def load_files(files: Mapping[str, str]) -> Any:
    """Load a snapshot from texts, as from files of these names (making those would take longer
    than reading them and asking; tests/traps/test_estate.py has that it is the same)."""
    from reach.components import sections
    from reach.snapshot.load import assemble

    texts = [(name, files[name].encode()) for name in sorted(files)]
    captured = any(name.rpartition("/")[2] == "manifest.json" for name in files)
    return assemble(texts, sections(), "snapshot", hashed=captured)


def codes(answer: Any) -> set[str]:
    """The AWS codes of what blocks, without what only bears on it."""
    return {str(each.code) for each in answer.explanations if not each.aside}


def said(answer: Any) -> list[str]:
    """What the answer says it assumed or wants noted, as texts."""
    spoken = [
        *(getattr(answer, "assumptions", None) or ()),
        *(getattr(answer, "notes", None) or ()),
    ]
    return [str(getattr(item, "text", item)) for item in spoken]


def dump(answer: Any) -> str:
    """The answer's dictionary as text."""
    return json.dumps(answer.to_dict())


def tell(answer: Any) -> str:
    """An answer in a few lines, for the message of a failed test."""
    parts = [
        f"verdict {answer.verdict.value if hasattr(answer.verdict, 'value') else answer.verdict}"
    ]
    if getattr(answer, "reason", None):
        parts.append(f"reason: {answer.reason}")
    if getattr(answer, "explanations", None):
        parts.append(
            "explanations: "
            + "; ".join(str(explanation) for explanation in answer.explanations)[:1500]
        )
    parts += [f"said: {text}" for text in said(answer)]
    if getattr(answer, "witness", None):
        parts.append("witness: " + re.sub(r"\s+", " ", str(answer.to_dict().get("witness")))[:1500])
    return "\n  ".join(parts)
