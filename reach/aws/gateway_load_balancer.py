"""Gateway Load Balancers: the appliances behind a Gateway Load Balancer endpoint.

The balancer takes every packet that its endpoints get, on all ports, and hands it to a registered
appliance inside GENEVE, udp 6081 (R-GWLB-1).  An appliance can take it if it is registered in a
zone that counts (R-LB-4: its own zone's only, unless balancing is across zones) and if its groups
and the network ACLs between admit udp 6081 from the balancer's nodes.  Where none can, what enters
the endpoints is dropped; else the appliance *may* pass it (R-GWLBE-3).  A balancer none of whose
appliances is healthy drops new flows, or does not: a *may* of its own (U-19).

Its nodes send to their appliances only, and take nothing but what comes back.

Implements: R-GWLB-1 R-GWLBE-3 R-LB-1 R-LB-3 R-LB-4
Not modelled: what comes back from the appliance, whose ports are the appliance's choice; routes
between nodes and appliances other than local ones; stickiness.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from reach.aim import Start
from reach.balancing.joins import balancers
from reach.balancing.listening import untold_targets
from reach.balancing.node import unseen_node
from reach.balancing.parts import wholes_of_parts
from reach.component import Component, End, Lowering, node_name
from reach.gone import held
from reach.interfaces.fronts import fronts_gap
from reach.network.field import TCP, UDP, Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Choose,
    Deliver,
    Filter,
    Forward,
    Option,
    Origin,
    Route,
    Rule,
    Stage,
    Unmodelled,
    deny_all,
    unknown_filter,
)
from reach.snapshot.balancer_records import (
    LoadBalancer,
    LoadBalancerAttributes,
    LoadBalancerListeners,
    LoadBalancerTargetHealth,
    TargetGroup,
)
from reach.snapshot.balancer_sections import ELBV2
from reach.snapshot.balancers import ALL_ZONES, GATEWAY, Target, named
from reach.snapshot.endpoint_service_records import EndpointServiceConfiguration
from reach.snapshot.index import private_addresses
from reach.snapshot.records import NetworkInterface, VpcEndpoint
from reach.states import LOAD_BALANCER, refused

_NAME = "gateway_load_balancer"
_TYPE = "gateway"
_QUIET = Origin("", "")
_GENEVE = 6081
_CLIENT = 49152  # rules look at the port of an appliance, never at a node's
_DOWN = ("unhealthy", "unhealthy.draining", "draining", "unused")
_CROSSES = "load_balancing.cross_zone.enabled"
_UNHEALTHY = "appliance-unhealthy"


def _get(lowering: Lowering, arn: str) -> LoadBalancer | None:
    found = lowering.snapshot.get(LoadBalancer, arn)
    return found if found is not None and found.type == _TYPE else None


def _node(arn: str, part: str, argument: str = "") -> str:
    return node_name(_NAME, quote(arn, safe=""), part, argument)


# ------------------------------------------------------------------- what an endpoint hands over


def _pass(lowering: Lowering, quoted: str, endpoint_id: str) -> tuple[Stage, ...]:
    """A packet that an endpoint of one of the balancer's services got."""
    arn = unquote(quoted)
    balancer = _get(lowering, arn)
    if balancer is None:
        return (Unmodelled(lowering.missing(LoadBalancer, arn, "this balancer is not known")),)
    state = _active(balancer)
    found = _appliances(lowering, balancer, endpoint_id)
    if isinstance(found, Origin):
        return (
            *state,
            deny_all(found),
            *_to_endpoint(balancer, endpoint_id, _passes(balancer, ())),
        )
    if isinstance(found, Unmodelled):
        return (*state, found)
    return (*state, *_taken(lowering, balancer, endpoint_id, found))


def _active(balancer: LoadBalancer) -> tuple[Stage, ...]:
    """R-LB-1"""
    code = balancer.state.code
    if code in ("active", "active_impaired", ""):
        return ()
    origin = _says(balancer, f"is {code}", "state", "BAD_STATE")
    return (refused(code, LOAD_BALANCER, origin),)


def _says(balancer: LoadBalancer, words: str, locator: str = "", code: str = "") -> Origin:
    return Origin(balancer.load_balancer_arn, words, locator, code, balancer.name)


