"""Which of many jobs one of N machines does, and whether all that was done is there again.

    Shard(2, 3).of_keys(keys) -> positions        check({file: part, ...})

A job goes by its key, in the order of all keys, in which each shard has one stretch: so shards
differ by one job at most, one more job moves at most one other across each border, and what lies
together in that order, such as the jobs on one snapshot, is done by few.  A :class:`Part` is what a
shard says of itself beside its results; parts that are not of one whole are never joined.  Must not
know what jobs are, nor their results.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from reach.errors import SuiteError

_FORM = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shard:
    """The ``number``-th, from 1, of ``of`` shards."""

    number: int
    of: int

    @staticmethod
    def parse(text: str) -> Shard:
        """Raises ValueError for what is not I/N."""
        found = _FORM.fullmatch(text)
        if found is None or int(found[1]) > int(found[2]):
            raise ValueError(f"{text!r} is no shard: write I/N, from 1/N to N/N")
        return Shard(int(found[1]), int(found[2]))

    def of_keys(self, keys: Sequence[str]) -> tuple[int, ...]:
        """The positions of the jobs that are this shard's, in their order."""
        ranked = sorted(range(len(keys)), key=lambda position: (keys[position], position))
        first = -(-(self.number - 1) * len(keys) // self.of)
        after = -(-self.number * len(keys) // self.of)
        return tuple(sorted(ranked[first:after]))

    def __str__(self) -> str:
        return f"{self.number} of {self.of}"


def read(file: str) -> Any:
    """What a file of a shard says, as plain data.  Raises SuiteError if it is not JSON."""
    try:
        return json.loads(Path(file).read_bytes())
    except OSError as error:
        raise SuiteError(error.strerror or str(error), file) from None
    except (ValueError, RecursionError) as error:
        raise SuiteError(f"is no shard: it is not JSON: {error}", file) from None


@dataclass(frozen=True, slots=True)
class Part:
    """What a shard has done: ``positions`` of ``total`` jobs.

    ``same`` must be that of every other shard, by name; ``snapshots`` are the digests of those that
    were asked, by path, '' where there is none to read.
    """

    shard: Shard
    total: int
    positions: tuple[int, ...]
    same: Mapping[str, str]
    snapshots: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        return {
            "number": self.shard.number,
            "of": self.shard.of,
            "total": self.total,
            "positions": list(self.positions),
            "same": dict(self.same),
            "snapshots": dict(self.snapshots),
        }

    @staticmethod
    def from_dict(told: Mapping[str, Any]) -> Part:
        """Raises LookupError, TypeError, AttributeError or ValueError for what is no part."""
        return Part(
            Shard.parse(f"{told['number']}/{told['of']}"),
            int(told["total"]),
            tuple(map(int, told["positions"])),
            {str(name): str(value) for name, value in told["same"].items()},
            {str(path): str(digest) for path, digest in told["snapshots"].items()},
        )


def check(parts: Sequence[tuple[str, Part]]) -> None:
    """Raises SuiteError with all that is wrong, unless the parts are each shard of one whole."""
    wrong = [*_different(parts)] or [*_incomplete(parts)] or [*_overlapping(parts)]
    if wrong:
        raise SuiteError("\n".join(["the shards do not make a whole:", *wrong]))


def _different(parts: Sequence[tuple[str, Part]]) -> Iterator[str]:
    (first, told), *others = parts
    for file, part in others:
        if part.shard.of != told.shard.of:
            yield f"  {file} is shard {part.shard}, {first} is {told.shard}"
        for name in sorted({*part.same, *told.same}):
            ours, theirs = part.same.get(name, ""), told.same.get(name, "")
            if ours != theirs:
                yield f"  {file}: its {name}: {ours or 'none'}; that of {first}: {theirs or 'none'}"
    seen: dict[str, tuple[str, str]] = {}
    for file, part in parts:
        for path, digest in part.snapshots.items():
            before, other = seen.setdefault(path, (digest, file))
            if before != digest:
                yield f"  {file}: asked another snapshot than {other}: the content of {path} is not"
                yield f"    the same ({_short(digest)}, {_short(before)})"


def _short(digest: str) -> str:
    return f"{digest[:12]}…" if digest else "none"


def _incomplete(parts: Sequence[tuple[str, Part]]) -> Iterator[str]:
    """Shards that are missing, and those that are there more than once."""
    files: dict[int, list[str]] = {}
    for file, part in parts:
        files.setdefault(part.shard.number, []).append(file)
    of = parts[0][1].shard.of
    missing = [number for number in range(1, of + 1) if number not in files]
    if missing:
        some = "shard" if len(missing) == 1 else "shards"
        yield f"  {some} {', '.join(_runs(missing))} of {of} missing"
    for number, named in sorted(files.items()):
        if len(named) > 1:
            yield f"  shard {number} of {of} is there {len(named)} times: {', '.join(named)}"


def _runs(numbers: Sequence[int]) -> Iterator[str]:
    """Numbers that follow each other as a range."""
    for _, group in groupby(enumerate(numbers), key=lambda each: each[1] - each[0]):
        run = [number for _, number in group]
        yield str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}"


def _overlapping(parts: Sequence[tuple[str, Part]]) -> Iterator[str]:
    """Whoever changed a file by hand has to be told."""
    total = parts[0][1].total
    done = sorted(position for _, part in parts for position in part.positions)
    if done != list(range(total)) or any(part.total != total for _, part in parts):
        yield f"  of {total} cases, each has to be there once; a file was changed since it was made"
