"""Every sample says what holds of it, and it does."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import reach
from reach.suite import Outcome, Result, load_suite, run

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = sorted(path for path in (ROOT / "samples").iterdir() if path.is_dir())
DEMO = ROOT / "samples" / "demo.sh"


@cache
def results(sample: Path) -> tuple[Result, ...]:
    """What becomes of a sample's cases."""
    return tuple(run(load_suite(sample / "cases.reach.yaml")))


def named(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_cases_hold(sample: Path) -> None:
    """Each case gets the verdict, the codes and the way that it states."""
    failed = [
        f"{one.case.file}:{one.case.line}: {one.case.ask}: {one.outcome.value}: {one.reason}"
        for one in results(sample)
        if one.outcome is not Outcome.HOLDS
    ]
    assert failed == []


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_cases_say_yes_and_no(sample: Path) -> None:
    """A sample that only ever says yes, or no, shows half of what it is about."""
    expected = [one.case.expect for one in results(sample)]
    assert {"reachable", "unreachable"} <= set(expected)


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_it_is_explained(sample: Path) -> None:
    """A README with a title, and something under it."""
    text = (sample / "README.md").read_text()
    assert re.match(r"# \S.*\n\n\S", text)


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_nothing_is_wrong_with_the_snapshot(sample: Path) -> None:
    """No snapshot of a sample has an error in it, whatever it lacks on purpose."""
    cases = YAML(typ="safe").load(sample / "cases.reach.yaml")
    snapshot = reach.load(sample / cases["snapshot"])
    assert [str(one) for one in snapshot.diagnostics if one.severity == "error"] == []


def test_the_demo_asks_about_a_sample() -> None:
    """Every file that the demo names is there."""
    paths = re.findall(r"samples/[\w/.-]+", DEMO.read_text())
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
