"""Every figure that is measured: what, where, how, what is aimed at, and what others need.

    tables(lab) -> the tables, in the order they are measured and printed in

A figure is one :class:`Row`.  Aims are in the unit of their row, by the number of interfaces that
they are about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bench import jobs, layered
from bench.editing import EDITS as EDITED
from bench.figure import Job, Place, Results, Row, Table
from bench.grow import Size, possible
from bench.questions import MIX, TRANSIT_MIX, WHOLE_ESTATE

MILLION = 1_000_000
VPCS = {300: 12, 1_000: 12, 10_000: 40, 100_000: 200, MILLION: 600}  # of mixed estates
HALVED = {1_000: 12, 12_000: 600, 100_000: 600, MILLION: 600}  # of clean ones
JVM = "an open JVM analyser takes 23 s and 1.4 GB for 1,000 instances, 85 s and 4.4 GB for 4,000"
NOD = "NoD takes 12 min for 820,000 rules and 5,000 invariants"
SURGERY = "symmetry and surgery (POPL 2016) takes 2 h for all pairs of 100,000 VMs"

NO_AIM: Mapping[int, float] = {}
A_RULE: Mapping[int, float] = {MILLION: 0.020}

# --- where ----------------------------------------------------------------------------------------


def violated(interfaces: int) -> Place:
    """A mixed estate in which everything is planted that there is room for."""
    clean = Size(interfaces, VPCS[interfaces], mixed=True)
    size = replace(clean, violations=tuple(each.name for each in possible(clean)))
    return _place(size)


def clean(interfaces: int) -> Place:
    """A mixed estate with nothing wrong in it, of 600 VPCs where there is room for them."""
    return _place(Size(interfaces, HALVED[interfaces], mixed=True))


def plain(interfaces: int) -> Place:
    """An estate of peered VPCs alone."""
    return _place(Size(interfaces))


def _place(size: Size, words: str = "") -> Place:
    named = f"{size.interfaces:,} interfaces, {size.vpcs_related} VPCs"
    return Place(words or named, size)


LEAST, *_MIXED = map(violated, VPCS)
MIXED = tuple(_MIXED)
CLEAN = tuple(map(clean, HALVED))
PLAIN = tuple(map(plain, (1_000, 10_000)))

# --- what -----------------------------------------------------------------------------------------


def loading() -> Table:
    load, cache = jobs.LOAD, jobs.LOAD_CACHE
    return Table(
        "loading",
        "loading",
        MIXED[1:],
        (
            Row("from JSON, with processes that help", load, aims={MILLION: 10.0}),
            Row("", load, "stages"),
            Row("... seconds of processors, all processes", load, "processor"),
            Row("from JSON, by one process", jobs.LOAD_ALONE),
            Row("from the cache", cache, aims={MILLION: 1.0}),
            Row("", cache, "stages"),
            Row("held after JSON, for each interface", load, "held", "B", {MILLION: 1024}),
            Row("held after the cache", cache, "held", "B", {MILLION: 1024}),
            Row("peak of all processes, JSON", load, "peak", "B"),
            Row("peak, cache", cache, "peak", "B"),
            Row("the cache on the disk", jobs.CACHE, "disk", "B"),
            Row("every interface as a record, after the cache", jobs.UNPACK),
        ),
    )


def internet() -> Iterator[Table]:
    """The command of the README, from cold: where the answer is yes, and where it is no."""
    aims, room = {100_000: 1.5, MILLION: 15.0}, {MILLION: 2048.0}
    told = ((jobs.CAN_OPEN, MIXED, "reachable"), (jobs.CAN_CLOSED, CLEAN, "unreachable"))
    for job, places, verdict in told:
        yield Table(
            f"internet-{verdict}",
            f"whole command from cold, {verdict}",
            places,
            (
                Row(f"`reach {WHOLE_ESTATE}`, {verdict}", job, aims=aims, peer=JVM),
                Row("", job, "stages"),
                Row("... memory", job, "memory", "MB", room),
                Row("... verdict", job, "verdict", ""),
            ),
        )


def warm() -> Table:
    job = jobs.WARM_MIXED
    return Table(
        "warm",
        "in a process that has loaded the estate",
        MIXED,
        (
            Row("loading from the cache", job, "load"),
            Row("the first question", job, "first"),
            Row("a verdict with its replay, p50", job, "verdict.p50", aims={MILLION: 0.001}),
            Row("a verdict with its replay, p99", job, "verdict.p99", aims={MILLION: 0.010}),
            Row("a whole answer, p50", job, "answer.p50"),
            Row("a whole answer, p99", job, "answer.p99"),
            Row("mean of all: ", job, "stages"),
            Row("memory", job, "memory", "MB"),
        ),
    )


def surveys() -> Iterator[Table]:
    """Questions about everybody, as whole commands from cold."""
    pairs = {100_000: 2.0, MILLION: 15.0}
    for job, words, places, aims, peer in (
        (jobs.EXPOSURE, "`reach exposure`", MIXED, {}, JVM),
        (jobs.MATRIX_VPC, "`reach matrix port 22`", MIXED, pairs, SURGERY),
        (
            jobs.MATRIX_END,
            "`reach matrix port 22 --by endpoint`",
            (LEAST, *MIXED),
            pairs,
            SURGERY,
        ),
        (
            jobs.ISOLATED,
            "`reach isolated tag:Stage=prod tag:Stage=test`",
            CLEAN,
            {12_000: 5.0, 100_000: 5.0, MILLION: 5.0},
            "",
        ),
    ):
        yield Table(
            job.name.replace(" ", "-"),
            f"{words}, from cold",
            places,
            (
                Row(words, job, aims=aims, peer=peer),
                Row("", job, "stages"),
                Row("... memory", job, "memory", "MB"),
                Row("... accesses", job, "accesses", ""),
                Row("... open", job, "open", ""),
                Row("... it says", job, "standing", ""),
            ),
        )


def broad() -> Iterator[Table]:
    """Questions between many and many, with everybody who gets through, or a certificate."""
    for job, text, places, verdict in (
        (jobs.BROAD_OPEN, jobs.ANY_TO_ANY, MIXED, "reachable"),
        (jobs.BROAD_CLOSED, jobs.STAGES, CLEAN, "unreachable"),
    ):
        yield Table(
            f"broad-{verdict}",
            f"a broad question from cold, {verdict}",
            places,
            (
                Row(f"`reach {text}`", job),
                Row("", job, "stages"),
                Row("... memory", job, "memory", "MB"),
                Row("... verdict", job, "verdict", ""),
            ),
        )


def suite() -> Table:
    places = (plain(10_000), plain(100_000))
    return Table(
        "suite",
        "a suite of 1,000 assertions",
        places,
        (
            Row("`reach test`", jobs.SUITE, aims={10_000: 60.0, 100_000: 60.0}, peer=NOD),
            Row("", jobs.SUITE, "stages"),
            Row("... seconds of processors, all processes", jobs.SUITE, "processor"),
            Row("... memory, all processes", jobs.SUITE, "memory", "MB"),
        ),
    )


def edits() -> Table:
    job = jobs.EDITS
    return Table(
        "edits",
        "an edit in a `reach.Estate`, with its whole difference, proved",
        MIXED,
        (
            *(
                Row(f"{kind}, {key}", job, f"kinds.{kind}.{key}", aims=aims)
                for kind in EDITED
                for key, aims in (("p50", NO_AIM), ("p95", A_RULE if "rule" in kind else NO_AIM))
            ),
            Row("`reach.diff` of two snapshots, cold", job, "cold"),
            Row("making the estate, once", job, "make"),
            Row("edits that changed reachability", job, "changed", ""),
            Row("edits not proved", job, "open", ""),
            Row("kinds of edits not done in time", job, "not done", ""),
            Row("memory", job, "memory", "MB"),
        ),
    )


# --- smaller networks -----------------------------------------------------------------------------


def recorded(lab: Path) -> Table:
    return Table(
        "recorded",
        "a recorded network",
        (Place(lab.name, folder=lab),),
        (
            Row("`reach can ...`, cold (median of 3)", jobs.COLD_LAB, aims={0: 0.4}),
            Row("load, first time", jobs.WARM_LAB, "load"),
            Row("warm answer, p50", jobs.WARM_LAB, "p50", aims={0: 0.005}),
            Row("warm answer, p99", jobs.WARM_LAB, "p99"),
        ),
    )


def generated() -> Table:
    warm = jobs.WARM
    return Table(
        "generated",
        "estates of peered VPCs",
        PLAIN,
        (
            Row("load", warm, "load", aims={10_000: 1.0}),
            Row("first answer", warm, "first"),
            Row("warm answer, p50", warm, "p50", aims={10_000: 0.010}),
            Row("warm answer, p99", warm, "p99", aims={10_000: 0.100}),
            *(Row(f"... {kind}, p50", warm, f"kinds.{kind}.p50") for kind in MIX),
            Row("memory, loaded and asked", warm, "memory", "MB"),
            Row(f"`reach {WHOLE_ESTATE}`, cold", jobs.CAN_CLOSED, aims={10_000: 1.0}),
            Row("... memory", jobs.CAN_CLOSED, "memory", "MB", {10_000: 500.0}),
        ),
    )


def exposed() -> Table:
    place = _place(Size(10_000, exposed=True), "10,000 interfaces, port 22 of one VPC open")
    return Table(
        "exposed",
        "one VPC open",
        (place,),
        (
            Row(f"`reach {WHOLE_ESTATE}`, cold", jobs.CAN_OPEN, aims={10_000: 1.0}),
            Row("... verdict", jobs.CAN_OPEN, "verdict", ""),
        ),
    )


def transit() -> Table:
    place = _place(Size(10_000, 200, on_transit=True))
    warm = jobs.WARM_TRANSIT
    return Table(
        "transit",
        "VPCs on transit gateways",
        (place,),
        (
            Row("load", warm, "load"),
            Row("first answer", warm, "first"),
            Row("warm answer, p50", warm, "p50", aims={10_000: 0.020}),
            Row("warm answer, p99", warm, "p99"),
            *(Row(f"... {kind}, p50", warm, f"kinds.{kind}.p50") for kind in TRANSIT_MIX),
            Row("memory", warm, "memory", "MB"),
        ),
    )


def unrelated() -> Table:
    """What a further VPC costs the same fifty questions: they have to have the same answers."""
    words = ("without", "with an unrelated VPC")
    places = tuple(_place(Size(10_000, unrelated=n), words[n]) for n in (0, 1))
    job = jobs.WARM_FEW

    def compared(results: Results) -> Iterator[str]:
        told = [results.get(job.name, {}).get(place.name, {}) for place in places]
        if all("answers" in each for each in told):
            same = told[0]["answers"] == told[1]["answers"]
            yield "Both give the same verdicts." if same else "WRONG: the verdicts differ."

    return Table(
        "unrelated",
        "10,000 interfaces, fifty questions",
        places,
        (
            Row("load", job, "load"),
            Row("warm answer, p50", job, "p50"),
            Row("warm answer, p99", job, "p99"),
        ),
        compared,
    )


def certificates(lab: Path) -> Table:
    job, overhead = jobs.CERTIFICATES, "MonoSAT with proofs (CAV 2021) adds 7.4%"
    return Table(
        "certificates",
        "certificates of unreachable answers",
        (Place(lab.name, folder=lab), *PLAIN),
        (
            Row("answers", job, "answers", ""),
            Row("... without a certificate", job, "without", ""),
            Row("time added", job, "share", "%", {0: 0.074, 10_000: 0.074}, overhead),
            Row("the largest, as JSON", job, "largest", "KB", {10_000: 1000.0}),
        ),
    )


def fixes() -> Table:
    job = jobs.MENDING
    return Table(
        "fixes",
        f"beyond the answer itself, of {layered.RULES} rules in each of",
        (Place("five layers"),),
        (
            Row("fix, verified", job, "fix", aims={0: 0.100}),
            Row("... changes", job, "fix, changes", ""),
            Row("... and what else it would do", job, "fix, effects"),
            Row("cut, verified", job, "cut", aims={0: 0.100}),
            Row("... changes", job, "cut, changes", ""),
            Row("... and what else it would do", job, "cut, effects"),
        ),
    )


def classes(lab: Path) -> Table:
    job: Job = jobs.CLASSES
    labs = tuple(Place(path.name, folder=path) for path in jobs.labs_beside(lab))
    return Table(
        "classes",
        "interfaces that every rule treats alike",
        (*labs, *PLAIN, *MIXED[:3]),
        (
            Row("interfaces", job, "interfaces", ""),
            Row("nodes for them", job, "nodes", ""),
            Row("factor", job, "factor", "x"),
        ),
    )


def tables(lab: Path | None) -> list[Table]:
    """All tables; without a recorded network, without what is about it."""
    large = [loading(), *internet(), warm(), *surveys(), *broad(), suite(), edits()]
    small = [generated(), exposed(), transit(), unrelated(), fixes()]
    if lab is None:
        return [*large, *small]
    return [*large, recorded(lab), *small, certificates(lab), classes(lab)]
