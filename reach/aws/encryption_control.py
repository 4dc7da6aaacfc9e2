"""VPC encryption controls: a VPC in which nothing may go that is not encrypted in transit.

In monitor mode nothing is dropped (R-ENC-2).  In enforce mode a gateway or service that cannot
encrypt has no place in the VPC unless it is excluded: what such a hop would carry is dropped.
Gateway Load Balancers and Network Firewall cannot be excluded.  A peering needs both VPCs enforced
in one Region, without any exclusion, or to be excluded itself.  Interface endpoints take only what
is encrypted by the application: that is assumed of what is sent (R-ENC-3, vpc-encryption-controls).
AWS refuses most of this when it is set up; a snapshot that shows it all the same is lint.  Between
two modes, and while an exclusion is made or taken away, what is dropped is undecided.

Other components ask by the slots ``encryption.<kind>`` of a VPC: virtual_private_gateway,
vpc_lattice, global_accelerator, gateway_load_balancer (its endpoints, and a firewall's).

Without describe-vpc-encryption-controls no VPC is taken as enforced: such a snapshot is older than
the whole thing.  Only the far end of a peering is open then.

Implements: R-ENC-1 R-ENC-2 R-ENC-3
Not modelled: instances that are too old to encrypt, and transit gateways without encryption.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from reach.component import Component, Lowering, node_name
from reach.interfaces.kinds import is_mount_target
from reach.network.stage import (
    Action,
    Choose,
    Option,
    Origin,
    Stage,
    deny_all,
    unknown_filter,
)
from reach.snapshot.errors import Diagnostic
from reach.snapshot.record import Id, Part, Tagged
from reach.snapshot.records import (
    EgressOnlyInternetGateway,
    InternetGateway,
    NatGateway,
    NetworkInterface,
    PeeringVpcInfo,
    Vpc,
    VpcEndpoint,
    VpcPeeringConnection,
)
from reach.snapshot.section import Reference, Section

_LOCATOR = "encryption control"
_CODE = "NO_PATH"


class Exclusion(Part, frozen=True):
    state: str = "disabled"


_NONE = Exclusion()


class ResourceExclusions(Part, frozen=True):
    internet_gateway: Exclusion = _NONE
    egress_only_internet_gateway: Exclusion = _NONE
    nat_gateway: Exclusion = _NONE
    virtual_private_gateway: Exclusion = _NONE
    vpc_peering: Exclusion = _NONE
    # AWS: VpcEncryptionControlExclusions; "lambda" is a word of Python's.
    function: Exclusion = msgspec.field(default=_NONE, name="Lambda")
    vpc_lattice: Exclusion = _NONE
    elastic_file_system: Exclusion = _NONE
    global_accelerator: Exclusion = _NONE


class VpcEncryptionControl(Tagged, frozen=True):
    vpc_encryption_control_id: Id
    vpc_id: str = ""
    mode: str = ""
    state: str = "available"
    resource_exclusions: ResourceExclusions = ResourceExclusions()


# ------------------------------------------------------------------- what is in force

# In the others a control that monitors is changing, or they are none of AWS's.
_MONITORS = (
    *("available", "creating", "deleting", "enforce-failed", "monitor-failed", "delete-failed"),
    "",
)


def _control(lowering: Lowering, vpc_id: str) -> VpcEncryptionControl | None:
    def make() -> dict[str, VpcEncryptionControl]:
        return {
            each.vpc_id: each
            for each in lowering.snapshot.records(VpcEncryptionControl)
            if each.state != "deleted"
        }

    known = lowering.memo("encryption controls", make)
    return known.get(vpc_id) or known.get("")  # of one that names no VPC: it may be this one's


def _enforces(control: VpcEncryptionControl | None) -> Action:
    """What the control does to a hop that cannot encrypt: permit, deny, or one of both."""
    if control is None:
        return Action.PERMIT
    if not control.vpc_id:
        return Action.DOUBT
    if control.mode == "enforce":
        settled = control.state in ("available", "monitor-failed", "delete-failed", "")
        return Action.DENY if settled else Action.DOUBT
    if control.mode != "monitor":  # AWS has these two
        return Action.DOUBT
    return Action.PERMIT if control.state in _MONITORS else Action.DOUBT


def _allows(control: VpcEncryptionControl | None, kind: str) -> Action:
    """What becomes of a kind of hop, its exclusion counted; '' cannot be excluded."""
    decision = _enforces(control)
    if control is None or decision is Action.PERMIT or not kind:
        return decision
    exclusion: Exclusion = getattr(control.resource_exclusions, kind)
    if exclusion.state == "enabled":
        return Action.PERMIT
    return decision if exclusion.state in ("disabled", "") else Action.DOUBT


def _stage(lowering: Lowering, vpc_id: str, decision: Action, words: str) -> tuple[Stage, ...]:
    control = _control(lowering, vpc_id)
    if decision is Action.PERMIT or control is None:
        return ()
    if decision is Action.DOUBT:
        words = f"whether {vpc_id} enforces encryption, so that {words}, is not settled"
        words += f" (its mode is {control.mode!r}, its state {control.state!r})"
        return (unknown_filter(Origin(control.vpc_encryption_control_id, words, _LOCATOR)),)
    words = f"{vpc_id} enforces encryption: {words}"
    name = control.name
    return (deny_all(Origin(control.vpc_encryption_control_id, words, _LOCATOR, _CODE, name)),)


def _hop(lowering: Lowering, vpc_id: str, kind: str, what: str) -> tuple[Stage, ...]:
    """R-ENC-3: a hop of this kind in a VPC."""
    decision = _allows(_control(lowering, vpc_id), kind)
    return _stage(lowering, vpc_id, decision, f"{what} is not excluded from it")


# ------------------------------------------------------------------- the hops


def _at_internet_gateway(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    gateway = lowering.snapshot.get(InternetGateway, gateway_id)
    vpcs = (a.vpc_id for a in gateway.attachments if a.vpc_id) if gateway else ()
    return _hop(lowering, next(iter(vpcs), ""), "internet_gateway", "its internet gateway")


def _at_egress_only(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    gateway = lowering.snapshot.get(EgressOnlyInternetGateway, gateway_id)
    vpcs = (a.vpc_id for a in gateway.attachments if a.vpc_id) if gateway else ()
    kind, what = "egress_only_internet_gateway", "its egress-only internet gateway"
    return _hop(lowering, next(iter(vpcs), ""), kind, what)


def _at_nat_gateway(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    gateway = lowering.snapshot.get(NatGateway, gateway_id)
    vpc_id = (gateway.vpc_id or "") if gateway else ""
    return _hop(lowering, vpc_id, "nat_gateway", f"{gateway_id}")


def _at_interface(lowering: Lowering, interface_id: str) -> tuple[Stage, ...]:
    """Functions and file systems, by the interfaces that their services made."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    if interface is None:
        return ()
    vpc_id = interface.vpc_id or ""
    if interface.interface_type == "lambda":
        return _hop(lowering, vpc_id, "function", "a Lambda function")
    if is_mount_target(interface):
        return _hop(lowering, vpc_id, "elastic_file_system", "an Elastic File System")
    return ()


