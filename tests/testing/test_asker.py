"""Answers in Python tests: what they equal, and what one cannot get wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

import reach
from reach.testing.asker import Asker, Told
from tests.render import specimens

OPEN, CLOSED = Told(specimens.reachable()), Told(specimens.unreachable())
UNKNOWN = Told(specimens.undecided())


def test_answers_equal_their_verdict() -> None:
    assert OPEN == "reachable"
    assert OPEN != "unreachable"
    assert reach.Verdict.UNREACHABLE == CLOSED
    assert not CLOSED == "reachable"  # noqa: SIM201 - the operator itself is tested


@pytest.mark.parametrize("word", ["reachable", "unreachable"])
def test_undecided_is_no_pass(word: str) -> None:
    """Neither as what it could be, nor as not being what it could be."""
    assert UNKNOWN == "undecided"
    equal, differs = UNKNOWN.__eq__(word), UNKNOWN.__ne__(word)
    assert (equal, differs) == (False, False)


@pytest.mark.parametrize("word", ["unreachble", "Reachable", "", True, None, 1])
def test_what_is_no_verdict_cannot_be_compared(word: Any) -> None:
    """A slip of the pen would make a check that no network can fail."""
    with pytest.raises(ValueError, match="is no verdict"):
        OPEN.__eq__(word)
    with pytest.raises(ValueError, match="is no verdict"):
        OPEN.__ne__(word)


def test_an_answer_is_no_truth_value() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        assert CLOSED


@pytest.mark.parametrize(
    ("how", "asked"),
    [
        ({"port": 22}, "can 'web 1' reach b port 22"),
        ({"port": "53/udp"}, "can 'web 1' reach b port 53/udp"),
        ({"port": range(22, 26)}, "can 'web 1' reach b port 22-25"),
        ({"port": (22, 25)}, "can 'web 1' reach b port 22-25"),
        ({"icmp": True}, "can 'web 1' reach b icmp"),
        ({"icmp": "3/4"}, "can 'web 1' reach b icmp 3/4"),
        ({"protocol": 50}, "can 'web 1' reach b protocol 50"),
        ({}, "can 'web 1' reach b"),
    ],
)
def test_questions(monkeypatch: pytest.MonkeyPatch, how: dict[str, Any], asked: str) -> None:
    heard = []

    def ask(snapshot: object, question: str, **how: object) -> object:
        heard.append((snapshot, question, how))
        return specimens.reachable()

    monkeypatch.setattr(reach, "ask", ask)
    assert Asker("s").can("web 1", "b", **how, one_way=True) == "reachable"  # type: ignore[arg-type]
    assert heard == [("s", asked, {"one_way": True})]


def test_ports_that_do_not_follow_each_other() -> None:
    with pytest.raises(ValueError, match="no range of ports"):
        Asker("s").can("a", "b", port=range(1, 9, 2))  # type: ignore[arg-type]
