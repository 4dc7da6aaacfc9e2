"""The command line: how words become a question, what is printed where, and how it ends.

The engine is stood in for.
"""

from __future__ import annotations

import errno
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import reach
from reach.answer import Answer
from reach.cli import cli
from reach.errors import Defect, QuestionError
from reach.snapshot.errors import SnapshotError
from solver import SolverError
from tests.estate import Pair
from tests.render import specimens

VPC = {"VpcId": "vpc-1", "OwnerId": "111122223333", "CidrBlock": "10.0.0.0/16"}


class Engine:
    """Stands for who loads, who answers, who does both, and for how suites ask."""

    def __init__(self) -> None:
        self.answer: Answer | BaseException = specimens.reachable()
        self.loaded: list[str] = []
        self.cached: list[bool] = []
        self.asked: list[tuple[str, bool, str]] = []

    def load(self, path: str, *, cache: bool = False) -> Any:
        self.loaded.append(path)
        self.cached.append(cache)
        return path

    def both(self, path: str, ask: Any, *, cache: bool = False) -> Any:
        snapshot = self.load(path, cache=cache)
        return snapshot, ask(snapshot)

    def ask(self, snapshot: Any, text: str, *, one_way: bool, port_at: str, **how: Any) -> Answer:
        self.asked.append((text, one_way, port_at))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setattr(reach, "load", made.load)
    monkeypatch.setattr("reach.components.asked", made.both)
    answers(monkeypatch, made.ask)
    return made


def answers(monkeypatch: pytest.MonkeyPatch, ask: Any) -> None:
    """Whoever asks is answered by ``ask``."""
    monkeypatch.setattr(reach, "ask", ask)
    monkeypatch.setattr("reach.asking.expecting", ask)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "REACH_SNAPSHOT", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def call(*arguments: str, **environment: str) -> Result:
    result = CliRunner().invoke(cli, arguments, prog_name="reach", env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


# ------------------------------ questions


@pytest.mark.parametrize(
    "arguments",
    [
        ["can", "internet", "reach", "i-0abc", "port", "22", "--snapshot", "D"],
        ["can", "--snapshot", "D", "internet", "reach", "i-0abc", "port", "22"],
        ["can", "internet", "reach", "--snapshot=D", "i-0abc", "port", "22"],
        ["--snapshot", "D", "can", "internet", "reach", "i-0abc", "port", "22"],
        ["--snapshot=D", "can", "internet", "reach", "i-0abc", "port", "22"],
        ["can", "--snapshot", "D", "--", "internet", "reach", "i-0abc", "port", "22"],
        ["can internet reach i-0abc port 22", "--snapshot", "D"],
        ["--snapshot", "D", "can internet reach i-0abc port 22"],
        ["--snapshot", "D", "--", "can internet reach i-0abc port 22"],
        [" Can  internet reach i-0abc\tport 22 ", "--snapshot", "D"],
        ["can internet reach i-0abc", "port", "22", "--snapshot", "D"],
    ],
)
def test_where_words_and_options_may_stand(engine: Engine, arguments: list[str]) -> None:
    """All of these are one question."""
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    assert engine.loaded == ["D"]
    assert engine.asked == [("internet reach i-0abc port 22", False, "source")]


def test_a_single_word_is_the_whole_question(engine: Engine) -> None:
    call("can", "internet reach 'web 1'", "--snapshot", "D")
    call("can", "can internet reach 'web 1'", "--snapshot", "D")
    asked = [text for text, _, _ in engine.asked]
    assert asked == ["internet reach 'web 1'", "can internet reach 'web 1'"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["can", "web 1", "reach", "it's"], "'web 1' reach 'it'\"'\"'s'"),
        (["can", "can opener", "reach", "b"], "'can opener' reach b"),
        (["can 'web 1' reach \"b c\" port 22"], "'web 1' reach 'b c' port 22"),
        (["can", "--", "--odd", "reach", "b"], "--odd reach b"),
        (["can", "tag:Tier=web", "reach", "tag:k=a b"], "tag:Tier=web reach 'tag:k=a b'"),
    ],
)
def test_names_with_spaces(engine: Engine, arguments: list[str], text: str) -> None:
    """Words are passed on quoted as in a shell."""
    assert call("--snapshot", "D", *arguments).exit_code == 0
    assert engine.asked[0][0] == text


