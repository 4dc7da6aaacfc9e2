"""Global Accelerator: static addresses at the internet's edge that lead to endpoints in VPCs.

An enabled accelerator announces its addresses to the internet.  A listener takes a range of ports
and hands the flow to an endpoint of its groups, on another port where one is overridden (R-GA-1);
weights and dials of 0 get nothing.  Where the client's address is preserved the flow comes up in
the endpoint's subnet by an interface of the accelerator: the VPC needs an attached internet
gateway, the endpoint neither a public address nor a route (R-GA-1), and the reply returns by the
flow's own state.  The endpoint's groups see the client (R-GA-2), and the accelerator's managed
group as sender (R-SG-21).  Of the subnet's network ACL AWS's pages say that it counts and that it
does not: an option.  Elastic IPs and Network Load Balancers without groups do not see the client
(R-GA-3): the flow comes in over the internet from an address of the accelerator's edge, which no
call lists, so what hangs on that address is undecided.  Block Public Access stops what an
accelerator brings in (R-BPA-6); more exactly it may be said in the slot ``global_accelerator.in``
of the endpoint's subnet.

Implements: R-GA-1 R-GA-2 R-GA-3 R-SG-21 R-SG-25 R-ENI-9
Not modelled: custom routing accelerators; health, which moves traffic between groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote, unquote

from reach.aim import Start, Visit
from reach.balancing.joins import balancers
from reach.balancing.node import EPHEMERAL, QUIET
from reach.component import Component, End, Lowering, node_name
from reach.gone import held, nth
from reach.interfaces.gateways import named_by
from reach.network.address import (
    ANY_IPV4,
    GLOBAL_UNICAST_IPV6,
    NOT_PUBLIC_IPV4,
    parse_address,
)
from reach.network.field import TCP, UDP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.spans import beside
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Choose,
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
    deny_all,
    unknown_filter,
)
from reach.snapshot.accelerators import (
    Accelerators,
    Groups,
    Way,
    groups_by_listener,
    listener_of,
)
from reach.snapshot.balancer_records import (
    Accelerator,
    AcceleratorEndpointGroup,
    Listener,
)
from reach.snapshot.balancer_sections import ACCELERATORS
from reach.snapshot.records import InternetGateway, NetworkInterface

_NAME = "global_accelerator"
_MANAGED = "global_accelerator_managed"
_INTERNET = "internet/world/routes"
_ACL = "accelerator-acl"
_PROTOCOLS = {"TCP": TCP, "UDP": UDP}
_PUBLIC_IPV4 = Ranges.prefixes((ANY_IPV4,)) - Ranges.prefixes(NOT_PUBLIC_IPV4)
_PUBLIC = _PUBLIC_IPV4 | Ranges.prefixes(GLOBAL_UNICAST_IPV6)
# An address of one of the edge's ranges (AWS: "Location and IP address ranges of Global Accelerator
# edge servers": ip-ranges.json, 13.248.118.0/24): what lets in everybody lets in this one.
_EDGE = Ranges.of(parse_address("13.248.118.1"))


def _accelerators(lowering: Lowering) -> Accelerators:
    def groups() -> Groups:
        return lowering.table(f"{_NAME} groups", _groups)

    def make() -> Accelerators:
        return Accelerators(lowering.snapshot, lowering.index, balancers(lowering), groups)

    return lowering.own(f"{_NAME} joins", make)


def _groups(lowering: Lowering) -> Groups:
    return groups_by_listener(lowering.snapshot)


def _part(arn: str, part: str, argument: str = "") -> str:
    return node_name(_NAME, quote(arn, safe=""), part, argument)


def _get(lowering: Lowering, resource: str) -> Accelerator:
    return held(lowering.snapshot.get(Accelerator, unquote(resource)))


def _says(accelerator: Accelerator, words: str, locator: str = "", code: str = "") -> Origin:
    return Origin(accelerator.accelerator_arn, words, locator, code, accelerator.name)


def _addresses(accelerator: Accelerator) -> Ranges:
    texts = (text for each in accelerator.ip_sets for text in each.ip_addresses)
    return Ranges.of(*map(parse_address, texts))


def _session(accelerator: Accelerator) -> str:
    return _session_of(accelerator.accelerator_arn)


def _session_of(arn: str) -> str:
    return f"{_NAME} {arn}"


# ------------------------------------------------------------------- listeners


def _admit(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """What the internet sends to one of the static addresses."""
    accelerator = _get(lowering, resource)
    if not accelerator.enabled:
        return (Forward((), _says(accelerator, "is disabled", "state", "BAD_STATE")),)
    known = _accelerators(lowering).listeners(accelerator)
    if not known:
        words = f"the listeners of {accelerator.name} are not known"
        return (Unmodelled(lowering.missing(Listener, accelerator.accelerator_arn, words)),)
    mismatch = _says(accelerator, "has no listener for this protocol and port", code="NO_PATH")
    routes = (
        Route(space, _part(accelerator.accelerator_arn, "listener", each.listener_arn), QUIET)
        for each in known
        for space in _heard(each)
    )
    unlisted = _accelerators(lowering).unlisted(accelerator)
    if unlisted:
        words = "is a listener of which the ports are not known"
        return (Forward(tuple(routes)), Unmodelled(lowering.missing(Listener, unlisted, words)))
    return (Forward(tuple(routes), mismatch),)


def _heard(listener: Listener) -> Iterator[HeaderSpace]:
    ports = Ranges.union(
        (each.from_port, each.to_port)
        for each in listener.port_ranges
        if each.from_port is not None and each.to_port is not None
    )
    protocol = _PROTOCOLS.get(listener.protocol or "")
    if ports and protocol is not None:
        yield HeaderSpace.where(protocol=Ranges.of(protocol), destination_port=ports)
    elif ports:  # a custom routing accelerator's names no protocol
        yield HeaderSpace.where(protocol=Ranges.of(TCP, UDP), destination_port=ports)


def _listener(lowering: Lowering, resource: str, arn: str) -> tuple[Stage, ...]:
    """To one of the endpoints; where the client is nearest to nobody can tell."""
    accelerator = _get(lowering, resource)
    ways = _accelerators(lowering).ways(arn)
    if ways is None:
        words = f"the endpoint groups of {accelerator.name} are not known"
        missing = lowering.missing(AcceleratorEndpointGroup, accelerator.accelerator_arn, words)
        return (Unmodelled(missing),)
    if not ways:
        words = "has no endpoint that gets anything"
        return (Forward((), _says(accelerator, words, "endpoints", "NO_PATH")),)
    nodes = [_part(accelerator.accelerator_arn, "way", f"{arn} {n}") for n in range(len(ways))]
    if len(nodes) == 1:
        return (Forward((Route(ANYTHING, nodes[0], QUIET),), QUIET),)
    options = (
        Option(node, _says(accelerator, f"assumed: it sends this client to {way.endpoint}"))
        for node, way in zip(nodes, ways, strict=True)
    )
    return (Choose(tuple(options)),)


# ------------------------------------------------------------------- on to an endpoint


def _way(lowering: Lowering, resource: str, argument: str) -> tuple[Stage, ...]:
    accelerator = _get(lowering, resource)
    arn, number = argument.split(" ")
    way = nth(_accelerators(lowering).ways(arn) or (), int(number))
    if way.unknown is not None:
        words = f"the endpoint {way.endpoint} of {accelerator.name} is not known"
        return (Unmodelled(lowering.missing(way.unknown, way.endpoint, words)),)
    if not way.private and not way.public:
        words = "is an endpoint of a kind that is not modelled"
        return (Unmodelled(Origin(way.endpoint, words, code="UNSUPPORTED_COMPONENT")),)
    if way.preserved and way.interface is not None:
        return _inside(lowering, accelerator, way, way.interface)
    if not way.public:
        words = f"cannot reach {way.endpoint} without its client's address: it is not public"
        return (Forward((), _says(accelerator, words, "endpoint", "NO_PATH")),)
    open_to_all = "assumed: it sends from an address of its edge that no rule singles out"
    singled_out = "assumed: it sends from another address of its edge"
    return (
        Choose(
            (
                Option(
                    _part(accelerator.accelerator_arn, "edge", argument),
                    _says(accelerator, open_to_all),
                ),
                Option(
                    _part(accelerator.accelerator_arn, "edges", argument),
                    _says(accelerator, singled_out),
                ),
            )
        ),
    )


def _onward(accelerator: Accelerator, way: Way, *rewrites: Assign) -> Translate:
    """The endpoint's address, and its port where the listener's is overridden."""
    hands = _says(accelerator, f"hands the flow to {way.endpoint}", "endpoint")
    cases = []
    for outer, inner in way.ports:
        match = HeaderSpace.where(destination_port=Ranges.of(outer))
        port = Assign("destination_port", Ranges.of(inner))
        cases.append(Case(match, (*rewrites, port), hands))
    cases.append(Case(ANYTHING, rewrites, hands))
    return Translate(tuple(cases), None, _session(accelerator))


def _inside(
    lowering: Lowering, accelerator: Accelerator, way: Way, interface: NetworkInterface
) -> tuple[Stage, ...]:
    """R-GA-1: by the accelerator's own interface in the endpoint's subnet."""
    subnet = interface.subnet_id or ""
    checked = lowering.option(_ACL) == "check"
    words = "" if checked else "comes up behind the subnet's network ACL"
    past = Origin(accelerator.accelerator_arn, words, option=_ACL) if words else QUIET
    return (
        *_has_gateway(lowering, accelerator, interface),
        *lowering.slot("public_access.in", subnet),
        *lowering.slot("encryption.global_accelerator", interface.vpc_id or ""),
        _onward(
            accelerator,
            way,
            Assign("destination", Ranges.of(way.private)),
            Assign("identity", Ranges.of(_managed_group(lowering, interface))),
        ),
        *(_acl(lowering, "subnet.enter", subnet) if checked else ()),
        Forward((Route(ANYTHING, node_name("subnet", subnet, "switch"), past),), QUIET),
    )


def _acl(lowering: Lowering, slot: str, subnet_id: str) -> Iterator[Stage]:
    """R-GA-2, with a word that AWS's pages do not agree on it."""
    for stage in lowering.slot(slot, subnet_id):
        if isinstance(stage, Filter):
            rules = tuple(map(_hung, stage.rules))
            yield replace(stage, rules=rules, otherwise=_hung(stage.otherwise))
        else:
            yield stage


