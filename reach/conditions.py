"""Path conditions: all the packets that take a proven path, at every hop.

    conditions(network, proof) -> Conditions

It need not get through: what is dropped is dropped by the same decisions as well.
A proof is one packet.  The same decisions, rule by rule and route by route, admit a whole set; it
is kept as products of *cells*, one for each field, and a cell is shared by every hop until a
translation gives the field a new one.  So what is narrowed later counts earlier as well, and the
reply, whose fields are those of the packet exchanged, narrows the packet.  Protocol and IP version
are the proof's own.  Knows the neutral network only; must not know AWS, terms or a solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from reach.decide import Proof
from reach.flood import whole
from reach.network.address import ANY_IPV4, ANY_IPV6, is_ipv4
from reach.network.field import FIELDS, ICMP, ICMPV6, INDEX, TCP, UDP, Header, reply_to
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Choose,
    Deliver,
    Embed,
    Filter,
    Forward,
    Lookup,
    Restore,
    Stage,
    Table,
    Translate,
    Unmodelled,
)
from reach.trace import Sessions, Trace

MOST_PIECES = 64
Spaces = tuple[HeaderSpace, ...]
Fields = tuple[int, ...]  # for each field of a header the number of its cell
_TOLD_APART = (TCP, UDP, ICMP, ICMPV6)
_ALIKE = Ranges.span(0, 255) - Ranges.of(*_TOLD_APART)
_EXCHANGED = ("destination", "source", "protocol", "destination_port", "source_port")


@dataclass(frozen=True)
class Conditions:
    """Every packet that takes the path: as it starts, and as it leaves each hop.

    They are all there are iff ``complete``; else some of them.  ``ways`` are products as they
    start, each with what it is on leaving the last hop there: any source with any destination.
    """

    start: Spaces
    forward: tuple[Spaces, ...]
    reply: tuple[Spaces, ...]
    complete: bool
    ways: tuple[tuple[HeaderSpace, HeaderSpace], ...]


@dataclass(frozen=True)
class _Piece:
    """One product: the cells, which of them the header has now, and had on leaving each hop."""

    cells: tuple[Ranges, ...]
    fields: Fields
    left: tuple[Fields, ...] = ()

    def cell(self, name: str) -> Ranges:
        return self.cells[self.fields[INDEX[name]]]

    def narrowed(self, name: str, values: Ranges) -> _Piece:
        place = self.fields[INDEX[name]]
        return replace(self, cells=(*self.cells[:place], values, *self.cells[place + 1 :]))

    def given(self, name: str, values: Ranges) -> _Piece:
        """The same with a new cell for a field."""
        position = INDEX[name]
        fields = (*self.fields[:position], len(self.cells), *self.fields[position + 1 :])
        return replace(self, cells=(*self.cells, values), fields=fields)

    def within(self, space: HeaderSpace) -> _Piece | None:
        piece = self
        for name, values in space.fields:
            met = piece.cell(name) & values
            if not met:
                return None
            piece = piece.narrowed(name, met)
        return piece

    def outside(self, space: HeaderSpace) -> Iterator[_Piece]:
        """What does not lie in a space, as products."""
        inside = self
        for name, values in space.fields:
            mine = inside.cell(name)
            rest = mine - values
            if rest:
                yield inside.narrowed(name, rest)
            met = mine & values
            if not met:
                return
            inside = inside.narrowed(name, met)

    def shown(self, fields: Fields) -> HeaderSpace:
        """A header as a space: what a wire carries, and only fields that its protocol has."""
        protocol = self.cells[fields[INDEX["protocol"]]].single
        absent = {"identity"}
        absent |= set() if protocol in (TCP, UDP) else {"source_port", "destination_port"}
        absent |= set() if protocol in (ICMP, ICMPV6) else {"icmp_type", "icmp_code"}
        told = {
            each.name: values
            for each, place in zip(FIELDS, fields, strict=True)
            if each.name not in absent and (values := self.cells[place]) != whole(each.name)
        }
        return HeaderSpace.where(**told)


@dataclass
class _Way:
    """The pieces under way, beside the one packet that says which decisions are taken."""

    network: Network
    pieces: list[_Piece]
    links: list[tuple[int, int, Table | Embed]] = field(default_factory=list)
    taken: dict[str, list[tuple[Header, Fields]]] = field(default_factory=dict)
    complete: bool = True

    def keep(self, pieces: Iterable[_Piece | None], header: Header) -> None:
        """Go on with these; too many are cut down to the one that the packet lies in."""
        self.pieces = [piece for piece in pieces if piece is not None]
        if len(self.pieces) > MOST_PIECES:
            self.complete = False
            self.pieces = [p for p in self.pieces if _lies_in(header, p)][:1]


def _lies_in(header: Header, piece: _Piece) -> bool:
    return all(
        value in piece.cells[place] for value, place in zip(header, piece.fields, strict=True)
    )


def _only(piece: _Piece, header: Header) -> _Piece:
    """A piece with a header's own values."""
    for each, value in zip(FIELDS, header, strict=True):
        piece = piece.narrowed(each.name, Ranges.of(value))
    return piece


