"""One of many portions of a survey, which all together are the survey.

    Portion(3, 64).of_places(nodes)    .of_pairs(pairs)    -> those that are the portion's

The places at which it is proved that nothing is left out and the pairs that are confirmed each lie
in stretches, of equal length but for one, in an order that everybody has who prepares the same
survey.  So the portions of one size tile the whole, whoever does them.  Must not know what is done
with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

_Each = TypeVar("_Each")


class What(StrEnum):
    """What is done of a portion."""

    ALL = "all"
    PROOF = "proof"  # at its places only
    PAIRS = "pairs"  # its pairs only
    NAMES = "names"  # nothing but to say which pairs are its own


@dataclass(frozen=True, slots=True)
class Portion:
    """The ``number``-th, from 0, of ``of`` portions, or one side of it."""

    number: int
    of: int
    what: What = What.ALL

    def of_places(self, places: Sequence[_Each]) -> Sequence[_Each]:
        return places[self.stretch(len(places))] if self.proves else ()

    def of_pairs(self, pairs: Sequence[_Each]) -> Sequence[_Each]:
        return pairs[self.stretch(len(pairs))] if self.what is not What.PROOF else ()

    @property
    def proves(self) -> bool:
        return self.what in (What.ALL, What.PROOF)

    def stretch(self, count: int) -> slice:
        """Its part of so many."""
        return slice(self.number * count // self.of, (self.number + 1) * count // self.of)

    def to_dict(self) -> dict[str, Any]:
        return {"number": self.number, "of": self.of, "what": self.what.value}

    @staticmethod
    def from_dict(told: Any) -> Portion:
        """Raises LookupError, TypeError or ValueError for what is none."""
        made = Portion(int(told["number"]), int(told["of"]), What(told["what"]))
        if not 0 <= made.number < made.of:
            raise ValueError(f"{made.number} of {made.of} is no portion")
        return made


WHOLE = Portion(0, 1)
