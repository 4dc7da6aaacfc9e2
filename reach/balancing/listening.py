"""From a node of an Application or Network Load Balancer to the targets behind its listeners.

A packet for a listener's protocol and port meets the listener's action; an action forwards to
target groups, and of a group a target is picked (R-LB-3).  What no call tells is not modelled here:
a listener, a group or targets that are not known are no empty list.  Both kinds of balancers build
their nodes from this; must not know either by name, nor the engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from reach.balancing.joins import balancers
from reach.balancing.node import PROTOCOLS, QUIET, Node, end, node
from reach.balancing.picking import Crossing, Pick, choose, crossing_of, picks
from reach.component import Denial, End, Lowering
from reach.gone import GoneError, first, held, nth
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Action as Decision
from reach.network.stage import (
    Choose,
    Filter,
    Forward,
    Option,
    Origin,
    Route,
    Rule,
    Stage,
    Unmodelled,
)
from reach.snapshot.balancer_records import (
    Action,
    BalancerListener,
    Listener,
    LoadBalancer,
    LoadBalancerAttributes,
    LoadBalancerListeners,
    LoadBalancerTargetHealth,
    TargetGroup,
)
from reach.snapshot.balancers import Target, strange_word
from reach.snapshot.record import where
from reach.snapshot.records import NetworkInterface
from reach.states import LOAD_BALANCER, refused
from reach.unprinted import left_out

# Actions that forward to no target group.
_NOT_ON = ("redirect", "fixed-response", "jwt-validation")
_CROSS_ZONE = "load_balancing.cross_zone.enabled"
AnyListener = BalancerListener | Listener


def node_at(
    lowering: Lowering, component: str, interface_id: str
) -> tuple[Node, LoadBalancer | None]:
    """The node at an interface, and its balancer if the snapshot holds it."""
    interface = held(lowering.snapshot.get(NetworkInterface, interface_id))
    balancer = balancers(lowering).balancer_of(interface)
    if balancer is None:
        return node(lowering, component, interface, interface_id, interface.description, ()), None
    zones = (zone.subnet_id or "" for zone in balancer.availability_zones)
    arn, name = balancer.load_balancer_arn, balancer.load_balancer_name
    at = node(lowering, component, interface, arn, name, zones)
    return replace(at, untold=left_out(lowering, balancer, "availability_zones")), balancer


def unknown_balancer(lowering: Lowering, at: Node) -> tuple[Stage, ...]:
    words = f"the load balancer of {at.id} is not known"
    return (Unmodelled(lowering.missing(LoadBalancer, at.id, words)),)


def active(at: Node, balancer: LoadBalancer) -> tuple[Stage, ...]:
    """R-LB-1."""
    if balancer.state.code in ("active", "active_impaired", ""):
        return ()
    origin = at.says(f"is {balancer.state.code}", "state", "BAD_STATE")
    return (refused(balancer.state.code, LOAD_BALANCER, origin),)


# ------------------------------------------------------------------- listeners


def to_listeners(
    lowering: Lowering, at: Node, balancer: LoadBalancer, part: Callable[[str], str]
) -> tuple[Stage, ...]:
    """To the listener of the packet's protocol and port; nothing else is answered."""
    arn = balancer.load_balancer_arn
    known = balancers(lowering).listeners(arn)
    answer = lowering.snapshot.get(LoadBalancerListeners, arn)
    untold = None if answer is None else left_out(lowering, answer, "listeners")
    if known is None or untold is not None:
        words = f"the listeners of {at.name} are not known"
        gap = untold or lowering.missing(LoadBalancerListeners, at.balancer, words)
        return (Unmodelled(gap),)
    mismatch = at.says(
        "has no listener for this protocol and port", "listeners", "ELBV2_LISTENERS_MISMATCH"
    )
    routes = tuple(
        Route(space, part(listener.listener_arn), at.says(_shown(listener), "listener"))
        for listener in known
        if not _is_doubled(listener, known)
        for space in heard(listener)
    )
    place = f"{where(answer)}/Listeners" if answer is not None else ""
    odd = [
        (perhaps_heard(each.protocol, each.port), f"{_shown(each)} ({place}/{number})")
        for number, each in enumerate(known)
        if not any(heard(each)) or _is_doubled(each, known)
    ]
    return by_listener(at, Forward(routes, mismatch), odd)


def _is_doubled(listener: AnyListener, known: Iterable[AnyListener]) -> bool:
    """Whether another one takes some of the same packets, which AWS does not let two do."""
    others = [each for each in known if each is not listener and each.port == listener.port]
    return any(
        not (own & theirs).is_empty
        for each in others
        for own in heard(listener)
        for theirs in heard(each)
    )


