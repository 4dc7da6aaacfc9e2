"""Who sends in a survey, and what: the ends of its question, resolved and told by their groups.

    beginning(sliced, ground, question, by, sources_by, shares, told) -> Beginning

Takes the slice of the network that is surveyed, and the whole for who is told apart.  Must not know
what becomes of what is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from reach.aim import Start
from reach.lower import Ground
from reach.question import Question
from reach.resolve import Resolved, resolve, sent_to
from reach.survey.grouping import Grouping
from reach.survey.senders import Labels
from reach.survey.share import divided
from reach.survey.towards import towards

_WHILE = 1000


@dataclass(frozen=True)
class Beginning:
    """``groupings`` are those of the sources and of the destinations; ``starts`` what all send, by
    share: a copy of this process that is about one of them does not touch the others."""

    resolved: Resolved
    groupings: tuple[Grouping, Grouping]
    starts: Sequence[Sequence[tuple[Labels, Start]]]


def beginning(
    sliced: Ground,
    whole: Ground,
    question: Question,
    by: str,
    sources_by: str,
    shares: int,
    told: Callable[[int], None],
) -> Beginning:
    """``told`` is told every while of how many starts there are.  Raises QuestionError."""
    groupings = _groupings(sliced, whole, by, sources_by)
    resolved = resolve(sliced, question)
    aim, wide = towards(resolved.aim, sent_to(sliced, resolved.destination))
    starts: list[tuple[Labels, Start]] = []
    for each in groupings[0].sources(wide):
        if not len(starts) % _WHILE:
            told(len(starts))
        starts.append(each)
    return Beginning(replace(resolved, aim=aim), groupings, divided(starts, shares))


def _groupings(
    sliced: Ground, whole: Ground, by: str, sources_by: str
) -> tuple[Grouping, Grouping]:
    to_whom = Grouping(sliced, by, whole)
    return to_whom if sources_by == by else Grouping(sliced, sources_by, whole), to_whom
