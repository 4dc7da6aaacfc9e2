"""Carrier gateways: a Wavelength Zone's door to the carrier's network and, outwards, the internet.

Works while available.  IPv4 only, one-to-one between a private address and its carrier IP: outwards
the carrier IP takes the place of the source, inwards the private address that of the destination
(R-CGW-1).  What comes in comes from the carrier's network: the internet begins nothing here, so a
carrier IP is nobody's there, but answers to what went out come back.  Which public addresses are
the carrier's hosts and which the internet's is not told apart; whether the carrier's hosts may have
private ones, and whether two carrier IPs meet in the carrier's network, is not known: undecided.
Group identity ends here, as at any gateway (R-SG-20).

Implements: R-CGW-1 R-ENI-3 R-SG-20 R-DEF-6
Not modelled: what hosts of the carrier's network do; NAT gateways in a Wavelength Zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reach.aim import Start
from reach.component import Component, End, Entry, Lowering, Target, node_name
from reach.gone import held
from reach.network.address import ANY_IPV4, RFC1918, RFC6598, Prefix, parse_address
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Deliver,
    Filter,
    Forward,
    Lookup,
    Origin,
    Route,
    Rule,
    Stage,
    Table,
    Translate,
    Unmodelled,
)
from reach.snapshot.gateway_records import CarrierGateway
from reach.snapshot.index import carrier_mapping, ipv4_blocks
from reach.snapshot.records import Address, NetworkInterface, Vpc
from reach.snapshot.section import Reference, Section
from reach.states import CARRIER_GATEWAY, refused

_NAME = "carrier_gateway"
_QUIET = Origin("", "")
_INTERNET = "internet/world/routes"
_FOUR = Ranges.prefixes((ANY_IPV4,))
_PRIVATE = Ranges.prefixes((*RFC1918, *RFC6598))


def _get(lowering: Lowering, gateway_id: str) -> CarrierGateway:
    return held(lowering.snapshot.get(CarrierGateway, gateway_id))


def _pairs(lowering: Lowering, vpc_id: str) -> Table:
    """The carrier IP of each private address in a VPC."""

    def make() -> Table:
        interfaces = lowering.index.mapped_by_vpc.get(vpc_id, ())
        return Table(tuple(sorted({pair for i in interfaces for pair in carrier_mapping(i)})))

    return lowering.memo(f"{_NAME} pairs {vpc_id}", make)


def _carrier_ips(lowering: Lowering) -> Ranges:
    """Every carrier IP of the snapshot, in use or not."""

    def make() -> Ranges:
        interfaces = lowering.index.mapped
        used = (outer for i in interfaces for _, outer in carrier_mapping(i))
        listed = (each.carrier_ip for each in lowering.snapshot.records(Address))
        return Ranges.of(*used, *(parse_address(text) for text in listed if text))

    return lowering.memo(f"{_NAME} addresses", make)


def _available(gateway: CarrierGateway) -> tuple[Stage, ...]:
    if gateway.state in ("available", ""):
        return ()
    words = f"is {gateway.state}"
    origin = Origin(gateway.carrier_gateway_id, words, "state", "BAD_STATE", gateway.name)
    return (refused(gateway.state, CARRIER_GATEWAY, origin),)


def _session(gateway_id: str, way: str) -> str:
    return f"{_NAME} {gateway_id} {way}"


def _remember(gateway_id: str, way: str) -> Filter:
    """Lets everything pass, and knows its replies."""
    return Filter((), Rule(ANYTHING, Action.PERMIT, _QUIET), _session(gateway_id, way))


# ------------------------------------------------------------------- outwards


def _out(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    """A packet of the VPC: to the internet, to the carrier's network, or back to who began."""
    gateway = _get(lowering, gateway_id)
    table = _pairs(lowering, gateway.vpc_id or "")
    forget = Assign("identity", Ranges.of(0))
    translated = Origin(gateway_id, "puts the carrier IP in the source", name=gateway.name)
    unpaired = Origin(gateway_id, "the source has no carrier IP", "source", "NO_PATH", gateway.name)
    paired = HeaderSpace.where(source=table.keys)
    unknown = HeaderSpace.where(destination=_PRIVATE | _carrier_ips(lowering))
    home = node_name(_NAME, gateway_id, "home")
    return (
        *_available(gateway),
        *lowering.slot("carrier_gateway.out", gateway_id),
        Translate((Case(paired, (Lookup("source", table), forget), translated),), unpaired),
        Forward((Route(ANYTHING, home, _QUIET, session=_session(gateway_id, "in")),)),
        _remember(gateway_id, "out"),
        Forward((Route(unknown, node_name(_NAME, gateway_id, "beyond"), _QUIET),)),
        Forward((Route(ANYTHING, _INTERNET, _QUIET),), _QUIET),
    )


