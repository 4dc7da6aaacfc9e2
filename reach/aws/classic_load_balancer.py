"""Classic Load Balancers: listeners that end the client's connection and open one to an instance.

A node stands in each of the balancer's subnets.  Its groups filter clients on the way in and
instances on the way out; a listener takes one port and calls the registered instances on another
(R-CLB-1), from the node's own address and a fresh port (R-LB-2, R-EPH-3), as the balancer's groups
(R-SG-21).  Instances of other zones are used with cross-zone balancing only, and of zones that are
not enabled never (R-LB-4).  The network ACL of the node's subnet counts for what a node sends to an
instance in that very subnet (R-NACL-15).  A node answers a ping if its groups let it in, and
forwards none (AWS: "Security groups for your Application Load Balancer", in the same words for
these).  Health is in no call that is read here, so observing it is undecided.

Implements: R-LB-2 R-LB-3 R-LB-4 R-LB-5 R-LB-7 R-CLB-1 R-NACL-15 R-SG-21 R-EPH-1 R-EPH-3 R-ENI-9
Not modelled: which instance is picked; balancers of EC2-Classic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reach.balancing.joins import balancers
from reach.balancing.kind import Kind, Known
from reach.balancing.listening import by_listener, perhaps_heard
from reach.balancing.node import PROTOCOLS, QUIET, Node, end, node
from reach.balancing.picking import Crossing, Pick, choose, entering, nowhere, picks
from reach.balancing.sending import answers_itself, emit, no_address, proxied, returning
from reach.component import Component, Denial, End, Lowering
from reach.gone import held, nth
from reach.network.field import ICMP, ICMPV6
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Filter,
    Forward,
    Origin,
    Route,
    Rule,
    Stage,
    Translate,
    Unmodelled,
)
from reach.snapshot.balancer_records import (
    ClassicListener,
    ClassicLoadBalancer,
    ClassicLoadBalancerAttributes,
)
from reach.snapshot.balancer_sections import CLASSIC as SECTIONS
from reach.snapshot.balancers import CLASSIC, Target
from reach.snapshot.record import where
from reach.snapshot.records import NetworkInterface
from reach.unprinted import left_out

_NAME = "classic_load_balancer"
_PREFIX = "arn:aws:elasticloadbalancing:"
_PINGS = (
    HeaderSpace.where(protocol=Ranges.of(ICMP), icmp_type=Ranges.of(8)),
    HeaderSpace.where(protocol=Ranges.of(ICMPV6), icmp_type=Ranges.of(128)),
)


def _arn(lowering: Lowering, balancer: ClassicLoadBalancer) -> str:
    """No call prints it; account and Region stand in it as far as they are known."""
    region = lowering.snapshot.region_of(balancer)
    account = lowering.snapshot.account_of(balancer)
    return f"{_PREFIX}{region}:{account}:loadbalancer/{balancer.load_balancer_name}"


def _node_at(lowering: Lowering, interface_id: str) -> tuple[Node, ClassicLoadBalancer | None]:
    interface = held(lowering.snapshot.get(NetworkInterface, interface_id))
    balancer = balancers(lowering).classic_of(interface)
    if balancer is None:
        return node(lowering, _NAME, interface, interface_id, interface.description, ()), None
    arn, name = _arn(lowering, balancer), balancer.load_balancer_name
    at = node(lowering, _NAME, interface, arn, name, balancer.subnets)
    return replace(at, untold=left_out(lowering, balancer, "subnets")), balancer


def _at(lowering: Lowering, interface_id: str) -> Node:
    return _node_at(lowering, interface_id)[0]


def _admit(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What is sent to the node's own address: replies first, then clients."""
    at, balancer = _node_at(lowering, interface_id)
    if balancer is None:
        words = f"the load balancer of {interface_id} is not known"
        return (Unmodelled(lowering.missing(ClassicLoadBalancer, interface_id, words)),)
    replies = (
        Route(ANYTHING, at.part("reply"), QUIET, session=at.session),
        Route(ANYTHING, at.part("home"), QUIET, session=at.opened),
    )
    pings = tuple(Route(ping, at.part("itself"), QUIET) for ping in _PINGS)
    mismatch = at.says("has no listener for this port", "listeners", "ELB_LISTENERS_MISMATCH")
    untold = left_out(lowering, balancer, "listener_descriptions", "instances")
    known = _listeners(balancer)
    place = f"{where(balancer)}/ListenerDescriptions"
    odd = [
        (perhaps_heard(each.protocol, each.load_balancer_port), f"{_shown(each)} ({place}/{n})")
        for n, each in enumerate(known)
        if not any(_heard(each))
    ]
    listeners = (
        Route(space, at.part("listener", str(n)), at.says(_shown(each), "listener"))
        for n, each in enumerate(known)
        for space in _heard(each)
    )
    return (
        *lowering.slot("network_interface.state", interface_id),
        Forward(replies),
        *lowering.slot("network_interface.ingress", interface_id),
        Forward(pings),
        *(() if untold is None else (Unmodelled(untold),)),
        *by_listener(at, Forward(tuple(listeners), mismatch), odd),
    )


