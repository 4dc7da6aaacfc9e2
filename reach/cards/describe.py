"""An id of a snapshot -> its card.

    describe(snapshot, "sg-0abc") -> Card

Must not know rendering or the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NoReturn

from reach.asking import ground_of
from reach.bearers import bearers, told_apart
from reach.cards.acl import acl_card
from reach.cards.card import Card
from reach.cards.group import group_card
from reach.cards.prefix_list import prefix_list_card
from reach.cards.proving import Proving
from reach.cards.table import table_card
from reach.cards.things import mentions, thing_card
from reach.errors import QuestionError
from reach.lower import Ground
from reach.nearest import MOST, nearest
from reach.options import Options
from reach.snapshot.records import (
    ManagedPrefixListEntries,
    NetworkAcl,
    PrefixList,
    Record,
    RouteTable,
    SecurityGroup,
)
from reach.snapshot.snapshot import Snapshot
from solver import Allowance

SECONDS = 60.0


def describe(
    snapshot: Snapshot,
    resource: str,
    *,
    seconds: float = SECONDS,
    options: Mapping[str, str] | None = None,
) -> Card:
    """What a thing is, who is in it or uses it, what names it, and what its rules can still do.

    ``resource`` is an id, an ARN or a Name.  Every standing is proved, within ``seconds`` in all;
    what is not proved by then is undecided.  Raises QuestionError if there is no such thing.
    """
    from solver.backends.z3 import Z3Backend

    ground = ground_of(snapshot, Options.of(options or {}))
    record = _record(ground, resource)
    # A context of its own: the witnesses are then the same in every run.
    proving = Proving(ground, Z3Backend(), Allowance(seconds))
    return replace(
        _card(ground, record, proving),
        account=snapshot.account_of(record),
        region=snapshot.region_of(record),
        file=record.page.file,
        pointer=record.pointer,
    )


def _card(ground: Ground, record: Record, proving: Proving) -> Card:
    match record:
        case SecurityGroup():
            return group_card(ground, record, proving)
        case NetworkAcl():
            return acl_card(ground, record, proving)
        case RouteTable():
            return table_card(ground, record, proving)
        case PrefixList() | ManagedPrefixListEntries():
            return prefix_list_card(ground, record, proving)
        case _:
            return thing_card(ground, record)


def _record(ground: Ground, text: str) -> Record:
    """The record of an id, an ARN or a Name.  Raises QuestionError."""
    if not text.strip() or not text.isprintable():
        raise QuestionError(f"{text!r} is no id; say an id, an ARN or a Name of the snapshot")
    ids = {text, text.rpartition("/")[2] if text.startswith("arn:") else text}
    ids |= set(ground.own_names.get(text, ()))
    for kind in ground.snapshot.contents:
        for name in sorted(ids):
            found = ground.snapshot.get(kind, name)
            if found is not None:
                return found
    named = bearers(ground, text)
    if len(named) > 1:
        shown = [told_apart(ground, record) for record in named]
        raise QuestionError(f"{text!r} is the Name of several things; name one by its id:", shown)
    return named[0] if named else _unknown(ground, text)


def _unknown(ground: Ground, text: str) -> NoReturn:
    by = [ground.id_of(record) for record, _ in mentions(ground, text)][:MOST]
    if by:
        raise QuestionError(f"{text!r} is not in the snapshot itself; it is named by:", by)
    known = {*ground.ids(), *ground.index.tags.values("Name")}
    near = nearest(text, known, 0.5)
    if not near:
        raise QuestionError(f"{text!r} is not in the snapshot, and nothing is called like it")
    raise QuestionError(f"{text!r} is not in the snapshot; the nearest are:", near)
