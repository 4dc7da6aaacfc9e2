"""A difference as Markdown: a comment on a pull request, at most so many characters.

Takes a difference; gives text.  Names and tags come from strangers: whatever could be markup, a
mention or a link is written so that it is none.  Must not know how anything was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reach.answer import header_words
from reach.comparing import words
from reach.comparing.difference import Difference, Line
from reach.end_point import members
from reach.render.paper import visible

LONGEST = 60_000  # a comment on GitHub takes 65,536
_ROOM = 500


def markdown(told: Difference) -> str:
    """The whole difference, the last lines left out where it would be too long."""
    text = "".join(f"{line}\n" for line in _head(told))
    left_out = 0
    for part in _parts(told):
        if left_out or len(text) + len(part) > LONGEST - _ROOM:
            left_out += 1
        else:
            text += part
    if left_out:
        text += f"\n… and {left_out} more, left out for the length of this comment.\n"
    return text + "".join(f"\n{line}\n" for line in _foot(told))


def _head(told: Difference) -> Iterator[str]:
    yield f"### Reachability: {_plain(words.verdict(told))}"


def _foot(told: Difference) -> Iterator[str]:
    yield _plain(words.closing(told)).capitalize() + "."
    yield f"<sub>Compared: {_plain(told.compared)}.</sub>"


def _parts(told: Difference) -> Iterator[str]:
    for title, lines in (
        ("Gained", told.gained),
        ("Lost", told.lost),
        ("Undecided", told.undecided),
    ):
        if lines:
            yield f"\n#### {title}\n\n| from | to | packets | why |\n|---|---|---|---|\n"
            yield from (_row(line) for line in lines)
    if told.gaps:
        yield "\n#### Not compared\n\n"
        yield from (f"- {_plain(each.resource)}: {_plain(each.text)}\n" for each in told.gaps)
    every = [*told.gained, *told.lost, *told.undecided]
    if every:
        yield "\n<details><summary>One packet of each, and its path</summary>\n\n"
        yield from (_witness(line) for line in every)
        yield "\n</details>\n"


def _row(line: Line) -> str:
    cells = (
        members(line.sources),
        members(line.destinations),
        words.packets(line.packets),
        "; ".join(_why(line)),
    )
    return f"| {' | '.join(map(_plain, cells))} |\n"


def _why(line: Line) -> Sequence[str]:
    told = [f"{each.resource} {each.text}" for each in line.because]
    if not told and line.stopped is not None:
        told = [f"{line.stopped.resource} {line.stopped.text}"]
    if "undecided" in (line.was.value, line.now.value):
        told.append(words.stood(line))
    return told


def _witness(line: Line) -> str:
    path = " > ".join(dict.fromkeys(step.resource for step in line.witness.forward))
    return f"- {_plain(header_words(line.witness.packet))}, by {_plain(path)}\n"


_SPECIAL = {ord(c): f"&#{ord(c)};" for c in "&<>|`*_[]()#~@\\!:"}


def _plain(text: str) -> str:
    """Text that no reader of Markdown takes for anything else."""
    return visible(text).translate(_SPECIAL)
