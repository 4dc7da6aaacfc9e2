"""Virtual private gateways: a VPC's private way on-premises, and the way in from there.

Usable while attached (R-VGW-1).  It takes only packets from addresses of its VPC's own interfaces,
so nothing passes through the VPC to it (R-VGW-6), and sends on only what it knows the prefix of, by
BGP or by static routes (R-VGW-3): the longest prefix first, lines that are down last, of equal
prefixes Direct Connect, then static, then BGP routes of VPN connections (R-VGW-9).  Which line told
it of a prefix does not show when there are several that learn: any of them is assumed.  What comes
in must be for an address of an interface of the VPC, whatever gateways and endpoints the VPC has
(R-VGW-5, R-VGW-7), and must not claim to come from the VPC itself; it follows the gateway's edge
table, else local routing (R-RT-19, R-RT-20).  The gateway keeps no group identity (R-SG-20).

A gateway that shows prefixes of no line in the snapshot, or no line at all, may have one that was
not asked for: what lies there is doubted.  The calls of Direct Connect are left out by many; that
they are absent counts only then, or where the snapshot shows that Direct Connect is used.

Implements: R-VGW-1 R-VGW-2 R-VGW-3 R-VGW-5 R-VGW-6 R-VGW-7 R-VGW-9 R-RT-3 R-RT-19 R-RT-20 R-SG-20
Not modelled: lines of one gateway that reach each other (R-VGW-10: undecided); path lengths of
learned routes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from reach.component import Component, End, Entry, Link, Lowering, Target, Uplink, node_name
from reach.interfaces.ends import unheld_in
from reach.interfaces.gateways import translators_in
from reach.network.address import Prefix, parse_address
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges, to_prefix
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
    unknown_filter,
)
from reach.snapshot.index import vpc_blocks
from reach.snapshot.lines import but_default, is_default
from reach.snapshot.private_records import VpnConnection, VpnGateway, VpnGatewayAttachment
from reach.snapshot.records import NetworkInterface, RouteTable, Vpc
from reach.snapshot.section import Reference, Section
from reach.states import ATTACHMENT, NAT_GATEWAY, VPN_GATEWAY, may_work, refused
from reach.unprinted import left_out_in

_NAME = "vpn_gateway"
_QUIET = Origin("", "")
_PARTLY = "whether Direct Connect hangs on it is not known: not all its calls were made"


# ------------------------------------------------------------------- what it is attached to


def _vpc_of(gateway: VpnGateway) -> str:
    """The VPC it is attached to, or nothing (R-VGW-1)."""
    attachment = _attachment(gateway)
    return (attachment and attachment.vpc_id) or ""


def _attachment(gateway: VpnGateway) -> VpnGatewayAttachment | None:
    attached = (each for each in gateway.vpc_attachments if each.is_attached)
    return next((each for each in attached if each.vpc_id), None)


def _unknown(lowering: Lowering, gateway_id: str) -> Unmodelled:
    origin = lowering.missing(VpnGateway, gateway_id, "this gateway is not known")
    return Unmodelled(replace(origin, code="UNKNOWN_RESOURCE"))


def _works(gateway: VpnGateway, vpc_id: str = "") -> tuple[Stage, ...]:
    name = gateway.name
    if gateway.state not in ("available", ""):
        words = f"is {gateway.state}"
        origin = Origin(gateway.vpn_gateway_id, words, "state", "BAD_STATE", name)
        return (refused(gateway.state, VPN_GATEWAY, origin),)
    words = f"is not attached to {vpc_id or 'a VPC'}"
    origin = Origin(gateway.vpn_gateway_id, words, "attachment", "BAD_STATE_ATTACHMENT", name)
    attachment = _attachment(gateway)
    if attachment is None or vpc_id not in ("", attachment.vpc_id):
        return (deny_all(origin),)
    return () if attachment.is_settled else (refused(attachment.state, ATTACHMENT, origin),)


def _own(lowering: Lowering, vpc_id: str) -> Ranges:
    """The private addresses of a VPC's interfaces."""

    def make() -> Ranges:
        interfaces = lowering.index.interfaces_by_vpc.get(vpc_id, ())
        spans = list(lowering.index.addresses_of(interfaces).intervals)
        # R-NAT-2: a NAT gateway sends with its own address.
        for gateway in translators_in(lowering, vpc_id):
            if may_work(gateway.state, NAT_GATEWAY):
                for place in gateway.nat_gateway_addresses:
                    if place.private_ip:
                        spans += Ranges.of(parse_address(place.private_ip)).intervals
        return Ranges.union(spans)

    return lowering.memo(f"{_NAME} own {vpc_id}", make)


