"""What is there: in a snapshot, behind an id or a code, in what is modelled, to be chosen.

    reach show [KIND]           reach explain ID|CODE
    reach components [NAME]     reach options

Nothing is asked here, so there is no verdict.  Must not know how a thing is told.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from reach import console
from reach.commands.arguments import (
    chosen,
    load_snapshot,
    with_format,
    with_options,
    with_snapshot,
    with_snapshot_if_any,
)

if TYPE_CHECKING:
    from reach.snapshot.snapshot import Snapshot


@click.command(
    epilog="""\b
Examples:
  reach show --snapshot snapshot/
  reach show security-groups --snapshot snapshot/
  reach show --classes --snapshot snapshot/
  reach show --snapshot snapshot/ --format json

\b
Exit status: 0, or 2 for bad usage or bad input."""
)
@click.argument("kind", required=False)
@with_snapshot
@click.option(
    "--classes",
    is_flag=True,
    help="Show which interfaces are alike, and how much smaller that makes the network.",
)
@with_format
def show(kind: str | None, snapshot: str, classes: bool, form: str) -> None:
    """Show what a snapshot holds and what it lacks.

    With a KIND (instances, subnets, network-acls, ...) every object of it: id, account, Region and
    name; as JSON also where it stands in the files.
    """
    from dataclasses import asdict

    from reach import inventory, report

    if kind is not None and classes:
        raise click.UsageError("--classes is about the whole snapshot: leave out KIND.")
    loaded = load_snapshot(snapshot)
    if classes:
        _show_classes(loaded, form)
        return
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
        console.put(paper.text)


def _show_classes(snapshot: Snapshot, form: str) -> None:
    from reach.shrinking.report import classes
    from reach.shrinking.shrink import shrink

    told = shrink(snapshot)
    if form == "json":
        console.put_json(told.to_dict())
        return
    paper = console.paper()
    classes(paper, told)
    console.put(paper.text)


@click.command(
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
@with_snapshot_if_any
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="N",
    help="Prove for so long at most; what is not proved by then is undecided.",
)
@with_options
@with_format
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

    load = None if snapshot is None else partial(load_snapshot, snapshot)
    told = told_of(what, load, seconds=seconds, options=chosen(options))
    if form == "json":
        console.put_json(told.to_dict())
    else:
        paper = console.paper()
        report.explained(paper, told)
        console.put(paper.text)


@click.command(
    epilog="""\b
Examples:
  reach components
  reach components nat_gateway

\b
Exit status: 0, or 2 for bad usage."""
)
@click.argument("name", required=False)
@with_format
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
    console.put(paper.text)


@click.command(
    epilog="""\b
Example:
  reach options
  reach can a reach b --option nat-from-transit=deny --snapshot snapshot/

\b
Exit status: 0, or 2 for bad usage."""
)
@with_format
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
    console.put(paper.text)
