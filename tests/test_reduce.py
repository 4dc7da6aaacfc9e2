"""Passes that make a network smaller: the same verdict without them, and the same names.

A pass is held against the network without it: on crowds drawn at random, on what the benchmark
grows, on the samples, and on recorded labs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

import reach
from bench.grow import Size, write
from bench.questions import of_estate
from reach.answer import Answer, Step, Verdict
from reach.asking import ground_behind
from reach.checking import check_answer
from reach.errors import QuestionError
from reach.lower import lower
from reach.network.address import format_address
from reach.options import Options
from reach.reduce import NONE, PASSES, Reductions
from reach.snapshot.records import Vpc
from reach.suite import load_suite
from tests.crowds import Asked, Crowd, questions
from tests.estate import Pair
from tests.test_labs import NAMES, needs_labs, probes
from tests.test_labs import snapshot as lab_snapshot

SAMPLES = sorted(p for p in (Path(__file__).parents[1] / "samples").iterdir() if p.is_dir())
EACH, CHUNK = 12, 5
GROWN = Size(200, 2, seed=11)


def both(snapshot: Any, asked: Asked) -> tuple[Answer, Answer]:
    """The answer with all passes, and the one without any."""
    found = tuple(
        reach.ask(snapshot, asked.text, **asked.how, reductions=passes) for passes in (None, ())
    )
    with_, without = found
    assert with_.verdict is without.verdict, f"{asked}: {with_.verdict}, {without.verdict} without"
    return with_, without


def named(told: Any) -> Any:
    """An answer as people read it: without the places of the network that it was found in."""
    if isinstance(told, list):
        return [named(each) for each in told]
    if isinstance(told, dict):
        hidden = ("node", "certificate", "certificate_of_other_end", "reductions")
        return {key: named(value) for key, value in told.items() if key not in hidden}
    return told


def steps(answer: Answer) -> Iterator[Step]:
    for way in (answer.witness, answer.blocked_path, *answer.paths):
        if way is not None:
            yield from (*way.forward, *way.reply)


def strangers(snapshot: Any, answer: Answer) -> list[str]:
    """Interfaces on a way that have neither address of the packet that is there."""
    index = ground_behind(snapshot, answer).index
    found = []
    for step in steps(answer):
        part = step.node.split("/", 2)[2]
        if step.kind == "network interface" and part in ("emit", "send", "admit"):
            address = step.before.destination if part == "admit" else step.before.source
            owners = {each.network_interface_id for each in index.owner_of_address(address)}
            if step.resource not in owners:
                found.append(f"{step.resource} at {step.node} has not {format_address(address)}")
    return found


def check(snapshot: Any, asked: Asked) -> Verdict:
    """All that has to hold of one question."""
    told, alone = both(snapshot, asked)
    assert strangers(snapshot, told) == [], asked
    if asked.is_narrow:
        assert named(told.to_dict()) == named(alone.to_dict()), asked
    for each in (told, alone):
        if each.verdict is Verdict.UNREACHABLE and each.certificate is None:
            continue
        if "protocol 47" in asked.text:
            continue  # what is remembered of the other end's own flow starts there (R-SG-27)
        checked = check_answer(snapshot, orjson.loads(orjson.dumps(each.to_dict())))
        assert checked.holds, (asked, checked.wrong)
    return told.verdict


def check_crowds(first: int, count: int) -> Counter[Verdict]:
    found: Counter[Verdict] = Counter()
    for seed in range(first, first + count):
        crowd = Crowd(seed)
        snapshot = crowd.load()
        found.update(check(snapshot, asked) for asked in questions(crowd, EACH))
    return found


@pytest.mark.parametrize(
    "first", [0, 5, *(pytest.param(first, marks=pytest.mark.deep) for first in (10, 15))]
)
def test_crowds(first: int) -> None:
    """Random questions on crowded subnets: the same verdict, and of narrow ones the same answer."""
    found = check_crowds(first, CHUNK)
    assert found[Verdict.REACHABLE] >= CHUNK
    assert found[Verdict.UNREACHABLE] >= CHUNK


@pytest.mark.deep
@pytest.mark.parametrize("first", range(100_000, 100_500, 25))
def test_crowds_for_long(first: int) -> None:
    """The same over 6,000 questions."""
    assert check_crowds(first, 25).total() == 25 * EACH


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Some two hundred interfaces in two VPCs, as the benchmark grows them."""
    out = tmp_path_factory.mktemp("grown") / "estate"
    write(out, GROWN)
    return reach.load(out)