def _of(kind: str, what: str) -> Callable[[Lowering, str], tuple[Stage, ...]]:
    """What other components ask for, by VPC."""
    return lambda lowering, vpc_id: _hop(lowering, vpc_id, kind, what)


# ------------------------------------------------------------------- peerings


def _at_peering(lowering: Lowering, peering_id: str) -> tuple[Stage, ...]:
    """Each side that enforces wants the other one to, or the peering to be excluded."""
    peering = lowering.snapshot.get(VpcPeeringConnection, peering_id)
    if peering is None:
        return ()
    sides = (peering.requester_vpc_info, peering.accepter_vpc_info)
    found: list[Stage] = []
    for near, far in (sides, sides[::-1]):
        decision = _peered(lowering, near, far)
        words = f"{far.vpc_id or 'the far end'} does not in the same Region, without exclusions"
        found += _stage(lowering, near.vpc_id or "", decision, words)
    return tuple(found)


def _peered(lowering: Lowering, near: PeeringVpcInfo, far: PeeringVpcInfo) -> Action:
    control = _control(lowering, near.vpc_id or "")
    decision = _allows(control, "vpc_peering")
    if decision is Action.PERMIT or control is None:
        return Action.PERMIT
    if near.region != far.region:
        return decision
    other = _control(lowering, far.vpc_id or "")
    if other is None:
        vpc = lowering.snapshot.get(Vpc, far.vpc_id or "")
        known = vpc is not None and lowering.has(VpcEncryptionControl, vpc)
        return decision if known else Action.DOUBT
    if _enforces(other) is not Action.DENY:
        return decision if _enforces(other) is Action.PERMIT else Action.DOUBT
    # Both enforce.  AWS asks that neither have any exclusion, and then one for the peering.
    return Action.DOUBT if _excludes(control) or _excludes(other) else Action.PERMIT


