"""Transit gateway route tables: longest prefix first, then static over prefix list over propagated.

A table is looked up for what comes in by the attachments associated with it (R-TGW-3).  Of equal
prefixes static routes win, then prefix lists, then what is propagated, in AWS's order of attachment
kinds (R-TGW-4, R-TGW-7); a blackhole wins and drops (R-TGW-5).  Several attachments of one route
are a *may* (R-TGW-13).  No page says whether a packet may go back into the attachment it came from
(U-9).

A search for routes of all types tells everything, prefix lists entry by entry.  Where only static
routes and propagations are known, a propagating VPC gives its blocks, IPv6 ones if that is enabled
(R-TGW-16), unless they overlap those of a VPC that was attached earlier (R-TGW-6), and prefix lists
come from their own call.  What other kinds propagate is then not known, and with it the whole
table: any destination may have a longer prefix.  So is a table that was cut short, or that another
account keeps to itself.

Implements: R-TGW-4 R-TGW-5 R-TGW-6 R-TGW-7 R-TGW-13 R-TGW-15 R-TGW-16 R-TGW-19
Not modelled: path lengths of learned routes; only what AWS lists as the winner counts.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from reach.changes import AddTransitRoute, Change, Removal, RemoveTransitRoute
from reach.changes.transit_route import TransitRoute
from reach.component import Component, Denial, Denied, Lowering, Mending, node_name
from reach.network.address import Prefix
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges, to_prefix
from reach.network.stage import (
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
)
from reach.snapshot.call import Call, Per, per_id
from reach.snapshot.index import vpc_blocks
from reach.snapshot.records import ManagedPrefixListEntries, PrefixList, Vpc
from reach.snapshot.section import Reference, Section
from reach.snapshot.transit_index import AttachedBlock, TransitIndex, works
from reach.snapshot.transit_records import (
    TransitGatewayPrefixListReference,
    TransitGatewayPropagation,
    TransitGatewayPropagations,
    TransitGatewayRoute,
    TransitGatewayRouteAttachment,
    TransitGatewayRoutes,
    TransitGatewayRouteTable,
    TransitGatewayStaticRoutes,
    TransitGatewayVpcAttachment,
)

_NAME = "transit_gateway_route_table"
_QUIET = Origin("", "")
# R-TGW-4, best first; of a VPN nothing says whether it runs over a private connection.
_RANKS = (
    "static",
    "prefix-list",
    "vpc",
    "direct-connect-gateway",
    "connect",
    "vpn",
    "vpn-concentrator",
    "client-vpn",
    "peering",
    "tgw-peering",
)
_STATIC, _LISTED, _OF_VPC = 0, 1, 2
_UNKNOWN = "TGW_RTB_ROUTES_ARE_UNKNOWN"
_LONGER, _BETTER = "TGW_RTB_MORE_SPECIFIC_ROUTE", "TGW_RTB_HIGHER_PRIORITY_ROUTE"
_NO_ROUTE = "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"
_HAIRPIN = "transit-gateway-hairpin"
_MISSING = "missing route to "


def _index(lowering: Lowering) -> TransitIndex:
    return lowering.memo("transit index", partial(TransitIndex, lowering.snapshot))


class _NotKnownError(Exception):
    """The whole table is not known, for the reason that ``origin`` gives."""

    def __init__(self, origin: Origin) -> None:
        super().__init__(str(origin))
        self.origin = Origin(origin.resource, origin.words, code=_UNKNOWN)


@dataclass(frozen=True)
class _Candidate:
    """One destination of one route, with the attachments it may leave by (none: it drops).

    ``doubt`` says why it is not known what becomes of the destination.
    """

    prefix: Prefix
    rank: int
    attachments: tuple[TransitGatewayRouteAttachment, ...]
    locator: str
    state: str = "active"
    doubt: str = ""
    match: HeaderSpace = field(init=False, compare=False)

    def __post_init__(self) -> None:
        # One match for the lookups of all zones: the engines know it again.
        object.__setattr__(self, "match", to_prefix(self.prefix))


@dataclass(frozen=True)
class _Contents:
    """The best candidate of each prefix, the longest first; or why the table is not known.

    ``every`` holds those that lose as well.
    """

    best: Mapping[str, _Candidate] = field(default_factory=dict)
    nothing: Origin | None = None
    every: tuple[_Candidate, ...] = ()


def _contents(lowering: Lowering, table_id: str) -> _Contents:
    return lowering.memo(f"{_NAME} {table_id}", partial(_read, lowering, table_id))


def _read(lowering: Lowering, table_id: str) -> _Contents:
    every = lowering.snapshot.get(TransitGatewayRoutes, table_id)
    static = lowering.snapshot.get(TransitGatewayStaticRoutes, table_id)
    try:
        if every is not None:
            found = list(_listed(lowering, every))
        elif static is not None:
            found = [
                *_listed(lowering, static),
                *_references(lowering, static),
                *_propagated(lowering, table_id),
            ]
        else:
            words = "the routes of this table are not known"
            raise _NotKnownError(lowering.missing(TransitGatewayRoutes, table_id, words))
    except _NotKnownError as unknown:
        return _Contents(nothing=unknown.origin)
    return _Contents({str(each.prefix): each for each in _best(found)}, every=tuple(found))


def _best(found: list[_Candidate]) -> Iterator[_Candidate]:
    ordered = sorted(found, key=lambda c: (-c.prefix.length, c.prefix.value, c.rank, c.locator))
    for _, group in groupby(ordered, key=lambda c: c.prefix):
        yield next(group)


# ------------------------------------------------------------------- what is listed


def _listed(
    lowering: Lowering, answer: TransitGatewayRoutes | TransitGatewayStaticRoutes
) -> Iterator[_Candidate]:
    """What a search prints."""
    table_id = answer.transit_gateway_route_table_id
    if answer.additional_routes_available or answer.next_token:
        raise _NotKnownError(Origin(table_id, "there are more routes than the snapshot holds"))
    for route in answer.routes:
        attachments = _distinct(route.transit_gateway_attachments)
        for block in _blocks(lowering, table_id, route):
            yield _Candidate(
                Prefix.parse(block),
                _rank(route),
                attachments,
                f"route {route.prefix_list_id or block}",
                route.state or "active",
            )


def _distinct(
    attachments: Iterable[TransitGatewayRouteAttachment],
) -> tuple[TransitGatewayRouteAttachment, ...]:
    """A VPN shows once for each of its tunnels."""
    return tuple({each.transit_gateway_attachment_id: each for each in attachments}.values())


def _blocks(lowering: Lowering, table_id: str, route: TransitGatewayRoute) -> Sequence[str]:
    """R-TGW-7: a prefix list shows entry by entry; if not, its entries are looked up."""
    if route.destination_cidr_block:
        return (route.destination_cidr_block,)
    return _entries(lowering, table_id, route.prefix_list_id or "")


def _entries(lowering: Lowering, table_id: str, listed: str) -> Sequence[str]:
    entries = lowering.index.prefix_list_entries(listed)
    if entries is None:
        words = f"routes {listed}, whose entries are not in the snapshot"
        raise _NotKnownError(Origin(table_id, words))
    return entries


def _rank(route: TransitGatewayRoute) -> int:
    if route.prefix_list_id:
        return _LISTED
    if route.type == "static":
        return _STATIC
    kinds = [each.resource_type or "" for each in route.transit_gateway_attachments]
    known = [_RANKS.index(kind) for kind in kinds if kind in _RANKS]
    return min(known, default=len(_RANKS))


def _references(lowering: Lowering, static: TransitGatewayStaticRoutes) -> Iterator[_Candidate]:
    """Prefix lists of the table, which a search for static routes does not print (R-TGW-7)."""
    table_id = static.transit_gateway_route_table_id
    kind = TransitGatewayPrefixListReference
    if not lowering.has(kind, static) and _customer_lists(lowering):
        words = "which prefix lists are in this table is not known"
        raise _NotKnownError(lowering.missing(kind, table_id, words))
    for each in lowering.snapshot.records(kind):
        if each.transit_gateway_route_table_id != table_id:
            continue
        through = each.transit_gateway_attachment
        for block in _entries(lowering, table_id, each.prefix_list_id):
            yield _Candidate(
                Prefix.parse(block),
                _LISTED,
                (through,) if through and not each.blackhole else (),
                f"route {each.prefix_list_id}",
                "blackhole" if each.blackhole else "active",
                f"the reference to {each.prefix_list_id} is {each.state}"
                if each.state not in ("available", "")
                else "",
            )


def _customer_lists(lowering: Lowering) -> bool:
    """Whether there is any prefix list that a table could name: one that is not AWS's own."""

    def make() -> bool:
        listed = lowering.snapshot.records(PrefixList)
        of_aws = {
            each.prefix_list_id
            for each in listed
            if each.owner_id == "AWS" or (each.prefix_list_name or "").startswith("com.amazonaws.")
        }
        named = {each.prefix_list_id for each in listed} | {
            each.prefix_list_id for each in lowering.snapshot.records(ManagedPrefixListEntries)
        }
        return bool(named - of_aws)

    return lowering.memo(f"{_NAME} customer lists", make)


