"""Question + snapshot -> where flows start and where they should arrive.

Takes the ends of a question as :mod:`reach.denote` reads them, and gives an
:class:`reach.aim.Aim` in the network's own words, with what has to be said about it.  Must not know
how an end is written, nor the engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import product

from reach import denote
from reach.aim import Aim, Start, Visit
from reach.amend import Amendment
from reach.answer import Answer
from reach.component import End
from reach.demand import demand
from reach.errors import QuestionError
from reach.interfaces.blocks import both_addresses
from reach.interfaces.claims import elastic
from reach.lower import Ground
from reach.network.address import (
    ANY_IPV4,
    ANY_IPV6,
    GLOBAL_UNICAST_IPV6,
    NOT_PUBLIC_IPV4,
    Prefix,
    is_ipv4,
)
from reach.network.header_space import ANYTHING, HeaderSpace, Interval, Ranges
from reach.network.stage import Origin
from reach.other_end import own_flow
from reach.places import Place, place, things
from reach.question import Packet, Question
from reach.sending import Sending
from reach.snapshot.records import NetworkInterface

# Both ends of a packet are of one IP version; told apart from the start, constants fold.
_FAMILIES = tuple(
    HeaderSpace.where(source=Ranges.prefixes((family,)), destination=Ranges.prefixes((family,)))
    for family in (ANY_IPV4, ANY_IPV6)
)
_INTERNET = "internet"
_TO_PUBLIC = HeaderSpace.where(
    destination=(Ranges.prefixes((ANY_IPV4,)) - Ranges.prefixes(NOT_PUBLIC_IPV4))
    | Ranges.prefixes(GLOBAL_UNICAST_IPV6)
    | Ranges.prefixes((Prefix.parse("64:ff9b::/96"),))
)
_AT_SOURCE = {
    "protocol": "FILTER_AT_SOURCE_PROTOCOL",
    "source": "FILTER_AT_SOURCE_SOURCE_ADDRESS",
    "destination": "FILTER_AT_SOURCE_DESTINATION_ADDRESS",
    "source_port": "FILTER_AT_SOURCE_SOURCE_PORT_RANGE",
    "destination_port": "FILTER_AT_SOURCE_DESTINATION_PORT_RANGE",
}
_FEW = 4
_MANY, _TOO_MANY = 256, 50_000
_OFTEN = 256  # packets that are remembered


@dataclass(frozen=True)
class Resolved:
    """The aim, what the ends are, and what stands against a plain answer.

    ``nobody`` says that there is no such end at all, ``gaps`` what may be missing from the ends.
    ``unmet`` are what is ``asked`` of the packet as it leaves and no packet of the source meets.
    ``elsewhere`` says why what is to be avoided may be in the way where nobody knows of it.
    """

    aim: Aim
    source: End
    destination: End
    amendment: Amendment
    nobody: Origin | None = None
    gaps: tuple[Origin, ...] = ()
    unmet: tuple[Origin, ...] = ()
    asked: HeaderSpace = ANYTHING
    elsewhere: tuple[Origin, ...] = ()


def resolve(ground: Ground, question: Question) -> Resolved:
    """Where the question starts and should arrive.  Raises QuestionError."""
    source = denote.source(ground, question.source)
    destination = denote.destination(ground, question.destination)
    ways = [place(ground, text) for text in question.through]
    avoided = [place(ground, text) for text in question.avoid]
    open_ends = (source.gap, *source.may_send, destination.gap, destination.may_take)
    known = (origin for origin in open_ends if origin is not None)
    gaps = tuple(dict.fromkeys((*known, *(gap for each in ways for gap in each.gaps))))
    to_itself = _same_thing(ground, source, destination)
    leaving = demand(question.at_source)
    starts = _starts(ground, question, source, destination, leaving)
    nobody = None
    unmet: tuple[Origin, ...] = ()
    if not source.starts:
        nobody = source.nobody or denote.nobody(source.words, "is nobody that sends packets")
    elif destination.goals is not None and not destination.goals:
        nobody = destination.nobody or denote.nobody(destination.words, "is nobody to be reached")
    elif not starts:
        unmet = tuple(_unmet(ground, question, source, destination))
        words = "has no address in common with the source: different IP versions"
        nobody = unmet[0] if unmet else denote.nobody(destination.words, words)
    asked = question.packet.ports if question.port_at == "destination" else None
    port = HeaderSpace.where(destination_port=Ranges.span(*asked) if asked else None)
    aim = Aim(
        starts=starts,
        goals=destination.goals,
        two_way=not question.one_way and question.packet.is_answered,
        through=_visits(ways, source, destination),
        to_itself=to_itself,
        arriving=port & demand(question.at_destination),
        but=destination.but,
        passing=_passing(destination),
    )
    return Resolved(
        aim,
        source,
        destination,
        _amendment(ground, question, avoided),
        nobody,
        gaps,
        unmet,
        leaving,
        tuple(gap for each in avoided for gap in each.gaps),
    )


def other_end(ground: Ground, question: Question, resolved: Resolved) -> Resolved | None:
    """The other end's own flow, whose reply may be what is asked about; None: there is none.

    What the packet that is asked about has to pass, that reply has to (R-SG-27).
    """
    own = own_flow(question)
    if own is None:
        return None
    found = resolve(ground, own)
    return replace(found, aim=replace(found.aim, back=resolved.aim.through))


def set_apart(ground: Ground, asked: Question | Answer) -> Ground:
    """The network for a question: what it names as a place on the way stands for nothing else."""
    ways = (*asked.through, *asked.avoid)
    named = {each for text in ways for each in place(ground, text).visit.resources}
    named |= {each for text, _ in asked.assume for each in things(ground, text)}
    return ground.setting_apart(named)


def _visits(places: Iterable[Place], *ends: End) -> tuple[Visit, ...]:
    """What the packet has to pass: for the sake of its ends, and because the asker says so."""
    ways = (Visit(nodes=frozenset(end.through)) for end in ends if end.through)
    return (*ways, *(each.visit for each in places))


def _passing(destination: End) -> tuple[str, ...]:
    """The nodes that stand for a destination; those that have to be visited, if nothing else."""
    by_way = destination.through if destination.goals is None else ()
    return (*destination.passing, *by_way)


def _amendment(ground: Ground, question: Question, avoided: Sequence[Place]) -> Amendment:
    taken: dict[str, set[str]] = {"reachable": set(), "unreachable": set()}
    for text, value in question.assume:
        if value not in taken:
            raise QuestionError(f"{text} can be assumed reachable or unreachable, not {value!r}")
        taken[value].update(things(ground, text))
    both = taken["reachable"] & taken["unreachable"]
    if both:
        raise QuestionError(f"{min(both)} is assumed both reachable and unreachable")
    return Amendment(
        avoid=tuple(sorted({own for each in avoided for own in each.visit.resources})),
        shut=tuple(sorted({node for each in avoided for node in each.visit.nodes})),
        open=tuple(sorted(taken["reachable"])),
        closed=tuple(sorted(taken["unreachable"])),
    )


def _same_thing(ground: Ground, source: End, destination: End) -> bool:
    """Whether the question is about one sender reaching itself, named or by an address of its."""
    own, sent_to = source.addresses, destination.addresses
    if source.sender and source.sender == destination.sender:
        return True
    if not source.sender or destination.goals is not None or own is None or not sent_to:
        return False
    mine = ground.index.interfaces_by_instance.get(source.sender, ())
    placed = elastic(ground)
    pairs = (pair for each in mine for pair in both_addresses(each, placed))
    known = {address for pair in pairs for address in pair}
    return sent_to.lies_in(ground.aliases(own) | Ranges.of(*known))


def _unmet(ground: Ground, question: Question, source: End, destination: End) -> Iterator[Origin]:
    """What is asked of the packet as it leaves that keeps all packets of the source from it."""
    asked = [name for name, _ in question.at_source]
    if question.packet.protocol is not None and "protocol" not in asked:
        asked.append("protocol")
    for name in asked:
        less = demand(pair for pair in question.at_source if pair[0] != name)
        packet = Packet() if name == "protocol" else question.packet
        eased = replace(question, packet=packet)
        if _starts(ground, eased, source, destination, less):
            field = name.replace("-", "_")
            words = f"sends nothing with this {name.replace('-', ' ')}"
            values = demand(question.at_source).by_name.get(field)
            who = source.sender or source.words
            yield Origin(who, words, field, _AT_SOURCE[field], record=values)


def _starts(
    ground: Ground, question: Question, source: End, destination: End, leaving: HeaderSpace
) -> Sending:
    """Every start with every way of addressing the destination, every kind of packet, and each
    IP version."""
    kinds = _kinds(question.packet, question.port_at == "source")
    if leaving.fields:
        ports = leaving.by_name.get("source_port")
        kinds = tuple((_as_asked(space, ports) & leaving, family) for space, family in kinds)
    addressings = _addressings(ground, destination)
    # Worked out once: sets that starts share are looked at once by whoever reads the starts.
    asked = [
        (packets, family)
        for ends, (space, family) in product(addressings, kinds)
        if not (packets := space & HeaderSpace.where(destination=ends)).is_empty
    ]

    def sent(sender: Start) -> Iterator[Start]:
        for packets, family in asked:
            space = sender.space & packets
            if sender.owner == _INTERNET and _is_public_in(addressings, family):
                space &= _TO_PUBLIC
            if not space.is_empty:
                yield Start(sender.node, space, sender.owner)

    return Sending(source.starts, sent)


@lru_cache(_OFTEN)
def _kinds(packet: Packet, ported: bool) -> tuple[tuple[HeaderSpace, HeaderSpace], ...]:
    """What a packet may be in each IP version, and that version; questions often ask the same."""
    return tuple((each & own, own) for each, own in product(packet.spaces(ported), _FAMILIES))


def _as_asked(space: HeaderSpace, ports: Ranges | None) -> HeaderSpace:
    """A client sends from its ephemeral ports (R-EPH-5), unless others are asked for."""
    ported = ports is not None and "source_port" in space.by_name
    return space.without("source_port") if ported else space


def everybody(ground: Ground) -> Iterator[Start]:
    """Every start of a packet that the snapshot knows, packet by packet."""
    return every_packet(everywhere(ground))


def everywhere(ground: Ground) -> tuple[Start, ...]:
    """Where packets start: at interfaces, and at hosts beyond boundaries."""
    return ground.memo("every start", lambda: _everywhere(ground))


def _everywhere(ground: Ground) -> tuple[Start, ...]:
    known = ground.memo("every start but newcomers'", lambda: _known_starts(ground))
    come = of_newcomers(ground, ground.newcomers)
    return tuple(dict.fromkeys((*known, *come))) if come else known


def of_newcomers(ground: Ground, come: Iterable[NetworkInterface]) -> tuple[Start, ...]:
    """What interfaces send that have come since all others were told: each by itself."""
    ends = (ground.hosts((each,), each.network_interface_id) for each in come)
    return tuple(start for end in ends for start in end.starts)


def _known_starts(ground: Ground) -> tuple[Start, ...]:
    ends = (end for end in everyone(ground) if end.nobody is None)
    return tuple(dict.fromkeys(start for end in ends for start in end.starts))


def everyone(ground: Ground) -> tuple[End, ...]:
    """Everybody as ends: the interfaces, the internet, on-premises, and beyond other boundaries."""
    known = (denote.named(ground, text) for text in ("any", _INTERNET, "on-premises"))
    return (*known, *ground.outside())


def every_packet(starts: Iterable[Start]) -> Iterator[Start]:
    """Starts of any packet to anywhere, a client's own ports counted as in questions (R-EPH-5)."""
    for start, packet, family in product(starts, Packet().spaces(), _FAMILIES):
        space = start.space & packet & family
        if not space.is_empty:
            yield replace(start, space=space)


