"""Text for people, and CSV for spreadsheets, of surveys: the verdict first, then who reaches whom.

Sees surveys only: must not know how they were made, nor where the text goes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence

from reach.answer import Remark
from reach.network.header_text import header_words
from reach.render.paper import Paper
from reach.survey.findings import (
    COLUMNS,
    Access,
    Group,
    Isolation,
    Standing,
    Survey,
    services_words,
)

# What a spreadsheet takes for the beginning of a formula, the wide forms of East Asia among them.
_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
# From so many pairs on they are told by what they come through; and so many ends of each by name.
_MANY, _FEW = 24, 3
_STYLE = {Standing.NOTHING: "good", Standing.SOMETHING: "bad", Standing.UNDECIDED: "open"}


def text(told: Survey | Isolation, *, colour: bool, width: int) -> str:
    """The whole of it."""
    paper = Paper(colour=colour, width=width)
    match told:
        case Isolation():
            _isolation(paper, told)
        case Survey(kind="exposure"):
            _head(paper, told)
            _exposure(paper, told)
            _foot(paper, told)
        case Survey():
            _head(paper, told)
            _matrix(paper, told)
            _foot(paper, told)
    return paper.text


def table(told: Survey | Isolation) -> str:
    """CSV with a line of names; no cell can be taken for a formula."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in told.to_rows():
        writer.writerow({name: _harmless(str(value)) for name, value in row.items()})
    return out.getvalue()


def _harmless(cell: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in cell)
    return f"'{shown}" if shown.lstrip()[:1] in _FORMULA else shown


def _head(paper: Paper, told: Survey) -> None:
    count = len({each.destination for each in told.accesses})
    words = {
        Standing.NOTHING: ("NOTHING", f"{told.source} reaches nobody of {told.destination}"),
        Standing.UNDECIDED: (
            "UNDECIDED",
            f"whether {told.source} reaches anybody of {told.destination} is not settled",
        ),
        Standing.SOMETHING: (
            f"{count:,}",
            f"{_kinds(told.by, count)} of {told.destination} reached from {told.source}",
        ),
    }[told.standing]
    style = "bold" if told.standing is Standing.SOMETHING else _STYLE[told.standing]
    asked = f", {told.packet}" if told.packet else ""
    paper.put((words[0], style), f"  {words[1]}{asked}", hang=len(words[0]) + 2)
    paper.blank()


def _kinds(by: str, count: int) -> str:
    if by == "endpoint":
        return "kind of end point" if count == 1 else "kinds of end points"
    what = {"vpc": "VPC", "group": "security group"}.get(by, by)
    if by.startswith("tag:"):
        what = f"value of {by[4:]}"
        return what if count == 1 else f"values of {by[4:]}"
    return what if count == 1 else f"{what}s"


def _exposure(paper: Paper, told: Survey) -> None:
    """The private ones last, by name: nobody expects them."""
    for private in (False, True):
        some = [e for e in told.accesses if told.destinations[e.destination].private is private]
        if not some:
            continue
        paper.title("In private subnets all the same" if private else "In public subnets")
        for destination, accesses in _by(lambda each: each.destination, some):
            _reached(paper, told, told.destinations[destination])
            for each in accesses:
                _access(paper, each)
        paper.blank()


def _by(
    end: Callable[[Access], str], accesses: Iterable[Access]
) -> Iterable[tuple[str, list[Access]]]:
    """The accesses by one of their ends, in the order in which these come up."""
    found: dict[str, list[Access]] = {}
    for each in accesses:
        found.setdefault(end(each), []).append(each)
    return found.items()


def _reached(paper: Paper, told: Survey, group: Group) -> None:
    """End points that are alike all by name; of another group not all need be reached."""
    if told.by == "endpoint" and len(group.members) > 1:
        paper.put((_members(group), "id"), indent=2, hang=4)
    else:
        addresses = _addresses(group) if told.by == "endpoint" else ""
        paper.put((group.name, "id"), addresses, indent=2, hang=4)


def _members(group: Group) -> str:
    return ", ".join(f"{each.resource} {each.name}".strip() for each in group.members)


def _addresses(group: Group) -> str:
    return "".join(f"  {', '.join(each.addresses[:2])}" for each in group.members[:1])


def _access(paper: Paper, access: Access) -> None:
    by = f"  by {', '.join(access.ways)}" if access.ways else ""
    paper.put((services_words(access.services), "bold"), (by, "dim"), indent=4, hang=6)
    paper.put(("for example ", "dim"), header_words(access.witness.packet), indent=6, hang=8)
    for each in access.assumptions[:1]:
        more = len(access.assumptions) - 1
        rest = f" (and {more} more)" if more else ""
        paper.put((f"{each.text}{rest}", "dim"), indent=6, hang=8)


