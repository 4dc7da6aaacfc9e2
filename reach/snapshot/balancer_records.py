"""Load balancers and accelerators as the describe and list calls print them.

Only the fields that something reads; ids are required, a default means "not printed".  Per-parent
answers stand under their parent's id.  Takes nothing, gives types.  Must not know what a field does
to a packet: that is for the components.
"""

from __future__ import annotations

import msgspec

from reach.snapshot.record import UNPRINTED, Id, Part, Port, Record

# Application, Network and Gateway Load Balancers (R-LB-1)


class LoadBalancerState(Part, frozen=True):
    code: str = ""


class LoadBalancerZone(Part, frozen=True):
    zone_name: str | None = None
    subnet_id: str | None = None


class LoadBalancer(Record, frozen=True):
    load_balancer_arn: Id
    load_balancer_name: str = ""
    type: str = ""
    scheme: str | None = None
    vpc_id: str | None = None
    state: LoadBalancerState = LoadBalancerState()
    availability_zones: tuple[LoadBalancerZone, ...] = UNPRINTED
    dns_name: str | None = msgspec.field(default=None, name="DNSName")
    enforce_security_group_inbound_rules_on_private_link_traffic: str | None = None

    @property
    def name(self) -> str:
        return self.load_balancer_name


# Listeners and their rules (R-LB-3)


class WeightedTargetGroup(Part, frozen=True):
    target_group_arn: str | None = None
    weight: int | None = None


class ForwardConfig(Part, frozen=True):
    target_groups: tuple[WeightedTargetGroup, ...] = ()


class AuthenticateConfig(Part, frozen=True):
    on_unauthenticated_request: str | None = None


class Action(Part, frozen=True):
    type: str = ""
    order: int | None = None
    target_group_arn: str | None = None
    forward_config: ForwardConfig | None = None
    authenticate_oidc_config: AuthenticateConfig | None = None
    authenticate_cognito_config: AuthenticateConfig | None = None


class PortRange(Part, frozen=True):
    from_port: Port | None = None
    to_port: Port | None = None


class BalancerListener(Part, frozen=True):
    listener_arn: Id
    load_balancer_arn: str | None = None
    port: Port | None = None
    protocol: str | None = None
    default_actions: tuple[Action, ...] = UNPRINTED


class LoadBalancerListeners(Record, frozen=True):
    """One describe-listeners answer under its balancer's ARN."""

    load_balancer_arn: Id
    listeners: tuple[BalancerListener, ...] = UNPRINTED
    next_marker: str | None = None


class Listener(Record, frozen=True):
    """What stands under ``Listeners``: of a balancer, or of an accelerator (with port ranges)."""

    listener_arn: Id
    load_balancer_arn: str | None = None
    port: Port | None = None
    protocol: str | None = None
    default_actions: tuple[Action, ...] = ()
    port_ranges: tuple[PortRange, ...] = ()


class AcceleratorListener(Listener, frozen=True):
    """An accelerator's, kept apart: as ``Listeners`` it would pass for the balancers' call."""


class ConditionValues(Part, frozen=True):
    values: tuple[str, ...] = ()


class Condition(Part, frozen=True):
    field: str = ""
    values: tuple[str, ...] = ()
    host_header_config: ConditionValues | None = None
    path_pattern_config: ConditionValues | None = None
    source_ip_config: ConditionValues | None = None


class BalancerRule(Part, frozen=True):
    rule_arn: Id
    priority: str = ""
    is_default: bool = False
    conditions: tuple[Condition, ...] = UNPRINTED
    actions: tuple[Action, ...] = UNPRINTED


class Rule(Record, frozen=True):
    """A rule as describe-rules prints it; its ARN tells its listener."""

    rule_arn: Id
    priority: str = ""
    is_default: bool = False
    conditions: tuple[Condition, ...] = UNPRINTED
    actions: tuple[Action, ...] = UNPRINTED


class ListenerRules(Record, frozen=True):
    """One describe-rules answer under its listener's ARN."""

    listener_arn: Id
    rules: tuple[BalancerRule, ...] = UNPRINTED
    next_marker: str | None = None


# Target groups and what is registered in them (R-LB-4 to R-LB-6)


class TargetGroup(Record, frozen=True):
    target_group_arn: Id
    target_group_name: str = ""
    protocol: str | None = None
    port: Port | None = None
    vpc_id: str | None = None
    target_type: str = "instance"
    ip_address_type: str | None = None
    load_balancer_arns: tuple[str, ...] = UNPRINTED

    @property
    def name(self) -> str:
        return self.target_group_name


