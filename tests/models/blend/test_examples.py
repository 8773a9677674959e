"""Labelled candidates that weights are learnt on."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.models.blend.examples import Examples, pooled_examples
from recsys.models.blend.pool import Pool

N_ITEMS = 30


def test_candidates_are_the_best_of_every_block_less_what_was_seen() -> None:
    n_items = 300
    one = np.arange(n_items, dtype=np.float32)[None, :]
    other = -one
    seen = sp.csr_matrix(([1.0], ([0], [n_items - 1])), shape=(1, n_items))
    taken = sp.csr_matrix(([1.0, 1.0], ([0, 0], [0, 150])), shape=(1, n_items))
    scores, relevant = pooled_examples([one, other], seen=seen, relevant=taken)
    candidates = set(scores[0, :, 0])
    assert {n_items - 2.0, 0.0} <= candidates
    assert n_items - 1.0 not in candidates
    assert scores[0, relevant[0], 0].tolist() == [0.0]


def test_what_is_alike_for_all_is_ranked_once_with_the_same_result() -> None:
    rng = np.random.default_rng(1)
    row = rng.normal(size=(1, N_ITEMS)).astype(np.float32)
    seen = sp.random(9, N_ITEMS, density=0.6, format="csr", random_state=0, dtype=np.float32)
    relevant = sp.random(9, N_ITEMS, density=0.1, format="csr", random_state=1, dtype=np.float32)
    other = rng.normal(size=(9, N_ITEMS)).astype(np.float32)
    shared, plain = (
        pooled_examples([one, other], seen=seen, relevant=relevant)
        for one in (np.broadcast_to(row, (9, N_ITEMS)), np.repeat(row, 9, axis=0))
    )
    np.testing.assert_array_equal(shared[0], plain[0])
    np.testing.assert_array_equal(shared[1], plain[1])


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_folds_keep_parts_whole_and_in_their_order(parts: list[int]) -> None:
    rows = np.array(parts, dtype=np.int32)
    pool = Pool.of(np.zeros((len(rows), 2, 1), np.float32), np.zeros((len(rows), 2), bool))
    folds = Examples(pool, rows, rows).folds(4)
    assert len(np.unique(folds)) == min(len(np.unique(rows)), 4)
    order = np.argsort(rows, kind="stable")
    assert (np.diff(folds[order]) >= 0).all()
    for part in np.unique(rows):
        assert len(np.unique(folds[rows == part])) == 1


@pytest.mark.parametrize("most", [1, 7, 240, 1000])
def test_thinning_keeps_at_most_so_many_people(most: int) -> None:
    pool = Pool.of(np.zeros((240, 2, 1), np.float32), np.zeros((240, 2), bool))
    nothing = np.zeros(240, np.int32)
    people = Examples(pool, nothing, nothing)
    some = people.thinned(most)
    assert some.shape == (people.pool.n_people,)
    assert 1 <= some.sum() <= most
