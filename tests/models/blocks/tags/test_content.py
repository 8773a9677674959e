"""Tags against tags."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.tags.content import ContentBlock, ContentConfig
from recsys.models.blocks.tags.new_items import NewItemsBlock, NewItemsConfig


def test_a_narrow_vocabulary_is_used_as_it_is(training: TrainingSet, strangers: Queries) -> None:
    block = ContentBlock(ContentConfig(user_exponent=0))
    block.fit(training)
    tags = training.item_features.toarray()
    np.testing.assert_array_equal(block.item_factors, tags)
    expected = (strangers.history.toarray() > 0) @ tags + strangers.tags.toarray()
    np.testing.assert_allclose(block.user_factors(strangers), expected, rtol=1e-6)


def test_an_svd_of_full_rank_keeps_every_score(training: TrainingSet, strangers: Queries) -> None:
    whole, reduced = ContentBlock(), ContentBlock(ContentConfig(n_factors=3))
    whole.fit(training)
    reduced.fit(training)
    assert reduced.item_factors.shape == (30, 3)
    np.testing.assert_allclose(
        reduced.user_factors(strangers)[:3] @ reduced.item_factors.T,
        (whole.user_factors(strangers) @ whole.item_factors.T)[:3],
        atol=0.5,  # a tag declared without its twin is spread over both
    )


def test_cold_items_are_treated_as_known_ones(training: TrainingSet) -> None:
    block = ContentBlock(ContentConfig(n_factors=3))
    block.fit(training)
    np.testing.assert_allclose(
        block.cold_item_factors(training.item_features), block.item_factors, atol=1e-6
    )


def test_declared_tags_can_be_turned_off(training: TrainingSet, strangers: Queries) -> None:
    block = ContentBlock(ContentConfig(declared_weight=0))
    block.fit(training)
    assert not block.user_factors(strangers)[2].any()
    assert sp.issparse(strangers.tags)


@pytest.mark.parametrize("config", [ContentConfig(), ContentConfig(n_factors=3)])
@pytest.mark.parametrize("kind", [ContentBlock, NewItemsBlock])
def test_a_few_people_have_the_vectors_they_have_among_many(
    kind: type[ContentBlock], config: ContentConfig, training: TrainingSet, strangers: Queries
) -> None:
    block = kind(config if kind is ContentBlock else NewItemsConfig(**config.to_dict()))
    block.fit(training)
    few = block.user_factors(strangers)
    many = block.user_factors(strangers.take(np.tile(np.arange(4), 5)))
    np.testing.assert_allclose(np.tile(few, (5, 1)), many, atol=1e-6)
