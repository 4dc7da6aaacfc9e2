"""Killed for good: a capture over HTTP of 2 Regions and 500 interfaces, by SIGKILL, resumed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import reach
from reach.snapshot.records import NetworkInterface
from tests.snapshot.capture.stand_in import REGIONS, furnish, moto_server, session_of

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = ("--attempts", "1", *(word for name in REGIONS for word in ("--region", name)))
KILLS = 50


@pytest.fixture(scope="module")
def environment() -> Iterator[Mapping[str, str]]:
    with moto_server() as found:
        furnish(session_of(found), 500)
        yield {**os.environ, **found, "PYTHONPATH": str(ROOT)}


def run(environment: Mapping[str, str], point: int, path: Path, *more: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "tests.snapshot.capture.killing", str(point), str(path)]
    done = subprocess.run(
        [*command, *OPTIONS, *more], env=environment, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode, done.stdout


def contents(path: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(path)): each.read_bytes() for each in path.rglob("*") if each.is_file()
    }


@pytest.mark.deep
def test_killed_at_any_of_fifty_points(environment: Mapping[str, str], tmp_path: Path) -> None:
    """Wherever SIGKILL meets it, the resumed capture has the bytes of an undisturbed one."""
    seed = 20261125
    status, printed = run(environment, 0, tmp_path / "whole")
    events, whole = int(printed), contents(tmp_path / "whole")
    assert status == 0
    held = reach.load(tmp_path / "whole").records(NetworkInterface)
    assert len([each for each in held if not each.description]) == 500
    points = random.Random(seed).sample(range(1, events + 1), KILLS)
    print(f"seed {seed}: {KILLS} of {events} events")
    for point in points:
        path = tmp_path / str(point)
        status, _ = run(environment, point, path)
        # Threads race for the events near the end, so that the last ones may not come.
        assert status == -signal.SIGKILL or point > events - 20, point
        assert run(environment, 0, path, "--resume")[0] == 0
        assert contents(path) == whole, f"killed at event {point}"
