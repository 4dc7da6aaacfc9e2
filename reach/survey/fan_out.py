"""A survey done in portions, by processes or by a cluster; what is not survived is told as such.

    fan_out(asked, path, by=Workers(4)) -> Found        Found.told(asked) -> Survey | Isolation

A portion that its process did not survive, or that took more than it may, is done again pair by
pair, so that what is told as open is the guilty pair and not those beside it.  If nothing at all
gets done there is no use in more of it.  Must not know the command line.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reach.errors import Defect, RefusedError
from reach.jobs.crew import Crew, Workers
from reach.jobs.job import Done, Lost, Refused, Said, Spent
from reach.survey.asked import Asked
from reach.survey.findings import Isolation, Survey
from reach.survey.job import Fault, Piece, PortionJob
from reach.survey.joining import Lapse, NotWhole, joined
from reach.survey.portion import Portion, What
from reach.survey.survey import Progress, silent

if TYPE_CHECKING:
    from reach.jobs.cluster import Cluster

# So many portions are enough for all to end at about the same time, and few for what each costs.
PORTIONS = 64
# When so many have failed and none was done, it is no fault of theirs.
_HOPELESS = 3


@dataclass(frozen=True)
class Found:
    """What became of portions."""

    pieces: list[Piece] = field(default_factory=list)
    lapses: list[Lapse] = field(default_factory=list)

    def told(self, asked: Asked) -> Survey | Isolation:
        """The whole.  Raises Defect if it is none."""
        try:
            return joined(asked, self.pieces, self.lapses)
        except NotWhole as error:
            raise Defect(f"the portions of a survey do not make a whole: {error}") from None


def jobs_of(asked: Asked, path: str, portions: int, cached: bool = True) -> list[PortionJob]:
    """All portions of all ways, about so many of a direction: a share of it is one already."""
    each = max(1, portions // asked.shares)
    return [
        PortionJob(asked, path, way, Portion(number, each), cached)
        for way in range(asked.ways)
        for number in range(each)
    ]


def fan_out(
    jobs: Sequence[PortionJob], by: Workers | Cluster, progress: Progress = silent
) -> Found:
    """Whatever becomes of some portions.

    Raises QuestionError, SnapshotError, Defect or SolverError as a survey does, RefusedError if
    whoever would do it has another snapshot.
    """
    with _kept(by) as doer:
        work = _Work(doer, progress, len(jobs))
        work.do_all(jobs)
    return work.found


@contextmanager
def _kept(by: Workers | Cluster) -> Iterator[Workers | Crew | Cluster]:
    """Whoever does portions, with the processes that have prepared the survey as long as any is
    left.
    """
    if not isinstance(by, Workers) or not by.number:
        yield by
        return
    crew = Crew(by.number, by.limits)
    try:
        yield crew
    finally:
        crew.stop()


@dataclass(frozen=True)
class _Failed:
    """A portion that was not survived, or took more than it may."""

    job: PortionJob
    reason: str


@dataclass
class _Work:
    by: Workers | Crew | Cluster
    progress: Progress
    total: int
    found: Found = field(default_factory=Found)

    def do_all(self, jobs: Sequence[PortionJob]) -> None:
        failed, untried = self.do(jobs)
        if untried:
            failed, _ = self.do(self._tried_further(failed, untried))
        if failed:
            self._one_by_one(failed)

    def _tried_further(
        self, failed: Sequence[_Failed], untried: Sequence[PortionJob]
    ) -> Sequence[PortionJob]:
        """Of those that failed before anything was done, whether that is their own fault; who is
        worth trying then.
        """
        self._one_by_one(failed)
        if self._has_done_any:
            return untried
        self._named([_Failed(job, failed[0].reason) for job in untried], is_last=True)
        return ()

    def do(self, jobs: Sequence[PortionJob]) -> tuple[list[_Failed], list[PortionJob]]:
        """Some portions: who failed, and who was not tried any more as there is no hope."""
        left = dict(enumerate(jobs))
        failed: list[_Failed] = []
        self._tell()
        with closing(_generator(self.by.do(jobs))) as told:
            for number, said in told:
                job = left.pop(number)
                match said:
                    case Lost() | Spent():
                        failed.append(_Failed(job, said.reason))
                    case _:
                        self.found.pieces.append(_piece(said))
                self._tell()
                if len(failed) >= _HOPELESS and not self._has_done_any:
                    break
        if left and isinstance(self.by, Crew):
            # Some are still at it.
            self.by.stop()
        return failed, list(left.values())

    @property
    def _has_done_any(self) -> bool:
        return any(each.portion.what is not What.NAMES for each in self.found.pieces)

    def _one_by_one(self, failed: Sequence[_Failed]) -> None:
        """What failed again: its places together, and each of its pairs by itself."""
        ones = [
            _Failed(one, each.reason)
            for each in self._named(failed)
            for one in self._ones(each.job)
        ]
        lost, untried = self.do([one.job for one in ones])
        reasons = {one.job: one.reason for one in ones}
        self._lapse([*lost, *(_Failed(job, reasons[job]) for job in untried)])

    def _named(self, failed: Sequence[_Failed], is_last: bool = False) -> list[_Failed]:
        """Those of which it is known by name what is in them; the others lapse, and all of them if
        it is their ``last`` chance.
        """
        known = {(each.way, each.portion) for each in self.found.pieces}
        asked = [_of(each.job, What.NAMES) for each in failed]
        self.do([job for job in asked if (job.way, job.portion) not in known])
        known = {(each.way, each.portion) for each in self.found.pieces}
        is_known = [(job.way, job.portion) in known for job in asked]
        pairs = list(zip(failed, is_known, strict=True))
        self._lapse(each for each, known in pairs if is_last or not known)
        return [each for each, known in pairs if known and not is_last]

    def _ones(self, job: PortionJob) -> Iterator[PortionJob]:
        known = next(each for each in self.found.pieces if each.way == job.way)
        yield _of(job, What.PROOF)
        for number in job.portion.of_pairs(range(known.pairs)):
            yield replace(job, portion=Portion(number, known.pairs, What.PAIRS))

    def _lapse(self, some: Iterable[_Failed]) -> None:
        lapses = (Lapse(each.job.way, each.job.portion, each.reason) for each in some)
        self.found.lapses.extend(lapses)

    def _tell(self) -> None:
        done = sum(each.portion.what is What.ALL for each in self.found.pieces)
        self.progress("portions of the survey", done, self.total)


def _of(job: PortionJob, what: What) -> PortionJob:
    return replace(job, portion=replace(job.portion, what=what))


def _generator(told: Iterator[tuple[int, Said]]) -> Generator[tuple[int, Said]]:
    yield from told


def _piece(said: Said) -> Piece:
    match said:
        case Done(value=Piece() as piece):
            return piece
        case Done(value=Fault() as fault):
            raise fault.error()
        case Refused():
            raise RefusedError(said.reason)
        case _:
            raise Defect(f"a portion of a survey came back as {said!r}")
