"""What a survey is asked, as plain data: its kind, its sides, the packet, and how it is told.

    Asked("matrix", "any", "any", "port 22", by="vpc").prepare(snapshot, way) -> Prepared

A survey asks one question of everybody, isolation one in each direction: its *ways*.  Must not know
who asks it, nor how it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reach.asking import ground_of
from reach.errors import QuestionError
from reach.options import Options
from reach.question import Question, parse_words
from reach.reduce import ALL, Reductions
from reach.snapshot.snapshot import Snapshot
from reach.survey.findings import Isolation, Survey
from reach.survey.survey import Prepared, Progress, prepare, silent

KINDS = ("exposure", "matrix", "isolated")
_PACKETS = ("port 22", "port 8000-8100/udp", "icmp", "protocol 47")


@dataclass(frozen=True, slots=True)
class Asked:
    """``source`` and ``destination`` are ends of a question, ``packet`` its clauses; ``options``
    are pairs of a name and a value, ``reductions`` the passes that are on (None: all).
    """

    kind: str
    source: str
    destination: str
    packet: str = ""
    by: str = "endpoint"
    one_way: bool = False
    prove: bool = True
    options: tuple[tuple[str, str], ...] = ()
    reductions: tuple[str, ...] | None = None

    @property
    def ways(self) -> int:
        return 2 if self.kind == "isolated" else 1

    def question(self, way: int) -> Question:
        """Raises QuestionError if the packet is none, rather than to take it for part of an end."""
        source, destination = (self.source, self.destination)[:: -1 if way else 1]
        words = [source, "reach", destination, *self.packet.split()]
        question = parse_words(words, one_way=self.one_way)
        if self.packet and question.destination != destination:
            raise QuestionError(f"{self.packet!r} is no packet; these are:", _PACKETS)
        return question

    def prepare(self, snapshot: Snapshot, way: int, progress: Progress = silent) -> Prepared:
        """Raises QuestionError if an end, the packet, the grouping or a pass is not understood."""
        reduced = ALL if self.reductions is None else Reductions.of(self.reductions)
        return prepare(
            ground_of(snapshot, Options.of(dict(self.options)), reduced),
            self.question(way),
            kind=self.kind,
            by=self.by,
            sources_by="endpoint" if self.kind == "exposure" else "",
            progress=progress,
        )

    def told(self, surveys: Sequence[Survey]) -> Survey | Isolation:
        """What was asked for, of a survey for each way."""
        if self.kind == "isolated":
            return Isolation(self.source, self.destination, *surveys)
        (only,) = surveys
        return only

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "options": dict(self.options)}

    @staticmethod
    def from_dict(told: Mapping[str, Any]) -> Asked:
        """Raises LookupError, TypeError, AttributeError or ValueError for what is none."""
        passes = told["reductions"]
        made = Asked(
            **{
                **told,
                "options": tuple(told["options"].items()),
                "reductions": None if passes is None else tuple(passes),
            }
        )
        if made.kind not in KINDS:
            raise ValueError(f"{made.kind!r} is no survey")
        return made
