"""Suites for people: groups, lists, defaults, includes, exceptions; and where each fault is."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reach.answer import Verdict
from reach.errors import SuiteError
from reach.suite import Case, load_suite

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "suite.schema.json").read_text())
SUITES = sorted((ROOT / "samples").glob("*/cases.reach.yaml"))

EDGE = """\
snapshot: saved
include: groups.yaml
defaults:
  expect: unreachable
  owner: net
  tags: [edge]
cases:
  - name: admin ports are closed
    from: [internet, group:partners]
    to: group:web
    port: [22, 3389-3390, 161/udp]
    why: audit 7
    tags: pci
  - from: internet
    to: i-0w1
    icmp: true
  - ask: can internet reach i-0w2 port 443
    expect: reachable
    until: 2026-03-01
    why: the vendor's scanner
"""
GROUPS = """\
groups:
  partners: [198.51.100.0/24, group:vendor]
  vendor: 203.0.113.9
  web:
    - i-0w1
    - web 2
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder / f"{next(iter(files))}.yaml"


def read(folder: Path, **files: str) -> tuple[Case, ...]:
    return load_suite(write(folder, **files)).cases


def fault(folder: Path, **files: str) -> SuiteError:
    with pytest.raises(SuiteError) as caught:
        read(folder, **files)
    return caught.value


def fits(text: str) -> bool:
    """Whether a suite is of the form that is published."""
    jsonschema = pytest.importorskip("jsonschema")
    value = YAML(typ="safe", pure=True).load(text)
    plain = json.loads(json.dumps(value, default=str))
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(plain))


# ------------------------------ what a case stands for


def test_lists_and_groups_are_a_case_for_each_combination(tmp_path: Path) -> None:
    """Three sources, two destinations and three packets are eighteen cases, all of one line."""
    cases = read(tmp_path, edge=EDGE, groups=GROUPS)
    closed = cases[:18]
    assert {case.line for case in closed} == {8}
    assert [case.ask for case in closed][:4] == [
        "can internet reach i-0w1 port 22",
        "can internet reach i-0w1 port 3389-3390",
        "can internet reach i-0w1 port 161/udp",
        "can internet reach 'web 2' port 22",
    ]
    assert {case.ask.split(" reach ")[0] for case in closed} == {
        "can internet",
        "can 198.51.100.0/24",
        "can 203.0.113.9",
    }
    assert closed[3].name == "admin ports are closed [internet reach 'web 2' port 22]"
    assert len({case.name for case in closed}) == 18


def test_defaults_are_for_what_a_case_does_not_say(tmp_path: Path) -> None:
    """Tags are added to; the rest is replaced."""
    *closed, ping, scanner = read(tmp_path, edge=EDGE, groups=GROUPS)
    assert (closed[0].expect, closed[0].owner) == (Verdict.UNREACHABLE, "net")
    assert closed[0].tags == ("edge", "pci")
    assert (ping.ask, ping.name, ping.tags) == ("can internet reach i-0w1 icmp", "", ("edge",))
    assert scanner.expect is Verdict.REACHABLE
    assert (scanner.until, scanner.owner) == (date(2026, 3, 1), "net")


def test_a_policy_is_asked_of_the_snapshot_of_whoever_includes_it(tmp_path: Path) -> None:
    """Cases and groups come along; a snapshot that the included file names stays its own."""
    policy = "cases:\n  - {from: internet, to: group:db, port: 5432, expect: unreachable}\n"
    own = "snapshot: theirs\ncases:\n  - {ask: can a reach b, expect: reachable}\n"
    prod = "snapshot: prod\ninclude: [policy.yaml, own.yaml]\ngroups: {db: [i-0d1, i-0d2]}\n"
    cases = read(tmp_path, prod=prod, policy=policy, own=own)
    assert [(case.ask, Path(case.snapshot).name, Path(case.file).name) for case in cases] == [
        ("can internet reach i-0d1 port 5432", "prod", "policy.yaml"),
        ("can internet reach i-0d2 port 5432", "prod", "policy.yaml"),
        ("can a reach b", "theirs", "own.yaml"),
    ]


def test_a_file_that_two_include_counts_once(tmp_path: Path) -> None:
    both = "cases:\n  - {ask: can a reach b, expect: reachable}\n"
    top = "snapshot: s\ninclude: [one.yaml, two.yaml]\n"
    one = "include: both.yaml\n"
    assert len(read(tmp_path, top=top, one=one, two=one, both=both)) == 1


