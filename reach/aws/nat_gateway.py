"""NAT gateways: many private sources behind the gateway's own address, replies only.

Works while available (R-NAT-1).  The source becomes one of the gateway's private addresses and the
source port a fresh one in 1024-65535 (R-NAT-2, R-EPH-3); then the gateway's own subnet routes it
(R-RT-3), and an internet gateway there puts the public address in place.  TCP, UDP and ICMP only
(R-NAT-3).  It answers nothing but replies of its own connections (R-NAT-4, R-OBS-4, R-OBS-7).  It
serves sources of its own VPC; any other must have come in by a transit gateway, if one is attached
(R-NAT-7, U-4), and its subnet has to route the replies back there (R-NAT-9).  It has no security
group, its subnet's network ACL counts (R-NAT-5, R-NACL-16).  Replies over a peering come back to it
even without a route (R-NAT-8).  IPv6 to 64:ff9b::/96 becomes IPv4 (R-NAT-10).  A regional gateway
has no subnet and a route table of its own (R-NAT-12); from a zone it does not cover, manual mode
drops and automatic mode *may* serve (R-NAT-13, U-1).

Implements: R-NAT-1 R-NAT-2 R-NAT-3 R-NAT-4 R-NAT-5 R-NAT-6 R-NAT-7 R-NAT-8 R-NAT-9 R-NAT-10
R-NAT-11 R-NAT-12 R-NAT-13 R-NACL-16 R-EPH-3 R-OBS-4 R-OBS-7 R-SG-20 R-AZ-1
Not modelled: capacity (R-NAT-15).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from reach.component import Component, Denial, End, Entry, Lowering, Target, node_name
from reach.gone import held
from reach.interfaces.gateways import translators_in
from reach.network.address import ANY_IPV4, Prefix, is_ipv4, parse_address
from reach.network.field import ICMP, ICMPV6, TCP, UDP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Choose,
    Embed,
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
)
from reach.routing.tables import table_of
from reach.routing.winning import won_by
from reach.snapshot.core_network_records import core_attachments
from reach.snapshot.index import vpc_blocks
from reach.snapshot.interface_records import NAT_TYPES
from reach.snapshot.record import where
from reach.snapshot.records import (
    NatGateway,
    NetworkInterface,
    RouteTable,
    Subnet,
    Vpc,
    VpcPeeringConnection,
)
from reach.snapshot.transit_records import TransitGatewayVpcAttachment
from reach.states import (
    NAT_GATEWAY,
    PEERING,
    TRANSIT_GATEWAY_ATTACHMENT,
    may_work,
    refused,
)
from reach.unprinted import left_out

_NAME = "nat_gateway"
_QUIET = Origin("", "")
_FOUR = Ranges.prefixes((ANY_IPV4,))
_NAT64 = Ranges.prefixes((Prefix.parse("64:ff9b::/96"),))
_EPHEMERAL = Ranges.span(1024, 65535)
# NatGatewayAddressStatus of the EC2 API.
_IN_USE = ("succeeded", "associating")
_NOT_IN_USE = ("assigning", "unassigning", "disassociating", "failed")
_FROM_TRANSIT, _ZONE = "nat-from-transit", "regional-nat-zone"


def _get(lowering: Lowering, gateway_id: str) -> NatGateway:
    return held(lowering.snapshot.get(NatGateway, gateway_id))


def _session(gateway_id: str) -> str:
    return f"{_NAME} {gateway_id}"


def _is_regional(gateway: NatGateway) -> bool:
    return gateway.availability_mode == "regional"


def _own(gateway: NatGateway) -> Ranges:
    """The private addresses it translates to; a regional one shows only public ones."""
    places = [
        place for place in gateway.nat_gateway_addresses if place.status in (None, "", *_IN_USE)
    ]
    private = [parse_address(place.private_ip) for place in places if place.private_ip]
    public = [parse_address(place.public_ip) for place in places if place.public_ip]
    return Ranges.of(*(public if _is_regional(gateway) else private))


def _clients(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    gateway = _get(lowering, gateway_id)
    onward = (
        node_name("route_table", gateway.route_table_id or "", "alone")
        if _is_regional(gateway)
        else node_name("subnet", gateway.subnet_id or "", "emit")
    )
    translated = Origin(gateway_id, "puts its own address in the source", name=gateway.name)
    refused = Origin(
        gateway_id,
        "translates only TCP, UDP and ICMP over IPv4, and IPv6 to 64:ff9b::/96",
        "protocol",
        "PROTOCOL_RESTRICTION",
        gateway.name,
    )
    return (
        *_available(lowering, gateway),
        *lowering.slot("nat_gateway.clients", gateway_id),
        _only_openings(gateway),
        _only_own_vpc(lowering, gateway),
        Forward((_echo64(gateway_id),)),
        Translate(_cases(gateway, translated), refused, _session(gateway_id)),
        Forward((Route(ANYTHING, onward, _QUIET),), _QUIET),
    )


def _available(lowering: Lowering, gateway: NatGateway) -> tuple[Stage, ...]:
    untold = (
        left_out(lowering, gateway, "nat_gateway_addresses")
        or _strange_address(gateway)
        or _untold_address(gateway)
    )
    if untold is not None:
        return (Unmodelled(untold),)
    if gateway.is_available and _own(gateway):
        return ()
    words = "has no address to translate to" if gateway.is_available else f"is {gateway.state}"
    origin = Origin(gateway.nat_gateway_id, words, "state", "BAD_STATE", gateway.name)
    if gateway.is_available:
        return (deny_all(origin),)
    return (refused(gateway.state, NAT_GATEWAY, origin),)


def _strange_address(gateway: NatGateway) -> Origin | None:
    """R-NAT-1, R-NAT-12: of a kind that nobody knows nothing is known; an address in a state that
    nobody knows may be in use or not."""
    for key, said, known in (
        ("AvailabilityMode", gateway.availability_mode, ("zonal", "regional")),
        ("ConnectivityType", gateway.connectivity_type, ("public", "private")),
    ):
        if said not in known:
            words = f"what it does is not known: {said!r} ({where(gateway)}/{key})"
            return Origin(gateway.nat_gateway_id, words, code="UNKNOWN_RESOURCE", name=gateway.name)
    for number, place in enumerate(gateway.nat_gateway_addresses):
        if place.status not in (None, "", *_IN_USE, *_NOT_IN_USE):
            at = f"{where(gateway)}/NatGatewayAddresses/{number}/Status"
            words = f"whether it uses {place.public_ip or place.private_ip} is not known"
            words = f"{words}: {place.status!r} is no state of AWS's ({at})"
            return Origin(gateway.nat_gateway_id, words, code="UNKNOWN_RESOURCE", name=gateway.name)
    return None


def _untold_address(gateway: NatGateway) -> Origin | None:
    """A zonal gateway that works has a private address, which is printed (R-NAT-2)."""
    places = gateway.nat_gateway_addresses
    if _is_regional(gateway) or not gateway.is_available or _own(gateway):
        return None
    untold = (n for n, p in enumerate(places) if not p.private_ip and p.status not in _NOT_IN_USE)
    number = next(untold, None)
    if number is None:
        return None
    at = f"{where(gateway)}/NatGatewayAddresses/{number}/PrivateIp"
    words = f"lacks PrivateIp, which describe-nat-gateways always prints ({at})"
    return Origin(gateway.nat_gateway_id, words, code="UNKNOWN_RESOURCE", name=gateway.name)


def _only_openings(gateway: NatGateway) -> Filter:
    """R-OBS-4: a reply to a connection that did not come this way is dropped."""
    unknown = Origin(
        gateway.nat_gateway_id,
        "drops the reply to a connection that did not come through it",
        "reply",
        "NGW_SOURCE_ADDRESS_REASSIGN",
        gateway.name,
    )
    anything = Rule(ANYTHING, Action.PERMIT, _QUIET)
    session = f"{_session(gateway.nat_gateway_id)} opened"
    return Filter((anything,), Rule(ANYTHING, Action.DENY, unknown), session, opening=True)


def _echo64(gateway_id: str) -> Route:
    """A ping through NAT64: no page read says whether it is translated."""
    ping = HeaderSpace.where(destination=_NAT64, protocol=Ranges.of(ICMPV6))
    return Route(ping, node_name(_NAME, gateway_id, "echo64"), _QUIET)


def _echo64_unknown(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    words = "whether a ping to 64:ff9b::/96 is translated is not known"
    return (Unmodelled(Origin(gateway_id, words)),)


def _only_own_vpc(lowering: Lowering, gateway: NatGateway) -> Filter:
    """R-NAT-7: clients are interfaces of the gateway's VPC, or come in by a transit gateway.

    Nothing else brings in a packet that its VPC then routes here: peerings and virtual private
    gateways deliver locally.
    """
    transit = _is_on_transit(lowering, gateway.vpc_id or "")
    name, gateway_id = gateway.name, gateway.nat_gateway_id
    refused = Rule(HeaderSpace.where(source=_own(gateway)), Action.DENY, _itself(gateway))
    blocks = _vpc_blocks(lowering, gateway.vpc_id or "")
    inside = Rule(HeaderSpace.where(source=blocks), Action.PERMIT, _QUIET)
    if transit and lowering.option(_FROM_TRANSIT) == "allow":
        words = "serves what a transit gateway or a core network brings into its VPC"
        served = Origin(gateway_id, words, "source", name=name, option=_FROM_TRANSIT)
        return Filter((refused, inside), Rule(ANYTHING, Action.PERMIT, served))
    if lowering.snapshot.get(Vpc, gateway.vpc_id or "") is None:
        words = "the addresses of its VPC are not known"
        foreign = lowering.missing(Vpc, gateway_id, words)
        return Filter((refused,), Rule(ANYTHING, Action.DOUBT, foreign))
    words, option = "serves only sources of its own VPC", _FROM_TRANSIT if transit else ""
    foreign = Origin(gateway_id, words, "source", "NGW_REQUIRES_SOURCE_IN_VPC", name, option)
    return Filter((refused, inside), Rule(ANYTHING, Action.DENY, foreign))


def _itself(gateway: NatGateway) -> Origin:
    words = "is where its own subnet's route leads back to"
    return Origin(gateway.nat_gateway_id, words, "source", "NO_PATH", gateway.name)


def _vpc_blocks(lowering: Lowering, vpc_id: str) -> Ranges:
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if vpc is None:
        return Ranges(())
    return Ranges.prefixes(map(Prefix.parse, vpc_blocks(vpc)))


def _cases(gateway: NatGateway, origin: Origin) -> tuple[Case, ...]:
    source = Assign("source", _own(gateway))
    port = Assign("source_port", _EPHEMERAL)
    forget = Assign("identity", Ranges.of(0))
    # R-NAT-10: the last 32 bits of the IPv6 destination are the IPv4 one.
    embedded = Embed("destination", ANY_IPV4.value, taken_from=0, put_at=96, width=32)
    ported, icmp = Ranges.of(TCP, UDP), Ranges.of(ICMP)

    def on(protocols: Ranges, destination: Ranges) -> HeaderSpace:
        return HeaderSpace.where(destination=destination, protocol=protocols)

    return (
        Case(on(ported, _FOUR), (source, port, forget), origin),
        Case(on(icmp, _FOUR), (source, forget), origin),
        Case(on(ported, _NAT64), (source, embedded, port, forget), origin),
    )


def _reply(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    """What is sent to the gateway's own address: replies, or nothing."""
    gateway = _get(lowering, gateway_id)
    nobody = Origin(
        gateway_id, "holds no connection that this answers", code="NO_PATH", name=gateway.name
    )
    return (Restore(_session(gateway_id), nobody), _returning(lowering, gateway))


