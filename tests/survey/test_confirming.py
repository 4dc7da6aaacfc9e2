"""However a proposal is settled, a survey says the same of it.

Most are shown by packets made up, some are refuted several at once, few are a question of their
own.  Each of the three stands in for the one before it, so without it nothing may change but time.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

import reach
from reach.asking import backend_of_thread
from reach.decide import replay
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network, Node
from reach.network.stage import Deliver, Forward, Origin, Restore, Route, Unmodelled
from reach.survey import confirm, settling
from reach.survey.asked import Asked
from reach.survey.findings import services_words
from reach.survey.onward import Onward
from reach.survey.packets import Packet, Packets, listening
from reach.survey.survey import Prepared
from reach.survey.together import Together
from tests.estate import city


def told(snapshot: Any) -> tuple[dict[tuple[str, str], str], Any]:
    """The services of each pair, and what is open."""
    survey = reach.matrix(snapshot, by="endpoint", prove=False)
    services: dict[tuple[str, str], list[Any]] = {}
    for each in survey.accesses:
        services.setdefault((each.source, each.destination), []).extend(each.services)
    return {pair: services_words(tuple(some)) for pair, some in services.items()}, survey.open


@pytest.fixture(scope="module", params=["city", "application_load_balancer"])
def snapshot(request: pytest.FixtureRequest) -> Any:
    if request.param == "city":
        return city()[0].load()
    return reach.load(f"samples/{request.param}/snapshot")


@pytest.fixture(scope="module")
def plain(snapshot: Any) -> Any:
    return told(snapshot)


def test_every_pair_as_a_question_of_its_own(
    snapshot: Any, plain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is refuted together, and no further packets are tried."""
    monkeypatch.setattr(Together, "possible", lambda self, pairs: list(range(len(pairs))))
    monkeypatch.setattr(Together, "unsettled", lambda self, pairs: list(range(len(pairs))))
    monkeypatch.setattr(Packets, "further", lambda self, pieces: iter(()))
    monkeypatch.setattr(settling, "homing", lambda *_: iter(()))
    assert told(snapshot) == plain


