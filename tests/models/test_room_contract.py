"""What holds for every block, whatever it learns."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.arrays import FloatMatrix, freeze
from recsys.core.contribution import total
from recsys.core.errors import DataError, NotFittedError
from recsys.core.progress import silent
from recsys.models.base import Block, ItemwiseBlock, KernelBlock, Queries, TrainingSet, VectorBlock
from recsys.models.blocks.factors.feature_als import FeatureALSBlock, FeatureALSConfig
from recsys.models.blocks.factors.implicit import ALSBlock, ALSConfig, BPRBlock, BPRConfig
from recsys.models.blocks.factors.lightfm import LightFMBlock, LightFMConfig
from recsys.models.blocks.factors.spectral import SpectralBlock, SpectralConfig
from recsys.models.blocks.neighbours.cooccurrence import CooccurrenceBlock, CooccurrenceConfig
from recsys.models.blocks.neighbours.ease import EASEBlock, EASEConfig
from recsys.models.blocks.neighbours.item_knn import ItemKNNBlock, ItemKNNConfig
from recsys.models.blocks.neighbours.sparse_ease import SparseEASEBlock, SparseEASEConfig
from recsys.models.blocks.tags.affinity import AffinityBlock
from recsys.models.blocks.tags.content import ContentBlock, ContentConfig

BLOCKS: dict[str, Callable[[], Block]] = {
    "spectral": lambda: SpectralBlock(SpectralConfig(n_factors=6, half_life_days=30)),
    "spectral_wide": lambda: SpectralBlock(SpectralConfig(n_factors=99, weighting="confidence")),
    "ease": lambda: EASEBlock(EASEConfig(regularization=5, weighting="log")),
    "ease_dan": lambda: EASEBlock(
        EASEConfig(
            regularization=0.2,
            item_exponent=0.5,
            output_exponent=0.3,
            user_exponent=0.25,
            dropout=0.2,
            tag_weight=0.5,
        )
    ),
    "ease_additive": lambda: EASEBlock(EASEConfig(regularization=5, tag_share=0.3)),
    "sparse_ease": lambda: SparseEASEBlock(SparseEASEConfig(regularization=2, n_neighbours=8)),
    "sparse_ease_dan": lambda: SparseEASEBlock(
        SparseEASEConfig(
            regularization=0.5,
            n_neighbours=12,
            item_exponent=0.5,
            output_exponent=0.3,
            user_exponent=0.25,
            dropout=0.2,
            tag_weight=0.5,
        )
    ),
    "rp3beta": lambda: ItemKNNBlock(ItemKNNConfig.rp3beta(n_neighbours=7)),
    "tversky": lambda: ItemKNNBlock(
        ItemKNNConfig(similarity="tversky", tag_weight=0.5, shrinkage=1, half_life_days=9)
    ),
    "feature_als": lambda: FeatureALSBlock(FeatureALSConfig(n_factors=3)),
    "affinity": AffinityBlock,
    "cooccurrence": CooccurrenceBlock,
    "cooccurrence_near": lambda: CooccurrenceBlock(
        CooccurrenceConfig(n_neighbours=9, recent_half_life_days=None, smoothing=0.1)
    ),
    "content": ContentBlock,
    "content_svd": lambda: ContentBlock(ContentConfig(n_factors=3, weighting="confidence")),
    "als": lambda: ALSBlock(ALSConfig(n_factors=3, weighting="confidence")),
    "bpr": lambda: BPRBlock(BPRConfig(n_factors=6, n_epochs=30)),
    "lightfm": lambda: LightFMBlock(LightFMConfig(n_factors=6, n_epochs=5)),
}

pytestmark = pytest.mark.parametrize("name", BLOCKS)


def fitted(name: str, training: TrainingSet) -> Block:
    if name == "lightfm":
        pytest.importorskip("lightfm")
    block = BLOCKS[name]()
    block.fit(training, progress=silent)
    return block


def scores_of(block: Block, queries: Queries) -> FloatMatrix:
    if isinstance(block, VectorBlock):
        return block.user_factors(queries) @ block.item_factors.T
    assert isinstance(block, KernelBlock)
    return block.scores(queries)


def test_the_parts_of_an_explanation_sum_to_the_score(
    name: str, training: TrainingSet, strangers: Queries
) -> None:
    block = fitted(name, training)
    rows = np.arange(30, dtype=np.int32)[::-1].copy()
    scores = scores_of(block, strangers)[:, rows]
    for query in range(strangers.n_queries):
        parts = block.explain(strangers.chunk(query, query + 1), rows)
        size = max(float(np.abs(scores[query]).max()), 1e-6)
        assert np.abs(total(parts, 30) - scores[query]).max() <= 1e-4 * size
        assert all(part.block == block.name for part in parts)


def test_a_batch_equals_one_by_one(name: str, training: TrainingSet, strangers: Queries) -> None:
    block = fitted(name, training)
    one_by_one = [
        scores_of(block, strangers.chunk(query, query + 1)) for query in range(strangers.n_queries)
    ]
    np.testing.assert_allclose(
        scores_of(block, strangers), np.vstack(one_by_one), rtol=1e-4, atol=1e-5
    )


def test_arrays_taken_by_a_new_block_give_the_same_scores(
    name: str, training: TrainingSet, strangers: Queries
) -> None:
    block, other = fitted(name, training), BLOCKS[name]()
    arrays = {key: freeze(array.copy()) for key, array in block.to_arrays().items()}
    assert all(array.dtype != object for array in arrays.values())
    other.load_arrays(arrays)
    np.testing.assert_array_equal(scores_of(other, strangers), scores_of(block, strangers))


def test_the_same_seed_gives_the_same_numbers(
    name: str, training: TrainingSet, strangers: Queries
) -> None:
    first, second = fitted(name, training), fitted(name, training)
    np.testing.assert_allclose(
        scores_of(first, strangers), scores_of(second, strangers), rtol=1e-5, atol=1e-7
    )


def test_a_stranger_is_given_the_group_of_the_history(
    name: str, training: TrainingSet, strangers: Queries
) -> None:
    scores = scores_of(fitted(name, training), strangers)
    for query, group in ((0, 0), (1, 1)):
        unseen = np.setdiff1d(np.arange(30), strangers.history[query].indices)
        best = unseen[np.argsort(-scores[query, unseen], kind="stable")[:5]]
        assert set(best % 3) == {group}


def test_who_is_unknown_in_every_way_gets_zeros(
    name: str, training: TrainingSet, strangers: Queries
) -> None:
    assert not scores_of(fitted(name, training), strangers)[3].any()


def test_a_block_that_is_not_fitted_says_so(name: str) -> None:
    with pytest.raises(NotFittedError, match="must be fitted"):
        BLOCKS[name]().to_arrays()


def test_explaining_two_people_at_once_is_refused(
    name: str, training: TrainingSet, strangers: Queries
) -> None:
    with pytest.raises(DataError, match="one query"):
        fitted(name, training).explain(strangers, np.array([0], np.int32))


def test_a_cold_item_lands_in_the_group_of_its_tag(
    name: str, training: TrainingSet, strangers: Queries
) -> None:
    block = fitted(name, training)
    if not isinstance(block, VectorBlock):
        pytest.skip("a kernel has no vectors")
    tags = sp.csr_matrix(np.repeat(np.eye(3, dtype=np.float32), 2, axis=1))
    cold = block.cold_item_factors(tags)
    assert cold.shape == (3, block.item_factors.shape[1])
    assert cold.dtype == np.float32
    scores = block.user_factors(strangers) @ cold.T
    assert scores[0].argmax() == 0
    assert scores[1].argmax() == 1


def test_candidates_score_as_in_the_whole_row(
    name: str, training: TrainingSet, strangers: Queries
) -> None:
    block = fitted(name, training)
    if not isinstance(block, KernelBlock):
        pytest.skip("vectors are scored by the index")
    rows = np.array([[3, -1, 29, 0]] * 4, dtype=np.int32)
    expected = np.where(rows >= 0, np.take_along_axis(block.scores(strangers), rows, axis=1), 0)
    np.testing.assert_allclose(block.candidate_scores(strangers, rows), expected, atol=1e-6)


def test_a_block_taken_apart_and_joined_again_scores_the_same(
    name: str, training: TrainingSet, strangers: Queries
) -> None:
    block = fitted(name, training)
    if not isinstance(block, ItemwiseBlock):
        pytest.skip("a kernel is not taken apart")
    rows = np.arange(30, dtype=np.int32)
    halves = block.at_items(rows[:11]).joined(block.at_items(rows[11:]))
    np.testing.assert_allclose(
        scores_of(halves, strangers), scores_of(block, strangers), rtol=1e-5, atol=1e-7
    )


def test_a_block_over_the_items_of_a_history_knows_its_person(
    name: str, training: TrainingSet, strangers: Queries
) -> None:
    block = fitted(name, training)
    if not isinstance(block, ItemwiseBlock):
        pytest.skip("a kernel is not taken apart")
    some = np.unique(strangers.history.indices).astype(np.int32)
    np.testing.assert_allclose(
        block.at_items(some).user_factors(strangers.at_items(some)),
        block.user_factors(strangers),
        rtol=1e-5,
        atol=1e-6,
    )


def test_a_block_of_new_items_has_their_cold_vectors(
    name: str, training: TrainingSet, strangers: Queries
) -> None:
    block = fitted(name, training)
    if not isinstance(block, ItemwiseBlock):
        pytest.skip("a kernel knows no new items")
    tags = training.item_features[:3]
    new = block.of_new_items(tags)
    np.testing.assert_array_equal(new.item_factors, block.cold_item_factors(tags))
    history = sp.csr_matrix(np.array([[1, 0, 0]], np.float32))
    one = Queries(history, np.zeros(1, np.float32), tags[:1])
    assert np.isfinite(new.user_factors(one)).all()
    assert len(block.edited(training.item_features).item_factors) == 30


def test_a_kernel_says_how_many_items_it_knows(
    name: str, training: TrainingSet, strangers: Queries
) -> None:
    block = fitted(name, training)
    if isinstance(block, VectorBlock):
        pytest.skip("vectors are counted by their number")
    assert isinstance(block, KernelBlock)
    assert block.n_known_items == 30


def test_factors_are_float32_and_contiguous(
    name: str, training: TrainingSet, strangers: Queries
) -> None:
    block = fitted(name, training)
    if not isinstance(block, VectorBlock):
        pytest.skip("a kernel has no vectors")
    for factors in (block.item_factors, block.user_factors(strangers)):
        assert factors.dtype == np.float32
        assert factors.flags.c_contiguous


def test_a_training_set_without_tags_is_fine(
    name: str,
    training: TrainingSet,
    new_training: Callable[..., TrainingSet],
    new_queries: Callable[..., Queries],
) -> None:
    if name.startswith(("content", "affinity")):
        pytest.skip("it is made of tags")
    block = fitted(name, new_training(training.interactions))
    scores = scores_of(block, new_queries(training.interactions[:2]))
    assert np.isfinite(scores).all()
    assert scores.any()
