"""What usually causes an explanation code, and what to look at and change.

Gives :data:`ADVICE` by code: two short texts.  What a code means and the rules of AWS's behaviour
that it stands for are the catalogue's; nothing here says more of AWS than those rules do.  It is a
table: must not know how an answer is found, nor how it is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Advice(NamedTuple):
    """``cause``: what is usually behind it.  ``change``: what to look at, and what to change."""

    cause: str
    change: str


_STATE = "The state of the thing that is named, in its describe call"
_ASKED = "Only what was asked for is in the way: the question, not the network."
_BALANCER = "The listeners and target groups of the balancer"
_ROUTES = "The routes of the table, most specific first (reach explain rtb-... shows who wins)"
_TGW = "The table's routes (aws ec2 search-transit-gateway-routes)"
_GROUPS = "The rules of the groups that are named (reach explain sg-... shows what each can do)"

ADVICE: Mapping[str, Advice] = {
    "BAD_STATE": Advice(
        "Something was stopped, deleted, never accepted, or is still being made.",
        f"{_STATE}; start, attach or accept it, or point the route elsewhere.",
    ),
    "BAD_STATE_ATTACHMENT": Advice(
        "A gateway that was detached, or an attachment that waits to be accepted or failed.",
        f"{_STATE}; attach or accept it again.",
    ),
    "BAD_STATE_ROUTE": Advice(
        "The target of the route was deleted and the route was left behind.",
        f"{_ROUTES}; replace the route's target, or delete the route so that another one serves.",
    ),
    "BAD_STATE_VPN": Advice(
        "The customer gateway device is off, or negotiation fails.",
        "The tunnels' status (aws ec2 describe-vpn-connections, VgwTelemetry), then the device.",
    ),
    "CANNOT_ROUTE": Advice(
        "A route is there, but for another destination or of a kind that does not serve this.",
        f"{_ROUTES}; widen its destination or add one for this.",
    ),
    "COMPONENT_FILTER_RESTRICTION": Advice(
        _ASKED, "Leave out --through, or route the packet by that thing."
    ),
    "COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT": Advice(
        _ASKED, "Leave out --avoid, or give the packet another way."
    ),
    "DISCONNECTED_VPCS": Advice(
        "No peering, transit gateway, endpoint or other line was ever made between them.",
        "What joins the VPCs (reach explain vpc-... lists it); peer or attach both, then route.",
    ),
    "ELBV2_LISTENERS_MISMATCH": Advice(
        "The client uses another port or protocol than the balancer listens on.",
        f"{_BALANCER}; add a listener, or use the port of one.",
    ),
    "ELBV2_LISTENER_HAS_NO_TG": Advice(
        "The target group is empty: registration failed, or a service was scaled to nothing.",
        f"{_BALANCER}; register targets.",
    ),
    "ELBV2_LISTENER_PORT_RESTRICTION": Advice(
        "The client uses another port than the listener's.",
        f"{_BALANCER}; use the listener's port, or add a listener.",
    ),
    "ELBV2_LISTENER_REQUIRES_TG_ACCEPT": Advice(
        "No target group behind the listener has a target that takes new flows.",
        f"{_BALANCER}, with their targets' health.",
    ),
    "ELBV2_NO_TARGETS_IN_AZ": Advice(
        "Targets stand in some zones only, and cross-zone load balancing is off.",
        "The targets' zones and the attribute load_balancing.cross_zone.enabled; register a "
        "target in the zone, or turn it on.",
    ),
    "ELBV2_SOURCE_ADDRESS_PRESERVATION": Advice(
        "A target talks to itself by the balancer, or the client's address has no way back.",
        "The attribute preserve_client_ip.enabled of the target group; turn it off.",
    ),
    "ELB_ACL_RESTRICTION": Advice(
        "The ACL of the balancer's subnet was written for clients, not for what the balancer "
        "sends to its targets.",
        "The ACL's outbound entries (reach explain acl-...); allow the target's port.",
    ),
    "ELB_INSTALLED_AZ_RESTRICTION": Advice(
        "An instance was registered in a zone that the balancer was never enabled for.",
        "The balancer's zones; enable the target's.",
    ),
    "ELB_LISTENERS_MISMATCH": Advice(
        "The client uses another port or protocol than the balancer listens on.",
        "The balancer's listeners; add one, or use the port of one.",
    ),
    "ELB_LISTENER_PORT_RESTRICTION": Advice(
        "The client uses another port than the listener's.",
        "The balancer's listeners; use the listener's port, or add one.",
    ),
    "ELB_NOT_CROSSZONE": Advice(
        "The target's zone has no node of the balancer that serves it, and nothing crosses zones.",
        "The attribute CrossZoneLoadBalancing; turn it on, or register a target in the zone.",
    ),
    "ENI_ADDRESS_RESTRICTION": Advice(
        "The guest uses an address that its interface does not have.",
        "The interface's addresses; assign the address to it.",
    ),
    "ENI_SG_RULES_MISMATCH": Advice(
        "A port, protocol or source that no rule names; a rule that names a group, where the "
        "packet comes by a public address; or an outbound rule that was forgotten.",
        f"{_GROUPS}; add a rule for this packet in the direction that is told.",
    ),
    "ENI_SOURCE_DEST_CHECK_RESTRICTION": Advice(
        "A host that is to forward (a NAT instance, a firewall) still has the check on.",
        "The interface's SourceDestCheck; turn it off for a host that forwards.",
    ),
    "FIREWALL_RULES_RESTRICTION": Advice(
        "A drop rule, or a default action that drops what no rule passes.",
        "The firewall policy with its rule groups in their order; add a pass rule before it.",
    ),
    "GATEWAY_REJECTS_SPOOFED_TRAFFIC": Advice(
        "The packet comes from a network or a middlebox that the gateway does not serve.",
        "The route that leads such packets to the gateway; translate the source, or route by "
        "another gateway.",
    ),
    "GWLB_DESTINATION_PORT_RESTRICTION": Advice(
        "The appliance is addressed on another port than GENEVE's.",
        "The target group's port, and the groups of the appliances: udp 6081.",
    ),
    "GWLB_PROTOCOL_RESTRICTION": Advice(
        "The appliance is addressed by another protocol than UDP.",
        "The target group's protocol, and the groups of the appliances: udp 6081.",
    ),
    "HIGHER_PRIORITY_ROUTE": Advice(
        "A static route covers up a propagated one of the same prefix.",
        f"{_ROUTES}; delete the better route, or make the wanted one more specific.",
    ),
    "IGW_DESTINATION_ADDRESS_IN_VPC_CIDRS": Advice(
        "A packet from outside is addressed to what the VPC does not have.",
        "The address that is used: it has to be a public one of an interface of the VPC.",
    ),
    "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS": Advice(
        "The default route to the internet takes packets for a private network that should go by "
        "a peering, a transit gateway or a VPN.",
        f"{_ROUTES}; add a route for the private block.",
    ),
    "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS": Advice(
        "The default route to the internet takes packets for 100.64.0.0/10.",
        f"{_ROUTES}; add a route for that block.",
    ),
    "IGW_EXPECTS_PUBLIC_ADDRESS": Advice(_ASKED, "Name a public address at the gateway."),
    "IGW_NAT_REFLECTION": Advice(
        "Two things of the same network speak by their public addresses.",
        "The name or address that the client uses; use the private one.",
    ),
    "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS": Advice(
        "The interface has no public address, or another one is used.",
        "The interface's association; give it a public address, or put a balancer before it.",
    ),
    "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS": Advice(
        "An instance without a public address in a subnet whose default route is an internet "
        "gateway.",
        "The interface's association; give it a public address, or route by a NAT gateway.",
    ),
    "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS": Advice(
        "A private host is asked about as if it came in from the internet.",
        "The way that such a host takes: a VPN, Direct Connect, a peering.",
    ),
    "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS": Advice(
        "A host of 100.64.0.0/10 is asked about as if it came in from the internet.",
        "The way that such a host takes.",
    ),
    "INGRESS_RTB_NO_PUBLIC_IP": Advice(
        "An appliance that inbound traffic is redirected to has no public address.",
        "The interface that the edge route table names; give it a public address.",
    ),
    "INGRESS_RTB_TRAFFIC_REDIRECTION": Advice(
        "Inbound traffic is redirected by an appliance, but the subnet's own default route goes "
        "straight to the gateway.",
        "The subnet's table; route to the same appliance or endpoint as the edge table does.",
    ),
    "MORE_SPECIFIC_ROUTE": Advice(
        "A longer prefix takes the packet elsewhere.",
        f"{_ROUTES}; delete or correct the longer one.",
    ),
    "NGW_DEST_ADDRESS_PRESERVATION": Advice(
        "The NAT gateway's own address is used as a destination.",
        "The address that the client uses: the server's own.",
    ),
    "NGW_REQUIRES_SOURCE_IN_VPC": Advice(
        "Packets of another VPC are routed to this NAT gateway by a peering.",
        "The routes over the peering; use a NAT gateway of the sender's VPC, or a transit gateway.",
    ),
    "NGW_SOURCE_ADDRESS_REASSIGN": Advice(
        "A reply, or a connection from outside, is expected to come in by a NAT gateway.",
        "The way from outside: a balancer or a public address; NAT gateways only lead out.",
    ),
    "NO_PATH": Advice(
        "Something on the way does not serve this packet; the text of the explanation says what.",
        "The thing that is named, and the text.",
    ),
    "NO_POSSIBLE_DESTINATION": Advice(
        "An address that nobody has: a server that is gone, or a mistyped address.",
        "Who has the address, and what the client is told to use; correct it.",
    ),
    "NO_ROUTE_TO_DESTINATION": Advice(
        "A subnet that is in the main table by mistake, or a route that was never made, often the "
        "one back.",
        f"{_ROUTES} and which table the subnet uses; add the route.",
    ),
    "NO_SOURCE_OR_DESTINATION": Advice(
        "An id, a name or an address that nothing in the snapshot has, or has any more.",
        "What was asked; capture the account and Region that hold it.",
    ),
    "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR": Advice(
        "A peering is used as a way through to a third network.",
        "The routes to the peering; join the networks by a transit gateway, or peer them.",
    ),
    "PROTOCOL_RESTRICTION": Advice(
        "A protocol that the thing does not carry.",
        "The protocol, and the way: another gateway may carry it.",
    ),
    "REGIONAL_NGW_ROUTE_AZ_RESTRICTION": Advice(
        "The regional NAT gateway has no address in the sender's zone.",
        "The gateway's zones; add the zone to it.",
    ),
    "REMAP_EPHEMERAL_PORT": Advice(
        "An ACL or a server expects a source port under 1024 behind a NAT gateway.",
        "The entries for ephemeral ports; allow 1024-65535.",
    ),
    "SG_HAS_NO_RULES": Advice(
        "A group that was made and never filled, or whose outbound rules were all removed.",
        f"{_GROUPS}; add a rule in the direction that is told.",
    ),
    "SG_REFERENCES_NOT_PRESERVED": Advice(
        "A rule names a group, and a balancer, a NAT gateway or an appliance stands between.",
        f"{_GROUPS}; inbound, name the addresses of what stands between, or its group; outbound, "
        "name the destination's addresses.",
    ),
    "SG_REFERENCING_SUPPORT": Advice(
        "Group references are off at the transit gateway, or at its attachment.",
        "The option SecurityGroupReferencingSupport of both; turn it on, or name a CIDR.",
    ),
    "SUBNET_ACL_RESTRICTION": Advice(
        "A deny entry before the allow entry, or ephemeral ports that are shut for replies.",
        "The entries in their order (reach explain acl-... shows what each can do); allow the "
        "packet, and 1024-65535 for replies.",
    ),
    "TARGET_ADDRESS_RESTRICTION": Advice(
        "The host is not registered as a target.", f"{_BALANCER}; register it."
    ),
    "TARGET_PORT_RESTRICTION": Advice(
        "The target is registered with another port.", f"{_BALANCER}; register the wanted port."
    ),
    "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION": Advice(
        "Default association is off, and nobody associated a table.",
        "The attachment's association; associate a route table.",
    ),
    "TGW_ATTACH_VPC_AZ_RESTRICTION": Advice(
        "The ACL of the attachment's subnet in that zone denies it.",
        "The ACLs of the attachment's subnets (reach explain acl-...).",
    ),
    "TGW_BAD_STATE_VPN": Advice(
        "The customer gateway device is off, or negotiation fails.",
        "The tunnels' status (aws ec2 describe-vpn-connections, VgwTelemetry), then the device.",
    ),
    "TGW_ROUTE_AZ_RESTRICTION": Advice(
        "The VPC's attachment was made in some zones only.",
        "The attachment's subnets; add one in the sender's zone.",
    ),
    "TGW_RTB_BAD_STATE_ROUTE": Advice(
        "A blackhole that was set on purpose, or an attachment that is gone.",
        f"{_TGW}; replace or delete the route.",
    ),
    "TGW_RTB_CANNOT_ROUTE": Advice(
        "The attachment has a route in the table, but for other destinations.",
        f"{_TGW}; add one for this destination, or propagate it.",
    ),
    "TGW_RTB_HIGHER_PRIORITY_ROUTE": Advice(
        "A static route covers up a propagated one of the same prefix.",
        f"{_TGW}; delete the better one, or make the wanted one more specific.",
    ),
    "TGW_RTB_MORE_SPECIFIC_ROUTE": Advice(
        "A longer prefix takes the packet to another attachment.",
        f"{_TGW}; delete or correct the longer one.",
    ),
    "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT": Advice(
        "The far attachment is not propagated to the table of the near one.",
        f"{_TGW}; propagate the attachment, or add a static route.",
    ),
    "TGW_RTB_ROUTES_ARE_UNKNOWN": Advice(
        "The owner of the transit gateway was not asked, or the answer was cut short.",
        "Collect the table's routes in the owner's account.",
    ),
    "UNASSOCIATED_COMPONENT": Advice(
        "An address or a thing that is attached to nothing.", f"{_STATE}; attach it."
    ),
    "UNKNOWN_DESTINATION": Advice(
        "The route leads to a thing that the snapshot does not hold.",
        "Collect the call that lists it, in its owner's account.",
    ),
    "UNKNOWN_PEERED_SGS": Advice(
        "A rule names a group of a peered VPC whose account was not captured.",
        "Collect the other account, or name a CIDR.",
    ),
    "UNKNOWN_RESOURCE": Advice(
        "A call is missing, or an account was not captured.",
        "What reach show lists as lacking; collect it.",
    ),
    "UNSUPPORTED_COMPONENT": Advice(
        "The way leads to a thing that is not modelled.",
        "reach components tells what is; assume it with --assume reachable|unreachable ID.",
    ),
    "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS": Advice(
        "The packet that is sent over the line comes from no interface of the gateway's VPC.",
        "The routes that lead it there; use a transit gateway to go on from another VPC.",
    ),
    "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS": Advice(
        "The network on-premises sends to an address that no interface of the VPC has.",
        "The address that is used, and the routes on-premises.",
    ),
    "VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION": Advice(
        "An answer by a gateway endpoint from an address that is not its service's.",
        "The service's prefix list.",
    ),
    "VPCE_GATEWAY_PROTOCOL_RESTRICTION": Advice(
        "Another protocol than TCP towards a service with a gateway endpoint.",
        "The protocol; ask for TCP.",
    ),
    "VPCE_INTRA_VPC_TRAFFIC": Advice(
        "An endpoint is asked about as a source.",
        "The direction: clients open connections to an endpoint.",
    ),
    "VPCE_SERVICE_NOT_INSTALLED_IN_AZ": Advice(
        "The provider's balancer does not serve the zone of the endpoint.",
        "The service's zones; have it add the zone, or put the endpoint into another subnet.",
    ),
    "VPC_BLOCK_PUBLIC_ACCESS_ENABLED": Advice(
        "The account blocks public access in this Region.",
        "aws ec2 describe-vpc-block-public-access-options; exclude the subnet or the VPC.",
    ),
    "VPC_LOCAL_ROUTE_CIDR_RESTRICTION": Advice(
        "A table that nobody gave a way out.",
        f"{_ROUTES}; add a route to a gateway.",
    ),
    **{
        f"FILTER_AT_{end}_{part}": Advice(_ASKED, "Ask for less, or for what is sent there.")
        for end in ("SOURCE", "DESTINATION")
        for part in (
            "SOURCE_ADDRESS",
            "DESTINATION_ADDRESS",
            "SOURCE_PORT_RANGE",
            "DESTINATION_PORT_RANGE",
            "PROTOCOL",
        )
    },
}
