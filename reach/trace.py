"""What one concrete flow does: hops, and its fate.

Gives the frozen types that :mod:`reach.evaluate` fills and everything else reads.  Knows the
neutral network only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from reach.network.field import Header, reply_to
from reach.network.stage import Origin


class Fate(Enum):
    """The disposition of a flow."""

    DELIVERED = "delivered"
    DROPPED = "dropped"
    UNMODELLED = "unmodelled"
    LOOPED = "looped"


SUPPOSED, NOTHING_SUPPOSED = "supposed", -1


@dataclass(frozen=True, slots=True)
class Site:
    """Where a flow had a choice: the node, the header on entry, the stage, and within it the case
    and field of a translation (``0.source_port``), or that a route was supposed."""

    node: str
    header: Header
    stage: int
    within: str = ""


class Choices(Protocol):
    """What happens where several things may; ``get`` as of a mapping."""

    def get(self, site: Site, default: int, /) -> int: ...


@dataclass(frozen=True, slots=True)
class Hop:
    """One node on a trace: the header on entry and on leaving, what let it pass or denied it."""

    node: str
    before: Header
    after: Header
    passed: tuple[Origin, ...]
    denied: tuple[Origin, ...] = ()


@dataclass(frozen=True)
class Sessions:
    """What stateful stages remember of a flow, by session name.

    ``admitted`` holds headers, ``translated`` pairs of a header before and after.
    """

    admitted: Mapping[str, tuple[Header, ...]] = field(default_factory=dict)
    translated: Mapping[str, tuple[tuple[Header, Header], ...]] = field(default_factory=dict)

    def answers(self, session: str, header: Header) -> bool:
        """Whether ``header`` is the reply of a flow remembered under ``session``."""
        wire = header._replace(identity=0)
        if any(reply_to(flow) == wire for flow in self.admitted.get(session, ())):
            return True
        return any(reply_to(after) == wire for _, after in self.translated.get(session, ()))

    def restored(self, session: str, header: Header) -> Header | None:
        """The reply as it was before the session's translation, or None if there is no such."""
        wire = header._replace(identity=0)
        for before, after in self.translated.get(session, ()):
            if reply_to(after) == wire:
                return reply_to(before)
        return None


@dataclass(frozen=True)
class Trace:
    """The hops of one flow and its fate.

    ``origin`` is the reason of the fate (who delivered or dropped it, or what is unmodelled);
    ``owner``, ``reply`` and ``inside`` are set for a delivered flow; ``doubts`` are rules of
    unknown effect it passed, ``choices`` the *may*s it took, ``denials`` what denied it on a walk
    that goes on all the same, ``lacking`` the routes that it supposed.  ``bound`` are sessions that
    have to see the reply, with the reason if they do not; ``kept`` those that saw this flow as a
    reply of theirs.
    """

    hops: tuple[Hop, ...]
    fate: Fate
    origin: Origin
    owner: str = ""
    reply: str = ""
    inside: bool = False
    doubts: tuple[Origin, ...] = ()
    choices: tuple[Origin, ...] = ()
    denials: tuple[tuple[Header, Origin], ...] = ()
    lacking: tuple[tuple[Header, Origin], ...] = ()
    sessions: Sessions = field(default_factory=Sessions)
    bound: Mapping[str, Origin] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()

    @property
    def final(self) -> Header:
        """The header as it was when the fate was decided."""
        return self.hops[-1].after
