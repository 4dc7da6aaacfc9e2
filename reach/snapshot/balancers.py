"""Joins over load balancers: whose interface this is, which listeners, rules and targets there are.

Takes a snapshot and its index; gives lookups.  What they keep is who is whose; all else is looked
up in the snapshot whenever it is asked for, so that who asks is known to have read it.  Where the
call was not made that would tell, the answer is None, which is not an empty list.  They say what
names what; what that means to a packet is for the components.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from reach.network.address import Prefix, is_ipv4, parse_address
from reach.snapshot.balancer_records import (
    Attribute,
    BalancerListener,
    BalancerRule,
    ClassicLoadBalancer,
    ClassicLoadBalancerAttributes,
    Listener,
    ListenerRules,
    LoadBalancer,
    LoadBalancerAttributes,
    LoadBalancerListeners,
    LoadBalancerTargetHealth,
    Rule,
    TargetGroup,
    TargetGroupAttributes,
    TargetHealthDescription,
)
from reach.snapshot.index import Index, private_addresses, subnet_blocks
from reach.snapshot.record import UNPRINTED, unprinted
from reach.snapshot.records import NetworkInterface
from reach.snapshot.snapshot import Snapshot

NETWORK, APPLICATION, GATEWAY, CLASSIC = "net", "app", "gwy", "classic"
_BY_TYPE = {
    "network_load_balancer": NETWORK,
    "load_balancer": APPLICATION,
    "gateway_load_balancer": GATEWAY,
}
_REQUESTER = "amazon-elb"
ALL_ZONES = "all"
# The enumerations of the API (elasticloadbalancingv2, TargetGroup).
_LASTING = ("instance", "lambda")
_TARGETS = ("instance", "ip", "lambda", "alb")
_PROTOCOLS = ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Named:
    """The balancer that an interface says it belongs to: ``net/name/hash``, or a classic's name."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Target:
    """Something registered in a target group, and where it is.

    ``addresses`` are those it is sent to, of the group's IP version: none where they are not known,
    or for a function.  ``subnet`` is empty where it is in none that the snapshot knows.  ``zone``
    is a zone's id, its name where the id is not known, or ``all``.  ``interface_type`` is that of
    the interface which has the address.
    """

    id: str
    port: int
    health_port: int
    state: str
    zone: str
    addresses: tuple[int, ...] = ()
    subnet: str = ""
    vpc: str = ""
    interface_type: str = ""


def named(interface: NetworkInterface) -> Named | None:
    """The balancer whose interface it is (R-ENI-9); older snapshots tell by the description."""
    kind = _BY_TYPE.get(interface.interface_type)
    if kind is None and not interface.requester_managed:
        return None
    if interface.description.startswith("ELB "):
        text = interface.description.removeprefix("ELB ").strip()
        first, slash, _ = text.partition("/")
        if slash and first in (NETWORK, APPLICATION, GATEWAY):
            return Named(first, text)
        return Named(CLASSIC if kind in (None, APPLICATION) else kind, text)
    if kind is None and interface.requester_id == _REQUESTER:
        kind = APPLICATION  # or a classic one; of which balancer is not told
    return Named(kind, "") if kind is not None else None


@dataclass(frozen=True)
class Whose:
    """The interfaces of load balancers, by the name of their balancer and by kind; the balancers'
    ARNs by their names, and the classic ones' keys, each with its VPC."""

    by_key: Mapping[str, tuple[NetworkInterface, ...]]
    by_kind: Mapping[str, tuple[NetworkInterface, ...]]
    arns: Mapping[str, str]
    classics: Mapping[str, tuple[tuple[str, str | None], ...]]

    @staticmethod
    def of(snapshot: Snapshot, index: Index) -> Whose:
        return Whose(
            by_key(index), by_kind(index), arns_by_name(snapshot), classics_by_name(snapshot)
        )


def by_key(index: Index) -> Mapping[str, tuple[NetworkInterface, ...]]:
    return _grouped((whose.key, each) for whose, each in _of_balancers(index))


def by_kind(index: Index) -> Mapping[str, tuple[NetworkInterface, ...]]:
    return _grouped((whose.kind, each) for whose, each in _of_balancers(index))


def _of_balancers(index: Index) -> Iterator[tuple[Named, NetworkInterface]]:
    for each in index.interfaces_where(lambda each: named(each) is not None):
        whose = named(each)
        if whose is not None:
            yield whose, each


def arns_by_name(snapshot: Snapshot) -> Mapping[str, str]:
    """The ARNs: what is said of each is for whoever looks it up."""
    known = snapshot.lasting(LoadBalancer)
    return {_key(each.load_balancer_arn): each.load_balancer_arn for each in known}


def classics_by_name(snapshot: Snapshot) -> Mapping[str, tuple[tuple[str, str | None], ...]]:
    """Their keys and VPCs: what is said of each is for whoever looks it up."""
    known = snapshot.lasting(ClassicLoadBalancer)
    return _grouped((each.load_balancer_name, (each.key, each.vpc_id)) for each in known)


