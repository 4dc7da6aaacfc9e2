"""Suites on a real cluster: what it says is what is said here, whoever dies on the way."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from reach.answer import Verdict
from reach.errors import ClusterError
from reach.jobs import cluster as clusters
from reach.jobs.cluster import Cluster, Tls
from reach.jobs.crew import alone
from reach.jobs.job import MIB, Bench, Done, Limits, Spent
from reach.jobs.parcel import Portable
from reach.survey.asked import Asked
from reach.survey.fan_out import jobs_of
from reach.survey.job import PortionJob
from reach.testing.arguments import REPORTS
from reach.testing.asked import CaseJob
from reach.testing.case import Case
from tests import terminal
from tests.jobs.chores import Chore
from tests.jobs.loopback import certificates, cluster

pytest.importorskip("distributed")

SUITE = """\
snapshot: saved
cases:
  - {name: web, from: [a, b], to: [a, b], port: [22, 443], expect: reachable}
  - {name: closed, ask: can a reach b port 443, expect: unreachable}
  - {name: out, ask: can a reach internet port 443, expect: unreachable}
  - {name: shop, ask: can internet reach a port 443, expect: reachable, tags: [shop]}
  - {name: odd, ask: can nobody reach b, expect: reachable}
"""
HOME = ("--account", "111122223333", "--region", "us-east-1")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return terminal.at_home(tmp_path, monkeypatch, SUITE)


def call(*arguments: str) -> Result:
    return terminal.call("test", "suite.yaml", *arguments)


def chore(what: str, **how: str) -> Chore:
    return Chore(what, "saved", **how)


# ------------------------------ as here


def test_a_cluster_says_what_is_said_here(folder: Path, address: str) -> None:
    """In the order of the suite, on stdout, in every report but for times, in the status; and what
    was exercised there is known here."""
    how = ("--coverage", *HOME)
    here = call("--jobs", "0", *how, *(f"--report={kind}=here.{kind}" for kind in REPORTS))
    there = call("--cluster", address, *how, *(f"--report={k}=there.{k}" for k in REPORTS))
    assert (there.exit_code, there.stdout) == (here.exit_code, here.stdout)
    assert here.exit_code == 2
    for kind in REPORTS:
        told, wanted = (Path(f"{name}.{kind}").read_text() for name in ("there", "here"))
        times = r'\btime="\d+\.\d{3}"'
        assert re.sub(times, "", told) == re.sub(times, "", wanted), kind


# ------------------------------ whoever dies


def test_a_cluster_gives_the_survey_that_one_process_gives(folder: Path, address: str) -> None:
    """Byte for byte, with its proof, and what is no question at all is said as here."""
    for line in ("exposure", "matrix --from nobody"):
        survey = [*line.split(), "--snapshot", "saved", "--format", "json"]
        here, there = terminal.call(*survey), terminal.call(*survey, "--cluster", address)
        assert (there.exit_code, there.stdout) == (here.exit_code, here.stdout)
        assert there.stderr == here.stderr


def test_nothing_is_lost_when_a_worker_is_killed(folder: Path, address: str) -> None:
    """Once it has begun a case, which the other one does again, and all that it had besides:
    cases of suites and portions of surveys."""
    case = Case("", Verdict.REACHABLE, "saved", "suite.yaml", 1)
    asked = [replace(case, ask=f"can a reach b port {port}") for port in range(1, 13)]
    exposure = Asked("exposure", "internet", "any")
    jobs: list[CaseJob | PortionJob] = [CaseJob(each, None) for each in asked]
    jobs += jobs_of(exposure, "saved", 3)
    wanted = {number: done.value.to_dict() for number, done in alone(jobs, Bench())}
    os.mkfifo("begun.pipe")
    begun = str(folder / "begun")
    killed: list[int] = []

    def kill() -> None:
        killed.append(int(Path(f"{begun}.pipe").read_text()))
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    both: list[Portable] = [*jobs, chore("tells whose it is, once", where=begun)]
    told = dict(Cluster(address, Limits(seconds=60)).do(both))
    killer.join()
    assert len(killed) == 1
    last = told.pop(len(jobs))
    assert isinstance(last, Done)
    assert last.value == "tells whose it is, once"
    done = {number: each.value.to_dict() for number, each in told.items() if isinstance(each, Done)}
    assert done == wanted


def test_a_case_that_kills_its_process_kills_no_worker(folder: Path, address: str) -> None:
    """A cluster would do it again and again, and lose a worker each time."""
    jobs = [chore("whose"), chore("killed"), chore("whose"), chore("defect"), chore("whose")]
    told = dict(Cluster(address).do(jobs))
    reasons = [getattr(told[number], "reason", "") for number in range(5)]
    assert reasons[1] == "the process that asked it was ended by SIGKILL"
    assert reasons[3] == "a fault of reach, not an answer: twins disagree"
    workers = {told[number].value for number in (0, 2, 4)}  # type: ignore[union-attr]
    again = {each.value for _, each in Cluster(address).do(jobs[:1] * 9)}  # type: ignore[union-attr]
    assert workers <= again
    assert os.getpid() not in workers


@pytest.mark.skipif(sys.platform != "linux", reason="others do not tell, or do not limit")
def test_limits_hold_there_as_here(folder: Path, address: str) -> None:
    jobs = [chore("a"), chore("hangs"), chore("holds much")]
    told = dict(Cluster(address, Limits(seconds=2, memory=100 * MIB)).do(jobs))
    assert isinstance(told[0], Done)
    assert told[1] == Spent("it took more than 2 seconds")
    assert told[2] == Spent("it took more than 100 MiB of memory")


# ------------------------------ another snapshot, no cluster


def test_nobody_answers_of_another_snapshot(
    folder: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker whose files at that path are others says so, and asks nothing of them."""
    monkeypatch.setattr(clusters, "digest_of", lambda path: "0" * 64)
    result = call("--cluster", address, "--tag", "shop")
    assert result.exit_code == 2
    said = " ".join(result.stdout.split())
    assert "expected reachable, cannot be asked: " in said
    assert "has another snapshot: the content of" in said
    assert "000000000000… was asked of; give all workers the same files" in said


