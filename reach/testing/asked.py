"""The cases of suites as jobs, done here or by workers, and their results in order.

    ask_all(cases, today, workers) -> Result, Result, ...

Must not know the command line nor how results are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from reach.testing.case import Case, Outcome, Result
from reach.testing.judging import put, quickest
from reach.testing.workers import Bench, Lost, alone, do

if TYPE_CHECKING:
    from reach.snapshot.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Wanted:
    """What results are to tell besides: where things lie, and what was exercised.

    ``whole``: the whole answer even of a case that holds, which takes longer and changes nothing.
    """

    places: bool = False
    exercised: bool = False
    whole: bool = False


PLAIN = Wanted()


@dataclass(frozen=True, slots=True)
class CaseJob:
    """One case to ask and judge."""

    case: Case
    today: date | None
    wanted: Wanted = PLAIN

    @property
    def snapshot(self) -> str:
        return self.case.snapshot

    def run(self, bench: Bench) -> Result:
        import reach

        snapshot = bench.snapshot(self.case.snapshot)
        whole = self.wanted.whole or self.wanted.exercised
        ask = reach.ask if whole else quickest(self.case)
        told = put(self.case, snapshot, ask, self.today)
        answer = told.answer
        if answer is None or isinstance(snapshot, reach.SnapshotError):
            return told
        if self.wanted.places:
            from reach.testing.places import places_of

            told = replace(told, places=places_of(snapshot, answer))
        if self.wanted.exercised:
            from reach.testing.exercise import exercised_by

            told = replace(told, exercised=exercised_by(snapshot, answer))
        return told


def ask_all(
    cases: Sequence[Case],
    today: date | None,
    *,
    workers: int = 0,
    seconds: float | None = None,
    wanted: Wanted = PLAIN,
    load: Callable[[str], Snapshot] | None = None,
) -> Iterator[Result]:
    """The result of each case, in order, by so many worker processes; with none, here.

    Here, Defect and SolverError are raised and ``load`` reads snapshots.  A case that a worker did
    not survive, or took more than ``seconds`` for, has crashed.
    """
    jobs = [CaseJob(case, today, wanted) for case in cases]
    if not workers:
        # Here every snapshot is kept, as nobody else could have it.
        for _, done in alone(jobs, Bench(load, kept=len(jobs))):
            yield replace(done.value, seconds=done.seconds)
        return
    ready: dict[int, Result] = {}
    told = 0
    for number, said in do(jobs, workers, seconds):
        if isinstance(said, Lost):
            ready[number] = Result(cases[number], Outcome.CRASHED, reason=said.reason)
        else:
            ready[number] = replace(said.value, seconds=said.seconds)
        while told in ready:
            yield ready.pop(told)
            told += 1
