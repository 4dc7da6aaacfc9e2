"""Question + snapshot -> where flows start and where they should arrive.

Reads the ends of a question as people write them (addresses, CIDRs, ids, ARNs, Names, tags,
``internet``, ``any``, ``public``, ``private``) and gives an :class:`reach.aim.Aim` in the network's
own words, with what has to be said about it.  An ambiguous name lists its candidates, an unknown
one the nearest; what only a missing call could tell is a gap, not an error.  Must not know the
engines.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

from reach.aim import Aim, Start, Visit
from reach.amend import Amendment
from reach.component import End
from reach.demand import demand
from reach.errors import QuestionError
from reach.gaps import (
    behind_a_peering,
    interfaces_missing,
    missing,
    shared_by_others,
    unnamed,
    unseen,
)
from reach.lower import Ground
from reach.network.address import (
    ANY_IPV4,
    ANY_IPV6,
    GLOBAL_UNICAST_IPV6,
    NOT_PUBLIC_IPV4,
    Prefix,
    format_address,
    is_public,
    parse_address,
)
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Origin
from reach.question import Packet, Question
from reach.snapshot.index import outer_mapping, private_addresses
from reach.snapshot.ingress_pools import ingress_pools
from reach.snapshot.records import (
    Instance,
    NetworkInterface,
    Record,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)

_FAMILY = {"0.0.0.0/0": ANY_IPV4, "::/0": ANY_IPV6}
# Both ends of a packet are of one IP version; told apart from the start, constants fold.
_FAMILIES = tuple(
    HeaderSpace.where(source=Ranges.prefixes((family,)), destination=Ranges.prefixes((family,)))
    for family in (ANY_IPV4, ANY_IPV6)
)
_INTERNET = "internet"
_TO_PUBLIC = HeaderSpace.where(
    destination=(Ranges.prefixes((ANY_IPV4,)) - Ranges.prefixes(NOT_PUBLIC_IPV4))
    | Ranges.prefixes(GLOBAL_UNICAST_IPV6)
    | Ranges.prefixes((Prefix.parse("64:ff9b::/96"),))
)
_ID = re.compile(r"^(i|[a-z]+(-[a-z]+)*)-[0-9a-f]{8,17}$|^arn:")
_AT_SOURCE = {
    "protocol": "FILTER_AT_SOURCE_PROTOCOL",
    "source": "FILTER_AT_SOURCE_SOURCE_ADDRESS",
    "destination": "FILTER_AT_SOURCE_DESTINATION_ADDRESS",
    "source_port": "FILTER_AT_SOURCE_SOURCE_PORT_RANGE",
    "destination_port": "FILTER_AT_SOURCE_DESTINATION_PORT_RANGE",
}
_FEW = 4
_MANY = 5000


@dataclass(frozen=True)
class Resolved:
    """The aim, what the ends are, and what stands against a plain answer.

    ``nobody`` says that there is no such end at all, ``gaps`` what may be missing from the ends.
    ``unmet`` are what is ``asked`` of the packet as it leaves and no packet of the source meets.
    """

    aim: Aim
    source: End
    destination: End
    amendment: Amendment
    nobody: Origin | None = None
    gaps: tuple[Origin, ...] = ()
    unmet: tuple[Origin, ...] = ()
    asked: HeaderSpace = ANYTHING


def resolve(ground: Ground, question: Question) -> Resolved:
    """Where the question starts and should arrive.  Raises QuestionError."""
    source = _source(ground, question.source)
    destination = _destination(ground, question.destination)
    open_ends = (source.gap, source.may_send, destination.gap, destination.may_take)
    gaps = tuple(origin for origin in open_ends if origin is not None)
    to_itself = _same_thing(ground, source, destination)
    leaving = demand(question.at_source)
    starts = tuple(_starts(ground, question, source, destination, leaving))
    nobody = None
    unmet: tuple[Origin, ...] = ()
    if not source.starts:
        nobody = source.nobody or _nobody(source.words, "is nobody that sends packets")
    elif destination.goals is not None and not destination.goals:
        nobody = destination.nobody or _nobody(destination.words, "is nobody to be reached")
    elif not starts:
        unmet = tuple(_unmet(ground, question, source, destination))
        words = "has no address in common with the source: different IP versions"
        nobody = unmet[0] if unmet else _nobody(destination.words, words)
    asked = question.packet.ports if question.port_at == "destination" else None
    port = HeaderSpace.where(destination_port=Ranges.span(*asked) if asked else None)
    aim = Aim(
        starts=starts,
        goals=destination.goals,
        two_way=not question.one_way and question.packet.is_answered,
        through=_visits(ground, question, source, destination),
        to_itself=to_itself,
        arriving=port & demand(question.at_destination),
        but=destination.but,
        passing=destination.passing,
    )
    amendment = _amendment(ground, question)
    return Resolved(aim, source, destination, amendment, nobody, gaps, unmet, leaving)


def _visits(ground: Ground, question: Question, *ends: End) -> tuple[Visit, ...]:
    """What the packet has to pass: for the sake of its ends, and because the asker says so."""
    ways = [Visit(nodes=frozenset(end.through)) for end in ends if end.through]
    return (*ways, *(_visit(ground, text) for text in question.through))


def _visit(ground: Ground, text: str) -> Visit:
    """Passing a thing: one of its own nodes, or one by which its end says that it is passed."""
    resources = _resources(ground, text)
    ends = (ground.end(resource) for resource in resources)
    nodes = (node for end in ends if end is not None for node in end.through)
    return Visit(frozenset(nodes), resources)


def _resources(ground: Ground, text: str) -> frozenset[str]:
    """The ids whose nodes are passed by whatever passes a thing.  Raises QuestionError."""
    named = [ground.id_of(record) for record in ground.index.names.get(text, ())]
    ids = {text, *named, *ground.own_names.get(text, ())}
    if text.startswith("arn:"):
        ids.add(text.rpartition("/")[2])
    known = set(ground.ids())
    if not ids & known:
        near = difflib.get_close_matches(text, sorted(known), n=5, cutoff=0.5)
        raise QuestionError(f"{text} is not in the snapshot; the nearest are:", near)
    for instance in tuple(ids):
        interfaces = ground.index.interfaces_by_instance.get(instance, ())
        ids |= {interface.network_interface_id for interface in interfaces}
    return frozenset(ids)


def _amendment(ground: Ground, question: Question) -> Amendment:
    for resource, value in question.assume:
        if value not in ("reachable", "unreachable"):
            raise QuestionError(
                f"{resource} can be assumed reachable or unreachable, not {value!r}"
            )
    avoided = {each for text in question.avoid for each in _resources(ground, text)}
    return Amendment(
        avoid=tuple(sorted(avoided)),
        open=tuple(each for each, value in question.assume if value == "reachable"),
        closed=tuple(each for each, value in question.assume if value == "unreachable"),
    )


def _nobody(resource: str, words: str) -> Origin:
    return Origin(resource, words, code="NO_SOURCE_OR_DESTINATION")


def _same_thing(ground: Ground, source: End, destination: End) -> bool:
    """Whether the question is about one sender reaching itself, by any of its addresses."""
    own, sent_to = source.addresses, destination.addresses
    if source.sender and source.sender == destination.sender:
        return True
    if not source.sender or own is None or not sent_to:
        return False
    mine = ground.index.interfaces_by_instance.get(source.sender, ())
    known = {both for interface in mine for pair in _both(ground, interface) for both in pair}
    return not sent_to - (ground.aliases(own) | Ranges.of(*known))


def _unmet(ground: Ground, question: Question, source: End, destination: End) -> Iterator[Origin]:
    """What is asked of the packet as it leaves that keeps all packets of the source from it."""
    asked = [name for name, _ in question.at_source]
    if question.packet.protocol is not None and "protocol" not in asked:
        asked.append("protocol")
    for name in asked:
        less = demand(pair for pair in question.at_source if pair[0] != name)
        packet = Packet() if name == "protocol" else question.packet
        eased = replace(question, packet=packet)
        if any(_starts(ground, eased, source, destination, less)):
            field = name.replace("-", "_")
            words = f"sends nothing with this {name.replace('-', ' ')}"
            values = demand(question.at_source).by_name.get(field)
            who = source.sender or source.words
            yield Origin(who, words, field, _AT_SOURCE[field], record=values)


def _starts(
    ground: Ground, question: Question, source: End, destination: End, leaving: HeaderSpace
) -> Iterator[Start]:
    """Every start with every way of addressing the destination, every kind of packet, and each
    IP version."""
    ported = question.port_at == "source"
    ports = leaving.by_name.get("source_port")
    spaces = [_as_asked(space, ports) & leaving for space in question.packet.spaces(ported)]
    addressings = _addressings(ground, destination)
    for start, sent_to, packet, family in product(source.starts, addressings, spaces, _FAMILIES):
        space = start.space & packet & family & HeaderSpace.where(destination=sent_to)
        if start.owner == _INTERNET and _is_public_in(addressings, family):
            space &= _TO_PUBLIC
        if not space.is_empty:
            yield replace(start, space=space)


def _as_asked(space: HeaderSpace, ports: Ranges | None) -> HeaderSpace:
    """A client sends from its ephemeral ports (R-EPH-5), unless others are asked for."""
    ported = ports is not None and "source_port" in space.by_name
    return space.without("source_port") if ported else space


def everybody(ground: Ground) -> Iterator[Start]:
    """Every start of a packet that the snapshot knows: interfaces, and hosts beyond boundaries.

    Of any packet to anywhere, a client's own ports counted as those of questions (R-EPH-5).
    """
    known = [_named(ground, text) for text in ("any", _INTERNET, "on-premises")]
    ends = [end for end in (*known, *ground.outside()) if end.nobody is None]
    starts = dict.fromkeys(start for end in ends for start in end.starts)
    for start, packet, family in product(starts, Packet().spaces(), _FAMILIES):
        space = start.space & packet & family
        if not space.is_empty:
            yield replace(start, space=space)


def _is_public_in(addressings: list[Ranges | None], family: HeaderSpace) -> bool:
    """Whether the destination has a public address of an IP version.

    Hosts on the internet address that one, and no private one beside it (R-IGW-3).
    """
    return any(
        sent_to is not None
        and not (HeaderSpace.where(destination=sent_to) & family & _TO_PUBLIC).is_empty
        for sent_to in addressings
    )


def _addressings(ground: Ground, destination: End) -> list[Ranges | None]:
    """What a packet to the destination may be sent to (None: anything).

    One by one when few, so that they fold; as one set when many, whose domain prunes what cannot
    lead there.  What may be translated to them counts (R-ENI-3).
    """
    sent_to = destination.addresses
    if destination.goals is None or destination.as_sent or sent_to is None:
        return [sent_to]
    if len(sent_to.intervals) > _MANY:
        return [None]
    known = ground.aliases(sent_to)
    singles = [Ranges((span,)).single for span in known.intervals]
    if len(singles) <= _FEW and all(single is not None for single in singles):
        return [Ranges((span,)) for span in reversed(known.intervals)]
    return [known]


# ------------------------------------------------------------------- ends


def _source(ground: Ground, text: str) -> End:
    address = _address(text)
    if address is not None:
        return _sender(ground, address, text)
    prefix = _prefix(text)
    if prefix is not None:
        return _senders(ground, prefix, text)
    return _named(ground, text)


def _destination(ground: Ground, text: str) -> End:
    """An address or block means packets sent to it, whoever they are delivered to."""
    address, prefix = _address(text), _prefix(text)
    if address is not None:
        gap = unnamed(ground, address)
        own = Ranges.of(address)
        return End(text, goals=None, addresses=own, gap=gap, uncertain=gap is not None)
    if prefix is not None:
        components = ground.components().values()
        but = tuple(owner for each in components for owner in each.by_address_only)
        return End(text, goals=None, addresses=Ranges.span(prefix.low, prefix.high), but=but)
    return _named(ground, text)


def _address(text: str) -> int | None:
    """The address that is written, bare or as a block of one."""
    host = text.removesuffix("/128" if ":" in text else "/32")
    try:
        return parse_address(host)
    except ValueError:
        return None


def _prefix(text: str) -> Prefix | None:
    host, slash, _ = text.partition("/")
    if not slash or _address(host) is None or text in _FAMILY:
        return None
    try:
        return Prefix.parse(text)
    except ValueError as error:
        raise QuestionError(str(error)) from None


def _sender(ground: Ground, address: int, text: str) -> End:
    """Whoever sends from an address: its interface, a host on the internet, or nobody."""
    owners = ground.index.owner_of_address(address)
    own = address
    if not owners:
        public = ground.index.interface_of_public_address(address)
        if public is not None:
            owners, own = (public[0],), public[1]
    if not owners:
        owners = tuple(_holders(ground, address))
    if len(owners) > 1:
        shown = [f"{o.network_interface_id} in {o.vpc_id}" for o in owners]
        raise QuestionError(f"{text} is the address of several interfaces; name one:", shown)
    if owners:
        return ground.hosts(owners, text, Ranges.of(own))
    gap = unnamed(ground, address)
    taken = _announced(ground, address)
    if taken is not None:
        return End(text, nobody=replace(taken, code="NO_SOURCE_OR_DESTINATION"), gap=gap)
    outside = _beyond(ground, address, text)
    starts = tuple(start for each in outside for start in each.starts)
    if is_public(address):
        return replace(outside[0], starts=starts, gap=gap, uncertain=gap is not None)
    gap = gap or next((each.gap for each in outside if each.gap is not None), None)
    gap = gap or _shared_or_unseen(ground, Ranges.of(address))
    if starts:
        return replace(outside[0], starts=starts, gap=gap)
    gap = gap or behind_a_peering(ground, address)
    return End(text, nobody=_nobody(text, "is nobody's address"), gap=gap)


def _shared_or_unseen(ground: Ground, addresses: Ranges) -> Origin | None:
    """Where private addresses that nothing names may be, as far as the snapshot shows it."""
    return shared_by_others(ground, addresses) or unseen(ground, addresses)


def _holders(ground: Ground, address: int) -> Iterator[NetworkInterface]:
    """The interfaces to which an address of a pool is routed (R-IGW-9)."""
    pools = ground.memo("ingress pools", partial(ingress_pools, ground.snapshot))
    for interface_id, blocks in pools.routed.items():
        interface = ground.snapshot.get(NetworkInterface, interface_id)
        if interface is not None and any(address in block for block in blocks):
            yield interface


def _beyond(ground: Ground, address: int, words: str) -> list[End]:
    """Hosts on the internet, on-premises and beyond other boundaries that may have an address.

    A public one is a host's on-premises only if a line is known to lead to it.
    """
    ends = list(ground.outside())
    if not is_public(address) or _known_on_premises(ground, address):
        ends.insert(0, _known(ground, "on-premises", words))
    if is_public(address):
        ends.insert(0, _known(ground, "internet", words))
    return [_narrowed(each, Ranges.of(address), words) for each in ends]


def _known_on_premises(ground: Ground, address: int) -> bool:
    return any(address in link.beyond | link.perhaps for link in ground.links())


def _announced(ground: Ground, address: int) -> Origin | None:
    """What has a public address that no interface has: a released thing, a service."""
    for route in ground.announcements():
        ends = route.match.by_name.get("destination")
        if ends is not None and address in ends and not route.session:
            return (
                route.origin if route.origin.words else Origin(format_address(address), "is taken")
            )
    return None


def _senders(ground: Ground, prefix: Prefix, text: str) -> End:
    """The interfaces whose address lies in a block, and the outside hosts that may have one."""
    inside = Ranges.span(prefix.low, prefix.high)
    members = [
        interface
        for interface in ground.snapshot.records(NetworkInterface)
        if any(address in inside for address in _sends_as(ground, interface))
    ]
    private = Ranges.of(
        *(
            own
            for interface in members
            for own, public in _both(ground, interface)
            if own in inside or public in inside
        )
    )
    ends = ground.hosts(tuple(members), text, private)
    beyond = (_known(ground, name, text) for name in ("internet", "on-premises"))
    outside = [_narrowed(each, inside, text) for each in (*beyond, *ground.outside())]
    starts = (start for each in outside for start in each.starts)
    open_gaps = (each.gap for each in ground.outside() if each.gap is not None)
    gap = interfaces_missing(ground) or next(open_gaps, None)
    if gap is None and not is_public(prefix.low):
        gap = _shared_or_unseen(ground, inside)
    return replace(ends, starts=(*ends.starts, *starts), gap=gap)


def _both(ground: Ground, interface: NetworkInterface) -> Iterator[tuple[int, int]]:
    """Each of an interface's addresses with its public one, or with itself."""
    mapping = dict(outer_mapping(interface))
    for address in private_addresses(interface):
        yield address, mapping.get(address, address)