def _blocks(lowering: Lowering, vpc_id: str) -> Ranges:
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    blocks = vpc_blocks(vpc) if vpc is not None else ()
    return Ranges.prefixes(map(Prefix.parse, blocks))


def _only_own(lowering: Lowering, gateway: VpnGateway, side: str, refused: Origin) -> Filter:
    """R-VGW-5, R-VGW-6: the VPC's end of the packet is an address of one of its interfaces."""
    vpc_id = _vpc_of(gateway)
    known = Rule(HeaderSpace.where(**{side: _own(lowering, vpc_id)}), Action.PERMIT, _QUIET)
    unseen = _more_addresses(lowering, gateway.vpn_gateway_id, vpc_id, side)
    if unseen is None:
        return Filter((known,), Rule(ANYTHING, Action.DENY, refused))
    return Filter((known,), Rule(ANYTHING, Action.DOUBT, unseen))


def _more_addresses(lowering: Lowering, gateway_id: str, vpc_id: str, side: str) -> Origin | None:
    """Why its VPC may have addresses that no interface in the snapshot has (law 2, R-SHARE-3)."""
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if vpc is None or not lowering.has(NetworkInterface, vpc):
        words = f"whether the {side} is an address of {vpc_id} is not known"
        return lowering.missing(NetworkInterface, gateway_id, words)
    untold = left_out_in(lowering, NetworkInterface, vpc_id, "private_ip_addresses")
    if untold is not None:
        return untold
    if not lowering.index.told_by_owner(NetworkInterface, vpc):
        words = f"is shared by {vpc.owner_id}, whose interfaces in it are not in the snapshot"
        return Origin(vpc_id, words, code="UNKNOWN_RESOURCE", name=vpc.name)
    return unheld_in(lowering, (vpc_id,))


# ------------------------------------------------------------------- out


def _out(lowering: Lowering, gateway_id: str, vpc_id: str) -> tuple[Stage, ...]:
    gateway = lowering.snapshot.get(VpnGateway, gateway_id)
    if gateway is None:
        return (_unknown(lowering, gateway_id),)
    words = f"takes only packets from addresses of interfaces in {vpc_id}"
    code = "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS"
    foreign = Origin(gateway_id, words, "source", code, gateway.name)
    return (
        *_works(gateway, vpc_id),
        *lowering.slot("encryption.virtual_private_gateway", vpc_id),
        _only_own(lowering, gateway, "source", foreign),
        FORGET,
        Forward(tuple(_routes(lowering, gateway))),
        *_beyond_what_it_knows(lowering, gateway),
    )


@dataclass(frozen=True, slots=True)
class _Rivals:
    """The uplinks that may take a prefix, one of them for certain unless nothing is known."""

    prefix: Prefix
    uplinks: tuple[Uplink, ...]
    certain: bool = True


