"""One run of suites: all results, and what follows from them.

Takes results one by one; gives counts, the status and the JSON form.  Must not know how a case is
asked nor how anything is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from reach import console
from reach.testing.case import Outcome, Result

if TYPE_CHECKING:
    from reach.jobs.shard import Part
    from reach.testing.coverage import Finding

FORMAT = 1
# Bad input before what has no answer, that before failures, and those before what is undecided.
_STATUSES = (
    (Outcome.REFUSED, console.BAD_INPUT),
    (Outcome.CRASHED, console.DEFECT),
    (Outcome.FAILS, console.UNREACHABLE),
    (Outcome.UNDECIDED, console.UNDECIDED),
)


@dataclass
class Session:
    """The suites that were run, the day that it was, and the results so far.

    ``compared`` says that there was a baseline; ``findings`` are what was found beyond the cases:
    coverage and mutants, of which no status hangs.  ``part`` says of what whole this is a shard.
    """

    suites: tuple[str, ...]
    today: date
    compared: bool = False
    results: list[Result] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    part: Part | None = None

    @property
    def counts(self) -> dict[Outcome, int]:
        counted = Counter(result.outcome for result in self.results)
        return {outcome: counted[outcome] for outcome in Outcome}

    @property
    def status(self) -> int:
        """0 iff everything holds, is accepted or known."""
        counts = self.counts
        return next((status for outcome, status in _STATUSES if counts[outcome]), 0)

    @property
    def wrong(self) -> Sequence[Result]:
        return [result for result in self.results if not result.passes]

    def to_dict(self) -> dict[str, Any]:
        """The same for the same cases, snapshots and day; a shard tells the times as well."""
        told: dict[str, Any] = {
            "format": FORMAT,
            "suites": list(self.suites),
            "today": self.today.isoformat(),
            "summary": {outcome.value: count for outcome, count in self.counts.items()},
            "results": [result.to_dict() for result in self.results],
            "snapshots": [finding.to_dict() for finding in self.findings],
        }
        return told if self.part is None else {**told, "shard": self._shard(self.part)}

    def _shard(self, part: Part) -> dict[str, Any]:
        from reach.testing.retold import places_told

        return {
            **part.to_dict(),
            "compared": self.compared,
            "seconds": [round(result.seconds, 6) for result in self.results],
            "places": [places_told(result) for result in self.results],
        }
