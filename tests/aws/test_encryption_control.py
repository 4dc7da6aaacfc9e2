"""VPC encryption controls: what an enforcing VPC takes away."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws.ground import dropped, ground, packet, plain, sent, stages
from tests.estate import Estate, Id, Pair, said
from tests.estates.public_access import encrypt
from tests.traps.rows import allow, deny, may, unknown

HOST = "8.8.8.8"
HOST6 = "2606:4700:4700::1111"
EIP = "198.51.100.7"


def online() -> Pair:
    e = Pair(ipv6=True)
    e.online(e.ta)
    e.public(e.a, EIP)
    return e


def denied(e: Estate, question: str, control: Any) -> None:
    """Unreachable, and it is this control that says so."""
    answer = deny(e, question)
    resources = {x.resource for x in answer.explanations}
    assert control["VpcEncryptionControlId"] in resources, answer.explanations


# ------------------------------ decoding and nodes


def test_what_is_read() -> None:
    """Mode, state, and the exclusions by kind."""
    e = online()
    encrypt(e, e.v1, "enforce", "Lambda", "VpcPeering")
    snapshot = e.load()
    (control,) = snapshot.records(snapshot.sections["VpcEncryptionControls"].record)
    shown: Any = control
    assert (shown.vpc_id, shown.mode, shown.state) == (e.v1, "enforce", "available")
    exclusions = shown.resource_exclusions
    states = [exclusions.function.state, exclusions.vpc_peering.state, exclusions.vpc_lattice.state]
    assert states == ["enabled", "enabled", "disabled"]


def test_stages() -> None:
    """One filter more in the gateway's nodes, and none in a VPC that does not enforce."""
    e = online()
    assert e.gateway
    node = f"internet_gateway/{e.gateway}/out"
    before = plain(stages(ground(e), node))
    control = encrypt(e, e.v1, "enforce")
    name = control["VpcEncryptionControlId"]
    assert plain(stages(ground(e), node)) == [
        [f"else deny NO_PATH ({name} encryption control)"],
        *before,
    ]
    control["ResourceExclusions"]["InternetGateway"]["State"] = "enabled"
    assert plain(stages(ground(e), node)) == before


# ------------------------------ modes and states


def test_monitor_drops_nothing() -> None:
    """R-ENC-2, T-167."""
    e = online()
    e.natted(e.tb)
    encrypt(e, e.v1, "monitor")
    allow(e, f"can internet reach {e.a} port 443")
    allow(e, f"can {e.a} reach {HOST} port 443")
    allow(e, f"can {e.b} reach {HOST} port 443")


@pytest.mark.parametrize(
    ("mode", "state", "wanted"),
    [
        ("enforce", "available", "unreachable"),
        ("enforce", "monitor-failed", "unreachable"),
        ("enforce", "delete-failed", "unreachable"),
        ("enforce", "enforce-in-progress", "undecided"),
        ("enforce", "creating", "undecided"),
        ("enforce", "deleting", "undecided"),
        ("enforce", "deleted", "reachable"),
        ("monitor", "enforce-in-progress", "undecided"),
        ("monitor", "available", "reachable"),
        ("monitor", "enforce-failed", "reachable"),
    ],
)
def test_states(mode: str, state: str, wanted: str) -> None:
    """R-ENC-1: in force when it is settled, open while it changes."""
    e = online()
    encrypt(e, e.v1, mode, state=state)
    assert e.ask(f"can internet reach {e.a} port 443").verdict == wanted
    assert e.ask(f"can {e.a} reach {HOST} port 443").verdict == wanted


@pytest.mark.parametrize(("state", "wanted"), [("enabling", 1), ("disabling", 1), ("enabled", 0)])
def test_states_of_an_exclusion(state: str, wanted: int) -> None:
    e = online()
    encrypt(e, e.v1, "enforce", "InternetGateway", exclusion=state)
    ask = f"can internet reach {e.a} port 443"
    assert (unknown if wanted else allow)(e, ask)


# ------------------------------ hops


def test_an_internet_gateway() -> None:
    """R-ENC-3: in and out, unless it is excluded; inside the VPC nothing changes."""
    e = online()
    control = encrypt(e, e.v1, "enforce", "NatGateway")
    denied(e, f"can internet reach {e.a} port 443", control)
    denied(e, f"can {e.a} reach {HOST} port 443", control)
    denied(e, f"can {e.a} reach {HOST6} port 443", control)
    allow(e, f"can {e.a} reach {e.b} port 443")
    name = (control["VpcEncryptionControlId"], "NO_PATH")
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, HOST))) == name


def test_a_nat_gateway_needs_both() -> None:
    """Its own exclusion and that of the internet gateway behind it."""
    for excluded, ok in (
        (("NatGateway", "InternetGateway"), True),
        (("NatGateway",), False),
        (("InternetGateway",), False),
    ):
        e = Pair()
        e.natted(e.tb)
        control = encrypt(e, e.v1, "enforce", *excluded)
        ask = f"can {e.b} reach {HOST} port 443"
        if ok:
            allow(e, ask)
        else:
            denied(e, ask, control)


def test_an_egress_only_gateway() -> None:
    e = Pair(ipv6=True)
    e.route(e.ta, "::/0", e.eigw(e.v1))
    control = encrypt(e, e.v1, "enforce", "InternetGateway")
    denied(e, f"can {e.a} reach {HOST6} port 443", control)
    control["ResourceExclusions"]["EgressOnlyInternetGateway"]["State"] = "enabled"
    allow(e, f"can {e.a} reach {HOST6} port 443")


