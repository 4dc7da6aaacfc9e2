"""What of the headers at a spot comes there at all: where a node does another thing to anything.

    arriving(skeleton, spots, reply=...) -> spots        of_flows(spots) -> spots

What is handed on inside of a thing carries, on the ways there, no word of whom it is for: a
listener's node takes what the node before it took.  So a spot that says of neither end anything is
told what the ways to it say.  Must not know terms or a solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reach.comparing.nodes import Spot, bounded
from reach.comparing.skeleton import FAR, Skeleton, says_nothing
from reach.network.stage import Filter, Forward


def arriving(
    skeleton: Skeleton, spots: Mapping[str, Iterable[Spot]], *, reply: bool
) -> dict[str, tuple[Spot, ...]]:
    """The spots with what can come there; without those where nothing does."""
    found = {}
    for name, each in spots.items():
        told = tuple(met for spot in each for met in _arriving(skeleton, name, spot, reply))
        if told:
            found[name] = told
    return found


def of_flows(spots: Mapping[str, Iterable[Spot]]) -> dict[str, tuple[Spot, ...]]:
    """The spots that matter to more than replies."""
    told = {name: tuple(e for e in each if not e.of_replies) for name, each in spots.items()}
    return {name: each for name, each in told.items() if each}


def _arriving(skeleton: Skeleton, name: str, spot: Spot, reply: bool) -> Iterator[Spot]:
    before = skeleton.network.node(name).stages[: spot.stage]
    unchanged = all(isinstance(stage, Filter | Forward) for stage in before)
    if not unchanged or not says_nothing(spot.space):
        yield spot
        return
    sent = skeleton.sent_there(name, spot.space, reply=reply, most=FAR)
    yield from (replace(spot, space=space) for space in bounded(sent))
