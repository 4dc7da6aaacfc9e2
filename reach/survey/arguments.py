"""The options that divide a survey: over processes, shards or a cluster, and what a portion takes.

    @with_portions ... def matrix(**how)        Divided(**how)

Gives a decorator of commands, and one frozen value of all that was chosen.  Light to import.  Must
not know what is done with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import click

from reach.jobs.arguments import CLUSTER, Decorator, memory, refuse_tls, seconds, shard
from reach.jobs.shard import Shard

FORMS = ("text", "json", "csv")


@dataclass(frozen=True, slots=True)
class Divided:
    """The options of a command."""

    processes: int | None = None
    portion_seconds: float | None = None
    portion_memory: int | None = None
    shard: Shard | None = None
    cluster: str | None = None
    tls_ca_file: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None

    @staticmethod
    def taken(how: dict[str, Any]) -> Divided:
        """These options, which are then no more among all."""
        return Divided(**{each.name: how.pop(each.name) for each in fields(Divided)})


_OPTIONS: tuple[Decorator, ...] = (
    click.option(
        "--processes",
        type=click.IntRange(min=0),
        metavar="N",
        help="Divide it among N processes; 0: in this one.  [default: as many as processors, "
        "where that is worth it]",
    ),
    seconds(
        "--portion-seconds",
        words="A portion that takes longer, once it is prepared, is told as open.",
    ),
    memory("--portion-memory", "A portion whose process takes more is told as open: 512MiB, 2GiB."),
    shard("Only the I-th of N shards, as JSON; reach merge joins them."),
    *CLUSTER,
)


def with_portions(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


with_form = click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="text",
    show_default=True,
    help="Text for people, one JSON object, or a line for each access.",
)


def refuse(how: Divided, form: str) -> None:
    """Raise for options that do not go together."""
    if how.processes == 0 and (how.portion_seconds or how.portion_memory):
        named = "--portion-seconds" if how.portion_seconds else "--portion-memory"
        raise click.UsageError(f"{named} needs processes: give --processes more than 0.")
    if how.processes is not None and how.cluster is not None:
        raise click.UsageError("--processes is of this machine: leave it out, or --cluster.")
    if how.shard is not None and form != "json":
        raise click.UsageError("A shard says nothing by itself: add --format json, and merge all.")
    refuse_tls(how)
