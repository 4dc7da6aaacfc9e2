"""Who bears a Name: of several things of one Name those that are still there.

    bearers(ground, "web-1") -> records   told_apart(ground, record) -> "i-0abc Instance, 10.0.0.5"

AWS goes on listing what was terminated or deleted for a while, Name and all, beside what has taken
its place (EC2 User Guide, "Troubleshoot instance termination": "Terminated instance still
displayed").  Must not know what is asked of them.
"""

from __future__ import annotations

from reach.lower import Ground
from reach.snapshot.record import Record
from reach.snapshot.records import Instance, NetworkInterface
from reach.states import word_of

# EC2 API, InstanceState and the State of NAT gateways, endpoints, transit gateways, peerings and
# managed prefix lists: none of them ever comes back from these.
_GONE = frozenset({"terminated", "deleted", "delete-complete"})


def bearers(ground: Ground, name: str) -> tuple[Record, ...]:
    """The records of a Name, without what is gone where something else has it as well."""
    found = ground.index.tags.records("Name", name)
    return tuple(each for each in found if not _is_gone(ground, each)) or found


def told_apart(ground: Ground, record: Record) -> str:
    """One of several, with what tells it from the others."""
    parts = [f"{ground.id_of(record).partition(' ')[0]} {type(record).__name__}"]
    if isinstance(record, Instance | NetworkInterface) and record.private_ip_address:
        parts.append(record.private_ip_address)
    if _word(record) in _GONE:
        parts.append(_word(record))
    return ", ".join(parts)


def _is_gone(ground: Ground, record: Record) -> bool:
    """Whether AWS says so, and shows nothing that speaks against it."""
    if isinstance(record, Instance) and ground.index.interfaces_by_instance.get(record.instance_id):
        return False
    return _word(record) in _GONE


def _word(record: Record) -> str:
    """The word of a record's state or status, however its call prints it."""
    state = getattr(record, "state", None) or getattr(record, "status", None)
    return word_of(state).lower()
