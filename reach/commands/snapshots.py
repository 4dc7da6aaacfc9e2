"""What is done with a snapshot as a thing, without asking it anything.

    reach verify SNAPSHOT       0 sound, 1 something is wrong, 3 only gaps

Must not know how any of it is done.
"""

from __future__ import annotations

import click

from reach import console
from reach.commands.arguments import with_format


@click.command(
    epilog="""\b
Examples:
  reach verify snapshot/
  reach verify snapshot/ --format json

\b
Exit status: 0 sound, 1 something is wrong, 2 usage or nothing to look at,
3 nothing is wrong, but calls are missing."""
)
@click.argument("snapshot", metavar="SNAPSHOT")
@with_format
@click.pass_context
def verify(ctx: click.Context, snapshot: str, form: str) -> None:
    """Verify a snapshot: is it what was captured, and is it whole?

    The manifest and the hashes of a capture; calls that gave nothing; names of things that are not
    there; addresses that cannot all be true; files that cannot be read, all of them at once. What
    AWS does not carry out of the network itself is listed and does not count.
    """
    from reach.verifying import report
    from reach.verifying.verdict import Standing
    from reach.verifying.verify import verify as look

    told = look(snapshot)
    if form == "json":
        console.put_json(told.to_dict())
    else:
        paper = console.paper()
        report.verified(paper, told)
        console.put(paper.text, colour=console.colour())
    statuses = {Standing.SOUND: 0, Standing.WRONG: 1, Standing.GAPS: console.UNDECIDED}
    ctx.exit(statuses[told.standing])
