"""A survey done in portions, by processes or by a cluster; what is not survived is told as such.

    fan_out(asked, path, by=Workers(4)) -> Found        Found.told(asked) -> Survey | Isolation

A portion that its process did not survive, or that took more than it may, is done again pair by
pair, so that what is told as open is the guilty pair and not those beside it.  If nothing at all
gets done there is no use in more of it.  Must not know the command line.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reach.errors import Defect, RefusedError
from reach.jobs.crew import Workers
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
    """All portions of all ways."""
    return [
        PortionJob(asked, path, way, Portion(number, portions), cached)
        for way in range(asked.ways)
        for number in range(portions)
    ]


def fan_out(
    jobs: Sequence[PortionJob], by: Workers | Cluster, progress: Progress = silent
) -> Found:
    """Whatever becomes of some portions.

    Raises QuestionError, SnapshotError, Defect or SolverError as a survey does, RefusedError if
    whoever would do it has another snapshot.
    """
    work = _Work(by, progress, len(jobs))
    failed, untried = work.do(jobs, hopeless=_HOPELESS)
    if untried:
        # Whether anybody can prepare it at all.
        lost, _ = work.do([_of(failed[0].job, What.NAMES)])
        if lost:
            work.lapse([*failed, *(_Failed(job, failed[0].reason) for job in untried)])
            return work.found
        failed += work.do(untried)[0]
    if failed:
        work.do_one_by_one(failed)
    return work.found


@dataclass(frozen=True)
class _Failed:
    """A portion that was not survived, or took more than it may."""

    job: PortionJob
    reason: str


@dataclass
class _Work:
    by: Workers | Cluster
    progress: Progress
    total: int
    found: Found = field(default_factory=Found)

    def do(
        self, jobs: Sequence[PortionJob], hopeless: int | None = None
    ) -> tuple[list[_Failed], list[PortionJob]]:
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
                if hopeless and len(failed) >= hopeless and not self.found.pieces:
                    break
        return failed, list(left.values())

    def do_one_by_one(self, failed: Sequence[_Failed]) -> None:
        """What failed again: its places together, and each of its pairs by itself."""
        lost, _ = self.do([_of(each.job, What.NAMES) for each in failed])
        unnamed = {each.job for each in lost}
        self.lapse(each for each in failed if _of(each.job, What.NAMES) in unnamed)
        again = [each.job for each in failed if _of(each.job, What.NAMES) not in unnamed]
        self.lapse(self.do([one for job in again for one in self._ones(job)])[0])

    def _ones(self, job: PortionJob) -> Iterator[PortionJob]:
        known = next(each for each in self.found.pieces if each.way == job.way)
        yield _of(job, What.PROOF)
        for number in job.portion.of_pairs(range(known.pairs)):
            yield replace(job, portion=Portion(number, known.pairs, What.PAIRS))

    def lapse(self, some: Iterable[_Failed]) -> None:
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
