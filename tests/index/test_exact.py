from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.arrays import FloatMatrix
from recsys.core.errors import ArtifactError
from recsys.index import ExactIndex, score_rows
from recsys.index.exact import score_error_bound
from recsys.testing import VectorIndexContract, naive_top_k
from recsys.testing.contracts import assert_same, grouped_vectors


class TestExactIndex(VectorIndexContract):
    def build(self, vectors: FloatMatrix) -> ExactIndex:
        return ExactIndex.build(vectors)


@pytest.fixture(scope="class")
def always_many() -> Iterator[None]:
    """A single query counts as many: the longest vectors are looked at first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys.index.exact.MANY", 1)
        yield


@pytest.mark.usefixtures("always_many")
class TestExactIndexByLength(VectorIndexContract):
    def build(self, vectors: FloatMatrix) -> ExactIndex:
        return ExactIndex.build(vectors)


@pytest.mark.parametrize("n_queries", [1, 7, 700])
def test_many_tiles_give_the_answer_of_one_matrix(n_queries: int) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.integers(-3, 4, (3001, 9)).astype(np.float32)
    queries = rng.integers(-3, 4, (n_queries, 9)).astype(np.float32)
    found = ExactIndex.build(vectors).search(queries, k=25, n_threads=2)
    expected = np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :25]
    assert (found.rows == expected).all()


@pytest.mark.parametrize("share", [0.02, 0.6])
def test_a_mask_gives_the_same_by_scanning_few_and_by_checking_many(share: float) -> None:
    vectors, queries = grouped_vectors(4000, seed=1), grouped_vectors(5, seed=2)
    allowed = np.random.default_rng(3).random(4000) < share
    found = ExactIndex.build(vectors).search(queries, k=10, allowed=allowed)
    rows = set(np.flatnonzero(allowed).tolist())
    everything = np.tile(np.arange(4000, dtype=np.int32), (5, 1))
    scores = score_rows(queries, vectors, everything).tolist()
    assert found.rows.tolist() == naive_top_k(scores, 10, allowed=rows)


def test_the_answer_does_not_depend_on_threads() -> None:
    vectors, queries = grouped_vectors(5000, seed=1), grouped_vectors(1100, seed=2)
    index = ExactIndex.build(vectors)
    expected = index.search(queries, k=10, n_threads=1)
    assert_same(index.search(queries, k=10, n_threads=3), expected)
    assert_same(index.search(queries, k=10), expected)


@pytest.mark.parametrize("share", [0.1, 0.6, 1.0])
def test_a_list_is_the_same_alone_and_among_many(share: float) -> None:
    vectors, queries = grouped_vectors(3000, seed=1), grouped_vectors(300, seed=2)
    queries[::7] = 0  # people of whom nothing is known
    exclude = sp.csr_matrix(np.random.default_rng(3).random((300, 3000)) < 0.01, dtype=np.float32)
    allowed = np.random.default_rng(4).random(3000) < share if share < 1 else None
    index = ExactIndex.build(vectors)
    found = index.search(queries, k=20, exclude=exclude, allowed=allowed)
    for at in range(0, 300, 5):
        one = index.search(queries[at : at + 1], k=20, exclude=exclude[at], allowed=allowed)
        assert one.rows[0].tolist() == found.rows[at].tolist()
        assert one.scores[0].tolist() == found.scores[at].tolist()


def test_nearly_equal_scores_are_ordered_by_the_one_kernel() -> None:
    # 1,000 copies that differ in the last bits only: any two BLAS products may swap them
    rng = np.random.default_rng(4)
    vectors = np.repeat(rng.normal(size=(1, 40)), 1000, axis=0).astype(np.float32)
    vectors += rng.integers(-1, 2, vectors.shape).astype(np.float32) * np.float32(1e-7)
    queries = rng.normal(size=(30, 40)).astype(np.float32)
    everything = np.tile(np.arange(1000, dtype=np.int32), (30, 1))
    scores = score_rows(queries, vectors, everything)
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :50]
    found = ExactIndex.build(vectors).search(queries, k=50)
    assert (found.rows == expected).all()


def test_the_rounding_bound_holds_for_any_order_of_the_sum() -> None:
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(500, 200)).astype(np.float32)
    queries = rng.normal(size=(40, 200)).astype(np.float32)
    order = rng.permutation(200)
    one = queries @ vectors.T
    other = queries[:, order] @ vectors[:, order].T
    bound = score_error_bound(queries, max_norm=float(np.linalg.norm(vectors, axis=1).max()))
    assert (one != other).any()
    assert (np.abs(one - other) <= bound[:, None]).all()


def test_tiny_numbers_keep_their_order() -> None:
    vectors = np.array([[1e-20], [3e-20], [2e-20]], dtype=np.float32)
    found = ExactIndex.build(vectors).search(np.array([[1e-20]], dtype=np.float32), k=3)
    assert found.rows.tolist() == [[1, 2, 0]]


def test_vectors_that_are_read_only_are_shared_not_copied() -> None:
    vectors = np.eye(3, dtype=np.float32)
    vectors.flags.writeable = False
    assert ExactIndex.build(vectors).vectors is vectors


def test_a_damaged_or_foreign_folder_is_refused(tmp_path: Path) -> None:
    index = ExactIndex.build(np.eye(3, dtype=np.float32))
    index.save(tmp_path / "index")
    (tmp_path / "index" / "vectors.npy").write_bytes(b"no array")
    with pytest.raises(ArtifactError, match=r"vectors\.npy is damaged or missing"):
        ExactIndex.load(tmp_path / "index")
    with pytest.raises(ArtifactError, match="must hold a saved index"):
        ExactIndex.load(tmp_path)
