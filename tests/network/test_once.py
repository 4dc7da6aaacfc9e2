"""A property that is worked out once."""

from __future__ import annotations

from dataclasses import dataclass

from reach.network.once import once


@dataclass(frozen=True)
class Pair:
    """Two numbers."""

    one: int
    two: int
    asked: list[str]

    @once
    def total(self) -> int:
        """Their sum."""
        self.asked.append("total")
        return self.one + self.two


def test_is_worked_out_when_it_is_first_asked_for_and_kept() -> None:
    pair = Pair(1, 2, [])
    assert not pair.asked
    assert (pair.total, pair.total) == (3, 3)
    assert pair.asked == ["total"]


def test_is_of_each_by_itself_and_no_part_of_what_is_compared() -> None:
    one, other = Pair(1, 2, []), Pair(2, 2, [])
    assert (one.total, other.total) == (3, 4)
    assert one == Pair(1, 2, ["total"])
    assert isinstance(Pair.total, once)
    assert Pair.total.__doc__ == "Their sum."