def test_no_packet_is_made_up_at_all(
    snapshot: Any, plain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The solver finds every one of them."""
    monkeypatch.setattr(Packets, "likely", lambda self, candidate, piece: iter(()))
    monkeypatch.setattr(Packets, "further", lambda self, pieces: iter(()))
    monkeypatch.setattr(settling, "homing", lambda *_: iter(()))
    assert told(snapshot) == plain


def test_sets_say_nothing(snapshot: Any, plain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What gets home as they have it is found by the solver and by many packets as well."""
    monkeypatch.setattr(settling, "homing", lambda *_: iter(()))
    assert told(snapshot) == plain


def test_sets_alone_say_what_gets_through_a_balancer(monkeypatch: pytest.MonkeyPatch) -> None:
    """No likely packet is tried, and the solver is asked of nothing."""
    snapshot = reach.load("samples/application_load_balancer/snapshot")
    expected = told(snapshot)
    monkeypatch.setattr(Packets, "likely", lambda self, candidate, piece: iter(()))
    monkeypatch.setattr(Together, "possible", lambda self, pairs: [])
    monkeypatch.setattr(Together, "unsettled", lambda self, pairs: [])
    assert told(snapshot) == expected


def test_no_packet_is_steered(snapshot: Any, plain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packets are walked as they are made up, with the first of whatever may happen."""

    def walked(network: Any, start: Any, packet: Any, two_way: bool, candidate: Any) -> Any:
        yield replay(network, start, packet, two_way)

    monkeypatch.setattr(confirm, "steered", walked)
    assert told(snapshot) == plain


def test_one_pair_at_a_time(snapshot: Any, plain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_MOST_TOGETHER", 0)
    assert told(snapshot) == plain


def test_a_refutation_of_what_is_possible_would_be_noticed(
    snapshot: Any, plain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the solver's word were passed on wrongly, with no likely packet to show otherwise, less
    would be told: so the tests above compare something."""
    monkeypatch.setattr(Packets, "likely", lambda self, candidate, piece: iter(()))
    monkeypatch.setattr(settling, "homing", lambda *_: iter(()))
    monkeypatch.setattr(Together, "possible", lambda self, pairs: [])
    monkeypatch.setattr(Together, "unsettled", lambda self, pairs: [])
    assert told(snapshot) != plain


def test_what_the_solver_shows_is_what_was_left_to_be_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two targets of one subnet, at ports of their own, the one whose port is shown already is
    what the first options lead to: that packet is no example of the other's port."""
    snapshot = reach.load("samples/application_load_balancer/snapshot")

    def exposed() -> dict[str, str]:
        survey = reach.exposure(snapshot, prove=False, by="subnet")
        services: dict[str, list[HeaderSpace]] = {}
        for each in survey.accesses:
            services.setdefault(each.destination, []).extend(each.services)
        return {end: services_words(tuple(some)) for end, some in services.items()}

    expected = exposed()
    monkeypatch.setattr(Packets, "likely", lambda self, candidate, piece: iter(()))
    monkeypatch.setattr(Packets, "further", lambda self, pieces: iter(()))
    monkeypatch.setattr(settling, "homing", lambda *_: iter(()))
    assert exposed() == expected
    assert [words for words in expected.values() if "tcp 8080-8081" in words]


def test_nothing_is_refuted_at_a_node(
    snapshot: Any, plain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What leads nowhere from a node is refuted pair by pair as well."""
    monkeypatch.setattr(Onward, "leads_nowhere", lambda self, node, services, backend: False)
    assert told(snapshot) == plain


def test_that_a_node_is_said_to_lead_nowhere_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    snapshot = reach.load("samples/application_load_balancer/snapshot")
    expected = told(snapshot)
    monkeypatch.setattr(Packets, "likely", lambda self, candidate, piece: iter(()))
    monkeypatch.setattr(settling, "homing", lambda *_: iter(()))
    monkeypatch.setattr(Onward, "leads_nowhere", lambda self, node, services, backend: True)
    assert told(snapshot) != expected


def test_what_leads_nowhere() -> None:
    """A node from which something is delivered, or unknown, leads somewhere; one that drops what
    is there does not, nor one at which there is nothing."""
    here, there = Origin("here", ""), Origin("there", "")
    ssh = HeaderSpace.where(protocol=Ranges.of(6), destination_port=Ranges.of(22))
    dns = HeaderSpace.where(protocol=Ranges.of(17), destination_port=Ranges.of(53))
    nodes = {
        "end": Node("end", (Deliver("owner", "end", there),)),
        "unknown": Node("unknown", (Unmodelled(there),)),
        "gate": Node(
            "gate", (Forward((Route(ssh, "end", here), Route(dns, "unknown", here)), here),)
        ),
        "session": Node("session", (Restore("of", here), Deliver("owner", "end", there))),
    }
    held = {name: (ssh, dns, HeaderSpace.where(protocol=Ranges.of(1))) for name in nodes}
    onward, backend = Onward(Network.of(nodes), held), backend_of_thread()
    assert not onward.leads_nowhere("gate", ssh, backend)
    assert not onward.leads_nowhere("gate", dns, backend)
    assert onward.leads_nowhere("gate", HeaderSpace.where(protocol=Ranges.of(1)), backend)
    assert onward.leads_nowhere("gate", HeaderSpace.where(protocol=Ranges.of(47)), backend)
    assert onward.leads_nowhere("session", ssh, backend)
    assert onward.leads_nowhere("nobody was there", ssh, backend)


def test_who_is_picked_by_a_balancer_is_found_by_replays_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each target of a balancer is shown with the choice that leads to it."""
    snapshot = reach.load("samples/application_load_balancer/snapshot")
    expected = told(snapshot)

    def asked(self: Any, work: Any, alone: Any) -> None:
        raise AssertionError(f"{work.left} is asked of the solver")

    monkeypatch.setattr(settling.Settling, "_ask", asked)
    assert told(snapshot) == expected


def test_the_same_packets_are_made_up_whatever_was_asked_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What another question had looked at is nothing to a survey: its examples stay the same."""
    asked = Asked("matrix", "any", "any", "port 22", by="vpc")

    def made_up(ready: Prepared) -> list[Packet]:
        candidates = [each for some in ready.proposed.candidates.values() for each in some]
        pieces = [(each, each.service) for each in candidates]
        return list(islice(ready.packets.further(pieces), 200))

    fresh, used = (reach.load("samples/application_load_balancer/snapshot") for _ in range(2))
    plain, later = asked.prepare(fresh, 0), asked.prepare(used, 0)
    network = later.ground.network
    at_port = HeaderSpace.where(destination_port=Ranges.of(2222))
    elsewhere = Forward((Route(at_port, "vpc/vpc-1/local", Origin("", "")),), Origin("", ""))
    with monkeypatch.context() as patch:
        patch.setattr(network, "_make", lambda name: Node(name, (elsewhere,)))
        network.node("another/question/met")
    assert 2222 in listening(network, network.made)
    assert made_up(later) == made_up(plain) != []