# ------------------------------------------------------------------- what is propagated


def _propagated(lowering: Lowering, table_id: str) -> Iterator[_Candidate]:
    """R-TGW-6: the blocks of each propagating VPC, save those that overlap an earlier one's."""
    answer = lowering.snapshot.get(TransitGatewayPropagations, table_id)
    if answer is None or answer.next_token:
        words = "what is propagated into this table is not known"
        raise _NotKnownError(lowering.missing(TransitGatewayPropagations, table_id, words))
    enabled = {
        each.transit_gateway_attachment_id or "": each
        for each in answer.transit_gateway_route_table_propagations
        if each.state in ("enabled", "")
    }
    for attachment_id, each in enabled.items():
        if each.resource_type == "network-function":
            continue  # R-TGW-19: only static routes lead there
        through = TransitGatewayRouteAttachment(attachment_id, each.resource_id, each.resource_type)
        blocks = _announced(lowering, table_id, each)
        verdicts = [_overlapped(lowering, block, enabled.keys()) for block in blocks]
        for block, (lost, doubt) in zip(blocks, verdicts, strict=True):
            if not lost and not doubt and any(other_lost for other_lost, _ in verdicts):
                doubt = f"another block of {each.resource_id} is not propagated"
            if not lost:
                locator = f"propagated route {block.prefix}"
                yield _Candidate(block.prefix, _OF_VPC, (through,), locator, doubt=doubt)


