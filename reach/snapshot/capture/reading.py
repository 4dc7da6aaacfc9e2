"""One account and Region: each call when its parents are known, its items, and what it lacks.

    reading = Reading(steps, scope, stored)
    reading.advance()                  requests that can be sent now, and calls that are done
    reading.take(request, answer)      the call's Result, with its last answer

Pure: sends nothing and writes nothing.  What a parent lacks its children lack as well.  Must not
know boto3, threads or files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from reach.snapshot.capture.answers import Reason
from reach.snapshot.capture.binding import bind, requests
from reach.snapshot.capture.plan import Step
from reach.snapshot.manifest import PARENT
from reach.snapshot.record import Scope

Stored = Mapping[str, Callable[[], Sequence[Any]]]


@dataclass(frozen=True, eq=False)
class Request:
    """One call with its parameters."""

    step: Step
    scope: Scope
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Lack:
    """A request that gave nothing, or a parent of which not everything is known."""

    reason: Reason
    parameters: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = dict(self.reason.to_dict())
        return {**told, "parameters": dict(self.parameters)} if self.parameters else told


@dataclass(frozen=True, eq=False)
class Result:
    """What a call gave.  ``answered`` says that a request did, or that there was nobody to ask of.

    With lacks and without any answer there is nothing: that is no empty list.
    """

    step: Step
    items: tuple[Any, ...]
    requests: int
    lacks: tuple[Lack, ...]
    answered: bool

    @property
    def status(self) -> str:
        if not self.answered:
            return "absent"
        return "partial" if self.lacks else "complete"


@dataclass(eq=False)
class _Open:
    """A call that waits for answers."""

    step: Step
    total: int
    left: int
    lacks: list[Lack]
    answered: int = 0
    items: list[Any] = field(default_factory=list)


class Reading:
    """The calls of one account and Region.

    ``stored`` gives the items of each call that was read before, when they are needed.
    """

    def __init__(self, steps: Sequence[Step], scope: Scope, stored: Stored) -> None:
        self.scope = scope
        self._waiting = list(steps)
        self._stored = stored
        self._open: dict[str, _Open] = {}
        self._results: dict[str, Result] = {}
        self._needed = _needed(steps, stored)

    def advance(self) -> tuple[list[Request], list[Result]]:
        """Requests that can be sent now, and calls that are done without any."""
        sent: list[Request] = []
        done: list[Result] = []
        moved = True
        while moved:
            moved = False
            for step in [s for s in self._waiting if self._knows(s.parents)]:
                self._waiting.remove(step)
                moved = True
                asked, result = self._begin(step)
                sent += asked
                done += [result] if result is not None else []
        return sent, done

    def take(self, request: Request, given: dict[str, Any] | Reason) -> Result | None:
        """Count an answer.  The call's result, if it was the last."""
        at = self._open[request.step.operation]
        at.left -= 1
        if isinstance(given, Reason):
            at.lacks.append(Lack(given, request.parameters))
        else:
            at.answered += 1
            at.items += _items(request, given)
        return self._close(at) if at.left == 0 else None

    @property
    def is_over(self) -> bool:
        return not self._waiting and not self._open

    def _knows(self, operations: Sequence[str]) -> bool:
        return all(each in self._results for each in operations)

    def _begin(self, step: Step) -> tuple[list[Request], Result | None]:
        if step.operation in self._stored or step.operation not in self._needed:
            needed = step.operation in self._needed
            items = tuple(self._stored[step.operation]()) if needed else ()
            self._results[step.operation] = Result(step, items, 0, (), True)
            return [], None
        bound, lacks = self._bound(step)
        parameters = requests(step.call, bound)
        at = _Open(step, len(parameters), len(parameters), lacks)
        self._open[step.operation] = at
        if not parameters:
            return [], self._close(at)
        return [Request(step, self.scope, each) for each in parameters], None

    def _bound(self, step: Step) -> tuple[list[dict[str, Any]], list[Lack]]:
        """What the parents name, each once, in a fixed order; and what they lack."""
        found: dict[bytes, dict[str, Any]] = {}
        lacks: list[Lack] = []
        for per in step.call.per:
            for item in self._results[per.operation].items:
                for row in bind(per, item, self.scope.account):
                    found.setdefault(canonical(row), row)
        for operation in step.parents:
            parent = self._results[operation]
            if parent.lacks:
                words = f"{operation} is not fully known"
                lacks.append(Lack(Reason(PARENT, operation, words), {}))
        return [found[key] for key in sorted(found)], lacks

    def _close(self, at: _Open) -> Result:
        del self._open[at.step.operation]
        answered = at.answered > 0 or not at.lacks
        items = in_order(at.items) if answered else ()
        lacks = tuple(sorted(at.lacks, key=_in_words))
        result = Result(at.step, items, at.total, lacks, answered)
        self._results[at.step.operation] = result
        return result


def _needed(steps: Sequence[Step], stored: Stored) -> frozenset[str]:
    """The calls whose items are wanted: those to be asked, and what those hang on.

    Walked backwards, since parents stand before their children.
    """
    needed: set[str] = set()
    for step in reversed(steps):
        if step.key and step.operation not in stored:
            needed.add(step.operation)
        if step.operation in needed and step.operation not in stored:
            needed.update(step.parents)
    return frozenset(needed)


def _items(request: Request, answer: dict[str, Any]) -> Iterator[Any]:
    call = request.step.call
    kept = {name: request.parameters[parameter] for name, parameter in call.keep.items()}
    if not call.take:
        yield {**answer, **kept}
        return
    for item in answer[call.take]:
        yield {**item, **kept} if isinstance(item, dict) else item


def in_order(items: Sequence[Any]) -> tuple[Any, ...]:
    """The items in a fixed order, the same one once: calls may tell of a thing several times."""
    distinct = {canonical(item): item for item in items}
    return tuple(distinct[key] for key in sorted(distinct))


def canonical(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _in_words(lack: Lack) -> bytes:
    return canonical(lack.to_dict())
