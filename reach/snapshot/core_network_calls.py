"""How a core network is asked for its detail: policy, attachments, and its routes edge by edge.

Gives calls to the components of core networks.  Must not know what their answers mean.

AWS: networkmanager/latest/APIReference/API_GetNetworkRoutes: a table is that of a segment, or of a
network function group, at one edge location.
"""

from __future__ import annotations

from reach.snapshot.call import Call, Per

_ID = Per("networkmanager.ListCoreNetworks", {"CoreNetworkId": "CoreNetworkId"})
_DETAIL = "networkmanager.GetCoreNetwork"

DETAIL = Call(_DETAIL, hold="CoreNetwork", per=(_ID,))
POLICY = Call(
    "networkmanager.GetCoreNetworkPolicy",
    hold="CoreNetworkPolicy",
    given=({"Alias": "LIVE"},),
    per=(_ID,),
)
VPC_ATTACHMENT = Call(
    "networkmanager.GetVpcAttachment",
    hold="VpcAttachment",
    per=(
        Per(
            "networkmanager.ListAttachments",
            {"AttachmentId": "AttachmentId"},
            only=("AttachmentType", "VPC"),
        ),
    ),
)


def _tables(member: str, name: str, parts: str) -> Per:
    """The tables of the segments, or of the function groups, of a core network."""
    table = f"RouteTableIdentifier.{member}"
    return Per(
        _DETAIL,
        {
            "GlobalNetworkId": "CoreNetwork.GlobalNetworkId",
            f"{table}.CoreNetworkId": "CoreNetwork.CoreNetworkId",
            f"{table}.{name}": f"CoreNetwork.{parts}[].Name",
            f"{table}.EdgeLocation": f"CoreNetwork.{parts}[].EdgeLocations[]",
        },
    )


ROUTES = Call(
    "networkmanager.GetNetworkRoutes",
    hold="NetworkRoutes",
    per=(
        _tables("CoreNetworkSegmentEdge", "SegmentName", "Segments"),
        _tables(
            "CoreNetworkNetworkFunctionGroup", "NetworkFunctionGroupName", "NetworkFunctionGroups"
        ),
    ),
)
