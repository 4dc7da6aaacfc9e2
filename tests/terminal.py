"""The command as somebody calls it in a folder of theirs, without the settings of whoever tests.

at_home(folder, monkeypatch, suite)     call("test", "suite.yaml") -> Result
"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reach.cli import cli
from tests.estate import Pair

_SETTINGS = ("NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "REACH_TODAY", "COLUMNS")


def at_home(folder: Path, monkeypatch: pytest.MonkeyPatch, suite: str) -> Path:
    """A folder with ``suite.yaml`` and its snapshot, from where the command is called."""
    for name in _SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    Pair().write(folder / "saved")
    Path("suite.yaml").write_text(suite)
    return folder


def call(*arguments: str) -> Result:
    """The command, which ends with a status and never with another exception."""
    result = CliRunner().invoke(cli, arguments, prog_name="reach")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result
