"""Figures: what is not done, goes wrong or is not as it must is said, and nothing is made up."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bench.alone import Limit, alone
from bench.command import planted
from bench.estates import Estates, making, stem
from bench.figure import Found, Job, Place, Row, Setting, Table, measured, value
from bench.figures import CLEAN, MILLION, MIXED, tables
from bench.grow import Size
from bench.stages import LOADING, QUESTION, READING, SURVEY, Clock, found, with_clock
from bench.tables import markdown, render, show

SMALL, LARGE = Place("small", Size(10, 1)), Place("large", Size(20, 1))
PYTHON = (sys.executable, "-c")


def quiet(_: object) -> None:
    """Nobody waits."""


# --- jobs of their own processes ------------------------------------------------------------------


def test_a_job_is_told_with_what_it_took() -> None:
    text = "x = bytearray(200 << 20); import time; time.sleep(0.3); print('done', input())"
    done = alone([*PYTHON, text], told="well")
    assert (done.out, done.failure) == ("done well\n", "")
    assert 0.3 <= done.seconds < 30
    assert 200 <= done.memory < 400


def test_one_that_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    """What it wrote until then is there, and nobody is left."""
    child = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); "
    child += "time.sleep(60)"
    text = f"import subprocess; print('begun', flush=True); subprocess.run({[*PYTHON, child]!r})"
    done = alone([*PYTHON, text], limit=Limit(1.0))
    assert done.failure == "not done after 1 s"
    assert done.out == "begun\n"
    pid = int((tmp_path / "pid").read_text())
    assert _is_gone(pid)


def _is_gone(pid: int) -> bool:
    """Whether a process has ended; the system may take a moment to say so."""
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
            os.kill(pid, 0)
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)
    return False


def test_one_that_takes_too_much_memory_is_ended() -> None:
    done = alone([*PYTHON, "x = bytearray(300 << 20); import time; time.sleep(60)"], limit=ROOM)
    assert done.failure.startswith("over 100 MB after ")


SHARED = """
import os, time
x = bytearray(b"x") * (120 << 20)
children = [os.fork() for _ in range(2)]
time.sleep(1.0 if all(children) else 60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="nobody else tells what is shared")
def test_what_is_shared_counts_once() -> None:
    """Several processes with the same 120 MB."""
    done = alone([*PYTHON, SHARED], limit=Limit(60, 1000))
    assert not done.failure
    assert 120 <= done.memory < 240


ROOM = Limit(60, 100)


def test_one_that_fails_says_why() -> None:
    assert alone([*PYTHON, "1/0"]).failure == "ZeroDivisionError: division by zero"


# --- estates that are kept ------------------------------------------------------------------------


def test_an_estate_is_grown_once_and_anew_when_its_making_changes(tmp_path: Path) -> None:
    estates, size = Estates(tmp_path), Size(40, 2, mixed=True)
    old = tmp_path / f"{stem(size)}-{'0' * len(making())}"
    old.mkdir()
    path = estates.path(size)
    assert not old.exists()
    (path / "mark").touch()
    assert estates.path(size) == path
    assert (path / "mark").exists()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_estates_that_differ_have_names_that_differ() -> None:
    sizes = [place.size for table in tables(None) for place in table.places if place.size]
    assert len({stem(size) for size in sizes}) == len(set(sizes))


# --- what is measured -----------------------------------------------------------------------------


def job(name: str, *founds: Found) -> Job:
    """One that finds these, at one place after the other."""
    left = iter(founds)

    def run(at: Setting) -> Found:
        return next(left)

    return Job(name, run)


def run(table: Table, folder: Path) -> dict[str, dict[str, Found]]:
    places = [place for place in table.places if place.size]
    for place in places:
        assert place.size is not None
        (folder / f"{stem(place.size)}-{making()}").mkdir(exist_ok=True)
    return measured([table], Estates(folder), Limit(), 100, quiet, quiet)


def test_a_row_is_a_figure_at_every_place_with_its_aim_and_its_stages(tmp_path: Path) -> None:
    told = [
        {"seconds": 2.0, "stages": {"load": 1.5, "tiny": 0.001, "other": 0.5}},
        {"seconds": 30.0, "stages": {"load": 10.0, "prove": 20.0}},
    ]
    one = job("one", *told)
    table = Table("t", "a survey", (SMALL, LARGE), (Row("all", one, aims={20: 15.0}), STAGES(one)))
    assert render([table], run(table, tmp_path), 100) == (
        "| a survey  | small  | large | aim        |\n"
        "|-----------|--------|-------|------------|\n"
        "| all       | 2 s    | 30 s  | 15 s at 20 |\n"
        "| ... load  | 1.5 s  | 10 s  |            |\n"
        "| ... prove |        | 20 s  |            |\n"
        "| ... other | 500 ms |       |            |\n"
        "\n"
        "| aim | at    | aimed at | measured | reached              |\n"
        "|-----|-------|----------|----------|----------------------|\n"
        "| all | large | 15 s     | 30 s     | no, by a factor of 2 |"
    )


