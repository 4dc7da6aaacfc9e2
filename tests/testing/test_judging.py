"""Exceptions: a way that is open, whom that is accepted from, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reach.answer import Answer, Verdict
from reach.suite import Case, Outcome
from reach.testing.judging import judge
from tests.render import specimens

LAST = date(2026, 3, 1)
EXCEPTION = Case(
    "can a reach b",
    Verdict.UNREACHABLE,
    snapshot="s",
    file="f.yaml",
    line=3,
    why="the vendor's scanner",
    owner="net",
    until=LAST,
)
OPEN, CLOSED, UNKNOWN = specimens.reachable(), specimens.unreachable(), specimens.undecided()
BEFORE, AFTER = date(2026, 2, 28), date(2026, 3, 2)


@pytest.mark.parametrize(
    ("expect", "answer", "today", "outcome"),
    [
        # It should be closed already; an open way is accepted through the last day.
        (Verdict.UNREACHABLE, OPEN, BEFORE, Outcome.ACCEPTED),
        (Verdict.UNREACHABLE, OPEN, LAST, Outcome.ACCEPTED),
        (Verdict.UNREACHABLE, OPEN, AFTER, Outcome.FAILS),
        (Verdict.UNREACHABLE, CLOSED, BEFORE, Outcome.HOLDS),
        (Verdict.UNREACHABLE, CLOSED, AFTER, Outcome.HOLDS),
        # It has to be open through the last day, and closed after it.
        (Verdict.REACHABLE, OPEN, LAST, Outcome.HOLDS),
        (Verdict.REACHABLE, OPEN, AFTER, Outcome.FAILS),
        (Verdict.REACHABLE, CLOSED, LAST, Outcome.FAILS),
        (Verdict.REACHABLE, CLOSED, AFTER, Outcome.HOLDS),
        # Nobody accepts what is not known.
        (Verdict.UNREACHABLE, UNKNOWN, BEFORE, Outcome.UNDECIDED),
        (Verdict.REACHABLE, UNKNOWN, AFTER, Outcome.UNDECIDED),
    ],
)
def test_an_exception_lasts_through_its_day(
    expect: Verdict, answer: Answer, today: date, outcome: Outcome
) -> None:
    case = replace(EXCEPTION, expect=expect)
    assert judge(case, answer, today).outcome is outcome


def test_without_a_day_nothing_is_accepted() -> None:
    assert judge(EXCEPTION, OPEN).outcome is Outcome.FAILS


def test_an_exception_that_is_over_says_whose_it_was() -> None:
    told = judge(EXCEPTION, OPEN, AFTER)
    assert told.reason.startswith(
        "the exception of net ended with 2026-03-01, and the way is still open: 203.0.113.7:50000"
    )
    assert judge(EXCEPTION, OPEN, LAST).reason.startswith("accepted by net until 2026-03-01: ")


def test_codes_count_for_exceptions_as_well() -> None:
    case = replace(EXCEPTION, codes=("NO_PATH",))
    assert judge(case, CLOSED, BEFORE).outcome is Outcome.FAILS
