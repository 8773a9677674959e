"""Numbers that others published, made to appear here: an evaluator that misses them is wrong."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.quality import results
from benchmarks.quality.datasets import TASKS, load
from benchmarks.quality.gfcf import gfcf
from benchmarks.quality.problem import prepare
from recsys.evaluation import EvaluationOptions, evaluate
from recsys.serving import RecommenderConfig


@dataclass(frozen=True, slots=True)
class Anchor:
    """A published number, and the settings that must give it.

    Attributes
    ----------
    name, data : str
    block : str
        The one block of the hybrid, with ``settings``; "gfcf" is :mod:`benchmarks.quality.gfcf`.
    settings : dict
    expected : dict
        Metric to number.
    tolerance : float
        Half a unit of the last published digit, or what the method's randomness needs.
    mask : bool
        Whether the pairs of the validation file are masked too.
    """

    name: str
    data: str
    block: str
    settings: dict[str, Any]
    expected: dict[str, float]
    tolerance: float = 6e-5
    mask: bool = True


ALL_TIME = {"half_life_days": None, "forecast_new": False}

ANCHORS = (
    Anchor(
        "popularity", "gowalla", "popularity", ALL_TIME, {"recall@20": 0.0416, "ndcg@20": 0.0317}
    ),
    Anchor(
        "popularity, mask train only",
        "ml-1m-temporal",
        "popularity",
        ALL_TIME,
        {"recall@20": 0.0944, "ndcg@20": 0.0665},
        mask=False,
    ),
    Anchor(
        "EASE 300",
        "ml-1m-temporal",
        "ease",
        {"regularization": 300.0},
        {"recall@20": 0.1815, "ndcg@20": 0.1158},
    ),
    Anchor(
        "EASE 400",
        "ml-100k",
        "ease",
        {"regularization": 400.0},
        {"ndcg@10": 0.4855, "map@10": 0.1505, "precision@10": 0.4224, "recall@10": 0.2302},
    ),
    Anchor("GF-CF", "gowalla", "gfcf", {}, {"recall@20": 0.1849}, tolerance=0.001),
)


def measure_anchor(anchor: Anchor, folder: Path) -> dict[str, float]:
    """Return what the anchor's settings give here, for each metric expected."""
    task = TASKS[anchor.data]
    split = load(task, folder)
    if anchor.block == "gfcf":
        problem, judge = prepare(split, task.ks)
        per_user = judge.measure(gfcf(problem.train))
        return {name: round(float(per_user[name].mean()), 5) for name in anchor.expected}
    hybrid = {
        "blocks": [
            {"kind": anchor.block, "settings": anchor.settings},
            # a kernel alone has no vectors to search; at weight 0 this one changes no score
            {"kind": "popularity", "settings": ALL_TIME, "name": "nothing"},
        ],
        "weights": {anchor.block: [1.0], "nothing": [0.0]},
    }
    found = evaluate(
        split.train,
        split.test,
        mask=split.mask if anchor.mask else None,
        catalog=split.catalog,
        config=RecommenderConfig.from_dict({"hybrid": hybrid}),
        options=EvaluationOptions(ks=task.ks, n_resamples=1),
    )
    return {name: round(found.metrics[name], 5) for name in anchor.expected}


def misses(anchor: Anchor, measured: dict[str, float]) -> list[str]:
    """Return the metrics that are not what was published."""
    return [
        name
        for name, value in anchor.expected.items()
        if abs(measured[name] - value) > anchor.tolerance
    ]


def write_anchors(path: Path, folder: Path | None, *, again: bool) -> int:
    """Measure the anchors into the results file; return how many miss."""
    if folder is None:
        print("anchors: RECSYS_DATA does not name the folder of the public data sets")
        return 0
    tree = results.library_tree()
    known = {(one["name"], one["data"]): one for one in results.load(path)["anchors"]}
    failed = 0
    for anchor in ANCHORS:
        row = known.get((anchor.name, anchor.data), {})
        if again or row.get("library") != tree:
            row = _row(anchor, folder, tree)
            print(f"{anchor.data}: {anchor.name}: {row['measured']} (expected {anchor.expected})")
            known[(anchor.name, anchor.data)] = row
            with results.changing(path) as found:
                found["anchors"] = [
                    known[key] for one in ANCHORS if (key := (one.name, one.data)) in known
                ]
        failed += bool(row["misses"])
    return failed


def _row(anchor: Anchor, folder: Path, tree: str) -> dict[str, Any]:
    started = time.process_time()
    measured = measure_anchor(anchor, folder)
    return {
        **asdict(anchor),
        "measured": measured,
        "misses": misses(anchor, measured),
        "cpu_s": round(time.process_time() - started, 1),
        "library": tree,
        "revision": results.revision(),
    }
