"""A hybrid with changed and new items, against the same items in whole arrays."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.arrays import NO_ROW
from recsys.core.contribution import total
from recsys.core.errors import ConfigError
from recsys.core.progress import silent
from recsys.models.base import Block, Queries, TrainingSet
from recsys.models.blocks.factors.spectral import SpectralBlock, SpectralConfig
from recsys.models.blocks.neighbours.cooccurrence import CooccurrenceBlock
from recsys.models.blocks.neighbours.ease import EASEBlock
from recsys.models.blocks.popularity.popularity import PopularityBlock
from recsys.models.blocks.tags.content import ContentBlock
from recsys.models.delta_hybrid import DeltaHybrid, ItemDelta, empty_delta, itemwise
from recsys.models.hybrid import HybridModel

N_OLD, N_NEW = 30, 3


@pytest.fixture
def model(training: TrainingSet) -> HybridModel:
    blocks: list[Block] = [
        PopularityBlock(),
        ContentBlock(),
        EASEBlock(),
        SpectralBlock(SpectralConfig(n_factors=6)),
        CooccurrenceBlock(),
    ]
    for block in blocks:
        block.fit(training, progress=silent)
    return HybridModel(blocks, np.array([[1.0, 0.5, 0.2, 2.0, 0.7]] * 4))


def change(model: HybridModel, rows: list[int], tags: sp.csr_matrix) -> ItemDelta:
    """Give items, new or old, the vectors of new items with these tags."""
    blocks = [itemwise(part.block).of_new_items(tags) for part in empty_delta(model).parts]
    return ItemDelta.of(np.array(rows, np.int32), blocks)


@pytest.fixture
def patched(model: HybridModel, training: TrainingSet) -> DeltaHybrid:
    patch = change(model, [4, 30, 31, 32], training.item_features[[5, 0, 1, 2]])
    return DeltaHybrid(model, patch)


@pytest.fixture
def readers(training: TrainingSet) -> Queries:
    """Two histories with new items, one without, and nobody."""
    history = np.zeros((4, N_OLD + N_NEW), np.float32)
    history[0, [0, 4, 30]] = [1.0, 2.0, 1.0]
    history[1, [1, 32]] = 1.0
    history[2, [5, 8]] = 1.0
    matrix = sp.csr_matrix(history)
    tags = sp.csr_matrix((4, training.item_features.shape[1]), dtype=np.float32)
    return Queries(matrix, np.arange(matrix.nnz, dtype=np.float32), tags)


def test_it_answers_like_the_whole_model_of_the_same_items(
    patched: DeltaHybrid, readers: Queries
) -> None:
    whole = patched.merged()
    assert whole.n_items == patched.n_items == N_OLD + N_NEW
    np.testing.assert_array_equal(patched.item_factors, whole.item_factors)
    states, expected = patched.states(readers), whole.states(readers)
    np.testing.assert_allclose(states.vectors, expected.vectors, rtol=1e-5, atol=1e-6)
    assert states.buckets.tolist() == expected.buckets.tolist()
    vectors = whole.query_vectors(expected)
    np.testing.assert_allclose(patched.products(vectors), whole.products(vectors), rtol=1e-5)
    rows = np.array([[4, 32, NO_ROW, 7]] * 4, np.int32)
    np.testing.assert_array_equal(
        patched.pair_products(vectors, rows), whole.pair_products(vectors, rows)
    )
    np.testing.assert_array_equal(
        patched.vectors_of(np.array([31, 2, 4])), whole.item_factors[[31, 2, 4]]
    )


def test_kernels_give_new_items_nothing_and_forget_them_in_histories(
    patched: DeltaHybrid, readers: Queries
) -> None:
    states = patched.states(readers)
    scores = patched.kernel_scores(readers, states)
    assert scores.shape == (4, N_OLD + N_NEW)
    assert not scores[:, N_OLD:].any()
    assert scores[0, :N_OLD].any()
    rows = np.tile(np.arange(N_OLD + N_NEW, dtype=np.int32), (4, 1))
    some = patched.kernel_candidate_scores(readers, states, item_rows=rows)
    np.testing.assert_allclose(some, scores, atol=1e-5)


def test_the_parts_of_an_explanation_sum_to_the_score(
    patched: DeltaHybrid, readers: Queries
) -> None:
    states = patched.states(readers)
    rows = np.array([32, 4, 9, 30], np.int32)
    wide = np.tile(rows, (4, 1))
    scores = patched.pair_products(patched.query_vectors(states), wide)
    scores += patched.kernel_candidate_scores(readers, states, item_rows=wide)
    for line in range(4):
        at = np.array([line])
        for one in (patched, patched.merged()):
            parts = one.explain(readers.take(at), states.take(at), item_rows=rows)
            np.testing.assert_allclose(total(parts, 4), scores[line], rtol=1e-3, atol=1e-4)
    parts = patched.explain(readers.take(np.array([1])), states.take(np.array([1])), item_rows=rows)
    named = {row for part in parts if part.source == "item" for row in part.rows.tolist()}
    assert named == {1, 32}


def test_the_later_of_two_patches_counts(model: HybridModel, training: TrainingSet) -> None:
    first = change(model, [4, 30], training.item_features[[0, 1]])
    second = change(model, [2, 4], training.item_features[[2, 2]])
    both = first.overlaid(second)
    assert both.rows.tolist() == [2, 4, 30]
    vectors = [DeltaHybrid(model, one).changes.vectors for one in (both, second, first)]
    np.testing.assert_array_equal(vectors[0], np.vstack([vectors[1], vectors[2][1:]]))
    assert first.parts[0].places(np.array([30, 5, 4])).tolist() == [1, -1, 0]


def test_no_change_changes_nothing(model: HybridModel, readers: Queries) -> None:
    same = DeltaHybrid(model, empty_delta(model))
    known = readers.of_items(N_OLD)
    np.testing.assert_allclose(
        same.states(known).vectors, model.states(known).vectors, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(same.item_factors, model.item_factors)


def test_a_block_that_cannot_take_new_items_is_named(model: HybridModel) -> None:
    with pytest.raises(ConfigError, match="'ease' lacks one"):
        itemwise(model.blocks[2])


def test_blocks_may_differ_for_different_items(
    model: HybridModel, training: TrainingSet, readers: Queries
) -> None:
    every = change(model, [4, 30, 31, 32], training.item_features[[5, 0, 1, 2]])
    popular = change(model, [2, 7], training.item_features[[0, 1]]).parts[0]
    first, *others = every.parts
    both = DeltaHybrid(model, ItemDelta((first.overlaid(popular), *others)))
    whole = both.merged()
    assert both.changes.rows.tolist() == [2, 4, 7, 30, 31, 32]
    np.testing.assert_array_equal(both.item_factors, whole.item_factors)
    states, expected = both.states(readers), whole.states(readers)
    np.testing.assert_allclose(states.vectors, expected.vectors, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(both.vectors_of(np.array([7, 3])), whole.item_factors[[7, 3]])
    np.testing.assert_array_equal(whole.item_factors[7, 1:], model.item_factors[7, 1:])
