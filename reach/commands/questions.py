"""Questions: can and can-manage, with the verdict as the exit status.

    reach can SOURCE reach [DESTINATION] [PACKET]       0 reachable, 1 unreachable, 3 undecided
    reach can-manage INSTANCE                           the same, for Session Manager

Must not know how anything is answered.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from reach import console
from reach.commands.arguments import (
    asked,
    chosen,
    read_json,
    with_aws_format,
    with_options,
    with_snapshot,
)

if TYPE_CHECKING:
    from reach.answer import Answer
    from reach.snapshot.snapshot import Snapshot

_STATUS = {
    "reachable": console.REACHABLE,
    "unreachable": console.UNREACHABLE,
    "undecided": console.UNDECIDED,
}
MOST_WAYS = 200
MOST_ENDS = 100


@click.command(
    epilog="""\b
Examples:
  reach can internet reach i-0abc port 22 --snapshot snapshot/
  reach can web-1 reach 10.0.1.7 port 5432 --snapshot snapshot/ --one-way
  reach can tag:Tier=web reach internet port 443/tcp --format json
  reach can 0.0.0.0/0 reach port 22          (any interface of the snapshot)
  reach can web-1 reach db-1 port 5432 --fix
  reach can --from-aws analyses.json --snapshot snapshot/

\b
Exit status: 0 reachable, 1 unreachable, 2 usage or bad input, 3 undecided."""
)
@click.argument("question", nargs=-1, metavar="SOURCE reach [DESTINATION] [PACKET]")
@with_snapshot
@click.option("--one-way", is_flag=True, help="Only the packet has to arrive, no reply come back.")
@click.option(
    "--port-at",
    type=click.Choice(["source", "destination"]),
    default="source",
    show_default=True,
    help="Where the packet has the port asked for: leaving the source or arriving.",
)
@click.option("--through", multiple=True, metavar="ID", help="The packet has to pass this thing.")
@click.option("--avoid", multiple=True, metavar="ID", help="The packet must not pass this thing.")
@click.option(
    "--assume",
    type=(click.Choice(["reachable", "unreachable"]), str),
    multiple=True,
    metavar="reachable|unreachable ID",
    help="Take what the snapshot leaves open about ID as passing, or as blocking.",
)
@click.option(
    "--at-source",
    metavar="FIELD=VALUE",
    multiple=True,
    help="Ask more of the packet as it leaves: source, source-port, destination, "
    "destination-port or protocol.",
)
@click.option(
    "--at-destination",
    metavar="FIELD=VALUE",
    multiple=True,
    help="Ask more of the packet as it arrives, by the same fields.",
)
@click.option(
    "--from-aws",
    type=click.File("rb"),
    metavar="FILE",
    multiple=True,
    help="Ask what is saved of describe-network-insights-analyses (or -paths), and compare.",
)
@click.option(
    "--paths",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Show the N shortest distinct paths.",
)
@click.option(
    "--list",
    "ends",
    type=click.IntRange(min=0),
    default=MOST_ENDS,
    show_default=True,
    metavar="N",
    help='List up to N groups of end points where an end is "any"; one that is left out only if '
    "this is said.",
)
@click.option(
    "--blocked",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Show the N closest ways on which nothing gets through.",
)
@click.option(
    "--all-blockers", is_flag=True, help="Show every way: all minimal sets of what blocks."
)
@click.option(
    "--fix",
    is_flag=True,
    help="Of what is unreachable: the smallest change that would open it, as commands to read.",
)
@click.option(
    "--cut",
    is_flag=True,
    help="Of what is reachable: the fewest rules to remove to close it, as commands to read.",
)
@click.option(
    "--no-reduce",
    is_flag=True,
    help="Make every interface a node of its own: the same answer, later. For doubting reach.",
)
@with_options
@with_aws_format
@click.pass_context
def can(
    ctx: click.Context,
    question: Sequence[str],
    snapshot: str,
    one_way: bool,
    port_at: str,
    through: tuple[str, ...],
    avoid: tuple[str, ...],
    assume: tuple[tuple[str, str], ...],
    at_source: tuple[str, ...],
    at_destination: tuple[str, ...],
    from_aws: tuple[Any, ...],
    paths: int,
    ends: int,
    blocked: int,
    all_blockers: bool,
    fix: bool,
    cut: bool,
    no_reduce: bool,
    options: tuple[str, ...],
    form: str,
) -> None:
    """Ask whether a packet can get there, and its reply back.

    SOURCE and DESTINATION are internet, any, private, public, an address, a CIDR, an id, an ARN, a
    Name tag or tag:Key=Value. PACKET is "port PORT[-PORT][/PROTO]", "icmp [TYPE[/CODE]]" or
    "protocol NUMBER"; any packet if left out.
    """
    import reach
    from reach.demand import read_pairs

    _either(question, from_aws)
    if from_aws:
        ctx.exit(_compared(snapshot, from_aws, form))

    def ask(loaded: Snapshot) -> Answer:
        return reach.ask(
            loaded,
            _asked(question),
            one_way=one_way,
            port_at=port_at,
            options=chosen(options),
            through=through,
            avoid=avoid,
            assume=_assumed(assume),
            at_source=dict(read_pairs(at_source)),
            at_destination=dict(read_pairs(at_destination)),
            packets=True,
            blocked=MOST_WAYS if all_blockers else blocked,
            paths=paths,
            ends=ends if _is_listed(ctx, question) else 0,
            fix=fix,
            cut=cut,
            reductions=() if no_reduce else None,
        )

    with console.waiting("asking"):
        loaded, answer = asked(snapshot, ask)
    _show(loaded, answer, form)
    ctx.exit(_STATUS[answer.verdict])


def _is_listed(ctx: click.Context, question: Sequence[str]) -> bool:
    """A destination that is left out is any, and not listed unasked: that takes times as long."""
    return "any" in question or ctx.get_parameter_source("ends") is ParameterSource.COMMANDLINE


def _assumed(given: Sequence[tuple[str, str]]) -> dict[str, str]:
    """What is assumed of each id: one thing."""
    told: dict[str, str] = {}
    for value, resource in given:
        if told.setdefault(resource, value) != value:
            raise click.UsageError(f"{resource} is assumed both reachable and unreachable")
    return told


def _either(question: Sequence[str], from_aws: Sequence[Any]) -> None:
    """A question, or files that bring some: one of the two, and not both."""
    if from_aws and question:
        raise click.UsageError(
            "--from-aws brings its own questions: leave out SOURCE and the rest."
        )
    if not from_aws and not question:
        raise click.UsageError("Missing argument 'SOURCE reach [DESTINATION] [PACKET]'.")


def _show(snapshot: Snapshot, answer: Answer, form: str) -> None:
    from reach.render import render

    if form == "aws":
        from reach.analysis.analyse import analyse

        answer = analyse(snapshot, answer)
    colour = console.colour()
    try:
        console.put(render(answer, form, colour=colour, width=console.width()))
    except BrokenPipeError:
        # The verdict is known all the same, and the status tells it.
        console.forget_stdout()


def _compared(snapshot: str, files: Sequence[Any], form: str) -> int:
    """Ask what AWS was asked, print what differs, and say it in a status."""
    from reach import recorded, report

    if form == "aws":
        raise click.UsageError("--from-aws compares: its --format is text or json.")
    saved = recorded.read([read_json(file) for file in files])
    _, found = asked(snapshot, lambda loaded: [recorded.compare(loaded, each) for each in saved])
    if form == "json":
        console.put_json({"format": 1, "comparisons": [each.to_dict() for each in found]})
    else:
        paper = console.paper()
        report.comparisons(paper, found)
        console.put(paper.text)
    outcomes = [each.outcome for each in found]
    statuses = {"refused": console.BAD_INPUT, "differs": 1, "undecided": console.UNDECIDED}
    return next((status for name, status in statuses.items() if name in outcomes), 0)


@click.command(
    "can-manage",
    epilog="""\b
