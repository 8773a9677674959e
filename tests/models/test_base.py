"""What a model is given."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.models.base import Block, Queries, TrainingSet
from recsys.models.blocks.neighbours.ease import EASEBlock
from recsys.models.blocks.popularity.popularity import PopularityBlock
from recsys.testing import interactions


def queries_of(matrix: sp.csr_matrix) -> Queries:
    """Return queries whose ages say which pair they belong to."""
    ages = np.arange(matrix.nnz, dtype=np.float32)
    return Queries(matrix, ages, sp.csr_matrix(np.arange(matrix.shape[0])[:, None], dtype=float))


def test_sizes_are_those_of_the_interactions(training: TrainingSet) -> None:
    assert (training.n_users, training.n_items) == (60, 30)
    assert training.has_times


def test_without_a_moment_there_are_no_times(
    training: TrainingSet, new_training: Callable[..., TrainingSet]
) -> None:
    assert not new_training(training.interactions).has_times


@given(data=st.data(), matrix=interactions())
def test_ages_stay_with_their_pairs_whichever_people_are_taken(
    data: st.DataObject, matrix: sp.csr_matrix
) -> None:
    queries = queries_of(matrix)
    rows = np.array(data.draw(st.lists(st.integers(0, matrix.shape[0] - 1))), dtype=np.int64)
    taken = queries.take(rows)
    assert taken.n_queries == len(rows)
    for place, row in enumerate(rows):
        mine = slice(matrix.indptr[row], matrix.indptr[row + 1])
        got = slice(taken.history.indptr[place], taken.history.indptr[place + 1])
        assert taken.history.indices[got].tolist() == matrix.indices[mine].tolist()
        assert taken.age_days[got].tolist() == queries.age_days[mine].tolist()
        assert taken.tags[place].toarray().item() == row


@given(data=st.data(), matrix=interactions())
def test_a_chunk_is_what_taking_its_rows_gives(data: st.DataObject, matrix: sp.csr_matrix) -> None:
    queries = queries_of(matrix)
    start = data.draw(st.integers(0, matrix.shape[0]))
    stop = data.draw(st.integers(start, matrix.shape[0] + 3))
    chunk = queries.chunk(start, stop)
    taken = queries.take(np.arange(start, min(stop, matrix.shape[0])))
    assert (chunk.history != taken.history).nnz == 0
    assert chunk.age_days.tolist() == taken.age_days.tolist()


@given(matrix=interactions())
def test_what_was_consumed_is_counted_per_person(matrix: sp.csr_matrix) -> None:
    assert queries_of(matrix).n_consumed.tolist() == (matrix.toarray() != 0).sum(axis=1).tolist()


@pytest.mark.parametrize(("sort", "is_vector"), [(PopularityBlock, True), (EASEBlock, False)])
def test_a_block_is_an_inner_product_or_a_kernel(sort: type[Block], is_vector: bool) -> None:
    assert hasattr(sort, "user_factors") == is_vector
    assert hasattr(sort, "candidate_scores") != is_vector
