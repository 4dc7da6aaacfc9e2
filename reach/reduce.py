"""What makes a network smaller and no verdict another: passes, each with a switch.

    Reductions.of(["classes"]) -> Reductions        ALL, NONE

A pass may cost or save time; with and without it a question has the same verdict, and whoever is
named in the answer is the same.  ``classes``: interfaces that every rule treats alike are one node.
It is made when lowering, so that a node of a member alone is never made; those whose ids are in
``apart`` are left out of it, for a question that names one of them as a place to pass or to avoid
means that one and no other.  Must not know AWS, questions or the engines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reach.errors import QuestionError

CLASSES = "classes"
PASSES = {
    CLASSES: "interfaces of a subnet that every rule treats alike are one node",
}


@dataclass(frozen=True)
class Reductions:
    """The passes that are on, and the ids that stand alone in spite of them."""

    passes: frozenset[str] = frozenset(PASSES)
    apart: frozenset[str] = frozenset()

    @staticmethod
    def of(passes: Iterable[str]) -> Reductions:
        """Raises QuestionError for a pass that does not exist."""
        chosen = frozenset(passes)
        for unknown in sorted(chosen - PASSES.keys()):
            raise QuestionError(f"there is no pass {unknown!r}; there are:", sorted(PASSES))
        return Reductions(chosen)

    @property
    def chosen(self) -> tuple[str, ...] | None:
        """The passes that are on; None: all."""
        return None if self.passes == frozenset(PASSES) else tuple(sorted(self.passes))

    @property
    def alone(self) -> frozenset[str] | None:
        """The things that are to be a node each, be they like others or not; None: all."""
        return self.apart if CLASSES in self.passes else None

    def __str__(self) -> str:
        return f"{sorted(self.passes)} {sorted(self.apart)}"


ALL = Reductions()
NONE = Reductions(frozenset())
