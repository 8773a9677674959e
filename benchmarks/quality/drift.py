"""How far a model that only observes falls behind a refit, over many fits, and what drift says.

python benchmarks/quality/drift.py [--quick]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import arguments, show, write_results

import recsys
from recsys.datasets import load_movies
from recsys.evaluation import EvaluationOptions, measure

WEEK = np.timedelta64(7, "D")
FIRST, MOST_WEEKS = 18, 8
"""Weeks before the end of the first fit, and weeks that a fit is observed for."""
CONFIG = recsys.RecommenderConfig.from_dict({"preset": "fast"})
OPTIONS = EvaluationOptions(ks=(20,), n_resamples=1)


def main() -> None:
    quick = arguments("Observing against refitting.").quick
    events, catalog = load_movies()
    first, last = (4, 3) if quick else (FIRST, 1)
    pairs = list(weeks(events, catalog, first, last))
    rows = by_age(pairs)
    show(rows)
    if quick:
        return
    spearman = {
        "by age": float(spearmanr([r["drift"] for r in rows], [r["gap"] for r in rows])[0]),
        "single": float(spearmanr([p["drift"] for p in pairs], [p["gap"] for p in pairs])[0]),
    }
    write_results(
        "observe_drift",
        title="Observing for weeks, against a refit (movies)",
        caveats=[
            "Drift was measured on one data set with the fast preset; its half-life and its "
            "threshold were chosen there, without the last two weeks.",
            f"Drift tells the mean gap to a refit (rank correlation {spearman['by age']:.2f} over "
            f"weeks observed), not that of a single fit in a single week "
            f"({spearman['single']:.2f}), which depends on the weights that a refit finds.",
        ],
        columns=list(rows[0]),
        rows=rows,
        notes=[
            f"Fitted at each of {FIRST} weeks, observed week by week, and measured on the week "
            "after beside a fit of that day; a row is the mean over the fits.",
            "gap: what is lacking to the refit's nDCG@20, means over means; with its standard "
            "error over the fits, whose weeks overlap. due: share of fits where a refit was due.",
        ],
        pairs=pairs,
    )


def weeks(events: Any, catalog: Any, first: int, last: int) -> Iterator[dict[str, Any]]:
    """Yield what each fit is worth beside a refit, week after week."""
    end = events.last_time
    models: dict[int, recsys.Recommender] = {}
    for start in range(first, last - 1, -1):
        cut = end - WEEK * start
        train, test = events.before(cut).compact(), between(events, cut, cut + WEEK)
        refit = recsys.Recommender.fit(train, catalog, config=CONFIG)
        best = measure(refit, train, test, options=OPTIONS).metrics["ndcg@20"]
        models = {one: model for one, model in models.items() if one - start <= MOST_WEEKS}
        for one in models:
            models[one] = models[one].observe(between(events, cut - WEEK, cut))
            ndcg = measure(models[one], train, test, options=OPTIONS).metrics["ndcg@20"]
            drift = models[one].drift
            yield {
                "fit, weeks before the end": one,
                "weeks observed": one - start,
                "observed": round(ndcg, 4),
                "refitted": round(best, 4),
                "gap": round(1 - ndcg / best, 4),
                "drift": round(drift.value, 4),
                "due": drift.refit_due,
            }
        models[start] = refit


def by_age(pairs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return means over the fits, by weeks observed."""
    rows = []
    for age in sorted({pair["weeks observed"] for pair in pairs}):
        mine = [pair for pair in pairs if pair["weeks observed"] == age]
        ours, best = (np.array([pair[name] for pair in mine]) for name in ("observed", "refitted"))
        error = (best - ours).std(ddof=1) / np.sqrt(len(mine)) / best.mean() if mine[1:] else None
        rows.append(
            {
                "weeks observed": age,
                "fits": len(mine),
                "ndcg@20, observed": round(float(ours.mean()), 4),
                "ndcg@20, refitted": round(float(best.mean()), 4),
                "gap": round(float(1 - ours.mean() / best.mean()), 4),
                "standard error": None if error is None else round(float(error), 4),
                "drift": round(float(np.mean([pair["drift"] for pair in mine])), 4),
                "due": round(float(np.mean([pair["due"] for pair in mine])), 4),
            }
        )
    return rows


def between(events: Any, start: Any, stop: Any) -> Any:
    return events.select((events.occurred_at >= start) & (events.occurred_at < stop)).compact()


if __name__ == "__main__":
    main()
