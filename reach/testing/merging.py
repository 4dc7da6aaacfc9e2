"""Shards of a run and the whole of it: what a shard says of itself, and all of them as one run.

    part_of(cases, shard, ...) -> Part        merged(files) -> Session

Takes what ``reach test --shard I/N --report json=FILE`` wrote; gives the session that the whole run
would have been, but for the times.  Raises SuiteError where the shards are not of one whole, or not
all of it.  Must not know how anything is shown.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from reach import __version__
from reach.errors import SuiteError
from reach.jobs.shard import Part, Shard, check, read
from reach.snapshot.digest import digest_of
from reach.snapshot.errors import SnapshotError
from reach.testing.case import Case, Result
from reach.testing.retold import result_of
from reach.testing.session import FORMAT, Session

_BAD = (LookupError, TypeError, ValueError, AttributeError)


def part_of(
    cases: Sequence[Case], shard: Shard, suites: Sequence[str], today: date, baseline: str | None
) -> Part:
    """Which of all cases are a shard's, and what has to be the same in each."""
    positions = shard.of_keys([_key(case) for case in cases])
    same = {
        "version of reach": __version__,
        "suites": shlex.join(suites),
        "cases": _short(hashlib.sha256(json.dumps([_said(c) for c in cases]).encode())),
        "day": today.isoformat(),
        "baseline": _short(hashlib.sha256(Path(baseline).read_bytes())) if baseline else "",
    }
    asked = dict.fromkeys(cases[position].snapshot for position in positions)
    return Part(shard, len(cases), positions, same, {path: _digest(path) for path in asked})


def _key(case: Case) -> str:
    """Cases on one snapshot lie together, for whoever does one of them has to read it."""
    return f"{case.snapshot}\0{case.fingerprint}"


def _said(case: Case) -> list[Any]:
    """Whatever of a case could change its result or its report."""
    lists = (case.codes, case.through, case.tags)
    until = case.until.isoformat() if case.until else ""
    told = [case.fingerprint, case.line, case.expect.value, case.why, case.owner, until]
    return [*told, *map(list, lists)]


def _short(found: hashlib._Hash) -> str:
    return found.hexdigest()[:16]


def _digest(path: str) -> str:
    try:
        return digest_of(path)
    except SnapshotError:
        # Its cases say what is wrong with it.
        return ""


# ------------------------------------------------------------------- joining


def merged(files: Iterable[str]) -> Session:
    """The whole run of which these files are the shards."""
    documents = [(file, _document(file)) for file in files]
    parts = [(file, _part(file, told)) for file, told in documents]
    check(parts)
    results: dict[int, Result] = {}
    for (file, told), (_, part) in zip(documents, parts, strict=True):
        results |= zip(part.positions, _results(file, told), strict=True)
    _, first = documents[0]
    whole = Session(
        tuple(map(str, first["suites"])),
        date.fromisoformat(first["today"]),
        compared=bool(first["shard"]["compared"]),
    )
    whole.results += [results[position] for position in sorted(results)]
    return whole


def _document(file: str) -> Mapping[str, Any]:
    told: Any = read(file)
    if not isinstance(told, dict) or told.get("format") != FORMAT or "shard" not in told:
        words = "is no shard: write one with reach test --shard I/N --report json=FILE"
        raise SuiteError(words, file)
    return told


def _part(file: str, told: Mapping[str, Any]) -> Part:
    try:
        part = Part.from_dict(told["shard"])
        lists = (told["results"], told["shard"]["seconds"], told["shard"]["places"])
        if any(len(each) != len(part.positions) for each in lists):
            raise ValueError("its results are not as many as its positions")
    except _BAD as error:
        raise SuiteError(f"is no shard: {error}", file) from None
    return part


def _results(file: str, told: Mapping[str, Any]) -> list[Result]:
    shard = told["shard"]
    try:
        return [
            result_of({**result, "places": places}, seconds=float(seconds))
            for result, seconds, places in zip(
                told["results"], shard["seconds"], shard["places"], strict=True
            )
        ]
    except _BAD as error:
        raise SuiteError(f"is no shard: a result in it is not one: {error!r}", file) from None
