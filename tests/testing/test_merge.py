"""``reach test --shard`` and ``reach merge``: the shards of a run are the run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from reach.testing.arguments import REPORTS
from tests import terminal
from tests.estate import Pair
from tests.terminal import call

SUITE = """\
snapshot: saved
defaults: {owner: net, why: audit}
groups:
  both: [a, b]
cases:
  - {name: web, from: group:both, to: group:both, port: 22, expect: reachable, tags: [web]}
  - {name: closed, ask: can a reach b port 443, expect: unreachable}
  - {name: vendor, ask: can b reach a port 443, expect: unreachable, until: 2026-03-01}
  - {name: nothing, ask: can a reach internet port 443, expect: unreachable, codes: [NO_PATH]}
  - {name: shop, ask: can internet reach a port 443, expect: reachable}
"""
ODD = "  - {name: odd, ask: can nobody reach b, expect: reachable}\n"
DAY = ("--today", "2026-03-01")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A suite of eight cases and its snapshot."""
    return terminal.at_home(tmp_path, monkeypatch, SUITE)


def ask(*arguments: str) -> Result:
    return call("test", "suite.yaml", *DAY, *arguments)


def shard(number: int, of: int, *arguments: str) -> str:
    """Ask a shard; the file that it is in."""
    file = f"shard-{number}-{of}.json"
    ask("--shard", f"{number}/{of}", "--report", f"json={file}", *arguments)
    return file


def reports(prefix: str) -> list[str]:
    home = ["--account=111122223333", "--region=us-east-1"]
    return [*home, *(f"--report={kind}={prefix}.{kind}" for kind in REPORTS)]


def without_times(text: str) -> str:
    return re.sub(r'\btime="\d+\.\d{3}"', 'time=""', text)


# ------------------------------ the whole


@pytest.mark.parametrize(("of", "odd", "status"), [(1, "", 1), (3, "", 1), (11, ODD, 2)])
def test_shards_are_the_whole_run_in_every_report(
    folder: Path, of: int, odd: str, status: int
) -> None:
    """Byte for byte but for the times, on stdout, and in the exit status; more shards than cases
    are some that are empty."""
    Path("suite.yaml").write_text(SUITE + odd)
    whole = ask(*reports("whole"))
    files = [shard(number, of) for number in range(of, 0, -1)]
    joined = call("merge", *files, *reports("joined"))
    assert (joined.exit_code, joined.stdout) == (status, whole.stdout)
    assert whole.exit_code == status
    for kind in REPORTS:
        told, wanted = (Path(f"{name}.{kind}").read_text() for name in ("joined", "whole"))
        assert without_times(told) == without_times(wanted), kind
    asked = json.loads(ask("--format", "json").stdout)
    assert json.loads(call("merge", *files, "--format", "json").stdout) == asked


def test_the_times_of_shards_are_the_times_of_the_whole(folder: Path) -> None:
    """Of no shard they are in what is the same twice."""
    files = [shard(number, 2) for number in (1, 2)]
    call("merge", *files, "--report", "junit=joined.xml", "--report", "json=joined.json")
    times = re.findall(r'<testcase [^>]*time="(\d+\.\d{3})"', Path("joined.xml").read_text())
    assert len(times) == 8
    assert all(float(each) > 0 for each in times)
    assert "seconds" not in Path("joined.json").read_text()


def test_a_baseline_holds_across_shards(folder: Path) -> None:
    """What every shard knows, the whole knows; SARIF says that it is unchanged."""
    ask("--report", "json=base.json")
    files = [shard(number, 2, "--baseline", "base.json") for number in (1, 2)]
    joined = call("merge", *files, "--report", "sarif=joined.sarif")
    ask("--baseline", "base.json", "--report", "sarif=whole.sarif")
    assert joined.exit_code == 0
    assert Path("joined.sarif").read_text() == Path("whole.sarif").read_text()
    assert '"baselineState": "unchanged"' in Path("joined.sarif").read_text()


