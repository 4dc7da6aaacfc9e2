"""The routes of a transit gateway's route table, and which wins of each prefix.

    contents_of(lowering, table_id) -> Contents

Takes what calls print of a table: a search for all its routes, or one for static routes with
prefix list references and propagations beside it.  A table of which a part is not known is not
known at all: any destination may have a longer prefix (R-TGW-4, R-TGW-6, R-TGW-7, R-TGW-16,
R-TGW-19).  Nothing in an answer says what was searched for, so a search for all that lacks what
propagates into the table may have been for less.  Must not know nodes, nor how packets pass them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby

from reach.component import Lowering
from reach.network.address import Prefix
from reach.network.header_space import HeaderSpace, to_prefix
from reach.network.stage import Origin
from reach.routing.transit_index import AttachedBlock, index_of, works
from reach.snapshot.index import vpc_blocks
from reach.snapshot.records import ManagedPrefixListEntries, PrefixList, Vpc
from reach.snapshot.transit_records import (
    TransitGatewayPrefixListReference,
    TransitGatewayPropagation,
    TransitGatewayPropagations,
    TransitGatewayRoute,
    TransitGatewayRouteAttachment,
    TransitGatewayRoutes,
    TransitGatewayStaticRoutes,
    TransitGatewayVpcAttachment,
)
from reach.unprinted import left_out

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
_DISPUTED = -1
UNKNOWN = "TGW_RTB_ROUTES_ARE_UNKNOWN"
_MEMO = "transit_gateway_route_table"


class _NotKnownError(Exception):
    """The whole table is not known, for the reason that ``origin`` gives."""

    def __init__(self, origin: Origin) -> None:
        super().__init__(str(origin))
        self.origin = Origin(origin.resource, origin.words, code=UNKNOWN)


@dataclass(frozen=True)
class Candidate:
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
class Contents:
    """The best candidate of each prefix, the longest first; or why the table is not known.

    ``every`` holds those that lose as well.
    """

    best: Mapping[str, Candidate] = field(default_factory=dict)
    nothing: Origin | None = None
    every: tuple[Candidate, ...] = ()


def contents_of(lowering: Lowering, table_id: str) -> Contents:
    """What is known of a table."""
    return lowering.memo(f"{_MEMO} {table_id}", partial(_read, lowering, table_id))


def _read(lowering: Lowering, table_id: str) -> Contents:
    every = lowering.snapshot.get(TransitGatewayRoutes, table_id)
    static = lowering.snapshot.get(TransitGatewayStaticRoutes, table_id)
    try:
        if every is not None:
            found = list(_listed(lowering, every))
            found += _disputed(lowering, static, found)
            found += _lacking(lowering, table_id, {each.prefix for each in found})
        elif static is not None and _holds_all(lowering, static):
            found = list(_listed(lowering, static))
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
        return Contents(nothing=unknown.origin)
    return Contents({str(each.prefix): each for each in _best(found)}, every=tuple(found))


def _best(found: list[Candidate]) -> Iterator[Candidate]:
    ordered = sorted(found, key=lambda c: (-c.prefix.length, c.prefix.value, c.rank, c.locator))
    for _, group in groupby(ordered, key=lambda c: c.prefix):
        yield next(group)


# ------------------------------------------------------------------- what is listed


def _listed(
    lowering: Lowering, answer: TransitGatewayRoutes | TransitGatewayStaticRoutes
) -> Iterator[Candidate]:
    """What a search prints."""
    table_id = answer.transit_gateway_route_table_id
    if answer.additional_routes_available or answer.next_token:
        raise _NotKnownError(Origin(table_id, "there are more routes than the snapshot holds"))
    untold = left_out(lowering, answer, "routes")
    if untold is not None:
        raise _NotKnownError(untold)
    for route in answer.routes:
        if route.state == "deleted":  # API: TransitGatewayRouteState; it is not there any more
            continue
        attachments = distinct(route.transit_gateway_attachments)
        for block in _blocks(lowering, table_id, route):
            yield Candidate(
                Prefix.parse(block),
                _rank(route),
                attachments,
                f"route {route.prefix_list_id or block}",
                route.state or "active",
            )


def distinct(
    attachments: Iterable[TransitGatewayRouteAttachment],
) -> tuple[TransitGatewayRouteAttachment, ...]:
    """A VPN shows once for each of its tunnels."""
    return tuple({each.transit_gateway_attachment_id: each for each in attachments}.values())


def _blocks(lowering: Lowering, table_id: str, route: TransitGatewayRoute) -> Sequence[str]:
    """R-TGW-7: a prefix list shows entry by entry; if not, its entries are looked up."""
    if route.destination_cidr_block:
        return (route.destination_cidr_block,)
    if not route.prefix_list_id:
        raise _NotKnownError(Origin(table_id, "the destination of one of its routes is not known"))
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


def _references(lowering: Lowering, static: TransitGatewayStaticRoutes) -> Iterator[Candidate]:
    """Prefix lists of the table, which a search for static routes does not print (R-TGW-7)."""
    table_id = static.transit_gateway_route_table_id
    kind = TransitGatewayPrefixListReference
    if not lowering.has(kind, static) and _customer_lists(lowering):
        words = "which prefix lists are in this table is not known"
        raise _NotKnownError(lowering.missing(kind, table_id, words))
    for each in lowering.table(f"{_MEMO} prefix lists", _listed_by_table).get(table_id, ()):
        through = each.transit_gateway_attachment
        for block in _entries(lowering, table_id, each.prefix_list_id):
            yield Candidate(
                Prefix.parse(block),
                _LISTED,
                (through,) if through and not each.blackhole else (),
                f"route {each.prefix_list_id}",
                "blackhole" if each.blackhole else "active",
                f"the reference to {each.prefix_list_id} is {each.state}"
                if each.state not in ("available", "")
                else "",
            )


def _listed_by_table(
    lowering: Lowering,
) -> Mapping[str, tuple[TransitGatewayPrefixListReference, ...]]:
    found: dict[str, tuple[TransitGatewayPrefixListReference, ...]] = {}
    for each in lowering.snapshot.records(TransitGatewayPrefixListReference):
        table_id = each.transit_gateway_route_table_id
        found[table_id] = (*found.get(table_id, ()), each)
    return found


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

    return lowering.memo(f"{_MEMO} customer lists", make)


def _disputed(
    lowering: Lowering, static: TransitGatewayStaticRoutes | None, found: Iterable[Candidate]
) -> Iterator[Candidate]:
    """The static routes that a search for them shows, and one for all routes does not so."""
    try:
        told = list(_listed(lowering, static)) if static is not None else []
    except _NotKnownError:
        return
    known = {(each.prefix, each.rank, each.attachments, each.state) for each in found}
    for each in told:
        if (each.prefix, each.rank, each.attachments, each.state) not in known:
            words = "two searches do not say the same of it"
            yield replace(each, rank=_DISPUTED, doubt=words)


def _holds_all(lowering: Lowering, static: TransitGatewayStaticRoutes) -> bool:
    """Whether a search for static routes was one for all: such a one alone prints others."""
    propagations = TransitGatewayPropagations, static.transit_gateway_route_table_id
    return lowering.snapshot.get(*propagations) is None and any(
        each.type == "propagated" for each in static.routes
    )


# ------------------------------------------------------------------- what is propagated


def _lacking(lowering: Lowering, table_id: str, listed: Container[Prefix]) -> Iterator[Candidate]:
    """What is said to propagate into a table and is not in a search for all that it holds."""
    try:
        enabled = _enabled(lowering, table_id)
    except _NotKnownError:
        return
    for attachment_id, propagation in enabled.items():
        if not all(works(end.state) for end in index_of(lowering).ends_of(attachment_id)):
            continue
        try:
            told = list(_propagated_by(lowering, table_id, propagation, enabled.keys()))
        except _NotKnownError:
            continue
        for each in told:
            if each.prefix not in listed and not each.doubt:
                words = "is propagated into this table, and a search for its routes lacks it"
                yield replace(each, doubt=f"{each.prefix} {words}")


def _propagated(lowering: Lowering, table_id: str) -> Iterator[Candidate]:
    """R-TGW-6: the blocks of each propagating VPC, save those that overlap an earlier one's."""
    enabled = _enabled(lowering, table_id)
    for each in enabled.values():
        yield from _propagated_by(lowering, table_id, each, enabled.keys())


