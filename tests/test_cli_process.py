"""The command line as a process: what it imports, and how it ends when the world is against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
VPC = {"VpcId": "vpc-1", "OwnerId": "111122223333", "CidrBlock": "10.0.0.0/16"}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    (tmp_path / "a.json").write_text(json.dumps({"Vpcs": [VPC]}))
    return tmp_path


def start(arguments: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reach.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=ROOT, env=environment, text=True, timeout=60, check=False, **options
    )


def test_help_imports_no_engine() -> None:
    code = (
        "import sys; from reach.cli import cli; cli(['--help'], standalone_mode=False);"
        "print(sorted({'z3', 'msgspec', 'boto3', 'rich', 'orjson', 'ruamel'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True
    )
    assert done.stdout.endswith("\n[]\n")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("can internet reach web-1 port 443", "reachable False"),
        ("can web-1 reach db-1 port 5432", "unreachable True"),
    ],
)
def test_a_question_that_can_be_foreseen_loads_no_solver(question: str, expected: str) -> None:
    """The packet that would be shown gets through; a denial is explained with the solver."""
    code = (
        "import sys, reach; snapshot = reach.load('samples/two_tier/snapshot');"
        f"print(reach.ask(snapshot, {question!r}).verdict, 'z3' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True
    )
    assert done.stdout == f"{expected}\n"


def test_a_closed_pipe_ends_quietly(saved: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        done = start(["show", "--snapshot", str(saved)], stdout=nobody, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_an_error(saved: Path) -> None:
    with open("/dev/full", "w") as full:
        done = start(["show", "--snapshot", str(saved)], stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (74, "error: No space left on device\n")


def test_bad_input_never_ends_in_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"{\xff")
    for arguments in (
        ["can", "a", "reach", "b", "--snapshot", str(tmp_path)],
        ["show", "--snapshot", str(tmp_path / "nothing")],
        ["test", str(tmp_path / "nothing.yaml")],
    ):
        done = start(arguments, capture_output=True)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.startswith("error: ")
        assert "Traceback" not in done.stderr


def test_an_error_that_nobody_foresaw_is_no_verdict() -> None:
    """Python's own status for it would be 1: unreachable."""
    code = (
        "import sys, reach.cli, reach.components; reach.components.asked = lambda *_, **__: 1 // 0;"
        "sys.argv = ['reach', 'can', 'a', 'reach', 'b', '--snapshot', 'D']; reach.cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (70, "")
    assert "ZeroDivisionError" in done.stderr
    assert "please report it" in done.stderr


def test_python_runs_the_package_as_the_command() -> None:
    """Python ends with 1 where it finds nothing to run, and 1 is a verdict."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for arguments, status in ((["--version"], 0), (["can", "a", "reach"], 2)):
        command = [sys.executable, "-m", "reach", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False
        )
        assert done.returncode == status, done.stderr
        assert (done.stdout + done.stderr).startswith(("reach ", "Usage: reach can "))


def test_a_file_that_cannot_be_written_is_named(saved: Path) -> None:
    """What the system says alone ("No such file or directory") does not say which."""
    nowhere = saved / "missing" / "x.tar.zst"
    done = start(["pack", str(saved), str(nowhere)], capture_output=True)
    assert done.returncode == 74, done.stderr
    assert str(nowhere.parent) in done.stderr


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&-", "0<&- 1>&- 2>&-"])
@pytest.mark.parametrize(("source", "status"), [("internet", 0), ("10.0.0.300", 2)])
def test_who_closes_a_stream_gets_the_status_all_the_same(
    closed: str, source: str, status: int
) -> None:
    """A supervisor may start it without stdout or stderr; no verdict is turned into a defect."""
    snapshot = "samples/two_tier/snapshot"
    question = f"can {source} reach web-1 port 443 --snapshot {snapshot}"
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m reach {question} {closed}', sys.executable],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
