"""What ``reach test`` does: its options, its cases asked and shown, its status.

    @with_options ... def test(suites, form, **how): status = run_suites(suites, form, load, **how)

Takes paths and options; gives the exit status.  Light to import: what asks and shows is imported
when it is needed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reach import console

if TYPE_CHECKING:
    from reach.snapshot.snapshot import Snapshot
    from reach.testing.case import Case, Result
    from reach.testing.session import Session

# Fewer cases than this are asked sooner than a process of their own has started.
FEW = 20
SUFFIX = ".reach.yaml"
REPORTS = ("asff", "github", "json", "junit", "markdown", "sarif")


@dataclass(frozen=True, slots=True)
class How:
    """The options of the command."""

    snapshots: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    jobs: int | None = None
    timeout: float | None = None
    baseline: str | None = None
    today: date | None = None
    reports: tuple[tuple[str, str], ...] = ()
    account: str | None = None
    region: str | None = None
    coverage: bool = False
    mutate: bool = False


def _day(ctx: click.Context, param: click.Parameter, value: str | None) -> date | None:
    try:
        # Python reads more forms of a day than people do.
        return None if value is None else date.fromisoformat(value if len(value) == 10 else "")
    except ValueError:
        raise click.BadParameter(f"{value!r} is no day: write YYYY-MM-DD.", ctx, param) from None


def _kinds(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    found = []
    for value in values:
        kind, _, file = value.partition("=")
        if kind not in REPORTS or not file:
            words = f"{value!r} is no report: write KIND=FILE, KIND one of {_listed()}."
            raise click.BadParameter(words, ctx, param)
        found.append((kind, file))
    return tuple(found)


def _listed() -> str:
    return f"{', '.join(REPORTS[:-1])} or {REPORTS[-1]}"


_OPTIONS: tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...] = (
    click.option(
        "--snapshot",
        "snapshots",
        metavar="PATH",
        multiple=True,
        help="Ask of this one what names no snapshot in its own case; several times: of each.",
    ),
    click.option(
        "--tag", "tags", metavar="TAG", multiple=True, help="Only cases with one of these tags."
    ),
    click.option(
        "--jobs",
        type=click.IntRange(min=0),
        metavar="N",
        help="Ask by N processes; 0: in this one.  [default: as many as processors, "
        f"0 for fewer than {FEW} cases]",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="What takes longer has no answer.",
    ),
    click.option(
        "--baseline",
        metavar="FILE",
        help="Only what is new fails: FILE is the JSON of an earlier run.",
    ),
    click.option(
        "--today",
        callback=_day,
        envvar="REACH_TODAY",
        show_envvar=True,
        metavar="YYYY-MM-DD",
        help="The day by which exceptions end.  [default: today]",
    ),
    click.option(
        "--report",
        "reports",
        callback=_kinds,
        multiple=True,
        metavar="KIND=FILE",
        help=f"Write a report into FILE (-: stdout); KIND is {_listed()}. May be said again.",
    ),
    click.option("--account", metavar="ID", help="For asff: where the snapshot tells no account."),
    click.option("--region", metavar="NAME", help="For asff: where the snapshot tells no Region."),
    click.option(
        "--coverage",
        is_flag=True,
        help="List the rules, ACL entries and routes that no case exercises.",
    ),
    click.option(
        "--mutate",
        is_flag=True,
        help="List the changes of one rule, ACL entry or route that no case would notice.",
    ),
)


def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of ``reach test``, but for the suites and the form."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def run_suites(
    suites: Sequence[str], form: str, load: Callable[[str], Snapshot], **options: Any
) -> int:
    """Ask all cases of some suites, show what does not hold, write the reports; the status."""
    from reach.testing.baseline import NOTHING, read_baseline
    from reach.testing.session import Session

    how = How(**options)
    today = how.today or date.today()
    known = read_baseline(how.baseline) if how.baseline else NOTHING
    cases = _chosen(suites, how)
    session = Session(tuple(suites), today, compared=how.baseline is not None)
    for result in _asked(cases, today, how, load):
        told = known.known(result)
        session.results.append(told)
        if form == "text":
            _show(told)
    if how.coverage or how.mutate:
        _look_further(session, how, load)
    _tell(session, form)
    _report(session, how)
    return session.status


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


def _asked(cases: Sequence[Case], today: date, how: How, load: Callable[[str], Snapshot]) -> Any:
    from reach.testing.asked import Wanted, ask_all

    wanted = Wanted("asff" in dict(how.reports), how.coverage or how.mutate)
    workers = _workers(how, len(cases))
    return ask_all(cases, today, workers=workers, seconds=how.timeout, wanted=wanted, load=load)


def _workers(how: How, number: int) -> int:
    if how.jobs == 0 and how.timeout is not None:
        raise click.UsageError("--timeout needs processes: give --jobs more than 0.")
    if how.jobs is not None:
        return how.jobs
    if how.timeout is not None:
        return os.cpu_count() or 1
    return (os.cpu_count() or 1) if number >= FEW else 0


def _show(told: Result) -> None:
    from reach import report
    from reach.testing.case import Outcome

    if told.outcome not in (Outcome.HOLDS, Outcome.KNOWN):
        paper = console.paper()
        report.result(paper, told)
        console.put(paper.text, colour=console.colour())


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
    console.put(paper.text, colour=console.colour())


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
