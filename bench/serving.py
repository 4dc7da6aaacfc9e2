"""What is edited of what serves: load balancers, endpoints and their services, firewalls.

    SERVING: kind -> (snapshot, rng) -> an edited record, or nothing where there is none to edit

Must not know how anything is measured, nor the edits of anything else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

_DROPS = "drop tcp any any -> {block} {port} (sid:{sid}; rev:1;)"
_HEALTH = ("healthy", "unhealthy", "draining")
_STATES = ("available", "pending", "deleting")


def _chosen(snapshot: Any, kind: Any, rng: random.Random) -> Any:
    every = snapshot.records(kind)
    return rng.choice(every) if every else None


def _with(values: tuple[Any, ...], number: int, *others: Any) -> tuple[Any, ...]:
    return (*values[:number], *others, *values[number + 1 :])


# --- load balancers -------------------------------------------------------------------------------


def _health(snapshot: Any, rng: random.Random) -> Any:
    """A target in another state of health."""
    from msgspec.structs import replace

    from reach.snapshot.balancer_records import LoadBalancerTargetHealth, TargetHealth

    answer = _chosen(snapshot, LoadBalancerTargetHealth, rng)
    if answer is None or not answer.target_health_descriptions:
        return None
    every = answer.target_health_descriptions
    number = rng.randrange(len(every))
    states = [each for each in _HEALTH if each != every[number].target_health.state]
    other = replace(every[number], target_health=TargetHealth(rng.choice(states)))
    return replace(answer, target_health_descriptions=_with(every, number, other))


def _target(snapshot: Any, rng: random.Random) -> Any:
    """A target less, or another one of the same kind."""
    from msgspec.structs import replace

    from reach.snapshot.balancer_records import LoadBalancerTargetHealth, TargetGroup
    from reach.snapshot.records import NetworkInterface

    answer = _chosen(snapshot, LoadBalancerTargetHealth, rng)
    if answer is None or not answer.target_health_descriptions:
        return None
    every = answer.target_health_descriptions
    number = rng.randrange(len(every))
    if rng.random() < 0.5:
        return replace(answer, target_health_descriptions=_with(every, number))
    group = snapshot.get(TargetGroup, answer.target_group_arn)
    if group is None:  # an edit before took it
        return None
    host = rng.choice(snapshot.records(NetworkInterface))
    instance = host.attachment.instance_id if host.attachment else None
    named = {"instance": instance, "ip": host.private_ip_address}.get(group.target_type)
    if not named or host.vpc_id != group.vpc_id:
        return None
    if any(each.target.id == named for each in every):
        return None
    target = replace(every[number].target, id=named, availability_zone=None)
    more = replace(every[number], target=target)
    return replace(answer, target_health_descriptions=(*every, more))


def _listener(snapshot: Any, rng: random.Random) -> Any:
    """A listener less, or on another port, or one that does what another one does."""
    from msgspec.structs import replace

    from reach.snapshot.balancer_records import LoadBalancerListeners

    answer = _chosen(snapshot, LoadBalancerListeners, rng)
    if answer is None or not answer.listeners:
        return None
    number = rng.randrange(len(answer.listeners))
    one = answer.listeners[number]
    how = rng.choice(("less", "port", "actions"))
    if how == "less":
        return replace(answer, listeners=_with(answer.listeners, number))
    if how == "port":
        free = {8081, 8443, 9000} - {each.port for each in answer.listeners}
        other = replace(one, port=rng.choice(sorted(free)))
        return replace(answer, listeners=_with(answer.listeners, number, other))
    actions = [
        e.default_actions for e in answer.listeners if e.default_actions != one.default_actions
    ]
    if not actions:
        return None
    other = replace(one, default_actions=rng.choice(actions))
    return replace(answer, listeners=_with(answer.listeners, number, other))


def _rule(snapshot: Any, rng: random.Random) -> Any:
    """A rule of a listener less, or with what another one does."""
    from msgspec.structs import replace

    from reach.snapshot.balancer_records import ListenerRules

    answer = _chosen(snapshot, ListenerRules, rng)
    if answer is None or len(answer.rules) < 2:
        return None
    number = rng.randrange(len(answer.rules))
    one = answer.rules[number]
    if one.is_default or rng.random() < 0.5:
        other = rng.choice([each for each in answer.rules if each is not one])
        done = replace(one, actions=other.actions)
        return None if done == one else replace(answer, rules=_with(answer.rules, number, done))
    return replace(answer, rules=_with(answer.rules, number))


def _attribute(snapshot: Any, rng: random.Random) -> Any:
    """Whether a group, or a balancer, crosses zones; or a group keeps its clients' addresses."""
    from msgspec.structs import replace

    from reach.snapshot.balancer_records import (
        Attribute,
        LoadBalancerAttributes,
        TargetGroupAttributes,
    )

    answer = _chosen(snapshot, rng.choice((TargetGroupAttributes, LoadBalancerAttributes)), rng)
    if answer is None:
        return None
    of_group = isinstance(answer, TargetGroupAttributes)
    names = ["load_balancing.cross_zone.enabled"]
    names += ["preserve_client_ip.enabled"] if of_group else []
    name = rng.choice(names)
    said = next((each.value for each in answer.attributes if each.key == name), "")
    others = tuple(each for each in answer.attributes if each.key != name)
    other = Attribute(name, "false" if said == "true" else "true")
    return replace(answer, attributes=(*others, other))


