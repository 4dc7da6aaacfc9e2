"""A suite of a thousand cases on an estate, and what the command takes for it.

    measure_suite(snapshot, size, limit) -> figures

What a case expects is known from how the estate is grown, where that settles it; of the others it
is what the library says when it is asked alone, in a process of its own.  Every
fiftieth case is turned round: it has to fail, with its evidence.  Knows no more of the command than
any user.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

from bench.alone import Limit, alone
from bench.estate.filters import APP, DATA, WEB
from bench.estate.interfaces import interfaces
from bench.estate.plan import Vpc
from bench.grow import Size
from bench.measure import VERDICT, measure
from bench.questions import Asked, Instance, of_estate, of_vpc

CASES = 1_000
PREPARING = 3  # times the limit: what cases expect is no figure
TURNED = 50  # every so many cases, one that has to fail
OPEN, CLOSED = "reachable", "unreachable"
OTHER = {OPEN: CLOSED, CLOSED: OPEN, "undecided": OPEN}
COMMAND = (sys.executable, "-c", "from reach.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Stated:
    """A case: its question, what it expects, and whether the estate as it is grown settles that."""

    kind: str
    text: str
    expect: str = ""
    is_known: bool = False
    must_fail: bool = False


# --- what is asked --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Draw:
    """What a case is drawn from: a VPC, all of them, and chance."""

    here: Vpc
    vpcs: list[Vpc]
    rng: Random

    def instance(self, *tiers: str, of: Vpc | None = None) -> Instance:
        vpc = self.here if of is None else of
        return self.rng.choice([each for each in _instances(vpc) if each.tier in tiers])

    def subnet(self, tier: str) -> str:
        return self.rng.choice([each.id for each in self.here.subnets if each.tier == tier])

    def block(self, tier: str) -> str:
        return self.rng.choice([each.cidr for each in self.here.subnets if each.tier == tier])

    @property
    def peer(self) -> Vpc:
        return self.vpcs[self.rng.choice(self.here.peers)]


_instances = cache(of_vpc)


def bastion_serves(draw: Draw) -> tuple[str, str] | None:
    """A bastion has an Elastic IP, wears the web group, and every public ACL lets the web in."""
    public = [each for each in _instances(draw.here) if each.tier == "public" and each.public]
    if not draw.here.has_internet or not public:
        return None
    # The first instance of a public subnet is a bastion.
    return f"can 0.0.0.0/0 reach {public[0].id} port {draw.rng.choice((80, 443))}", OPEN


def same_group(draw: Draw) -> tuple[str, str] | None:
    """Two of the default group in one subnet: it lets its members in, and everything out."""
    pairs = _of_default_group(draw.here)
    if not pairs:
        return None
    one, other = draw.rng.choice(pairs)
    return f"can {one} reach {other} port {draw.rng.randrange(1, 65536)}", OPEN


@cache
def _of_default_group(vpc: Vpc) -> list[tuple[str, str]]:
    """Neighbours of one subnet that run, wear the default group, and have one interface."""
    by_subnet: dict[str, list[str]] = {}
    for section, record in interfaces(vpc):
        for each in record["Instances"] if section == "Reservations" else ():
            groups = {group["GroupId"] for group in each["SecurityGroups"]}
            alone = len(each["NetworkInterfaces"]) == 1 and each["State"]["Name"] == "running"
            if alone and vpc.group(0) in groups:
                by_subnet.setdefault(each["SubnetId"], []).append(each["InstanceId"])
    return [pair for ids in by_subnet.values() for pair in pairwise(ids)]


def nothing_administers(draw: Draw) -> tuple[str, str]:
    """The promise of the estate: port 22 is open to the internet nowhere."""
    return f"can 0.0.0.0/0 reach {draw.here.id} port 22", CLOSED


def data_is_inside(draw: Draw) -> tuple[str, str]:
    """The data tier has no public address."""
    port = draw.rng.choice((5432, 3306, 6379))
    return f"can 0.0.0.0/0 reach {draw.here.group(DATA)} port {port}", CLOSED


def private_is_inside(draw: Draw) -> tuple[str, str]:
    """Nor has the tier of applications."""
    return f"can 0.0.0.0/0 reach {draw.instance('app', 'data').id} port 443", CLOSED


def apart(draw: Draw) -> tuple[str, str] | None:
    """VPCs that are not peered, by an address that is private."""
    others = [vpc for vpc in draw.vpcs if vpc.index not in (draw.here.index, *draw.here.peers)]
    if not others:
        return None
    there = draw.instance("app", "data", of=draw.rng.choice(others))
    return f"can {draw.instance('app').id} reach {there.address} port 443", CLOSED


def isolated(draw: Draw) -> tuple[str, str] | None:
    """The isolated tier's routes lead nowhere."""
    if not draw.here.has_isolated_tier or draw.here.six is not None:
        return None
    return f"can {draw.subnet('isolated')} reach internet port 443", CLOSED


