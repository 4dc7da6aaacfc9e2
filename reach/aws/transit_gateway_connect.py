"""Transit gateway Connect: GRE tunnels with BGP over another attachment, the transport.

A Connect attachment carries packets to its peers, routers of a third party in a VPC or on-premises,
over a VPC or Direct Connect attachment (R-TGW-14).  It works while the attachment, its transport
and a BGP session with one of its peers do; a session that is up shows that the tunnel's own packets
get through the transport.  Beyond it lie the networks that the peers propagate to the gateway's
route tables; what the peers do with packets is theirs.

Implements: R-TGW-14 R-TGW-1 R-SG-20
Not modelled: GRE packets that belong to no peer, which are ordinary packets of the transport.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reach.component import Component, End, Link, Lowering, node_name
from reach.gone import held
from reach.network.header_space import ANYTHING
from reach.network.stage import Forward, Origin, Route, Stage, deny_all, unknown_filter
from reach.snapshot.lines import but_default, is_default
from reach.snapshot.section import Section
from reach.snapshot.transit_records import (
    TransitGatewayAttachment,
    TransitGatewayConnect,
    TransitGatewayConnectPeer,
)
from reach.states import TRANSIT_GATEWAY_ATTACHMENT, refused

_NAME = "transit_gateway_connect"
_QUIET = Origin("", "")
_KIND = "connect"


# ------------------------------------------------------------------- whether it works


def _attachment(lowering: Lowering, attachment_id: str) -> TransitGatewayAttachment | None:
    found = lowering.index.lines.attachments(_KIND)
    return next((a for a in found if a.transit_gateway_attachment_id == attachment_id), None)


def _peers(lowering: Lowering, attachment_id: str) -> tuple[TransitGatewayConnectPeer, ...]:
    return tuple(
        each
        for each in lowering.snapshot.records(TransitGatewayConnectPeer)
        if each.transit_gateway_attachment_id == attachment_id and each.state != "deleted"
    )


def _up(peer: TransitGatewayConnectPeer) -> bool | None:
    if peer.state not in ("available", ""):
        return False
    sessions = {each.bgp_status for each in peer.connect_peer_configuration.bgp_configurations}
    return True if "up" in sessions else None if "" in sessions or not sessions else False


def _sessions(lowering: Lowering, attachment: TransitGatewayAttachment) -> bool | None:
    """Whether a BGP session with a peer is up; None where the snapshot does not tell."""
    states = {_up(each) for each in _peers(lowering, attachment.transit_gateway_attachment_id)}
    if True in states:
        return True
    known = lowering.has(TransitGatewayConnectPeer, attachment)
    return False if known and None not in states else None


def _carries(lowering: Lowering, attachment_id: str) -> tuple[Stage, ...]:
    attachment = held(_attachment(lowering, attachment_id))
    up = _sessions(lowering, attachment)
    stages: tuple[Stage, ...] = ()
    if up is None:
        words = "whether a BGP session with one of its peers is up is not known"
        missing = lowering.missing(TransitGatewayConnectPeer, attachment_id, words)
        stages = (unknown_filter(missing),)
    elif not up:
        words = "no BGP session with any of its peers is up"
        refused = Origin(attachment_id, words, "peers", "BAD_STATE_ATTACHMENT", attachment.name)
        stages = (deny_all(refused),)
    return (*_transported(lowering, attachment), *stages)


def _transported(lowering: Lowering, attachment: TransitGatewayAttachment) -> tuple[Stage, ...]:
    """The Connect attachment itself, and the one that its tunnels run over."""
    attachment_id = attachment.transit_gateway_attachment_id
    connect = lowering.snapshot.get(TransitGatewayConnect, attachment_id)
    transport_id = (
        connect.transport_transit_gateway_attachment_id if connect else None
    ) or attachment.resource_id
    gateway_id = attachment.transit_gateway_id
    transport = lowering.snapshot.get(TransitGatewayAttachment, f"{transport_id} {gateway_id}")
    states = (
        (attachment_id, connect.state if connect else ""),
        (transport_id, transport.state if transport else ""),
    )
    for resource, state in states:
        if state not in ("available", "modifying", ""):
            words = f"is {state}" if resource == attachment_id else f"carries it and is {state}"
            code = "BAD_STATE_ATTACHMENT"
            return (
                refused(state, TRANSIT_GATEWAY_ATTACHMENT, Origin(resource, words, "state", code)),
            )
    return ()


# ------------------------------------------------------------------- in and out


def _out(lowering: Lowering, attachment_id: str, _: str) -> tuple[Stage, ...]:
    hosts = node_name("on_premises", attachment_id, "hosts")
    return (
        *_carries(lowering, attachment_id),
        Forward((Route(ANYTHING, hosts, _QUIET),), _QUIET),
    )


def _in(lowering: Lowering, attachment_id: str, _: str) -> tuple[Stage, ...]:
    attachment = held(_attachment(lowering, attachment_id))
    gateway_id = attachment.transit_gateway_id
    onward = node_name("transit_gateway", attachment_id, "in", f"{gateway_id} -")
    return (
        *_carries(lowering, attachment_id),
        Forward((Route(ANYTHING, onward, _QUIET),), _QUIET),
    )


def _attached(lowering: Lowering, resource: str, attachment: str) -> str | None:
    attachment_id = attachment.partition(" ")[0]
    if _attachment(lowering, attachment_id) is None:
        return None
    return node_name(_NAME, attachment_id, "out")


def _links(lowering: Lowering) -> Iterator[Link]:
    for attachment in lowering.index.lines.attachments(_KIND):
        attachment_id = attachment.transit_gateway_attachment_id
        told, gap = lowering.index.lines.beyond(attachment_id), None
        up = _sessions(lowering, attachment)
        if not told.whole and up is not False:
            words = "what its peers have told does not show in any route table"
            gap = Origin(attachment_id, words, "prefixes", name=attachment.name)
        yield Link(
            attachment_id,
            node_name(_NAME, attachment_id, "in"),
            but_default(told.prefixes),
            gap=gap,
            to_internet=any(map(is_default, told.prefixes)),
            up=up is not False,
        )


def _peer_end(lowering: Lowering, peer_id: str) -> End | None:
    """As a source or a destination: the networks beyond its attachment, by way of it."""
    peer = lowering.snapshot.get(TransitGatewayConnectPeer, peer_id)
    attachment_id = (peer.transit_gateway_attachment_id or "") if peer is not None else ""
    if _attachment(lowering, attachment_id) is None:
        return None
    beyond = lowering.end(f"on-premises-by-{attachment_id}")
    assert beyond is not None
    ways = tuple(node_name(_NAME, attachment_id, part) for part in ("in", "out"))
    return replace(beyond, words=peer_id, through=ways)


COMPONENT = Component(
    name=_NAME,
    reads=(TransitGatewayConnectPeer, TransitGatewayConnect),
    sections=(
        Section(
            "TransitGatewayConnects",
            TransitGatewayConnect,
            "transit_gateway_attachment_id",
            "ec2.DescribeTransitGatewayConnects",
            covered_by="TransitGatewayAttachments",
        ),
        Section(
            "TransitGatewayConnectPeers",
            TransitGatewayConnectPeer,
            "transit_gateway_connect_peer_id",
            "ec2.DescribeTransitGatewayConnectPeers",
            covered_by="TransitGatewayAttachments",
        ),
    ),
    nodes={"out": _out, "in": _in},
    attached={_KIND: _attached},
    links=_links,
    ends={"tgw-connect-peer-": _peer_end},
)
