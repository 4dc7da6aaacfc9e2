"""Gateway Load Balancer endpoints: a bump in the way of packets, with an appliance behind it.

Only routes lead into an endpoint; headers stay as they are, and what the appliance passes comes out
of the same endpoint and is routed by the table of its subnet (R-GWLBE-1, R-RT-3).  It has no group;
the network ACL of its subnet counts even for senders in that subnet (R-NACL-14).  The provider
opens nothing (R-GWLBE-2), and the sender's groups are forgotten (R-SG-19, R-SG-20).  Whether the
appliance passes a packet no call tells: a *may* (R-GWLBE-3), unless the balancer is in the snapshot
and shows that no appliance can be reached.  Both directions of a flow have to cross the same
endpoint (R-GWLBE-4, R-RT-24).

Endpoints that a firewall has made are the firewall's.

Implements: R-GWLBE-1 R-GWLBE-2 R-GWLBE-3 R-GWLBE-4 R-GWLBE-5 R-NLB-3 R-NACL-14 R-RT-24 R-SG-19
R-SG-20
Not modelled: what the appliance does.
"""

from __future__ import annotations

from urllib.parse import quote

from reach.component import Component, End, Entry, Lowering, Target, node_name
from reach.gone import held
from reach.network.header_space import ANYTHING
from reach.network.stage import (
    FORGET,
    Action,
    Choose,
    Filter,
    Forward,
    Option,
    Origin,
    Route,
    Rule,
    Stage,
    Unmodelled,
    deny_all,
)
from reach.snapshot.balancer_records import LoadBalancer
from reach.snapshot.endpoint_service_records import EndpointServiceConfiguration
from reach.snapshot.firewalls import is_balanced, is_firewalls
from reach.snapshot.records import NetworkInterface, VpcEndpoint
from reach.states import VPC_ENDPOINT, refused

_NAME = "gateway_load_balancer_endpoint"
_QUIET = Origin("", "")


def _get(lowering: Lowering, endpoint_id: str) -> VpcEndpoint:
    return held(lowering.snapshot.get(VpcEndpoint, endpoint_id))


def _own(lowering: Lowering, endpoint_id: str) -> VpcEndpoint | None:
    """The endpoint, if it is of this type and no firewall's."""
    endpoint = lowering.snapshot.get(VpcEndpoint, endpoint_id)
    if endpoint is None or not is_balanced(endpoint):
        return None
    return None if is_firewalls(lowering.snapshot, endpoint) else endpoint


def _in(lowering: Lowering, endpoint_id: str, _: str) -> tuple[Stage, ...]:
    """A packet that a route sends into the endpoint."""
    endpoint = _get(lowering, endpoint_id)
    return (
        *_available(endpoint),
        *lowering.slot("encryption.gateway_load_balancer", endpoint.vpc_id or ""),
        FORGET,
        _both_ways(endpoint),
        *_appliances(lowering, endpoint),
    )


def _available(endpoint: VpcEndpoint) -> tuple[Stage, ...]:
    """R-VPCE-2; the API writes states in either case."""
    if endpoint.state.lower() in ("available", ""):
        return ()
    words = f"is {endpoint.state}"
    origin = Origin(endpoint.vpc_endpoint_id, words, "state", "BAD_STATE", endpoint.name)
    return (refused(endpoint.state, VPC_ENDPOINT, origin),)


def _both_ways(endpoint: VpcEndpoint) -> Filter:
    """R-GWLBE-4: the appliance has to see both directions of a flow."""
    name, endpoint_id = endpoint.name, endpoint.vpc_endpoint_id
    words = "has not carried the flow that this answers; both ways have to cross it (R-GWLBE-4)"
    strange = Origin(endpoint_id, words, "reply", "NO_PATH", name)
    words = "does not carry the reply, which takes another way (R-GWLBE-4)"
    unseen = Origin(endpoint_id, words, "reply", "NO_PATH", name)
    anything = Rule(ANYTHING, Action.PERMIT, _QUIET)
    refused = Rule(ANYTHING, Action.DENY, strange)
    session = f"{_NAME} {endpoint_id}"
    return Filter((anything,), refused, session, opening=True, binds=unseen)


