"""Services of VPC Lattice: listeners, their rules, and the targets behind them.

A listener takes its port; which rule a request meets is in the request, so where there is more
than one action each target group is a *may*, and auth policies move no packet.  Of several targets
any one may be picked; health is not looked at.  Targets see an address of Lattice's: their groups
and network ACLs must admit that (R-LAT-3), and the client's groups match nothing (R-SG-20).  What a
target answers goes back to Lattice without a route.  Functions and responses of fixed content
answer in Lattice itself.  A service of an account that is not in the snapshot ends there, assumed
to answer.

Implements: R-LAT-3 R-SG-20
Not modelled: what a request must look like, and who may make it (R-LAT-4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from reach.aim import Visit
from reach.component import Component, End, Lowering, node_name
from reach.gone import held, nth
from reach.interfaces.fronts import fronts_gap
from reach.network.address import ANY_IPV4, ANY_IPV6, is_ipv4
from reach.network.field import TCP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Assign,
    Case,
    Choose,
    Deliver,
    Forward,
    Option,
    Origin,
    Restore,
    Route,
    Stage,
    Translate,
    Unmodelled,
    deny_all,
    unknown_filter,
)
from reach.routing import overall
from reach.snapshot.call import Call
from reach.snapshot.lattice import IN_ORDER, id_in
from reach.snapshot.lattice_calls import LISTENER, RULE, SERVICE, TARGET_GROUP, TARGETS
from reach.snapshot.lattice_records import (
    LatticeAction,
    LatticeListener,
    LatticeRule,
    LatticeService,
    LatticeTargetGroup,
    LatticeTargets,
    ServiceNetworkServiceAssociation,
    ServiceNetworkVpcAssociation,
)
from reach.snapshot.record import Scope
from reach.snapshot.records import Instance, NetworkInterface, Record, VpcEndpoint
from reach.snapshot.section import Section
from reach.states import LATTICE, doubted, may_work

_NAME = "lattice_service"
_QUIET = Origin("", "")
_TARGET_STATES = ("DRAINING", "UNAVAILABLE", "HEALTHY", "UNHEALTHY", "INITIAL", "UNUSED", "")
_VERSIONS = ("IPV4", "IPV6", "")
_TYPES = ("IP", "LAMBDA", "INSTANCE", "ALB", "")
_EPHEMERAL = Ranges.span(1024, 65535)
_TOLD_BY = (LatticeListener, LatticeTargetGroup, LatticeTargets, NetworkInterface)
_FAMILIES = {True: Ranges.prefixes((ANY_IPV4,)), False: Ranges.prefixes((ANY_IPV6,))}


def _nothing(origin: Origin) -> tuple[Stage, ...]:
    """Nothing gets through here."""
    return (deny_all(origin), Forward((), origin))


def _to(node: str) -> Forward:
    return Forward((Route(ANYTHING, node, _QUIET),), _QUIET)


def _was_made(lowering: Lowering, kind: type[Record], account: str, region: str) -> bool:
    made = lowering.snapshot.has(kind, account, region)
    return made and not lowering.snapshot.is_cut_short(kind, Scope(account, region))


# ------------------------------------------------------------------- services


def _service(lowering: Lowering, service_id: str, _: str) -> tuple[Stage, ...]:
    service = lowering.snapshot.get(LatticeService, service_id)
    name = service.name if service else ""
    status = service.status if service is not None else ""
    origin = Origin(service_id, f"is {status}", "status", "BAD_STATE", name)
    if not may_work(status, LATTICE):
        return _nothing(origin)
    odd = doubted(status, IN_ORDER, LATTICE, origin)
    return (*odd, *_listening(lowering, service_id, name))


def _listening(lowering: Lowering, service_id: str, name: str) -> tuple[Stage, ...]:
    listeners = overall.lattice(lowering).listeners(service_id)
    routes = tuple(_listens(each) for each in listeners if each.port is not None)
    account, region = overall.lattice(lowering).owner(service_id)
    if not listeners and account and not lowering.index.covers(account, region):
        words = f"assumed: the service, of {account} and not in the snapshot, answers"
        there = node_name(_NAME, service_id, "beyond")
        return (Choose((Option(there, Origin(service_id, words, name=name)),)),)
    if not _was_made(lowering, LatticeListener, account, region):
        words = "what it listens on is not known"
        return (Forward(routes), Unmodelled(lowering.missing(LatticeListener, service_id, words)))
    if len(routes) < len(listeners):
        words = "on which port one of its listeners listens is not known"
        return (Forward(routes), Unmodelled(Origin(service_id, words, "listeners", name=name)))
    deaf = Origin(service_id, "has no listener on this port", "listeners", "NO_PATH", name)
    return (Forward(routes, deaf),)


def _listens(listener: LatticeListener) -> Route:
    assert listener.port is not None
    port = HeaderSpace.where(protocol=Ranges.of(TCP), destination_port=Ranges.of(listener.port))
    words = f"listens on {listener.protocol} {listener.port}"
    origin = Origin(listener.service_id, words, listener.name or listener.id)
    return Route(port, node_name(_NAME, listener.id, "listener"), origin)


def _listener(lowering: Lowering, listener_id: str, _: str) -> tuple[Stage, ...]:
    """R-LAT-4: which rule a request meets is in the request; any of their actions may be taken."""
    listener = held(lowering.snapshot.get(LatticeListener, listener_id))
    rules = overall.lattice(lowering).rules(listener)
    nodes = dict.fromkeys(
        node
        for action in (listener.default_action, *(rule.action for rule in rules))
        for node in _actions(listener, action)
    )
    unseen = listener.default_action is None and not any(rule.is_default for rule in rules)
    if unseen or not lowering.has(LatticeRule, listener):
        nodes[node_name(_NAME, listener_id, "unruled")] = None
    if not nodes:
        words = "sends requests nowhere"
        return _nothing(Origin(listener.service_id, words, listener.name, "NO_PATH"))
    if len(nodes) == 1:
        return (_to(next(iter(nodes))),)
    options = [
        Option(node, Origin(listener.service_id, f"assumed: the request is for {_who(node)}"))
        for node in nodes
    ]
    return (Choose(tuple(options)),)


def _who(node: str) -> str:
    return node.split("/")[1]


def _actions(listener: LatticeListener, action: LatticeAction | None) -> Iterator[str]:
    """Where an action sends a request; a response of fixed content is Lattice's own."""
    if action is None:
        return
    if action.fixed_response is not None:
        yield node_name(_NAME, listener.service_id, "beyond")
    for weighted in action.forward.target_groups if action.forward else ():
        if weighted.weight != 0:
            yield node_name(_NAME, id_in(weighted.target_group_identifier), "targets")