# What the estate settles, and how often it comes.
KNOWN: dict[str, tuple[int, Callable[[Draw], tuple[str, str] | None]]] = {
    "a bastion serves the web": (60, bastion_serves),
    "two of the default group": (60, same_group),
    "nobody administers from outside": (40, nothing_administers),
    "data is not on the internet": (40, data_is_inside),
    "what is private is not on the internet": (60, private_is_inside),
    "VPCs that are not peered": (60, apart),
    "the isolated tier stays inside": (30, isolated),
}
# What it does not: between things and groups of things.
OTHERS: dict[str, tuple[int, Callable[[Draw], str]]] = {
    "group to group": (
        40,
        lambda draw: f"can {draw.here.group(APP)} reach {draw.here.group(DATA)} port 5432",
    ),
    "group to instance": (
        40,
        lambda draw: f"can {draw.here.group(WEB)} reach {draw.instance('app').id} port 8080",
    ),
    "subnet to subnet": (
        40,
        lambda draw: f"can {draw.subnet('app')} reach {draw.subnet('data')} port 5432",
    ),
    "subnet to a peer's instance": (
        40,
        lambda draw: (
            f"can {draw.subnet('app')} reach {draw.instance('data', of=draw.peer).id} port 5432"
        ),
    ),
    "block to block": (
        30,
        lambda draw: f"can {draw.block('public')} reach {draw.block('data')} port 3306",
    ),
    "block to instance": (
        20,
        lambda draw: f"can {draw.here.cidr} reach {draw.instance('data').id} port 5432",
    ),
    "internet to subnet": (
        20,
        lambda draw: f"can internet reach {draw.subnet('public')} port 443",
    ),
    "any port at all": (
        40,
        lambda draw: f"can {draw.instance('app').id} reach {draw.instance('data').id} port 1-65535",
    ),
    "VPC to internet": (10, lambda draw: f"can {draw.here.id} reach internet port 443"),
    "VPC to its peer": (10, lambda draw: f"can {draw.here.id} reach {draw.peer.id} port 5432"),
}