def _rivals(uplinks: Sequence[Uplink]) -> Iterator[_Rivals]:
    """R-VGW-9: for each prefix who takes it, the longest first."""
    certain: dict[Prefix, list[Uplink]] = {}
    perhaps: dict[Prefix, list[Uplink]] = {}
    for uplink in uplinks:
        for prefix in uplink.prefixes:
            certain.setdefault(prefix, []).append(uplink)
        for prefix in uplink.perhaps:
            perhaps.setdefault(prefix, []).append(uplink)
    ordered = sorted({*certain, *perhaps}, key=lambda each: (-each.length, each.value))
    for prefix in ordered:
        sure = certain.get(prefix, [])
        best = min((uplink.rank for uplink in sure), default=None)
        first = [uplink for uplink in sure if uplink.rank == best]
        better = [u for u in perhaps.get(prefix, ()) if best is None or u.rank <= best]
        found = tuple({u.resource: u for u in (*first, *better)}.values())
        yield _Rivals(prefix, found, bool(first))


def _ordered(lowering: Lowering, gateway_id: str) -> tuple[_Rivals, ...]:
    """What is up first: the health of a line counts before its prefixes."""

    def make() -> tuple[_Rivals, ...]:
        uplinks = lowering.uplinks(gateway_id)
        up = [uplink for uplink in uplinks if uplink.up]
        if any(uplink.gap is not None for uplink in up):
            return tuple(_rivals(up))
        down = [uplink for uplink in uplinks if not uplink.up]
        return (*_rivals(up), *_rivals(down))

    return lowering.memo(f"{_NAME} rivals {gateway_id}", make)


def _routes(lowering: Lowering, gateway: VpnGateway) -> Iterator[Route]:
    gateway_id = gateway.vpn_gateway_id
    for number, rivals in enumerate(_ordered(lowering, gateway_id)):
        match, locator = to_prefix(rivals.prefix), f"prefix {rivals.prefix}"
        if len(rivals.uplinks) == 1 and rivals.certain:
            (only,) = rivals.uplinks
            words = f"sends {rivals.prefix} over {only.resource}"
            yield Route(match, only.node, Origin(gateway_id, words, locator, name=gateway.name))
        else:
            node = node_name(_NAME, gateway_id, "either", str(number))
            yield Route(match, node, Origin(gateway_id, "", locator))


def _either(lowering: Lowering, gateway_id: str, number: str) -> tuple[Stage, ...]:
    every = _ordered(lowering, gateway_id)
    if int(number) >= len(every):  # any more: nobody is led here
        return (Unmodelled(Origin(gateway_id, "knows fewer prefixes")),)
    rivals = every[int(number)]
    words = f"assumed: of the lines that may have told it of {rivals.prefix} it uses"
    return (
        Choose(
            tuple(
                Option(each.node, Origin(gateway_id, f"{words} {each.resource}"))
                for each in rivals.uplinks
            )
        ),
    )


def _beyond_what_it_knows(lowering: Lowering, gateway: VpnGateway) -> tuple[Stage, ...]:
    """R-VGW-3: other traffic is dropped, unless it may know more than the snapshot shows."""
    gateway_id = gateway.vpn_gateway_id
    open_ended = [each for each in lowering.uplinks(gateway_id) if each.gap and each.up]
    if len(open_ended) == 1:
        return (Forward((Route(ANYTHING, open_ended[0].node, _QUIET),), _QUIET),)
    if open_ended:
        words = "assumed: of the lines whose prefixes do not show it uses"
        return (
            Choose(
                tuple(
                    Option(each.node, Origin(gateway_id, f"{words} {each.resource}"))
                    for each in open_ended
                )
            ),
        )
    words = "knows no prefix that holds the destination, by BGP or by a static route"
    code = "NO_POSSIBLE_DESTINATION"
    refused = Origin(gateway_id, words, "prefixes", code, gateway.name)
    return (deny_all(refused), Forward((), refused))


# ------------------------------------------------------------------- in


