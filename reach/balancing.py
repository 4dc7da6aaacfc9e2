"""What load balancers have in common: which targets a node picks from, and the stages that pick.

A *node* is a balancer's interface in one subnet.  It uses the targets of its own zone, or of all
enabled zones where balancing across zones is on (R-LB-4); which of several it picks nobody can
tell, so that is a *may*.  Targets that are sent to alike, at one port in one subnet, are picked as
one set.  Components that balance build their nodes from this; must not know any of them by name,
nor the engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from reach.aim import Start
from reach.component import End, Lowering, node_name
from reach.network.address import is_ipv4
from reach.network.field import TCP, UDP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Choose,
    Deliver,
    Filter,
    Forward,
    Option,
    Origin,
    Restore,
    Route,
    Rule,
    Stage,
    Translate,
    deny_all,
    unknown_filter,
)
from reach.snapshot.balancers import ALL_ZONES, Balancers, Target
from reach.snapshot.index import private_addresses
from reach.snapshot.records import NetworkInterface

QUIET = Origin("", "")
EPHEMERAL = Ranges.span(1024, 65535)  # R-EPH-1, R-EPH-3
# A listener's or target group's protocol, as what the packets are (R-LB-3).
PROTOCOLS = {
    "HTTP": (TCP,),
    "HTTPS": (TCP,),
    "TCP": (TCP,),
    "SSL": (TCP,),
    "TLS": (TCP,),
    "UDP": (UDP,),
    "TCP_UDP": (TCP, UDP),
    "QUIC": (UDP,),
    "TCP_QUIC": (TCP, UDP),
}
_HEALTHY = ("healthy", "unavailable")  # "unavailable": health checks are switched off
_OPTION = "target-health"


def balancers(lowering: Lowering) -> Balancers:
    """The joins over a snapshot's balancers."""
    return lowering.memo("balancers", lambda: Balancers(lowering.snapshot, lowering.index))


@dataclass(frozen=True)
class Node:
    """A balancer at one of its interfaces.

    ``balancer`` is its ARN or name, ``zones`` the zones that are enabled for it.
    """

    component: str
    interface: NetworkInterface
    balancer: str
    name: str
    identity: int
    zone: str
    zones: frozenset[str]

    @property
    def id(self) -> str:
        return self.interface.network_interface_id

    @property
    def session(self) -> str:
        return f"{self.component} {self.id}"

    @property
    def opened(self) -> str:
        return f"{self.session} opened"

    def part(self, part: str, argument: str = "") -> str:
        return node_name(self.component, self.id, part, argument)

    def own(self, *, four: bool) -> Ranges:
        """Its addresses of one IP version."""
        found = [a for a in private_addresses(self.interface) if is_ipv4(a) is four]
        return Ranges.of(*found) if found else Ranges(())

    def says(self, words: str, locator: str = "", code: str = "", option: str = "") -> Origin:
        return Origin(self.balancer, words, locator, code, self.name, option)


def node(
    lowering: Lowering,
    component: str,
    interface: NetworkInterface,
    balancer: str,
    name: str,
    subnets: Iterable[str],
) -> Node:
    groups = (group.group_id for group in interface.groups)
    return Node(
        component,
        interface,
        balancer,
        name,
        lowering.identity(interface.vpc_id or "", groups),
        lowering.index.zone_of(interface.subnet_id or ""),
        frozenset(filter(None, map(lowering.index.zone_of, subnets))),
    )


# ------------------------------------------------------------------- which targets


@dataclass(frozen=True)
class Pick:
    """Targets that a node sends to alike.

    ``refused`` says why the node does not use them, ``doubt`` why it may not, ``hangs`` that they
    count only because health is not looked at.
    """

    targets: tuple[Target, ...]
    refused: Origin | None = None
    doubt: Origin | None = None
    hangs: str = ""

    @property
    def subnet(self) -> str:
        return self.targets[0].subnet

    @property
    def port(self) -> int:
        return self.targets[0].port

    @property
    def four(self) -> bool:
        return is_ipv4(self.targets[0].addresses[0])

    @property
    def addresses(self) -> Ranges:
        return Ranges.of(*(address for each in self.targets for address in each.addresses))


