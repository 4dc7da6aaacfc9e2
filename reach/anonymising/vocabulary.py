"""Which fields hold AWS's own words, and which words are AWS's wherever they stand.

Tables, and nothing else.  A field that is not listed is somebody's: what it holds is renamed.  So
a field that is forgotten here costs an answer (which the tests notice), never a name.
"""

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Fields of states, kinds, protocols, places and the like, by their names in the records.
AWS_FIELDS = _set(
    """
    action address_family alias appliance_mode_support association_state association_sync_state
    attachment_state attachment_type auto_provision_zones auto_scaling_ips availability_mode
    availability_zone availability_zone_id availability_zone_ids availability_zones aws_region
    bgp_peer_state bgp_status cache_node_id code connectivity_type creation_time
    direct_connect_gateway_state direction edge_location endpoint_group_region
    enforce_security_group_inbound_rules_on_private_link_traffic enforcement_mode
    exclusions_allowed field flags generated_rules_type health_check_port health_state
    http_endpoint http_protocol_ipv6 instance_protocol interface_type
    internet_gateway_block_mode internet_gateway_exclusion_mode ip_address_type ip_protocol
    ip_source ipv6_address_attribute ipv6_support keyword last_status masks mode
    nat_gateway_support on_unauthenticated_request origin parent_zone_id
    parent_zone_name peering_status port_ranges principal_type priority protocol region
    resource_type route_installation_status route_status rule_action rule_order scheme
    security_group_referencing_support service_region service_state state status sync_states
    target_type target_types traffic_ip_address_type transit_gateway_attachment_status
    tunnel_inside_ip_version type version virtual_interface_state virtual_interface_type
    vpc_endpoint_state vpc_endpoint_type vpn_ecmp_support zone_id zone_name zone_type
    """
)
# Fields whose text is a language about packets (of Network Firewall's rules).
RULES = _set("rules_string source destination source_port destination_port definition settings")
# Words that are AWS's own in any field.
AWS_WORDS = _set(
    """
    local aws AWS amazon amazon-aws amazon-elb self any default Name true false LIVE root
    AWSNetworkFirewallManaged HOME_NET EXTERNAL_NET $LATEST
    """
)
AWS_BEGINNINGS = ("aws:", "com.amazonaws.", "eks:")
# What stands before the digits of an id.
ID_KINDS = _set(
    """
    acl aclassoc ami attachment cagw cgw coip-pool connect-peer core-network cvpn-assoc
    cvpn-endpoint dopt dxgw-assoc dxvif eice eigw eipalloc eipassoc ela-attach eni eni-attach
    fl ga gagroup global-network i igw ipv4pool-coip ipv4pool-ec2 lag lgw lgw-rtb lgw-vif
    lgw-vif-grp lgw-vpc-assoc listener nat op pcx peering pl r rcfg rgw rs rse rsp rtb rtbassoc
    rule sg sgr sn snra snsa snva subnet subnet-cidr-assoc svc tg tgw tgw-attach
    tgw-connect-peer tgw-ptb tgw-rtb vgw vol vpc vpc-cidr-assoc vpcbpa-exclude vpce vpce-con
    vpce-svc vpce-svc-perm vpcec vpn
    """
)
# What a resource is called in its ARN.
ARN_WORDS = _set(
    """
    accelerator attachment carrier-gateway client-vpn-endpoint cluster coip-pool connect-peer
    core-network customer-gateway db db-proxy dx-gateway elastic-ip endpoint-group firewall
    firewall-policy function global-network instance instance-connect-endpoint internet-gateway
    listener listener-rule loadbalancer local-gateway local-gateway-route-table natgateway
    network-acl network-interface odb-network outpost peering prefix-list proxy
    replicationgroup resourceconfiguration resourcegateway role root route-table rule
    security-group service servicenetwork servicenetworkresourceassociation
    servicenetworkserviceassociation servicenetworkvpcassociation stateful-rulegroup
    stateless-rulegroup subgrp subnet target-group targetgroup task tls-configuration
    transit-gateway transit-gateway-attachment transit-gateway-route-table user vpc
    vpc-endpoint vpc-endpoint-association vpc-endpoint-service vpc-peering-connection
    vpn-connection vpn-gateway
    """
)
BALANCERS = ("loadbalancer", "listener", "listener-rule")
BALANCER_KINDS = ("app", "net", "gwy")
# Members of a core network's policy that hold AWS's own words
# (https://docs.aws.amazon.com/network-manager/latest/cloudwan/cloudwan-policies-json.html).
POLICY_WORDS = _set(
    """
    action association-method asn asn-ranges condition-logic edge-locations edge-sets location
    mode operator type use-edge use-edge-location version
    """
)
# How AWS begins the description of an interface of its own (R-ENI-9), and what it names then.
NAMING = ("Amazon EKS ", "Network interface for DBProxy ", "ElastiCache ", "ElastiCache+")
TELLING = (
    "ClientVPN Endpoint resource",
    "EFS mount target",
    "Interface for NAT Gateway",
    "RDSNetworkInterface",
)
