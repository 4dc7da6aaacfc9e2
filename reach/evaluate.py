"""The concrete twin: what happens to this one flow.

    evaluate(network, start, header) -> Trace
    there_and_back(network, start, header, two_way) -> (Trace, Trace of the reply)

Walks a flow node by node, stage by stage, exactly as :mod:`reach.compile` describes all flows at
once; the two are written separately, with the same arms in the same order, and never import each
other.  A reply is walked with the sessions that its flow left behind.  Takes the neutral network
only; must not know AWS, questions or the solver.
"""

from __future__ import annotations

from typing import assert_never

from reach.network.field import INDEX, Header, answers, reply_to
from reach.network.node import Network
from reach.network.stage import (
    Action,
    Assign,
    Choose,
    Deliver,
    Embed,
    Filter,
    Forward,
    Lookup,
    Origin,
    Restore,
    Rewrite,
    Route,
    Stage,
    Translate,
    Unmodelled,
)
from reach.trace import (
    NOTHING_SUPPOSED,
    SUPPOSED,
    Choices,
    Fate,
    Hop,
    Sessions,
    Site,
    Trace,
)

NO_SESSIONS = Sessions()
LOOP = Origin("", "the flow comes back to where it was, unchanged", code="NO_PATH")


def evaluate(
    network: Network,
    start: str,
    header: Header,
    *,
    sessions: Sessions = NO_SESSIONS,
    choices: Choices | None = None,
    heedless: bool = False,
) -> Trace:
    """The trace of ``header`` from node ``start``.

    ``choices`` says what happens where several things may: the number of the option, or the value
    of the field; the first option and the lowest value elsewhere.  A ``heedless`` walk goes on
    through denials by filters, and as is supposed, and notes them in ``denials``.
    """
    walk = _Walk(network, sessions, {} if choices is None else choices, heedless)
    return walk.trace(start, header)


def there_and_back(
    network: Network,
    start: str,
    header: Header,
    two_way: bool,
    *,
    there: Choices | None = None,
    back: Choices | None = None,
    heedless: bool = False,
) -> tuple[Trace, Trace | None]:
    """The trace of a flow and, if it is ``two_way``, that of its reply.

    There is one to what is delivered, if anybody answers it (R-SG-17).
    """
    forward = evaluate(network, start, header, choices=there, heedless=heedless)
    if not (two_way and forward.fate is Fate.DELIVERED and answers(forward.final)):
        return forward, None
    sent, sessions = reply_to(forward.final), forward.sessions
    reply = evaluate(
        network, forward.reply, sent, sessions=sessions, choices=back, heedless=heedless
    )
    return forward, reply