def _to_endpoint(balancer: LoadBalancer, endpoint_id: str, *assumed: Origin) -> tuple[Stage, ...]:
    onward = node_name("gateway_load_balancer_endpoint", endpoint_id, "out")
    return (Choose(tuple(Option(onward, origin) for origin in assumed)),)


def _appliances(
    lowering: Lowering, balancer: LoadBalancer, endpoint_id: str
) -> tuple[Target, ...] | Origin | Unmodelled:
    """The targets that count for an endpoint; why there are none; or why that is not known."""
    arn = balancer.load_balancer_arn
    listeners = balancers(lowering).listeners(arn)
    if listeners is None:
        words = "the listeners of this balancer are not known"
        return Unmodelled(lowering.missing(LoadBalancerListeners, arn, words))
    if not listeners:
        return _says(balancer, "has no listener", "listener", "ELBV2_LISTENERS_MISMATCH")
    found: list[Target] = []
    for group_arn in _groups(listener.default_actions for listener in listeners):
        group = lowering.snapshot.get(TargetGroup, group_arn)
        targets = None if group is None else balancers(lowering).targets(group)
        if group is None:
            words = "what is registered in this target group is not known"
            return Unmodelled(lowering.missing(TargetGroup, group_arn, words))
        if targets is None:
            return Unmodelled(untold_targets(lowering, group))
        found += targets
    if not found:
        words = "has no appliance registered"
        return _says(balancer, words, "listener", "ELBV2_LISTENER_HAS_NO_TG")
    return _in_zone(lowering, balancer, endpoint_id, found)


def _groups(actions: Iterable[Iterable[object]]) -> Iterator[str]:
    """The groups that listeners forward to, each once."""
    seen: dict[str, None] = {}
    for action in (each for listed in actions for each in listed):
        config = getattr(action, "forward_config", None)
        weighted = config.target_groups if config is not None else ()
        arns = [getattr(action, "target_group_arn", None), *(w.target_group_arn for w in weighted)]
        seen.update(dict.fromkeys(arn for arn in arns if arn))
    yield from seen


def _zone(lowering: Lowering, endpoint_id: str) -> str:
    endpoint = lowering.snapshot.get(VpcEndpoint, endpoint_id)
    subnet_id = next(iter(endpoint.subnet_ids), "") if endpoint is not None else ""
    return lowering.index.zone_of(subnet_id)


def _in_zone(
    lowering: Lowering, balancer: LoadBalancer, endpoint_id: str, found: list[Target]
) -> tuple[Target, ...] | Origin | Unmodelled:
    """R-LB-4: those of the endpoint's own zone, unless balancing is across zones."""
    zone = _zone(lowering, endpoint_id)
    near = tuple(each for each in found if each.zone in (zone, ALL_ZONES, ""))
    attributes = balancers(lowering).attributes_of(balancer)
    if not zone or (attributes is not None and attributes.get(_CROSSES) == "true"):
        return tuple(found)
    if attributes is None:
        refused = {each.id for each in found if _is_refused(lowering, balancer, each, zone)}
        if len(refused) == len(found) or any(each.id not in refused for each in near):
            return near or tuple(found)
        words = f"whether it uses appliances outside {zone} is not known"
        arn = balancer.load_balancer_arn
        return Unmodelled(lowering.missing(LoadBalancerAttributes, arn, words))
    if near:
        return near
    words = f"has no appliance in {zone} and does not balance across zones"
    return _says(balancer, words, "zone", "ELBV2_NO_TARGETS_IN_AZ")


def _is_refused(lowering: Lowering, balancer: LoadBalancer, target: Target, zone: str) -> bool:
    refusal = _reaches(lowering, balancer, target, zone)
    return refusal is not None and refusal.action is not Action.DOUBT


