"""Edits of every kind, one after the other: near the edit, and the same as all of both networks
compared.

What is told of one kind alone is held by that kind's own tests; here what one edit leaves behind is
there for all others.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench.editing import KINDS, Edit, changed
from reach.snapshot.snapshot import Snapshot
from tests.test_addresses_outside import back as undoing
from tests.test_arriving import deep, step
from tests.test_near import estate, grown_estate

__all__ = ["estate"]  # a fixture

EDITS = 5


def some(snapshot: Snapshot, rng: Random) -> Edit:
    """An edit of a kind that can be made of it, or two at once."""
    put: dict[str, Any] = {}
    out: dict[str, Any] = {}
    made = 0
    wanted = 2 if rng.random() < 0.3 else 1
    for kind in rng.sample([*KINDS], len(KINDS)):
        try:
            edit = changed(snapshot, kind, rng)
        except (ValueError, LookupError):  # the estate has nothing of the kind
            continue
        own = {snapshot.id_of(each) for each in (*edit.put, *edit.out)}
        if own.isdisjoint((*put, *out)):
            put |= {snapshot.id_of(each): each for each in edit.put}
            out |= {snapshot.id_of(each): each for each in edit.out}
            made += 1
            print(kind, *own)
        if made == wanted:
            break
    return Edit((*put.values(),), (*out.values(),))


@pytest.mark.parametrize("seed", deep(1, 120))
def test_edits_of_every_kind_in_chains(seed: int, estate: Path) -> None:
    rng = Random(f"chains of every kind/{seed}")
    own = grown_estate(estate, seed % 2 == 1)
    back: list[Edit] = []
    for _ in range(EDITS):
        if back and rng.random() < 0.3:
            print("taken back")
            own = step(own, back.pop()).estate
        else:
            edit = some(own.snapshot, rng)
            back = [undoing(own.snapshot, edit)]
            own = step(own, edit).estate
