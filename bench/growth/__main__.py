"""Measure how costs grow along each axis, keep the raw figures, and draw them.

    make growth                                   measure, then draw
    python -m bench.growth --draw                 draw again what is kept
    python -m bench.growth --axes rules,entries   some axes alone; the figures of others are kept

Gives ``docs/growth/figures.json``, plots beside it, and the tables of ``docs/growth.md``.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from bench.alone import ROOM, ROOT, Limit
from bench.estates import KEPT, Estates
from bench.growth.axes import AXES
from bench.growth.curves import page
from bench.growth.points import measured
from bench.machine import machine, words

DOCS = ROOT / "docs"
SECONDS = 30


def main() -> None:
    """Measure what was asked for, unless only drawing was."""
    given = _parser().parse_args()
    raw = _kept(given.docs)
    if not given.draw:
        names = [name for name in given.axes.split(",") if name] or [str(axis) for axis in AXES]
        unknown = sorted(set(names) - {axis.name for axis in AXES})
        if unknown:
            raise SystemExit(f"no axis is called {', '.join(unknown)}")
        _measure(given, names, raw)
    if not raw["axes"]:
        raise SystemExit("nothing was measured yet: leave out --draw")
    from bench.growth.draw import draw  # who only measures needs no matplotlib

    for file in draw(raw, given.docs / "growth"):
        _say(f"drawn: {file}")
    text = given.docs / "growth.md"
    if text.is_file():
        text.write_text(page(text.read_text(), raw))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure and draw how costs grow.")
    parser.add_argument("--draw", action="store_true", help="only draw what is kept")
    parser.add_argument("--axes", default="", metavar="AXIS,...", help="default: all")
    parser.add_argument("--size", type=int, default=1_000_000, help="no larger estates")
    parser.add_argument("--limit", type=float, default=SECONDS, help="seconds for each job")
    parser.add_argument("--memory", type=float, default=ROOM, help="megabytes for each job")
    parser.add_argument("--estates", type=Path, default=KEPT, help="where estates are kept")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where figures and plots go")
    return parser


def _kept(docs: Path) -> dict[str, Any]:
    try:
        raw: dict[str, Any] = json.loads((docs / "growth" / "figures.json").read_text())
    except FileNotFoundError:
        raw = {"axes": {}}
    return raw


def _measure(given: argparse.Namespace, names: list[str], raw: dict[str, Any]) -> None:
    """Into ``raw``, and into the file after each figure."""
    for package in ("reach", "solver", "bench"):
        compileall.compile_dir(ROOT / package, quiet=2)
    raw["machine"] = words(machine())
    raw["limit"] = {"seconds": given.limit, "megabytes": given.memory}
    file = given.docs / "growth" / "figures.json"
    file.parent.mkdir(parents=True, exist_ok=True)

    def keep(told: dict[str, Any]) -> None:
        raw["axes"] |= told
        file.write_text(json.dumps(raw, indent=1) + "\n")

    limit = Limit(given.limit, given.memory)
    axes = [axis for axis in AXES if axis.name in names]
    keep(measured(axes, Estates(given.estates), limit, given.size, _say, keep))


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main()
