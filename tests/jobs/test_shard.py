"""Shards: every job is in exactly one, all are as large, and few move when one is added."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from reach.errors import SuiteError
from reach.jobs.shard import Part, Shard, check

KEYS = some.lists(some.text("abc", max_size=3), max_size=40)
OF = some.integers(1, 9)
quick = settings(derandomize=True, deadline=None)


def shards(keys: list[str], of: int) -> list[tuple[int, ...]]:
    return [Shard(number, of).of_keys(keys) for number in range(1, of + 1)]


@quick
@given(KEYS, OF)
def test_every_job_is_in_exactly_one_shard(keys: list[str], of: int) -> None:
    """Even where several have one key."""
    found = [position for shard in shards(keys, of) for position in shard]
    assert sorted(found) == list(range(len(keys)))


@quick
@given(KEYS, OF)
def test_shards_differ_by_one_job_at_most(keys: list[str], of: int) -> None:
    sizes = {len(shard) for shard in shards(keys, of)}
    assert max(sizes) - min(sizes) <= 1


@quick
@given(KEYS, OF)
def test_a_shard_is_in_the_order_of_its_jobs(keys: list[str], of: int) -> None:
    for shard in shards(keys, of):
        assert list(shard) == sorted(shard)


@quick
@given(some.sets(some.text("abcd", max_size=4), max_size=40), some.text("abcd", max_size=4), OF)
def test_one_more_job_moves_one_other_across_each_border(
    keys: set[str], more: str, of: int
) -> None:
    """And in whatever order they are told, each goes where it went."""

    def homes(some_keys: list[str]) -> dict[str, int]:
        return {some_keys[at]: n for n, shard in enumerate(shards(some_keys, of)) for at in shard}

    before, after = homes(sorted(keys)), homes(sorted({*keys, more}, reverse=True))
    moved = [key for key in keys if before[key] != after[key]]
    assert len(moved) <= (of - 1 if more not in keys else 0)


def test_what_lies_together_is_done_by_few() -> None:
    """Ten snapshots, ten jobs on each: a fifth of the shards reads two of them."""
    keys = [f"snapshot {number % 10}\0{number}" for number in range(100)]
    read = [{keys[at].partition("\0")[0] for at in shard} for shard in shards(keys, 5)]
    assert [len(names) for names in read] == [2, 2, 2, 2, 2]
    assert all(not (a & b) for a, b in pairwise(read))


@pytest.mark.parametrize("text", ["", "1", "0/3", "4/3", "1/0", "a/b", "1/3/5", "-1/3", "1 /3"])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(ValueError, match="is no shard: write I/N, from 1/N to N/N"):
        Shard.parse(text)


# ------------------------------ the whole


def part(text: str, *positions: int, total: int = 4, digest: str = "d" * 64, **same: str) -> Part:
    return Part(Shard.parse(text), total, positions, {"day": "1", **same}, {"saved": digest})


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([part("1/2", 0, 1)], ["shard 2 of 2 missing"]),
        ([part("2/5", 0)], ["shards 1, 3-5 of 5 missing"]),
        (
            [part("1/2", 0, 1), part("1/2", 0, 1)],
            ["shard 2 of 2 missing", "shard 1 of 2 is there 2 times: file 0, file 1"],
        ),
        ([part("1/2", 0, 1), part("2/3", 2)], ["file 1 is shard 2 of 3, file 0 is 1 of 2"]),
        (
            [part("1/2", 0, 1), part("2/2", 2, 3, day="2")],
            ["file 1: its day: 2; that of file 0: 1"],
        ),
        (
            [part("1/2", 0, 1), part("2/2", 2, 3, baseline="b")],
            ["file 1: its baseline: b; that of file 0: none"],
        ),
        (
            [part("1/2", 0, 1), part("2/2", 2, 3, digest="e" * 64)],
            [
                "file 1: asked another snapshot than file 0: the content of saved is not",
                "the same (eeeeeeeeeeee…, dddddddddddd…)",
            ],
        ),
        ([part("1/2", 0, 1), part("2/2", 1, 2)], ["each has to be there once"]),
        ([part("1/2", 0, 1), part("2/2", 2)], ["each has to be there once"]),
        ([part("1/2", 0, 1), part("2/2", 2, 3, total=5)], ["each has to be there once"]),
    ],
)
def test_what_is_no_whole_is_told(parts: list[Part], words: list[str]) -> None:
    """All of it at once."""
    with pytest.raises(SuiteError) as error:
        check([(f"file {number}", each) for number, each in enumerate(parts)])
    first, *told = str(error.value).split("\n")
    assert first == "the shards do not make a whole:"
    assert [line.strip() for line in told] == words or words[0] in told[0]
    assert len(told) == len(words)


def test_what_is_a_whole_is_none_the_worse_for_its_order() -> None:
    check([("b", part("2/2", 0, 3)), ("a", part("1/2", 1, 2))])
    check([("empty", part("2/2")), ("all", part("1/2", 0, 1, 2, 3))])


@quick
@given(KEYS, OF)
def test_a_part_is_read_as_it_was_told(keys: list[str], of: int) -> None:
    for number, positions in enumerate(shards(keys, of), start=1):
        told = part(f"{number}/{of}", *positions, total=len(keys), suites="a b")
        assert Part.from_dict(told.to_dict()) == told
