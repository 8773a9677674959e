"""How far a model that only observes falls behind a refit, week by week, and what drift says of it.

python benchmarks/quality/drift.py [--quick]
"""

from __future__ import annotations

import sys
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
STARTS, N_WEEKS = (12, 8), 7
CONFIG = recsys.RecommenderConfig.from_dict({"preset": "fast"})
OPTIONS = EvaluationOptions(ks=(20,), n_resamples=10)


def main() -> None:
    quick = arguments("Observing against refitting.").quick
    events, catalog = load_movies()
    starts, n_weeks = ((4,), 1) if quick else (STARTS, N_WEEKS)
    rows = [row for start in starts for row in weeks(events, catalog, start, n_weeks)]
    show(rows)
    if quick:
        return
    fit = float(spearmanr([r["drift"] for r in rows], [r["gap"] for r in rows])[0])
    write_results(
        "observe_drift",
        title="Observing for weeks, against a refit each week (movies)",
        caveats=[
            "One data set and the fast preset: 14 weeks from two fits, and no intervals.",
            f"The rank correlation of drift with the gap is {fit:.2f}: it does not tell the gap.",
        ],
        columns=list(rows[0]),
        rows=rows,
    )


def weeks(events: Any, catalog: Any, start: int, n_weeks: int) -> list[dict[str, Any]]:
    """Fit ``start`` weeks before the end, observe week by week, and measure on the week after."""
    end = events.last_time
    first = recsys.Recommender.fit(
        events.before(end - WEEK * start).compact(), catalog, config=CONFIG
    )
    model, rows = first, []
    for k in range(1, n_weeks + 1):
        cut = end - WEEK * (start - k)
        model = model.observe(between(events, cut - WEEK, cut))
        train, test = events.before(cut).compact(), between(events, cut, cut + WEEK)
        refit = recsys.Recommender.fit(train, catalog, config=CONFIG)
        ndcg = {
            name: measure(one, train, test, options=OPTIONS).metrics["ndcg@20"]
            for name, one in (("observed", model), ("refitted", refit), ("as it was", first))
        }
        row = {"fit, weeks before the end": start, "weeks observed": k}
        row |= {f"ndcg@20, {name}": round(value, 4) for name, value in ndcg.items()}
        row["gap"] = round(1 - ndcg["observed"] / ndcg["refitted"], 4)
        rows.append(row | {"drift": round(model.drift.value, 4)})
    return rows


def between(events: Any, start: Any, stop: Any) -> Any:
    return events.select((events.occurred_at >= start) & (events.occurred_at < stop)).compact()


if __name__ == "__main__":
    main()