def _unruled(lowering: Lowering, listener_id: str, _: str) -> tuple[Stage, ...]:
    words = "the rules of this listener are not known"
    return (Unmodelled(lowering.missing(LatticeRule, listener_id, words)),)


# ------------------------------------------------------------------- targets


def _session(group_id: str) -> str:
    return f"{_NAME} {group_id}"


def _targets(lowering: Lowering, group_id: str, _: str) -> tuple[Stage, ...]:
    group = lowering.snapshot.get(LatticeTargetGroup, group_id)
    if group is None:
        words = "this target group is not known"
        return (Unmodelled(lowering.missing(LatticeTargetGroup, group_id, words)),)
    origin = Origin(group_id, f"is {group.status}", "status", "BAD_STATE", group.name)
    if not may_work(group.status, LATTICE):
        return _nothing(origin)
    if group.type not in _TYPES:
        words = f"what targets of type {group.type!r} are, is not known"
        return (Unmodelled(replace(origin, words=words, code="UNKNOWN_RESOURCE")),)
    version = (group.config.ip_address_type if group.config else "") or ""
    if version not in _VERSIONS:
        words = f"to which addresses of its targets it sends is not known: {version!r}"
        return (Unmodelled(replace(origin, words=words, code="UNKNOWN_RESOURCE")),)
    odd = doubted(group.status, IN_ORDER, LATTICE, origin)
    targets = overall.lattice(lowering).targets(group_id)
    if targets is None:
        words = "its targets are not known"
        return (Unmodelled(lowering.missing(LatticeTargets, group_id, words)),)
    strange = next((each for each in targets if each.status not in _TARGET_STATES), None)
    if strange is not None:
        words = (
            f"whether its target {strange.id} takes flows is not known: it is {strange.status!r}"
        )
        odd = (*odd, unknown_filter(Origin(group_id, words, "targets", "UNKNOWN_RESOURCE")))
    options = [
        Option(_target_node(group, number), _picked(group, target.id))
        for number, target in enumerate(targets)
        if target.status != "DRAINING"  # it takes no new flows
    ]
    if not options:
        words = "has no targets that take new flows"
        return _nothing(Origin(group_id, words, "targets", "NO_PATH", group.name))
    if len(options) == 1:
        return (*odd, _to(options[0].next))
    return (*odd, Choose(tuple(options)))


