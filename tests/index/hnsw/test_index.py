import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.arrays import FloatMatrix
from recsys.core.errors import ArtifactError
from recsys.core.storage import sha256
from recsys.index import ExactIndex, FaissConfig, FaissIndex, load_index
from recsys.index.hnsw.index import widened_ef_search
from recsys.index.hnsw.links import faiss_module
from recsys.testing import VectorIndexContract
from recsys.testing.contracts import assert_same, grouped_vectors

SMALL: dict[str, Any] = {"m": 16, "ef_construction": 40}


class TestGraph(VectorIndexContract):
    min_recall = 0.95
    is_exact = False

    def build(self, vectors: FloatMatrix) -> FaissIndex:
        return FaissIndex.build(vectors, FaissConfig(**SMALL, ef_search=32))


@pytest.fixture(scope="class")
def scans_are_dear() -> Iterator[None]:
    """Small sets are cheaper to scan: here the graph has to answer whatever it can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys.index.hnsw.index.scan_ns", lambda *_, **__: np.inf)
        yield


@pytest.mark.usefixtures("scans_are_dear")
class TestSearchedGraph(VectorIndexContract):
    min_recall = 0.95
    is_exact = False

    def build(self, vectors: FloatMatrix) -> FaissIndex:
        return FaissIndex.build(vectors, FaissConfig(**SMALL, ef_search=64))


@pytest.mark.usefixtures("scans_are_dear")
def test_small_norms_among_very_large_ones_are_found_when_only_they_are_allowed() -> None:
    # linked by inner product alone, every search ends at the large ones: recall .25 here
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(2000, 16)) * rng.lognormal(0, 1, (2000, 1))
    queries = rng.normal(size=(100, 16)).astype(np.float32)
    index = FaissIndex.build(vectors.astype(np.float32), FaissConfig(**SMALL, ef_search=64))
    norms = np.linalg.norm(vectors, axis=1)
    for allowed in (norms > 0, norms < np.quantile(norms, 0.3)):
        found = index.search(queries, k=10, allowed=allowed)
        best = index.exact.search(queries, k=10, allowed=allowed)
        assert (found.rows[:, :, None] == best.rows[:, None, :]).any(axis=2).mean() >= 0.95


@given(
    n_excluded=st.integers(0, 10_000),
    k=st.integers(1, 500),
    ef_search=st.integers(1, 1000),
    share=st.floats(0.001, 1),
)
def test_ef_search_has_room_for_the_list_and_what_is_excluded(
    n_excluded: int, k: int, ef_search: int, share: float
) -> None:
    widened = widened_ef_search(n_excluded, k=k, ef_search=ef_search, share=share)
    assert widened >= max(2 * k, ef_search) + n_excluded
    assert widened * share >= k


@pytest.mark.usefixtures("scans_are_dear")
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


def test_another_ef_search_shares_the_graph() -> None:
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


def saved_before(folder: Path, vectors: FloatMatrix, former: dict[str, str]) -> None:
    """Write an index as version 0.1.0 did, of int8 vectors padded to 16 or without a graph."""
    faiss = faiss_module()
    padded = np.zeros((len(vectors), 16), np.float32)
    padded[:, : vectors.shape[1]] = vectors
    metric = faiss.METRIC_INNER_PRODUCT
    library = faiss.IndexHNSWSQ(16, faiss.ScalarQuantizer.QT_8bit, 16, metric)
    library.train(padded)
    library.add(padded)
    FaissIndex.build(vectors, FaissConfig(m=16)).save(folder)
    faiss.write_index(library, str(folder / "index.faiss"))
    manifest = json.loads((folder / "index.json").read_text())
    manifest["config"] |= former
    manifest["sha256"] = sha256(folder / "index.faiss")
    (folder / "index.json").write_text(json.dumps(manifest))


@pytest.mark.usefixtures("scans_are_dear")
@pytest.mark.parametrize(
    ("former", "kind"), [({"storage": "int8"}, FaissIndex), ({"kind": "flat"}, ExactIndex)]
)
def test_indexes_of_former_kinds_still_load(
    tmp_path: Path, former: dict[str, str], kind: type
) -> None:
    vectors, queries = grouped_vectors(500, seed=1, n_factors=10), grouped_vectors(40, seed=2)
    queries = np.ascontiguousarray(queries[:, :10])
    saved_before(tmp_path / "index", vectors, former)
    index = load_index(tmp_path / "index")
    assert type(index) is kind
    found, best = index.search(queries, k=10), ExactIndex.build(vectors).search(queries, k=10)
    assert (found.rows[:, :, None] == best.rows[:, None, :]).any(axis=2).mean() >= 0.9