def _matrix(paper: Paper, told: Survey) -> None:
    for source, accesses in _by(lambda each: each.source, told.accesses):
        paper.put((told.sources[source].name, "id"), " reaches", indent=0, hang=2)
        for destination, some in _by(lambda each: each.destination, accesses):
            paper.put((told.destinations[destination].name, "id"), indent=2, hang=4)
            for each in some:
                _access(paper, each)
        paper.blank()
    _alike(paper, told)


def _alike(paper: Paper, told: Survey) -> None:
    """Who is meant where end points are told together, once."""
    every = {**told.sources, **told.destinations}.values() if told.by == "endpoint" else ()
    several = sorted((each for each in every if len(each.members) > 1), key=lambda each: each.name)
    if several:
        paper.title("Told together, as every rule treats them alike")
        for each in several:
            paper.put((each.name, "id"), ": ", _members(each), indent=2, hang=4)
        paper.blank()


def _isolation(paper: Paper, told: Isolation) -> None:
    verdict = {
        Standing.NOTHING: "ISOLATED",
        Standing.SOMETHING: "NOT ISOLATED",
        Standing.UNDECIDED: "UNDECIDED",
    }[told.standing]
    head = f"  {told.one} and {told.other}"
    paper.put((verdict, _STYLE[told.standing]), head, hang=len(verdict) + 2)
    paper.blank()
    for each in (told.there, told.back):
        paper.title(f"From {each.source} to {each.destination}")
        if each.standing is Standing.NOTHING:
            paper.put("nothing gets through", indent=2)
        if len(each.accesses) > _MANY:
            _ways_through(paper, each)
        else:
            _matrix(paper, each)
        _foot(paper, each)


def _ways_through(paper: Paper, told: Survey) -> None:
    """Very many pairs by what they come through, the way of the most first: that is the fault."""
    through: dict[tuple[str, ...], list[Access]] = {}
    for each in told.accesses:
        through.setdefault(each.ways, []).append(each)
    for ways, some in sorted(through.items(), key=lambda each: -len(each[1])):
        paper.put((f"by {', '.join(ways)}" if ways else "by nothing in between", "bold"), hang=2)
        sources = [told.sources[name] for name in dict.fromkeys(each.source for each in some)]
        to_whom = dict.fromkeys(each.destination for each in some)
        destinations = [told.destinations[name] for name in to_whom]
        services = dict.fromkeys(service for each in some for service in each.services)
        count = len(sources)
        reach = "reaches" if count == 1 else "reach"
        others = f"{len(destinations):,} other{'' if len(destinations) == 1 else 's'}"
        words = f"{count:,} {_kinds(told.by, count)} {reach} {others}: "
        paper.put(words, (services_words(tuple(services)), "bold"), indent=2, hang=4)
        paper.put(("from ", "dim"), _few(sources), indent=2, hang=4)
        paper.put(("to ", "dim"), _few(destinations), indent=2, hang=4)
        packet = header_words(some[0].witness.packet)
        paper.put(("for example ", "dim"), packet, indent=2, hang=4)
    coarser = " or --by vpc for fewer" if told.by == "endpoint" else ""
    pairs = f"{len(told.accesses):,} pairs: each with --format json or csv{coarser}"
    paper.put((pairs, "dim"))
    paper.blank()


def _few(groups: Sequence[Group]) -> str:
    more = [f"{len(groups) - _FEW:,} more"] if len(groups) > _FEW else []
    return "; ".join([*(each.name for each in groups[:_FEW]), *more])


def _foot(paper: Paper, told: Survey) -> None:
    if told.open:
        paper.title("Not settled")
        for each in told.open:
            source, destination = told.sources[each.source], told.destinations[each.destination]
            paper.put(f"{source.name} to {destination.name} hangs on", indent=2, hang=4)
            _remarks(paper, each.gaps, indent=4)
        paper.blank()
    _section(paper, "The snapshot does not tell", told.gaps)
    _section(paper, "Notes", told.notes)
    paper.put((told.proof, "dim" if told.complete else "open"))


def _section(paper: Paper, title: str, told: Sequence[Remark]) -> None:
    if told:
        paper.title(title)
        _remarks(paper, told, indent=2)
        paper.blank()


def _remarks(paper: Paper, told: Iterable[Remark], *, indent: int) -> None:
    for each in told:
        collect = f" (settled by: {each.collect})" if each.collect else ""
        who = (f"{each.resource}: ", "id") if each.resource else ""
        paper.put(who, f"{each.text}{collect}", indent=indent, hang=indent + 2)
