"""What ``reach test`` and ``reach merge`` do: cases asked or joined, and shown; the status.

    run_suites(suites, form, load, **how) -> status        run_merge(files, form, **how) -> status

Takes paths and options; gives the exit status.  Light to import: what asks and shows is imported
when it is needed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reach import console
from reach.jobs.arguments import cluster_of, refuse_tls
from reach.testing.arguments import FEW, SUFFIX, How

if TYPE_CHECKING:
    from reach.jobs.cluster import Cluster
    from reach.jobs.crew import Workers
    from reach.snapshot.snapshot import Snapshot
    from reach.testing.case import Case, Result
    from reach.testing.session import Session


def run_suites(suites: Sequence[str], form: str, load: Callable[[str], Snapshot], how: How) -> int:
    """Ask all cases of some suites, show what does not hold, write the reports; the status."""
    from reach.testing.baseline import NOTHING, read_baseline
    from reach.testing.session import Session

    _refuse(how)
    today = how.today or date.today()
    known = read_baseline(how.baseline) if how.baseline else NOTHING
    cases = _chosen(suites, how)
    session = Session(tuple(suites), today, compared=how.baseline is not None)
    if how.shard is not None:
        from reach.testing.merging import part_of

        session.part = part_of(cases, how.shard, suites, today, how.baseline)
        cases = [cases[position] for position in session.part.positions]
    for result in _asked(cases, today, how, load):
        told = known.known(result)
        session.results.append(told)
        if form == "text":
            _show(told)
    if how.coverage or how.mutate:
        _look_further(session, how, load)
    return _end(session, form, how)


def run_merge(files: Sequence[str], form: str, how: How) -> int:
    """Join the shards of a run, show what does not hold, write the reports; the whole's status."""
    from reach.testing.merging import merged

    session = merged(files)
    if form == "text":
        for result in session.results:
            _show(result)
    return _end(session, form, how)


def _end(session: Session, form: str, how: How) -> int:
    _tell(session, form)
    _report(session, how)
    return session.status


def _refuse(how: How) -> None:
    """Raise for options that do not go together."""
    if how.jobs == 0 and _limits_words(how):
        raise click.UsageError(f"{_limits_words(how)} needs processes: give --jobs more than 0.")
    if how.jobs is not None and how.cluster is not None:
        raise click.UsageError("--jobs is of this machine: leave it out, or --cluster.")
    if how.shard is not None and (how.coverage or how.mutate):
        raise click.UsageError("--coverage and --mutate are of whole suites: leave out --shard.")
    refuse_tls(how)


def _limits_words(how: How) -> str:
    if how.case_seconds is not None:
        return "--case-seconds"
    return "--case-memory" if how.case_memory is not None else ""


def _chosen(suites: Sequence[str], how: How) -> list[Case]:
    from reach.testing.reading import load_suite

    read = [load_suite(file, how.snapshots) for path in suites for file in _files(path)]
    cases = [case for suite in read for case in suite.cases]
    if not how.tags:
        return cases
    chosen = [case for case in cases if set(how.tags) & set(case.tags)]
    if not chosen:
        known = sorted({tag for case in cases for tag in case.tags})
        words = f"there is {', '.join(known)}" if known else "no case has a tag"
        raise click.UsageError(f"No case is tagged {' or '.join(how.tags)}; {words}.")
    return chosen


def _files(path: str) -> list[str]:
    """A file itself; of a folder all the suites in it and below."""
    if not os.path.isdir(path):
        return [path]
    found = sorted(map(str, Path(path).rglob(f"*{SUFFIX}")))
    if not found:
        raise click.UsageError(f"There is no *{SUFFIX} in {path}.")
    return found


def _asked(
    cases: Sequence[Case], today: date, how: How, load: Callable[[str], Snapshot]
) -> Iterator[Result]:
    from reach.testing.asked import Wanted, ask_all

    # Whoever joins shards may want any report of them.
    places = "asff" in dict(how.reports) or how.shard is not None
    wanted = Wanted(places, how.coverage or how.mutate)
    return ask_all(cases, today, by=_by(how, len(cases)), wanted=wanted, load=load)


def _by(how: How, number: int) -> Workers | Cluster:
    """Who asks so many cases."""
    from reach.jobs.job import Limits

    limits = Limits(how.case_seconds, how.case_memory)
    cluster = cluster_of(how, limits)
    if cluster is not None:
        return cluster
    from reach.jobs.crew import Workers

    if how.jobs is not None:
        return Workers(how.jobs, limits)
    processes = os.cpu_count() or 1
    return Workers(processes if number >= FEW or limits.are_any else 0, limits)


def _show(told: Result) -> None:
    from reach import report
    from reach.testing.case import Outcome

    if told.outcome not in (Outcome.HOLDS, Outcome.KNOWN):
        paper = console.paper()
        report.result(paper, told)
        console.put(paper.text)


def _look_further(session: Session, how: How, load: Callable[[str], Snapshot]) -> None:
    """Coverage and mutants, of which no status hangs."""
    from reach.testing.coverage import look_further

    session.findings += look_further(
        session.results,
        session.today,
        coverage=how.coverage,
        mutate=how.mutate,
        workers=(os.cpu_count() or 1) if how.jobs is None else how.jobs,
        load=load,
    )


def _tell(session: Session, form: str) -> None:
    from reach import report

    if form == "json":
        console.put_json(session.to_dict())
        return
    paper = console.paper()
    for found in session.findings:
        from reach.testing.findings import finding

        finding(paper, found)
    report.summary(paper, session.results)
    console.put(paper.text)


def _report(session: Session, how: How) -> None:
    """Every report, each whole or not at all."""
    if not how.reports:
        return
    from reach.testing.reports import Where, render

    for kind, file in how.reports:
        text = render(session, kind, Where(how.account or "", how.region or ""))
        if file == "-":
            console.put(text)
            continue
        try:
            with open(file, "w", encoding="utf-8", errors="backslashreplace") as sink:
                sink.write(text)
        except OSError as error:
            console.say("error", f"{file}: {error.strerror or error}")
            sys.exit(console.IO_ERROR)
