"""Add a metric: how high the first relevant item stands, measured beside the usual ones."""

from typing import Any

import numpy as np

import recsys
from recsys.data import split_by_time
from recsys.datasets import load_movies
from recsys.evaluation import EvaluationOptions, evaluate


def first_rank(ranked_rows: Any, relevant: Any, k: int) -> Any:
    """Return the rank of each person's first hit, from 1; ``k + 1`` where there is none."""
    top = ranked_rows[:, :k]
    hits = np.array([np.isin(top[user], relevant[user].indices) for user in range(len(top))])
    return np.where(hits.any(axis=1), hits.argmax(axis=1) + 1.0, k + 1.0)


if __name__ == "__main__":
    events, catalog = load_movies()
    train, test = split_by_time(events, events.last_time - 14 * 24 * 3600 * 1_000_000)
    config = recsys.RecommenderConfig(model="popularity")
    options = EvaluationOptions(ks=(10,), metrics={"first_rank": first_rank})
    found = evaluate(train, test, catalog=catalog, config=config, options=options)
    low, high = found.intervals["first_rank@10"]
    print(f"first_rank@10 {found.metrics['first_rank@10']:.2f} ({low:.2f} to {high:.2f})")
