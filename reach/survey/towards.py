"""What the packets of a survey are sent to: exactly where it counts, roughly where they spread.

    towards(aim, sent_to) -> (aim, starts)

The aim asks about packets to ``sent_to`` and nowhere else.  Its starts come with destinations of
few blocks, quickly compared: what is sent to between them is delivered to nobody who was asked
about, and what it comes by does not count (:mod:`reach.survey.candidates`).  Knows the neutral
network only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from reach.aim import Aim, Start
from reach.flood import whole
from reach.network.header_space import Ranges
from reach.sending import Change, Sending, after


def towards(aim: Aim, sent_to: Ranges | None) -> tuple[Aim, Sending]:
    """An aim about packets to these addresses (None: to any), and where what it is about starts."""
    ends = whole("destination") if sent_to is None else sent_to
    exact = after(aim.starts, _to(lambda old: old & ends))
    return replace(aim, starts=exact), after(exact, _to(Ranges.roughly))


def _to(change: Callable[[Ranges], Ranges]) -> Change:
    """A start with another destination; sets that starts share are changed once."""
    changed: dict[Ranges, Ranges] = {}

    def sent(start: Start) -> Iterator[Start]:
        ends = start.space.by_name.get("destination", whole("destination"))
        if ends not in changed:
            changed[ends] = change(ends)
        if changed[ends]:
            space = start.space.narrowed("destination", changed[ends])
            yield Start(start.node, space, start.owner)

    return sent