def _taken(
    lowering: Lowering, balancer: LoadBalancer, endpoint_id: str, found: tuple[Target, ...]
) -> tuple[Stage, ...]:
    """By an appliance that can be reached, and is healthy; by one that is not, perhaps."""
    zone = _zone(lowering, endpoint_id)
    answers = [(target, _reaches(lowering, balancer, target, zone)) for target in found]
    able = [target for target, refusal in answers if refusal is None]
    doubts = [r.origin for _, r in answers if r is not None and r.action is Action.DOUBT]
    onward = _to_endpoint(balancer, endpoint_id, _passes(balancer, able))
    if not able and doubts:
        return (unknown_filter(doubts[0]), *onward)
    if not able:
        refusals = [r.origin for _, r in answers if r is not None]
        return (deny_all(refusals[0]), *onward)
    if any(target.state not in _DOWN for target in able):
        return onward
    code = "ELBV2_LISTENER_REQUIRES_TG_ACCEPT"
    if lowering.option(_UNHEALTHY) == "deny":
        words = "has no healthy appliance and drops new flows"
        refused = replace(_says(balancer, words, "health", code), option=_UNHEALTHY)
        return (deny_all(refused), *onward)
    words = "assumed: though no appliance is healthy, one gets the packet and passes it"
    origin = replace(_says(balancer, words, "health"), option=_UNHEALTHY)
    return _to_endpoint(balancer, endpoint_id, origin)


def _passes(balancer: LoadBalancer, able: Iterable[Target]) -> Origin:
    names = ", ".join(sorted(target.id for target in able))
    shown = f" ({names})" if names else ""
    return _says(balancer, f"assumed: the appliance behind it passes the packet{shown}")


# ------------------------------------------------------------------- can an appliance be reached


def _reaches(lowering: Lowering, balancer: LoadBalancer, target: Target, zone: str) -> Rule | None:
    """What keeps GENEVE from an appliance; None if nothing that the snapshot shows does.

    The node of the endpoint's zone has to get through, which is the one that gets its packets, or,
    where none is shown there, some node; where the nodes or the appliance's interface are another
    account's, and not in the snapshot, nothing is checked.
    """
    nodes = balancers(lowering).interfaces_of(balancer)
    here = [each for each in nodes if zone and lowering.index.zone_of(each.subnet_id or "") == zone]
    owners = [
        interface
        for address in target.addresses
        for interface in lowering.index.owner_of_address(address)
        if interface.vpc_id == balancer.vpc_id
    ]
    if not nodes or len(owners) != 1:
        named = target.id in lowering.index.unheld.on_instance
        if lowering.has(NetworkInterface, balancer) and not named:
            return None
        words = "whether its nodes reach its appliances is not known"
        gap = lowering.missing(NetworkInterface, balancer.load_balancer_arn, words)
        return Rule(ANYTHING, Action.DOUBT, gap)
    refusals: list[Rule] = []
    for node in here or nodes:
        refusal = _refusal(lowering, balancer, target, node, owners[0])
        if refusal is None:
            return None
        refusals.append(refusal)
    return next((r for r in refusals if r.action is Action.DOUBT), refusals[0])


def _refusal(
    lowering: Lowering,
    balancer: LoadBalancer,
    target: Target,
    node: NetworkInterface,
    appliance: NetworkInterface,
) -> Rule | None:
    """The first rule that does not let a packet of a node into an appliance.

    A network about other packets, as a survey's, says nothing of these.
    """
    header = Header(
        private_addresses(node)[0], target.addresses[0], UDP, _CLIENT, target.port or _GENEVE
    )
    leaving, entering = node.subnet_id or "", appliance.subnet_id or ""
    between = (
        (*lowering.slot("subnet.leave", leaving), *lowering.slot("subnet.enter", entering))
        if leaving != entering
        else ()
    )
    interface_id = appliance.network_interface_id
    stages = (
        *between,
        *lowering.slot("network_interface.state", interface_id),
        *lowering.slot("network_interface.takes", interface_id),
    )
    for stage in stages:
        if isinstance(stage, Filter):
            rule = next(rule for rule in stage.decisions if header in rule.match)
            if rule.action is not Action.PERMIT:
                return _about(rule, balancer, target)
    return None


def _about(rule: Rule, balancer: LoadBalancer, target: Target) -> Rule:
    """The same rule, in words about the appliance that it keeps from its work."""
    words = f"{rule.origin.words}: udp {_GENEVE} from {balancer.name} to its appliance {target.id}"
    return replace(rule, origin=replace(rule.origin, words=words))


# ------------------------------------------------------------------- the nodes themselves


@dataclass(frozen=True, slots=True)
class _Sends:
    """What the nodes of a balancer send: GENEVE, and health checks, to these addresses."""

    targets: Ranges
    checks: tuple[HeaderSpace, ...]


