"""The hybrid against each of its parts, on the embedded data, cut by time.

python benchmarks/quality/embedded.py [--quick]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import recsys
from benchmarks.harness import arguments, show, write_results
from benchmarks.quality.datasets import cut
from recsys.core.rng import named_rng
from recsys.datasets import load_community, load_movies
from recsys.evaluation import Evaluation, EvaluationOptions, evaluate
from recsys.metrics import paired_bootstrap


def popularity(half_life_days: float | None, *, forecast: bool) -> dict[str, Any]:
    """Return the settings of popularity alone."""
    settings = {"half_life_days": half_life_days, "forecast_new": forecast}
    block = {"kind": "popularity", "settings": settings}
    return {"hybrid": {"blocks": [block], "weights": {"popularity": [1.0]}}}


PARTS: dict[str, dict[str, Any]] = {
    "hybrid": {"model": "hybrid"},
    "hybrid, fast": {"model": "hybrid", "preset": "fast"},
    "popularity, all time": popularity(None, forecast=False),
    "popularity, half-life 3 days": popularity(3.0, forecast=False),
    "popularity, half-life 7 days": popularity(7.0, forecast=False),
    "popularity, 3 days, forecast for new items": popularity(3.0, forecast=True),
    "als": {"model": "als"},
    "content": {"model": "content"},
}

DATA = {"movies": (load_movies, 14), "community": (load_community, 28)}

COLUMNS = (
    "data",
    "model",
    "recall@20",
    "recall@20 interval",
    "ndcg@20",
    "ndcg@20 interval",
    "hybrid minus this, ndcg@20",
    "n_users",
    "fit_s",
)


def run(data: str, *, quick: bool) -> list[dict[str, Any]]:
    """Measure every part on one data set."""
    load, days = DATA[data]
    events, catalog, *rest = load()
    people = rest[0] if rest else None
    train, test = cut(events, days)
    measured: dict[str, Evaluation] = {}
    names = list(PARTS)[1:3] if quick else list(PARTS)
    for name in names:
        config = recsys.RecommenderConfig(**PARTS[name])
        options = EvaluationOptions(ks=(20,))
        measured[name] = evaluate(
            train, test, catalog=catalog, users=people, config=config, options=options
        )
    return [row(data, name, measured, against=names[0]) for name in names]


def row(data: str, name: str, measured: dict[str, Evaluation], *, against: str) -> dict[str, Any]:
    """Return one line of the table."""
    one, best = measured[name], measured[against]
    gap = paired_bootstrap(
        best.per_user["ndcg@20"], one.per_user["ndcg@20"], rng=named_rng(0, "gap", data, name)
    )
    out: dict[str, Any] = {"data": data, "model": name}
    for metric in ("recall@20", "ndcg@20"):
        low, high = one.intervals[metric]
        out[metric] = round(one.metrics[metric], 4)
        out[f"{metric} interval"] = f"{low:.4f} to {high:.4f}"
    out["hybrid minus this, ndcg@20"] = f"{gap.difference:.4f} ({gap.low:.4f} to {gap.high:.4f})"
    out["n_users"] = one.record["n_users"]
    out["fit_s"] = one.record["seconds"]["fit"]
    return out


def main() -> None:
    options = arguments(__doc__ or "")
    rows: list[dict[str, Any]] = []
    for data in DATA:
        rows += run(data, quick=options.quick)
        show(rows[-len(PARTS) :])
    if not options.quick:
        write_results(
            "embedded_quality",
            title="The hybrid and its parts, on the embedded data",
            caveats=[
                "Two small data sets; community has about fifty people in its test, so that its "
                "intervals are wide.",
                "One time cut each: the last 14 days of movies, the last 28 of community. "
                "Another cut gives other numbers.",
                "Most test pairs of the single cut of community are on questions younger than the "
                "cut. They are in the catalog with their time, as the protocol has it; a live "
                "service learns of them only when they are posted, so these numbers are too high "
                "for it: see the rolling windows.",
                "Movies holds only films with five ratings or more: a film without any yet is "
                "sure to get some, which favours a forecast for new items.",
                "Offline hits measure what people did anyway, not what a recommendation changes.",
            ],
            columns=COLUMNS,
            rows=rows,
            notes=[
                "Intervals are 95 % bootstrap intervals over people.",
                "The last column is paired over the same people.",
            ],
        )


if __name__ == "__main__":
    main()
