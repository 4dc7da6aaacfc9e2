"""States in other letters decide nothing otherwise: some tools print them so, AWS does not.

What a recorded probe showed is told still, or nothing is.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

import reach
from tests.edits.lab import Draft, Lab
from tests.estate import load_files
from tests.test_labs import NAMES, needs_labs

pytestmark = needs_labs

_STATES = ("State", "Status", "Code")
_ASKED = 4


def states(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The keys that lead to the states in a list of records."""
    if isinstance(value, list):
        for each in value:
            yield from states(each, path)
    elif isinstance(value, dict):
        for key, each in value.items():
            if isinstance(each, str) and (
                key in _STATES or (path[-1:], key) == (("State",), "Name")
            ):
                yield (*path, key)
            yield from states(each, (*path, key))


def shout(value: Any, path: tuple[str, ...]) -> None:
    """Put what stands at a path into capitals."""
    if isinstance(value, list):
        for each in value:
            shout(each, path)
    elif path[0] in value:
        if len(path) > 1:
            shout(value[path[0]], path[1:])
        elif isinstance(value[path[0]], str):
            value[path[0]] = value[path[0]].upper()


@pytest.mark.parametrize("lab", NAMES)
def test_capitals_turn_no_verdict(lab: str) -> None:
    """One path of one kind of record at a time, in all records."""
    whole = Lab.of(lab)
    asked = Random(lab).sample(whole.probes, _ASKED)  # the lab's name is the seed
    kinds = sorted({key for document in whole.parsed.values() for key in document})
    tried = 0
    for kind in kinds:
        for path in sorted(set(states(list(whole.all(kind))))):
            draft = Draft(whole)
            for records in draft.lists(kind):
                shout(records, path)
            snapshot = load_files({name: text.decode() for name, text in draft.files().items()})
            for probe in asked:
                told = reach.ask(snapshot, probe.question).verdict
                assert told in (probe.expected, "undecided"), (kind, path, probe.question, told)
            tried += 1
    assert tried > 5