def test_a_function() -> None:
    """A Lambda function's interface; other interfaces of the VPC go on."""
    e = Pair()
    eni = e.interface(e.sa, "10.0.0.30", kind="lambda", requester="amazon-aws")
    control = encrypt(e, e.v1, "enforce")
    denied(e, f"can {eni} reach {e.b} port 443", control)
    allow(e, f"can {e.a} reach {e.b} port 443")
    control["ResourceExclusions"]["Lambda"]["State"] = "enabled"
    allow(e, f"can {eni} reach {e.b} port 443")


def test_a_file_system() -> None:
    """A mount target of EFS, by what its service calls the interface."""
    e = Pair()
    about = "EFS mount target for fs-0123456789abcdef0 (fsmt-0123456789abcdef0)"
    eni = e.interface(e.sb, "10.0.1.30", requester="amazon-elasticfilesystem", description=about)
    control = encrypt(e, e.v1, "enforce")
    denied(e, f"can {e.a} reach {eni} port 2049", control)
    control["ResourceExclusions"]["ElasticFileSystem"]["State"] = "enabled"
    allow(e, f"can {e.a} reach {eni} port 2049")


def test_what_other_components_ask_for() -> None:
    """The slots of a VPC that enforces, by kind."""
    e = Pair()
    control = encrypt(e, e.v1, "enforce", "VpcLattice")
    g = ground(e)
    name = control["VpcEncryptionControlId"]
    shut = [[f"else deny NO_PATH ({name} encryption control)"]]
    kinds = ("virtual_private_gateway", "global_accelerator", "gateway_load_balancer")
    for kind in kinds:
        assert plain(g.slot(f"encryption.{kind}", e.v1)) == shut
    assert g.slot("encryption.vpc_lattice", e.v1) == ()


# ------------------------------ peerings


def peered(one: str, other: str, *excluded: str, region: str | None = None) -> tuple[Pair, Id, Any]:
    """V1 and V2 peered, each in a mode ('' for none); V1 has exclusions."""
    e = Pair()
    pcx = e.peered(region=region)
    control = encrypt(e, e.v1, one, *excluded) if one else None
    if other:
        encrypt(e, e.v2, other)
    return e, pcx, control


def test_a_peering_of_enforcing_vpcs() -> None:
    """R-ENC-3: both in one Region, then it works without an exclusion."""
    e, _, _ = peered("enforce", "enforce")
    allow(e, f"can {e.a} reach {e.b2} port 443")
    e, _, control = peered("enforce", "enforce", region="eu-west-1")
    denied(e, f"can {e.a} reach {e.b2} port 443", control)
    denied(e, f"can {e.b2} reach {e.a} port 443", control)


@pytest.mark.parametrize("other", ["monitor", ""])
def test_a_peering_with_one_that_does_not(other: str) -> None:
    """In either direction the enforcing side drops it, unless the peering is excluded."""
    e, _, control = peered("enforce", other)
    denied(e, f"can {e.a} reach {e.b2} port 443", control)
    denied(e, f"can {e.b2} reach {e.a} port 443", control)
    e, _, _ = peered("enforce", other, "VpcPeering")
    allow(e, f"can {e.a} reach {e.b2} port 443")
    allow(e, f"can {e.b2} reach {e.a} port 443")


def test_a_peering_of_enforcing_vpcs_with_exclusions() -> None:
    """AWS asks that neither has any other exclusion; that this one exists all the same leaves it
    open."""
    e, _, _ = peered("enforce", "enforce", "InternetGateway")
    unknown(e, f"can {e.a} reach {e.b2} port 443")


def test_a_peering_with_an_account_that_was_not_asked() -> None:
    """Law 2: what the far end's account did not tell is open."""
    e = Pair()
    e.peered(account="444455556666")
    encrypt(e, e.v1, "enforce")
    deny(e, f"can {e.a} reach {e.b2} port 443")
    del e.scope(("444455556666", "us-east-1"))["VpcEncryptionControls"]
    unknown(e, f"can {e.a} reach {e.b2} port 443")


# ------------------------------ interface endpoints


def test_an_interface_endpoint() -> None:
    """R-ENC-3: what is not encrypted by the application is dropped; that it is, is assumed."""
    e = Pair()
    e.endpoint_interface({e.sb: "10.0.1.40"})
    allow(e, f"can {e.a} reach 10.0.1.40 port 443")
    encrypt(e, e.v1, "enforce")
    answer = may(e, f"can {e.a} reach 10.0.1.40 port 443")
    assert "encrypted by the application" in str(said(answer))
    deny(e, f"can {e.a} reach 10.0.1.40 port 22")


# ------------------------------ lint and gaps


def test_what_aws_would_refuse_is_lint() -> None:
    """R-ENC-3: a gateway that is not excluded cannot be there."""
    e = online()
    encrypt(e, e.v1, "enforce", "NatGateway")
    warned = [d for d in ground(e).lint() if "enforces encryption" in d.message]
    assert [d.severity for d in warned] == ["warning"]
    assert str(e.gateway) in warned[0].message


def test_without_the_call() -> None:
    """An old snapshot: no VPC enforces."""
    e = online()
    e.drop("VpcEncryptionControls")
    allow(e, f"can internet reach {e.a} port 443")
    e.peered()
    allow(e, f"can {e.a} reach {e.b2} port 443")
