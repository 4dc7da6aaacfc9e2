"""How Network Firewall is asked: from the firewalls to the policies and rule groups they use.

What is in use is followed by ARN, so that policies and groups of another account, or of AWS, come
as well, and those that nothing uses do not.  Gives calls to the component.  Must not know what
their answers mean.
"""

from __future__ import annotations

from reach.snapshot.call import Call, Per

_FIREWALLS = Call("network-firewall.ListFirewalls", take="Firewalls")
_ASSOCIATIONS = Call("network-firewall.ListVpcEndpointAssociations", take="VpcEndpointAssociations")
_POLICY = "network-firewall.DescribeFirewallPolicy"

ENDPOINT_ASSOCIATION = Call(
    "network-firewall.DescribeVpcEndpointAssociation",
    hold="VpcEndpointAssociation",
    per=(Per(_ASSOCIATIONS, {"VpcEndpointAssociationArn": "VpcEndpointAssociationArn"}),),
)
FIREWALL = Call(
    "network-firewall.DescribeFirewall",
    hold="Firewall",
    per=(
        Per(_FIREWALLS, {"FirewallArn": "FirewallArn"}),
        Per(ENDPOINT_ASSOCIATION.operation, {"FirewallArn": "VpcEndpointAssociation.FirewallArn"}),
    ),
)
FIREWALL_POLICY = Call(
    _POLICY,
    hold="FirewallPolicyResponse",
    per=(Per(FIREWALL.operation, {"FirewallPolicyArn": "Firewall.FirewallPolicyArn"}),),
)
RULE_GROUP = Call(
    "network-firewall.DescribeRuleGroup",
    hold="RuleGroupResponse",
    per=tuple(
        Per(_POLICY, {"RuleGroupArn": f"FirewallPolicy.{references}[].ResourceArn"})
        for references in ("StatelessRuleGroupReferences", "StatefulRuleGroupReferences")
    ),
)
