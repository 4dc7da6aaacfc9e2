"""What is attached to core networks, and whether an attachment passes packets on.

    attached(lowering) -> id -> attachment      of_vpc(lowering, network, VPC) -> attachment
    carries(lowering, attachment) -> what stands in the way, as stages
    standing(state) -> 2 where it works, 1 where it may, 0 where it does not

The core network and the attachment have to work (R-CWAN-1).  What an attachment that is changing
passes on is not documented; address translation by an attachment (NatGatewaySupport) is not
modelled.  Who looks one attachment up is made of that one (``Lowering.table``).  Must not know
where a packet comes from or goes.
"""

from __future__ import annotations

from collections.abc import Mapping

from reach.component import Lowering
from reach.network.stage import Origin, Stage, Unmodelled, unknown_filter
from reach.snapshot.core_network_records import (
    CoreAttachment,
    CoreNetwork,
    CoreNetworkDetails,
    core_attachments,
)
from reach.states import CORE_ATTACHMENT, CORE_NETWORK, may_work, refused

WORKS = ("AVAILABLE", "")
# network-manager/latest/cloudwan/cloudwan-create-attachment does not say what these pass on.
_DOUBTFUL = ("UPDATING", "PENDING_NETWORK_UPDATE", "PENDING_TAG_ACCEPTANCE")


def standing(state: str) -> int:
    return 2 if state in WORKS else int(may_work(state, CORE_ATTACHMENT))


def attached(lowering: Lowering) -> Mapping[str, CoreAttachment]:
    """Every attachment of every core network, by id."""
    return lowering.table("core attachments", _attached)


def of_vpc(lowering: Lowering, core_network_id: str, vpc_id: str) -> CoreAttachment | None:
    """The attachment of a VPC; one that works before one that is gone."""
    return lowering.table("core attachments of VPCs", _of_vpcs).get(f"{core_network_id} {vpc_id}")


def tell(lowering: Lowering) -> None:
    """Work all tables out."""
    attached(lowering)
    of_vpc(lowering, "", "")


def _attached(lowering: Lowering) -> Mapping[str, CoreAttachment]:
    return core_attachments(lowering.snapshot)


def _of_vpcs(lowering: Lowering) -> Mapping[str, CoreAttachment]:
    ordered = sorted(attached(lowering).values(), key=lambda each: standing(each.about.state))
    vpcs = [each for each in ordered if each.about.attachment_type == "VPC"]
    return {f"{each.core_network_id} {each.resource_id}": each for each in vpcs}


def carries(lowering: Lowering, attachment: CoreAttachment) -> tuple[Stage, ...]:
    """R-CWAN-1."""
    core_network_id, state = attachment.core_network_id, attachment.about.state
    whole = lowering.snapshot.get(CoreNetwork, core_network_id)
    detail = lowering.snapshot.get(CoreNetworkDetails, core_network_id)
    for said in (whole.state if whole else "", detail.core_network.state if detail else ""):
        if said not in ("AVAILABLE", "UPDATING", ""):
            origin = Origin(core_network_id, f"is {said}", "state", "BAD_STATE")
            return (refused(said, CORE_NETWORK, origin),)
    if state in _DOUBTFUL:
        words = f"is {state}; whether it passes packets on meanwhile is not documented"
        return (unknown_filter(Origin(attachment.id, words)),)
    if state not in WORKS:
        origin = Origin(attachment.id, f"is {state}", "state", "BAD_STATE_ATTACHMENT")
        return (refused(state, CORE_ATTACHMENT, origin),)
    if attachment.translates:
        words = "translates addresses (NatGatewaySupport), which is not modelled"
        return (Unmodelled(Origin(attachment.id, words, code="UNSUPPORTED_COMPONENT")),)
    return ()
