"""Surveys divided from the command line: over processes and shards it is the same survey."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from reach.jobs.crew import Workers
from reach.jobs.job import Said, Spent
from reach.snapshot.files import find
from reach.survey import asked, command
from reach.survey.arguments import Divided
from tests import terminal
from tests.terminal import call

BALANCED = Path(__file__).parents[2] / "samples" / "network_load_balancer" / "snapshot"
ASKED = {
    "exposure": ("exposure", "port", "25"),
    "matrix": ("matrix", "--by", "subnet", "port", "25"),
    "isolated": ("isolated", "letters", "internet", "port", "25"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REACH_SNAPSHOT", str(BALANCED))
    return terminal.at_home(tmp_path, monkeypatch, "")


def ask(kind: str, *arguments: str) -> Result:
    return call(*ASKED[kind], *arguments)


def shard(kind: str, number: int, of: int, *arguments: str) -> str:
    """Ask a shard; the file that it is in."""
    file = f"{kind}-{number}-{of}.json"
    told = ask(kind, "--shard", f"{number}/{of}", "--format", "json", *arguments)
    assert (told.exit_code, told.stderr) == (0, "")
    Path(file).write_text(told.stdout)
    return file


# ------------------------------ processes


def test_processes_say_what_one_says() -> None:
    """Byte for byte, and with the same status."""
    one, two = (ask("isolated", "--processes", n, "--format", "json") for n in "02")
    assert (two.exit_code, two.stdout, two.stderr) == (one.exit_code, one.stdout, "")
    assert one.exit_code == 1


def test_errors_of_processes_are_those_of_one() -> None:
    """Of the question and of the snapshot, on stderr and with their status."""
    for arguments in (["--from", "nowhere"], ["--snapshot", "none"]):
        one, two = (call("matrix", *arguments, "--processes", n) for n in "01")
        assert (two.exit_code, two.stderr) == (one.exit_code, one.stderr)
        assert (one.exit_code, one.stdout) == (2, "")
        assert one.stderr.startswith("error: ")


@dataclass(frozen=True)
class Busy:
    """Whoever gets nothing done in time."""

    def do(self, jobs: Sequence[Any]) -> Iterator[tuple[int, Said]]:
        yield from ((number, Spent("it took long")) for number in range(len(jobs)))


def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reach.survey.fan_out._kept", lambda by: nullcontext(Busy()))


def test_what_takes_too_long_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even of a matrix without a proof, which is else always content."""
    busy(monkeypatch)
    told = ask("matrix", "--portion-seconds", "60", "--no-proof", "--format", "json")
    assert told.exit_code == 3
    assert json.loads(told.stdout)["standing"] == "undecided"
    assert "nothing was found out: it took long" in json.loads(told.stdout)["proof"]