def test_many_snapshots(tmp_path: Path) -> None:
    """Each case is asked of each of them, unless it names its own; names say of which."""
    text = (
        "snapshot: own\ncases:\n"
        "  - {ask: can a reach b, expect: reachable}\n"
        "  - {name: x, ask: can a reach c, expect: reachable}\n"
        "  - {ask: can a reach d, expect: reachable, snapshot: fixed}\n"
    )
    path = write(tmp_path, suite=text)
    cases = load_suite(path, ("prod", "dev")).cases
    assert [(case.title, case.snapshot) for case in cases] == [
        ("can a reach b [on prod]", "prod"),
        ("can a reach b [on dev]", "dev"),
        ("x [on prod]", "prod"),
        ("x [on dev]", "dev"),
        ("can a reach d", str(tmp_path / "fixed")),
    ]
    assert [case.snapshot for case in load_suite(path, ("prod",)).cases][:2] == ["prod", "prod"]


def test_without_to_it_is_anywhere(tmp_path: Path) -> None:
    text = "snapshot: s\ncases:\n  - {from: internet, port: '22', expect: unreachable}\n"
    assert read(tmp_path, suite=text)[0].ask == "can internet reach any port 22"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("protocol: 50", "protocol 50"),
        ("protocol: esp", "protocol esp"),
        ("icmp: 3/4", "icmp 3/4"),
        ("icmp: 0", "icmp 0"),
        ("port: 0-65535/tcp", "port 0-65535/tcp"),
    ],
)
def test_packets(tmp_path: Path, written: str, words: str) -> None:
    text = f"snapshot: s\ncases:\n  - from: a\n    to: b\n    {written}\n    expect: reachable\n"
    assert read(tmp_path, suite=text)[0].ask == f"can a reach b {words}"
    assert fits(text)


