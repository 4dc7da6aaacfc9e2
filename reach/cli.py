"""The command line: arguments -> load, ask -> render -> exit status, and nothing else.

    reach can SOURCE reach [DESTINATION] [port ...]     0 reachable, 1 unreachable, 3 undecided
    reach can-manage INSTANCE                           the same, for Session Manager
    reach show [KIND]                                   what a snapshot holds and lacks
    reach test SUITE...                                 0 all hold, 1 some fail, 3 some undecided
    reach capture DIR                                   what AWS says, into a folder

Status 2 is usage or bad input, 70 a defect of ours, 74 a full disk, 130 an interrupt.  Data goes to
stdout, messages to stderr.  The engine is imported when a command needs it.  Must not know how
anything is answered; nobody imports this file.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from reach import __version__, capture_command, console

if TYPE_CHECKING:
    from reach.snapshot.snapshot import Snapshot

_STATUS = {
    "reachable": console.REACHABLE,
    "unreachable": console.UNREACHABLE,
    "undecided": console.UNDECIDED,
}
MOST_WAYS = 200
MOST_ENDS = 100


def _load(path: str) -> Snapshot:
    import reach

    return reach.load(path)


# ------------------------------------------------------------------------------- commands


_Command = Callable[..., Any]


def _with_snapshot(command: _Command) -> _Command:
    return click.option(
        "--snapshot",
        metavar="PATH",
        required=True,
        envvar="REACH_SNAPSHOT",
        show_envvar=True,
        help="The folder (or file) of describe JSON to ask.",
    )(command)


def _with_format(command: _Command) -> _Command:
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Text for people or one JSON object.",
    )(command)


def _with_options(command: _Command) -> _Command:
    return click.option(
        "--option",
        "options",
        metavar="NAME=VALUE",
        multiple=True,
        help="How AWS is read where its documentation is open; see reach options.",
    )(command)


def _chosen(options: tuple[str, ...]) -> dict[str, str]:
    from reach.options import Options

    return dict(Options.parse(options))


@click.group(
    cls=console.Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  reach can internet reach i-0abc port 22 --snapshot snapshot/
  reach "can 0.0.0.0/0 reach port 22" --snapshot snapshot/
  reach can-manage i-0abc --snapshot snapshot/
  reach show --snapshot snapshot/
  reach test suites/*.yaml
  reach capture snapshot/

\b
Exit status: 0 reachable (test: all hold), 1 unreachable (some fail),
2 usage or bad input, 3 undecided.""",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Prove or refute that a packet can get from A to B on AWS, and its reply back.

    Works on saved describe answers. Only "reach capture" asks AWS, and changes nothing there.
    """


cli.add_command(capture_command.capture)
cli.add_command(capture_command.policy)


@cli.command(
    epilog="""\b
Examples:
  reach can internet reach i-0abc port 22 --snapshot snapshot/
  reach can web-1 reach 10.0.1.7 port 5432 --snapshot snapshot/ --one-way
  reach can tag:Tier=web reach internet port 443/tcp --format json
  reach can 0.0.0.0/0 reach port 22          (any interface of the snapshot)

\b
Exit status: 0 reachable, 1 unreachable, 2 usage or bad input, 3 undecided."""
)
@click.argument("question", nargs=-1, required=True, metavar="SOURCE reach [DESTINATION] [PACKET]")
@_with_snapshot
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
    help='List up to N groups of end points where an end is "any".',
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
@_with_options
@_with_format
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
    paths: int,
    ends: int,
    blocked: int,
    all_blockers: bool,
    options: tuple[str, ...],
    form: str,
) -> None:
    """Ask whether a packet can get there, and its reply back.

    SOURCE and DESTINATION are internet, any, private, public, an address, a CIDR, an id, an ARN, a
    Name tag or tag:Key=Value. PACKET is "port PORT[-PORT][/PROTO]", "icmp [TYPE[/CODE]]" or
    "protocol NUMBER"; any packet if left out.
    """
    import reach
    from reach.render import render

    answer = reach.ask(
        _load(snapshot),
        _asked(question),
        one_way=one_way,
        port_at=port_at,
        options=_chosen(options),
        through=through,
        avoid=avoid,
        assume={resource: verdict for verdict, resource in assume},
        packets=True,
        blocked=MOST_WAYS if all_blockers else blocked,
        paths=paths,
        ends=ends if "any" in question else 0,
    )
    colour = console.colour()
    try:
        console.put(render(answer, form, colour=colour, width=console.width()), colour=colour)
    except BrokenPipeError:
        # The verdict is known all the same, and the status tells it.
        console.forget_stdout()
    ctx.exit(_STATUS[answer.verdict])


@cli.command(
    "can-manage",
    epilog="""\b
