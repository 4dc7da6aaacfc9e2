"""Suites: what may stand in one, where each fault is reported, and what becomes of a case."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reach.answer import Answer, Verdict
from reach.errors import Defect, QuestionError, SuiteError
from reach.snapshot.errors import SnapshotError
from reach.suite import (
    CASE_KEYS,
    DEFAULT_KEYS,
    PORT_AT,
    SUITE_KEYS,
    Case,
    Outcome,
    load_suite,
    run,
)
from tests.render import specimens

SCHEMA = Path(__file__).resolve().parents[1] / "docs" / "suite.schema.json"

WHOLE = """\
# what the edge must keep out
snapshot: saved/prod
cases:
  - ask: can internet reach i-0abc port 22
    expect: unreachable
    name: ssh is closed
    one_way: true
    port_at: destination
    codes: [ENI_SG_RULES_MISMATCH]
    why: audit 7

  - ask: 'can "web 1" reach any port 443'
    expect: reachable
    through:
      - igw-0a1
      - sg-0e1
    snapshot: ../other
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "suite.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def fault(folder: Path, text: str | bytes) -> SuiteError:
    with pytest.raises(SuiteError) as caught:
        load_suite(write(folder, text))
    return caught.value


def case(ask: str = "can a reach b", **fields: Any) -> Case:
    return replace(Case(ask, Verdict.REACHABLE, snapshot="s", file="f.yaml", line=3), **fields)


# ------------------------------ loading


def test_every_key(tmp_path: Path) -> None:
    """Paths are relative to the suite's file; lines are those where cases begin."""
    file = str(write(tmp_path, WHOLE))
    suite = load_suite(file)
    assert suite.file == file
    first, second = suite.cases
    assert first == Case(
        ask="can internet reach i-0abc port 22",
        expect=Verdict.UNREACHABLE,
        snapshot=str(tmp_path / "saved" / "prod"),
        file=file,
        line=4,
        name="ssh is closed",
        one_way=True,
        port_at="destination",
        codes=("ENI_SG_RULES_MISMATCH",),
        why="audit 7",
    )
    assert (second.line, second.through) == (12, ("igw-0a1", "sg-0e1"))
    assert second.snapshot == str(tmp_path.parent / "other")


def test_yaml_is_1_2(tmp_path: Path) -> None:
    """What YAML 1.1 takes for numbers and switches are words here."""
    text = "snapshot: no\ncases:\n- {ask: 22:22, expect: reachable, name: off, why: y}\n"
    (found,) = load_suite(write(tmp_path, text)).cases
    assert (found.ask, found.name, found.why) == ("22:22", "off", "y")
    assert found.snapshot == str(tmp_path / "no")


CASE = "snapshot: s\ncases:\n  - ask: can a reach b\n    expect: reachable\n"

