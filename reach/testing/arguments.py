"""The options of ``reach test`` and ``reach merge``, and what their values are.

    @with_options ... def test(suites, form, **how)        How(**how)

Gives decorators of commands, and one frozen value of all that was chosen.  Light to import.  Must
not know what is done with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click

from reach.jobs.arguments import CLUSTER, Decorator, memory, seconds, shard
from reach.jobs.shard import Shard

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
    case_seconds: float | None = None
    case_memory: int | None = None
    shard: Shard | None = None
    cluster: str | None = None
    tls_ca_file: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
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
        folder = Path(file).parent
        if file != "-" and not folder.is_dir():
            # Said now, not after an hour of asking.
            words = f"{file!r} cannot be written: {str(folder)!r} is no folder."
            raise click.BadParameter(words, ctx, param)
        found.append((kind, file))
    return tuple(found)


def _listed() -> str:
    return f"{', '.join(REPORTS[:-1])} or {REPORTS[-1]}"


_REPORTS: tuple[Decorator, ...] = (
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
)
_OPTIONS: tuple[Decorator, ...] = (
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
    seconds(
        "--case-seconds",
        "--timeout",
        "case_seconds",
        words="A case that takes longer, once its snapshot is read, is undecided.",
    ),
    memory("--case-memory", "A case whose process takes more is undecided: 512MiB, 2GiB."),
    shard("Only the I-th of N parts of the cases; reach merge joins their JSON."),
    *CLUSTER,
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
    *_REPORTS,
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


def with_reports(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which reports are written."""
    for option in reversed(_REPORTS):
        command = option(command)
    return command
