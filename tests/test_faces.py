"""Whatever way a question is asked, the answer is the same, on estates drawn at random."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from reach.asking import verdict
from tests.bazaar import Bazaar
from tests.estate import Id
from tests.faces import Faces
from tests.fair import Fair
from tests.medley import PACKETS, Medley

WIDER = {
    "port 22": ("port 20-25", "protocol 6", ""),
    "port 443": ("port 0-65535", "protocol 6"),
    "port 53/udp": ("protocol 17", "port 50-60/udp"),
    "icmp": ("icmp 8",),
    "icmp 3/4": ("icmp 3",),
}
RANK = {"unreachable": 0, "undecided": 1, "reachable": 2}


def seeds(few: int, many: int) -> list[object]:
    deep = (pytest.param(seed, marks=pytest.mark.deep) for seed in range(few, many))
    return [*range(few), *deep]


@pytest.mark.parametrize("seed", seeds(1, 120))
def test_all_faces_say_the_same(seed: int) -> None:
    """Verdicts, surveys, passes, further paths, what it has to pass, proposals, the checker."""
    agree(Medley(seed), Random(f"faces/{seed}"))


@pytest.mark.parametrize("seed", seeds(2, 150))
def test_all_faces_say_the_same_of_a_bazaar(seed: int) -> None:
    """The same of what medleys have not, and where calls are missing."""
    agree(Bazaar(seed), Random(f"faces/bazaar/{seed}"))


@pytest.mark.parametrize("seed", seeds(1, 150))
def test_all_faces_say_the_same_of_a_fair(seed: int) -> None:
    """The same of what bazaars have not."""
    agree(Fair(seed), Random(f"faces/fair/{seed}"))


def agree(e: Medley, rng: Random) -> None:
    """The law, of some questions about a network."""
    faces = Faces(e.load(), rng, e.files())
    faults: list[str] = []
    for _ in range(3):
        packet, one_way = rng.choice(PACKETS), rng.random() < 0.3
        ends = rng.choice(e.ends), rng.choice(e.ends)
        faults += faces.check(*ends, packet, one_way, dear=rng.random() < 0.5)
    for _ in range(6):
        pair = [(str(host.eni), host.ip) for host in rng.sample(e.hosts, 2)]
        faults += faces.pair(pair[0], pair[1], rng.choice(PACKETS[:8]), rng.random() < 0.3)
    one, two = (str(host.eni) for host in rng.sample(e.hosts, 2))
    source = rng.choice([one, "internet", "any"])
    port = rng.choice([22, 80, 85, 443, 8443])
    faults += faces.at_the_destination(source, two, port, "tcp", rng.random() < 0.3)
    assert not faults, "\n".join(faults)
    assert faces.found["surveys"] + faces.found["refused"] >= 3


@pytest.mark.parametrize("seed", seeds(3, 60))
def test_who_is_among_others_is_reached_with_them(seed: int) -> None:
    """More senders, more receivers and more packets take nothing away, but that nobody of many
    counts as reaching itself."""
    e, rng, found = Medley(seed), Random(f"wider/{seed}"), Counter[str]()
    for _ in range(12):
        host, other = rng.sample(e.hosts, 2)
        packet, one_way = rng.choice(list(WIDER)), rng.random() < 0.3
        outside = rng.random() < 0.25
        source, sources = ("8.8.8.8", ["internet"]) if outside else (host.ip, above(host))
        services = [name for name in e.names if name.startswith("10.")]
        service = bool(services) and rng.random() < 0.3
        destination = rng.choice(services) if service else other.ip
        destinations = ["any"] if service else above(other)

        def rank(one: str, two: str, what: str, one_way: bool = one_way) -> int:
            text = f"can {one} reach {two} {what}".strip()
            told = verdict(e.load(), text, one_way=one_way).verdict.value
            found[told] += 1
            return RANK[told]

        least = rank(source, destination, packet)
        for one in sources:
            assert rank(one, destination, packet) >= least, (one, destination, packet, one_way)
        for two in destinations:
            assert rank(source, two, packet) >= least, (source, two, packet, one_way)
        for more in WIDER[packet]:
            assert rank(source, destination, more) >= least, (source, destination, more, one_way)
    assert found["reachable"]
    assert found["unreachable"]


def above(host: Id) -> list[str]:
    """The interface, and whoever it is among."""
    record = host.eni.record
    block = record["PrivateIpAddress"].rpartition(".")[0]
    groups = [each["GroupId"] for each in record["Groups"]]
    own = record["NetworkInterfaceId"]
    return [own, record["SubnetId"], record["VpcId"], f"{block}.0/24", "any", *groups]
