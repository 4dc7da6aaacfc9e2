"""Private networks that may lie behind a guest: what route tables send to an interface for them.

    behind(lowering, interface_id) -> Ranges        who_leads_to(lowering, addresses) -> id or ''

Who routes a private block to an interface whose check is off does so for a reason: a software VPN,
a network of containers.  Nothing that AWS says tells what is there (R-ENI-6).  A block that holds
public addresses too, such as a default route's, tells nothing of the kind, and the VPCs' own blocks
are elsewhere.  Must not know how a packet is passed on.
"""

from __future__ import annotations

from collections.abc import Mapping

from reach.component import Lowering
from reach.network.address import RFC1918, RFC6598, Prefix
from reach.network.header_space import Ranges
from reach.routing.ranking import LISTED, STATIC, candidates_of
from reach.snapshot.index import vpc_blocks
from reach.snapshot.records import NetworkInterface, RouteTable, Vpc

_PRIVATE = (*RFC1918, *RFC6598, Prefix.parse("fc00::/7"))
_FIELDS = ("network_interface_id", "instance_id")
_NOTHING = Ranges(())


def behind(lowering: Lowering, interface_id: str) -> Ranges:
    """What may lie behind the guest of an interface."""
    return _by_interface(lowering).get(interface_id, _NOTHING)


def who_leads_to(lowering: Lowering, addresses: Ranges) -> str:
    """An interface behind whose guest some addresses may be."""
    found = (each for each, blocks in _by_interface(lowering).items() if blocks & addresses)
    return next(found, "")


def _by_interface(lowering: Lowering) -> Mapping[str, Ranges]:
    return lowering.memo("behind guests", lambda: _make(lowering))


def _make(lowering: Lowering) -> Mapping[str, Ranges]:
    found: dict[str, Ranges] = {}
    for table in lowering.snapshot.records(RouteTable):
        for each in candidates_of(lowering, table):
            private = any(block.covers(each.prefix) for block in _PRIVATE)
            if each.field in _FIELDS and each.kind in (STATIC, LISTED) and private:
                for name in _interfaces(lowering, each.target):
                    blocks = Ranges.prefixes((each.prefix,))
                    found[name] = found.get(name, _NOTHING) | blocks
    if not found:
        return {}
    known = (block for vpc in lowering.snapshot.records(Vpc) for block in vpc_blocks(vpc))
    vpcs = Ranges.prefixes(map(Prefix.parse, known))
    return {name: blocks - vpcs for name, blocks in sorted(found.items()) if blocks - vpcs}


def _interfaces(lowering: Lowering, target: str) -> tuple[str, ...]:
    """The interface that a route names, or those of the instance; with the check on there is none
    behind it (R-ENI-4)."""
    own = lowering.snapshot.get(NetworkInterface, target)
    named = (own,) if own else lowering.index.interfaces_by_instance.get(target, ())
    return tuple(each.network_interface_id for each in named if not each.source_dest_check)