def _sends_as(ground: Ground, interface: NetworkInterface) -> Iterator[int]:
    for own, public in _both(ground, interface):
        yield own
        yield public


def _narrowed(end: End, addresses: Ranges, words: str) -> End:
    """An end restricted to some of the addresses it sends from."""
    only = HeaderSpace.where(source=addresses)
    starts = [replace(start, space=start.space & only) for start in end.starts]
    kept = tuple(start for start in starts if not start.space.is_empty)
    return replace(end, words=words, starts=kept, addresses=addresses)


def _named(ground: Ground, text: str) -> End:
    if text in _FAMILY:
        family = _FAMILY[text]
        return _of_family(_known(ground, "internet", text), Ranges.span(family.low, family.high))
    if text == "any":
        return ground.memo("any interface", lambda: _any(ground))
    if text.startswith("tag:"):
        return _tagged(ground, text)
    return _known(ground, text, text)


def _any(ground: Ground) -> End:
    ends = ground.hosts(ground.snapshot.records(NetworkInterface), "any interface")
    return replace(ends, gap=interfaces_missing(ground))


def _of_family(end: End, family: Ranges) -> End:
    starts = tuple(
        replace(start, space=start.space & HeaderSpace.where(source=family)) for start in end.starts
    )
    goals = end.goals
    if goals is not None:
        arriving = HeaderSpace.where(destination=family)
        goals = {owner: space & arriving for owner, space in goals.items()}
    return replace(end, starts=starts, goals=goals)


