"""Law 2 where packets are inspected: a missing call is not an empty list."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.estate import Pair
from tests.estates.firewall import (
    Guarded,
    Inspected,
    appliances,
    associate,
    domains,
    firewall,
    policy,
    stateful,
    stateless,
)
from tests.traps.test_gaps import never_flips, without


def walled() -> tuple[Pair, list[str]]:
    """A firewall between A and the net, with rules of all kinds, one of them by a prefix list."""
    e = Guarded()
    listed = e.prefix_list("9.9.9.0/24")
    arn = f"arn:aws:ec2:us-east-1:111122223333:prefix-list/{listed}"
    groups = [
        stateful(e, "drop tcp any any -> @BAD any (sid:1;)", references={"BAD": arn}, strict=True),
        stateful(e, "pass tcp $HOME_NET any -> any 443 (sid:2;)", strict=True),
        domains(e, "ALLOWLIST", "example.org", strict=True),
    ]
    first = stateless(e, "10 drop udp any any -> any any")
    rules = policy(e, groups, [first], strict=True, otherwise=["aws:drop_established"])
    e.fire(rules)
    return e, [
        f"can {e.a} reach 8.8.8.8 port 443",
        f"can {e.a} reach 9.9.9.9 port 443",
        f"can {e.a} reach 8.8.8.8 port 80",
        f"can {e.a} reach 8.8.8.8 port 53/udp",
        f"can internet reach {e.a} port 443",
        f"can internet reach {e.a} port 22",
    ]


def associated() -> tuple[Pair, list[str]]:
    """The same firewall by an association in V1."""
    e = Guarded()
    home = e.vpc("10.8.0.0/16", name="home")
    there = e.subnet(home, "10.8.0.0/24")
    rules = policy(e, [stateful(e, "drop tcp any any -> any 22 (sid:1;)")])
    fw = firewall(e, {there: "10.8.0.9"}, rules)
    e.behind(associate(e, fw, e.sf, "10.0.7.9"))
    return e, [f"can {e.a} reach 8.8.8.8 port {port}" for port in (443, 22)]


def served(ingress: str) -> Callable[[], tuple[Pair, list[str]]]:
    def make() -> tuple[Pair, list[str]]:
        e = Guarded()
        provider = e.vpc("10.50.0.0/16", name="provider")
        subnet = e.subnet(provider, "10.50.0.0/24")
        group = e.group(provider, ingress=[ingress])
        appliance = e.instance("appliance", subnet, "10.50.0.5", groups=[group])
        gwlb = appliances(e, {subnet: "10.50.0.40"}, [appliance])
        e.behind(e.endpoint_balancer(e.sf, "10.0.7.9", gwlb.service))
        return e, [f"can {e.a} reach 8.8.8.8 port 443", f"can internet reach {e.a} port 443"]

    return make


def hub() -> tuple[Pair, list[str]]:
    e = Inspected()
    e.fire(policy(e, [stateful(e, "drop tcp any any -> any 22 (sid:1;)")]))
    return e, [
        f"can {e.a} reach {e.b2} port 443",
        f"can {e.a} reach {e.b2} port 22",
        f"can {e.a} reach {e.c2} port 443",
    ]


ESTATES: dict[str, tuple[Callable[[], tuple[Pair, list[str]]], list[str]]] = {
    "walled": (walled, ["reachable", "unreachable", "reachable", *["unreachable"] * 3]),
    "associated": (associated, ["reachable", "unreachable"]),
    "served": (served("udp/6081 any"), ["reachable", "reachable"]),
    "shut": (served("tcp/80 any"), ["unreachable", "unreachable"]),
    "hub": (hub, ["reachable", "unreachable", "unreachable"]),
}


@pytest.mark.parametrize("name", ESTATES)
def test_no_missing_call_flips_an_answer(name: str) -> None:
    """Each call taken away in turn, and each cut short."""
    make, expected = ESTATES[name]
    e, questions = make()
    verdicts = {question: str(e.ask(question).verdict.value) for question in questions}
    assert list(verdicts.values()) == expected
    files = e.files()
    for text in files.values():
        content = json.loads(text)
        call = next(iter(content))
        if content[call]:
            never_flips(dict(without(files, call)), verdicts, call)
