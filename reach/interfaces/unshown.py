"""Where something has an interface that no answer shows, nor names, and what it leads to.

    unshown(lowering) -> subnet or VPC -> what has one there
    may_be_led_to(lowering, interfaces) -> Origin, or None

An endpoint has an interface in each of its subnets (R-VPCE-1), and a balancer that works has nodes
in some of its own (R-LB-4).  Where an endpoint names fewer, or none of a balancer's nodes is shown,
the list of interfaces was cut down or made at another moment: an address that nobody has there may
be theirs, and a target of the balancer may be reached by it (law 2).  One zone alone without a node
is one that is just being enabled.  Must not know how a balancer picks its targets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reach.balancing.joins import balancers
from reach.component import Lowering
from reach.interfaces.fronts import is_partly_held
from reach.network.stage import Origin
from reach.snapshot.balancer_records import ClassicLoadBalancer, LoadBalancer
from reach.snapshot.balancers import Target
from reach.snapshot.crowd import Crowd
from reach.snapshot.index import private_addresses
from reach.snapshot.records import NetworkInterface, Subnet, VpcEndpoint
from reach.states import LOAD_BALANCER, may_work, word_of

_ALL = "all"  # what stands in a table of one thing, which hardly any edit changes
_Standing = tuple[str, tuple[str, ...]]  # what it is, and the subnets in which it stands


def unshown(lowering: Lowering) -> Mapping[str, str]:
    """By subnet and by VPC the first, by its id, that has an interface there which is not held."""
    return lowering.table("unshown interfaces", _places)


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
    for balancer in _nodeless(lowering):
        zones = (zone.subnet_id for zone in balancer.availability_zones)
        yield balancer.load_balancer_arn, tuple(filter(None, zones))
    for classic in _nodeless_classics(lowering):
        yield classic.load_balancer_name, tuple(classic.subnets)


def _nodeless(lowering: Lowering) -> Iterator[LoadBalancer]:
    joins = balancers(lowering)
    for balancer in lowering.snapshot.records(LoadBalancer):
        works = may_work(word_of(balancer.state), LOAD_BALANCER)
        if works and not joins.interfaces_of(balancer):
            yield balancer


def _nodeless_classics(lowering: Lowering) -> Iterator[ClassicLoadBalancer]:
    joins = balancers(lowering)
    for classic in lowering.snapshot.records(ClassicLoadBalancer):
        if not joins.interfaces_of_classic(classic):
            yield classic


# ------------------------------------------------------------------- what they lead to


def may_be_led_to(lowering: Lowering, interfaces: Sequence[NetworkInterface]) -> Origin | None:
    """Why more may be sent to some interfaces than is known: they are targets of such a balancer,
    or it is not known of it which are."""
    led = lowering.table("targets of unshown balancers", _all_led_to)[_ALL]
    if not led:
        return None
    if isinstance(interfaces, Crowd):
        owner: str | None = next(iter(led.values()))
    else:
        own = (address for each in interfaces for address in private_addresses(each))
        owner = next(filter(None, map(led.get, own)), led.get(None) if interfaces else None)
    if owner is None:
        return None
    words = f"what {owner} passes on may come here, and where it takes it is not known"
    return lowering.missing(NetworkInterface, owner, words)


def _all_led_to(lowering: Lowering) -> Mapping[str, Mapping[int | None, str]]:
    return {_ALL: _led_to(lowering)}


def _led_to(lowering: Lowering) -> Mapping[int | None, str]:
    """The balancer by its targets' addresses; None stands for those that are not known."""
    found: dict[int | None, str] = {}
    joins = balancers(lowering)
    for balancer in _nodeless(lowering):
        for group in joins.groups_of(balancer):
            targets = joins.targets(group)
            for address in _addresses(targets):
                found.setdefault(address, balancer.load_balancer_arn)
    for classic in _nodeless_classics(lowering):
        for each in classic.instances:
            target = joins.instance_target(each.instance_id, 0, 0)
            for address in _addresses((target,)):
                found.setdefault(address, classic.load_balancer_name)
    return found


def _addresses(targets: Sequence[Target] | None) -> Iterator[int | None]:
    if targets is None:
        yield None
    for target in targets or ():
        yield from target.addresses
