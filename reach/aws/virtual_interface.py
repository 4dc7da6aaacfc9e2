"""Virtual interfaces of Direct Connect: the lines themselves, one BGP session an IP version.

A private virtual interface ends at one virtual private gateway or at a Direct Connect gateway, a
transit one always at the latter.  It carries an IP version while its BGP session for that version
is up, IPv6 as well (R-VGW-8).  Beyond it lies what it has told its gateway of: that shows in the
route tables that a virtual private gateway propagates to, and in those of a transit gateway.  With
several lines on one gateway it does not show which of them told what.  A public virtual interface
leads to public addresses, which is the way of the internet (R-DX-3).

Implements: R-DX-3 R-VGW-3 R-VGW-8 R-VGW-9
Not modelled: SiteLink; the routers at its ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reach.component import Component, End, Link, Lowering, Uplink, node_name
from reach.gone import held
from reach.network.address import ANY_IPV4, ANY_IPV6, Prefix
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Action, Filter, Forward, Origin, Route, Rule, Stage, deny_all
from reach.snapshot.call import Call, Per
from reach.snapshot.lines import but_default, interface_up, is_default, peer_up
from reach.snapshot.private_records import (
    DirectConnectGateway,
    DirectConnectGatewayAssociation,
    DirectConnectGatewayAttachment,
    VirtualInterface,
)
from reach.snapshot.section import Reference, Section

_NAME = "virtual_interface"
_QUIET = Origin("", "")
_FAMILIES = (("ipv4", ANY_IPV4), ("ipv6", ANY_IPV6))
_FIRST = 0  # R-VGW-9
_HIDDEN = "what prefixes it has told does not show in any route table"


# ------------------------------------------------------------------- what lies beyond


@dataclass(frozen=True, slots=True)
class _Beyond:
    """What lies beyond a virtual interface: for certain, or beyond it or another line."""

    known: tuple[Prefix, ...]
    perhaps: tuple[Prefix, ...]
    whole: bool


def _beyond(lowering: Lowering, interface: VirtualInterface) -> _Beyond:
    lines, name = lowering.index.lines, interface.virtual_interface_id
    if interface.virtual_gateway_id:
        told = lines.told_by(interface.virtual_gateway_id, name)
        return _Beyond(told.known, told.perhaps, told.whole)
    gateway_id = lines.gateway_of(interface)
    siblings = [each for each in lines.interfaces(gateway_id) if interface_up(each) is not False]
    single = len(siblings) == 1 and not lines.unseen_interfaces(gateway_id)
    every = lines.told_to_all(gateway_id)
    found = [replace(told, alone=told.alone and single) for told in every]
    return _Beyond(
        tuple(p for told in found for p in told.known),
        tuple(p for told in found for p in told.perhaps),
        all(told.whole for told in found),
    )


def _links(lowering: Lowering) -> Iterator[Link]:
    for interface in lowering.snapshot.records(VirtualInterface):
        deleted = interface.virtual_interface_state == "deleted"
        if interface.virtual_interface_type != "public" and not deleted:
            yield _link(lowering, interface)


def _link(lowering: Lowering, interface: VirtualInterface) -> Link:
    name, beyond = interface.virtual_interface_id, _beyond(lowering, interface)
    up = interface_up(interface) is not False
    hidden = Origin(name, _HIDDEN, "prefixes", name=interface.name)
    return Link(
        name,
        node_name(_NAME, name, "in"),
        but_default(beyond.known),
        gap=hidden if up and not beyond.whole else None,
        to_internet=any(map(is_default, (*beyond.known, *beyond.perhaps))),
        perhaps=but_default(beyond.perhaps),
        up=up,
    )


def _uplinks(lowering: Lowering, gateway_id: str) -> Iterator[Uplink]:
    """The interfaces that end at a virtual private gateway itself."""
    for interface in lowering.index.lines.interfaces(gateway_id):
        name, up = interface.virtual_interface_id, interface_up(interface) is not False
        told = lowering.index.lines.told_by(gateway_id, name)
        hidden = Origin(name, _HIDDEN, "prefixes", name=interface.name)
        gap = hidden if up and not told.whole else None
        node = node_name(_NAME, name, "out")
        yield Uplink(name, node, told.known, told.perhaps, gap, _FIRST, up)


# ------------------------------------------------------------------- what it carries


def _sessions(interface: VirtualInterface) -> Filter:
    """The IP versions that its BGP sessions are up for."""
    name, rules = interface.virtual_interface_id, []
    for family, block in _FAMILIES:
        up = peer_up(interface, family)
        if up is not False:
            match = HeaderSpace.where(destination=Ranges.prefixes((block,)))
            words = f"whether its {family} BGP session is up is not known"
            doubt = Origin(name, words, "BGP", name=interface.name)
            rules.append(
                Rule(match, Action.PERMIT, _QUIET) if up else Rule(match, Action.DOUBT, doubt)
            )
    state = interface.virtual_interface_state
    words = f"is {state}"
    if state in ("available", "unknown", ""):
        words = "has no BGP session that is up for this IP version"
    down = Origin(name, words, "state", "BAD_STATE", interface.name)
    return Filter(tuple(rules), Rule(ANYTHING, Action.DENY, down))


def _out(lowering: Lowering, name: str, _: str) -> tuple[Stage, ...]:
    interface = held(lowering.snapshot.get(VirtualInterface, name))
    hosts = node_name("on_premises", name, "hosts")
    return (_sessions(interface), Forward((Route(ANYTHING, hosts, _QUIET),), _QUIET))


def _in(lowering: Lowering, name: str, _: str) -> tuple[Stage, ...]:
    interface = held(lowering.snapshot.get(VirtualInterface, name))
    gateway_id = lowering.index.lines.gateway_of(interface)
    if interface.virtual_gateway_id:
        onward = node_name("vpn_gateway", interface.virtual_gateway_id, "in")
    elif gateway_id:
        onward = node_name("direct_connect_gateway", gateway_id, "announced")
    else:
        words = "ends at no gateway"
        nowhere = Origin(name, words, "gateway", "BAD_STATE_ATTACHMENT", interface.name)
        return (deny_all(nowhere), Forward((), nowhere))
    return (_sessions(interface), Forward((Route(ANYTHING, onward, _QUIET),), _QUIET))


# ------------------------------------------------------------------- as an end of a question


def _end(lowering: Lowering, name: str) -> End | None:
    """As a source or a destination: on-premises, by way of it."""
    interface = lowering.snapshot.get(VirtualInterface, name)
    if interface is None:
        return None
    if interface.virtual_interface_type == "public":
        words = "is a public one, which is a way of the internet: what comes by it is not known"
        return End(name, gap=Origin(name, words, "type", "UNSUPPORTED_COMPONENT", interface.name))
    beyond = lowering.end(f"on-premises-by-{name}")
    assert beyond is not None
    ways = tuple(node_name(_NAME, name, part) for part in ("in", "out"))
    gap = beyond.gap
    if not lowering.snapshot.has(DirectConnectGatewayAssociation):
        words = f"what {name} leads to is not known"
        gap = gap or lowering.missing(DirectConnectGatewayAssociation, name, words)
    return replace(beyond, words=name, through=ways, gap=gap)


def _names(lowering: Lowering) -> Iterator[tuple[str, str]]:
    for interface in lowering.snapshot.records(VirtualInterface):
        if interface.name:
            yield interface.name, interface.virtual_interface_id


COMPONENT = Component(
    name=_NAME,
    reads=(VirtualInterface, DirectConnectGatewayAttachment),
    sections=(
        Section(
            "virtualInterfaces",
            VirtualInterface,
            "virtual_interface_id",
            "directconnect.DescribeVirtualInterfaces",
        ),
        Section(
            "directConnectGatewayAttachments",
            DirectConnectGatewayAttachment,
            "key",
            "directconnect.DescribeDirectConnectGatewayAttachments",
            references=(Reference("direct_connect_gateway_id", DirectConnectGateway),),
            asked=(
                Call(
                    "directconnect.DescribeDirectConnectGatewayAttachments",
                    take="directConnectGatewayAttachments",
                    per=(
                        Per(
                            "directconnect.DescribeDirectConnectGateways",
                            {"directConnectGatewayId": "directConnectGatewayId"},
                            unless=("directConnectGatewayState", "deleted"),
                        ),
                        Per(
                            "directconnect.DescribeVirtualInterfaces",
                            {"virtualInterfaceId": "virtualInterfaceId"},
                            unless=("virtualInterfaceState", "deleted"),
                        ),
                    ),
                ),
            ),
        ),
    ),
    nodes={"in": _in, "out": _out},
    links=_links,
    uplinks=_uplinks,
    names=_names,
    ends={"dxvif-": _end},
)
