"""What can be wrong in a mixed estate, and which answers that turns: the key to its questions.

    violations(size)  every violation that an estate of the size has room for, in order
    halves(size)      production and test, and which ways there are between them

In the clean twin all are absent and each question is unreachable; with a violation planted, its
question is reachable, and no other's answer changes.  The key is for whoever judges answers: the
library that is judged never reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.estate.balancers import arn, pool_arn
from bench.estate.filters import BASTION
from bench.estate.mixed import PERIOD, MixedVpc
from bench.estate.plan import Vpc
from bench.estate.privatelink import endpoint_id, service_id
from bench.estate.transit import attachment_id, table_id


@dataclass(frozen=True, slots=True)
class Violation:
    """One violation: what is wrong, the question that tells, and the objects that differ.

    ``unmoved`` are questions near by whose answer is the same in both twins, with that answer.
    Objects are named by id; a group's rules stand under the group.
    """

    name: str
    words: str
    question: str
    objects: tuple[str, ...]
    unmoved: tuple[tuple[str, str], ...] = ()
    clean: str = "unreachable"
    violated: str = "reachable"


@dataclass(frozen=True, slots=True)
class Halves:
    """Production and test as VPC ids, and every way between them as (production, test).

    Without a way the two are isolated: no packet gets from either to the other.  By a way packets
    and their replies pass, in both directions.  A packet alone then also gets from all production
    of that table to the one test VPC, and from all test to the one of production; replies do not.
    VPCs, and their instances, have the tag ``Stage`` with the value ``prod`` or ``test``.
    """

    production: tuple[str, ...]
    test: tuple[str, ...]
    ways: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A violation before it has its name: its words and all else."""

    words: str
    question: str
    objects: tuple[str, ...]
    unmoved: tuple[tuple[str, str], ...] = ()


Places = Sequence[Vpc]  # the VPCs of a period, as far as there are any
REACHABLE, UNREACHABLE = "reachable", "unreachable"


def database(vpcs: Places) -> Found:
    vpc = vpcs[7]
    host = vpc.fixture("i", "orders-db")
    return Found(
        f"the group of {host}, in a public subnet and with a public address, admits 0.0.0.0/0 "
        "to its database",
        f"can internet reach {host} port 5432",
        (vpc.group("orders-db"),),
        ((f"can internet reach {host} port 3306", UNREACHABLE),),
    )


def propagation(vpcs: Places) -> Found:
    production, test = vpcs[1], vpcs[2]
    source, goal = test.fixture("i", "runner"), production.fixture("i", "ledger")
    return Found(
        f"{attachment_id(test)} propagates into the table of production, and "
        f"{attachment_id(production)} into that of test",
        f"can {source} reach {goal} port 8443",
        tuple(table_id(test.seed, test.region, segment) for segment in ("prod", "test")),
        ((f"can {source} reach {goal} port 22", UNREACHABLE),),
    )


def peering(vpcs: Places) -> Found:
    hub, vpc = vpcs[6], vpcs[9]
    source, goal = hub.fixture("i", "runner"), vpc.fixture("i", "admin")
    return Found(
        f"a route of the data tier to {hub.id}, of another account, and a group that admits it "
        "to remote desktops",
        f"can {source} reach {goal} port 3389",
        (vpc.identify("rtb", "data"), vpc.group("admin")),
        ((f"can {source} reach {goal} port 22", UNREACHABLE),),
    )


def bastion(vpcs: Places) -> Found:
    vpc = vpcs[8]
    host = vpc.identify("i", 1)  # the first host of the public tier is a bastion
    return Found(
        f"the group of the bastions of {vpc.id} admits 0.0.0.0/0 to port 22",
        f"can 0.0.0.0/0 reach {host} port 22",
        (vpc.group(BASTION),),
        ((f"can ::/0 reach {host} port 22", UNREACHABLE),),
    )


def ipv6(vpcs: Places) -> Found:
    vpc = vpcs[9]
    host = vpc.fixture("i", "six")
    return Found(
        "the IPv6 default route of a private tier is the internet gateway",
        f"can ::/0 reach {host} port 8443",
        (vpc.identify("rtb", "app"),),
        ((f"can 0.0.0.0/0 reach {host} port 8443", UNREACHABLE),),
    )


