"""Where one network does more than another: of nodes that are many, when a flow first comes there.

    Spots(skeletons, eager, told)        .get(node) -> header spaces on entry      .found -> spots

Must not know AWS, terms or a solver.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reach.comparing.coming import Spaces
from reach.comparing.nodes import Spot, differ_in, more
from reach.comparing.skeleton import NotPlainError, Skeleton
from reach.network.stage import Filter


class Spots(Mapping[str, Spaces]):
    """``eager`` are known; of the nodes that were ``told`` of it is looked up.

    Each of the latter is checked to be what it was told to be: that only filters differ, which let
    replies of their own pass.  Raises NotPlainError.
    """

    def __init__(
        self,
        skeletons: tuple[Skeleton, Skeleton],
        eager: Mapping[str, tuple[Spot, ...]],
        told: frozenset[str],
    ) -> None:
        self.found = dict(eager)
        self._skeletons, self._told = skeletons, told
        self._known = dict(skeletons[1].entering(eager, reply=False))

    def __getitem__(self, name: str) -> Spaces:
        known = self._known.get(name)
        if known is None:
            if name not in self._told:
                raise KeyError(name)
            spots = self._look(name)
            if spots:
                self.found[name] = spots
            known = self._skeletons[1].entering({name: spots}, reply=False)[name]
            self._known[name] = known
        return known

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._known, *self._told)))

    def __len__(self) -> int:
        return len({*self._known, *self._told})

    def look_at_all(self) -> None:
        """Of very many flows it is not known where they come."""
        for name in sorted(self._told):
            self[name]

    def _look(self, name: str) -> tuple[Spot, ...]:
        before, after = self._skeletons
        one, other = before.network.node(name), after.network.node(name)
        after.check(name)
        if not before.leads_alike(name, after.network) or not differ_in(Filter, one, other):
            raise NotPlainError(f"{name} differs in more than filters")
        spots = more(one, other)
        if not all(spot.session for spot in spots):
            raise NotPlainError(f"{name} has filters that remember nothing")
        return spots
