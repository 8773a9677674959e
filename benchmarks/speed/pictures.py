"""Pictures of ``results/speed_*.json``: what things cost as the catalog grows.

python benchmarks/speed/pictures.py [--quick]    (quick: into a folder that is thrown away)
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1]
RESULTS, PICTURES = FOLDER / "results", FOLDER.parent / "docs" / "pictures"
COLOURS = ("#1f6feb", "#bf8700", "#1a7f37", "#8250df", "#cf222e", "#57606a", "#0a7ea4")
Row = Mapping[str, Any]

LARGE = 500_000
"""Items from which on the models of the benchmark have no kernel."""


@dataclass(frozen=True, slots=True)
class Curves:
    """What is drawn of one results file.

    Attributes
    ----------
    title, y_label : str
    value : str
        Column of the heights; items are the places.
    name_of : callable
        Names the curve that a row belongs to; None leaves the row out.
    """

    title: str
    y_label: str
    value: str
    name_of: Callable[[Row], str | None]


def _graph(row: Row) -> str | None:
    plain = row["filter"] == "none" and row["width"] == 64
    name: str = row["search"].split(", linked")[0]
    return name if plain else None


def _call(row: Row) -> str | None:
    # without kernels, so that sizes can be compared: the largest models have none
    if row["part"] != ("calls" if row["items"] >= LARGE else "vectors"):
        return None
    what: str = row["what"]
    return what.removeprefix("vectors only: ").removeprefix("the same, ")


def _observed(row: Row) -> str | None:
    if row["what"] != "known people and items":
        return str(row["what"])
    return f"{row['events in a call']} events"


def _batch(row: Row) -> str | None:
    return row["what"] if row["width"] == 64 and row["unit"] == "ms" else None


EVERY = {
    "speed_graphs": Curves("One query, 64 wide", "ms, median", "ms", _graph),
    "speed_single": Curves(
        "One list, the whole call, vectors alone", "ms, median", "p50 ms", _call
    ),
    "speed_observe": Curves("Observe, then ask", "ms, median", "both p50 ms", _observed),
    "speed_batch": Curves("1,000 lists at once, 64 wide", "ms, median", "median", _batch),
}


def lines_of(rows: Sequence[Row], curves: Curves) -> dict[str, list[tuple[int, float]]]:
    """Return by name the points of each curve, from small catalogs to large."""
    found: dict[str, list[tuple[int, float]]] = {}
    for row in sorted(rows, key=lambda one: int(one["items"])):
        name = curves.name_of(row)
        if name is not None and row.get(curves.value) is not None:
            found.setdefault(name, []).append((int(row["items"]), float(row[curves.value])))
    return found


def draw(rows: Sequence[Row], curves: Curves, file: Path) -> bool:
    """Write one picture; say whether there were two sizes to draw a line between."""
    lines = lines_of(rows, curves)
    if not any(len(points) > 1 for points in lines.values()):
        return False
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator

    settings = {"svg.fonttype": "none", "svg.hashsalt": "recsys", "font.family": "sans-serif"}
    with mpl.rc_context(settings):
        figure, axes = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
        for at, (name, points) in enumerate(lines.items()):
            places, heights = zip(*points, strict=True)
            colour, dashed = COLOURS[at % len(COLOURS)], at >= len(COLOURS)
            style = "--" if dashed else "-"
            axes.plot(places, heights, style, marker="o", markersize=4, color=colour, label=name)
        axes.set(xscale="log", yscale="log", xlabel="items (log)", ylabel=f"{curves.y_label} (log)")
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
        axes.yaxis.set_minor_formatter("{x:g}")
        axes.set_title(curves.title, loc="left", fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(visible=True, color="#d0d7de", linewidth=0.5)
        axes.legend(fontsize=8, frameon=False, loc="upper left")
        figure.savefig(file, format="svg", metadata={"Date": None}, transparent=False)
        plt.close(figure)
    return True


def main() -> int:
    """Draw every results file that is there."""
    if "--quick" not in sys.argv:
        return draw_all(PICTURES)
    with tempfile.TemporaryDirectory() as folder:
        return draw_all(Path(folder))


def draw_all(folder: Path) -> int:
    """Draw into a folder; return 0."""
    folder.mkdir(exist_ok=True)
    for name, curves in EVERY.items():
        path = RESULTS / f"{name}.json"
        file = folder / f"{name.replace('_', '-')}.svg"
        if path.exists() and draw(json.loads(path.read_text("utf-8"))["rows"], curves, file):
            print(f"wrote {file.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