def _announced(
    lowering: Lowering, table_id: str, each: TransitGatewayPropagation
) -> tuple[AttachedBlock, ...]:
    attachment_id, vpc_id = each.transit_gateway_attachment_id or "", each.resource_id or ""
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if each.resource_type != "vpc" or vpc is None:
        words = f"what {vpc_id} propagates into this table is not in the snapshot"
        raise _NotKnownError(Origin(table_id, words))
    blocks = _index(lowering).blocks_of(attachment_id, vpc)
    unlisted = lowering.snapshot.get(TransitGatewayVpcAttachment, attachment_id) is None
    if unlisted and len(blocks) < len(vpc_blocks(vpc)):
        words = f"whether {vpc_id} propagates IPv6 is not known"
        raise _NotKnownError(lowering.missing(TransitGatewayVpcAttachment, table_id, words))
    return blocks


def _overlapped(lowering: Lowering, block: AttachedBlock, here: Container[str]) -> tuple[bool, str]:
    """Whether a block is not propagated for an earlier one, and else what is not certain of it.

    An earlier VPC that does not propagate into the same table, and one of two that came at times
    that are not known: no page says, or the snapshot does not.
    """
    doubt = ""
    for other in _index(lowering).overlapping(block):
        known = block.created and other.created and block.created != other.created
        if known and other.created > block.created:
            continue
        if known and other.attachment in here:
            return True, ""
        doubt = f"it overlaps {other.prefix} of {other.attachment}"
    return False, doubt


# ------------------------------------------------------------------- nodes


def _enter(lowering: Lowering, table_id: str, argument: str) -> tuple[Stage, ...]:
    """What an attachment brings in.  ``argument``: gateway, attachment, zone ("-": none)."""
    gateway_id, attachment_id, zone = argument.split(" ", 2)
    onward = node_name(_NAME, table_id, "lookup", f"{gateway_id} {zone}")
    back = _leads_back(lowering, table_id, attachment_id)
    found = Forward((Route(ANYTHING, onward, _QUIET),), _QUIET)
    if not back:
        return (found,)
    match = HeaderSpace.where(destination=back)
    if lowering.option(_HAIRPIN) == "deny":
        words = f"sends nothing back into {attachment_id}, where it came from"
        refused = Origin(table_id, words, "destination", "NO_PATH", option=_HAIRPIN)
        anything = Rule(ANYTHING, Action.PERMIT, _QUIET)
        return (Filter((Rule(match, Action.DENY, refused),), anything), found)
    hairpin = node_name(_NAME, table_id, "hairpin", argument)
    return (Forward((Route(match, hairpin, _QUIET),)), found)


