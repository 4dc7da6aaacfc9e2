"""What an edit of what serves leaves is, node by node, a fresh lowering; and who reads it is heard.

Load balancers, endpoints and their services, firewalls: of every sample that has such.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench.editing import edited
from bench.serving import SERVING
from reach.changes.edit import with_record, without_record
from reach.comparing.records import changed
from reach.editable import COME_AND_GO, RULES
from reach.lower import lower
from reach.options import DEFAULTS
from reach.resident import Resident
from reach.snapshot.balancer_records import ListenerRules
from reach.snapshot.balancers import Balancers
from reach.snapshot.endpoint_service_records import VpcEndpointConnection
from reach.snapshot.endpoint_services import EndpointServices
from reach.snapshot.snapshot import Snapshot
from reach.watching import Frames
from tests.test_resident import SAMPLES, graph, loaded, reads_of, unlike

KINDS: tuple[str, ...] = tuple(SERVING)
COMING: tuple[Any, ...] = (ListenerRules, VpcEndpointConnection)
OF_ONE_GROUND = (Balancers, EndpointServices)
EACH = 2  # edits of a kind, of each sample
TRIES = 6  # of which one has to be noticed that nobody hears of


@cache
def told(sample: Path) -> Snapshot:
    return loaded(sample)


def some(snapshot: Snapshot, kind: str, rng: Random) -> Snapshot | None:
    """The snapshot with an edit of a kind, if it has what to edit."""
    try:
        record = edited(snapshot, kind, rng)
    except ValueError:
        return None
    return with_record(snapshot, snapshot.id_of(record), record)


def edits(snapshot: Snapshot, rng: Random) -> Iterator[Snapshot]:
    """A few edits of each kind that a snapshot has records of; and those that may go, gone."""
    every = (some(snapshot, kind, rng) for kind in KINDS for _ in range(EACH))
    yield from (each for each in every if each is not None)
    for of in COMING:
        for record in snapshot.records(of)[:2]:
            yield without_record(snapshot, snapshot.id_of(record), of)


SERVED = [path for path in SAMPLES if any(edits(told(path), Random(0)))]


@pytest.mark.parametrize("sample", SERVED, ids=lambda path: path.name)
def test_what_an_edit_leaves_is_what_a_fresh_lowering_makes(sample: Path) -> None:
    """Each alone, one after the other, and all back."""
    snapshot = told(sample)
    ground = Resident(snapshot, DEFAULTS)
    graph(ground)
    rng = Random(f"serving/{sample.name}")
    for edit in edits(snapshot, rng):
        if reads := reads_of(snapshot, edit):
            assert unlike(ground.after(edit, reads), lower(edit)) == []
    chain, last = ground, snapshot
    for kind in KINDS:
        edit = some(last, kind, rng) or last
        if reads := reads_of(last, edit):
            chain, last = chain.after(edit, reads), edit
    assert unlike(chain, lower(last)) == []
    if reads := reads_of(last, snapshot):
        assert unlike(chain.after(snapshot, reads), lower(snapshot)) == []
    assert unlike(ground, lower(snapshot)) == []


def test_every_kind_is_in_some_sample() -> None:
    for kind in KINDS:
        assert any(some(told(sample), kind, Random(0)) for sample in SERVED), kind


@pytest.mark.parametrize("joins", OF_ONE_GROUND)
def test_joins_keep_nothing_that_may_be_edited(joins: type) -> None:
    """They are one ground's own, and who asks is heard; what they keep, those who ask later are
    not heard to read."""
    words = [kind.__name__ for kind in RULES]
    for name, kept in vars(joins).items():
        if isinstance(kept, cached_property):
            source = inspect.getsource(kept.func)
            assert not re.search(rf"\.(records|get)\(({'|'.join(words)})\b", source), name


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_not_heard_would_be_noticed(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded omissions: nobody is heard who reads what is edited so."""
    rng, hear = Random(f"deaf/{kind}"), Frames.hear
    deaf: set[Any] = set()
    monkeypatch.setattr(
        Frames, "hear", lambda self, read: None if read[0] in deaf else hear(self, read)
    )
    for sample in SERVED:
        snapshot = told(sample)
        tries = [edit for _ in range(TRIES) if (edit := some(snapshot, kind, rng))]
        for edit in tries[: 1 if sample.name == "estate" else TRIES]:
            of = next(iter(changed(snapshot, edit).records), None)
            deaf.clear()
            deaf.add(of)
            if of is not None and _noticed(snapshot, edit):
                return
    raise AssertionError(kind)


def _noticed(snapshot: Snapshot, edit: Snapshot) -> bool:
    ground = Resident(snapshot, DEFAULTS)
    graph(ground)
    try:
        return bool(unlike(ground.after(edit, reads_of(snapshot, edit)), lower(edit)))
    except AssertionError:
        return True


def test_kinds_that_come_and_go_are_of_those_that_may_be_edited() -> None:
    assert set(COMING) <= COME_AND_GO
    assert set(RULES) >= COME_AND_GO