class Balancers:
    """Lookups over one snapshot; who is ``whose`` may be known already."""

    def __init__(self, snapshot: Snapshot, index: Index, whose: Whose | None = None) -> None:
        self.snapshot = snapshot
        self.index = index
        self._whose = whose or Whose.of(snapshot, index)
        self._known_targets: dict[str, tuple[Target, ...]] = {}

    # ---------------------------------------------------------------- balancers, interfaces

    def balancer_of(self, interface: NetworkInterface) -> LoadBalancer | None:
        """The balancer of an interface, if the snapshot holds it."""
        whose = named(interface)
        arn = None if whose is None else self._whose.arns.get(whose.key)
        return None if arn is None else self.snapshot.get(LoadBalancer, arn)

    def classic_of(self, interface: NetworkInterface) -> ClassicLoadBalancer | None:
        key = self._classic_key(interface)
        return None if key is None else self.snapshot.get(ClassicLoadBalancer, key)

    def _classic_key(self, interface: NetworkInterface) -> str | None:
        whose = named(interface)
        if whose is None or whose.kind != CLASSIC:
            return None
        found = self._whose.classics.get(whose.key, ())
        return next((key for key, vpc_id in found if vpc_id in (None, interface.vpc_id)), None)

    def interfaces_of(self, balancer: LoadBalancer) -> tuple[NetworkInterface, ...]:
        return self._whose.by_key.get(_key(balancer.load_balancer_arn), ())

    def interfaces_of_classic(self, balancer: ClassicLoadBalancer) -> tuple[NetworkInterface, ...]:
        own = self._whose.by_key.get(balancer.load_balancer_name, ())
        return tuple(each for each in own if self._classic_key(each) == balancer.key)

    def of_kind(self, kind: str) -> tuple[NetworkInterface, ...]:
        """Every interface of balancers of a kind, known or not."""
        return self._whose.by_kind.get(kind, ())

    # ---------------------------------------------------------------- listeners and rules

    def listeners(self, arn: str) -> tuple[BalancerListener | Listener, ...] | None:
        """A balancer's listeners; None if they are not known, or not all."""
        answer = self.snapshot.get(LoadBalancerListeners, arn)
        if answer is not None:
            return None if answer.next_marker else answer.listeners
        plain = self._plain_listeners.get(arn)
        if plain is None:
            return None
        found = (self.snapshot.get(Listener, each) for each in plain)
        return tuple(each for each in found if each is not None)

    def rules(self, listener_arn: str) -> tuple[BalancerRule | Rule, ...] | None:
        """A listener's rules, the default among them, first things first; None if not known."""
        answer = self.snapshot.get(ListenerRules, listener_arn)
        if answer is not None:
            return None if answer.next_marker else tuple(sorted(answer.rules, key=_priority))
        found = self._plain_rules.get(listener_arn)
        if not found or self.snapshot.is_cut_short(Rule, self.snapshot.scope_of(found[0])):
            return None
        return tuple(sorted(found, key=_priority))

    @cached_property
    def _plain_listeners(self) -> Mapping[str, tuple[str, ...]]:
        """Their ARNs: what is said of each is for whoever looks it up."""
        known = self.snapshot.lasting(Listener)
        return _grouped((e.load_balancer_arn, e.listener_arn) for e in known if e.load_balancer_arn)

    @cached_property
    def _plain_rules(self) -> Mapping[str, tuple[Rule, ...]]:
        return _grouped((_listener_of(e.rule_arn), e) for e in self.snapshot.records(Rule))

    # ---------------------------------------------------------------- attributes

    def attributes_of(self, balancer: LoadBalancer) -> Mapping[str, str] | None:
        answer = self.snapshot.get(LoadBalancerAttributes, balancer.load_balancer_arn)
        return None if answer is None else _told(answer.attributes)

    def attributes_of_group(self, group: TargetGroup) -> Mapping[str, str] | None:
        answer = self.snapshot.get(TargetGroupAttributes, group.target_group_arn)
        return None if answer is None else _told(answer.attributes)

    def crosses_zones(self, balancer: ClassicLoadBalancer) -> bool | None:
        """Whether a classic balancer uses targets of all its zones; None if not known."""
        scope = self.snapshot.scope_of(balancer)
        for answer in self.snapshot.records(ClassicLoadBalancerAttributes):
            said = answer.load_balancer_attributes.cross_zone_load_balancing
            of_it = answer.load_balancer_name == balancer.load_balancer_name
            if of_it and said is not None and self.snapshot.scope_of(answer) == scope:
                return said.enabled
        return None

    def groups_of(self, balancer: LoadBalancer) -> tuple[TargetGroup, ...]:
        """The target groups that say that the balancer uses them."""
        arn, known = balancer.load_balancer_arn, self.snapshot.records(TargetGroup)
        return tuple(each for each in known if arn in each.load_balancer_arns)

    # ---------------------------------------------------------------- targets

    def targets(self, group: TargetGroup) -> tuple[Target, ...] | None:
        """What is registered in a group; None if it is not known."""
        if strange_word(group):
            return None
        answer = self.snapshot.get(LoadBalancerTargetHealth, group.target_group_arn)
        if answer is None or next(unprinted(answer), None):
            return None
        known = self._known_targets.get(group.target_group_arn)
        if known is None:
            every = answer.target_health_descriptions
            known = tuple(target for each in every for target in self._found(group, each))
            # Who asks where an address is, or a balancer, has to be heard each time.
            if group.target_type in _LASTING:
                self._known_targets[group.target_group_arn] = known
        return known

    def instance_target(self, instance_id: str, port: int, health_port: int) -> Target:
        """An instance, sent to by the primary IPv4 address of its primary interface (R-LB-5)."""
        return self._instance(Target(instance_id, port, health_port, "", ""), True)

    def _found(self, group: TargetGroup, described: TargetHealthDescription) -> Iterator[Target]:
        said = described.target
        port = said.port if said.port is not None else group.port or 0
        target = Target(
            said.id,
            port,
            _port(described.health_check_port, port),
            described.target_health.state,
            said.availability_zone or "",
        )
        four = group.ip_address_type != "ipv6"
        match group.target_type:
            case "instance":
                yield self._instance(target, four)
            case "ip":
                yield self._address(target, group)
            case "alb":
                yield from self._balancer(target, four)
            case _:  # a function
                yield target

    def _instance(self, target: Target, four: bool) -> Target:
        own = self.index.interfaces_by_instance.get(target.id, ())
        primary = min(own, key=_device, default=None)
        return target if primary is None else self._at(target, primary, four)

    def _at(self, target: Target, interface: NetworkInterface, four: bool) -> Target:
        own = [a for a in private_addresses(interface) if is_ipv4(a) is four]
        subnet = interface.subnet_id or ""
        zone = self.index.zone_of(subnet) or target.zone
        vpc = interface.vpc_id or ""
        return replace(
            target,
            zone=zone,
            addresses=tuple(own[:1]),
            subnet=subnet,
            vpc=vpc,
            interface_type=interface.interface_type,
        )

    def _balancer(self, target: Target, four: bool) -> Iterator[Target]:
        """An Application Load Balancer as a target: each of its nodes, whatever their zone."""
        nodes = self._whose.by_key.get(_key(target.id), ())
        if not nodes:
            yield target
        for node in nodes:
            yield replace(self._at(target, node, four), zone=ALL_ZONES)

    def _address(self, target: Target, group: TargetGroup) -> Target:
        """An address: of the group's VPC, of another that the snapshot knows, or of elsewhere."""
        try:
            address, vpc = parse_address(target.id), group.vpc_id or ""
        except ValueError:
            return target
        subnet = self._subnet_of(address, vpc)
        zone = target.zone
        if subnet and zone != ALL_ZONES:
            zone = self.index.zone_of(subnet)
        owners = self.index.owner_of_address(address)
        if subnet:
            owners = tuple(each for each in owners if each.vpc_id == vpc)
        else:
            zone = ALL_ZONES
            vpc = (owners[0].vpc_id or "") if len(owners) == 1 else ""
            subnet = (owners[0].subnet_id or "") if len(owners) == 1 else ""
        kind = owners[0].interface_type if len(owners) == 1 else ""
        return replace(
            target, zone=zone, addresses=(address,), subnet=subnet, vpc=vpc, interface_type=kind
        )

    def _subnet_of(self, address: int, vpc_id: str) -> str:
        for subnet in self.index.subnets_by_vpc.get(vpc_id, ()):
            if any(address in Prefix.parse(block) for block in subnet_blocks(subnet)):
                return subnet.subnet_id
        return ""


