"""Figures as tables in Markdown: a column for each place, the aims and the peers beside them.

    render(tables, results, most) -> text

What did not come to a figure, and what came out wrong, is said in its place or under the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bench.figure import Found, Place, Results, Row, Table, value

STAGES = "stages"
SO_FAR = " so far"  # of what a job had taken when it was ended
SHARE = 0.01  # a stage that is less than this of the whole everywhere has no row


def render(tables: Iterable[Table], results: Results, most: int) -> str:
    """Every table that anything was measured for, then what was aimed at and what became of it."""
    chosen = [table for table in tables if table.up_to(most)]
    parts = [part for each in chosen for part in of_table(each, results, most)]
    summed = aims(chosen, results, most)
    return "\n\n".join([*parts, *([markdown(summed)] if len(summed) > 1 else [])])


def of_table(table: Table, results: Results, most: int) -> Iterator[str]:
    """One table, and what has to be said under it."""
    places = table.up_to(most)
    heads = [table.title, *(place.name for place in places), "aim"]
    lines = [heads]
    failed: set[tuple[str, str]] = set()
    for row in table.rows:
        lines += _lines(row, places, results, failed)
    yield markdown(_without_empty(lines))
    yield from (
        f"As published: {peer}." for peer in dict.fromkeys(row.peer for row in table.rows) if peer
    )
    yield from _remarks(table, places, results)
    yield from table.compared(results)


def _lines(
    row: Row, places: Sequence[Place], results: Results, failed: set[tuple[str, str]]
) -> Iterator[list[str]]:
    found = [results.get(row.job.name, {}).get(place.name, {}) for place in places]
    if row.key == STAGES:
        for name in _stages(found):
            spent = (show(_staged(each)[STAGES].get(name), "s") for each in found)
            yield [f"... {row.what}{name}", *spent, ""]
        return
    cells = []
    for place, each in zip(places, found, strict=True):
        told = show(value(each, row.key), row.unit)
        if told and row.unit == "MB" and "failure" in each:
            told += SO_FAR
        if not told and "failure" in each and (row.job.name, place.name) not in failed:
            failed.add((row.job.name, place.name))
            told = each["failure"]
        cells.append(told)
    aimed = [f"{show(aim, row.unit)} at {size:,}" for size, aim in row.aims.items() if size]
    aimed += [show(aim, row.unit) for size, aim in row.aims.items() if not size]
    yield [row.what, *cells, "; ".join(aimed)]


def _staged(found: Found) -> Found:
    return found if isinstance(found.get(STAGES), dict) else {STAGES: {}}


def _stages(found: Sequence[Found]) -> list[str]:
    """The stages that take a share of the whole anywhere, in the order they are told in."""
    names: dict[str, None] = {}
    for each in found:
        stages: Mapping[str, float] = _staged(each)[STAGES]
        whole = sum(stages.values())
        names |= {name: None for name, spent in stages.items() if spent >= SHARE * whole}
    return sorted(names, key=lambda name: name == "other")


def _without_empty(lines: list[list[str]]) -> list[list[str]]:
    """Without columns of which only the head is there."""
    kept = [n for n in range(len(lines[0])) if n == 0 or any(line[n] for line in lines[1:])]
    return [[line[n] for n in kept] for line in lines]


def _remarks(table: Table, places: Iterable[Place], results: Results) -> Iterator[str]:
    """What a table has no cells for: wrong answers, errors, what is left out of figures."""
    for place in places:
        for job in table.jobs:
            found = results.get(job.name, {}).get(place.name, {})
            where = f"{place.name}, {job.name}"
            yield from (f"WRONG: {where}: {each}" for each in found.get("wrong", ())[:10])
            yield from (f"ERROR: {where}: {each}" for each in found.get("errors", ()))
            yield from (f"{where}: {each}." for each in found.get("said", ()))
            if found.get("untimed"):
                yield f"{where}: no clock around {', '.join(found['untimed'])}."


def aims(tables: Iterable[Table], results: Results, most: int) -> list[list[str]]:
    """Every aim with what was measured where it is set."""
    lines = [["aim", "at", "aimed at", "measured", "reached"]]
    for table in tables:
        for row in table.rows:
            for size, aim in row.aims.items():
                for place in table.up_to(most):
                    if place.interfaces == size:
                        found = results.get(row.job.name, {}).get(place.name, {})
                        lines.append(_aim(table, row, place, aim, found))
    return lines


def _aim(table: Table, row: Row, place: Place, aim: float, found: Found) -> list[str]:
    told = None if "failure" in found and row.unit == "MB" else value(found, row.key)
    reached = (
        "" if told is None else "yes" if told <= aim else f"no, by a factor of {told / aim:.2g}"
    )
    measured = show(told, row.unit) or found.get("failure", "not measured")
    what = row.what if not row.what.startswith("...") else f"{table.title} {row.what}"
    return [what, place.name, show(aim, row.unit), measured, reached or "no"]


def show(told: Any, unit: str) -> str:
    """A figure with its unit: seconds below one in milliseconds, memory in megabytes."""
    if told is None or isinstance(told, str):
        return told or ""
    match unit:
        case "s":
            if told < 0.9995:
                return f"{told * 1000:.3g} ms"
            return f"{told:,.0f} s" if told >= 99.5 else f"{told:.3g} s"
        case "MB":
            return f"{told:,.0f} MB"
        case "%":
            return f"{told:.1%}"
        case "x":
            return f"{told:.2f}"
        case _:
            return f"{told:,.0f} {unit}".rstrip()


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """Lines as a Markdown table whose columns line up; the first is its head."""
    clean = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    widths = [max(len(line[column]) for line in clean) for column in range(len(clean[0]))]
    rows = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in clean
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([rows[0], rule, *rows[1:]])
