"""Markdown for the comment of a pull request: at most ``MOST`` characters, whatever failed.

What strangers wrote stands in code spans and code blocks, where neither markup nor HTML nor a
mention of somebody means anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reach.render.paper import visible
from reach.testing.case import Outcome, Result
from reach.testing.reports.words import RULES, Rule, details, rule_of, step_words, ways
from reach.testing.session import Session

MOST = 59_000
_LONGEST_LINE = 400
_LONGEST_BLOCK = 6_000
_SIGNS = {
    Outcome.HOLDS: "hold",
    Outcome.ACCEPTED: "accepted",
    Outcome.KNOWN: "known",
    Outcome.FAILS: "fail",
    Outcome.UNDECIDED: "undecided",
    Outcome.REFUSED: "refused",
    Outcome.CRASHED: "without an answer",
}


def render(session: Session) -> str:
    parts = ["".join(_head(session))]
    left = MOST - len(parts[0]) - 200
    told = [(rule, result) for result in session.results if (rule := rule_of(result))]
    told.sort(key=lambda each: (each[1].passes, RULES.index(each[0])))
    for number, (rule, result) in enumerate(told):
        part = "".join(_result(rule, result))
        if len(part) > left:
            parts.append(f"\n… and {len(told) - number:,} more, which do not fit in here.\n")
            break
        parts.append(part)
        left -= len(part)
    return "".join(parts)


def _head(session: Session) -> Iterator[str]:
    wrong = len(session.wrong)
    number = len(session.results)
    words = f"{wrong:,} of {number:,} cases do not hold" if wrong else f"{number:,} cases hold"
    yield f"### Reachability: {words}\n\n| | cases |\n|---|---:|\n"
    for outcome, count in session.counts.items():
        if count:
            yield f"| {_SIGNS[outcome]} | {count:,} |\n"


def _result(rule: Rule, result: Result) -> Iterator[str]:
    known = " (known)" if result.outcome is Outcome.KNOWN else ""
    yield f"\n**{rule.title}**{known}: {span(result.case.title)}\n"
    case = result.case
    yield f"- in {span(case.where)}, expected {case.expect}"
    yield f", is {result.verdict}\n" if result.verdict else "\n"
    if case.why:
        yield f"- why it matters: {span(case.why)}\n"
    if case.owner:
        yield f"- owner: {span(case.owner)}\n"
    yield "\n<details><summary>Evidence</summary>\n\n"
    yield block(list(_evidence(result)))
    yield "\n</details>\n"


def _evidence(result: Result) -> Iterator[str]:
    yield from details(result)
    for name, steps in ways(result.answer) if result.answer is not None else ():
        yield f"path of {name}:"
        for number, step in enumerate(steps, start=1):
            yield f"  {number} {step_words(step)}"


def _short(text: str, most: int = _LONGEST_LINE) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def span(text: str) -> str:
    """A code span: its fence is longer than any run of backticks in it."""
    shown = _short(visible(text))
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown[:1] in ("`", " ") or shown[-1:] in ("`", " ") else ""
    return f"{fence}{pad}{shown or ' '}{pad}{fence}"


def block(lines: Sequence[str]) -> str:
    """A code block, likewise; lines have been made visible."""
    text, size = [], 0
    for line in lines:
        shown = _short(line)
        size += len(shown) + 1
        if size > _LONGEST_BLOCK:
            text.append("…")
            break
        text.append(shown)
    longest = max((len(run) for line in text for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *text, fence]) + "\n"
