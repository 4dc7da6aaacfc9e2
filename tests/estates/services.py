"""Things of services that have interfaces in a VPC, for the estates of tests, as the CLI prints.

    work = function(e, "work", {e.sa: "10.0.0.30"}, [group])   # Lambda, with its interfaces
    idle = function(e, "idle", {})                              # in no VPC
    orders = database(e, "orders", e.sa, "10.0.0.40", [group])  # RDS
    both = db_cluster(e, "both", orders, other)
    pool = db_proxy(e, "pool", e.sa, "10.0.0.41")
    web = task(e, "prod", e.sa, "10.0.0.50", service="web")     # ECS
    prod = eks(e, "prod", {e.sa: "10.0.0.60"})                  # EKS, its control plane
    node(e, "prod", "blue", e.sa, "10.0.0.61")
    hot = cache(e, "hot-001", e.sa, "10.0.0.70", group="hot")   # ElastiCache
    replicas(e, "hot", hot)

Each gives an Id: what people call it; ``arn`` is its ARN, ``eni`` its first interface.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.estate import Estate, Id, Record


def _named(e: Estate, name: str, arn: str) -> Id:
    made = Id(name)
    made.scope, made.record, made.arn = e.home, {}, arn
    return made


def _arn(e: Estate, service: str, rest: str) -> str:
    return f"arn:aws:{service}:{e.home[1]}:{e.home[0]}:{rest}"


def _worn(e: Estate, subnet: Id, groups: Sequence[Id] | None) -> list[Id]:
    return [e.open_group(subnet.vpc)] if groups is None else list(groups)


# ------------------------------ Lambda


def function(
    e: Estate,
    name: str,
    places: Mapping[Id, str],
    groups: Sequence[Id] | None = None,
    ipv6: Mapping[Id, str] | None = None,
    allowed: bool = False,
    state: str = "Active",
) -> Id:
    """A function in these subnets (subnet: address of its interface; "" for none yet)."""
    made = _named(e, name, _arn(e, "lambda", f"function:{name}"))
    made.record.update(
        FunctionArn=made.arn,
        FunctionName=name,
        Handler="app.handler",
        Runtime="python3.12",
        State=state,
        Version="$LATEST",
    )
    if places:
        first = next(iter(places))
        worn = _worn(e, first, groups)
        made.record["VpcConfig"] = {
            "Ipv6AllowedForDualStack": allowed,
            "SecurityGroupIds": [str(group) for group in worn],
            "SubnetIds": [str(subnet) for subnet in places],
            "VpcId": str(first.vpc),
        }
        for subnet, ip in places.items():
            if ip:
                made.eni = e.interface(
                    subnet,
                    ip,
                    worn,
                    ipv6=(ipv6 or {}).get(subnet),
                    kind="lambda",
                    requester="amazon-aws",
                    description=f"AWS Lambda VPC ENI-{name}-0c1f2a3b",
                )
    else:
        made.record["VpcConfig"] = {"SecurityGroupIds": [], "SubnetIds": [], "VpcId": ""}
    e.add("Functions", made.record)
    return made


# ------------------------------ RDS


def database(
    e: Estate,
    name: str,
    subnet: Id,
    ip: str | None,
    groups: Sequence[Id] | None = None,
    port: int = 5432,
    public: str | None = None,
    among: Sequence[Id] = (),
    status: str = "available",
) -> Id:
    """A database with its interface (no ``ip``: none); its subnet group has also ``among``."""
    made = _named(e, name, _arn(e, "rds", f"db:{name}"))
    worn = _worn(e, subnet, groups)
    made.record.update(
        AvailabilityZone=subnet.record["AvailabilityZone"],
        DBInstanceArn=made.arn,
        DBInstanceIdentifier=name,
        DBInstanceStatus=status,
        DBSubnetGroup={
            "DBSubnetGroupName": "data",
            "Subnets": [
                {
                    "SubnetAvailabilityZone": {"Name": each.record["AvailabilityZone"]},
                    "SubnetIdentifier": str(each),
                    "SubnetStatus": "Active",
                }
                for each in (subnet, *among)
            ],
            "VpcId": str(subnet.vpc),
        },
        Endpoint={"Address": f"{name}.c0abcdefghij.{e.home[1]}.rds.amazonaws.com", "Port": port},
        Engine="postgres",
        MultiAZ=False,
        PubliclyAccessible=public is not None,
        VpcSecurityGroups=[{"Status": "active", "VpcSecurityGroupId": str(g)} for g in worn],
    )
    if ip:
        made.eni = database_interface(e, subnet, ip, worn, public)
    e.add("DBInstances", made.record)
    return made


def database_interface(
    e: Estate, subnet: Id, ip: str, groups: Sequence[Id], public: str | None = None
) -> Id:
    """An interface of some database."""
    return e.interface(
        subnet,
        ip,
        groups,
        public,
        requester="amazon-rds",
        description="RDSNetworkInterface",
        elastic=False,
    )


def db_cluster(e: Estate, name: str, *members: Id) -> Id:
    made = _named(e, name, _arn(e, "rds", f"cluster:{name}"))
    made.record.update(
        DBClusterArn=made.arn,
        DBClusterIdentifier=name,
        DBClusterMembers=[
            {"DBInstanceIdentifier": str(member), "IsClusterWriter": number == 0}
            for number, member in enumerate(members)
        ],
        Status="available",
    )
    e.add("DBClusters", made.record)
    return made


def db_proxy(e: Estate, name: str, subnet: Id, ip: str | None) -> Id:
    made = _named(e, name, _arn(e, "rds", f"db-proxy:prx-{name}"))
    made.record.update(
        DBProxyArn=made.arn,
        DBProxyName=name,
        Status="available",
        VpcId=str(subnet.vpc),
        VpcSubnetIds=[str(subnet)],
    )
    if ip:
        about = f"Network interface for DBProxy {name}"
        made.eni = e.interface(subnet, ip, requester="amazon-rds", description=about)
    e.add("DBProxies", made.record)
    return made


# ------------------------------ ECS and EKS


def task(
    e: Estate,
    cluster: str,
    subnet: Id,
    ip: str | None,
    groups: Sequence[Id] | None = None,
    service: str | None = None,
    status: str = "RUNNING",
) -> Id:
    """A task with an interface of its own (no ``ip``: on that of its container instance)."""
    short = e.fresh("t").removeprefix("t-")
    made = _named(e, short, _arn(e, "ecs", f"task/{cluster}/{short}"))
    made.record.update(
        attachments=[],
        clusterArn=_arn(e, "ecs", f"cluster/{cluster}"),
        group=f"service:{service}" if service else "family:job",
        lastStatus=status,
        launchType="FARGATE" if ip else "EC2",
        taskArn=made.arn,
    )
    if ip:
        about = f"arn:aws:ecs:{e.home[1]}:{e.home[0]}:attachment/{short}"
        made.eni = e.interface(subnet, ip, groups, requester="amazon-ecs", description=about)
        details: list[Record] = [
            {"name": "subnetId", "value": str(subnet)},
            {"name": "networkInterfaceId", "value": str(made.eni)},
            {"name": "privateIPv4Address", "value": ip},
        ]
        made.record["attachments"] = [
            {"details": details, "status": "ATTACHED", "type": "ElasticNetworkInterface"}
        ]
    e.add("tasks", made.record)
    return made


def eks(
    e: Estate, name: str, places: Mapping[Id, str], vpc: Id | None = None, private: bool = True
) -> Id:
    """A cluster with its control plane's interfaces (subnet: address)."""
    made = _named(e, name, _arn(e, "eks", f"cluster/{name}"))
    home = vpc or next(iter(places)).vpc
    made.record.update(
        arn=made.arn,
        name=name,
        resourcesVpcConfig={
            "endpointPrivateAccess": private,
            "endpointPublicAccess": not private,
            "subnetIds": [str(subnet) for subnet in places],
            "vpcId": str(home),
        },
        status="ACTIVE",
    )
    for subnet, ip in places.items():
        about = f"Amazon EKS {name}"
        made.eni = e.interface(subnet, ip, requester="amazon-eks", description=about)
    e.add("EksClusters", {"cluster": made.record})
    return made


