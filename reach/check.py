"""Checks answers without believing who gave them: certificates, and witnesses hop by hop.

    check_certificate(network, aim, certificate) -> Checked
    check_witness(network, aim, witness) -> Checked

Reads the network by :mod:`reach.flood` alone.  A certificate is right iff its parts cover every
start, each part contains its starts, is closed under every stage there and back, meets nothing that
is not modelled, and nothing that it holds arrives and gets home.  A witness is right iff each hop
can turn into the next, for the reasons it gives, and both ends are those asked for.  Must not know
z3, numpy, the compiler, nor how an answer was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reach.aim import Aim, Start
from reach.certificate import Cell, Certificate, Part
from reach.flood import Arrival, Reading, Tag, covers, mirrored, replied, uncovered, well_formed
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found wrong (nothing: it holds), and what was looked at; ``vacant``: nothing was."""

    wrong: tuple[str, ...]
    words: str
    vacant: bool = False

    @property
    def holds(self) -> bool:
        return not self.wrong


def check_certificate(network: Network, aim: Aim, certificate: Certificate) -> Checked:
    """Whether a certificate shows that nothing of ``aim`` gets through."""
    wrong = not_shut(network, aim, certificate.parts)
    cells = sum(len(part.forward) + len(part.reply) for part in certificate.parts)
    spaces = sum(
        len(cell.spaces) for part in certificate.parts for cell in (*part.forward, *part.reply)
    )
    count = len(certificate.parts)
    words = (
        f"{count} part{'s' if count > 1 else ''}, {cells} nodes, {spaces} header spaces: contain "
        "every start, are closed under every stage there and back, and nothing gets through"
    )
    return Checked(tuple(wrong), words)


def not_shut(
    network: Network, aim: Aim, parts: Iterable[Part], refuted: Iterable[Start] = ()
) -> list[str]:
    """What is wrong with saying that parts, and what was ``refuted`` otherwise, are all of an aim,
    and that of no part anything gets through."""
    parts = tuple(parts)
    told = [*refuted, *(start for part in parts for start in part.starts)]
    return [
        *_starts_covered(aim, told),
        *(each for part in parts for each in _part(network, aim, part)),
    ]


def _starts_covered(aim: Aim, told: Iterable[Start]) -> Iterator[str]:
    by_end: dict[tuple[str, str], list[HeaderSpace]] = {}
    for each in told:
        by_end.setdefault((each.node, each.owner), []).append(each.space)
    for start in aim.starts:
        spaces = by_end.get((start.node, start.owner), [])
        if any(covers(space, start.space) for space in spaces):
            continue
        for piece in possible(aim, start.space):
            for left in uncovered(piece, spaces):
                if any(possible(aim, left)):
                    yield f"no part is about flows that start at {start.node} with {left}"


def possible(aim: Aim, space: HeaderSpace) -> Iterator[HeaderSpace]:
    """The headers of a start that a flow of the question can have."""
    for piece in well_formed(space):
        source, destination = (piece.by_name[name].single for name in ("source", "destination"))
        to_itself = source is not None and source == destination
        if aim.to_itself or not to_itself:
            yield piece


def _part(network: Network, aim: Aim, part: Part) -> Iterator[str]:
    forward, reply = _held(part.forward), _held(part.reply)
    for start in part.starts:
        yield from _contained(forward, start.node, Tag(), start.space, "the start")
    there = Reading(network, visits=aim.visits)
    for cell in part.forward:
        for space in cell.spaces:
            outcome = there.push(cell.node, cell.tag, space)
            for origin in outcome.unmodelled:
                yield f"{cell.node} leads to what is not modelled: {origin}"
            for node, tag, onward in outcome.onward:
                yield from _contained(forward, node, tag, onward, f"what {cell.node} sends on")
            for arrival in outcome.arrivals:
                for arrived in wanted(aim, part.starts, arrival):
                    yield from _answered(aim, reply, arrival.stage.reply, arrival.tag, arrived)
    back = Reading(network, visits=aim.back, before=there.memory)
    for cell in part.reply:
        for space in cell.spaces:
            outcome = back.push(cell.node, cell.tag, space)
            for origin in outcome.unmodelled:
                yield f"back at {cell.node} it leads to what is not modelled: {origin}"
            for node, tag, onward in outcome.onward:
                yield from _contained(reply, node, tag, onward, f"what {cell.node} sends back")
            for arrival in outcome.arrivals:
                if gets_home(aim, part.starts, arrival):
                    yield f"a reply gets home at {arrival.stage.owner}: {arrival.space}"


def wanted(aim: Aim, starts: Iterable[Start], arrival: Arrival) -> Iterator[HeaderSpace]:
    """What of an arrival the question asks for."""
    stage, tag = arrival.stage, arrival.tag
    if (stage.inside and not aim.to_itself) or stage.owner in aim.but:
        return
    if not tag.seen.issuperset(range(len(aim.through))):
        return
    space = arrival.space & aim.arriving
    if aim.goals is not None and len(aim.through) not in tag.seen:
        asked = aim.goals.get(stage.owner)
        if asked is None:
            return
        space &= asked
    if not aim.to_itself and len(aim.through) not in tag.seen:
        # What comes back to the address that sent it has not reached anybody on the way.
        senders = [start.space.by_name.get("source") for start in starts]
        sender = senders[0].single if senders and senders[0] is not None else None
        if sender is not None and all(each == senders[0] for each in senders):
            ends = space.by_name.get("destination")
            if ends is not None:
                space = space.narrowed("destination", ends - Ranges.of(sender))
    if not space.is_empty:
        yield space


def gets_home(aim: Aim, starts: Iterable[Start], arrival: Arrival) -> bool:
    """Whether a reply may be one that a start awaits, seen by all that have to see it, and by
    which it has to come."""
    if arrival.tag.owed or not arrival.tag.seen.issuperset(range(len(aim.back))):
        return False
    for start in starts:
        if start.owner == arrival.stage.owner:
            awaited = mirrored(start.space.without("identity"))
            met = None if awaited is None else arrival.space.without("identity") & awaited
            if met is not None and not met.is_empty:
                return True
    return False


Held = Mapping[tuple[str, Tag], tuple[HeaderSpace, ...]]


def _held(cells: Iterable[Cell]) -> Held:
    found: dict[tuple[str, Tag], tuple[HeaderSpace, ...]] = {}
    for cell in cells:
        key = cell.node, cell.tag
        found[key] = (*found.get(key, ()), *cell.spaces)
    return found


def _contained(held: Held, node: str, tag: Tag, space: HeaderSpace, what: str) -> Iterator[str]:
    spaces = held.get((node, tag), ())
    if any(covers(each, space) for each in spaces):
        return
    left = next(uncovered(space, spaces), None)
    if left is not None:
        yield f"{what} is not held at {node}: {left}"


def _answered(aim: Aim, reply: Held, node: str, tag: Tag, arrived: HeaderSpace) -> Iterator[str]:
    """What arrives is refuted only by what becomes of its replies."""
    if not aim.two_way:
        yield f"something arrives: {arrived}"
        return
    answer = replied(arrived)
    if answer is not None:
        owed = Tag(owed=tag.owed)
        yield from _contained(reply, node, owed, answer, "a reply to what arrives")


def started(starts: Iterable[Start], node: str, space: HeaderSpace) -> Start | None:
    """The start that flows of a space at a node may be of."""
    return next((s for s in starts if s.node == node and covers(s.space, space)), None)
