"""Annotations of GitHub Actions: one workflow command for each case that does not hold.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions: a command ends with
its line, so a line break in a message is written as the runner's own escape; in a property a colon
or a comma would end it as well.
"""

from __future__ import annotations

from reach.testing.case import Outcome, Result
from reach.testing.reports.words import details, headline, relative, rule_of
from reach.testing.session import Session

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(session: Session) -> str:
    """Errors first, for GitHub shows only so many of a step."""
    told = [(rule.level, result) for result in session.results if (rule := rule_of(result))]
    order = list(_COMMANDS)
    told.sort(key=lambda each: order.index(_level(*each)))
    return "".join(_command(_level(level, result), result) for level, result in told)


def _level(level: str, result: Result) -> str:
    return "note" if result.outcome is Outcome.KNOWN else level


def _command(level: str, result: Result) -> str:
    file, line = _property(relative(result.case.file)), result.case.line
    title = _property(headline(result))
    message = _data("\n".join(details(result)))
    return f"::{_COMMANDS[level]} file={file},line={line},title={title}::{message}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
