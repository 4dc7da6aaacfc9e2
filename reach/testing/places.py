"""Where the things of an answer's evidence lie: accounts and Regions, as the snapshot tells them.

    places_of(snapshot, answer) -> {resource: Place}

Under '' stands the place of all of them, or of the whole snapshot, if there is just one.  Must not
know who wants to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reach.answer import Answer
from reach.snapshot.record import Record
from reach.snapshot.snapshot import Snapshot
from reach.testing.case import Place


def places_of(snapshot: Snapshot, answer: Answer) -> Mapping[str, Place]:
    found: dict[str, Place] = {}
    for resource in dict.fromkeys(_resources(answer)):
        record = _record(snapshot, resource)
        if record is not None:
            found[resource] = Place(snapshot.account_of(record), snapshot.region_of(record))
    whole = [Place(scope.account, scope.region) for scope in snapshot.scopes]
    accounts = _known(place.account for place in (*found.values(), *whole))
    regions = _known(place.region for place in (*found.values(), *whole))
    found[""] = Place(_only(accounts), _only(regions))
    return found


def _resources(answer: Answer) -> Iterator[str]:
    if answer.witness is not None:
        for step in (*answer.witness.forward, *answer.witness.reply):
            yield step.resource
    for explanation in answer.explanations:
        yield from explanation.resource.split(", ")
    for gap in answer.gaps:
        yield gap.resource


def _record(snapshot: Snapshot, resource: str) -> Record | None:
    found = (snapshot.get(kind, resource) for kind in snapshot.contents)
    return next((record for record in found if record is not None), None)


def _known(values: Iterator[str]) -> set[str]:
    return {value for value in values if value}


def _only(values: set[str]) -> str:
    return next(iter(values)) if len(values) == 1 else ""
