"""Caches by name: the interfaces whose description names the cluster."""

from __future__ import annotations

import pytest

from tests.estate import Pair, said
from tests.estates.services import cache, replicas
from tests.traps.rows import GROUP, allow, deny, unknown


@pytest.mark.parametrize("separator", [" ", "+"])
def test_a_cluster(separator: str) -> None:
    """By id and ARN; another one's interface is not its own; the answer names its port."""
    e = Pair()
    data = e.group(e.v1, ingress=["tcp/6379 10.0.1.0/24"], name="data")
    hot = cache(e, "hot", e.sa, "10.0.0.70", [data])
    cache(e, "hot-001", e.sa, "10.0.0.71")
    hot.eni.record["Description"] = f"ElastiCache{separator}hot"
    for name in ("hot", "cache:hot", hot.arn):
        answer = allow(e, f"can {e.b} reach {name} port 6379")
        assert "listens on port 6379" in said(answer)
        deny(e, f"can {e.a} reach {name} port 6379", *GROUP)
        deny(e, f"can {e.b} reach {name} port 22", *GROUP)


def test_a_replication_group() -> None:
    """Its member clusters, all of them."""
    e = Pair()
    one = cache(e, "hot-001", e.sa, "10.0.0.70", [e.group(e.v1, ingress=[])], group="hot")
    two = cache(e, "hot-002", e.sb, "10.0.1.70", group="hot")
    hot = replicas(e, "hot", one, two)
    for name in ("hot", "cachegroup:hot", hot.arn):
        allow(e, f"can {e.a} reach {name} port 6379")
    deny(e, f"can {e.a} reach hot-001 port 6379", "SG_HAS_NO_RULES")
    e.scope(e.home)["CacheClusters"].pop()
    unknown(e, f"can {e.a} reach hot port 6379", "hot-002")


def test_nodes_that_are_not_shown() -> None:
    """Fewer interfaces than nodes: a way may be by the others."""
    e = Pair()
    cache(e, "cold", e.sa, None)
    unknown(e, f"can {e.b} reach cold port 6379", "cache:cold")
    cache(e, "wide", e.sa, "10.0.0.71", [e.group(e.v1, ingress=[])], nodes=2)
    unknown(e, f"can {e.b} reach wide port 6379", "cache:wide")


def test_clusters_of_one_name_in_two_regions() -> None:
    """The interface of the cluster's own Region is its own."""
    e = Pair()
    e.second(region="eu-west-1")
    here = cache(e, "hot", e.sa, "10.0.0.70", [e.group(e.v1, ingress=[])])
    there = dict(here.record, ARN=here.arn.replace("us-east-1", "eu-west-1"))
    e.add("CacheClusters", there, e.s2.scope)
    about = "ElastiCache hot"
    e.interface(e.s2, "10.2.0.70", requester="amazon-elasticache", description=about)
    deny(e, f"can {e.b} reach {here.arn} port 6379", "SG_HAS_NO_RULES")
    allow(e, f"can {e.b2} reach {there['ARN']} port 6379")
