"""The text of an end of a question -> who that is.

    source(ground, text), destination(ground, text) -> End

Reads addresses, CIDRs, ids, ARNs, Names, tags, ``internet``, ``any``, ``public`` and ``private``.
An ambiguous name lists its candidates, an unknown one the nearest; what only a missing call could
tell is a gap, not an error.  Must not know the rest of the question, nor the engines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from reach.bearers import bearers, told_apart
from reach.component import End
from reach.errors import QuestionError
from reach.gaps import (
    behind_a_peering,
    elastic_on_unheld,
    held_in_part,
    interfaces_missing,
    missing,
    shared_by_others,
    subnets_missing,
    tags_missing,
    unnamed,
    unseen,
)
from reach.interfaces.blocks import places_in, senders_in, sent_by
from reach.interfaces.claims import elastic
from reach.interfaces.kinds import is_host
from reach.interfaces.tagged import tagged
from reach.lower import Ground
from reach.nearest import MOST, nearest
from reach.network.address import (
    ANY_IPV4,
    ANY_IPV6,
    Prefix,
    format_address,
    is_public,
    parse_address,
)
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import Origin
from reach.routing import overall
from reach.slips import KEYWORDS, hint, otherwise_written
from reach.snapshot.records import (
    Instance,
    NetworkInterface,
    Record,
    SecurityGroup,
)

_FAMILY = {"0.0.0.0/0": ANY_IPV4, "::/0": ANY_IPV6}
_ID = re.compile(r"^(i|[a-z]+(-[a-z]+)*)-[0-9a-f]{8,17}$|^arn:")


def source(ground: Ground, text: str) -> End:
    """An address or block means whoever sends from it.  Raises QuestionError."""
    text = _trimmed(ground, text)
    address = _address(text)
    if address is not None:
        return _sender(ground, address, text)
    prefix = _prefix(text)
    if prefix is not None:
        return _senders(ground, (prefix,), text)
    end = named(ground, text)
    if end.sends is None:
        return end
    found = _senders(ground, tuple(end.sends.cover()), end.words)
    return replace(found, may_send=(*found.may_send, *end.may_send))


def destination(ground: Ground, text: str) -> End:
    """An address or block means packets sent to it, whoever they are delivered to.

    Raises QuestionError.
    """
    text = _trimmed(ground, text)
    address, prefix = _address(text), _prefix(text)
    if address is not None:
        gap = unnamed(ground, address)
        own = Ranges.of(address)
        by = (*_by_services_at(ground, address), *_by_fronts(ground, own))
        return End(text, goals=None, addresses=own, gap=gap, uncertain=gap is not None, passing=by)
    if prefix is not None:
        components = ground.components().values()
        but = tuple(owner for each in components for owner in each.by_address_only)
        inside = Ranges.span(prefix.low, prefix.high)
        by = (*_by_services_in(ground, prefix), *_by_fronts(ground, inside))
        return End(text, goals=None, addresses=inside, but=but, passing=by)
    return named(ground, text)


def _trimmed(ground: Ground, text: str) -> str:
    """Without the blanks around it that come with what is copied, unless a Name has them."""
    bare = text.strip()
    return text if text == bare or ground.index.tags.records("Name", text) else bare


def _by_services_at(ground: Ground, address: int) -> tuple[str, ...]:
    """The node of the service that has an address: what is sent to it is for that to pass on."""
    public = _with_public_address(ground, address)
    owners = ground.index.owner_of_address(address)
    return _nodes_of_services(ground, owners if public is None else (*owners, public[0]))


def _by_services_in(ground: Ground, prefix: Prefix) -> tuple[str, ...]:
    """The nodes of all services that have an address in a block."""
    some = ground.memo("services", lambda: ground.index.interfaces_where(_is_of_service))
    sent = ground.memo("addresses of services", lambda: sent_by(some, elastic(ground)))
    return _nodes_of_services(ground, (some[place] for place in places_in(sent, prefix)))


def _by_fronts(ground: Ground, addresses: Ranges) -> Iterator[str]:
    """The nodes of what has one of these addresses and no interface: an accelerator."""
    return (node for own, node in ground.fronts() if own & addresses)


def _nodes_of_services(ground: Ground, found: Iterable[NetworkInterface]) -> tuple[str, ...]:
    nodes = (ground.interface_node(each) for each in found if _is_of_service(each))
    return tuple(dict.fromkeys(nodes))


def _is_of_service(interface: NetworkInterface) -> bool:
    return not is_host(interface)


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
        public = _with_public_address(ground, address)
        if public is not None:
            owners, own = (public[0],), public[1]
    if not owners:
        owners = tuple(_holders(ground, address))
    if len(owners) > 1:
        shown = [f"{o.network_interface_id} in {o.vpc_id}" for o in owners]
        raise QuestionError(f"{text} is the address of several interfaces; name one:", shown)
    if owners:
        return ground.hosts(owners, text, Ranges.of(own))
    gap = unnamed(ground, address) or held_in_part(ground, address)
    gap = gap or elastic_on_unheld(ground, address)
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
    return End(text, nobody=nobody(text, "is nobody's address"), gap=gap)


def _shared_or_unseen(ground: Ground, addresses: Ranges) -> Origin | None:
    """Where private addresses that nothing names may be, as far as the snapshot shows it."""
    return shared_by_others(ground, addresses) or unseen(ground, addresses)


def _with_public_address(ground: Ground, address: int) -> tuple[NetworkInterface, int] | None:
    """The interface that a public address stands for, and the private address behind it (R-ENI-3),
    as it says itself, or as describe-addresses does."""
    known = ground.index.interface_of_public_address(address)
    if known is not None or not is_public(address):
        return known

    def make() -> dict[int, tuple[NetworkInterface, int]]:
        found: dict[int, tuple[NetworkInterface, int]] = {}
        for interface_id, pairs in elastic(ground).items():
            interface = ground.snapshot.get(NetworkInterface, interface_id)
            if interface is not None:
                found.update((public, (interface, private)) for private, public in pairs)
        return found

    return ground.memo("interfaces with an Elastic IP", make).get(address)


def _holders(ground: Ground, address: int) -> Iterator[NetworkInterface]:
    """The interfaces to which an address of a pool is routed (R-IGW-9)."""
    pools = overall.pools(ground)
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


def _senders(ground: Ground, blocks: Sequence[Prefix], text: str) -> End:
    """The interfaces whose address lies in a block, and the outside hosts that may have one."""
    inside = Ranges.prefixes(blocks)
    members, own = senders_in(ground, blocks)
    ends = ground.hosts(members, text, own)
    beyond = (_known(ground, name, text) for name in ("internet", "on-premises"))
    outside = [_narrowed(each, inside, text) for each in (*beyond, *ground.outside())]
    starts = (start for each in outside for start in each.starts)
    open_gaps = (each.gap for each in ground.outside() if each.gap is not None)
    gap = interfaces_missing(ground) or next(open_gaps, None)
    if gap is None and not all(is_public(block.low) for block in blocks):
        gap = _shared_or_unseen(ground, inside)
    return replace(ends, starts=(*ends.starts, *starts), gap=gap, sender="")


def _narrowed(end: End, addresses: Ranges, words: str) -> End:
    """An end restricted to some of the addresses it sends from."""
    only = HeaderSpace.where(source=addresses)
    starts = [replace(start, space=start.space & only) for start in end.starts]
    kept = tuple(start for start in starts if not start.space.is_empty)
    return replace(end, words=words, starts=kept, addresses=addresses)


def named(ground: Ground, text: str) -> End:
    """What is called by other than an address, as either end.  Raises QuestionError."""
    if text in _FAMILY:
        family = _FAMILY[text]
        return _of_family(_known(ground, "internet", text), Ranges.span(family.low, family.high))
    if text == "any":
        return ground.memo("any interface", lambda: _any(ground))
    if text.startswith("tag:"):
        return ground.own(f"end {text}", lambda: _tagged(ground, text))
    return _known(ground, text, text)


def look_up(ground: Ground, texts: Iterable[str]) -> None:
    """Find out who carries tags that ends are called by: very many are read for it, and it is kept.

    What is wrong with one is told when it is asked for.
    """
    for text in texts:
        if text.startswith("tag:"):
            with suppress(QuestionError):
                named(ground, text)


def _any(ground: Ground) -> End:
    ends = ground.hosts(ground.index.but_gone, "any interface")
    return replace(ends, gap=interfaces_missing(ground), sender="")


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
    interfaces = tagged(ground.index, key, value)
    gap = tags_missing(ground)
    if not interfaces and gap is None:
        words = f"nothing in the snapshot that sends or receives has the tag {key}={value}"
        raise nothing(words, [f"tag:{k}={v}" for k, v in _tags_like(ground, key, value)])
    return replace(ground.hosts(interfaces, text), gap=gap, sender="")


def _tags_like(ground: Ground, key: str, value: str) -> Iterator[tuple[str, str]]:
    """Tags that differ in the case of letters alone, of what sends or receives."""
    for each in otherwise_written(key, value):
        if tagged(ground.index, *each):
            yield each


def _known(ground: Ground, text: str, words: str) -> End:
    """A keyword, an id, an ARN or a Name."""
    if text in ("internet", "on-premises", "public", "private"):
        end = ground.end(text)
        assert end is not None
        if text in ("internet", "on-premises"):
            return end
        unsure = subnets_missing(ground)
        gap = unsure or end.gap or interfaces_missing(ground)
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
            near = nearest(text, alike, 0.5) or sorted(alike)[:MOST]
            raise nothing(f"{text} is not in the snapshot", near)
        held = any(each.partition(" ")[0] == resource for each in ground.ids())
        words = (
            "is no end of a question: no packet starts or ends there"
            if held
            else "is of a kind that is not modelled yet"
        )
        return End(text, gap=Origin(resource, words, code="UNSUPPORTED_COMPONENT"))
    own = (c.reads[0] for c in ground.components().values() if f"{kind}-" in c.ends and c.reads)
    words = f"whether there is {resource} is not known"
    gap = missing(ground, own, words) or interfaces_missing(ground)
    if gap is not None:
        return End(text, gap=gap)
    ids = {i.partition(" ")[0] for i in ground.ids()}
    known = sorted(i for i in ids if i.rpartition("-")[0] == kind)
    near = nearest(resource, known, 0.5) or known[:MOST]
    raise nothing(f"{text} is not in the snapshot", near)


def nothing(words: str, near: Sequence[str]) -> QuestionError:
    """That there is nothing of the kind, and what is nearest to it, if anything is."""
    return QuestionError(f"{words}; the nearest are:" if near else words, near)


def _kind_of_arn(text: str) -> tuple[str, ...]:
    """The service of an ARN and the type of what it names: ``("lambda", "function")``."""
    parts = text.split(":", 5)
    if len(parts) < 6:
        return ()
    return parts[2], re.split("[:/]", parts[5])[0]


def _by_name(ground: Ground, text: str) -> End:
    found = [record for record in bearers(ground, text) if _is_end(ground, record)]
    found = _without_parts(ground, found)
    own = ground.own_names.get(text, ())
    # A load balancer and its group often share a name: what sends and receives is meant.
    hosts = [record for record in found if not isinstance(record, SecurityGroup)]
    found = hosts if hosts or own else found
    # A thing that shows more than once, like the ends of a peering, has its id first in each key.
    things = {ground.id_of(record).partition(" ")[0]: record for record in found}
    if len(things) > 1:
        shown = [told_apart(ground, record) for record in things.values()]
        raise QuestionError(f"{text!r} is the Name of several things; name one by its id:", shown)
    ids = tuple(dict.fromkeys((*things, *own)))
    if len(ids) > 1:
        raise QuestionError(f"{text!r} is the name of several things; name one by its id:", ids)
    if ids:
        end = ground.end(ids[0])
        if end is None:
            raise QuestionError(
                f"{text!r} is the name of {ids[0]!r}, which is no id of anything that is known"
            )
        return replace(end, words=ids[0] if text in ids[0] else f"{ids[0]} {text}")
    others = sorted(told_apart(ground, record) for record in bearers(ground, text))
    if others:
        words = f"{text!r} is the Name of what is no end of a question: no packet starts or ends at"
        raise QuestionError(words, others)
    gap = interfaces_missing(ground)
    if gap is not None:
        return End(text, gap=gap)
    said = hint(text)
    names = {*ground.index.tags.values("Name"), *ground.own_names, *(() if said else KEYWORDS)}
    small = text.lower()  # as AWS has ids, and takes no others
    held = _ID.match(small) and any(i.partition(" ")[0] == small for i in ground.ids())
    near = [small] if held else nearest(text, names, 0.8 if said else 0.4)
    raise nothing(f"nothing in the snapshot is called {text!r}{'' if near else said}", near)


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


def nobody(resource: str, words: str) -> Origin:
    """Why there is no such end."""
    return Origin(resource, words, code="NO_SOURCE_OR_DESTINATION")
