"""Resource gateways: an address, a name or a database of a VPC, for clients elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

import reach
from reach.errors import QuestionError
from reach.network.address import parse_address
from reach.network.header_space import Ranges
from reach.snapshot.errors import SnapshotError
from reach.trace import Fate, Trace
from tests.aws.ground import (
    answered,
    arrived,
    dropped,
    ground,
    packet,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Id, Pair, load_files
from tests.estates.privatelink import gateway, resource, resource_endpoint
from tests.traps.rows import allow, unknown

HERE = "10.0.0.70"  # the endpoint, in SA
GATE = "10.2.0.77"  # the gateway, in S2
OWNER = "444455556666"


@dataclass
class Shared:
    """A in V1 has an endpoint to B2's tcp 5432, by a gateway in V2 with a group of its own."""

    e: Pair
    group: Id
    gateway: Id
    rcfg: Id
    vpce: Id

    def trace(self, what: str = "tcp/5432") -> Trace:
        return sent(ground(self.e), self.e.a, packet(self.e.a.ip, HERE, what))


def shared(
    *, egress: tuple[str, ...] = ("tcp 10.2.0.0/16",), zone: str = "a", at: str | None = GATE
) -> Shared:
    e = Pair()
    e.second(account=OWNER)
    group = e.group(e.v2, [], list(egress), name="gateway")
    where = e.s2 if zone == "a" else e.subnet(e.v2, "10.2.5.0/24", zone)
    rgw = gateway(e, {where: at}, [group])
    rcfg = resource(e, rgw, ip=e.b2.ip, ports=["5432", "6000-6010"], name="ledger")
    return Shared(e, group, rgw, rcfg, resource_endpoint(e, {e.sa: HERE}, rcfg))


# ------------------------------ nodes


def test_stages() -> None:
    """R-RES-2, R-RES-3: its ports; out from the gateway's address, past the gateway's group."""
    at = shared()
    g = ground(at.e)
    own = f"resource_gateway/{at.rcfg}"
    assert plain(stages(g, f"{own}/enter use1-az1")) == [
        [
            "permit protocol tcp; destination port 5432, 6000-6010",
            f"else deny PROTOCOL_RESTRICTION ({at.rcfg} ports)",
        ],
        [f"any packet -> {own}/out {at.e.s2}", "else drop"],
    ]
    number = g.identity(at.e.v2, [at.group])
    assert number != 0
    rewritten, filtered, onward = plain(stages(g, f"{own}/out {at.e.s2}"))
    assert rewritten == [
        f"any packet: source {GATE}, source port 1024-65535, destination {at.e.b2.ip}, "
        f"identity {number}"
    ]
    assert filtered == [
        f"session security_group {at.gateway}",
        "permit destination 10.2.0.0/16; protocol tcp; destination port 0-65535 "
        f"({at.group} outbound rule tcp 0-65535 to 10.2.0.0/16)",
        f"else deny ENI_SG_RULES_MISMATCH ({at.group} outbound)",
    ]
    assert onward == [f"any packet -> subnet/{at.e.s2}/emit", "else drop"]


# ------------------------------ there and back


def test_there_and_back() -> None:
    """R-RES-1, R-RES-2: B2 sees the gateway; A gets its answer from the endpoint."""
    at = shared()
    there = at.trace()
    assert there.final.source == parse_address(GATE)
    assert there.final.destination == parse_address(at.e.b2.ip)
    assert there.choices == ()
    back = replied(ground(at.e), there)
    assert back.final._replace(identity=0) == packet(HERE, at.e.a.ip, "tcp/40000", client=5432)
    assert answered(ground(at.e), there, at.e.b2.ip)


@pytest.mark.parametrize("what", ["tcp/443", "udp/5432", "icmp/8"])
def test_its_ports_only(what: str) -> None:
    """R-RES-1, R-RES-3: TCP, and of it the configured ports."""
    at = shared()
    assert dropped(at.trace(what)) == (at.rcfg, "PROTOCOL_RESTRICTION")
    assert arrived(at.trace("tcp/6010"), at.e.b2.ip)