def _is_public_in(addressings: list[Ranges | None], family: HeaderSpace) -> bool:
    """Whether the destination has a public address of an IP version.

    Hosts on the internet address that one, and no private one beside it (R-IGW-3).
    """
    return any(
        sent_to is not None
        and not (HeaderSpace.where(destination=sent_to) & family & _TO_PUBLIC).is_empty
        for sent_to in addressings
    )


def _addressings(ground: Ground, destination: End) -> list[Ranges | None]:
    """What a packet to the destination may be sent to (None: anything).

    One by one when few, so that they fold: IPv4 before IPv6, and what is its own before what is
    translated to it, since the straight way is the one that people look for first.  As one set when
    several, whose domain prunes what cannot lead there; when many roughly, as blocks that hold
    them: between them is nobody asked for.  When too many that costs more than it saves.
    """
    own = destination.addresses
    if destination.goals is None or destination.as_sent or own is None:
        return [own]
    if own.has_more_than(_TOO_MANY):
        return [None]
    known = ground.aliases(own)
    if known.has_more_than(_MANY):
        return [known.roughly()]
    singles = [Ranges((span,)).single for span in known.intervals]
    if len(singles) <= _FEW and all(single is not None for single in singles):
        return [Ranges((span,)) for span in sorted(known.intervals, key=partial(_first, own))]
    return [known]


def _first(own: Ranges, span: Interval) -> tuple[bool, bool]:
    """What is liked better comes first."""
    return not is_ipv4(span[0]), span[0] not in own


def sent_to(ground: Ground, destination: End) -> Ranges | None:
    """All that a packet to a destination may be sent to, however many; None: anything.

    What may be translated to its addresses counts (R-ENI-3).
    """
    own = destination.addresses
    if destination.goals is None or destination.as_sent or own is None:
        return own
    return ground.aliases(own)