def _classic(snapshot: Any, rng: random.Random) -> Any:
    """A classic balancer with an instance less, or a listener of it on another port."""
    from msgspec.structs import replace

    from reach.snapshot.balancer_records import ClassicLoadBalancer

    one = _chosen(snapshot, ClassicLoadBalancer, rng)
    if one is None:
        return None
    if one.instances and rng.random() < 0.5:
        return replace(one, instances=_with(one.instances, rng.randrange(len(one.instances))))
    if not one.listener_descriptions:
        return None
    number = rng.randrange(len(one.listener_descriptions))
    told = one.listener_descriptions[number]
    other = replace(told, listener=replace(told.listener, load_balancer_port=9000))
    return replace(one, listener_descriptions=_with(one.listener_descriptions, number, other))


def _balancer(snapshot: Any, rng: random.Random) -> Any:
    """A load balancer that works, or does not."""
    from msgspec.structs import replace

    from reach.snapshot.balancer_records import LoadBalancer, LoadBalancerState

    one = _chosen(snapshot, LoadBalancer, rng)
    if one is None:
        return None
    state = "provisioning" if one.state.code == "active" else "active"
    return replace(one, state=LoadBalancerState(state))


# --- endpoints and their services -----------------------------------------------------------------


def _endpoint(snapshot: Any, rng: random.Random) -> Any:
    """An endpoint in another state."""
    from msgspec.structs import replace

    from reach.snapshot.records import VpcEndpoint

    one = _chosen(snapshot, VpcEndpoint, rng)
    if one is None:
        return None
    states = [each for each in _STATES if each != one.state.lower()]
    return replace(one, state=rng.choice(states))


def _permissions(snapshot: Any, rng: random.Random) -> Any:
    """A principal less that may connect to a service, or one more."""
    from msgspec.structs import replace

    from reach.snapshot.endpoint_service_records import (
        AllowedPrincipal,
        VpcEndpointServicePermissions,
    )

    one = _chosen(snapshot, VpcEndpointServicePermissions, rng)
    if one is None:
        return None
    every = one.allowed_principals
    if every and rng.random() < 0.5:
        return replace(one, allowed_principals=_with(every, rng.randrange(len(every))))
    more = AllowedPrincipal("arn:aws:iam::999999999999:root", "Account", one.service)
    return replace(one, allowed_principals=(*every, more))


def _connection(snapshot: Any, rng: random.Random) -> Any:
    """A connection to a service that is accepted, or is not."""
    from msgspec.structs import replace

    from reach.snapshot.endpoint_service_records import VpcEndpointConnection

    one = _chosen(snapshot, VpcEndpointConnection, rng)
    if one is None:
        return None
    taken = one.vpc_endpoint_state.lower() == "available"
    return replace(one, vpc_endpoint_state="rejected" if taken else "available")


# --- firewalls ------------------------------------------------------------------------------------


def _firewall_rule(snapshot: Any, rng: random.Random) -> Any:
    """A rule of a firewall's group less, or one more that drops a port to a subnet."""
    from msgspec.structs import replace

    from reach.snapshot.firewall_records import RuleGroup
    from reach.snapshot.records import Subnet

    group = _chosen(snapshot, RuleGroup, rng)
    if group is None or group.rule_group is None:
        return None
    source = group.rule_group.rules_source
    if source.rules_string is not None:
        lines = source.rules_string.splitlines()
        if lines and rng.random() < 0.5:
            lines.pop(rng.randrange(len(lines)))
        else:
            block = rng.choice(snapshot.records(Subnet)).cidr_block
            port = rng.choice((22, 443, 5432))
            sid = rng.randrange(10**6, 10**7)
            lines.insert(0, _DROPS.format(block=block, port=port, sid=sid))
        other = replace(source, rules_string="\n".join(lines))
    elif source.stateless_rules_and_custom_actions is not None:
        known = source.stateless_rules_and_custom_actions
        rules = known.stateless_rules
        if not rules:
            return None
        number = rng.randrange(len(rules))
        other = replace(
            source,
            stateless_rules_and_custom_actions=replace(known, stateless_rules=_with(rules, number)),
        )
    elif source.stateful_rules:
        number = rng.randrange(len(source.stateful_rules))
        other = replace(source, stateful_rules=_with(source.stateful_rules, number))
    else:
        return None
    return replace(group, rule_group=replace(group.rule_group, rules_source=other))


def _policy(snapshot: Any, rng: random.Random) -> Any:
    """A firewall's policy without one of its groups, or with other default actions."""
    from msgspec.structs import replace

    from reach.snapshot.firewall_records import FirewallPolicy

    policy = _chosen(snapshot, FirewallPolicy, rng)
    if policy is None:
        return None
    body = policy.firewall_policy
    field = rng.choice(
        ("stateless_rule_group_references", "stateful_rule_group_references", "default")
    )
    if field == "default":
        others = [("aws:pass",), ("aws:drop",), ("aws:forward_to_sfe",)]
        given = rng.choice([each for each in others if each != body.stateless_default_actions])
        return replace(policy, firewall_policy=replace(body, stateless_default_actions=given))
    every = getattr(body, field)
    if not every:
        return None
    left = _with(every, rng.randrange(len(every)))
    return replace(policy, firewall_policy=replace(body, **{field: left}))


SERVING: Mapping[str, Callable[[Any, random.Random], Any]] = {
    "firewall rule": _firewall_rule,
    "firewall policy": _policy,
    "target health": _health,
    "target": _target,
    "listener": _listener,
    "listener rule": _rule,
    "balancing attribute": _attribute,
    "load balancer": _balancer,
    "classic load balancer": _classic,
    "endpoint": _endpoint,
    "endpoint permissions": _permissions,
    "endpoint connection": _connection,
}
