"""Small worlds with a known answer, for every block."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.models.base import Queries, TrainingSet
from recsys.testing.block_contract import (
    group_queries,
    group_training,
    history_queries,
    training_of,
)

N_GROUPS = 3


@pytest.fixture
def training() -> TrainingSet:
    """60 people and 30 items in three groups that never mix; two tags name each item's group."""
    return group_training()


@pytest.fixture(scope="session")
def tastes() -> TrainingSet:
    """90 people who mostly take items of their own group, of three; no times, no tags."""
    rng = np.random.default_rng(11)
    own = np.arange(90)[:, None] % N_GROUPS == np.arange(60)[None, :] % N_GROUPS
    taken = rng.random(own.shape) < np.where(own, 0.5, 0.05)
    return training_of(sp.csr_matrix(taken.astype(np.float32)))


@pytest.fixture
def strangers() -> Queries:
    """Four people no training has seen: two histories, tags alone, nothing at all."""
    return group_queries()


@pytest.fixture
def checkerboard() -> TrainingSet:
    """People take every second item; each leaves out one of theirs."""
    board = (np.arange(50)[:, None] + np.arange(10)[None, :]) % 2 == 0
    board[np.arange(50), (np.arange(50) % 10)] = False
    return training_of(sp.csr_matrix(board.astype(np.float32)))


@pytest.fixture
def new_training() -> Callable[..., TrainingSet]:
    """What makes a training set of a matrix."""
    return training_of


@pytest.fixture
def new_queries() -> Callable[..., Queries]:
    """What makes queries of a matrix."""
    return history_queries
