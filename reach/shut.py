"""What is found to be shut of an aim, bit by bit, until it is all of it.

    shut.refute(aim)      shut.check(aim)      shut.certificate

Of some starts a flood shows it (a part of a certificate), of others a solver says it; what it says
is certified as well, if that can be done.  It is believed when the checker accepts every part, and
that both together are all of the aim.  Must not know AWS nor which solver it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reach.aim import Aim, Start
from reach.certificate import Certificate, Part
from reach.certify import certify
from reach.check import not_shut
from reach.errors import Defect
from reach.network.node import Network


@dataclass
class Shut:
    """``parts`` have a flood that shows it; of what was ``refuted`` besides there is none."""

    network: Network
    parts: list[Part] = field(default_factory=list)
    refuted: list[Start] = field(default_factory=list)

    def refute(self, aim: Aim) -> None:
        """The solver says that nothing of an aim gets through."""
        told = certify(self.network, aim)
        if told is None:
            self.refuted += aim.starts
        else:
            self.parts += told.parts

    def check(self, aim: Aim) -> None:
        """Raises Defect unless the checker accepts that this is all of an aim."""
        wrong = not_shut(self.network, aim, self.parts, self.refuted)
        if wrong:
            raise Defect(f"pieces do not show that nothing gets through: {wrong[0]}")

    @property
    def certificate(self) -> Certificate | None:
        """None where not all of it is certified."""
        return None if self.refuted else Certificate(tuple(self.parts))
