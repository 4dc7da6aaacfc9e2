"""VPCs of which nothing tells by which internet gateway their public addresses are led to.

    behind_others(lowering, vpc_id) -> why, or ''

Takes records; must not know what becomes of such an address.
"""

from __future__ import annotations

from reach.component import Lowering
from reach.interfaces.gateways import named_by
from reach.snapshot.gateway_records import InternetGateway
from reach.snapshot.records import Vpc


def behind_others(lowering: Lowering, vpc_id: str) -> str:
    """Why nothing tells which gateway serves the interfaces of a VPC, if nothing does."""
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if vpc is None:
        return "has this address, and its VPC is not in the snapshot"
    if named_by(lowering, vpc_id):
        return ""
    named = lowering.index.unheld.gateways.get(vpc_id)
    if named is not None:
        return f"has this address, and {named[0]} of its VPC is not in the snapshot"
    if lowering.index.told_by_owner(InternetGateway, vpc):
        return ""
    return f"has this address, and the gateways of {vpc.owner_id} are not in the snapshot"