def test_fingerprints_stay_as_lines_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the line nor what is expected makes a case; what is asked, of what, does."""
    monkeypatch.chdir(tmp_path)
    text = "snapshot: s\ncases:\n  - {ask: can a reach b, expect: reachable}\n"
    moved = text.replace("cases", "# moved\ncases").replace("reachable}", "unreachable}")
    other = text.replace("reach b", "reach c")
    first, second, third = (
        read(tmp_path, suite=each)[0].fingerprint for each in (text, moved, other)
    )
    assert first == second != third
    write(tmp_path, suite=text)
    assert load_suite("suite.yaml").cases[0].fingerprint == first


# ------------------------------ faults

HEAD = "snapshot: s\ncases:\n  - from: a\n    to: b\n    expect: reachable\n"
UNTIL = f"{HEAD}    until: 2026-01-31\n    why: x\n    owner: y\n"

FAULTS: dict[str, tuple[str, int, str]] = {
    "ask and from": (f"{HEAD}    ask: can a reach b\n", 3, "'from' is said by 'ask' already"),
    "to alone": ("snapshot: s\ncases:\n  - to: b\n    expect: reachable\n", 3, "needs 'from'"),
    "port and icmp": (f"{HEAD}    port: 1\n    icmp: true\n", 7, "'icmp' does not go with 'port'"),
    "port a word": (f"{HEAD}    port: ssh\n", 6, "'port' is written 22, 8000-8100 or 53/udp, not"),
    "port of 1.1": (f"{HEAD}    port: 22:22\n", 6, "not 22:22"),
    "port too high": (f"{HEAD}    port: 70000\n", 6, "no range of ports"),
    "port backwards": (f"{HEAD}    port:\n      - 1\n      - 9-8\n", 8, "no range of ports, not 9"),
    "no ports": (f"{HEAD}    port: []\n", 6, "is an empty list"),
    "icmp false": (f"{HEAD}    icmp: false\n", 6, "else leave it out"),
    "group unknown": (HEAD.replace("to: b", "to: group:x"), 4, "no group 'x'; there is none"),
    "tag with a space": (f"{HEAD}    tags: [a b]\n", 6, "a tag is letters"),
    "until no day": (UNTIL.replace("2026-01-31", "soon"), 6, "is a day, YYYY-MM-DD, not soon"),
    "until no such day": (UNTIL.replace("01-31", "02-31"), 6, "is a day, YYYY-MM-DD"),
    "until without why": (UNTIL.replace("    why: x\n", ""), 3, "needs 'why'"),
    "until without owner": (UNTIL.replace("    owner: y\n", ""), 3, "needs 'owner'"),
    "until of undecided": (UNTIL.replace(": reachable", ": undecided"), 6, "not undecided"),
    "default of ask": (f"defaults: {{ask: x}}\n{HEAD}", 1, "'defaults' has no 'ask'"),
    "group of groups": (f"groups: {{a: [x, group:c]}}\n{HEAD}", 1, "no group 'c'; there is a"),
    "group in itself": (f"groups:\n  a: group:b\n  b: group:a\n{HEAD}", 3, "'a' holds itself"),
    "groups a list": (f"groups: [a]\n{HEAD}", 1, "'groups' is a mapping of names"),
    "group empty": (f"groups: {{a: []}}\n{HEAD}", 1, "is an empty list"),
    "include missing": (f"include: no.yaml\n{HEAD}", 1, "is to be included and is not there"),
    "include itself": (f"include:\n  - suite.yaml\n{HEAD}", 2, "includes itself"),
    "only groups": ("groups: {a: x}\n", 1, "a suite needs 'cases'"),
}
# What a schema cannot say, for it sees one file and no meaning.
BEYOND_SCHEMA = {
    "port too high",  # as a text
    "port backwards",
    "group unknown",
    "until no such day",
    "until without why",
    "until without owner",
    "group of groups",
    "group in itself",
    "include missing",
    "include itself",
    "only groups",
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(tmp_path: Path, name: str) -> None:
    """Every fault names the file, the line and what would be right; the schema sees it too."""
    text, line, words = FAULTS[name]
    error = fault(tmp_path, suite=text)
    assert words in str(error)
    assert (error.file, error.line) == (str(tmp_path / "suite.yaml"), line)
    assert name in BEYOND_SCHEMA or not fits(text)


def test_a_fault_in_an_included_file_is_there(tmp_path: Path) -> None:
    error = fault(tmp_path, top="snapshot: s\ninclude: low.yaml\n", low="\ncases: 1\n")
    assert (error.file, error.line) == (str(tmp_path / "low.yaml"), 2)


def test_a_group_is_defined_once(tmp_path: Path) -> None:
    low = "groups: {a: x}\ncases:\n  - {ask: can a reach b, expect: reachable}\n"
    error = fault(tmp_path, top="snapshot: s\ngroups: {a: y}\ninclude: low.yaml\n", low=low)
    assert f"group 'a' is defined in {tmp_path / 'low.yaml'}:1 already" in str(error)


def test_groups_of_groups_cost_no_more_than_their_ends(tmp_path: Path) -> None:
    """Sixty levels, each holding the next one twice: one end, at once."""
    levels = "".join(f"  g{n}: [group:g{n + 1}, group:g{n + 1}]\n" for n in range(60))
    text = f"snapshot: s\ngroups:\n{levels}  g60: x\n"
    text += "cases:\n  - {from: group:g0, expect: reachable}\n"
    assert [case.ask for case in read(tmp_path, suite=text)] == ["can x reach any"]


def test_too_many_cases_are_refused_before_they_are_made(tmp_path: Path) -> None:
    many = ", ".join(f"x{n}" for n in range(2000))
    text = f"snapshot: s\ngroups: {{g: [{many}]}}\n"
    text += "cases:\n  - {from: group:g, to: group:g, expect: reachable}\n"
    error = fault(tmp_path, suite=text)
    assert str(error).endswith("suite.yaml:4: is 4,000,000 cases; 100,000 are the most")


# ------------------------------ the schema


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.parent.name)
def test_samples_are_of_the_published_form(path: Path) -> None:
    assert fits(path.read_text())


def test_the_published_form_is_a_schema() -> None:
    """By the schema of schemas; what it does not name it does not allow."""
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["additionalProperties"] is False
    assert SCHEMA["$defs"]["case"]["additionalProperties"] is False


def test_what_is_read_is_of_the_published_form(tmp_path: Path) -> None:
    assert fits(EDGE)
    assert fits(GROUPS)
    assert fits(UNTIL)


def test_keys_are_the_same_as_in_the_schema() -> None:
    """Beside tests/test_suite.py: defaults are what cases have, in the same form."""
    defaults: dict[str, Any] = SCHEMA["properties"]["defaults"]["properties"]
    assert {key: f"#/$defs/case/properties/{key}" for key in defaults} == {
        key: value["$ref"] for key, value in defaults.items()
    }
