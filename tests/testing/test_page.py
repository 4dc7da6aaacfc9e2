"""The page about suites shows suites that can be read, and says all that the language has."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from reach.suite import CASE_KEYS, SUITE_KEYS, Outcome, load_suite
from tests.testing.test_reading import fits

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "suites.md").read_text()
SUITES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S)


@pytest.mark.parametrize("at", range(2))
def test_what_the_page_shows_is_of_the_published_form(at: int) -> None:
    assert len(SUITES) == 2
    assert fits(SUITES[at])


def test_what_the_page_shows_is_read_as_it_says(tmp_path: Path) -> None:
    """Two sources, four destinations and four packets; and so on."""
    (tmp_path / "suite.yaml").write_text(SUITES[0])
    cases = load_suite(tmp_path / "suite.yaml").cases
    assert len(cases) == 2 * 4 * 4 + 1 + 3 + 1
    assert cases[0].tags == ("edge", "admin")
    assert cases[0].owner == "platform team"
    assert (cases[-1].until, cases[-1].owner) == (date(2027, 3, 31), "procurement")


def test_a_policy_serves_many_networks(tmp_path: Path) -> None:
    (tmp_path / "prod.reach.yaml").write_text(SUITES[1])
    (tmp_path / "policy.yaml").write_text(
        "cases:\n  - {from: internet, to: group:databases, expect: unreachable}\n"
    )
    cases = load_suite(tmp_path / "prod.reach.yaml").cases
    assert [case.ask for case in cases] == [
        "can internet reach db-1",
        "can internet reach db-2",
    ]
    assert {case.snapshot for case in cases} == {str(tmp_path / "prod" / "snapshot")}


def test_the_page_names_every_outcome() -> None:
    rows = re.findall(r"^\| (\w+) \| [^|]+ \| \d+ \|$", PAGE, re.M)
    assert rows == [outcome.value for outcome in Outcome]


def test_the_page_names_every_key() -> None:
    said = {key for key in (*SUITE_KEYS, *CASE_KEYS) if re.search(rf"\b{key}\b", PAGE)}
    rare = {"one_way", "port_at", "options", "protocol"}  # the schema tells of these
    assert {*SUITE_KEYS, *CASE_KEYS} - said == rare
