from typing import TypeAlias

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.arrays import Csr, RowArray
from recsys.core.errors import DataError
from recsys.metrics import beyond, coverage, gini, intra_list_diversity, novelty
from recsys.testing import (
    interactions,
    naive_coverage,
    naive_diversity,
    naive_gini,
    naive_novelty,
    topk_lists,
)

Shown: TypeAlias = "tuple[RowArray, int, int]"
"""Lists, the number of items, and k."""

NOTHING = np.full((2, 3), -1, dtype=np.int32)


@st.composite
def shown_lists(draw: st.DrawFn) -> Shown:
    n_items, width = draw(st.integers(1, 12)), draw(st.integers(1, 8))
    ranked = draw(topk_lists(draw(st.integers(1, 6)), n_items, k=width))
    return ranked, n_items, draw(st.integers(1, width))


@given(case=shown_lists())
def test_coverage_and_gini_are_the_naive_ones(case: Shown) -> None:
    ranked, n_items, k = case
    lists = ranked[:, :k].tolist()
    assert coverage(ranked, n_items=n_items, k=k) == naive_coverage(lists, n_items)
    expected = pytest.approx(naive_gini(lists, n_items), abs=1e-12, nan_ok=True)
    assert gini(ranked, n_items=n_items, k=k) == expected


@given(case=shown_lists(), data=st.data())
def test_novelty_is_the_naive_one(case: Shown, data: st.DataObject) -> None:
    ranked, n_items, k = case
    counts = data.draw(st.lists(st.integers(0, 40), min_size=n_items, max_size=n_items))
    found = novelty(ranked, item_counts=np.array(counts), n_users=40, k=k)
    expected = [naive_novelty(one[:k], counts, 40) for one in ranked.tolist()]
    assert found.tolist() == pytest.approx(expected, nan_ok=True)


@given(features=interactions(), data=st.data())
def test_diversity_is_the_naive_one(features: Csr, data: st.DataObject) -> None:
    n_items = features.shape[0]
    k = data.draw(st.integers(1, n_items))
    ranked = data.draw(topk_lists(4, n_items, k=n_items))
    rows = [dict(zip(row.indices.tolist(), row.data.tolist(), strict=True)) for row in features]
    expected = [naive_diversity(one[:k], rows) for one in ranked.tolist()]
    found = intra_list_diversity(ranked, features, k=k)
    assert found.tolist() == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_diversity_in_chunks_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    features = sp.csr_matrix(rng.random((20, 6)) * (rng.random((20, 6)) < 0.4))
    ranked = np.argsort(rng.random((30, 20)), axis=1)[:, :5].astype(np.int32)
    whole = intra_list_diversity(ranked, features, k=5)
    monkeypatch.setattr(beyond, "CHUNK", 4)
    np.testing.assert_allclose(intra_list_diversity(ranked, features, k=5), whole)


def test_empty_lists_have_no_value() -> None:
    assert coverage(NOTHING, n_items=4, k=3) == 0.0
    assert np.isnan(gini(NOTHING, n_items=4, k=3))
    assert np.isnan(novelty(NOTHING, item_counts=np.ones(4), n_users=4, k=3)).all()
    assert np.isnan(intra_list_diversity(NOTHING, sp.csr_matrix((4, 2)), k=3)).all()


def test_a_k_or_a_row_out_of_range_is_refused() -> None:
    for k in (0, 4):
        with pytest.raises(DataError, match="k must be from 1 to the length of the lists"):
            coverage(NOTHING, n_items=4, k=k)
    with pytest.raises(DataError, match="ranked_rows must be from -1 to 3; got 4 to 4"):
        gini(np.array([[4]], dtype=np.int32), n_items=4, k=1)
