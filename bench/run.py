"""Measure what answers cost, and print it beside what is aimed at.

    make bench [SIZE=10000] [ONLY=loading,warm]
    python -m bench.run [--size N] [--only TABLE,...] [--limit SECONDS] [--json]

Takes estates that it grows itself and keeps, and, where it is at hand, recorded networks; gives
tables in Markdown, or JSON.  What is measured is in :mod:`bench.figures`.
"""

from __future__ import annotations

import argparse
import compileall
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

from bench.alone import ROOM, ROOT, Limit
from bench.estates import KEPT, Estates
from bench.figure import Results, Table, measured
from bench.figures import MILLION, tables
from bench.machine import machine, words
from bench.tables import render

LAB = ROOT.parent / "shared" / "labs" / "aws_demo"
REPORT = ROOT / "build" / "bench.json"
SECONDS = 120
SMALL = 10_000


def main() -> None:
    """Measure everything that was asked for."""
    given = _parser().parse_args()
    every = tables(given.lab if (given.lab / "probes.jsonl").is_file() else None)
    chosen = _chosen(every, given.only)
    if given.again:
        _put(json.loads(given.report.read_text()), chosen, given)
        return
    for package in ("reach", "solver", "bench"):
        compileall.compile_dir(ROOT / package, quiet=2)
    report: dict[str, Any] = {
        "machine": machine(),
        "command": _command(),
        "limit": f"{given.limit:,.0f} s and {given.memory:,.0f} MB for each",
    }
    start = time.monotonic()
    _announce(given.size)

    def keep(results: Results) -> None:
        report["results"] = results
        report["minutes"] = (time.monotonic() - start) / 60
        given.report.parent.mkdir(parents=True, exist_ok=True)
        given.report.write_text(json.dumps(report, indent=1))

    limit, until = Limit(given.limit, given.memory), start + 60 * given.minutes
    keep(measured(chosen, Estates(given.estates), limit, given.size, _say, keep, until))
    _put(report, chosen, given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure what answers cost.")
    parser.add_argument(
        "--size",
        type=int,
        default=MILLION,
        metavar="N",
        help="nothing on estates of more interfaces (default: %(default)s)",
    )
    parser.add_argument("--only", default="", metavar="TABLE,...", help="some of the tables alone")
    parser.add_argument(
        "--limit", type=float, default=SECONDS, help="seconds for each job (default: %(default)s)"
    )
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="none begins later (default: no end)"
    )
    parser.add_argument(
        "--memory", type=float, default=ROOM, help="megabytes for each (default: %(default)s)"
    )
    parser.add_argument("--lab", type=Path, default=LAB, help="a recorded network")
    parser.add_argument(
        "--estates", type=Path, default=KEPT, help="where estates are kept (default: %(default)s)"
    )
    parser.add_argument("--report", type=Path, default=REPORT, help="all figures (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print them instead of tables")
    parser.add_argument("--again", action="store_true", help="print the last report, measure none")
    return parser


def _chosen(every: list[Table], only: str) -> list[Table]:
    names = [name for name in only.split(",") if name]
    unknown = sorted(set(names) - {table.name for table in every})
    if unknown:
        known = ", ".join(table.name for table in every)
        raise SystemExit(f"no table is called {', '.join(unknown)}; there are: {known}")
    return [table for table in every if not names or table.name in names]


def _command() -> str:
    return " ".join(["python -m bench.run", *sys.argv[1:]])


def _announce(size: int) -> None:
    if size > SMALL:
        _say(f"up to {size:,} interfaces; `make bench SIZE={SMALL}` measures small ones, quickly")


def _put(report: dict[str, Any], chosen: list[Table], given: argparse.Namespace) -> None:
    if given.json:
        print(json.dumps(report, indent=2))
        return
    print(
        f"Measured by `{report['command']}` in {report['minutes']:.0f} minutes, "
        f"{report['limit']}, on {words(report['machine'])}.\n"
    )
    print(render(chosen, report["results"], given.size))


def _say(what: str) -> None:
    """Progress, for whoever waits."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main()
