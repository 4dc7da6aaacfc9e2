"""The pytest plugin: suites as tests, and snapshots to ask in tests.

``*.reach.yaml`` files are collected, each case a test that says its witness when it fails; tags are
markers.  The fixture ``snapshot`` is a snapshot to ask:

    def test_ssh(snapshot):
        assert snapshot.can("0.0.0.0/0", "i-0abc", port=22) == "unreachable"

Every pytest run imports this file: what asks and shows is imported when it is needed.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Generator, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reach.answer import Answer
    from reach.jobs.job import Bench
    from reach.testing.asker import Asker
    from reach.testing.case import Case, Result

_SUFFIX = ".reach.yaml"
_WIDTH = 90
_BENCH: pytest.StashKey[Bench] = pytest.StashKey()
_TODAY: pytest.StashKey[date] = pytest.StashKey()
_COMPARED: pytest.StashKey[list[Answer]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("reach", "reachability of AWS networks")
    group.addoption(
        "--reach-snapshot",
        metavar="PATH",
        help="the snapshot of the fixture, and of every case that names none itself",
    )
    group.addoption(
        "--reach-today",
        metavar="YYYY-MM-DD",
        help="the day by which exceptions of suites end (default: $REACH_TODAY, or today)",
    )
    parser.addini("reach_snapshot", "the snapshot of the fixture, seen from the ini-file's folder")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "reach: a case of a suite of reach")
    config.addinivalue_line("markers", "reach_snapshot(path): the snapshot of the fixture")
    day = config.getoption("--reach-today") or os.environ.get("REACH_TODAY")
    try:
        config.stash[_TODAY] = date.fromisoformat(day) if day else date.today()
    except ValueError:
        raise pytest.UsageError(f"--reach-today: {day!r} is no day: write YYYY-MM-DD") from None


def _bench(config: pytest.Config) -> Bench:
    from reach.jobs.job import Bench

    if _BENCH not in config.stash:
        config.stash[_BENCH] = Bench(kept=8)
    return config.stash[_BENCH]


# ------------------------------------------------------------------------------- suites


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SuiteFile | None:
    if file_path.name.endswith(_SUFFIX):
        return SuiteFile.from_parent(parent, path=file_path)
    return None


class SuiteFile(pytest.File):
    """A suite: its cases are its tests."""

    def collect(self) -> Iterator[CaseItem]:
        from reach.errors import SuiteError
        from reach.testing.reading import load_suite

        given = self.config.getoption("--reach-snapshot")
        try:
            # A test may change the working folder before the case is asked.
            here = self.config.invocation_params.dir
            suite = load_suite(self.path, (str(here / given),) if given else ())
        except SuiteError as error:
            raise self.CollectError(str(error)) from None
        taken: dict[str, int] = {}
        for case in suite.cases:
            name = _id(case.title)
            taken[name] = taken.get(name, 0) + 1
            if taken[name] > 1:
                name = f"{name} #{taken[name]}"
            yield CaseItem.from_parent(self, name=name, case=case)


def _id(title: str) -> str:
    """A title as the id of a test, which one can give to pytest again."""
    from reach.render.paper import visible

    shown = visible(title)
    # Outside brackets, two colons would end the name of a file or class.
    return f"[{shown}]" if "::" in shown.partition("[")[0] else shown


class CaseFailed(Exception):  # noqa: N818 - what failed is the network, not we
    """A case that does not hold."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.reason)
        self.result = result


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, **how: Any) -> None:
        super().__init__(**how)
        self.case = case
        self.add_marker("reach")
        for tag in case.tags:
            self.config.addinivalue_line("markers", f"{tag}: a tag of cases")
            self.add_marker(tag)
        self.user_properties.append(("fingerprint", case.fingerprint))
        if case.owner:
            self.user_properties.append(("owner", case.owner))

    def runtest(self) -> None:
        from reach.testing.case import Outcome
        from reach.testing.judging import put, quickest

        case = self.case
        snapshot = _bench(self.config).snapshot(case.snapshot)
        result = put(case, snapshot, quickest(case), self.config.stash[_TODAY])
        if result.outcome is Outcome.ACCEPTED:
            pytest.xfail(result.reason)
        if not result.passes:
            raise CaseFailed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, CaseFailed):
            return _shown(excinfo.value.result)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return Path(self.case.file), self.case.line - 1, self.name


def _shown(result: Result) -> str:
    """What was expected, what it is, and the evidence."""
    from reach import report
    from reach.render.paper import Paper

    paper = Paper(colour=False, width=_WIDTH)
    near = replace(result.case, file=_near(result.case.file))
    report.result(paper, replace(result, case=near))
    evidence = "\n".join(_evidence(result.answer)) if result.answer is not None else ""
    return f"{paper.text}{evidence}".rstrip()


def _near(file: str) -> str:
    """A file as one would name it from here."""
    path, here = Path(file), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else file


def _evidence(answer: Answer) -> list[str]:
    from reach.render import render

    return render(answer, width=_WIDTH).splitlines()


# ------------------------------------------------------------------------------- the fixture


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Asker:
    """A snapshot to ask: ``assert snapshot.can("internet", "i-0abc", port=22) == "unreachable"``.

    Which one: that of the marker ``reach_snapshot(path)``, seen from the test's file, else
    ``--reach-snapshot``, else ``$REACH_SNAPSHOT``, else ``reach_snapshot`` of the ini-file.
    """
    from reach.snapshot.errors import SnapshotError
    from reach.testing.asker import Asker

    found = _bench(request.config).snapshot(_path(request))
    if isinstance(found, SnapshotError):
        raise found
    return Asker(found)


def _path(request: pytest.FixtureRequest) -> str:
    config = request.config
    marker = request.node.get_closest_marker("reach_snapshot")
    if marker is not None:
        return str(request.path.parent / marker.args[0])
    given = config.getoption("--reach-snapshot") or os.environ.get("REACH_SNAPSHOT")
    if given:
        return str(config.invocation_params.dir / given)
    told = config.getini("reach_snapshot")
    if told:
        return str((config.inipath.parent if config.inipath else config.rootpath) / told)
    raise pytest.UsageError(
        "no snapshot: mark the test with reach_snapshot(path), give --reach-snapshot, or set "
        "$REACH_SNAPSHOT or reach_snapshot in the ini-file"
    )


def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> list[str] | None:
    """What an answer is instead, in short; all its evidence follows in a section of its own.

    For pytest cuts a comparison after a few lines.
    """
    from reach.render.paper import visible
    from reach.testing.asker import Told
    from reach.testing.judging import evidence

    told = left if isinstance(left, Told) else right
    if not isinstance(told, Told) or op not in ("==", "!="):
        return None
    config.stash.setdefault(_COMPARED, []).append(told.answer)
    other = right if told is left else left
    return [f"{told!r} {op} {other!r}", *textwrap.wrap(visible(evidence(told.answer)), _WIDTH)[:5]]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    compared = item.config.stash.get(_COMPARED, [])
    if report.failed:
        # The last one is what failed: those before it were caught.
        for answer in compared[-1:]:
            report.sections.append(("evidence", "\n".join(_evidence(answer))))
    compared.clear()
    return report
