"""Everything that one flow may do, by the concrete twin: each combination of choices once.

A *run* is the walk of a flow, and of its reply if the question asks for one, with what was chosen
on the way.  Knows the twin ``evaluate`` and the meaning of a question; never the compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from reach.aim import Aim, Start
from reach.evaluate import evaluate
from reach.network.field import Header, answers, reply_to
from reach.network.node import Network
from reach.network.stage import Assign, Choose, Deliver, Translate
from reach.trace import Fate, Sessions, Site, Trace
from tests.differential.builder import DOUBT
from tests.differential.domain import values, well_formed

MOST_RUNS = 64
Evaluate = Callable[..., Trace]


class TooManyRunsError(Exception):
    """A flow has so many choices that trying them all is not worth it."""


class Recorder:
    """Choices that are taken as given, and noted; the default where none is given."""

    def __init__(self, given: Mapping[Site, int]) -> None:
        self.taken: dict[Site, int] = {}
        self._given = given

    def get(self, site: Site, default: int, /) -> int:
        self.taken[site] = self._given.get(site, default)
        return self.taken[site]


@dataclass(frozen=True)
class Run:
    """What happened to a flow under one combination of choices."""

    forward: Trace
    reply: Trace | None
    there: Mapping[Site, int]
    back: Mapping[Site, int]
    asked: bool
    arrives: bool

    @property
    def traces(self) -> tuple[Trace, ...]:
        return (self.forward,) if self.reply is None else (self.forward, self.reply)

    @property
    def doubtful(self) -> bool:
        return any(trace.doubts for trace in self.traces)

    @property
    def open(self) -> bool:
        """Whether it meets something that is not known."""
        return any(trace.fate is Fate.UNMODELLED for trace in self.traces)


def can_start(aim: Aim, start: Start, header: Header) -> bool:
    """Whether the question is about this flow at all."""
    return (
        header in start.space
        and well_formed(header)
        and (answers(header) or not aim.two_way)
        and (aim.to_itself or header.source != header.destination)
    )


def runs(
    network: Network,
    aim: Aim,
    start: Start,
    header: Header,
    *,
    walk: Evaluate = evaluate,
    heedless: bool = False,
) -> list[Run]:
    """All runs of a flow."""
    found: list[Run] = []
    for forward, there in _traces(network, start.node, header, None, walk, heedless):
        asked = _asked(network, aim, header, forward)
        if not (asked and aim.two_way):
            found.append(Run(forward, None, there, {}, asked, asked))
            continue
        home = reply_to(header)._replace(identity=0)
        back_header = reply_to(forward.final)
        back = _traces(network, forward.reply, back_header, forward.sessions, walk, heedless)
        for reply, choices in back:
            came_home = (
                reply.fate is Fate.DELIVERED
                and reply.owner == start.owner
                and reply.final._replace(identity=0) == home
                and reply.kept >= forward.bound.keys()
            )
            found.append(Run(forward, reply, there, choices, True, came_home))
        if len(found) > MOST_RUNS:
            raise TooManyRunsError
    return found


def _asked(network: Network, aim: Aim, header: Header, forward: Trace) -> bool:
    """Whether the flow is delivered as the question asks."""
    if forward.fate is not Fate.DELIVERED:
        return False
    delivery = network.node(forward.hops[-1].node).stages[-1]
    assert isinstance(delivery, Deliver)
    passed = any(hop.node in aim.passing for hop in forward.hops)
    came_back = forward.final.destination == header.source and not passed
    if not aim.to_itself and (delivery.inside or came_back):
        return False
    if not all(any(hop.node in visit.nodes for hop in forward.hops) for visit in aim.through):
        return False
    if aim.goals is None or passed:
        return True
    return forward.owner in aim.goals and forward.final in aim.goals[forward.owner]


def _traces(
    network: Network,
    node: str,
    header: Header,
    sessions: Sessions | None,
    walk: Evaluate,
    heedless: bool,
) -> Iterator[tuple[Trace, Mapping[Site, int]]]:
    """The traces under every combination of the choices that are met."""
    todo: list[dict[Site, int]] = [{}]
    made = 0
    while todo:
        given = todo.pop()
        made += 1
        if made > MOST_RUNS:
            raise TooManyRunsError
        choices = Recorder(given)
        # A walk that gets no sessions is no reply.
        replied = {} if sessions is None else {"sessions": sessions}
        trace = walk(network, node, header, choices=choices, heedless=heedless, **replied)
        yield trace, choices.taken
        prefix = dict(given)
        for site, taken in choices.taken.items():
            if site in given:
                continue
            for other in _options(network, site):
                if other != taken:
                    todo.append({**prefix, site: other})
            prefix[site] = taken


def _options(network: Network, site: Site) -> Iterator[int]:
    stage = network.node(site.node).stages[site.stage]
    if isinstance(stage, Choose):
        yield from range(len(stage.options))
        return
    assert isinstance(stage, Translate)
    position, _, field = site.within.partition(".")
    for rewrite in stage.cases[int(position)].rewrites:
        if isinstance(rewrite, Assign) and rewrite.field == field:
            yield from values(field, rewrite.values)


# ---------------------------------------------------------------- what a trace shows

Visit = tuple[str, Header]
End = tuple[Fate, str, Header]


def visits(trace: Trace, doubt: bool) -> set[Visit]:
    """The nodes where the flow was, and with which header; without ``doubt`` up to the first."""
    seen = set()
    for hop in trace.hops:
        seen.add((hop.node, hop.before))
        if not doubt and any(origin.code == DOUBT for origin in hop.passed):
            break
    return seen


def ends(trace: Trace, doubt: bool) -> set[End]:
    """How the flow ended, and where."""
    if trace.doubts and not doubt:
        return set()
    return {(trace.fate, trace.origin.resource, trace.final)}
