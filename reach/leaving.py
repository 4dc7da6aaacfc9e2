"""Where what a plain host sends leaves the nodes that are its own.

    exits(network, hosts, node, targets) -> nodes       targets(node) -> nodes

Reads the nodes of one host, as the hosts of one place lead on alike; who is plain, and whose own a
node is, is told by :mod:`reach.interfaces.plain`.  Must not know questions or the engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from reach.interfaces.plain import Plain
from reach.network.node import Network, Node
from reach.network.stage import Choose, Deliver, Forward


def exits(
    network: Network, hosts: Plain, node: str, leads_to: Callable[[Node], Iterable[str]]
) -> set[str]:
    """The nodes that a family leads to, from one of its own, that are not its own."""
    family, found, queue = hosts.family(node), set[str](), [node]
    seen: set[str] = set()
    while queue:
        name = queue.pop()
        if hosts.family(name) != family:
            found.add(name)
        elif name not in seen:
            seen.add(name)
            queue += leads_to(network.node(name))
    return found


def targets(node: Node) -> Iterator[str]:
    """All nodes that a node leads to."""
    for stage in node.stages:
        match stage:
            case Forward():
                yield from (route.next for route in stage.routes if route.next)
            case Choose():
                yield from (option.next for option in stage.options)
            case _:
                pass


def targets_and_replies(node: Node) -> Iterator[str]:
    """All nodes that a node leads to, there or by a reply."""
    yield from targets(node)
    yield from (stage.reply for stage in node.stages if isinstance(stage, Deliver))
