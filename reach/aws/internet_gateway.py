"""Internet gateways: one-to-one translation between private and public addresses, both ways.

Usable while attached (R-IGW-1).  Outwards an IPv4 source must be a private address with a public
one, which takes its place (R-IGW-2); inwards the destination must be such a public address, and its
private one takes its place (R-IGW-3).  Private ranges are refused as the outer address (R-IGW-4).
IPv6 is not translated; a block marked private is never advertised (R-IGW-5, R-ENI-11), and an
interface may refuse what comes in from here (R-ENI-10).  What comes in follows the gateway's edge
table, else local routing (R-RT-19).  A packet to a public address of the same network goes out and
comes back in (R-IGW-10).  The gateway keeps no group identity (R-SG-13, R-SG-20).  Addresses of a
pool that is associated with its edge table pass as they are (R-IGW-9).  It looks at no port
(R-IGW-11).

Implements: R-IGW-1 R-IGW-2 R-IGW-3 R-IGW-4 R-IGW-5 R-IGW-6 R-IGW-7 R-IGW-8 R-IGW-9 R-IGW-10
R-IGW-11 R-IGW-12 R-ENI-3 R-ENI-10 R-ENI-11 R-PIPE-4 R-SG-13 R-SG-20 R-NACL-17
Not modelled: MTU.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reach.component import Component, Denial, End, Entry, Lowering, Target, node_name
from reach.gone import held
from reach.interfaces.claims import dispute, disputed, elastic
from reach.interfaces.gateways import attached_to, attachment_of, translators_in
from reach.network.address import (
    ANY_IPV4,
    ANY_IPV6,
    GLOBAL_UNICAST_IPV6,
    NOT_PUBLIC_IPV4,
    RFC1918,
    RFC6598,
    Prefix,
    format_address,
    is_public,
    parse_address,
)
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.spans import beside
from reach.network.stage import (
    Action,
    Assign,
    Case,
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
    deny_all,
)
from reach.routing import overall
from reach.routing.advertised import advertised, in_doubt
from reach.snapshot.index import ipv4_blocks, private_addresses, public_mapping
from reach.snapshot.records import (
    Address,
    InternetGateway,
    NetworkInterface,
    Subnet,
    Vpc,
)
from reach.states import ATTACHMENT, NAT_GATEWAY, may_work, refused
from reach.unprinted import left_out

_NAME = "internet_gateway"
_QUIET = Origin("", "")
_INTERNET = "internet/world/routes"
_FOUR = Ranges.prefixes((ANY_IPV4,))
_SIX = Ranges.prefixes((ANY_IPV6,))
_REFUSED = Ranges.prefixes((*RFC1918, *RFC6598))  # R-IGW-4: it takes them nowhere
_PUBLIC = HeaderSpace.where(
    destination=(_FOUR - Ranges.prefixes(NOT_PUBLIC_IPV4)) | Ranges.prefixes(GLOBAL_UNICAST_IPV6)
)


def _vpc_of(gateway: InternetGateway) -> str:
    """The VPC it is attached to, or nothing (R-IGW-1)."""
    attachment = attachment_of(gateway)
    return (attachment and attachment.vpc_id) or ""


def _pairs(lowering: Lowering, vpc_id: str) -> Table:
    """R-ENI-3: the public address of each private one, in one VPC."""

    def make() -> Table:
        found: dict[int, int] = {}
        for interface in _mapped(lowering, vpc_id):
            found.update(public_mapping(interface))
            found.update(elastic(lowering).get(interface.network_interface_id, ()))
        for gateway in translators_in(lowering, vpc_id):
            if may_work(gateway.state, NAT_GATEWAY):
                for address in gateway.nat_gateway_addresses:
                    if address.public_ip:
                        public = parse_address(address.public_ip)
                        # A regional gateway (R-NAT-12) translates to its public address itself.
                        regional = gateway.availability_mode == "regional"
                        if not regional and not address.private_ip:
                            continue
                        private = public if regional else parse_address(address.private_ip or "")
                        found.setdefault(private, public)
        return Table(tuple(sorted(found.items())))

    return lowering.memo(f"{_NAME} pairs {vpc_id}", make)


def _table(lowering: Lowering, vpc_id: str) -> Table:
    """The same with what interfaces that stand apart have put on or off since."""
    known = _pairs(lowering, vpc_id)
    more = sorted({pair for e in lowering.paired_in(vpc_id) for pair in e.pairs} - {*known.pairs})
    if not more:
        return known
    every = tuple(sorted((*known.pairs, *more)))
    return lowering.memo(f"{_NAME} pairs {vpc_id} and {more}", lambda: Table(every))


def _counted(lowering: Lowering, vpc_id: str, side: str) -> tuple[Stage, ...]:
    """Nothing is translated by a pair of an interface that stands apart and does not count now."""
    apart = lowering.paired_in(vpc_id)
    if not apart:
        return ()
    place = 0 if side == "source" else 1
    off = Ranges.of(*(pair[place] for each in apart for pair in each.pairs - each.paired))
    origin = Origin(vpc_id, f"no interface has the public address of the {side}", side, "NO_PATH")
    # What is sent to private ranges is refused before; who answers there need not be looked at.
    beyond = {"destination": _FOUR - _REFUSED} if side == "source" else {}
    rule = Rule(HeaderSpace.where(**{side: off, **beyond}), Action.DENY, origin)
    return (Filter((rule,) if off else (), Rule(ANYTHING, Action.PERMIT, _QUIET)),)


def _announce_apart(lowering: Lowering, _: str) -> tuple[Stage, ...]:
    """What else the internet sends in: to public addresses that have been put on or off since all
    that it announces was told."""
    if not lowering.paired_in(""):
        return ()
    taken = lowering.freed()[0]
    routes = []
    for gateway in lowering.snapshot.records(InternetGateway):
        apart = lowering.paired_in(_vpc_of(gateway)) if _vpc_of(gateway) else ()
        ends = Ranges.of(*(public for each in apart for _, public in each.pairs)) & taken
        if ends:
            node = node_name(_NAME, gateway.internet_gateway_id, "in")
            routes.append(Route(HeaderSpace.where(destination=ends), node, _QUIET))
    return (Forward(tuple(routes)),)


def _mapped(lowering: Lowering, vpc_id: str) -> Sequence[NetworkInterface]:
    """The interfaces of a VPC that are said to have a public address, by themselves or by it."""

    def make() -> dict[str, list[NetworkInterface]]:
        mapped = {each.network_interface_id: each for each in lowering.index.mapped}
        for name in elastic(lowering):
            interface = lowering.snapshot.get(NetworkInterface, name)
            if interface is not None:
                mapped[name] = interface
        found: dict[str, list[NetworkInterface]] = {}
        for _, each in sorted(mapped.items()):
            if each.vpc_id is not None:
                found.setdefault(each.vpc_id, []).append(each)
        return found

    return lowering.memo(f"{_NAME} mapped", make).get(vpc_id, ())


def _held_back(lowering: Lowering, vpc_id: str) -> Ranges:
    """R-ENI-10: addresses of interfaces that refuse what comes in from an internet gateway."""

    def make() -> Sequence[NetworkInterface]:
        return lowering.index.interfaces_where(lambda each: each.deny_all_igw_traffic)

    refusing = lowering.memo(f"{_NAME} refusing", make)
    own = (each for each in refusing if each.vpc_id == vpc_id)
    return Ranges.of(*(address for each in own for address in private_addresses(each)))


def _pool(lowering: Lowering, gateway_id: str) -> tuple[Prefix, ...]:
    """R-IGW-9: the blocks that it takes in and lets out as they are."""
    pools = overall.pools(lowering)
    return pools.accepted.get(gateway_id, ())


def _untranslated(lowering: Lowering, gateway_id: str, side: str) -> tuple[Case, ...]:
    blocks = _pool(lowering, gateway_id)
    if not blocks:
        return ()
    match = HeaderSpace.where(**{side: Ranges.prefixes(blocks)})
    words = f"takes the {side} as it is, of a pool of its edge table"
    return (Case(match, (Assign("identity", Ranges.of(0)),), Origin(gateway_id, words)),)


def _get(lowering: Lowering, gateway_id: str) -> InternetGateway:
    return held(lowering.snapshot.get(InternetGateway, gateway_id))


def _attached(lowering: Lowering, gateway: InternetGateway) -> tuple[Stage, ...]:
    untold = left_out(lowering, gateway, "attachments")
    if untold is not None:
        return (Unmodelled(untold),)
    attachment = attachment_of(gateway)
    rivals = attached_to(lowering, _vpc_of(gateway))
    if attachment is not None and len(rivals) > 1:
        words = f"{' and '.join(rivals)} are both said to be attached to {attachment.vpc_id}"
        told = f"{words}, and nothing tells which of them is"
        return (Unmodelled(Origin(gateway.internet_gateway_id, told, code="UNKNOWN_RESOURCE")),)
    if attachment is not None and attachment.is_settled:
        return ()
    words = "is not attached to a VPC"
    origin = Origin(
        gateway.internet_gateway_id, words, "attachment", "BAD_STATE_ATTACHMENT", gateway.name
    )
    if attachment is None:
        return (deny_all(origin),)
    return (refused(attachment.state, ATTACHMENT, origin),)


def _refuse(gateway: InternetGateway, side: str, way: str) -> Filter:
    """R-IGW-4: private ranges do not cross as the outer address."""
    rules = []
    for ranges, title in ((RFC1918, "RFC1918"), (RFC6598, "RFC6598")):
        origin = Origin(
            gateway.internet_gateway_id,
            f"drops packets with a {side} in {title}",
            title,
            f"IGW_{side.upper()}_ADDRESS_NOT_IN_{title}_{way}",
            gateway.name,
        )
        match = HeaderSpace.where(**{side: Ranges.prefixes(ranges)})
        rules.append(Rule(match, Action.DENY, origin))
    return Filter(tuple(rules), Rule(ANYTHING, Action.PERMIT, _QUIET))


def _out(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    gateway = _get(lowering, gateway_id)
    vpc = _vpc_of(gateway)
    table, six = _table(lowering, vpc), advertised(lowering, vpc)
    forget = Assign("identity", Ranges.of(0))
    translated = Origin(gateway_id, "puts the public address in the source", name=gateway.name)
    unpaired = Origin(
        gateway_id,
        "the source has no public address",
        "source",
        "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
        gateway.name,
    )
    return (
        *_attached(lowering, gateway),
        *lowering.slot("internet_gateway.out", gateway_id),
        _refuse(gateway, "destination", "EGRESS"),
        *_disputed(lowering, vpc),
        *in_doubt(lowering, vpc, "source"),
        *_counted(lowering, vpc, "source"),
        Translate(
            (
                Case(
                    HeaderSpace.where(source=table.keys),
                    (Lookup("source", table), forget),
                    translated,
                ),
                Case(
                    HeaderSpace.where(source=six, destination=_SIX),
                    (forget,),
                    _QUIET,
                ),
                *_untranslated(lowering, gateway_id, "source"),
            ),
            unpaired,
            supposed=True,
        ),
        Forward((Route(ANYTHING, _INTERNET, _QUIET),), _QUIET),
    )


def _disputed(lowering: Lowering, vpc_id: str) -> tuple[Stage, ...]:
    """R-ENI-3: whether a source has its public address is not known where others are said to."""
    found = tuple(
        Rule(HeaderSpace.where(source=Ranges.of(private)), Action.DOUBT, origin)
        for public, claims in sorted(disputed(lowering).items())
        for origin in (dispute(format_address(public), claims),)
        for home, private in sorted(claims)
        if home == vpc_id
    )
    return (Filter(found, Rule(ANYTHING, Action.PERMIT, _QUIET)),) if found else ()


def _whose(lowering: Lowering, _: str, public: str) -> tuple[Stage, ...]:
    """R-ENI-3: a public address that several are said to have is one's, nobody knows whose."""
    claims = disputed(lowering)[int(public)]
    return (Unmodelled(dispute(format_address(int(public)), claims)),)


