"""The interfaces that what carries a tag stands for.

    tagged(index, "Stage", "prod") -> interfaces

An interface stands for itself; an instance, a subnet and a VPC for all of theirs.  Where interfaces
are very many none is made a record.  Must not know what is asked of them.
"""

from __future__ import annotations

from functools import partial

from reach.snapshot.crowd import Crowd
from reach.snapshot.index import Index, Interfaces
from reach.snapshot.records import Instance, NetworkInterface, Subnet, Vpc


def tagged(index: Index, key: str, value: str) -> Interfaces:
    """Each once, in the order of ids; none where nothing of these kinds carries the tag."""
    ids = partial(index.tags.ids, key=key, value=value)
    by_place = [
        *(index.interfaces_by_subnet.get(each, ()) for each in ids(Subnet)),
        *(index.interfaces_by_vpc.get(each, ()) for each in ids(Vpc)),
    ]
    if index.roll:
        others = [each.rows for each in by_place if isinstance(each, Crowd)]
        return index.roll.joined(ids(NetworkInterface), ids(Instance), others)
    own = [index.snapshot.get(NetworkInterface, each) for each in ids(NetworkInterface)]
    by_instance = (index.interfaces_by_instance.get(each, ()) for each in ids(Instance))
    every = (each for some in (own, *by_instance, *by_place) for each in some)
    found = {each.network_interface_id: each for each in every if each}
    return tuple(found[each] for each in sorted(found))