@dataclass(frozen=True)
class Crossing:
    """Whether a node uses targets of other zones than its own (None: not known, for ``doubt``)."""

    crosses: bool | None
    doubt: Origin | None
    code: str  # of a target that is left out for being in another zone


def picks(
    lowering: Lowering, at: Node, targets: Sequence[Target], crossing: Crossing
) -> tuple[Pick, ...]:
    """All that is registered, by what becomes of it at this node."""
    found: dict[object, list[Target]] = {}
    alike: dict[object, Pick] = {}
    for target in targets:
        pick = _pick(lowering, at, target, targets, crossing)
        place = (target.subnet, target.port, bool(target.addresses))
        key = (place, pick.refused, pick.doubt, pick.hangs)
        alike.setdefault(key, pick)
        found.setdefault(key, []).append(target)
    return tuple(replace(pick, targets=tuple(found[key])) for key, pick in alike.items())


def _pick(
    lowering: Lowering, at: Node, target: Target, targets: Sequence[Target], crossing: Crossing
) -> Pick:
    alone = (target,)
    if not target.addresses:
        words = f"no interface of the target {target.id} is in the snapshot"
        if lowering.has(NetworkInterface, at.interface):
            return Pick(alone, at.says(words, "target", "TARGET_ADDRESS_RESTRICTION"))
        return Pick(alone, doubt=lowering.missing(NetworkInterface, at.balancer, words))
    if target.state in ("draining", "unhealthy.draining"):
        words = f"the target {target.id} is deregistered and drains: it takes no new flow"
        return Pick(alone, at.says(words, "target", "TARGET_ADDRESS_RESTRICTION"))
    sick = _sick(lowering, at, target, targets)
    if sick is not None:
        return sick
    hangs = _counts_by_option(lowering, target, targets)
    if target.zone in (ALL_ZONES, "") or target.zone == at.zone:
        return Pick(alone, hangs=hangs)
    if at.zones and target.zone not in at.zones:
        words = f"the target {target.id} is in {target.zone}, which is not enabled"
        return Pick(alone, at.says(words, "zones", "ELB_INSTALLED_AZ_RESTRICTION"))
    if crossing.crosses is None:
        return Pick(alone, doubt=crossing.doubt, hangs=hangs)
    if not crossing.crosses:
        words = f"the target {target.id} is in another zone, and nothing crosses zones"
        return Pick(alone, at.says(words, "cross-zone", crossing.code))
    return Pick(alone, hangs=hangs)


def _sick(lowering: Lowering, at: Node, target: Target, targets: Sequence[Target]) -> Pick | None:
    """R-LB-6: left out for its health, where that is looked at; with none healthy all count."""
    if lowering.option(_OPTION) != "observe" or target.state in _HEALTHY:
        return None
    if not target.state:
        words = f"the health of the target {target.id} is not in the snapshot"
        return Pick((target,), doubt=at.says(words))
    if target.state != "unused" and not any(each.state in _HEALTHY for each in targets):
        return None
    words = f"the target {target.id} is {target.state}"
    refused = at.says(words, "target health", "TARGET_ADDRESS_RESTRICTION", _OPTION)
    return Pick((target,), refused)


def _counts_by_option(lowering: Lowering, target: Target, targets: Sequence[Target]) -> str:
    """What to say of a target that would be left out if health were looked at."""
    ignored = lowering.option(_OPTION) == "ignore"
    if not ignored or not target.state or target.state in _HEALTHY:
        return ""
    if target.state != "unused" and not any(each.state in _HEALTHY for each in targets):
        return ""
    return f"counts {target.state} targets"


def crossing_of(
    at: Node, crosses: bool | None, targets: Sequence[Target], doubt: Origin | None
) -> Crossing:
    """With the code for targets of other zones: none in this one, or left out beside others."""
    here = any(each.zone in (ALL_ZONES, "", at.zone) for each in targets)
    return Crossing(crosses, doubt, "ELB_NOT_CROSSZONE" if here else "ELBV2_NO_TARGETS_IN_AZ")