def _hung(rule: Rule) -> Rule:
    denies = rule.action is Action.DENY
    return replace(rule, origin=replace(rule.origin, option=_ACL)) if denies else rule


def _has_gateway(
    lowering: Lowering, accelerator: Accelerator, interface: NetworkInterface
) -> tuple[Stage, ...]:
    odd: tuple[Stage, ...] = ()
    for gateway in named_by(lowering, interface.vpc_id or ""):
        for attachment in gateway.attachments:
            if attachment.is_attached and attachment.vpc_id == interface.vpc_id:
                if attachment.is_settled:
                    return ()
                words = f"whether it is attached is not known: it is {attachment.state!r}"
                odd = (unknown_filter(Origin(gateway.internet_gateway_id, words)),)
    if odd:
        return odd
    if not lowering.has(InternetGateway, interface):
        words = f"whether {interface.vpc_id} has an internet gateway is not known"
        return (unknown_filter(lowering.missing(InternetGateway, interface.vpc_id or "", words)),)
    words = f"needs an internet gateway attached to {interface.vpc_id}"
    return (deny_all(_says(accelerator, words, "internet gateway", "NO_PATH")),)


def _managed_group(lowering: Lowering, interface: NetworkInterface) -> int:
    """R-SG-21: the groups of the accelerator's interface, in this subnet or else this VPC."""
    own = [
        each
        for each in lowering.index.interfaces_where(_is_managed)
        if interface.vpc_id and each.vpc_id == interface.vpc_id
    ]
    own.sort(key=lambda each: each.subnet_id != interface.subnet_id)
    groups = (group.group_id for each in own[:1] for group in each.groups)
    return lowering.identity(interface.vpc_id or "", groups)


