"""What `--through` and `--avoid` mean of each kind of id, and what `--assume` knows.

Laws: an id that is accepted is passed by something, or nothing can be at it; and every other one is
refused with a reason.  A part of a thing (a listener, a target group, a policy) is passed by what
passes the thing by that part, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import reach
from reach.aim import resource_of
from reach.asking import ground_of
from reach.components import components
from reach.lower import Ground
from reach.options import DEFAULTS
from reach.places import place, things
from reach.resolve import everywhere
from reach.snapshot.balancer_records import LoadBalancerListeners
from reach.snapshot.records import NetworkInterface
from reach.suite import load_suite
from tests.estate import Pair
from tests.estates import balancers

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
# Kinds of which there may be one that nothing passes: it is gone, nothing uses it, or it is shut.
IDLE = {"Address", "Instance", "NatGateway", "TargetGroup", "TransitGateway"}
IDLE |= {"TransitGatewayVpcAttachment", "VpcPeeringConnection", "NetworkInterface", "Subnet"}


@cache
def sample(name: str) -> Any:
    return reach.load(SAMPLES / name / "snapshot")


def verdict(name: str, text: str, **how: Any) -> str:
    return reach.ask(sample(name), text, **how).verdict.value


# ------------------------------------------------------------------- every id of every sample


def named_in(told: Any) -> Iterator[str]:
    """The nodes that stages lead to."""
    if isinstance(told, str):
        if told.count("/") >= 2 and told.partition("/")[0] in {*components(), "unmodelled"}:
            yield told
    elif isinstance(told, tuple | list):
        for each in told:
            yield from named_in(each)
    elif is_dataclass(told):
        for each in fields(told):
            if each.name not in ("origin", "match", "words", "record"):
                yield from named_in(getattr(told, each.name))


def explored(ground: Ground) -> set[str]:
    todo, done = [start.node for start in everywhere(ground)], set[str]()
    while todo:
        name = todo.pop()
        if name not in done:
            done.add(name)
            todo += named_in(ground.network.node(name).stages)
    return done


@pytest.mark.parametrize("name", sorted(path.parent.name for path in SAMPLES.glob("*/snapshot")))
def test_every_id_is_a_place_or_refused(name: str) -> None:
    snapshot = sample(name)
    ground = ground_of(snapshot, DEFAULTS)
    nodes = explored(ground)
    refused: list[tuple[str, str]] = []
    resources = set(map(resource_of, nodes))
    for kind in snapshot.contents:
        for record in snapshot.records(kind):
            resource = ground.id_of(record).split(" ")[0]
            assert resource in things(ground, resource)
            try:
                found = place(ground, resource)
            except reach.QuestionError as error:
                refused.append((resource, str(error)))
                continue
            met = found.visit.resources & resources or found.visit.nodes & nodes
            assert (
                met
                or found.gaps
                or kind.__name__.removesuffix("Attributes")
                in IDLE
                | {
                    "LoadBalancerTargetHealth",
                }
            ), (kind, resource)
    for resource, words in refused:
        assert words.startswith((f"{resource} is ", f"{resource} holds ")), words


# ------------------------------------------------------------------- parts of balancers


class Two(Pair):
    """A network balancer with two listeners, each with a group of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.natted(self.tb)
        self.online(self.ta)
        self.wear(self.a, self.group(self.v1, ["tcp 0.0.0.0/0"], name="lets in"))
        self.front = balancers.balancer(
            *(self, "network", "front", {self.sa: "10.0.0.40"}, ()),
            public={self.sa: "198.51.100.40"},
            cross_zone=True,
        )
        self.groups = [
            balancers.target_group(self, self.v1, name, "TCP", port, [self.a], preserve=False)
            for name, port in (("one", 22), ("two", 85))
        ]
        self.listeners = [
            str(balancers.listen(self, self.front, "TCP", port, group))
            for port, group in zip((443, 8443), self.groups, strict=True)
        ]


@pytest.mark.parametrize("kind", ["listeners", "groups"])
def test_a_part_of_a_balancer(kind: str) -> None:
    e = Two()
    for port, own, other in ((443, 0, 1), (8443, 1, 0)):
        text = f"can internet reach front port {port}"
        assert reach.ask(e.load(), text).verdict == "reachable"
        part = [str(each) for each in getattr(e, kind)]
        for by, through, avoid in (
            (part[own], "reachable", "unreachable"),
            (part[other], "unreachable", "reachable"),
        ):
            assert reach.ask(e.load(), text, through=[by]).verdict == through, by
            assert reach.ask(e.load(), text, avoid=[by]).verdict == avoid, by


def test_a_listener_of_an_accelerator_and_its_groups() -> None:
    snapshot = sample("global_accelerator")
    text, found = "can internet reach telescope port 443", set[str]()
    ground = ground_of(snapshot, DEFAULTS)
    for by in ground.ids():
        if "/listener/" in by and "globalaccelerator" in by:
            through = verdict("global_accelerator", text, through=[by])
            avoid = verdict("global_accelerator", text, avoid=[by])
            found.add(through)
            assert {through, avoid} == {"reachable", "unreachable"}, by
    assert found == {"reachable", "unreachable"}


