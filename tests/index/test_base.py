import numpy as np
import pytest

from recsys.core.errors import DataError
from recsys.core.topk import TopK
from recsys.index import (
    CodeIndex,
    DeltaIndex,
    ExactIndex,
    FaissConfig,
    FaissIndex,
    Request,
    VectorIndex,
)
from recsys.index.base import Searching


def test_every_index_is_a_vector_index() -> None:
    vectors = np.eye(3, dtype=np.float32)
    assert isinstance(ExactIndex.build(vectors), VectorIndex)
    assert isinstance(FaissIndex.build(vectors, FaissConfig(m=4)), VectorIndex)


def test_vectors_alone_are_no_index() -> None:
    assert not isinstance(np.eye(3), VectorIndex)


class Counting(Searching):
    """Three vectors of two numbers; keeps what it was asked."""

    n_items = 3
    n_factors = 2

    def __init__(self) -> None:
        self.asked: list[tuple[Request, int | None]] = []

    def answer(self, request: Request, *, n_threads: int | None = None) -> TopK:
        self.asked.append((request, n_threads))
        return TopK(np.zeros((1, 1), np.int32), np.zeros((1, 1), np.float32))


def test_a_search_is_the_answer_to_a_checked_request() -> None:
    index = Counting()
    index.search(np.array([[1, 2]]), k=1, allowed=np.array([True, False, True]), n_threads=2)
    ((request, n_threads),) = index.asked
    assert request.queries.dtype == np.float32
    assert request.k == 1
    assert request.allowed.tolist() == [True, False, True]
    assert n_threads == 2


def test_a_wrong_request_is_never_answered() -> None:
    index = Counting()
    with pytest.raises(DataError, match="k must be > 0"):
        index.search(np.ones((1, 2), np.float32), k=0)
    with pytest.raises(DataError, match=r"\(n_queries, 2\)"):
        index.search(np.ones((1, 3), np.float32), k=1)
    assert not index.asked


@pytest.mark.parametrize("kind", [ExactIndex, FaissIndex, CodeIndex, DeltaIndex])
def test_no_index_has_a_search_of_its_own(kind: type) -> None:
    assert issubclass(kind, Searching)
    assert "search" not in vars(kind)