def _excludes(control: VpcEncryptionControl) -> bool:
    kinds = control.resource_exclusions.__struct_fields__
    states = (getattr(control.resource_exclusions, kind).state for kind in kinds)
    return any(state not in ("disabled", "") for state in states)


# ------------------------------------------------------------------- interface endpoints


def _at_endpoint(lowering: Lowering, interface_id: str) -> tuple[Stage, ...]:
    """What reaches an endpoint's interface and its service: only what the application encrypts."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    vpc_id = (interface.vpc_id or "") if interface else ""
    control = _control(lowering, vpc_id)
    if control is None or _enforces(control) is Action.PERMIT:
        return ()
    words = f"assumed: what is sent is encrypted by the application, as {vpc_id} enforces it"
    origin = Origin(control.vpc_encryption_control_id, words, _LOCATOR)
    return (Choose((Option(node_name("vpc_endpoint", interface_id, "admitted"), origin),)),)


# ------------------------------------------------------------------- what AWS would refuse


def _lint(lowering: Lowering) -> Iterator[Diagnostic]:
    """What an enforcing VPC holds and AWS would not let it hold."""
    for resource, vpc_id, kind in _held(lowering):
        control = _control(lowering, vpc_id)
        if control is not None and _allows(control, kind) is Action.DENY:
            yield Diagnostic(
                "warning",
                f"{resource} is in {vpc_id}, which enforces encryption and does not exclude it; "
                "what it would carry is taken as dropped",
                control.page.file,
                control.pointer,
                control.vpc_encryption_control_id,
            )


def _held(lowering: Lowering) -> Iterator[tuple[str, str, str]]:
    """Things, their VPC and the exclusion that they need."""
    snapshot = lowering.snapshot
    for internet in snapshot.records(InternetGateway):
        for each in internet.attachments:
            yield internet.internet_gateway_id, each.vpc_id or "", "internet_gateway"
    for only in snapshot.records(EgressOnlyInternetGateway):
        for each in only.attachments:
            yield (
                only.egress_only_internet_gateway_id,
                each.vpc_id or "",
                "egress_only_internet_gateway",
            )
    for nat in snapshot.records(NatGateway):
        if nat.state not in ("deleted", "failed"):
            yield nat.nat_gateway_id, nat.vpc_id or "", "nat_gateway"
    for endpoint in snapshot.lasting(VpcEndpoint):
        if endpoint.vpc_endpoint_type.lower() == "gatewayloadbalancer":
            yield endpoint.vpc_endpoint_id, endpoint.vpc_id or "", ""


COMPONENT = Component(
    name="encryption_control",
    reads=(VpcEncryptionControl,),
    sections=(
        Section(
            "VpcEncryptionControls",
            VpcEncryptionControl,
            "vpc_encryption_control_id",
            "ec2.DescribeVpcEncryptionControls",
            references=(Reference("vpc_id", Vpc),),
        ),
    ),
    slots={
        "internet_gateway.out": _at_internet_gateway,
        "internet_gateway.in": _at_internet_gateway,
        "egress_only_internet_gateway.out": _at_egress_only,
        "nat_gateway.clients": _at_nat_gateway,
        "vpc_peering.from": _at_peering,
        "network_interface.state": _at_interface,
        "vpc_endpoint.admit": _at_endpoint,
        "encryption.virtual_private_gateway": _of(
            "virtual_private_gateway", "its virtual private gateway"
        ),
        "encryption.vpc_lattice": _of("vpc_lattice", "VPC Lattice"),
        "encryption.global_accelerator": _of("global_accelerator", "Global Accelerator"),
        "encryption.gateway_load_balancer": _of("", "an endpoint of this kind"),
    },
    lint=_lint,
)
