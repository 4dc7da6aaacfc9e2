"""What makes a network smaller and no verdict another: passes, each with a switch.

    Reductions.of(["classes"]) -> Reductions        ALL, NONE

A pass may cost or save time; with and without it a question has the same verdict, and whoever is
named in the answer is the same.  Both are made when lowering, so that what they spare is never
made.  ``classes``: interfaces that every rule treats alike are one node; those whose ids are in
``apart`` are left out of it, for a question that names one of them as a place to pass or to avoid
means that one and no other.  ``slices``: of a network that is only about some packets, the filters
of interfaces say nothing of others, so that more of them are alike.  Such a network is made for a
survey, and whoever asks it anything has to see that no other packet comes up.  ``places``: whether
two sides are isolated is first asked of a network in which hosts of a subnet may send anything from
their addresses; only if that does not show it hosts are looked at.  ``subnets``: who reaches whom
by VPC or account is first made out of hosts of a subnet that each wear all groups that any of them
wears; what that proposes is then shown of hosts as they are, or refuted.  ``receivers``: what an
edit lets in to very many hosts is asked of each of their groups once, and their nodes are not made.
Must not know AWS, questions or the engines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reach.errors import QuestionError
from reach.network.header_space import ANYTHING, HeaderSpace

CLASSES = "classes"
SLICES = "slices"
PLACES = "places"
SUBNETS = "subnets"
RECEIVERS = "receivers"
PASSES = {
    CLASSES: "interfaces of a subnet that every rule treats alike are one node",
    SLICES: "a survey leaves out what rules say of packets that cannot come up",
    PLACES: "isolation is first asked of all hosts of a subnet at once, whatever their groups say",
    SUBNETS: "a matrix by VPC or account is first made of hosts that wear their subnet's groups",
    RECEIVERS: "what an edit lets in to many hosts is asked of their groups, not of their nodes",
}


@dataclass(frozen=True)
class Reductions:
    """The passes that are on, the ids that stand alone in spite of them, and the packets that the
    filters of interfaces are about: of some protocols, to some ports; ``by_subnet`` if hosts of a
    subnet wear their groups together."""

    passes: frozenset[str] = frozenset(PASSES)
    apart: frozenset[str] = frozenset()
    only: HeaderSpace = ANYTHING
    by_subnet: bool = False

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

    def slice(self, only: HeaderSpace) -> Reductions:
        """The same of a network that is about these packets alone, if that pass is on."""
        return replace(self, only=only) if SLICES in self.passes else self

    def __str__(self) -> str:
        return f"{sorted(self.passes)} {sorted(self.apart)} {self.only} {self.by_subnet}"


ALL = Reductions()
NONE = Reductions(frozenset())
