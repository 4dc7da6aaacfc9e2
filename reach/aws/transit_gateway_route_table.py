"""Transit gateway route tables: longest prefix first, then static over prefix list over propagated.

A table is looked up for what comes in by the attachments associated with it (R-TGW-3).  Of equal
prefixes static routes win, then prefix lists, then what is propagated, in AWS's order of attachment
kinds (R-TGW-4, R-TGW-7); a blackhole wins and drops (R-TGW-5).  Several attachments of one route
are a *may* (R-TGW-13).  Where only static routes and propagations are known, a propagating VPC
gives its blocks, IPv6 ones if that is enabled, unless an earlier attachment overlaps them
(R-TGW-6); what other kinds propagate is then not known.  A table that was cut short, or that
another account keeps to itself, is not known at all.

Implements: R-TGW-4 R-TGW-5 R-TGW-6 R-TGW-7 R-TGW-13 R-TGW-15 R-TGW-16
Not modelled: path lengths of learned routes; only what AWS lists as the winner counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from reach.component import Component, Lowering, node_name
from reach.network.address import Prefix, is_ipv4
from reach.network.header_space import to_prefix
from reach.network.stage import Choose, Forward, Option, Origin, Route, Stage, Unmodelled
from reach.snapshot.index import vpc_blocks
from reach.snapshot.records import Vpc
from reach.snapshot.section import Reference, Section
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
    "network-function",
    "peering",
    "tgw-peering",
)
_UNKNOWN = "TGW_RTB_ROUTES_ARE_UNKNOWN"


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One destination of one route, with the attachments it may leave by (none: it drops)."""

    prefix: Prefix
    rank: int
    attachments: tuple[TransitGatewayRouteAttachment, ...]
    locator: str
    state: str = "active"


@dataclass(frozen=True, slots=True)
class _Contents:
    """The best candidates of each prefix, the longest first.

    ``more`` says what else the table may hold, ``nothing`` that it is not known at all.
    """

    best: tuple[_Candidate, ...] = ()
    more: Origin | None = None
    nothing: Origin | None = None


def _contents(lowering: Lowering, table_id: str) -> _Contents:
    return lowering.memo(f"{_NAME} {table_id}", partial(_read, lowering, table_id))


def _read(lowering: Lowering, table_id: str) -> _Contents:
    every = lowering.snapshot.get(TransitGatewayRoutes, table_id)
    static = lowering.snapshot.get(TransitGatewayStaticRoutes, table_id)
    propagated = lowering.snapshot.get(TransitGatewayPropagations, table_id)
    listed = every or static
    if listed is None:
        words = "the routes of this table are not known"
        missing = lowering.missing(TransitGatewayRoutes, table_id, words)
        return _Contents(nothing=_as_unknown(missing))
    if listed.additional_routes_available or listed.next_token:
        words = "there are more routes than the snapshot holds"
        return _Contents(nothing=Origin(table_id, words, code=_UNKNOWN))
    found = [c for route in listed.routes for c in _listed(lowering, table_id, route)]
    found += _references(lowering, table_id)
    more = None
    if every is None:
        if propagated is None or propagated.next_token:
            words = "what is propagated into this table is not known"
            missing = lowering.missing(TransitGatewayPropagations, table_id, words)
            return _Contents(nothing=_as_unknown(missing))
        derived, more = _propagated(lowering, table_id, propagated)
        found += derived
    more = more or _unknown_list(lowering, table_id, listed.routes)
    return _Contents(tuple(_best(found)), more)


def _as_unknown(origin: Origin) -> Origin:
    return Origin(origin.resource, origin.words, code=_UNKNOWN)