# ------------------------------------------------------------------- picking one


def choose(
    at: Node, found: Sequence[Pick], part: Callable[[int], str], of: str, assumed: str = ""
) -> Stage:
    """To one of the targets: a single certain one, else whichever the balancer picks."""
    usable = [pick for pick in found if pick.refused is None]
    count = sum(len(pick.targets) for pick in usable)
    if count == 1 and not assumed:
        number = next(n for n, pick in enumerate(found) if pick.refused is None)
        return Forward((Route(ANYTHING, part(number), QUIET),), QUIET)
    if len(found) == 1 and found[0].refused is not None:
        return Forward((Route(ANYTHING, part(0), QUIET),), QUIET)
    words = f"assumed: {at.name} picks this one of the {count} targets of {of}"
    if count == 1:
        words = f"assumed: {assumed}"
    elif assumed:
        words = f"{words}; {assumed}"
    return Choose(tuple(Option(part(number), at.says(words)) for number in range(len(found))))


def entering(pick: Pick) -> tuple[Stage, ...]:
    """What a picked set of targets is refused for, or may be."""
    if pick.refused is not None:
        return (deny_all(pick.refused),)
    return (unknown_filter(pick.doubt),) if pick.doubt is not None else ()


def proxied(at: Node, pick: Pick) -> tuple[Case, ...]:
    """R-LB-2, R-EPH-3: a flow of the balancer's own, from the node's address and a fresh port."""
    own = at.own(four=pick.four)
    if not own:
        return ()
    words = f"sends from its own address to {_shown(pick)}"
    source = (Assign("source", own), Assign("source_port", EPHEMERAL))
    return (Case(ANYTHING, (*source, *onward(at, pick)), _to_target(at, pick, words)),)


def onward(at: Node, pick: Pick, addresses: Ranges | None = None) -> tuple[Assign, ...]:
    """The target's address and port, and the balancer's groups as the sender's (R-SG-21)."""
    return (
        Assign("destination", pick.addresses if addresses is None else addresses),
        Assign("destination_port", Ranges.of(pick.port)),
        Assign("identity", Ranges.of(at.identity)),
    )


def _to_target(at: Node, pick: Pick, words: str) -> Origin:
    said = f"{words}; {pick.hangs}" if pick.hangs else words
    option = _OPTION if pick.hangs else ""
    return at.says(said, "target", "TARGET_ADDRESS_RESTRICTION", option)


def sends(at: Node, pick: Pick, words: str) -> Origin:
    """The origin of a translation towards a picked set of targets."""
    return _to_target(at, pick, f"{words} {_shown(pick)}")


def _shown(pick: Pick) -> str:
    first, *others = dict.fromkeys(each.id for each in pick.targets)
    more = f" or {len(others)} more" if others else ""
    return f"{first}{more} port {pick.port}"


def no_address(at: Node) -> Origin:
    words = "its node has no address of its targets' IP version"
    return at.says(words, "target", "TARGET_ADDRESS_RESTRICTION")


def emit(at: Node) -> Forward:
    """Onto the wire of the node's own subnet."""
    where = node_name("subnet", at.interface.subnet_id or "", "emit")
    return Forward((Route(ANYTHING, where, QUIET),), QUIET)


# ------------------------------------------------------------------- replies, its own flows


def returning(lowering: Lowering, at: Node, session: str) -> tuple[Stage, ...]:
    """A target's reply, back to the client from the address and port that it had called."""
    nobody = at.says("holds no connection that this answers", code="NO_PATH")
    identity = Assign("identity", Ranges.of(at.identity))
    return (
        *lowering.slot("network_interface.ingress", at.id),
        Restore(session, nobody),
        Translate((Case(ANYTHING, (identity,), QUIET),)),
        *lowering.slot("network_interface.egress", at.id),
        emit(at),
    )


