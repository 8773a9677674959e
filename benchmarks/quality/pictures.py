"""Pictures of ``results/quality.json``: accuracy against fit time, one for each data set.

python -m benchmarks.quality.pictures
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.pages import OURS, PICTURES, rows_of, slug
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
    """Write each name beside its point, moved down where it would cover another."""
    import numpy as np

    values = [row["metrics"][metric] for row in rows]
    height = max(max(values) - min(values), 1e-9)
    placed: list[tuple[float, float]] = []
    for row in sorted(rows, key=lambda one: -one["metrics"][metric]):
        x, y = np.log10(max(row["fit_cpu_s"], 0.01)), row["metrics"][metric]
        while any(abs(x - a) < 0.9 and abs(y - b) < 0.045 * height for a, b in placed):
            y -= 0.01 * height
        placed.append((x, y))
        mine = row["model"].startswith(OURS)
        axes.annotate(
            row["model"].removeprefix(OURS),
            (10**x, y),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            fontweight="bold" if mine else "normal",
            color=BLUE if mine else DARK,
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
