"""Law 2: a missing call is not an empty list."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.estate import CALLS, Pair, city, load_files, tell
from tests.traps.rows import allow, unknown

# ------------------------------ gaps (law 2)


@pytest.fixture(scope="module")
def whole() -> tuple[Pair, dict[str, str]]:
    e, questions = city()
    return e, {question: str(e.ask(question).verdict.value) for question in questions}


def without(files: dict[str, str], call: str) -> Iterator[tuple[str, str]]:
    for path, text in files.items():
        if next(iter(json.loads(text))) != call:
            yield path, text


def test_the_whole_is_decided(whole: tuple[Pair, dict[str, str]]) -> None:
    """With every call there is no gap, so every question has an answer."""
    _, verdicts = whole
    yes, no = "reachable", "unreachable"
    expected = [yes, yes, no, yes, no, yes, yes, yes, no, yes, no, yes, yes, no, yes]
    assert list(verdicts.values()) == expected


def never_flips(files: dict[str, str], verdicts: dict[str, str], call: str) -> None:
    """Each question on these files, which lack something of one call, has its verdict or none.

    Where the ends themselves stood in that call the question may be refused, if it says so.
    """
    import reach

    snapshot = load_files(files)
    for question, was in verdicts.items():
        try:
            answer = reach.ask(snapshot, question)
        except reach.QuestionError as error:
            refused = str(error)
            if call == "NetworkInterfaces" and call in refused:
                continue
            raise
        why = f"{call} is not whole; {question} was {was}\n  {tell(answer)}"
        assert answer.verdict in (was, "undecided"), why


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_call_flips_nothing(whole: tuple[Pair, dict[str, str]], call: str) -> None:
    """Law 2: a call that is not there leaves an answer or makes it undecided; it never flips it."""
    e, verdicts = whole
    never_flips(dict(without(e.files(), call)), verdicts, call)


@pytest.mark.parametrize("call", ["RouteTables", "NetworkAcls", "SecurityGroups"])
def test_what_filters_must_be_known(call: str) -> None:
    """R-SHARE-3: a missing table, ACL or group is never an allow, and never a deny."""
    e = Pair()
    allow(e, f"can {e.a} reach {e.b} port 22")
    unknown(e.drop(call), f"can {e.a} reach {e.b} port 22")


CUT = ["RouteTables", "NetworkAcls", "SecurityGroups", "VpcPeeringConnections", "NetworkInterfaces"]


@pytest.mark.parametrize("call", CUT)
def test_an_answer_that_was_cut_short(whole: tuple[Pair, dict[str, str]], call: str) -> None:
    """A page with a NextToken has lost its tail: nothing flips when the tail is gone."""
    e, verdicts = whole
    files = {}
    for path, text in e.files().items():
        content = json.loads(text)
        if next(iter(content)) == call:
            half = content[call][: len(content[call]) // 2]
            files[path] = json.dumps({call: half, "NextToken": "eyJ2IjoiMSJ9"})
        else:
            files[path] = text
    never_flips(files, verdicts, call)