FAULTS = {
    "empty file": ("", 1, "is empty"),
    "comment only": ("# nothing\n", 1, "is empty"),
    "a list": ("- ask: x\n", 1, "a suite is a mapping with snapshot, cases"),
    "a word": ("hello\n", 1, "a suite is a mapping"),
    "no cases": ("# x\nsnapshot: s\n", 2, "a suite needs 'cases'"),
    "empty cases": ("snapshot: s\ncases: []\n", 2, "'cases' is empty"),
    "cases left out": ("snapshot: s\ncases:\n# end\n", 2, "'cases' must be a list"),
    "cases a mapping": ("snapshot: s\ncases:\n  ask: x\n", 3, "'cases' must be a list"),
    "case a word": ("snapshot: s\ncases:\n  - can a reach b\n", 3, "a case is a mapping with ask"),
    "unknown key above": (f"snapshots: s\n{CASE}", 1, "did you mean 'snapshot'?"),
    "unknown key": (
        f"{CASE}    oneway: true\n",
        5,
        "a case has no 'oneway'; did you mean 'one_way'",
    ),
    "strange key": (f"{CASE}    xyzzy: 1\n", 5, "it has ask, expect, name"),
    "merge key": (f"{CASE}    <<: {{name: x}}\n", 5, "a key must be a text, not <<"),
    "key said twice": (f"{CASE}    expect: reachable\n", 5, "'expect' is said twice"),
    "key is no text": (f"{CASE}    1: x\n", 5, "a key must be a text, not 1"),
    "no ask": ("snapshot: s\ncases:\n  - expect: reachable\n", 3, "a case needs 'ask'"),
    "no expect": ("snapshot: s\ncases:\n  - ask: x\n", 3, "a case needs 'expect'"),
    "no snapshot": (CASE.partition("\n")[2], 2, "no 'snapshot', neither in the case nor"),
    "ask a number": ("snapshot: s\ncases:\n- expect: reachable\n  ask: 7\n", 4, "must be a text"),
    "ask left out": (
        "snapshot: s\ncases:\n- ask:\n  expect: reachable\n",
        3,
        "'ask' must be a text",
    ),
    "ask blank": ("snapshot: s\ncases:\n- ask: ' '\n  expect: reachable\n", 3, "not nothing"),
    "half a character": ('snapshot: s\ncases:\n- ask: "\\ud800"\n  expect: reachable\n', 3, "half"),
    "snapshot a list": ("snapshot: [s]\ncases: []\n", 1, "'snapshot' must be a text, not a seq"),
    "wrong verdict": (
        CASE.replace("reachable", "open"),
        4,
        "reachable or unreachable or undecided",
    ),
    "name a number": (
        f"{CASE}    name: 22\n",
        5,
        "'name' must be a text, not 22; put it in quotes",
    ),
    "one_way a word": (f"{CASE}    one_way: yes\n", 5, "'one_way' must be true or false, not yes"),
    "one_way a text": (f"{CASE}    one_way: 'true'\n", 5, "must be true or false"),
    "one_way of 1.1": (f"%YAML 1.1\n---\n{CASE}    one_way: yes\n", 7, "must be true or false"),
    "wrong port_at": (f"{CASE}    port_at: both\n", 5, "'port_at' must be source or destination"),
    "codes of reachable": (f"{CASE}    codes: [X]\n", 5, "'codes' goes with 'expect: unreachable'"),
    "through a word": (f"{CASE}    through: igw-1\n", 5, "'through' must be a list"),
    "through empty": (f"{CASE}    through: []\n", 5, "'through' is an empty list"),
    "through a number": (f"{CASE}    through:\n    - igw-1\n    - 5\n", 7, "must be a text, not 5"),
    "same name": (
        f"{CASE}    name: x\n  - {{ask: c, expect: reachable, name: x}}\n",
        6,
        "in line 3",
    ),
    "tab": ("snapshot: s\ncases:\n\t- ask: x\n", 3, "is not YAML"),
    "not closed": ("snapshot: s\ncases: [\n", 3, "is not YAML"),
    "two documents": (f"{CASE}---\n{CASE}", 5, "is not YAML"),
    "undefined alias": ("snapshot: *x\n", 1, "is not YAML: found undefined alias 'x'"),
    "control character": ("snapshot: s\ncases: \x07\n", 2, "holds a control character"),
    "not UTF-8": (b"snapshot: s\n# \xff\n", 2, "is not UTF-8"),
    "through of unreachable": (
        CASE.replace("reachable", "unreachable") + "    through: [x]\n",
        5,
        "'through' goes with 'expect: reachable', not with unreachable",
    ),
}


@pytest.mark.parametrize(("text", "line", "words"), FAULTS.values(), ids=FAULTS.keys())
def test_faults(tmp_path: Path, text: str | bytes, line: int, words: str) -> None:
    """Every fault is one SuiteError that names the file, the line and what would be right."""
    error = fault(tmp_path, text)
    assert words in str(error)
    assert (error.file, error.line) == (str(tmp_path / "suite.yaml"), line)


def test_files_that_are_no_suites(tmp_path: Path) -> None:
    for path, words in [(tmp_path, "is a folder"), (tmp_path / "no", "No such file")]:
        with pytest.raises(SuiteError, match=words):
            load_suite(path)
    with pytest.raises(SuiteError, match="not an ordinary file"):
        load_suite("/dev/null")
    with pytest.raises(SuiteError, match="not the name of a file"):
        load_suite("a\0b")


def test_deep_nesting_is_an_error(tmp_path: Path) -> None:
    assert "nested too deeply" in str(fault(tmp_path, "- " * 900))


def test_the_schema_says_the_same() -> None:
    schema = json.loads(SCHEMA.read_text())
    form = schema["$defs"]["case"]
    assert tuple(schema["properties"]) == SUITE_KEYS
    assert tuple(form["properties"]) == CASE_KEYS
    assert tuple(schema["properties"]["defaults"]["properties"]) == DEFAULT_KEYS
    assert form["properties"]["expect"]["enum"] == list(Verdict)
    assert form["properties"]["port_at"]["enum"] == list(PORT_AT)
    assert schema["additionalProperties"] is form["additionalProperties"] is False


# ------------------------------ running


class Engine:
    """Stands for load and ask; keeps what it was called with."""

    def __init__(self, answer: Answer | Exception) -> None:
        self.answer = answer
        self.loaded: list[str] = []
        self.asked: list[tuple[Any, ...]] = []

    def load(self, path: str, *, cache: bool = False) -> Any:
        self.loaded.append(path)
        if path.startswith("bad"):
            raise SnapshotError("is not JSON", f"{path}/x.json")
        return f"the snapshot of {path}"

    def ask(self, snapshot: Any, text: str, *, one_way: bool, port_at: str, **how: Any) -> Answer:
        self.asked.append((snapshot, text, one_way, port_at))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def run(self, cases: Sequence[Case]) -> Any:
        from reach.suite import Suite

        return list(run(Suite("f.yaml", tuple(cases)), self.load, self.ask))

    def one(self, asked: Case) -> Any:
        (result,) = self.run([asked])
        return result


