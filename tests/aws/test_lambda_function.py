"""Functions by name: they send by the interfaces of their subnets and groups, and take nothing."""

from __future__ import annotations

import pytest

from reach.network.address import format_address
from tests.estate import Pair, said
from tests.estates.services import function
from tests.traps.rows import GROUP, allow, deny, unknown


def test_by_name_id_and_arn() -> None:
    """R-LAMBDA-1: as a source, by whatever it is called."""
    e = Pair()
    work = function(e, "work", {e.sa: "10.0.0.30"})
    e.wear(e.b, e.group(e.v1, ingress=["tcp/443 10.0.0.30/32"]))
    for name in ("work", "lambda:work", work.arn):
        allow(e, f"can {name} reach {e.b} port 443")
        deny(e, f"can {name} reach {e.b} port 80", *GROUP)


def test_it_takes_no_connections() -> None:
    """R-LAMBDA-1: nothing reaches it, not even in its own subnet."""
    e = Pair()
    function(e, "work", {e.sa: "10.0.0.30"})
    deny(e, f"can {e.a} reach work port 443", "NO_PATH")


def test_functions_share_interfaces() -> None:
    """One interface for each subnet and set of groups: other groups, another interface."""
    e = Pair()
    narrow = e.group(e.v1, egress=["tcp/443 any"], name="narrow")
    function(e, "one", {e.sa: "10.0.0.30"})
    function(e, "two", {e.sa: ""})
    function(e, "three", {e.sa: "10.0.0.31"}, [narrow])
    for name in ("one", "two"):
        allow(e, f"can {name} reach {e.b} port 80")
    deny(e, f"can three reach {e.b} port 80", *GROUP)
    allow(e, f"can three reach {e.b} port 443")


def test_several_subnets() -> None:
    """By each of its subnets' interfaces; while one has none it may send there as well."""
    e = Pair()
    function(e, "work", {e.sa: "10.0.0.30", e.sb: "10.0.1.30"})
    e.wear(e.b, e.group(e.v1, ingress=["tcp/443 10.0.1.30/32"]))
    e.wear(e.a, e.group(e.v1, ingress=["tcp/443 10.0.1.31/32"]))
    allow(e, f"can work reach {e.b} port 443")
    deny(e, f"can work reach {e.a} port 443", *GROUP)
    function(e, "half", {e.sa: "", e.sb: ""}, [e.group(e.v1)])
    unknown(e, f"can half reach {e.b} port 443", "lambda:half")


def test_no_ipv4_internet_without_a_nat() -> None:
    """R-LAMBDA-1: in a public subnet it has no public address."""
    e = Pair()
    function(e, "work", {e.sa: "10.0.0.30"})
    e.online(e.ta)
    deny(e, "can work reach internet port 443", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")
    e.natted(e.ta)
    allow(e, "can work reach internet port 443")


@pytest.mark.parametrize("allowed", [True, False])
def test_ipv6(allowed: bool) -> None:
    """R-LAMBDA-1: only where IPv6 is allowed for it."""
    e = Pair(ipv6=True)
    address = {e.sa: "2600:1f18:1a00:100::30"}
    function(e, "work", {e.sa: "10.0.0.30"}, ipv6=address, allowed=allowed)
    e.online(e.ta)
    ask = allow if allowed else deny
    ask(e, "can work reach ::/0 port 443")
    ask(e, f"can work reach {e.b.ip6} port 443")
    allow(e, f"can work reach {e.b.ip} port 443")


def test_a_function_in_no_vpc() -> None:
    """What it reaches is not modelled; nothing reaches it."""
    e = Pair()
    function(e, "idle", {})
    unknown(e, "can idle reach internet port 443", "lambda:idle")
    deny(e, f"can {e.a} reach idle port 443", "NO_PATH")


def test_states_are_noted() -> None:
    """An inactive function is said to be so."""
    e = Pair()
    function(e, "work", {e.sa: "10.0.0.30"}, state="Inactive")
    assert "is Inactive" in said(allow(e, f"can work reach {e.b} port 443"))


def test_published_versions() -> None:
    """A version has its number; the plain name is the latest."""
    e = Pair()
    function(e, "work", {e.sa: "10.0.0.30"})
    old = dict(e.scope(e.home)["Functions"][0], Version="3")
    old["FunctionArn"] += ":3"
    old["VpcConfig"] = dict(old["VpcConfig"], SubnetIds=[str(e.sb)])
    e.add("Functions", old)
    function(e, "other", {e.sb: "10.0.1.30"})
    latest = allow(e, f"can work reach {e.b} port 443", one_way=True)
    third = allow(e, f"can work:3 reach {e.a} port 443", one_way=True)
    sent = [each.witness.packet.source for each in (latest, third)]
    assert list(map(format_address, sent)) == ["10.0.0.30", "10.0.1.30"]