Examples:
  reach can-manage i-0abc --snapshot snapshot/
  reach can-manage web-1 --snapshot snapshot/ --format json

\b
Exit status: 0 reachable, 1 unreachable, 2 usage or bad input, 3 undecided.""",
)
@click.argument("instance", metavar="INSTANCE")
@_with_snapshot
@_with_options
@_with_format
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

    told = reach.can_manage(_load(snapshot), instance, options=_chosen(options))
    try:
        if form == "json":
            console.put_json(told.to_dict())
        else:
            paper = console.paper()
            report.management(paper, told)
            console.put(paper.text, colour=console.colour())
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


@cli.command(
    epilog="""\b
Examples:
  reach show --snapshot snapshot/
  reach show security-groups --snapshot snapshot/
  reach show --snapshot snapshot/ --format json"""
)
@click.argument("kind", required=False)
@_with_snapshot
@_with_format
def show(kind: str | None, snapshot: str, form: str) -> None:
    """Show what a snapshot holds and what it lacks.

    With a KIND (instances, subnets, network-acls, ...) every object of it: id, account, Region and
    name; as JSON also where it stands in the files.
    """
    from dataclasses import asdict

    from reach import inventory, report

    loaded = _load(snapshot)
    paper = console.paper()
    if kind is None:
        held = inventory.take(loaded)
        data = held.to_dict()
        report.inventory(paper, held)
    else:
        listed = inventory.list_kind(loaded, kind)
        data = {"format": inventory.FORMAT, "kind": kind, "items": [asdict(i) for i in listed]}
        report.items(paper, listed)
    if form == "json":
        console.put_json(data)
    else:
        console.put(paper.text, colour=console.colour())


@cli.command(
    epilog="""\b
Examples:
  reach can a reach b port 22 --snapshot snapshot/ --format json > answer.json
  reach check answer.json --snapshot snapshot/

\b
Exit status: 0 the evidence holds, 1 it does not, 2 usage or bad input,
3 an undecided answer, which shows nothing."""
)
@click.argument("answer", type=click.File("rb"), metavar="ANSWER")
@_with_snapshot
@click.pass_context
def check(ctx: click.Context, answer: Any, snapshot: str) -> None:
    """Check the evidence of an answer: its witness hop by hop, or its certificate node by node.

    ANSWER is what "reach can ... --format json" printed ("-": standard input). Nothing is solved
    again, and neither the solver nor the compiler is believed or used.
    """
    from reach import report
    from reach.checking import check_answer

    told = _read_json(answer)
    checked = check_answer(_load(snapshot), told)
    paper = console.paper()
    report.checked(paper, checked)
    console.put(paper.text, colour=console.colour())
    if told.get("verdict") == "undecided":
        ctx.exit(console.UNDECIDED)
    ctx.exit(0 if checked.holds else 1)


def _read_json(file: Any) -> dict[str, Any]:
    import orjson

    try:
        told = orjson.loads(file.read())
    except orjson.JSONDecodeError as error:
        raise click.UsageError(f"{file.name} is not JSON: {error}.") from None
    if not isinstance(told, dict):
        raise click.UsageError(f"{file.name} is no answer: an object is expected.")
    return told


@cli.command(
    epilog="""\b
Examples:
  reach components
  reach components nat_gateway

