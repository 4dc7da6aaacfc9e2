"""The command line: the commands of ``reach.commands`` as one, and how all of it ends.

    reach can SOURCE reach [DESTINATION] [port ...]     0 reachable, 1 unreachable, 3 undecided
    reach can-manage INSTANCE                           the same, for Session Manager
    reach exposure [PACKET]                             0 nothing, 1 something, 3 undecided
    reach matrix [PACKET]                               who reaches whom, by groups
    reach isolated A B                                  0 isolated, 1 not, 3 undecided
    reach show [KIND]                                   what a snapshot holds and lacks
    reach explain ID|CODE                               what a thing's rules can do; a code
    reach test SUITE...                                 0 all hold, 1 some fail, 3 some undecided
    reach merge SHARD...                                the same, of the shards of a run
    reach capture DIR                                   what AWS says, into a folder
    reach diff BEFORE AFTER                             0 nothing changed, 1 gained or lost, 3 open
    reach verify SNAPSHOT                               0 sound, 1 something wrong, 3 only gaps
    reach anonymise SNAPSHOT OUT                        the same network under other names
    reach pack SNAPSHOT OUT.tar.zst                     the same files as one

Status 2 is usage or bad input, 70 a defect of ours, 74 a full disk, 130 an interrupt.  Data goes to
stdout, messages to stderr.  Must not know how anything is answered; nobody imports this file but
``python -m reach``.
"""

from __future__ import annotations

import atexit
import os
import sys
from types import TracebackType
from typing import NoReturn

import click

from reach import __version__, console
from reach.commands.captures import capture, policy
from reach.commands.checks import check, merge, test
from reach.commands.comparisons import diff
from reach.commands.descriptions import components, explain, options, show
from reach.commands.questions import can, can_manage
from reach.commands.snapshots import anonymise, pack, verify
from reach.commands.surveys import exposure, isolated, matrix


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
  reach diff before/ after/
  reach verify snapshot/

\b
Exit status: 0 reachable (test: all hold; diff: nothing changed), 1 unreachable
(some fail; something did), 2 usage or bad input, 3 undecided.""",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Prove or refute that a packet can get from A to B on AWS, and its reply back.

    Works on saved describe answers. Only "reach capture" asks AWS, and changes nothing there.
    """


_QUESTIONS = (can, can_manage, check, test, merge)
_SURVEYS = (exposure, matrix, isolated)
_DESCRIPTIONS = (show, explain, components, options)
_SNAPSHOTS = (capture, policy, diff, verify, anonymise, pack)

for each in (*_QUESTIONS, *_SURVEYS, *_DESCRIPTIONS, *_SNAPSHOTS):
    cli.add_command(each)


def main() -> None:
    """The console script."""
    console.open_what_is_closed()
    sys.excepthook = _last_resort
    try:
        cli(prog_name="reach")
    except SystemExit as end:
        _leave(end)


def _leave(end: SystemExit) -> NoReturn:
    """End without giving back all that was made, object by object, which can take seconds."""
    if not isinstance(end.code, int):
        raise end
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        raise end from None
    os._exit(end.code)


def _last_resort(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Python would end with 1 after an error that nobody foresaw, and 1 is a verdict."""
    sys.__excepthook__(kind, error, trace)
    console.say("defect", "This is a fault of reach, not an answer; please report it.")
    os._exit(console.DEFECT)


if __name__ == "__main__":
    main()
