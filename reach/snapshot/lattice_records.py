"""VPC Lattice as its get and list calls print it: camelCase, ids without their ARN beside them.

Items of lists that name their parents stand alone; answers that do not (targets) stand under their
parent's id.  Only the fields that something reads; ids are required, a default means "not printed".
Takes nothing, gives types.  Must not know what a field does to a packet.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from reach.snapshot.record import UNPRINTED, Id, Part, Record

PortRange = Annotated[str, msgspec.Meta(pattern=r"^\d{1,5}(-\d{1,5})?$")]


class LatticePart(Part, rename="camel", frozen=True):
    """A JSON object inside a record of VPC Lattice."""


class LatticeRecord(Record, rename="camel", kw_only=True, frozen=True):
    """An object of VPC Lattice; its name is its own, not a tag."""


# Resource gateways and configurations (R-RES-1 to R-RES-3)


class ResourceGateway(LatticeRecord, frozen=True):
    id: Id
    arn: str = ""
    name: str = ""
    status: str = ""
    vpc_id: str = ""
    subnet_ids: tuple[str, ...] = UNPRINTED
    security_group_ids: tuple[str, ...] = ()


class DnsResource(LatticePart, frozen=True):
    domain_name: str = ""


class IpResource(LatticePart, frozen=True):
    ip_address: str = ""


class ArnResource(LatticePart, frozen=True):
    arn: str = ""


class ResourceDefinition(LatticePart, frozen=True):
    dns_resource: DnsResource | None = None
    ip_resource: IpResource | None = None
    arn_resource: ArnResource | None = None


class ResourceConfiguration(LatticeRecord, frozen=True):
    id: Id
    arn: str = ""
    name: str = ""
    type: str = ""
    status: str = ""
    resource_gateway_id: str = ""
    resource_configuration_group_id: str = ""
    port_ranges: tuple[PortRange, ...] | None = None
    resource_configuration_definition: ResourceDefinition | None = None


class VpcEndpointAssociation(Record, frozen=True):
    """A member of a service network that an endpoint is told of; EC2's call, in its spelling."""

    id: Id
    service_network_arn: str = ""
    associated_resource_arn: str = ""


# Service networks and what is associated with them (R-LAT-1, R-LAT-2)


class ServiceNetworkVpcAssociation(LatticeRecord, frozen=True):
    id: Id
    arn: str = ""
    status: str = ""
    service_network_id: str = ""
    service_network_arn: str = ""
    vpc_id: str = ""
    security_group_ids: tuple[str, ...] = ()


class ServiceNetworkServiceAssociation(LatticeRecord, frozen=True):
    id: Id
    status: str = ""
    service_network_id: str = ""
    service_id: str = ""
    service_arn: str = ""
    service_name: str = ""


class ServiceNetworkResourceAssociation(LatticeRecord, frozen=True):
    id: Id
    status: str = ""
    service_network_id: str = ""
    resource_configuration_id: str = ""
    resource_configuration_arn: str = ""


# Services, listeners, rules and targets (R-LAT-3)


class LatticeService(LatticeRecord, frozen=True):
    id: Id
    arn: str = ""
    name: str = ""
    status: str = ""


class WeightedTargetGroup(LatticePart, frozen=True):
    target_group_identifier: str = ""
    weight: int | None = None


class ForwardAction(LatticePart, frozen=True):
    target_groups: tuple[WeightedTargetGroup, ...] = ()


class FixedResponse(LatticePart, frozen=True):
    status_code: int | None = None


class LatticeAction(LatticePart, frozen=True):
    forward: ForwardAction | None = None
    fixed_response: FixedResponse | None = None


class LatticeListener(LatticeRecord, frozen=True):
    """A get-listener answer; list-listeners leaves out what is done by default."""

    id: Id
    name: str = ""
    service_id: str = ""
    protocol: str = ""
    port: int | None = None
    default_action: LatticeAction | None = None


class LatticeRule(LatticeRecord, frozen=True):
    """A get-rule answer; its ARN tells service and listener."""

    id: Id
    arn: str = ""
    is_default: bool = False
    priority: int | None = None
    action: LatticeAction | None = None


class TargetGroupConfig(LatticePart, frozen=True):
    port: int | None = None
    vpc_identifier: str = ""
    ip_address_type: str = ""


class LatticeTargetGroup(LatticeRecord, frozen=True):
    id: Id
    arn: str = ""
    name: str = ""
    type: str = ""
    status: str = ""
    config: TargetGroupConfig | None = None


class LatticeTarget(LatticePart, frozen=True):
    id: str = ""
    port: int | None = None
    status: str = ""


class LatticeTargets(LatticeRecord, frozen=True):
    """One list-targets answer under its target group's id."""

    target_group_id: Id
    items: tuple[LatticeTarget, ...] = UNPRINTED
    next_token: str | None = None