def _returning(lowering: Lowering, gateway: NatGateway) -> Forward:
    """R-NAT-9: replies are routed like anything else that its subnet, or it itself, sends."""
    if not _is_regional(gateway):
        node = node_name("subnet", gateway.subnet_id or "", "emit")
        return Forward((Route(ANYTHING, node, _QUIET),), _QUIET)
    local = node_name("vpc", gateway.vpc_id or "", "local")
    if not _is_on_transit(lowering, gateway.vpc_id or ""):
        return Forward((Route(ANYTHING, local, _QUIET),), _QUIET)
    own = HeaderSpace.where(destination=_vpc_blocks(lowering, gateway.vpc_id or ""))
    table = node_name("route_table", gateway.route_table_id or "", "alone")
    return Forward((Route(own, local, _QUIET), Route(ANYTHING, table, _QUIET)), _QUIET)


# ------------------------------------------------------------------- how packets get here


def _enter(lowering: Lowering, gateway_id: str, subnet: str, vpc: str) -> Entry | None:
    gateway = lowering.snapshot.get(NatGateway, gateway_id)
    if gateway is None:
        return None
    if not _is_regional(gateway):
        return Entry(node_name(_NAME, gateway_id, "clients"), gateway.subnet_id or "")
    part = "clients" if _covers(lowering, gateway, subnet) else "uncovered"
    return Entry(node_name(_NAME, gateway_id, part))


