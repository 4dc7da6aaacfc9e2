"""Growth is measured, kept and drawn: what was measured, and where it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.alone import Limit
from bench.estates import Estates
from bench.figure import Found, Job, Setting
from bench.grow import Size, grow
from bench.growth.axes import AXES, Axis, entries_each, rules_each
from bench.growth.curves import MEMORY, TIMES, curves, page
from bench.growth.draw import draw
from bench.growth.points import JOBS, measured, questions

DOCS = Path(__file__).resolve().parent.parent / "docs"
TINY = Size(40, 2, mixed=True)
AXIS = Axis("rules", "rules", "two VPCs", (TINY, Size(40, 2, mixed=True, rules=5)), rules_each)


def quiet(_: object) -> None:
    """Nobody waits."""


def found(seconds: float, **more: Any) -> dict[str, Found]:
    return {"can, closed": {"seconds": seconds, "stages": {"start": 1.0, "load": 2.0}, **more}}


def test_each_axis_changes_what_it_says_and_nothing_else() -> None:
    """Rules are added to groups, entries to ACLs; all other sections are the same to the byte."""
    before, rules, entries = (
        grow_sections(size)
        for size in (TINY, Size(40, 2, mixed=True, rules=5), Size(40, 2, mixed=True, entries=5))
    )
    assert {s for s in before if before[s] != rules[s]} == {"SecurityGroups", "SecurityGroupRules"}
    assert {s for s in before if before[s] != entries[s]} == {"NetworkAcls"}
    assert rules_each(AXIS.sizes[1]) > rules_each(TINY) + 3  # not those of roles that are given
    assert entries_each(Size(40, 2, mixed=True, entries=5)) > entries_each(TINY)


def grow_sections(size: Size) -> dict[str, list[Any]]:
    told: dict[str, list[Any]] = {}
    from bench.grow import folder_contents

    for planned in size.by_folder().values():
        for section, record in folder_contents(planned, size.vpcs_planned()):
            told.setdefault(section, []).append(record)
    return told


def test_estates_grow_along_their_axis() -> None:
    for axis in AXES:
        along = [axis.reading(size) for size in axis.sizes]
        assert along == sorted(set(along)), axis.name
        assert all(size.mixed and not size.violations for size in axis.sizes)


def test_a_point_is_measured_with_real_questions_and_drawn(tmp_path: Path) -> None:
    """The whole way, on two estates of forty interfaces, but for the jobs that take long."""
    limit = Limit(60, 1000)
    told: list[Any] = []
    jobs = (questions(2),)
    raw = measured([AXIS], Estates(tmp_path), limit, 100, quiet, told.append, jobs)
    (first, second) = raw["rules"]
    assert first["at"] < second["at"]
    assert first["found"]["questions"]["p50"] > 0
    assert "failure" not in second["found"]["questions"]
    assert told[-1] == raw
    kept = json.loads(json.dumps({"limit": {"seconds": 60}, "axes": raw}))
    files = draw(kept, tmp_path / "one", [AXIS])
    again = draw(kept, tmp_path / "two", [AXIS])
    assert [file.name for file in files] == ["rules-light.svg", "rules-dark.svg"]
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again]


def test_what_was_not_done_ends_its_curve_and_is_not_tried_further_along(tmp_path: Path) -> None:
    asked: list[str] = []

    def slow(at: Setting) -> Found:
        asked.append(at.place.name)
        return {"failure": "not done after 3 s"}

    job = Job("exposure", slow)
    raw = measured([AXIS], Estates(tmp_path), Limit(3), 100, quiet, quiet, (job,))
    assert len(asked) == 1
    points = raw["rules"]
    (curve,) = [each for each in curves(points, TIMES) if each.cost.words == "exposure"]
    assert curve.points == ()
    assert curve.end == (points[0]["at"], "not done after 3 s")
    assert "not tried" in points[1]["found"]["exposure"]["failure"]


def test_a_curve_is_what_comes_after_loading_and_its_slope_that_of_the_end() -> None:
    points = [{"at": at, "found": found(3.0 + cost)} for at, cost in CUBIC]
    (curve,) = curves(points, TIMES)
    assert curve.cost.words == "can 0.0.0.0/0 reach port 22"
    assert curve.points == tuple(CUBIC)
    assert curve.slope == pytest.approx(3.0)
    assert curves(points[:1], TIMES)[0].slope is None


CUBIC = [(1.0, 1.0), (10.0, 1.0), (20.0, 8.0), (40.0, 64.0)]


def test_memory_of_what_was_ended_is_not_told() -> None:
    points = [
        {"at": 1, "found": found(4.0, memory=80.0)},
        {"at": 2, "found": {"can, closed": {"failure": "over 100 MB after 2 s", "memory": 100.0}}},
    ]
    (curve,) = curves(points, MEMORY)
    assert list(curve.points) == [(1, 80.0)]
    assert curve.end == (2, "over 100 MB after 2 s")


def test_a_page_has_its_tables_made_anew_and_keeps_its_words() -> None:
    text = "Before.\n<!-- axis rules -->\nold\n<!-- end -->\n<!-- axis vpcs -->\n<!-- end -->\n"
    limit = {"seconds": 9.0, "megabytes": 800.0}
    raw = {"axes": {"rules": [{"at": 7, "found": found(5.0)}]}, "limit": limit, "machine": "one"}
    made = page(text + "<!-- machine -->\n<!-- end -->\n", raw)
    assert "Measured with a limit of 9 s and 800 MB for each figure, on one." in made
    assert made.startswith("Before.\n<!-- axis rules -->\n|")
    assert "| can 0.0.0.0/0 reach port 22 | 2 s |" in made
    assert "Not measured yet." in made
    assert "old" not in made
    assert page(made, raw) == made


def test_the_page_shows_the_figures_that_are_kept() -> None:
    """Of every axis: a table of the raw figures beside it, and the plots in either theme."""
    raw = json.loads((DOCS / "growth" / "figures.json").read_text())
    text = (DOCS / "growth.md").read_text()
    assert page(text, raw) == text
    for axis in AXES:
        assert f"<!-- axis {axis.name} -->" in text
        assert raw["axes"][axis.name], axis.name
        for theme in ("light", "dark"):
            assert f"growth/{axis.name}-{theme}.svg" in text
            assert (DOCS / "growth" / f"{axis.name}-{theme}.svg").is_file()


def test_every_cost_is_of_a_job_that_is_done() -> None:
    assert {cost.job for cost in (*TIMES, *MEMORY)} == {job.name for job in JOBS}
    assert grow(40, 2, mixed=True)  # the smallest that there can be
