import numpy as np

from recsys.index import ExactIndex, FaissConfig, FaissIndex, VectorIndex


def test_every_index_is_a_vector_index() -> None:
    vectors = np.eye(3, dtype=np.float32)
    assert isinstance(ExactIndex.build(vectors), VectorIndex)
    assert isinstance(FaissIndex.build(vectors, FaissConfig(m=4)), VectorIndex)


def test_vectors_alone_are_no_index() -> None:
    assert not isinstance(np.eye(3), VectorIndex)
