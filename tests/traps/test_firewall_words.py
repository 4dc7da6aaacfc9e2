"""Law 2 of a firewall's rules: what AWS always prints of one, and in words of its own.

A rule of which a part is taken out, or said in a word that AWS does not have, may do anything, so
nothing hangs on it.  Each case stands beside the same rules as AWS prints them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.estate import Id, Record
from tests.estates.firewall import (
    Guarded,
    domains,
    five_tuples,
    policy,
    stateful,
    stateless,
)
from tests.traps.rows import NET, allow, deny, unknown

Damage = Callable[[Record], object]
Step = str | int


def _at(record: Any, *path: Step) -> Any:
    for step in path:
        record = record[step]
    return record


def _without(*path: Step) -> Damage:
    return lambda record: _at(record, *path[:-1]).pop(path[-1])


def _with(value: object, *path: Step) -> Damage:
    return lambda record: _at(record, *path[:-1]).update({path[-1]: value})


SOURCE = ("RuleGroup", "RulesSource")
PLAIN = (*SOURCE, "StatelessRulesAndCustomActions", "StatelessRules")
FIRST = (*PLAIN, 0, "RuleDefinition")
TUPLE = (*SOURCE, "StatefulRules", 0)


def _stateless(e: Guarded) -> Id:
    """What is asked for, both ways; all else is dropped by default."""
    found = stateless(e, "10 pass tcp any any -> any 443", "20 pass tcp any 443 -> any any")
    e.fire(policy(e, stateless=[found], default="aws:drop"))
    return found


@pytest.mark.parametrize(
    "damage",
    [
        _with(["aws:let_through"], *FIRST, "Actions"),
        _with(["count-it"], *FIRST, "Actions"),
        _with(["aws:pass", "aws:drop"], *FIRST, "Actions"),
        _with([], *FIRST, "Actions"),
        _without(*FIRST, "Actions"),
        _without(*FIRST, "MatchAttributes"),
        _without(*PLAIN, 0, "Priority"),
        _with(20, *PLAIN, 0, "Priority"),
        _without(*SOURCE, "StatelessRulesAndCustomActions"),
        _with("STATEFUL", "RuleGroupResponse", "Type"),
    ],
)
def test_stateless_rules(damage: Damage) -> None:
    """R-NFW-3, R-NFW-4: one standard action, a match, and a priority of its own."""
    e = Guarded()
    group = _stateless(e)
    allow(e, f"can {e.a} reach {NET} port 443")
    deny(e, f"can {e.a} reach {NET} port 22", "FIREWALL_RULES_RESTRICTION")
    damage(group.record)
    unknown(e, f"can {e.a} reach {NET} port 443", group)
    unknown(e, f"can {e.a} reach {NET} port 22", group)


def test_names_beside_a_standard_action() -> None:
    """R-NFW-3: a custom action publishes a metric, beside the action that counts."""
    e = Guarded()
    group = _stateless(e)
    _with(["count-it", "aws:pass"], *FIRST, "Actions")(group.record)
    allow(e, f"can {e.a} reach {NET} port 443")


@pytest.mark.parametrize(
    "damage",
    [
        _with("PERMIT", *TUPLE, "Action"),
        _without(*TUPLE, "Action"),
        _without(*TUPLE, "Header"),
        *(
            _without(*TUPLE, "Header", key)
            for key in (
                *("Protocol", "Source", "SourcePort", "Destination", "DestinationPort"),
                "Direction",
            )
        ),
        _with("BACKWARD", *TUPLE, "Header", "Direction"),
        _without(*SOURCE, "StatefulRules"),
        _without("RuleGroup", "RulesSource"),
        _with("STATELESS", "RuleGroupResponse", "Type"),
    ],
)
def test_five_tuples(damage: Damage) -> None:
    """R-NFW-9: every part of the header is there."""
    e = Guarded()
    group = five_tuples(e, "pass tcp any any -> any 443", "drop ip any any -> any any")
    e.fire(policy(e, [group]))
    allow(e, f"can {e.a} reach {NET} port 443")
    deny(e, f"can {e.a} reach {NET} port 22", "FIREWALL_RULES_RESTRICTION")
    damage(group.record)
    unknown(e, f"can {e.a} reach {NET} port 22", group)


@pytest.mark.parametrize(
    "damage",
    [
        _with("MAYBELIST", *SOURCE, "RulesSourceList", "GeneratedRulesType"),
        _without(*SOURCE, "RulesSourceList", "GeneratedRulesType"),
        _without(*SOURCE, "RulesSourceList", "TargetTypes"),
    ],
)
def test_domain_lists(damage: Damage) -> None:
    """R-NFW-10: one that alerts decides nothing, one of an unknown kind may decide all."""
    e = Guarded()
    group = domains(e, "ALERTLIST", "example.org")
    e.fire(policy(e, [group]))
    assert not allow(e, f"can {e.a} reach {NET} port 443").assumptions
    damage(group.record)
    unknown(e, f"can {e.a} reach {NET} port 443", group)


@pytest.mark.parametrize("priorities", [(None, None), (10, None), (10, 10)])
def test_groups_without_an_order(priorities: Sequence[int | None]) -> None:
    """R-NFW-7: in strict order the priorities of groups decide; by action they mean nothing."""
    for strict in (True, False):
        e = Guarded()
        passes = stateful(e, "pass tcp any any -> any 443 (sid:1;)", strict=strict)
        drops = stateful(e, "drop tcp any any -> any 443 (sid:2;)", strict=strict)
        rules = policy(e, [passes, drops], strict=strict)
        e.fire(rules)
        allow(e, f"can {e.a} reach {NET} port 443")
        listed = rules.record["FirewallPolicy"]["StatefulRuleGroupReferences"]
        for reference, priority in zip(listed, priorities, strict=True):
            reference.pop("Priority", None)
            reference |= {"Priority": priority} if priority is not None else {}
        if strict:
            unknown(e, f"can {e.a} reach {NET} port 443", rules)
        else:
            allow(e, f"can {e.a} reach {NET} port 443")


def test_one_group_without_a_priority() -> None:
    """There is no order to be known of one."""
    e = Guarded()
    group = stateful(e, "drop tcp any any -> any 443 (sid:2;)", strict=True)
    rules = policy(e, [group], strict=True)
    del rules.record["FirewallPolicy"]["StatefulRuleGroupReferences"][0]["Priority"]
    e.fire(rules)
    deny(e, f"can {e.a} reach {NET} port 443", "FIREWALL_RULES_RESTRICTION")


def test_overrides() -> None:
    """StatefulRuleGroupOverride has one action: to turn what drops into alerts."""
    e = Guarded()
    group = stateful(e, "drop tcp any any -> any 443 (sid:2;)")
    rules = policy(e, [group])
    e.fire(rules)
    deny(e, f"can {e.a} reach {NET} port 443", "FIREWALL_RULES_RESTRICTION")
    (reference,) = rules.record["FirewallPolicy"]["StatefulRuleGroupReferences"]
    reference["Override"] = {"Action": "DROP_TO_ALERT"}
    allow(e, f"can {e.a} reach {NET} port 443")
    reference["Override"] = {"Action": "DROP_TO_PASS"}
    unknown(e, f"can {e.a} reach {NET} port 443", group)


def test_default_actions_of_no_name_of_awss() -> None:
    """R-NFW-3: a policy has one of the three, beside names of its own."""
    e = Guarded()
    rules = policy(e)
    e.fire(rules)
    body = rules.record["FirewallPolicy"]
    body["StatelessDefaultActions"] = ["count-it", "aws:drop"]
    deny(e, f"can {e.a} reach {NET} port 443", "FIREWALL_RULES_RESTRICTION")
    body["StatelessDefaultActions"] = ["count-it"]
    unknown(e, f"can {e.a} reach {NET} port 443", rules)


def test_icmp_types_of_what_is_no_icmp() -> None:
    """Suricata user guide, "ICMP Keywords": they match ICMP packets only."""
    e = Guarded()
    e.fire(policy(e, [stateful(e, "drop ip any any -> any any (itype:0; sid:1;)")]))
    allow(e, f"can {e.a} reach {NET} port 443")
    e = Guarded()
    e.fire(policy(e, [stateful(e, "drop ip any any -> any any (itype:8; sid:1;)")]))
    deny(e, f"can {e.a} reach {NET} icmp", "FIREWALL_RULES_RESTRICTION")
