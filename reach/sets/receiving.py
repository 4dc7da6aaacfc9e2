"""Nodes of which it is told what they do with all that is sent to them, so that nobody looks.

    Receiver(filters, deliver, ...)     receivers.of(node) -> Receiver or None
    parted(lot, flows, ...) -> what is delivered

Very many hosts differ in their addresses and in which filters let pass, and what most filters say
of the packets at hand is nothing.  So what is sent to many of them is asked of each filter once,
and once for all of whom the same rules say anything; only addresses are each one's own.

Knows the neutral network only; must not know AWS, nor of whom it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple, Protocol

from reach.flood import covers, permitted
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Action, Deliver, Filter, Origin, Rule
from reach.sets.senders import Flows, Reads

Spaces = tuple[HeaderSpace, ...]
_DENIED = Rule(ANYTHING, Action.DENY, Origin("", ""))


class Answering(NamedTuple):
    """How what was sent to some ``ends``, and is alike but for them, is answered: by which node,
    and as whom."""

    node: str
    sent: HeaderSpace
    identity: int
    ends: Ranges


@dataclass(frozen=True, slots=True, eq=False)
class Receiver:
    """A node that delivers what any of some filters lets pass, which do not look at whom it is for.

    It is sent what is for its own addresses alone, and remembers what passes.  Who receives it
    answers by the node ``answers``, as ``identity`` and from these addresses, whatever else he may
    send; but not what came from any of ``elsewhere``.
    """

    filters: tuple[Filter, ...]
    deliver: Deliver
    answers: str
    identity: int
    elsewhere: tuple[Ranges, ...]

    def answering(self, space: HeaderSpace, ends: Ranges) -> Answering:
        return Answering(self.answers, space, self.identity, ends)


class Receivers(Protocol):
    def of(self, node: str) -> Receiver | None:
        """What is told of a node."""
        ...

    def was(self, node: str) -> tuple[Filter, ...] | None:
        """The filters of one where something counts: what they do not let pass."""
        ...

    def lets_all_pass(self) -> bool:
        """Whether all that comes to one of them in the network before does so here."""
        ...

    def are_few(self, filters: Sequence[Filter]) -> bool:
        """Whether their rules are few: then those that others cover do not count."""
        ...

    def more(self, was: Sequence[Rule], now: Sequence[Rule], *, few: bool) -> Spaces:
        """What some rules permit and others did not, which are of ``few`` or of more."""
        ...


class Sent(NamedTuple):
    """Packets to a receiver, of which only the addresses are told."""

    node: str
    receiver: Receiver
    ends: Ranges


class Delivered(NamedTuple):
    """What is delivered to each of some receivers, and whether that counts: if so whether nothing
    at all of what is sent there was let pass before."""

    to: Sequence[Sent]
    counts: bool
    spaces: Spaces
    fresh: bool


class _Met(NamedTuple):
    """The rules of which any says anything of some packets: of one network, and of the other."""

    now: tuple[Rule, ...]
    was: tuple[Rule, ...] | None
    few: bool


def only_permits(stage: Filter) -> bool:
    """Whether a filter is of the kind that a receiver may have: rules permit, all else is
    denied."""
    permits = all(rule.action is Action.PERMIT for rule in stage.rules)
    return permits and stage.otherwise.action is Action.DENY and stage.binds is None


def parted(
    lot: Iterable[Sent], flows: Flows, receivers: Receivers, *, counts: bool
) -> Iterator[Delivered]:
    """What is delivered of flows that are sent to some receivers."""
    for met, alike in _by_rules(lot, flows.rest, receivers, counts=counts):
        for _, space in flows.apart(() if flows.is_of_one else _asked_of_senders(met)):
            yield from (Delivered(alike, *each) for each in _passed(met, space, receivers, counts))


def _by_rules(
    lot: Iterable[Sent], rest: HeaderSpace, receivers: Receivers, *, counts: bool
) -> Iterator[tuple[_Met, Sequence[Sent]]]:
    """Those together of whom the same rules say anything of some packets."""
    known: dict[int, tuple[Rule, ...]] = {}

    def met(stage: Filter) -> tuple[Rule, ...]:
        found = known.get(id(stage))
        if found is None:
            found = tuple(rule for rule in stage.rules if rule.match.overlaps(rest))
            known[id(stage)] = found
        return found

    alike: dict[tuple[object, ...], tuple[_Met, list[Sent]]] = {}
    for sent in lot:
        now = [rules for each in sent.receiver.filters if (rules := met(each))]
        if not now:
            continue
        every = None if counts else receivers.was(sent.node)
        was = None if every is None else [rules for each in every if (rules := met(each))]
        few = every is not None and receivers.are_few(every)
        key = (*map(id, now), few, was is None, *map(id, was or ()))
        if key not in alike:
            old = None if was is None else tuple(chain.from_iterable(was))
            alike[key] = _Met(tuple(chain.from_iterable(now)), old, few), []
        alike[key][1].append(sent)
    yield from alike.values()


def _asked_of_senders(met: _Met) -> Reads:
    """The identities that are told from others."""
    told = (rule.match.by_name.get("identity") for rule in (*met.now, *(met.was or ())))
    return tuple(dict.fromkeys(each for each in told if each is not None))


def _passed(
    met: _Met, space: HeaderSpace, receivers: Receivers, counts: bool
) -> Iterator[tuple[bool, Spaces, bool]]:
    """What rules let pass of a space, and whether that counts; and whether nothing did before."""
    stage = Filter(met.now, _DENIED)
    if met.was is None:
        yield counts, tuple(permitted(stage, space)), False
        return
    wanted = receivers.more(met.was, met.now, few=met.few)
    counted = dict.fromkeys(both for each in wanted if not (both := space & each).is_empty)
    fresh = not any(rule.match.overlaps(space) for rule in met.was)
    yield True, tuple(dict.fromkeys(p for each in counted for p in permitted(stage, each))), fresh
    if not any(covers(each, space) for each in wanted):
        yield False, tuple(permitted(stage, space)), fresh
