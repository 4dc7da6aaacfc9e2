"""Which packets a survey's network has to be about: those asked for, and what becomes of them.

    asked(ground, question) -> packets        beyond(network, spread, packets) -> more, or None

Filters of interfaces are lowered for some protocols and ports only; a survey of such a slice counts
if no other packet can be at any of its nodes.  A translation may give a packet another port: then
the slice was too thin, and is made again.  Part of what proves a survey: reads the network and the
spread, never how the spread was made.
"""

from __future__ import annotations

from collections.abc import Iterable

from reach.balancing.ports import behind
from reach.flood import hull, image, whole
from reach.lower import Ground
from reach.network.header_space import ANYTHING, HeaderSpace
from reach.network.node import Network
from reach.network.stage import Stage, Translate
from reach.question import Question
from reach.survey.spread import Spread

_TOLD = ("protocol", "destination_port")


def asked(ground: Ground, question: Question) -> HeaderSpace:
    """The packets of a question as they leave, and those that balancers may make of them."""
    leaving = _told_of_all(question.packet.spaces(question.port_at == "source"))
    ports = leaving.by_name.get("destination_port")
    if ports is None:
        return leaving
    return leaving.narrowed("destination_port", ports | behind(ground.snapshot, ports))


def beyond(network: Network, found: Spread, only: HeaderSpace) -> HeaderSpace | None:
    """Packets that are to be in a slice, where some may come up that are not; None if none may."""
    outside: dict[HeaderSpace, None] = {}
    for node, cells in found.cells.items() if only != ANYTHING else ():
        spaces = _there(network.node(node).stages, cells)
        outside.update(
            (told, None) for told in (space.about(_TOLD) for space in spaces) if told not in outside
        )
    new = [each for each in outside if not _lies_in(each, only)]
    return _told_of_all((only, *new)) if new else None


def _there(stages: Iterable[Stage], cells: Iterable[HeaderSpace]) -> list[HeaderSpace]:
    """What is at a node, and what translations may make of it before a later stage sees it."""
    spaces = list(cells)
    for stage in stages:
        for case in stage.cases if isinstance(stage, Translate) else ():
            changed = {r.field: image(r) for r in case.rewrites if r.field in _TOLD}
            if changed:
                met = [space & case.match for space in spaces]
                spaces += [
                    HeaderSpace.where(**{**each.by_name, **changed})
                    for each in met
                    if not each.is_empty
                ]
    return spaces


def _lies_in(told: HeaderSpace, only: HeaderSpace) -> bool:
    return all(not told.by_name.get(name, whole(name)) - values for name, values in only.fields)


def _told_of_all(spaces: Iterable[HeaderSpace]) -> HeaderSpace:
    """One set that holds them all, by protocol and port."""
    all_of_them = hull([space.about(_TOLD) for space in spaces])
    return HeaderSpace(tuple(pair for pair in all_of_them.fields if pair[1] != whole(pair[0])))
