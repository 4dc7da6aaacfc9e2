"""SARIF 2.1.0: a result for each case that does not hold, its path as a code flow.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/: results are located in the suite's file; each hop
is a logical location as well.  Fingerprints are those of the cases, so a result is the same
wherever its line has moved.  In a message, brackets could make a link and braces a placeholder
(3.11.5, 3.11.6): both are escaped.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reach import __version__
from reach.answer import Step
from reach.render.json import dumps
from reach.render.paper import visible
from reach.testing.case import Case, Outcome, Result
from reach.testing.reports.words import (
    RULES,
    Rule,
    details,
    headline,
    plain,
    relative,
    rule_of,
    step_words,
    ways,
)
from reach.testing.session import Session

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_HOME = "%SRCROOT%"


def render(session: Session) -> str:
    told = [(rule, result) for result in session.results if (rule := rule_of(result))]
    run = {
        "tool": {
            "driver": {
                "name": "reach",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in RULES],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(rule, result, session.compared) for rule, result in told],
    }
    return dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.text},
        "help": {"text": rule.help},
        "defaultConfiguration": {"level": rule.level},
    }


def _result(rule: Rule, result: Result, compared: bool) -> dict[str, Any]:
    case = result.case
    made: dict[str, Any] = {
        "ruleId": rule.id,
        "ruleIndex": RULES.index(rule),
        "level": rule.level,
        "message": {"text": message("\n".join([headline(result), *details(result)]))},
        "locations": [{"physicalLocation": _physical(case)}],
        "partialFingerprints": {
            "reachCase/v1": case.fingerprint,
            # What GitHub tells results apart by; the hash of a line would be one for all its cases.
            "primaryLocationLineHash": f"{case.fingerprint[:16]}:1",
        },
        "properties": {"tags": [visible(tag) for tag in case.tags], "verdict": result.verdict},
    }
    if compared:
        made["baselineState"] = "unchanged" if result.outcome is Outcome.KNOWN else "new"
    if result.outcome is Outcome.ACCEPTED:
        words = message(plain(case.why))
        made["suppressions"] = [{"kind": "external", "justification": words}]
    flows = [
        {"threadFlows": [{"id": name, "locations": _flow(case, steps)}]}
        for name, steps in (ways(result.answer) if result.answer is not None else ())
        if steps
    ]
    return {**made, "codeFlows": flows} if flows else made


def _flow(case: Case, steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [
        {
            "location": {
                "physicalLocation": _physical(case),
                "logicalLocations": [_logical(step)],
                "message": {"text": message(step_words(step))},
            },
            "executionOrder": number,
        }
        for number, step in enumerate(steps, start=1)
    ]


def _logical(step: Step) -> dict[str, str]:
    kind, _, part = step.node.split("/", 2)  # whose node it is may be another one alike
    return {
        "name": visible(step.resource),
        "fullyQualifiedName": visible(f"{kind}/{step.resource}/{part}"),
        "kind": visible(step.kind),
    }


def _physical(case: Case) -> dict[str, Any]:
    return {"artifactLocation": _artifact(case.file), "region": {"startLine": case.line}}


def _artifact(file: str) -> dict[str, str]:
    near = relative(file)
    if os.path.isabs(near) or near.startswith(".."):
        return {"uri": Path(file).absolute().as_uri()}
    return {"uri": quote(os.fsencode(near)), "uriBaseId": _HOME}


def message(text: str) -> str:
    """Text in which nothing is a link or a placeholder."""
    escaped = text.replace("\\", "\\\\") if "](" in text else text
    if "](" in text:
        escaped = escaped.replace("[", "\\[").replace("]", "\\]")
    return escaped.replace("{", "{{").replace("}", "}}")
