"""Fixes and cuts as text: what to change, the commands, and what else that would do.

Takes a proposal and a sheet of paper; writes on it.  Commands stand on lines of their own, which a
shell takes as they are.  Sees proposals and the network's words only.
"""

from __future__ import annotations

import shlex

from reach.network.field import format_protocol
from reach.network.header_space import HeaderSpace, Ranges, values_told
from reach.proposal import Others, Proposal, Standing
from reach.render.paper import Paper, Span

_MOST_LINES = 6
_MOST_VALUES = 3
_LEVEL = 5


def proposal(paper: Paper, title: str, told: Proposal) -> None:
    """The whole proposal, or why there is none."""
    paper.title(title)
    if told.standing is Standing.VERIFIED:
        _changes(paper, told)
        _effects(paper, told)
        return
    head = "nothing to do" if told.standing is Standing.NEEDLESS else "none is offered"
    paper.put((f"{head}: ", "open"), told.reason, indent=2, hang=4)
    _notes(paper, told)


def _notes(paper: Paper, told: Proposal) -> None:
    for note in told.notes:
        paper.put("- ", note, indent=2, hang=4)


def _changes(paper: Paper, told: Proposal) -> None:
    for number, edit in enumerate(told.edits, start=1):
        named = f" ({edit.name})" if edit.name else ""
        spans: list[Span | str] = [(f"{number:>2}", "dim"), " ", (edit.resource, "id"), named]
        paper.put(*spans, ": ", edit.text, indent=1, hang=_LEVEL)
        for line in _lines(edit.command, paper.width - _LEVEL):
            paper.keep((line, "bold"), indent=_LEVEL)
    paper.blank()
    count = len(told.edits)
    changes = "this change" if count == 1 else f"these {count} changes"
    fewest = "; fewer changes are not enough" if told.smallest and count > 1 else ""
    words = f"asked again on a copy with {changes}, it is {told.verdict}{fewest}"
    paper.put(("verified: ", "good"), words, indent=2, hang=4)
    _notes(paper, told)


def _lines(command: str, width: int) -> list[str]:
    """A command in lines that a shell takes as one, broken before options only."""
    lines: list[str] = []
    for word in shlex.split(command):
        quoted = shlex.quote(word)
        if not lines:
            lines.append(quoted)
        elif word.startswith("--"):
            lines.append(f"  {quoted}")
        else:
            lines[-1] += f" {quoted}"
    filled = lines[:1]
    for line in lines[1:]:
        if len(filled[-1]) + len(line) <= width - 3:
            filled[-1] += line[1:]
        else:
            filled[-1] += " \\"
            filled.append(line)
    return filled


def _effects(paper: Paper, told: Proposal) -> None:
    effects = {"It would open as well": told.opens, "It would close as well": told.closes}
    for title, others in effects.items():
        if others is not None:
            _others(paper, title, others)
    compared = dict.fromkeys(each.compared for each in effects.values() if each is not None)
    for words in compared:
        paper.blank()
        paper.put((f"compared, before and after: {words}", "dim"), indent=2, hang=4)


def _others(paper: Paper, title: str, others: Others) -> None:
    paper.title(title)
    by_ends: dict[tuple[str, str], list[str]] = {}
    for flow in others.flows:
        by_ends.setdefault(flow.between, []).extend(map(_packets, flow.packets))
    for (source, destination), packets in by_ends.items():
        paper.put((source, "id"), " -> ", (destination, "id"), indent=2, hang=4)
        lines = list(dict.fromkeys(packets))
        for line in lines[:_MOST_LINES]:
            paper.put(line, indent=4, hang=6)
        if len(lines) > _MOST_LINES:
            paper.put(f"and {len(lines) - _MOST_LINES} more", indent=4)
    found = "nothing else" if others.flows else "nothing"
    why = others.reason or "that was not settled"
    words = f"{found}, proved" if others.complete else f"and perhaps more: {why}"
    paper.put((words, "dim"), indent=2, hang=4)


def _packets(space: HeaderSpace) -> str:
    """The packets in short: ``tcp 443 from 10.0.0.6 to 10.0.1.5``, a client's own port left out.

    Who the ends are has been said; of many addresses it need not be said again.
    """
    told = {name: _values(name, space) for name, _ in space.fields}
    ports = told.get("destination_port", "")
    typed = f"type {told['icmp_type']}" if "icmp_type" in told else ""
    what = " ".join(part for part in (told.get("protocol", "any packet"), ports, typed) if part)
    ends = [
        f"{way} {told[n]}" for way, n in (("from", "source"), ("to", "destination")) if told.get(n)
    ]
    return " ".join((what, *ends))


def _values(name: str, space: HeaderSpace) -> str:
    values = space.by_name[name]
    if name == "protocol":
        return _protocols(values)
    shown = [text.removesuffix("/32").removesuffix("/128") for text in values_told(name, values)]
    if len(shown) > _MOST_VALUES and name in ("source", "destination"):
        return ""
    more = f" and {len(shown) - _MOST_VALUES} more" if len(shown) > _MOST_VALUES else ""
    return ", ".join(shown[:_MOST_VALUES]) + more


def _protocols(values: Ranges) -> str:
    single = values.single
    if single is None:
        return "other protocols"
    name = format_protocol(single)
    return name if name.isalpha() or name == "icmpv6" else f"protocol {name}"
