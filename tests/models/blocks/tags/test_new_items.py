"""Items that nobody has met yet."""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.tags.content import ContentBlock
from recsys.models.blocks.tags.new_items import NewItemsBlock


def with_unmet(training: TrainingSet, *unmet: int) -> TrainingSet:
    kept = np.ones(training.n_items, np.float32)
    kept[list(unmet)] = 0
    matrix = sp.csr_matrix(training.interactions @ sp.diags_array(kept))
    matrix.eliminate_zeros()
    return replace(training, interactions=matrix)


def test_items_nobody_met_score_as_their_content_and_the_others_nothing(
    training: TrainingSet, strangers: Queries
) -> None:
    some = with_unmet(training, 2, 9)
    block, content = NewItemsBlock(), ContentBlock()
    block.fit(some)
    content.fit(some)
    scores = block.user_factors(strangers) @ block.item_factors.T
    expected = content.user_factors(strangers) @ content.item_factors.T
    expected[:, np.setdiff1d(np.arange(30), [2, 9])] = 0
    np.testing.assert_allclose(scores, expected, atol=1e-6)
    assert scores[1].any() or scores[0].any()


def test_other_tags_do_not_make_a_known_item_new(training: TrainingSet) -> None:
    block = NewItemsBlock()
    block.fit(with_unmet(training, 2))
    edited = block.with_features(training.item_features[::-1])
    assert not edited.item_factors[[0, 1, 3]].any()
    assert edited.item_factors[2].any()


def test_an_item_added_later_is_new(training: TrainingSet) -> None:
    block = NewItemsBlock()
    block.fit(training)
    assert not block.item_factors.any()
    new = block.of_new_items(training.item_features[:2])
    both = block.joined(new).at_items(np.array([0, 30, 31], np.int32))
    assert not both.item_factors[0].any()
    assert both.item_factors[1:].any(axis=1).all()
