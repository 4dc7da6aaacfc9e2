"""What a snapshot may hide, that stands against "no packet comes to it".

    hidden_from_group(...)      hidden_from_subnets(...) -> Origin, ...

A call that was not made, an account that was not asked, a service whose packets are not modelled:
each leaves a line open that would be dead without it.  Must not know the engines or rendering.

Implements: R-SHARE-3 R-SHARE-4
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from reach.cards.senders import everybody, of_interfaces
from reach.gaps import missing, shared_by_others, unseen
from reach.lower import Ground
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import Origin
from reach.snapshot.lattice import Lattice
from reach.snapshot.lattice_records import LatticeTargetGroup
from reach.snapshot.records import (
    NetworkAcl,
    NetworkInterface,
    Record,
    RouteTable,
    SecurityGroup,
    Subnet,
)


def hidden_members(ground: Ground, group: SecurityGroup) -> tuple[Origin, ...]:
    """What may hide that somebody is in a group."""
    return (*everybody(ground).gaps, *_untold(ground, (group,)))


def hidden_from_group(
    ground: Ground,
    group: SecurityGroup,
    members: Sequence[NetworkInterface],
    direction: str,
    spaces: Sequence[HeaderSpace],
) -> tuple[Origin, ...]:
    """What may hide a packet that comes to a rule of a group."""
    untold = tuple(_untold(ground, (group,)))
    if direction == "outbound":
        return (*of_interfaces(ground, members).gaps, *untold)
    senders = everybody(ground)
    if all("identity" in space.by_name for space in spaces):
        return (*senders.gaps, *untold)
    sources = _all(spaces, "source")
    return (*senders.gaps, *untold, *senders.beyond, *_elsewhere(ground, sources))


def hidden_from_subnets(
    ground: Ground, record: NetworkAcl | RouteTable, subnets: Sequence[str], peers: Ranges
) -> tuple[Origin, ...]:
    """What may hide a packet between ``peers`` and subnets, or that a subnet uses a thing."""
    senders = everybody(ground)
    words = "which subnets use it is not fully known"
    unlisted = missing(ground, (Subnet, type(record)), words)
    known = [each for name in subnets if (each := ground.snapshot.get(Subnet, name)) is not None]
    return (
        *(() if unlisted is None else (unlisted,)),
        *_untold(ground, (record, *known)),
        *senders.gaps,
        *senders.beyond,
        *_elsewhere(ground, peers),
    )


def _all(spaces: Sequence[HeaderSpace], name: str) -> Ranges:
    ends = (space.by_name[name] for space in spaces if name in space.by_name)
    return Ranges.any_of(ends)


def _untold(ground: Ground, records: Sequence[Record]) -> Iterator[Origin]:
    """R-SHARE-3: a participant is not shown all that an owner is."""
    for record in records:
        if not all(
            ground.index.told_by_owner(kind, record) for kind in (NetworkInterface, type(record))
        ):
            owner = getattr(record, "owner_id", "")
            words = f"is owned by {owner}, whose calls are not in the snapshot"
            yield Origin(ground.id_of(record), words)


def _elsewhere(ground: Ground, addresses: Ranges) -> Iterator[Origin]:
    """Hosts that may have these addresses where the snapshot shows none."""
    unknown = shared_by_others(ground, addresses) or unseen(ground, addresses)
    if unknown is not None:
        yield unknown
    # Lattice checks the health of its targets from addresses of its own, in whatever VPC.
    if ground.snapshot.records(LatticeTargetGroup):
        lattice = ground.memo("lattice for cards", partial(Lattice, ground.snapshot, ground.index))
        if addresses.overlaps(lattice.addresses):
            yield Origin("VPC Lattice", "its health checks of targets are not modelled")