def _tagged(ground: Ground, text: str) -> End:
    key, equals, value = text[4:].partition("=")
    if not equals or not key:
        raise QuestionError(f"{text!r} is not a tag: write tag:Key=Value")
    found = ground.index.tagged(key, value)
    interfaces = {
        interface.network_interface_id: interface
        for record in found
        for interface in _interfaces_of(ground, record)
    }
    gap = interfaces_missing(ground)
    if not interfaces and gap is None:
        raise QuestionError(
            f"nothing in the snapshot that sends or receives has the tag {key}={value}"
        )
    return replace(ground.hosts(tuple(interfaces.values()), text), gap=gap)


def _interfaces_of(ground: Ground, record: Record) -> tuple[NetworkInterface, ...]:
    """The interfaces that a tagged thing stands for."""
    if isinstance(record, NetworkInterface):
        return (record,)
    if isinstance(record, Instance):
        return ground.index.interfaces_by_instance.get(record.instance_id, ())
    if isinstance(record, Subnet):
        return ground.index.interfaces_by_subnet.get(record.subnet_id, ())
    if isinstance(record, Vpc):
        return ground.index.interfaces_by_vpc.get(record.vpc_id, ())
    return ()


def _known(ground: Ground, text: str, words: str) -> End:
    """A keyword, an id, an ARN or a Name."""
    if text in ("internet", "on-premises", "public", "private"):
        end = ground.end(text)
        assert end is not None
        if text in ("internet", "on-premises"):
            return end
        unsure = missing(ground, (Subnet, RouteTable), "which subnets are public is not known")
        gap = unsure or interfaces_missing(ground)
        return replace(end, words=words, gap=gap, uncertain=unsure is not None)
    if text.startswith("arn:") and text in ground.own_names:
        return _by_name(ground, text)
    resource = text.rpartition("/")[2] if text.startswith("arn:aws") else text
    end = ground.end(resource)
    if end is not None:
        return end
    if text in ground.own_names:
        return _by_name(ground, text)
    if _ID.match(text):
        return _unknown_id(ground, text, resource)
    return _by_name(ground, text)


