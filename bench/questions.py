"""Questions to measure with: deterministic, of many kinds, about things that are really there.

For a generated estate they are drawn from its VPCs, for a recorded lab from its probes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from bench.estate.interfaces import interfaces
from bench.estate.plan import Vpc
from bench.estate.transit import attachment_id, segment_of
from bench.grow import Size, possible

WHOLE_ESTATE = "can 0.0.0.0/0 reach port 22"
PORTS = ("port 22", "port 443", "port 5432", "port 8080", "port 53/udp", "icmp", "")
MANY, FEW = 100, 24  # VPCs; and of how many of them questions are, where there are more
# What a tier is there for; asked for as often as anything else, so that both answers occur.
SERVED = {
    "public": ("port 443", "port 80"),
    "app": ("port 8080", "port 8443"),
    "data": ("port 5432", "port 3306"),
    "isolated": ("port 5432", ""),
    "internet": ("port 443", "port 80"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in the words of the command line, and which kind it counts as.

    ``how`` it is asked for: as a whole answer, or as a verdict, without a path to look at.  What
    the verdict has to be is known of some (``expect``).
    """

    kind: str
    text: str
    how: str = "answer"
    expect: str = ""


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance that a question can be about."""

    id: str
    address: str
    tier: str
    public: bool
    six: str = ""


# Kind, and how often it comes in a mix.
MIX = {
    "instance to instance, same VPC": 6,
    "instance to instance, peered VPC": 4,
    "instance to instance, VPC not peered": 3,
    "address to address": 3,
    "internet to instance": 2,
    "instance to internet": 2,
}
# The same for an estate on transit gateways.
TRANSIT_MIX = {
    "same Region, same segment": 5,
    "same Region, other segment": 3,
    "other Region": 4,
    "address to address": 2,
    "IPv6 address to IPv6 address": 2,
    "instance to internet, by the hub": 2,
    "internet to instance": 1,
    "attachment to instance": 1,
}


def of_estate(size: Size, count: int) -> list[Asked]:
    """``count`` questions about an estate, no two VPCs being likelier than others.

    Where there are very many, they begin in a few of them: what is in a VPC has to be grown again.
    Unrelated VPCs are never asked about, so that an estate with and without has the same list.
    """
    rng = Random(f"questions/{size.seed}")
    planned = size.vpcs_planned()
    vpcs = planned[: len(planned) - size.unrelated]
    begun = vpcs if len(vpcs) <= MANY else rng.sample(vpcs, FEW)
    instances = cache(of_vpc)
    asked: list[Asked] = []
    while len(asked) < count:
        kind = rng.choices(list(MIX), list(MIX.values()))[0]
        here = rng.choice(begun)
        there = counterpart(kind, here, vpcs, begun, rng)
        if there is None or not instances(here) or not instances(there):
            continue
        source, destination = rng.choice(instances(here)), rng.choice(instances(there))
        public = [one for one in instances(there) if one.public]
        if kind == "internet to instance" and public and rng.random() < 0.5:
            destination = rng.choice(public)
        served = SERVED["internet" if kind == "instance to internet" else destination.tier]
        port = rng.choice(served if rng.random() < 0.5 else PORTS)
        names = {
            "address to address": (source.address, destination.address),
            "internet to instance": ("internet", destination.id),
            "instance to internet": (source.id, "internet"),
        }
        start, goal = names.get(kind, (source.id, destination.id))
        asked.append(Asked(kind, f"can {start} reach {goal} {port}".rstrip()))
    return asked


def of_key(size: Size) -> list[Asked]:
    """What the answer key of a mixed estate asks, and what is known to come of it."""
    asked = []
    for one in possible(size):
        is_planted = one.name in size.violations
        verdict = one.violated if is_planted else one.clean
        asked.append(Asked("in the answer key", one.question, expect=verdict))
        asked += [Asked("in the answer key", text, expect=told) for text, told in one.unmoved]
    return asked


def counterpart(
    kind: str, here: Vpc, vpcs: list[Vpc], likely: list[Vpc], rng: Random
) -> Vpc | None:
    """The VPC at the other end, if there is one of the kind."""
    if kind == "instance to instance, peered VPC":
        return vpcs[rng.choice(here.peers)] if here.peers else None
    if kind == "address to address" and rng.random() < 0.5:
        return vpcs[rng.choice((here.index, *here.peers))]
    if kind == "instance to instance, VPC not peered":
        others = [vpc for vpc in likely if vpc.index not in (here.index, *here.peers)]
        return rng.choice(others) if others else None
    return here


def of_transit(size: Size, count: int) -> list[Asked]:
    """``count`` questions about an estate on transit gateways, all of different VPCs."""
    rng = Random(f"questions/transit/{size.seed}")
    vpcs = size.vpcs_planned()
    instances = cache(of_vpc)
    asked: list[Asked] = []
    while len(asked) < count:
        kind = rng.choices(list(TRANSIT_MIX), list(TRANSIT_MIX.values()))[0]
        here, there = rng.sample(vpcs, 2)
        six = kind == "IPv6 address to IPv6 address"
        ends = [[i for i in instances(vpc) if i.six or not six] for vpc in (here, there)]
        if not fits(kind, here, there) or not all(ends):
            continue
        source, destination = map(rng.choice, ends)
        to_internet = kind == "instance to internet, by the hub"
        served = SERVED["internet" if to_internet else destination.tier]
        port = rng.choice(served if rng.random() < 0.5 else PORTS)
        names = {
            "address to address": (source.address, destination.address),
            "IPv6 address to IPv6 address": (source.six, destination.six),
            "instance to internet, by the hub": (source.id, "internet"),
            "internet to instance": ("internet", destination.id),
            "attachment to instance": (attachment_id(here), destination.id),
        }
        start, goal = names.get(kind, (source.id, destination.id))
        asked.append(Asked(kind, f"can {start} reach {goal} {port}".rstrip()))
    return asked


def fits(kind: str, here: Vpc, there: Vpc) -> bool:
    """Whether two VPCs are of the kind that is asked for."""
    if kind.startswith("same Region"):
        alike = segment_of(here) == segment_of(there)
        return here.region == there.region and alike is kind.endswith("same segment")
    return kind != "other Region" or here.region != there.region


def of_vpc(vpc: Vpc) -> tuple[Instance, ...]:
    """The instances of a VPC that are there, in order."""
    found = []
    for section, record in interfaces(vpc):
        if section == "Reservations":
            instance = record["Instances"][0]
            tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
            if "Tier" in tags:
                address = instance["PrivateIpAddress"]
                public = "PublicIpAddress" in instance
                own = instance["NetworkInterfaces"][0]["Ipv6Addresses"]
                six = own[0]["Ipv6Address"] if own else ""
                found.append(Instance(instance["InstanceId"], address, tags["Tier"], public, six))
    return tuple(found)


def of_lab(lab: Path, count: int) -> list[Asked]:
    """Up to ``count`` of a lab's recorded probes, evenly spread over them, as questions."""
    lines = (lab / "probes.jsonl").read_text().splitlines()
    probes = [json.loads(line) for line in lines]
    asked = []
    for probe in probes[:: max(1, len(probes) // count)][:count]:
        protocol = probe["protocol"]
        port = "icmp" if protocol == "icmp" else f"port {probe['port']}/{protocol}"
        text = f"can {probe['source']} reach {probe['destination']} {port}"
        asked.append(Asked("recorded probe", text))
    return asked
