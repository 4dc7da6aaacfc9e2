"""What AWS says in any case, and in which words where it says one of a few.

    WORDS[section][path] -> words
    ALWAYS[section] -> paths of what AWS always prints, and what is not known where it is not there

Of a word that the enumerations of its API do not list nobody knows what it means: AWS has added it,
or a hand has put it there.  Here are the fields of which only a remark when loading tells that;
where a component doubts a word that it does not know as it meets it, its field is not listed.  Must
not know what a word means.
"""

from __future__ import annotations

from collections.abc import Mapping

Words = frozenset[str]


def _words(text: str) -> Words:
    return frozenset(text.lower().split())


_MADE_AND_GONE = "pending available deleting deleted"
_ATTACHMENT = _words(
    f"{_MADE_AND_GONE} initiating initiatingRequest pendingAcceptance rollingBack modifying failed "
    "rejected rejecting failing"
)
_ATTACHED = _words(
    "vpc vpn vpn-concentrator direct-connect-gateway connect peering tgw-peering network-function "
    "client-vpn"
)
_BLOCK = _words("associating associated disassociating disassociated failing failed")
_ASSOCIATION = _words("associating associated disassociating disassociated")
_SWITCH = _words("enable disable")
_LATTICE = "ACTIVE CREATE_IN_PROGRESS DELETE_IN_PROGRESS CREATE_FAILED DELETE_FAILED"
_LATTICE_UPDATED = _words(f"{_LATTICE} UPDATE_IN_PROGRESS UPDATE_FAILED")
_MODE = _words("off block-bidirectional block-ingress")
_IPV6_BLOCKS = {
    "ipv6_cidr_block_association_set[].ipv6_cidr_block_state.state": _BLOCK,
    "ipv6_cidr_block_association_set[].ip_source": _words("amazon byoip none"),
    "ipv6_cidr_block_association_set[].ipv6_address_attribute": _words("public private"),
    "block_public_access_states.internet_gateway_block_mode": _MODE,
}
_FAMILY = _words("ipv4 ipv6")

