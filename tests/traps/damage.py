"""Samples of which something is taken out, as a describe answer that was cut down would lack it.

    harm(sample, without_records(sample)) -> Flip, Flip, ...

A record is taken out of its list, a call out of its files, a field out of all records of a call.
What a sample's own cases are answered then is compared with what they are answered of the whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import msgspec

import reach
from reach.asking import expecting
from reach.components import sections
from reach.options import Options
from reach.snapshot.record import UNPRINTED
from reach.snapshot.records import NetworkInterface
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.words import WORDS
from reach.suite import Case, load_suite
from tests.estate import load_files, tell

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
# Which it is not that anything is decided by the loss of something.
HARMLESS = ("undecided", "refused")


@dataclass(frozen=True)
class Sample:
    """A snapshot, as texts by file name, with the cases of every suite that asks about it."""

    name: str
    files: Mapping[str, str]
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Damage:
    """A sample's files without something; ``named`` says that other answers still name it."""

    lost: str
    files: Mapping[str, str]
    named: bool = True


@dataclass(frozen=True)
class Flip:
    """A case that is answered otherwise, and not left open, since something is lost."""

    lost: str
    ask: str
    was: str
    now: str
    told: str

    def __str__(self) -> str:
        return f"without {self.lost}: {self.ask}: {self.was} -> {self.now}\n  {self.told}"


@cache
def samples() -> tuple[Sample, ...]:
    """Those with a snapshot of their own, in the order of their names."""
    found: dict[Path, list[Case]] = {}
    for suite in sorted(SAMPLES.glob("*/cases.reach.yaml")):
        for case in load_suite(suite).cases:
            found.setdefault(Path(case.snapshot).resolve(), []).append(case)
    return tuple(
        Sample(folder.parent.name, texts(folder), tuple(dict.fromkeys(cases)))
        for folder, cases in sorted(found.items())
    )


def drawn(
    rng: Random, most: int, kinds: Sequence[Callable[[Sample], Iterator[Damage]]]
) -> Iterator[tuple[Sample, Damage, Snapshot]]:
    """Small samples that are damaged in one place, and still have interfaces."""
    found = 0
    while found < most:
        sample = rng.choice([each for each in samples() if each.name != "estate"])
        damage = rng.choice([*rng.choice(kinds)(sample)] or [None])
        snapshot = None if damage is None else loaded(damage)
        if damage is None or snapshot is None or not snapshot.records(NetworkInterface):
            continue
        found += 1
        yield sample, damage, snapshot


def texts(folder: Path) -> dict[str, str]:
    found = sorted(folder.rglob("*.json"))
    return {file.relative_to(folder).as_posix(): file.read_text() for file in found}


# ------------------------------------------------------------------- what is taken out


def without_records(sample: Sample) -> Iterator[Damage]:
    """Each record of each list, one at a time."""
    ids = ids_by_place(sample)
    for name, text in sample.files.items():
        answer = json.loads(text)
        for key, records in answer.items():
            for number in range(len(records) if isinstance(records, list) else 0):
                rest = [*records[:number], *records[number + 1 :]]
                files = {**sample.files, name: json.dumps({**answer, key: rest})}
                own = ids.get((name, f"/{key}/{number}"), ())
                everything = "\n".join(files.values())
                named = any(re.search(rf"{re.escape(i)}(?!\w)", everything) for i in own)
                yield Damage(f"{key}/{number} {' '.join(own)}", files, named)


def ids_by_place(sample: Sample) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The ids of records, by file and the pointer of the item of the list that holds them."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    snapshot = load_files(sample.files)
    for held in snapshot.contents.values():
        for identity, record in held.items():
            item = "/".join(record.pointer.split("/")[:3])
            place = record.page.file.removeprefix("snapshot/"), item
            found[place] = (*found.get(place, ()), identity)
    return found


def without_calls(sample: Sample) -> Iterator[Damage]:
    """Each top-level key, in all files at once."""
    answers = {name: json.loads(text) for name, text in sample.files.items()}
    for key in sorted({key for answer in answers.values() for key in answer}):
        kept = {n: {k: v for k, v in a.items() if k != key} for n, a in answers.items()}
        yield Damage(key, {name: json.dumps(answer) for name, answer in kept.items() if answer})


def without_fields(sample: Sample) -> Iterator[Damage]:
    """Each field that is read, out of all records of its call at once."""
    answers = {name: json.loads(text) for name, text in sample.files.items()}
    paths = {(key, path) for a in answers.values() for key in a for path in paths_in(a[key], ())}
    for key, path in sorted(paths):
        files = dict(sample.files)
        for name, text in sample.files.items():
            answer = json.loads(text)
            if key in answer:
                take_out(answer[key], path)
                files[name] = json.dumps(answer)
        yield Damage("/".join((key, *path)), files)


