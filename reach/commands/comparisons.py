"""What changed between two snapshots.

    reach diff BEFORE AFTER     0 nothing changed, 1 gained or lost, 3 undecided

Must not know how it is found.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from reach import console
from reach.commands.arguments import chosen, load_snapshot, with_options

if TYPE_CHECKING:
    from reach.comparing.difference import Difference
    from reach.snapshot.snapshot import Snapshot

_CHANGED = 1


@click.command(
    epilog="""\b
Examples:
  reach diff before/ after/
  reach diff main.tar.zst branch.tar.zst --only gained
  reach diff before/ after/ --format markdown > comment.md

\b
Exit status: 0 nothing changed in reachability, 1 something was gained or lost,
2 usage or bad input, 3 nothing is known to have changed, but not all is decided."""
)
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
@click.option("--only", type=click.Choice(["gained", "lost"]), help="Show and count these alone.")
@click.option("--one-way", is_flag=True, help="The packet has to arrive; no reply is needed.")
@click.option(
    "--most",
    type=click.IntRange(min=1),
    metavar="N",
    help="Tell at most N kinds of flows apart each way; with more it is not complete.",
)
@with_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Text for people, one JSON object, or a comment for a pull request.",
)
@click.pass_context
def diff(
    ctx: click.Context,
    before: str,
    after: str,
    only: str | None,
    one_way: bool,
    most: int | None,
    options: tuple[str, ...],
    form: str,
) -> None:
    """What changed in reachability from one snapshot to another, and a proof that nothing else did.

    Flows gained and lost between whom, for which packets, each with a packet that was replayed.
    Tags, descriptions and the order of things do not count; what only one of the snapshots tells
    makes its part undecided.
    """
    from reach.comparing.diff import MOST
    from reach.comparing.diff import diff as compare

    with console.waiting("comparing"):
        told = compare(
            _loaded(before),
            _loaded(after),
            one_way=one_way,
            options=chosen(options),
            most=most or MOST,
        )
    told = replace(told, before=before, after=after)
    _put(_narrowed(told, only), form)
    ctx.exit(_status(_narrowed(told, only)))


def _loaded(path: str) -> Snapshot:
    """One of two: what is wrong with it names it as well."""
    from reach.snapshot.errors import SnapshotError

    try:
        return load_snapshot(path)
    except SnapshotError as error:
        if error.file is None or error.file == path:
            raise
        raise SnapshotError(error.message, f"{path}: {error.file}", error.pointer) from None


def _narrowed(told: Difference, only: str | None) -> Difference:
    if only == "gained":
        return replace(told, lost=(), only=only)
    return replace(told, gained=(), only=only) if only == "lost" else told


def _status(told: Difference) -> int:
    if told.gained or told.lost:
        return _CHANGED
    return 0 if told.is_decided else console.UNDECIDED


def _put(told: Difference, form: str) -> None:
    if form == "json":
        console.put_json(told.to_dict())
    elif form == "markdown":
        from reach.comparing.markdown import markdown

        console.put(markdown(told))
    else:
        from reach.comparing.report import difference

        paper = console.paper()
        difference(paper, told)
        console.put(paper.text)
