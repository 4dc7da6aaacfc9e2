"""Law 2, by campaign: what a snapshot lost leaves an answer open, and never turns it round.

Every record of every sample is taken out of its list, which stays, one at a time: while another
answer names it, no case may flip.  So with whole calls, and with every field that is read: without
one a snapshot is refused with the place, or answered as before, or left open, or a default of
AWS's holds.  What may flip all the same is written down here, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest

import reach
from reach.asking import verdict as ask_verdict
from reach.suite import Case
from tests.bazaar import Bazaar
from tests.estate import load_files
from tests.fair import Fair
from tests.medley import PACKETS
from tests.traps.damage import (
    SAMPLES,
    Damage,
    Sample,
    harm,
    samples,
    verdict,
    with_words,
    without_calls,
    without_fields,
    without_lists,
    without_records,
)

NAMES = sorted(p.name for p in SAMPLES.iterdir() if (p / "snapshot").is_dir())
# Without the call no VPC is taken as enforced (reach/aws/encryption_control.py): such a snapshot is
# older than encryption controls.
OLDER = {
    "VpcEncryptionControls",
    # Without the call AWS's default holds, and the answer says so (network_load_balancer.py).
    "TargetGroupAttributes",
}
SHARE = 24


def of_name(name: str) -> Sample:
    return next(each for each in samples() if each.name == name)


def named(sample: Sample) -> Iterator[Damage]:
    return (damage for damage in without_records(sample) if damage.named)


def told(sample: Sample, lost: Callable[[Sample], Iterator[Damage]]) -> list[str]:
    flips = harm(sample, lost(sample))
    return [f"{sample.name} {flip}" for flip in flips if flip.lost not in OLDER]


def test_a_share_of_all_records() -> None:
    """One of so many, of every sample in turn."""
    at = 0
    flips: list[str] = []
    for sample in samples():
        if sample.name == "estate":
            continue
        chosen = []
        for damage in without_records(sample):
            at += 1
            if at % SHARE == 0 and damage.named:
                chosen.append(damage)
        flips += [f"{sample.name} {flip}" for flip in harm(sample, chosen)] if chosen else []
    assert flips == []
    assert at > 1700


RARE = ["local_gateway", "global_accelerator", "transit_gateway_vpc_attachment"]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in RARE else pytest.mark.deep) for n in NAMES]
)
def test_records(name: str) -> None:
    """Each record that another answer names."""
    assert told(of_name(name), named) == []


CALLS = ["direct_connect_gateway", "local_gateway"]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in CALLS else pytest.mark.deep) for n in NAMES]
)
def test_calls(name: str) -> None:
    """Each call that was made."""
    assert told(of_name(name), without_calls) == []


LISTS = ["block_public_access", "network_firewall", "route_table", "two_tier", "vpn_gateway"]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in LISTS else pytest.mark.deep) for n in NAMES]
)
def test_lists(name: str) -> None:
    """Each list that AWS always prints: without it nothing is turned round."""
    assert told(of_name(name), without_lists) == []


WORDY = ["direct_connect_gateway", "block_public_access", "service_network"]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in WORDY else pytest.mark.deep) for n in NAMES]
)
def test_words(name: str) -> None:
    """Each word that is one of a few: with one that AWS does not have nothing is turned round."""
    assert told(of_name(name), with_words) == []


@pytest.mark.parametrize(
    ("seed", "kind"),
    [
        (3, Bazaar),
        *(pytest.param(s, Bazaar, marks=pytest.mark.deep) for s in range(100, 160)),
        *(pytest.param(s, Fair, marks=pytest.mark.deep) for s in range(40)),
    ],
)
def test_a_share_of_all_that_a_bazaar_has(seed: int, kind: type[Bazaar]) -> None:
    """Records, calls, lists and words of networks drawn at random, and questions that are decided
    there."""
    sample, rng = drawn(kind(seed), seed), Random(f"damage/{seed}")
    shares = ((without_records, 20), (without_calls, 12), (without_lists, 15), (with_words, 8))
    chosen: list[Damage] = []
    for lost, most in shares:
        every = [damage for damage in lost(sample) if damage.named]
        chosen += rng.sample(every, min(most, len(every)))
    flips = [flip for flip in harm(sample, chosen) if flip.lost not in OLDER]
    assert flips == [], "\n".join(map(str, flips))
    assert len(sample.cases) >= CASES // 2


CASES = 8


def drawn(e: Bazaar, seed: int) -> Sample:
    """A bazaar, with some questions that are decided of it, not too many of them by a no."""
    rng = Random(f"cases/{seed}")
    hosts = [str(host) for host in e.hosts]
    found: list[Case] = []
    refuted = 0
    for _ in range(300):
        if len(found) == CASES:
            break
        kind = rng.choice((hosts, e.ends, e.names[-8:]))
        text = f"can {rng.choice(kind)} reach {rng.choice(rng.choice((hosts, e.ends)))}"
        text, one_way = f"{text} {rng.choice(PACKETS)}".strip(), rng.random() < 0.3
        try:
            told = ask_verdict(e.load(), text, one_way=one_way).verdict
        except reach.QuestionError:
            continue
        refuted += told is reach.Verdict.UNREACHABLE
        if told is reach.Verdict.REACHABLE or (
            told is reach.Verdict.UNREACHABLE and refuted <= CASES // 2
        ):
            found.append(Case(text, told, "", "", 0, one_way=one_way))
    return Sample(f"{type(e).__name__} {seed}", e.files(), tuple(found))


# Sample, call, what begins its record's id, and a question that hangs on it.
LOST = [
    ("db_instance", "NetworkInterfaces", "eni-09b1b", "can kitchen reach kitchen/stove port 10250"),
    (
        "gateway_load_balancer",
        "ServiceConfigurations",
        "vpce-svc-0d",
        "can clerk reach day port 443",
    ),
    (
        "gateway_load_balancer",
        "ServiceConfigurations",
        "vpce-svc-03",
        "can keeper reach internet port 443",
    ),
    ("gateway_load_balancer", "VpcEndpoints", "vpce-05ca9", "can clerk reach day port 443"),
    ("global_accelerator", "Accelerators", "arn:", "can internet reach telescope port 443"),
    ("global_accelerator", "Listeners", "arn:", "can internet reach night-sky port 443"),
    ("host_services", "Vpcs", "vpc-0586c", "can monk reach 10.100.0.2 port 53/udp"),
    ("service_network", "LatticeTargetGroups", "tg-095cb", "can greengrocer reach till port 443"),
    ("service_network", "LatticeTargets", "tg-095cb", "can greengrocer reach till port 443"),
    (
        "local_gateway",
        "NetworkInterfaces",
        "eni-01c82",
        "can 192.168.10.7 reach 192.168.200.5 port 443",
    ),
    ("local_gateway", "Subnets", "subnet-0811", "can 192.168.10.7 reach press port 502"),
    ("local_gateway", "Subnets", "subnet-06f4", "can press reach oven port 443"),
    ("network_interface", "NetworkInterfaces", "eni-0dada", "can 10.70.1.40 reach meter port 22"),
    (
        "network_load_balancer",
        "NetworkInterfaces",
        "eni-0fb39",
        "can internet reach window port 25",
    ),
    (
        "network_load_balancer",
        "NetworkInterfaces",
        "eni-0fb39",
        "can internet reach letters port 25",
    ),
    (
        "public_ipv4_pool",
        "PublicIpv4Pools",
        "ipv4pool-",
        "can internet reach 203.0.113.45 port 5060/udp",
    ),
    ("resource_gateway", "VpcEndpoints", "vpce-0d0cf", "can pupil reach catalogue port 5432"),
    ("resource_gateway", "NetworkInterfaces", "eni-04fa6", "can pupil reach catalogue port 5432"),
    (
        "route_server",
        "RouteServerEndpoints",
        "rse-",
        "can signal-box reach station-routes port 179",
    ),
    ("route_server", "RouteTables", "rtb-0b1fa", "can platform-1 reach turntable port 443"),
    (
        "transit_gateway",
        "TransitGatewayVpcAttachments",
        "tgw-attach-0b06a",
        "can till reach bench port 443",
    ),
    (
        "vpc_endpoint_service",
        "NetworkInterfaces",
        "eni-00099",
        "can miller reach post-office port 25",
    ),
    ("vpc_endpoint_service", "VpcEndpoints", "vpce-0d0cf", "can baker reach clerk port 25"),
]


@pytest.mark.parametrize(("name", "call", "begins", "ask"), LOST)
def test_what_hangs_on_a_record(name: str, call: str, begins: str, ask: str) -> None:
    """Decided of the whole; undecided without the record, which other answers name, with a call
    that would tell."""
    sample = of_name(name)
    case = next(each for each in sample.cases if each.ask == ask)
    whole = verdict(load_files(sample.files), case)[0]
    assert whole in ("reachable", "unreachable")
    lost = next(
        each
        for each in without_records(sample)
        if each.named and each.lost.startswith(f"{call}/") and f" {begins}" in each.lost
    )
    now, told = verdict(load_files(lost.files), case, whole)
    assert now == "undecided", told


def test_fields_of_a_peering() -> None:
    """What is left out is told by the rest, is refused, or leaves the answer open."""
    sample = of_name("vpc_peering")
    flips = [
        each
        for each in harm(sample, without_fields(sample))
        if each.lost.split("/")[0] in ("VpcPeeringConnections", "Subnets", "RouteTables")
    ]
    # Without a state a route is a good one; what names no subnet is another association.
    excused = ("/Main", "/State", "/SubnetId")
    assert [str(each) for each in flips if not each.lost.endswith(excused)] == []
