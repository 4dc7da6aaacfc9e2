"""Law 2 on what lies around a VPC: no call that is taken away flips an answer."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.estate import Estate, Pair
from tests.estates.cloudwan import (
    attachment,
    inspect,
    joined,
    listed,
    send_via,
    share,
    static,
)
from tests.estates.outposts import associate, customer, leads, local_gateway
from tests.estates.services import cache, database, db_cluster, eks, function, node, replicas, task
from tests.traps.test_gaps import never_flips, without

Town = tuple[Estate, list[str]]


def backbone() -> Town:
    """Segments that are shared, isolated and sent via a group; groups named across VPCs."""
    actions = [share("p", "q"), send_via("r", "watch", "q"), static("r", "10.0.0.0/16")]
    e, cn = joined("p", "q", "r", other="q", actions=actions, groups=["watch"], references=True)
    inspect(e, cn, "watch", "10.9")
    ga = e.group(e.v1, name="ga")
    e.wear(e.a, ga)
    e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {ga}", "tcp/22 10.0.0.0/16"]))
    return e, [
        *(f"can {e.a} reach {e.b2} port {port}" for port in (80, 22, 443)),
        f"can {e.b} reach {e.b2} port 80",
        f"can {e.b2} reach {e.a} port 22",
        f"can {cn} reach {e.b2} port 22",
        f"can {cn.two} reach {e.a} port 22",
        f"can on-premises reach {e.a} port 22",
        f"can {e.a} reach 10.9.1.9 port 22",
    ]


def backbone_with_tables() -> Town:
    """The tables as get-network-routes lists them, a VPN among the attachments."""
    e, cn = joined("p", references=True)
    arn = "arn:aws:ec2:us-east-1:111122223333:vpn-connection/vpn-0123456789abcdef0"
    line = attachment(e, cn, "SITE_TO_SITE_VPN", arn, "p")
    listed(
        e,
        cn,
        "p",
        "us-east-1",
        [("10.0.0.0/16", cn.one), ("10.2.0.0/16", cn.two), ("192.168.0.0/16", line)],
    )
    ga = e.group(e.v1, name="ga")
    e.wear(e.a, ga)
    e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {ga}"]))
    e.route(e.ta, "192.168.0.0/16", cn.arn)
    return e, [
        *(f"can {e.a} reach {e.b2} port {port}" for port in (80, 22)),
        f"can {e.b2} reach {e.a} port 22",
        f"can {e.a} reach 192.168.1.1 port 22",
        f"can 192.168.1.1 reach {e.a} port 22",
    ]


def racks() -> Town:
    """Two local gateways, one with customer-owned addresses."""
    e = Pair()
    one = local_gateway(e)
    associate(e, one, e.v1)
    leads(e, one, "192.168.0.0/16")
    e.route(e.ta, "192.168.0.0/16", one)
    e.second()
    two = local_gateway(e, coip=True)
    associate(e, two, e.v2)
    leads(e, two, "0.0.0.0/0")
    e.route(e.t2, "192.168.0.0/16", two)
    customer(e, e.b2, "10.50.0.5")
    office = "192.168.1.1"
    return e, [
        f"can {e.a} reach {office} port 80",
        f"can {office} reach {e.a} port 80",
        f"can {office} reach {e.b} port 80",
        f"can on-premises reach {e.b2} port 80",
        f"can {office} reach 10.2.0.5 port 80",
        f"can {office} reach 10.50.0.5 port 80",
        f"can {e.b2} reach {office} port 80",
        f"can {e.b} reach {office} port 80",
        f"can {one} reach {e.a} port 80",
        f"can internet reach {e.b2} port 80",
    ]


def shop() -> Town:
    """A thing of every service."""
    e = Pair()
    data = e.group(e.v1, ingress=["tcp/5432 10.0.0.0/24"], name="data")
    function(e, "work", {e.sa: "10.0.0.30"})
    orders = database(e, "orders", e.sb, "10.0.1.40", [data])
    database(e, "twin", e.sb, "10.0.1.41", [data])
    db_cluster(e, "store", orders)
    task(e, "prod", e.sa, "10.0.0.50", service="web")
    eks(e, "cluster", {e.sa: "10.0.0.60"})
    node(e, "cluster", "blue", e.sa, "10.0.0.61")
    replicas(e, "hot", cache(e, "hot-1", e.sb, "10.0.1.70", [data]))
    return e, [
        *(f"can {who} reach orders port 5432" for who in ("work", "web", "cluster/blue")),
        f"can {e.b} reach store port 5432",
        "can web reach hot port 6379",
        "can web reach cluster port 443",
        f"can {e.a} reach work port 443",
        "can internet reach orders port 5432",
    ]


TOWNS: list[Callable[[], Town]] = [backbone, backbone_with_tables, racks, shop]
# Where the ends themselves stand: without these calls nothing has the name that is asked for.
OF_NAMES = {
    "CacheClusters",
    "DBClusters",
    "DBInstances",
    "EksClusters",
    "Functions",
    "NetworkInterfaces",
    "ReplicationGroups",
    "Reservations",
    "tasks",
}


def calls_of(e: Estate) -> list[str]:
    """The calls that hold something."""
    texts = (json.loads(text) for text in e.files().values())
    return sorted({key for text in texts for key, found in text.items() if found})


@pytest.mark.parametrize("town", TOWNS, ids=lambda town: town.__name__)
def test_no_dropped_call_flips_an_answer(town: Callable[[], Town]) -> None:
    """Each answer stays, or becomes undecided; a name that is gone is refused."""
    import reach

    e, questions = town()
    verdicts = {question: str(e.ask(question).verdict.value) for question in questions}
    assert {"reachable", "unreachable"} <= set(verdicts.values())
    for call in calls_of(e):
        files = dict(without(e.files(), call))
        for question, was in verdicts.items():
            try:
                never_flips(files, {question: was}, call)
            except reach.QuestionError:
                assert call in OF_NAMES, f"{call}: {question}"
