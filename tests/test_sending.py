"""What is sent by one that stands for hosts of a place is what each of them sends, together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

import pytest

from reach.aim import Start
from reach.interfaces.plain import plain
from reach.lower import Ground, lower
from reach.network.header_space import HeaderSpace, Ranges
from reach.question import parse
from reach.resolve import resolve, sent_to
from reach.sending import Sending, after
from reach.snapshot.records import Subnet, Vpc
from reach.survey.towards import towards
from tests.bazaar import Bazaar
from tests.crowds import Crowd

PACKETS = ("", "port 22", "icmp", "port 53/udp")
Sent = dict[HeaderSpace, Ranges]


def together(starts: Iterable[Start]) -> Sent:
    """The kinds of packets, each with the addresses that it is sent from."""
    found: Sent = {}
    for start in starts:
        source = start.space.by_name["source"]
        kind = start.space.without("source")
        found[kind] = found.get(kind, Ranges(())) | source
    return found


def asked(ground: Ground, rng: Random) -> Iterator[Sending]:
    """What questions about random ends make of who sends: as it is asked, and as it is spread."""
    snapshot = ground.snapshot
    names = [
        *(each.vpc_id for each in snapshot.records(Vpc)),
        *(each.subnet_id for each in snapshot.records(Subnet)),
        "10.0.0.0/17",
        "any",
    ]
    for _ in range(6):
        one, other = rng.choice(names), rng.choice([*names, "internet"])
        resolved = resolve(ground, parse(f"can {one} reach {other} {rng.choice(PACKETS)}".strip()))
        assert isinstance(resolved.aim.starts, Sending)
        yield resolved.aim.starts
        aim, wide = towards(resolved.aim, sent_to(ground, resolved.destination))
        assert isinstance(aim.starts, Sending)
        yield from (aim.starts, wide)


@pytest.mark.parametrize("kind", [Crowd, Bazaar])
@pytest.mark.parametrize("seed", range(6))
def test_one_stands_for_all_of_its_place(seed: int, kind: type[Crowd | Bazaar]) -> None:
    ground = lower(kind(seed).load())
    hosts = plain(ground)
    for starts in asked(ground, Random(f"sending/{seed}")):
        sending = hosts.gathered(starts.senders)
        own = [each for each in starts if hosts.family(each.node)]
        others = [each for each in starts if not hosts.family(each.node)]
        assert [e for sender in sending.others for e in starts.of(sender)] == others
        for each in sending.hosts:
            there = (start for start in own if hosts.place(start.node) == each.place)
            assert together(starts.of(each.start)) == together(there)
        assert {hosts.place(each.node) for each in own} <= {each.place for each in sending.hosts}


def test_of_who_does_not_look_on_nobody_is_made() -> None:
    """Whether anything starts at all is told of the first."""
    made: list[str] = []

    def sent(start: Start) -> Iterator[Start]:
        made.append(start.node)
        yield start

    senders = [Start(name, HeaderSpace.where(), name) for name in ("a", "b", "c")]
    starts = after(Sending(senders, sent), lambda start: [start, start])
    assert bool(starts)
    assert made == ["a"]
    assert [each.node for each in starts] == ["a", "a", "b", "b", "c", "c"]
    assert not after(starts, lambda _: ())
