"""Questions about everybody: exposure, matrix, isolated.

    reach exposure [PACKET]           0 nothing is reached, 1 something is, 3 undecided
    reach matrix [PACKET]             0 whenever all of it was proved, 3 undecided
    reach isolated A B [PACKET]       0 isolated, 1 not, 3 undecided

Must not know how anything is found, nor by whom.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from reach.commands.arguments import chosen, is_cached, with_options, with_snapshot
from reach.survey.arguments import Divided, refuse, with_form, with_portions

_BY = "endpoint, subnet, group, vpc, account or tag:KEY"
_Command = Callable[..., None]


_PACKET = click.argument("packet", nargs=-1, metavar="[PACKET]")


def _by(default: str) -> Callable[[_Command], _Command]:
    return click.option(
        "--by", default=default, show_default=True, metavar="WHAT", help=f"Group by {_BY}."
    )


def _with_survey_options(command: _Command) -> _Command:
    """What all three have in common."""
    for add in (
        with_portions,
        with_form,
        with_options,
        click.option(
            "--no-reduce",
            is_flag=True,
            help="Leave the network as large as it is: the same answer, later. For doubting reach.",
        ),
        click.option(
            "--one-way", is_flag=True, help="Only the packet has to arrive, no reply come back."
        ),
        with_snapshot,
    ):
        command = add(command)
    return command


def _with_sides(source: str, by: str) -> Callable[[_Command], _Command]:
    """What the two have in common that name their sides by options."""

    def add(command: _Command) -> _Command:
        for each in (
            _with_survey_options,
            click.option(
                "--no-proof", is_flag=True, help="Quicker: do not prove that nothing is left out."
            ),
            _by(by),
            click.option(
                "--to",
                "destination",
                default="any",
                show_default=True,
                metavar="DESTINATION",
                help="Who is reached.",
            ),
            click.option(
                "--from",
                "source",
                default=source,
                show_default=True,
                metavar="SOURCE",
                help="Who sends.",
            ),
            _PACKET,
        ):
            command = each(command)
        return command

    return add


@click.command(
    epilog="""\b
Examples:
  reach exposure --snapshot snapshot/
  reach exposure port 22 --snapshot snapshot/
  reach exposure --from tag:Stage=test --to tag:Stage=prod
  reach exposure --shard 2/8 --format json > shard-2.json

\b
Exit status: 0 nothing is reached, 1 something is,
2 usage or bad input, 3 undecided."""
)
@_with_sides(source="internet", by="endpoint")
@click.pass_context
def exposure(ctx: click.Context, /, no_proof: bool, form: str, **how: Any) -> None:
    """All that the internet reaches: who, with which services, and by which way in.

    Each access is a packet that was replayed there and back, and it is proved that there are no
    others. Instances in private subnets that are reached all the same are told apart.
    """
    _run(ctx, "exposure", prove=not no_proof, form=form, **how)


@click.command(
    epilog="""\b
Examples:
  reach matrix --snapshot snapshot/
  reach matrix --by account port 443 --snapshot snapshot/
  reach matrix --by tag:Stage --format csv > stages.csv
  reach matrix --cluster tls://scheduler:8786 --portion-seconds 60

\b
Exit status: 0 all of it was proved, 2 usage or bad input, 3 undecided."""
)
@_with_sides(source="any", by="vpc")
@click.pass_context
def matrix(ctx: click.Context, /, no_proof: bool, form: str, **how: Any) -> None:
    """Who reaches whom, with which services, between end points, subnets, VPCs or accounts.

    Each access is a packet that was replayed there and back, and it is proved that there are no
    others.
    """
    _run(ctx, "matrix", prove=not no_proof, form=form, **how)


@click.command(
    epilog="""\b
Examples:
  reach isolated tag:Stage=prod tag:Stage=test --snapshot snapshot/
  reach isolated vpc-0abc vpc-0def port 22 --snapshot snapshot/

\b
Exit status: 0 isolated, 1 not, 2 usage or bad input, 3 undecided."""
)
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@_PACKET
@_by("endpoint")
@_with_survey_options
@click.pass_context
def isolated(ctx: click.Context, /, one: str, other: str, form: str, **how: Any) -> None:
    """Whether nothing gets from either of two sides to the other: proved, or every way through."""
    _run(ctx, "isolated", source=one, destination=other, form=form, **how)


def _run(
    ctx: click.Context,
    kind: str,
    *,
    form: str,
    snapshot: str,
    packet: tuple[str, ...],
    options: tuple[str, ...],
    no_reduce: bool,
    **how: Any,
) -> None:
    divided = Divided.taken(how)
    refuse(divided, form)
    from reach.survey.asked import Asked
    from reach.survey.command import run

    given = tuple(chosen(options).items())
    passes = () if no_reduce else None
    asked = Asked(kind, packet=" ".join(packet), options=given, reductions=passes, **how)
    ctx.exit(run(asked, snapshot, form, divided, is_cached(), _progress()))


def _progress() -> Any:
    """A line on stderr that says how far it is, where somebody looks at it."""
    if not sys.stderr.isatty():
        from reach.survey.survey import silent

        return silent

    def show(stage: str, done: int, total: int) -> None:
        share = f" {done:,} of {total:,}" if total else f" {done:,}" if done else ""
        sys.stderr.write(f"\r\x1b[K{stage}{share}")
        sys.stderr.flush()

    return show
