"""The commands that ask AWS, as one types them, without anybody to ask."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reach.cli import cli
from reach.commands import captures
from reach.components import sections
from reach.snapshot.capture import run
from reach.snapshot.capture.policy import policy
from reach.snapshot.capture.run import Outcome
from reach.snapshot.capture.targets import Targets

ROLE = "arn:aws:iam::111122223333:role/reader"


def invoke(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words), prog_name="reach")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Captures that were asked for; none is made."""
    found: list[dict[str, Any]] = []

    def capture(path: Path, known: object, targets: Targets, **rest: Any) -> Outcome:
        found.append({"path": path, "targets": targets, **rest})
        return OUTCOME

    monkeypatch.setattr(run, "capture", capture)
    return found


OUTCOME = Outcome("s", 3, 2, (), ())


def test_what_is_typed_is_what_is_asked(asked: list[dict[str, Any]]) -> None:
    """Every option gets where it belongs."""
    words = ["--profile", "a", "--profile", "b", "--role-arn", ROLE, "--external-id", "x"]
    words += ["--organization", "--role-name", "r", "--region", "eu-west-1", "--recheck", "all"]
    words += ["--in-flight", "2", "--workers", "3", "--attempts", "4", "--resume"]
    result = invoke("capture", "s", *words)
    assert (result.exit_code, result.stdout) == (0, "")
    assert asked[0]["resume"] is True
    assert asked[0]["targets"] == Targets(
        profiles=("a", "b"),
        role_arns=(ROLE,),
        external_id="x",
        organization=True,
        role_name="r",
        regions=("eu-west-1",),
        recheck="all",
        in_flight=2,
        workers=3,
        attempts=4,
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["capture"], "Missing argument 'DIR'"),
        (["capture", "s", "--role-arn", "reader"], "'reader' is no role; arn:aws:iam::"),
        (["capture", "s", "--organization"], "--organization needs --role-name"),
        (["capture", "s", "--in-flight", "0"], "0 is not in the range"),
        (["policy", "--role-arn", "arn:aws:iam::1:user/x"], "is no role"),
    ],
)
def test_what_is_mistyped(asked: list[dict[str, Any]], words: list[str], said: str) -> None:
    """Bad usage ends with 2, says what would be right, and nothing is asked."""
    result = invoke(*words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert asked == []


GAP = {"operation": "ec2.DescribeVpcs", "account": "1", "region": "r", "reason": "denied"}


def test_gaps_and_changes_are_told(
    asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was refused, grouped, without what only follows; and what changed."""
    gaps = [{**GAP, "code": "Denied", "whole": False}] * 3
    gaps += [{**GAP, "code": "x", "reason": "parent", "whole": False}]
    gaps += [{**GAP, "code": "OptInRequired", "reason": "off", "whole": True}]
    changed = ({**GAP, "ids": ["vpc-1", "vpc-2"]},)
    told = Outcome("s", 3, 1, tuple(gaps), changed)
    monkeypatch.setattr(run, "capture", lambda *_, **__: told)
    result = invoke("capture", "s")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "3 files of 1 account or Region in s",
        "5 gaps: what depends on them will be undecided",
        "  ec2.DescribeVpcs: denied (Denied), 3 times",
        "  1 r: off (OptInRequired)",
        "the network changed while it was read; capture it again when it is quiet",
        "  1 r ec2.DescribeVpcs: vpc-1, vpc-2",
    ]
    assert invoke("capture", "s", "--strict").exit_code == 3


@pytest.mark.parametrize("terminal", [True, False])
def test_how_far_it_is(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    """A bar on a terminal, with what is being read; else a line for each phase.  Not on stdout."""

    def capture(*_: object, watch: Any, **rest: Any) -> Outcome:
        watch.begin("reading", 3)
        watch.done(("111122223333", "eu-west-1"), "ec2.DescribeVpcs", "complete")
        return OUTCOME

    monkeypatch.setattr(run, "capture", capture)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("TTY_COMPATIBLE", "1" if terminal else "0")
    result = invoke("capture", "s")
    assert result.stdout == ""
    if not terminal:
        assert result.stderr.splitlines()[0] == "reading: 3 calls"
        assert "\x1b" not in result.stderr
        return
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", result.stderr)
    assert re.search(r"reading \S+ 1/3 0:00:0\d 111122223333 eu-west-1 ec2.DescribeVpcs", shown)


def test_an_interrupt_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls in flight are not waited for: what is written is whole at any moment."""

    def interrupted(*_: object, **__: object) -> Outcome:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "capture", interrupted)
    monkeypatch.setattr(os, "_exit", sys.exit)
    result = invoke("capture", "s")
    assert result.exit_code == 130
    assert result.stderr == "interrupted; reach capture s --resume goes on\n"


def test_a_whole_capture_is_strict(asked: list[dict[str, Any]]) -> None:
    """--strict fails for what is missing, and for nothing else."""
    assert invoke("capture", "s", "--strict").exit_code == 0


def test_the_time_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """SOURCE_DATE_EPOCH stands for the clock, so that two captures can be compared."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    assert captures._now() == "2026-01-01T00:00:00+00:00"


def test_the_policy_is_printed() -> None:
    """JSON on stdout, ready for aws iam create-policy."""
    result = invoke("policy", "--organization", "--role-arn", ROLE)
    assert (result.exit_code, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    assert told == policy(sections(), role_arns=[ROLE], organization=True)
    assert json.loads(invoke("policy").stdout) == policy(sections())


def process(code: str, *, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own; modules in ``path`` win."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, filter(None, [path, "."])))}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("words", [["policy"], ["capture", "--help"], ["--help"], ["options"]])
def test_only_a_capture_loads_boto3(words: list[str]) -> None:
    """boto3 and rich take a quarter of a second: nothing else pays for them."""
    code = (
        "import sys\n"
        "from reach.cli import cli\n"
        f"cli({words!r}, standalone_mode=False)\n"
        "print(sorted({'boto3', 'botocore', 'rich'} & set(sys.modules)))"
    )
    assert process(code).stdout.splitlines()[-1] == "[]"


def test_without_boto3_the_command_says_what_to_install(tmp_path: Path) -> None:
    """Who installed reach alone is told the name of the extra, not shown a traceback."""
    (tmp_path / "boto3.py").write_text("raise ModuleNotFoundError('no', name='boto3')")
    code = "import sys; from reach.cli import cli; cli(['capture', 's'])"
    done = process(code, path=tmp_path)
    assert done.returncode == 2
    assert "reach capture needs boto3: pip install 'vpc-reach[capture]'" in done.stderr
    assert "Traceback" not in done.stderr