def _sends(lowering: Lowering, balancer: LoadBalancer) -> _Sends | None:
    """None if the targets are not known."""
    joins = balancers(lowering)
    listeners = joins.listeners(balancer.load_balancer_arn)
    if listeners is None:
        return None
    targets: list[Target] = []
    for arn in _groups(listener.default_actions for listener in listeners):
        group = lowering.snapshot.get(TargetGroup, arn)
        known = None if group is None else joins.targets(group)
        if known is None:
            return None
        targets += known
    checks = tuple(
        HeaderSpace.where(
            destination=Ranges.of(*each.addresses),
            protocol=Ranges.of(TCP),
            destination_port=Ranges.of(each.health_port),
        )
        for each in targets
        if each.addresses
    )
    return _Sends(Ranges.of(*(a for each in targets for a in each.addresses)), checks)


def _session(interface_id: str) -> str:
    return f"{_NAME} {interface_id}"


def _send(lowering: Lowering, quoted: str, interface_id: str) -> tuple[Stage, ...]:
    """Traffic to appliances: GENEVE and nothing else."""
    balancer = held(_get(lowering, unquote(quoted)))
    return (*_active(balancer), *_only_geneve(lowering, balancer), *_wire(lowering, interface_id))


def _only_geneve(lowering: Lowering, balancer: LoadBalancer) -> Iterator[Stage]:
    sends = _sends(lowering, balancer)
    if sends is None:
        words = "the appliances of this balancer are not known"
        arn = balancer.load_balancer_arn
        yield unknown_filter(lowering.missing(LoadBalancerTargetHealth, arn, words))
        return
    for space, words, code in (
        (HeaderSpace.where(protocol=Ranges.of(UDP)), "sends UDP only", "GWLB_PROTOCOL_RESTRICTION"),
        (
            HeaderSpace.where(destination_port=Ranges.of(_GENEVE)),
            f"sends to port {_GENEVE} only",
            "GWLB_DESTINATION_PORT_RESTRICTION",
        ),
        (
            HeaderSpace.where(destination=sends.targets),
            "sends to its appliances only",
            "TARGET_ADDRESS_RESTRICTION",
        ),
    ):
        refused = Rule(ANYTHING, Action.DENY, _says(balancer, words, "targets", code))
        yield Filter((Rule(space, Action.PERMIT, _QUIET),), refused)


def _open(lowering: Lowering, quoted: str, interface_id: str) -> tuple[Stage, ...]:
    """All that a node sends, its health checks among it."""
    balancer = held(_get(lowering, unquote(quoted)))
    sends = held(_sends(lowering, balancer))
    geneve = HeaderSpace.where(
        destination=sends.targets,
        protocol=Ranges.of(UDP),
        destination_port=Ranges.of(_GENEVE),
    )
    permits = tuple(Rule(space, Action.PERMIT, _QUIET) for space in (geneve, *sends.checks))
    words = "sends to its appliances only"
    refused = _says(balancer, words, "targets", "TARGET_ADDRESS_RESTRICTION")
    only = Filter(permits, Rule(ANYTHING, Action.DENY, refused))
    return (*_active(balancer), only, *_wire(lowering, interface_id))


def _wire(lowering: Lowering, interface_id: str) -> tuple[Stage, ...]:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    subnet = (interface.subnet_id or "") if interface is not None else ""
    remembers = Filter((), Rule(ANYTHING, Action.PERMIT, _QUIET), _session(interface_id))
    onward = Route(ANYTHING, node_name("subnet", subnet, "emit"), _QUIET)
    return (remembers, Forward((onward,), _QUIET))


def _interface_node(lowering: Lowering, interface: NetworkInterface) -> str | None:
    """Older snapshots tell a node by its description only (R-ENI-9)."""
    whose = named(interface)
    if whose is None or whose.kind != GATEWAY:
        return None
    return node_name(_NAME, interface.network_interface_id, "home")