def _listeners(balancer: ClassicLoadBalancer) -> tuple[ClassicListener, ...]:
    return tuple(each.listener for each in balancer.listener_descriptions)


def _heard(listener: ClassicListener) -> Iterator[HeaderSpace]:
    protocols = PROTOCOLS.get(listener.protocol.upper(), ())
    if protocols and listener.load_balancer_port is not None:
        yield HeaderSpace.where(
            protocol=Ranges.of(*protocols),
            destination_port=Ranges.of(listener.load_balancer_port),
        )


def _shown(listener: ClassicListener) -> str:
    front = f"{listener.protocol} {listener.load_balancer_port}"
    return f"listens on {front} for {listener.instance_port} of its instances"


# ------------------------------------------------------------------- on to an instance


def _health_port(balancer: ClassicLoadBalancer, traffic: int) -> int:
    """``HTTP:80/index.html`` and ``TCP:22`` name a port."""
    said = balancer.health_check.target if balancer.health_check else None
    port = (said or "").partition(":")[2].partition("/")[0]
    return int(port) if port.isdigit() else traffic


def _registered(
    lowering: Lowering, balancer: ClassicLoadBalancer, listener: ClassicListener
) -> tuple[Target, ...]:
    port = listener.instance_port or 0
    health = _health_port(balancer, port)
    return tuple(
        balancers(lowering).instance_target(each.instance_id, port, health)
        for each in balancer.instances
    )


def _picked(
    lowering: Lowering, at: Node, balancer: ClassicLoadBalancer, number: int
) -> tuple[Pick, ...]:
    """R-LB-4; whether balancing across zones is on depends on how the balancer was made."""
    crosses = balancers(lowering).crosses_zones(balancer)
    doubt = None
    if crosses is None:
        words = f"whether {at.name} uses instances of other zones is not known"
        doubt = lowering.missing(ClassicLoadBalancerAttributes, at.balancer, words)
    targets = _registered(lowering, balancer, nth(_listeners(balancer), number))
    return picks(lowering, at, targets, Crossing(crosses, doubt, "ELB_NOT_CROSSZONE"))


def _listener(lowering: Lowering, interface_id: str, number: str) -> tuple[Stage, ...]:
    at, balancer = _node_at(lowering, interface_id)
    balancer = held(balancer)
    found = _picked(lowering, at, balancer, int(number))
    if not found:
        words = "has no registered instance"
        return (Forward((), at.says(words, "instances", "TARGET_ADDRESS_RESTRICTION")),)
    return (choose(at, found, lambda n: at.part("target", f"{number} {n}"), at.name),)


