"""What ``reach show --classes`` prints.

Takes a :class:`~reach.shrinking.shrink.Shrunk` and a sheet of paper; writes on it.  Must not know
where the text goes, nor how anything was found.
"""

from __future__ import annotations

from reach.render.paper import Paper
from reach.shrinking.shrink import MOST_COUNTED, Class, Shrunk

MOST_CLASSES, MOST_MEMBERS = 10, 8


def classes(paper: Paper, told: Shrunk) -> None:
    """How much smaller, then the largest classes with who is in them, then the nodes."""
    paper.put(
        (told.path, "bold"),
        f"  {_count(told.interfaces, 'interface')} in "
        f"{_count(told.nodes_of_interfaces, 'class')}: {told.factor:.2f} to one",
        hang=2,
    )
    paper.title("How many are alike")
    rows = [
        (_count(count, "class"), "of one interface" if size == 1 else f"of {size} interfaces")
        for size, count in told.sizes
    ]
    paper.table(rows or [("none",)])
    if told.classes:
        paper.title("The largest classes")
    for each in told.classes[:MOST_CLASSES]:
        _class(paper, each)
    _more(paper, len(told.classes) - MOST_CLASSES, "class", indent=2)
    _nodes(paper, told)


def _class(paper: Paper, told: Class) -> None:
    where = f"{told.subnet} {told.subnet_name}".strip()
    groups = ", ".join(told.groups) or "no security groups"
    paper.put((f"{len(told.members)}", "bold"), f" in {where}; {groups}", indent=2, hang=4)
    paper.table(
        [(m.interface, m.instance or "-", m.name) for m in told.members[:MOST_MEMBERS]], indent=4
    )
    _more(paper, len(told.members) - MOST_MEMBERS, "interface", indent=4)


def _more(paper: Paper, count: int, noun: str, *, indent: int) -> None:
    if count > 0:
        paper.put(f"and {_count(count, f'more {noun}')}; all with --format json", indent=indent)


def _nodes(paper: Paper, told: Shrunk) -> None:
    paper.title("Nodes that a packet might visit")
    if told.passes is None:
        words = f"not counted: that takes minutes for more than {MOST_COUNTED:,} interfaces"
        paper.put(words, indent=2, hang=4)
    for each in told.passes or ():
        paper.put(
            (each.name, "bold"),
            f"  {each.without:,} without the pass, {each.nodes:,} with it: {each.words}",
            indent=2,
            hang=4,
        )


def _count(number: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("class") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