def _in(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    """What a line brings in."""
    gateway = lowering.snapshot.get(VpnGateway, gateway_id)
    if gateway is None:
        return (_unknown(lowering, gateway_id),)
    vpc_id = _vpc_of(gateway)
    words = f"the destination is no private address of an interface in {vpc_id}"
    code = "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"
    beyond = Origin(gateway_id, words, "destination", code, gateway.name)
    words = f"drops packets from outside whose source lies in {vpc_id}"
    code = "GATEWAY_REJECTS_SPOOFED_TRAFFIC"
    spoofed = Origin(gateway_id, words, "source", code, gateway.name)
    own = HeaderSpace.where(source=_blocks(lowering, vpc_id))
    local = Route(ANYTHING, node_name("vpc", vpc_id, "local"), _QUIET)
    return (
        *_works(gateway),
        *_between_lines(lowering, gateway_id),
        *lowering.slot("encryption.virtual_private_gateway", vpc_id),
        Filter((Rule(own, Action.DENY, spoofed),), Rule(ANYTHING, Action.PERMIT, _QUIET)),
        _only_own(lowering, gateway, "destination", beyond),
        FORGET,
        *lowering.slot("gateway.route", gateway_id),
        Forward((local,), _QUIET),
    )


def _between_lines(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    """R-VGW-10: from one of its lines to another; whether its sites let it does not show."""
    uplinks = lowering.uplinks(gateway_id)
    prefixes = [p for each in uplinks for p in (*each.prefixes, *each.perhaps) if not is_default(p)]
    if len(uplinks) < 2 or not prefixes:
        return ()
    match = HeaderSpace.where(destination=Ranges.prefixes(prefixes))
    return (Forward((Route(match, node_name(_NAME, gateway_id, "between"), _QUIET),)),)


def _between(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    words = "whether its lines reach each other depends on what their sites tell each other"
    return (Unmodelled(Origin(gateway_id, words, "lines")),)


# ------------------------------------------------------------------- a line that does not show


@dataclass(frozen=True, slots=True)
class _Unseen:
    """A line that does not show: what it has told, or perhaps has, and why nobody knows."""

    gap: Origin
    known: tuple[Prefix, ...] = ()
    perhaps: tuple[Prefix, ...] = ()


def _unseen(lowering: Lowering, gateway: VpnGateway) -> _Unseen | None:
    gateway_id, lines = gateway.vpn_gateway_id, lowering.index.lines
    found, again = _first_told(lowering, gateway), lines.told_again(gateway_id)
    if found is None and not again:
        return None
    if found is None:
        return _Unseen(Origin(gateway_id, _PARTLY, "lines"), perhaps=again)
    prefixes, gap = found
    if lines.learners(gateway_id):
        return _Unseen(gap, perhaps=(*prefixes, *again))
    return _Unseen(gap, prefixes, again)


def _first_told(
    lowering: Lowering, gateway: VpnGateway
) -> tuple[tuple[Prefix, ...], Origin] | None:
    """Prefixes of no line in the snapshot, and what may be said of the line that told them."""
    gateway_id, lines = gateway.vpn_gateway_id, lowering.index.lines
    told = lines.learned(gateway_id)
    words = "by which line it learned its prefixes is not known"
    if not lines.connections_asked(gateway_id):
        missing = lowering.missing(VpnConnection, gateway_id, "what hangs on it is not known")
        return told.prefixes, missing
    if lines.learners(gateway_id) and not lines.has_more(gateway_id):
        return None
    if told.prefixes:
        return told.prefixes, Origin(gateway_id, words, "prefixes")
    if lines.direct_connect_asked:
        return None
    if lines.direct_connect_used:
        return (), Origin(gateway_id, _PARTLY, "lines")
    if lines.connections(gateway_id):
        return None
    words = "no line hangs on it in the snapshot, and the calls of Direct Connect were not made"
    return (), Origin(gateway_id, words, "lines")


def _uplinks(lowering: Lowering, gateway_id: str) -> Iterator[Uplink]:
    gateway = lowering.snapshot.get(VpnGateway, gateway_id)
    # Of one that is attached to no VPC there is no line on-premises either (``_links``).
    attached = gateway is not None and _vpc_of(gateway)
    unseen = _unseen(lowering, gateway) if gateway is not None and attached else None
    if unseen is not None:
        node = node_name(_NAME, gateway_id, "unseen")
        open_ended = unseen.gap if _is_open(lowering, gateway_id) else None
        yield Uplink(gateway_id, node, unseen.known, unseen.perhaps, open_ended)


def _is_open(lowering: Lowering, gateway_id: str) -> bool:
    """Whether there may be prefixes that no table shows."""
    lines = lowering.index.lines
    return not (lines.connections_asked(gateway_id) and lines.learned(gateway_id).whole)


def _links(lowering: Lowering) -> Iterator[Link]:
    for gateway in lowering.snapshot.records(VpnGateway):
        unseen = _unseen(lowering, gateway) if _vpc_of(gateway) else None
        if unseen is not None:
            gateway_id, told = gateway.vpn_gateway_id, (*unseen.known, *unseen.perhaps)
            yield Link(
                gateway_id,
                node_name(_NAME, gateway_id, "from_unseen"),
                but_default(unseen.known),
                gap=unseen.gap if _is_open(lowering, gateway_id) else None,
                to_internet=any(map(is_default, told)),
                perhaps=but_default(unseen.perhaps),
            )


def _doubted(to: str, lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    gateway = lowering.snapshot.get(VpnGateway, gateway_id)
    unseen = _unseen(lowering, gateway) if gateway is not None else None
    if unseen is None:  # any more: nobody is led here
        return (Unmodelled(Origin(gateway_id, "has no line that does not show")),)
    onward = node_name(_NAME, gateway_id, "in")
    if to == "hosts":
        onward = node_name("on_premises", gateway_id, "hosts")
    return (unknown_filter(unseen.gap), Forward((Route(ANYTHING, onward, _QUIET),), _QUIET))


# ------------------------------------------------------------------- routes and ends


def _enter(lowering: Lowering, gateway_id: str, subnet: str, vpc: str) -> Entry:
    return Entry(node_name(_NAME, gateway_id, "out", vpc))


def _end(lowering: Lowering, gateway_id: str) -> End | None:
    """As a source or a destination: on-premises, by way of it."""
    gateway = lowering.snapshot.get(VpnGateway, gateway_id)
    if gateway is None:
        return None
    ways = tuple(
        node_name(_NAME, gateway_id, *part) for part in (("in",), ("out", _vpc_of(gateway)))
    )
    beyond = lowering.end(f"on-premises-by-{' '.join(_lines(lowering, gateway_id))}")
    assert beyond is not None
    return replace(beyond, words=gateway_id, through=ways)


def _lines(lowering: Lowering, gateway_id: str) -> Iterator[str]:
    """Everything by which it leads on-premises."""
    lines = lowering.index.lines
    yield gateway_id
    yield from (each.vpn_connection_id for each in lines.connections(gateway_id))
    yield from (each.virtual_interface_id for each in lines.interfaces(gateway_id))
    for association in lines.associations(gateway_id):
        further = association.direct_connect_gateway_id
        yield further
        yield from (each.virtual_interface_id for each in lines.interfaces(further))


COMPONENT = Component(
    name=_NAME,
    reads=(VpnGateway, RouteTable, NetworkInterface, Vpc),
    sections=(
        Section(
            "VpnGateways",
            VpnGateway,
            "vpn_gateway_id",
            "ec2.DescribeVpnGateways",
            references=(Reference("vpc_attachments[].vpc_id", Vpc, unless=("state", "detached")),),
        ),
    ),
    nodes={
        "out": _out,
        "either": _either,
        "in": _in,
        "between": _between,
        "unseen": partial(_doubted, "hosts"),
        "from_unseen": partial(_doubted, "in"),
    },
    targets=(Target("gateway_id", "vgw-", _enter),),
    links=_links,
    uplinks=_uplinks,
    ends={"vgw-": _end},
)