ANSWERS = {
    Verdict.REACHABLE: specimens.reachable(),
    Verdict.UNREACHABLE: specimens.unreachable(),
    Verdict.UNDECIDED: specimens.undecided(),
}


@pytest.mark.parametrize("given", Verdict)
@pytest.mark.parametrize("expected", Verdict)
def test_outcomes(expected: Verdict, given: Verdict) -> None:
    """Undecided is no pass and no failure, save where it is expected."""
    result = Engine(ANSWERS[given]).one(case(expect=expected))
    if given is expected:
        assert (result.outcome, result.reason) == (Outcome.HOLDS, "")
    else:
        undecided = given is Verdict.UNDECIDED
        assert result.outcome is (Outcome.UNDECIDED if undecided else Outcome.FAILS)
        assert result.reason


def test_reasons_are_the_evidence_in_short() -> None:
    reached = Engine(ANSWERS[Verdict.REACHABLE]).one(case(expect=Verdict.UNREACHABLE))
    assert reached.reason == (
        "203.0.113.7:50000 -> 198.51.100.7:22 tcp "
        "by internet, igw-0a1, vpc-0b1, subnet-0d1, eni-0f1"
    )
    blocked = Engine(ANSWERS[Verdict.UNREACHABLE]).one(case())
    assert blocked.reason == (
        "ENI_SG_RULES_MISMATCH sg-0e1 (web) inbound: no inbound rule allows this; "
        "SUBNET_ACL_RESTRICTION acl-0c1 (public) outbound rule *: "
        "denies outbound what no rule allows"
    )


def test_options_reach_the_engine_and_snapshots_are_loaded_once() -> None:
    engine = Engine(specimens.reachable())
    engine.run([case("one", one_way=True), case("two", snapshot="t"), case("three", port_at="x")])
    assert engine.loaded == ["s", "t"]
    assert engine.asked == [
        ("the snapshot of s", "one", True, "source"),
        ("the snapshot of t", "two", False, "source"),
        ("the snapshot of s", "three", False, "x"),
    ]


def test_codes() -> None:
    """All of them must be among the explanations; more may be there."""
    engine = Engine(specimens.unreachable())
    blocked = case(expect=Verdict.UNREACHABLE, codes=("SUBNET_ACL_RESTRICTION",))
    assert engine.one(blocked).outcome is Outcome.HOLDS
    result = engine.one(replace(blocked, codes=("SUBNET_ACL_RESTRICTION", "NO_PATH")))
    assert result.outcome is Outcome.FAILS
    assert result.reason == (
        "no explanation is NO_PATH; there is ENI_SG_RULES_MISMATCH, SUBNET_ACL_RESTRICTION"
    )
    bare = Engine(replace(specimens.unreachable(), explanations=())).one(blocked)
    assert bare.reason == "no explanation is SUBNET_ACL_RESTRICTION; there is none"


@pytest.mark.parametrize(
    ("through", "holds"),
    [
        (("igw-0a1",), True),
        (("igw-0a1", "subnet-0d1", "eni-0f1"), True),
        (("acl-0c1", "subnet-0d1", "acl-0c1", "sg-0e1"), True),
        (("subnet-0d1", "igw-0a1"), False),
        (("igw-0a1", "nat-0a5"), False),
    ],
)
def test_through(through: tuple[str, ...], holds: bool) -> None:
    """In order along the way there; what stands at one hop has no order."""
    result = Engine(specimens.reachable()).one(case(through=through))
    assert (result.outcome is Outcome.HOLDS) is holds
    assert holds or f"does not lead through {through[-1]} after " in result.reason


def test_what_cannot_be_asked_is_refused_and_the_rest_goes_on() -> None:
    first, second = Engine(specimens.reachable()).run([case(snapshot="bad"), case()])
    assert (first.outcome, first.answer) == (Outcome.REFUSED, None)
    assert first.reason == "bad/x.json: is not JSON"
    assert second.outcome is Outcome.HOLDS
    result = Engine(QuestionError("who is 'b'?", ["bee"])).one(case())
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "who is 'b'?\n  bee")


def test_a_defect_is_not_a_result() -> None:
    with pytest.raises(Defect):
        Engine(Defect("twins disagree")).one(case())


def test_to_dict() -> None:
    """What does not hold brings its answer along."""
    engine = Engine(specimens.undecided())
    told = engine.one(case(name="x")).to_dict()
    assert (told["file"], told["line"], told["name"], told["expected"]) == (
        "f.yaml",
        3,
        "x",
        "reachable",
    )
    assert (told["verdict"], told["outcome"]) == ("undecided", "undecided")
    assert told["answer"] == specimens.undecided().to_dict()
    assert engine.one(case(expect=Verdict.UNDECIDED)).to_dict()["answer"] is None
