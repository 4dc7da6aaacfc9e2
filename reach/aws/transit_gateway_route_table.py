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

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from reach.aim import Visit
from reach.component import Component, Denial, Denied, Lowering, Mending, node_name
from reach.network.address import Prefix
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
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
from reach.routing.transit_index import every, index_of
from reach.routing.transit_table import (
    UNKNOWN,
    Candidate,
    as_searched,
    contents_of,
    distinct,
    static_routes,
)
from reach.snapshot.call import Call, Per, per_id
from reach.snapshot.index import vpc_blocks
from reach.snapshot.records import Vpc
from reach.snapshot.section import Reference, Section
from reach.snapshot.transit_records import (
    TransitGatewayPrefixListReference,
    TransitGatewayPropagations,
    TransitGatewayRouteAttachment,
    TransitGatewayRoutes,
    TransitGatewayRouteTable,
    TransitGatewayStaticRoutes,
)

if TYPE_CHECKING:
    from reach.changes import Change, Removal


_NAME = "transit_gateway_route_table"
_QUIET = Origin("", "")
_LONGER, _BETTER = "TGW_RTB_MORE_SPECIFIC_ROUTE", "TGW_RTB_HIGHER_PRIORITY_ROUTE"
_NO_ROUTE = "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"
_HAIRPIN = "transit-gateway-hairpin"
_MISSING = "missing route to "


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
    by_attachment, lows, best = _in_order(lowering, table_id)
    back = Ranges(())
    for own in by_attachment.get(attachment_id, ()):
        low, high = own.prefix.low, own.prefix.high
        others = (
            each.prefix
            for each in best[bisect_left(lows, low) : bisect_right(lows, high)]
            if each.prefix.length > own.prefix.length and _only_attachment(each) != attachment_id
        )
        back |= Ranges.span(low, high) - Ranges.prefixes(others)
    return back


def _in_order(
    lowering: Lowering, table_id: str
) -> tuple[Mapping[str, list[Candidate]], list[int], list[Candidate]]:
    """The best candidates by the one attachment that they lead to; and all by where they begin."""

    def make() -> tuple[Mapping[str, list[Candidate]], list[int], list[Candidate]]:
        best = sorted(contents_of(lowering, table_id).best.values(), key=lambda e: e.prefix.low)
        found: dict[str, list[Candidate]] = {}
        for each in best:
            only = _only_attachment(each)
            if only is not None:
                found.setdefault(only, []).append(each)
        return found, [each.prefix.low for each in best], best

    return lowering.memo(f"{_NAME} {table_id} in order", make)


def _only_attachment(candidate: Candidate) -> str | None:
    """The attachment that a candidate leads to; None where there are none, or several."""
    if len(candidate.attachments) != 1:
        return None
    return candidate.attachments[0].transit_gateway_attachment_id


def _hairpin(lowering: Lowering, table_id: str, argument: str) -> tuple[Stage, ...]:
    """U-9: back into the attachment that it came from."""
    gateway_id, attachment_id, zone = argument.split(" ", 2)
    words = "assumed: a packet may go back into the attachment that it came from"
    onward = node_name(_NAME, table_id, "lookup", f"{gateway_id} {zone}")
    return (Choose((Option(onward, Origin(attachment_id, words, option=_HAIRPIN)),)),)


def _lookup(lowering: Lowering, table_id: str, argument: str) -> tuple[Stage, ...]:
    """``argument``: the gateway, and the zone that the packet came from ("-": any)."""
    contents = contents_of(lowering, table_id)
    if contents.nothing is not None:
        return (Unmodelled(contents.nothing),)
    title = _title(lowering, table_id)
    routes = tuple(_route(table_id, argument, each, title) for each in contents.best.values())
    words = "has no route to the destination"
    supposed = lowering.later(lambda: tuple(_supposed(lowering, table_id, argument)))
    return (Forward(routes, Origin(table_id, words, "", _NO_ROUTE, title), supposed),)


def _supposed(lowering: Lowering, table_id: str, argument: str) -> Iterator[Route]:
    """The routes that the table could have: to each VPC that is attached, for its blocks."""
    gateway_id, _, _ = argument.partition(" ")
    title = _title(lowering, table_id)
    for attachment, vpc_id in index_of(lowering).vpcs_on(gateway_id):
        vpc = lowering.snapshot.get(Vpc, vpc_id)
        if vpc is None:
            continue
        through = TransitGatewayRouteAttachment(attachment, vpc_id, "vpc")
        words = f"no route for this leads to {attachment}"
        origin = Origin(table_id, words, f"{_MISSING}{attachment}", _NO_ROUTE, title)
        yield Route(_blocks_of(lowering, vpc), _out(through, argument), origin)


def _blocks_of(lowering: Lowering, vpc: Vpc) -> HeaderSpace:
    """Once for the lookups of all zones: the engines know it again."""

    def make() -> HeaderSpace:
        return HeaderSpace.where(destination=Ranges.prefixes(map(Prefix.parse, vpc_blocks(vpc))))

    return lowering.memo(f"{_NAME} blocks of {vpc.vpc_id}", make)


def _title(lowering: Lowering, table_id: str) -> str:
    table = lowering.snapshot.get(TransitGatewayRouteTable, table_id)
    return table.name if table is not None else ""


def _unsettled_words(candidate: Candidate) -> str:
    """Why nobody can tell what becomes of a destination; '' where one can."""
    if candidate.doubt:
        return candidate.doubt
    if candidate.state not in ("active", "blackhole"):
        return f"it is in state {candidate.state}"
    untold = candidate.state == "active" and not candidate.attachments
    return "it is active and leads to no attachment that is named" if untold else ""


