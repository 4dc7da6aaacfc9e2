"""Who sends in a survey, and what: the ends of its question, resolved and told by their groups.

    beginning(sliced, ground, wanted, told) -> Beginning

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
from reach.sending import Sending
from reach.survey.grouping import Grouping
from reach.survey.senders import Labels
from reach.survey.share import Share, divided
from reach.survey.towards import towards

_WHILE = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """One way of a survey: its question, by what those who are reached are told and those who send,
    and of which share of these it is."""

    question: Question
    kind: str
    by: str
    sources_by: str
    share: Share


@dataclass(frozen=True)
class Beginning:
    """``groupings`` are those of the sources and of the destinations; ``starts`` what all send, by
    share: a copy of this process that is about one of them does not touch the others."""

    resolved: Resolved
    groupings: tuple[Grouping, Grouping]
    starts: Sequence[Sequence[tuple[Labels, Start]]]


def beginning(
    sliced: Ground, whole: Ground, wanted: Wanted, told: Callable[[int], None]
) -> Beginning:
    """Of all shares; where there are several it is kept for the others, until another is wanted.

    ``told`` is told every while of how many starts there are.  Raises QuestionError.
    """
    if wanted.share.of == 1:
        return _beginning(sliced, whole, wanted, told)
    kept: dict[Wanted, Beginning] = sliced.own("beginning", dict)
    of_all = replace(wanted, share=replace(wanted.share, number=0))
    if of_all not in kept:
        kept.clear()
        kept[of_all] = _beginning(sliced, whole, wanted, told)
    return kept[of_all]


def _beginning(
    sliced: Ground, whole: Ground, wanted: Wanted, told: Callable[[int], None]
) -> Beginning:
    groupings, resolved, wide = aimed(sliced, whole, wanted)
    starts: list[tuple[Labels, Start]] = []
    for each in groupings[0].sources(wide):
        if not len(starts) % _WHILE:
            told(len(starts))
        starts.append(each)
    shares = divided(starts, wanted.share.of)
    return Beginning(resolved, groupings, shares)


def aimed(
    sliced: Ground, whole: Ground, wanted: Wanted
) -> tuple[tuple[Grouping, Grouping], Resolved, Sending]:
    """How both sides are told, what is asked of whom, and where it starts.

    Raises QuestionError.
    """
    groupings = _groupings(sliced, whole, wanted)
    resolved = resolve(sliced, wanted.question)
    aim, wide = towards(resolved.aim, sent_to(sliced, resolved.destination))
    return groupings, replace(resolved, aim=aim), wide


def _groupings(sliced: Ground, whole: Ground, wanted: Wanted) -> tuple[Grouping, Grouping]:
    to_whom, by = Grouping(sliced, wanted.by, whole), wanted.sources_by
    return to_whom if by == wanted.by else Grouping(sliced, by, whole), to_whom