def test_grown_estates(grown: Any) -> None:
    """The same on what the benchmark grows, of two things each and of whole VPCs."""
    narrow = [Asked(asked.text) for asked in of_estate(GROWN, 10)]
    first, second = (vpc.vpc_id for vpc in grown.records(Vpc))
    wide = (f"can {first} reach {second} port 443", f"can {second} reach {first} port 22")
    texts = (*wide, "can 0.0.0.0/0 reach port 22", "can 0.0.0.0/0 reach port 443")
    found = Counter(check(grown, asked) for asked in (*narrow, *map(Asked, texts)))
    assert min(found[Verdict.REACHABLE], found[Verdict.UNREACHABLE]) >= 2


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_samples(sample: Path) -> None:
    """Each case of a sample has the verdict that it states (with all: `test_samples`) without any
    pass as well."""
    for case in load_suite(sample / "cases.reach.yaml").cases:
        how: dict[str, Any] = {"one_way": case.one_way, "port_at": case.port_at}
        how["options"] = dict(Options.parse(case.options))
        told = reach.ask(loaded(case.snapshot), case.ask, **how, reductions=())
        assert told.verdict is case.expect, case.ask


@cache
def loaded(path: str) -> Any:
    return reach.load(path)


@needs_labs
@pytest.mark.parametrize("lab", NAMES)
def test_labs(lab: str) -> None:
    """The same of some probes of every recorded lab."""
    for probe in probes(lab)[::40]:
        check(lab_snapshot(lab), Asked(probe.question))


# ------------------------------------------------------------------- who is named


