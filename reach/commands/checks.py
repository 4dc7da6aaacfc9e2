"""Whether what is claimed holds: the evidence of an answer, the verdicts of a suite.

    reach check ANSWER          0 it holds, 1 it does not, 3 an undecided answer
    reach test SUITE...         0 all hold, 1 some fail, 3 some undecided, 70 some not answered
    reach merge SHARD...        the same, of what shards of one run or survey have found

Must not know how anything is checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from reach import console
from reach.commands.arguments import load_snapshot, read_json, with_format, with_uncached_snapshot
from reach.survey.arguments import with_form
from reach.testing import command as testing
from reach.testing.arguments import How, with_options, with_reports


@click.command(
    epilog="""\b
Examples:
  reach can a reach b port 22 --snapshot snapshot/ --format json > answer.json
  reach check answer.json --snapshot snapshot/

\b
Exit status: 0 the evidence holds, 1 it does not, 2 usage or bad input,
3 an undecided answer, which shows nothing."""
)
@click.argument("answer", type=click.File("rb"), metavar="ANSWER")
@with_uncached_snapshot
@click.pass_context
def check(ctx: click.Context, answer: Any, snapshot: str) -> None:
    """Check the evidence of an answer: its witness hop by hop, or its certificate node by node.

    ANSWER is what "reach can ... --format json" printed ("-": standard input). Nothing is solved
    again, and neither the solver nor the compiler is believed or used.
    """
    import reach
    from reach import report
    from reach.checking import check_answer

    told = read_json(answer)
    # Who checks reads what AWS said: no cache, which is one thing less to be believed.
    checked = check_answer(reach.load(snapshot), told)
    paper = console.paper()
    report.checked(paper, checked)
    console.put(paper.text)
    if told.get("verdict") == "undecided":
        ctx.exit(console.UNDECIDED)
    ctx.exit(0 if checked.holds else 1)


@click.command(
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
  reach test suites/ --shard 2/8 --report json=shard-2.json
  reach test suites/ --cluster tls://scheduler:8786 --case-seconds 60

\b
Exit status: 0 all hold, 1 some fail, 3 none fails but some are undecided,
2 usage or bad input, 70 some have no answer."""
)
@click.argument("suites", nargs=-1, required=True, metavar="SUITE...")
@with_options
@with_format
@click.pass_context
def test(ctx: click.Context, /, suites: Sequence[str], form: str, **how: Any) -> None:
    """Run regression suites: questions with the verdicts they should get.

    Prints each case that does not hold with its file and line, what was expected, what it is and
    why; then one line that counts. Of a folder all *.reach.yaml in it and below. A process that
    dies costs the one case that it had.
    """
    ctx.exit(testing.run_suites(suites, form, load_snapshot, How(**how)))


@click.command(
    epilog="""\b
Examples:
  reach test suites/ --shard 1/2 --report json=shard-1.json
  reach test suites/ --shard 2/2 --report json=shard-2.json
  reach merge shard-1.json shard-2.json --report junit=reach.xml
  reach matrix --shard 1/2 --format json > half-1.json
  reach matrix --shard 2/2 --format json > half-2.json
  reach merge half-1.json half-2.json --format csv

\b
Exit status: that of the whole survey, or of the whole run: 0 all hold, 1 some
fail, 3 none fails but some are undecided, 2 usage, bad input or shards that do not make a whole,
70 some have no answer."""
)
@click.argument("shards", nargs=-1, required=True, metavar="SHARD...")
@with_reports
@with_form
@click.pass_context
def merge(ctx: click.Context, /, shards: Sequence[str], form: str, **how: Any) -> None:
    """Join the shards of a run, or of a survey, into the whole.

    SHARD is what "reach test --shard I/N --report json=FILE" wrote, or "reach matrix --shard I/N
    --format json". All N have to be there, each once, of the same suites or survey, snapshots, day
    and version of reach; else nothing is reported.
    """
    from reach.survey.shards import is_shard

    if not is_shard(shards[0]):
        if form == "csv":
            raise click.UsageError("CSV is of surveys: these are no shards of one.")
        ctx.exit(testing.run_merge(shards, form, How(**how)))
    if any(how.values()):
        raise click.UsageError("Reports are of suites: these are shards of a survey.")
    from reach.survey.command import run_merge

    ctx.exit(run_merge(shards, form))
