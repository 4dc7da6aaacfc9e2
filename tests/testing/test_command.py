"""``reach test``: many suites and snapshots, in processes; baselines, tags, days and reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from reach.testing.arguments import REPORTS
from tests import terminal
from tests.estate import Pair

SUITE = """\
snapshot: saved
cases:
  - {name: web, ask: can a reach b port 22, expect: reachable, tags: [web]}
  - name: closed
    ask: can a reach b port 443
    expect: unreachable
    tags: [db]
    why: audit
    owner: net
  - {name: odd, ask: can nobody reach b, expect: reachable}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A suite with a case that holds and others, and its snapshot."""
    return terminal.at_home(tmp_path, monkeypatch, SUITE)


def call(*arguments: str) -> Result:
    return terminal.call("test", *arguments)


def outcomes(*arguments: str) -> dict[str, str]:
    told: Any = json.loads(call(*arguments, "--format", "json").stdout)
    return {each["name"] or each["ask"]: each["outcome"] for each in told["results"]}


# ------------------------------ processes


def test_processes_say_what_one_process_says(folder: Path) -> None:
    """In the order of the suite, whoever asked; a refused case is none of its neighbours'."""
    here = call("suite.yaml", "--jobs", "0")
    there = call("suite.yaml", "--jobs", "2")
    assert (here.stdout, here.exit_code) == (there.stdout, there.exit_code)
    assert here.exit_code == 2
    assert here.stdout.endswith("3 cases: 1 holds, 1 fails, 1 refused\n")


@pytest.mark.parametrize("option", ["--case-seconds", "--timeout"])
def test_a_case_that_takes_too_long_is_undecided(folder: Path, option: str) -> None:
    """That is no failure, and no pass."""
    result = call("suite.yaml", "--tag", "web", option, "0.001")
    assert result.exit_code == 3
    assert result.stdout == (
        "UNDECIDED  suite.yaml:3  web\n"
        "    can a reach b port 22\n"
        "    expected reachable, is undecided:\n"
        "      it took more than 0.001 seconds\n"
        "\n"
        "1 case: 1 undecided\n"
    )


def test_what_a_limit_leaves_undecided_is_never_what_was_expected(folder: Path) -> None:
    """The snapshot was to leave it open, and nobody has looked; every report can say so."""
    text = SUITE.replace("22, expect: reachable", "22, expect: undecided")
    Path("suite.yaml").write_text(text)
    reports = [f"--report={kind}={kind}" for kind in REPORTS]
    result = call("suite.yaml", "--tag", "web", "--case-seconds", "0.001", *reports)
    assert result.exit_code == 3
    assert "is undecided as expected, but:\n      it took more than 0.001 s" in result.stdout
    assert 'type="undecided"' in Path("junit").read_text()
    (told,) = json.loads(Path("json").read_text())["results"]
    assert (told["verdict"], told["outcome"]) == ("undecided", "undecided")
    assert json.loads(Path("asff").read_text()) == {"Findings": []}


def test_a_case_that_takes_too_much_memory_is_undecided(folder: Path) -> None:
    """A process alone takes more than this; the others are asked all the same."""
    result = call("suite.yaml", "--tag", "web", "--case-memory", "1MiB")
    assert result.exit_code == 3
    assert "      it took more than 1 MiB of memory\n" in result.stdout
    wide = call("suite.yaml", "--tag", "web", "--case-memory", "2GiB")
    assert (wide.exit_code, wide.stdout) == (0, "1 case: 1 holds\n")
    wrong = call("suite.yaml", "--case-memory", "2")
    assert (wrong.exit_code, "write 512MiB or 2GiB" in wrong.stderr) == (2, True)


# ------------------------------ choosing


def test_tags_choose(folder: Path) -> None:
    assert outcomes("suite.yaml", "--tag", "web") == {"web": "holds"}
    assert outcomes("suite.yaml", "--tag", "web", "--tag", "db") == {
        "web": "holds",
        "closed": "fails",
    }
    none = call("suite.yaml", "--tag", "wbe")
    assert none.exit_code == 2
    assert "No case is tagged wbe; there is db, web." in none.stderr