WORDS: Mapping[str, Mapping[str, Words]] = {
    "Attachments": {
        "attachment_type": _words(
            "CONNECT SITE_TO_SITE_VPN VPC DIRECT_CONNECT_GATEWAY TRANSIT_GATEWAY_ROUTE_TABLE"
        ),
    },
    "ByoipCidrs": {
        "state": _words(
            "advertised deprovisioned failed-deprovision failed-provision pending-advertising "
            "pending-deprovision pending-provision pending-withdrawal provisioned "
            "provisioned-not-publicly-advertisable"
        )
    },
    "InstanceConnectEndpoints": {
        "state": _words(
            "create-in-progress create-complete create-failed delete-in-progress delete-complete "
            "delete-failed update-in-progress update-complete update-failed"
        )
    },
    "LatticeTargetGroups": {"type": _words("IP LAMBDA INSTANCE ALB")},
    "LoadBalancers": {"type": _words("application network gateway")},
    "LocalGatewayRouteTables": {"mode": _words("direct-vpc-routing coip")},
    "LocalGatewayRoutes": {
        "routes[].state": _words("pending active blackhole deleting deleted"),
        "routes[].type": _words("static propagated"),
    },
    "NatGateways": {
        "connectivity_type": _words("private public"),
        "availability_mode": _words("zonal regional"),
    },
    "ResourceConfigurations": {
        "status": _LATTICE_UPDATED,
        "type": _words("GROUP CHILD SINGLE ARN CIDR"),
    },
    "ResourceGateways": {"status": _LATTICE_UPDATED},
    "RouteTables": {
        "associations[].association_state.state": _ASSOCIATION | {"failed"},
    },
    "SecurityGroupVpcAssociations": {
        "state": _ASSOCIATION | {"association-failed", "disassociation-failed"}
    },
    "ServiceNetworkResourceAssociations": {"status": _words(f"{_LATTICE} PARTIAL")},
    "ServiceNetworkServiceAssociations": {"status": _words(_LATTICE)},
    "ServiceNetworkVpcAssociations": {"status": _LATTICE_UPDATED},
    "Subnets": _IPV6_BLOCKS,
    "TargetGroups": {"ip_address_type": _FAMILY},
    "TransitGatewayAttachments": {
        "state": _ATTACHMENT,
        "resource_type": _ATTACHED,
        "association.state": _ASSOCIATION,
    },
    "TransitGatewayConnectPeers": {
        "state": _words(_MADE_AND_GONE),
        "connect_peer_configuration.bgp_configurations[].bgp_status": _words("up down"),
    },
    "TransitGatewayConnects": {"state": _ATTACHMENT},
    "TransitGatewayPropagations": {
        "transit_gateway_route_table_propagations[].state": _words(
            "enabling enabled disabling disabled"
        )
    },
    "TransitGatewayRouteTableAssociations": {"associations[].state": _ASSOCIATION},
    "TransitGatewayVpcAttachments": {
        "state": _ATTACHMENT,
        "options.ipv6_support": _SWITCH,
        "options.appliance_mode_support": _SWITCH,
        "options.security_group_referencing_support": _SWITCH,
    },
    "TransitGateways": {
        "options.vpn_ecmp_support": _SWITCH,
        "options.security_group_referencing_support": _SWITCH,
    },
    "VpcBlockPublicAccessExclusions": {
        "internet_gateway_exclusion_mode": _words("allow-bidirectional allow-egress"),
        "state": _words(
            "create-in-progress create-complete create-failed update-in-progress update-complete "
            "update-failed delete-in-progress delete-complete disable-in-progress disable-complete"
        ),
    },
    "VpcBlockPublicAccessOptions": {
        "vpc_block_public_access_options.internet_gateway_block_mode": _MODE
    },
    "VpcEndpoints": {
        "vpc_endpoint_type": _words(
            "Interface Gateway GatewayLoadBalancer Resource ServiceNetwork Tunnel"
        )
    },
    "Vpcs": {"cidr_block_association_set[].cidr_block_state.state": _BLOCK, **_IPV6_BLOCKS},
    "VpnConnections": {"routes[].state": _words(_MADE_AND_GONE)},
    "directConnectGatewayAssociations": {
        "association_state": _ASSOCIATION | {"updating"},
        "associated_gateway.type": _words("virtualPrivateGateway transitGateway"),
    },
    "directConnectGatewayAttachments": {
        "attachment_state": _words("attaching attached detaching detached")
    },
    "directConnectGateways": {"direct_connect_gateway_state": _words(_MADE_AND_GONE)},
    "virtualInterfaces": {
        "virtual_interface_state": _words(
            f"{_MADE_AND_GONE} confirming verifying down testing rejected unknown"
        ),
        "address_family": _FAMILY,
        "bgp_peers[].address_family": _FAMILY,
        "bgp_peers[].bgp_status": _words("up down unknown"),
    },
}

# Lists are told apart where they are read (``UNPRINTED``).  Here is what says where a thing is.
ALWAYS: Mapping[str, tuple[str, ...]] = {
    "Attachments": ("attachment_type", "resource_arn"),
    "CarrierGateways": ("vpc_id",),
    "EgressOnlyInternetGateways": ("attachments[].vpc_id",),
    "InternetGateways": ("attachments[].vpc_id",),
    "LatticeListeners": ("service_id",),
    "LoadBalancers": ("vpc_id",),
    "LocalGatewayRouteTableVpcAssociations": ("vpc_id",),
    "NatGateways": ("vpc_id",),
    "NetworkAcls": ("vpc_id",),
    "NetworkInterfaces": ("vpc_id",),
    "RouteTables": ("vpc_id",),
    "ServiceNetworkServiceAssociations": ("service_network_id",),
    "ServiceNetworkVpcAssociations": ("vpc_id",),
    "Subnets": ("vpc_id",),
    "TransitGatewayAttachments": ("resource_id",),
    "TransitGatewayConnectPeers": ("transit_gateway_attachment_id",),
    "TransitGatewayPropagations": (
        "transit_gateway_route_table_propagations[].transit_gateway_attachment_id",
    ),
    "VpcBlockPublicAccessExclusions": ("resource_arn",),
    "VpcEncryptionControls": ("vpc_id",),
    "VpnGateways": ("vpc_attachments[].vpc_id",),
}