def _home(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What is sent to a node's address: what comes back to it, or nothing."""
    words = "takes nothing at its own address but what its appliances send back"
    nobody = Rule(ANYTHING, Action.DENY, Origin(interface_id, words, code="NO_PATH"))
    received = Origin(interface_id, "the balancer receives the packet")
    reply = node_name("subnet", _subnet_of(lowering, interface_id), "emit")
    return (
        Filter((), nobody, _session(interface_id)),
        Deliver(f"{_NAME}/{interface_id}", reply, received),
    )


def _subnet_of(lowering: Lowering, interface_id: str) -> str:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    return (interface.subnet_id or "") if interface is not None else ""


# ------------------------------------------------------------------- as ends of a question


def _starts(
    balancer: LoadBalancer, nodes: Iterable[NetworkInterface], part: str
) -> Iterator[Start]:
    for node in nodes:
        own = HeaderSpace.where(source=Ranges.of(*private_addresses(node)))
        interface_id = node.network_interface_id
        start = _node(balancer.load_balancer_arn, part, interface_id)
        yield Start(start, own, f"{_NAME}/{interface_id}")


def _senders(lowering: Lowering, interface: NetworkInterface) -> tuple[Start, ...] | None:
    whose = named(interface)
    if whose is None or whose.kind != GATEWAY:
        return None
    balancer = balancers(lowering).balancer_of(interface)
    if balancer is None or balancer.type != _TYPE or _sends(lowering, balancer) is None:
        return None
    return tuple(_starts(balancer, (interface,), "open"))


def _end(lowering: Lowering, arn: str) -> End | None:
    """As a source: what it sends to appliances; as a destination: whoever it is a way to."""
    balancer = _get(lowering, arn)
    if balancer is None:
        return None
    nodes = balancers(lowering).interfaces_of(balancer)
    endpoints = tuple(_endpoints(lowering, arn))
    if nodes:
        subnets = (zone.subnet_id for zone in balancer.availability_zones)
        gap = unseen_node(lowering, nodes, subnets)
    else:
        words = "the nodes of this balancer are not known"
        gap = lowering.missing(NetworkInterface, arn, words)
    gap = gap or fronts_gap(lowering, arn) or _serviceless(lowering, arn)
    words = "no endpoint in the snapshot leads to it"
    starts = tuple(_starts(balancer, nodes, "send"))
    ways = (_node(arn, "pass", each) for each in endpoints)
    return End(
        f"{arn} {balancer.name}",
        starts=starts,
        goals=None if endpoints else {},
        through=(*ways, *(start.node for start in starts)),
        nobody=None if endpoints else _says(balancer, words, code="NO_PATH"),
        gap=gap,
    )


def _serviceless(lowering: Lowering, arn: str) -> Origin | None:
    """No service of the list names the balancer, while an endpoint is of one that is not listed."""
    services = lowering.snapshot.records(EndpointServiceConfiguration)
    if any(arn in each.gateway_load_balancer_arns for each in services):
        return None
    listed = {each.service_name for each in services}
    for each in lowering.snapshot.records(VpcEndpoint):
        of_gateway = each.vpc_endpoint_type.lower() == "gatewayloadbalancer"
        if of_gateway and each.service_name not in listed:
            words = f"whether {each.service_name}, of {each.vpc_endpoint_id}, is a service of {arn}"
            missing = f"{words} is not known"
            return lowering.missing(EndpointServiceConfiguration, arn, missing)
    return None


def _endpoints(lowering: Lowering, arn: str) -> Iterator[str]:
    """The endpoints of its services."""
    services = {
        each.service_name
        for each in lowering.snapshot.records(EndpointServiceConfiguration)
        if arn in each.gateway_load_balancer_arns
    }
    for endpoint in lowering.snapshot.records(VpcEndpoint):
        if endpoint.service_name in services:
            yield endpoint.vpc_endpoint_id


def _names(lowering: Lowering) -> Iterator[tuple[str, str]]:
    for each in lowering.snapshot.records(LoadBalancer):
        if each.type == _TYPE:
            yield each.load_balancer_arn, each.load_balancer_arn
            yield each.name, each.load_balancer_arn


def _label(lowering: Lowering, resource: str, part: str, _: object) -> tuple[str, str] | None:
    balancer = _get(lowering, unquote(resource))
    return None if balancer is None else (balancer.load_balancer_arn, balancer.name)


COMPONENT = Component(
    name=_NAME,
    reads=(LoadBalancer, TargetGroup),
    sections=ELBV2,
    nodes={"pass": _pass, "send": _send, "open": _open, "home": _home},
    interface_types=(_NAME, "interface"),
    interface_node=_interface_node,
    senders=_senders,
    names=_names,
    places=wholes_of_parts("gateway"),
    ends={"arn:": _end},
    label=_label,
)
