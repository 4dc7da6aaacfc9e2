"""Who sends: numbered senders, and which of them a rule's source or group can mean.

    Senders.of(network, starts) -> Senders

A set of senders is the bits of an integer.  A sender that writes down who it is (an interface, by
its groups) is *narrow*: what it sends has one of its own addresses as source and its own identity,
so both go without saying in a set of headers until a translation changes them.  Every other sender
(hosts beyond a boundary) has its source in its headers.  Knows the neutral network only.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reach.aim import Start
from reach.flood import whole
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.stage import Assign, Translate

NOBODY = Ranges.of(0)
Labels = tuple[str, ...]
_WHILE = 1000


@dataclass(frozen=True, slots=True)
class Sender:
    """A node at which flows start, to whom replies come home, and what may be sent.

    ``own`` are the addresses of a narrow sender, which ``spaces`` then leave out; ``identity`` is
    what it writes first (0: nothing), and ``begins`` what is written of who it is before that.
    ``labels`` say to whom asks which groups it belongs to.
    """

    labels: Labels
    node: str
    owner: str
    own: Ranges | None
    identity: int
    spaces: tuple[HeaderSpace, ...]
    starts: tuple[Start, ...]
    begins: Ranges = NOBODY


@dataclass(frozen=True)
class Senders:
    """All senders of a survey, by number."""

    each: Sequence[Sender]

    @staticmethod
    def of(
        network: Network,
        starts: Iterable[tuple[Labels, Start]],
        told: Callable[[int], None] = lambda _: None,
    ) -> Senders:
        """The senders of labelled starts, those with neighbouring addresses next to each other.

        ``told`` is told every while of how many there are.
        """
        grouped: dict[tuple[Labels, str, str], list[Start]] = {}
        for labels, start in starts:
            if not len(grouped) % _WHILE:
                told(len(grouped))
            grouped.setdefault((labels, start.node, start.owner), []).append(start)
        made: list[Sender] = []
        for (labels, _, _), some in grouped.items():
            if not len(made) % _WHILE:
                told(len(grouped))
            made.append(sender_of(network, labels, some))
        return Senders.in_order(made)

    @staticmethod
    def in_order(some: Iterable[Sender]) -> Senders:
        """All of these, those with neighbouring addresses next to each other."""
        made = sorted(
            some, key=lambda each: (each.own is None, each.own.intervals[:1] if each.own else ())
        )
        return Senders(tuple(made))

    def numbers(self, bits: int) -> Iterator[int]:
        """The numbers of the senders in a set."""
        while bits:
            low = bits & -bits
            yield low.bit_length() - 1
            bits ^= low

    def addresses(self, bits: int) -> Ranges:
        """All own addresses of the senders in a set."""
        known = self._addresses.get(bits)
        if known is None:
            spans = (self.each[n].own for n in self.numbers(bits))
            known = Ranges.any_of(own for own in spans if own is not None)
            self._addresses[bits] = known
        return known

    def may_send_from(self, sources: Ranges) -> int:
        """The narrow senders of which some address is one of these."""
        known = self._from.get(sources)
        if known is None:
            known = 0
            for low, high in sources.intervals:
                known |= self._overlapping(low, high)
            self._from[sources] = known
        return known

    def send_only_from(self, sources: Ranges) -> int:
        """The narrow senders whose every address is one of these."""
        known = self._only.get(sources)
        if known is None:
            few = self.may_send_from(sources)
            known = _bits(
                n for n in self.numbers(few) if (self.each[n].own or NOBODY).lies_in(sources)
            )
            self._only[sources] = known
        return known

    def that_may_send_from(self, bits: int, sources: Ranges) -> int:
        """Of a set the narrow senders of which some address is one of these."""
        if bits & (bits - 1):
            return bits & self.may_send_from(sources)
        own = self._own_of_one(bits)
        return bits if own is not None and own.overlaps(sources) else 0

    def that_send_only_from(self, bits: int, sources: Ranges) -> int:
        """Of a set the narrow senders whose every address is one of these."""
        if bits & (bits - 1):
            return bits & self.send_only_from(sources)
        own = self._own_of_one(bits)
        return bits if own is not None and own.lies_in(sources) else 0

    def _own_of_one(self, bits: int) -> Ranges | None:
        """The addresses of the one sender in a set; None if there is none, or it is not narrow."""
        return self.each[bits.bit_length() - 1].own if bits else None

    def with_identity(self, identities: Ranges) -> int:
        """The senders that write down one of these."""
        known = self._identified.get(identities)
        if known is None:
            known = 0
            for number, bits in self._by_identity.items():
                if number in identities:
                    known |= bits
            self._identified[identities] = known
        return known

    def all_have(self, bits: int, identity: int) -> bool:
        """Whether all senders of a set write down this identity."""
        return not bits & ~self._by_identity.get(identity, 0)

    # ---------------------------------------------------------------- tables

    @cached_property
    def _addresses(self) -> dict[int, Ranges]:
        return {}

    @cached_property
    def _from(self) -> dict[Ranges, int]:
        return {}

    @cached_property
    def _met(self) -> dict[tuple[int, int], int]:
        return {}

    @cached_property
    def _only(self) -> dict[Ranges, int]:
        return {}

    @cached_property
    def _identified(self) -> dict[Ranges, int]:
        return {}

    @cached_property
    def _by_identity(self) -> Mapping[int, int]:
        found: dict[int, int] = {}
        for number, each in enumerate(self.each):
            found[each.identity] = found.get(each.identity, 0) | 1 << number
        return found

    @cached_property
    def _spans(self) -> _Spans:
        """Own intervals by where they begin, and whose each is."""
        spans = sorted(
            (low, high, number)
            for number, each in enumerate(self.each)
            for low, high in (each.own.intervals if each.own is not None else ())
        )
        return _Spans(
            [low for low, _, _ in spans],
            [high for _, high, _ in spans],
            np.array([number for _, _, number in spans], dtype=np.int64),
            max((high - low for low, high, _ in spans), default=0),
        )

    def _overlapping(self, low: int, high: int) -> int:
        """The senders with an address in low..high: blocks that many rules mean, once for all."""
        known = self._met.get((low, high))
        if known is None:
            known = self._met[low, high] = self._meeting(low, high)
        return known

    def _meeting(self, low: int, high: int) -> int:
        spans = self._spans
        first, last = bisect_left(spans.lows, low), bisect_right(spans.lows, high)
        chosen = np.zeros(len(self.each), dtype=np.bool_)
        chosen[spans.numbers[first:last]] = True
        # What begins before may reach into it: as far back as the longest interval.
        at = first - 1
        while at >= 0 and spans.lows[at] >= low - spans.longest:
            if spans.highs[at] >= low:
                chosen[spans.numbers[at]] = True
            at -= 1
        return int.from_bytes(np.packbits(chosen, bitorder="little").tobytes(), "little")


@dataclass(frozen=True, slots=True)
class _Spans:
    lows: list[int]
    highs: list[int]
    numbers: np.ndarray
    longest: int


def _bits(numbers: Iterable[int]) -> int:
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def sender_of(network: Network, labels: Labels, starts: Sequence[Start]) -> Sender:
    """The sender of some starts at one node."""
    first = starts[0]
    identity = _writes(network, first.node)
    if not identity:
        any_source = HeaderSpace.where(source=whole("source"))
        spaces = dict.fromkeys(start.space & any_source for start in starts)
        return Sender(labels, first.node, first.owner, None, 0, tuple(spaces), tuple(starts))
    own = Ranges.any_of(start.space.by_name["source"] for start in starts)
    spaces = dict.fromkeys(start.space.without("source") for start in starts)
    return Sender(labels, first.node, first.owner, own, identity, tuple(spaces), tuple(starts))


def _writes(network: Network, node: str) -> int:
    """The identity that a node writes into all that it sends, 0 if it writes none."""
    for stage in network.node(node).stages:
        if isinstance(stage, Translate) and len(stage.cases) == 1:
            (case,) = stage.cases
            for rewrite in case.rewrites:
                if isinstance(rewrite, Assign) and rewrite.field == "identity":
                    return rewrite.values.single or 0
    return 0