def perhaps_heard(protocol: str | None, port: int | None) -> HeaderSpace:
    """What a listener may take of which nobody knows the protocol or the port."""
    protocols = PROTOCOLS.get((protocol or "").upper(), ())
    return HeaderSpace.where(
        protocol=Ranges.of(*protocols) if protocols else None,
        destination_port=None if port is None else Ranges.of(port),
    )


def by_listener(
    at: Node, known: Forward, odd: Sequence[tuple[HeaderSpace, str]]
) -> tuple[Stage, ...]:
    """To the listeners that are known.

    The ``odd`` ones are of no kind that AWS has: what each may take, and what it is in words.
    """
    mismatch = known.otherwise
    if not odd or mismatch is None:
        return (known,)
    rules = tuple(Rule(space, Decision.PERMIT, QUIET) for space, _ in odd)
    shown = odd[0][1]
    words = f"what it takes is not known: it {shown}, as no listener does, or none beside another"
    doubt = at.says(words, "listener", "UNKNOWN_RESOURCE")
    nobody = Rule(ANYTHING, Decision.DENY, mismatch)
    return (Forward(known.routes), Filter(rules, nobody), Unmodelled(doubt))


def heard(listener: AnyListener) -> Iterator[HeaderSpace]:
    """The packets that a listener takes."""
    protocols = PROTOCOLS.get(listener.protocol or "", ())
    if protocols and listener.port is not None:
        yield HeaderSpace.where(
            protocol=Ranges.of(*protocols), destination_port=Ranges.of(listener.port)
        )


def _shown(listener: AnyListener) -> str:
    return f"listens on {listener.protocol} {listener.port}"


def listener(lowering: Lowering, balancer: LoadBalancer, arn: str) -> AnyListener:
    known = balancers(lowering).listeners(balancer.load_balancer_arn) or ()
    return first(each for each in known if each.listener_arn == arn)


def forwards_to(action: Action) -> tuple[str, ...]:
    """The target groups of an action; one of weight 0 gets nothing.

    The empty name is of one that is not told: the action is none that AWS has, or names none.
    """
    if action.type in _NOT_ON or action.type.startswith("authenticate-"):
        return ()
    if action.type not in ("forward", ""):
        return ("",)
    config = action.forward_config
    if config is not None and config.target_groups:
        weighted = (each for each in config.target_groups if each.weight != 0)
        return tuple(each.target_group_arn or "" for each in weighted)
    if action.target_group_arn:
        return (action.target_group_arn,)
    return ("",) if config is None else ()


def to_groups(at: Node, arns: Sequence[str], part: Callable[[str], str]) -> Stage:
    """To the one target group, or to any of several."""
    if not arns:
        words = "the listener's action names no target group that gets anything"
        return Forward((), at.says(words, "listener", "ELBV2_LISTENER_HAS_NO_TG"))
    if len(arns) == 1:
        return Forward((Route(ANYTHING, part(arns[0]), QUIET),), QUIET)
    words = f"assumed: {at.name} picks this one of {len(arns)} target groups"
    return Choose(tuple(Option(part(arn), at.says(f"{words}: {name_of(arn)}")) for arn in arns))


def name_of(arn: str) -> str:
    """A target group's name, from its ARN."""
    return arn.partition(":targetgroup/")[2].partition("/")[0] or arn


# ------------------------------------------------------------------- target groups


def to_targets(
    lowering: Lowering,
    at: Node,
    balancer: LoadBalancer,
    arn: str,
    part: Callable[[int], str],
    assumed: str = "",
) -> Stage:
    """To one of the targets of a group."""
    found = picked(lowering, at, balancer, arn)
    if isinstance(found, Origin):
        return Unmodelled(found)
    if not found:
        return Forward((), nobody_registered(at, arn))
    return choose(at, found, part, name_of(arn), assumed)


def nobody_registered(at: Node, arn: str) -> Origin:
    words = f"no target is registered in {name_of(arn)}"
    return at.says(words, "target group", "ELBV2_LISTENER_HAS_NO_TG")


def group(lowering: Lowering, arn: str) -> TargetGroup | Origin:
    """A target group, or why it is not known."""
    found = lowering.snapshot.get(TargetGroup, arn)
    if found is not None:
        return found
    if not arn:
        words = "to which target group an action of a listener forwards is not known"
        return lowering.missing(TargetGroup, "", words)
    return lowering.missing(TargetGroup, arn, f"the target group {name_of(arn)} is not known")


