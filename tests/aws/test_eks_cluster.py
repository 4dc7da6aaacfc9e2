"""Clusters by name: the control plane's interfaces, and node groups by their tags."""

from __future__ import annotations

import json

from tests.estate import Pair, load_files, said
from tests.estates.services import eks, node
from tests.traps.rows import allow, deny, unknown


def test_the_control_plane() -> None:
    """By name, id and ARN; the answer names its port."""
    e = Pair()
    prod = eks(e, "prod", {e.sa: "10.0.0.60"})
    for name in ("prod", "eks:prod", prod.arn):
        answer = allow(e, f"can {e.b} reach {name} port 443")
        assert "its API listens on port 443" in said(answer)
        allow(e, f"can {name} reach {e.b} port 10250")
    e.wear(prod, e.group(e.v1, ingress=["tcp/443 10.0.0.0/24"]))
    deny(e, f"can {e.b} reach prod port 443", "ENI_SG_RULES_MISMATCH")


def test_without_private_access() -> None:
    """Its name leads elsewhere then, and the answer says so."""
    e = Pair()
    eks(e, "prod", {e.sa: "10.0.0.60"}, private=False)
    notes = said(allow(e, f"can {e.b} reach prod port 443"))
    assert "private access is off: its name leads to the public endpoint" in notes


def test_without_interfaces() -> None:
    """Undecided, by the cluster's id."""
    e = Pair()
    eks(e, "prod", {}, vpc=e.v1)
    unknown(e, f"can {e.b} reach prod port 443", "eks:prod")


def test_node_groups() -> None:
    """Instances by the tags that managed node groups put on them."""
    e = Pair()
    eks(e, "prod", {e.sa: "10.0.0.60"})
    blue = node(e, "prod", "blue", e.sa, "10.0.0.61")
    node(e, "prod", "green", e.sb, "10.0.1.61")
    e.wear(blue, e.group(e.v1, ingress=[]))
    for name in ("prod/blue", "eks:prod/blue"):
        deny(e, f"can {e.b} reach {name} port 10250", "SG_HAS_NO_RULES")
    allow(e, f"can {e.a} reach prod/green port 10250")


def test_an_answer_as_the_cli_prints_it() -> None:
    """describe-cluster needs no list around."""
    e = Pair()
    eks(e, "prod", {e.sa: "10.0.0.60"})
    files = e.files()
    path = next(path for path in files if path.endswith("/EksClusters.json"))
    (answer,) = json.loads(files.pop(path))["EksClusters"]
    files["us-east-1/cluster.json"] = json.dumps(answer)
    import reach

    assert reach.ask(load_files(files), f"can {e.b} reach prod port 443").verdict == "reachable"
