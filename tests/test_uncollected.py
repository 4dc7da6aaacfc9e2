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
    gc.enable()
    yield
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