def _from(lowering: Lowering, gateway_id: str, place: str) -> tuple[Stage, ...]:
    """What the interfaces of a subnet (or a VPC's own table) send here, where that makes a
    difference."""
    out = node_name(_NAME, gateway_id, "out")
    return (
        *lowering.slot("public_access.out", place),
        Forward((Route(ANYTHING, out, _QUIET),), _QUIET),
    )


def _in(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    gateway = _get(lowering, gateway_id)
    vpc = _vpc_of(gateway)
    table = _table(lowering, vpc).inverse
    held = _held_back(lowering, vpc)
    refused = (public for public, private in table.pairs if private in held)
    open_to_all = table.keys - Ranges.of(*refused) if held else table.keys
    reached = advertised(lowering, vpc) - held
    forget = Assign("identity", Ranges.of(0))
    unpaired = Origin(
        gateway_id,
        "the destination is no public address of this VPC",
        "destination",
        "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
        gateway.name,
    )
    words = "puts the private address in the destination"
    translated = Origin(gateway_id, words, name=gateway.name)
    local = Route(ANYTHING, node_name("vpc", vpc, "local"), _QUIET)
    return (
        *_counted(lowering, vpc, "destination"),
        *_attached(lowering, gateway),
        _refuse(gateway, "source", "INGRESS"),
        *in_doubt(lowering, vpc, "destination"),
        Translate(
            (
                Case(
                    HeaderSpace.where(destination=open_to_all),
                    (Lookup("destination", table), forget),
                    translated,
                ),
                Case(HeaderSpace.where(destination=reached), (forget,), _QUIET),
                *_untranslated(lowering, gateway_id, "destination"),
            ),
            unpaired,
            supposed=True,
        ),
        *lowering.slot("internet_gateway.in", gateway_id),
        *lowering.slot("gateway.route", gateway_id),
        Forward((local,), _QUIET),
    )


def _announce(lowering: Lowering) -> Iterator[Route]:
    """What the internet sends in by each gateway."""
    for gateway in lowering.snapshot.records(InternetGateway):
        vpc = _vpc_of(gateway)
        if vpc:
            pairs = _pairs(lowering, vpc)
            translated = Ranges.of(
                *(public for private, public in pairs.pairs if private != public)
            )
            node = node_name(_NAME, gateway.internet_gateway_id, "in")
            words = f"the internet sends this in by {gateway.internet_gateway_id}"
            unknown = [each for each in sorted(disputed(lowering)) if each in translated]
            for public in unknown:
                doubt = node_name(_NAME, gateway.internet_gateway_id, "disputed", f"{public}")
                match = HeaderSpace.where(destination=Ranges.of(public))
                yield Route(match, doubt, Origin("internet", words))
            translated -= Ranges.of(*unknown)
            for ends in (translated | advertised(lowering, vpc), _unpaired(lowering, vpc)):
                yield Route(HeaderSpace.where(destination=ends), node, Origin("internet", words))


def _unpaired(lowering: Lowering, vpc_id: str) -> Ranges:
    """What the gateway refuses: the VPC's own private addresses (R-IGW-3, R-IGW-12).

    Public space that a VPC uses as its own counts only where an interface has the address.
    """
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    blocks: list[str] = []
    if vpc is not None:
        blocks += ipv4_blocks(vpc)
    private = Ranges.prefixes(map(Prefix.parse, blocks))
    private &= Ranges.prefixes((*RFC1918, *RFC6598))
    return private | lowering.index.public_ipv4_in(vpc_id)


def _could(lowering: Lowering, vpc_id: str) -> Iterator[tuple[str, HeaderSpace]]:
    """A gateway that is attached to the VPC, for public destinations."""
    for gateway_id in attached_to(lowering, vpc_id):
        yield gateway_id, _PUBLIC


def _enter(lowering: Lowering, gateway_id: str, subnet: str, vpc: str) -> Entry | None:
    gateway = lowering.snapshot.get(InternetGateway, gateway_id)
    if gateway is None:
        return None
    place = subnet or vpc
    if vpc == _vpc_of(gateway) and lowering.slot("public_access.out", place):
        return Entry(node_name(_NAME, gateway_id, "from", place), keeps=_REFUSED)
    return Entry(node_name(_NAME, gateway_id, "out"), keeps=_REFUSED)


def _end(lowering: Lowering, gateway_id: str) -> End | None:
    """As a source: whoever sends in by it; as a destination: the internet, by way of it."""
    if lowering.snapshot.get(InternetGateway, gateway_id) is None:
        return None
    ways = node_name(_NAME, gateway_id, "in"), node_name(_NAME, gateway_id, "out")
    beyond = lowering.end("internet")
    assert beyond is not None
    return replace(beyond, words=gateway_id, through=ways)


def _aliases(lowering: Lowering, addresses: Ranges) -> Ranges:
    """The public addresses of private ones."""

    def make() -> list[tuple[int, int]]:
        gateways = lowering.snapshot.records(InternetGateway)
        pairs = (pair for g in gateways for pair in _pairs(lowering, _vpc_of(g)).pairs)
        return sorted(pairs)

    pairs = lowering.memo(f"{_NAME} aliases", make)
    return Ranges.of(*beside(pairs, addresses))


def _besides(lowering: Lowering, denial: Denial) -> Iterator[Origin]:
    """A source is asked for that nobody on the internet has (R-IGW-4)."""
    if denial.origin.code != "FILTER_AT_SOURCE_SOURCE_ADDRESS":
        return
    gateway_id = denial.origin.resource
    known = lowering.snapshot.get(InternetGateway, gateway_id) is not None
    sources = denial.asked.by_name.get("source")
    if sources is None or not (known or gateway_id == "internet"):
        return
    if not any(is_public(low) for low, _ in sources.intervals):
        words = "what comes in from the internet has a public source"
        yield Origin(gateway_id, words, "source", "IGW_EXPECTS_PUBLIC_ADDRESS")


COMPONENT = Component(
    name=_NAME,
    reads=(InternetGateway, NetworkInterface, Address, Subnet, Vpc),
    nodes={"from": _from, "out": _out, "in": _in, "disputed": _whose},
    targets=(Target("gateway_id", "igw-", _enter, _could),),
    slots={"internet.apart": _announce_apart},
    announce=_announce,
    ends={"igw-": _end},
    aliases=_aliases,
    besides=_besides,
)
