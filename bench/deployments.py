"""What is deployed, or taken down, in one go: hosts, their registration, and rules at once.

    deployed(snapshot, host, instance, rng) -> records, or None
    taken_down(snapshot, rng) -> what is put in and what is taken out, or None

Must not know how anything is measured.
"""

from __future__ import annotations

import random
from typing import Any

from bench.gateways import Change
from bench.groups import with_rule


def deployed(snapshot: Any, host: Any, instance: Any, rng: random.Random) -> Any:
    """A new host with what registers it as a target beside others, and perhaps a rule for it."""
    from msgspec.structs import replace

    from reach.snapshot.balancer_records import LoadBalancerTargetHealth, TargetGroup

    named = instance.instance_id
    groups = [e for e in snapshot.records(TargetGroup) if e.vpc_id == host.vpc_id]
    answers = [
        answer
        for each in groups
        if each.target_type == "instance"
        if (answer := snapshot.get(LoadBalancerTargetHealth, each.target_group_arn)) is not None
        if answer.target_health_descriptions
    ]
    if not answers:
        return None
    answer = rng.choice(answers)
    like = rng.choice(answer.target_health_descriptions)
    more = replace(like, target=replace(like.target, id=named, availability_zone=None))
    every = (*answer.target_health_descriptions, more)
    put = (host, instance, replace(answer, target_health_descriptions=every))
    return (*put, *_rule(snapshot, host, rng)) if rng.random() < 0.7 else put


def _rule(snapshot: Any, host: Any, rng: random.Random) -> tuple[Any, ...]:
    """A rule of a group of another interface in the VPC, to or from a new host."""
    from reach.snapshot.records import IpPermission, IpRange, SecurityGroup

    beside = [e for e in snapshot.records(SecurityGroup) if e.vpc_id == host.vpc_id]
    ranges = (IpRange(cidr_ip=f"{host.private_ip_address}/32"),)
    rule = IpPermission(ip_protocol="tcp", from_port=443, to_port=443, ip_ranges=ranges)
    return (with_rule(rng.choice(beside), rule, rng),)


def taken_down(snapshot: Any, rng: random.Random) -> Change | None:
    """A target that goes, with its interface, its instance and its registrations."""
    from msgspec.structs import replace

    from reach.snapshot.balancer_records import LoadBalancerTargetHealth
    from reach.snapshot.records import Instance, NetworkInterface

    answers = snapshot.records(LoadBalancerTargetHealth)
    ids = [each.target.id for answer in answers for each in answer.target_health_descriptions]
    some = [name for name in ids if snapshot.get(Instance, name) is not None]
    if not some:
        return None
    gone = rng.choice(some)
    own = [
        each
        for each in snapshot.records(NetworkInterface)
        if each.attachment and each.attachment.instance_id == gone
    ]
    put = []
    for answer in answers:
        every = answer.target_health_descriptions
        left = tuple(each for each in every if each.target.id != gone)
        if len(left) < len(every):
            put.append(replace(answer, target_health_descriptions=left))
    return tuple(put), (*own, snapshot.get(Instance, gone))


DEPLOYMENTS = {"taken down": taken_down}
