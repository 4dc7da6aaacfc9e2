"""Who sends a set of flows: addresses, each with the identity that is said of it.

    Flows.of(space)        flows.apart(reads) -> flows, space        flows.onward(sent, space)

A network says of each sender who it is, so flows of many senders are no product; but hardly any
node on their way asks.  So the senders are one set of numbers, an address with an identity in front
of it, and where nobody asks all are pushed on as one product that says nothing of who they are.
Where somebody does, those go together of whom all that is asked there is true alike.

Knows the fields of a header only; must not know nodes, AWS, terms or a solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from reach.flood import whole
from reach.network.header_space import HeaderSpace, Interval, Ranges

_WIDTH = 130  # of an address, and one: so senders of two identities never lie beside each other
_ADDRESS = (1 << _WIDTH) - 1
_ASKED_OF = ("source", "identity")
Reads = tuple[Ranges, ...] | None  # identities that are told from others; None: each from each


class Flows(NamedTuple):
    """Headers of which nothing is said of who sends them, and senders: any header with any."""

    rest: HeaderSpace
    senders: Ranges

    @staticmethod
    def of(space: HeaderSpace) -> Flows:
        """A product that says who sends it."""
        sources = space.by_name.get("source", whole("source"))
        identities = space.by_name["identity"]
        spans = (
            _said(identity, sources)
            for low, high in identities.intervals
            for identity in range(low, high + 1)
        )
        return Flows(
            space.without(*_ASKED_OF), Ranges(tuple(span for each in spans for span in each))
        )

    @staticmethod
    def of_many(rest: HeaderSpace, senders: Iterable[tuple[int, Ranges]]) -> Flows:
        """The same from many, each with who he is said to be."""
        spans = (span for identity, sources in senders for span in _said(identity, sources))
        return Flows(rest.without(*_ASKED_OF), Ranges.union(spans))

    @property
    def is_of_one(self) -> bool:
        """Whether all senders are said to be one."""
        spans = self.senders.intervals
        return spans[0][0] >> _WIDTH == spans[-1][0] >> _WIDTH

    @property
    def sources(self) -> Ranges:
        """The addresses of all senders."""
        return _sources(self.senders)

    def apart(self, reads: Reads) -> Iterator[tuple[Flows, HeaderSpace]]:
        """These flows in parts, each with a product that is as good as they are where no more is
        asked of who sends them than ``reads``."""
        if reads == () and not self.is_of_one:
            yield self, self.rest.narrowed("source", self.sources)
            return
        said = _by_identity(self.senders)
        alike: dict[object, list[int]] = {}
        for identity in said:
            key = identity if reads is None else tuple(identity in each for each in reads)
            alike.setdefault(key, []).append(identity)
        for some in alike.values():
            sources = said[some[0]] if len(some) == 1 else Ranges.any_of(said[i] for i in some)
            space = self.rest.narrowed("source", sources)
            own = self if len(alike) == 1 else Flows(self.rest, _together(said, some))
            yield own, space.narrowed("identity", Ranges.of(*some))

    def onward(self, sent: HeaderSpace, space: HeaderSpace) -> Flows:
        """What has become ``space`` of the product ``sent`` of these flows."""
        by = space.by_name
        identity = by.get("identity")
        if identity is not None and identity.single is not None:
            return Flows.of(space)
        sources, rest = by["source"], space.without(*_ASKED_OF)
        if sources == sent.by_name["source"]:
            return Flows(rest, self.senders)
        said = _by_identity(self.senders)
        met = {i: both for i, each in said.items() if (both := each & sources)}
        return Flows(rest, _together(met, met))


def _said(identity: int, sources: Ranges) -> tuple[Interval, ...]:
    front = identity << _WIDTH
    return tuple((front | low, front | high) for low, high in sources.intervals)


def _together(said: dict[int, Ranges], some: Iterable[int]) -> Ranges:
    return Ranges(tuple(span for identity in some for span in _said(identity, said[identity])))


@lru_cache(maxsize=8)
def _sources(senders: Ranges) -> Ranges:
    """Asked of the same at each node on their way."""
    return Ranges.any_of(_by_identity(senders).values())


def _by_identity(senders: Ranges) -> dict[int, Ranges]:
    """The addresses of each identity, in the order of identities."""
    found: dict[int, list[Interval]] = {}
    for low, high in senders.intervals:
        found.setdefault(low >> _WIDTH, []).append((low & _ADDRESS, high & _ADDRESS))
    return {identity: Ranges(tuple(spans)) for identity, spans in found.items()}
