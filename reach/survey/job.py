"""A portion of a survey as a job, and what became of it: found, or why not.

    PortionJob(asked, path, way, portion).run(bench) -> Piece, or Fault

Whoever does several portions of one survey prepares it once; that is for all of them, and not
counted as what one of them takes.  Must not know who does the job.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from reach.asking import backend_of_thread
from reach.errors import Defect, QuestionError
from reach.jobs.job import Bench
from reach.snapshot.errors import SnapshotError
from reach.survey.asked import Asked
from reach.survey.findings import Survey
from reach.survey.portion import Portion, What
from reach.survey.retold import survey_from
from reach.survey.survey import Prepared, fulfil, named, with_groups
from solver import SolverError

_KEPT = "prepared survey"


@dataclass(frozen=True, slots=True)
class Piece:
    """What was found of a portion of one way, of all in all ``places`` and ``pairs``.

    ``proposal`` is a digest of all that was proposed: pieces of other proposals are not of one
    whole.
    """

    way: int
    portion: Portion
    survey: Survey
    places: int
    pairs: int
    proposal: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "way": self.way,
            "portion": self.portion.to_dict(),
            "survey": self.survey.to_dict(),
            "places": self.places,
            "pairs": self.pairs,
            "proposal": self.proposal,
        }

    @staticmethod
    def from_dict(told: Mapping[str, Any]) -> Piece:
        """Raises LookupError, TypeError, AttributeError or ValueError for what is none."""
        return Piece(
            int(told["way"]),
            Portion.from_dict(told["portion"]),
            survey_from(told["survey"]),
            int(told["places"]),
            int(told["pairs"]),
            str(told["proposal"]),
        )


# Whose fault it is, by name, for those who can only be told so.
T = TypeVar("T")
_RAISED = (QuestionError, SnapshotError, Defect, SolverError)
_FAULTS: Mapping[str, Callable[[str], Exception]] = {each.__name__: each for each in _RAISED}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no survey at all; nothing of it would help to do more portions."""

    kind: str
    words: str

    def error(self) -> Exception:
        return _FAULTS[self.kind](self.words)


def safely(task: Callable[[], T]) -> T | Fault:
    """What a task gives, or why there is no survey, so that another process can be told."""
    try:
        return task()
    except _RAISED as error:
        return Fault(type(error).__name__, str(error))


@dataclass(frozen=True, slots=True)
class PortionJob:
    """A portion of one way of a survey of the snapshot at ``snapshot``."""

    asked: Asked
    snapshot: str
    way: int
    portion: Portion
    cached: bool = True

    kind: ClassVar[str] = "portion of a survey"

    def run(self, bench: Bench) -> Piece | Fault:
        return safely(lambda: self._done(bench))

    def _done(self, bench: Bench) -> Piece:
        ready, proposal = self._prepared(bench)
        told = self._told(ready)
        whole = len(ready.places), len(ready.pairs)
        return Piece(self.way, self.portion, told, *whole, proposal)

    def _told(self, ready: Prepared) -> Survey:
        if self.portion.what is What.NAMES:
            return named(ready, self.portion)
        backend = backend_of_thread()
        told = fulfil(ready, backend, prove=self.asked.prove, portion=self.portion)
        return with_groups(told, ready)

    def _prepared(self, bench: Bench) -> tuple[Prepared, str]:
        """The survey and its digest, kept with the snapshot until another one is prepared."""
        snapshot = bench.snapshot(self.snapshot, self.cached)
        if isinstance(snapshot, SnapshotError):
            raise snapshot
        of = (self.asked, self.way)
        kept: Any = snapshot.derived.get(_KEPT)
        if kept is None or kept[0] != of:
            snapshot.derived.pop(_KEPT, None)
            with bench.uncounted():
                ready = self.asked.prepare(snapshot, self.way)
                kept = snapshot.derived[_KEPT] = of, ready, proposal_of(ready)
        return kept[1], kept[2]

    # ------------------------------------------------------------------- as plain data

    def to_dict(self) -> dict[str, Any]:
        return {
            "asked": self.asked.to_dict(),
            "snapshot": self.snapshot,
            "way": self.way,
            "portion": self.portion.to_dict(),
            "cached": self.cached,
        }

    @staticmethod
    def from_dict(told: Mapping[str, Any]) -> PortionJob:
        asked, portion = Asked.from_dict(told["asked"]), Portion.from_dict(told["portion"])
        return PortionJob(asked, told["snapshot"], told["way"], portion, told["cached"])

    @staticmethod
    def tell(value: Piece | Fault) -> dict[str, Any]:
        if isinstance(value, Fault):
            return {"fault": value.kind, "words": value.words}
        return value.to_dict()

    def hear(self, told: Mapping[str, Any]) -> Piece | Fault:
        if "fault" in told:
            return Fault(told["fault"], told["words"])
        return Piece.from_dict(told)


def proposal_of(ready: Prepared) -> str:
    """A digest of all that is proposed, in its order: what is proved here and there is of one."""
    found = hashlib.sha256()

    def take(*texts: object) -> None:
        found.update("\0".join(map(repr, texts)).encode("utf-8", "surrogateescape"))

    for sender in ready.senders.each:
        take(sender.labels, sender.node, sender.owner, sender.own, sender.identity, sender.spaces)
    for held in (ready.found.cells, ready.found.arrivals, ready.found.unmodelled):
        for where, cells in held.items():
            take(where, len(cells))
            for space, bits in cells.items():
                take(space.fields)
                found.update(bits.to_bytes(bits.bit_length() // 8 + 1, "big"))
    take(ready.pairs)
    return found.hexdigest()
