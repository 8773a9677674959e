import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.arrays import Csr
from recsys.index import ExactIndex, FaissConfig, FaissIndex
from recsys.index.request import checked_request
from recsys.testing import interactions
from recsys.testing.contracts import assert_same, grouped_vectors


@given(exclude=interactions(), which=st.data())
def test_some_queries_keep_their_own_exclusions(exclude: Csr, which: st.DataObject) -> None:
    n_queries, n_items = exclude.shape
    queries = np.arange(n_queries, dtype=np.float32)[:, None]
    request = checked_request(queries, 3, shape=(n_items, 1), exclude=exclude, allowed=None)
    places = which.draw(st.sets(st.integers(0, n_queries - 1), min_size=1).map(sorted))
    some = request.only(np.array(places))
    indptr, indices = some.exclude
    for place, start, stop in zip(places, indptr[:-1], indptr[1:], strict=True):
        assert indices[start:stop].tolist() == sorted(exclude[place].indices.tolist())
    assert some.queries[:, 0].tolist() == places
    assert some.n_excluded.tolist() == np.diff(exclude.indptr)[places].tolist()


def test_arguments_become_what_compiled_code_takes() -> None:
    exclude = sp.csr_matrix(np.array([[0, 1, 1], [1, 0, 0]]))
    request = checked_request(
        np.array([[1.0, 2.0], [3.0, 4.0]]).T[::-1],
        2,
        shape=(3, 2),
        exclude=exclude,
        allowed=np.array([True, False, True, False, True, True])[::2],
    )
    assert request.queries.flags.c_contiguous
    assert request.queries.dtype == np.float32
    assert [part.dtype for part in request.exclude] == [np.int64, np.int32]
    assert request.allowed.tolist() == [True, True, True]


def test_a_request_made_once_gets_the_answer_of_a_search() -> None:
    vectors, queries = grouped_vectors(30, seed=1), grouped_vectors(4, seed=2)
    exclude = sp.csr_matrix(np.eye(4, 30))
    request = checked_request(queries, 5, shape=vectors.shape, exclude=exclude, allowed=None)
    for index in (ExactIndex.build(vectors), FaissIndex.build(vectors, FaissConfig(m=8))):
        assert_same(index.answer(request), index.search(queries, k=5, exclude=exclude))
