"""What all reports say of a result, in the same words, safe to show.

    headline(result)    details(result)    plain(text)

Must not know any kind of report.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reach.answer import Answer, Step, Verdict, header_words
from reach.network.stage import Origin
from reach.render.paper import visible
from reach.testing.case import Outcome, Result

_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Where:
    """The account and the Region of what the snapshots do not place."""

    account: str = ""
    region: str = ""


NOWHERE = Where()


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of result that does not hold."""

    id: str
    title: str
    text: str
    level: str
    help: str


OPEN = Rule(
    "open-way",
    "A way is open",
    "A packet gets through where none should.",
    "error",
    "Ask the question with --cut: it lists the fewest rules and routes to remove.",
)
CLOSED = Rule(
    "closed-way",
    "A way is closed",
    "No packet gets through where one should.",
    "error",
    "Ask the question with --fix: it lists the smallest change that opens the way.",
)
OTHERWISE = Rule(
    "other-way",
    "Not as stated",
    "The verdict is right, its evidence is not.",
    "error",
    "The explanation codes or the way are others than the case states.",
)
UNDECIDED = Rule(
    "undecided",
    "Undecided",
    "The snapshot does not tell; that is no pass.",
    "warning",
    "Collect what is missing: reach show lists the calls that a snapshot lacks. To what took more "
    "than it may, allow more.",
)
REFUSED = Rule(
    "refused",
    "Could not be asked",
    "The question or the snapshot is wrong.",
    "error",
    "Correct the case, or what it asks of.",
)
CRASHED = Rule(
    "crashed",
    "No answer",
    "Whoever asked it did not survive it.",
    "error",
    "Ask it alone: it ended two processes that asked it.",
)
ACCEPTED = Rule(
    "accepted",
    "Accepted exception",
    "A way is open, and somebody accepts it.",
    "note",
    "It fails from the day after the case's until.",
)
RULES = (OPEN, CLOSED, OTHERWISE, UNDECIDED, REFUSED, CRASHED, ACCEPTED)


def rule_of(result: Result) -> Rule | None:
    """What kind of thing is wrong; None if nothing is."""
    match result.outcome:
        case Outcome.HOLDS:
            return None
        case Outcome.ACCEPTED:
            return ACCEPTED
        case Outcome.UNDECIDED:
            return UNDECIDED
        case Outcome.REFUSED:
            return REFUSED
        case Outcome.CRASHED:
            return CRASHED
        case Outcome.FAILS | Outcome.KNOWN:
            answer = result.answer
            if answer is not None and answer.verdict is Verdict.REACHABLE:
                stated = result.case.expect is Verdict.REACHABLE and not result.ended
                return OTHERWISE if stated else OPEN
            wrong = answer is None or answer.verdict is not result.case.expect
            return CLOSED if wrong else OTHERWISE


def plain(text: str) -> str:
    """A stranger's text as one line that shows itself, and that no spreadsheet would work out."""
    shown = visible(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def headline(result: Result) -> str:
    """One sentence that begins with our own words."""
    case = result.case
    if result.outcome is Outcome.CRASHED:
        return f"no answer, expected {case.expect}: {visible(case.title)}"
    if not result.verdict:
        return f"could not be asked, expected {case.expect}: {visible(case.title)}"
    verdict = result.verdict
    known = " (known)" if result.outcome is Outcome.KNOWN else ""
    if result.ended:
        return f"{verdict}, though its exception has ended{known}: {visible(case.title)}"
    if verdict == case.expect:
        return f"{verdict} as expected{known}, but not as stated: {visible(case.title)}"
    return f"{verdict}, expected {case.expect}{known}: {visible(case.title)}"


def details(result: Result) -> Iterator[str]:
    """The rest, line by line: what was asked, why, who, and the evidence."""
    case = result.case
    yield f"{visible(case.file)}:{case.line}"
    yield f"asked: {visible(case.ask)}{' --one-way' if case.one_way else ''}"
    yield f"of: {visible(case.snapshot)}"
    for line in result.reason.split("\n"):
        yield visible(line)
    if case.why:
        yield f"why it matters: {visible(case.why)}"
    if case.owner:
        yield f"owner: {visible(case.owner)}"
    if case.until is not None:
        yield f"exception until: {case.until}"


def ways(answer: Answer) -> Iterator[tuple[str, Sequence[Step]]]:
    """The paths of an answer's evidence, the way there and the way back, each with its name."""
    path = answer.witness or answer.blocked_path
    if path is not None:
        yield "the packet", path.forward
        if path.reply:
            yield "the reply", path.reply


def step_words(step: Step) -> str:
    """One hop: who, the packet, and what let it pass or stops it."""
    named = f" ({visible(step.name)})" if step.name else ""
    said = [_origin(step, origin) for origin in step.passed]
    said += [f"stopped: {_origin(step, origin)}" for origin in step.denied]
    words = f": {'; '.join(said)}" if said else ""
    return f"{visible(step.resource)}{named} {header_words(step.after)}{words}"


def _origin(step: Step, origin: Origin) -> str:
    return visible(origin.words if origin.resource == step.resource else str(origin))


def relative(path: str) -> str:
    """A path seen from here, with slashes, where it lies below."""
    told = os.path.relpath(path)
    return (path if told.startswith(os.pardir) else told).replace(os.sep, "/")
