"""Passes from network to network: what a question wants left out, or takes as given.

    amend(network, Amendment(...)) -> Network

``avoid``: nothing passes a node of these resources, ``shut``: nor any of these nodes.  ``open`` and
``closed``: what the snapshot does not settle about these resources is taken as letting everything
pass, or nothing; where the network itself ends, open means that the packet is where it was to be.
Nodes are still made on demand.  Knows the neutral network only; must not know AWS or questions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from reach.aim import resource_of
from reach.network.node import Network, Node
from reach.network.stage import (
    Action,
    Filter,
    Forward,
    Origin,
    Rule,
    Stage,
    Unmodelled,
    deny_all,
)

_REMOVED = "COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT"


@dataclass(frozen=True)
class Amendment:
    """What is left out, and what is taken as given; equal amendments give equal networks."""

    avoid: tuple[str, ...] = ()
    shut: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return not (self.avoid or self.shut or self.open or self.closed)


def amend(network: Network, amendment: Amendment) -> Network:
    """The network as amended; itself if there is nothing to amend."""
    if amendment.is_nothing:
        return network

    @cache
    def make(name: str) -> Node:
        node = network.node(name)
        if resource_of(name) in amendment.avoid or name in amendment.shut:
            words = "is to be avoided"
            origin = Origin(resource_of(name), words, code=_REMOVED)
            return replace(node, stages=(deny_all(origin), *node.stages))
        return replace(node, stages=tuple(_settled(stage, amendment) for stage in node.stages))

    return Network(make)


def _settled(stage: Stage, amendment: Amendment) -> Stage:
    match stage:
        case Filter():
            if any(rule.action is Action.DOUBT for rule in stage.decisions):
                rules = tuple(_decided(rule, amendment) for rule in stage.rules)
                return replace(stage, rules=rules, otherwise=_decided(stage.otherwise, amendment))
        case Unmodelled() if stage.origin.resource in amendment.closed:
            return _ends(stage.origin)
        case _:
            pass
    return stage


def _decided(rule: Rule, amendment: Amendment) -> Rule:
    resource = rule.origin.resource
    if rule.action is not Action.DOUBT:
        return rule
    if resource in amendment.open:
        words = f"assumed: {rule.origin.words}, and it lets this pass"
        return Rule(rule.match, Action.PERMIT, replace(rule.origin, words=words))
    if resource in amendment.closed:
        words = f"assumed: {rule.origin.words}, and it lets nothing pass"
        return Rule(rule.match, Action.DENY, replace(rule.origin, words=words))
    return rule


def _ends(origin: Origin) -> Stage:
    """Nothing goes on from here."""
    words = f"assumed: nothing gets through it ({origin.words})"
    return Forward((), replace(origin, words=words))
