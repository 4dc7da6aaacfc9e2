"""Elastic IPs that move, take each other's place, or come and go while they are on nothing.

    ELASTIC[kind](snapshot, rng) -> what is put in and what is taken out, or None

Each is one change as somebody makes it in one call: all records that say so afterwards differ.
Must not know how anything is measured.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from bench.gateways import Change

_ON_NOTHING = {
    "association_id": None,
    "network_interface_id": None,
    "private_ip_address": None,
    "instance_id": None,
}


def _on(snapshot: Any, rng: random.Random) -> tuple[Any, Any, Any] | None:
    """An Elastic IP, with the interface and the instance that have it."""
    from reach.snapshot.records import Address, Instance, NetworkInterface

    every = [each for each in snapshot.records(Address) if each.instance_id]
    if not every:
        return None
    one = rng.choice(every)
    host = snapshot.get(NetworkInterface, one.network_interface_id or "")
    instance = snapshot.get(Instance, one.instance_id)
    return None if host is None or instance is None else (one, host, instance)


def led(host: Any, private: str, other: Any) -> Any:
    """An interface of which a private address has another public one, or none."""
    from msgspec.structs import replace

    every = tuple(
        replace(each, association=other) if each.private_ip_address == private else each
        for each in host.private_ip_addresses
    )
    own = other if private == host.private_ip_address else host.association
    return replace(host, private_ip_addresses=every, association=own)


def shown(address: Any) -> Any:
    """An Elastic IP as an interface shows it."""
    from reach.snapshot.interface_records import InterfaceAssociation

    return InterfaceAssociation(public_ip=address.public_ip, allocation_id=address.allocation_id)


def _moved(snapshot: Any, rng: random.Random) -> Change | None:
    """An Elastic IP that is put on another instance at once: on one of the same VPC that has none,
    or in the place of that one's own, which is on nothing then."""
    from msgspec.structs import replace

    from reach.snapshot.records import Address, Instance, NetworkInterface

    found = _on(snapshot, rng)
    if found is None:
        return None
    one, host, instance = found
    beside = [
        each
        for each in snapshot.records(NetworkInterface)
        if each.vpc_id == host.vpc_id and each is not host and not each.requester_managed
    ]
    if not beside:
        return None
    other = rng.choice(beside)
    whose = other.attachment.instance_id if other.attachment else None
    theirs = snapshot.get(Instance, whose or "")
    if theirs is None or theirs.instance_id == instance.instance_id:
        return None
    named = other.network_interface_id
    had = [each for each in snapshot.records(Address) if each.network_interface_id == named]
    if other.association and not had:
        return None
    put = (
        led(host, one.private_ip_address, None),
        led(other, other.private_ip_address, shown(one)),
        replace(instance, public_ip_address=None),
        replace(theirs, public_ip_address=one.public_ip),
        replace(
            one,
            network_interface_id=named,
            private_ip_address=other.private_ip_address,
            instance_id=theirs.instance_id,
        ),
        *(
            replace(each, **_ON_NOTHING)
            for each in had
            if each.private_ip_address == other.private_ip_address
        ),
    )
    return put, ()


def _another(snapshot: Any, rng: random.Random) -> Change | None:
    """An instance whose Elastic IP is another one now; the one that it had is on nothing, or
    released."""
    from msgspec.structs import replace

    from reach.snapshot.records import Address

    found = _on(snapshot, rng)
    if found is None:
        return None
    one, host, instance = found
    idle = [e for e in snapshot.records(Address) if not e.network_interface_id and e.public_ip]
    if idle and rng.random() < 0.5:
        other = rng.choice(idle)
    else:
        other = _new(one, rng)
    put = replace(
        other,
        association_id="eipassoc-2",
        network_interface_id=one.network_interface_id,
        private_ip_address=one.private_ip_address,
        instance_id=one.instance_id,
    )
    records = (
        led(host, one.private_ip_address, shown(other)),
        replace(instance, public_ip_address=other.public_ip),
        put,
    )
    if rng.random() < 0.5:
        return (*records, replace(one, **_ON_NOTHING)), ()
    return records, (one,)


def _new(like: Any, rng: random.Random) -> Any:
    from msgspec.structs import replace

    public = f"3.{rng.randrange(4, 250)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
    name = f"eipalloc-{rng.getrandbits(68):017x}"
    return replace(like, **_ON_NOTHING, public_ip=public, allocation_id=name, tags=())


def _allocated(snapshot: Any, rng: random.Random) -> Change | None:
    """One more, on nothing."""
    from reach.snapshot.records import Address

    every = snapshot.records(Address)
    return ((_new(rng.choice(every), rng),), ()) if every else None


def _released(snapshot: Any, rng: random.Random) -> Change | None:
    """One less, that was on nothing."""
    from reach.snapshot.records import Address

    idle = [each for each in snapshot.records(Address) if not each.network_interface_id]
    return ((), (rng.choice(idle),)) if idle else None


ELASTIC: Mapping[str, Callable[[Any, random.Random], Change | None]] = {
    "Elastic IP moved": _moved,
    "another Elastic IP": _another,
    "Elastic IP allocated": _allocated,
    "Elastic IP released": _released,
}