def test_groups() -> None:
    """R-RES-2: the gateway's on the way out; the resource's must admit the gateway, by address or
    by group, and does not see the consumer."""
    at = shared(egress=("tcp/443 10.2.0.0/16",))
    assert dropped(at.trace()) == (at.group, "ENI_SG_RULES_MISMATCH")
    at = shared()
    e = at.e
    e.wear(e.b2, own := e.group(e.v2, ["tcp 10.0.0.0/16"]))
    assert dropped(at.trace()) == (own, "ENI_SG_RULES_MISMATCH")
    for rule in (f"tcp/5432 {GATE}/32", f"tcp/5432 {at.group}"):
        e.wear(e.b2, e.group(e.v2, [rule]))
        assert arrived(at.trace(), e.b2.ip)


def test_the_gateways_group_does_not_filter_what_comes_in() -> None:
    """R-RES-2: it has no inbound rule at all, and replies pass."""
    at = shared()
    assert at.group.record["IpPermissions"] == []
    assert answered(ground(at.e), at.trace(), at.e.b2.ip)


def test_the_gateways_subnet_routes() -> None:
    """R-RES-2: a resource beyond a peering, by the gateway's own route table and back by its."""
    at = shared()
    e = at.e
    v3 = e.vpc("10.3.0.0/16", account=OWNER)
    c = e.instance("c", e.subnet(v3, "10.3.0.0/24"), "10.3.0.5")
    e.permit(at.group, "tcp 10.3.0.0/16", egress=True)
    at.rcfg.record["resourceConfigurationDefinition"] = {"ipResource": {"ipAddress": c.ip}}
    assert dropped(at.trace()) == (e.t2, "NO_ROUTE_TO_DESTINATION")
    pcx = e.peering(e.v2, v3)
    e.route(e.t2, "10.3.0.0/16", pcx)
    e.route(v3.table, "10.2.0.0/16", pcx)
    assert answered(ground(e), at.trace(), c.ip)


# ------------------------------ zones


def test_zones() -> None:
    """R-RES-1: endpoint and gateway share a zone, this interface's or another of the endpoint's."""
    at = shared(zone="b", at="10.2.5.77")
    trace = at.trace()
    assert dropped(trace) == (at.gateway, "VPCE_SERVICE_NOT_INSTALLED_IN_AZ")
    resource_endpoint(at.e, {at.e.sa: "10.0.0.71", at.e.sb: "10.0.1.71"}, at.rcfg)
    g = ground(at.e)
    for ip in ("10.0.0.71", "10.0.1.71"):
        assert arrived(sent(g, at.e.a, packet(at.e.a.ip, ip, "tcp/5432")), at.e.b2.ip)


def test_the_nearest_of_several_subnets() -> None:
    """R-RES-1: of a gateway's subnets the one in the client's zone; else any, a may."""
    e = Pair()
    e.second()
    places = {e.subnet(e.v2, f"10.2.{n}.0/24", zone): f"10.2.{n}.77" for n, zone in ((5, "b"),)}
    rgw = gateway(e, {**places, e.s2: GATE})
    rcfg = resource(e, rgw, ip=e.b2.ip, ports=["5432"])
    zones = {"use1-az1": [e.s2], "use1-az2": list(places), "use1-az3,use1-az1": [*places, e.s2]}
    g = ground(e)
    for zone, subnets in zones.items():
        *_, last = plain(stages(g, f"resource_gateway/{rcfg}/enter {zone}"))
        assert {line.rpartition(" ")[2] for line in last if "/out " in line} == set(subnets)
        assert last[0].startswith("may") is (len(subnets) > 1)


