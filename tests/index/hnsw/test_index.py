from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.arrays import FloatMatrix
from recsys.core.errors import ArtifactError
from recsys.index import ExactIndex, FaissConfig, FaissIndex
from recsys.testing import VectorIndexContract
from recsys.testing.contracts import assert_same, grouped_vectors

Storage: TypeAlias = Literal["float32", "int8"]

SMALL: dict[str, Any] = {"m": 16, "ef_construction": 40}


class TestFlat(VectorIndexContract):
    def build(self, vectors: FloatMatrix) -> FaissIndex:
        return FaissIndex.build(vectors, FaissConfig(kind="flat"))


class TestGraph(VectorIndexContract):
    min_recall = 0.95
    is_exact = False

    def build(self, vectors: FloatMatrix) -> FaissIndex:
        return FaissIndex.build(vectors, FaissConfig(**SMALL, ef_search=32))


@pytest.fixture(scope="class")
def always_walking() -> Iterator[None]:
    """Small sets are cheaper to scan: here the graph has to answer whatever it can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys.index.hnsw.index.scan_is_cheaper", lambda *_, **__: False)
        yield


@pytest.mark.usefixtures("always_walking")
class TestWalkedGraph(VectorIndexContract):
    min_recall = 0.95
    is_exact = False
    storage: Storage = "float32"

    def build(self, vectors: FloatMatrix) -> FaissIndex:
        return FaissIndex.build(vectors, FaissConfig(**SMALL, ef_search=64, storage=self.storage))


class TestWalkedGraphOfBytes(TestWalkedGraph):
    storage = "int8"


@pytest.mark.usefixtures("always_walking")
@pytest.mark.parametrize("storage", ["float32", "int8"])
def test_the_short_among_very_long_vectors_are_found_when_only_they_are_allowed(
    storage: Storage,
) -> None:
    # linked by inner product alone, every walk ends at the long ones: recall .25 here
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(2000, 16)) * rng.lognormal(0, 1, (2000, 1))
    queries = rng.normal(size=(100, 16)).astype(np.float32)
    config = FaissConfig(**SMALL, ef_search=64, storage=storage)
    index = FaissIndex.build(vectors.astype(np.float32), config)
    lengths = np.linalg.norm(vectors, axis=1)
    for allowed in (lengths > 0, lengths < np.quantile(lengths, 0.3)):
        found = index.search(queries, k=10, allowed=allowed)
        best = index.exact.search(queries, k=10, allowed=allowed)
        assert (found.rows[:, :, None] == best.rows[:, None, :]).any(axis=2).mean() >= 0.95


@pytest.mark.usefixtures("always_walking")
def test_a_query_the_graph_leaves_short_is_answered_by_the_scan() -> None:
    vectors = grouped_vectors(400, seed=1)
    index = FaissIndex.build(vectors, FaissConfig(**SMALL, ef_search=8))
    queries = grouped_vectors(3, seed=2)
    seen = np.argsort(-(queries @ vectors.T), axis=1)[:, :395]
    exclude = sp.csr_matrix(
        (np.ones(seen.size), seen.ravel(), np.arange(0, seen.size + 1, 395)), shape=(3, 400)
    )
    found = index.search(queries, k=5, exclude=exclude)
    assert_same(found, index.exact.search(queries, k=5, exclude=exclude))


def test_the_same_vectors_build_the_same_graph(tmp_path: Path) -> None:
    vectors = grouped_vectors(600, seed=3)
    for name in ("one", "two"):
        FaissIndex.build(vectors, FaissConfig(**SMALL)).save(tmp_path / name)
    files = [(tmp_path / name / "index.faiss").read_bytes() for name in ("one", "two")]
    assert files[0] == files[1]


def test_another_effort_shares_the_graph() -> None:
    index = FaissIndex.build(grouped_vectors(50, seed=4), FaissConfig(**SMALL))
    other = index.with_ef_search(7)
    assert other.graph is index.graph
    assert (index.config.ef_search, other.config.ef_search) == (128, 7)


def test_a_damaged_graph_never_reaches_faiss(tmp_path: Path) -> None:
    FaissIndex.build(np.eye(4, dtype=np.float32), FaissConfig(**SMALL)).save(tmp_path / "index")
    path = tmp_path / "index" / "index.faiss"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ArtifactError, match="must be the file that was saved"):
        FaissIndex.load(tmp_path / "index")


def test_an_exact_folder_is_not_a_faiss_folder(tmp_path: Path) -> None:
    ExactIndex.build(np.eye(4, dtype=np.float32)).save(tmp_path / "index")
    with pytest.raises(ArtifactError, match="must be of kind 'faiss'; got 'exact'"):
        FaissIndex.load(tmp_path / "index")