def _leads_back(lowering: Lowering, table_id: str, attachment_id: str) -> Ranges:
    """The destinations that the table routes to this very attachment."""
    best = _contents(lowering, table_id).best.values()
    back = Ranges(())
    for own in best:
        if _leads_to(own, attachment_id):
            others = (
                each.prefix
                for each in best
                if each.prefix.length > own.prefix.length
                and own.prefix.covers(each.prefix)
                and not _leads_to(each, attachment_id)
            )
            back |= Ranges.span(own.prefix.low, own.prefix.high) - Ranges.prefixes(others)
    return back


def _leads_to(candidate: _Candidate, attachment_id: str) -> bool:
    named = [each.transit_gateway_attachment_id for each in candidate.attachments]
    return named == [attachment_id]


def _hairpin(lowering: Lowering, table_id: str, argument: str) -> tuple[Stage, ...]:
    """U-9: back into the attachment that it came from."""
    gateway_id, attachment_id, zone = argument.split(" ", 2)
    words = "assumed: a packet may go back into the attachment that it came from"
    onward = node_name(_NAME, table_id, "lookup", f"{gateway_id} {zone}")
    return (Choose((Option(onward, Origin(attachment_id, words, option=_HAIRPIN)),)),)


def _lookup(lowering: Lowering, table_id: str, argument: str) -> tuple[Stage, ...]:
    """``argument``: the gateway, and the zone that the packet came from ("-": any)."""
    contents = _contents(lowering, table_id)
    if contents.nothing is not None:
        return (Unmodelled(contents.nothing),)
    title = _title(lowering, table_id)
    routes = tuple(_route(table_id, argument, each, title) for each in contents.best.values())
    words = "has no route to the destination"
    supposed = tuple(_supposed(lowering, table_id, argument))
    return (Forward(routes, Origin(table_id, words, "", _NO_ROUTE, title), supposed),)


def _supposed(lowering: Lowering, table_id: str, argument: str) -> Iterator[Route]:
    """The routes that the table could have: to each VPC that is attached, for its blocks."""
    gateway_id, _, _ = argument.partition(" ")
    for each in _index(lowering).attached_to(gateway_id):
        vpc = lowering.snapshot.get(Vpc, each.resource_id)
        if vpc is None or each.resource_type != "vpc" or not works(each.state):
            continue
        attachment = each.transit_gateway_attachment_id
        through = TransitGatewayRouteAttachment(attachment, each.resource_id, "vpc")
        match = HeaderSpace.where(destination=Ranges.prefixes(map(Prefix.parse, vpc_blocks(vpc))))
        words = f"no route for this leads to {attachment}"
        title = _title(lowering, table_id)
        origin = Origin(table_id, words, f"{_MISSING}{attachment}", _NO_ROUTE, title)
        yield Route(match, _out(through, argument), origin)


def _title(lowering: Lowering, table_id: str) -> str:
    table = lowering.snapshot.get(TransitGatewayRouteTable, table_id)
    return table.name if table is not None else ""


def _route(table_id: str, argument: str, candidate: _Candidate, title: str) -> Route:
    locator = candidate.locator
    if candidate.doubt or candidate.state not in ("active", "blackhole"):
        node = node_name(_NAME, table_id, "unsettled", str(candidate.prefix))
        return Route(candidate.match, node, Origin(table_id, "", locator, name=title))
    if candidate.state == "blackhole" or not candidate.attachments:
        words = "is in state blackhole" if candidate.state == "blackhole" else "leads nowhere"
        code = "TGW_RTB_BAD_STATE_ROUTE"
        origin = Origin(table_id, words, locator, code, title, record=_told(candidate))
        return Route(candidate.match, "", origin)
    if len(candidate.attachments) > 1:
        node = node_name(_NAME, table_id, "may", f"{argument} {candidate.prefix}")
        return Route(candidate.match, node, Origin(table_id, "", locator, name=title))
    (through,) = candidate.attachments
    words, record = _words(through), _told(candidate)
    origin = Origin(table_id, words, locator, name=title, record=record)
    return Route(candidate.match, _out(through, argument), origin)


def _words(through: TransitGatewayRouteAttachment) -> str:
    named = f" ({through.resource_id})" if through.resource_id else ""
    return f"routes to {through.transit_gateway_attachment_id}{named}"


