"""Network Firewall as its describe calls print it: firewalls, policies, rule groups, associations.

Each call answers for one thing, so a record is a whole answer.  Only the fields that something
reads; a default means "not printed".  Takes nothing, gives types.  Must not know what a field does
to a packet: that is for the component.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from reach.snapshot.record import UNPRINTED, Id, Part, Record

# Firewalls and where their endpoints are (R-NFW-1)


class FirewallAttachment(Part, frozen=True):
    """An endpoint in a zone."""

    subnet_id: str | None = None
    endpoint_id: str | None = None
    status: str = ""


class ZoneState(Part, frozen=True):
    attachment: FirewallAttachment | None = None


class TransitAttachmentState(Part, frozen=True):
    attachment_id: str | None = None
    transit_gateway_attachment_status: str = ""


class FirewallStatus(Part, frozen=True):
    status: str = ""
    sync_states: Mapping[str, ZoneState] = {}
    transit_gateway_attachment_sync_state: TransitAttachmentState | None = None


class InternetGatewayFirewall(Part, frozen=True):
    enforcement_mode: str | None = None


class ProxySettings(Part, frozen=True):
    domain_name: str | None = None


class FirewallDescription(Part, frozen=True):
    firewall_arn: Id
    firewall_name: str = ""
    firewall_policy_arn: str | None = None
    vpc_id: str | None = None
    transit_gateway_id: str | None = None
    igw_firewall_configuration: InternetGatewayFirewall | None = None
    proxy_settings: ProxySettings | None = None


class Firewall(Record, frozen=True):
    """One describe-firewall answer."""

    firewall: FirewallDescription
    firewall_status: FirewallStatus = FirewallStatus()

    @property
    def firewall_arn(self) -> str:
        return self.firewall.firewall_arn

    @property
    def name(self) -> str:
        return self.firewall.firewall_name


class EndpointAssociation(Part, frozen=True):
    vpc_endpoint_association_arn: Id
    firewall_arn: str = ""
    vpc_id: str | None = None


class EndpointAssociationStatus(Part, frozen=True):
    status: str = ""
    association_sync_state: Mapping[str, ZoneState] = {}


class FirewallEndpointAssociation(Record, frozen=True):
    """One describe-vpc-endpoint-association answer: an endpoint of a firewall in another VPC."""

    vpc_endpoint_association: EndpointAssociation
    vpc_endpoint_association_status: EndpointAssociationStatus = EndpointAssociationStatus()

    @property
    def association_arn(self) -> str:
        return self.vpc_endpoint_association.vpc_endpoint_association_arn


# Policies (R-NFW-3, R-NFW-7, R-NFW-14)


class IpSet(Part, frozen=True):
    definition: tuple[str, ...] = ()


class PortSet(Part, frozen=True):
    definition: tuple[str, ...] = ()


class PolicyVariables(Part, frozen=True):
    rule_variables: Mapping[str, IpSet] = {}


class StatefulEngineOptions(Part, frozen=True):
    rule_order: str | None = None


class StatelessReference(Part, frozen=True):
    resource_arn: str
    priority: int | None = None


class RuleGroupOverride(Part, frozen=True):
    action: str | None = None


class StatefulReference(Part, frozen=True):
    resource_arn: str
    priority: int | None = None
    override: RuleGroupOverride | None = None


class ResolvedAddressValidation(Part, frozen=True):
    action: str | None = None


class PolicyHead(Part, frozen=True):
    firewall_policy_arn: Id
    firewall_policy_name: str = ""


class PolicyBody(Part, frozen=True):
    stateless_rule_group_references: tuple[StatelessReference, ...] = ()
    stateless_default_actions: tuple[str, ...] = UNPRINTED
    stateful_rule_group_references: tuple[StatefulReference, ...] = ()
    stateful_default_actions: tuple[str, ...] = ()
    stateful_engine_options: StatefulEngineOptions | None = None
    policy_variables: PolicyVariables | None = None
    tls_inspection_configuration_arn: str | None = msgspec.field(
        default=None, name="TLSInspectionConfigurationArn"
    )
    route53_resolved_ip_validation: ResolvedAddressValidation | None = msgspec.field(
        default=None, name="Route53ResolvedIPValidation"
    )


class FirewallPolicy(Record, frozen=True):
    """One describe-firewall-policy answer."""

    firewall_policy_response: PolicyHead
    firewall_policy: PolicyBody = PolicyBody()

    @property
    def policy_arn(self) -> str:
        return self.firewall_policy_response.firewall_policy_arn

    @property
    def name(self) -> str:
        return self.firewall_policy_response.firewall_policy_name


# Rule groups (R-NFW-4, R-NFW-9, R-NFW-10)


class AddressDefinition(Part, frozen=True):
    address_definition: str = ""


class FirewallPorts(Part, frozen=True):
    from_port: int
    to_port: int


class TcpFlags(Part, frozen=True):
    flags: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()


class MatchAttributes(Part, frozen=True):
    sources: tuple[AddressDefinition, ...] = ()
    destinations: tuple[AddressDefinition, ...] = ()
    source_ports: tuple[FirewallPorts, ...] = ()
    destination_ports: tuple[FirewallPorts, ...] = ()
    protocols: tuple[int, ...] = ()
    tcp_flags: tuple[TcpFlags, ...] = msgspec.field(default=(), name="TCPFlags")


class StatelessDefinition(Part, frozen=True):
    match_attributes: MatchAttributes | None = None
    actions: tuple[str, ...] = UNPRINTED


class StatelessRule(Part, frozen=True):
    rule_definition: StatelessDefinition = StatelessDefinition()
    priority: int | None = None


class StatelessRules(Part, frozen=True):
    stateless_rules: tuple[StatelessRule, ...] = UNPRINTED


class RuleHeader(Part, frozen=True):
    protocol: str = ""
    source: str = ""
    source_port: str = ""
    direction: str = ""
    destination: str = ""
    destination_port: str = ""


class RuleOption(Part, frozen=True):
    keyword: str = ""
    settings: tuple[str, ...] = ()


class StatefulRule(Part, frozen=True):
    action: str = ""
    header: RuleHeader = RuleHeader()
    rule_options: tuple[RuleOption, ...] = ()


class DomainList(Part, frozen=True):
    targets: tuple[str, ...] = ()
    target_types: tuple[str, ...] = ()
    generated_rules_type: str = ""


class RulesSource(Part, frozen=True):
    rules_string: str | None = None
    rules_source_list: DomainList | None = None
    stateful_rules: tuple[StatefulRule, ...] | None = None
    stateless_rules_and_custom_actions: StatelessRules | None = None

    @property
    def says_stateful(self) -> bool:
        """Whether it prints stateful rules, in one of the three ways, were it none."""
        given = (self.rules_string, self.rules_source_list, self.stateful_rules)
        return any(each is not None for each in given)


class RuleVariables(Part, frozen=True):
    ip_sets: Mapping[str, IpSet] = msgspec.field(default_factory=dict, name="IPSets")
    port_sets: Mapping[str, PortSet] = {}


class AddressReference(Part, frozen=True):
    reference_arn: str = ""


class ReferenceSets(Part, frozen=True):
    ip_set_references: Mapping[str, AddressReference] = msgspec.field(
        default_factory=dict, name="IPSetReferences"
    )


class GroupRules(Part, frozen=True):
    rules_source: RulesSource = RulesSource()
    rule_variables: RuleVariables | None = None
    reference_sets: ReferenceSets | None = None


class GroupHead(Part, frozen=True):
    rule_group_arn: Id
    rule_group_name: str = ""
    type: str = ""


class RuleGroup(Record, frozen=True):
    """One describe-rule-group answer; a group of another kind than these has no ``rule_group``."""

    rule_group_response: GroupHead
    rule_group: GroupRules | None = None

    @property
    def group_arn(self) -> str:
        return self.rule_group_response.rule_group_arn

    @property
    def name(self) -> str:
        return self.rule_group_response.rule_group_name