def _is_on_transit(lowering: Lowering, vpc_id: str) -> bool:
    """Whether a transit gateway may bring packets into a VPC (R-TGW-1), or a core network.

    Egress VPCs of a core network hold a NAT gateway (AWS: cloudwan-policy-service-insertion).
    """
    return lowering.table(f"{_NAME} on transit", _on_transit).get(vpc_id, False)


def _on_transit(lowering: Lowering) -> Mapping[str, bool]:
    by_gateway = [
        each.vpc_id or ""
        for each in lowering.snapshot.records(TransitGatewayVpcAttachment)
        if may_work(each.state, TRANSIT_GATEWAY_ATTACHMENT)
    ]
    by_core = [each.resource_id for each in core_attachments(lowering.snapshot).values()]
    return dict.fromkeys((*by_gateway, *by_core), True)


def _could(lowering: Lowering, vpc_id: str) -> Iterator[tuple[str, HeaderSpace]]:
    """A gateway of the VPC, for IPv4 that no gateway of the VPC has translated already.

    Else an explanation would try every round trip from gateway to gateway, each with a new port.
    """
    gateways = [
        gateway
        for gateway in translators_in(lowering, vpc_id)
        if may_work(gateway.state, NAT_GATEWAY)
    ]
    fresh = _FOUR
    for gateway in gateways:
        fresh -= _own(gateway)
    for gateway in gateways:
        yield gateway.nat_gateway_id, HeaderSpace.where(source=fresh, destination=_FOUR)


