"""What leaves a node for a target, what returns to a client, and what a node opens by itself.

Takes nodes and picked targets; gives stages.  Must not know any component by name, nor the engines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reach.aim import Start
from reach.balancing.node import EPHEMERAL, PROTOCOLS, QUIET, Node
from reach.balancing.picking import OPTION, Pick
from reach.component import Lowering, node_name
from reach.network.field import TCP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Deliver,
    Filter,
    Forward,
    Origin,
    Restore,
    Route,
    Rule,
    Stage,
    Translate,
    unknown_filter,
)
from reach.snapshot.balancers import Target


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
    option = OPTION if pick.hangs else ""
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
    """What a node sends by itself: to its targets only, on their ports and for health checks.

    Targets outside the enabled zones are not even checked (AWS: "Target groups for your Network
    Load Balancers").
    """
    known = [(protocol, each) for protocol, each in known if at.enables(each.zone)]
    rules = tuple(Rule(space, Action.PERMIT, QUIET) for space in _own_flows(known))
    addresses = Ranges.of(*(a for _, each in known for a in each.addresses))
    port = at.says("calls its targets on their ports only", "port", "TARGET_PORT_RESTRICTION")
    other = Rule(HeaderSpace.where(destination=addresses), Action.DENY, port)
    words = "opens connections to its targets only"
    nobody = Rule(ANYTHING, Action.DENY, at.says(words, "target", "TARGET_ADDRESS_RESTRICTION"))
    identity = Assign("identity", Ranges.of(at.identity))
    doubt = () if at.untold is None else (unknown_filter(at.untold),)
    return (
        *doubt,
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
