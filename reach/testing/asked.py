"""The cases of suites as jobs, done here, by processes or by a cluster, and their results in order.

    ask_all(cases, today, by=Workers(4)) -> Result, Result, ...

Must not know the command line nor how results are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from reach.jobs.crew import Workers, alone
from reach.jobs.job import Bench, Done, Lost, Refused, Said, Spent
from reach.testing.case import Case, Outcome, Result
from reach.testing.judging import put, quickest

if TYPE_CHECKING:
    from reach.jobs.cluster import Cluster
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

    kind: ClassVar[str] = "case"

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

    # ------------------------------------------------------------------- as plain data

    def to_dict(self) -> dict[str, Any]:
        case = asdict(self.case)
        case |= {"until": _day_told(self.case.until), "fingerprint": self.case.fingerprint}
        return {"case": case, "today": _day_told(self.today), "wanted": asdict(self.wanted)}

    @staticmethod
    def from_dict(told: Mapping[str, Any]) -> CaseJob:
        from reach.testing.retold import case_of

        day = told["today"]
        today = date.fromisoformat(day) if day else None
        return CaseJob(case_of(told["case"]), today, Wanted(**told["wanted"]))

    @staticmethod
    def tell(value: Result) -> dict[str, Any]:
        from reach.testing.retold import told_of

        return told_of(value)

    def hear(self, told: Mapping[str, Any]) -> Result:
        from reach.testing.retold import result_of

        return result_of(told, self.case)


def _day_told(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


# ------------------------------------------------------------------------------- by whom


HERE = Workers()


def ask_all(
    cases: Sequence[Case],
    today: date | None,
    *,
    by: Workers | Cluster = HERE,
    wanted: Wanted = PLAIN,
    load: Callable[[str], Snapshot] | None = None,
) -> Iterator[Result]:
    """The result of each case, in order.

    In this process Defect and SolverError are raised and ``load`` reads snapshots.  Elsewhere a
    case that a worker did not survive has crashed, and one that took more than it may is undecided.
    """
    jobs = [CaseJob(case, today, wanted) for case in cases]
    ready: dict[int, Result] = {}
    told = 0
    for number, said in _said(jobs, by, load):
        ready[number] = _result(cases[number], said)
        while told in ready:
            yield ready.pop(told)
            told += 1


def _said(
    jobs: Sequence[CaseJob],
    by: Workers | Cluster,
    load: Callable[[str], Snapshot] | None,
) -> Iterator[tuple[int, Said]]:
    if isinstance(by, Workers) and not by.number:
        # Here every snapshot is kept, as nobody else could have it.
        return alone(jobs, Bench(load, kept=len(jobs)))
    return by.do(jobs)


def _result(case: Case, said: Said) -> Result:
    match said:
        case Done():
            told: Result = said.value
            return replace(told, seconds=said.seconds)
        case Lost():
            return Result(case, Outcome.CRASHED, reason=said.reason)
        case Spent():
            return Result(case, Outcome.UNDECIDED, reason=said.reason, said="undecided")
        case Refused():
            return Result(case, Outcome.REFUSED, reason=said.reason)
