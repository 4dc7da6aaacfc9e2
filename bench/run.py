"""Measure what answers cost, and print it beside what is aimed at.

    python -m bench.run [--large] [--json]

Takes generated estates and, where it is at hand, a recorded lab; gives tables in Markdown, or JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench import layered
from bench.certificates import certificates
from bench.grow import Size, write
from bench.loading import loading
from bench.loading import rows as rows_of_loading
from bench.measure import Measured, measure
from bench.questions import (
    MIX,
    TRANSIT_MIX,
    WHOLE_ESTATE,
    Asked,
    of_estate,
    of_lab,
    of_transit,
)
from bench.resident import resident
from bench.suites import CASES, measure_suite
from bench.surveys import rows as rows_of_surveys
from bench.surveys import surveys

ROOT = Path(__file__).resolve().parent.parent
LAB = ROOT.parent / "shared" / "labs" / "aws_demo"
SIZES = (1_000, 10_000)
LARGE = 100_000
AIMED = 10_000  # the size that the aims are about
TRANSIT_VPCS = 200
SURVEYED = (Size(1_000, 12, mixed=True), Size(AIMED, 40, mixed=True))
WARM_UP = 10
VERDICTS = ("reachable", "unreachable", "undecided")

# What is aimed at, by the name of the figure.
AIMS = {
    "cold command": 0.4,
    "lab, warm p50": 0.005,
    "load": 1.0,
    "warm p50": 0.010,
    "warm p99": 0.100,
    "transit, warm p50": 0.020,
    "fix": 0.100,
    "cut": 0.100,
    "whole estate": 1.0,
    "suite": 60.0,
    # The published overhead of proof-producing MonoSAT (Bayless et al., CAV 2021).
    "certificate": 0.074,
    "whole estate, memory": 500.0,
    "edited rule, p95": 0.020,  # of an estate of a million interfaces
}


def main() -> None:
    """Measure everything that was asked for."""
    parser = argparse.ArgumentParser(description="Measure what answers cost.")
    parser.add_argument("--large", action="store_true", help=f"measure {LARGE:,} interfaces too")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument(
        "--lab", type=Path, default=LAB, help="a recorded lab (default: %(default)s)"
    )
    parser.add_argument("--questions", type=int, default=200, help="asked of each estate")
    given = parser.parse_args()
    sizes = (*SIZES, LARGE) if given.large else SIZES
    with tempfile.TemporaryDirectory(prefix="estates-") as folder:
        report = {
            "machine": machine(),
            "lab": measure_lab(given.lab, given.questions),
            "estates": [
                measure_estate(Size(interfaces), Path(folder), given.questions)
                for interfaces in sizes
            ],
            "suite": measure_thousand(Size(AIMED), Path(folder)),
            "transit": measure_transit(
                Size(AIMED, TRANSIT_VPCS, on_transit=True), Path(folder), given.questions
            ),
            "unrelated": measure_unrelated(Size(AIMED), Path(folder)),
            "layered": measure_layered(Path(folder)),
            "surveys": [measure_surveys(size, Path(folder)) for size in SURVEYED],
            "classes": measure_classes([*labs(given.lab), *grown(Path(folder), sizes)]),
            "resident": [measure_resident(Size(n), Path(folder)) for n in sizes],
        }
    print(json.dumps(report, indent=2) if given.json else render(report))


def machine() -> dict[str, str | int | None]:
    """What the figures were measured on."""
    found: dict[str, str | int | None] = {
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "architecture": platform.machine(),
    }
    for package in ("vpc-reach", "z3-solver", "msgspec"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


# --- measuring ------------------------------------------------------------------------------------


def measure_lab(lab: Path, count: int) -> dict[str, Any]:
    """The command from cold and the library warm, on a network that was recorded."""
    if not (lab / "probes.jsonl").is_file():
        return {"skipped": f"no recorded lab at {lab.name}: give one with --lab"}
    asked = of_lab(lab, count)
    say(f"{lab.name}: {len(asked)} questions")
    warm = measure(lab, asked, asked[:WARM_UP])
    return {
        "name": lab.name,
        "cold": cold(lab, asked[len(asked) // 2]),
        "certificates": certificates(lab, asked),
        **summary(warm, asked),
    }


def cold(snapshot: Path, asked: Asked, times: int = 7) -> dict[str, Any]:
    """The wall time of the command, interpreter and all, as the median of several runs."""
    command = [
        sys.executable,
        "-c",
        "from reach.cli import main; main()",
        *asked.text.split(),
        "--snapshot",
        str(snapshot),
    ]
    script = Path(sys.executable).parent / "reach"
    if script.is_file():
        command[:3] = [str(script)]
    walls = []
    for _ in range(times):
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        walls.append(time.perf_counter() - start)
        # A traceback leaves status 1 too, so it takes an answer to count as one.
        answered = any(verdict in done.stdout.lower() for verdict in VERDICTS)
        if done.returncode not in (0, 1, 3) or not answered:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            return {"failure": f"exit status {done.returncode}: {last}"}
    return {"question": asked.text, "seconds": statistics.median(walls), "worst": max(walls)}


def measure_estate(size: Size, folder: Path, count: int) -> dict[str, Any]:
    """Loading, asking and the question over everything, for one size of estate."""
    out = folder / str(size.interfaces)
    say(f"{size.interfaces:,} interfaces: growing")
    written = write(out, size)
    asked = of_estate(size, count + WARM_UP)
    say(f"{size.interfaces:,} interfaces: asking {count} questions")
    warm = measure(out, asked[WARM_UP:], asked[:WARM_UP])
    say(f"{size.interfaces:,} interfaces: {WHOLE_ESTATE}")
    found = {
        "interfaces": size.interfaces,
        "vpcs": len(size.vpcs_planned()),
        "megabytes": written / 1e6,
        **summary(warm, asked[WARM_UP:]),
        "certificates": certificates(out, asked[WARM_UP:]),
        "loading": loading(out, size.interfaces) if size.interfaces >= AIMED else None,
        "whole": whole(out, "unreachable"),
    }
    if size.interfaces == AIMED:
        say(f"{size.interfaces:,} interfaces, one VPC exposed: {WHOLE_ESTATE}")
        exposed = folder / "exposed"
        write(exposed, replace(size, exposed=True))
        found["exposed"] = whole(exposed, "reachable")
    return found


def whole(snapshot: Path, expected: str) -> dict[str, Any]:
    """One question over the whole estate, right after loading, whose verdict is known."""
    measured = measure(snapshot, [Asked("whole estate", WHOLE_ESTATE)], [])
    if measured.failure:
        return {"failure": measured.failure}
    return {
        "seconds": measured.first,
        "verdict": measured.asks[0]["verdict"],
        "expected": expected,
        "memory": measured.memory,
    }


def measure_thousand(size: Size, folder: Path) -> dict[str, Any]:
    """A suite of a thousand cases by the command, with as many processes as it takes by itself."""
    say(f"{size.interfaces:,} interfaces: a suite of {CASES:,} cases")
    return measure_suite(folder / str(size.interfaces), size, folder)


def measure_transit(size: Size, folder: Path, count: int) -> dict[str, Any]:
    """Loading and asking where all VPCs are on transit gateways."""
    out = folder / "transit"
    say(f"{size.vpcs} VPCs on transit gateways: growing")
    written = write(out, size)
    asked = of_transit(size, count + WARM_UP)
    say(f"{size.vpcs} VPCs on transit gateways: asking {count} questions")
    warm = measure(out, asked[WARM_UP:], asked[:WARM_UP])
    return {
        "interfaces": size.interfaces,
        "vpcs": size.vpcs,
        "megabytes": written / 1e6,
        **summary(warm, asked[WARM_UP:]),
    }


def measure_unrelated(size: Size, folder: Path) -> dict[str, Any]:
    """The same questions with and without a further VPC that has nothing to do with them."""
    asked = of_estate(size, 50 + WARM_UP)
    found: dict[str, Any] = {"interfaces": size.interfaces}
    verdicts = []
    for name, unrelated in (("without", 0), ("with", 1)):
        out = folder / f"unrelated-{unrelated}"
        write(out, replace(size, unrelated=unrelated))
        say(f"{size.interfaces:,} interfaces, {unrelated} unrelated VPC: asking 50 questions")
        measured = measure(out, asked[WARM_UP:], asked[:WARM_UP])
        found[name] = summary(measured, asked[WARM_UP:])
        verdicts.append(measured.verdicts())
    found["same verdicts"] = verdicts[0] == verdicts[1]
    return found


def measure_classes(snapshots: Iterable[tuple[str, Path]]) -> list[dict[str, Any]]:
    """How many interfaces are how many nodes, because every rule treats them alike."""
    import reach
    from reach.shrinking.shrink import classes_of

    found = []
    for name, snapshot in snapshots:
        say(f"{name}: classes of interfaces")
        loaded = reach.load(snapshot)
        classes = classes_of(loaded)
        found.append({"name": name, "interfaces": sum(map(len, classes)), "classes": len(classes)})
    return found


def grown(folder: Path, sizes: Iterable[int]) -> list[tuple[str, Path]]:
    """The generated estates that are there."""
    names = [(f"{size:,} interfaces", folder / str(size)) for size in sizes]
    return [*names, (f"{TRANSIT_VPCS} VPCs on transit gateways", folder / "transit")]


def labs(lab: Path) -> list[tuple[str, Path]]:
    """The recorded labs beside one that is at hand."""
    there = sorted(path.parent for path in lab.parent.glob("*/probes.jsonl"))
    return [(path.name, path) for path in there]


def measure_resident(size: Size, folder: Path) -> dict[str, Any]:
    """An estate that is kept warm, and one edited rule after the other."""
    out = folder / f"estate-resident-{size.interfaces}"
    write(out, size)
    say(f"{size.interfaces:,} interfaces: edited rules")
    return {"interfaces": size.interfaces, **resident(out)}


def measure_layered(folder: Path, times: int = 15) -> dict[str, Any]:
    """A fix and a cut through five layers of filters, warm: what is added to the answer's own time.

    The proposal, verified on the changed network, and apart from it what else it would do.
    """
    import reach
    from reach.asking import VERDICT, answer, ground_of
    from reach.cut import find_cut
    from reach.fix import find_fix
    from reach.mending import Wish
    from reach.options import DEFAULTS
    from solver.backends.z3 import Z3Backend

    backend, question = Z3Backend(), reach.parse(layered.QUESTION)
    found: dict[str, Any] = {"rules": layered.RULES}
    for name, find in (("fix", find_fix), ("cut", find_cut)):
        say(f"five layers of {layered.RULES} rules: {name}")
        out = layered.write(folder / f"layered-{name}", blocked=name == "fix")
        ground = ground_of(reach.load(out), DEFAULTS)
        told = answer(ground, question, backend)
        again = partial(answer, backend=backend, wanted=VERDICT)
        wish = Wish(ground, question, told, backend, again)
        for key, each in ((name, replace(wish, effects=False)), (f"{name}, effects", wish)):
            seconds = []
            for _ in range(times):
                start = time.perf_counter()
                proposal = find(each)
                seconds.append(time.perf_counter() - start)
            found[key] = statistics.median(seconds[times // 3 :])
        found[f"{name}, changes"] = str(len(proposal.edits))
    return found


def summary(measured: Measured, asked: list[Asked]) -> dict[str, Any]:
    """The figures of one job, over all of its questions and by kind."""
    if measured.failure:
        return {"failure": measured.failure}
    kinds = {kind: spread(measured.seconds(kind)) for kind in dict.fromkeys(a.kind for a in asked)}
    verdicts = Counter(v if v in VERDICTS else "error" for v in measured.verdicts())
    return {
        "load": measured.load,
        "first": measured.first,
        **spread(measured.seconds()),
        "memory": measured.memory,
        "verdicts": dict(verdicts),
        "errors": sorted({v for v in measured.verdicts() if v not in VERDICTS})[:5],
        "kinds": kinds,
    }


def spread(seconds: list[float]) -> dict[str, float]:
    """The median and the 99th percentile: the time that 99 in 100 do not exceed."""
    ranked = sorted(seconds)
    return {
        "p50": statistics.median(ranked),
        "p99": ranked[-(-99 * len(ranked) // 100) - 1],
        "worst": ranked[-1],
    }


def measure_surveys(size: Size, folder: Path) -> dict[str, Any]:
    """Questions about everybody, on an estate of the mixed layout with violations planted."""
    out = folder / f"mixed-{size.interfaces}"
    say(f"{size.interfaces:,} interfaces, mixed: growing, then surveys")
    write(out, size, compact=True)
    return {"interfaces": size.interfaces, "vpcs": size.vpcs, **surveys(out)}


def say(what: str) -> None:
    """Progress, for whoever waits."""
    print(what, file=sys.stderr, flush=True)


# --- printing -------------------------------------------------------------------------------------


def render(report: dict[str, Any]) -> str:
    """The report as tables in Markdown."""
    parts = [
        "Measured on " + ", ".join(f"{key} {value}" for key, value in report["machine"].items()),
        *render_lab(report["lab"]),
        *render_estates(report["estates"]),
        *(table(rows_of_loading(e["loading"])) for e in report["estates"] if e["loading"]),
        *render_certificates([report["lab"], *report["estates"]]),
        *render_suite(report["suite"]),
        *render_transit(report["transit"]),
        *render_unrelated(report["unrelated"]),
        *render_layered(report["layered"]),
        *(render_surveys(found) for found in report["surveys"]),
        *render_classes(report["classes"]),
        *(line for estate in report["resident"] for line in render_resident(estate)),
    ]
    return "\n\n".join(parts)


def render_surveys(found: dict[str, Any]) -> str:
    """One estate: a row for each survey."""
    told = {kind: figures for kind, figures in found.items() if isinstance(figures, dict)}
    rows = rows_of_surveys(told)
    rows[0][0] = f"{found['interfaces']:,} interfaces, {found['vpcs']} VPCs, mixed"
    return table(rows)


def render_lab(lab: dict[str, Any]) -> list[str]:
    """The recorded lab: one row a figure."""
    if "skipped" in lab:
        return [f"Recorded lab: skipped, {lab['skipped']}"]
    rows = [["recorded lab", lab["name"], "aim"]]
    rows.append(["cold command (median of 7)", *figure(lab["cold"], "seconds", "cold command")])
    rows.append(["load, first time", *figure(lab, "load")])
    rows.append(["warm ask, p50", *figure(lab, "p50", "lab, warm p50")])
    rows.append(["warm ask, p99", *figure(lab, "p99")])
    return [table(rows), *remarks(lab["cold"]), *remarks(lab)]


def render_estates(estates: list[dict[str, Any]]) -> list[str]:
    """The generated estates: one column a size."""
    header = ["generated estate"]
    header += [f"{e['interfaces']:,} interfaces, {e['vpcs']} VPCs" for e in estates]
    rows = [[*header, f"aim at {AIMED:,}"]]
    rows.append(["describe JSON, MB", *(f"{e['megabytes']:,.0f}" for e in estates), ""])
    figures = [
        ("load", "load", "load"),
        ("first ask", "first", ""),
        ("warm ask, p50", "p50", "warm p50"),
        ("warm ask, p99", "p99", "warm p99"),
        ("memory, loaded and asked", "memory", ""),
    ]
    for name, key, aim in figures:
        rows.append([name, *(figure(e, key)[0] for e in estates), show(AIMS.get(aim), key)])
    for name, key, aim in (
        (f"`{WHOLE_ESTATE}`", "seconds", "whole estate"),
        ("... its verdict", "verdict", ""),
        ("... memory with it", "memory", "whole estate, memory"),
    ):
        rows.append(
            [name, *(figure(e["whole"], key)[0] for e in estates), show(AIMS.get(aim), key)]
        )
    parts = [table(rows)]
    for estate in estates:
        if "exposed" in estate:
            parts += [table(exposure(estate)), *by_kind(estate, MIX)]
        for found in (estate, estate["whole"], estate.get("exposed", {})):
            parts += [f"{estate['interfaces']:,} interfaces: {said}" for said in remarks(found)]
    return parts


def render_certificates(networks: list[dict[str, Any]]) -> list[str]:
    """What certificates cost, one row a network."""
    rows = [["certificates", "unreachable answers", "without one", "time added", "largest, KB"]]
    rows.append(["aim", "", "0", f"{AIMS['certificate']:.1%}", "1,000"])
    for each in networks:
        found = each.get("certificates")
        if found is None:
            continue
        name = each.get("name") or f"{each['interfaces']:,} interfaces"
        if "failure" in found:
            rows.append([name, found["failure"], "", "", ""])
            continue
        figures = (f"{found['share']:.1%}", f"{found['largest'] / 1e3:,.1f}")
        rows.append([name, str(found["answers"]), str(found["without"]), *figures])
    return [table(rows)]


def exposure(estate: dict[str, Any]) -> list[list[str]]:
    """The question over the whole estate where one VPC lets the internet in."""
    found = estate["exposed"]
    return [
        [f"{estate['interfaces']:,} interfaces, port 22 of one VPC open", "measured"],
        [f"`{WHOLE_ESTATE}`", figure(found, "seconds")[0]],
        ["... its verdict", figure(found, "verdict")[0]],
    ]


def render_suite(found: dict[str, Any]) -> list[str]:
    """The thousand cases."""
    if "failure" in found:
        return remarks(found)
    processes = f"{os.cpu_count()} processes"
    rows = [[f"{found['cases']:,} cases, {AIMED:,} interfaces, {processes}", "measured", "aim"]]
    rows.append(["`reach test`, all of it", *figure(found, "seconds", "suite")])
    rows.append(["... of which processors were busy", *figure(found, "processor")])
    counts = ", ".join(f"{count} {outcome}" for outcome, count in found["outcomes"].items())
    said = f"{counts}; {found['known']} of the verdicts follow from how the estate is grown."
    return [table(rows), said, *(f"WRONG: {each}" for each in found["wrong"])]


def render_transit(found: dict[str, Any]) -> list[str]:
    """The estate on transit gateways."""
    named = f"{found['vpcs']} VPCs on transit gateways, {found['interfaces']:,} interfaces"
    rows = [[named, "measured", "aim"]]
    for name, key, aim in (
        ("load", "load", "load"),
        ("first ask", "first", ""),
        ("warm ask, p50", "p50", "transit, warm p50"),
        ("warm ask, p99", "p99", ""),
        ("memory, loaded and asked", "memory", ""),
    ):
        rows.append([name, *figure(found, key, aim)])
    return [table(rows), *by_kind(found, TRANSIT_MIX), *remarks(found)]


def by_kind(estate: dict[str, Any], mix: Iterable[str]) -> list[str]:
    """The warm asks of an estate, one row a kind of question."""
    rows = [[f"warm ask, {estate['interfaces']:,} interfaces", "p50", "p99"]]
    for kind in mix:
        if found := estate.get("kinds", {}).get(kind):
            rows.append([kind, show(found["p50"], "p50"), show(found["p99"], "p99")])
    return [table(rows)] if len(rows) > 1 else []


def render_unrelated(found: dict[str, Any]) -> list[str]:
    """What a further VPC costs the same fifty questions."""
    rows = [["an unrelated VPC", "without", "with"]]
    for name, key in (("load", "load"), ("warm ask, p50", "p50"), ("warm ask, p99", "p99")):
        rows.append([name, *(figure(found[which], key)[0] for which in ("without", "with"))])
    said = [table(rows), *remarks(found["with"])]
    if "failure" not in found["with"]:
        same = "the same verdicts" if found["same verdicts"] else "DIFFERENT VERDICTS"
        said.append(f"Both give {same}.")
    return said


def render_layered(found: dict[str, Any]) -> list[str]:
    """Fixes and cuts."""
    rows = [[f"five layers of {found['rules']} rules, beyond the answer itself", "measured", "aim"]]
    for name in ("fix", "cut"):
        changes = found[f"{name}, changes"]
        rows.append([f"{name}, changes: {changes}, verified", *figure(found, name, name)])
        rows.append(["... and what else it would do", *figure(found, f"{name}, effects")])
    return [table(rows)]


def render_classes(found: list[dict[str, Any]]) -> list[str]:
    """Interfaces and the nodes that they are, one row a network."""
    rows = [["classes", "interfaces", "nodes for them", "factor"]]
    for each in found:
        factor = each["interfaces"] / each["classes"] if each["classes"] else 1.0
        counts = (f"{each['interfaces']:,}", f"{each['classes']:,}")
        rows.append([each["name"], *counts, f"{factor:.2f}"])
    return [table(rows)]


def render_resident(found: dict[str, Any]) -> list[str]:
    """What an edited rule costs."""
    rows = [[f"one edited rule, {found['interfaces']:,} interfaces", "measured", "aim"]]
    for name, key, aim in (
        ("making the estate", "make", ""),
        ("an edit with its difference, p50", "p50", ""),
        ("... p95", "p95", "edited rule, p95"),
        ("a rule less, p50", "less", ""),
        ("a rule for all inside, p50", "for all inside", ""),
        ("an ACL entry that denies a port, p50", "entry", ""),
        ("`reach.diff` of two snapshots, cold", "cold", ""),
    ):
        rows.append([name, *figure(found, key, aim)])
    said = f"{found['changed']} of these edits changed reachability."
    return [table(rows), said, *remarks(found)]


def remarks(found: dict[str, Any]) -> list[str]:
    """What has to be said beside a table: failures, errors and verdicts that are not as known."""
    said = []
    if "failure" in found:
        said.append(f"NOT MEASURED: {found['failure']}")
    if found.get("errors"):
        said.append("ERRORS: " + "; ".join(found["errors"]))
    if "expected" in found and found["verdict"] != found["expected"]:
        said.append(f"WRONG: the verdict is {found['verdict']}, and should be {found['expected']}")
    if "verdicts" in found:
        counts = ", ".join(f"{count} {verdict}" for verdict, count in found["verdicts"].items())
        said.append(f"Of {sum(found['verdicts'].values())} answers: {counts}.")
    return said


def figure(found: dict[str, Any], key: str, aim: str = "") -> list[str]:
    """A figure and its aim as people read them."""
    return [show(found.get(key), key), show(AIMS.get(aim), key)]


def show(value: float | str | None, key: str) -> str:
    """A value with its unit: seconds below one in milliseconds, and memory in megabytes."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if key == "memory":
        return f"{value:,.0f} MB"
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.3g} ms"


def table(rows: list[list[str]]) -> str:
    """Rows as a Markdown table whose columns line up."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


if __name__ == "__main__":
    main()
