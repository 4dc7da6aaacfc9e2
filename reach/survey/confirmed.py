"""What became of the candidates of a pair: done, and under way.

    Work().show(Shown(services, proof, owner))        Work().found -> Confirmed

Of a pair under way it is known which services some packet showed, and which are left.  Must not
know how anything is shown or refuted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reach.decide import Proof
from reach.flood import uncovered
from reach.network.header_space import HeaderSpace
from reach.network.stage import Origin
from reach.survey.candidates import Candidate, Piece


@dataclass(frozen=True, slots=True)
class Shown:
    """Services for which a path is open, and a packet that took it, there and back."""

    services: tuple[HeaderSpace, ...]
    proof: Proof
    owner: str


@dataclass(slots=True)
class Confirmed:
    """What became of the candidates of a pair.

    ``open`` is what the snapshot does not settle, on which everything else hangs; ``refuted``
    counts the times that the solver found nothing more.
    """

    shown: list[Shown] = field(default_factory=list)
    open: list[Origin] = field(default_factory=list)
    refuted: int = 0


@dataclass(slots=True)
class Work:
    """A pair under way: what was found of it, and what is left to be shown or refuted.

    If it is ``wary``, the first reply that is lost makes it ``suspect``, and nothing more is tried.
    """

    found: Confirmed = field(default_factory=Confirmed)
    covered: list[HeaderSpace] = field(default_factory=list)
    left: list[Piece] = field(default_factory=list)
    beyond: list[Candidate] = field(default_factory=list)
    wary: bool = False
    suspect: bool = False

    def show(self, shown: Shown) -> None:
        self.found.shown.append(shown)
        self.covered += shown.services

    def rest(self) -> list[Piece]:
        """What is left of the pieces that nothing showed."""
        return rest(self.left, self.covered)

    @property
    def waits(self) -> bool:
        """Whether something of it is neither shown nor known to hang on something."""
        return bool(self.left or self.beyond) and not self.found.open

    @property
    def senders(self) -> int:
        bits = 0
        for candidate in (*(each for each, _ in self.left), *self.beyond):
            bits |= candidate.senders
        return bits


def rest(pieces: Iterable[Piece], covered: Sequence[HeaderSpace]) -> list[Piece]:
    return [(each, some) for each, piece in pieces for some in uncovered(piece, covered)]


def without(pieces: list[HeaderSpace], services: Sequence[HeaderSpace]) -> list[HeaderSpace]:
    return [rest for piece in pieces for rest in uncovered(piece, services)]
