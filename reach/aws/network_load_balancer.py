"""Network Load Balancers: listeners that hand flows on to targets, with or without the client's
address.

A node stands in each enabled subnet while the balancer is active (R-LB-1).  A packet to a
listener's port and protocol goes to a target of its group (R-LB-3), at the target's own port and
primary private address (R-LB-5); it answers on no other port and no ping (R-OBS-6).  A node uses
targets of its own zone, of all enabled zones with cross-zone balancing on (R-LB-4).  With client
addresses preserved the source stays (R-NLB-2), so a target that calls the balancer and is picked
itself gets nothing (R-NLB-5); else the source becomes the node's own address with a fresh port
(R-LB-2, R-EPH-3).  A preserved flow's reply finds its way to the node by the flow's own state,
without a route of the target's subnet (R-NLB-4, U-6), out by the target's network ACL and in by the
node's (R-NACL-18); then it goes back by the route table of the *node's* subnet (R-OBS-6).
Preservation holds within the balancer's VPC and over a peering of its Region (R-NLB-3), and where
both sides have one IP version.  The balancer's groups, if it has any, filter what comes in and what
goes out to targets, and stand for the sender at the target; without groups nobody does (R-NLB-1,
R-NLB-6, R-SG-21).  An Application Load Balancer may be a target (R-NLB-8).

What comes by PrivateLink enters at the node ``network_load_balancer/<interface>/service``, with the
consumer's address as source and the node's own as destination: inbound rules count only where they
are enforced for PrivateLink (R-VPCES-3), and the target sees the node's address (R-VPCES-1).
Replies go, with the node's address as source and the consumer's as destination, to
``vpc_endpoint_service/<interface>/reply``.

Where no attribute says whether addresses are preserved or zones are crossed by a group, AWS's
default holds and the answer says so: older snapshots cannot hold them.

Implements: R-LB-1 R-LB-2 R-LB-3 R-LB-4 R-LB-5 R-LB-6 R-LB-7 R-NLB-1 R-NLB-2 R-NLB-3 R-NLB-4
R-NLB-5 R-NLB-6 R-NLB-7 R-NLB-8 R-NLB-9 R-NLB-10 R-NACL-18 R-SG-21 R-SG-25 R-OBS-6 R-EPH-1 R-EPH-3
R-VPCES-1 R-VPCES-3 R-ENI-9 R-ENI-10
Not modelled: which target is picked; source prefixes for IPv6 (``EnablePrefixForIpv6SourceNat``);
zonal shifts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reach.balancing.joins import balancers
from reach.balancing.kind import Kind
from reach.balancing.listening import (
    active,
    all_targets,
    balancer_end,
    besides,
    forwards_to,
    group,
    listener,
    names,
    node_at,
    pick,
    to_groups,
    to_listeners,
    to_targets,
    unknown_balancer,
)
from reach.balancing.node import QUIET, Node
from reach.balancing.parts import nodes_of_parts
from reach.balancing.picking import Pick, entering, nowhere
from reach.balancing.sending import emit, no_address, onward, proxied, returning, sends
from reach.component import Component, Lowering, node_name
from reach.gone import held
from reach.network.address import ANY_IPV4, ANY_IPV6, NOT_PUBLIC_IPV4, Prefix
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Case,
    Filter,
    Forward,
    Origin,
    Restore,
    Route,
    Rule,
    Stage,
    Translate,
    Unmodelled,
    deny_all,
)
from reach.routing.tables import table_of
from reach.routing.winning import won_by
from reach.snapshot.balancer_records import (
    LoadBalancer,
    TargetGroup,
    TargetGroupAttributes,
)
from reach.snapshot.balancers import NETWORK, Target
from reach.snapshot.records import NetworkInterface, RouteTable, VpcPeeringConnection
from reach.states import PEERING, may_work
from reach.unprinted import left_out

_NAME = "network_load_balancer"
_TYPE = "network"
_PRESERVES = "preserve_client_ip.enabled"
_ROUTE = "nlb-target-route"
_NEVER_KEPT = (
    "vpc_endpoint",
    "network_load_balancer",
    "gateway_load_balancer",
    "gateway_load_balancer_endpoint",
)
# How a packet came to the balancer: from a client, or by PrivateLink.
_CLIENT, _SERVICE = "client", "service"


def _service_session(at: Node) -> str:
    return f"{at.session} {_SERVICE}"


# ------------------------------------------------------------------- receiving


def _admit(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What is sent to the node's own address: replies first, then clients."""
    at, balancer = node_at(lowering, _NAME, interface_id)
    if balancer is None:
        return unknown_balancer(lowering, at)
    replies = (
        Route(ANYTHING, at.part("reply"), QUIET, session=at.session),
        Route(ANYTHING, at.part("service-reply"), QUIET, session=_service_session(at)),
        Route(ANYTHING, at.part("home"), QUIET, session=at.opened),
    )
    return (
        *lowering.slot("network_interface.state", interface_id),
        *active(at, balancer),
        Forward(replies),
        *lowering.slot("network_interface.ingress", interface_id),
        *_listening(lowering, at, balancer, _CLIENT),
    )


