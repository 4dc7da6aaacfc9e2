"""Security groups that come or go, by themselves or with who wears them.

    GROUPS[kind](snapshot, rng) -> what is put in and what is taken out, or None

Each is one change as somebody makes it: a new group has the rules of another one of its VPC, and
often one of that VPC names it then.  Must not know how anything is measured.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from bench.gateways import Change
from bench.services import balancer, endpoint


def new_group(snapshot: Any, like: str, rng: random.Random) -> tuple[Any, ...] | None:
    """A group with the rules of another one; perhaps with a group that names it now."""
    from msgspec.structs import replace

    from reach.snapshot.records import IpPermission, SecurityGroup, UserIdGroupPair

    known = snapshot.get(SecurityGroup, like)
    if known is None or not known.vpc_id:
        return None
    name = f"sg-{rng.getrandbits(68):017x}"
    group = replace(known, group_id=name, group_name=f"like {known.group_name}")
    if rng.random() < 0.5:
        return (group,)
    beside = [e for e in snapshot.records(SecurityGroup) if e.vpc_id == known.vpc_id]
    other = rng.choice(beside)
    pair = UserIdGroupPair(group_id=name)
    rule = IpPermission(ip_protocol="tcp", from_port=22, to_port=22, user_id_group_pairs=(pair,))
    return group, with_rule(other, rule, rng)


def with_rule(group: Any, rule: Any, rng: random.Random) -> Any:
    """A group with one rule more, in or out."""
    from msgspec.structs import replace

    way = rng.choice(("ip_permissions", "ip_permissions_egress"))
    return replace(group, **{way: (*getattr(group, way), rule)})


def worn_anew(snapshot: Any, wearers: tuple[Any, ...], rng: random.Random) -> Any:
    """Interfaces with a new group in the place of one that they wear, or with it besides; and what
    is new."""
    from msgspec.structs import replace

    from reach.snapshot.interface_records import GroupIdentifier

    own = wearers[0].groups
    if not own:
        return None
    old = rng.choice(own)
    made = new_group(snapshot, old.group_id, rng)
    if made is None:
        return None
    more = GroupIdentifier(group_id=made[0].group_id, group_name=made[0].group_name)
    kept = own if rng.random() < 0.3 else tuple(each for each in own if each is not old)
    return (*(replace(each, groups=(*kept, more)) for each in wearers), *made)


def _more(snapshot: Any, rng: random.Random) -> Change | None:
    """A group more that nobody wears."""
    from reach.snapshot.records import SecurityGroup

    like = rng.choice(snapshot.records(SecurityGroup))
    made = new_group(snapshot, like.group_id, rng)
    return None if made is None else (made, ())


def _less(snapshot: Any, rng: random.Random) -> Change | None:
    """A group less that nobody wears; rules that name it stay."""
    from reach.snapshot.records import SecurityGroup

    wearers = _wearers(snapshot)
    idle = [e for e in snapshot.records(SecurityGroup) if e.group_id not in wearers]
    return ((), (rng.choice(idle),)) if idle else None


def _wearers(snapshot: Any) -> dict[str, list[Any]]:
    from reach.snapshot.records import NetworkInterface

    found: dict[str, list[Any]] = {}
    for each in snapshot.records(NetworkInterface):
        for group in each.groups:
            found.setdefault(group.group_id, []).append(each)
    return found


def _put_on(snapshot: Any, rng: random.Random) -> Change | None:
    """An interface of an instance that puts on a new group."""
    from reach.snapshot.records import NetworkInterface

    host = rng.choice(snapshot.records(NetworkInterface))
    if host.requester_managed or not host.attachment or not host.attachment.instance_id:
        return None
    put = worn_anew(snapshot, (host,), rng)
    return None if put is None else (put, ())


def _taken_off(snapshot: Any, rng: random.Random) -> Change | None:
    """An interface of an instance that takes off the group that it alone wears, which goes; it puts
    on one of another interface beside it, or keeps its others."""
    from msgspec.structs import replace

    from reach.snapshot.records import NetworkInterface, SecurityGroup

    wearers = _wearers(snapshot)
    alone = [
        (name, each)
        for name, (each, *others) in wearers.items()
        if not others and not each.requester_managed and each.attachment
        if each.attachment.instance_id and snapshot.get(SecurityGroup, name) is not None
    ]
    if not alone:
        return None
    name, host = rng.choice(alone)
    kept = tuple(each for each in host.groups if each.group_id != name)
    beside = [e for e in snapshot.records(NetworkInterface) if e.vpc_id == host.vpc_id]
    other = [g for e in beside for g in e.groups if g.group_id != name and g not in kept]
    if not kept:
        if not other:
            return None
        kept = (rng.choice(other),)
    return (replace(host, groups=kept),), (snapshot.get(SecurityGroup, name),)


def _put_on_a_service(snapshot: Any, rng: random.Random) -> Change | None:
    """The interfaces of a load balancer or an endpoint that put on a new group."""
    found = balancer(snapshot, rng) if rng.random() < 0.5 else endpoint(snapshot, rng)
    if found is None or not found[1]:
        return None
    _, own = found
    put = worn_anew(snapshot, own, rng)
    return None if put is None else (put, ())


GROUPS: Mapping[str, Callable[[Any, random.Random], Change | None]] = {
    "group more": _more,
    "group less": _less,
    "new group put on": _put_on,
    "new group of a service": _put_on_a_service,
    "group taken off and deleted": _taken_off,
}
