"""The thousand cases: what the estate settles is so, and nothing that is not as it must passes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import reach
from bench.grow import Size, write
from bench.suites import CASES, CLOSED, KNOWN, OPEN, OTHERS, Stated, stated, written, wrong
from reach.suite import load_suite

SIZE = Size(1_200, 8)


@cache
def cases() -> tuple[Stated, ...]:
    return tuple(stated(SIZE, 120))


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("estate") / "e"
    write(out, SIZE)
    return reach.load(out)


def test_what_the_estate_settles_is_so(snapshot: Any) -> None:
    """Known from how it is grown, and found by whoever reads what was written."""
    known = [case for case in cases() if case.is_known]
    assert {case.expect for case in known} == {OPEN, CLOSED}
    told = {case.text: str(reach.ask(snapshot, case.text).verdict.value) for case in known}
    assert told == {case.text: case.expect for case in known}


def test_all_kinds_are_asked() -> None:
    kinds = {case.kind for case in cases()}
    assert {*KNOWN, *OTHERS} <= kinds
    assert len(kinds) > len(KNOWN) + len(OTHERS)
    assert len(cases()) == 120


def test_the_same_size_is_the_same_suite() -> None:
    assert stated(SIZE, 120) == list(cases())
    assert len({case.text for case in stated(Size(10_000), CASES)}) > 900


def test_it_is_a_suite(tmp_path: Path) -> None:
    """As people write one: each case, its question and what it expects."""
    asked = [replace(case, expect=case.expect or OPEN) for case in cases()]
    (tmp_path / "s.reach.yaml").write_text(written(asked, tmp_path / "e"))
    read = load_suite(tmp_path / "s.reach.yaml").cases
    assert [(case.ask, case.expect.value) for case in read] == [
        (case.text, case.expect) for case in asked
    ]


HOLDS = {"outcome": "holds", "answer": None}
FAILS = {"outcome": "fails", "answer": {"verdict": "reachable"}}
STATED = Stated("k", "can a reach b", CLOSED)


@pytest.mark.parametrize(
    ("case", "result", "is_right"),
    [
        (STATED, HOLDS, True),
        (STATED, FAILS, False),
        (STATED, {"outcome": "undecided", "answer": {}}, False),
        (STATED, {"outcome": "crashed", "answer": None}, False),
        (replace(STATED, must_fail=True), FAILS, True),
        (replace(STATED, must_fail=True), HOLDS, False),
        (replace(STATED, must_fail=True), {"outcome": "fails", "answer": None}, False),
        (replace(STATED, must_fail=True), {"outcome": "crashed", "answer": None}, False),
    ],
)
def test_what_is_not_as_it_must_is_said(
    case: Stated, result: dict[str, Any], is_right: bool
) -> None:
    assert (wrong([case], [result]) == []) is is_right
    assert wrong([case], []) != []
