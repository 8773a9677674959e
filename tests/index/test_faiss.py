import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.errors import ArtifactError
from recsys.index import ExactIndex, FaissConfig, FaissIndex, measure_recall
from recsys.testing import VectorIndexContract
from recsys.testing.contracts import assert_same, grouped_vectors

SMALL = {"m": 8, "ef_construction": 40}


class TestFlat(VectorIndexContract):
    def build(self, vectors):
        return FaissIndex.build(vectors, FaissConfig(kind="flat"))


class TestGraph(VectorIndexContract):
    min_recall = 0.95
    is_exact = False

    def build(self, vectors):
        return FaissIndex.build(vectors, FaissConfig(**SMALL, ef_search=32))


class Walking(VectorIndexContract):
    """Small sets are cheaper to scan: here the graph has to answer whatever it can."""

    min_recall = 0.95
    is_exact = False
    storage = "float32"

    @pytest.fixture(autouse=True, scope="class")
    def _never_scan(self):
        def never(effort, **_):
            return np.zeros(len(effort), dtype=np.bool_)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("recsys.index.faiss.scan_is_cheaper", never)
            yield

    def build(self, vectors):
        return FaissIndex.build(vectors, FaissConfig(**SMALL, ef_search=64, storage=self.storage))


class TestWalkedGraph(Walking):
    pass


class TestWalkedGraphOfBytes(Walking):
    storage = "int8"


@pytest.fixture
def walking(monkeypatch):
    monkeypatch.setattr(
        "recsys.index.faiss.scan_is_cheaper", lambda effort, **_: np.zeros(len(effort), np.bool_)
    )


def test_short_vectors_are_reachable_among_long_ones(walking):
    # without equal lengths a few long vectors become hubs, and the rest of the graph is unreachable
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(2000, 16)) * rng.lognormal(0, 1.5, (2000, 1))
    queries = rng.normal(size=(100, 16)).astype(np.float32)
    index = FaissIndex.build(vectors.astype(np.float32), FaissConfig(**SMALL, ef_search=64))
    assert measure_recall(index, index.exact, queries, 10) >= 0.95


@pytest.mark.usefixtures("walking")
def test_a_query_the_graph_leaves_short_is_answered_by_the_scan():
    vectors = grouped_vectors(400, seed=1)
    index = FaissIndex.build(vectors, FaissConfig(**SMALL, ef_search=8))
    queries = grouped_vectors(3, seed=2)
    seen = np.argsort(-(queries @ vectors.T), axis=1)[:, :395]
    exclude = sp.csr_matrix(
        (np.ones(seen.size), seen.ravel(), np.arange(0, seen.size + 1, 395)), shape=(3, 400)
    )
    found = index.search(queries, k=5, exclude=exclude)
    assert_same(found, index.exact.search(queries, k=5, exclude=exclude))


def test_the_same_vectors_build_the_same_graph(tmp_path):
    vectors = grouped_vectors(600, seed=3)
    for name in ("one", "two"):
        FaissIndex.build(vectors, FaissConfig(**SMALL)).save(tmp_path / name)
    files = [(tmp_path / name / "index.faiss").read_bytes() for name in ("one", "two")]
    assert files[0] == files[1]


def test_another_effort_shares_the_graph():
    index = FaissIndex.build(grouped_vectors(50, seed=4), FaissConfig(**SMALL))
    other = index.with_ef_search(7)
    assert other.graph is index.graph
    assert (index.config.ef_search, other.config.ef_search) == (128, 7)


def test_a_damaged_graph_never_reaches_faiss(tmp_path):
    FaissIndex.build(np.eye(4, dtype=np.float32), FaissConfig(**SMALL)).save(tmp_path / "index")
    path = tmp_path / "index" / "index.faiss"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ArtifactError, match="must be the file that was saved"):
        FaissIndex.load(tmp_path / "index")


def test_an_exact_folder_is_not_a_faiss_folder(tmp_path):
    ExactIndex.build(np.eye(4, dtype=np.float32)).save(tmp_path / "index")
    with pytest.raises(ArtifactError, match="must be of kind 'faiss'; got 'exact'"):
        FaissIndex.load(tmp_path / "index")