@pytest.mark.parametrize(
    ("name", "of", "part"),
    [
        ("network_firewall", ":firewall/", ":firewall-policy/"),
        ("resource_gateway", "rcfg-", "rgw-"),
        ("gateway_load_balancer", ":loadbalancer/gwy/", ":targetgroup/"),
        ("gateway_load_balancer", ":loadbalancer/gwy/", ":listener/gwy/"),
        ("gateway_load_balancer", "vpce-0", "vpce-svc-"),
    ],
)
def test_a_part_is_passed_as_its_whole_is(name: str, of: str, part: str) -> None:
    """Of all questions of a sample: something passes some part iff something passes some whole."""
    snapshot = sample(name)
    ground = ground_of(snapshot, DEFAULTS)
    ids = [each for each in ground.ids() if " " not in each]
    ids += [
        listener.listener_arn
        for each in snapshot.records(LoadBalancerListeners)
        for listener in each.listeners
    ]
    wholes, parts = ([each for each in ids if kind in each] for kind in (of, part))
    assert wholes
    assert parts
    asked = load_suite(SAMPLES / name / "cases.reach.yaml").cases
    told = set()
    for case in asked:
        by = [
            max(RANK[verdict(name, case.ask, through=[each])] for each in some)
            for some in (wholes, parts)
        ]
        assert by[0] == by[1], case.ask
        told.add(by[0])
    assert len(told) > 1


def test_what_clients_send_leaves_by_an_interface() -> None:
    """Of every question of a sample that clients ask: by the interface that the packet takes."""
    snapshot, told = sample("client_vpn"), set()
    for case in load_suite(SAMPLES / "client_vpn" / "cases.reach.yaml").cases:
        answer = reach.ask(snapshot, case.ask)
        if (
            answer.witness is None
            or answer.verdict != "reachable"
            or "vpn" not in case.ask.split(" reach ")[0]
        ):
            continue
        for record in snapshot.records(NetworkInterface):
            own = record.network_interface_id
            by = f"by {own}" in " ".join(step.node for step in answer.witness.forward)
            if "ClientVPN" in record.description:
                through = verdict("client_vpn", case.ask, through=[own])
                assert through == "reachable" or not by, (case.ask, own)
                told.add(through)
    assert "reachable" in told


RANK = {"unreachable": 0, "undecided": 1, "reachable": 2}


# ------------------------------------------------------------------- what is refused


def told(e: Pair, text: str, how: Any) -> Any:
    return reach.ask(e.load(), text, **how)


@pytest.mark.parametrize("option", ["through", "avoid"])
def test_what_is_no_place(option: str) -> None:
    e = Two()
    text = f"can {e.a} reach {e.b} port 22"
    for by, words in (
        (str(e.a.eni.record["Groups"][0]["GroupId"]), "holds rules"),
        (str(e.ta), "holds rules"),
        ("i-0aaaaaaaaaaaaaaaa", "is not in the snapshot"),
    ):
        with pytest.raises(reach.QuestionError, match=words):
            told(e, text, {option: [by]})


# ------------------------------------------------------------------- what is assumed


def test_an_id_that_nobody_knows_is_an_error() -> None:
    """With the nearest; whatever is assumed of it."""
    e = Two()
    text = f"can {e.a} reach {e.b} port 22"
    wrong = f"{str(e.b)[:-1]}{'0' if str(e.b)[-1] != '0' else '1'}"
    for value in ("reachable", "unreachable"):
        with pytest.raises(reach.QuestionError, match=str(e.b)):
            reach.ask(e.load(), text, assume={wrong: value})
        with pytest.raises(reach.QuestionError, match="front"):
            reach.ask(e.load(), text, assume={"fronts": value})


def test_a_name_is_what_it_names() -> None:
    """A Name, the name of a component's thing and an ARN."""
    e = Two()
    ground = ground_of(e.load(), DEFAULTS)
    assert str(e.front) in things(ground, "front")
    assert things(ground, str(e.front)) == things(ground, "front")
    assert set(things(ground, str(e.a))) == {str(e.a), str(e.a.eni)}
    both = {"front": "reachable", str(e.front): "unreachable"}
    with pytest.raises(reach.QuestionError, match="both"):
        reach.ask(e.load(), "can internet reach front port 443", assume=both)


def test_what_is_named_and_not_held_can_be_assumed() -> None:
    """The peering's other VPC: nothing of it is in the snapshot but its id."""
    e = Pair()
    e.peered()
    e.route(e.ta, "10.9.0.0/16", "pcx-0aaaaaaaaaaaaaaaa")
    ground = ground_of(e.load(), DEFAULTS)
    assert things(ground, "pcx-0aaaaaaaaaaaaaaaa") == ("pcx-0aaaaaaaaaaaaaaaa",)
    text = f"can {e.a} reach 10.9.0.1 port 22"
    assert reach.ask(e.load(), text).verdict == "undecided"
    shut = reach.ask(e.load(), text, assume={"pcx-0aaaaaaaaaaaaaaaa": "unreachable"})
    assert shut.verdict == "unreachable"
