"""Tuning ef_search."""

import numpy as np
import pytest

from recsys.core.errors import ConfigError
from recsys.index import (
    FaissConfig,
    FaissIndex,
    measure_recall,
    tune_search,
)
from recsys.testing.contracts import grouped_vectors


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> FaissIndex:
    monkeypatch.setattr("recsys.index.hnsw.index.scan_is_cheaper", lambda *_, **__: False)
    return FaissIndex.build(grouped_vectors(3000, seed=1), FaissConfig(m=4, ef_construction=20))


def test_the_effort_rises_until_enough_is_found(index: FaissIndex) -> None:
    queries = grouped_vectors(50, seed=2)
    low = tune_search(index, index.exact, queries, k=10, target=0.5)
    high = tune_search(index, index.exact, queries, k=10, target=0.97)
    assert low.recall >= 0.5
    assert high.recall >= 0.97
    assert low.ef_search < high.ef_search
    found = index.with_ef_search(high.ef_search)
    assert measure_recall(found, index.exact, queries, 10) == high.recall


def test_a_target_out_of_reach_needs_the_exact_index(
    index: FaissIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.index.hnsw.tune.measure_recall", lambda *_: 0.9)
    tuned = tune_search(index, index.exact, grouped_vectors(5, seed=2), k=10, target=0.99)
    assert tuned.needs_exact
    assert (tuned.ef_search, tuned.recall) == (4096, 0.9)


def test_what_cannot_be_tuned_is_refused(index: FaissIndex) -> None:
    queries = grouped_vectors(5, seed=2)
    with pytest.raises(ConfigError, match="target must be in"):
        tune_search(index, index.exact, queries, k=10, target=0)
    flat = FaissIndex.build(np.eye(3), FaissConfig(kind="flat"))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="kind 'hnsw'"):
        tune_search(flat, flat.exact, queries, k=10, target=0.9)
