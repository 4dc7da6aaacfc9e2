"""Where the time goes: a clock around the library's own steps.

    clock = Clock();  with_clock(clock, QUESTION)  ...  clock.seconds

Each stage is a few functions of the library, by the module that calls them; what runs inside one
counts for the innermost.  A function that is not there any more is passed over, and said to be.
Apart from that nothing of the library is changed.
"""

from __future__ import annotations

import functools
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

Stages = Mapping[str, tuple[str, ...]]

LOADING: Stages = {
    "load": ("reach.components:asked",),
    "wait for the hash of the JSON": ("reach.snapshot.cache:Likely.is_so",),
    "ask": ("reach:ask",),
}
QUESTION: Stages = {
    "lower": ("reach.asking:ground_of", "reach.asking:set_apart"),
    "resolve": ("reach.asking:resolve",),
    "compile": ("reach.decide:compile",),
    "decide, replay": ("reach.asking:decide",),
    "explain": ("reach.asking:explain", "reach.asking:witness", "reach.asking:blocked_path"),
    "certify": ("reach.asking:certify",),
    "list ends": ("reach.asking:end_points",),
}
SURVEY: Stages = {
    "load": ("reach.components:load",),
    "lower": ("reach.survey.asked:ground_of",),
}
# The survey's own clock: each of its stages is one here.
SURVEY_CLOCK = "reach.survey.survey:_Clock.stage"
READING: Stages = {
    "find": ("reach.snapshot.load:find",),
    "read, decode": ("reach.snapshot.large:_extracts", "reach.snapshot.load:decode"),
    "join": ("reach.snapshot.large:join", "reach.snapshot.load:whole"),
    "read the cache": ("reach.snapshot.cache:_read",),
    "check, unpack": ("reach.snapshot.cache:_opened",),
    "hash the JSON": ("reach.snapshot.fingerprint:contents",),
}


@dataclass(slots=True)
class Clock:
    """The seconds of each stage so far, and which one it is in."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    report: Path | None = None
    _open: list[tuple[str, list[float]]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time that counts for a stage, but for what counts for another one inside it."""
        inside = [0.0]
        self._open.append((name, inside))
        if len(self._open) == 1:
            self._tell()
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self._open.pop()
            self.seconds[name] += spent - inside[0]
            if self._open:
                self._open[-1][1][0] += spent
            else:
                self._tell()

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, on the clock."""

        @functools.wraps(call)
        def timed(*given: Any, **named: Any) -> Any:
            with self.stage(name):
                return call(*given, **named)

        return timed

    def _tell(self) -> None:
        """Write it down, for whoever looks after this process has been ended."""
        if self.report is not None:
            told = {"seconds": self.seconds, "in": self._open[0][0] if self._open else ""}
            self.report.write_text(json.dumps(told))


def with_clock(clock: Clock, stages: Stages) -> list[str]:
    """Put the clock around every function of the stages; those that are not there are given."""
    missing = []
    for name, places in stages.items():
        for place in places:
            try:
                owner, attribute = found(place)
            except (ImportError, AttributeError):
                missing.append(place)
            else:
                setattr(owner, attribute, clock.around(name, getattr(owner, attribute)))
    return missing


def with_survey_clock(clock: Clock) -> list[str]:
    """Put the clock behind the survey's own."""
    try:
        owner, attribute = found(SURVEY_CLOCK)
    except (ImportError, AttributeError):
        return [SURVEY_CLOCK]
    real = getattr(owner, attribute)

    @contextmanager
    def stage(its: Any, name: str) -> Iterator[None]:
        with clock.stage(name), real(its, name):
            yield

    setattr(owner, attribute, stage)
    return []


def found(place: str) -> tuple[Any, str]:
    """The module or class that something is an attribute of, and its name there.

    Raises ImportError or AttributeError where there is none.
    """
    module, _, path = place.partition(":")
    *outer, attribute = path.split(".")
    owner: Any = import_module(module)
    for each in outer:
        owner = getattr(owner, each)
    getattr(owner, attribute)
    return owner, attribute
