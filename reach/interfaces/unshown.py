"""Subnets and VPCs in which something has an interface that no answer shows, nor names.

    unshown(lowering) -> subnet or VPC -> what has one there

An endpoint has an interface in each of its subnets (R-VPCE-1), and a balancer that works has nodes
in some of its own (R-LB-4).  Where an endpoint names fewer, or none of a balancer's nodes is shown,
the list of interfaces was cut down or made at another moment: an address that nobody has there may
be theirs (law 2).  One zone alone without a node is one that is just being enabled.  Must not know
what an endpoint or a balancer does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reach.balancing.joins import balancers
from reach.component import Lowering
from reach.interfaces.fronts import is_partly_held
from reach.snapshot.balancer_records import ClassicLoadBalancer, LoadBalancer
from reach.snapshot.records import NetworkInterface, Subnet, VpcEndpoint
from reach.states import LOAD_BALANCER, may_work, word_of

_Standing = tuple[str, tuple[str, ...]]  # what it is, and the subnets in which it stands


def unshown(lowering: Lowering) -> Mapping[str, str]:
    """By subnet and by VPC the first, by its id, that has an interface there which is not held."""
    return lowering.memo("unshown interfaces", lambda: _places(lowering))


def _places(lowering: Lowering) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for owner, subnets in sorted((*_endpoints(lowering), *_balancers(lowering))):
        for subnet_id in subnets:
            subnet = lowering.snapshot.get(Subnet, subnet_id)
            for place in (subnet_id, (subnet.vpc_id or "") if subnet else ""):
                found.setdefault(place, owner)
    return found


def _endpoints(lowering: Lowering) -> Iterator[_Standing]:
    for endpoint in lowering.snapshot.records(VpcEndpoint):
        if is_partly_held(lowering, endpoint):
            own = (
                lowering.snapshot.get(NetworkInterface, i) for i in endpoint.network_interface_ids
            )
            shown = {each.subnet_id for each in own if each is not None}
            yield endpoint.vpc_endpoint_id, tuple(s for s in endpoint.subnet_ids if s not in shown)


def _balancers(lowering: Lowering) -> Iterator[_Standing]:
    joins = balancers(lowering)
    for balancer in lowering.snapshot.records(LoadBalancer):
        works = may_work(word_of(balancer.state), LOAD_BALANCER)
        if works and not joins.interfaces_of(balancer):
            zones = (zone.subnet_id for zone in balancer.availability_zones)
            yield balancer.load_balancer_arn, tuple(filter(None, zones))
    for classic in lowering.snapshot.records(ClassicLoadBalancer):
        if not joins.interfaces_of_classic(classic):
            yield classic.load_balancer_name, tuple(classic.subnets)
