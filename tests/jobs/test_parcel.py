"""Parcels: jobs as JSON, carried out by whoever has the same snapshot and the same version."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reach import __version__
from reach.answer import Verdict
from reach.jobs import parcel
from reach.jobs.job import NO_LIMITS, Bench, Done, Limits, Lost, Refused, Spent
from reach.jobs.parcel import carry_out, opened, packed, release
from reach.snapshot.digest import digest_of
from reach.testing.asked import CaseJob
from reach.testing.case import Case
from tests.estate import Pair
from tests.jobs.chores import Chore


@pytest.fixture(autouse=True)
def chores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(parcel.KINDS, "chore", "tests.jobs.chores:Chore")
    yield
    release()


@pytest.fixture
def saved(tmp_path: Path) -> str:
    Pair().write(tmp_path / "saved")
    return str(tmp_path / "saved")


def sent(what: str, path: str = "s", digest: str = "d", limits: Limits = NO_LIMITS) -> Any:
    job = Chore(what, path, where=path)
    return opened(carry_out(packed(job, path, digest, limits)), job)


def test_a_case_comes_back_as_it_is_answered_here(saved: str) -> None:
    """Though it is asked by its path there, it is told by its name here."""
    case = Case("can a reach b port 22", Verdict.UNREACHABLE, saved, "suite.yaml", 3, name="web")
    job = CaseJob(case, None)
    text = packed(job, saved, digest_of(saved), NO_LIMITS)
    assert json.loads(text)["job"]["case"]["ask"] == "can a reach b port 22"
    told = opened(carry_out(text), job)
    assert isinstance(told, Done)
    assert told.value.case is case
    assert told.value.to_dict() == job.run(Bench()).to_dict()
    assert told.seconds > 0


def test_whatever_becomes_of_a_job_comes_back() -> None:
    assert sent("a").value == "a"
    assert sent("killed") == Lost("the process that asked it was ended by SIGKILL")
    assert sent("refused") == Refused("not here")
    assert sent("hangs", limits=Limits(seconds=0.5)) == Spent("it took more than 0.5 seconds")


def test_another_version_refuses() -> None:
    """Two of them could say different things, and nobody would know which."""
    told = json.loads(packed(Chore("a"), "s", "d", NO_LIMITS))
    text = json.dumps({**told, "version": "0.0.1"})
    assert opened(carry_out(text), Chore("a")) == Refused(
        f"a worker has reach {__version__}, and 0.0.1 asks: install one version everywhere"
    )


def test_another_snapshot_refuses(saved: str) -> None:
    """Or none; the right one is read once, and again once it is another."""
    right = digest_of(saved)
    assert sent("reads", saved, right).value[1]
    assert not sent("reads", saved, right).value[1]
    refused = sent("reads", saved, "0" * 64)
    assert isinstance(refused, Refused)
    assert f"the content of {saved} is {right[:12]}… there, and 000000000000… was asked of" in (
        refused.reason
    )
    (Path(saved) / "more.json").write_text("{}")
    other = digest_of(saved)
    assert sent("reads", saved, other).value[1]
    assert "has no such snapshot: " in sent("reads", f"{saved}/none", right).reason


def test_one_process_does_one_job_after_another_until_it_is_released() -> None:
    """With other limits it is another one."""
    first, second = sent("who").value, sent("who").value
    assert first == second != os.getpid()
    assert sent("who", limits=Limits(seconds=60)).value != first
    release()
    assert sent("who").value != first