def _target_node(group: LatticeTargetGroup, number: int) -> str:
    if group.type == "LAMBDA":
        return node_name(_NAME, group.id, "beyond")
    return node_name(_NAME, group.id, "target", str(number))


def _picked(group: LatticeTargetGroup, target: str) -> Origin:
    return Origin(group.id, f"assumed: the target {target} is picked", name=group.name)


def _target(lowering: Lowering, group_id: str, number: str) -> tuple[Stage, ...]:
    """R-LAT-3: from an address of Lattice's, without the client's groups, to one target."""
    lattice = overall.lattice(lowering)
    group = held(lowering.snapshot.get(LatticeTargetGroup, group_id))
    target = nth(held(lattice.targets(group_id)), int(number))
    addresses = lattice.target_addresses(group, target)
    if not addresses:
        words = f"the address of its target {target.id} is not known"
        return (Unmodelled(lowering.missing(Instance, group_id, words)),)
    sources = lattice.addresses & _FAMILIES[is_ipv4(addresses.intervals[0][0])]
    port = target.port or (group.config.port if group.config else None)
    rewrites = [
        Assign("source", sources),
        Assign("source_port", _EPHEMERAL),
        Assign("destination", addresses),
        Assign("identity", Ranges.of(0)),
    ]
    if port:
        rewrites.append(Assign("destination_port", Ranges.of(port)))
    words = f"sends to {target.id} from an address of VPC Lattice"
    sends = Case(ANYTHING, tuple(rewrites), Origin(group_id, words, name=group.name))
    into = node_name("vpc", _vpc_of(group), "local")
    return (Translate((sends,), session=_session(group_id)), _to(into))


def _vpc_of(group: LatticeTargetGroup) -> str:
    return id_in(group.config.vpc_identifier) if group.config else ""


def _groups_by_vpc(lowering: Lowering) -> Mapping[str, list[str]]:
    """The target groups whose targets stand in a VPC."""
    found: dict[str, list[str]] = {}
    for group in lowering.snapshot.records(LatticeTargetGroup):
        if _vpc_of(group):
            found.setdefault(_vpc_of(group), []).append(group.id)
    return found


def _from_targets(lowering: Lowering, subnet_id: str) -> tuple[Stage, ...]:
    """What targets in the subnet's VPC answer, back to Lattice past the subnet's network ACL."""
    by_vpc = lowering.table(f"{_NAME} by vpc", _groups_by_vpc)
    groups = by_vpc.get(overall.lattice(lowering).vpc_of(subnet_id), ())
    match = HeaderSpace.where(destination=overall.lattice(lowering).addresses)
    routes = []
    for group in groups:
        node = node_name("subnet", subnet_id, "leave", node_name(_NAME, group, "back"))
        routes.append(Route(match, node, _QUIET, session=_session(group)))
    return (Forward(tuple(routes)),) if routes else ()


def _back(lowering: Lowering, group_id: str, _: str) -> tuple[Stage, ...]:
    nobody = Origin(group_id, "holds no connection that this answers", code="NO_PATH")
    return (Restore(_session(group_id), nobody), *_answer(lowering, group_id, ""))