def _unknown_id(ground: Ground, text: str, resource: str) -> End:
    kind = resource.rpartition("-")[0]
    read = {prefix for c in ground.components().values() for prefix in c.ends}
    if f"{kind}-" not in read:
        alike = [name for name in ground.own_names if _kind_of_arn(name) == _kind_of_arn(text)]
        if text.startswith("arn:") and alike:
            near = difflib.get_close_matches(text, alike, n=5, cutoff=0.5) or sorted(alike)[:5]
            raise QuestionError(f"{text} is not in the snapshot; the nearest are:", near)
        words = "is of a kind that is not modelled yet"
        return End(text, gap=Origin(resource, words, code="UNSUPPORTED_COMPONENT"))
    own = (c.reads[0] for c in ground.components().values() if f"{kind}-" in c.ends and c.reads)
    words = f"whether there is {resource} is not known"
    gap = missing(ground, own, words) or interfaces_missing(ground)
    if gap is not None:
        return End(text, gap=gap)
    ids = {i.partition(" ")[0] for i in ground.ids()}
    known = sorted(i for i in ids if i.rpartition("-")[0] == kind)
    near = difflib.get_close_matches(resource, known, n=5, cutoff=0.5) or known[:5]
    raise QuestionError(f"{text} is not in the snapshot; the nearest are:", near)


