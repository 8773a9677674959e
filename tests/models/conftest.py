"""Small worlds with a known answer, for every block."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.arrays import Csr, freeze_csr
from recsys.data import PositiveEvents
from recsys.models.base import Queries, TrainingSet

NOW = np.datetime64("2024-03-01T00:00:00", "us")
N_GROUPS = 3


def make_training(
    interactions: Csr, *, features: Csr | None = None, times: np.ndarray | None = None
) -> TrainingSet:
    """Return a training set of read-only arrays; ``times`` is one per stored pair."""
    matrix = freeze_csr(sp.csr_matrix(interactions, dtype=np.float32))
    pairs = matrix.tocoo()
    n_users, n_items = matrix.shape
    when = np.full(matrix.nnz, np.datetime64("NaT", "us")) if times is None else times
    order = np.argsort(when, kind="stable")
    tags = sp.csr_matrix((n_items, 0)) if features is None else features
    return TrainingSet(
        interactions=matrix,
        events=PositiveEvents(
            user_rows=pairs.row[order].astype(np.int32),
            item_rows=pairs.col[order].astype(np.int32),
            weights=pairs.data[order].astype(np.float32),
            occurred_at=when[order],
        ),
        item_features=freeze_csr(tags),
        user_features=freeze_csr(sp.csr_matrix((n_users, tags.shape[1]))),
        item_times=np.full(n_items, np.datetime64("NaT", "us")),
        now=np.datetime64("NaT", "us") if times is None else NOW,
    )


def make_queries(history: Csr, *, tags: Csr | None = None, ages: float = 0.0) -> Queries:
    """Return queries of read-only arrays."""
    matrix = freeze_csr(sp.csr_matrix(history, dtype=np.float32))
    declared = sp.csr_matrix((matrix.shape[0], 0)) if tags is None else tags
    return Queries(matrix, np.full(matrix.nnz, ages, np.float32), freeze_csr(declared))


@pytest.fixture
def training() -> TrainingSet:
    """60 people and 30 items in three groups that never mix; two tags name each item's group."""
    rng = np.random.default_rng(7)
    groups = np.arange(60)[:, None] % N_GROUPS == np.arange(30)[None, :] % N_GROUPS
    taken = groups & (rng.random((60, 30)) < 0.6)
    confidence = taken * rng.uniform(0.5, 3.0, size=taken.shape)
    tags = np.repeat(np.eye(N_GROUPS)[np.arange(30) % N_GROUPS], 2, axis=1) / np.sqrt(2)
    days = rng.integers(0, 90, size=int(taken.sum())).astype("timedelta64[D]")
    return make_training(
        sp.csr_matrix(confidence), features=sp.csr_matrix(tags, dtype=np.float32), times=NOW - days
    )


@pytest.fixture(scope="session")
def tastes() -> TrainingSet:
    """90 people who mostly take items of their own group, of three; no times, no tags."""
    rng = np.random.default_rng(11)
    own = np.arange(90)[:, None] % N_GROUPS == np.arange(60)[None, :] % N_GROUPS
    taken = rng.random(own.shape) < np.where(own, 0.5, 0.05)
    return make_training(sp.csr_matrix(taken.astype(np.float32)))


@pytest.fixture
def strangers() -> Queries:
    """Four people no training has seen: two histories, tags alone, nothing at all."""
    history = np.zeros((4, 30), np.float32)
    history[0, [0, 3]] = [1.0, 2.0]
    history[1, [1, 4, 7]] = 1.0
    tags = np.zeros((4, 2 * N_GROUPS), np.float32)
    tags[2, 4] = 1.0
    return make_queries(sp.csr_matrix(history), tags=sp.csr_matrix(tags), ages=10.0)


@pytest.fixture
def checkerboard() -> TrainingSet:
    """People take every second item; each leaves out one of theirs."""
    board = (np.arange(50)[:, None] + np.arange(10)[None, :]) % 2 == 0
    board[np.arange(50), (np.arange(50) % 10)] = False
    return make_training(sp.csr_matrix(board.astype(np.float32)))


@pytest.fixture
def new_training() -> Callable[..., TrainingSet]:
    """What makes a training set of a matrix."""
    return make_training


@pytest.fixture
def new_queries() -> Callable[..., Queries]:
    """What makes queries of a matrix."""
    return make_queries
