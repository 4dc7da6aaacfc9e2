"""ElastiCache clusters and replication groups as ends: the interfaces of their nodes.

The interface of a node says of which cluster it is in its description, ``ElastiCache <id>``
(R-ENI-9).  A replication group is its member clusters.

Implements: R-ENI-9
Not modelled: serverless caches, which have endpoints in place of nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from reach.component import Component, End, Lowering
from reach.named import Named, is_of_place, standing
from reach.snapshot.call import Call
from reach.snapshot.record import Id, Part, Record
from reach.snapshot.records import NetworkInterface
from reach.snapshot.section import Section

_DESCRIPTIONS = ("ElastiCache ", "ElastiCache+")


class Endpoint(Part, frozen=True):
    address: str | None = None
    port: int | None = None


class CacheNode(Part, frozen=True):
    cache_node_id: str | None = None
    endpoint: Endpoint | None = None


class CacheCluster(Record, frozen=True):
    cache_cluster_id: Id
    cache_cluster_arn: str = msgspec.field(name="ARN", default="")
    replication_group_id: str | None = None
    num_cache_nodes: int = 1
    cache_nodes: tuple[CacheNode, ...] = ()
    configuration_endpoint: Endpoint | None = None

    @property
    def key(self) -> str:
        return self.cache_cluster_arn or self.cache_cluster_id


class ReplicationGroup(Record, frozen=True):
    replication_group_id: Id
    replication_group_arn: str = msgspec.field(name="ARN", default="")
    member_clusters: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.replication_group_arn or self.replication_group_id


CLUSTER = Named(
    "cache:",
    CacheCluster,
    lambda each: each.cache_cluster_id,
    lambda each: each.cache_cluster_arn,
)
GROUP = Named(
    "cachegroup:",
    ReplicationGroup,
    lambda each: each.replication_group_id,
    lambda each: each.replication_group_arn,
)


def _is_of_some(interface: NetworkInterface) -> bool:
    return interface.description.startswith(_DESCRIPTIONS) and interface.requester_managed


def _of_clusters(lowering: Lowering) -> Mapping[str, list[NetworkInterface]]:
    """The interfaces of nodes, by the cluster that their description names."""

    def make() -> dict[str, list[NetworkInterface]]:
        found: dict[str, list[NetworkInterface]] = {}
        for interface in lowering.index.interfaces_where(_is_of_some):
            name = interface.description[len(_DESCRIPTIONS[0]) :]
            found.setdefault(name, []).append(interface)
        return found

    return lowering.memo("cache_cluster interfaces", make)


def _interfaces(lowering: Lowering, cluster: CacheCluster) -> list[NetworkInterface]:
    named = _of_clusters(lowering).get(cluster.cache_cluster_id, ())
    return [each for each in named if is_of_place(lowering, cluster, each)]


def _end(lowering: Lowering, cluster_id: str) -> End | None:
    cluster = CLUSTER.find(lowering, cluster_id)
    return None if cluster is None else _standing(lowering, cluster_id, [cluster])


def _group_end(lowering: Lowering, group_id: str) -> End | None:
    group = GROUP.find(lowering, group_id)
    if group is None:
        return None
    members = [
        cluster
        for cluster in lowering.snapshot.records(CacheCluster)
        if cluster.cache_cluster_id in group.member_clusters
        and lowering.snapshot.region_of(cluster) == lowering.snapshot.region_of(group)
        and lowering.snapshot.account_of(cluster) == lowering.snapshot.account_of(group)
    ]
    missing = set(group.member_clusters) - {each.cache_cluster_id for each in members}
    return _standing(lowering, group_id, members, sorted(missing))


def _standing(
    lowering: Lowering,
    words: str,
    clusters: Sequence[CacheCluster],
    missing: Sequence[str] = (),
) -> End:
    found: list[NetworkInterface] = []
    alone = list(missing)
    for cluster in clusters:
        own = _interfaces(lowering, cluster)
        found += own
        alone += [cluster.cache_cluster_id] if len(own) < cluster.num_cache_nodes else []
    lacking = f"which interfaces are those of all nodes of {', '.join(alone)}" if alone else ""
    ports = sorted({port for cluster in clusters for port in _ports(cluster)})
    notes = [f"listens on port {', '.join(map(str, ports))}"] if ports else []
    return standing(lowering, words, found, lacking=lacking, notes=notes)


def _ports(cluster: CacheCluster) -> Iterator[int]:
    for each in (cluster.configuration_endpoint, *(node.endpoint for node in cluster.cache_nodes)):
        if each is not None and each.port:
            yield each.port


def _names(lowering: Lowering) -> Iterator[tuple[str, str]]:
    yield from CLUSTER.names(lowering)
    yield from GROUP.names(lowering)


# AWS: AmazonElastiCache/latest/APIReference/API_DescribeCacheClusters: nodes only when asked for.
_CLUSTERS = Call(
    "elasticache.DescribeCacheClusters", take="CacheClusters", given=({"ShowCacheNodeInfo": True},)
)

COMPONENT = Component(
    name="cache_cluster",
    reads=(CacheCluster, ReplicationGroup, NetworkInterface),
    sections=(
        Section(
            "CacheClusters",
            CacheCluster,
            "key",
            "elasticache.DescribeCacheClusters",
            asked=(_CLUSTERS,),
        ),
        Section(
            "ReplicationGroups",
            ReplicationGroup,
            "key",
            "elasticache.DescribeReplicationGroups",
            covered_by="CacheClusters",
        ),
    ),
    names=_names,
    ends={CLUSTER.prefix: _end, GROUP.prefix: _group_end},
)
