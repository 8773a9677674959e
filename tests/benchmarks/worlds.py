"""Small data for the tests of the benchmarks."""

import numpy as np
import scipy.sparse as sp

import recsys
from benchmarks.quality.datasets import Split
from benchmarks.quality.problem import Problem

N_USERS, N_ITEMS = 40, 20


def two_tastes(seed: int = 0) -> Problem:
    """Even people take most even items, odd people most odd ones; two tags say which is which."""
    rng = np.random.default_rng(seed)
    same = (np.arange(N_USERS)[:, None] - np.arange(N_ITEMS)) % 2 == 0
    train = sp.csr_matrix((same & (rng.random(same.shape) < 0.7)).astype(np.float32))
    tags = sp.csr_matrix(np.eye(2, dtype=np.float32)[np.arange(N_ITEMS) % 2])
    return Problem(
        train=train,
        tags=tags,
        event_items=train.indices.astype(np.int32),
        event_times=np.arange(train.nnz).astype("datetime64[h]").astype("datetime64[us]"),
    )


def small_split(seed: int = 0) -> Split:
    """A made-up world, every fifth event to test, and some of its pairs masked."""
    events, catalog, people = recsys_world(seed)
    part = np.arange(events.n_events) % 5
    return Split(
        train=events.select(part < 3),
        test=events.select(part == 4),
        mask=events.select(part == 3),
        catalog=catalog,
        people=people,
    )


def recsys_world(seed: int) -> tuple[recsys.EventLog, recsys.Catalog, recsys.People]:
    from recsys.datasets import synthetic_world

    return synthetic_world(50, 30, seed=seed)