def _listed(lowering: Lowering, table_id: str, route: TransitGatewayRoute) -> Iterator[_Candidate]:
    """What the search prints; a prefix list shows as one route (R-TGW-7)."""
    attachments = route.transit_gateway_attachments
    listed = route.prefix_list_id
    shown = listed or route.destination_cidr_block or ""
    blocks = (lowering.index.prefix_list_entries(listed) or ()) if listed else (shown,)
    if listed:
        rank = _RANKS.index("prefix-list")
    elif route.type == "static":
        rank = 0
    else:
        kinds = [_rank(each.resource_type or "") for each in attachments]
        rank = min(kinds, default=len(_RANKS))
    for block in blocks:
        if block:
            yield _Candidate(
                Prefix.parse(block), rank, attachments, f"route {shown}", route.state or "active"
            )


def _rank(kind: str) -> int:
    return _RANKS.index(kind) if kind in _RANKS else len(_RANKS)


def _references(lowering: Lowering, table_id: str) -> Iterator[_Candidate]:
    """Prefix lists that the table refers to, where the search did not print them."""
    for each in lowering.snapshot.records(TransitGatewayPrefixListReference):
        if each.transit_gateway_route_table_id != table_id or each.state in ("deleting", "deleted"):
            continue
        through = each.transit_gateway_attachment
        for block in lowering.index.prefix_list_entries(each.prefix_list_id) or ():
            yield _Candidate(
                Prefix.parse(block),
                _RANKS.index("prefix-list"),
                (through,) if through else (),
                f"route {each.prefix_list_id}",
                "blackhole" if each.blackhole else "active",
            )


def _unknown_list(
    lowering: Lowering, table_id: str, routes: tuple[TransitGatewayRoute, ...]
) -> Origin | None:
    """A prefix list in the table without known entries."""
    named = [route.prefix_list_id for route in routes if route.prefix_list_id]
    named += [
        each.prefix_list_id
        for each in lowering.snapshot.records(TransitGatewayPrefixListReference)
        if each.transit_gateway_route_table_id == table_id
    ]
    for listed in named:
        if lowering.index.prefix_list_entries(listed) is None:
            words = f"routes {listed}, whose entries are not in the snapshot"
            return Origin(table_id, words, code=_UNKNOWN)
    return None


def _propagated(
    lowering: Lowering, table_id: str, answer: TransitGatewayPropagations
) -> tuple[list[_Candidate], Origin | None]:
    """R-TGW-6: the blocks of each propagating VPC, earlier attachments first."""
    enabled = [
        each
        for each in answer.transit_gateway_route_table_propagations
        if each.state in ("enabled", "")
    ]
    found: list[_Candidate] = []
    more: Origin | None = None
    for each in sorted(enabled, key=partial(_made, lowering)):
        vpc = lowering.snapshot.get(Vpc, each.resource_id or "")
        if each.resource_type != "vpc" or vpc is None:
            words = f"what {each.resource_id} propagates into this table is not in the snapshot"
            more = more or Origin(table_id, words, code=_UNKNOWN)
            continue
        through = TransitGatewayRouteAttachment(
            each.transit_gateway_attachment_id, each.resource_id, each.resource_type
        )
        taken = [candidate.prefix for candidate in found]
        for block in map(Prefix.parse, _announced(lowering, each, vpc)):
            if not any(block.overlaps(other) for other in taken):
                locator = f"propagated route {block}"
                found.append(_Candidate(block, _rank("vpc"), (through,), locator))
    return found, more


def _made(lowering: Lowering, each: TransitGatewayPropagation) -> tuple[str, str]:
    attachment_id = each.transit_gateway_attachment_id or ""
    attachment = lowering.snapshot.get(TransitGatewayVpcAttachment, attachment_id)
    return attachment.creation_time if attachment else "", attachment_id


def _announced(lowering: Lowering, each: TransitGatewayPropagation, vpc: Vpc) -> Iterator[str]:
    attachment_id = each.transit_gateway_attachment_id or ""
    attachment = lowering.snapshot.get(TransitGatewayVpcAttachment, attachment_id)
    six = attachment is not None and attachment.options.ipv6_support == "enable"
    for block in vpc_blocks(vpc):
        if six or is_ipv4(Prefix.parse(block).value):
            yield block


