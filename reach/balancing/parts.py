"""Listeners and target groups of load balancers as places on the way.

A packet that a balancer takes by a listener, or hands on to a target of a group, is at a node that
is named by it; what the one listener of a Gateway Load Balancer takes is all that the balancer
takes.  Built by a component from its own name and how it tells apart by which way a packet came.
Must not know any component by name, nor the engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from reach.aim import Visit
from reach.balancing.joins import balancers
from reach.balancing.listening import forwards_to
from reach.component import Lowering, node_name
from reach.snapshot.balancer_records import LoadBalancer, TargetGroup

_Places = Mapping[str, Callable[[Lowering, str], Visit | None]]


def nodes_of_parts(component: str, kind: str, ways: Sequence[str] = ("",)) -> _Places:
    """Of a kind of balancers: the nodes of a listener, and those of a target group.

    ``ways`` stand before the ARN in the names of nodes.
    """

    def read(lowering: Lowering, arn: str) -> Visit | None:
        listens = tuple(_listening(lowering, kind, arn))
        part = "listener" if listens else "group"
        if not listens and lowering.snapshot.get(TargetGroup, arn) is None:
            return None
        nodes = (
            node_name(component, interface.network_interface_id, part, f"{way} {arn}".strip())
            for balancer in listens or _of_kind(lowering, kind)
            for interface in balancers(lowering).interfaces_of(balancer)
            for way in ways
        )
        found = frozenset(nodes)
        return Visit(nodes=found) if found else None

    return {"arn:": read}


def wholes_of_parts(kind: str) -> _Places:
    """Of a kind of balancers: those that have a listener, or hand on to a target group."""

    def read(lowering: Lowering, arn: str) -> Visit | None:
        own = (*_listening(lowering, kind, arn), *_handing(lowering, kind, arn))
        found = frozenset(balancer.load_balancer_arn for balancer in own)
        return Visit(resources=found) if found else None

    return {"arn:": read}


def _of_kind(lowering: Lowering, kind: str) -> Iterator[LoadBalancer]:
    return (each for each in lowering.snapshot.records(LoadBalancer) if each.type == kind)


def _listening(lowering: Lowering, kind: str, arn: str) -> Iterator[LoadBalancer]:
    for balancer in _of_kind(lowering, kind):
        known = balancers(lowering).listeners(balancer.load_balancer_arn) or ()
        if any(each.listener_arn == arn for each in known):
            yield balancer


def _handing(lowering: Lowering, kind: str, arn: str) -> Iterator[LoadBalancer]:
    group = lowering.snapshot.get(TargetGroup, arn)
    users = group.load_balancer_arns if group is not None else ()
    for balancer in _of_kind(lowering, kind):
        known = balancers(lowering).listeners(balancer.load_balancer_arn) or ()
        actions = (action for each in known for action in each.default_actions)
        if balancer.load_balancer_arn in users or any(arn in forwards_to(a) for a in actions):
            yield balancer