def test_who_does_it_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many processes as there are processors and room for, once it is seen to take long."""
    monkeypatch.setattr("reach.snapshot.processors.processors", lambda: 4)

    def by(**how: Any) -> tuple[int, int | None]:
        does, others = command._by(Divided(**how), 100_000)
        assert isinstance(does, Workers)
        return does.number, None if others is None else others.number

    assert by() == (0, 4)
    assert by(processes=0) == (0, 0)
    assert by(processes=3) == (3, None)
    assert by(portion_seconds=60) == (4, None)
    monkeypatch.setattr(command, "_fitting", lambda size: 2)
    assert by() == (0, 2)
    monkeypatch.setattr(command, "_LARGE", 1)
    assert by() == (2, 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--processes 0 --portion-seconds 1", "--portion-seconds needs processes"),
        ("--processes 0 --portion-memory 1GiB", "--portion-memory needs processes"),
        ("--processes 2 --cluster tcp://127.0.0.1:1", "leave it out, or --cluster"),
        ("--shard 1/2", "A shard says nothing by itself: add --format json"),
        ("--shard 3/2 --format json", "'3/2' is no shard"),
        ("--cluster nowhere", "'nowhere' is no scheduler"),
        ("--tls-key key.pem", "need --cluster tls://"),
    ],
)
def test_options_that_do_not_go_together(arguments: str, words: str) -> None:
    told = ask("matrix", *arguments.split())
    assert (told.exit_code, told.stdout) == (2, "")
    assert words in told.stderr


# ------------------------------ shards


@pytest.mark.parametrize(("kind", "of"), [("exposure", 3), ("matrix", 2), ("isolated", 3)])
def test_shards_are_the_whole_survey(kind: str, of: int) -> None:
    """In every form and in the status, in whatever order they are named."""
    files = [shard(kind, number, of) for number in range(of, 0, -1)]
    for form in ("text", "json", "csv"):
        joined, wanted = call("merge", *files, "--format", form), ask(kind, "--format", form)
        assert (joined.exit_code, joined.stdout) == (wanted.exit_code, wanted.stdout), form


@pytest.mark.parametrize("count", [2, 5, 100])
def test_shares_are_the_whole_survey(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large snapshot is looked at in shares of who sends, by whoever does it, and says so."""
    whole = json.loads(ask("isolated", "--format", "json").stdout)
    monkeypatch.setattr(asked, "_WHOLE", 0)
    monkeypatch.setattr(asked, "_SHARE", find(str(BALANCED)).size // (count - 1))
    wanted = ask("isolated", "--format", "json")
    told = json.loads(wanted.stdout)
    for way in ("there", "back"):
        assert f"of each of {count} shares" in told[way]["proof"]
        assert [_pair(each) for each in told[way]["accesses"]] == [
            _pair(each) for each in whole[way]["accesses"]
        ]
    files = [shard("isolated", number, 3) for number in (2, 3, 1)]
    for told in (call("merge", *files, "--format", "json"), ask("isolated", "--processes", "1")):
        assert told.exit_code == wanted.exit_code == 1
    assert call("merge", *files, "--format", "json").stdout == wanted.stdout


def _pair(access: dict[str, Any]) -> tuple[str, ...]:
    return access["source"], access["destination"], access["words"], *access["ways"]


def test_more_shards_than_portions() -> None:
    """Some have nothing to do, and all are one whole."""
    told = json.loads(ask("matrix", "--shard", "70/70", "--format", "json").stdout)
    assert told["shard"]["total"] == 128


def edited(file: str, change: Callable[[dict[str, Any]], object]) -> str:
    told = json.loads(Path(file).read_text())
    change(told)
    Path(file).write_text(json.dumps(told))
    return file


def no_piece(told: dict[str, Any]) -> None:
    told["pieces"].pop()


def a_piece_twice(told: dict[str, Any]) -> None:
    told["pieces"].append(told["pieces"][0])


def another_proposal(told: dict[str, Any]) -> None:
    told["pieces"][0]["proposal"] = "0" * 64


def another_version(told: dict[str, Any]) -> None:
    told["shard"]["same"]["version of reach"] = "0.0.1"


def another_snapshot(told: dict[str, Any]) -> None:
    told["shard"]["snapshots"] = dict.fromkeys(told["shard"]["snapshots"], "0" * 64)


def no_witness(told: dict[str, Any]) -> None:
    for piece in told["pieces"]:
        for access in piece["survey"]["accesses"]:
            access["witness"] = None


def no_survey(told: dict[str, Any]) -> None:
    told["asked"]["kind"] = "guess"


def no_proof(told: dict[str, Any]) -> None:
    """Which would make a matrix content with what is not settled."""
    told["asked"]["prove"] = False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (no_proof, "it is of two surveys"),
        (no_piece, "each has to be in one portion, and is not"),
        (a_piece_twice, "a portion is there twice"),
        (another_proposal, "what was proposed is not the same"),
        (another_version, "its version of reach: 0.0.1"),
        (another_snapshot, "asked another snapshot"),
        (no_witness, "an access has no witness"),
        (no_survey, "'guess' is no survey"),
    ],
)
def test_what_was_changed_is_not_merged(
    change: Callable[[dict[str, Any]], object], words: str
) -> None:
    """Nothing is told of it."""
    files = [shard("exposure", number, 2) for number in (1, 2)]
    edited(files[1], change)
    told = call("merge", *files)
    assert (told.exit_code, told.stdout) == (2, "")
    assert words in " ".join(told.stderr.split())


def test_shards_that_make_no_whole() -> None:
    one, two = (shard("exposure", number, 2) for number in (1, 2))
    other = shard("matrix", 2, 2)
    Path("suite.json").write_text('{"format": 1, "shard": {}}')
    for files, words in (
        ([one], "shard 2 of 2 missing"),
        ([one, two, two], "shard 2 of 2 is there 2 times"),
        ([one, other], "its survey: {"),
        ([one, "suite.json"], "suite.json: is no shard of a survey"),
        ([one, "none.json"], "none.json: No such file"),
        ([one, two, "--report", "junit=x"], "Reports are of suites"),
    ):
        told = call("merge", *files)
        assert (told.exit_code, told.stdout) == (2, "")
        assert words in told.stderr


def test_no_csv_of_suites() -> None:
    Path("suite.json").write_text('{"format": 1, "shard": {}}')
    told = call("merge", "suite.json", "--format", "csv")
    assert told.exit_code == 2
    assert "CSV is of surveys" in told.stderr


def test_what_a_shard_did_not_get_done_the_whole_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a shard all the same, and no answer."""
    files = [shard("exposure", 1, 2)]
    busy(monkeypatch)
    files.append(shard("exposure", 2, 2))
    told = call("merge", *files, "--format", "json")
    whole = json.loads(told.stdout)
    assert not whole["complete"]
    assert whole["proof"].startswith("not complete: ")
    assert whole["proof"].endswith("of these could not even be named: it took long")
