"""Slices: filters of interfaces that are about the packets of a survey only change no survey."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

import reach
from reach import Verdict
from reach.asking import backend_of_thread, ground_of
from reach.errors import Defect
from reach.network.address import parse_address
from reach.network.field import TCP, UDP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.options import DEFAULTS
from reach.question import parse_words
from reach.reduce import ALL, Reductions
from reach.survey import slices
from reach.survey.asked import Asked
from reach.survey.findings import Survey
from reach.survey.survey import _confirmed, silent
from reach.survey.whole import Whole
from tests.aws.test_gateway_load_balancer import Served
from tests.bazaar import Bazaar
from tests.crowds import Crowd
from tests.estate import Pair, city
from tests.estates.balancers import classic
from tests.fair import Fair

SAMPLES = Path(__file__).parents[2] / "samples"
SSH = HeaderSpace.where(protocol=Ranges.of(TCP), destination_port=Ranges.of(22))


class Street(Pair):
    """Beside B: who lets SSH in by one group or another, who does not, and who is named."""

    def __init__(self, ssh: str = "tcp/22 10.0.0.0/8") -> None:
        super().__init__()
        self.peered()
        self.ssh = self.group(self.v1, [ssh], name="ssh")
        self.same = self.group(self.v1, ["tcp/22 10.0.0.0/8", "tcp/443 any"], name="same")
        self.wide = self.group(self.v1, ["tcp/0-65535 10.0.0.0/8"], name="wide")
        self.both = self.group(self.v1, ["all 10.0.0.0/8", "tcp/22 192.168.0.0/16"], name="both")
        self.web = self.group(self.v1, ["tcp/443 any"], name="web")
        self.dns = self.group(self.v1, ["udp/53 any"], name="dns")
        self.named = self.group(self.v1, ["tcp/443 any"], name="named")
        self.trusts = self.group(self.v1, [f"tcp/22 {self.named}"], name="trusts")
        self.hosts = {
            name: self.instance(f"{name}", self.sb, f"10.0.1.{20 + number}", groups)
            for number, (name, groups) in enumerate(
                {
                    "ssh": [self.ssh],
                    "same": [self.same],
                    "wide": [self.wide],
                    "ssh-web": [self.ssh, self.web],
                    "both": [self.both],
                    "both-ssh": [self.both, self.ssh],
                    "web": [self.web],
                    "dns": [self.dns],
                    "web-dns": [self.web, self.dns],
                    "named": [self.named],
                    "named-web": [self.named, self.web],
                    "trusts": [self.trusts],
                }.items()
            )
        }


@pytest.fixture(scope="module")
def street() -> Street:
    return Street()


def alike(street: Street, only: HeaderSpace) -> set[frozenset[str]]:
    """Who is one node with whom, in a slice."""
    ground = ground_of(street.load(), DEFAULTS).slice(only)
    names = {str(host.eni): name for name, host in street.hosts.items()}
    classes = (ground.alike(eni) for eni in names)
    return {
        frozenset(
            names[each.network_interface_id]
            for each in members
            if each.network_interface_id in names
        )
        for members in classes
    }


def test_who_is_alike_for_ssh(street: Street) -> None:
    """By what their groups say of SSH, and by being named; whatever else these say."""
    assert alike(street, SSH) == {
        frozenset({"ssh", "same", "wide", "ssh-web"}),
        frozenset({"both", "both-ssh"}),
        frozenset({"web", "dns", "web-dns"}),
        frozenset({"named", "named-web"}),
        frozenset({"trusts"}),
    }


def test_who_is_alike_for_dns(street: Street) -> None:
    """Nobody is named in a rule that is about it."""
    dns = HeaderSpace.where(protocol=Ranges.of(UDP), destination_port=Ranges.of(53))
    assert alike(street, dns) == {
        frozenset({"ssh", "same", "wide", "ssh-web", "web", "named", "named-web", "trusts"}),
        frozenset({"both", "both-ssh"}),
        frozenset({"dns", "web-dns"}),
    }


def test_who_is_named_by_an_appliance_is_somebody() -> None:
    """It may see a reply and nothing else, so all counts that its groups say."""
    for check, expected in ((False, {"web", "web-dns"}), (True, {"web", "dns", "web-dns"})):
        street = Street()
        group = street.group(street.v1, [f"tcp/5432 {street.web}"], name="appliance")
        street.instance("appliance", street.sa, "10.0.0.30", [group], check=check)
        assert frozenset(expected) in alike(street, SSH)


def test_all_packets_are_no_slice(street: Street) -> None:
    """Nor is anything one whose pass is off."""
    ground = ground_of(street.load(), DEFAULTS)
    assert ground.slice(ANYTHING) is ground
    assert slices.asked(ground, parse_words(["any", "reach", "any"], one_way=False)) == ANYTHING
    off = ground_of(street.load(), DEFAULTS, Reductions(ALL.passes - {"slices"}))
    assert off.slice(SSH) is off


# ------------------------------ the law


def told(survey: Survey) -> Any:
    """All that a survey says, without its examples and how its proof went."""
    services: dict[tuple[str, str], set[str]] = {}
    for access in survey.accesses:
        found = services.setdefault((access.source, access.destination), set())
        found.update(f"{access.ways} {each}" for each in access.services)
    opened = {(each.source, each.destination, each.gaps) for each in survey.open}
    groups = [
        {
            key: (group.name, sorted(map(str, group.members)), group.private)
            for key, group in some.items()
        }
        for some in (survey.sources, survey.destinations)
    ]
    return services, opened, groups, survey.complete, survey.gaps, survey.notes


def check(snapshot: Any, packet: str, by: str, one_way: bool = False) -> Any:
    """The same matrix and exposure of a slice and of all."""
    how: Any = {"packet": packet, "by": by, "one_way": one_way}
    for survey in (reach.matrix, reach.exposure):
        plain = survey(snapshot, **how, reductions=["classes"])
        sliced = survey(snapshot, **how, reductions=["classes", "slices"])
        assert told(sliced) == told(plain)
    return told(sliced)


@pytest.mark.parametrize("by", ["endpoint", "group", "tag:Name", "vpc"])
@pytest.mark.parametrize("packet", ["port 22", "port 53/udp", "port 440-450", "icmp", ""])
def test_of_a_street(street: Street, packet: str, by: str) -> None:
    check(street.load(), packet, by)


@pytest.mark.parametrize("packet", ["port 22", "port 443"])
@pytest.mark.parametrize("by", ["endpoint", "subnet"])
def test_of_a_city(packet: str, by: str) -> None:
    """Of an estate with something of everything."""
    assert check(city()[0].load(), packet, by)[0]


@pytest.mark.parametrize(
    "seed", [*range(200, 203), *(pytest.param(s, marks=pytest.mark.deep) for s in range(203, 260))]
)
def test_of_crowds(seed: int) -> None:
    """Of crowds in which one interface in two differs from its neighbours in some way."""
    snapshot = Crowd(seed).load()
    for packet in ("port 22", "port 443", "icmp"):
        check(snapshot, packet, "endpoint", one_way=seed % 2 == 1)


# ------------------------------ what is not asked for and comes up


def test_a_reply_by_an_interface_that_has_not_seen_the_packet() -> None:
    """From A to B directly, and back by an appliance, whose group lets in clients' ports only."""
    e = Pair()
    ssh = e.group(e.v1, ["tcp/22 any"], name="ssh")
    back = e.group(e.v1, ["tcp/1024-65535 any"], name="back")
    zone = e.subnet(e.v1, "10.0.5.0/24")
    middle = e.instance("appliance", zone, "10.0.5.20", [back], check=False)
    client = e.instance("client", e.sa, "10.0.0.20", [back])
    server = e.instance("server", e.sb, "10.0.1.20", [ssh])
    e.table(e.v1, [zone])
    e.route(e.tb, "10.0.0.0/24", middle.eni)
    answer = e.ask(f"can {client} reach {server} port 22")
    assert answer.verdict is Verdict.REACHABLE
    assert answer.witness is not None
    assert any(step.resource == str(middle.eni) for step in answer.witness.reply)
    check(e.load(), "port 22", "endpoint")
    pairs = reach.matrix(e.load(), packet="port 22", by="endpoint").pairs
    assert (f"network_interface/{client.eni}", f"network_interface/{server.eni}") in pairs


