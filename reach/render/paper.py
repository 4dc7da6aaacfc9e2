"""Lines of styled words that wrap: what every text for people is written on.

Takes spans of text, each with a style; gives one string, with ANSI codes or without.  Whatever
could move a cursor, change a colour or turn the reading direction is written as a visible escape:
names and tags come from strangers.  Must not know what is being said.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

Span = tuple[str, str]
Word = list[Span]

NARROWEST = 40
_CODES = {
    "": "",
    "bold": "1",
    "dim": "2",
    "good": "1;32",
    "bad": "1;31",
    "open": "1;33",
    "id": "36",
    "change": "35",
}


def visible(text: str) -> str:
    """``text`` with every character that does not simply show itself written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    if short:
        return short
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


class Paper:
    """Lines under way; ``text`` gives what was written."""

    def __init__(self, *, colour: bool, width: int) -> None:
        self._colour = colour
        self._width = max(width, NARROWEST)
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)

    @property
    def width(self) -> int:
        return self._width

    def blank(self) -> None:
        """An empty line, unless the last one is."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def title(self, words: str) -> None:
        self.blank()
        self.put((words, "bold"))

    def put(self, *spans: Span | str, indent: int = 0, hang: int | None = None) -> None:
        """Spans, one right after the other, in as many lines as they need.

        The first line begins at ``indent``, the others at ``hang``.  A word is never broken, nor
        put on a line of its own where it would begin no further left there.
        """
        pad, next_pad = indent, indent if hang is None else hang
        line: list[Span] = []
        used = 0
        for gap, word in _words(_spans(spans)):
            size = sum(cells(text) for text, _ in word)
            if line and pad + used + gap + size > self._width and pad + used + gap > next_pad:
                self._end(pad, line)
                line, used, pad, gap = [], 0, next_pad, 0
            # A gap between two words of one style has it too, so that one pair of codes will do.
            style = word[0][1] if line and line[-1][1] == word[0][1] else ""
            line += [(" " * gap, style), *word] if gap else word
            used += gap + size
        self._end(pad, line)

    def keep(self, span: Span, *, indent: int) -> None:
        """One line as it is, however long: a command that wraps is another command."""
        text, style = span
        self._end(indent, [(visible(text), style)])

    def table(self, rows: Sequence[Sequence[str]], *, indent: int = 2) -> None:
        """Rows of cells in columns; the last column wraps below itself."""
        shown = [[visible(cell) for cell in row] for row in rows]
        widths = [max(map(cells, column)) for column in zip(*shown, strict=True)]
        last = indent + sum(widths[:-1]) + 2 * len(widths[:-1])
        # A column that would leave no room for the last one is not worth its alignment.
        hang = last if last <= self._width // 2 else indent + 4
        for row in shown:
            padded = [
                cell + " " * (size - cells(cell) + 2)
                for cell, size in zip(row[:-1], widths, strict=False)
            ]
            self.put("".join([*padded, row[-1]]).rstrip(), indent=indent, hang=hang)

    def _end(self, pad: int, line: Sequence[Span]) -> None:
        parts = groupby(line, key=lambda span: span[1])
        words = "".join(self._styled("".join(t for t, _ in part), style) for style, part in parts)
        self._lines.append(" " * pad + words if line else "")

    def _styled(self, text: str, style: str) -> str:
        code = _CODES[style]
        return f"\x1b[{code}m{text}\x1b[0m" if code and self._colour else text


def _spans(spans: Iterable[Span | str]) -> Iterator[Span]:
    for span in spans:
        text, style = (span, "") if isinstance(span, str) else span
        yield visible(text), style


def _words(spans: Iterable[Span]) -> Iterator[tuple[int, Word]]:
    """Each word, which may change its style midway, with the number of spaces before it."""
    letters = ((letter, style) for text, style in spans for letter in text)
    gap = 0
    for is_gap, run in groupby(letters, key=lambda letter: letter[0] == " "):
        if is_gap:
            gap = sum(1 for _ in run)
        else:
            parts = groupby(run, key=lambda letter: letter[1])
            yield gap, [("".join(text for text, _ in part), style) for style, part in parts]
            gap = 0
