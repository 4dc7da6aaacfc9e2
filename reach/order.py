"""Strongly connected components of a graph, sources first (Tarjan, without recursion).

Takes nodes in a fixed order and a function to their sources; gives lists of nodes such that every
source of a node stands in its own or an earlier list.  Knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def strongly_connected(nodes: Iterable[T], sources: Callable[[T], Iterable[T]]) -> list[list[T]]:
    """The components of the graph, in an order in which sources come first."""
    number: dict[T, int] = {}
    low: dict[T, int] = {}
    stack: list[T] = []
    on_stack: set[T] = set()
    found: list[list[T]] = []

    def open_node(node: T) -> tuple[T, Iterator[T]]:
        number[node] = low[node] = len(number)
        stack.append(node)
        on_stack.add(node)
        return node, iter(sources(node))

    for root in nodes:
        if root in number:
            continue
        work = [open_node(root)]
        while work:
            node, left = work[-1]
            for source in left:
                if source not in number:
                    work.append(open_node(source))
                    break
                if source in on_stack:
                    low[node] = min(low[node], number[source])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    found.append(_pop_component(node, stack, on_stack))
    return found


def _pop_component(node: T, stack: list[T], on_stack: set[T]) -> list[T]:
    component = []
    while True:
        member = stack.pop()
        on_stack.discard(member)
        component.append(member)
        if member == node:
            return component[::-1]
