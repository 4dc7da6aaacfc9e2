"""Shards of a survey: some of its portions as one JSON object, and all of them joined again.

    asked_shard(asked, path, Shard(2, 8), by) -> dict        merged(files) -> (Asked, Found, whole)

Takes what ``reach matrix --shard I/N --format json`` wrote; gives the survey that one process would
have given.  Raises SuiteError where the shards are not of one whole, or not all of it.  Must not
know how anything is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from reach import __version__
from reach.errors import SuiteError
from reach.jobs.crew import Workers
from reach.jobs.shard import Part, Shard, check, read
from reach.snapshot.digest import digest_of
from reach.survey.asked import Asked
from reach.survey.fan_out import PORTIONS, Found, fan_out, jobs_of
from reach.survey.findings import Isolation, Survey
from reach.survey.job import Piece
from reach.survey.joining import Lapse, NotWhole, joined
from reach.survey.survey import Progress, silent

if TYPE_CHECKING:
    from reach.jobs.cluster import Cluster

FORMAT = 1
KIND = "shard of a survey"
_BAD = (LookupError, TypeError, ValueError, AttributeError)


def asked_shard(
    asked: Asked,
    path: str,
    shard: Shard,
    by: Workers | Cluster,
    cached: bool = True,
    progress: Progress = silent,
) -> dict[str, Any]:
    """The portions of one shard, done, as plain data."""
    portions = PORTIONS * -(-shard.of // PORTIONS)
    jobs = jobs_of(asked, path, portions, cached)
    # Portions of one way lie together, so that few shards prepare both.
    positions = shard.of_keys([f"{number:09}" for number in range(len(jobs))])
    same = {"version of reach": __version__, "survey": _said(asked)}
    part = Part(shard, len(jobs), positions, same, {path: digest_of(path)})
    found = fan_out([jobs[position] for position in positions], by, progress)
    return {
        "format": FORMAT,
        "kind": KIND,
        "asked": asked.to_dict(),
        "shard": part.to_dict(),
        "pieces": [each.to_dict() for each in sorted(found.pieces, key=_in_order)],
        "lapses": [each.to_dict() for each in found.lapses],
    }


def _in_order(piece: Piece) -> tuple[int, float, str]:
    return piece.way, piece.portion.number / piece.portion.of, piece.portion.what.value


def _said(asked: Asked) -> str:
    return json.dumps(asked.to_dict(), sort_keys=True)


def is_shard(file: str) -> bool:
    """Whether it is one of a survey, rather than of suites."""
    try:
        return _document(file).get("kind") == KIND
    except SuiteError:
        return False


def merged(files: Iterable[str]) -> tuple[Asked, Found, Survey | Isolation]:
    """The survey of which these files are the shards."""
    documents = [(file, _document(file)) for file in files]
    shards = [(file, *_shard(file, told)) for file, told in documents]
    check([(file, part) for file, part, _, _ in shards])
    _, _, asked, _ = shards[0]
    every = [found for _, _, _, found in shards]
    whole = Found(
        [piece for found in every for piece in found.pieces],
        [lapse for found in every for lapse in found.lapses],
    )
    try:
        return asked, whole, joined(asked, whole.pieces, whole.lapses)
    except NotWhole as error:
        raise SuiteError(f"the shards do not make a whole:\n  {error}") from None


def _document(file: str) -> Mapping[str, Any]:
    told: Any = read(file)
    if not isinstance(told, dict):
        raise SuiteError("is no shard: an object is expected", file)
    return told


def _shard(file: str, told: Mapping[str, Any]) -> tuple[Part, Asked, Found]:
    if told.get("kind") != KIND or told.get("format") != FORMAT:
        words = "is no shard of a survey: write one with reach matrix --shard I/N --format json"
        raise SuiteError(words, file)
    try:
        found = Found(
            [Piece.from_dict(each) for each in told["pieces"]],
            [Lapse.from_dict(each) for each in told["lapses"]],
        )
        part, asked = Part.from_dict(told["shard"]), Asked.from_dict(told["asked"])
        if part.same["survey"] != _said(asked):
            raise ValueError("it is of two surveys")
        return part, asked, found
    except _BAD as error:
        raise SuiteError(f"is no shard: {error!r}", file) from None
