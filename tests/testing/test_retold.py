"""Results that are read back tell what they told: as JSON, and in every kind of report."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from reach.answer import Verdict
from reach.testing.arguments import REPORTS
from reach.testing.asked import CaseJob, Wanted
from reach.testing.case import Line, Outcome, Result
from reach.testing.reports import Where, render
from reach.testing.retold import result_of, told_of
from reach.testing.session import Session
from tests.testing.reports import runs

SPENT = Result(
    runs.case("slow", line=23), Outcome.UNDECIDED, reason="it took more", said="undecided"
)
ENDED = replace(runs.OPEN, case=runs.case("over", until=runs.DAY), ended=True)
SESSIONS = [runs.session(*runs.EVERYTHING, SPENT, ENDED, compared=True), runs.hostile()]
HOME = Where("111122223333", "eu-west-1")


def retold(session: Session) -> Session:
    """Through JSON and back, every result with its case."""
    told: Any = json.loads(json.dumps([told_of(result) for result in session.results]))
    results = [
        result_of(each, seconds=result.seconds)
        for each, result in zip(told, session.results, strict=True)
    ]
    return replace(session, results=results)


@pytest.mark.parametrize("session", SESSIONS, ids=["plain", "hostile"])
@pytest.mark.parametrize("kind", REPORTS)
def test_every_report_is_what_it_was(kind: str, session: Session) -> None:
    assert render(retold(session), kind, HOME) == render(session, kind, HOME)


@pytest.mark.parametrize("result", [*runs.EVERYTHING, SPENT, ENDED], ids=lambda r: r.case.title)
def test_what_is_retold_twice_is_what_is_retold_once(result: Result) -> None:
    told = told_of(replace(result, exercised=frozenset({Line("rule", "sg-1", "in", "web")})))
    again = result_of(json.loads(json.dumps(told)))
    assert json.loads(json.dumps(told_of(again))) == json.loads(json.dumps(told))
    assert (again.passes, again.verdict) == (result.passes, result.verdict)
    assert again.exercised == frozenset({Line("rule", "sg-1", "in")})


def test_a_case_is_found_again_wherever_it_is_read(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its fingerprint is of paths as whoever asked it saw them."""
    file = str(tmp_path / "there" / "edge.reach.yaml")
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    case = runs.case(file=file)
    told, seen = told_of(replace(runs.OPEN, case=case)), case.fingerprint
    monkeypatch.chdir("/")
    assert replace(case, file="/elsewhere").fingerprint != seen
    assert result_of(told).case.fingerprint == seen


@pytest.mark.parametrize("until", [None, runs.DAY])
def test_a_job_goes_there_and_back(until: Any) -> None:
    """Whatever it is to be asked by, and what came of it."""
    case = runs.case(
        until=until,
        expect=Verdict.REACHABLE,
        codes=("A",),
        through=("igw-1", "eni-2"),
        options=("x=y",),
        one_way=True,
        port_at="destination",
    )
    job = CaseJob(case, runs.DAY, Wanted(places=True))
    there = CaseJob.from_dict(json.loads(json.dumps(job.to_dict())))
    assert there == job
    assert there.case.fingerprint == case.fingerprint
    result = replace(runs.OPEN, case=case)
    assert job.hear(json.loads(json.dumps(CaseJob.tell(result)))).to_dict() == result.to_dict()


@pytest.mark.parametrize("key", ["outcome", "verdict", "answer", "reason", "expected", "ended"])
def test_what_lacks_something_is_no_result(key: str) -> None:
    told = told_of(runs.OPEN)
    del told[key]
    with pytest.raises((LookupError, TypeError, ValueError)):
        result_of(told)
