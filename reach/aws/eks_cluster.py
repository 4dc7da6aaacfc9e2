"""EKS clusters as ends: the control plane's interfaces in the VPC, and groups of nodes.

The control plane's interfaces are described as ``Amazon EKS <cluster>`` (R-ENI-9; eks/latest/
userguide/network-reqs).  Nodes are instances, told by the tags ``eks:cluster-name`` and
``eks:nodegroup-name`` that managed node groups put on them.

Implements: R-ENI-9
Not modelled: the public endpoint of a cluster; pods, services and network policies; nodes without
these tags.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reach.component import Component, End, Lowering
from reach.named import Named, standing
from reach.snapshot.call import Call, Per
from reach.snapshot.record import Id, Part, Record
from reach.snapshot.records import Instance, NetworkInterface
from reach.snapshot.section import Section

_CLUSTER, _NODES = "eks:cluster-name", "eks:nodegroup-name"
_API = 443


class ResourcesVpcConfig(Part, frozen=True, rename="camel"):
    vpc_id: str | None = None
    endpoint_private_access: bool | None = None


class ClusterPart(Part, frozen=True, rename="camel"):
    name: Id
    arn: str = ""
    status: str = ""
    resources_vpc_config: ResourcesVpcConfig = ResourcesVpcConfig()


class EksCluster(Record, frozen=True, rename="camel"):
    """One describe-cluster answer."""

    cluster: ClusterPart

    @property
    def key(self) -> str:
        return self.cluster.arn or self.cluster.name


CLUSTER = Named("eks:", EksCluster, lambda each: each.cluster.name, lambda each: each.cluster.arn)


def _node_groups(lowering: Lowering) -> dict[str, list[Instance]]:
    """The nodes of each managed node group, by ``eks:<cluster>/<group>``."""

    def make() -> dict[str, list[Instance]]:
        found: dict[str, list[Instance]] = {}
        groups = lowering.index.tags.told(Instance, _NODES)
        clusters = lowering.index.tags.told(Instance, _CLUSTER) if groups else {}
        for instance_id, cluster in clusters.items():
            instance = lowering.snapshot.get(Instance, instance_id)
            if instance is not None and instance_id in groups:
                id_ = f"{CLUSTER.prefix}{cluster}/{groups[instance_id]}"
                found.setdefault(id_, []).append(instance)
        return found

    return lowering.memo("eks_cluster node groups", make)


def _end(lowering: Lowering, text: str) -> End | None:
    found = CLUSTER.find(lowering, text)
    if found is not None:
        return _control_plane(lowering, text, found.cluster)
    nodes = _node_groups(lowering).get(text)
    if nodes is None:
        return None
    of = lowering.index.interfaces_by_instance
    own = [each for node in nodes for each in of.get(node.instance_id, ())]
    return standing(lowering, text, own, lacking=_lacking(lowering, nodes))


def _lacking(lowering: Lowering, nodes: Sequence[Instance]) -> str:
    """What is named and not held of some nodes: an interface of one, or another node beside them,
    whose tags nobody knows."""
    unheld = lowering.index.unheld
    interfaces = (i for node in nodes for i in unheld.on_instance.get(node.instance_id, ()))
    others = (i for node in nodes for i in unheld.instances.get(node.vpc_id or "", ()))
    named = [f"{each}, an interface of a node," for each in interfaces]
    named += [f"whether {each} is a node" for each in others]
    return next(iter(named), "")


def _control_plane(lowering: Lowering, words: str, cluster: ClusterPart) -> End:
    where = cluster.resources_vpc_config
    described = f"Amazon EKS {cluster.name}"
    found: list[NetworkInterface] = [
        each
        for each in lowering.index.interfaces_where(lambda i: i.description == described)
        if where.vpc_id and each.vpc_id == where.vpc_id and each.requester_managed
    ]
    lacking = "" if found else "by which interfaces its control plane stands in the VPC"
    notes = [f"its API listens on port {_API}"]
    if where.endpoint_private_access is False:
        notes.append("private access is off: its name leads to the public endpoint")
    return standing(lowering, words, found, lacking=lacking, notes=notes)


def _names(lowering: Lowering) -> Iterator[tuple[str, str]]:
    yield from CLUSTER.names(lowering)
    for group_id in _node_groups(lowering):
        yield group_id.removeprefix(CLUSTER.prefix), group_id


_DESCRIBED = Call(
    "eks.DescribeCluster",
    hold="cluster",
    per=(Per(Call("eks.ListClusters", take="clusters"), {"name": ""}),),
)

COMPONENT = Component(
    name="eks_cluster",
    reads=(EksCluster, Instance, NetworkInterface),
    sections=(
        Section(
            "EksClusters",
            EksCluster,
            "key",
            "eks.DescribeCluster",
            bare=(("cluster",),),
            asked=(_DESCRIBED,),
        ),
    ),
    names=_names,
    ends={CLUSTER.prefix: _end},
)