def _enabled(lowering: Lowering, table_id: str) -> Mapping[str, TransitGatewayPropagation]:
    """What propagates into a table, by attachment."""
    answer = lowering.snapshot.get(TransitGatewayPropagations, table_id)
    if answer is None or answer.next_token:
        words = "what is propagated into this table is not known"
        raise _NotKnownError(lowering.missing(TransitGatewayPropagations, table_id, words))
    untold = left_out(lowering, answer)
    if untold is not None:
        raise _NotKnownError(untold)
    return {
        each.transit_gateway_attachment_id or "": each
        for each in answer.transit_gateway_route_table_propagations
        if each.state.lower() in ("enabled", "")
    }


def _propagated_by(
    lowering: Lowering, table_id: str, each: TransitGatewayPropagation, here: Container[str]
) -> Iterator[Candidate]:
    if each.resource_type == "network-function":
        return  # R-TGW-19: only static routes lead there
    attachment_id = each.transit_gateway_attachment_id or ""
    through = TransitGatewayRouteAttachment(attachment_id, each.resource_id, each.resource_type)
    blocks = _announced(lowering, table_id, each)
    verdicts = [_overlapped(lowering, block, here) for block in blocks]
    for block, (lost, doubt) in zip(blocks, verdicts, strict=True):
        if not lost and not doubt and any(other_lost for other_lost, _ in verdicts):
            doubt = f"another block of {each.resource_id} is not propagated"
        if not lost:
            locator = f"propagated route {block.prefix}"
            yield Candidate(block.prefix, _OF_VPC, (through,), locator, doubt=doubt)