def _best(found: list[_Candidate]) -> Iterator[_Candidate]:
    ordered = sorted(found, key=lambda c: (-c.prefix.length, c.prefix.value, c.rank, c.locator))
    for _, group in groupby(ordered, key=lambda c: c.prefix):
        yield next(group)


# ------------------------------------------------------------------- nodes


def _lookup(lowering: Lowering, table_id: str, argument: str) -> tuple[Stage, ...]:
    """``argument``: the gateway, and the zone that the packet came from ("-": any)."""
    contents = _contents(lowering, table_id)
    if contents.nothing is not None:
        return (Unmodelled(contents.nothing),)
    routes = tuple(
        _route(lowering, table_id, argument, candidate, contents.more)
        for candidate in contents.best
    )
    if contents.more is not None:
        return (Forward(routes), Unmodelled(contents.more))
    words = "has no route to the destination"
    code = "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"
    return (Forward(routes, Origin(table_id, words, "", code, _title(lowering, table_id))),)


def _title(lowering: Lowering, table_id: str) -> str:
    table = lowering.snapshot.get(TransitGatewayRouteTable, table_id)
    return table.name if table is not None else ""


def _route(
    lowering: Lowering,
    table_id: str,
    argument: str,
    candidate: _Candidate,
    more: Origin | None,
) -> Route:
    name, match = _title(lowering, table_id), to_prefix(candidate.prefix)
    if candidate.state != "active" or not candidate.attachments:
        words = f"is in state {candidate.state}"
        code = "TGW_RTB_BAD_STATE_ROUTE"
        return Route(match, "", Origin(table_id, words, candidate.locator, code, name))
    if len(candidate.attachments) > 1 or more is not None:
        node = node_name(_NAME, table_id, "may", f"{argument} {candidate.prefix}")
        return Route(match, node, Origin(table_id, "", candidate.locator, name=name))
    (through,) = candidate.attachments
    origin = Origin(table_id, _words(through), candidate.locator, name=name)
    return Route(match, _out(through, argument), origin)


def _words(through: TransitGatewayRouteAttachment) -> str:
    named = f" ({through.resource_id})" if through.resource_id else ""
    return f"routes to {through.transit_gateway_attachment_id}{named}"


def _out(through: TransitGatewayRouteAttachment, argument: str) -> str:
    attachment_id = through.transit_gateway_attachment_id or ""
    return node_name("transit_gateway", attachment_id, "out", argument)


def _may(lowering: Lowering, table_id: str, argument: str) -> tuple[Stage, ...]:
    """A route that is not certain: several attachments, or longer prefixes that are not known."""
    leaving, _, prefix = argument.rpartition(" ")
    contents = _contents(lowering, table_id)
    candidate = next(c for c in contents.best if str(c.prefix) == prefix)
    options = []
    for through in candidate.attachments:
        said = []
        if len(candidate.attachments) > 1:
            said.append("of several equal routes this one is taken")
        if contents.more is not None:
            said.append(f"no longer prefix takes the packet, for {contents.more.words}")
        words = f"assumed: {'; '.join(said)} ({_words(through)})"
        origin = Origin(table_id, words, candidate.locator, name=_title(lowering, table_id))
        options.append(Option(_out(through, leaving), origin))
    return (Choose(tuple(options)),)


_TABLE = Reference("transit_gateway_route_table_id", TransitGatewayRouteTable)
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
        ),
        Section(
            "TransitGatewayPrefixListReferences",
            TransitGatewayPrefixListReference,
            "key",
            "ec2.GetTransitGatewayPrefixListReferences",
            references=(_TABLE,),
            covered_by="TransitGatewayRoutes",
        ),
    ),
    nodes={"lookup": _lookup, "may": _may},
)