def _out(through: TransitGatewayRouteAttachment, argument: str) -> str:
    attachment_id = through.transit_gateway_attachment_id or ""
    return node_name("transit_gateway", attachment_id, "out", argument)


def _told(candidate: _Candidate) -> TransitGatewayRoute:
    """A candidate as a search would print it."""
    listed = candidate.locator.partition(" pl-")[2]
    return TransitGatewayRoute(
        destination_cidr_block=str(candidate.prefix),
        prefix_list_id=f"pl-{listed}" if listed else None,
        transit_gateway_attachments=candidate.attachments,
        type="propagated" if candidate.rank > _LISTED else "static",
        state=candidate.state,
    )


def _besides(lowering: Lowering, denial: Denial) -> Iterator[Origin]:
    """Routes that could have served a packet which this table drops, and why they do not.

    Those to where the destination is, and of a packet that a blackhole drops any that it beats.
    """
    table_id, destination = denial.origin.resource, denial.header.destination
    table = lowering.snapshot.get(TransitGatewayRouteTable, table_id)
    if table is None:
        return
    contents = _contents(lowering, table_id)
    owners = {each.vpc_id for each in lowering.index.owner_of_address(destination)}
    winner = next((c for c in contents.best.values() if destination in c.prefix), None)
    for each in contents.every:
        if each is winner or each.state == "blackhole" or not each.attachments:
            continue
        holds = destination in each.prefix
        if not holds and not any(way.resource_id in owners for way in each.attachments):
            continue
        if not holds or winner is None:
            words, code = "does not hold the destination", "TGW_RTB_CANNOT_ROUTE"
        elif each.prefix.length < winner.prefix.length:
            words, code = f"is beaten by the longer {winner.locator}", _LONGER
        else:
            words, code = f"is beaten by the better {winner.locator}", _BETTER
        words = f"{each.locator} {words}"
        yield Origin(table_id, words, each.locator, code, table.name, record=_told(each))


def _may(lowering: Lowering, table_id: str, argument: str) -> tuple[Stage, ...]:
    """R-TGW-13: a route with several attachments."""
    leaving, _, prefix = argument.rpartition(" ")
    candidate = _contents(lowering, table_id).best[prefix]
    title = _title(lowering, table_id)
    options = []
    for through in candidate.attachments:
        words = f"assumed: of several equal routes this one is taken ({_words(through)})"
        origin = Origin(table_id, words, candidate.locator, name=title)
        options.append(Option(_out(through, leaving), origin))
    return (Choose(tuple(options)),)


def _unsettled(lowering: Lowering, table_id: str, prefix: str) -> tuple[Stage, ...]:
    """A destination of which it is not known what becomes of it."""
    candidate = _contents(lowering, table_id).best[prefix]
    words = candidate.doubt or f"it is in state {candidate.state}"
    said = f"what becomes of {prefix} is not known: {words}"
    title = _title(lowering, table_id)
    return (Unmodelled(Origin(table_id, said, candidate.locator, _UNKNOWN, title)),)


# ------------------------------------------------------------------- changing a table


def _admit(lowering: Lowering, denied: Denied) -> tuple[Change, ...]:
    """The static route that is lacking; no other route of the same destination beats it (R-TGW-4).

    A route that is dead is replaced, whatever it is for: it said where its destinations were to go.
    """
    if denied.lacking is None:
        return ()
    table_id = denied.lacking.resource
    attachment = denied.lacking.locator.removeprefix(_MISSING)
    (through,) = (
        a for a in _index(lowering).every if a.transit_gateway_attachment_id == attachment
    )
    (destination,) = map(str, denied.wanted.by_name["destination"].cover())
    if denied.origin.resource == table_id and denied.origin.code == "TGW_RTB_BAD_STATE_ROUTE":
        destination = denied.origin.locator.removeprefix("route ")
        if destination.startswith("pl-"):
            return ()
    title = _title(lowering, table_id)
    route = TransitRoute(table_id, title, destination, attachment, through.resource_id)
    static = {each.destination_cidr_block for each in _static(lowering, table_id)}
    return (AddTransitRoute(route, replaces=destination in static),)


def _static(lowering: Lowering, table_id: str) -> list[TransitGatewayRoute]:
    """The table's static routes, in whichever call lists them."""
    every = lowering.snapshot.get(TransitGatewayRoutes, table_id)
    answer = every or lowering.snapshot.get(TransitGatewayStaticRoutes, table_id)
    return [route for route in answer.routes if route.type == "static"] if answer else []