def strange_word(group: TargetGroup) -> str:
    """The key of a target group under which there is a word that AWS does not have; or ''."""
    if group.target_type not in _TARGETS:
        return "TargetType"
    if group.ip_address_type not in (None, "", "ipv4", "ipv6"):
        return "IpAddressType"
    if group.target_type == "lambda" or group.protocol in _PROTOCOLS:
        return ""
    return "Protocol"


def _key(arn: str) -> str:
    return arn.partition(":loadbalancer/")[2]


def _listener_of(rule_arn: str) -> str:
    return rule_arn.replace(":listener-rule/", ":listener/").rpartition("/")[0]


def _priority(rule: BalancerRule | Rule) -> tuple[bool, int]:
    """In the order in which they are tried, the default rule last."""
    last = rule.is_default or not rule.priority.isdigit()
    return last, 0 if last else int(rule.priority)


def _told(attributes: tuple[Attribute, ...]) -> Mapping[str, str] | None:
    return None if attributes is UNPRINTED else _pairs(attributes)


def _pairs(attributes: Iterable[Attribute]) -> Mapping[str, str]:
    return {each.key: each.value or "" for each in attributes}


def _port(text: str | None, traffic: int) -> int:
    return int(text) if text and text.isdigit() else traffic


def _device(interface: NetworkInterface) -> int:
    return (interface.attachment.device_index or 0) if interface.attachment else 0


def _grouped(pairs: Iterable[tuple[str, T]]) -> Mapping[str, tuple[T, ...]]:
    found: dict[str, list[T]] = defaultdict(list)
    for key, record in pairs:
        found[key].append(record)
    return {key: tuple(each) for key, each in found.items()}
