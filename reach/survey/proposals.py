"""What a spread proposes of each two groups: worked out for a pair when it is asked for.

    proposed = Proposals(senders, candidates, to_itself)
    proposed.pairs  proposed.of(pair) -> (service, candidates), ...  proposed.beyond(pair)

Of many groups there are far more candidates, pair by pair, than anybody looks at: once one of them
is shown, the others of its service need not be.  Knows the neutral network only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from reach.network.address import is_ipv4
from reach.network.header_space import HeaderSpace
from reach.survey.candidates import Candidate, Pair
from reach.survey.senders import Senders

_Services = Mapping[HeaderSpace, Sequence[Candidate]]


@dataclass(frozen=True)
class Proposals:
    """Who may reach whom, of candidates by the group that is reached.

    What a sender sends to its own address counts only if ``to_itself``.
    """

    senders: Senders
    candidates: Mapping[str, Sequence[Candidate]]
    to_itself: bool

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs of groups of which anything is proposed, in an order of their own."""
        return tuple(
            (label, group)
            for group, some in self.candidates.items()
            for label in self._labels_of(some)
        )

    def of(self, pair: Pair) -> Iterator[tuple[HeaderSpace, Iterator[Candidate]]]:
        """By service all that is proposed of a pair, what asks for most first."""
        label, group = pair
        for service, some in self._by_service[group].items():
            yield service, self._from(label, some)

    def delivered(self, pair: Pair) -> Iterator[Candidate]:
        """All that is delivered to anybody, and not told by a node that it comes by."""
        return (each for _, some in self.of(pair) for each in some if not each.node)

    def beyond(self, pair: Pair) -> Iterator[Candidate]:
        """What gets as far as something unknown on its way."""
        label, group = pair
        yield from self._from(label, self._beyond.get(group, ()))

    def _from(self, label: str, some: Sequence[Candidate]) -> Iterator[Candidate]:
        """What of some candidates those of a label may send."""
        own = self._by_label[label]
        for candidate in some:
            bits = own & candidate.senders
            if bits and (self.to_itself or not _only_to_itself(self.senders, bits, candidate)):
                yield replace(candidate, senders=bits)

    def _labels_of(self, some: Sequence[Candidate]) -> Iterator[str]:
        """The labels of which anybody may send any of these."""
        sure, bits = 0, 0
        for candidate in some:
            bits |= candidate.senders
            if self.to_itself or not _may_be_to_itself(candidate):
                sure |= candidate.senders
        for label, own in self._by_label.items():
            if own & sure or (own & bits and any(True for _ in self._from(label, some))):
                yield label

    @cached_property
    def _by_label(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for number, sender in enumerate(self.senders.each):
            for label in sender.labels:
                found[label] = found.get(label, 0) | 1 << number
        return found

    @cached_property
    def _by_service(self) -> Mapping[str, _Services]:
        return {group: _told_apart(some) for group, some in self.candidates.items()}

    @cached_property
    def _beyond(self) -> Mapping[str, Sequence[Candidate]]:
        found = {group: [c for c in some if c.beyond] for group, some in self.candidates.items()}
        return {group: some for group, some in found.items() if some}


def _told_apart(some: Sequence[Candidate]) -> _Services:
    """What is known to be reached, by service, the widest first; IPv4 before IPv6, however it was
    found, as the first that serves is the way that is told."""
    found: dict[HeaderSpace, list[Candidate]] = {}
    for candidate in sorted(some, key=_version):
        if candidate.beyond is None:
            found.setdefault(candidate.service, []).append(candidate)
    return {service: found[service] for service in sorted(found, key=_widest_first)}


def _version(candidate: Candidate) -> int:
    ends = candidate.space.by_name.get("destination")
    return 4 if ends is None or not ends or is_ipv4(ends.intervals[0][0]) else 6


def _widest_first(service: HeaderSpace) -> int:
    ports = service.by_name.get("destination_port")
    return -(1 << 16 if ports is None else ports.count)


def _may_be_to_itself(candidate: Candidate) -> bool:
    """Whether it has a source, and goes to one address."""
    ends = candidate.space.by_name.get("destination")
    return ends is not None and "source" in candidate.space.by_name and ends.single is not None


def _only_to_itself(senders: Senders, bits: int, candidate: Candidate) -> bool:
    """Whether it is one sender with one address, and that is where the packets go."""
    if bits & (bits - 1) or not _may_be_to_itself(candidate):
        return False
    own = senders.each[bits.bit_length() - 1].own
    if own is None:
        return False
    by_name = candidate.space.by_name
    mine = own & by_name["source"]
    return mine.single is not None and mine.single == by_name["destination"].single
