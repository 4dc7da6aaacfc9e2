"""Flows -> lines for people: who they are between, and flows that belong together as one line.

    lines(pair, flows) -> lines

One changed rule that opens a port on forty interfaces is one line with forty members: the flows of
a block are one line, and blocks between the same ends for the same reason another one.  Must not
know how flows were found, nor rendering.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from reach.answer import EndPoint, Remark, Verdict, Witness
from reach.comparing.aligned import Pair
from reach.comparing.difference import Line
from reach.comparing.flows import Further
from reach.decide import Proof
from reach.ephemeral import EPHEMERAL
from reach.evidence import witness
from reach.lower import Ground
from reach.network.address import format_address
from reach.network.field import ICMP, ICMPV6, Header
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
from reach.snapshot.records import NetworkInterface
from reach.trace import Fate

_MOST_PREFIXES = 4


@dataclass(frozen=True)
class _Item:
    """A line under way: its ends by who they are, with their addresses."""

    line: Line
    proof: Proof
    key: tuple[object, ...]
    sources: frozenset[str]
    destinations: frozenset[str]
    block: int


def lines(pair: Pair, flows: Sequence[Further], turned: bool) -> tuple[Line, ...]:
    """The lines of flows that get further after than before; ``turned``: the pair is reversed."""
    before = _Known(pair.before.network)
    items = [_item(pair, before, flow, turned) for flow in flows]
    items = _together(items, lambda item: item.block, _ends_joined)
    items = _together(items, lambda i: (i.key, i.sources, i.destinations), _packets_joined)
    # One flow of a line is shown hop by hop.
    shown = (replace(i.line, witness=witness(pair.after, i.proof)) for i in items)
    return tuple(sorted(shown, key=_order))


def _order(line: Line) -> tuple[object, ...]:
    ends = [[each.resource for each in side] for side in (line.sources, line.destinations)]
    return (line.now.value, line.was.value, ends[0], ends[1], str(line.packets))


def _together(
    items: Iterable[_Item],
    alike: Callable[[_Item], object],
    joined: Callable[[_Item, _Item], _Item],
) -> list[_Item]:
    found: dict[object, _Item] = {}
    for item in items:
        key = alike(item)
        known = found.get(key)
        found[key] = item if known is None else joined(known, item)
    return list(found.values())


def _packets_joined(one: _Item, other: _Item) -> _Item:
    joined = _ends_joined(one, other)
    packets = tuple(dict.fromkeys((*one.line.packets, *other.line.packets)))
    return replace(joined, line=replace(joined.line, packets=packets))


def _ends_joined(one: _Item, other: _Item) -> _Item:
    line = replace(
        one.line,
        sources=_members_joined(one.line.sources, other.line.sources),
        destinations=_members_joined(one.line.destinations, other.line.destinations),
    )
    sources, destinations = one.sources | other.sources, one.destinations | other.destinations
    return replace(one, line=line, sources=sources, destinations=destinations)


def _members_joined(one: tuple[EndPoint, ...], other: tuple[EndPoint, ...]) -> tuple[EndPoint, ...]:
    found = {each.resource: each for each in one}
    for each in other:
        known = found.get(each.resource)
        addresses = (*(known.addresses if known else ()), *each.addresses)
        found[each.resource] = replace(each, addresses=tuple(dict.fromkeys(addresses)))
    return tuple(found[name] for name in sorted(found))


# ---------------------------------------------------------------------- one flow as a line


def _item(pair: Pair, before: _Known, flow: Further, turned: bool) -> _Item:
    proof, ground = flow.proof, pair.after
    was, now = (flow.now, flow.was) if turned else (flow.was, flow.now)
    sources = _ends(ground, proof.start.node, proof.packet, flow.packets, "source")
    last = proof.forward.hops[-1]
    arriving = flow.arriving or flow.packets
    destinations = _ends(ground, last.node, last.after, arriving, "destination")
    because = tuple(_remark(each) for each in _only_after(before, proof))
    stopped = _stopped(flow.before)
    line = Line(
        was=was,
        now=now,
        sources=sources,
        destinations=destinations,
        packets=tuple(dict.fromkeys(_kinds(flow.packets))),
        witness=Witness(proof.packet, (), ()),
        because=because,
        stopped=_remark(stopped) if stopped is not None else None,
    )
    key = (was, now, because, stopped and (stopped.words, stopped.code))
    return _Item(line, proof, key, _ids(sources), _ids(destinations), flow.block)


def _ids(ends: Iterable[EndPoint]) -> frozenset[str]:
    return frozenset(each.resource for each in ends)


def _remark(origin: Origin) -> Remark:
    told = set(origin.words.split())
    known = set(origin.locator.split()) - {"rule"} <= told
    located = "" if known or not origin.locator else f"{origin.locator}: "
    named = f" ({origin.name})" if origin.name else ""
    return Remark(f"{located}{origin.words}", f"{origin.resource}{named}")


def _kinds(packets: Iterable[HeaderSpace]) -> Iterator[HeaderSpace]:
    """The packets without their ends, which are told apart, and without a client's own ports."""
    for space in packets:
        kind = space.without("source", "destination")
        if kind.by_name.get("source_port") == Ranges.span(*EPHEMERAL):
            kind = kind.without("source_port")
        if kind.by_name.get("protocol", Ranges(())).single not in (ICMP, ICMPV6):
            kind = kind.without("icmp_type", "icmp_code")
        yield kind


def _ends(
    ground: Ground, node: str, header: Header, spaces: Iterable[HeaderSpace], side: str
) -> tuple[EndPoint, ...]:
    """Who has the addresses of one side, at the node where the flow starts or is delivered."""
    sets = [space.by_name[side] for space in spaces if side in space.by_name]
    addresses = Ranges.union(span for each in sets for span in each.intervals)
    label = ground.label(node, header)
    resource = node.split("/", 2)[1]
    if label is None or ground.snapshot.get(NetworkInterface, label[0]) is None:
        who, name = label or (resource, ground.name_of(resource))
        shown = [str(prefix) for prefix in addresses.cover()] if _few(addresses) else []
        return (EndPoint(who, name, tuple(shown)),)
    found: dict[str, EndPoint] = {}
    for address in ground.index.addresses_within(addresses):
        at = header._replace(**{side: address})
        who, name = ground.label(node, at) or label
        owners = ground.index.owner_of_address(address)
        if all(each.network_interface_id != who for each in owners):
            continue
        known = found[who].addresses if who in found else ()
        found[who] = EndPoint(who, name, (*known, format_address(address)))
    return tuple(found[who] for who in sorted(found)) or (EndPoint(*label, ()),)


def _few(addresses: Ranges) -> bool:
    """Whether addresses are few enough to be told: not those of the whole internet."""
    return len(list(_first(addresses.cover(), _MOST_PREFIXES + 1))) <= _MOST_PREFIXES


def _first(prefixes: Iterable[object], most: int) -> Iterator[object]:
    for prefix, _ in zip(prefixes, range(most), strict=False):
        yield prefix


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
        self._of: dict[str, frozenset[tuple[str, str, str]] | None] = {}

    def origins(self, node: str) -> frozenset[tuple[str, str, str]] | None:
        if node not in self._of:
            self._of[node] = _origins(self._network, node)
        return self._of[node]


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