def test_a_snapshot_is_read_once_by_each_process(folder: Path, address: str) -> None:
    """By its content: other content at the same path is read again, within one run or not."""
    told = [each for _, each in Cluster(address).do([chore("reads", where="saved")] * 9)]
    read = [each.value for each in told if isinstance(each, Done)]
    assert len(read) == 9
    assert len({pid for pid, _ in read}) <= 2
    assert {pid: first for pid, first in read if first} == {pid: True for pid, _ in read}
    assert sum(first for _, first in read) == len({pid for pid, _ in read})


def test_where_there_is_no_scheduler(folder: Path) -> None:
    """Nobody is waited for for ever."""
    with pytest.raises(ClusterError, match=r"tcp://127.0.0.1:1: no scheduler answers: "):
        list(Cluster("tcp://127.0.0.1:1", patience=0.2).do([chore("a")]))


def test_where_dask_is_not_installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = call("--cluster", "tcp://127.0.0.1:1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == ("error: a cluster needs Dask: pip install 'vpc-reach[cluster]'\n")


# ------------------------------ TLS


def options(tls: Tls) -> list[str]:
    return ["--tls-ca-file", tls.ca_file, "--tls-cert", tls.cert, "--tls-key", tls.key]


def test_a_cluster_that_is_guarded_says_the_same_and_lets_in_no_strangers(folder: Path) -> None:
    """Neither whom another authority vouches for, nor who does not say who he is."""
    pytest.importorskip("cryptography")
    ours = certificates(folder)
    strange = replace(certificates(folder, "strangers"), ca_file=ours.ca_file)
    with cluster(folder, ours) as address:
        assert address.startswith("tls://")
        there = call("--cluster", address, *options(ours))
        assert there.stdout == call("--jobs", "0").stdout
        for who in (strange, None):
            with pytest.raises(ClusterError, match="no scheduler answers"):
                list(Cluster(address, tls=who, patience=2).do([chore("a")]))