def conditions(
    network: Network,
    proof: Proof,
    within: Spaces = (ANYTHING,),
    *,
    every_protocol: bool = False,
) -> Conditions:
    """All packets that take the path of a proof, by the same decisions; those ``within`` spaces.

    With ``every_protocol`` a packet without ports stands for those of other such protocols too, and
    an ICMP message that goes one way for every other type.
    """
    begun = _start(proof, every_protocol=every_protocol)
    way = _Way(network, [piece for space in within if (piece := begun.within(space)) is not None])
    _follow(way, proof.forward, None)
    if proof.reply is not None:
        way.keep([_turned(piece, proof) for piece in way.pieces], proof.forward.final)
        _follow(way, proof.reply, proof.forward.sessions)
    pieces = [_linked(piece, way.links) for piece in way.pieces]
    there = len(proof.forward.hops)
    count = there + (len(proof.reply.hops) if proof.reply is not None else 0)
    hops: list[list[HeaderSpace]] = [
        [piece.shown(piece.left[n]) for piece in pieces] for n in range(count)
    ]
    sent = [piece.shown(tuple(range(len(FIELDS)))) for piece in pieces]
    left = [tuple(dict.fromkeys(spaces)) for spaces in hops]
    ways = tuple(dict.fromkeys(zip(sent, hops[there - 1], strict=True)))
    start = tuple(dict.fromkeys(sent))
    return Conditions(start, tuple(left[:there]), tuple(left[there:]), way.complete, ways)


def _start(proof: Proof, *, every_protocol: bool) -> _Piece:
    """Every packet of the question that is of the proof's kind."""
    packet = proof.packet
    family = ANY_IPV4 if is_ipv4(packet.source) else ANY_IPV6
    ends = Ranges.prefixes((family,))
    alike = every_protocol and packet.protocol not in _TOLD_APART
    protocols = _ALIKE if alike else Ranges.of(packet.protocol)
    kept = {"protocol": protocols, "source": ends, "destination": ends}
    if packet.protocol not in (TCP, UDP):
        kept |= {"source_port": Ranges.of(0), "destination_port": Ranges.of(0)}
    if packet.protocol in (ICMP, ICMPV6):
        # What answers a message is another for each; of a flow without a reply nothing tells.
        if proof.reply is not None or not every_protocol:
            kept |= {"icmp_type": Ranges.of(packet.icmp_type)}
    else:
        kept |= {"icmp_type": Ranges.of(0), "icmp_code": Ranges.of(0)}
    space = proof.start.space & HeaderSpace.where(**kept)
    cells = tuple(space.by_name.get(each.name, whole(each.name)) for each in FIELDS)
    identity = INDEX["identity"]
    cells = (*cells[:identity], Ranges.of(packet.identity), *cells[identity + 1 :])
    return _Piece(cells, tuple(range(len(FIELDS))))


