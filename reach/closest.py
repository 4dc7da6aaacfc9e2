"""Of many flows that get nowhere, a few that come closest: where to look for what is in their way.

    closest(network, aim, parts) -> Aim

What floods showed tells how far each flow comes: to a goal, so that its reply is lost; to where a
goal would take it in; or so many nodes far.  Among those the fewest denials are looked for: among
all of them it takes as long as deciding each.  Must not know AWS nor a solver.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reach.aim import Aim, Start
from reach.certificate import Part
from reach.certify import MOST_STEPS, closed
from reach.network.header_space import Ranges
from reach.network.node import Network
from reach.network.stage import Deliver

_MOST_STARTS = 4
_MOST_ENDS = 4


def closest(network: Network, aim: Aim, parts: Sequence[Part]) -> Aim:
    """The aim from a few of its starts, to a few addresses; ``parts`` show that all are shut."""
    seen = _Seen(network, aim, {})
    few = sorted(parts, key=seen.rank, reverse=True)[:_MOST_STARTS]
    each = (one for part in few for one in _one_by_one(network, aim, part))
    ranked = sorted(each, key=seen.rank, reverse=True)[:_MOST_STARTS]
    starts = tuple(start for part in ranked for start in seen.few(part))
    return replace(aim, starts=starts[:_MOST_STARTS]) if starts else aim


def _one_by_one(network: Network, aim: Aim, part: Part) -> Iterator[Part]:
    """The floods of its starts: of many together nobody knows which comes furthest."""
    if len(part.starts) == 1:
        yield part
        return
    for start in part.starts:
        alone = closed(network, replace(aim, starts=(start,)), MOST_STEPS)
        if alone is not None:
            yield alone


@dataclass(frozen=True)
class _Seen:
    """What is found at the nodes of floods; ``taken`` are those at which goals take packets."""

    network: Network
    aim: Aim
    taken: dict[str, bool]

    def rank(self, part: Part) -> tuple[bool, bool, int]:
        """The higher the further it comes; of parts that come as far the first is taken."""
        at_goal = any(self._takes(cell.node) for cell in part.forward)
        return bool(part.reply), at_goal, len(part.forward) + len(part.reply)

    def few(self, part: Part) -> Iterator[Start]:
        """The starts of a part, to addresses that it comes closest to."""
        told = (
            space.by_name.get("destination")
            for cell in part.forward
            if self._takes(cell.node)
            for space in cell.spaces
        )
        met = Ranges.any_of(ends for ends in told if ends is not None)
        for start in part.starts:
            ends = start.space.by_name.get("destination")
            if ends is not None:
                some = (ends & met or ends).intervals[:_MOST_ENDS]
                start = replace(start, space=start.space.narrowed("destination", Ranges(some)))
            yield start

    def _takes(self, node: str) -> bool:
        """Whether a goal takes packets in at a node, if nothing there denies them."""
        known = self.taken.get(node)
        if known is None:
            goals = self.aim.goals
            known = self.taken[node] = any(
                isinstance(stage, Deliver) and (goals is None or stage.owner in goals)
                for stage in self.network.node(node).stages
            )
        return known
