"""The command line: arguments -> load, ask -> render -> exit status, and nothing else.

    reach can SOURCE reach [DESTINATION] [port ...]     0 reachable, 1 unreachable, 3 undecided
    reach can-manage INSTANCE                           the same, for Session Manager
    reach show [KIND]                                   what a snapshot holds and lacks
    reach explain ID|CODE                               what a thing's rules can do; a code
    reach test SUITE...                                 0 all hold, 1 some fail, 3 some undecided

Status 2 is usage or bad input, 70 a defect of ours, 74 a full disk, 130 an interrupt.  Data goes to
stdout, messages to stderr.  The engine is imported when a command needs it.  Must not know how
anything is answered; nobody imports this file.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from reach import __version__, console
from reach.testing import command as testing

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


def _load(path: str) -> Snapshot:
    import reach

    return reach.load(path)


# ------------------------------------------------------------------------------- commands


_Command = Callable[..., Any]


def _with_snapshot(command: _Command, required: bool = True) -> _Command:
    return click.option(
        "--snapshot",
        metavar="PATH",
        required=required,
        envvar="REACH_SNAPSHOT",
        show_envvar=True,
        help="The folder (or file) of describe JSON to ask.",
    )(command)


_with_snapshot_if_any = partial(_with_snapshot, required=False)


def _with_format(command: _Command) -> _Command:
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Text for people or one JSON object.",
    )(command)


def _with_aws_format(command: _Command) -> _Command:
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json", "aws"]),
        default="text",
        show_default=True,
        help="Text for people, one JSON object, or the JSON of describe-network-insights-analyses.",
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

\b
Exit status: 0 reachable (test: all hold), 1 unreachable (some fail),
2 usage or bad input, 3 undecided.""",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Prove or refute that a packet can get from A to B on AWS, and its reply back.

    Works on saved describe answers; asks AWS nothing and changes nothing.
    """


@cli.command(
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
@_with_options
@_with_aws_format
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

    if from_aws and question:
        raise click.UsageError(
            "--from-aws brings its own questions: leave out SOURCE and the rest."
        )
    if from_aws:
        ctx.exit(_compared(snapshot, from_aws, form))
    if not question:
        raise click.UsageError("Missing argument 'SOURCE reach [DESTINATION] [PACKET]'.")
    loaded = _load(snapshot)
    answer = reach.ask(
        loaded,
        _asked(question),
        one_way=one_way,
        port_at=port_at,
        options=_chosen(options),
        through=through,
        avoid=avoid,
        assume={resource: verdict for verdict, resource in assume},
        at_source=dict(read_pairs(at_source)),
        at_destination=dict(read_pairs(at_destination)),
        packets=True,
        blocked=MOST_WAYS if all_blockers else blocked,
        paths=paths,
        ends=ends if "any" in question else 0,
        fix=fix,
        cut=cut,
    )
    _show(loaded, answer, form)
    ctx.exit(_STATUS[answer.verdict])


def _show(snapshot: Snapshot, answer: Answer, form: str) -> None:
    from reach.render import render

    if form == "aws":
        from reach.analysis.analyse import analyse

        answer = analyse(snapshot, answer)
    colour = console.colour()
    try:
        console.put(render(answer, form, colour=colour, width=console.width()), colour=colour)
    except BrokenPipeError:
        # The verdict is known all the same, and the status tells it.
        console.forget_stdout()


def _compared(snapshot: str, files: Sequence[Any], form: str) -> int:
    """Ask what AWS was asked, print what differs, and say it in a status."""
    from reach import recorded, report

    if form == "aws":
        raise click.UsageError("--from-aws compares: its --format is text or json.")
    saved = recorded.read([_read_json(file) for file in files])
    loaded = _load(snapshot)
    found = [recorded.compare(loaded, each) for each in saved]
    if form == "json":
        console.put_json({"format": 1, "comparisons": [each.to_dict() for each in found]})
    else:
        paper = console.paper()
        report.comparisons(paper, found)
        console.put(paper.text, colour=console.colour())
    outcomes = [each.outcome for each in found]
    statuses = {"refused": console.BAD_INPUT, "differs": 1, "undecided": console.UNDECIDED}
    return next((status for name, status in statuses.items() if name in outcomes), 0)


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
@_with_aws_format
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

    loaded = _load(snapshot)
    told = reach.can_manage(loaded, instance, options=_chosen(options))
    try:
        if form == "json":
            console.put_json(told.to_dict())
        elif form == "aws":
            from reach.analysis.analyse import analyse
            from reach.render.aws import render_all

            answers = (answer for service in told.services for answer in service.answers)
            document = render_all(analyse(loaded, answer) for answer in answers)
            console.put(document, colour=False)
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
  reach explain sg-0abc --snapshot snapshot/
  reach explain acl-0abc --snapshot snapshot/ --format json
  reach explain rtb-0abc --snapshot snapshot/ --seconds 10
  reach explain ENI_SG_RULES_MISMATCH

\b
Exit status: 0, or 2 for bad usage or bad input."""
)
@click.argument("what", metavar="ID|CODE")
@_with_snapshot_if_any
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="N",
    help="Prove for so long at most; what is not proved by then is undecided.",
)
@_with_options
@_with_format
def explain(
    what: str, snapshot: str | None, seconds: float, options: tuple[str, ...], form: str
) -> None:
    """Explain a thing of a snapshot, with what its rules can still do; or an explanation code.

    ID is an id, an ARN or a Name. Of a security group, a network ACL and a route table each rule,
    entry and route has its standing, proved: usable, by a packet that is shown; shadowed, by others
    that decide all its packets; dead, for no packet can come to it; or undecided. CODE is one that
    an unreachable answer tells: what it means, what is usually behind it, and what to change.
    """
    from reach.cards import report
    from reach.cards.explaining import explain as told_of

    load = None if snapshot is None else partial(_load, snapshot)
    told = told_of(what, load, seconds=seconds, options=_chosen(options))
    if form == "json":
        console.put_json(told.to_dict())
    else:
        paper = console.paper()
        report.explained(paper, told)
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
Examples:
  reach test suites/*.yaml
  reach test suites/*.yaml --baseline main.json --report sarif=reach.sarif
  reach test policy.reach.yaml --snapshot prod/ --snapshot staging/
  reach test suites/ --coverage --mutate

\b
Exit status: 0 all hold, 1 some fail, 3 none fails but some are undecided,
2 usage or bad input, 70 some have no answer."""
)
@click.argument("suites", nargs=-1, required=True, metavar="SUITE...")
@testing.with_options
@_with_format
@click.pass_context
def test(ctx: click.Context, /, suites: Sequence[str], form: str, **how: Any) -> None:
    """Run regression suites: questions with the verdicts they should get.

    Prints each case that does not hold with its file and line, what was expected, what it is and
    why; then one line that counts. Of a folder all *.reach.yaml in it and below. A process that
    dies costs the one case that it had.
    """
    ctx.exit(testing.run_suites(suites, form, _load, **how))


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
