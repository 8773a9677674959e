"""Pictures of ``results/quality.json``: accuracy against fit time, one for each data set.

python -m benchmarks.quality.pictures
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.pages import OURS, PICTURES, rows_of, slug, with_tags
from benchmarks.quality.results import RESULTS

BLUE, GREY, DARK = "#1f6feb", "#8b949e", "#30363d"


def draw(result: Mapping[str, Any], name: str, file: Path) -> bool:
    """Write the picture of one data set; say whether there was anything to show."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    metric = result["data"][name]["metrics"][0]
    rows = [row for row in rows_of(result, name) if row.get("metrics")]
    if not rows:
        return False
    settings = {"svg.fonttype": "none", "svg.hashsalt": "recsys", "font.family": "sans-serif"}
    with mpl.rc_context(settings):
        figure, axes = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
        for row in rows:
            _point(axes, row, metric)
        _label(axes, rows, metric)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_xlabel("fit, seconds of the processor (log)")
        axes.set_ylabel(metric)
        axes.set_title(name, loc="left", fontsize=11, color=DARK)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(visible=True, color="#d0d7de", linewidth=0.5)
        axes.margins(x=0.22, y=0.1)
        figure.savefig(file, format="svg", metadata={"Date": None}, transparent=False)
        plt.close(figure)
    return True


def _point(axes: Any, row: Mapping[str, Any], metric: str) -> None:
    mine = row["model"].startswith(OURS)
    value = row["metrics"][metric]
    low, high = row["intervals"][metric]
    axes.errorbar(
        max(row["fit_cpu_s"], 0.01),
        value,
        yerr=[[max(value - low, 0)], [max(high - value, 0)]],
        fmt="o" if mine else "s",
        color=BLUE if mine else GREY,
        markersize=7 if mine else 5,
        elinewidth=1,
        zorder=3 if mine else 2,
    )


def _label(axes: Any, rows: Sequence[Mapping[str, Any]], metric: str) -> None:
    """Write each name beside its point, moved up or down (with a line) where it covers another."""
    xs = [math.log10(max(row["fit_cpu_s"], 0.01)) for row in rows]
    ys = [row["metrics"][metric] for row in rows]
    width = max(max(xs) - min(xs), 1.0)
    height = max(max(ys) - min(ys), 1e-9)
    placed = list(zip(xs, ys, strict=True))
    steps = [0.0, *(sign * step / 20 for step in range(1, 12) for sign in (1, -1))]
    for row, x, y in sorted(zip(rows, xs, ys, strict=True), key=lambda one: -one[2]):
        start = x + 0.02 * width
        free = (y + step * height for step in steps)
        at = next((one for one in free if _is_free(start, one, placed, width, height)), y)
        placed += [(start + share * width, at) for share in (0.02, 0.08, 0.14)]
        moved = abs(at - y) > 0.01 * height
        mine = row["model"].startswith(OURS)
        axes.annotate(
            row["model"].removeprefix(OURS) + ("" if mine else with_tags(row)),
            (10**x, y),
            xytext=(10**start, at),
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.5} if moved else None,
            va="center",
            fontsize=8,
            fontweight="bold" if mine else "normal",
            color=BLUE if mine else DARK,
        )


def _is_free(
    x: float, y: float, placed: Sequence[tuple[float, float]], width: float, height: float
) -> bool:
    """Say whether a name that starts at ``x`` covers nothing yet written or drawn."""
    return not any(
        -0.16 * width < x - a < 0.2 * width and abs(y - b) < 0.045 * height
        for a, b in placed
        if a > x - 0.015 * width or abs(y - b) > 0.001 * height
    )


def main() -> int:
    result = json.loads(RESULTS.read_text(encoding="utf-8"))
    PICTURES.mkdir(exist_ok=True)
    for name in result["data"]:
        file = PICTURES / f"quality-{slug(name)}.svg"
        if draw(result, name, file):
            print(f"wrote {file.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