def test_an_appliance_takes_packets_that_no_slice_is_about() -> None:
    """Whether an appliance is served hangs on what it lets in of its balancer (R-GWLBE-3)."""
    for lets_in, listed in ((("udp/6081 10.50.0.0/16",), 1), (("tcp/443 any",), 0)):
        e = Served(lets_in)
        told = reach.matrix(e.load(), str(e.a), "internet", "port 443")
        assert told.complete
        assert len(told.accesses) == listed
        wanted = Verdict.REACHABLE if listed else Verdict.UNREACHABLE
        assert e.ask(f"can {e.a} reach internet port 443").verdict is wanted


@pytest.mark.parametrize("kind", [Bazaar, Fair])
@pytest.mark.parametrize("seed", [pytest.param(n, marks=pytest.mark.deep) for n in range(60)])
def test_of_a_bazaar(seed: int, kind: type[Bazaar]) -> None:
    """Of what stands in the way of packets, and serves them by packets of its own."""
    snapshot, rng = kind(seed).load(), Random(f"slices/{seed}")
    for packet in rng.sample(("port 22", "port 443", "icmp 3/4", "icmp", "port 53/udp"), 2):
        check(snapshot, packet, "endpoint", one_way=rng.random() < 0.5)


@pytest.mark.parametrize("is_guessed", [True, False])
def test_a_port_that_a_balancer_gives_is_in_the_slice(
    is_guessed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listener sends to targets at other ports: what groups say of those counts, be it foreseen
    or seen by what comes up."""
    if not is_guessed:
        monkeypatch.setattr(slices, "behind", lambda *_: Ranges(()))
    snapshot = reach.load(SAMPLES / "application_load_balancer" / "snapshot")
    ready = Asked("matrix", "any", "any", "port 443", by="endpoint").prepare(snapshot, 0)
    assert ready.ground.only.by_name["destination_port"] == Ranges.of(443, 8080, 8081)
    assert check(snapshot, "port 443", "endpoint")[0]


def test_groups_have_other_numbers_in_a_slice() -> None:
    """A rule about another port names a group: in the slice nobody asks for it.  What a node gives
    as the sender's number there is not chosen in the whole."""
    e = Pair()
    jump = e.group(e.v1, name="jump")
    e.wear(e.a, jump)
    e.wear(e.b, e.group(e.v1, [f"tcp/22 {jump}"], name="shut"))
    web = e.group(e.v1, ["tcp/443 any"], name="web")
    host = e.instance("c", e.sb, "10.0.1.6", [web])
    e.instance("d", e.sb, "10.0.1.7", [e.group(e.v1, [f"tcp/22 {web}"], name="refers")])
    nodes = {e.sa: "10.0.0.44", e.sb: "10.0.1.44"}
    classic(e, "old", nodes, [("TCP", 443, 443)], [host, e.b], [web], cross_zone=True)
    snapshot = e.load()
    check(snapshot, "port 443", "endpoint")
    assert reach.matrix(snapshot, packet="port 443", by="endpoint").accesses


def test_a_flow_that_gets_through_a_slice_alone_is_a_defect(street: Street) -> None:
    """Each access is replayed in the whole network before it is told."""
    ready = Asked("matrix", "any", "any", "port 22", by="endpoint").prepare(street.load(), 0)
    assert ready.ground is not ready.whole
    found = _confirmed(ready, backend_of_thread(), ready.pairs, silent)
    proofs = [shown.proof for each in found.values() for shown in each.shown]
    assert proofs
    whole, shut = (ground_of(e.load(), DEFAULTS) for e in (street, Street("tcp/443 any")))
    assert all(Whole(ready.ground, whole).proof(each).forward.fate for each in proofs)
    address = parse_address("10.0.1.20")
    wrong = next(each for each in proofs if each.forward.final.destination == address)
    with pytest.raises(Defect, match="through a slice, and not through all of it"):
        Whole(ready.ground, shut).proof(wrong)