def _home(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    """The reply to a host of the carrier's network."""
    received = Origin(gateway_id, "a host of the carrier's network receives the packet")
    return (Deliver(f"{_NAME}/{gateway_id}", node_name(_NAME, gateway_id, "in"), received),)


def _beyond(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    words = "who has private addresses or carrier IPs in the carrier's network is not known"
    return (Unmodelled(Origin(gateway_id, words)),)


# ------------------------------------------------------------------- inwards


def _in(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    """What a host of the carrier's network sends."""
    words = "whether hosts of the carrier's network have private addresses is not known"
    doubt = Rule(
        HeaderSpace.where(source=_PRIVATE), Action.DOUBT, Origin(gateway_id, words, "source")
    )
    return (
        Filter((doubt,), Rule(ANYTHING, Action.PERMIT, _QUIET)),
        _remember(gateway_id, "in"),
        *_back(lowering, gateway_id, ""),
    )


def _back(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    """A packet to a carrier IP; from the internet it can only be an answer."""
    gateway = _get(lowering, gateway_id)
    vpc_id = gateway.vpc_id or ""
    table = _pairs(lowering, vpc_id).inverse
    translated = Origin(
        gateway_id, "puts the private address in the destination", name=gateway.name
    )
    words = "the destination is no carrier IP of this VPC"
    unpaired = Origin(gateway_id, words, "destination", "NO_PATH", gateway.name)
    paired = HeaderSpace.where(destination=table.keys)
    return (
        *_available(gateway),
        *lowering.slot("carrier_gateway.in", gateway_id),
        Translate((Case(paired, (Lookup("destination", table),), translated),), unpaired),
        Forward((Route(ANYTHING, node_name("vpc", vpc_id, "local"), _QUIET),), _QUIET),
    )


def _announce(lowering: Lowering) -> Iterator[Route]:
    """On the internet a carrier IP takes answers, and nothing else."""
    for gateway in lowering.snapshot.records(CarrierGateway):
        own = HeaderSpace.where(destination=_pairs(lowering, gateway.vpc_id or "").values)
        back = node_name(_NAME, gateway.carrier_gateway_id, "back")
        session = _session(gateway.carrier_gateway_id, "out")
        yield Route(own, back, _QUIET, session=session)
    taken = _carrier_ips(lowering)
    if taken:
        words = "a carrier gateway lets nothing in from the internet"
        origin = Origin("carrier IP", words, "inbound", "NO_PATH")
        yield Route(HeaderSpace.where(destination=taken), "", origin)


# ------------------------------------------------------------------- in routes and questions


def _enter(lowering: Lowering, gateway_id: str, subnet: str, vpc: str) -> Entry | None:
    if lowering.snapshot.get(CarrierGateway, gateway_id) is None:
        return None
    return Entry(node_name(_NAME, gateway_id, "out"))


def _end(lowering: Lowering, gateway_id: str) -> End | None:
    """As a source: the carrier's network; as a destination: whatever lies beyond the gateway."""
    gateway = lowering.snapshot.get(CarrierGateway, gateway_id)
    if gateway is None:
        return None
    beyond = lowering.end("internet")
    assert beyond is not None
    vpc = lowering.snapshot.get(Vpc, gateway.vpc_id or "")
    inside = Ranges.prefixes(map(Prefix.parse, ipv4_blocks(vpc))) if vpc else Ranges(())
    theirs = ((beyond.addresses or Ranges(())) & _FOUR) | (_PRIVATE - inside)
    start = node_name(_NAME, gateway_id, "in")
    return replace(
        beyond,
        words=f"{gateway_id} {gateway.name}".strip(),
        starts=(Start(start, HeaderSpace.where(source=theirs), f"{_NAME}/{gateway_id}"),),
        through=(start, node_name(_NAME, gateway_id, "out")),
    )


def _aliases(lowering: Lowering, addresses: Ranges) -> Ranges:
    """The carrier IPs of private addresses."""

    def make() -> tuple[tuple[int, int], ...]:
        gateways = lowering.snapshot.records(CarrierGateway)
        return tuple(pair for g in gateways for pair in _pairs(lowering, g.vpc_id or "").pairs)

    pairs = lowering.memo(f"{_NAME} aliases", make)
    return Ranges.of(*(outer for private, outer in pairs if private in addresses))


_SECTION = Section(
    "CarrierGateways",
    CarrierGateway,
    "carrier_gateway_id",
    "ec2.DescribeCarrierGateways",
    references=(Reference("vpc_id", Vpc, unless=("state", "deleted")),),
)

COMPONENT = Component(
    name=_NAME,
    reads=(CarrierGateway, NetworkInterface, Address),
    sections=(_SECTION,),
    nodes={"out": _out, "home": _home, "beyond": _beyond, "in": _in, "back": _back},
    targets=(Target("carrier_gateway_id", "cagw-", _enter),),
    announce=_announce,
    ends={"cagw-": _end},
    aliases=_aliases,
)