def untold_targets(lowering: Lowering, of: TargetGroup) -> Origin:
    """Why it is not known what is registered in a target group."""
    arn, key = of.target_group_arn, strange_word(of)
    words = f"the targets of {name_of(arn)} are not known"
    if key:
        words_of = {"TargetType": of.target_type, "IpAddressType": of.ip_address_type}
        said = words_of.get(key, of.protocol)
        what = f"{said!r} is no word of AWS's" if said else "AWS always prints what is not there"
        words = f"{words}: {what} ({where(of)}/{key})"
        return Origin(arn, words, code="UNKNOWN_RESOURCE", name=of.name)
    answer = lowering.snapshot.get(LoadBalancerTargetHealth, arn)
    left = None if answer is None else left_out(lowering, answer)
    return left or lowering.missing(LoadBalancerTargetHealth, arn, words)


def picked(
    lowering: Lowering, at: Node, balancer: LoadBalancer, arn: str
) -> tuple[Pick, ...] | Origin:
    """What becomes of each target of a group at a node, or why that is not known."""
    return lowering.memo(f"picked {at.id} {arn}", lambda: _picked(lowering, at, balancer, arn))


def pick(lowering: Lowering, at: Node, balancer: LoadBalancer, arn: str, number: int) -> Pick:
    """One of them, by its place."""
    found = picked(lowering, at, balancer, arn)
    if isinstance(found, Origin):
        raise GoneError(found.words)
    return nth(found, number)


def _picked(
    lowering: Lowering, at: Node, balancer: LoadBalancer, arn: str
) -> tuple[Pick, ...] | Origin:
    of = group(lowering, arn)
    if isinstance(of, Origin):
        return of
    targets = balancers(lowering).targets(of)
    if targets is None:
        return untold_targets(lowering, of)
    return picks(lowering, at, targets, _crossing(lowering, at, balancer, of, targets))


def _crossing(
    lowering: Lowering,
    at: Node,
    balancer: LoadBalancer,
    of: TargetGroup,
    targets: Sequence[Target],
) -> Crossing:
    """R-LB-4: the group's word counts, else the balancer's; an ALB's is always on."""
    of_group = (balancers(lowering).attributes_of_group(of) or {}).get(_CROSS_ZONE)
    if of_group in ("true", "false"):
        return crossing_of(at, of_group == "true", targets, None)
    if balancer.type == "application":
        return crossing_of(at, True, targets, None)
    own = balancers(lowering).attributes_of(balancer)
    if own is None:
        words = f"whether {at.name} uses targets of other zones is not known"
        doubt = lowering.missing(LoadBalancerAttributes, at.balancer, words)
        return crossing_of(at, None, targets, doubt)
    return crossing_of(at, own.get(_CROSS_ZONE) == "true", targets, None)


def all_targets(
    lowering: Lowering, balancer: LoadBalancer, arns: Iterable[str]
) -> tuple[tuple[str, Target], ...] | None:
    """Every target of some groups, with its group's protocol; None where not all are known."""
    found: list[tuple[str, Target]] = []
    for arn in dict.fromkeys(arns):
        of = group(lowering, arn)
        targets = None if isinstance(of, Origin) else balancers(lowering).targets(of)
        if isinstance(of, Origin) or targets is None:
            return None
        found += [(of.protocol or "", target) for target in targets]
    return tuple(found)


# ------------------------------------------------------------------- as an end of a question


def names(lowering: Lowering, kind: str) -> Iterator[tuple[str, str]]:
    """What people call the balancers of a type: by ARN, name or DNS name."""
    for balancer in lowering.snapshot.records(LoadBalancer):
        if balancer.type == kind:
            arn = balancer.load_balancer_arn
            for name in (arn, balancer.load_balancer_name, balancer.dns_name):
                if name:
                    yield name, arn


def balancer_end(lowering: Lowering, kind: str, arn: str) -> End | None:
    balancer = lowering.snapshot.get(LoadBalancer, arn)
    if balancer is None or balancer.type != kind:
        return None
    interfaces = balancers(lowering).interfaces_of(balancer)
    subnets = (zone.subnet_id for zone in balancer.availability_zones)
    return end(lowering, balancer.load_balancer_name, balancer, arn, interfaces, subnets)


# ------------------------------------------------------------------- what bears on a denial


def besides(lowering: Lowering, denial: Denial, kind: str) -> Iterator[Origin]:
    """The listeners of a balancer that take the packet's protocol, on other ports (R-LB-3)."""
    if denial.origin.code != "ELBV2_LISTENERS_MISMATCH":
        return
    balancer = lowering.snapshot.get(LoadBalancer, denial.origin.resource)
    if balancer is None or balancer.type != kind:
        return
    for each in balancers(lowering).listeners(balancer.load_balancer_arn) or ():
        if any(denial.header in space.without("destination_port") for space in heard(each)):
            words = f"{_shown(each)}, and takes no other port"
            code = "ELBV2_LISTENER_PORT_RESTRICTION"
            yield replace(denial.origin, words=words, locator="listener", code=code, record=each)