def _target(lowering: Lowering, interface_id: str, argument: str) -> tuple[Stage, ...]:
    """A connection of the balancer's own."""
    number, place = map(int, argument.split(" "))
    at, balancer = _node_at(lowering, interface_id)
    balancer = held(balancer)
    pick = nth(_picked(lowering, at, balancer, number), place)
    if not pick.is_placed:
        return (nowhere(pick),)
    own = at.interface.subnet_id or ""
    return (
        *entering(pick),
        Translate(proxied(at, pick), no_address(at), at.session),
        *lowering.slot("network_interface.egress", interface_id),
        *(_own_acl(lowering, own) if pick.subnet == own else ()),
        emit(at),
    )


def _own_acl(lowering: Lowering, subnet_id: str) -> Iterator[Stage]:
    """R-NACL-15: outbound rules count although the packet does not leave the subnet."""
    for stage in lowering.slot("subnet.leave", subnet_id):
        if isinstance(stage, Filter):
            rules = tuple(map(_recoded, stage.rules))
            yield replace(stage, rules=rules, otherwise=_recoded(stage.otherwise))
        else:
            yield stage


def _recoded(rule: Rule) -> Rule:
    if not rule.origin.code:
        return rule
    return replace(rule, origin=replace(rule.origin, code="ELB_ACL_RESTRICTION"))


def _reply(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    at = _at(lowering, interface_id)
    return returning(lowering, at, at.session)


def _itself(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    return (answers_itself(_at(lowering, interface_id), "answers the client itself"),)


# ------------------------------------------------------------------- all targets, ends


def _targets(lowering: Lowering, interface: NetworkInterface) -> Known | None:
    balancer = balancers(lowering).classic_of(interface)
    if balancer is None:
        return None
    return tuple(
        ("TCP", target)
        for listener in _listeners(balancer)
        for target in _registered(lowering, balancer, listener)
    )


def _names(lowering: Lowering) -> Iterator[tuple[str, str]]:
    for balancer in lowering.snapshot.records(ClassicLoadBalancer):
        arn = _arn(lowering, balancer)
        for name in (arn, balancer.load_balancer_name, balancer.dns_name):
            if name:
                yield name, arn


def _end(lowering: Lowering, arn: str) -> End | None:
    if not arn.startswith(_PREFIX):
        return None
    for balancer in lowering.snapshot.records(ClassicLoadBalancer):
        if _arn(lowering, balancer) == arn:
            interfaces = balancers(lowering).interfaces_of_classic(balancer)
            name = balancer.load_balancer_name
            return end(lowering, name, balancer, arn, interfaces, balancer.subnets)
    return None


def _besides(lowering: Lowering, denial: Denial) -> Iterator[Origin]:
    """Its listeners of the packet's protocol, each with its own ports at the front and behind."""
    if denial.origin.code != "ELB_LISTENERS_MISMATCH":
        return
    for balancer in lowering.snapshot.records(ClassicLoadBalancer):
        if _arn(lowering, balancer) == denial.origin.resource:
            for each in _listeners(balancer):
                if any(denial.header in s.without("destination_port") for s in _heard(each)):
                    words = f"{_shown(each)}, and takes no other port"
                    code = "ELB_LISTENER_PORT_RESTRICTION"
                    said = replace(denial.origin, words=words, code=code, record=each)
                    yield replace(said, locator="listener")


_KIND = Kind(_NAME, CLASSIC, _at, _targets)

COMPONENT = Component(
    name=_NAME,
    sections=SECTIONS,
    reads=(ClassicLoadBalancer,),
    nodes={
        "admit": _admit,
        "listener": _listener,
        "target": _target,
        "reply": _reply,
        "itself": _itself,
        "open": _KIND.open,
        "home": _KIND.home,
        "answer": _KIND.answer,
    },
    interface_types=("interface", "load_balancer"),
    interface_node=_KIND.interface_node,
    senders=_KIND.senders,
    names=_names,
    ends={"arn:": _end},
    aliases=_KIND.aliases,
    label=_KIND.label,
    besides=_besides,
)