class _Walk:
    """One flow under way: where it is, what it carries, and what it has met so far."""

    def __init__(
        self, network: Network, sessions: Sessions, choices: Choices, heedless: bool
    ) -> None:
        self._network = network
        self._sessions = sessions
        self._is_reply = sessions is not NO_SESSIONS
        self._choices = choices
        self._heedless = heedless
        self._at: tuple[str, Header, int] = "", Header(0, 0, 0), 0
        self._hops: list[Hop] = []
        self._passed: list[Origin] = []
        self._doubts: list[Origin] = []
        self._taken: list[Origin] = []
        self._denials: list[tuple[Header, Origin]] = []
        self._lacking: list[tuple[Header, Origin]] = []
        self._admitted: dict[str, tuple[Header, ...]] = {}
        self._translated: dict[str, tuple[tuple[Header, Header], ...]] = {}
        self._bound: dict[str, Origin] = {}
        self._kept: set[str] = set()
        self._fate: tuple[Fate, Origin] | None = None
        self._arrived: Deliver | None = None

    def trace(self, start: str, header: Header) -> Trace:
        node: str | None = start
        seen: set[tuple[str, Header]] = set()
        while node is not None:
            if (node, header) in seen:
                self._fate = (Fate.LOOPED, LOOP)
                break
            seen.add((node, header))
            node, header = self._visit(node, header)
        assert self._fate is not None
        fate, origin = self._fate
        arrived = self._arrived
        return Trace(
            hops=tuple(self._hops),
            fate=fate,
            origin=origin,
            owner=arrived.owner if arrived else "",
            reply=arrived.reply if arrived else "",
            inside=arrived is not None and arrived.inside,
            doubts=tuple(self._doubts),
            choices=tuple(self._taken),
            denials=tuple(self._denials),
            lacking=tuple(self._lacking),
            sessions=Sessions(self._admitted, self._translated),
            bound=self._bound,
            kept=frozenset(self._kept),
        )

    def _visit(self, name: str, entered: Header) -> tuple[str | None, Header]:
        """All stages of one node: the next node, if any, and the header on leaving."""
        header: Header | None = entered
        last, onward = entered, None
        self._passed = []
        denied = len(self._denials)
        for number, stage in enumerate(self._network.node(name).stages):
            self._at = name, entered, number
            header, onward = self._stage(stage, last)
            if header is None or onward is not None:
                break
            last = header
        refused = tuple(origin for _, origin in self._denials[denied:])
        self._hops.append(Hop(name, entered, header or last, tuple(self._passed), refused))
        return onward, header or last

    def _site(self, within: str = "") -> Site:
        """Where the flow is, for what may be chosen here."""
        return Site(*self._at, within)

    def _stage(self, stage: Stage, header: Header) -> tuple[Header | None, str | None]:
        """The header after the stage (None: the flow ended here) and the next node if decided."""
        match stage:
            case Filter():
                return self._filter(stage, header), None
            case Translate():
                return self._translate(stage, header), None
            case Restore():
                return self._restore(stage, header), None
            case Forward():
                return self._forward(stage, header)
            case Choose():
                return self._choose(stage, header)
            case Deliver():
                self._arrived = stage
                return self._end(Fate.DELIVERED, stage.origin), None
            case Unmodelled():
                return self._end(Fate.UNMODELLED, stage.origin), None
            case _:
                assert_never(stage)

    def _filter(self, stage: Filter, header: Header) -> Header | None:
        if stage.session and self._sessions.answers(stage.session, header):
            self._note(stage.replies)
            self._kept.add(stage.session)
        elif stage.opening and self._is_reply:
            return self._end(Fate.DROPPED, stage.otherwise.origin)
        else:
            rule = next(rule for rule in stage.decisions if header in rule.match)
            match rule.action:
                case Action.PERMIT:
                    self._note(rule.origin)
                case Action.DOUBT:
                    self._note(rule.origin)
                    self._doubts.append(rule.origin)
                case Action.DENY:
                    if not self._heedless:
                        return self._end(Fate.DROPPED, rule.origin)
                    self._denials.append((header, rule.origin))
                case _:
                    assert_never(rule.action)
        if stage.session and answers(header):
            known = self._admitted.get(stage.session, ())
            self._admitted[stage.session] = (*known, header)
        if stage.binds is not None and not self._is_reply:
            self._bound.setdefault(stage.session, stage.binds)
        return header

    def _translate(self, stage: Translate, header: Header) -> Header | None:
        for position, case in enumerate(stage.cases):
            if header in case.match:
                after = header
                for rewrite in case.rewrites:
                    after = self._rewrite(rewrite, position, after)
                self._note(case.origin)
                self._remember(stage.session, header, after)
                return after
        if stage.otherwise is None:
            return header
        if not (self._heedless and stage.supposed):
            return self._end(Fate.DROPPED, stage.otherwise)
        self._denials.append((header, stage.otherwise))
        return header

    def _rewrite(self, rewrite: Rewrite, position: int, header: Header) -> Header:
        old = header[INDEX[rewrite.field]]
        match rewrite:
            case Assign():
                site = self._site(f"{position}.{rewrite.field}")
                new = self._choices.get(site, rewrite.values.intervals[0][0])
                assert new in rewrite.values
            case Lookup():
                new = rewrite.table.of[old]
            case Embed():
                new = rewrite.of(old)
            case _:
                assert_never(rewrite)
        return header._replace(**{rewrite.field: new})

    def _remember(self, session: str, before: Header, after: Header) -> None:
        if session and answers(after):
            known = self._translated.get(session, ())
            self._translated[session] = (*known, (before, after))

    def _restore(self, stage: Restore, header: Header) -> Header | None:
        restored = self._sessions.restored(stage.session, header)
        if restored is None:
            return self._end(Fate.DROPPED, stage.otherwise)
        return restored

    def _forward(self, stage: Forward, header: Header) -> tuple[Header | None, str | None]:
        if self._heedless and stage.supposed:
            number = self._choices.get(self._site(SUPPOSED), NOTHING_SUPPOSED)
            if number != NOTHING_SUPPOSED:
                return header, self._supposed(stage, stage.supposed[number], header)
        for route in stage.at(header.destination):
            if header not in route.match:
                continue
            if route.session and not self._sessions.answers(route.session, header):
                continue
            if not route.next:
                return self._end(Fate.DROPPED, route.origin), None
            self._note(route.origin)
            return header, route.next
        if stage.otherwise is not None:
            return self._end(Fate.DROPPED, stage.otherwise), None
        return header, None

    def _supposed(self, stage: Forward, route: Route, header: Header) -> str:
        """Take a route that is not there; what drops the flow instead is what denies it.

        Where there is one after all that leads to the same, nothing does.
        """
        found = next((r for r in stage.routes if header in r.match and not r.session), None)
        if found is not None and found.next == route.next:
            self._note(found.origin)
            return route.next
        refusal = route.origin
        if found is not None and not found.next:
            refusal = found.origin
        elif found is None and stage.otherwise is not None:
            refusal = stage.otherwise
        self._denials.append((header, refusal))
        self._lacking.append((header, route.origin))
        return route.next

    def _choose(self, stage: Choose, header: Header) -> tuple[Header | None, str | None]:
        option = stage.options[self._choices.get(self._site(), 0)]
        self._note(option.origin)
        self._taken.append(option.origin)
        return header, option.next

    def _note(self, origin: Origin) -> None:
        """What lets the flow pass here, if it is worth a word."""
        if origin.words:
            self._passed.append(origin)

    def _end(self, fate: Fate, origin: Origin) -> Header | None:
        """Say what became of the flow; there is no header after it."""
        self._fate = (fate, origin)
        return None
