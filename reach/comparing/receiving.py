"""Whom an edit concerns that only receives, told without making nodes: in two networks.

    receivers(pair, differing) -> receivers before, receivers after

A pass of :mod:`reach.reduce`: without it each of these nodes is made and looked at.  Must not know
AWS, terms or a solver.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from reach.comparing.aligned import Pair
from reach.comparing.nodes import MOST_RULES, Spot, more, new_of
from reach.flood import FEW_RULES, merged
from reach.interfaces.receiving import Hosts
from reach.lower import Ground
from reach.network.stage import Filter, Rule
from reach.reduce import RECEIVERS
from reach.sets.receiving import Receiver, Receivers, Spaces

_Both = tuple[Receivers, Receivers] | tuple[None, None]


@dataclass(frozen=True)
class Differing:
    """What differs: nodes that are ``told`` of, where only filters do; and of those that were
    ``made`` of what was edited where the second network does ``more``, for flows and for replies.
    ``between``: something else differs as well."""

    told: Container[str]
    made: Iterable[str]
    more: Mapping[str, Iterable[Spot]]
    back: Container[str]
    between: bool

    @cached_property
    def by_filters(self) -> frozenset[str]:
        """Where the second does more by filters alone, which let replies of their own pass."""
        return frozenset(n for n, each in self.more.items() if all(spot.session for spot in each))

    def is_looked_at(self, node: str) -> bool:
        """Whether a node has to be made: something else is the matter there."""
        return node in self.back or (node in self.more and node not in self.by_filters)

    def is_opened(self, node: str) -> bool:
        return node in self.told or node in self.by_filters


def receivers(pair: Pair, differing: Differing) -> _Both:
    """Of both networks; what the first does not let pass counts in the second where that may let
    pass more, and nothing elsewhere.  (None, None): nodes are made, as the pass is off."""
    if RECEIVERS not in pair.after.reductions.passes:
        return None, None
    before = _Receivers(pair.before, differing)
    return before, _Receivers(pair.after, differing, before)


class _Receivers:
    def __init__(
        self, ground: Ground, differing: Differing, before: _Receivers | None = None
    ) -> None:
        self._ground, self._hosts = ground, Hosts(ground)
        self._differing, self._before = differing, before
        self._known: dict[str, Receiver | None] = {}

    def of(self, node: str) -> Receiver | None:
        if node not in self._known:
            self._known[node] = self._of(node)
        return self._known[node]

    def _of(self, node: str) -> Receiver | None:
        looked_at = self._differing.is_looked_at
        found = None if looked_at(node) else self._hosts.receiver(node)
        if found is None or looked_at(found.deliver.reply):
            return None
        if _rules(found) > MOST_RULES:  # these are compared otherwise
            return None
        if self._before is not None and self._before.of(node) is None:
            return None
        return found

    def was(self, node: str) -> tuple[Filter, ...] | None:
        if self._before is None or not self._differing.is_opened(node):
            return None
        known = self._before.of(node)
        assert known is not None
        return known.filters

    def lets_all_pass(self) -> bool:
        if self._before is None or self._differing.between:
            return False
        before, after = self._before._ground.network, self._ground.network
        return all(
            self.of(name) is not None or not more(after.node(name), before.node(name))
            for name in self._differing.made
        )

    def are_few(self, filters: Sequence[Filter]) -> bool:
        every = [rule.match for each in filters for rule in each.rules]
        return len(every) <= FEW_RULES or len(set(every)) <= FEW_RULES

    def more(self, was: Sequence[Rule], now: Sequence[Rule], *, few: bool) -> Spaces:
        """As :mod:`reach.comparing.nodes` says it of two nodes with these rules among others."""
        known, permits = ([rule.match for rule in each] for each in (was, now))
        old = merged(dict.fromkeys(known)) if few else tuple(dict.fromkeys(known))
        return tuple(new_of(known, permits, lambda: old))


def _rules(told: Receiver) -> int:
    return sum(len(each.rules) for each in told.filters)