class Alike(Pair):
    """A, and in the other subnet three of one kind; a function and a task beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.worn = self.group(self.v1, ["tcp/22 10.0.0.0/24"])
        self.x, self.y, self.z = (
            self.instance(name, self.sb, f"10.0.1.5{n}", [self.worn], metadata=False)
            for n, name in enumerate("xyz")
        )


@pytest.fixture(scope="module")
def alike() -> Alike:
    return Alike()


def test_alike_share_a_node_unless_told_otherwise(alike: Alike) -> None:
    """Three interfaces are one node; without the pass each is its own."""
    snapshot = alike.load()
    shared, apart = lower(snapshot), lower(snapshot, reductions=NONE)
    assert {str(i.network_interface_id) for i in shared.alike(str(alike.y.eni))} == {
        str(each.eni) for each in (alike.x, alike.y, alike.z)
    }
    assert [i.network_interface_id for i in apart.alike(str(alike.y.eni))] == [str(alike.y.eni)]


@pytest.mark.parametrize("name", ["x", "y", "z"])
def test_one_of_several_alike_is_named(alike: Alike, name: str) -> None:
    """The one whose address the packet has is on the way, whoever its node is named after."""
    me = getattr(alike, name)
    answer = alike.ask(f"can {alike.a} reach {me} port 22")
    last, first = answer.witness.forward[-1], answer.witness.reply[0]
    assert (last.resource, last.name) == (str(me.eni), f"{me} {name}")
    assert first.resource == str(me.eni)


@pytest.mark.parametrize("name", ["x", "y", "z"])
@pytest.mark.parametrize(
    ("towards", "how", "text"),
    [
        ("169.254.169.254 port 80", {}, "has instance metadata switched off"),
    ],
)
def test_what_one_of_several_alike_meets_is_told_of_it(
    alike: Alike, name: str, towards: str, how: dict[str, Any], text: str
) -> None:
    """Explanations name the interface or the instance that sends, and no neighbour."""
    me = getattr(alike, name)
    (told,) = alike.ask(f"can {me} reach {towards}").explanations
    assert told.text == text
    assert told.resource in (str(me), str(me.eni))


@pytest.mark.parametrize("name", ["x", "y", "z"])
def test_what_arrives_otherwise_is_told_of_who_it_arrives_at(alike: Alike, name: str) -> None:
    """A condition on the packet as it arrives is told of the interface that takes it."""
    me, other = getattr(alike, name), "10.0.1.99"
    question = f"can {alike.a} reach {me} port 22"
    answer = reach.ask(alike.load(), question, at_destination={"destination": other})
    assert {each.resource for each in answer.explanations} == {str(me.eni)}


@pytest.mark.parametrize("avoided", ["x", "y", "z"])
@pytest.mark.parametrize("name", ["x", "y", "z"])
def test_avoiding_one_of_several_alike(alike: Alike, name: str, avoided: str) -> None:
    """To avoid an interface is to avoid that one: not its neighbours, and none in its place."""
    me, other = getattr(alike, name), getattr(alike, avoided)
    for named in (other, other.eni):
        question = f"can {alike.a} reach {me} port 22"
        answer = reach.ask(alike.load(), question, avoid=[str(named)])
        expected = Verdict.UNREACHABLE if name == avoided else Verdict.REACHABLE
        assert answer.verdict is expected
        assert check_answer(alike.load(), answer.to_dict()).holds


@pytest.mark.parametrize("name", ["x", "y", "z"])
def test_passing_one_of_several_alike(alike: Alike, name: str) -> None:
    """A packet to anybody that passes one of them goes to that one."""
    me = getattr(alike, name)
    answer = reach.ask(alike.load(), f"can {alike.a} reach any port 22", through=[str(me)])
    assert answer.verdict is Verdict.REACHABLE
    assert answer.witness is not None
    assert answer.witness.forward[-1].resource == str(me.eni)


def test_what_is_assumed_of_one_is_assumed_of_no_other() -> None:
    """That an instance runs which the snapshot lacks is taken for granted of that one only."""
    e = Alike()
    reservations = e.scope(e.x.scope)["Reservations"]
    gone = {str(e.x), str(e.y)}
    reservations[:] = [r for r in reservations if r["Instances"][0]["InstanceId"] not in gone]
    for me, other in ((e.x, e.y), (e.y, e.x)):
        for assumed, expected in ((me, Verdict.REACHABLE), (other, Verdict.UNDECIDED)):
            question = f"can {e.a} reach {me.eni} port 22"
            answer = reach.ask(e.load(), question, assume={str(assumed): "reachable"})
            assert answer.verdict is expected
            told = (*answer.gaps, *answer.assumptions)
            assert [each.resource for each in told] == [str(me)]


def test_functions_and_services_are_like_nobody() -> None:
    """A function takes no connections and a task beside it does, whichever comes first."""
    for order in (("lambda", "interface"), ("interface", "lambda")):
        e = Pair()
        group = e.group(e.v1)
        made = {
            kind: e.interface(
                e.sb,
                f"10.0.1.3{n}",
                [group],
                kind=kind,
                requester="aws",
                description="of a service",
            )
            for n, kind in enumerate(order)
        }
        function, task = made["lambda"], made["interface"]
        assert e.ask(f"can {e.a} reach {task} port 22").verdict is Verdict.REACHABLE
        answer = e.ask(f"can {e.a} reach {function} port 22")
        assert answer.verdict is Verdict.UNREACHABLE
        assert answer.explanations[0].resource == str(function)


def test_passes_that_there_are_not() -> None:
    """A pass by another name is refused, with those that there are."""
    with pytest.raises(QuestionError) as refused:
        Reductions.of(["trims"])
    assert refused.value.candidates == tuple(sorted(PASSES))