def without_lists(sample: Sample) -> Iterator[Damage]:
    """Each list that AWS always prints, out of one record at a time."""
    for name, text in sample.files.items():
        answer = json.loads(text)
        for key, section in sections().items():
            kind = section.nested.item if section.nested else section.record
            for place in lists_of(kind, answer.get(key), (key,)):
                cut = json.loads(text)
                holder = cut
                for step in place[:-1]:
                    holder = holder[step]
                del holder[place[-1]]
                yield Damage("/".join(map(str, place)), {**sample.files, name: json.dumps(cut)})


def lists_of(kind: Any, value: Any, at: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Where in a value there are such lists, by the records that are made of it."""
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from lists_of(kind, each, (*at, number))
    elif isinstance(value, dict):
        for field in msgspec.structs.fields(kind):
            if field.encode_name not in value:
                continue
            if field.default is UNPRINTED:
                yield (*at, field.encode_name)
            for inner in (field.type, *getattr(field.type, "__args__", ())):
                if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                    yield from lists_of(inner, value[field.encode_name], (*at, field.encode_name))


def with_words(sample: Sample) -> Iterator[Damage]:
    """A word that AWS does not have, for each of those that it has, in all records of a call."""
    for key, paths in WORDS.items():
        for path in paths:
            files, changed = dict(sample.files), False
            for name, text in sample.files.items():
                answer = json.loads(text)
                for holder, last in holders(sections()[key].record, answer.get(key), path):
                    holder[last], changed = "half-working", True
                files[name] = json.dumps(answer)
            if changed:
                yield Damage(f"{key} {path}", files)


def holders(kind: Any, value: Any, path: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The objects that hold the last step of a path, and its printed name."""
    step, _, rest = path.partition(".")
    field = next(f for f in msgspec.structs.fields(kind) if f.name == step.removesuffix("[]"))
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, dict) or not each.get(field.encode_name):
            continue
        if not rest:
            yield each, field.encode_name
            continue
        inner = (field.type, *getattr(field.type, "__args__", ()))
        part = next(k for k in inner if isinstance(k, type) and issubclass(k, msgspec.Struct))
        yield from holders(part, each[field.encode_name], rest)


def paths_in(value: Any, at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where fields stand that some record declares; ``*`` is any item of a list."""
    if isinstance(value, list):
        for each in value:
            yield from paths_in(each, (*at, "*"))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in declared() and key != "Tags":
                yield (*at, key)
                yield from paths_in(inner, (*at, key))


def take_out(value: Any, path: tuple[str, ...]) -> None:
    if path[0] == "*":
        for each in value if isinstance(value, list) else ():
            take_out(each, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        if len(path) == 1:
            del value[path[0]]
        else:
            take_out(value[path[0]], path[1:])


@cache
def declared() -> frozenset[str]:
    """The names of all fields that records read."""
    waiting: list[Any] = [section.record for section in sections().values()]
    waiting += [s.nested.item for s in sections().values() if s.nested is not None]
    seen: set[Any] = set()
    names: set[str] = set()
    while waiting:
        kind = waiting.pop()
        if kind in seen:
            continue
        seen.add(kind)
        waiting += getattr(kind, "__args__", ())
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            for field in msgspec.structs.fields(kind):
                names.add(field.encode_name)
                waiting.append(field.type)
    return frozenset(names)


# ------------------------------------------------------------------- what becomes of the answers


def harm(sample: Sample, damages: Iterable[Damage]) -> Iterator[Flip]:
    """The cases that are answered otherwise without what is lost, though nothing denies that it is
    there.  A snapshot that is refused is refused with the file and the place."""
    was = {case: verdict(load_files(sample.files), case)[0] for case in sample.cases}
    for damage in damages:
        snapshot = loaded(damage)
        for case in sample.cases if snapshot is not None else ():
            now, told = verdict(snapshot, case, was[case])
            if now not in (was[case], *HARMLESS):
                yield Flip(damage.lost, case.ask, was[case], now, told)


def loaded(damage: Damage) -> Any:
    """The snapshot; nothing where it is refused, which says in which file."""
    try:
        return load_files(damage.files)
    except reach.SnapshotError as refusal:
        error = refusal
    assert error.file, f"without {damage.lost}: {error}"
    return None


def verdict(snapshot: Any, case: Case, expected: str = "") -> tuple[str, str]:
    """A case's verdict, or that it is refused, with what the answer says."""
    wanted = expected if expected not in ("", "refused") else case.expect.value
    try:
        answer = expecting(
            snapshot,
            case.ask,
            one_way=case.one_way,
            port_at=case.port_at,
            options=Options.parse(case.options),
            expected=reach.Verdict(wanted),
        )
    except reach.QuestionError as error:
        return "refused", str(error)
    return answer.verdict.value, tell(answer) if answer.verdict.value != wanted else ""