def STAGES(of: Job) -> Row:  # noqa: N802 (reads as a row)
    return Row("", of, "stages")


def test_what_was_not_done_is_said_and_nothing_larger_is_tried(tmp_path: Path) -> None:
    one = job("one", {"failure": "not done after 9 s (prove)"})
    table = Table("t", "x", (SMALL, LARGE), (Row("all", one, aims={20: 1.0}), Row("b", one, "b")))
    text = render([table], run(table, tmp_path), 100)
    assert "| all | not done after 9 s (prove) | not tried: not done at 10 | 1 s at 20 |" in text
    assert "| all | large | 1 s      | not tried: not done at 10 | no      |" in text


def test_a_fault_of_the_harness_is_a_figure_that_is_not_there(tmp_path: Path) -> None:
    """Other figures are measured all the same, and a job is done once for all of its rows."""
    asked: list[str] = []

    def broken(at: Setting) -> Found:
        asked.append(at.place.name)
        raise ValueError("no such thing")

    rows = (
        Row("a", Job("a", broken)),
        Row("a too", Job("a", broken), "b"),
        Row("b", job("b", FINE)),
    )
    table = Table("t", "x", (SMALL,), rows)
    text = render([table], run(table, tmp_path), 100)
    assert asked == ["small"]
    assert "ValueError: no such thing" in text
    assert "| b     | 1 s " in text


FINE: Found = {"seconds": 1.0}


def test_what_came_out_wrong_is_said_under_the_table(tmp_path: Path) -> None:
    one = job("one", {"seconds": 1.0, "wrong": ["`can a reach b` is x"], "untimed": ["m:f"]})
    table = Table("t", "x", (SMALL,), (Row("all", one, peer="They take 5 s"),))
    text = render([table], run(table, tmp_path), 100)
    assert "As published: They take 5 s." in text
    assert "WRONG: small, one: `can a reach b` is x" in text
    assert "no clock around m:f" in text


@pytest.mark.parametrize(
    ("told", "unit", "words"),
    [
        (0.0123, "s", "12.3 ms"),
        (0.9999, "s", "1 s"),
        (1.234, "s", "1.23 s"),
        (123.4, "s", "123 s"),
        (2048.4, "MB", "2,048 MB"),
        (0.0741, "%", "7.4%"),
        (1234, "", "1,234"),
        ("reachable", "", "reachable"),
        (None, "s", ""),
    ],
)
def test_figures_have_their_units(told: Any, unit: str, words: str) -> None:
    assert show(told, unit) == words


def test_a_bar_inside_a_cell_is_no_column() -> None:
    assert markdown([["a|b"], ["c"]]) == "| a\\|b |\n|------|\n| c    |"


def test_figures_are_found_by_name() -> None:
    assert value({"kinds": {"x": {"p50": 2}}}, "kinds.x.p50") == 2
    assert value({"kinds": {}}, "kinds.x.p50") is None


# --- the tables themselves ------------------------------------------------------------------------


def test_the_million_is_measured_and_every_aim_is_about_a_place_that_is() -> None:
    lab = Path(__file__)  # any path: what is there is looked for beside it
    every = tables(lab)
    names = [table.name for table in every]
    assert len(names) == len(set(names))
    for table in every:
        sizes = {place.interfaces for place in table.places}
        for row in table.rows:
            assert set(row.aims) <= sizes, f"{table.name}: {row.what}"
    large = {t.name for t in every if MILLION in {place.interfaces for place in t.places}}
    assert {"loading", "warm", "exposure", "matrix-by-vpc", "isolated", "edits"} <= large
    assert {"internet-reachable", "internet-unreachable"} <= large
    assert [place.interfaces for place in (MIXED[-1], CLEAN[-1])] == [MILLION, MILLION]


def test_what_is_planted_for_the_internet_is_known() -> None:
    size = MIXED[0].size
    assert size is not None
    assert sorted(port for _, port in planted(size)) == [22, 5432, 5432, 8080, 8443]


# --- stages ---------------------------------------------------------------------------------------


def test_time_counts_for_the_innermost_stage() -> None:
    ticks = iter(range(100))
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "perf_counter", lambda: float(next(ticks)))
        with clock.stage("outer"), clock.stage("inner"):
            pass
    assert clock.seconds == {"outer": 2.0, "inner": 1.0}


def test_what_is_not_there_any_more_has_no_clock_and_is_said() -> None:
    gone = {"x": ("reach.asking:no_such_thing", "reach.no_such_module:f")}
    assert with_clock(Clock(), gone) == [*gone["x"]]


@pytest.mark.parametrize(
    "place", [p for s in (LOADING, QUESTION, SURVEY, READING) for ps in s.values() for p in ps]
)
def test_every_stage_is_of_the_library_as_it_is(place: str) -> None:
    """Where a function was renamed, its stage's time would count as other: name it anew here."""
    assert found(place)
