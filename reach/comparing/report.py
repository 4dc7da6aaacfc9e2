"""A difference on paper: what was gained, what was lost, and what stays open, line by line.

Takes a difference and a sheet; writes on it.  Must not know how anything was found.
"""

from __future__ import annotations

from collections.abc import Sequence

from reach.answer import Remark, header_words
from reach.comparing import words
from reach.comparing.difference import Difference, Line
from reach.end_point import members
from reach.render.paper import Paper

_MARKS = {"Gained": ("+", "bad"), "Lost": ("-", "change"), "Undecided": ("?", "open")}


def difference(paper: Paper, told: Difference) -> None:
    """The whole difference."""
    style = "good" if told.is_nothing else "open" if not (told.gained or told.lost) else "bad"
    paper.put((words.verdict(told), style), hang=2)
    for title, lines in (
        ("Gained", told.gained),
        ("Lost", told.lost),
        ("Undecided", told.undecided),
    ):
        if lines:
            paper.title(f"{title}")
            _lines(paper, title, lines)
    if told.gaps:
        paper.title("Not compared")
        _remarks(paper, told.gaps)
    if told.notes and not told.is_nothing:
        paper.title("Notes")
        _remarks(paper, told.notes)
    paper.blank()
    paper.put(words.closing(told), hang=2)
    paper.put((f"compared: {told.compared}", "dim"), hang=2)


def _lines(paper: Paper, title: str, lines: Sequence[Line]) -> None:
    mark, style = _MARKS[title]
    for line in lines:
        paper.put(
            (f"{mark} ", style),
            (members(line.sources), "id"),
            " -> ",
            (members(line.destinations), "id"),
            indent=2,
            hang=6,
        )
        paper.put((words.packets(line.packets), "bold"), indent=6, hang=8)
        if title == "Undecided":
            paper.put((words.stood(line), "open"), indent=6, hang=8)
        verb = "let through by" if line.is_gained else "was let through by"
        for each in line.because:
            paper.put((f"{verb} ", "dim"), (each.resource, "id"), f" {each.text}", indent=6, hang=8)
        if line.stopped is not None:
            verb = "was stopped by" if line.is_gained else "stopped by"
            who = line.stopped.resource
            text = f" {line.stopped.text}"
            paper.put((f"{verb} ", "dim"), (who, "id"), text, indent=6, hang=8)
        path = " > ".join(dict.fromkeys(step.resource for step in line.witness.forward))
        packet = header_words(line.witness.packet)
        paper.put(("for example ", "dim"), packet, indent=6, hang=8)
        paper.put(("by ", "dim"), (path, "dim"), indent=6, hang=8)


def _remarks(paper: Paper, remarks: Sequence[Remark]) -> None:
    for each in remarks:
        paper.put("- ", (each.resource, "id"), f" {each.text}", indent=2, hang=4)
