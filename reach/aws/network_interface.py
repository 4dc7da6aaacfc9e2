"""Network interfaces: addresses, source/destination check, and who sends and receives.

Groups, the check and the addresses belong to the interface (R-ENI-1, R-ENI-2).  It sends only from,
and accepts only for, its own addresses while the check is on (R-ENI-4, R-ENI-5, R-ENI-7); an
instance answers by the interface that owns the address (R-ENI-12, R-OBS-5).  With the check off the
guest *may* pass packets on, unchanged or with its own address as source (R-ENI-6, R-NAT-14), and
the sender's group identity ends there (R-SG-19), as what has the guest's own address carries the
guest's (R-SG-12).  Private addresses that are routed to it may lie behind the guest, which nothing
tells.  What an instance sends to one of its own private addresses never leaves it (R-OBS-1).  An
interface that is not attached neither sends nor receives (R-ENI-8).  Interfaces of one subnet that
every rule treats alike share one node; those of services, whom a rule may know by their
description, are alike only if that is the same.

Implements: R-ENI-1 R-ENI-2 R-ENI-4 R-ENI-5 R-ENI-6 R-ENI-7 R-ENI-8 R-ENI-9 R-ENI-12 R-NAT-14
R-SG-12 R-SG-19 R-SG-20 R-SG-21 R-OBS-1 R-OBS-5 R-PIPE-2 R-PIPE-3 R-LAMBDA-1
Not modelled: the guest's firewall and routing; the port-25 restriction (R-ENI-13).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reach.component import Component, End, Entry, Loner, Lowering, Target, node_name
from reach.interfaces.behind import behind, who_leads_to
from reach.interfaces.classes import classes, member_with
from reach.interfaces.ends import hosts, receivers
from reach.interfaces.kinds import FUNCTION, HOSTS, is_host, owned
from reach.interfaces.plain import OWN, identity_of, standing_in
from reach.interfaces.together import worn_together
from reach.network.address import is_ipv4
from reach.network.field import TCP, UDP, Header
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
    Unmodelled,
)
from reach.snapshot.index import private_addresses
from reach.snapshot.records import Instance, NetworkInterface
from reach.states import ATTACHMENT, INTERFACE, refused

_NAME = "network_interface"
_CHECK = "ENI_SOURCE_DEST_CHECK_RESTRICTION"
_QUIET = Origin("", "")
_EPHEMERAL = Ranges.span(1024, 65535)


def _siblings(lowering: Lowering, interface: NetworkInterface) -> Sequence[NetworkInterface]:
    """All interfaces of the same instance, itself among them."""
    instance = interface.attachment.instance_id if interface.attachment else None
    return lowering.index.interfaces_by_instance[instance] if instance else (interface,)


# ------------------------------------------------------------------- sending


def _emit(lowering: Lowering, class_id: str, part: str) -> tuple[Stage, ...]:
    """What any interface of a class sends, or what one does that stands apart (``OWN``)."""
    if part == OWN:
        return _send(lowering, class_id, part)
    members = classes(lowering).members(class_id)
    alone = _to_itself(lowering, members[0]) if len(members) == 1 else ()
    gone = _gone(lowering, class_id, "source", "emit")
    return (*gone, *_sending(lowering, class_id, members, alone))


def _send(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What one interface sends."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    class_id = classes(lowering).of(interface_id)
    alone, own = _to_itself(lowering, interface), lowering.loner(interface_id)
    return _sending(lowering, class_id, (interface,), alone, own)


def _gone(lowering: Lowering, class_id: str, side: str, part: str) -> tuple[Stage, ...]:
    """Past all that its class does goes what is an interface's that stands apart."""
    gone = lowering.loners_of(class_id)
    if not gone:
        return ()
    routes = (
        Route(
            HeaderSpace.where(**{side: owned(lowering, each.interface)}),
            node_name(_NAME, each.interface.network_interface_id, part, OWN),
            _QUIET,
        )
        for each in gone
    )
    return (Forward(tuple(routes)),)


def _there(own: Loner | None, side: str) -> tuple[Stage, ...]:
    """Nothing passes but what is from, or to, an address that is held."""
    if own is None:
        return ()
    name = own.interface.network_interface_id
    words = "does not have this address" if own.holds else "is not there"
    origin = Origin(name, words, "state", "BAD_STATE", own.interface.name)
    held = Rule(HeaderSpace.where(**{side: own.holds}), Action.PERMIT, _QUIET)
    rules = (held,) if own.holds else ()
    return (Filter(rules, Rule(ANYTHING, Action.DENY, origin), f"presence {name}"),)


