"""RDS databases, clusters and proxies as ends: interfaces that nothing names.

The interface of a database is described as ``RDSNetworkInterface`` and no call says of which one
(R-ENI-9).  It is one with the database's VPC groups, in its subnet group and zone, with a public
address iff the database is publicly accessible.  Where several would do, they are told apart no
further: alike in subnet and groups they all stand for it, and the answer says so; else what reaches
only some of them is undecided.  A cluster is its members.  A proxy's interface names the proxy.

Implements: R-ENI-9
Not modelled: clusters without instances; which member an endpoint's name means at the moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec

from reach.component import Component, End, Lowering
from reach.named import Named, is_of_place, standing
from reach.network.stage import Origin
from reach.snapshot.index import public_mapping
from reach.snapshot.record import Id, Part, Record
from reach.snapshot.records import NetworkInterface, Subnet
from reach.snapshot.section import Section

_DATABASE, _PROXY = "RDSNetworkInterface", "Network interface for DBProxy "


class VpcSecurityGroup(Part, frozen=True):
    vpc_security_group_id: str | None = None
    status: str = ""


class DBSubnet(Part, frozen=True):
    subnet_identifier: str | None = None


class DBSubnetGroupPart(Part, frozen=True):
    name: str | None = msgspec.field(name="DBSubnetGroupName", default=None)
    vpc_id: str | None = None
    subnets: tuple[DBSubnet, ...] = ()


class DBSubnetGroup(Record, frozen=True):
    name: Id = msgspec.field(name="DBSubnetGroupName")
    arn: str = msgspec.field(name="DBSubnetGroupArn", default="")
    vpc_id: str | None = None
    subnets: tuple[DBSubnet, ...] = ()

    @property
    def key(self) -> str:
        return self.arn or self.name


class Endpoint(Part, frozen=True):
    address: str | None = None
    port: int | None = None


class DBInstance(Record, frozen=True):
    identifier: Id = msgspec.field(name="DBInstanceIdentifier")
    db_arn: str = msgspec.field(name="DBInstanceArn", default="")
    status: str = msgspec.field(name="DBInstanceStatus", default="")
    endpoint: Endpoint | None = None
    availability_zone: str | None = None
    publicly_accessible: bool = False
    vpc_security_groups: tuple[VpcSecurityGroup, ...] = ()
    subnet_group: DBSubnetGroupPart | None = msgspec.field(name="DBSubnetGroup", default=None)

    @property
    def key(self) -> str:
        return self.db_arn or self.identifier


class DBClusterMember(Part, frozen=True):
    identifier: str = msgspec.field(name="DBInstanceIdentifier", default="")


class DBCluster(Record, frozen=True):
    identifier: Id = msgspec.field(name="DBClusterIdentifier")
    db_arn: str = msgspec.field(name="DBClusterArn", default="")
    members: tuple[DBClusterMember, ...] = msgspec.field(name="DBClusterMembers", default=())

    @property
    def key(self) -> str:
        return self.db_arn or self.identifier


class DBProxy(Record, frozen=True):
    name: Id = msgspec.field(name="DBProxyName")
    db_arn: str = msgspec.field(name="DBProxyArn", default="")
    vpc_id: str | None = None

    @property
    def key(self) -> str:
        return self.db_arn or self.name


INSTANCE = Named("db:", DBInstance, lambda each: each.identifier, lambda each: each.db_arn)
CLUSTER = Named("dbcluster:", DBCluster, lambda each: each.identifier, lambda each: each.db_arn)
PROXY = Named("dbproxy:", DBProxy, lambda each: each.name, lambda each: each.db_arn)


# ------------------------------------------------------------------- which interfaces


def _is_of_some(interface: NetworkInterface) -> bool:
    return interface.description == _DATABASE and interface.requester_managed


def _described(lowering: Lowering) -> Mapping[str, list[NetworkInterface]]:
    """The interfaces of databases, by VPC."""

    def make() -> dict[str, list[NetworkInterface]]:
        found: dict[str, list[NetworkInterface]] = {}
        for interface in lowering.index.interfaces_where(_is_of_some):
            found.setdefault(interface.vpc_id or "", []).append(interface)
        return found

    return lowering.memo("db_instance interfaces", make)


def _candidates(lowering: Lowering, database: DBInstance) -> tuple[NetworkInterface, ...]:
    """The interfaces that may be a database's own."""

    def make() -> dict[str, tuple[NetworkInterface, ...]]:
        return {
            each.key: tuple(_may_be(lowering, each))
            for each in lowering.snapshot.records(DBInstance)
        }

    return lowering.memo("db_instance candidates", make)[database.key]


def _may_be(lowering: Lowering, database: DBInstance) -> Iterator[NetworkInterface]:
    vpc, subnets = _subnets(lowering, database)
    worn = {each.vpc_security_group_id for each in database.vpc_security_groups}
    for interface in _described(lowering).get(vpc, ()):
        groups = {group.group_id for group in interface.groups}
        inside = not subnets or interface.subnet_id in subnets
        public = bool(public_mapping(interface))
        if not inside or groups != worn or public is not database.publicly_accessible:
            continue
        subnet = lowering.snapshot.get(Subnet, interface.subnet_id or "")
        zone = interface.availability_zone or (subnet.availability_zone if subnet else None)
        if database.availability_zone in (None, zone) and is_of_place(
            lowering, database, interface
        ):
            yield interface


