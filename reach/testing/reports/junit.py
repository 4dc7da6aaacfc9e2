"""JUnit XML, as Jenkins reads it (xunit-plugin, junit-10.xsd): a suite of tests for each file.

Undecided fails; what could not be asked or has no answer is an error; what is accepted or known is
skipped, with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reach.testing.case import Outcome, Result
from reach.testing.reports.words import (
    details,
    headline,
    plain,
    relative,
    rule_of,
    step_words,
    ways,
)
from reach.testing.session import Session

_TAGS = {
    Outcome.FAILS: "failure",
    Outcome.UNDECIDED: "failure",
    Outcome.REFUSED: "error",
    Outcome.CRASHED: "error",
    Outcome.ACCEPTED: "skipped",
    Outcome.KNOWN: "skipped",
}


def render(session: Session) -> str:
    root = Element("testsuites", _counts("reach", session.results, with_skipped=False))
    by_file: dict[str, list[Result]] = {}
    for result in session.results:
        by_file.setdefault(result.case.file, []).append(result)
    for file, results in by_file.items():
        suite = SubElement(root, "testsuite", _counts(plain(relative(file)), results))
        for result in results:
            _case(suite, result)
    indent(root)
    text = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _counts(name: str, results: Sequence[Result], *, with_skipped: bool = True) -> dict[str, str]:
    tags = [_TAGS.get(result.outcome, "") for result in results]
    told = {
        "name": name,
        "tests": str(len(results)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "time": f"{sum(result.seconds for result in results):.3f}",
    }
    return {**told, "skipped": str(tags.count("skipped"))} if with_skipped else told


def _case(suite: Element, result: Result) -> None:
    case = result.case
    names = {
        "classname": plain(relative(case.file)),
        "name": plain(case.title),
        "time": f"{result.seconds:.3f}",
    }
    made = SubElement(suite, "testcase", names)
    rule = rule_of(result)
    if rule is None:
        return
    said = SubElement(made, _TAGS[result.outcome], {"type": rule.id, "message": headline(result)})
    said.text = "\n".join(_text(result))


def _text(result: Result) -> list[str]:
    lines = list(details(result))
    for name, steps in ways(result.answer) if result.answer is not None else ():
        lines += ["", f"path of {name}:"]
        lines += [f"  {number} {step_words(step)}" for number, step in enumerate(steps, start=1)]
    return lines