def _groups(lowering: Lowering, way: str, class_id: str, own: Loner | None) -> tuple[Stage, ...]:
    """The groups of a class, or those of one that stands apart."""
    if own is None:
        return lowering.slot(f"network_interface.{way}", class_id)
    now = own.interface
    holder = f"{now.network_interface_id}:{OWN}"
    worn = (each.group_id for each in now.groups)
    return lowering.slot(f"groups.{way}", " ".join((holder, standing_in(now), *worn)))


def _sending(
    lowering: Lowering,
    class_id: str,
    members: Sequence[NetworkInterface],
    alone: tuple[Stage, ...],
    own: Loner | None = None,
) -> tuple[Stage, ...]:
    first = members[0] if own is None else own.interface
    return (
        *_there(own, "source"),
        *lowering.slot("network_interface.state", first.network_interface_id),
        *alone,
        _checked(first, "source", _of(lowering, members, own)),
        _identify(identity_of(lowering, first) if own is None else own.number),
        *_one_way(first, class_id, Action.PERMIT),
        *lowering.slot("network_interface.unfiltered", class_id),
        *_groups(lowering, "egress", class_id, own),
        _to_subnet(first),
    )


def _of(lowering: Lowering, members: Sequence[NetworkInterface], own: Loner | None) -> Ranges:
    """The addresses of a class, or of one that stands apart."""
    return classes(lowering).own(members) if own is None else owned(lowering, own.interface)


def _one_way(interface: NetworkInterface, class_id: str, opens: Action) -> tuple[Stage, ...]:
    """R-LAMBDA-1: a function opens connections and takes none but their replies."""
    if interface.interface_type != FUNCTION:
        return ()
    name = interface.network_interface_id
    origin = Origin(name, "a function takes no connections", "inbound", "NO_PATH")
    return (Filter((), Rule(ANYTHING, opens, origin), f"function {class_id}"),)


def _to_itself(lowering: Lowering, interface: NetworkInterface) -> tuple[Stage, ...]:
    """R-OBS-1: to any private address of the same instance, past all filters."""
    routes = []
    for sibling in _siblings(lowering, interface):
        node = node_name(_NAME, sibling.network_interface_id, "itself")
        origin = Origin(
            sibling.network_interface_id, "stays inside the instance", name=sibling.name
        )
        routes.append(Route(HeaderSpace.where(destination=owned(lowering, sibling)), node, origin))
    return (Forward(tuple(routes)),)


