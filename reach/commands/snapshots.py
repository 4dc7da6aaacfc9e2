"""What is done with a snapshot as a thing, without asking it anything.

    reach verify SNAPSHOT           0 sound, 1 something is wrong, 3 only gaps
    reach anonymise SNAPSHOT OUT    the same network under other names
    reach pack SNAPSHOT OUT         the same files as one

Must not know how any of it is done.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from reach import console
from reach.commands.arguments import with_format

_KEY, _SHORTEST, _LONGEST = 32, 16, 64  # bytes; BLAKE2b takes 64 at most


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
        console.put(paper.text)
    statuses = {Standing.SOUND: 0, Standing.WRONG: 1, Standing.GAPS: console.UNDECIDED}
    ctx.exit(statuses[told.standing])


@click.command(
    epilog="""\b
Examples:
  reach anonymise snapshot/ to-share/
  reach anonymise snapshot/ to-share/ --key-file key --names names.json

\b
Exit status: 0, or 2 for bad usage or bad input."""
)
@click.argument("snapshot", metavar="SNAPSHOT")
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--key-file",
    type=click.File("rb"),
    metavar="FILE",
    help="At least 16 secret bytes: the same key names the same snapshot the same way again.",
)
@click.option(
    "--names",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write which name became which, for you alone: with it anybody can undo all of it.",
)
def anonymise(snapshot: str, out: Path, key_file: Any, names: Path | None) -> None:
    """Write a snapshot under other names in the new folder OUT, to be shown to others.

    Ids, accounts, names and addresses become others, the same one each time. Addresses keep the
    prefixes that they have in common, and private ones stay private. Descriptions and whatever
    nothing reads are left out. Every answer is the same, up to the names. Regions, zones, ports,
    times of creation and AWS's own names stay.
    """
    from reach.anonymising.anonymise import anonymise as rename
    from reach.anonymising.anonymise import write

    key = os.urandom(_KEY) if key_file is None else key_file.read(_LONGEST + 1)
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise click.UsageError(f"A key has {_SHORTEST} to {_LONGEST} bytes.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise click.UsageError(f"{out} is not empty; a new folder is expected.")
    renamed = rename(snapshot, key)
    write(renamed, out)
    if names is not None:
        from reach.render.json import dumps

        with open(os.open(names, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(dumps(renamed.words.aliases.table()))
    told = f"{len(renamed.files)} files in {out}"
    if renamed.unread:
        told += f"; left out, as nothing reads it: {', '.join(renamed.unread)}"
    console.say("note", told)


@click.command(
    epilog="""\b
Examples:
  reach pack snapshot/ snapshot.tar.zst
  reach can a reach b port 22 --snapshot snapshot.tar.zst

\b
Exit status: 0, or 2 for bad usage or bad input."""
)
@click.argument("snapshot", metavar="SNAPSHOT")
@click.argument("out", metavar="OUT.tar.zst", type=click.Path(path_type=Path))
def pack(snapshot: str, out: Path) -> None:
    """Pack a snapshot into one file, which every command takes in its place.

    Only its JSON files are packed. The same files give the same bytes.
    """
    from reach.snapshot import archive
    from reach.snapshot.files import find

    if not out.name.endswith(archive.SUFFIX):
        raise click.UsageError(f"{out} should end in {archive.SUFFIX}.")
    if out.exists():
        raise click.UsageError(f"{out} is there already.")
    count = archive.pack(find(snapshot).documents(), out)
    console.say("note", f"{count} files in {out}")
