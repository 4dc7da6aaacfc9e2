"""The text of a place on the way, or of a thing that something is assumed of -> what it means.

    place(ground, text) -> Place        things(ground, text) -> ids

A place is passed in a thing's own nodes, in those of its parts, and where its end or its component
says so.  What is none is refused, with the reason: that nothing passes it would be true and say
nothing of the packets that its name was meant for.  Must not know the rest of the question, nor the
engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reach.aim import Visit, resource_of
from reach.component import End
from reach.denote import nothing
from reach.errors import QuestionError
from reach.gaps import openings
from reach.lower import Ground
from reach.nearest import nearest
from reach.network.stage import Origin
from reach.snapshot.mentions import is_mentioned
from reach.snapshot.record import Record
from reach.snapshot.records import NetworkInterface, Subnet, Vpc

_NO_PLACE = "is no place that packets pass: name the thing that it is of"
# Why a kind of thing is none, by the name of its records.
_WHY: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("RouteTable", "NetworkAcl", "SecurityGroup", "LocalGatewayRouteTable", "RuleGroup"),
            *("VpcBlockPublicAccessExclusion", "VpcEncryptionControl"),
        ),
        "holds rules, and is no place that packets pass: name what it is of",
    ),
    **dict.fromkeys(
        ("PrefixList", "ManagedPrefixListEntries", "PublicIpv4Pool", "ByoipCidr"),
        "holds addresses, and is no place that packets pass: name one as the source or destination",
    ),
    "AvailabilityZone": "is a zone, and packets pass subnets: name those that are in it",
}


@dataclass(frozen=True)
class Place:
    """What a packet visits that passes a thing; ``gaps`` say why there may be more of it."""

    visit: Visit
    gaps: tuple[Origin, ...] = ()


def place(ground: Ground, text: str) -> Place:
    """What passing a thing means.  Raises QuestionError.

    A VPC is passed in its subnets, and what no way of its own leads through (an instance, a load
    balancer, an endpoint, a database) by its interfaces.
    """
    ids = _called(ground, text)
    if not ids:
        raise _unknown(ground, text)
    found = [each for each in (_place(ground, one) for one in ids) if each is not None]
    if not found:
        raise QuestionError(f"{text} {_why(ground, ids)}")
    return Place(
        Visit(
            nodes=frozenset(node for each in found for node in each.visit.nodes),
            resources=frozenset(own for each in found for own in each.visit.resources),
        ),
        tuple(dict.fromkeys(gap for each in found for gap in each.gaps)),
    )


def things(ground: Ground, text: str) -> tuple[str, ...]:
    """The ids of which something is assumed, with the interfaces of theirs.  Raises QuestionError.

    What the snapshot names and does not hold is one too, and what stands against every answer.
    """
    ids = _called(ground, text) or _named(ground, text)
    if not ids:
        raise _unknown(ground, text)
    interfaces = (
        interface.network_interface_id
        for each in ids
        for interface in ground.index.interfaces_by_instance.get(each, ())
    )
    return tuple(dict.fromkeys((*ids, *interfaces)))


def _called(ground: Ground, text: str) -> tuple[str, ...]:
    """What the snapshot holds that has this id, ARN, Name or name of its component's."""
    known = _ids(ground)
    ids = [text] if text in known or ground.place(text) is not None else []
    ids += [
        ground.id_of(record).split(" ")[0] for record in ground.index.tags.records("Name", text)
    ]
    ids += ground.own_names.get(text, ())
    tail = text.rpartition("/")[2]
    if text.startswith("arn:") and tail in known:
        ids.append(tail)
    return tuple(sorted(set(ids)))


def _ids(ground: Ground) -> frozenset[str]:
    """Every id; a thing that shows more than once has its id first in each of its keys."""

    def make() -> frozenset[str]:
        return frozenset(each.split(" ")[0] for each in ground.ids())

    return ground.memo("ids of things", make)


def _named(ground: Ground, text: str) -> tuple[str, ...]:
    against = {gap.resource for gap in openings(ground)}
    return (text,) if text in against or is_mentioned(ground.snapshot, text) else ()


def _unknown(ground: Ground, text: str) -> QuestionError:
    names = {*_ids(ground), *ground.index.tags.values("Name"), *ground.own_names}
    near = nearest(text, names, 0.5)
    return nothing(f"{text} is not in the snapshot", near)


# ------------------------------------------------------------------- what it is passed in


def _place(ground: Ground, resource: str) -> Place | None:
    """None of what nobody passes, nor comes from, nor goes to."""
    own = ground.place(resource)
    if own is not None:
        return Place(own)
    if any(isinstance(each, Vpc | Subnet) for each in _records(ground, resource)):
        return Place(Visit(resources=frozenset((resource, *_subnets(ground, resource)))))
    end = None if _is(ground, resource, _WHY) else ground.end(resource)
    if end is None:
        return None
    parts = frozenset((resource, *_parts(ground, resource, end)))
    return Place(Visit(frozenset(end.through), parts), _gaps(end))


def _gaps(end: End) -> tuple[Origin, ...]:
    """Why a thing may be passed elsewhere as well, or nobody knows where.

    Where a way of its own leads through it, that is where.
    """
    if end.through:
        return ()
    nowhere = not (end.starts or end.goals or end.passing)
    unknown = (end.gap, *(end.may_send if nowhere else ()))
    return tuple(gap for gap in unknown if gap is not None)


def _subnets(ground: Ground, vpc: str) -> Iterator[str]:
    for subnet in ground.index.subnets_by_vpc.get(vpc, ()):
        yield subnet.subnet_id


def _parts(ground: Ground, resource: str, end: End) -> Iterator[str]:
    """What of a thing has nodes of its own."""
    for interface in ground.index.interfaces_by_instance.get(resource, ()):
        yield interface.network_interface_id
    if end.through:
        return
    for node in (*end.passing, *(start.node for start in end.starts)):
        own = resource_of(node)
        if node in end.passing or ground.snapshot.get(NetworkInterface, own) is not None:
            yield own


# ------------------------------------------------------------------- why it is none


def _why(ground: Ground, ids: Iterable[str]) -> str:
    kinds = (_is(ground, each, _WHY) for each in ids)
    return next((_WHY[kind] for kind in kinds if kind), _NO_PLACE)


def _is(ground: Ground, resource: str, names: Iterable[str]) -> str:
    """The first of some kinds of records that tell of an id."""
    told = {type(record).__name__ for record in _records(ground, resource)}
    return next((name for name in names if name in told), "")


def _records(ground: Ground, resource: str) -> Iterator[Record]:
    found = (ground.snapshot.get(kind, resource) for kind in ground.snapshot.contents)
    return (record for record in found if record is not None)
