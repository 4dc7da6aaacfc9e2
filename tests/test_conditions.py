"""Path conditions: every packet of the sets takes the path, and what is left out does not."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from reach.asking import backend_of_thread, ground_of
from reach.conditions import Conditions, conditions
from reach.decide import Proof, arrives, decide
from reach.ephemeral import _SamePlaces
from reach.evaluate import evaluate
from reach.network.address import is_ipv4
from reach.network.field import INDEX, Header, reply_to
from reach.network.header_space import HeaderSpace
from reach.options import Options
from reach.question import parse
from reach.resolve import resolve
from reach.trace import Fate
from tests.estate import Pair, city
from tests.test_labs import needs_labs, probes, snapshot

SEED = 20_261_125


def proven(where: Any, question: str) -> tuple[Any, Any, Proof]:
    ground = ground_of(where, Options())
    resolved = resolve(ground, parse(question))
    decision = decide(ground.network, resolved.aim, backend_of_thread())
    assert decision.proof is not None
    assert decision.verdict == "reachable"
    return ground, resolved.aim, decision.proof


def draw(rng: Random, space: HeaderSpace, like: Header) -> Header:
    """A packet of the space; what the space leaves open is as in another packet."""
    drawn = {}
    for name, values in space.fields:
        low, high = rng.choice(values.intervals)
        value = rng.choice((low, high, rng.randint(low, high)))
        if name in ("source", "destination") and is_ipv4(value):
            value = value >> 96 << 96
        drawn[name] = max(value, low)
    return like._replace(**drawn)


def way(ground: Any, proof: Proof, packet: Header) -> tuple[list[str], bool]:
    """The nodes that a packet comes by, there and back, and whether it gets home."""
    there = _SamePlaces(proof.forward_choices, proof.forward.final.source_port)
    forward = evaluate(ground.network, proof.start.node, packet, choices=there)
    nodes = [hop.node for hop in forward.hops]
    if forward.fate is not Fate.DELIVERED or proof.reply is None:
        return nodes, forward.fate is Fate.DELIVERED
    back = _SamePlaces(proof.reply_choices, proof.forward.final.source_port)
    header = reply_to(forward.final)
    reply = evaluate(ground.network, forward.reply, header, sessions=forward.sessions, choices=back)
    home = reply.final._replace(identity=0) == reply_to(packet)._replace(identity=0)
    return [*nodes, *(hop.node for hop in reply.hops)], reply.fate is Fate.DELIVERED and home


def check(where: Any, question: str, draws: int = 12) -> Conditions:
    ground, aim, proof = proven(where, question)
    found = conditions(ground.network, proof)
    assert found.start
    assert not arrives(aim, proof)
    assert any(_holds(space, proof.packet) for space in found.start)
    assert any(_holds(space, proof.forward.final) for space in found.forward[-1])
    rng = Random(SEED)
    wanted = way(ground, proof, proof.packet)
    for space in found.start:
        for _ in range(draws):
            packet = draw(rng, space, proof.packet)
            assert way(ground, proof, packet) == wanted, f"seed {SEED}: {packet}"
    return found


def _holds(space: HeaderSpace, header: Header) -> bool:
    return all(header[INDEX[name]] in values for name, values in space.fields)


CITY = (0, 1, 3, 5, 6, 7, 9, 11, 12, 14)


@pytest.mark.parametrize("number", CITY)
def test_every_packet_of_the_sets_takes_the_path(number: int) -> None:
    estate, questions = city()
    check(estate.load(), questions[number])


@needs_labs
@pytest.mark.parametrize("lab", ["aws_demo", "aws_tgw_peering"])
def test_labs(lab: str) -> None:
    asked = [probe for probe in probes(lab) if probe.expected == "reachable"]
    for probe in asked[:: max(1, len(asked) // 15)]:
        check(snapshot(lab), probe.question, draws=4)


def test_what_an_acl_leaves_of_the_ports() -> None:
    """What rule 200 allows and rule 100 does not deny; what of the ports may come back counts."""
    e = Pair()
    e.acl(
        e.v1,
        [e.sb],
        ingress=["100 deny tcp/20-25 0.0.0.0/0", "200 allow tcp/0-1023 0.0.0.0/0"],
        egress=["100 allow tcp/32768-61000 0.0.0.0/0"],
    )
    (space,) = check(e.load(), f"can {e.a} reach {e.b} port 0-65535").start
    assert str(space) == (
        "source 10.0.0.5; destination 10.0.1.5; protocol tcp; source port 32768-61000; "
        "destination port 0-19, 26-1023"
    )


def test_a_translation_is_undone_in_what_comes_before() -> None:
    """What a public address is narrowed to, the private one is: only A's, of two that have one."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    other = e.instance("other", e.sa, "10.0.0.6", public="198.51.100.8")
    found = check(e.load(), f"can internet reach {e.a} port 22")
    (start,) = found.start
    (arrived,) = found.forward[-1]
    assert "destination 198.51.100.7;" in str(start)
    assert "destination 10.0.0.5;" in str(arrived)
    assert other.ip not in str(arrived)


def test_addresses_that_are_carried_over() -> None:
    """NAT64: all that the gateway's way out takes, and not one after the other; a rule that takes
    some of the IPv4 addresses takes them from the IPv6 ones."""
    e = Pair(ipv6=True)
    nat = e.natted()
    e.route(e.tb, "64:ff9b::/96", nat)
    out = ["10 deny all 9.0.0.0/8", "20 allow all 0.0.0.0/0", "30 allow all ::/0"]
    e.acl(e.v1, [e.sn], egress=out)
    found = check(e.load(), f"can {e.b} reach 64:ff9b::808:808 port 443")
    assert "destination 64:ff9b::808:808;" in str(found.start[0])
    found = check(e.load(), f"can {e.b} reach 64:ff9b::/96 port 443")
    assert found.complete
    sent = " ".join(map(str, found.start))
    assert "64:ff9b::100:0-64:ff9b::8ff:ffff" in sent
    assert "1.0.0.0-8.255.255.255" in " ".join(map(str, found.forward[-1]))
