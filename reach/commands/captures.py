"""The commands that ask AWS: ``reach capture`` and, for the rights that it needs, ``reach policy``.

Arguments -> capture -> exit status; progress and what is missing go to stderr.  boto3 and rich are
loaded by a capture alone.  Must not know any call, nor how answers are kept.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reach import __version__, console

if TYPE_CHECKING:
    from reach.snapshot.capture.run import Outcome
    from reach.snapshot.record import Scope

_MOST_LINES = 20


@click.command(
    epilog="""\b
Examples:
  reach capture snapshot/
  reach capture snapshot/ --profile audit --region eu-central-1
  reach capture snapshot/ --role-arn arn:aws:iam::111122223333:role/reader
  reach capture snapshot/ --organization --role-name reader
  reach capture snapshot/ --resume

\b
Exit status: 0 done, 2 usage, bad input or no credentials, 3 with --strict:
something was not read, or the network changed."""
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--profile", "profiles", metavar="NAME", multiple=True, help="Read its account.")
@click.option(
    "--role-arn", "roles", metavar="ARN", multiple=True, help="Read the role's account, as it."
)
@click.option("--external-id", metavar="TEXT", default="", help="What the roles want to be told.")
@click.option(
    "--organization", is_flag=True, help="Read every account of the organisation as well."
)
@click.option("--role-name", metavar="NAME", default="", help="The role in each of its accounts.")
@click.option(
    "--region",
    "regions",
    metavar="NAME",
    multiple=True,
    help="A Region to read; all that are on if left out.",
)
@click.option("--resume", is_flag=True, help="Go on with a capture, and ask again for its gaps.")
@click.option(
    "--recheck",
    type=click.Choice(["lists", "all", "none"]),
    default="lists",
    show_default=True,
    help="What to read twice, to notice a network that changes meanwhile.",
)
@click.option(
    "--in-flight",
    type=click.IntRange(1, 50),
    default=4,
    show_default=True,
    metavar="N",
    help="Calls to one service of one Region at a time.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 200),
    default=16,
    show_default=True,
    metavar="N",
    help="Calls at a time in all.",
)
@click.option(
    "--attempts",
    type=click.IntRange(1, 50),
    default=8,
    show_default=True,
    metavar="N",
    help="How often a call that is throttled or fails is tried.",
)
@click.option("--strict", is_flag=True, help="End with status 3 if anything is missing.")
@click.pass_context
def capture(ctx: click.Context, /, folder: Path, strict: bool, resume: bool, **asked: Any) -> None:
    """Save what AWS says of your networks in a folder, to be asked offline.

    Only describe, get, list and search calls; see "reach policy" for the rights. What is refused
    is written down as a gap. Passwords, keys and environment variables are never written.
    """
    from reach.components import sections
    from reach.snapshot.capture.targets import Targets

    if asked["organization"] and not asked["role_name"]:
        raise click.UsageError(
            "--organization needs --role-name: the role to take in each account."
        )
    try:
        from reach.snapshot.capture import run
    except ModuleNotFoundError as error:
        raise click.UsageError(
            f"reach capture needs {error.name}: pip install 'vpc-reach[capture]'."
        ) from None
    targets = Targets(
        profiles=asked["profiles"],
        role_arns=_arns(asked["roles"]),
        external_id=asked["external_id"],
        organization=asked["organization"],
        role_name=asked["role_name"],
        regions=tuple(dict.fromkeys(asked["regions"])),
        recheck=asked["recheck"],
        in_flight=asked["in_flight"],
        workers=asked["workers"],
        attempts=asked["attempts"],
    )
    try:
        with _Progress() as progress:
            outcome = run.capture(
                folder,
                sections(),
                targets,
                tool=f"reach {__version__}",
                now=_now,
                watch=progress,
                resume=resume,
            )
    except KeyboardInterrupt:
        say(f"interrupted; reach capture {folder} --resume goes on")
        # What is written is whole at any moment; the calls in flight are not waited for.
        os._exit(console.INTERRUPTED)
    _tell(outcome)
    ctx.exit(console.UNDECIDED if strict and (outcome.gaps or outcome.changed) else 0)


def _arns(texts: Sequence[str]) -> tuple[str, ...]:
    for text in texts:
        parts = text.split(":")
        if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith("role/"):
            raise click.UsageError(
                f"{text!r} is no role; arn:aws:iam::111122223333:role/name is expected."
            )
    return tuple(dict.fromkeys(texts))


def _now() -> str:
    """The time, or SOURCE_DATE_EPOCH (reproducible-builds.org), for captures that are compared."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given:
        if not given.isdecimal():
            raise click.UsageError("SOURCE_DATE_EPOCH is no number of seconds.")
        return datetime.fromtimestamp(int(given), UTC).isoformat()
    return datetime.now(UTC).isoformat(timespec="seconds")


