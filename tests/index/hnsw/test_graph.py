import numpy as np
import pytest

from recsys.core.errors import ConfigError
from recsys.index.hnsw.graph import FaissConfig, Graph
from recsys.index.hnsw.links import faiss_module
from recsys.testing.contracts import grouped_vectors


def test_candidates_are_rows_padded_with_minus_one() -> None:
    vectors = np.eye(5, 3, dtype=np.float32)
    graph = Graph.build(vectors, FaissConfig(m=4))
    nothing = np.zeros(0, dtype=np.bool_)
    found = graph.candidates(vectors[:2], ef_search=7, allowed=nothing, n_threads=1)
    assert found.dtype == np.int32
    assert sorted(found[0].tolist()) == [-1, -1, 0, 1, 2, 3, 4]


def test_a_mask_limits_the_candidates() -> None:
    vectors = grouped_vectors(300, seed=1)
    graph = Graph.build(vectors, FaissConfig(m=8))
    allowed = np.arange(300) % 3 == 0
    found = graph.candidates(vectors[:9], ef_search=40, allowed=allowed, n_threads=2)
    assert (found[found >= 0] % 3 == 0).all()


def test_faiss_keeps_its_threads() -> None:
    faiss = faiss_module()
    before = faiss.omp_get_max_threads()
    vectors = np.eye(3, dtype=np.float32)
    graph = Graph.build(vectors, FaissConfig(m=4))
    graph.candidates(vectors, ef_search=2, allowed=np.zeros(0, dtype=np.bool_), n_threads=1)
    assert faiss.omp_get_max_threads() == before


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="m: "):
        FaissConfig(m=2)
    with pytest.raises(ConfigError, match="m: "):
        FaissConfig(m=5)
    with pytest.raises(ConfigError, match="storage"):
        FaissConfig.from_dict({"storage": "int4"})


@pytest.mark.parametrize("former", [{"kind": "flat"}, {"kind": "hnsw", "storage": "int8"}])
def test_former_settings_are_read_and_left_out(former: dict[str, str]) -> None:
    assert FaissConfig.from_dict({"m": 8, **former}).to_dict() == FaissConfig(m=8).to_dict()
