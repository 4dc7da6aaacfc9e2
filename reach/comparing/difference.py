"""What changed in reachability between two snapshots, as plain frozen data.

A :class:`Difference` is what :func:`reach.diff` gives and all that its renderers see.  Knows the
neutral network and answers only; must not know how anything was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reach.answer import EndPoint, Remark, Verdict, Witness
from reach.network.header_space import HeaderSpace, space_told

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Line:
    """Flows that became possible or impossible together: between whom, which packets, and why.

    Every member of ``sources`` exchanges all of ``packets`` with every other member of
    ``destinations`` in the one snapshot, at any of the addresses told, and none in the other one;
    nobody does with itself.  Of somebody beyond who has too many addresses to be told it is some.
    The ``witness`` is one of these flows, replayed in the snapshot where it gets further.
    ``because`` is what only that snapshot has of all that this flow meets; ``stopped`` is what
    stops the very packet in the other one, if anything there does.
    """

    was: Verdict
    now: Verdict
    sources: tuple[EndPoint, ...]
    destinations: tuple[EndPoint, ...]
    packets: tuple[HeaderSpace, ...]
    witness: Witness
    because: tuple[Remark, ...] = ()
    stopped: Remark | None = None

    @property
    def is_gained(self) -> bool:
        return self.now is Verdict.REACHABLE

    def to_dict(self) -> dict[str, Any]:
        return {
            "was": self.was.value,
            "now": self.now.value,
            "sources": [each.to_dict() for each in self.sources],
            "destinations": [each.to_dict() for each in self.destinations],
            "packets": [space_told(space) for space in self.packets],
            "because": [each.to_dict() for each in self.because],
            "stopped": self.stopped.to_dict() if self.stopped else None,
            "witness": self.witness.to_dict(),
        }


@dataclass(frozen=True)
class Difference:
    """All that changed between a snapshot ``before`` and one ``after``.

    ``gained`` was unreachable and is reachable, ``lost`` the reverse; ``undecided`` are flows that
    either snapshot does not settle, and ``gaps`` what only one of them tells at all.  ``complete``
    iff it was proved that nothing else changed among what was ``compared``; else ``reason`` says
    why there may be more.  ``records`` counts the records that differ, ``told`` those that differ
    only in what people read.  ``only`` says that "gained" or "lost" lines are told alone.
    """

    before: str
    after: str
    one_way: bool
    gained: tuple[Line, ...]
    lost: tuple[Line, ...]
    undecided: tuple[Line, ...]
    gaps: tuple[Remark, ...]
    complete: bool
    compared: str
    reason: str = ""
    records: int = 0
    told: int = 0
    notes: tuple[Remark, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    only: str = ""

    @property
    def is_nothing(self) -> bool:
        """Whether it is proved that nothing changed, of what is told."""
        return not (self.gained or self.lost) and self.is_decided

    @property
    def is_decided(self) -> bool:
        """Whether nothing was left open."""
        return self.complete and not (self.undecided or self.gaps)

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON form."""
        return {
            "format": FORMAT,
            "before": self.before,
            "after": self.after,
            "one_way": self.one_way,
            "options": dict(self.options),
            "only": self.only,
            "gained": [line.to_dict() for line in self.gained],
            "lost": [line.to_dict() for line in self.lost],
            "undecided": [line.to_dict() for line in self.undecided],
            "gaps": [each.to_dict() for each in self.gaps],
            "complete": self.complete,
            "compared": self.compared,
            "reason": self.reason,
            "records": self.records,
            "told": self.told,
            "notes": [each.to_dict() for each in self.notes],
        }
