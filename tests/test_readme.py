"""What README, and the pages of docs, show of a command is what the command prints.

Every `$ reach ...` of theirs whose files are in the repository is run, and the Python of two pages.
A line of dots stands for anything left out; where lines break does not count.
`docs/walk-through.md` has a test of its own.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from reach.cli import cli

HERE = Path(__file__).parent.parent
README = HERE / "README.md"
PAGES = sorted(each for each in (HERE / "docs").glob("*.md") if each.stem != "walk-through")
# Files of the one who reads.
THEIRS = ("reader.json", "snapshot/", "saved.json", "shard-")


def _shown(page: Path = README) -> Iterator[tuple[str, str]]:
    """Each command of a page with the text that stands under it."""
    for block in re.findall(r"(?:^(?:    .*)?\n)+", page.read_text(), re.MULTILINE):
        for each in re.split(r"^    \$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = each.partition("\n")
            yield command.partition("  #")[0].strip(), output


def _pieces(output: str) -> list[str]:
    """What has to be printed, in this order; at a line of dots anything may come between."""
    return [_joined(each) for each in re.split(r"(?m)^\s*\.\.\.\s*$", output)]


def _joined(text: str) -> str:
    """Without line breaks, nor what says in a command that it goes on."""
    return " ".join(word for word in text.split() if word != "\\")


def _holds(printed: str, pieces: list[str]) -> str:
    """The first piece that is not printed where it should be, if there is one."""
    text, at = _joined(printed), 0
    for number, piece in enumerate(pieces):
        found = text.find(piece, at)
        if found < 0 or (number == 0 and found > 0):
            return piece
        at = found + len(piece)
    return "" if not pieces[-1] or at == len(text) else f"nothing after: {pieces[-1]}"


OURS = [each for each in _shown() if not any(name in each[0] for name in THEIRS)]


def test_the_commands_of_readme_are_found() -> None:
    """Of the fifteen that there were when this was written none gets lost unseen."""
    assert len(list(_shown())) >= 13
    assert len(OURS) >= 8


def test_every_command_of_readme_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In README's own order: one of them reads what another has written."""
    monkeypatch.chdir(HERE)
    for command, output in OURS:
        words, _, saved = command.partition(" > ")
        arguments = [
            str(tmp_path / each) if (tmp_path / each).is_file() else each
            for each in shlex.split(words)[1:]
        ]
        result = CliRunner().invoke(cli, arguments)
        assert result.exit_code in (0, 1), f"{command}: {result.output}"
        if saved:
            (tmp_path / saved).write_text(result.stdout)
        else:
            missing = _holds(result.stdout, _pieces(output))
            assert not missing, f"README on {command!r} says\n{missing}\nbut\n{result.stdout}"


def test_a_command_that_prints_more_is_noticed() -> None:
    """The comparison can fail: at the start, in between and at the end."""
    assert not _holds("a b c d", _pieces("a b\n...\nd\n"))
    assert not _holds("a b c d", _pieces("a\n...\n"))
    assert _holds("a b c d", _pieces("a b c\n"))
    assert _holds("a b c d", _pieces("b c d\n"))
    assert _holds("a b c d", _pieces("a\n...\nx\n...\n"))


def test_every_command_of_the_other_pages_prints_what_they_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of each page by itself; at least the three surveys of theirs are found."""
    monkeypatch.chdir(HERE)
    found = 0
    for page in PAGES:
        for command, output in _shown(page):
            if any(name in command for name in THEIRS):
                continue
            result = CliRunner().invoke(cli, shlex.split(command)[1:])
            assert result.exit_code in (0, 1), f"{page.name}: {command}: {result.output}"
            missing = _holds(result.stdout, _pieces(output))
            said = f"{page.name} on {command!r} says\n{missing}\nbut\n{result.stdout}"
            assert not missing, said
            found += 1
    assert found >= 3


@pytest.mark.parametrize("page", [README, HERE / "docs" / "changes.md"], ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its blocks one after the other, as one who reads it would type them."""
    monkeypatch.chdir(HERE)
    typed: dict[str, object] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, page.name, "exec"), typed)