def test_snapshots_are_asked_in_turn(folder: Path) -> None:
    """A policy is one file for several snapshots; names say which."""
    closed = Pair()
    closed.wear(closed.b, closed.group(closed.v1, ingress=["tcp/443 10.0.0.0/16"], egress=[]))
    closed.write(folder / "closed")
    told = outcomes("suite.yaml", "--tag", "web", "--snapshot", "saved", "--snapshot", "closed")
    assert told == {"web [on saved]": "holds", "web [on closed]": "fails"}


def test_of_a_folder_all_suites(folder: Path) -> None:
    """In it and below, in the order of their names; other YAML is none of them."""
    below = folder / "suites" / "data"
    below.mkdir(parents=True)
    text = SUITE.replace("snapshot: saved", "snapshot: ../saved")
    (folder / "suites" / "b.reach.yaml").write_text(text)
    (below / "a.reach.yaml").write_text(text.replace("../saved", "../../saved"))
    (folder / "suites" / "policy.yaml").write_text("no suite")
    told = json.loads(call("suites", "--tag", "web", "--format", "json").stdout)
    assert [each["file"] for each in told["results"]] == [
        "suites/b.reach.yaml",
        "suites/data/a.reach.yaml",
    ]
    assert told["summary"]["holds"] == 2
    none = call("saved")
    assert (none.exit_code, "There is no *.reach.yaml in saved." in none.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--timeout 5 --jobs 0", "--case-seconds needs processes"),
        ("--case-memory 1GiB --jobs 0", "--case-memory needs processes"),
        ("--cluster tcp://x:1 --jobs 2", "--jobs is of this machine"),
        ("--cluster x:1", "'x:1' is no scheduler"),
        ("--cluster tcp://x:1 --tls-cert a", "need --cluster tls://"),
        ("--cluster tls://x:1 --tls-cert a", "go together"),
        ("--shard 1/2 --coverage", "leave out --shard"),
        ("--shard 3/2", "'3/2' is no shard: write I/N, from 1/N to N/N."),
        ("--shard 0/2", "'0/2' is no shard"),
    ],
)
def test_options_that_do_not_go_together(folder: Path, options: str, words: str) -> None:
    result = call("suite.yaml", *options.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


# ------------------------------ baselines and days


def test_only_what_is_new_fails(folder: Path) -> None:
    """A failure that the baseline knows is counted, not shown; a new one fails."""
    first = call("suite.yaml", "--tag", "db", "--report", "json=base.json")
    assert first.exit_code == 1
    again = call("suite.yaml", "--tag", "db", "--baseline", "base.json")
    assert (again.exit_code, again.stdout) == (0, "1 case: 1 known\n")
    more = SUITE + "  - {ask: can b reach a port 443, expect: unreachable, tags: [db]}\n"
    Path("suite.yaml").write_text("# moved\n" + more)
    new = call("suite.yaml", "--tag", "db", "--baseline", "base.json")
    assert new.exit_code == 1
    assert "FAILS  suite.yaml:12" in new.stdout
    assert new.stdout.endswith("2 cases: 1 known, 1 fails\n")


def test_a_baseline_made_against_a_baseline_knows_the_same(folder: Path) -> None:
    call("suite.yaml", "--tag", "db", "--report", "json=one.json")
    call("suite.yaml", "--tag", "db", "--baseline", "one.json", "--report", "json=two.json")
    assert call("suite.yaml", "--tag", "db", "--baseline", "two.json").exit_code == 0


def test_a_baseline_forgives_no_bad_input(folder: Path) -> None:
    call("suite.yaml", "--report", "json=base.json")
    assert call("suite.yaml", "--baseline", "base.json").exit_code == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no baseline: it is not JSON"),
        ("[]", "is no baseline: write one with"),
        ('{"format": 1, "results": [{}]}', "a result in it is not one"),
    ],
)
def test_what_is_no_baseline(folder: Path, text: str, words: str) -> None:
    Path("base.json").write_text(text)
    result = call("suite.yaml", "--baseline", "base.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert "No such file" in call("suite.yaml", "--baseline", "no.json").stderr


def test_the_day_decides_about_exceptions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By option or environment; accepted is shown, and is no failure."""
    Path("suite.yaml").write_text(SUITE.replace("owner: net", "owner: net\n    until: 2026-03-01"))
    accepted = call("suite.yaml", "--tag", "db", "--today", "2026-03-01")
    assert accepted.exit_code == 0
    assert accepted.stdout.startswith("ACCEPTED  suite.yaml:4  closed\n")
    assert "accepted by net until 2026-03-01" in accepted.stdout.replace("\n      ", " ")
    monkeypatch.setenv("REACH_TODAY", "2026-03-02")
    assert call("suite.yaml", "--tag", "db").exit_code == 1
    wrong = call("suite.yaml", "--today", "tomorrow")
    assert wrong.exit_code == 2
    assert "'tomorrow' is no day: write YYYY-MM-DD." in wrong.stderr


# ------------------------------ reports


def test_several_reports_of_one_run(folder: Path) -> None:
    """Each in its file, or on stdout after what people read."""
    result = call(
        "suite.yaml",
        "--tag",
        "db",
        *("--report", "junit=x.xml", "--report", "sarif=y.sarif"),
        *("--report", "asff=z.json", "--report", "github=-"),
    )
    assert result.exit_code == 1
    assert Path("x.xml").read_text().startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    assert json.loads(Path("y.sarif").read_text())["version"] == "2.1.0"
    (finding,) = json.loads(Path("z.json").read_text())["Findings"]
    assert finding["AwsAccountId"] == "111122223333"
    assert finding["ProductArn"].startswith("arn:aws:securityhub:us-east-1:")
    assert finding["Resources"][0]["Type"] == "AwsEc2NetworkInterface"
    last = result.stdout.splitlines()[-1]
    assert last.startswith("::error file=suite.yaml,line=4,title=reachable%2C expected unreach")


def test_places_come_from_processes_as_well(folder: Path) -> None:
    call("suite.yaml", "--tag", "db", "--jobs", "1", "--report", "asff=there.json")
    call("suite.yaml", "--tag", "db", "--jobs", "0", "--report", "asff=here.json")
    there, here = (Path(name).read_text() for name in ("there.json", "here.json"))
    assert there == here


def test_what_is_no_report(folder: Path) -> None:
    for text in ("junit", "junit=", "pdf=x"):
        result = call("suite.yaml", "--report", text)
        assert result.exit_code == 2
        assert "KIND one of asff, github, json, junit, markdown or sarif." in result.stderr


def test_a_report_that_cannot_be_written_is_told(folder: Path) -> None:
    """Before anything is asked, where that is known already."""
    result = call("suite.yaml", "--report", "junit=no/where/x.xml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'no/where/x.xml' cannot be written: 'no/where' is no folder." in result.stderr
    Path("taken").mkdir()
    result = call("suite.yaml", "--report", "junit=taken")
    assert result.exit_code == 74
    assert result.stderr == "error: taken: Is a directory\n"


# ------------------------------ coverage and mutation


def test_coverage_and_mutation_are_shown(folder: Path) -> None:
    """After the cases; no status hangs on them."""
    result = call("suite.yaml", "--tag", "web", "--coverage", "--mutate", "--jobs", "0")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Coverage of saved: ")
    assert lines[0].endswith(" rules, ACL entries and routes are exercised")
    assert lines[1] == "  exercised by no case"
    (at,) = (number for number, line in enumerate(lines) if line.startswith("Mutation of saved: "))
    assert lines[at - 1] == ""
    assert lines[-2:] == ["", "1 case: 1 holds"]
    told = json.loads(call("suite.yaml", "--tag", "web", "--mutate", "--format", "json").stdout)
    (found,) = told["snapshots"]
    assert (found["snapshot"], found["coverage"]) == ("saved", None)
    assert found["mutation"]["tried"] > len(found["mutation"]["survivors"]) > 0