class _Progress:
    """How far a capture is: a bar on a terminal, else a line for each phase."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[at]}", style="dim"),
            console=self._console,
            transient=True,
        )
        self._task: Any = None

    def begin(self, phase: str, calls: int) -> None:
        if self._console.is_terminal:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(phase, total=calls, at="")
        else:
            click.echo(f"{phase}: {calls} calls", err=True)

    def done(self, scope: Scope, operation: str, status: str) -> None:
        if self._task is not None:
            at = " ".join(filter(None, (*scope, operation)))
            self._bar.update(self._task, advance=1, at=at)

    def __enter__(self) -> _Progress:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._bar.stop()


def _tell(outcome: Outcome) -> None:
    """What was read, what was not and why, and what changed."""
    from reach.snapshot.manifest import PARENT

    places = "account or Region" if outcome.scopes == 1 else "accounts and Regions"
    say(f"{outcome.files} files of {outcome.scopes} {places} in {outcome.path}")
    if outcome.gaps:
        say(f"{len(outcome.gaps)} gaps: what depends on them will be undecided")
        _list(Counter(_gap(gap) for gap in outcome.gaps if gap["reason"] != PARENT))
    if outcome.changed:
        say("the network changed while it was read; capture it again when it is quiet")
        _list(Counter(map(_change, outcome.changed)))


def _list(counted: Counter[str]) -> None:
    lines = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    for words, times in lines[:_MOST_LINES]:
        say(f"  {words}" + (f", {times} times" if times > 1 else ""))
    if len(lines) > _MOST_LINES:
        say(f"  and {len(lines) - _MOST_LINES} more; all are in manifest.json")


def _gap(gap: Mapping[str, Any]) -> str:
    if gap["whole"]:
        place = " ".join(filter(None, (gap["account"], gap["region"])))
        return f"{place}: {gap['reason']} ({gap['code']})"
    return f"{gap['operation']}: {gap['reason']} ({gap['code']})"


def _change(change: Mapping[str, Any]) -> str:
    place = f"{change['account']} {change['region']}".strip()
    ids = change.get("ids", [])
    told = change.get("message") or ", ".join(ids[:3]) + (" and more" if len(ids) > 3 else "")
    return f"{place} {change['operation']}: {told}"


def say(text: str) -> None:
    from reach.render.paper import visible

    click.echo(visible(text), err=True)
    sys.stderr.flush()


@click.command(
    epilog="""\b
Examples:
  reach policy > reader.json
  reach policy --organization --role-arn 'arn:aws:iam::*:role/reader'

\b
Exit status: 0, or 2 for bad usage."""
)
@click.option(
    "--role-arn", "roles", metavar="ARN", multiple=True, help="Roles that it may take as well."
)
@click.option("--organization", is_flag=True, help="It may list the organisation's accounts.")
def policy(roles: tuple[str, ...], organization: bool) -> None:
    """Print the least-privilege IAM policy for "reach capture".

    It allows exactly the calls that a capture can make, and nothing that changes anything.
    """
    from reach.components import sections
    from reach.snapshot.capture.policy import policy as make

    console.put_json(make(sections(), role_arns=_arns(roles), organization=organization))
