"""Raw figures as plots: time and memory along an axis, both logarithmic, with a guide for slope 1.

    draw(raw, folder) -> the files          each axis once on white, once on black

The same figures give the same bytes.  A curve that ends because something was not done ends in an
open triangle, at the limit that it had.  Needs matplotlib, which only who draws has to have.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.growth.axes import AXES, Axis
from bench.growth.curves import MEMORY, TIMES, Cost, Curve, curves
from bench.tables import show

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, told apart by all eyes, and a brown.
COLOURS = ("#0072b2", "#56b4e9", "#009e73", "#d55e00", "#cc79a7", "#e69f00", "#8c564b")
MARKS = "osD^vPX"
WIDE = 100.0  # the most over the least of a panel that has labels and guides enough by decades


@dataclass(frozen=True, slots=True)
class Theme:
    """What a page is written in."""

    name: str
    paper: str
    ink: str
    faint: str
    guide: str


THEMES = (
    Theme("light", "#ffffff", "#24292f", "#e3e7eb", "#a8b0b8"),
    Theme("dark", "#0d1117", "#e6edf3", "#252b33", "#5b646e"),
)
COLOUR_OF = {
    cost.words: (COLOURS[place % len(COLOURS)], MARKS[place % len(MARKS)])
    for place, cost in enumerate(TIMES)
}


def draw(raw: Mapping[str, Any], folder: Path, axes: Sequence[Axis] = AXES) -> list[Path]:
    """The plots of every axis that there are figures of."""
    import matplotlib

    matplotlib.use("svg")
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for axis in axes:
        points = raw["axes"].get(axis.name)
        for theme in THEMES if points else ():
            files.append(folder / f"{axis.name}-{theme.name}.svg")
            with matplotlib.rc_context(_style(theme)):
                _plot(axis, points, raw["limit"]["seconds"], theme, files[-1])
    return files


def _style(theme: Theme) -> Any:
    """Settings of matplotlib."""
    edges = ("axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "text.color")
    papers = ("figure.facecolor", "axes.facecolor", "savefig.facecolor", "legend.facecolor")
    return {
        **dict.fromkeys(edges, theme.ink),
        **dict.fromkeys(papers, theme.paper),
        "font.size": 10,
        "grid.color": theme.faint,
        "legend.edgecolor": theme.faint,
        "svg.hashsalt": "reach",  # else names inside are drawn by lot
        "svg.fonttype": "path",
    }


def _plot(axis: Axis, points: Any, seconds: float, theme: Theme, file: Path) -> None:
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(11, 6.4), width_ratios=(3, 2))
    _panel(panels[0], axis, curves(points, TIMES), seconds, theme)
    panels[0].set_title("time, wall clock")
    memory = [curve for curve in curves(points, MEMORY) if curve.points]
    _panel(panels[1], axis, memory, None, theme)
    panels[1].set_title("memory, all processes at most")
    figure.suptitle(f"Along {axis.words} ({axis.besides})")
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def _panel(
    panel: Axes, axis: Axis, drawn: list[Curve], seconds: float | None, theme: Theme
) -> None:
    panel.set_xscale("log")
    panel.set_yscale("log")
    for curve in drawn:
        _draw(panel, curve, seconds)
    _guides(panel, theme)
    panel.set_xlabel(axis.words)
    panel.grid(True, which="major", linewidth=0.6)
    _ticks(panel, drawn)
    panel.legend(
        fontsize=8.5, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=1 + bool(seconds)
    )


def _draw(panel: Axes, curve: Curve, seconds: float | None) -> None:
    colour, mark = COLOUR_OF.get(curve.cost.words, ("#0072b2", "o"))
    slope = "" if curve.slope is None else f", exponent {curve.slope:.2f}"
    xs, ys = zip(*curve.points, strict=True) if curve.points else ((), ())
    label = f"{curve.cost.words}{slope if xs else ', not done'}"
    panel.plot(xs, ys, color=colour, marker=mark, markersize=5, linewidth=1.5, label=label)
    if curve.end is None or seconds is None:
        return
    tail = [(xs[-1], ys[-1])] if xs else []
    ends = [*tail, (curve.end[0], seconds)]
    panel.plot(*zip(*ends, strict=True), color=colour, linestyle=":", linewidth=1.2)
    panel.plot(*ends[-1], color=colour, marker="^", markersize=9, markerfacecolor="none")


def _guides(panel: Axes, theme: Theme) -> None:
    """Lines of slope 1, a decade apart or less: what is in proportion runs beside them."""
    (left, right), (low, high) = panel.get_xlim(), panel.get_ylim()
    label = "in proportion (exponent 1)"
    step = 1.0 if high / low > WIDE else 1 / 3
    first = math.floor(math.log10(low * left / right))
    for place in range(math.ceil((math.log10(high) - first) / step)):
        start = 10.0 ** (first + place * step)
        ends = start, start * right / left
        panel.plot(
            (left, right),
            ends,
            color=theme.guide,
            linestyle="--",
            linewidth=0.8,
            label=label,
            zorder=0,
        )
        label = "_"  # one of them is named
    panel.set_xlim(left, right)
    panel.set_ylim(low, high)


def _ticks(panel: Axes, drawn: list[Curve]) -> None:
    """Ticks in words: ms and s, or MB and GB; interfaces as they are."""
    from matplotlib.ticker import (
        FixedLocator,
        FuncFormatter,
        LogLocator,
        NullFormatter,
        NullLocator,
    )

    xs = sorted(
        {x for curve in drawn for x, _ in curve.points} | {c.end[0] for c in drawn if c.end}
    )
    panel.xaxis.set_major_locator(FixedLocator(xs))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _short(x)))
    cost: Cost | None = drawn[0].cost if drawn else None
    unit = cost.unit if cost else "s"
    low, high = panel.get_ylim()
    if high / low < WIDE:  # else there are labels enough
        panel.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _amount(y, unit)))
    panel.yaxis.set_minor_formatter(NullFormatter())


def _short(x: float) -> str:
    """1,000 as 1k, a million as 1M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if x >= size:
            return f"{x / size:.4g}{letter}"
    return f"{x:g}"


def _amount(y: float, unit: str) -> str:
    if unit == "MB":
        return f"{y / 1000:g} GB" if y >= 1000 else f"{y:g} MB"
    return show(y, unit) if math.isfinite(y) else ""