def test_a_shard_asks_its_own_cases_only(folder: Path) -> None:
    """Each says how it ended by itself."""
    told = [json.loads(Path(shard(number, 3)).read_text()) for number in (1, 2, 3)]
    assert [len(each["results"]) for each in told] == [3, 3, 2]
    assert sorted(at for each in told for at in each["shard"]["positions"]) == list(range(8))
    assert [list(each["shard"]["snapshots"]) for each in told] == [["saved"]] * 3


def test_tags_choose_before_shards(folder: Path) -> None:
    files = [shard(number, 2, "--tag", "web") for number in (1, 2)]
    assert call("merge", *files).stdout.endswith("4 cases: 4 hold\n")


# ------------------------------ no whole


def refused(*files: str) -> str:
    """What is said of files that are not joined: nothing is reported of them."""
    result = call("merge", *files, "--report", "junit=joined.xml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert not Path("joined.xml").exists()
    return result.stderr


def test_a_shard_that_is_missing_or_there_twice(folder: Path) -> None:
    one = shard(1, 2)
    assert refused(one) == "error: the shards do not make a whole:\n  shard 2 of 2 missing\n"
    shutil.copy(one, "again.json")
    assert refused(one, "again.json", shard(2, 2)) == (
        "error: the shards do not make a whole:\n"
        "  shard 1 of 2 is there 2 times: shard-1-2.json, again.json\n"
    )


def test_shards_of_other_suites(folder: Path) -> None:
    """Another expectation is another suite: the shards would not have been the same."""
    one = shard(1, 2)
    Path("suite.yaml").write_text(SUITE.replace("shop,", "store,"))
    assert "  shard-2-2.json: its cases: " in refused(one, shard(2, 2))


def test_shards_of_other_snapshots(folder: Path) -> None:
    one = shard(1, 2)
    closed = Pair()
    closed.wear(closed.b, closed.group(closed.v1, ingress=[], egress=[]))
    shutil.rmtree("saved")
    closed.write(folder / "saved")
    told = refused(one, shard(2, 2))
    assert "shard-2-2.json: asked another snapshot than shard-1-2.json: the content of sav" in told


def test_shards_of_other_days_versions_and_baselines(folder: Path) -> None:
    """Each is told."""
    ask("--report", "json=base.json")
    one, two = shard(1, 2), shard(2, 2, "--baseline", "base.json", "--today", "2026-03-02")
    told = json.loads(Path(two).read_text())
    told["shard"]["same"]["version of reach"] = "9.9"
    Path(two).write_text(json.dumps(told))
    said = refused(one, two)
    for words in ("its day: 2026-03-02; that of shard", "its version of reach: 9.9; that of"):
        assert f"  shard-2-2.json: {words}" in said
    assert "its baseline: " in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no shard: it is not JSON"),
        ("[]", "is no shard: write one with reach test --shard I/N --report json=FILE"),
        ('{"format": 1, "results": []}', "is no shard: write one with"),
        ('{"format": 1, "shard": {}}', "is no shard: 'number'"),
    ],
)
def test_what_is_no_shard(folder: Path, text: str, words: str) -> None:
    Path("x.json").write_text(text)
    assert f"error: x.json: {words}" in refused("x.json")
    assert "no.json: No such file" in refused("no.json")


def test_a_whole_run_is_no_shard(folder: Path) -> None:
    ask("--report", "json=whole.json")
    assert "is no shard: write one with" in refused("whole.json")


@pytest.mark.parametrize("key", ["outcome", "answer", "expected"])
def test_a_result_that_was_changed_is_no_result(folder: Path, key: str) -> None:
    told: Any = json.loads(Path(shard(1, 1)).read_text())
    told["results"][0][key] = "odd"
    Path("x.json").write_text(json.dumps(told))
    assert "x.json: is no shard: a result in it is not one" in refused("x.json")
