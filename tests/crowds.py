"""Crowded subnets drawn at random: interfaces that are alike, and some that nearly are.

    crowd(seed) -> Crowd        questions(crowd, count) -> Asked, ...

Few groups, addresses next to each other, and every way in which one interface of a subnet can
differ from its neighbour: a state, a check, a second interface, a service, a function, metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.estate import Id, Pair

RULES = ("tcp/22 10.0.0.0/16", "tcp/22 any", "tcp/80-90 10.0.0.0/24", "icmp/8 any", "all self")
PACKETS = ("port 22", "port 85", "icmp", "port 53/udp", "protocol 47", "")
_ONE = re.compile(r"(i|eni)-|[\d.]+$")
FIELDS = ("10.0.1.0/24", "10.0.0.0/24", "10.0.1.16/28")


class Crowd(Pair):
    """The pair, and in its two subnets a crowd that wears few groups."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = Random(seed)
        self.online(self.ta)
        if self.rng.random() < 0.5:
            self.natted(self.tb)
        self.peered(back=self.rng.random() < 0.8)
        self.groups = [
            self.group(self.v1, self.rng.sample(RULES, 2), self.rng.choice([None, ["tcp/22 any"]]))
            for _ in range(3)
        ]
        if self.rng.random() < 0.5:
            lines = ["90 deny tcp/22 10.0.0.0/26", "100 allow all 0.0.0.0/0"]
            self.acl(self.v1, [self.sb], ingress=lines)
        self.crowd: list[Id] = []
        for subnet, net in ((self.sa, 0), (self.sb, 1)):
            for host in range(20, 20 + self.rng.randint(4, 9)):
                self.crowd.append(self.one(subnet, f"10.0.{net}.{host}", f"n{net}-{host}"))

    def one(self, subnet: Id, ip: str, name: str) -> Id:
        """One more of the crowd: ordinary five times in ten."""
        rng = self.rng
        worn = rng.sample(self.groups, rng.choice([1, 1, 1, 2]))
        public = f"198.51.100.{100 + len(self.crowd)}" if rng.random() < 0.3 else None
        odd = rng.choice([*[""] * 5, "state", "check", "metadata", "service", "function"])
        if odd in ("service", "function"):
            kind = "lambda" if odd == "function" else "interface"
            told = rng.choice(["EFS mount target for fs-1", "RDSNetworkInterface", "task"])
            described = "AWS Lambda VPC ENI-f" if odd == "function" else told
            return self.interface(
                subnet, ip, worn, kind=kind, requester="amazon-aws", description=described
            )
        made = self.instance(
            name,
            subnet,
            ip,
            worn,
            public,
            state="stopped" if odd == "state" else "running",
            check=odd != "check",
            metadata=odd != "metadata",
            secondary={ip.replace(".2", ".12"): None} if rng.random() < 0.1 else None,
        )
        if rng.random() < 0.1:
            self.interface(subnet, ip.replace(".2", ".7"), worn, on=made)
        return made


@dataclass(frozen=True)
class Asked:
    """A question, and what else is said of its packet's way."""

    text: str
    how: dict[str, Any] = field(default_factory=dict)

    @property
    def is_narrow(self) -> bool:
        """Whether both ends are one thing each."""
        _, source, _, destination, *_ = self.text.split(" ")
        return all(_ONE.match(each) for each in (source, destination))


def questions(crowd: Crowd, count: int) -> Iterator[Asked]:
    rng = crowd.rng
    ends = [str(each) for each in crowd.crowd]
    wide = ["any", "internet", "private", str(crowd.sa), str(crowd.sb), *FIELDS]
    for _ in range(count):
        source = rng.choice([*ends, *wide, str(crowd.b2), str(crowd.a)])
        nowhere = ["10.0.1.1", "10.0.1.200", "169.254.169.254", "10.0.1.21"]
        destination = rng.choice([*ends, *wide, *nowhere, str(crowd.b2)])
        how: dict[str, Any] = {"one_way": rng.random() < 0.3}
        if rng.random() < 0.25:
            how[rng.choice(["avoid", "through"])] = [rng.choice(ends)]
        elif rng.random() < 0.1:
            how["at_destination"] = {"destination": f"10.0.1.{rng.randint(20, 26)}"}
        text = f"can {source} reach {destination} {rng.choice(PACKETS)}".strip()
        yield Asked(text, how)