def acl(vpcs: Places) -> Found:
    vpc = vpcs[10]
    host = vpc.fixture("i", "console")
    return Found(
        "the network ACL of the public tier has lost the entry that kept port 8080 shut",
        f"can internet reach {host} port 8080",
        (vpc.identify("acl", "public"),),
        ((f"can internet reach {host} port 8081", UNREACHABLE),),
    )


def service(vpcs: Places) -> Found:
    provider, allowed, asking = vpcs[3], vpcs[6], vpcs[7]
    ident = service_id(provider.seed, provider.index, "payments")
    endpoint = endpoint_id(asking.seed, asking.index, "payments")
    source, goal = asking.fixture("i", "runner"), provider.fixture("i", "payments-0")
    wanted = f"can {allowed.fixture('i', 'runner')} reach {goal} port 443"
    return Found(
        f"{ident} admits every principal and accepts whoever asks, as account {asking.account} has",
        f"can {source} reach {goal} port 443",
        (ident, endpoint),
        ((wanted, REACHABLE), (f"can {source} reach {goal} port 22", UNREACHABLE)),
    )


def balancer(vpcs: Places) -> Found:
    vpc = vpcs[8]
    host, gate = vpc.fixture("i", "ledger"), vpc.site.balancers[0]
    wanted = f"can internet reach {vpc.fixture('i', 'gate-0')} port 443"
    return Found(
        f"a listener of an internet-facing balancer forwards port 5432 to {host}, "
        "which has no public address",
        f"can internet reach {host} port 5432",
        (arn(vpc, gate), pool_arn(vpc, "ledger")),
        ((wanted, REACHABLE), (f"can internet reach {host} port 443", UNREACHABLE)),
    )


# Each kind, and the highest place in a period that it needs.
KINDS: dict[str, tuple[int, Callable[[Places], Found]]] = {
    "database": (7, database),
    "propagation": (2, propagation),
    "peering": (9, peering),
    "bastion": (8, bastion),
    "ipv6": (9, ipv6),
    "acl": (10, acl),
    "service": (7, service),
    "balancer": (8, balancer),
}


def room(vpcs: int) -> list[str]:
    """The names of all violations that an estate of so many VPCs has room for, in order.

    Every kind in the first period, then every kind in the next one that has them: ``acl-0``,
    ``acl-2`` and so on, since the peered VPCs of odd periods are test.
    """
    periods = range(0, -(-vpcs // PERIOD), 2)
    return [
        f"{kind}-{period}"
        for period in periods
        for kind, (place, _) in KINDS.items()
        if period * PERIOD + place < vpcs
    ]


def chosen(wanted: str, vpcs: int) -> tuple[str, ...]:
    """Violations as people ask for them: ``all``, a number, or names with or without a period."""
    names = room(vpcs)
    if wanted == "all":
        return tuple(names)
    if wanted.isdigit():
        if int(wanted) > len(names):
            raise ValueError(f"{vpcs} VPCs have room for {len(names)} violations, not {wanted}")
        return tuple(names[: int(wanted)])
    found = []
    for name in filter(None, (part.strip() for part in wanted.split(","))):
        full = f"{name}-0" if name in KINDS else name
        if full not in names:
            raise ValueError(f"no violation {name} in {vpcs} VPCs: there are {', '.join(names)}")
        found.append(full)
    return tuple(dict.fromkeys(found))


def parts(name: str) -> tuple[str, int]:
    """A violation's name as (kind, period)."""
    kind, _, period = name.rpartition("-")
    return kind, int(period)


def violation(name: str, vpcs: Sequence[Vpc]) -> Violation:
    """One violation of an estate, planted or not."""
    kind, period = parts(name)
    found = KINDS[kind][1](vpcs[period * PERIOD :])
    return Violation(name, found.words, found.question, found.objects, found.unmoved)


def halves_of(vpcs: Sequence[MixedVpc]) -> Halves:
    """Production and test, and the ways between them that have been planted."""
    leaky = [vpc for vpc in vpcs if vpc.site.leaks]
    return Halves(
        production=tuple(vpc.id for vpc in vpcs if vpc.stage == "prod"),
        test=tuple(vpc.id for vpc in vpcs if vpc.stage == "test"),
        ways=tuple(
            (one.id, other.id)
            for one in leaky
            for other in leaky
            if (one.stage, other.stage) == ("prod", "test")
            and one.index // PERIOD == other.index // PERIOD
        ),
    )
