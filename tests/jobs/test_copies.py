"""Copies of a process do its tasks with it; what one of them dies of is lost, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reach.jobs.copies import can_copy

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are copied on Linux only"
)


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("beside", "2 2 True\n"),
        ("dies", "1 True\n"),
        ("fails", "a task's own\nno copy is left\n"),
        ("many", "True True\n{0: 9}\n"),
        ("turns", "4 []\n{0: [0], 1: [1], 2: [2], 4: [4]}\n" * 3 + "True\n"),
    ],
)
def test_tasks_in_copies(case: str, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.jobs.copying", case],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == (told, 0), done.stderr


def test_a_process_with_several_threads_is_not_copied() -> None:
    """A copy has one of them, and the locks of all."""
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    assert not can_copy()
    over.set()
    other.join()