Examples:
  reach can-manage i-0abc --snapshot snapshot/
  reach can-manage web-1 --snapshot snapshot/ --format json

\b
Exit status: 0 reachable, 1 unreachable, 2 usage or bad input, 3 undecided.""",
)
@click.argument("instance", metavar="INSTANCE")
@with_snapshot
@with_options
@with_aws_format
@click.pass_context
def can_manage(
    ctx: click.Context, instance: str, snapshot: str, options: tuple[str, ...], form: str
) -> None:
    """Ask whether Session Manager can manage an instance.

    Nothing connects to it: the instance has to reach the services ssm and ssmmessages on tcp/443,
    by an interface endpoint that private DNS gives their names, or by their public addresses.
    INSTANCE is an id, an ARN or a Name tag.
    """
    import reach
    from reach import report

    loaded, told = asked(
        snapshot, lambda loaded: reach.can_manage(loaded, instance, options=chosen(options))
    )
    try:
        if form == "json":
            console.put_json(told.to_dict())
        elif form == "aws":
            from reach.analysis.analyse import analyse
            from reach.render.aws import render_all

            answers = (answer for service in told.services for answer in service.answers)
            document = render_all(analyse(loaded, answer) for answer in answers)
            console.put(document)
        else:
            paper = console.paper()
            report.management(paper, told)
            console.put(paper.text)
    except BrokenPipeError:
        # The verdict is known all the same, and the status tells it.
        console.forget_stdout()
    ctx.exit(_STATUS[told.verdict])


def _asked(words: Sequence[str]) -> str:
    """The question in one text.  A single word must be all of it, quoted."""
    text = words[0] if len(words) == 1 else " ".join(map(shlex.quote, words))
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise click.UsageError("The question is not UTF-8 text.")
    return text
