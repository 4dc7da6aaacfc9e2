"""One of several shares of those who send: a survey of very many is made of one after the other.

    divided(starts, 20) -> [those of Share(0, 20), those of Share(1, 20), ...]
    of_shares(surveys) -> Survey

What is held while a survey is made grows with who sends, so of a share it is a part.  No group of
senders is in two shares, so no pair is; neighbours are in one, as they send the same ways.  So
what was found of all shares is what there is.  Must not know how it is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reach.aim import Start
from reach.survey.findings import Survey, pair_of
from reach.survey.senders import Labels

_Labelled = tuple[Labels, Start]
_PROVED = (
    "proved: of each of {} shares of the senders the sets of packets hold all that they can start "
    "and are closed under every step; each access was replayed, every other pair refuted"
)


@dataclass(frozen=True, slots=True)
class Share:
    """The ``number``-th, from 0, of ``of`` shares."""

    number: int
    of: int


def divided(starts: Sequence[_Labelled], count: int) -> list[list[_Labelled]]:
    """Every start in one of so many shares, in their order; the same whoever asks."""
    if count == 1:
        return [list(starts)]
    together = _Together()
    for labels, _ in starts:
        together.join(labels)
    lowest: dict[str, int] = {}
    counted: dict[str, int] = {}
    for labels, start in starts:
        group, begins = together.of(labels[0]), _begins(start)
        lowest[group] = min(lowest.get(group, begins), begins)
        counted[group] = counted.get(group, 0) + 1
    number: dict[str, int] = {}
    before = 0
    for group in sorted(lowest, key=lambda each: (lowest[each], each)):
        number[group] = before * count // len(starts)
        before += counted[group]
    shares: list[list[_Labelled]] = [[] for _ in range(count)]
    for each in starts:
        shares[number[together.of(each[0][0])]].append(each)
    return shares


def of_shares(surveys: Sequence[Survey]) -> Survey:
    """What was found of every share of those who send, as of all of them at once."""
    if len(surveys) == 1:
        return surveys[0]
    accesses = (each for survey in surveys for each in survey.accesses)
    left_open = (each for survey in surveys for each in survey.open)
    unproved = [each.proof for each in surveys if not each.complete]
    return replace(
        surveys[0],
        complete=not unproved,
        proof=unproved[0] if unproved else _PROVED.format(len(surveys)),
        sources={key: group for each in surveys for key, group in each.sources.items()},
        destinations={key: group for each in surveys for key, group in each.destinations.items()},
        accesses=tuple(sorted(accesses, key=pair_of)),
        open=tuple(sorted(left_open, key=pair_of)),
        gaps=tuple(dict.fromkeys(gap for each in surveys for gap in each.gaps)),
        notes=tuple(dict.fromkeys(note for each in surveys for note in each.notes)),
        seconds=_seconds(surveys),
    )


def _seconds(surveys: Sequence[Survey]) -> dict[str, float]:
    stages = dict.fromkeys(stage for each in surveys for stage in each.seconds)
    return {stage: sum(each.seconds.get(stage, 0.0) for each in surveys) for stage in stages}


class _Together:
    """Groups that have a sender in common: each by the first of them."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def of(self, label: str) -> str:
        first = self._first.setdefault(label, label)
        while first != self._first[first]:
            self._first[first] = first = self._first[self._first[first]]
        return first

    def join(self, labels: Iterable[str]) -> None:
        firsts = [self.of(each) for each in labels]
        for each in firsts[1:]:
            self._first[each] = firsts[0]


def _begins(start: Start) -> int:
    """The lowest address that it sends from."""
    source = start.space.by_name.get("source")
    return source.intervals[0][0] if source else 0
