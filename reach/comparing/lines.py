"""Flows -> lines for people: who they are between, and flows that belong together as one line.

    lines(pair, flows) -> lines

One changed rule that opens a port on forty interfaces is one line with forty members.  Of the flows
of a block those are told together whose sources all go with all of the destinations, and lines
between the same ends for the same reason are one.  Must not know how flows were found, nor
rendering.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from reach.answer import EndPoint, Remark, Verdict, Witness
from reach.comparing.aligned import Pair
from reach.comparing.difference import Line
from reach.comparing.flows import Further
from reach.comparing.grouping import Named, Shown, as_shown, grouped
from reach.comparing.pairs import Product
from reach.decide import Proof, replay
from reach.ephemeral import EPHEMERAL
from reach.evidence import witness
from reach.network.address import is_ipv4
from reach.network.field import ICMP, ICMPV6
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.stage import (
    Choose,
    Deliver,
    Filter,
    Forward,
    Origin,
    Restore,
    Translate,
    Unmodelled,
)
from reach.trace import Fate

_OF_ONE = (ICMP, ICMPV6)


@dataclass(frozen=True)
class _Item:
    """A line under way: its ends by who they are, with their addresses."""

    line: Line
    proof: Proof
    key: tuple[object, ...]
    ends: Product
    four: bool
    both: bool = False

    @property
    def alone(self) -> frozenset[HeaderSpace]:
        """The packets that both versions of IP have."""
        return frozenset(each for each in self.line.packets if _protocol(each) not in _OF_ONE)

    @property
    def named(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(member.who for member in side) for side in self.ends)


def lines(pair: Pair, flows: Sequence[Further], turned: bool) -> tuple[Line, ...]:
    """The lines of flows that get further after than before; ``turned``: the pair is reversed."""
    before, named = _Known(pair.before.network), Named(pair.after)
    blocks: dict[int, list[Further]] = {}
    for flow in flows:
        blocks.setdefault(flow.block, []).append(flow)
    items = [
        _item(named, before, shown, turned)
        for block in blocks.values()
        for shown in grouped(named, block)
    ]
    items.sort(key=lambda item: (as_shown(item.line.packets[0]), item.proof.packet))
    items = _together(items, lambda item: (item.key, item.ends, item.four), _packets_joined)
    items = _together(items, lambda item: (item.key, item.named, item.alone), _versions_joined)
    # One flow of a line is shown hop by hop.
    shown = (replace(i.line, witness=witness(pair.after, i.proof)) for i in items)
    return tuple(sorted(shown, key=_order))


def _order(line: Line) -> tuple[object, ...]:
    ends = [[each.resource for each in side] for side in (line.sources, line.destinations)]
    addresses = [[each.addresses for each in side] for side in (line.sources, line.destinations)]
    return (line.now.value, line.was.value, *ends, str(line.packets), *addresses)


def _together(
    items: Iterable[_Item],
    alike: Callable[[_Item], object],
    joined: Callable[[_Item, _Item], _Item | None],
) -> list[_Item]:
    """Items that are alike as one, where they can be joined."""
    found: dict[object, list[_Item]] = {}
    for item in items:
        known = found.setdefault(alike(item), [])
        for place, each in enumerate(known):
            both = joined(each, item)
            if both is not None:
                known[place] = both
                break
        else:
            known.append(item)
    return [item for each in found.values() for item in each]


def _packets_joined(one: _Item, other: _Item) -> _Item:
    packets = tuple(dict.fromkeys((*one.line.packets, *other.line.packets)))
    return replace(one, line=replace(one.line, packets=packets))


def _versions_joined(one: _Item, other: _Item) -> _Item | None:
    """Flows between the same members by IPv4 and by IPv6; of one version they differ in addresses,
    and not all of the sources may go with all of the destinations."""
    if one.four is other.four or one.both or other.both:
        return None
    sources = _members_joined(one.line.sources, other.line.sources)
    destinations = _members_joined(one.line.destinations, other.line.destinations)
    if sources is None or destinations is None:
        return None
    both = _packets_joined(one, other).line
    return replace(one, line=replace(both, sources=sources, destinations=destinations), both=True)


def _members_joined(
    one: tuple[EndPoint, ...], other: tuple[EndPoint, ...]
) -> tuple[EndPoint, ...] | None:
    """Each with its addresses of both versions; None where somebody is told by all of one version,
    without saying any, and by some of the other: these would be taken for all."""
    found = {each.resource: each for each in one}
    for each in other:
        known = found[each.resource]
        if bool(known.addresses) is not bool(each.addresses):
            return None
        found[each.resource] = replace(each, addresses=(*known.addresses, *each.addresses))
    return tuple(found[name] for name in sorted(found))


def _protocol(space: HeaderSpace) -> int | None:
    return space.by_name.get("protocol", Ranges(())).single


# ---------------------------------------------------------------------- a line


def _item(named: Named, before: _Known, shown: Shown, turned: bool) -> _Item:
    flow = shown.flow
    was, now = (flow.now, flow.was) if turned else (flow.was, flow.now)
    stopped = _stopped(flow.before)
    before.come(shown)
    because = tuple(_remark(each) for each in _only_after(before, shown.proof))
    line = Line(
        was=was,
        now=now,
        sources=named.ends(shown.ends[0]),
        destinations=named.ends(shown.ends[1]),
        packets=tuple(dict.fromkeys(map(_told, shown.packets))),
        witness=Witness(shown.proof.packet, (), ()),
        because=because,
        stopped=_remark(stopped) if stopped is not None else None,
    )
    key = (was, now, because, stopped and (stopped.words, stopped.code))
    return _Item(line, shown.proof, key, shown.ends, is_ipv4(shown.proof.packet.source))


def _remark(origin: Origin) -> Remark:
    told = set(origin.words.split())
    known = set(origin.locator.split()) - {"rule"} <= told
    located = "" if known or not origin.locator else f"{origin.locator}: "
    named = f" ({origin.name})" if origin.name else ""
    return Remark(f"{located}{origin.words}", f"{origin.resource}{named}")


def _told(kind: HeaderSpace) -> HeaderSpace:
    """The packets without a client's own ports, and without what others do not have."""
    if kind.by_name.get("source_port") == Ranges.span(*EPHEMERAL):
        kind = kind.without("source_port")
    if _protocol(kind) not in _OF_ONE:
        kind = kind.without("icmp_type", "icmp_code")
    return kind


