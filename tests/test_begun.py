"""Whether anybody may have sent some headers to a place: never no where somebody has.

The oracle sends packets: wherever one of them, or its reply, comes by, something may.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import pytest

import reach
from bench.editing import edited, edited_snapshot
from bench.grow import Size, write
from reach.comparing import begun, leaping
from reach.comparing.begun import may_come
from reach.comparing.leaping import Starts
from reach.comparing.skeleton import Skeleton, skeleton
from reach.evaluate import there_and_back
from reach.network.address import ANY_IPV4, ANY_IPV6, is_ipv4, parse_address
from reach.network.field import Header
from reach.network.header_space import HeaderSpace, Ranges
from reach.options import DEFAULTS
from reach.resident import Resident
from reach.resolve import every_packet, everywhere
from reach.snapshot.snapshot import Snapshot
from reach.trace import Trace
from tests.test_labs import NAMES, needs_labs
from tests.test_labs import snapshot as lab_of
from tests.test_near import assert_same_packets
from tests.test_resident import SAMPLES, loaded

GROWN = Size(120, 6, seed=3, mixed=True)
ANYWHERE = Ranges.prefixes((ANY_IPV4, ANY_IPV6))


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("begun") / "grown"
    write(folder, GROWN)
    return reach.load(folder)


def _started(snapshot: Snapshot) -> tuple[Skeleton, Starts]:
    ground = Resident(snapshot, DEFAULTS)
    return skeleton(ground), Starts(tuple(every_packet(everywhere(ground))))


def _sent(starts: Starts, rng: Random) -> Iterator[tuple[str, Header]]:
    """Packets of somebody to somebody, or to anywhere, for ever."""
    while True:
        start, to = rng.choice(starts.all), rng.choice(starts.all)
        ends = [each.space.by_name.get("source", ANYWHERE) for each in (start, to)]
        source, destination = (rng.choice(each.intervals)[0] for each in ends)
        destination = rng.choice((destination, parse_address("203.0.113.9")))
        packet = Header(source, destination, 6, 50000, rng.choice((22, 443, 8080)))
        if packet in start.space and is_ipv4(source) == is_ipv4(destination):
            yield start.node, packet


def _held(graph: Skeleton, starts: Starts, trace: Trace, *, reply: bool) -> int:
    """At how many places it is said that what came there may come: exactly, and of all that is from
    its sender's addresses or for its receiver's."""
    seen = 0
    for hop in trace.hops:
        ends = {
            "source": Ranges.of(hop.before.source),
            "destination": Ranges.of(hop.before.destination),
        }
        some = ({"source"}, {"destination"}, set(ends))
        for names in some if hop.node in graph.nodes else ():
            space = HeaderSpace.where(**{name: ends[name] for name in names})
            assert may_come(graph, starts.spaces, hop.node, space, reply=reply), (hop, reply)
            seen += 1
    return seen


def _walked(snapshot: Snapshot, seed: object, times: int) -> int:
    """At how many places packets came by, each with their replies."""
    graph, starts = _started(snapshot)
    rng, seen = Random(f"begun/{seed}"), 0
    for node, packet in islice(_sent(starts, rng), times):
        there, back = there_and_back(graph.network, node, packet, True)
        seen += _held(graph, starts, there, reply=False)
        seen += _held(graph, starts, back, reply=True) if back else 0
    return seen


def _ruled_out(snapshot: Snapshot, times: int) -> int:
    """How often nothing may come to a place from somebody's addresses."""
    graph, starts = _started(snapshot)
    rng, nodes = Random("ruled out"), sorted(graph.nodes)
    found = 0
    for _ in range(times):
        source = rng.choice(starts.all).space.by_name.get("source", ANYWHERE)
        space = HeaderSpace.where(source=source)
        at, reply = rng.choice(nodes), rng.random() < 0.5
        found += not may_come(graph, starts.spaces, at, space, reply=reply)
    return found


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_nobody_is_left_out_of_a_sample(sample: Path) -> None:
    """Each sample has another component by which something comes."""
    assert _walked(loaded(sample), sample.name, 40)


@needs_labs
@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_left_out_of_a_lab(name: str) -> None:
    """Real gateways, each with the routes of real tables."""
    assert _walked(lab_of(name), name, 60)


def test_nobody_is_left_out_of_a_grown_estate(grown: Snapshot) -> None:
    """Transit gateways of two Regions, balancers and endpoints; and it is often seen."""
    assert _walked(grown, "grown", 100) > 1000
    assert 30 < _ruled_out(grown, 300) < 270


def _nothing(*given: object) -> Iterator[begun._At]:
    return iter(())


def _no_starts(graph: Skeleton, sent: object, at: begun._At, space: HeaderSpace) -> bool:
    return at.node in graph.exits and not space.is_empty


def _every_route(graph: Skeleton, edge: object, space: HeaderSpace) -> HeaderSpace:
    return HeaderSpace.where(destination=Ranges.of())


@pytest.mark.parametrize(
    ("name", "fault"),
    [("_put_back", _nothing), ("_may_begin", _no_starts), ("_taking", _every_route)],
)
def test_who_is_left_out_would_be_noticed(
    name: str, fault: object, grown: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seeded omissions: flows whose replies are put back, who is no plain host, all routes."""
    monkeypatch.setattr(begun, name, fault)
    with pytest.raises(AssertionError):
        _walked(grown, "grown", 200)


@pytest.mark.parametrize("kind", ["entry", "route", "rule for a subnet"])
@pytest.mark.parametrize("seed", range(3))
def test_edits_give_the_whole_difference_where_it_is_always_looked(
    seed: int, kind: str, grown: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where very many start, in which it is worth it."""
    monkeypatch.setattr(leaping, "_FEW_STARTS", 0)
    monkeypatch.setattr(leaping, "is_of_few", _never)
    record = edited(grown, kind, Random(f"begun/{kind}/{seed}"))
    after = edited_snapshot(grown, record)
    found = reach.diff(grown, after)
    assert_same_packets(found, reach.diff(grown, after, narrow=False))
    assert found.complete


def _never(space: HeaderSpace) -> bool:
    return False
