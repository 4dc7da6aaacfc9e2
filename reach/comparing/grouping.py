"""The flows of a block -> those that are told together: all of the sources to all destinations.

    grouped(named, flows) -> shown      apart(named, flow) -> shown, of one flow

Flows are known as products of packets; who has the addresses at either side makes them products of
members (:mod:`reach.comparing.pairs`), kind of packets by kind.  Each group is shown by a packet of
its own.  Must not know how flows were found, nor rendering.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from reach.answer import EndPoint
from reach.comparing.flows import Further, Liked
from reach.comparing.pairs import Member, Product, Side, products
from reach.decide import Proof, left_open, replay
from reach.lower import Ground
from reach.network.address import format_address
from reach.network.field import INDEX, TCP, UDP, Header
from reach.network.header_space import HeaderSpace, Interval, Ranges
from reach.snapshot.records import NetworkInterface
from reach.trace import Fate

_MOST_PREFIXES, _TRIED = 4, 16
_NOWHERE = Ranges(())
_NARROW = 1 << 104  # of IPv4 a /24: so much is looked up with others before somebody asks


@dataclass(frozen=True)
class Shown:
    """Kinds of packets that all of some sources exchange with all of some destinations.

    ``proof`` is of one of them, and ``flow`` is one that takes the same decisions.
    """

    ends: Product
    packets: tuple[HeaderSpace, ...]
    flow: Further
    proof: Proof


@dataclass(frozen=True)
class _Piece:
    """A product of packets of a flow, between members."""

    flow: Further
    sent: HeaderSpace
    arriving: HeaderSpace
    ends: Product


def grouped(named: Named, flows: Sequence[Further]) -> Iterator[Shown]:
    """The flows of one block, each with some group."""
    pieces: dict[HeaderSpace, list[_Piece]] = {}
    named.look_up(flows)
    for flow in flows:
        for sent, arriving in flow.ways:
            piece = _Piece(flow, sent, arriving, named.sides(flow, sent, arriving))
            pieces.setdefault(sent.without("source", "destination"), []).append(piece)
    known: dict[tuple[Product, ...], list[Product]] = {}
    found: dict[Product, dict[HeaderSpace, list[_Piece]]] = {}
    for kind, each in sorted(pieces.items(), key=lambda pair: as_shown(pair[0])):
        rectangles = tuple(_merged(piece.ends for piece in each))
        if rectangles not in known:
            known[rectangles] = products(rectangles)
        for product in known[rectangles]:
            found.setdefault(product, {})[kind] = each
    for product, kinds in found.items():
        every = [piece for each in kinds.values() for piece in each]
        yield Shown(product, tuple(kinds), *_example(named.ground, product, every))


def apart(named: Named, flow: Further) -> Iterator[Shown]:
    """The packets of one flow, as they are sent, by the members between whom they are."""
    found: dict[Product, list[_Piece]] = {}
    for sent, arriving in flow.ways:
        ends = named.sides(flow, sent, arriving)
        found.setdefault(ends, []).append(_Piece(flow, sent, arriving, ends))
    for ends, pieces in found.items():
        packets = tuple(dict.fromkeys(piece.sent for piece in pieces))
        yield Shown(ends, packets, *_example(named.ground, ends, pieces))


def as_shown(kind: HeaderSpace) -> tuple[int, Sequence[tuple[int, Sequence[Interval]]]]:
    """By which kinds are in one order, however they were found: what people know best first."""
    protocols = kind.by_name.get("protocol")
    known = (n for n, each in enumerate((TCP, UDP)) if protocols is None or each in protocols)
    fields = [(INDEX[name], values.intervals) for name, values in kind.fields]
    return next(known, 2), fields


def _merged(rectangles: Iterable[Product]) -> list[Product]:
    """What somebody beyond sends to the same destinations, together; and what it is sent."""
    found = list(dict.fromkeys(rectangles))
    for place in (1, 0):
        alike: dict[Side, list[Side]] = {}
        for each in found:
            alike.setdefault(each[place], []).append(each[1 - place])
        sides = ((one, _joined(others)) for one, others in alike.items())
        found = [(other, one) if place else (one, other) for one, other in sides]
    return found


def _joined(sides: Iterable[Side]) -> Side:
    """All of some sides; of somebody beyond all addresses together."""
    members = dict.fromkeys(member for side in sides for member in side)
    at: dict[str, list[Ranges]] = {}
    for member in members:
        if not member.alone:
            at.setdefault(member.who, []).append(member.at)
    beyond = (Member(who, Ranges.any_of(each), alone=False) for who, each in at.items())
    return frozenset((*(member for member in members if member.alone), *beyond))


# ------------------------------------------------------------------- one packet of a group


def _example(ground: Ground, ends: Product, pieces: Sequence[_Piece]) -> tuple[Further, Proof]:
    """A flow of a group: one that was proved, or a packet beside it that takes the same way."""
    who = [frozenset(member.who for member in side) for side in ends]
    # By their packets: in which order they were found depends on how they were looked for.
    liked = sorted(_near(who, pieces), key=_liked)
    for flow in dict.fromkeys(piece.flow for piece in liked):
        if _is_between(ends, flow.proof):
            return flow, flow.proof
    pieces = sorted(pieces, key=_liked)
    for piece in pieces:
        for packet in _packets_between(ends, piece):
            two_way = piece.flow.proof.reply is not None
            proof = replay(ground.network, piece.flow.start, packet, two_way)
            if _is_alike(proof, piece.flow.proof) and _is_between(ends, proof):
                return piece.flow, proof
    flow = pieces[0].flow  # of many things that may happen another one did
    return flow, flow.proof


def _liked(piece: _Piece) -> Liked:
    return piece.flow.liked


def _near(who: Sequence[frozenset[str]], pieces: Iterable[_Piece]) -> list[_Piece]:
    """Pieces that have anybody of either side: of others no packet is between them."""
    known: tuple[dict[Side, bool], ...] = ({}, {})

    def has(place: int, side: Side) -> bool:
        if side not in known[place]:
            known[place][side] = any(member.who in who[place] for member in side)
        return known[place][side]

    return [piece for piece in pieces if has(0, piece.ends[0]) and has(1, piece.ends[1])]


def _is_alike(proof: Proof, other: Proof) -> bool:
    """Whether a packet gets as far, to the same owner."""
    return (
        [hop.node for hop in proof.forward.hops] == [hop.node for hop in other.forward.hops]
        and _fates(proof) == _fates(other)
        and bool(left_open(proof)) is bool(left_open(other))
    )


def _fates(proof: Proof) -> tuple[Fate | None, ...]:
    return proof.forward.fate, proof.reply.fate if proof.reply is not None else None


def _is_between(ends: Product, proof: Proof) -> bool:
    begun, ended = proof.packet.source, proof.forward.final.destination
    sources = {member.who for member in ends[0] if begun in member.at}
    found = {member.who for member in ends[1] if ended in member.at}
    return bool(sources and found) and len(sources | found) > 1


def _packets_between(ends: Product, piece: _Piece) -> Iterator[Header]:
    """Packets of a piece from one of the sources to one of the destinations."""
    sources, found = (ours & theirs for ours, theirs in zip(ends, piece.ends, strict=True))
    pairs = ((s, e) for s in _in_order(sources) for e in _in_order(found) if s.who != e.who)
    for source, end in islice(pairs, _TRIED):
        begun = source.at & piece.sent.by_name.get("source", source.at)
        asked = end.at if _is_straight(piece) else piece.sent.by_name.get("destination", end.at)
        if not begun:
            continue
        for at in islice((low for low, _ in asked.intervals), _TRIED):
            yield _packet(piece, begun, at)


def _in_order(side: Side) -> list[Member]:
    return sorted(side, key=lambda member: (member.who, member.at.intervals))


def _is_straight(piece: _Piece) -> bool:
    """Whether packets are delivered to where they are sent."""
    proof = piece.flow.proof
    return proof.forward.final.destination == proof.packet.destination


def _packet(piece: _Piece, sources: Ranges, destination: int) -> Header:
    """The packet that was proved, with other ends; it is of the piece."""
    proved = piece.flow.proof.packet
    told = {
        name: values.intervals[0][0]
        for name, values in piece.sent.fields
        if getattr(proved, name) not in values
    }
    told |= {"source": sources.intervals[0][0], "destination": destination}
    return proved._replace(**told)


# ------------------------------------------------------------------- who has an address


class Named:
    """Who has the addresses at the nodes where flows start and are delivered."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._sides: dict[tuple[str, str, Ranges], Side] = {}
        self._names: dict[str, str] = {}
        self._looked_up, self._found = _NOWHERE, list[int]()

    def look_up(self, flows: Iterable[Further]) -> None:
        """Find at once who has the addresses that some flows are from or to, if these are few."""
        ways = [way for flow in flows for way in flow.ways]
        sides = (
            space.by_name.get(side, _NOWHERE)
            for sent, arriving in ways
            for side, space in (("source", sent), ("destination", arriving))
        )
        spans = {span for each in sides for span in each.intervals if span[1] - span[0] < _NARROW}
        self._looked_up = Ranges.union(spans)
        index = self.ground.index
        self._found = list(index.addresses_within(self._looked_up))
        if index.roll is not None:
            index.roll.look_up(self._looked_up.intervals)

    def _within(self, addresses: Ranges) -> Iterable[int]:
        """The interfaces' own that are among these, in order."""
        if not addresses.lies_in(self._looked_up):
            return self.ground.index.addresses_within(addresses)
        found = self._found
        spans = ((bisect_left(found, a), bisect_right(found, b)) for a, b in addresses.intervals)
        return [address for first, end in spans for address in found[first:end]]

    def sides(self, flow: Further, sent: HeaderSpace, arriving: HeaderSpace) -> Product:
        """The members between whom packets of a flow are."""
        return (
            self._side(flow.start.node, flow.some[0], sent, "source"),
            self._side(flow.last, flow.some[1], arriving, "destination"),
        )

    def ends(self, side: Side) -> tuple[EndPoint, ...]:
        """Members as they are told, each with its addresses."""
        found: dict[str, list[Member]] = {}
        for member in side:
            found.setdefault(member.who, []).append(member)
        return tuple(
            EndPoint(who, self._names[who], _addresses(found[who])) for who in sorted(found)
        )

    def _side(self, node: str, header: Header, space: HeaderSpace, side: str) -> Side:
        addresses = space.by_name.get(side, _NOWHERE)
        known = self._sides.get((node, side, addresses))
        if known is not None:
            return known
        label = self.ground.label(node, header)
        if label is None or self.ground.snapshot.get(NetworkInterface, label[0]) is None:
            resource = node.split("/", 2)[1]
            who, name = label or (resource, self.ground.name_of(resource))
            self._names[who] = name
            return frozenset({Member(who, addresses, alone=False)})
        found = frozenset(self._interfaces(node, header, addresses, side))
        if not found:
            self._names[label[0]] = label[1]
            found = frozenset({Member(label[0], _NOWHERE)})
        self._sides[node, side, addresses] = found
        return found

    def _interfaces(
        self, node: str, header: Header, addresses: Ranges, side: str
    ) -> Iterator[Member]:
        index = self.ground.index
        for address in self._within(addresses):
            label = self.ground.label(node, header._replace(**{side: address}))
            owners = index.owner_of_address(address)
            if label and any(each.network_interface_id == label[0] for each in owners):
                self._names[label[0]] = label[1]
                yield Member(label[0], Ranges.of(address))


def _addresses(members: Sequence[Member]) -> tuple[str, ...]:
    """An interface's own; of others few prefixes, and nothing of the whole internet."""
    if all(member.alone for member in members):
        lows = sorted(low for member in members for low, _ in member.at.intervals)
        return tuple(map(format_address, lows))
    at = Ranges.any_of(member.at for member in members)
    if len(list(islice(at.cover(), _MOST_PREFIXES + 1))) > _MOST_PREFIXES:
        return ()
    return tuple(str(prefix) for prefix in at.cover())