def _kind_of_arn(text: str) -> tuple[str, ...]:
    """The service of an ARN and the type of what it names: ``("lambda", "function")``."""
    parts = text.split(":", 5)
    if len(parts) < 6:
        return ()
    return parts[2], re.split("[:/]", parts[5])[0]


def _by_name(ground: Ground, text: str) -> End:
    found = [record for record in ground.index.names.get(text, ()) if _is_end(ground, record)]
    found = _without_parts(ground, found)
    own = ground.own_names.get(text, ())
    # A load balancer and its group often share a name: what sends and receives is meant.
    hosts = [record for record in found if not isinstance(record, SecurityGroup)]
    found = hosts if hosts or own else found
    # A thing that shows more than once, like the ends of a peering, has its id first in each key.
    named = {ground.id_of(record).partition(" ")[0]: record for record in found}
    if len(named) > 1:
        shown = [f"{resource} {type(record).__name__}" for resource, record in named.items()]
        raise QuestionError(f"{text!r} is the Name of several things; name one by its id:", shown)
    ids = tuple(dict.fromkeys((*named, *own)))
    if len(ids) > 1:
        raise QuestionError(f"{text!r} is the name of several things; name one by its id:", ids)
    if ids:
        end = ground.end(ids[0])
        assert end is not None
        return replace(end, words=ids[0] if text in ids[0] else f"{ids[0]} {text}")
    gap = interfaces_missing(ground)
    if gap is not None:
        return End(text, gap=gap)
    words = ("internet", "on-premises", "any", "public", "private")
    names = sorted({*ground.index.names, *ground.own_names, *words})
    near = difflib.get_close_matches(text, names, n=5, cutoff=0.4)
    raise QuestionError(f"nothing in the snapshot is called {text!r}; the nearest are:", near)


def _is_end(ground: Ground, record: Record) -> bool:
    """Whether a record is of a kind that a question can be asked about."""
    resource = ground.id_of(record)
    read = {prefix for c in ground.components().values() for prefix in c.ends}
    return any(prefix.endswith("-") and resource.startswith(prefix) for prefix in read)


def _without_parts(ground: Ground, found: list[Record]) -> list[Record]:
    """An instance and its interface of the same Name are one thing."""
    instances = {record.instance_id for record in found if isinstance(record, Instance)}
    return [
        record
        for record in found
        if not (
            isinstance(record, NetworkInterface)
            and record.attachment is not None
            and record.attachment.instance_id in instances
        )
    ]
