"""A pass from network to network that makes the stages of one thing watchable.

    watch(network, stages_of) -> Watched

Before each stage that a thing contributes stands a filter that lets everything pass and remembers,
under a session of its own, what came by: so the compiler keeps the header there, and a replay says
that it was there.  No verdict changes by it.  Knows the neutral network only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from reach.network.header_space import ANYTHING, HeaderSpace
from reach.network.node import Network, Node
from reach.network.stage import Action, Filter, Origin, Rule, Stage

_MARK = "watched "


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the lines of a thing decide at one stage.

    Each is a header space with the names of the lines that decide on it (none: something else
    does).  ``ordered``: the first that matches decides, else all that match do.
    """

    made: tuple[tuple[tuple[str, ...], HeaderSpace], ...]
    ordered: bool = False


@dataclass(frozen=True)
class Watched:
    """The network with its watched stages; ``at`` tells by session what is decided there."""

    network: Network
    at: Mapping[str, Decisions] = field(default_factory=dict)

    def is_watched(self, session: str) -> bool:
        return session in self.at


def watch(network: Network, decisions_of: Callable[[Stage], Decisions | None]) -> Watched:
    """The network in which every stage with decisions is watched; nodes are made on demand."""
    at: dict[str, Decisions] = {}
    made: dict[str, Node] = {}

    def make(name: str) -> Node:
        node = made.get(name)
        if node is None:
            node = made[name] = _watching(network.node(name), decisions_of, at)
        return node

    return Watched(Network(make), at)


def _watching(
    node: Node, decisions_of: Callable[[Stage], Decisions | None], at: dict[str, Decisions]
) -> Node:
    stages: list[Stage] = []
    for stage in node.stages:
        decisions = decisions_of(stage)
        if decisions is not None:
            session = f"{_MARK}{node.name}[{len(stages)}]"
            at[session] = decisions
            origin = Origin(session, session)
            stages.append(Filter((), Rule(ANYTHING, Action.PERMIT, origin), session, origin))
        stages.append(stage)
    return node if len(stages) == len(node.stages) else replace(node, stages=tuple(stages))
