"""The walk-through is walked: each of its commands is run, and prints what the page shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.walking.page import Command, File, Names, steps_of

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "walk-through.md").read_text()
# What a reader has installed; `aws` is played as far as the page needs it.
PROGRAMS = {
    "python": 'exec {python} "$@"',
    "reach": "exec {python} -c 'from reach.cli import main; main()' \"$@\"",
    "aws": 'exec {python} -m tests.walking.aws "$@"',
    "pytest": 'exec {python} -m pytest {plugin} -p no:cacheprovider -p no:randomly "$@"',
}


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A folder with the programs that the page uses, and a server that plays AWS."""
    pytest.importorskip("moto")
    from tests.snapshot.capture.stand_in import moto_server

    installed = any(each.name == "reach" for each in entry_points(group="pytest11"))
    words = {
        "python": shlex.quote(sys.executable),
        "plugin": "" if installed else "-p reach.testing.plugin",
    }
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\n{text.format(**words)}\n")
        (programs / name).chmod(0o755)
    with moto_server() as server:
        yield {
            **server,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "COLUMNS": "100",
        }


def test_the_page_is_what_happens(environment: dict[str, str], tmp_path: Path) -> None:
    """From the account to the suite that fails, and to the one that passes."""
    folder = tmp_path / "work"
    folder.mkdir()
    names, wrong = Names(), ""
    for step in steps_of(PAGE):
        match step:
            case File():
                (folder / step.name).write_text(names.in_run(step.text))
            case Command():
                wrong += names.differences(step, printed(step, names, environment, folder))
    assert wrong == ""


def printed(command: Command, names: Names, environment: dict[str, str], folder: Path) -> str:
    """What a command writes, on whichever of the two."""
    done = subprocess.run(
        ["/bin/sh", "-c", names.in_run(command.text)],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def test_the_page_goes_all_the_way() -> None:
    """Nothing that has to be walked has been left out of it."""
    steps = list(steps_of(PAGE))
    typed = [" ".join(step.text.split()[:2]) for step in steps if isinstance(step, Command)]
    asked = [step for step in steps if isinstance(step, Command) and "exit status" in step.text]
    assert {"python shop.py", "reach policy", "reach capture", "reach test"} <= set(typed)
    assert {"reach can", "aws ec2", "pytest -q"} <= set(typed)
    assert [step.shown.splitlines()[-1] for step in asked] == ["exit status 1", "exit status 0"]
    assert [step.name for step in steps if isinstance(step, File)] == [
        "shop.py",
        "shop.reach.yaml",
        "test_shop.py",
    ]


def test_the_reader_is_told_of_the_same_server(environment: dict[str, str]) -> None:
    """Every variable that the page exports is one by which the test leads boto3 to it."""
    exported = re.findall(r"\b(AWS_\w+)=", PAGE)
    assert len(exported) == 4
    assert set(exported) <= set(environment)
