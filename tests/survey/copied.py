"""Surveys done by copies of a process, held against those that nobody divides."""

from __future__ import annotations

import reach
from reach.jobs.copies import can_copy
from reach.jobs.crew import Workers
from reach.survey import here
from tests.survey.test_portions import BALANCED, EVERY, shown, whole
from tests.survey.test_shares import found as found_in
from tests.survey.test_shares import told_in_shares

if __name__ == "__main__":
    assert can_copy()
    here._PAIRS, here._PLACES = 1, 8
    for asked in EVERY:
        load = lambda: reach.load(BALANCED)  # noqa: E731
        _, found = here.begun_here(asked, load, BALANCED, Workers(4), copies=4)
        assert not found.lapses
        print(len(found.pieces) > asked.ways, shown(found.told(asked)) == shown(whole(asked)))
    for asked in EVERY:
        told = told_in_shares(asked, 3, lambda: reach.load(BALANCED), copies=2)
        print("in shares", found_in(told) == found_in(whole(asked)))