class Attribute(Part, frozen=True):
    key: str = ""
    value: str | None = None


class LoadBalancerAttributes(Record, frozen=True):
    """One describe-load-balancer-attributes answer under its balancer's ARN."""

    load_balancer_arn: Id
    attributes: tuple[Attribute, ...] = UNPRINTED


class TargetGroupAttributes(Record, frozen=True):
    """One describe-target-group-attributes answer under its group's ARN."""

    target_group_arn: Id
    attributes: tuple[Attribute, ...] = UNPRINTED


class TargetDescription(Part, frozen=True):
    id: str
    port: Port | None = None
    availability_zone: str | None = None


class TargetHealth(Part, frozen=True):
    state: str = ""


class TargetHealthDescription(Part, frozen=True):
    target: TargetDescription
    health_check_port: str | None = None
    target_health: TargetHealth = TargetHealth()


class LoadBalancerTargetHealth(Record, frozen=True):
    """One describe-target-health answer under its group's ARN."""

    target_group_arn: Id
    target_health_descriptions: tuple[TargetHealthDescription, ...] = UNPRINTED


# Classic Load Balancers (R-CLB-1)


class ClassicListener(Part, frozen=True):
    protocol: str = ""
    load_balancer_port: Port | None = None
    instance_protocol: str | None = None
    instance_port: Port | None = None


class ClassicListenerDescription(Part, frozen=True):
    listener: ClassicListener = ClassicListener()


class ClassicInstance(Part, frozen=True):
    instance_id: str


class ClassicHealthCheck(Part, frozen=True):
    target: str | None = None


class ClassicLoadBalancer(Record, frozen=True):
    """Its name is unique in an account and Region only, hence ``key``."""

    load_balancer_name: Id
    dns_name: str | None = msgspec.field(default=None, name="DNSName")
    vpc_id: str | None = msgspec.field(default=None, name="VPCId")
    scheme: str | None = None
    listener_descriptions: tuple[ClassicListenerDescription, ...] = UNPRINTED
    instances: tuple[ClassicInstance, ...] = UNPRINTED
    subnets: tuple[str, ...] = UNPRINTED
    health_check: ClassicHealthCheck | None = None

    @property
    def key(self) -> str:
        return f"{self.load_balancer_name} {self.vpc_id or ''}".strip()

    @property
    def name(self) -> str:
        return self.load_balancer_name


class CrossZoneLoadBalancing(Part, frozen=True):
    enabled: bool | None = None


class ClassicAttributes(Part, frozen=True):
    cross_zone_load_balancing: CrossZoneLoadBalancing | None = None


class ClassicLoadBalancerAttributes(Record, frozen=True):
    """One answer of the classic describe-load-balancer-attributes under its balancer's name."""

    load_balancer_name: Id
    load_balancer_attributes: ClassicAttributes = ClassicAttributes()

    @property
    def key(self) -> str:
        """Balancers of several accounts or Regions may share a name."""
        return " ".join(filter(None, (self.load_balancer_name, *self.page.scope)))


# Global Accelerator (R-GA-1)


class IpSet(Part, frozen=True):
    ip_addresses: tuple[str, ...] = UNPRINTED


class Accelerator(Record, frozen=True):
    accelerator_arn: Id
    accelerator_name: str = msgspec.field(default="", name="Name")
    enabled: bool = True
    status: str = ""
    ip_sets: tuple[IpSet, ...] = UNPRINTED
    dns_name: str | None = None
    dual_stack_dns_name: str | None = None

    @property
    def name(self) -> str:
        return self.accelerator_name


class EndpointDescription(Part, frozen=True):
    endpoint_id: str | None = None
    weight: int | None = None
    health_state: str | None = None
    client_ip_preservation_enabled: bool | None = msgspec.field(
        default=None, name="ClientIPPreservationEnabled"
    )


class PortOverride(Part, frozen=True):
    listener_port: Port | None = None
    endpoint_port: Port | None = None


class AcceleratorEndpointGroup(Record, frozen=True):
    endpoint_group_arn: Id
    endpoint_group_region: str = ""
    endpoint_descriptions: tuple[EndpointDescription, ...] = UNPRINTED
    traffic_dial_percentage: float | None = None
    port_overrides: tuple[PortOverride, ...] = ()
