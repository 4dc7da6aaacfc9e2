"""Surveys say of every pair what a single question says of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import reach
from bench.grow import Size, possible, write
from reach.asking import backend_of_thread, ground_of
from reach.network.stage import Deliver
from reach.options import Options
from reach.question import parse
from reach.resolve import resolve
from reach.survey.closure import holes
from reach.survey.grouping import Grouping
from reach.survey.senders import NOBODY, Senders
from reach.survey.spread import spread
from reach.survey.survey import PROOF_BUDGET
from tests.crowds import Crowd
from tests.differential.shapes import generate
from tests.estate import Pair, city
from tests.estates import access, balancers
from tests.survey.law import Law, ends
from tests.test_labs import NAMES, needs_labs
from tests.test_labs import snapshot as lab_snapshot

SAMPLES = sorted(p for p in (Path(__file__).parents[2] / "samples").iterdir() if p.is_dir())
MOST = 5  # groups: every pair of them is asked about
BOTH = (False, True)
INTERNET = {"internet": "internet"}


def check(snapshot: Any, by: str, one_way: bool) -> Counter[str]:
    """Between some of the groups, and from the internet to them."""
    some = dict(list(ends(snapshot, by).items())[:MOST])
    services = ("port 22", "icmp")
    found = Law(snapshot, by, some, one_way, services=services).check()
    return found + Law(snapshot, by, some, one_way, INTERNET, services).check()


@pytest.mark.parametrize(
    ("by", "one_way"),
    [
        ("vpc", True),
        ("subnet", False),
        ("endpoint", False),
        ("endpoint", True),
        pytest.param("vpc", False, marks=pytest.mark.deep),
        pytest.param("subnet", True, marks=pytest.mark.deep),
    ],
)
def test_of_a_city(by: str, one_way: bool) -> None:
    """Of an estate with something of everything, IPv6 among it."""
    found = check(city()[0].load(), by, one_way)
    assert found["reachable"] >= 8
    assert found["accesses"] >= 4
    assert found["services"] >= 20


@pytest.mark.parametrize(
    ("seed", "by"),
    [
        (0, "subnet"),
        (1, "endpoint"),
        pytest.param(0, "endpoint", marks=pytest.mark.deep),
        pytest.param(1, "subnet", marks=pytest.mark.deep),
    ],
)
def test_of_crowds(seed: int, by: str) -> None:
    """Of crowds in which one interface in two differs from its neighbours in some way."""
    assert check(Crowd(seed).load(), by, seed % 2 == 1)["services"] >= 4


@pytest.mark.deep
@pytest.mark.parametrize("one_way", BOTH)
@pytest.mark.parametrize("by", ["vpc", "subnet", "endpoint"])
@pytest.mark.parametrize("seed", [2, *range(100, 110)])
def test_of_many_crowds(seed: int, by: str, one_way: bool) -> None:
    """The same of more of them."""
    check(Crowd(seed).load(), by, one_way)


@pytest.mark.deep
@needs_labs
@pytest.mark.parametrize("one_way", BOTH)
@pytest.mark.parametrize("lab", NAMES)
def test_of_labs(lab: str, one_way: bool) -> None:
    """Of what was recorded on AWS."""
    check(lab_snapshot(lab), "subnet", one_way)


def tagged() -> Pair:
    """A and B alike but for a tag, in one subnet; B2 has none."""
    e = Pair()
    e.peered()
    group = e.group(e.v1, ["tcp/22 10.0.0.0/8"], name="alike")
    for number, stage in ((20, "prod"), (21, "test"), (22, "prod")):
        made = e.instance(f"n{number}", e.sa, f"10.0.0.{number}", [group])
        made.record["Tags"] = [*made.record.get("Tags", []), {"Key": "Stage", "Value": stage}]
    return e


@pytest.mark.parametrize("one_way", BOTH)
def test_by_tag(one_way: bool) -> None:
    """Of interfaces that every rule treats alike, some of one tag and some of another."""
    stages = {f"Stage={each}": f"tag:Stage={each}" for each in ("prod", "test")}
    found = Law(tagged().load(), "tag:Stage", stages, one_way).check()
    assert found["reachable"] == 3  # port 22; of test there is one, who has nobody of it to reach
    assert found["accesses"] == 3


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Twelve VPCs with everything that the benchmark knows, and everything that it gets wrong."""
    size = Size(240, 12, seed=3, mixed=True)
    planted = tuple(each.name for each in possible(size))
    out = tmp_path_factory.mktemp("grown") / "estate"
    write(out, replace(size, violations=planted))
    return reach.load(out)


@pytest.mark.parametrize("by", ["vpc", "endpoint"])
def test_of_a_grown_estate(grown: Any, by: str) -> None:
    """Of balancers, NAT and PrivateLink, from the internet."""
    some = dict(list(ends(grown, by).items())[::17][:12] if by == "endpoint" else ends(grown, by))
    services = ("port 22", "port 443")
    found = Law(grown, by, some, sources=INTERNET, services=services).check()
    assert found["unreachable"] >= 10
    assert by == "endpoint" or found["reachable"] >= 1