def _beyond(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """The packet is where Lattice itself answers, or where the snapshot sees no further."""
    received = Origin(resource, "receives the packet")
    return (Deliver(f"{_NAME}/{resource}", node_name(_NAME, resource, "answer"), received),)


def _answer(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """By the way that the flow came in: whoever let it in knows the session."""
    nobody = Origin(resource, "knows no way back for this", code="NO_PATH")
    return (*lowering.slot("lattice.return", resource), Forward((), nobody))


# ------------------------------------------------------------------- as an end of a question


def _end(lowering: Lowering, service_id: str) -> End | None:
    """Whatever answers for a service, by any network that it is in."""
    lattice = overall.lattice(lowering)
    service = lowering.snapshot.get(LatticeService, service_id)
    networks = lattice.networks_of(service_id)
    if service is None and not networks:
        return None
    name = service.name if service else ""
    shown = f"{service_id} {name}".strip()
    addresses = lattice.fronts(*networks)
    gap = _fronts_gap(lowering, service_id)
    if not addresses:
        words = "no VPC and no endpoint in the snapshot is connected to a network that it is in"
        nobody = Origin(service_id, words, code="NO_PATH", name=name)
        return End(shown, goals={}, nobody=nobody, gap=gap)
    mute = Origin(service_id, "opens no connections to its clients", code="NO_PATH", name=name)
    way = node_name(_NAME, service_id, "service")
    return End(shown, goals=None, addresses=addresses, through=(way,), nobody=mute, gap=gap)


def _fronts(lowering: Lowering) -> Iterator[tuple[Ranges, str]]:
    lattice = overall.lattice(lowering)
    for service in lowering.snapshot.records(LatticeService):
        addresses = lattice.fronts(*lattice.networks_of(service.id))
        if addresses:
            yield addresses, node_name(_NAME, service.id, "service")


def _fronts_gap(lowering: Lowering, service_id: str) -> Origin | None:
    """A call is missing that could show another way to a service."""
    for kind in (ServiceNetworkServiceAssociation, ServiceNetworkVpcAssociation, VpcEndpoint):
        if not lowering.snapshot.has(kind):
            words = "not all that leads to it is known"
            return lowering.missing(kind, service_id, words)
    return fronts_gap(lowering, service_id)


def _names(lowering: Lowering) -> Iterator[tuple[str, str]]:
    for service in lowering.snapshot.records(LatticeService):
        if service.name:
            yield service.name, service.id


def _aliases(lowering: Lowering, addresses: Ranges) -> Ranges:
    """Lattice's addresses, and those of its endpoints, for the targets behind them."""

    behind, fronts = lowering.memo(f"{_NAME} aliases", partial(_behind, lowering))
    return fronts if behind & addresses else Ranges(())


def _behind(lowering: Lowering) -> tuple[Ranges, Ranges]:
    """The addresses of all targets (any, if a call about them is missing), and those in front."""
    lattice = overall.lattice(lowering)
    fronts = lattice.fronts(*lattice.networks)
    if not all(lowering.snapshot.has(kind) for kind in _TOLD_BY) or not _all_held(lowering):
        return lowering.index.inside, fronts
    behind = (
        lattice.target_addresses(group, target)
        for group in lowering.snapshot.records(LatticeTargetGroup)
        for target in lattice.targets(group.id) or ()
    )
    return Ranges.any_of(behind), fronts


def _all_held(lowering: Lowering) -> bool:
    """Whether every target group that a listener or a rule names is held, with its targets and
    their addresses (law 2)."""
    lattice = overall.lattice(lowering)
    listeners = lowering.snapshot.records(LatticeListener)
    actions = [each.default_action for each in listeners]
    actions += [each.action for each in lowering.snapshot.records(LatticeRule)]
    forwards = (action.forward for action in actions if action and action.forward)
    named = {id_in(each.target_group_identifier) for f in forwards for each in f.target_groups}
    groups = lowering.snapshot.records(LatticeTargetGroup)
    targets = {group.id: lattice.targets(group.id) for group in groups}
    on_instance = lowering.index.unheld.on_instance
    return named <= targets.keys() and not any(
        found is None or any(each.id in on_instance for each in found) for found in targets.values()
    )


def _section(key: str, record: type[Record], call: Call, *bare: str) -> Section:
    return Section(key, record, "id", call.operation, bare=(bare,), asked=(call,))


_SECTIONS = (
    _section("LatticeServices", LatticeService, SERVICE, "arn", "authType", "dnsEntry"),
    _section("LatticeListeners", LatticeListener, LISTENER, "serviceArn", "defaultAction"),
    _section("LatticeRules", LatticeRule, RULE, "arn", "isDefault", "action"),
    _section("LatticeTargetGroups", LatticeTargetGroup, TARGET_GROUP, "arn", "config", "type"),
    Section(
        "LatticeTargets",
        LatticeTargets,
        "target_group_id",
        "vpc-lattice.ListTargets",
        merge="extend",
        more=("next_token",),
        bare=(("targetGroupId", "items"),),
        asked=(TARGETS,),
    ),
)


def _place(lowering: Lowering, resource: str) -> Visit | None:
    """A listener by what it takes, a target group by what it is handed."""
    for kind in (LatticeListener, LatticeTargetGroup):
        if lowering.snapshot.get(kind, resource) is not None:
            return Visit(resources=frozenset((resource,)))
    return None


COMPONENT = Component(
    name=_NAME,
    reads=(LatticeService, LatticeTargetGroup),
    sections=_SECTIONS,
    nodes={
        "service": _service,
        "listener": _listener,
        "unruled": _unruled,
        "targets": _targets,
        "target": _target,
        "back": _back,
        "beyond": _beyond,
        "answer": _answer,
    },
    slots={"subnet.return": _from_targets},
    names=_names,
    ends={"svc-": _end},
    places={"listener-": _place, "tg-": _place},
    aliases=_aliases,
    fronts=_fronts,
)