def _turned(piece: _Piece, proof: Proof) -> _Piece:
    """The reply: the same cells, with the ends exchanged."""
    answer = reply_to(proof.forward.final)
    fields = list(piece.fields)
    for name, other in zip(
        ("source", "destination", "protocol", "source_port", "destination_port"),
        _EXCHANGED,
        strict=True,
    ):
        fields[INDEX[name]] = piece.fields[INDEX[other]]
    turned = replace(piece, fields=tuple(fields))
    for name in ("icmp_type", "icmp_code", "identity"):
        turned = turned.given(name, Ranges.of(answer[INDEX[name]]))
    return turned


def _follow(way: _Way, trace: Trace, before: Sessions | None) -> None:
    for hop, following in zip(trace.hops, [*trace.hops[1:], None], strict=True):
        header = hop.before
        onward = following.node if following is not None else None
        for stage in way.network.node(hop.node).stages:
            stays = _stage(way, stage, header, hop.after, onward, before)
            if stays is None:
                break
            header = stays
        way.pieces = [replace(piece, left=(*piece.left, piece.fields)) for piece in way.pieces]


def _stage(
    way: _Way,
    stage: Stage,
    header: Header,
    leaves: Header,
    onward: str | None,
    before: Sessions | None,
) -> Header | None:
    """Narrow the pieces by what the packet meets; its header after the stage, None if it left."""
    match stage:
        case Filter():
            return header if _filter(way, stage, header, before) else None
        case Translate():
            return _translate(way, stage, header, leaves)
        case Restore():
            return _restore(way, stage, header, before)
        case Forward():
            return _forward(way, stage, header, before)
        case Choose() | Deliver() | Unmodelled():
            return None
        case _:
            assert_never(stage)


def _filter(way: _Way, stage: Filter, header: Header, before: Sessions | None) -> bool:
    """Narrow to what the same rule decides; whether it lets the packet pass."""
    if stage.session and before is not None:
        if before.answers(stage.session, header):
            return True
        if stage.opening:
            return False
    number = next(n for n, rule in enumerate(stage.decisions) if header in rule.match)
    decides = stage.decisions[number]
    permits = [*stage.rules, decides] if decides.action is Action.PERMIT else []
    ordered = not permits or any(rule.action is not Action.PERMIT for rule in permits)
    earlier = [rule.match for rule in stage.decisions[:number]] if ordered else []
    _decided(way, decides.match, earlier, header)
    return decides.action is not Action.DENY


def _decided(way: _Way, match: HeaderSpace, earlier: Sequence[HeaderSpace], header: Header) -> None:
    """Keep what lies in ``match`` and in nothing ``earlier``."""
    way.keep([piece.within(match) for piece in way.pieces], header)
    ends = [each.by_name["destination"] for each in earlier if _is_destination(each)]
    if ends:
        gone = Ranges.any_of(ends)
        hole = HeaderSpace.where(destination=gone)
        way.keep([left for piece in way.pieces for left in piece.outside(hole)], header)
    for each in earlier:
        if not _is_destination(each):
            way.keep([left for piece in way.pieces for left in piece.outside(each)], header)


def _is_destination(space: HeaderSpace) -> bool:
    return len(space.fields) == 1 and space.fields[0][0] == "destination"


def _translate(way: _Way, stage: Translate, header: Header, leaves: Header) -> Header | None:
    number = next((n for n, case in enumerate(stage.cases) if header in case.match), None)
    earlier = [case.match for case in stage.cases[:number]]
    if number is None:
        _decided(way, HeaderSpace(), earlier, header)
        return header if stage.otherwise is None else None
    case = stage.cases[number]
    _decided(way, case.match, earlier, header)
    if stage.session:
        # All pieces have their fields in the same cells.
        fields = way.pieces[0].fields
        way.taken.setdefault(stage.session, []).append((header, fields))
    return _rewrite(way, case, header, leaves)