def stated(size: Size, count: int = CASES) -> list[Stated]:
    """``count`` cases: those that the estate settles, those between groups, and a mix of others."""
    rng = Random(f"suites/{size.seed}")
    vpcs = size.vpcs_planned()
    made: list[Stated] = []
    for kind, (number, draw) in (*KNOWN.items(), *OTHERS.items()):
        wanted = max(1, number * count // CASES)
        while wanted:
            drawn = draw(Draw(rng.choice(vpcs), vpcs, rng))
            if drawn is None:
                continue
            wanted -= 1
            text, expect = (drawn, "") if isinstance(drawn, str) else drawn
            made.append(Stated(kind, text, expect, bool(expect)))
    rest = of_estate(size, count - len(made))
    made += [Stated(each.kind, each.text) for each in rest]
    rng.shuffle(made)
    return made


# --- what comes of it -----------------------------------------------------------------------------


def expecting(snapshot: Path, cases: list[Stated], limit: Limit) -> list[Stated]:
    """The cases with what they expect, one in so many turned round.

    Raises RuntimeError if the library does not say what it takes for right.
    """
    open_ones = [each for each in cases if not each.is_known]
    asked = [Asked(each.kind, each.text, how=VERDICT) for each in open_ones]
    told = measure(snapshot, asked, [], limit)
    if told.failure:
        raise RuntimeError(f"{told.failure}, of what the cases expect")
    verdicts = iter(told.verdicts())
    whole = [each if each.is_known else replace(each, expect=next(verdicts)) for each in cases]
    return [
        replace(each, expect=OTHER[each.expect], must_fail=True) if at % TURNED == 0 else each
        for at, each in enumerate(whole)
    ]


def written(cases: list[Stated], snapshot: Path) -> str:
    """The suite as people write one."""
    lines = [f"snapshot: {json.dumps(str(snapshot))}", "cases:"]
    for at, each in enumerate(cases):
        lines.append(f"  - name: {json.dumps(f'{each.kind}, {at}')}")
        lines.append(f"    ask: {json.dumps(each.text)}")
        lines.append(f"    expect: {each.expect}")
    return "\n".join((*lines, ""))


def measure_suite(snapshot: Path, size: Size, limit: Limit, count: int = CASES) -> dict[str, Any]:
    """The wall time of ``reach test`` with its default processes, and whether all is as it must."""
    patient = Limit(PREPARING * limit.seconds, limit.megabytes)
    try:
        cases = expecting(snapshot, stated(size, count), patient)
    except RuntimeError as error:
        return {"failure": str(error)}
    with tempfile.TemporaryDirectory(prefix="suite-") as folder:
        return _tested(snapshot, cases, Path(folder), limit)


def _tested(snapshot: Path, cases: list[Stated], folder: Path, limit: Limit) -> dict[str, Any]:
    suite, report, times = folder / "s.reach.yaml", folder / "report.json", folder / "times.xml"
    suite.write_text(written(cases, snapshot))
    words = ["test", str(suite), "--today", "2026-01-01"]
    words += ["--report", f"json={report}", "--report", f"junit={times}"]
    done = alone([*COMMAND, *words], limit=limit)
    if done.status is None or not report.is_file():
        return {"failure": done.words, "memory": done.memory}
    results = json.loads(report.read_text())["results"]
    counts = Counter(each["outcome"] for each in results)
    said = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
    known = sum(each.is_known for each in cases)
    return {
        "cases": len(results),
        "seconds": done.seconds,
        "processor": done.processor,
        "memory": done.memory,
        "stages": _stages(times, results, done.seconds),
        "said": [f"{said}; {known} of the verdicts follow from how the estate is grown"],
        "wrong": wrong(cases, results),
        "status": done.status,
    }


def _stages(times: Path, results: list[dict[str, Any]], seconds: float) -> dict[str, float]:
    """What cases that hold took, and those that fail with their evidence, all processes together;
    what they leave of all processes' time is loading, and starting and ending."""
    spent: defaultdict[str, float] = defaultdict(float)
    told = ElementTree.parse(times).iter("testcase")
    for case, result in zip(told, results, strict=True):
        stage = "verdicts" if result["outcome"] == "holds" else "evidence of what fails"
        spent[stage] += float(case.get("time", "0")) / (os.cpu_count() or 1)
    return {**spent, "start, load, end": max(0.0, seconds - sum(spent.values()))}


def wrong(cases: list[Stated], results: list[dict[str, Any]]) -> list[str]:
    """What did not come out as it must: each case once, holding, or failing with its evidence."""
    if len(results) != len(cases):
        return [f"{len(results)} results of {len(cases)} cases"]
    found = []
    for case, result in zip(cases, results, strict=True):
        # What is undecided never passes for what it may be.
        failed = result["outcome"] in ("fails", "undecided") and result["answer"] is not None
        if not (failed if case.must_fail else result["outcome"] == "holds"):
            found.append(f"{case.text}: {result['outcome']}, expected {case.expect}")
    return found