\b
Exit status: 0, or 2 for bad usage."""
)
@click.argument("name", required=False)
@_with_format
def components(name: str | None, form: str) -> None:
    """Print what is modelled: every component in its own words.

    With the rules of AWS's behaviour that each implements, the calls whose answers it reads, and
    what it leaves out. With a NAME one component's whole text.
    """
    from reach import report
    from reach.catalogue import LEFT_OUT, components_told, engine_rules

    told = components_told()
    if name is not None:
        told = tuple(each for each in told if each.name == name)
        if not told:
            raise click.UsageError(f"There is no component {name!r}; see reach components.")
    if form == "json":
        listed = [each.to_dict() for each in told]
        console.put_json(
            {
                "format": 1,
                "components": listed,
                "engine": engine_rules(),
                "left_out": dict(LEFT_OUT),
            }
        )
        return
    paper = console.paper()
    if name is not None:
        report.component(paper, told[0])
    else:
        report.catalogue(paper, told, engine_rules(), LEFT_OUT)
    console.put(paper.text, colour=console.colour())


@cli.command(
    epilog="""\b
Example:
  reach options
  reach can a reach b --option nat-from-transit=deny --snapshot snapshot/

\b
Exit status: 0, or 2 for bad usage."""
)
@_with_format
def options(form: str) -> None:
    """List how AWS can be read where its documentation leaves something open.

    The first value of each is the default. An answer that hangs on one names it.
    """
    from dataclasses import asdict

    from reach import report
    from reach.options import CHOICES

    if form == "json":
        console.put_json({"format": 1, "options": [asdict(choice) for choice in CHOICES.values()]})
        return
    paper = console.paper()
    report.choices(paper, tuple(CHOICES.values()))
    console.put(paper.text, colour=console.colour())


@cli.command(
    epilog="""\b
A suite is a YAML file:
  snapshot: snapshot            # a folder, seen from this file
  cases:
    - ask: can internet reach i-0abc port 22
      expect: unreachable       # reachable | unreachable | undecided
      name: ssh is closed

\b
Example:
  reach test suites/*.yaml

\b
Exit status: 0 all hold, 1 some fail, 3 none fails but some are undecided,
2 usage or bad input."""
)
@click.argument("suites", nargs=-1, required=True, metavar="SUITE...")
@_with_format
@click.pass_context
def test(ctx: click.Context, suites: Sequence[str], form: str) -> None:
    """Run regression suites: questions with the verdicts they should get.

    Prints each case that does not hold with its file and line, what was expected, what it is and
    why; then one line that counts.
    """
    from reach import report
    from reach.suite import Outcome, load_suite, run

    load = cache(_load)
    results = []
    for suite in [load_suite(path) for path in suites]:
        for result in run(suite, load):
            results.append(result)
            if form == "text" and result.outcome is not Outcome.HOLDS:
                paper = console.paper()
                report.result(paper, result)
                console.put(paper.text, colour=console.colour())
    outcomes = [result.outcome for result in results]
    if form == "json":
        counts = {outcome.value: outcomes.count(outcome) for outcome in Outcome}
        told = [result.to_dict() for result in results]
        console.put_json({"format": 1, "suites": list(suites), "summary": counts, "results": told})
    else:
        paper = console.paper()
        report.summary(paper, results)
        console.put(paper.text, colour=console.colour())
    ctx.exit(_tested(outcomes))


def _tested(outcomes: Sequence[str]) -> int:
    for outcome, status in (
        ("refused", console.BAD_INPUT),
        ("fails", 1),
        ("undecided", console.UNDECIDED),
    ):
        if outcome in outcomes:
            return status
    return 0


def main() -> None:
    """The console script."""
    sys.excepthook = _last_resort
    cli(prog_name="reach")


def _last_resort(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Python would end with 1 after an error that nobody foresaw, and 1 is a verdict."""
    sys.__excepthook__(kind, error, trace)
    console.say("defect", "This is a fault of reach, not an answer; please report it.")
    os._exit(console.DEFECT)


if __name__ == "__main__":
    main()
