"""What ``reach test --coverage --mutate`` prints of a snapshot.

Takes findings and a sheet of paper; writes on it.  Must not know how anything was found.
"""

from __future__ import annotations

from collections.abc import Iterable

from reach.render.paper import Paper
from reach.testing.case import Line
from reach.testing.coverage import Coverage, Finding, Mutants
from reach.testing.mutation import Mutation


def finding(paper: Paper, found: Finding) -> None:
    """What is not exercised, then the changes that no case would notice; a blank line."""
    if found.coverage is not None:
        _coverage(paper, found.snapshot, found.coverage)
    if found.mutants is not None:
        _mutants(paper, found.snapshot, found.mutants)
    paper.blank()


def _coverage(paper: Paper, snapshot: str, told: Coverage) -> None:
    number = told.lines - len(told.unexercised)
    style = "open" if told.unexercised else "good"
    paper.blank()
    paper.put(
        ("Coverage", "bold"),
        f" of {snapshot}: ",
        (f"{number:,} of {told.lines:,}", style),
        " rules, ACL entries and routes are exercised",
        hang=2,
    )
    if told.unexercised:
        paper.put(("exercised by no case", "dim"), indent=2)
    _lines(paper, ((line, "") for line in told.unexercised))


def _mutants(paper: Paper, snapshot: str, told: Mutants) -> None:
    noticed = told.tried - len(told.survivors) - len(told.unknown)
    style = "open" if told.survivors or told.unknown else "good"
    paper.blank()
    paper.put(
        ("Mutation", "bold"),
        f" of {snapshot}: ",
        (f"{noticed:,} of {told.tried:,}", style),
        " changes of one rule, ACL entry or route would be noticed",
        hang=2,
    )
    exercised = [mutation for mutation, exercised in told.survivors if exercised]
    others = [mutation for mutation, exercised in told.survivors if not exercised]
    for words, mutations in (
        ("exercised, and no case would notice", exercised),
        ("exercised by no case", others),
        ("not known: whoever tried it died", told.unknown),
    ):
        if mutations:
            paper.put((words, "dim"), indent=2)
        _changes(paper, mutations)


def _changes(paper: Paper, mutations: Iterable[Mutation]) -> None:
    _lines(paper, ((mutation.line, mutation.kind.value) for mutation in mutations))


def _lines(paper: Paper, lines: Iterable[tuple[Line, str]]) -> None:
    """Each thing once, with its lines below it."""
    by_thing: dict[tuple[str, str], list[str]] = {}
    for line, change in lines:
        words = f"{line.locator}: {change}" if change else line.locator
        by_thing.setdefault((line.resource, line.name), []).append(words)
    for (resource, name), told in by_thing.items():
        paper.put((resource, "id"), f" ({name})" if name else "", indent=4)
        for words in told:
            paper.put(words, indent=6, hang=8)