def _route(table_id: str, argument: str, candidate: Candidate, title: str) -> Route:
    locator = candidate.locator
    if _unsettled_words(candidate):
        node = node_name(_NAME, table_id, "unsettled", str(candidate.prefix))
        return Route(candidate.match, node, Origin(table_id, "", locator, name=title))
    if candidate.state == "blackhole":
        words = "is in state blackhole"
        code = "TGW_RTB_BAD_STATE_ROUTE"
        origin = Origin(table_id, words, locator, code, title, record=as_searched(candidate))
        return Route(candidate.match, "", origin)
    if len(candidate.attachments) > 1:
        node = node_name(_NAME, table_id, "may", f"{argument} {candidate.prefix}")
        return Route(candidate.match, node, Origin(table_id, "", locator, name=title))
    (through,) = candidate.attachments
    words, record = _words(through), as_searched(candidate)
    origin = Origin(table_id, words, locator, name=title, record=record)
    return Route(candidate.match, _out(through, argument), origin)


def _words(through: TransitGatewayRouteAttachment) -> str:
    named = f" ({through.resource_id})" if through.resource_id else ""
    return f"routes to {through.transit_gateway_attachment_id}{named}"


def _out(through: TransitGatewayRouteAttachment, argument: str) -> str:
    attachment_id = through.transit_gateway_attachment_id or ""
    return node_name("transit_gateway", attachment_id, "out", argument)


def _besides(lowering: Lowering, denial: Denial) -> Iterator[Origin]:
    """Routes that could have served a packet which this table drops, and why they do not.

    Those to where the destination is, and of a packet that a blackhole drops any that it beats.
    """
    table_id, destination = denial.origin.resource, denial.header.destination
    table = lowering.snapshot.get(TransitGatewayRouteTable, table_id)
    if table is None:
        return
    contents = contents_of(lowering, table_id)
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
        yield Origin(table_id, words, each.locator, code, table.name, record=as_searched(each))


def _may(lowering: Lowering, table_id: str, argument: str) -> tuple[Stage, ...]:
    """R-TGW-13: a route with several attachments."""
    leaving, _, prefix = argument.rpartition(" ")
    candidate = contents_of(lowering, table_id).best.get(prefix)
    title = _title(lowering, table_id)
    if candidate is None:
        return (_gone(table_id, prefix, title),)
    options = []
    for through in candidate.attachments:
        words = f"assumed: of several equal routes this one is taken ({_words(through)})"
        origin = Origin(table_id, words, candidate.locator, name=title)
        options.append(Option(_out(through, leaving), origin))
    return (Choose(tuple(options)),)


def _gone(table_id: str, prefix: str, title: str) -> Unmodelled:
    """Of a route that was there: nobody is led there any more."""
    return Unmodelled(Origin(table_id, f"has no route for {prefix}", code=UNKNOWN, name=title))


def _unsettled(lowering: Lowering, table_id: str, prefix: str) -> tuple[Stage, ...]:
    """A destination of which it is not known what becomes of it."""
    candidate = contents_of(lowering, table_id).best.get(prefix)
    title = _title(lowering, table_id)
    if candidate is None:
        return (_gone(table_id, prefix, title),)
    words = _unsettled_words(candidate)
    said = f"what becomes of {prefix} is not known: {words}"
    return (Unmodelled(Origin(table_id, said, candidate.locator, UNKNOWN, title)),)


# ------------------------------------------------------------------- changing a table


def _admit(lowering: Lowering, denied: Denied) -> tuple[Change, ...]:
    """The static route that is lacking; no other route of the same destination beats it (R-TGW-4).

    A route that is dead is replaced, whatever it is for: it said where its destinations were to go.
    """
    from reach.changes import AddTransitRoute
    from reach.changes.transit_route import TransitRoute

    if denied.lacking is None:
        return ()
    table_id = denied.lacking.resource
    attachment = denied.lacking.locator.removeprefix(_MISSING)
    (through,) = (a for a in every(lowering) if a.transit_gateway_attachment_id == attachment)
    (destination,) = map(str, denied.wanted.by_name["destination"].cover())
    if denied.origin.resource == table_id and denied.origin.code == "TGW_RTB_BAD_STATE_ROUTE":
        destination = denied.origin.locator.removeprefix("route ")
        if destination.startswith("pl-"):
            return ()
    title = _title(lowering, table_id)
    route = TransitRoute(table_id, title, destination, attachment, through.resource_id)
    static = {each.destination_cidr_block for each in static_routes(lowering, table_id)}
    return (AddTransitRoute(route, replaces=destination in static),)


def _remove(lowering: Lowering, origin: Origin) -> tuple[Removal, ...]:
    """The static route that an origin speaks of."""
    from reach.changes import RemoveTransitRoute
    from reach.changes.transit_route import TransitRoute

    table_id = origin.resource
    for route in static_routes(lowering, table_id):
        destination = route.destination_cidr_block or ""
        through = distinct(route.transit_gateway_attachments)
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


def _place(lowering: Lowering, table_id: str) -> Visit | None:
    """A table is passed by what is looked up in it."""
    known = lowering.snapshot.get(TransitGatewayRouteTable, table_id) is not None
    return Visit(resources=frozenset((table_id,))) if known else None


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
    places={"tgw-rtb-": _place},
    besides=_besides,
    mending=Mending("tgw-rtb-", 2, _admit, _remove),
)