# ------------------------------ states, groups of configurations, names


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "CREATE_FAILED", "DELETE_IN_PROGRESS"])
def test_a_status_that_does_not_work(status: str) -> None:
    """What is being made or taken away does not work, configuration and gateway alike."""
    at = shared()
    at.rcfg.record["status"] = status
    assert dropped(at.trace()) == (at.rcfg, "BAD_STATE")
    at = shared()
    at.gateway.record["status"] = status
    assert dropped(at.trace()) == (at.gateway, "BAD_STATE")


@pytest.mark.parametrize("status", ["ACTIVE", "UPDATE_IN_PROGRESS", "UPDATE_FAILED"])
def test_a_status_that_works(status: str) -> None:
    at = shared()
    at.rcfg.record["status"] = at.gateway.record["status"] = status
    assert arrived(at.trace(), at.e.b2.ip)


def test_a_group_of_configurations() -> None:
    """Any member may be meant; each uses the group's gateway."""
    e = Pair()
    e.second()
    group = resource(e, gateway(e, {e.s2: GATE}), kind="GROUP", ports=[])
    resource_endpoint(e, {e.sa: HERE}, group)
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, HERE))) == (group, "NO_PATH")
    member = resource(e, None, ip=e.b2.ip, kind="CHILD", group=group, ports=["5432"])
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, HERE, "tcp/5432"))
    assert [origin.resource for origin in there.choices] == [member]
    assert answered(g, there, e.b2.ip)


@pytest.mark.parametrize("what", ["dns", "arn"])
def test_a_name(what: str) -> None:
    """A name or a database is assumed to answer; whether it is B2 stays open, on its ports."""
    at = shared()
    name = {
        "dns": {"dnsResource": {"domainName": "db.example.com"}},
        "arn": {"arnResource": {"arn": "arn:aws:rds:us-east-1:444455556666:db:ledger"}},
    }
    at.rcfg.record["resourceConfigurationDefinition"] = name[what]
    there = at.trace()
    assert there.owner == f"resource_gateway/{at.rcfg}"
    assert "whose address is not in the snapshot" in there.choices[0].words
    assert replied(ground(at.e), there).final.destination == parse_address(at.e.a.ip)
    found = [at.e.ask(f"can {at.e.a} reach {at.e.b2} port {port}") for port in (5432, 443)]
    assert [answer.verdict for answer in found] == ["undecided", "unreachable"]


def test_a_database_without_ports() -> None:
    """A database that is named by its ARN has the port that it has."""
    at = shared()
    at.rcfg.record |= {
        "type": "ARN",
        "portRanges": [],
        "resourceConfigurationDefinition": {"arnResource": {"arn": "arn:aws:rds:::db:ledger"}},
    }
    assert at.trace("tcp/3306").fate is Fate.DELIVERED
    assert dropped(at.trace("udp/3306")) == (at.rcfg, "PROTOCOL_RESTRICTION")


def test_a_network_segment() -> None:
    """R-RES-4: segments are for tunnel endpoints, which are not modelled."""
    at = shared()
    at.rcfg.record["type"] = "CIDR"
    assert (at.trace().fate, at.trace().origin.resource) == (Fate.UNMODELLED, at.rcfg)


# ------------------------------ what is not in the snapshot


def test_an_account_that_is_not_in_the_snapshot() -> None:
    """R-SHARE-4: it ends at the resource, assumed to answer; only TCP gets there."""
    at = shared()
    del at.e.scopes[(OWNER, "us-east-1")]
    there = at.trace("tcp/22")
    assert OWNER in there.choices[0].words
    assert replied(ground(at.e), there).final.destination == parse_address(at.e.a.ip)
    assert dropped(at.trace("icmp/8")) == (at.rcfg, "PROTOCOL_RESTRICTION")


@pytest.mark.parametrize("call", ["ResourceConfigurations", "ResourceGateways"])
def test_a_missing_call(call: str) -> None:
    """Law 2: its owner is in the snapshot: open, also for whoever may be the resource."""
    at = shared()
    at.e.drop(call)
    assert at.trace().fate is Fate.UNMODELLED
    assert at.e.ask(f"can {at.e.a} reach {at.e.b2} port 5432").verdict == "undecided"