def opens(lowering: Lowering, at: Node, known: Sequence[tuple[str, Target]]) -> tuple[Stage, ...]:
    """What a node sends by itself: to its targets only, on their ports and for health checks."""
    rules = tuple(Rule(space, Action.PERMIT, QUIET) for space in _own_flows(known))
    addresses = Ranges.of(*(a for _, each in known for a in each.addresses))
    port = at.says("calls its targets on their ports only", "port", "TARGET_PORT_RESTRICTION")
    other = Rule(HeaderSpace.where(destination=addresses), Action.DENY, port)
    words = "opens connections to its targets only"
    nobody = Rule(ANYTHING, Action.DENY, at.says(words, "target", "TARGET_ADDRESS_RESTRICTION"))
    identity = Assign("identity", Ranges.of(at.identity))
    return (
        Filter((*rules, other), nobody, at.opened),
        Translate((Case(ANYTHING, (identity,), QUIET),)),
        *lowering.slot("network_interface.egress", at.id),
        emit(at),
    )


def _own_flows(known: Sequence[tuple[str, Target]]) -> Iterator[HeaderSpace]:
    """A target group's protocol and each target's port; health checks are TCP (R-ALB-4)."""
    found: dict[tuple[int, int], dict[int, None]] = {}
    for protocol, target in known:
        for number in PROTOCOLS.get(protocol, (TCP,)):
            found.setdefault((number, target.port), {}).update(dict.fromkeys(target.addresses))
        found.setdefault((TCP, target.health_port), {}).update(dict.fromkeys(target.addresses))
    for (number, port), addresses in found.items():
        if addresses:
            yield HeaderSpace.where(
                destination=Ranges.of(*addresses),
                protocol=Ranges.of(number),
                destination_port=Ranges.of(port),
            )


def home(lowering: Lowering, at: Node) -> tuple[Stage, ...]:
    """The reply to what a node has opened itself."""
    answered = Origin(at.id, "receives the packet", name=at.name)
    return (
        *lowering.slot("network_interface.ingress", at.id),
        Deliver(f"{at.component}/{at.id}", at.part("open"), answered),
    )


def start(at: Node) -> Start:
    """Where what a node opens by itself begins."""
    own = at.own(four=True) | at.own(four=False)
    return Start(at.part("open"), HeaderSpace.where(source=own), f"{at.component}/{at.id}")


def answers_itself(at: Node, words: str) -> Deliver:
    """The balancer is the one that the client talks to."""
    return Deliver(f"{at.component}/{at.id}", at.part("answer"), Origin(at.id, words, name=at.name))


def answer(lowering: Lowering, at: Node) -> tuple[Stage, ...]:
    identity = Assign("identity", Ranges.of(at.identity))
    return (
        Translate((Case(ANYTHING, (identity,), QUIET),)),
        *lowering.slot("network_interface.egress", at.id),
        emit(at),
    )


# ------------------------------------------------------------------- as ends of a question


def end(
    lowering: Lowering,
    words: str,
    balancer: str,
    interfaces: Sequence[NetworkInterface],
    subnets: Iterable[str],
) -> End:
    """A balancer: packets to the addresses of its nodes, that it passes on or answers."""
    found = lowering.hosts(tuple(interfaces), words)
    seen = {each.subnet_id for each in interfaces}
    unseen = [subnet for subnet in subnets if subnet not in seen]
    if not unseen and interfaces:
        return found
    where = f" in {', '.join(unseen)}" if unseen else ""
    gap = f"the interfaces of {words}{where} are not in the snapshot"
    return replace(found, gap=lowering.missing(NetworkInterface, balancer, gap))


def alias_pairs(
    nodes: Iterable[tuple[NetworkInterface, Sequence[Target] | None]],
) -> tuple[list[tuple[int, int]], Ranges]:
    """Pairs of a target's address and a node's, sorted; and nodes that may lead anywhere."""
    pairs: set[tuple[int, int]] = set()
    anywhere: list[int] = []
    for interface, targets in nodes:
        own = private_addresses(interface)
        if targets is None:
            anywhere += own
        for target in targets or ():
            pairs |= {(address, node) for address in target.addresses for node in own}
    return sorted(pairs), Ranges.of(*anywhere) if anywhere else Ranges(())
