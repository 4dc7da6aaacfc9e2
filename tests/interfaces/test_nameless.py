"""Interfaces that no group of a VPC beyond a transit gateway or a core network stands for."""

from __future__ import annotations

import pytest

from tests.estate import Id, Pair
from tests.estates import cloudwan, transit
from tests.traps.rows import REFERENCE_LOST, allow, deny


def referred(way: str) -> tuple[Pair, Id, Id]:
    """B2 wears a group that another one of V1 names; V2 is joined with V1 in this way."""
    if way == "core network":
        e, _ = cloudwan.joined(references=True)
    else:
        e = Pair()
        if way == "peering":
            e.peered()
        else:
            transit.joined(e, references=True)
    theirs = e.group(e.v2)
    e.wear(e.b2, theirs)
    return e, theirs, e.group(e.v1, ingress=[f"tcp {theirs}"])


def mount_target(e: Pair, group: Id, kind: str = "efs") -> Id:
    words = "EFS mount target for fs-1 (fsmt-1)"
    return e.interface(e.sa, "10.0.0.50", [group], kind=kind, requester="amazon", description=words)


WAYS = ("transit gateway", "core network")


@pytest.mark.parametrize("way", WAYS)
def test_an_endpoint(way: str) -> None:
    """R-SG-17: not for PrivateLink endpoints, whoever else the group lets in; a block is."""
    e, _, naming = referred(way)
    endpoint = e.endpoint_interface({e.sa: "10.0.0.40"}, groups=[naming])
    e.wear(e.a, naming)
    allow(e, f"can {e.b2} reach {e.a} port 443")
    found = deny(e, f"can {e.b2} reach {endpoint} port 443", "ENI_SG_RULES_MISMATCH")
    lost = {"SG_REFERENCING_SUPPORT", "SG_REFERENCES_NOT_PRESERVED"}
    assert lost & {each.code for each in found.explanations}
    e.permit(naming, f"tcp/443 {e.b2.ip}/32")
    allow(e, f"can {e.b2} reach {endpoint} port 443")


def test_an_endpoint_over_a_peering() -> None:
    """R-SG-15: what is not for transit gateways is for peerings."""
    e, _, naming = referred("peering")
    endpoint = e.endpoint_interface({e.sa: "10.0.0.40"}, groups=[naming])
    allow(e, f"can {e.b2} reach {endpoint} port 443")
    deny(e, f"can {e.b} reach {endpoint} port 443", *REFERENCE_LOST)


@pytest.mark.parametrize("kind", ["efs", "interface"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("egress", "is_open"),
    [
        (["all 0.0.0.0/0"], True),
        (["tcp any", "all 0.0.0.0/0"], True),
        ([], False),
        (["tcp 0.0.0.0/0"], False),
        (["all 10.0.0.0/8"], False),
        (["all ::/0"], False),
    ],
)
def test_a_mount_target(kind: str, way: str, egress: list[str], is_open: bool) -> None:
    """R-SG-17: for those of a file system if a rule of theirs lets everything out."""
    e, theirs, _ = referred(way)
    naming = e.group(e.v1, ingress=[f"tcp/2049 {theirs}"], egress=egress)
    target = mount_target(e, naming, kind)
    question = f"can {e.b2} reach {target} port 2049"
    if is_open:
        allow(e, question)
    else:
        deny(e, question, *REFERENCE_LOST)
        e.wear(target, naming, e.group(e.v1, ingress=[]))
        allow(e, question)
    e.permit(naming, f"tcp/2049 {e.b2.ip}/32")
    allow(e, question)


def test_a_mount_target_over_a_peering() -> None:
    """R-SG-22: within a Region's peering its outbound rules do not matter to replies."""
    e, theirs, _ = referred("peering")
    naming = e.group(e.v1, ingress=[f"tcp/2049 {theirs}"], egress=[])
    target = mount_target(e, naming)
    allow(e, f"can {e.b2} reach {target} port 2049")