@pytest.mark.deep
@pytest.mark.parametrize("number", range(0, 160, 20))
def test_of_a_grown_estate_for_long(grown: Any, number: int) -> None:
    """Of transit and peerings too, from one host to some of every VPC.  (Between two VPCs the
    solver takes a minute for one question, and there are many.)"""
    every = ends(grown, "endpoint")
    some = dict(list(every.items())[number % 7 :: 12])
    (source,) = list(every)[number : number + 1]
    services = ("port 22", "port 443")
    sources = {source: every[source]}
    found = Law(grown, "endpoint", some, sources=sources, services=services).check()
    assert found["reachable"] + found["unreachable"] >= 20


# ---------------------------------------------------------------- nothing is left out


def assert_closed(snapshot: Any) -> int:
    """What everybody sends is closed; the number of places that it gets to."""
    ground = ground_of(snapshot, Options.of({}))
    places = 0
    for text in ("can any reach any", "can internet reach any"):
        aim = resolve(ground, parse(text)).aim
        senders = Senders.of(ground.network, Grouping(ground, "endpoint").sources(aim.starts))
        found = spread(ground.network, senders)
        assert holes(ground.network, senders, found, backend_of_thread(), PROOF_BUDGET) == ()
        places += len(found.cells)
    return places


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_samples_have_no_holes(sample: Path) -> None:
    """What everybody of a sample sends is proved to be all of it."""
    cases = YAML(typ="safe").load(sample / "cases.reach.yaml")
    assert assert_closed(reach.load(sample / cases["snapshot"])) >= 2


@needs_labs
@pytest.mark.parametrize("lab", NAMES)
def test_labs_have_no_holes(lab: str) -> None:
    """What everybody of a recorded lab sends is proved to be all of it."""
    assert assert_closed(lab_snapshot(lab)) >= 10


@pytest.mark.parametrize(
    "first", [0, 50, *(pytest.param(first, marks=pytest.mark.deep) for first in (100, 150))]
)
def test_random_networks_have_no_holes(first: int) -> None:
    """Networks of every gadget that twins tend to differ in."""
    delivered = 0
    for seed in range(first, first + 50):
        shape = generate(seed)
        starts = (replace(s, space=s.space.narrowed("identity", NOBODY)) for s in shape.aim.starts)
        labelled = (((each.owner,), each) for each in starts)
        senders = Senders.of(shape.network, labelled)
        found = spread(shape.network, senders)
        left = holes(shape.network, senders, found, backend_of_thread(), PROOF_BUDGET)
        assert left == (), f"{shape}: {left[0].node}: {left[0].words}"
        delivered += bool(found.arrivals)
        owners = {
            stage.owner
            for node in shape.nodes.values()
            for stage in node.stages
            if isinstance(stage, Deliver)
        }
        assert set(found.arrivals) <= owners
    assert delivered >= 25


@pytest.mark.parametrize("kind", ["application", "network"])
def test_of_a_balancer_that_wears_what_only_some_do(kind: str) -> None:
    """It writes the identity that some senders have anyway: they are in another set behind it than
    the rest, which a Client VPN beside them lets come up at different times."""
    e = Pair()
    e.peered()
    opened, other = e.open_group(e.v1), e.group(e.v1, ["all any"], name="other")
    hosts = [
        e.instance(f"n{net}{n}", subnet, f"10.0.{net}.{n}", [opened if n == 20 else other])
        for net, subnet in enumerate((e.sa, e.sb))
        for n in (20, 21)
    ]
    nodes = {e.sa: "10.0.0.41", e.sb: "10.0.1.41"}
    front = balancers.balancer(e, kind, "front", nodes, groups=[opened], cross_zone=True)
    protocol = "HTTP" if kind == "application" else "TCP"
    preserve = True if kind == "network" else None
    to = balancers.target_group(e, e.v1, "to", protocol, 80, [hosts[1]], preserve=preserve)
    balancers.listen(e, front, protocol, 80, to)
    access.vpn_rule(e, access.client_vpn(e, {e.sa: "10.0.0.90"}), "10.0.0.0/16")
    told = reach.matrix(e.load(), packet="port 80", by="vpc")
    assert told.complete
    assert (str(e.v1), str(e.v1)) in {(each.source, each.destination) for each in told.accesses}


def test_of_a_balancer_that_listens_at_another_port() -> None:
    """What is sent to 443 is delivered at 8443, and told so; nothing is delivered at 443."""
    e = Pair()
    e.online(e.tb)
    nodes = {e.sa: "10.0.0.41", e.sb: "10.0.1.41"}
    front = balancers.balancer(e, "network", "front", nodes, public={e.sb: "198.51.100.41"})
    to = balancers.target_group(e, e.v1, "to", "TCP", 8443, [e.b], preserve=True)
    balancers.listen(e, front, "TCP", 443, to)
    snapshot = e.load()
    some = {key: text for key, text in ends(snapshot, "endpoint").items() if text == e.b.eni}
    found = Law(snapshot, "endpoint", some, sources=INTERNET, services=("port 443",)).check()
    assert found == {"unreachable": 1, "accesses": 1, "services": 1}
