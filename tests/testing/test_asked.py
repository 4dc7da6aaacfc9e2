"""Of a case that holds nobody sees the path: none is looked for, and nothing else differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from reach.answer import Verdict
from reach.suite import Case, Outcome, load_suite
from reach.testing.asked import Wanted, ask_all

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
DAY = date(2026, 3, 1)
WHOLE = Wanted(whole=True)


def cases(sample: str) -> list[Case]:
    """A sample's cases, and each once more expecting otherwise, without codes and ways."""
    stated = load_suite(SAMPLES / sample / "cases.reach.yaml").cases
    turned = [
        replace(case, expect=other, codes=(), through=())
        for case in stated
        for other in (Verdict.REACHABLE, Verdict.UNREACHABLE)
    ]
    return [*stated, *turned]


@pytest.mark.parametrize("sample", ["two_tier", "nat_gateway", "fixes", "network_acl"])
def test_a_run_is_the_same_with_the_whole_answers(sample: str) -> None:
    """Outcome, verdict, reason and the evidence of whatever does not hold."""
    asked = cases(sample)
    briefly = [result.to_dict() for result in ask_all(asked, DAY)]
    wholly = [result.to_dict() for result in ask_all(asked, DAY, wanted=WHOLE)]
    assert briefly == wholly
    assert {told["outcome"] for told in briefly} >= {"holds", "fails"}


def test_a_case_that_holds_has_a_verdict_and_no_path() -> None:
    """Its certificate it has: "unreachable" is never said without one."""
    for case, result in zip(plain := _plain(), ask_all(plain, DAY), strict=True):
        answer = result.answer
        assert result.outcome is Outcome.HOLDS
        assert answer is not None
        assert answer.verdict is case.expect
        assert (answer.witness, answer.explanations, answer.blocked_path) == (None, (), None)
        assert (answer.certificate is not None) == (case.expect is Verdict.UNREACHABLE)


def _plain() -> list[Case]:
    stated = load_suite(SAMPLES / "two_tier" / "cases.reach.yaml").cases
    plain = [replace(case, codes=(), through=()) for case in stated]
    return [case for case in plain if case.expect is not Verdict.UNDECIDED]


def test_what_a_case_states_of_a_path_is_looked_at() -> None:
    """A code that is not there and a way that is not taken fail, though the verdict is right."""
    for case in _plain():
        wrong = (
            replace(case, codes=("NO_SUCH_CODE",))
            if case.expect is Verdict.UNREACHABLE
            else replace(case, through=("igw-nowhere",))
        )
        (result,) = ask_all([wrong], DAY)
        assert result.outcome is Outcome.FAILS
        assert "NO_SUCH_CODE" in result.reason or "igw-nowhere" in result.reason
