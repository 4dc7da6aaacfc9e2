"""What is given in the VPCs of a mixed estate, place by place, clean or with faults.

A fault is one change, or the two or three that belong together, to what is there in the clean twin
as well.  What each is for, and which answer it turns, stands in ``violations``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bench.estate.filters import BASTION, WEB, WORLD, WORLD6, reference
from bench.estate.plan import PUBLIC, Vpc, dotted
from bench.estate.site import (
    Balancer,
    Consumer,
    Endpoint,
    Fixture,
    Group,
    Listener,
    Pool,
    Rule,
    Service,
    Site,
)

ROOMY = 40  # interfaces of a VPC that has load balancers
OUT = (True, ("-1", -1, -1, {"CidrIp": WORLD}))
OUT6 = (True, ("-1", -1, -1, {"CidrIpv6": WORLD6}))
ZONES = (0, 1, 2)
OWN_PUBLIC = f"{dotted(PUBLIC)}/10"  # the public addresses of the estate's own
INSIDE = {"CidrIp": "10.0.0.0/8"}

Maker = Callable[[Vpc, int, frozenset[str]], Site]


def site(vpc: Vpc, period: int, place: int, total: int, faults: frozenset[str]) -> Site:
    """What is given at a place of a period: as at every such place, and its load balancers."""
    maker = (ALWAYS if period % 2 else MAKERS).get(place)
    made = Site() if maker is None else maker(vpc, total, faults)
    if vpc.is_hub:
        # Nobody comes back by the internet who left by the hub.
        entry = (True, "deny", "-1", None, OWN_PUBLIC)
        made = replace(made, first_entries=(entry,), has_public_acl=True)
    return replace(made, balancers=made.balancers + tuple(common_balancers(vpc)))


def admits(port: int, who: dict[str, str], protocol: str = "tcp") -> tuple[bool, Rule]:
    """A rule that lets somebody in on one port."""
    return False, (protocol, port, port, who)


def common_balancers(vpc: Vpc) -> list[Balancer]:
    """What load balancers a VPC with room has: one for the web, or one for the inside."""
    if vpc.interfaces < ROOMY:
        return []
    if vpc.has_internet and not vpc.is_hub:
        pools = (Pool("web", "HTTP", 8080),)
        listeners = (Listener("HTTP", 80), Listener("HTTPS", 443, "web"))
        return [Balancer("web", "application", "public", (WEB,), listeners, pools)]
    if vpc.transit and vpc.index % 3 == 1:
        pools = (Pool("inside", "TCP", 8080, "ip"),)
        return [Balancer("inside", "network", "app", (), (Listener("TCP", 8080, "inside"),), pools)]
    return []


# --- at every place of its number -----------------------------------------------------------------


def provider(
    vpc: Vpc,
    name: str,
    principals: tuple[str, ...],
    consumers: tuple[Consumer, ...],
    needs_acceptance: bool,
) -> Site:
    """An endpoint service: a balancer in every zone with a target in each, and who may come."""
    balancer, groups = f"{name}-nlb", (f"{name}-nlb",)
    targets = tuple(Fixture(f"{name}-{zone}", "app", zone, (name,)) for zone in ZONES)
    pool = Pool(name, "TCP", 8443, targets=tuple(one.name for one in targets))
    listeners = (Listener("TCP", 443, name),)
    return Site(
        groups=(
            Group(balancer, (admits(443, INSIDE), OUT)),
            Group(name, (admits(8443, reference(vpc, balancer)), OUT)),
        ),
        fixtures=targets,
        balancers=(Balancer(balancer, "network", "app", groups, listeners, (pool,)),),
        services=(Service(name, balancer, principals, needs_acceptance, consumers),),
    )


def shared(vpc: Vpc, total: int, _: frozenset[str]) -> Site:
    """Place 0: the service that two VPCs of its period use, of production and of test."""
    users = [index for index in (vpc.index + 1, vpc.index + 2) if index < total]
    consumers = tuple(Consumer(index, vpc.account_of(index)) for index in users)
    principals = tuple(root(one.account) for one in consumers)
    return provider(vpc, "logs", principals, consumers, needs_acceptance=False)


def user(vpc: Vpc, endpoint: Endpoint) -> Site:
    """The other end: an endpoint that all of its VPC may use, and a host that may call anybody."""
    group = Group(endpoint.group, (admits(443, {"CidrIp": vpc.cidr}), OUT))
    return Site(
        groups=(group, Group("runner", (OUT,))),
        fixtures=(Fixture("runner", "app", 0, ("runner",)),),
        endpoints=(endpoint,),
    )


def root(account: str) -> str:
    """An account as a principal."""
    return f"arn:aws:iam::{account}:root"


def production(vpc: Vpc, _: int, faults: frozenset[str]) -> Site:
    """Place 1: production that test must not reach."""
    made = user(vpc, Endpoint("logs", vpc.index - 1, ZONES, "logs-clients"))
    ledger = Group("ledger", (admits(8443, INSIDE), OUT))
    return replace(
        made,
        groups=(*made.groups, ledger),
        fixtures=(*made.fixtures, Fixture("ledger", "app", 0, ("ledger",))),
        leaks=frozenset({"test"} if "propagation" in faults else ()),
    )


def test(vpc: Vpc, _: int, faults: frozenset[str]) -> Site:
    """Place 2: test that must not reach production."""
    made = user(vpc, Endpoint("logs", vpc.index - 2, ZONES, "logs-clients"))
    return replace(made, leaks=frozenset({"prod"} if "propagation" in faults else ()))


# --- where the peered VPCs are production ---------------------------------------------------------


def payments(vpc: Vpc, total: int, faults: frozenset[str]) -> Site:
    """Place 3: a service for one account, which another has asked for as well."""
    is_open = "service" in faults
    allowed, asking = vpc.index + 3, vpc.index + 4
    consumers = [
        Consumer(index, vpc.account_of(index), index == allowed or is_open)
        for index in (allowed, asking)
        if index < total
    ]
    principals = ("*",) if is_open else (root(vpc.account_of(allowed)),)
    return provider(vpc, "payments", principals, tuple(consumers), needs_acceptance=not is_open)


def star(vpc: Vpc, _: int, faults: frozenset[str]) -> Site:
    """Place 6: the hub of the star, which uses that service as it should."""
    must_wait = "service" not in faults
    return user(vpc, Endpoint("payments", vpc.index - 3, ZONES, "payments-clients", must_wait))


def orders(vpc: Vpc, _: int, faults: frozenset[str]) -> Site:
    """Place 7: an account that only asked for it; a database that has a public address."""
    is_open = "service" in faults
    asked = Endpoint("payments", vpc.index - 4, (0,), "payments-clients", not is_open, is_open)
    made = user(vpc, asked)
    rules = [admits(5432, {"CidrIp": vpc.cidr}), OUT]
    if "database" in faults:
        rules.append(admits(5432, {"CidrIp": WORLD}))
    return replace(
        made,
        groups=(*made.groups, Group("orders-db", tuple(rules))),
        fixtures=(*made.fixtures, Fixture("orders-db", "public", 0, ("orders-db",), public=True)),
    )


def gate(vpc: Vpc, _: int, faults: frozenset[str]) -> Site:
    """Place 8: a balancer for the web, beside a private ledger; and the bastions."""
    web = Pool("gate", "TCP", 8443, targets=("gate-0", "gate-1"))
    ledger = Pool("ledger", "TCP", 5432, targets=("ledger",))
    listeners = [Listener("TCP", 443, "gate")]
    if "balancer" in faults:
        listeners.append(Listener("TCP", 5432, "ledger"))
    opened = (admits(22, {"CidrIp": WORLD}),)
    return Site(
        groups=(
            Group("gate", (admits(8443, {"CidrIp": WORLD}), OUT)),
            Group("ledger", (admits(5432, {"CidrIp": WORLD}), OUT)),
        ),
        fixtures=(
            Fixture("gate-0", "app", 0, ("gate",)),
            Fixture("gate-1", "app", 1, ("gate",)),
            Fixture("ledger", "app", 0, ("ledger",)),
        ),
        balancers=(Balancer("gate", "network", "public", (), tuple(listeners), (web, ledger)),),
        added={BASTION: opened} if "bastion" in faults else {},
    )


def spoke(vpc: Vpc, _: int, faults: frozenset[str]) -> Site:
    """Place 9: a data tier that the star's hub has no way to; a private host with IPv6."""
    hub = vpc.index - 3
    is_open = "peering" in faults
    rules = [OUT, *([admits(3389, {"CidrIp": vpc.cidr_of(hub)})] if is_open else [])]
    return Site(
        groups=(
            Group("admin", tuple(rules)),
            Group("six", (admits(8443, {"CidrIpv6": WORLD6}), OUT, OUT6)),
        ),
        fixtures=(
            Fixture("admin", "data", 0, ("admin",)),
            Fixture("six", "app", 1, ("six",), six=True),
        ),
        kept_from=frozenset() if is_open else frozenset({("data", hub)}),
        exposed6=frozenset({"app"} if "ipv6" in faults else ()),
    )


def console(vpc: Vpc, _: int, faults: frozenset[str]) -> Site:
    """Place 10: a console whose group is open and whose subnet's ACL is not."""
    denied = (False, "deny", "6", (8080, 8080), WORLD)
    return Site(
        groups=(Group("console", (admits(8080, {"CidrIp": WORLD}), OUT)),),
        fixtures=(Fixture("console", "public", 0, ("console",), public=True),),
        first_entries=() if "acl" in faults else (denied,),
        has_public_acl=True,
    )


ALWAYS: dict[int, Maker] = {0: shared, 1: production, 2: test}
MAKERS: dict[int, Maker] = ALWAYS | {
    3: payments,
    6: star,
    7: orders,
    8: gate,
    9: spoke,
    10: console,
}
