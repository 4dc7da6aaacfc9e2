"""The pytest plugin: suites are tests, and a snapshot can be asked in one.

Each test runs a pytest of its own, in a folder of its own.
"""

from __future__ import annotations

import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.estate import Pair

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
SUITE = """\
snapshot: saved
cases:
  - {name: ssh, ask: can a reach b port 22, expect: reachable, tags: [edge, slow-lane]}
  - name: web
    from: a
    to: b
    port: [80, 443]
    expect: unreachable
    tags: [edge]
    why: audit 7
    owner: net
  - {ask: can b reach a port 22, expect: reachable}
  - {ask: can b reach a port 22, expect: reachable, one_way: true}
  - {ask: "can fd00::1 reach b", expect: unreachable}
"""


class Runs:
    """Runs pytest with the plugin, whether or not it is installed here."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        installed = any(each.name == "reach" for each in entry_points(group="pytest11"))
        self._plugin = () if installed else ("-p", "reach.testing.plugin")

    def __call__(self, *arguments: str) -> pytest.RunResult:
        plain = ("-p", "no:cacheprovider", "-p", "no:randomly", "--strict-markers")
        # A process of its own: in this one, modules would be there twice.
        return self.pytester.runpytest_subprocess(*self._plugin, *plain, *arguments)


@pytest.fixture
def runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """A folder with a suite, a snapshot, and a pytest to run in it."""
    for name in ("REACH_SNAPSHOT", "REACH_TODAY", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    Pair().write(pytester.path / "saved")
    (pytester.path / "edge.reach.yaml").write_text(SUITE)
    return Runs(pytester)


def names(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line and not line.startswith("FAILED")]


# ------------------------------ suites


def test_cases_are_tests_with_ids_that_read_well(runs: Runs) -> None:
    """What is asked twice is numbered; two colons stand in brackets."""
    result = runs("--collect-only", "-q")
    assert names(result) == [
        "edge.reach.yaml::ssh",
        "edge.reach.yaml::web [a reach b port 80]",
        "edge.reach.yaml::web [a reach b port 443]",
        "edge.reach.yaml::can b reach a port 22",
        "edge.reach.yaml::can b reach a port 22 #2",
        "edge.reach.yaml::[can fd00::1 reach b]",
    ]


def test_a_case_that_fails_shows_its_witness(runs: Runs) -> None:
    """File and line, what was expected, why, the packet and its path; and no traceback."""
    result = runs("-k", "443")
    result.assert_outcomes(failed=1, deselected=5)
    result.stdout.fnmatch_lines(
        [
            "FAILS  edge.reach.yaml:4  web [[]a reach b port 443]",
            "    can a reach b port 443",
            "    expected unreachable, is reachable:",
            "    why it matters: audit 7",
            "    owner: net",
            "REACHABLE  can a reach b port 443",
            "  packet  10.0.0.5:50000 -> 10.0.1.5:443 tcp",
            "Path of the packet",
            "Path of the reply",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*judging.py*")


def test_tags_are_markers(runs: Runs) -> None:
    """Registered, so that --strict-markers has nothing to say."""
    runs("-m", "reach and edge and not slow-lane").assert_outcomes(failed=2, deselected=4)


def test_ids_can_be_given_again(runs: Runs) -> None:
    result = runs("edge.reach.yaml::ssh", "edge.reach.yaml::[can fd00::1 reach b]")
    result.assert_outcomes(passed=2)


def test_cases_run_in_parallel(runs: Runs) -> None:
    pytest.importorskip("xdist")
    result = runs("-n", "2", "-k", "ssh or web")
    result.assert_outcomes(passed=1, failed=2)


def test_undecided_and_refused_do_not_pass(runs: Runs) -> None:
    pair = Pair()
    pair.wear(pair.b, pair.group(pair.v1))
    pair.drop("SecurityGroups").write(runs.pytester.path / "saved")
    (runs.pytester.path / "edge.reach.yaml").write_text(
        "snapshot: saved\ncases:\n"
        "  - {name: open, ask: can a reach b port 22, expect: unreachable}\n"
        "  - {name: odd, ask: can nobody reach b, expect: unreachable}\n"
    )
    result = runs()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["UNDECIDED  edge.reach.yaml:3  open", "REFUSED  *:4  odd"])


def test_an_accepted_exception_is_an_expected_failure(runs: Runs) -> None:
    """Until its day has passed."""
    text = SUITE.replace("owner: net", "owner: net\n    until: 2026-03-01")
    (runs.pytester.path / "edge.reach.yaml").write_text(text)
    runs("-k", "443", "--reach-today", "2026-03-01").assert_outcomes(xfailed=1, deselected=5)
    runs("-k", "443", "--reach-today", "2026-03-02").assert_outcomes(failed=1, deselected=5)


def test_a_suite_that_is_wrong_is_an_error_with_its_line(runs: Runs) -> None:
    (runs.pytester.path / "edge.reach.yaml").write_text("snapshot: s\ncases: 1\n")
    result = runs()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*edge.reach.yaml:2: 'cases' must be a list"])


def test_hostile_names_stay_words(runs: Runs) -> None:
    """No escape sequence of a suite comes out on the terminal."""
    text = (
        'snapshot: saved\ncases:\n  - {name: "\\e[31mred\\u202e", ask: can a reach b, '
        "expect: unreachable}\n"
    )
    (runs.pytester.path / "edge.reach.yaml").write_text(text)
    result = runs("-v")
    result.assert_outcomes(failed=1)
    said = result.stdout.str()
    assert "\x1b[31mred" not in said
    assert "\u202e" not in said
    assert "\\x1b[31mred\\u202e" in said


# ------------------------------ the fixture

OPEN = """
def test_open(snapshot):
    assert snapshot.can("a", "b", port=22) == "reachable"

def test_closed(snapshot):
    assert snapshot.can("a", "b", port=22) == "unreachable"
"""


def test_a_comparison_that_fails_shows_the_witness(runs: Runs) -> None:
    """In short where it stands, whole below, however pytest cuts what is long."""
    runs.pytester.makepyfile(OPEN)
    result = runs("--reach-snapshot", "saved", "test_a_comparison_that_fails_shows_the_witness.py")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*assert <reachable: can a reach b port 22> == 'unreachable'",
            "E*10.0.0.5:50000 -> 10.0.1.5:22 tcp by *",
            "*- evidence -*",
            "REACHABLE  can a reach b port 22",
            "Path of the reply",
        ]
    )


@pytest.mark.parametrize("by", ["environment", "ini", "marker"])
def test_where_the_snapshot_comes_from(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    test = "def test_open(snapshot):\n    assert snapshot.can('a', 'b', port=22) == 'reachable'\n"
    marker = "import pytest\n@pytest.mark.reach_snapshot('saved')\n"
    runs.pytester.makepyfile(test_it=marker + test if by == "marker" else test)
    if by == "environment":
        monkeypatch.setenv("REACH_SNAPSHOT", "saved")
    if by == "ini":
        runs.pytester.makeini("[pytest]\nreach_snapshot = saved\n")
    runs("test_it.py").assert_outcomes(passed=1)


def test_without_a_snapshot_it_says_how_to_give_one(runs: Runs) -> None:
    runs.pytester.makepyfile(test_it="def test_open(snapshot):\n    pass\n")
    result = runs("test_it.py")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*mark the test with reach_snapshot(path)*"])


def test_it_is_an_entry_point() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert told["project"]["entry-points"]["pytest11"] == {"reach": "reach.testing.plugin"}