def test_a_gateway_whose_interfaces_are_not_listed() -> None:
    """R-RES-2: it sends from some address of its subnet, said as an assumption; its group is known
    all the same."""
    at = shared(at=None)
    at.e.wear(at.e.b2, at.e.group(at.e.v2, [f"tcp/5432 {at.group}"]))
    there = at.trace()
    assert "an address that the snapshot does not show" in there.choices[0].words
    assert answered(ground(at.e), there, at.e.b2.ip)


def test_the_gateways_interface_is_no_host() -> None:
    """R-ENI-9, R-RES-1: it takes replies only, and sends for consumers only."""
    at = shared()
    trace = sent(ground(at.e), at.e.b2, packet(at.e.b2.ip, GATE, "tcp/5432"))
    assert dropped(trace) == (at.gateway.eni, "NO_PATH")
    assert at.e.ask(f"can {at.gateway.eni} reach {at.e.b2} port 5432").verdict == "unreachable"
    assert at.e.ask(f"can {at.e.b2} reach {at.gateway.eni} port 5432").verdict == "unreachable"


# ------------------------------ as an end


def test_as_an_end() -> None:
    """By its id and by its name: whatever gets to the resource; nothing comes from it."""
    at = shared()
    for name in (at.rcfg, "ledger", at.rcfg.arn):
        assert at.e.ask(f"can {at.e.a} reach {name} port 5432").verdict == "reachable"
        assert at.e.ask(f"can {at.e.a} reach {name} port 22").verdict == "unreachable"
    answer = at.e.ask(f"can {at.rcfg} reach {at.e.a} port 22")
    assert (answer.verdict, answer.explanations[0].code) == ("unreachable", "NO_PATH")
    with pytest.raises(QuestionError):
        at.e.ask(f"can {at.e.a} reach rcfg-0000000000000dead port 22")


def test_without_an_endpoint_as_an_end() -> None:
    """Nothing leads to it; unless a call that could name an endpoint is missing."""
    e = Pair()
    e.second()
    rcfg = resource(e, gateway(e, {e.s2: GATE}), ip=e.b2.ip)
    assert e.ask(f"can {e.a} reach {rcfg} port 443").verdict == "unreachable"
    e.drop("VpcEndpoints")
    assert e.ask(f"can {e.a} reach {rcfg} port 443").verdict == "undecided"


def test_aliases() -> None:
    """What is sent to the endpoint may end up at the resource."""
    at = shared()
    g = ground(at.e)
    assert parse_address(HERE) in g.aliases(Ranges.of(parse_address(at.e.b2.ip)))
    assert parse_address(HERE) not in g.aliases(Ranges.of(parse_address("10.2.0.99")))


# ------------------------------ decoding


def test_a_single_answer() -> None:
    """get-resource-gateway and get-resource-configuration print one object each."""
    at = shared()
    files = at.e.files()
    for path, text in list(files.items()):
        content = json.loads(text)
        key = next(iter(content))
        if key in ("ResourceGateways", "ResourceConfigurations") and content[key]:
            files[path] = json.dumps(content[key][0])
    snapshot = load_files(files)
    answer = reach.ask(snapshot, f"can {at.e.a} reach {at.vpce} port 5432")
    assert answer.verdict == "reachable"


def test_a_port_range_that_is_none() -> None:
    """A range that no call prints is an error of the snapshot, with its place."""
    at = shared()
    at.rcfg.record["portRanges"] = ["http"]
    with pytest.raises(SnapshotError, match="portRanges"):
        at.trace()


@pytest.mark.parametrize("key", ["portRanges", "resourceConfigurationDefinition"])
def test_what_a_configuration_does_not_print(key: str) -> None:
    """R-RES-3: of one resource both its ports and what it is are always printed."""
    at = shared()
    question = f"can {at.e.a} reach {HERE} port 5432"
    allow(at.e, question)
    del at.rcfg.record[key]
    unknown(at.e, question, at.rcfg)
