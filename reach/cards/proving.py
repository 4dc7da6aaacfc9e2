"""Proofs about the lines of a card, within one allowance of time.

:class:`Proving` holds the backend and what is left to spend.  ``used`` asks the network, question
by question, for packets that come to lines, and says of each line what was shown; ``shadowed`` adds
that others decide all its packets.  What the allowance does not suffice for is undecided.  Must not
know what kind of thing the lines are of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from reach.aim import Aim
from reach.cards.card import Line, Passage, Standing
from reach.cards.covering import Spaces, covered
from reach.cards.guesses import spread
from reach.cards.senders import Senders
from reach.cards.usage import Asked, Sighting, Usage, usage
from reach.cards.watch import Watched
from reach.component import End
from reach.evidence import told_of
from reach.explain import explain
from reach.lower import Ground
from reach.network.address import WIDTH
from reach.network.field import Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Origin
from solver import Allowance, Backend

# Beyond so many senders a question to anywhere is not asked: it would be about everything at once.
MOST_ANYWHERE = 600
# How many dead lines of a card are explained, and with how many senders at most.
MOST_EXPLAINED = 12
MOST_SENDERS = 64
# How many addresses guesses are sent to.
MOST_PLACES = 64
NO_HINTS: Mapping[str, tuple[HeaderSpace, ...]] = {}


@dataclass(frozen=True)
class Question:
    """Flows to ask for: of whom, to where (None: anywhere), and whether they have to arrive.

    With ``two_way`` replies count as well.  ``anywhere``: it is about everything at once, and asked
    only in networks that are small enough.
    """

    senders: Senders
    towards: Ranges | None
    delivered: bool = False
    two_way: bool = False
    anywhere: bool = False


class Proving:
    """A backend and an allowance, for one card."""

    def __init__(self, ground: Ground, backend: Backend, allowance: Allowance) -> None:
        self.ground = ground
        self.backend = backend
        self.allowance = allowance
        self._explained = 0

    def covered(self, spaces: Spaces, others: Mapping[str, Spaces]) -> tuple[str, ...] | None:
        """The names of what covers the spaces; None if nothing does, or it cannot be told."""
        return covered(spaces, others, self.backend, self.allowance).by

    @cached_property
    def _places(self) -> tuple[int, ...]:
        """Some addresses that interfaces have, from all over."""
        everything = Ranges.span(0, (1 << WIDTH) - 1)
        return tuple(spread(list(self.ground.index.addresses_within(everything)), MOST_PLACES))

    @property
    def late(self) -> str:
        return f"not proved in {self.allowance.seconds:g} s"

    def ask(
        self,
        watched: Watched,
        lines: Mapping[str, tuple[HeaderSpace, ...]],
        question: Question,
        hints: Mapping[str, tuple[HeaderSpace, ...]],
    ) -> Usage:
        """What a question shows of some lines."""
        aim, perhaps = question.senders.aim(question.towards, two_way=question.two_way)
        if self.allowance.is_spent:
            return Usage(unproved=frozenset(lines))
        asked = Asked(lines, perhaps, question.delivered, hints, self._places)
        return usage(watched, aim, asked, self.backend, self.allowance)

    def what_stops(self, senders: Senders, spaces: tuple[HeaderSpace, ...], end: End | None) -> str:
        """What is in the way of the packets of a dead line, to an end (None: to anybody)."""
        words = "no packet that it is for gets that far"
        aim = self._at(senders, spaces[0], end)
        if not aim.starts:
            return "no sender and receiver of it have an address of one IP version"
        small = 0 < len(aim.starts) <= MOST_SENDERS
        if not small or self._explained >= MOST_EXPLAINED or self.allowance.is_spent:
            return words
        self._explained += 1
        found = explain(self.ground.network, aim, self.backend, self.allowance.budget(0.3))
        shown = dict.fromkeys(
            f"{each.origin.resource} {each.origin.locator}".strip() + f": {each.origin.words}"
            for each in told_of(self.ground, found.ways[0]).blockers
            if each.origin.resource
        )
        return f"{words}: {'; '.join(shown)}" if shown else words

    def _at(self, senders: Senders, space: HeaderSpace, end: End | None) -> Aim:
        """The packets of a line as they are sent: to an end, who sends them is told already."""
        goals, arriving, sent = None, ANYTHING, space
        if end is not None:
            goals, arriving = end.goals, space
            to = self.ground.aliases(end.addresses) if end.addresses else None
            sent = (space & HeaderSpace.where(destination=to)).without("identity", "source")
        starts = tuple(replace(start, space=start.space & sent) for start in senders.starts)
        aim, _ = Senders(starts).aim(None, two_way=False)
        return replace(aim, goals=goals, arriving=arriving)


def shadowed(line: Line, by: tuple[str, ...] | None) -> Line:
    """The line as shadowed, if others decide all its packets and some packet may come to it."""
    if not by or line.standing is Standing.DEAD:
        return line
    return replace(line, standing=Standing.SHADOWED, by=by, reason="")


def refused(line: Line, gaps: Sequence[Origin]) -> Line:
    """A dead line, unless something may be hidden: then it is undecided."""
    if line.standing is not Standing.DEAD or not gaps:
        return line
    words = line.reason or "no packet is seen to come to it"
    return line.stands(Standing.UNDECIDED, f"{words}, but {gaps[0]}")


def unmet(line: Line) -> Line:
    """A dead line that has no reason of its own."""
    if line.standing is not Standing.DEAD or line.reason:
        return line
    return line.stands(Standing.DEAD, "no packet comes to it, and no reply")


def used(
    lines: Mapping[str, Line],
    spaces: Mapping[str, tuple[HeaderSpace, ...]],
    watched: Watched,
    questions: Iterable[Question],
    proving: Proving,
    hints: Mapping[str, tuple[HeaderSpace, ...]] = NO_HINTS,
) -> dict[str, Line]:
    """Each line as the questions show it: usable by any, dead if by none, else undecided."""
    told: dict[str, Line] = {}
    doubts: dict[str, str] = {}
    for question in questions:
        left = {key: spaces[key] for key in lines if key not in told}
        if not left:
            break
        if question.anywhere and len(question.senders.starts) > MOST_ANYWHERE:
            words = "what only passes it was not asked for: too many senders"
            doubts |= dict.fromkeys(left, words)
            continue
        shown = proving.ask(watched, left, question, hints)
        told |= {key: _usable(lines[key], each, proving) for key, each in shown.seen.items()}
        doubts |= {key: str(origin).removeprefix(": ") for key, origin in shown.open.items()}
        for key in shown.unproved:
            doubts.setdefault(key, proving.late)
    for key, line in lines.items():
        if key not in told and key in doubts:
            told[key] = line.stands(Standing.UNDECIDED, doubts[key])
        elif key not in told:
            told[key] = line.stands(Standing.DEAD)
    return {key: told[key] for key in lines}


def _usable(line: Line, sighting: Sighting, proving: Proving) -> Line:
    trace = sighting.proof.reply if sighting.reply else sighting.proof.forward
    assert trace is not None
    taken = [origin.words for origin in trace.choices if origin.words]
    shown = Passage(
        sighting.header,
        _end(proving.ground, trace.hops[0].node, trace.hops[0].before),
        _end(proving.ground, trace.hops[-1].node, trace.hops[-1].after),
        sighting.reply,
    )
    return replace(
        line, standing=Standing.USABLE, reason="; ".join(dict.fromkeys(taken)), passage=shown
    )


def _end(ground: Ground, node: str, header: Header) -> str:
    """Who stands at an end of a way: an id, and a name if it has one."""
    label = ground.label(node, header)
    resource = node.split("/", 2)[1]
    who, name = label if label is not None else (resource, ground.name_of(resource))
    return f"{who} ({name})" if name else who
