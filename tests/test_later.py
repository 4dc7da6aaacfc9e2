"""Sequences that are made when somebody looks."""

from __future__ import annotations

import pickle

from reach.later import Later


def test_are_made_once_and_are_what_was_made() -> None:
    made: list[int] = []

    def make() -> tuple[int, ...]:
        made.append(1)
        return (1, 2, 3)

    later = Later(make)
    assert not made
    assert (len(later), list(later), later[1], later[1:]) == (3, [1, 2, 3], 2, (2, 3))
    assert made == [1]


def test_are_equal_to_a_tuple_of_the_same() -> None:
    """So a node is what it is, whether what nobody looks at was made or not."""
    later = Later(lambda: (1, 2))
    assert later == (1, 2)
    assert later == Later(lambda: (1, 2))
    assert (1, 2) == later  # noqa: SIM300 - from the other side
    assert later != (1, 3)
    assert later != [1, 2]
    assert hash(later) == hash((1, 2))
    assert repr(later) == "(1, 2)"


def test_go_to_another_process_as_what_they_are() -> None:
    assert pickle.loads(pickle.dumps(Later(lambda: (1, 2)))) == (1, 2)
