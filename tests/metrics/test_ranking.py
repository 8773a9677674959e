import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.arrays import Csr
from recsys.core.errors import DataError
from recsys.metrics import RANKING_METRICS, ranking, ranking_metrics
from recsys.testing import interactions, naive_user_metrics, topk_lists


@given(relevant=interactions(), data=st.data())
def test_every_metric_is_the_naive_one(relevant: Csr, data: st.DataObject) -> None:
    n_users, n_items = relevant.shape
    width = data.draw(st.integers(1, n_items + 3))
    ranked = data.draw(topk_lists(n_users, n_items, k=width))
    ks = data.draw(st.lists(st.integers(1, width), min_size=1, max_size=3))
    outside = data.draw(st.lists(st.integers(0, 3), min_size=n_users, max_size=n_users))
    n_relevant = np.diff(relevant.indptr) + np.array(outside)
    found = ranking_metrics(ranked, relevant, ks=ks, n_relevant=n_relevant)
    for user in range(n_users):
        items = set(relevant[user].indices.tolist())
        for k in ks:
            got = {name: found[f"{name}@{k}"][user] for name in RANKING_METRICS}
            if n_relevant[user] == 0:
                assert np.isnan(list(got.values())).all()
                continue
            total = int(n_relevant[user])
            naive = naive_user_metrics(ranked[user].tolist(), items, k, n_relevant=total)
            assert got == pytest.approx(naive, rel=1e-14)
            assert all(0 <= value <= 1 + 1e-12 for value in got.values())


def test_a_list_worked_by_hand() -> None:
    relevant = sp.csr_matrix(([1, 1], ([0, 0], [1, 4])), shape=(1, 6))
    ranked = np.array([[4, 0, 1, 5]], dtype=np.int32)
    found = ranking_metrics(ranked, relevant, ks=[3])
    assert {name: values[0] for name, values in found.items()} == pytest.approx(
        {
            "recall@3": 1.0,
            "precision@3": 2 / 3,
            "ndcg@3": (1 + 0.5) / (1 + 1 / np.log2(3)),
            "map@3": (1 + 2 / 3) / 2,
            "mrr@3": 1.0,
            "hit_rate@3": 1.0,
        }
    )


def test_the_ideal_list_has_the_best_value_of_every_metric() -> None:
    relevant = sp.csr_matrix(np.array([[1, 0, 1, 1]]))
    found = ranking_metrics(np.array([[2, 3, 0]], dtype=np.int32), relevant, ks=[3])
    assert {values[0] for values in found.values()} == {1.0}


def test_items_outside_the_candidates_count_in_the_denominator() -> None:
    relevant = sp.csr_matrix(np.array([[1, 0], [0, 0]]))
    ranked = np.array([[0], [0]], dtype=np.int32)
    found = ranking_metrics(ranked, relevant, ks=[1], n_relevant=np.array([4, 2]))
    assert found["recall@1"].tolist() == [0.25, 0.0]
    assert found["precision@1"].tolist() == [1.0, 0.0]


def test_people_are_measured_in_chunks_with_the_same_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    relevant = sp.csr_matrix(rng.random((50, 30)) < 0.2)
    ranked = np.argsort(rng.random((50, 30)), axis=1)[:, :10].astype(np.int32)
    whole = ranking_metrics(ranked, relevant, ks=[5, 10])
    monkeypatch.setattr(ranking, "CHUNK", 7)
    parts = ranking_metrics(ranked, relevant, ks=[5, 10])
    for name, values in whole.items():
        np.testing.assert_array_equal(values, parts[name])


def test_unsorted_and_repeated_relevant_items_count_once() -> None:
    relevant = sp.csr_matrix((np.ones(3), np.array([2, 0, 2]), np.array([0, 3])), shape=(1, 3))
    found = ranking_metrics(np.array([[2, 1]], dtype=np.int32), relevant, ks=[2])
    assert found["recall@2"].tolist() == [0.5]
    assert relevant.nnz == 3  # the caller's matrix is left alone


def test_wrong_arguments_are_refused() -> None:
    relevant, ranked = sp.csr_matrix(np.eye(2)), np.array([[0], [1]], dtype=np.int32)
    with pytest.raises(DataError, match="ks must be from 1 to the length of the lists"):
        ranking_metrics(ranked, relevant, ks=[2])
    with pytest.raises(DataError, match="one list per row of relevant"):
        ranking_metrics(ranked[:1], relevant, ks=[1])
    with pytest.raises(DataError, match="ranked_rows must be from -1 to 1"):
        ranking_metrics(ranked + np.int32(1), relevant, ks=[1])
    with pytest.raises(DataError, match="must not be below the items stored"):
        ranking_metrics(ranked, relevant, ks=[1], n_relevant=np.array([1, 0]))
    with pytest.raises(DataError, match="one number per user"):
        ranking_metrics(ranked, relevant, ks=[1], n_relevant=np.array([1]))
