"""What a survey is asked, as plain data: its kind, its sides, the packet, and how it is told.

    Asked("matrix", "any", "any", "port 22", by="vpc").prepare(snapshot, way) -> Prepared

A survey asks one question of everybody, isolation one in each direction; where there are very many
each is asked of one share of those who send after the other.  These are its *ways*.  Must not know
who asks it, nor how it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from reach.asking import ground_of
from reach.errors import QuestionError
from reach.jobs.copies import MOST_TASKS
from reach.lower import Ground
from reach.options import Options
from reach.question import Question, parse_words
from reach.reduce import ALL, Reductions
from reach.snapshot.snapshot import Snapshot
from reach.survey.beginning import Wanted
from reach.survey.findings import Isolation, Survey
from reach.survey.share import Share, of_shares
from reach.survey.survey import Prepared, Progress, apart, begin, look_up, prepare, silent

KINDS = ("exposure", "matrix", "isolated")
# Bytes of JSON up to which all who send are looked at together (some 120,000 interfaces), and of
# which each share is where there are more (some 50,000).
_WHOLE, _SHARE = 400 << 20, 160 << 20
_PACKETS = ("port 22", "port 8000-8100/udp", "icmp", "protocol 47")


@dataclass(frozen=True, slots=True)
class Asked:
    """``source`` and ``destination`` are ends of a question, ``packet`` its clauses; ``options``
    are pairs of a name and a value, ``reductions`` the passes that are on (None: all).  ``shares``
    is in how many shares those who send are divided.
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
    shares: int = 1

    @property
    def directions(self) -> int:
        return 2 if self.kind == "isolated" else 1

    @property
    def ways(self) -> int:
        """All shares of the first direction, then those of the second."""
        return self.directions * self.shares

    def of_size(self, size: int) -> Asked:
        """The same in as many shares as a snapshot of so many bytes of JSON needs.

        Where sides are isolated what one share sends is soon stopped, and shares take no longer
        than all at once; what everybody reaches each share would go over again.
        """
        if self.kind != "isolated" or size <= _WHOLE:
            return self
        return replace(self, shares=min(1 + size // _SHARE, MOST_TASKS))

    def question(self, way: int) -> Question:
        """Raises QuestionError if the packet is none, rather than to take it for part of an end."""
        is_back = way >= self.shares
        source, destination = (self.source, self.destination)[:: -1 if is_back else 1]
        words = [source, "reach", destination, *self.packet.split()]
        question = parse_words(words, one_way=self.one_way)
        if self.packet and question.destination != destination:
            raise QuestionError(f"{self.packet!r} is no packet; these are:", _PACKETS)
        return question

    def undivided(self) -> Asked:
        """The same of all who send at once."""
        return replace(self, shares=1)

    def apart(self, snapshot: Snapshot, way: int, progress: Progress = silent) -> Prepared | None:
        """All of a direction at once where that shows that nobody is reached; else None."""
        return apart(self._ground(snapshot), self._wanted(way), progress)

    def look_up(self, snapshot: Snapshot) -> None:
        """Find out what both directions ask of the ends, before copies are about one of them."""
        if self.directions > 1:
            look_up(self._ground(snapshot), self.question(0))

    def begin(self, snapshot: Snapshot, way: int, progress: Progress = silent) -> None:
        """Find out who sends, so that copies of this process know it of every share."""
        begin(self._ground(snapshot), self._wanted(way), progress)

    def prepare(self, snapshot: Snapshot, way: int, progress: Progress = silent) -> Prepared:
        """Raises QuestionError if an end, the packet, the grouping or a pass is not understood."""
        return prepare(self._ground(snapshot), self._wanted(way), progress)

    def _ground(self, snapshot: Snapshot) -> Ground:
        reduced = ALL if self.reductions is None else Reductions.of(self.reductions)
        return ground_of(snapshot, Options.of(dict(self.options)), reduced)

    def _wanted(self, way: int) -> Wanted:
        sources_by = "endpoint" if self.kind == "exposure" else self.by
        share = Share(way % self.shares, self.shares)
        return Wanted(self.question(way), self.kind, self.by, sources_by, share)

    def told(self, surveys: Sequence[Survey]) -> Survey | Isolation:
        """What was asked for, of a survey for each way."""
        of, count = self.shares, self.directions
        each = [of_shares(surveys[way * of : (way + 1) * of]) for way in range(count)]
        if self.kind == "isolated":
            return Isolation(self.source, self.destination, *each)
        (only,) = each
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