def node(e: Estate, cluster: str, group: str, subnet: Id, ip: str) -> Id:
    """An instance of a managed node group."""
    tags = {"eks:cluster-name": cluster, "eks:nodegroup-name": group}
    return e.instance(f"{group}-{ip}", subnet, ip, tags=tags)


# ------------------------------ ElastiCache


def cache(
    e: Estate,
    name: str,
    subnet: Id,
    ip: str | None,
    groups: Sequence[Id] | None = None,
    group: str | None = None,
    port: int = 6379,
    nodes: int = 1,
) -> Id:
    """A cluster of one node with its interface (no ``ip``: none)."""
    made = _named(e, name, _arn(e, "elasticache", f"cluster:{name}"))
    made.record.update(
        ARN=made.arn,
        CacheClusterId=name,
        CacheClusterStatus="available",
        CacheNodes=[
            {"CacheNodeId": "0001", "Endpoint": {"Address": f"{name}.cache", "Port": port}}
        ],
        Engine="redis",
        NumCacheNodes=nodes,
    )
    if group:
        made.record["ReplicationGroupId"] = group
    if ip:
        about = f"ElastiCache {name}"
        made.eni = e.interface(
            subnet, ip, groups, requester="amazon-elasticache", description=about
        )
    e.add("CacheClusters", made.record)
    return made


def replicas(e: Estate, name: str, *members: Id) -> Id:
    """A replication group."""
    made = _named(e, name, _arn(e, "elasticache", f"replicationgroup:{name}"))
    made.record.update(
        ARN=made.arn,
        MemberClusters=[str(member) for member in members],
        ReplicationGroupId=name,
        Status="available",
    )
    e.add("ReplicationGroups", made.record)
    return made
