"""What a spread proposes: by whom, and with which services, groups of end points may be reached.

    candidates(aim, spread, groups, aliases) -> {group: [Candidate, ...]}

A *service* is what a delivered packet asks for: a protocol and a port, or an ICMP message.  A
spread holds more than what can happen, so these are candidates.  Knows the neutral network only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from reach.aim import Aim
from reach.flood import well_formed, whole
from reach.network.field import ICMP, ICMP_ANSWERS, ICMPV6, Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Origin
from reach.survey.spread import Spread

Pair = tuple[str, str]
Aliases = Callable[[Ranges], Ranges]
_SERVICE = ("protocol", "destination_port", "icmp_type", "icmp_code")


@dataclass(frozen=True)
class Groups:
    """Who can be reached, by group: the owners to whom packets are delivered, and where.

    Where anybody counts, ``beyond`` is the group of whoever is behind something unknown.
    """

    members: Mapping[str, Mapping[str, Ranges]]
    beyond: str = ""

    @cached_property
    def of(self) -> Mapping[str, list[tuple[str, Ranges]]]:
        """The groups of each owner, with those of its addresses that are in them."""
        found: dict[str, list[tuple[str, Ranges]]] = {}
        for group, owners in self.members.items():
            for owner, addresses in owners.items():
                found.setdefault(owner, []).append((group, addresses))
        return found

    @cached_property
    def addresses(self) -> Mapping[str, Ranges]:
        """All addresses of each group."""
        return {group: Ranges.any_of(owners.values()) for group, owners in self.members.items()}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Packets in ``space`` of any of the senders may be delivered to ``owner``.

    With a ``node`` they come by it, which counts as reaching its owner, wherever they end.  With
    ``beyond`` they get as far as that, which nothing is known of, on their way to the group.
    ``from_own``: what they come from goes without saying, an address of whoever sent them.
    """

    owner: str
    node: str
    space: HeaderSpace
    senders: int
    beyond: Origin | None = None
    from_own: bool = False

    @property
    def service(self) -> HeaderSpace:
        return service(self.space)


Piece = tuple[Candidate, HeaderSpace]  # some services of a candidate


def service(space: HeaderSpace) -> HeaderSpace:
    """What a set of packets asks for."""
    return space.about(_SERVICE)


def service_of(header: Header) -> HeaderSpace:
    """What one packet asks for."""
    return HeaderSpace.where(**{name: Ranges.of(getattr(header, name)) for name in _SERVICE})


def candidates(
    aim: Aim, spread: Spread, groups: Groups, aliases: Aliases
) -> Mapping[str, list[Candidate]]:
    """All that a spread proposes, by the group that is reached."""
    found: dict[str, list[Candidate]] = {}
    beyond = _beyond(aim, spread, _sent_to(groups, aliases) if spread.unmodelled else {})
    for group, candidate in (*_arriving(aim, spread, groups), *beyond):
        found.setdefault(group, []).append(candidate)
    return found


def met_by(aim: Aim, spread: Spread) -> Iterable[str]:
    """The owners that packets are delivered to, or that they come by where that counts."""
    passed = (node.rpartition("/")[0] for node in aim.passing if node in spread.cells)
    return dict.fromkeys((*spread.arrivals, *passed))


def _arriving(aim: Aim, spread: Spread, groups: Groups) -> Iterator[tuple[str, Candidate]]:
    for candidate in arriving(aim, spread):
        for group, addresses in groups.of.get(candidate.owner, ()):
            space = candidate.space
            if not candidate.node:
                space &= HeaderSpace.where(destination=addresses)
            if not space.is_empty:
                yield group, replace(candidate, space=space)


def _sent_to(groups: Groups, aliases: Aliases) -> Mapping[str, Ranges]:
    """What a packet to each group may be sent to, before it is translated and after."""
    if groups.beyond:
        return {groups.beyond: whole("destination")}
    return {group: aliases(own) | own for group, own in groups.addresses.items()}


def _beyond(
    aim: Aim, spread: Spread, ends: Mapping[str, Ranges]
) -> Iterator[tuple[str, Candidate]]:
    """What gets as far as something unknown on its way to a group."""
    for origin, cells in spread.unmodelled.items():
        for space, bits in cells.items():
            for group, addresses in ends.items():
                met = space & HeaderSpace.where(destination=addresses)
                for each in _split(aim, "", "", met, bits):
                    yield group, replace(each, beyond=origin)


def arriving(aim: Aim, spread: Spread) -> Iterator[Candidate]:
    """What comes to anybody asked about, or by a node that stands for one."""
    for owner, cells in spread.arrivals.items():
        goal = None if aim.goals is None else aim.goals.get(owner)
        if owner in aim.but or (aim.goals is not None and goal is None):
            continue
        for space, bits in cells.items():
            met = space & aim.arriving
            met = met if goal is None else met & goal
            yield from _split(aim, owner, "", met, bits)
    passed = [node for node in aim.passing if node in spread.cells]
    asked = _asked(aim) if passed else ANYTHING
    for node in passed:
        for space, bits in spread.cells[node].items():
            met = space & asked
            yield from _split(aim, node.rpartition("/")[0], node, met, bits)


def _asked(aim: Aim) -> HeaderSpace:
    """Where the packets of a question are sent to, before a translation or after it.

    A spread may hold more, which counts nowhere.
    """
    spaces = (*(start.space for start in aim.starts), *(aim.goals or {}).values())
    ends = {space.by_name.get("destination") for space in spaces}
    known = [each for each in ends if each is not None]
    if len(known) < len(ends):
        return ANYTHING
    return HeaderSpace.where(destination=Ranges.any_of(known))


def _split(aim: Aim, owner: str, node: str, space: HeaderSpace, bits: int) -> Iterator[Candidate]:
    """By kind of packet; only messages that somebody answers where the reply counts."""
    for piece in well_formed(space) if not space.is_empty else ():
        protocol = piece.by_name["protocol"].single
        if aim.two_way and protocol in (ICMP, ICMPV6):
            piece &= HeaderSpace.where(icmp_type=Ranges.of(*ICMP_ANSWERS[protocol]))
        if not piece.is_empty:
            yield Candidate(owner, node, piece, bits, from_own="source" not in space.by_name)
