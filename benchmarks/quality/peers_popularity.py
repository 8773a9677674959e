"""Baselines that anyone has with one line of SQL: popularity of all time, and decayed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.quality.peers import Params, Peer
from benchmarks.quality.problem import Problem, Scores
from recsys.core.arrays import FloatMatrix, RowArray

ALL_TIME = "SELECT item, count(*) AS score FROM events GROUP BY item"
DECAYED = "SELECT item, sum(pow(2, -age_days / {half_life})) AS score FROM events GROUP BY item"

HALF_LIVES = (7.0, 1.0, 3.0, 14.0, 30.0, 90.0)


def by_sql(problem: Problem, sql: str) -> Scores:
    """Return the same scores for everyone: what a query on (item, age_days) gives."""
    import duckdb
    import pyarrow as pa

    times = problem.event_times.astype("datetime64[us]").astype(np.int64)
    ages = (times.max(initial=0) - times) / 86_400e6
    events = pa.table({"item": problem.event_items, "age_days": ages})
    with duckdb.connect() as connection:
        connection.register("events", events)
        found = connection.execute(sql).fetchnumpy()
    line = np.zeros(problem.n_items, np.float32)
    line[found["item"]] = found["score"]

    def scores(user_rows: RowArray) -> FloatMatrix:
        return np.broadcast_to(line, (len(user_rows), len(line)))

    return scores


def all_time(problem: Problem, params: Params) -> Scores:  # noqa: ARG001
    return by_sql(problem, ALL_TIME)


def decayed(problem: Problem, params: Params) -> Scores:
    return by_sql(problem, DECAYED.format(half_life=params["half_life_days"]))


def half_lives(problem: Problem) -> Sequence[Params]:  # noqa: ARG001
    return [{"half_life_days": days} for days in HALF_LIVES]


def without_times(problem: Problem) -> str:
    return "" if problem.has_times else "the events have no time"


PEERS = (
    Peer("popularity", "duckdb", lambda problem: [{}], all_time),  # noqa: ARG005
    Peer("decayed popularity", "duckdb", half_lives, decayed, skip=without_times),
)
