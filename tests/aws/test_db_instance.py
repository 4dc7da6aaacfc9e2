"""Databases by name: which interface is a database's own, as far as that can be told."""

from __future__ import annotations

from tests.estate import Pair, said
from tests.estates.services import database, database_interface, db_cluster, db_proxy
from tests.traps.rows import GROUP, allow, deny, unknown


def test_by_name_id_arn_and_endpoint() -> None:
    """As a destination and a source; the answer names its port."""
    e = Pair()
    data = e.group(e.v1, ingress=["tcp/5432 10.0.1.0/24"], name="data")
    orders = database(e, "orders", e.sa, "10.0.0.40", [data])
    host = orders.record["Endpoint"]["Address"]
    for name in ("orders", "db:orders", orders.arn, host):
        answer = allow(e, f"can {e.b} reach {name} port 5432")
        assert "listens on port 5432" in said(answer)
        deny(e, f"can {e.b} reach {name} port 22", *GROUP)
        deny(e, f"can {e.a} reach {name} port 5432", *GROUP)
        allow(e, f"can {name} reach {e.b} port 443")


def test_told_apart_by_groups_zone_and_subnet_group() -> None:
    """R-ENI-9: each has the interface with its groups, in its zone and subnet group."""
    e = Pair()
    one, two = e.group(e.v1, ["tcp/5432 10.0.0.5/32"]), e.group(e.v1, ["tcp/5432 10.0.1.5/32"])
    database(e, "one", e.sa, "10.0.0.40", [one], among=[e.sb])
    database(e, "two", e.sa, "10.0.0.41", [two], among=[e.sb])
    database(e, "three", e.sb, "10.0.1.41", [two], among=[e.sa])
    for name, reached_by, other in (("one", e.a, e.b), ("two", e.b, e.a), ("three", e.b, e.a)):
        answer = allow(e, f"can {reached_by} reach {name} port 5432")
        assert not any("is not told" in each for each in said(answer))
        deny(e, f"can {other} reach {name} port 5432", *GROUP)
    e.acl(e.v1, [e.sb], ingress=["100 deny tcp/5432 10.0.0.0/24", "200 allow all 0.0.0.0/0"])
    e.wear(e.a, e.open_group(e.v1))
    deny(e, f"can {e.a} reach three port 5432")


def test_told_apart_by_public_access() -> None:
    """Only a publicly accessible database has a public address."""
    e = Pair()
    e.online(e.ta)
    database(e, "known", e.sa, "10.0.0.40", public="198.51.100.40")
    database(e, "shut", e.sa, "10.0.0.41")
    allow(e, "can internet reach known port 5432")
    deny(e, "can internet reach shut port 5432")


def test_alike_interfaces_all_stand_for_it() -> None:
    """Two databases of one subnet and groups: the answer says that they are not told apart."""
    e = Pair()
    database(e, "one", e.sa, "10.0.0.40")
    database(e, "two", e.sa, "10.0.0.41")
    answer = allow(e, f"can {e.b} reach one port 5432")
    assert any("is not told" in each for each in said(answer))
    e.acl(e.v1, [e.sa], ingress=["100 allow tcp/22 0.0.0.0/0"])
    deny(e, f"can {e.b} reach one port 5432", "SUBNET_ACL_RESTRICTION")


def test_different_interfaces_are_undecided() -> None:
    """Of interfaces in different subnets some may be reached: undecided; none: unreachable."""
    e = Pair()
    near = e.subnet(e.v1, "10.0.7.0/24", "a")
    database(e, "one", e.sa, "10.0.0.40", among=[near])
    database(e, "two", e.sa, None, among=[near])
    database_interface(e, near, "10.0.7.41", [e.open_group(e.v1)])
    unknown(e, f"can {e.b} reach one port 5432", "db:one")
    shut = ["100 deny all 0.0.0.0/0"]
    e.acl(e.v1, [e.sa, near], ingress=shut)
    deny(e, f"can {e.b} reach one port 5432", "SUBNET_ACL_RESTRICTION")


def test_without_an_interface() -> None:
    """Nothing of the snapshot is its own: undecided."""
    e = Pair()
    database(e, "gone", e.sa, None)
    unknown(e, f"can {e.b} reach gone port 5432", "db:gone")
    database(e, "one", e.sb, "10.0.1.40")
    database(e, "two", e.sb, None)
    e.acl(e.v1, [e.sb], ingress=["100 deny all 0.0.0.0/0"])
    unknown(e, f"can {e.a} reach two port 5432", "db:two")


def test_a_cluster_is_its_members() -> None:
    """Told apart as a whole: its members' interfaces are its own, whichever is whose."""
    e = Pair()
    members = [database(e, name, e.sa, f"10.0.0.4{n}") for n, name in enumerate(("m0", "m1"))]
    cluster = db_cluster(e, "pair", *members)
    for name in ("pair", "dbcluster:pair", cluster.arn):
        answer = allow(e, f"can {e.b} reach {name} port 5432")
        assert not any("is not told" in each for each in said(answer))
    e.scope(e.home)["DBInstances"].pop()
    e.acl(e.v1, [e.sa], ingress=["100 deny all 0.0.0.0/0"])
    unknown(e, f"can {e.b} reach pair port 5432", "dbcluster:pair")


def test_a_subnet_group_by_its_name() -> None:
    """What describe-db-instances leaves out of it, describe-db-subnet-groups tells."""
    e = Pair()
    orders = database(e, "orders", e.sa, "10.0.0.40")
    orders.record["DBSubnetGroup"] = {"DBSubnetGroupName": "data"}
    unknown(e, f"can {e.b} reach orders port 5432")
    group = {
        "DBSubnetGroupName": "data",
        "Subnets": [{"SubnetIdentifier": str(e.sa)}],
        "VpcId": str(e.v1),
    }
    e.add("DBSubnetGroups", group)
    allow(e, f"can {e.b} reach orders port 5432")


def test_a_proxy() -> None:
    """R-ENI-9: its interfaces name it."""
    e = Pair()
    pool = db_proxy(e, "pool", e.sa, "10.0.0.41")
    for name in ("pool", "dbproxy:pool", pool.arn):
        allow(e, f"can {e.b} reach {name} port 5432")
    db_proxy(e, "new", e.sa, None)
    unknown(e, f"can {e.b} reach new port 5432", "dbproxy:new")


def test_what_is_not_available_is_noted() -> None:
    e = Pair()
    database(e, "orders", e.sa, "10.0.0.40", status="stopped")
    assert "orders is stopped" in said(allow(e, f"can {e.b} reach orders port 5432"))