def _announced(
    lowering: Lowering, table_id: str, each: TransitGatewayPropagation
) -> tuple[AttachedBlock, ...]:
    attachment_id, vpc_id = each.transit_gateway_attachment_id or "", each.resource_id or ""
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if each.resource_type != "vpc" or vpc is None:
        words = f"what {vpc_id} propagates into this table is not in the snapshot"
        raise _NotKnownError(Origin(table_id, words))
    blocks = index_of(lowering).blocks_of(attachment_id, vpc)
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
    for other in index_of(lowering).overlapping(block):
        known = block.created and other.created and block.created != other.created
        if known and other.created > block.created:
            continue
        if known and other.attachment in here:
            return True, ""
        doubt = f"it overlaps {other.prefix} of {other.attachment}"
    return False, doubt


# ------------------------------------------------------------------- what is said of it


def static_routes(lowering: Lowering, table_id: str) -> list[TransitGatewayRoute]:
    """The table's static routes, in whichever call lists them."""
    every = lowering.snapshot.get(TransitGatewayRoutes, table_id)
    answer = every or lowering.snapshot.get(TransitGatewayStaticRoutes, table_id)
    return [route for route in answer.routes if route.type == "static"] if answer else []


def as_searched(candidate: Candidate) -> TransitGatewayRoute:
    """A candidate as a search would print it."""
    listed = candidate.locator.partition(" pl-")[2]
    return TransitGatewayRoute(
        destination_cidr_block=str(candidate.prefix),
        prefix_list_id=f"pl-{listed}" if listed else None,
        transit_gateway_attachments=candidate.attachments,
        type="propagated" if candidate.rank > _LISTED else "static",
        state=candidate.state,
    )