def _itself(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    owner = f"{_NAME}/{classes(lowering).of(interface_id)}"
    reply = node_name(_NAME, interface_id, "send")
    origin = _delivers(interface_id, interface.name)
    there = _there(lowering.loner(interface_id), "destination")
    return (*there, Deliver(owner, reply, origin, inside=True))


def _checked(interface: NetworkInterface, side: str, own: Ranges) -> Filter:
    """R-ENI-4: with the check on, only the interface's own addresses."""
    name = interface.network_interface_id
    if not interface.source_dest_check:
        return Filter((), Rule(ANYTHING, Action.PERMIT, _QUIET))
    permit = Rule(HeaderSpace.where(**{side: own}), Action.PERMIT, _QUIET)
    words = f"the {side} is not an address of this interface and its source/dest check is on"
    origin = Origin(name, words, "source/dest check", _CHECK, interface.name)
    return Filter((permit,), Rule(ANYTHING, Action.DENY, origin))


def _identify(number: int) -> Translate:
    """R-PIPE-5: the packet carries the group set of the interface that sends it."""
    return Translate((Case(ANYTHING, (Assign("identity", Ranges.of(number)),), _QUIET),))


def _passed_on(lowering: Lowering, interface: NetworkInterface) -> Translate:
    """R-SG-19: the sender's groups are lost; R-SG-12, R-SG-21: what an interface sends from its own
    address carries its own, whoever the guest does it for."""
    own = HeaderSpace.where(source=owned(lowering, interface))
    number = Ranges.of(identity_of(lowering, interface))
    return Translate(
        (
            Case(own, (Assign("identity", number),), _QUIET),
            Case(ANYTHING, (Assign("identity", Ranges.of(0)),), _QUIET),
        )
    )


def _to_subnet(interface: NetworkInterface) -> Forward:
    node = node_name("subnet", interface.subnet_id or "", "emit")
    nowhere = Origin(
        interface.network_interface_id, "is in no subnet", code="NO_POSSIBLE_DESTINATION"
    )
    return Forward((Route(ANYTHING, node, _QUIET),), nowhere)


# ------------------------------------------------------------------- receiving


def _admit(lowering: Lowering, class_id: str, part: str) -> tuple[Stage, ...]:
    """What is sent to an address of any interface of a class, or to one that stands apart."""
    own = lowering.loner(class_id) if part == OWN else None
    if own is not None:
        return _admit_own(lowering, own)
    members = classes(lowering).members(class_id)
    first = members[0]
    name = first.name if len(members) == 1 else ""
    return (
        *_gone(lowering, class_id, "destination", "admit"),
        *lowering.slot("network_interface.state", first.network_interface_id),
        *_one_way(first, class_id, Action.DENY),
        *lowering.slot("network_interface.ingress", class_id),
        *_returning(lowering, first),
        Deliver(
            f"{_NAME}/{class_id}",
            node_name(_NAME, class_id, "emit"),
            _delivers(first.network_interface_id, name),
        ),
    )


def _admit_own(lowering: Lowering, own: Loner) -> tuple[Stage, ...]:
    """What is sent to one that stands apart; its owner is its class still."""
    name = own.interface.network_interface_id
    class_id = classes(lowering).of(name)
    return (
        *_there(own, "destination"),
        *lowering.slot("network_interface.state", name),
        *_groups(lowering, "ingress", class_id, own),
        *_returning(lowering, own.interface),
        Deliver(
            f"{_NAME}/{class_id}",
            node_name(_NAME, name, "emit", OWN),
            _delivers(name, own.interface.name),
        ),
    )


def _delivers(resource: str, name: str) -> Origin:
    return Origin(resource, "receives the packet", name=name)


def _state(lowering: Lowering, interface_id: str) -> tuple[Stage, ...]:
    """R-ENI-8: an interface that is attached to nothing neither sends nor receives."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    attached = interface.attachment.status if interface.attachment else None
    if interface.status in ("in-use", "") and attached in ("attached", None):
        return ()
    if interface.status in ("in-use", ""):
        state, told, idle = attached or "", f"attachment {attached}", ATTACHMENT
    else:
        state, told, idle = interface.status, interface.status, INTERFACE
    words = f"is not attached to anything that works (state: {told})"
    origin = Origin(interface_id, words, "state", "BAD_STATE", interface.name)
    return (refused(state, idle, origin),)


# ------------------------------------------------------------------- passing on


def _routed(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """R-ENI-7: a route names this interface, whatever the destination."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    own = owned(lowering, interface)
    admit = node_name(_NAME, classes(lowering).of(interface_id), "admit")
    ways = [w for out in _siblings(lowering, interface) for w in _ways_on(out)]
    return (
        *lowering.slot("network_interface.state", interface_id),
        _checked(interface, "destination", own),
        Forward((Route(HeaderSpace.where(destination=own), admit, _QUIET),)),
        *lowering.slot("network_interface.ingress", interface_id),
        *lowering.slot("network_interface.passing", interface_id),
        *_leading_on(lowering, interface_id),
        Choose(tuple(ways)),
    )


def _leading_on(lowering: Lowering, interface_id: str) -> tuple[Stage, ...]:
    """To what may lie behind the guest, by it or by the network."""
    beyond = behind(lowering, interface_id)
    if not beyond:
        return ()
    node = node_name(_NAME, interface_id, "either")
    return (Forward((Route(HeaderSpace.where(destination=beyond), node, _QUIET),)),)


def _either(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    ways = [w for out in _siblings(lowering, interface) for w in _ways_on(out)]
    words = "assumed: the guest leads to a network of its own"
    behind_it = node_name(_NAME, interface_id, "behind")
    return (Choose((*ways, Option(behind_it, Origin(interface_id, words, name=interface.name)))),)


def _behind(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    words = "private addresses are routed to it; what its guest leads to is not known (R-ENI-6)"
    return (Unmodelled(Origin(interface_id, words)),)


def _unseen(lowering: Lowering, addresses: Ranges) -> Origin | None:
    """R-ENI-6: where private addresses that nothing names may be."""
    interface_id = who_leads_to(lowering, addresses)
    if not interface_id:
        return None
    return Origin(
        interface_id, f"such addresses are routed to {interface_id}, whose guest may lead there"
    )


def _ways_on(out: NetworkInterface) -> tuple[Option, ...]:
    name = out.network_interface_id
    unchanged = "assumed: the guest passes packets on unchanged"
    translated = "assumed: the guest passes packets on with its own address as source"
    return (
        Option(node_name(_NAME, name, "resend"), Origin(name, unchanged, name=out.name)),
        Option(node_name(_NAME, name, "masquerade"), Origin(name, translated, name=out.name)),
    )


def _resend(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """A packet of somebody else's leaves by this interface."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    return (
        *lowering.slot("network_interface.state", interface_id),
        _checked(interface, "source", owned(lowering, interface)),
        _passed_on(lowering, interface),
        *lowering.slot("network_interface.egress", interface_id),
        _to_subnet(interface),
    )


def _masquerade(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """R-NAT-14: the guest puts its own address in the place of the source."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    cases = []
    for family in (True, False):
        own = [a for a in private_addresses(interface) if is_ipv4(a) is family]
        if own:
            cases += _masquerading(own, family)
    words = "has no address to translate to"
    return (
        Translate(
            tuple(cases), Origin(interface_id, words, name=interface.name), _nat(interface_id)
        ),
        Forward(
            (Route(ANYTHING, node_name(_NAME, interface_id, "resend"), _QUIET),),
            Origin(interface_id, "does not pass this on"),
        ),
    )


def _masquerading(addresses: Sequence[int], four: bool) -> list[Case]:
    half = 1 << 128
    family = Ranges.span(half, 2 * half - 1) if four else Ranges.span(0, half - 1)
    source = Assign("source", Ranges.of(*addresses))
    ported = HeaderSpace.where(source=family, protocol=Ranges.of(TCP, UDP))
    return [
        Case(ported, (source, Assign("source_port", _EPHEMERAL)), _QUIET),
        Case(HeaderSpace.where(source=family), (source,), _QUIET),
    ]


def _nat(interface_id: str) -> str:
    return f"masquerade {interface_id}"


def _returning(lowering: Lowering, interface: NetworkInterface) -> tuple[Stage, ...]:
    """Replies to what the guest translated go back to whom it was done for."""
    if all(sibling.source_dest_check for sibling in _siblings(lowering, interface)):
        return ()
    name = interface.network_interface_id
    node = node_name(_NAME, name, "restore")
    return (Forward((Route(ANYTHING, node, _QUIET, session=_nat(name)),)),)


def _restore(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    nobody = Origin(interface_id, "holds no connection for this reply", code="NO_PATH")
    ways = tuple(_ways_on(out)[0] for out in _siblings(lowering, interface))
    return (Restore(_nat(interface_id), nobody), Choose(ways))


def _enter(lowering: Lowering, interface_id: str, subnet: str, vpc: str) -> Entry | None:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    if interface is None or not is_host(interface):
        return None
    node = node_name(_NAME, interface_id, "routed")
    return Entry(node, interface.subnet_id or "", keeps=owned(lowering, interface))


def _enter_instance(lowering: Lowering, instance_id: str, subnet: str, vpc: str) -> Entry | None:
    """R-RT-16: a route may name the instance; it means its first interface."""
    interfaces = lowering.index.interfaces_by_instance.get(instance_id, ())
    first = min(interfaces, key=_device, default=None)
    return None if first is None else _enter(lowering, first.network_interface_id, subnet, vpc)


def _device(interface: NetworkInterface) -> int:
    return (interface.attachment.device_index or 0) if interface.attachment else 0


# ------------------------------------------------------------------- as ends of a question


def _node(lowering: Lowering, interface: NetworkInterface) -> str | None:
    if not is_host(interface):
        return None
    return node_name(_NAME, classes(lowering).of(interface.network_interface_id), "admit")


def _end(lowering: Lowering, interface_id: str) -> End | None:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    return None if interface is None else hosts(lowering, (interface,), interface_id)


def _group_sets(lowering: Lowering) -> Iterator[tuple[str, frozenset[str]]]:
    """What senders wear that wear their groups together."""
    for class_id, groups in worn_together(lowering).items() if lowering.by_subnet else ():
        first = lowering.snapshot.get(NetworkInterface, class_id)
        if first is not None:
            yield first.vpc_id or "", groups


def _label(lowering: Lowering, resource: str, part: str, header: Header) -> tuple[str, str] | None:
    """The one interface of a class that a header is about."""
    address = header.source if part in ("emit", "send") else header.destination
    member = member_with(lowering, resource, address)
    if member is not None:
        return _who(lowering, member)
    interface = lowering.snapshot.get(NetworkInterface, resource)
    return None if interface is None else _who(lowering, interface)


def _who(lowering: Lowering, interface: NetworkInterface) -> tuple[str, str]:
    instance_id = interface.attachment.instance_id if interface.attachment else None
    instance = lowering.snapshot.get(Instance, instance_id) if instance_id else None
    words = f"{instance_id} {instance.name}".strip() if instance else interface.description
    return interface.network_interface_id, words or interface.name


COMPONENT = Component(
    name=_NAME,
    reads=(NetworkInterface,),
    nodes={
        "emit": _emit,
        "send": _send,
        "itself": _itself,
        "admit": _admit,
        "routed": _routed,
        "either": _either,
        "behind": _behind,
        "resend": _resend,
        "masquerade": _masquerade,
        "restore": _restore,
    },
    slots={"network_interface.state": _state},
    unseen=_unseen,
    targets=(
        Target("network_interface_id", "eni-", _enter),
        Target("instance_id", "i-", _enter_instance),
    ),
    interface_types=(*HOSTS, FUNCTION),
    interface_node=_node,
    ends={"eni-": _end},
    hosts=hosts,
    receivers=receivers,
    group_sets=_group_sets,
    label=_label,
    alike=lambda lowering, interface_id: classes(lowering).alike(interface_id),
    faces={"emit": "source", "admit": "destination"},
)
