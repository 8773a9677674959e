"""Blocks side by side in one space."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.contribution import total
from recsys.core.progress import silent
from recsys.models.base import Block, ItemItemBlock, Queries, TrainingSet, VectorBlock
from recsys.models.blocks.history_weights import known_queries
from recsys.models.fit import fit_blocks
from recsys.models.hybrid import HybridModel, block_scales, block_scores
from recsys.models.spec import BlockSpec

KINDS = ("popularity", "content", "spectral", "ease", "item_knn")
WEIGHTS = np.array([[1, 2, 0, 0, 0], [0.5, 1, 1, 1, 0], [0.1, 0.5, 2, 1, 3], [0, 0, 1, 2, 0.5]])
ROWS = np.arange(30, dtype=np.int32)


@pytest.fixture
def blocks(training: TrainingSet) -> list[Block]:
    return fit_blocks([BlockSpec(kind=kind) for kind in KINDS], training, progress=silent)


@pytest.fixture
def model(blocks: list[Block], training: TrainingSet) -> HybridModel:
    scales = block_scales(blocks, known_queries(training))
    return HybridModel(blocks, WEIGHTS, scales=scales)


def whole(model: HybridModel, queries: Queries) -> np.ndarray:
    """Return all scores by the way requests go: one inner product, then the kernels."""
    state = model.states(queries)
    vectors = model.query_vectors(state) @ model.item_factors.T
    out: np.ndarray = vectors + model.kernel_scores(queries, state)
    return out


def test_the_score_is_the_weighted_sum_of_the_scaled_blocks(
    model: HybridModel, strangers: Queries
) -> None:
    buckets = model.states(strangers).buckets
    expected = np.zeros((strangers.n_queries, 30))
    for at, block in enumerate(model.blocks):
        gains = WEIGHTS[buckets, at] * model.scales[at]
        expected += gains[:, None] * block_scores(block, strangers)
    np.testing.assert_allclose(whole(model, strangers), expected, rtol=1e-3, atol=1e-3)


def test_people_are_in_the_bucket_of_what_they_consumed(model: HybridModel) -> None:
    counts = np.array([0, 1, 4, 5, 19, 20, 30])
    history = sp.csr_matrix((counts[:, None] > ROWS).astype(np.float32))
    tags = sp.csr_matrix((len(counts), 6), dtype=np.float32)
    queries = Queries(history, np.zeros(history.nnz, np.float32), tags)
    assert model.states(queries).buckets.tolist() == [0, 1, 1, 2, 2, 3, 3]


def test_candidates_score_as_in_the_whole_row(model: HybridModel, strangers: Queries) -> None:
    state = model.states(strangers)
    rows = np.array([[7, -1, 0]] * strangers.n_queries, np.int32)
    found = model.kernel_candidate_scores(strangers, state, item_rows=rows)
    expected = model.kernel_scores(strangers, state)[:, [7, 0]]
    np.testing.assert_allclose(found[:, [0, 2]], expected, rtol=1e-4, atol=1e-4)
    assert not found[:, 1].any()


def test_an_explanation_adds_up_to_the_score(model: HybridModel, strangers: Queries) -> None:
    scores = whole(model, strangers)
    for at in range(strangers.n_queries):
        one = strangers.chunk(at, at + 1)
        parts = model.explain(one, model.states(one), item_rows=ROWS)
        np.testing.assert_allclose(total(parts, 30), scores[at], rtol=1e-3, atol=1e-3)


def test_a_block_without_weight_explains_nothing(model: HybridModel, strangers: Queries) -> None:
    newcomer = strangers.chunk(3, 4)
    parts = model.explain(newcomer, model.states(newcomer), item_rows=ROWS)
    assert {part.block for part in parts} <= {"popularity", "content"}


def test_a_batch_equals_one_by_one(model: HybridModel, training: TrainingSet) -> None:
    queries = known_queries(training)
    together = whole(model, queries)
    for at in (0, 17, 59):
        alone = whole(model, queries.chunk(at, at + 1))
        np.testing.assert_allclose(alone[0], together[at], rtol=1e-4, atol=1e-4)


def test_states_are_taken_in_the_order_asked(model: HybridModel, training: TrainingSet) -> None:
    states = model.states(known_queries(training))
    rows = np.array([5, 0, 5])
    taken = states.take(rows)
    assert taken.vectors.tolist() == states.vectors[rows].tolist()
    assert taken.buckets.tolist() == states.buckets[rows].tolist()


def test_nobody_has_empty_states(model: HybridModel, strangers: Queries) -> None:
    states = model.states(strangers.chunk(0, 0))
    assert states.vectors.shape == (0, model.item_factors.shape[1])


def test_a_scaled_block_spreads_by_one(model: HybridModel, training: TrainingSet) -> None:
    queries = known_queries(training)
    for scores in model.block_scores(queries):
        variance = scores.var(axis=1)
        assert variance[variance > 0].mean() == pytest.approx(1, rel=1e-3)


def test_a_block_that_is_silent_for_all_has_scale_one(
    blocks: list[Block], strangers: Queries
) -> None:
    nobody = strangers.chunk(3, 4)
    scales = block_scales(blocks, nobody)
    assert np.isfinite(scales).all()
    assert scales[KINDS.index("ease")] == 1


def test_scaling_all_weights_keeps_the_order(
    blocks: list[Block], model: HybridModel, strangers: Queries
) -> None:
    louder = HybridModel(blocks, WEIGHTS * 8, scales=model.scales)
    one, other = (np.argsort(-whole(each, strangers), axis=1) for each in (model, louder))
    np.testing.assert_array_equal(one, other)


def test_vectors_are_searched_and_kernels_re_score(model: HybridModel) -> None:
    vectors = [block for block in model.blocks if isinstance(block, VectorBlock)]
    kernels = [block for block in model.blocks if isinstance(block, ItemItemBlock)]
    assert len(vectors) + len(kernels) == len(KINDS)
    assert model.item_factors.shape[1] == sum(block.item_factors.shape[1] for block in vectors)
    assert model.has_item_item
    assert not HybridModel(vectors, WEIGHTS[:, : len(vectors)]).has_item_item


def test_what_requests_share_is_read_only(model: HybridModel) -> None:
    for array in (model.item_factors, model.weights, model.scales):
        assert not array.flags.writeable


def test_vectors_at_hand_are_taken_and_not_copied(model: HybridModel, strangers: Queries) -> None:
    given = model.item_factors.copy()
    again = HybridModel(model.blocks, WEIGHTS, scales=model.scales, item_factors=given)
    assert again.item_factors is given
    np.testing.assert_array_equal(whole(again, strangers), whole(model, strangers))
    wrong = HybridModel(model.blocks, WEIGHTS, scales=model.scales, item_factors=given[:, 1:])
    np.testing.assert_array_equal(wrong.item_factors, given)
