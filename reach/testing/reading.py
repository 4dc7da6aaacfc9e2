"""From the file of a suite to its cases: defaults filled in, groups and lists taken apart.

    load_suite(path, snapshots=()) -> Suite

A case whose ``from``, ``to``, ``port`` or the like are lists is one case for each combination.  All
files that include each other share their groups; each one's defaults are for its own cases.  Every
case knows its file and line; anything wrong is a SuiteError that says where.  Reads YAML only; must
not know how a case is asked.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from reach.answer import Verdict
from reach.errors import SuiteError
from reach.testing.case import Case, Suite
from reach.testing.tree import Place, read_tree

SUITE_KEYS = ("snapshot", "cases", "include", "groups", "defaults")
CASE_KEYS = (
    "ask",
    "expect",
    "name",
    "one_way",
    "port_at",
    "options",
    "codes",
    "through",
    "why",
    "snapshot",
    "from",
    "to",
    "port",
    "protocol",
    "icmp",
    "owner",
    "until",
    "tags",
)
DEFAULT_KEYS = ("expect", "one_way", "port_at", "options", "why", "owner", "until", "tags")
PORT_AT = ("source", "destination")
TAG = r"[A-Za-z_][A-Za-z0-9_.-]*"
GROUP = "group:"
MOST_CASES = 100_000

# How each kind of packet is written: the form, an example, and the words of a question.
_PACKETS = {
    "port": (r"\d{1,5}(-\d{1,5})?(/(tcp|udp))?", "22, 8000-8100 or 53/udp", "port"),
    "protocol": (r"[a-z0-9]+", "50 or esp", "protocol"),
    "icmp": (r"\d{1,3}(/\d{1,3})?", "8, 3/4 or true for an echo request", "icmp"),
}

Fields = Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class _File:
    """One file of a suite with its groups, before its cases are made."""

    path: str
    fields: Fields
    root: Place
    snapshot: str
    groups: Mapping[str, Place] = field(default_factory=dict)


def load_suite(path: str | os.PathLike[str], snapshots: Sequence[str] = ()) -> Suite:
    """Read a suite file and what it includes.

    With ``snapshots`` each case that names none itself is asked of each of them, whatever snapshot
    its suite names.  Raises SuiteError with the file and line of the first thing wrong.
    """
    file = os.fspath(path)
    files = list(_files(file))
    groups = _groups(files)
    cases = [case for each in files for case in _cases(each, groups, snapshots)]
    if not cases:
        raise files[-1].root.error("a suite needs 'cases', a list of questions")
    if len(cases) > MOST_CASES:
        raise SuiteError(f"is {len(cases):,} cases; {MOST_CASES:,} are the most", file)
    return Suite(file, tuple(cases))


# ------------------------------------------------------------------- files and groups


def _files(file: str) -> Iterator[_File]:
    """The files that a suite is made of, the included ones first, each once."""
    done: set[str] = set()

    def walk(path: str, inherited: str, above: tuple[str, ...]) -> Iterator[_File]:
        root = read_tree(path)
        fields = root.fields(SUITE_KEYS, "a suite")
        own = _beside(path, fields["snapshot"].text()) if "snapshot" in fields else inherited
        done.add(_key(path))
        if "cases" not in fields and "include" not in fields and not above:
            raise root.error("a suite needs 'cases', a list of questions")
        for place in fields["include"].any_of() if "include" in fields else ():
            name = _beside(path, place.text())
            if _key(name) in above or _key(name) == _key(path):
                raise place.error(f"{name} includes itself")
            if not os.path.exists(name):
                raise place.error(f"{name} is to be included and is not there")
            if _key(name) not in done:
                yield from walk(name, own, (*above, _key(path)))
        groups = fields["groups"].named("names, each a list of ends") if "groups" in fields else {}
        yield _File(path, fields, root, own, groups)

    yield from walk(file, "", ())


def _key(path: str) -> str:
    return os.path.realpath(path)


def _beside(file: str, name: str) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(file), name))


def _groups(files: Sequence[_File]) -> Mapping[str, tuple[str, ...]]:
    """Every group with its ends; a group may hold others."""
    places: dict[str, Place] = {}
    for file in files:
        for name, place in file.groups.items():
            if name in places:
                first = places[name]
                raise place.error(f"group {name!r} is defined in {first.file}:{first.line} already")
            places[name] = place
    made: dict[str, tuple[str, ...]] = {}
    for name in places:
        _ends_of(name, places, made, ())
    return made


def _ends_of(
    name: str,
    places: Mapping[str, Place],
    made: dict[str, tuple[str, ...]],
    above: tuple[str, ...],
) -> tuple[str, ...]:
    """The ends of a group, each once; what was worked out is kept in ``made``."""
    if name in made:
        return made[name]
    found: dict[str, None] = {}
    for each in places[name].any_of():
        text = each.text()
        other = text.removeprefix(GROUP)
        if not text.startswith(GROUP):
            found[text] = None
        elif other in (name, *above):
            raise each.error(f"group {other!r} holds itself")
        elif other not in places:
            raise _no_group(each, other, places)
        else:
            found.update(dict.fromkeys(_ends_of(other, places, made, (name, *above))))
    made[name] = tuple(found)
    return made[name]


def _no_group(place: Place, name: str, groups: Mapping[str, object]) -> SuiteError:
    known = ", ".join(sorted(groups)) or "none"
    return place.error(f"there is no group {name!r}; there is {known}")


# ------------------------------------------------------------------- cases


def _cases(
    file: _File, groups: Mapping[str, tuple[str, ...]], snapshots: Sequence[str]
) -> Iterator[Case]:
    if "cases" not in file.fields:
        return
    defaults: Fields = {}
    if "defaults" in file.fields:
        defaults = file.fields["defaults"].fields(DEFAULT_KEYS, "'defaults'")
    places = file.fields["cases"].items()
    if not places:
        raise file.fields["cases"].error("'cases' is empty: a suite asks something")
    names: dict[str, int] = {}
    for place in places:
        fields = place.fields(CASE_KEYS, "a case")
        case = _case(
            place, {**defaults, **fields}, defaults, file.snapshot or "".join(snapshots[:1])
        )
        first = names.setdefault(case.name, case.line)
        if case.name and first != case.line:
            words = f"{case.name!r} is already the name of the case in line {first}"
            raise place.error(words)
        asked = list(_questions(place, fields, groups))
        of = (case.snapshot,) if "snapshot" in fields or not snapshots else tuple(snapshots)
        for text, snapshot in product(asked, of):
            yield _variant(case, text, snapshot, len(asked) > 1, len(of) > 1)


def _variant(case: Case, text: str, snapshot: str, one_of: bool, on_one: bool) -> Case:
    """One of the cases that a case stands for; its name says which."""
    which = [text.removeprefix("can ")] if one_of and case.name else []
    which += [f"on {snapshot}"] if on_one else []
    name = f"{case.name or text} [{', '.join(which)}]" if which else case.name
    return replace(case, ask=text, name=name, snapshot=snapshot)


def _case(place: Place, fields: Fields, defaults: Fields, default: str) -> Case:
    """A case but for its question."""
    if "ask" not in fields and not {"from", "to"} & fields.keys():
        raise place.error("a case needs 'ask', or 'from' and 'to'")
    if "expect" not in fields:
        raise place.error("a case needs 'expect'")
    named = fields.get("snapshot")
    snapshot = _beside(place.file, named.text()) if named else default
    if not snapshot:
        raise place.error("no 'snapshot', neither in the case nor in the suite")
    expect = Verdict(fields["expect"].choice(tuple(Verdict)))
    for key, meant in (("codes", Verdict.UNREACHABLE), ("through", Verdict.REACHABLE)):
        if key in fields and expect is not meant:
            raise fields[key].error(f"{key!r} goes with 'expect: {meant}', not with {expect}")
    case = Case(
        ask=fields["ask"].text() if "ask" in fields else "",
        expect=expect,
        snapshot=snapshot,
        file=place.file,
        line=place.line,
        name=fields["name"].text() if "name" in fields else "",
        one_way=fields["one_way"].switch() if "one_way" in fields else False,
        port_at=fields["port_at"].choice(PORT_AT) if "port_at" in fields else "source",
        options=fields["options"].texts() if "options" in fields else (),
        codes=fields["codes"].texts() if "codes" in fields else (),
        through=fields["through"].texts() if "through" in fields else (),
        why=fields["why"].text() if "why" in fields else "",
        owner=fields["owner"].text() if "owner" in fields else "",
        until=fields["until"].day() if "until" in fields else None,
        tags=tuple(dict.fromkeys((*_tags(defaults), *_tags(fields)))),
    )
    _check_exception(place, fields, case)
    return case


def _check_exception(place: Place, fields: Fields, case: Case) -> None:
    """An accepted exception says who accepts it and why."""
    if case.until is None:
        return
    if case.expect is Verdict.UNDECIDED:
        raise fields["until"].error("'until' goes with reachable or unreachable, not undecided")
    for key in ("why", "owner"):
        if key not in fields:
            raise place.error(f"an exception (a case with 'until') needs {key!r}")


def _tags(fields: Fields) -> Iterator[str]:
    for place in fields["tags"].any_of() if "tags" in fields else ():
        text = place.text()
        if not re.fullmatch(TAG, text):
            raise place.error(f"a tag is letters, digits, '_', '.' and '-', not {text}")
        yield text


# ------------------------------------------------------------------- questions


def _questions(
    place: Place, fields: Fields, groups: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """The questions of a case, each in its text form."""
    asked = [key for key in ("from", "to", *_PACKETS) if key in fields]
    if "ask" in fields:
        if asked:
            raise fields[asked[0]].error(f"{asked[0]!r} is said by 'ask' already")
        yield fields["ask"].text()
        return
    if "from" not in fields:
        raise place.error("a case with 'to' needs 'from'")
    kinds = [key for key in _PACKETS if key in fields]
    if len(kinds) > 1:
        raise fields[kinds[1]].error(f"{kinds[1]!r} does not go with {kinds[0]!r}")
    sources = _side(fields["from"], groups)
    destinations = _side(fields["to"], groups) if "to" in fields else ("any",)
    packets = tuple(_packets(kinds[0], fields[kinds[0]])) if kinds else ("",)
    number = len(sources) * len(destinations) * len(packets)
    if number > MOST_CASES:
        raise place.error(f"is {number:,} cases; {MOST_CASES:,} are the most")
    for source, destination, packet in product(sources, destinations, packets):
        ends = f"can {shlex.quote(source)} reach {shlex.quote(destination)}"
        yield f"{ends} {packet}".rstrip()


def _side(place: Place, groups: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    found: list[str] = []
    for each in place.any_of():
        text = each.text()
        name = text.removeprefix(GROUP)
        if not text.startswith(GROUP):
            found.append(text)
        elif name in groups:
            found += groups[name]
        else:
            raise _no_group(each, name, groups)
    return tuple(dict.fromkeys(found))


def _packets(kind: str, place: Place) -> Iterator[str]:
    form, example, words = _PACKETS[kind]
    if kind == "icmp" and not place.is_list and place.is_switch:
        if not place.switch():
            raise place.error("'icmp' is true, a type or a list of them; else leave it out")
        yield words
        return
    for each in place.any_of():
        written = each.scalar(form, example)
        low, _, high = written.partition("/")[0].partition("-")
        if kind == "port" and not int(low) <= int(high or low) <= 65535:
            raise each.error(f"{each.name} is no range of ports, not {written}")
        yield f"{words} {written}"
