"""What a person takes more or less often than everybody."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.contribution import total
from recsys.core.errors import ArtifactError, DataError, NotFittedError
from recsys.core.progress import silent
from recsys.models.base import Queries, TrainingSet, VectorBlock
from recsys.models.blocks.tags.affinity import AffinityBlock, AffinityConfig


def fitted(training: TrainingSet, config: AffinityConfig | None = None) -> AffinityBlock:
    block = AffinityBlock(config)
    block.fit(training, progress=silent)
    return block


def scores_of(block: AffinityBlock, queries: Queries) -> np.ndarray:
    return block.user_factors(queries) @ block.item_factors.T


@pytest.fixture
def two_tags(new_training: Callable[..., TrainingSet]) -> TrainingSet:
    """24 items, 12 of each of two tags; eight people of whom six take the first tag only."""
    taken = np.zeros((8, 24))
    taken[:6, :12] = 1
    taken[6:, 12:] = 1
    tags = np.repeat(np.eye(2), 12, axis=0)
    return new_training(sp.csr_matrix(taken), features=sp.csr_matrix(tags, dtype=np.float32))


def test_the_odds_are_those_worked_by_hand(
    two_tags: TrainingSet, new_queries: Callable[..., Queries]
) -> None:
    history = np.zeros((1, 24))
    history[0, [0, 1, 12]] = 1
    queries = new_queries(sp.csr_matrix(history), tags=sp.csr_matrix((1, 2)))
    found = fitted(two_tags, AffinityConfig(smoothing=5)).user_factors(queries)[0]
    shares = np.array([73, 25]) / 98  # 72 and 24 takings, one more each
    expected = np.log((np.array([2, 1]) + 5 * shares) / (8 * shares))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_taking_like_everybody_scores_nothing_much(
    two_tags: TrainingSet, new_queries: Callable[..., Queries]
) -> None:
    history = np.zeros((2, 24))
    history[0, [0, 1, 2, 12]] = 1
    history[1, 12:] = 1
    queries = new_queries(sp.csr_matrix(history), tags=sp.csr_matrix((2, 2)))
    like_all, rare = np.abs(scores_of(fitted(two_tags), queries)).max(axis=1)
    assert like_all < 0.05
    assert rare > 0.8


def test_an_old_history_counts_less(
    two_tags: TrainingSet, new_queries: Callable[..., Queries]
) -> None:
    history = sp.csr_matrix(np.arange(24)[None, :] == 15)
    new, old = (
        scores_of(fitted(two_tags), new_queries(history, tags=sp.csr_matrix((1, 2)), ages=age))
        for age in (0.0, 120.0)
    )
    assert 0 < old[0, 20] < new[0, 20]


def test_declaring_a_tag_is_taste_too(training: TrainingSet, strangers: Queries) -> None:
    scores = scores_of(fitted(training), strangers)[2]
    assert set(np.argsort(-scores)[:10] % 3) == {2}


def test_who_is_unknown_in_every_way_gets_zeros(training: TrainingSet, strangers: Queries) -> None:
    assert not scores_of(fitted(training), strangers)[3].any()


def test_the_parts_of_an_explanation_are_tags_and_sum_to_the_score(
    training: TrainingSet, strangers: Queries
) -> None:
    block = fitted(training)
    rows = np.arange(30, dtype=np.int32)[::-1].copy()
    for query in range(4):
        parts = block.explain(strangers.chunk(query, query + 1), rows)
        expected = scores_of(block, strangers)[query, rows]
        np.testing.assert_allclose(total(parts, 30), expected, atol=1e-5)
        assert all(part.source == "tag" for part in parts)


def test_a_cold_item_scores_as_a_known_one_with_its_tags(
    training: TrainingSet, strangers: Queries
) -> None:
    block = fitted(training)
    cold = block.cold_item_factors(training.item_features[:5])
    np.testing.assert_array_equal(cold, block.item_factors[:5])
    assert cold.dtype == np.float32


def test_without_tags_it_is_silent(
    training: TrainingSet,
    new_training: Callable[..., TrainingSet],
    new_queries: Callable[..., Queries],
) -> None:
    block = fitted(new_training(training.interactions))
    assert isinstance(block, VectorBlock)
    assert scores_of(block, new_queries(training.interactions[:3])).tolist() == [[0.0] * 30] * 3


def test_arrays_taken_by_a_new_block_give_the_same_scores(
    training: TrainingSet, strangers: Queries
) -> None:
    block, other = fitted(training), AffinityBlock()
    other.load_arrays(block.to_arrays())
    np.testing.assert_array_equal(scores_of(other, strangers), scores_of(block, strangers))


def test_it_says_so_when_it_is_not_fitted() -> None:
    with pytest.raises(NotFittedError, match="must be fitted"):
        AffinityBlock().to_arrays()


def test_explaining_two_people_at_once_is_refused(
    training: TrainingSet, strangers: Queries
) -> None:
    with pytest.raises(DataError, match="one query"):
        fitted(training).explain(strangers, np.array([0], np.int32))


@pytest.mark.parametrize("tags", [[0, 6], [-1, 2], [2, 1], [0]])
def test_tags_that_are_no_rows_of_the_vocabulary_are_damage(
    tags: list[int], training: TrainingSet
) -> None:
    arrays = fitted(training, AffinityConfig(max_tags=2)).to_arrays()
    arrays["tags"] = np.array(tags, np.int32)
    with pytest.raises(ArtifactError, match="damaged"):
        AffinityBlock().load_arrays(arrays)