def _rewrite(way: _Way, case: Case, header: Header, leaves: Header) -> Header:
    for rewrite in case.rewrites:
        name, position = rewrite.field, INDEX[rewrite.field]
        match rewrite:
            case Assign():
                single = rewrite.values.single
                new = leaves[position] if single is None else single
                way.pieces = [piece.given(name, rewrite.values) for piece in way.pieces]
            case Lookup():
                new = rewrite.table.of[header[position]]
                _link(way, name, rewrite.table)
            case Embed():
                new = rewrite.of(header[position])
                if not all(rewrite.tells(piece.cell(name)) for piece in way.pieces):
                    # Of addresses that differ elsewhere as well this very one alone is kept.
                    way.complete = False
                    own = Ranges.of(header[position])
                    way.pieces = [piece.narrowed(name, own) for piece in way.pieces]
                _link(way, name, rewrite)
            case _:
                assert_never(rewrite)
        header = header._replace(**{name: new})
    return header


def _link(way: _Way, name: str, told: Table | Embed) -> None:
    """Give a field what becomes of it, each value of one of those that it had."""
    way.links.append((way.pieces[0].fields[INDEX[name]], len(way.pieces[0].cells), told))
    way.pieces = [piece.given(name, _image(told, piece.cell(name))) for piece in way.pieces]


def _image(told: Table | Embed, values: Ranges) -> Ranges:
    if isinstance(told, Embed):
        return told.image(values)
    return Ranges.of(*(new for old, new in told.pairs if old in values))


def _before(told: Table | Embed, values: Ranges, held: Ranges) -> Ranges:
    """What of some values becomes any of ``values``."""
    if isinstance(told, Embed):
        return told.before(values, held)
    return held & Ranges.of(*(old for old, new in told.pairs if new in values))


def _linked(piece: _Piece, links: Sequence[tuple[int, int, Table | Embed]]) -> _Piece:
    """What a translated field was narrowed to, it was narrowed to before as well."""
    cells = list(piece.cells)
    for old, new, told in reversed(links):
        cells[old] = _before(told, cells[new], cells[old])
    for old, new, told in links:
        cells[new] &= _image(told, cells[old])
    return replace(piece, cells=tuple(cells))


def _restore(way: _Way, stage: Restore, header: Header, before: Sessions | None) -> Header | None:
    """The reply of the flow that was translated: its cells as they were, ends exchanged."""
    restored = None if before is None else before.restored(stage.session, header)
    if restored is None:
        # Which replies find no flow here is not kept: it is this very packet alone.
        way.complete = False
        way.pieces = [_only(piece, header) for piece in way.pieces if _lies_in(header, piece)][:1]
        return None
    fields = next(fields for flow, fields in way.taken[stage.session] if reply_to(flow) == restored)
    turned = []
    for piece in way.pieces:
        told = list(piece.fields)
        for name, other in zip(
            ("source", "destination", "protocol", "source_port", "destination_port"),
            _EXCHANGED,
            strict=True,
        ):
            told[INDEX[name]] = fields[INDEX[other]]
        turned.append(replace(piece, fields=tuple(told)))
    way.pieces = turned
    return restored


def _forward(way: _Way, stage: Forward, header: Header, before: Sessions | None) -> Header | None:
    for number in stage.towards(Ranges.of(header.destination)):
        route = stage.routes[number]
        if route.session:
            if (
                header in route.match
                and before is not None
                and before.answers(route.session, header)
            ):
                return None
            continue
        if header in route.match:
            rivals = (stage.routes[other] for other in stage.rivals[number])
            earlier = [rival.match for rival in rivals if not rival.session]
            _decided(way, route.match, _overlapping(earlier, route.match), header)
            return None
    _decided(way, HeaderSpace(), [r.match for r in stage.routes if not r.session], header)
    return header if stage.otherwise is None else None


def _overlapping(spaces: Iterable[HeaderSpace], match: HeaderSpace) -> list[HeaderSpace]:
    return [space for space in spaces if not (space & match).is_empty]