def _remove(lowering: Lowering, origin: Origin) -> tuple[Removal, ...]:
    """The static route that an origin speaks of."""
    table_id = origin.resource
    for route in _static(lowering, table_id):
        destination = route.destination_cidr_block or ""
        through = _distinct(route.transit_gateway_attachments)
        named = origin.locator == f"route {destination}" and len(through) == 1
        if named and origin.words == _words(through[0]):
            (by,) = through
            title = _title(lowering, table_id)
            leads_to = by.resource_id or ""
            attachment = by.transit_gateway_attachment_id or ""
            told = TransitRoute(table_id, title, destination, attachment, leads_to)
            return (RemoveTransitRoute(told),)
    return ()


_TABLE = Reference("transit_gateway_route_table_id", TransitGatewayRouteTable)
_OF_TABLE = {"TransitGatewayRouteTableId": "TransitGatewayRouteTableId"}
_MORE = ("additional_routes_available", "next_token")

COMPONENT = Component(
    name=_NAME,
    reads=(TransitGatewayRouteTable, TransitGatewayRoutes, TransitGatewayStaticRoutes),
    sections=(
        Section(
            "TransitGatewayRouteTables",
            TransitGatewayRouteTable,
            "transit_gateway_route_table_id",
            "ec2.DescribeTransitGatewayRouteTables",
        ),
        Section(
            "TransitGatewayRoutes",
            TransitGatewayRoutes,
            "transit_gateway_route_table_id",
            "ec2.SearchTransitGatewayRoutes",
            addresses={"routes[].destination_cidr_block": "CIDR"},
            references=(_TABLE,),
            merge="extend",
            more=_MORE,
            bare=(("TransitGatewayRouteTableId", "Routes"),),
            orphan="Routes",
            covered_by="TransitGatewayStaticRoutes",
            asked=(
                Call(
                    "ec2.SearchTransitGatewayRoutes",
                    hold="Routes",
                    given=({"Filters": [{"Name": "type", "Values": ["static", "propagated"]}]},),
                    per=(
                        Per(
                            "ec2.DescribeTransitGatewayRouteTables",
                            _OF_TABLE,
                            unless=("State", "deleted"),
                        ),
                    ),
                    keep=_OF_TABLE,
                ),
            ),
        ),
        Section(
            "TransitGatewayStaticRoutes",
            TransitGatewayStaticRoutes,
            "transit_gateway_route_table_id",
            "ec2.SearchTransitGatewayRoutes",
            addresses={"routes[].destination_cidr_block": "CIDR"},
            references=(_TABLE,),
            merge="extend",
            more=_MORE,
            covered_by="TransitGatewayRoutes",
            asked=(),
        ),
        Section(
            "TransitGatewayPropagations",
            TransitGatewayPropagations,
            "transit_gateway_route_table_id",
            "ec2.GetTransitGatewayRouteTablePropagations",
            references=(_TABLE,),
            merge="extend",
            more=("next_token",),
            bare=(("TransitGatewayRouteTableId", "TransitGatewayRouteTablePropagations"),),
            covered_by="TransitGatewayRoutes",
            asked=(
                per_id(
                    "ec2.GetTransitGatewayRouteTablePropagations",
                    "ec2.DescribeTransitGatewayRouteTables",
                    "TransitGatewayRouteTableId",
                    hold="TransitGatewayRouteTablePropagations",
                    unless=("State", "deleted"),
                ),
            ),
        ),
        Section(
            "TransitGatewayPrefixListReferences",
            TransitGatewayPrefixListReference,
            "key",
            "ec2.GetTransitGatewayPrefixListReferences",
            references=(_TABLE,),
            covered_by="TransitGatewayRoutes",
            asked=(
                Call(
                    "ec2.GetTransitGatewayPrefixListReferences",
                    take="TransitGatewayPrefixListReferences",
                    per=(
                        Per(
                            "ec2.DescribeTransitGatewayRouteTables",
                            _OF_TABLE,
                            unless=("State", "deleted"),
                        ),
                    ),
                ),
            ),
        ),
    ),
    nodes={
        "enter": _enter,
        "hairpin": _hairpin,
        "lookup": _lookup,
        "may": _may,
        "unsettled": _unsettled,
    },
    besides=_besides,
    mending=Mending("tgw-rtb-", 2, _admit, _remove),
)
