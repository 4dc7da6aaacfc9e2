"""The collector rests while results are made, and is as it was before afterwards."""

from __future__ import annotations

import gc
import weakref
from collections import deque
from collections.abc import Iterator

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
    gc.unfreeze()
    with uncollected():
        kept.append(_Cycle())
    assert gc.get_freeze_count() == 0
    assert len(kept) == 3


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
