"""Protocols that are tracked by address: the other end's own flow counts as it was asked (R-SG-27).

A takes in nothing and may send anything; B2 is in another VPC, over a peering.  What B2 sends to A
by GRE passes as the reply to what A sent, and is asked about in every form of a question.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
import pytest

import reach
from reach.checking import check_answer
from tests.estate import Pair


@cache
def shut() -> Pair:
    e = Pair()
    e.peered()
    e.wear(e.a, e.group(e.v1, [], name="takes nothing"))
    return e


def gre(**how: Any) -> Any:
    """The answer, whose evidence holds."""
    e = shut()
    answer = reach.ask(e.load(), f"can {e.b2} reach {e.a} protocol 47", **how)
    checked = check_answer(e.load(), as_saved(answer))
    assert checked.holds, checked.wrong
    assert bool(answer.assumptions) == (answer.verdict == "reachable")
    return answer


def as_saved(answer: Any) -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(orjson.dumps(answer.to_dict()))
    return told


def test_it_is_a_may() -> None:
    """Told as the packet that was asked about, of which the flow before it is the way back."""
    answer = gre()
    assert answer.verdict == "reachable"
    assert "in the last 600 s" in answer.assumptions[0].text
    assert gre(one_way=True).verdict == "reachable"
    plain = reach.ask(shut().load(), f"can {shut().b2} reach {shut().a} port 22")
    assert plain.verdict == "unreachable"


def test_what_is_avoided_is_avoided_by_both() -> None:
    """There is no other way than the peering; SB is on none."""
    e = shut()
    assert gre(avoid=[str(e.pcx)]).verdict == "unreachable"
    assert gre(avoid=[str(e.sa)]).verdict == "unreachable"
    assert gre(avoid=[str(e.sb)]).verdict == "reachable"


def test_the_packet_that_was_asked_about_has_to_pass() -> None:
    """Of what the two packets pass, it is the way of the one that was asked about."""
    e = shut()
    assert gre(through=[str(e.pcx)]).verdict == "reachable"
    assert gre(through=[str(e.s2)]).verdict == "reachable"
    assert gre(through=[str(e.sb)]).verdict == "unreachable"
    away = Rerouted()
    text = f"can {away.b2} reach {away.a} protocol 47"
    for by, expected in ((away.there, "reachable"), (away.back, "unreachable")):
        assert reach.ask(away.load(), text, through=[str(by)]).verdict == expected


class Rerouted(Pair):
    """Two peerings: what A sends takes one, what B2 sends the other."""

    def __init__(self) -> None:
        super().__init__()
        self.peered()
        self.wear(self.a, self.group(self.v1, [], name="takes nothing"))
        self.back, self.there = self.pcx, self.peering(self.v2, self.v1)
        self.route(self.t2, "10.0.0.0/16", self.there)


@pytest.mark.parametrize("end", ["at_source", "at_destination"])
@pytest.mark.parametrize(
    ("field", "right", "wrong"),
    [
        ("source", "10.2.0.5", "10.2.0.6"),
        ("source", "10.2.0.0/24", "10.0.0.0/24"),
        ("destination", "10.0.0.5", "10.0.0.6"),
        ("protocol", "47", "50"),
    ],
)
def test_what_is_asked_of_it_at_an_end(end: str, field: str, right: str, wrong: str) -> None:
    """Is asked of the packet, not of the flow before it."""
    assert gre(**{end: {field: right}}).verdict == "reachable"
    assert gre(**{end: {field: wrong}}).verdict == "unreachable"


def test_a_protocol_that_is_named_at_an_end() -> None:
    """Is named, as if it were the packet's; of any packet nobody would expect it."""
    e = shut()
    text = f"can {e.b2} reach {e.a}"
    named = reach.ask(e.load(), text, at_source={"protocol": "47"})
    assert named.verdict == "reachable"
    assert check_answer(e.load(), as_saved(named)).holds
    assert reach.ask(e.load(), text).verdict == "unreachable"
    assert reach.ask(e.load(), text, at_source={"protocol": "6"}).verdict == "unreachable"


@pytest.mark.parametrize("how", [{}, {"one_way": True}])
@pytest.mark.parametrize(
    "way", [{"through": "sb"}, {"avoid": "pcx"}, {"avoid": "sa"}, {"at_source": "10.2.0.6"}]
)
def test_a_no_is_certified_of_both_flows(how: Any, way: Any) -> None:
    """Nothing is shown by the direct flow alone, nor by the other; each has to be right."""
    e = shut()
    asked = {
        name: {"source": what} if name == "at_source" else [str(getattr(e, what))]
        for name, what in way.items()
    }
    told = as_saved(gre(**how, **asked))
    assert told["verdict"] == "unreachable"
    for part in ("certificate", "certificate_of_other_end"):
        assert not check_answer(e.load(), {**told, part: None}).holds, part
    swapped = dict(told, certificate_of_other_end=told["certificate"])
    assert not check_answer(e.load(), swapped).holds
    forged = orjson.loads(orjson.dumps(told))
    forged["certificate_of_other_end"]["parts"] = []
    assert not check_answer(e.load(), forged).holds or not told["certificate"]["parts"]


def test_what_takes_another_way_back_is_told_apart() -> None:
    """The other end's own flow gets through, and its reply by the other peering: both are shown."""
    away = Rerouted()
    told = reach.ask(
        away.load(), f"can {away.b2} reach {away.a} protocol 47", through=[str(away.back)]
    )
    assert told.certificate_of_other_end is not None
    assert check_answer(away.load(), as_saved(told)).holds
    eased = {**as_saved(told), "through": [str(away.there)]}
    assert not check_answer(away.load(), eased).holds


def test_a_protocol_that_is_tracked_exactly_has_one() -> None:
    e = shut()
    told = as_saved(reach.ask(e.load(), f"can {e.b2} reach {e.a} port 22"))
    assert "certificate_of_other_end" not in told
    assert check_answer(e.load(), told).holds


def test_another_witness_is_none() -> None:
    """Without the assumption, by another packet, or past what was asked for."""
    e = shut()
    told = as_saved(gre())
    assert not check_answer(e.load(), {**told, "assumptions": []}).holds
    assert not check_answer(e.load(), {**told, "through": [str(e.sb)]}).holds
    assert not check_answer(e.load(), {**told, "avoid": [str(e.pcx)]}).holds
    assert not check_answer(e.load(), {**told, "question": f"can {e.a} reach {e.b} port 22"}).holds
    other = orjson.loads(orjson.dumps(told))
    other["witness"]["packet"]["source"] = "10.2.0.6"
    assert not check_answer(e.load(), other).holds
    cut = orjson.loads(orjson.dumps(told))
    cut["witness"]["reply"] = []
    assert not check_answer(e.load(), cut).holds
