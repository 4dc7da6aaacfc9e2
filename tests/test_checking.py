"""Evidence is checked by somebody else, and forged evidence is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import reach
from reach import report
from reach.checking import check_answer
from reach.render.paper import Paper
from reach.suite import load_suite
from tests.test_labs import NAMES, needs_labs, probes, snapshot

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = sorted(path.parent for path in (ROOT / "samples").glob("*/cases.reach.yaml"))
TWO_TIER = ROOT / "samples" / "two_tier" / "snapshot"
Told = dict[str, Any]


@cache
def loaded(path: str) -> Any:
    return reach.load(path)


def printed(where: Any, question: str, **how: Any) -> Told:
    """An answer as `--format json` prints it."""
    told: Told = json.loads(json.dumps(reach.ask(where, question, **how).to_dict()))
    return told


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_every_answer_of_a_sample_holds(sample: Path) -> None:
    """Laws 4 and 5: each no has a certificate, each yes a witness, and the checker accepts it."""
    for case in load_suite(sample / "cases.reach.yaml").cases:
        where = loaded(case.snapshot)
        options = dict(text.split("=", 1) for text in case.options)
        told = printed(where, case.ask, one_way=case.one_way, port_at=case.port_at, options=options)
        checked = check_answer(where, told)
        assert checked.holds, f"{case.ask}: {checked.wrong[:2]}"


@needs_labs
@pytest.mark.parametrize("lab", NAMES)
def test_every_answer_of_a_lab_holds(lab: str) -> None:
    """All of a small lab, every fifth answer of a large one."""
    asked = probes(lab)
    for probe in asked if len(asked) < 60 else asked[::5]:
        told = printed(snapshot(lab), probe.question)
        checked = check_answer(snapshot(lab), told)
        assert checked.holds, f"{probe.question}: {checked.wrong[:2]}"


# ------------------------------ forgeries


YES = "can internet reach web-1 port 443"
NO = "can web-1 reach db-1 port 5432"
NO_REPLY = "can db-1 reach internet port 443"


def forged(question: str, forge: Callable[[Told], object]) -> tuple[str, ...]:
    """What the checker says of an answer that somebody has changed."""
    where = loaded(str(TWO_TIER))
    told = copy.deepcopy(printed(where, question))
    assert check_answer(where, told).holds
    forge(told)
    return check_answer(where, told).wrong


def _swap_verdict(told: Told) -> None:
    told["verdict"] = "unreachable" if told["verdict"] == "reachable" else "reachable"


def _swap_rule(told: Told) -> None:
    hop = next(hop for hop in told["witness"]["forward"] if hop["passed"])
    hop["passed"][0]["text"] = "allows inbound all traffic from 0.0.0.0/0, if only"


WITNESSES: dict[str, Callable[[Told], object]] = {
    "another verdict": _swap_verdict,
    "a hop removed": lambda told: told["witness"]["forward"].pop(2),
    "the last hop removed": lambda told: told["witness"]["forward"].pop(),
    "a hop said twice": lambda told: told["witness"]["forward"].insert(
        1, told["witness"]["forward"][1]
    ),
    "a rule swapped": _swap_rule,
    "a reason left out": lambda told: next(
        hop for hop in told["witness"]["forward"] if hop["passed"]
    )["passed"].clear(),
    "no reply": lambda told: told["witness"]["reply"].clear(),
    "a hop of the reply removed": lambda told: told["witness"]["reply"].pop(1),
    "another packet": lambda told: told["witness"]["packet"].update(destination_port=22),
    "another header on the way": lambda told: told["witness"]["forward"][3]["header_in"].update(
        source="203.0.113.99"
    ),
    "another node": lambda told: told["witness"]["forward"][2].update(node="subnet/subnet-0/emit"),
    "another question": lambda told: told.update(question="can internet reach web-1 port 22"),
    "no witness": lambda told: told.update(witness=None),
}


@pytest.mark.parametrize("name", WITNESSES)
def test_a_forged_witness_is_refused(name: str) -> None:
    assert forged(YES, WITNESSES[name])


def cells(told: Told, way: str) -> Iterator[Told]:
    for part in told["certificate"]["parts"]:
        yield from part[way]


def _widen(told: Told) -> None:
    """Let the sets at every node forget who sends."""
    for cell in cells(told, "forward"):
        for space in cell["spaces"]:
            space.pop("identity", None)


CERTIFICATES: dict[str, Callable[[Told], object]] = {
    "another verdict": _swap_verdict,
    "no certificate": lambda told: told.update(certificate=None),
    "no parts": lambda told: told["certificate"]["parts"].clear(),
    "the start removed": lambda told: told["certificate"]["parts"][0]["forward"].pop(0),
    "a node removed": lambda told: told["certificate"]["parts"][0]["forward"].pop(2),
    "the last node removed": lambda told: told["certificate"]["parts"][0]["forward"].pop(),
    "a set emptied": lambda told: next(cells(told, "forward"))["spaces"].clear(),
    "a set narrowed": lambda told: next(cells(told, "forward"))["spaces"][0].update(
        protocol=["17"]
    ),
    "sets widened": _widen,
    "starts narrowed": lambda told: told["certificate"]["parts"][0]["starts"][0]["space"].update(
        source_port=["1024-1025"]
    ),
    "another question": lambda told: told.update(question="can app-1 reach db-1 port 5432"),
    "no sense": lambda told: told.update(certificate={"parts": [{"starts": 1}]}),
    "a field that is none": lambda told: next(cells(told, "forward"))["spaces"][0].update(
        colour=[]
    ),
}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_forged_certificate_is_refused(name: str) -> None:
    assert forged(NO, CERTIFICATES[name])


def test_a_certificate_is_about_one_snapshot() -> None:
    """What is refuted in one network is not in another, where a rule was added."""
    told = printed(loaded(str(TWO_TIER)), NO)
    files = {
        path.relative_to(TWO_TIER).as_posix(): json.loads(path.read_text())
        for path in TWO_TIER.rglob("*.json")
    }
    for content in files.values():
        for group in content.get("SecurityGroups", ()):
            group["IpPermissions"].append(
                {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
            )
    from tests.estate import load_files

    opened = load_files({name: json.dumps(content) for name, content in files.items()})
    assert reach.ask(opened, NO).verdict == "reachable"
    assert not check_answer(opened, told).holds


def test_an_undecided_answer_shows_nothing() -> None:
    where = loaded(str(TWO_TIER))
    told = printed(where, NO) | {"verdict": "undecided"}
    checked = check_answer(where, told)
    assert (checked.vacant, checked.words) == (
        True,
        "an undecided answer: there is nothing to check",
    )
    paper = Paper(colour=False, width=100)
    report.checked(paper, checked)
    assert paper.text == "SHOWS NOTHING  an undecided answer: there is nothing to check\n"


@pytest.mark.parametrize("told", [{}, {"verdict": "yes"}, {"verdict": "reachable"}])
def test_what_is_no_answer_is_said_to_be_none(told: Told) -> None:
    with pytest.raises(reach.QuestionError, match="this is no answer"):
        check_answer(loaded(str(TWO_TIER)), told)
