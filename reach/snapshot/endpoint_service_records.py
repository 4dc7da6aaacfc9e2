"""Endpoint services (PrivateLink) as the describe calls of provider and consumer print them.

Only the fields that something reads; ids are required, a default means "not printed".  Takes
nothing, gives types.  Must not know what a field does to a packet: that is for the components.
"""

from __future__ import annotations

from reach.snapshot.record import Id, Part, Record, Tagged

# The provider's side (R-VPCES-1, R-VPCES-2, R-GWLBE-1)


class SupportedRegion(Part, frozen=True):
    region: str = ""
    service_state: str = ""


class EndpointServiceConfiguration(Tagged, frozen=True):
    service_id: Id
    service_name: str = ""
    service_state: str = ""
    availability_zone_ids: tuple[str, ...] = ()
    # None: not printed, as of a service of the other kind of balancers.
    network_load_balancer_arns: tuple[str, ...] | None = None
    gateway_load_balancer_arns: tuple[str, ...] = ()
    remote_access_enabled: bool | None = None
    supported_regions: tuple[SupportedRegion, ...] | None = None


class VpcEndpointConnection(Tagged, frozen=True):
    service_id: Id
    vpc_endpoint_id: Id
    vpc_endpoint_state: str = ""
    vpc_endpoint_owner: str = ""
    network_load_balancer_arns: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.service_id} {self.vpc_endpoint_id}"


class AllowedPrincipal(Part, frozen=True):
    principal: str = ""
    principal_type: str = ""
    service_id: str = ""


class VpcEndpointServicePermissions(Record, frozen=True):
    """One describe-vpc-endpoint-service-permissions answer under its service's id.

    An answer that stands alone tells the service in each of its items.
    """

    service_id: str = ""
    allowed_principals: tuple[AllowedPrincipal, ...] = ()
    next_token: str | None = None

    @property
    def service(self) -> str:
        return self.service_id or next((p.service_id for p in self.allowed_principals), "")


# The consumer's side: what describe-vpc-endpoint-services tells of services of others


class EndpointServiceDetail(Tagged, frozen=True):
    """Amazon S3 has two of one name, a gateway's and an interface's, hence ``key``."""

    service_name: Id
    service_id: str = ""
    owner: str = ""
    service_region: str = ""
    availability_zones: tuple[str, ...] = ()
    availability_zone_ids: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.service_name} {self.service_id}"
