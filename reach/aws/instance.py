"""Instances: an interface works only while its instance runs.

An interface of an instance that is not running neither sends nor receives, although it stays
attached and keeps its addresses (R-ENI-8); what is not in the snapshot may be in any state.

Implements: R-ENI-8
Not modelled: what the guest does.
"""

from __future__ import annotations

from reach.component import Component, End, Lowering
from reach.network.stage import Origin, Stage, deny_all, unknown_filter
from reach.snapshot.records import Instance, NetworkInterface


def _state(lowering: Lowering, interface_id: str) -> tuple[Stage, ...]:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    instance_id = interface.attachment.instance_id if interface.attachment else None
    if not instance_id:
        return ()
    instance = lowering.snapshot.get(Instance, instance_id)
    if instance is None:
        words = "whether this instance runs is not known"
        return (unknown_filter(lowering.missing(Instance, instance_id, words)),)
    if instance.state.name == "running":
        return ()
    words = f"is {instance.state.name}, so its interfaces neither send nor receive"
    return (deny_all(Origin(instance_id, words, "state", "BAD_STATE", instance.name)),)


def _end(lowering: Lowering, instance_id: str) -> End | None:
    interfaces = lowering.index.interfaces_by_instance.get(instance_id, ())
    instance = lowering.snapshot.get(Instance, instance_id)
    if not interfaces:
        if instance is None:
            return None
        if not lowering.has(NetworkInterface, instance):
            words = "the interfaces of this instance are not known"
            return End(instance_id, gap=lowering.missing(NetworkInterface, instance_id, words))
        words = f"has no network interface (state: {instance.state.name})"
        return End(
            instance_id,
            nobody=Origin(instance_id, words, code="UNASSOCIATED_COMPONENT", name=instance.name),
        )
    return lowering.hosts(interfaces, f"{instance_id} {instance.name if instance else ''}".strip())


COMPONENT = Component(
    name="instance",
    reads=(Instance,),
    slots={"network_interface.state": _state},
    ends={"i-": _end},
)
