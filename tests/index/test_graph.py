import numpy as np
import pytest

from recsys.core.errors import ConfigError
from recsys.index.graph import FaissConfig, Graph
from recsys.testing.contracts import grouped_vectors


@pytest.mark.parametrize("storage", ["float32", "int8"])
def test_candidates_are_rows_padded_with_minus_one(storage):
    vectors = np.eye(5, 3, dtype=np.float32)
    graph = Graph.build(vectors, FaissConfig(m=4, storage=storage), max_norm=1.0)
    nothing = np.zeros(0, dtype=np.bool_)
    found = graph.candidates(vectors[:2], n=7, allowed=nothing, n_threads=1)
    assert found.dtype == np.int32
    assert sorted(found[0].tolist()) == [-1, -1, 0, 1, 2, 3, 4]


def test_a_mask_limits_the_candidates():
    vectors = grouped_vectors(300, seed=1)
    graph = Graph.build(vectors, FaissConfig(m=8), max_norm=20.0)
    allowed = np.arange(300) % 3 == 0
    found = graph.candidates(vectors[:9], n=40, allowed=allowed, n_threads=2)
    assert (found[found >= 0] % 3 == 0).all()


def test_the_codes_of_all_vectors_are_equally_long():
    vectors = grouped_vectors(50, seed=2)
    longest = float(np.linalg.norm(vectors, axis=1).max())
    graph = Graph.build(vectors, FaissConfig(m=8), max_norm=longest)
    codes = graph.library.reconstruct_n(0, 50)
    np.testing.assert_allclose(np.linalg.norm(codes, axis=1), longest, rtol=1e-5)
    assert codes.shape[1] % 16 == 0


def test_faiss_keeps_its_threads(monkeypatch):
    faiss = pytest.importorskip("faiss")
    before = faiss.omp_get_max_threads()
    vectors = np.eye(3, dtype=np.float32)
    graph = Graph.build(vectors, FaissConfig(m=4), max_norm=1.0)
    graph.candidates(vectors, n=2, allowed=np.zeros(0, dtype=np.bool_), n_threads=1)
    assert faiss.omp_get_max_threads() == before


def test_settings_out_of_range_are_refused():
    with pytest.raises(ConfigError, match="m: "):
        FaissConfig(m=1)
    with pytest.raises(ConfigError, match="storage"):
        FaissConfig(storage="int4")
