"""Instances: an interface works only while its instance runs.

An interface of an instance that is not running neither sends nor receives, although it stays
attached and keeps its addresses (R-ENI-8); what is not in the snapshot may be in any state.

Implements: R-ENI-8 R-ENI-4
Not modelled: what the guest does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reach.component import Component, Denial, End, Lowering
from reach.network.stage import Origin, Stage, unknown_filter
from reach.snapshot.records import Instance, NetworkInterface
from reach.states import INSTANCE, may_work, refused


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
    if instance.state.is_running:
        return ()
    words = f"is {instance.state.name}, so its interfaces neither send nor receive"
    origin = Origin(instance_id, words, "state", "BAD_STATE", instance.name)
    return (refused(instance.state.name, INSTANCE, origin),)


def _end(lowering: Lowering, instance_id: str) -> End | None:
    interfaces = lowering.index.interfaces_by_instance.get(instance_id, ())
    instance = lowering.snapshot.get(Instance, instance_id)
    shown = f"{instance_id} {instance.name if instance else ''}".strip()
    unheld = lowering.index.unheld.on_instance.get(instance_id)
    if unheld is not None:
        words = f"its interface {unheld[0]} is not known"
        gap = lowering.missing(NetworkInterface, instance_id, words)
        return replace(lowering.hosts(interfaces, shown), gap=gap)
    apart = _unattached(instance, interfaces) if instance is not None else ""
    if apart:
        words = f"whether {apart}, which it names, is still its interface is not known"
        gap = lowering.missing(NetworkInterface, instance_id, words)
        return replace(lowering.hosts(interfaces, shown), gap=gap)
    if not interfaces:
        if instance is None:
            return None
        if not lowering.has(NetworkInterface, instance) or may_work(instance.state.name, INSTANCE):
            # Nobody can detach the first interface of an instance: one that works has it.
            words = "the interfaces of this instance are not known"
            return End(instance_id, gap=lowering.missing(NetworkInterface, instance_id, words))
        words = f"has no network interface (state: {instance.state.name})"
        return End(
            instance_id,
            nobody=Origin(instance_id, words, code="UNASSOCIATED_COMPONENT", name=instance.name),
        )
    return lowering.hosts(interfaces, shown)


def _unattached(instance: Instance, interfaces: Iterable[NetworkInterface]) -> str:
    """An interface that the instance names and that does not name the instance; '' if none."""
    own = {each.network_interface_id for each in interfaces}
    named = (each.network_interface_id or "" for each in instance.network_interfaces)
    return next((each for each in named if each and each not in own), "")


def _besides(lowering: Lowering, denial: Denial) -> Iterator[Origin]:
    """R-ENI-4: an interface sends from its own addresses and takes what is sent to them."""
    code, locator = denial.origin.code, denial.origin.locator
    sends = code == "FILTER_AT_SOURCE_SOURCE_ADDRESS"
    if not sends and code != "FILTER_AT_DESTINATION_DESTINATION_ADDRESS":
        return
    resource = denial.origin.resource
    own = lowering.snapshot.get(NetworkInterface, resource)
    interfaces = (own,) if own else lowering.index.interfaces_by_instance.get(resource, ())
    words = "sends only from its own addresses" if sends else "takes only what is sent to itself"
    for each in interfaces:
        interface_id = each.network_interface_id
        yield Origin(interface_id, words, locator, "ENI_ADDRESS_RESTRICTION", each.name)


COMPONENT = Component(
    name="instance",
    reads=(Instance,),
    slots={"network_interface.state": _state},
    ends={"i-": _end},
    besides=_besides,
)
