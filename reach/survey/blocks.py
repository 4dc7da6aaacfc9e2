"""Sets of senders as the rules of a node see them: cut into blocks, and what is known of each.

    Known(senders)
    .asked(node, small) -> Asked     .blocks(asked, cells) -> [Block, ...]

A *block* are senders of one set of packets that a node cannot tell apart.  What each can send from,
and as whom, is looked up from the senders themselves.  A rule that none of the packets at a node
can match tells nobody apart.  Part of what proves a survey: must not know how the sets were found,
nor terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from reach.flood import whole
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Node
from reach.network.stage import Assign, Case, Filter, Forward, Rule, Stage, Translate
from reach.survey.senders import Senders

Cells = Mapping[HeaderSpace, int]
# For some fields the values that they have.
Small = tuple[tuple[str, Ranges], ...]
SMALL_FIELDS = ("protocol", "source_port", "destination_port", "icmp_type", "icmp_code")
_ANY = whole("source")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of sources and of identities, and whether the source is translated by."""

    sources: tuple[Ranges, ...]
    identities: tuple[Ranges, ...]
    looks_up: bool


NOTHING = Asked((), (), False)


@dataclass(frozen=True, slots=True)
class Block:
    """Senders of packets in ``space``; whether source and identity go without saying in it."""

    space: HeaderSpace
    bits: int
    own_source: bool
    own_identity: bool


class Known:
    """What is known of sets of senders."""

    def __init__(self, senders: Senders) -> None:
        self._senders = senders
        self._addresses: dict[int, Ranges] = {}
        self._asked: dict[tuple[int, Small], tuple[Asked, Stage]] = {}

    def addresses(self, bits: int) -> Ranges:
        """All that senders may have as source while it goes without saying."""
        known = self._addresses.get(bits)
        if known is None:
            spans: list[tuple[int, int]] = []
            for number in self._senders.numbers(bits):
                own = self._senders.each[number].own
                spans += _ANY.intervals if own is None else own.intervals
            known = self._addresses[bits] = Ranges.union(spans)
        return known

    def lies_in(self, bits: int, values: Ranges) -> bool | None:
        """Whether all own addresses are in a set; None if some are and some are not."""
        if bits & self._anywhere:
            own = self.addresses(bits)
            met = own & values
            return None if met and met != own else bool(met)
        if self._senders.that_send_only_from(bits, values) == bits:
            return True
        return None if self._senders.that_may_send_from(bits, values) else False

    @cached_property
    def _anywhere(self) -> int:
        """Those of whose addresses nothing is known."""
        return sum(1 << n for n, each in enumerate(self._senders.each) if each.own is None)

    def write(self, bits: int, values: Ranges) -> bool | None:
        """Whether all senders write one of these; None if some do and some do not."""
        meant = self._senders.with_identity(values)
        if not bits & ~meant:
            return True
        return None if bits & meant else False

    def all_write(self, bits: int, identity: int) -> bool:
        """Whether that is what every sender writes."""
        return self._senders.all_have(bits, identity)

    def asked(self, node: Node, small: Small) -> Asked:
        """What a node asks of whoever sent a packet with these fields."""
        each = [self._asked_by(stage, small) for stage in node.stages]
        if not any(some.sources or some.identities or some.looks_up for some in each):
            return NOTHING
        return Asked(
            tuple(dict.fromkeys(values for some in each for values in some.sources)),
            tuple(dict.fromkeys(values for some in each for values in some.identities)),
            any(some.looks_up for some in each),
        )

    def _asked_by(self, stage: Stage, small: Small) -> Asked:
        key = (id(stage), small)
        known = self._asked.get(key)
        if known is None:
            known = self._asked[key] = (_asked_by(stage, small), stage)
        return known[0]

    def blocks(self, asked: Asked, cells: Cells) -> Iterator[Block]:
        """Every block of every set of packets, for a node that asks this."""
        for space, bits in cells.items():
            own_source = "source" not in space.by_name
            own_identity = "identity" not in space.by_name
            parts = self._parted(
                bits,
                asked.sources if own_source else (),
                asked.identities if own_identity else (),
            )
            for part in parts:
                yield Block(space, part, own_source, own_identity)

    def _parted(
        self, bits: int, sources: Iterable[Ranges], identities: Iterable[Ranges]
    ) -> list[int]:
        """A set, cut where any of these tells its senders apart."""
        parts = [bits]
        for values in sources:
            parts = [some for part in parts for some in self._by_source(part, values) if some]
        for values in identities:
            meant = self._senders.with_identity(values)
            parts = [some for part in parts for some in (part & meant, part & ~meant) if some]
        return parts

    def _by_source(self, bits: int, values: Ranges) -> tuple[int, int, int]:
        """Of a set those with all, with some and with none of their own addresses among these."""
        over = self._senders.that_may_send_from(bits, values)
        under = self._senders.that_send_only_from(bits, values)
        return under, over & ~under, bits & ~over


def within(cells: Iterable[HeaderSpace], names: Iterable[str]) -> Iterator[tuple[str, Ranges]]:
    """For each of these fields that all the sets constrain, the values that any of them has."""
    each = [space.by_name for space in cells]
    for name in names:
        some = {told.get(name) for told in each}
        if None in some or not some:
            continue
        known = [values for values in some if values is not None]
        if len(known) == 1:
            yield name, known[0]
        else:
            yield name, Ranges.any_of(known)


def small_fields(node: Node, cells: Cells) -> Small:
    """What the packets at a node have in the fields of few values that it does not rewrite."""
    names = dict.fromkeys(SMALL_FIELDS)
    for stage in node.stages:
        for case in stage.cases if isinstance(stage, Translate) else ():
            for rewrite in case.rewrites:
                names.pop(rewrite.field, None)
    return tuple(within(cells, names))


def can_match(rule: Rule, small: Small) -> bool:
    """Whether a packet with these fields may match a rule, as far as they say."""
    wanted = rule.match.by_name
    return all(name not in wanted or wanted[name].overlaps(values) for name, values in small)


def _asked_by(stage: Stage, small: Small) -> Asked:
    matches: Iterable[HeaderSpace] = ()
    looks_up = False
    match stage:
        case Filter():
            matches = [rule.match for rule in stage.decisions if can_match(rule, small)]
        case Translate():
            matches = [case.match for case in stage.cases]
            looks_up = any(map(_by_source, stage.cases))
        case Forward():
            matches = [route.match for route in stage.routes]
        case _:
            pass
    said = [pair for match in matches for pair in match.fields]
    sources = dict.fromkeys(values for name, values in said if name == "source")
    identities = dict.fromkeys(values for name, values in said if name == "identity")
    return Asked(tuple(sources), tuple(identities), looks_up)


def _by_source(case: Case) -> bool:
    return any(
        rewrite.field == "source" and not isinstance(rewrite, Assign) for rewrite in case.rewrites
    )
