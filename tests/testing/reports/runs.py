"""Runs made by hand, for tests of whatever shows a run; and names that mean mischief."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from reach.answer import Answer, Step, Verdict
from reach.testing.case import Case, Outcome, Place, Result
from reach.testing.session import Session
from tests.render import specimens

DAY = date(2026, 3, 1)
PLACES = {"": Place("111122223333", "eu-west-1"), "eni-0f1": Place("444455556666", "eu-north-1")}

HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "a\r\n::error file=x::b",
    "%0A::warning::b",
    "\u202eabc",
    "<script>alert(1)</script><!--",
    "]]></failure><failure>",
    "</details></summary>",
    "```\n# heading\n```",
    "``` `` `",
    "|a|b|",
    "@everyone #1 [x](javascript:alert(1))",
    "![x](https://example.com/x.png)",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "{0} {title}",
    "\x00\x08\x7f",
    "\ud800 half",
    "\"'&amp;<&",
    "a" * 5000,
)


def case(name: str = "ssh is closed", **how: object) -> Case:
    made = Case(
        ask="can internet reach i-0abc port 22",
        expect=Verdict.UNREACHABLE,
        snapshot="saved",
        file="suites/edge.reach.yaml",
        line=7,
        name=name,
        why="audit 7",
        owner="net",
        tags=("edge",),
    )
    return replace(made, **how)  # type: ignore[arg-type]


OPEN = Result(
    case(),
    Outcome.FAILS,
    specimens.reachable(),
    reason="203.0.113.7:50000 -> 198.51.100.7:22 tcp by internet, igw-0a1",
    seconds=1.25,
    places=PLACES,
)
CLOSED = Result(
    case("shop is open", expect=Verdict.REACHABLE, line=9),
    Outcome.FAILS,
    specimens.unreachable(),
    reason="ENI_SG_RULES_MISMATCH sg-0e1 (web): no inbound rule allows this",
    places=PLACES,
)
UNDECIDED = Result(
    case("peering", line=11),
    Outcome.UNDECIDED,
    specimens.undecided(),
    reason="the peering is not in the snapshot",
    places=PLACES,
)
REFUSED = Result(case("typo", line=13), Outcome.REFUSED, reason="nothing is called 'x'\n  y")
CRASHED = Result(case("slow", line=15), Outcome.CRASHED, reason="it took more than 5 seconds")
ACCEPTED = replace(OPEN, case=case("vendor", line=17, until=DAY), outcome=Outcome.ACCEPTED)
KNOWN = replace(OPEN, case=case("old", line=19), outcome=Outcome.KNOWN)
HOLDS = Result(case("fine", line=21), Outcome.HOLDS, specimens.unreachable(), seconds=0.5)
EVERYTHING = (OPEN, CLOSED, UNDECIDED, REFUSED, CRASHED, ACCEPTED, KNOWN, HOLDS)


def session(*results: Result, compared: bool = False) -> Session:
    made = Session(("suites/edge.reach.yaml",), DAY, compared)
    made.results += results or EVERYTHING
    return made


def hostile() -> Session:
    """Every mischievous name wherever a stranger can put one."""
    return session(*(_named(result, name) for name in HOSTILE for result in EVERYTHING))


def _named(result: Result, name: str) -> Result:
    told = result.case
    named = replace(told, name=name, ask=name, why=name, owner=name, snapshot=name)
    answer = result.answer and _answer(result.answer, name)
    return replace(result, case=named, answer=answer, reason=name)


def _answer(answer: Answer, name: str) -> Answer:
    witness = answer.witness and replace(
        answer.witness,
        forward=tuple(_step(step, name) for step in answer.witness.forward),
        reply=tuple(_step(step, name) for step in answer.witness.reply),
    )
    explanations = tuple(replace(each, name=name, text=name) for each in answer.explanations)
    return replace(answer, witness=witness, explanations=explanations, reason=name)


def _step(step: Step, name: str) -> Step:
    passed = tuple(replace(origin, words=name, name=name) for origin in step.passed)
    return replace(step, name=name, passed=passed)