def _appliances(lowering: Lowering, endpoint: VpcEndpoint) -> tuple[Stage, ...]:
    """To the balancer of the service, where the snapshot holds it; else an appliance is assumed."""
    endpoint_id = endpoint.vpc_endpoint_id
    service = _service(lowering, endpoint)
    if service is None and _may_be_here(lowering, endpoint):
        words = f"which balancer is behind {endpoint.service_name} is not known"
        return (Unmodelled(lowering.missing(EndpointServiceConfiguration, endpoint_id, words)),)
    ways = [
        node_name("gateway_load_balancer", quote(arn, safe=""), "pass", endpoint_id)
        for arn in (service.gateway_load_balancer_arns if service is not None else ())
    ]
    if len(ways) == 1:
        return (Forward((Route(ANYTHING, ways[0], _QUIET),), _QUIET),)
    if ways:
        words = f"assumed: of the balancers of {endpoint.service_name} the one that serves this"
        origin = Origin(endpoint_id, words, name=endpoint.name)
        return (Choose(tuple(Option(way, origin) for way in ways)),)
    words = f"assumed: the appliance behind {endpoint.service_name} passes the packet"
    onward = node_name(_NAME, endpoint_id, "out")
    return (Choose((Option(onward, Origin(endpoint_id, words, name=endpoint.name)),)),)


def _service(lowering: Lowering, endpoint: VpcEndpoint) -> EndpointServiceConfiguration | None:
    def make() -> dict[str, str]:
        known = lowering.snapshot.lasting(EndpointServiceConfiguration)
        return {each.service_name: each.service_id for each in known}

    name = lowering.memo(f"{_NAME} services", make).get(endpoint.service_name)
    return lowering.snapshot.get(EndpointServiceConfiguration, name) if name else None


def _may_be_here(lowering: Lowering, endpoint: VpcEndpoint) -> bool:
    """Whether the service may be one of the snapshot's own that no call has listed.

    Most are another account's.  Only a balancer in the snapshot makes the missing call count; where
    the call was made, one that no service of the list names: alone it is of no use to anybody.
    """
    own = [each for each in lowering.snapshot.lasting(LoadBalancer) if each.type == "gateway"]
    if lowering.has(EndpointServiceConfiguration, endpoint):
        services = lowering.snapshot.lasting(EndpointServiceConfiguration)
        served = {arn for each in services for arn in each.gateway_load_balancer_arns}
        own = [each for each in own if each.load_balancer_arn not in served]
    return bool(own)


def _out(lowering: Lowering, endpoint_id: str, _: str) -> tuple[Stage, ...]:
    """R-GWLBE-1: out of the endpoint onto its subnet's wire."""
    subnet_id = next(iter(_get(lowering, endpoint_id).subnet_ids), "")
    onward = node_name("subnet", subnet_id, "emit", "endpoint")
    return (Forward((Route(ANYTHING, onward, _QUIET),), _QUIET),)


# ------------------------------------------------------------------- how packets get here


def _enter(lowering: Lowering, endpoint_id: str, subnet: str, vpc: str) -> Entry | None:
    endpoint = _own(lowering, endpoint_id)
    if endpoint is None:
        return None
    own = next(iter(endpoint.subnet_ids), "")
    return Entry(node_name(_NAME, endpoint_id, "in"), own, guarded=True)


def _interface_node(lowering: Lowering, interface: NetworkInterface) -> str:
    """Of firewalls' endpoints as well: nothing that is sent to the address gets in."""
    return node_name(_NAME, interface.network_interface_id, "address")


def _address(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    words = "is entered by routes only; nothing answers at its own address"
    origin = Origin(interface_id, words, code="NO_PATH")
    return (deny_all(origin), Forward((), origin))


def _end(lowering: Lowering, endpoint_id: str) -> End | None:
    """As a destination: whoever is reached by way of it.  It opens no connections (R-GWLBE-2)."""
    endpoint = _own(lowering, endpoint_id)
    if endpoint is None:
        return None
    words = "is in the way of packets and sends none of its own"
    mute = Origin(endpoint_id, words, code="VPCE_INTRA_VPC_TRAFFIC", name=endpoint.name)
    shown = f"{endpoint_id} {endpoint.service_name}"
    return End(shown, goals=None, through=(node_name(_NAME, endpoint_id, "in"),), nobody=mute)


COMPONENT = Component(
    name=_NAME,
    reads=(VpcEndpoint, EndpointServiceConfiguration),
    nodes={"in": _in, "out": _out, "address": _address},
    targets=(Target("gateway_id", "vpce-", _enter),),
    interface_types=(_NAME,),
    interface_node=_interface_node,
    ends={"vpce-": _end},
)