def _covers(lowering: Lowering, gateway: NatGateway, subnet_id: str) -> bool:
    """Whether a regional gateway is registered in the zone of a subnet (R-NAT-13, R-AZ-1)."""
    zone = lowering.index.zone_of(subnet_id)
    return not zone or zone in _zones(lowering, gateway)


def _zones(lowering: Lowering, gateway: NatGateway) -> frozenset[str]:
    """The zones it is registered in, as subnets' zones are read: by id where that is known.

    A name means what the gateway's own account means by it.
    """
    places = gateway.nat_gateway_addresses
    names = {place.availability_zone for place in places if not place.availability_zone_id}
    account = lowering.snapshot.account_of(gateway)
    alike = (
        subnet.subnet_id
        for subnet in lowering.snapshot.records(Subnet)
        if subnet.availability_zone in names and lowering.snapshot.account_of(subnet) == account
    )
    ids = {place.availability_zone_id for place in places if place.availability_zone_id}
    return frozenset((*ids, *map(lowering.index.zone_of, alike)))


def _uncovered(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    gateway = _get(lowering, gateway_id)
    read = lowering.option(_ZONE)
    automatic = gateway.auto_provision_zones == "enabled"
    if read == "may" or (read == "by-mode" and automatic):
        words = "assumed: serves this zone from another one, where it is not yet registered (U-1)"
        origin = Origin(gateway_id, words, name=gateway.name, option=_ZONE)
        return (Choose((Option(node_name(_NAME, gateway_id, "clients"), origin),)),)
    words = "is not registered in the zone of this subnet"
    code = "REGIONAL_NGW_ROUTE_AZ_RESTRICTION"
    refused = Origin(gateway_id, words, "zone", code, gateway.name, _ZONE)
    return (deny_all(refused), Forward((), refused))


def _gateway_of(lowering: Lowering, interface: NetworkInterface) -> str | None:
    """Which gateway an interface belongs to."""
    own = lowering.table(f"{_NAME} interfaces", _by_subnet).get(interface.subnet_id or "", {})
    return own.get(interface.network_interface_id)


def _by_subnet(lowering: Lowering) -> Mapping[str, Mapping[str, str]]:
    """The gateways' interfaces by their subnets: many ask, so not each of them by itself."""
    found: dict[str, dict[str, str]] = {}
    for gateway in lowering.snapshot.records(NatGateway):
        for place in gateway.nat_gateway_addresses:
            name = place.network_interface_id or ""
            interface = lowering.snapshot.get(NetworkInterface, name)
            if interface is not None:
                found.setdefault(interface.subnet_id or "", {})[name] = gateway.nat_gateway_id
    return found


def _interface_node(lowering: Lowering, interface: NetworkInterface) -> str | None:
    gateway_id = _gateway_of(lowering, interface)
    return node_name(_NAME, gateway_id, "reply") if gateway_id else None


def _unlisted(lowering: Lowering, subnet_id: str) -> tuple[Stage, ...]:
    """Gateways whose interface is not in the snapshot are still on their subnet's switch."""
    routes = []
    for gateway in translators_in(lowering, subnet_id):
        if gateway.state in ("deleted", "failed"):
            continue
        own = (parse_address(p.private_ip) for p in gateway.nat_gateway_addresses if p.private_ip)
        # Another VPC may use the same addresses.
        unlisted = [
            address
            for address in own
            if all(i.subnet_id != subnet_id for i in lowering.index.owner_of_address(address))
        ]
        if unlisted:
            node = node_name(_NAME, gateway.nat_gateway_id, "reply")
            routes.append(Route(HeaderSpace.where(destination=Ranges.of(*unlisted)), node, _QUIET))
    return (Forward(tuple(routes)),) if routes else ()


def _announce(lowering: Lowering) -> Iterator[Route]:
    """A regional gateway's public addresses are its own, on no interface of a subnet."""
    for gateway in lowering.snapshot.records(NatGateway):
        works = may_work(gateway.state, NAT_GATEWAY)
        if _is_regional(gateway) and works and _own(gateway):
            node = node_name(_NAME, gateway.nat_gateway_id, "reply")
            yield Route(HeaderSpace.where(destination=_own(gateway)), node, _QUIET)


def _return_to_sender(lowering: Lowering, subnet_id: str) -> tuple[Stage, ...]:
    """R-NAT-8: a reply goes back over the peering it came by, with no route for it."""
    subnet = lowering.snapshot.get(Subnet, subnet_id)
    if subnet is None:
        return ()
    routes = [
        _back(subnet_id, subnet.vpc_id or "", peering, gateway, sent)
        for peering, other in _peers(lowering).get(subnet.vpc_id or "", ())
        for gateway in translators_in(lowering, other)
        if may_work(gateway.state, NAT_GATEWAY) and _own(gateway)
        for sent in _sent_over(lowering, gateway, peering.vpc_peering_connection_id)
    ]
    return (Forward(tuple(routes)),) if routes else ()


def _sent_over(lowering: Lowering, gateway: NatGateway, peering_id: str) -> tuple[Ranges, ...]:
    """The destinations that its table sends over a peering, if any: who is reached by another way
    answers by its own routes."""

    def make() -> Ranges:
        table: RouteTable | Origin | None
        if _is_regional(gateway):
            table = lowering.snapshot.get(RouteTable, gateway.route_table_id or "")
        else:
            table = table_of(lowering, gateway.subnet_id or "")
        if table is None or isinstance(table, Origin):
            return _FOUR
        return won_by(lowering, table, peering_id) & _FOUR

    sent = lowering.memo(f"{_NAME} {gateway.nat_gateway_id} over {peering_id}", make)
    return (sent,) if sent else ()


def _peers(lowering: Lowering) -> Mapping[str, tuple[tuple[VpcPeeringConnection, str], ...]]:
    """The active peerings of each VPC, with the VPC at the other end."""
    return lowering.table(f"{_NAME} peers", _peers_of)


def _peers_of(lowering: Lowering) -> dict[str, tuple[tuple[VpcPeeringConnection, str], ...]]:
    found: dict[str, tuple[tuple[VpcPeeringConnection, str], ...]] = {}
    for peering in lowering.snapshot.records(VpcPeeringConnection):
        one = peering.requester_vpc_info.vpc_id or ""
        other = peering.accepter_vpc_info.vpc_id or ""
        if may_work(peering.status.code, PEERING):
            found[one] = (*found.get(one, ()), (peering, other))
            found[other] = (*found.get(other, ()), (peering, one))
    return found


def _back(
    subnet_id: str, vpc_id: str, peering: VpcPeeringConnection, gateway: NatGateway, sent: Ranges
) -> Route:
    over = node_name("vpc_peering", peering.vpc_peering_connection_id, "from", vpc_id)
    words = f"its replies return over {peering.vpc_peering_connection_id} without a route"
    origin = Origin(gateway.nat_gateway_id, words, name=gateway.name)
    node = node_name("subnet", subnet_id, "leave", over)
    match = HeaderSpace.where(source=sent, destination=_own(gateway))
    return Route(match, node, origin, session=_session(gateway.nat_gateway_id))


def _end(lowering: Lowering, gateway_id: str) -> End | None:
    gateway = lowering.snapshot.get(NatGateway, gateway_id)
    if gateway is None:
        return None
    words = "opens no connections of its own and answers none"
    nobody = Origin(gateway_id, words, code="NO_PATH", name=gateway.name)
    return End(f"{gateway_id} {gateway.name}".strip(), addresses=_own(gateway), nobody=nobody)


def _aliases(lowering: Lowering, addresses: Ranges) -> Ranges:
    """R-NAT-10: IPv4 addresses inside IPv6 ones, where any route leads such packets here."""

    def make() -> bool:
        return any(
            route.nat_gateway_id and route.destination_ipv6_cidr_block
            for table in lowering.snapshot.records(RouteTable)
            for route in table.routes
        )

    if not lowering.memo(f"{_NAME} nat64", make):
        return Ranges(())
    base = _NAT64.intervals[0][0]
    return Ranges.union(
        (base | low >> 96 & 0xFFFFFFFF, base | high >> 96 & 0xFFFFFFFF)
        for low, high in addresses.intervals
        if is_ipv4(low)
    )


def _besides(lowering: Lowering, denial: Denial) -> Iterator[Origin]:
    """What it did to a packet that arrives otherwise than was asked, and does not do to one that
    is sent to itself (R-NAT-2, R-NAT-4, R-EPH-3)."""
    for hop in denial.hops:
        component, gateway_id, rest = hop.node.split("/", 2)
        gateway = lowering.snapshot.get(NatGateway, gateway_id)
        if component != _NAME or gateway is None:
            continue
        at = partial(Origin, gateway_id, name=gateway.name)
        locator = denial.origin.locator
        if denial.origin.code.startswith("FILTER_AT_DESTINATION_"):
            if locator == "source":
                words = "puts its own address in the place of the source"
                yield at(words, locator, "NGW_SOURCE_ADDRESS_REASSIGN")
            elif locator == "source_port":
                words = "puts a port of its own, 1024-65535, in the place of the source's"
                yield at(words, locator, "REMAP_EPHEMERAL_PORT")
            elif locator == "destination":
                words = "keeps the destination as it is"
                yield at(words, locator, "NGW_DEST_ADDRESS_PRESERVATION")
        elif rest == "reply" and denial.origin.resource == gateway_id:
            words = "keeps the destination as it is: what is sent to itself goes no further"
            yield at(words, "destination", "NGW_DEST_ADDRESS_PRESERVATION")


COMPONENT = Component(
    name=_NAME,
    reads=(NatGateway, VpcPeeringConnection, Subnet, Vpc),
    nodes={
        "clients": _clients,
        "reply": _reply,
        "uncovered": _uncovered,
        "echo64": _echo64_unknown,
    },
    slots={"subnet.switch": _unlisted, "subnet.return": _return_to_sender},
    targets=(Target("nat_gateway_id", "nat-", _enter, _could, hides=True),),
    interface_types=(*NAT_TYPES, "interface"),
    interface_node=_interface_node,
    announce=_announce,
    ends={"nat-": _end},
    aliases=_aliases,
    besides=_besides,
)
