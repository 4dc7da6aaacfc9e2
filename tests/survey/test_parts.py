"""By end point, who is told together is treated alike by everybody else, too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import reach
from reach.asking import ground_of
from reach.options import DEFAULTS
from reach.snapshot.records import NetworkInterface
from reach.survey.parts import Parts
from tests.estate import Pair
from tests.estates import access, balancers, firewall, private, privatelink, transit
from tests.estates.firewall import Inspected


class Row(Pair):
    """Three hosts in SA with the same groups, of which one has a public address."""

    def __init__(self) -> None:
        super().__init__()
        self.online(self.ta)
        self.alike = self.group(self.v1, ["tcp/443 any"], name="alike")
        self.hosts = [
            self.instance(f"n{n}", self.sa, f"10.0.0.{n}", [self.alike], public=public)
            for n, public in ((20, None), (21, "198.51.100.21"), (22, None))
        ]

    def names(self, group: reach.survey.findings.Group) -> set[str]:
        return {each.name for each in group.members}


def test_they_are_one_class() -> None:
    row = Row()
    ground = ground_of(row.load(), DEFAULTS)
    assert len(ground.alike(str(row.hosts[0].eni))) == 3


def test_only_who_has_a_public_address_is_told_as_exposed() -> None:
    row = Row()
    told = reach.exposure(row.load(), packet="port 443")
    assert [row.names(told.destinations[a.destination]) for a in told.accesses] == [{"n21"}]
    assert told.complete


def test_a_public_address_of_which_only_its_allocation_tells() -> None:
    """R-ENI-3: describe-addresses is enough to be told apart."""
    row = Row()
    for record in (row.hosts[1].eni.record, *row.hosts[1].eni.record["PrivateIpAddresses"]):
        record.pop("Association", None)
    told = reach.exposure(row.load(), packet="port 443")
    assert [row.names(told.destinations[a.destination]) for a in told.accesses] == [{"n21"}]
    assert told.complete


@pytest.mark.parametrize("by", ["rule", "list", "acl"])
def test_only_who_is_in_a_block_is_told_as_reaching(by: str) -> None:
    """In a rule of the one who is reached, in a prefix list, in the ACL of its subnet."""
    row = Row()
    peer = "10.0.0.22/31"
    if by == "list":
        peer = str(row.prefix_list(peer))
    server = row.instance(
        "server",
        row.sb,
        "10.0.1.20",
        [row.group(row.v1, ["tcp/22 any" if by == "acl" else f"tcp/22 {peer}"], name="ssh")],
    )
    if by == "acl":
        row.acl(row.v1, [row.sb], ingress=[f"90 allow tcp/22 {peer}"])
    told = reach.matrix(row.load(), packet="port 22", by="endpoint")
    sources = [
        row.names(told.sources[each.source])
        for each in told.accesses
        if each.destination == f"network_interface/{server.eni}"
        and row.names(told.sources[each.source]) & {"n20", "n21", "n22"}
    ]
    assert sources == [{"n22"}]


def test_who_is_alike_in_everything_is_told_together() -> None:
    row = Row()
    told = reach.matrix(row.load(), packet="port 443", by="endpoint")
    sets = {frozenset(row.names(each)) for each in told.destinations.values()}
    assert frozenset({"n20", "n22"}) in sets
    assert frozenset({"n21"}) in sets


# ---------------------------------------------------------------- whatever names one of them

TOGETHER: list[set[str]] = [{"n20", "n21", "n22"}]
APART: list[set[str]] = [{"n20", "n22"}, {"n21"}]


class Alike(Pair):
    """The same three hosts in SA, of which nothing is said."""

    def __init__(self) -> None:
        super().__init__()
        alike = self.group(self.v1, ["all any"], name="alike")
        self.hosts = [self.instance(f"n{n}", self.sa, f"10.0.0.{n}", [alike]) for n in (20, 21, 22)]

    def told(self) -> list[set[str]]:
        """Who is told together, of the three."""
        snapshot = self.load()
        parts = Parts(ground_of(snapshot, DEFAULTS))
        found: dict[str, set[str]] = {}
        for number, host in zip((20, 21, 22), self.hosts, strict=True):
            own = snapshot.get(NetworkInterface, str(host.eni))
            assert own is not None
            found.setdefault(parts.label(own), set()).add(f"n{number}")
        return list(found.values())


def a_route_of_a_transit_gateway(e: Alike) -> None:
    hub = transit.joined(e)
    transit.static(e, hub.tgw.table, "10.0.0.21/32", None)


def a_stateless_rule(e: Alike) -> None:
    rules = firewall.stateless(e, "10 drop ip 10.0.0.21/32 any -> any any")
    firewall.policy(e, stateless=[rules])


def a_structured_rule(e: Alike) -> None:
    firewall.policy(e, [firewall.five_tuples(e, "drop tcp 10.0.0.21 any -> any 22")])


def a_list_of_suricata(e: Alike) -> None:
    firewall.stateful(e, "drop ip any any -> [10.0.0.0/24,!10.0.0.21] any (sid:1;)")


def a_range_of_suricata(e: Alike) -> None:
    firewall.stateful(e, "drop ip 10.0.0.21 - 10.0.0.21 any -> any any (sid:1;)")


def a_line_of_suricata_with_words(e: Alike) -> None:
    firewall.stateful(e, 'drop ip 10.0.0.21 any -> any any (msg:"not this one"; sid:1;)')


def a_later_line_of_suricata(e: Alike) -> None:
    """By its IPv6 address, which all of them have."""
    for n, host in zip((20, 21, 22), e.hosts, strict=True):
        host.eni.record["Ipv6Addresses"] = [{"Ipv6Address": f"2600:1f18:1a00:100::{n}"}]
    lines = ("pass tcp any any -> any 22 (sid:1;)", "drop ip 2600:1f18:1a00:100::21 any -> any any")
    firewall.stateful(e, *lines)


def a_variable_of_suricata(e: Alike) -> None:
    firewall.stateful(e, "drop ip $X any -> any any (sid:1;)", variables={"X": ["10.0.0.21/32"]})


def a_condition_of_a_listener(e: Alike) -> None:
    web = balancers.balancer(e, "application", "web", {e.sa: "10.0.0.41"})
    to = balancers.target_group(e, e.v1, "to", "HTTP", 80, [e.b])
    only = balancers.rule(e, None, "10", [balancers.source("10.0.0.21/32")], to)
    balancers.listen(e, web, "HTTP", 80, to, rules=[only])


def a_target_by_instance(e: Alike) -> None:
    balancers.target_group(e, e.v1, "to", "TCP", 80, [e.hosts[1]])


def a_target_by_address(e: Alike) -> None:
    balancers.target_group(e, e.v1, "to", "TCP", 80, ["10.0.0.21"], kind="ip")


def another_port_of_a_target(e: Alike) -> None:
    to = [(e.hosts[0], 80), (e.hosts[1], 81), (e.hosts[2], 80)]
    balancers.target_group(e, e.v1, "to", "TCP", 80, to)


def an_instance_of_a_classic_balancer(e: Alike) -> None:
    balancers.classic(e, "old", {e.sa: "10.0.0.60"}, [("TCP", 80, 80)], [e.hosts[1]])


def an_end_of_an_accelerator(e: Alike) -> None:
    balancers.accelerator(e, "world", ["75.2.60.5"], [("TCP", 22, 22)], [(e.hosts[1], True)])


def an_elastic_ip_of_an_accelerator(e: Alike) -> None:
    for n, host in zip((20, 21, 22), e.hosts, strict=True):
        e.public(host, f"198.51.100.{n}")
    named = str(e.scope(e.home)["Addresses"][1]["AllocationId"])
    balancers.accelerator(e, "world", ["75.2.60.5"], [("TCP", 22, 22)], [(named, False)])


def a_rule_about_an_address_outside(e: Alike) -> None:
    for n, host in zip((20, 21, 22), e.hosts, strict=True):
        e.public(host, f"198.51.100.{n}")
    e.group(e.v1, ["tcp/22 198.51.100.21/32"], name="outside")


def a_target_of_lattice(e: Alike) -> None:
    privatelink.target_group(e, e.v1, {e.hosts[1]: 80})


def a_resource_at_an_address(e: Alike) -> None:
    privatelink.resource(e, privatelink.gateway(e, {e.sa: "10.0.0.60"}), ip="10.0.0.21")


def a_rule_of_a_client_vpn(e: Alike) -> None:
    access.vpn_rule(e, access.client_vpn(e, {e.sb: "10.0.1.90"}), "10.0.0.21/32")


def what_a_connection_takes(e: Alike) -> None:
    made = private.connection(e, private.gateway(e, e.v1), static=["192.168.0.0/16"])
    made.record["Options"]["RemoteIpv4NetworkCidr"] = "10.0.0.21/32"


def an_ip_version(e: Alike) -> None:
    e.hosts[1].eni.record["Ipv6Addresses"] = [{"Ipv6Address": "2600:1f18:1a00:100::21"}]


def what_the_internet_gateway_refuses(e: Alike) -> None:
    e.hosts[1].eni.record["DenyAllIgwTraffic"] = True


@pytest.mark.parametrize(
    "say",
    [
        a_route_of_a_transit_gateway,
        a_stateless_rule,
        a_structured_rule,
        a_list_of_suricata,
        a_range_of_suricata,
        a_line_of_suricata_with_words,
        a_later_line_of_suricata,
        a_variable_of_suricata,
        a_condition_of_a_listener,
        a_target_by_instance,
        a_target_by_address,
        another_port_of_a_target,
        an_instance_of_a_classic_balancer,
        an_end_of_an_accelerator,
        an_elastic_ip_of_an_accelerator,
        a_rule_about_an_address_outside,
        a_target_of_lattice,
        a_resource_at_an_address,
        a_rule_of_a_client_vpn,
        what_a_connection_takes,
        an_ip_version,
        what_the_internet_gateway_refuses,
    ],
)
def test_whoever_something_is_said_of_is_told_apart(say: Callable[[Alike], None]) -> None:
    """N21 is named, wherever that is, and N20 and N22 are not."""
    e = Alike()
    assert e.told() == TOGETHER
    say(e)
    assert e.told() == APART


def test_a_block_may_have_host_bits() -> None:
    """Suricata clears them."""
    e = Alike()
    firewall.stateful(e, "drop ip 10.0.0.23/31 any -> any any (sid:1;)")
    assert e.told() == [{"n20", "n21"}, {"n22"}]


@pytest.mark.parametrize("words", ["", 'msg:"words"; '])
def test_an_end_of_a_range_is_named_and_who_is_between_is_not(words: str) -> None:
    """So all three differ."""
    e = Alike()
    firewall.stateful(e, f"drop ip 10.0.0.19 - 10.0.0.21 any -> any any ({words}sid:1;)")
    assert e.told() == [{"n20"}, {"n21"}, {"n22"}]


def test_targets_of_whom_the_same_is_said_are_told_together() -> None:
    """A hundred behind a balancer are one line, by instance and by address."""
    e = Alike()
    balancers.target_group(e, e.v1, "one", "TCP", 80, [e.hosts[0], e.hosts[2]])
    balancers.target_group(e, e.v1, "two", "TCP", 81, ["10.0.0.22", "10.0.0.20"], kind="ip")
    assert e.told() == APART


def test_what_people_write_tells_nobody_apart() -> None:
    """A description and a tag that name an address."""
    e = Alike()
    e.sb.record["Tags"].append({"Key": "next to", "Value": "10.0.0.21"})
    e.scope(e.home)["SecurityGroups"][0]["Description"] = "for 10.0.0.21"
    assert e.told() == TOGETHER


def singly(e: Pair, packet: str, *, source: str = "any") -> set[tuple[str, str]]:
    """Who reaches whom of the hosts of an estate, by a survey, member by member."""
    told = reach.matrix(e.load(), source, packet=packet, by="endpoint")
    assert told.complete
    assert told.open == ()
    return {
        (one, other)
        for each in told.accesses
        for one in ({m.name for m in told.sources[each.source].members} or {source})
        for other in {m.name for m in told.destinations[each.destination].members}
    }


def test_a_firewall_lets_one_of_them_out() -> None:
    """Between two VPCs, with a rule that drops what another of them sends, and its replies."""
    e = Inspected()
    alike = e.group(e.v1, ["all any"], name="alike")
    for n in (20, 21, 22):
        e.instance(f"n{n}", e.sa, f"10.0.0.{n}", [alike])
    rules = ("10 drop ip 10.0.0.20/31 any -> any any", "20 pass ip any any -> any any")
    e.fire(firewall.policy(e, stateless=[firewall.stateless(e, *rules)]))
    found = singly(e, "port 22")
    hosts = {"n20", "n21", "n22"}
    assert {pair for pair in found if pair[0] in hosts and pair[1] == "b2"} == {("n22", "b2")}
    assert {pair for pair in found if pair[1] in hosts and pair[0] == "b2"} == {("b2", "n22")}


def test_a_balancer_passes_on_to_one_of_them() -> None:
    """What comes from the internet, where only one is a target."""
    e = Alike()
    e.online(e.tb)
    nodes = {e.sa: "10.0.0.41", e.sb: "10.0.1.41"}
    front = balancers.balancer(e, "application", "web", nodes, public={e.sb: "198.51.100.41"})
    to = balancers.target_group(e, e.v1, "to", "HTTP", 8080, [e.hosts[1]])
    balancers.listen(e, front, "HTTP", 80, to)
    assert ("internet", "n21") in (found := singly(e, "port 80", source="internet"))
    assert {other for _, other in found} & {"n20", "n21", "n22"} == {"n21"}


def test_an_address_of_a_carrier_is_no_public_one() -> None:
    """Nor is a customer's: the internet gateway translates neither."""
    e = Alike()
    e.online(e.ta, e.tb)
    kinds = ("PublicIp", "CarrierIp", "CustomerOwnedIp")
    for number, (host, kind) in enumerate(zip(e.hosts, kinds, strict=True)):
        e.public(host, f"198.51.100.{number}", elastic=False)
        association = host.eni.record["Association"]
        association[kind] = association.pop("PublicIp")
    assert sorted(map(sorted, e.told())) == [["n20"], ["n21"], ["n22"]]
    found = {other for _, other in singly(e, "port 80", source="internet")}
    assert found & {"n20", "n21", "n22"} == {"n20"}