def test_options(engine: Engine) -> None:
    call("can", "a", "reach", "b", "--one-way", "--port-at", "destination", "--snapshot", "D")
    assert engine.asked == [("a reach b", True, "destination")]


def test_the_snapshot_may_come_from_the_environment(engine: Engine) -> None:
    call("can", "a", "reach", "b", REACH_SNAPSHOT="E")
    call("can", "a", "reach", "b", "--snapshot", "D", REACH_SNAPSHOT="E")
    assert engine.loaded == ["E", "D"]


# ------------------------------ answers


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (specimens.reachable(), 0),
        (specimens.unreachable(), 1),
        (specimens.undecided(), 3),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_verdicts(engine: Engine, answer: Answer, status: int, form: str) -> None:
    """The status is the verdict; the data is on stdout alone."""
    engine.answer = answer
    result = call("can", "a", "reach", "b", "--snapshot", "D", "--format", form)
    assert (result.exit_code, result.stderr) == (status, "")
    if form == "json":
        assert json.loads(result.stdout) == answer.to_dict()
    else:
        assert result.stdout.startswith(f"{answer.verdict.upper()}  can ")


COLOUR_CASES: list[tuple[dict[str, str], bool]] = [
    ({}, False),
    ({"FORCE_COLOR": "1"}, True),
    ({"CLICOLOR_FORCE": "1"}, True),
    ({"FORCE_COLOR": "0"}, False),
    ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
]


@pytest.mark.parametrize(("environment", "coloured"), COLOUR_CASES)
def test_colour(engine: Engine, environment: dict[str, str], coloured: bool) -> None:
    """Not into a pipe unless forced; NO_COLOR wins; never in JSON."""
    words = ("can", "a", "reach", "b", "--snapshot", "D")
    assert ("\x1b[" in call(*words, **environment).stdout) is coloured
    assert "\x1b" not in call(*words, "--format", "json", **environment).stdout


def test_width_follows_the_terminal_within_reason(engine: Engine) -> None:
    def widest(columns: str) -> int:
        text = call("can", "a", "reach", "b", "--snapshot", "D", COLUMNS=columns).stdout
        return max(map(len, text.split("\n")))

    engine.answer = replace(specimens.undecided(), reason="word " * 100)
    assert widest("10") <= 60 < widest("80") <= 80 < widest("500") <= 120


