"""What ``reach explain`` prints: cards of things and of codes.

Takes a card and a sheet of :class:`~reach.render.paper.Paper`; writes on it.  Must not know where
the text goes, nor how anything was found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import assert_never

from reach.answer import header_words
from reach.cards.card import Card, Line, Standing, Thing
from reach.cards.codes import CodeCard
from reach.render.paper import Paper, cells, visible

_STYLES = {
    Standing.USABLE: "good",
    Standing.SHADOWED: "open",
    Standing.DEAD: "bad",
    Standing.BLACKHOLE: "bad",
    Standing.UNDECIDED: "open",
}
_MOST_THINGS = 20
_TITLES = {"inbound": "Inbound", "outbound": "Outbound", "": "Entries"}


def explained(paper: Paper, told: Card | CodeCard) -> None:
    """A card of either kind."""
    match told:
        case Card():
            card(paper, told)
        case CodeCard():
            code(paper, told)
        case _:
            assert_never(told)


def card(paper: Paper, told: Card) -> None:
    """The whole card: what it is, who is connected with it, its lines."""
    paper.put((told.id, "bold"), f"  {told.name}  " if told.name else "  ", told.kind, hang=2)
    place = " ".join(filter(None, (told.account, told.region)))
    where = f"{told.file}: {told.pointer}"
    paper.put(", ".join(filter(None, (place, where))), indent=2, hang=4)
    facts = [(label, value) for label, value in (told.facts or {}).items()]
    if facts:
        paper.table(facts)
    _things(paper, "In it" if told.lines else "Names", told.attached)
    _things(paper, "Named by", told.referrers)
    _lines(paper, told)
    for note in told.notes:
        paper.blank()
        paper.put(note, indent=2, hang=2)


def code(paper: Paper, told: CodeCard) -> None:
    """A code: what it means, why, what to do, and where it can be seen."""
    paper.put((told.code, "bold"), f"  {told.kind}", hang=2)
    paper.put(told.words, indent=2, hang=2)
    for title, words in (
        ("Usually", told.cause),
        ("Look at, and change", told.change),
        ("Cannot stand in an answer", told.never),
    ):
        if words:
            paper.title(title)
            paper.put(words, indent=2, hang=2)
    paper.blank()
    facts = [("rules", " ".join(told.rules)), ("implemented by", ", ".join(told.components))]
    facts.append(("AWS tells with it", ", ".join(told.members)))
    if told.sample:
        facts.append(("example", f'samples/{told.sample}, case "{told.case}"'))
    paper.table([fact for fact in facts if fact[1]])


def _things(paper: Paper, title: str, things: Sequence[Thing]) -> None:
    if not things:
        return
    paper.title(f"{title} ({len(things)})")
    paper.table([(each.id, each.name or "-", each.words) for each in things[:_MOST_THINGS]])
    if len(things) > _MOST_THINGS:
        paper.put(f"and {len(things) - _MOST_THINGS} more", indent=2)


def _lines(paper: Paper, told: Card) -> None:
    for direction in dict.fromkeys(line.direction for line in told.lines):
        own = [line for line in told.lines if line.direction == direction]
        is_table = any(line.target for line in own)
        paper.title(f"{'Routes' if is_table else _TITLES[direction]} ({_counted(own)})")
        rows = [_columns(line) for line in own]
        widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
        for line, row in zip(own, rows, strict=True):
            _line(paper, line, row, widths)
    if told.removable:
        paper.blank()
        names = "; ".join(told.removable)
        paper.put("Can all go at once, and nothing changes: ", names, indent=2, hang=4)


def _counted(lines: Iterable[Line]) -> str:
    counts = Counter(line.standing for line in lines)
    words = [f"{counts[each]} {each.value}" for each in Standing if counts[each]]
    return ", ".join(words) or str(counts.total())


def _columns(line: Line) -> tuple[str, ...]:
    number = line.key.partition(" ")[2] if line.action else ""
    way = {"inbound": "from ", "outbound": "to "}.get(line.direction, "")
    peer = f"{way}{line.peer}"
    if line.target:
        peer += f" -> {line.target}"
    columns = (number, line.action, line.protocol, line.ports, peer, line.id, line.description)
    return tuple(visible(column) for column in columns)


def _line(paper: Paper, line: Line, row: Sequence[str], widths: Sequence[int]) -> None:
    """One line: its standing, its columns, and below why or by which packet."""
    padded = [
        text + " " * (width - cells(text) + 2)
        for text, width in zip(row, widths, strict=True)
        if width
    ]
    standing = line.standing
    shown = f"{standing.value:<11}" if standing is not None else ""
    style = _STYLES[standing] if standing is not None else ""
    paper.put((shown, style), "".join(padded).rstrip(), indent=2, hang=17)
    for words in _below(line):
        paper.put((words, "dim"), indent=13, hang=15)


def _below(line: Line) -> Iterable[str]:
    if line.by:
        yield f"by {'; '.join(line.by)}"
    if line.reason:
        yield line.reason
    if line.passage is not None and not line.by:
        told = line.passage
        reply = "the reply of a flow, " if told.reply else ""
        ends = f"{told.source} to {told.destination}"
        yield f"{reply}{header_words(told.packet)}, {ends}"
