"""Evidence for people: what an answer shows of a proof, in the answer's own types.

    witness(ground, proof)     blocked_path(ground, way)     end_list(ground, ends, side)
    explanation(ground, blocker)     remarks(origins)

Takes what the engines found and a lowered snapshot for the names of things; gives the frozen parts
of an :class:`~reach.answer.Answer`.  Must not know how anything was found, nor rendering.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from reach.analysis.explained import code_of, fields_of
from reach.answer import (
    BlockedPath,
    EndGroup,
    EndList,
    EndPoint,
    Explanation,
    Remark,
    Step,
    Witness,
)
from reach.conditions import Conditions, Spaces
from reach.decide import Proof
from reach.ends import EndPoints, Group
from reach.explain import NOTHING, Blocked, Blocker
from reach.lower import Ground
from reach.network.address import Prefix, format_address
from reach.network.field import Header
from reach.network.header_space import Ranges
from reach.network.stage import Action, Filter, Origin
from reach.snapshot.index import delegated_prefixes
from reach.snapshot.records import NetworkInterface
from reach.trace import Hop, Trace


def witness(ground: Ground, proof: Proof, packets: Conditions | None = None) -> Witness:
    """A proof hop by hop; with ``packets`` all that take its path."""
    there = packets.forward if packets is not None else ()
    back = packets.reply if packets is not None else ()
    return Witness(
        proof.packet,
        tuple(_steps(ground, proof.forward, there)),
        tuple(_steps(ground, proof.reply, back)) if proof.reply else (),
        packets.start if packets is not None else (),
        packets is not None and packets.complete,
    )


def _steps(ground: Ground, trace: Trace, packets: Sequence[Spaces]) -> Iterator[Step]:
    """Each hop with the one thing it is about, for this header."""
    for place, hop in enumerate(trace.hops):
        kind, resource, _ = hop.node.split("/", 2)
        label = ground.label(hop.node, hop.before)
        who, name = label if label is not None else (resource, ground.name_of(resource))
        yield Step(
            hop.node,
            who,
            kind.replace("_", " "),
            name,
            hop.before,
            hop.after,
            _told(ground, hop, hop.passed),
            _told(ground, hop, hop.denied),
            packets[place] if packets else (),
        )


def _told(ground: Ground, hop: Hop, origins: Iterable[Origin]) -> tuple[Origin, ...]:
    """Of interfaces that share a node the one that the packet is about."""
    return tuple([ground.told(hop.node, hop.before, origin) for origin in origins])


def told_open(ground: Ground, proof: Proof, origins: Iterable[Origin]) -> tuple[Origin, ...]:
    """What a proof leaves open, told of who the packet is about."""
    traces = [trace for trace in (proof.forward, proof.reply) if trace is not None]
    hops = [hop for trace in traces for hop in trace.hops]
    return tuple(_told_at(ground, hops, origin) for origin in origins)


def told_of(ground: Ground, way: Blocked) -> Blocked:
    """A blocked way whose blockers are told of who the packet is about."""
    told = (replace(b, origin=_told_at(ground, b.hops, b.origin)) for b in way.blockers)
    return replace(way, blockers=tuple(told))


def _told_at(ground: Ground, hops: Sequence[Hop], origin: Origin) -> Origin:
    """An origin at the hop that met it; the last one, if none says so."""
    met = (hop for hop in reversed(hops) if origin in hop.passed or origin in hop.denied)
    hop = next(met, hops[-1] if hops else None)
    return origin if hop is None else ground.told(hop.node, hop.before, origin)


def end_list(ground: Ground, found: EndPoints, side: str) -> EndList:
    """Everybody at one side who gets through, by who they are."""
    groups = tuple(
        EndGroup(tuple(_members(ground, group, side)), group.proof.packet, group.packets)
        for group in found.groups
    )
    return EndList(side, groups, found.complete, found.certificate)


def _members(ground: Ground, group: Group, side: str) -> Iterator[EndPoint]:
    """The interfaces that have the addresses; as destinations they may be sent to by others."""
    spaces = group.packets if side == "source" else group.arrive
    ends = [space.by_name[side] for space in spaces if side in space.by_name]
    reached = Ranges.any_of(ends)
    known: dict[str, list[str]] = {}
    for address in ground.index.addresses_within(reached):
        for interface in ground.index.owner_of_address(address):
            known.setdefault(interface.network_interface_id, []).append(format_address(address))
    for interface in ground.index.delegated:  # R-ENI-2
        held = Ranges.prefixes(map(Prefix.parse, delegated_prefixes(interface))) & reached
        if held:
            shown = known.setdefault(interface.network_interface_id, [])
            shown += map(str, held.cover())
    for interface_id, addresses in known.items():
        found = ground.snapshot.get(NetworkInterface, interface_id)
        instance = found.attachment.instance_id if found and found.attachment else None
        resource = instance or interface_id
        yield EndPoint(resource, ground.name_of(resource), tuple(addresses))


def blocked_path(ground: Ground, way: Blocked) -> BlockedPath:
    """One way on which nothing gets through, with all that blocks it."""
    blockers = tuple(explanation(ground, blocker, way.path) for blocker in way.blockers)
    if way.path is None:
        return BlockedPath(blockers, None)
    path, stop = witness(ground, way.path), frozenset(each.origin for each in way.blockers)
    forward = tuple(_stopped(step, stop) for step in path.forward)
    return BlockedPath(blockers, replace(path, forward=forward))


def _stopped(step: Step, blockers: frozenset[Origin]) -> Step:
    """What lets this packet pass and no later one of its flow is a blocker, not a permission."""
    stops = tuple(origin for origin in step.passed if origin in blockers)
    if not stops:
        return step
    passed = tuple(origin for origin in step.passed if origin not in blockers)
    return replace(step, passed=passed, denied=tuple(dict.fromkeys((*step.denied, *stops))))


def explanation(ground: Ground, blocker: Blocker, path: Proof | None = None) -> Explanation:
    origin = blocker.origin
    trace = path and (path.forward if blocker.direction == "forward" else path.reply)
    forgotten = _forgotten(ground, trace, blocker) if trace else ""
    return Explanation(
        code_of(origin),
        origin.resource,
        origin.name or ground.name_of(origin.resource),
        origin.locator,
        f"{origin.words}{forgotten}",
        blocker.direction,
        None if blocker.header == NOTHING else blocker.header,
        fields_of(ground, blocker),
        blocker.aside,
    )


def _forgotten(ground: Ground, trace: Trace, blocker: Blocker) -> str:
    """The rule about senders that would permit the packet, and who made it forget its sender."""
    carried, where = 0, ""
    for hop in trace.hops:
        if where and blocker.origin in hop.denied:
            known = blocker.header._replace(identity=carried)
            rule = _permitting(ground, hop.node, blocker.origin, known)
            if rule is not None:
                resource = where.split("/", 2)[1]
                name = ground.name_of(resource)
                who = f"{resource} ({name})" if name else resource
                return f": it {rule.words}, but behind {who} a packet has no groups any more"
        if hop.after.identity:
            carried, where = hop.after.identity, ""
        elif hop.before.identity:
            where = hop.node
    return ""


def _permitting(ground: Ground, node: str, denial: Origin, header: Header) -> Origin | None:
    """What would let a header pass where a filter denies it for want of a rule."""
    for stage in ground.network.node(node).stages:
        if isinstance(stage, Filter) and stage.otherwise.origin == denial:
            for rule in stage.rules:
                if rule.action is Action.PERMIT and header in rule.match:
                    return rule.origin
    return None


def remarks(origins: Iterable[Origin]) -> tuple[Remark, ...]:
    return tuple(_remark(origin) for origin in dict.fromkeys(origins))


def _remark(origin: Origin) -> Remark:
    """With a code if it is left open: what a call would tell is a thing that is not known."""
    code = origin.code or ("UNKNOWN_RESOURCE" if origin.collect else "")
    return Remark(origin.words, origin.resource, origin.collect, code)
