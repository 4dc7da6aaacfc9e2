"""Cases and what became of them, as plain frozen data that can be sent between processes.

    Suite -> Case, Case, ...     Result(case, outcome, answer, reason)

Must not know how a suite is written, nor how a case is asked.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from reach.answer import Answer, Verdict


class Outcome(StrEnum):
    """What became of a case.  Undecided never holds unless it is what was expected.

    ACCEPTED: a way is open that should not be, and somebody answers for it until a day that has not
    passed.  KNOWN: it fails as it did in the baseline.  REFUSED: it could not be asked, for its
    snapshot or its question is wrong.  CRASHED: whoever asked it died of it.
    """

    HOLDS = "holds"
    ACCEPTED = "accepted"
    KNOWN = "known"
    FAILS = "fails"
    UNDECIDED = "undecided"
    REFUSED = "refused"
    CRASHED = "crashed"


PASSING = frozenset({Outcome.HOLDS, Outcome.ACCEPTED, Outcome.KNOWN})


@dataclass(frozen=True, slots=True)
class Case:
    """One question and what it should give.

    ``options`` are NAME=VALUE.  ``codes`` must be among the explanations, ``through`` on the
    witness's way there, in this order.
    ``snapshot`` is a path; ``file`` and ``line`` say where the case begins.
    With ``until`` it is an exception: its way may be open through that day, and ``owner`` answers
    for that.  ``known_as`` is its fingerprint where it is retold from elsewhere, whose paths may be
    others.
    """

    ask: str
    expect: Verdict
    snapshot: str
    file: str
    line: int
    name: str = ""
    one_way: bool = False
    port_at: str = "source"
    options: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    why: str = ""
    owner: str = ""
    until: date | None = None
    tags: tuple[str, ...] = ()
    known_as: str = field(default="", compare=False)

    @property
    def title(self) -> str:
        return self.name or self.ask

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def fingerprint(self) -> str:
        """The same as long as it is the same case, in whatever line it is.

        Of its file and snapshot as they are seen from the working folder.  Not of what it expects:
        a case that is turned round is still that case.
        """
        if self.known_as:
            return self.known_as
        told = [_relative(self.file), self.title, self.ask, _relative(self.snapshot)]
        told += [str(self.one_way), self.port_at, *self.options]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def _relative(path: str) -> str:
    """A path as people give it, seen from the working folder where it lies below that."""
    try:
        told = os.path.relpath(path)
    except ValueError:
        told = path
    return (path if told.startswith(os.pardir) else told).replace(os.sep, "/")


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of one file, in its order, and of what it includes."""

    file: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing lies, as far as the snapshot tells."""

    account: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A rule of a group, an entry of an ACL or a route: whose, and where in it."""

    kind: str
    resource: str
    locator: str
    name: str = field(default="", compare=False)

    def to_dict(self) -> dict[str, str]:
        told = {"kind": self.kind, "resource": self.resource, "locator": self.locator}
        return {**told, "name": self.name} if self.name else told

    def __str__(self) -> str:
        named = f" ({self.name})" if self.name else ""
        return f"{self.resource}{named} {self.locator}"


@dataclass(frozen=True, slots=True)
class Result:
    """What a case gave; ``reason`` says in words why it does not hold.

    ``places`` tells where the things of its evidence lie, ``exercised`` which lines of the snapshot
    it exercises; both only if they were asked for.  ``ended`` says that its way is open although
    the day of its exception has passed.  ``said`` is the verdict where there is no answer to tell
    it, and ``told`` the answer's JSON where it comes from elsewhere.
    """

    case: Case
    outcome: Outcome
    answer: Answer | None = None
    reason: str = ""
    seconds: float = field(default=0.0, compare=False)
    places: Mapping[str, Place] = field(default_factory=dict)
    exercised: frozenset[Line] = frozenset()
    ended: bool = False
    said: str = ""
    told: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)

    @property
    def passes(self) -> bool:
        return self.outcome in PASSING

    @property
    def verdict(self) -> str:
        return self.said if self.answer is None else self.answer.verdict.value

    def to_dict(self) -> dict[str, Any]:
        case = self.case
        return {
            "file": case.file,
            "line": case.line,
            "name": case.name,
            "ask": case.ask,
            "snapshot": case.snapshot,
            "fingerprint": case.fingerprint,
            "one_way": case.one_way,
            "port_at": case.port_at,
            "options": list(case.options),
            "tags": list(case.tags),
            "why": case.why,
            "owner": case.owner,
            "until": case.until.isoformat() if case.until else None,
            "expected": case.expect.value,
            "verdict": self.verdict or None,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "ended": self.ended,
            "answer": self._answer_told(),
        }

    def _answer_told(self) -> Mapping[str, Any] | None:
        """Of what holds nobody reads the evidence."""
        if self.answer is None or self.outcome is Outcome.HOLDS:
            return None
        return self.answer.to_dict() if self.told is None else self.told
