"""Pools of public addresses of one's own, routed as they are to an interface (BYOIP).

A pool that is associated with the edge table of an internet gateway is taken in and let out
untranslated; the table routes the pool, or parts of it, to an interface whose source/destination
check is off, and the guest answers for the addresses (R-IGW-9; igw-ingress-routing).  Which of
them it has is not told: an assumption.  Only what is advertised comes in; where
describe-byoip-cidrs does not tell, that is assumed as well.  What of a pool is routed nowhere is
nobody's.

Implements: R-IGW-9
Not modelled: routes that a Route Server will put there in place of these.
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.component import Component, Lowering, node_name
from reach.network.address import Prefix
from reach.network.header_space import HeaderSpace, Ranges, to_prefix
from reach.network.stage import Choose, Deliver, Forward, Option, Origin, Route, Stage
from reach.routing import overall
from reach.snapshot.ingress_pools import ByoipCidr, PublicIpv4Pool
from reach.snapshot.records import InternetGateway, NetworkInterface
from reach.snapshot.section import Section
from reach.unprinted import left_out

_NAME = "public_ipv4_pool"
_QUIET = Origin("", "")
# AWS: ByoipCidr.  On the way to or from being advertised.
_CHANGING = ("pending-advertising", "pending-withdrawal")


# ------------------------------------------------------------------- from the internet


def _announce(lowering: Lowering) -> Iterator[Route]:
    for gateway_id, blocks in overall.pools(lowering).accepted.items():
        if lowering.snapshot.get(InternetGateway, gateway_id) is None:
            match = HeaderSpace.where(destination=Ranges.prefixes(blocks))
            yield Route(match, node_name("unmodelled", gateway_id, "pool"), Origin("", ""))
    for gateway in lowering.snapshot.records(InternetGateway):
        if any(each.is_attached for each in gateway.attachments):
            for block in overall.pools(lowering).accepted.get(gateway.internet_gateway_id, ()):
                yield _sent_in(lowering, gateway, block)


def _sent_in(lowering: Lowering, gateway: InternetGateway, block: Prefix) -> Route:
    gateway_id = gateway.internet_gateway_id
    states = {
        cidr.state
        for cidr in lowering.snapshot.records(ByoipCidr)
        if Prefix.parse(cidr.cidr).covers(block)
    }
    if "advertised" in states:
        words = f"the internet sends this in by {gateway_id}"
        node = node_name("internet_gateway", gateway_id, "in")
        return Route(to_prefix(block), node, Origin("internet", words))
    if not states or states & set(_CHANGING):
        return Route(to_prefix(block), node_name(_NAME, gateway_id, "may", str(block)), _QUIET)
    words = f"{block} is {', '.join(sorted(states))}, not advertised"
    return Route(to_prefix(block), "", Origin(gateway_id, words, "pool", "NO_PATH", gateway.name))


def _may(lowering: Lowering, gateway_id: str, block: str) -> tuple[Stage, ...]:
    words = f"assumed: {block}, of a pool of its edge table, is advertised to the internet"
    onward = node_name("internet_gateway", gateway_id, "in")
    return (Choose((Option(onward, Origin(gateway_id, words)),)),)


# ------------------------------------------------------------------- at the interface


def _to_guest(lowering: Lowering, interface_id: str) -> tuple[Stage, ...]:
    """What is routed to an interface, once its groups have let it in."""
    blocks = overall.pools(lowering).routed.get(interface_id, ())
    if not blocks:
        return ()
    match = HeaderSpace.where(destination=Ranges.prefixes(blocks))
    return (Forward((Route(match, node_name(_NAME, interface_id, "held"), _QUIET),)),)


def _interface(lowering: Lowering, interface_id: str) -> NetworkInterface:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    return interface


def _held(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """The guest has the address itself, or passes the packet on (R-ENI-6)."""
    interface = _interface(lowering, interface_id)
    instance = interface.attachment.instance_id if interface.attachment else None
    siblings = lowering.index.interfaces_by_instance[instance] if instance else (interface,)
    name = interface.name
    words = "assumed: the guest has this address of the pool"
    keep = Option(node_name(_NAME, interface_id, "keep"), Origin(interface_id, words, name=name))
    words = "assumed: the guest passes packets on unchanged"
    onward = (
        Option(
            node_name("network_interface", out.network_interface_id, "resend"),
            Origin(out.network_interface_id, words, name=out.name),
        )
        for out in siblings
    )
    return (Choose((keep, *onward)),)


def _keep(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    interface = _interface(lowering, interface_id)
    owner = lowering.interface_node(interface).rpartition("/")[0]
    origin = Origin(interface_id, "receives the packet", name=interface.name)
    return (Deliver(owner, node_name("network_interface", interface_id, "resend"), origin),)


def _pose(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What the guest sends from an address of the pool."""
    words = "assumed: the guest sends from an address of the pool that is routed to it"
    onward = node_name("network_interface", interface_id, "resend")
    return (Choose((Option(onward, Origin(interface_id, words)),)),)


def _openings(lowering: Lowering) -> Iterator[Origin]:
    """Pools that are listed, and of which no table tells for certain whether a gateway has them."""
    for name in overall.pools(lowering).unlisted:
        pool = lowering.snapshot.get(PublicIpv4Pool, name)
        if pool is not None:
            words = "another way may exist: whether a gateway takes in its addresses is not known"
            yield left_out(lowering, pool) or Origin(name, words, code="UNKNOWN_RESOURCE")


COMPONENT = Component(
    name=_NAME,
    reads=(PublicIpv4Pool, ByoipCidr),
    sections=(
        Section(
            "PublicIpv4Pools",
            PublicIpv4Pool,
            "pool_id",
            "ec2.DescribePublicIpv4Pools",
            addresses={
                "pool_address_ranges[].first_address": "IPv4 address",
                "pool_address_ranges[].last_address": "IPv4 address",
            },
        ),
        Section(
            "ByoipCidrs", ByoipCidr, "cidr", "ec2.DescribeByoipCidrs", addresses={"cidr": "CIDR"}
        ),
    ),
    nodes={"may": _may, "held": _held, "keep": _keep, "pose": _pose},
    slots={"network_interface.passing": _to_guest},
    announce=_announce,
    openings=_openings,
)