# ------------------------------ what goes wrong


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["can"],
        ["can", "a", "reach", "b"],
        ["can", "a", "reach", "b", "--snapshot"],
        ["can", "a", "reach", "b", "--snapshot", "D", "--frobnicate"],
        ["can", "a", "reach", "b", "--snapshot", "D", "--format", "xml"],
        ["can", "a", "reach", "b", "--snapshot", "D", "--port-at", "both"],
        ["can 'a reach b", "--snapshot", "D"],
        ["can", "a\udcff", "reach", "b", "--snapshot", "D"],
        ["--snapshot", "D"],
        ["cam", "a"],
        ["show"],
        ["test"],
    ],
)
def test_usage_errors(engine: Engine, arguments: list[str]) -> None:
    """Status 2, the message on stderr, nothing asked."""
    result = call(*arguments)
    assert (result.exit_code, result.stdout, engine.asked) == (2, "", [])
    assert "Usage: reach" in result.stderr or result.stderr.startswith("Error: ")


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (
            SnapshotError("is not JSON", "a.json", "/Vpcs/0"),
            2,
            "error: a.json: /Vpcs/0: is not JSON",
        ),
        (QuestionError("who is 'b'?", ["bee", "bea"]), 2, "error: who is 'b'?\n  bee\n  bea"),
        (QuestionError("\x1b[2J\u202e"), 2, "error: \\x1b[2J\\u202e"),
        (Defect("twins disagree"), 70, "defect: twins disagree\n"),
        (SolverError("out of memory"), 70, "defect: out of memory\n"),
        (OSError(errno.ENOSPC, "No space left on device"), 74, "error: No space left on device"),
        (BrokenPipeError(), 141, ""),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_by_fault(
    engine: Engine, error: BaseException, status: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reach.console.forget_stdout", lambda: None)
    engine.answer = error
    result = call("can", "a", "reach", "b", "--snapshot", "D")
    assert (result.exit_code, result.stdout) == (status, "")
    assert result.stderr.startswith(said)
    assert ("report" in result.stderr) is (status == 70)


def test_a_verdict_that_nobody_reads_is_still_the_status(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(text: str, **options: Any) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("reach.console.put", broken)
    monkeypatch.setattr("reach.console.forget_stdout", lambda: None)
    engine.answer = specimens.undecided()
    assert call("can", "a", "reach", "b", "--snapshot", "D").exit_code == 3


# ------------------------------ show


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    (tmp_path / "a.json").write_text(json.dumps({"Vpcs": [VPC]}))
    return tmp_path


def test_show(saved: Path) -> None:
    result = call("show", "--snapshot", str(saved))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{saved}  1 object in 1 file\n")
    assert call("show", "vpcs", "--snapshot", str(saved)).stdout == "vpc-1  111122223333  -\n"
    assert call("show", "subnets", "--snapshot", str(saved)).stdout == ""


def test_show_as_json(saved: Path) -> None:
    words = ("show", "--snapshot", str(saved), "--format", "json")
    assert json.loads(call(*words).stdout)["files"] == 1
    read = json.loads(call(*words, "vpcs").stdout)
    assert (read["format"], read["kind"], read["items"][0]["id"]) == (1, "vpcs", "vpc-1")


def test_show_no_such_kind(saved: Path) -> None:
    result = call("show", "vpc", "--snapshot", str(saved))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: 'vpc' is no kind")
    assert "\n  vpcs\n" in result.stderr


# ------------------------------ test

HOLDS = "- {ask: a, expect: reachable, name: one}\n"
FAILS = "- {ask: b, expect: unreachable, name: two, why: audit, one_way: true}\n"


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("suite.yaml")


def write(path: Path, *cases: str) -> None:
    path.write_text("snapshot: s\ncases:\n" + "".join(cases))


def test_suite_that_holds(engine: Engine, suite: Path) -> None:
    write(suite, HOLDS, HOLDS.replace("one", "x"))
    result = call("test", str(suite))
    assert (result.exit_code, result.stdout) == (0, "2 cases: 2 hold\n")
    assert engine.loaded == ["s"]


def test_suite_that_fails(engine: Engine, suite: Path) -> None:
    """File and line, the question, expected and actual, and why."""
    write(suite, HOLDS, FAILS)
    result = call("test", str(suite), COLUMNS="120")
    assert result.exit_code == 1
    assert result.stdout == (
        "FAILS  suite.yaml:4  two\n"
        "    b --one-way\n"
        "    expected unreachable, is reachable:\n"
        "      203.0.113.7:50000 -> 198.51.100.7:22 tcp by internet, igw-0a1, vpc-0b1, subnet-0d1, "
        "eni-0f1\n"
        "    why it matters: audit\n"
        "\n"
        "2 cases: 1 holds, 1 fails\n"
    )


@pytest.mark.parametrize(
    ("letters", "status"),
    [("h", 0), ("hf", 1), ("hu", 3), ("fu", 1), ("hr", 2), ("fur", 2), ("uu", 3)],
)
def test_statuses(
    engine: Engine, suite: Path, monkeypatch: pytest.MonkeyPatch, letters: str, status: int
) -> None:
    """Bad input before failures, failures before undecided; only all holding is 0."""
    given = {
        "h": specimens.reachable(),
        "f": specimens.unreachable(),
        "u": specimens.undecided(),
    }

    def ask(snapshot: Any, text: str, **options: Any) -> Answer:
        if text == "r":
            raise QuestionError("no")
        return given[text]

    answers(monkeypatch, ask)
    write(suite, *(f"- {{ask: {letter}, expect: reachable}}\n" for letter in letters))
    assert call("test", str(suite)).exit_code == status
    as_json = call("test", str(suite), "--format", "json")
    assert as_json.exit_code == status
    read = json.loads(as_json.stdout)
    assert [r["outcome"][0] for r in read["results"]] == list(letters)
    assert sum(read["summary"].values()) == len(letters)


def test_several_suites_share_a_snapshot(engine: Engine, suite: Path) -> None:
    write(suite, HOLDS)
    write(suite.with_name("other.yaml"), HOLDS)
    result = call("test", "suite.yaml", "other.yaml")
    assert (result.stdout, engine.loaded) == ("2 cases: 2 hold\n", ["s"])


def test_a_bad_suite_stops_before_anything_is_asked(engine: Engine, suite: Path) -> None:
    write(suite, HOLDS)
    suite.with_name("bad.yaml").write_text("cases: 1\n")
    result = call("test", "suite.yaml", "bad.yaml")
    assert (result.exit_code, result.stdout, engine.asked) == (2, "", [])
    assert result.stderr == "error: bad.yaml:1: 'cases' must be a list\n"


# ------------------------------ can-manage


@pytest.mark.parametrize(
    ("rules", "status", "verdict"),
    [(["tcp/443 any"], 0, "reachable"), ([], 1, "unreachable"), (None, 3, "undecided")],
)
def test_can_manage(tmp_path: Path, rules: list[str] | None, status: int, verdict: str) -> None:
    """The verdict, the status and both forms; without its endpoints' call it is undecided."""
    e = Pair()
    worn = e.group(e.v1, ingress=rules or [])
    for n, service in enumerate(("ssm", "ssmmessages")):
        e.endpoint_interface({e.sb: f"10.0.1.{40 + n}"}, service, [worn])
    if rules is None:
        e.drop("VpcEndpoints")
    folder = str(e.write(tmp_path / "snapshot"))
    result = call("can-manage", "a", "--snapshot", folder)
    assert (result.exit_code, result.stderr) == (status, "")
    assert result.stdout.startswith(f"{verdict.upper()}  can Session Manager manage {e.a} (a)\n")
    result = call("can-manage", str(e.a), "--snapshot", folder, "--format", "json")
    assert result.exit_code == status
    told = json.loads(result.stdout)
    assert (told["verdict"], told["instance"]) == (verdict, e.a)


def test_can_manage_nothing(tmp_path: Path) -> None:
    """Not an instance, not an option: the asker's fault."""
    e = Pair()
    folder = str(e.write(tmp_path / "snapshot"))
    for arguments, words in {
        ("nobody",): "nothing in the snapshot is called 'nobody'",
        ("internet",): "is no instance",
        (str(e.a), "--option", "no-such=deny"): "there is no option 'no-such'",
    }.items():
        result = call("can-manage", *arguments, "--snapshot", folder)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr


# ------------------------------ help


@pytest.mark.parametrize("command", [None, *sorted(cli.commands)])
def test_every_command_has_help_with_an_example(command: str | None) -> None:
    for option in ("--help", "-h"):
        text = call(*filter(None, [command]), option).stdout
        assert f"Usage: reach {command or '[OPTIONS]'}" in text
        assert re.search(r"Examples?:\n +reach ", text)
        assert "Exit status" in text or command == "show"
    parameters = cli.commands[command].params if command else []
    assert all(p.help for p in parameters if isinstance(p, click.Option))


def test_version() -> None:
    assert call("--version").stdout == f"reach {reach.__version__}\n"


# ------------------------------ the cache


@pytest.mark.parametrize(("more", "asked"), [((), True), (("--no-cache",), False)])
def test_questions_take_the_cache_unless_told_not_to(
    engine: Engine, more: tuple[str, ...], asked: bool
) -> None:
    """A large snapshot is kept beside its files by who asks on the command line."""
    call("can", "a", "reach", "b", "--snapshot", "D", *more)
    assert engine.cached == [asked]


def test_who_checks_an_answer_takes_no_cache(engine: Engine, tmp_path: Path) -> None:
    """Evidence is held against what AWS said, and there is no way to have it otherwise."""
    (tmp_path / "answer.json").write_text('{"verdict": "undecided"}')
    call("check", str(tmp_path / "answer.json"), "--snapshot", "D")
    assert engine.cached == [False]
    assert "no-cache" not in call("check", "--help").stdout
