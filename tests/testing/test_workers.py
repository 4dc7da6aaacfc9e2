"""Workers: one that dies, hangs or breaks costs the one job that it had."""

from __future__ import annotations

import os

import pytest

from reach.errors import Defect
from reach.testing.workers import Bench, Done, Lost, alone, do
from tests.testing.chores import Chore


def done(*chores: str, workers: int = 2, seconds: float | None = None) -> list[str]:
    """What came of each chore, in their order."""
    found: dict[int, str] = {}
    for number, told in do([Chore(each) for each in chores], workers, seconds):
        assert number not in found
        found[number] = told.reason if isinstance(told, Lost) else told.value
    return [found[number] for number in range(len(chores))]


@pytest.mark.parametrize(
    ("chore", "reason"),
    [
        ("killed", "the process that asked it was ended by SIGKILL"),
        ("exits", "the process that asked it ended with status 9"),
        ("breaks", "the process that asked it ended with status 1"),
        ("defect", "a fault of reach, not an answer: twins disagree"),
    ],
)
def test_a_dead_worker_costs_one_job(chore: str, reason: str) -> None:
    """Even where there is one worker only, those before and after it are done."""
    assert done("a", chore, "b", workers=1) == ["a", reason, "b"]


def test_every_worker_may_die() -> None:
    told = done("killed", "a", "killed", "b", "killed")
    assert [words.endswith("SIGKILL") for words in told] == [True, False, True, False, True]


def test_what_takes_too_long_is_ended() -> None:
    """The one that hangs, not those beside it."""
    told = done("a", "hangs", "b", seconds=6)
    assert told == ["a", "it took more than 6 seconds", "b"]


def test_jobs_on_one_snapshot_go_to_whoever_has_read_it() -> None:
    jobs = [Chore("who", snapshot) for snapshot in "abababab"]
    by_snapshot: dict[str, set[int]] = {}
    for number, told in do(jobs, 2):
        assert isinstance(told, Done)
        by_snapshot.setdefault(jobs[number].snapshot, set()).add(told.value)
    pids = set.union(*by_snapshot.values())
    assert len(pids) <= 2
    assert os.getpid() not in pids


def test_alone_a_defect_is_raised() -> None:
    """In one process there is nobody to go on."""
    jobs = [Chore("a"), Chore("defect")]
    results = alone(jobs, Bench())
    assert next(results)[1].value == "a"
    with pytest.raises(Defect):
        next(results)


def test_a_bench_keeps_the_last_snapshots() -> None:
    loaded: list[str] = []

    def load(path: str) -> object:
        loaded.append(path)
        return path

    bench = Bench(load, kept=2)  # type: ignore[arg-type]
    for path in "aabacab":
        bench.snapshot(path)
    assert loaded == ["a", "b", "c", "b"]