def _subnets(lowering: Lowering, database: DBInstance) -> tuple[str, set[str]]:
    """The VPC and the subnets of a database's subnet group."""
    own = database.subnet_group
    if own is None:
        return "", set()
    vpc, listed = own.vpc_id or "", own.subnets
    for group in lowering.snapshot.records(DBSubnetGroup):
        if group.name == own.name and vpc in ("", group.vpc_id):
            vpc, listed = group.vpc_id or "", listed or group.subnets
    return vpc, {each.subnet_identifier for each in listed if each.subnet_identifier}


# ------------------------------------------------------------------- ends


def _end(lowering: Lowering, database_id: str) -> End | None:
    database = INSTANCE.find(lowering, database_id)
    return None if database is None else _standing(lowering, database_id, [database])


def _cluster_end(lowering: Lowering, cluster_id: str) -> End | None:
    cluster = CLUSTER.find(lowering, cluster_id)
    if cluster is None:
        return None
    named = {member.identifier for member in cluster.members}
    members = [
        each
        for each in lowering.snapshot.records(DBInstance)
        if each.identifier in named
        and lowering.snapshot.region_of(each) == lowering.snapshot.region_of(cluster)
        and lowering.snapshot.account_of(each) == lowering.snapshot.account_of(cluster)
    ]
    missing = sorted(named - {each.identifier for each in members})
    return _standing(lowering, cluster_id, members, missing or ([] if named else [cluster_id]))


def _proxy_end(lowering: Lowering, proxy_id: str) -> End | None:
    proxy = PROXY.find(lowering, proxy_id)
    if proxy is None:
        return None
    described = _PROXY + proxy.name
    alike = lowering.index.interfaces_where(lambda each: each.description == described)
    found = [each for each in alike if proxy.vpc_id and each.vpc_id == proxy.vpc_id]
    lacking = "" if found else "which interface is its own"
    return standing(lowering, proxy_id, found, lacking=lacking)


def _standing(
    lowering: Lowering,
    words: str,
    databases: Sequence[DBInstance],
    missing: Sequence[str] = (),
) -> End:
    """Databases as an end: exactly theirs, or those of which some are theirs."""
    own = {each.key for each in databases}
    found: dict[str, NetworkInterface] = {}
    for database in databases:
        found |= {each.network_interface_id: each for each in _candidates(lowering, database)}
    rivals = [
        each
        for each in lowering.snapshot.records(DBInstance)
        if each.key not in own
        and any(i.network_interface_id in found for i in _candidates(lowering, each))
    ]
    alone = [*missing, *(d.identifier for d in databases if not _candidates(lowering, d))]
    short = len(found) < len(databases) + len(rivals)
    lacking = "which interface is its own" if alone or short else ""
    end = standing(
        lowering, words, tuple(found.values()), lacking=lacking, notes=tuple(_notes(databases))
    )
    if len(found) <= len(databases) and not rivals:
        return end
    return _undistinguished(end, words, tuple(found.values()))


def _undistinguished(end: End, words: str, found: Sequence[NetworkInterface]) -> End:
    """Which of several interfaces it is, is not told."""
    shown = ", ".join(each.network_interface_id for each in found)
    said = f"which of {shown} is the interface of {words} is not told"
    if len({(each.subnet_id, each.status) for each in found}) == 1:
        alike = f"{said}; they have one subnet and the same groups"
        return replace(end, notes=(*end.notes, Origin(words, alike)))
    return replace(end, among=Origin(words, said))


def _notes(databases: Sequence[DBInstance]) -> Iterator[str]:
    ports = sorted({d.endpoint.port for d in databases if d.endpoint and d.endpoint.port})
    if ports:
        yield f"listens on port {', '.join(map(str, ports))}"
    for database in databases:
        if database.status not in ("available", ""):
            yield f"{database.identifier} is {database.status}"


def _names(lowering: Lowering) -> Iterator[tuple[str, str]]:
    yield from INSTANCE.names(lowering)
    yield from CLUSTER.names(lowering)
    yield from PROXY.names(lowering)
    for database_id, database in INSTANCE.all(lowering):
        if database.endpoint is not None and database.endpoint.address:
            yield database.endpoint.address, database_id


COMPONENT = Component(
    name="db_instance",
    reads=(DBInstance, DBCluster, DBProxy, NetworkInterface),
    sections=(
        Section("DBInstances", DBInstance, "key", "rds.DescribeDBInstances"),
        Section("DBClusters", DBCluster, "key", "rds.DescribeDBClusters", covered_by="DBInstances"),
        Section("DBProxies", DBProxy, "key", "rds.DescribeDBProxies", covered_by="DBInstances"),
        Section(
            "DBSubnetGroups",
            DBSubnetGroup,
            "key",
            "rds.DescribeDBSubnetGroups",
            covered_by="DBInstances",
        ),
    ),
    names=_names,
    ends={INSTANCE.prefix: _end, CLUSTER.prefix: _cluster_end, PROXY.prefix: _proxy_end},
)
