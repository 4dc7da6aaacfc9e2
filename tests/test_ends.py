"""Lists for "any": everybody who gets through, and nobody else."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

import reach
from reach.asking import ground_of
from reach.denote import source
from reach.lower import Ground
from reach.network.address import parse_address
from reach.options import DEFAULTS
from tests.estate import Pair, city


def listed(answer: Any) -> set[str]:
    (ends,) = answer.ends
    return {member.resource for group in ends.groups for member in group.members}


def interfaces(estate: Any) -> dict[str, str]:
    """Every interface, and what a list calls it: its instance, if it has one."""
    return {
        str(record["NetworkInterfaceId"]): record.get("Attachment", {}).get("InstanceId")
        or str(record["NetworkInterfaceId"])
        for calls in estate.scopes.values()
        for record in calls["NetworkInterfaces"]
    }


@pytest.mark.parametrize("packet", ["port 22", "port 80", "port 443", "icmp", "port 53/udp"])
def test_who_reaches_one_is_whoever_does_alone(packet: str) -> None:
    """Asked one by one, the same interfaces say yes."""
    estate, _ = city()
    snapshot = estate.load()
    answer = reach.ask(snapshot, f"can any reach {estate.b} {packet}", ends=100)
    alone = {
        owner
        for eni, owner in interfaces(estate).items()
        if owner != estate.b
        and reach.ask(snapshot, f"can {eni} reach {estate.b} {packet}").verdict == "reachable"
    }
    assert answer.verdict == ("reachable" if alone else "unreachable")
    if alone:
        assert listed(answer) == alone
        assert answer.ends[0].complete


@pytest.mark.parametrize("packet", ["port 22", "port 443", "port 443/udp"])
def test_what_one_reaches_is_whatever_it_reaches_alone(packet: str) -> None:
    estate, _ = city()
    snapshot = estate.load()
    answer = reach.ask(snapshot, f"can {estate.a} reach any {packet}", ends=100)
    alone = {
        owner
        for eni, owner in interfaces(estate).items()
        if owner != estate.a
        and reach.ask(snapshot, f"can {estate.a} reach {eni} {packet}").verdict == "reachable"
    }
    assert listed(answer) == alone
    assert answer.ends[0].complete


def test_too_few_groups_are_not_called_complete() -> None:
    estate, _ = city()
    answer = reach.ask(estate.load(), f"can any reach {estate.b} port 443", ends=1)
    (ends,) = answer.ends
    assert (len(ends.groups), ends.complete, ends.certificate) == (1, False, None)


def test_that_nobody_is_missing_has_a_certificate() -> None:
    """Law 5: it is about everybody who is not listed."""
    e = Pair()
    e.wear(e.b, e.group(e.v1, ["tcp/22 10.0.0.0/25"]))
    e.instance("stranger", e.sa, "10.0.0.200")
    told = reach.ask(e.load(), f"can any reach {e.b} port 22", ends=10)
    assert listed(told) == {str(e.a)}
    (ends,) = told.ends
    assert ends.certificate is not None
    left = {
        address
        for part in ends.certificate.parts
        for start in part.starts
        for address in starts_from(start)
    }
    assert parse_address("10.0.0.200") in left
    assert parse_address("10.0.0.5") not in left


def starts_from(start: Any) -> set[int]:
    """The single addresses that a start sends from."""
    source = start.space.by_name["source"]
    return {low for low, high in source.intervals}


def test_a_question_without_any_has_no_list() -> None:
    estate, _ = city()
    assert reach.ask(estate.load(), f"can {estate.a} reach {estate.b} port 22", ends=9).ends == ()


@pytest.mark.parametrize(
    "block",
    ["10.0.0.0/24", "10.0.0.0/8", "10.1.0.5/32", "198.51.100.0/24", "fd00::/8", "203.0.113.0/24"],
)
def test_a_block_is_whoever_has_an_address_in_it(block: str) -> None:
    """Private or public, found by looking at every interface of the estate."""
    inside = ip_network(block)
    estate, _ = city()
    expected = set()
    for calls in estate.scopes.values():
        for record in calls["NetworkInterfaces"]:
            told = [each["PrivateIpAddress"] for each in record["PrivateIpAddresses"]]
            told += [each["Ipv6Address"] for each in record.get("Ipv6Addresses", ())]
            told += [record["Association"]["PublicIp"]] if "Association" in record else []
            if any(ip_address(each) in inside for each in told):
                expected.add(record["NetworkInterfaceId"])
    snapshot = estate.load()
    ground = ground_of(snapshot, DEFAULTS)
    # The interface of a NAT gateway, say, sends nothing of its own.
    assert senders(ground, block) == expected & senders(ground, "any")


def senders(ground: Ground, end: str) -> set[str]:
    nodes = (start.node for start in source(ground, end).starts)
    return {node.split("/")[1] for node in nodes if node.startswith("network_interface/")}
