"""Nodes and the network: a mapping from names to nodes, made on demand.

A :class:`Node` is a place that a flow can be at: a name and its ordered stages.  A
:class:`Network` makes a node when something first forwards to it, so a question pays only for what
it touches, and remembers it.  Knows no AWS word; who makes the nodes is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reach.network.stage import Choose, Deliver, Forward, Stage, Unmodelled


@dataclass(frozen=True)
class Node:
    """A place and what it does to a flow, stage after stage.

    The last stage never lets a flow fall through: it is a Deliver, an Unmodelled, a Choose, or a
    Forward that drops what it cannot route.
    """

    name: str
    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        last = self.stages[-1]
        closed = isinstance(last, Deliver | Unmodelled | Choose)
        if not closed and not (isinstance(last, Forward) and last.otherwise is not None):
            raise AssertionError(f"node {self.name} does not end")


class Network:
    """All nodes, by name.  Two networks of the same source hold equal nodes."""

    def __init__(self, make: Callable[[str], Node]) -> None:
        self._make = make
        self._nodes: dict[str, Node] = {}

    @staticmethod
    def of(nodes: Mapping[str, Node]) -> Network:
        """A network of given nodes (tests, reduced networks)."""
        return Network(nodes.__getitem__)

    def node(self, name: str) -> Node:
        node = self._nodes.get(name)
        if node is None:
            node = self._nodes[name] = self._make(name)
        return node

    @property
    def made(self) -> Mapping[str, Node]:
        """The nodes that were asked for so far."""
        return self._nodes