def _service(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """R-VPCES-3: what comes by PrivateLink meets the inbound rules only where that is enforced."""
    at, balancer = node_at(lowering, _NAME, interface_id)
    if balancer is None:
        return unknown_balancer(lowering, at)
    enforced = _enforces(balancer)
    inbound = lowering.slot("network_interface.ingress", interface_id) if enforced else ()
    return (
        *lowering.slot("network_interface.state", interface_id),
        *active(at, balancer),
        *inbound,
        *_listening(lowering, at, balancer, _SERVICE),
    )


def _enforces(balancer: LoadBalancer) -> bool:
    """R-VPCES-3: on by default (the API's page of SetSecurityGroups).

    Where it is off, no group stands for the sender either.
    """
    return balancer.enforce_security_group_inbound_rules_on_private_link_traffic != "off"


def _listening(lowering: Lowering, at: Node, balancer: LoadBalancer, way: str) -> tuple[Stage, ...]:
    return to_listeners(lowering, at, balancer, lambda arn: at.part("listener", f"{way} {arn}"))


def _listener(lowering: Lowering, interface_id: str, argument: str) -> tuple[Stage, ...]:
    way, arn = argument.split(" ", 1)
    at, balancer = node_at(lowering, _NAME, interface_id)
    balancer = held(balancer)
    actions = listener(lowering, balancer, arn).default_actions
    arns = [of for action in actions for of in forwards_to(action)]
    return (to_groups(at, arns, lambda of: at.part("group", f"{way} {of}")),)


def _group(lowering: Lowering, interface_id: str, argument: str) -> tuple[Stage, ...]:
    way, arn = argument.split(" ", 1)
    at, balancer = node_at(lowering, _NAME, interface_id)
    balancer = held(balancer)
    of = group(lowering, arn)
    assumed = ""
    if isinstance(of, TargetGroup) and balancers(lowering).attributes_of_group(of) is None:
        if _may_choose(of) and lowering.has(TargetGroupAttributes, of):
            words = "whether client addresses are preserved is not known"
            answer = lowering.snapshot.get(TargetGroupAttributes, arn)
            untold = None if answer is None else left_out(lowering, answer)
            return (Unmodelled(untold or lowering.missing(TargetGroupAttributes, arn, words)),)
        kept = "are" if _preserves(lowering, of) else "are not"
        if way == _CLIENT and _may_choose(of):
            assumed = f"client addresses {kept} preserved, AWS's default for {of.name}"
    part = "target"
    return (
        to_targets(
            lowering, at, balancer, arn, lambda n: at.part(part, f"{way} {arn} {n}"), assumed
        ),
    )


def _may_choose(of: TargetGroup) -> bool:
    """Groups for which preservation can be switched (R-NLB-2)."""
    return of.target_type != "alb" and of.protocol in ("TCP", "TLS")


def _preserves(lowering: Lowering, of: TargetGroup) -> bool:
    """R-NLB-2; the attribute counts, else the default of the group's type and protocol."""
    said = (balancers(lowering).attributes_of_group(of) or {}).get(_PRESERVES)
    if said in ("true", "false") and _may_choose(of):
        return said == "true"
    return of.target_type != "ip" or of.protocol not in ("TCP", "TLS")


# ------------------------------------------------------------------- on to a target


def _target(lowering: Lowering, interface_id: str, argument: str) -> tuple[Stage, ...]:
    """The flow leaves for a target, from the client's address or from the node's own."""
    way, arn, number = argument.split(" ")
    at, balancer = node_at(lowering, _NAME, interface_id)
    balancer = held(balancer)
    found, of = pick(lowering, at, balancer, arn, int(number)), group(lowering, arn)
    assert isinstance(of, TargetGroup)
    if not found.is_placed:
        return (nowhere(found),)
    preserved = way == _CLIENT and _preserves(lowering, of)
    if way == _SERVICE and not _enforces(balancer):
        at = replace(at, identity=0)
    cases = (*_preserving(at, found), *proxied(at, found)) if preserved else proxied(at, found)
    session = at.session if way == _CLIENT else _service_session(at)
    return (
        *entering(found),
        *(_not_kept(at, found) if preserved else ()),
        Translate(cases, no_address(at), session),
        *lowering.slot("network_interface.egress", interface_id),
        *(_over_peering(lowering, at, found) if preserved else ()),
        emit(at),
    )


def _family(*, four: bool) -> Ranges:
    return Ranges.prefixes((ANY_IPV4,) if four else (ANY_IPV6,))


def _preserving(at: Node, pick: Pick) -> Iterator[Case]:
    """R-NLB-2: clients of the targets' IP version keep their address; the port stays as well.

    R-NLB-5: of a target that calls the balancer only another one answers.
    """
    words = sends(at, pick, "keeps the client's address towards")
    for target in pick.targets:
        own = Ranges.of(*target.addresses)
        others = pick.addresses - own
        if others:
            yield Case(HeaderSpace.where(source=own), onward(at, pick, others), words)
    yield Case(HeaderSpace.where(source=_family(four=pick.four)), onward(at, pick), words)


def _not_kept(at: Node, pick: Pick) -> tuple[Stage, ...]:
    """Flows that do not survive that the client's address is kept.

    R-NLB-3: those to interfaces of endpoints and of other balancers.  R-NLB-5: a target that is
    picked for its own call would get it from itself.
    """
    code = "ELBV2_SOURCE_ADDRESS_PRESERVATION"
    kind = pick.targets[0].interface_type
    if kind in _NEVER_KEPT:
        words = f"keeps the client's address, which does not work towards a {kind}"
        return (deny_all(at.says(words, "target", code)),)
    if pick.addresses.single is None:
        return ()
    words = "hands its target's own call back to it, with its own address as source"
    itself = at.says(words, "target", code)
    deny = Rule(HeaderSpace.where(source=pick.addresses), Action.DENY, itself)
    return (Filter((deny,), Rule(ANYTHING, Action.PERMIT, QUIET)),)


def _over_peering(lowering: Lowering, at: Node, pick: Pick) -> tuple[Stage, ...]:
    """R-NLB-3: into a peered VPC of the Region, past the check of sources (R-PCX-3)."""
    here = at.interface.vpc_id or ""
    routes = tuple(
        Route(
            HeaderSpace.where(destination=pick.addresses & won),
            _leaving(at, node_name("vpc_peering", peering, "carried", here)),
            QUIET,
        )
        for peering, won in _peerings(lowering, at.interface, pick.targets[0].vpc)
        if pick.addresses & won
    )
    return (Forward(routes),) if routes else ()


def _peerings(
    lowering: Lowering, interface: NetworkInterface, there: str
) -> tuple[tuple[str, Ranges], ...]:
    """The peerings of the Region with a VPC, and what a node's subnet routes over each of them
    (R-RT-4, R-RT-11)."""
    here, subnet = interface.vpc_id or "", interface.subnet_id or ""

    def make() -> tuple[tuple[str, Ranges], ...]:
        table = table_of(lowering, subnet)
        if isinstance(table, Origin):
            return ()
        between = (
            each.vpc_peering_connection_id
            for each in lowering.snapshot.records(VpcPeeringConnection)
            if _joins(each, here, there)
        )
        return tuple((peering, won_by(lowering, table, peering)) for peering in between)

    if not there or there == here:
        return ()
    return lowering.memo(f"{_NAME} peerings of {subnet} with {there}", make)


def _joins(peering: VpcPeeringConnection, here: str, there: str) -> bool:
    one, other = peering.requester_vpc_info, peering.accepter_vpc_info
    works = may_work(peering.status.code, PEERING) and one.region == other.region
    return works and {one.vpc_id, other.vpc_id} == {here, there}


def _leaving(at: Node, target: str) -> str:
    return node_name("subnet", at.interface.subnet_id or "", "leave", target)


# ------------------------------------------------------------------- replies


def _reply(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    at = _at(lowering, interface_id)
    return returning(lowering, at, at.session)


def _service_reply(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """To whoever sent it by PrivateLink: the service knows which endpoint that was."""
    at = _at(lowering, interface_id)
    nobody = at.says("holds no connection that this answers", code="NO_PATH")
    back = node_name("vpc_endpoint_service", interface_id, "reply")
    return (
        *lowering.slot("network_interface.ingress", interface_id),
        Restore(_service_session(at), nobody),
        Forward((Route(ANYTHING, back, QUIET),), QUIET),
    )


def _by_flow_state(lowering: Lowering, subnet_id: str) -> tuple[Stage, ...]:
    """R-NLB-4: replies to clients whose address was preserved return to the node they came by."""
    routes = []
    for interface_id, addresses in _served_in(lowering).get(subnet_id, {}).items():
        interface = held(lowering.snapshot.get(NetworkInterface, interface_id))
        own = interface.subnet_id or ""
        back = node_name(_NAME, interface_id, "reply")
        if own != subnet_id:
            arriving = node_name("subnet", own, "arrive", back)
            back = node_name("subnet", subnet_id, "leave", arriving)
        match, origin = _how_far(lowering, subnet_id, interface_id)
        match &= HeaderSpace.where(source=Ranges.of(*addresses))
        session = f"{_NAME} {interface_id}"
        routes.append(Route(match, back, origin, session=session))
    return (Forward(tuple(routes)),) if routes else ()


def _how_far(lowering: Lowering, subnet_id: str, name: str) -> tuple[HeaderSpace, Origin]:
    """U-6: to which clients a subnet's replies return by themselves."""
    words = "its replies return by the flow's own state"
    table = table_of(lowering, subnet_id)
    if isinstance(table, RouteTable) and any(
        not route.is_dead and (route.gateway_id or "").startswith("igw-") for route in table.routes
    ):
        return ANYTHING, Origin(name, words)
    origin = Origin(name, f"{words}, without a route to the internet", option=_ROUTE)
    if lowering.option(_ROUTE) == "not-needed":
        return ANYTHING, origin
    inside = Ranges.prefixes((*NOT_PUBLIC_IPV4, Prefix.parse("fc00::/7")))
    return HeaderSpace.where(destination=inside), origin


_Served = Mapping[str, dict[str, dict[int, None]]]


def _served_in(lowering: Lowering) -> _Served:
    """By the subnet of targets: the nodes that may hand them a preserved flow, their addresses."""
    return lowering.table(f"{_NAME} served", _served)


def _served(lowering: Lowering) -> _Served:
    found: dict[str, dict[str, dict[int, None]]] = {}
    for interface in balancers(lowering).of_kind(NETWORK):
        for target in _preserved_targets(lowering, interface):
            nodes = found.setdefault(target.subnet, {})
            own = nodes.setdefault(interface.network_interface_id, {})
            own.update(dict.fromkeys(target.addresses))
    return found


def _preserved_targets(lowering: Lowering, interface: NetworkInterface) -> Iterator[Target]:
    balancer = balancers(lowering).balancer_of(interface)
    if balancer is None:
        return
    here = interface.vpc_id or ""
    for arn in _groups(lowering, balancer):
        of = group(lowering, arn)
        if isinstance(of, TargetGroup) and _preserves(lowering, of):
            for target in balancers(lowering).targets(of) or ():
                if target.subnet and (
                    target.vpc == here or _may_answer(lowering, interface, of, target)
                ):
                    yield target


def _may_answer(
    lowering: Lowering, interface: NetworkInterface, of: TargetGroup, target: Target
) -> bool:
    """Whether the reply of a target beyond the VPC finds back: over the peering that it was called
    by (R-NLB-3), and of TCP only (R-NLB-7)."""
    if of.protocol not in ("TCP", "TLS"):
        return False
    own = Ranges.of(*target.addresses)
    return any(own & won for _, won in _peerings(lowering, interface, target.vpc))


# ------------------------------------------------------------------- all targets, ends


def _groups(lowering: Lowering, balancer: LoadBalancer) -> list[str]:
    known = balancers(lowering).listeners(balancer.load_balancer_arn) or ()
    return [of for each in known for action in each.default_actions for of in forwards_to(action)]


def _targets(
    lowering: Lowering, interface: NetworkInterface
) -> tuple[tuple[str, Target], ...] | None:
    """Everything that a node may send to; None if that is not known."""
    balancer = balancers(lowering).balancer_of(interface)
    if balancer is None or balancers(lowering).listeners(balancer.load_balancer_arn) is None:
        return None
    return all_targets(lowering, balancer, _groups(lowering, balancer))


def _at(lowering: Lowering, interface_id: str) -> Node:
    return node_at(lowering, _NAME, interface_id)[0]


_KIND = Kind(_NAME, NETWORK, _at, _targets)

COMPONENT = Component(
    name=_NAME,
    reads=(LoadBalancer, TargetGroup, VpcPeeringConnection),
    nodes={
        "admit": _admit,
        "service": _service,
        "listener": _listener,
        "group": _group,
        "target": _target,
        "reply": _reply,
        "service-reply": _service_reply,
        "open": _KIND.open,
        "home": _KIND.home,
    },
    slots={"subnet.return": _by_flow_state},
    interface_types=("network_load_balancer", "interface"),
    interface_node=_KIND.interface_node,
    senders=_KIND.senders,
    names=lambda lowering: names(lowering, _TYPE),
    places=nodes_of_parts(_NAME, _TYPE, (_CLIENT, _SERVICE)),
    ends={"arn:": lambda lowering, arn: balancer_end(lowering, _TYPE, arn)},
    aliases=_KIND.aliases,
    label=_KIND.label,
    besides=lambda lowering, denial: besides(lowering, denial, _TYPE),
)