def _edge(lowering: Lowering, resource: str, argument: str) -> tuple[Stage, ...]:
    """Over the internet, from an address that only rules for everybody let in."""
    return _outside(lowering, resource, argument, _EDGE)


def _edges(lowering: Lowering, resource: str, argument: str) -> tuple[Stage, ...]:
    """Over the internet, from any address: which ones the edge has is not known."""
    accelerator = _get(lowering, resource)
    words = "from which addresses its edge sends is in no call"
    return (
        unknown_filter(_says(accelerator, words)),
        *_outside(lowering, resource, argument, _PUBLIC_IPV4),
    )


def _outside(
    lowering: Lowering, resource: str, argument: str, sources: Ranges
) -> tuple[Stage, ...]:
    accelerator = _get(lowering, resource)
    arn, number = argument.split(" ")
    way = nth(_accelerators(lowering).ways(arn) or (), int(number))
    return (
        _onward(
            accelerator,
            way,
            Assign("source", sources),
            Assign("source_port", EPHEMERAL),
            Assign("destination", Ranges.of(way.public)),
            Assign("identity", Ranges.of(0)),
        ),
        Forward((Route(ANYTHING, _INTERNET, QUIET),), QUIET),
    )


# ------------------------------------------------------------------- replies


def _reply(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """Back to the client, from the static address that it had called."""
    accelerator = _get(lowering, resource)
    nobody = _says(accelerator, "holds no connection that this answers", code="NO_PATH")
    forget = Case(ANYTHING, (Assign("identity", Ranges.of(0)),), QUIET)
    return (
        Restore(_session(accelerator), nobody),
        Translate((forget,)),
        Forward((Route(ANYTHING, _INTERNET, QUIET),), QUIET),
    )


def _leave(lowering: Lowering, resource: str, subnet_id: str) -> tuple[Stage, ...]:
    """R-GA-2: a reply leaves the endpoint's subnet for the accelerator."""
    onward = _part(unquote(resource), "reply")
    return (
        *_acl(lowering, "subnet.leave", subnet_id),
        Forward((Route(ANYTHING, onward, QUIET),), QUIET),
    )


def _by_flow_state(lowering: Lowering, subnet_id: str) -> tuple[Stage, ...]:
    """R-GA-1: replies return through the accelerator, without a route."""
    part = "leave" if lowering.option(_ACL) == "check" else "reply"
    routes = (
        Route(
            HeaderSpace.where(source=Ranges.of(private)),
            _part(arn, part, subnet_id if part == "leave" else ""),
            QUIET,
            session=_session_of(arn),
        )
        for arn, private in lowering.table(f"{_NAME} served", _served).get(subnet_id, ())
    )
    found = tuple(routes)
    return (Forward(found),) if found else ()


def _served(lowering: Lowering) -> Mapping[str, tuple[tuple[str, int], ...]]:
    """By subnet the addresses that see the client, each with the accelerator that sends to it."""
    found: dict[str, list[tuple[str, int]]] = {}
    for accelerator, way in _all_ways(lowering):
        if way is not None and way.preserved and way.interface is not None:
            entry = accelerator.accelerator_arn, way.private
            found.setdefault(way.interface.subnet_id or "", []).append(entry)
    return {subnet: tuple(entries) for subnet, entries in found.items()}


def _all_ways(lowering: Lowering) -> Iterator[tuple[Accelerator, Way | None]]:
    """Every way of every accelerator; None where some are not known."""
    for accelerator in lowering.snapshot.records(Accelerator):
        known = _accelerators(lowering).listeners(accelerator)
        if not known or _accelerators(lowering).unlisted(accelerator):
            yield accelerator, None
        for listener in known:
            ways = _accelerators(lowering).ways(listener.listener_arn)
            if ways is None or any(not way.private and not way.public for way in ways):
                yield accelerator, None
            for way in ways or ():
                yield accelerator, way


# ------------------------------------------------------------------- at the internet, as an end


def _announce(lowering: Lowering) -> Iterator[Route]:
    """The static addresses; and replies to what an edge has sent over the internet."""
    blind = {a.accelerator_arn for a, way in _all_ways(lowering) if way and not way.preserved}
    for accelerator in lowering.snapshot.records(Accelerator):
        arn = accelerator.accelerator_arn
        words = "the internet sends this in by an edge of the accelerator"
        own = HeaderSpace.where(destination=_addresses(accelerator))
        if _addresses(accelerator):
            yield Route(own, _part(arn, "admit"), _says(accelerator, words))
        if arn in blind:
            anywhere = HeaderSpace.where(destination=_PUBLIC)
            session = _session(accelerator)
            yield Route(anywhere, _part(arn, "reply"), QUIET, session=session)


def _fronts(lowering: Lowering) -> Iterator[tuple[Ranges, str]]:
    for accelerator in lowering.snapshot.records(Accelerator):
        yield _addresses(accelerator), _part(accelerator.accelerator_arn, "admit")


def _interface_node(lowering: Lowering, interface: NetworkInterface) -> str | None:
    return node_name(_NAME, interface.network_interface_id, "interface")


def _interface(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    words = "is an accelerator's, which answers nothing there"
    return (Forward((), Origin(interface_id, words, code="NO_PATH")),)


def _senders(lowering: Lowering, interface: NetworkInterface) -> tuple[Start, ...] | None:
    """An accelerator opens no connection that a client did not."""
    return () if interface.interface_type == _MANAGED else None


def _openings(lowering: Lowering) -> Iterator[Origin]:
    """An accelerator's interface shows that there is one; which way it opens is not known.

    So does a listener or an endpoint group of one that its own call does not show.
    """
    for named in _accelerators(lowering).unheld():
        words = f"where {named} leads is not known"
        yield lowering.missing(Accelerator, named, words)
    scopes = lowering.snapshot.scopes
    if any(lowering.snapshot.has(Accelerator, *scope) for scope in scopes):
        return
    for interface in lowering.index.interfaces_where(_is_managed):
        words = "where the accelerator of this interface leads is not known"
        yield lowering.missing(Accelerator, interface.network_interface_id, words)


def _is_managed(interface: NetworkInterface) -> bool:
    return interface.interface_type == _MANAGED


def _names(lowering: Lowering) -> Iterator[tuple[str, str]]:
    for each in lowering.snapshot.records(Accelerator):
        arn = each.accelerator_arn
        for name in (arn, each.accelerator_name, each.dns_name, each.dual_stack_dns_name):
            if name:
                yield name, arn


def _end(lowering: Lowering, arn: str) -> End | None:
    accelerator = lowering.snapshot.get(Accelerator, arn)
    if accelerator is None:
        return None
    words = "opens no connections of its own"
    return End(
        accelerator.name or arn,
        goals=None,
        addresses=_addresses(accelerator),
        through=(_part(arn, "admit"),),
        nobody=_says(accelerator, words, code="NO_PATH"),
    )


def _place(lowering: Lowering, arn: str) -> Visit | None:
    """A listener, and the ways to the endpoints of a group."""
    if lowering.snapshot.get(Listener, arn) is not None:
        whose = arn.partition("/listener/")[0]
        return Visit(nodes=frozenset((_part(whose, "listener", arn),)))
    if lowering.snapshot.get(AcceleratorEndpointGroup, arn) is None:
        return None
    listener, whose = listener_of(arn), arn.partition("/listener/")[0]
    ways = _accelerators(lowering).numbers(arn)
    return Visit(nodes=frozenset(_part(whose, "way", f"{listener} {n}") for n in ways))


def _aliases(lowering: Lowering, addresses: Ranges) -> Ranges:
    """The static addresses of accelerators that may lead to one of these."""

    def make() -> tuple[list[tuple[int, int]], Ranges]:
        pairs: set[tuple[int, int]] = set()
        anywhere = Ranges(())
        for accelerator, way in _all_ways(lowering):
            if way is None:
                anywhere |= _addresses(accelerator)
                continue
            for low, _ in _addresses(accelerator).intervals:
                pairs |= {(to, low) for to in (way.private, way.public) if to}
        return sorted(pairs), anywhere

    pairs, anywhere = lowering.memo(f"{_NAME} aliases", make)
    return anywhere | Ranges.of(*beside(pairs, addresses))


def _label(lowering: Lowering, resource: str, part: str, _: object) -> tuple[str, str] | None:
    if part == "interface":
        return resource, ""
    return unquote(resource), _get(lowering, resource).name


COMPONENT = Component(
    name=_NAME,
    sections=ACCELERATORS,
    reads=(Accelerator, AcceleratorEndpointGroup, Listener),
    nodes={
        "admit": _admit,
        "listener": _listener,
        "way": _way,
        "edge": _edge,
        "edges": _edges,
        "leave": _leave,
        "reply": _reply,
        "interface": _interface,
    },
    slots={"subnet.return": _by_flow_state},
    interface_types=(_MANAGED,),
    interface_node=_interface_node,
    announce=_announce,
    senders=_senders,
    openings=_openings,
    names=_names,
    ends={"arn:": _end},
    places={"arn:": _place},
    aliases=_aliases,
    fronts=_fronts,
    label=_label,
)
