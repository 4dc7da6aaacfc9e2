"""A page of documentation as what a reader does: files to write, commands to type, what they print.

    steps_of(text) -> File | Command, ...        Names().differences(command, printed) -> str

A block of `console` holds commands after `$ ` with their output; a block whose first line is a
comment with a file's name is that file.  In an output `...` stands for whatever is left out: alone
in a line for lines, in a line for letters.  Ids that AWS deals out are another each time, so those
of the page are matched with those of the run, one to one over the whole page.  Must not know what
any command does.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
_NAMED = re.compile(r"# ([\w./-]+\.(?:py|yaml))(?=\s)")
_ID = re.compile(r"\b([a-z]+)-[0-9a-f]{17}\b")
_LEFT_OUT = "..."


@dataclass(frozen=True, slots=True)
class File:
    """A file as the page shows it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed, in which line of the page, and what it prints."""

    line: int
    text: str
    shown: str


def steps_of(page: str) -> Iterator[File | Command]:
    """Everything that the page has its reader do, in order."""
    for block in _BLOCK.finditer(page):
        kind, text = block.groups()
        named = _NAMED.match(text)
        if kind == "console":
            yield from _commands(text, page.count("\n", 0, block.start(2)) + 1)
        elif named:
            yield File(named[1], text)


def _commands(text: str, line: int) -> Iterator[Command]:
    for part in re.split(r"^(?=\$ )", text, flags=re.M):
        if part.startswith("$ "):
            typed = re.match(r"(?:.*\\\n)*.*\n", part)
            assert typed is not None
            yield Command(line, typed[0][2:].rstrip("\n"), part[typed.end() :])
        elif part:
            raise ValueError(f"line {line}: a block of console begins with a command")
        line += part.count("\n")


@dataclass
class Names:
    """Which id of the page is which of the run, as far as the reader has come."""

    of_page: dict[str, str] = field(default_factory=dict)

    def in_run(self, text: str) -> str:
        """A text of the page with the ids of the run."""
        return _ID.sub(lambda found: self.of_page.get(found[0], found[0]), text)

    def differences(self, command: Command, printed: str) -> str:
        """Empty iff it printed what the page shows; new ids are taken note of."""
        pattern, new = self._pattern(command.shown)
        found = re.fullmatch(pattern, printed)
        if found is None:
            return self._told(command, printed)
        for number, name in enumerate(new):
            self.of_page[name] = found[f"id{number}"]
        twice = [name for name, count in _counted(self.of_page).items() if count > 1]
        return f"one id of the run is two on the page: {twice}\n" if twice else ""

    def _pattern(self, shown: str) -> tuple[str, list[str]]:
        new: list[str] = []
        lines = []
        for line in shown.splitlines(keepends=True):
            if line.strip() == _LEFT_OUT:
                lines.append(r"(?:.*\n)*?")
                continue
            pieces = line.split(_LEFT_OUT)
            lines.append(".*?".join(self._literal(piece, new) for piece in pieces))
        return "".join(lines), new

    def _literal(self, text: str, new: list[str]) -> str:
        made, end = [], 0
        for found in _ID.finditer(text):
            made.append(re.escape(text[end : found.start()]))
            made.append(self._id(found[0], found[1], new))
            end = found.end()
        return "".join((*made, re.escape(text[end:])))

    def _id(self, name: str, kind: str, new: list[str]) -> str:
        if name in self.of_page:
            return re.escape(self.of_page[name])
        if name in new:
            return f"(?P=id{new.index(name)})"
        new.append(name)
        return f"(?P<id{len(new) - 1}>{kind}-[0-9a-f]{{17}})"

    def _told(self, command: Command, printed: str) -> str:
        of_run = {ours: name for name, ours in self.of_page.items()}
        told = _ID.sub(lambda found: of_run.get(found[0], found[0]), printed)
        lines = difflib.unified_diff(
            command.shown.splitlines(), told.splitlines(), "the page", "the run", lineterm=""
        )
        return "\n".join((f"line {command.line}: $ {command.text}", *lines, ""))


def _counted(names: dict[str, str]) -> dict[str, int]:
    told = list(names.values())
    return {name: told.count(name) for name in told}
