"""What one VPC of a mixed estate has beside what chance gives it: named hosts, balancers, services.

Types only.  A ``Site`` is said in roles; the families turn it into what AWS prints.  A VPC of the
other estates has an empty one.  Must not know which VPC it is for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Rule = tuple[str, int, int, dict[str, Any]]  # protocol, from, to, and who: a key and its fields
Entry = tuple[bool, str, str, tuple[int, int] | None, str]  # egress, action, protocol, ports, CIDR


@dataclass(frozen=True, slots=True)
class Group:
    """A security group of its own, with its rules as (is egress, rule)."""

    name: str
    rules: tuple[tuple[bool, Rule], ...]


@dataclass(frozen=True, slots=True)
class Fixture:
    """A running instance whose place and groups are given, not drawn."""

    name: str
    tier: str
    zone: int
    groups: tuple[str, ...]
    public: bool = False
    six: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """A target group.  Its targets are fixtures; if none is named, instances of the app group."""

    name: str
    protocol: str
    port: int
    kind: str = "instance"  # or "ip"
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listener:
    """A port, and the pool that its packets go to; without a pool a redirection to port 443."""

    protocol: str
    port: int
    pool: str = ""


@dataclass(frozen=True, slots=True)
class Balancer:
    """An Application or Network Load Balancer, with a node in each zone of a tier."""

    name: str
    kind: str  # "application" or "network"
    tier: str
    groups: tuple[int | str, ...]
    listeners: tuple[Listener, ...]
    pools: tuple[Pool, ...]

    @property
    def is_public(self) -> bool:
        return self.tier == "public"


@dataclass(frozen=True, slots=True)
class Consumer:
    """An endpoint of another VPC as the provider sees it."""

    vpc: int
    account: str
    is_accepted: bool = True


@dataclass(frozen=True, slots=True)
class Service:
    """An endpoint service in front of a Network Load Balancer of the same VPC."""

    name: str
    balancer: str
    principals: tuple[str, ...]
    needs_acceptance: bool
    consumers: tuple[Consumer, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An interface endpoint to the service of another VPC."""

    name: str
    provider: int
    zones: tuple[int, ...]
    group: str
    needs_acceptance: bool = False
    is_accepted: bool = True


@dataclass(frozen=True, slots=True)
class Site:
    """All that is given in one VPC."""

    groups: tuple[Group, ...] = ()
    fixtures: tuple[Fixture, ...] = ()
    balancers: tuple[Balancer, ...] = ()
    services: tuple[Service, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    # Rules added at the end of a group that chance has filled, by the group's number.
    added: dict[int, tuple[tuple[bool, Rule], ...]] = field(default_factory=dict)
    # Entries before all others in the ACL of the public tier, which then has one of its own.
    first_entries: tuple[Entry, ...] = ()
    has_public_acl: bool = False
    # Peers that a tier's route table has no route to.
    kept_from: frozenset[tuple[str, int]] = frozenset()
    # Private tiers whose IPv6 default route is the internet gateway.
    exposed6: frozenset[str] = frozenset()
    # Tables of transit gateways that it propagates into beside those of its segment.
    leaks: frozenset[str] = frozenset()

    @property
    def interfaces(self) -> int:
        """How many interfaces that is."""
        nodes = 3 * len(self.balancers)
        return len(self.fixtures) + nodes + sum(len(one.zones) for one in self.endpoints)


NOTHING = Site()
