"""Laws of questions, surveys and differences, on estates of every kind that there is.

What one face of ``reach`` says of a network drawn at random is held to what another one says.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

import reach
from reach.aim import Aim, Start
from reach.anonymising.anonymise import anonymise, write
from reach.asking import ground_of, verdict
from reach.decide import gets_through, replay
from reach.flood import whole
from reach.jobs.crew import alone
from reach.jobs.job import Bench
from reach.network.address import Prefix
from reach.network.field import FIELDS, ICMP, ICMPV6, TCP, UDP, Header
from reach.network.header_space import HeaderSpace
from reach.options import DEFAULTS
from reach.question import parse
from reach.resolve import resolve
from reach.survey.asked import Asked
from reach.survey.fan_out import jobs_of
from reach.survey.joining import joined
from tests.differential.domain import well_formed
from tests.estate import Id
from tests.fair import Fair
from tests.medley import MAPPED, PACKETS
from tests.survey.test_portions import shown
from tests.test_estate import random_edits, random_routes, untouched

PORTS = (22, 443, 80, 85, 53, 8443, 90, 20, 179, 3389, 6081, 1024, 50000, 65535)
PROTOCOLS = (TCP, TCP, TCP, UDP, ICMP, ICMPV6, 47, 50)
OUTSIDE = ("8.8.8.8", "192.168.1.1", "2606:4700::1", "64:ff9b::808:808", "198.51.100.250")
NARROW = ("port 22", "port 443", "port 85", "icmp 8", "port 53/udp", "protocol 47")


def seeds(few: int, many: int) -> list[object]:
    deep = (pytest.param(seed, marks=pytest.mark.deep) for seed in range(few, many))
    return [*range(few), *deep]


def questions(e: Fair, rng: Random, count: int) -> Iterator[tuple[str, bool]]:
    """Questions about any two ends, every other one about two hosts."""
    for _ in range(count):
        ends = [rng.choice(e.ends), rng.choice(e.ends)]
        if rng.random() < 0.5:
            ends = [rng.choice((str(host.eni), host.ip)) for host in rng.sample(e.hosts, 2)]
        text = f"can {ends[0]} reach {ends[1]} {rng.choice(PACKETS)}".strip()
        yield text, rng.random() < 0.3


# ------------------------------ what is said to be unreachable


def addresses(e: Fair) -> list[int]:
    """Every address that one may think of."""
    told = [name for name in e.names if name[:1].isdigit() and "/" not in name]
    for host in e.hosts:
        for row in host.eni.record["PrivateIpAddresses"]:
            mapped = row.get("Association", {})
            told += [row["PrivateIpAddress"], *(mapped[key] for key in MAPPED if key in mapped)]
        told += [each["Ipv6Address"] for each in host.eni.record["Ipv6Addresses"]]
    return [Prefix.parse(text).value for text in (*told, *OUTSIDE)]


def draw(rng: Random, space: HeaderSpace, ends: dict[str, list[int]]) -> Header:
    """A packet of a space, with values that rules are likely to know."""
    liked = {
        "source": ends["source"],
        "destination": ends["destination"],
        "protocol": PROTOCOLS,
        "source_port": PORTS,
        "destination_port": PORTS,
    }
    drawn = {}
    for each in FIELDS:
        values = space.by_name.get(each.name, whole(each.name))
        some = [value for value in liked.get(each.name, ()) if value in values]
        drawn[each.name] = rng.choice(some) if some else rng.choice(values.intervals)[0]
    header = Header(**drawn)._replace(identity=0)
    if header.protocol not in (TCP, UDP):
        header = header._replace(source_port=0, destination_port=0)
    if header.protocol not in (ICMP, ICMPV6):
        header = header._replace(icmp_type=0, icmp_code=0)
    return header


def got_through(e: Fair, rng: Random, network: Any, aim: Aim, count: int) -> Iterator[Header]:
    """Packets of an aim that get through by the concrete twin."""
    known = addresses(e)
    spaces = [space.by_name.get("destination") for space in (aim.goals or {}).values()]
    near = [value for value in known for ends in spaces if ends is None or value in ends]
    for _ in range(count if aim.starts else 0):
        start: Start = rng.choice(aim.starts)
        own = near if near and rng.random() < 0.8 else known
        packet = draw(rng, start.space, {"source": known, "destination": own})
        if packet not in start.space or not well_formed(packet):
            continue
        if gets_through(aim, replay(network, start, packet, aim.two_way)):
            yield packet


@pytest.mark.parametrize("seed", seeds(2, 80))
def test_no_packet_gets_through_where_none_is_said_to(seed: int) -> None:
    """Packets drawn at random, walked by the concrete twin."""
    e, rng = Fair(seed), Random(f"refuted/{seed}")
    snapshot = e.load()
    network = ground_of(snapshot, DEFAULTS)
    for text, one_way in questions(e, rng, 60):
        try:
            told = verdict(snapshot, text, one_way=one_way).verdict
        except reach.QuestionError:
            continue
        if told is reach.Verdict.UNREACHABLE:
            aim = resolve(network, parse(text)).aim
            aim = replace(aim, two_way=aim.two_way and not one_way)
            found = list(got_through(e, rng, network.network, aim, 40))
            assert found == [], (text, one_way)


# ------------------------------ surveys


@pytest.mark.parametrize("seed", seeds(2, 80))
def test_a_survey_lists_exactly_whom_questions_reach(seed: int) -> None:
    """Host by host, there and back."""
    e, rng = Fair(seed), Random(f"pairs/{seed}")
    snapshot, packet, one_way = e.load(), rng.choice(PACKETS[:8]), rng.random() < 0.3
    told = reach.matrix(snapshot, packet=packet, by="endpoint", one_way=one_way)

    def lists(one: Id, other: Id) -> bool:
        return any(
            any(one.ip in each.addresses for each in told.sources[access.source].members)
            and any(
                other.ip in each.addresses for each in told.destinations[access.destination].members
            )
            for access in told.accesses
        )

    pairs = [(one, other) for one in e.hosts for other in e.hosts if one is not other]
    for one, other in rng.sample(pairs, min(40, len(pairs))):
        text = f"can {one.eni} reach {other.eni} {packet}".strip()
        answer = reach.ask(snapshot, text, one_way=one_way)
        if not any("in the last 600 s" in str(each) for each in answer.assumptions):
            reached = answer.verdict is reach.Verdict.REACHABLE
            assert reached is lists(one, other), (text, one_way)


@pytest.mark.parametrize("seed", seeds(1, 40))
def test_portions_of_a_survey_are_the_survey(seed: int, tmp_path: Path) -> None:
    """By whomever they are done, in any order."""
    e, rng = Fair(seed), Random(f"portions/{seed}")
    snapshot, path = e.load(), str(e.write(tmp_path))
    kind = rng.choice(("matrix", "exposure", "isolated"))
    ends = rng.choice(("any", "internet", rng.choice(e.ends))), rng.choice(("any", *e.ends[:20]))
    asked = Asked(kind, *ends, rng.choice(NARROW), by="endpoint")
    told = getattr(reach, kind)(snapshot, *ends, asked.packet, by="endpoint")
    jobs = jobs_of(asked, path, 3)
    random.Random(seed).shuffle(jobs)
    pieces = [done.value for _, done in alone(jobs, Bench(lambda _: snapshot))]
    assert shown(joined(asked, pieces, [])) == shown(told)


# ------------------------------ the same network, and another one


@pytest.mark.parametrize("seed", seeds(1, 60))
def test_other_names_change_no_verdict(seed: int, tmp_path: Path) -> None:
    """Each question, asked of the estate and of the anonymous one."""
    e, rng = Fair(seed), Random(f"names/{seed}")
    path = e.write(tmp_path / "in")
    renamed = anonymise(path, b"a key of sixteen")
    write(renamed, tmp_path / "out")
    before, after = reach.load(path), reach.load(tmp_path / "out")
    for text, one_way in questions(e, rng, 30):
        try:
            told = verdict(before, text, one_way=one_way).verdict
        except reach.QuestionError:
            continue
        other = renamed.question(text)
        assert verdict(after, other, one_way=one_way).verdict is told, (text, other, one_way)


@pytest.mark.parametrize("seed", seeds(1, 60))
def test_what_is_gained_or_lost_by_an_edit_has_its_line(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hosts whose answer is another one after an edit are told, with what became of it: of
    what one of them begins, as a difference is (``tests/test_diff_lines.py``)."""
    monkeypatch.setattr("reach.resolve.own_flow", lambda _: None)
    e, rng = Fair(seed), Random(f"edits/{seed}")
    snapshot, hosts = e.load(), [str(host.eni) for host in e.hosts]
    for edits in (random_routes, random_edits):
        records = list(edits(snapshot, rng))
        after = untouched(snapshot, *records)
        found = reach.diff(snapshot, after, most=60)
        told = {
            (line.was, line.now, source.resource, destination.resource)
            for line in (*found.gained, *found.lost, *found.undecided)
            for source in line.sources
            for destination in line.destinations
        }
        for _ in range(40 if found.complete else 0):
            one, other = rng.sample(hosts, 2)
            text = f"can {one} reach {other} {rng.choice(NARROW)}"
            was, now = (verdict(each, text).verdict for each in (snapshot, after))
            if {was, now} == {reach.Verdict.REACHABLE, reach.Verdict.UNREACHABLE}:
                assert (was, now, one, other) in told, (text, records)
        snapshot = after
