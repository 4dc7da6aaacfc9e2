"""What somebody meets who asks for the first time: whole questions, as they come back on paper.

Slips, names that are not unique, ends that are not there; nothing that is said may mislead.
"""

from __future__ import annotations

import pytest

import reach
from reach.render import text
from tests.estate import Pair


def shown(answer: reach.Answer, width: int = 100) -> str:
    """The answer as it is printed."""
    return text.render(answer, colour=False, width=width)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("can 192.168.77.7 reach {a}", "NO_SOURCE_OR_DESTINATION"),
        ("can {a} reach 2001:db8::1 port 443", "NO_SOURCE_OR_DESTINATION"),
        ("can internet reach {b} port 443", None),
    ],
)
def test_a_packet_is_shown_only_where_there_is_one(question: str, code: str | None) -> None:
    """Where nobody sends anything no header is made up for it, neither on paper nor as JSON."""
    pair = Pair()
    answer = pair.ask(question.format(a=pair.a, b=pair.b))
    assert answer.verdict == "unreachable"
    told = answer.to_dict()["explanations"]
    assert all((each["packet"] is None) is (code is not None) for each in told)
    assert "protocol 0" not in shown(answer)
    assert ("on the way" in shown(answer)) is (code is None)
    if code is not None:
        assert [each["code"] for each in told] == [code]
