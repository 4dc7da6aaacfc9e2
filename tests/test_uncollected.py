"""The collector rests while results are made, and is as it was before afterwards."""

from __future__ import annotations

import gc
import weakref
from collections import deque
from collections.abc import Iterable, Iterator

import pytest

from reach.uncollected import _Collector, uncollected


@pytest.fixture(autouse=True)
def enabled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """On, and nothing known of what other tests have made."""
    monkeypatch.setattr("reach.uncollected._collector", _Collector())
    gc.unfreeze()
    gc.collect()
    gc.enable()
    yield
    gc.unfreeze()
    gc.enable()


def test_rests_inside_and_works_again_afterwards() -> None:
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_works_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="ours"), uncollected():
        raise ValueError("ours")
    assert gc.isenabled()


def test_whoever_switched_it_off_keeps_it_off() -> None:
    gc.disable()
    with uncollected():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_overlapping_threads_leave_it_on() -> None:
    first, second = uncollected(), uncollected()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


class _Cycle:
    """Something that only the collector frees."""

    def __init__(self) -> None:
        self.itself = self
        self.held: list[list[int]] = [[] for _ in range(50_000)]


def test_what_is_dropped_is_freed_before_much_more_is_made() -> None:
    """As of snapshots that are asked about, grow old and are dropped, one after the other."""
    kept: deque[_Cycle] = deque(maxlen=25)
    known = []
    for _ in range(80):
        with uncollected():
            kept.append(_Cycle())
        known.append(weakref.ref(kept[-1]))
    assert sum(each() is not None for each in known) < 60


# --- work of one snapshot -------------------------------------------------------------------------


class _Snapshot:
    """Whose work it is."""


def garbage(number: int, of: object) -> list[weakref.ref[_Cycle]]:
    """So many works, each of which leaves something that only the collector frees."""
    known = []
    for _ in range(number):
        with uncollected(of):
            known.append(weakref.ref(_Cycle()))
    return known


def living(known: Iterable[weakref.ref[_Cycle]]) -> int:
    return sum(each() is not None for each in known)


def test_work_of_one_snapshot_is_never_stopped_to_collect_everything() -> None:
    snapshot = _Snapshot()
    assert living(garbage(45, snapshot)) > 40  # the first few are left to the collector


def test_but_for_once_in_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reach.uncollected._OFTEN", 30)
    snapshot = _Snapshot()
    assert living(garbage(45, snapshot)) < 20


@pytest.mark.parametrize("other", [_Snapshot(), None])
def test_work_of_another_or_of_nobody_knows_whom_collects_what_the_first_left(
    other: object,
) -> None:
    snapshot = _Snapshot()
    known = garbage(15, snapshot) + garbage(10, other)
    assert living(known) < 10
    assert living(garbage(45, snapshot)) < 45  # what the other has left


def test_work_within_other_work_counts() -> None:
    """As of copies of a snapshot that are changed, asked about and dropped."""
    snapshot = _Snapshot()
    with uncollected(snapshot):
        known = garbage(25, _Snapshot())
    assert living(known) == 25
    known += garbage(1, snapshot)
    assert living(known) < 5


def test_what_one_snapshot_keeps_is_not_collected_for_the_sake_of_the_next() -> None:
    """As of an estate that took long to make, and its first edit."""
    snapshot, kept = _Snapshot(), []
    with uncollected(snapshot):
        kept += [_Cycle() for _ in range(25)]
    known = garbage(1, snapshot) + garbage(10, _Snapshot())
    assert living(known) == 11
    known += garbage(20, _Snapshot())
    assert living(known) < 25


def test_who_learns_only_in_the_end_of_which_snapshot_it_was_may_say_so() -> None:
    """As who loads one."""
    snapshot = _Snapshot()
    known = []
    with uncollected() as work:
        known += [weakref.ref(_Cycle()) for _ in range(25)]
        work.of = snapshot
    assert living(known + garbage(20, snapshot)) > 40


# --- what is put aside ----------------------------------------------------------------------------


def large_work() -> weakref.ref[_Cycle]:
    """Something that is kept while it is made, and dropped afterwards."""
    with uncollected():
        made = [_Cycle() for _ in range(3)]
    return weakref.ref(made[0])


def test_what_large_work_made_is_not_walked_over_again() -> None:
    kept = []
    with uncollected():
        kept.append(_Cycle())
        kept.append(_Cycle())
        kept.append(_Cycle())
    assert gc.get_freeze_count() > 150_000


def test_small_work_is_left_to_the_collector() -> None:
    with uncollected():
        kept: list[list[int]] = [[] for _ in range(1000)]
    assert gc.get_freeze_count() == 0
    assert len(kept) == 1000


def test_what_much_small_work_made_is_put_aside_too() -> None:
    """As of questions, each of which makes what the next ones find made."""
    kept = []
    for _ in range(2):
        assert gc.get_freeze_count() == 0
        with uncollected():
            kept.append(_Cycle())
    assert gc.get_freeze_count() > 100_000
    gc.collect()
    with uncollected():
        kept.append(_Cycle())
    assert gc.get_freeze_count() == 0
    assert len(kept) == 3


def test_beside_much_what_would_bring_the_collector_is_put_aside_at_once() -> None:
    """As of questions in a large snapshot: else there is a collection after each of them."""
    kept: list[object] = []
    with uncollected():
        kept += [_Cycle() for _ in range(3)]
    for count, more in ((100, 0), (5_000, 5_000)):
        gc.collect(0)
        aside = gc.get_freeze_count()
        with uncollected():
            kept.append([[] for _ in range(count)])
        assert (gc.get_freeze_count() - aside >= more) is True
        assert bool(gc.get_freeze_count() > aside) is bool(more)


def test_who_collects_everything_frees_what_was_put_aside() -> None:
    dropped = large_work()
    assert gc.get_freeze_count() > 0
    assert dropped() is not None
    gc.collect()
    assert dropped() is None
    assert gc.get_freeze_count() == 0


def test_the_collector_by_itself_leaves_it_aside() -> None:
    """The young ones are looked at, and not what was made before."""
    dropped = large_work()
    gc.collect(0)
    gc.collect(1)
    assert gc.get_freeze_count() > 0
    assert dropped() is not None


def test_what_others_put_aside_stays_there() -> None:
    mine = _Cycle()
    gc.freeze()
    count = gc.get_freeze_count()
    dropped = large_work()
    assert gc.get_freeze_count() <= count
    gc.collect()
    assert dropped() is None
    assert gc.get_freeze_count() > 50_000
    assert mine.itself is mine


def test_who_switched_the_collector_off_has_nothing_put_aside() -> None:
    gc.disable()
    large_work()
    assert gc.get_freeze_count() == 0