# ---------------------------------------------------------------------- why


def _only_after(before: _Known, proof: Proof) -> tuple[Origin, ...]:
    """What lets the flow pass, and its reply, that the other network does not have."""
    found: dict[Origin, None] = {}
    for trace in (proof.forward, proof.reply):
        for hop in trace.hops if trace is not None else ():
            known = before.origins(hop.node)
            for origin in hop.passed:
                if known is not None and _place(origin) not in known:
                    found[origin] = None
    return tuple(found)


class _Known:
    """What the rules and routes of a network's nodes come from, looked at once."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._of: dict[str, frozenset[tuple[str, str, str]]] = {}

    def come(self, shown: Shown) -> None:
        """See to it that whatever the packet that is shown comes to is made."""
        proof, known = shown.proof, shown.flow.proof
        if proof is not known and shown.flow.before is not None:
            replay(self._network, shown.flow.start, proof.packet, proof.reply is not None)

    def origins(self, node: str) -> frozenset[tuple[str, str, str]] | None:
        known = self._of.get(node)
        if known is None:
            known = _origins(self._network, node)
            if known is not None:  # else something may come there yet
                self._of[node] = known
        return known


def _origins(network: Network, name: str) -> frozenset[tuple[str, str, str]] | None:
    """What the rules and routes of a node come from; None if nothing came to it."""
    node = network.made.get(name)
    if node is None:
        return None
    found = []
    for stage in node.stages:
        match stage:
            case Filter():
                found += [rule.origin for rule in stage.decisions] + [stage.replies]
            case Forward():
                found += [route.origin for route in stage.routes]
            case Translate():
                found += [case.origin for case in stage.cases]
            case Choose():
                found += [option.origin for option in stage.options]
            case Restore() | Deliver() | Unmodelled():
                pass
            case _:
                assert_never(stage)
    return frozenset(map(_place, found))


def _place(origin: Origin) -> tuple[str, str, str]:
    """A rule by where it stands and what it says; names are nobody's business."""
    return origin.resource, origin.locator, origin.words


def _stopped(before: Proof | None) -> Origin | None:
    """What stopped the packet, or its reply, in the other network."""
    if before is None:
        return None
    for trace in (before.forward, before.reply):
        if trace is not None and trace.fate in (Fate.DROPPED, Fate.UNMODELLED):
            return trace.origin
    opened = [*before.forward.doubts, *(before.reply.doubts if before.reply else ())]
    return opened[0] if opened else None


def is_open(line: Line) -> bool:
    """Whether either snapshot leaves the flows open."""
    return Verdict.UNDECIDED in (line.was, line.now)
