"""A crew: whoever dies, hangs, breaks or takes too much costs the one job that did so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reach.errors import Defect
from reach.jobs.crew import Crew, alone, do
from reach.jobs.job import MIB, NO_LIMITS, Bench, Done, Limits, Lost, Refused, Spent
from tests.jobs.chores import Chore

ROOT = Path(__file__).resolve().parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="others do not tell, or do not limit")


def done(
    *chores: str | Chore, workers: int = 2, limits: Limits = NO_LIMITS
) -> list[str | tuple[str, str]]:
    """What came of each chore, in their order: its value, or how it ended."""
    jobs = [each if isinstance(each, Chore) else Chore(each) for each in chores]
    found: dict[int, str | tuple[str, str]] = {}
    for number, told in do(jobs, workers, limits):
        assert number not in found
        match told:
            case Done():
                found[number] = told.value
            case Lost() | Spent() | Refused():
                found[number] = (type(told).__name__, told.reason)
    return [found[number] for number in range(len(chores))]


# ------------------------------ death


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
    assert done("a", chore, "b", workers=1) == ["a", ("Lost", reason), "b"]


def test_every_worker_may_die() -> None:
    told = done("killed", "a", "killed", "b", "killed")
    assert [each in ("a", "b") for each in told] == [False, True, False, True, False]


def test_whoever_dies_of_it_once_is_done_again(tmp_path: Path) -> None:
    """Death may come from outside: only the second one is the job's fault."""
    once = Chore("dies once", where=str(tmp_path / "died"))
    assert done("a", once, "b", workers=1) == ["a", "dies once", "b"]


def test_a_worker_that_is_killed_from_outside_loses_nothing() -> None:
    """Nor does one that has nothing to do at the time."""
    crew = Crew(1)
    try:
        ((_, first),) = crew.do([Chore("who")])
        assert isinstance(first, Done)
        os.kill(first.value, signal.SIGKILL)
        told = dict(crew.do([Chore("who"), Chore("a")]))
    finally:
        crew.stop()
    assert told[1] == Done("a", told[1].seconds if isinstance(told[1], Done) else -1)
    assert isinstance(told[0], Done)
    assert told[0].value != first.value


def test_what_is_refused_is_told_and_costs_no_worker() -> None:
    told = done("who", "refused", "who", workers=1)
    assert told[1] == ("Refused", "not here")
    assert told[0] == told[2]


def test_what_a_job_prints_is_no_message() -> None:
    assert done("prints", "tells much", workers=1) == ["prints", "x" * 40 * MIB]


def test_workers_end_when_whoever_started_them_is_gone() -> None:
    """In the midst of a job, and without a word: nobody waits for it."""
    script = (
        "import os; from reach.jobs.crew import do; from tests.jobs.chores import Chore\n"
        "told = do([Chore('who'), Chore('hangs')], 1); print(next(told)[1].value, flush=True)\n"
        "import threading; threading.Thread(target=lambda: list(told), daemon=True).start()\n"
        "input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        handle = os.pidfd_open(worker) if sys.platform == "linux" else -1
        parent.kill()
        # The worker has the same stderr, not this pipe: it ends by itself.
        if handle >= 0:
            import select

            assert select.select([handle], [], [], 30)[0] == [handle]
            os.close(handle)


# ------------------------------ limits


def test_what_takes_too_long_is_ended() -> None:
    """The one that hangs, not those beside it."""
    told = done("a", "hangs", "b", limits=Limits(seconds=1))
    assert told == ["a", ("Spent", "it took more than 1 second"), "b"]


def test_reading_a_snapshot_is_not_what_a_job_takes() -> None:
    """It is counted from when there is something to ask: here reading alone takes longer."""
    assert done("reads long", workers=1, limits=Limits(seconds=1)) == ["reads long"]


@LINUX
@pytest.mark.parametrize("chore", ["asks for much", "holds much"])
def test_what_takes_too_much_memory_is_ended(chore: str) -> None:
    """Be it refused to the process itself, or seen from outside."""
    told = done("a", chore, "b", workers=1, limits=Limits(memory=100 * MIB))
    assert told == ["a", ("Spent", "it took more than 100 MiB of memory"), "b"]


@LINUX
def test_no_job_pays_for_what_another_has_left() -> None:
    """Two fit, three do not: the third is done again by a process of its own."""
    told = done(*["leaves much"] * 4, workers=1, limits=Limits(memory=100 * MIB))
    assert told == ["leaves much"] * 4


# ------------------------------ who does what


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


def test_a_bench_reads_what_the_command_line_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large snapshot from beside its files, unless that is not wanted."""
    loaded: list[tuple[str, bool]] = []

    def load(path: str, cache: bool) -> str:
        loaded.append((path, cache))
        return path

    monkeypatch.setattr("reach.load", load)
    bench = Bench()
    bench.snapshot("a")
    bench.snapshot("b", cached=False)
    assert loaded == [("a", True), ("b", False)]


def test_what_is_prepared_for_many_is_not_counted() -> None:
    """As reading is not."""
    told: list[str] = []
    bench = Bench(reading=lambda: told.append("reading"), read=lambda: told.append("read"))
    with bench.uncounted():
        told.append("preparing")
    assert told == ["reading", "preparing", "read"]
